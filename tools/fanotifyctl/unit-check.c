// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: tests of checks, which need no kernel module. Prints TAP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "proc.h"
#include "unit.h"

/* ---- a command ---- */

static struct peer peer;

/* What comes of a check of a file with "content". */
static struct check checked(enum check_kind kind, const char *what, int patience_ms)
{
	static const bool stop;
	static char json[] = "{\"path\":\"/x\"}\n";
	struct check check = {
		.kind = kind,
		.what = what,
		.fd = memfd_create("file", MFD_CLOEXEC),
		.json = json,
		.json_len = sizeof(json) - 1,
		.deadline = now_ms() + patience_ms,
		.stop = &stop,
		.peer = &peer,
		.action = { .outcome = OUTCOME_ASK, .remember = true },
	};

	is("write", write(check.fd, "content", 7), 7);
	lseek(check.fd, 0, SEEK_SET);
	check_run(&check.job);
	close(check.fd);
	return check;
}

static void exec_is(const char *command, enum outcome want)
{
	struct check check = checked(CHECK_EXEC, command, 20000);

	is(command, check.error, 0);
	same(command, check.text, NULL);
	is(command, check.action.outcome, want);
	free(check.text);
}

static void exec_fails(const char *command, int patience_ms, int error, const char *why)
{
	struct check check = checked(CHECK_EXEC, command, patience_ms);

	is(command, check.error, error);
	same(command, check.text, why);
	free(check.text);
}

static void test_exec(void)
{
	struct check check;

	exec_is("exit 0", OUTCOME_ALLOW);
	exec_is("exit 1", OUTCOME_DENY);
	exec_is("test \"$(cat <&3)\" = content", OUTCOME_ALLOW);
	exec_is("read line; test \"$line\" = '{\"path\":\"/x\"}' && ! read more", OUTCOME_ALLOW);
	exec_is("echo '{\"verdict\":\"deny\"}'", OUTCOME_DENY);
	/* the file, the request and the pipe are there once */
	exec_is("test $(ls -l /proc/self/fd | grep -c 'memfd:') = 2", OUTCOME_ALLOW);
	exec_is("kill -0 0 && test \"$(cut -d' ' -f5 /proc/$$/stat)\" = $$", OUTCOME_ALLOW);
	exec_is("grep -q '^SigBlk:.0*$' /proc/self/status", OUTCOME_ALLOW);
	check = checked(CHECK_EXEC, "echo '{\"verdict\":\"deny\",\"errno\":\"EIO\",\"remember\":false}'",
			20000);
	is("errno", check.action.error, EIO);
	is("remember", check.action.remember, false);
	free(check.text);
}

static void test_exec_fails(void)
{
	__s64 start = now_ms();

	exec_fails("exit 2", 20000, ECHILD, "exit status 2");
	exec_fails("kill -SEGV $$", 20000, ECHILD, "it was ended by signal 11 (Segmentation fault)");
	exec_fails("/nowhere 2>&-", 20000, ECHILD, "exit status 127");
	exec_fails("echo no", 20000, EINVAL, "standard output is not one JSON object");
	exec_fails("echo '{\"verdict\":\"allow\"}'; exit 1", 20000, EINVAL,
		   "there is a verdict, but exit status 1");
	exec_fails("head -c 9999 /dev/zero | tr '\\0' x", 20000, E2BIG,
		   "standard output has more than a verdict");
	exec_fails("yes", 20000, E2BIG, "standard output has more than a verdict");
	is("in time", now_ms() - start < 15000, true);
}

/* It and its children are killed, and nobody waits for what they hold open. */
static void test_exec_late(void)
{
	__s64 start = now_ms();

	exec_fails("trap '' TERM; sleep 77.5 & sleep 77.5", 300, ETIMEDOUT,
		   "it took too long, and was killed");
	exec_is("sleep 77.5 &", OUTCOME_ALLOW);
	is("in time", now_ms() - start < 15000, true);
	is("killed", system("for i in 1 2 3 4 5 6 7 8 9; do"
			    " cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' |"
			    " grep -q '[s]leep 77\\.5' || exit 0; sleep 0.2; done; exit 1"), 0);
	exec_fails("exit 0", 0, ETIMEDOUT, "too many checks at once");
}

/* ---- a daemon ---- */

/**
 * struct daemon - One that answers as it is told.
 * @fd: where it listens
 * @fildes: its answer to FILDES; "" is what the file says; NULL: it hangs
 * @stream: its answer to INSTREAM
 * @got: what it was sent
 */
struct daemon {
	int fd;
	const char *fildes;
	const char *stream;
	char got[64];
};

static void answer(int fd, const char *text)
{
	if (write(fd, text, strlen(text) + 1) < 0)
		good = false;
}

static void take_fildes(struct daemon *d, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int file;

	is("byte", recvmsg(fd, &msg, 0), 1);
	is("descriptor", msg.msg_controllen > 0, true);
	memcpy(&file, CMSG_DATA(&control.header), sizeof(file));
	is("file", pread(file, d->got, sizeof(d->got) - 1, 0), 7);
	close(file);
	answer(fd, d->fildes);
}

