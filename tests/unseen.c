// SPDX-License-Identifier: GPL-2.0
/*
 * What fsnotify does not see (docs/limits.md): where the kernel at hand does, as its
 * capabilities say, that it is told of; where it does not, that nothing comes, and
 * what brings the attributes up to date.
 */
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#include "aio.h"
#include "test.h"

#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define PAGE		4096
#define SIZE		(16 * PAGE)

static struct heard heard;

static char block[PAGE] __attribute__((aligned(PAGE)));

/* A file of SIZE bytes that are on the disk. */
static int make_data(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	memset(block, 'b', sizeof(block));
	for (int i = 0; i < SIZE / PAGE; i++)
		if (write(fd, block, PAGE) != PAGE)
			return -1;
	return fsync(fd) ? -1 : fd;
}

FIXTURE(unseen)
{
	struct fanotify_nl *h;
	struct fanotify_nl_caps caps;
	int fd;
};

FIXTURE_VARIANT(unseen)
{
	int (*work)(void);
	bool writeback;		/* a store needs a fault once the page is clean */
};

FIXTURE_VARIANT_ADD(unseen, ext4)
{
	work_on_disk, true
};

FIXTURE_VARIANT_ADD(unseen, tmpfs)
{
	work_here, false
};

#define CHANGES \
	(KIND(CREATE) | KIND(DELETE) | KIND(RENAME) | KIND(MODIFY) | KIND(ATTRIB) | \
	 KIND(UTIMES) | KIND(CLOSE_WRITE) | KIND(ONDIR))

FIXTURE_SETUP(unseen)
{
	ASSERT_EQ(0, variant->work());
	self->fd = make_data("file");
	ASSERT_LE(0, self->fd);
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, fanotify_nl_caps(self->h, &self->caps));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", CHANGES));
}

FIXTURE_TEARDOWN(unseen)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

/* What has come since it was asked last. */
static int new_events(struct fanotify_nl *h)
{
	forget(&heard);
	take(h, &heard);
	return heard.count;
}

/* That all is as the last event of the file has it. */
static bool is_told(const char *path)
{
	const struct fanotify_nl_stat *told;
	struct stat st;

	if (!heard.count || stat(path, &st))
		return false;
	told = &heard.event[heard.count - 1].object.stat;
	return told->size == (__u64)st.st_size && told->mtime.sec == st.st_mtim.tv_sec &&
	       told->mtime.nsec == st.st_mtim.tv_nsec && told->ctime.sec == st.st_ctim.tv_sec &&
	       told->ctime.nsec == st.st_ctim.tv_nsec;
}

/* The one event is of @kind, and about these bytes and maybe more. */
#define EXPECT_TOLD(kind, from, bytes) do { \
	const struct fanotify_nl_event *_event = &heard.event[0]; \
	EXPECT_EQ(1, heard.count); \
	EXPECT_EQ(KIND(MODIFY) | (kind), _event->mask); \
	EXPECT_STREQ("file", _event->name ?: "(none)"); \
	EXPECT_LE(_event->offset, (from)); \
	EXPECT_GE(_event->offset + _event->length, (from) + (bytes)); \
	EXPECT_TRUE(is_told("file")); \
} while (0)

/* ---- stores to shared mappings ---- */

static char *map_shared(int fd)
{
	char *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return map == MAP_FAILED ? NULL : map;
}

