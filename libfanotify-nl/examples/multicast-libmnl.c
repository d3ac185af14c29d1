// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Listen to the multicast group events, in plain libmnl.
 *
 *   multicast-libmnl [COUNT]
 *
 * Prints seq, mask and path of each event; ends after COUNT of them. Somebody
 * has to have bound a group with the flag multicast.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/fanotify-nl.h>

/* No event is larger; a datagram that did not fit would be cut off. */
#define BUFFER	(2 * FANOTIFY_EVENT_MAX)

struct family {
	unsigned int id;
	unsigned int group;
};

static int take_group(const struct nlattr *attr, void *data)
{
	struct family *family = data;
	const char *name = NULL;
	unsigned int id = 0;
	const struct nlattr *part;

	mnl_attr_for_each_nested(part, attr) {
		if (mnl_attr_get_type(part) == CTRL_ATTR_MCAST_GRP_NAME)
			name = mnl_attr_get_str(part);
		else if (mnl_attr_get_type(part) == CTRL_ATTR_MCAST_GRP_ID)
			id = mnl_attr_get_u32(part);
	}
	if (name && !strcmp(name, FANOTIFY_MCGRP_EVENTS))
		family->group = id;
	return MNL_CB_OK;
}

static int take_family(const struct nlmsghdr *nlh, void *data)
{
	struct family *family = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family->id = mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			mnl_attr_parse_nested(attr, take_group, family);
	}
	return MNL_CB_OK;
}

static int find_family(struct mnl_socket *sock, char *buf, struct family *family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;
	ssize_t n;
	int ret;

	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, FANOTIFY_FAMILY_NAME);
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do {
		n = mnl_socket_recvfrom(sock, buf, BUFFER);
		if (n < 0)
			return -1;
		ret = mnl_cb_run(buf, n, 1, mnl_socket_get_portid(sock), take_family, family);
	} while (ret > MNL_CB_STOP);
	return ret;
}

/* Names are any bytes: what a terminal might obey is printed as \033. */
static void print_bytes(const char *s)
{
	for (; *s; s++) {
		unsigned char c = *s;

		if (c < ' ' || c == 0x7f || c == '\\')
			printf("\\%03o", c);
		else
			putchar(c);
	}
}

static void print_event(const struct nlmsghdr *nlh)
{
	unsigned long long seq = 0, mask = 0;
	const char *path = "", *new_path = NULL;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case FANOTIFY_A_EVENT_SEQ:
			seq = mnl_attr_get_u64(attr);
			break;
		case FANOTIFY_A_EVENT_MASK:
			mask = mnl_attr_get_u64(attr);
			break;
		case FANOTIFY_A_EVENT_PATH:
			path = mnl_attr_get_str(attr);
			break;
		case FANOTIFY_A_EVENT_NEW_PATH:
			new_path = mnl_attr_get_str(attr);
			break;
		}
	}
	printf("%llu %#llx ", seq, mask);
	print_bytes(path);
	if (new_path) {
		printf(" -> ");
		print_bytes(new_path);
	}
	putchar('\n');
	fflush(stdout);
}

static int listen_for(struct mnl_socket *sock, char *buf, const struct family *family, long count)
{
	while (count) {
		ssize_t n = mnl_socket_recvfrom(sock, buf, BUFFER);
		const struct nlmsghdr *nlh = (const void *)buf;
		const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
		int left = n;

		if (n < 0 && errno == ENOBUFS) {
			printf("we were too slow: events are missing\n");
			continue;
		}
		if (n < 0)
			return -1;
		if (!mnl_nlmsg_ok(nlh, left) || nlh->nlmsg_type != family->id ||
		    genl->cmd != FANOTIFY_CMD_EVENT)
			continue;
		print_event(nlh);
		count--;
	}
	return 0;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : -1;
	struct mnl_socket *sock = mnl_socket_open(NETLINK_GENERIC);
	static char buf[BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct family family = { 0 };

	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		perror("netlink socket");
		return 1;
	}
	if (find_family(sock, buf, &family) < 0) {
		perror("family " FANOTIFY_FAMILY_NAME);
		return 1;
	}
	if (mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &family.group,
				  sizeof(family.group)) < 0) {
		perror("multicast group " FANOTIFY_MCGRP_EVENTS);
		return 1;
	}
	printf("listening\n");
	fflush(stdout);
	if (listen_for(sock, buf, &family, count) < 0) {
		perror("receive");
		return 1;
	}
	mnl_socket_close(sock);
	return 0;
}
