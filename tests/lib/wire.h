/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A member's socket by hand: what the library hides. fanotify_nl_fd() is the
 * socket; it must then not be read through the library as well.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <sys/types.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <fanotify-nl/fanotify-nl.h>

/**
 * struct wire - The family as the kernel names it, and one socket of a member.
 * @fd: the member's socket
 * @family: netlink type of the family's messages
 * @events: id of the multicast group
 * @seq: last nlmsg_seq used
 * @waiting: the last fetch message said that events wait
 * @answered: nlmsg_seq of the last fetch message
 * @fetches: requests sent by wire_read()
 * @notices: fetch messages that nobody asked for
 * @buf: the datagram that is being read
 * @len: its length
 * @pos: how far it was read
 */
struct wire {
	int fd;
	__u16 family;
	__u32 events;
	__u32 seq;
	__u64 waiting;
	__u32 answered;
	__u64 fetches;
	__u64 notices;
	char buf[FANOTIFY_FETCH_MAX];
	size_t len;
	size_t pos;
};

/** wire_init() - Find the family; @fd may be -1. Return: 0 or -errno. */
int wire_init(struct wire *w, int fd);

/**
 * wire_request() - Send a request of the family without attributes.
 *
 * Return: 0 or -errno.
 */
int wire_request(struct wire *w, __u8 cmd, __u32 seq);

/** wire_fetch() - Send a fetch request; @max_bytes 0 leaves it out. */
int wire_fetch(struct wire *w, __u32 max_bytes, __u32 seq);

/**
 * wire_recv() - Receive a datagram into @w->buf.
 * @flags: of recv(2); MSG_DONTWAIT is added
 *
 * Return: its length or -errno; -EMSGSIZE if it was cut off.
 */
ssize_t wire_recv(struct wire *w, int flags);

/** wire_next() - The next message of the datagram, or NULL. */
const struct nlmsghdr *wire_next(struct wire *w);

/**
 * wire_take() - Look at a message.
 *
 * Return: 1: an event; 0: a fetch message, noted in @w; -errno: an error
 * message, or what does not belong here.
 */
int wire_take(struct wire *w, const struct nlmsghdr *msg, struct fanotify_nl_event *event);

/**
 * wire_read() - The next event, as a plain reader gets it.
 * @max_bytes: for fetches
 * @flags: MSG_PEEK: look at each datagram before taking it
 * @timeout_ms: of silence
 *
 * Return: 1: an event; 0: silence; -errno.
 */
int wire_read(struct wire *w, __u32 max_bytes, int flags, int timeout_ms,
	      struct fanotify_nl_event *event);

/** wire_memory() - Memory that waits in the socket, and drops, of /proc/net/netlink. */
int wire_memory(const struct wire *w, unsigned long *rmem, unsigned long *drops);

/** wire_portid() - The socket's port id. */
__u32 wire_portid(int fd);

#endif /* WIRE_H */
