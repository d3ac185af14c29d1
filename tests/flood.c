// SPDX-License-Identifier: GPL-2.0
/*
 * A user that floods the permission gate, and another one. To be run where time is
 * counted in instructions (--icount): it is about tails.
 */
#include <sys/mman.h>

#include "test.h"
#include "gate.h"
#include "load.h"
#include "storm.h"

#define ALLOW		FANOTIFY_VERDICT_ALLOW
#define SET(name)	FANOTIFY_NL_SET_##name

#define NUMBER		77

#define ACCESSES	200
#define VERDICT_US	1000
/* How many verdict times another user may wait. */
#define VERDICTS_MAX	40

/* Times in milliseconds, and how many verdicts were given meanwhile; in order. */
struct waits {
	float ms[ACCESSES];
	float verdicts[ACCESSES];
	int failed;
};

static int compare(const void *a, const void *b)
{
	return *(const float *)a < *(const float *)b ? -1 : 1;
}

static float part_of(const float *sorted, unsigned int percent)
{
	return sorted[(ACCESSES * percent + 99) / 100 - 1];
}

static void victim_run(struct waits *waits, volatile unsigned int *verdicts)
{
	if (setresuid(1002, 1002, 1002))
		_exit(1);
	waits->failed = 0;
	for (int i = 0; i < ACCESSES; i++) {
		unsigned int before = *verdicts;
		__u64 begun = now_ns();
		int fd = open("file", O_RDONLY);

		waits->ms[i] = (now_ns() - begun) / 1e6;
		waits->verdicts[i] = *verdicts - before;
		waits->failed += fd < 0;
		close(fd);
	}
	_exit(0);
}

/* One access after the other, of another user. */
static bool victim(struct waits *waits, volatile unsigned int *verdicts)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		victim_run(waits, verdicts);
	if (waitpid(pid, &status, 0) != pid || status)
		return false;
	qsort(waits->ms, ACCESSES, sizeof(waits->ms[0]), compare);
	qsort(waits->verdicts, ACCESSES, sizeof(waits->verdicts[0]), compare);
	return true;
}

static void print_waits(const char *when, const struct waits *waits)
{
	printf("# %s: median %.2f ms and %.0f verdicts, 99th percentile %.2f ms and %.0f verdicts\n",
	       when, part_of(waits->ms, 50), part_of(waits->verdicts, 50),
	       part_of(waits->ms, 99), part_of(waits->verdicts, 99));
}

FIXTURE(flood)
{
	struct load load;
	pid_t listener;
	/* of other processes */
	struct waits *waits;
	volatile unsigned int *verdicts;
};

FIXTURE_VARIANT(flood)
{
	__u32 on_timeout;
};

FIXTURE_VARIANT_ADD(flood, deny) { EPERM };
FIXTURE_VARIANT_ADD(flood, allow) { 0 };

FIXTURE_SETUP(flood)
{
	self->waits = mmap(NULL, sizeof(*self->waits) + 64, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->waits);
	self->verdicts = (void *)(self->waits + 1);
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, write_file("file", "text"));
	ASSERT_EQ(-20, nice(-20));
}

FIXTURE_TEARDOWN(flood)
{
	listener_kill(self->listener);
}

static bool most_wait(void *arg)
{
	return gate_of(NUMBER).pending > LOAD_MAX * 3 / 4;
}

static bool some_have_waited_in_vain(void *arg)
{
	return gate_of(NUMBER).undelivered;
}

/* 64 processes of one user ask without end; another user asks now and then. */
TEST_F_TIMEOUT(flood, another_user, 120)
{
	struct fanotify_nl_settings settings = GATE_SET(ON_TIMEOUT, on_timeout,
							variant->on_timeout);
	struct fanotify_nl_gate gate;
	struct tally tally = {};
	unsigned int before;
	double verdict_ms;
	__u64 begun;

	self->listener = listener_start(NUMBER, settings, ALLOW, VERDICT_US, self->verdicts);
	ASSERT_LT(0, self->listener);
	ASSERT_TRUE(victim(self->waits, self->verdicts));
	print_waits("alone", self->waits);
	EXPECT_EQ(0, self->waits->failed);

	ASSERT_EQ(0, load_start(&self->load, LOAD_MAX, 1001));
	ASSERT_TRUE(wait_until(most_wait, NULL, 10000));
	before = *self->verdicts;
	begun = now_ns();
	ASSERT_TRUE(victim(self->waits, self->verdicts));
	verdict_ms = (now_ns() - begun) / 1e6 / (*self->verdicts - before);
	gate = gate_of(NUMBER);
	load_tally(&self->load, 0, &tally);
	load_stop(&self->load);
	print_waits("in a flood", self->waits);
	printf("# a verdict takes %.2f ms: the 99th percentile is %.1f verdict times\n", verdict_ms,
	       part_of(self->waits->ms, 99) / verdict_ms);
	EXPECT_GT(VERDICTS_MAX * verdict_ms, part_of(self->waits->ms, 99));
	EXPECT_EQ(0, self->waits->failed);
	/* whatever was allowed was so by a verdict */
	EXPECT_EQ(0, tally.other);
	EXPECT_LT(LOAD_MAX, tally.accesses);
	EXPECT_EQ(0, gate.timeouts);
	EXPECT_EQ(0, gate.undelivered);
	EXPECT_EQ(0, gate.abandoned);
}

/*
 * Accesses wait for less time than the flood makes them: what is not delivered in
 * time fails, whatever is done on timeout, and the others are answered.
 */
TEST_F_TIMEOUT(flood, does_not_open_the_gate, 120)
{
	struct fanotify_nl_settings settings = {
		.set = SET(ON_TIMEOUT) | SET(TIMEOUT_MS) | SET(WAIT_MS) | SET(EVICT_AFTER),
		.on_timeout = variant->on_timeout, .timeout_ms = 40, .wait_ms = 80,
		.evict_after = 0,
	};
	struct fanotify_nl_gate gate;
	struct tally tally = {};

	self->listener = listener_start(NUMBER, settings, ALLOW, VERDICT_US, self->verdicts);
	ASSERT_LT(0, self->listener);
	ASSERT_EQ(0, load_start(&self->load, LOAD_MAX, 1001));
	ASSERT_TRUE(wait_until(some_have_waited_in_vain, NULL, 10000));
	ASSERT_TRUE(victim(self->waits, self->verdicts));
	print_waits("in a flood", self->waits);
	load_tally(&self->load, EBUSY, &tally);
	load_stop(&self->load);
	gate = gate_of(NUMBER);
	printf("# %u accesses, %u of them not delivered; %llu allowed by a verdict, %llu timeouts\n",
	       tally.accesses, tally.accesses - tally.other, (unsigned long long)gate.allowed,
	       (unsigned long long)gate.timeouts);
	EXPECT_EQ(0, self->waits->failed);
	EXPECT_EQ(0, gate.timeouts);
	EXPECT_LT(0, tally.accesses - tally.other);
	EXPECT_GE(gate.undelivered, tally.accesses - tally.other);
	EXPECT_GE(gate.allowed, tally.other + ACCESSES);
}

TEST_HARNESS_MAIN
