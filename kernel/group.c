// SPDX-License-Identifier: GPL-2.0
/*
 * Groups: who is a member of what.
 *
 * Life of a group: the first bind makes it, the last member takes it along (a
 * permission group may stay without members for a while: gate.c):
 * it leaves the table of groups, then its marks go, then the reference of its
 * fsnotify group. That one is freed when fsnotify's reaper has freed the last
 * mark, and only then, in free_group_priv, is the reference on struct
 * fanl_group dropped that fsnotify's callbacks lived on.
 *
 * Unloading (fanl_groups_exit()): nothing can be bound any more, and all members
 * are unbound. Commands may still hold a group; marks may still be in the hands
 * of an unmount or of an inode's eviction on another CPU, with a reference of
 * their own. So the number of groups is waited for, not only fsnotify's reaper;
 * then the reaper is flushed once more, because the last callback may not have
 * returned yet. The family goes after that, so that no event can be multicast to
 * a group id that is another family's by then.
 *
 * Locking: fanl_registry_lock protects the tables of groups and of members,
 * and what a group's members and settings are. A group's lock nests in it. It is
 * not taken in fsnotify's callbacks, and is never held together with mark_lock.
 */
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/wait_bit.h>

#include "defer.h"
#include "group.h"
#include "hook.h"
#include "journal.h"
#include "kind.h"
#include "mark.h"
#include "member.h"
#include "operation.h"

ulong fanl_queue_max = 1UL << 30;
module_param_named(queue_max, fanl_queue_max, ulong, 0644);
MODULE_PARM_DESC(queue_max, "Largest queue limit of a group, in bytes");

uint fanl_groups_max = 128;
module_param_named(groups_max, fanl_groups_max, uint, 0644);
MODULE_PARM_DESC(groups_max, "Groups per user");

uint fanl_marks_max = 1 << 20;
module_param_named(marks_max, fanl_marks_max, uint, 0644);
MODULE_PARM_DESC(marks_max, "Marks per group");

DEFINE_MUTEX(fanl_registry_lock);
static DEFINE_XARRAY_ALLOC1(fanl_groups);

atomic_t fanl_generation = ATOMIC_INIT(1);

static bool fanl_unloading;

/* Groups not yet freed, registered or not. */
static atomic_t fanl_nr_groups = ATOMIC_INIT(0);

static void fanl_group_free(struct kref *kref)
{
	struct fanl_group *group = container_of(kref, struct fanl_group, kref);

	xa_destroy(&group->marks);
	fanl_gate_free(group->gate);
	fanl_journal_free(group->journal);
	mutex_destroy(&group->mark_lock);
	mutex_destroy(&group->adding);
	/* fsnotify's callbacks are over */
	kfree(rcu_access_pointer(group->filters));
	kfree(group);
	fanl_operations_unuse();
	if (atomic_dec_and_test(&fanl_nr_groups))
		wake_up_var(&fanl_nr_groups);
}

/**
 * fanl_group_put - drop a reference of a group
 * @group: the group
 */
void fanl_group_put(struct fanl_group *group)
{
	kref_put(&group->kref, fanl_group_free);
}

static void fanl_group_enable(struct fanl_deferred *deferred)
{
	struct fanl_group *group = container_of(deferred, struct fanl_group,
						enable);

	fanl_operations_enable();
	fanl_group_put(group);
}

