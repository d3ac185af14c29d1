// SPDX-License-Identifier: GPL-2.0
/*
 * Operations by io_uring, by its system calls: one at a time, sometimes by one of
 * its workers.
 */
#include <string.h>
#include <unistd.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "fsops-each.h"

/* IORING_OP_FTRUNCATE: newer than the headers of Debian 12 */
#define OP_FTRUNCATE	55

/* Of the process at hand: a child does not use its parent's. */
static struct {
	pid_t pid;
	int fd;
	char *rings;
	struct io_uring_sqe *sqes;
	struct io_uring_params params;
} uring;

static bool uring_open(void)
{
	struct io_uring_params *params = &uring.params;
	size_t sq_size, cq_size;

	if (uring.pid == getpid())
		return uring.fd >= 0;
	memset(&uring, 0, sizeof(uring));
	uring.pid = getpid();
	uring.fd = syscall(SYS_io_uring_setup, 1, params);
	if (uring.fd < 0 || !(params->features & IORING_FEAT_SINGLE_MMAP))
		return false;
	sq_size = params->sq_off.array + params->sq_entries * sizeof(__u32);
	cq_size = params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);
	uring.rings = mmap(NULL, sq_size > cq_size ? sq_size : cq_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_POPULATE, uring.fd, IORING_OFF_SQ_RING);
	uring.sqes = mmap(NULL, params->sq_entries * sizeof(struct io_uring_sqe),
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, uring.fd,
			  IORING_OFF_SQES);
	return uring.rings != MAP_FAILED && uring.sqes != MAP_FAILED;
}

static __u32 *uring_word(__u32 offset)
{
	return (__u32 *)(uring.rings + offset);
}

/* Return: its result, -1 if there is no io_uring. */
static int uring_do(const struct io_uring_sqe *sqe, struct paths *p)
{
	const struct io_uring_cqe *cqes;
	__u32 tail, head;
	int result;

	if (!uring_open())
		return -1;
	tail = *uring_word(uring.params.sq_off.tail);
	uring.sqes[0] = *sqe;
	if (rng_percent(p->rng, 30))
		uring.sqes[0].flags |= IOSQE_ASYNC;
	uring_word(uring.params.sq_off.array)[tail & *uring_word(uring.params.sq_off.ring_mask)] = 0;
	__atomic_store_n(uring_word(uring.params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, uring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -1;
	head = *uring_word(uring.params.cq_off.head);
	cqes = (const struct io_uring_cqe *)(uring.rings + uring.params.cq_off.cqes);
	while (head == __atomic_load_n(uring_word(uring.params.cq_off.tail), __ATOMIC_ACQUIRE))
		syscall(SYS_io_uring_enter, uring.fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	result = cqes[head & *uring_word(uring.params.cq_off.ring_mask)].res;
	__atomic_store_n(uring_word(uring.params.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return result;
}

/* ---- on a file ---- */

static bool uring_write(int fd, struct paths *p)
{
	static char block[BLOCK];
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE, .fd = fd, .addr = (__u64)block, .len = BLOCK,
		.off = some_block(p),
	};

	return uring_do(&sqe, p) == BLOCK;
}

bool op_uring_write(struct paths *p)
{
	return with_file(p, O_CREAT | O_WRONLY, uring_write);
}

/* Length and offset have places of their own. */
static bool uring_allocate(int fd, struct paths *p)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_FALLOCATE, .fd = fd, .addr = BLOCK, .off = some_block(p),
	};

	return !uring_do(&sqe, p);
}

bool op_uring_allocate(struct paths *p)
{
	return with_file(p, O_WRONLY, uring_allocate);
}

static bool uring_truncate(int fd, struct paths *p)
{
	const struct io_uring_sqe sqe = {
		.opcode = OP_FTRUNCATE, .fd = fd, .off = some_block(p),
	};

	return !uring_do(&sqe, p);
}

bool op_uring_truncate(struct paths *p)
{
	return with_file(p, O_WRONLY, uring_truncate);
}

static bool uring_setxattr(int fd, struct paths *p)
{
	const void *value;
	size_t size;
	const char *name = some_xattr(p, &value, &size);
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_FSETXATTR, .fd = fd, .addr = (__u64)name,
		.addr2 = (__u64)value, .len = size,
	};

	return !uring_do(&sqe, p);
}

bool op_uring_setxattr(struct paths *p)
{
	return with_file(p, O_RDONLY, uring_setxattr);
}

/* ---- on names ---- */

bool op_uring_mkdir(struct paths *p)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = (__u64)p->a, .len = 0777,
	};

	return !uring_do(&sqe, p);
}

bool op_uring_link(struct paths *p)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_LINKAT, .fd = AT_FDCWD, .addr = (__u64)p->a,
		.len = AT_FDCWD, .addr2 = (__u64)p->b,
	};

	return !uring_do(&sqe, p);
}

bool op_uring_symlink(struct paths *p)
{
	static const char target[] = "nowhere";
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_SYMLINKAT, .fd = AT_FDCWD, .addr = (__u64)target,
		.addr2 = (__u64)p->a,
	};

	return !uring_do(&sqe, p);
}

bool op_uring_rename(struct paths *p)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_RENAMEAT, .fd = AT_FDCWD, .addr = (__u64)p->a,
		.len = AT_FDCWD, .addr2 = (__u64)p->b,
	};

	return !uring_do(&sqe, p);
}

/* Of anything but a directory, or of one. */
bool op_uring_unlink(struct paths *p)
{
	const struct io_uring_sqe sqe = {
		.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (__u64)p->a,
		.unlink_flags = rng_percent(p->rng, 50) ? AT_REMOVEDIR : 0,
	};

	return !uring_do(&sqe, p);
}
