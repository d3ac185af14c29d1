// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of events, against stat(2), name_to_handle_at(2) and /proc.
 */
#include <pthread.h>
#include <linux/limits.h>
#include <time.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "test.h"

#define INODE		FANOTIFY_MARK_TYPE_INODE
#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define STAT_ALL	0x7fe
#define FLAG(name)	FANOTIFY_EVENT_FLAG_##name

static struct heard heard;

/* Everything but access and attributes of opening, which tests make on their own. */
#define CHANGES \
	(KIND(CREATE) | KIND(DELETE) | KIND(RENAME) | KIND(MODIFY) | KIND(ATTRIB) | \
	 KIND(DELETE_SELF) | KIND(MOVE_SELF) | KIND(ONDIR))

struct handle {
	struct file_handle fh;
	unsigned char bytes[MAX_HANDLE_SZ];
};

static bool handle_of(const char *path, struct handle *handle)
{
	int mnt_id;

	handle->fh.handle_bytes = MAX_HANDLE_SZ;
	return !name_to_handle_at(AT_FDCWD, path, &handle->fh, &mnt_id, 0);
}

static bool has_handle(const struct fanotify_nl_node *node, const struct handle *handle)
{
	return node->handle && node->handle_len == handle->fh.handle_bytes &&
	       node->handle_type == handle->fh.handle_type &&
	       !memcmp(node->handle, handle->fh.f_handle, node->handle_len);
}

static bool time_is(const struct fanotify_nl_time *time, const struct timespec *ts)
{
	return time->sec == ts->tv_sec && time->nsec == (__u32)ts->tv_nsec;
}

/* The first field in which they differ, or NULL. */
static const char *stat_differs(const struct fanotify_nl_stat *stat, const struct stat *st)
{
	if (stat->has != STAT_ALL)
		return "presence";
	if (stat->mode != st->st_mode)
		return "mode";
	if (stat->nlink != st->st_nlink)
		return "nlink";
	if (stat->uid != st->st_uid)
		return "uid";
	if (stat->gid != st->st_gid)
		return "gid";
	if (!time_is(&stat->atime, &st->st_atim))
		return "atime";
	if (!time_is(&stat->mtime, &st->st_mtim))
		return "mtime";
	if (!time_is(&stat->ctime, &st->st_ctim))
		return "ctime";
	if (stat->ino != st->st_ino)
		return "ino";
	if (stat->size != (__u64)st->st_size)
		return "size";
	if (stat->blocks != (__u64)st->st_blocks)
		return "blocks";
	return NULL;
}

static const char *differs(const struct fanotify_nl_node *node, const char *path)
{
	struct handle handle;
	struct stat st;

	if (lstat(path, &st) || !handle_of(path, &handle))
		return "no such file";
	if (!has_handle(node, &handle))
		return "handle";
	return stat_differs(&node->stat, &st);
}

#define EXPECT_SAME(node, path) do { \
	const char *_differs = differs(node, path); \
	EXPECT_EQ(NULL, _differs) { TH_LOG("%s: %s", path, _differs); } \
} while (0)

#define EXPECT_STR(expected, seen) EXPECT_STREQ(expected, (seen) ?: "(none)")

/* ---- on tmpfs and on ext4 ---- */

FIXTURE(attrs)
{
	struct fanotify_nl *h;
	const char *root;	/* path of the working folder below the filesystem's */
};

FIXTURE_VARIANT(attrs)
{
	int (*work)(void);
	const char *root;
};

FIXTURE_VARIANT_ADD(attrs, tmpfs)
{
	work_here, ""
};

FIXTURE_VARIANT_ADD(attrs, ext4)
{
	work_on_disk, "/work"
};

FIXTURE_SETUP(attrs)
{
	ASSERT_EQ(0, variant->work());
	ASSERT_EQ(0, mkdir("a", 0755));
	ASSERT_EQ(0, mkdir("b", 0755));
	ASSERT_EQ(0, write_file("a/file", "some text"));
	/* stat(2) counts blocks that are not allocated yet, events do not */
	sync();
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", CHANGES));
	self->root = variant->root;
}

FIXTURE_TEARDOWN(attrs)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

/* Path of @path below the filesystem's root; good until the next but three. */
static const char *below(const char *root, const char *path)
{
	static char buf[4][8192];
	static int next;

	next = (next + 1) % 4;
	snprintf(buf[next], sizeof(buf[next]), "%s/%s", root, path);
	return buf[next];
}

