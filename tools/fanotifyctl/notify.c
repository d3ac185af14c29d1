// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: tell the service manager how it goes.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "notify.h"

static int connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd;

	if ((*name != '/' && *name != '@') || len >= sizeof(address.sun_path)) {
		complain("NOTIFY_SOCKET=%s: not a socket's name", name);
		return -1;
	}
	memcpy(address.sun_path, name, len);
	if (*name == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&address,
				offsetof(struct sockaddr_un, sun_path) + len))
		return fd;
	complain("NOTIFY_SOCKET=%s: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

void notify_open(struct notify *notify)
{
	const char *name = getenv("NOTIFY_SOCKET");
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	__u32 number;
	__u64 period;

	*notify = (struct notify){ .fd = name ? connect_to(name) : -1 };
	if (usec && !parse_u64(usec, &period) &&
	    (!pid || (!parse_u32(pid, &number) && number == (__u32)getpid())))
		/* twice in the time that it waits */
		notify->watchdog_ms = period / 2000 ? period / 2000 : 1;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_send(const struct notify *notify, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	if (notify->fd < 0)
		return;
	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		return;
	send(notify->fd, text, len, MSG_NOSIGNAL);
	free(text);
}
