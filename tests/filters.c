// SPDX-License-Identifier: GPL-2.0
/*
 * Filters: what is left out by who did it and by name, and nothing else.
 */
#include <linux/sched.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "test.h"

#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define GLOBAL		FANOTIFY_MARK_TYPE_GLOBAL
#define EXCLUDE		FANOTIFY_FILTER_FLAG_EXCLUDE
#define ONLY_DIRS	FANOTIFY_FILTER_FLAG_ONLY_DIRS
#define NO_DIRS		FANOTIFY_FILTER_FLAG_NO_DIRS

#define CGROUP_DIR	"/sys/fs/cgroup/fanl-filters"

#define ALICE		1001
#define BOB		1002

#define CHANGES \
	(KIND(CREATE) | KIND(DELETE) | KIND(RENAME) | KIND(MODIFY) | KIND(ATTRIB) | KIND(ONDIR))

static struct heard heard;

/* ---- who does it ---- */

/* Make a new file. */
static int touch(void)
{
	static int number;
	char name[64];

	snprintf(name, sizeof(name), "touch-%d-%d", getpid(), number++);
	return make_file(name);
}

static int in_child(int (*operation)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(operation() ? 1 : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return status ? -ECHILD : 0;
}

static int child_touches(void)
{
	return in_child(touch);
}

static int grandchild_touches(void)
{
	return in_child(child_touches);
}

static void *run_touch(void *arg)
{
	return (void *)(long)touch();
}

static int thread_touches(void)
{
	pthread_t thread;
	void *ret;

	return pthread_create(&thread, NULL, run_touch, NULL) ||
	       pthread_join(thread, &ret) || ret ? -EIO : 0;
}

/* One whose parent has ended does. */
static int orphan_touches(void)
{
	int status, done[2];
	pid_t parent, child;
	char ok = 0;

	if (pipe2(done, O_CLOEXEC))
		return -errno;
	parent = fork();
	if (!parent) {
		parent = getpid();
		child = fork();
		if (child)
			_exit(child < 0);
		while (getppid() == parent)
			usleep(1000);
		ok = !touch();
		_exit(write(done[1], &ok, 1) != 1);
	}
	close(done[1]);
	if (parent < 0 || waitpid(parent, &status, 0) != parent || status ||
	    read(done[0], &ok, 1) != 1)
		ok = 0;
	close(done[0]);
	return ok ? 0 : -ECHILD;
}

static int become_reaper(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static int become_alice_and_touch(void)
{
	return setresuid(ALICE, ALICE, ALICE) ?: touch();
}

static int alice_touches(void)
{
	return in_child(become_alice_and_touch);
}

/* Root with the rights of alice. */
static int act_as_alice_and_touch(void)
{
	return setresuid(-1, ALICE, -1) ?: touch();
}

static int root_touches_as_alice(void)
{
	return in_child(act_as_alice_and_touch);
}

static int become_bob_and_touch(void)
{
	return setresuid(BOB, BOB, BOB) ?: touch();
}

static int bob_touches(void)
{
	return in_child(become_bob_and_touch);
}

static int enter(const char *cgroup)
{
	char path[256], pid[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	snprintf(pid, sizeof(pid), "%d", getpid());
	return write_file(path, pid);
}

static int enter_top(void)
{
	return enter("/sys/fs/cgroup");
}

static int enter_cgroup(void)
{
	return enter(CGROUP_DIR);
}

static int enter_cgroup_below(void)
{
	return enter(CGROUP_DIR "/below/deeper");
}

/* A process that does what it is told. */
struct worker {
	pid_t pid;
	int to;
	int from;
};

static void work(int from, int to)
{
	int (*operation)(void);

	while (read(from, &operation, sizeof(operation)) == sizeof(operation)) {
		int ret = operation();

		if (write(to, &ret, sizeof(ret)) != sizeof(ret))
			break;
	}
	_exit(0);
}

static int worker_start(struct worker *worker)
{
	int there[2], back[2];

	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
		return -errno;
	worker->pid = fork();
	if (!worker->pid) {
		close(there[1]);
		work(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	worker->to = there[1];
	worker->from = back[0];
	return worker->pid < 0 ? -errno : 0;
}

static int worker_do(struct worker *worker, int (*operation)(void))
{
	int ret = -EPIPE;

	if (write(worker->to, &operation, sizeof(operation)) != sizeof(operation) ||
	    read(worker->from, &ret, sizeof(ret)) != sizeof(ret))
		return -EPIPE;
	return ret;
}

static void worker_stop(struct worker *worker)
{
	close(worker->to);
	close(worker->from);
	waitpid(worker->pid, NULL, 0);
}

/* ---- filters ---- */

#define TGID(_flags, _tgid) \
	((struct fanotify_nl_filter){ .by = FANOTIFY_A_FILTER_TGID, .flags = _flags, \
				      .tgid = _tgid })
#define UID(_flags, _uid) \
	((struct fanotify_nl_filter){ .by = FANOTIFY_A_FILTER_UID, .flags = _flags, .uid = _uid })
#define IN_CGROUP(_flags, id) \
	((struct fanotify_nl_filter){ .by = FANOTIFY_A_FILTER_CGROUP, .flags = _flags, \
				      .cgroup = id })
#define NAME(_flags, _name) \
	((struct fanotify_nl_filter){ .by = FANOTIFY_A_FILTER_NAME, .flags = _flags, \
				      .name = _name })

static void add(struct fanotify_nl_settings *settings, struct fanotify_nl_filter filter)
{
	settings->set |= FANOTIFY_NL_SET_FILTERS;
	settings->filters[settings->nr_filters++] = filter;
}

static int set_none(struct fanotify_nl *h)
{
	struct fanotify_nl_settings settings = { .set = FANOTIFY_NL_SET_FILTERS };

	return fanotify_nl_group_set(h, &settings);
}

static int set_one(struct fanotify_nl *h, struct fanotify_nl_filter filter)
{
	struct fanotify_nl_settings settings = { 0 };

	add(&settings, filter);
	return fanotify_nl_group_set(h, &settings);
}

static int set_two(struct fanotify_nl *h, struct fanotify_nl_filter one,
		   struct fanotify_nl_filter two)
{
	struct fanotify_nl_settings settings = { 0 };

	add(&settings, one);
	add(&settings, two);
	return fanotify_nl_group_set(h, &settings);
}

static __u64 cgroup_id(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_ino;
}

FIXTURE(filters)
{
	struct fanotify_nl *h;
	struct worker worker;
};

FIXTURE_SETUP(filters)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, chmod(".", 0777));
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", CHANGES));
	ASSERT_EQ(0, worker_start(&self->worker));
}

FIXTURE_TEARDOWN(filters)
{
	worker_stop(&self->worker);
	fanotify_nl_close(self->h);
	rmdir(CGROUP_DIR "/below/deeper");
	rmdir(CGROUP_DIR "/below");
	rmdir(CGROUP_DIR);
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

/* Number of files that are seen to be made. */
#define MADE(operation)		HEARD(KIND(CREATE), operation)
#define MADE_BY_WORKER(operation) \
	HEARD(KIND(CREATE), worker_do(&self->worker, operation))

TEST_F(filters, exclude_a_process_with_its_children)
{
	ASSERT_EQ(0, set_one(self->h, TGID(EXCLUDE, self->worker.pid)));
	EXPECT_EQ(0, MADE_BY_WORKER(touch));
	EXPECT_EQ(0, MADE_BY_WORKER(thread_touches));
	EXPECT_EQ(0, MADE_BY_WORKER(child_touches));
	EXPECT_EQ(0, MADE_BY_WORKER(grandchild_touches));
	EXPECT_EQ(1, MADE(touch()));
	EXPECT_EQ(1, MADE(child_touches()));
}

TEST_F(filters, include_a_process_with_its_children)
{
	ASSERT_EQ(0, set_one(self->h, TGID(0, self->worker.pid)));
	EXPECT_EQ(1, MADE_BY_WORKER(touch));
	EXPECT_EQ(1, MADE_BY_WORKER(thread_touches));
	EXPECT_EQ(1, MADE_BY_WORKER(child_touches));
	EXPECT_EQ(1, MADE_BY_WORKER(grandchild_touches));
	EXPECT_EQ(0, MADE(touch()));
	EXPECT_EQ(0, MADE(child_touches()));
}

TEST_F(filters, orphans_are_the_subreapers)
{
	ASSERT_EQ(0, set_one(self->h, TGID(0, self->worker.pid)));
	EXPECT_EQ(0, MADE_BY_WORKER(orphan_touches));
	ASSERT_EQ(0, worker_do(&self->worker, become_reaper));
	EXPECT_EQ(1, MADE_BY_WORKER(orphan_touches));
}

TEST_F(filters, process_0_is_who_asks)
{
	struct fanotify_nl_group_info info;

	ASSERT_EQ(1, MADE(touch()));
	ASSERT_EQ(0, set_one(self->h, TGID(EXCLUDE, 0)));
	ASSERT_EQ(0, fanotify_nl_group_get(self->h, fanotify_nl_bound(self->h)->number, &info));
	ASSERT_EQ(1, info.settings.nr_filters);
	EXPECT_EQ(getpid(), info.settings.filters[0].tgid);
	EXPECT_EQ(heard.event[0].actor.start, info.settings.filters[0].start);
	EXPECT_EQ(0, MADE(touch()));
	EXPECT_EQ(0, MADE_BY_WORKER(touch));
}

TEST_F(filters, start_says_which_process)
{
	struct fanotify_nl_filter filter = TGID(EXCLUDE, self->worker.pid);

	ASSERT_EQ(1, MADE_BY_WORKER(touch));
	filter.start = heard.event[0].actor.start;
	EXPECT_EQ(0, set_one(self->h, filter));
	EXPECT_EQ(0, MADE_BY_WORKER(touch));
	filter.start++;
	EXPECT_EQ(-ESRCH, set_one(self->h, filter));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "another time"));
}

/* As the child of that number, which has to be free. */
static int touch_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (__u64)(uintptr_t)&pid,
		.set_tid_size = 1,
	};
	pid_t child = syscall(SYS_clone3, &args, sizeof(args));
	int status;

	if (!child)
		_exit(touch() ? 1 : 0);
	if (child != pid || waitpid(child, &status, 0) != child)
		return -errno;
	return status ? -ECHILD : 0;
}

