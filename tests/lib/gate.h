/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Permission groups, and processes that need permission.
 */
#ifndef TESTS_GATE_H
#define TESTS_GATE_H

#include <stdbool.h>
#include <sys/types.h>

#include <fanotify-nl/fanotify-nl.h>

#define PERMISSION	FANOTIFY_GROUP_FLAG_PERMISSION
#define REMEMBER	FANOTIFY_GROUP_FLAG_REMEMBER

/* Bind a permission group: @settings without flags. NULL, with a line, on failure. */
struct fanotify_nl *gate_open(__u32 number, __u32 flags, struct fanotify_nl_settings settings);

/* Just those settings. */
#define GATE_SET(name, field, value) \
	((struct fanotify_nl_settings){ .set = FANOTIFY_NL_SET_##name, .field = (value) })

/**
 * struct access - A process that accesses a file, once.
 * @pid: the process
 * @fd: where it tells how it went
 * @ms: how long it took
 * @byte: the first one that it has read
 */
struct access {
	pid_t pid;
	int fd;
	double ms;
	unsigned char byte;
};

/* Files are open for reading or writing before those that need it are timed. */
enum access_kind { OPEN, OPEN_WRITE, READ, EXEC, LIST, READ_DIR, WRITE, MAP, TRUNCATE };

/**
 * struct range - bytes of a file
 * @offset: the first one
 * @length: how many
 */
struct range {
	__u64 offset;
	__u64 length;
};

/* Start one, as @uid, of the first byte or of a range. 0 or -errno. */
int access_start(struct access *a, enum access_kind kind, const char *path, uid_t uid);
int access_start_range(struct access *a, enum access_kind kind, const char *path, uid_t uid,
		       struct range range);

/* Its errno, 0 for none; -ETIMEDOUT: it goes on; -ECHILD: it was killed. */
int access_end(struct access *a, int timeout_ms);

/* One whose end is not waited for any more. */
void access_kill(struct access *a);

/* The next permission event; its id, 0 for none within @timeout_ms, or -errno. */
__s64 gate_next(struct fanotify_nl *h, int timeout_ms, struct fanotify_nl_event *event);

/* Answer one event: 0 or -errno. */
int gate_verdict(struct fanotify_nl *h, __u64 id, __u32 response, __u32 error, __u32 flags);

/*
 * What an access comes to, that is asked about once if @response is not 0, and
 * not at all if it is: its errno; -ENODATA: it was not asked about; -EEXIST: it
 * was, and should not have been.
 */
int gate_try(struct fanotify_nl *h, enum access_kind kind, const char *path, __u32 response,
	     __u32 error, __u32 flags);

/* State and counters of a group; .state is 0 if there is none. */
struct fanotify_nl_gate gate_of(__u32 number);

/* Wait up to 10 s for that state. */
bool gate_becomes(__u32 number, __u32 state);

#endif /* TESTS_GATE_H */
