// SPDX-License-Identifier: GPL-2.0
/*
 * Push when idle, fetch when busy: what reaches a member's socket, and in what
 * order.
 */
#include <pthread.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>

#include "test.h"
#include "storm.h"
#include "wire.h"

#define RCVBUF_MIN	131072

/* What a message may take besides its bytes. */
#define OVERHEAD	1024

FIXTURE(delivery) {
	struct fanotify_nl *h;
	struct wire w;
	struct order order;
	struct fanotify_nl_member_info stats;
	struct fanotify_nl_event event;
	unsigned int made;
};

/* Small receive buffers are the hardest. */
static struct fanotify_nl *open_member(__u32 rcvbuf)
{
	struct fanotify_nl *h = member_open(0, rcvbuf / 2, 256 << 20);

	if (h && member_mark(h, ".", KIND(CREATE) | KIND(ONDIR)))
		fprintf(stderr, "# %s\n", fanotify_nl_error(h));
	return h;
}

FIXTURE_SETUP(delivery)
{
	ASSERT_EQ(0, work_here());
	self->h = open_member(RCVBUF_MIN);
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, wire_init(&self->w, fanotify_nl_fd(self->h)));
}

FIXTURE_TEARDOWN(delivery)
{
	fanotify_nl_close(self->h);
}

typedef struct _test_data_delivery delivery;

static int make(delivery *self, unsigned int count)
{
	char name[32];

	while (count--) {
		snprintf(name, sizeof(name), "%u", ++self->made);
		if (mknod(name, S_IFREG | 0600, 0))
			return -errno;
	}
	return 0;
}

static int stats(delivery *self)
{
	return member_own_stats(self->h, &self->stats);
}

/* Make events until they are no longer pushed. */
static int stall(delivery *self, unsigned int more)
{
	int ret;

	do {
		ret = make(self, 10);
		if (!ret)
			ret = stats(self);
	} while (!ret && self->stats.state == FANOTIFY_DELIVERY_PUSH && self->made < 100000);
	return ret ?: make(self, more) ?: stats(self);
}

/* Take what is in the socket: 0 or -errno; events are counted and in order. */
static int drain(delivery *self)
{
	const struct nlmsghdr *msg;
	const char *wrong;
	ssize_t n;
	int ret;

	while ((n = wire_recv(&self->w, 0)) > 0) {
		while ((msg = wire_next(&self->w))) {
			ret = wire_take(&self->w, msg, &self->event);
			if (ret < 0)
				return ret;
			wrong = ret ? order_take(&self->order, &self->event) : NULL;
			if (wrong) {
				printf("# %s\n", wrong);
				return -EBADMSG;
			}
		}
	}
	return n == -EAGAIN ? 0 : n;
}

TEST_F(delivery, an_idle_member_is_pushed_to)
{
	for (int i = 0; i < 300; i++) {
		ASSERT_EQ(0, make(self, 1));
		ASSERT_EQ(0, drain(self));
		ASSERT_EQ(i + 1, self->order.events);
	}
	ASSERT_EQ(0, stats(self));
	EXPECT_EQ(300, self->stats.pushed);
	EXPECT_EQ(300, self->stats.seq);
	EXPECT_EQ(0, self->stats.fetched);
	EXPECT_EQ(0, self->stats.waiting_max);
	EXPECT_EQ(FANOTIFY_DELIVERY_PUSH, self->stats.state);
	EXPECT_EQ(0, self->w.notices);
}

TEST_F(delivery, pushes_leave_half_of_the_buffer_free)
{
	unsigned long rmem, drops;

	ASSERT_EQ(0, stall(self, 500));
	ASSERT_EQ(0, wire_memory(&self->w, &rmem, &drops));
	EXPECT_LE(rmem, RCVBUF_MIN / 2 + OVERHEAD);
	EXPECT_GE(rmem, RCVBUF_MIN / 2 - 2 * OVERHEAD);
	EXPECT_EQ(0, drops);
}

