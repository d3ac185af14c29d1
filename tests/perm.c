// SPDX-License-Identifier: GPL-2.0
/*
 * The permission gate: what is asked about, and what answers come to.
 */
#include <sys/mman.h>
#include <time.h>

#include "test.h"
#include "gate.h"
#include "storm.h"

#define INODE		FANOTIFY_MARK_TYPE_INODE
#define MOUNT		FANOTIFY_MARK_TYPE_MOUNT
#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define SUBTREE		FANOTIFY_MARK_TYPE_SUBTREE
#define GLOBAL		FANOTIFY_MARK_TYPE_GLOBAL
#define ALLOW		FANOTIFY_VERDICT_ALLOW
#define DENY		FANOTIFY_VERDICT_DENY
#define DEFER		FANOTIFY_VERDICT_DEFER
#define KEEP		FANOTIFY_VERDICT_FLAG_REMEMBER

/* Longer than any test waits for anything. */
#define PATIENT		GATE_SET(TIMEOUT_MS, timeout_ms, 60000)

FIXTURE(perm)
{
	struct fanotify_nl *h;
};

FIXTURE_SETUP(perm)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, make_paths("dir/", "dir/sub/", "other/", "dir/file",
			       "dir/sub/file", "other/file", NULL));
	ASSERT_EQ(0, copy_file("/bin/true", "dir/true"));
	self->h = gate_open(0, 0, PATIENT);
	ASSERT_NE(NULL, self->h);
}

FIXTURE_TEARDOWN(perm)
{
	fanotify_nl_close(self->h);
}

static __u32 group_of(const struct fanotify_nl *h)
{
	return fanotify_nl_bound(h)->number;
}

TEST_F(perm, allow_and_deny)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	EXPECT_EQ(0, gate_try(self->h, OPEN, "dir/file", ALLOW, 0, 0));
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "dir/file", DENY, 0, 0));
	EXPECT_EQ(0, gate_try(self->h, OPEN_WRITE, "dir/file", ALLOW, 0, 0));
	EXPECT_EQ(1, gate_of(group_of(self->h)).denied);
	EXPECT_EQ(2, gate_of(group_of(self->h)).allowed);
	EXPECT_EQ(0, gate_of(group_of(self->h)).pending);
}

TEST_F(perm, deny_with_an_errno)
{
	static const int errors[] = { EPERM, EIO, EBUSY, ETXTBSY, EAGAIN, ENOSPC, EDQUOT };
	static const int refused[] = { ENOENT, EACCES, EINTR, 512, 1 << 20 };
	struct access a;
	__s64 id;

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	for (unsigned int i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		EXPECT_EQ(errors[i], gate_try(self->h, OPEN, "dir/file", DENY, errors[i], 0));
	ASSERT_EQ(0, access_start(&a, OPEN, "dir/file", 0));
	id = gate_next(self->h, 5000, NULL);
	ASSERT_LT(0, id);
	for (unsigned int i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		EXPECT_EQ(-EINVAL, gate_verdict(self->h, id, DENY, refused[i], 0));
		EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "errno"));
	}
	EXPECT_EQ(-EINVAL, gate_verdict(self->h, id, ALLOW, EPERM, 0));
	EXPECT_EQ(-EINVAL, gate_verdict(self->h, id, DEFER, 0, KEEP));
	EXPECT_EQ(-EINVAL, gate_verdict(self->h, id, ALLOW, 0, KEEP));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "no flag remember"));
	EXPECT_EQ(-ERANGE, gate_verdict(self->h, id, 4, 0, 0));
	EXPECT_EQ(-ERANGE, gate_verdict(self->h, id, 0, 0, 0));
	EXPECT_EQ(-EINVAL, gate_verdict(self->h, id, ALLOW, 0, 1 << 5));
	EXPECT_EQ(-ETIMEDOUT, access_end(&a, 100));
	EXPECT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, 0));
	EXPECT_EQ(0, access_end(&a, 5000));
}

TEST_F(perm, each_kind)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_EXEC_PERM)));
	EXPECT_EQ(0, gate_try(self->h, OPEN, "dir/true", 0, 0, 0));
	EXPECT_EQ(0, gate_try(self->h, EXEC, "dir/true", ALLOW, 0, 0));
	EXPECT_EQ(EPERM, gate_try(self->h, EXEC, "dir/true", DENY, 0, 0));
	ASSERT_EQ(0, listen_unmark(self->h, FILESYSTEM, "dir", KIND(OPEN_EXEC_PERM)));
	EXPECT_EQ(0, gate_try(self->h, EXEC, "dir/true", 0, 0, 0));

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(ACCESS_PERM)));
	EXPECT_EQ(0, gate_try(self->h, OPEN, "dir/file", 0, 0, 0));
	EXPECT_EQ(0, gate_try(self->h, READ, "dir/file", ALLOW, 0, 0));
	EXPECT_EQ(EPERM, gate_try(self->h, READ, "dir/file", DENY, 0, 0));
}

/* A directory needs ondir, as for all kinds. */
TEST_F(perm, directories)
{
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	EXPECT_EQ(0, gate_try(self->h, LIST, "dir", 0, 0, 0));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(ONDIR)));
	EXPECT_EQ(EPERM, gate_try(self->h, LIST, "dir", DENY, 0, 0));
}

