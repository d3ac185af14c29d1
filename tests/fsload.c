// SPDX-License-Identifier: GPL-2.0
/*
 * fsload DIR PROCESSES OPERATIONS [SEED]: random operations on files below DIR, by
 * so many processes that know nothing of each other, so many each, while others
 * read. Prints how many of each kind were done, of how many that were tried.
 *
 * Status 1: a process failed, or a kind that the filesystem can do was never done.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fsops.h"

#define READERS	2

/* How often what was never done by chance is tried besides. */
#define LAST_TRIES	5000

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* What filesystems cannot do, or not so that it is told; overlayfs is one on ext4. */
static const struct {
	enum fsop op;
	long fs[4];
} cannot[] = {
	{ FSOP_clone, { TMPFS_MAGIC, EXT4_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC } },
	{ FSOP_clone_range, { TMPFS_MAGIC, EXT4_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC } },
	{ FSOP_zero_range, { TMPFS_MAGIC } },
	{ FSOP_collapse, { TMPFS_MAGIC, BTRFS_SUPER_MAGIC } },
	{ FSOP_insert, { TMPFS_MAGIC, BTRFS_SUPER_MAGIC } },
	{ FSOP_unshare, { TMPFS_MAGIC, EXT4_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
			  OVERLAYFS_SUPER_MAGIC } },
	{ FSOP_whiteout, { OVERLAYFS_SUPER_MAGIC } },
	{ FSOP_map, { OVERLAYFS_SUPER_MAGIC } },
};

/* All processes share it. */
static struct {
	unsigned int tried[FSOPS_COUNT];
	unsigned int done[FSOPS_COUNT];
	volatile bool stop;
} *shared;

static const char *dir;
static long fs;

static void do_one(enum fsop op, struct rng *rng)
{
	/* what is mapped there is the file below (docs/limits.md) */
	if (op == FSOP_map && fs == OVERLAYFS_SUPER_MAGIC)
		return;
	__atomic_add_fetch(&shared->tried[op], 1, __ATOMIC_RELAXED);
	if (fsop_do(op, dir, rng))
		__atomic_add_fetch(&shared->done[op], 1, __ATOMIC_RELAXED);
}

static void do_any(struct rng *rng)
{
	do_one(fsop_any(rng), rng);
}

static void read_on(struct rng *rng)
{
	static const enum fsop reads[] = { FSOP_read, FSOP_list, FSOP_stat, FSOP_exec };

	while (!shared->stop)
		do_one(reads[rng_below(rng, ARRAY_SIZE(reads))], rng);
}

static bool can(enum fsop op)
{
	for (size_t i = 0; i < ARRAY_SIZE(cannot); i++)
		for (size_t k = 0; cannot[i].op == op && k < ARRAY_SIZE(cannot[i].fs); k++)
			if (cannot[i].fs[k] == fs)
				return false;
	return true;
}

/* Return: the number of kinds that could have been done, and were not. */
static unsigned int complete(struct rng *rng)
{
	unsigned int missing = 0;

	for (unsigned int op = 0; op < FSOPS_COUNT; op++) {
		if (!can(op))
			continue;
		for (unsigned int i = 0; !shared->done[op] && i < LAST_TRIES; i++) {
			do_any(rng);
			do_one(op, rng);
		}
		if (shared->done[op])
			continue;
		fprintf(stderr, "fsload: %s was never done\n", fsop_name(op));
		missing++;
	}
	return missing;
}

static void print_counts(void)
{
	unsigned long tried = 0, done = 0;

	for (unsigned int op = 0; op < FSOPS_COUNT; op++) {
		tried += shared->tried[op];
		done += shared->done[op];
	}
	printf("# %lu operations done of %lu that were tried, of each kind:", done, tried);
	for (unsigned int op = 0; op < FSOPS_COUNT; op++) {
		printf("%s%s", op % 6 ? ", " : "\n#   ", fsop_name(op));
		if (can(op))
			printf(" %u/%u", shared->done[op], shared->tried[op]);
		else
			printf(" (cannot)");
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	unsigned int processes, operations, seed;
	int status, failed = 0;
	struct statfs st;
	struct rng rng;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: fsload DIR PROCESSES OPERATIONS [SEED]\n");
		return 2;
	}
	dir = argv[1];
	processes = strtoul(argv[2], NULL, 0);
	operations = strtoul(argv[3], NULL, 0);
	seed = argc > 4 ? strtoul(argv[4], NULL, 0) : (unsigned long)time(NULL);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED || statfs(dir, &st)) {
		perror(dir);
		return 2;
	}
	fs = st.f_type;
	/* of FIFOs that nobody reads */
	signal(SIGPIPE, SIG_IGN);
	printf("# fsload %s %u %u %u\n", dir, processes, operations, seed);
	fflush(stdout);
	for (unsigned int i = 0; i < processes + READERS; i++) {
		rng = (struct rng){ .state = seed + i * 1000003ULL };
		switch (fork()) {
		case -1:
			perror("fork");
			return 2;
		case 0:
			if (i >= processes)
				read_on(&rng);
			for (unsigned int k = 0; i < processes && k < operations; k++)
				do_any(&rng);
			_exit(0);
		}
	}
	for (unsigned int i = 0; i < processes + READERS; i++) {
		/* the readers do not end before */
		if (i == processes)
			shared->stop = true;
		if (wait(&status) < 0)
			status = 1;
		failed |= status;
	}
	rng = (struct rng){ .state = seed - 1ULL };
	failed |= complete(&rng);
	print_counts();
	return !!failed;
}
