// SPDX-License-Identifier: GPL-2.0
/*
 * Who is asked about which access, and when clocks end: users in turn, windows,
 * places, rows of timeouts.
 */
#include "../ask.h"
#include "../event.h"
#include "../perm.h"
#include "listen.h"

#define PERMS	32

struct fanl_perms {
	struct fanl_group	*group;
	struct fanl_member	*member[2];
	struct fanl_perm	perm[PERMS];
};

static struct fanl_settings settings_of_gate(u32 number)
{
	struct fanl_settings settings = fanl_test_settings(number);

	settings.flags = FANOTIFY_GROUP_FLAG_PERMISSION;
	settings.gate = fanl_gate_defaults;
	settings.gate.window = 14;
	return settings;
}

/* Nobody asks for real, so that what a test leaves is taken back here. */
static void drop_perms(void *data)
{
	struct fanl_perms *f = data;
	struct fanl_share *unused[PERMS];

	spin_lock(&f->group->lock);
	for (int i = 0; i < PERMS; i++) {
		unused[i] = NULL;
		if (!f->perm[i].share)
			continue;
		/* cleaned up by another thread: the one that asked has ended */
		f->perm[i].task = current;
		fanl_perm_done(f->group, &f->perm[i], 0);
		unused[i] = fanl_perm_end(f->group, &f->perm[i]);
	}
	spin_unlock(&f->group->lock);
	for (int i = 0; i < PERMS; i++) {
		kfree(unused[i]);
		kfree_skb(f->perm[i].skb);
	}
}

static int perm_init(struct kunit *test)
{
	struct fanl_settings settings = settings_of_gate(0);
	struct fanl_perms *f;
	int err;

	if (!fanl_ask_available())
		kunit_skip(test, "no permission groups in this kernel");
	f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->member[0] = fanl_test_bind(test, fanl_test_socket(test), &settings,
				      false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f->member[0]);
	f->group = f->member[0]->group;
	err = kunit_add_action_or_reset(test, drop_perms, f);
	KUNIT_ASSERT_EQ(test, err, 0);
	return 0;
}

static void second_member(struct kunit *test)
{
	struct fanl_perms *f = test->priv;
	struct fanl_settings settings = settings_of_gate(f->group->number);

	f->member[1] = fanl_test_bind(test, fanl_test_socket(test), &settings,
				      false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f->member[1]);
}

/* An access of @uid begins. */
static struct fanl_perm *begin(struct kunit *test, int i, uid_t uid)
{
	struct fanl_perms *f = test->priv;
	struct fanl_perm *perm = &f->perm[i];
	struct fanl_share *share;

	share = fanl_share_find(f->group->gate, KUIDT_INIT(uid));
	if (!share) {
		share = fanl_share_alloc(KUIDT_INIT(uid));
		KUNIT_ASSERT_NOT_NULL(test, share);
		hash_add(f->group->gate->shares, &share->node, uid);
	}
	perm->task = current;
	perm->begun = fanl_gate_now();
	perm->since = perm->begun;
	perm->skb = alloc_skb(FANL_EVENT_HEAD + 64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, perm->skb);
	skb_put_zero(perm->skb, FANL_EVENT_HEAD + 64);
	spin_lock(&f->group->lock);
	fanl_perm_begin(f->group, perm, share);
	spin_unlock(&f->group->lock);
	return perm;
}

static void queue(struct kunit *test, struct fanl_perm *perm)
{
	struct fanl_perms *f = test->priv;

	spin_lock(&f->group->lock);
	fanl_fair_queue(f->group, perm);
	spin_unlock(&f->group->lock);
}

static void pump(struct kunit *test)
{
	struct fanl_perms *f = test->priv;

	spin_lock(&f->group->lock);
	fanl_fair_pump(f->group);
	spin_unlock(&f->group->lock);
}

static void done(struct kunit *test, int i)
{
	struct fanl_perms *f = test->priv;

	spin_lock(&f->group->lock);
	fanl_perm_done(f->group, &f->perm[i], 0);
	fanl_fair_pump(f->group);
	spin_unlock(&f->group->lock);
}

static long look(struct kunit *test, int i, unsigned long now)
{
	struct fanl_perms *f = test->priv;
	long left;

	spin_lock(&f->group->lock);
	left = fanl_perm_look(f->group, &f->perm[i], now);
	spin_unlock(&f->group->lock);
	return left;
}

static bool delivered(struct kunit *test, int i)
{
	struct fanl_perms *f = test->priv;

	return f->perm[i].state == FANL_PERM_DELIVERED;
}

/* Users take turns, whatever the order in which they have come. */
static void users_take_turns(struct kunit *test)
{
	struct fanl_perms *f = test->priv;
	static const int order[] = { 0, 4, 8, 1, 5, 9 };
	struct fanl_perm *perm;
	int i = 0;

	for (int uid = 0; uid < 3; uid++)
		for (int j = 0; j < 4; j++)
			queue(test, begin(test, uid * 4 + j, uid));
	pump(test);
	list_for_each_entry(perm, &f->member[0]->window.delivered, node)
		KUNIT_EXPECT_PTR_EQ(test, perm, &f->perm[order[i++]]);
	KUNIT_EXPECT_EQ(test, i, 6);
	/* each place goes to the next one in turn */
	done(test, 0);
	KUNIT_EXPECT_TRUE(test, delivered(test, 2));
	done(test, 4);
	KUNIT_EXPECT_TRUE(test, delivered(test, 6));
	KUNIT_EXPECT_FALSE(test, delivered(test, 3));
}

