// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl sync: rsync, as a child.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "rsync.h"

/*
 * Hard links, ACLs and extended attributes too; what is mounted below is not ours. With
 * a filter of attributes, those of the system have to be left out as well (rsync(1)).
 */
#define OPTIONS_ALL \
	"-aHAX", "--one-file-system", "--exclude=/" FANOTIFY_NL_JOURNAL_FOLDER, "--delete", \
		"--filter=-x system.*", "--filter=-x " RSYNC_CURSOR

/*
 * What vanished is deleted, a directory with all that was in it. A path that ends in a
 * slash stands for the names in it, so that what is not there goes.
 */
#define OPTIONS_LIST \
	"--from0", "--files-from=-", "--delete-missing-args", "--force"

/* Longer than any gate of ours has somebody wait, unless it is told to. */
#define OPEN_MS	60000

static volatile sig_atomic_t child;

/* The signal that was handed to it, or 0. */
static volatile sig_atomic_t forwarded;

static void forward(int number)
{
	forwarded = number;
	kill(child, number);
}

/* In the child. */
static void execute(char **argv, int in, int out, pid_t parent)
{
	/* it must not write to the copy while the next run does */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0) {
		fail_errno(errno, "rsync");
		_exit(127);
	}
	execvp(argv[0], argv);
	fail_errno(errno, "rsync");
	if (errno == ENOENT)
		complain("rsync has to be installed, version 3.1 or newer");
	_exit(127);
}

/* What is in a file of /proc about the child; "" if it cannot be read. */
static void look_at(const char *file, char *text, size_t size)
{
	char *path = xasprintf("/proc/%d/%s", (int)child, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, size - 1);

	text[len > 0 ? len : 0] = '\0';
	if (fd >= 0)
		close(fd);
	free(path);
}

/**
 * struct seen - What the child was like when it was looked at last.
 * @status: with its counts of switches, so that it has not run while this is the same
 * @call: the system call that it is in, first its number
 */
struct seen {
	char status[4096];
	char call[256];
};

/* Has it been in the same open(2) since it was looked at last? */
static bool is_stuck(struct seen *seen)
{
	struct seen now;
	long number;
	bool same;

	look_at("status", now.status, sizeof(now.status));
	look_at("syscall", now.call, sizeof(now.call));
	number = strtol(now.call, NULL, 10);
	same = *now.call && !strcmp(now.status, seen->status) && !strcmp(now.call, seen->call) &&
	       (number == SYS_openat || number == SYS_open);
	*seen = now;
	return same;
}

/*
 * What was a file when rsync made its list may be a FIFO when it opens it, and nobody
 * else ever does. Return: whether it was ended for that.
 */
static bool watch(void)
{
	struct pollfd ended = { .fd = pidfd_open(child, 0), .events = POLLIN };
	struct seen seen = { "", "" };
	bool stuck = false;
	int ret;

	if (ended.fd < 0)
		return false;
	while (!stuck && (ret = poll(&ended, 1, OPEN_MS)) <= 0) {
		if (ret < 0 && errno != EINTR)
			break;
		stuck = !ret && is_stuck(&seen);
	}
	close(ended.fd);
	if (!stuck)
		return false;
	complain("rsync waits for what is no file any more: ended");
	kill(child, SIGTERM);
	return true;
}

/* Wait for it with @ends let in; they wait when this returns. */
static int await(const sigset_t *ends)
{
	bool stuck;
	siginfo_t info;
	int status;

	sigprocmask(SIG_UNBLOCK, ends, NULL);
	stuck = watch();
	while (waitid(P_PID, child, &info, WEXITED | WNOWAIT) && errno == EINTR)
		;
	sigprocmask(SIG_BLOCK, ends, NULL);
	if (waitpid(child, &status, 0) < 0)
		return fail_errno(errno, "rsync"), -1;
	child = 0;
	if (stuck)
		return RSYNC_PARTIAL;
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
	complain("rsync: %s", strsignal(WTERMSIG(status)));
	return -1;
}

static int spawn(char **argv, int in, int out)
{
	struct sigaction action = { .sa_handler = forward }, sigint, sigterm;
	const pid_t parent = getpid();
	sigset_t ends, before;
	int ret;

	/* let in while there is a child to hand them to: none is lost */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, &before);
	sigaction(SIGINT, &action, &sigint);
	sigaction(SIGTERM, &action, &sigterm);
	child = fork();
	if (!child) {
		sigaction(SIGINT, &sigint, NULL);
		sigaction(SIGTERM, &sigterm, NULL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		execute(argv, in, out, parent);
	}
	ret = child < 0 ? (fail_errno(errno, "fork"), -1) : await(&ends);
	sigaction(SIGINT, &sigint, NULL);
	sigaction(SIGTERM, &sigterm, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* it may have come too late for it, or have been ignored: it was for us all the same */
	if (forwarded)
		raise(forwarded);
	return ret;
}

int rsync_check(void)
{
	char *argv[] = { (char *)"rsync", (char *)"--version", NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int ret;

	if (null < 0)
		return fail_errno(errno, "/dev/null");
	ret = spawn(argv, null, null);
	close(null);
	if (ret > 0)
		complain("rsync --version: exit status %d", ret);
	return ret ? EXIT_FAILURE : 0;
}

int rsync_run(const struct rsync *rsync, FILE *list, enum rsync_files files)
{
	static const char *const all[] = { OPTIONS_ALL }, *const listed[] = { OPTIONS_LIST };
	const size_t nr_all = sizeof(all) / sizeof(all[0]);
	const size_t nr_listed = sizeof(listed) / sizeof(listed[0]);
	size_t n = 0, users = 0;
	const char **argv;
	char *src;
	int ret, in;

	while (rsync->options && rsync->options[users])
		users++;
	argv = xrealloc(NULL, (nr_all + nr_listed + users + 9) * sizeof(*argv));
	argv[n++] = "rsync";
	for (size_t i = 0; i < nr_all; i++)
		argv[n++] = all[i];
	for (size_t i = 0; list && i < nr_listed; i++)
		argv[n++] = listed[i];
	if (files == RSYNC_FILES_DATA)
		argv[n++] = "--checksum";
	if (files == RSYNC_FILES_ALL)
		argv[n++] = "--ignore-times";
	if (rsync->dry_run) {
		argv[n++] = "--dry-run";
		argv[n++] = "--itemize-changes";
	}
	if (rsync->progress)
		argv[n++] = "--info=progress2";
	for (size_t i = 0; i < users; i++)
		argv[n++] = rsync->options[i];
	src = xasprintf("%s%s", rsync->src, strcmp(rsync->src, "/") ? "/" : "");
	argv[n++] = "--";
	argv[n++] = src;
	argv[n++] = rsync->dst;
	argv[n] = NULL;

	in = list ? fileno(list) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in < 0 || (list && (fflush(list) || lseek(in, 0, SEEK_SET))))
		ret = (fail_errno(errno, "rsync"), -1);
	else
		ret = spawn((char **)argv, in, rsync->stdout_fd);
	if (!list && in >= 0)
		close(in);
	free(src);
	free(argv);
	return ret;
}
