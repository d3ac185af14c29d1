// SPDX-License-Identifier: GPL-2.0
/*
 * Kinds of event: the 64-bit masks of the protocol and fsnotify's 32-bit ones.
 */
#include <linux/fanotify.h>

#include "kind.h"
#include "operation.h"

/* Which kinds refine which: asking for @base asks for all of @refined. */
static const struct {
	u64 base;
	u64 refined;
} fanl_refinements[] = {
	{ FANOTIFY_KIND_CREATE, FANL_KINDS_CREATE },
	{ FANOTIFY_KIND_DELETE, FANL_KINDS_DELETE },
	{ FANOTIFY_KIND_ATTRIB, FANL_KINDS_ATTRIB },
	{ FANOTIFY_KIND_MODIFY, FANL_KINDS_MODIFY },
};

/* Kinds whose bit is fsnotify's as well. */
#define FANL_KINDS_FSNOTIFY \
	(FANL_KINDS_ALL & (ALL_FSNOTIFY_EVENTS | FS_ISDIR | FS_EVENT_ON_CHILD))

static_assert(FANOTIFY_KIND_ACCESS == FAN_ACCESS);
static_assert(FANOTIFY_KIND_MODIFY == FAN_MODIFY);
static_assert(FANOTIFY_KIND_ATTRIB == FAN_ATTRIB);
static_assert(FANOTIFY_KIND_CLOSE_WRITE == FAN_CLOSE_WRITE);
static_assert(FANOTIFY_KIND_CLOSE_NOWRITE == FAN_CLOSE_NOWRITE);
static_assert(FANOTIFY_KIND_OPEN == FAN_OPEN);
static_assert(FANOTIFY_KIND_MOVED_FROM == FAN_MOVED_FROM);
static_assert(FANOTIFY_KIND_MOVED_TO == FAN_MOVED_TO);
static_assert(FANOTIFY_KIND_CREATE == FAN_CREATE);
static_assert(FANOTIFY_KIND_DELETE == FAN_DELETE);
static_assert(FANOTIFY_KIND_DELETE_SELF == FAN_DELETE_SELF);
static_assert(FANOTIFY_KIND_MOVE_SELF == FAN_MOVE_SELF);
static_assert(FANOTIFY_KIND_OPEN_EXEC == FAN_OPEN_EXEC);
static_assert(FANOTIFY_KIND_FS_ERROR == FAN_FS_ERROR);
static_assert(FANOTIFY_KIND_OPEN_PERM == FAN_OPEN_PERM);
static_assert(FANOTIFY_KIND_ACCESS_PERM == FAN_ACCESS_PERM);
static_assert(FANOTIFY_KIND_OPEN_EXEC_PERM == FAN_OPEN_EXEC_PERM);
#ifdef FAN_PRE_ACCESS
static_assert(FANOTIFY_KIND_PRE_ACCESS == FAN_PRE_ACCESS);
#endif
static_assert(FANOTIFY_KIND_EVENT_ON_CHILD == FAN_EVENT_ON_CHILD);
static_assert(FANOTIFY_KIND_RENAME == FAN_RENAME);
static_assert(FANOTIFY_KIND_ONDIR == FAN_ONDIR);

/* The low half is FAN_*, and FAN_* is FS_* for all that is delivered here. */
static_assert(FAN_ONDIR == FS_ISDIR && FAN_EVENT_ON_CHILD == FS_EVENT_ON_CHILD);
static_assert((FANL_KINDS_ALL & U32_MAX) == (FANL_KINDS_FSNOTIFY & U32_MAX));

/**
 * fanl_kinds_of_mask - what a mask asks for of one object
 * @mask: of a mark
 * @is_dir: it is a directory
 *
 * Directories need ONDIR, but names in a directory are of interest whatever they
 * name, and so is the end of the mark.
 *
 * Return: the kinds.
 */
u64 fanl_kinds_of_mask(u64 mask, bool is_dir)
{
	if (is_dir && !(mask & FANOTIFY_KIND_ONDIR))
		return mask & (FANL_KINDS_DIRENT | FANOTIFY_KIND_UNMOUNT);
	return mask;
}

