// SPDX-License-Identifier: GPL-2.0
/*
 * Kinds of event: each operation makes just its own, and a mask lets through
 * just what it has.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <linux/fs.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "test.h"

#define INODE		FANOTIFY_MARK_TYPE_INODE
#define MOUNT		FANOTIFY_MARK_TYPE_MOUNT
#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM

/* Of permission groups, and so tried by tests/perm. */
#define ASKED		(KIND(OPEN_PERM) | KIND(OPEN_EXEC_PERM) | KIND(ACCESS_PERM) | \
			 KIND(PRE_ACCESS))

static struct heard heard;

/* ---- operations; what they work on is there before the mark is ---- */

static int fd_tmpfile = -1;
static int fd_unlinked = -1;
static int fd_write = -1;
static int fd_setuid = -1;

/* user::rw- user:1001:r-- group::r-- mask::r-- other::r-- (linux/posix_acl_xattr.h) */
static int set_acl(const char *path)
{
	static const struct {
		__u32 version;
		struct {
			__u16 tag, perm;
			__u32 id;
		} entry[5];
	} acl = {
		2, { { 1, 6, -1 }, { 2, 4, 1001 }, { 4, 4, -1 }, { 16, 4, -1 }, { 32, 4, -1 } },
	};

	return setxattr(path, "system.posix_acl_access", &acl, sizeof(acl), 0);
}

static int prepare(void)
{
	if (mkdir("dir", 0755) || mkdir("empty", 0755) || mkdir("moving", 0755) ||
	    make_file("file") || make_file("other") || make_file("linked") ||
	    link("linked", "dir/linked") || make_file("unlinked") || write_file("text", "text") ||
	    setxattr("other", "trusted.there", "x", 1, 0) ||
	    make_file("setuid") || chmod("setuid", 06755) || make_file("listed") ||
	    set_acl("listed") || copy_file("/bin/true", "program"))
		return -1;
	fd_tmpfile = open(".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	fd_unlinked = open("unlinked", O_RDONLY | O_CLOEXEC);
	fd_write = open("text", O_RDWR | O_CLOEXEC);
	fd_setuid = open("setuid", O_WRONLY | O_CLOEXEC);
	return fd_tmpfile < 0 || fd_setuid < 0 || fd_unlinked < 0 || fd_write < 0 || unlink("unlinked");
}

static int op_open_close(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : close(fd);
}

static int op_create(void)
{
	return op_open_close("new", O_CREAT | O_WRONLY);
}

static int op_create_existing(void)
{
	return op_open_close("file", O_CREAT | O_WRONLY);
}

static int op_mkdir(void)
{
	return mkdir("new", 0755);
}

static int op_mkfifo(void)
{
	return mkfifo("new", 0644);
}

static int op_socket(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "new" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr));

	close(fd);
	return ret;
}

static int op_device(void)
{
	return mknod("new", S_IFCHR | 0644, makedev(1, 3));
}

static int op_mknod_regular(void)
{
	return mknod("new", S_IFREG | 0644, 0);
}

static int op_symlink(void)
{
	return symlink("file", "new");
}

static int op_link(void)
{
	return link("file", "new");
}

static int op_link_tmpfile(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd_tmpfile);
	return linkat(AT_FDCWD, path, AT_FDCWD, "new", AT_SYMLINK_FOLLOW);
}

static int op_unlink(void)
{
	return unlink("linked");
}

static int op_last_unlink(void)
{
	return unlink("file");
}

static int op_unlink_open(void)
{
	return unlink("text");
}

static int op_close_unlinked(void)
{
	return close(fd_unlinked);
}

static int op_rmdir(void)
{
	return rmdir("empty");
}

static int op_rename(void)
{
	return rename("file", "new");
}

static int op_rename_across(void)
{
	return rename("file", "dir/new");
}

static int op_rename_directory(void)
{
	return rename("moving", "dir/moving");
}

static int op_rename_over(void)
{
	return rename("file", "other");
}

