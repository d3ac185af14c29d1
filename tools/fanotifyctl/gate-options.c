// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: its command line, and that of group set.
 */
#include <errno.h>
#include <string.h>

#include "fanotifyctl.h"
#include "gate-options.h"

#define CHECKS_DEFAULT	4
#define CHECKS_MAX	64

/* One user is asked about in a fifth of the window at a time: enough for all checks. */
#define WINDOW_DEFAULT	64
#define WINDOW_CHECK	8

/* ---- settings of a permission group ---- */

static int parse_on_timeout(const char *text, __u32 *value)
{
	struct action action;

	if (action_parse(text, &action))
		return -1;
	*value = action.outcome == OUTCOME_ALLOW ? 0 : action.error ? action.error : EPERM;
	return 0;
}

static int parse_on_evict(const char *text, __u32 *value)
{
	if (!strcmp(text, "allow"))
		*value = FANOTIFY_ON_EVICT_ALLOW;
	else if (!strcmp(text, "deny"))
		*value = FANOTIFY_ON_EVICT_DENY;
	else
		return -1;
	return 0;
}

/* What is out of bounds is refused by the kernel, which says why. */
static const struct {
	__u32 set;
	size_t offset;
	int (*parse)(const char *text, __u32 *value);
	const char *what;
} settings_table[GATE_SETTINGS] = {
	{ FANOTIFY_NL_SET_TIMEOUT_MS, offsetof(struct fanotify_nl_settings, timeout_ms), parse_u32,
	  "a number of milliseconds" },
	{ FANOTIFY_NL_SET_ON_TIMEOUT, offsetof(struct fanotify_nl_settings, on_timeout),
	  parse_on_timeout, "allow, deny or the name of an errno" },
	{ FANOTIFY_NL_SET_EVICT_AFTER, offsetof(struct fanotify_nl_settings, evict_after),
	  parse_u32, "a number of timeouts" },
	{ FANOTIFY_NL_SET_ON_EVICT, offsetof(struct fanotify_nl_settings, on_evict),
	  parse_on_evict, "allow or deny" },
	{ FANOTIFY_NL_SET_LINGER_MS, offsetof(struct fanotify_nl_settings, linger_ms), parse_u32,
	  "a number of milliseconds" },
	{ FANOTIFY_NL_SET_WAIT_MS, offsetof(struct fanotify_nl_settings, wait_ms), parse_u32,
	  "a number of milliseconds" },
	{ FANOTIFY_NL_SET_UID_PENDING, offsetof(struct fanotify_nl_settings, uid_pending),
	  parse_u32, "a number of accesses" },
	{ FANOTIFY_NL_SET_WINDOW, offsetof(struct fanotify_nl_settings, window), parse_u32,
	  "a number of requests" },
};

const char *const gate_setting_names[] = {
	"timeout-ms", "on-timeout", "evict-after", "on-evict",
	"linger-ms",  "wait-ms",    "uid-pending", "window",
	NULL,
};

int gate_settings_parse(struct fanotify_nl_settings *settings, const char *const *values)
{
	for (int i = 0; i < GATE_SETTINGS; i++) {
		__u32 *value = (void *)((char *)settings + settings_table[i].offset);

		if (!values[i])
			continue;
		if (settings_table[i].parse(values[i], value)) {
			usage_error("--%s %s: not %s", gate_setting_names[i], values[i],
				    settings_table[i].what);
			return -1;
		}
		settings->set |= settings_table[i].set;
	}
	return 0;
}

/* ---- the gate ---- */

struct texts {
	const char *rules, *exec, *clamd, *checks, *check_ms, *on_error, *mark, *group, *log;
	const char *settings[GATE_SETTINGS];
};

static int parse_checker(struct gate *g, const struct texts *texts)
{
	if (texts->exec && texts->clamd) {
		usage_error("gate: --exec or --clamd, not both");
		return -1;
	}
	g->rules_path = texts->rules;
	g->checker = texts->exec ? texts->exec : texts->clamd;
	g->asks = texts->exec ? CHECK_EXEC : texts->clamd ? CHECK_CLAMD : CHECK_HASH;
	if (g->checker && !*g->checker) {
		usage_error("gate: the checker has no name");
		return -1;
	}
	if (!g->rules_path && !g->checker) {
		usage_error("gate: --rules, --exec or --clamd is missing");
		return -1;
	}
	return 0;
}

