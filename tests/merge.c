// SPDX-License-Identifier: GPL-2.0
/*
 * Merging: repeats go into the event that waits, and nothing else changes.
 */
#include <sys/xattr.h>

#include "test.h"
#include "storm.h"

#define INODE		FANOTIFY_MARK_TYPE_INODE
#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM

#define CHANGES \
	(KIND(CREATE) | KIND(DELETE) | KIND(RENAME) | KIND(MODIFY) | KIND(ATTRIB) | KIND(ONDIR))

static struct heard heard;

FIXTURE(merge)
{
	struct fanotify_nl *h;
	struct fanotify_nl_member_info stats;
	int filling;
};

FIXTURE_VARIANT(merge)
{
	int (*work)(void);
};

FIXTURE_VARIANT_ADD(merge, tmpfs)
{
	work_here
};

FIXTURE_VARIANT_ADD(merge, ext4)
{
	work_on_disk
};

static struct fanotify_nl *open_merging(__u32 flags, __u64 queue_limit)
{
	struct fanotify_nl_bind bind = {
		.rcvbuf = 65536,
		.settings = {
			.set = FANOTIFY_NL_SET_FLAGS | FANOTIFY_NL_SET_QUEUE_LIMIT,
			.flags = flags,
			.queue_limit = queue_limit,
		},
	};
	struct fanotify_nl *h;

	if (fanotify_nl_open(&h) || fanotify_nl_bind(h, &bind)) {
		fprintf(stderr, "# %s\n", fanotify_nl_error(h));
		fanotify_nl_close(h);
		return NULL;
	}
	return h;
}

FIXTURE_SETUP(merge)
{
	ASSERT_EQ(0, variant->work());
	self->h = open_merging(FANOTIFY_GROUP_FLAG_MERGE, 16 << 20);
	ASSERT_NE(NULL, self->h);
}

FIXTURE_TEARDOWN(merge)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

typedef struct _test_data_merge merge;

/*
 * Watch, and make events of other objects until they are no longer pushed: what
 * comes now waits.
 */
static int watch(merge *self, __u64 mask)
{
	char name[32];
	int ret = listen_mark(self->h, FILESYSTEM, ".", mask | KIND(CREATE));

	do {
		snprintf(name, sizeof(name), "filling%d", self->filling++);
		ret = ret ?: mknod(name, S_IFREG | 0600, 0) ?: member_own_stats(self->h, &self->stats);
	} while (!ret && self->stats.state == FANOTIFY_DELIVERY_PUSH && self->filling < 10000);
	return ret;
}

/* What came after the filling; -1 if the kernel's sums do not agree with it. */
static int hear(merge *self)
{
	struct order order = { 0 };
	const char *wrong;

	forget(&heard);
	take(self->h, &heard);
	for (int i = 0; i < heard.count; i++) {
		wrong = order_take(&order, &heard.event[i]);
		if (wrong) {
			printf("# seq %llu: %s\n", (unsigned long long)heard.event[i].seq, wrong);
			return -1;
		}
	}
	if (member_own_stats(self->h, &self->stats))
		return -1;
	if (self->stats.seq != order.seq || self->stats.merged != order.merged ||
	    self->stats.pushed + self->stats.fetched != order.events) {
		printf("# the kernel says seq %llu, %llu merged\n",
		       (unsigned long long)self->stats.seq, (unsigned long long)self->stats.merged);
		return -1;
	}
	return 0;
}

/* How often the only event of @mask and @name says that it happened. */
static __u64 times(__u64 mask, const char *name)
{
	const struct fanotify_nl_event *event = only(&heard, mask, name);

	return !event ? 0 : event->count ?: 1;
}

static int write_often(const char *path, int count)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	while (count--)
		if (write(fd, "text", 4) != 4)
			return -errno;
	return close(fd) ? -errno : 0;
}

TEST_F(merge, writes_of_one_file_are_one)
{
	const struct fanotify_nl_event *event;
	struct stat st;

	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, watch(self, KIND(MODIFY)));
	ASSERT_EQ(0, write_often("file", 1000));
	ASSERT_EQ(0, stat("file", &st));
	ASSERT_EQ(0, hear(self));
	event = only(&heard, KIND(WRITE), "file");
	ASSERT_NE(NULL, event);
	EXPECT_EQ(1000, event->count);
	EXPECT_EQ(999, self->stats.merged);
	/* the latest attributes, the time of the first, and that of the last */
	EXPECT_EQ(4000, event->object.stat.size);
	EXPECT_EQ(st.st_mtim.tv_sec, event->object.stat.mtime.sec);
	EXPECT_EQ(st.st_mtim.tv_nsec, event->object.stat.mtime.nsec);
	EXPECT_LT(event->realtime, event->last_realtime);
	EXPECT_LT(event->boottime, event->last_boottime);
	EXPECT_EQ(getpid(), event->actor.tgid);
}

