/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the library share.
 */
#ifndef INTERNAL_H
#define INTERNAL_H

#include <stdbool.h>
#include <sys/types.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <fanotify-nl/fanotify-nl.h>

#include "attr.h"

#define API	__attribute__((visibility("default")))

struct mnl_socket;

#define ERROR_MAX	256

/* Room for one receive: no message of the kernel's is larger. */
#define RECV_MAX	FANOTIFY_FETCH_MAX

/* ---- buffer.c: bytes that grow ---- */

/**
 * struct buffer - Netlink messages, one after the other.
 * @data: from malloc(), so aligned for any header
 * @size: of @data
 * @len: bytes in use
 * @pos: start of the next message to be read
 */
struct buffer {
	char *data;
	size_t size;
	size_t len;
	size_t pos;
};

/** buffer_reserve() - Make room for @more bytes. Return: 0 or -ENOMEM. */
int buffer_reserve(struct buffer *buf, size_t more);

void buffer_free(struct buffer *buf);

/**
 * buffer_next() - Take the next message.
 *
 * Return: 1; 0 at the end; -EBADMSG: what is left makes no message, and is
 * dropped.
 */
int buffer_next(struct buffer *buf, const struct nlmsghdr **msg);

/* ---- sock.c: one netlink socket ---- */

/** sock_open() - Open and bind, with the options that each of ours has. */
int sock_open(struct mnl_socket **sock, int protocol, int flags);

/** sock_set_rcvbuf() - Size of the receive buffer; as much as is allowed. */
void sock_set_rcvbuf(struct mnl_socket *sock, unsigned int bytes);

/** sock_send() - Send one message to the kernel. Return: 0 or -errno. */
int sock_send(struct mnl_socket *sock, const struct nlmsghdr *msg);

/**
 * sock_recv() - Append one datagram of the kernel's to @buf.
 * @flags: of recv()
 * @forged: counts those that came from elsewhere, which are dropped
 *
 * Return: its length, not 0; -EAGAIN: there is none; -EINTR; -EMSGSIZE: it was
 * cut off and is dropped; or another -errno.
 */
ssize_t sock_recv(struct mnl_socket *sock, struct buffer *buf, int flags, __u64 *forged);

/* ---- call.c: requests and their answers ---- */

/* The names of all registered types of filesystem must fit. */
#define REQUEST_MAX	16384

union request {
	struct nlmsghdr nlh;
	char bytes[REQUEST_MAX];
};

/** request_init() - Start a message of the family's. */
void request_init(struct fanotify_nl *h, union request *req, __u8 cmd, __u16 flags);

/** request_put_uint() - Add an attribute of type uint: 4 bytes if that will do. */
void request_put_uint(union request *req, __u16 type, __u64 value);

/**
 * call() - Send @req over the command socket and collect the answer.
 * @what: name of the command, for texts
 * @reply: where its messages go; what it held is dropped
 *
 * A dump that was torn by a change is asked for again.
 *
 * Return: 0 or -errno with the text set.
 */
int call(struct fanotify_nl *h, union request *req, const char *what, struct buffer *reply);

/** call_plain() - call() of which no more than the error is of interest. */
int call_plain(struct fanotify_nl *h, union request *req, const char *what);

/** msg_attrs() - Attributes of a generic netlink message. */
struct attrs msg_attrs(const struct nlmsghdr *msg);

/** msg_cmd() - Its command; 0 if it is too short for one. */
__u8 msg_cmd(const struct nlmsghdr *msg);

/**
 * msg_error() - The error in a NLMSG_ERROR or NLMSG_DONE, its text noted in @h.
 *
 * Return: 0 or -errno.
 */
int msg_error(struct fanotify_nl *h, const struct nlmsghdr *msg, const char *what);

/**
 * call_parse() - Parse the one message of an answer.
 *
 * Return: 0; -EBADMSG with the text set.
 */
int call_parse(struct fanotify_nl *h, struct buffer *reply, const char *what,
	       const struct attr_rule *rules, unsigned int max, void *out, __u64 *has);

/**
 * call_quiet() - Send @req, which is acknowledged only by an error.
 *
 * The kernel has done it, or put the error onto the socket, when sendto() returns.
 *
 * Return: 0 or -errno with the text set.
 */
int call_quiet(struct fanotify_nl *h, union request *req, const char *what);

