// SPDX-License-Identifier: GPL-2.0
/*
 * Who is asked about which access, and when: one user after the other.
 *
 * Each user has a share: a queue of its accesses, of which only so many are
 * pending at a time; the others are parked, and cost no more than their task.
 * Shares with something in the queue stand in a ring. Whenever a member has a
 * place in its window, the first share of the ring that may have it gets it, and
 * goes to the end of the ring.
 *
 * A member answers in the order in which it was sent events, so what is delivered
 * is ahead of whoever comes next. One user has at most a quarter of the places that
 * are free, and one: then some always are, and another user waits for a fifth of
 * the window where one floods, for less than two thirds where eight do.
 */
#include <linux/slab.h>

#include "event.h"
#include "group.h"
#include "member.h"
#include "perm.h"

/**
 * fanl_share_find - the share of a user
 * @gate: the gate; its group's lock is held
 * @uid: the user
 *
 * Return: the share, NULL if the user has nothing to do with the group.
 */
struct fanl_share *fanl_share_find(struct fanl_gate *gate, kuid_t uid)
{
	struct fanl_share *share;

	hash_for_each_possible(gate->shares, share, node, __kuid_val(uid))
		if (uid_eq(share->uid, uid))
			return share;
	return NULL;
}

/**
 * fanl_share_alloc - make a share
 * @uid: the user
 *
 * Return: the share, or NULL without memory.
 */
struct fanl_share *fanl_share_alloc(kuid_t uid)
{
	struct fanl_share *share = kzalloc(sizeof(*share), GFP_KERNEL_ACCOUNT);

	if (!share)
		return NULL;
	INIT_LIST_HEAD(&share->ring);
	INIT_LIST_HEAD(&share->queue);
	INIT_LIST_HEAD(&share->parked);
	share->uid = uid;
	return share;
}

/**
 * fanl_fair_admit - let parked accesses take the places that have become free
 * @group: the group; its lock is held
 * @share: the share
 */
void fanl_fair_admit(struct fanl_group *group, struct fanl_share *share)
{
	struct fanl_gate *gate = group->gate;
	struct fanl_perm *perm;

	while (share->pending < gate->set.uid_pending &&
	       (perm = list_first_entry_or_null(&share->parked,
						struct fanl_perm, node))) {
		list_del(&perm->node);
		gate->stats.parked--;
		gate->stats.pending++;
		share->pending++;
		perm->state = FANL_PERM_ADMITTED;
		wake_up_process(perm->task);
	}
	if (list_empty(&share->parked))
		share->told = false;
}

/**
 * fanl_fair_queue - put an access into its user's queue
 * @group: the group; its lock is held
 * @perm: the access, with a message ready; one that was delivered before goes
 *	ahead of those that were not
 */
void fanl_fair_queue(struct fanl_group *group, struct fanl_perm *perm)
{
	struct fanl_share *share = perm->share;

	perm->state = FANL_PERM_QUEUED;
	if (perm->seen)
		list_add(&perm->node, &share->queue);
	else
		list_add_tail(&perm->node, &share->queue);
	if (list_empty(&share->ring))
		list_add_tail(&share->ring, &group->gate->ring);
}

/**
 * fanl_fair_unqueue - take an access out of its user's queue
 * @perm: the access, queued; its group's lock is held
 */
void fanl_fair_unqueue(struct fanl_perm *perm)
{
	list_del(&perm->node);
	if (list_empty(&perm->share->queue))
		list_del_init(&perm->share->ring);
}

/**
 * fanl_fair_undeliver - give the place in its member's window back
 * @perm: the access, delivered; its group's lock is held
 */
void fanl_fair_undeliver(struct fanl_perm *perm)
{
	struct fanl_member *member = perm->member;

	list_del(&perm->node);
	member->window.nr--;
	perm->share->delivered[member->number - 1]--;
	perm->member = NULL;
}

static void fanl_fair_deliver(struct fanl_group *group,
			      struct fanl_member *member,
			      struct fanl_perm *perm)
{
	fanl_fair_unqueue(perm);
	perm->skb = NULL;
	perm->member = member;
	perm->state = FANL_PERM_DELIVERED;
	perm->seen = true;
	perm->memory_cookie = group->gate->cookie;
	perm->since = fanl_gate_now();
	list_add_tail(&perm->node, &member->window.delivered);
	member->window.nr++;
	perm->share->delivered[member->number - 1]++;
}

/* How much of a window with @nr events in it one user may have. */
static unsigned int fanl_fair_most(const struct fanl_gate *gate,
				   unsigned int nr)
{
	return max((gate->set.window - nr) / 4, 1);
}

enum fanl_served {
	FANL_SERVED,
	FANL_SHARE_FULL,
	FANL_ALL_FULL,
};

/*
 * Deliver the first access of a share to the member that has the least to
 * answer. A member whose socket has no room is told to fetch, and looked at again
 * when it does.
 */
static enum fanl_served fanl_fair_serve(struct fanl_group *group,
					struct fanl_share *share)
{
	struct fanl_gate *gate = group->gate;
	struct fanl_perm *perm = list_first_entry(&share->queue,
						  struct fanl_perm, node);
	struct fanl_member *member, *best = NULL;
	bool full = true;
	u64 deadline;

	list_for_each_entry(member, &group->members, node) {
		const struct fanl_window *window = &member->window;

		if (window->evicted || window->nr >= gate->set.window)
			continue;
		if (!fanl_queue_ready(member, perm->skb))
			continue;
		full = false;
		if (share->delivered[member->number - 1] <
			    fanl_fair_most(gate, window->nr) &&
		    (!best || window->nr < best->window.nr))
			best = member;
	}
	if (!best)
		return full ? FANL_ALL_FULL : FANL_SHARE_FULL;
	deadline = ktime_get_boottime_ns() +
		   (u64)fanl_perm_time(group, perm) * NSEC_PER_MSEC;
	fanl_event_stamp_deadline(perm->skb, deadline);
	fanl_queue_deliver(best, perm->skb);
	fanl_fair_deliver(group, best, perm);
	return FANL_SERVED;
}

/**
 * fanl_fair_pump - deliver what can be delivered
 * @group: a permission group; its lock is held
 *
 * To be called whenever there may be a new access, or a place in a window or a
 * socket.
 */
void fanl_fair_pump(struct fanl_group *group)
{
	struct list_head *ring = &group->gate->ring;
	struct fanl_share *share, *blocked = NULL;

	while ((share = list_first_entry_or_null(ring, struct fanl_share,
						 ring)) &&
	       share != blocked) {
		switch (fanl_fair_serve(group, share)) {
		case FANL_SERVED:
			blocked = NULL;
			break;
		case FANL_SHARE_FULL:
			if (!blocked)
				blocked = share;
			break;
		case FANL_ALL_FULL:
			return;
		}
		if (!list_empty(&share->ring))
			list_move_tail(&share->ring, ring);
	}
}
