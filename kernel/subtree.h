/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Subtrees: what is below a directory, now and later.
 */
#ifndef _FANL_SUBTREE_H
#define _FANL_SUBTREE_H

#include <linux/dcache.h>
#include <linux/fs.h>

#include "mark.h"

struct fanl_group;

/**
 * struct fanl_inside - of which of a group's subtrees something is part
 * @mask: kinds that their marks ask for
 * @ignored: kinds that they ignore
 * @unknown: it has no path that leads to the filesystem's root
 */
struct fanl_inside {
	u64	mask;
	u64	ignored;
	bool	unknown;
};

void fanl_subtree_insert(struct fanl_mark *mark, const struct inode *inode);
void fanl_subtree_erase(struct fanl_mark *mark);
struct fanl_mark *fanl_subtree_get(struct fanl_group *group,
				   const struct inode *inode);
u64 fanl_subtree_kinds(struct fanl_group *group, const struct super_block *sb);
bool fanl_subtree_on(struct fanl_group *group, const struct super_block *sb);

void fanl_inside_of_dentry(struct fanl_group *group, struct dentry *dentry,
			   bool is_dir, struct fanl_inside *inside);
void fanl_inside_of_inode(struct fanl_group *group, struct inode *inode,
			  struct fanl_inside *inside);

#endif /* _FANL_SUBTREE_H */
