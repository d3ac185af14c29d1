// SPDX-License-Identifier: GPL-2.0
/*
 * Marks: what a group watches.
 *
 * A mark belongs to its object for fsnotify, and to its group's table by id
 * for commands. It leaves the table in fsnotify's freeing_mark callback,
 * whatever the cause: a command, an unmount, the deletion or the eviction of
 * its inode. It is freed by fsnotify's reaper, after a grace period.
 *
 * Live masks: fsnotify_recalc_mask() is not exported, but adding a mark to an
 * object recalculates what the object as a whole is watched for. So a mark's
 * masks are changed in place, and then a mark that wants nothing, of a group
 * of our own, is added to the object and removed again. Adding a second mark of
 * the same group with the new masks would report events twice meanwhile.
 *
 * A filesystem's mark has shares: what commands about it asked for, what the
 * group's global mark asks for, and what its subtree marks do. Subtree marks
 * themselves are in a group of our own, as a directory may have a mark of its own
 * as well; they keep their struct fanl_group by a reference.
 *
 * Locking: a group's mark_lock serialises commands; fsnotify's mark_mutex and
 * mark->lock nest in it, and the table's own lock in everything. While it is
 * held, nothing waits for an unmount: it nests in s_umount. freeing_mark runs in
 * umount, unlink and memory reclaim: it takes the table's lock and the group's,
 * and does not sleep.
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <net/netlink.h>

#include "gate-mark.h"
#include "global.h"
#include "group.h"
#include "hook.h"
#include "journal.h"
#include "kind.h"
#include "mark.h"
#include "object.h"
#include "remember.h"
#include "subtree.h"

atomic_t fanl_marks_generation = ATOMIC_INIT(1);

/* Marks not yet freed, those of fanl_recalc_group and of the gate among them. */
static atomic_t fanl_nr_marks = ATOMIC_INIT(0);

static struct fsnotify_group *fanl_recalc_group;
static struct fsnotify_group *fanl_subtree_group;

/**
 * fanl_mark_born - count a mark of one of our groups of fsnotify's
 */
void fanl_mark_born(void)
{
	atomic_inc(&fanl_nr_marks);
}

/**
 * fanl_mark_freed - a mark that was counted is freed
 */
void fanl_mark_freed(void)
{
	if (atomic_dec_and_test(&fanl_nr_marks))
		wake_up_var(&fanl_nr_marks);
}

static int fanl_recalc_event(struct fsnotify_group *group, u32 mask,
			     const void *data, int data_type, struct inode *dir,
			     const struct qstr *name, u32 cookie,
			     struct fsnotify_iter_info *iter_info)
{
	return 0;
}

static void fanl_recalc_free_mark(struct fsnotify_mark *fsn)
{
	kfree(fsn);
	fanl_mark_freed();
}

static const struct fsnotify_ops fanl_recalc_ops = {
	.handle_event = fanl_recalc_event,
	.free_mark = fanl_recalc_free_mark,
};

static struct fsnotify_mark *fanl_recalc_alloc(void)
{
	struct fsnotify_mark *fsn = kmalloc(sizeof(*fsn), GFP_KERNEL);

	if (!fsn)
		return NULL;
	fanl_mark_born();
	fsnotify_init_mark(fsn, fanl_recalc_group);
	fsn->flags = FSNOTIFY_MARK_FLAG_NO_IREF;
	return fsn;
}

/* Consumes @fsn. If the object is going away, there is nothing to recalculate. */
static void fanl_recalc(struct fsnotify_mark *fsn,
			const struct fanl_object *object)
{
	if (!fsnotify_add_mark(fsn, object->obj, object->obj_type, 0))
		fsnotify_destroy_mark(fsn, fanl_recalc_group);
	fsnotify_put_mark(fsn);
}

/**
 * fanl_mark_recalc - let an object follow a change of one of its marks' masks
 * @object: the object
 *
 * Return: 0 or -ENOMEM.
 */
int fanl_mark_recalc(const struct fanl_object *object)
{
	struct fsnotify_mark *fsn = fanl_recalc_alloc();

	if (!fsn)
		return -ENOMEM;
	fanl_recalc(fsn, object);
	return 0;
}

