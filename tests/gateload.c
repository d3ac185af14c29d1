// SPDX-License-Identifier: GPL-2.0
/*
 * The permission gate, and listeners that are killed, stopped, frozen; and the module
 * unloaded.
 */
#include "test.h"
#include "gate.h"
#include "load.h"
#include "remains.h"
#include "storm.h"

#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define ALLOW		FANOTIFY_VERDICT_ALLOW
#define DENY		FANOTIFY_VERDICT_DENY
#define SET(name)	FANOTIFY_NL_SET_##name

#define NUMBER		77

FIXTURE(gateload)
{
};

FIXTURE_SETUP(gateload)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, write_file("file", "text"));
	/* the load takes what is left */
	ASSERT_EQ(-20, nice(-20));
}

FIXTURE_TEARDOWN(gateload)
{
	set_parameter("gate_lift", "1");
}

/* Kill the listener at random moments; a successor follows each. */
static bool kill_and_succeed(struct load *load, struct fanotify_nl_settings settings,
			     __u32 verdict, unsigned int kills, struct tally *tally)
{
	pid_t pid = listener_start(NUMBER, settings, verdict, 0, NULL);

	if (pid < 0 || load_start(load, 16, 1001))
		return false;
	for (unsigned int i = 0; i < kills; i++) {
		usleep(rand() % 20000);
		listener_kill(pid);
		pid = listener_start(NUMBER, settings, verdict, 0, NULL);
		if (pid < 0)
			return false;
		load_tally(load, verdict == DENY ? EPERM : 0, tally);
	}
	load_stop(load);
	listener_kill(pid);
	printf("# %u kills, %u accesses, %u with the wrong outcome, the longest took %.0f ms\n",
	       kills, tally->accesses, tally->other, tally->longest);
	return true;
}

/* All are denied, so that one that was let through meanwhile would be seen. */
TEST_F_TIMEOUT(gateload, killed_and_succeeded, 120)
{
	struct fanotify_nl_settings settings = {
		.set = SET(LINGER_MS) | SET(ON_EVICT) | SET(ON_TIMEOUT) | SET(TIMEOUT_MS),
		.linger_ms = 60000, .on_evict = FANOTIFY_ON_EVICT_DENY, .timeout_ms = 60000,
	};
	unsigned int kills = 100 / slowness();
	struct tally tally = {};
	struct load load;

	ASSERT_TRUE(kill_and_succeed(&load, settings, DENY, kills, &tally));
	EXPECT_EQ(0, tally.other);
	EXPECT_LT(kills, tally.accesses);
	EXPECT_GT(5000 * slowness(), tally.longest);
}

/* Without a time to linger nobody waits longer than is set, and all are let through. */
TEST_F_TIMEOUT(gateload, killed, 120)
{
	struct fanotify_nl_settings settings = GATE_SET(TIMEOUT_MS, timeout_ms, 1000);
	struct tally tally = {};
	struct load load;

	ASSERT_TRUE(kill_and_succeed(&load, settings, ALLOW, 100 / slowness(), &tally));
	EXPECT_EQ(0, tally.other);
	EXPECT_GT(1500 * slowness(), tally.longest);
}

/* An access that nobody answers: its errno, and how long it took. */
static int unanswered(double *ms)
{
	struct access a;
	int err = access_start(&a, OPEN, "file", 1001);

	if (!err)
		err = access_end(&a, 30000);
	*ms = a.ms;
	return err;
}

/* Stopped, it is evicted; unrelated processes have waited no more than is set. */
TEST_F(gateload, stopped)
{
	struct fanotify_nl_settings settings = {
		.set = SET(TIMEOUT_MS) | SET(EVICT_AFTER), .timeout_ms = 300, .evict_after = 4,
	};
	pid_t pid = listener_start(NUMBER, settings, ALLOW, 0, NULL);
	double ms;

	ASSERT_LT(0, pid);
	kill(pid, SIGSTOP);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(0, unanswered(&ms));
		EXPECT_LE(180, ms);
		EXPECT_GE(600 * slowness(), ms);
	}
	EXPECT_TRUE(gate_becomes(NUMBER, 0));
	EXPECT_EQ(0, unanswered(&ms));
	EXPECT_GE(100 * slowness(), ms);
	listener_kill(pid);
}