static struct fanl_group *fanl_group_alloc(struct fanl_settings *settings)
{
	struct fanl_group *group = kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);

	if (!group)
		return ERR_PTR(-ENOMEM);

	kref_init(&group->kref);
	atomic_inc(&fanl_nr_groups);
	fanl_operations_use();
	group->uid = current_uid();
	group->flags = settings->flags;
	group->open_flags = settings->open_flags;
	group->priority = settings->priority;
	group->mask = settings->mask;
	group->stat_mask = settings->stat_mask;
	group->queue_limit = settings->queue_limit;
	RCU_INIT_POINTER(group->filters, settings->filters);
	settings->filters = NULL;
	spin_lock_init(&group->lock);
	INIT_LIST_HEAD(&group->members);
	mutex_init(&group->mark_lock);
	mutex_init(&group->adding);
	xa_init_flags(&group->marks, XA_FLAGS_ALLOC1);
	if ((group->flags & FANOTIFY_GROUP_FLAG_PERMISSION) &&
	    fanl_gate_alloc(group, &settings->gate)) {
		fanl_group_put(group);
		return ERR_PTR(-ENOMEM);
	}

	group->fsn = fsnotify_alloc_group(&fanl_fsnotify_ops,
					  FSNOTIFY_GROUP_USER);
	if (IS_ERR(group->fsn)) {
		int err = PTR_ERR(group->fsn);

		fanl_group_put(group);
		return ERR_PTR(err);
	}
	kref_get(&group->kref);
	group->fsn->private = group;
	group->fsn->memcg = get_mem_cgroup_from_mm(current->mm);
	kref_get(&group->kref);
	group->enable.run = fanl_group_enable;
	fanl_defer(&group->enable);
	return group;
}

/**
 * fanl_group_of_journal - make a journal's group
 * @journal: the journal, which is freed with the group
 * @queue_limit: bytes of memory for its events
 *
 * Return: the group; or an error, and the journal is not freed.
 */
struct fanl_group *fanl_group_of_journal(struct fanl_journal *journal,
					 size_t queue_limit)
{
	struct fanl_settings settings = {
		.mask = FANL_KINDS_JOURNAL,
		.stat_mask = FANL_STAT_ALL,
		.queue_limit = queue_limit,
	};
	struct fanl_group *group = fanl_group_alloc(&settings);

	if (!IS_ERR(group))
		group->journal = journal;
	return group;
}

/**
 * fanl_group_shutdown - end a group
 * @group: in no table (any more), and without a member
 */
void fanl_group_shutdown(struct fanl_group *group)
{
	if (group->gate)
		fanl_gate_unregister(group);
	fanl_marks_close(group);
	fsnotify_put_group(group->fsn);
	fanl_group_put(group);
}

static unsigned int fanl_groups_of(kuid_t uid)
{
	struct fanl_group *group;
	unsigned long number;
	unsigned int nr = 0;

	xa_for_each(&fanl_groups, number, group)
		nr += uid_eq(group->uid, uid);
	return nr;
}

static int fanl_group_register(struct fanl_group *group, u32 number,
			       struct netlink_ext_ack *extack)
{
	int err;

	if (fanl_groups_of(group->uid) >= fanl_groups_max) {
		NL_SET_ERR_MSG_FMT(extack,
				   "user has %u groups, the limit of parameter groups_max",
				   fanl_groups_max);
		return -EMFILE;
	}
	if (number) {
		group->number = number;
		err = xa_insert(&fanl_groups, number, group,
				GFP_KERNEL_ACCOUNT);
	} else {
		err = xa_alloc(&fanl_groups, &group->number, group,
			       xa_limit_32b, GFP_KERNEL_ACCOUNT);
	}
	if (!err && group->gate) {
		err = fanl_gate_register(group, extack);
		if (err)
			xa_erase(&fanl_groups, group->number);
	}
	return err;
}

/*
 * Look the group up, or make it. On success it is in the table; a group that
 * could not be put there is left in *@unused.
 */
static struct fanl_group *fanl_group_for_bind(struct fanl_settings *settings,
					      bool excl,
					      struct fanl_group **unused,
					      struct netlink_ext_ack *extack)
{
	struct fanl_group *group = NULL;
	int err;

	if (fanl_unloading) {
		NL_SET_ERR_MSG(extack, "module is being unloaded");
		return ERR_PTR(-ESHUTDOWN);
	}

