/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Listeners that answer, and processes that ask, until they are stopped.
 */
#ifndef TESTS_LOAD_H
#define TESTS_LOAD_H

#include <sys/types.h>

#include <fanotify-nl/fanotify-nl.h>

#define LOAD_MAX	64

/**
 * struct load - accesses to ./file that go on until they are stopped
 * @n: processes
 * @pid: they
 * @out: where they tell of each access
 */
struct load {
	int n;
	pid_t pid[LOAD_MAX];
	int out[2];
};

/**
 * struct tally - what has come of accesses
 * @accesses: so many
 * @other: of them, those with another outcome than was expected
 * @longest: in milliseconds
 */
struct tally {
	unsigned int accesses;
	unsigned int other;
	float longest;
};

/** load_start() - Start @n processes of @uid. Return: 0 or -errno. */
int load_start(struct load *load, int n, uid_t uid);

/** load_tally() - Add what has been done since; @expected is the errno that is right. */
void load_tally(struct load *load, int expected, struct tally *tally);

void load_stop(struct load *load);

/**
 * listener_start() - A listener that asks to open anything on the filesystem here.
 * @verdict: its answer to all
 * @verdict_us: how long it needs for each
 * @count: where it counts them, in shared memory, or NULL
 *
 * Return: its pid, when it is bound and has marked; -1.
 */
pid_t listener_start(__u32 number, struct fanotify_nl_settings settings, __u32 verdict,
		     unsigned int verdict_us, volatile unsigned int *count);

void listener_kill(pid_t pid);

#endif /* TESTS_LOAD_H */
