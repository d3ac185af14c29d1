// SPDX-License-Identifier: GPL-2.0
/*
 * What is paid: nothing without a group, and for a subtree mark the same whatever
 * is below. In instructions, so run with --icount, where a nanosecond is one; and
 * in bytes, so run with slab_nomerge, lest others come and go in the same caches.
 *
 * FILES: besides small subtrees, one of so many files.
 */
#include <dirent.h>
#include <time.h>

#include "steps.h"
#include "storm.h"
#include "test.h"

/* Only that tests may take their time. */
FIXTURE(cost)
{
	int unused;
};

FIXTURE_SETUP(cost)
{
}

FIXTURE_TEARDOWN(cost)
{
}

/* ---- without a group ---- */

static const struct steps steps = {
	6, { CREATE, WRITE, CLOSE, CHMOD, SETXATTR, UNLINK },
};

enum presence { WITHOUT, LOADED, AFTER, PRESENCES };

static const char *const presence_names[PRESENCES] = {
	"no module", "before any group", "after the last group",
};

/* In thousandths. */
#define TOLERANCE	5

static bool is_seen(void)
{
	return !system("grep -q ^security_inode_setattr /sys/kernel/tracing/enabled_functions");
}

/* A group that comes and goes, until nothing is left of it. */
static int group_comes_and_goes(void)
{
	struct fanotify_nl *h = listen_open();
	bool seen = is_seen();

	int ret = h ? listen_mark(h, FANOTIFY_MARK_TYPE_FILESYSTEM, "/tmp", KIND(CREATE)) : -EIO;

	if (ret)
		return ret;
	fanotify_nl_close(h);
	for (int i = 0; i < 30 && is_seen(); i++)
		sleep(1);
	return !seen ? -ENOENT : is_seen() ? -EBUSY : 0;
}

static int bring_about(enum presence presence)
{
	switch (presence) {
	case WITHOUT:
		return module_unload();
	case LOADED:
		return module_load();
	default:
		return group_comes_and_goes();
	}
}

static bool is_as_without(const struct cost *cost, const struct cost *without, int step)
{
	return cost_least(cost, step) * 1000 < cost_least(without, step) * (1000 + TOLERANCE);
}

static bool all_are_as_without(const struct cost *cost)
{
	for (int presence = 0; presence < PRESENCES; presence++)
		for (int step = 0; step < steps.count; step++)
			if (!is_as_without(&cost[presence], &cost[WITHOUT], step))
				return false;
	return true;
}

/* Its sleeping counts as time, and takes none. */
TEST_F_TIMEOUT(cost, nothing_is_paid_without_a_group, 1800)
{
	static struct cost cost[PRESENCES];

	/* the first round warms up; chance only adds, and what is paid stays */
	for (int round = -1;
	     round < ROUNDS || (round < ROUNDS_MAX && !all_are_as_without(cost)); round++)
		for (int presence = 0; presence < PRESENCES; presence++) {
			ASSERT_EQ(0, bring_about(presence));
			/* each time what a group leaves behind has time to go */
			sleep(15);
			ASSERT_EQ(0, work_here());
			ASSERT_TRUE(steps_measure(&steps, &cost[presence],
						  round < 0 ? 0 : round));
			ASSERT_EQ(0, chdir("/"));
			ASSERT_EQ(0, umount(WORK));
		}
	printf("# instructions for one operation, and by how much it is more than without:\n");
	cost_print(&steps, cost, presence_names, PRESENCES);
	for (int presence = 0; presence < PRESENCES; presence++)
		for (int step = 0; step < steps.count; step++)
			EXPECT_TRUE(is_as_without(&cost[presence], &cost[WITHOUT], step));
}

/* ---- a subtree mark ---- */

#define MARKS		64
#define FILES_IN_DIR	1000

/* Of one mark; and by how much it may differ, as what it allocates does. */
#define DIFFERENCE_PERCENT	15
#define INSTRUCTIONS_MAX	100000
#define BYTES_MAX		4096

/* A chain of directories, and all files below the last one: all are below each. */
static bool make_tree(unsigned int files)
{
	char name[32];

	for (int i = 0; i < MARKS; i++)
		if (mkdir("d", 0755) || chdir("d"))
			return false;
	for (unsigned int i = 0; i < files; i++) {
		snprintf(name, sizeof(name), "%u", i / FILES_IN_DIR);
		if (i % FILES_IN_DIR == 0 && mkdir(name, 0755))
			return false;
		snprintf(name, sizeof(name), "%u/%u", i / FILES_IN_DIR, i % FILES_IN_DIR);
		if (mknod(name, S_IFREG | 0644, 0))
			return false;
	}
	return true;
}

/* What CPUs keep of a cache counts as in use, so they are made to give it back. */
static bool shrink_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		if (entry->d_name[0] != '.')
			write_file(path, "1");
	}
	return dir && !closedir(dir);
}

/* Bytes of all objects in use, -1 if that is not known. */
static long slab_bytes(void)
{
	long objects, size, sum = 0;
	char line[512];
	FILE *f;

	settle();
	if (!shrink_slabs())
		return -1;
	f = fopen("/proc/slabinfo", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %ld %*d %ld", &objects, &size) == 2)
			sum += objects * size;
	return f && !fclose(f) && sum ? sum : -1;
}

struct price {
	__u64 first;
	__u64 most;
	long bytes;
};

/* From the bottom to the top. */
static bool measure_marks(struct fanotify_nl *h, struct price *price)
{
	long before, after;

	*price = (struct price){ 0 };
	/* what is counted with is there by then */
	slab_bytes();
	before = slab_bytes();
	for (int i = 0; i < MARKS; i++) {
		__u64 start, cost;

		if (chdir(".."))
			return false;
		start = now_ns();
		if (listen_mark(h, FANOTIFY_MARK_TYPE_SUBTREE, ".", KIND(CREATE)))
			return false;
		cost = now_ns() - start;
		if (!i)
			price->first = cost;
		if (cost > price->most)
			price->most = cost;
	}
	after = slab_bytes();
	price->bytes = (after - before) / MARKS;
	return before > 0 && after > before;
}

TEST_F_TIMEOUT(cost, a_subtree_of_any_size_costs_the_same, 3600)
{
	const unsigned int sizes[] = { 1, 1000, 10000, number_of("FILES", 0) };

	printf("# a subtree mark, with so many files below: instructions of the first and the\n"
	       "# most of %d, bytes of kernel memory for each\n", MARKS);
	for (size_t i = 0; i < ARRAY_SIZE(sizes) && sizes[i]; i++) {
		static __u64 smallest;
		struct price price;
		struct fanotify_nl *h;

		ASSERT_EQ(0, work_here());
		ASSERT_EQ(0, mount(NULL, WORK, NULL, MS_REMOUNT, "size=0,nr_inodes=0"));
		ASSERT_TRUE(make_tree(sizes[i]));
		h = listen_open();
		ASSERT_NE(NULL, h);
		ASSERT_TRUE(measure_marks(h, &price));
		fanotify_nl_close(h);
		ASSERT_EQ(0, chdir("/"));
		ASSERT_EQ(0, umount(WORK));
		printf("# %9u %9llu %9llu %9ld\n", sizes[i], price.first, price.most, price.bytes);
		EXPECT_LT(price.most, INSTRUCTIONS_MAX);
		EXPECT_LT(price.bytes, BYTES_MAX);
		if (!i)
			smallest = price.most;
		EXPECT_LT(price.most, smallest * (100 + DIFFERENCE_PERCENT) / 100 + 1);
	}
}

TEST_HARNESS_MAIN
