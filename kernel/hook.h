/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From fsnotify's calls to events.
 */
#ifndef _FANL_HOOK_H
#define _FANL_HOOK_H

#include <linux/fsnotify_backend.h>

struct fanl_group;
struct fanl_mark;
struct sk_buff;

/**
 * struct fanl_hook_wants - what the marks of a group say of an event
 * @kinds: the event's kinds
 * @wanted: kinds that the marks of its object, directory, mount and filesystem
 *	ask for
 * @filesystem: of them, those of the filesystem's
 * @subtree: kinds that subtree marks of the filesystem ask for, wherever it
 *	happened
 * @ignored: kinds that are ignored; by subtree marks, where it happened
 * @mnt_id: id of the mount, 0 for unknown
 * @flags: enum fanotify_event_flag, of an access
 */
struct fanl_hook_wants {
	u64	kinds;
	u64	wanted;
	u64	filesystem;
	u64	subtree;
	u64	ignored;
	u64	mnt_id;
	u32	flags;
};

/**
 * struct fanl_hook_call - fsnotify's call about an access
 * @mask: bits of FS_*
 * @data: what is accessed
 * @data_type: enum fsnotify_data_type
 * @dir: its directory, if fsnotify has looked
 * @name: its name there
 */
struct fanl_hook_call {
	u32			mask;
	const void		*data;
	int			data_type;
	struct inode		*dir;
	const struct qstr	*name;
};

extern const struct fsnotify_ops fanl_fsnotify_ops;

void fanl_hook_wants_add(struct fanl_hook_wants *wants,
			 const struct fanl_mark *mark, int type);
u64 fanl_hook_perm_kinds(struct fanl_group *group,
			 const struct fanl_hook_call *call,
			 struct fanl_hook_wants *wants);
struct sk_buff *fanl_hook_perm_event(struct fanl_group *group,
				     const struct fanl_hook_call *call,
				     const struct fanl_hook_wants *wants,
				     u64 kinds);

void fanl_report_unmount(struct fanl_mark *mark);
void fanl_report_covered(struct fanl_group *group, struct super_block *sb);

#endif /* _FANL_HOOK_H */