TEST_F(perm, what_an_event_says)
{
	struct fanotify_nl_event event;
	struct timespec now;
	struct access a;
	char text[16];
	__s64 id;
	int fd;

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM) | KIND(OPEN)));
	ASSERT_EQ(0, access_start(&a, OPEN, "dir/sub/file", 1001));
	id = gate_next(self->h, 5000, &event);
	ASSERT_LT(0, id);
	EXPECT_EQ(KIND(OPEN_PERM), event.mask);
	EXPECT_EQ(0, event.seq);
	EXPECT_STREQ("/dir/sub/file", event.path);
	EXPECT_STREQ("file", event.name);
	EXPECT_EQ(a.pid, event.actor.tgid);
	EXPECT_EQ(1001, event.actor.uid);
	EXPECT_EQ(5, event.object.stat.size);
	EXPECT_EQ(0, event.object.changed);
	clock_gettime(CLOCK_BOOTTIME, &now);
	EXPECT_LT(now.tv_sec * 1000000000ULL + now.tv_nsec + 50000000000ULL, event.deadline);
	EXPECT_GT(now.tv_sec * 1000000000ULL + now.tv_nsec + 60000000000ULL, event.deadline);

	fd = fanotify_nl_event_open_id(self->h, id);
	ASSERT_LE(0, fd) TH_LOG("%s", fanotify_nl_error(self->h));
	EXPECT_EQ(5, read(fd, text, sizeof(text)));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
	EXPECT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, 0));
	EXPECT_EQ(0, access_end(&a, 5000));
	EXPECT_EQ(-ENOENT, fanotify_nl_event_open_id(self->h, id));
	/* the open itself is told of, and counted */
	ASSERT_EQ(1, fanotify_nl_wait_event(self->h, &event, 5000));
	EXPECT_EQ(KIND(OPEN), event.mask);
	EXPECT_EQ(1, event.seq);
	EXPECT_LT(id, event.id);
}

/* What a filter leaves out, by name or by who does it, is not asked about. */
TEST_F(perm, filters)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_FILTERS,
		.nr_filters = 1,
		.filters[0] = { .by = FANOTIFY_A_FILTER_NAME,
				.flags = FANOTIFY_FILTER_FLAG_EXCLUDE, .name = "fil*" },
	};

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &settings));
	EXPECT_EQ(0, gate_try(self->h, OPEN, "dir/file", 0, 0, 0));
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "dir/true", DENY, 0, 0));

	settings.filters[0] = (struct fanotify_nl_filter){ .by = FANOTIFY_A_FILTER_UID,
							   .uid = 1001 };
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &settings));
	EXPECT_EQ(0, gate_try(self->h, OPEN, "dir/file", 0, 0, 0));
	settings.filters[0].uid = 0;
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &settings));
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "dir/file", DENY, 0, 0));

	settings.nr_filters = 0;
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &settings));
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "dir/file", DENY, 0, 0));
}

/* Repeats wait each for itself, in a group that merges what is only told, too. */
TEST_F(perm, nothing_is_merged)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_FLAGS, .flags = PERMISSION | FANOTIFY_GROUP_FLAG_MERGE,
	};
	struct fanotify_nl_event event;
	struct access a[3];

	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &settings));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, access_start(&a[i], OPEN, "dir/file", 0));
	for (int i = 0; i < 3; i++) {
		__s64 id = gate_next(self->h, 5000, &event);

		ASSERT_LT(0, id);
		EXPECT_EQ(0, event.count);
		EXPECT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, 0));
	}
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(0, access_end(&a[i], 5000));
}

TEST_F(perm, what_it_is_never_changes)
{
	static const __u32 flags[] = { 0, FANOTIFY_GROUP_FLAG_MERGE, PERMISSION | REMEMBER };

	for (unsigned int i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct fanotify_nl_settings settings = {
			.set = FANOTIFY_NL_SET_FLAGS, .flags = flags[i],
		};

		EXPECT_EQ(-EINVAL, fanotify_nl_group_set(self->h, &settings));
		EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "cannot be changed"));
	}
}

FIXTURE(perm_mark)
{
	struct fanotify_nl *h;
};

FIXTURE_VARIANT(perm_mark)
{
	__u32 type;
	const char *path;
	__u64 more;
	bool file, sub, other;
};

FIXTURE_VARIANT_ADD(perm_mark, inode) { INODE, "dir/file", 0, true, false, false };
FIXTURE_VARIANT_ADD(perm_mark, children) {
	INODE, "dir", KIND(EVENT_ON_CHILD), true, false, false
};
FIXTURE_VARIANT_ADD(perm_mark, mount) { MOUNT, "dir", 0, true, true, true };
FIXTURE_VARIANT_ADD(perm_mark, filesystem) { FILESYSTEM, "dir", 0, true, true, true };
FIXTURE_VARIANT_ADD(perm_mark, subtree) { SUBTREE, "dir", 0, true, true, false };
FIXTURE_VARIANT_ADD(perm_mark, global) { GLOBAL, NULL, 0, true, true, true };

