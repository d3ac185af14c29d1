// SPDX-License-Identifier: GPL-2.0
/*
 * fsload DIR PROCESSES OPERATIONS [SEED]: random operations on files below DIR, by
 * so many processes that know nothing of each other, so many each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fsops.h"

int main(int argc, char **argv)
{
	unsigned int processes, operations, seed;
	int status, failed = 0;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: fsload DIR PROCESSES OPERATIONS [SEED]\n");
		return 2;
	}
	processes = strtoul(argv[2], NULL, 0);
	operations = strtoul(argv[3], NULL, 0);
	seed = argc > 4 ? strtoul(argv[4], NULL, 0) : (unsigned long)time(NULL);
	printf("# fsload %s %u %u %u\n", argv[1], processes, operations, seed);
	fflush(stdout);
	for (unsigned int i = 0; i < processes; i++) {
		struct rng rng = { .state = seed + i * 1000003ULL };
		unsigned int done = 0;
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid)
			continue;
		for (unsigned int k = 0; k < operations; k++)
			done += fsop_do(rng_below(&rng, FSOPS_COUNT), argv[1], &rng);
		/* or nothing was tried */
		_exit(done < operations / 10);
	}
	while (wait(&status) > 0)
		failed |= status;
	return !!failed;
}
