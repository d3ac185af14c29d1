// SPDX-License-Identifier: GPL-2.0
/*
 * Verdicts that are remembered until the file is modified.
 *
 * What is in a file can change by nothing but
 *
 * - who has it open for writing, or has mapped it so, which keeps it open: as long
 *   as there is one (i_writecount) nothing is remembered, and when one opens it
 *   (FS_OPEN_PERM, which comes after i_writecount was raised) all is forgotten;
 * - truncation by name, which is told (FS_MODIFY) when it is done.
 *
 * A mapping made on overlayfs keeps only the file below open, so nothing is remembered
 * there.
 *
 * docs/limits.md has what is not told. So that no verdict is remembered about
 * bytes that have changed since the member looked at them, the file's gate mark
 * is armed, and counts changes, before the access is asked about; a verdict counts
 * only while that number is the same.
 *
 * The files of which changes are seen are limited in number. The oldest gives way.
 *
 * Locking: a gate mark's lock protects its memories. fanl_armed_lock (spin)
 * protects the list of armed ones; the other nests in it.
 */
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "gate-mark.h"
#include "group.h"
#include "perm.h"
#include "remember.h"

/* Of one file; as many groups as may usually be asked. */
#define FANL_MEMORIES_MAX	16

uint fanl_remembered_max = 65536;
module_param_named(remembered_max, fanl_remembered_max, uint, 0644);
MODULE_PARM_DESC(remembered_max, "Files with remembered verdicts");

/**
 * struct fanl_memory - what one group has said of a file
 * @node: in its gate mark's list
 * @cookie: of what the group remembers; another one, and this is void
 * @allowed: kinds that are allowed
 * @denied: kinds that are denied
 * @error: errno of all those
 */
struct fanl_memory {
	struct list_head	node;
	u64			cookie;
	u64			allowed;
	u64			denied;
	int			error;
};

static DEFINE_SPINLOCK(fanl_armed_lock);
static LIST_HEAD(fanl_armed);
static unsigned int fanl_nr_armed;

static void fanl_memories_free(struct list_head *memories)
{
	struct fanl_memory *memory, *next;

	list_for_each_entry_safe(memory, next, memories, node)
		kfree(memory);
}

/**
 * fanl_memory_changed - forget what was said of a file
 * @gate_mark: its gate mark
 */
void fanl_memory_changed(struct fanl_gate_mark *gate_mark)
{
	LIST_HEAD(memories);

	spin_lock(&gate_mark->lock);
	gate_mark->seq++;
	list_splice_init(&gate_mark->memories, &memories);
	gate_mark->nr_memories = 0;
	spin_unlock(&gate_mark->lock);
	fanl_memories_free(&memories);
}

/**
 * fanl_memory_disarm - see changes of a file no more
 * @gate_mark: its gate mark
 */
void fanl_memory_disarm(struct fanl_gate_mark *gate_mark)
{
	spin_lock(&fanl_armed_lock);
	if (!list_empty(&gate_mark->age)) {
		list_del_init(&gate_mark->age);
		fanl_nr_armed--;
	}
	spin_lock(&gate_mark->lock);
	gate_mark->armed = false;
	spin_unlock(&gate_mark->lock);
	spin_unlock(&fanl_armed_lock);
	fanl_memory_changed(gate_mark);
}

/* The oldest one, if there are more than @most, with a reference. */
static struct fanl_gate_mark *fanl_armed_oldest(unsigned int most)
{
	struct fanl_gate_mark *gate_mark, *oldest = NULL;

	spin_lock(&fanl_armed_lock);
	while (fanl_nr_armed > most && !oldest) {
		/* what is in the list is not freed: it leaves in freeing_mark */
		gate_mark = list_first_entry(&fanl_armed, struct fanl_gate_mark,
					     age);
		if (refcount_inc_not_zero(&gate_mark->fsn.refcnt)) {
			oldest = gate_mark;
		} else {
			list_del_init(&gate_mark->age);
			fanl_nr_armed--;
		}
	}
	spin_unlock(&fanl_armed_lock);
	return oldest;
}

/**
 * fanl_memory_shrink - see changes of no more than so many files
 * @most: how many
 */
void fanl_memory_shrink(unsigned int most)
{
	struct fanl_gate_mark *gate_mark;

	while ((gate_mark = fanl_armed_oldest(most))) {
		fanl_memory_disarm(gate_mark);
		fanl_gate_mark_check(gate_mark);
		fsnotify_put_mark(&gate_mark->fsn);
	}
}

/* Return: whether it sees changes from now on. */
static bool fanl_gate_mark_arm(struct fanl_gate_mark *gate_mark)
{
	bool alive;

	spin_lock(&fanl_armed_lock);
	spin_lock(&gate_mark->lock);
	/* a mark on its way out has been disarmed, or will not be any more */
	alive = !gate_mark->dead &&
		(gate_mark->fsn.flags & FSNOTIFY_MARK_FLAG_ALIVE);
	if (alive)
		gate_mark->armed = true;
	spin_unlock(&gate_mark->lock);
	if (alive && list_empty(&gate_mark->age)) {
		list_add_tail(&gate_mark->age, &fanl_armed);
		fanl_nr_armed++;
	}
	spin_unlock(&fanl_armed_lock);
	return alive;
}

/*
 * Where a mapping, of a file of the filesystem below, does not keep the file open: with
 * FUSE where its daemon has it so (passthrough).
 */
