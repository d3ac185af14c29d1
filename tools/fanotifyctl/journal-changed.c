// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl journal changed: the paths to look at since the last acknowledgement.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "changed.h"
#include "event.h"
#include "journal.h"
#include "text.h"

/* What text calls them, in a column. */
#define CHANGE_COLUMN	10

const char *change_name(__u64 bit)
{
	switch (bit) {
	case CHANGE_NAME:
		return "name";
	case CHANGE_TREE:
		return "tree";
	case CHANGE_DATA:
		return "data";
	case CHANGE_ATTRS:
		return "attributes";
	case CHANGE_DELETED:
		return "deleted";
	case CHANGE_DIR:
		return "directory";
	default:
		return NULL;
	}
}

/* ---- what has to be recorded, and read ---- */

/* Those that the rule of changes.h is made of. */
#define KINDS_NEEDED \
	((__u64)FANOTIFY_KIND_CREATE | FANOTIFY_KIND_DELETE | FANOTIFY_KIND_RENAME | \
	 FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_CLOSE_WRITE | \
	 FANOTIFY_KIND_ONDIR)

int changed_check_journal(const struct fanotify_nl_journal_info *info, const char *command,
			  const char *path)
{
	const __u64 missing = ~info->settings.mask & KINDS_NEEDED;
	char *kinds;

	if (!missing)
		return 0;
	kinds = kinds_list(missing);
	complain("%s: the journal of %s does not record all changes, it lacks %s: start it again, with --events create,delete,rename,attrib,modify,close-write",
		 command, path, kinds);
	free(kinds);
	return EXIT_FAILURE;
}

int changed_check_consumer(const struct fanotify_nl_consumer_info *info, const char *command)
{
	const __u64 missing = ~info->mask & KINDS_NEEDED;
	char *kinds;

	if (!missing)
		return 0;
	kinds = kinds_list(missing);
	complain("%s: consumer %s does not read all changes, it lacks %s: deregister it, and register it without --events, or choose another one",
		 command, info->name, kinds);
	free(kinds);
	return EXIT_FAILURE;
}

/* ---- reading ---- */

/* @event: the record, if it is one. */
static void report_gap(struct changed *c, const struct fanotify_nl_gap *gap,
		       const struct fanotify_nl_event *event)
{
	const bool below = gap->scope == FANOTIFY_GAP_SCOPE_DIRECTORY && event && event->path;
	const char *reason = fanotify_nl_gap_reason_name(gap->reason);
	char since[64] = "an unknown time";

	c->gaps++;
	if (gap->since)
		time_text(since, sizeof(since), gap->since / NSEC_PER_SEC,
			  gap->since % NSEC_PER_SEC);
	complain("gap since %s, reason: %s: look at all of %s%s", since,
		 reason ? reason : "unknown", c->changes.real, below ? event->path : "");
}

static void add_record(struct changed *c, const struct fanotify_nl_event *event)
{
	bool before = c->changes.all;

	changes_add(&c->changes, event);
	if (event->mask & FANOTIFY_KIND_GAP)
		report_gap(c, &event->gap, event);
	else if (c->changes.all && !before)
		complain("record %llu is of %s itself, or has no path: look at all of it",
			 event->seq, c->changes.real);
}

static void read_progress(__u64 first, __u64 index, __u64 last)
{
	if (isatty(STDERR_FILENO) && last > first)
		fprintf(stderr, "\rreading records: %llu %%%s",
			index < last ? 100 * (index - first) / (last - first) : 100,
			index < last ? "" : "\n");
}

static int read_answer(struct changed *c, struct fanotify_nl *h)
{
	struct fanotify_nl_event event;
	int ret;

	while ((ret = fanotify_nl_journal_next(h, &event)) > 0)
		add_record(c, &event);
	return ret ? fail_nl(h, ret, "%s", c->changes.real) : 0;
}

int changed_read(struct changed *c, struct fanotify_nl *h, __u32 journal, const char *consumer,
		 const struct fanotify_nl_cursor *from)
{
	struct fanotify_nl_read read = {
		.consumer = consumer,
		.cursor = from,
		.options = FANOTIFY_NL_READ_FLUSH,
	};
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_records records;
	__u64 first = 0, last = 0;
	int ret;

	c->gaps = 0;
	do {
		ret = fanotify_nl_journal_read(h, journal, &read, &records);
		if (ret)
			return fail_nl(h, ret, "%s", c->changes.real);
		if (records.has_gap) {
			changes_add_gap(&c->changes, &records.gap, NULL);
			report_gap(c, &records.gap, NULL);
		}
		ret = read_answer(c, h);
		if (ret)
			return ret;
		if (read.options) {
			first = records.cursor.index;
			ret = fanotify_nl_journal_get(h, c->changes.real, &info);
			if (ret)
				return fail_nl(h, ret, "%s", c->changes.real);
			/* what comes from now on need not be waited for */
			last = info.durable;
		}
		c->cursor = records.cursor;
		read.cursor = &c->cursor;
		read.options = 0;
		if (!records.end)
			read_progress(first, c->cursor.index, last);
	} while (!records.end && c->cursor.index < last);
	return 0;
}

