// SPDX-License-Identifier: GPL-2.0
/*
 * What steps of work with files cost, in instructions.
 */
#include <fcntl.h>
#include <stdio.h>
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

bool steps_measure(const struct steps *steps, struct cost *cost, int round)
{
	static int fd[FILES];
	const char *prefix = "";
	char name[16];

	for (int step = 0; step < steps->count; step++) {
		__u64 start;

		settle();
		start = now_ns();
		for (int i = 0; i < FILES; i++) {
			snprintf(name, sizeof(name), "%s%06d", prefix, i);
			if (!do_step(steps->step[step], name, &fd[i]))
				return false;
		}
		cost->round[round][step] = (double)(now_ns() - start) / FILES;
		if (steps->step[step] == RENAME)
			prefix = RENAMED;
	}
	cost->rounds = round + 1;
	return true;
}

double cost_least(const struct cost *cost, int step)
{
	double least = cost->round[0][step];

	for (int i = 1; i < cost->rounds; i++)
		if (cost->round[i][step] < least)
			least = cost->round[i][step];
	return least;
}

void cost_print(const struct steps *steps, const struct cost *cost, const char *const names[],
		int count)
{
	printf("# %-22s", "");
	for (int step = 0; step < steps->count; step++)
		printf("%17s", step_name(steps->step[step]));
	printf("\n");
	for (int i = 0; i < count; i++) {
		printf("# %-22s", names[i]);
		for (int step = 0; step < steps->count; step++)
			printf("%8.0f %+7.2f%%", cost_least(&cost[i], step),
			       (cost_least(&cost[i], step) / cost_least(cost, step) - 1) * 100);
		printf("\n");
	}
}
