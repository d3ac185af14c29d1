// SPDX-License-Identifier: GPL-2.0
/*
 * Subtree marks: what is below a directory, now and later, and nothing else.
 *
 * DESCENDANTS: how many names there are below a directory that is moved.
 */
#include <sys/ioctl.h>

#include "test.h"
#include "marklist.h"

#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define SUBTREE		FANOTIFY_MARK_TYPE_SUBTREE
#define SURVIVES	FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY
#define FLAG(name)	FANOTIFY_EVENT_FLAG_##name

static struct heard heard;
static struct marklist list;

#define CHANGES \
	(KIND(CREATE) | KIND(DELETE) | KIND(RENAME) | KIND(MODIFY) | KIND(ATTRIB) | KIND(ONDIR))

FIXTURE(subtree)
{
	struct fanotify_nl *h;
};

FIXTURE_VARIANT(subtree)
{
	int (*work)(void);
};

FIXTURE_VARIANT_ADD(subtree, tmpfs)
{
	work_here
};

FIXTURE_VARIANT_ADD(subtree, ext4)
{
	work_on_disk
};

FIXTURE_SETUP(subtree)
{
	ASSERT_EQ(0, variant->work());
	ASSERT_EQ(0, make_paths("in/", "in/a/", "in/a/b/", "in/a/b/c/", "in/other/", "in/a/b/file",
			       "out/", "out/a/", "out/a/b/", "out/a/file", NULL));
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, listen_mark(self->h, SUBTREE, "in", CHANGES));
}

FIXTURE_TEARDOWN(subtree)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

/* Number of events of @mask that @operation makes. */
#define HEARD(mask, operation) ({					\
	take(self->h, &heard);						\
	forget(&heard);							\
	ASSERT_EQ(0, operation) TH_LOG("%s", strerror(errno));		\
	take(self->h, &heard);						\
	count(&heard, mask, NULL);					\
})

TEST_F(subtree, has_what_is_below)
{
	EXPECT_EQ(1, HEARD(KIND(CREATE), make_file("in/new")));
	EXPECT_EQ(1, HEARD(KIND(CREATE), make_file("in/a/b/c/new")));
	EXPECT_EQ(1, HEARD(KIND(CHMOD), chmod("in/a/b/file", 0600)));
	EXPECT_EQ(1, HEARD(KIND(DELETE), unlink("in/a/b/file")));
	EXPECT_EQ(1, HEARD(KIND(RMDIR), rmdir("in/other")));
}

TEST_F(subtree, has_what_comes_later)
{
	char path[4096] = "in";

	for (int depth = 0; depth < 100; depth++) {
		strcat(path, "/deeper");
		EXPECT_EQ(1, HEARD(KIND(MKDIR), mkdir(path, 0755)));
	}
	strcat(path, "/file");
	EXPECT_EQ(1, HEARD(KIND(CREATE), make_file(path)));
}

TEST_F(subtree, has_its_top)
{
	EXPECT_EQ(1, HEARD(KIND(CHMOD), chmod("in", 0700)));
	EXPECT_EQ(0, HEARD(KIND(RENAME), rename("in", "elsewhere")));
	EXPECT_EQ(1, HEARD(KIND(CREATE), make_file("elsewhere/new")));
}

TEST_F(subtree, has_nothing_else)
{
	EXPECT_EQ(0, HEARD(0, make_file("out/new")));
	EXPECT_EQ(0, HEARD(0, make_file("new")));
	EXPECT_EQ(0, HEARD(0, chmod("out", 0700)));
	EXPECT_EQ(0, HEARD(0, mkdir("inside", 0755)));
	EXPECT_EQ(0, HEARD(0, write_file("out/a/file", "text")));
	EXPECT_EQ(0, HEARD(0, rename("out/a/file", "out/a/b/file")));
}

TEST_F(subtree, of_what_is_asked_for)
{
	EXPECT_EQ(0, HEARD(0, close(open("in/a/b/file", O_RDONLY))));
	ASSERT_EQ(0, listen_mark(self->h, SUBTREE, "in", KIND(OPEN)));
	EXPECT_EQ(1, HEARD(KIND(OPEN), close(open("in/a/b/file", O_RDONLY))));
	EXPECT_EQ(0, HEARD(0, close(open("out/a/file", O_RDONLY))));
	ASSERT_EQ(0, listen_unmark(self->h, SUBTREE, "in", KIND(OPEN) | KIND(CREATE)));
	EXPECT_EQ(0, HEARD(0, close(open("in/a/b/file", O_RDONLY))));
	EXPECT_EQ(0, HEARD(0, make_file("in/new")));
	EXPECT_EQ(1, HEARD(KIND(CHMOD), chmod("in/new", 0600)));
}

