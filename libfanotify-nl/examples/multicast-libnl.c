// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Listen to the multicast group events, in plain libnl-3.
 *
 *   multicast-libnl [COUNT]
 *
 * Prints seq, mask and path of each event; ends after COUNT of them. Somebody
 * has to have bound a group with the flag multicast.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <netlink/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <linux/fanotify-nl.h>

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

static int print_event(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[FANOTIFY_A_EVENT_MAX + 1];
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	long *count = arg;

	if (genlmsg_hdr(nlh)->cmd != FANOTIFY_CMD_EVENT)
		return NL_SKIP;
	if (genlmsg_parse(nlh, 0, attrs, FANOTIFY_A_EVENT_MAX, NULL) < 0)
		return NL_SKIP;
	if (!attrs[FANOTIFY_A_EVENT_SEQ] || !attrs[FANOTIFY_A_EVENT_MASK])
		return NL_SKIP;

	printf("%llu %#llx ",
	       (unsigned long long)nla_get_u64(attrs[FANOTIFY_A_EVENT_SEQ]),
	       (unsigned long long)nla_get_u64(attrs[FANOTIFY_A_EVENT_MASK]));
	if (attrs[FANOTIFY_A_EVENT_PATH])
		print_bytes(nla_get_string(attrs[FANOTIFY_A_EVENT_PATH]));
	if (attrs[FANOTIFY_A_EVENT_NEW_PATH]) {
		printf(" -> ");
		print_bytes(nla_get_string(attrs[FANOTIFY_A_EVENT_NEW_PATH]));
	}
	putchar('\n');
	fflush(stdout);
	--*count;
	return NL_OK;
}

static int join(struct nl_sock *sock)
{
	int group;

	group = genl_ctrl_resolve_grp(sock, FANOTIFY_FAMILY_NAME, FANOTIFY_MCGRP_EVENTS);
	return group < 0 ? group : nl_socket_add_membership(sock, group);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : -1;
	struct nl_sock *sock = nl_socket_alloc();
	int ret;

	if (!sock) {
		perror("netlink socket");
		return 1;
	}
	ret = genl_connect(sock);
	/* No event is larger; a datagram that did not fit would be cut off. */
	if (!ret)
		ret = nl_socket_set_msg_buf_size(sock, 2 * FANOTIFY_EVENT_MAX);
	if (!ret)
		ret = join(sock);
	if (ret) {
		nl_perror(ret, "multicast group " FANOTIFY_MCGRP_EVENTS);
		return 1;
	}
	/* Multicast messages answer no request of ours. */
	nl_socket_disable_seq_check(sock);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, print_event, &count);
	printf("listening\n");
	fflush(stdout);

	while (count) {
		ret = nl_recvmsgs_default(sock);
		if (ret == -NLE_NOMEM) {
			/* This is how libnl says ENOBUFS. */
			printf("we were too slow: events are missing\n");
		} else if (ret < 0) {
			nl_perror(ret, "receive");
			return 1;
		}
	}
	nl_socket_free(sock);
	return 0;
}
