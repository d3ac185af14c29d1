/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol as it is on the wire, for tests of what the library would never
 * send.
 *
 *	struct nl nl;
 *	int ret = nl_open(&nl);
 *
 *	nl_begin(&nl, FANOTIFY_CMD_GROUP_GET, 0);
 *	nl_put_u32(&nl, FANOTIFY_A_GROUP_NUMBER, 1);
 *	ret = nl_call(&nl);		0 or -errno; nl.text says why
 */
#ifndef TESTS_NL_H
#define TESTS_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/fanotify-nl.h>

#define NL_RECV_MAX	(256 << 10)

/**
 * struct nl - a generic netlink socket
 * @fd: the socket
 * @portid: its port id
 * @family: id of the family fanotify
 * @mcast: id of the multicast group events
 * @text: the kernel's text for the last request, "" if it gave none
 * @bad_attr: offset that the kernel gave of a bad attribute, 0 for none
 * @miss_type: type that the kernel gave of a missing attribute, 0 for none
 * @replies: messages that the last request brought
 * @reply: the last of them, NULL if there was none
 * @request: being built
 * @received: the last datagram
 * @kept: what @reply points to
 */
struct nl {
	int fd;
	__u32 portid;
	__u16 family;
	__u32 mcast;
	char text[256];
	__u32 bad_attr;
	__u32 miss_type;
	unsigned int replies;
	struct nlmsghdr *reply;
	struct nlmsghdr *request;
	char *received;
	char *kept;
};

typedef void (*nl_cb)(const struct nlmsghdr *msg, void *arg);

/* All return 0 or -errno. */
int nl_open(struct nl *nl);
int nl_open_without_family(struct nl *nl);
int nl_find_family(struct nl *nl);
void nl_close(struct nl *nl);
int nl_set_rcvbuf(struct nl *nl, int as_getsockopt_tells_it);

void nl_begin(struct nl *nl, int cmd, int flags);
void nl_begin_of(struct nl *nl, int family, int cmd, int flags);
void nl_put(struct nl *nl, int type, const void *data, size_t len);
void nl_put_u32(struct nl *nl, int type, __u32 value);
void nl_put_u64(struct nl *nl, int type, __u64 value);
void nl_put_string(struct nl *nl, int type, const char *value);

int nl_send(struct nl *nl);
int nl_call(struct nl *nl);
int nl_dump(struct nl *nl, nl_cb cb, void *arg);

/* One datagram into nl->received: its length; -ETIMEDOUT. */
int nl_recv(struct nl *nl, int timeout_ms);

int nl_cmd(const struct nlmsghdr *msg);
const struct nlattr *nl_attr(const struct nlmsghdr *msg, int type);
const struct nlattr *nl_sub(const struct nlattr *nest, int type);
__u64 nl_uint(const struct nlattr *attr);

/* A new group with this socket as its member: its number and token. */
int nl_bind(struct nl *nl, __u32 *number, __u64 *token);
int nl_mark(struct nl *nl, __u32 number, __u64 token, __u32 type, int fd, __u64 mask);

#endif /* TESTS_NL_H */
