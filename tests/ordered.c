// SPDX-License-Identifier: GPL-2.0
/*
 * Journals of level ordered, on a kernel that has it: what is recorded, when a start has
 * no gap, what protects the ring file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "../host/ringfile.h"
#include "journalfs.h"
#include "test.h"

#define REASON(name)	FANOTIFY_GAP_REASON_##name

#define EXT4_IOC_SHUTDOWN		_IOR('X', 125, __u32)
#define EXT4_GOING_FLAGS_NOLOGFLUSH	2

static struct history history;

static const struct fanotify_nl_journal_settings ordered = {
	.set = FANOTIFY_NL_JOURNAL_SET_LEVEL | FANOTIFY_NL_JOURNAL_SET_INTERVAL_MS |
	       FANOTIFY_NL_JOURNAL_SET_MASK,
	.level = FANOTIFY_JOURNAL_LEVEL_ORDERED,
	.mask = KIND(CREATE) | KIND(DELETE) | KIND(RENAME) | KIND(ATTRIB) | KIND(MODIFY) |
		KIND(ONDIR),
	.interval_ms = 50,
};

FIXTURE(ordered) {
	struct fanotify_nl *h;
	struct fanotify_nl_journal_info info;
};

/* Blocks are those of the ring; a filesystem that small has smaller ones otherwise. */
#define BLOCK	4096
#define OPTIONS "-b 4096"

FIXTURE_SETUP(ordered)
{
	struct fanotify_nl_caps caps;

	ASSERT_EQ(0, journalfs_make("ext4", OPTIONS));
	ASSERT_EQ(0, fanotify_nl_open(&self->h));
	ASSERT_EQ(0, fanotify_nl_caps(self->h, &caps));
	ASSERT_TRUE(caps.journal_levels & 1 << FANOTIFY_JOURNAL_LEVEL_ORDERED);
	ASSERT_EQ(0, journalfs_start(self->h, &ordered, &self->info));
}

FIXTURE_TEARDOWN(ordered)
{
	if (_metadata->exit_code == KSFT_FAIL) {
		history_show(&history);
		if (self->h)
			printf("# last error: %s\n", fanotify_nl_error(self->h));
	}
	fanotify_nl_close(self->h);
	journalfs_remove();
}

#define READ() \
	ASSERT_EQ(0, history_read(self->h, self->info.id, NULL, NULL, &history))

static int add_text(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND);
	int ret = fd < 0 || write(fd, "text", 4) != 4;

	if (fd >= 0)
		close(fd);
	return ret;
}

static int find_stalled(const struct fanotify_nl_journal_info *info, void *arg)
{
	*(bool *)arg = info->state == FANOTIFY_JOURNAL_STATE_STALLED;
	return 0;
}

/* Its path need not lead to it. */
static int journal_state(struct fanotify_nl *h, bool *stalled)
{
	return fanotify_nl_journals(h, find_stalled, stalled);
}

TEST_F_TIMEOUT(ordered, each_operation_is_recorded, 300)
{
	ASSERT_EQ(0, make_file(MOUNT "/file"));
	ASSERT_EQ(0, chmod(MOUNT "/file", 0600));
	ASSERT_EQ(0, chown(MOUNT "/file", 5, 5));
	ASSERT_EQ(0, truncate(MOUNT "/file", 1));
	ASSERT_EQ(0, setxattr(MOUNT "/file", "user.a", "b", 1, 0));
	ASSERT_EQ(0, removexattr(MOUNT "/file", "user.a"));
	ASSERT_EQ(0, mkdir(MOUNT "/dir", 0755));
	ASSERT_EQ(0, rename(MOUNT "/file", MOUNT "/dir/moved"));
	ASSERT_EQ(0, link(MOUNT "/dir/moved", MOUNT "/link"));
	ASSERT_EQ(0, symlink("moved", MOUNT "/symlink"));
	ASSERT_EQ(0, mknod(MOUNT "/fifo", S_IFIFO | 0600, 0));
	ASSERT_EQ(0, renameat2(AT_FDCWD, MOUNT "/fifo", AT_FDCWD, MOUNT "/link", RENAME_EXCHANGE));
	ASSERT_EQ(0, unlink(MOUNT "/fifo"));
	ASSERT_EQ(0, unlink(MOUNT "/dir/moved"));
	ASSERT_EQ(0, rmdir(MOUNT "/dir"));

	READ();
	EXPECT_EQ(1, history_count(&history, KIND(CREATE_FILE), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(CHMOD), "/file"));
	EXPECT_LE(1, history_count(&history, KIND(CHOWN), "/file"));
	EXPECT_LE(1, history_count(&history, KIND(TRUNCATE), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(SETXATTR), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(REMOVEXATTR), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(MKDIR) | KIND(ONDIR), "/dir"));
	EXPECT_EQ(1, history_count(&history, KIND(RENAME), "/file"));
	EXPECT_EQ(1, history_count(&history, KIND(HARDLINK), "/link"));
	EXPECT_EQ(1, history_count(&history, KIND(SYMLINK), "/symlink"));
	EXPECT_EQ(1, history_count(&history, KIND(MKNOD), "/fifo"));
	EXPECT_EQ(1, history_count(&history, KIND(RENAME), "/fifo"));
	EXPECT_EQ(1, history_count(&history, KIND(UNLINK), "/fifo"));
	EXPECT_EQ(1, history_count(&history, KIND(LAST_UNLINK), "/dir/moved"));
	EXPECT_EQ(1, history_count(&history, KIND(RMDIR), "/dir"));
	EXPECT_EQ(0, history_count(&history, KIND(GAP), NULL));
	EXPECT_EQ(0, history.gaps);
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(FANOTIFY_JOURNAL_LEVEL_ORDERED, self->info.settings.level);
}

