// SPDX-License-Identifier: GPL-2.0
/*
 * What the operation is that fsnotify tells of, and how the inodes were before.
 *
 * fsnotify says that attributes have changed, and neither which nor from what.
 * So the hooks of security modules, which the VFS calls under the inode's lock
 * and right before it acts, are seen by ftrace. What they were called with is
 * kept in a record by task, in which fsnotify's call, a moment later in the same
 * task, finds it. Nothing is changed: the hooks need not be in use.
 *
 * Each operation that fsnotify tells of passes its hook, so a record that is
 * found is that of the operation: one that failed leaves a record behind, which
 * the next operation of that task on that inode replaces. Names that filesystems
 * make or remove by themselves (subvolumes of btrfs) pass none: a record of names
 * has to be about the same object. There is no such hook
 * between a failed fallocate(2) and a write; whether the task is still in
 * the function that was seen is what its stack tells. On its way fallocate(2) may
 * set attributes, so the two sorts of records leave each other alone. Where
 * fsnotify tells of those itself (compat.h), they are not looked at.
 *
 * The records are few. When a task needs one and none is free, the oldest goes;
 * the operation it was of is reported with all that it may have changed. Where
 * that was fallocate(2) or the like, a write is told from it by the stack: from
 * where such functions are called is known from those that were seen.
 */
#include <linux/bitmap.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "operation.h"
#include "probe.h"

#define FANL_BUCKET_BITS	6

/* Records of a bucket; those of one task, which filesystems on others nest. */
#define FANL_BUCKET_OPERATIONS	8
#define FANL_TASK_OPERATIONS	4

/* How far up the stack the function is looked for. */
#define FANL_STACK_MAX		48

/* For how long ftrace stays on without a group. */
#define FANL_IDLE		(10 * HZ)

/**
 * struct fanl_bucket - the records of the tasks with one hash
 * @lock: protects them; innermost
 * @begun: operations begun
 * @data_lost: records of FANL_OPS_DATA had to go
 * @operation: the records
 */
struct fanl_bucket {
	raw_spinlock_t		lock;
	u64			begun;
	bool			data_lost;
	struct fanl_operation	operation[FANL_BUCKET_OPERATIONS];
};

/* Places that FANL_OPS_DATA return to; each is put here once and stays. */
#define FANL_CALLERS	32
static unsigned long fanl_callers[FANL_CALLERS];

static struct fanl_bucket *fanl_buckets;

/*
 * Hashes of inodes that a write has taken capabilities from, as a setattr of its
 * own that fsnotify does not tell of. It may be in another task than the event of
 * the write (io_uring), and long before that (libaio). A bit stays while anybody
 * looks.
 */
#define FANL_CAPABILITIES_BITS	12

static DECLARE_BITMAP(fanl_capabilities_lost, 1 << FANL_CAPABILITIES_BITS);

static struct fanl_bucket *fanl_bucket(void)
{
	return &fanl_buckets[hash_ptr(current, FANL_BUCKET_BITS)];
}

static bool fanl_operation_has(const struct fanl_operation *operation,
			       const struct inode *inode)
{
	for (int i = 0; i < FANL_NODES; i++)
		if (operation->image[i].inode == inode)
			return true;
	return false;
}

static bool fanl_op_is_data(enum fanl_op op)
{
	return BIT(op) & FANL_OPS_DATA;
}

/* What begins with this inode replaces what of its sort began with it before. */
static struct fanl_operation *fanl_operation_pick(struct fanl_bucket *bucket,
						  enum fanl_op op,
						  enum fanl_node_role role,
						  const struct inode *inode)
{
	struct fanl_operation *mine = NULL, *oldest = NULL;
	unsigned int nr_mine = 0;

	for (int i = 0; i < FANL_BUCKET_OPERATIONS; i++) {
		struct fanl_operation *operation = &bucket->operation[i];

		if (operation->pins)
			continue;
		if (!oldest || operation->begun < oldest->begun)
			oldest = operation;
		if (operation->task != current)
			continue;
		if (operation->image[role].inode == inode &&
		    fanl_op_is_data(operation->op) == fanl_op_is_data(op))
			return operation;
		nr_mine++;
		if (!mine || operation->begun < mine->begun)
			mine = operation;
	}
	return nr_mine < FANL_TASK_OPERATIONS ? oldest : mine;
}

