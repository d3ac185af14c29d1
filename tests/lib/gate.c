// SPDX-License-Identifier: GPL-2.0
/*
 * Permission groups, and processes that need permission.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "gate.h"
#include "pace.h"
#include "storm.h"

struct fanotify_nl *gate_open(__u32 number, __u32 flags, struct fanotify_nl_settings settings)
{
	struct fanotify_nl_bind bind = { .number = number, .settings = settings };
	struct fanotify_nl *h;
	int ret;

	bind.settings.set |= FANOTIFY_NL_SET_FLAGS;
	bind.settings.flags = PERMISSION | flags;
	ret = fanotify_nl_open(&h);
	if (!ret)
		ret = fanotify_nl_bind(h, &bind);
	if (ret) {
		fprintf(stderr, "no gate: %s: %s\n", strerror(-ret), fanotify_nl_error(h));
		fanotify_nl_close(h);
		return NULL;
	}
	return h;
}

struct outcome {
	int error;
	double ms;
	unsigned char byte;
};

static char buffer[65536];

/* Opened before: fewer things that need permission. */
static int do_access(enum access_kind kind, const char *path, int fd, struct range range)
{
	static char *const argv[] = { "test", NULL }, *const envp[] = { NULL };

	switch (kind) {
	case OPEN:
		return open(path, O_RDONLY) < 0 ? errno : 0;
	case OPEN_WRITE:
		return open(path, O_RDWR) < 0 ? errno : 0;
	case READ:
		return pread(fd, buffer, range.length, range.offset) < 0 ? errno : 0;
	case EXEC:
		execve(path, argv, envp);
		return errno;
	case LIST:
		return open(path, O_RDONLY | O_DIRECTORY) < 0 ? errno : 0;
	case READ_DIR:
		return getdents64(fd, buffer, sizeof(buffer)) < 0 ? errno : 0;
	case WRITE:
		return pwrite(fd, buffer, range.length, range.offset) < 0 ? errno : 0;
	case MAP:
		return mmap(NULL, range.length, PROT_READ, MAP_PRIVATE, fd,
			    range.offset) == MAP_FAILED ? errno : 0;
	case TRUNCATE:
		return truncate(path, range.offset) ? errno : 0;
	}
	return EINVAL;
}

static void run(enum access_kind kind, const char *path, uid_t uid, struct range range, int out)
{
	struct outcome outcome = {};
	__u64 begun;
	int fd = -1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* a member lives for as long as anybody has its socket */
	for (int i = 3; i < 256; i++)
		if (i != out)
			close(i);
	if (uid && setresuid(uid, uid, uid))
		_exit(100);
	if (kind == READ || kind == READ_DIR || kind == MAP)
		fd = open(path, O_RDONLY);
	else if (kind == WRITE)
		fd = open(path, O_WRONLY);
	begun = now_ns();
	outcome.error = do_access(kind, path, fd, range);
	outcome.ms = (now_ns() - begun) / 1e6;
	outcome.byte = buffer[0];
	if (write(out, &outcome, sizeof(outcome)) != sizeof(outcome))
		_exit(101);
	_exit(0);
}

int access_start_range(struct access *a, enum access_kind kind, const char *path, uid_t uid,
		       struct range range)
{
	int pipefd[2];

	*a = (struct access){ .fd = -1 };
	if (pipe2(pipefd, O_CLOEXEC))
		return -errno;
	a->pid = fork();
	if (a->pid < 0)
		return -errno;
	if (!a->pid) {
		close(pipefd[0]);
		run(kind, path, uid, range, pipefd[1]);
	}
	close(pipefd[1]);
	a->fd = pipefd[0];
	return 0;
}

int access_start(struct access *a, enum access_kind kind, const char *path, uid_t uid)
{
	return access_start_range(a, kind, path, uid, (struct range){ 0, 1 });
}

/* A program that was executed closes the pipe, and ends. */
int access_end(struct access *a, int timeout_ms)
{
	struct pollfd pollfd = { .fd = a->fd, .events = POLLIN };
	struct outcome outcome = {};
	int status;
	ssize_t n;

	if (!poll(&pollfd, 1, timeout_ms))
		return -ETIMEDOUT;
	n = read(a->fd, &outcome, sizeof(outcome));
	close(a->fd);
	waitpid(a->pid, &status, 0);
	if (!n)
		return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ECHILD;
	a->ms = outcome.ms;
	a->byte = outcome.byte;
	return outcome.error;
}

void access_kill(struct access *a)
{
	kill(a->pid, SIGKILL);
	waitpid(a->pid, NULL, 0);
	close(a->fd);
}

__s64 gate_next(struct fanotify_nl *h, int timeout_ms, struct fanotify_nl_event *event)
{
	struct fanotify_nl_event unused;
	int ret;

	if (!event)
		event = &unused;
	do {
		ret = fanotify_nl_wait_event(h, event, timeout_ms);
		if (ret <= 0)
			return ret;
	} while (!(event->has & FANOTIFY_NL_HAS_DEADLINE));
	return event->id;
}

int gate_verdict(struct fanotify_nl *h, __u64 id, __u32 response, __u32 error, __u32 flags)
{
	const struct fanotify_nl_verdict verdict = {
		.id = id, .response = response, .error = error, .flags = flags,
	};

	return fanotify_nl_verdict(h, &verdict, 1);
}

int gate_try(struct fanotify_nl *h, enum access_kind kind, const char *path, __u32 response,
	     __u32 error, __u32 flags)
{
	struct access a;
	__s64 id;
	int ret;

	ret = access_start(&a, kind, path, 0);
	if (ret)
		return ret;
	if (!response) {
		ret = access_end(&a, 2000 * slowness());
		return gate_next(h, 0, NULL) ? -EEXIST : ret;
	}
	id = gate_next(h, 2000 * slowness(), NULL);
	if (id <= 0) {
		access_kill(&a);
		return -ENODATA;
	}
	ret = gate_verdict(h, id, response, error, flags);
	if (ret) {
		access_kill(&a);
		return ret;
	}
	return access_end(&a, 2000 * slowness());
}

struct fanotify_nl_gate gate_of(__u32 number)
{
	struct fanotify_nl_group_info info = {};
	struct fanotify_nl *h;

	if (!fanotify_nl_open(&h) && fanotify_nl_group_get(h, number, &info))
		info.gate = (struct fanotify_nl_gate){};
	fanotify_nl_close(h);
	return info.gate;
}

bool gate_becomes(__u32 number, __u32 state)
{
	for (int i = 0; i < 1000; i++) {
		if (gate_of(number).state == state)
			return true;
		usleep(10000);
	}
	return false;
}
