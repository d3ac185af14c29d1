// SPDX-License-Identifier: GPL-2.0
/*
 * The protocol as it is on the wire.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "nl.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

int nl_open_without_family(struct nl *nl)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(addr);
	int on = 1;

	memset(nl, 0, sizeof(*nl));
	nl->request = calloc(1, NL_RECV_MAX);
	nl->received = calloc(1, NL_RECV_MAX);
	nl->kept = calloc(1, NL_RECV_MAX);
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl->fd < 0)
		return -errno;
	if (bind(nl->fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(nl->fd, (struct sockaddr *)&addr, &len) ||
	    setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(nl->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on)))
		return -errno;
	nl->portid = addr.nl_pid;
	return 0;
}

int nl_open(struct nl *nl)
{
	int ret = nl_open_without_family(nl);

	return ret ? ret : nl_find_family(nl);
}

void nl_close(struct nl *nl)
{
	close(nl->fd);
	free(nl->request);
	free(nl->received);
	free(nl->kept);
	memset(nl, 0, sizeof(*nl));
	nl->fd = -1;
}

/* The kernel doubles what is set, so that getsockopt tells twice of it. */
int nl_set_rcvbuf(struct nl *nl, int as_getsockopt_tells_it)
{
	int half = as_getsockopt_tells_it / 2;

	return setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &half, sizeof(half)) ?
	       -errno : 0;
}

