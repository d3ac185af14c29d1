// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of group.c: numbers, settings, limits and the life of groups.
 */
#include <linux/cred.h>

#include "../event.h"
#include "../kind.h"
#include "listen.h"

/* A new socket's bind. */
static struct fanl_member *bind_to(struct kunit *test, u32 number, bool excl)
{
	struct fanl_settings settings = fanl_test_settings(number);

	return fanl_test_bind(test, fanl_test_socket(test), &settings, excl);
}

static struct fanl_member *bind_new(struct kunit *test)
{
	struct fanl_member *member = bind_to(test, 0, false);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, member);
	return member;
}

/* Is there a group of this number? */
static bool exists(u32 number)
{
	u64 found = number;
	struct fanl_group *group = fanl_group_next(&found);

	if (!group)
		return false;
	fanl_group_put(group);
	return found == number;
}

static void numbers_are_picked(struct kunit *test)
{
	u32 one = bind_new(test)->group->number;
	u32 two = bind_new(test)->group->number;

	KUNIT_EXPECT_NE(test, one, 0);
	KUNIT_EXPECT_NE(test, two, 0);
	KUNIT_EXPECT_NE(test, one, two);
	KUNIT_EXPECT_TRUE(test, exists(one));
	KUNIT_EXPECT_TRUE(test, exists(two));
}

static void numbers_may_be_given(struct kunit *test)
{
	static const u32 numbers[] = { 4711, U32_MAX };

	for (int i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct fanl_member *member = bind_to(test, numbers[i], true);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, member);
		KUNIT_EXPECT_EQ(test, member->group->number, numbers[i]);
		KUNIT_EXPECT_TRUE(test, exists(numbers[i]));
	}
}

static void numbers_are_free_again(struct kunit *test)
{
	struct fanl_member *member = bind_to(test, 4711, true);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, member);
	fanl_member_unbind(member);
	KUNIT_EXPECT_FALSE(test, exists(4711));
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bind_to(test, 4711, true));
	KUNIT_EXPECT_TRUE(test, exists(4711));
}

static void binding_to_a_number_joins(struct kunit *test)
{
	struct fanl_member *one = bind_new(test);
	struct fanl_member *two = bind_to(test, one->group->number, false);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, two);
	KUNIT_EXPECT_PTR_EQ(test, two->group, one->group);
	KUNIT_EXPECT_EQ(test, one->group->nr_members, 2);
}

static void excl_does_not_join(struct kunit *test)
{
	struct fanl_member *one = bind_new(test);

	KUNIT_EXPECT_EQ(test, PTR_ERR(bind_to(test, one->group->number, true)),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, one->group->nr_members, 1);
}

static void set_priority(struct fanl_settings *settings)
{
	settings->priority = 1;
}

static void set_mask(struct fanl_settings *settings)
{
	settings->mask = FANOTIFY_KIND_OPEN;
}

static void set_stat_mask(struct fanl_settings *settings)
{
	settings->stat_mask = FANOTIFY_STAT_FIELD_SIZE;
}

static void set_open_flags(struct fanl_settings *settings)
{
	settings->open_flags = O_RDWR;
}

static void set_queue_limit(struct fanl_settings *settings)
{
	settings->queue_limit = FANL_QUEUE_MIN;
}

static void set_flags(struct fanl_settings *settings)
{
	settings->flags = FANOTIFY_GROUP_FLAG_MULTICAST;
}

struct setting_param {
	const char	*desc;
	int		attr;
	void		(*set)(struct fanl_settings *settings);
	bool		fixed;
};

static const struct setting_param setting_params[] = {
	{ "priority", FANOTIFY_A_GROUP_PRIORITY, set_priority, false },
	{ "mask", FANOTIFY_A_GROUP_MASK, set_mask, false },
	{ "stat-mask", FANOTIFY_A_GROUP_STAT_MASK, set_stat_mask, false },
	{ "open-flags", FANOTIFY_A_GROUP_OPEN_FLAGS, set_open_flags, true },
	{ "queue-limit", FANOTIFY_A_GROUP_QUEUE_LIMIT, set_queue_limit, false },
	{ "flags", FANOTIFY_A_GROUP_FLAGS, set_flags, false },
};

KUNIT_ARRAY_PARAM_DESC(setting, setting_params, desc);