TEST_F(subtree, tells_what_moves_in_and_out)
{
	const struct fanotify_nl_event *event;

	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("out/a", "in/moved")));
	event = only(&heard, KIND(RENAME), NULL);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(FLAG(MOVED_IN), event->flags);
	EXPECT_TRUE(event->mask & KIND(ONDIR));
	EXPECT_EQ(1, HEARD(KIND(CHMOD), chmod("in/moved/file", 0600)));

	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("in/moved/file", "in/a/b/c/file")));
	event = only(&heard, KIND(RENAME), NULL);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(0, event->flags);

	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("in/a", "out/a")));
	event = only(&heard, KIND(RENAME), NULL);
	ASSERT_NE(NULL, event);
	EXPECT_EQ(FLAG(MOVED_OUT), event->flags);
	EXPECT_EQ(0, HEARD(0, chmod("out/a/b/c/file", 0640)));
}

#define DESCENDANTS	5000
#define NAMES_IN_DIR	1000

/* In directories of a file and its links each. */
static bool make_descendants(const char *top, unsigned int count)
{
	char first[64], path[64];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%u", top, i / NAMES_IN_DIR);
		if (i % NAMES_IN_DIR == 0 && mkdir(path, 0755))
			return false;
		snprintf(first, sizeof(first), "%s/%u/0", top, i / NAMES_IN_DIR);
		snprintf(path, sizeof(path), "%s/%u/%u", top, i / NAMES_IN_DIR, i % NAMES_IN_DIR);
		if (i % NAMES_IN_DIR ? link(first, path) : make_file(path))
			return false;
	}
	return true;
}

/* Return: how many events some operations below make, one on each of @names. */
static int events_below(struct fanotify_nl *h, const char *top, unsigned int count, int names)
{
	char path[64];

	take(h, &heard);
	forget(&heard);
	for (int i = 0; i < names; i++) {
		unsigned int n = (unsigned long)count * i / names;

		snprintf(path, sizeof(path), "%s/%u/%u", top, n / NAMES_IN_DIR, n % NAMES_IN_DIR);
		if (chmod(path, 0600 + i % 8))
			return -1;
	}
	take(h, &heard);
	return heard.count;
}

/* One event, and one gap, whatever is below; and from then on what is there is inside, or is not. */
TEST_F_TIMEOUT(subtree, moves_with_all_that_is_below, 600)
{
	unsigned int below = number_of("DESCENDANTS", DESCENDANTS / slowness());
	const struct {
		const char *from, *to;
		__u32 flags;
		int events;
	} moves[] = {
		{ "out/many", "in/a/many", FLAG(MOVED_IN), 100 },
		{ "in/a/many", "in/many", 0, 100 },
		{ "in/many", "out/a/many", FLAG(MOVED_OUT), 0 },
		{ "out/a/many", "in/a/b/c/many", FLAG(MOVED_IN), 100 },
	};

	ASSERT_EQ(0, mkdir("out/many", 0755));
	ASSERT_TRUE(make_descendants("out/many", below));
	EXPECT_EQ(0, events_below(self->h, "out/many", below, 100));
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		EXPECT_EQ(1, HEARD(KIND(RENAME) | KIND(ONDIR), rename(moves[i].from, moves[i].to)));
		EXPECT_EQ(moves[i].flags & FLAG(MOVED_IN) ? 2 : 1, heard.count);
		EXPECT_EQ(moves[i].flags, heard.event[0].flags);
		EXPECT_EQ(moves[i].events, events_below(self->h, moves[i].to, below, 100));
	}
	/* the next test has no time for that */
	fanotify_nl_close(self->h);
	self->h = NULL;
	EXPECT_EQ(0, empty_folder("in"));
}

