// SPDX-License-Identifier: GPL-2.0
/*
 * The library's sockets: who may talk to them. NETLINK_USERSOCK lets any
 * process send to another, as root may on every netlink socket.
 */
#include <errno.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>

#include "internal.h"
#include "tap.h"

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *sock = NULL;
	int ret = sock_open(&sock, NETLINK_USERSOCK, SOCK_NONBLOCK);

	if (ret)
		printf("# open: %s\n", strerror(-ret));
	return sock;
}

static ssize_t forge(struct mnl_socket *from, const struct mnl_socket *to)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_pid = mnl_socket_get_portid(to),
	};
	struct nlmsghdr msg = { .nlmsg_len = sizeof(msg), .nlmsg_type = 0x20 };

	return sendto(mnl_socket_get_fd(from), &msg, sizeof(msg), 0, (void *)&addr, sizeof(addr));
}

static void forged(void)
{
	struct mnl_socket *member = open_socket(), *forger = open_socket();
	struct buffer buf = { 0 };
	__u64 count = 0;
	ssize_t ret;

	CHECK(member && forger);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(forge(forger, member), sizeof(struct nlmsghdr));
	/* They are there ... */
	CHECK_EQ(recv(mnl_socket_get_fd(member), NULL, 0, MSG_PEEK | MSG_TRUNC),
		 sizeof(struct nlmsghdr));
	/* ... and dropped. */
	ret = sock_recv(member, &buf, 0, &count);
	CHECK_EQ(ret, -EAGAIN);
	CHECK_EQ(count, 3);
	CHECK_EQ(buf.len, 0);
	buffer_free(&buf);
	mnl_socket_close(member);
	mnl_socket_close(forger);
}

/* Routing netlink stands in for our family: the kernel answers, we take it. */
static void genuine(void)
{
	struct nlmsghdr request = {
		.nlmsg_len = sizeof(request),
		.nlmsg_type = NLMSG_NOOP,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.nlmsg_seq = 77,
	};
	struct mnl_socket *sock = NULL;
	const struct nlmsghdr *msg;
	struct buffer buf = { 0 };
	__u64 count = 0;

	CHECK_EQ(sock_open(&sock, NETLINK_ROUTE, SOCK_NONBLOCK), 0);
	CHECK_EQ(sock_send(sock, &request), 0);
	CHECK(sock_recv(sock, &buf, 0, &count) > 0);
	CHECK_EQ(buffer_next(&buf, &msg), 1);
	CHECK_EQ(msg->nlmsg_type, NLMSG_ERROR);
	CHECK_EQ(msg->nlmsg_seq, 77);
	CHECK_EQ(buffer_next(&buf, &msg), 0);
	CHECK_EQ(count, 0);
	buffer_free(&buf);
	mnl_socket_close(sock);
}

static void receive_buffer(void)
{
	struct mnl_socket *sock = open_socket();
	unsigned int bytes = 0;
	socklen_t len = sizeof(bytes);

	CHECK(sock);
	sock_set_rcvbuf(sock, 65536);
	CHECK_EQ(getsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUF, &bytes, &len), 0);
	/* The kernel doubles it, for its own overhead. */
	CHECK_EQ(bytes, 2 * 65536);
	/* Too much for an int is not the least. */
	sock_set_rcvbuf(sock, 1U << 31);
	CHECK_EQ(getsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUF, &bytes, &len), 0);
	CHECK(bytes >= 2 * 65536);
	mnl_socket_close(sock);
}

TAP_MAIN(
	{ "sock: forged messages are dropped and counted", forged },
	{ "sock: the kernel's messages are taken", genuine },
	{ "sock: the receive buffer's size", receive_buffer },
)