TEST_F(delivery, a_reader_that_lags_is_told_once)
{
	ASSERT_EQ(0, stall(self, 500));
	EXPECT_EQ(FANOTIFY_DELIVERY_NOTICED, self->stats.state);
	EXPECT_GT(self->stats.pushed, 20);
	EXPECT_EQ(self->made, self->stats.pushed + self->stats.waiting);
	EXPECT_GT(self->stats.waiting_bytes, 0);
	EXPECT_EQ(self->stats.waiting_bytes, self->stats.waiting_max);

	ASSERT_EQ(0, drain(self));
	EXPECT_EQ(self->stats.pushed, self->order.events);
	EXPECT_EQ(1, self->w.notices);
	EXPECT_EQ(0, self->w.answered);
	EXPECT_GT(self->w.waiting, 0);

	/* nothing more comes before it asks */
	ASSERT_EQ(0, make(self, 100));
	ASSERT_EQ(0, drain(self));
	EXPECT_EQ(self->stats.pushed, self->order.events);
	EXPECT_EQ(1, self->w.notices);
}

TEST_F(delivery, fetches_drain_in_order_and_return_to_push)
{
	__u64 before;
	__u32 seq = 0;

	ASSERT_EQ(0, stall(self, 1000));
	ASSERT_EQ(0, drain(self));
	while (self->w.waiting) {
		before = self->order.events;
		ASSERT_EQ(0, wire_fetch(&self->w, 0, ++seq));
		ASSERT_EQ(0, drain(self));
		EXPECT_EQ(seq, self->w.answered);
		EXPECT_EQ(self->made - self->order.events, self->w.waiting);
		ASSERT_GT(self->order.events, before);
	}
	EXPECT_GT(seq, 5);
	EXPECT_EQ(self->made, self->order.events);
	EXPECT_EQ(1, self->w.notices);

	ASSERT_EQ(0, stats(self));
	EXPECT_EQ(FANOTIFY_DELIVERY_PUSH, self->stats.state);
	EXPECT_EQ(self->made, self->stats.pushed + self->stats.fetched);
	EXPECT_EQ(0, self->stats.waiting);
	EXPECT_EQ(0, self->stats.waiting_bytes);
	EXPECT_EQ(0, self->stats.lost);

	ASSERT_EQ(0, make(self, 1));
	ASSERT_EQ(0, drain(self));
	EXPECT_EQ(self->made, self->order.events);
	ASSERT_EQ(0, stats(self));
	EXPECT_EQ(self->made, self->stats.pushed + self->stats.fetched);

	/* and all of it again */
	ASSERT_EQ(0, stall(self, 100));
	ASSERT_EQ(0, drain(self));
	EXPECT_EQ(2, self->w.notices);
}

static const __u32 sizes[] = { 0, 32768, 40000, 65536, 131072 };

TEST_F(delivery, an_answer_is_as_large_as_asked_for)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		__u32 size = sizes[i] ?: FANOTIFY_FETCH_MIN;
		size_t most = 0;

		ASSERT_EQ(0, stall(self, 1000));
		ASSERT_EQ(0, drain(self));
		while (self->w.waiting) {
			ssize_t n;

			ASSERT_EQ(0, wire_fetch(&self->w, sizes[i], 1));
			n = wire_recv(&self->w, MSG_PEEK);
			ASSERT_GT(n, 0);
			EXPECT_LE(n, size);
			if ((size_t)n > most)
				most = n;
			ASSERT_EQ(0, drain(self));
		}
		EXPECT_GT(most, size - 2048);
		EXPECT_EQ(self->made, self->order.events);
	}
}

TEST_F(delivery, a_fetch_that_is_not_needed_does_no_harm)
{
	/* nothing waits: an answer without events */
	ASSERT_EQ(0, wire_fetch(&self->w, 0, 7));
	ASSERT_EQ(0, drain(self));
	EXPECT_EQ(7, self->w.answered);
	EXPECT_EQ(0, self->w.waiting);

	/* the socket half full, nothing waits */
	do {
		ASSERT_EQ(0, make(self, 1));
		ASSERT_EQ(0, stats(self));
	} while (self->stats.pushed < 20);
	for (__u32 i = 1; i <= 1000; i++)
		ASSERT_EQ(0, wire_fetch(&self->w, 0, i));
	ASSERT_EQ(0, stats(self));
	EXPECT_EQ(FANOTIFY_DELIVERY_PUSH, self->stats.state);
	EXPECT_EQ(0, self->stats.waiting);
	ASSERT_EQ(0, drain(self));
	EXPECT_EQ(self->made, self->order.events);
}