/* What becomes of an ignore mask, which a write to the file may clear at any time. */
struct fanl_ignore {
	u32	keep;
	u32	add;
};

#define FANL_IGNORE_SAME	((struct fanl_ignore){ .keep = U32_MAX })

static u32 fanl_ignore_after(u32 before, struct fanl_ignore ignore)
{
	return (before & ignore.keep) | ignore.add;
}

/* Let fsnotify's masks follow ours. */
static void fanl_mark_apply(struct fanl_mark *mark, u64 own, u64 global,
			    struct fanl_ignore ignore, u32 flags)
{
	unsigned int fsn_flags = FSNOTIFY_MARK_FLAG_HAS_IGNORE_FLAGS;
	u64 mask = own | global;
	u32 ignored;

	if (flags & FANOTIFY_MARK_FLAG_EVICTABLE)
		fsn_flags |= FSNOTIFY_MARK_FLAG_NO_IREF;
	if (flags & FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY)
		fsn_flags |= FSNOTIFY_MARK_FLAG_IGNORED_SURV_MODIFY;

	spin_lock(&mark->fsn.lock);
	WRITE_ONCE(mark->own, own);
	WRITE_ONCE(mark->global, global);
	WRITE_ONCE(mark->mask, mask);
	mark->flags = flags;
	mask |= mark->subtree;
	/* what is about permission alone is the gate's mark's */
	if (!(mask & ~(FANL_KINDS_PERM | FANL_KIND_MODIFIERS)))
		mask = 0;
	mark->fsn.mask = mask && mark->type != FANOTIFY_MARK_TYPE_SUBTREE ?
			 fanl_kinds_to_fsnotify(mask, mark->type) : 0;
	fsn_flags |= mark->fsn.flags & ~FSNOTIFY_MARK_FLAG_IGNORED_SURV_MODIFY;
	WRITE_ONCE(mark->fsn.flags, fsn_flags);
	/* fsnotify clears it without a lock */
	ignored = READ_ONCE(mark->fsn.ignore_mask);
	while (!try_cmpxchg(&mark->fsn.ignore_mask, &ignored,
			    fanl_ignore_after(ignored, ignore)))
		;
	spin_unlock(&mark->fsn.lock);
	if (mark->type == FANOTIFY_MARK_TYPE_SUBTREE)
		fanl_subtree_changed(mark);
	atomic_inc(&fanl_marks_generation);
}

/* A mark that is in the table says what it will say when it is attached. */
static struct fanl_mark *fanl_mark_alloc(struct fanl_group *group,
					 const struct fanl_mark_request *req,
					 const struct fanl_object *object,
					 u64 global,
					 struct netlink_ext_ack *extack)
{
	struct fanl_mark *mark;
	int err;

	mark = kzalloc(sizeof(*mark), FANL_GFP_MARK);
	if (!mark)
		return ERR_PTR(-ENOMEM);
	fanl_mark_born();
	mark->group = group;
	mark->type = req->type;
	if (mark->type == FANOTIFY_MARK_TYPE_SUBTREE) {
		fsnotify_init_mark(&mark->fsn, fanl_subtree_group);
		kref_get(&group->kref);
	} else {
		fsnotify_init_mark(&mark->fsn, group->fsn);
	}
	mark->mnt_id = req->mnt_id;
	mark->sb = object->sb;
	mark->dev = object->sb->s_dev;
	if (object->inode)
		mark->ino = object->inode->i_ino;
	strscpy(mark->fs_name, object->sb->s_type->name,
		sizeof(mark->fs_name));
	fanl_mark_apply(mark, req->mask, global,
			(struct fanl_ignore){ .add = req->ignore }, req->flags);

	err = xa_alloc(&group->marks, &mark->id, mark,
		       XA_LIMIT(1, fanl_marks_max), FANL_GFP_MARK);
	if (err) {
		if (err == -EBUSY) {
			NL_SET_ERR_MSG_FMT(extack,
					   "group has %u marks, the limit of parameter marks_max",
					   fanl_marks_max);
			err = -ENOSPC;
		}
		fsnotify_put_mark(&mark->fsn);
		return ERR_PTR(err);
	}
	atomic_inc(&group->nr_marks);
	return mark;
}

