// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on data: every way into a file but io_uring.
 */
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "fsops-each.h"

static char block[BLOCK] __attribute__((aligned(BLOCK))) = { [0 ... BLOCK - 1] = 'x' };

static loff_t somewhere(struct paths *p)
{
	return rng_below(p->rng, SIZE_MAX_KB << 10);
}

/* ---- write(2) and what is like it ---- */

static bool write_some(int fd, struct paths *p)
{
	return pwrite(fd, block, 512, somewhere(p)) > 0;
}

bool op_write(struct paths *p)
{
	return with_file(p, O_CREAT | O_WRONLY, write_some);
}

static bool append_some(int fd, struct paths *p)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_size < SIZE_MAX_KB << 10 && write(fd, "line\n", 5) == 5;
}

bool op_append(struct paths *p)
{
	return with_file(p, O_CREAT | O_WRONLY | O_APPEND, append_some);
}

static bool write_vector(int fd, struct paths *p)
{
	const struct iovec parts[] = { { block, 100 }, { block, 1000 } };

	return pwritev(fd, parts, 2, somewhere(p)) > 0;
}

bool op_write_vector(struct paths *p)
{
	return with_file(p, O_CREAT | O_WRONLY, write_vector);
}

static bool write_block(int fd, struct paths *p)
{
	return pwrite(fd, block, BLOCK, some_block(p)) == BLOCK;
}

bool op_write_direct(struct paths *p)
{
	return with_file(p, O_CREAT | O_WRONLY | O_DIRECT, write_block);
}

static bool read_some(int fd, struct paths *p)
{
	char bytes[512];

	return pread(fd, bytes, sizeof(bytes), somewhere(p)) >= 0;
}

bool op_read(struct paths *p)
{
	return with_file(p, O_RDONLY, read_some);
}

/* ---- sizes and ranges ---- */

bool op_truncate(struct paths *p)
{
	return !truncate(p->a, somewhere(p));
}

static bool has_opened(int fd, struct paths *p)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

bool op_open_truncate(struct paths *p)
{
	return with_file(p, O_WRONLY | O_TRUNC, has_opened);
}

