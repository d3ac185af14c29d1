// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of queue.c: the limit in bytes, and the gaps of what is beyond.
 */
#include <linux/prandom.h>

#include "queue.h"

#define OVERFLOW	FANOTIFY_GAP_REASON_OVERFLOW
#define NOMEM		FANOTIFY_GAP_REASON_NOMEM

static int overflow_init(struct kunit *test)
{
	int err = fanl_delivery_init(test);

	if (!err)
		fanl_send_until_noticed(test);
	return err;
}

/* There is room for @nr more events. */
static void leave_room_for(struct kunit *test, unsigned int nr)
{
	struct fanl_delivery *d = test->priv;

	d->group->queue_limit = d->queue->bytes + nr * d->size;
}

static void expect_gap(struct kunit *test, const struct fanl_heard *heard,
		       u64 first, u64 count, u32 reason)
{
	KUNIT_EXPECT_TRUE(test, heard->gap);
	KUNIT_EXPECT_EQ(test, heard->first, first);
	KUNIT_EXPECT_EQ(test, heard->count, count);
	KUNIT_EXPECT_EQ(test, heard->reason, reason);
}

/* How many gaps were made, how many events they stand for, who has one open. */
static void expect_counts(struct kunit *test, u64 gaps, u64 lost, bool open)
{
	struct fanl_delivery *d = test->priv;

	KUNIT_EXPECT_EQ(test, d->queue->gaps, gaps);
	KUNIT_EXPECT_EQ(test, d->queue->lost, lost);
	KUNIT_EXPECT_EQ(test, !!d->queue->gap, open);
	KUNIT_EXPECT_EQ(test, d->group->nr_gaps, open);
}

static void the_limit_is_exact(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;

	leave_room_for(test, 2);
	fanl_send(test, 2);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, d->group->queue_limit);
	expect_counts(test, 0, 0, false);
	fanl_send(test, 1);
	expect_counts(test, 1, 1, true);
}

static void one_byte_less_is_too_little(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;

	leave_room_for(test, 1);
	d->group->queue_limit--;
	fanl_send(test, 1);
	expect_counts(test, 1, 1, true);
}

static void a_loss_opens_a_gap(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;

	leave_room_for(test, 0);
	fanl_send(test, 1);
	KUNIT_EXPECT_PTR_EQ(test, d->queue->gap,
			    skb_peek_tail(&d->queue->records));
	heard = fanl_fetch_all(test);
	expect_gap(test, &heard, d->queue->seq, 1, OVERFLOW);
	KUNIT_EXPECT_EQ(test, heard.id, d->group->last_id);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

static void further_losses_extend_it(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;
	u64 first;
	size_t bytes;

	leave_room_for(test, 0);
	fanl_send(test, 1);
	first = d->queue->seq;
	bytes = d->queue->bytes;
	fanl_send(test, 41);
	expect_counts(test, 1, 42, true);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, bytes);
	heard = fanl_fetch_all(test);
	expect_gap(test, &heard, first, 42, OVERFLOW);
	KUNIT_EXPECT_EQ(test, heard.last, first + 41);
	KUNIT_EXPECT_EQ(test, heard.id, d->group->last_id);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

static void what_fits_closes_it(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;

	leave_room_for(test, 0);
	fanl_send(test, 3);
	leave_room_for(test, 1);
	fanl_send(test, 1);
	expect_counts(test, 1, 3, false);
	fanl_send(test, 2);
	expect_counts(test, 2, 5, true);
	heard = fanl_fetch_all(test);
	expect_gap(test, &heard, d->queue->seq - 1, 2, OVERFLOW);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

/* The next loss could not be recorded. */
static void the_last_spare_is_kept_open(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;

	for (int i = 0; i < FANL_QUEUE_SPARES; i++) {
		leave_room_for(test, 1);
		fanl_send(test, 2);
	}
	KUNIT_EXPECT_TRUE(test, skb_queue_empty(&d->queue->spares));
	leave_room_for(test, 10);
	fanl_send(test, 1);
	expect_counts(test, FANL_QUEUE_SPARES, FANL_QUEUE_SPARES + 1, true);

	/* until a fetch brings new ones */
	fanl_hear_all(test);
	fanl_queue_fetch(d->member, FANOTIFY_FETCH_MIN, 1);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&d->queue->spares),
			FANL_QUEUE_SPARES);
	expect_counts(test, FANL_QUEUE_SPARES, FANL_QUEUE_SPARES + 1, false);
	fanl_hear_all(test);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

/* Nor is it taken out: what is on its way to the reader cannot grow. */
static void without_a_spare_it_stays_in_the_queue(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct sk_buff_head taken;
	unsigned int waiting;

	for (int i = 0; i < FANL_QUEUE_SPARES; i++) {
		leave_room_for(test, 1);
		fanl_send(test, 2);
	}
	waiting = skb_queue_len(&d->queue->records);
	__skb_queue_head_init(&taken);
	spin_lock(&d->group->lock);
	KUNIT_EXPECT_TRUE(test, fanl_queue_drain(d->member, &taken,
						 FANOTIFY_FETCH_MAX));
	spin_unlock(&d->group->lock);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&taken), waiting - 1);
	KUNIT_EXPECT_PTR_EQ(test, skb_peek(&d->queue->records), d->queue->gap);
	expect_counts(test, FANL_QUEUE_SPARES, FANL_QUEUE_SPARES, true);
	__skb_queue_purge(&taken);
}

