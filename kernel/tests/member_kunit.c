// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of member.c and group.c: numbers, tokens, sockets, turns and the
 * end of members.
 */
#include "../event.h"
#include "fs.h"
#include "listen.h"

#define MEMBERS 4

/* A group of MEMBERS members, by their numbers less 1. */
struct fixture {
	struct fanl_listener	*listener[MEMBERS];
	struct fanl_member	*member[MEMBERS];
	struct fanl_group	*group;
};

static int member_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	u32 number = 0;

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	for (int i = 0; i < MEMBERS; i++) {
		f->listener[i] = fanl_test_listener(test, number);
		f->member[i] = f->listener[i]->member;
		f->group = f->member[i]->group;
		number = f->group->number;
	}
	return 0;
}

/* An event of an object, to whichever member it goes. */
static void send(struct kunit *test, struct super_block *sb, unsigned long hash)
{
	struct fixture *f = test->priv;
	struct fanl_event event = {
		.kinds = FANOTIFY_KIND_UNMOUNT,
		.sb = sb,
		.hash = hash,
	};

	fanl_event_encode(f->group, &event, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, event.skb);
	fanl_queue_event(f->group, &event);
}

static struct fanl_member *pick(struct fanl_group *group, unsigned long hash)
{
	struct fanl_member *member;

	spin_lock(&group->lock);
	member = fanl_group_pick_member(group, hash);
	spin_unlock(&group->lock);
	return member;
}

static void numbers_are_the_least_that_are_free(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct fanl_member *again[2];

	for (int i = 0; i < MEMBERS; i++)
		KUNIT_EXPECT_EQ(test, f->member[i]->number, i + 1);
	fanl_member_unbind(f->member[2]);
	fanl_member_unbind(f->member[0]);
	for (int i = 0; i < ARRAY_SIZE(again); i++)
		again[i] = fanl_test_listener(test, f->group->number)->member;
	KUNIT_EXPECT_EQ(test, again[0]->number, 1);
	KUNIT_EXPECT_EQ(test, again[1]->number, 3);
	KUNIT_EXPECT_EQ(test,
			fanl_test_listener(test, f->group->number)->member->number,
			MEMBERS + 1);
}

static void members_are_walked_in_order(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct fanl_member_stats stats;
	unsigned long number = 0;

	fanl_member_unbind(f->member[1]);
	for (int i = 0; i < MEMBERS; i++) {
		if (i == 1)
			continue;
		KUNIT_ASSERT_TRUE(test, fanl_member_next(f->group, &number,
							 &stats));
		KUNIT_EXPECT_EQ(test, number, i + 1);
		KUNIT_EXPECT_EQ(test, stats.number, i + 1);
		KUNIT_EXPECT_EQ(test, stats.portid, f->member[i]->portid);
		KUNIT_EXPECT_EQ(test, stats.state, FANOTIFY_DELIVERY_PUSH);
		number++;
	}
	KUNIT_EXPECT_FALSE(test, fanl_member_next(f->group, &number, &stats));
}

static void tokens_open_their_group_only(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct fanl_group *other = fanl_test_listener(test, 0)->member->group;
	struct fanl_member *member;
	u64 token;

	for (int i = 0; i < MEMBERS; i++) {
		token = f->member[i]->token;
		KUNIT_EXPECT_NE(test, token, 0);
		for (int j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, token, f->member[j]->token);
		member = fanl_member_by_token(f->group->number, token, NULL);
		KUNIT_ASSERT_PTR_EQ(test, member, f->member[i]);
		fanl_member_put(member);
		KUNIT_EXPECT_EQ(test, -EACCES,
				PTR_ERR(fanl_member_by_token(other->number,
							     token, NULL)));
	}
	KUNIT_EXPECT_EQ(test, -EACCES,
			PTR_ERR(fanl_member_by_token(f->group->number, 0, NULL)));
	fanl_member_unbind(f->member[0]);
	token = f->member[0]->token;
	KUNIT_EXPECT_EQ(test, -EACCES,
			PTR_ERR(fanl_member_by_token(f->group->number, token,
						     NULL)));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			PTR_ERR(fanl_member_by_token(U32_MAX, token, NULL)));
}

