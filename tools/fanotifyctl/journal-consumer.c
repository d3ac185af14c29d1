// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl journal: register, deregister, consumers, ack.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "journal.h"

int journal_token(const char *text, __u64 *token)
{
	char *end;

	errno = 0;
	*token = strtoull(text, &end, 16);
	if (strspn(text, "0123456789abcdef") == strlen(text) && *text && !errno)
		return 0;
	usage_error("--token %s: not a token", text);
	return -1;
}

void journal_consumer_print(struct out *o, const char *before,
			    const struct fanotify_nl_consumer_info *info)
{
	out_text(o, "%sconsumer", before);
	out_bytes(o, "consumer", " ", info->name, strlen(info->name));
	out_u64(o, "behind", "  behind ", info->behind);
	out_u64(o, "acked", "  acknowledged ", info->acked);
	journal_time(o, "acked_at", ", last ", info->acked_at);
	journal_time(o, "registered", "  registered ", info->registered);
	out_bits(o, "events", NULL, info->mask, out_kind);
	if (info->cut.reason) {
		out_text(o, "%s  cut off:", before);
		gap_print(o, &info->cut);
	}
}

static int print_consumer(const struct fanotify_nl_consumer_info *info, void *arg)
{
	struct out *o = arg;

	out_begin(o);
	journal_consumer_print(o, "", info);
	return out_end(o);
}

int cmd_journal_consumers(char **argv)
{
	struct fanotify_nl_journal_info info;
	struct out out = { 0 };
	bool help = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "json", .flag = &out.json },
		{ .name = NULL },
	};
	struct fanotify_nl *h;
	const char *path;
	int ret;

	ret = journal_words(argv, defs, &help, "journal consumers", false, &path);
	if (ret)
		return journal_words_status(ret);
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	ret = journal_find(h, path, "journal consumers", &info);
	if (!ret) {
		ret = fanotify_nl_consumers(h, info.id, print_consumer, &out);
		if (ret < 0)
			fail_nl(h, ret, "journal consumers");
	}
	fanotify_nl_close(h);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- what needs a name ---- */

/* Return: 0; or EXIT_USAGE, and said so. */
static int need_name(const char *name, const char *command)
{
	if (name)
		return 0;
	usage_error("%s: --consumer is missing", command);
	return EXIT_USAGE;
}

/* Whose consumer it is: a token, or that it is another's. */
static int whose(const char *text, bool force, const char *command, __u64 *token,
		 const __u64 **use)
{
	*use = token;
	if (force && !text) {
		*use = NULL;
		return 0;
	}
	if (!text) {
		usage_error("%s: --token is missing, or --force", command);
		return EXIT_USAGE;
	}
	return journal_token(text, token) ? EXIT_USAGE : 0;
}

int cmd_journal_register(char **argv)
{
	struct fanotify_nl_consumer consumer = { 0 };
	char text[FANOTIFY_NL_CURSOR_LEN], token_text[32];
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_cursor cursor;
	bool help = false, oldest = false;
	const char *events = NULL, *path;
	struct out out = { 0 };
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "json", .flag = &out.json },
		{ .name = "oldest", .flag = &oldest },
		{ .name = "consumer", .value = &consumer.name },
		{ .name = "events", .value = &events },
		{ .name = NULL },
	};
	struct fanotify_nl *h;
	__u64 token;
	int ret;

	ret = journal_words(argv, defs, &help, "journal register", false, &path);
	if (ret)
		return journal_words_status(ret);
	ret = need_name(consumer.name, "journal register");
	if (ret)
		return ret;
	if (events && fanotify_nl_kind_parse(events, &consumer.mask)) {
		usage_error("--events %s: not kinds of event", events);
		return EXIT_USAGE;
	}
	/* without the rest of what is not recorded, and with directories */
	if (events && !strcmp(events, "all"))
		consumer.mask = 0;
	else if (events)
		consumer.mask |= FANOTIFY_KIND_ONDIR;
	if (oldest)
		consumer.start = FANOTIFY_CONSUMER_START_OLDEST;
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	ret = journal_find(h, path, "journal register", &info);
	if (!ret) {
		ret = fanotify_nl_consumer_add(h, info.id, &consumer, &token, &cursor);
		if (ret)
			ret = fail_nl(h, ret, "journal register");
	}
	fanotify_nl_close(h);
	if (ret)
		return ret;
	fanotify_nl_cursor_format(&cursor, text);
	snprintf(token_text, sizeof(token_text), "%016llx", token);
	out_begin(&out);
	out_string(&out, "consumer", "consumer ", consumer.name);
	out_string(&out, "token", "  token ", token_text);
	out_string(&out, "cursor", "  cursor ", text);
	return out_end(&out) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_journal_deregister(char **argv)
{
	const char *name = NULL, *token_text = NULL, *path;
	struct fanotify_nl_journal_info info;
	bool help = false, force = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "force", .flag = &force },
		{ .name = "consumer", .value = &name },
		{ .name = "token", .value = &token_text },
		{ .name = NULL },
	};
	const __u64 *use;
	struct fanotify_nl *h;
	__u64 token;
	int ret;

	ret = journal_words(argv, defs, &help, "journal deregister", false, &path);
	if (ret)
		return journal_words_status(ret);
	if (need_name(name, "journal deregister") ||
	    whose(token_text, force, "journal deregister", &token, &use))
		return EXIT_USAGE;
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	ret = journal_find(h, path, "journal deregister", &info);
	if (!ret) {
		ret = fanotify_nl_consumer_remove(h, info.id, name, use);
		if (ret)
			ret = fail_nl(h, ret, "journal deregister");
	}
	fanotify_nl_close(h);
	return ret;
}

int cmd_journal_ack(char **argv)
{
	const char *name = NULL, *token_text = NULL, *cursor_text = NULL, *path;
	bool help = false, force = false, reset = false, sync = false;
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_cursor cursor;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "force", .flag = &force },
		{ .name = "reset", .flag = &reset },
		{ .name = "sync", .flag = &sync },
		{ .name = "consumer", .value = &name },
		{ .name = "token", .value = &token_text },
		{ .name = "cursor", .value = &cursor_text },
		{ .name = NULL },
	};
	const __u64 *use;
	struct fanotify_nl *h;
	__u64 token;
	int ret;

	ret = journal_words(argv, defs, &help, "journal ack", false, &path);
	if (ret)
		return journal_words_status(ret);
	if (need_name(name, "journal ack") ||
	    whose(token_text, force, "journal ack", &token, &use))
		return EXIT_USAGE;
	if (!cursor_text || fanotify_nl_cursor_parse(cursor_text, &cursor)) {
		usage_error(cursor_text ? "--cursor %s: not a cursor" :
			    "journal ack: --cursor is missing", cursor_text);
		return EXIT_USAGE;
	}
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	ret = journal_find(h, path, "journal ack", &info);
	if (!ret) {
		ret = fanotify_nl_consumer_ack(h, info.id, name, use, &cursor,
					       (sync ? FANOTIFY_NL_ACK_SYNC : 0) |
						       (reset ? FANOTIFY_NL_ACK_RESET : 0));
		if (ret)
			ret = fail_nl(h, ret, "journal ack");
	}
	fanotify_nl_close(h);
	return ret;
}
