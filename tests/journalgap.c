// SPDX-License-Identifier: GPL-2.0
/*
 * Journals: how it is told what is missing, and since when.
 */
#include "../host/ringfile.h"
#include "journaltest.h"

/* a tick of 100 Hz */
#define CTIME_LAG_NS	10000000

static struct history other;

static int find_one(const struct fanotify_nl_consumer_info *info, void *arg)
{
	struct fanotify_nl_consumer_info *found = arg;

	*found = *info;
	found->name = NULL;
	return 0;
}

TEST_F_TIMEOUT(journal, a_stop_is_a_gap_that_says_since_when, 300)
{
	struct fanotify_nl_consumer_info consumer = { 0 };
	struct fanotify_nl_cursor cursor;
	__u64 token, stopped, started;

	ASSERT_EQ(0, add_consumer(self->h, self->info.id, "one", 0, &token));
	ASSERT_EQ(0, make_many("file", 0, 5));
	READ("one", NULL);
	EXPECT_EQ(5, history.count);
	cursor = history.cursor;
	cursor.index = 2;
	ASSERT_EQ(0, fanotify_nl_consumer_ack(self->h, self->info.id, "one", &token, &cursor, 0));
	/* the clock of ctimes */
	stopped = clock_ns(CLOCK_REALTIME_COARSE);
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	EXPECT_EQ(-ENOENT, fanotify_nl_journal_get(self->h, MOUNT, &self->info));
	ASSERT_EQ(0, make_file(MOUNT "/unseen"));
	started = clock_ns(CLOCK_REALTIME);
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	EXPECT_EQ(50, self->info.settings.interval_ms);
	ASSERT_EQ(0, make_file(MOUNT "/seen"));

	READ("one", NULL);
	ASSERT_EQ(5, history.count);
	EXPECT_EQ(0, history.gaps);
	EXPECT_EQ(3, history.record[0].index);
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(KIND(GAP), history.record[3].mask);
	EXPECT_EQ(REASON(NOT_RUNNING), history.record[3].gap.reason);
	EXPECT_EQ(FANOTIFY_GAP_SCOPE_ALL, history.record[3].gap.scope);
	EXPECT_GE(history.record[3].gap.since + CTIME_LAG_NS, stopped);
	EXPECT_LE(history.record[3].gap.since, started);
	EXPECT_GE(history.record[3].realtime, started);
	EXPECT_EQ(0, history_count(&history, KIND(CREATE), "/unseen"));
	EXPECT_EQ(1, history_count(&history, KIND(CREATE), "/seen"));

	/* the cursor is still good, though of another epoch */
	EXPECT_NE(cursor.epoch, history.cursor.epoch);
	READ(NULL, &cursor);
	EXPECT_EQ(0, history.gaps);
	EXPECT_EQ(5, history.count);

	ASSERT_EQ(0, fanotify_nl_consumers(self->h, self->info.id, find_one, &consumer));
	EXPECT_EQ(2, consumer.acked);
	EXPECT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &self->info));
	EXPECT_EQ(6, self->info.covered_index);
	EXPECT_GE(self->info.covered_since, started);
}

/* How many files of ours there are; @path has room for a name, and is that of the next. */
static int files_there(char path[64])
{
	struct stat st;
	int there = 0;

	while (snprintf(path, 64, MOUNT "/file%d", there), !stat(path, &st))
		there++;
	return there;
}

