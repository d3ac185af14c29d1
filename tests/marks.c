// SPDX-License-Identifier: GPL-2.0
/*
 * Marks: what they let through, how they change, and how they go.
 */
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <linux/stat.h>

#include "test.h"
#include "storm.h"

#define INODE		FANOTIFY_MARK_TYPE_INODE
#define MOUNT		FANOTIFY_MARK_TYPE_MOUNT
#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define GLOBAL		FANOTIFY_MARK_TYPE_GLOBAL
#define SURVIVES	FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY

static struct heard heard;

FIXTURE(marks)
{
	struct fanotify_nl *h;
};

FIXTURE_SETUP(marks)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, mkdir("dir", 0755));
	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, make_file("dir/child"));
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
}

FIXTURE_TEARDOWN(marks)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

static int touch(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return close(fd);
}

/* Events of one open of @path since the last call. */
static int opens(struct fanotify_nl *h, const char *path)
{
	forget(&heard);
	if (touch(path))
		return -1;
	take(h, &heard);
	return count(&heard, KIND(OPEN), NULL);
}

/* The same of one write to it. */
static int writes(struct fanotify_nl *h, const char *path)
{
	forget(&heard);
	if (write_file(path, "text"))
		return -1;
	take(h, &heard);
	return count(&heard, KIND(CLOSE_WRITE), NULL);
}

/* ---- what a mark says of itself ---- */

struct list {
	int count;
	struct fanotify_nl_mark_info mark[512];
};

static int list_one(const struct fanotify_nl_mark_info *info, void *arg)
{
	struct list *list = arg;

	list->mark[list->count] = *info;
	list->mark[list->count].fs_name = info->fs_name ? strdup(info->fs_name) : NULL;
	list->count++;
	return 0;
}

static struct list list;

/* Number of marks of the group, which are then in list. */
static int marks_of(struct fanotify_nl *h)
{
	int ret;

	list.count = 0;
	ret = fanotify_nl_marks(h, fanotify_nl_bound(h)->number, list_one, &list);
	return ret ? ret : list.count;
}

static __u32 group_marks(struct fanotify_nl *h)
{
	struct fanotify_nl_group_info info;

	if (fanotify_nl_group_get(h, fanotify_nl_bound(h)->number, &info))
		return -1;
	return info.marks;
}

TEST_F(marks, inode_of_a_file)
{
	struct stat st;

	ASSERT_EQ(0, listen_mark(self->h, INODE, "file", KIND(OPEN) | KIND(CLOSE_WRITE)));
	EXPECT_EQ(1, opens(self->h, "file"));
	EXPECT_EQ(1, heard.count);
	EXPECT_EQ(0, opens(self->h, "dir/child"));
	EXPECT_EQ(0, opens(self->h, "dir"));
	EXPECT_EQ(1, writes(self->h, "file"));
	EXPECT_EQ(0, heard.count - 2);

	/* the inode, by whichever name */
	ASSERT_EQ(0, link("file", "dir/other"));
	EXPECT_EQ(1, opens(self->h, "dir/other"));

	ASSERT_EQ(0, stat("file", &st));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(INODE, list.mark[0].type);
	EXPECT_EQ(st.st_ino, list.mark[0].ino);
	EXPECT_EQ(major(st.st_dev), list.mark[0].dev_major);
	EXPECT_EQ(minor(st.st_dev), list.mark[0].dev_minor);
	EXPECT_STREQ("tmpfs", list.mark[0].fs_name);
	EXPECT_EQ(KIND(OPEN) | KIND(CLOSE_WRITE), list.mark[0].mask);
	EXPECT_EQ(0, list.mark[0].ignore_mask);
	EXPECT_EQ(0, list.mark[0].flags);
	EXPECT_EQ(fanotify_nl_bound(self->h)->number, list.mark[0].group);
	EXPECT_EQ(1, group_marks(self->h));
}

TEST_F(marks, inode_of_a_directory_without_on_child)
{
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir",
				 KIND(OPEN) | KIND(CREATE) | KIND(MODIFY) | KIND(ONDIR)));
	EXPECT_EQ(0, opens(self->h, "dir/child"));
	EXPECT_EQ(1, opens(self->h, "dir"));
	ASSERT_EQ(0, write_file("dir/new", "text"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "new"));
	EXPECT_EQ(0, count(&heard, KIND(MODIFY), NULL));
	/* not what is in directories below */
	ASSERT_EQ(0, mkdir("dir/sub", 0755));
	take(self->h, &heard);
	forget(&heard);
	ASSERT_EQ(0, make_file("dir/sub/deep"));
	take(self->h, &heard);
	EXPECT_EQ(0, heard.count);
}

TEST_F(marks, on_child)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir", KIND(OPEN) | KIND(EVENT_ON_CHILD)));
	EXPECT_EQ(1, opens(self->h, "dir/child"));
	event = only(&heard, KIND(OPEN), "child");
	ASSERT_NE(NULL, event);
	EXPECT_EQ(KIND(OPEN) | KIND(EVENT_ON_CHILD), event->mask);
	EXPECT_EQ(0, opens(self->h, "file"));
	/* directories only with ondir */
	EXPECT_EQ(0, opens(self->h, "dir"));
	ASSERT_EQ(0, mkdir("dir/sub", 0755));
	EXPECT_EQ(0, opens(self->h, "dir/sub"));

	/* and the mark changes live */
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir", KIND(OPEN) | KIND(ONDIR)));
	EXPECT_EQ(1, opens(self->h, "dir/sub"));
	EXPECT_EQ(1, opens(self->h, "dir"));
	EXPECT_EQ(0, count(&heard, KIND(EVENT_ON_CHILD), NULL));
	ASSERT_EQ(0, listen_unmark(self->h, INODE, "dir", KIND(OPEN) | KIND(EVENT_ON_CHILD)));
}

TEST_F(marks, on_child_can_be_removed)
{
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir",
				 KIND(OPEN) | KIND(CREATE) | KIND(EVENT_ON_CHILD) | KIND(ONDIR)));
	EXPECT_EQ(1, opens(self->h, "dir/child"));
	ASSERT_EQ(0, listen_unmark(self->h, INODE, "dir",
				   KIND(CREATE) | KIND(EVENT_ON_CHILD)));
	EXPECT_EQ(0, opens(self->h, "dir/child"));
	EXPECT_EQ(1, opens(self->h, "dir"));
}

TEST_F(marks, mount)
{
	ASSERT_EQ(0, mkdir("other", 0755));
	ASSERT_EQ(0, mount("dir", "other", NULL, MS_BIND, NULL));
	ASSERT_EQ(0, listen_mark(self->h, MOUNT, "other", KIND(OPEN) | KIND(CLOSE_WRITE)));
	EXPECT_EQ(1, opens(self->h, "other/child"));
	EXPECT_EQ(0, opens(self->h, "dir/child"));
	EXPECT_EQ(1, writes(self->h, "other/child"));
	EXPECT_EQ(0, writes(self->h, "dir/child"));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(MOUNT, list.mark[0].type);
	EXPECT_EQ(0, list.mark[0].ino);
}

