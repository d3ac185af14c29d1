// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Groups: bind, unbind, look, change.
 */
#include <errno.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>

#include "internal.h"

#define GROUP(name, k, field, flag)						\
	[FANOTIFY_A_GROUP_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct group, field),			\
		.bit = (flag),							\
	}

/* A group's message; the token is for nobody but the handle. */
struct group {
	struct fanotify_nl_group_info info;
	__u64 token;
};

#define GATE(name, k, field)							\
	[FANOTIFY_A_GATE_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct fanotify_nl_gate, field),		\
	}

static const struct attr_rule gate_rules[FANOTIFY_A_GATE_MAX + 1] = {
	GATE(STATE, ATTR_32, state),
	GATE(PENDING, ATTR_UINT, pending),
	GATE(PARKED, ATTR_UINT, parked),
	GATE(ALLOWED, ATTR_UINT, allowed),
	GATE(DENIED, ATTR_UINT, denied),
	GATE(DEFERRED, ATTR_UINT, deferred),
	GATE(TIMEOUTS, ATTR_UINT, timeouts),
	GATE(UNDELIVERED, ATTR_UINT, undelivered),
	GATE(WITHDRAWN, ATTR_UINT, withdrawn),
	GATE(ABANDONED, ATTR_UINT, abandoned),
	GATE(EVICTIONS, ATTR_UINT, evictions),
	GATE(TAKEOVERS, ATTR_UINT, takeovers),
	GATE(REMEMBERED, ATTR_UINT, remembered),
	GATE(NOT_REMEMBERED, ATTR_UINT, not_remembered),
};

static const struct attr_rule group_rules[FANOTIFY_A_GROUP_MAX + 1] = {
	GROUP(NUMBER, ATTR_32, info.number, 0),
	GROUP(TOKEN, ATTR_64, token, 0),
	GROUP(MEMBER, ATTR_32, info.member, 0),
	GROUP(EVENT_MAX, ATTR_32, info.event_max, 0),
	GROUP(UID, ATTR_32, info.uid, 0),
	GROUP(MEMBERS, ATTR_32, info.members, 0),
	GROUP(MARKS, ATTR_32, info.marks, 0),
	GROUP(PRIORITY, ATTR_32, info.settings.priority, FANOTIFY_NL_SET_PRIORITY),
	GROUP(MASK, ATTR_UINT, info.settings.mask, FANOTIFY_NL_SET_MASK),
	GROUP(STAT_MASK, ATTR_32, info.settings.stat_mask, FANOTIFY_NL_SET_STAT_MASK),
	GROUP(OPEN_FLAGS, ATTR_32, info.settings.open_flags, FANOTIFY_NL_SET_OPEN_FLAGS),
	GROUP(QUEUE_LIMIT, ATTR_UINT, info.settings.queue_limit, FANOTIFY_NL_SET_QUEUE_LIMIT),
	GROUP(FLAGS, ATTR_32, info.settings.flags, FANOTIFY_NL_SET_FLAGS),
	GROUP(TIMEOUT_MS, ATTR_32, info.settings.timeout_ms, FANOTIFY_NL_SET_TIMEOUT_MS),
	GROUP(ON_TIMEOUT, ATTR_32, info.settings.on_timeout, FANOTIFY_NL_SET_ON_TIMEOUT),
	GROUP(WAIT_MS, ATTR_32, info.settings.wait_ms, FANOTIFY_NL_SET_WAIT_MS),
	GROUP(EVICT_AFTER, ATTR_32, info.settings.evict_after, FANOTIFY_NL_SET_EVICT_AFTER),
	GROUP(ON_EVICT, ATTR_32, info.settings.on_evict, FANOTIFY_NL_SET_ON_EVICT),
	GROUP(LINGER_MS, ATTR_32, info.settings.linger_ms, FANOTIFY_NL_SET_LINGER_MS),
	GROUP(UID_PENDING, ATTR_32, info.settings.uid_pending, FANOTIFY_NL_SET_UID_PENDING),
	GROUP(WINDOW, ATTR_32, info.settings.window, FANOTIFY_NL_SET_WINDOW),
	[FANOTIFY_A_GROUP_GATE] = {
		.kind = ATTR_NEST,
		.offset = offsetof(struct group, info.gate),
		.has_offset = ATTR_NO_OFFSET,
		.nest = gate_rules,
		.nest_max = FANOTIFY_A_GATE_MAX,
	},
};

