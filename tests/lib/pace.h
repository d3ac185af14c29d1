/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How fast the kernel is that a test runs on.
 */
#ifndef PACE_H
#define PACE_H

#include <unistd.h>

/**
 * slowness() - How many times more patience a test needs, and how many times less
 * it should do, because the kernel looks for bugs in itself.
 */
static inline unsigned int slowness(void)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) ? 1 : 20;
}

#endif /* PACE_H */
