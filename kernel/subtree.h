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
 * @ignored: kinds that they ignore, of each name that it has
 * @ignored_inside: the same, but of names that may be in what @mask is of
 * @ignored_below: of a directory, kinds that they ignore of files in it
 * @unknown: it has no path that leads to the filesystem's root
 * @steps: directories that were looked at
 */
struct fanl_inside {
	u64	mask;
	u64	ignored;
	u64	ignored_inside;
	u64	ignored_below;
	bool	unknown;
	u32	steps;
};

/**
 * struct fanl_share - what a group's subtree marks ask of a filesystem
 * @refs: one of the filesystem's mark, one of each subtree mark
 * @kinds: kinds that they ask for [lock of group's marks to change]
 * @count: how many ask for each [as @kinds]
 */
struct fanl_share {
	refcount_t	refs;
	u64		kinds;
	u32		count[64];
};

/**
 * fanl_share_kinds - what the subtree marks of a filesystem ask for now
 * @mark: the filesystem's mark
 *
 * Return: the kinds.
 */
static inline u64 fanl_share_kinds(const struct fanl_mark *mark)
{
	const struct fanl_share *share = READ_ONCE(mark->share);

	return share ? READ_ONCE(share->kinds) : 0;
}

void fanl_share_put(struct fanl_share *share);

int fanl_subtree_insert(struct fanl_mark *mark, const struct inode *inode);
void fanl_subtree_erase(struct fanl_mark *mark);
struct fanl_mark *fanl_subtree_get(struct fanl_group *group,
				   const struct inode *inode);
int fanl_subtree_join(struct fanl_mark *mark, struct fanl_mark *filesystem);
void fanl_subtree_changed(struct fanl_mark *mark);

void fanl_inside_of_dentry(struct fanl_group *group, struct dentry *dentry,
			   bool is_dir, struct fanl_inside *inside);
void fanl_inside_of_inode(struct fanl_group *group, struct inode *inode,
			  struct fanl_inside *inside);

int fanl_subtrees_init(void);
void fanl_subtrees_exit(void);

#endif /* _FANL_SUBTREE_H */
