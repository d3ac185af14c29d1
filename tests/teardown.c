// SPDX-License-Identifier: GPL-2.0
/*
 * Ends that nobody asked for: members killed, the module unloaded, filesystems
 * unmounted, all of it while events are made. The kernel's log must stay clean,
 * which tests/vm/run looks after.
 */
#include <linux/loop.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "test.h"
#include "pace.h"
#include "storm.h"
#include "wire.h"

#define KILLS		20
#define UNLOADS		8
#define WRITERS		3

FIXTURE(teardown) {
	struct storm storm;
	struct fanotify_nl *h;
	bool unloaded;
};

FIXTURE_SETUP(teardown)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, storm_start(&self->storm, ".", WRITERS, 0));
	/* the writers take what is left */
	ASSERT_EQ(-20, nice(-20));
}

/* The next test, and the end of the VM, want the module. */
FIXTURE_TEARDOWN(teardown)
{
	storm_stop(&self->storm);
	fanotify_nl_close(self->h);
	if (access("/sys/module/fanotify_nl", F_OK))
		module_load();
}

/* Start a child that says when it is ready: its pid, or -1. */
static pid_t child(int (*ready)(void *arg), int (*run)(void *arg), void *arg)
{
	int pipefd[2];
	char c = 0;
	pid_t pid;

	if (pipe(pipefd))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pipefd[0]);
		if (ready(arg) || write(pipefd[1], "x", 1) != 1)
			_exit(100);
		close(pipefd[1]);
		_exit(run(arg));
	}
	close(pipefd[1]);
	if (read(pipefd[0], &c, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(pipefd[0]);
	return pid;
}

struct listener {
	struct fanotify_nl *h;
	unsigned int round;
};

static int listen_to_all(void *arg)
{
	struct listener *l = arg;

	l->h = member_open(0, 65536, 1 << 20);
	if (!l->h)
		return -1;
	if (member_mark(l->h, ".", STORM_KINDS)) {
		fprintf(stderr, "# %s\n", fanotify_nl_error(l->h));
		return -1;
	}
	return 0;
}

/* Of three, one reads, one stops reading, one never starts. */
static int read_or_not(void *arg)
{
	struct listener *l = arg;
	struct fanotify_nl_event event;
	int ret;

	for (unsigned int n = 0; l->round % 3 == 0 || (l->round % 3 == 1 && n < 100); n++) {
		ret = fanotify_nl_wait_event(l->h, &event, -1);
		if (ret < 0)
			return -ret;
	}
	pause();
	return 0;
}

static int count_group(const struct fanotify_nl_group_info *info, void *arg)
{
	++*(unsigned int *)arg;
	return 0;
}

static bool no_groups(void *arg)
{
	unsigned int groups = 0;

	return !fanotify_nl_groups(arg, count_group, &groups) && !groups;
}

static int count_mark(const struct fanotify_nl_mark_info *info, void *arg)
{
	++*(unsigned int *)arg;
	return 0;
}

TEST_F_TIMEOUT(teardown, killed_members_take_their_state_along, 60)
{
	unsigned int marks = 0;

	ASSERT_EQ(0, fanotify_nl_open(&self->h));
	for (unsigned int i = 0; i < KILLS; i++) {
		struct listener l = { .round = i };
		pid_t pid[2];

		for (int n = 0; n < 2; n++) {
			pid[n] = child(listen_to_all, read_or_not, &l);
			ASSERT_GT(pid[n], 0);
		}
		for (int n = 0; n < 2; n++)
			kill(pid[n], SIGKILL);
		for (int n = 0; n < 2; n++)
			ASSERT_EQ(pid[n], waitpid(pid[n], NULL, 0));
		ASSERT_TRUE(wait_until(no_groups, self->h, 10000));
	}
	ASSERT_EQ(0, fanotify_nl_marks(self->h, 0, count_mark, &marks));
	EXPECT_EQ(0, marks);
	EXPECT_FALSE(storm_ended(&self->storm));
}

/* Lists hold the module for as long as they are read. */
static int list_all(void *arg)
{
	while (!arg) {
		struct fanotify_nl *h;
		unsigned int n = 0;

		if (!fanotify_nl_open(&h)) {
			fanotify_nl_groups(h, count_group, &n);
			fanotify_nl_marks(h, 0, count_mark, &n);
		}
		fanotify_nl_close(h);
	}
	return 0;
}

static int nothing(void *arg)
{
	return 0;
}

TEST_F_TIMEOUT(teardown, the_module_unloads_under_load, 90)
{
	pid_t lister = child(nothing, list_all, NULL);

	ASSERT_GT(lister, 0);
	for (unsigned int i = 0; i < UNLOADS; i++) {
		struct listener l = { .round = 0 };
		pid_t pid[3];
		int status;

		for (size_t n = 0; n < ARRAY_SIZE(pid); n++) {
			pid[n] = child(listen_to_all, read_or_not, &l);
			ASSERT_GT(pid[n], 0);
		}
		ASSERT_EQ(0, module_unload());
		for (size_t n = 0; n < ARRAY_SIZE(pid); n++) {
			ASSERT_EQ(pid[n], waitpid(pid[n], &status, 0));
			ASSERT_TRUE(WIFEXITED(status));
			/* a fetch just then finds no family any more */
			EXPECT_TRUE(WEXITSTATUS(status) == ESHUTDOWN ||
				    WEXITSTATUS(status) == ENOENT) {
				printf("# status %#x\n", status);
			}
		}
		EXPECT_FALSE(storm_ended(&self->storm));
		ASSERT_EQ(0, module_load());
	}
	kill(lister, SIGKILL);
	waitpid(lister, NULL, 0);
}

/* Members killed and the module unloaded at the same time. */
TEST_F_TIMEOUT(teardown, the_module_unloads_while_members_die, 60)
{
	for (unsigned int i = 0; i < UNLOADS; i++) {
		struct listener l = { .round = i };
		pid_t pid[4];

		for (size_t n = 0; n < ARRAY_SIZE(pid); n++) {
			pid[n] = child(listen_to_all, read_or_not, &l);
			ASSERT_GT(pid[n], 0);
		}
		for (size_t n = 0; n < ARRAY_SIZE(pid); n++)
			kill(pid[n], SIGKILL);
		ASSERT_EQ(0, module_unload());
		for (size_t n = 0; n < ARRAY_SIZE(pid); n++)
			ASSERT_EQ(pid[n], waitpid(pid[n], NULL, 0));
		ASSERT_EQ(0, module_load());
	}
}

/* ---- readers that wait ---- */

static int wait_in_recv(void *arg)
{
	struct listener *l = arg;
	int fd = fanotify_nl_fd(l->h);
	char c;

	return recv(fd, &c, 1, 0) < 0 ? errno : 0;
}

static int wait_in_poll(void *arg)
{
	struct listener *l = arg;
	struct pollfd pfd = { .fd = fanotify_nl_fd(l->h), .events = POLLIN };

	return poll(&pfd, 1, -1) == 1 && (pfd.revents & POLLERR) ? ESHUTDOWN : 1;
}

static int wait_in_library(void *arg)
{
	struct fanotify_nl_event event;
	struct listener *l = arg;

	return -fanotify_nl_wait_event(l->h, &event, -1);
}

static int listen_to_none(void *arg)
{
	struct listener *l = arg;

	l->h = member_open(0, 0, 0);
	return l->h ? 0 : -1;
}

static bool sleeps(void *arg)
{
	char path[64], text[512], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", *(pid_t *)arg);
	if (read_file(path, text, sizeof(text)))
		return false;
	p = strrchr(text, ')');
	return p && p[2] == 'S';
}

TEST_F(teardown, waiting_readers_wake_when_the_module_goes)
{
	int (*const waits[])(void *) = { wait_in_recv, wait_in_poll, wait_in_library };
	struct listener l = { 0 };
	pid_t pid[ARRAY_SIZE(waits)];
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		pid[i] = child(listen_to_none, waits[i], &l);
		ASSERT_GT(pid[i], 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		ASSERT_TRUE(wait_until(sleeps, &pid[i], 10000));
	ASSERT_EQ(0, module_unload());
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(ESHUTDOWN, WEXITSTATUS(status));
	}
}

/* A fetch over a socket: the error that comes back. */
static int fetch_error(struct wire *w)
{
	struct fanotify_nl_event event;
	const struct nlmsghdr *msg;
	int ret = wire_fetch(w, 0, 1);

	while (!ret) {
		ssize_t n = wire_recv(w, 0);

		if (n < 0)
			return n;
		while (!ret && (msg = wire_next(w)))
			ret = wire_take(w, msg, &event) < 0 && msg->nlmsg_type == NLMSG_ERROR ?
				      ((struct nlmsgerr *)NLMSG_DATA(msg))->error : 0;
	}
	return ret;
}

TEST_F(teardown, sockets_survive_the_module)
{
	struct fanotify_nl_group_info info;
	struct fanotify_nl_event event;
	struct fanotify_nl *fresh;
	struct wire w;
	__u32 group;
	int ret;

	self->h = member_open(0, 0, 0);
	ASSERT_NE(NULL, self->h);
	group = fanotify_nl_bound(self->h)->number;
	ASSERT_EQ(0, member_mark(self->h, ".", KIND(CREATE)));
	ASSERT_EQ(1, fanotify_nl_wait_event(self->h, &event, 10000));
	ASSERT_EQ(0, wire_init(&w, fanotify_nl_fd(self->h)));

	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(-ESHUTDOWN, wire_recv(&w, 0));
	EXPECT_EQ(-ENOENT, fetch_error(&w));
	EXPECT_EQ(-ENOENT, fanotify_nl_group_get(self->h, group, &info));
	EXPECT_EQ(-ENOENT, fanotify_nl_mark_flush(self->h, 0));

	ASSERT_EQ(0, module_load());
	/* the family may have another number now */
	ret = fetch_error(&w);
	EXPECT_TRUE(ret == -ENOTCONN || ret == -ENOENT);
	EXPECT_EQ(-ENOENT, fanotify_nl_mark_flush(self->h, 0));
	fresh = member_open(group, 0, 0);
	ASSERT_NE(NULL, fresh);
	/* the old token is worth nothing */
	ret = fanotify_nl_mark_flush(self->h, 0);
	EXPECT_TRUE(ret == -EACCES || ret == -ENOENT);
	ASSERT_EQ(0, member_mark(fresh, ".", KIND(CREATE)));
	EXPECT_EQ(1, fanotify_nl_wait_event(fresh, &event, 10000));
	fanotify_nl_close(fresh);
}

/* ---- unmounts ---- */

FIXTURE(unmount) {
	pid_t pid[2];
};

FIXTURE_SETUP(unmount)
{
	ASSERT_EQ(0, work_here());
}

FIXTURE_TEARDOWN(unmount)
{
	if (access("/sys/module/fanotify_nl", F_OK))
		module_load();
}

struct place {
	const char *folder;
	const char *type;
	char device[32];
};

/* A loop device with an ext4 on it. */
static int loop_ext4(struct place *place)
{
	int control, file, device, number;

	if (system("modprobe loop && truncate -s 8M image && mke2fs -q -t ext4 image"))
		return -EIO;
	control = open("/dev/loop-control", O_RDWR);
	number = ioctl(control, LOOP_CTL_GET_FREE);
	if (number < 0)
		return -errno;
	snprintf(place->device, sizeof(place->device), "/dev/loop%d", number);
	file = open("image", O_RDWR);
	device = open(place->device, O_RDWR);
	if (ioctl(device, LOOP_SET_FD, file))
		return -errno;
	close(file);
	/* not every kernel mounts what is open for writing */
	close(device);
	return 0;
}

/* One round: mount, mark if the module is there, work, unmount. */
static int mount_and_unmount(const struct place *place, unsigned int round)
{
	struct fanotify_nl_mark mark = {
		.type = round % 2 ? FANOTIFY_MARK_TYPE_FILESYSTEM : FANOTIFY_MARK_TYPE_MOUNT,
		.path = place->folder,
		.mask = KIND(OPEN) | KIND(MODIFY) | KIND(UNMOUNT),
	};
	struct fanotify_nl *h;
	char name[64];
	int ret;

	if (mount(place->device, place->folder, place->type, 0, NULL))
		return 1;
	ret = fanotify_nl_open(&h);
	if (!ret)
		ret = fanotify_nl_bind(h, NULL);
	if (!ret)
		ret = fanotify_nl_mark_add(h, &mark, NULL);
	/* without the module there is no family, or no group any more */
	if (ret && ret != -ENOENT && ret != -ECONNREFUSED && ret != -ESHUTDOWN &&
	    ret != -EACCES) {
		fprintf(stderr, "# round %u: %s\n", round, fanotify_nl_error(h));
		return 2;
	}
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "%s/%d", place->folder, i);
		if (write_file(name, "hello"))
			return 3;
	}
	if (round % 3 == 0)
		fanotify_nl_close(h);
	if (umount(place->folder)) {
		fprintf(stderr, "# umount %s: %m\n", place->folder);
		return 4;
	}
	if (round % 3)
		fanotify_nl_close(h);
	return 0;
}

