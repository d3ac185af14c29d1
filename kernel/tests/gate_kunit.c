// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of gate.c and gate-mark.c: which groups are asked, and for what.
 */
#include "../ask.h"
#include "../gate-mark.h"
#include "../mark.h"
#include "../object.h"
#include "fs.h"
#include "listen.h"

static struct fanl_group *bind_gate(struct kunit *test)
{
	struct fanl_settings settings = fanl_test_settings(0);
	struct fanl_member *member;

	settings.flags = FANOTIFY_GROUP_FLAG_PERMISSION;
	settings.gate = fanl_gate_defaults;
	member = fanl_test_bind(test, fanl_test_socket(test), &settings, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, member);
	return member->group;
}

static int gate_init(struct kunit *test)
{
	if (!fanl_ask_available())
		kunit_skip(test, "no permission groups in this kernel");
	return 0;
}

/* How often a walk over all groups meets this one. */
static unsigned int times_met(const struct fanl_group *group)
{
	struct fanl_gate_pos pos = {};
	struct fanl_group *met;
	unsigned int times = 0;

	while ((met = fanl_gate_next(&pos))) {
		times += met == group;
		fanl_gate_put(met);
	}
	return times;
}

/* A number is free again, and taken, before the one that had it is out of the list. */
static void a_number_that_two_have(struct kunit *test)
{
	struct fanl_group *one = bind_gate(test), *two = bind_gate(test);
	u32 number = two->number;

	fanl_gate_unregister(two);
	two->number = one->number;
	KUNIT_EXPECT_EQ(test, fanl_gate_register(two, NULL), 0);
	KUNIT_EXPECT_EQ(test, times_met(one), 1);
	KUNIT_EXPECT_EQ(test, times_met(two), 1);
	fanl_gate_unregister(two);
	two->number = number;
	KUNIT_EXPECT_EQ(test, times_met(one), 1);
	KUNIT_EXPECT_EQ(test, times_met(two), 0);
}

/* Let a group's global mark be on @sb and nowhere else. */
static void cover(struct kunit *test, struct fanl_group *group,
		  struct super_block *sb, u64 kinds)
{
	guard(mutex)(&group->mark_lock);
	group->global = kinds;
	KUNIT_EXPECT_EQ(test, fanl_mark_cover(group, sb, NULL), 1);
	group->global = 0;
}

/* A flush may come to a mark whose filesystem is being unmounted. */
static void a_mark_that_is_gone_asks_for_nothing(struct kunit *test)
{
	struct super_block *sb = fanl_test_sb(test);
	struct fanl_object object = fanl_object_sb(sb);
	struct fanl_group *group = bind_gate(test);
	struct fsnotify_mark *gone, *gate;

	cover(test, group, sb, FANOTIFY_KIND_OPEN_PERM);
	/* so that the gate's mark stays, and can be looked at */
	cover(test, bind_gate(test), sb, FANOTIFY_KIND_OPEN_PERM);
	gone = fsnotify_find_mark(sb, FSNOTIFY_OBJ_TYPE_SB, group->fsn);
	KUNIT_ASSERT_NOT_NULL(test, gone);
	fsnotify_destroy_mark(gone, group->fsn);

	mutex_lock(&group->mark_lock);
	KUNIT_EXPECT_EQ(test,
			fanl_gate_follow(container_of(gone, struct fanl_mark,
						      fsn),
					 &object, FANOTIFY_KIND_ACCESS_PERM),
			0);
	mutex_unlock(&group->mark_lock);
	fsnotify_put_mark(gone);
	gate = fsnotify_find_mark(sb, FSNOTIFY_OBJ_TYPE_SB, fanl_gate_fsn);
	KUNIT_ASSERT_NOT_NULL(test, gate);
	KUNIT_EXPECT_EQ(test, gate->mask & FS_ACCESS_PERM, 0);
	fsnotify_put_mark(gate);
}

static struct kunit_case gate_cases[] = {
	KUNIT_CASE(a_number_that_two_have),
	KUNIT_CASE(a_mark_that_is_gone_asks_for_nothing),
	{}
};

static struct kunit_suite gate_suite = {
	.name = "fanotify_nl_gate",
	.init = gate_init,
	.test_cases = gate_cases,
};

kunit_test_suite(gate_suite);