/* An answer into a socket without room for it: all stays where it was. */
TEST_F(delivery, answers_never_overrun_the_socket)
{
	unsigned long rmem, drops;

	ASSERT_EQ(0, stall(self, 3000));
	for (__u32 i = 1; i <= 50; i++) {
		ASSERT_EQ(0, wire_fetch(&self->w, 32768, i));
		ASSERT_EQ(0, wire_memory(&self->w, &rmem, &drops));
		ASSERT_LE(rmem, RCVBUF_MIN);
	}
	EXPECT_EQ(0, drops);
	ASSERT_EQ(0, stats(self));
	EXPECT_EQ(FANOTIFY_DELIVERY_NOTICED, self->stats.state);
	EXPECT_EQ(self->made, self->stats.pushed + self->stats.fetched + self->stats.waiting);
	do {
		ASSERT_EQ(0, drain(self));
		ASSERT_EQ(0, wire_fetch(&self->w, 32768, 1));
	} while (self->w.waiting);
	ASSERT_EQ(0, drain(self));
	EXPECT_EQ(self->made, self->order.events);
	EXPECT_EQ(0, self->order.gaps);
}

TEST_F(delivery, a_reader_may_peek)
{
	ASSERT_EQ(0, stall(self, 2000));
	while (self->order.events < self->made) {
		ASSERT_EQ(1, wire_read(&self->w, 0, MSG_PEEK, 10000, &self->event));
		ASSERT_EQ(NULL, order_take(&self->order, &self->event));
	}
	EXPECT_EQ(0, self->order.gaps);
}

TEST_F(delivery, only_a_member_can_fetch)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	const struct nlmsghdr *msg;

	ASSERT_EQ(0, make(self, 1));
	self->w.fd = fd;
	ASSERT_EQ(0, wire_fetch(&self->w, 0, 1));
	ASSERT_GT(wire_recv(&self->w, 0), 0);
	msg = wire_next(&self->w);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(-ENOTCONN, wire_take(&self->w, msg, &self->event));
	close(fd);
}

/* ---- the largest events ---- */

#define DEPTH	15

/* A chain of folders with names of 255 bytes; its path and a descriptor. */
static int deep(char letter, char *path)
{
	char name[256];
	int dir = open(".", O_RDONLY | O_DIRECTORY);

	memset(name, letter, 255);
	name[255] = '\0';
	*path = '\0';
	for (int i = 0; i < DEPTH && dir >= 0; i++) {
		int next;

		if (mkdirat(dir, name, 0700))
			return -1;
		next = openat(dir, name, O_RDONLY | O_DIRECTORY);
		close(dir);
		dir = next;
		strcat(strcat(path, "/"), name);
	}
	return dir;
}

static bool path_is(const char *path, const char *folder, const char *name)
{
	size_t len = strlen(folder);

	return path && !strncmp(path, folder, len) && path[len] == '/' &&
	       !strcmp(path + len + 1, name);
}