/* Of who may not keep it. */
static int truncate_as(uid_t uid, const char *path)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(setresuid(uid, uid, uid) || truncate(path, 0));
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

TEST_F_TIMEOUT(ordered, a_bit_that_a_truncation_takes_is_recorded, 300)
{
	struct stat st;

	ASSERT_EQ(0, make_file(MOUNT "/file"));
	ASSERT_EQ(0, chown(MOUNT "/file", 5, 5));
	ASSERT_EQ(0, chmod(MOUNT "/file", 04755));
	ASSERT_EQ(0, truncate_as(5, MOUNT "/file"));
	ASSERT_EQ(0, stat(MOUNT "/file", &st));
	ASSERT_EQ(0755, st.st_mode & 07777);
	READ();
	EXPECT_EQ(2, history_count(&history, KIND(CHMOD) | KIND(ATTRIB), "/file"));
	EXPECT_EQ(0, history_count(&history, KIND(UTIMES), "/file"));
}

static int toggle_flag(const char *path, int flag)
{
	int fd = open(path, O_RDONLY), flags, ret;

	ret = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	flags ^= flag;
	/* it is 1 if ext4 has restarted a handle to migrate the file */
	if (!ret && ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0)
		ret = -1;
	close(fd);
	return ret;
}

/* They are set when the others have been, and their record, too. */
TEST_F_TIMEOUT(ordered, flags_that_are_set_later_have_a_record, 300)
{
	static const int flags[] = { FS_JOURNAL_DATA_FL, FS_EXTENT_FL };
	int records = 0;

	ASSERT_EQ(0, make_file(MOUNT "/file"));
	ASSERT_EQ(0, add_text(MOUNT "/file"));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, toggle_flag(MOUNT "/file", flags[i / 2]));
		READ();
		records += 2;
		EXPECT_EQ(records, history_count(&history, KIND(SETFLAGS), "/file"));
	}
}

TEST_F_TIMEOUT(ordered, data_is_recorded_once_until_it_is_read, 300)
{
	char *p;
	int fd;

	ASSERT_EQ(0, make_file(MOUNT "/file"));
	ASSERT_EQ(0, add_text(MOUNT "/file"));
	READ();
	EXPECT_EQ(0, history_count(&history, KIND(WRITE), "/file"));
	for (int i = 1; i <= 3; i++) {
		ASSERT_EQ(0, add_text(MOUNT "/file"));
		ASSERT_EQ(0, add_text(MOUNT "/file"));
		READ();
		EXPECT_EQ(i, history_count(&history, KIND(WRITE), "/file"));
	}
	/* stores to a page that is dirty already are told of when it is written back */
	fd = open(MOUNT "/file", O_RDWR);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	p[0] = 'x';
	READ();
	EXPECT_EQ(4, history_count(&history, KIND(WRITE), "/file"));
	p[0] = 'y';
	ASSERT_EQ(0, fsync(fd));
	READ();
	EXPECT_EQ(5, history_count(&history, KIND(WRITE), "/file"));
	close(fd);
	munmap(p, 4096);
}

/* As a crash: what was not committed is not there any more. */
static int shut_down(void)
{
	__u32 how = EXT4_GOING_FLAGS_NOLOGFLUSH;
	int fd = open(MOUNT, O_RDONLY | O_DIRECTORY);
	int ret = ioctl(fd, EXT4_IOC_SHUTDOWN, &how);

	close(fd);
	return ret;
}

static int restart(struct fanotify_nl *h, struct fanotify_nl_journal_info *info,
		   const struct fanotify_nl_journal_settings *set)
{
	return fanotify_nl_journal_stop(h, info->id, 0) ?:
	       fanotify_nl_journal_start(h, MOUNT, set, info);
}