static struct fanl_settings settings_of(const struct fanl_group *group)
{
	return (struct fanl_settings){
		.number = group->number,
		.priority = group->priority,
		.mask = group->mask,
		.stat_mask = group->stat_mask,
		.open_flags = group->open_flags,
		.queue_limit = group->queue_limit,
		.flags = group->flags,
	};
}

static void who_joins_agrees(struct kunit *test)
{
	const struct setting_param *param = test->param_value;
	struct fanl_group *group = bind_new(test)->group;
	struct fanl_settings settings = settings_of(group);
	struct fanl_member *member;

	param->set(&settings);
	set_bit(param->attr, &settings.present);
	member = fanl_test_bind(test, fanl_test_socket(test), &settings, false);
	KUNIT_EXPECT_EQ(test, PTR_ERR(member), -EEXIST);

	/* what is not given is no demand */
	settings.present = 0;
	member = fanl_test_bind(test, fanl_test_socket(test), &settings, false);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, member);

	settings = settings_of(group);
	set_bit(param->attr, &settings.present);
	member = fanl_test_bind(test, fanl_test_socket(test), &settings, false);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, member);
}

static void set_changes_what_is_given(struct kunit *test)
{
	const struct setting_param *param = test->param_value;
	struct fanl_group *group = bind_new(test)->group;
	struct fanl_settings before = settings_of(group), after, given = {};

	set_priority(&given);
	set_mask(&given);
	set_stat_mask(&given);
	set_open_flags(&given);
	set_queue_limit(&given);
	set_flags(&given);
	set_bit(param->attr, &given.present);
	KUNIT_EXPECT_EQ(test, fanl_group_set(group, &given, NULL), 0);

	if (!param->fixed)
		param->set(&before);
	after = settings_of(group);
	KUNIT_EXPECT_MEMEQ(test, &after, &before, sizeof(after));
}

/* As another user, who may have few groups. */

static uint groups_max;

static void restore_groups_max(void *unused)
{
	fanl_groups_max = groups_max;
}

static struct fanl_member *bind_as(struct kunit *test, unsigned int uid,
				   u32 number)
{
	struct cred *cred = prepare_creds();
	struct fanl_member *member;
	const struct cred *old;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->uid = KUIDT_INIT(uid);
	old = override_creds(cred);
	member = bind_to(test, number, false);
	revert_creds(old);
	put_cred(cred);
	return member;
}

static void groups_max_is_per_user(struct kunit *test)
{
	struct fanl_member *one, *two;

	groups_max = fanl_groups_max;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, restore_groups_max, NULL));
	fanl_groups_max = 2;
	one = bind_as(test, 1001, 0);
	two = bind_as(test, 1001, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, one);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, two);
	KUNIT_EXPECT_EQ(test, PTR_ERR(bind_as(test, 1001, 0)), -EMFILE);
	KUNIT_EXPECT_EQ(test, PTR_ERR(bind_as(test, 1001, 4711)), -EMFILE);
	KUNIT_EXPECT_FALSE(test, exists(4711));

	/* others may, and joining needs no further group */
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bind_as(test, 1002, 0));
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test,
				     bind_as(test, 1001, one->group->number));

	fanl_member_unbind(two);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, bind_as(test, 1001, 0));
	KUNIT_EXPECT_EQ(test, PTR_ERR(bind_as(test, 1001, 0)), -EMFILE);
}

static void members_are_limited(struct kunit *test)
{
	struct fanl_group *group = bind_new(test)->group;

	for (int i = 1; i < FANL_MEMBERS_MAX; i++)
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bind_to(test, group->number,
							   false));
	KUNIT_EXPECT_EQ(test, PTR_ERR(bind_to(test, group->number, false)),
			-EMFILE);
	KUNIT_EXPECT_EQ(test, group->nr_members, FANL_MEMBERS_MAX);
}

static void a_socket_needs_room(struct kunit *test)
{
	struct fanl_settings settings = fanl_test_settings(0);
	struct socket *sock = fanl_test_socket(test);

	sock->sk->sk_rcvbuf = FANL_RCVBUF_MIN - 1;
	KUNIT_EXPECT_EQ(test,
			PTR_ERR(fanl_test_bind(test, sock, &settings, false)),
			-ENOBUFS);
	sock->sk->sk_rcvbuf = FANL_RCVBUF_MIN;
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, fanl_test_bind(test, sock, &settings,
							  false));
}

