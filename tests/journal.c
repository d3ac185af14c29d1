// SPDX-License-Identifier: GPL-2.0
/*
 * Journals: what is recorded, and read; how it is told what is missing; what neither
 * unmounts nor freezes wait for.
 */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <time.h>

#include "journalfs.h"
#include "test.h"

#define REASON(name)	FANOTIFY_GAP_REASON_##name

static struct history history, other;

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int make(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), MOUNT "/%s", name);
	return make_file(path);
}

/* Names of their own, so that each is told by its path. */
static int make_many(const char *prefix, int from, int count)
{
	char name[64];

	for (int i = from; i < from + count; i++) {
		snprintf(name, sizeof(name), "%s%d", prefix, i);
		if (make(name))
			return -1;
	}
	return 0;
}

static int remove_many(const char *prefix, int from, int count)
{
	char path[128];

	for (int i = from; i < from + count; i++) {
		snprintf(path, sizeof(path), MOUNT "/%s%d", prefix, i);
		if (unlink(path))
			return -1;
	}
	return 0;
}

static int remount(unsigned long flags)
{
	for (int tries = 1; tries <= 200; tries++) {
		if (!mount(NULL, MOUNT, NULL, MS_REMOUNT | flags, NULL))
			return tries;
		if (errno != EBUSY)
			return -1;
		usleep(10000);
	}
	return -1;
}

static int freeze(bool on)
{
	int fd = open(MOUNT, O_RDONLY);
	int ret = fd < 0 ? -1 : ioctl(fd, on ? FIFREEZE : FITHAW, 0);

	if (fd >= 0)
		close(fd);
	return ret;
}

FIXTURE(journal) {
	struct fanotify_nl *h;
	struct fanotify_nl_journal_info info;
};

FIXTURE_VARIANT(journal) {
	const char *type;
};

FIXTURE_VARIANT_ADD(journal, ext4) { .type = "ext4" };
FIXTURE_VARIANT_ADD(journal, xfs) { .type = "xfs" };
FIXTURE_VARIANT_ADD(journal, btrfs) { .type = "btrfs" };

/* What is not flushed is on disk soon. */
/* One record for each file that is made. */
static const struct fanotify_nl_journal_settings fast = {
	.set = FANOTIFY_NL_JOURNAL_SET_INTERVAL_MS | FANOTIFY_NL_JOURNAL_SET_MASK,
	.mask = KIND(CREATE) | KIND(DELETE) | KIND(RENAME) | KIND(ATTRIB) | KIND(MODIFY) |
		KIND(ONDIR),
	.interval_ms = 50,
};

FIXTURE_SETUP(journal)
{
	ASSERT_EQ(0, journalfs_make(variant->type));
	ASSERT_EQ(0, fanotify_nl_open(&self->h));
	ASSERT_EQ(0, journalfs_start(self->h, &fast, &self->info));
}

FIXTURE_TEARDOWN(journal)
{
	if (_metadata->exit_code == KSFT_FAIL) {
		history_show(&history);
		if (self->h)
			printf("# last error: %s\n", fanotify_nl_error(self->h));
	}
	fanotify_nl_close(self->h);
	freeze(false);
	journalfs_remove();
}

#define READ(consumer, cursor) \
	ASSERT_EQ(0, history_read(self->h, self->info.id, consumer, cursor, &history))

