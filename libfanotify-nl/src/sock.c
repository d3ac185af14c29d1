// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One netlink socket: its options, and who may talk to us over it.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>

#include "internal.h"

int sock_open(struct mnl_socket **sockp, int protocol, int flags)
{
	struct mnl_socket *sock;
	int on = 1;

	sock = mnl_socket_open2(protocol, flags | SOCK_CLOEXEC);
	if (!sock)
		return -errno;
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on)) < 0 ||
	    mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &on, sizeof(on)) < 0 ||
	    mnl_socket_setsockopt(sock, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) < 0) {
		int err = errno;

		mnl_socket_close(sock);
		return -err;
	}
	*sockp = sock;
	return 0;
}

void sock_set_rcvbuf(struct mnl_socket *sock, unsigned int bytes)
{
	int fd = mnl_socket_get_fd(sock);

	/* To the kernel it is an int, and a negative one the least size. */
	if (bytes > INT_MAX)
		bytes = INT_MAX;
	/* Beyond net.core.rmem_max only with CAP_NET_ADMIN. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

int sock_send(struct mnl_socket *sock, const struct nlmsghdr *msg)
{
	ssize_t n;

	/* Without an address it goes to the kernel. */
	do {
		n = send(mnl_socket_get_fd(sock), msg, msg->nlmsg_len, 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

ssize_t sock_recv(struct mnl_socket *sock, struct buffer *buf, int flags, __u64 *forged)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t n;
		int ret;

		ret = buffer_reserve(buf, RECV_MAX);
		if (ret)
			return ret;
		/* It costs less than recvmsg(), and tells the whole length as well. */
		n = recvfrom(mnl_socket_get_fd(sock), buf->data + buf->len, RECV_MAX,
			     flags | MSG_TRUNC, (struct sockaddr *)&from, &from_len);
		if (n < 0)
			return -errno;
		/* Any process may send to our port: only the kernel is port 0. */
		if (from_len != sizeof(from) || from.nl_pid) {
			++*forged;
			continue;
		}
		if (n > RECV_MAX)
			return -EMSGSIZE;
		if (!n)
			continue;
		/* The next datagram starts aligned, as messages have to. */
		memset(buf->data + buf->len + n, 0, NLMSG_ALIGN(n) - n);
		buf->len += NLMSG_ALIGN(n);
		return n;
	}
}