/* Return: a new record about @inode in @role; NULL if all are in use. */
static struct fanl_operation *fanl_operation_begin(struct fanl_bucket *bucket,
						   enum fanl_op op,
						   enum fanl_node_role role,
						   const struct inode *inode)
{
	struct fanl_operation *operation;

	operation = fanl_operation_pick(bucket, op, role, inode);
	if (!operation) {
		bucket->data_lost |= fanl_op_is_data(op);
		return NULL;
	}
	if (operation->task && fanl_op_is_data(operation->op) &&
	    !(operation->task == current && fanl_op_is_data(op)))
		bucket->data_lost = true;
	operation->task = current;
	operation->begun = ++bucket->begun;
	operation->op = op;
	for (int i = 0; i < FANL_NODES; i++)
		operation->image[i].inode = NULL;
	operation->image[role].inode = inode;
	return operation;
}

static void fanl_image_take(struct fanl_operation *operation,
			    enum fanl_node_role role, const struct inode *inode)
{
	operation->image[role] = (struct fanl_image){
		.inode = inode,
		.mode = inode->i_mode,
		.nlink = inode->i_nlink,
		.uid = inode->i_uid,
		.gid = inode->i_gid,
		.atime = inode_get_atime(inode),
		.mtime = inode_get_mtime(inode),
		.ctime = inode_get_ctime(inode),
		.size = i_size_read(inode),
		.blocks = inode->i_blocks,
	};
}

/* ---- entries ---- */

/* security_inode_setattr(idmap, dentry, attr) */
static void fanl_enter_setattr(struct ftrace_regs *regs, unsigned long caller)
{
	const struct inode *inode = d_inode(FANL_ARG(regs, 1));
	const struct iattr *attr = FANL_ARG(regs, 2);
	struct fanl_bucket *bucket = fanl_bucket();
	struct fanl_operation *operation;

	if (attr->ia_valid & ATTR_KILL_PRIV)
		set_bit(hash_ptr((void *)inode, FANL_CAPABILITIES_BITS),
			fanl_capabilities_lost);
	raw_spin_lock(&bucket->lock);
	operation = fanl_operation_begin(bucket, FANL_OP_SETATTR,
					 FANL_NODE_OBJECT, inode);
	if (operation) {
		operation->valid = attr->ia_valid;
		fanl_image_take(operation, FANL_NODE_OBJECT, inode);
	}
	raw_spin_unlock(&bucket->lock);
}

static void fanl_enter_attribute(enum fanl_op op, const struct dentry *dentry,
				 const char *name)
{
	const struct inode *inode = d_inode(dentry);
	struct fanl_bucket *bucket = fanl_bucket();
	struct fanl_operation *operation;

	raw_spin_lock(&bucket->lock);
	operation = fanl_operation_begin(bucket, op, FANL_NODE_OBJECT, inode);
	if (operation) {
		strscpy(operation->name, name, sizeof(operation->name));
		fanl_image_take(operation, FANL_NODE_OBJECT, inode);
	}
	raw_spin_unlock(&bucket->lock);
}

/* security_inode_setxattr(idmap, dentry, name, ...), _set_acl() alike */
static void fanl_enter_setxattr(struct ftrace_regs *regs, unsigned long caller)
{
	fanl_enter_attribute(FANL_OP_SETXATTR, FANL_ARG(regs, 1),
			     FANL_ARG(regs, 2));
}

/* security_inode_removexattr(idmap, dentry, name), _remove_acl() alike */
static void fanl_enter_removexattr(struct ftrace_regs *regs,
				   unsigned long caller)
{
	fanl_enter_attribute(FANL_OP_REMOVEXATTR, FANL_ARG(regs, 1),
			     FANL_ARG(regs, 2));
}

/* vfs_fileattr_set(idmap, dentry, fa): the inode is not locked yet */
static void fanl_enter_setflags(struct ftrace_regs *regs, unsigned long caller)
{
	fanl_enter_attribute(FANL_OP_SETFLAGS, FANL_ARG(regs, 1), "");
}

/* security_inode_file_setattr(dentry, fa): now it is */
static void fanl_enter_setflags_locked(struct ftrace_regs *regs,
				       unsigned long caller)
{
	fanl_enter_attribute(FANL_OP_SETFLAGS, FANL_ARG(regs, 0), "");
}