TEST_F(merge, changed_is_what_any_has_changed)
{
	const struct fanotify_nl_event *event;

	ASSERT_EQ(0, write_file("file", "text"));
	ASSERT_EQ(0, chown("file", 1, 2));
	ASSERT_EQ(0, watch(self, KIND(CHOWN)));
	ASSERT_EQ(0, chown("file", 3, 2));
	ASSERT_EQ(0, chown("file", 3, 4));
	ASSERT_EQ(0, hear(self));
	event = only(&heard, KIND(CHOWN), "file");
	ASSERT_NE(NULL, event);
	EXPECT_EQ(2, event->count);
	EXPECT_EQ(FANOTIFY_CHANGED_UID | FANOTIFY_CHANGED_GID,
		  event->object.changed & (FANOTIFY_CHANGED_UID | FANOTIFY_CHANGED_GID |
					   FANOTIFY_CHANGED_SIZE | FANOTIFY_CHANGED_MODE));
	EXPECT_EQ(3, event->object.stat.uid);
	EXPECT_EQ(4, event->object.stat.gid);
}

TEST_F(merge, two_actors_are_two)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, watch(self, KIND(MODIFY)));
	ASSERT_EQ(0, write_often("file", 3));
	pid = fork();
	if (!pid)
		_exit(write_often("file", 4) != 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	/* not into the first one: another came between */
	ASSERT_EQ(0, write_often("file", 5));
	ASSERT_EQ(0, hear(self));
	ASSERT_EQ(3, count(&heard, KIND(WRITE), "file"));
	for (int i = 0, n = 0; i < heard.count; i++) {
		const struct fanotify_nl_event *event = &heard.event[i];

		if (!(event->mask & KIND(WRITE)))
			continue;
		EXPECT_EQ(3 + n, event->count);
		EXPECT_EQ(n == 1 ? pid : getpid(), (pid_t)event->actor.tgid);
		n++;
	}
}

TEST_F(merge, names_that_come_and_go_are_not)
{
	int first;

	ASSERT_EQ(0, watch(self, CHANGES));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, write_often("file", 5));
		ASSERT_EQ(0, unlink("file"));
	}
	ASSERT_EQ(0, hear(self));
	EXPECT_EQ(2, count(&heard, KIND(CREATE), "file"));
	EXPECT_EQ(2, count(&heard, KIND(DELETE), "file"));
	EXPECT_EQ(2, count(&heard, KIND(WRITE), "file"));
	/* in their order */
	for (first = 0; !heard.event[first].name || strcmp(heard.event[first].name, "file");)
		first++;
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(heard.event[first++].mask & KIND(CREATE));
		EXPECT_EQ(5, heard.event[first].count);
		EXPECT_TRUE(heard.event[first++].mask & KIND(WRITE));
		while (heard.event[first].mask & KIND(ATTRIB))
			first++;
		EXPECT_TRUE(heard.event[first++].mask & KIND(DELETE));
	}
}

TEST_F(merge, objects_between_do_not_matter)
{
	ASSERT_EQ(0, make_file("a"));
	ASSERT_EQ(0, make_file("b"));
	ASSERT_EQ(0, watch(self, KIND(MODIFY) | KIND(ATTRIB)));
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, write_often("a", 1));
		ASSERT_EQ(0, write_often("b", 2));
	}
	ASSERT_EQ(0, hear(self));
	EXPECT_EQ(50, times(KIND(WRITE), "a"));
	EXPECT_EQ(100, times(KIND(WRITE), "b"));
}

TEST_F(merge, other_kinds_between_do)
{
	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, watch(self, KIND(MODIFY) | KIND(ATTRIB)));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, write_often("file", 2));
		ASSERT_EQ(0, chmod("file", 0600 + i));
	}
	ASSERT_EQ(0, hear(self));
	EXPECT_EQ(3, count(&heard, KIND(WRITE), "file"));
	EXPECT_EQ(3, count(&heard, KIND(CHMOD), "file"));
	EXPECT_EQ(3, self->stats.merged);
}

/*
 * A name that is made in a directory carries the directory's attributes: what is
 * queued before it may not have newer ones.
 */