/* It writes what was stored by then, also if the record was read before that. */
TEST_F_TIMEOUT(ordered, what_a_commit_writes_is_recorded, 300)
{
	struct fanotify_nl_journal_settings slow = ordered;
	static const char data[5000];
	int fd, other;
	char *p, c;

	slow.interval_ms = 60000;
	ASSERT_EQ(0, restart(self->h, &self->info, &slow));
	fd = open(MOUNT "/file", O_RDWR | O_CREAT, 0600);
	ASSERT_EQ(sizeof(data), write(fd, data, sizeof(data)));
	ASSERT_EQ(0, fsync(fd));
	p = mmap(NULL, sizeof(data), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	READ();
	/* the rest of the second block is zeroed, and so is data of the transaction */
	ASSERT_EQ(1, pwrite(fd, "x", 1, 20000));
	p[4096] = 'a';
	ASSERT_EQ(0, history_read_on(self->h, self->info.id, &history));
	EXPECT_EQ(1, history_count(&history, KIND(WRITE), "/file"));
	p[4096] = 'b';
	other = open(MOUNT "/other", O_RDWR | O_CREAT, 0600);
	ASSERT_EQ(0, fsync(other));
	ASSERT_EQ(0, shut_down());
	munmap(p, sizeof(data));
	close(other);
	close(fd);
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	fd = open(MOUNT "/file", O_RDONLY);
	ASSERT_EQ(1, pread(fd, &c, 1, 4096));
	close(fd);
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	ASSERT_EQ(0, history_read_on(self->h, self->info.id, &history));
	EXPECT_EQ(1, history_count(&history, KIND(CREATE), "/other"));
	EXPECT_TRUE(c != 'b' || history_count(&history, KIND(WRITE), "/file"));
}

/* It is told as a write, however it changes, and that of a new file by its creation. */
TEST_F_TIMEOUT(ordered, who_asks_for_data_is_told_of_it, 300)
{
	static const struct { const char *name; __u64 mask; } consumers[] = {
		{ "any", KIND(MODIFY) }, { "clones", KIND(CLONE_RANGE) },
	};
	struct fanotify_nl_journal_settings narrow = ordered;
	__u64 token;

	ASSERT_EQ(0, make_file(MOUNT "/old"));
	READ();
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, add_consumer(self->h, self->info.id, consumers[i].name,
					  consumers[i].mask, &token));
	ASSERT_EQ(0, make_file(MOUNT "/new"));
	ASSERT_EQ(0, add_text(MOUNT "/new"));
	ASSERT_EQ(0, mkdir(MOUNT "/dir", 0755));
	ASSERT_EQ(0, add_text(MOUNT "/old"));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, history_read(self->h, self->info.id, consumers[i].name, NULL,
					  &history));
		EXPECT_EQ(2, history.count);
		EXPECT_EQ(1, history_count(&history, KIND(CREATE_FILE), "/new"));
		EXPECT_EQ(1, history_count(&history, KIND(WRITE), "/old"));
	}
	narrow.mask = KIND(FALLOCATE);
	ASSERT_EQ(0, restart(self->h, &self->info, &narrow));
	EXPECT_EQ(KIND(FALLOCATE) | KIND(WRITE), self->info.settings.mask);
	ASSERT_EQ(0, add_text(MOUNT "/old"));
	READ();
	EXPECT_EQ(2, history_count(&history, KIND(WRITE), "/old"));
}

/* It is zeroed in place, and may be on disk before the new size is. */
TEST_F_TIMEOUT(ordered, the_rest_of_a_block_is_data, 300)
{
	ASSERT_EQ(0, make_file(MOUNT "/file"));
	ASSERT_EQ(0, add_text(MOUNT "/file"));
	READ();
	ASSERT_EQ(0, truncate(MOUNT "/file", 1));
	READ();
	ASSERT_LE(3, history.count);
	EXPECT_TRUE(history.record[1].mask & KIND(WRITE));
	EXPECT_TRUE(history.record[2].mask & KIND(TRUNCATE));
	ASSERT_EQ(0, truncate(MOUNT "/file", 0));
	READ();
	EXPECT_EQ(1, history_count(&history, KIND(WRITE), "/file"));
}

