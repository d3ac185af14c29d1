// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The handle: its sockets, the family, the text of the last failure.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <libmnl/libmnl.h>

#include "internal.h"

int fail(struct fanotify_nl *h, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	errno = err;
	vsnprintf(h->error, sizeof(h->error), format, args);
	va_end(args);
	return -err;
}

int need_bound(struct fanotify_nl *h, const char *what)
{
	if (h->is_bound)
		return 0;
	return fail(h, ENOTCONN, "%s: the handle is not bound to a group", what);
}

static int open_sockets(struct fanotify_nl *h)
{
	const struct timeval day = { .tv_sec = 24 * 60 * 60 };
	int on = 1;
	int ret;

	ret = sock_open(&h->commands, NETLINK_GENERIC, 0);
	if (!ret)
		ret = sock_open(&h->events, NETLINK_GENERIC, 0);
	/* With a time to end at, a signal ends a wait, SA_RESTART or not. */
	if (!ret && setsockopt(mnl_socket_get_fd(h->events), SOL_SOCKET, SO_RCVTIMEO, &day,
			       sizeof(day)) < 0)
		ret = -errno;
	/*
	 * The kernel says itself, by a gap event, when it lost something. A
	 * report of overrun would only hide that it never happens.
	 */
	if (!ret && mnl_socket_setsockopt(h->events, NETLINK_NO_ENOBUFS, &on, sizeof(on)) < 0)
		ret = -errno;
	if (ret)
		return fail(h, -ret, "netlink socket: %m");
	return 0;
}

static int find_family(struct fanotify_nl *h)
{
	static const struct attr_rule rules[] = {
		[CTRL_ATTR_FAMILY_ID] = { .kind = ATTR_16 },
	};
	union request req;
	int ret;

	request_init(h, &req, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	req.nlh.nlmsg_type = GENL_ID_CTRL;
	mnl_attr_put_strz(&req.nlh, CTRL_ATTR_FAMILY_NAME, FANOTIFY_FAMILY_NAME);
	ret = call(h, &req, "find family", &h->reply);
	if (ret == -ENOENT)
		return fail(h, ENOENT, "the kernel has no family " FANOTIFY_FAMILY_NAME
			    ": load the module fanotify_nl");
	if (ret)
		return ret;
	return call_parse(h, &h->reply, "find family", rules, CTRL_ATTR_FAMILY_ID, &h->family,
			  NULL);
}

API int fanotify_nl_open(struct fanotify_nl **hp)
{
	struct fanotify_nl *h;
	int ret;

	*hp = h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	ret = open_sockets(h);
	if (ret)
		return ret;
	return find_family(h);
}

API void fanotify_nl_close(struct fanotify_nl *h)
{
	if (!h)
		return;
	/* The kernel ends the membership with its socket. */
	if (h->events)
		mnl_socket_close(h->events);
	if (h->commands)
		mnl_socket_close(h->commands);
	buffer_free(&h->stream.buf);
	buffer_free(&h->reply);
	buffer_free(&h->read);
	free(h->skipped);
	free(h);
}

API const char *fanotify_nl_error(const struct fanotify_nl *h)
{
	return h ? h->error : "out of memory";
}

API const char *fanotify_nl_version(void)
{
	return LIB_VERSION;
}

API int fanotify_nl_fd(const struct fanotify_nl *h)
{
	return h->events ? mnl_socket_get_fd(h->events) : -1;
}

API void fanotify_nl_counters(const struct fanotify_nl *h, struct fanotify_nl_counters *counters)
{
	*counters = h->counters;
}
