// SPDX-License-Identifier: GPL-2.0
/*
 * fsborder IN OUT PROCESSES OPERATIONS [SEED]: as fsload, below two directories of
 * one filesystem; meanwhile directories with all that is in them are renamed from
 * one to the other, back, and about.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fsops.h"

#define DEPTH	3
#define NAMES	4

/* Up to @depth names below @top, which are there or not. */
static void some_dir(char *path, size_t size, const char *top, unsigned int depth,
		     struct rng *rng)
{
	snprintf(path, size, "%s", top);
	while (depth--) {
		size_t len = strlen(path);

		snprintf(path + len, size - len, "/%c", 'a' + rng_below(rng, NAMES));
	}
}

static bool move_some(const char *from, const char *to, struct rng *rng)
{
	char old[256], new[256];

	some_dir(old, sizeof(old), from, 1 + rng_below(rng, DEPTH), rng);
	some_dir(new, sizeof(new), to, 1 + rng_below(rng, DEPTH), rng);
	return !renameat2(AT_FDCWD, old, AT_FDCWD, new,
			  rng_percent(rng, 30) ? RENAME_EXCHANGE : 0);
}

static void work(char **top, unsigned int operations, struct rng *rng)
{
	unsigned int moved = 0;
	char dir[256];

	for (unsigned int k = 0; k < operations; k++) {
		unsigned int from = rng_below(rng, 2), dice = rng_below(rng, 100);

		some_dir(dir, sizeof(dir), top[from], rng_below(rng, DEPTH + 1), rng);
		if (dice < 25)
			moved += move_some(top[from], top[rng_below(rng, 2)], rng);
		else
			fsop_do(dice < 50 ? FSOP_mkdir : rng_below(rng, FSOPS_COUNT), dir, rng);
	}
	_exit(!moved);
}

int main(int argc, char **argv)
{
	unsigned int processes, operations, seed;
	int status, failed = 0;

	if (argc < 5 || argc > 6) {
		fprintf(stderr, "usage: fsborder IN OUT PROCESSES OPERATIONS [SEED]\n");
		return 2;
	}
	processes = strtoul(argv[3], NULL, 0);
	operations = strtoul(argv[4], NULL, 0);
	seed = argc > 5 ? strtoul(argv[5], NULL, 0) : (unsigned long)time(NULL);
	printf("# fsborder %s %s %u %u %u\n", argv[1], argv[2], processes, operations, seed);
	fflush(stdout);
	for (unsigned int i = 0; i < processes; i++) {
		struct rng rng = { .state = seed + i * 1000003ULL };
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (!pid)
			work(argv + 1, operations, &rng);
	}
	while (wait(&status) > 0)
		failed |= status;
	return !!failed;
}