TEST_F_TIMEOUT(ordered, it_goes_on_without_a_gap, 300)
{
	ASSERT_EQ(0, make_file(MOUNT "/one"));
	/* a crash, and an unmount without a stop */
	READ();
	ASSERT_EQ(0, system("cp " IMAGE " " JOURNALFS "/copied"));
	ASSERT_EQ(0, make_file(MOUNT "/two"));
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, journalfs_mount(i ? JOURNALFS "/copied" : IMAGE, MOUNT));
		ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
		ASSERT_EQ(0, make_file(MOUNT "/three"));
		READ();
		EXPECT_EQ(3 - i, history.count);
		EXPECT_EQ(3 - i, history_count(&history, KIND(CREATE), NULL));
		EXPECT_TRUE(history_whole(&history));
		EXPECT_EQ(0, history.gaps);
		/* within one mount, a stop loses nothing */
		ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
		ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
		READ();
		EXPECT_EQ(3 - i, history.count);
		ASSERT_LT(0, journalfs_unmount(MOUNT));
	}
}

TEST_F_TIMEOUT(ordered, what_it_did_not_see_is_a_gap, 300)
{
	ASSERT_EQ(0, make_file(MOUNT "/one"));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, make_file(MOUNT "/unseen"));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ();
	ASSERT_EQ(2, history.count);
	EXPECT_EQ(REASON(NOT_RUNNING), history.record[1].gap.reason);
	/* before the start, in the next mount */
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, unlink(MOUNT "/unseen"));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ();
	ASSERT_EQ(3, history.count);
	EXPECT_EQ(REASON(UNCLEAN), history.record[2].gap.reason);
	/* a mount in which it was not started */
	for (int i = 0; i < 2; i++) {
		ASSERT_LT(0, journalfs_unmount(MOUNT));
		ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	}
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ();
	EXPECT_EQ(4, history.count);
	/* what was stopped before the unmount */
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ();
	EXPECT_EQ(5, history.count);
	EXPECT_EQ(4, history_count(&history, KIND(GAP), NULL));
}

/* Mounts are counted anew from there on, so that their numbers come again. */
TEST_F_TIMEOUT(ordered, a_full_check_is_a_gap, 300)
{
	ASSERT_EQ(0, make_file(MOUNT "/one"));
	READ();
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	/* mkfs counts as a check, and seconds count */
	sleep(1);
	ASSERT_EQ(0, system("e2fsck -fy " IMAGE " >/dev/null 2>&1"));
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, make_file(MOUNT "/unseen"));
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ();
	ASSERT_EQ(2, history.count);
	EXPECT_EQ(REASON(UNCLEAN), history.record[1].gap.reason);
}

/* It ends, and the path does not lead to its filesystem: its header says so all the same. */
TEST_F_TIMEOUT(ordered, an_end_by_force_is_a_gap, 300)
{
	ASSERT_EQ(0, make_file(MOUNT "/one"));
	READ();
	ASSERT_EQ(0, mount("over", MOUNT, "tmpfs", 0, NULL));
	EXPECT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 1));
	ASSERT_EQ(0, umount(MOUNT));
	ASSERT_EQ(0, make_file(MOUNT "/unseen"));
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ();
	ASSERT_EQ(2, history.count);
	EXPECT_EQ(REASON(NOT_RUNNING), history.record[1].gap.reason);
}

/*
 * All but 200 blocks, most of which ext4 keeps back, are in pieces: so where a ring file is
 * takes a block of its own.
 */
static int scatter(void)
{
	const off_t piece = 8 * BLOCK;
	int fd = open(MOUNT "/pieces", O_WRONLY | O_CREAT, 0600);
	struct statvfs fs;
	off_t size;
	int ret = fd < 0 || fstatvfs(fd, &fs);

	size = ret ? 0 : (fs.f_bfree - 200) * BLOCK;
	ret = ret || fallocate(fd, 0, 0, size);
	for (off_t at = 0; at < size && !ret; at += 2 * piece)
		ret = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, piece);
	ret = ret || syncfs(fd);
	if (fd >= 0)
		close(fd);
	return ret;
}

/* Return: the block that says where the ring file's are, or -1. */
static long find_leaf(void)
{
	FILE *f = popen("debugfs -R 'dump_extents -n " FANOTIFY_NL_JOURNAL_FILE "' " IMAGE
			" 2>/dev/null | tail -n 1", "r");
	long leaf = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%*d/%*d %*d/%*d %*d - %*d %ld", &leaf) != 1)
		leaf = -1;
	pclose(f);
	return leaf;
}

