/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl: what a consumer of a journal has to look at.
 */
#ifndef FANOTIFYCTL_CHANGED_H
#define FANOTIFYCTL_CHANGED_H

#include "changes.h"

/**
 * struct changed - What a consumer has not acknowledged.
 * @changes: what there is to look at
 * @cursor: how far it was read, to be acknowledged
 * @gaps: gaps that were met, and told on standard error
 */
struct changed {
	struct changes changes;
	struct fanotify_nl_cursor cursor;
	__u64 gaps;
};

/**
 * changed_read() - Read what a consumer has not acknowledged.
 * @c: where to; @c->changes is open
 * @h: the library
 * @journal: number of the journal
 * @consumer: name of the consumer
 * @from: read what is behind this, whatever is acknowledged; or NULL
 *
 * What has happened until now is among it.
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int changed_read(struct changed *c, struct fanotify_nl *h, __u32 journal, const char *consumer,
		 const struct fanotify_nl_cursor *from);

/**
 * changed_check_journal() - Whether a journal records all that says what has changed.
 * @info: the journal
 * @command: who asks
 * @path: how the user named it
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int changed_check_journal(const struct fanotify_nl_journal_info *info, const char *command,
			  const char *path);

/**
 * changed_check_consumer() - Whether a consumer reads all that says what has changed.
 * @info: the consumer
 * @command: who asks
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int changed_check_consumer(const struct fanotify_nl_consumer_info *info, const char *command);

/* The name of a CHANGE_* bit, or NULL. */
const char *change_name(__u64 bit);

#endif /* FANOTIFYCTL_CHANGED_H */