static const struct fanotify_nl_event *heard_only(struct fanotify_nl *h, __u64 mask)
{
	take(h, &heard);
	return only(&heard, mask, NULL);
}

TEST_F(attrs, of_create)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, make_file("a/new"));
	event = heard_only(self->h, KIND(CREATE));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "a/new");
	EXPECT_SAME(&event->dir, "a");
	EXPECT_FALSE(event->has & FANOTIFY_NL_HAS_NEW_DIR);
	EXPECT_STR("new", event->name);
	EXPECT_EQ(NULL, event->new_name);
	EXPECT_STR(below(self->root, "a/new"), event->path);
	EXPECT_EQ(NULL, event->new_path);
	EXPECT_EQ(0, event->flags);
	EXPECT_EQ(fanotify_nl_bound(self->h)->number, event->group);
}

TEST_F(attrs, of_mkdir)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, mkdir("a/new", 0750));
	event = heard_only(self->h, KIND(MKDIR));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "a/new");
	EXPECT_SAME(&event->dir, "a");
	EXPECT_EQ(3, event->dir.stat.nlink);
	EXPECT_STR(below(self->root, "a/new"), event->path);
}

TEST_F(attrs, of_symlink)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, symlink("no/where", "a/new"));
	event = heard_only(self->h, KIND(SYMLINK));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "a/new");
	EXPECT_SAME(&event->dir, "a");
	EXPECT_STR("no/where", event->link);
}

/* What does not fit into the inode is in a page or a block. */
TEST_F(attrs, of_a_long_symlink)
{
	const struct fanotify_nl_event *event;
	char to[900];

	memset(to, 'x', sizeof(to));
	to[sizeof(to) - 2] = '\0';
	ASSERT_EQ(0, symlink(to, "a/new"));
	event = heard_only(self->h, KIND(SYMLINK));
	ASSERT_NE(NULL, event);
	EXPECT_STR(to, event->link);
	EXPECT_EQ(sizeof(to) - 2, event->link_len);
}

TEST_F(attrs, of_hardlink)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, link("a/file", "b/new"));
	event = heard_only(self->h, KIND(HARDLINK));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "b/new");
	EXPECT_EQ(2, event->object.stat.nlink);
	EXPECT_SAME(&event->dir, "b");
	EXPECT_STR(below(self->root, "b/new"), event->path);

	/* the link count is of the inode, by no name */
	event = only(&heard, KIND(ATTRIB), NULL);
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "a/file");
	EXPECT_EQ(NULL, event->name);
	EXPECT_EQ(NULL, event->path);
	EXPECT_TRUE(event->flags & FLAG(PATH_UNREACHABLE));
}

TEST_F(attrs, of_unlink)
{
	const struct fanotify_nl_event *event;
	struct handle handle;
	struct stat st;
	int fd = open("a/file", O_PATH);

	ASSERT_TRUE(handle_of("a/file", &handle));
	ASSERT_EQ(0, unlink("a/file"));
	event = heard_only(self->h, KIND(DELETE));
	ASSERT_NE(NULL, event);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(NULL, stat_differs(&event->object.stat, &st)) {
		TH_LOG("%s", stat_differs(&event->object.stat, &st));
	}
	EXPECT_EQ(0, event->object.stat.nlink);
	EXPECT_TRUE(has_handle(&event->object, &handle));
	EXPECT_SAME(&event->dir, "a");
	EXPECT_STR("file", event->name);
	EXPECT_STR(below(self->root, "a/file"), event->path);
	EXPECT_EQ(0, event->flags);
}

TEST_F(attrs, of_rmdir)
{
	const struct fanotify_nl_event *event;
	struct handle handle;

	ASSERT_TRUE(handle_of("b", &handle));
	ASSERT_EQ(0, rmdir("b"));
	event = heard_only(self->h, KIND(RMDIR));
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(has_handle(&event->object, &handle));
	EXPECT_SAME(&event->dir, ".");
	EXPECT_STR(below(self->root, "b"), event->path);
	event = only(&heard, KIND(DELETE_SELF), NULL);
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(has_handle(&event->object, &handle));
	EXPECT_EQ(NULL, event->path);
	EXPECT_EQ(NULL, event->name);
}