static void a_socket_is_one_member(struct kunit *test)
{
	struct fanl_settings settings = fanl_test_settings(0);
	struct socket *sock = fanl_test_socket(test);
	struct fanl_member *member = fanl_test_bind(test, sock, &settings, false);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, member);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR(fanl_test_bind(test, sock, &settings, false)),
			-EBUSY);
	settings.number = member->group->number;
	KUNIT_EXPECT_EQ(test,
			PTR_ERR(fanl_test_bind(test, sock, &settings, false)),
			-EBUSY);
	fanl_member_unbind(member);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, fanl_test_bind(test, sock, &settings,
							  false));
}

/* It goes with its last member, but for who still holds it. */
static void references_keep_what_is_gone(struct kunit *test)
{
	struct fanl_member *one = bind_new(test), *two;
	struct fanl_group *group = one->group;
	u64 number = group->number;
	unsigned int refs;

	/* what bind deferred holds it until it is done */
	flush_work(&group->enable.work);
	refs = kref_read(&group->kref);
	two = bind_to(test, number, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, two);
	KUNIT_EXPECT_EQ(test, kref_read(&group->kref), refs + 1);
	KUNIT_EXPECT_PTR_EQ(test, fanl_group_next(&number), group);
	KUNIT_EXPECT_EQ(test, kref_read(&group->kref), refs + 2);
	fanl_group_put(group);

	fanl_member_unbind(one);
	KUNIT_EXPECT_TRUE(test, exists(number));
	KUNIT_EXPECT_EQ(test, kref_read(&group->kref), refs + 1);
	fanl_member_unbind(two);
	KUNIT_EXPECT_FALSE(test, exists(number));
	/* the members that this test holds hold it */
	KUNIT_EXPECT_EQ(test, kref_read(&group->kref), 2);
}

static void groups_are_walked_in_order(struct kunit *test)
{
	static const u32 numbers[] = { 5000, 4000, 6000 };
	u64 number = 4000;
	struct fanl_group *group;

	for (int i = 0; i < ARRAY_SIZE(numbers); i++)
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bind_to(test, numbers[i],
							   true));
	for (u32 expected = 4000; expected <= 6000; expected += 1000) {
		group = fanl_group_next(&number);
		KUNIT_ASSERT_NOT_NULL(test, group);
		KUNIT_EXPECT_EQ(test, group->number, expected);
		KUNIT_EXPECT_EQ(test, number, expected);
		fanl_group_put(group);
		number++;
	}
	KUNIT_EXPECT_NULL(test, fanl_group_next(&number));
}

/* So that a torn list can be told. */
static void each_change_is_a_generation(struct kunit *test)
{
	int generation = atomic_read(&fanl_generation);
	struct fanl_member *member = bind_new(test);
	struct fanl_settings settings = {};

	KUNIT_EXPECT_NE(test, atomic_read(&fanl_generation), generation);
	generation = atomic_read(&fanl_generation);
	KUNIT_EXPECT_EQ(test, fanl_group_set(member->group, &settings, NULL), 0);
	KUNIT_EXPECT_NE(test, atomic_read(&fanl_generation), generation);
	generation = atomic_read(&fanl_generation);
	fanl_member_unbind(member);
	KUNIT_EXPECT_NE(test, atomic_read(&fanl_generation), generation);
}

static struct kunit_case group_cases[] = {
	KUNIT_CASE(numbers_are_picked),
	KUNIT_CASE(numbers_may_be_given),
	KUNIT_CASE(numbers_are_free_again),
	KUNIT_CASE(binding_to_a_number_joins),
	KUNIT_CASE(excl_does_not_join),
	KUNIT_CASE_PARAM(who_joins_agrees, setting_gen_params),
	KUNIT_CASE_PARAM(set_changes_what_is_given, setting_gen_params),
	KUNIT_CASE(groups_max_is_per_user),
	KUNIT_CASE(members_are_limited),
	KUNIT_CASE(a_socket_needs_room),
	KUNIT_CASE(a_socket_is_one_member),
	KUNIT_CASE(references_keep_what_is_gone),
	KUNIT_CASE(groups_are_walked_in_order),
	KUNIT_CASE(each_change_is_a_generation),
	{}
};

static struct kunit_suite group_suite = {
	.name = "fanotify_nl_group",
	.test_cases = group_cases,
};

kunit_test_suite(group_suite);