/* What cannot be written any more cannot say that it was stopped. */
TEST_F_TIMEOUT(ordered, an_end_without_a_header_is_a_gap, 300)
{
	char block[BLOCK], damage[BLOCK] = {};
	int image = open(IMAGE, O_RDWR);
	long leaf;

	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_remove(self->h, MOUNT));
	ASSERT_EQ(0, scatter());
	ASSERT_EQ(0, journalfs_start(self->h, &ordered, &self->info));
	ASSERT_EQ(0, make_file(MOUNT "/one"));
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	leaf = find_leaf();
	ASSERT_LT(0, leaf);
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ();
	ASSERT_EQ(1, history.count);

	ASSERT_EQ(BLOCK, pread(image, block, BLOCK, leaf * BLOCK));
	ASSERT_EQ(BLOCK, pwrite(image, damage, BLOCK, leaf * BLOCK));
	/* where a few extents are, the kernel remembers; and what was used lately stays once */
	ASSERT_EQ(0, system("cat " MOUNT "/pieces >/dev/null"));
	for (int i = 0; i < 3; i++) {
		sync();
		ASSERT_EQ(0, write_file("/proc/sys/vm/drop_caches", "3"));
	}
	EXPECT_GT(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	EXPECT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 1));
	ASSERT_EQ(0, make_file(MOUNT "/unseen"));
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(BLOCK, pwrite(image, block, BLOCK, leaf * BLOCK));
	close(image);

	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ();
	ASSERT_EQ(2, history.count);
	EXPECT_EQ(REASON(UNCLEAN), history.record[1].gap.reason);
}

static bool ends(pid_t pid)
{
	for (int i = 0; i < 500; i++, usleep(10000))
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
	return false;
}

static int stop_by_force(__u32 id)
{
	struct fanotify_nl *h;

	return fanotify_nl_open(&h) ?: fanotify_nl_journal_stop(h, id, 1);
}

/* Both would write to the ring file. */
TEST_F_TIMEOUT(ordered, none_is_started_while_one_ends, 300)
{
	pid_t pid;

	ASSERT_EQ(0, make_file(MOUNT "/one"));
	READ();
	ASSERT_EQ(0, journalfs_freeze(true));
	pid = fork();
	if (!pid)
		_exit(-stop_by_force(self->info.id));
	for (int i = 0; i < 500; i++, usleep(10000))
		if (fanotify_nl_journal_get(self->h, MOUNT, NULL) == -ENOENT)
			break;
	EXPECT_EQ(-EBUSY, fanotify_nl_journal_start(self->h, MOUNT, NULL, NULL));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "is being stopped"));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	ASSERT_EQ(0, journalfs_freeze(false));
	EXPECT_TRUE(ends(pid));
	EXPECT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, NULL));
}

/* Where the kernel looks, the path leads to another filesystem. */
static int start_elsewhere(struct fanotify_nl *h)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (chroot(JOURNALFS))
			_exit(errno);
		_exit(-fanotify_nl_journal_start(h, "/mnt", NULL, NULL));
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? -WEXITSTATUS(status) : -1;
}

/* Nothing was recorded by it: since when changes are missing, the header knows. */
TEST_F_TIMEOUT(ordered, a_start_that_fails_leaves_the_header_alone, 300)
{
	__u64 stopped;

	ASSERT_EQ(0, make_file(MOUNT "/one"));
	READ();
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	stopped = clock_ns(CLOCK_REALTIME);
	ASSERT_EQ(0, make_file(MOUNT "/unseen"));
	EXPECT_EQ(-ENOENT, start_elsewhere(self->h));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ();
	ASSERT_EQ(2, history.count);
	EXPECT_EQ(REASON(NOT_RUNNING), history.record[1].gap.reason);
	EXPECT_GE(stopped, history.record[1].gap.since);
}

TEST_F_TIMEOUT(ordered, a_start_waits_for_no_thaw, 300)
{
	pid_t pid;

	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, journalfs_freeze(true));
	pid = fork();
	if (!pid) {
		sleep(10);
		_exit(-journalfs_freeze(false));
	}
	EXPECT_EQ(-EBUSY, fanotify_nl_journal_start(self->h, MOUNT, NULL, NULL));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	journalfs_freeze(false);
}

TEST_F_TIMEOUT(ordered, a_wider_mask_is_a_gap, 300)
{
	struct fanotify_nl_journal_settings narrow = ordered;

	narrow.mask = KIND(CREATE) | KIND(ONDIR);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
		ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, i ? &ordered : &narrow,
						       &self->info));
		READ();
		EXPECT_EQ(i, history.count);
		EXPECT_EQ(i, history_count(&history, KIND(GAP), NULL));
	}
}

/* Its numbers begin anew; files in memory know those of the ring before. */
TEST_F_TIMEOUT(ordered, a_new_ring_has_data_recorded, 300)
{
	ASSERT_EQ(0, make_file(MOUNT "/file"));
	ASSERT_EQ(0, make_many("other", 0, 50));
	READ();
	ASSERT_EQ(0, add_text(MOUNT "/file"));
	READ();
	EXPECT_EQ(1, history_count(&history, KIND(WRITE), "/file"));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_remove(self->h, MOUNT));
	ASSERT_EQ(0, journalfs_start(self->h, &ordered, &self->info));
	ASSERT_EQ(0, add_text(MOUNT "/file"));
	READ();
	EXPECT_EQ(1, history_count(&history, KIND(WRITE), "/file"));
}

