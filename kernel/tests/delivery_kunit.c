// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of queue.c: from state to state, as in tests/model/delivery.pml.
 */
#include "queue.h"

#define PUSH		FANOTIFY_DELIVERY_PUSH
#define NOTICED		FANOTIFY_DELIVERY_NOTICED
#define DRAINING	FANOTIFY_DELIVERY_DRAINING

/* A fetch message: notice, or end of the answer to request @nlmsg_seq. */
static void expect_fetch(struct kunit *test, const struct fanl_heard *heard,
			 u32 nlmsg_seq, u64 waiting)
{
	KUNIT_EXPECT_EQ(test, heard->cmd, FANOTIFY_CMD_FETCH);
	KUNIT_EXPECT_EQ(test, heard->nlmsg_seq, nlmsg_seq);
	KUNIT_EXPECT_EQ(test, heard->waiting, waiting);
}

static void expect_nothing_heard(struct kunit *test)
{
	struct fanl_heard heard;

	KUNIT_EXPECT_FALSE(test, fanl_hear_in_order(test, &heard));
}

/* A fetch, with what a test does between its halves. */
struct fetch {
	struct sk_buff_head	taken;
	struct sk_buff		*answer;
};

static void begin_fetch(struct kunit *test, struct fetch *fetch)
{
	struct fanl_delivery *d = test->priv;

	__skb_queue_head_init(&fetch->taken);
	fetch->answer = alloc_skb(FANOTIFY_FETCH_MIN, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fetch->answer);
	spin_lock(&d->group->lock);
	KUNIT_EXPECT_TRUE(test, fanl_queue_drain(d->member, &fetch->taken,
						 FANOTIFY_FETCH_MIN / 2));
	spin_unlock(&d->group->lock);
	KUNIT_EXPECT_EQ(test, d->queue->state, DRAINING);
}

static bool end_fetch(struct kunit *test, struct fetch *fetch)
{
	struct fanl_delivery *d = test->priv;
	struct sk_buff *skb;
	bool sent;

	skb_queue_walk(&fetch->taken, skb)
		skb_put_data(fetch->answer, skb->data, skb->len);
	spin_lock(&d->group->lock);
	sent = fanl_queue_drained(d->member, fetch->answer, &fetch->taken, 42);
	spin_unlock(&d->group->lock);
	if (!sent)
		kfree_skb(fetch->answer);
	__skb_queue_purge(&fetch->taken);
	return sent;
}

/* A whole one; the request's number is 42. */
static void fetch(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;

	KUNIT_EXPECT_EQ(test,
			fanl_queue_fetch(d->member, FANOTIFY_FETCH_MIN, 42), 0);
}

/* push */

static void idle_is_pushed_to(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;

	fanl_send(test, 3);
	KUNIT_EXPECT_EQ(test, d->queue->state, PUSH);
	KUNIT_EXPECT_EQ(test, d->queue->pushed, 3);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, 0);
	for (u64 seq = 1; seq <= 3; seq++) {
		KUNIT_ASSERT_TRUE(test, fanl_hear_in_order(test, &heard));
		KUNIT_EXPECT_EQ(test, heard.seq, seq);
		KUNIT_EXPECT_EQ(test, heard.id, seq);
	}
	expect_nothing_heard(test);
}

static void push_ends_at_half_of_the_socket(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	const unsigned int half = FANL_RCVBUF_MIN / 2;
	struct fanl_heard heard;

	fanl_send_until_noticed(test);
	KUNIT_EXPECT_EQ(test, d->queue->pushed, half / d->size);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&d->queue->records), 1);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, d->size);
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 0, 1);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->pushed + 1);
}

/* However full a socket may get, an empty one takes anything. */
static void an_empty_socket_has_room(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;

	WRITE_ONCE(d->sk->sk_rcvbuf, 1);
	fanl_send(test, 1);
	KUNIT_EXPECT_EQ(test, d->queue->pushed, 1);
	fanl_send(test, 1);
	KUNIT_EXPECT_EQ(test, d->queue->pushed, 1);
}

static void push_answers_a_fetch(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;

	fanl_send(test, 1);
	fetch(test);
	KUNIT_EXPECT_EQ(test, d->queue->state, PUSH);
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 42, 0);
}