FIXTURE_SETUP(perm_mark)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, make_paths("dir/", "dir/sub/", "other/", "dir/file",
			       "dir/sub/file", "other/file", NULL));
	self->h = gate_open(0, 0, PATIENT);
	ASSERT_NE(NULL, self->h);
}

FIXTURE_TEARDOWN(perm_mark)
{
	fanotify_nl_close(self->h);
}

#define DENIED_IF(asked, path)								\
	EXPECT_EQ((asked) ? EPERM : 0,							\
		  gate_try(self->h, OPEN, path, (asked) ? DENY : 0, 0, 0)) TH_LOG(path)

TEST_F(perm_mark, is_asked)
{
	__u64 mask = KIND(OPEN_PERM) | variant->more;

	ASSERT_EQ(0, listen_mark(self->h, variant->type, variant->path, mask))
		TH_LOG("%s", fanotify_nl_error(self->h));
	DENIED_IF(variant->file, "dir/file");
	DENIED_IF(variant->sub, "dir/sub/file");
	DENIED_IF(variant->other, "other/file");
	ASSERT_EQ(0, listen_unmark(self->h, variant->type, variant->path, mask));
	DENIED_IF(false, "dir/file");
	DENIED_IF(false, "dir/sub/file");
	DENIED_IF(false, "other/file");
	/* and again: what was shared before was given up */
	ASSERT_EQ(0, listen_mark(self->h, variant->type, variant->path, mask));
	DENIED_IF(variant->file, "dir/file");
	ASSERT_EQ(0, fanotify_nl_mark_flush(self->h, 0));
	DENIED_IF(false, "dir/file");
}

/* A mark that there is comes to ask for more. */
TEST_F(perm_mark, grows)
{
	ASSERT_EQ(0, listen_mark(self->h, variant->type, variant->path,
				 KIND(CLOSE_WRITE) | variant->more));
	DENIED_IF(false, "dir/file");
	ASSERT_EQ(0, listen_mark(self->h, variant->type, variant->path, KIND(OPEN_PERM)));
	DENIED_IF(variant->file, "dir/file");
	ASSERT_EQ(0, listen_unmark(self->h, variant->type, variant->path, KIND(OPEN_PERM)));
	DENIED_IF(false, "dir/file");
}

TEST_F(perm, ignored)
{
	const __u32 survives = FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY;

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	ASSERT_EQ(0, listen_ignore(self->h, INODE, "dir/file", KIND(OPEN_PERM), 0));
	DENIED_IF(false, "dir/file");
	DENIED_IF(true, "dir/sub/file");
	ASSERT_EQ(0, write_file("dir/file", "other"));
	DENIED_IF(true, "dir/file");
	ASSERT_EQ(0, listen_ignore(self->h, SUBTREE, "dir", KIND(OPEN_PERM), survives));
	DENIED_IF(false, "dir/file");
	DENIED_IF(false, "dir/sub/file");
	DENIED_IF(true, "other/file");
	ASSERT_EQ(0, listen_ignore(self->h, MOUNT, ".", KIND(OPEN_PERM), survives));
	DENIED_IF(false, "other/file");
}

/* A mark of the one group makes the other one's no more than they are. */
TEST_F(perm, groups_share_objects)
{
	struct fanotify_nl *h = gate_open(0, 0, PATIENT);

	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	ASSERT_EQ(0, listen_mark(h, FILESYSTEM, "dir", KIND(ACCESS_PERM)));
	DENIED_IF(true, "dir/file");
	EXPECT_EQ(0, gate_next(h, 0, NULL));
	fanotify_nl_close(self->h);
	self->h = h;
	DENIED_IF(false, "dir/file");
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	DENIED_IF(true, "dir/file");
}

/* Where opening takes locks that whoever decides may need. */
TEST_F(perm, not_of_proc)
{
	EXPECT_EQ(-EINVAL, listen_mark(self->h, FILESYSTEM, "/proc", KIND(OPEN_PERM)));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "does not let accesses to it wait"));
	EXPECT_EQ(-EINVAL, listen_mark(self->h, INODE, "/proc/self/mem", KIND(ACCESS_PERM)));
}

TEST_F(perm, is_for_permission_groups)
{
	struct fanotify_nl *h = listen_open();
	struct fanotify_nl_settings settings = GATE_SET(TIMEOUT_MS, timeout_ms, 1000);
	struct fanotify_nl_bind bind = { .settings = settings };
	struct fanotify_nl_caps caps;

	ASSERT_NE(NULL, h);
	EXPECT_EQ(-EINVAL, listen_mark(h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(h), "flag permission"));
	EXPECT_EQ(-EINVAL, listen_ignore(h, INODE, "dir/file", KIND(ACCESS_PERM), 0));
	EXPECT_EQ(-EINVAL, fanotify_nl_group_set(h, &settings));
	EXPECT_EQ(-EINVAL, gate_verdict(h, 1, ALLOW, 0, 0));
	EXPECT_EQ(-EBUSY, fanotify_nl_gate_lift(h, group_of(h)));
	fanotify_nl_unbind(h);
	EXPECT_EQ(-EINVAL, fanotify_nl_bind(h, &bind));
	bind.settings = (struct fanotify_nl_settings){
		.set = FANOTIFY_NL_SET_FLAGS, .flags = REMEMBER,
	};
	EXPECT_EQ(-EINVAL, fanotify_nl_bind(h, &bind));
	ASSERT_EQ(0, fanotify_nl_caps(h, &caps));
	EXPECT_EQ(16, caps.permission_groups_max);
	EXPECT_LT(0, caps.remembered_max);
	EXPECT_TRUE(caps.kinds & KIND(OPEN_EXEC_PERM));
	fanotify_nl_close(h);
}