TEST_F(filters, a_number_that_is_used_again_is_another_process)
{
	pid_t pid = self->worker.pid;

	ASSERT_EQ(0, set_one(self->h, TGID(0, pid)));
	worker_stop(&self->worker);
	EXPECT_EQ(0, MADE(touch_as(pid)));
	EXPECT_EQ(-ESRCH, set_one(self->h, TGID(EXCLUDE, pid)));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "no such process"));
	/* and nothing came of it */
	EXPECT_EQ(0, MADE(touch()));
	ASSERT_EQ(0, worker_start(&self->worker));
}

TEST_F(filters, by_real_user)
{
	ASSERT_EQ(0, set_one(self->h, UID(0, ALICE)));
	EXPECT_EQ(1, MADE(alice_touches()));
	EXPECT_EQ(0, MADE(bob_touches()));
	EXPECT_EQ(0, MADE(touch()));
	EXPECT_EQ(0, MADE(root_touches_as_alice()));
	ASSERT_EQ(0, set_two(self->h, UID(0, ALICE), UID(0, BOB)));
	EXPECT_EQ(1, MADE(alice_touches()));
	EXPECT_EQ(1, MADE(bob_touches()));
	EXPECT_EQ(0, MADE(touch()));
	ASSERT_EQ(0, set_one(self->h, UID(EXCLUDE, ALICE)));
	EXPECT_EQ(0, MADE(alice_touches()));
	EXPECT_EQ(1, MADE(bob_touches()));
	EXPECT_EQ(1, MADE(root_touches_as_alice()));
}

