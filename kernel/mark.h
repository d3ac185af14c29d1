/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks: what a group watches.
 */
#ifndef _FANL_MARK_H
#define _FANL_MARK_H

#include <linux/fsnotify_backend.h>
#include <linux/path.h>
#include <linux/rhashtable-types.h>

#include <uapi/linux/fanotify-nl.h>

struct fanl_gate_mark;
struct fanl_group;
struct fanl_object;
struct fanl_share;
struct netlink_ext_ack;

/* No OOM kill in the listener's memcg on behalf of who mounts: that is announced. */
#define FANL_GFP_MARK	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL)

#define FANL_MARK_FLAGS \
	(FANOTIFY_MARK_FLAG_EVICTABLE | FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY)

/**
 * struct fanl_mark - what a group watches
 * @fsn: fsnotify's part; its mask and ignore_mask follow from @mask and what
 *	is ignored
 * @group: the group; @fsn keeps it alive
 * @id: number in the group
 * @type: enum fanotify_mark_type; constant
 * @own: kinds asked for by commands about this mark [group's mark_lock to change]
 * @global: kinds asked for by the group's global mark [group's mark_lock to change]
 * @mask: both of them [group's mark_lock to change]
 * @subtree: of a filesystem mark, kinds asked for by the group's subtree marks;
 *	some more may be left over [group's mark_lock to change]
 * @flags: enum fanotify_mark_flag [group's mark_lock]
 * @mnt_id: id of the mount, as the one who marked it says
 * @sb: filesystem, valid while the mark is attached
 * @dev: device number of the filesystem
 * @ino: inode number, for an inode mark
 * @fs_name: type of the filesystem
 * @removed: a command removed it, rather than an unmount or a deletion
 * @root: of a subtree mark that events find, its directory; only to be compared
 *	[lock of group's marks]
 * @subtree_node: in the table of subtrees, while there is @root
 * @share: of a filesystem mark, what subtree marks ask for [group's mark_lock to
 *	change]; of a subtree mark, where it is counted [lock of group's marks]; NULL
 *	for none
 * @counted: kinds that it is counted for [lock of group's marks]
 * @gate: in which it has a share, while it asks for permission kinds or ignores
 *	them [lock of group's marks]
 * @pre_gate: the same, for those that come before there is content
 */
struct fanl_mark {
	struct fsnotify_mark	fsn;
	struct fanl_group	*group;
	u32			id;
	enum fanotify_mark_type	type;
	u64			own;
	u64			global;
	u64			mask;
	u64			subtree;
	u32			flags;
	u64			mnt_id;
	struct super_block	*sb;
	dev_t			dev;
	u64			ino;
	char			fs_name[FANOTIFY_FSTYPE_MAX];
	bool			removed;
	const struct inode	*root;
	struct rhlist_head	subtree_node;
	struct fanl_share	*share;
	u64			counted;
	struct fanl_gate_mark	*gate;
	struct fanl_gate_mark	*pre_gate;
};

/**
 * struct fanl_mark_request - what a command says about a mark
 * @type: enum fanotify_mark_type
 * @path: the object, or anything on its mount or filesystem
 * @mask: kinds to add or remove
 * @ignore: kinds to add to, or remove from, the ignore mask
 * @flags: enum fanotify_mark_flag
 * @mnt_id: id of the mount
 * @excl: the mark may not exist yet
 */
struct fanl_mark_request {
	enum fanotify_mark_type	type;
	struct path		path;
	u64			mask;
	u64			ignore;
	u32			flags;
	u64			mnt_id;
	bool			excl;
};

/* Changes with marks, so that a torn list can be told. */
extern atomic_t fanl_marks_generation;

int fanl_mark_add(struct fanl_group *group, const struct fanl_mark_request *req,
		  u32 *id, struct netlink_ext_ack *extack);
int fanl_mark_remove(struct fanl_group *group,
		     const struct fanl_mark_request *req,
		     struct netlink_ext_ack *extack);
void fanl_marks_flush(struct fanl_group *group, u32 type);
int fanl_mark_cover(struct fanl_group *group, struct super_block *sb,
		    struct netlink_ext_ack *extack);
void fanl_marks_close(struct fanl_group *group);
bool fanl_mark_next(struct fanl_group *group, unsigned long *id,
		    struct fanl_mark *copy);

void fanl_freeing_mark(struct fsnotify_mark *fsn, struct fsnotify_group *group);
void fanl_free_mark(struct fsnotify_mark *fsn);

void fanl_mark_born(void);
void fanl_mark_freed(void);
int fanl_mark_recalc(const struct fanl_object *object);

int fanl_marks_init(void);
void fanl_marks_exit(void);

#endif /* _FANL_MARK_H */
