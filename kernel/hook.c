// SPDX-License-Identifier: GPL-2.0
/*
 * From fsnotify's calls to events.
 *
 * fsnotify calls with whatever the VFS holds at the time: a directory's
 * i_rwsem or none, freeze protection or none (docs/design.md has the table). So
 * nothing here takes a lock above the group's, writes to a file, or sleeps for
 * longer than an allocation does.
 */
#include <linux/mount.h>
#include <linux/slab.h>

#include "change.h"
#include "event.h"
#include "filter.h"
#include "group.h"
#include "hook.h"
#include "link.h"
#include "kind.h"
#include "mark.h"
#include "multicast.h"
#include "path.h"
#include "queue.h"
#include "subtree.h"

/* fsnotify's call, and what is held for its time. */
struct fanl_hook {
	u32				mask;
	const void			*data;
	int				data_type;
	struct super_block		*sb;
	struct inode			*dir;
	const struct qstr		*name;
	u32				flags;
	u64				kinds;
	bool				filtered;
	struct dentry			*dentry;
	struct dentry			*parent;
	struct name_snapshot		snapshot;
	struct fanl_path		path;
	struct fanl_path		new_path;
	struct delayed_call		link_done;
	const struct fanl_operation	*operation;
	struct fanl_event		event;
};

/* What one mark asks for of this event. Its own ondir is not its global mark's. */
static u64 fanl_mark_wants(const struct fanl_mark *mark, bool is_dir, int type)
{
	u64 own = READ_ONCE(mark->own);

	if (type == FSNOTIFY_ITER_TYPE_PARENT &&
	    !(own & FANOTIFY_KIND_EVENT_ON_CHILD))
		return 0;
	return fanl_kinds_of_mask(own, is_dir) |
	       fanl_kinds_of_mask(READ_ONCE(mark->global), is_dir);
}

/* What subtree marks let through; what is nowhere may be in any of them. */
static u64 fanl_inside_wants(const struct fanl_inside *inside, u64 kinds,
			     u64 subtree)
{
	u64 mask = inside->unknown ? inside->mask | subtree : inside->mask;

	return fanl_kinds_wanted(kinds, mask, inside->ignored_inside, U64_MAX);
}

/* Where it happened; of a rename, where it was. */
static void fanl_hook_inside(struct fanl_group *group, struct fanl_hook *hook,
			     struct inode *inode, bool is_dir,
			     struct fanl_inside *inside)
{
	struct dentry *dir;

	if (hook->mask & ALL_FSNOTIFY_DIRENT_EVENTS) {
		dir = d_find_any_alias(hook->dir);
		if (dir)
			fanl_inside_of_dentry(group, dir, is_dir, inside);
		else
			inside->unknown = true;
		dput(dir);
	} else if (hook->dentry) {
		fanl_inside_of_dentry(group, hook->dentry, is_dir, inside);
	} else if (inode) {
		fanl_inside_of_inode(group, inode, inside);
	} else {
		inside->unknown = true;
	}
}

/*
 * A rename from where its kind is not told to where it is, or the other way: by
 * the subtree marks, or by the filesystem's mark for what they ignore. Of a
 * directory that is so if it is of the files in it, by an ignore mask without
 * ondir, which does not leave out the rename itself.
 */
static void fanl_hook_moved(struct fanl_hook *hook, u64 kinds,
			    const struct fanl_hook_wants *wants,
			    const struct fanl_inside *old,
			    const struct fanl_inside *new)
{
	u64 ignored_old = wants->ignored | old->ignored_below;
	u64 ignored_new = wants->ignored | new->ignored_below;
	u64 all = wants->filesystem;
	bool was_inside = fanl_kinds_wanted(kinds, old->mask, ignored_old, U64_MAX);
	bool is_inside = fanl_kinds_wanted(kinds, new->mask, ignored_new, U64_MAX);
	bool was = fanl_kinds_wanted(kinds, all, ignored_old, U64_MAX);
	bool is = fanl_kinds_wanted(kinds, all, ignored_new, U64_MAX);

	if (old->unknown || new->unknown)
		return;
	if ((is_inside && !was_inside) || (is && !was))
		hook->flags |= FANOTIFY_EVENT_FLAG_MOVED_IN;
	if ((was_inside && !is_inside) || (was && !is))
		hook->flags |= FANOTIFY_EVENT_FLAG_MOVED_OUT;
}

