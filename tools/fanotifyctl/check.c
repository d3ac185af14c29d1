// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: checks of files.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "fanotifyctl.h"

#define LOOK_MS	100

static __s64 clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

__s64 now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

__s64 asleep_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME) - clock_ms(CLOCK_MONOTONIC);
}

void check_fail(struct check *check, int error, const char *format, ...)
{
	va_list args;

	if (check->error)
		return;
	check->error = error;
	va_start(args, format);
	if (vasprintf(&check->text, format, args) < 0)
		check->text = NULL;
	va_end(args);
}

bool check_over(const struct check *check)
{
	return __atomic_load_n(check->stop, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&check->gone, __ATOMIC_RELAXED) || now_ms() >= check->deadline;
}

int check_patience(const struct check *check)
{
	__s64 left = check->deadline - now_ms();

	if (left < 0)
		return 0;
	return left < LOOK_MS ? left : LOOK_MS;
}

static bool over(void *arg)
{
	return check_over(arg);
}

static void check_hash(struct check *check)
{
	int ret = hash_file(check->fd, check->sha256, over, check);

	if (ret == -ECANCELED)
		check_fail(check, ETIMEDOUT, "hashing took too long");
	else if (ret)
		check_fail(check, -ret, "hashing: %s", strerror(-ret));
}

void check_run(struct job *job)
{
	struct check *check = (struct check *)job;

	if (check_over(check)) {
		check_fail(check, ETIMEDOUT, "too many checks at once");
		return;
	}
	switch (check->kind) {
	case CHECK_HASH:
		check_hash(check);
		break;
	case CHECK_EXEC:
		check_exec(check);
		break;
	case CHECK_CLAMD:
		check_clamd(check);
		break;
	}
}
