/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What steps of work with files cost, in instructions: for VMs with --icount, where a
 * nanosecond is one.
 */
#ifndef TESTS_STEPS_H
#define TESTS_STEPS_H

#include <stdbool.h>

enum step { CREATE, WRITE, CLOSE, CHMOD, SETXATTR, RENAME, UNLINK };

#define STEPS_MAX	8
#define ROUNDS		10

/**
 * struct steps - what is measured
 * @count: how many steps
 * @step: those, in their order
 */
struct steps {
	int count;
	enum step step[STEPS_MAX];
};

/**
 * struct cost - what was measured
 * @rounds: how many rounds there were
 * @mean: of each, instructions for one file in each step
 * @median: so many for half of the files; what comes now and then, such as new slabs,
 *	is not in it
 */
struct cost {
	int rounds;
	double mean[ROUNDS][STEPS_MAX];
	double median[ROUNDS][STEPS_MAX];
};

const char *step_name(enum step step);

/* Each step is done to all files in this folder before the next one is. */
bool steps_measure(const struct steps *steps, struct cost *cost, int round);

/* Interrupts, RCU and what memory is free come on top by chance: the least counts. */
double cost_mean(const struct cost *cost, int step);
double cost_median(const struct cost *cost, int step);

/* What was freed before is freed by RCU and by kernel threads. */
void settle(void);

/* Print a table of this figure, with how much each is more than the first. */
void cost_print(const struct steps *steps, const struct cost *cost, const char *const names[],
		int count, double (*figure)(const struct cost *cost, int step));

#endif /* TESTS_STEPS_H */
