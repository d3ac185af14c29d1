// SPDX-License-Identifier: GPL-2.0
/*
 * What a journal of level ordered costs: in instructions for each operation, so run with
 * --icount; in memory, of a consumer far behind; and how fast records are made.
 *
 * BEHIND: by how many records that consumer is behind.
 */
#include "journalfs.h"
#include "steps.h"
#include "storm.h"
#include "test.h"

#define RING_BYTES	(16ULL << 20)
#define PLACE		"/mnt/disk"

/*
 * In seconds, of which there are any number where instructions are counted: while the disk
 * is at work nothing else is, and time goes on to the next timer at once. What ends a test
 * that hangs is the limit of tests/vm/run.
 */
#define NO_LIMIT	10000000

static const struct steps steps = { 5, { CREATE, WRITE, CLOSE, RENAME, UNLINK } };

static int start_ordered(struct fanotify_nl *h, __u64 size,
			 struct fanotify_nl_journal_info *info)
{
	const struct fanotify_nl_journal_settings settings = {
		.set = FANOTIFY_NL_JOURNAL_SET_LEVEL,
		.level = FANOTIFY_JOURNAL_LEVEL_ORDERED,
	};
	int ret = fanotify_nl_journal_create(h, PLACE, size, NULL, NULL);

	if (!ret)
		ret = fanotify_nl_journal_start(h, PLACE, &settings, info);
	if (ret)
		fprintf(stderr, "# journal: %s\n", fanotify_nl_error(h));
	return ret;
}

/* In an empty folder each time, with nothing left to be written. */
static bool measure(struct cost *cost)
{
	/* the first round warms up */
	for (int round = -1; round < ROUNDS; round++) {
		sync();
		if (work_on_disk() || !steps_measure(&steps, cost, round < 0 ? 0 : round))
			return false;
	}
	return true;
}

/* ---- instructions ---- */

enum journal { OFF, ORDERED, JOURNALS };

static const char *const journal_names[JOURNALS] = { "no journal", "ordered" };

/* In hundredths. */
#define ORDERED_MAX	125

/* For comparison with a kernel that has none: only this part. */
FIXTURE(off)
{
	int unused;
};

FIXTURE_SETUP(off)
{
}

FIXTURE_TEARDOWN(off)
{
}

TEST_F_TIMEOUT(off, without, NO_LIMIT)
{
	static struct cost cost;

	ASSERT_TRUE(measure(&cost));
	cost_print(&steps, &cost, journal_names, 1, cost_mean);
}

FIXTURE(ordered)
{
	struct fanotify_nl *h;
	struct fanotify_nl_journal_info info;
};

FIXTURE_SETUP(ordered)
{
	ASSERT_EQ(0, fanotify_nl_open(&self->h));
}

FIXTURE_TEARDOWN(ordered)
{
	EXPECT_EQ(0, chdir("/"));
	EXPECT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	EXPECT_EQ(0, fanotify_nl_journal_remove(self->h, PLACE));
	fanotify_nl_close(self->h);
}

TEST_F_TIMEOUT(ordered, operations, NO_LIMIT)
{
	static struct cost cost[JOURNALS];

	ASSERT_TRUE(measure(&cost[OFF]));
	ASSERT_EQ(0, start_ordered(self->h, RING_BYTES, &self->info));
	ASSERT_TRUE(measure(&cost[ORDERED]));
	cost_print(&steps, cost, journal_names, JOURNALS, cost_mean);
	for (int step = 0; step < steps.count; step++)
		EXPECT_LT(cost_mean(&cost[ORDERED], step) * 100,
			  cost_mean(&cost[OFF], step) * ORDERED_MAX);
}

/* ---- memory, and time ---- */

/* Of one more record, at most: it has 500 to 600 in the ring. */
#define RECORD_BYTES	700

static int make_and_remove(void)
{
	int fd = open(PLACE "/work/again", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	return fd < 0 || close(fd) || unlink(PLACE "/work/again") ? -errno : 0;
}

/* What the kernel has for itself, and cannot give back. */
static long kernel_kb(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long all = 0, kb;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "SUnreclaim: %ld", &kb) == 1 ||
		    sscanf(line, "VmallocUsed: %ld", &kb) == 1 ||
		    sscanf(line, "KernelStack: %ld", &kb) == 1)
			all += kb;
	if (f)
		fclose(f);
	return all;
}

/* Make records up to this index, or a few more. */
static int fall_behind(struct fanotify_nl *h, struct fanotify_nl_journal_info *info, __u64 index)
{
	int ret = 0;

	do {
		for (int i = 0; !ret && i < 1000; i++)
			ret = make_and_remove();
		if (!ret)
			ret = fanotify_nl_journal_get(h, PLACE, info);
	} while (!ret && info->newest < index);
	return ret;
}

/* What it reads is on disk, and only there. */
TEST_F_TIMEOUT(ordered, memory_of_a_consumer_far_behind, 7200)
{
	const char *given = getenv("BEHIND");
	const __u64 behind = given && *given ? strtoull(given, NULL, 10) : 20000;
	const struct fanotify_nl_consumer consumer = { .name = "behind" };
	struct fanotify_nl_cursor cursor;
	long before, after;
	__u64 token, begun, first, ns;

	ASSERT_EQ(0, work_on_disk());
	ASSERT_EQ(0, start_ordered(self->h, RING_BYTES + behind * RECORD_BYTES, &self->info));
	ASSERT_EQ(0, fanotify_nl_consumer_add(self->h, self->info.id, &consumer, &token, &cursor));
	/* once what writing takes is there */
	ASSERT_EQ(0, fall_behind(self->h, &self->info, cursor.index + behind / 10));
	sync();
	before = kernel_kb();
	first = self->info.newest;
	begun = now_ns();
	ASSERT_EQ(0, fall_behind(self->h, &self->info, cursor.index + behind));
	ns = now_ns() - begun;
	sync();
	after = kernel_kb();
	printf("# %llu records behind: %ld kB of kernel memory more than with %llu; %.0f records/s\n",
	       (unsigned long long)(self->info.newest - cursor.index), after - before,
	       (unsigned long long)(first - cursor.index),
	       (self->info.newest - first) * 1e9 / ns);
	EXPECT_LT(after - before, 512);
	EXPECT_EQ(0, self->info.gaps);
	EXPECT_EQ(cursor.index + 1, self->info.oldest);
}

TEST_HARNESS_MAIN
