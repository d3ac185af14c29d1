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