TEST_F(attrs, of_rename_within_a_directory)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, rename("a/file", "a/new"));
	event = heard_only(self->h, KIND(RENAME));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "a/new");
	EXPECT_SAME(&event->dir, "a");
	EXPECT_FALSE(event->has & FANOTIFY_NL_HAS_NEW_DIR);
	EXPECT_STR("file", event->name);
	EXPECT_STR("new", event->new_name);
	EXPECT_STR(below(self->root, "a/file"), event->path);
	EXPECT_STR(below(self->root, "a/new"), event->new_path);
}

TEST_F(attrs, of_rename_across_directories)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, rename("a/file", "b/new"));
	event = heard_only(self->h, KIND(RENAME));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "b/new");
	EXPECT_SAME(&event->dir, "a");
	ASSERT_TRUE(event->has & FANOTIFY_NL_HAS_NEW_DIR);
	EXPECT_SAME(&event->new_dir, "b");
	EXPECT_STR("file", event->name);
	EXPECT_STR("new", event->new_name);
	EXPECT_STR(below(self->root, "a/file"), event->path);
	EXPECT_STR(below(self->root, "b/new"), event->new_path);
}

TEST_F(attrs, of_rename_over)
{
	const struct fanotify_nl_event *event;
	struct handle handle;
	struct stat st;
	int fd;

	ASSERT_EQ(0, make_file("b/over"));
	ASSERT_EQ(0, link("b/over", "b/also"));
	fd = open("b/over", O_PATH);
	ASSERT_TRUE(handle_of("b/over", &handle));
	take(self->h, &heard);
	forget(&heard);
	ASSERT_EQ(0, rename("a/file", "b/over"));
	event = heard_only(self->h, KIND(RENAME));
	ASSERT_NE(NULL, event);
	ASSERT_TRUE(event->has & FANOTIFY_NL_HAS_TARGET);
	EXPECT_TRUE(has_handle(&event->target, &handle));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(NULL, stat_differs(&event->target.stat, &st));
	EXPECT_EQ(1, event->target.stat.nlink);
	EXPECT_TRUE(event->target.changed & FANOTIFY_CHANGED_NLINK);
	EXPECT_FALSE(event->target.changed & FANOTIFY_CHANGED_MODE);
	close(fd);

	/* nothing was there, or the same */
	forget(&heard);
	ASSERT_EQ(0, rename("b/over", "a/file"));
	event = heard_only(self->h, KIND(RENAME));
	ASSERT_NE(NULL, event);
	EXPECT_FALSE(event->has & FANOTIFY_NL_HAS_TARGET);
}

TEST_F(attrs, of_a_whiteout)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, renameat2(AT_FDCWD, "a/file", AT_FDCWD, "a/new", RENAME_WHITEOUT));
	event = heard_only(self->h, KIND(RENAME));
	ASSERT_NE(NULL, event);
	EXPECT_EQ(FLAG(WHITEOUT), event->flags);
}

TEST_F(attrs, of_an_extended_attribute)
{
	const struct fanotify_nl_event *event;
	char name[XATTR_NAME_MAX + 1] = "trusted.";

	memset(name + 8, 'n', XATTR_NAME_MAX - 8);
	ASSERT_EQ(0, setxattr("a/file", name, "value", 5, 0));
	event = heard_only(self->h, KIND(SETXATTR));
	ASSERT_NE(NULL, event);
	EXPECT_STR(name, event->xattr);
	EXPECT_EQ(FANOTIFY_CHANGED_XATTR, event->object.changed & ~FANOTIFY_CHANGED_CTIME &
					  ~FANOTIFY_CHANGED_BLOCKS);
	forget(&heard);
	ASSERT_EQ(0, removexattr("a/file", name));
	event = heard_only(self->h, KIND(REMOVEXATTR));
	ASSERT_NE(NULL, event);
	EXPECT_STR(name, event->xattr);
}

TEST_F(attrs, of_an_exchange)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, renameat2(AT_FDCWD, "a/file", AT_FDCWD, "b", RENAME_EXCHANGE));
	take(self->h, &heard);
	event = only(&heard, KIND(RENAME), "file");
	ASSERT_NE(NULL, event);
	EXPECT_EQ(FLAG(EXCHANGE), event->flags);
	EXPECT_SAME(&event->object, "b");
	EXPECT_STR(below(self->root, "b"), event->new_path);
	event = only(&heard, KIND(RENAME), "b");
	ASSERT_NE(NULL, event);
	EXPECT_EQ(FLAG(EXCHANGE), event->flags);
	EXPECT_SAME(&event->object, "a/file");
	EXPECT_STR(below(self->root, "a/file"), event->new_path);
}

