/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl sync: the copy, where it is a directory of this machine.
 *
 * It says itself how far it is, where its filesystem has extended attributes: the name of
 * the consumer of the journal, and a cursor; while it is written to, that it is so, too.
 */
#ifndef FANOTIFYCTL_COPY_H
#define FANOTIFYCTL_COPY_H

#include "changes.h"
#include "rsync.h"

/**
 * struct copy - A directory that is brought up to date.
 * @path: what it is called, in full, whether it is there yet or not
 * @fd: it, open; -1: not yet. From then on errors of writing to its filesystem are seen
 * @place: where to find it: once it is open that, whatever has its path
 * @says: it says how far it is:
 * @from: so far
 * @begun: and that who wrote to it has not come to an end
 * @foreign: it says that it is one of another filesystem
 * @files: or else, as a run was not finished, which files rsync has to transfer
 */
struct copy {
	char *path;
	int fd;
	char *place;
	bool says;
	struct fanotify_nl_cursor from;
	bool begun;
	bool foreign;
	enum rsync_files files;
};

/**
 * copy_find() - Find it.
 * @copy: what to fill in, to be closed
 * @dst: the directory, by any path
 * @src: the original. Neither may be in the other: the copy would be copied, or the
 *	original deleted
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int copy_find(struct copy *copy, const char *dst, const struct changes *src);

void copy_close(struct copy *copy);

/* Open it, and make it if it is not there. Return: 0; EXIT_FAILURE, and said so. */
int copy_open(struct copy *copy);

/* Is there nothing in it? As in the place of a disk that is not mounted. */
bool folder_is_empty(const char *path);

/**
 * copy_ask() - Have it say how far it is.
 * @copy: it
 * @consumer: of the journal, whose copy it has to be
 * @uuid: of the journal
 *
 * Return: why it cannot be gone on with, or NULL.
 */
const char *copy_ask(struct copy *copy, const char *consumer,
		     const unsigned char uuid[FANOTIFY_UUID_LEN]);

/**
 * copy_begin_all() - Have it not say how far it is while everything is looked at.
 * @copy: it, open
 * @files: which files are transferred
 * @seen: set to whether it will be seen that it does not: it has attributes
 *
 * After whatever ends that, all is looked at again, and the same files transferred.
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int copy_begin_all(const struct copy *copy, enum rsync_files files, bool *seen);

/**
 * copy_begin() - Have it say that it is being written to, if it says how far it is.
 * @copy: it, open
 * @consumer: of the journal
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int copy_begin(struct copy *copy, const char *consumer);

/**
 * copy_tell() - Have it say how far it is now.
 * @copy: it, open
 * @consumer: of the journal
 * @cursor: so far
 * @changed: something was written to it
 *
 * All of it is on disk when this returns: what is acknowledged may not be lost by a crash.
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int copy_tell(struct copy *copy, const char *consumer,
	      const struct fanotify_nl_cursor *cursor, bool changed);

#endif /* FANOTIFYCTL_COPY_H */
