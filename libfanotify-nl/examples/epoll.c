// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Watch the filesystem that a path is on, from an epoll loop.
 *
 *   epoll PATH
 *
 * Prints a line for each event; ends with the first SIGINT or SIGTERM.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
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

static void print_event(const struct fanotify_nl_event *event)
{
	const char *separator = "";

	printf("%llu ", (unsigned long long)event->seq);
	for (int i = 0; i < 64; i++) {
		const char *kind = fanotify_nl_kind_name(event->mask & 1ULL << i);

		if (kind) {
			printf("%s%s", separator, kind);
			separator = ",";
		}
	}
	if (event->path) {
		putchar(' ');
		print_bytes(event->path);
	}
	if (event->new_path) {
		printf(" -> ");
		print_bytes(event->new_path);
	}
	if (event->has & FANOTIFY_NL_HAS_ACTOR) {
		printf(" by ");
		print_bytes(event->actor.comm ? event->actor.comm : "?");
		printf("[%u] uid %u", event->actor.tgid, event->actor.uid);
	}
	if (event->object.stat.has & FANOTIFY_STAT_FIELD_SIZE)
		printf(" size %llu", (unsigned long long)event->object.stat.size);
	if (event->gap.scope == FANOTIFY_GAP_SCOPE_DIRECTORY)
		printf(" look at what is in it: %s",
		       fanotify_nl_gap_reason_name(event->gap.reason));
	else if (event->has & FANOTIFY_NL_HAS_GAP)
		printf(" %llu events lost: %s", (unsigned long long)event->gap.count,
		       fanotify_nl_gap_reason_name(event->gap.reason));
	putchar('\n');
	fflush(stdout);
}

/* Until there is none left: only then does the descriptor speak up again. */
static int drain(struct fanotify_nl *h)
{
	struct fanotify_nl_event event;
	int ret;

	do {
		ret = fanotify_nl_next_event(h, &event);
		if (ret > 0)
			print_event(&event);
		else if (ret == -EBADMSG)
			fprintf(stderr, "epoll: %s\n", fanotify_nl_error(h));
	} while (ret > 0 || ret == -EBADMSG);
	return ret;
}

static int watch(struct fanotify_nl *h, const char *path)
{
	struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_FILESYSTEM,
		.path = path,
	};
	struct fanotify_nl_caps caps;
	int ret;

	ret = fanotify_nl_caps(h, &caps);
	if (ret)
		return ret;
	ret = fanotify_nl_kind_parse("create,delete,rename,attrib,close-write,ondir", &mark.mask);
	if (ret)
		return ret;
	mark.mask &= caps.marks[mark.type].mask;
	ret = fanotify_nl_bind(h, NULL);
	if (ret)
		return ret;
	return fanotify_nl_mark_add(h, &mark, NULL);
}

/* Adds a descriptor to the loop, as the loop of any program would. */
static int loop_add(int loop, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static int run(struct fanotify_nl *h)
{
	int loop = epoll_create1(EPOLL_CLOEXEC);
	int timeout = -1;
	int signals;
	sigset_t set;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (loop < 0 || signals < 0 || loop_add(loop, signals) ||
	    loop_add(loop, fanotify_nl_fd(h))) {
		perror("epoll");
		return 1;
	}

	for (;;) {
		struct epoll_event ready;
		int n = epoll_wait(loop, &ready, 1, timeout);

		if (n < 0 && errno != EINTR) {
			perror("epoll_wait");
			return 1;
		}
		if (n > 0 && ready.data.fd == signals)
			return 0;
		ret = drain(h);
		/* The kernel is short of memory. Events wait, but silently. */
		timeout = ret == -ENOBUFS || ret == -ENOMEM ? 100 : -1;
		if (ret < 0 && timeout < 0) {
			fprintf(stderr, "epoll: %s\n", fanotify_nl_error(h));
			return 1;
		}
	}
}

int main(int argc, char **argv)
{
	struct fanotify_nl *h;
	int ret;

	if (argc != 2) {
		fprintf(stderr, "usage: epoll PATH\n");
		return 2;
	}
	ret = fanotify_nl_open(&h);
	if (!ret)
		ret = watch(h, argv[1]);
	if (ret) {
		fprintf(stderr, "epoll: %s\n", fanotify_nl_error(h));
		ret = 1;
	} else {
		printf("watching with group %u\n", fanotify_nl_bound(h)->number);
		fflush(stdout);
		ret = run(h);
	}
	fanotify_nl_close(h);
	return ret;
}
