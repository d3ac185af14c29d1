// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to ask for permission: a process opens a file again and again, and
 * another one, on the same CPU, allows it. So an open takes all that the round trip
 * does: the event, two switches, reading it, the verdict.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fanotify-nl/fanotify-nl.h>

#include "bench.h"

#define GATED_FILE	STORM_DIR "/file"

enum gate_step { OPEN, CLOSE_ALL, GATE_STEPS };

/**
 * struct gate_row - one way to be asked
 * @id: short name, for JSON and for the command line
 * @listen: what the other process does; NULL, nobody is asked
 * @loop: it reads until there is no more, and waits by poll(2), as fanotify(7) shows;
 *	if not, it waits in read(2), as the library does in recv(2)
 * @path: the listener wants path and attributes
 * @open: it wants to read the file
 * @no_stat: events carry no attributes
 * @quiet: only the first open is asked about: the listener has it remembered, or
 *	ignored
 * @elsewhere: what it watches is elsewhere on the filesystem
 */
struct gate_row {
	const char *id;
	void (*listen)(const struct gate_row *row);
	bool loop;
	bool path;
	bool open;
	bool no_stat;
	bool quiet;
	bool elsewhere;
};

/* Of both processes. */
static struct {
	unsigned int verdicts;
} *shared;

static int ready;

static void is_ready(void)
{
	if (write(ready, "x", 1) != 1)
		die("ready: %m");
}

/* ---- fanotify ---- */

static void fanotify_path(int fd)
{
	struct stat st;
	char link[32], path[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path)) <= 0 || fstat(fd, &st))
		die("%s: %m", link);
}

static void fanotify_allow(const struct gate_row *row, int group, int fd)
{
	struct fanotify_response response = { .fd = fd, .response = FAN_ALLOW };

	if (row->path)
		fanotify_path(fd);
	if (row->quiet && fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK,
					FAN_OPEN_PERM, AT_FDCWD, GATED_FILE))
		die("ignore %s: %m", GATED_FILE);
	if (write(group, &response, sizeof(response)) != sizeof(response))
		die("fanotify: no verdict: %m");
	shared->verdicts++;
	close(fd);
}

static void fanotify_listen(const struct gate_row *row)
{
	static char buf[4096] __attribute__((aligned(8)));
	struct fanotify_event_metadata *event;
	int group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC |
				  (row->loop ? FAN_NONBLOCK : 0), O_RDONLY | O_CLOEXEC);
	struct pollfd pollfd = { .fd = group, .events = POLLIN };
	ssize_t n;

	if (group < 0 || fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_PERM,
				       AT_FDCWD, ROOT))
		die("fanotify: %m");
	is_ready();
	do {
		while ((n = read(group, buf, sizeof(buf))) > 0)
			for (event = (void *)buf; FAN_EVENT_OK(event, n);
			     event = FAN_EVENT_NEXT(event, n))
				fanotify_allow(row, group, event->fd);
	} while (errno == EAGAIN && poll(&pollfd, 1, -1) == 1);
	die("fanotify: read: %m");
}

/* ---- fanotify-nl ---- */

static struct fanotify_nl *us_bind(const struct gate_row *row)
{
	const struct fanotify_nl_bind bind = {
		.settings = {
			.set = FANOTIFY_NL_SET_FLAGS |
			       (row->no_stat ? FANOTIFY_NL_SET_STAT_MASK : 0),
			.flags = FANOTIFY_GROUP_FLAG_PERMISSION |
				 (row->quiet ? FANOTIFY_GROUP_FLAG_REMEMBER : 0),
		},
	};
	struct fanotify_nl_mark mark = {
		.type = row->elsewhere ? FANOTIFY_MARK_TYPE_SUBTREE :
					 FANOTIFY_MARK_TYPE_FILESYSTEM,
		.path = row->elsewhere ? OTHER_DIR : ROOT,
		.mask = FANOTIFY_KIND_OPEN_PERM,
	};
	struct fanotify_nl *h;

	if (fanotify_nl_open(&h) || fanotify_nl_bind(h, &bind) ||
	    fanotify_nl_mark_add(h, &mark, NULL))
		die("gate: %s", fanotify_nl_error(h));
	return h;
}