static bool fanl_memory_is_blind(const struct super_block *sb)
{
	return sb->s_magic == OVERLAYFS_SUPER_MAGIC ||
	       sb->s_magic == FUSE_SUPER_MAGIC;
}

/**
 * fanl_memory_arm - see changes of a file, before it is asked about
 * @inode: the file, open
 * @gate_mark: its gate mark, as far as fsnotify has found one, or NULL
 * @seq: set to its count of changes
 *
 * Context: fsnotify's call.
 * Return: the gate mark, with a reference; NULL, nothing can be remembered.
 */
struct fanl_gate_mark *fanl_memory_arm(struct inode *inode,
				       struct fanl_gate_mark *gate_mark,
				       unsigned int *seq)
{
	if (!S_ISREG(inode->i_mode) || inode_is_open_for_write(inode) ||
	    fanl_memory_is_blind(inode->i_sb))
		return NULL;
	if (!gate_mark)
		gate_mark = fanl_gate_mark_get(fanl_gate_fsn, inode,
					       FSNOTIFY_OBJ_TYPE_INODE,
					       FANL_MEMORY_EVENTS);
	else if (!refcount_inc_not_zero(&gate_mark->fsn.refcnt))
		gate_mark = NULL;
	if (IS_ERR_OR_NULL(gate_mark))
		return NULL;
	if (!fanl_gate_mark_arm(gate_mark)) {
		fsnotify_put_mark(&gate_mark->fsn);
		return NULL;
	}
	*seq = READ_ONCE(gate_mark->seq);
	/*
	 * Who opens it for writing raises i_writecount, then looks for the mark, if the
	 * inode says that there is one: it may have been added this very moment.
	 */
	smp_mb();
	if (inode_is_open_for_write(inode) ||
	    FANL_MEMORY_EVENTS & ~READ_ONCE(inode->i_fsnotify_mask)) {
		fsnotify_put_mark(&gate_mark->fsn);
		return NULL;
	}
	fanl_memory_shrink(fanl_remembered_max);
	return gate_mark;
}

static struct fanl_memory *fanl_memory_find(struct fanl_gate_mark *gate_mark,
					    const struct fanl_group *group)
{
	struct fanl_memory *memory;

	list_for_each_entry(memory, &gate_mark->memories, node)
		if (memory->cookie == READ_ONCE(group->gate->cookie))
			return memory;
	return NULL;
}

/* Another one; the oldest of too many, of a group that is gone, gives way. */
static struct fanl_memory *fanl_memory_add(struct fanl_gate_mark *gate_mark,
					   const struct fanl_group *group)
{
	struct fanl_memory *memory;

	if (gate_mark->nr_memories < FANL_MEMORIES_MAX) {
		memory = kmalloc(sizeof(*memory), GFP_ATOMIC | __GFP_NOWARN);
		if (!memory)
			return NULL;
		gate_mark->nr_memories++;
	} else {
		memory = list_last_entry(&gate_mark->memories,
					 struct fanl_memory, node);
		list_del(&memory->node);
	}
	*memory = (struct fanl_memory){ .cookie = group->gate->cookie };
	list_add(&memory->node, &gate_mark->memories);
	return memory;
}

/**
 * fanl_memory_store - remember a verdict
 * @group: the group; its lock is held
 * @perm: the access that the verdict is about
 * @error: of the verdict
 *
 * Return: whether it is remembered.
 */
bool fanl_memory_store(struct fanl_group *group, struct fanl_perm *perm,
		       int error)
{
	struct fanl_gate_mark *gate_mark = perm->memory;
	struct fanl_memory *memory = NULL;

	if (!gate_mark || perm->memory_cookie != group->gate->cookie ||
	    inode_is_open_for_write(d_inode(perm->path->dentry)))
		return false;
	spin_lock(&gate_mark->lock);
	if (gate_mark->armed && gate_mark->seq == perm->memory_seq) {
		memory = fanl_memory_find(gate_mark, group);
		if (!memory)
			memory = fanl_memory_add(gate_mark, group);
	}
	if (memory) {
		memory->allowed &= ~perm->kinds;
		memory->denied &= ~perm->kinds;
		if (error) {
			if (memory->error != error)
				memory->denied = 0;
			memory->denied |= perm->kinds;
			memory->error = error;
		} else {
			memory->allowed |= perm->kinds;
		}
	}
	spin_unlock(&gate_mark->lock);
	return memory;
}

/**
 * fanl_memory_recall - what was said of a file before
 * @group: the group
 * @gate_mark: the file's gate mark
 * @inode: the file
 * @kinds: the kinds that are asked about
 * @error: set to the errno of the access, 0 if it goes on
 *
 * Return: whether all of it is remembered, and is still true.
 */
bool fanl_memory_recall(struct fanl_group *group,
			struct fanl_gate_mark *gate_mark,
			const struct inode *inode, u64 kinds, int *error)
{
	const struct fanl_memory *memory;
	bool known;

	/* where nobody decides, that decides */
	if (list_empty(&gate_mark->memories) ||
	    inode_is_open_for_write(inode) ||
	    READ_ONCE(group->gate->state) >= FANL_GATE_HELD)
		return false;
	spin_lock(&gate_mark->lock);
	memory = fanl_memory_find(gate_mark, group);
	known = memory && !(kinds & ~(memory->allowed | memory->denied));
	if (known)
		*error = kinds & memory->denied ? memory->error : 0;
	spin_unlock(&gate_mark->lock);
	return known;
}
