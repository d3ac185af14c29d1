// SPDX-License-Identifier: GPL-2.0
/*
 * Commands about groups, and the library.
 */
#include "faults.h"

static int run_bind(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_BIND, 0);
	return nl_call(&s->nl);
}

static int prepare_group(struct scene *s)
{
	s->h = member_open(0, 0, 0);
	if (!s->h)
		return -1;
	s->number = fanotify_nl_bound(s->h)->number;
	return 0;
}

static int run_join(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_NUMBER, s->number);
	return nl_call(&s->nl);
}

static const char *check_join(struct scene *s, int ret)
{
	return as_told(ret, group_says(s, FANOTIFY_A_GROUP_MEMBERS) == 2);
}

static int run_unbind(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_UNBIND);
	return nl_call(&s->nl);
}

static const char *check_unbind(struct scene *s, int ret)
{
	return as_told(ret, groups(s) == 0);
}

static int run_group_set(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_GROUP_SET);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_PRIORITY, 7);
	return nl_call(&s->nl);
}

static const char *check_group_set(struct scene *s, int ret)
{
	return as_told(ret, group_says(s, FANOTIFY_A_GROUP_PRIORITY) == 7);
}

static void put_filters(struct scene *s)
{
	struct nlattr *filters = mnl_attr_nest_start(s->nl.request, FANOTIFY_A_GROUP_FILTERS);
	struct nlattr *filter = mnl_attr_nest_start(s->nl.request, FANOTIFY_A_FILTERS_FILTER);

	nl_put_u32(&s->nl, FANOTIFY_A_FILTER_UID, 0);
	mnl_attr_nest_end(s->nl.request, filter);
	mnl_attr_nest_end(s->nl.request, filters);
}

static int run_bind_filters(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_BIND, 0);
	put_filters(s);
	return nl_call(&s->nl);
}

static int run_filters(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_GROUP_SET);
	put_filters(s);
	return nl_call(&s->nl);
}

static const char *check_filters(struct scene *s, int ret)
{
	const struct nlattr *filters;

	if (group_says(s, FANOTIFY_A_GROUP_NUMBER) < 0)
		return "the group cannot be looked at";
	filters = nl_attr(s->onlooker.reply, FANOTIFY_A_GROUP_FILTERS);
	return as_told(ret, filters && nl_sub(filters, FANOTIFY_A_FILTERS_FILTER));
}

static int run_group_merge(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_GROUP_SET);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_PRIORITY, 7);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_FLAGS, FANOTIFY_GROUP_FLAG_MERGE);
	return nl_call(&s->nl);
}

static const char *check_group_merge(struct scene *s, int ret)
{
	bool on = group_says(s, FANOTIFY_A_GROUP_FLAGS) == FANOTIFY_GROUP_FLAG_MERGE;

	if (on != (group_says(s, FANOTIFY_A_GROUP_PRIORITY) == 7))
		return "a part of it was done";
	return as_told(ret, on);
}

static int run_group_get(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_GROUP_GET, 0);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_NUMBER, s->number);
	return nl_call(&s->nl);
}

static int run_caps_get(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_CAPS_GET, 0);
	return nl_call(&s->nl);
}

static int run_groups(struct scene *s)
{
	return run_dump(s, FANOTIFY_CMD_GROUP_GET);
}

static int run_stats(struct scene *s)
{
	return run_dump(s, FANOTIFY_CMD_STATS_GET);
}

static int run_library(struct scene *s)
{
	int ret = fanotify_nl_open(&s->h);

	if (!ret)
		ret = fanotify_nl_bind(s->h, NULL);
	if (!ret)
		ret = member_mark(s->h, ".", KIND(CREATE));
	if (!ret)
		ret = fanotify_nl_unbind(s->h);
	return ret;
}

static const char *check_library(struct scene *s, int ret)
{
	if (ret && s->h && !*fanotify_nl_error(s->h))
		return "an error without a text";
	fanotify_nl_close(s->h);
	s->h = NULL;
	return groups(s) ? "a group is left" : NULL;
}

OPERATION(bind, prepare_nothing, run_bind, check_bind, 5, false);
OPERATION(join, prepare_group, run_join, check_join, 5, false);
OPERATION(unbind, scene_bind, run_unbind, check_unbind, 2, false);
OPERATION(group_set, scene_bind, run_group_set, check_group_set, 2, false);
OPERATION(bind_filters, prepare_nothing, run_bind_filters, check_bind, 6, false);
OPERATION(filters, scene_bind, run_filters, check_filters, 3, false);
OPERATION(group_merge, scene_bind, run_group_merge, check_group_merge, 3, false);
OPERATION(group_get, scene_bind, run_group_get, check_one_reply, 3, false);
OPERATION(caps_get, scene_bind, run_caps_get, check_one_reply, 3, false);
OPERATION(groups, scene_bind, run_groups, check_one_reply, 3, false);
OPERATION(stats, scene_bind, run_stats, check_one_reply, 3, false);
OPERATION(library, prepare_nothing, run_library, check_library, 20, false);
