// SPDX-License-Identifier: GPL-2.0
/*
 * Global marks: every filesystem mounted now and later.
 *
 * A global mark is a set of kinds of its group, and a share in the filesystem
 * mark of each superblock. Superblocks that exist are found type by type, with
 * the names that user space sends: the kernel's own list of types is private.
 * Two are of types that are not registered: devtmpfs, which is mounted to be found,
 * and an initramfs, which is found if it is the root of who asks.
 * New ones are seen when they are born. The mark is put on before the mounting
 * task returns to user space; kernel threads never do, so for them a worker puts
 * it on, and so it does where many tasks are held up on their way back and memory
 * is short. The group's kinds are set before the existing superblocks are walked,
 * so that a new one is found by the one or the other.
 */
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/netlink.h>

#include "born.h"
#include "defer.h"
#include "global.h"
#include "group.h"
#include "hook.h"
#include "kind.h"
#include "mark.h"

/*
 * Views of the kernel's own state, whose events would tell of reads of the
 * kernel and not of files. docs/limits.md repeats the list.
 */
static const char *const fanl_pseudo[] = {
	"autofs", "bdev", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2",
	"configfs", "cpuset", "debugfs", "devpts", "efivarfs", "fusectl",
	"hugetlbfs", "mqueue", "nfsd", "pipefs", "proc", "pstore", "resctrl",
	"rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "sockfs", "sysfs",
	"tracefs",
};

/* A superblock that was born, on its way to its marks; NULL for none. */
struct fanl_newborn {
	struct fanl_deferred	deferred;
	struct super_block	*sb;
	bool			allocated;
};

/*
 * Mounts at once for which no memory is needed. A task holds one until the directory on
 * which it mounts is not locked any more, which may be up to others: so the second half is
 * for workers.
 */
#define FANL_NEWBORNS 64
#define FANL_NEWBORNS_OF_TASKS 32

static struct fanl_newborn fanl_newborns[FANL_NEWBORNS];

/* Groups with a global mark; without one, newborns are of no interest. */
static atomic_t fanl_nr_global = ATOMIC_INIT(0);

static bool fanl_newborns_seen;

/**
 * fanl_global_available - whether this kernel can have global marks
 *
 * Return: true if new filesystems can be seen.
 */
bool fanl_global_available(void)
{
	return fanl_newborns_seen;
}

/**
 * fanl_global_leaves_out - whether global marks leave a type of filesystem out
 * @fstype: name of the type
 *
 * Return: true for pseudo filesystems.
 */
bool fanl_global_leaves_out(const char *fstype)
{
	for (int i = 0; i < ARRAY_SIZE(fanl_pseudo); i++)
		if (!strcmp(fanl_pseudo[i], fstype))
			return true;
	return false;
}

static bool fanl_sb_left_out(const struct super_block *sb)
{
	return (sb->s_flags & (SB_NOUSER | SB_KERNMOUNT)) ||
	       fanl_global_leaves_out(sb->s_type->name);
}

static int fanl_cover(struct fanl_group *group, struct super_block *sb,
		      struct netlink_ext_ack *extack)
{
	struct mem_cgroup *old;
	int new;

	guard(mutex)(&group->mark_lock);
	if (!group->global || fanl_sb_left_out(sb))
		return 0;
	/* who mounts must not keep a mark away by having no memory for it */
	old = set_active_memcg(group->fsn->memcg);
	new = fanl_mark_cover(group, sb, extack);
	set_active_memcg(old);
	if (new > 0)
		fanl_report_covered(group, sb);
	return new;
}

/* Cover @sb for all groups; or, if it is NULL, tell that one was missed. */
static void fanl_cover_for_all(struct super_block *sb)
{
	struct fanl_group *group;
	u64 number = 0;

	while ((group = fanl_group_next(&number))) {
		int err = sb ? fanl_cover(group, sb, NULL) : -ENOMEM;

		/* -ENOENT: unmounted again already */
		if (READ_ONCE(group->global) && err < 0 && err != -ENOENT)
			fanl_group_gap(group, FANOTIFY_GAP_REASON_UNCOVERED);
		fanl_group_put(group);
		number++;
	}
}

