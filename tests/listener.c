// SPDX-License-Identifier: GPL-2.0
/*
 * Who listens: what is charged to it, and what it may do without privileges.
 */
#include "test.h"
#include "storm.h"
#include "wire.h"

#define CGROUP_ROOT	"/sys/fs/cgroup"
#define CGROUP		CGROUP_ROOT "/fanotify-nl-listener"
#define QUEUE_LIMIT	(64 << 20)
#define FILES		4000
#define MOUNTS		400
#define FEW		20
#define UNPRIVILEGED	1001

static int make_files(unsigned int count)
{
	char name[32];

	while (count--) {
		snprintf(name, sizeof(name), "%u", count);
		if (mknod(name, S_IFREG | 0600, 0))
			return -errno;
	}
	return 0;
}

static long charged(void)
{
	char text[32];

	return read_file(CGROUP "/memory.current", text, sizeof(text)) ? -1 : atol(text);
}

FIXTURE(listener) {
	struct fanotify_nl *h;
	struct fanotify_nl_member_info stats;
	bool grouped;
};

FIXTURE_SETUP(listener)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, write_file(CGROUP_ROOT "/cgroup.subtree_control", "+memory"));
	ASSERT_EQ(0, mkdir(CGROUP, 0755));
	self->grouped = true;
	ASSERT_EQ(0, write_file(CGROUP "/cgroup.procs", "0"));
	self->h = member_open(0, 65536, QUEUE_LIMIT);
	EXPECT_EQ(0, write_file(CGROUP_ROOT "/cgroup.procs", "0"));
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, member_mark(self->h, ".", KIND(CREATE)));
}

FIXTURE_TEARDOWN(listener)
{
	fanotify_nl_close(self->h);
	if (self->grouped)
		EXPECT_EQ(0, rmdir(CGROUP));
}

/* Whoever makes the events: their memory is that of the cgroup that bound. */
TEST_F(listener, pays_for_its_queue)
{
	long before = charged();

	ASSERT_EQ(0, make_files(FILES));
	ASSERT_EQ(0, member_own_stats(self->h, &self->stats));
	ASSERT_LT(FILES / 2, self->stats.waiting);
	/* the kernel charges in lots of pages, for each CPU */
	EXPECT_LT((long)self->stats.waiting_bytes * 3 / 4, charged() - before)
		TH_LOG("%ld bytes charged for %llu", charged() - before,
		       self->stats.waiting_bytes);
}

/*
 * What the kernel's small objects take, to the page: counters are added up every 2 s, by
 * a timer for which no CPU wakes up.
 */
static long charged_small(void)
{
	static char text[8192];
	const char *name = "slab_unreclaimable ", *p;
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all))
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		sleep(3);
	}
	sched_setaffinity(0, sizeof(all), &all);
	p = read_file(CGROUP "/memory.stat", text, sizeof(text)) ? NULL : strstr(text, name);
	return p ? atol(p + strlen(name)) : -1;
}

/* Those of its global mark are on what others mount. */
TEST_F_TIMEOUT(listener, pays_for_its_marks, 120)
{
	struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_GLOBAL, .mask = KIND(DELETE),
	};
	long before, after;

	ASSERT_EQ(0, mkdir("mnt", 0755));
	ASSERT_EQ(0, fanotify_nl_mark_add(self->h, &mark, NULL));
	before = charged_small();
	ASSERT_LE(0, before);
	for (int i = 0; i < MOUNTS; i++)
		ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	after = charged_small();
	EXPECT_LT(MOUNTS * 256, after - before)
		TH_LOG("%ld bytes charged for %d marks", after - before, MOUNTS);
}

/* Somebody in the cgroup, who does nothing. */
static pid_t bystander(void)
{
	char text[16];
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	snprintf(text, sizeof(text), "%d", pid);
	return write_file(CGROUP "/cgroup.procs", text) ? -1 : pid;
}

/* Make events of a file until some are lost, as the cgroup may have no more memory. */
static int exhaust(struct fanotify_nl *h, const char *path, unsigned int lost)
{
	struct fanotify_nl_member_info stats = {};
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%ld", charged() + (256 << 10));
	ret = write_file(CGROUP "/memory.max", text);
	for (int i = 0; !ret && stats.lost < lost; i++) {
		ret = i == 50000 ? -ENOSPC : chmod(path, 0600);
		if (!ret && i % 100 == 0)
			ret = member_own_stats(h, &stats);
	}
	return ret;
}

/* That others mount and unmount is no reason to kill: a loss is told of. */
TEST_F_TIMEOUT(listener, nobody_is_killed_for_its_events, 120)
{
	struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_GLOBAL, .mask = KIND(COVERED),
	};
	char text[256];
	__u64 lost;
	pid_t pid;

	ASSERT_EQ(0, mkdir("mnt", 0755));
	for (int i = 0; i < FEW; i++) {
		ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
		ASSERT_EQ(0, member_mark(self->h, "mnt", KIND(UNMOUNT)));
	}
	/* so that covering them needs no more marks */
	ASSERT_EQ(0, member_mark(self->h, "/", KIND(UNMOUNT)));
	ASSERT_EQ(0, make_files(1));
	ASSERT_EQ(0, member_mark(self->h, ".", KIND(ATTRIB)));
	pid = bystander();
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, exhaust(self->h, "0", 100));
	EXPECT_EQ(0, member_own_stats(self->h, &self->stats));

	lost = self->stats.lost;
	fanotify_nl_mark_add(self->h, &mark, NULL);
	EXPECT_EQ(0, member_own_stats(self->h, &self->stats));
	EXPECT_LT(lost, self->stats.lost);
	lost = self->stats.lost;
	for (int i = 0; i < FEW; i++)
		EXPECT_EQ(0, umount("mnt"));
	EXPECT_EQ(0, member_own_stats(self->h, &self->stats));
	EXPECT_LT(lost, self->stats.lost);

	EXPECT_EQ(0, read_file(CGROUP "/memory.events", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "\noom 0\n"))
		TH_LOG("%s", text);
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
}

/* Root binds and marks; then being the member is enough. */
TEST_F(listener, fetches_without_privileges)
{
	struct fanotify_nl_event event;
	unsigned int seen = 0;
	int ret, status;
	pid_t pid;

	ASSERT_EQ(0, make_files(FILES));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setresgid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED) ||
		    setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED))
			_exit(2);
		while ((ret = fanotify_nl_next_event(self->h, &event)) > 0)
			seen += !!(event.mask & KIND(CREATE));
		_exit(ret || seen != FILES);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, member_own_stats(self->h, &self->stats));
	EXPECT_EQ(0, self->stats.waiting);
	EXPECT_LT(FILES / 2, self->stats.fetched);
}

TEST_HARNESS_MAIN
