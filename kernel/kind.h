/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kinds of event: the 64-bit masks of the protocol and fsnotify's 32-bit ones.
 */
#ifndef _FANL_KIND_H
#define _FANL_KIND_H

#include <linux/fsnotify_backend.h>

#include "compat.h"

struct fanl_operation;

/* Modify what a mask means rather than being a kind themselves. */
#define FANL_KIND_MODIFIERS \
	((u64)FANOTIFY_KIND_ONDIR | FANOTIFY_KIND_EVENT_ON_CHILD)

/* Sent with a directory as @dir and the name of an entry in it. */
#define FANL_KINDS_DIRENT \
	((u64)FANOTIFY_KIND_CREATE | FANL_KINDS_CREATE | \
	 FANOTIFY_KIND_DELETE | FANL_KINDS_DELETE | \
	 FANOTIFY_KIND_MOVED_FROM | FANOTIFY_KIND_MOVED_TO | \
	 FANOTIFY_KIND_RENAME)

#define FANL_KINDS_CREATE \
	((u64)FANOTIFY_KIND_CREATE_FILE | FANOTIFY_KIND_MKDIR | \
	 FANOTIFY_KIND_MKNOD | FANOTIFY_KIND_SYMLINK | \
	 FANOTIFY_KIND_HARDLINK | FANOTIFY_KIND_TMPFILE_LINK)

#define FANL_KINDS_DELETE \
	((u64)FANOTIFY_KIND_UNLINK | FANOTIFY_KIND_LAST_UNLINK | \
	 FANOTIFY_KIND_RMDIR)

#define FANL_KINDS_ATTRIB \
	((u64)FANOTIFY_KIND_CHMOD | FANOTIFY_KIND_CHOWN | \
	 FANOTIFY_KIND_UTIMES | FANOTIFY_KIND_SETXATTR | \
	 FANOTIFY_KIND_REMOVEXATTR | FANOTIFY_KIND_LINK_COUNT | \
	 FANL_KIND_SETFLAGS)

#define FANL_KINDS_MODIFY \
	((u64)FANOTIFY_KIND_WRITE | FANOTIFY_KIND_TRUNCATE | \
	 FANOTIFY_KIND_FALLOCATE | FANOTIFY_KIND_CLONE_RANGE | \
	 FANL_KIND_MMAP_WRITE)

/* What may happen to an object again and again, and leaves its names alone. */
#define FANL_KINDS_MERGEABLE \
	((u64)FANOTIFY_KIND_ACCESS | FANOTIFY_KIND_MODIFY | FANL_KINDS_MODIFY | \
	 FANOTIFY_KIND_ATTRIB | FANL_KINDS_ATTRIB | \
	 FANOTIFY_KIND_OPEN | FANOTIFY_KIND_OPEN_EXEC | \
	 FANOTIFY_KIND_CLOSE_WRITE | FANOTIFY_KIND_CLOSE_NOWRITE | \
	 FANL_KIND_MODIFIERS)

/* Whoever does it waits for a verdict. */
#define FANL_KINDS_PERM \
	((u64)FANOTIFY_KIND_OPEN_PERM | FANOTIFY_KIND_OPEN_EXEC_PERM | \
	 FANOTIFY_KIND_ACCESS_PERM | FANL_KIND_PRE_ACCESS)

/* Only events with a struct path reach a mount mark (fs/notify/fsnotify.c). */
#define FANL_KINDS_MOUNT \
	((u64)FANOTIFY_KIND_ACCESS | FANOTIFY_KIND_MODIFY | \
	 (FANL_KINDS_MODIFY & ~(u64)FANOTIFY_KIND_TRUNCATE) | \
	 FANOTIFY_KIND_OPEN | FANOTIFY_KIND_OPEN_EXEC | \
	 FANOTIFY_KIND_CLOSE_WRITE | FANOTIFY_KIND_CLOSE_NOWRITE | \
	 FANOTIFY_KIND_UNMOUNT | FANL_KINDS_PERM | FANOTIFY_KIND_ONDIR)

#define FANL_KINDS_INODE \
	(FANL_KINDS_MOUNT | FANL_KINDS_DIRENT | FANOTIFY_KIND_ATTRIB | \
	 FANL_KINDS_ATTRIB | FANOTIFY_KIND_TRUNCATE | \
	 FANOTIFY_KIND_DELETE_SELF | FANOTIFY_KIND_MOVE_SELF | \
	 FANOTIFY_KIND_EVENT_ON_CHILD)

/* What an inode mark on anything but a directory can see. */
#define FANL_KINDS_INODE_NONDIR \
	(FANL_KINDS_INODE & ~(FANL_KINDS_DIRENT | FANL_KIND_MODIFIERS))

#define FANL_KINDS_FILESYSTEM \
	((FANL_KINDS_INODE & ~(u64)FANOTIFY_KIND_EVENT_ON_CHILD) | \
	 FANOTIFY_KIND_FS_ERROR)

/* What a journal can have records of: it does not outlive its filesystem. */
#define FANL_KINDS_JOURNAL \
	(FANL_KINDS_FILESYSTEM & ~(FANL_KINDS_PERM | FANOTIFY_KIND_UNMOUNT))

#define FANL_KINDS_SUBTREE \
	(FANL_KINDS_INODE & ~(u64)FANOTIFY_KIND_EVENT_ON_CHILD)

/* Not of filesystems that have not said that they allow pre-access. */
#define FANL_KINDS_GLOBAL \
	((FANL_KINDS_FILESYSTEM & ~FANL_KIND_PRE_ACCESS) | \
	 FANOTIFY_KIND_COVERED)

/* What filters do not look at: a filesystem as a whole, and the watching itself. */
#define FANL_KINDS_UNFILTERED \
	((u64)FANOTIFY_KIND_FS_ERROR | FANOTIFY_KIND_UNMOUNT | \
	 FANOTIFY_KIND_COVERED | FANOTIFY_KIND_GAP)

/* GAP needs no asking and may not be asked for. */
#define FANL_KINDS_ALL (FANL_KINDS_INODE | FANL_KINDS_GLOBAL)

u64 fanl_kinds_of_mask(u64 mask, bool is_dir);
u64 fanl_kinds_legal(u32 mark_type);
u64 fanl_kinds_ignorable(u32 mark_type);
u64 fanl_kinds_exact(void);
u64 fanl_kinds_ranged(void);
u32 fanl_kinds_to_fsnotify(u64 kinds, u32 mark_type);
u32 fanl_kinds_to_gate(u64 kinds, u32 mark_type);
u64 fanl_kinds_refine(u32 fs_mask, const struct inode *inode, int data_type,
		      const struct fanl_operation *operation);
u64 fanl_kinds_wanted(u64 kinds, u64 mask, u64 ignored, u64 group_mask);

#endif /* _FANL_KIND_H */