TEST_F_TIMEOUT(journal, each_operation_is_recorded, 300)
{
	int fd;

	ASSERT_EQ(0, make("file"));
	ASSERT_EQ(0, write_file(MOUNT "/file", "text"));
	ASSERT_EQ(0, chmod(MOUNT "/file", 0600));
	ASSERT_EQ(0, truncate(MOUNT "/file", 1));
	ASSERT_EQ(0, setxattr(MOUNT "/file", "user.a", "b", 1, 0));
	ASSERT_EQ(0, mkdir(MOUNT "/dir", 0755));
	ASSERT_EQ(0, rename(MOUNT "/file", MOUNT "/dir/moved"));
	ASSERT_EQ(0, link(MOUNT "/dir/moved", MOUNT "/link"));
	ASSERT_EQ(0, symlink("moved", MOUNT "/symlink"));
	ASSERT_EQ(0, mknod(MOUNT "/fifo", S_IFIFO | 0600, 0));
	ASSERT_EQ(0, unlink(MOUNT "/link"));
	ASSERT_EQ(0, unlink(MOUNT "/dir/moved"));
	ASSERT_EQ(0, rmdir(MOUNT "/dir"));
	/* what is not asked for */
	fd = open(MOUNT "/symlink", O_RDONLY | O_PATH | O_NOFOLLOW);
	close(fd);

	READ(NULL, NULL);
	EXPECT_EQ(1, history_count(&history, KIND(CREATE_FILE), "/file"));
	EXPECT_LE(1, history_count(&history, KIND(WRITE), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(CHMOD), "/file"));
	EXPECT_LE(1, history_count(&history, KIND(TRUNCATE), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(SETXATTR), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(MKDIR) | KIND(ONDIR), "/dir"));
	EXPECT_EQ(1, history_count(&history, KIND(RENAME), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(HARDLINK), "/link"));
	EXPECT_EQ(1, history_count(&history, KIND(SYMLINK), "/symlink"));
	EXPECT_EQ(1, history_count(&history, KIND(MKNOD), "/fifo"));
	EXPECT_EQ(1, history_count(&history, KIND(UNLINK), "/link"));
	EXPECT_EQ(1, history_count(&history, KIND(LAST_UNLINK), "/dir/moved"));
	EXPECT_EQ(1, history_count(&history, KIND(RMDIR), "/dir"));
	EXPECT_EQ(0, history_count(&history, KIND(OPEN), NULL));
	EXPECT_EQ(0, history_count(&history, KIND(GAP), NULL));
	EXPECT_EQ(0, history.gaps);
	EXPECT_EQ(1, history.record[0].index);
	EXPECT_TRUE(history_whole(&history));
}

TEST_F_TIMEOUT(journal, it_makes_no_records_of_itself, 300)
{
	struct fanotify_nl_journal_info info;
	__u64 before;

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, make_many("file", i, 1));
		READ(NULL, NULL);
	}
	EXPECT_EQ(10, history.count);
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_LE(10, info.batches);
	before = info.batches;
	usleep(300000);
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_EQ(before, info.batches);
	EXPECT_EQ(10, info.newest);
	EXPECT_EQ(10, info.durable);
	EXPECT_EQ(0, info.waiting_bytes);
}

TEST_F_TIMEOUT(journal, it_is_written_within_the_interval, 300)
{
	struct fanotify_nl_journal_info info;

	ASSERT_EQ(0, make("file"));
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
		if (info.durable)
			break;
		usleep(50000);
	}
	EXPECT_EQ(1, info.durable);
	EXPECT_EQ(FANOTIFY_JOURNAL_STATE_RUNNING, info.state);
	EXPECT_EQ(FANOTIFY_JOURNAL_LEVEL_DURABLE, info.settings.level);
	EXPECT_EQ(50, info.settings.interval_ms);
	EXPECT_EQ(RING_SIZE, info.size);
	EXPECT_STREQ(MOUNT, info.path);
	EXPECT_STREQ(variant->type, info.fs_name);
	EXPECT_EQ(1, info.covered_index);
}

TEST_F_TIMEOUT(journal, its_folder_makes_no_records, 300)
{
	struct fanotify_nl_journal_settings opens = {
		.set = FANOTIFY_NL_JOURNAL_SET_MASK,
		.mask = KIND(OPEN) | KIND(CREATE) | KIND(ONDIR),
	};

	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &opens, &self->info));
	ASSERT_EQ(0, make("file"));
	ASSERT_EQ(0, system("cat " RING " >/dev/null && ls -l " MOUNT "/.fanotify-nl >/dev/null"));
	READ(NULL, NULL);
	EXPECT_EQ(1, history_count(&history, KIND(CREATE), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(OPEN), "/file"));
	EXPECT_EQ(0, history_count(&history, KIND(OPEN), "/.fanotify-nl/journal"));
	EXPECT_EQ(0, history_count(&history, KIND(OPEN), "/.fanotify-nl"));
}

static int add(struct fanotify_nl *h, __u32 id, const char *name, __u64 mask, __u64 *token)
{
	struct fanotify_nl_consumer consumer = { .name = name, .mask = mask };

	return fanotify_nl_consumer_add(h, id, &consumer, token, NULL);
}

