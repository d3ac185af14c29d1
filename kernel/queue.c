// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery of events to a member: push when idle, fetch when busy.
 *
 * While nothing waits and the member's socket is less than half full, the
 * producer puts the event straight onto the socket (PUSH). Otherwise events
 * gather here; the member is told once (NOTICED), and fetches. A fetch moves
 * records into one message buffer (DRAINING) and, in the critical section that
 * puts that buffer onto the socket, returns to PUSH if nothing waits any more.
 * So what goes onto the socket does so in the order of seq, always under the
 * group's lock.
 *
 * At the limit, or without memory, an event is lost and a GAP record says so:
 * it stands in the queue where the events would have, and grows until one fits
 * again. (What is merged into an event that waits already, see merge.c, is none
 * to the states here.)
 *
 * tests/model/delivery.pml is a model of this file, with the same names.
 *
 * Locking: the group's lock protects the queue. Inside it only the socket's
 * receive queue lock is taken; nothing is allocated, records are freed outside.
 */
#include "event.h"
#include "group.h"
#include "journal.h"
#include "member.h"
#include "merge.h"
#include "multicast.h"
#include "netlink-gen.h"
#include "perm.h"
#include "queue.h"

/* A fetch message: notice, or end of an answer. The count always has 64 bits. */
#define FANL_FETCH_LEN \
	(NLMSG_HDRLEN + GENL_HDRLEN + nla_total_size(sizeof(u64)))

static void fanl_put_fetch(u8 *p, u64 waiting, u32 nlmsg_seq)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)p;
	struct genlmsghdr *genl = nlmsg_data(nlh);
	struct nlattr *nla = (struct nlattr *)(p + NLMSG_HDRLEN + GENL_HDRLEN);

	*nlh = (struct nlmsghdr){
		.nlmsg_len = FANL_FETCH_LEN,
		.nlmsg_type = fanotify_nl_family.id,
		.nlmsg_seq = nlmsg_seq,
	};
	*genl = (struct genlmsghdr){
		.cmd = FANOTIFY_CMD_FETCH,
		.version = FANOTIFY_FAMILY_VERSION,
	};
	nla->nla_len = NLA_HDRLEN + sizeof(waiting);
	nla->nla_type = FANOTIFY_A_FETCH_WAITING;
	memcpy(nla_data(nla), &waiting, sizeof(waiting));
}

static struct sk_buff *fanl_notice_alloc(gfp_t gfp)
{
	struct sk_buff *skb = alloc_skb(FANL_FETCH_LEN, gfp);

	if (skb)
		fanl_put_fetch(skb_put(skb, FANL_FETCH_LEN), 1, 0);
	return skb;
}

/*
 * Put a message onto the member's own socket. netlink_unicast() would look the
 * socket up by port id, which another socket may have taken over by now, and
 * on a full socket would free the message and raise ENOBUFS. Room is the
 * caller's to check. A message that comes after the socket's release is freed
 * with the socket, of which the member holds a reference.
 */
static void fanl_sock_deliver(struct sock *sk, struct sk_buff *skb)
{
	skb_set_owner_r(skb, sk);
	skb_queue_tail(&sk->sk_receive_queue, skb);
	sk->sk_data_ready(sk);
}

/* As netlink_attachskb() has it, an empty socket has room for anything. */
static bool fanl_sock_has_room(const struct sock *sk, unsigned int truesize,
			       int limit)
{
	int used = atomic_read(&sk->sk_rmem_alloc);

	return !used || used + (int)truesize <= limit;
}

static bool fanl_queue_may_push(const struct fanl_member *member,
				const struct sk_buff *skb)
{
	return member->queue.state == FANOTIFY_DELIVERY_PUSH &&
	       fanl_sock_has_room(member->sk, skb->truesize,
				  READ_ONCE(member->sk->sk_rcvbuf) / 2);
}

/* Going to PUSH has made sure that the notice has room. */
static void fanl_queue_notice(struct fanl_member *member)
{
	struct fanl_queue *queue = &member->queue;

	if (queue->state != FANOTIFY_DELIVERY_PUSH)
		return;
	queue->state = FANOTIFY_DELIVERY_NOTICED;
	fanl_sock_deliver(member->sk, queue->notice);
	queue->notice = NULL;
}

/**
 * fanl_queue_ready - whether a permission event can be put onto the socket now
 * @member: the member
 * @skb: the event
 *
 * Such events do not wait behind others. A quarter of the socket is left for the
 * notice, and for the answer to a fetch. Without room the member is told to fetch,
 * so that it is known when it has read.
 *
 * Context: the group's lock is held.
 * Return: whether there is room.
 */