TEST_F(marks, mount_id_in_events)
{
	struct fanotify_nl_event *event = heard.event;
	struct statx stx;

	ASSERT_EQ(0, statx(AT_FDCWD, WORK, 0, STATX_MNT_ID | 0x4000U /* _UNIQUE */, &stx));
	ASSERT_EQ(0, listen_mark(self->h, MOUNT, WORK, KIND(OPEN)));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(stx.stx_mnt_id, list.mark[0].mnt_id);
	EXPECT_EQ(1, opens(self->h, "file"));
	EXPECT_TRUE(event->has & FANOTIFY_NL_HAS_MNT_ID);
	EXPECT_EQ(stx.stx_mnt_id, event->mnt_id);

	/* a filesystem mark has none */
	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, 0));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(OPEN)));
	EXPECT_EQ(1, opens(self->h, "file"));
	EXPECT_FALSE(event->has & FANOTIFY_NL_HAS_MNT_ID);
}

TEST_F(marks, filesystem)
{
	ASSERT_EQ(0, mkdir("other", 0755));
	ASSERT_EQ(0, mount("dir", "other", NULL, MS_BIND, NULL));
	ASSERT_EQ(0, mkdir("foreign", 0755));
	ASSERT_EQ(0, mount("foreign", "foreign", "tmpfs", 0, NULL));
	ASSERT_EQ(0, make_file("foreign/file"));
	/* anything on it will do */
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir/child", KIND(OPEN) | KIND(CREATE)));
	EXPECT_EQ(1, opens(self->h, "other/child"));
	EXPECT_EQ(1, opens(self->h, "file"));
	EXPECT_EQ(0, opens(self->h, "foreign/file"));
	forget(&heard);
	ASSERT_EQ(0, make_file("other/new"));
	ASSERT_EQ(0, make_file("foreign/new"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "new"));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(FILESYSTEM, list.mark[0].type);
}

TEST_F(marks, one_event_for_several_marks)
{
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir/child", KIND(OPEN)));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir", KIND(OPEN) | KIND(EVENT_ON_CHILD)));
	ASSERT_EQ(0, listen_mark(self->h, MOUNT, WORK, KIND(OPEN)));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(OPEN)));
	EXPECT_EQ(1, opens(self->h, "dir/child"));
	EXPECT_EQ(1, heard.count);
	EXPECT_EQ(4, group_marks(self->h));
}

TEST_F(marks, groups_do_not_mix)
{
	struct fanotify_nl *other = listen_open();

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, listen_mark(self->h, INODE, "file", KIND(OPEN)));
	ASSERT_EQ(0, listen_mark(other, INODE, "file", KIND(CLOSE_WRITE)));
	EXPECT_EQ(1, opens(self->h, "file"));
	EXPECT_EQ(0, opens(other, "file"));
	take(self->h, &heard);
	EXPECT_EQ(1, writes(other, "file"));
	EXPECT_EQ(0, count(&heard, KIND(OPEN), NULL));
	/* the end of one group leaves the other's mark on the object in force */
	fanotify_nl_close(other);
	take(self->h, &heard);
	EXPECT_EQ(1, opens(self->h, "file"));
}

/* ---- change ---- */

TEST_F(marks, add_extends)
{
	struct fanotify_nl_mark_result first, second;
	struct fanotify_nl_mark mark = { .type = INODE, .path = "file", .mask = KIND(OPEN) };

	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, &first));
	EXPECT_EQ(0, writes(self->h, "file"));
	mark.mask = KIND(CLOSE_WRITE);
	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, &second));
	EXPECT_EQ(first.id, second.id);
	EXPECT_EQ(1, writes(self->h, "file"));
	EXPECT_EQ(1, opens(self->h, "file"));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(KIND(OPEN) | KIND(CLOSE_WRITE), list.mark[0].mask);
	EXPECT_EQ(first.id, list.mark[0].id);
}

TEST_F(marks, remove_takes_bits_out)
{
	ASSERT_EQ(0, listen_mark(self->h, INODE, "file", KIND(OPEN) | KIND(CLOSE_WRITE)));
	ASSERT_EQ(0, listen_unmark(self->h, INODE, "file", KIND(OPEN) | KIND(ACCESS)));
	EXPECT_EQ(0, opens(self->h, "file"));
	EXPECT_EQ(1, writes(self->h, "file"));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(KIND(CLOSE_WRITE), list.mark[0].mask);
}

TEST_F(marks, remove_all_is_the_end_of_the_mark)
{
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir",
				 KIND(OPEN) | KIND(CREATE) | KIND(EVENT_ON_CHILD) | KIND(ONDIR)));
	ASSERT_EQ(0, listen_unmark(self->h, INODE, "dir", KIND(OPEN) | KIND(CREATE)));
	EXPECT_EQ(0, marks_of(self->h));
	EXPECT_EQ(0, group_marks(self->h));
	EXPECT_EQ(0, opens(self->h, "dir/child"));
	EXPECT_EQ(-ENOENT, listen_unmark(self->h, INODE, "dir", KIND(OPEN)));
	EXPECT_STRNE("", fanotify_nl_error(self->h));
}

TEST_F(marks, remove_knows_the_type)
{
	ASSERT_EQ(0, listen_mark(self->h, INODE, WORK, KIND(OPEN)));
	EXPECT_EQ(-ENOENT, listen_unmark(self->h, MOUNT, WORK, KIND(OPEN)));
	EXPECT_EQ(-ENOENT, listen_unmark(self->h, FILESYSTEM, WORK, KIND(OPEN)));
	EXPECT_EQ(-ENOENT, listen_unmark(self->h, INODE, "file", KIND(OPEN)));
	EXPECT_EQ(1, marks_of(self->h));
}

TEST_F(marks, refinements_add_up)
{
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir", KIND(MKDIR)));
	ASSERT_EQ(0, make_file("dir/a"));
	take(self->h, &heard);
	EXPECT_EQ(0, heard.count);
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir", KIND(CREATE_FILE)));
	ASSERT_EQ(0, make_file("dir/b"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE_FILE), "b"));
	ASSERT_EQ(0, listen_unmark(self->h, INODE, "dir", KIND(CREATE_FILE)));
	forget(&heard);
	ASSERT_EQ(0, make_file("dir/c"));
	ASSERT_EQ(0, mkdir("dir/d", 0755));
	take(self->h, &heard);
	EXPECT_EQ(1, heard.count);
	EXPECT_EQ(1, count(&heard, KIND(MKDIR), "d"));
}