TEST_F(perm, so_many_groups_at_most)
{
	struct fanotify_nl *h[3] = {};

	ASSERT_EQ(0, set_parameter("permission_groups_max", "2"));
	h[0] = gate_open(0, 0, PATIENT);
	EXPECT_NE(NULL, h[0]);
	h[1] = gate_open(0, 0, PATIENT);
	EXPECT_EQ(NULL, h[1]);
	fanotify_nl_close(h[0]);
	h[2] = gate_open(0, 0, PATIENT);
	EXPECT_NE(NULL, h[2]);
	fanotify_nl_close(h[2]);
	EXPECT_EQ(0, set_parameter("permission_groups_max", "16"));
}

TEST_F(perm, members_are_not_asked)
{
	struct fanotify_nl *h = gate_open(0, 0, PATIENT);

	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM) | KIND(ACCESS_PERM)));
	ASSERT_EQ(0, listen_mark(h, FILESYSTEM, "dir", KIND(OPEN_PERM) | KIND(ACCESS_PERM)));
	EXPECT_LE(0, open("dir/file", O_RDONLY));
	EXPECT_EQ(0, gate_next(self->h, 0, NULL));
	EXPECT_EQ(0, gate_next(h, 0, NULL));
	fanotify_nl_close(h);
}

TEST_F(perm, in_the_order_of_priorities)
{
	struct fanotify_nl *h[3] = { self->h };
	static const int priority[] = { 0, -5, 7 }, order[] = { 2, 0, 1 };
	struct fanotify_nl_settings last = GATE_SET(PRIORITY, priority, -6);
	struct access a;
	__s64 id;

	for (int i = 1; i < 3; i++) {
		struct fanotify_nl_settings settings = PATIENT;

		settings.set |= FANOTIFY_NL_SET_PRIORITY;
		settings.priority = priority[i];
		h[i] = gate_open(0, 0, settings);
		ASSERT_NE(NULL, h[i]);
	}
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, listen_mark(h[i], i == 1 ? SUBTREE : FILESYSTEM, "dir",
					 KIND(OPEN_PERM)));
	ASSERT_EQ(0, access_start(&a, OPEN, "dir/file", 0));
	for (int i = 0; i < 3; i++) {
		id = gate_next(h[order[i]], 5000, NULL);
		ASSERT_LT(0, id) TH_LOG("priority %d", priority[order[i]]);
		for (int j = i + 1; j < 3; j++)
			EXPECT_EQ(0, gate_next(h[order[j]], 0, NULL));
		ASSERT_EQ(0, gate_verdict(h[order[i]], id, ALLOW, 0, 0));
	}
	EXPECT_EQ(0, access_end(&a, 5000));

	/* the first that denies is the last that is asked */
	EXPECT_EQ(EPERM, gate_try(h[2], OPEN, "dir/file", DENY, 0, 0));
	EXPECT_EQ(0, gate_next(h[0], 0, NULL));

	/* a new priority counts at once */
	ASSERT_EQ(0, fanotify_nl_group_set(h[2], &last));
	EXPECT_EQ(EPERM, gate_try(h[0], OPEN, "dir/file", DENY, 0, 0));
	EXPECT_EQ(0, gate_next(h[2], 0, NULL));
	fanotify_nl_close(h[1]);
	fanotify_nl_close(h[2]);
}

