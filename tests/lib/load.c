// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners that answer, and processes that ask, until they are stopped.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "gate.h"
#include "listen.h"
#include "load.h"
#include "storm.h"

struct one {
	int error;
	float ms;
};

/* Room for what is told between two tallies; when it is full, they wait. */
#define PIPE_BYTES	(1 << 20)

static void load_run(int out, uid_t uid)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (nice(30) == -1 || setresuid(uid, uid, uid))
		_exit(1);
	for (;;) {
		__u64 begun = now_ns();
		int fd = open("file", O_RDONLY);
		struct one one = { fd < 0 ? errno : 0, (now_ns() - begun) / 1e6 };

		if (write(out, &one, sizeof(one)) != sizeof(one))
			_exit(0);
		close(fd);
	}
}

int load_start(struct load *load, int n, uid_t uid)
{
	load->n = n;
	if (pipe2(load->out, O_CLOEXEC) || fcntl(load->out[0], F_SETPIPE_SZ, PIPE_BYTES) < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		load->pid[i] = fork();
		if (!load->pid[i])
			load_run(load->out[1], uid);
	}
	close(load->out[1]);
	fcntl(load->out[0], F_SETFL, O_NONBLOCK);
	return 0;
}

void load_tally(struct load *load, int expected, struct tally *tally)
{
	struct one one;

	while (read(load->out[0], &one, sizeof(one)) == sizeof(one)) {
		tally->accesses++;
		tally->other += one.error != expected;
		if (one.ms > tally->longest)
			tally->longest = one.ms;
	}
}

void load_stop(struct load *load)
{
	for (int i = 0; i < load->n; i++)
		kill(load->pid[i], SIGKILL);
	for (int i = 0; i < load->n; i++)
		waitpid(load->pid[i], NULL, 0);
	close(load->out[0]);
}

pid_t listener_start(__u32 number, struct fanotify_nl_settings settings, __u32 verdict,
		     unsigned int verdict_us, volatile unsigned int *count)
{
	int pipefd[2];
	pid_t pid;
	char c;

	if (pipe(pipefd))
		return -1;
	pid = fork();
	if (!pid) {
		struct fanotify_nl *h = gate_open(number, 0, settings);
		__s64 id;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!h || listen_mark(h, FANOTIFY_MARK_TYPE_FILESYSTEM, ".", KIND(OPEN_PERM)) ||
		    write(pipefd[1], "x", 1) != 1)
			_exit(1);
		for (;;) {
			id = gate_next(h, 1000, NULL);
			if (id < 0)
				_exit(2);
			if (!id)
				continue;
			if (verdict_us)
				usleep(verdict_us);
			gate_verdict(h, id, verdict, 0, 0);
			if (count)
				++*count;
		}
	}
	close(pipefd[1]);
	if (read(pipefd[0], &c, 1) != 1)
		pid = -1;
	close(pipefd[0]);
	return pid;
}

void listener_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