TEST_F(marks, flush)
{
	EXPECT_EQ(0, fanotify_nl_mark_flush(self->h, 0));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "file", KIND(OPEN)));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir", KIND(OPEN)));
	ASSERT_EQ(0, listen_mark(self->h, MOUNT, WORK, KIND(OPEN)));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(OPEN)));
	ASSERT_EQ(4, marks_of(self->h));

	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, INODE));
	ASSERT_EQ(2, marks_of(self->h));
	EXPECT_NE(INODE, list.mark[0].type);
	EXPECT_NE(INODE, list.mark[1].type);
	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, FILESYSTEM));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(MOUNT, list.mark[0].type);
	EXPECT_EQ(1, opens(self->h, "file"));
	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, MOUNT));
	EXPECT_EQ(0, marks_of(self->h));
	EXPECT_EQ(0, opens(self->h, "file"));

	ASSERT_EQ(0, listen_mark(self->h, INODE, "file", KIND(OPEN)));
	ASSERT_EQ(0, listen_mark(self->h, MOUNT, WORK, KIND(OPEN)));
	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, 0));
	EXPECT_EQ(0, marks_of(self->h));
	EXPECT_EQ(0, opens(self->h, "file"));
}

TEST_F(marks, list_of_many)
{
	enum { MARKS = 300 };
	char name[16];
	struct nl nl;

	for (int i = 0; i < MARKS; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(0, make_file(name));
		ASSERT_EQ(0, listen_mark(self->h, INODE, name, KIND(OPEN)));
	}
	ASSERT_EQ(MARKS, marks_of(self->h));
	for (int i = 0; i < MARKS; i++)
		for (int k = 0; k < i; k++) {
			ASSERT_NE(list.mark[i].id, list.mark[k].id);
			ASSERT_NE(list.mark[i].ino, list.mark[k].ino);
		}
	EXPECT_EQ(MARKS, group_marks(self->h));

	/* of one group, or of all */
	{
		struct fanotify_nl *other = listen_open();

		ASSERT_EQ(0, listen_mark(other, INODE, "file", KIND(OPEN)));
		EXPECT_EQ(1, marks_of(other));
		EXPECT_EQ(MARKS, marks_of(self->h));
		list.count = 0;
		ASSERT_EQ(0, fanotify_nl_marks(self->h, 0, list_one, &list));
		EXPECT_EQ(MARKS + 1, list.count);
		fanotify_nl_close(other);
	}
	/* of a group that does not exist, nothing can be said */
	ASSERT_EQ(0, nl_open(&nl));
	nl_begin(&nl, FANOTIFY_CMD_MARK_GET, 0);
	nl_put_u32(&nl, FANOTIFY_A_MARK_GROUP, 987654);
	EXPECT_EQ(-ENOENT, nl_dump(&nl, NULL, NULL));
	EXPECT_STRNE("", nl.text);
	EXPECT_EQ(0, nl.replies);
}

TEST_F(marks, excl)
{
	struct fanotify_nl_mark mark = {
		.type = INODE, .path = "file", .mask = KIND(OPEN),
		.options = FANOTIFY_NL_MARK_EXCL,
	};

	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, NULL)) {
		TH_LOG("%s", fanotify_nl_error(self->h));
	}
	mark.mask = KIND(ACCESS);
	EXPECT_EQ(-EEXIST, fanotify_nl_mark_add(self->h, &mark, NULL));
	EXPECT_STRNE("", fanotify_nl_error(self->h));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(KIND(OPEN), list.mark[0].mask);
}

TEST_F(marks, nofollow)
{
	struct fanotify_nl_mark mark = {
		.type = INODE, .path = "link", .mask = KIND(ATTRIB),
		.options = FANOTIFY_NL_MARK_NOFOLLOW,
	};
	struct stat st;

	ASSERT_EQ(0, symlink("file", "link"));
	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, NULL));
	ASSERT_EQ(0, lstat("link", &st));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(st.st_ino, list.mark[0].ino);
}

/* ---- directories ---- */

FIXTURE(ondir)
{
	struct fanotify_nl *h;
};

FIXTURE_SETUP(ondir)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, mkdir("dir", 0755));
	ASSERT_EQ(0, mkdir("dir/sub", 0755));
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
}

FIXTURE_TEARDOWN(ondir)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

FIXTURE_VARIANT(ondir)
{
	__u32 type;
	const char *path;
	__u64 ondir;
};

FIXTURE_VARIANT_ADD(ondir, filesystem_without)
{
	FILESYSTEM, WORK, 0
};

FIXTURE_VARIANT_ADD(ondir, filesystem_with)
{
	FILESYSTEM, WORK, KIND(ONDIR)
};

FIXTURE_VARIANT_ADD(ondir, inode_without)
{
	INODE, WORK "/dir", KIND(EVENT_ON_CHILD)
};

FIXTURE_VARIANT_ADD(ondir, inode_with)
{
	INODE, WORK "/dir", KIND(EVENT_ON_CHILD) | KIND(ONDIR)
};

TEST_F(ondir, is_for_all_but_directory_entries)
{
	int expected = !!(variant->ondir & KIND(ONDIR));

	ASSERT_EQ(0, listen_mark(self->h, variant->type, variant->path,
				 KIND(CREATE) | KIND(DELETE) | KIND(RENAME) | KIND(MOVED_FROM) |
				 KIND(MOVED_TO) | KIND(OPEN) | KIND(CLOSE_NOWRITE) | KIND(ATTRIB) |
				 variant->ondir));
	ASSERT_EQ(0, mkdir("dir/new", 0755));
	ASSERT_EQ(0, rename("dir/new", "dir/newer"));
	ASSERT_EQ(0, rmdir("dir/newer"));
	ASSERT_EQ(0, touch("dir/sub"));
	ASSERT_EQ(0, chmod("dir/sub", 0700));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE) | KIND(MKDIR) | KIND(ONDIR), "new"));
	EXPECT_EQ(1, count(&heard, KIND(RENAME) | KIND(ONDIR), "new"));
	EXPECT_EQ(1, count(&heard, KIND(MOVED_FROM) | KIND(ONDIR), "new"));
	EXPECT_EQ(1, count(&heard, KIND(MOVED_TO) | KIND(ONDIR), "newer"));
	EXPECT_EQ(1, count(&heard, KIND(DELETE) | KIND(RMDIR) | KIND(ONDIR), "newer"));
	EXPECT_EQ(expected, count(&heard, KIND(OPEN) | KIND(ONDIR), "sub"));
	EXPECT_EQ(expected, count(&heard, KIND(CLOSE_NOWRITE) | KIND(ONDIR), "sub"));
	EXPECT_EQ(expected, count(&heard, KIND(ATTRIB) | KIND(ONDIR), "sub"));
}