static void fanl_missed_work(struct work_struct *work)
{
	fanl_cover_for_all(NULL);
}

static DECLARE_WORK(fanl_missed, fanl_missed_work);

static void fanl_newborn_run(struct fanl_deferred *deferred)
{
	struct fanl_newborn *newborn = container_of(deferred,
						    struct fanl_newborn,
						    deferred);

	fanl_cover_for_all(newborn->sb);
	deactivate_super(newborn->sb);
	if (newborn->allocated) {
		kfree(newborn);
		return;
	}
	/* whoever takes it next finds it as it is now */
	smp_store_release(&newborn->sb, NULL);
}

static struct fanl_newborn *fanl_newborn_take(struct super_block *sb, int from,
					      int to)
{
	for (int i = from; i < to; i++)
		if (!cmpxchg(&fanl_newborns[i].sb, NULL, sb))
			return &fanl_newborns[i];
	return NULL;
}

/* Where ftrace calls nothing can be waited for. Who mounts does not pay for it. */
static struct fanl_newborn *fanl_newborn_alloc(struct super_block *sb)
{
	struct fanl_newborn *newborn = NULL;

	/* there the allocator's locks sleep */
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		newborn = kzalloc(sizeof(*newborn), GFP_NOWAIT | __GFP_NOWARN);
	if (newborn) {
		newborn->sb = sb;
		newborn->allocated = true;
	}
	return newborn;
}

/**
 * fanl_global_newborn - let global marks watch a superblock that was born
 * @sb: the superblock; s_umount and an active reference are held
 *
 * Context: called from ftrace: does not sleep.
 */
void fanl_global_newborn(struct super_block *sb)
{
	struct fanl_newborn *newborn;
	bool worker;

	if (!atomic_read(&fanl_nr_global) || fanl_sb_left_out(sb))
		return;
	newborn = fanl_newborn_take(sb, 0, FANL_NEWBORNS_OF_TASKS);
	if (!newborn)
		newborn = fanl_newborn_alloc(sb);
	worker = !newborn;
	if (worker)
		newborn = fanl_newborn_take(sb, FANL_NEWBORNS_OF_TASKS,
					    FANL_NEWBORNS);
	if (!newborn) {
		queue_work(system_dfl_wq, &fanl_missed);
		return;
	}
	atomic_inc(&sb->s_active);
	newborn->deferred.run = fanl_newborn_run;
	if (worker)
		fanl_defer_to_worker(&newborn->deferred);
	else
		fanl_defer(&newborn->deferred);
}

/**
 * fanl_global_set - change what a group's global mark asks for, not yet where
 * @group: the group; its mark_lock is held
 * @mask: kinds, 0 for none
 */
void fanl_global_set(struct fanl_group *group, u64 mask)
{
	lockdep_assert_held(&group->mark_lock);
	if (!group->global && mask)
		atomic_inc(&fanl_nr_global);
	if (group->global && !mask)
		atomic_dec(&fanl_nr_global);
	WRITE_ONCE(group->global, mask);
}

struct fanl_cover_walk {
	struct fanl_group	*group;
	struct netlink_ext_ack	*extack;
	u32			covered;
	int			err;
};

/* An active reference or s_umount is held. */
static void fanl_cover_one(struct super_block *sb, void *data)
{
	struct fanl_cover_walk *walk = data;
	int new = fanl_cover(walk->group, sb, walk->extack);

	if (new < 0 && new != -ENOENT)
		walk->err = new;
	else if (new > 0)
		walk->covered++;
}

/* A mount like any other, which has it for its superblock. */
static void fanl_cover_devtmpfs(struct file_system_type *type,
				struct fanl_cover_walk *walk)
{
	struct vfsmount *mnt = vfs_kern_mount(type, 0, type->name, NULL);

	if (IS_ERR(mnt)) {
		NL_SET_ERR_MSG(walk->extack, "devtmpfs cannot be mounted");
		walk->err = PTR_ERR(mnt);
		return;
	}
	fanl_cover_one(mnt->mnt_sb, walk);
	mntput(mnt);
}

