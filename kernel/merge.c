// SPDX-License-Identifier: GPL-2.0
/*
 * Merging: repeats go into the event that waits.
 *
 * A repeat is an event that differs from the one that waits in nothing but the
 * time, the object's attributes and what has changed of it. If no record that
 * came later speaks of the object's attributes, it need not be queued: the one
 * that waits gets the newer attributes, which are still none that a later record
 * contradicts, and counts it. So order per object holds, and a consumer ends
 * where it would have ended without.
 *
 * What waited last of an inode is looked up in a small table by the inode. An
 * entry that is overwritten for another inode costs a record, no more. Records
 * leave the queue at its head alone, so one is still there if its seq is not
 * below the head's; before its pointer is used, that is looked at.
 *
 * Locking: the group's lock protects the table and the records, as the queue.
 */
#include <linux/hash.h>
#include <linux/overflow.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <net/genetlink.h>

#include "event.h"
#include "kind.h"
#include "merge.h"
#include "queue.h"

/* What differs between an event and its repeat, of the event and of its object. */
#define FANL_VARIES_EVENT \
	(BIT_ULL(FANOTIFY_A_EVENT_SEQ) | BIT_ULL(FANOTIFY_A_EVENT_ID) | \
	 BIT_ULL(FANOTIFY_A_EVENT_REALTIME) | BIT_ULL(FANOTIFY_A_EVENT_BOOTTIME) | \
	 BIT_ULL(FANOTIFY_A_EVENT_OFFSET) | BIT_ULL(FANOTIFY_A_EVENT_LENGTH))
#define FANL_VARIES_NODE \
	(BIT_ULL(FANOTIFY_A_NODE_STAT) | BIT_ULL(FANOTIFY_A_NODE_CHANGED))

/**
 * fanl_merge_prepare - make a queue ready for merging
 * @queue: the queue
 *
 * Return: 0 or -ENOMEM.
 */
int fanl_merge_prepare(struct fanl_queue *queue)
{
	if (!queue->waiting)
		queue->waiting = kcalloc(1 << FANL_WAITING_BITS,
					 sizeof(*queue->waiting),
					 GFP_KERNEL_ACCOUNT);
	return queue->waiting ? 0 : -ENOMEM;
}

/**
 * fanl_merge_forget - merge nothing into what waits now
 * @queue: the queue
 *
 * Context: the group's lock is held.
 */
void fanl_merge_forget(struct fanl_queue *queue)
{
	queue->merge_after = queue->seq;
}

/* An object without a handle cannot be told from another one of its name. */
static bool fanl_may_merge(const struct fanl_event *event)
{
	return event->node[FANL_NODE_OBJECT].inode &&
	       !(event->kinds & ~FANL_KINDS_MERGEABLE) &&
	       !(event->flags & FANOTIFY_EVENT_FLAG_NO_HANDLE);
}

static struct fanl_waiting *fanl_waiting_of(struct fanl_queue *queue,
					    const struct inode *inode)
{
	return &queue->waiting[hash_ptr(inode, FANL_WAITING_BITS)];
}

/**
 * fanl_merge_note - remember what was queued
 * @queue: the queue
 * @event: the event whose record is the last one in it
 *
 * Context: the group's lock is held.
 */
void fanl_merge_note(struct fanl_queue *queue, const struct fanl_event *event)
{
	for (int i = 0; i < FANL_NODES; i++) {
		const struct fanl_node *node = &event->node[i];
		struct fanl_waiting *waiting;

		if (!node->inode || !node->with_stat)
			continue;
		waiting = fanl_waiting_of(queue, node->inode);
		if (waiting->inode == node->inode)
			waiting->inode = NULL;
	}
	if (fanl_may_merge(event)) {
		const struct inode *inode = event->node[FANL_NODE_OBJECT].inode;

		*fanl_waiting_of(queue, inode) = (struct fanl_waiting){
			.inode = inode,
			.skb = event->skb,
			.seq = queue->seq,
			.len = event->skb->len,
		};
	}
}

static struct nlattr *fanl_attrs(const struct sk_buff *skb)
{
	return (struct nlattr *)(skb->data + NLMSG_HDRLEN + GENL_HDRLEN);
}

/* The attribute at the same place in another message. */
static const struct nlattr *fanl_attr_in(const void *other, const void *base,
					 const struct nlattr *nla)
{
	return other + ((const void *)nla - base);
}

/*
 * Are attributes the same, but for the values of those that vary; and of those
 * in one that is nested?
 */
static bool fanl_attrs_alike(const void *a, const void *b, int len, u64 varies,
			     int nest, u64 nest_varies)
{
	const struct nlattr *nla;
	int rest;

	nla_for_each_attr(nla, a, len, rest) {
		const struct nlattr *other = fanl_attr_in(b, a, nla);
		int type = nla_type(nla);

		if (nla->nla_len != other->nla_len ||
		    nla->nla_type != other->nla_type)
			return false;
		if (varies & BIT_ULL(type))
			continue;
		if (type == nest) {
			if (!fanl_attrs_alike(nla_data(nla), nla_data(other),
					      nla_len(nla), nest_varies, 0, 0))
				return false;
		} else if (memcmp(nla_data(nla), nla_data(other), nla_len(nla))) {
			return false;
		}
	}
	return true;
}