/* The gap of a directory, right behind the rename that made it. */
static bool gap_follows_rename(const char *path)
{
	const struct fanotify_nl_event *renamed = only(&heard, KIND(RENAME), NULL);
	const struct fanotify_nl_event *gap = only(&heard, KIND(GAP), NULL);

	return renamed && gap && gap->seq == renamed->seq + 1 && gap->id > renamed->id &&
	       gap->mask == (KIND(GAP) | KIND(ONDIR)) && !gap->flags &&
	       gap->gap.scope == FANOTIFY_GAP_SCOPE_DIRECTORY &&
	       gap->gap.reason == FANOTIFY_GAP_REASON_MOVED_IN &&
	       !gap->gap.count && !gap->gap.first && !gap->gap.last &&
	       gap->gap.since == gap->realtime && gap->realtime >= renamed->realtime &&
	       fanotify_nl_node_same(&gap->object, &renamed->object) &&
	       fanotify_nl_node_same(&gap->dir, renamed->new_dir.handle ? &renamed->new_dir :
						&renamed->dir) &&
	       S_ISDIR(gap->object.stat.mode) && !strcmp(gap->path, renamed->new_path) &&
	       !strcmp(gap->name, renamed->new_name) && strstr(gap->path, path) &&
	       gap->actor.tgid == (__u32)getpid();
}

/* What is in it may pass the filters that it does not pass itself. */
TEST_F(subtree, a_directory_that_filters_leave_out_is_a_gap)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_FILTERS, .nr_filters = 1,
		.filters[0] = { .by = FANOTIFY_A_FILTER_NAME, .name = "*.c" },
	};

	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &settings));
	EXPECT_EQ(1, HEARD(KIND(GAP), rename("out/a", "in/moved")));
	EXPECT_EQ(1, heard.count);
	EXPECT_NE(NULL, strstr(heard.event[0].path, "/in/moved"));
	EXPECT_EQ(0, HEARD(0, rename("in/moved", "in/again")));
	EXPECT_EQ(0, HEARD(0, rename("in/again", "out/a")));
}

TEST_F(subtree, a_directory_that_moves_in_is_a_gap)
{
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("out/a", "in/moved")));
	EXPECT_EQ(2, heard.count);
	EXPECT_TRUE(gap_follows_rename("/in/moved"));
	/* nothing is lost, and so nothing counts as lost */
	struct fanotify_nl_counters counters;

	fanotify_nl_counters(self->h, &counters);
	EXPECT_EQ(1, counters.moved_in);
	EXPECT_EQ(0, counters.gaps + counters.lost + counters.holes + counters.repeats);

	EXPECT_EQ(0, HEARD(KIND(GAP), rename("in/moved", "in/a/moved")));
	EXPECT_EQ(0, HEARD(KIND(GAP), rename("in/a/moved/file", "in/a/moved/renamed")));
	EXPECT_EQ(0, HEARD(KIND(GAP), rename("in/a/moved/renamed", "out/file")));
	EXPECT_EQ(0, HEARD(KIND(GAP), rename("out/file", "in/file")));
	EXPECT_EQ(0, HEARD(KIND(GAP), rename("in/a/moved", "out/moved")));
	/* whether it is empty or not, and for the second time */
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("out/moved", "in/moved")));
	EXPECT_TRUE(gap_follows_rename("/in/moved"));
	ASSERT_EQ(0, mkdir("out/empty", 0755));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("out/empty", "in/other")));
	EXPECT_TRUE(gap_follows_rename("/in/other"));
}

TEST_F(subtree, no_gap_where_no_rename_is_asked_for)
{
	ASSERT_EQ(0, listen_unmark(self->h, SUBTREE, "in", KIND(RENAME)));
	EXPECT_EQ(0, HEARD(0, rename("out/a", "in/moved")));
	EXPECT_EQ(1, HEARD(KIND(CHMOD), chmod("in/moved/file", 0600)));
}

TEST_F(subtree, a_directory_that_is_ignored_no_more_is_a_gap)
{
	ASSERT_EQ(0, listen_ignore(self->h, SUBTREE, "in/a", CHANGES, SURVIVES));
	EXPECT_EQ(0, HEARD(0, make_file("in/a/b/c/new")));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("in/a/b", "in/b")));
	EXPECT_EQ(FLAG(MOVED_IN), heard.event[0].flags);
	EXPECT_TRUE(gap_follows_rename("/in/b"));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("in/b", "in/a/b")));
	EXPECT_EQ(FLAG(MOVED_OUT), heard.event[0].flags);
	EXPECT_EQ(1, heard.count);
}