/**
 * fanl_kinds_legal - kinds that may be in the mask of a mark
 * @mark_type: enum fanotify_mark_type
 *
 * Return: the kinds; 0 for a type that does not exist.
 */
u64 fanl_kinds_legal(u32 mark_type)
{
	switch (mark_type) {
	case FANOTIFY_MARK_TYPE_INODE:
		return FANL_KINDS_INODE;
	case FANOTIFY_MARK_TYPE_MOUNT:
		return FANL_KINDS_MOUNT;
	case FANOTIFY_MARK_TYPE_FILESYSTEM:
		return FANL_KINDS_FILESYSTEM;
	case FANOTIFY_MARK_TYPE_GLOBAL:
		return FANL_KINDS_GLOBAL;
	case FANOTIFY_MARK_TYPE_SUBTREE:
		return FANL_KINDS_SUBTREE;
	default:
		return 0;
	}
}

/**
 * fanl_kinds_ignorable - kinds that may be in the ignore mask of a mark
 * @mark_type: enum fanotify_mark_type
 *
 * fsnotify applies ignore masks itself, so they know only its own 32 bits.
 *
 * Return: the kinds; 0 if such a mark cannot ignore.
 */
u64 fanl_kinds_ignorable(u32 mark_type)
{
	if (mark_type == FANOTIFY_MARK_TYPE_GLOBAL)
		return 0;
	return fanl_kinds_legal(mark_type) & FANL_KINDS_FSNOTIFY;
}

/**
 * fanl_kinds_exact - kinds that are told apart from others of the same base
 *
 * Return: the kinds.
 */
u64 fanl_kinds_exact(void)
{
	const u64 data = FANL_TELLS_RANGES ? FANOTIFY_KIND_TRUNCATE :
					     FANL_KINDS_MODIFY;
	const u64 seen = data |
			 (FANL_KINDS_ATTRIB & ~(u64)FANOTIFY_KIND_LINK_COUNT);

	return fanl_operations_available() ? FANL_KINDS_ALL :
					     FANL_KINDS_ALL & ~seen;
}

/**
 * fanl_kinds_ranged - kinds whose events say which bytes they are about
 *
 * Return: the kinds.
 */
u64 fanl_kinds_ranged(void)
{
	u64 kinds = FANL_KIND_PRE_ACCESS;

	if (fanl_operations_available())
		kinds |= FANOTIFY_KIND_TRUNCATE;
	if (FANL_TELLS_RANGES)
		kinds |= FANL_KINDS_MODIFY & ~(u64)FANOTIFY_KIND_TRUNCATE;
	return kinds;
}

/**
 * fanl_kinds_to_fsnotify - the fsnotify mask that brings these kinds
 * @kinds: kinds that a mark asks for
 * @mark_type: enum fanotify_mark_type
 *
 * A mark on a mount or a filesystem always asks for parent and name
 * (FS_EVENT_ON_CHILD), which changes nothing else for it. UNMOUNT of those two
 * does not come as an event: fsnotify would send one for each inode still
 * referenced; see fanl_freeing_mark(). A name in a directory is of interest
 * whatever it names, so those kinds come for directories without ONDIR. Times
 * that are set one without the other come as FS_MODIFY and FS_ACCESS. Permission
 * is asked for by other groups, see fanl_kinds_to_gate().
 *
 * Return: bits of FS_*.
 */
u32 fanl_kinds_to_fsnotify(u64 kinds, u32 mark_type)
{
	u32 fs_mask = kinds & FANL_KINDS_FSNOTIFY & ~FANL_KINDS_PERM;

	for (int i = 0; i < ARRAY_SIZE(fanl_refinements); i++)
		if (kinds & fanl_refinements[i].refined)
			fs_mask |= fanl_refinements[i].base;

	if (kinds & FANOTIFY_KIND_UTIMES)
		fs_mask |= FS_MODIFY | FS_ACCESS;
	if (kinds & FANL_KINDS_DIRENT)
		fs_mask |= FS_ISDIR;
	if (mark_type != FANOTIFY_MARK_TYPE_INODE)
		fs_mask |= FS_EVENT_ON_CHILD;
	else if (kinds & FANOTIFY_KIND_UNMOUNT)
		fs_mask |= FS_UNMOUNT;
	return fs_mask;
}