static void us_open(struct fanotify_nl *h, __u64 id)
{
	int fd = fanotify_nl_event_open_id(h, id);

	if (fd < 0)
		die("event open: %s", fanotify_nl_error(h));
	close(fd);
}

static void us_listen(const struct gate_row *row)
{
	struct fanotify_nl *h = us_bind(row);
	struct fanotify_nl_event event;

	is_ready();
	while (fanotify_nl_wait_event(h, &event, -1) == 1) {
		const struct fanotify_nl_verdict verdict = {
			.id = event.id, .response = FANOTIFY_VERDICT_ALLOW,
			.flags = row->quiet ? FANOTIFY_VERDICT_FLAG_REMEMBER : 0,
		};

		if (!event.path || !event.object.stat.has != row->no_stat)
			die("%s: path or attributes are missing", row->id);
		if (row->open)
			us_open(h, event.id);
		if (fanotify_nl_verdict(h, &verdict, 1))
			die("verdict: %s", fanotify_nl_error(h));
		shared->verdicts++;
	}
	die("gate: %s", fanotify_nl_error(h));
}

/* ---- rows ---- */

static const struct gate_row rows[] = {
	{ .id = "gate-none" },
	{ .id = "gate-fanotify", .listen = fanotify_listen },
	{ .id = "gate-fanotify-loop", .listen = fanotify_listen, .loop = true },
	{ .id = "gate-fanotify-path", .listen = fanotify_listen, .loop = true, .path = true },
	{ .id = "gate-fanotify-ignored", .listen = fanotify_listen, .quiet = true },
	{ .id = "gate-us", .listen = us_listen },
	{ .id = "gate-us-no-stat", .listen = us_listen, .no_stat = true },
	{ .id = "gate-us-open", .listen = us_listen, .open = true },
	{ .id = "gate-us-remembered", .listen = us_listen, .quiet = true },
	{ .id = "gate-us-elsewhere", .listen = us_listen, .elsewhere = true },
};

static pid_t start_listener(const struct gate_row *row)
{
	int pipefd[2];
	pid_t pid;
	char c;

	if (!row->listen)
		return 0;
	if (pipe2(pipefd, O_CLOEXEC))
		die("pipe: %m");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ready = pipefd[1];
		row->listen(row);
	}
	close(pipefd[1]);
	if (read(pipefd[0], &c, 1) != 1)
		die("%s: the listener has ended", row->id);
	close(pipefd[0]);
	return pid;
}

static void measure(const struct gate_row *row, int *fds, unsigned int opens,
		    __u64 took[GATE_STEPS])
{
	__u64 start;

	settle();
	start = now();
	for (unsigned int i = 0; i < opens; i++)
		if ((fds[i] = open(GATED_FILE, O_RDONLY | O_CLOEXEC)) < 0)
			die("%s: %s: %m", row->id, GATED_FILE);
	took[OPEN] = now() - start;
	settle();
	start = now();
	for (unsigned int i = 0; i < opens; i++)
		close(fds[i]);
	took[CLOSE_ALL] = now() - start;
}

static void run_row(const struct gate_row *row, int *fds, unsigned int opens, unsigned int rounds)
{
	__u64 took[GATE_STEPS];
	pid_t pid;

	fprintf(stderr, "bench: %s\n", row->id);
	shared->verdicts = 0;
	pid = start_listener(row);
	printf("{\"id\":\"%s\",\"rounds\":[", row->id);
	for (unsigned int i = 0; i <= rounds; i++) {
		measure(row, fds, opens, took);
		if (i)
			printf("%s{\"open\":%llu,\"close\":%llu}", i > 1 ? "," : "", took[OPEN],
			       took[CLOSE_ALL]);
	}
	printf("]}");
	if (shared->verdicts != (!row->listen || row->elsewhere ? 0 :
				 row->quiet ? 1 : opens * (rounds + 1)))
		die("%s: %u verdicts", row->id, shared->verdicts);
	if (pid) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	settle();
}

void gate_rows(unsigned int opens, unsigned int rounds, char **names)
{
	int *fds = calloc(opens, sizeof(*fds));
	bool any = false;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (!fds || shared == MAP_FAILED)
		die("no memory");
	make_place();
	close(open(GATED_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!is_wanted(rows[i].id, names))
			continue;
		printf(any ? "," : "");
		any = true;
		run_row(&rows[i], fds, opens, rounds);
	}
	remove_place();
	free(fds);
}