static bool allocate(struct paths *p, int mode)
{
	int fd = open(p->a, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	bool done;

	if (fd < 0)
		return false;
	/* what is inserted does not go in the end */
	done = !fstat(fd, &st) &&
	       (mode != FALLOC_FL_INSERT_RANGE || st.st_size < SIZE_MAX_KB << 10) &&
	       !fallocate(fd, mode, some_block(p), BLOCK);
	close(fd);
	return done;
}

bool op_allocate(struct paths *p)
{
	return allocate(p, 0);
}

bool op_punch(struct paths *p)
{
	return allocate(p, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
}

bool op_keep_size(struct paths *p)
{
	return allocate(p, FALLOC_FL_KEEP_SIZE);
}

bool op_zero_range(struct paths *p)
{
	return allocate(p, FALLOC_FL_ZERO_RANGE | rng_below(p->rng, 2) * FALLOC_FL_KEEP_SIZE);
}

bool op_collapse(struct paths *p)
{
	return allocate(p, FALLOC_FL_COLLAPSE_RANGE);
}

bool op_insert(struct paths *p)
{
	return allocate(p, FALLOC_FL_INSERT_RANGE);
}

bool op_unshare(struct paths *p)
{
	return allocate(p, FALLOC_FL_UNSHARE_RANGE);
}

/* ---- shared mappings ---- */

static sigjmp_buf gone;

static void on_sigbus(int number)
{
	siglongjmp(gone, 1);
}

/* Others may truncate the file meanwhile, or fill the filesystem. */
static bool store(char *map, struct paths *p)
{
	struct sigaction old, catch = { .sa_handler = on_sigbus };
	volatile bool done = false;

	sigaction(SIGBUS, &catch, &old);
	if (!sigsetjmp(gone, 1)) {
		map[rng_below(p->rng, BLOCK)] = 'm';
		done = true;
	}
	sigaction(SIGBUS, &old, NULL);
	return done;
}

/* Synced or not; the file is closed before the map is gone, or after. */
bool op_map(struct paths *p)
{
	int fd = open(p->a, O_CREAT | O_RDWR | O_CLOEXEC | O_NONBLOCK, 0666);
	bool early = rng_percent(p->rng, 50), done;
	struct stat st;
	char *map;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || (st.st_size < BLOCK && ftruncate(fd, BLOCK)))
		map = MAP_FAILED;
	else
		map = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (early || map == MAP_FAILED)
		close(fd);
	if (map == MAP_FAILED)
		return false;
	done = store(map, p);
	if (rng_percent(p->rng, 50))
		msync(map, BLOCK, MS_SYNC);
	munmap(map, BLOCK);
	if (!early)
		close(fd);
	return done;
}

/* ---- from another file ---- */

static bool from_to(struct paths *p, int flags, bool (*work)(int from, int to, struct paths *p))
{
	int from = open(p->a, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int to = open(p->b, flags | O_NONBLOCK | O_CLOEXEC, 0666);
	bool done = from >= 0 && to >= 0 && work(from, to, p);

	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return done;
}

static bool splice_some(int from, int to, struct paths *p)
{
	loff_t at = somewhere(p);
	int fds[2];
	ssize_t len;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return false;
	len = splice(from, NULL, fds[1], NULL, 1000, SPLICE_F_NONBLOCK);
	if (len > 0)
		len = splice(fds[0], NULL, to, &at, len, SPLICE_F_NONBLOCK);
	close(fds[0]);
	close(fds[1]);
	return len > 0;
}

bool op_splice(struct paths *p)
{
	return from_to(p, O_CREAT | O_WRONLY, splice_some);
}

static bool send_some(int from, int to, struct paths *p)
{
	return lseek(to, somewhere(p), SEEK_SET) >= 0 && sendfile(to, from, NULL, 1000) > 0;
}

bool op_sendfile(struct paths *p)
{
	return from_to(p, O_CREAT | O_WRONLY, send_some);
}

static bool copy_some(int from, int to, struct paths *p)
{
	loff_t at = some_block(p);

	return copy_file_range(from, NULL, to, &at, BLOCK, 0) > 0;
}

bool op_copy(struct paths *p)
{
	return from_to(p, O_CREAT | O_WRONLY, copy_some);
}

static bool has_data(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size;
}

static bool clone_all(int from, int to, struct paths *p)
{
	return has_data(from) && !ioctl(to, FICLONE, from);
}

bool op_clone(struct paths *p)
{
	return from_to(p, O_CREAT | O_WRONLY, clone_all);
}

static bool clone_block(int from, int to, struct paths *p)
{
	struct file_clone_range range = {
		.src_fd = from, .src_length = BLOCK, .dest_offset = some_block(p),
	};

	return !ioctl(to, FICLONERANGE, &range);
}

bool op_clone_range(struct paths *p)
{
	return from_to(p, O_CREAT | O_WRONLY, clone_block);
}

/* ---- libaio's system calls ---- */

static bool aio_write(int fd, struct paths *p)
{
	struct iocb iocb = {
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_fildes = fd,
		.aio_buf = (__u64)block,
		.aio_nbytes = BLOCK,
		.aio_offset = some_block(p),
	}, *list = &iocb;
	aio_context_t context = 0;
	struct io_event event = { 0 };
	bool done;

	if (syscall(SYS_io_setup, 1, &context))
		return false;
	done = syscall(SYS_io_submit, context, 1, &list) == 1 &&
	       syscall(SYS_io_getevents, context, 1, 1, &event, NULL) == 1 &&
	       event.res == BLOCK;
	syscall(SYS_io_destroy, context);
	return done;
}

bool op_aio(struct paths *p)
{
	return with_file(p, O_CREAT | O_WRONLY, aio_write);
}

bool op_aio_direct(struct paths *p)
{
	return with_file(p, O_CREAT | O_WRONLY | O_DIRECT, aio_write);
}

/* ---- programs ---- */

static bool write_program(int fd, struct paths *p)
{
	static const char text[] = "#!/bin/true\n";

	return write(fd, text, sizeof(text) - 1) == sizeof(text) - 1 && !fchmod(fd, 0755);
}

bool op_program(struct paths *p)
{
	return with_file(p, O_CREAT | O_TRUNC | O_WRONLY, write_program);
}

bool op_exec(struct paths *p)
{
	char *argv[] = { p->a, NULL };
	int status;
	pid_t pid;

	return !posix_spawn(&pid, p->a, NULL, NULL, argv, NULL) &&
	       waitpid(pid, &status, 0) == pid && !status;
}
