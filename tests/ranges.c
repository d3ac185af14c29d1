// SPDX-License-Identifier: GPL-2.0
/*
 * Which bytes of a file have changed: each way to change some, on ext4 and btrfs.
 * What the kernel at hand tells is what its capabilities say.
 */
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "aio.h"
#include "test.h"

#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define SIZE		65536
#define BLOCK		4096

static struct heard heard;

/* The file that is changed, of SIZE bytes, and another one of the same. */
static int fd = -1, fd_append = -1, fd_direct = -1, fd_other = -1;

/* A block that direct I/O takes. */
static char block[BLOCK] __attribute__((aligned(BLOCK)));

static int prepare(void)
{
	static char bytes[SIZE];
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC;

	memset(bytes, 'b', sizeof(bytes));
	memset(block, 'c', sizeof(block));
	fd = open("file", flags, 0644);
	fd_other = open("other", flags, 0644);
	if (write(fd, bytes, SIZE) != SIZE || write(fd_other, bytes, SIZE) != SIZE ||
	    fsync(fd) || fsync(fd_other) || lseek(fd_other, 0, SEEK_SET))
		return -1;
	fd_append = open("file", O_WRONLY | O_APPEND | O_CLOEXEC);
	fd_direct = open("file", O_WRONLY | O_DIRECT | O_CLOEXEC);
	return fd_append < 0 || fd_direct < 0;
}

/* ---- operations ---- */

static int op_write(void)
{
	return lseek(fd, 100, SEEK_SET) != 100 || write(fd, "0123456789", 10) != 10;
}

static int op_pwrite(void)
{
	return pwrite(fd, "0123456789", 10, 5000) != 10;
}

static int op_write_beyond_the_end(void)
{
	return pwrite(fd, "x", 1, 2 * SIZE) != 1;
}

static int op_append(void)
{
	return write(fd_append, "0123456789", 10) != 10;
}

static const struct iovec two[] = { { "ab", 2 }, { "cdefg", 5 } };

static int op_writev(void)
{
	return lseek(fd, 200, SEEK_SET) != 200 || writev(fd, two, 2) != 7;
}

static int op_pwritev(void)
{
	return pwritev(fd, two, 2, 300) != 7;
}

static int op_write_direct(void)
{
	return pwrite(fd_direct, block, BLOCK, 2 * BLOCK) != BLOCK;
}

static int op_shorter(void)
{
	return ftruncate(fd, 1000);
}

static int op_longer(void)
{
	return truncate("file", SIZE + 50);
}

static int op_open_trunc(void)
{
	return close(open("file", O_WRONLY | O_TRUNC | O_CLOEXEC));
}

static int op_fallocate(void)
{
	return fallocate(fd, 0, SIZE, 2 * BLOCK);
}

static int op_punch(void)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, BLOCK, 2 * BLOCK);
}

static int op_zero(void)
{
	return fallocate(fd, FALLOC_FL_ZERO_RANGE, 100, 200);
}

static int op_collapse(void)
{
	return fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, BLOCK, BLOCK);
}

static int op_insert(void)
{
	return fallocate(fd, FALLOC_FL_INSERT_RANGE, 2 * BLOCK, BLOCK);
}

static int op_copy_file_range(void)
{
	off_t from = 0, to = 3 * BLOCK;

	return copy_file_range(fd_other, &from, fd, &to, 100, 0) != 100;
}

static int op_sendfile(void)
{
	return lseek(fd, 700, SEEK_SET) != 700 || sendfile(fd, fd_other, NULL, 100) != 100;
}

static int op_splice(void)
{
	off_t to = 3000;
	int p[2];
	int ret = pipe(p) || write(p[1], "0123456789", 10) != 10 ||
		  splice(p[0], NULL, fd, &to, 10, 0) != 10;

	close(p[0]);
	close(p[1]);
	return ret;
}

static int op_uring_write(void)
{
	return uring_pwrite(fd, "0123456789", 10, 7000) != 10;
}

static int op_uring_append(void)
{
	return uring_pwrite(fd_append, "0123456789", 10, 0) != 10;
}

static int op_uring_direct(void)
{
	return uring_pwrite(fd_direct, block, BLOCK, BLOCK) != BLOCK;
}

static int op_clone_range(void)
{
	const struct file_clone_range range = { fd_other, BLOCK, 2 * BLOCK, 4 * BLOCK };

	return ioctl(fd, FICLONERANGE, &range);
}

static int op_clone(void)
{
	return ioctl(fd, FICLONE, fd_other);
}

/* What it returns is 0, as NFS does whatever there was. */
static int op_clone_nothing(void)
{
	int empty = open("empty", O_RDONLY | O_CREAT | O_CLOEXEC, 0644);

	return ioctl(fd, FICLONE, empty) || close(empty);
}

/* ---- filesystems ---- */

static int on_ext4(void)
{
	return work_on_disk();
}

/* btrfs, which can clone, in a file on the disk. */
static int on_btrfs(void)
{
	return work_here() || work_on_disk() ||
	       system("modprobe -q loop; truncate -s 160M image &&"
		      " mkfs.btrfs -q image >/dev/null 2>&1 && mkdir m &&"
		      /* not every kernel mounts what is open for writing, as -o loop has it */
		      " loop=$(losetup -f --show image) && { mount $loop m; status=$?;"
		      " losetup -d $loop; exit $status; }") ||
	       chdir("m");
}

/* ---- what comes of them ---- */