/**
 * call_fd() - call() that is answered by a descriptor, and not acknowledged besides.
 *
 * Return: it, or -errno.
 */
int call_fd(struct fanotify_nl *h, union request *req, const char *what);

/* ---- filter.c ---- */

/** filters_put() - Add the filters of @settings. Return: 0 or -errno, the text set. */
int filters_put(struct fanotify_nl *h, union request *req,
		const struct fanotify_nl_settings *settings, const char *what);

/** filters_parse() - Those that @attrs has, into @settings. Return: 0 or -EBADMSG. */
int filters_parse(struct attrs attrs, struct fanotify_nl_settings *settings);

/* ---- event.c ---- */

extern const struct attr_rule gap_rules[FANOTIFY_A_GAP_MAX + 1];

/** event_parse() - The event that attributes are. Return: 0 or -EBADMSG. */
int event_parse(struct attrs attrs, struct fanotify_nl_event *event);

/**
 * msg_parse() - Check the head of a message that may come from anywhere.
 * @cmd: command that it is to be
 * @attrs: its attributes
 *
 * Return: 0; -EBADMSG; -ENOMSG: another command.
 */
int msg_parse(const void *msg, size_t len, __u8 cmd, struct attrs *attrs);

/* ---- consumer.c ---- */

/** consumer_check_name() - Has a request room for it? Return: 0; -EINVAL, the text set. */
int consumer_check_name(struct fanotify_nl *h, const char *name);

/* ---- ringfile.c ---- */

/**
 * struct ring_place - Where the ring file of a filesystem is.
 * @path: mount point, as this process sees it
 * @root: descriptor of it
 * @ring: of the ring file, or -1
 */
struct ring_place {
	char path[FANOTIFY_JOURNAL_PATH_MAX + 1];
	int root;
	int ring;
};

/** ring_place() - Find the mount of @path. Return: 0 or -errno with the text set. */
int ring_place(struct fanotify_nl *h, const char *path, struct ring_place *place);

/**
 * ring_file_open() - Open the ring file.
 *
 * Return: 0; 1: nothing was ever written to it; -ENOENT, or another -errno, with the
 * text set.
 */
int ring_file_open(struct fanotify_nl *h, struct ring_place *place);

void ring_place_close(struct ring_place *place);

/* ---- handle.c ---- */

/**
 * fail() - Note the text of a failure. %m is the text of @err.
 *
 * Return: -@err.
 */
int fail(struct fanotify_nl *h, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** need_bound() - Return: 0; -ENOTCONN with the text set. */
int need_bound(struct fanotify_nl *h, const char *what);

/* ---- stream.c: the events of one member ---- */

/**
 * struct stream - Where the reading of events stands.
 * @buf: datagrams that were received and not yet handed out
 * @last_seq: of the last event handed out
 * @fetch_seq: nlmsg_seq of the last fetch request
 * @waiting: the kernel holds events back, until an answer says otherwise
 * @tries: fetch requests since the last event
 */
struct stream {
	struct buffer buf;
	__u64 last_seq;
	__u32 fetch_seq;
	bool waiting;
	unsigned int tries;
};

/** stream_reset() - Forget all that was received. */
void stream_reset(struct stream *stream);

/* ---- the handle ---- */

/**
 * struct fanotify_nl - A handle.
 * @events: socket that is the member
 * @commands: socket for everything else; blocks
 * @family: netlink type of the family's messages
 * @seq: last nlmsg_seq used
 * @is_bound: @bound and @token are valid
 * @token: what bind returned
 * @bound: the group, as bind returned it
 * @stream: reading of events
 * @counters: what was seen since the bind
 * @reply: last answer that the caller may still be looking at
 * @read: last answer of a journal, which outlasts other commands
 * @records: what is left of its records
 * @skipped: pointers into @reply
 * @error: text of the last failure
 */
struct fanotify_nl {
	struct mnl_socket *events;
	struct mnl_socket *commands;
	__u16 family;
	__u32 seq;
	bool is_bound;
	__u64 token;
	struct fanotify_nl_group_info bound;
	struct stream stream;
	struct fanotify_nl_counters counters;
	struct buffer reply;
	struct buffer read;
	struct attrs records;
	const char **skipped;
	char error[ERROR_MAX];
};

#endif /* INTERNAL_H */