/* What is made while it stops has a record, or is not older than the gap. */
TEST_F_TIMEOUT(journal, a_stop_leaves_nothing_before_its_gap, 300)
{
	const int most = 2000;
	int there, missed = 0;
	struct stat st;
	char path[64];
	pid_t maker;

	maker = fork();
	if (!maker) {
		for (int i = 0; i < most && !make_many("file", i, 1); i++)
			usleep(500);
		_exit(0);
	}
	usleep(50000);
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	/* a slow maker may have made none meanwhile */
	files_there(path);
	while (stat(path, &st))
		usleep(1000);
	kill(maker, SIGKILL);
	ASSERT_EQ(maker, waitpid(maker, NULL, 0));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ(NULL, NULL);
	ASSERT_LT(1, history.count);
	EXPECT_EQ(REASON(NOT_RUNNING), history.record[history.count - 1].gap.reason);
	there = files_there(path);
	for (int i = 0; i < there; i++) {
		snprintf(path, sizeof(path), MOUNT "/file%d", i);
		ASSERT_EQ(0, stat(path, &st));
		missed += !history_count(&history, KIND(CREATE), path + strlen(MOUNT)) &&
			  timespec_ns(&st.st_ctim) < history.record[history.count - 1].gap.since;
	}
	printf("# %d files, %d records\n", there, history.count - 1);
	EXPECT_LT(history.count - 1, there);
	/* one was being made when the marks went */
	EXPECT_GE(1, missed);
}