static void fanl_mark_forget(struct fanl_mark *mark)
{
	struct fanl_gate_mark *gate, *pre_gate;

	xa_lock(&mark->group->marks);
	fanl_subtree_erase(mark);
	__xa_erase(&mark->group->marks, mark->id);
	gate = mark->gate;
	mark->gate = NULL;
	pre_gate = mark->pre_gate;
	mark->pre_gate = NULL;
	xa_unlock(&mark->group->marks);
	atomic_dec(&mark->group->nr_marks);
	if (gate)
		fanl_gate_drop(gate);
	if (pre_gate)
		fanl_gate_drop(pre_gate);
}

static void fanl_mark_destroy(struct fanl_mark *mark)
{
	WRITE_ONCE(mark->removed, true);
	atomic_inc(&fanl_marks_generation);
	fsnotify_destroy_mark(&mark->fsn, mark->fsn.group);
}

/*
 * Change the masks of a mark; with none left it goes. While fsnotify's
 * mark_mutex is held and the mark is attached, its object cannot go away: an
 * unmount or eviction has to detach the mark first.
 *
 * Return: 0; -ENOENT, the mark is on its way out; -ENOMEM.
 */
static int fanl_mark_change(struct fanl_mark *mark,
			    const struct fanl_object *object, u64 own,
			    u64 global, struct fanl_ignore ignore, u32 flags)
{
	u32 ignored = fanl_ignore_after(READ_ONCE(mark->fsn.ignore_mask),
					ignore);
	struct fsnotify_group *fsn_group = mark->fsn.group;
	struct fsnotify_mark *recalc;
	bool attached;
	u64 kinds;
	int err;

	/* without a kind there is nothing to modify */
	if (!(own & ~FANL_KIND_MODIFIERS))
		own = 0;
	kinds = own | global | mark->subtree | ignored;
	if (!(kinds & ~FANL_KIND_MODIFIERS)) {
		fanl_mark_destroy(mark);
		return 0;
	}
	recalc = fanl_recalc_alloc();
	if (!recalc)
		return -ENOMEM;
	err = fanl_gate_follow(mark, object, kinds);
	if (err) {
		fsnotify_put_mark(recalc);
		return err;
	}
	fsnotify_group_lock(fsn_group);
	attached = mark->fsn.flags & FSNOTIFY_MARK_FLAG_ATTACHED;
	if (attached) {
		fanl_mark_apply(mark, own, global, ignore, flags);
		fanl_recalc(recalc, object);
	} else {
		fsnotify_put_mark(recalc);
	}
	fsnotify_group_unlock(fsn_group);
	return attached ? 0 : -ENOENT;
}

static int fanl_mark_attach(struct fanl_mark *mark,
			    const struct fanl_object *object)
{
	int err = fsnotify_add_mark(&mark->fsn, object->obj, object->obj_type,
				    0);

	if (err) {
		fanl_mark_forget(mark);
	} else {
		u64 kinds = mark->mask | mark->subtree | mark->fsn.ignore_mask;

		if (mark->type == FANOTIFY_MARK_TYPE_SUBTREE)
			err = fanl_subtree_insert(mark, object->inode);
		else
			err = fanl_gate_follow(mark, object, kinds);
		if (err)
			fanl_mark_destroy(mark);
	}
	fsnotify_put_mark(&mark->fsn);
	return err;
}

static int fanl_mark_create(struct fanl_group *group,
			    const struct fanl_mark_request *req,
			    const struct fanl_object *object, u32 *id,
			    struct netlink_ext_ack *extack)
{
	struct fanl_mark *mark;
	int err;

	mark = fanl_mark_alloc(group, req, object, 0, extack);
	if (IS_ERR(mark))
		return PTR_ERR(mark);
	*id = mark->id;
	err = fanl_mark_attach(mark, object);
	if (err == -ENOENT)
		NL_SET_ERR_MSG(extack, "object is going away");
	return err;
}