static int op_rename_exchange(void)
{
	return renameat2(AT_FDCWD, "file", AT_FDCWD, "dir/linked", RENAME_EXCHANGE);
}

static int op_rename_same_inode(void)
{
	return rename("linked", "dir/linked");	/* does nothing, as POSIX has it */
}

static int op_open_read(void)
{
	return op_open_close("file", O_RDONLY);
}

static int op_open_write(void)
{
	return op_open_close("file", O_WRONLY);
}

static int op_open_trunc(void)
{
	return op_open_close("text", O_WRONLY | O_TRUNC);
}

static int op_open_path(void)
{
	return op_open_close("file", O_PATH);
}

static int op_open_directory(void)
{
	return op_open_close("dir", O_RDONLY | O_DIRECTORY);
}

static int op_read(void)
{
	char byte;

	return read(fd_write, &byte, 1) != 1;
}

static int op_readdir(void)
{
	DIR *dir = opendir("dir");

	if (!dir || !readdir(dir))
		return -1;
	return closedir(dir);
}

static int op_write(void)
{
	return write(fd_write, "x", 1) != 1;
}

static int op_pwritev(void)
{
	struct iovec iov[2] = { { "ab", 2 }, { "cd", 2 } };

	return pwritev(fd_write, iov, 2, 100) != 4;
}

static int op_truncate(void)
{
	return truncate("text", 1);
}

static int op_ftruncate(void)
{
	return ftruncate(fd_write, 1);
}

static int op_fallocate(void)
{
	return fallocate(fd_write, 0, 0, 8192);
}

static int op_chmod(void)
{
	return chmod("file", 0600);
}

static int op_chmod_directory(void)
{
	return chmod("dir", 0700);
}

static int op_chown(void)
{
	return chown("file", 1001, 1002);
}

static int op_utimes(void)
{
	return utimensat(AT_FDCWD, "file", NULL, 0);
}

static int op_mtime(void)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000 } };

	return utimensat(AT_FDCWD, "file", times, 0);
}

static int op_atime(void)
{
	struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_nsec = UTIME_OMIT } };

	return utimensat(AT_FDCWD, "file", times, 0);
}

static int op_setxattr(void)
{
	return setxattr("file", "trusted.new", "x", 1, 0);
}

static int op_removexattr(void)
{
	return removexattr("other", "trusted.there");
}

static int op_setuid_chown(void)
{
	return chown("setuid", 1001, 1002);
}

/* Not as root, who keeps the bit. */
static int as_somebody(int (*operation)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setresuid(1001, 1001, 1001))
			_exit(1);
		_exit(operation() != 0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static int write_setuid(void)
{
	return write(fd_setuid, "x", 1) != 1;
}

static int op_setuid_write(void)
{
	return as_somebody(write_setuid);
}

static int fallocate_setuid(void)
{
	return fallocate(fd_setuid, 0, 0, 8192);
}

static int op_setuid_fallocate(void)
{
	return as_somebody(fallocate_setuid);
}

static int op_set_acl(void)
{
	return set_acl("file");
}

static int op_remove_acl(void)
{
	return removexattr("listed", "system.posix_acl_access");
}

static int op_copy_range(void)
{
	off_t from = 0, to = 4096;

	return copy_file_range(fd_write, &from, fd_write, &to, 4, 0) != 4;
}

/* Linux may not tell of these two (caps). */
static int op_store(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd_write, 0);

	if (page == MAP_FAILED)
		return -1;
	*page = 's';
	return munmap(page, 4096);
}

static int op_chattr(void)
{
	int fd = open("file", O_RDONLY | O_CLOEXEC), flags = FS_NODUMP_FL;
	int ret = ioctl(fd, FS_IOC_SETFLAGS, &flags);

	close(fd);
	return ret;
}

static int op_failed_fallocate_then_write(void)
{
	if (!fallocate(fd_write, FALLOC_FL_ZERO_RANGE | FALLOC_FL_PUNCH_HOLE, 0, 4096))
		return -1;
	return op_write();
}