static bool fanl_is_repeat(const struct fanl_waiting *waiting,
			   const struct sk_buff *skb)
{
	const struct nlattr *attrs = fanl_attrs(skb);

	return skb->len == waiting->len &&
	       fanl_attrs_alike(fanl_attrs(waiting->skb), attrs,
				skb_tail_pointer(skb) - (u8 *)attrs,
				FANL_VARIES_EVENT, FANOTIFY_A_EVENT_OBJECT,
				FANL_VARIES_NODE);
}

static void fanl_merge_object(struct nlattr *into, const struct nlattr *from)
{
	struct nlattr *nla;
	int rest;

	nla_for_each_nested(nla, into, rest) {
		const struct nlattr *other = fanl_attr_in(from, into, nla);

		if (nla_type(nla) == FANOTIFY_A_NODE_CHANGED)
			*(u32 *)nla_data(nla) |= nla_get_u32(other);
		else if (nla_type(nla) == FANOTIFY_A_NODE_STAT)
			memcpy(nla_data(nla), nla_data(other), nla_len(nla));
	}
}

static struct nlattr *fanl_attr(const struct sk_buff *skb, int type)
{
	const struct nlattr *attrs = fanl_attrs(skb);

	return nla_find(attrs, skb_tail_pointer(skb) - (u8 *)attrs, type);
}

static u64 fanl_attr_u64(const struct sk_buff *skb, int type)
{
	return nla_get_u64(fanl_attr(skb, type));
}

static u64 fanl_range_end(const struct sk_buff *skb)
{
	u64 end;

	if (check_add_overflow(fanl_attr_u64(skb, FANOTIFY_A_EVENT_OFFSET),
			       fanl_attr_u64(skb, FANOTIFY_A_EVENT_LENGTH), &end))
		return U64_MAX;
	return end;
}

/* The smallest range that has both; of what is outside, nothing has changed. */
static void fanl_merge_range(struct sk_buff *into, const struct sk_buff *from)
{
	u64 start = min(fanl_attr_u64(into, FANOTIFY_A_EVENT_OFFSET),
			fanl_attr_u64(from, FANOTIFY_A_EVENT_OFFSET));
	u64 end = max(fanl_range_end(into), fanl_range_end(from));

	put_unaligned(start, (u64 *)nla_data(fanl_attr(into,
						       FANOTIFY_A_EVENT_OFFSET)));
	put_unaligned(end - start,
		      (u64 *)nla_data(fanl_attr(into, FANOTIFY_A_EVENT_LENGTH)));
}

static void fanl_merge_attrs(struct sk_buff *into, const struct sk_buff *from)
{
	fanl_merge_object(fanl_attr(into, FANOTIFY_A_EVENT_OBJECT),
			  fanl_attr(from, FANOTIFY_A_EVENT_OBJECT));
	if (fanl_attr(into, FANOTIFY_A_EVENT_OFFSET))
		fanl_merge_range(into, from);
}

/* Behind all else stands how often it happened, and when last. */
static bool fanl_merge_count(struct fanl_waiting *waiting,
			     const struct sk_buff *from)
{
	const u64 realtime = fanl_attr_u64(from, FANOTIFY_A_EVENT_REALTIME);
	const u64 boottime = fanl_attr_u64(from, FANOTIFY_A_EVENT_BOOTTIME);
	struct sk_buff *skb = waiting->skb;
	u64 count = 2;

	if (skb->len > waiting->len)
		count = fanl_attr_u64(skb, FANOTIFY_A_EVENT_COUNT) + 1;
	skb_trim(skb, waiting->len);
	/* there is none if merging was off when the event was made */
	if (skb_tailroom(skb) < FANL_MERGED_LEN)
		return false;
	nla_put(skb, FANOTIFY_A_EVENT_COUNT, sizeof(count), &count);
	nla_put(skb, FANOTIFY_A_EVENT_LAST_REALTIME, sizeof(realtime), &realtime);
	nla_put(skb, FANOTIFY_A_EVENT_LAST_BOOTTIME, sizeof(boottime), &boottime);
	nlmsg_hdr(skb)->nlmsg_len = skb->len;
	return true;
}

/* Is the record still in the queue, and none of a loss behind it? */
static bool fanl_still_waits(const struct fanl_queue *queue,
			     const struct fanl_waiting *waiting)
{
	const struct sk_buff *head = skb_peek(&queue->records);

	return head && waiting->seq > queue->merge_after &&
	       waiting->seq >= fanl_event_seq(head);
}

/**
 * fanl_merge_event - merge an event into the last one of its object, if it may be
 * @queue: the queue
 * @event: sampled, and without a seq yet
 *
 * Context: the group's lock is held.
 * Return: whether it was; its message is not needed any more.
 */
bool fanl_merge_event(struct fanl_queue *queue, const struct fanl_event *event)
{
	const struct inode *inode = event->node[FANL_NODE_OBJECT].inode;
	struct fanl_waiting *waiting;

	if (!fanl_may_merge(event))
		return false;
	waiting = fanl_waiting_of(queue, inode);
	if (waiting->inode != inode || !fanl_still_waits(queue, waiting) ||
	    !fanl_is_repeat(waiting, event->skb) ||
	    !fanl_merge_count(waiting, event->skb))
		return false;
	fanl_merge_attrs(waiting->skb, event->skb);
	queue->merged++;
	return true;
}