void nl_begin_of(struct nl *nl, int family, int cmd, int flags)
{
	static __u32 seq = 1000;
	struct genlmsghdr *genl;

	mnl_nlmsg_put_header(nl->request);
	nl->request->nlmsg_type = family;
	nl->request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nl->request->nlmsg_seq = ++seq;
	genl = mnl_nlmsg_put_extra_header(nl->request, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
}

void nl_begin(struct nl *nl, int cmd, int flags)
{
	nl_begin_of(nl, nl->family, cmd, flags);
}

void nl_put(struct nl *nl, int type, const void *data, size_t len)
{
	mnl_attr_put(nl->request, type, len, data);
}

void nl_put_u32(struct nl *nl, int type, __u32 value)
{
	nl_put(nl, type, &value, sizeof(value));
}

void nl_put_u64(struct nl *nl, int type, __u64 value)
{
	nl_put(nl, type, &value, sizeof(value));
}

void nl_put_string(struct nl *nl, int type, const char *value)
{
	nl_put(nl, type, value, strlen(value) + 1);
}

int nl_send(struct nl *nl)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	nl->text[0] = '\0';
	nl->bad_attr = nl->miss_type = nl->replies = 0;
	nl->reply = NULL;
	return sendto(nl->fd, nl->request, nl->request->nlmsg_len, 0,
		      (struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

int nl_recv(struct nl *nl, int timeout_ms)
{
	struct pollfd pollfd = { .fd = nl->fd, .events = POLLIN };
	ssize_t len;

	if (!poll(&pollfd, 1, timeout_ms))
		return -ETIMEDOUT;
	len = recv(nl->fd, nl->received, NL_RECV_MAX, MSG_DONTWAIT);
	return len < 0 ? -errno : len;
}

static void nl_take_extack(struct nl *nl, const struct nlmsghdr *msg, size_t offset)
{
	const struct nlattr *attr;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(attr, msg, offset) {
		switch (mnl_attr_get_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			strncpy(nl->text, mnl_attr_get_str(attr), sizeof(nl->text) - 1);
			break;
		case NLMSGERR_ATTR_OFFS:
			nl->bad_attr = mnl_attr_get_u32(attr);
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			nl->miss_type = mnl_attr_get_u32(attr);
			break;
		}
	}
}

/* Return: 1 to go on, or the end of the answer. */
static int nl_take(struct nl *nl, struct nlmsghdr *msg, nl_cb cb, void *arg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);
	size_t offset = sizeof(*err);

	if (msg->nlmsg_seq != nl->request->nlmsg_seq)
		return 1;
	switch (msg->nlmsg_type) {
	case NLMSG_ERROR:
		if (!(msg->nlmsg_flags & NLM_F_CAPPED))
			offset += mnl_nlmsg_get_payload_len(&err->msg);
		nl_take_extack(nl, msg, offset);
		/* a dump's only answer of this kind is its refusal */
		return err->error;
	case NLMSG_DONE:
		nl_take_extack(nl, msg, sizeof(int));
		return *(int *)mnl_nlmsg_get_payload(msg);
	default:
		nl->replies++;
		nl->reply = msg;
		if (cb)
			cb(msg, arg);
		return 1;
	}
}

static int nl_answer(struct nl *nl, nl_cb cb, void *arg)
{
	int ret = 1;

	while (ret == 1) {
		struct nlmsghdr *msg = (struct nlmsghdr *)nl->received;
		int len = nl_recv(nl, 10000);

		if (len < 0)
			return len;
		nl->reply = NULL;
		for (; ret == 1 && mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len))
			ret = nl_take(nl, msg, cb, arg);
		/* the acknowledgement comes in a datagram of its own */
		if (nl->reply)
			memcpy(nl->kept, nl->reply, nl->reply->nlmsg_len);
	}
	nl->reply = nl->replies ? (struct nlmsghdr *)nl->kept : NULL;
	return ret;
}

int nl_call(struct nl *nl)
{
	int ret = nl_send(nl);

	return ret ? ret : nl_answer(nl, NULL, NULL);
}

int nl_dump(struct nl *nl, nl_cb cb, void *arg)
{
	int ret;

	nl->request->nlmsg_flags |= NLM_F_DUMP;
	ret = nl_send(nl);
	return ret ? ret : nl_answer(nl, cb, arg);
}

int nl_cmd(const struct nlmsghdr *msg)
{
	return ((struct genlmsghdr *)mnl_nlmsg_get_payload(msg))->cmd;
}

const struct nlattr *nl_attr(const struct nlmsghdr *msg, int type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

const struct nlattr *nl_sub(const struct nlattr *nest, int type)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

__u64 nl_uint(const struct nlattr *attr)
{
	if (mnl_attr_get_payload_len(attr) == sizeof(__u64)) {
		__u64 value;

		memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
		return value;
	}
	return mnl_attr_get_u32(attr);
}

int nl_find_family(struct nl *nl)
{
	const struct nlattr *groups, *group;
	int ret;

	nl_begin_of(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	nl_put_string(nl, CTRL_ATTR_FAMILY_NAME, FANOTIFY_FAMILY_NAME);
	ret = nl_call(nl);
	if (ret)
		return ret;
	nl->family = mnl_attr_get_u16(nl_attr(nl->reply, CTRL_ATTR_FAMILY_ID));
	groups = nl_attr(nl->reply, CTRL_ATTR_MCAST_GROUPS);
	if (groups) {
		group = nl_sub(groups, 1);
		nl->mcast = mnl_attr_get_u32(nl_sub(group, CTRL_ATTR_MCAST_GRP_ID));
	}
	return 0;
}

int nl_bind(struct nl *nl, __u32 *number, __u64 *token)
{
	int ret;

	nl_begin(nl, FANOTIFY_CMD_BIND, 0);
	ret = nl_call(nl);
	if (ret)
		return ret;
	*number = nl_uint(nl_attr(nl->reply, FANOTIFY_A_GROUP_NUMBER));
	*token = nl_uint(nl_attr(nl->reply, FANOTIFY_A_GROUP_TOKEN));
	return 0;
}

int nl_mark(struct nl *nl, __u32 number, __u64 token, __u32 type, int fd, __u64 mask)
{
	nl_begin(nl, FANOTIFY_CMD_MARK_ADD, 0);
	nl_put_u32(nl, FANOTIFY_A_MARK_GROUP, number);
	nl_put_u64(nl, FANOTIFY_A_MARK_TOKEN, token);
	nl_put_u32(nl, FANOTIFY_A_MARK_TYPE, type);
	nl_put_u32(nl, FANOTIFY_A_MARK_FD, fd);
	nl_put_u64(nl, FANOTIFY_A_MARK_MASK, mask);
	return nl_call(nl);
}
