// SPDX-License-Identifier: GPL-2.0
/*
 * A full queue: what is lost is announced, exactly, where it is missing.
 */
#include <time.h>

#include "test.h"
#include "storm.h"
#include "wire.h"

#define QUEUE_LIMIT	(64 << 10)

/* A gap's own memory is not refused: two may be beyond the limit. */
#define GAPS_MEMORY	4096

FIXTURE(overflow) {
	struct fanotify_nl *h;
	struct wire w;
	struct order order;
	struct fanotify_nl_member_info stats;
	struct fanotify_nl_event event;
	unsigned int made;
	unsigned int seen;
};

typedef struct _test_data_overflow overflow;

FIXTURE_SETUP(overflow)
{
	ASSERT_EQ(0, work_here());
	self->h = member_open(0, 65536, QUEUE_LIMIT);
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, member_mark(self->h, ".", KIND(CREATE)));
	ASSERT_EQ(0, wire_init(&self->w, fanotify_nl_fd(self->h)));
}

FIXTURE_TEARDOWN(overflow)
{
	fanotify_nl_close(self->h);
}

/* Files are named by their number, @width digits, so that a loss can be seen. */
static int make_wide(overflow *self, unsigned int count, int width)
{
	char name[256];

	while (count--) {
		snprintf(name, sizeof(name), "%0*u", width, ++self->made);
		if (mknod(name, S_IFREG | 0600, 0))
			return -errno;
	}
	return member_own_stats(self->h, &self->stats);
}

static int make(overflow *self, unsigned int count)
{
	return make_wide(self, count, 1);
}

/* An event is the next one, and a gap stands for just those that are missing. */
static const char *account(overflow *self)
{
	const char *wrong = order_take(&self->order, &self->event);

	if (wrong)
		return wrong;
	if (self->event.mask & KIND(GAP)) {
		self->seen += self->event.gap.count;
		if (self->event.gap.reason != FANOTIFY_GAP_REASON_OVERFLOW)
			return "a gap for another reason";
		return NULL;
	}
	if (!self->event.name || (unsigned int)atoi(self->event.name) != ++self->seen)
		return "the gaps before an event do not add up";
	return NULL;
}

/* Read all: 0 or -errno. */
static int read_all(overflow *self)
{
	while (self->seen < self->made) {
		int ret = wire_read(&self->w, 0, 0, 10000, &self->event);
		const char *wrong = ret == 1 ? account(self) : NULL;

		if (wrong)
			printf("# seq %llu: %s\n", (unsigned long long)self->event.seq, wrong);
		if (wrong || ret != 1)
			return ret < 0 ? ret : -EBADMSG;
	}
	return 0;
}

static __u64 realtime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

TEST_F(overflow, gap_and_received_add_up)
{
	__u64 start = realtime(), end;

	ASSERT_EQ(0, make(self, 2000));
	end = realtime();
	EXPECT_GT(self->stats.lost, 1500);
	EXPECT_EQ(1, self->stats.gaps);
	EXPECT_EQ(2000, self->stats.seq);
	EXPECT_EQ(2000, self->stats.pushed + self->stats.waiting - 1 + self->stats.lost);
	EXPECT_LE(self->stats.waiting_bytes, QUEUE_LIMIT + GAPS_MEMORY);
	EXPECT_GT(self->stats.waiting_bytes, QUEUE_LIMIT - GAPS_MEMORY);
	EXPECT_LE(self->stats.waiting_max, QUEUE_LIMIT + GAPS_MEMORY);

	ASSERT_EQ(0, read_all(self));
	EXPECT_TRUE(self->event.mask & KIND(GAP));
	EXPECT_EQ(1, self->order.gaps);
	EXPECT_EQ(self->stats.lost, self->event.gap.count);
	EXPECT_EQ(2000, self->event.gap.last);
	EXPECT_EQ(2000 - self->stats.lost + 1, self->event.gap.first);
	EXPECT_GE(self->event.gap.since, start);
	EXPECT_LE(self->event.gap.since, end);
	EXPECT_EQ(2000, self->order.events - 1 + self->event.gap.count);

	/* and pushed again from there on */
	ASSERT_EQ(0, make(self, 1));
	ASSERT_EQ(0, read_all(self));
	EXPECT_FALSE(self->event.mask & KIND(GAP));
	ASSERT_EQ(0, member_own_stats(self->h, &self->stats));
	EXPECT_EQ(FANOTIFY_DELIVERY_PUSH, self->stats.state);
	EXPECT_EQ(1, self->stats.gaps);
}

/* Take one answer, and look at what is in the socket. */
static int fetch_one(overflow *self)
{
	const struct nlmsghdr *msg;
	const char *wrong;
	int ret = wire_fetch(&self->w, 0, 1);

	if (ret)
		return ret;
	while ((ret = wire_recv(&self->w, 0)) > 0) {
		while ((msg = wire_next(&self->w))) {
			ret = wire_take(&self->w, msg, &self->event);
			wrong = ret == 1 ? account(self) : NULL;
			if (wrong)
				printf("# %s\n", wrong);
			if (wrong || ret < 0)
				return ret < 0 ? ret : -EBADMSG;
		}
	}
	return ret == -EAGAIN ? 0 : ret;
}