FIXTURE(range)
{
	struct fanotify_nl *h;
	struct fanotify_nl_caps caps;
};

FIXTURE_VARIANT(range)
{
	int (*filesystem)(void);
	int (*operation)(void);
	__u64 kind;
	__u64 offset;
	__u64 length;
};

/* What is behind moves as well, or how much it was is not known. */
#define TO_THE_END	(~0ULL)

#define OP(fs, op, kind, offset, length) \
	FIXTURE_VARIANT_ADD(range, op##_on_##fs) { \
		on_##fs, op_##op, KIND(kind), offset, length \
	};

OP(ext4, write, WRITE, 100, 10)
OP(ext4, pwrite, WRITE, 5000, 10)
OP(ext4, write_beyond_the_end, WRITE, 2 * SIZE, 1)
OP(ext4, append, WRITE, SIZE, 10)
OP(ext4, writev, WRITE, 200, 7)
OP(ext4, pwritev, WRITE, 300, 7)
OP(ext4, write_direct, WRITE, 2 * BLOCK, BLOCK)
OP(ext4, shorter, TRUNCATE, 1000, SIZE - 1000)
OP(ext4, longer, TRUNCATE, SIZE, 50)
OP(ext4, open_trunc, TRUNCATE, 0, SIZE)
OP(ext4, fallocate, FALLOCATE, SIZE, 2 * BLOCK)
OP(ext4, punch, FALLOCATE, BLOCK, 2 * BLOCK)
OP(ext4, zero, FALLOCATE, 100, 200)
OP(ext4, collapse, FALLOCATE, BLOCK, TO_THE_END)
OP(ext4, insert, FALLOCATE, 2 * BLOCK, TO_THE_END)
OP(ext4, copy_file_range, CLONE_RANGE, 3 * BLOCK, 100)
OP(ext4, sendfile, WRITE, 700, 100)
OP(ext4, splice, WRITE, 3000, 10)
OP(ext4, uring_write, WRITE, 7000, 10)
OP(ext4, uring_append, WRITE, SIZE, 10)
OP(ext4, uring_direct, WRITE, BLOCK, BLOCK)
OP(btrfs, append, WRITE, SIZE, 10)
OP(btrfs, uring_direct, WRITE, BLOCK, BLOCK)
OP(btrfs, copy_file_range, CLONE_RANGE, 3 * BLOCK, 100)
OP(btrfs, clone_range, CLONE_RANGE, 4 * BLOCK, 2 * BLOCK)
OP(btrfs, clone, CLONE_RANGE, 0, SIZE)
OP(btrfs, clone_nothing, CLONE_RANGE, 0, TO_THE_END)

FIXTURE_SETUP(range)
{
	ASSERT_EQ(0, variant->filesystem());
	ASSERT_EQ(0, prepare());
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, fanotify_nl_caps(self->h, &self->caps));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(MODIFY)));
}

FIXTURE_TEARDOWN(range)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

TEST_F(range, of)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, variant->operation()) TH_LOG("%s", strerror(errno));
	take(self->h, &heard);
	ASSERT_EQ(1, heard.count);
	event = only(&heard, KIND(MODIFY) | variant->kind, "file");
	ASSERT_NE(NULL, event);
	if (!(self->caps.ranged & variant->kind)) {
		EXPECT_EQ(0, event->has & (FANOTIFY_NL_HAS_OFFSET | FANOTIFY_NL_HAS_LENGTH));
		return;
	}
	EXPECT_EQ(FANOTIFY_NL_HAS_OFFSET | FANOTIFY_NL_HAS_LENGTH,
		  event->has & (FANOTIFY_NL_HAS_OFFSET | FANOTIFY_NL_HAS_LENGTH));
	EXPECT_EQ(variant->offset, event->offset);
	if (variant->length == TO_THE_END) {
		EXPECT_LE(SIZE + BLOCK, event->offset + event->length);
	} else {
		EXPECT_EQ(variant->length, event->length);
	}
}

/* ---- what has none ---- */

FIXTURE(rangeless)
{
	struct fanotify_nl *h;
};

FIXTURE_SETUP(rangeless)
{
	ASSERT_EQ(0, work_here());
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(MODIFY) | KIND(ATTRIB) |
				 KIND(CLOSE_WRITE) | KIND(UTIMES)));
}

FIXTURE_TEARDOWN(rangeless)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

static int ranges(void)
{
	int found = 0;

	for (int i = 0; i < heard.count; i++)
		found += !!(heard.event[i].has & (FANOTIFY_NL_HAS_OFFSET | FANOTIFY_NL_HAS_LENGTH));
	return found;
}

TEST_F(rangeless, a_fifo_has_no_bytes)
{
	int pipe_end;

	ASSERT_EQ(0, mkfifo("fifo", 0644));
	pipe_end = open("fifo", O_RDWR | O_CLOEXEC);
	ASSERT_EQ(1, write(pipe_end, "x", 1));
	ASSERT_EQ(0, close(pipe_end));
	take(self->h, &heard);
	EXPECT_NE(0, count(&heard, KIND(WRITE), NULL));
	EXPECT_EQ(0, ranges());
}

TEST_F(rangeless, attributes_are_not_bytes)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000 } };

	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, chmod("file", 0600));
	ASSERT_EQ(0, utimensat(AT_FDCWD, "file", times, 0));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CHMOD), "file"));
	EXPECT_EQ(1, count(&heard, KIND(UTIMES), "file"));
	EXPECT_EQ(0, ranges());
}

TEST_HARNESS_MAIN