/**
 * fanl_hook_subtrees - what the group's subtree marks let through, and ignore
 * @group: the group
 * @hook: fsnotify's call; flags are added to it
 * @inode: what it happened to
 * @wants: what the marks ask for; what subtree marks ignore is added to it
 *
 * Return: the kinds that they let through.
 */
static u64 fanl_hook_subtrees(struct fanl_group *group, struct fanl_hook *hook,
			      struct inode *inode,
			      struct fanl_hook_wants *wants)
{
	u64 kinds = wants->kinds;
	bool is_dir = kinds & FANOTIFY_KIND_ONDIR;
	u64 subtree = fanl_kinds_of_mask(wants->subtree, is_dir);
	struct fanl_inside old = {}, new = {};
	u64 wanted;

	fanl_hook_inside(group, hook, inode, is_dir, &old);
	wanted = fanl_inside_wants(&old, kinds, subtree);
	if (subtree && old.unknown)
		hook->flags |= FANOTIFY_EVENT_FLAG_MEMBERSHIP_UNKNOWN;
	if (!(hook->mask & FS_RENAME)) {
		wants->ignored |= old.ignored;
		return wanted;
	}

	/* both directories are locked */
	fanl_inside_of_dentry(group, hook->dentry->d_parent, is_dir, &new);
	fanl_hook_moved(hook, kinds, wants, &old, &new);
	wants->ignored |= old.ignored & new.ignored;
	return wanted | fanl_inside_wants(&new, kinds, subtree);
}

/*
 * Parent and name of what was reached by a name, unless fsnotify has told them:
 * it does of what is no directory. They are hints, not locked.
 *
 * Return: false if it has no name.
 */
static bool fanl_hook_name(struct fanl_hook *hook)
{
	struct dentry *dentry = hook->dentry;

	if (IS_ROOT(dentry))
		return false;
	if (!hook->name) {
		hook->parent = dget_parent(dentry);
		take_dentry_name_snapshot(&hook->snapshot, dentry);
		hook->dir = d_inode(hook->parent);
		hook->name = &hook->snapshot.name;
	}
	return true;
}

static bool fanl_hook_has_name(struct fanl_hook *hook)
{
	const struct dentry *dentry = hook->dentry;

	return (hook->mask & ALL_FSNOTIFY_DIRENT_EVENTS) ||
	       (dentry && !d_unlinked(dentry) && fanl_hook_name(hook));
}

/* One name that passes is enough. */
static bool fanl_hook_passes_by_name(const struct fanl_filters *filters,
				     const struct fanl_hook *hook, bool is_dir)
{
	return fanl_filters_pass_name(filters, hook->name->name, is_dir) ||
	       ((hook->mask & FS_RENAME) &&
		fanl_filters_pass_name(filters, hook->dentry->d_name.name,
				       is_dir));
}

/* Do the group's filters let the event through? */
static bool fanl_hook_passes(struct fanl_group *group, struct fanl_hook *hook,
			     u64 kinds)
{
	const struct fanl_filters *filters;
	bool has_name;

	if (likely(!rcu_access_pointer(group->filters)) ||
	    (kinds & FANL_KINDS_UNFILTERED))
		return true;
	/* before: a parent that is not that any more is put, which may sleep */
	has_name = fanl_hook_has_name(hook);
	guard(rcu)();
	filters = rcu_dereference(group->filters);
	return !filters ||
	       (fanl_filters_pass_actor(filters) &&
		(!has_name ||
		 fanl_hook_passes_by_name(filters, hook,
					  kinds & FANOTIFY_KIND_ONDIR)));
}

/**
 * fanl_hook_wants_add - add what one mark says of an event
 * @wants: what the marks before it say; its kinds are the event's
 * @mark: a mark of the group on one of the event's objects
 * @type: enum fsnotify_iter_type
 */
void fanl_hook_wants_add(struct fanl_hook_wants *wants,
			 const struct fanl_mark *mark, int type)
{
	bool is_dir = wants->kinds & FANOTIFY_KIND_ONDIR;
	u64 mask = fanl_mark_wants(mark, is_dir, type);

	wants->ignored |= fsnotify_effective_ignore_mask((struct fsnotify_mark *)&mark->fsn,
							 is_dir, type);
	wants->wanted |= mask;
	if (type == FSNOTIFY_ITER_TYPE_SB)
		wants->filesystem = mask;
	wants->subtree |= fanl_share_kinds(mark);
	if (!(mask & wants->kinds & ~FANL_KIND_MODIFIERS))
		return;
	if (type == FSNOTIFY_ITER_TYPE_PARENT)
		wants->kinds |= FANOTIFY_KIND_EVENT_ON_CHILD;
	if (mark->mnt_id)
		wants->mnt_id = mark->mnt_id;
}