TEST_F_TIMEOUT(journal, consumers_acknowledge_for_themselves, 300)
{
	const __u32 id = self->info.id;
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_cursor cursor;
	__u64 one, two, wrong;

	ASSERT_EQ(0, make_many("before", 0, 3));
	ASSERT_EQ(0, add(self->h, id, "one", 0, &one));
	ASSERT_EQ(0, add(self->h, id, "two", KIND(DELETE), &two));
	EXPECT_EQ(-EEXIST, add(self->h, id, "two", 0, &wrong));
	EXPECT_EQ(-EINVAL, add(self->h, id, "a/b", 0, &wrong));
	EXPECT_NE(one, two);

	ASSERT_EQ(0, make_many("file", 0, 5));
	ASSERT_EQ(0, unlink(MOUNT "/file3"));
	READ("two", NULL);
	EXPECT_EQ(1, history.count);
	EXPECT_EQ(1, history_count(&history, KIND(UNLINK), "/file3"));
	READ("one", NULL);
	EXPECT_LE(6, history.count);
	EXPECT_EQ(4, history.record[0].index);
	cursor = history.cursor;

	wrong = one ^ 1;
	EXPECT_EQ(-EACCES, fanotify_nl_consumer_ack(self->h, id, "one", &wrong, &cursor, 0));
	EXPECT_EQ(-EACCES, fanotify_nl_consumer_ack(self->h, id, "one", &two, &cursor, 0));
	EXPECT_EQ(-ENOENT, fanotify_nl_consumer_ack(self->h, id, "three", &one, &cursor, 0));
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_EQ(4, info.tail);
	EXPECT_EQ(2, info.consumers);

	EXPECT_EQ(0, fanotify_nl_consumer_ack(self->h, id, "one", &one, &cursor,
					      FANOTIFY_NL_ACK_SYNC));
	READ("one", NULL);
	EXPECT_EQ(0, history.count);
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_EQ(4, info.tail);
	/* for another, and saying so */
	EXPECT_EQ(0, fanotify_nl_consumer_ack(self->h, id, "two", NULL, &cursor, 0));
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_EQ(cursor.index + 1, info.tail);

	/* back, but not without saying so */
	cursor.index = 3;
	EXPECT_EQ(0, fanotify_nl_consumer_ack(self->h, id, "one", &one, &cursor, 0));
	READ("one", NULL);
	EXPECT_EQ(0, history.count);
	EXPECT_EQ(0, fanotify_nl_consumer_ack(self->h, id, "one", &one, &cursor,
					      FANOTIFY_NL_ACK_RESET));
	READ("one", NULL);
	EXPECT_LE(6, history.count);
	cursor.index = 1000;
	EXPECT_EQ(-ERANGE, fanotify_nl_consumer_ack(self->h, id, "one", &one, &cursor, 0));
	cursor.index = 3;
	cursor.epoch ^= 1ULL << 40;
	EXPECT_EQ(-ESTALE, fanotify_nl_consumer_ack(self->h, id, "one", &one, &cursor, 0));

	EXPECT_EQ(-EACCES, fanotify_nl_consumer_remove(self->h, id, "two", &one));
	EXPECT_EQ(0, fanotify_nl_consumer_remove(self->h, id, "two", &two));
	EXPECT_EQ(-ENOENT, fanotify_nl_consumer_remove(self->h, id, "two", NULL));
}

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

	ASSERT_EQ(0, add(self->h, self->info.id, "one", 0, &token));
	ASSERT_EQ(0, make_many("file", 0, 5));
	READ("one", NULL);
	EXPECT_EQ(5, history.count);
	cursor = history.cursor;
	cursor.index = 2;
	ASSERT_EQ(0, fanotify_nl_consumer_ack(self->h, self->info.id, "one", &token, &cursor, 0));
	stopped = now();
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	EXPECT_EQ(-ENOENT, fanotify_nl_journal_get(self->h, MOUNT, &self->info));
	ASSERT_EQ(0, make("unseen"));
	started = now();
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	EXPECT_EQ(50, self->info.settings.interval_ms);
	ASSERT_EQ(0, make("seen"));

	READ("one", NULL);
	ASSERT_EQ(5, history.count);
	EXPECT_EQ(0, history.gaps);
	EXPECT_EQ(3, history.record[0].index);
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(KIND(GAP), history.record[3].mask);
	EXPECT_EQ(REASON(NOT_RUNNING), history.record[3].gap.reason);
	EXPECT_EQ(FANOTIFY_GAP_SCOPE_ALL, history.record[3].gap.scope);
	EXPECT_GE(history.record[3].gap.since, stopped);
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