static int fanl_mark_extend(struct fanl_mark *mark,
			    const struct fanl_mark_request *req,
			    const struct fanl_object *object,
			    struct netlink_ext_ack *extack)
{
	u32 ignore = READ_ONCE(mark->fsn.ignore_mask);
	u32 fixed = FANOTIFY_MARK_FLAG_EVICTABLE;
	u32 flags = mark->flags;
	int err;

	if (req->excl && (mark->own || ignore)) {
		NL_SET_ERR_MSG(extack, "object has a mark of this group");
		return -EEXIST;
	}
	if (ignore && req->ignore)
		fixed |= FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY;
	if ((mark->flags ^ req->flags) & fixed) {
		NL_SET_ERR_MSG(extack, "object has a mark with other flags");
		return -EEXIST;
	}
	/* whether an ignore mask survives is up to who begins it */
	if (!ignore)
		flags &= ~FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY;
	err = fanl_mark_change(mark, object, mark->own | req->mask,
			       mark->global,
			       (struct fanl_ignore){ U32_MAX, req->ignore },
			       flags | req->flags);
	if (err == -ENOENT)
		NL_SET_ERR_MSG(extack, "object is going away");
	return err;
}

static struct fanl_mark *fanl_mark_find(struct fanl_group *group, u32 type,
					const struct fanl_object *object)
{
	struct fsnotify_mark *fsn;

	if (!object->obj)
		return NULL;
	if (type == FANOTIFY_MARK_TYPE_SUBTREE)
		return fanl_subtree_get(group, object->inode);
	fsn = fsnotify_find_mark(object->obj, object->obj_type, group->fsn);
	return fsn ? container_of(fsn, struct fanl_mark, fsn) : NULL;
}

/* Let a filesystem's mark follow the group's subtree marks. */
static int fanl_mark_follow(struct fanl_mark *mark,
			    const struct fanl_object *object)
{
	u64 subtree = fanl_share_kinds(mark), before = mark->subtree;
	int err;

	WRITE_ONCE(mark->subtree, subtree);
	err = fanl_mark_change(mark, object, mark->own, mark->global,
			       FANL_IGNORE_SAME, mark->flags);
	if (err && (subtree & ~before))
		WRITE_ONCE(mark->subtree, before);
	return err;
}

/*
 * Let a filesystem's mark follow one of the group's subtree marks that may ask for
 * more. Where nothing else wants it, it comes and goes with them.
 */
static int fanl_mark_share(struct fanl_mark *subtree, struct super_block *sb,
			   struct netlink_ext_ack *extack)
{
	const struct fanl_mark_request req = {
		.type = FANOTIFY_MARK_TYPE_FILESYSTEM,
	};
	struct fanl_object object = fanl_object_sb(sb);
	struct fanl_group *group = subtree->group;
	struct fanl_mark *mark = fanl_mark_find(group, req.type, &object);
	int err;

	if (mark) {
		err = fanl_subtree_join(subtree, mark);
		if (!err)
			err = fanl_mark_follow(mark, &object);
		fsnotify_put_mark(&mark->fsn);
		return err;
	}
	if (!subtree->mask)
		return 0;
	mark = fanl_mark_alloc(group, &req, &object, 0, extack);
	if (IS_ERR(mark))
		return PTR_ERR(mark);
	err = fanl_subtree_join(subtree, mark);
	if (err) {
		fanl_mark_forget(mark);
		fsnotify_put_mark(&mark->fsn);
		return err;
	}
	mark->subtree = fanl_share_kinds(mark);
	fanl_mark_apply(mark, 0, 0, FANL_IGNORE_SAME, 0);
	return fanl_mark_attach(mark, &object);
}

/* A subtree mark that cannot have its share is as it was before. */
static int fanl_subtree_share(struct fanl_group *group,
			      const struct fanl_object *object, u64 own,
			      u32 ignore, struct netlink_ext_ack *extack)
{
	struct fanl_mark *mark = fanl_subtree_get(group, object->inode);
	int err;

	if (!mark)
		return 0;
	err = fanl_mark_share(mark, object->sb, extack);
	if (err && (own | ignore))
		fanl_mark_apply(mark, own, 0,
				(struct fanl_ignore){ .keep = ignore },
				mark->flags);
	else if (err)
		fanl_mark_destroy(mark);
	fsnotify_put_mark(&mark->fsn);
	return err;
}