/* The first one fails after it was seen to begin. */
static int op_failed_chmod_then_chown(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setfsuid(1001) < 0 || !chmod("file", 0600))
			_exit(1);
		setfsuid(0);
		_exit(op_chown());
	}
	waitpid(pid, &status, 0);
	return status;
}

static int op_exec(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execl("./program", "program", NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* ---- what comes of them ---- */

struct expected {
	__u64 mask;
	const char *name;
	const char *new_name;
};

FIXTURE(kinds)
{
	struct fanotify_nl *h;
};

FIXTURE_VARIANT(kinds)
{
	int (*operation)(void);
	struct expected events[8];
};

#define EV(mask, ...) { mask, ##__VA_ARGS__ }
#define OP(op, ...) FIXTURE_VARIANT_ADD(kinds, op) { op_##op, { __VA_ARGS__ } };

#define ACCESS		FANOTIFY_KIND_ACCESS
#define MODIFY		FANOTIFY_KIND_MODIFY
#define ATTRIB		FANOTIFY_KIND_ATTRIB
#define CLOSE_WRITE	FANOTIFY_KIND_CLOSE_WRITE
#define CLOSE_NOWRITE	FANOTIFY_KIND_CLOSE_NOWRITE
#define OPEN		FANOTIFY_KIND_OPEN
#define MOVED_FROM	FANOTIFY_KIND_MOVED_FROM
#define MOVED_TO	FANOTIFY_KIND_MOVED_TO
#define CREATE		FANOTIFY_KIND_CREATE
#define DELETE		FANOTIFY_KIND_DELETE
#define DELETE_SELF	FANOTIFY_KIND_DELETE_SELF
#define MOVE_SELF	FANOTIFY_KIND_MOVE_SELF
#define RENAME		FANOTIFY_KIND_RENAME
#define ONDIR		FANOTIFY_KIND_ONDIR
#define CREATE_FILE	(CREATE | FANOTIFY_KIND_CREATE_FILE)
#define MKDIR		(CREATE | FANOTIFY_KIND_MKDIR | ONDIR)
#define MKNOD		(CREATE | FANOTIFY_KIND_MKNOD)
#define SYMLINK		(CREATE | FANOTIFY_KIND_SYMLINK)
#define HARDLINK	(CREATE | FANOTIFY_KIND_HARDLINK)
#define TMPFILE_LINK	(CREATE | FANOTIFY_KIND_TMPFILE_LINK)
#define UNLINK		(DELETE | FANOTIFY_KIND_UNLINK)
#define LAST_UNLINK	(UNLINK | FANOTIFY_KIND_LAST_UNLINK)
#define CHMOD		(ATTRIB | FANOTIFY_KIND_CHMOD)
#define CHOWN		(ATTRIB | FANOTIFY_KIND_CHOWN)
#define UTIMES		FANOTIFY_KIND_UTIMES
#define SETXATTR	(ATTRIB | FANOTIFY_KIND_SETXATTR)
#define REMOVEXATTR	(ATTRIB | FANOTIFY_KIND_REMOVEXATTR)
#define LINK_COUNT	(ATTRIB | FANOTIFY_KIND_LINK_COUNT)
#define WRITE		(MODIFY | FANOTIFY_KIND_WRITE)
#define TRUNCATE	(MODIFY | FANOTIFY_KIND_TRUNCATE)
#define FALLOCATE	(MODIFY | FANOTIFY_KIND_FALLOCATE)
#define CLONE_RANGE	(MODIFY | FANOTIFY_KIND_CLONE_RANGE)
#define RMDIR		(DELETE | FANOTIFY_KIND_RMDIR | ONDIR)

OP(create, EV(CREATE_FILE, "new"), EV(OPEN, "new"), EV(CLOSE_WRITE, "new"))
OP(create_existing, EV(OPEN, "file"), EV(CLOSE_WRITE, "file"))
OP(mkdir, EV(MKDIR, "new"))
OP(mkfifo, EV(MKNOD, "new"))
OP(socket, EV(MKNOD, "new"))
OP(device, EV(MKNOD, "new"))
OP(mknod_regular, EV(CREATE_FILE, "new"))
OP(symlink, EV(SYMLINK, "new"))
OP(link, EV(LINK_COUNT), EV(HARDLINK, "new"))
OP(link_tmpfile, EV(LINK_COUNT), EV(TMPFILE_LINK, "new"))
OP(unlink, EV(LINK_COUNT), EV(UNLINK, "linked"))
OP(last_unlink, EV(LINK_COUNT), EV(LAST_UNLINK, "file"), EV(DELETE_SELF))
OP(unlink_open, EV(LINK_COUNT), EV(LAST_UNLINK, "text"))
OP(close_unlinked, EV(CLOSE_NOWRITE), EV(DELETE_SELF))
OP(rmdir, EV(RMDIR, "empty"), EV(DELETE_SELF | ONDIR))
OP(rename, EV(RENAME, "file", "new"), EV(MOVED_FROM, "file"), EV(MOVED_TO, "new"), EV(MOVE_SELF))
OP(rename_across, EV(RENAME, "file", "new"), EV(MOVED_FROM, "file"), EV(MOVED_TO, "new"),
   EV(MOVE_SELF))
OP(rename_directory, EV(RENAME | ONDIR, "moving", "moving"), EV(MOVED_FROM | ONDIR, "moving"),
   EV(MOVED_TO | ONDIR, "moving"), EV(MOVE_SELF | ONDIR))
OP(rename_over, EV(RENAME, "file", "other"), EV(MOVED_FROM, "file"), EV(MOVED_TO, "other"),
   EV(MOVE_SELF), EV(LINK_COUNT), EV(DELETE_SELF))
OP(rename_exchange, EV(RENAME, "file", "linked"), EV(MOVED_FROM, "file"), EV(MOVED_TO, "linked"),
   EV(RENAME, "linked", "file"), EV(MOVED_FROM, "linked"), EV(MOVED_TO, "file"),
   EV(MOVE_SELF), EV(MOVE_SELF))
OP(rename_same_inode)
OP(open_read, EV(OPEN, "file"), EV(CLOSE_NOWRITE, "file"))
OP(open_write, EV(OPEN, "file"), EV(CLOSE_WRITE, "file"))
OP(open_trunc, EV(OPEN, "text"), EV(TRUNCATE, "text"), EV(CLOSE_WRITE, "text"))
OP(open_path)
OP(open_directory, EV(OPEN | ONDIR, "dir"), EV(CLOSE_NOWRITE | ONDIR, "dir"))
OP(read, EV(ACCESS, "text"))
OP(readdir, EV(OPEN | ONDIR, "dir"), EV(ACCESS | ONDIR, "dir"), EV(CLOSE_NOWRITE | ONDIR, "dir"))
OP(write, EV(WRITE, "text"))
OP(pwritev, EV(WRITE, "text"))
OP(truncate, EV(TRUNCATE, "text"))
OP(ftruncate, EV(TRUNCATE, "text"))
OP(fallocate, EV(FALLOCATE, "text"))
OP(chmod, EV(CHMOD, "file"))
OP(chmod_directory, EV(CHMOD | ONDIR, "dir"))
OP(chown, EV(CHOWN, "file"))
OP(utimes, EV(ATTRIB | UTIMES, "file"))
OP(mtime, EV(MODIFY | UTIMES, "file"))
OP(atime, EV(ACCESS | UTIMES, "file"))
OP(setxattr, EV(SETXATTR, "file"))
OP(removexattr, EV(REMOVEXATTR, "other"))

OP(setuid_chown, EV(CHMOD | CHOWN, "setuid"))
OP(setuid_write, EV(CHMOD, "setuid"), EV(WRITE, "setuid"))
OP(setuid_fallocate, EV(CHMOD, "setuid"), EV(FALLOCATE, "setuid"))
OP(set_acl, EV(SETXATTR, "file"))
OP(remove_acl, EV(REMOVEXATTR, "listed"))
OP(copy_range, EV(ACCESS, "text"), EV(CLONE_RANGE, "text"))
OP(failed_fallocate_then_write, EV(WRITE, "text"))
OP(failed_chmod_then_chown, EV(CHOWN, "file"))

FIXTURE_SETUP(kinds)
{
	struct fanotify_nl_caps caps;

	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, prepare());
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, fanotify_nl_caps(self->h, &caps));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK,
				 caps.marks[FILESYSTEM].mask & ~ASKED));
}