/* Somebody else has committed what could not be written. */
TEST_F_TIMEOUT(ordered, an_error_passes_with_its_cause, 300)
{
	struct fanotify_nl_journal_settings slow = ordered;
	int root = open(MOUNT, O_RDONLY | O_DIRECTORY);
	bool stalled = false;
	__u64 token;

	ASSERT_LE(0, root);
	slow.interval_ms = 500;
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &slow, &self->info));
	/* it is written meanwhile if we are slow */
	for (int tries = 0; tries < 20 && !stalled; tries++) {
		ASSERT_EQ(0, make_many("file", tries, 1));
		ASSERT_EQ(0, mount("over", MOUNT, "tmpfs", 0, NULL));
		usleep(700000);
		ASSERT_EQ(0, journal_state(self->h, &stalled));
		ASSERT_EQ(0, syncfs(root));
		ASSERT_EQ(0, umount(MOUNT));
	}
	close(root);
	ASSERT_TRUE(stalled);
	EXPECT_EQ(0, add_consumer(self->h, self->info.id, "one", 0, &token));
	ASSERT_EQ(0, journal_state(self->h, &stalled));
	EXPECT_FALSE(stalled);
}

/* There is nothing to wait for: the worker does not hold the mount. */
TEST_F_TIMEOUT(ordered, an_abort_holds_up_no_unmount, 300)
{
	struct fanotify_nl_journal_settings slow = ordered;

	slow.interval_ms = 1000;
	ASSERT_EQ(0, restart(self->h, &self->info, &slow));
	ASSERT_EQ(0, make_file(MOUNT "/file"));
	ASSERT_EQ(0, shut_down());
	usleep(1500000);
	EXPECT_LT(0, journalfs_unmount(MOUNT));
}

/* Nor is it tried, which ext4 would warn of. */
TEST_F_TIMEOUT(ordered, read_only_nothing_is_written, 300)
{
	__u64 token;

	ASSERT_EQ(0, add_consumer(self->h, self->info.id, "one", 0, &token));
	ASSERT_EQ(0, make_file(MOUNT "/file"));
	READ();
	ASSERT_LT(0, journalfs_remount(MS_RDONLY));
	EXPECT_EQ(0, fanotify_nl_consumer_ack(self->h, self->info.id, "one", &token,
					      &history.cursor, 0));
	EXPECT_EQ(-EROFS, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	EXPECT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 1));
}

TEST_F_TIMEOUT(ordered, its_ring_file_is_protected, 300)
{
	const struct fanotify_nl_journal_settings durable = {
		.set = FANOTIFY_NL_JOURNAL_SET_LEVEL,
		.level = FANOTIFY_JOURNAL_LEVEL_DURABLE,
	};
	int fd = open(RING, O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, pwrite(fd, "x", 1, 0));
	EXPECT_EQ(ETXTBSY, errno);
	EXPECT_EQ(-1, ftruncate(fd, 0));
	EXPECT_EQ(ETXTBSY, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	EXPECT_EQ(1, pwrite(fd, "x", 1, RING_SIZE - 1));
	EXPECT_EQ(-EINVAL, fanotify_nl_journal_start(self->h, MOUNT, &durable, NULL));
	close(fd);
}

/* What is behind them was written later, and so they had been there. */
TEST_F_TIMEOUT(ordered, damage_of_the_newest_is_a_gap, 300)
{
	static const char junk[4096];
	/* the fourth one that is written */
	int fd = open(RING, O_RDONLY), block = 65536 / 4096 + 3;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, FIBMAP, &block));
	close(fd);
	ASSERT_EQ(0, make_many("file", 0, 60));
	READ();
	ASSERT_EQ(60, history.count);
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	fd = open(IMAGE, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(junk), pwrite(fd, junk, sizeof(junk), block * 4096L));
	close(fd);
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	READ();
	EXPECT_TRUE(history_whole(&history));
	ASSERT_LT(1, history.count);
	ASSERT_GT(60, history.count);
	EXPECT_EQ(1, history_count(&history, KIND(GAP), NULL));
	EXPECT_EQ(REASON(UNCLEAN), history.record[history.count - 1].gap.reason);
	EXPECT_GE(history.record[history.count - 2].realtime,
		  history.record[history.count - 1].gap.since);
}

/* Change the ring file of a journal that was stopped. */
static int forge(void (*change)(unsigned char *ring))
{
	int fd = open(RING, O_RDWR);
	void *ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (ring == MAP_FAILED)
		return -1;
	change(ring);
	return munmap(ring, RING_SIZE);
}

#define INDEX_FORGED	(1ULL << 63)

