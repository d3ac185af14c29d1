// SPDX-License-Identifier: GPL-2.0
/*
 * Several members of one group share its events, each object's to one of them.
 */
#include "test.h"
#include "storm.h"

#define MEMBERS	3
#define FILES	60

FIXTURE(members) {
	struct fanotify_nl *h[MEMBERS];
	struct order order[MEMBERS];
	__u32 group;
	struct storm storm;
};

FIXTURE_SETUP(members)
{
	ASSERT_EQ(0, work_here());
	for (int i = 0; i < MEMBERS; i++) {
		self->h[i] = member_open(self->group, 65536, 64 << 20);
		ASSERT_NE(NULL, self->h[i]);
		self->group = fanotify_nl_bound(self->h[i])->number;
		EXPECT_EQ(i + 1, fanotify_nl_bound(self->h[i])->member);
	}
}

FIXTURE_TEARDOWN(members)
{
	storm_stop(&self->storm);
	for (int i = 0; i < MEMBERS; i++)
		fanotify_nl_close(self->h[i]);
}

typedef struct _test_data_members members;

static int change(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1 || fchmod(fd, 0640) || close(fd))
		return -errno;
	return 0;
}

TEST_F(members, an_object_is_always_the_same_members)
{
	unsigned int events = 0, share[MEMBERS] = { 0 };
	int owner[FILES];
	char name[16];

	for (int i = 0; i < FILES; i++)
		owner[i] = -1;
	ASSERT_EQ(0, member_mark(self->h[0], ".",
				 KIND(CREATE) | KIND(MODIFY) | KIND(ATTRIB) | KIND(CLOSE_WRITE)));
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < FILES; i++) {
			snprintf(name, sizeof(name), "%d", i);
			ASSERT_EQ(0, change(name));
		}
	}
	for (int m = 0; m < MEMBERS; m++) {
		struct fanotify_nl_event event;

		while (fanotify_nl_next_event(self->h[m], &event) == 1) {
			int i = atoi(event.name ?: "-1");

			ASSERT_EQ(NULL, order_take(&self->order[m], &event));
			ASSERT_TRUE(i >= 0 && i < FILES);
			if (owner[i] < 0)
				owner[i] = m;
			EXPECT_EQ(owner[i], m);
			events++;
			share[m]++;
		}
	}
	EXPECT_EQ(FILES * (5 * 3 + 1), events);
	for (int m = 0; m < MEMBERS; m++)
		EXPECT_GT(share[m], events / MEMBERS / 4);
	printf("# shares: %u %u %u\n", share[0], share[1], share[2]);
}

TEST_F_TIMEOUT(members, under_load_each_event_comes_once_to_one, 60)
{
	unsigned int idle = 0, m = 0;
	__u64 events = 0;

	ASSERT_EQ(0, member_mark(self->h[0], ".", STORM_KINDS));
	ASSERT_EQ(0, storm_start(&self->storm, ".", 4, 500));
	while (events < storm_events(&self->storm) && idle < MEMBERS) {
		struct fanotify_nl_event event;
		int ret, timeout = storm_ended(&self->storm) ? 0 : 20;
		const char *wrong;

		while ((ret = fanotify_nl_wait_event(self->h[m], &event, timeout)) == 1) {
			wrong = order_take(&self->order[m], &event);
			ASSERT_EQ(NULL, wrong) {
				printf("# member %u: %s\n", m, wrong);
			}
			ASSERT_FALSE(event.mask & KIND(GAP));
			events++;
			timeout = 0;
		}
		ASSERT_EQ(0, ret);
		idle = storm_ended(&self->storm) ? idle + 1 : 0;
		m = (m + 1) % MEMBERS;
	}
	EXPECT_TRUE(storm_join(&self->storm));
	EXPECT_EQ(storm_events(&self->storm), events);
	for (m = 0; m < MEMBERS; m++)
		EXPECT_GT(self->order[m].events, events / MEMBERS / 4);
}