TEST_F(filters, by_cgroup_and_those_below)
{
	ASSERT_EQ(0, mkdir(CGROUP_DIR, 0755));
	ASSERT_EQ(0, mkdir(CGROUP_DIR "/below", 0755));
	ASSERT_EQ(0, mkdir(CGROUP_DIR "/below/deeper", 0755));
	ASSERT_EQ(0, set_one(self->h, IN_CGROUP(0, cgroup_id(CGROUP_DIR))));
	EXPECT_EQ(0, MADE_BY_WORKER(touch));
	ASSERT_EQ(0, worker_do(&self->worker, enter_cgroup));
	EXPECT_EQ(1, MADE_BY_WORKER(touch));
	EXPECT_EQ(1, MADE_BY_WORKER(child_touches));
	EXPECT_EQ(1, MADE_BY_WORKER(orphan_touches));
	ASSERT_EQ(0, worker_do(&self->worker, enter_cgroup_below));
	EXPECT_EQ(1, MADE_BY_WORKER(touch));
	ASSERT_EQ(0, set_one(self->h, IN_CGROUP(EXCLUDE, cgroup_id(CGROUP_DIR "/below"))));
	EXPECT_EQ(0, MADE_BY_WORKER(touch));
	EXPECT_EQ(1, MADE(touch()));
	ASSERT_EQ(0, worker_do(&self->worker, enter_cgroup));
	EXPECT_EQ(1, MADE_BY_WORKER(touch));
	ASSERT_EQ(0, worker_do(&self->worker, enter_top));
	EXPECT_EQ(1, MADE_BY_WORKER(touch));
}