static void forge_headers(unsigned char *ring)
{
	for (int i = 0; i < 2; i++) {
		struct fanotify_journal_header *header =
			(void *)(ring + i * FANOTIFY_JOURNAL_HEADER_COPY);

		header->head_index = htole64(INDEX_FORGED);
		ring_header_seal(header);
	}
}

/* A segment that was never written begins with it. */
static void forge_block(unsigned char *ring)
{
	struct fanotify_journal_block *block =
		(void *)(ring + RING_SIZE - FANOTIFY_JOURNAL_SEGMENT);

	memcpy(block, ring + FANOTIFY_JOURNAL_SEGMENT, sizeof(*block));
	block->first = htole64(INDEX_FORGED);
	block->crc = htole32(ring_crc((const unsigned char *)block, sizeof(*block),
				      offsetof(struct fanotify_journal_block, crc)));
}

/* The filesystem takes no harm of numbers that no record ever has. */
TEST_F_TIMEOUT(ordered, a_forged_ring_is_refused, 300)
{
	ASSERT_EQ(0, make_file(MOUNT "/one"));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, forge(forge_block));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	EXPECT_EQ(0, make_file(MOUNT "/two"));
	READ();
	/* that it was forged is a change that was not recorded */
	EXPECT_EQ(3, history.count);
	EXPECT_EQ(1, history_count(&history, KIND(GAP), NULL));
	EXPECT_EQ(1, history_count(&history, KIND(CREATE), "/two"));
	EXPECT_TRUE(history_whole(&history));
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, forge(forge_headers));
	EXPECT_EQ(-EUCLEAN, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	EXPECT_EQ(0, make_file(MOUNT "/three"));
}

TEST_F_TIMEOUT(ordered, it_is_written_round_and_round, 300)
{
	struct fanotify_nl_journal_info info;

	for (int i = 0; i < 4000; i++) {
		ASSERT_EQ(0, make_file(MOUNT "/file"));
		ASSERT_EQ(0, unlink(MOUNT "/file"));
	}
	READ();
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_EQ(8000, info.durable);
	EXPECT_LT(1, info.oldest);
	EXPECT_EQ(8000 - info.oldest + 1, history.count);
	EXPECT_TRUE(history_whole(&history));
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, system("e2fsck -fn " IMAGE " >/dev/null 2>&1"));
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_EQ(8000, info.durable);
	READ();
	EXPECT_EQ(8000, history.record[history.count - 1].index);
	EXPECT_TRUE(history_whole(&history));
}

/* Records that the header knows nothing of are no more than the ring has. */
TEST_F_TIMEOUT(ordered, the_header_keeps_up_with_the_ring, 300)
{
	const int dirs = RING_SIZE / sizeof(struct fanotify_journal_record) / 2 + 1000;
	struct fanotify_nl_journal_settings rare = ordered;
	struct fanotify_nl_journal_info info;

	rare.interval_ms = FANOTIFY_INTERVAL_MS_MAX;
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &rare, &self->info));
	for (int i = 0; i < dirs; i++) {
		ASSERT_EQ(0, mkdir(MOUNT "/dir", 0700));
		ASSERT_EQ(0, rmdir(MOUNT "/dir"));
	}
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, NULL, &self->info));
	ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
	EXPECT_EQ((__u64)dirs * 2, info.durable);
	EXPECT_EQ(0, info.gaps);
}

/* ---- a device that fails ---- */

FIXTURE(device)
{
	struct fanotify_nl *h;
	struct fanotify_nl_journal_info info;
};

FIXTURE_SETUP(device)
{
	ASSERT_EQ(0, journalfs_make("ext4", OPTIONS));
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, journalfs_map());
	ASSERT_EQ(0, fanotify_nl_open(&self->h));
	ASSERT_EQ(0, journalfs_start(self->h, &ordered, &self->info));
}

FIXTURE_TEARDOWN(device)
{
	EXPECT_EQ(0, journalfs_unmap());
	journalfs_remove();
	fanotify_nl_close(self->h);
}

/* For a device, or for who waits for one: it does so for a while. */
static bool waits(pid_t pid)
{
	char path[64], state;
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < 500 && found < 10; i++, usleep(10000)) {
		FILE *f = fopen(path, "r");

		found = f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1 && state == 'D' ?
			found + 1 : 0;
		if (f)
			fclose(f);
	}
	return found == 10;
}