TEST_F(perm, wrong_verdicts)
{
	struct fanotify_nl_bind join = { .number = group_of(self->h) };
	struct fanotify_nl_verdict verdicts[4] = {};
	struct fanotify_nl *other;
	struct access a, b;
	__s64 id, id2;

	ASSERT_EQ(0, fanotify_nl_open(&other));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	EXPECT_EQ(-ENOENT, gate_verdict(self->h, 0, ALLOW, 0, 0));
	EXPECT_EQ(-ENOENT, gate_verdict(self->h, 1, ALLOW, 0, 0));
	EXPECT_STREQ("no event 1", fanotify_nl_error(self->h));
	ASSERT_EQ(0, access_start(&a, OPEN, "dir/file", 0));
	id = gate_next(self->h, 5000, NULL);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, access_start(&b, OPEN, "dir/file", 0));
	id2 = gate_next(self->h, 5000, NULL);
	ASSERT_LT(0, id2);

	ASSERT_EQ(0, fanotify_nl_bind(other, &join));
	EXPECT_EQ(-EACCES, gate_verdict(other, id, ALLOW, 0, 0));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(other), "not delivered to this member"));
	EXPECT_EQ(-EACCES, fanotify_nl_event_open_id(other, id));
	EXPECT_EQ(-ETIMEDOUT, access_end(&a, 100));

	/* of many, those that can be are taken */
	for (int i = 0; i < 4; i++)
		verdicts[i].response = ALLOW;
	verdicts[0].id = 1000000;
	verdicts[1].id = id;
	verdicts[2].id = 2000000;
	verdicts[3].id = id2;
	EXPECT_EQ(-ENOENT, fanotify_nl_verdict(self->h, verdicts, 4));
	EXPECT_STREQ("no event 1000000", fanotify_nl_error(self->h));
	EXPECT_EQ(0, access_end(&a, 5000));
	EXPECT_EQ(0, access_end(&b, 5000));
	EXPECT_EQ(-ENOENT, gate_verdict(self->h, id, ALLOW, 0, 0));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "not waited for (any more)"));

	/* and none of a message that is malformed */
	ASSERT_EQ(0, access_start(&a, OPEN, "dir/file", 0));
	id = gate_next(self->h, 1000, NULL) ?: gate_next(other, 5000, NULL);
	ASSERT_LT(0, id);
	verdicts[0].id = id;
	verdicts[1].response = 17;
	EXPECT_EQ(-ERANGE, fanotify_nl_verdict(self->h, verdicts, 2));
	EXPECT_EQ(-ETIMEDOUT, access_end(&a, 100));
	EXPECT_EQ(-E2BIG, fanotify_nl_verdict(self->h, verdicts, FANOTIFY_NL_VERDICTS_MAX + 1));
	EXPECT_EQ(0, fanotify_nl_verdict(self->h, verdicts, 0));
	access_kill(&a);
	fanotify_nl_close(other);
}

/* What the library would not send. */
TEST_F(perm, malformed_verdicts)
{
	struct nlattr *nest;
	struct nl nl;
	__u32 number;
	__u64 token;

	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, nl_bind(&nl, &number, &token));
	for (int with = 0; with < 8; with++) {
		nl_begin(&nl, FANOTIFY_CMD_VERDICT, 0);
		if (with != 0)
			nl_put_u32(&nl, FANOTIFY_A_VERDICT_GROUP, number);
		if (with != 1)
			nl_put_u64(&nl, FANOTIFY_A_VERDICT_TOKEN, token + (with == 2));
		nest = mnl_attr_nest_start(nl.request, FANOTIFY_A_VERDICT_ANSWER);
		if (with != 3)
			nl_put_u64(&nl, FANOTIFY_A_ANSWER_ID, 1);
		if (with != 4)
			nl_put_u32(&nl, FANOTIFY_A_ANSWER_RESPONSE, ALLOW);
		if (with == 5)
			nl_put_u32(&nl, FANOTIFY_A_ANSWER_FLAGS, 1 << 9);
		if (with == 6)
			nl_put_u32(&nl, 9, 1);
		mnl_attr_nest_end(nl.request, nest);
		/* the last of them is refused as it is no permission group */
		EXPECT_EQ(with == 2 ? -EACCES : -EINVAL, nl_call(&nl)) TH_LOG("%d", with);
		EXPECT_TRUE(nl.miss_type || *nl.text) TH_LOG("%d", with);
	}
	nl_begin(&nl, FANOTIFY_CMD_VERDICT, 0);
	nl_put_u32(&nl, FANOTIFY_A_VERDICT_GROUP, number);
	nl_put_u64(&nl, FANOTIFY_A_VERDICT_TOKEN, token);
	EXPECT_EQ(-EINVAL, nl_call(&nl));
	EXPECT_EQ(FANOTIFY_A_VERDICT_ANSWER, nl.miss_type);
	nl_close(&nl);
}

TEST_F(perm, many_in_one_message)
{
	/* of which one user has a fifth */
	struct fanotify_nl_settings wide = GATE_SET(WINDOW, window, 256);
	struct fanotify_nl_verdict verdicts[32];
	struct access a[32];

	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &wide));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	for (int i = 0; i < 32; i++)
		ASSERT_EQ(0, access_start(&a[i], OPEN, "dir/file", 0));
	for (int i = 0; i < 32; i++) {
		verdicts[i] = (struct fanotify_nl_verdict){ .response = i % 2 ? ALLOW : DENY };
		verdicts[i].id = gate_next(self->h, 5000, NULL);
		ASSERT_LT(0, (__s64)verdicts[i].id);
	}
	EXPECT_EQ(0, gate_next(self->h, 0, NULL));
	ASSERT_EQ(0, fanotify_nl_verdict(self->h, verdicts, 32));
	for (int i = 0; i < 32; i++)
		EXPECT_LE(0, access_end(&a[i], 5000));
	EXPECT_EQ(16, gate_of(group_of(self->h)).allowed);
	EXPECT_EQ(16, gate_of(group_of(self->h)).denied);
}

/* A listener may drop its privileges once it has bound and marked. */
TEST_F(perm, verdicts_need_no_capability)
{
	struct access a;
	__s64 id;

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	ASSERT_EQ(0, access_start(&a, OPEN, "dir/file", 0));
	id = gate_next(self->h, 5000, NULL);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, seteuid(1001));
	EXPECT_EQ(-EPERM, fanotify_nl_event_open_id(self->h, id));
	EXPECT_EQ(-EPERM, fanotify_nl_gate_lift(self->h, group_of(self->h)));
	EXPECT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, 0));
	EXPECT_EQ(0, access_end(&a, 5000));
	ASSERT_EQ(0, seteuid(0));
}

