// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: filters, as options have them and as groups list them.
 */
#include <linux/magic.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "filter.h"

#define DIRS	(FANOTIFY_FILTER_FLAG_ONLY_DIRS | FANOTIFY_FILTER_FLAG_NO_DIRS)

/* What a filter goes by, and the word for it. */
struct by {
	const char *word;
	__u32 by;
	__u32 flags;
	/* Return: NULL, or what is wrong. */
	const char *(*parse)(const char *text, struct fanotify_nl_filter *filter);
};

static const char *parse_tgid(const char *text, struct fanotify_nl_filter *filter)
{
	if (!strcmp(text, "self"))
		return NULL;
	return parse_u32(text, &filter->tgid) || !filter->tgid ? "not a process" : NULL;
}

static const char *parse_uid(const char *text, struct fanotify_nl_filter *filter)
{
	const struct passwd *user;

	if (!parse_u32(text, &filter->uid))
		return NULL;
	user = getpwnam(text);
	if (!user)
		return "no such user";
	filter->uid = user->pw_uid;
	return NULL;
}

/* The inode number of a cgroup's directory is its id. */
static const char *parse_cgroup(const char *text, struct fanotify_nl_filter *filter)
{
	struct statfs fs;
	struct stat st;

	if (!strcmp(text, "self"))
		return NULL;
	if (statfs(text, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC || stat(text, &st) ||
	    !S_ISDIR(st.st_mode))
		return "not the directory of a cgroup (version 2)";
	filter->cgroup = st.st_ino;
	return NULL;
}

static const char *parse_name(const char *text, struct fanotify_nl_filter *filter)
{
	size_t len = strlen(text);

	if (len > FANOTIFY_PATTERN_MAX)
		return "the pattern is too long";
	memcpy(filter->name, text, len + 1);
	return NULL;
}

static const struct by bys[] = {
	{ "tgid", FANOTIFY_A_FILTER_TGID, 0, parse_tgid },
	{ "uid", FANOTIFY_A_FILTER_UID, 0, parse_uid },
	{ "cgroup", FANOTIFY_A_FILTER_CGROUP, 0, parse_cgroup },
	{ "name", FANOTIFY_A_FILTER_NAME, 0, parse_name },
	{ "dir", FANOTIFY_A_FILTER_NAME, FANOTIFY_FILTER_FLAG_ONLY_DIRS, parse_name },
	{ "file", FANOTIFY_A_FILTER_NAME, FANOTIFY_FILTER_FLAG_NO_DIRS, parse_name },
};

#define BYS	(sizeof(bys) / sizeof(bys[0]))

int filter_option(const struct option_def *def, const char *value)
{
	struct fanotify_nl_settings *settings = def->arg;
	struct fanotify_nl_filter filter = { 0 };
	const char *equals = strchr(value, '=');
	const struct by *by = NULL;
	const char *wrong;

	for (size_t i = 0; equals && i < BYS; i++)
		if (strlen(bys[i].word) == (size_t)(equals - value) &&
		    !memcmp(bys[i].word, value, equals - value))
			by = &bys[i];
	if (!by) {
		usage_error("--%s %s: not tgid=, uid=, cgroup=, name=, dir= or file=", def->name,
			    value);
		return -1;
	}
	filter.by = by->by;
	filter.flags = by->flags;
	if (!strcmp(def->name, "exclude"))
		filter.flags |= FANOTIFY_FILTER_FLAG_EXCLUDE;
	wrong = by->parse(equals + 1, &filter);
	if (wrong) {
		usage_error("--%s %s: %s", def->name, value, wrong);
		return -1;
	}
	if (settings->nr_filters == FANOTIFY_FILTERS_MAX) {
		usage_error("--%s %s: more than %u filters", def->name, value,
			    FANOTIFY_FILTERS_MAX);
		return -1;
	}
	settings->set |= FANOTIFY_NL_SET_FILTERS;
	settings->filters[settings->nr_filters++] = filter;
	return 0;
}

bool filters_have_self(const struct fanotify_nl_settings *settings)
{
	for (__u32 i = 0; i < settings->nr_filters; i++)
		if (settings->filters[i].by == FANOTIFY_A_FILTER_TGID &&
		    !settings->filters[i].tgid)
			return true;
	return false;
}

static void filter_print(struct out *o, const struct fanotify_nl_filter *filter)
{
	bool exclude = filter->flags & FANOTIFY_FILTER_FLAG_EXCLUDE;
	const char *name = "name=";

	if (filter->flags & DIRS)
		name = filter->flags & FANOTIFY_FILTER_FLAG_ONLY_DIRS ? "dir=" : "file=";
	out_object(o, NULL);
	out_text(o, "\n    %s ", exclude ? "exclude" : "include");
	out_bits(o, "flags", NULL, filter->flags, out_filter_flag);
	if (filter->by == FANOTIFY_A_FILTER_TGID) {
		out_u64(o, "tgid", "tgid=", filter->tgid);
		out_u64(o, "start", NULL, filter->start);
	} else if (filter->by == FANOTIFY_A_FILTER_UID) {
		out_u64(o, "uid", "uid=", filter->uid);
	} else if (filter->by == FANOTIFY_A_FILTER_CGROUP) {
		out_u64(o, "cgroup", "cgroup id ", filter->cgroup);
	} else if (filter->by == FANOTIFY_A_FILTER_NAME) {
		out_bytes(o, "name", name, filter->name, strlen(filter->name));
	}
	out_object_end(o);
}

void filters_print(struct out *o, const struct fanotify_nl_settings *settings)
{
	out_list(o, "filters");
	for (__u32 i = 0; i < settings->nr_filters; i++)
		filter_print(o, &settings->filters[i]);
	out_list_end(o);
}