	if (settings->number)
		group = xa_load(&fanl_groups, settings->number);
	if (group) {
		if (excl) {
			NL_SET_ERR_MSG_FMT(extack, "group %u exists",
					   group->number);
			return ERR_PTR(-EEXIST);
		}
		if (group->nr_members >= FANL_MEMBERS_MAX) {
			NL_SET_ERR_MSG_FMT(extack, "group %u has %u members, the limit",
					   group->number, group->nr_members);
			return ERR_PTR(-EMFILE);
		}
		err = fanl_settings_match(group, settings, extack);
		return err ? ERR_PTR(err) : group;
	}

	err = fanl_settings_check(settings, extack);
	if (err)
		return ERR_PTR(err);
	group = fanl_group_alloc(settings);
	if (IS_ERR(group))
		return group;
	err = fanl_group_register(group, settings->number, extack);
	if (err) {
		*unused = group;
		return ERR_PTR(err);
	}
	return group;
}

static u32 fanl_member_free_number(const struct fanl_group *group)
{
	const struct fanl_member *member;
	u32 number = 1;

	/* in ascending order of their numbers */
	list_for_each_entry(member, &group->members, node) {
		if (member->number != number)
			break;
		number++;
	}
	return number;
}

static void fanl_group_add_member(struct fanl_group *group,
				  struct fanl_member *member)
{
	struct fanl_member *next;

	member->number = fanl_member_free_number(group);
	spin_lock(&group->lock);
	list_for_each_entry(next, &group->members, node)
		if (next->number > member->number)
			break;
	list_add_tail(&member->node, &next->node);
	group->nr_members++;
	spin_unlock(&group->lock);
	member->bound = true;
	atomic_inc(&fanl_generation);
	fanl_member_register(member);
	if (group->gate)
		fanl_gate_join(group, member);
}

static int fanl_member_may_bind(struct sock *sk, struct netlink_ext_ack *extack)
{
	struct fanl_member *member;

	if (task_active_pid_ns(current) != &init_pid_ns) {
		NL_SET_ERR_MSG(extack,
			       "events carry process ids of the initial pid namespace; bind from there");
		return -EOPNOTSUPP;
	}
	if (READ_ONCE(sk->sk_rcvbuf) < FANL_RCVBUF_MIN) {
		NL_SET_ERR_MSG_FMT(extack,
				   "receive buffer of %d bytes is too small, %d are needed (SO_RCVBUF)",
				   READ_ONCE(sk->sk_rcvbuf), FANL_RCVBUF_MIN);
		return -ENOBUFS;
	}
	member = fanl_member_find_sock(sk);
	if (member) {
		NL_SET_ERR_MSG_FMT(extack, "socket is a member of group %u already",
				   member->group->number);
		return -EBUSY;
	}
	return 0;
}

/* Without members, and not since it has lost them. */
static bool fanl_group_is_new(const struct fanl_group *group)
{
	return !group->nr_members &&
	       (!group->gate || group->gate->state == FANL_GATE_ACTIVE);
}

/**
 * fanl_member_bind - make a socket a member of a group
 * @sk: the socket that asks
 * @portid: its port id
 * @settings: validated; defaults filled in for what was not given. A new group
 *	takes the filters
 * @excl: the group may not exist yet
 * @extack: where the reason of a refusal goes
 *
 * Return: the member, with a reference for the caller; or an error:
 * -EBUSY, the socket is a member already; -EEXIST, the group exists, with
 * other settings or at all; -EMFILE, a limit; -ENOBUFS, receive buffer too
 * small; -EOPNOTSUPP, not in the initial pid namespace; -ESHUTDOWN, the module
 * is being unloaded; -ENOMEM.
 */
struct fanl_member *fanl_member_bind(struct sock *sk, u32 portid,
				     struct fanl_settings *settings, bool excl,
				     struct netlink_ext_ack *extack)
{
	struct fanl_member *member = NULL;
	struct fanl_group *group, *unused = NULL;
	int err;