/* Which kinds of the event the group's marks and filters let through. */
static u64 fanl_hook_wanted(struct fanl_group *group, struct fanl_hook *hook,
			    struct inode *inode, struct fanl_hook_wants *wants)
{
	u64 everywhere = wants->ignored, below = 0;

	if (!(wants->kinds & (wants->wanted | wants->subtree) &
	      ~FANL_KIND_MODIFIERS))
		return 0;
	hook->filtered = !fanl_hook_passes(group, hook, wants->kinds);
	/* a directory may bring in what they let through */
	if (hook->filtered && !((hook->mask & FS_RENAME) &&
				(wants->kinds & FANOTIFY_KIND_ONDIR)))
		return 0;
	if (READ_ONCE(group->nr_subtrees))
		below = fanl_hook_subtrees(group, hook, inode, wants);
	return fanl_kinds_wanted(wants->kinds, wants->wanted, wants->ignored,
				 READ_ONCE(group->mask)) |
	       fanl_kinds_wanted(wants->kinds, below, everywhere,
				 READ_ONCE(group->mask));
}

/*
 * After a rename the old name is free or a whiteout, unless two objects were
 * exchanged: then the other one has it. (The name found may be the new one, if
 * the filesystem does not tell upper from lower case.)
 */
static bool fanl_is_exchange(struct dentry *old_dir,
			     const struct qstr *old_name,
			     const struct dentry *moved)
{
	struct dentry *there = d_lookup(old_dir, old_name);
	bool exchange;

	if (!there)
		return false;
	exchange = there != moved && d_is_positive(there) &&
		   !IS_WHITEOUT(d_inode(there));
	dput(there);
	return exchange;
}

/*
 * What became of the old name, and of what had the new one. The task holds that
 * until fsnotify's call is over.
 */
static void fanl_hook_rename(struct fanl_hook *hook, struct dentry *old_dir)
{
	const struct fanl_operation *operation = hook->operation;
	struct fanl_event *event = &hook->event;

	if (operation->op != FANL_OP_RENAME) {
		if (old_dir &&
		    fanl_is_exchange(old_dir, hook->name, hook->dentry))
			event->flags |= FANOTIFY_EVENT_FLAG_EXCHANGE;
		return;
	}
	if (operation->valid & RENAME_EXCHANGE) {
		event->flags |= FANOTIFY_EVENT_FLAG_EXCHANGE;
		return;
	}
	if (operation->valid & RENAME_WHITEOUT)
		event->flags |= FANOTIFY_EVENT_FLAG_WHITEOUT;
	if (operation->dentry == hook->dentry &&
	    operation->image[FANL_NODE_TARGET].inode) {
		event->node[FANL_NODE_TARGET].inode =
			operation->image[FANL_NODE_TARGET].inode;
		event->node[FANL_NODE_TARGET].with_stat = true;
	}
}

/*
 * A name in a directory was added, removed or changed. The directories are
 * locked, so that names and paths are exact.
 */
static void fanl_hook_dirent(struct fanl_hook *hook)
{
	struct fanl_event *event = &hook->event;
	struct dentry *alias = d_find_any_alias(hook->dir);

	event->node[FANL_NODE_DIR].inode = hook->dir;
	event->node[FANL_NODE_DIR].with_stat = true;
	event->name = hook->name;
	fanl_path_walk(&hook->path, alias, hook->name, &event->flags);

	if (event->kinds & FANOTIFY_KIND_SYMLINK)
		event->link = fanl_link_read(hook->dentry, &hook->link_done);

	if (hook->mask & FS_RENAME) {
		struct inode *new_dir = d_inode(hook->dentry->d_parent);

		fanl_hook_rename(hook, alias);
		event->new_name = &hook->dentry->d_name;
		if (new_dir != hook->dir) {
			event->node[FANL_NODE_NEW_DIR].inode = new_dir;
			event->node[FANL_NODE_NEW_DIR].with_stat = true;
		}
		fanl_path_walk(&hook->new_path, hook->dentry, NULL,
			       &event->flags);
	}
	dput(alias);
}

