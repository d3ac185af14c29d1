/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl journal: what its commands share.
 */
#ifndef FANOTIFYCTL_JOURNAL_H
#define FANOTIFYCTL_JOURNAL_H

#include <fanotify-nl/fanotify-nl.h>

#include "fanotifyctl.h"
#include "event.h"
#include "out.h"

#define NSEC_PER_SEC	1000000000ULL

/**
 * journal_words() - Take a command line apart whose one word names a filesystem.
 * @argv: the command line without the command's name
 * @defs: its options; --help is among them, with this flag:
 * @help: set if help is wanted
 * @command: name of the command, for help and texts
 * @optional: the word may be missing
 * @path: set to it, or to NULL
 *
 * Return: 0; 1: help was shown; -1: bad usage, and said so.
 */
int journal_words(char **argv, const struct option_def *defs, const bool *help,
		  const char *command, bool optional, const char **path);

/* How such a command ends that has nothing to do. */
static inline int journal_words_status(int ret)
{
	return ret < 0 ? EXIT_USAGE : EXIT_SUCCESS;
}

/* The journal at @path; 0, or EXIT_FAILURE, and said so. */
int journal_find(struct fanotify_nl *h, const char *path, const char *command,
		 struct fanotify_nl_journal_info *info);

/* A token as register prints it; -1: bad usage, and said so. */
int journal_token(const char *text, __u64 *token);

/* A time, with its label for text, in nanoseconds since 1970; 0: never. */
void journal_time(struct out *o, const char *key, const char *before, __u64 time);

/* A consumer in a record that has begun, with lines of text that begin with @before. */
void journal_consumer_print(struct out *o, const char *before,
			    const struct fanotify_nl_consumer_info *info);

/**
 * struct reading - The reading of records, to be shown.
 * @h: the library
 * @out: where they go
 * @columns: widths so far
 * @prefix: what paths of records come after, "" or an absolute path
 * @id: of the journal
 * @left: records that are still to be shown, if their number is limited
 * @lost: something is missing
 */
struct reading {
	struct fanotify_nl *h;
	struct out out;
	struct columns columns;
	char *prefix;
	__u32 id;
	__u64 left;
	bool lost;
};

/* A record. Return: 0; 1: standard output failed, and said so. */
int journal_record_print(struct reading *r, const struct fanotify_nl_event *event);

/* What is missing before the records of an answer. */
int journal_missing_print(struct reading *r, const struct fanotify_nl_gap *gap);

#endif /* FANOTIFYCTL_JOURNAL_H */