FIXTURE_TEARDOWN(kinds)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_expected(const struct fanotify_nl_event *event, const struct expected *expected)
{
	return event->mask == expected->mask && same(event->name, expected->name) &&
	       same(event->new_name, expected->new_name);
}

TEST_F(kinds, of)
{
	bool found[8] = {};
	int wanted = 0;

	ASSERT_EQ(0, variant->operation()) TH_LOG("%s", strerror(errno));
	take(self->h, &heard);
	while (wanted < 8 && variant->events[wanted].mask)
		wanted++;
	for (int i = 0; i < heard.count; i++) {
		int k = 0;

		while (k < wanted && (found[k] ||
				      !is_expected(&heard.event[i], &variant->events[k])))
			k++;
		EXPECT_LT(k, wanted) TH_LOG("event %d was not expected", i + 1);
		if (k < wanted)
			found[k] = true;
	}
	for (int k = 0; k < wanted; k++) {
		EXPECT_TRUE(found[k]) TH_LOG("event %d of the list did not come", k + 1);
	}
}

/* ---- masks ---- */

/* All operations that do not get in each other's way. */
static int workload(void)
{
	static int (*const operations[])(void) = {
		op_link_tmpfile, op_open_read, op_open_write, op_open_trunc, op_open_directory,
		op_write, op_truncate, op_fallocate, op_chmod, op_chmod_directory, op_chown,
		op_utimes, op_mtime, op_atime, op_setxattr, op_removexattr, op_copy_range, op_exec,
		op_store, op_chattr, op_unlink, op_close_unlinked, op_rmdir, op_rename_directory, op_rename_over, op_readdir,
	};
	static int (*const creates[])(void) = {
		op_create, op_mkfifo, op_socket, op_device, op_mknod_regular, op_symlink,
	};
	char byte;

	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		if (operations[i]())
			return i + 1;
	if (pread(fd_write, &byte, 1, 0) != 1 || unlink("new"))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(creates); i++)
		if (creates[i]() || unlink("new"))
			return -2;
	if (op_mkdir() || rmdir("new"))
		return -4;
	if (link("other", "file") || op_rename_exchange())
		return -3;
	return 0;
}