static int group_parse(const struct nlmsghdr *msg, struct group *group)
{
	struct fanotify_nl_settings *settings = &group->info.settings;
	struct attrs attrs = msg_attrs(msg);
	struct attr attr;
	__u64 has = 0;
	int ret;

	*group = (struct group){ 0 };
	ret = attr_parse(attrs, group_rules, FANOTIFY_A_GROUP_MAX, group, &has);
	while (!ret && attr_next(&attrs, &attr) > 0) {
		struct attrs inner = { .pos = attr.data, .len = attr.len };

		if (attr.type != FANOTIFY_A_GROUP_FILTERS)
			continue;
		has |= FANOTIFY_NL_SET_FILTERS;
		ret = filters_parse(inner, settings);
	}
	settings->set = has;
	return ret;
}

#define GATE_SETTING(name, field)						\
	{ FANOTIFY_NL_SET_##name, FANOTIFY_A_GROUP_##name,			\
	  offsetof(struct fanotify_nl_settings, field) }

/* Those of permission groups, all of them __u32. */
static const struct {
	__u32 set;
	__u16 attr;
	size_t offset;
} gate_settings[] = {
	GATE_SETTING(TIMEOUT_MS, timeout_ms),
	GATE_SETTING(ON_TIMEOUT, on_timeout),
	GATE_SETTING(WAIT_MS, wait_ms),
	GATE_SETTING(EVICT_AFTER, evict_after),
	GATE_SETTING(ON_EVICT, on_evict),
	GATE_SETTING(LINGER_MS, linger_ms),
	GATE_SETTING(UID_PENDING, uid_pending),
	GATE_SETTING(WINDOW, window),
};

static int put_settings(struct fanotify_nl *h, union request *req,
			const struct fanotify_nl_settings *s, const char *what)
{
	if (s->set & FANOTIFY_NL_SET_PRIORITY)
		mnl_attr_put_u32(&req->nlh, FANOTIFY_A_GROUP_PRIORITY, s->priority);
	if (s->set & FANOTIFY_NL_SET_MASK)
		request_put_uint(req, FANOTIFY_A_GROUP_MASK, s->mask);
	if (s->set & FANOTIFY_NL_SET_STAT_MASK)
		mnl_attr_put_u32(&req->nlh, FANOTIFY_A_GROUP_STAT_MASK, s->stat_mask);
	if (s->set & FANOTIFY_NL_SET_OPEN_FLAGS)
		mnl_attr_put_u32(&req->nlh, FANOTIFY_A_GROUP_OPEN_FLAGS, s->open_flags);
	if (s->set & FANOTIFY_NL_SET_QUEUE_LIMIT)
		request_put_uint(req, FANOTIFY_A_GROUP_QUEUE_LIMIT, s->queue_limit);
	if (s->set & FANOTIFY_NL_SET_FLAGS)
		mnl_attr_put_u32(&req->nlh, FANOTIFY_A_GROUP_FLAGS, s->flags);
	for (size_t i = 0; i < sizeof(gate_settings) / sizeof(gate_settings[0]); i++)
		if (s->set & gate_settings[i].set)
			mnl_attr_put_u32(&req->nlh, gate_settings[i].attr,
					 *(const __u32 *)((const char *)s +
							  gate_settings[i].offset));
	if (s->set & FANOTIFY_NL_SET_FILTERS)
		return filters_put(h, req, s, what);
	return 0;
}

/*
 * Waits for the answer to a bind on the event socket: the group or an error. No
 * acknowledgement is asked for, as a failure to receive that would leave a
 * member behind. Events may come before, by another member's marks: they stay in
 * the stream's buffer, in order.
 */
static int bind_answer(struct fanotify_nl *h, __u32 seq, struct group *group)
{
	struct buffer *buf = &h->stream.buf;

	for (;;) {
		size_t start = buf->len;
		const struct nlmsghdr *msg;
		ssize_t n;

		n = sock_recv(h->events, buf, MSG_DONTWAIT, &h->counters.forged);
		if (n == -ENOBUFS)
			continue;
		if (n < 0)
			return fail(h, -n, "bind: no answer: %m");
		if (n < (ssize_t)sizeof(*msg))
			return fail(h, EBADMSG, "bind: malformed answer");
		msg = (const void *)(buf->data + start);
		if (msg->nlmsg_seq != seq)
			continue;

		buf->len = start;
		if (msg->nlmsg_len > (size_t)n)
			return fail(h, EBADMSG, "bind: malformed answer");
		if (msg->nlmsg_type == NLMSG_ERROR) {
			int ret = msg_error(h, msg, "bind");

			return ret ? ret : fail(h, EBADMSG, "bind: malformed answer");
		}
		if (group_parse(msg, group))
			return fail(h, EBADMSG, "bind: malformed answer");
		return 0;
	}
}

