// SPDX-License-Identifier: GPL-2.0
/*
 * What is in a symbolic link.
 */
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/magic.h>

#include "link.h"

/* Of others, the network or a daemon would have to be asked. */
static bool fanl_link_is_here(const struct super_block *sb)
{
	return (sb->s_type->fs_flags & FS_REQUIRES_DEV) ||
	       sb->s_magic == TMPFS_MAGIC ||
	       sb->s_magic == OVERLAYFS_SUPER_MAGIC;
}

/**
 * fanl_link_read - what is in a symbolic link
 * @dentry: the link, just made; its directory is locked
 * @done: cleared; to be called when the text is not needed any more
 *
 * Return: the text, less than PATH_MAX long; NULL if it is not at hand.
 */
const char *fanl_link_read(struct dentry *dentry, struct delayed_call *done)
{
	struct inode *inode = d_inode(dentry);
	const char *link = READ_ONCE(inode->i_link);

	if (!link && inode->i_op->get_link && fanl_link_is_here(inode->i_sb))
		link = inode->i_op->get_link(dentry, inode, done);
	if (IS_ERR_OR_NULL(link) || strnlen(link, PATH_MAX) == PATH_MAX)
		return NULL;
	return link;
}
