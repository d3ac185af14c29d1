// SPDX-License-Identifier: GPL-2.0
/*
 * Groups: who is a member of what.
 *
 * Life of a group: the first bind makes it, the last member takes it along:
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
 * and what a group's members are. A group's lock nests in it. It is not taken
 * in fsnotify's callbacks, and is never held together with mark_lock.
 */
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/wait_bit.h>

#include "defer.h"
#include "filter.h"
#include "group.h"
#include "hook.h"
#include "kind.h"
#include "mark.h"
#include "member.h"
#include "merge.h"
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

static DEFINE_MUTEX(fanl_registry_lock);
static DEFINE_XARRAY_ALLOC1(fanl_groups);

atomic_t fanl_generation = ATOMIC_INIT(1);

static bool fanl_unloading;

/* Groups not yet freed, registered or not. */
static atomic_t fanl_nr_groups = ATOMIC_INIT(0);

static void fanl_group_free(struct kref *kref)
{
	struct fanl_group *group = container_of(kref, struct fanl_group, kref);

	xa_destroy(&group->marks);
	mutex_destroy(&group->mark_lock);
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
	xa_init_flags(&group->marks, XA_FLAGS_ALLOC1);

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

/* The end of a group that is in no table (any more) and has no member. */
static void fanl_group_shutdown(struct fanl_group *group)
{
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
	if (fanl_groups_of(group->uid) >= fanl_groups_max) {
		NL_SET_ERR_MSG_FMT(extack,
				   "user has %u groups, the limit of parameter groups_max",
				   fanl_groups_max);
		return -EMFILE;
	}
	if (number) {
		group->number = number;
		return xa_insert(&fanl_groups, number, group,
				 GFP_KERNEL_ACCOUNT);
	}
	return xa_alloc(&fanl_groups, &group->number, group, xa_limit_32b,
			GFP_KERNEL_ACCOUNT);
}

#define FANL_GIVEN(settings, attr) \
	test_bit(FANOTIFY_A_GROUP_##attr, &(settings)->present)

static struct fanl_filters *fanl_group_filters(const struct fanl_group *group)
{
	return rcu_dereference_protected(group->filters,
					 lockdep_is_held(&fanl_registry_lock));
}

/* Does what was given agree with the group that is there? */
static int fanl_group_matches(const struct fanl_group *group,
			      const struct fanl_settings *s,
			      struct netlink_ext_ack *extack)
{
	const char *what = NULL;

	if (FANL_GIVEN(s, PRIORITY) && s->priority != group->priority)
		what = "priority";
	else if (FANL_GIVEN(s, MASK) && s->mask != group->mask)
		what = "mask";
	else if (FANL_GIVEN(s, STAT_MASK) && s->stat_mask != group->stat_mask)
		what = "stat-mask";
	else if (FANL_GIVEN(s, OPEN_FLAGS) && s->open_flags != group->open_flags)
		what = "open-flags";
	else if (FANL_GIVEN(s, QUEUE_LIMIT) && s->queue_limit != group->queue_limit)
		what = "queue-limit";
	else if (FANL_GIVEN(s, FLAGS) && s->flags != group->flags)
		what = "flags";
	else if (FANL_GIVEN(s, FILTERS) &&
		 !fanl_filters_same(s->filters, fanl_group_filters(group)))
		what = "set of filters";
	if (!what)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "group %u exists with another %s",
			   group->number, what);
	return -EEXIST;
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
		err = fanl_group_matches(group, settings, extack);
		return err ? ERR_PTR(err) : group;
	}

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
		if (!group->nr_members) {
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
 * Return: the group, if this was its last member; the caller shuts it down.
 */
static struct fanl_group *fanl_member_remove(struct fanl_member *member)
{
	struct fanl_group *group = member->group;
	struct fanl_member *other;
	unsigned int waiting;
	bool last;

	lockdep_assert_held(&fanl_registry_lock);

	fanl_member_unregister(member);
	member->bound = false;
	atomic_inc(&fanl_generation);
	spin_lock(&group->lock);
	list_del(&member->node);
	last = !--group->nr_members;
	waiting = skb_queue_len(&member->queue.records);
	fanl_queue_close_gap(member);
	if (waiting || atomic_read(&member->sk->sk_rmem_alloc))
		list_for_each_entry(other, &group->members, node)
			fanl_queue_gap(other, FANOTIFY_GAP_REASON_MEMBER_GONE,
				       waiting);
	spin_unlock(&group->lock);
	if (last)
		xa_erase(&fanl_groups, group->number);
	return last ? group : NULL;
}

/**
 * fanl_member_unbind - end a membership
 * @member: the member; the caller keeps its own reference
 *
 * The group goes with its last member.
 */
void fanl_member_unbind(struct fanl_member *member)
{
	struct fanl_group *group = NULL;
	bool bound;

	mutex_lock(&fanl_registry_lock);
	bound = member->bound;
	if (bound)
		group = fanl_member_remove(member);
	mutex_unlock(&fanl_registry_lock);
	if (group)
		fanl_group_shutdown(group);
	if (bound)
		fanl_member_put(member);
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
	group = xa_load(&fanl_groups, number);
	if (!group) {
		NL_SET_ERR_MSG_FMT(extack, "no group %u", number);
		return ERR_PTR(-ENOENT);
	}
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
 * fanl_group_next - walk the groups
 * @number: least number to find; set to the number that was found
 *
 * Return: the group, with a reference for the caller, or NULL.
 */
struct fanl_group *fanl_group_next(unsigned long *number)
{
	struct fanl_group *group;

	guard(mutex)(&fanl_registry_lock);
	group = xa_find(&fanl_groups, number, ULONG_MAX, XA_PRESENT);
	if (group)
		kref_get(&group->kref);
	return group;
}

/**
 * fanl_group_gap - tell all members that something was missed
 * @group: the group
 * @reason: enum fanotify_gap_reason
 */
void fanl_group_gap(struct fanl_group *group, u32 reason)
{
	struct fanl_member *member;

	spin_lock(&group->lock);
	list_for_each_entry(member, &group->members, node)
		fanl_queue_gap(member, reason, 1);
	spin_unlock(&group->lock);
}

/* Of what was queued while nothing was merged, nobody knows what came last. */
static int fanl_group_set_flags(struct fanl_group *group, u32 flags)
{
	struct fanl_member *member;

	if (flags & FANOTIFY_GROUP_FLAG_MERGE)
		list_for_each_entry(member, &group->members, node)
			if (fanl_merge_prepare(&member->queue))
				return -ENOMEM;
	spin_lock(&group->lock);
	WRITE_ONCE(group->flags, flags);
	list_for_each_entry(member, &group->members, node)
		fanl_merge_forget(&member->queue);
	spin_unlock(&group->lock);
	return 0;
}

/**
 * fanl_group_set - change a group's settings
 * @group: the group
 * @settings: validated; what is not given stays. The filters are taken
 *
 * Return: 0; or -ENOMEM, and nothing has changed.
 */
int fanl_group_set(struct fanl_group *group, struct fanl_settings *settings)
{
	struct fanl_filters *old;
	int err;

	guard(mutex)(&fanl_registry_lock);
	if (FANL_GIVEN(settings, FLAGS)) {
		err = fanl_group_set_flags(group, settings->flags);
		if (err)
			return err;
	}
	if (FANL_GIVEN(settings, PRIORITY))
		group->priority = settings->priority;
	if (FANL_GIVEN(settings, MASK))
		WRITE_ONCE(group->mask, settings->mask);
	if (FANL_GIVEN(settings, STAT_MASK))
		WRITE_ONCE(group->stat_mask, settings->stat_mask);
	if (FANL_GIVEN(settings, QUEUE_LIMIT))
		WRITE_ONCE(group->queue_limit, settings->queue_limit);
	if (FANL_GIVEN(settings, FILTERS)) {
		old = fanl_group_filters(group);
		rcu_assign_pointer(group->filters, settings->filters);
		settings->filters = NULL;
		if (old)
			kfree_rcu(old, rcu);
	}
	atomic_inc(&fanl_generation);
	return 0;
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
			group = fanl_member_remove(member);
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

/* Readers that wait on a socket whose group is gone would wait for ever. */
static void fanl_sock_shutdown(struct sock *sk)
{
	WRITE_ONCE(sk->sk_err, ESHUTDOWN);
	sk_error_report(sk);
}

/**
 * fanl_groups_exit - end all groups; see the top of this file
 */
void fanl_groups_exit(void)
{
	struct fanl_member *member;

	mutex_lock(&fanl_registry_lock);
	fanl_unloading = true;
	mutex_unlock(&fanl_registry_lock);
	while ((member = fanl_member_get_any())) {
		struct sock *sk = member->sk;

		fanl_member_unbind(member);
		fanl_sock_shutdown(sk);
		fanl_member_put(member);
	}
	wait_var_event(&fanl_nr_groups, !atomic_read(&fanl_nr_groups));
	fsnotify_wait_marks_destroyed();
}