TEST_F(merge, attributes_of_directories_keep_their_order)
{
	int last = -1;

	ASSERT_EQ(0, mkdir("dir", 0700));
	ASSERT_EQ(0, watch(self, CHANGES));
	ASSERT_EQ(0, chmod("dir", 0701));
	ASSERT_EQ(0, chmod("dir", 0702));
	ASSERT_EQ(0, mknod("dir/file", S_IFREG | 0600, 0));
	ASSERT_EQ(0, chmod("dir", 0703));
	ASSERT_EQ(0, hear(self));
	EXPECT_EQ(2, count(&heard, KIND(CHMOD), "dir"));
	EXPECT_EQ(1, self->stats.merged);
	for (int i = 0; i < heard.count; i++) {
		const struct fanotify_nl_event *event = &heard.event[i];
		int mode = -1;

		if (event->mask & KIND(CHMOD))
			mode = event->object.stat.mode & 0777;
		else if (event->name && !strcmp(event->name, "file"))
			mode = event->dir.stat.mode & 0777;
		if (mode >= 0) {
			EXPECT_LE(last, mode);
			last = mode;
		}
	}
	EXPECT_EQ(0703, last);
}

TEST_F(merge, names_are_the_same)
{
	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, link("file", "link"));
	ASSERT_EQ(0, watch(self, KIND(MODIFY)));
	ASSERT_EQ(0, write_often("file", 2));
	ASSERT_EQ(0, write_often("link", 3));
	/* a rename that nobody asked for */
	ASSERT_EQ(0, rename("link", "other"));
	ASSERT_EQ(0, write_often("other", 4));
	ASSERT_EQ(0, hear(self));
	EXPECT_EQ(2, times(KIND(WRITE), "file"));
	EXPECT_EQ(3, times(KIND(WRITE), "link"));
	EXPECT_EQ(4, times(KIND(WRITE), "other"));
}

TEST_F(merge, of_extended_attributes_by_their_names)
{
	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, watch(self, KIND(ATTRIB)));
	ASSERT_EQ(0, setxattr("file", "trusted.a", "1", 1, 0));
	ASSERT_EQ(0, setxattr("file", "trusted.a", "2", 1, 0));
	ASSERT_EQ(0, setxattr("file", "trusted.b", "1", 1, 0));
	ASSERT_EQ(0, hear(self));
	ASSERT_EQ(2, count(&heard, KIND(SETXATTR), "file"));
	EXPECT_EQ(1, self->stats.merged);
}

/* What was handed out does not change, and what is lost stands between. */
TEST_F(merge, only_into_what_waits)
{
	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, watch(self, KIND(MODIFY)));
	ASSERT_EQ(0, write_often("file", 10));
	ASSERT_EQ(0, hear(self));
	EXPECT_EQ(10, times(KIND(WRITE), "file"));
	/* all is read, and pushed again */
	ASSERT_EQ(0, write_often("file", 10));
	forget(&heard);
	take(self->h, &heard);
	EXPECT_EQ(10, count(&heard, KIND(WRITE), "file"));
}

TEST_F(merge, never_across_a_gap)
{
	struct fanotify_nl_settings less = {
		.set = FANOTIFY_NL_SET_QUEUE_LIMIT, .queue_limit = 64 << 10,
	};
	char name[32];

	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &less));
	ASSERT_EQ(0, watch(self, KIND(MODIFY)));
	ASSERT_EQ(0, write_often("file", 2));
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "more%d", i);
		ASSERT_EQ(0, mknod(name, S_IFREG | 0600, 0));
	}
	ASSERT_EQ(0, member_own_stats(self->h, &self->stats));
	ASSERT_LT(0, self->stats.lost);
	EXPECT_GE(less.queue_limit + 4096, self->stats.waiting_bytes);
	ASSERT_EQ(0, write_often("file", 3));
	forget(&heard);
	take(self->h, &heard);
	EXPECT_EQ(2, times(KIND(WRITE), "file"));
	ASSERT_EQ(0, member_own_stats(self->h, &self->stats));
	EXPECT_EQ(1, self->stats.merged);
	/* the last three are in the gap */
	EXPECT_EQ(self->filling + 2 + 200 + 3,
		  self->stats.pushed + self->stats.fetched - self->stats.gaps +
			  self->stats.lost + self->stats.merged);
}