/* One user has a quarter of what is free, and the rest is there for others. */
static void one_user_leaves_places(struct kunit *test)
{
	struct fanl_perms *f = test->priv;

	for (int i = 0; i < 8; i++)
		queue(test, begin(test, i, 1));
	pump(test);
	KUNIT_EXPECT_EQ(test, f->member[0]->window.nr, 3);
	queue(test, begin(test, 8, 2));
	pump(test);
	KUNIT_EXPECT_TRUE(test, delivered(test, 8));
	/* with that of another one there is less to have a quarter of */
	done(test, 0);
	KUNIT_EXPECT_FALSE(test, delivered(test, 3));
	done(test, 8);
	KUNIT_EXPECT_TRUE(test, delivered(test, 3));
	KUNIT_EXPECT_FALSE(test, delivered(test, 4));
}

/* However many have more to ask than may be, there is a place for one more. */
static void many_users_leave_places(struct kunit *test)
{
	struct fanl_perms *f = test->priv;

	for (int i = 0; i < 24; i++)
		queue(test, begin(test, i, i % 6));
	pump(test);
	KUNIT_EXPECT_EQ(test, f->member[0]->window.nr, 7);
	queue(test, begin(test, 24, 6));
	pump(test);
	KUNIT_EXPECT_TRUE(test, delivered(test, 24));
}

/* The one that has the least to do is asked; who was evicted is not. */
static void members_share_them_out(struct kunit *test)
{
	struct fanl_perms *f = test->priv;

	second_member(test);
	for (int i = 0; i < 8; i++)
		queue(test, begin(test, i, 1));
	pump(test);
	KUNIT_EXPECT_EQ(test, f->member[0]->window.nr, 3);
	KUNIT_EXPECT_EQ(test, f->member[1]->window.nr, 3);
	f->member[1]->window.evicted = true;
	for (int i = 0; i < 6; i++)
		done(test, i);
	KUNIT_EXPECT_EQ(test, f->member[0]->window.nr, 2);
	KUNIT_EXPECT_EQ(test, f->member[1]->window.nr, 0);
	f->member[1]->window.evicted = false;
}

/* What was delivered before goes first. */
static void what_is_delivered_again_goes_first(struct kunit *test)
{
	struct fanl_perms *f = test->priv;

	for (int i = 0; i < 5; i++)
		queue(test, begin(test, i, 1));
	pump(test);
	spin_lock(&f->group->lock);
	fanl_perm_requeue(f->group, f->member[0]);
	spin_unlock(&f->group->lock);
	KUNIT_EXPECT_EQ(test, f->member[0]->window.nr, 0);
	for (int i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, f->perm[i].state, FANL_PERM_ADMITTED);
		f->perm[i].skb = skb_copy(f->perm[3].skb, GFP_KERNEL);
		queue(test, &f->perm[i]);
	}
	pump(test);
	for (int i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, delivered(test, i), i < 3);
}

/* Places are taken by who has waited longest, and only by the same user. */
static void places_of_a_user(struct kunit *test)
{
	struct fanl_perms *f = test->priv;

	f->group->gate->set.uid_pending = 2;
	for (int i = 0; i < 5; i++)
		begin(test, i, 1);
	begin(test, 5, 2);
	KUNIT_EXPECT_EQ(test, f->perm[1].state, FANL_PERM_ADMITTED);
	KUNIT_EXPECT_EQ(test, f->perm[2].state, FANL_PERM_PARKED);
	KUNIT_EXPECT_EQ(test, f->perm[5].state, FANL_PERM_ADMITTED);
	KUNIT_EXPECT_EQ(test, f->group->gate->stats.pending, 3);
	KUNIT_EXPECT_EQ(test, f->group->gate->stats.parked, 3);
	/* said once, by the first of them */
	KUNIT_EXPECT_EQ(test, f->perm[2].said,
			BIT(FANOTIFY_CONTROL_EVENT_LIMIT));
	KUNIT_EXPECT_EQ(test, f->perm[3].said, 0);
	done(test, 5);
	KUNIT_EXPECT_EQ(test, f->perm[2].state, FANL_PERM_PARKED);
	done(test, 1);
	KUNIT_EXPECT_EQ(test, f->perm[2].state, FANL_PERM_ADMITTED);
	KUNIT_EXPECT_EQ(test, f->perm[3].state, FANL_PERM_PARKED);
	/* one that gives up while it is parked has no place to give back */
	done(test, 3);
	KUNIT_EXPECT_EQ(test, f->perm[4].state, FANL_PERM_PARKED);
	done(test, 0);
	KUNIT_EXPECT_EQ(test, f->perm[4].state, FANL_PERM_ADMITTED);
	KUNIT_EXPECT_EQ(test, f->group->gate->stats.parked, 0);
}

