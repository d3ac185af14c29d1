// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses that wait for a verdict.
 *
 * An access is a struct fanl_perm on the stack of the task that waits. Whoever
 * decides about it does so under the group's lock, and is done with it when that
 * is dropped; the task takes the lock once more before it goes. So nothing has
 * to be counted, and an access never outlives its task.
 *
 * The clock of an event runs from its delivery on; a second one bounds the whole
 * wait. Both are looked at by the task itself, which sleeps for no longer than
 * the shorter one might take: there are no timers. While the machine is being
 * frozen they stand still.
 *
 * An access whose member goes is made ready again by its own task, which may
 * allocate: it is ADMITTED as it was at first.
 */
#include <linux/audit.h>
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/netlink.h>

#include "control.h"
#include "event.h"
#include "group.h"
#include "member.h"
#include "perm.h"
#include "remember.h"

/* Without memory for a message there is nothing else to wait for. */
#define FANL_PERM_NOMEM	ENOMEM

/**
 * fanl_errno_allowed - whether an access may fail with this
 * @error: an errno
 *
 * Those that fanotify allows: programs expect them of what they access, and
 * none has a meaning on the way there.
 *
 * Return: whether it is one of them.
 */
bool fanl_errno_allowed(u32 error)
{
	switch (error) {
	case EPERM:
	case EIO:
	case EBUSY:
	case ETXTBSY:
	case EAGAIN:
	case ENOSPC:
	case EDQUOT:
		return true;
	default:
		return false;
	}
}

/**
 * fanl_perm_done - decide about an access
 * @group: the group; its lock is held
 * @perm: the access; not to be touched once the lock is dropped
 * @error: errno that it fails with, 0 to let it go on
 */
void fanl_perm_done(struct fanl_group *group, struct fanl_perm *perm, int error)
{
	struct fanl_gate_stats *stats = &group->gate->stats;
	struct fanl_share *share = perm->share;

	switch (perm->state) {
	case FANL_PERM_DONE:
		return;
	case FANL_PERM_PARKED:
		list_del(&perm->node);
		stats->parked--;
		break;
	case FANL_PERM_QUEUED:
		fanl_fair_unqueue(perm);
		break;
	case FANL_PERM_DELIVERED:
		fanl_fair_undeliver(perm);
		break;
	case FANL_PERM_ADMITTED:
		break;
	}
	if (perm->state != FANL_PERM_PARKED) {
		stats->pending--;
		share->pending--;
	}
	hash_del(&perm->by_id);
	perm->error = error;
	perm->state = FANL_PERM_DONE;
	fanl_fair_admit(group, share);
	wake_up_process(perm->task);
}

/**
 * fanl_perm_requeue - what a member has not answered is to be delivered again
 * @group: the group; its lock is held
 * @member: the member, which is asked nothing any more
 */
void fanl_perm_requeue(struct fanl_group *group, struct fanl_member *member)
{
	struct fanl_perm *perm, *next;

	list_for_each_entry_safe(perm, next, &member->window.delivered, node) {
		fanl_fair_undeliver(perm);
		perm->state = FANL_PERM_ADMITTED;
		wake_up_process(perm->task);
	}
}

static void fanl_perm_say(struct fanl_perm *perm, u32 what,
			  const struct fanl_member *member)
{
	perm->said |= BIT(what);
	if (member) {
		perm->said_member = member->number;
		perm->said_tgid = member->tgid;
	}
}

/*
 * A member that has not answered so many in a row is evicted, unless they are
 * of one stall: those that were delivered together time out together.
 */
static void fanl_perm_timeout(struct fanl_group *group, struct fanl_perm *perm,
			      unsigned long now)
{
	const struct fanl_gate_settings *set = &group->gate->set;
	struct fanl_member *member = perm->member;
	struct fanl_window *window = &member->window;
	unsigned long stall_over;

	group->gate->stats.timeouts++;
	window->timeouts++;
	if (!window->row++)
		window->row_since = now;
	fanl_perm_say(perm, FANOTIFY_CONTROL_EVENT_TIMEOUT, member);
	fanl_perm_done(group, perm, set->on_timeout);
	stall_over = window->row_since + fanl_gate_jiffies(set->timeout_ms);
	if (!set->evict_after || window->row < set->evict_after ||
	    time_before(now, stall_over) || window->evicted)
		return;
	fanl_perm_say(perm, FANOTIFY_CONTROL_EVENT_EVICTION, member);
	fanl_gate_evict(group, member);
	if (group->gate->state == FANL_GATE_HELD)
		fanl_perm_say(perm, FANOTIFY_CONTROL_EVENT_HOLD, member);
}