TEST_F(attrs, of_rename_of_a_directory)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, rename("a", "b/a"));
	event = heard_only(self->h, KIND(RENAME));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "b/a");
	EXPECT_SAME(&event->dir, ".");
	EXPECT_SAME(&event->new_dir, "b");
	EXPECT_STR(below(self->root, "a"), event->path);
	EXPECT_STR(below(self->root, "b/a"), event->new_path);

	/* what is in it has the new path */
	forget(&heard);
	ASSERT_EQ(0, chmod("b/a/file", 0600));
	event = heard_only(self->h, KIND(ATTRIB));
	ASSERT_NE(NULL, event);
	EXPECT_STR(below(self->root, "b/a/file"), event->path);
}

TEST_F(attrs, of_changes)
{
	const struct timespec times[2] = { { 1000, 1 }, { 2000, 999999999 } };
	const struct fanotify_nl_event *event;
	struct handle dir;

	ASSERT_TRUE(handle_of("a", &dir));
	ASSERT_EQ(0, chmod("a/file", 0640));
	event = heard_only(self->h, KIND(ATTRIB));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "a/file");
	EXPECT_EQ(S_IFREG | 0640, event->object.stat.mode);
	EXPECT_TRUE(has_handle(&event->dir, &dir));
	EXPECT_STR("file", event->name);
	EXPECT_STR(below(self->root, "a/file"), event->path);

	forget(&heard);
	ASSERT_EQ(0, chown("a/file", 1001, 1002));
	event = heard_only(self->h, KIND(ATTRIB));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "a/file");
	EXPECT_EQ(1001, event->object.stat.uid);
	EXPECT_EQ(1002, event->object.stat.gid);

	forget(&heard);
	ASSERT_EQ(0, utimensat(AT_FDCWD, "a/file", times, 0));
	event = heard_only(self->h, KIND(ATTRIB));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "a/file");
	EXPECT_EQ(1000, event->object.stat.atime.sec);
	EXPECT_EQ(999999999, event->object.stat.mtime.nsec);

	forget(&heard);
	ASSERT_EQ(0, truncate("a/file", 123456));
	event = heard_only(self->h, KIND(MODIFY));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "a/file");
	EXPECT_EQ(123456, event->object.stat.size);

	/* a directory of its own, with its parent and name */
	forget(&heard);
	ASSERT_EQ(0, chmod("a", 0700));
	event = heard_only(self->h, KIND(ATTRIB));
	ASSERT_NE(NULL, event);
	EXPECT_SAME(&event->object, "a");
	EXPECT_STR("a", event->name);
	EXPECT_STR(below(self->root, "a"), event->path);
}

TEST_F(attrs, of_a_write)
{
	const struct fanotify_nl_event *event;
	int fd = open("a/file", O_WRONLY | O_APPEND);

	ASSERT_EQ(5, write(fd, "12345", 5));
	event = heard_only(self->h, KIND(MODIFY));
	ASSERT_NE(NULL, event);
	EXPECT_EQ(14, event->object.stat.size);
	EXPECT_SAME(&event->object, "a/file");
	EXPECT_STR(below(self->root, "a/file"), event->path);
	close(fd);
}

TEST_F(attrs, filesystem)
{
	struct {
		__u8 len;
		__u8 uuid[16];
	} fs;
	const struct fanotify_nl_event *event;
	struct stat st;
	int fd = open(".", O_RDONLY);

	ASSERT_EQ(0, stat(".", &st));
	ASSERT_EQ(0, ioctl(fd, _IOR(0x15, 0, fs), &fs));	/* FS_IOC_GETFSUUID */
	ASSERT_EQ(0, chmod("a/file", 0600));
	event = heard_only(self->h, KIND(ATTRIB));
	ASSERT_NE(NULL, event);
	EXPECT_EQ(major(st.st_dev), event->dev_major);
	EXPECT_EQ(minor(st.st_dev), event->dev_minor);
	ASSERT_NE(NULL, event->uuid);
	EXPECT_EQ(16, fs.len);
	EXPECT_EQ(0, memcmp(fs.uuid, event->uuid, 16));
	close(fd);
}

