// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel tells about itself and its members, and opens for us.
 */
#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "internal.h"

#define MEMBER(name, k, field)							\
	[FANOTIFY_A_MEMBER_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct fanotify_nl_member_info, field),	\
	}

static const struct attr_rule member_rules[FANOTIFY_A_MEMBER_MAX + 1] = {
	MEMBER(GROUP, ATTR_32, group),
	MEMBER(MEMBER, ATTR_32, member),
	MEMBER(PORTID, ATTR_32, portid),
	MEMBER(TGID, ATTR_32, tgid),
	MEMBER(STATE, ATTR_32, state),
	MEMBER(SEQ, ATTR_UINT, seq),
	MEMBER(PUSHED, ATTR_UINT, pushed),
	MEMBER(FETCHED, ATTR_UINT, fetched),
	MEMBER(LOST, ATTR_UINT, lost),
	MEMBER(GAPS, ATTR_UINT, gaps),
	MEMBER(WAITING, ATTR_UINT, waiting),
	MEMBER(WAITING_BYTES, ATTR_UINT, waiting_bytes),
	MEMBER(WAITING_MAX, ATTR_UINT, waiting_max),
	MEMBER(MERGED, ATTR_UINT, merged),
	MEMBER(UNANSWERED, ATTR_UINT, unanswered),
	MEMBER(ANSWERED, ATTR_UINT, answered),
	MEMBER(TIMEOUTS, ATTR_UINT, timeouts),
	MEMBER(ROW, ATTR_UINT, row),
};

API int fanotify_nl_stats(struct fanotify_nl *h, __u32 group, fanotify_nl_member_cb cb, void *arg)
{
	struct buffer reply = { 0 };
	const struct nlmsghdr *msg;
	union request req;
	int ret;

	request_init(h, &req, FANOTIFY_CMD_STATS_GET, NLM_F_DUMP);
	if (group)
		mnl_attr_put_u32(&req.nlh, FANOTIFY_A_MEMBER_GROUP, group);
	ret = call(h, &req, "stats", &reply);
	while (!ret && buffer_next(&reply, &msg) > 0) {
		struct fanotify_nl_member_info info = { 0 };

		if (attr_parse(msg_attrs(msg), member_rules, FANOTIFY_A_MEMBER_MAX, &info, NULL))
			ret = fail(h, EBADMSG, "stats: malformed answer");
		else
			ret = cb(&info, arg);
	}
	buffer_free(&reply);
	return ret;
}

/* A nest of mark-caps, and which type of mark it is about. */
struct mark_caps {
	struct fanotify_nl_mark_caps caps;
	__u32 type;
};

#define MARK_CAPS(name, k, field)						\
	[FANOTIFY_A_MARK_CAPS_##name] = {					\
		.kind = (k),							\
		.offset = offsetof(struct mark_caps, field),			\
	}

static const struct attr_rule mark_caps_rules[FANOTIFY_A_MARK_CAPS_MAX + 1] = {
	MARK_CAPS(TYPE, ATTR_32, type),
	MARK_CAPS(MASK, ATTR_UINT, caps.mask),
	MARK_CAPS(IGNORE_MASK, ATTR_UINT, caps.ignore_mask),
	MARK_CAPS(FLAGS, ATTR_32, caps.flags),
};

/* What struct fanotify_nl_caps has of it, but the version as a pointer. */
struct caps {
	struct fanotify_nl_caps caps;
	const char *version;
};

#define CAPS(name, k, field)							\
	[FANOTIFY_A_CAPS_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct caps, caps.field),			\
	}

