// SPDX-License-Identifier: GPL-2.0
/*
 * Objects: what marks are attached to.
 */
#include <linux/fsnotify_backend.h>
#include <linux/gfs2_ondisk.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <net/netlink.h>

#include "compat.h"
#include "kind.h"
#include "mark.h"
#include "object.h"

/**
 * fanl_object - the object that a request is about
 * @req: the request
 *
 * Return: the object; its obj is NULL if there is no inode.
 */
struct fanl_object fanl_object(const struct fanl_mark_request *req)
{
	struct fanl_object object = { .sb = req->path.mnt->mnt_sb };

	switch (req->type) {
	case FANOTIFY_MARK_TYPE_INODE:
	case FANOTIFY_MARK_TYPE_SUBTREE:
		object.inode = d_inode(req->path.dentry);
		object.obj = object.inode;
		object.obj_type = FSNOTIFY_OBJ_TYPE_INODE;
		break;
	case FANOTIFY_MARK_TYPE_MOUNT:
		object.obj = req->path.mnt;
		object.obj_type = FSNOTIFY_OBJ_TYPE_VFSMOUNT;
		break;
	default:
		object.obj = object.sb;
		object.obj_type = FSNOTIFY_OBJ_TYPE_SB;
	}
	return object;
}

/**
 * fanl_object_sb - a filesystem as an object
 * @sb: the filesystem
 *
 * Return: the object.
 */
struct fanl_object fanl_object_sb(struct super_block *sb)
{
	return (struct fanl_object){
		.obj = sb,
		.obj_type = FSNOTIFY_OBJ_TYPE_SB,
		.sb = sb,
	};
}

/**
 * fanl_sb_is_local - whether a filesystem is this kernel's own
 * @sb: the filesystem
 *
 * Of network filesystems, clusters and FUSE memory has what was heard last, and
 * asking means to wait.
 *
 * Return: true if what is in memory is the truth.
 */
bool fanl_sb_is_local(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case FUSE_SUPER_MAGIC:
	case GFS2_MAGIC:
	case OCFS2_SUPER_MAGIC:
		return false;
	case TMPFS_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
		return true;
	default:
		return sb->s_type->fs_flags & FS_REQUIRES_DEV;
	}
}

static int fanl_object_check_type(const struct fanl_mark_request *req,
				  struct netlink_ext_ack *extack)
{
	const struct inode *inode = d_inode(req->path.dentry);
	u64 kinds = req->mask | req->ignore;

	if (req->path.mnt->mnt_sb->s_type->fs_flags & FS_DISALLOW_NOTIFY) {
		NL_SET_ERR_MSG(extack, "filesystem does not let it be watched");
		return -EINVAL;
	}
	if ((kinds & FANL_KINDS_PERM) && (req->path.mnt->mnt_sb->s_type->fs_flags &
					  FS_DISALLOW_NOTIFY_PERM)) {
		NL_SET_ERR_MSG(extack,
			       "filesystem does not let accesses to it wait");
		return -EINVAL;
	}
	if ((kinds & FANL_KIND_PRE_ACCESS) &&
	    !(req->path.mnt->mnt_sb->s_iflags & SB_I_ALLOW_HSM)) {
		NL_SET_ERR_MSG(extack,
			       "filesystem does not let what is in its files be brought when it is needed");
		return -EOPNOTSUPP;
	}
	if ((kinds & FANL_KIND_PRE_ACCESS) && inode &&
	    !S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode)) {
		NL_SET_ERR_MSG(extack, "only what is in a regular file can be brought");
		return -EINVAL;
	}
	if (req->type != FANOTIFY_MARK_TYPE_INODE &&
	    req->type != FANOTIFY_MARK_TYPE_SUBTREE) {
		if (!(req->path.mnt->mnt_sb->s_flags & SB_NOUSER))
			return 0;
		NL_SET_ERR_MSG(extack,
			       "pipes, sockets and the like cannot be watched as a whole");
		return -EINVAL;
	}
	if (!inode) {
		NL_SET_ERR_MSG(extack, "descriptor is of no inode");
		return -ENOENT;
	}
	if (req->type == FANOTIFY_MARK_TYPE_SUBTREE) {
		if (S_ISDIR(inode->i_mode))
			return 0;
		NL_SET_ERR_MSG(extack, "only a directory has something below it");
		return -ENOTDIR;
	}
	if (!S_ISDIR(inode->i_mode) && (kinds & ~FANL_KINDS_INODE_NONDIR)) {
		NL_SET_ERR_MSG(extack,
			       "mask has kinds that only a directory can have, and the inode is none");
		return -ENOTDIR;
	}
	return 0;
}

/* fanotify has the same rules, for the same reasons: fanotify_user.c. */
static int fanl_object_check_ignore(const struct fanl_mark_request *req,
				    struct netlink_ext_ack *extack)
{
	const struct inode *inode = d_inode(req->path.dentry);

	if (!req->ignore ||
	    (req->flags & FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY))
		return 0;
	if (req->type != FANOTIFY_MARK_TYPE_INODE || S_ISDIR(inode->i_mode)) {
		NL_SET_ERR_MSG(extack,
			       "ignore mask of anything but a file needs the flag ignore-surv-modify");
		return -EINVAL;
	}
	if (inode_is_open_for_write(inode)) {
		NL_SET_ERR_MSG(extack,
			       "file is open for writing, which ends an ignore mask without ignore-surv-modify");
		return -EBUSY;
	}
	return 0;
}

/**
 * fanl_object_check - whether an object can be watched as a request asks
 * @req: the request
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -ENOTDIR, kinds or a type of directories on something else;
 * -EINVAL, cannot be watched, as a whole or at all, or ignored so; -EBUSY, to be
 * ignored and open for writing; -ENOENT, no inode; -EOPNOTSUPP, not on this
 * filesystem.
 */
int fanl_object_check(const struct fanl_mark_request *req,
		      struct netlink_ext_ack *extack)
{
	int err = fanl_object_check_type(req, extack);

	return err ?: fanl_object_check_ignore(req, extack);
}
