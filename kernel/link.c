// SPDX-License-Identifier: GPL-2.0
/*
 * What is in a symbolic link.
 */
#include <linux/fs.h>
#include <linux/limits.h>

#include "link.h"
#include "object.h"

/**
 * fanl_link_read - what is in a symbolic link
 * @dentry: the link, just made; its directory is locked
 * @done: cleared; to be called when the text is not needed any more
 *
 * Where it may have to be asked of the network or a daemon, which is where names
 * have to be looked at again (for overlayfs, those of the layer below), it is not
 * asked for.
 *
 * Return: the text, less than PATH_MAX long; NULL if it is not at hand.
 */
const char *fanl_link_read(struct dentry *dentry, struct delayed_call *done)
{
	const unsigned int elsewhere = DCACHE_OP_REVALIDATE |
				       DCACHE_OP_WEAK_REVALIDATE;
	struct inode *inode = d_inode(dentry);
	const char *link = READ_ONCE(inode->i_link);

	/* who made it has it in the clear, for as long as the inode is in memory */
	if (IS_ENCRYPTED(inode))
		return NULL;
	if (!link && inode->i_op->get_link && fanl_sb_is_local(inode->i_sb) &&
	    !(dentry->d_flags & elsewhere))
		link = inode->i_op->get_link(dentry, inode, done);
	if (IS_ERR_OR_NULL(link) || strnlen(link, PATH_MAX) == PATH_MAX)
		return NULL;
	return link;
}
