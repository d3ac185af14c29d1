// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: what /proc says of other processes.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "proc.h"

/* A tree of processes that is deeper is none. */
#define DEPTH_MAX	1024

/* A parent may end while it is looked at: then the child has another. */
#define TRIES		8

struct status {
	__u32 parent;
	__u64 start;
};

static int read_status(__u32 pid, struct status *status)
{
	char name[32], text[1024];
	const char *rest;
	FILE *file;
	size_t n;

	snprintf(name, sizeof(name), "/proc/%u/stat", pid);
	file = fopen(name, "re");
	if (!file)
		return -1;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	/* the name of the command may have anything in it */
	rest = strrchr(text, ')');
	if (!rest)
		return -1;
	return sscanf(rest + 1,
		      " %*c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d"
		      " %*d %*d %llu",
		      &status->parent, &status->start) == 2 ? 0 : -1;
}

char *proc_exec(__u32 pid)
{
	char name[32], path[PATH_MAX];
	struct stat it, named;
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/%u/exe", pid);
	n = readlink(name, path, sizeof(path));
	if (n <= 0 || n == sizeof(path) || *path != '/')
		return NULL;
	path[n] = '\0';
	if (stat(name, &it) || stat(path, &named) || it.st_dev != named.st_dev ||
	    it.st_ino != named.st_ino)
		return NULL;
	return xstrdup(path);
}

bool proc_descends(__u32 pid, __u32 ancestor)
{
	for (int try = 0; try < TRIES; try++) {
		__u32 at = pid;

		for (int depth = 0; depth < DEPTH_MAX; depth++) {
			struct status status;

			if (at == ancestor)
				return depth > 0;
			if (at <= 1)
				return false;
			if (read_status(at, &status))
				break;
			at = status.parent;
		}
		/* the task itself waits for us, and is there */
		if (at == pid)
			return false;
	}
	return false;
}

__u64 proc_start(__u32 pid)
{
	struct status status;

	return read_status(pid, &status) ? 0 : status.start;
}

__u64 proc_start_ticks(__u64 nsec)
{
	return nsec / (1000000000 / sysconf(_SC_CLK_TCK));
}
