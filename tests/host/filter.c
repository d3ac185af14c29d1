// SPDX-License-Identifier: GPL-2.0
/*
 * Filters, to the kernel and back.
 */
#include <errno.h>

#include "fake.h"
#include "tap.h"

static struct fanotify_nl h;
static union message m;

static const struct fanotify_nl_filter some[] = {
	{ .by = FANOTIFY_A_FILTER_TGID, .flags = FANOTIFY_FILTER_FLAG_EXCLUDE, .tgid = 7,
	  .start = 1ULL << 40 },
	{ .by = FANOTIFY_A_FILTER_UID, .uid = 1001 },
	{ .by = FANOTIFY_A_FILTER_CGROUP, .cgroup = 1ULL << 41 },
	{ .by = FANOTIFY_A_FILTER_NAME, .flags = FANOTIFY_FILTER_FLAG_ONLY_DIRS, .name = "*.o" },
};

#define SOME	(sizeof(some) / sizeof(some[0]))

static void start(fake_answer answer)
{
	fake_stop(&h);
	fake_bound(&h, answer);
}

/* The group's filters are those of the request. */
static const struct nlattr *filters;
static union message request_seen;

static void see(const struct nlmsghdr *request)
{
	const struct nlattr *attr;

	memcpy(&request_seen, request, request->nlmsg_len);
	filters = NULL;
	mnl_attr_for_each(attr, &request_seen.nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == FANOTIFY_A_GROUP_FILTERS)
			filters = attr;
	message_error(&m, request->nlmsg_seq, 0, NULL);
	fake_queue(&m);
}

static void answer_set_or_get(const struct nlmsghdr *request)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(request);

	if (genl->cmd == FANOTIFY_CMD_GROUP_GET) {
		message_init(&m, FANOTIFY_CMD_GROUP_GET, request->nlmsg_seq);
		mnl_attr_put_u32(&m.nlh, FANOTIFY_A_GROUP_NUMBER, 1);
		mnl_attr_put(&m.nlh, mnl_attr_get_type(filters) | NLA_F_NESTED,
			     mnl_attr_get_payload_len(filters), mnl_attr_get_payload(filters));
		fake_queue(&m);
		message_error(&m, request->nlmsg_seq, 0, NULL);
		fake_queue(&m);
	} else {
		see(request);
	}
}

static void there_and_back(void)
{
	struct fanotify_nl_settings settings = { .set = FANOTIFY_NL_SET_FILTERS };
	struct fanotify_nl_group_info info;

	start(answer_set_or_get);
	memcpy(settings.filters, some, sizeof(some));
	for (settings.nr_filters = 0; settings.nr_filters <= SOME; settings.nr_filters++) {
		CHECK_EQ(fanotify_nl_group_set(&h, &settings), 0);
		CHECK(filters);
		CHECK_EQ(fanotify_nl_group_get(&h, 1, &info), 0);
		CHECK_EQ(info.settings.set, FANOTIFY_NL_SET_FILTERS);
		CHECK_EQ(info.settings.nr_filters, settings.nr_filters);
		CHECK(!memcmp(info.settings.filters, some, settings.nr_filters * sizeof(some[0])));
	}
}

static void not_given(void)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_PRIORITY,
		.nr_filters = 1,
		.filters = { some[1] },
	};

	start(answer_set_or_get);
	CHECK_EQ(fanotify_nl_group_set(&h, &settings), 0);
	CHECK(!filters);
}

static void the_largest(void)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_FILTERS,
		.nr_filters = FANOTIFY_FILTERS_MAX,
	};
	struct fanotify_nl_group_info info;

	for (int i = 0; i < FANOTIFY_FILTERS_MAX; i++) {
		settings.filters[i].by = FANOTIFY_A_FILTER_NAME;
		settings.filters[i].flags = FANOTIFY_FILTER_FLAG_EXCLUDE;
		memset(settings.filters[i].name, 'a' + i % 26, FANOTIFY_PATTERN_MAX);
	}
	start(answer_set_or_get);
	CHECK_EQ(fanotify_nl_group_set(&h, &settings), 0);
	CHECK_EQ(fanotify_nl_group_get(&h, 1, &info), 0);
	CHECK_EQ(info.settings.nr_filters, FANOTIFY_FILTERS_MAX);
	CHECK(!memcmp(info.settings.filters, settings.filters, sizeof(settings.filters)));
}