/* The disk as it is, without a stop, is what a crash leaves. */
TEST_F_TIMEOUT(journal, a_crash_is_a_gap, 300)
{
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_cursor cursor;
	__u64 token, last;

	ASSERT_EQ(0, add(self->h, self->info.id, "one", 0, &token));
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
	EXPECT_EQ(last, history.record[20].gap.since);

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

	ASSERT_EQ(0, add(self->h, self->info.id, "slow", 0, &token));
	ASSERT_EQ(0, make("first"));
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
	ASSERT_EQ(0, make("last"));
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
	begun = now();
	for (int i = 0; i < 500; i++) {
		char name[32];

		snprintf(name, sizeof(name), "file%d", i);
		ASSERT_EQ(0, mknodat(root, name, S_IFREG | 0600, 0));
		if (i % 100 == 99)
			usleep(100000);
	}
	done = now();
	ASSERT_EQ(0, umount(MOUNT));
	close(root);
	READ(NULL, NULL);
	ASSERT_EQ(0, make("after"));
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

TEST_F_TIMEOUT(journal, a_remount_read_only_is_not_blocked, 300)
{
	struct fanotify_nl_journal_info info;
	int tries, most = 0;

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, make_many("file", i, 1));
		tries = remount(MS_RDONLY);
		ASSERT_LT(0, tries);
		most = tries > most ? tries : most;
		usleep(120000);
		ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
		if (info.state == FANOTIFY_JOURNAL_STATE_STALLED) {
			EXPECT_EQ(EROFS, info.error);
			EXPECT_EQ(-EROFS, fanotify_nl_journal_stop(self->h, info.id, 0));
		} else {
			EXPECT_EQ(i + 1, info.durable);
		}
		ASSERT_LT(0, remount(0));
	}
	printf("# a remount took up to %d tries\n", most);
	READ(NULL, NULL);
	EXPECT_EQ(10, history_count(&history, KIND(CREATE), NULL));
	EXPECT_EQ(0, history_count(&history, KIND(GAP), NULL));
}

TEST_F_TIMEOUT(journal, a_freeze_is_not_blocked, 300)
{
	struct fanotify_nl_journal_info info;

	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, make_many("file", i, 1));
		ASSERT_EQ(0, freeze(true));
		usleep(120000);
		ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
		if (info.state == FANOTIFY_JOURNAL_STATE_STALLED)
			EXPECT_EQ(EBUSY, info.error);
		ASSERT_EQ(0, freeze(false));
	}
	READ(NULL, NULL);
	EXPECT_EQ(5, history.count);

	/* a consumer's state cannot be written now, and nothing waits for that */
	ASSERT_EQ(0, freeze(true));
	EXPECT_EQ(-EBUSY, add(self->h, self->info.id, "one", 0, &info.epoch));
	EXPECT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 1));
	EXPECT_EQ(-ENOENT, fanotify_nl_journal_stop(self->h, self->info.id, 1));
	ASSERT_EQ(0, freeze(false));
}

static int count_journals(const struct fanotify_nl_journal_info *info, void *arg)
{
	++*(int *)arg;
	return 0;
}

TEST_F_TIMEOUT(journal, an_unmount_is_not_blocked_and_ends_it, 300)
{
	struct fanotify_nl_journal_info info;
	int tries, most = 0, left;

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, make_many("file", i, 1));
		tries = journalfs_unmount(MOUNT);
		ASSERT_LT(0, tries);
		most = tries > most ? tries : most;
		for (int n = 0; n < 100; n++) {
			left = 0;
			ASSERT_EQ(0, fanotify_nl_journals(self->h, count_journals, &left));
			if (!left)
				break;
			usleep(50000);
		}
		EXPECT_EQ(0, left);
		ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
		ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &info));
	}
	printf("# an unmount took up to %d tries\n", most);
	ASSERT_EQ(0, history_read(self->h, info.id, NULL, NULL, &history));
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(10, history_count(&history, KIND(GAP), NULL));
	for (int i = 0; i < history.count; i++)
		if (history.record[i].mask & KIND(GAP))
			EXPECT_EQ(REASON(UNCLEAN), history.record[i].gap.reason);
}

