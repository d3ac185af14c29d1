// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Decide which files may be opened.
 *
 *   gate PATH PATTERN
 *
 * Whoever opens a file below PATH waits for this program, which denies names that
 * match PATTERN and allows all others. Without an answer within two seconds a file may
 * not be opened, and a gate that does not answer at all is put out of the way. Prints a
 * line for each question; ends with SIGINT or SIGTERM, and then all is allowed.
 */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>

#include <fanotify-nl/fanotify-nl.h>

/* Names are any bytes: what a terminal might obey is printed as \033. */
static void print_bytes(const char *s)
{
	for (; *s; s++) {
		unsigned char c = *s;

		if (c < ' ' || c == 0x7f || c == '\\')
			printf("\\%03o", c);
		else
			putchar(c);
	}
}

static int answer(struct fanotify_nl *h, const struct fanotify_nl_event *event,
		  const char *pattern)
{
	/* not to be remembered: that is about a file, which may have another name next time */
	struct fanotify_nl_verdict verdict = {
		.id = event->id,
		.response = FANOTIFY_VERDICT_ALLOW,
	};
	int ret;

	/* a file that has no name any more cannot have this one */
	if (event->name && !fnmatch(pattern, event->name, 0))
		verdict.response = FANOTIFY_VERDICT_DENY;
	printf("%s ", fanotify_nl_verdict_name(verdict.response));
	print_bytes(event->path ? event->path : "?");
	printf(" to %u, uid %u\n", event->actor.tgid, event->actor.uid);
	fflush(stdout);
	ret = fanotify_nl_verdict(h, &verdict, 1);
	/* it has been killed, or we were too late: nobody waits for it any more */
	return ret == -ENOENT ? 0 : ret;
}

static int close_gate(struct fanotify_nl *h, const char *path)
{
	const struct fanotify_nl_bind bind = {
		.settings = {
			.set = FANOTIFY_NL_SET_FLAGS | FANOTIFY_NL_SET_TIMEOUT_MS |
			       FANOTIFY_NL_SET_ON_TIMEOUT,
			.flags = FANOTIFY_GROUP_FLAG_PERMISSION,
			.timeout_ms = 2000,
			.on_timeout = EPERM,
		},
	};
	const struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_SUBTREE,
		.path = path,
		.mask = FANOTIFY_KIND_OPEN_PERM,
	};
	int ret;

	ret = fanotify_nl_bind(h, &bind);
	return ret ? ret : fanotify_nl_mark_add(h, &mark, NULL);
}

/* Return: how long to poll for at most, or -errno. */
static int answer_all(struct fanotify_nl *h, const char *pattern)
{
	struct fanotify_nl_event event;
	int ret, err = 0;

	/* until there is none left: only then does the descriptor speak up again */
	do {
		ret = fanotify_nl_next_event(h, &event);
		/* a gap may say that others were lost, but those that wait never are */
		if (ret > 0 && (event.has & FANOTIFY_NL_HAS_DEADLINE))
			err = answer(h, &event, pattern);
		if (err)
			return err;
	} while (ret > 0 || ret == -EBADMSG);
	/* The kernel is short of memory. Events wait, but silently. */
	if (ret == -ENOBUFS || ret == -ENOMEM)
		return 100;
	return ret < 0 ? ret : INT_MAX;
}

/* Return: 0 when told to end, or -errno. */
static int keep_gate(struct fanotify_nl *h, const char *pattern, int signals)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = fanotify_nl_fd(h), .events = POLLIN },
	};

	for (;;) {
		int timeout = answer_all(h, pattern);

		if (timeout < 0)
			return timeout;
		if (poll(fds, 2, timeout) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			return 0;
	}
}

int main(int argc, char **argv)
{
	struct fanotify_nl *h;
	sigset_t set;
	int ret;

	if (argc != 3) {
		fprintf(stderr, "usage: gate PATH PATTERN\n");
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);

	ret = fanotify_nl_open(&h);
	if (!ret)
		ret = close_gate(h, argv[1]);
	if (!ret) {
		printf("gate of group %u\n", fanotify_nl_bound(h)->number);
		fflush(stdout);
		ret = keep_gate(h, argv[2], signalfd(-1, &set, SFD_CLOEXEC));
	}
	/* all who wait go on; after a failure on-evict decides, as the socket is closed */
	if (ret)
		fprintf(stderr, "gate: %s\n", fanotify_nl_error(h));
	else
		fanotify_nl_unbind(h);
	fanotify_nl_close(h);
	return ret ? 1 : 0;
}