/* The disk as it is, without a stop, is what a crash leaves. */
TEST_F_TIMEOUT(journal, a_crash_is_a_gap, 300)
{
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_cursor cursor;
	__u64 token, last;

	ASSERT_EQ(0, add_consumer(self->h, self->info.id, "one", 0, &token));
	ASSERT_EQ(0, make_many("file", 0, 20));
	READ(NULL, NULL);
	ASSERT_EQ(20, history.count);
	last = history.record[19].realtime;
	cursor = history.cursor;
	ASSERT_EQ(0, system("cp " IMAGE " " JOURNALFS "/copied"));
	ASSERT_EQ(0, make_many("later", 0, 30));
	READ(NULL, NULL);
	ASSERT_EQ(50, history.count);
	other.cursor = history.cursor;
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_LT(0, journalfs_unmount(MOUNT));

	ASSERT_EQ(0, journalfs_mount(JOURNALFS "/copied", MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	READ(NULL, NULL);
	ASSERT_EQ(21, history.count);
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(20, history_count(&history, KIND(CREATE), NULL));
	EXPECT_EQ(REASON(UNCLEAN), history.record[20].gap.reason);
	/* what came right after it may have a ctime of the tick before */
	EXPECT_GT(last, history.record[20].gap.since);
	EXPECT_LE(last, history.record[20].gap.since + CTIME_LAG_NS);

	/* what was read before is of this history, what came later is not */
	READ(NULL, &cursor);
	EXPECT_EQ(0, history.gaps);
	EXPECT_EQ(1, history.count);
	READ(NULL, &other.cursor);
	EXPECT_EQ(1, history.gaps);
	EXPECT_EQ(REASON(CURSOR), history.gap.reason);
	EXPECT_EQ(0, history.gap.count);
	EXPECT_EQ(0, history.count);
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_EQ(1, info.consumers);
}

TEST_F_TIMEOUT(journal, a_crash_leaves_the_newest_of_many_laps, 300)
{
	__u64 last;

	/* more than twice what the ring has room for */
	for (int i = 0; i < 25; i++) {
		ASSERT_EQ(0, make_many("file", 0, 100));
		ASSERT_EQ(0, remove_many("file", 0, 100));
		READ(NULL, NULL);
	}
	ASSERT_LT(0, history.count);
	last = history.record[history.count - 1].index;
	/* a file that is removed has two */
	EXPECT_EQ(7500, last);
	EXPECT_LT(2500, history.record[0].index);
	ASSERT_EQ(0, system("cp " IMAGE " " JOURNALFS "/copied"));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_LT(0, journalfs_unmount(MOUNT));

	ASSERT_EQ(0, journalfs_mount(JOURNALFS "/copied", MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	READ(NULL, NULL);
	ASSERT_LT(1, history.count);
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(last, history.record[history.count - 2].index);
	EXPECT_EQ(REASON(UNCLEAN), history.record[history.count - 1].gap.reason);
}

TEST_F_TIMEOUT(journal, cursors_of_others_are_told, 300)
{
	struct fanotify_nl_cursor cursor, good;
	struct fanotify_nl_records records;
	struct fanotify_nl_read read = { .cursor = &cursor };

	ASSERT_EQ(0, make_many("file", 0, 5));
	READ(NULL, NULL);
	good = history.cursor;

	cursor = good;
	cursor.epoch ^= 2;
	READ(NULL, &cursor);
	EXPECT_EQ(1, history.gaps);
	EXPECT_EQ(REASON(CURSOR), history.gap.reason);
	EXPECT_EQ(0, history.count);
	EXPECT_EQ(0, memcmp(&good, &history.cursor, sizeof(good)));

	cursor = good;
	cursor.index++;
	READ(NULL, &cursor);
	EXPECT_EQ(1, history.gaps);
	EXPECT_EQ(REASON(CURSOR), history.gap.reason);

	cursor = good;
	cursor.uuid[3] ^= 1;
	EXPECT_EQ(-ESTALE, fanotify_nl_journal_read(self->h, self->info.id, &read, &records));
	cursor = good;
	EXPECT_EQ(0, fanotify_nl_journal_read(self->h, self->info.id, &read, &records));
	EXPECT_TRUE(records.end);
	EXPECT_EQ(-ENOENT, fanotify_nl_journal_read(self->h, self->info.id + 1, &read, &records));
}

TEST_F_TIMEOUT(journal, who_falls_behind_is_cut_off, 300)
{
	struct fanotify_nl_consumer_info consumer = { 0 };
	struct fanotify_nl_journal_info info;
	__u64 token, first;
	int same;

	ASSERT_EQ(0, add_consumer(self->h, self->info.id, "slow", 0, &token));
	ASSERT_EQ(0, make_file(MOUNT "/first"));
	READ(NULL, NULL);
	first = history.record[0].realtime;
	for (int i = 0; i < 40; i++) {
		ASSERT_EQ(0, make_many("file", 0, 50));
		ASSERT_EQ(0, remove_many("file", 0, 50));
	}
	READ("slow", NULL);
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_LT(1, info.oldest);
	EXPECT_EQ(0, info.lost);
	ASSERT_LT(0, history.count);
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(1, history.gaps);
	EXPECT_EQ(REASON(CUT_OFF), history.gap.reason);
	EXPECT_EQ(1, history.gap.first);
	EXPECT_EQ(info.oldest - 1, history.gap.last);
	EXPECT_EQ(info.oldest - 1, history.gap.count);
	EXPECT_LE(history.gap.since, first);
	EXPECT_LE(self->info.covered_since, history.gap.since);
	EXPECT_EQ(info.oldest, history.record[0].index);
	EXPECT_EQ(info.newest, history.record[history.count - 1].index);

	ASSERT_EQ(0, fanotify_nl_consumers(self->h, self->info.id, find_one, &consumer));
	EXPECT_EQ(REASON(CUT_OFF), consumer.cut.reason);
	/* who has a cursor of its own learns it, too */
	other.cursor = history.cursor;
	other.cursor.index = 1;
	READ(NULL, &other.cursor);
	EXPECT_EQ(1, history.gaps);
	EXPECT_EQ(2, history.gap.first);
	ASSERT_EQ(0, fanotify_nl_consumer_ack(self->h, self->info.id, "slow", &token,
					      &history.cursor, 0));
	ASSERT_EQ(0, make_file(MOUNT "/last"));
	READ("slow", NULL);
	EXPECT_EQ(0, history.gaps);
	EXPECT_EQ(1, history.count);
	ASSERT_EQ(0, fanotify_nl_consumers(self->h, self->info.id, find_one, &consumer));
	EXPECT_EQ(0, consumer.cut.reason);

	/* and all of it after a stop, from what is on disk */
	READ(NULL, NULL);
	other = history;
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	READ(NULL, NULL);
	/* the record of the start may have taken the oldest segment's place */
	same = history.count - 1;
	ASSERT_LE(same, other.count);
	ASSERT_LT(other.count / 2, same);
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(0, memcmp(other.record + other.count - same, history.record,
			    same * sizeof(struct record)));
}

/* The times of records that had gone before are not those of the ones that go now. */
TEST_F_TIMEOUT(journal, who_goes_back_is_cut_off_since_then, 300)
{
	__u64 token, second;

	ASSERT_EQ(0, add_consumer(self->h, self->info.id, "back", 0, &token));
	ASSERT_EQ(0, make_many("first", 0, 2));
	READ(NULL, NULL);
	ASSERT_EQ(2, history.count);
	second = history.record[1].realtime;
	for (int i = 0; i < 30; i++) {
		ASSERT_EQ(0, make_many("file", 0, 50));
		ASSERT_EQ(0, remove_many("file", 0, 50));
		if (i != 24)
			continue;
		READ("back", NULL);
		ASSERT_EQ(1, history.gaps);
		EXPECT_GE(second, history.gap.since);
		history.cursor.index = 1;
		ASSERT_EQ(0, fanotify_nl_consumer_ack(self->h, self->info.id, "back", &token,
						      &history.cursor, FANOTIFY_NL_ACK_RESET));
	}
	READ("back", NULL);
	ASSERT_EQ(1, history.gaps);
	EXPECT_EQ(REASON(CUT_OFF), history.gap.reason);
	EXPECT_EQ(2, history.gap.first);
	EXPECT_GE(second, history.gap.since);
}

/*
 * Where something else is mounted over it, the ring file is not found: what happens
 * stays in memory until it is full.
 */
TEST_F_TIMEOUT(journal, an_overrun_is_a_gap, 300)
{
	struct fanotify_nl_journal_settings small = {
		.set = FANOTIFY_NL_JOURNAL_SET_QUEUE_LIMIT | FANOTIFY_NL_JOURNAL_SET_INTERVAL_MS,
		.queue_limit = 65536,
		.interval_ms = 50,
	};
	struct fanotify_nl_journal_info info;
	__u64 begun, done;
	int root;

	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &small, &self->info));
	root = open(MOUNT, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, root);
	ASSERT_EQ(0, mount("over", MOUNT, "tmpfs", 0, NULL));
	begun = clock_ns(CLOCK_REALTIME);
	for (int i = 0; i < 500; i++) {
		char name[32];

		snprintf(name, sizeof(name), "file%d", i);
		ASSERT_EQ(0, mknodat(root, name, S_IFREG | 0600, 0));
		if (i % 100 == 99)
			usleep(100000);
	}
	done = clock_ns(CLOCK_REALTIME);
	ASSERT_EQ(0, umount(MOUNT));
	close(root);
	READ(NULL, NULL);
	ASSERT_EQ(0, make_file(MOUNT "/after"));
	READ(NULL, NULL);
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_TRUE(history_whole(&history));
	EXPECT_LT(0, info.lost);
	EXPECT_EQ(FANOTIFY_JOURNAL_STATE_RUNNING, info.state);
	EXPECT_EQ(1, history_count(&history, KIND(CREATE), "/after"));
	EXPECT_EQ(500, info.lost + history_count(&history, KIND(CREATE), NULL) - 1);
	{
		__u64 lost = 0;

		/* one gap for all that was lost at a time, not one for each try to write */
		EXPECT_GE(10, history_count(&history, KIND(GAP), NULL));
		for (int i = 0; i < history.count; i++) {
			const struct record *r = &history.record[i];

			if (!(r->mask & KIND(GAP)) || r->gap.reason != REASON(OVERFLOW))
				continue;
			lost += r->gap.count;
			EXPECT_EQ(r->index, r->gap.first);
			EXPECT_GE(r->gap.since, begun);
			EXPECT_LE(r->gap.since, done);
		}
		EXPECT_EQ(info.lost, lost);
	}
	EXPECT_LT(1, info.covered_index);
	EXPECT_GE(info.covered_since, begun);
}

static int poke(const char *path, off_t at, size_t len)
{
	int fd = open(path, O_RDWR);
	char junk[4096];
	int ret;

	memset(junk, 0x5a, sizeof(junk));
	ret = fd < 0 || pwrite(fd, junk, len, at) != (ssize_t)len || fsync(fd) ? -1 : 0;
	if (fd >= 0)
		close(fd);
	return ret;
}

/* Where in the file the name is. */
static off_t find_name(const char *path, const char *name)
{
	static char file[32 << 20];
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? 0 : read(fd, file, sizeof(file));
	const char *there = len > 0 ? memmem(file, len, name, strlen(name)) : NULL;

	close(fd);
	return there ? there - file : -1;
}

TEST_F_TIMEOUT(journal, damage_is_a_gap, 300)
{
	off_t at;
	int whole;

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, make_many("file", 30 * i, 30));
		READ(NULL, NULL);
	}
	whole = history.count;
	ASSERT_EQ(300, whole);
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	/* in a record, wherever its batch has put it */
	at = find_name(RING, "file150");
	ASSERT_LT(65536, at);
	ASSERT_EQ(0, poke(RING, at, 4));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	READ(NULL, NULL);
	EXPECT_EQ(1, history.gaps);
	EXPECT_EQ(REASON(DAMAGED), history.gap.reason);
	EXPECT_EQ(history.count + history.gap.count, (__u64)whole + 1);
	EXPECT_LT(0, history.gap.count);
	EXPECT_GT(200, history.gap.count);

	/* one copy of the header is enough */
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, poke(RING, 100, 10));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, poke(RING, 100, 10));
	ASSERT_EQ(0, poke(RING, 32768 + 100, 10));
	EXPECT_EQ(-EUCLEAN, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	EXPECT_EQ(0, fanotify_nl_journal_remove(self->h, MOUNT));
}

