// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The events of one member: push when idle, fetch when busy.
 *
 * While the member keeps up, each event comes as a datagram of its own. When
 * its socket is half full, the kernel holds events back and says so once, by a
 * fetch message that nobody asked for (nlmsg_seq 0): the notice. From then on
 * nothing comes until we ask. The answer to a fetch request is one datagram of
 * events, with a fetch message as the last: how many still wait. With none
 * waiting the kernel pushes again.
 *
 * So the order of messages in the socket is the order of events, and two rules
 * do: a fetch request is sent when the socket has been read empty and events
 * are known to wait; and "no event now" is said only when the kernel holds
 * none back, so that the descriptor becomes readable when there is one.
 *
 * The kernel answers a request within sendto(). If the socket is empty after
 * one, it has refused an answer, or had no memory even for a refusal: what
 * waits, still waits, and it is asked again. After some requests in a row that
 * brought no event the caller is told, so that it can do something else.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <libmnl/libmnl.h>

#include "internal.h"

/* Fetch requests in a row that may bring no event before the caller is told. */
#define FETCH_TRIES	4

/* One answer: some fifty events, and no costly allocation for the kernel. */
#define FETCH_BYTES	32768

void stream_reset(struct stream *stream)
{
	buffer_free(&stream->buf);
	*stream = (struct stream){ 0 };
}

static int stream_fetch(struct fanotify_nl *h)
{
	struct stream *s = &h->stream;
	union request req;
	int ret;

	request_init(h, &req, FANOTIFY_CMD_FETCH, 0);
	req.nlh.nlmsg_seq = s->fetch_seq = ++h->seq;
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_FETCH_MAX_BYTES, FETCH_BYTES);
	ret = sock_send(h->events, &req.nlh);
	if (ret)
		return fail(h, -ret, "fetch: %m");
	s->tries++;
	h->counters.fetches++;
	return 0;
}

static int malformed(struct fanotify_nl *h)
{
	h->counters.malformed++;
	return fail(h, EBADMSG, "malformed message from the kernel");
}

/* The notice, or the end of an answer. */
static int stream_take_fetch(struct fanotify_nl *h, const struct nlmsghdr *msg)
{
	static const struct attr_rule rules[] = {
		[FANOTIFY_A_FETCH_WAITING] = { .kind = ATTR_UINT },
	};
	struct stream *s = &h->stream;
	__u64 waiting = 0;

	if (attr_parse(msg_attrs(msg), rules, FANOTIFY_A_FETCH_WAITING, &waiting, NULL)) {
		/* Ask again rather than be left without an event for ever. */
		s->waiting = true;
		return malformed(h);
	}
	s->waiting = waiting > 0;
	if (!s->waiting)
		s->tries = 0;
	return 0;
}

/* A fetch request was refused: what waits, still waits. */
static int stream_take_error(struct fanotify_nl *h, const struct nlmsghdr *msg)
{
	struct stream *s = &h->stream;
	int ret;

	if (msg->nlmsg_seq != s->fetch_seq)
		return 0;
	ret = msg_error(h, msg, "fetch");
	if (ret == -ENOMEM && s->tries < FETCH_TRIES)
		return 0;
	s->tries = 0;
	return ret;
}

/* seq has no holes but those that a gap event stands for. */
static void stream_count(struct fanotify_nl *h, const struct fanotify_nl_event *event)
{
	struct fanotify_nl_counters *n = &h->counters;
	__u64 first = event->seq;

	n->events++;
	/* Permission events come ahead of others, and none is ever lost. */
	if (event->has & FANOTIFY_NL_HAS_DEADLINE)
		return;
	if (event->count)
		n->merged += event->count - 1;
	if (event->gap.scope == FANOTIFY_GAP_SCOPE_DIRECTORY)
		n->moved_in++;
	else if (event->has & FANOTIFY_NL_HAS_GAP)
		n->gaps++;
	n->lost += event->gap.count;
	if (event->gap.first)
		first = event->gap.first;
	if (first <= h->stream.last_seq)
		n->repeats++;
	else
		n->holes += first - h->stream.last_seq - 1;
	if (event->seq > h->stream.last_seq)
		h->stream.last_seq = event->seq;
}

static int stream_take_event(struct fanotify_nl *h, const struct nlmsghdr *msg,
			     struct fanotify_nl_event *event)
{
	if (fanotify_nl_parse_event(msg, msg->nlmsg_len, event))
		return malformed(h);
	stream_count(h, event);
	h->stream.tries = 0;
	return 1;
}

/* Return: 1: an event; 0: the message was none; -errno. */
static int stream_take(struct fanotify_nl *h, const struct nlmsghdr *msg,
		       struct fanotify_nl_event *event)
{
	if (msg->nlmsg_type == NLMSG_ERROR)
		return stream_take_error(h, msg);
	if (msg->nlmsg_type != h->family)
		return 0;
	switch (msg_cmd(msg)) {
	case FANOTIFY_CMD_EVENT:
		return stream_take_event(h, msg, event);
	case FANOTIFY_CMD_FETCH:
		return stream_take_fetch(h, msg);
	default:
		return 0;
	}
}

/*
 * Receives the next datagram, fetching if that is what it takes. What the kernel
 * holds back is not waited for, but asked for.
 *
 * Return: 1: there is more to take; 0: nothing now; -errno.
 */
static int stream_fill(struct fanotify_nl *h, bool wait)
{
	struct stream *s = &h->stream;
	ssize_t n;

	s->buf.len = 0;
	s->buf.pos = 0;
	n = sock_recv(h->events, &s->buf, wait && !s->waiting ? 0 : MSG_DONTWAIT,
		      &h->counters.forged);
	if (n > 0)
		return 1;
	if (n == -EMSGSIZE)
		return malformed(h);
	if (n != -EAGAIN)
		return fail(h, -n, "receive: %m");

	if (!s->waiting)
		return wait;
	if (s->tries >= FETCH_TRIES) {
		s->tries = 0;
		return fail(h, ENOBUFS, "fetch: events wait, but the kernel hands out none");
	}
	n = stream_fetch(h);
	return n ? n : 1;
}

static int stream_next(struct fanotify_nl *h, struct fanotify_nl_event *event, bool wait)
{
	const struct nlmsghdr *msg;
	int ret;

	ret = need_bound(h, "next event");
	if (ret)
		return ret;
	for (;;) {
		while ((ret = buffer_next(&h->stream.buf, &msg)) > 0) {
			ret = stream_take(h, msg, event);
			if (ret)
				return ret;
		}
		if (ret < 0)
			return malformed(h);
		ret = stream_fill(h, wait);
		if (ret <= 0)
			return ret;
	}
}

API int fanotify_nl_next_event(struct fanotify_nl *h, struct fanotify_nl_event *event)
{
	return stream_next(h, event, false);
}

static __s64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

API int fanotify_nl_wait_event(struct fanotify_nl *h, struct fanotify_nl_event *event,
			       int timeout_ms)
{
	struct pollfd pfd = { .fd = fanotify_nl_fd(h), .events = POLLIN };
	__s64 end = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
	int ret;

	/* one system call for an event instead of three */
	if (timeout_ms < 0)
		return stream_next(h, event, true);
	for (;;) {
		__s64 left = 0;

		ret = stream_next(h, event, false);
		if (ret)
			return ret;
		if (timeout_ms > 0)
			left = end - now_ms();
		ret = poll(&pfd, 1, left < 0 ? 0 : left);
		if (ret < 0)
			return fail(h, errno, "poll: %m");
		if (!ret)
			return 0;
	}
}
