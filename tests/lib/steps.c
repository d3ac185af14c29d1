// SPDX-License-Identifier: GPL-2.0
/*
 * What steps of work with files cost, in instructions.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "steps.h"
#include "storm.h"

#define FILES	1000
#define RENAMED	"other-"

static const char *const step_names[] = {
	"create", "write", "close", "chmod", "setxattr", "rename", "unlink",
};

const char *step_name(enum step step)
{
	return step_names[step];
}

static bool do_step(enum step step, const char *name, int *fd)
{
	char other[32];

	switch (step) {
	case CREATE:
		*fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
		return *fd >= 0;
	case WRITE:
		return write(*fd, "x", 1) == 1;
	case CLOSE:
		return !close(*fd);
	case CHMOD:
		return !chmod(name, 0600);
	case SETXATTR:
		return !setxattr(name, "user.name", "value", 5, 0);
	case RENAME:
		snprintf(other, sizeof(other), RENAMED "%s", name);
		return !rename(name, other);
	case UNLINK:
		return !unlink(name);
	}
	return false;
}

void settle(void)
{
	usleep(100000);
}

/* What it takes to ask what time it is. */
static __u64 clock_cost(void)
{
	__u64 least = ~0ULL;

	for (int i = 0; i < 10; i++) {
		__u64 start = now_ns(), cost = now_ns() - start;

		if (cost < least)
			least = cost;
	}
	return least;
}

static int compare(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

bool steps_measure(const struct steps *steps, struct cost *cost, int round)
{
	const __u64 clock = clock_cost();
	static __u64 of_each[FILES];
	static int fd[FILES];
	const char *prefix = "";
	char name[16];

	for (int step = 0; step < steps->count; step++) {
		__u64 sum = 0;

		settle();
		for (int i = 0; i < FILES; i++) {
			__u64 start;

			snprintf(name, sizeof(name), "%s%06d", prefix, i);
			start = now_ns();
			if (!do_step(steps->step[step], name, &fd[i]))
				return false;
			of_each[i] = now_ns() - start - clock;
			sum += of_each[i];
		}
		qsort(of_each, FILES, sizeof(*of_each), compare);
		cost->mean[round][step] = (double)sum / FILES;
		cost->median[round][step] = of_each[FILES / 2];
		if (steps->step[step] == RENAME)
			prefix = RENAMED;
	}
	cost->rounds = round + 1;
	return true;
}

static double least_of(const double rounds[][STEPS_MAX], int count, int step)
{
	double least = rounds[0][step];

	for (int i = 1; i < count; i++)
		if (rounds[i][step] < least)
			least = rounds[i][step];
	return least;
}

double cost_mean(const struct cost *cost, int step)
{
	return least_of(cost->mean, cost->rounds, step);
}

double cost_median(const struct cost *cost, int step)
{
	return least_of(cost->median, cost->rounds, step);
}

void cost_print(const struct steps *steps, const struct cost *cost, const char *const names[],
		int count, double (*figure)(const struct cost *cost, int step))
{
	printf("# %-22s", "");
	for (int step = 0; step < steps->count; step++)
		printf("%17s", step_name(steps->step[step]));
	printf("\n");
	for (int i = 0; i < count; i++) {
		printf("# %-22s", names[i]);
		for (int step = 0; step < steps->count; step++)
			printf("%8.0f %+7.2f%%", figure(&cost[i], step),
			       (figure(&cost[i], step) / figure(cost, step) - 1) * 100);
		printf("\n");
	}
}