/* ---- what is ignored ---- */

TEST_F(marks, ignore_an_inode_of_a_filesystem)
{
	__u64 mask = KIND(OPEN) | KIND(CLOSE_WRITE) | KIND(MODIFY);

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, mask));
	ASSERT_EQ(0, listen_ignore(self->h, INODE, "file", mask, SURVIVES));
	EXPECT_EQ(0, opens(self->h, "file"));
	EXPECT_EQ(0, writes(self->h, "file"));
	EXPECT_EQ(0, heard.count);
	EXPECT_EQ(0, opens(self->h, "file"));
	EXPECT_EQ(1, opens(self->h, "dir/child"));
	/* only what the ignore mask has */
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(ATTRIB)));
	ASSERT_EQ(0, chmod("file", 0600));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(ATTRIB), "file"));

	ASSERT_EQ(2, marks_of(self->h));
	EXPECT_EQ(0, list.mark[1].mask);
	EXPECT_EQ(mask, list.mark[1].ignore_mask);
	EXPECT_EQ(SURVIVES, list.mark[1].flags);

	{
		struct fanotify_nl_mark mark = {
			.type = INODE, .path = "file", .ignore_mask = KIND(OPEN),
		};

		ASSERT_EQ(0, fanotify_nl_mark_remove(self->h, &mark));
		EXPECT_EQ(1, opens(self->h, "file"));
		EXPECT_EQ(0, writes(self->h, "file"));
		mark.ignore_mask = KIND(CLOSE_WRITE) | KIND(MODIFY);
		ASSERT_EQ(0, fanotify_nl_mark_remove(self->h, &mark));
		EXPECT_EQ(1, marks_of(self->h));
		EXPECT_EQ(1, writes(self->h, "file"));
	}
}

TEST_F(marks, ignore_until_modified)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(OPEN) | KIND(MODIFY)));
	ASSERT_EQ(0, listen_ignore(self->h, INODE, "file", KIND(OPEN) | KIND(MODIFY), 0));
	EXPECT_EQ(0, opens(self->h, "file"));
	EXPECT_EQ(0, opens(self->h, "file"));
	ASSERT_EQ(0, truncate("file", 10));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(MODIFY), "file"));
	EXPECT_EQ(1, opens(self->h, "file"));
}

TEST_F(marks, ignore_until_modified_is_for_files_that_nobody_writes)
{
	int fd = open("file", O_WRONLY);

	EXPECT_EQ(-EBUSY, listen_ignore(self->h, INODE, "file", KIND(OPEN), 0));
	EXPECT_STRNE("", fanotify_nl_error(self->h));
	EXPECT_EQ(0, listen_ignore(self->h, INODE, "dir/child", KIND(OPEN), 0));
	close(fd);
	EXPECT_EQ(0, listen_ignore(self->h, INODE, "file", KIND(OPEN), 0));
	EXPECT_EQ(-EINVAL, listen_ignore(self->h, INODE, "dir", KIND(OPEN), 0));
	EXPECT_EQ(-EINVAL, listen_ignore(self->h, MOUNT, WORK, KIND(OPEN), 0));
	EXPECT_EQ(-EINVAL, listen_ignore(self->h, FILESYSTEM, WORK, KIND(OPEN), 0));
	EXPECT_EQ(2, marks_of(self->h));
	/* the flag cannot change while something is ignored */
	EXPECT_EQ(-EEXIST, listen_ignore(self->h, INODE, "file", KIND(ACCESS), SURVIVES));
}

TEST_F(marks, ignore_a_directory_and_its_children)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(OPEN) | KIND(CREATE) |
				 KIND(ONDIR)));
	ASSERT_EQ(0, listen_ignore(self->h, INODE, "dir", KIND(OPEN) | KIND(EVENT_ON_CHILD),
				   SURVIVES));
	EXPECT_EQ(0, opens(self->h, "dir/child"));
	EXPECT_EQ(1, opens(self->h, "dir"));	/* without ondir */
	EXPECT_EQ(1, opens(self->h, "file"));
	ASSERT_EQ(0, make_file("dir/new"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "new"));
	EXPECT_EQ(0, count(&heard, KIND(OPEN), "new"));
}

TEST_F(marks, ignore_entries_of_a_directory)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(CREATE) | KIND(DELETE)));
	ASSERT_EQ(0, listen_ignore(self->h, INODE, "dir", KIND(CREATE), SURVIVES));
	ASSERT_EQ(0, make_file("dir/new"));
	ASSERT_EQ(0, make_file("new"));
	ASSERT_EQ(0, unlink("dir/new"));
	take(self->h, &heard);
	EXPECT_EQ(2, heard.count);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "new"));
	EXPECT_EQ(1, count(&heard, KIND(DELETE), "new"));
	/* refinements cannot be ignored alone */
	EXPECT_EQ(-EINVAL, listen_ignore(self->h, INODE, "dir", KIND(MKDIR), SURVIVES));
}

TEST_F(marks, ignore_a_mount_of_a_filesystem)
{
	ASSERT_EQ(0, mkdir("other", 0755));
	ASSERT_EQ(0, mount("dir", "other", NULL, MS_BIND, NULL));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(OPEN)));
	ASSERT_EQ(0, listen_ignore(self->h, MOUNT, "other", KIND(OPEN), SURVIVES));
	EXPECT_EQ(0, opens(self->h, "other/child"));
	EXPECT_EQ(1, opens(self->h, "dir/child"));
}

/* ---- the end of a mark ---- */

static void drop_caches(void)
{
	sync();
	write_file("/proc/sys/vm/drop_caches", "3");
}

FIXTURE(disk)
{
	struct fanotify_nl *h;
};

FIXTURE_SETUP(disk)
{
	ASSERT_EQ(0, work_on_disk());
	ASSERT_EQ(0, make_file("file"));
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
}

FIXTURE_TEARDOWN(disk)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

TEST_F(disk, evictable_mark_goes_with_the_inode)
{
	struct fanotify_nl_mark mark = {
		.type = INODE, .path = "file", .mask = KIND(OPEN),
		.flags = FANOTIFY_MARK_FLAG_EVICTABLE,
	};

	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, NULL));
	EXPECT_EQ(1, opens(self->h, "file"));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(FANOTIFY_MARK_FLAG_EVICTABLE, list.mark[0].flags);
	for (int i = 0; i < 100 && marks_of(self->h); i++)
		drop_caches();
	EXPECT_EQ(0, marks_of(self->h));
	EXPECT_EQ(0, opens(self->h, "file"));
}

