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
#define NUMBER		77

#define FLOOD_ACCESSES	100
#define VERDICT_US	1000

static int compare(const void *a, const void *b)
{
	return *(const float *)a < *(const float *)b ? -1 : 1;
}

struct victim {
	float ms[FLOOD_ACCESSES];
	int failed;
};

/* One access after the other, of another user. */
static int victim_run(struct victim *victim, int n, uid_t uid)
{
	int pipefd[2];
	pid_t pid;
	ssize_t len;

	victim->failed = 0;
	if (pipe(pipefd))
		return -errno;
	pid = fork();
	if (!pid) {
		if (setresuid(uid, uid, uid))
			_exit(1);
		for (int i = 0; i < n; i++) {
			__u64 begun = now_ns();
			int fd = open("file", O_RDONLY);

			victim->ms[i] = (now_ns() - begun) / 1e6;
			victim->failed += fd < 0;
			close(fd);
		}
		_exit(write(pipefd[1], victim, sizeof(*victim)) != sizeof(*victim));
	}
	close(pipefd[1]);
	len = read(pipefd[0], victim, sizeof(*victim));
	close(pipefd[0]);
	waitpid(pid, NULL, 0);
	qsort(victim->ms, n, sizeof(victim->ms[0]), compare);
	return len == sizeof(*victim) ? 0 : -EIO;
}

FIXTURE(flood)
{
	struct load load;
};

FIXTURE_VARIANT(flood)
{
	int on_timeout;
};

FIXTURE_VARIANT_ADD(flood, deny) { EPERM };
FIXTURE_VARIANT_ADD(flood, allow) { 0 };

FIXTURE_SETUP(flood)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, write_file("file", "text"));
	ASSERT_EQ(-20, nice(-20));
}

FIXTURE_TEARDOWN(flood)
{
}

/* 64 processes of one user ask without end; another user asks now and then. */
TEST_F_TIMEOUT(flood, another_user, 120)
{
	struct fanotify_nl_settings settings = GATE_SET(ON_TIMEOUT, on_timeout,
							variant->on_timeout);
	volatile unsigned int *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int n = FLOOD_ACCESSES / (slowness() > 1 ? 4 : 1);
	struct victim alone, flooded;
	unsigned int verdicts;
	double verdict_ms;
	__u64 begun;
	pid_t pid;

	pid = listener_start(NUMBER, settings, ALLOW, VERDICT_US, count);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, victim_run(&alone, n, 1002));
	ASSERT_EQ(0, load_start(&self->load, LOAD_MAX, 1001));
	sleep(1);
	begun = now_ns();
	verdicts = *count;
	ASSERT_EQ(0, victim_run(&flooded, n, 1002));
	verdict_ms = (now_ns() - begun) / 1e6 / (*count - verdicts);
	load_stop(&self->load);
	listener_kill(pid);
	printf("# a verdict takes %.2f ms; an access, alone: median %.2f, 99th percentile %.2f ms; "
	       "flooded: %.2f, %.2f ms = %.1f verdicts\n", verdict_ms, alone.ms[n / 2],
	       alone.ms[n * 99 / 100], flooded.ms[n / 2], flooded.ms[n * 99 / 100],
	       flooded.ms[n * 99 / 100] / verdict_ms);
	EXPECT_EQ(0, flooded.failed);
	EXPECT_GT(40 * verdict_ms, flooded.ms[n * 99 / 100]);
	munmap((void *)count, 4096);
}

TEST_HARNESS_MAIN
