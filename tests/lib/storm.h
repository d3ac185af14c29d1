/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writers whose events can be foretold, and the check that they all come, once
 * and in order.
 */
#ifndef STORM_H
#define STORM_H

#include <stdbool.h>
#include <sys/types.h>

#include <fanotify-nl/fanotify-nl.h>

#define STORM_WRITERS_MAX	16

/* What one cycle does with one file, and the events of it. */
#define STORM_KINDS                                                                            \
	(FANOTIFY_KIND_CREATE | FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_CLOSE_WRITE |             \
	 FANOTIFY_KIND_RENAME | FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_DELETE)
#define STORM_OPERATIONS	6
#define STORM_EVENTS		7

/**
 * struct order - A member's stream: seq without holes, id ascending.
 * @shared: there are other members, whose losses go into a gap that is open
 */
struct order {
	bool shared;
	__u64 seq;
	__u64 id;
	__u64 events;
	__u64 gaps;
	__u64 lost;
	__u64 merged;
};

/** order_take() - Return: NULL, or what is wrong with the event. */
const char *order_take(struct order *o, const struct fanotify_nl_event *event);

struct storm_writer {
	pid_t pid;
	int handle_type;
	__u32 handle_len;
	unsigned char handle[FANOTIFY_HANDLE_MAX];
	unsigned int cycle;
	unsigned int stage;
};

/**
 * struct storm - Several writers at work.
 * @dir: in which they work
 * @writers: number of them
 * @cycles: of each; 0: until they are stopped
 * @ended: writers that were waited for
 * @failed: some writer failed
 */
struct storm {
	const char *dir;
	unsigned int writers;
	unsigned int cycles;
	unsigned int ended;
	bool failed;
	struct storm_writer writer[STORM_WRITERS_MAX];
};

/** storm_start() - Start the writers, which are children; fewer cycles if all is slow. */
int storm_start(struct storm *s, const char *dir, unsigned int writers, unsigned int cycles);

/** storm_ended() - Whether all have ended; does not wait. */
bool storm_ended(struct storm *s);

/** storm_stop() - Kill those that go on for ever, and wait for all. */
void storm_stop(struct storm *s);

/** storm_join() - Wait for all to end by themselves. Return: whether all did well. */
bool storm_join(struct storm *s);

/**
 * storm_take() - An event that some writer made.
 *
 * Return: NULL, or what is wrong: it is not the next one of its writer.
 */
const char *storm_take(struct storm *s, const struct fanotify_nl_event *event);

/** storm_complete() - Whether all events of all cycles have come. */
bool storm_complete(const struct storm *s);

/** storm_events() - Number of events that all cycles make. */
__u64 storm_events(const struct storm *s);

/* ---- times ---- */

/** now_ns() - CLOCK_MONOTONIC. */
__u64 now_ns(void);

/** wait_until() - Try a condition again and again. Return: whether it came true. */
bool wait_until(bool (*condition)(void *arg), void *arg, unsigned int timeout_ms);

/* ---- handles ---- */

/** member_open() - Open, bind with a receive buffer and a queue limit (0: default). */
struct fanotify_nl *member_open(__u32 number, __u32 rcvbuf, __u64 queue_limit);

/** member_mark() - Watch the filesystem that @path is on. */
int member_mark(struct fanotify_nl *h, const char *path, __u64 mask);

/** member_stats() - The counters of one member, -ENOENT if there is none. */
int member_stats(struct fanotify_nl *h, __u32 group, __u32 member,
		 struct fanotify_nl_member_info *info);

/** member_own_stats() - Those of @h. */
int member_own_stats(struct fanotify_nl *h, struct fanotify_nl_member_info *info);

/* ---- the module ---- */

int module_load(void);

/** module_unload() - Return: 0 or -errno; waits while the module is in use. */
int module_unload(void);

#endif /* STORM_H */