/* An ignore mask of files lets through what is told of directories, but not of theirs. */
TEST_F(subtree, a_directory_of_files_that_are_ignored_no_more_is_a_gap)
{
	ASSERT_EQ(0, listen_ignore(self->h, SUBTREE, "in/a", CHANGES & ~KIND(ONDIR), SURVIVES));
	EXPECT_EQ(0, HEARD(0, make_file("in/a/b/new")));
	EXPECT_EQ(1, HEARD(KIND(CREATE), mkdir("in/a/b/dir", 0755)));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("in/a/b/dir", "in/a/dir")));
	EXPECT_EQ(0, heard.event[0].flags);
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("in/a/b", "in/b")));
	EXPECT_EQ(FLAG(MOVED_IN), heard.event[0].flags);
	EXPECT_TRUE(gap_follows_rename("/in/b"));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("in/b", "in/a/b")));
	EXPECT_EQ(FLAG(MOVED_OUT), heard.event[0].flags);
	EXPECT_EQ(1, heard.count);
}

/* It is the same to who watches all of the filesystem but that. */
TEST_F(subtree, nor_of_a_filesystem)
{
	struct fanotify_nl *h = listen_open();

	fanotify_nl_close(self->h);
	self->h = h;
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", CHANGES));
	ASSERT_EQ(0, listen_ignore(self->h, SUBTREE, "in/a", CHANGES, SURVIVES));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("in/a/b", "out/b")));
	EXPECT_EQ(FLAG(MOVED_IN), heard.event[0].flags);
	EXPECT_TRUE(gap_follows_rename("/out/b"));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("out/b", "out/c")));
	EXPECT_EQ(0, heard.event[0].flags);
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("out/c", "in/a/c")));
	EXPECT_EQ(FLAG(MOVED_OUT), heard.event[0].flags);
	EXPECT_EQ(1, heard.count);
}

/* With a full queue, it is part of what is lost. */
TEST_F(subtree, a_directory_that_moves_in_is_never_lost_silently)
{
	struct fanotify_nl_settings little = {
		.set = FANOTIFY_NL_SET_QUEUE_LIMIT, .queue_limit = 64 << 10,
	};
	struct fanotify_nl_bind bind = { .rcvbuf = 65536, .settings = little };
	const struct fanotify_nl_event *last;

	fanotify_nl_close(self->h);
	ASSERT_EQ(0, fanotify_nl_open(&self->h));
	ASSERT_EQ(0, fanotify_nl_bind(self->h, &bind));
	ASSERT_EQ(0, listen_mark(self->h, SUBTREE, "in", CHANGES));
	for (int i = 0; i < 500; i++)
		ASSERT_EQ(0, chmod("in/a/b/file", i % 2 ? 0600 : 0644));
	ASSERT_EQ(0, rename("out/a", "in/moved"));
	forget(&heard);
	take(self->h, &heard);
	EXPECT_EQ(0, count(&heard, KIND(RENAME), NULL));
	EXPECT_EQ(1, count(&heard, KIND(GAP), NULL));
	last = &heard.event[heard.count - 1];
	EXPECT_TRUE(last->mask & KIND(GAP));
	EXPECT_EQ(FANOTIFY_GAP_SCOPE_ALL, last->gap.scope);
	EXPECT_EQ(FANOTIFY_GAP_REASON_OVERFLOW, last->gap.reason);
	EXPECT_EQ(501, heard.count - 1 + (int)last->gap.count);
}

TEST_F(subtree, exchange_moves_both)
{
	EXPECT_EQ(2, HEARD(KIND(RENAME), renameat2(AT_FDCWD, "in/a", AT_FDCWD, "out/a",
						   RENAME_EXCHANGE)));
	for (int i = 0; i < heard.count; i++)
		if (heard.event[i].mask & KIND(RENAME))
			EXPECT_EQ(FLAG(EXCHANGE) | (i ? FLAG(MOVED_IN) : FLAG(MOVED_OUT)),
				  heard.event[i].flags);
	ASSERT_EQ(3, heard.count);
	EXPECT_TRUE(heard.event[2].mask & KIND(GAP));
	EXPECT_TRUE(fanotify_nl_node_same(&heard.event[1].object, &heard.event[2].object));
}