/* Something happened to an object that was reached by a name. */
static void fanl_hook_named(struct fanl_hook *hook)
{
	struct fanl_event *event = &hook->event;
	struct dentry *dentry = hook->dentry;

	if (d_unlinked(dentry)) {
		event->flags |= FANOTIFY_EVENT_FLAG_UNLINKED;
		return;
	}
	if (fanl_hook_name(hook)) {
		event->node[FANL_NODE_DIR].inode = hook->dir;
		event->name = hook->name;
	}
	fanl_path_walk(&hook->path, dentry, NULL, &event->flags);
}

/* Something happened to an inode, by whichever of its names. */
static void fanl_hook_inode(struct fanl_hook *hook, struct inode *inode)
{
	struct dentry *alias = NULL;

	/* a directory has but one name; any of a file's may be another one */
	if (S_ISDIR(inode->i_mode) && !(hook->mask & FS_DELETE_SELF))
		alias = d_find_any_alias(inode);
	if (alias && d_unlinked(alias))
		hook->event.flags |= FANOTIFY_EVENT_FLAG_UNLINKED;
	else
		fanl_path_walk(&hook->path, alias, NULL, &hook->event.flags);
	dput(alias);
}

/* By all that it is, also by what this group has not asked for. */
static void fanl_hook_changes(struct fanl_hook *hook)
{
	for (int i = 0; i < FANL_NODES; i++) {
		struct fanl_node *node = &hook->event.node[i];

		if (node->with_stat && node->inode)
			node->changed = fanl_changed(hook->operation,
						     hook->kinds, i,
						     node->inode);
	}
}

static void fanl_hook_gather(struct fanl_hook *hook, struct inode *inode)
{
	const struct fanl_operation *operation = hook->operation;
	struct fanl_event *event = &hook->event;

	if (operation == &fanl_operation_unknown)
		event->flags |= FANOTIFY_EVENT_FLAG_INEXACT;
	else if (operation && (operation->op == FANL_OP_SETXATTR ||
			       operation->op == FANL_OP_REMOVEXATTR))
		event->xattr = operation->name;
	if (event->kinds & FANL_KINDS_MODIFY)
		event->ranged = fanl_changed_bytes(hook->data, hook->data_type,
						   operation, inode,
						   &event->offset,
						   &event->length);
	else if (event->kinds & FANL_KIND_PRE_ACCESS)
		event->ranged = fanl_needed_told(&event->offset, &event->length,
						 hook->data, hook->data_type);
	event->node[FANL_NODE_OBJECT].inode = inode;
	event->node[FANL_NODE_OBJECT].with_stat = true;
	if (event->kinds & FANL_KINDS_DIRENT) {
		if (!inode)
			event->flags |= FANOTIFY_EVENT_FLAG_NO_INODE;
		fanl_hook_dirent(hook);
	} else if (hook->dentry) {
		fanl_hook_named(hook);
	} else if (hook->data_type == FSNOTIFY_EVENT_ERROR) {
		const struct fs_error_report *report = hook->data;

		event->error = abs(report->error);
		event->fs_name = true;
	} else if (inode) {
		fanl_hook_inode(hook, inode);
	}
	fanl_hook_changes(hook);
}

static void fanl_hook_release(struct fanl_hook *hook)
{
	fanl_path_free(&hook->path);
	fanl_path_free(&hook->new_path);
	do_delayed_call(&hook->link_done);
}

/* What may be held even of an event that is not sent. */
static void fanl_hook_end(struct fanl_hook *hook)
{
	if (hook->parent) {
		release_dentry_name_snapshot(&hook->snapshot);
		dput(hook->parent);
	}
	fanl_operation_put(hook->operation);
}

/* A failed allocation is announced; no operation waits or fails for it. */
static gfp_t fanl_hook_gfp(const struct fanl_hook *hook)
{
	/* ext4 reports errors from inside transactions and locks */
	if (hook->data_type == FSNOTIFY_EVENT_ERROR)
		return GFP_ATOMIC;
	/* no OOM kill in the listener's memcg on behalf of someone's write */
	return GFP_KERNEL | __GFP_RETRY_MAYFAIL;
}

static void fanl_hook_send(struct fanl_group *group, struct fanl_event *event,
			   gfp_t gfp)
{
	fanl_event_encode(group, event, gfp);
	fanl_multicast_prepare(group, event, gfp);
	fanl_queue_event(group, event);
}

