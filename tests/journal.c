// SPDX-License-Identifier: GPL-2.0
/*
 * Journals: what is recorded, who reads and acknowledges it, what is refused.
 */
#include <pthread.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>

#include "gate.h"
#include "journaltest.h"
#include "listen.h"
#include "storm.h"

TEST_F_TIMEOUT(journal, each_operation_is_recorded, 300)
{
	int fd;

	ASSERT_EQ(0, make_file(MOUNT "/file"));
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

	ASSERT_EQ(0, make_file(MOUNT "/file"));
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
	ASSERT_EQ(0, make_file(MOUNT "/file"));
	ASSERT_EQ(0, system("cat " RING " >/dev/null && ls -l " MOUNT "/.fanotify-nl >/dev/null"));
	READ(NULL, NULL);
	EXPECT_EQ(1, history_count(&history, KIND(CREATE), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(OPEN), "/file"));
	EXPECT_EQ(0, history_count(&history, KIND(OPEN), "/.fanotify-nl/journal"));
	EXPECT_EQ(0, history_count(&history, KIND(OPEN), "/.fanotify-nl"));
}

TEST_F_TIMEOUT(journal, consumers_acknowledge_for_themselves, 300)
{
	const __u32 id = self->info.id;
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_cursor cursor;
	__u64 one, two, wrong;

	ASSERT_EQ(0, make_many("before", 0, 3));
	ASSERT_EQ(0, add_consumer(self->h, id, "one", 0, &one));
	ASSERT_EQ(0, add_consumer(self->h, id, "two", KIND(DELETE), &two));
	EXPECT_EQ(-EEXIST, add_consumer(self->h, id, "two", 0, &wrong));
	EXPECT_EQ(-EINVAL, add_consumer(self->h, id, "a/b", 0, &wrong));
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
		_exit(make_file(MOUNT "/file") ? 1 : 0);
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

/* ---- whose socket is closed meanwhile ---- */

#define USER		1001
#define WAIT_MS		10000

/* A thread that waits for records. */
struct reader {
	struct nl nl;
	pthread_t thread;
	volatile pid_t tid;
};

static void *read_on(void *arg)
{
	struct reader *reader = arg;

	reader->tid = gettid();
	nl_send(&reader->nl);
	return NULL;
}

static bool sleeps(void *arg)
{
	const struct reader *reader = arg;
	char path[64], text[512], state;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", reader->tid);
	return reader->tid && !read_file(path, text, sizeof(text)) &&
	       sscanf(strrchr(text, ')'), ") %c", &state) == 1 && state == 'S';
}

static bool reader_start(struct reader *reader, __u32 id, __u64 index)
{
	*reader = (struct reader){ 0 };
	if (nl_open(&reader->nl))
		return false;
	nl_begin(&reader->nl, FANOTIFY_CMD_JOURNAL_READ, 0);
	nl_put_u32(&reader->nl, FANOTIFY_A_JOURNAL_READ_JOURNAL, id);
	nl_put_u64(&reader->nl, FANOTIFY_A_JOURNAL_READ_INDEX, index);
	nl_put_u32(&reader->nl, FANOTIFY_A_JOURNAL_READ_WAIT_MS, 3600000);
	return !pthread_create(&reader->thread, NULL, read_on, reader) &&
	       wait_until(sleeps, reader, WAIT_MS * slowness());
}

static bool reader_ends(struct reader *reader)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += WAIT_MS / 1000 * slowness();
	return !pthread_timedjoin_np(reader->thread, NULL, &end);
}

static bool at_portid(void *arg)
{
	return !bind(((int *)arg)[0], (struct sockaddr *)&(struct sockaddr_nl){
			     .nl_family = AF_NETLINK, .nl_pid = ((int *)arg)[1] },
		     sizeof(struct sockaddr_nl));
}

/*
 * Another user's socket at @portid. Says by @told that it is there, and by its status
 * what has become of it: 1, somebody has sent something.
 */
