/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl gate: tell the service manager how it goes.
 *
 * It is the protocol of sd_notify(3): a datagram to the socket that the environment
 * names. Without that, nothing is sent.
 */
#ifndef FANOTIFYCTL_NOTIFY_H
#define FANOTIFYCTL_NOTIFY_H

#include <linux/types.h>

/**
 * struct notify - The way to the service manager.
 * @fd: the socket; -1: there is none
 * @watchdog_ms: how often it wants to hear of us; 0: it does not
 */
struct notify {
	int fd;
	__s64 watchdog_ms;
};

/* Take the environment's variables, so that no child has them. */
void notify_open(struct notify *notify);

/* Lines of VARIABLE=VALUE. What cannot be sent is not: nobody must wait for it. */
void notify_send(const struct notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* FANOTIFYCTL_NOTIFY_H */
