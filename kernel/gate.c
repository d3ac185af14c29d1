// SPDX-License-Identifier: GPL-2.0
/*
 * Permission groups: who decides, and what becomes of accesses when nobody does.
 *
 *                bind                        linger-ms
 *     (new) ---> ACTIVE <------ LINGERING -----------------.
 *                | |  ^ \          ^  last member is gone  |
 *                | |  |  '---------'                       |
 *                | |  | bind                               v
 *                | |  '------- HELD <-------------- on-evict deny
 *                | |            |                          |
 *        unbound | | last member evicted, or gone          | on-evict allow
 *                | | and nothing to linger: on-evict       |
 *                v v            | lift                     v
 *               ENDED <---------'---------------------- ENDED
 *
 * (LINGERING can be lifted, too.)
 *
 * ACTIVE asks members, LINGERING lets accesses wait for one, HELD denies, ENDED
 * allows and goes.
 *
 * The table of groups (group.c) has a permission group until it has ENDED, with
 * members or without. A reference of the group is held by the works below while
 * they are queued.
 *
 * Locking: the group's lock protects the state; who comes and goes does so under
 * the registry's lock as well, in which it nests. fanl_gates_lock (spin) protects
 * the list of permission groups and the table of those that are exempt; nothing
 * nests in it.
 */
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/seqlock.h>
#include <linux/suspend.h>

#include "compat.h"
#include "control.h"
#include "group.h"
#include "member.h"
#include "perm.h"
#include "remember.h"

uint fanl_permission_groups_max = 16;
module_param_named(permission_groups_max, fanl_permission_groups_max, uint, 0644);
MODULE_PARM_DESC(permission_groups_max, "Permission groups at a time");

uint fanl_timeout_max = FANOTIFY_TIMEOUT_MS_MAX;
module_param_named(timeout_max, fanl_timeout_max, uint, 0644);
MODULE_PARM_DESC(timeout_max, "Largest timeout of a permission group, in milliseconds");

uint fanl_linger_max = FANOTIFY_LINGER_MS_MAX;
module_param_named(linger_max, fanl_linger_max, uint, 0644);
MODULE_PARM_DESC(linger_max, "Longest time to linger of a permission group, in milliseconds");

uint fanl_pending_max = FANOTIFY_UID_PENDING_MAX;
module_param_named(pending_max, fanl_pending_max, uint, 0644);
MODULE_PARM_DESC(pending_max, "Most pending accesses of a user in a permission group");

const struct fanl_gate_settings fanl_gate_defaults = {
	.timeout_ms = 5000,
	.on_timeout = 0,
	.wait_ms = 60000,
	.evict_after = 10,
	.on_evict = FANOTIFY_ON_EVICT_ALLOW,
	.linger_ms = 0,
	.uid_pending = 1024,
	.window = 64,
};

struct workqueue_struct *fanl_wq;

static DEFINE_SPINLOCK(fanl_gates_lock);
static LIST_HEAD(fanl_gates);
static unsigned int fanl_nr_gates;
static u64 fanl_gate_serial;
static DEFINE_HASHTABLE(fanl_exempt, 6);

static atomic64_t fanl_gate_cookie = ATOMIC64_INIT(0);

/* For how long clocks have stood, until the machine was frozen last; and whether it is. */
static DEFINE_SEQLOCK(fanl_clock_lock);
static unsigned long fanl_stood;
static unsigned long fanl_frozen_at;
static bool fanl_frozen;

/*
 * Tasks are frozen within 20 s or not at all (/sys/power/pm_freeze_timeout), and no jiffies
 * pass while the machine sleeps. But the notifier is called, too, when /dev/snapshot is
 * opened, and until it is closed nothing needs to be frozen.
 */
#define FANL_STAND_MAX	(120UL * HZ)

/* For how long clocks have stood since the machine began to be frozen, if it is. */
static unsigned long fanl_gate_stands(unsigned long now)
{
	return fanl_frozen ? min(now - fanl_frozen_at, FANL_STAND_MAX) : 0;
}

/**
 * fanl_gate_now - what the clocks of accesses and of lingering go by
 *
 * While the machine is being frozen, was and is being thawed, it stands still for two
 * minutes at most; then it goes on from there. An attempt to suspend that fails is no new
 * beginning: there may be many.
 *
 * Return: jiffies, but for those for which it stood.
 */