static int stranger(__u32 portid, int told, int asked)
{
	int at[] = { -1, portid };
	char byte = 0;

	if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
		return 2;
	at[0] = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (!wait_until(at_portid, at, WAIT_MS * slowness()))
		return 3;
	if (write(told, &byte, 1) != 1 || read(asked, &byte, 1) != 1)
		return 4;
	return recv(at[0], &byte, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

TEST_F_TIMEOUT(journal, only_who_asked_is_answered, 300)
{
	struct reader reader;
	int told[2], ask[2];
	int status;
	char byte;
	pid_t pid;

	READ(NULL, NULL);
	ASSERT_TRUE(reader_start(&reader, self->info.id, history.cursor.index));
	ASSERT_EQ(0, pipe(told));
	ASSERT_EQ(0, pipe(ask));
	close(reader.nl.fd);
	pid = fork();
	if (!pid) {
		close(told[0]);
		close(ask[1]);
		_exit(stranger(reader.nl.portid, told[1], ask[0]));
	}
	close(told[1]);
	EXPECT_EQ(1, read(told[0], &byte, 1));
	EXPECT_EQ(0, make_file(MOUNT "/file"));
	READ(NULL, &history.cursor);
	EXPECT_EQ(1, history_count(&history, KIND(CREATE), "/file"));
	EXPECT_TRUE(reader_ends(&reader));
	EXPECT_EQ(1, write(ask[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F_TIMEOUT(journal, the_wait_ends_with_its_socket, 300)
{
	struct reader reader;

	READ(NULL, NULL);
	ASSERT_TRUE(reader_start(&reader, self->info.id, history.cursor.index));
	close(reader.nl.fd);
	EXPECT_TRUE(reader_ends(&reader));
}

TEST_F_TIMEOUT(journal, who_leaves_records_alone_is_cut_off, 300)
{
	struct fanotify_nl_journal_settings idle = {
		.set = FANOTIFY_NL_JOURNAL_SET_IDLE_LIMIT,
		.idle_limit = 8,
	};
	__u64 token, quiet;
	int created = 0;

	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &idle, &self->info));
	ASSERT_EQ(0, add_consumer(self->h, self->info.id, "quiet", 0, &quiet));
	sleep(9);
	READ("quiet", NULL);
	EXPECT_EQ(0, history.gaps);
	/* it has had nothing to acknowledge */
	ASSERT_EQ(0, add_consumer(self->h, self->info.id, "idle", 0, &token));
	ASSERT_EQ(0, make_file(MOUNT "/file"));
	READ("idle", NULL);
	EXPECT_EQ(0, history.gaps);
	EXPECT_EQ(1, history.count);
	sleep(10);
	READ("idle", NULL);
	EXPECT_EQ(1, history.gaps);
	EXPECT_EQ(REASON(IDLE), history.gap.reason);
	EXPECT_EQ(history.gap.first, history.gap.last);
	EXPECT_EQ(0, history.count);
	/* what is there can be read all the same, by who asks for it */
	const struct fanotify_nl_read all = {
		.consumer = "idle",
		.options = FANOTIFY_NL_READ_OLDEST,
	};
	struct fanotify_nl_records records;
	struct fanotify_nl_event event;

	ASSERT_EQ(0, fanotify_nl_journal_read(self->h, self->info.id, &all, &records));
	EXPECT_EQ(0, records.has_gap);
	while (fanotify_nl_journal_next(self->h, &event) == 1)
		created += (event.mask & KIND(CREATE)) != 0;
	EXPECT_EQ(1, created);
}

/* As a consumer does that looks for itself where a record is a gap. */
TEST_F_TIMEOUT(journal, records_outlast_other_commands, 300)
{
	const struct fanotify_nl_read all = {
		.options = FANOTIFY_NL_READ_OLDEST | FANOTIFY_NL_READ_FLUSH,
	};
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_records records;
	struct fanotify_nl_group_info group;
	struct fanotify_nl_event event;
	struct fanotify_nl_caps caps;
	int ret, count = 0;

	ASSERT_EQ(0, make_many("file", 0, 100));
	ASSERT_EQ(0, fanotify_nl_journal_read(self->h, self->info.id, &all, &records));
	do {
		ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
		ASSERT_EQ(0, fanotify_nl_caps(self->h, &caps));
		ASSERT_EQ(-ENOENT, fanotify_nl_group_get(self->h, 4711, &group));
		ret = fanotify_nl_journal_next(self->h, &event);
		ASSERT_LE(0, ret) TH_LOG("%s", fanotify_nl_error(self->h));
		if (ret)
			EXPECT_EQ(++count, event.seq);
	} while (ret);
	EXPECT_EQ(records.cursor.index, count);
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

static int start_it(void)
{
	struct fanotify_nl *h;
	int ret = fanotify_nl_open(&h);

	return ret ?: fanotify_nl_journal_start(h, MOUNT, NULL, NULL);
}

TEST_F_TIMEOUT(journal, gates_are_asked_by_who_starts_it_only, 300)
{
	struct fanotify_nl *gate = gate_open(0, PERMISSION, (struct fanotify_nl_settings){ 0 });
	int status, asked = 0;
	pid_t child;
	__s64 id;

	ASSERT_NE(NULL, gate);
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, listen_mark(gate, FANOTIFY_MARK_TYPE_FILESYSTEM, MOUNT, KIND(ACCESS_PERM)));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(start_it() ? 1 : 0);
	while (!waitpid(child, &status, WNOHANG)) {
		while ((id = gate_next(gate, 10, NULL)) > 0) {
			ASSERT_EQ(0, gate_verdict(gate, id, FANOTIFY_VERDICT_ALLOW, 0, 0));
			asked++;
		}
	}
	EXPECT_EQ(0, status);
	/* the library looks whether it is a new one */
	EXPECT_EQ(1, asked);
	fanotify_nl_close(gate);
}

TEST_F_TIMEOUT(journal, names_have_limits, 300)
{
	char name[80];
	__u64 token;

	for (int i = 0; i < FANOTIFY_CONSUMERS_MAX; i++) {
		memset(name, 'n', sizeof(name));
		snprintf(name + FANOTIFY_CONSUMER_NAME_MAX - 2, 3, "%02d", i);
		ASSERT_EQ(0, add_consumer(self->h, self->info.id, name, 0, &token));
	}
	EXPECT_EQ(-ENOSPC, add_consumer(self->h, self->info.id, "one-more", 0, &token));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	EXPECT_EQ(FANOTIFY_CONSUMERS_MAX, self->info.consumers);
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

	ASSERT_EQ(0, system("cp " JOURNALFS "/ring /tmp/ring"));
	ASSERT_EQ(0, journalfs_make(variant->type, ""));
	ASSERT_EQ(0, system("mkdir " MOUNT "/.fanotify-nl && mv /tmp/ring " RING));
	EXPECT_EQ(-ESTALE, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	/* cut off */
	ASSERT_EQ(0, truncate(RING, 65536 * 17 - 1));
	EXPECT_EQ(-EINVAL, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
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
	ASSERT_EQ(0, make_file(MOUNT "/file"));
	READ(NULL, NULL);
	EXPECT_EQ(1, history.count);
}

TEST_HARNESS_MAIN