static void name_escape(struct fanotify_journal_header *h)
{
	struct fanotify_journal_consumer *consumer = (void *)(h + 1);

	consumer->name[0] = '\033';
}

static void highest_index(struct fanotify_journal_header *h)
{
	h->head_index = htole64(FANOTIFY_JOURNAL_INDEX_MAX + 1);
}

/* Both copies of the ring's header, by who can make a checksum. */
static int forge(unsigned char header[FANOTIFY_JOURNAL_SEGMENT],
		 void (*change)(struct fanotify_journal_header *h))
{
	static unsigned char forged[FANOTIFY_JOURNAL_SEGMENT];
	int fd = open(RING, O_WRONLY);
	int ret;

	memcpy(forged, header, sizeof(forged));
	for (int i = 0; change && i < 2; i++) {
		struct fanotify_journal_header *h =
			(void *)(forged + i * FANOTIFY_JOURNAL_HEADER_COPY);

		change(h);
		ring_header_seal(h);
	}
	ret = fd < 0 || pwrite(fd, forged, sizeof(forged), 0) != sizeof(forged) ? -1 : 0;
	if (fd >= 0)
		close(fd);
	return ret;
}

TEST_F_TIMEOUT(journal, a_header_that_makes_no_sense_is_refused, 300)
{
	static void (*const changes[])(struct fanotify_journal_header *h) = {
		name_escape, highest_index,
	};
	static unsigned char header[FANOTIFY_JOURNAL_SEGMENT];
	__u64 token;
	int fd;

	ASSERT_EQ(0, add_consumer(self->h, self->info.id, "one", 0, &token));
	ASSERT_EQ(0, add_consumer(self->h, self->info.id, "two", 0, &token));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	fd = open(RING, O_RDONLY);
	ASSERT_EQ(sizeof(header), read(fd, header, sizeof(header)));
	close(fd);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		ASSERT_EQ(0, forge(header, changes[i]));
		EXPECT_EQ(-EUCLEAN,
			  fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	}
	ASSERT_EQ(0, forge(header, NULL));
	EXPECT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
}

TEST_HARNESS_MAIN
