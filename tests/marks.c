// SPDX-License-Identifier: GPL-2.0
/*
 * Marks: what they let through, how they change, and how they go.
 */
#include <pthread.h>
#include <sys/sysmacros.h>
#include <linux/stat.h>

#include "test.h"
#include "marklist.h"
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

static struct marklist list;

/* Number of marks of the group, which are then in list. */
static int marks_of(struct fanotify_nl *h)
{
	return marklist_take(&list, h, fanotify_nl_bound(h)->number);
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
		EXPECT_EQ(MARKS + 1, marklist_take(&list, self->h, 0));
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

/* Its handles are made with the help of a root, which is gone by then. */
TEST_F(marks, inode_mark_tells_of_unmount_of_overlayfs)
{
	ASSERT_EQ(0, make_paths("lower/", "lower/file", "upper/", "upper/file", "workdir/",
				"merged/", NULL));
	if (mount("overlay", "merged", "overlay", 0,
		  "lowerdir=lower,upperdir=upper,workdir=workdir"))
		SKIP(return, "no overlayfs: %s", strerror(errno));
	ASSERT_EQ(0, chmod("merged/file", 0600));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "merged", KIND(UNMOUNT)));
	ASSERT_EQ(0, listen_mark(self->h, INODE, "merged/file", KIND(UNMOUNT)));
	ASSERT_EQ(0, umount("merged"));
	take(self->h, &heard);
	EXPECT_EQ(2, count(&heard, KIND(UNMOUNT), NULL));
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
	for (unsigned int i = 0; i < 500 / slowness(); i++) {
		pthread_t thread;

		ASSERT_EQ(0, listen_ignore(self->h, INODE, "file", KIND(OPEN), 0));
		ASSERT_EQ(1, marks_of(self->h));
		ASSERT_EQ(KIND(OPEN), list.mark[0].ignore_mask);
		ASSERT_EQ(0, pthread_create(&thread, NULL, change_mask, self->h));
		usleep(i % 20 * 50);
		ASSERT_TRUE(write_byte("file"));
		ASSERT_EQ(0, pthread_join(thread, NULL));
		ASSERT_EQ(1, marks_of(self->h));
		ASSERT_EQ(0, list.mark[0].ignore_mask) TH_LOG("in round %u", i);
	}
}

/* ---- a global mark besides ---- */

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
