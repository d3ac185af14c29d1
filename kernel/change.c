// SPDX-License-Identifier: GPL-2.0
/*
 * Which fields of an inode an operation has changed.
 *
 * Where the inode is known as it was before, it is compared, whatever the
 * filesystem did to it. Otherwise all that such an operation may change counts
 * as changed.
 */
#include <linux/magic.h>
#include <linux/string.h>
#include <linux/xattr.h>

#include "change.h"
#include "compat.h"
#include "kind.h"
#include "object.h"

#define FANL_CHANGED_STAT	((u32)FANL_STAT_ALL)

#define FANL_CHANGED_ALL \
	(FANL_CHANGED_STAT | FANOTIFY_CHANGED_DATA | FANOTIFY_CHANGED_XATTR | \
	 FANOTIFY_CHANGED_NAME | FANOTIFY_CHANGED_INODE_FLAGS)

/* What bytes in a file change, written by whatever means. */
#define FANL_CHANGED_BY_WRITE \
	(FANOTIFY_CHANGED_MTIME | FANOTIFY_CHANGED_CTIME | \
	 FANOTIFY_CHANGED_SIZE | FANOTIFY_CHANGED_BLOCKS | FANOTIFY_CHANGED_DATA)

#define FANL_KINDS_CHANGELESS \
	((u64)FANOTIFY_KIND_OPEN | FANOTIFY_KIND_OPEN_EXEC | \
	 FANOTIFY_KIND_CLOSE_NOWRITE | FANOTIFY_KIND_FS_ERROR | \
	 FANL_KINDS_PERM | \
	 FANOTIFY_KIND_COVERED | FANOTIFY_KIND_UNMOUNT | FANL_KIND_MODIFIERS)

/*
 * What overlayfs takes from the inode below. It has notes of it, too, from before
 * stores to mappings, and of directories from before something was copied up.
 */
static u32 fanl_changed_below(const struct inode *inode)
{
	u32 changed = FANOTIFY_CHANGED_MTIME | FANOTIFY_CHANGED_CTIME |
		      FANOTIFY_CHANGED_BLOCKS;

	return S_ISDIR(inode->i_mode) ? changed | FANOTIFY_CHANGED_NLINK |
						FANOTIFY_CHANGED_SIZE :
					changed;
}

/* xfs tells the VFS neither of blocks nor of directories' sizes. */
static u32 fanl_changed_in_xfs(const struct inode *inode)
{
	return S_ISDIR(inode->i_mode) ?
		       FANOTIFY_CHANGED_BLOCKS | FANOTIFY_CHANGED_SIZE :
		       FANOTIFY_CHANGED_BLOCKS;
}

static u32 fanl_image_compare(const struct fanl_image *image,
			      const struct inode *inode)
{
	const struct timespec64 atime = inode_get_atime(inode);
	const struct timespec64 mtime = inode_get_mtime(inode);
	const struct timespec64 ctime = inode_get_ctime(inode);
	u32 changed = 0;

	if (image->mode != inode->i_mode)
		changed |= FANOTIFY_CHANGED_MODE;
	if (image->nlink != inode->i_nlink)
		changed |= FANOTIFY_CHANGED_NLINK;
	if (!uid_eq(image->uid, inode->i_uid))
		changed |= FANOTIFY_CHANGED_UID;
	if (!gid_eq(image->gid, inode->i_gid))
		changed |= FANOTIFY_CHANGED_GID;
	if (!timespec64_equal(&image->atime, &atime))
		changed |= FANOTIFY_CHANGED_ATIME;
	if (!timespec64_equal(&image->mtime, &mtime))
		changed |= FANOTIFY_CHANGED_MTIME;
	if (!timespec64_equal(&image->ctime, &ctime))
		changed |= FANOTIFY_CHANGED_CTIME;
	if (image->size != i_size_read(inode))
		changed |= FANOTIFY_CHANGED_SIZE;
	if (image->blocks != inode->i_blocks)
		changed |= FANOTIFY_CHANGED_BLOCKS;
	if (inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC)
		changed |= fanl_changed_below(inode);
	if (inode->i_sb->s_magic == XFS_SUPER_MAGIC)
		changed |= fanl_changed_in_xfs(inode);
	return changed;
}

static bool fanl_has_images(const struct fanl_operation *operation)
{
	return operation && !(BIT(operation->op) & FANL_OPS_DATA);
}

/*
 * Fields that no image has. A new mode may go into the ACL, if there is one or
 * it is not known that there is none; a new owner and a new size take a program's
 * capabilities away. Properties of btrfs are inode flags as well, and the other way
 * round; vfat makes a file immutable once the event of its attributes is made.
 */