static void push_without_room_says_nothing(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;

	fanl_send(test, 1);
	WRITE_ONCE(d->sk->sk_rcvbuf, FANOTIFY_FETCH_MIN);
	fetch(test);
	KUNIT_EXPECT_EQ(test, d->queue->state, PUSH);
	heard = fanl_hear_all(test);
	KUNIT_EXPECT_EQ(test, heard.seq, 1);
}

/* noticed */

static void noticed_is_told_once(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;

	fanl_send_until_noticed(test);
	fanl_send(test, 5);
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 0, 1);
	/* what waits comes first, however much room there is */
	fanl_send(test, 1);
	expect_nothing_heard(test);
	KUNIT_EXPECT_EQ(test, d->queue->state, NOTICED);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&d->queue->records), 7);
}

static void fetch_of_all_goes_back_to_push(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;
	u64 pushed;

	fanl_send_until_noticed(test);
	fanl_send(test, 5);
	fanl_hear_all(test);
	fetch(test);
	KUNIT_EXPECT_EQ(test, d->queue->state, PUSH);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, 0);
	KUNIT_EXPECT_EQ(test, d->queue->bytes_max, 6 * d->size);
	KUNIT_EXPECT_EQ(test, d->queue->fetched, 6);
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 42, 0);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);

	pushed = d->queue->pushed;
	fanl_send(test, 1);
	KUNIT_EXPECT_EQ(test, d->queue->pushed, pushed + 1);
	heard = fanl_hear_all(test);
	KUNIT_EXPECT_EQ(test, heard.seq, d->queue->seq);
}

static void fetch_of_a_part_tells_the_rest(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	unsigned int waiting, before;
	struct fanl_heard heard;

	fanl_send_until_noticed(test);
	fanl_hear_all(test);
	fanl_send(test, 2 * FANOTIFY_FETCH_MIN / FANL_EVENT_SMALLEST);
	before = skb_queue_len(&d->queue->records);
	fetch(test);
	waiting = skb_queue_len(&d->queue->records);
	KUNIT_EXPECT_LT(test, waiting, before);
	KUNIT_EXPECT_GT(test, waiting, 0);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, waiting * d->size);
	KUNIT_EXPECT_EQ(test, d->queue->state, NOTICED);
	KUNIT_EXPECT_LE(test, skb_peek(&d->sk->sk_receive_queue)->len,
			FANOTIFY_FETCH_MIN);
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 42, waiting);

	fetch(test);
	fanl_fetch_all(test);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
	KUNIT_EXPECT_EQ(test, d->queue->state, PUSH);
}

static void fetch_without_room_loses_nothing(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;

	fanl_send_until_noticed(test);
	fanl_send(test, 5);
	WRITE_ONCE(d->sk->sk_rcvbuf, FANL_RCVBUF_MIN / 2);
	fetch(test);
	KUNIT_EXPECT_EQ(test, d->queue->state, NOTICED);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&d->queue->records), 6);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, 6 * d->size);
	KUNIT_EXPECT_EQ(test, d->queue->fetched, 0);
	/* no error and no answer: the notice is still the last to be read */
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 0, 1);

	WRITE_ONCE(d->sk->sk_rcvbuf, FANL_RCVBUF_MIN);
	fetch(test);
	fanl_hear_all(test);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

/* Nobody could tell the reader of the event after this one. */
static void no_push_without_a_notice(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;
	struct fetch half;

	fanl_send_until_noticed(test);
	fanl_hear_all(test);
	KUNIT_ASSERT_NULL(test, d->queue->notice);
	begin_fetch(test, &half);
	KUNIT_EXPECT_TRUE(test, end_fetch(test, &half));
	KUNIT_EXPECT_EQ(test, d->queue->state, NOTICED);
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 42, 1);

	/* the fetch that it asks for brings one along */
	fetch(test);
	KUNIT_EXPECT_EQ(test, d->queue->state, PUSH);
	KUNIT_EXPECT_NOT_NULL(test, d->queue->notice);
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 42, 0);
}

struct room_param {
	const char	*desc;
	int		less;
	int		state;
};

static const struct room_param room_params[] = {
	{ "both", 0, PUSH },
	{ "the answer alone", 1, NOTICED },
};

KUNIT_ARRAY_PARAM_DESC(room, room_params, desc);

