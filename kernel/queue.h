/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Delivery of events to a member: push when idle, fetch when busy.
 */
#ifndef _FANL_QUEUE_H
#define _FANL_QUEUE_H

#include <linux/skbuff.h>
#include <net/sock.h>

#include <uapi/linux/fanotify-nl.h>

struct fanl_event;
struct fanl_group;
struct fanl_member;
struct fanl_waiting;

/*
 * GAP records kept ready. With one in the queue and still open, a second one
 * lets events that fit again be queued behind it at once.
 */
#define FANL_QUEUE_SPARES 2

/**
 * struct fanl_queue - events on their way to one member
 * @state: enum fanotify_delivery
 * @records: encoded events that wait, oldest first
 * @spares: GAP records ready for use
 * @gap: the last of @records, while it is a GAP that still grows
 * @notice: the message that tells the member to fetch, ready for use
 * @bytes: memory that @records and those being fetched take (truesize)
 * @seq: seq of the last event
 * @pushed: events sent at once
 * @fetched: events handed out by fetches
 * @lost: events that GAPs stand for
 * @gaps: GAPs made
 * @bytes_max: largest value of @bytes so far
 * @waiting: the last record of each inode, a table; NULL until merging is on
 * @merge_after: nothing is merged into records up to this seq
 * @merged: events merged into others
 *
 * All of it is protected by the group's lock.
 */
struct fanl_queue {
	enum fanotify_delivery	state;
	struct sk_buff_head	records;
	struct sk_buff_head	spares;
	struct sk_buff		*gap;
	struct sk_buff		*notice;
	size_t			bytes;
	u64			seq;
	u64			pushed;
	u64			fetched;
	u64			lost;
	u64			gaps;
	size_t			bytes_max;
	struct fanl_waiting	*waiting;
	u64			merge_after;
	u64			merged;
};

int fanl_queue_init(struct fanl_member *member);
void fanl_queue_purge(struct fanl_queue *queue);
bool fanl_queue_ready(struct fanl_member *member, const struct sk_buff *skb);
void fanl_queue_deliver(struct fanl_member *member, struct sk_buff *skb);
void fanl_queue_close_gap(struct fanl_member *member);
bool fanl_queue_lose_early(struct fanl_group *group, unsigned long hash);
void fanl_queue_event(struct fanl_group *group, struct fanl_event *event);
void fanl_queue_gap(struct fanl_member *member, u32 reason, u64 count);
bool fanl_queue_drain(struct fanl_member *member, struct sk_buff_head *list,
		      unsigned int room);
bool fanl_queue_drained(struct fanl_member *member, struct sk_buff *answer,
			struct sk_buff_head *list, u32 nlmsg_seq);
int fanl_queue_fetch(struct fanl_member *member, u32 max_bytes, u32 nlmsg_seq);

#endif /* _FANL_QUEUE_H */
