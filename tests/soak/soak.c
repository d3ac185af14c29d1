// SPDX-License-Identifier: GPL-2.0
/*
 * All at once, for minutes: members that bind, mark, read and die; gates that answer,
 * defer, stall and die; a journal that is started, read, acknowledged and stopped;
 * writers of several users; mounts that come and go; the module unloaded and loaded.
 * What holds all the while: no hole in seq, nor in a journal's indexes, nothing
 * malformed or forged, losses that add up, unmounts that are not held up; and in the
 * end nothing is left.
 *
 *	soak [--minutes M] [--seed S]
 *
 * The seed decides what each process does; when, the scheduler does.
 */
#include <errno.h>
#include <getopt.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include "test.h"
#include "remains.h"
#include "soak.h"

#define KILL		375
#define SOAK		"/tmp/soak"

static double minutes = 2;
static unsigned long long seed;

struct child {
	pid_t pid;
	void (*run)(unsigned int number, struct rng *rng);
	unsigned int number;
	unsigned int stream;
	unsigned int life;
};

static void start(struct child *child)
{
	unsigned long long life = child->life++;

	fflush(stdout);
	child->pid = fork();
	if (!child->pid) {
		struct rng rng = { .state = seed + child->stream * 1000003 + life * 97 };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child->run(child->number, &rng);
		_exit(0);
	}
}

#define MODPROBE	"/proc/sys/kernel/modprobe"

FIXTURE(soak)
{
	struct child child[WRITERS + MEMBERS + GATES + JOURNALISTS + MOUNTS + 2];
	unsigned int children;
	struct rng rng;
	char modprobe[256];
};

static void add(FIXTURE_DATA(soak) *self, void (*run)(unsigned int, struct rng *), unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct child *child = &self->child[self->children++];

		*child = (struct child){ .run = run, .number = i, .stream = self->children };
		start(child);
	}
}

/* Not in a mount namespace of its own: the kernel looks for a ring in the first. */
static int work_in_sight(void)
{
	umask(0);
	if (mkdir(SOAK, 0777) && errno != EEXIST)
		return -errno;
	return mount("soak", SOAK, "tmpfs", 0, NULL) || chdir(SOAK) ? -errno : 0;
}

static int make_ring(void)
{
	struct fanotify_nl_journal_settings settings = { .set = FANOTIFY_NL_JOURNAL_SET_LEVEL };
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_caps caps;
	struct fanotify_nl *h;
	int ret = fanotify_nl_open(&h);

	if (!ret)
		ret = fanotify_nl_caps(h, &caps);
	/* one soak in two, where the kernel has that */
	if (!ret && seed % 2 && caps.journal_levels & 1U << FANOTIFY_JOURNAL_LEVEL_ORDERED)
		settings.level = FANOTIFY_JOURNAL_LEVEL_ORDERED;
	else
		settings.level = FANOTIFY_JOURNAL_LEVEL_DURABLE;
	printf("# journal: %s\n", fanotify_nl_journal_level_name(settings.level));
	if (!ret && !mount_ext4())
		ret = -errno;
	if (!ret)
		ret = fanotify_nl_journal_create(h, "ext4", 1 << 20, NULL, NULL);
	if (!ret)
		ret = fanotify_nl_journal_start(h, "ext4", &settings, &info);
	if (!ret)
		ret = fanotify_nl_journal_stop(h, info.id, 0);
	if (ret)
		wrong("no journal: %s", fanotify_nl_error(h));
	fanotify_nl_close(h);
	return ret ? ret : umount("ext4") ? -errno : 0;
}

FIXTURE_SETUP(soak)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_EQ(0, work_in_sight());
	for (int i = 0; i < PLACES; i++) {
		ASSERT_EQ(0, mkdir(places[i], 0777));
	}
	ASSERT_EQ(0, make_often());
	ASSERT_EQ(0, mkdir("lower", 0777));
	ASSERT_EQ(0, mkdir("lower/a", 0777));
	ASSERT_EQ(0, make_file("lower/b"));
	ASSERT_EQ(0, mkdir("upper", 0777));
	ASSERT_EQ(0, mkdir("work", 0777));
	ASSERT_EQ(0, make_loop());
	ASSERT_EQ(0, make_ring());
	/* netlink runs it for each look for a family that is unloaded: half a second */
	ASSERT_EQ(0, read_file(MODPROBE, self->modprobe, sizeof(self->modprobe)));
	ASSERT_EQ(0, write_file(MODPROBE, "\n"));
	self->rng.state = seed;
	add(self, writer, WRITERS);
	add(self, mounter, MOUNTS);
	add(self, subscriber, 1);
	if (remains_is_module())
		add(self, reloader, 1);
	else
		printf("# the family is built in: it is not unloaded\n");
	add(self, member, MEMBERS);
	add(self, gatekeeper, GATES);
	add(self, journalist, JOURNALISTS);
}