/* It waits for its device. */
TEST_F_TIMEOUT(device, a_start_holds_up_no_other_filesystem, 300)
{
	pid_t start, unmount;

	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, system("truncate -s 24M " JOURNALFS "/other && mkfs.ext4 -q -F " JOURNALFS
			    "/other && cat " RING " >/dev/null"));
	ASSERT_EQ(0, journalfs_mount(JOURNALFS "/other", JOURNALFS "/copy"));
	ASSERT_EQ(0, mapped("dmsetup suspend --noflush --nolockfs journalfs"));
	start = fork();
	if (!start)
		_exit(-fanotify_nl_journal_start(self->h, MOUNT, NULL, NULL));
	EXPECT_TRUE(waits(start));
	unmount = fork();
	if (!unmount)
		_exit(umount(JOURNALFS "/copy"));
	EXPECT_TRUE(ends(unmount));
	ASSERT_EQ(0, mapped("dmsetup resume journalfs"));
	EXPECT_TRUE(ends(start));
}

/* The library would read it first. */
static int start_new(int ring)
{
	struct nl nl;
	int ret = nl_open(&nl);

	if (ret)
		return ret;
	nl_begin(&nl, FANOTIFY_CMD_JOURNAL_START, 0);
	nl_put_u32(&nl, FANOTIFY_A_JOURNAL_RING_FD, ring);
	nl_put_string(&nl, FANOTIFY_A_JOURNAL_PATH, MOUNT);
	nl_put(&nl, FANOTIFY_A_JOURNAL_CREATE, NULL, 0);
	nl_put_u32(&nl, FANOTIFY_A_JOURNAL_LEVEL, FANOTIFY_JOURNAL_LEVEL_ORDERED);
	return nl_call(&nl);
}

/* The start has looked at its size, and waits for the device to read it. */
TEST_F_TIMEOUT(device, a_ring_that_is_cut_meanwhile_is_refused, 300)
{
	pid_t start, cut;
	int fd, status;

	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_EQ(0, fanotify_nl_journal_remove(self->h, MOUNT));
	ASSERT_EQ(0, fanotify_nl_journal_create(self->h, MOUNT, RING_SIZE, NULL, NULL));
	fd = open(RING, O_RDWR);
	ASSERT_EQ(0, fsync(fd));
	ASSERT_EQ(0, posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	ASSERT_EQ(0, mapped("dmsetup suspend --noflush --nolockfs journalfs"));
	start = fork();
	if (!start)
		_exit(-start_new(fd));
	EXPECT_TRUE(waits(start));
	cut = fork();
	if (!cut)
		_exit(truncate(RING, RING_SIZE / 2));
	/* as long as a page is read */
	EXPECT_TRUE(waits(cut));
	ASSERT_EQ(0, mapped("dmsetup resume journalfs"));
	EXPECT_TRUE(ends(cut));
	ASSERT_EQ(start, waitpid(start, &status, 0));
	EXPECT_EQ(EUCLEAN, WEXITSTATUS(status));
	close(fd);
}

static char blocks[2 * BLOCK] __attribute__((aligned(BLOCK)));

static void *write_blocks(void *fd)
{
	return (void *)(long)pwrite(*(int *)fd, blocks, sizeof(blocks), 0);
}

/* Its record is read when nothing is written yet; then one block is, and the other is not. */
TEST_F_TIMEOUT(device, a_write_that_fails_halfway_is_recorded, 300)
{
	int fd = open(MOUNT "/file", O_RDWR | O_CREAT | O_DIRECT, 0600);
	pthread_t writer;
	char line[512];
	int block = 1;
	void *ret;

	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(blocks), pwrite(fd, blocks, sizeof(blocks), 0));
	ASSERT_EQ(0, ioctl(fd, FIBMAP, &block));
	READ();
	ASSERT_EQ(sizeof(blocks), pwrite(fd, blocks, sizeof(blocks), 0));
	ASSERT_EQ(0, mapped("dmsetup suspend --noflush --nolockfs journalfs"));
	memset(blocks, 'x', sizeof(blocks));
	ASSERT_EQ(0, pthread_create(&writer, NULL, write_blocks, &fd));
	usleep(300000);
	READ();
	EXPECT_EQ(1, history_count(&history, KIND(WRITE), "/file"));
	snprintf(line, sizeof(line),
		 "bad=%d end=$((bad + 8)) && printf '%%s\\n' \"0 $bad linear $loop 0\" \"$bad 8 error\""
		 " \"$end $((size - end)) linear $loop $end\" | dmsetup load journalfs &&"
		 " dmsetup resume journalfs", block * 8);
	ASSERT_EQ(0, mapped(line));
	ASSERT_EQ(0, pthread_join(writer, &ret));
	EXPECT_EQ(-1, (long)ret);
	ASSERT_EQ(BLOCK, pread(fd, blocks + BLOCK, BLOCK, 0));
	EXPECT_EQ(0, memcmp(blocks, blocks + BLOCK, BLOCK));
	READ();
	EXPECT_EQ(2, history_count(&history, KIND(WRITE), "/file"));
	close(fd);
}

TEST_HARNESS_MAIN
