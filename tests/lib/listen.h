/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A listener by the library, and the events that it has heard.
 *
 * The kernel hands events over in the context of the operation, so that they
 * are there when the system call returns: take() does not wait. (All but fs-error
 * on Linux 7.)
 */
#ifndef TESTS_LISTEN_H
#define TESTS_LISTEN_H

#include <stdbool.h>
#include <fanotify-nl/fanotify-nl.h>

#define KIND(name)	((__u64)FANOTIFY_KIND_##name)

#define EVENTS_MAX	4096

/**
 * struct heard - events in their order
 * @count: how many
 * @event: copies that stay
 */
struct heard {
	int count;
	struct fanotify_nl_event event[EVENTS_MAX];
};

/* Bind a new group with defaults. NULL, and a line on stderr, on failure. */
struct fanotify_nl *listen_open(void);

/* Mark @path; 0 or -errno. */
int listen_mark(struct fanotify_nl *h, __u32 type, const char *path, __u64 mask);
int listen_unmark(struct fanotify_nl *h, __u32 type, const char *path, __u64 mask);
int listen_ignore(struct fanotify_nl *h, __u32 type, const char *path, __u64 mask, __u32 flags);

/* All events that there are now, after those that were taken before. */
void take(struct fanotify_nl *h, struct heard *heard);
void forget(struct heard *heard);
/* As take(), but wait up to 10 s until an event has all bits of @mask. */
bool take_until(struct fanotify_nl *h, struct heard *heard, __u64 mask);

/* Events that have all bits of @mask; and that name @name, if it is not NULL. */
int count(const struct heard *heard, __u64 mask, const char *name);
/* The only such event, or NULL. */
const struct fanotify_nl_event *only(const struct heard *heard, __u64 mask, const char *name);

/* Print what was heard as TAP diagnostics. */
void show(const struct heard *heard);

/* ---- a place to work in ---- */

/*
 * A private mount namespace with an empty tmpfs at /tmp/work, where the
 * process then is; 0 or -errno.
 */
#define WORK "/tmp/work"
int work_here(void);
/* The same, in an empty folder of the ext4 disk (/mnt/disk). */
#define DISK "/mnt/disk/work"
int work_on_disk(void);

/* 0 or -errno each. */
int write_file(const char *path, const char *text);
int read_file(const char *path, char *text, size_t size);
int make_file(const char *path);
int copy_file(const char *from, const char *to);
/* Each of the paths up to NULL: a folder if it ends with a slash, else a file with a text. */
int make_paths(const char *path, ...) __attribute__((sentinel));
/* Remove all that is in a folder, on its own filesystem. */
int empty_folder(const char *path);
int set_parameter(const char *name, const char *value);

#endif /* TESTS_LISTEN_H */