TEST_F(unseen, store)
{
	char *map = map_shared(self->fd);
	bool seen = self->caps.kinds & KIND(MMAP_WRITE);

	ASSERT_NE(NULL, map);
	EXPECT_EQ(0, new_events(self->h));
	map[2 * PAGE] = 's';
	EXPECT_EQ(seen, new_events(self->h));
	if (seen) {
		EXPECT_TOLD(KIND(MMAP_WRITE), 2 * PAGE, 1);
		EXPECT_GE(SIZE, heard.event[0].length);
		EXPECT_TRUE(heard.event[0].object.changed & FANOTIFY_CHANGED_DATA);
	}

	/* the page is writable: another store makes no event until it is synced */
	map[2 * PAGE + 1] = 's';
	EXPECT_EQ(0, new_events(self->h));
	ASSERT_EQ(0, msync(map + 2 * PAGE, PAGE, MS_SYNC));
	EXPECT_EQ(seen, new_events(self->h));
	if (seen) {
		EXPECT_TOLD(KIND(MMAP_WRITE), 2 * PAGE, PAGE);
	}
	map[2 * PAGE + 2] = 's';
	EXPECT_EQ(seen && variant->writeback, new_events(self->h));

	/* the mapping holds the file: the last close comes after it */
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(0, new_events(self->h));
	ASSERT_EQ(0, munmap(map, SIZE));
	ASSERT_EQ(1, new_events(self->h));
	EXPECT_EQ(KIND(CLOSE_WRITE), heard.event[0].mask);
	EXPECT_TRUE(is_told("file"));
}

TEST_F(unseen, store_after_a_read)
{
	char *map = map_shared(self->fd);
	bool seen = self->caps.kinds & KIND(MMAP_WRITE);
	volatile char byte;

	ASSERT_NE(NULL, map);
	byte = map[0];
	map[0] = byte + 1;
	EXPECT_EQ(seen && variant->writeback, new_events(self->h));
	ASSERT_EQ(0, msync(map, PAGE, MS_SYNC));
	EXPECT_EQ(seen, new_events(self->h));
	if (seen) {
		EXPECT_TOLD(KIND(MMAP_WRITE), 0, PAGE);
	}
	ASSERT_EQ(0, munmap(map, SIZE));
}

TEST_F(unseen, no_store)
{
	int fd_read = open("file", O_RDONLY | O_CLOEXEC);
	char *private = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->fd, 0);
	char *shared = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd_read, 0);

	ASSERT_NE(MAP_FAILED, private);
	ASSERT_NE(MAP_FAILED, shared);
	private[0] = shared[0] + 1;
	ASSERT_EQ(0, msync(private, SIZE, MS_SYNC));
	ASSERT_EQ(0, msync(shared, SIZE, MS_SYNC));
	EXPECT_EQ(0, new_events(self->h));
}

/* ---- libaio ---- */

TEST_F(unseen, libaio)
{
	bool seen = self->caps.ranged & KIND(WRITE);

	ASSERT_EQ(10, aio_pwrite(self->fd, block, 10, 5000));
	EXPECT_EQ(seen, new_events(self->h));
	if (seen) {
		EXPECT_TOLD(KIND(WRITE), 5000, 10);
		EXPECT_EQ(10, heard.event[0].length);
		EXPECT_EQ(getpid(), heard.event[0].actor.tgid);
	}
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(1, new_events(self->h));
	EXPECT_TRUE(is_told("file"));
}

TEST_F(unseen, libaio_that_appends)
{
	bool seen = self->caps.ranged & KIND(WRITE);
	int fd = open("file", O_WRONLY | O_APPEND | O_CLOEXEC);

	ASSERT_EQ(10, aio_pwrite(fd, block, 10, 0));
	EXPECT_EQ(seen, new_events(self->h));
	if (seen) {
		EXPECT_TOLD(KIND(WRITE), SIZE, 10);
		EXPECT_EQ(10, heard.event[0].length);
	}
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(1, new_events(self->h));
	EXPECT_TRUE(is_told("file"));
}

