/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accesses that wait for a verdict.
 */
#ifndef _FANL_PERM_H
#define _FANL_PERM_H

#include <linux/list.h>
#include <linux/path.h>
#include <linux/sched.h>
#include <linux/skbuff.h>

#include "gate.h"

struct fanl_gate_mark;

/**
 * enum fanl_perm_state - where an access stands
 * @FANL_PERM_PARKED: its user has as many pending ones as may be
 * @FANL_PERM_ADMITTED: it is pending; its task is to make a message ready
 * @FANL_PERM_QUEUED: it waits in its user's queue
 * @FANL_PERM_DELIVERED: a member is to answer it; the clock runs
 * @FANL_PERM_DONE: it is decided
 */
enum fanl_perm_state {
	FANL_PERM_PARKED,
	FANL_PERM_ADMITTED,
	FANL_PERM_QUEUED,
	FANL_PERM_DELIVERED,
	FANL_PERM_DONE,
};

/**
 * struct fanl_perm - an access that waits for a verdict; on its task's stack
 * @node: in the list that its state says
 * @by_id: in the gate's table, once it has an id
 * @task: who waits
 * @share: of its user
 * @member: who is to answer it
 * @path: what is accessed
 * @kinds: kinds of the access
 * @skb: the event, until it is delivered
 * @id: of the event
 * @begun: when the wait began, as fanl_gate_now() has it
 * @since: when the clock was started last, as @begun
 * @state: where it stands
 * @seen: it was delivered at least once
 * @audit: the verdict is to be recorded
 * @error: the outcome, an errno, 0 to go on
 * @memory: sees changes of the file, or NULL
 * @memory_seq: its count of changes when the access was asked about
 * @memory_cookie: of what the group remembered when the event was delivered
 * @said: control events that the task is to send, a bit each
 * @said_member: number of the member that they are about
 * @said_tgid: process that bound it
 *
 * Protected by the group's lock from fanl_perm_begin() to fanl_perm_end(), but
 * for what is constant, and @skb while it is not queued.
 */
struct fanl_perm {
	struct list_head	node;
	struct hlist_node	by_id;
	struct task_struct	*task;
	struct fanl_share	*share;
	struct fanl_member	*member;
	const struct path	*path;
	u64			kinds;
	struct sk_buff		*skb;
	u64			id;
	unsigned long		begun;
	unsigned long		since;
	enum fanl_perm_state	state;
	bool			seen;
	bool			audit;
	int			error;
	struct fanl_gate_mark	*memory;
	unsigned int		memory_seq;
	u64			memory_cookie;
	u32			said;
	u32			said_member;
	u32			said_tgid;
};

/**
 * struct fanl_share - what one user has to do with one permission group
 * @node: in the gate's table by user
 * @ring: in the gate's ring, while @queue is not empty
 * @queue: queued accesses, oldest first
 * @parked: parked accesses, oldest first
 * @uid: the user
 * @users: its accesses, parked ones among them
 * @pending: its accesses but the parked ones
 * @told: that there are parked ones was told
 * @delivered: how many of them each member has to answer, by its number
 *
 * Protected by the group's lock.
 */
struct fanl_share {
	struct hlist_node	node;
	struct list_head	ring;
	struct list_head	queue;
	struct list_head	parked;
	kuid_t			uid;
	unsigned int		users;
	unsigned int		pending;
	bool			told;
	u16			delivered[FANL_MEMBERS_MAX];
};

/**
 * struct fanl_answer - a verdict
 * @id: of the event
 * @response: enum fanotify_verdict
 * @error: of deny, an errno
 * @flags: enum fanotify_verdict_flag
 */
struct fanl_answer {
	u64	id;
	u32	response;
	u32	error;
	u32	flags;
};

typedef struct sk_buff *(*fanl_perm_make)(struct fanl_group *group, void *arg);

int fanl_perm_ask(struct fanl_group *group, struct fanl_perm *perm,
		  fanl_perm_make make, void *arg);
int fanl_perm_answer(struct fanl_member *member,
		     const struct fanl_answer *answer,
		     struct netlink_ext_ack *extack);
int fanl_perm_path(struct fanl_member *member, u64 id, struct path *path,
		   struct netlink_ext_ack *extack);
bool fanl_errno_allowed(u32 error);

void fanl_perm_done(struct fanl_group *group, struct fanl_perm *perm, int error);
void fanl_perm_requeue(struct fanl_group *group, struct fanl_member *member);
u32 fanl_perm_time(const struct fanl_group *group, const struct fanl_perm *perm);
long fanl_perm_look(struct fanl_group *group, struct fanl_perm *perm,
		    unsigned long now);
void fanl_perm_begin(struct fanl_group *group, struct fanl_perm *perm,
		     struct fanl_share *share);
struct fanl_share *fanl_perm_end(struct fanl_group *group,
				 struct fanl_perm *perm);

/* perm-fair.c */
struct fanl_share *fanl_share_find(struct fanl_gate *gate, kuid_t uid);
struct fanl_share *fanl_share_alloc(kuid_t uid);
void fanl_fair_admit(struct fanl_group *group, struct fanl_share *share);
void fanl_fair_queue(struct fanl_group *group, struct fanl_perm *perm);
void fanl_fair_unqueue(struct fanl_perm *perm);
void fanl_fair_undeliver(struct fanl_perm *perm);
void fanl_fair_pump(struct fanl_group *group);

#endif /* _FANL_PERM_H */