static void what_was_fetched_grows_no_more(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;

	leave_room_for(test, 0);
	fanl_send(test, 2);
	heard = fanl_fetch_all(test);
	expect_gap(test, &heard, d->queue->seq - 1, 2, OVERFLOW);
	expect_counts(test, 1, 2, false);
	fanl_send_without_memory(test);
	expect_counts(test, 2, 3, true);
	heard = fanl_fetch_all(test);
	expect_gap(test, &heard, d->queue->seq, 1, NOMEM);
}

static void no_memory_is_a_loss_in_push_too(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;

	fanl_fetch_all(test);
	KUNIT_ASSERT_EQ(test, d->queue->state, FANOTIFY_DELIVERY_PUSH);
	fanl_send_without_memory(test);
	KUNIT_EXPECT_EQ(test, d->queue->state, FANOTIFY_DELIVERY_NOTICED);
	expect_counts(test, 1, 1, true);
	heard = fanl_fetch_all(test);
	expect_gap(test, &heard, d->queue->seq, 1, NOMEM);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

/* One gap has one reason, the first. */
static void the_first_reason_stays(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;

	leave_room_for(test, 0);
	fanl_send_without_memory(test);
	fanl_send(test, 1);
	heard = fanl_fetch_all(test);
	expect_gap(test, &heard, d->queue->seq - 1, 2, NOMEM);
}

/* Events of others have no seq here: one seq stands for all of them. */
static void what_others_missed_takes_one_seq(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;
	u64 seq = d->queue->seq;
	u64 id = d->group->last_id;

	spin_lock(&d->group->lock);
	fanl_queue_gap(d->member, FANOTIFY_GAP_REASON_MEMBER_GONE, 7);
	spin_unlock(&d->group->lock);
	KUNIT_EXPECT_EQ(test, d->queue->seq, seq + 1);
	KUNIT_EXPECT_EQ(test, d->group->last_id, id + 1);
	expect_counts(test, 1, 7, true);
	heard = fanl_fetch_all(test);
	expect_gap(test, &heard, seq + 1, 7, FANOTIFY_GAP_REASON_MEMBER_GONE);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

static void a_group_tells_all_members(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_listener *other = fanl_test_listener(test, d->group->number);

	fanl_group_gap(d->group, FANOTIFY_GAP_REASON_UNCOVERED);
	KUNIT_EXPECT_EQ(test, d->queue->lost, 1);
	KUNIT_EXPECT_EQ(test, other->member->queue.lost, 1);
	KUNIT_EXPECT_EQ(test, d->group->nr_gaps, 2);
}

/* An event that is sure not to fit is lost before it is made, and no other. */
static void early_losses_count_alike(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	u64 seq, id;

	leave_room_for(test, 0);
	KUNIT_EXPECT_FALSE(test, fanl_queue_lose_early(d->group, 0));
	expect_counts(test, 0, 0, false);
	fanl_send(test, 1);
	seq = d->queue->seq;
	id = d->group->last_id;
	KUNIT_EXPECT_TRUE(test, fanl_queue_lose_early(d->group, 0));
	expect_counts(test, 1, 2, true);
	KUNIT_EXPECT_EQ(test, d->queue->seq, seq + 1);
	KUNIT_EXPECT_EQ(test, d->group->last_id, id + 1);

	leave_room_for(test, 1);
	KUNIT_EXPECT_FALSE(test, fanl_queue_lose_early(d->group, 0));
	expect_counts(test, 1, 2, true);
	KUNIT_EXPECT_EQ(test, d->queue->seq, seq + 1);

	fanl_fetch_all(test);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

/* Subscribers of the multicast group may still get it. */
static void nothing_is_lost_early_for_subscribers(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;

	d->group->flags |= FANOTIFY_GROUP_FLAG_MULTICAST;
	leave_room_for(test, 0);
	fanl_send(test, 1);
	KUNIT_EXPECT_FALSE(test, fanl_queue_lose_early(d->group, 0));
	expect_counts(test, 1, 1, true);
}

/* Nor is there a loss early for a member that has no gap. */
static void early_losses_are_of_who_has_a_gap(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_listener *other = fanl_test_listener(test, d->group->number);

	leave_room_for(test, 0);
	fanl_send(test, 1);
	KUNIT_ASSERT_EQ(test, d->group->nr_gaps, 1);
	KUNIT_EXPECT_TRUE(test, fanl_queue_lose_early(d->group, 0));
	KUNIT_EXPECT_FALSE(test, fanl_queue_lose_early(d->group, 1));
	KUNIT_EXPECT_EQ(test, other->member->queue.seq, 0);
}

/* Whatever happens: each seq is heard once, or is covered by one gap. */
static void all_adds_up(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	u64 sent = d->queue->seq, heard_events = 0, heard_lost = 0;
	struct rnd_state rnd;
	struct fanl_heard heard;

	prandom_seed_state(&rnd, 42);
	for (int i = 0; i < 2000; i++) {
		u32 dice = prandom_u32_state(&rnd) % 16;

		if (dice < 10) {
			fanl_send(test, 1);
			sent++;
		} else if (dice < 11) {
			fanl_send_without_memory(test);
			sent++;
		} else if (dice < 12) {
			leave_room_for(test, prandom_u32_state(&rnd) % 20);
		} else if (dice < 14) {
			fanl_queue_fetch(d->member, FANOTIFY_FETCH_MIN, i);
		} else if (fanl_hear_in_order(test, &heard) &&
			   heard.cmd == FANOTIFY_CMD_EVENT) {
			heard_events += !heard.gap;
			heard_lost += heard.count;
		}
		KUNIT_ASSERT_EQ(test, d->group->nr_gaps, !!d->queue->gap);
		KUNIT_ASSERT_EQ(test, d->queue->seq, sent);
		KUNIT_ASSERT_LE(test, atomic_read(&d->sk->sk_rmem_alloc),
				FANL_RCVBUF_MIN);
	}
	KUNIT_EXPECT_GT(test, d->queue->gaps, 10);
	KUNIT_EXPECT_GT(test, heard_events, 100);
	KUNIT_EXPECT_GT(test, heard_lost, 10);
	fanl_hear_all(test);
	fanl_queue_fetch(d->member, FANOTIFY_FETCH_MIN, 1);
	fanl_fetch_all(test);
	KUNIT_EXPECT_EQ(test, d->next, sent + 1);
	KUNIT_EXPECT_EQ(test, sent, d->queue->lost + d->queue->pushed +
			d->queue->fetched - d->queue->gaps);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, 0);
	KUNIT_EXPECT_EQ(test, d->queue->state, FANOTIFY_DELIVERY_PUSH);
}

static struct kunit_case overflow_cases[] = {
	KUNIT_CASE(the_limit_is_exact),
	KUNIT_CASE(one_byte_less_is_too_little),
	KUNIT_CASE(a_loss_opens_a_gap),
	KUNIT_CASE(further_losses_extend_it),
	KUNIT_CASE(what_fits_closes_it),
	KUNIT_CASE(the_last_spare_is_kept_open),
	KUNIT_CASE(without_a_spare_it_stays_in_the_queue),
	KUNIT_CASE(what_was_fetched_grows_no_more),
	KUNIT_CASE(no_memory_is_a_loss_in_push_too),
	KUNIT_CASE(the_first_reason_stays),
	KUNIT_CASE(what_others_missed_takes_one_seq),
	KUNIT_CASE(a_group_tells_all_members),
	KUNIT_CASE(early_losses_count_alike),
	KUNIT_CASE(nothing_is_lost_early_for_subscribers),
	KUNIT_CASE(early_losses_are_of_who_has_a_gap),
	KUNIT_CASE(all_adds_up),
	{}
};

static struct kunit_suite overflow_suite = {
	.name = "fanotify_nl_overflow",
	.init = overflow_init,
	.test_cases = overflow_cases,
};

kunit_test_suite(overflow_suite);
