// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Permission events: verdicts, and what they are about.
 */
#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "internal.h"

/* What one answer takes of a request, and the request besides. */
#define ANSWER_MAX	(4 * NLA_HDRLEN + sizeof(__u64) + 3 * sizeof(__u32) + NLA_HDRLEN)
#define VERDICT_HEAD	128

_Static_assert(VERDICT_HEAD + FANOTIFY_NL_VERDICTS_MAX * (ANSWER_MAX) <= REQUEST_MAX,
	       "the largest request has room for all answers");

static void put_answer(union request *req, const struct fanotify_nl_verdict *verdict)
{
	struct nlattr *nest = mnl_attr_nest_start(&req->nlh, FANOTIFY_A_VERDICT_ANSWER);

	mnl_attr_put_u64(&req->nlh, FANOTIFY_A_ANSWER_ID, verdict->id);
	mnl_attr_put_u32(&req->nlh, FANOTIFY_A_ANSWER_RESPONSE, verdict->response);
	if (verdict->error)
		mnl_attr_put_u32(&req->nlh, FANOTIFY_A_ANSWER_ERROR, verdict->error);
	if (verdict->flags)
		mnl_attr_put_u32(&req->nlh, FANOTIFY_A_ANSWER_FLAGS, verdict->flags);
	mnl_attr_nest_end(&req->nlh, nest);
}

API int fanotify_nl_verdict(struct fanotify_nl *h, const struct fanotify_nl_verdict *verdicts,
			    size_t count)
{
	union request req;
	int ret;

	ret = need_bound(h, "verdict");
	if (ret)
		return ret;
	if (count > FANOTIFY_NL_VERDICTS_MAX)
		return fail(h, E2BIG, "verdict: %zu answers, %u are the most of one call", count,
			    FANOTIFY_NL_VERDICTS_MAX);
	if (!count)
		return 0;
	request_init(h, &req, FANOTIFY_CMD_VERDICT, 0);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_VERDICT_GROUP, h->bound.number);
	mnl_attr_put_u64(&req.nlh, FANOTIFY_A_VERDICT_TOKEN, h->token);
	for (size_t i = 0; i < count; i++)
		put_answer(&req, &verdicts[i]);
	return call_quiet(h, &req, "verdict");
}

API int fanotify_nl_event_open_id(struct fanotify_nl *h, __u64 id)
{
	union request req;
	int ret;

	ret = need_bound(h, "event open");
	if (ret)
		return ret;
	request_init(h, &req, FANOTIFY_CMD_EVENT_OPEN, 0);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_EVENT_OPEN_GROUP, h->bound.number);
	mnl_attr_put_u64(&req.nlh, FANOTIFY_A_EVENT_OPEN_TOKEN, h->token);
	mnl_attr_put_u64(&req.nlh, FANOTIFY_A_EVENT_OPEN_ID, id);
	return call_fd(h, &req, "event open");
}

API int fanotify_nl_gate_lift(struct fanotify_nl *h, __u32 number)
{
	union request req;

	request_init(h, &req, FANOTIFY_CMD_GATE_LIFT, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_GROUP_NUMBER, number);
	return call_plain(h, &req, "gate lift");
}

#define CONTROL(name, k, field)							\
	[FANOTIFY_A_CONTROL_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct fanotify_nl_control, field),		\
		.bit = FANOTIFY_NL_CONTROL_HAS_##name,				\
	}

static const struct attr_rule control_rules[FANOTIFY_A_CONTROL_MAX + 1] = {
	CONTROL(WHAT, ATTR_32, what),
	CONTROL(GROUP, ATTR_32, group),
	CONTROL(MEMBER, ATTR_32, member),
	CONTROL(TGID, ATTR_32, tgid),
	CONTROL(UID, ATTR_32, uid),
	CONTROL(ID, ATTR_64, id),
	CONTROL(OUTCOME, ATTR_32, outcome),
	CONTROL(REALTIME, ATTR_64, realtime),
};

API int fanotify_nl_parse_control(const void *msg, size_t len, struct fanotify_nl_control *control)
{
	struct attrs attrs;
	int ret;

	memset(control, 0, sizeof(*control));
	ret = msg_parse(msg, len, FANOTIFY_CMD_CONTROL_NTF, &attrs);
	if (ret)
		return ret;
	return attr_parse(attrs, control_rules, FANOTIFY_A_CONTROL_MAX, control, &control->has);
}