TEST_F(subtree, may_be_in_another)
{
	ASSERT_EQ(0, listen_mark(self->h, SUBTREE, "in/a/b", KIND(OPEN)));
	EXPECT_EQ(1, HEARD(KIND(OPEN), close(open("in/a/b/file", O_RDONLY))));
	EXPECT_EQ(1, HEARD(KIND(CREATE), make_file("in/a/b/new")));
	ASSERT_EQ(0, make_file("in/other/file"));
	EXPECT_EQ(0, HEARD(0, close(open("in/other/file", O_RDONLY))));
	/* out of one, and still in the other */
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("in/a/b/new", "in/new")));
	EXPECT_EQ(0, heard.event[0].flags);
}

TEST_F(subtree, may_be_left_out)
{
	ASSERT_EQ(0, listen_ignore(self->h, SUBTREE, "in/a", CHANGES, SURVIVES));
	EXPECT_EQ(0, HEARD(0, make_file("in/a/b/c/new")));
	EXPECT_EQ(0, HEARD(0, mkdir("in/a/b/dir", 0755)));
	EXPECT_EQ(0, HEARD(0, chmod("in/a/b", 0700)));
	EXPECT_EQ(1, HEARD(KIND(CREATE), make_file("in/other/new")));
	/* what comes from there comes from outside */
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("in/a/b/c/new", "in/new")));
	EXPECT_EQ(FLAG(MOVED_IN), heard.event[0].flags);
	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, SUBTREE));
	EXPECT_EQ(0, HEARD(0, make_file("in/other/newer")));
}

TEST_F(subtree, is_left_out_of_a_filesystem)
{
	struct fanotify_nl *h = listen_open();

	ASSERT_EQ(0, listen_mark(h, FILESYSTEM, ".", CHANGES));
	ASSERT_EQ(0, listen_ignore(h, SUBTREE, "in/a", CHANGES, SURVIVES));
	ASSERT_EQ(0, make_file("in/a/b/new"));
	ASSERT_EQ(0, make_file("out/new"));
	forget(&heard);
	take(h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), NULL));
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "new"));
	EXPECT_EQ(0, heard.event[0].flags);
	fanotify_nl_close(h);
}

TEST_F(subtree, has_what_other_marks_do_not_ignore)
{
	ASSERT_EQ(0, copy_file("/bin/true", "in/program"));
	ASSERT_EQ(0, listen_mark(self->h, SUBTREE, "in", KIND(OPEN)));
	ASSERT_EQ(0, listen_ignore(self->h, FANOTIFY_MARK_TYPE_INODE, "in/program",
				   KIND(OPEN), SURVIVES));
	/* opened and opened to be executed, in one event */
	EXPECT_EQ(0, HEARD(KIND(OPEN), system("in/program")));
	EXPECT_EQ(1, HEARD(KIND(OPEN), close(open("in/a/b/file", O_RDONLY))));
}

TEST_F(subtree, leaves_the_mark_of_the_filesystem_alone)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(OPEN)));
	EXPECT_EQ(1, HEARD(KIND(OPEN), close(open("out/a/file", O_RDONLY))));
	EXPECT_EQ(0, HEARD(0, chmod("out/a/file", 0600)));
	EXPECT_EQ(1, HEARD(KIND(CHMOD), chmod("in/a/b/file", 0600)));
	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, FILESYSTEM));
	EXPECT_EQ(0, HEARD(0, close(open("in/a/b/file", O_RDONLY))));
	EXPECT_EQ(1, HEARD(KIND(CHMOD), chmod("in/a/b/file", 0640)));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(OPEN)));
	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, SUBTREE));
	EXPECT_EQ(0, HEARD(0, chmod("in/a/b/file", 0600)));
	EXPECT_EQ(1, HEARD(KIND(OPEN), close(open("in/a/b/file", O_RDONLY))));
}

TEST_F(subtree, has_hard_links_by_their_names)
{
	ASSERT_EQ(0, link("in/a/b/file", "out/link"));
	EXPECT_EQ(1, HEARD(KIND(WRITE), write_file("in/a/b/file", "text")));
	EXPECT_EQ(0, HEARD(0, write_file("out/link", "text")));
	/* the number of links is the object's, by all of its names */
	EXPECT_EQ(1, HEARD(KIND(LINK_COUNT), link("out/link", "out/again")));
	EXPECT_EQ(0, HEARD(0, link("out/a/file", "out/more")));
}