static int rename_file_back(void)
{
	return rename("other", "file") || make_file("other");
}

FIXTURE(masks)
{
	struct fanotify_nl *h;
	struct fanotify_nl_caps caps;
};

FIXTURE_SETUP(masks)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, prepare());
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, fanotify_nl_caps(self->h, &self->caps));
}

FIXTURE_TEARDOWN(masks)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

/* What Linux may not tell of. */
#define OPTIONAL	(KIND(SETFLAGS) | KIND(MMAP_WRITE))

static const __u64 kinds[] = {
	ACCESS, MODIFY, ATTRIB, CLOSE_WRITE, CLOSE_NOWRITE, OPEN, MOVED_FROM, MOVED_TO, CREATE,
	DELETE, DELETE_SELF, MOVE_SELF, FANOTIFY_KIND_OPEN_EXEC, RENAME,
	FANOTIFY_KIND_CREATE_FILE, FANOTIFY_KIND_MKDIR, FANOTIFY_KIND_MKNOD,
	FANOTIFY_KIND_SYMLINK, FANOTIFY_KIND_HARDLINK, FANOTIFY_KIND_TMPFILE_LINK,
	FANOTIFY_KIND_UNLINK, FANOTIFY_KIND_LAST_UNLINK, FANOTIFY_KIND_RMDIR,
	FANOTIFY_KIND_CHMOD, FANOTIFY_KIND_CHOWN, FANOTIFY_KIND_UTIMES,
	FANOTIFY_KIND_SETXATTR, FANOTIFY_KIND_REMOVEXATTR, FANOTIFY_KIND_LINK_COUNT,
	FANOTIFY_KIND_WRITE, FANOTIFY_KIND_TRUNCATE, FANOTIFY_KIND_FALLOCATE,
	FANOTIFY_KIND_CLONE_RANGE, FANOTIFY_KIND_SETFLAGS, FANOTIFY_KIND_MMAP_WRITE,
};

