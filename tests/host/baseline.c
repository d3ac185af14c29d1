// SPDX-License-Identifier: GPL-2.0
/*
 * The baseline's scan, of a tree made for it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake.h"
#include "tap.h"

static struct fanotify_nl h;
static union message m;
static char root[64];

/* What the calls below, which the library uses, do otherwise than the real ones. */
static bool only_fid;
static int statx_error;
static bool other_mount;

/* The directory that they do it to, while it is open. */
static bool is_e(int fd)
{
	char name[32], target[128] = "";

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return readlink(name, target, sizeof(target) - 1) > 4 &&
	       !strcmp(target + strlen(target) - 4, "/d/e");
}

int name_to_handle_at(int fd, const char *name, struct file_handle *handle, int *mount_id,
		      int flags)
{
	int ret;

	if (only_fid && !(flags & 0x200)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	ret = syscall(SYS_name_to_handle_at, fd, name, handle, mount_id, flags);
	if (other_mount && is_e(fd))
		++*mount_id;
	return ret;
}

int statx(int fd, const char *restrict name, int flags, unsigned int mask,
	  struct statx *restrict stx)
{
	if (statx_error && is_e(fd)) {
		errno = statx_error;
		return -1;
	}
	return syscall(SYS_statx, fd, name, flags, mask, stx);
}

/* What the scan is to find, and has found. */
static const char *const expected[] = { "", "/d", "/d/e", "/d/e/f", "/d/l", "/s" };
#define EXPECTED	(sizeof(expected) / sizeof(expected[0]))

static unsigned int found[EXPECTED];
static unsigned int calls;
static bool wrong;

static const char *below(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s%s", root, name);
	return path;
}

static int make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0640);

	if (fd < 0 || write(fd, "12345", 5) != 5)
		return -1;
	return close(fd);
}

static bool make_tree(void)
{
	strcpy(root, "/tmp/fanotify-nl-baseline.XXXXXX");
	return mkdtemp(root) && !mkdir(below("/d"), 0700) && !mkdir(below("/d/e"), 0700) &&
	       !make_file(below("/d/e/f")) && !symlink("/etc", below("/s")) &&
	       !symlink("nowhere", below("/d/l"));
}

static void remove_tree(void)
{
	for (size_t i = EXPECTED; i--;)
		remove(below(expected[i]));
}

static bool is_right(const struct fanotify_nl_object *object)
{
	const struct fanotify_nl_stat *got = &object->node.stat;
	struct stat want;

	return !lstat(object->path, &want) && got->has == 0x7fe && got->mode == want.st_mode &&
	       got->ino == want.st_ino && got->nlink == want.st_nlink &&
	       got->size == (__u64)want.st_size && got->ctime.sec == want.st_ctim.tv_sec &&
	       got->ctime.nsec == want.st_ctim.tv_nsec &&
	       (object->dir != NULL) == (*object->name != '\0') &&
	       !strcmp(object->name, *object->name ? strrchr(object->path, '/') + 1 : "");
}

static int note(const struct fanotify_nl_object *object, void *arg)
{
	calls++;
	wrong |= !is_right(object) || arg != &h;
	for (size_t i = 0; i < EXPECTED; i++)
		found[i] += !strcmp(object->path, below(expected[i]));
	return 0;
}

static __u32 marks;

static void answer_group(const struct nlmsghdr *request)
{
	message_init(&m, FANOTIFY_CMD_GROUP_GET, request->nlmsg_seq);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_GROUP_NUMBER, 1);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_GROUP_MARKS, marks);
	fake_queue(&m);
	message_error(&m, request->nlmsg_seq, 0, NULL);
	fake_queue(&m);
}

static void start(void)
{
	fake_stop(&h);
	fake_bound(&h, answer_group);
	marks = 1;
	memset(found, 0, sizeof(found));
	calls = 0;
	wrong = false;
}