TEST_F_TIMEOUT(journal, reading_waits, 300)
{
	struct fanotify_nl_records records;
	struct fanotify_nl_read read = { .wait_ms = 20000 };
	struct fanotify_nl_event event;
	time_t begun;
	pid_t pid;

	READ(NULL, NULL);
	read.cursor = &history.cursor;
	pid = fork();
	if (!pid) {
		usleep(300000);
		_exit(make("file") ? 1 : 0);
	}
	begun = time(NULL);
	ASSERT_EQ(0, fanotify_nl_journal_read(self->h, self->info.id, &read, &records));
	EXPECT_LE(1, fanotify_nl_journal_next(self->h, &event));
	EXPECT_STREQ("/file", event.path);
	EXPECT_GT(15, time(NULL) - begun);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));

	/* whoever waits does not block the unmount, and learns of the end */
	history.cursor = records.cursor;
	pid = fork();
	if (!pid) {
		struct fanotify_nl *h;

		if (fanotify_nl_open(&h))
			_exit(100);
		_exit(-fanotify_nl_journal_read(h, self->info.id, &read, &records));
	}
	usleep(300000);
	EXPECT_LT(0, journalfs_unmount(MOUNT));
	{
		int status;

		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFEXITED(status));
		EXPECT_EQ(ENOENT, WEXITSTATUS(status));
	}
	EXPECT_GT(15, time(NULL) - begun);
}

TEST_F_TIMEOUT(journal, who_leaves_records_alone_is_cut_off, 300)
{
	struct fanotify_nl_journal_settings idle = {
		.set = FANOTIFY_NL_JOURNAL_SET_IDLE_LIMIT,
		.idle_limit = 8,
	};
	__u64 token, quiet;

	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &idle, &self->info));
	ASSERT_EQ(0, add(self->h, self->info.id, "quiet", 0, &quiet));
	sleep(9);
	READ("quiet", NULL);
	EXPECT_EQ(0, history.gaps);
	/* it has had nothing to acknowledge */
	ASSERT_EQ(0, add(self->h, self->info.id, "idle", 0, &token));
	ASSERT_EQ(0, make("file"));
	READ("idle", NULL);
	EXPECT_EQ(0, history.gaps);
	EXPECT_EQ(1, history.count);
	sleep(10);
	READ("idle", NULL);
	EXPECT_EQ(1, history.gaps);
	EXPECT_EQ(REASON(IDLE), history.gap.reason);
	EXPECT_EQ(history.gap.first, history.gap.last);
	EXPECT_EQ(0, history.count);
}

TEST_F_TIMEOUT(journal, ring_files_are_looked_at, 300)
{
	struct fanotify_nl_journal_info info;

	EXPECT_EQ(-EALREADY, fanotify_nl_journal_start(self->h, MOUNT, NULL, &info));
	EXPECT_EQ(-EEXIST, fanotify_nl_journal_create(self->h, MOUNT, RING_SIZE, NULL, NULL));
	EXPECT_EQ(-EBUSY, fanotify_nl_journal_remove(self->h, MOUNT));
	EXPECT_NE(0, unlink(RING));
	EXPECT_NE(0, rename(RING, MOUNT "/elsewhere"));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_remove(self->h, MOUNT));
	EXPECT_NE(0, access(MOUNT "/" FANOTIFY_NL_JOURNAL_FOLDER, F_OK));
	EXPECT_EQ(-ENOENT, fanotify_nl_journal_start(self->h, MOUNT, NULL, &info));
	EXPECT_EQ(-ENOENT, fanotify_nl_journal_remove(self->h, MOUNT));
	ASSERT_EQ(0, journalfs_start(self->h, &fast, &info));
	EXPECT_EQ(1, info.covered_index);
	EXPECT_EQ(0, info.newest);
}

