// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "aio.h"

ssize_t aio_pwrite(int fd, const void *data, size_t len, off_t offset)
{
	struct iocb iocb = {
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_fildes = fd,
		.aio_buf = (__u64)(unsigned long)data,
		.aio_nbytes = len,
		.aio_offset = offset,
	};
	struct iocb *list = &iocb;
	aio_context_t ctx = 0;
	struct io_event done;
	ssize_t ret;

	if (syscall(SYS_io_setup, 1, &ctx))
		return -errno;
	if (syscall(SYS_io_submit, ctx, 1, &list) == 1 &&
	    syscall(SYS_io_getevents, ctx, 1, 1, &done, NULL) == 1)
		ret = done.res;
	else
		ret = -errno;
	syscall(SYS_io_destroy, ctx);
	return ret;
}

/* Where in a mapping of the ring something is. */
static unsigned int *at(void *ring, __u32 offset)
{
	return (unsigned int *)((char *)ring + offset);
}

/* Submit one request to the ring @fd and wait for it. */
static ssize_t uring_submit(int fd, const struct io_uring_params *p,
			    const struct io_uring_sqe *sqe)
{
	const int shared = MAP_SHARED | MAP_POPULATE, access = PROT_READ | PROT_WRITE;
	size_t sqes_len = p->sq_entries * sizeof(*sqe);
	size_t sq_len = p->sq_off.array + p->sq_entries * sizeof(__u32);
	size_t cq_len = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	size_t ring_len = sq_len > cq_len ? sq_len : cq_len;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqe;
	ssize_t ret;
	void *ring;

	ring = mmap(NULL, ring_len, access, shared, fd, IORING_OFF_SQ_RING);
	if (ring == MAP_FAILED)
		return -errno;
	sqes = mmap(NULL, sqes_len, access, shared, fd, IORING_OFF_SQES);
	if (sqes == MAP_FAILED) {
		ret = -errno;
		goto unmap_ring;
	}
	sqes[0] = *sqe;
	*at(ring, p->sq_off.array) = 0;
	__atomic_store_n(at(ring, p->sq_off.tail), 1, __ATOMIC_RELEASE);
	ret = -EIO;
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1) {
		ret = -errno;
	} else if (__atomic_load_n(at(ring, p->cq_off.tail), __ATOMIC_ACQUIRE) == 1) {
		cqe = (struct io_uring_cqe *)at(ring, p->cq_off.cqes);
		ret = cqe->res;
	}
	munmap(sqes, sqes_len);
unmap_ring:
	munmap(ring, ring_len);
	return ret;
}

static ssize_t uring(const struct io_uring_sqe *sqe)
{
	struct io_uring_params p = {};
	int fd = syscall(SYS_io_uring_setup, 1, &p);
	ssize_t ret;

	if (fd < 0)
		return -errno;
	ret = p.features & IORING_FEAT_SINGLE_MMAP ? uring_submit(fd, &p, sqe) : -ENOSYS;
	close(fd);
	return ret;
}

ssize_t uring_pwrite(int fd, const void *data, size_t len, off_t offset)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE,
		.fd = fd,
		.addr = (__u64)(unsigned long)data,
		.len = len,
		.off = offset,
	};

	return uring(&sqe);
}

int uring_fallocate(int fd, int mode, off_t offset, off_t len)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_FALLOCATE,
		.fd = fd,
		.off = offset,
		.addr = len,
		.len = mode,
	};

	return uring(&sqe);
}