TEST_F(perm, a_killed_task_waits_no_more)
{
	struct access a;
	__s64 id;

	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM)));
	ASSERT_EQ(0, access_start(&a, OPEN, "dir/file", 0));
	id = gate_next(self->h, 5000, NULL);
	ASSERT_LT(0, id);
	access_kill(&a);
	EXPECT_EQ(-ENOENT, gate_verdict(self->h, id, ALLOW, 0, 0));
	EXPECT_EQ(1, gate_of(group_of(self->h)).withdrawn);
	EXPECT_EQ(0, gate_of(group_of(self->h)).pending);
}

/* While events wait to be fetched, and the socket is as full as it gets. */
TEST_F(perm, goes_ahead_of_what_waits)
{
	struct fanotify_nl_member_info info;
	struct fanotify_nl_event event;
	struct access a;
	__s64 id = 0;
	__u64 seq = 0;
	int ret;

	fanotify_nl_close(self->h);
	self->h = gate_open(0, 0, PATIENT);
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "dir", KIND(OPEN_PERM) | KIND(CREATE)));
	do {
		for (int i = 0; i < 100; i++) {
			ASSERT_EQ(0, make_file("new"));
			ASSERT_EQ(0, unlink("new"));
		}
		ASSERT_EQ(0, member_own_stats(self->h, &info));
	} while (info.waiting < 100);
	ASSERT_EQ(0, access_start(&a, OPEN, "dir/file", 0));
	usleep(100000);
	for (;;) {
		ret = fanotify_nl_wait_event(self->h, &event, 1000);
		if (ret <= 0)
			break;
		if (!(event.has & FANOTIFY_NL_HAS_DEADLINE)) {
			EXPECT_EQ(++seq, event.seq);
			continue;
		}
		id = event.id;
		/* those that were not on the socket come after it */
		EXPECT_GT(info.pushed + info.waiting, seq);
		ASSERT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, 0));
	}
	EXPECT_EQ(0, ret);
	EXPECT_LT(0, id);
	EXPECT_EQ(info.seq, seq);
	EXPECT_EQ(0, access_end(&a, 5000));
}

FIXTURE(remember)
{
	struct fanotify_nl *h;
	__u32 number;
};

FIXTURE_VARIANT(remember)
{
	int (*work)(void);
	__u32 type;
	const char *path;
};

FIXTURE_VARIANT_ADD(remember, tmpfs) { work_here, FILESYSTEM, "." };
FIXTURE_VARIANT_ADD(remember, tmpfs_inode) { work_here, INODE, "file" };
FIXTURE_VARIANT_ADD(remember, ext4) { work_on_disk, FILESYSTEM, "." };

FIXTURE_SETUP(remember)
{
	ASSERT_EQ(0, variant->work());
	ASSERT_EQ(0, write_file("file", "text"));
	ASSERT_EQ(0, write_file("other", "text"));
	self->h = gate_open(0, REMEMBER, PATIENT);
	ASSERT_NE(NULL, self->h);
	self->number = group_of(self->h);
	ASSERT_EQ(0, listen_mark(self->h, variant->type, variant->path,
				 KIND(OPEN_PERM) | KIND(ACCESS_PERM)));
}

FIXTURE_TEARDOWN(remember)
{
	fanotify_nl_close(self->h);
}

#define TOLD(response)	gate_try(self->h, OPEN, "file", response, 0, KEEP)
#define UNASKED()	gate_try(self->h, OPEN, "file", 0, 0, 0)

TEST_F(remember, allow_and_deny)
{
	EXPECT_EQ(0, TOLD(ALLOW));
	EXPECT_EQ(0, UNASKED());
	EXPECT_EQ(0, UNASKED());
	EXPECT_EQ(2, gate_of(self->number).remembered);
	EXPECT_EQ(0, gate_of(self->number).not_remembered);
	ASSERT_EQ(0, write_file("file", "more"));
	EXPECT_EQ(EPERM, TOLD(DENY));
	EXPECT_EQ(EPERM, UNASKED());
	ASSERT_EQ(0, write_file("file", "again"));
	EXPECT_EQ(EIO, gate_try(self->h, OPEN, "file", DENY, EIO, KEEP));
	EXPECT_EQ(EIO, UNASKED());
	/* another kind of access is another question */
	if (variant->type == FILESYSTEM)
		EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "other", DENY, 0, 0));
}

/* Of two denials with different errnos the later one is kept: the other kind is asked again. */
TEST_F(remember, each_kind_for_itself)
{
	struct access reader;
	__s64 id;

	ASSERT_EQ(0, access_start(&reader, READ, "file", 0));
	id = gate_next(self->h, 5000, NULL);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, 0));
	id = gate_next(self->h, 5000, NULL);
	ASSERT_LT(0, id);
	EXPECT_EQ(EIO, gate_try(self->h, OPEN, "file", DENY, EIO, KEEP));
	EXPECT_EQ(EIO, UNASKED());
	ASSERT_EQ(0, gate_verdict(self->h, id, DENY, EBUSY, KEEP));
	EXPECT_EQ(EBUSY, access_end(&reader, 5000));
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
}

