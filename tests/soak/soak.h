/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the processes of the soak share, and what they are.
 */
#ifndef SOAK_H
#define SOAK_H

#include <stdbool.h>
#include <stddef.h>

#include <kselftest.h>

#include "fsops.h"
#include "listen.h"
#include "rng.h"
#include "storm.h"

#define WRITERS		3
#define MEMBERS		4
#define GATES		2
#define JOURNALISTS	2
#define ERRORS_MAX	20

/* ---- what is counted ---- */

#define KINDS(op) \
	op(bind) op(join) op(mark_inode) op(mark_mount) op(mark_filesystem) op(mark_global) \
	op(mark_subtree) \
	op(mark_evictable) op(ignore) op(unmark) op(flush) op(group_set) op(filters) op(lists) op(event) \
	op(gap) op(merged) op(gate_bind) op(gate_mark) op(gate_ask) op(gate_verdicts) \
	op(gate_deny) op(gate_defer) op(gate_remember) op(gate_ignore) op(gate_stall) op(gate_open) \
	op(gate_unbind) op(gate_leave) op(gate_lift) op(event_open) op(account) op(unbind) op(leave) op(multicast_event) op(kill) \
	op(mount_tmpfs) op(unmount_tmpfs) op(mount_ext4) op(unmount_ext4) op(mount_overlay) \
	op(unmount_overlay) op(mount_bind) op(unmount_bind) op(unload) op(load) \
	op(journal_start) op(journal_join) op(journal_stop) op(journal_list) op(consumer_add) \
	op(consumer_remove) op(consumer_list) op(record) op(record_gap) op(journal_ack) \
	op(journal_reset)

#define KIND_ENUM(name) OP_##name,
enum op { KINDS(KIND_ENUM) OPS };

extern const char *const op_names[OPS];

struct count {
	unsigned long tried;
	unsigned long done;
};

/* All processes share it. */
struct shared {
	volatile bool stop;
	unsigned long operations;
	unsigned int errors;
	struct count op[OPS];
	struct count fsop[FSOPS_PLAIN_COUNT];
};

extern struct shared *shared;

bool counted(struct count *count, bool done);
bool did(enum op op, bool done);
/* What was not to happen; the first few are printed. */
__attribute__((format(printf, 1, 2))) void wrong(const char *format, ...);

/*
 * Time goes by the operations of the writers, so that on a busy machine as much happens
 * between two unloads as on one that is not: 75 are a second of a debug kernel alone.
 */
struct span {
	unsigned long end;
};

/* At random, up to so many. */
struct span some_span(struct rng *rng, unsigned int operations);
/* Over, or all is. */
bool is_over(const struct span *span);
/* Sleep for as long, but not for ever where writers are stuck. */
void pass(struct rng *rng, unsigned int operations);

/* ---- places: folders, on which filesystems come and go ---- */

#define PLACES 5
extern const char *const places[PLACES];

const char *some_place(struct rng *rng);

/* ---- a process that uses the library ---- */

struct member {
	struct fanotify_nl *h;
	struct order order;
	bool alone;
	struct rng *rng;
};

/*
 * What an error may be: the module was unloaded, the group is another one's by
 * now, a limit, a file that has just gone or is open for writing.
 */
bool is_fair(int error);
/* Count what a call returned. Return: whether it was done. */
bool told(const struct member *m, enum op op, int ret);
/* Nothing malformed, forged or with a hole came. */
void check_counters(const struct member *m);

/* ---- the processes: until shared->stop ---- */

int make_often(void);

void writer(unsigned int number, struct rng *rng);
void member(unsigned int number, struct rng *rng);
void gatekeeper(unsigned int number, struct rng *rng);
void journalist(unsigned int number, struct rng *rng);
void subscriber(unsigned int number, struct rng *rng);
void mounter(unsigned int number, struct rng *rng);
void reloader(unsigned int number, struct rng *rng);

/* ---- mounts, each with a mounter ---- */

/**
 * struct mounted - a filesystem that comes and goes
 * @place: where
 * @stay: for how many operations, at most
 * @mount: mounts it
 * @mounted: counts that
 * @unmounted: counts its end
 */
struct mounted {
	const char *place;
	unsigned int stay;
	bool (*mount)(void);
	enum op mounted;
	enum op unmounted;
};

#define MOUNTS 4
extern const struct mounted mounts[MOUNTS];

/* An image with a filesystem, and its loop device. */
int make_loop(void);
bool mount_ext4(void);

#endif /* SOAK_H */
