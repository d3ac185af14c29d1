// SPDX-License-Identifier: GPL-2.0
/*
 * Global marks: what they cover, and when; and several requests in one message, of which
 * those about global marks have to wait.
 */
#include <sys/prctl.h>
#include <sys/sysmacros.h>

#include "test.h"
#include "marklist.h"
#include "storm.h"

#define GLOBAL		FANOTIFY_MARK_TYPE_GLOBAL

static struct heard heard;
static struct marklist list;

FIXTURE(globalmarks)
{
	struct fanotify_nl *h;
};

FIXTURE_SETUP(globalmarks)
{
	ASSERT_EQ(0, work_here());
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
}

FIXTURE_TEARDOWN(globalmarks)
{
	fanotify_nl_close(self->h);
	if (_metadata->exit_code == KSFT_FAIL)
		show(&heard);
}

static bool has_word(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

TEST_F(globalmarks, cover_what_is_mounted_now_and_later)
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
	EXPECT_EQ(0, marklist_take(&list, self->h, fanotify_nl_bound(self->h)->number));
	forget(&heard);
	ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, make_file("mnt/last"));
	ASSERT_EQ(0, make_file("last"));
	take(self->h, &heard);
	EXPECT_EQ(0, heard.count);
}

/* Its superblock is of a type that is not registered. */
TEST_F(globalmarks, have_devtmpfs)
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

TEST_F(globalmarks, have_the_initramfs_that_is_the_root)
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
TEST_F_TIMEOUT(globalmarks, do_without_mounts_that_are_held_up, 60)
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
TEST_F_TIMEOUT(globalmarks, that_fail_leave_what_another_has, 60)
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

	EXPECT_EQ(ext4, marklist_take(&list, self->h, m.number));
	nl_close(&m.nl);
}

/* What is mounted later would not be seen. (Linux 7 lets nobody do it.) */
TEST_F(globalmarks, ftrace_cannot_be_switched_off)
{
	EXPECT_NE(0, write_file("/proc/sys/kernel/ftrace_enabled", "0"));
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

TEST_F(globalmarks, cover_a_type_that_comes_meanwhile)
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

TEST_F(globalmarks, requests_of_a_message_are_done_in_order)
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

	ASSERT_LE(1, marklist_take(&list, self->h, b.group));
	for (int i = 0; i < list.count; i++)
		EXPECT_EQ(KIND(DELETE), list.mark[i].mask);
	nl_close(&b.nl);
}

/* Of what is yet to be done it would tell what is not true any more. */
TEST_F(globalmarks, no_list_behind_a_request_that_waits)
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

TEST_HARNESS_MAIN