TEST_F(disk, other_mark_keeps_the_inode)
{
	struct fanotify_nl_mark mark = {
		.type = INODE, .path = "file", .mask = KIND(OPEN),
		.flags = FANOTIFY_MARK_FLAG_EVICTABLE,
	};

	ASSERT_EQ(0, listen_mark(self->h, INODE, "file", KIND(OPEN)));
	for (int i = 0; i < 3; i++)
		drop_caches();
	EXPECT_EQ(1, marks_of(self->h));
	EXPECT_EQ(1, opens(self->h, "file"));
	/* and does not become evictable */
	EXPECT_EQ(-EEXIST, fanotify_nl_mark_add(self->h, &mark, NULL));
}

TEST_F(marks, marks_max)
{
	ASSERT_EQ(0, set_parameter("marks_max", "2"));
	EXPECT_EQ(0, listen_mark(self->h, INODE, "file", KIND(OPEN)));
	EXPECT_EQ(0, listen_mark(self->h, INODE, "dir", KIND(OPEN)));
	EXPECT_EQ(-ENOSPC, listen_mark(self->h, INODE, "dir/child", KIND(OPEN)));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "marks_max"));
	EXPECT_EQ(0, opens(self->h, "dir/child"));
	/* extending makes no mark; removing makes room */
	EXPECT_EQ(0, listen_mark(self->h, INODE, "dir", KIND(CREATE)));
	EXPECT_EQ(0, listen_unmark(self->h, INODE, "file", KIND(OPEN)));
	EXPECT_EQ(0, listen_mark(self->h, INODE, "dir/child", KIND(OPEN)));
	EXPECT_EQ(0, set_parameter("marks_max", "1048576"));
}

TEST_F(marks, a_dead_inode_takes_its_mark_along)
{
	int fd;

	ASSERT_EQ(0, listen_mark(self->h, INODE, "file", KIND(DELETE_SELF)));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "dir", KIND(DELETE_SELF) | KIND(ONDIR)));
	ASSERT_EQ(0, unlink("dir/child"));
	fd = open("file", O_RDONLY);
	ASSERT_EQ(0, unlink("file"));
	take(self->h, &heard);
	EXPECT_EQ(0, heard.count);
	EXPECT_EQ(2, marks_of(self->h));
	close(fd);
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(DELETE_SELF), NULL));
	EXPECT_EQ(1, marks_of(self->h));
	ASSERT_EQ(0, rmdir("dir"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(DELETE_SELF) | KIND(ONDIR), NULL));
	EXPECT_EQ(0, marks_of(self->h));
	EXPECT_EQ(0, group_marks(self->h));
}

TEST_F(marks, no_mark_keeps_a_filesystem_mounted)
{
	ASSERT_EQ(0, mkdir("mnt", 0755));
	ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, make_file("mnt/file"));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "mnt/file", KIND(OPEN)));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "mnt", KIND(CREATE) | KIND(EVENT_ON_CHILD)));
	ASSERT_EQ(0, listen_mark(self->h, MOUNT, "mnt", KIND(OPEN) | KIND(UNMOUNT)));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "mnt", KIND(OPEN) | KIND(UNMOUNT)));
	ASSERT_EQ(4, marks_of(self->h));
	EXPECT_EQ(1, opens(self->h, "mnt/file"));
	take(self->h, &heard);
	forget(&heard);

	ASSERT_EQ(0, umount("mnt"));
	take(self->h, &heard);
	EXPECT_EQ(0, marks_of(self->h));
	EXPECT_EQ(0, group_marks(self->h));
	EXPECT_EQ(2, count(&heard, KIND(UNMOUNT), NULL));
	EXPECT_EQ(2, heard.count);
	EXPECT_STREQ("tmpfs", heard.event[0].fs_name);
	EXPECT_STREQ("tmpfs", heard.event[1].fs_name);
}

TEST_F(marks, unmount_says_which)
{
	const struct fanotify_nl_event *event;
	struct stat st;

	ASSERT_EQ(0, mkdir("mnt", 0755));
	ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, stat("mnt", &st));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "mnt", KIND(UNMOUNT)));
	ASSERT_EQ(0, umount("mnt"));
	take(self->h, &heard);
	event = only(&heard, KIND(UNMOUNT), NULL);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(major(st.st_dev), event->dev_major);
	EXPECT_EQ(minor(st.st_dev), event->dev_minor);

	/* not of a mark that was removed, nor of one that did not ask */
	forget(&heard);
	ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "mnt", KIND(UNMOUNT)));
	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, 0));
	ASSERT_EQ(0, listen_mark(self->h, MOUNT, "mnt", KIND(OPEN)));
	ASSERT_EQ(0, umount("mnt"));
	take(self->h, &heard);
	EXPECT_EQ(0, heard.count);
}

TEST_F(marks, a_mount_mark_goes_with_its_mount_alone)
{
	ASSERT_EQ(0, mkdir("other", 0755));
	ASSERT_EQ(0, mount("dir", "other", NULL, MS_BIND, NULL));
	ASSERT_EQ(0, listen_mark(self->h, MOUNT, "other", KIND(UNMOUNT) | KIND(OPEN)));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "other", KIND(UNMOUNT) | KIND(OPEN)));
	ASSERT_EQ(0, umount("other"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(UNMOUNT), NULL));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(FILESYSTEM, list.mark[0].type);
}

TEST_F(marks, inode_mark_tells_of_unmount)
{
	ASSERT_EQ(0, mkdir("mnt", 0755));
	ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, make_file("mnt/file"));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "mnt/file", KIND(UNMOUNT)));
	ASSERT_EQ(0, umount("mnt"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(UNMOUNT), NULL));
	EXPECT_EQ(0, marks_of(self->h));
}

/* ---- a write that ends an ignore mask while a command changes the mark ---- */

static void *change_mask(void *arg)
{
	for (int i = 0; i < 10; i++) {
		listen_mark(arg, INODE, "file", KIND(CLOSE_WRITE));
		listen_unmark(arg, INODE, "file", KIND(CLOSE_WRITE));
	}
	return NULL;
}

static bool write_byte(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "x", 1) == 1;

	return !close(fd) && done;
}

TEST_F_TIMEOUT(marks, an_ended_ignore_mask_stays_ended, 120)
{
	ASSERT_EQ(0, listen_mark(self->h, INODE, "file", KIND(ATTRIB)));
	for (int i = 0; i < 500; i++) {
		pthread_t thread;

		ASSERT_EQ(0, listen_ignore(self->h, INODE, "file", KIND(OPEN), 0));
		ASSERT_EQ(1, marks_of(self->h));
		ASSERT_EQ(KIND(OPEN), list.mark[0].ignore_mask);
		ASSERT_EQ(0, pthread_create(&thread, NULL, change_mask, self->h));
		usleep(i % 20 * 50);
		ASSERT_TRUE(write_byte("file"));
		ASSERT_EQ(0, pthread_join(thread, NULL));
		ASSERT_EQ(1, marks_of(self->h));
		ASSERT_EQ(0, list.mark[0].ignore_mask) TH_LOG("in round %d", i);
	}
}

