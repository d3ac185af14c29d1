// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: ClamAV's daemon as the checker.
 *
 * It is given the open file (FILDES); what it says to that other than a result, as
 * where it may not use the descriptor of another, is answered by sending what is in
 * the file (INSTREAM). Each check has a connection of its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "fanotifyctl.h"
#include "proc.h"
#include "text.h"

#define REPLY_MAX	4096
#define CHUNK		65536

/* Wait until the socket can be used. Return: 0; -1: it is time to give up. */
static int wait_for(struct check *check, int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	while (!check_over(check))
		if (poll(&pfd, 1, check_patience(check)) > 0)
			return 0;
	check_fail(check, ETIMEDOUT, "it took too long");
	return -1;
}

static int send_all(struct check *check, int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n;

		if (wait_for(check, fd, POLLOUT))
			return -1;
		n = send(fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0) {
			at += n;
			len -= n;
		}
	}
	return 0;
}

static int send_file(struct check *check, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .space = "" };
	struct iovec iov = { .iov_base = "", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int ret;

	ret = send_all(check, fd, "zFILDES", sizeof("zFILDES"));
	if (ret)
		return ret;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &check->fd, sizeof(int));
	if (wait_for(check, fd, POLLOUT))
		return -1;
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_stream(struct check *check, int fd)
{
	char *chunk = xrealloc(NULL, sizeof(__u32) + CHUNK);
	off_t offset = 0;
	ssize_t n;
	int ret;

	ret = send_all(check, fd, "zINSTREAM", sizeof("zINSTREAM"));
	while (!ret) {
		n = pread(check->fd, chunk + sizeof(__u32), CHUNK, offset);
		if (n < 0) {
			check_fail(check, errno, "reading the file: %s", strerror(errno));
			ret = -1;
			break;
		}
		*(__u32 *)chunk = htonl(n);
		ret = send_all(check, fd, chunk, sizeof(__u32) + n);
		if (!n)
			break;
		offset += n;
	}
	free(chunk);
	return ret;
}

static void met(struct peer *peer, __u32 pid)
{
	/* process 1 listens for others, and never waits */
	__u64 start = pid > 1 ? proc_start(pid) : 0;
	uint64_t one = 1;

	/* of two at once, either is the one; they meet again */
	if (!start || (__atomic_exchange_n(&peer->start, start, __ATOMIC_RELAXED) == start &&
		       __atomic_load_n(&peer->pid, __ATOMIC_RELAXED) == pid))
		return;
	__atomic_store_n(&peer->pid, pid, __ATOMIC_RELAXED);
	if (write(peer->wake, &one, sizeof(one)) < 0)
		abort();
}

/*
 * Who listens is known before he answers, as he may wait for us; but it need not be
 * the one that does the work, whom answers tell.
 */
static void met_listener(struct peer *peer, int fd)
{
	__u32 known = __atomic_load_n(&peer->pid, __ATOMIC_RELAXED);
	struct ucred listener;
	socklen_t len = sizeof(listener);

	if (known && proc_start(known) == __atomic_load_n(&peer->start, __ATOMIC_RELAXED))
		return;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &len))
		met(peer, listener.pid);
}

/* Take a part of the answer, and note which process has sent it. */
static ssize_t receive(struct check *check, int fd, char *buf, size_t len)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct ucred sender;
	struct cmsghdr *c;
	ssize_t n;

	n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&sender, CMSG_DATA(c), sizeof(sender));
		met(check->peer, sender.pid);
	}
	return n;
}

/* Return: 0; -1: there is none. */
static int take_reply(struct check *check, int fd, char *reply)
{
	size_t len = 0;

	for (;;) {
		ssize_t n;
		char *end;

		if (wait_for(check, fd, POLLIN))
			return -1;
		n = receive(check, fd, reply + len, REPLY_MAX - len);
		if (n < 0 && errno == EINTR)
			continue;
		end = n > 0 ? memchr(reply + len, '\0', n) : NULL;
		len += n > 0 ? n : 0;
		if (end)
			return 0;
		if (n <= 0 || len == REPLY_MAX)
			break;
	}
	reply[len] = '\0';
	check_fail(check, EPROTO, "it ended the connection without an answer");
	return -1;
}

/* NAME: OK, NAME: FOUND-NAME FOUND, or anything else. */
int clamd_parse(char *reply, char **found)
{
	static const char end[] = " FOUND";
	char *colon = strstr(reply, ": ");
	size_t len = strlen(reply);

	*found = NULL;
	if (!colon)
		return -1;
	if (!strcmp(colon, ": OK"))
		return 0;
	if (len < sizeof(end) - 1 || strcmp(reply + len - (sizeof(end) - 1), end))
		return -1;
	reply[len - (sizeof(end) - 1)] = '\0';
	if (colon + 2 > reply + strlen(reply))
		return -1;
	*found = colon + 2;
	return 0;
}

static int connect_to(struct check *check)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, one = 1;

	if (strlen(check->what) >= sizeof(address.sun_path)) {
		check_fail(check, ENAMETOOLONG, "%s: the path is too long", check->what);
		return -1;
	}
	strcpy(address.sun_path, check->what);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		check_fail(check, errno, "socket: %s", strerror(errno));
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	/* its queue may be full for a moment */
	while (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		if (errno == EAGAIN && !check_over(check)) {
			poll(NULL, 0, 10);
			continue;
		}
		check_fail(check, errno, "%s: %s", check->what, strerror(errno));
		close(fd);
		return -1;
	}
	met_listener(check->peer, fd);
	return fd;
}

/* Return: 0; -1: it has no result. */
static int ask(struct check *check, int (*send)(struct check *check, int fd), char *reply,
	       char **found)
{
	int fd = connect_to(check);
	int ret;

	*reply = '\0';
	*found = NULL;
	if (fd < 0)
		return -1;
	/* a daemon that refuses may close before all is sent, and say why */
	ret = send(check, fd);
	if (ret && check->error)
		ret = -1;
	else
		ret = take_reply(check, fd, reply);
	if (!ret)
		ret = clamd_parse(reply, found);
	close(fd);
	return ret;
}

void clamd_ping(struct check *check)
{
	char reply[REPLY_MAX + 1];
	int fd = connect_to(check);

	if (fd < 0)
		return;
	if (!send_all(check, fd, "zPING", sizeof("zPING")) && !take_reply(check, fd, reply) &&
	    strcmp(reply, "PONG"))
		check_fail(check, EPROTO, "it is no ClamAV daemon");
	close(fd);
}

void check_clamd(struct check *check)
{
	char reply[REPLY_MAX + 1];
	char *found, *text;
	int ret;

	ret = ask(check, send_file, reply, &found);
	if (ret && (!check->error || check->error == EPROTO)) {
		free(check->text);
		check->text = NULL;
		check->error = 0;
		ret = ask(check, send_stream, reply, &found);
	}
	if (ret) {
		text = text_escape(reply, strlen(reply));
		check_fail(check, EPROTO, "it says \"%s\"", text);
		free(text);
		return;
	}
	check->action.outcome = found ? OUTCOME_DENY : OUTCOME_ALLOW;
	if (found)
		check->text = xstrdup(found);
}