static const struct attr_rule caps_rules[FANOTIFY_A_CAPS_MAX + 1] = {
	CAPS(KINDS, ATTR_UINT, kinds),
	CAPS(EXACT, ATTR_UINT, exact),
	CAPS(RANGED, ATTR_UINT, ranged),
	CAPS(STAT_MASK, ATTR_32, stat_mask),
	CAPS(EVENT_MAX, ATTR_32, event_max),
	CAPS(RCVBUF_MIN, ATTR_32, rcvbuf_min),
	CAPS(QUEUE_DEFAULT, ATTR_UINT, queue_default),
	CAPS(QUEUE_MIN, ATTR_UINT, queue_min),
	CAPS(QUEUE_MAX, ATTR_UINT, queue_max),
	CAPS(GROUPS_MAX, ATTR_32, groups_max),
	CAPS(MARKS_MAX, ATTR_32, marks_max),
	CAPS(MEMBERS_MAX, ATTR_32, members_max),
	CAPS(FILTERS_MAX, ATTR_32, filters_max),
	CAPS(PERMISSION_GROUPS_MAX, ATTR_32, permission_groups_max),
	CAPS(REMEMBERED_MAX, ATTR_32, remembered_max),
	CAPS(JOURNAL_LEVELS, ATTR_32, journal_levels),
	[FANOTIFY_A_CAPS_VERSION] = {
		.kind = ATTR_STRING,
		.offset = offsetof(struct caps, version),
		.len_offset = ATTR_NO_OFFSET,
		.max = FANOTIFY_NL_VERSION_MAX,
	},
};

static int caps_parse(const struct nlmsghdr *msg, struct caps *caps)
{
	struct attrs attrs = msg_attrs(msg);
	struct attr attr;
	int ret;

	ret = attr_parse(attrs, caps_rules, FANOTIFY_A_CAPS_MAX, caps, NULL);
	if (ret)
		return ret;
	if (caps->version)
		strcpy(caps->caps.version, caps->version);

	while (attr_next(&attrs, &attr) > 0) {
		struct attrs inner = { .pos = attr.data, .len = attr.len };
		struct mark_caps mark = { 0 };

		if (attr.type != FANOTIFY_A_CAPS_MARK_CAPS)
			continue;
		ret = attr_parse(inner, mark_caps_rules, FANOTIFY_A_MARK_CAPS_MAX, &mark, NULL);
		if (ret)
			return ret;
		if (mark.type <= FANOTIFY_NL_MARK_TYPE_MAX)
			caps->caps.marks[mark.type] = mark.caps;
	}
	return 0;
}

API int fanotify_nl_caps(struct fanotify_nl *h, struct fanotify_nl_caps *out)
{
	struct caps caps = { 0 };
	const struct nlmsghdr *msg;
	union request req;
	int ret;

	request_init(h, &req, FANOTIFY_CMD_CAPS_GET, NLM_F_ACK);
	ret = call(h, &req, "capabilities", &h->reply);
	if (ret)
		return ret;
	if (buffer_next(&h->reply, &msg) <= 0 || caps_parse(msg, &caps))
		return fail(h, EBADMSG, "capabilities: malformed answer");
	*out = caps.caps;
	return 0;
}

API int fanotify_nl_event_open(struct fanotify_nl *h, int mount_fd,
			       const struct fanotify_nl_node *node)
{
	union request req;
	int ret;

	ret = need_bound(h, "event open");
	if (ret)
		return ret;
	if (!node->handle)
		return fail(h, ENODATA, "event open: the object has no file handle");
	if (!node->handle_len || node->handle_len > FANOTIFY_HANDLE_MAX)
		return fail(h, EINVAL, "event open: a file handle has 1 to %u bytes, not %u",
			    FANOTIFY_HANDLE_MAX, node->handle_len);

	request_init(h, &req, FANOTIFY_CMD_EVENT_OPEN, 0);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_EVENT_OPEN_GROUP, h->bound.number);
	mnl_attr_put_u64(&req.nlh, FANOTIFY_A_EVENT_OPEN_TOKEN, h->token);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_EVENT_OPEN_MOUNT_FD, mount_fd);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE, node->handle_type);
	mnl_attr_put(&req.nlh, FANOTIFY_A_EVENT_OPEN_HANDLE, node->handle_len, node->handle);
	return call_fd(h, &req, "event open");
}