TEST_F(attrs, stat_mask_selects)
{
	struct fanotify_nl_settings settings = { .set = FANOTIFY_NL_SET_STAT_MASK };

	for (int bit = 1; bit <= 10; bit++) {
		const struct fanotify_nl_event *event;
		struct stat st;

		settings.stat_mask = 1 << bit;
		ASSERT_EQ(0, fanotify_nl_group_set(self->h, &settings));
		forget(&heard);
		ASSERT_EQ(0, mkdir("a/new", 0755));
		event = heard_only(self->h, KIND(MKDIR));
		ASSERT_NE(NULL, event);
		EXPECT_EQ(1U << bit, event->object.stat.has);
		EXPECT_EQ(1U << bit, event->dir.stat.has);
		ASSERT_EQ(0, stat("a/new", &st));
		/* the field is the right one, and in its place */
		switch (1 << bit) {
		case FANOTIFY_STAT_FIELD_MODE:
			EXPECT_EQ(st.st_mode, event->object.stat.mode);
			break;
		case FANOTIFY_STAT_FIELD_MTIME:
			EXPECT_TRUE(time_is(&event->object.stat.mtime, &st.st_mtim));
			break;
		case FANOTIFY_STAT_FIELD_INO:
			EXPECT_EQ(st.st_ino, event->object.stat.ino);
			break;
		}
		ASSERT_EQ(0, rmdir("a/new"));
		take(self->h, &heard);
	}
	settings.stat_mask = 0;
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &settings));
	forget(&heard);
	ASSERT_EQ(0, mkdir("a/new", 0755));
	take(self->h, &heard);
	EXPECT_EQ(1, heard.count);
	EXPECT_EQ(0, heard.event[0].object.stat.has);
	EXPECT_NE(NULL, heard.event[0].object.handle);
}

/* ---- paths and names ---- */

TEST_F(attrs, path_at_depth)
{
	char path[4096] = "a";
	const struct fanotify_nl_event *event;

	for (int i = 0; i < 100; i++) {
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "/level-%d", i);
		ASSERT_EQ(0, mkdir(path, 0755));
	}
	take(self->h, &heard);
	forget(&heard);
	strcat(path, "/file");
	ASSERT_EQ(0, make_file(path));
	event = heard_only(self->h, KIND(CREATE));
	ASSERT_NE(NULL, event);
	EXPECT_STR(below(self->root, path), event->path);
	EXPECT_EQ(0, event->flags);

	/* and after an ancestor was renamed */
	ASSERT_EQ(0, rename("a/level-0", "b/other"));
	take(self->h, &heard);
	forget(&heard);
	memmove(path + 9, path + 9, strlen(path) - 8);
	memcpy(path, "b/other  ", 7);
	memmove(path + 7, path + 9, strlen(path + 9) + 1);
	ASSERT_EQ(0, unlink(path)) TH_LOG("%s", path);
	event = heard_only(self->h, KIND(DELETE));
	ASSERT_NE(NULL, event);
	EXPECT_STR(below(self->root, path), event->path);
}

TEST_F(attrs, path_of_the_root)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, chdir(*self->root ? ".." : "."));
	ASSERT_EQ(0, chmod(".", 0755));
	event = heard_only(self->h, KIND(ATTRIB));
	ASSERT_NE(NULL, event);
	EXPECT_STR("/", event->path);
	EXPECT_EQ(NULL, event->name);
	EXPECT_SAME(&event->object, ".");
}

TEST_F(attrs, path_is_below_the_root_of_the_filesystem_not_of_the_mount)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mkdir("/tmp/elsewhere", 0755) && errno != EEXIST);
	ASSERT_EQ(0, mount("a", "/tmp/elsewhere", NULL, MS_BIND, NULL));
	ASSERT_EQ(0, write_file("/tmp/elsewhere/file", "other text"));
	take(self->h, &heard);
	for (int i = 0; i < heard.count; i++) {
		event = &heard.event[i];
		EXPECT_STR(below(self->root, "a/file"), event->path);
	}
	EXPECT_NE(0, heard.count);
	ASSERT_EQ(0, umount("/tmp/elsewhere"));
}

