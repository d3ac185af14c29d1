/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How fast the kernel is that a test runs on, and how much the test does.
 */
#ifndef PACE_H
#define PACE_H

#include <stdlib.h>
#include <unistd.h>

/**
 * slowness() - How many times more patience a test needs, and how many times less
 * it should do, because the kernel looks for bugs in itself.
 */
static inline unsigned int slowness(void)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) ? 1 : 20;
}

/** number_of() - How many of something, by the environment's @variable or @otherwise. */
static inline unsigned int number_of(const char *variable, unsigned int otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

#endif /* PACE_H */
