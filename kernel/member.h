/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Members: netlink sockets bound to groups.
 */
#ifndef _FANL_MEMBER_H
#define _FANL_MEMBER_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <net/sock.h>

#include "gate.h"
#include "queue.h"

struct fanl_group;

/**
 * struct fanl_member - a netlink socket bound to a group
 * @refs: one while bound, one for each command under way
 * @group: the group, of which the member holds a reference
 * @sk: the socket, held
 * @portid: the socket's port id, which others may use once it is released
 * @tgid: process that bound
 * @number: number in the group
 * @token: what commands about the member must know
 * @node: in the group's list of members
 * @by_sk: in the table of members by socket
 * @bound: still a member [fanl_registry_lock]
 * @queue: events on their way [group's lock]
 * @window: permission events that it has to answer
 * @rcu: frees it
 */
struct fanl_member {
	refcount_t		refs;
	struct fanl_group	*group;
	struct sock		*sk;
	u32			portid;
	pid_t			tgid;
	u32			number;
	u64			token;
	struct list_head	node;
	struct hlist_node	by_sk;
	bool			bound;
	struct fanl_queue	queue;
	struct fanl_window	window;
	struct rcu_head		rcu;
};

/**
 * struct fanl_member_stats - what can be told of a member
 * @number: number in the group
 * @portid: port id of its socket
 * @tgid: process that bound
 * @state: enum fanotify_delivery
 * @seq: seq of the last event
 * @pushed: events sent at once
 * @fetched: events handed out by fetches
 * @lost: events that GAPs stand for
 * @gaps: GAPs made
 * @waiting: events in the queue
 * @waiting_bytes: memory that they take
 * @waiting_max: the most it has been
 * @merged: events merged into others
 * @unanswered: permission events delivered and not answered yet
 * @answered: permission events answered
 * @timeouts: permission events not answered in time
 * @row: timeouts since the last answer
 */
struct fanl_member_stats {
	u32	number;
	u32	portid;
	u32	tgid;
	u32	state;
	u64	seq;
	u64	pushed;
	u64	fetched;
	u64	lost;
	u64	gaps;
	u64	waiting;
	u64	waiting_bytes;
	u64	waiting_max;
	u64	merged;
	u64	unanswered;
	u64	answered;
	u64	timeouts;
	u64	row;
};

struct fanl_member *fanl_member_alloc(struct fanl_group *group, struct sock *sk,
				      u32 portid);
void fanl_member_put(struct fanl_member *member);

void fanl_member_register(struct fanl_member *member);
void fanl_member_unregister(struct fanl_member *member);
struct fanl_member *fanl_member_find_sock(const struct sock *sk);
struct fanl_member *fanl_member_by_sock(struct sock *sk);
struct fanl_member *fanl_member_find_dead(u32 portid);
struct fanl_member *fanl_member_find_any(void);

struct fanl_member *fanl_group_pick_member(struct fanl_group *group,
					   unsigned long hash);
bool fanl_member_next(struct fanl_group *group, unsigned long *number,
		      struct fanl_member_stats *stats);

#endif /* _FANL_MEMBER_H */