static void whole_tree(void)
{
	int ret;

	start();
	CHECK(make_tree());
	ret = fanotify_nl_baseline(&h, root, note, &h);
	remove_tree();
	CHECK_EQ(ret, 0);
	CHECK(!wrong);
	CHECK_EQ(calls, EXPECTED);
	for (size_t i = 0; i < EXPECTED; i++)
		CHECK_EQ(found[i], 1);
}

static int stop_at_third(const struct fanotify_nl_object *object, void *arg)
{
	(void)object;
	(void)arg;
	return ++calls == 3 ? -77 : 0;
}

static void stopped(void)
{
	int ret;

	start();
	CHECK(make_tree());
	ret = fanotify_nl_baseline(&h, root, stop_at_third, NULL);
	remove_tree();
	CHECK_EQ(ret, -77);
	CHECK_EQ(calls, 3);
}

/* The first object below the root takes the rest along. */
static int remove_the_rest(const struct fanotify_nl_object *object, void *arg)
{
	(void)arg;
	calls++;
	if (!strcmp(object->path, root))
		return 0;
	remove_tree();
	return 0;
}

static void vanishing(void)
{
	int ret;

	start();
	CHECK(make_tree());
	ret = fanotify_nl_baseline(&h, root, remove_the_rest, NULL);
	CHECK_EQ(ret, 0);
	CHECK_EQ(calls, 2);
}

static unsigned int with_handle;

static int count_handles(const struct fanotify_nl_object *object, void *arg)
{
	(void)arg;
	calls++;
	with_handle += object->node.handle_len > 0;
	return 0;
}

/* Events of such a filesystem carry what only identifies an object. */
static void handles_that_only_identify(void)
{
	int ret;

	start();
	with_handle = 0;
	CHECK(make_tree());
	only_fid = true;
	ret = fanotify_nl_baseline(&h, root, count_handles, NULL);
	only_fid = false;
	remove_tree();
	CHECK_EQ(ret, 0);
	CHECK_EQ(calls, EXPECTED);
	CHECK_EQ(with_handle, EXPECTED);
}

static int scan_with_error(int error, bool is_other_mount)
{
	int ret;

	start();
	if (!make_tree())
		return -1;
	statx_error = error;
	other_mount = is_other_mount;
	ret = fanotify_nl_baseline(&h, root, note, &h);
	statx_error = 0;
	other_mount = false;
	remove_tree();
	return ret;
}

static void cannot_look(void)
{
	CHECK_EQ(scan_with_error(EACCES, true), 0);
	CHECK_EQ(calls, EXPECTED - 2);
	CHECK_EQ(scan_with_error(ENOTCONN, true), 0);
	CHECK_EQ(calls, EXPECTED - 2);
	CHECK_EQ(scan_with_error(EIO, true), -EIO);
	CHECK_EQ(scan_with_error(EACCES, false), -EACCES);
	CHECK(strstr(fanotify_nl_error(&h), "/d/e: Permission denied"));
	CHECK_EQ(scan_with_error(ENOTCONN, false), -ENOTCONN);
	CHECK_EQ(scan_with_error(ESTALE, false), 0);
	CHECK_EQ(calls, EXPECTED - 2);
	CHECK_EQ(scan_with_error(ENOENT, false), 0);
	CHECK_EQ(calls, EXPECTED - 2);
}

static unsigned int open_now(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n - 3;
}

static int count_open(const struct fanotify_nl_object *object, void *arg)
{
	unsigned int n = open_now();

	(void)object;
	if (n > *(unsigned int *)arg)
		*(unsigned int *)arg = n;
	return 0;
}

/* The root, /d, /d/e and what is looked at: one each. */
static void descriptors(void)
{
	unsigned int before, most = 0;
	int ret;

	start();
	CHECK(make_tree());
	before = open_now();
	ret = fanotify_nl_baseline(&h, root, count_open, &most);
	remove_tree();
	CHECK_EQ(ret, 0);
	CHECK_EQ(most - before, 4);
	CHECK_EQ(open_now(), before);
}

#define DEEP	900

