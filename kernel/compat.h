/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the versions of Linux that this is built for. The code
 * is written for the newest; what that has and an older one lacks is here.
 */
#ifndef _FANL_COMPAT_H
#define _FANL_COMPAT_H

#include <linux/fs.h>
#include <linux/netlink.h>

/* Linux 7: filesystems that let nothing of theirs be marked. */
#ifndef FS_DISALLOW_NOTIFY
#define FS_DISALLOW_NOTIFY 0
#endif

/* Linux 7: out of the union, and walked by a macro. */
#ifdef for_each_alias
#define fanl_d_alias d_alias
#else
#define fanl_d_alias d_u.d_alias
#endif

/* Linux 6.13: a new name. */
#ifndef NL_ASSERT_CTX_FITS
#define NL_ASSERT_CTX_FITS NL_ASSERT_DUMP_CTX_FITS
#endif

/* Linux 6.14: before that, open flags could say FMODE_NONOTIFY. */
#ifdef __FMODE_NONOTIFY
static inline struct file *dentry_open_nonotify(const struct path *path,
						int flags,
						const struct cred *cred)
{
	return dentry_open(path, flags | __FMODE_NONOTIFY, cred);
}
#endif

#endif /* _FANL_COMPAT_H */
