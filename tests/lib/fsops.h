/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random operations on files, as of many programs that know nothing of each
 * other: few names, so that they meet.
 */
#ifndef TESTS_FSOPS_H
#define TESTS_FSOPS_H

#include <stdbool.h>

#include "rng.h"

#define FSOPS(op) \
	op(create) op(write) op(append) op(map) op(truncate) op(fallocate) op(read) \
	op(mkdir) op(rmdir) op(link) op(symlink) op(fifo) op(tmpfile) op(unlink) op(rename) \
	op(exchange) op(chmod) op(utimes) op(setxattr) op(removexattr) op(list)

#define FSOP_ENUM(name) FSOP_##name,
enum fsop { FSOPS(FSOP_ENUM) FSOPS_COUNT };

/** fsop_name() - Its name. */
const char *fsop_name(enum fsop op);

/** fsop_do() - Do it to some names in @dir. Return: whether it was done. */
bool fsop_do(enum fsop op, const char *dir, struct rng *rng);

#endif /* TESTS_FSOPS_H */
