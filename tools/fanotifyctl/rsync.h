/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl sync: rsync, as a child.
 */
#ifndef FANOTIFYCTL_RSYNC_H
#define FANOTIFYCTL_RSYNC_H

#include <stdbool.h>
#include <stdio.h>

/* Files vanished meanwhile: records of that are still to come. */
#define RSYNC_VANISHED	24

/* Some could not be transferred. */
#define RSYNC_PARTIAL	23

/* So it ends, besides, when a file becomes a device while it is looked at. */
#define RSYNC_PROTOCOL	2

/* Of the directory that is the copy: how far it is. rsync leaves this attribute alone. */
#define RSYNC_CURSOR	"trusted.fanotify-nl.sync"

/* Which files are transferred, besides those of another size. */
enum rsync_files {
	/* of another time */
	RSYNC_FILES_TIME,
	/* of other data */
	RSYNC_FILES_DATA,
	/* all */
	RSYNC_FILES_ALL,
};

/**
 * struct rsync - How rsync is called.
 * @src: the directory whose contents go to
 * @dst: there; rsync knows what it means
 * @options: the user's, ended by NULL; or NULL
 * @dry_run: only say what would be done
 * @progress: show how far it is
 * @stdout_fd: where rsync's standard output goes
 */
struct rsync {
	const char *src;
	const char *dst;
	char **options;
	bool dry_run;
	bool progress;
	int stdout_fd;
};

/* Is there one? Return: 0; EXIT_FAILURE, and said so. */
int rsync_check(void);

/**
 * rsync_run() - Run it.
 * @rsync: how
 * @list: paths below @src, each ended by NUL; NULL: all
 * @files: which files to transfer
 *
 * It ends when this process does, however that ends. SIGINT and SIGTERM end it, and
 * then this process.
 *
 * Return: its exit status; -1: it was not run, or was killed, and said so.
 */
int rsync_run(const struct rsync *rsync, FILE *list, enum rsync_files files);

#endif /* FANOTIFYCTL_RSYNC_H */
