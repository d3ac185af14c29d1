// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/fs.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "fsops.h"

#define NAMES		12
#define SIZE_MAX_KB	64

struct paths {
	const char *dir;
	char a[256];
	char b[256];
	struct rng *rng;
};

static bool with_file(struct paths *p, int flags, bool (*work)(int fd, struct paths *p))
{
	int fd = open(p->a, flags | O_CLOEXEC | O_NONBLOCK, 0666);
	bool done;

	if (fd < 0)
		return false;
	done = work(fd, p);
	close(fd);
	return done;
}

static bool just_open(int fd, struct paths *p)
{
	return true;
}

static bool write_some(int fd, struct paths *p)
{
	char block[512];

	memset(block, 'x', sizeof(block));
	return pwrite(fd, block, sizeof(block), rng_below(p->rng, SIZE_MAX_KB << 10)) > 0;
}

static bool append_some(int fd, struct paths *p)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_size < SIZE_MAX_KB << 10 && write(fd, "line\n", 5) == 5;
}

static bool read_some(int fd, struct paths *p)
{
	char block[512];

	return pread(fd, block, sizeof(block), rng_below(p->rng, SIZE_MAX_KB << 10)) >= 0;
}

/* Others may truncate the file meanwhile, so it is not touched through the map. */
static bool map_shared(int fd, struct paths *p)
{
	char *map;

	if (ftruncate(fd, 4096))
		return false;
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return false;
	munmap(map, 4096);
	return true;
}

static bool allocate(int fd, struct paths *p)
{
	return !fallocate(fd, rng_percent(p->rng, 50) ? 0 : FALLOC_FL_PUNCH_HOLE |
			  FALLOC_FL_KEEP_SIZE, rng_below(p->rng, 32768), 4096);
}

static bool op_create(struct paths *p)
{
	return with_file(p, O_CREAT | O_EXCL | O_WRONLY, just_open);
}

static bool op_write(struct paths *p)
{
	return with_file(p, O_CREAT | O_WRONLY, write_some);
}

static bool op_append(struct paths *p)
{
	return with_file(p, O_CREAT | O_WRONLY | O_APPEND, append_some);
}

static bool op_map(struct paths *p)
{
	return with_file(p, O_CREAT | O_RDWR, map_shared);
}

static bool op_truncate(struct paths *p)
{
	return !truncate(p->a, rng_below(p->rng, SIZE_MAX_KB << 10));
}

static bool op_fallocate(struct paths *p)
{
	return with_file(p, O_WRONLY, allocate);
}

static bool op_read(struct paths *p)
{
	return with_file(p, O_RDONLY, read_some);
}

static bool op_mkdir(struct paths *p)
{
	return !mkdir(p->a, 0777);
}

static bool op_rmdir(struct paths *p)
{
	return !rmdir(p->a);
}

static bool op_link(struct paths *p)
{
	return !link(p->a, p->b);
}

static bool op_symlink(struct paths *p)
{
	return !symlink("nowhere", p->a);
}

static bool op_fifo(struct paths *p)
{
	return !mkfifo(p->a, 0666);
}

static bool op_tmpfile(struct paths *p)
{
	char self[64];
	int fd = open(p->dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	bool done;

	if (fd < 0)
		return false;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	done = !linkat(AT_FDCWD, self, AT_FDCWD, p->a, AT_SYMLINK_FOLLOW);
	close(fd);
	return done;
}

static bool op_unlink(struct paths *p)
{
	return !unlink(p->a);
}

static bool op_rename(struct paths *p)
{
	return !rename(p->a, p->b);
}

static bool op_exchange(struct paths *p)
{
	return !renameat2(AT_FDCWD, p->a, AT_FDCWD, p->b, RENAME_EXCHANGE);
}

static bool op_chmod(struct paths *p)
{
	return !chmod(p->a, 0777 & ~rng_below(p->rng, 64));
}

static bool op_utimes(struct paths *p)
{
	return !utimensat(AT_FDCWD, p->a, NULL, AT_SYMLINK_NOFOLLOW);
}

static bool op_setxattr(struct paths *p)
{
	return !setxattr(p->a, "user.name", "value", 5, 0) ||
	       !setxattr(p->a, "trusted.name", "value", 5, 0);
}

static bool op_removexattr(struct paths *p)
{
	return !removexattr(p->a, "user.name") || !removexattr(p->a, "trusted.name");
}

static bool op_list(struct paths *p)
{
	DIR *dir = opendir(p->dir);
	unsigned int count = 0;

	if (!dir)
		return false;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count >= 2;
}

#define FSOP_ENTRY(name) { #name, op_##name },
static const struct {
	const char *name;
	bool (*run)(struct paths *p);
} fsops[FSOPS_COUNT] = { FSOPS(FSOP_ENTRY) };

const char *fsop_name(enum fsop op)
{
	return fsops[op].name;
}

/* Directories have names in them as well. */
static void some_path(char *to, size_t size, const char *dir, struct rng *rng)
{
	if (rng_percent(rng, 30))
		snprintf(to, size, "%s/%c/%c", dir, 'a' + rng_below(rng, NAMES),
			 'a' + rng_below(rng, NAMES));
	else
		snprintf(to, size, "%s/%c", dir, 'a' + rng_below(rng, NAMES));
}

bool fsop_do(enum fsop op, const char *dir, struct rng *rng)
{
	struct paths p = { .dir = dir, .rng = rng };

	some_path(p.a, sizeof(p.a), dir, rng);
	some_path(p.b, sizeof(p.b), dir, rng);
	return fsops[op].run(&p);
}