TEST_F(filters, cgroup_0_is_that_of_who_asks)
{
	__u64 id;

	ASSERT_EQ(0, mkdir(CGROUP_DIR, 0755));
	id = cgroup_id(CGROUP_DIR);
	ASSERT_EQ(0, worker_do(&self->worker, enter_cgroup));
	ASSERT_EQ(0, set_one(self->h, IN_CGROUP(0, 0)));
	EXPECT_EQ(1, MADE(touch()));
	ASSERT_EQ(0, enter_cgroup());
	ASSERT_EQ(0, set_one(self->h, IN_CGROUP(EXCLUDE, 0)));
	EXPECT_EQ(0, MADE(touch()));
	EXPECT_EQ(0, MADE_BY_WORKER(touch));
	ASSERT_EQ(0, enter_top());
	EXPECT_EQ(1, MADE(touch()));
	ASSERT_EQ(0, worker_do(&self->worker, enter_top));
	/* it is not held */
	ASSERT_EQ(0, rmdir(CGROUP_DIR));
	EXPECT_EQ(1, MADE(touch()));
	EXPECT_EQ(-ENOENT, set_one(self->h, IN_CGROUP(0, id)));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(self->h), "no such cgroup"));
}

TEST_F(filters, by_name)
{
	ASSERT_EQ(0, set_one(self->h, NAME(0, "*.c")));
	EXPECT_EQ(1, MADE(make_file("a.c")));
	EXPECT_EQ(0, MADE(make_file("a.o")));
	EXPECT_EQ(0, MADE(make_file("b.C")));
	EXPECT_EQ(1, HEARD(KIND(WRITE), write_file("a.c", "text")));
	EXPECT_EQ(0, HEARD(KIND(WRITE), write_file("a.o", "text")));
	EXPECT_EQ(1, HEARD(KIND(CHMOD), chmod("a.c", 0600)));
	EXPECT_EQ(0, HEARD(KIND(CHMOD), chmod("a.o", 0600)));
	EXPECT_EQ(1, HEARD(KIND(DELETE), unlink("a.c")));
	EXPECT_EQ(0, HEARD(KIND(DELETE), unlink("a.o")));
	ASSERT_EQ(0, set_two(self->h, NAME(EXCLUDE, "*.o"), NAME(EXCLUDE, ".git")));
	EXPECT_EQ(1, MADE(make_file("d.c")));
	EXPECT_EQ(0, MADE(make_file("d.o")));
	EXPECT_EQ(0, MADE(mkdir(".git", 0755)));
	EXPECT_EQ(1, MADE(make_file(".gitignore")));
	/* of its own name: what is below a directory has another */
	EXPECT_EQ(1, MADE(make_file(".git/HEAD")));
	ASSERT_EQ(0, set_none(self->h));
	EXPECT_EQ(1, MADE(make_file("e.o")));
}

/* fsnotify tells no name of a directory. */
TEST_F(filters, by_name_of_a_directory)
{
	ASSERT_EQ(0, mkdir("dir", 0755));
	ASSERT_EQ(0, mkdir("other", 0755));
	ASSERT_EQ(0, set_one(self->h, NAME(EXCLUDE, "d?r")));
	EXPECT_EQ(0, HEARD(KIND(CHMOD), chmod("dir", 0700)));
	EXPECT_EQ(1, HEARD(KIND(CHMOD), chmod("other", 0700)));
	EXPECT_NE(NULL, only(&heard, KIND(CHMOD), "other"));
	EXPECT_EQ(1, HEARD(KIND(CREATE), make_file("dir/file")));
	EXPECT_EQ(0, HEARD(KIND(RMDIR), unlink("dir/file") ?: rmdir("dir")));
}

TEST_F(filters, of_directories_or_not)
{
	ASSERT_EQ(0, set_one(self->h, NAME(NO_DIRS, "*.c")));
	EXPECT_EQ(1, MADE(make_file("a.c")));
	EXPECT_EQ(0, MADE(make_file("a.o")));
	EXPECT_EQ(1, MADE(mkdir("dir", 0755)));
	EXPECT_EQ(1, HEARD(KIND(CHMOD), chmod("dir", 0700)));
	ASSERT_EQ(0, set_one(self->h, NAME(EXCLUDE | ONLY_DIRS, "b*")));
	EXPECT_EQ(0, MADE(mkdir("build", 0755)));
	EXPECT_EQ(1, MADE(make_file("bin")));
	EXPECT_EQ(1, MADE(mkdir("src", 0755)));
}