static void push_needs_room_for_answer_and_notice(struct kunit *test)
{
	const struct room_param *param = test->param_value;
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;
	struct fetch half;
	int room;

	/* a fetch that finds no room leaves a notice behind */
	fanl_send_until_noticed(test);
	WRITE_ONCE(d->sk->sk_rcvbuf, FANL_RCVBUF_MIN / 2);
	fetch(test);
	KUNIT_ASSERT_NOT_NULL(test, d->queue->notice);

	begin_fetch(test, &half);
	room = atomic_read(&d->sk->sk_rmem_alloc) + half.answer->truesize;
	room += d->queue->notice->truesize - param->less;
	WRITE_ONCE(d->sk->sk_rcvbuf, room);
	KUNIT_EXPECT_TRUE(test, end_fetch(test, &half));
	KUNIT_EXPECT_EQ(test, d->queue->state, param->state);
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 42, param->less);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

/* draining */

static void draining_gathers(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;
	struct fetch half;

	fanl_send_until_noticed(test);
	fanl_hear_all(test);
	begin_fetch(test, &half);
	fanl_send(test, 2);
	expect_nothing_heard(test);
	KUNIT_EXPECT_EQ(test, d->queue->state, DRAINING);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&d->queue->records), 2);
	/* what is being fetched still takes its memory */
	KUNIT_EXPECT_EQ(test, d->queue->bytes, 3 * d->size);

	KUNIT_EXPECT_TRUE(test, end_fetch(test, &half));
	KUNIT_EXPECT_EQ(test, d->queue->state, NOTICED);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, 2 * d->size);
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 42, 2);
	fetch(test);
	fanl_hear_all(test);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

static void draining_answers_no_other_fetch(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard;
	struct fetch half;

	fanl_send_until_noticed(test);
	fanl_hear_all(test);
	begin_fetch(test, &half);
	fanl_send(test, 1);
	fetch(test);
	expect_nothing_heard(test);
	KUNIT_EXPECT_EQ(test, d->queue->state, DRAINING);
	KUNIT_EXPECT_TRUE(test, end_fetch(test, &half));
	heard = fanl_hear_all(test);
	expect_fetch(test, &heard, 42, 1);
}

static void draining_puts_back_before_what_came(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fetch half;

	fanl_send_until_noticed(test);
	begin_fetch(test, &half);
	fanl_send(test, 2);
	WRITE_ONCE(d->sk->sk_rcvbuf, FANL_RCVBUF_MIN / 2);
	KUNIT_EXPECT_FALSE(test, end_fetch(test, &half));
	KUNIT_EXPECT_EQ(test, d->queue->state, NOTICED);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&d->queue->records), 3);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, 3 * d->size);
	WRITE_ONCE(d->sk->sk_rcvbuf, FANL_RCVBUF_MIN);
	fanl_fetch_all(test);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
	KUNIT_EXPECT_EQ(test, d->queue->state, PUSH);
}

/* the end */

/* An event may still be on its way when its member goes. */
static void nothing_comes_after_the_end(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_event late;
	u64 seq;

	fanl_send(test, 1);
	fanl_hear_all(test);
	seq = d->queue->seq;
	late = fanl_encoded(test);
	fanl_member_unbind(d->member);
	fanl_queue_event(d->group, &late);
	expect_nothing_heard(test);
	KUNIT_EXPECT_EQ(test, d->queue->seq, seq);
}

static struct kunit_case delivery_cases[] = {
	KUNIT_CASE(idle_is_pushed_to),
	KUNIT_CASE(push_ends_at_half_of_the_socket),
	KUNIT_CASE(an_empty_socket_has_room),
	KUNIT_CASE(push_answers_a_fetch),
	KUNIT_CASE(push_without_room_says_nothing),
	KUNIT_CASE(noticed_is_told_once),
	KUNIT_CASE(fetch_of_all_goes_back_to_push),
	KUNIT_CASE(fetch_of_a_part_tells_the_rest),
	KUNIT_CASE(fetch_without_room_loses_nothing),
	KUNIT_CASE(no_push_without_a_notice),
	KUNIT_CASE_PARAM(push_needs_room_for_answer_and_notice, room_gen_params),
	KUNIT_CASE(draining_gathers),
	KUNIT_CASE(draining_answers_no_other_fetch),
	KUNIT_CASE(draining_puts_back_before_what_came),
	KUNIT_CASE(nothing_comes_after_the_end),
	{}
};

static struct kunit_suite delivery_suite = {
	.name = "fanotify_nl_delivery",
	.init = fanl_delivery_init,
	.test_cases = delivery_cases,
};

kunit_test_suite(delivery_suite);