/**
 * fanl_kinds_to_gate - the fsnotify mask that asks for permission
 * @kinds: kinds that a mark asks for or ignores
 * @mark_type: enum fanotify_mark_type
 *
 * Parent and name are found for what is really asked about, and not for each
 * access (FS_EVENT_ON_CHILD): most may be remembered, or be no one's concern.
 *
 * Return: bits of FS_*.
 */
u32 fanl_kinds_to_gate(u64 kinds, u32 mark_type)
{
	u32 fs_mask = kinds & (FANL_KINDS_PERM | FANL_KIND_MODIFIERS);

	return mark_type == FANOTIFY_MARK_TYPE_INODE ?
	       fs_mask : fs_mask & ~FS_EVENT_ON_CHILD;
}

/* Links before the operation made them @more; by now others may have, too. */
static unsigned int fanl_links_before(const struct fanl_operation *operation,
				      const struct inode *inode, int more)
{
	const struct fanl_image *image = &operation->image[FANL_NODE_OBJECT];

	return image->inode == inode ? image->nlink : inode->i_nlink - more;
}

static u64 fanl_refine_create(const struct inode *inode, int data_type,
			      const struct fanl_operation *operation)
{
	if (!inode)
		return 0;
	/* vfs_link() passes the inode, the others pass the new dentry. */
	if (data_type == FSNOTIFY_EVENT_INODE)
		return fanl_links_before(operation, inode, 1) ?
			       FANOTIFY_KIND_HARDLINK :
			       FANOTIFY_KIND_TMPFILE_LINK;
	switch (inode->i_mode & S_IFMT) {
	case S_IFREG:
		return FANOTIFY_KIND_CREATE_FILE;
	case S_IFDIR:
		return FANOTIFY_KIND_MKDIR;
	case S_IFLNK:
		return FANOTIFY_KIND_SYMLINK;
	default:
		return FANOTIFY_KIND_MKNOD;
	}
}

static u64 fanl_refine_delete(u32 fs_mask, const struct inode *inode,
			      const struct fanl_operation *operation)
{
	if (fs_mask & FS_ISDIR)
		return FANOTIFY_KIND_RMDIR;
	if (inode && !inode->i_nlink &&
	    fanl_links_before(operation, inode, -1) < 2)
		return FANOTIFY_KIND_UNLINK | FANOTIFY_KIND_LAST_UNLINK;
	return FANOTIFY_KIND_UNLINK;
}

/* ia_valid of notify_change(), as fsnotify_change() takes it apart. */
static u64 fanl_refine_setattr(unsigned int valid)
{
	u64 kinds = 0;

	if (valid & ATTR_MODE)
		kinds |= FANOTIFY_KIND_CHMOD;
	if (valid & (ATTR_UID | ATTR_GID))
		kinds |= FANOTIFY_KIND_CHOWN;
	if (valid & ATTR_SIZE)
		kinds |= FANOTIFY_KIND_TRUNCATE;
	/* a new size comes with times of its own */
	if (valid & (valid & ATTR_SIZE ? ATTR_ATIME_SET | ATTR_MTIME_SET :
					 ATTR_ATIME | ATTR_MTIME))
		kinds |= FANOTIFY_KIND_UTIMES;
	return kinds;
}

/*
 * What comes with a dentry: attributes that were set. What was not seen may be
 * any of what fsnotify lumps together.
 */
