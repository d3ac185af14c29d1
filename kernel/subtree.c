// SPDX-License-Identifier: GPL-2.0
/*
 * Subtrees: what is below a directory, now and later.
 *
 * A subtree mark is a mark on its directory's inode that asks fsnotify for
 * nothing: it keeps the inode, and goes when that goes. The events come by a
 * share in the filesystem's mark (see fanl_mark_share()). Whether one of them
 * is about something below is found by one walk up, on which each directory is
 * looked up among the subtrees. So the cost depends on the depth alone,
 * and neither on what is below nor on the number of subtrees.
 *
 * What they ask of a filesystem is counted, kind by kind, as they come, change and
 * go: its mark follows, and neither has to look at all of them.
 *
 * Locking: fanl_subtrees_lock is for changes of the table, and keeps alive what is in
 * it. Events look into it under fsnotify's SRCU lock, whose grace period marks are
 * freed after. The lock of the group's table of marks protects the counts;
 * fanl_subtrees_lock nests in it.
 */
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "compat.h"
#include "group.h"
#include "kind.h"
#include "subtree.h"

/* Subtree marks of all groups, by their directories. */
static struct rhltable fanl_subtrees;
static DEFINE_SPINLOCK(fanl_subtrees_lock);

static const struct rhashtable_params fanl_subtree_params = {
	.head_offset = offsetof(struct fanl_mark, subtree_node),
	.key_offset = offsetof(struct fanl_mark, root),
	.key_len = sizeof_field(struct fanl_mark, root),
	.automatic_shrinking = true,
};

/* Count a subtree mark for @kinds; the lock of its group's table is held. */
static void fanl_subtree_count(struct fanl_mark *mark, u64 kinds)
{
	struct fanl_share *share = mark->share;
	u64 all = share->kinds;

	for (u64 left = mark->counted ^ kinds; left; left &= left - 1) {
		u64 kind = left & -left;
		u32 *count = &share->count[__ffs64(kind)];

		*count += kinds & kind ? 1 : -1;
		all = *count ? all | kind : all & ~kind;
	}
	mark->counted = kinds;
	WRITE_ONCE(share->kinds, all);
}

/**
 * fanl_share_put - drop a reference of what is counted of a filesystem
 * @share: that, or NULL
 */
void fanl_share_put(struct fanl_share *share)
{
	if (share && refcount_dec_and_test(&share->refs))
		kfree(share);
}

/**
 * fanl_subtree_insert - let events find a subtree mark
 * @mark: the mark, attached to @inode; in the table of its group
 * @inode: the directory
 *
 * Return: 0 or -ENOMEM.
 */
int fanl_subtree_insert(struct fanl_mark *mark, const struct inode *inode)
{
	struct fanl_group *group = mark->group;
	int err = 0;

	xa_lock(&group->marks);
	/* unless it is gone again already */
	if (xa_load(&group->marks, mark->id) == mark) {
		mark->root = inode;
		spin_lock(&fanl_subtrees_lock);
		err = rhltable_insert(&fanl_subtrees, &mark->subtree_node,
				      fanl_subtree_params);
		spin_unlock(&fanl_subtrees_lock);
		if (err)
			mark->root = NULL;
		else
			WRITE_ONCE(group->nr_subtrees, group->nr_subtrees + 1);
	}
	xa_unlock(&group->marks);
	return err ? -ENOMEM : 0;
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
	spin_lock(&fanl_subtrees_lock);
	rhltable_remove(&fanl_subtrees, &mark->subtree_node,
			fanl_subtree_params);
	spin_unlock(&fanl_subtrees_lock);
	mark->root = NULL;
	WRITE_ONCE(group->nr_subtrees, group->nr_subtrees - 1);
	if (mark->share) {
		fanl_subtree_count(mark, 0);
		fanl_share_put(mark->share);
		mark->share = NULL;
	}
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
	struct rhlist_head *list, *pos;

	rcu_read_lock();
	spin_lock(&fanl_subtrees_lock);
	list = rhltable_lookup(&fanl_subtrees, &inode, fanl_subtree_params);
	rhl_for_each_entry_rcu(mark, pos, list, subtree_node) {
		if (mark->group == group &&
		    refcount_inc_not_zero(&mark->fsn.refcnt)) {
			found = mark;
			break;
		}
	}
	spin_unlock(&fanl_subtrees_lock);
	rcu_read_unlock();
	return found;
}

/**
 * fanl_subtree_join - count a subtree mark for its filesystem
 * @mark: the subtree mark
 * @filesystem: the mark of its filesystem; mark_lock of their group is held
 *
 * Return: 0 or -ENOMEM.
 */
int fanl_subtree_join(struct fanl_mark *mark, struct fanl_mark *filesystem)
{
	struct fanl_share *share = filesystem->share;

	if (!share) {
		share = kzalloc(sizeof(*share), GFP_KERNEL_ACCOUNT);
		if (!share)
			return -ENOMEM;
		refcount_set(&share->refs, 1);
		/* events see it whole: fanl_share_kinds() */
		smp_store_release(&filesystem->share, share);
	}
	xa_lock(&mark->group->marks);
	if (mark->root && mark->share != share) {
		if (mark->share) {
			fanl_subtree_count(mark, 0);
			fanl_share_put(mark->share);
		}
		refcount_inc(&share->refs);
		mark->share = share;
		fanl_subtree_count(mark, mark->mask);
	}
	xa_unlock(&mark->group->marks);
	return 0;
}

