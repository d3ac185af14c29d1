// SPDX-License-Identifier: GPL-2.0
/*
 * inotify, with a watch on the directory.
 */
#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "bench.h"

static int fd;

void inotify_start(const struct row *row)
{
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || inotify_add_watch(fd, STORM_DIR, row->mask) < 0)
		die("inotify: %m");
}

void inotify_drain(const struct row *row, struct taken *taken)
{
	static char buf[65536] __attribute__((aligned(8)));
	ssize_t n;

	(void)row;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *event = (void *)p;

			if (event->mask & IN_Q_OVERFLOW)
				die("inotify: the queue overflowed");
			taken->events++;
			taken->bytes += event->len;
			p += sizeof(*event) + event->len;
		}
	}
	if (errno != EAGAIN)
		die("inotify: read: %m");
}

void inotify_stop(const struct row *row)
{
	(void)row;
	close(fd);
}