static u64 fanl_refine_attribute(u32 fs_mask,
				 const struct fanl_operation *operation)
{
	u64 kinds = FANOTIFY_KIND_UTIMES;

	switch (operation->op) {
	case FANL_OP_SETATTR:
		return fanl_refine_setattr(operation->valid);
	case FANL_OP_SETXATTR:
		return FANOTIFY_KIND_SETXATTR;
	case FANL_OP_REMOVEXATTR:
		return FANOTIFY_KIND_REMOVEXATTR;
	case FANL_OP_SETFLAGS:
		return FANL_KIND_SETFLAGS;
	case FANL_OP_UNKNOWN:
		if (fs_mask & FS_ATTRIB)
			kinds |= FANL_KINDS_ATTRIB & ~(u64)FANOTIFY_KIND_LINK_COUNT;
		if (fs_mask & FS_MODIFY)
			kinds |= FANOTIFY_KIND_TRUNCATE;
		return kinds;
	default:
		return 0;
	}
}

/* What comes with a file: data that was written, by whatever means. */
static u64 fanl_refine_data(const struct fanl_operation *operation)
{
	if (!operation)
		return FANOTIFY_KIND_WRITE;
	switch (operation->op) {
	case FANL_OP_FALLOCATE:
		return FANOTIFY_KIND_FALLOCATE;
	case FANL_OP_CLONE_RANGE:
		return FANOTIFY_KIND_CLONE_RANGE;
	case FANL_OP_MMAP_WRITE:
		return FANL_KIND_MMAP_WRITE;
	default:
		return FANL_KINDS_MODIFY & ~((u64)FANOTIFY_KIND_TRUNCATE |
					     FANL_KIND_MMAP_WRITE);
	}
}

/**
 * fanl_kinds_refine - the kinds of an fsnotify event
 * @fs_mask: fsnotify's mask
 * @inode: what it happened to, may be NULL
 * @data_type: enum fsnotify_data_type of the event
 * @operation: as fanl_operation_get() has it
 *
 * Return: the kinds with their refinements and modifiers.
 */
u64 fanl_kinds_refine(u32 fs_mask, const struct inode *inode, int data_type,
		      const struct fanl_operation *operation)
{
	u64 kinds = fs_mask & FANL_KINDS_FSNOTIFY;

	if (fs_mask & FS_CREATE)
		kinds |= fanl_refine_create(inode, data_type, operation);
	if (fs_mask & FS_DELETE)
		kinds |= fanl_refine_delete(fs_mask, inode, operation);
	if (fs_mask & FS_UNMOUNT)
		kinds |= FANOTIFY_KIND_UNMOUNT;
	if (data_type == FSNOTIFY_EVENT_DENTRY &&
	    !(fs_mask & ALL_FSNOTIFY_DIRENT_EVENTS) && operation)
		kinds |= fanl_refine_attribute(fs_mask, operation);
	else if (fs_mask & FS_ATTRIB)
		kinds |= FANOTIFY_KIND_LINK_COUNT;
	else if (fs_mask & FS_MODIFY)
		kinds |= fanl_refine_data(operation);
	return kinds;
}

/**
 * fanl_kinds_wanted - what of an event the masks let through
 * @kinds: the event's kinds
 * @mask: kinds that marks ask for
 * @ignored: unrefined kinds that marks ignore
 * @group_mask: kinds that the group delivers
 *
 * A kind goes out with all that refines it as soon as a mask has it or one of
 * them.
 *
 * Return: kinds to report, with the modifiers of @kinds; 0 for none.
 */
u64 fanl_kinds_wanted(u64 kinds, u64 mask, u64 ignored, u64 group_mask)
{
	u64 rest = kinds & ~(ignored | FANL_KIND_MODIFIERS);
	u64 wanted = 0;

	/* as it is for most, of subtree marks where there are none */
	if (!(kinds & mask))
		return 0;
	for (int i = 0; i < ARRAY_SIZE(fanl_refinements); i++) {
		u64 family = fanl_refinements[i].base |
			     fanl_refinements[i].refined;
		u64 part = kinds & family;

		rest &= ~family;
		if (!(ignored & fanl_refinements[i].base) &&
		    (part & mask) && (part & group_mask))
			wanted |= part;
	}
	wanted |= rest & mask & group_mask;
	return wanted ? wanted | (kinds & FANL_KIND_MODIFIERS) : 0;
}