/**
 * fanl_subtree_changed - let what is counted follow a subtree mark's mask
 * @mark: the mark
 */
void fanl_subtree_changed(struct fanl_mark *mark)
{
	xa_lock(&mark->group->marks);
	if (mark->root && mark->share)
		fanl_subtree_count(mark, mark->mask);
	xa_unlock(&mark->group->marks);
}

/* What the subtree marks of one directory say. */
static void fanl_inside_add(struct fanl_group *group, const struct inode *inode,
			    bool is_dir, struct fanl_inside *inside)
{
	struct rhlist_head *list, *pos;
	struct fanl_mark *mark;

	/* most have no mark of anybody */
	if (!rcu_access_pointer(inode->i_fsnotify_marks))
		return;
	list = rhltable_lookup(&fanl_subtrees, &inode, fanl_subtree_params);
	rhl_for_each_entry_rcu(mark, pos, list, subtree_node) {
		u32 ignored = READ_ONCE(mark->fsn.ignore_mask);

		if (mark->group != group)
			continue;
		inside->mask |= fanl_kinds_of_mask(READ_ONCE(mark->mask),
						   is_dir);
		inside->ignored_below |= ignored;
		if (is_dir && !(ignored & FS_ISDIR))
			continue;
		inside->ignored |= ignored;
		inside->ignored_inside |= ignored;
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
		inside->steps++;
		if (IS_ROOT(dentry))
			return dentry;
		dentry = READ_ONCE(dentry->d_parent);
	}
}

/* What NFS mounts is not the root that its superblock has, but connected. */
static bool fanl_is_disconnected(const struct dentry *top)
{
	return READ_ONCE(top->d_flags) & DCACHE_DISCONNECTED;
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
	inside->unknown |= fanl_is_disconnected(top);
	rcu_read_unlock();
	inside->mask |= found.mask;
	inside->ignored |= found.ignored;
	inside->ignored_inside |= found.ignored_inside;
	inside->ignored_below |= found.ignored_below;
}

/*
 * All of these are walked up from with the inode's lock held; a user may have made them,
 * and may have made them deep.
 */
#define FANL_SUBTREE_NAMES_MAX	1024
#define FANL_SUBTREE_STEPS_MAX	65536

/**
 * fanl_inside_of_inode - which subtrees an inode is part of, by any name
 * @group: the group
 * @inode: the inode
 * @inside: what is found is added to it
 *
 * Ignored is what is ignored by each name. Names that are not in memory are not
 * found; with none at all, with more than %FANL_SUBTREE_NAMES_MAX, with more left after
 * %FANL_SUBTREE_STEPS_MAX directories, or with a name that moves meanwhile, it is not
 * known, and rather told than not.
 *
 * Context: fsnotify's call.
 */
void fanl_inside_of_inode(struct fanl_group *group, struct inode *inode,
			  struct fanl_inside *inside)
{
	bool is_dir = S_ISDIR(inode->i_mode);
	struct fanl_inside found = {
		.ignored = U64_MAX,
		.ignored_inside = U64_MAX,
	};
	unsigned int seq, names = 0, steps = 0;
	struct dentry *alias;
	bool all = true;

	rcu_read_lock();
	seq = read_seqbegin(&rename_lock);
	spin_lock(&inode->i_lock);
	hlist_for_each_entry(alias, &inode->i_dentry, fanl_d_alias) {
		struct fanl_inside name = {};
		struct dentry *top;

		all = names++ < FANL_SUBTREE_NAMES_MAX &&
		      steps < FANL_SUBTREE_STEPS_MAX;
		if (!all)
			break;
		top = fanl_inside_climb(group, alias, is_dir, &name);
		steps += name.steps;
		name.unknown = fanl_is_disconnected(top);
		found.unknown |= name.unknown;
		found.mask |= name.mask;
		found.ignored &= name.ignored;
		if (name.mask || name.unknown)
			found.ignored_inside &= name.ignored;
	}
	spin_unlock(&inode->i_lock);
	if (!names || !all || read_seqretry(&rename_lock, seq)) {
		found.ignored = 0;
		found.ignored_inside = 0;
		found.unknown = true;
	}
	/* a directory that is gone may have been the top of one */
	fanl_inside_add(group, inode, is_dir, &found);
	rcu_read_unlock();
	inside->mask |= found.mask;
	inside->ignored |= found.ignored;
	inside->ignored_inside |= found.ignored_inside;
	inside->unknown |= found.unknown;
}

int fanl_subtrees_init(void)
{
	return rhltable_init(&fanl_subtrees, &fanl_subtree_params);
}

/* When there is no mark any more. */
void fanl_subtrees_exit(void)
{
	rhltable_destroy(&fanl_subtrees);
}
