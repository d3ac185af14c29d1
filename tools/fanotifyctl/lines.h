/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl gate: lines that somebody may be slow to read, written by a thread.
 */
#ifndef FANOTIFYCTL_LINES_H
#define FANOTIFYCTL_LINES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct lines - Lines on their way to standard output; all zero is none.
 * @lock: of all but @thread; nothing nests in it
 * @more: there are some, or @stop is set
 * @written: all have been written
 * @text: those that wait
 * @len: bytes of them
 * @size: what there is room for
 * @busy: the thread is writing
 * @failed: standard output takes no more
 * @stop: the thread is to end
 * @running: there is a thread
 * @lost: lines that there was no room for
 * @thread: that writes
 */
struct lines {
	pthread_mutex_t lock;
	pthread_cond_t more;
	pthread_cond_t written;
	char *text;
	size_t len;
	size_t size;
	bool busy;
	bool failed;
	bool stop;
	bool running;
	unsigned long lost;
	pthread_t thread;
};

int lines_start(struct lines *lines);

/* Have a line written; if too many wait already it is lost, and counted. */
void lines_add(struct lines *lines, const char *line, size_t len);

/* How many were lost. */
unsigned long lines_lost(struct lines *lines);

/* Wait until all are written, three seconds at most. Return: 0; -1: not all were. */
int lines_end(struct lines *lines);

#endif /* FANOTIFYCTL_LINES_H */
