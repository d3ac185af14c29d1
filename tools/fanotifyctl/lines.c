// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: lines that somebody may be slow to read.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "lines.h"

/* So much may wait to be written. */
#define LINES_MAX	(1U << 20)

#define END_S		3

static int write_all(const char *text, size_t len)
{
	while (len) {
		struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };
		ssize_t n = write(STDOUT_FILENO, text, len);

		/* whoever else has it may have asked for that */
		if (n < 0 && errno == EAGAIN) {
			poll(&room, 1, -1);
		} else if (n < 0 && errno != EINTR) {
			complain("standard output: %s", strerror(errno));
			return -1;
		}
		if (n > 0) {
			text += n;
			len -= n;
		}
	}
	return 0;
}

static void *lines_thread(void *arg)
{
	struct lines *lines = arg;

	pthread_mutex_lock(&lines->lock);
	for (;;) {
		char *text = lines->text;
		size_t len = lines->len;
		int ret;

		if (!len) {
			lines->busy = false;
			pthread_cond_signal(&lines->written);
			if (lines->stop)
				break;
			pthread_cond_wait(&lines->more, &lines->lock);
			continue;
		}
		lines->busy = true;
		lines->text = NULL;
		lines->len = 0;
		lines->size = 0;
		pthread_mutex_unlock(&lines->lock);
		ret = write_all(text, len);
		free(text);
		pthread_mutex_lock(&lines->lock);
		if (ret)
			lines->failed = true;
	}
	pthread_mutex_unlock(&lines->lock);
	return NULL;
}

int lines_start(struct lines *lines)
{
	int ret;

	*lines = (struct lines){
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.more = PTHREAD_COND_INITIALIZER,
		.written = PTHREAD_COND_INITIALIZER,
	};
	ret = pthread_create(&lines->thread, NULL, lines_thread, lines);
	lines->running = !ret;
	return -ret;
}

void lines_add(struct lines *lines, const char *line, size_t len)
{
	pthread_mutex_lock(&lines->lock);
	if (lines->failed || lines->len + len > LINES_MAX) {
		lines->lost++;
	} else {
		if (lines->len + len > lines->size) {
			lines->size = 2 * (lines->len + len);
			lines->text = xrealloc(lines->text, lines->size);
		}
		memcpy(lines->text + lines->len, line, len);
		lines->len += len;
		pthread_cond_signal(&lines->more);
	}
	pthread_mutex_unlock(&lines->lock);
}

unsigned long lines_lost(struct lines *lines)
{
	unsigned long lost;

	pthread_mutex_lock(&lines->lock);
	lost = lines->lost;
	pthread_mutex_unlock(&lines->lock);
	return lost;
}

int lines_end(struct lines *lines)
{
	struct timespec until;
	int ret = 0;

	if (!lines->running)
		return 0;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_S;
	pthread_mutex_lock(&lines->lock);
	while (!ret && (lines->len || lines->busy))
		ret = pthread_cond_timedwait(&lines->written, &lines->lock, &until);
	lines->stop = true;
	pthread_cond_signal(&lines->more);
	if (lines->failed)
		ret = -1;
	pthread_mutex_unlock(&lines->lock);
	/* a thread that hangs in a write is left behind */
	if (!ret || lines->failed)
		pthread_join(lines->thread, NULL);
	else
		complain("standard output: takes no more, so lines are lost");
	return ret ? -1 : 0;
}
