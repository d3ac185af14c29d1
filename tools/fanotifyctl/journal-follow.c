// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl journal follow: what was recorded, then what is.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event.h"
#include "journal.h"

/* How long the kernel waits for a record: a signal just before it is seen then. */
#define FOLLOW_WAIT_MS	1000

/**
 * struct follow - The following of a journal.
 * @r: what is shown
 * @consumer: whose records
 * @ack: acknowledge what was shown
 * @token: for that, or NULL
 * @limited: only @r.left records
 * @first: what the consumer had acknowledged
 * @last: the newest record when it began: there history ends
 * @live: it has ended
 * @told: that was part of the progress
 */
struct follow {
	struct reading r;
	const char *consumer;
	bool ack;
	const __u64 *token;
	bool limited;
	__u64 first;
	__u64 last;
	bool live;
	bool told;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	interrupted = signal;
}

static bool follow_ending(void *arg)
{
	(void)arg;
	return interrupted;
}

static bool follow_ready(void *arg)
{
	return out_wait(follow_ending, arg);
}

/* History ends here; no record is between this and what follows. */
static int follow_mark(struct follow *f, const struct fanotify_nl_cursor *cursor)
{
	char text[FANOTIFY_NL_CURSOR_LEN];

	f->live = true;
	fanotify_nl_cursor_format(cursor, text);
	out_begin(&f->r.out);
	out_true(&f->r.out, "live", "live from here on");
	out_string(&f->r.out, "cursor", "  cursor ", text);
	return out_end(&f->r.out);
}

/* What is on standard output is done with. */
static int follow_ack(struct follow *f, const struct fanotify_nl_cursor *cursor)
{
	int ret = fanotify_nl_consumer_ack(f->r.h, f->r.id, f->consumer, f->token, cursor, 0);

	return ret ? fail_nl(f->r.h, ret, "ack") : 0;
}

/* A long replay into a file or a pipe is seen to go on. */
static void follow_progress(struct follow *f, __u64 index)
{
	if (f->told || index < f->first || f->last <= f->first || !isatty(STDERR_FILENO) ||
	    isatty(STDOUT_FILENO))
		return;
	f->told = f->live;
	fprintf(stderr, "\rreplaying records: %llu %%%s",
		f->live ? 100 : 100 * (index - f->first) / (f->last - f->first),
		f->live ? "\n" : "");
}

/*
 * Show what can be read now, and set @records->cursor behind what was shown.
 *
 * Return: 0; not 0: failed, and said so.
 */
static int follow_read(struct follow *f, const struct fanotify_nl_read *read,
		       struct fanotify_nl_records *records)
{
	struct fanotify_nl_cursor cursor;
	struct fanotify_nl_event event;
	int ret;

	ret = fanotify_nl_journal_read(f->r.h, f->r.id, read, records);
	if (ret)
		return fail_nl(f->r.h, ret, "journal follow");
	if (records->has_gap && journal_missing_print(&f->r, &records->gap))
		return 1;
	cursor = records->cursor;
	while ((ret = fanotify_nl_journal_next(f->r.h, &event)) > 0) {
		if (event.seq > f->last && !f->live) {
			cursor.index = event.seq - 1;
			if (follow_mark(f, &cursor))
				return 1;
		}
		if (journal_record_print(&f->r, &event))
			return 1;
		if (f->limited && !--f->r.left) {
			records->cursor.index = event.seq;
			return 0;
		}
	}
	if (ret)
		ret = fail_nl(f->r.h, ret, "journal follow");
	else if (records->cursor.index >= f->last && !f->live)
		ret = follow_mark(f, &records->cursor);
	return ret;
}

static int follow_run(struct follow *f)
{
	struct fanotify_nl_read read = {
		.consumer = f->consumer,
		.options = FANOTIFY_NL_READ_FLUSH,
	};
	struct fanotify_nl_records records;
	struct fanotify_nl_cursor cursor;
	int ret;

	do {
		ret = follow_read(f, &read, &records);
		if (!ret && f->ack && (!read.cursor || records.cursor.index > cursor.index))
			ret = follow_ack(f, &records.cursor);
		if (ret)
			return ret;
		follow_progress(f, records.cursor.index);
		cursor = records.cursor;
		read.cursor = &cursor;
		read.options = 0;
		read.wait_ms = FOLLOW_WAIT_MS;
	} while (!interrupted && (!f->limited || f->r.left));
	return 0;
}

static int find_acked(const struct fanotify_nl_consumer_info *info, void *arg)
{
	struct follow *f = arg;

	if (strcmp(info->name, f->consumer))
		return 0;
	f->first = info->acked;
	return 1;
}

static int follow_parse(struct follow *f, char **argv, const char **path, __u64 *token)
{
	const char *count = NULL, *token_text = NULL;
	bool help = false, force = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "json", .flag = &f->r.out.json },
		{ .name = "consumer", .value = &f->consumer },
		{ .name = "count", .value = &count },
		{ .name = "ack", .flag = &f->ack },
		{ .name = "token", .value = &token_text },
		{ .name = "force", .flag = &force },
		{ .name = NULL },
	};
	int ret;

	ret = journal_words(argv, defs, &help, "journal follow", false, path);
	if (ret)
		return ret;
	if (!f->consumer) {
		usage_error("journal follow: --consumer is missing");
		return -1;
	}
	if (count && (parse_u64(count, &f->r.left) || !f->r.left)) {
		usage_error("--count %s: not a number of records", count);
		return -1;
	}
	if (f->ack != (token_text || force)) {
		usage_error("journal follow: --ack goes with --token, or --force");
		return -1;
	}
	if (token_text && journal_token(token_text, token))
		return -1;
	f->token = token_text ? token : NULL;
	f->limited = count;
	return 0;
}

int cmd_journal_follow(char **argv)
{
	struct sigaction action = { .sa_handler = interrupt };
	struct fanotify_nl_journal_info info;
	struct follow f = { 0 };
	const char *path;
	__u64 token;
	int ret;

	ret = follow_parse(&f, argv, &path, &token);
	if (ret)
		return journal_words_status(ret);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	f.r.out.ready = follow_ready;
	f.r.h = open_nl();
	if (!f.r.h)
		return EXIT_FAILURE;
	ret = journal_find(f.r.h, path, "journal follow", &info);
	if (!ret) {
		f.r.id = info.id;
		f.r.prefix = xstrdup(info.path && strcmp(info.path, "/") ? info.path : "");
		f.last = info.newest;
		fanotify_nl_consumers(f.r.h, info.id, find_acked, &f);
		ret = follow_run(&f);
		free(f.r.prefix);
	}
	fanotify_nl_close(f.r.h);
	return ret ? EXIT_FAILURE : f.r.lost ? EXIT_LOST : EXIT_SUCCESS;
}