static void fanl_enter_name(const struct inode *dir, const struct inode *inode,
			    const struct dentry *dentry)
{
	struct fanl_bucket *bucket = fanl_bucket();
	struct fanl_operation *operation;

	raw_spin_lock(&bucket->lock);
	operation = fanl_operation_begin(bucket, FANL_OP_NAME, FANL_NODE_DIR,
					 dir);
	if (operation) {
		operation->dentry = dentry;
		fanl_image_take(operation, FANL_NODE_DIR, dir);
		if (inode)
			fanl_image_take(operation, FANL_NODE_OBJECT, inode);
	}
	raw_spin_unlock(&bucket->lock);
}

/* security_inode_create(dir, dentry, mode), _mkdir(), _mknod(), _symlink() */
static void fanl_enter_create(struct ftrace_regs *regs, unsigned long caller)
{
	fanl_enter_name(FANL_ARG(regs, 0), NULL, FANL_ARG(regs, 1));
}

/* security_inode_link(old_dentry, dir, new_dentry) */
static void fanl_enter_link(struct ftrace_regs *regs, unsigned long caller)
{
	fanl_enter_name(FANL_ARG(regs, 1), d_inode(FANL_ARG(regs, 0)),
			FANL_ARG(regs, 2));
}

/* security_inode_unlink(dir, dentry), _rmdir() */
static void fanl_enter_unlink(struct ftrace_regs *regs, unsigned long caller)
{
	fanl_enter_name(FANL_ARG(regs, 0), d_inode(FANL_ARG(regs, 1)),
			FANL_ARG(regs, 1));
}

/* security_inode_rename(old_dir, old_dentry, new_dir, new_dentry, flags) */
static void fanl_enter_rename(struct ftrace_regs *regs, unsigned long caller)
{
	const struct inode *old_dir = FANL_ARG(regs, 0);
	const struct dentry *moved = FANL_ARG(regs, 1);
	const struct inode *new_dir = FANL_ARG(regs, 2);
	const struct inode *target = d_inode(FANL_ARG(regs, 3));
	struct fanl_bucket *bucket = fanl_bucket();
	struct fanl_operation *operation;

	raw_spin_lock(&bucket->lock);
	operation = fanl_operation_begin(bucket, FANL_OP_RENAME, FANL_NODE_DIR,
					 old_dir);
	if (operation) {
		operation->valid = (unsigned long)FANL_ARG(regs, 4);
		operation->dentry = moved;
		fanl_image_take(operation, FANL_NODE_DIR, old_dir);
		fanl_image_take(operation, FANL_NODE_OBJECT, d_inode(moved));
		if (new_dir != old_dir)
			fanl_image_take(operation, FANL_NODE_NEW_DIR, new_dir);
		if (target)
			fanl_image_take(operation, FANL_NODE_TARGET, target);
	}
	raw_spin_unlock(&bucket->lock);
}

static void fanl_caller_remember(unsigned long caller)
{
	for (int i = 0; i < FANL_CALLERS; i++) {
		unsigned long known = READ_ONCE(fanl_callers[i]);

		if (!known)
			known = cmpxchg(&fanl_callers[i], 0, caller);
		if (!known || known == caller)
			return;
	}
}

static void fanl_enter_data(enum fanl_op op, const struct file *file,
			    unsigned long caller)
{
	struct fanl_bucket *bucket = fanl_bucket();
	struct fanl_operation *operation;

	fanl_caller_remember(caller);
	raw_spin_lock(&bucket->lock);
	operation = fanl_operation_begin(bucket, op, FANL_NODE_OBJECT,
					 file_inode(file));
	if (operation)
		operation->caller = caller;
	raw_spin_unlock(&bucket->lock);
}

/* vfs_fallocate(file, ...) */
static void fanl_enter_fallocate(struct ftrace_regs *regs, unsigned long caller)
{
	fanl_enter_data(FANL_OP_FALLOCATE, FANL_ARG(regs, 0), caller);
}

/* vfs_copy_file_range(in, pos_in, out, ...), vfs_clone_file_range() */
static void fanl_enter_clone(struct ftrace_regs *regs, unsigned long caller)
{
	fanl_enter_data(FANL_OP_CLONE_RANGE, FANL_ARG(regs, 2), caller);
}

