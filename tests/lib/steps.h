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
#define ROUNDS_MAX	30

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
 * @round: of each, instructions for one file in each step
 */
struct cost {
	int rounds;
	double round[ROUNDS_MAX][STEPS_MAX];
};

const char *step_name(enum step step);

/* Each step is done to all files in this folder before the next one is. */
bool steps_measure(const struct steps *steps, struct cost *cost, int round);

/* Interrupts, RCU and what memory is free come on top by chance: the least counts. */
double cost_least(const struct cost *cost, int step);

/* What was freed before is freed by RCU and by kernel threads. */
void settle(void);

/* Print a table, with how much each is more than the first. */
void cost_print(const struct steps *steps, const struct cost *cost, const char *const names[],
		int count);

#endif /* TESTS_STEPS_H */
