/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory runs out: each allocation of each operation fails once. An operation is in the
 * file of its kind, and in the list at the end of this one.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate.h"
#include "journalfs.h"
#include "listen.h"
#include "load.h"
#include "nl.h"
#include "storm.h"

#define INODE		FANOTIFY_MARK_TYPE_INODE
#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define GLOBAL		FANOTIFY_MARK_TYPE_GLOBAL
#define SUBTREE		FANOTIFY_MARK_TYPE_SUBTREE

/**
 * struct scene - A group with a member, and somebody who looks on.
 * @nl: the socket that the operation uses, not bound
 * @onlooker: a socket that no allocation fails for
 * @subscriber: hears multicast events, if it is open
 * @h: the member
 * @number: its group
 * @token: its token; of the group that @nl has bound, if it has
 * @dir: where files are made
 * @order: what @h has received
 * @listener: a process that answers what the operation asks for, 0 for none
 * @access: an access that waits
 * @id: of its event
 * @journal: number of a journal
 * @before: number of marks, or of open descriptors, before the operation
 * @total: events that the operation makes if it is done
 * @lost: events for which there was no memory, in all rounds
 * @refused: rounds in which the operation was refused
 */
struct scene {
	struct nl nl;
	struct nl onlooker;
	struct nl subscriber;
	struct fanotify_nl *h;
	__u32 number;
	__u64 token;
	int dir;
	struct order order;
	pid_t listener;
	struct access access;
	__u64 id;
	__u32 journal;
	unsigned int before;
	unsigned int total;
	unsigned int lost;
	unsigned int refused;
};

int scene_bind(struct scene *s);
int scene_open(struct scene *s);
void scene_close(struct scene *s);

/* ---- what the onlooker says ---- */

/* An attribute of the group, or -errno. */
__s64 group_says(struct scene *s, int attr);
int groups(struct scene *s);
/* Of a mark, if there is one. */
__u64 mask_now(struct scene *s);
/* Open ones of this process. */
int descriptors(void);

/* ---- what is prepared, done and checked by several ---- */

int prepare_nothing(struct scene *s);

void begin_about_group(struct scene *s, int cmd);
int mark(struct scene *s, int cmd, __u32 type, __u64 mask);
int run_dump(struct scene *s, int cmd);

const char *as_told(int ret, bool done);
const char *check_bind(struct scene *s, int ret);
const char *check_marked(struct scene *s, int ret);
const char *check_one_reply(struct scene *s, int ret);

/* ---- the operations ---- */

/**
 * struct operation - what is done
 * @place: where; it is gone to before
 * @prepare: what has to be there before
 * @run: the operation: 0 or -errno
 * @check: NULL, or what is wrong after it returned what it did
 * @least: allocations that it has at least
 * @loses: it is an event, which is lost in some round
 */
struct operation {
	int (*place)(void);
	int (*prepare)(struct scene *s);
	int (*run)(struct scene *s);
	const char *(*check)(struct scene *s, int ret);
	unsigned int least;
	bool loses;
};

#define OPERATION_AT(_place, name, _prepare, _run, _check, _least, _loses) \
	const struct operation op_##name = { \
		.place = _place, .prepare = _prepare, .run = _run, .check = _check, \
		.least = _least, .loses = _loses, \
	}
#define OPERATION(...) OPERATION_AT(work_here, __VA_ARGS__)

#define OPERATIONS(O) \
	O(bind) O(join) O(unbind) O(group_set) O(bind_filters) O(filters) O(group_merge) \
	O(group_get) O(caps_get) O(groups) O(marks) O(stats) O(library) \
	O(mark_inode) O(mark_mount) O(mark_filesystem) O(mark_subtree) O(mark_global) \
	O(mark_more) O(mark_less) O(unmark) O(unmark_subtree) O(flush_filesystem) O(flush) \
	O(event_open) O(fetch) \
	O(event_mkdir) O(event_mkdir_behind) O(event_mkdir_deep) O(event_mkdir_multicast) \
	O(event_link) O(event_rename) O(event_moved_in) O(event_merged) O(event_chmod) \
	O(event_setxattr) O(event_truncate) O(event_unlink) O(event_unmount) O(event_covered) \
	O(gate_bind) O(gate_mark) O(gate_mark_subtree) O(gate_mark_more) O(gate_verdict) \
	O(gate_not_remembered) O(gate_event_open) O(gate_take_over) O(gate_access) \
	O(gate_access_too_late) \
	O(journal_start) O(journal_stop) O(journal_get) O(journals) O(consumer_add) \
	O(consumer_remove) O(consumers) O(journal_ack) O(journal_read) O(event_recorded)

#define OPERATION_DECLARE(name) extern const struct operation op_##name;
OPERATIONS(OPERATION_DECLARE)

#endif /* FAULTS_H */
