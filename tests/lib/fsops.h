/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random operations on files, as of many programs that know nothing of each
 * other: few names, so that they meet.
 */
#ifndef TESTS_FSOPS_H
#define TESTS_FSOPS_H

#include <stdbool.h>

#include "rng.h"

/* What any user can do on any filesystem. */
#define FSOPS_PLAIN(op) \
	op(create) op(write) op(append) op(map) op(truncate) op(allocate) op(punch) op(read) \
	op(mkdir) op(rmdir) op(link) op(symlink) op(fifo) op(tmpfile) op(unlink) op(rename) \
	op(exchange) op(chmod) op(utimes) op(setxattr) op(removexattr) op(list)

/* What takes root, or not every filesystem can. */
#define FSOPS_MORE(op) \
	op(open_truncate) op(write_vector) op(write_direct) op(splice) op(sendfile) op(copy) \
	op(clone) op(clone_range) op(keep_size) op(zero_range) op(collapse) op(insert) \
	op(unshare) op(aio) op(aio_direct) \
	op(uring_write) op(uring_allocate) op(uring_truncate) op(uring_mkdir) op(uring_link) \
	op(uring_symlink) op(uring_rename) op(uring_unlink) op(uring_setxattr) \
	op(mknod_file) op(mknod_socket) op(mknod_char) op(mknod_block) op(replace) op(move_dir) \
	op(whiteout) op(chown) op(chmod_special) op(times) op(acl) op(default_acl) \
	op(remove_acl) op(flags) op(program) op(exec) op(stat)

#define FSOP_ENUM(name) FSOP_##name,
enum fsop {
	FSOPS_PLAIN(FSOP_ENUM)
	FSOPS_PLAIN_COUNT,
	FSOPS_PLAIN_LAST = FSOPS_PLAIN_COUNT - 1,
	FSOPS_MORE(FSOP_ENUM)
	FSOPS_COUNT
};

/** fsop_name() - Its name. */
const char *fsop_name(enum fsop op);

/** fsop_any() - Some operation, so that some names are in use in the long run, not all. */
enum fsop fsop_any(struct rng *rng);

/** fsop_do() - Do it to some names in @dir. Return: whether it was done. */
bool fsop_do(enum fsop op, const char *dir, struct rng *rng);

#endif /* TESTS_FSOPS_H */
