/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes that are handed to the kernel and complete later, without liburing and
 * libaio. Each function waits until the one request is complete.
 */
#ifndef TESTS_AIO_H
#define TESTS_AIO_H

#include <sys/types.h>

/* By io_submit(2); the bytes written or -errno. */
ssize_t aio_pwrite(int fd, const void *data, size_t len, off_t offset);

/* By io_uring_enter(2); the result of the request or -errno. */
ssize_t uring_pwrite(int fd, const void *data, size_t len, off_t offset);
int uring_fallocate(int fd, int mode, off_t offset, off_t len);

#endif /* TESTS_AIO_H */
