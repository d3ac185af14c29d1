// SPDX-License-Identifier: GPL-2.0
/*
 * Files for events. An event holds no reference of its object, which would
 * block unmounts; its handle names it for as long as it lives.
 */
#include <linux/cred.h>
#include <linux/exportfs.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/netlink.h>

#include <uapi/linux/fanotify-nl.h>

#include "compat.h"
#include "open.h"

/* What open(2) checks besides; dentry_open() is for those who have done it. */
static int fanl_may_open(const struct path *path, u32 flags,
			 struct netlink_ext_ack *extack)
{
	struct inode *inode = d_inode(path->dentry);
	bool write = (flags & O_ACCMODE) != O_RDONLY;
	int acc_mode = MAY_OPEN | ACC_MODE(flags);
	int err;

	if (!S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode)) {
		NL_SET_ERR_MSG(extack,
			       "only regular files and directories can be opened");
		return -EOPNOTSUPP;
	}
	if (write && S_ISDIR(inode->i_mode)) {
		NL_SET_ERR_MSG(extack, "directories cannot be opened to write");
		return -EISDIR;
	}
	if (write && IS_APPEND(inode) && !(flags & O_APPEND)) {
		NL_SET_ERR_MSG(extack, "file can only be appended to");
		return -EPERM;
	}
	if ((flags & O_NOATIME) &&
	    !inode_owner_or_capable(mnt_idmap(path->mnt), inode)) {
		NL_SET_ERR_MSG(extack, "O_NOATIME is for the owner");
		return -EPERM;
	}
	err = inode_permission(mnt_idmap(path->mnt), inode, acc_mode);
	if (err)
		NL_SET_ERR_MSG(extack, "no permission");
	return err;
}

/**
 * fanl_open_path - open the object of an event
 * @path: the object
 * @flags: open flags
 * @extack: where the reason of a refusal goes
 *
 * The file makes no events: a listener that reads what it is told of would
 * otherwise tell itself.
 *
 * Context: may wait for the filesystem, a lease, a FUSE server.
 * Return: the file; -EOPNOTSUPP, the object is neither a regular file nor a
 * directory; or another error of open(2).
 */
struct file *fanl_open_path(const struct path *path, u32 flags,
			    struct netlink_ext_ack *extack)
{
	struct file *file;
	int err;

	err = fanl_may_open(path, flags, extack);
	if (err)
		return ERR_PTR(err);
	if (force_o_largefile())
		flags |= O_LARGEFILE;
	file = dentry_open_nonotify(path, flags, current_cred());
	if (IS_ERR(file))
		NL_SET_ERR_MSG(extack, "object cannot be opened");
	return file;
}

static int fanl_acceptable(void *context, struct dentry *dentry)
{
	return 1;
}

/**
 * fanl_open_handle - open the object of an event
 * @mount: anything on a mount of its filesystem
 * @type: type of the handle
 * @handle: the handle
 * @len: its length in bytes, a multiple of 4, at most FANOTIFY_HANDLE_MAX
 * @flags: open flags
 * @extack: where the reason of a refusal goes
 *
 * Return: the file; -ESTALE, the object is gone or not of this filesystem;
 * -EOPNOTSUPP, the filesystem cannot find objects by handle; or as
 * fanl_open_path().
 */
struct file *fanl_open_handle(const struct path *mount, int type,
			      const void *handle, unsigned int len, u32 flags,
			      struct netlink_ext_ack *extack)
{
	u32 fid[FANOTIFY_HANDLE_MAX / sizeof(u32)];
	struct path path = { .mnt = mount->mnt };
	struct file *file;
	int err;

	if (!exportfs_can_decode_fh(mount->mnt->mnt_sb->s_export_op)) {
		NL_SET_ERR_MSG(extack,
			       "filesystem cannot find objects by handle");
		return ERR_PTR(-EOPNOTSUPP);
	}
	memcpy(fid, handle, len);
	path.dentry = exportfs_decode_fh_raw(mount->mnt, (struct fid *)fid,
					     len / sizeof(u32), type, 0,
					     fanl_acceptable, NULL);
	if (IS_ERR_OR_NULL(path.dentry)) {
		err = PTR_ERR(path.dentry) ?: -ESTALE;
		if (err == -ESTALE)
			NL_SET_ERR_MSG(extack,
				       "object is gone, or of another filesystem");
		else
			NL_SET_ERR_MSG(extack, "object cannot be found");
		return ERR_PTR(err);
	}
	file = fanl_open_path(&path, flags, extack);
	dput(path.dentry);
	return file;
}
