/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Times, in nanoseconds.
 */
#ifndef TESTS_CLOCK_H
#define TESTS_CLOCK_H

#include <time.h>
#include <linux/types.h>

static inline __u64 timespec_ns(const struct timespec *ts)
{
	return ts->tv_sec * 1000000000ULL + ts->tv_nsec;
}

static inline __u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return timespec_ns(&ts);
}

#endif /* TESTS_CLOCK_H */
