// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Filters of a group, to the kernel and back.
 */
#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "internal.h"

/* As the kernel tells it: the pattern is still in the message. */
struct filter {
	struct fanotify_nl_filter filter;
	const char *name;
};

#define FILTER(attr, k, field)							\
	[FANOTIFY_A_FILTER_##attr] = {						\
		.kind = (k),							\
		.offset = offsetof(struct filter, filter.field),		\
		.bit = 1 << FANOTIFY_A_FILTER_##attr,				\
	}

static const struct attr_rule filter_rules[FANOTIFY_A_FILTER_MAX + 1] = {
	FILTER(FLAGS, ATTR_32, flags),
	FILTER(TGID, ATTR_32, tgid),
	FILTER(START, ATTR_64, start),
	FILTER(UID, ATTR_32, uid),
	FILTER(CGROUP, ATTR_64, cgroup),
	[FANOTIFY_A_FILTER_NAME] = {
		.kind = ATTR_STRING,
		.offset = offsetof(struct filter, name),
		.len_offset = ATTR_NO_OFFSET,
		.max = FANOTIFY_PATTERN_MAX,
		.bit = 1 << FANOTIFY_A_FILTER_NAME,
	},
};

static int put_by(struct fanotify_nl *h, union request *req,
		  const struct fanotify_nl_filter *filter, const char *what)
{
	switch (filter->by) {
	case FANOTIFY_A_FILTER_TGID:
		mnl_attr_put_u32(&req->nlh, FANOTIFY_A_FILTER_TGID, filter->tgid);
		if (filter->start)
			mnl_attr_put_u64(&req->nlh, FANOTIFY_A_FILTER_START, filter->start);
		return 0;
	case FANOTIFY_A_FILTER_UID:
		mnl_attr_put_u32(&req->nlh, FANOTIFY_A_FILTER_UID, filter->uid);
		return 0;
	case FANOTIFY_A_FILTER_CGROUP:
		mnl_attr_put_u64(&req->nlh, FANOTIFY_A_FILTER_CGROUP, filter->cgroup);
		return 0;
	case FANOTIFY_A_FILTER_NAME:
		if (!memchr(filter->name, '\0', sizeof(filter->name)))
			return fail(h, EINVAL, "%s: a pattern of more than %u bytes", what,
				    FANOTIFY_PATTERN_MAX);
		mnl_attr_put_strz(&req->nlh, FANOTIFY_A_FILTER_NAME, filter->name);
		return 0;
	default:
		return fail(h, EINVAL, "%s: a filter goes by tgid, uid, cgroup or name, not by %u",
			    what, filter->by);
	}
}

int filters_put(struct fanotify_nl *h, union request *req,
		const struct fanotify_nl_settings *settings, const char *what)
{
	struct nlattr *filters, *nest;
	int ret = 0;

	if (settings->nr_filters > FANOTIFY_FILTERS_MAX)
		return fail(h, E2BIG, "%s: %u filters; a group has %u at most", what,
			    settings->nr_filters, FANOTIFY_FILTERS_MAX);
	filters = mnl_attr_nest_start(&req->nlh, FANOTIFY_A_GROUP_FILTERS);
	for (__u32 i = 0; i < settings->nr_filters && !ret; i++) {
		const struct fanotify_nl_filter *filter = &settings->filters[i];

		nest = mnl_attr_nest_start(&req->nlh, FANOTIFY_A_FILTERS_FILTER);
		if (filter->flags)
			mnl_attr_put_u32(&req->nlh, FANOTIFY_A_FILTER_FLAGS, filter->flags);
		ret = put_by(h, req, filter, what);
		mnl_attr_nest_end(&req->nlh, nest);
	}
	mnl_attr_nest_end(&req->nlh, filters);
	return ret;
}

static int filter_parse(struct attrs attrs, struct fanotify_nl_filter *out)
{
	static const __u32 choice[] = {
		FANOTIFY_A_FILTER_TGID, FANOTIFY_A_FILTER_UID, FANOTIFY_A_FILTER_CGROUP,
		FANOTIFY_A_FILTER_NAME,
	};
	struct filter filter = { 0 };
	__u64 has = 0;
	int ret;

	ret = attr_parse(attrs, filter_rules, FANOTIFY_A_FILTER_MAX, &filter, &has);
	if (ret)
		return ret;
	for (size_t i = 0; i < sizeof(choice) / sizeof(choice[0]); i++)
		if (has & 1 << choice[i])
			filter.filter.by = choice[i];
	if (filter.name)
		strcpy(filter.filter.name, filter.name);
	*out = filter.filter;
	return 0;
}

int filters_parse(struct attrs attrs, struct fanotify_nl_settings *settings)
{
	struct attr attr;
	int ret;

	settings->nr_filters = 0;
	while ((ret = attr_next(&attrs, &attr)) > 0) {
		struct attrs inner = { .pos = attr.data, .len = attr.len };

		if (attr.type != FANOTIFY_A_FILTERS_FILTER)
			continue;
		if (settings->nr_filters == FANOTIFY_FILTERS_MAX)
			return -EBADMSG;
		ret = filter_parse(inner, &settings->filters[settings->nr_filters++]);
		if (ret)
			return ret;
	}
	return ret;
}
