/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paths below a filesystem's root.
 */
#ifndef _FANL_PATH_H
#define _FANL_PATH_H

#include <linux/dcache.h>

/* Most paths are shorter, and need no memory. */
#define FANL_PATH_INLINE 200

/**
 * struct fanl_path - a path, and the memory that it is in
 * @name: the path, NULL for none
 * @len: its length
 * @gfp: how its context may allocate
 * @page: PATH_MAX bytes of its own, or NULL
 * @buf: where it is otherwise
 *
 * It is built from its end on, so it does not start where its memory does.
 */
struct fanl_path {
	const char	*name;
	unsigned int	len;
	gfp_t		gfp;
	char		*page;
	char		buf[FANL_PATH_INLINE];
};

static inline void fanl_path_init(struct fanl_path *path, gfp_t gfp)
{
	path->gfp = gfp;
	path->name = NULL;
	path->page = NULL;
}

struct dentry *fanl_path_build(struct fanl_path *path, char *buf, size_t size,
			       struct dentry *dentry, const struct qstr *child);
void fanl_path_walk(struct fanl_path *path, struct dentry *dentry,
		    const struct qstr *child, u32 *flags);
void fanl_path_free(struct fanl_path *path);

#endif /* _FANL_PATH_H */