bool fanl_queue_ready(struct fanl_member *member, const struct sk_buff *skb)
{
	int rcvbuf = READ_ONCE(member->sk->sk_rcvbuf);

	if (fanl_sock_has_room(member->sk, skb->truesize, rcvbuf - rcvbuf / 4))
		return true;
	fanl_queue_notice(member);
	return false;
}

/**
 * fanl_queue_deliver - put a permission event onto the socket
 * @member: the member
 * @skb: the event, for which there is room; consumed
 *
 * Context: the group's lock is held.
 */
void fanl_queue_deliver(struct fanl_member *member, struct sk_buff *skb)
{
	fanl_sock_deliver(member->sk, skb);
}

/**
 * fanl_queue_close_gap - let a gap grow no more
 * @member: a member, with an open gap or without
 *
 * Context: the group's lock is held.
 */
void fanl_queue_close_gap(struct fanl_member *member)
{
	if (member->queue.gap)
		member->group->nr_gaps--;
	member->queue.gap = NULL;
}

static void fanl_queue_append(struct fanl_member *member, struct sk_buff *skb)
{
	struct fanl_queue *queue = &member->queue;

	fanl_queue_close_gap(member);
	__skb_queue_tail(&queue->records, skb);
	queue->bytes += skb->truesize;
	queue->bytes_max = max(queue->bytes_max, queue->bytes);
	fanl_queue_notice(member);
}

/*
 * Record a loss. Without an open gap there is a spare: a gap is closed, by an
 * append or by a fetch, only while there is one.
 */
static void fanl_queue_lose(struct fanl_member *member, u32 reason, u64 count)
{
	struct fanl_queue *queue = &member->queue;

	if (!queue->gap) {
		struct sk_buff *gap = __skb_dequeue(&queue->spares);

		fanl_gap_open(gap, queue->seq, reason);
		fanl_queue_append(member, gap);
		fanl_merge_forget(queue);
		queue->gap = gap;
		queue->gaps++;
		member->group->nr_gaps++;
	}
	fanl_gap_grow(queue->gap, queue->seq, count);
	fanl_event_stamp(queue->gap, queue->seq, member->group->last_id);
	queue->lost += count;
}

static bool fanl_queue_fits(const struct fanl_member *member,
			    unsigned int truesize)
{
	const struct fanl_queue *queue = &member->queue;

	if (queue->gap && skb_queue_empty(&queue->spares))
		return false;
	return queue->bytes + truesize <= READ_ONCE(member->group->queue_limit);
}

/**
 * fanl_queue_lose_early - lose an event that does not fit before it is made
 * @group: the group
 * @hash: of the object
 *
 * An overload is not the time to encode events for nothing. Looks further only
 * while there is a gap, and leaves an event alone that others may get.
 *
 * Return: whether the event was lost, and is done with.
 */
bool fanl_queue_lose_early(struct fanl_group *group, unsigned long hash)
{
	struct fanl_member *member;
	bool lost = false;

	if (likely(!READ_ONCE(group->nr_gaps)) ||
	    (READ_ONCE(group->flags) & FANOTIFY_GROUP_FLAG_MULTICAST))
		return false;
	if (group->journal)
		return fanl_journal_lose_early(group);
	spin_lock(&group->lock);
	member = fanl_group_pick_member(group, hash);
	if (member && member->queue.gap &&
	    !fanl_queue_fits(member, SKB_TRUESIZE(FANL_EVENT_SMALLEST))) {
		lost = true;
		member->queue.seq++;
		group->last_id++;
		fanl_queue_lose(member, FANOTIFY_GAP_REASON_OVERFLOW, 1);
	}
	spin_unlock(&group->lock);
	return lost;
}

/**
 * fanl_queue_event - hand an event to the member that it belongs to, or the journal
 * @group: the group
 * @event: encoded by fanl_event_encode(); its message is consumed
 *
 * Context: any in which fsnotify calls a backend. Does not sleep.
 */
void fanl_queue_event(struct fanl_group *group, struct fanl_event *event)
{
	struct sk_buff *skb = event->skb;
	struct fanl_member *member;
	struct fanl_queue *queue;
	bool merge;

	if (group->journal) {
		fanl_journal_event(group, event);
		return;
	}
	spin_lock(&group->lock);
	member = fanl_group_pick_member(group, event->hash);
	/* a permission group may get another one */
	if (!member && !group->gate)
		goto unlock;
	group->last_id++;
	if (skb)
		fanl_event_sample(event);
	fanl_multicast_send(group, event);
	if (!member) {
		group->gate->missed++;
		goto unlock;
	}
	queue = &member->queue;
	merge = skb && (group->flags & FANOTIFY_GROUP_FLAG_MERGE);
	if (merge && fanl_merge_event(queue, event))
		goto unlock;
	queue->seq++;
	if (skb)
		fanl_event_stamp(skb, queue->seq, group->last_id);
	if (!skb) {
		fanl_queue_lose(member, FANOTIFY_GAP_REASON_NOMEM, 1);
	} else if (fanl_queue_may_push(member, skb)) {
		queue->pushed++;
		fanl_sock_deliver(member->sk, skb);
		skb = NULL;
	} else if (fanl_queue_fits(member, skb->truesize)) {
		fanl_queue_append(member, skb);
		if (merge)
			fanl_merge_note(queue, event);
		skb = NULL;
	} else {
		fanl_queue_lose(member, FANOTIFY_GAP_REASON_OVERFLOW, 1);
	}
unlock:
	spin_unlock(&group->lock);
	kfree_skb(skb);
	kfree_skb(event->copy);
}

