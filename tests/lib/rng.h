/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that are the same wherever the seed is (splitmix64).
 */
#ifndef TESTS_RNG_H
#define TESTS_RNG_H

#include <stdbool.h>
#include <linux/types.h>

struct rng {
	__u64 state;
};

static inline __u64 rng_next(struct rng *rng)
{
	__u64 z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* 0 to @n - 1. */
static inline __u32 rng_below(struct rng *rng, __u32 n)
{
	return (rng_next(rng) >> 32) % n;
}

static inline bool rng_percent(struct rng *rng, unsigned int percent)
{
	return rng_below(rng, 100) < percent;
}

#endif /* TESTS_RNG_H */
