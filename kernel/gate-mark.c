// SPDX-License-Identifier: GPL-2.0
/*
 * Marks that let fsnotify ask for permission.
 *
 * fsnotify calls groups in the order of three classes and of their addresses,
 * and ours have priorities. So none of them asks fsnotify for permission kinds:
 * one group of our own does, in fanotify's class, and its one callback asks them
 * in their order (ask.c). It has a mark on each object on which one of theirs has
 * permission kinds in its mask or ignore mask, which asks for all of those
 * together. From it the callback finds theirs, which are on the same object.
 *
 * What comes before there is content (pre-access) is to be asked before all else, and
 * fsnotify has a class for it: another such group has the marks that ask for that.
 *
 * Each such mark of a group has a share. Without shares, and with nothing to see
 * for what is remembered, the mark goes. It does not keep its inode. It is
 * destroyed by a worker: the last share may go in fsnotify's callback for the end
 * of a mark, which an eviction of an inode may be the cause of, that destroying
 * another of these marks was the cause of.
 */
#include <linux/slab.h>

#include "ask.h"
#include "gate.h"
#include "gate-mark.h"
#include "group.h"
#include "kind.h"
#include "mark.h"
#include "object.h"
#include "remember.h"

struct fsnotify_group *fanl_gate_fsn, *fanl_pre_gate_fsn;

static struct fanl_gate_mark *fanl_gate_mark_of(struct fsnotify_mark *fsn)
{
	return container_of(fsn, struct fanl_gate_mark, fsn);
}

static void fanl_gate_mark_work(struct work_struct *work)
{
	struct fanl_gate_mark *gate_mark = container_of(work,
							struct fanl_gate_mark,
							work);
	bool dead;

	spin_lock(&gate_mark->lock);
	dead = !gate_mark->users && !gate_mark->armed;
	gate_mark->dead = dead;
	spin_unlock(&gate_mark->lock);
	if (dead)
		fsnotify_destroy_mark(&gate_mark->fsn, gate_mark->fsn.group);
	fsnotify_put_mark(&gate_mark->fsn);
}

/**
 * fanl_gate_mark_check - let a mark go if nobody wants it any more
 * @gate_mark: the mark, of which the caller has a reference or knows that it is
 *	attached
 *
 * Context: any that may not be in an interrupt.
 */
void fanl_gate_mark_check(struct fanl_gate_mark *gate_mark)
{
	bool unwanted;

	spin_lock(&gate_mark->lock);
	unwanted = !gate_mark->users && !gate_mark->armed;
	spin_unlock(&gate_mark->lock);
	if (!unwanted)
		return;
	refcount_inc(&gate_mark->fsn.refcnt);
	if (!queue_work(fanl_wq, &gate_mark->work))
		fsnotify_put_mark(&gate_mark->fsn);
}

/**
 * fanl_gate_drop - give a share up
 * @gate_mark: of which it is one; the share's reference is dropped
 */
void fanl_gate_drop(struct fanl_gate_mark *gate_mark)
{
	spin_lock(&gate_mark->lock);
	gate_mark->users--;
	spin_unlock(&gate_mark->lock);
	fanl_gate_mark_check(gate_mark);
	fsnotify_put_mark(&gate_mark->fsn);
}

static struct fanl_gate_mark *fanl_gate_mark_alloc(struct fsnotify_group *fsn,
						   u32 fs_mask)
{
	struct fanl_gate_mark *gate_mark = kzalloc(sizeof(*gate_mark),
						   FANL_GFP_MARK);

	if (!gate_mark)
		return NULL;
	fanl_mark_born();
	spin_lock_init(&gate_mark->lock);
	INIT_LIST_HEAD(&gate_mark->memories);
	INIT_LIST_HEAD(&gate_mark->age);
	INIT_WORK(&gate_mark->work, fanl_gate_mark_work);
	fsnotify_init_mark(&gate_mark->fsn, fsn);
	gate_mark->fsn.mask = fs_mask;
	gate_mark->fsn.flags = FSNOTIFY_MARK_FLAG_NO_IREF;
	return gate_mark;
}