static struct fanl_probe fanl_operation_probes[] = {
	{ "security_inode_setattr", fanl_enter_setattr },
	{ "security_inode_setxattr", fanl_enter_setxattr },
	{ "security_inode_set_acl", fanl_enter_setxattr },
	{ "security_inode_removexattr", fanl_enter_removexattr },
	{ "security_inode_remove_acl", fanl_enter_removexattr },
	{ "security_inode_create", fanl_enter_create },
	{ "security_inode_mkdir", fanl_enter_create },
	{ "security_inode_mknod", fanl_enter_create },
	{ "security_inode_symlink", fanl_enter_create },
	{ "security_inode_link", fanl_enter_link },
	{ "security_inode_unlink", fanl_enter_unlink },
	{ "security_inode_rmdir", fanl_enter_unlink },
	{ "security_inode_rename", fanl_enter_rename },
	/* IMA's and EVM's own attributes pass no hook */
	{ "__vfs_setxattr_noperm", fanl_enter_setxattr, .optional = true },
	{ "vfs_fileattr_set", fanl_enter_setflags, .optional = true },
	/* Linux 7 */
	{ "security_inode_file_setattr", fanl_enter_setflags_locked,
	  .optional = true },
	/* needed where fsnotify does not tell of them */
	{ "vfs_fallocate", fanl_enter_fallocate },
	{ "vfs_copy_file_range", fanl_enter_clone },
	{ "vfs_clone_file_range", fanl_enter_clone },
};

#define FANL_PROBES \
	(ARRAY_SIZE(fanl_operation_probes) - (FANL_TELLS_RANGES ? 3 : 0))

static void fanl_operation_enter(unsigned long ip, unsigned long caller,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *regs)
{
	fanl_probes_enter(fanl_operation_probes, FANL_PROBES, ip, caller, regs);
}

static struct ftrace_ops fanl_operation_ops = {
	.func = fanl_operation_enter,
	.flags = FANL_PROBE_FLAGS,
};

static bool fanl_operations_seen;

/* Groups, and whether ftrace is on for them. */
static atomic_t fanl_operation_users = ATOMIC_INIT(0);
static bool fanl_operation_on;

/* ---- what fsnotify's call finds ---- */

/* Is the task still in a function that returns to one of @callers? */
static bool fanl_operation_goes_on(const unsigned long *callers,
				   unsigned int nr_callers)
{
	unsigned long stack[FANL_STACK_MAX];
	unsigned int nr = stack_trace_save(stack, ARRAY_SIZE(stack), 0);

	for (unsigned int i = 0; i < nr; i++)
		for (unsigned int k = 0; k < nr_callers; k++)
			if (stack[i] == READ_ONCE(callers[k]))
				return true;
	return false;
}

/* A write, or an operation whose record had to go? */
static const struct fanl_operation *fanl_operation_missed(void)
{
	if (READ_ONCE(fanl_bucket()->data_lost) &&
	    fanl_operation_goes_on(fanl_callers, FANL_CALLERS))
		return &fanl_operation_unknown;
	return NULL;
}

static struct fanl_operation *fanl_operation_search(unsigned int ops,
						    const struct inode *inode)
{
	struct fanl_bucket *bucket = fanl_bucket();
	struct fanl_operation *found = NULL;

	raw_spin_lock(&bucket->lock);
	for (int i = 0; i < FANL_BUCKET_OPERATIONS; i++) {
		struct fanl_operation *operation = &bucket->operation[i];

		if (operation->task == current && (ops & BIT(operation->op)) &&
		    fanl_operation_has(operation, inode) &&
		    (!found || operation->begun > found->begun))
			found = operation;
	}
	if (found)
		found->pins++;
	raw_spin_unlock(&bucket->lock);
	return found;
}

/**
 * fanl_operation_find - the operation that fsnotify tells of
 * @ops: what it can be, bits of enum fanl_op
 * @inode: an inode that it is about
 *
 * Context: fsnotify's call, in the task that does the operation.
 * Return: the operation, to be given back with fanl_operation_put();
 * fanl_operation_unknown if it was not seen; NULL if it is none of those.
 */
const struct fanl_operation *fanl_operation_find(unsigned int ops,
						 const struct inode *inode)
{
	struct fanl_operation *operation;

	if (!READ_ONCE(fanl_operation_on))
		return &fanl_operation_unknown;
	operation = fanl_operation_search(ops, inode);
	if (!(ops & FANL_OPS_DATA))
		return operation ?: &fanl_operation_unknown;
	if (operation && fanl_operation_goes_on(&operation->caller, 1))
		return operation;
	fanl_operation_put(operation);
	return fanl_operation_missed();
}