/* Waited for as long as may be; what no member has seen was not let through. */
static void fanl_perm_give_up(struct fanl_group *group, struct fanl_perm *perm,
			      unsigned long now)
{
	if (perm->state == FANL_PERM_DELIVERED) {
		fanl_perm_timeout(group, perm, now);
	} else if (perm->seen) {
		group->gate->stats.timeouts++;
		fanl_perm_say(perm, FANOTIFY_CONTROL_EVENT_TIMEOUT, NULL);
		fanl_perm_done(group, perm, group->gate->set.on_timeout);
	} else {
		group->gate->stats.undelivered++;
		fanl_perm_say(perm, FANOTIFY_CONTROL_EVENT_UNDELIVERED, NULL);
		fanl_perm_done(group, perm, EBUSY);
	}
}

/*
 * How long an access may wait, in milliseconds: all in all, or until it is
 * delivered for the first time. What was delivered when its time is nearly up would
 * be answered too late, and keep the member from one for which there is time: under
 * a flood that would be all of them.
 */
static u32 fanl_perm_wait(const struct fanl_gate_settings *set, bool delivered)
{
	u32 wait = max(set->wait_ms, set->timeout_ms);

	return delivered ? wait : max(wait - set->timeout_ms, wait / 2);
}

/**
 * fanl_perm_time - how long a member to which it is delivered now has for an answer
 * @group: the group; its lock is held
 * @perm: the access
 *
 * Return: that, in milliseconds.
 */
u32 fanl_perm_time(const struct fanl_group *group, const struct fanl_perm *perm)
{
	const struct fanl_gate_settings *set = &group->gate->set;
	long left = perm->begun +
		    fanl_gate_jiffies(fanl_perm_wait(set, true)) -
		    fanl_gate_now();

	return min(set->timeout_ms, jiffies_to_msecs(max(left, 0L)));
}

/**
 * fanl_perm_look - look at an access's clocks
 * @group: the group; its lock is held
 * @perm: the access
 * @now: fanl_gate_now()
 *
 * Return: how long its task may sleep, in jiffies; 0 if it has something to do.
 */
long fanl_perm_look(struct fanl_group *group, struct fanl_perm *perm,
		    unsigned long now)
{
	const struct fanl_gate_settings *set = &group->gate->set;
	unsigned long timeout = fanl_gate_jiffies(set->timeout_ms);
	unsigned long wait = fanl_gate_jiffies(fanl_perm_wait(set, perm->seen));
	unsigned long end, deadline;

	if (perm->state == FANL_PERM_DONE || perm->state == FANL_PERM_ADMITTED)
		return 0;
	end = perm->begun + wait;
	deadline = perm->since + timeout;
	if (!time_before(now, end)) {
		fanl_perm_give_up(group, perm, now);
		return 0;
	}
	if (perm->state != FANL_PERM_DELIVERED)
		return min(end - now, timeout);
	if (!time_before(now, deadline)) {
		fanl_perm_timeout(group, perm, now);
		return 0;
	}
	return min(end - now, deadline - now);
}

/**
 * fanl_perm_begin - let an access be one of its user's
 * @group: the group; its lock is held
 * @perm: the access
 * @share: of its user
 */
void fanl_perm_begin(struct fanl_group *group, struct fanl_perm *perm,
		     struct fanl_share *share)
{
	struct fanl_gate *gate = group->gate;

	perm->share = share;
	share->users++;
	if (share->pending < gate->set.uid_pending) {
		share->pending++;
		gate->stats.pending++;
		perm->state = FANL_PERM_ADMITTED;
		return;
	}
	perm->state = FANL_PERM_PARKED;
	list_add_tail(&perm->node, &share->parked);
	gate->stats.parked++;
	if (!share->told) {
		share->told = true;
		fanl_perm_say(perm, FANOTIFY_CONTROL_EVENT_LIMIT, NULL);
	}
}

/**
 * fanl_perm_end - an access is over
 * @group: the group; its lock is held
 * @perm: the access, done
 *
 * Return: a share that is to be freed when the lock is dropped, or NULL.
 */
struct fanl_share *fanl_perm_end(struct fanl_group *group,
				 struct fanl_perm *perm)
{
	struct fanl_gate *gate = group->gate;
	struct fanl_share *share = perm->share;

	if (--share->users)
		return NULL;
	hash_del(&share->node);
	if (gate->spare)
		return share;
	gate->spare = share;
	return NULL;
}