static void take_stream(struct daemon *d, int fd)
{
	size_t len = 0;
	__u32 chunk;

	for (;;) {
		is("length", recv(fd, &chunk, 4, MSG_WAITALL), 4);
		if (!chunk || len + ntohl(chunk) >= sizeof(d->got))
			break;
		len += recv(fd, d->got + len, ntohl(chunk), MSG_WAITALL);
	}
	d->got[len] = '\0';
	answer(fd, d->stream);
}

static void *serve(void *arg)
{
	struct daemon *d = arg;
	int fd;

	while ((fd = accept(d->fd, NULL, NULL)) >= 0) {
		char command[16] = "";
		size_t len = 0;

		while (len < sizeof(command) - 1 && read(fd, command + len, 1) == 1 &&
		       command[len])
			len++;
		if (!strcmp(command, "zFILDES") && d->fildes)
			take_fildes(d, fd);
		else if (!strcmp(command, "zINSTREAM"))
			take_stream(d, fd);
		else if (!strcmp(command, "zPING"))
			answer(fd, "PONG");
		else
			poll(NULL, 0, 1000);
		close(fd);
	}
	return NULL;
}

static struct sockaddr_un address = { .sun_family = AF_UNIX };

static pthread_t daemon_start(struct daemon *d)
{
	pthread_t thread;

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/fanotifyctl-clamd-%d", getpid());
	unlink(address.sun_path);
	d->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	is("bind", bind(d->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	is("chmod", chmod(address.sun_path, 0666), 0);
	is("listen", listen(d->fd, 5), 0);
	pthread_create(&thread, NULL, serve, d);
	return thread;
}

static void daemon_end(struct daemon *d, pthread_t thread)
{
	shutdown(d->fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(d->fd);
	unlink(address.sun_path);
}

static struct check asked(struct daemon *d, int patience_ms)
{
	pthread_t thread = daemon_start(d);
	struct check check;

	check = checked(CHECK_CLAMD, address.sun_path, patience_ms);
	daemon_end(d, thread);
	return check;
}

static void test_clamd(void)
{
	struct daemon good_one = { .fildes = "fd[7]: OK" };
	struct daemon finds = { .fildes = "fd[7]: Test.Name FOUND" };
	struct daemon refuses = { .fildes = "fd[7]: lstat() failed: Permission denied. ERROR",
				  .stream = "stream: Test.Name FOUND" };
	struct check check;

	check = asked(&good_one, 20000);
	is("allow", !check.error && check.action.outcome == OUTCOME_ALLOW, true);
	same("file", good_one.got, "content");
	is("peer", peer.pid, getpid());
	check = asked(&finds, 20000);
	is("deny", !check.error && check.action.outcome == OUTCOME_DENY, true);
	same("found", check.text, "Test.Name");
	free(check.text);
	check = asked(&refuses, 20000);
	is("deny", !check.error && check.action.outcome == OUTCOME_DENY, true);
	same("streamed", refuses.got, "content");
	free(check.text);
}

static void test_clamd_fails(void)
{
	struct daemon fails = { .fildes = "UNKNOWN COMMAND",
				.stream = "INSTREAM size limit exceeded. ERROR" };
	struct daemon hangs = { .fildes = NULL };
	struct check check;
	__s64 start = now_ms();

	check = asked(&fails, 20000);
	is("failed", check.error, EPROTO);
	same("why", check.text, "it says \"INSTREAM size limit exceeded. ERROR\"");
	free(check.text);
	check = asked(&hangs, 300);
	is("late", check.error, ETIMEDOUT);
	free(check.text);
	check = checked(CHECK_CLAMD, "/nowhere/socket", 20000);
	is("absent", check.error, ENOENT);
	same("why", check.text, "/nowhere/socket: No such file or directory");
	free(check.text);
	is("in time", now_ms() - start < 15000, true);
}

/* Also by who may not send it signals, and before it has answered. */
static void test_clamd_listens(void)
{
	struct daemon hangs = { .fildes = NULL };
	pthread_t thread = daemon_start(&hangs);
	pid_t child = fork();
	int status = -1;

	if (!child) {
		peer.pid = 0;
		if (!geteuid() && setresuid(65534, 65534, 65534))
			_exit(2);
		checked(CHECK_CLAMD, address.sun_path, 300);
		_exit(peer.pid == (__u32)getppid() ? 0 : 1);
	}
	is("child", waitpid(child, &status, 0), child);
	is("met", status, 0);
	daemon_end(&hangs, thread);
}

/* ---- processes ---- */

static void test_processes(void)
{
	char *exec = proc_exec(getpid());
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n < 0 ? 0 : n] = '\0';
	same("executable", exec, self);
	free(exec);
	is("start", proc_start(getpid()) > 0, true);
	is("no process", proc_start(0), 0);
	is("ticks", proc_start_ticks(1230000000), 1.23 * sysconf(_SC_CLK_TCK));
}

int main(void)
{
	peer.wake = eventfd(0, EFD_CLOEXEC);
	printf("TAP version 13\n1..7\n");
	run("a command decides", test_exec);
	run("a command that fails is told of", test_exec_fails);
	run("a command that takes too long is killed", test_exec_late);
	run("a daemon decides", test_clamd);
	run("a daemon that fails is told of", test_clamd_fails);
	run("a daemon is known as it listens", test_clamd_listens);
	run("processes are looked at", test_processes);
	return 0;
}