	mutex_lock(&fanl_registry_lock);
	err = fanl_member_may_bind(sk, extack);
	if (err)
		goto unlock;
	group = fanl_group_for_bind(settings, excl, &unused, extack);
	if (IS_ERR(group)) {
		err = PTR_ERR(group);
		goto unlock;
	}
	member = fanl_member_alloc(group, sk, portid);
	if (member) {
		refcount_inc(&member->refs);
		fanl_group_add_member(group, member);
	} else {
		err = -ENOMEM;
		if (fanl_group_is_new(group)) {
			xa_erase(&fanl_groups, group->number);
			unused = group;
		}
	}
unlock:
	mutex_unlock(&fanl_registry_lock);
	if (unused)
		fanl_group_shutdown(unused);
	return err ? ERR_PTR(err) : member;
}

/*
 * Take a member out of its group. What it had not read is lost to the others,
 * and they are told.
 *
 * Return: the group, if it ends; the caller shuts it down.
 */
static struct fanl_group *fanl_member_remove(struct fanl_member *member,
					     enum fanl_leave why)
{
	struct fanl_group *group = member->group;
	struct fanl_member *other;
	unsigned int waiting;
	bool last, ended;

	lockdep_assert_held(&fanl_registry_lock);

	fanl_member_unregister(member);
	member->bound = false;
	atomic_inc(&fanl_generation);
	spin_lock(&group->lock);
	list_del(&member->node);
	/* what times out until the gate knows that it has left is no reason to evict it */
	member->window.evicted = true;
	last = !--group->nr_members;
	waiting = skb_queue_len(&member->queue.records);
	fanl_queue_close_gap(member);
	if (member->queue.bytes || atomic_read(&member->sk->sk_rmem_alloc)) {
		list_for_each_entry(other, &group->members, node)
			fanl_queue_gap(other, FANOTIFY_GAP_REASON_MEMBER_GONE,
				       waiting);
		/* requests are delivered again, and are not counted here */
		if (last && group->gate && member->queue.seq)
			group->gate->missed += max(waiting, 1U);
	}
	spin_unlock(&group->lock);
	ended = group->gate ? fanl_gate_leave(group, member, why, last) : last;
	if (ended)
		xa_erase(&fanl_groups, group->number);
	return ended ? group : NULL;
}

/* Readers that wait on a socket whose group is gone would wait for ever. */
static void fanl_sock_shutdown(struct sock *sk)
{
	WRITE_ONCE(sk->sk_err, ESHUTDOWN);
	sk_error_report(sk);
}

static void fanl_member_end(struct fanl_member *member, enum fanl_leave why)
{
	struct fanl_group *group = NULL;
	bool bound;

	mutex_lock(&fanl_registry_lock);
	bound = member->bound;
	if (bound)
		group = fanl_member_remove(member, why);
	/* not later: the socket may be bound elsewhere by then */
	if (bound && why == FANL_LEAVE_EVICTED)
		fanl_sock_shutdown(member->sk);
	mutex_unlock(&fanl_registry_lock);
	if (group)
		fanl_group_shutdown(group);
	if (bound)
		fanl_member_put(member);
}

/**
 * fanl_member_unbind - end a membership
 * @member: the member; the caller keeps its own reference
 *
 * The group goes with its last member.
 */
void fanl_member_unbind(struct fanl_member *member)
{
	fanl_member_end(member, FANL_LEAVE_UNBOUND);
}

/**
 * fanl_member_unbind_untold - end a membership that nobody has learned of
 * @member: the member; the caller keeps its own reference
 *
 * What waited for one to decide waits on, or is decided as if it had died: a command that
 * fails must not let it through.
 */
void fanl_member_unbind_untold(struct fanl_member *member)
{
	fanl_member_end(member, member->window.took_over ? FANL_LEAVE_GONE :
							   FANL_LEAVE_UNBOUND);
}

static struct fanl_group *fanl_group_find(u32 number,
					  struct netlink_ext_ack *extack)
{
	struct fanl_group *group = xa_load(&fanl_groups, number);