TEST_F(attrs, of_the_unlinked)
{
	int fd = open("a/file", O_WRONLY);
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, unlink("a/file"));
	take(self->h, &heard);
	forget(&heard);
	ASSERT_EQ(1, write(fd, "x", 1));
	event = heard_only(self->h, KIND(MODIFY));
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(event->flags & FLAG(UNLINKED));
	EXPECT_EQ(NULL, event->path);
	EXPECT_EQ(0, event->object.stat.nlink);
	close(fd);

	fd = open("a", O_TMPFILE | O_WRONLY, 0600);
	take(self->h, &heard);
	forget(&heard);
	ASSERT_EQ(1, write(fd, "x", 1));
	event = heard_only(self->h, KIND(MODIFY));
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(event->flags & FLAG(UNLINKED));
	EXPECT_EQ(NULL, event->path);
	EXPECT_EQ(NULL, event->name);
	close(fd);
}

static const char *const names[] = {
	"with\nnewline", "\xff\xfe not UTF-8 \x80", " ", "tab\t", "\"quoted\" \\n", "\x01",
};

TEST_F(attrs, names_are_bytes)
{
	char longest[256];

	memset(longest, 'x', 255);
	longest[255] = '\0';
	for (size_t i = 0; i <= ARRAY_SIZE(names); i++) {
		const char *name = i < ARRAY_SIZE(names) ? names[i] : longest;
		const struct fanotify_nl_event *event;

		forget(&heard);
		ASSERT_EQ(0, chdir("a"));
		ASSERT_EQ(0, mkdir(name, 0755));
		ASSERT_EQ(0, rename(name, "plain"));
		ASSERT_EQ(0, rename("plain", name));
		ASSERT_EQ(0, rmdir(name));
		ASSERT_EQ(0, chdir(".."));
		take(self->h, &heard);
		event = only(&heard, KIND(CREATE), NULL);
		ASSERT_NE(NULL, event);
		EXPECT_STR(name, event->name);
		EXPECT_EQ(strlen(name), event->name_len);
		EXPECT_STR(strrchr(event->path, '/') + 1, name);
		event = only(&heard, KIND(RENAME), "plain");
		ASSERT_NE(NULL, event);
		EXPECT_STR(name, event->new_name);
		event = only(&heard, KIND(RENAME), name);
		ASSERT_NE(NULL, event);
		EXPECT_STR("plain", event->new_name);
		EXPECT_EQ(1, count(&heard, KIND(DELETE), name));
	}
}

TEST_F(attrs, path_too_long)
{
	const struct fanotify_nl_event *event;
	char name[256];

	memset(name, 'n', 255);
	name[255] = '\0';
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, mkdir(name, 0755));
		ASSERT_EQ(0, chdir(name));
	}
	take(self->h, &heard);
	/* 15 of them fit into 4096 bytes, 17 do not */
	EXPECT_EQ(0, heard.event[14].flags);
	EXPECT_NE(NULL, heard.event[14].path);
	EXPECT_EQ(FLAG(PATH_TRUNCATED), heard.event[17].flags);
	EXPECT_EQ(NULL, heard.event[17].path);
	forget(&heard);
	ASSERT_EQ(0, make_file("file"));
	take(self->h, &heard);
	event = only(&heard, KIND(CREATE), NULL);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(FLAG(PATH_TRUNCATED), event->flags);
	EXPECT_STR("file", event->name);
	EXPECT_SAME(&event->object, "file");
	EXPECT_SAME(&event->dir, ".");
	forget(&heard);
	ASSERT_EQ(0, rename("file", name));
	take(self->h, &heard);
	event = only(&heard, KIND(RENAME), NULL);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(FLAG(PATH_TRUNCATED), event->flags);
	EXPECT_STR(name, event->new_name);
}