static void references_are_counted(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct fanl_member *member = f->member[0];

	/* the membership's and this test's */
	KUNIT_EXPECT_EQ(test, refcount_read(&member->refs), 2);
	KUNIT_ASSERT_PTR_EQ(test, fanl_member_by_sock(member->sk), member);
	KUNIT_EXPECT_EQ(test, refcount_read(&member->refs), 3);
	KUNIT_ASSERT_PTR_EQ(test,
			    fanl_member_by_token(f->group->number,
						 member->token, NULL), member);
	KUNIT_EXPECT_EQ(test, refcount_read(&member->refs), 4);
	fanl_member_put(member);
	fanl_member_put(member);
	fanl_member_unbind(member);
	KUNIT_EXPECT_EQ(test, refcount_read(&member->refs), 1);
	/* once is enough */
	fanl_member_unbind(member);
	KUNIT_EXPECT_EQ(test, refcount_read(&member->refs), 1);
	KUNIT_EXPECT_EQ(test, f->group->nr_members, MEMBERS - 1);
}

static void sockets_are_told_apart(struct kunit *test)
{
	struct fixture *f = test->priv;

	for (int i = 0; i < MEMBERS; i++) {
		struct fanl_member *member = fanl_member_by_sock(f->member[i]->sk);

		KUNIT_ASSERT_PTR_EQ(test, member, f->member[i]);
		fanl_member_put(member);
	}
	KUNIT_EXPECT_NULL(test, fanl_member_by_sock(fanl_test_socket(test)->sk));
	fanl_member_unbind(f->member[0]);
	KUNIT_EXPECT_NULL(test, fanl_member_by_sock(f->member[0]->sk));
}

/* Turns */

static void an_object_is_always_the_same_members(struct kunit *test)
{
	struct fixture *f = test->priv;

	for (unsigned long hash = 0; hash < 3 * MEMBERS; hash++)
		KUNIT_EXPECT_PTR_EQ(test, pick(f->group, hash),
				    f->member[hash % MEMBERS]);
	fanl_member_unbind(f->member[1]);
	KUNIT_EXPECT_PTR_EQ(test, pick(f->group, 0), f->member[0]);
	KUNIT_EXPECT_PTR_EQ(test, pick(f->group, 1), f->member[2]);
	KUNIT_EXPECT_PTR_EQ(test, pick(f->group, 2), f->member[3]);
	KUNIT_EXPECT_PTR_EQ(test, pick(f->group, 3), f->member[0]);
	fanl_member_unbind(f->member[0]);
	fanl_member_unbind(f->member[2]);
	KUNIT_EXPECT_PTR_EQ(test, pick(f->group, ULONG_MAX), f->member[3]);
	fanl_member_unbind(f->member[3]);
	KUNIT_EXPECT_NULL(test, pick(f->group, 0));
}

/* The group counts ids, each member its own seqs. */
static void seqs_have_no_holes(struct kunit *test)
{
	struct super_block *sb = fanl_test_sb(test);
	struct fixture *f = test->priv;
	struct fanl_heard heard;

	for (unsigned long hash = 0; hash < 3 * MEMBERS; hash++)
		send(test, sb, hash);
	KUNIT_EXPECT_EQ(test, f->group->last_id, 3 * MEMBERS);
	for (int i = 0; i < MEMBERS; i++) {
		for (u64 seq = 1; seq <= 3; seq++) {
			KUNIT_ASSERT_TRUE(test, fanl_hear(f->listener[i], &heard));
			KUNIT_EXPECT_EQ(test, heard.seq, seq);
			KUNIT_EXPECT_EQ(test, heard.id,
					(seq - 1) * MEMBERS + i + 1);
		}
		KUNIT_EXPECT_FALSE(test, fanl_hear(f->listener[i], &heard));
	}
}

/* The end */

static void expect_gone(struct kunit *test, int i, bool gone)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, f->member[i]->bound, !gone);
	KUNIT_EXPECT_EQ(test, refcount_read(&f->member[i]->refs), 2 - gone);
}

static void the_end_of_a_socket_is_the_members(struct kunit *test)
{
	struct fixture *f = test->priv;

	fanl_test_release(test, f->listener[1]->sock);
	expect_gone(test, 1, true);
	KUNIT_EXPECT_EQ(test, f->group->nr_members, MEMBERS - 1);
	for (int i = 0; i < MEMBERS; i++)
		if (i != 1)
			expect_gone(test, i, false);
}

/* Port ids are used again: by a socket that lives, a dead one's is not its. */
static void a_port_id_is_no_member(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 portid = f->member[0]->portid;

	fanl_groups_release_port(portid);
	expect_gone(test, 0, false);

	f->member[1]->portid = portid;
	f->member[2]->portid = portid;
	fanl_test_release(test, f->listener[1]->sock);
	expect_gone(test, 1, false);
	fanl_groups_release_port(portid + 1);
	expect_gone(test, 1, false);
	fanl_groups_release_port(portid);
	expect_gone(test, 0, false);
	expect_gone(test, 1, true);
	expect_gone(test, 2, false);
}