/* ---- everything ---- */

static bool has_word(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

TEST_F(marks, global)
{
	struct fanotify_nl_mark mark = {
		.type = GLOBAL,
		.mask = KIND(CREATE) | KIND(COVERED) | KIND(UNMOUNT),
	};
	struct fanotify_nl_mark_result result;
	const struct fanotify_nl_event *event;
	struct stat st;

	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, &result)) {
		TH_LOG("%s", fanotify_nl_error(self->h));
	}
	EXPECT_LE(3, result.covered);
	EXPECT_TRUE(has_word(result.skipped, "proc"));
	EXPECT_FALSE(has_word(result.skipped, "tmpfs"));
	EXPECT_FALSE(has_word(result.skipped, "ext4"));
	/* what is mounted now */
	take(self->h, &heard);
	EXPECT_EQ(result.covered, count(&heard, KIND(COVERED), NULL));
	forget(&heard);
	ASSERT_EQ(0, make_file("new"));
	ASSERT_EQ(0, make_file("/mnt/disk/global"));
	ASSERT_EQ(0, unlink("/mnt/disk/global"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "new"));
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "global"));

	/* what is mounted later */
	forget(&heard);
	ASSERT_EQ(0, mkdir("mnt", 0755));
	ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	ASSERT_TRUE(take_until(self->h, &heard, KIND(COVERED)));
	event = only(&heard, KIND(COVERED), NULL);
	ASSERT_NE(NULL, event);
	ASSERT_EQ(0, stat("mnt", &st));
	EXPECT_EQ(major(st.st_dev), event->dev_major);
	EXPECT_EQ(minor(st.st_dev), event->dev_minor);
	EXPECT_STREQ("tmpfs", event->fs_name);
	ASSERT_EQ(0, make_file("mnt/later"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "later"));
	ASSERT_EQ(0, umount("mnt"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(UNMOUNT), NULL));

	/* no more of it */
	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, GLOBAL));
	EXPECT_EQ(0, marks_of(self->h));
	forget(&heard);
	ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, make_file("mnt/last"));
	ASSERT_EQ(0, make_file("last"));
	take(self->h, &heard);
	EXPECT_EQ(0, heard.count);
}

/* Its superblock is of a type that is not registered. */
TEST_F(marks, global_has_devtmpfs)
{
	struct fanotify_nl_mark mark = { .type = GLOBAL, .mask = KIND(CREATE) };

	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, NULL));
	ASSERT_EQ(0, make_file("/dev/fanotify-nl-test"));
	ASSERT_EQ(0, unlink("/dev/fanotify-nl-test"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "fanotify-nl-test"));
}

/* The VM's is below its root: let it be the root, with what the library needs. */
static int enter_initramfs(void)
{
	int ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	if (ns < 0 || umount2("/", MNT_DETACH) || setns(ns, CLONE_NEWNS))
		return -errno;
	close(ns);
	if (mkdir("/proc", 0755) && errno != EEXIST)
		return -errno;
	return mount("proc", "/proc", "proc", 0, NULL) ? -errno : 0;
}

TEST_F(marks, global_has_the_initramfs_that_is_the_root)
{
	struct fanotify_nl_mark mark = { .type = GLOBAL, .mask = KIND(CREATE) | KIND(COVERED) };

	ASSERT_EQ(0, enter_initramfs());
	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, NULL));
	ASSERT_EQ(0, make_file("/fanotify-nl-test"));
	ASSERT_EQ(0, unlink("/fanotify-nl-test"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "fanotify-nl-test"));
	EXPECT_STREQ("rootfs", heard.event[0].fs_name);
}

/* More than the kernel has places for. */
#define HELD_UP	70

struct held_up {
	int fuse;
	pid_t pid[1 + HELD_UP];
};

/* FUSE without a daemon: who creates something there has the directory locked. */
static int hold_up(struct held_up *held)
{
	char options[64];

	held->fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0",
		 held->fuse);
	return mkdir("held", 0755) || mount("held", "held", "fuse", 0, options) ? -errno : 0;
}

/* The first one creates, all others mount. */
static pid_t held_up(const struct held_up *held, int i)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* so that the parent has the last one */
	close(held->fuse);
	if (!i)
		_exit(mknod("held/file", S_IFREG | 0600, 0) == 0);
	_exit(mount("held", "held", "tmpfs", 0, NULL) ? errno : 0);
}

static char state_of(pid_t pid)
{
	char path[64], text[512], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, text, sizeof(text)))
		return 0;
	p = strrchr(text, ')');
	return p ? p[2] : 0;
}

static bool hangs(void *arg)
{
	return state_of(*(pid_t *)arg) == 'D';
}

static bool hangs_or_has_ended(void *arg)
{
	return hangs(arg) || state_of(*(pid_t *)arg) == 'Z';
}

static bool is_covered(dev_t dev)
{
	for (int i = 0; i < heard.count; i++)
		if ((heard.event[i].mask & KIND(COVERED)) &&
		    heard.event[i].dev_major == major(dev) && heard.event[i].dev_minor == minor(dev))
			return true;
	return false;
}