TEST(path_of_what_was_opened_by_handle)
{
	const struct fanotify_nl_event *event;
	struct handle handle;
	struct fanotify_nl *h;
	int mount_fd, fd;

	ASSERT_EQ(0, work_on_disk());
	ASSERT_EQ(0, system("mkdir -p deep/er/still && echo text >deep/er/still/file"));
	ASSERT_TRUE(handle_of("deep/er/still/file", &handle));
	h = listen_open();
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, listen_mark(h, FILESYSTEM, "/mnt/disk", KIND(OPEN) | KIND(ACCESS)));
	mount_fd = open("/mnt/disk", O_RDONLY | O_DIRECTORY);
	ASSERT_EQ(0, chdir("/"));
	sync();
	ASSERT_EQ(0, write_file("/proc/sys/vm/drop_caches", "3"));
	take(h, &heard);
	forget(&heard);
	fd = open_by_handle_at(mount_fd, &handle.fh, O_RDONLY);
	ASSERT_LE(0, fd);
	event = heard_only(h, KIND(OPEN));
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(has_handle(&event->object, &handle));
	/* that the dentry is not connected is what this test is about */
	EXPECT_EQ(NULL, event->path);
	EXPECT_EQ(FLAG(PATH_UNREACHABLE), event->flags);
	EXPECT_EQ(NULL, event->name);
	close(fd);

	/* once somebody has walked there, the path is known */
	ASSERT_EQ(0, access(DISK "/deep/er/still/file", F_OK));
	forget(&heard);
	fd = open_by_handle_at(mount_fd, &handle.fh, O_RDONLY);
	ASSERT_LE(0, fd);
	event = heard_only(h, KIND(OPEN));
	ASSERT_NE(NULL, event);
	EXPECT_STR("/work/deep/er/still/file", event->path);
	EXPECT_EQ(0, event->flags);
	close(fd);
	close(mount_fd);
	fanotify_nl_close(h);
}

TEST(inode_of_kernfs_comes_later)
{
	struct fanotify_nl *h = listen_open();
	const struct fanotify_nl_event *event;

	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, listen_mark(h, FILESYSTEM, "/sys/fs/cgroup", KIND(CREATE)));
	ASSERT_EQ(0, mkdir("/sys/fs/cgroup/attrs-test", 0755));
	event = heard_only(h, KIND(CREATE));
	ASSERT_EQ(0, rmdir("/sys/fs/cgroup/attrs-test"));
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(event->flags & FLAG(NO_INODE));
	EXPECT_STR("attrs-test", event->name);
	EXPECT_STR("/attrs-test", event->path);
	EXPECT_EQ(0, event->object.stat.has);
	fanotify_nl_close(h);
}

/* ---- who did it ---- */

FIXTURE(actor)
{
	struct fanotify_nl *h;
};

FIXTURE_SETUP(actor)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, chmod(".", 0777));
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(CREATE)));
}

FIXTURE_TEARDOWN(actor)
{
	fanotify_nl_close(self->h);
}

/* Field 22 of /proc/self/stat, in ticks. */
static unsigned long long start_ticks(void)
{
	char text[1024], *p;
	unsigned long long ticks = 0;

	if (read_file("/proc/self/stat", text, sizeof(text)))
		return 0;
	p = strrchr(text, ')') + 2;
	for (int field = 3; field < 22; field++)
		p = strchr(p, ' ') + 1;
	sscanf(p, "%llu", &ticks);
	return ticks;
}

TEST_F(actor, is_this_process)
{
	unsigned long long tick = 1000000000ULL / sysconf(_SC_CLK_TCK);
	const struct fanotify_nl_event *event;
	char name[16];

	ASSERT_EQ(0, prctl(PR_SET_NAME, "fifteen bytes!!"));
	ASSERT_EQ(0, prctl(PR_GET_NAME, name));
	ASSERT_EQ(0, make_file("new"));
	event = heard_only(self->h, KIND(CREATE));
	ASSERT_NE(NULL, event);
	EXPECT_EQ(getpid(), event->actor.tgid);
	EXPECT_EQ(getpid(), event->actor.tid);
	EXPECT_EQ(start_ticks(), event->actor.start / tick);
	EXPECT_EQ(0, event->actor.uid);
	EXPECT_EQ(0, event->actor.gid);
	EXPECT_EQ(0, event->actor.euid);
	EXPECT_EQ(0, event->actor.egid);
	EXPECT_EQ((__u32)-1, event->actor.loginuid);
	EXPECT_STR(name, event->actor.comm);
}

static void *in_thread(void *tid)
{
	prctl(PR_SET_NAME, "thread");
	*(pid_t *)tid = syscall(SYS_gettid);
	make_file("new");
	return NULL;
}

TEST_F(actor, is_this_thread)
{
	unsigned long long tick = 1000000000ULL / sysconf(_SC_CLK_TCK);
	const struct fanotify_nl_event *event;
	pthread_t thread;
	pid_t tid;

	/* a thread that starts later than its process */
	while (clock() < CLOCKS_PER_SEC / 50)
		;
	ASSERT_EQ(0, pthread_create(&thread, NULL, in_thread, &tid));
	pthread_join(thread, NULL);
	event = heard_only(self->h, KIND(CREATE));
	ASSERT_NE(NULL, event);
	EXPECT_EQ(getpid(), event->actor.tgid);
	EXPECT_EQ(tid, event->actor.tid);
	EXPECT_NE(event->actor.tgid, event->actor.tid);
	EXPECT_EQ(start_ticks(), event->actor.start / tick);
	EXPECT_STR("thread", event->actor.comm);
}

