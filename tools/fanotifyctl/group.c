// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: the commands that change a group of others.
 */
#include <errno.h>
#include <stdlib.h>

#include "fanotifyctl.h"
#include "gate-options.h"

/* The number of the group, which is the only word. */
static int group_number(const struct words *words, const char *command, __u32 *number)
{
	if (words->command || words->count != 1) {
		usage_error("%s: one number of a group is needed", command);
		return -1;
	}
	if (parse_u32(words->list[0], number) || !*number) {
		usage_error("%s: not a number of a group", words->list[0]);
		return -1;
	}
	return 0;
}

int cmd_group_set(char **argv)
{
	const char *values[GATE_SETTINGS] = { 0 }, *limit = NULL;
	struct fanotify_nl_settings settings = { 0 };
	struct option_def defs[3 + GATE_SETTINGS] = { 0 };
	struct words words;
	struct fanotify_nl *h;
	bool help = false;
	__u32 number;
	int ret;

	for (int i = 0; i < GATE_SETTINGS; i++)
		defs[i] = (struct option_def){ .name = gate_setting_names[i], .value = &values[i] };
	defs[GATE_SETTINGS] = (struct option_def){ .name = "queue-limit", .value = &limit };
	defs[GATE_SETTINGS + 1] = (struct option_def){ .name = "help", .flag = &help };
	if (options_parse(defs, argv, &words))
		return EXIT_USAGE;
	if (help)
		return show_help("group set");
	if (group_number(&words, "group set", &number) || gate_settings_parse(&settings, values))
		return EXIT_USAGE;
	if (limit && parse_bytes(limit, &settings.queue_limit)) {
		usage_error("--queue-limit %s: not a number of bytes", limit);
		return EXIT_USAGE;
	}
	if (limit)
		settings.set |= FANOTIFY_NL_SET_QUEUE_LIMIT;
	if (!settings.set) {
		usage_error("group set: what is to be set is missing");
		return EXIT_USAGE;
	}
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	ret = fanotify_nl_group_set_by_number(h, number, &settings);
	if (ret)
		ret = fail_nl(h, ret, "group set");
	fanotify_nl_close(h);
	return ret;
}

int cmd_group_lift(char **argv)
{
	bool help = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = NULL },
	};
	struct words words;
	struct fanotify_nl *h;
	__u32 number;
	int ret;

	if (options_parse(defs, argv, &words))
		return EXIT_USAGE;
	if (help)
		return show_help("group lift");
	if (group_number(&words, "group lift", &number))
		return EXIT_USAGE;
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	ret = fanotify_nl_gate_lift(h, number);
	if (ret)
		ret = fail_nl(h, ret, "group lift");
	fanotify_nl_close(h);
	return ret;
}
