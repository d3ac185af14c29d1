/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of delivery share: a member, and events for it.
 */
#ifndef _FANL_TESTS_QUEUE_H
#define _FANL_TESTS_QUEUE_H

#include <kunit/test.h>

#include "../event.h"
#include "listen.h"

/**
 * struct fanl_delivery - what a test of delivery works with
 * @listener: the only member of a group
 * @member: the same
 * @group: its group
 * @sk: its socket
 * @queue: its queue
 * @sb: what the events are about
 * @size: memory that one of them takes
 * @next: the seq that is to be heard next
 */
struct fanl_delivery {
	struct fanl_listener	*listener;
	struct fanl_member	*member;
	struct fanl_group	*group;
	struct sock		*sk;
	struct fanl_queue	*queue;
	struct super_block	*sb;
	unsigned int		size;
	u64			next;
};

int fanl_delivery_init(struct kunit *test);
struct fanl_event fanl_encoded(struct kunit *test);
void fanl_send(struct kunit *test, unsigned int nr);
void fanl_send_without_memory(struct kunit *test);
void fanl_send_until_noticed(struct kunit *test);

bool fanl_hear_in_order(struct kunit *test, struct fanl_heard *heard);
struct fanl_heard fanl_hear_all(struct kunit *test);
struct fanl_heard fanl_fetch_all(struct kunit *test);

#endif /* _FANL_TESTS_QUEUE_H */