TEST_F(filters, one_name_of_a_rename_is_enough)
{
	ASSERT_EQ(0, make_file("a.tmp"));
	ASSERT_EQ(0, set_one(self->h, NAME(EXCLUDE, "*.tmp")));
	EXPECT_EQ(0, HEARD(KIND(RENAME), rename("a.tmp", "b.tmp")));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("b.tmp", "b.c")));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("b.c", "c.tmp")));
	ASSERT_EQ(0, set_one(self->h, NAME(0, "*.c")));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("c.tmp", "c.c")));
	EXPECT_EQ(1, HEARD(KIND(RENAME), rename("c.c", "d.tmp")));
	EXPECT_EQ(0, HEARD(KIND(RENAME), rename("d.tmp", "e.tmp")));
	/* each name has to pass all by itself */
	ASSERT_EQ(0, set_two(self->h, NAME(0, "*.c"), NAME(EXCLUDE, "x*")));
	EXPECT_EQ(0, HEARD(KIND(RENAME), rename("e.tmp", "x.c")));
	EXPECT_EQ(0, HEARD(KIND(RENAME), rename("x.c", "e.tmp")));
	/* the halves have a name each */
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(MOVED_FROM) | KIND(MOVED_TO)));
	EXPECT_EQ(1, HEARD(KIND(MOVED_TO), rename("e.tmp", "e.c")));
	EXPECT_EQ(0, count(&heard, KIND(MOVED_FROM), NULL));
	EXPECT_EQ(1, HEARD(KIND(MOVED_FROM), rename("e.c", "e.tmp")));
	EXPECT_EQ(0, count(&heard, KIND(MOVED_TO), NULL));
}

TEST_F(filters, what_has_no_name_passes)
{
	int fd;

	fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, set_one(self->h, NAME(0, "nothing")));
	EXPECT_EQ(0, HEARD(KIND(WRITE), write(fd, "x", 1) != 1));
	EXPECT_EQ(1, HEARD(KIND(LINK_COUNT), link("file", "link")));
	EXPECT_EQ(0, count(&heard, KIND(HARDLINK), NULL));
	ASSERT_EQ(0, unlink("link"));
	ASSERT_EQ(0, unlink("file"));
	EXPECT_EQ(1, HEARD(KIND(WRITE), write(fd, "x", 1) != 1));
	EXPECT_EQ(FANOTIFY_EVENT_FLAG_UNLINKED, heard.event[0].flags);
	close(fd);
}

TEST_F(filters, actor_and_name_both_count)
{
	ASSERT_EQ(0, set_two(self->h, UID(0, ALICE), NAME(EXCLUDE, "touch*")));
	EXPECT_EQ(0, MADE(alice_touches()));
	EXPECT_EQ(0, MADE(make_file("other")));
	ASSERT_EQ(0, set_two(self->h, UID(0, ALICE), NAME(0, "touch*")));
	EXPECT_EQ(1, MADE(alice_touches()));
	EXPECT_EQ(0, MADE(touch()));
}

TEST_F(filters, exclude_wins)
{
	ASSERT_EQ(0, set_two(self->h, TGID(0, self->worker.pid), UID(EXCLUDE, ALICE)));
	EXPECT_EQ(1, MADE_BY_WORKER(touch));
	EXPECT_EQ(0, MADE_BY_WORKER(alice_touches));
}

TEST_F(filters, what_is_left_out_is_no_loss)
{
	struct fanotify_nl_counters counters;
	__u64 seq;

	ASSERT_EQ(1, MADE(touch()));
	seq = heard.event[0].seq;
	ASSERT_EQ(0, set_one(self->h, TGID(EXCLUDE, self->worker.pid)));
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(0, worker_do(&self->worker, touch));
	ASSERT_EQ(1, MADE(touch()));
	EXPECT_EQ(seq + 1, heard.event[0].seq);
	fanotify_nl_counters(self->h, &counters);
	EXPECT_EQ(0, counters.lost);
	EXPECT_EQ(0, counters.gaps);
	EXPECT_EQ(0, counters.holes);
}

TEST_F(filters, what_a_group_must_know_passes)
{
	ASSERT_EQ(0, mkdir("mnt", 0755));
	ASSERT_EQ(0, mount("none", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, "mnt", KIND(UNMOUNT)));
	ASSERT_EQ(0, listen_mark(self->h, FANOTIFY_MARK_TYPE_INODE, "mnt", KIND(UNMOUNT)));
	ASSERT_EQ(0, listen_mark(self->h, GLOBAL, NULL, KIND(COVERED)));
	ASSERT_EQ(0, set_two(self->h, UID(EXCLUDE, 0), NAME(0, "nothing")));
	EXPECT_EQ(0, HEARD(0, mkdir("mnt/dir", 0755)));
	EXPECT_EQ(1, HEARD(KIND(COVERED), mount("none", "mnt/dir", "tmpfs", 0, NULL)));
	EXPECT_EQ(0, HEARD(0, make_file("mnt/dir/file")));
	ASSERT_EQ(0, umount("mnt/dir"));
	EXPECT_EQ(2, HEARD(KIND(UNMOUNT), umount("mnt")));
}