TEST_F(delivery, two_paths_of_4_kb_survive)
{
	char path[2][4096], name[2][256];
	unsigned int count = 200;
	int dir[2];

	for (int i = 0; i < 2; i++) {
		dir[i] = deep('a' + i, path[i]);
		ASSERT_GE(dir[i], 0);
		memset(name[i], 'n' + i, 250);
		name[i][250] = '\0';
	}
	ASSERT_EQ(0, mknodat(dir[0], name[0], S_IFREG | 0600, 0));
	ASSERT_EQ(0, member_mark(self->h, ".", KIND(RENAME)));
	while (self->order.events < 2 * DEPTH + 1) {
		ASSERT_EQ(1, wire_read(&self->w, 32768, 0, 10000, &self->event));
		ASSERT_EQ(NULL, order_take(&self->order, &self->event));
	}
	for (unsigned int i = 0; i < count; i++)
		ASSERT_EQ(0, renameat(dir[i % 2], name[i % 2], dir[!(i % 2)], name[!(i % 2)]));
	ASSERT_EQ(0, stats(self));
	EXPECT_EQ(FANOTIFY_DELIVERY_NOTICED, self->stats.state);

	for (unsigned int i = 0; i < count; i++) {
		struct fanotify_nl_event *event = &self->event;

		ASSERT_EQ(1, wire_read(&self->w, 32768, 0, 10000, event));
		ASSERT_EQ(NULL, order_take(&self->order, event));
		ASSERT_TRUE(event->mask & KIND(RENAME));
		EXPECT_EQ(0, event->flags);
		EXPECT_STREQ(name[i % 2], event->name);
		EXPECT_STREQ(name[!(i % 2)], event->new_name);
		EXPECT_TRUE(path_is(event->path, path[i % 2], name[i % 2]));
		EXPECT_TRUE(path_is(event->new_path, path[!(i % 2)], name[!(i % 2)]));
	}
	EXPECT_GT(self->w.fetches, 50);
}

/* ---- crossing over between push and fetch, under load ---- */

#define WRITERS	4

FIXTURE(crossing) {
	struct fanotify_nl *h;
	struct wire w;
	struct storm storm;
	struct order order;
	pthread_t thread;
	bool stop;
};

FIXTURE_VARIANT(crossing) {
	__u32 rcvbuf;
	__u32 max_bytes;
	int flags;
	bool needless;
	unsigned int cycles;
};

FIXTURE_VARIANT_ADD(crossing, small) {
	.rcvbuf = RCVBUF_MIN, .max_bytes = 32768, .cycles = 600,
};

FIXTURE_VARIANT_ADD(crossing, small_and_needless_fetches) {
	.rcvbuf = RCVBUF_MIN, .max_bytes = 32768, .needless = true, .cycles = 600,
};

FIXTURE_VARIANT_ADD(crossing, large_answers_and_needless_fetches) {
	.rcvbuf = 262144, .max_bytes = 131072, .needless = true, .cycles = 600,
};

FIXTURE_VARIANT_ADD(crossing, peek) {
	.rcvbuf = RCVBUF_MIN, .max_bytes = 65536, .flags = MSG_PEEK, .cycles = 300,
};

FIXTURE_SETUP(crossing)
{
	ASSERT_EQ(0, work_here());
	self->h = member_open(0, variant->rcvbuf / 2, 256 << 20);
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, member_mark(self->h, ".", STORM_KINDS));
	ASSERT_EQ(0, wire_init(&self->w, fanotify_nl_fd(self->h)));
}

FIXTURE_TEARDOWN(crossing)
{
	storm_stop(&self->storm);
	fanotify_nl_close(self->h);
}

typedef struct _test_data_crossing crossing;

/* A second thread that asks all the time: nothing says that it may not. */
static void *fetch_needlessly(void *arg)
{
	crossing *self = arg;
	struct wire *w = malloc(sizeof(*w));

	memcpy(w, &self->w, sizeof(*w));
	while (!__atomic_load_n(&self->stop, __ATOMIC_RELAXED))
		wire_fetch(w, FANOTIFY_FETCH_MIN, 1000000);
	free(w);
	return NULL;
}

/* The reader stops for as long as events are pushed, so that it falls behind. */
static bool behind(void *arg)
{
	crossing *self = arg;
	struct fanotify_nl_member_info stats;

	return member_own_stats(self->h, &stats) || stats.state != FANOTIFY_DELIVERY_PUSH ||
	       storm_ended(&self->storm);
}