/* Of an event that carries several kinds, the others may come along. */
static int strangers(__u64 kind)
{
	int found = 0;

	for (int i = 0; i < heard.count; i++)
		found += !(heard.event[i].mask & kind);
	return found;
}

/* What is delivered that @kind alone does not stand for. */
static __u64 beside(__u64 kind)
{
	__u64 seen = 0, family = 0;

	for (int i = 0; i < heard.count; i++)
		seen |= heard.event[i].mask;
	if (kind & (CREATE | 0x3f00000000ULL))
		family = CREATE | 0x3f00000000ULL;
	if (kind & (DELETE | 0x1c000000000ULL))
		family = DELETE | 0x1c000000000ULL;
	if (kind & (ATTRIB | 0xfe0000000000ULL))
		family = ATTRIB | 0xfe0000000000ULL;
	if (kind & (MODIFY | 0x1f000000000000ULL))
		family = MODIFY | 0x1f000000000000ULL;
	return seen & ~(kind | family | ONDIR);
}

static int restart(void)
{
	close(fd_tmpfile);
	close(fd_write);
	close(fd_setuid);
	return empty_folder(".") || prepare();
}

TEST_F(masks, every_kind_of_the_kernel_is_tried)
{
	__u64 tried = ONDIR | KIND(FS_ERROR) | KIND(UNMOUNT) | (ASKED & self->caps.kinds);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		tried |= kinds[i];
	tried &= ~OPTIONAL | self->caps.kinds;
	EXPECT_EQ(self->caps.marks[FILESYSTEM].mask, tried);
	EXPECT_EQ(self->caps.marks[INODE].mask,
		  (tried & ~KIND(FS_ERROR)) | KIND(EVENT_ON_CHILD));
	EXPECT_EQ(self->caps.kinds & ~(tried | KIND(EVENT_ON_CHILD) | KIND(GAP) | KIND(COVERED)),
		  0);
}

TEST_F_TIMEOUT(masks, a_mark_lets_one_kind_through, 60)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!(self->caps.kinds & kinds[i]))
			continue;
		ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, kinds[i] | ONDIR));
		forget(&heard);
		ASSERT_EQ(0, workload()) TH_LOG("%s", strerror(errno));
		take(self->h, &heard);
		EXPECT_NE(0, heard.count) TH_LOG("%s", fanotify_nl_kind_name(kinds[i]));
		EXPECT_EQ(0, strangers(kinds[i])) TH_LOG("%s", fanotify_nl_kind_name(kinds[i]));
		EXPECT_EQ(0, beside(kinds[i])) TH_LOG("%s", fanotify_nl_kind_name(kinds[i]));
		ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, 0));
		ASSERT_EQ(0, restart());
	}
}