/* No event is lost of what would not have fitted if each were kept. */
TEST_F(merge, saves_the_queue)
{
	struct fanotify_nl_settings less = {
		.set = FANOTIFY_NL_SET_QUEUE_LIMIT, .queue_limit = 64 << 10,
	};

	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &less));
	ASSERT_EQ(0, watch(self, KIND(MODIFY)));
	ASSERT_EQ(0, write_often("file", 5000));
	ASSERT_EQ(0, hear(self));
	EXPECT_EQ(0, self->stats.lost);
	EXPECT_EQ(5000, times(KIND(WRITE), "file"));
	EXPECT_GE(less.queue_limit, self->stats.waiting_max);
}

TEST_F(merge, is_switched_on_and_off)
{
	struct fanotify_nl_settings flags = { .set = FANOTIFY_NL_SET_FLAGS };
	struct fanotify_nl_group_info info;

	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &flags));
	ASSERT_EQ(0, fanotify_nl_group_get(self->h, fanotify_nl_bound(self->h)->number, &info));
	EXPECT_EQ(0, info.settings.flags);
	ASSERT_EQ(0, watch(self, KIND(MODIFY)));
	ASSERT_EQ(0, write_often("file", 4));
	flags.flags = FANOTIFY_GROUP_FLAG_MERGE;
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &flags));
	/* not into what waited before */
	ASSERT_EQ(0, write_often("file", 7));
	flags.flags = 0;
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &flags));
	ASSERT_EQ(0, write_often("file", 2));
	ASSERT_EQ(0, hear(self));
	EXPECT_EQ(4 + 1 + 2, count(&heard, KIND(WRITE), "file"));
	EXPECT_EQ(6, self->stats.merged);
}

TEST_F(merge, is_not_done_unasked)
{
	struct fanotify_nl *h = open_merging(0, 16 << 20);

	fanotify_nl_close(self->h);
	self->h = h;
	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, watch(self, KIND(MODIFY)));
	ASSERT_EQ(0, write_often("file", 100));
	ASSERT_EQ(0, hear(self));
	EXPECT_EQ(100, count(&heard, KIND(WRITE), "file"));
	EXPECT_EQ(0, self->stats.merged);
}

/* ---- writers and a reader at once ---- */

#define WRITERS		4
#define ROUNDS		400

static void write_round(int writer, int round)
{
	char name[32];

	/* one of its own, and one that all write */
	snprintf(name, sizeof(name), round % 3 ? "own%d" : "shared", writer);
	if (write_often(name, 3) || (!(round % 20) && chmod(name, 0600 + round % 64)))
		_exit(1);
}

/* Nothing is missing, nothing is too much, and what comes last is true. */
TEST_F_TIMEOUT(merge, all_adds_up_under_load, 60)
{
	struct order order = { 0 };
	struct fanotify_nl_event event;
	const __u64 all = 3ULL * WRITERS * ROUNDS;
	__u64 written = 0;
	pid_t pid[WRITERS];
	int status, left = WRITERS;
	struct stat st, last = { 0 };

	ASSERT_EQ(0, make_file("shared"));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(WRITE) | KIND(ATTRIB)));
	for (int i = 0; i < WRITERS; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (int round = 0; round < ROUNDS; round++)
			write_round(i, round);
		_exit(0);
	}
	while (left || written < all) {
		const char *wrong;
		int ret;

		if (left && waitpid(-1, &status, WNOHANG) > 0) {
			ASSERT_EQ(0, status);
			left--;
		}
		ret = fanotify_nl_wait_event(self->h, &event, 100);
		ASSERT_LE(0, ret);
		if (!ret) {
			ASSERT_TRUE(left || written >= all)
				TH_LOG("%llu written", (unsigned long long)written);
			continue;
		}
		wrong = order_take(&order, &event);
		ASSERT_EQ(NULL, wrong) TH_LOG("%s", wrong);
		if (event.mask & KIND(WRITE))
			written += event.count ?: 1;
		if (event.name && !strcmp(event.name, "shared"))
			last.st_size = event.object.stat.size;
		/* too slow */
		usleep(200);
	}
	while (fanotify_nl_wait_event(self->h, &event, 0) > 0)
		if (event.name && !strcmp(event.name, "shared"))
			last.st_size = event.object.stat.size;
	EXPECT_EQ(3ULL * WRITERS * ROUNDS, written);
	EXPECT_LT(100, order.merged);
	EXPECT_EQ(0, order.gaps);
	ASSERT_EQ(0, stat("shared", &st));
	EXPECT_EQ(st.st_size, last.st_size);
	printf("# %llu events, %llu merged\n", (unsigned long long)order.events,
	       (unsigned long long)order.merged);
}

TEST_HARNESS_MAIN
