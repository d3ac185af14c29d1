// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libmnl/libmnl.h>

#include "nl.h"
#include "wire.h"

struct request {
	struct nlmsghdr nlh;
	char rest[252];
};

static struct genlmsghdr *request_init(struct request *req, __u16 type, __u8 cmd, __u32 seq)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(req);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return genl;
}

static int request_send(int fd, const struct request *req)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, req, req->nlh.nlmsg_len, 0, (const void *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

int wire_init(struct wire *w, int fd)
{
	struct nl nl;
	int ret = nl_open(&nl);

	if (ret)
		return ret;
	memset(w, 0, sizeof(*w));
	w->fd = fd;
	w->family = nl.family;
	w->events = nl.mcast;
	nl_close(&nl);
	return 0;
}

int wire_request(struct wire *w, __u8 cmd, __u32 seq)
{
	struct request req = { 0 };

	request_init(&req, w->family, cmd, seq);
	return request_send(w->fd, &req);
}

int wire_fetch(struct wire *w, __u32 max_bytes, __u32 seq)
{
	struct request req = { 0 };

	request_init(&req, w->family, FANOTIFY_CMD_FETCH, seq);
	if (max_bytes)
		mnl_attr_put_u32(&req.nlh, FANOTIFY_A_FETCH_MAX_BYTES, max_bytes);
	return request_send(w->fd, &req);
}

ssize_t wire_recv(struct wire *w, int flags)
{
	ssize_t n = recv(w->fd, w->buf, sizeof(w->buf), flags | MSG_DONTWAIT | MSG_TRUNC);

	w->pos = 0;
	w->len = n > 0 ? n : 0;
	if (n < 0)
		return -errno;
	return n > (ssize_t)sizeof(w->buf) ? -EMSGSIZE : n;
}

const struct nlmsghdr *wire_next(struct wire *w)
{
	const struct nlmsghdr *msg = (const void *)(w->buf + w->pos);

	if (w->pos >= w->len)
		return NULL;
	w->pos += NLMSG_ALIGN(msg->nlmsg_len);
	return msg;
}

static int take_attr(const struct nlattr *attr, void *arg)
{
	struct wire *w = arg;

	if (mnl_attr_get_type(attr) == FANOTIFY_A_FETCH_WAITING)
		w->waiting = mnl_attr_get_payload_len(attr) == 8 ? mnl_attr_get_u64(attr) :
								   mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

int wire_take(struct wire *w, const struct nlmsghdr *msg, struct fanotify_nl_event *event)
{
	const struct genlmsghdr *genl = NLMSG_DATA(msg);
	int ret;

	if (msg->nlmsg_type == NLMSG_ERROR) {
		ret = *(const int *)NLMSG_DATA(msg);
		return ret ? ret : -EPROTO;
	}
	if (msg->nlmsg_type != w->family)
		return -EPROTO;
	if (genl->cmd == FANOTIFY_CMD_EVENT) {
		ret = fanotify_nl_parse_event(msg, msg->nlmsg_len, event);
		return ret ? ret : 1;
	}
	if (genl->cmd != FANOTIFY_CMD_FETCH)
		return -EPROTO;
	mnl_attr_parse(msg, GENL_HDRLEN, take_attr, w);
	w->answered = msg->nlmsg_seq;
	w->notices += !msg->nlmsg_seq;
	return 0;
}

int wire_read(struct wire *w, __u32 max_bytes, int flags, int timeout_ms,
	      struct fanotify_nl_event *event)
{
	struct pollfd pfd = { .fd = w->fd, .events = POLLIN };
	const struct nlmsghdr *msg;
	ssize_t n;
	int ret;

	for (;;) {
		while ((msg = wire_next(w))) {
			ret = wire_take(w, msg, event);
			if (ret)
				return ret;
		}
		n = flags & MSG_PEEK ? wire_recv(w, MSG_PEEK) : 1;
		if (n > 0)
			n = wire_recv(w, 0);
		if (n > 0)
			continue;
		if (n != -EAGAIN)
			return n;
		if (w->waiting) {
			w->fetches++;
			ret = wire_fetch(w, max_bytes, ++w->seq);
			if (ret)
				return ret;
		}
		ret = poll(&pfd, 1, timeout_ms);
		if (ret <= 0)
			return ret ? -errno : 0;
	}
}

__u32 wire_portid(int fd)
{
	struct sockaddr_nl addr;
	socklen_t len = sizeof(addr);

	getsockname(fd, (struct sockaddr *)&addr, &len);
	return addr.nl_pid;
}

int wire_memory(const struct wire *w, unsigned long *rmem, unsigned long *drops)
{
	FILE *f = fopen("/proc/net/netlink", "r");
	unsigned int portid, mine = wire_portid(w->fd);
	int protocol, ret = -ENOENT;
	char line[256];

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %d %u %*x %lu %*u %*u %*u %lu", &protocol, &portid, rmem,
			   drops) != 4)
			continue;
		if (protocol == NETLINK_GENERIC && portid == mine) {
			ret = 0;
			break;
		}
	}
	fclose(f);
	return ret;
}