static int write_open(void)
{
	int fd = open("file", O_WRONLY);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int write_and_map(void)
{
	int fd = open("file", O_RDWR);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (p == MAP_FAILED)
		return -errno;
	p[0] = 'x';
	return munmap(p, 4096);
}

static int truncate_file(void)
{
	return truncate("file", 1);
}

/* What ends it; the last is not done to the file. */
TEST_F(remember, until_it_is_modified)
{
	static int (*const ends[])(void) = { write_open, write_and_map, truncate_file };
	struct fanotify_nl_settings nothing = {};

	for (unsigned int i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		EXPECT_EQ(0, TOLD(ALLOW));
		EXPECT_EQ(0, UNASKED());
		ASSERT_EQ(0, ends[i]());
		EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0)) TH_LOG("%u", i);
	}
	EXPECT_EQ(0, TOLD(ALLOW));
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &nothing));
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
}

TEST_F(remember, not_ended_by)
{
	EXPECT_EQ(0, TOLD(ALLOW));
	ASSERT_EQ(0, chmod("file", 0600));
	ASSERT_EQ(0, rename("file", "new"));
	ASSERT_EQ(0, rename("new", "file"));
	ASSERT_EQ(0, link("file", "link"));
	EXPECT_LE(0, open("file", O_RDONLY));
	EXPECT_EQ(0, UNASKED());
}

TEST_F(remember, not_while_it_is_open_for_writing)
{
	int fd = open("file", O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, TOLD(ALLOW));
	EXPECT_EQ(1, gate_of(self->number).not_remembered);
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
	close(fd);
	EXPECT_EQ(0, TOLD(ALLOW));
	EXPECT_EQ(0, UNASKED());
	/* and is not used while it is, whoever opens it */
	fd = open("file", O_WRONLY);
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
	close(fd);
}

/* Opens the file, and reads it when it is told to. Return: the exit status, an errno. */
static int read_when_told(int told, int opened)
{
	int fd = open("file", O_RDONLY);
	char c;

	if (fd < 0 || write(opened, "x", 1) != 1 || read(told, &c, 1) != 1)
		return EPROTO;
	return read(fd, &c, 1) < 0 ? errno : 0;
}

/*
 * A file that makes no events is not seen when it is opened for writing, but while it
 * is so: what was opened before is asked about when it is read, and then all is forgotten.
 */
TEST_F(remember, not_while_it_is_open_for_writing_unseen)
{
	struct fanotify_nl_bind bind = {
		.settings = GATE_SET(OPEN_FLAGS, open_flags, O_RDWR),
	};
	struct file_handle *handle = (void *)&(char[sizeof(*handle) + MAX_HANDLE_SZ]){ 0 };
	struct fanotify_nl_node node = {};
	struct fanotify_nl *opener;
	int mount_fd = open(".", O_RDONLY), mount_id, fd, told[2], opened[2], status;
	pid_t pid;
	__s64 id;
	char c;

	handle->handle_bytes = MAX_HANDLE_SZ;
	ASSERT_EQ(0, name_to_handle_at(AT_FDCWD, "file", handle, &mount_id, 0));
	node.handle = handle->f_handle;
	node.handle_len = handle->handle_bytes;
	node.handle_type = handle->handle_type;
	ASSERT_EQ(0, fanotify_nl_open(&opener));
	ASSERT_EQ(0, fanotify_nl_bind(opener, &bind));
	ASSERT_EQ(0, pipe(told));
	ASSERT_EQ(0, pipe(opened));

	EXPECT_EQ(0, TOLD(ALLOW));
	EXPECT_EQ(0, gate_try(self->h, READ, "file", ALLOW, 0, KEEP));
	EXPECT_EQ(0, gate_try(self->h, READ, "file", 0, 0, 0));
	pid = fork();
	if (!pid)
		_exit(read_when_told(told[0], opened[1]));
	ASSERT_EQ(1, read(opened[0], &c, 1));
	fd = fanotify_nl_event_open(opener, mount_fd, &node);
	ASSERT_LE(0, fd) TH_LOG("%s", fanotify_nl_error(opener));
	ASSERT_EQ(1, write(told[1], "x", 1));
	id = gate_next(self->h, 2000 * slowness(), NULL);
	EXPECT_LT(0, id);
	EXPECT_EQ(0, gate_verdict(self->h, id, DENY, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EPERM, WEXITSTATUS(status));

	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
	close(fd);
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
	close(mount_fd);
	fanotify_nl_close(opener);
}

/* Changed after it was asked about, before the verdict. */
TEST_F(remember, not_of_what_was_before)
{
	static int (*const changes[])(void) = { write_open, write_and_map, truncate_file };
	struct access a;
	__s64 id;

	for (unsigned int i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
		id = gate_next(self->h, 5000, NULL);
		ASSERT_LT(0, id);
		ASSERT_EQ(0, changes[i]());
		ASSERT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, KEEP));
		EXPECT_EQ(0, access_end(&a, 5000));
		EXPECT_EQ(i + 1, gate_of(self->number).not_remembered);
		EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0)) TH_LOG("%u", i);
	}
}