/**
 * fanl_gate_mark_get - the gate's mark of an object, made if there is none
 * @fsn: the gate's group that it is of
 * @obj: the object
 * @obj_type: enum fsnotify_obj_type
 * @fs_mask: of a new one
 *
 * What is found may be dead by the time that its lock is taken.
 *
 * Return: the mark, with a reference, or an error.
 */
struct fanl_gate_mark *fanl_gate_mark_get(struct fsnotify_group *fsn,
					  void *obj, unsigned int obj_type,
					  u32 fs_mask)
{
	struct fanl_gate_mark *gate_mark;
	struct fsnotify_mark *mark;
	int err;

	do {
		mark = fsnotify_find_mark(obj, obj_type, fsn);
		if (mark)
			return fanl_gate_mark_of(mark);
		gate_mark = fanl_gate_mark_alloc(fsn, fs_mask);
		if (!gate_mark)
			return ERR_PTR(-ENOMEM);
		err = fsnotify_add_mark(&gate_mark->fsn, obj, obj_type, 0);
		if (!err)
			return gate_mark;
		fsnotify_put_mark(&gate_mark->fsn);
	} while (err == -EEXIST);
	return ERR_PTR(err);
}

/* Return: whether the share was taken. */
static bool fanl_gate_mark_share(struct fanl_gate_mark *gate_mark, u32 fs_mask)
{
	bool dead;

	spin_lock(&gate_mark->lock);
	dead = gate_mark->dead;
	if (!dead)
		gate_mark->users++;
	spin_unlock(&gate_mark->lock);
	if (dead)
		return false;
	spin_lock(&gate_mark->fsn.lock);
	gate_mark->fsn.mask |= fs_mask;
	spin_unlock(&gate_mark->fsn.lock);
	return true;
}

/* A share in what an object's gate mark asks for; the share holds a reference. */
static struct fanl_gate_mark *fanl_gate_share(struct fsnotify_group *fsn,
					      const struct fanl_object *object,
					      u32 fs_mask)
{
	for (;;) {
		struct fanl_gate_mark *gate_mark;

		gate_mark = fanl_gate_mark_get(fsn, object->obj,
					       object->obj_type, fs_mask);
		if (IS_ERR(gate_mark))
			return gate_mark;
		if (!fanl_gate_mark_share(gate_mark, fs_mask)) {
			fsnotify_destroy_mark(&gate_mark->fsn, fsn);
			fsnotify_put_mark(&gate_mark->fsn);
			continue;
		}
		/* who has added the kinds may not have come so far */
		if (fanl_mark_recalc(object)) {
			fanl_gate_drop(gate_mark);
			return ERR_PTR(-ENOMEM);
		}
		return gate_mark;
	}
}

/* Whether a mark needs no other share, or is gone, and with it maybe its object. */
static bool fanl_gate_asks_for(struct fanl_mark *mark,
			       struct fanl_gate_mark **shared, u32 fs_mask)
{
	bool enough;

	/* it is given up under this lock, by a mark that leaves the table */
	xa_lock(&mark->group->marks);
	enough = xa_load(&mark->group->marks, mark->id) != mark ||
		 (*shared && !(fs_mask & ~READ_ONCE((*shared)->fsn.mask)));
	xa_unlock(&mark->group->marks);
	return enough;
}