/* Nobody waits where nobody decides. */
static bool fanl_perm_closed(struct fanl_group *group, struct fanl_perm *perm)
{
	struct fanl_gate *gate = group->gate;

	if (gate->state != FANL_GATE_HELD && gate->state != FANL_GATE_ENDED)
		return false;
	gate->stats.abandoned++;
	fanl_perm_done(group, perm, gate->state == FANL_GATE_HELD ? EPERM : 0);
	return true;
}

/*
 * Whose share an access is of. Who has a user namespace has all the users in it;
 * one that root has made is the machine's own.
 */
static kuid_t fanl_perm_user(void)
{
	const struct cred *cred = current_real_cred();
	const struct user_namespace *ns;
	kuid_t uid = cred->uid;

	for (ns = cred->user_ns; ns != &init_user_ns; ns = ns->parent)
		if (!uid_eq(ns->owner, GLOBAL_ROOT_UID))
			uid = ns->owner;
	return uid;
}

/* Return: 0 or -ENOMEM. */
static int fanl_perm_enter(struct fanl_group *group, struct fanl_perm *perm)
{
	struct fanl_gate *gate = group->gate;
	kuid_t uid = fanl_perm_user();
	struct fanl_share *new = NULL, *share;

	spin_lock(&group->lock);
	share = fanl_share_find(gate, uid);
	if (!share && !gate->spare) {
		spin_unlock(&group->lock);
		new = fanl_share_alloc(uid);
		if (!new)
			return -FANL_PERM_NOMEM;
		spin_lock(&group->lock);
		share = fanl_share_find(gate, uid);
	}
	if (!share) {
		if (new)
			swap(share, new);
		else
			swap(share, gate->spare);
		share->uid = uid;
		share->told = false;
		hash_add(gate->shares, &share->node, __kuid_val(uid));
	}
	perm->begun = fanl_gate_now();
	perm->since = perm->begun;
	fanl_perm_begin(group, perm, share);
	fanl_perm_closed(group, perm);
	spin_unlock(&group->lock);
	kfree(new);
	return 0;
}

static void fanl_perm_queue(struct fanl_group *group, struct fanl_perm *perm)
{
	struct fanl_gate *gate = group->gate;

	if (fanl_perm_closed(group, perm))
		return;
	if (!perm->id) {
		perm->id = ++group->last_id;
		hash_add(gate->by_id, &perm->by_id, perm->id);
	}
	fanl_event_stamp(perm->skb, 0, perm->id);
	fanl_fair_queue(group, perm);
	fanl_fair_pump(group);
}

static void fanl_perm_sleep(struct fanl_group *group, struct fanl_perm *perm)
{
	long left;

	do {
		set_current_state(TASK_KILLABLE | TASK_FREEZABLE);
		spin_lock(&group->lock);
		left = fanl_perm_look(group, perm, fanl_gate_now());
		if (left && fatal_signal_pending(current)) {
			group->gate->stats.withdrawn++;
			fanl_perm_done(group, perm, EINTR);
			left = 0;
		}
		spin_unlock(&group->lock);
		if (left)
			schedule_timeout(left);
	} while (left);
	__set_current_state(TASK_RUNNING);
}

static void fanl_perm_tell(struct fanl_group *group,
			   const struct fanl_perm *perm)
{
	struct fanl_control control = {
		.group = group->number,
		.member = perm->said_member,
		.id = perm->id,
		.outcome = perm->error,
	};
	unsigned long said = perm->said;
	unsigned int what;

	for_each_set_bit(what, &said, BITS_PER_TYPE(u32)) {
		bool of_access = what == FANOTIFY_CONTROL_EVENT_TIMEOUT ||
				 what == FANOTIFY_CONTROL_EVENT_UNDELIVERED ||
				 what == FANOTIFY_CONTROL_EVENT_LIMIT;

		control.what = what;
		control.tgid = of_access ? task_tgid_nr(current) :
					   perm->said_tgid;
		control.of_access = of_access;
		control.uid = __kuid_val(current_real_cred()->uid);
		fanl_control_send(&control);
	}
}

/**
 * fanl_perm_ask - let the members of a group decide about an access
 * @group: a permission group, of which the caller has a reference
 * @perm: the access; its path, kinds and memory are set, the rest is zero
 * @make: makes the event's message
 * @arg: handed to @make
 *
 * Context: fsnotify's call, without its SRCU lock. Sleeps, killable and freezable,
 * no longer than the group's settings say.
 * Return: 0 to go on, or a negative errno.
 */
