// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes of a file are brought when somebody needs them: pre-access, where Linux has it.
 */
#include <sys/fanotify.h>

#include "test.h"
#include "gate.h"

#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define INODE		FANOTIFY_MARK_TYPE_INODE
#define MOUNT		FANOTIFY_MARK_TYPE_MOUNT
#define SUBTREE		FANOTIFY_MARK_TYPE_SUBTREE
#define ALLOW		FANOTIFY_VERDICT_ALLOW
#define DENY		FANOTIFY_VERDICT_DENY
#define KEEP		FANOTIFY_VERDICT_FLAG_REMEMBER

#define PATIENT		GATE_SET(TIMEOUT_MS, timeout_ms, 60000)
#define WAIT_MS		(5000 * slowness())

/* A file that is all hole. */
#define PAGE		4096
#define SIZE		(16 * PAGE)

/* Of fanotify, in fanotify.h of Linux 6.14. */
#define PRE_CONTENT	0x8
#define PRE_ACCESS	0x100000

/* fanotify is asked, and not what is tested. */
static bool has_pre_access(void)
{
	int fd = fanotify_init(PRE_CONTENT, 0);
	bool has = !fanotify_mark(fd, FAN_MARK_ADD, PRE_ACCESS, AT_FDCWD, "/mnt/disk");

	close(fd);
	return has;
}

static int make_hole(const char *path)
{
	return make_file(path) || truncate(path, 0) || truncate(path, SIZE) ? -1 : 0;
}

/* ---- where it is not to be had ---- */

FIXTURE(without)
{
	struct fanotify_nl *h;
};

FIXTURE_SETUP(without)
{
	self->h = gate_open(0, 0, PATIENT);
	ASSERT_NE(NULL, self->h);
}

FIXTURE_TEARDOWN(without)
{
	fanotify_nl_close(self->h);
}

TEST_F(without, is_refused)
{
	ASSERT_EQ(0, work_on_disk());
	EXPECT_EQ(-EINVAL, listen_mark(self->h, FILESYSTEM, ".", KIND(PRE_ACCESS)));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "kind"));
}

/* ---- where it is ---- */

FIXTURE(with)
{
	struct fanotify_nl *h;
	struct access a;
	struct fanotify_nl_event event;
};

FIXTURE_SETUP(with)
{
	ASSERT_EQ(0, work_on_disk());
	ASSERT_EQ(0, make_hole("file"));
	ASSERT_EQ(0, mkdir("dir", 0755));
	ASSERT_EQ(0, make_hole("dir/file"));
	self->h = gate_open(0, REMEMBER, PATIENT);
	ASSERT_NE(NULL, self->h);
}

FIXTURE_TEARDOWN(with)
{
	fanotify_nl_close(self->h);
}

/* Start an access, and take what is asked about it: its id. */
static __s64 asked(FIXTURE_DATA(with) *self, enum access_kind kind, const char *path,
		   __u64 offset, __u64 length)
{
	if (access_start_range(&self->a, kind, path, 0, (struct range){ offset, length }))
		return -1;
	return gate_next(self->h, WAIT_MS, &self->event);
}

static bool is_range(const struct fanotify_nl_event *event, __u64 offset, __u64 length)
{
	return (event->has & FANOTIFY_NL_HAS_OFFSET) && event->mask == KIND(PRE_ACCESS) &&
	       event->offset == offset && event->length == length;
}

static int allow(FIXTURE_DATA(with) *self)
{
	int ret = gate_verdict(self->h, self->event.id, ALLOW, 0, 0);

	return ret ? ret : access_end(&self->a, WAIT_MS);
}

TEST_F(with, says_which_bytes)
{
	static const struct {
		enum access_kind kind;
		struct range given;
		struct range told;
	} some[] = {
		{ READ, { 3 * PAGE, PAGE }, { 3 * PAGE, PAGE } },
		{ READ, { PAGE + 1, 1 }, { PAGE, PAGE } },
		{ READ, { PAGE - 1, 2 }, { 0, 2 * PAGE } },
		{ WRITE, { 5 * PAGE + 7, PAGE }, { 5 * PAGE, 2 * PAGE } },
		{ MAP, { 2 * PAGE, 3 * PAGE }, { 2 * PAGE, 3 * PAGE } },
		{ TRUNCATE, { 8 * PAGE + 1, 0 }, { 8 * PAGE, PAGE } },
	};

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(PRE_ACCESS)));
	for (unsigned int i = 0; i < ARRAY_SIZE(some); i++) {
		ASSERT_LT(0, asked(self, some[i].kind, "file", some[i].given.offset,
				   some[i].given.length)) {
			TH_LOG("access %u was not asked about", i);
		}
		EXPECT_TRUE(is_range(&self->event, some[i].told.offset, some[i].told.length)) {
			TH_LOG("access %u: %llu bytes from %llu", i,
			       (unsigned long long)self->event.length,
			       (unsigned long long)self->event.offset);
		}
		EXPECT_STREQ("/work/file", self->event.path);
		EXPECT_EQ(0, allow(self));
	}
}