	lockdep_assert_held(&fanl_registry_lock);
	if (!group)
		NL_SET_ERR_MSG_FMT(extack, "no group %u", number);
	return group;
}

/**
 * fanl_member_by_token - the member that a command speaks of
 * @number: of its group
 * @token: as bind returned it
 * @extack: where the reason of a refusal goes
 *
 * Return: the member, with a reference for the caller; -ENOENT, no such
 * group; -EACCES, wrong token.
 */
struct fanl_member *fanl_member_by_token(u32 number, u64 token,
					 struct netlink_ext_ack *extack)
{
	struct fanl_member *member;
	struct fanl_group *group;

	guard(mutex)(&fanl_registry_lock);
	group = fanl_group_find(number, extack);
	if (!group)
		return ERR_PTR(-ENOENT);
	list_for_each_entry(member, &group->members, node) {
		if (member->token == token) {
			refcount_inc(&member->refs);
			return member;
		}
	}
	NL_SET_ERR_MSG_FMT(extack, "token is not of a member of group %u",
			   number);
	return ERR_PTR(-EACCES);
}

/**
 * fanl_group_by_number - the group that a command speaks of
 * @number: of the group
 * @extack: where the reason of a refusal goes
 *
 * Return: the group, with a reference for the caller; -ENOENT, no such group.
 */
struct fanl_group *fanl_group_by_number(u32 number,
					struct netlink_ext_ack *extack)
{
	struct fanl_group *group;

	guard(mutex)(&fanl_registry_lock);
	group = fanl_group_find(number, extack);
	if (!group)
		return ERR_PTR(-ENOENT);
	kref_get(&group->kref);
	return group;
}

/**
 * fanl_group_next - walk the groups
 * @number: least number to find; set to the number that was found
 *
 * Return: the group, with a reference for the caller, or NULL.
 */
struct fanl_group *fanl_group_next(u64 *number)
{
	unsigned long index = *number;
	struct fanl_group *group;

	if (*number > U32_MAX)
		return NULL;
	guard(mutex)(&fanl_registry_lock);
	group = xa_find(&fanl_groups, &index, U32_MAX, XA_PRESENT);
	if (group)
		kref_get(&group->kref);
	*number = index;
	return group;
}

/**
 * fanl_group_gap - tell all members that something was missed
 * @group: the group
 * @reason: enum fanotify_gap_reason
 *
 * A permission group without any tells the next one.
 */
void fanl_group_gap(struct fanl_group *group, u32 reason)
{
	struct fanl_member *member;

	spin_lock(&group->lock);
	list_for_each_entry(member, &group->members, node)
		fanl_queue_gap(member, reason, 1);
	if (!group->nr_members && group->gate) {
		group->gate->missed++;
		group->gate->missed_reason = reason;
	}
	spin_unlock(&group->lock);
}

/**
 * fanl_group_lift - end a permission group that has lost its members
 * @number: of the group
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -ENOENT, no such group; -EBUSY, it has members.
 */
int fanl_group_lift(u32 number, struct netlink_ext_ack *extack)
{
	struct fanl_group *group;
	int err = 0;

	mutex_lock(&fanl_registry_lock);
	group = fanl_group_find(number, extack);
	if (!group) {
		err = -ENOENT;
	} else if (group->nr_members) {
		NL_SET_ERR_MSG_FMT(extack, "group %u has %u members", number,
				   group->nr_members);
		err = -EBUSY;
	} else {
		fanl_gate_lift(group);
		xa_erase(&fanl_groups, number);
	}
	mutex_unlock(&fanl_registry_lock);
	if (!err)
		fanl_group_shutdown(group);
	return err;
}

/* What echo 1 >/sys/module/fanotify_nl/parameters/gate_lift does. */
static int fanl_gate_lift_set(const char *value, const struct kernel_param *kp)
{
	struct fanl_group *group;
	u64 number = 0;
	bool lift;
	int err;

	err = kstrtobool(value, &lift);
	if (err || !lift)
		return err;
	while ((group = fanl_group_next(&number))) {
		fanl_group_lift(number, NULL);
		fanl_group_put(group);
		number++;
	}
	return 0;
}

