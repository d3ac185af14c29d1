// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests of delivery share: a member, and events for it.
 */
#include "fs.h"
#include "queue.h"

/* An event, ready to be queued; all are of one size. */
struct fanl_event fanl_encoded(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_event event = {
		.kinds = FANOTIFY_KIND_UNMOUNT,
		.sb = d->sb,
	};

	fanl_event_encode(d->group, &event, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, event.skb);
	return event;
}

int fanl_delivery_init(struct kunit *test)
{
	struct fanl_delivery *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	struct fanl_event event;

	KUNIT_ASSERT_NOT_NULL(test, d);
	test->priv = d;
	d->listener = fanl_test_listener(test, 0);
	d->member = d->listener->member;
	d->group = d->member->group;
	d->sk = d->member->sk;
	d->queue = &d->member->queue;
	d->sb = fanl_test_sb(test);
	d->next = 1;
	WRITE_ONCE(d->sk->sk_rcvbuf, FANL_RCVBUF_MIN);

	event = fanl_encoded(test);
	d->size = event.skb->truesize;
	kfree_skb(event.skb);
	return 0;
}

void fanl_send(struct kunit *test, unsigned int nr)
{
	struct fanl_delivery *d = test->priv;

	while (nr--) {
		struct fanl_event event = fanl_encoded(test);

		KUNIT_ASSERT_EQ(test, event.skb->truesize, d->size);
		fanl_queue_event(d->group, &event);
	}
}

void fanl_send_without_memory(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_event event = { .sb = d->sb };

	fanl_queue_event(d->group, &event);
}

/* Fill half of the socket; the last event is the first that waits. */
void fanl_send_until_noticed(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;

	for (int i = 0; i <= FANL_RCVBUF_MIN / d->size; i++) {
		fanl_send(test, 1);
		if (d->queue->state == FANOTIFY_DELIVERY_NOTICED)
			return;
	}
	KUNIT_FAIL_AND_ABORT(test, "never noticed");
}

/* Hear a message; an event or a gap has to follow the one before. */
bool fanl_hear_in_order(struct kunit *test, struct fanl_heard *heard)
{
	struct fanl_delivery *d = test->priv;

	if (!fanl_hear(d->listener, heard))
		return false;
	if (heard->cmd == FANOTIFY_CMD_FETCH)
		return true;
	KUNIT_EXPECT_EQ(test, heard->gap ? heard->first : heard->seq, d->next);
	if (heard->gap)
		KUNIT_EXPECT_EQ(test, heard->last, heard->seq);
	d->next = heard->seq + 1;
	return true;
}

/* Empty the socket. Return: the last message. */
struct fanl_heard fanl_hear_all(struct kunit *test)
{
	struct fanl_heard heard, last = {};

	while (fanl_hear_in_order(test, &heard))
		last = heard;
	return last;
}

/* Fetch until nothing waits. Return: the last event, or gap. */
struct fanl_heard fanl_fetch_all(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_heard heard, last = {};
	bool more = true;

	for (u32 n = 1; more; n++) {
		KUNIT_ASSERT_LT(test, n, 1000);
		more = false;
		while (fanl_hear_in_order(test, &heard)) {
			if (heard.cmd == FANOTIFY_CMD_FETCH)
				more = heard.waiting;
			else
				last = heard;
		}
		if (!more)
			break;
		KUNIT_ASSERT_EQ(test,
				fanl_queue_fetch(d->member, FANOTIFY_FETCH_MIN,
						 n), 0);
	}
	return last;
}