/* What is queued, and completes in an interrupt. */
TEST_F(unseen, libaio_direct)
{
	bool seen = self->caps.ranged & KIND(WRITE);
	int fd = open("file", O_WRONLY | O_DIRECT | O_CLOEXEC);

	ASSERT_LE(0, fd);
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(PAGE, aio_pwrite(fd, block, PAGE, i * PAGE));
		EXPECT_EQ(seen, new_events(self->h));
		if (seen) {
			EXPECT_TOLD(KIND(WRITE), i * PAGE, PAGE);
			EXPECT_EQ(PAGE, heard.event[0].length);
		}
	}
	/* beyond the end */
	ASSERT_EQ(PAGE, aio_pwrite(fd, block, PAGE, 2 * SIZE));
	EXPECT_EQ(seen, new_events(self->h));
	if (seen) {
		EXPECT_TOLD(KIND(WRITE), 2 * SIZE, PAGE);
	}
	/* what fails is not told of */
	EXPECT_EQ(-EFAULT, aio_pwrite(fd, NULL, PAGE, 0));
	EXPECT_EQ(0, new_events(self->h));
	ASSERT_EQ(0, close(fd));
	new_events(self->h);
	EXPECT_TRUE(is_told("file"));
}

/* ---- flags ---- */

static int set_flags(const char *path, int set)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), flags = 0;
	int ret = ioctl(fd, FS_IOC_GETFLAGS, &flags);

	flags |= set;
	ret = ret ?: ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return ret;
}

TEST_F(unseen, chattr)
{
	bool seen = self->caps.kinds & KIND(SETFLAGS);
	const __u32 expected = FANOTIFY_CHANGED_INODE_FLAGS | FANOTIFY_CHANGED_CTIME;

	ASSERT_EQ(0, set_flags("file", FS_NODUMP_FL));
	EXPECT_EQ(seen, new_events(self->h));
	if (seen) {
		EXPECT_EQ(KIND(ATTRIB) | KIND(SETFLAGS), heard.event[0].mask);
		EXPECT_EQ(FANOTIFY_CHANGED_INODE_FLAGS,
			  heard.event[0].object.changed & ~FANOTIFY_CHANGED_CTIME);
		EXPECT_EQ(0, heard.event[0].object.changed & ~expected);
		EXPECT_TRUE(is_told("file"));
	}
	ASSERT_EQ(0, chmod("file", 0600));
	EXPECT_EQ(1, new_events(self->h));
	EXPECT_EQ(KIND(ATTRIB) | KIND(CHMOD), heard.event[0].mask);
	EXPECT_TRUE(is_told("file"));
}

TEST_F(unseen, chattr_that_fails)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setresuid(1001, 1001, 1001) || !set_flags("file", FS_NODUMP_FL))
			_exit(1);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ASSERT_EQ(0, status);
	EXPECT_EQ(0, new_events(self->h));
}

/* ---- what no kernel tells of ---- */

TEST_F(unseen, capabilities_that_a_write_takes)
{
	static const __u32 cap[5] = { 0x02000001, 1 << 10 };	/* CAP_NET_BIND_SERVICE */
	char value[64];

	ASSERT_EQ(0, fchmod(self->fd, 0755));
	ASSERT_EQ(0, fsetxattr(self->fd, "security.capability", cap, sizeof(cap), 0));
	new_events(self->h);
	ASSERT_EQ(1, pwrite(self->fd, "x", 1, 0));
	EXPECT_EQ(-1, fgetxattr(self->fd, "security.capability", value, sizeof(value)));
	ASSERT_EQ(1, new_events(self->h));
	EXPECT_EQ(KIND(MODIFY) | KIND(WRITE), heard.event[0].mask);
	EXPECT_TRUE(heard.event[0].object.changed & FANOTIFY_CHANGED_XATTR);
	EXPECT_TRUE(is_told("file"));
}

TEST_F(unseen, tmpfile)
{
	int fd;

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(OPEN)));
	fd = open(".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, new_events(self->h));
	EXPECT_EQ(KIND(OPEN), heard.event[0].mask);
	EXPECT_TRUE(heard.event[0].flags & FANOTIFY_EVENT_FLAG_UNLINKED);
	EXPECT_TRUE(S_ISREG(heard.event[0].object.stat.mode));
	EXPECT_EQ(0, heard.event[0].object.stat.nlink);
	ASSERT_EQ(0, close(fd));
}