TEST_F(overflow, events_after_a_gap_resume_at_once)
{
	__u64 lost;

	ASSERT_EQ(0, make(self, 1000));
	lost = self->stats.lost;
	EXPECT_GT(lost, 0);
	ASSERT_EQ(0, fetch_one(self));
	ASSERT_EQ(0, fetch_one(self));
	ASSERT_EQ(0, make(self, 1));
	EXPECT_EQ(lost, self->stats.lost);
	ASSERT_EQ(0, read_all(self));
	EXPECT_EQ(1, self->order.gaps);
	EXPECT_EQ(lost, self->order.lost);
	EXPECT_FALSE(self->event.mask & KIND(GAP));
}

TEST_F(overflow, several_gaps_each_in_its_place)
{
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, make(self, 500));
		ASSERT_EQ(0, fetch_one(self));
	}
	ASSERT_EQ(0, read_all(self));
	EXPECT_GE(self->order.gaps, 5);
	ASSERT_EQ(0, member_own_stats(self->h, &self->stats));
	EXPECT_EQ(self->stats.gaps, self->order.gaps);
	EXPECT_EQ(self->stats.lost, self->order.lost);
	EXPECT_EQ(5000, self->order.events - self->order.gaps + self->order.lost);
}

/*
 * Small events fit where large ones do not: gap after gap without a fetch, of
 * which there are only so many.
 */
TEST_F(overflow, gaps_without_a_fetch_between)
{
	ASSERT_EQ(0, make(self, 1000));
	ASSERT_EQ(1, self->stats.gaps);
	for (int i = 0; i < 5; i++) {
		struct fanotify_nl_settings more = {
			.set = FANOTIFY_NL_SET_QUEUE_LIMIT,
			.queue_limit = QUEUE_LIMIT + (i + 1) * 8192,
		};

		ASSERT_EQ(0, fanotify_nl_group_set(self->h, &more));
		ASSERT_EQ(0, make_wide(self, 100, 1 + 40 * i));
	}
	EXPECT_GE(self->stats.gaps, 2);
	EXPECT_LE(self->stats.waiting_bytes, QUEUE_LIMIT + 5 * 8192 + GAPS_MEMORY);
	ASSERT_EQ(0, read_all(self));
	EXPECT_EQ(self->stats.gaps, self->order.gaps);
	EXPECT_EQ(self->stats.lost, self->order.lost);

	ASSERT_EQ(0, make(self, 1));
	ASSERT_EQ(0, read_all(self));
	EXPECT_FALSE(self->event.mask & KIND(GAP));
}

TEST_F(overflow, a_gap_at_the_head_is_fetched)
{
	/* nothing in the queue but the gap: all else was fetched before */
	ASSERT_EQ(0, make(self, 2000));
	ASSERT_EQ(0, read_all(self));
	EXPECT_EQ(1, self->order.gaps);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, make(self, 300));
		ASSERT_EQ(0, read_all(self));
	}
	EXPECT_GE(self->order.gaps, 5);
}

struct pause {
	struct fanotify_nl *h;
	struct storm *storm;
	__u64 lost;
};

static bool has_lost_more(void *arg)
{
	struct fanotify_nl_member_info stats;
	struct pause *p = arg;

	return member_own_stats(p->h, &stats) || stats.lost > p->lost || storm_ended(p->storm);
}

/* Writers in a hurry, a reader in none: all is accounted for. */
TEST_F_TIMEOUT(overflow, under_load, 60)
{
	struct fanotify_nl_counters counters;
	struct fanotify_nl_event event;
	struct storm storm;
	struct pause pause = { .h = self->h, .storm = &storm };
	__u64 received = 0;
	const char *wrong;
	int ret;

	ASSERT_EQ(0, member_mark(self->h, ".", STORM_KINDS));
	ASSERT_EQ(0, storm_start(&storm, ".", 4, 1000));
	while (received + self->order.lost < storm_events(&storm)) {
		ret = fanotify_nl_wait_event(self->h, &event, 20000);
		ASSERT_EQ(1, ret) {
			printf("# %d after %llu received, %llu lost\n", ret,
			       (unsigned long long)received, (unsigned long long)self->order.lost);
		}
		wrong = order_take(&self->order, &event);
		ASSERT_EQ(NULL, wrong) {
			printf("# seq %llu: %s\n", (unsigned long long)event.seq, wrong);
		}
		received += !(event.mask & KIND(GAP));
		/* however slow the writers are */
		pause.lost = self->order.lost;
		if (!(received % 100))
			ASSERT_TRUE(wait_until(has_lost_more, &pause, 30000));
	}
	EXPECT_TRUE(storm_join(&storm));
	EXPECT_EQ(storm_events(&storm), received + self->order.lost);
	EXPECT_EQ(0, fanotify_nl_next_event(self->h, &event));
	EXPECT_GT(self->order.gaps, 2);
	fanotify_nl_counters(self->h, &counters);
	EXPECT_EQ(self->order.gaps, counters.gaps);
	EXPECT_EQ(self->order.lost, counters.lost);
	EXPECT_EQ(0, counters.holes + counters.repeats);
	ASSERT_EQ(0, member_own_stats(self->h, &self->stats));
	EXPECT_EQ(self->stats.lost, self->order.lost);
	EXPECT_EQ(self->stats.gaps, self->order.gaps);
	printf("# %llu received, %llu lost in %llu gaps\n", (unsigned long long)received,
	       (unsigned long long)self->order.lost, (unsigned long long)self->order.gaps);
}

TEST_HARNESS_MAIN