TEST_F_TIMEOUT(crossing, no_event_is_lost_doubled_or_out_of_order, 120)
{
	struct fanotify_nl_member_info stats;
	struct fanotify_nl_event event;
	unsigned int crossings = 0;
	const char *wrong;
	__u64 was = 0;
	int ret;

	ASSERT_EQ(0, storm_start(&self->storm, ".", WRITERS, variant->cycles));
	/* or else it would catch up only when the writers have ended */
	ASSERT_EQ(-20, nice(-20));
	if (variant->needless)
		ASSERT_EQ(0, pthread_create(&self->thread, NULL, fetch_needlessly, self));

	ASSERT_TRUE(wait_until(behind, self, 30000));
	while (self->order.events < storm_events(&self->storm)) {
		ret = wire_read(&self->w, variant->max_bytes, variant->flags, 30000, &event);
		ASSERT_EQ(1, ret) {
			printf("# %d after %llu events\n", ret,
			       (unsigned long long)self->order.events);
		}
		wrong = order_take(&self->order, &event) ?: storm_take(&self->storm, &event);
		ASSERT_EQ(NULL, wrong) {
			printf("# seq %llu: %s\n", (unsigned long long)event.seq, wrong);
		}
		if (was && !self->w.waiting) {
			crossings++;
			ASSERT_TRUE(wait_until(behind, self, 30000));
		}
		was = self->w.waiting;
	}
	self->stop = true;
	if (variant->needless)
		pthread_join(self->thread, NULL);
	EXPECT_TRUE(storm_join(&self->storm));
	EXPECT_TRUE(storm_complete(&self->storm));
	ASSERT_EQ(0, member_own_stats(self->h, &stats));
	EXPECT_EQ(self->order.events, stats.pushed + stats.fetched);
	EXPECT_EQ(0, stats.lost);
	EXPECT_GT(stats.pushed, 500 / slowness());
	EXPECT_GT(stats.fetched, 500 / slowness());
	EXPECT_GT(crossings, 10 / slowness());
	printf("# %llu pushed, %llu fetched, %u crossings\n", (unsigned long long)stats.pushed,
	       (unsigned long long)stats.fetched, crossings);
}

/* ---- waiting ---- */

static void on_alarm(int signal)
{
	(void)signal;
}

TEST_F(delivery, a_signal_ends_a_wait)
{
	const struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	const struct itimerval often = {
		.it_interval = { .tv_usec = 100000 },
		.it_value = { .tv_usec = 100000 },
	};
	const struct itimerval never = { 0 };

	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	EXPECT_EQ(-EINTR, fanotify_nl_wait_event(self->h, &self->event, -1));
	EXPECT_EQ(-EINTR, fanotify_nl_wait_event(self->h, &self->event, 60000));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_EQ(0, fanotify_nl_next_event(self->h, &self->event));
	ASSERT_EQ(0, make(self, 1));
	EXPECT_EQ(1, fanotify_nl_wait_event(self->h, &self->event, -1));
	EXPECT_EQ(0, fanotify_nl_wait_event(self->h, &self->event, 100));
}

/* ---- attributes ---- */

static void __attribute__((noreturn)) append(unsigned int count)
{
	int fd = open("log", O_WRONLY | O_APPEND | O_CLOEXEC);

	while (count--)
		if (write(fd, "x", 1) != 1)
			_exit(1);
	_exit(0);
}

TEST(attributes_never_go_back)
{
	unsigned int count = 8000 / slowness(), writers = 4, bad = 0;
	struct fanotify_nl_event event;
	struct fanotify_nl *h;
	__u64 size = 0;

	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, make_file("log"));
	h = member_open(0, 0, 256 << 20);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, member_mark(h, ".", KIND(MODIFY)));
	for (unsigned int i = 0; i < writers; i++)
		if (!fork())
			append(count);
	for (unsigned int i = 0; i < count * writers; i++) {
		ASSERT_EQ(1, fanotify_nl_wait_event(h, &event, 20000));
		ASSERT_TRUE(event.object.stat.has & FANOTIFY_STAT_FIELD_SIZE);
		bad += event.object.stat.size < size;
		size = event.object.stat.size;
	}
	EXPECT_EQ(0, bad);
	EXPECT_EQ(count * writers, size);
	fanotify_nl_close(h);
}

TEST_HARNESS_MAIN