TEST_F(filters, what_was_lost_is_told_all_the_same)
{
	struct fanotify_nl_bind bind = {
		.rcvbuf = 64 << 10,
		.settings.set = FANOTIFY_NL_SET_QUEUE_LIMIT,
		.settings.queue_limit = 64 << 10,
	};

	ASSERT_EQ(0, fanotify_nl_unbind(self->h));
	ASSERT_EQ(0, fanotify_nl_bind(self->h, &bind)) TH_LOG("%s", fanotify_nl_error(self->h));
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", KIND(CREATE)));
	for (int i = 0; i < 1000; i++)
		ASSERT_EQ(0, touch());
	ASSERT_EQ(0, set_one(self->h, UID(EXCLUDE, 0)));
	forget(&heard);
	take(self->h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(GAP), NULL));
}

TEST_F(filters, are_replaced_as_a_whole)
{
	struct fanotify_nl_settings other = { .set = FANOTIFY_NL_SET_PRIORITY, .priority = 3 };
	struct fanotify_nl_group_info info;
	__u32 number = fanotify_nl_bound(self->h)->number;

	ASSERT_EQ(0, fanotify_nl_group_get(self->h, number, &info));
	EXPECT_TRUE(info.settings.set & FANOTIFY_NL_SET_FILTERS);
	EXPECT_EQ(0, info.settings.nr_filters);
	ASSERT_EQ(0, set_two(self->h, UID(EXCLUDE, ALICE), NAME(EXCLUDE | NO_DIRS, "*.o")));
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &other));
	ASSERT_EQ(0, fanotify_nl_group_get(self->h, number, &info));
	ASSERT_EQ(2, info.settings.nr_filters);
	EXPECT_EQ(FANOTIFY_A_FILTER_UID, info.settings.filters[0].by);
	EXPECT_EQ(EXCLUDE, info.settings.filters[0].flags);
	EXPECT_EQ(ALICE, info.settings.filters[0].uid);
	EXPECT_EQ(FANOTIFY_A_FILTER_NAME, info.settings.filters[1].by);
	EXPECT_EQ(EXCLUDE | NO_DIRS, info.settings.filters[1].flags);
	EXPECT_STREQ("*.o", info.settings.filters[1].name);
	/* what is told may be asked for */
	info.settings.set = FANOTIFY_NL_SET_FILTERS;
	EXPECT_EQ(0, fanotify_nl_group_set(self->h, &info.settings));
	ASSERT_EQ(0, set_one(self->h, UID(0, BOB)));
	EXPECT_EQ(0, MADE(make_file("a.c")));
	ASSERT_EQ(0, fanotify_nl_group_get(self->h, number, &info));
	EXPECT_EQ(1, info.settings.nr_filters);
}

TEST_F(filters, are_those_of_the_bind)
{
	struct fanotify_nl_bind bind = { 0 };
	struct fanotify_nl *one, *two;

	add(&bind.settings, UID(EXCLUDE, ALICE));
	add(&bind.settings, NAME(EXCLUDE, "*.o"));
	ASSERT_EQ(0, fanotify_nl_open(&one));
	ASSERT_EQ(0, fanotify_nl_open(&two));
	ASSERT_EQ(0, fanotify_nl_bind(one, &bind)) TH_LOG("%s", fanotify_nl_error(one));
	EXPECT_EQ(2, fanotify_nl_bound(one)->settings.nr_filters);

	/* who joins gives the same, in whatever order, or none */
	bind.number = fanotify_nl_bound(one)->number;
	bind.settings.nr_filters = 0;
	add(&bind.settings, NAME(EXCLUDE, "*.o"));
	add(&bind.settings, UID(EXCLUDE, ALICE));
	EXPECT_EQ(0, fanotify_nl_bind(two, &bind)) TH_LOG("%s", fanotify_nl_error(two));
	EXPECT_EQ(0, fanotify_nl_unbind(two));
	bind.settings.set = 0;
	EXPECT_EQ(0, fanotify_nl_bind(two, &bind)) TH_LOG("%s", fanotify_nl_error(two));
	EXPECT_EQ(2, fanotify_nl_bound(two)->settings.nr_filters);
	EXPECT_EQ(0, fanotify_nl_unbind(two));
	bind.settings.set = FANOTIFY_NL_SET_FILTERS;
	bind.settings.nr_filters = 1;
	EXPECT_EQ(-EEXIST, fanotify_nl_bind(two, &bind));
	EXPECT_NE(NULL, strstr(fanotify_nl_error(two), "filters"));
	bind.settings.nr_filters = 0;
	EXPECT_EQ(-EEXIST, fanotify_nl_bind(two, &bind));
	fanotify_nl_close(two);
	fanotify_nl_close(one);
}