/**
 * fanl_queue_gap - tell a member that events of others are missing
 * @member: a live member
 * @reason: enum fanotify_gap_reason
 * @count: number of missing events, as far as known
 *
 * Context: the group's lock is held.
 */
void fanl_queue_gap(struct fanl_member *member, u32 reason, u64 count)
{
	member->queue.seq++;
	member->group->last_id++;
	fanl_queue_lose(member, reason, count);
}

/* Records from the head that fit into @room bytes of message. */
static void fanl_queue_splice(struct fanl_member *member,
			      struct sk_buff_head *list, unsigned int room)
{
	struct fanl_queue *queue = &member->queue;
	unsigned int len = 0;
	struct sk_buff *skb;

	while ((skb = skb_peek(&queue->records))) {
		if (len + skb->len > room)
			break;
		if (skb == queue->gap) {
			if (skb_queue_empty(&queue->spares))
				break;
			fanl_queue_close_gap(member);
		}
		len += skb->len;
		__skb_unlink(skb, &queue->records);
		__skb_queue_tail(list, skb);
	}
}

/* What a fetch needs and may not allocate under the lock. */
static void fanl_queue_refill(struct fanl_member *member)
{
	struct fanl_group *group = member->group;
	struct sk_buff *notice = NULL;
	struct sk_buff_head spares;

	__skb_queue_head_init(&spares);
	if (!READ_ONCE(member->queue.notice))
		notice = fanl_notice_alloc(GFP_KERNEL_ACCOUNT);
	while (skb_queue_len_lockless(&member->queue.spares) +
	       skb_queue_len(&spares) < FANL_QUEUE_SPARES) {
		struct sk_buff *gap = fanl_gap_alloc(group->number,
						     GFP_KERNEL_ACCOUNT);

		if (!gap)
			break;
		__skb_queue_tail(&spares, gap);
	}

	spin_lock(&group->lock);
	if (!member->queue.notice)
		swap(member->queue.notice, notice);
	skb_queue_splice(&spares, &member->queue.spares);
	spin_unlock(&group->lock);
	kfree_skb(notice);
}

/* Room for a message, and for a notice after it. */
static bool fanl_queue_may_idle(const struct fanl_member *member,
				const struct sk_buff *answer)
{
	const struct fanl_queue *queue = &member->queue;

	return skb_queue_empty(&queue->records) && queue->notice &&
	       fanl_sock_has_room(member->sk,
				  answer->truesize + queue->notice->truesize,
				  READ_ONCE(member->sk->sk_rcvbuf));
}

/*
 * End an answer and put it onto the socket. PUSH only if a notice is at hand
 * and will have room; otherwise the member fetches again, if nothing else.
 */
static void fanl_queue_answer(struct fanl_member *member,
			      struct sk_buff *answer, u32 nlmsg_seq)
{
	struct fanl_queue *queue = &member->queue;
	u64 waiting = 0;

	if (fanl_queue_may_idle(member, answer)) {
		queue->state = FANOTIFY_DELIVERY_PUSH;
	} else {
		queue->state = FANOTIFY_DELIVERY_NOTICED;
		waiting = max(skb_queue_len(&queue->records), 1);
	}
	fanl_put_fetch(skb_put(answer, FANL_FETCH_LEN), waiting, nlmsg_seq);
	fanl_sock_deliver(member->sk, answer);
}

/**
 * fanl_queue_drain - first half of a fetch: take records out
 * @member: the member
 * @list: where they go
 * @room: bytes that there are for them
 *
 * Context: the group's lock is held.
 * Return: whether there is a second half.
 */
bool fanl_queue_drain(struct fanl_member *member, struct sk_buff_head *list,
		      unsigned int room)
{
	struct fanl_queue *queue = &member->queue;

	if (queue->state != FANOTIFY_DELIVERY_NOTICED)
		return false;
	fanl_queue_splice(member, list, room);
	queue->state = FANOTIFY_DELIVERY_DRAINING;
	return true;
}