/* For ever, unless something is wrong. */
static int unmount_loop(void *arg)
{
	int ret = 0;

	for (unsigned int i = 0; !ret; i++)
		ret = mount_and_unmount(arg, i);
	return ret;
}

TEST_F_TIMEOUT(unmount, a_mark_never_holds_up_an_unmount, 60)
{
	struct place place[2] = {
		{ .folder = WORK "/tmpfs", .type = "tmpfs", .device = "none" },
		{ .folder = WORK "/ext4", .type = "ext4" },
	};

	ASSERT_EQ(0, loop_ext4(&place[1]));
	for (int n = 0; n < 2; n++) {
		ASSERT_EQ(0, mkdir(place[n].folder, 0755));
		for (unsigned int i = 0; i < 12; i++)
			ASSERT_EQ(0, mount_and_unmount(&place[n], i));
	}
}

TEST_F_TIMEOUT(unmount, the_module_unloads_in_an_unmount_loop, 90)
{
	struct place place[2] = {
		{ .folder = WORK "/tmpfs", .type = "tmpfs", .device = "none" },
		{ .folder = WORK "/ext4", .type = "ext4" },
	};
	int status;

	ASSERT_EQ(0, loop_ext4(&place[1]));
	for (int n = 0; n < 2; n++) {
		ASSERT_EQ(0, mkdir(place[n].folder, 0755));
		self->pid[n] = child(nothing, unmount_loop, &place[n]);
		ASSERT_GT(self->pid[n], 0);
	}
	for (unsigned int i = number_of("UNMOUNT_UNLOADS", UNLOADS); i; i--) {
		ASSERT_EQ(0, module_unload());
		ASSERT_EQ(0, module_load());
	}
	for (int n = 0; n < 2; n++) {
		EXPECT_EQ(0, waitpid(self->pid[n], &status, WNOHANG)) {
			printf("# the loop of %s ended: %#x\n", place[n].type, status);
		}
		kill(self->pid[n], SIGKILL);
		waitpid(self->pid[n], NULL, 0);
		umount(place[n].folder);
	}
}

TEST_HARNESS_MAIN