TEST_F(actor, ids_are_real_and_effective)
{
	const struct fanotify_nl_event *event;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(write_file("/proc/self/loginuid", "1003") ||
		      setresgid(1001, 1002, 1003) || setresuid(1001, 1002, 1003) ||
		      make_file("new"));
	waitpid(pid, &status, 0);
	ASSERT_EQ(0, status);
	event = heard_only(self->h, KIND(CREATE));
	ASSERT_NE(NULL, event);
	EXPECT_EQ(pid, event->actor.tgid);
	EXPECT_EQ(1001, event->actor.uid);
	EXPECT_EQ(1001, event->actor.gid);
	EXPECT_EQ(1002, event->actor.euid);
	EXPECT_EQ(1002, event->actor.egid);
	EXPECT_EQ(1003, event->actor.loginuid);
}

TEST_F(actor, pids_are_of_the_initial_namespace)
{
	const struct fanotify_nl_event *event;
	int status;
	pid_t pid;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	pid = fork();
	if (!pid)
		_exit(getpid() != 1 || make_file("new"));
	waitpid(pid, &status, 0);
	ASSERT_EQ(0, status);
	event = heard_only(self->h, KIND(CREATE));
	ASSERT_NE(NULL, event);
	EXPECT_EQ(pid, event->actor.tgid);
}

TEST_F(actor, cgroup)
{
	const char *cgroup = "/sys/fs/cgroup/attrs-actor";
	const struct fanotify_nl_event *event;
	struct stat st;
	int status;
	pid_t pid;

	ASSERT_EQ(0, mkdir(cgroup, 0755));
	ASSERT_EQ(0, stat(cgroup, &st));
	pid = fork();
	if (!pid)
		_exit(write_file("/sys/fs/cgroup/attrs-actor/cgroup.procs", "0") ||
		      make_file("new"));
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, rmdir(cgroup));
	event = heard_only(self->h, KIND(CREATE));
	ASSERT_NE(NULL, event);
	EXPECT_EQ(st.st_ino, event->actor.cgroup);
}

/* overlayfs works on its upper layer with the credentials of who mounted it. */
TEST_F(actor, of_overlayfs)
{
	const struct fanotify_nl_event *event;
	int status;
	pid_t pid;

	ASSERT_EQ(0, system("mkdir lower upper work merged && chmod 777 upper"));
	if (mount("overlay", "merged", "overlay", 0,
		  "lowerdir=lower,upperdir=upper,workdir=work"))
		SKIP(return, "no overlayfs: %s", strerror(errno));
	take(self->h, &heard);
	forget(&heard);
	pid = fork();
	if (!pid)
		_exit(setresgid(1001, 1001, 1001) || setresuid(1001, 1001, 1001) ||
		      mkdir("merged/new", 0755));
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	take(self->h, &heard);
	event = only(&heard, KIND(MKDIR), "new");
	EXPECT_EQ(0, umount("merged"));
	ASSERT_NE(NULL, event) show(&heard);
	EXPECT_EQ(pid, event->actor.tgid);
	EXPECT_EQ(1001, event->actor.uid);
	EXPECT_EQ(0, event->actor.euid);
	EXPECT_STR("/upper/new", event->path);
}

TEST_F(actor, when)
{
	unsigned long long real = clock_ns(CLOCK_REALTIME), boot = clock_ns(CLOCK_BOOTTIME);
	char name[16];

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(0, make_file(name));
	}
	take(self->h, &heard);
	ASSERT_EQ(50, heard.count);
	for (int i = 0; i < heard.count; i++) {
		const struct fanotify_nl_event *event = &heard.event[i];

		EXPECT_EQ(i + 1, event->seq);
		EXPECT_EQ(i + 1, event->id);
		EXPECT_LE(real, event->realtime);
		EXPECT_LE(boot, event->boottime);
		real = event->realtime;
		boot = event->boottime;
	}
	EXPECT_GE(clock_ns(CLOCK_REALTIME), real);
	EXPECT_GE(clock_ns(CLOCK_BOOTTIME), boot);
}

TEST_HARNESS_MAIN