/**
 * fanl_queue_drained - second half of a fetch: put the answer onto the socket
 * @member: the member
 * @answer: has a copy of what was taken out, and room for a fetch message
 * @list: what was taken out; put back if there is no room for the answer
 * @nlmsg_seq: of the request
 *
 * A socket that is too full for the answer ends in a message that makes its
 * reader fetch: in NOTICED nothing but a notice or an answer that says more
 * waits was put onto it last.
 *
 * Context: the group's lock is held.
 * Return: whether the answer was delivered.
 */
bool fanl_queue_drained(struct fanl_member *member, struct sk_buff *answer,
			struct sk_buff_head *list, u32 nlmsg_seq)
{
	struct fanl_queue *queue = &member->queue;
	struct sk_buff *skb;

	if (!fanl_sock_has_room(member->sk, answer->truesize,
				READ_ONCE(member->sk->sk_rcvbuf))) {
		skb_queue_splice_init(list, &queue->records);
		queue->state = FANOTIFY_DELIVERY_NOTICED;
		return false;
	}
	skb_queue_walk(list, skb)
		queue->bytes -= skb->truesize;
	queue->fetched += skb_queue_len(list);
	fanl_queue_answer(member, answer, nlmsg_seq);
	return true;
}

/**
 * fanl_queue_fetch - move waiting events onto the member's socket
 * @member: a member, by its own socket
 * @max_bytes: room in the reader's buffer
 * @nlmsg_seq: of the request
 *
 * A fetch that is not needed (nothing waits and the socket is full, or another
 * fetch is under way) is not answered: the reader has something to read, or
 * will have.
 *
 * Return: 0 or -ENOMEM; nothing is lost with an error, and the reader is to
 * fetch again.
 */
int fanl_queue_fetch(struct fanl_member *member, u32 max_bytes, u32 nlmsg_seq)
{
	struct fanl_group *group = member->group;
	unsigned int room = SKB_WITH_OVERHEAD(max_bytes);
	struct sk_buff *answer, *skb;
	bool drain, sent = false;
	struct sk_buff_head list;

	__skb_queue_head_init(&list);
	fanl_queue_refill(member);
	answer = alloc_skb(room,
			   GFP_KERNEL_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN);
	if (!answer) {
		/* any single event fits into this */
		room = FANOTIFY_EVENT_MAX + FANL_FETCH_LEN;
		answer = alloc_skb(room, GFP_KERNEL_ACCOUNT);
	}
	if (!answer)
		return -ENOMEM;

	spin_lock(&group->lock);
	drain = fanl_queue_drain(member, &list, room - FANL_FETCH_LEN);
	if (!drain && member->queue.state == FANOTIFY_DELIVERY_PUSH &&
	    fanl_queue_may_idle(member, answer)) {
		fanl_queue_answer(member, answer, nlmsg_seq);
		sent = true;
	}
	spin_unlock(&group->lock);

	if (drain) {
		/* not under the lock: producers hold i_rwsem and would spin */
		skb_queue_walk(&list, skb)
			skb_put_data(answer, skb->data, skb->len);

		spin_lock(&group->lock);
		sent = fanl_queue_drained(member, answer, &list, nlmsg_seq);
		spin_unlock(&group->lock);
	}
	if (!sent)
		kfree_skb(answer);
	__skb_queue_purge(&list);
	if (group->gate) {
		/* the socket has been read */
		spin_lock(&group->lock);
		fanl_fair_pump(group);
		spin_unlock(&group->lock);
	}
	return 0;
}

/**
 * fanl_queue_init - make a new member's queue ready
 * @member: the member, not yet in its group; its socket and group are set
 *
 * Return: 0 or -ENOMEM.
 */
int fanl_queue_init(struct fanl_member *member)
{
	struct fanl_queue *queue = &member->queue;

	queue->state = FANOTIFY_DELIVERY_PUSH;
	__skb_queue_head_init(&queue->records);
	__skb_queue_head_init(&queue->spares);
	fanl_queue_refill(member);
	if (!queue->notice || skb_queue_len(&queue->spares) < FANL_QUEUE_SPARES ||
	    ((member->group->flags & FANOTIFY_GROUP_FLAG_MERGE) &&
	     fanl_merge_prepare(queue))) {
		fanl_queue_purge(queue);
		return -ENOMEM;
	}
	return 0;
}

/**
 * fanl_queue_purge - free all that a queue holds
 * @queue: of a member that no producer and no fetch can reach any more
 */
void fanl_queue_purge(struct fanl_queue *queue)
{
	__skb_queue_purge(&queue->records);
	__skb_queue_purge(&queue->spares);
	kfree_skb(queue->notice);
	queue->notice = NULL;
	kfree(queue->waiting);
	queue->waiting = NULL;
}