static int count_call(const struct fanotify_nl_object *object, void *arg)
{
	(void)object;
	++*(unsigned int *)arg;
	return 0;
}

static void *scan_root(void *arg)
{
	*(int *)arg = fanotify_nl_baseline(&h, root, count_call, &calls);
	return NULL;
}

/* Whoever may make directories chooses how deep; the caller's stack is what it is. */
static void deep(void)
{
	const struct rlimit files = { .rlim_cur = DEEP + 64, .rlim_max = DEEP + 64 };
	char path[sizeof(root) + 2 * DEEP] = "/tmp/fanotify-nl-baseline.XXXXXX";
	pthread_attr_t small;
	pthread_t thread;
	size_t top;
	int ret = 1;

	start();
	CHECK(mkdtemp(path));
	strcpy(root, path);
	top = strlen(path);
	for (int i = 0; i < DEEP; i++) {
		strcat(path, "/d");
		CHECK_EQ(mkdir(path, 0700), 0);
	}
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 256 << 10);
	CHECK_EQ(pthread_create(&thread, &small, scan_root, &ret), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&small);
	for (size_t len = strlen(path); len >= top; len -= 2) {
		path[len] = '\0';
		CHECK_EQ(rmdir(path), 0);
	}
	CHECK_EQ(ret, 0);
	CHECK_EQ(calls, DEEP + 1);
}

static int see_pts(const struct fanotify_nl_object *object, void *arg)
{
	calls++;
	*(bool *)arg |= !strncmp(object->path, "/dev/pts", 8);
	return 0;
}

/* /dev/pts is a filesystem of its own, and always there. */
static void one_filesystem(void)
{
	struct stat dev, pts;
	bool seen = false;

	start();
	CHECK(!stat("/dev", &dev) && !stat("/dev/pts", &pts));
	CHECK(dev.st_dev != pts.st_dev);
	CHECK_EQ(fanotify_nl_baseline(&h, "/dev", see_pts, &seen), 0);
	CHECK(calls > 1);
	CHECK(!seen);
}

static void order_of_calls(void)
{
	struct fanotify_nl unbound = { 0 };

	CHECK_EQ(fanotify_nl_baseline(&unbound, "/", note, NULL), -ENOTCONN);
	start();
	marks = 0;
	CHECK_EQ(fanotify_nl_baseline(&h, "/", note, NULL), -ENOTCONN);
	CHECK(strstr(fanotify_nl_error(&h), "mark first"));
	start();
	CHECK_EQ(fanotify_nl_baseline(&h, "/nowhere at all", note, NULL), -ENOENT);
	CHECK_STR(fanotify_nl_error(&h), "baseline: /nowhere at all: No such file or directory");
	fake_stop(&h);
}

static void same_node(void)
{
	struct fanotify_nl_node a = { .handle = "abc", .handle_len = 3, .handle_type = 1 };
	struct fanotify_nl_node b = a, none = { 0 };

	b.handle = "abcd";
	CHECK_EQ(fanotify_nl_node_same(&a, &b), 1);
	b.handle_len = 4;
	CHECK_EQ(fanotify_nl_node_same(&a, &b), 0);
	b = a;
	b.handle_type = 2;
	CHECK_EQ(fanotify_nl_node_same(&a, &b), 0);
	CHECK_EQ(fanotify_nl_node_same(&none, &none), 0);
}

TAP_MAIN(
	{ "baseline: a whole tree, each object once, with its attributes", whole_tree },
	{ "baseline: stopped by the callback", stopped },
	{ "baseline: what vanishes is left out", vanishing },
	{ "baseline: handles that only identify are handles", handles_that_only_identify },
	{ "baseline: a mount that does not let us look is left out", cannot_look },
	{ "baseline: one descriptor for each level", descriptors },
	{ "baseline: a deep tree takes no stack", deep },
	{ "baseline: stays on its filesystem", one_filesystem },
	{ "baseline: refused before bind and mark", order_of_calls },
	{ "baseline: nodes compared", same_node },
)