/* The machine can be frozen while accesses wait; clocks stand still meanwhile, and go on. */
TEST_F_TIMEOUT(gateload, frozen, 90)
{
	struct fanotify_nl_settings longer = GATE_SET(TIMEOUT_MS, timeout_ms, 20000);
	struct fanotify_nl_settings settings = {
		.set = SET(TIMEOUT_MS) | SET(ON_TIMEOUT), .timeout_ms = 4000, .on_timeout = EPERM,
	};
	struct fanotify_nl_settings lingers = {
		.set = SET(LINGER_MS) | SET(ON_EVICT), .linger_ms = 4000,
		.on_evict = FANOTIFY_ON_EVICT_DENY,
	};
	struct fanotify_nl *h;
	struct access a;
	__s64 id;

	if (write_file("/sys/power/pm_test", "freezer"))
		SKIP(return, "this kernel cannot test it");
	h = gate_open(NUMBER, 0, settings);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, listen_mark(h, FILESYSTEM, ".", KIND(OPEN_PERM)));
	ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
	id = gate_next(h, 20000, NULL);
	ASSERT_LT(0, id);
	/* takes 5 s */
	EXPECT_EQ(0, write_file("/sys/power/state", "mem"));
	EXPECT_EQ(-ETIMEDOUT, access_end(&a, 0));
	EXPECT_EQ(0, gate_verdict(h, id, ALLOW, 0, 0));
	EXPECT_EQ(0, access_end(&a, 20000));
	EXPECT_EQ(0, gate_of(NUMBER).timeouts);

	ASSERT_EQ(0, fanotify_nl_group_set(h, &longer));
	ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
	ASSERT_LT(0, gate_next(h, 20000, NULL));
	usleep(10000000);
	EXPECT_EQ(0, write_file("/sys/power/state", "mem"));
	EXPECT_EQ(-ETIMEDOUT, access_end(&a, 0));
	/* half of it was over before */
	EXPECT_EQ(EPERM, access_end(&a, 15000));

	/* who is to start a successor is frozen as well */
	ASSERT_EQ(0, fanotify_nl_group_set(h, &lingers));
	ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
	ASSERT_LT(0, gate_next(h, 20000, NULL));
	fanotify_nl_close(h);
	EXPECT_EQ(0, write_file("/sys/power/state", "mem"));
	h = gate_open(NUMBER, 0, lingers);
	ASSERT_NE(NULL, h);
	id = gate_next(h, 20000, NULL);
	EXPECT_LT(0, id);
	EXPECT_EQ(0, gate_verdict(h, id, ALLOW, 0, 0));
	EXPECT_EQ(0, access_end(&a, 20000));
	fanotify_nl_close(h);
	write_file("/sys/power/pm_test", "none");
}

static bool all_pending(void *arg)
{
	return gate_of(NUMBER).pending == 16;
}

/* The module goes while accesses wait, in each state: all are let through. */
TEST_F_TIMEOUT(gateload, unloaded, 60)
{
	static const char *const states[] = { "active", "lingering", "held" };

	if (!remains_is_module())
		SKIP(return, "built in");
	for (int i = 0; i < 3; i++) {
		struct fanotify_nl_settings settings = {
			.set = SET(TIMEOUT_MS) | SET(LINGER_MS) | SET(ON_EVICT),
			.timeout_ms = 600000, .linger_ms = i == 1 ? 600000 : 0,
			.on_evict = FANOTIFY_ON_EVICT_DENY,
		};
		struct fanotify_nl *h = gate_open(NUMBER, REMEMBER, settings);
		struct access a[16];

		ASSERT_NE(NULL, h);
		ASSERT_EQ(0, listen_mark(h, FILESYSTEM, ".", KIND(OPEN_PERM)));
		for (int j = 0; j < 16; j++)
			ASSERT_EQ(0, access_start(&a[j], OPEN, "file", j % 2 ? 1001 : 1002));
		ASSERT_LT(0, gate_next(h, 20000, NULL));
		ASSERT_TRUE(wait_until(all_pending, NULL, 20000));
		if (i)
			fanotify_nl_close(h);
		ASSERT_EQ(0, module_unload()) TH_LOG("%s", states[i]);
		for (int j = 0; j < 16; j++)
			EXPECT_EQ(i == 2 ? EPERM : 0, access_end(&a[j], 20000)) TH_LOG("%s", states[i]);
		if (!i)
			fanotify_nl_close(h);
		ASSERT_EQ(0, module_load());
	}
}

TEST_HARNESS_MAIN