/* Let one of a mark's shares be one for these kinds, or none for no kind. */
static int fanl_gate_follow_in(struct fsnotify_group *fsn,
			       struct fanl_mark *mark,
			       struct fanl_gate_mark **shared,
			       const struct fanl_object *object, u64 kinds)
{
	struct fanl_gate_mark *share = NULL, *old;
	u32 fs_mask;

	if (!((kinds & FANL_KINDS_PERM) || READ_ONCE(*shared)))
		return 0;
	if (kinds & FANL_KINDS_PERM) {
		fs_mask = fanl_kinds_to_gate(kinds, mark->type);
		if (fsn == fanl_gate_fsn && object->inode &&
		    !S_ISDIR(object->inode->i_mode))
			fs_mask |= FANL_MEMORY_EVENTS;
		/* what asks for enough is kept: a flush must not look it up */
		if (fanl_gate_asks_for(mark, shared, fs_mask))
			return 0;
		share = fanl_gate_share(fsn, object, fs_mask);
		if (IS_ERR(share))
			return PTR_ERR(share);
	}
	xa_lock(&mark->group->marks);
	old = *shared;
	*shared = share;
	/* gone again, and nobody would give the share up */
	if (xa_load(&mark->group->marks, mark->id) != mark)
		swap(*shared, old);
	xa_unlock(&mark->group->marks);
	if (old)
		fanl_gate_drop(old);
	return 0;
}

/**
 * fanl_gate_follow - let the gate's marks of an object follow a group's mark
 * @mark: the group's mark, attached; its group's mark_lock is held
 * @object: what it is attached to
 * @kinds: all that it asks for or ignores
 *
 * Return: 0; -ENOMEM; -ENOENT, the object is going away.
 */
int fanl_gate_follow(struct fanl_mark *mark, const struct fanl_object *object,
		     u64 kinds)
{
	const u64 late = FANL_KINDS_PERM & ~FANL_KIND_PRE_ACCESS;
	int err;

	if (mark->type == FANOTIFY_MARK_TYPE_SUBTREE)
		return 0;
	err = fanl_gate_follow_in(fanl_gate_fsn, mark, &mark->gate, object,
				  kinds & ~FANL_KIND_PRE_ACCESS);
	if (err)
		return err;
	return fanl_gate_follow_in(fanl_pre_gate_fsn, mark, &mark->pre_gate,
				   object, kinds & ~late);
}

static void fanl_gate_free_mark(struct fsnotify_mark *fsn)
{
	struct fanl_gate_mark *gate_mark = fanl_gate_mark_of(fsn);

	kfree(gate_mark);
	fanl_mark_freed();
}

/* Its file is gone, or what is remembered of it has to go. */
static void fanl_gate_freeing_mark(struct fsnotify_mark *fsn,
				   struct fsnotify_group *group)
{
	fanl_memory_disarm(fanl_gate_mark_of(fsn));
}

static const struct fsnotify_ops fanl_gate_ops = {
	.handle_event = fanl_ask_event,
	.freeing_mark = fanl_gate_freeing_mark,
	.free_mark = fanl_gate_free_mark,
};

/* What destroying a mark may evict has marks of other groups: @key is this one's. */
static struct fsnotify_group *
fanl_gate_fsn_alloc(enum fsnotify_group_prio priority, struct lock_class_key *key)
{
	struct fsnotify_group *fsn = fsnotify_alloc_group(&fanl_gate_ops, 0);

	if (IS_ERR(fsn))
		return fsn;
	lockdep_set_class(&fsn->mark_mutex, key);
	fsn->priority = priority;
	return fsn;
}

int fanl_gate_marks_init(void)
{
	static struct lock_class_key key, pre_key;

	fanl_gate_fsn = fanl_gate_fsn_alloc(FSNOTIFY_PRIO_CONTENT, &key);
	if (IS_ERR(fanl_gate_fsn))
		return PTR_ERR(fanl_gate_fsn);
	fanl_pre_gate_fsn = fanl_gate_fsn_alloc(FANL_PRIO_PRE_CONTENT, &pre_key);
	if (IS_ERR(fanl_pre_gate_fsn)) {
		fsnotify_put_group(fanl_gate_fsn);
		return PTR_ERR(fanl_pre_gate_fsn);
	}
	return 0;
}

/* When there is no group any more, and no mark of one. */
void fanl_gate_marks_exit(void)
{
	fsnotify_put_group(fanl_pre_gate_fsn);
	fsnotify_put_group(fanl_gate_fsn);
}