/**
 * fanl_operation_put - give back what fanl_operation_find() has found
 * @operation: the operation, or NULL
 */
void fanl_operation_put(const struct fanl_operation *operation)
{
	struct fanl_bucket *bucket = fanl_bucket();

	if (!operation || !operation->begun)
		return;
	raw_spin_lock(&bucket->lock);
	((struct fanl_operation *)operation)->pins--;
	raw_spin_unlock(&bucket->lock);
}

/**
 * fanl_operation_lost_capabilities - whether writing has changed attributes
 * @inode: the inode
 *
 * Return: whether a write may have taken the inode's file capabilities away.
 */
bool fanl_operation_lost_capabilities(const struct inode *inode)
{
	return !READ_ONCE(fanl_operation_on) ||
	       test_bit(hash_ptr((void *)inode, FANL_CAPABILITIES_BITS),
			fanl_capabilities_lost);
}

/* ---- for as long as there is a group ---- */

/* Serialises switching ftrace on and off; ftrace's own locks nest in it. */
static DEFINE_MUTEX(fanl_operation_lock);

/* Who began something before nobody looked may have gone on since. */
static void fanl_operations_forget(void)
{
	bitmap_zero(fanl_capabilities_lost, 1 << FANL_CAPABILITIES_BITS);
	for (int i = 0; i < 1 << FANL_BUCKET_BITS; i++) {
		struct fanl_bucket *bucket = &fanl_buckets[i];

		raw_spin_lock(&bucket->lock);
		bucket->data_lost = false;
		for (int k = 0; k < FANL_BUCKET_OPERATIONS; k++)
			bucket->operation[k].task = NULL;
		raw_spin_unlock(&bucket->lock);
	}
}

static void fanl_operation_idle(struct work_struct *work)
{
	guard(mutex)(&fanl_operation_lock);
	if (!fanl_operation_on || atomic_read(&fanl_operation_users))
		return;
	WRITE_ONCE(fanl_operation_on, false);
	unregister_ftrace_function(&fanl_operation_ops);
}

static DECLARE_DELAYED_WORK(fanl_operation_idle_work, fanl_operation_idle);

/**
 * fanl_operations_available - whether this kernel lets operations be seen
 *
 * Return: true if it does.
 */
bool fanl_operations_available(void)
{
	return fanl_operations_seen;
}

/**
 * fanl_operations_use - there is a group more
 */
void fanl_operations_use(void)
{
	atomic_inc(&fanl_operation_users);
}

/**
 * fanl_operations_enable - see operations from now on, if there is a group
 *
 * If ftrace is switched off, or without memory, operations are reported with all
 * that they may have changed.
 *
 * Context: may wait for all tasks, where ftrace is being switched off.
 */
void fanl_operations_enable(void)
{
	guard(mutex)(&fanl_operation_lock);
	if (fanl_operation_on || !fanl_operations_available() ||
	    !atomic_read(&fanl_operation_users))
		return;
	fanl_operations_forget();
	if (!register_ftrace_function(&fanl_operation_ops))
		WRITE_ONCE(fanl_operation_on, true);
}

/**
 * fanl_operations_unuse - there is a group less
 *
 * ftrace stays on for a while: switching it off and on takes longer than a
 * group does.
 */
void fanl_operations_unuse(void)
{
	if (atomic_dec_and_test(&fanl_operation_users))
		mod_delayed_work(system_wq, &fanl_operation_idle_work, FANL_IDLE);
}

/**
 * fanl_operations_init - look up what is to be seen
 *
 * Return: 0; -ENOMEM. That this kernel lacks something is no error.
 */
int fanl_operations_init(void)
{
	fanl_buckets = kvcalloc(1 << FANL_BUCKET_BITS, sizeof(*fanl_buckets),
				GFP_KERNEL);
	if (!fanl_buckets)
		return -ENOMEM;
	for (int i = 0; i < 1 << FANL_BUCKET_BITS; i++)
		raw_spin_lock_init(&fanl_buckets[i].lock);
	fanl_operations_seen = fanl_probes_init(&fanl_operation_ops,
						fanl_operation_probes,
						FANL_PROBES);
	return 0;
}

/* When there is no group any more. */
void fanl_operations_exit(void)
{
	cancel_delayed_work_sync(&fanl_operation_idle_work);
	fanl_operation_idle(NULL);
	ftrace_free_filter(&fanl_operation_ops);
	kvfree(fanl_buckets);
}