/**
 * fanl_global_cover_type - watch the filesystems of one type that exist
 * @group: a group with a global mark
 * @fstype: name of a registered type
 * @covered: how many were not watched before is added to it
 * @extack: where the reason of a refusal goes
 *
 * Context: waits for mounts and unmounts under way.
 * Return: 0; -ENOMEM; -ENOSPC, too many marks; devtmpfs cannot be mounted. Types
 * that do not exist are none.
 */
int fanl_global_cover_type(struct fanl_group *group, const char *fstype,
			   u32 *covered, struct netlink_ext_ack *extack)
{
	struct fanl_cover_walk walk = { .group = group, .extack = extack };
	struct file_system_type *type = get_fs_type(fstype);

	if (!type)
		return 0;
	iterate_supers_type(type, fanl_cover_one, &walk);
	if (!strcmp(fstype, "devtmpfs"))
		fanl_cover_devtmpfs(type, &walk);
	module_put(type->owner);
	*covered += walk.covered;
	return walk.err;
}

/**
 * fanl_global_cover_root - watch the filesystem of the task's root
 * @group: a group with a global mark
 * @covered: as of fanl_global_cover_type()
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -ENOMEM; -ENOSPC, too many marks.
 */
int fanl_global_cover_root(struct fanl_group *group, u32 *covered,
			   struct netlink_ext_ack *extack)
{
	struct fanl_cover_walk walk = { .group = group, .extack = extack };
	struct path root;

	get_fs_root(current->fs, &root);
	fanl_cover_one(root.mnt->mnt_sb, &walk);
	path_put(&root);
	*covered += walk.covered;
	return walk.err;
}

/**
 * fanl_global_add - let a group watch more of everything from now on
 * @group: the group
 * @mask: kinds to add
 * @before: set to the kinds before
 * @extack: where the reason of a refusal goes
 *
 * Filesystems that exist follow with fanl_global_cover_type().
 *
 * Return: 0; -EINVAL, no kind; -EOPNOTSUPP, new filesystems cannot be seen;
 * -ENOENT, the group is going away.
 */
int fanl_global_add(struct fanl_group *group, u64 mask, u64 *before,
		    struct netlink_ext_ack *extack)
{
	guard(mutex)(&group->mark_lock);
	if (!fanl_global_available()) {
		NL_SET_ERR_MSG(extack,
			       "this kernel cannot tell of new filesystems (CONFIG_DYNAMIC_FTRACE_WITH_ARGS)");
		return -EOPNOTSUPP;
	}
	if (group->closing) {
		NL_SET_ERR_MSG(extack, "group is going away");
		return -ENOENT;
	}
	if (!((group->global | mask) & ~FANL_KIND_MODIFIERS)) {
		NL_SET_ERR_MSG(extack, "no kind in mask");
		return -EINVAL;
	}
	*before = group->global;
	fanl_global_set(group, group->global | mask);
	return 0;
}

/**
 * fanl_global_restrict - let a group watch less of everything
 * @group: the group
 * @mask: kinds to keep; with none left the global mark goes
 *
 * Return: whether there was a global mark.
 */
bool fanl_global_restrict(struct fanl_group *group, u64 mask)
{
	bool was;

	mutex_lock(&group->mark_lock);
	was = group->global;
	mask &= group->global;
	fanl_global_set(group, mask & ~FANL_KIND_MODIFIERS ? mask : 0);
	mutex_unlock(&group->mark_lock);
	fanl_marks_flush(group, FANOTIFY_MARK_TYPE_GLOBAL);
	return was;
}

/* A kernel that does not tell of new superblocks can do all but global marks. */
void fanl_global_init(void)
{
	fanl_newborns_seen = fanl_born_init();
}

/* No new superblock is seen any more. */
void fanl_global_exit(void)
{
	if (fanl_newborns_seen)
		fanl_born_exit();
	cancel_work_sync(&fanl_missed);
	fanl_defer_exit();
}