static u32 fanl_changed_besides(const struct fanl_operation *operation, u32 changed,
				const struct inode *inode)
{
	u32 besides = 0;

	if (operation->op == FANL_OP_SETXATTR ||
	    operation->op == FANL_OP_REMOVEXATTR) {
		if (strstarts(operation->name, XATTR_BTRFS_PREFIX))
			besides |= FANOTIFY_CHANGED_INODE_FLAGS;
		return besides | FANOTIFY_CHANGED_XATTR;
	}
	if (operation->op == FANL_OP_SETFLAGS) {
		if (inode->i_sb->s_magic == BTRFS_SUPER_MAGIC)
			besides |= FANOTIFY_CHANGED_XATTR;
		return besides | FANOTIFY_CHANGED_INODE_FLAGS;
	}
	if (operation->op != FANL_OP_SETATTR)
		return 0;
	if (changed & FANOTIFY_CHANGED_SIZE)
		besides |= FANOTIFY_CHANGED_DATA;
#ifdef CONFIG_FS_POSIX_ACL
	if ((operation->valid & ATTR_MODE) && IS_POSIXACL(inode) &&
	    READ_ONCE(inode->i_acl))
		besides |= FANOTIFY_CHANGED_XATTR;
#endif
	if ((operation->valid & ATTR_MODE) &&
	    inode->i_sb->s_magic == MSDOS_SUPER_MAGIC)
		besides |= FANOTIFY_CHANGED_INODE_FLAGS;
	if (operation->valid & ATTR_KILL_PRIV)
		besides |= FANOTIFY_CHANGED_XATTR;
	return besides;
}

/* What the operation may have changed of an object that it was not seen of. */
static u32 fanl_changed_at_most(u64 kinds, const struct inode *inode)
{
	const u64 by_write = (u64)FANOTIFY_KIND_CLOSE_WRITE |
			     FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_WRITE |
			     FANOTIFY_KIND_FALLOCATE |
			     FANOTIFY_KIND_CLONE_RANGE |
			     FANL_KIND_MMAP_WRITE;
	u32 changed = 0;

	if (kinds & by_write) {
		changed |= FANL_CHANGED_BY_WRITE;
		/* a server may take privileges away by itself */
		if (!fanl_sb_is_local(inode->i_sb))
			changed |= FANOTIFY_CHANGED_XATTR | FANOTIFY_CHANGED_MODE;
		else if (fanl_operation_lost_capabilities(inode))
			changed |= FANOTIFY_CHANGED_XATTR;
	}
	if (kinds & FANOTIFY_KIND_ACCESS)
		changed |= FANOTIFY_CHANGED_ATIME;
	if (kinds & ~(by_write | FANOTIFY_KIND_ACCESS | FANL_KINDS_CHANGELESS))
		changed |= FANL_CHANGED_ALL;
	return changed;
}

const struct fanl_operation fanl_operation_unknown = {
	.op = FANL_OP_UNKNOWN,
};

/*
 * Of what gets a name or loses one, the links were counted before the inode was
 * locked: a link that another task removed meanwhile may make up for it.
 */
static bool fanl_links_race(u64 kinds, enum fanl_node_role role)
{
	if (role == FANL_NODE_TARGET)
		return true;
	return role == FANL_NODE_OBJECT &&
	       (kinds & (FANOTIFY_KIND_HARDLINK | FANOTIFY_KIND_DELETE |
			 FANOTIFY_KIND_LINK_COUNT));
}

/* What is no write, as fsnotify tells it. */
static const struct fanl_operation *fanl_operation_told(const void *data,
							int data_type)
{
	static const struct fanl_operation told[] = {
		[FSNOTIFY_MODIFY_FALLOCATE] = { .op = FANL_OP_FALLOCATE },
		[FSNOTIFY_MODIFY_CLONE] = { .op = FANL_OP_CLONE_RANGE },
		[FSNOTIFY_MODIFY_MMAP] = { .op = FANL_OP_MMAP_WRITE },
	};
	struct fanl_modified modified;

	if (!fanl_modified_told(&modified, data, data_type) ||
	    modified.how == FSNOTIFY_MODIFY_WRITE)
		return NULL;
	return &told[modified.how];
}

/* Is it this name that the operation was to make, remove or move? */
static bool fanl_operation_names(const struct fanl_operation *operation,
				 u32 fs_mask, const struct dentry *dentry,
				 const struct inode *inode)
{
	if (!(fs_mask & (FS_CREATE | FS_DELETE)))
		return operation->op == FANL_OP_RENAME;
	if (operation->op != FANL_OP_NAME)
		return false;
	/* of a new object fsnotify has the dentry, of a link and a loss the inode */
	return operation->image[FANL_NODE_OBJECT].inode ?
		       operation->image[FANL_NODE_OBJECT].inode == inode :
		       operation->dentry == dentry;
}