static int count_groups(const struct fanotify_nl_group_info *info, void *arg)
{
	int *filters = arg;

	*filters += info->settings.nr_filters;
	return 0;
}

TEST_F(filters, the_largest_set_can_be_listed)
{
	struct fanotify_nl_settings settings = { 0 };
	struct fanotify_nl_caps caps;
	int filters = 0;

	ASSERT_EQ(0, fanotify_nl_caps(self->h, &caps));
	ASSERT_EQ(FANOTIFY_FILTERS_MAX, caps.filters_max);
	for (int i = 0; i < FANOTIFY_FILTERS_MAX; i++) {
		struct fanotify_nl_filter filter = NAME(EXCLUDE, "");

		memset(filter.name, 'a' + i % 26, FANOTIFY_PATTERN_MAX);
		add(&settings, filter);
	}
	ASSERT_EQ(0, fanotify_nl_group_set(self->h, &settings));
	ASSERT_EQ(0, fanotify_nl_groups(self->h, count_groups, &filters));
	EXPECT_EQ(FANOTIFY_FILTERS_MAX, filters);
	EXPECT_EQ(1, MADE(touch()));
}

/* ---- what is refused ---- */

/* One filter of a request: up to two attributes. */
struct refused {
	const char *name;
	int ret;
	const char *text;
	struct {
		int type;
		int len;
		__u64 value;
		const char *string;
	} attr[3];
};

#define A(name)		FANOTIFY_A_FILTER_##name
#define U32(type, v)	{ A(type), 4, v, NULL }
#define U64(type, v)	{ A(type), 8, v, NULL }
#define STRING(s)	{ A(NAME), sizeof(s), 0, s }

static const struct refused refusals[] = {
	{ "nothing", -EINVAL, "none of tgid, uid, cgroup and name", { } },
	{ "flags alone", -EINVAL, "none of tgid", { U32(FLAGS, EXCLUDE) } },
	{ "two things", -EINVAL, "two things", { U32(UID, 1), U32(TGID, 1) } },
	{ "two things, a name", -EINVAL, "two things", { U32(UID, 1), STRING("a") } },
	{ "an unknown flag", -EINVAL, "reserved bit set", { U32(FLAGS, 8), U32(UID, 1) } },
	{ "directories and not", -EINVAL, "leave nothing", { U32(FLAGS, 6), STRING("a") } },
	{ "directories of a user", -EINVAL, "are for names", { U32(FLAGS, 2), U32(UID, 1) } },
	{ "a start without a process", -EINVAL, "start without a tgid",
	  { U64(START, 1), U32(UID, 1) } },
	{ "a user that cannot be", -EINVAL, "the uid of no user", { U32(UID, ~0U) } },
	{ "a process that cannot be", -ESRCH, "no such process", { U32(TGID, ~0U) } },
	{ "a cgroup that is not", -ENOENT, "no such cgroup", { U64(CGROUP, ~0ULL) } },
	{ "an empty pattern", -EINVAL, "is empty", { STRING("") } },
	{ "a path", -EINVAL, "has a slash", { STRING("a/*.c") } },
	{ "half an escape", -EINVAL, "ends in a backslash", { STRING("a\\\\\\") } },
	{ "a NUL byte", -EINVAL, "has a NUL byte", { STRING("a\0b") } },
	{ "a short number", -EINVAL, "invalid attribute length", { { A(UID), 2, 1, NULL } } },
	{ "an unknown attribute", -EINVAL, "Unknown attribute type", { { 77, 4, 1, NULL } } },
};

static void put_refused(struct nl *nl, const struct refused *refused)
{
	struct nlattr *filters = mnl_attr_nest_start(nl->request, FANOTIFY_A_GROUP_FILTERS);
	struct nlattr *filter;

	/* one that is good, before */
	filter = mnl_attr_nest_start(nl->request, FANOTIFY_A_FILTERS_FILTER);
	nl_put_u32(nl, FANOTIFY_A_FILTER_UID, 0);
	mnl_attr_nest_end(nl->request, filter);
	filter = mnl_attr_nest_start(nl->request, FANOTIFY_A_FILTERS_FILTER);
	for (int i = 0; i < 3 && refused->attr[i].type; i++)
		nl_put(nl, refused->attr[i].type,
		       refused->attr[i].string ?: (const void *)&refused->attr[i].value,
		       refused->attr[i].len);
	mnl_attr_nest_end(nl->request, filter);
	mnl_attr_nest_end(nl->request, filters);
}

