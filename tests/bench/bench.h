/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a row of the bench is made of. Whatever fails ends the program.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <fanotify-nl/fanotify-nl.h>

/* The storm: each step is done to all files before the next one. */
enum step { CREATE, WRITE, CLOSE, RENAME, UNLINK, STEPS };

#define ROOT		"/tmp/bench"
#define STORM_DIR	ROOT "/a/b"
#define OTHER_DIR	ROOT "/elsewhere"

#define GROUPS_MAX	8

/**
 * struct taken - what consumers have read
 * @events: events, without gaps
 * @lost: events that gaps stand for, or that a subscriber misses
 * @paths: events of which the consumer knew the path
 * @stats: events of which the consumer knew the attributes
 * @bytes: bytes that were looked at, so that the compiler keeps the reading
 */
struct taken {
	__u64 events;
	__u64 lost;
	__u64 paths;
	__u64 stats;
	__u64 bytes;
};

/**
 * struct row - one configuration of listeners
 * @id: short name, for JSON and for the command line
 * @start: make the listeners
 * @drain: read all that waits
 * @stop: end them
 * @events: events per file in each step, of all readers together
 * @paths: paths per file that the readers end up with
 * @stats: attributes per file that the readers end up with
 * @late: the readers are stopped until the storm is over
 * @lossy: events are lost, on purpose
 *
 * For inotify.c and fanotify.c:
 * @path_stat: the consumer gets path and attributes of each event
 * @cache: it remembers the path of the last directory
 * @mask: kinds
 *
 * For us.c, besides:
 * @groups: number of groups
 * @members: members of each
 * @subscribers: of the multicast group
 * @flags: FANOTIFY_GROUP_FLAG_*
 * @rcvbuf: receive buffer of each member; 0: all events of a step fit
 * @queue_limit: in bytes; 0: all events of the storm fit
 * @no_stat: events carry no attributes
 * @inode: an inode mark on the directory, not one on the filesystem
 * @marks: inode marks on other files
 * @subtree: a subtree mark on what is above the directory, not one on the filesystem
 * @subtrees: subtree marks on other directories
 * @filter: a filter of each group
 * @filters: how many of it
 */
struct row {
	const char *id;
	void (*start)(const struct row *row);
	void (*drain)(const struct row *row, struct taken *taken);
	void (*stop)(const struct row *row);
	unsigned int events[STEPS];
	unsigned int paths;
	unsigned int stats;
	bool late;
	bool lossy;
	bool path_stat;
	bool cache;
	__u64 mask;
	unsigned int groups;
	unsigned int members;
	unsigned int subscribers;
	__u32 flags;
	__u32 rcvbuf;
	__u64 queue_limit;
	bool no_stat;
	bool inode;
	unsigned int marks;
	bool subtree;
	unsigned int subtrees;
	struct fanotify_nl_filter filter;
	unsigned int filters;
};

void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...);

/* The time, once nothing is left to be done of what was before. */
void settle(void);
__u64 now(void);

/* The filesystem that rows work on: new for each. */
void make_place(void);
void remove_place(void);

/* Whether a row is among those of the command line, or there are none. */
bool is_wanted(const char *id, char **names);

/* Print what it costs to ask for permission: the rows of gate.c. */
void gate_rows(unsigned int opens, unsigned int rounds, char **names);

void inotify_start(const struct row *row);
void inotify_drain(const struct row *row, struct taken *taken);
void inotify_stop(const struct row *row);

void fanotify_fd_start(const struct row *row);
void fanotify_fd_drain(const struct row *row, struct taken *taken);
void fanotify_fid_start(const struct row *row);
void fanotify_fid_drain(const struct row *row, struct taken *taken);
void fanotify_stop(const struct row *row);

void us_start(const struct row *row);
void us_drain(const struct row *row, struct taken *taken);
void us_stop(const struct row *row);

void subscribers_start(unsigned int count);
void subscribers_drain(struct taken *taken);
void subscribers_stop(void);

#endif /* BENCH_H */
