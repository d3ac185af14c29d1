// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: work that may take long, done by threads.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "pool.h"

#define END_S	2

void jobs_init(struct jobs *jobs)
{
	jobs->first = NULL;
	jobs->last = &jobs->first;
}

void jobs_add(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	*jobs->last = job;
	jobs->last = &job->next;
}

struct job *jobs_take(struct jobs *jobs)
{
	struct job *job = jobs->first;

	if (!job)
		return NULL;
	jobs->first = job->next;
	if (!jobs->first)
		jobs->last = &jobs->first;
	return job;
}

static void *pool_thread(void *arg)
{
	struct pool *pool = arg;
	uint64_t one = 1;
	struct job *job;

	pthread_mutex_lock(&pool->lock);
	while (!pool->stop) {
		job = jobs_take(&pool->todo);
		if (!job) {
			pthread_cond_wait(&pool->more, &pool->lock);
			continue;
		}
		pthread_mutex_unlock(&pool->lock);
		pool->work(job);
		pthread_mutex_lock(&pool->lock);
		jobs_add(&pool->done, job);
		if (write(pool->done_fd, &one, sizeof(one)) < 0)
			abort();
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

int pool_start(struct pool *pool, unsigned int threads, void (*work)(struct job *job))
{
	int ret;

	*pool = (struct pool){
		.work = work,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.more = PTHREAD_COND_INITIALIZER,
	};
	jobs_init(&pool->todo);
	jobs_init(&pool->done);
	pool->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->done_fd < 0)
		return -errno;
	pool->threads = xrealloc(NULL, threads * sizeof(*pool->threads));
	while (pool->count < threads) {
		ret = pthread_create(&pool->threads[pool->count], NULL, pool_thread, pool);
		if (ret)
			return -ret;
		pool->count++;
	}
	return 0;
}

void pool_add(struct pool *pool, struct job *job)
{
	pthread_mutex_lock(&pool->lock);
	jobs_add(&pool->todo, job);
	pthread_cond_signal(&pool->more);
	pthread_mutex_unlock(&pool->lock);
}

struct job *pool_done(struct pool *pool)
{
	uint64_t count;
	struct job *job;

	pthread_mutex_lock(&pool->lock);
	job = jobs_take(&pool->done);
	/* nothing left: the next one that is done is told of again */
	if (!job && read(pool->done_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		abort();
	pthread_mutex_unlock(&pool->lock);
	return job;
}

void pool_end(struct pool *pool)
{
	struct timespec until;

	if (!pool->work)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->more);
	pthread_mutex_unlock(&pool->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_S;
	while (pool->count) {
		if (pthread_timedjoin_np(pool->threads[pool->count - 1], NULL, &until))
			return;
		pool->count--;
	}
	free(pool->threads);
	if (pool->done_fd >= 0)
		close(pool->done_fd);
}
