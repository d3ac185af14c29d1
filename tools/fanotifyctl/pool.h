/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl gate: work that may take long, done by threads. The main loop must
 * never wait: who is gated waits for it.
 */
#ifndef FANOTIFYCTL_POOL_H
#define FANOTIFYCTL_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct job - What a pool works on; a part of something larger.
 * @next: in a list of the pool's
 */
struct job {
	struct job *next;
};

/* A list of jobs, first in first out; all zero but @last is an empty one. */
struct jobs {
	struct job *first;
	struct job **last;
};

void jobs_init(struct jobs *jobs);
void jobs_add(struct jobs *jobs, struct job *job);
struct job *jobs_take(struct jobs *jobs);

/**
 * struct pool - Threads that do jobs.
 * @work: does one
 * @lock: of @todo, @done and @stop; nothing nests in it
 * @more: there is something to do, or @stop is set
 * @todo: jobs to do
 * @done: jobs that were done
 * @done_fd: an eventfd that is readable when there are some
 * @stop: the threads are to end
 * @threads: the threads
 * @count: how many
 */
struct pool {
	void (*work)(struct job *job);
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct jobs todo;
	struct jobs done;
	int done_fd;
	bool stop;
	pthread_t *threads;
	unsigned int count;
};

/* Return: 0 or -errno; pool_end() in either case. */
int pool_start(struct pool *pool, unsigned int threads, void (*work)(struct job *job));

void pool_add(struct pool *pool, struct job *job);

/* Take a job that was done; NULL: there is none now. */
struct job *pool_done(struct pool *pool);

/*
 * End the threads; jobs that were not begun stay undone. A thread that hangs, as in
 * a read from a filesystem that does, is left behind after two seconds.
 */
void pool_end(struct pool *pool);

#endif /* FANOTIFYCTL_POOL_H */