/* A member of its own process, which never reads and waits to be killed. */
static pid_t stalled_member(__u32 group)
{
	int bound[2];
	pid_t pid;
	char c;

	if (pipe(bound))
		return -1;
	pid = fork();
	if (!pid) {
		if (member_open(group, 65536, 0) && write(bound[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(bound[1]);
	if (read(bound[0], &c, 1) != 1)
		pid = -1;
	close(bound[0]);
	return pid;
}

static bool has_3_members(void *arg)
{
	members *self = arg;
	struct fanotify_nl_group_info info;

	return fanotify_nl_group_get(self->h[0], self->group, &info) || info.members == MEMBERS;
}

TEST_F(members, a_death_with_unread_events_is_told_to_the_others)
{
	struct fanotify_nl_member_info stats;
	pid_t pid = stalled_member(self->group);
	char name[16];

	ASSERT_GT(pid, 0);
	ASSERT_EQ(0, member_stats(self->h[0], self->group, MEMBERS + 1, &stats));
	EXPECT_EQ(pid, stats.tgid);
	ASSERT_EQ(0, member_mark(self->h[0], ".", KIND(CREATE)));
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ASSERT_EQ(0, mknod(name, S_IFREG | 0600, 0));
	}
	ASSERT_EQ(0, member_stats(self->h[0], self->group, MEMBERS + 1, &stats));
	ASSERT_GT(stats.waiting, 100);

	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_TRUE(wait_until(has_3_members, self, 10000));
	for (int m = 0; m < MEMBERS; m++) {
		struct fanotify_nl_event event;
		unsigned int gaps = 0;
		const char *wrong;

		while (fanotify_nl_wait_event(self->h[m], &event, 0) == 1) {
			wrong = order_take(&self->order[m], &event);
			EXPECT_EQ(NULL, wrong) {
				printf("# member %d: %s\n", m, wrong);
			}
			if (!(event.mask & KIND(GAP)))
				continue;
			gaps++;
			EXPECT_EQ(FANOTIFY_GAP_REASON_MEMBER_GONE, event.gap.reason);
			EXPECT_GE(event.gap.count, stats.waiting);
			EXPECT_LE(event.gap.count, stats.waiting + stats.pushed);
		}
		EXPECT_EQ(1, gaps);
	}

	/* what comes now is shared out among the rest */
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ASSERT_EQ(0, unlink(name));
		ASSERT_EQ(0, mknod(name, S_IFREG | 0600, 0));
	}
	for (int m = 0, events = 0; m < MEMBERS; m++) {
		struct fanotify_nl_event event;

		while (fanotify_nl_next_event(self->h[m], &event) == 1)
			events++;
		if (m == MEMBERS - 1)
			EXPECT_EQ(300, events);
	}
}

/* A member that has read all that it was given takes nothing along. */
TEST_F(members, a_member_that_leaves_with_all_read_is_no_loss)
{
	struct fanotify_nl_event event;
	char name[16];

	ASSERT_EQ(0, member_mark(self->h[0], ".", KIND(CREATE)));
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ASSERT_EQ(0, mknod(name, S_IFREG | 0600, 0));
	}
	while (fanotify_nl_next_event(self->h[2], &event) == 1)
		;
	ASSERT_EQ(0, fanotify_nl_unbind(self->h[2]));
	for (int m = 0; m < 2; m++) {
		__u64 lost = 0;

		while (fanotify_nl_next_event(self->h[m], &event) == 1)
			lost += event.mask & KIND(GAP) ? event.gap.count : 0;
		EXPECT_EQ(0, lost);
	}
}

/* Members that come, read and go, while events are made. */
static void __attribute__((noreturn)) visitor(__u32 group, unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds; i++) {
		struct fanotify_nl *h = member_open(group, 65536, 0);
		struct order order = { 0 };
		struct fanotify_nl_event event;
		int ret;

		if (!h)
			_exit(1);
		for (unsigned int n = 0; n < 200; n++) {
			ret = fanotify_nl_wait_event(h, &event, 10000);
			if (ret != 1)
				_exit(2);
			if (order_take(&order, &event))
				_exit(3);
		}
		/* by turns as a program does that ends, and as one that unbinds */
		if (i % 2)
			fanotify_nl_unbind(h);
		fanotify_nl_close(h);
	}
	_exit(0);
}

TEST_F_TIMEOUT(members, joining_and_leaving_under_load, 90)
{
	unsigned int rounds = slowness() > 1 ? 5 : 30, visitors = 2, gone = 0;
	__u64 gaps = 0, events = 0;
	pid_t pid[2];

	for (int m = 1; m < MEMBERS; m++) {
		fanotify_nl_close(self->h[m]);
		self->h[m] = NULL;
	}
	ASSERT_EQ(0, member_mark(self->h[0], ".", STORM_KINDS));
	ASSERT_EQ(0, storm_start(&self->storm, ".", 3, 0));
	for (unsigned int i = 0; i < visitors; i++) {
		pid[i] = fork();
		if (!pid[i])
			visitor(self->group, rounds);
	}
	/* the one that stays: its stream has no hole, whoever comes and goes */
	while (gone < visitors) {
		struct fanotify_nl_event event;
		const char *wrong;
		int status;

		ASSERT_EQ(1, fanotify_nl_wait_event(self->h[0], &event, 20000));
		wrong = order_take(&self->order[0], &event);
		ASSERT_EQ(NULL, wrong) {
			printf("# seq %llu: %s\n", (unsigned long long)event.seq, wrong);
		}
		gaps += !!(event.mask & KIND(GAP));
		if (event.seq % 64)
			continue;
		for (unsigned int i = 0; i < visitors; i++) {
			if (pid[i] && waitpid(pid[i], &status, WNOHANG) == pid[i]) {
				EXPECT_EQ(0, status);
				pid[i] = 0;
				gone++;
			}
		}
	}
	storm_stop(&self->storm);
	/* alone again: all comes here */
	while (fanotify_nl_next_event(self->h[0], &(struct fanotify_nl_event){ 0 }) == 1)
		;
	for (int i = 0; i < 50; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		ASSERT_EQ(0, make_file(name));
	}
	while (fanotify_nl_next_event(self->h[0], &(struct fanotify_nl_event){ 0 }) == 1)
		events++;
	EXPECT_EQ(100, events);
	EXPECT_GT(gaps, 0);
	printf("# %llu gaps of %u leavings\n", (unsigned long long)gaps, visitors * rounds);
}

TEST_HARNESS_MAIN