static void refused(void)
{
	struct fanotify_nl_bind bind = {
		.settings = { .set = FANOTIFY_NL_SET_FILTERS, .nr_filters = 1 },
	};
	struct fanotify_nl_settings *settings = &bind.settings;

	start(answer_set_or_get);
	settings->filters[0].by = 77;
	CHECK_EQ(fanotify_nl_group_set(&h, settings), -EINVAL);
	CHECK_STR(fanotify_nl_error(&h),
		  "group set: a filter goes by tgid, uid, cgroup or name, not by 77");
	settings->filters[0].by = FANOTIFY_A_FILTER_NAME;
	memset(settings->filters[0].name, 'a', sizeof(settings->filters[0].name));
	CHECK_EQ(fanotify_nl_group_set(&h, settings), -EINVAL);
	CHECK_STR(fanotify_nl_error(&h), "group set: a pattern of more than 64 bytes");
	settings->nr_filters = FANOTIFY_FILTERS_MAX + 1;
	CHECK_EQ(fanotify_nl_group_set(&h, settings), -E2BIG);
	CHECK_STR(fanotify_nl_error(&h), "group set: 33 filters; a group has 32 at most");
	h.is_bound = false;
	CHECK_EQ(fanotify_nl_bind(&h, &bind), -E2BIG);
	CHECK(!fanotify_nl_bound(&h));
	CHECK_EQ(fake_sent, 0);
}

/* Filters that the kernel tells: @count of them, the pattern of this length. */
static unsigned int count, length;

static void answer_get(const struct nlmsghdr *request)
{
	char name[256] = { 0 };
	struct nlattr *all, *one;

	memset(name, 'a', length);
	message_init(&m, FANOTIFY_CMD_GROUP_GET, request->nlmsg_seq);
	all = mnl_attr_nest_start(&m.nlh, FANOTIFY_A_GROUP_FILTERS);
	/* something of the future */
	mnl_attr_put_u32(&m.nlh, 50, 1);
	for (unsigned int i = 0; i < count; i++) {
		one = mnl_attr_nest_start(&m.nlh, FANOTIFY_A_FILTERS_FILTER);
		mnl_attr_put_u32(&m.nlh, 50, 1);
		mnl_attr_put_strz(&m.nlh, FANOTIFY_A_FILTER_NAME, name);
		mnl_attr_nest_end(&m.nlh, one);
	}
	mnl_attr_nest_end(&m.nlh, all);
	fake_queue(&m);
	message_error(&m, request->nlmsg_seq, 0, NULL);
	fake_queue(&m);
}

static void malformed(void)
{
	struct fanotify_nl_group_info info;

	start(answer_get);
	count = 2;
	length = FANOTIFY_PATTERN_MAX;
	CHECK_EQ(fanotify_nl_group_get(&h, 1, &info), 0);
	CHECK_EQ(info.settings.nr_filters, 2);
	length++;
	CHECK_EQ(fanotify_nl_group_get(&h, 1, &info), -EBADMSG);
	count = FANOTIFY_FILTERS_MAX + 1;
	length = 1;
	CHECK_EQ(fanotify_nl_group_get(&h, 1, &info), -EBADMSG);
	fake_stop(&h);
}

TAP_MAIN(
	{ "filter: what was set is what is told", there_and_back },
	{ "filter: what is not given is not sent", not_given },
	{ "filter: the largest set fits", the_largest },
	{ "filter: what cannot be sent is refused", refused },
	{ "filter: what cannot be told is malformed", malformed },
)