/* ---- the rest needs a disk ---- */

FIXTURE(disk)
{
	struct fanotify_nl *h;
	struct fanotify_nl_caps caps;
};

FIXTURE_SETUP(disk)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, work_on_disk());
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, fanotify_nl_caps(self->h, &self->caps));
}

FIXTURE_TEARDOWN(disk)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

/* A kernel with the family inside has the patches, too. */
TEST_F(disk, capabilities_are_those_of_the_kernel)
{
	const __u64 data = KIND(WRITE) | KIND(FALLOCATE) | KIND(CLONE_RANGE) | KIND(MMAP_WRITE);
	const __u64 told = KIND(MMAP_WRITE) | KIND(SETFLAGS);
	bool intree = !system("zgrep -q ^CONFIG_FANOTIFY_NL= /proc/config.gz 2>/dev/null");

	EXPECT_EQ(intree ? told : 0, self->caps.kinds & told);
	EXPECT_EQ((intree ? data : 0) | KIND(TRUNCATE) |
		  (KIND(PRE_ACCESS) & self->caps.kinds), self->caps.ranged);
}

/* struct move_extent of fs/ext4/ext4.h */
struct move_extent {
	__u32 reserved;
	__u32 donor_fd;
	__u64 orig_start;
	__u64 donor_start;
	__u64 len;
	__u64 moved_len;
};

#define EXT4_IOC_MOVE_EXT	_IOWR('f', 15, struct move_extent)

TEST_F(disk, extents_that_are_moved)
{
	int fd = make_data("file"), donor = make_data("donor");
	struct move_extent move = { .donor_fd = donor };
	struct stat st;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, donor);
	ASSERT_EQ(0, fstat(fd, &st));
	move.len = SIZE / st.st_blksize;
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", CHANGES));
	ASSERT_EQ(0, ioctl(fd, EXT4_IOC_MOVE_EXT, &move)) TH_LOG("%s", strerror(errno));
	EXPECT_NE(0, move.moved_len);
	EXPECT_EQ(0, new_events(self->h));
}

/* A device on "file", with direct I/O or without; or -1. */
static int attach_loop(bool direct)
{
	struct loop_config config = {
		.fd = open("file", O_RDWR | O_CLOEXEC),
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | (direct ? LO_FLAGS_DIRECT_IO : 0),
	};
	int control, number, device;
	char path[32];

	if (system("modprobe -q loop") < 0)
		return -1;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	number = ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	snprintf(path, sizeof(path), "/dev/loop%d", number);
	device = open(path, O_RDWR | O_CLOEXEC);
	if (device < 0 || ioctl(device, LOOP_CONFIGURE, &config))
		return -1;
	close(config.fd);
	return device;
}

static void write_to_loop(struct __test_metadata *_metadata, struct fanotify_nl *h, bool seen,
			  bool direct)
{
	const struct fanotify_nl_event *event;
	int device;

	ASSERT_LE(0, make_data("file"));
	device = attach_loop(direct);
	ASSERT_LE(0, device) TH_LOG("%s", strerror(errno));
	ASSERT_EQ(0, listen_mark(h, FILESYSTEM, ".", KIND(MODIFY)));
	ASSERT_EQ(PAGE, pwrite(device, block, PAGE, 3 * PAGE));
	ASSERT_EQ(0, fsync(device));
	EXPECT_EQ(seen, new_events(h));
	if (seen) {
		event = &heard.event[0];
		EXPECT_EQ(KIND(MODIFY) | KIND(WRITE), event->mask);
		EXPECT_STREQ("file", event->name);
		EXPECT_EQ(3 * PAGE, event->offset);
		EXPECT_EQ(PAGE, event->length);
		EXPECT_TRUE(is_told("file"));
	}
	if (!direct) {
		ASSERT_EQ(0, fallocate(device, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				       8 * PAGE, 4 * PAGE)) TH_LOG("%s", strerror(errno));
		EXPECT_EQ(seen, new_events(h));
		if (seen) {
			event = &heard.event[0];
			EXPECT_EQ(KIND(MODIFY) | KIND(FALLOCATE), event->mask);
			EXPECT_EQ(8 * PAGE, event->offset);
			EXPECT_EQ(4 * PAGE, event->length);
		}
	}
	ASSERT_EQ(0, close(device));
}