static bool all_ended(void *arg)
{
	FIXTURE_DATA(soak) *self = arg;
	unsigned int left = 0;

	for (unsigned int i = 0; i < self->children; i++) {
		struct child *child = &self->child[i];

		if (child->pid && waitpid(child->pid, NULL, WNOHANG) == child->pid)
			child->pid = 0;
		left += !!child->pid;
	}
	return !left;
}

FIXTURE_TEARDOWN(soak)
{
	for (unsigned int i = 0; i < self->children; i++)
		if (self->child[i].pid)
			kill(self->child[i].pid, SIGKILL);
	EXPECT_EQ(0, write_file(MODPROBE, self->modprobe));
	set_parameter("gate_lift", "1");
	for (size_t i = 0; i < MOUNTS; i++)
		umount2(mounts[i].place, MNT_DETACH);
	EXPECT_EQ(0, system("losetup -D"));
	EXPECT_EQ(0, chdir("/"));
	EXPECT_EQ(0, umount2(SOAK, MNT_DETACH));
	if (access("/sys/module/fanotify_nl", F_OK))
		module_load();
}

/* Those that use the library do not expect it; all others are to go on to the end. */
static void kill_some(FIXTURE_DATA(soak) *self)
{
	unsigned int victim = rng_below(&self->rng, MEMBERS + GATES + JOURNALISTS);
	struct child *child = &self->child[self->children - 1 - victim];

	did(OP_kill, !kill(child->pid, SIGKILL) && waitpid(child->pid, NULL, 0) == child->pid);
	start(child);
}

static unsigned int never_done(const char *name, const struct count *count)
{
	printf("# %-18s %9lu of %lu\n", name, count->done, count->tried);
	return !count->done;
}

static bool is_asked_for(int op)
{
	return (op != OP_unload && op != OP_load) || remains_is_module();
}

static bool all_done(void)
{
	for (int op = 0; op < OPS; op++)
		if (is_asked_for(op) && !shared->op[op].done)
			return false;
	for (int op = 0; op < FSOPS_PLAIN_COUNT; op++)
		if (!shared->fsop[op].done)
			return false;
	return true;
}

/* A busy machine gets more time for what has not been done yet. */
TEST_F_TIMEOUT(soak, all_at_once, 86400)
{
	__u64 end = now_ns() + minutes * 60e9, last = end + minutes * 240e9;
	unsigned int never = 0;

	printf("# seed %llu, %g minutes\n", seed, minutes);
	while ((now_ns() < end || (now_ns() < last && !all_done())) &&
	       shared->errors < ERRORS_MAX) {
		pass(&self->rng, KILL);
		kill_some(self);
	}
	shared->stop = true;
	EXPECT_TRUE(wait_until(all_ended, self, 120000)) {
		TH_LOG("a process does not end");
	}
	EXPECT_EQ(0, shared->errors);
	for (int op = 0; op < OPS; op++)
		never += never_done(op_names[op], &shared->op[op]) && is_asked_for(op);
	for (int op = 0; op < FSOPS_PLAIN_COUNT; op++)
		never += never_done(fsop_name(op), &shared->fsop[op]);
	EXPECT_EQ(0, never) {
		TH_LOG("%u operations were never done", never);
	}
}

/* A fixture of its own, as those run in this order. */
FIXTURE(after_all)
{
	int unused;
};

FIXTURE_SETUP(after_all)
{
}

FIXTURE_TEARDOWN(after_all)
{
}

TEST_F_TIMEOUT(after_all, nothing_is_left, 300)
{
	EXPECT_EQ(0, remains_listed());
	if (remains_is_module()) {
		EXPECT_EQ(0, module_unload());
		EXPECT_EQ(0, module_load());
	}
	EXPECT_EQ(0, remains_leaked());
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "minutes", required_argument, NULL, 'm' },
		{ "seed", required_argument, NULL, 's' },
		{ },
	};
	int c;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return 2;
	seed >>= 16;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'm':
			minutes = strtod(optarg, NULL);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	/* it looks for options of its own */
	optind = 1;
	return test_harness_run(1, argv);
}
