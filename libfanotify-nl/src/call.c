// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests over the command socket, and their answers.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>

#include "internal.h"

/* How often a list that changes while it is read is read again. */
#define DUMP_TRIES	16

void request_init(struct fanotify_nl *h, union request *req, __u8 cmd, __u16 flags)
{
	struct genlmsghdr *genl;

	mnl_nlmsg_put_header(req->bytes);
	req->nlh.nlmsg_type = h->family;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(&req->nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = FANOTIFY_FAMILY_VERSION;
}

void request_put_uint(union request *req, __u16 type, __u64 value)
{
	if (value == (__u32)value)
		mnl_attr_put_u32(&req->nlh, type, value);
	else
		mnl_attr_put_u64(&req->nlh, type, value);
}

__u8 msg_cmd(const struct nlmsghdr *msg)
{
	const struct genlmsghdr *genl = NLMSG_DATA(msg);

	return msg->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN ? 0 : genl->cmd;
}

struct attrs msg_attrs(const struct nlmsghdr *msg)
{
	size_t head = NLMSG_HDRLEN + GENL_HDRLEN;

	if (msg->nlmsg_len < head)
		return (struct attrs){ 0 };
	return (struct attrs){
		.pos = (const unsigned char *)msg + head,
		.len = msg->nlmsg_len - head,
	};
}

/* Where the extended acknowledgement starts; no attributes if there is none. */
static struct attrs ext_ack(const struct nlmsghdr *msg)
{
	const struct nlmsgerr *err = NLMSG_DATA(msg);
	size_t skip = NLMSG_HDRLEN;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return (struct attrs){ 0 };
	if (msg->nlmsg_type == NLMSG_DONE) {
		skip += NLMSG_ALIGN(sizeof(int));
	} else {
		skip += sizeof(*err);
		if (!(msg->nlmsg_flags & NLM_F_CAPPED))
			skip += NLMSG_ALIGN((size_t)err->msg.nlmsg_len) - sizeof(err->msg);
	}
	if (skip > msg->nlmsg_len)
		return (struct attrs){ 0 };
	return (struct attrs){
		.pos = (const unsigned char *)msg + skip,
		.len = msg->nlmsg_len - skip,
	};
}

int msg_error(struct fanotify_nl *h, const struct nlmsghdr *msg, const char *what)
{
	size_t least = msg->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(struct nlmsgerr);
	const char *text = NULL;
	unsigned int missing = 0;
	struct attrs attrs;
	struct attr attr;
	int error;

	if (msg->nlmsg_len < NLMSG_HDRLEN + least)
		return fail(h, EBADMSG, "%s: malformed answer", what);
	memcpy(&error, NLMSG_DATA(msg), sizeof(error));
	if (error >= 0)
		return 0;

	attrs = ext_ack(msg);
	while (attr_next(&attrs, &attr) > 0) {
		if (attr.type == NLMSGERR_ATTR_MSG)
			text = attr_string(&attr);
		else if (attr.type == NLMSGERR_ATTR_MISS_TYPE)
			missing = attr_u64(&attr);
	}
	if (text)
		return fail(h, -error, "%s", text);
	if (missing)
		return fail(h, -error, "%s: %m (attribute %u is missing)", what, missing);
	return fail(h, -error, "%s: %m", what);
}

/*
 * Reads until the answer to @req is complete: its acknowledgment, its end, or the one
 * reply where neither comes. Messages with another nlmsg_seq are left over from a call
 * that failed half-way.
 */
static int call_once(struct fanotify_nl *h, union request *req, const char *what,
		     struct buffer *reply, bool *torn)
{
	bool one;
	int ret;

	if (!h->family && req->nlh.nlmsg_type != GENL_ID_CTRL)
		return fail(h, EBADF, "%s: the handle is not open", what);

	*torn = false;
	one = !(req->nlh.nlmsg_flags & (NLM_F_ACK | NLM_F_DUMP));
	reply->len = 0;
	reply->pos = 0;
	req->nlh.nlmsg_seq = ++h->seq;
	ret = sock_send(h->commands, &req->nlh);
	if (ret)
		return fail(h, -ret, "%s: %m", what);

	for (;;) {
		size_t start = reply->len, keep = start;
		const struct nlmsghdr *msg;
		ssize_t n;

		n = sock_recv(h->commands, reply, 0, &h->counters.forged);
		if (n == -EINTR)
			continue;
		if (n < 0)
			return fail(h, -n, "%s: %m", what);

		reply->pos = start;
		while ((ret = buffer_next(reply, &msg)) > 0) {
			if (msg->nlmsg_seq != h->seq)
				continue;
			if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
				*torn = true;
			if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE) {
				ret = msg_error(h, msg, what);
				reply->len = keep;
				reply->pos = 0;
				return ret;
			}
			/* What is not ours is closed up over. */
			memmove(reply->data + keep, msg, NLMSG_ALIGN(msg->nlmsg_len));
			keep += NLMSG_ALIGN(msg->nlmsg_len);
		}
		if (ret < 0)
			return fail(h, -ret, "%s: malformed answer", what);
		reply->len = keep;
		reply->pos = 0;
		if (one && keep)
			return 0;
	}
}

