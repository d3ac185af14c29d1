// SPDX-License-Identifier: GPL-2.0
/*
 * Eight writers on all CPUs and one reader: each operation's events arrive
 * once and in order, however far the reader falls behind.
 *
 * The queue's limit of 256 MiB is more than all of the events take.
 */
#include "test.h"
#include "storm.h"

#define WRITERS		8
#define OPERATIONS	200000
#define QUEUE_LIMIT	(256 << 20)

FIXTURE(storm) {
	struct storm storm;
	struct order order;
	struct fanotify_nl *h;
};

FIXTURE_VARIANT(storm) {
	int (*work)(void);
	unsigned int operations;
	__u32 rcvbuf;
};

FIXTURE_VARIANT_ADD(storm, tmpfs) {
	.work = work_here, .operations = OPERATIONS,
};

FIXTURE_VARIANT_ADD(storm, ext4_with_a_small_receive_buffer) {
	.work = work_on_disk, .operations = OPERATIONS / 5, .rcvbuf = 131072 / 2,
};

FIXTURE_SETUP(storm)
{
	ASSERT_EQ(0, variant->work());
	self->h = member_open(0, variant->rcvbuf, QUEUE_LIMIT);
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, member_mark(self->h, ".", STORM_KINDS));
}

FIXTURE_TEARDOWN(storm)
{
	storm_stop(&self->storm);
	fanotify_nl_close(self->h);
}

TEST_F_TIMEOUT(storm, every_event_arrives_once_and_in_order, 240)
{
	unsigned int cycles = variant->operations / STORM_OPERATIONS / WRITERS + 1;
	struct fanotify_nl_counters counters;
	struct fanotify_nl_member_info stats;
	struct fanotify_nl_event event;
	__u64 start = now_ns(), written = 0;
	const char *wrong;
	int ret;

	ASSERT_EQ(0, storm_start(&self->storm, ".", WRITERS, cycles));
	while (self->order.events < storm_events(&self->storm)) {
		/* ENOBUFS would be one of the errors */
		ret = fanotify_nl_wait_event(self->h, &event, 30000);
		ASSERT_EQ(1, ret) {
			printf("# %d after %llu events: %s\n", ret,
			       (unsigned long long)self->order.events,
			       fanotify_nl_error(self->h));
		}
		wrong = order_take(&self->order, &event) ?: storm_take(&self->storm, &event);
		ASSERT_EQ(NULL, wrong) {
			printf("# seq %llu: %s\n", (unsigned long long)event.seq, wrong);
		}
		if (!written && !(event.seq % 1024) && storm_ended(&self->storm))
			written = now_ns() - start;
	}
	EXPECT_TRUE(storm_join(&self->storm));
	EXPECT_TRUE(storm_complete(&self->storm));
	EXPECT_EQ(0, fanotify_nl_next_event(self->h, &event));

	fanotify_nl_counters(self->h, &counters);
	EXPECT_EQ(self->order.events, counters.events);
	EXPECT_EQ(0, counters.holes + counters.repeats + counters.malformed + counters.gaps);
	ASSERT_EQ(0, member_own_stats(self->h, &stats));
	EXPECT_EQ(self->order.events, stats.pushed + stats.fetched);
	EXPECT_EQ(0, stats.lost);
	printf("# %u operations, %llu events: %llu pushed, %llu in %llu fetches; at most %llu kB waited; written in %llu ms, read in %llu ms\n",
	       WRITERS * self->storm.cycles * STORM_OPERATIONS, (unsigned long long)self->order.events,
	       (unsigned long long)stats.pushed, (unsigned long long)stats.fetched,
	       (unsigned long long)counters.fetches, (unsigned long long)stats.waiting_max / 1024,
	       (unsigned long long)written / 1000000,
	       (unsigned long long)(now_ns() - start) / 1000000);
}

TEST_HARNESS_MAIN