/* ---- the command ---- */

struct changed_command {
	struct changed changed;
	struct out out;
	bool null;
	const char *consumer;
	const char *cursor_file;
	const char *path;
};

static int print_null(const char *path, unsigned int flags)
{
	changes_put(stdout, path, flags);
	if (!ferror(stdout))
		return 0;
	complain("standard output: %s", strerror(errno));
	return EXIT_FAILURE;
}

/* The one word that says most. */
static const char *main_word(unsigned int flags)
{
	static const unsigned int order[] = {
		CHANGE_DELETED, CHANGE_TREE, CHANGE_NAME, CHANGE_DATA, CHANGE_ATTRS,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (flags & order[i])
			return change_name(order[i]);
	return "?";
}

static int print_path(const char *path, unsigned int flags, void *arg)
{
	struct changed_command *cmd = arg;
	struct out *o = &cmd->out;
	char *text;

	if (cmd->null)
		return print_null(path, flags);
	out_begin(o);
	out_bytes(o, "path", NULL, path, strlen(path));
	out_bits(o, "changed", NULL, flags & ~CHANGE_DIR, change_name);
	if (flags & CHANGE_DIR)
		out_true(o, "directory", NULL);
	text = text_quote(path, strlen(path));
	out_text(o, "%-*s  %s", CHANGE_COLUMN, main_word(flags), text);
	free(text);
	return out_end(o);
}

/* All of it or nothing, whatever happens meanwhile. */
static int write_cursor(const char *file, const char *cursor)
{
	char *name = xasprintf("%s.new", file);
	FILE *f = fopen(name, "we");
	int ret = 0;

	if (!f || fprintf(f, "%s\n", cursor) < 0 || fflush(f) || fsync(fileno(f)) ||
	    rename(name, file))
		ret = fail_errno(errno, "%s", file);
	if (f)
		fclose(f);
	free(name);
	return ret;
}

static int print_cursor(struct changed_command *cmd)
{
	char cursor[FANOTIFY_NL_CURSOR_LEN];

	if (fflush(stdout)) {
		complain("standard output: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	fanotify_nl_cursor_format(&cmd->changed.cursor, cursor);
	if (cmd->cursor_file && write_cursor(cmd->cursor_file, cursor))
		return EXIT_FAILURE;
	if (!cmd->out.json) {
		if (!cmd->cursor_file)
			complain("up to cursor %s", cursor);
		return 0;
	}
	out_begin(&cmd->out);
	out_string(&cmd->out, "cursor", NULL, cursor);
	out_u64(&cmd->out, "gaps", NULL, cmd->changed.gaps);
	if (cmd->changed.changes.all)
		out_true(&cmd->out, "all", NULL);
	return out_end(&cmd->out);
}

static int check_consumer(const struct fanotify_nl_consumer_info *info, void *arg)
{
	const struct changed_command *cmd = arg;

	return strcmp(info->name, cmd->consumer) ? 0 : changed_check_consumer(info, "journal changed");
}

static int changed_run(struct changed_command *cmd, struct fanotify_nl *h)
{
	struct changes *changes = &cmd->changed.changes;
	struct fanotify_nl_journal_info info;
	int ret;

	ret = journal_find(h, cmd->path, "journal changed", &info);
	if (!ret)
		ret = changed_check_journal(&info, "journal changed", cmd->path);
	if (ret)
		return ret;
	ret = fanotify_nl_consumers(h, info.id, check_consumer, cmd);
	if (ret < 0)
		ret = fail_nl(h, ret, "consumers");
	if (!ret)
		ret = changes_open(changes, cmd->path);
	if (ret)
		return ret;
	ret = changed_read(&cmd->changed, h, info.id, cmd->consumer, NULL);
	if (!ret)
		ret = changes_look(changes, print_path, cmd);
	if (!ret)
		ret = print_cursor(cmd);
	if (!ret && changes->all)
		ret = EXIT_LOST;
	return ret;
}

int cmd_journal_changed(char **argv)
{
	struct changed_command cmd = { .changed.changes = { .fd = -1, .mounted = -1 } };
	bool help = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "json", .flag = &cmd.out.json },
		{ .name = "null", .flag = &cmd.null },
		{ .name = "consumer", .value = &cmd.consumer },
		{ .name = "cursor-file", .value = &cmd.cursor_file },
		{ .name = NULL },
	};
	struct fanotify_nl *h;
	int ret;

	for (char **word = argv; *word && strcmp(*word, "--"); word++)
		if (!strcmp(*word, "-0"))
			*word = "--null";
	ret = journal_words(argv, defs, &help, "journal changed", false, &cmd.path);
	if (ret)
		return journal_words_status(ret);
	if (!cmd.consumer) {
		usage_error("journal changed: --consumer is missing");
		return EXIT_USAGE;
	}
	if (cmd.null && cmd.out.json) {
		usage_error("journal changed: either -0 or --json");
		return EXIT_USAGE;
	}
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	ret = changed_run(&cmd, h);
	changes_close(&cmd.changed.changes);
	fanotify_nl_close(h);
	return ret;
}
