/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions behind fsop_do(), one for each operation.
 */
#ifndef TESTS_FSOPS_EACH_H
#define TESTS_FSOPS_EACH_H

#include <fcntl.h>

#include "fsops.h"

/* Files get no larger than this. */
#define SIZE_MAX_KB	64
#define BLOCK		4096

/**
 * struct paths - What an operation is done to.
 * @dir: the directory that all names are in
 * @a: a name in it, or in a directory in it
 * @b: another one
 * @rng: what else is random
 */
struct paths {
	const char *dir;
	char a[256];
	char b[256];
	struct rng *rng;
};

#define FSOP_DECLARE(name) bool op_##name(struct paths *p);
FSOPS_PLAIN(FSOP_DECLARE)
FSOPS_MORE(FSOP_DECLARE)

/** with_file() - Open @p->a, never waiting, and work on it. Return: whether it was done. */
bool with_file(struct paths *p, int flags, bool (*work)(int fd, struct paths *p));

/** some_block() - Where a block in a file may start. */
static inline off_t some_block(struct paths *p)
{
	return rng_below(p->rng, (SIZE_MAX_KB << 10) / BLOCK) * BLOCK;
}

/** some_xattr() - Name of an extended attribute, and a value. */
const char *some_xattr(struct paths *p, const void **value, size_t *size);

#endif /* TESTS_FSOPS_EACH_H */
