/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the versions of Linux that this is built for. The code
 * is written for the newest; what that has and an older one lacks is here.
 */
#ifndef _FANL_COMPAT_H
#define _FANL_COMPAT_H

#include <linux/crc32.h>
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/netlink.h>

#include <uapi/linux/fanotify-nl.h>

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

/* Linux 7, and 6.12 with our patches: changes of inode flags are told of. */
#if defined(FILE_ATTR_SIZE_VER0) || defined(fsnotify_fileattr)
#define FANL_KIND_SETFLAGS	((u64)FANOTIFY_KIND_SETFLAGS)
#else
#define FANL_KIND_SETFLAGS	0ULL
#endif

/* Linux 7: a name of its own. */
#ifndef CRC32C_OPTIMIZATION
#define crc32c(crc, p, len)	__crc32c_le(crc, (const u8 *)(p), len)
#endif

/* With our patches: stores to shared mappings are told of. */
#ifdef FSNOTIFY_MODIFY_MMAP
#define FANL_KIND_MMAP_WRITE	((u64)FANOTIFY_KIND_MMAP_WRITE)
#else
#define FANL_KIND_MMAP_WRITE	0ULL
#define FSNOTIFY_MODIFY_MMAP	3
#endif

/* Linux 7: who is about to use bytes of a file can wait for them. */
#ifdef FS_PRE_ACCESS
#define FANL_KIND_PRE_ACCESS	((u64)FANOTIFY_KIND_PRE_ACCESS)
#define FANL_PRIO_PRE_CONTENT	FSNOTIFY_PRIO_PRE_CONTENT

static inline bool fanl_needed_told(u64 *offset, u64 *length, const void *data,
				    int data_type)
{
	const struct file_range *range = fsnotify_data_file_range(data,
								  data_type);

	if (!range)
		return false;
	*offset = range->pos;
	*length = range->count;
	return true;
}
#else
#define FANL_KIND_PRE_ACCESS	0ULL
#define FANL_PRIO_PRE_CONTENT	FSNOTIFY_PRIO_CONTENT
#define SB_I_ALLOW_HSM		0

static inline bool fanl_needed_told(u64 *offset, u64 *length, const void *data,
				    int data_type)
{
	return false;
}
#endif

/**
 * struct fanl_modified - what fsnotify tells of the modification of a file
 * @pos: where it begins, negative for unknown
 * @count: bytes
 * @how: FSNOTIFY_MODIFY_*
 */
struct fanl_modified {
	loff_t		pos;
	loff_t		count;
	unsigned int	how;
};

/* With our patches: fsnotify tells of FS_MODIFY where and how it was. */
#ifdef FSNOTIFY_MODIFY_WRITE
#define FANL_TELLS_RANGES	1

static inline bool fanl_modified_told(struct fanl_modified *modified,
				      const void *data, int data_type)
{
	const struct file_range *range = fsnotify_data_file_range(data,
								  data_type);

	if (!range)
		return false;
	*modified = (struct fanl_modified){ range->pos, range->count,
					    range->how };
	return true;
}
#else
#define FANL_TELLS_RANGES		0
#define FSNOTIFY_MODIFY_WRITE		0
#define FSNOTIFY_MODIFY_FALLOCATE	1
#define FSNOTIFY_MODIFY_CLONE		2

static inline bool fanl_modified_told(struct fanl_modified *modified,
				      const void *data, int data_type)
{
	return false;
}
#endif

#endif /* _FANL_COMPAT_H */