static void all_the_dead_of_a_port_id_go(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 portid = f->member[0]->portid;

	f->member[1]->portid = portid;
	f->member[2]->portid = portid;
	fanl_test_release(test, f->listener[1]->sock);
	fanl_test_release(test, f->listener[2]->sock);
	expect_gone(test, 1, false);
	expect_gone(test, 2, false);
	fanl_test_release(test, f->listener[0]->sock);
	for (int i = 0; i < 3; i++)
		expect_gone(test, i, true);
	expect_gone(test, 3, false);
}

static void what_was_read_is_no_loss(struct kunit *test)
{
	struct super_block *sb = fanl_test_sb(test);
	struct fixture *f = test->priv;
	struct fanl_heard heard;

	send(test, sb, 0);
	KUNIT_ASSERT_TRUE(test, fanl_hear(f->listener[0], &heard));
	fanl_member_unbind(f->member[0]);
	for (int i = 1; i < MEMBERS; i++)
		KUNIT_EXPECT_FALSE(test, fanl_hear(f->listener[i], &heard));
}

static void what_was_not_read_is_told_to_the_others(struct kunit *test)
{
	struct super_block *sb = fanl_test_sb(test);
	struct fixture *f = test->priv;
	struct fanl_member *gone = f->member[0];
	struct fanl_heard heard;
	unsigned int waiting;

	while (gone->queue.bytes < FANL_QUEUE_MIN)
		send(test, sb, 0);
	waiting = skb_queue_len(&gone->queue.records);
	fanl_member_unbind(gone);
	for (int i = 1; i < MEMBERS; i++) {
		KUNIT_EXPECT_EQ(test, f->member[i]->queue.lost, waiting);
		fanl_queue_fetch(f->member[i], FANOTIFY_FETCH_MIN, 1);
		KUNIT_ASSERT_TRUE(test, fanl_hear(f->listener[i], &heard));
		KUNIT_EXPECT_EQ(test, heard.cmd, FANOTIFY_CMD_FETCH);
		KUNIT_ASSERT_TRUE(test, fanl_hear(f->listener[i], &heard));
		KUNIT_EXPECT_TRUE(test, heard.gap);
		KUNIT_EXPECT_EQ(test, heard.first, 1);
		KUNIT_EXPECT_EQ(test, heard.last, 1);
		KUNIT_EXPECT_EQ(test, heard.count, waiting);
		KUNIT_EXPECT_EQ(test, heard.reason,
				FANOTIFY_GAP_REASON_MEMBER_GONE);
	}
}

/* The open gap of who goes is nobody's any more. */
static void an_open_gap_goes_with_its_member(struct kunit *test)
{
	struct super_block *sb = fanl_test_sb(test);
	struct fixture *f = test->priv;

	f->group->queue_limit = 0;
	while (!f->member[0]->queue.gap)
		send(test, sb, 0);
	KUNIT_EXPECT_EQ(test, f->group->nr_gaps, 1);
	fanl_member_unbind(f->member[0]);
	/* the others' now: they were told */
	KUNIT_EXPECT_EQ(test, f->group->nr_gaps, MEMBERS - 1);
}

static struct kunit_case member_cases[] = {
	KUNIT_CASE(numbers_are_the_least_that_are_free),
	KUNIT_CASE(members_are_walked_in_order),
	KUNIT_CASE(tokens_open_their_group_only),
	KUNIT_CASE(references_are_counted),
	KUNIT_CASE(sockets_are_told_apart),
	KUNIT_CASE(an_object_is_always_the_same_members),
	KUNIT_CASE(seqs_have_no_holes),
	KUNIT_CASE(the_end_of_a_socket_is_the_members),
	KUNIT_CASE(a_port_id_is_no_member),
	KUNIT_CASE(all_the_dead_of_a_port_id_go),
	KUNIT_CASE(what_was_read_is_no_loss),
	KUNIT_CASE(what_was_not_read_is_told_to_the_others),
	KUNIT_CASE(an_open_gap_goes_with_its_member),
	{}
};

static struct kunit_suite member_suite = {
	.name = "fanotify_nl_member",
	.init = member_init,
	.test_cases = member_cases,
};

kunit_test_suite(member_suite);