TEST_F_TIMEOUT(masks, a_group_lets_one_kind_through, 60)
{
	struct fanotify_nl_settings settings = { .set = FANOTIFY_NL_SET_MASK };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!(self->caps.kinds & kinds[i]))
			continue;
		settings.mask = kinds[i];
		ASSERT_EQ(0, fanotify_nl_group_set(self->h, &settings));
		ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK,
					 self->caps.marks[FILESYSTEM].mask & ~ASKED));
		forget(&heard);
		ASSERT_EQ(0, workload()) TH_LOG("%s", strerror(errno));
		take(self->h, &heard);
		EXPECT_NE(0, heard.count) TH_LOG("%s", fanotify_nl_kind_name(kinds[i]));
		EXPECT_EQ(0, strangers(kinds[i])) TH_LOG("%s", fanotify_nl_kind_name(kinds[i]));
		EXPECT_EQ(0, beside(kinds[i])) TH_LOG("%s", fanotify_nl_kind_name(kinds[i]));
		ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, 0));
		ASSERT_EQ(0, restart());
	}
}

TEST_F(masks, a_mount_mark_lets_kinds_with_a_path_through)
{
	__u64 path_kinds = ACCESS | WRITE | FALLOCATE | CLONE_RANGE | CLOSE_WRITE | CLOSE_NOWRITE | OPEN |
			   KIND(OPEN_EXEC) | (self->caps.kinds & KIND(MMAP_WRITE));
	__u64 seen = 0;

	EXPECT_EQ(path_kinds | ONDIR | KIND(UNMOUNT) | (ASKED & self->caps.kinds),
		  self->caps.marks[MOUNT].mask);
	ASSERT_EQ(0, listen_mark(self->h, MOUNT, WORK, self->caps.marks[MOUNT].mask & ~ASKED));
	ASSERT_EQ(0, workload());
	take(self->h, &heard);
	for (int i = 0; i < heard.count; i++)
		seen |= heard.event[i].mask;
	EXPECT_EQ(path_kinds | ONDIR, seen);
}

TEST_F(masks, moved_from_and_to_come_only_if_asked_for)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, RENAME));
	ASSERT_EQ(0, op_rename_over());
	ASSERT_EQ(0, rename_file_back());
	take(self->h, &heard);
	EXPECT_EQ(2, heard.count);
	EXPECT_EQ(2, count(&heard, RENAME, NULL));
	EXPECT_EQ(0, beside(RENAME));
}

/* A rename between a watched directory and one that is not. */
TEST_F(masks, rename_reaches_the_old_directory)
{
	ASSERT_EQ(0, mkdir("dir/in", 0755));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir", RENAME | MOVED_FROM | MOVED_TO));
	ASSERT_EQ(0, rename("file", "dir/file"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, MOVED_TO, "file"));
	EXPECT_EQ(0, count(&heard, MOVED_FROM, NULL));
	forget(&heard);
	ASSERT_EQ(0, rename("dir/file", "file"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, MOVED_FROM, "file"));
	EXPECT_EQ(1, count(&heard, RENAME, "file"));
}

TEST_F(masks, exec)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, OPEN | KIND(OPEN_EXEC)));
	ASSERT_EQ(0, op_exec());
	ASSERT_EQ(0, op_open_read());
	take(self->h, &heard);
	EXPECT_EQ(2, heard.count);
	EXPECT_EQ(1, count(&heard, OPEN | KIND(OPEN_EXEC), "program"));
	EXPECT_EQ(1, count(&heard, OPEN, "file"));
	EXPECT_EQ(1, count(&heard, KIND(OPEN_EXEC), NULL));
}

TEST_F(masks, object_events_reach_the_object)
{
	ASSERT_EQ(0, listen_mark(self->h, INODE, "file", MOVE_SELF | DELETE_SELF | ATTRIB));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "empty",
				 MOVE_SELF | DELETE_SELF | ATTRIB | ONDIR));
	ASSERT_EQ(0, rename("file", "dir/file"));
	ASSERT_EQ(0, chmod("dir/file", 0600));
	ASSERT_EQ(0, unlink("dir/file"));
	ASSERT_EQ(0, rename("empty", "dir/empty"));
	ASSERT_EQ(0, chmod("dir/empty", 0700));
	ASSERT_EQ(0, rmdir("dir/empty"));
	take(self->h, &heard);
	EXPECT_EQ(2, count(&heard, MOVE_SELF, NULL));
	EXPECT_EQ(1, count(&heard, MOVE_SELF | ONDIR, NULL));
	EXPECT_EQ(2, count(&heard, DELETE_SELF, NULL));
	EXPECT_EQ(1, count(&heard, DELETE_SELF | ONDIR, NULL));
	EXPECT_EQ(3, count(&heard, ATTRIB, NULL));
	EXPECT_EQ(7, heard.count);
}