/* Others cannot keep a filesystem out by mounting where they cannot get on. */
TEST_F_TIMEOUT(marks, global_while_mounts_are_held_up, 60)
{
	struct fanotify_nl_mark mark = { .type = GLOBAL, .mask = KIND(COVERED) };
	struct held_up held;
	struct stat st;
	int status;

	ASSERT_EQ(0, hold_up(&held));
	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, NULL));
	take(self->h, &heard);
	forget(&heard);
	for (int i = 0; i <= HELD_UP; i++) {
		held.pid[i] = held_up(&held, i);
		ASSERT_LT(0, held.pid[i]);
		ASSERT_TRUE(wait_until(hangs, &held.pid[i], 10000));
	}
	ASSERT_EQ(0, mkdir("mnt", 0755));
	ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, stat("mnt", &st));
	take(self->h, &heard);
	EXPECT_TRUE(is_covered(st.st_dev));

	/* and they are covered themselves once they get on */
	close(held.fuse);
	for (int i = 0; i <= HELD_UP; i++) {
		ASSERT_EQ(held.pid[i], waitpid(held.pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	take(self->h, &heard);
	EXPECT_EQ(1 + HELD_UP, count(&heard, KIND(COVERED), NULL));
	EXPECT_EQ(0, count(&heard, KIND(GAP), NULL));
}

struct member {
	struct nl nl;
	__u32 number;
	__u64 token;
};

/* What the global mark covers more, of these types of filesystem alone; or -errno. */
static int global_of(const struct member *m, __u64 mask, const char *type, const char *other)
{
	struct nl nl;
	int ret;

	ret = nl_open(&nl);
	if (ret)
		return ret;
	nl_begin(&nl, FANOTIFY_CMD_MARK_ADD, 0);
	nl_put_u32(&nl, FANOTIFY_A_MARK_GROUP, m->number);
	nl_put_u64(&nl, FANOTIFY_A_MARK_TOKEN, m->token);
	nl_put_u32(&nl, FANOTIFY_A_MARK_TYPE, GLOBAL);
	nl_put_u64(&nl, FANOTIFY_A_MARK_MASK, mask);
	nl_put_string(&nl, FANOTIFY_A_MARK_FSTYPE, type);
	if (other)
		nl_put_string(&nl, FANOTIFY_A_MARK_FSTYPE, other);
	ret = nl_call(&nl);
	if (!ret)
		ret = nl_uint(nl_attr(nl.reply, FANOTIFY_A_MARK_COVERED));
	nl_close(&nl);
	return ret;
}

static pid_t global_by_another(const struct member *m, __u64 mask, const char *type,
			       const char *other)
{
	pid_t pid = fork();
	int ret;

	if (pid)
		return pid;
	ret = global_of(m, mask, type, other);
	_exit(ret < 0 ? -ret : 0);
}

/*
 * Who asks for a type that the kernel does not know waits for modprobe: it does when
 * this returns a descriptor, and goes on when a line is written to that.
 */
#define MODPROBE	"/proc/sys/kernel/modprobe"
#define STAND_IN	"/run/fanotify-nl-modprobe"
#define FIFO		"/run/fanotify-nl-fifo"

static int wait_for_modprobe(const char *usual)
{
	int fd = open(FIFO, O_WRONLY | O_CLOEXEC);

	return write_file(MODPROBE, usual) ?: fd;
}

static int stand_in_for_modprobe(char *usual, size_t size)
{
	return read_file(MODPROBE, usual, size) ?:
	       write_file(STAND_IN, "#!/bin/sh\nread line <" FIFO "\nexit 1\n") ?:
	       chmod(STAND_IN, 0755) ?: mkfifo(FIFO, 0600) ?: write_file(MODPROBE, STAND_IN);
}

/* What another one was told that it has is not taken back. */
TEST_F_TIMEOUT(marks, global_that_fails_leaves_what_another_has, 60)
{
	char usual[256], text[16];
	int ext4, status, held;
	struct member m;
	pid_t one, other;

	ASSERT_EQ(0, nl_open(&m.nl));
	ASSERT_EQ(0, nl_bind(&m.nl, &m.number, &m.token));
	ext4 = global_of(&m, KIND(CREATE), "ext4", NULL);
	ASSERT_LT(0, ext4);
	nl_begin(&m.nl, FANOTIFY_CMD_MARK_FLUSH, 0);
	nl_put_u32(&m.nl, FANOTIFY_A_MARK_GROUP, m.number);
	nl_put_u64(&m.nl, FANOTIFY_A_MARK_TOKEN, m.token);
	ASSERT_EQ(0, nl_call(&m.nl));
	/* no room for those of tmpfs */
	ASSERT_EQ(0, mkdir("mnt", 0755));
	for (int i = 0; i < ext4; i++)
		ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	snprintf(text, sizeof(text), "%d", ext4);
	ASSERT_EQ(0, set_parameter("marks_max", text));

	ASSERT_EQ(0, stand_in_for_modprobe(usual, sizeof(usual)));
	one = global_by_another(&m, KIND(CREATE), "fanotify-nl-test", "tmpfs");
	held = wait_for_modprobe(usual);
	EXPECT_LE(0, held);
	other = global_by_another(&m, KIND(CREATE), "ext4", NULL);
	EXPECT_TRUE(wait_until(hangs_or_has_ended, &other, 10000));
	EXPECT_EQ(1, write(held, "\n", 1));
	close(held);
	EXPECT_EQ(one, waitpid(one, &status, 0));
	EXPECT_EQ(ENOSPC, WEXITSTATUS(status));
	EXPECT_EQ(other, waitpid(other, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, set_parameter("marks_max", "1048576"));
	unlink(FIFO);
	unlink(STAND_IN);

	list.count = 0;
	ASSERT_EQ(0, fanotify_nl_marks(self->h, m.number, list_one, &list));
	EXPECT_EQ(ext4, list.count);
	nl_close(&m.nl);
}

/* What is mounted later would not be seen. (Linux 7 lets nobody do it.) */
TEST_F(marks, ftrace_cannot_be_switched_off)
{
	EXPECT_NE(0, write_file("/proc/sys/kernel/ftrace_enabled", "0"));
}

TEST_F(marks, global_leaves_a_filesystem_mark_alone)
{
	struct fanotify_nl_mark mark = { .type = GLOBAL, .mask = KIND(CREATE) };

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(OPEN)));
	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, NULL));
	EXPECT_EQ(1, opens(self->h, "file"));
	ASSERT_EQ(0, make_file("new"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "new"));
	ASSERT_EQ(0, fanotify_nl_mark_remove(self->h, &mark));
	EXPECT_EQ(1, opens(self->h, "file"));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(KIND(OPEN), list.mark[0].mask);
	forget(&heard);
	ASSERT_EQ(0, make_file("newer"));
	take(self->h, &heard);
	EXPECT_EQ(0, count(&heard, KIND(CREATE), NULL));
}

#define FSTYPES	"/proc/filesystems"

/*
 * Who reads FSTYPES first gets it without tmpfs, as if that were not registered yet; who
 * reads it next gets it as it is.
 */
static pid_t hide_tmpfs_once(void)
{
	char types[4096], *tmpfs, *rest;
	pid_t pid;

	if (read_file(FSTYPES, types, sizeof(types)))
		return -1;
	tmpfs = strstr(types, "nodev\ttmpfs\n");
	if (!tmpfs || mkfifo("fifo", 0600) || mount("fifo", FSTYPES, NULL, MS_BIND, NULL))
		return -1;
	rest = strchr(tmpfs, '\n') + 1;
	memmove(tmpfs, rest, strlen(rest) + 1);
	pid = fork();
	if (!pid) {
		int fd = open("fifo", O_WRONLY | O_CLOEXEC);

		_exit(fd < 0 || umount2(FSTYPES, MNT_DETACH) || write(fd, types, strlen(types)) < 0);
	}
	return pid;
}

TEST_F(marks, global_covers_a_type_that_comes_meanwhile)
{
	struct fanotify_nl_mark mark = { .type = GLOBAL, .mask = KIND(CREATE) };
	struct fanotify_nl_mark_result result;
	pid_t pid = hide_tmpfs_once();
	int status;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, &result));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_LE(3, result.covered);
	EXPECT_TRUE(has_word(result.skipped, "proc"));
	ASSERT_EQ(0, make_file("new"));
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "new"));
}

/* ---- several requests in one message ---- */

#define BATCH_MAX	8