/* A subtree mark asks for less, or is gone: so may its filesystem's. */
static void fanl_subtree_unshare(struct fanl_group *group,
				 struct super_block *sb)
{
	struct fanl_object object = fanl_object_sb(sb);
	struct fanl_mark *mark;

	mark = fanl_mark_find(group, FANOTIFY_MARK_TYPE_FILESYSTEM, &object);
	if (!mark)
		return;
	/* without memory, events come that nobody gets */
	fanl_mark_follow(mark, &object);
	fsnotify_put_mark(&mark->fsn);
}

/**
 * fanl_mark_add - watch an object, or watch it for more
 * @group: the group
 * @req: what to watch; kinds and flags legal for the type
 * @id: set to the mark's number
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -EEXIST, there is a mark and @req insists on none, or has other
 * flags; -ENOTDIR, kinds of directories on something else; -EINVAL, cannot be
 * watched, as a whole or at all, or ignored so; -EBUSY, to be ignored and open
 * for writing; -ENOSPC, too many marks; -ENOENT, object or group going away;
 * -ENOMEM.
 */
int fanl_mark_add(struct fanl_group *group, const struct fanl_mark_request *req,
		  u32 *id, struct netlink_ext_ack *extack)
{
	struct fanl_object object = fanl_object(req);
	struct fanl_mark *mark;
	u32 ignore = 0;
	u64 own = 0;
	int err;

	err = fanl_object_check(req, extack);
	if (err)
		return err;

	mutex_lock(&group->mark_lock);
	if (group->closing) {
		NL_SET_ERR_MSG(extack, "group is going away");
		err = -ENOENT;
		goto unlock;
	}
	mark = fanl_mark_find(group, req->type, &object);
	if (mark) {
		*id = mark->id;
		own = mark->own;
		ignore = READ_ONCE(mark->fsn.ignore_mask);
	}
	if (!((own | ignore | req->mask | req->ignore) & ~FANL_KIND_MODIFIERS)) {
		NL_SET_ERR_MSG(extack, "no kind in mask and ignore-mask");
		err = -EINVAL;
	} else if (mark) {
		err = fanl_mark_extend(mark, req, &object, extack);
	} else {
		err = fanl_mark_create(group, req, &object, id, extack);
	}
	if (mark)
		fsnotify_put_mark(&mark->fsn);
	if (!err && req->type == FANOTIFY_MARK_TYPE_SUBTREE)
		err = fanl_subtree_share(group, &object, own, ignore, extack);
unlock:
	mutex_unlock(&group->mark_lock);
	return err;
}

/**
 * fanl_mark_remove - take kinds out of a mark's masks
 * @group: the group
 * @req: which mark, and what; a mark with nothing left goes
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -ENOENT, the object has no mark of the group, or the group is going
 * away; -ENOMEM.
 */
int fanl_mark_remove(struct fanl_group *group,
		     const struct fanl_mark_request *req,
		     struct netlink_ext_ack *extack)
{
	struct fanl_object object = fanl_object(req);
	struct fanl_mark *mark;
	u32 ignore = 0;
	int err;

	mutex_lock(&group->mark_lock);
	if (group->closing) {
		mutex_unlock(&group->mark_lock);
		NL_SET_ERR_MSG(extack, "group is going away");
		return -ENOENT;
	}
	mark = fanl_mark_find(group, req->type, &object);
	if (mark)
		ignore = READ_ONCE(mark->fsn.ignore_mask);
	/* a filesystem that only marks on something else watch has none */
	if (mark && (mark->own || ignore || !(mark->global | mark->subtree)))
		err = fanl_mark_change(mark, &object, mark->own & ~req->mask,
				       mark->global,
				       (struct fanl_ignore){ .keep = ~req->ignore },
				       mark->flags);
	else
		err = -ENOENT;
	if (!err && req->type == FANOTIFY_MARK_TYPE_SUBTREE)
		fanl_subtree_unshare(group, object.sb);
	mutex_unlock(&group->mark_lock);
	if (err == -ENOENT)
		NL_SET_ERR_MSG(extack, "object has no mark of this group");
	if (mark)
		fsnotify_put_mark(&mark->fsn);
	return err;
}