/* What a directory that was moved in has in it, no event has told. */
static void fanl_hook_moved_in(struct fanl_group *group, struct fanl_hook *hook,
			       struct inode *inode)
{
	const u32 path_flags = hook->event.flags &
			       (FANOTIFY_EVENT_FLAG_PATH_UNREACHABLE |
				FANOTIFY_EVENT_FLAG_PATH_TRUNCATED);
	struct fanl_event event = {
		.kinds = FANOTIFY_KIND_GAP | FANOTIFY_KIND_ONDIR,
		.flags = hook->new_path.name ? 0 : path_flags,
		.sb = hook->event.sb,
		.node[FANL_NODE_OBJECT] = {
			.inode = inode,
			.with_stat = true,
		},
		.node[FANL_NODE_DIR].inode = d_inode(hook->dentry->d_parent),
		.name = hook->event.new_name,
		.path = &hook->new_path,
		.gap = FANOTIFY_GAP_REASON_MOVED_IN,
		.hash = hook->event.hash,
	};

	fanl_hook_send(group, &event, fanl_hook_gfp(hook));
}

/* What of the event the group is to get; 0 for nothing. */
static u64 fanl_hook_kinds(struct fanl_group *group, struct fanl_hook *hook,
			   struct inode *inode,
			   struct fsnotify_iter_info *iter_info, u64 *mnt_id)
{
	struct fanl_hook_wants wants = {
		.kinds = fanl_kinds_refine(hook->mask & ~FS_EVENT_ON_CHILD,
					   inode, hook->data_type,
					   hook->operation),
	};
	struct fsnotify_mark *fsn;
	u64 kinds;
	int type;

	fsnotify_foreach_iter_mark_type(iter_info, fsn, type)
		fanl_hook_wants_add(&wants,
				    container_of(fsn, struct fanl_mark, fsn),
				    type);
	*mnt_id = wants.mnt_id;
	hook->kinds = wants.kinds;
	kinds = fanl_hook_wanted(group, hook, inode, &wants);
	return kinds & ~FANL_KIND_MODIFIERS ? kinds : 0;
}

static void fanl_hook_init(struct fanl_hook *hook, u32 mask, const void *data,
			   int data_type, struct inode *dir,
			   const struct qstr *name)
{
	hook->mask = mask;
	hook->data = data;
	hook->data_type = data_type;
	hook->sb = fsnotify_data_sb(data, data_type);
	hook->dir = dir;
	hook->name = name;
	hook->dentry = fsnotify_data_dentry(data, data_type);
	hook->parent = NULL;
	hook->flags = 0;
	hook->kinds = 0;
	hook->filtered = false;
	hook->operation = NULL;
}

/* Gather what the event is to say of itself; fanl_hook_release() undoes it. */
static void fanl_hook_begin(struct fanl_hook *hook, struct inode *inode,
			    u64 kinds, u64 mnt_id)
{
	clear_delayed_call(&hook->link_done);
	fanl_path_init(&hook->path, fanl_hook_gfp(hook));
	fanl_path_init(&hook->new_path, fanl_hook_gfp(hook));
	hook->event = (struct fanl_event){
		.kinds = kinds,
		.flags = hook->flags,
		.mnt_id = mnt_id,
		.sb = hook->sb,
		.path = &hook->path,
		.new_path = &hook->new_path,
	};
	fanl_hook_gather(hook, inode);
}

static int fanl_handle_event(struct fsnotify_group *fsn, u32 mask,
			     const void *data, int data_type, struct inode *dir,
			     const struct qstr *name, u32 cookie,
			     struct fsnotify_iter_info *iter_info)
{
	struct fanl_group *group = fsn->private;
	struct inode *inode = fsnotify_data_inode(data, data_type);
	struct fanl_hook hook __uninitialized;
	u64 kinds, mnt_id = 0;
	unsigned long hash;

	fanl_hook_init(&hook, mask, data, data_type, dir, name);
	hook.operation = fanl_operation_get(mask, data, data_type, inode, dir);
	kinds = fanl_hook_kinds(group, &hook, inode, iter_info, &mnt_id);
	if (!kinds || (hook.filtered &&
		       !(hook.flags & FANOTIFY_EVENT_FLAG_MOVED_IN)))
		goto end;

	hash = hash_ptr(inode ?: dir ?: (void *)hook.sb, 32);
	if (fanl_queue_lose_early(group, hash))
		goto end;

