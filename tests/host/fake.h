/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stands in for the library's sock.c: a kernel that follows a script.
 */
#ifndef FAKE_H
#define FAKE_H

#include "internal.h"
#include "message.h"

/* What the kernel does when a request comes, within sendto() as the real one. */
typedef void (*fake_answer)(const struct nlmsghdr *request);

/** fake_start() - A handle that is open, over sockets with nothing in them. */
void fake_start(struct fanotify_nl *h, fake_answer answer);

/** fake_bound() - The same, and bound to group 1. */
void fake_bound(struct fanotify_nl *h, fake_answer answer);

/** fake_stop() - Free what the handle has. */
void fake_stop(struct fanotify_nl *h);

/** fake_queue() - A datagram of one message is there to be received. */
void fake_queue(const union message *m);

/** fake_queue_bytes() - A datagram of any bytes is. */
void fake_queue_bytes(const void *data, size_t len);

/** fake_queue_error() - The next receive fails. */
void fake_queue_error(int err);

/** fake_join() - Add a message to the last datagram. */
void fake_join(const union message *m);

/* Requests sent so far. */
extern unsigned int fake_sent;

#endif /* FAKE_H */
