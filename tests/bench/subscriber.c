// SPDX-License-Identifier: GPL-2.0
/*
 * Subscribers of the multicast group.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <fanotify-nl/fanotify-nl.h>

#include "bench.h"

#define SUBSCRIBERS_MAX	4
#define BUFFER		(2 * FANOTIFY_EVENT_MAX)

static struct mnl_socket *sock[SUBSCRIBERS_MAX];
static unsigned int subscribers;
static char buf[BUFFER] __attribute__((aligned(8)));

static int take_group(const struct nlattr *attr, void *data)
{
	const struct nlattr *part;
	const char *name = "";
	int *group = data;
	int id = 0;

	mnl_attr_for_each_nested(part, attr) {
		if (mnl_attr_get_type(part) == CTRL_ATTR_MCAST_GRP_NAME)
			name = mnl_attr_get_str(part);
		else if (mnl_attr_get_type(part) == CTRL_ATTR_MCAST_GRP_ID)
			id = mnl_attr_get_u32(part);
	}
	if (!strcmp(name, FANOTIFY_MCGRP_EVENTS))
		*group = id;
	return MNL_CB_OK;
}

static int take_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			mnl_attr_parse_nested(attr, take_group, data);
	return MNL_CB_OK;
}

static int find_group(struct mnl_socket *s)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;
	int group = 0;
	ssize_t n;

	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, FANOTIFY_FAMILY_NAME);
	if (mnl_socket_sendto(s, nlh, nlh->nlmsg_len) < 0)
		die("subscriber: %m");
	n = mnl_socket_recvfrom(s, buf, sizeof(buf));
	if (n < 0 || mnl_cb_run(buf, n, 0, 0, take_family, &group) < 0 || !group)
		die("subscriber: no group " FANOTIFY_MCGRP_EVENTS);
	return group;
}

void subscribers_start(unsigned int count)
{
	const int room = 64 << 20;

	for (subscribers = 0; subscribers < count; subscribers++) {
		struct mnl_socket *s = mnl_socket_open(NETLINK_GENERIC);
		int group;

		if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID))
			die("subscriber: %m");
		group = find_group(s);
		if (setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUFFORCE, &room,
			       sizeof(room)) ||
		    mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
			die("subscriber: %m");
		sock[subscribers] = s;
	}
}

static void drain(struct mnl_socket *s, struct taken *taken)
{
	struct fanotify_nl_event event;
	ssize_t n;

	while ((n = recv(mnl_socket_get_fd(s), buf, sizeof(buf), MSG_DONTWAIT)) >= 0) {
		if (fanotify_nl_parse_event(buf, n, &event))
			die("subscriber: malformed event");
		taken->events++;
		taken->paths += !!event.path;
		taken->stats += !!event.object.stat.has;
	}
	if (errno != EAGAIN)
		die("subscriber: %m");
}

void subscribers_drain(struct taken *taken)
{
	for (unsigned int i = 0; i < subscribers; i++)
		drain(sock[i], taken);
}

void subscribers_stop(void)
{
	for (unsigned int i = 0; i < subscribers; i++)
		mnl_socket_close(sock[i]);
	subscribers = 0;
}
