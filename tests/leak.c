// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel memory after N and after 2N rounds of bind, mark, events, unbind, and
 * of load and unload. Run with slab_nomerge, so that each cache is counted
 * apart; with slab_debug=F, so that no CPU keeps what was freed; and on one CPU,
 * since each holds a slab of its own.
 *
 * Tolerance: one object leaked in each round would be N objects. A slab that the
 * CPU holds is counted as full, so a cache may grow by a slab of objects; its
 * unused slabs are given back, then it is counted several times, and the least counts.
 * Caches of the system come and go, too: a cache may grow by half of N objects.
 * Memory outside of the caches: 64 bytes a round.
 */
#include "test.h"
#include "storm.h"

#define BINDS	1000
#define LOADS	30

#define CACHES_MAX	512

struct cache {
	char name[64];
	long objects;
	long per_slab;
};

struct memory {
	unsigned int count;
	struct cache cache[CACHES_MAX];
	long percpu_kb;
	long vmalloc_kb;
};

static long meminfo(const char *key)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128], name[64];
	long value, found = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63[^:]: %ld", name, &value) == 2 && !strcmp(name, key))
			found = value;
	if (f)
		fclose(f);
	return found;
}

/* What is freed later (RCU, the reaper of marks) is waited for by unloading. */
static int settle(void)
{
	FILE *shrink;
	int ret = module_unload();

	if (!ret)
		ret = module_load();
	/* dentries and inodes that nobody uses */
	shrink = fopen("/proc/sys/vm/drop_caches", "w");
	if (!shrink)
		return -errno;
	fputs("3", shrink);
	fclose(shrink);
	return ret;
}

static int shrink(void)
{
	return system("for f in /sys/kernel/slab/*/shrink; do echo 1 >$f; done") ? -EIO : 0;
}

static int count_objects(struct memory *m)
{
	char line[512];
	FILE *f;

	f = fopen("/proc/slabinfo", "r");
	if (!f)
		return -errno;
	m->count = 0;
	while (fgets(line, sizeof(line), f) && m->count < CACHES_MAX) {
		struct cache *c = &m->cache[m->count];

		if (sscanf(line, "%63s %ld %*d %*d %ld", c->name, &c->objects, &c->per_slab) == 3)
			m->count++;
	}
	fclose(f);
	return m->count ? 0 : -ENOENT;
}

static long objects(const struct memory *m, const char *name)
{
	for (unsigned int i = 0; i < m->count; i++)
		if (!strcmp(m->cache[i].name, name))
			return m->cache[i].objects;
	return 0;
}

static int measure(struct memory *m)
{
	static struct memory again;
	int ret = settle() ?: shrink() ?: count_objects(m);

	/* kfree_rcu() may take 5 s, and the files of shrink() need it, too */
	for (int n = 0; n < 14 && !ret; n++) {
		usleep(500 * 1000);
		ret = count_objects(&again);
		for (unsigned int i = 0; i < m->count; i++) {
			long fewer = objects(&again, m->cache[i].name);

			if (fewer < m->cache[i].objects)
				m->cache[i].objects = fewer;
		}
	}
	m->percpu_kb = meminfo("Percpu");
	m->vmalloc_kb = meminfo("VmallocUsed");
	return ret;
}

/* Caches that grow by the workload's own doing, not by the module's. */
static bool is_noise(const char *name)
{
	return !strncmp(name, "maple_node", 10) || !strncmp(name, "vm_area_struct", 14) ||
	       !strncmp(name, "anon_vma", 8) || !strncmp(name, "buffer_head", 11);
}

