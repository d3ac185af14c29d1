// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Consumers of journals.
 */
#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "internal.h"

/* What an answer has. */
struct consumer {
	struct fanotify_nl_consumer_info info;
	__u64 token;
	const unsigned char *uuid;
};

#define CONSUMER(name, k, field)						\
	[FANOTIFY_A_CONSUMER_##name] = {					\
		.kind = (k),							\
		.offset = offsetof(struct consumer, field),			\
	}

static const struct attr_rule consumer_rules[FANOTIFY_A_CONSUMER_MAX + 1] = {
	[FANOTIFY_A_CONSUMER_NAME] = {
		.kind = ATTR_STRING,
		.offset = offsetof(struct consumer, info.name),
		.len_offset = ATTR_NO_OFFSET,
		.min = 1,
		.max = FANOTIFY_CONSUMER_NAME_MAX,
	},
	CONSUMER(TOKEN, ATTR_64, token),
	[FANOTIFY_A_CONSUMER_UUID] = {
		.kind = ATTR_BINARY,
		.offset = offsetof(struct consumer, uuid),
		.len_offset = ATTR_NO_OFFSET,
		.min = FANOTIFY_UUID_LEN,
		.max = FANOTIFY_UUID_LEN,
	},
	CONSUMER(MASK, ATTR_UINT, info.mask),
	CONSUMER(ACKED, ATTR_UINT, info.acked),
	CONSUMER(EPOCH, ATTR_64, info.epoch),
	CONSUMER(REGISTERED, ATTR_64, info.registered),
	CONSUMER(ACKED_AT, ATTR_64, info.acked_at),
	CONSUMER(BEHIND, ATTR_UINT, info.behind),
	[FANOTIFY_A_CONSUMER_CUT] = {
		.kind = ATTR_NEST,
		.offset = offsetof(struct consumer, info.cut),
		.has_offset = ATTR_NO_OFFSET,
		.nest = gap_rules,
		.nest_max = FANOTIFY_A_GAP_MAX,
	},
};

static void consumer_request(struct fanotify_nl *h, union request *req, __u8 cmd, __u32 id,
			     const char *name)
{
	request_init(h, req, cmd, NLM_F_ACK);
	mnl_attr_put_u32(&req->nlh, FANOTIFY_A_CONSUMER_JOURNAL, id);
	mnl_attr_put_strz(&req->nlh, FANOTIFY_A_CONSUMER_NAME, name);
}

/* Names that are too long for a request would not even be refused by the kernel. */
int consumer_check_name(struct fanotify_nl *h, const char *name)
{
	if (!name || !*name || strnlen(name, FANOTIFY_CONSUMER_NAME_MAX + 1) >
			       FANOTIFY_CONSUMER_NAME_MAX)
		return fail(h, EINVAL, "a consumer's name has 1 to %u bytes",
			    FANOTIFY_CONSUMER_NAME_MAX);
	return 0;
}

static void put_token(union request *req, const __u64 *token)
{
	if (token)
		mnl_attr_put_u64(&req->nlh, FANOTIFY_A_CONSUMER_TOKEN, *token);
	else
		mnl_attr_put(&req->nlh, FANOTIFY_A_CONSUMER_FORCE, 0, NULL);
}

API int fanotify_nl_consumer_add(struct fanotify_nl *h, __u32 id,
				 const struct fanotify_nl_consumer *consumer, __u64 *token,
				 struct fanotify_nl_cursor *cursor)
{
	struct consumer answer = { 0 };
	union request req;
	int ret;

	ret = consumer_check_name(h, consumer->name);
	if (ret)
		return ret;
	consumer_request(h, &req, FANOTIFY_CMD_CONSUMER_ADD, id, consumer->name);
	if (consumer->mask)
		request_put_uint(&req, FANOTIFY_A_CONSUMER_MASK, consumer->mask);
	if (consumer->start)
		mnl_attr_put_u32(&req.nlh, FANOTIFY_A_CONSUMER_START, consumer->start);
	ret = call(h, &req, "consumer add", &h->reply);
	if (!ret)
		ret = call_parse(h, &h->reply, "consumer add", consumer_rules,
				 FANOTIFY_A_CONSUMER_MAX, &answer, NULL);
	if (!ret && !answer.uuid)
		ret = fail(h, EBADMSG, "consumer add: malformed answer");
	if (ret)
		return ret;
	*token = answer.token;
	if (cursor) {
		memcpy(cursor->uuid, answer.uuid, FANOTIFY_UUID_LEN);
		cursor->epoch = answer.info.epoch;
		cursor->index = answer.info.acked;
	}
	return 0;
}

API int fanotify_nl_consumer_remove(struct fanotify_nl *h, __u32 id, const char *name,
				    const __u64 *token)
{
	union request req;
	int ret;

	ret = consumer_check_name(h, name);
	if (ret)
		return ret;
	consumer_request(h, &req, FANOTIFY_CMD_CONSUMER_REMOVE, id, name);
	put_token(&req, token);
	return call_plain(h, &req, "consumer remove");
}

API int fanotify_nl_consumers(struct fanotify_nl *h, __u32 id, fanotify_nl_consumer_cb cb,
			      void *arg)
{
	struct buffer reply = { 0 };
	const struct nlmsghdr *msg;
	union request req;
	int ret;

	request_init(h, &req, FANOTIFY_CMD_CONSUMER_GET, NLM_F_DUMP);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_CONSUMER_JOURNAL, id);
	ret = call(h, &req, "consumers", &reply);
	while (!ret && buffer_next(&reply, &msg) > 0) {
		struct consumer one = { 0 };

		if (attr_parse(msg_attrs(msg), consumer_rules, FANOTIFY_A_CONSUMER_MAX, &one,
			       NULL) || !one.info.name)
			ret = fail(h, EBADMSG, "consumers: malformed answer");
		else
			ret = cb(&one.info, arg);
	}
	buffer_free(&reply);
	return ret;
}

API int fanotify_nl_consumer_ack(struct fanotify_nl *h, __u32 id, const char *name,
				 const __u64 *token, const struct fanotify_nl_cursor *cursor,
				 int options)
{
	union request req;
	int ret;

	ret = consumer_check_name(h, name);
	if (ret)
		return ret;
	consumer_request(h, &req, FANOTIFY_CMD_CONSUMER_ACK, id, name);
	put_token(&req, token);
	mnl_attr_put(&req.nlh, FANOTIFY_A_CONSUMER_UUID, FANOTIFY_UUID_LEN, cursor->uuid);
	mnl_attr_put_u64(&req.nlh, FANOTIFY_A_CONSUMER_EPOCH, cursor->epoch);
	request_put_uint(&req, FANOTIFY_A_CONSUMER_ACKED, cursor->index);
	if (options & FANOTIFY_NL_ACK_SYNC)
		mnl_attr_put(&req.nlh, FANOTIFY_A_CONSUMER_SYNC, 0, NULL);
	if (options & FANOTIFY_NL_ACK_RESET)
		mnl_attr_put(&req.nlh, FANOTIFY_A_CONSUMER_RESET, 0, NULL);
	return call_plain(h, &req, "consumer ack");
}