static const struct fanl_operation *
fanl_operation_of_name(u32 fs_mask, const struct dentry *dentry,
		       const struct inode *inode, const struct inode *dir)
{
	const struct fanl_operation *operation;

	operation = fanl_operation_find(FANL_OPS_NAME, dir);
	if (operation == &fanl_operation_unknown ||
	    fanl_operation_names(operation, fs_mask, dentry, inode))
		return operation;
	fanl_operation_put(operation);
	return &fanl_operation_unknown;
}

/**
 * fanl_operation_get - the operation that fsnotify tells of
 * @fs_mask: fsnotify's mask
 * @data: of fsnotify's call
 * @data_type: enum fsnotify_data_type of @data
 * @inode: what it happened to, may be NULL
 * @dir: of a name, the directory
 *
 * Context: fsnotify's call, in the task that does the operation.
 * Return: the operation, to be given back with fanl_operation_put();
 * fanl_operation_unknown if it was not seen; NULL if there is nothing to be
 * seen that fsnotify does not tell.
 */
const struct fanl_operation *fanl_operation_get(u32 fs_mask, const void *data,
						int data_type,
						const struct inode *inode,
						const struct inode *dir)
{
	if (fs_mask & ALL_FSNOTIFY_DIRENT_EVENTS)
		return fanl_operation_of_name(fs_mask,
					      fsnotify_data_dentry(data, data_type),
					      inode, dir);
	if ((fs_mask & FS_MOVE_SELF) ||
	    ((fs_mask & FS_ATTRIB) && data_type == FSNOTIFY_EVENT_INODE))
		return fanl_operation_find(FANL_OPS_NAME, inode);
	if (data_type == FSNOTIFY_EVENT_DENTRY)
		return fanl_operation_find(FANL_OPS_ATTRIBUTE, inode);
	if (!(fs_mask & FS_MODIFY))
		return NULL;
	return FANL_TELLS_RANGES ? fanl_operation_told(data, data_type) :
				   fanl_operation_find(FANL_OPS_DATA, inode);
}

/**
 * fanl_changed - which fields an operation has changed
 * @operation: the operation as it was seen to begin, or NULL
 * @kinds: enum fanotify_kind
 * @role: of the inode in the event
 * @inode: the inode
 *
 * Return: enum fanotify_changed; of a bit that is clear, the operation has not
 * changed the field.
 */
u32 fanl_changed(const struct fanl_operation *operation, u64 kinds,
		 enum fanl_node_role role, const struct inode *inode)
{
	bool compare;
	u32 changed;

	/* nothing tells of a file without a name before */
	if (role == FANL_NODE_OBJECT && (kinds & FANOTIFY_KIND_TMPFILE_LINK))
		return FANL_CHANGED_ALL;

	compare = fanl_has_images(operation) && fanl_sb_is_local(inode->i_sb);
	for (int i = 0; compare && i < FANL_NODES; i++) {
		const struct fanl_image *image = &operation->image[i];

		if (image->inode != inode)
			continue;
		changed = fanl_image_compare(image, inode);
		if (fanl_links_race(kinds, role))
			changed |= FANOTIFY_CHANGED_NLINK;
		if (role == FANL_NODE_DIR || role == FANL_NODE_NEW_DIR)
			return changed | FANOTIFY_CHANGED_DATA;
		if (kinds & (FANL_KINDS_DIRENT | FANOTIFY_KIND_MOVE_SELF |
			     FANOTIFY_KIND_LINK_COUNT))
			return changed | FANOTIFY_CHANGED_NAME;
		return changed | fanl_changed_besides(operation, changed, inode);
	}
	if (role == FANL_NODE_DIR || role == FANL_NODE_NEW_DIR)
		return FANL_CHANGED_STAT | FANOTIFY_CHANGED_DATA;
	return fanl_changed_at_most(kinds, inode);
}

/**
 * fanl_changed_bytes - which bytes of a file an operation may have changed
 * @data: of fsnotify's call
 * @data_type: enum fsnotify_data_type of @data
 * @operation: the operation as it was seen to begin, or NULL
 * @inode: the file, may be NULL
 * @offset: set to the first byte
 * @length: set to the number of bytes, which may go beyond the end
 *
 * Return: true if that is known.
 */
bool fanl_changed_bytes(const void *data, int data_type,
			const struct fanl_operation *operation,
			const struct inode *inode, u64 *offset, u64 *length)
{
	struct fanl_modified modified;
	loff_t before, after;

	if (!inode || !S_ISREG(inode->i_mode))
		return false;
	if (fanl_modified_told(&modified, data, data_type)) {
		*offset = modified.pos;
		*length = modified.count;
		return modified.pos >= 0;
	}
	if (!operation || operation->op != FANL_OP_SETATTR ||
	    !(operation->valid & ATTR_SIZE) || !fanl_sb_is_local(inode->i_sb))
		return false;
	before = operation->image[FANL_NODE_OBJECT].size;
	after = i_size_read(inode);
	*offset = min(before, after);
	*length = abs(after - before);
	return true;
}