/*
 * The clock of an event starts when it is delivered, that of the wait before. A
 * jiffy more, as they start within one.
 */
static void clocks(struct kunit *test)
{
	struct fanl_perms *f = test->priv;
	unsigned long now = fanl_gate_now() + 100 * HZ;

	begin(test, 0, 1);
	KUNIT_EXPECT_EQ(test, look(test, 0, now), 0);
	queue(test, &f->perm[0]);
	f->perm[0].begun = now;
	KUNIT_EXPECT_EQ(test, look(test, 0, now), 5 * HZ + 1);
	KUNIT_EXPECT_EQ(test, look(test, 0, now + 53 * HZ),
			2 * HZ + 1);
	pump(test);
	f->perm[0].since = now + 10 * HZ;
	KUNIT_EXPECT_EQ(test, look(test, 0, now + 12 * HZ),
			3 * HZ + 1);
	f->perm[0].since = now + 58 * HZ;
	KUNIT_EXPECT_EQ(test, look(test, 0, now + 60 * HZ), 1);
	KUNIT_EXPECT_TRUE(test, delivered(test, 0));
	KUNIT_EXPECT_EQ(test, look(test, 0, now + 60 * HZ + 1), 0);
	KUNIT_EXPECT_EQ(test, f->perm[0].state, FANL_PERM_DONE);
	KUNIT_EXPECT_EQ(test, f->group->gate->stats.timeouts, 1);
}

/* Never put before a member while there was time to answer, it is not let through. */
static void what_is_never_delivered(struct kunit *test)
{
	struct fanl_perms *f = test->priv;

	queue(test, begin(test, 0, 1));
	KUNIT_EXPECT_EQ(test, look(test, 0, f->perm[0].begun + 55 * HZ), 1);
	look(test, 0, f->perm[0].begun + 55 * HZ + 1);
	KUNIT_EXPECT_EQ(test, f->perm[0].state, FANL_PERM_DONE);
	KUNIT_EXPECT_EQ(test, f->perm[0].error, EBUSY);
	KUNIT_EXPECT_EQ(test, f->group->gate->stats.undelivered, 1);
	KUNIT_EXPECT_EQ(test, f->group->gate->stats.timeouts, 0);
}

struct row_param {
	const char	*desc;
	unsigned int	after;
	unsigned int	each;
	bool		evicted;
};

/* Four timeouts, @each jiffies apart, of 5 s each. */
static const struct row_param row_params[] = {
	{ "never", 0, 5 * HZ, false },
	{ "in a row", 4, 5 * HZ, true },
	{ "not enough", 5, 5 * HZ, false },
	{ "of one stall", 4, 0, false },
	{ "span less than a timeout", 4, 5 * HZ / 3 - 1, false },
	{ "span a timeout", 4, 5 * HZ / 3 + 1, true },
};

static void row_desc(const struct row_param *param, char *desc)
{
	strscpy(desc, param->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(row, row_params, row_desc);

/* A second member, so that the group does not end with the one evicted. */
static void eviction(struct kunit *test)
{
	const struct row_param *param = test->param_value;
	struct fanl_perms *f = test->priv;
	unsigned long now = fanl_gate_now() + 1000 * HZ;

	second_member(test);
	f->group->gate->set.evict_after = param->after;
	for (int i = 0; i < 4; i++) {
		f->member[1]->window.evicted = true;
		queue(test, begin(test, i, 1));
		pump(test);
		f->member[1]->window.evicted = false;
		KUNIT_ASSERT_TRUE(test, delivered(test, i));
		f->perm[i].begun = now;
		f->perm[i].since = now;
		look(test, i, now + 5 * HZ + 1);
		KUNIT_EXPECT_EQ(test, f->perm[i].state, FANL_PERM_DONE);
		now += param->each;
	}
	KUNIT_EXPECT_EQ(test, f->member[0]->window.row, 4);
	KUNIT_EXPECT_EQ(test, f->member[0]->window.evicted, param->evicted);
	KUNIT_EXPECT_EQ(test, f->group->gate->stats.evictions, param->evicted);
	KUNIT_EXPECT_EQ(test, f->group->gate->state, FANL_GATE_ACTIVE);
}

static struct kunit_case perm_cases[] = {
	KUNIT_CASE(users_take_turns),
	KUNIT_CASE(one_user_leaves_places),
	KUNIT_CASE(many_users_leave_places),
	KUNIT_CASE(members_share_them_out),
	KUNIT_CASE(what_is_delivered_again_goes_first),
	KUNIT_CASE(places_of_a_user),
	KUNIT_CASE(clocks),
	KUNIT_CASE(what_is_never_delivered),
	KUNIT_CASE_PARAM(eviction, row_gen_params),
	{}
};

static struct kunit_suite perm_suite = {
	.name = "fanotify_nl_perm",
	.init = perm_init,
	.test_cases = perm_cases,
};

kunit_test_suite(perm_suite);
