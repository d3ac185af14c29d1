// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <unistd.h>

#include "fsops-each.h"

#define NAMES	12
#define DEPTH	3

/* So many in 100 operations remove something, besides those among all. */
#define REMOVALS 20

#define FSOP_ENTRY(name) [FSOP_##name] = { #name, op_##name },
static const struct {
	const char *name;
	bool (*run)(struct paths *p);
} fsops[FSOPS_COUNT] = { FSOPS_PLAIN(FSOP_ENTRY) FSOPS_MORE(FSOP_ENTRY) };

const char *fsop_name(enum fsop op)
{
	return fsops[op].name;
}

enum fsop fsop_any(struct rng *rng)
{
	static const enum fsop removals[] = { FSOP_unlink, FSOP_rmdir, FSOP_uring_unlink };

	if (rng_percent(rng, REMOVALS))
		return removals[rng_below(rng, sizeof(removals) / sizeof(removals[0]))];
	return rng_below(rng, FSOPS_COUNT);
}

/* Directories have names in them as well. */
static void some_path(char *to, size_t size, const char *dir, struct rng *rng)
{
	int len = snprintf(to, size, "%s", dir);
	int depth = 0;

	do {
		len += snprintf(to + len, size - len, "/%c", 'a' + rng_below(rng, NAMES));
	} while (++depth < DEPTH && rng_percent(rng, 30));
}

bool fsop_do(enum fsop op, const char *dir, struct rng *rng)
{
	struct paths p = { .dir = dir, .rng = rng };

	some_path(p.a, sizeof(p.a), dir, rng);
	some_path(p.b, sizeof(p.b), dir, rng);
	return fsops[op].run(&p);
}

bool with_file(struct paths *p, int flags, bool (*work)(int fd, struct paths *p))
{
	int fd = open(p->a, flags | O_CLOEXEC | O_NONBLOCK, 0666);
	bool done;

	if (fd < 0)
		return false;
	done = work(fd, p);
	close(fd);
	return done;
}