static const struct kernel_param_ops fanl_gate_lift_ops = {
	.set = fanl_gate_lift_set,
};

module_param_cb(gate_lift, &fanl_gate_lift_ops, NULL, 0200);
MODULE_PARM_DESC(gate_lift, "Write 1 to end all permission groups that have no member");

/**
 * fanl_group_linger_over - the time for a successor is over
 * @group: a permission group
 */
void fanl_group_linger_over(struct fanl_group *group)
{
	bool ended;

	mutex_lock(&fanl_registry_lock);
	ended = fanl_gate_linger_over(group);
	/* one that was evicted and is still there takes the group along */
	ended = ended && !group->nr_members;
	if (ended)
		xa_erase(&fanl_groups, group->number);
	mutex_unlock(&fanl_registry_lock);
	if (ended)
		fanl_group_shutdown(group);
}

static struct fanl_member *fanl_group_get_evicted(struct fanl_group *group)
{
	struct fanl_member *member;

	guard(mutex)(&fanl_registry_lock);
	list_for_each_entry(member, &group->members, node) {
		if (READ_ONCE(member->window.evicted)) {
			refcount_inc(&member->refs);
			return member;
		}
	}
	return NULL;
}

/**
 * fanl_group_unbind_evicted - unbind the members that were evicted
 * @group: a permission group
 */
void fanl_group_unbind_evicted(struct fanl_group *group)
{
	struct fanl_member *member;

	while ((member = fanl_group_get_evicted(group))) {
		fanl_member_end(member, FANL_LEAVE_EVICTED);
		fanl_member_put(member);
	}
}

/**
 * fanl_groups_release_port - a netlink socket was released
 * @portid: its port id
 *
 * By the time of the notifier another socket may have the port id; only a
 * member whose own socket is dead goes.
 */
void fanl_groups_release_port(u32 portid)
{
	struct fanl_member *member;

	do {
		struct fanl_group *group = NULL;

		mutex_lock(&fanl_registry_lock);
		member = fanl_member_find_dead(portid);
		if (member)
			group = fanl_member_remove(member, FANL_LEAVE_GONE);
		mutex_unlock(&fanl_registry_lock);
		if (group)
			fanl_group_shutdown(group);
		if (member)
			fanl_member_put(member);
	} while (member);
}

static struct fanl_member *fanl_member_get_any(void)
{
	struct fanl_member *member;

	guard(mutex)(&fanl_registry_lock);
	member = fanl_member_find_any();
	if (member)
		refcount_inc(&member->refs);
	return member;
}

/* A group that has lost its members, which ends now. */
static struct fanl_group *fanl_group_end_any(void)
{
	struct fanl_group *group;
	unsigned long number;

	guard(mutex)(&fanl_registry_lock);
	xa_for_each(&fanl_groups, number, group) {
		if (group->nr_members)
			continue;
		fanl_gate_lift(group);
		xa_erase(&fanl_groups, number);
		return group;
	}
	return NULL;
}

/**
 * fanl_groups_exit - end all groups; see the top of this file
 */
void fanl_groups_exit(void)
{
	struct fanl_member *member;
	struct fanl_group *group;

	mutex_lock(&fanl_registry_lock);
	fanl_unloading = true;
	mutex_unlock(&fanl_registry_lock);
	while ((member = fanl_member_get_any())) {
		struct sock *sk = member->sk;

		fanl_member_unbind(member);
		fanl_sock_shutdown(sk);
		fanl_member_put(member);
	}
	while ((group = fanl_group_end_any()))
		fanl_group_shutdown(group);
	wait_var_event(&fanl_nr_groups, !atomic_read(&fanl_nr_groups));
	fsnotify_wait_marks_destroyed();
}