/**
 * fanl_mark_cover - let the global mark of a group watch a filesystem
 * @group: the group; its mark_lock is held
 * @sb: the filesystem, with an active reference or s_umount held
 * @extack: where the reason of a refusal goes, or NULL
 *
 * Return: 1 if it was not watched so before, 0 if it was, or an error.
 */
int fanl_mark_cover(struct fanl_group *group, struct super_block *sb,
		    struct netlink_ext_ack *extack)
{
	const struct fanl_mark_request req = {
		.type = FANOTIFY_MARK_TYPE_FILESYSTEM,
	};
	struct fanl_object object = fanl_object_sb(sb);
	struct fanl_mark *mark;
	int err, new;

	lockdep_assert_held(&group->mark_lock);

	mark = fanl_mark_find(group, req.type, &object);
	if (mark) {
		new = !mark->global;
		err = fanl_mark_change(mark, &object, mark->own, group->global,
				       FANL_IGNORE_SAME, mark->flags);
		fsnotify_put_mark(&mark->fsn);
	} else {
		new = 1;
		mark = fanl_mark_alloc(group, &req, &object, group->global,
				       extack);
		if (IS_ERR(mark))
			return PTR_ERR(mark);
		err = fanl_mark_attach(mark, &object);
	}
	return err ?: new;
}

/*
 * Take away from a mark what commands asked for of marks of @type, or of any if
 * that is 0, and let it follow the group's global mark. Without memory to let
 * the object as a whole know, it only calls for nothing.
 *
 * The filesystem may be going away: it gets no kinds that it has not had, so that nothing
 * is looked up in it while the mark may be detached.
 */
static void fanl_mark_flush(struct fanl_mark *mark, u32 type)
{
	bool flush = !type || type == mark->type;
	u64 own = flush ? 0 : mark->own;
	u64 global = mark->global & mark->group->global;
	struct fanl_ignore ignore = { .keep = flush ? 0 : U32_MAX };
	struct fanl_object object;
	u64 subtree = mark->subtree;

	if (mark->type != FANOTIFY_MARK_TYPE_FILESYSTEM) {
		if (flush)
			fanl_mark_destroy(mark);
		return;
	}
	subtree &= type ? fanl_share_kinds(mark) : 0;
	if (!flush && global == mark->global && subtree == mark->subtree)
		return;
	WRITE_ONCE(mark->subtree, subtree);
	object = fanl_object_sb(mark->sb);
	if (fanl_mark_change(mark, &object, own, global, ignore, mark->flags) ==
	    -ENOMEM)
		fanl_mark_apply(mark, own, global, ignore, mark->flags);
}

/* What is in the table is alive while the table is locked. */
static struct fanl_mark *fanl_mark_get_next(struct fanl_group *group,
					    unsigned long *id)
{
	struct fanl_mark *mark;

	xa_lock(&group->marks);
	while ((mark = xa_find(&group->marks, id, ULONG_MAX, XA_PRESENT)) &&
	       !refcount_inc_not_zero(&mark->fsn.refcnt))
		++*id;
	xa_unlock(&group->marks);
	return mark;
}

static void fanl_marks_flush_each(struct fanl_group *group, u32 type)
{
	struct fanl_mark *mark;
	unsigned long id = 0;

	do {
		mutex_lock(&group->mark_lock);
		mark = fanl_mark_get_next(group, &id);
		if (mark)
			fanl_mark_flush(mark, type);
		mutex_unlock(&group->mark_lock);
		if (mark)
			fsnotify_put_mark(&mark->fsn);
		id++;
		cond_resched();
	} while (mark);
}

/**
 * fanl_marks_flush - remove marks of a group
 * @group: the group
 * @type: enum fanotify_mark_type, or 0 for all
 *
 * Of global: the group's global kinds were taken away, all or some of them.
 */
void fanl_marks_flush(struct fanl_group *group, u32 type)
{
	fanl_marks_flush_each(group, type);
	/* once more for the shares of what is gone now */
	if (type == FANOTIFY_MARK_TYPE_SUBTREE)
		fanl_marks_flush_each(group, type);
}