static int parse_log(struct gate *g, const char *text)
{
	if (!strcmp(text, "denied"))
		g->logged = LOG_DENIED;
	else if (!strcmp(text, "all"))
		g->logged = LOG_ALL;
	else if (!strcmp(text, "none"))
		g->logged = LOG_NONE;
	else
		return -1;
	return 0;
}

static int bad(const char *option, const char *text, const char *what)
{
	usage_error("--%s %s: not %s", option, text, what);
	return -1;
}

static int parse_values(struct gate_options *options, struct gate *g, const struct texts *texts)
{
	int type;

	options->checks = CHECKS_DEFAULT;
	if (texts->checks && (parse_u32(texts->checks, &options->checks) || !options->checks ||
			      options->checks > CHECKS_MAX))
		return bad("checks", texts->checks, "a number from 1 to 64");
	if (texts->check_ms && (parse_u32(texts->check_ms, &g->check_ms) || !g->check_ms))
		return bad("check-ms", texts->check_ms, "a number of milliseconds");
	if (texts->on_error && action_parse(texts->on_error, &g->on_error))
		return bad("on-error", texts->on_error, "allow, deny or the name of an errno");
	if (texts->log && parse_log(g, texts->log))
		return bad("log", texts->log, "denied, all or none");
	if (texts->group && (parse_u32(texts->group, &options->group) || !options->group))
		return bad("group", texts->group, "a number of a group");
	if (texts->mark) {
		type = fanotify_nl_mark_type_parse(texts->mark);
		if (type < 0)
			return bad("mark", texts->mark, "a type of mark");
		options->mark_type = type;
	}
	if (gate_settings_parse(&options->settings, texts->settings))
		return -1;
	if (!(options->settings.set & FANOTIFY_NL_SET_WINDOW) &&
	    options->checks * WINDOW_CHECK > WINDOW_DEFAULT) {
		options->settings.set |= FANOTIFY_NL_SET_WINDOW;
		options->settings.window = options->checks * WINDOW_CHECK;
	}
	return 0;
}

static int parse_paths(struct gate_options *options, const struct words *words)
{
	bool global = options->mark_type == FANOTIFY_MARK_TYPE_GLOBAL;

	options->paths = words->list;
	if (words->command) {
		usage_error("gate: it runs no command");
		return -1;
	}
	if (words->count && (global || options->check)) {
		usage_error("%s: %s takes no path", words->list[0],
			    global ? "a global mark" : "--check");
		return -1;
	}
	if (!words->count && !global && !options->check) {
		usage_error("gate: a path is missing");
		return -1;
	}
	return 0;
}

int gate_options_parse(struct gate_options *options, struct gate *g, char **argv)
{
	struct texts texts = { 0 };
	bool help = false, json = false, check = false;
	struct option_def defs[13 + GATE_SETTINGS] = {
		{ .name = "help", .flag = &help },
		{ .name = "json", .flag = &json },
		{ .name = "check", .flag = &check },
		{ .name = "rules", .value = &texts.rules },
		{ .name = "exec", .value = &texts.exec },
		{ .name = "clamd", .value = &texts.clamd },
		{ .name = "checks", .value = &texts.checks },
		{ .name = "check-ms", .value = &texts.check_ms },
		{ .name = "on-error", .value = &texts.on_error },
		{ .name = "mark", .value = &texts.mark },
		{ .name = "group", .value = &texts.group },
		{ .name = "log", .value = &texts.log },
	};
	struct words words;

	for (int i = 0; i < GATE_SETTINGS; i++)
		defs[12 + i] = (struct option_def){
			.name = gate_setting_names[i],
			.value = &texts.settings[i],
		};
	if (options_parse(defs, argv, &words))
		return -1;
	if (help)
		return 1;
	*options = (struct gate_options){ .check = check };
	g->out.json = json;
	if (check && !texts.rules) {
		usage_error("gate: --check needs --rules");
		return -1;
	}
	if (parse_checker(g, &texts) || parse_values(options, g, &texts))
		return -1;
	return parse_paths(options, &words);
}