TEST_F(disk, loop)
{
	write_to_loop(_metadata, self->h, self->caps.ranged & KIND(WRITE), false);
}

TEST_F(disk, loop_direct)
{
	write_to_loop(_metadata, self->h, self->caps.ranged & KIND(WRITE), true);
}

static int mount_overlay(void)
{
	return system("mkdir lower upper work m && mount -t overlay -o "
		      "lowerdir=lower,upperdir=upper,workdir=work overlay m");
}

/* The mapping is one of the file below; the overlay is told of, too. */
TEST_F(disk, store_on_overlayfs)
{
	bool seen = self->caps.kinds & KIND(MMAP_WRITE);
	char *map;
	int fd;

	ASSERT_EQ(0, mount_overlay());
	fd = make_data("m/file");
	ASSERT_LE(0, fd);
	map = map_shared(fd);
	ASSERT_NE(NULL, map);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "m", CHANGES));
	map[PAGE] = 's';
	EXPECT_EQ(seen, new_events(self->h));
	if (seen) {
		EXPECT_EQ(KIND(MODIFY) | KIND(MMAP_WRITE), heard.event[0].mask);
		EXPECT_STREQ("file", heard.event[0].name);
		EXPECT_LE(heard.event[0].offset, PAGE);
	}
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", CHANGES));
	ASSERT_EQ(0, msync(map, SIZE, MS_SYNC));
	EXPECT_EQ(2 * seen, new_events(self->h));
	/* the overlay's file goes first, the mapping keeps the one below */
	ASSERT_EQ(0, munmap(map, SIZE));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(2, new_events(self->h));
	EXPECT_EQ(2, count(&heard, KIND(CLOSE_WRITE), NULL));
}

/* The overlay is told of it in any case, but the file below is written to. */
TEST_F(disk, splice_on_overlayfs)
{
	bool seen = self->caps.ranged & KIND(WRITE);
	loff_t at = 5000;
	int fd, ends[2];

	ASSERT_EQ(0, mount_overlay());
	fd = make_data("m/file");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	ASSERT_EQ(10, write(ends[1], block, 10));
	ASSERT_EQ(0, chdir("upper"));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", CHANGES));
	ASSERT_EQ(10, splice(ends[0], NULL, fd, &at, 10, 0));
	EXPECT_EQ(seen, new_events(self->h));
	if (seen) {
		EXPECT_TOLD(KIND(WRITE), 5000, 10);
		EXPECT_EQ(10, heard.event[0].length);
	}
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(1, new_events(self->h));
	EXPECT_EQ(KIND(CLOSE_WRITE), heard.event[0].mask);
	EXPECT_TRUE(is_told("file"));
}

/* Linux tells of it once more than it should, unless it is patched. */
TEST_F(disk, fallocate_by_io_uring)
{
	bool once = self->caps.ranged & KIND(FALLOCATE);
	int fd = make_data("file");

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", CHANGES));
	ASSERT_EQ(0, uring_fallocate(fd, 0, PAGE, SIZE));
	EXPECT_EQ(once ? 1 : 2, new_events(self->h));
	EXPECT_EQ(1, count(&heard, KIND(FALLOCATE), "file"));
	EXPECT_EQ(!once, count(&heard, KIND(WRITE), "file"));
}

TEST_HARNESS_MAIN