int fanl_perm_ask(struct fanl_group *group, struct fanl_perm *perm,
		  fanl_perm_make make, void *arg)
{
	struct fanl_share *unused;
	int err;

	perm->task = current;
	err = fanl_perm_enter(group, perm);
	if (err)
		return err;
	for (;;) {
		if (READ_ONCE(perm->state) != FANL_PERM_ADMITTED)
			fanl_perm_sleep(group, perm);
		if (READ_ONCE(perm->state) == FANL_PERM_ADMITTED)
			perm->skb = make(group, arg);
		spin_lock(&group->lock);
		if (perm->state == FANL_PERM_DONE)
			break;
		if (perm->skb)
			fanl_perm_queue(group, perm);
		else if (!fanl_perm_closed(group, perm))
			fanl_perm_done(group, perm, FANL_PERM_NOMEM);
		spin_unlock(&group->lock);
		/* a member that gets the CPU may answer before the task sleeps */
		cond_resched();
	}
	unused = fanl_perm_end(group, perm);
	fanl_fair_pump(group);
	spin_unlock(&group->lock);

	kfree(unused);
	if (perm->said)
		fanl_perm_tell(group, perm);
	if (perm->audit)
		audit_log(audit_context(), GFP_KERNEL, AUDIT_FANOTIFY,
			  "resp=%u fan_type=0 fan_info=0 subj_trust=2 obj_trust=2 group=%u id=%llu error=%d",
			  perm->error ? 2 : 1, group->number, perm->id,
			  perm->error);
	kfree_skb(perm->skb);
	return -perm->error;
}

/*
 * The access that a member speaks of. Ids are given out in order, so that what
 * was once can be told from what never was.
 */
static struct fanl_perm *fanl_perm_find(struct fanl_member *member, u64 id,
					struct netlink_ext_ack *extack)
{
	struct fanl_group *group = member->group;
	struct fanl_perm *perm;

	if (!group->gate) {
		NL_SET_ERR_MSG_FMT(extack, "group %u is no permission group",
				   group->number);
		return ERR_PTR(-EINVAL);
	}
	hash_for_each_possible(group->gate->by_id, perm, by_id, id) {
		if (perm->id != id)
			continue;
		if (perm->member == member)
			return perm;
		NL_SET_ERR_MSG_FMT(extack,
				   "event %llu was not delivered to this member",
				   id);
		return ERR_PTR(-EACCES);
	}
	if (id && id <= group->last_id)
		NL_SET_ERR_MSG_FMT(extack,
				   "event %llu is not waited for (any more)", id);
	else
		NL_SET_ERR_MSG_FMT(extack, "no event %llu", id);
	return ERR_PTR(-ENOENT);
}

/**
 * fanl_perm_answer - take a verdict
 * @member: whose verdict it is
 * @answer: validated
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -ENOENT, the event is not waited for; -EACCES, it is another
 * member's; -EINVAL, not a permission group, or one that does not remember.
 */
int fanl_perm_answer(struct fanl_member *member,
		     const struct fanl_answer *answer,
		     struct netlink_ext_ack *extack)
{
	struct fanl_group *group = member->group;
	struct fanl_gate_stats *stats;
	struct fanl_perm *perm;
	int err = 0;

	spin_lock(&group->lock);
	perm = fanl_perm_find(member, answer->id, extack);
	if (IS_ERR(perm)) {
		err = PTR_ERR(perm);
		goto unlock;
	}
	stats = &group->gate->stats;
	member->window.row = 0;
	if (answer->response == FANOTIFY_VERDICT_DEFER) {
		stats->deferred++;
		perm->since = fanl_gate_now();
		goto unlock;
	}
	if ((answer->flags & FANOTIFY_VERDICT_FLAG_REMEMBER) &&
	    !fanl_memory_store(group, perm, answer->error))
		stats->not_remembered++;
	perm->audit = answer->flags & FANOTIFY_VERDICT_FLAG_AUDIT;
	member->window.answered++;
	if (answer->error)
		stats->denied++;
	else
		stats->allowed++;
	fanl_perm_done(group, perm, answer->error);
	fanl_fair_pump(group);
unlock:
	spin_unlock(&group->lock);
	return err;
}

/**
 * fanl_perm_path - what a permission event is about
 * @member: whose event it is
 * @id: of the event
 * @path: set, with a reference
 * @extack: where the reason of a refusal goes
 *
 * Return: 0, or as fanl_perm_answer().
 */
int fanl_perm_path(struct fanl_member *member, u64 id, struct path *path,
		   struct netlink_ext_ack *extack)
{
	struct fanl_group *group = member->group;
	struct fanl_perm *perm;
	int err = 0;

	spin_lock(&group->lock);
	perm = fanl_perm_find(member, id, extack);
	if (IS_ERR(perm)) {
		err = PTR_ERR(perm);
	} else {
		*path = *perm->path;
		path_get(path);
	}
	spin_unlock(&group->lock);
	return err;
}
