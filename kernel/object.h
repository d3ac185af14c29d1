/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects: what marks are attached to.
 */
#ifndef _FANL_OBJECT_H
#define _FANL_OBJECT_H

#include <linux/fs.h>

struct fanl_mark_request;
struct netlink_ext_ack;

/**
 * struct fanl_object - what a mark is attached to
 * @obj: the object for fsnotify, or NULL
 * @obj_type: enum fsnotify_obj_type of @obj
 * @inode: of a mark on an inode or a subtree
 * @sb: the filesystem
 */
struct fanl_object {
	void			*obj;
	int			obj_type;
	struct inode		*inode;
	struct super_block	*sb;
};

struct fanl_object fanl_object(const struct fanl_mark_request *req);
struct fanl_object fanl_object_sb(struct super_block *sb);
bool fanl_sb_is_local(const struct super_block *sb);
int fanl_object_check(const struct fanl_mark_request *req,
		      struct netlink_ext_ack *extack);

#endif /* _FANL_OBJECT_H */