TEST_F(filters, what_means_nothing_is_refused)
{
	struct nl nl;

	ASSERT_EQ(0, nl_open(&nl));
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		nl_begin(&nl, FANOTIFY_CMD_BIND, 0);
		put_refused(&nl, &refusals[i]);
		EXPECT_EQ(refusals[i].ret, nl_call(&nl)) TH_LOG("%s", refusals[i].name);
		EXPECT_NE(NULL, strstr(nl.text, refusals[i].text))
			TH_LOG("%s: %s", refusals[i].name, nl.text);
		EXPECT_NE(0, nl.bad_attr) TH_LOG("%s", refusals[i].name);
	}
	/* a pattern may end in a backslash that is meant */
	nl_begin(&nl, FANOTIFY_CMD_BIND, 0);
	put_refused(&nl, &(struct refused){ .attr = { STRING("a\\\\") } });
	EXPECT_EQ(0, nl_call(&nl)) TH_LOG("%s", nl.text);
	nl_close(&nl);
}

TEST_F(filters, too_much_is_refused)
{
	struct fanotify_nl_settings settings = { .set = FANOTIFY_NL_SET_FILTERS };
	struct fanotify_nl_filter filter = NAME(0, "");
	struct nlattr *filters;
	struct nl nl;

	memset(filter.name, 'a', sizeof(filter.name));
	EXPECT_EQ(-EINVAL, set_one(self->h, filter));
	settings.nr_filters = FANOTIFY_FILTERS_MAX + 1;
	EXPECT_EQ(-E2BIG, fanotify_nl_group_set(self->h, &settings));

	/* by the kernel as well */
	ASSERT_EQ(0, nl_open(&nl));
	for (int more = 0; more < 2; more++) {
		nl_begin(&nl, FANOTIFY_CMD_BIND, 0);
		filters = mnl_attr_nest_start(nl.request, FANOTIFY_A_GROUP_FILTERS);
		for (int i = 0; i < FANOTIFY_FILTERS_MAX + 1 - more; i++) {
			struct nlattr *nest = mnl_attr_nest_start(nl.request,
								  FANOTIFY_A_FILTERS_FILTER);

			nl_put_u32(&nl, FANOTIFY_A_FILTER_UID, i);
			mnl_attr_nest_end(nl.request, nest);
		}
		mnl_attr_nest_end(nl.request, filters);
		EXPECT_EQ(more ? 0 : -E2BIG, nl_call(&nl)) TH_LOG("%s", nl.text);
	}
	nl_close(&nl);
	ASSERT_EQ(0, nl_open(&nl));
	nl_begin(&nl, FANOTIFY_CMD_BIND, 0);
	put_refused(&nl, &(struct refused){ .attr = {
		{ A(NAME), FANOTIFY_PATTERN_MAX + 2, 0, (char [128]){ [0 ... 64] = 'a' } } } });
	EXPECT_EQ(-EINVAL, nl_call(&nl)) TH_LOG("%s", nl.text);
	nl_close(&nl);
}

/* ---- under load ---- */

/* Files of all four names, again and again, until killed. */
static void churn(void)
{
	static const char *const names[] = { "xx", "xy", "yx", "yy" };

	for (;;)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			make_file(names[i]);
			unlink(names[i]);
		}
}

/* One lets through "xx", the other "yy"; parts of both, "xy" or "yx". */
TEST_F(filters, are_never_torn)
{
	int x = 0, y = 0, torn = 0;
	struct fanotify_nl_counters counters;
	pid_t pids[2];

	ASSERT_EQ(0, set_two(self->h, NAME(0, "x*"), NAME(EXCLUDE, "*y")));
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			churn();
	}
	for (int i = 0; i < 4000 || (i < 100000 && (!x || !y)); i++) {
		struct fanotify_nl_event event;

		ASSERT_EQ(0, i % 2 ? set_two(self->h, NAME(0, "x*"), NAME(EXCLUDE, "*y")) :
				     set_two(self->h, NAME(0, "y*"), NAME(EXCLUDE, "*x")));
		while (fanotify_nl_next_event(self->h, &event) > 0) {
			if (!event.name)
				continue;
			x += !strcmp(event.name, "xx");
			y += !strcmp(event.name, "yy");
			torn += !strcmp(event.name, "xy") || !strcmp(event.name, "yx");
		}
	}
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	EXPECT_EQ(0, torn);
	EXPECT_LT(0, x);
	EXPECT_LT(0, y);
	fanotify_nl_counters(self->h, &counters);
	EXPECT_EQ(0, counters.holes);
	TH_LOG("xx %d, yy %d, lost %llu", x, y, counters.lost);
}

TEST_HARNESS_MAIN
