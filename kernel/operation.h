/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the operation is that fsnotify tells of, and how the inodes were before.
 */
#ifndef _FANL_OPERATION_H
#define _FANL_OPERATION_H

#include <linux/fs.h>
#include <linux/limits.h>

#include "event.h"

/* Operations that a task was seen to begin. */
enum fanl_op {
	FANL_OP_UNKNOWN,
	FANL_OP_SETATTR,
	FANL_OP_SETXATTR,
	FANL_OP_REMOVEXATTR,
	FANL_OP_SETFLAGS,
	FANL_OP_NAME,
	FANL_OP_RENAME,
	FANL_OP_FALLOCATE,
	FANL_OP_CLONE_RANGE,
	FANL_OP_MMAP_WRITE,
};

#define FANL_OPS_ATTRIBUTE \
	(BIT(FANL_OP_SETATTR) | BIT(FANL_OP_SETXATTR) | \
	 BIT(FANL_OP_REMOVEXATTR) | BIT(FANL_OP_SETFLAGS))
#define FANL_OPS_NAME	(BIT(FANL_OP_NAME) | BIT(FANL_OP_RENAME))
#define FANL_OPS_DATA \
	(BIT(FANL_OP_FALLOCATE) | BIT(FANL_OP_CLONE_RANGE) | \
	 BIT(FANL_OP_MMAP_WRITE))

/**
 * struct fanl_image - an inode before the operation
 * @inode: the inode, or NULL; only to be compared
 * @mode: i_mode
 * @nlink: i_nlink
 * @uid: i_uid
 * @gid: i_gid
 * @atime: last access
 * @mtime: last modification
 * @ctime: last change
 * @size: i_size
 * @blocks: i_blocks
 */
struct fanl_image {
	const struct inode	*inode;
	umode_t			mode;
	unsigned int		nlink;
	kuid_t			uid;
	kgid_t			gid;
	struct timespec64	atime;
	struct timespec64	mtime;
	struct timespec64	ctime;
	loff_t			size;
	blkcnt_t		blocks;
};

/**
 * struct fanl_operation - an operation that a task has begun
 * @task: the task, NULL for none; only to be compared
 * @begun: when, in counts of operations begun; 0, it was not seen to begin
 * @pins: users of the record, which stays as it is [lock of the bucket]
 * @op: what it does
 * @valid: ia_valid of setattr, flags of rename
 * @caller: where the function returns to that was seen
 * @dentry: the dentry that gets a name, or that rename moves; only to be compared
 * @image: inodes before, by enum fanl_node_role
 * @name: of an extended attribute
 */
struct fanl_operation {
	struct task_struct	*task;
	u64			begun;
	unsigned int		pins;
	enum fanl_op		op;
	unsigned int		valid;
	unsigned long		caller;
	const struct dentry	*dentry;
	struct fanl_image	image[FANL_NODES];
	char			name[XATTR_NAME_MAX + 1];
};

/* Stands for an operation that was not seen, and should have been. */
extern const struct fanl_operation fanl_operation_unknown;

/* On 32 bits an argument of 64 bits takes two registers, which not everybody pairs alike. */
#if defined(CONFIG_64BIT) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && \
	defined(CONFIG_KPROBES)

int fanl_operations_init(void);
void fanl_operations_exit(void);
void fanl_operations_use(void);
void fanl_operations_enable(void);
void fanl_operations_unuse(void);
bool fanl_operations_available(void);
const struct fanl_operation *fanl_operation_find(unsigned int ops,
						 const struct inode *inode);
void fanl_operation_put(const struct fanl_operation *operation);
bool fanl_operation_lost_capabilities(const struct inode *inode);

#else

static inline int fanl_operations_init(void)
{
	return 0;
}

static inline void fanl_operations_exit(void)
{
}

static inline void fanl_operations_use(void)
{
}

static inline void fanl_operations_enable(void)
{
}

static inline void fanl_operations_unuse(void)
{
}

static inline bool fanl_operations_available(void)
{
	return false;
}

static inline const struct fanl_operation *
fanl_operation_find(unsigned int ops, const struct inode *inode)
{
	return &fanl_operation_unknown;
}

static inline void fanl_operation_put(const struct fanl_operation *operation)
{
}

static inline bool fanl_operation_lost_capabilities(const struct inode *inode)
{
	return true;
}

#endif

#endif /* _FANL_OPERATION_H */