int call(struct fanotify_nl *h, union request *req, const char *what, struct buffer *reply)
{
	bool torn;
	int ret;

	for (int tries = 0; tries < DUMP_TRIES; tries++) {
		ret = call_once(h, req, what, reply, &torn);
		if (ret || !torn)
			return ret;
	}
	return fail(h, EAGAIN, "%s: the list kept changing while it was read", what);
}

int call_plain(struct fanotify_nl *h, union request *req, const char *what)
{
	struct buffer reply = { 0 };
	int ret;

	ret = call(h, req, what, &reply);
	buffer_free(&reply);
	return ret;
}

int call_quiet(struct fanotify_nl *h, union request *req, const char *what)
{
	struct buffer *reply = &h->reply;
	const struct nlmsghdr *msg;
	ssize_t n;
	int ret;

	if (!h->family)
		return fail(h, EBADF, "%s: the handle is not open", what);
	req->nlh.nlmsg_seq = ++h->seq;
	ret = sock_send(h->commands, &req->nlh);
	if (ret)
		return fail(h, -ret, "%s: %m", what);
	for (;;) {
		reply->len = 0;
		reply->pos = 0;
		n = sock_recv(h->commands, reply, MSG_DONTWAIT, &h->counters.forged);
		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return fail(h, -n, "%s: %m", what);
		if (buffer_next(reply, &msg) > 0 && msg->nlmsg_seq == h->seq &&
		    msg->nlmsg_type == NLMSG_ERROR)
			return msg_error(h, msg, what);
	}
}

int call_parse(struct fanotify_nl *h, struct buffer *reply, const char *what,
	       const struct attr_rule *rules, unsigned int max, void *out, __u64 *has)
{
	const struct nlmsghdr *msg;

	if (buffer_next(reply, &msg) <= 0 || attr_parse(msg_attrs(msg), rules, max, out, has))
		return fail(h, EBADMSG, "%s: malformed answer", what);
	return 0;
}

int call_fd(struct fanotify_nl *h, union request *req, const char *what)
{
	static const struct attr_rule rules[] = {
		[FANOTIFY_A_EVENT_OPEN_FD] = { .kind = ATTR_32 },
	};
	__s32 fd = -1;
	int ret;

	ret = call(h, req, what, &h->reply);
	if (ret)
		return ret;
	ret = call_parse(h, &h->reply, what, rules, FANOTIFY_A_EVENT_OPEN_FD, &fd, NULL);
	if (ret)
		return ret;
	if (fd < 0)
		return fail(h, EBADMSG, "%s: malformed answer", what);
	return fd;
}