TEST_F(subtree, has_hard_links_unless_all_names_are_ignored)
{
	ASSERT_EQ(0, listen_ignore(self->h, SUBTREE, "in/a", CHANGES, SURVIVES));
	ASSERT_EQ(0, link("in/a/b/file", "in/link"));
	EXPECT_EQ(1, HEARD(KIND(LINK_COUNT), link("in/a/b/file", "in/a/again")));
	EXPECT_EQ(1, HEARD(KIND(LINK_COUNT), unlink("in/a/again")));
	ASSERT_EQ(0, rename("in/link", "in/a/link"));
	EXPECT_EQ(0, HEARD(0, link("in/a/b/file", "in/a/again")));
	/* it makes no difference that one is outside */
	EXPECT_EQ(0, HEARD(0, link("in/a/b/file", "out/link")));
	EXPECT_EQ(0, HEARD(0, unlink("in/a/again")));
	/* but to who watches there as well */
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", CHANGES));
	EXPECT_EQ(1, HEARD(KIND(LINK_COUNT), unlink("in/a/link")));
}

/* The inode is locked while it is looked where its names are: it is for a few only. */
TEST_F(subtree, may_not_be_known_of_many_names)
{
	char name[32];

	for (int i = 0; i < 1022; i++) {
		snprintf(name, sizeof(name), "out/%d", i);
		ASSERT_EQ(0, link("out/a/file", name));
	}
	EXPECT_EQ(0, HEARD(0, link("out/a/file", "out/last")));
	EXPECT_EQ(1, HEARD(KIND(LINK_COUNT), link("out/a/file", "out/more")));
	EXPECT_EQ(FLAG(MEMBERSHIP_UNKNOWN), heard.event[0].flags & FLAG(MEMBERSHIP_UNKNOWN));
}

TEST_F(subtree, may_not_be_known_of_names_that_are_deep)
{
	char path[4096] = "out", name[4096 + 32];

	for (int i = 0; i < 1000; i++) {
		strcat(path, "/d");
		ASSERT_EQ(0, mkdir(path, 0755));
	}
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "%s/%d", path, i);
		ASSERT_EQ(0, link("out/a/file", name));
	}
	EXPECT_EQ(0, HEARD(0, link("out/a/file", "out/last")));
	for (int i = 60; i < 70; i++) {
		snprintf(name, sizeof(name), "%s/%d", path, i);
		ASSERT_EQ(0, link("out/a/file", name));
	}
	EXPECT_EQ(1, HEARD(KIND(LINK_COUNT), link("out/a/file", "out/more")));
	EXPECT_EQ(FLAG(MEMBERSHIP_UNKNOWN), heard.event[0].flags & FLAG(MEMBERSHIP_UNKNOWN));
}

TEST_F(subtree, is_the_same_through_other_mounts)
{
	ASSERT_EQ(0, mkdir("bound", 0755));
	ASSERT_EQ(0, mount("in/a", "bound", NULL, MS_BIND, NULL));
	EXPECT_EQ(1, HEARD(KIND(CREATE), make_file("bound/b/new")));
	ASSERT_EQ(0, umount("bound"));
	/* what is mounted below is another filesystem */
	ASSERT_EQ(0, mount("tmpfs", "in/other", "tmpfs", 0, NULL));
	EXPECT_EQ(0, HEARD(0, make_file("in/other/new")));
	ASSERT_EQ(0, umount("in/other"));
}

TEST_F(subtree, has_what_lost_its_name)
{
	int fd = open("in/a/b/file", O_WRONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlink("in/a/b/file"));
	EXPECT_EQ(1, HEARD(KIND(WRITE), write(fd, "x", 1) != 1));
	EXPECT_EQ(FLAG(UNLINKED), heard.event[0].flags);
	close(fd);
}

static int marks_of(struct fanotify_nl *h)
{
	return marklist_take(&list, h, fanotify_nl_bound(h)->number);
}

