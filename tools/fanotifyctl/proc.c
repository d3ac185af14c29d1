// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: what /proc says of other processes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "proc.h"

/* As long as somebody else renames or mounts, what is in memory is not found. */
#define CACHED_TRIES	100

/*
 * Without a wait for anything but memory: no automounter, no server that is gone. What is
 * executed is in memory, with all that is above it.
 */
static int open_cached(const char *path)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_CACHED };
	int fd = -1;

	for (int i = 0; i < CACHED_TRIES && fd < 0; i++) {
		fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
		if (fd < 0 && errno != EAGAIN)
			break;
	}
	return fd;
}

/* Which file it is, as far as that is known here. */
static bool which(int dir, const char *path, int flags, struct statx *stx)
{
	return !statx(dir, path, flags | AT_STATX_DONT_SYNC, STATX_INO, stx);
}

char *proc_exec(__u32 pid)
{
	char name[32], path[PATH_MAX];
	struct statx it, named;
	bool same;
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "/proc/%u/exe", pid);
	n = readlink(name, path, sizeof(path));
	if (n <= 0 || n == sizeof(path) || *path != '/')
		return NULL;
	path[n] = '\0';
	fd = open_cached(path);
	if (fd < 0)
		return NULL;
	same = which(AT_FDCWD, name, 0, &it) && which(fd, "", AT_EMPTY_PATH, &named) &&
	       it.stx_dev_major == named.stx_dev_major &&
	       it.stx_dev_minor == named.stx_dev_minor && it.stx_ino == named.stx_ino;
	close(fd);
	return same ? xstrdup(path) : NULL;
}

__u64 proc_start(__u32 pid)
{
	char name[32], text[1024];
	const char *rest;
	FILE *file;
	__u64 start;
	size_t n;

	snprintf(name, sizeof(name), "/proc/%u/stat", pid);
	file = fopen(name, "re");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	/* the name of the command may have anything in it */
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1,
			    " %*c %*u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
			    " %*d %*d %*d %llu", &start) != 1)
		return 0;
	return start;
}

__u64 proc_start_ticks(__u64 nsec)
{
	return nsec / (1000000000 / sysconf(_SC_CLK_TCK));
}