TEST_F_TIMEOUT(journal, names_have_limits, 300)
{
	char name[80];
	__u64 token;

	for (int i = 0; i < FANOTIFY_CONSUMERS_MAX; i++) {
		memset(name, 'n', sizeof(name));
		snprintf(name + FANOTIFY_CONSUMER_NAME_MAX - 2, 3, "%02d", i);
		ASSERT_EQ(0, add(self->h, self->info.id, name, 0, &token));
	}
	EXPECT_EQ(-ENOSPC, add(self->h, self->info.id, "one-more", 0, &token));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	EXPECT_EQ(FANOTIFY_CONSUMERS_MAX, self->info.consumers);
}

/* ---- what is damaged ---- */

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

TEST_F_TIMEOUT(journal, a_ring_of_another_filesystem_is_refused, 300)
{
	struct fanotify_nl_ring_info info;
	struct fanotify_nl_ring *ring;

	ASSERT_EQ(0, make_many("file", 0, 10));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, system("cp " RING " " JOURNALFS "/ring"));
	ASSERT_EQ(0, fanotify_nl_ring_open(&ring, JOURNALFS "/ring"));
	fanotify_nl_ring_info(ring, &info);
	EXPECT_TRUE(info.clean);
	EXPECT_EQ(2, info.copies);
	EXPECT_EQ(1, info.oldest);
	EXPECT_EQ(10, info.newest);
	EXPECT_EQ(0, memcmp(info.uuid, self->info.uuid, sizeof(info.uuid)));
	fanotify_nl_ring_close(ring);

	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, system("mkfs.ext4 -q -F " IMAGE));
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, system("mkdir " MOUNT "/.fanotify-nl && cp " JOURNALFS "/ring " RING));
	EXPECT_EQ(-ESTALE, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	/* cut off */
	ASSERT_EQ(0, truncate(RING, 65536 * 17 - 1));
	EXPECT_EQ(-EINVAL, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
}

/* ---- devices that go back, or away ---- */

/* A filesystem on a mapped device: @shell has its loop device in $loop, its size in $size. */
static int mapped(const char *shell)
{
	char line[1024];

	snprintf(line, sizeof(line),
		 "loop=$(losetup -n -O NAME -j " IMAGE ") && size=$(blockdev --getsz $loop) && %s",
		 shell);
	return system(line);
}

#define MOUNT_MAPPED	"mount -o noatime /dev/mapper/journalfs " MOUNT

FIXTURE(device)
{
	struct fanotify_nl *h;
	struct fanotify_nl_journal_info info;
};

FIXTURE_SETUP(device)
{
	ASSERT_EQ(0, journalfs_make("ext4"));
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, system("modprobe -qa dm-mod dm-snapshot; losetup -f " IMAGE));
	/* there is no udev */
	ASSERT_EQ(0, mapped("dmsetup create journalfs --table \"0 $size linear $loop 0\" && "
			    "dmsetup mknodes && " MOUNT_MAPPED));
	ASSERT_EQ(0, fanotify_nl_open(&self->h));
	ASSERT_EQ(0, journalfs_start(self->h, &fast, &self->info));
}

FIXTURE_TEARDOWN(device)
{
	journalfs_unmount(MOUNT);
	EXPECT_EQ(0, system("for name in snapshot journalfs; do"
			    " ! dmsetup info $name >/dev/null 2>&1 || dmsetup remove --retry $name ||"
			    " exit 1; done; losetup -D"));
	journalfs_remove();
	fanotify_nl_close(self->h);
}

