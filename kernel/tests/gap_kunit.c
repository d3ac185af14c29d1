// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of event.c: GAP records.
 */
#include "encode.h"

#define ATTR(name)	BIT_ULL(FANOTIFY_A_EVENT_##name)

#define GAP_ATTRS \
	(ATTR(SEQ) | ATTR(ID) | ATTR(GROUP) | ATTR(MASK) | ATTR(REALTIME) | \
	 ATTR(BOOTTIME) | ATTR(GAP))

static u64 gap_u64(struct fanl_encode *f, int attr)
{
	return nla_get_u64(f->sub[attr]);
}

KUNIT_DEFINE_ACTION_WRAPPER(free_skb, kfree_skb, struct sk_buff *);

/* One that was opened at seq 5 and stands for nothing yet. */
static struct sk_buff *open_gap(struct kunit *test)
{
	struct sk_buff *gap = fanl_gap_alloc(U32_MAX, GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, gap);
	err = kunit_add_action_or_reset(test, free_skb, gap);
	KUNIT_ASSERT_EQ(test, err, 0);
	fanl_gap_open(gap, 5, FANOTIFY_GAP_REASON_NOMEM);
	return gap;
}

static void take_gap_apart(struct kunit *test, struct sk_buff *gap)
{
	struct fanl_encode *f = test->priv;

	fanl_take_apart(test, gap);
	fanl_take_nest_apart(test, f->tb[FANOTIFY_A_EVENT_GAP], fanl_gap_sizes,
			     FANOTIFY_A_GAP_MAX);
}

static void says_what_is_missing_and_since_when(struct kunit *test)
{
	struct fanl_encode *f = test->priv;
	u64 before = ktime_get_real_ns();
	struct sk_buff *gap = open_gap(test);
	u64 after = ktime_get_real_ns();

	fanl_gap_grow(gap, 5, 1);
	fanl_event_stamp(gap, 5, 6);
	take_gap_apart(test, gap);

	KUNIT_EXPECT_EQ(test, fanl_present(f->tb, FANOTIFY_A_EVENT_MAX),
			GAP_ATTRS);
	KUNIT_EXPECT_EQ(test, fanl_present(f->sub, FANOTIFY_A_GAP_MAX),
			GENMASK_ULL(FANOTIFY_A_GAP_MAX, 1));
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->tb[FANOTIFY_A_EVENT_GROUP]), U32_MAX);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_SEQ]), 5);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_ID]), 6);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_MASK]),
			(u64)FANOTIFY_KIND_GAP);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_GAP_SCOPE]),
			FANOTIFY_GAP_SCOPE_ALL);
	KUNIT_EXPECT_EQ(test, gap_u64(f, FANOTIFY_A_GAP_FIRST), 5);
	KUNIT_EXPECT_EQ(test, gap_u64(f, FANOTIFY_A_GAP_LAST), 5);
	KUNIT_EXPECT_EQ(test, gap_u64(f, FANOTIFY_A_GAP_COUNT), 1);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_GAP_REASON]),
			FANOTIFY_GAP_REASON_NOMEM);
	KUNIT_EXPECT_GE(test, gap_u64(f, FANOTIFY_A_GAP_SINCE), before);
	KUNIT_EXPECT_LE(test, gap_u64(f, FANOTIFY_A_GAP_SINCE), after);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_REALTIME]),
			gap_u64(f, FANOTIFY_A_GAP_SINCE));
}

static void grows_at_its_end(struct kunit *test)
{
	struct fanl_encode *f = test->priv;
	struct sk_buff *gap = open_gap(test);
	unsigned int len = gap->len;

	fanl_gap_grow(gap, 5, 1);
	fanl_gap_grow(gap, 6, 1);
	fanl_gap_grow(gap, 7, 40);
	take_gap_apart(test, gap);
	KUNIT_EXPECT_EQ(test, gap->len, len);
	KUNIT_EXPECT_EQ(test, gap_u64(f, FANOTIFY_A_GAP_FIRST), 5);
	KUNIT_EXPECT_EQ(test, gap_u64(f, FANOTIFY_A_GAP_LAST), 7);
	KUNIT_EXPECT_EQ(test, gap_u64(f, FANOTIFY_A_GAP_COUNT), 42);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_GAP_REASON]),
			FANOTIFY_GAP_REASON_NOMEM);
}

static void counts_beyond_32_bits(struct kunit *test)
{
	struct fanl_encode *f = test->priv;
	struct sk_buff *gap = open_gap(test);

	fanl_gap_grow(gap, U32_MAX, U32_MAX);
	fanl_gap_grow(gap, U32_MAX + 1ULL, 2);
	take_gap_apart(test, gap);
	KUNIT_EXPECT_EQ(test, gap_u64(f, FANOTIFY_A_GAP_LAST), U32_MAX + 1ULL);
	KUNIT_EXPECT_EQ(test, gap_u64(f, FANOTIFY_A_GAP_COUNT), U32_MAX + 2ULL);
}

/* Of a directory no event was lost, and so there is no seq. */
static void of_a_directory_has_no_numbers(struct kunit *test)
{
	struct fanl_encode *f = test->priv;

	f->event.kinds = FANOTIFY_KIND_GAP | FANOTIFY_KIND_ONDIR;
	f->event.node[FANL_NODE_OBJECT].inode = f->dir;
	f->event.gap = FANOTIFY_GAP_REASON_MOVED_IN;
	fanl_encode(test);
	fanl_take_nest_apart(test, f->tb[FANOTIFY_A_EVENT_GAP], fanl_gap_sizes,
			     FANOTIFY_A_GAP_MAX);
	KUNIT_EXPECT_EQ(test, fanl_present(f->sub, FANOTIFY_A_GAP_MAX),
			BIT_ULL(FANOTIFY_A_GAP_REASON) |
				BIT_ULL(FANOTIFY_A_GAP_SCOPE) |
				BIT_ULL(FANOTIFY_A_GAP_SINCE));
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_GAP_REASON]),
			FANOTIFY_GAP_REASON_MOVED_IN);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_GAP_SCOPE]),
			FANOTIFY_GAP_SCOPE_DIRECTORY);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_REALTIME]),
			gap_u64(f, FANOTIFY_A_GAP_SINCE));
}

static struct kunit_case gap_cases[] = {
	KUNIT_CASE(says_what_is_missing_and_since_when),
	KUNIT_CASE(grows_at_its_end),
	KUNIT_CASE(counts_beyond_32_bits),
	KUNIT_CASE(of_a_directory_has_no_numbers),
	{}
};

static struct kunit_suite gap_suite = {
	.name = "fanotify_nl_gap",
	.init = fanl_encode_init,
	.test_cases = gap_cases,
};

kunit_test_suite(gap_suite);
