// SPDX-License-Identifier: GPL-2.0
/*
 * Members: netlink sockets bound to groups, and the table of them by socket.
 *
 * The registry's lock (group.c) protects the table; look-ups need only RCU.
 */
#include <linux/hashtable.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "group.h"
#include "member.h"

static DEFINE_HASHTABLE(fanl_members, 6);

/**
 * fanl_member_alloc - make a member, not yet of its group
 * @group: the group
 * @sk: the socket
 * @portid: its port id
 *
 * Return: the member, or NULL without memory.
 */
struct fanl_member *fanl_member_alloc(struct fanl_group *group, struct sock *sk,
				      u32 portid)
{
	struct fanl_member *member = kzalloc(sizeof(*member),
					     GFP_KERNEL_ACCOUNT);

	if (!member)
		return NULL;
	member->group = group;
	member->sk = sk;
	if (fanl_queue_init(member)) {
		kfree(member);
		return NULL;
	}
	refcount_set(&member->refs, 1);
	kref_get(&group->kref);
	sock_hold(sk);
	member->portid = portid;
	member->tgid = task_tgid_nr(current);
	INIT_LIST_HEAD(&member->window.delivered);
	member->window.pid = get_pid(task_tgid(current));
	do {
		member->token = get_random_u64();
	} while (!member->token);
	return member;
}

static void fanl_member_free(struct rcu_head *rcu)
{
	struct fanl_member *member = container_of(rcu, struct fanl_member, rcu);

	put_pid(member->window.pid);
	kfree(member);
}

/**
 * fanl_member_put - drop a reference of a member
 * @member: the member
 */
void fanl_member_put(struct fanl_member *member)
{
	if (!refcount_dec_and_test(&member->refs))
		return;
	fanl_queue_purge(&member->queue);
	sock_put(member->sk);
	fanl_group_put(member->group);
	call_rcu(&member->rcu, fanl_member_free);
}

/**
 * fanl_member_register - let a member be found by its socket
 * @member: the member
 *
 * Context: the registry's lock is held.
 */
void fanl_member_register(struct fanl_member *member)
{
	hash_add_rcu(fanl_members, &member->by_sk, (unsigned long)member->sk);
}

/**
 * fanl_member_unregister - let a member not be found any more
 * @member: the member
 *
 * Context: the registry's lock is held.
 */
void fanl_member_unregister(struct fanl_member *member)
{
	hash_del_rcu(&member->by_sk);
}

/**
 * fanl_member_find_sock - the member that a socket is
 * @sk: the socket
 *
 * Context: the registry's lock or RCU's read lock is held, for what it returns.
 * Return: the member or NULL.
 */
struct fanl_member *fanl_member_find_sock(const struct sock *sk)
{
	struct fanl_member *member;

	guard(rcu)();
	hash_for_each_possible_rcu(fanl_members, member, by_sk,
				   (unsigned long)sk)
		if (member->sk == sk)
			return member;
	return NULL;
}

/**
 * fanl_member_by_sock - the member that a socket is
 * @sk: the socket
 *
 * Return: the member, with a reference for the caller, or NULL.
 */
struct fanl_member *fanl_member_by_sock(struct sock *sk)
{
	struct fanl_member *member;

	guard(rcu)();
	member = fanl_member_find_sock(sk);
	if (member && !refcount_inc_not_zero(&member->refs))
		return NULL;
	return member;
}

/**
 * fanl_member_find_dead - a member whose socket was released
 * @portid: the port id that it had
 *
 * Context: the registry's lock is held.
 * Return: the member or NULL.
 */
struct fanl_member *fanl_member_find_dead(u32 portid)
{
	struct fanl_member *member;
	int bucket;

	hash_for_each(fanl_members, bucket, member, by_sk)
		if (member->portid == portid &&
		    sock_flag(member->sk, SOCK_DEAD))
			return member;
	return NULL;
}

/**
 * fanl_member_find_any - any member
 *
 * Context: the registry's lock is held.
 * Return: a member, or NULL if there is none.
 */
struct fanl_member *fanl_member_find_any(void)
{
	struct fanl_member *member;
	int bucket;

	hash_for_each(fanl_members, bucket, member, by_sk)
		return member;
	return NULL;
}

/**
 * fanl_group_pick_member - the member that an object's events go to
 * @group: the group
 * @hash: of the object
 *
 * Always the same one while the members stay the same, so that the order per
 * object holds.
 *
 * Context: the group's lock is held.
 * Return: the member, NULL if there is none.
 */
struct fanl_member *fanl_group_pick_member(struct fanl_group *group,
					   unsigned long hash)
{
	struct fanl_member *member;
	unsigned int skip;

	if (!group->nr_members)
		return NULL;
	skip = group->nr_members > 1 ? hash % group->nr_members : 0;
	list_for_each_entry(member, &group->members, node)
		if (!skip--)
			break;
	return member;
}

static void fanl_member_stats(const struct fanl_member *member,
			      struct fanl_member_stats *stats)
{
	const struct fanl_queue *queue = &member->queue;

	*stats = (struct fanl_member_stats){
		.number = member->number,
		.portid = member->portid,
		.tgid = member->tgid,
		.state = queue->state,
		.seq = queue->seq,
		.pushed = queue->pushed,
		.fetched = queue->fetched,
		.lost = queue->lost,
		.gaps = queue->gaps,
		.waiting = skb_queue_len(&queue->records),
		.waiting_bytes = queue->bytes,
		.waiting_max = queue->bytes_max,
		.merged = queue->merged,
		.unanswered = member->window.nr,
		.answered = member->window.answered,
		.timeouts = member->window.timeouts,
		.row = member->window.row,
	};
}

/**
 * fanl_member_next - walk the members of a group
 * @group: the group
 * @number: least number to find; set to the number that was found
 * @stats: what is told of it
 *
 * Return: whether there is one.
 */
bool fanl_member_next(struct fanl_group *group, unsigned long *number,
		      struct fanl_member_stats *stats)
{
	const struct fanl_member *member;
	bool found = false;

	spin_lock(&group->lock);
	list_for_each_entry(member, &group->members, node) {
		found = member->number >= *number;
		if (found) {
			*number = member->number;
			fanl_member_stats(member, stats);
			break;
		}
	}
	spin_unlock(&group->lock);
	return found;
}