static unsigned int grown(const struct memory *before, const struct memory *after, long rounds)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < after->count; i++) {
		const struct cache *c = &after->cache[i];
		long more = c->objects - objects(before, c->name);

		if (more <= rounds / 2 || more <= c->per_slab || is_noise(c->name))
			continue;
		printf("# %s: %ld objects more after %ld rounds more\n", c->name, more, rounds);
		count++;
	}
	if ((after->percpu_kb - before->percpu_kb) * 1024 > rounds * 64) {
		printf("# Percpu: %ld kB more\n", after->percpu_kb - before->percpu_kb);
		count++;
	}
	if ((after->vmalloc_kb - before->vmalloc_kb) * 1024 > rounds * 64 + 65536) {
		printf("# VmallocUsed: %ld kB more\n", after->vmalloc_kb - before->vmalloc_kb);
		count++;
	}
	return count;
}

/* Others in their place, and again. */
static int set_filters(struct fanotify_nl *h)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_FILTERS,
		.nr_filters = 8,
	};
	int ret = 0;

	for (int i = 0; i < 8; i++)
		settings.filters[i] = (struct fanotify_nl_filter){
			.by = FANOTIFY_A_FILTER_UID,
			.flags = FANOTIFY_FILTER_FLAG_EXCLUDE,
			.uid = 1000 + i,
		};
	for (int i = 0; i < 3 && !ret; i++)
		ret = fanotify_nl_group_set(h, &settings);
	return ret;
}

static int bind_round(unsigned int round)
{
	struct fanotify_nl_mark inode = {
		.type = FANOTIFY_MARK_TYPE_INODE, .path = "file", .mask = KIND(MODIFY),
	};
	struct fanotify_nl_mark mount = {
		.type = FANOTIFY_MARK_TYPE_MOUNT, .path = ".", .mask = KIND(OPEN),
	};
	struct fanotify_nl *h = member_open(0, 65536, 64 << 10), *second;
	struct fanotify_nl_event event;

	if (!h)
		return -1;
	second = member_open(fanotify_nl_bound(h)->number, 65536, 0);
	if (!second || set_filters(h) || member_mark(h, ".", STORM_KINDS) ||
	    fanotify_nl_mark_add(h, &inode, NULL) || fanotify_nl_mark_add(h, &mount, NULL))
		return -1;
	for (int i = 0; i < 3; i++)
		if (write_file("file", "hello"))
			return -1;
	/* by turns read and unread, unbound and closed */
	while (round % 2 && fanotify_nl_next_event(h, &event) == 1)
		;
	if (round % 3 == 0 && fanotify_nl_mark_remove(h, &inode))
		return -1;
	if (round % 3 == 1 && fanotify_nl_unbind(h))
		return -1;
	fanotify_nl_close(h);
	fanotify_nl_close(second);
	return 0;
}

static int bind_rounds(unsigned int count)
{
	int ret = 0;

	for (unsigned int i = 0; i < count && !ret; i++)
		ret = bind_round(i);
	return ret;
}

static int load_rounds(unsigned int count)
{
	int ret = 0;

	for (unsigned int i = 0; i < count && !ret; i++)
		ret = module_unload() ?: module_load() ?: bind_round(i);
	return ret;
}

static struct memory before, after;

FIXTURE(leak) {
	char unused;
};

FIXTURE_VARIANT(leak) {
	int (*work)(unsigned int count);
	unsigned int rounds;
};

FIXTURE_VARIANT_ADD(leak, bind_mark_unbind) {
	.work = bind_rounds, .rounds = BINDS,
};

FIXTURE_VARIANT_ADD(leak, load_unload) {
	.work = load_rounds, .rounds = LOADS,
};

FIXTURE_SETUP(leak)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, make_file("file"));
}

FIXTURE_TEARDOWN(leak)
{
}

TEST_F_TIMEOUT(leak, nothing_grows_from_n_to_2n_rounds, 300)
{
	ASSERT_EQ(0, variant->work(variant->rounds));
	ASSERT_EQ(0, measure(&before));
	ASSERT_EQ(0, variant->work(variant->rounds));
	ASSERT_EQ(0, measure(&after));
	EXPECT_EQ(0, grown(&before, &after, variant->rounds));
	/* or else nothing was counted */
	EXPECT_GT(before.count, 100);
	EXPECT_GT(objects(&before, "kmalloc-1k"), 0);
}

TEST_HARNESS_MAIN