/* ---- two at once ---- */

#define RACES	2000

struct race {
	atomic_int arrived;
	int tmpfile;
};

static void meet(struct race *race)
{
	int both = atomic_fetch_add(&race->arrived, 1) / 2 * 2 + 2;

	while (atomic_load(&race->arrived) < both)
		sched_yield();
}

/* Whoever is first makes it a file with a name, whoever is last ends it. */
static int link_and_unlink(struct race *race, const char *path)
{
	int ret;

	meet(race);
	ret = linkat(race->tmpfile, "", AT_FDCWD, path, AT_EMPTY_PATH);
	meet(race);
	ret = ret ?: unlink(path);
	meet(race);
	return ret;
}

static void *race_in_empty(void *arg)
{
	for (unsigned int i = 0; i < RACES / slowness(); i++)
		if (link_and_unlink(arg, "empty/new"))
			return strerror(errno);
	return NULL;
}

TEST_F_TIMEOUT(masks, the_first_and_the_last_name_of_two, 120)
{
	struct race race = { 0 };
	void *error = NULL;
	pthread_t other;

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, CREATE | DELETE));
	ASSERT_EQ(0, pthread_create(&other, NULL, race_in_empty, &race));
	for (unsigned int i = 0; i < RACES / slowness(); i++) {
		race.tmpfile = open(".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
		ASSERT_LE(0, race.tmpfile);
		ASSERT_EQ(0, link_and_unlink(&race, "dir/new")) TH_LOG("%s", strerror(errno));
		ASSERT_EQ(0, close(race.tmpfile));
		forget(&heard);
		take(self->h, &heard);
		ASSERT_EQ(4, heard.count);
		ASSERT_LE(1, count(&heard, TMPFILE_LINK, "new")) TH_LOG("round %u", i);
		ASSERT_EQ(1, count(&heard, LAST_UNLINK, "new")) TH_LOG("round %u", i);
	}
	ASSERT_EQ(0, pthread_join(other, &error));
	EXPECT_EQ(NULL, error) TH_LOG("%s", (char *)error);
}

TEST(fs_error)
{
	struct fanotify_nl *h = listen_open();
	const struct fanotify_nl_event *event;
	char path[128];
	struct stat st;
	FILE *pipe;

	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, work_on_disk());
	ASSERT_EQ(0, listen_mark(h, FILESYSTEM, DISK, KIND(FS_ERROR)));
	ASSERT_EQ(0, stat(DISK, &st));
	pipe = popen("echo /sys/fs/ext4/$(basename $(findmnt -n -o SOURCE /mnt/disk))"
		     "/trigger_fs_error", "r");
	ASSERT_NE(NULL, fgets(path, sizeof(path), pipe));
	path[strcspn(path, "\n")] = '\0';
	ASSERT_EQ(0, write_file(path, "a test\n")) TH_LOG("%s", path);
	/* Linux 7 leaves it to a worker */
	ASSERT_TRUE(take_until(h, &heard, KIND(FS_ERROR)));
	event = only(&heard, KIND(FS_ERROR), NULL);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(1, heard.count);
	EXPECT_TRUE(event->has & FANOTIFY_NL_HAS_ERROR);
	EXPECT_LT(0, event->error);
	EXPECT_STREQ("ext4", event->fs_name);
	EXPECT_EQ(major(st.st_dev), event->dev_major);
	EXPECT_EQ(minor(st.st_dev), event->dev_minor);
	fanotify_nl_close(h);
}

TEST_HARNESS_MAIN