API int fanotify_nl_bind(struct fanotify_nl *h, const struct fanotify_nl_bind *bind)
{
	static const struct fanotify_nl_bind defaults;
	struct group group = { 0 };
	union request req;
	int ret;

	if (!h->family)
		return fail(h, EBADF, "bind: the handle is not open");
	if (h->is_bound)
		return fail(h, EISCONN, "bind: the handle is bound to group %u already",
			    h->bound.number);
	if (!bind)
		bind = &defaults;

	stream_reset(&h->stream);
	h->counters = (struct fanotify_nl_counters){ 0 };
	sock_set_rcvbuf(h->events, bind->rcvbuf ? bind->rcvbuf : FANOTIFY_NL_RCVBUF_DEFAULT);

	request_init(h, &req, FANOTIFY_CMD_BIND, 0);
	req.nlh.nlmsg_seq = ++h->seq;
	if (bind->number)
		mnl_attr_put_u32(&req.nlh, FANOTIFY_A_GROUP_NUMBER, bind->number);
	ret = put_settings(h, &req, &bind->settings, "bind");
	if (ret)
		return ret;
	if (bind->excl)
		mnl_attr_put(&req.nlh, FANOTIFY_A_GROUP_EXCL, 0, NULL);
	ret = sock_send(h->events, &req.nlh);
	if (ret)
		return fail(h, -ret, "bind: %m");
	ret = bind_answer(h, req.nlh.nlmsg_seq, &group);
	if (ret)
		return ret;

	h->bound = group.info;
	h->token = group.token;
	h->is_bound = true;
	return 0;
}

API int fanotify_nl_unbind(struct fanotify_nl *h)
{
	union request req;
	ssize_t n;
	int ret;

	ret = need_bound(h, "unbind");
	if (ret)
		return ret;
	request_init(h, &req, FANOTIFY_CMD_UNBIND, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_GROUP_NUMBER, h->bound.number);
	mnl_attr_put_u64(&req.nlh, FANOTIFY_A_GROUP_TOKEN, h->token);
	ret = call_plain(h, &req, "unbind");
	/* The group, or the membership, may be gone already, with the module. */
	if (ret && ret != -ENOENT && ret != -EACCES)
		return ret;

	/* What was pushed before is of no group that we know. */
	do {
		h->stream.buf.len = 0;
		n = sock_recv(h->events, &h->stream.buf, MSG_DONTWAIT,
			      &h->counters.forged);
	} while (n > 0 || n == -EMSGSIZE || n == -ENOBUFS || n == -ESHUTDOWN);
	stream_reset(&h->stream);
	h->is_bound = false;
	return 0;
}

API const struct fanotify_nl_group_info *fanotify_nl_bound(const struct fanotify_nl *h)
{
	return h->is_bound ? &h->bound : NULL;
}

/* Without a @token, of any group. */
static int group_set(struct fanotify_nl *h, __u32 number, const __u64 *token,
		     const struct fanotify_nl_settings *settings)
{
	union request req;
	int ret;

	request_init(h, &req, FANOTIFY_CMD_GROUP_SET, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_GROUP_NUMBER, number);
	if (token)
		mnl_attr_put_u64(&req.nlh, FANOTIFY_A_GROUP_TOKEN, *token);
	ret = put_settings(h, &req, settings, "group set");
	if (ret)
		return ret;
	return call_plain(h, &req, "group set");
}

API int fanotify_nl_group_set(struct fanotify_nl *h, const struct fanotify_nl_settings *settings)
{
	int ret = need_bound(h, "group set");

	return ret ? ret : group_set(h, h->bound.number, &h->token, settings);
}

API int fanotify_nl_group_set_by_number(struct fanotify_nl *h, __u32 number,
					const struct fanotify_nl_settings *settings)
{
	return group_set(h, number, NULL, settings);
}

API int fanotify_nl_group_get(struct fanotify_nl *h, __u32 number,
			      struct fanotify_nl_group_info *info)
{
	const struct nlmsghdr *msg;
	struct group group;
	union request req;
	int ret;

	request_init(h, &req, FANOTIFY_CMD_GROUP_GET, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_GROUP_NUMBER, number);
	ret = call(h, &req, "group get", &h->reply);
	if (ret)
		return ret;
	if (buffer_next(&h->reply, &msg) <= 0 || group_parse(msg, &group))
		return fail(h, EBADMSG, "group get: malformed answer");
	*info = group.info;
	return 0;
}

API int fanotify_nl_groups(struct fanotify_nl *h, fanotify_nl_group_cb cb, void *arg)
{
	struct buffer reply = { 0 };
	const struct nlmsghdr *msg;
	struct group group;
	union request req;
	int ret;

	request_init(h, &req, FANOTIFY_CMD_GROUP_GET, NLM_F_DUMP);
	ret = call(h, &req, "group list", &reply);
	while (!ret && buffer_next(&reply, &msg) > 0) {
		if (group_parse(msg, &group))
			ret = fail(h, EBADMSG, "group list: malformed answer");
		else
			ret = cb(&group.info, arg);
	}
	buffer_free(&reply);
	return ret;
}
