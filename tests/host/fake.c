// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for the library's sock.c: a kernel that follows a script. Both
 * sockets of the handle are one here; no test has use for two.
 */
#include <errno.h>
#include <stdlib.h>

#include "fake.h"

struct datagram {
	struct datagram *next;
	size_t len;
	int err;
	char data[];
};

static struct datagram *first, **last = &first;
static fake_answer answer;
unsigned int fake_sent;

static struct datagram *queue(size_t len)
{
	struct datagram *d = calloc(1, sizeof(*d) + len);

	if (!d)
		abort();
	d->len = len;
	*last = d;
	last = &d->next;
	return d;
}

void fake_queue_bytes(const void *data, size_t len)
{
	memcpy(queue(len)->data, data, len);
}

void fake_queue(const union message *m)
{
	fake_queue_bytes(m, m->nlh.nlmsg_len);
}

void fake_queue_error(int err)
{
	queue(0)->err = err;
}

void fake_join(const union message *m)
{
	struct datagram **end = &first;

	while ((*end)->next)
		end = &(*end)->next;
	*end = realloc(*end, sizeof(**end) + (*end)->len + m->nlh.nlmsg_len);
	if (!*end)
		abort();
	memcpy((*end)->data + (*end)->len, m, m->nlh.nlmsg_len);
	(*end)->len += m->nlh.nlmsg_len;
	last = &(*end)->next;
}

static struct datagram *take(void)
{
	struct datagram *d = first;

	if (!d)
		return NULL;
	first = d->next;
	if (!first)
		last = &first;
	return d;
}

void fake_start(struct fanotify_nl *h, fake_answer to)
{
	*h = (struct fanotify_nl){ .family = FAMILY };
	answer = to;
	fake_sent = 0;
}

void fake_bound(struct fanotify_nl *h, fake_answer to)
{
	fake_start(h, to);
	h->is_bound = true;
	h->bound.number = 1;
}

void fake_stop(struct fanotify_nl *h)
{
	struct datagram *d;

	while ((d = take()))
		free(d);
	stream_reset(&h->stream);
	buffer_free(&h->reply);
	buffer_free(&h->read);
	free(h->skipped);
}

int sock_open(struct mnl_socket **sock, int protocol, int flags)
{
	(void)sock;
	(void)protocol;
	(void)flags;
	return -EPROTONOSUPPORT;
}

void sock_set_rcvbuf(struct mnl_socket *sock, unsigned int bytes)
{
	(void)sock;
	(void)bytes;
}

int sock_send(struct mnl_socket *sock, const struct nlmsghdr *msg)
{
	(void)sock;
	fake_sent++;
	if (answer)
		answer(msg);
	return 0;
}

ssize_t sock_recv(struct mnl_socket *sock, struct buffer *buf, int flags, __u64 *forged)
{
	struct datagram *d = take();
	ssize_t ret;

	(void)sock;
	(void)flags;
	(void)forged;
	if (!d)
		return -EAGAIN;
	ret = d->err ? -d->err : buffer_reserve(buf, RECV_MAX);
	if (!ret) {
		memcpy(buf->data + buf->len, d->data, d->len);
		buf->len += NLMSG_ALIGN(d->len);
		ret = d->len;
	}
	free(d);
	return ret;
}
