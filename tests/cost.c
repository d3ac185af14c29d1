// SPDX-License-Identifier: GPL-2.0
/*
 * What is paid: nothing without a group, and for a subtree mark the same whatever
 * is below, and however many others there are. In instructions, so run with --icount,
 * where a nanosecond is one; and in bytes, so run with slab_nomerge, lest others come
 * and go in the same caches.
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

/* In thousandths, of the median. */
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

/* Its sleeping counts as time, and takes none. */
TEST_F_TIMEOUT(cost, nothing_is_paid_without_a_group, 3600)
{
	static struct cost cost[PRESENCES];

	/* the first round warms up */
	for (int round = -1; round < 3; round++)
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
	cost_print(&steps, cost, presence_names, PRESENCES, cost_median);
	for (int presence = 0; presence < PRESENCES; presence++)
		for (int step = 0; step < steps.count; step++)
			EXPECT_LT(cost_median(&cost[presence], step) * 1000,
				  cost_median(&cost[WITHOUT], step) * (1000 + TOLERANCE));
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

/* ---- other subtree marks ---- */

#define OTHERS		10000
#define OTHERS_AT_ONCE	1000
#define DEPTH		32

/* How many times what it costs with none, or what the first ones cost. */
#define WITH_OTHERS_MAX	2.0
#define LAST_ADDS_MAX	1.5

static const struct steps below = {
	4, { CREATE, CLOSE, CHMOD, UNLINK },
};

static bool make_others(void)
{
	char name[32];

	if (mkdir("others", 0755))
		return false;
	for (int i = 0; i < OTHERS; i++) {
		snprintf(name, sizeof(name), "others/%d", i);
		if (mkdir(name, 0755))
			return false;
	}
	return true;
}

/* Instructions of one, of so many from @from on; 0 if one failed. */
static double mark_others(struct fanotify_nl *h, int from)
{
	__u64 start = now_ns();
	char name[32];

	for (int i = from; i < from + OTHERS_AT_ONCE; i++) {
		snprintf(name, sizeof(name), "others/%d", i);
		if (listen_mark(h, FANOTIFY_MARK_TYPE_SUBTREE, name, KIND(CHMOD)))
			return 0;
	}
	return (double)(now_ns() - start) / OTHERS_AT_ONCE;
}

/* Where each event has many directories above it, none of which is one of the others. */
static bool measure_below(struct cost *cost)
{
	bool measured = true;

	if (chdir("mine"))
		return false;
	for (int i = 0; i < DEPTH; i++)
		if ((mkdir("d", 0755) && errno != EEXIST) || chdir("d"))
			return false;
	for (int round = 0; round < 3 && measured; round++)
		measured = steps_measure(&below, cost, round);
	return measured && !chdir(WORK);
}

TEST_F_TIMEOUT(cost, other_subtrees_cost_nothing, 3600)
{
	static const char *const names[] = { "no others", "others" };
	static struct cost cost[2];
	double first, last = 0;
	struct fanotify_nl *h;
	long before, bytes;

	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, mount(NULL, WORK, NULL, MS_REMOUNT, "size=0,nr_inodes=0"));
	ASSERT_EQ(0, mkdir("mine", 0755));
	ASSERT_TRUE(make_others());
	h = listen_open();
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, listen_mark(h, FANOTIFY_MARK_TYPE_SUBTREE, "mine", KIND(CHMOD)));
	ASSERT_TRUE(measure_below(&cost[0]));

	slab_bytes();
	before = slab_bytes();
	first = mark_others(h, 0);
	ASSERT_LT(0, first);
	for (int i = OTHERS_AT_ONCE; i < OTHERS; i += OTHERS_AT_ONCE) {
		last = mark_others(h, i);
		ASSERT_LT(0, last);
	}
	bytes = (slab_bytes() - before) / OTHERS;
	ASSERT_TRUE(measure_below(&cost[1]));
	fanotify_nl_close(h);
	ASSERT_EQ(0, chdir("/"));
	ASSERT_EQ(0, umount(WORK));

	printf("# %d directories below a subtree mark, with %d others: instructions\n", DEPTH,
	       OTHERS);
	cost_print(&below, cost, names, 2, cost_mean);
	printf("# of a mark of the first and of the last %d; bytes of kernel memory for each:\n"
	       "# %9.0f %9.0f %9ld\n", OTHERS_AT_ONCE, first, last, bytes);
	for (int step = 0; step < below.count; step++)
		EXPECT_LT(cost_mean(&cost[1], step),
			  cost_mean(&cost[0], step) * WITH_OTHERS_MAX);
	EXPECT_LT(last, first * LAST_ADDS_MAX);
	EXPECT_LT(bytes, BYTES_MAX);
}

TEST_HARNESS_MAIN