/* A snapshot is merged back: what came after it has never been, and is told so. */
TEST_F_TIMEOUT(device, a_snapshot_that_is_rolled_back_is_told, 300)
{
	struct fanotify_nl_cursor before, after;

	ASSERT_EQ(0, make_many("file", 0, 5));
	READ(NULL, NULL);
	ASSERT_EQ(5, history.count);
	before = history.cursor;
	ASSERT_EQ(0, mapped("truncate -s 16M " JOURNALFS "/changes && "
			    "changes=$(losetup -f --show " JOURNALFS "/changes) && "
			    "dmsetup suspend journalfs && "
			    "dmsetup load journalfs --table \"0 $size snapshot-origin $loop\" && "
			    "dmsetup create snapshot --table \"0 $size snapshot $loop $changes P 8\" && "
			    "dmsetup resume journalfs"));
	ASSERT_EQ(0, make_many("later", 0, 7));
	READ(NULL, &before);
	ASSERT_EQ(7, history.count);
	EXPECT_EQ(0, history.gaps);
	after = history.cursor;
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_LT(0, journalfs_unmount(MOUNT));

	ASSERT_EQ(0, mapped("changes=$(losetup -n -O NAME -j " JOURNALFS "/changes) && "
			    "dmsetup remove --retry snapshot && dmsetup suspend journalfs && "
			    "dmsetup load journalfs --table \"0 $size snapshot-merge $loop $changes P 8\" && "
			    "dmsetup resume journalfs && "
			    /* the part that is allocated is all metadata by then */
			    "until dmsetup status journalfs | awk '{ split($4, part, \"/\"); exit part[1] != $5 }';"
			    " do sleep 0.1; done && "
			    "dmsetup suspend journalfs && "
			    "dmsetup load journalfs --table \"0 $size linear $loop 0\" && "
			    "dmsetup resume journalfs && " MOUNT_MAPPED));
	ASSERT_EQ(0, access(MOUNT "/file4", F_OK));
	ASSERT_NE(0, access(MOUNT "/later0", F_OK));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	READ(NULL, &after);
	EXPECT_EQ(1, history.gaps);
	EXPECT_EQ(REASON(CURSOR), history.gap.reason);
	EXPECT_EQ(0, history_count(&history, KIND(CREATE), NULL));
	/* who has read no further goes on, and is told that it was not running */
	READ(NULL, &before);
	EXPECT_EQ(0, history.gaps);
	EXPECT_EQ(1, history.count);
	EXPECT_EQ(1, history_count(&history, KIND(GAP), NULL));
}

/* Nothing hangs, and what was on disk is there when it comes back. */
TEST_F_TIMEOUT(device, one_that_is_gone_blocks_nothing, 300)
{
	struct fanotify_nl_journal_info info;
	int ret;

	ASSERT_EQ(0, make_many("file", 0, 5));
	READ(NULL, NULL);
	ASSERT_EQ(5, history.count);
	ASSERT_EQ(0, system("dmsetup wipe_table --noflush --nolockfs journalfs"));
	/* it may be refused by now, but does not wait */
	make_many("later", 0, 5);
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
		if (info.state == FANOTIFY_JOURNAL_STATE_STALLED)
			break;
		usleep(100000);
	}
	EXPECT_EQ(FANOTIFY_JOURNAL_STATE_STALLED, info.state);
	EXPECT_TRUE(info.error == EIO || info.error == EROFS) {
		TH_LOG("error %u", info.error);
	}
	/* ext4 may have noticed by now */
	ret = fanotify_nl_journal_stop(self->h, self->info.id, 0);
	EXPECT_TRUE(ret == -EIO || ret == -EROFS) {
		TH_LOG("stop: %d", ret);
	}
	EXPECT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 1));
	ASSERT_LT(0, journalfs_unmount(MOUNT));

	ASSERT_EQ(0, mapped("dmsetup suspend --noflush --nolockfs journalfs && "
			    "dmsetup load journalfs --table \"0 $size linear $loop 0\" && "
			    "dmsetup resume journalfs && " MOUNT_MAPPED));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	READ(NULL, NULL);
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(5, history_count(&history, KIND(CREATE), NULL));
	EXPECT_EQ(1, history_count(&history, KIND(GAP), NULL));
	EXPECT_EQ(REASON(UNCLEAN), history.record[history.count - 1].gap.reason);
}

/* Not every kernel has it; and of ext4 it takes blocks that a small one has not. */
TEST_F_TIMEOUT(journal, level_ordered_is_refused_with_a_reason, 300)
{
	const struct fanotify_nl_journal_settings ordered = {
		.set = FANOTIFY_NL_JOURNAL_SET_LEVEL,
		.level = FANOTIFY_JOURNAL_LEVEL_ORDERED,
	};

	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(-EINVAL, fanotify_nl_journal_start(self->h, MOUNT, &ordered, NULL));
	ASSERT_EQ(0, fanotify_nl_journal_remove(self->h, MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_create(self->h, MOUNT, RING_SIZE, NULL, NULL));
	ASSERT_EQ(-EOPNOTSUPP, fanotify_nl_journal_start(self->h, MOUNT, &ordered, NULL));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "level ordered"));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	ASSERT_EQ(0, make("file"));
	READ(NULL, NULL);
	EXPECT_EQ(1, history.count);
}

TEST_HARNESS_MAIN
