/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A filesystem with a journal, on an image file, and the records that were read.
 */
#ifndef TESTS_JOURNALFS_H
#define TESTS_JOURNALFS_H

#include <stdbool.h>
#include <fanotify-nl/fanotify-nl.h>

/* Not in a mount namespace of the test's own: the kernel finds the path in the first. */
#define JOURNALFS	"/tmp/journalfs"
#define IMAGE		JOURNALFS "/image"
#define MOUNT		JOURNALFS "/mnt"
#define RING		MOUNT "/" FANOTIFY_NL_JOURNAL_FILE

#define RING_SIZE	(1ULL << 20)

/* Make an image with a filesystem of @type by mkfs, and mount it at MOUNT; 0 or -1. */
int journalfs_make(const char *type, const char *options);
/* Mount an image of the same type. */
int journalfs_mount(const char *image, const char *at);
/* Unmount; who has it busy for a moment is waited for. The number of tries, or -1. */
int journalfs_unmount(const char *at);
/* The same for a remount of MOUNT, with these flags. */
int journalfs_remount(unsigned long flags);
void journalfs_remove(void);

int journalfs_freeze(bool on);

/* Mount IMAGE, on a mapped device of which the table can be changed: 0 or -1. */
int journalfs_map(void);
int journalfs_unmap(void);
/* Run @shell, with its loop device in $loop, its size in $size: 0, or it has failed. */
int mapped(const char *shell);

#define MOUNT_MAPPED	"mount -o noatime /dev/mapper/journalfs " MOUNT

/* Files in MOUNT of names of their own, so that each is told by its path: 0 or -1. */
int make_many(const char *prefix, int from, int count);
int remove_many(const char *prefix, int from, int count);

/* One record for each file that is made, and soon on disk. */
extern const struct fanotify_nl_journal_settings fast;

/* A ring file of RING_SIZE, and the journal started: 0 or -errno. */
int journalfs_start(struct fanotify_nl *h, const struct fanotify_nl_journal_settings *set,
		    struct fanotify_nl_journal_info *info);

int add_consumer(struct fanotify_nl *h, __u32 id, const char *name, __u64 mask, __u64 *token);

#define RECORDS_MAX	65536

/**
 * struct record - what stays of a record
 * @index: its index
 * @mask: its kinds
 * @gap: of a gap
 * @realtime: when it was made
 * @path: its path, cut off if it is too long
 */
struct record {
	__u64 index;
	__u64 mask;
	__u64 realtime;
	struct fanotify_nl_gap gap;
	char path[64];
};

/**
 * struct history - what was read
 * @count: how many records
 * @record: those
 * @gaps: how many answers had a gap
 * @gap: the last of those
 * @cursor: how far it goes
 */
struct history {
	int count;
	struct record record[RECORDS_MAX];
	int gaps;
	struct fanotify_nl_gap gap;
	struct fanotify_nl_cursor cursor;
};

/* Read until there is no more, flushed first: 0 or -errno. */
int history_read(struct fanotify_nl *h, __u32 id, const char *consumer,
		 const struct fanotify_nl_cursor *cursor, struct history *history);
/* Read what is on disk from where @history ends, in place of it: 0 or -errno. */
int history_read_on(struct fanotify_nl *h, __u32 id, struct history *history);
/* How many records have all bits of @mask, and this path, if it is not NULL. */
int history_count(const struct history *history, __u64 mask, const char *path);
/* Whether each index follows the one before it. */
bool history_whole(const struct history *history);
void history_show(const struct history *history);

#endif /* TESTS_JOURNALFS_H */
