// SPDX-License-Identifier: GPL-2.0
/*
 * Subtrees: what is below a directory, now and later.
 *
 * A subtree mark is a mark on its directory's inode that asks fsnotify for
 * nothing: it keeps the inode, and goes when that goes. The events come by a
 * share in the filesystem's mark (see fanl_mark_share()). Whether one of them
 * is about something below is found by one walk up, on which each directory is
 * looked up among the group's subtrees. So the cost depends on the depth alone,
 * and neither on what is below nor on the number of subtrees.
 *
 * Locking: the lock of the group's table of marks protects the hash. Events look
 * into it under fsnotify's SRCU lock, whose grace period marks are freed after.
 */
#include "compat.h"
#include "group.h"
#include "kind.h"
#include "subtree.h"

/**
 * fanl_subtree_insert - let events find a subtree mark
 * @mark: the mark, attached to @inode; in the table of its group
 * @inode: the directory
 */
void fanl_subtree_insert(struct fanl_mark *mark, const struct inode *inode)
{
	struct fanl_group *group = mark->group;

	xa_lock(&group->marks);
	/* unless it is gone again already */
	if (xa_load(&group->marks, mark->id) == mark) {
		mark->root = inode;
		hash_add_rcu(group->subtrees, &mark->subtree_node,
			     (unsigned long)inode);
		WRITE_ONCE(group->nr_subtrees, group->nr_subtrees + 1);
	}
	xa_unlock(&group->marks);
}

/**
 * fanl_subtree_erase - let events not find a subtree mark any more
 * @mark: the mark; the lock of its group's table is held
 */
void fanl_subtree_erase(struct fanl_mark *mark)
{
	struct fanl_group *group = mark->group;

	if (!mark->root)
		return;
	hash_del_rcu(&mark->subtree_node);
	mark->root = NULL;
	WRITE_ONCE(group->nr_subtrees, group->nr_subtrees - 1);
}

/**
 * fanl_subtree_get - the subtree mark of a directory
 * @group: the group; its mark_lock is held
 * @inode: the directory
 *
 * Return: the mark, with a reference, or NULL.
 */
struct fanl_mark *fanl_subtree_get(struct fanl_group *group,
				   const struct inode *inode)
{
	struct fanl_mark *mark, *found = NULL;

	xa_lock(&group->marks);
	hash_for_each_possible(group->subtrees, mark, subtree_node,
			       (unsigned long)inode)
		if (mark->root == inode &&
		    refcount_inc_not_zero(&mark->fsn.refcnt)) {
			found = mark;
			break;
		}
	xa_unlock(&group->marks);
	return found;
}

/**
 * fanl_subtree_kinds - what a group's subtrees ask of a filesystem
 * @group: the group; its mark_lock is held
 * @sb: the filesystem
 *
 * Return: the kinds.
 */
u64 fanl_subtree_kinds(struct fanl_group *group, const struct super_block *sb)
{
	struct fanl_mark *mark;
	unsigned int bucket;
	u64 kinds = 0;

	xa_lock(&group->marks);
	hash_for_each(group->subtrees, bucket, mark, subtree_node)
		if (mark->sb == sb)
			kinds |= mark->mask;
	xa_unlock(&group->marks);
	return kinds;
}

/**
 * fanl_subtree_on - whether a group has a subtree on a filesystem
 * @group: the group
 * @sb: the filesystem
 *
 * What its mark asks for may be left over from a directory that is gone.
 *
 * Context: fsnotify's call. For what has no place, as it looks at all subtrees.
 * Return: true if there is one.
 */
bool fanl_subtree_on(struct fanl_group *group, const struct super_block *sb)
{
	struct fanl_mark *mark;
	unsigned int bucket;
	bool found = false;

	rcu_read_lock();
	hash_for_each_rcu(group->subtrees, bucket, mark, subtree_node)
		found |= mark->sb == sb;
	rcu_read_unlock();
	return found;
}

/* What the subtree marks of one directory say. */
static void fanl_inside_add(struct fanl_group *group, const struct inode *inode,
			    bool is_dir, struct fanl_inside *inside)
{
	struct fanl_mark *mark;

	hash_for_each_possible_rcu(group->subtrees, mark, subtree_node,
				   (unsigned long)inode, true) {
		u32 ignored = READ_ONCE(mark->fsn.ignore_mask);

		if (READ_ONCE(mark->root) != inode)
			continue;
		inside->mask |= fanl_kinds_of_mask(READ_ONCE(mark->mask),
						   is_dir);
		if (!is_dir || (ignored & FS_ISDIR))
			inside->ignored |= ignored;
	}
}

/* Return: where the walk up from @dentry ends. */
static struct dentry *fanl_inside_climb(struct fanl_group *group,
					struct dentry *dentry, bool is_dir,
					struct fanl_inside *inside)
{
	for (;;) {
		const struct inode *inode = d_inode_rcu(dentry);

		if (inode)
			fanl_inside_add(group, inode, is_dir, inside);
		if (IS_ROOT(dentry))
			return dentry;
		dentry = READ_ONCE(dentry->d_parent);
	}
}

/**
 * fanl_inside_of_dentry - which subtrees a name is part of
 * @group: the group
 * @dentry: the name, or the directory that it is, or was, in
 * @is_dir: the event is about a directory
 * @inside: what is found is added to it
 *
 * That something on the way moved meanwhile is seen by rename_lock, and the walk
 * is done again, holding it.
 *
 * Context: fsnotify's call.
 */
void fanl_inside_of_dentry(struct fanl_group *group, struct dentry *dentry,
			   bool is_dir, struct fanl_inside *inside)
{
	struct fanl_inside found = {};
	struct dentry *top;
	unsigned int seq;

	rcu_read_lock();
	seq = read_seqbegin(&rename_lock);
	top = fanl_inside_climb(group, dentry, is_dir, &found);
	if (read_seqretry(&rename_lock, seq)) {
		found = (struct fanl_inside){};
		read_seqlock_excl(&rename_lock);
		top = fanl_inside_climb(group, dentry, is_dir, &found);
		read_sequnlock_excl(&rename_lock);
	}
	rcu_read_unlock();
	inside->mask |= found.mask;
	inside->ignored |= found.ignored;
	inside->unknown |= top != dentry->d_sb->s_root;
}

/**
 * fanl_inside_of_inode - which subtrees an inode is part of, by any name
 * @group: the group
 * @inode: the inode
 * @inside: what is found is added to it
 *
 * Names that are not in memory are not found; with none at all, or with a name
 * that moves meanwhile, it is not known.
 *
 * Context: fsnotify's call.
 */
void fanl_inside_of_inode(struct fanl_group *group, struct inode *inode,
			  struct fanl_inside *inside)
{
	bool is_dir = S_ISDIR(inode->i_mode);
	struct fanl_inside found = {};
	struct dentry *alias;
	unsigned int seq;

	rcu_read_lock();
	seq = read_seqbegin(&rename_lock);
	spin_lock(&inode->i_lock);
	found.unknown = hlist_empty(&inode->i_dentry);
	hlist_for_each_entry(alias, &inode->i_dentry, fanl_d_alias)
		if (fanl_inside_climb(group, alias, is_dir, &found) !=
		    inode->i_sb->s_root)
			found.unknown = true;
	spin_unlock(&inode->i_lock);
	/* a directory that is gone may have been the top of one */
	fanl_inside_add(group, inode, is_dir, &found);
	if (read_seqretry(&rename_lock, seq))
		found.unknown = true;
	rcu_read_unlock();
	inside->mask |= found.mask;
	inside->ignored |= found.ignored;
	inside->unknown |= found.unknown;
}