TEST_F(subtree, is_listed)
{
	struct stat st;

	ASSERT_EQ(0, stat("in", &st));
	ASSERT_EQ(1, marks_of(self->h));
	EXPECT_EQ(SUBTREE, list.mark[0].type);
	EXPECT_EQ(CHANGES, list.mark[0].mask);
	EXPECT_EQ(st.st_ino, list.mark[0].ino);
}

TEST_F(subtree, goes_with_its_top)
{
	ASSERT_EQ(0, system("rm -r in"));
	EXPECT_EQ(0, marks_of(self->h));
	ASSERT_EQ(0, mkdir("in", 0755));
	EXPECT_EQ(0, HEARD(0, make_file("in/new")));
}

TEST_F(subtree, is_of_a_directory)
{
	EXPECT_EQ(-ENOTDIR, listen_mark(self->h, SUBTREE, "in/a/b/file", CHANGES));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "directory"));
	EXPECT_EQ(-ENOENT, listen_unmark(self->h, SUBTREE, "in/a", CHANGES));
	EXPECT_EQ(-ENOENT, listen_unmark(self->h, FILESYSTEM, ".", CHANGES));
	EXPECT_EQ(-EINVAL, listen_mark(self->h, SUBTREE, "in", KIND(FS_ERROR)));
}

TEST_F(subtree, has_many_tops)
{
	char path[32];

	for (int i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "out/%d", i);
		ASSERT_EQ(0, mkdir(path, 0755));
		if (i % 2)
			ASSERT_EQ(0, listen_mark(self->h, SUBTREE, path, CHANGES));
	}
	for (int i = 0; i < 500; i += 7) {
		snprintf(path, sizeof(path), "out/%d/new", i);
		EXPECT_EQ(i % 2, HEARD(KIND(CREATE), make_file(path)));
	}
}

TEST(an_unmount_takes_subtrees_along)
{
	struct fanotify_nl *h;

	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, mkdir("mnt", 0755));
	ASSERT_EQ(0, mount("tmpfs", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, mkdir("mnt/in", 0755));
	h = listen_open();
	ASSERT_EQ(0, listen_mark(h, SUBTREE, "mnt/in", CHANGES | KIND(UNMOUNT)));
	ASSERT_EQ(0, umount("mnt"));
	forget(&heard);
	take(h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(UNMOUNT), NULL));
	EXPECT_EQ(0, marks_of(h));
	fanotify_nl_close(h);
}

/* What has no connected path is delivered, and it is said why. */
TEST(membership_may_be_unknown)
{
	struct {
		struct file_handle fh;
		unsigned char bytes[MAX_HANDLE_SZ];
	} handle = { .fh.handle_bytes = MAX_HANDLE_SZ };
	struct fanotify_nl *h;
	int mount_fd, fd, mnt_id;

	ASSERT_EQ(0, work_on_disk());
	ASSERT_EQ(0, make_paths("in/", "out/", "out/deep/", "out/deep/file", NULL));
	ASSERT_EQ(0, name_to_handle_at(AT_FDCWD, "out/deep/file", &handle.fh, &mnt_id, 0));
	h = listen_open();
	ASSERT_EQ(0, listen_mark(h, SUBTREE, "in", KIND(OPEN)));
	mount_fd = open("/mnt/disk", O_RDONLY | O_DIRECTORY);
	ASSERT_EQ(0, chdir("/"));
	sync();
	ASSERT_EQ(0, write_file("/proc/sys/vm/drop_caches", "3"));
	fd = open_by_handle_at(mount_fd, &handle.fh, O_RDONLY);
	ASSERT_LE(0, fd);
	close(fd);
	forget(&heard);
	take(h, &heard);
	ASSERT_EQ(1, count(&heard, KIND(OPEN), NULL));
	EXPECT_EQ(FLAG(MEMBERSHIP_UNKNOWN) | FLAG(PATH_UNREACHABLE), heard.event[0].flags);

	/* once somebody has walked there, it is known */
	ASSERT_EQ(0, access(DISK "/out/deep/file", F_OK));
	fd = open_by_handle_at(mount_fd, &handle.fh, O_RDONLY);
	ASSERT_LE(0, fd);
	close(fd);
	forget(&heard);
	take(h, &heard);
	EXPECT_EQ(0, heard.count);
	close(mount_fd);
	fanotify_nl_close(h);
}

TEST_HARNESS_MAIN