/* So many files, and the oldest gives way. */
TEST_F(remember, bounded)
{
	if (variant->type != FILESYSTEM)
		ASSERT_EQ(0, listen_mark(self->h, variant->type, "other",
					 KIND(OPEN_PERM) | KIND(ACCESS_PERM)));
	ASSERT_EQ(0, set_parameter("remembered_max", "1"));
	EXPECT_EQ(0, TOLD(ALLOW));
	EXPECT_EQ(0, UNASKED());
	EXPECT_EQ(0, gate_try(self->h, OPEN, "other", ALLOW, 0, KEEP));
	EXPECT_EQ(0, gate_try(self->h, OPEN, "other", 0, 0, 0));
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
	ASSERT_EQ(0, set_parameter("remembered_max", "65536"));
}

/* A file's mark that gives way while somebody waits lets nobody else through. */
TEST_F(remember, its_mark_may_go)
{
	struct fanotify_nl_event event;
	struct access waiting;
	__s64 id;

	if (variant->type != FILESYSTEM)
		ASSERT_EQ(0, listen_mark(self->h, variant->type, "other", KIND(OPEN_PERM)));
	ASSERT_EQ(0, set_parameter("remembered_max", "1"));
	EXPECT_EQ(0, TOLD(ALLOW));
	ASSERT_EQ(0, write_open());
	ASSERT_EQ(0, access_start(&waiting, OPEN, "file", 0));
	id = gate_next(self->h, 5000, &event);
	ASSERT_LT(0, id);
	EXPECT_EQ(0, gate_try(self->h, OPEN, "other", ALLOW, 0, KEEP));
	/* a worker takes the mark away */
	usleep(200000);
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
	EXPECT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, 0));
	EXPECT_EQ(0, access_end(&waiting, 5000));
	ASSERT_EQ(0, set_parameter("remembered_max", "65536"));
}

/* An answer to what was asked before the group forgot. */
TEST_F(remember, not_what_was_asked_before)
{
	struct fanotify_nl_settings nothing = {};
	struct fanotify_nl_event event;
	struct access a;
	__s64 id;

	ASSERT_EQ(0, access_start(&a, OPEN, "file", 0));
	id = gate_next(self->h, 5000, &event);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &nothing));
	EXPECT_EQ(0, gate_verdict(self->h, id, ALLOW, 0, KEEP));
	EXPECT_EQ(0, access_end(&a, 5000));
	EXPECT_EQ(1, gate_of(self->number).not_remembered);
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
}

/* Held is held, also for what was allowed. */
TEST_F(remember, not_while_held)
{
	struct fanotify_nl_settings deny = {
		.set = FANOTIFY_NL_SET_ON_EVICT, .on_evict = FANOTIFY_ON_EVICT_DENY,
	};
	struct fanotify_nl *h;

	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &deny));
	EXPECT_EQ(0, TOLD(ALLOW));
	EXPECT_EQ(0, UNASKED());
	fanotify_nl_close(self->h);
	self->h = NULL;
	EXPECT_TRUE(gate_becomes(self->number, FANOTIFY_GATE_STATE_HELD));
	EXPECT_EQ(-1, open("file", O_RDONLY));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(0, fanotify_nl_open(&h));
	EXPECT_EQ(0, fanotify_nl_gate_lift(h, self->number));
	fanotify_nl_close(h);
}

/* The mark of what is remembered keeps nothing from being deleted or unmounted. */
TEST_F(remember, goes_with_the_file)
{
	EXPECT_EQ(0, TOLD(ALLOW));
	ASSERT_EQ(0, unlink("file"));
	ASSERT_EQ(0, write_file("file", "text"));
	if (variant->type == FILESYSTEM)
		EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "file", DENY, 0, 0));
	if (variant->work == work_here) {
		ASSERT_EQ(0, chdir("/"));
		EXPECT_EQ(0, umount(WORK));
	}
}

/* Who has mapped a file of overlayfs keeps none but the file below open. */
TEST_F(perm, not_remembered_on_overlayfs)
{
	ASSERT_EQ(0, mkdir("lower", 0755));
	ASSERT_EQ(0, mkdir("upper", 0755));
	ASSERT_EQ(0, mkdir("work", 0755));
	ASSERT_EQ(0, mkdir("merged", 0755));
	ASSERT_EQ(0, write_file("upper/file", "text"));
	ASSERT_EQ(0, mount("overlay", "merged", "overlay", 0,
			   "lowerdir=lower,upperdir=upper,workdir=work")) TH_LOG("%m");
	fanotify_nl_close(self->h);
	self->h = gate_open(0, REMEMBER, PATIENT);
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "merged", KIND(OPEN_PERM)));
	EXPECT_EQ(0, gate_try(self->h, OPEN, "merged/file", ALLOW, 0, KEEP));
	EXPECT_EQ(1, gate_of(group_of(self->h)).not_remembered);
	EXPECT_EQ(EPERM, gate_try(self->h, OPEN, "merged/file", DENY, 0, 0));
	EXPECT_EQ(0, umount("merged"));
}

TEST_HARNESS_MAIN