/* What a daemon of files on demand does: just these bytes, and the reader has them. */
TEST_F(with, is_filled_before_it_is_read)
{
	char text[PAGE];
	int fd;

	memset(text, 'x', sizeof(text));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(PRE_ACCESS)));
	ASSERT_LT(0, asked(self, READ, "file", 4 * PAGE, 1));
	fd = open("file", O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(PAGE, pwrite(fd, text, self->event.length, self->event.offset));
	EXPECT_EQ(0, allow(self));
	EXPECT_EQ('x', self->a.byte);
	EXPECT_EQ(4 * PAGE, lseek(fd, 0, SEEK_DATA));
	EXPECT_EQ(5 * PAGE, lseek(fd, 4 * PAGE, SEEK_HOLE));
	close(fd);
}

TEST_F(with, may_be_denied)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(PRE_ACCESS)));
	ASSERT_LT(0, asked(self, READ, "file", 0, 1));
	EXPECT_EQ(0, gate_verdict(self->h, self->event.id, DENY, EIO, 0));
	EXPECT_EQ(EIO, access_end(&self->a, WAIT_MS));
}

TEST_F(with, of_each_type_of_mark)
{
	static const struct {
		__u32 type;
		const char *path;
		const char *outside;
	} marks[] = {
		{ INODE, "dir/file", "file" }, { MOUNT, ".", NULL },
		{ FILESYSTEM, ".", NULL }, { SUBTREE, "dir", "file" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(marks); i++) {
		ASSERT_EQ(0, listen_mark(self->h, marks[i].type, marks[i].path,
					 KIND(PRE_ACCESS)));
		EXPECT_LT(0, asked(self, READ, "dir/file", 0, 1)) {
			TH_LOG("mark %u", i);
		}
		EXPECT_EQ(0, allow(self));
		if (marks[i].outside)
			EXPECT_EQ(0, gate_try(self->h, READ, marks[i].outside, 0, 0, 0));
		ASSERT_EQ(0, listen_unmark(self->h, marks[i].type, marks[i].path,
					   KIND(PRE_ACCESS)));
		EXPECT_EQ(0, gate_try(self->h, READ, "dir/file", 0, 0, 0));
	}
}

TEST_F(with, may_be_ignored)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(PRE_ACCESS)));
	ASSERT_EQ(0, listen_ignore(self->h, INODE, "file", KIND(PRE_ACCESS),
				   FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY));
	EXPECT_EQ(0, gate_try(self->h, READ, "file", 0, 0, 0));
	EXPECT_EQ(0, gate_try(self->h, READ, "dir/file", ALLOW, 0, 0));
}

/* First what is in a file, then whether it may be read. */
TEST_F(with, comes_before_access_perm)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".",
				 KIND(PRE_ACCESS) | KIND(ACCESS_PERM)));
	ASSERT_LT(0, asked(self, READ, "file", 0, 1));
	EXPECT_EQ(KIND(PRE_ACCESS), self->event.mask);
	EXPECT_EQ(0, gate_verdict(self->h, self->event.id, ALLOW, 0, 0));
	EXPECT_LT(0, gate_next(self->h, WAIT_MS, &self->event));
	EXPECT_EQ(KIND(ACCESS_PERM), self->event.mask);
	EXPECT_EQ(0, allow(self));
}

/* Who has filled a file may say so, once for all of it. */
TEST_F(with, is_remembered)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(PRE_ACCESS)));
	EXPECT_EQ(0, gate_try(self->h, READ, "file", ALLOW, 0, KEEP));
	EXPECT_EQ(0, gate_try(self->h, READ, "file", 0, 0, 0));
	ASSERT_EQ(0, write_file("file", "text"));
	EXPECT_EQ(0, gate_try(self->h, READ, "file", ALLOW, 0, 0));
}

TEST_F(with, not_on_any_filesystem)
{
	ASSERT_EQ(0, mount("tmpfs", "dir", "tmpfs", 0, NULL));
	EXPECT_EQ(-EOPNOTSUPP, listen_mark(self->h, FILESYSTEM, "dir", KIND(PRE_ACCESS)));
	EXPECT_EQ(0, umount("dir"));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "brought"));
	/* some of those would be among all */
	EXPECT_EQ(-EINVAL, listen_mark(self->h, FANOTIFY_MARK_TYPE_GLOBAL, NULL,
				       KIND(PRE_ACCESS)));
}

/* Though fsnotify tells of both while reading is asked about. */
TEST_F(with, of_regular_files_alone)
{
	ASSERT_EQ(0, mkfifo("fifo", 0644));
	EXPECT_EQ(-EINVAL, listen_mark(self->h, INODE, "fifo", KIND(PRE_ACCESS)));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".",
				 KIND(PRE_ACCESS) | KIND(ACCESS_PERM) | KIND(ONDIR)));
	ASSERT_EQ(0, access_start(&self->a, READ_DIR, "dir", 0));
	ASSERT_LT(0, gate_next(self->h, WAIT_MS, &self->event));
	EXPECT_EQ(KIND(ACCESS_PERM) | KIND(ONDIR), self->event.mask);
	EXPECT_EQ(0, allow(self));
}

/* A fixture for each of the two. */
int main(int argc, char **argv)
{
	char *some[] = { argv[0], "-f", has_pre_access() ? "with" : "without", NULL };

	return argc > 1 ? test_harness_run(argc, argv) : test_harness_run(3, some);
}