/* What goes off at once, and what comes back. */
struct batch {
	struct nl nl;
	__u32 group;
	__u64 token;
	char requests[4096];
	size_t len;
	int count;
	int answers;
	__u32 seq[BATCH_MAX];
	__u32 seq_answered[BATCH_MAX];
	int error[BATCH_MAX];
};

static void batch_begin(struct batch *b, int cmd, __u32 type, __u64 mask)
{
	nl_begin(&b->nl, cmd, 0);
	nl_put_u32(&b->nl, FANOTIFY_A_MARK_GROUP, b->group);
	if (cmd == FANOTIFY_CMD_MARK_GET)
		return;
	nl_put_u64(&b->nl, FANOTIFY_A_MARK_TOKEN, b->token);
	nl_put_u32(&b->nl, FANOTIFY_A_MARK_TYPE, type);
	nl_put_u64(&b->nl, FANOTIFY_A_MARK_MASK, mask);
}

static void batch_add(struct batch *b)
{
	b->seq[b->count++] = b->nl.request->nlmsg_seq;
	memcpy(b->requests + b->len, b->nl.request, b->nl.request->nlmsg_len);
	b->len += NLMSG_ALIGN(b->nl.request->nlmsg_len);
}

static void batch_add_global(struct batch *b, int cmd, __u64 mask)
{
	batch_begin(b, cmd, GLOBAL, mask);
	/* which has to wait */
	if (cmd == FANOTIFY_CMD_MARK_ADD)
		nl_put_string(&b->nl, FANOTIFY_A_MARK_FSTYPE, "tmpfs");
	batch_add(b);
}

static void batch_take(struct batch *b, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);

	if (msg->nlmsg_type != NLMSG_ERROR || b->answers == BATCH_MAX)
		return;
	b->seq_answered[b->answers] = msg->nlmsg_seq;
	b->error[b->answers++] = err->error;
}

/* What is acknowledged or refused is so when the call returns. */
static bool batch_send(struct batch *b)
{
	int len;

	if (send(b->nl.fd, b->requests, b->len, 0) != (ssize_t)b->len)
		return false;
	while ((len = nl_recv(&b->nl, 0)) > 0) {
		struct nlmsghdr *msg = (struct nlmsghdr *)b->nl.received;

		for (; mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len))
			batch_take(b, msg);
	}
	return len == -ETIMEDOUT;
}

TEST_F(marks, requests_of_a_message_are_done_in_order)
{
	struct batch b = { 0 };

	ASSERT_EQ(0, nl_open(&b.nl));
	ASSERT_EQ(0, nl_bind(&b.nl, &b.group, &b.token));
	batch_add_global(&b, FANOTIFY_CMD_MARK_ADD, KIND(OPEN) | KIND(CREATE));
	batch_add_global(&b, FANOTIFY_CMD_MARK_REMOVE, KIND(OPEN));
	batch_add_global(&b, FANOTIFY_CMD_MARK_ADD, KIND(DELETE));
	batch_add_global(&b, FANOTIFY_CMD_MARK_REMOVE, KIND(CREATE));
	/* refused as it would be alone */
	batch_add_global(&b, FANOTIFY_CMD_MARK_REMOVE, 0);
	ASSERT_TRUE(batch_send(&b));
	ASSERT_EQ(5, b.answers);
	for (int i = 0; i < b.answers; i++) {
		EXPECT_EQ(b.seq[i], b.seq_answered[i]);
		EXPECT_EQ(i < 4 ? 0 : -EINVAL, b.error[i]);
	}

	list.count = 0;
	ASSERT_EQ(0, fanotify_nl_marks(self->h, b.group, list_one, &list));
	EXPECT_LE(1, list.count);
	for (int i = 0; i < list.count; i++)
		EXPECT_EQ(KIND(DELETE), list.mark[i].mask);
	nl_close(&b.nl);
}

/* Of what is yet to be done it would tell what is not true any more. */
TEST_F(marks, no_list_behind_a_request_that_waits)
{
	struct batch b = { 0 };

	ASSERT_EQ(0, nl_open(&b.nl));
	ASSERT_EQ(0, nl_bind(&b.nl, &b.group, &b.token));
	batch_add_global(&b, FANOTIFY_CMD_MARK_ADD, KIND(OPEN));
	batch_begin(&b, FANOTIFY_CMD_MARK_GET, 0, 0);
	b.nl.request->nlmsg_flags |= NLM_F_DUMP;
	batch_add(&b);
	ASSERT_TRUE(batch_send(&b));
	ASSERT_EQ(2, b.answers);
	/* at once */
	EXPECT_EQ(b.seq[1], b.seq_answered[0]);
	EXPECT_EQ(-EBUSY, b.error[0]);
	EXPECT_EQ(b.seq[0], b.seq_answered[1]);
	EXPECT_EQ(0, b.error[1]);
	nl_close(&b.nl);
}

/* To open and close a directory: the kinds that were heard of it. */
static __u64 kinds_of(struct fanotify_nl *h, const char *dir)
{
	__u64 kinds = 0;

	forget(&heard);
	if (touch(dir))
		return -1;
	take(h, &heard);
	for (int i = 0; i < heard.count; i++)
		kinds |= heard.event[i].mask;
	return kinds;
}

TEST_F(marks, global_and_filesystem_have_an_ondir_each)
{
	struct fanotify_nl_mark global = { .type = GLOBAL, .mask = KIND(OPEN) };

	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &global, NULL));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(CLOSE_NOWRITE) | KIND(ONDIR)));
	EXPECT_EQ(KIND(CLOSE_NOWRITE) | KIND(ONDIR), kinds_of(self->h, "dir"));
	EXPECT_EQ(1, opens(self->h, "file"));

	/* nothing is left of it with its last kind */
	ASSERT_EQ(0, listen_unmark(self->h, FILESYSTEM, WORK, KIND(CLOSE_NOWRITE)));
	EXPECT_EQ(0, kinds_of(self->h, "dir"));
	ASSERT_LT(0, marks_of(self->h));
	for (int i = 0; i < list.count; i++) {
		EXPECT_EQ(GLOBAL, list.mark[i].type);
		EXPECT_EQ(KIND(OPEN), list.mark[i].mask);
	}
	EXPECT_EQ(-EINVAL, listen_mark(self->h, FILESYSTEM, WORK, KIND(ONDIR)));

	/* and the other way */
	global.mask |= KIND(ONDIR);
	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &global, NULL));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, WORK, KIND(CLOSE_NOWRITE)));
	EXPECT_EQ(KIND(OPEN) | KIND(ONDIR), kinds_of(self->h, "dir"));
	EXPECT_EQ(1, opens(self->h, "file"));
	EXPECT_EQ(1, count(&heard, KIND(CLOSE_NOWRITE), NULL));
}

TEST_HARNESS_MAIN