unsigned long fanl_gate_now(void)
{
	unsigned long now;
	unsigned int seq;

	do {
		seq = read_seqbegin(&fanl_clock_lock);
		now = jiffies;
		now -= fanl_stood + fanl_gate_stands(now);
	} while (read_seqretry(&fanl_clock_lock, seq));
	return now;
}

static void fanl_gate_freeze(bool freeze)
{
	write_seqlock(&fanl_clock_lock);
	if (freeze && !fanl_frozen)
		fanl_frozen_at = jiffies;
	if (!freeze)
		fanl_stood += fanl_gate_stands(jiffies);
	fanl_frozen = freeze;
	write_sequnlock(&fanl_clock_lock);
}

static int fanl_gate_pm(struct notifier_block *nb, unsigned long action,
			void *data)
{
	switch (action) {
	case PM_HIBERNATION_PREPARE:
	case PM_SUSPEND_PREPARE:
	case PM_RESTORE_PREPARE:
		fanl_gate_freeze(true);
		break;
	case PM_POST_HIBERNATION:
	case PM_POST_SUSPEND:
	case PM_POST_RESTORE:
		fanl_gate_freeze(false);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block fanl_gate_pm_notifier = {
	.notifier_call = fanl_gate_pm,
};

/* ---- the list of permission groups, and who is exempt ---- */

static struct fanl_gate_pos fanl_gate_pos_of(const struct fanl_gate *gate)
{
	return (struct fanl_gate_pos){
		.begun = true,
		.priority = gate->priority,
		.number = gate->group->number,
		.serial = gate->serial,
	};
}

static bool fanl_gate_before(const struct fanl_gate_pos *pos,
			     const struct fanl_gate *gate)
{
	if (pos->priority != gate->priority)
		return pos->priority > gate->priority;
	if (pos->number != gate->group->number)
		return pos->number < gate->group->number;
	/* the one that had the number before may be in the list still */
	return pos->serial < gate->serial;
}

static void fanl_gate_insert(struct fanl_gate *gate)
{
	const struct fanl_gate_pos pos = fanl_gate_pos_of(gate);
	struct fanl_gate *next;

	list_for_each_entry(next, &fanl_gates, node)
		if (fanl_gate_before(&pos, next))
			break;
	list_add_tail(&gate->node, &next->node);
}

/**
 * fanl_gate_register - let a permission group be asked
 * @group: the group, with its number
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -EMFILE, there are enough.
 */
int fanl_gate_register(struct fanl_group *group, struct netlink_ext_ack *extack)
{
	struct fanl_gate *gate = group->gate;
	unsigned int nr;

	spin_lock(&fanl_gates_lock);
	nr = fanl_nr_gates;
	if (nr < fanl_permission_groups_max) {
		fanl_nr_gates++;
		gate->priority = group->priority;
		gate->serial = ++fanl_gate_serial;
		fanl_gate_insert(gate);
	}
	spin_unlock(&fanl_gates_lock);
	if (!list_empty(&gate->node))
		return 0;
	NL_SET_ERR_MSG_FMT(extack,
			   "%u permission groups, the limit of parameter permission_groups_max",
			   nr);
	return -EMFILE;
}

/**
 * fanl_gate_unregister - let a permission group be asked no more
 * @group: the group, ended
 */
void fanl_gate_unregister(struct fanl_group *group)
{
	struct fanl_gate *gate = group->gate;

	bool last = false;

	spin_lock(&fanl_gates_lock);
	if (!list_empty(&gate->node)) {
		list_del_init(&gate->node);
		last = !--fanl_nr_gates;
	}
	spin_unlock(&fanl_gates_lock);
	if (last)
		fanl_memory_shrink(0);
	if (cancel_delayed_work(&gate->linger))
		fanl_group_put(group);
}

/**
 * fanl_gate_next - walk the permission groups, the highest priority first
 * @pos: all zero at first
 *
 * Nothing is held between two steps: a group whose priority changes meanwhile may
 * be met twice or not at all.
 *
 * Return: the group, or NULL. The caller gives it back with fanl_gate_put(): what is
 * made for an access is charged by fsnotify's group, which has a reference of ours.
 */
struct fanl_group *fanl_gate_next(struct fanl_gate_pos *pos)
{
	struct fanl_group *found = NULL;
	struct fanl_gate *gate;

	spin_lock(&fanl_gates_lock);
	list_for_each_entry(gate, &fanl_gates, node) {
		if (pos->begun && !fanl_gate_before(pos, gate))
			continue;
		/* it leaves the list first */
		refcount_inc(&gate->group->fsn->refcnt);
		*pos = fanl_gate_pos_of(gate);
		found = gate->group;
		break;
	}
	spin_unlock(&fanl_gates_lock);
	return found;
}

/**
 * fanl_gate_put - give back what fanl_gate_next() has found
 * @group: the group
 */
void fanl_gate_put(struct fanl_group *group)
{
	fsnotify_put_group(group->fsn);
}

/**
 * fanl_gate_exempt - whether the task is never asked about
 *
 * Whoever decides must not wait for itself, and the machine not for who decides.
 *
 * Return: whether it is a kernel thread, exiting, the initial process, or of a
 * process that has bound a member of a permission group.
 */
bool fanl_gate_exempt(void)
{
	const struct pid *pid = task_tgid(current);
	const struct fanl_window *window;

	if ((current->flags & (PF_KTHREAD | PF_EXITING)) || !current->mm ||
	    is_global_init(current))
		return true;
	guard(rcu)();
	hash_for_each_possible_rcu(fanl_exempt, window, by_pid,
				   (unsigned long)pid)
		if (window->pid == pid)
			return true;
	return false;
}

/* ---- what becomes of accesses ---- */

static enum fanl_gate_state fanl_gate_on_evict(const struct fanl_gate *gate)
{
	return gate->set.on_evict == FANOTIFY_ON_EVICT_DENY ? FANL_GATE_HELD :
							      FANL_GATE_ENDED;
}

/* Decide about all of a list as a group does that asks nobody any more. */
static void fanl_gate_abandon(struct fanl_group *group, struct list_head *perms)
{
	int error = group->gate->state == FANL_GATE_HELD ? EPERM : 0;
	struct fanl_perm *perm;

	while ((perm = list_first_entry_or_null(perms, struct fanl_perm,
						node))) {
		group->gate->stats.abandoned++;
		fanl_perm_done(group, perm, error);
	}
}

/*
 * Let nobody wait any more. What is in no list, because its task makes a message
 * ready, sees the state when that is to be queued.
 */
static void fanl_gate_close(struct fanl_group *group,
			    enum fanl_gate_state state)
{
	struct fanl_gate *gate = group->gate;
	struct fanl_member *member;
	struct fanl_share *share;
	int bucket;

	lockdep_assert_held(&group->lock);

	gate->state = state;
	list_for_each_entry(member, &group->members, node)
		fanl_gate_abandon(group, &member->window.delivered);
	hash_for_each(gate->shares, bucket, share, node) {
		fanl_gate_abandon(group, &share->queue);
		fanl_gate_abandon(group, &share->parked);
	}
}

static bool fanl_gate_has_decider(const struct fanl_group *group)
{
	const struct fanl_member *member;

	list_for_each_entry(member, &group->members, node)
		if (!member->window.evicted)
			return true;
	return false;
}

/**
 * fanl_gate_evict - ask a member nothing any more
 * @group: the group; its lock is held
 * @member: the member, not evicted yet
 *
 * A worker unbinds it. What it has not answered goes to the others; without
 * others, on-evict is done at once.
 */
void fanl_gate_evict(struct fanl_group *group, struct fanl_member *member)
{
	struct fanl_gate *gate = group->gate;

	member->window.evicted = true;
	gate->stats.evictions++;
	if (fanl_gate_has_decider(group))
		fanl_perm_requeue(group, member);
	else
		fanl_gate_close(group, fanl_gate_on_evict(gate));
	kref_get(&group->kref);
	if (!queue_work(fanl_wq, &gate->evict))
		fanl_group_put(group);
}

static void fanl_gate_evict_work(struct work_struct *work)
{
	struct fanl_gate *gate = container_of(work, struct fanl_gate, evict);

	fanl_group_unbind_evicted(gate->group);
	fanl_group_put(gate->group);
}

static void fanl_gate_linger_work(struct work_struct *work)
{
	struct fanl_gate *gate = container_of(work, struct fanl_gate,
					      linger.work);

	fanl_group_linger_over(gate->group);
	fanl_group_put(gate->group);
}

static void fanl_gate_tell(struct fanl_group *group, u32 what,
			   const struct fanl_member *member)
{
	const struct fanl_control control = {
		.what = what,
		.group = group->number,
		.member = member ? member->number : 0,
		.tgid = member ? member->tgid : 0,
	};

	fanl_control_send(&control);
}

/**
 * fanl_gate_join - a member is there to decide
 * @group: the group; the registry's lock is held
 * @member: the member, in the group's list
 */
void fanl_gate_join(struct fanl_group *group, struct fanl_member *member)
{
	struct fanl_gate *gate = group->gate;
	bool took_over;

	spin_lock(&fanl_gates_lock);
	hash_add_rcu(fanl_exempt, &member->window.by_pid,
		     (unsigned long)member->window.pid);
	spin_unlock(&fanl_gates_lock);

	spin_lock(&group->lock);
	took_over = gate->state != FANL_GATE_ACTIVE;
	member->window.took_over = took_over;
	if (took_over) {
		gate->state = FANL_GATE_ACTIVE;
		gate->stats.takeovers++;
		/* what the one before remembered may not be what this one thinks */
		gate->cookie = atomic64_inc_return(&fanl_gate_cookie);
	}
	if (gate->missed)
		fanl_queue_gap(member, gate->missed_reason, gate->missed);
	gate->missed = 0;
	gate->missed_reason = FANOTIFY_GAP_REASON_MEMBER_GONE;
	fanl_fair_pump(group);
	spin_unlock(&group->lock);
	if (took_over)
		fanl_gate_tell(group, FANOTIFY_CONTROL_EVENT_TAKE_OVER, member);
}

static void fanl_gate_wait_for_successor(struct fanl_group *group,
					 unsigned long delay)
{
	kref_get(&group->kref);
	if (mod_delayed_work(fanl_wq, &group->gate->linger, delay))
		fanl_group_put(group);
}

static void fanl_gate_linger(struct fanl_group *group)
{
	struct fanl_gate *gate = group->gate;
	unsigned long delay = fanl_gate_jiffies(gate->set.linger_ms);

	gate->state = FANL_GATE_LINGERING;
	gate->linger_end = fanl_gate_now() + delay;
	fanl_gate_wait_for_successor(group, delay);
}

/**
 * fanl_gate_leave - a member decides no more
 * @group: the group; the registry's lock is held
 * @member: the member
 * @why: enum fanl_leave
 * @last: it was the last member
 *
 * Return: whether the group has ended.
 */
bool fanl_gate_leave(struct fanl_group *group, struct fanl_member *member,
		     enum fanl_leave why, bool last)
{
	struct fanl_gate *gate = group->gate;
	enum fanl_gate_state before, after;

	spin_lock(&fanl_gates_lock);
	hash_del_rcu(&member->window.by_pid);
	spin_unlock(&fanl_gates_lock);

	spin_lock(&group->lock);
	before = gate->state;
	if (before == FANL_GATE_ACTIVE && !fanl_gate_has_decider(group)) {
		if (why == FANL_LEAVE_UNBOUND)
			fanl_gate_close(group, FANL_GATE_ENDED);
		else if (why == FANL_LEAVE_GONE && gate->set.linger_ms)
			fanl_gate_linger(group);
		else
			fanl_gate_close(group, fanl_gate_on_evict(gate));
	}
	after = gate->state;
	/* it is in no list any more; its tasks may run when all is different again */
	if (after == FANL_GATE_HELD || after == FANL_GATE_ENDED)
		fanl_gate_abandon(group, &member->window.delivered);
	else
		fanl_perm_requeue(group, member);
	fanl_fair_pump(group);
	spin_unlock(&group->lock);

	if (before != after && after == FANL_GATE_LINGERING)
		fanl_gate_tell(group, FANOTIFY_CONTROL_EVENT_LINGER, member);
	if (before != after && after == FANL_GATE_HELD)
		fanl_gate_tell(group, FANOTIFY_CONTROL_EVENT_HOLD, member);
	return last && after == FANL_GATE_ENDED;
}

/**
 * fanl_gate_linger_over - nobody has come to decide
 * @group: the group, without a member that decides; the registry's lock is held
 *
 * Return: whether the group has ended.
 */
bool fanl_gate_linger_over(struct fanl_group *group)
{
	struct fanl_gate *gate = group->gate;
	unsigned long now = fanl_gate_now();
	enum fanl_gate_state after;
	bool lingers, over;

	spin_lock(&group->lock);
	lingers = gate->state == FANL_GATE_LINGERING;
	over = lingers && !time_before(now, gate->linger_end);
	if (over)
		fanl_gate_close(group, fanl_gate_on_evict(gate));
	else if (lingers)
		fanl_gate_wait_for_successor(group, gate->linger_end - now);
	after = gate->state;
	spin_unlock(&group->lock);
	if (over && after == FANL_GATE_HELD)
		fanl_gate_tell(group, FANOTIFY_CONTROL_EVENT_HOLD, NULL);
	return over && after == FANL_GATE_ENDED;
}

/**
 * fanl_gate_lift - end a permission group without members
 * @group: the group; the registry's lock is held
 */
void fanl_gate_lift(struct fanl_group *group)
{
	spin_lock(&group->lock);
	fanl_gate_close(group, FANL_GATE_ENDED);
	spin_unlock(&group->lock);
	fanl_gate_tell(group, FANOTIFY_CONTROL_EVENT_LIFT, NULL);
}

/**
 * fanl_gate_remembered - count an access that was decided without asking
 * @group: the group
 */
void fanl_gate_remembered(struct fanl_group *group)
{
	atomic64_inc(&group->gate->remembered);
}

/* ---- settings ---- */

/**
 * fanl_gate_set - change what a permission group is set to
 * @group: the group; the registry's lock is held
 * @set: all settings
 * @priority: of the group
 *
 * What was remembered is forgotten: who changes settings may have changed its
 * mind as well.
 */
void fanl_gate_set(struct fanl_group *group,
		   const struct fanl_gate_settings *set, s32 priority)
{
	struct fanl_gate *gate = group->gate;
	struct fanl_share *share;
	struct fanl_perm *perm;
	int bucket;

	spin_lock(&fanl_gates_lock);
	gate->priority = priority;
	if (!list_empty(&gate->node)) {
		list_del(&gate->node);
		fanl_gate_insert(gate);
	}
	spin_unlock(&fanl_gates_lock);

	spin_lock(&group->lock);
	gate->set = *set;
	gate->cookie = atomic64_inc_return(&fanl_gate_cookie);
	/* they may have to get up earlier now */
	hash_for_each(gate->shares, bucket, share, node) {
		list_for_each_entry(perm, &share->parked, node)
			wake_up_process(perm->task);
		fanl_fair_admit(group, share);
	}
	fanl_fair_pump(group);
	hash_for_each(gate->by_id, bucket, perm, by_id)
		wake_up_process(perm->task);
	spin_unlock(&group->lock);
}

/**
 * fanl_gate_stats - what can be told of a permission group
 * @group: the group
 * @stats: its counters
 * @set: its settings
 * @state: enum fanotify_gate_state
 */
void fanl_gate_stats(struct fanl_group *group, struct fanl_gate_stats *stats,
		     struct fanl_gate_settings *set, u32 *state)
{
	const struct fanl_gate *gate = group->gate;

	spin_lock(&group->lock);
	*stats = gate->stats;
	stats->remembered = atomic64_read(&gate->remembered);
	*set = gate->set;
	/* on its way out it still has members that do not decide */
	*state = min(gate->state, FANL_GATE_HELD);
	spin_unlock(&group->lock);
}

/**
 * fanl_gate_alloc - make a group a permission group
 * @group: the group, new
 * @set: its settings
 *
 * Return: 0 or -ENOMEM.
 */
int fanl_gate_alloc(struct fanl_group *group,
		    const struct fanl_gate_settings *set)
{
	struct fanl_gate *gate = kzalloc(sizeof(*gate), GFP_KERNEL_ACCOUNT);

	if (!gate)
		return -ENOMEM;
	INIT_LIST_HEAD(&gate->node);
	INIT_LIST_HEAD(&gate->ring);
	INIT_DELAYED_WORK(&gate->linger, fanl_gate_linger_work);
	INIT_WORK(&gate->evict, fanl_gate_evict_work);
	gate->group = group;
	gate->set = *set;
	gate->state = FANL_GATE_ACTIVE;
	gate->missed_reason = FANOTIFY_GAP_REASON_MEMBER_GONE;
	gate->cookie = atomic64_inc_return(&fanl_gate_cookie);
	group->gate = gate;
	return 0;
}

/**
 * fanl_gate_free - free what a permission group has besides
 * @gate: of a group that nobody uses any more; may be NULL
 */
void fanl_gate_free(struct fanl_gate *gate)
{
	if (gate)
		kfree(gate->spare);
	kfree(gate);
}

int fanl_gate_init(void)
{
	int err;

	fanl_wq = alloc_workqueue("fanotify_nl", WQ_UNBOUND, 0);
	if (!fanl_wq)
		return -ENOMEM;
	err = register_pm_notifier(&fanl_gate_pm_notifier);
	if (err)
		destroy_workqueue(fanl_wq);
	return err;
}

/* When there is no group any more. */
void fanl_gate_exit(void)
{
	unregister_pm_notifier(&fanl_gate_pm_notifier);
	destroy_workqueue(fanl_wq);
}