/**
 * fanl_marks_close - remove all marks of a group that has ended
 * @group: the group; no mark can be added any more
 */
void fanl_marks_close(struct fanl_group *group)
{
	mutex_lock(&group->mark_lock);
	group->closing = true;
	fanl_global_set(group, 0);
	mutex_unlock(&group->mark_lock);
	fanl_marks_flush(group, 0);
}

/**
 * fanl_mark_next - walk the marks of a group
 * @group: the group
 * @id: least number to find; set to the number that was found
 * @copy: what the mark says; its pointers are not to be followed
 *
 * Return: whether there is one.
 */
bool fanl_mark_next(struct fanl_group *group, unsigned long *id,
		    struct fanl_mark *copy)
{
	struct fanl_mark *mark;

	xa_lock(&group->marks);
	mark = xa_find(&group->marks, id, ULONG_MAX, XA_PRESENT);
	if (mark) {
		*copy = *mark;
		copy->id = *id;
	}
	xa_unlock(&group->marks);
	return mark;
}

static void fanl_mark_unmounted(struct fanl_mark *mark)
{
	if (mark->group->journal)
		fanl_journal_unmounted(mark->group->journal);
	else
		fanl_report_unmount(mark);
}

/* fsnotify's callback: a mark is on its way out, for whatever reason. */
void fanl_freeing_mark(struct fsnotify_mark *fsn, struct fsnotify_group *group)
{
	struct fanl_mark *mark = container_of(fsn, struct fanl_mark, fsn);

	if (mark->type != FANOTIFY_MARK_TYPE_INODE &&
	    mark->type != FANOTIFY_MARK_TYPE_SUBTREE &&
	    !READ_ONCE(mark->removed))
		fanl_mark_unmounted(mark);
	fanl_mark_forget(mark);
}

/* fsnotify's callback: nobody uses a mark any more. */
void fanl_free_mark(struct fsnotify_mark *fsn)
{
	struct fanl_mark *mark = container_of(fsn, struct fanl_mark, fsn);

	if (mark->type == FANOTIFY_MARK_TYPE_SUBTREE)
		fanl_group_put(mark->group);
	fanl_share_put(mark->share);
	kfree(mark);
	fanl_mark_freed();
}

static const struct fsnotify_ops fanl_subtree_ops = {
	.handle_event = fanl_recalc_event,
	.freeing_mark = fanl_freeing_mark,
	.free_mark = fanl_free_mark,
};

int fanl_marks_init(void)
{
	static struct lock_class_key mark_mutex_key;
	int err;

	fanl_recalc_group = fsnotify_alloc_group(&fanl_recalc_ops,
						 FSNOTIFY_GROUP_DUPS);
	if (IS_ERR(fanl_recalc_group))
		return PTR_ERR(fanl_recalc_group);
	/* it nests in that of other groups, see fanl_mark_change() */
	lockdep_set_class(&fanl_recalc_group->mark_mutex, &mark_mutex_key);
	fanl_subtree_group = fsnotify_alloc_group(&fanl_subtree_ops,
						  FSNOTIFY_GROUP_DUPS);
	if (IS_ERR(fanl_subtree_group)) {
		err = PTR_ERR(fanl_subtree_group);
		goto put_recalc;
	}
	err = fanl_subtrees_init();
	if (err)
		goto put_subtree;
	err = fanl_gate_marks_init();
	if (err)
		goto subtrees_exit;
	return 0;

subtrees_exit:
	fanl_subtrees_exit();
put_subtree:
	fsnotify_put_group(fanl_subtree_group);
put_recalc:
	fsnotify_put_group(fanl_recalc_group);
	return err;
}

/* When there is no group any more, so that the marks left are in the reaper. */
void fanl_marks_exit(void)
{
	fanl_memory_shrink(0);
	wait_var_event(&fanl_nr_marks, !atomic_read(&fanl_nr_marks));
	/* the callback that freed the last one may not have returned yet */
	fsnotify_wait_marks_destroyed();
	fanl_gate_marks_exit();
	fanl_subtrees_exit();
	fsnotify_put_group(fanl_subtree_group);
	fsnotify_put_group(fanl_recalc_group);
}