	fanl_hook_begin(&hook, inode, kinds, mnt_id);
	hook.event.hash = hash;
	if (!hook.filtered)
		fanl_hook_send(group, &hook.event, fanl_hook_gfp(&hook));
	if ((hook.flags & FANOTIFY_EVENT_FLAG_MOVED_IN) &&
	    (kinds & FANOTIFY_KIND_ONDIR))
		fanl_hook_moved_in(group, &hook, inode);
	fanl_hook_release(&hook);
end:
	fanl_hook_end(&hook);
	return 0;
}

/**
 * fanl_hook_perm_kinds - which kinds of an access a group is to decide about
 * @group: the group
 * @call: fsnotify's call
 * @wants: what the group's marks say
 *
 * Return: the kinds, and flags of the event in @wants; 0 for none.
 */
u64 fanl_hook_perm_kinds(struct fanl_group *group,
			 const struct fanl_hook_call *call,
			 struct fanl_hook_wants *wants)
{
	struct fanl_hook hook __uninitialized;
	u64 kinds;

	fanl_hook_init(&hook, call->mask, call->data, call->data_type,
		       call->dir, call->name);
	kinds = fanl_hook_wanted(group, &hook, d_inode(hook.dentry), wants);
	wants->flags = hook.flags;
	fanl_hook_end(&hook);
	return kinds & FANL_KINDS_PERM ? kinds : 0;
}

/**
 * fanl_hook_perm_event - make the event of an access
 * @group: the group that is to decide
 * @call: fsnotify's call
 * @wants: as fanl_hook_perm_kinds() left it
 * @kinds: what that returned
 *
 * Such events are in no order with others, so the attributes are those of now.
 *
 * Return: the message, NULL without memory.
 */
struct sk_buff *fanl_hook_perm_event(struct fanl_group *group,
				     const struct fanl_hook_call *call,
				     const struct fanl_hook_wants *wants,
				     u64 kinds)
{
	struct fanl_hook hook __uninitialized;

	fanl_hook_init(&hook, call->mask, call->data, call->data_type,
		       call->dir, call->name);
	hook.flags = wants->flags;
	hook.kinds = kinds;
	fanl_hook_begin(&hook, d_inode(hook.dentry), kinds, wants->mnt_id);
	hook.event.deadline = true;
	fanl_event_encode(group, &hook.event, fanl_hook_gfp(&hook));
	if (hook.event.skb)
		fanl_event_sample(&hook.event);
	fanl_hook_release(&hook);
	fanl_hook_end(&hook);
	return hook.event.skb;
}

/**
 * fanl_report_unmount - report that what a mark watches is being unmounted
 * @mark: a mark on a mount or a filesystem, on its way out
 *
 * Context: unmount, with s_umount held: may allocate, but not for I/O.
 */
void fanl_report_unmount(struct fanl_mark *mark)
{
	struct fanl_event event = {
		.kinds = FANOTIFY_KIND_UNMOUNT,
		.sb = mark->sb,
		.mnt_id = mark->mnt_id,
		.fs_name = true,
		.hash = hash_ptr(mark->sb, 32),
	};

	if (!((READ_ONCE(mark->mask) | mark->subtree) &
	      READ_ONCE(mark->group->mask) & FANOTIFY_KIND_UNMOUNT))
		return;
	fanl_hook_send(mark->group, &event, GFP_NOFS | __GFP_RETRY_MAYFAIL);
}

/**
 * fanl_report_covered - report that a global mark watches a filesystem now
 * @group: the group; its mark_lock is held
 * @sb: the filesystem, born and with a root
 *
 * Context: may sleep; s_umount may be held.
 */
void fanl_report_covered(struct fanl_group *group, struct super_block *sb)
{
	static const struct fanl_path root = { .name = "/", .len = 1 };
	struct fanl_event event = {
		.kinds = FANOTIFY_KIND_COVERED,
		.sb = sb,
		.node[FANL_NODE_OBJECT] = {
			.inode = d_inode(sb->s_root),
			.with_stat = true,
		},
		.path = &root,
		.fs_name = true,
		.hash = hash_ptr(sb, 32),
	};

	if (!(group->global & READ_ONCE(group->mask) & FANOTIFY_KIND_COVERED))
		return;
	fanl_hook_send(group, &event, GFP_NOFS | __GFP_RETRY_MAYFAIL);
}

static void fanl_free_group_priv(struct fsnotify_group *fsn)
{
	fanl_group_put(fsn->private);
}

const struct fsnotify_ops fanl_fsnotify_ops = {
	.handle_event = fanl_handle_event,
	.freeing_mark = fanl_freeing_mark,
	.free_mark = fanl_free_mark,
	.free_group_priv = fanl_free_group_priv,
};
