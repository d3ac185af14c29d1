// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl mirror: keep a model of a tree from events alone, and compare it
 * with the tree.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "compare.h"
#include "fanotifyctl.h"
#include "model.h"

#define KINDS \
	(FANOTIFY_KIND_CREATE | FANOTIFY_KIND_DELETE | FANOTIFY_KIND_RENAME | \
	 FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_UTIMES | FANOTIFY_KIND_MODIFY | \
	 FANOTIFY_KIND_CLOSE_WRITE | FANOTIFY_KIND_ONDIR)

/* Changes during a comparison make it worthless: so often it is tried. */
#define COMPARISONS	3

struct mirror {
	struct fanotify_nl *h;
	struct model model;
	struct out out;
	const char *path;
	char **command;
	bool check_on_exit;
	pid_t child;
	int signals;
	sigset_t old_signals;
	struct rlimit old_files;
	bool stop;
	bool ended;
	int status;
};

/* ---- set-up ---- */

static int mirror_parse(struct mirror *m, struct fanotify_nl_bind *bind, char **argv)
{
	bool help = false, json = false, check = false, merge = false;
	const char *limit = NULL;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "json", .flag = &json },
		{ .name = "check-on-exit", .flag = &check },
		{ .name = "merge", .flag = &merge },
		{ .name = "queue-limit", .value = &limit },
		{ .name = NULL },
	};
	struct words words;

	if (options_parse(defs, argv, &words))
		return -1;
	if (help)
		return 1;
	if (words.count != 1) {
		usage_error("mirror: one path is needed");
		return -1;
	}
	if (words.command && !*words.command) {
		usage_error("mirror: -- without a command");
		return -1;
	}
	if (limit && parse_bytes(limit, &bind->settings.queue_limit)) {
		usage_error("--queue-limit %s: not a number of bytes", limit);
		return -1;
	}
	if (limit)
		bind->settings.set |= FANOTIFY_NL_SET_QUEUE_LIMIT;
	if (merge) {
		bind->settings.set |= FANOTIFY_NL_SET_FLAGS;
		bind->settings.flags = FANOTIFY_GROUP_FLAG_MERGE;
	}
	*m = (struct mirror){
		.out.json = json,
		.path = words.list[0],
		.command = words.command,
		.check_on_exit = check,
	};
	return 0;
}

/* Was it told to end, or is it, by a signal that is blocked? */
static bool mirror_ending(void *arg)
{
	const struct mirror *m = arg;
	sigset_t pending;

	sigpending(&pending);
	return (m->ended && !m->child) || sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
	       sigismember(&pending, SIGHUP);
}

static bool mirror_ready(void *arg)
{
	return out_wait(mirror_ending, arg);
}

static int mirror_signals(struct mirror *m)
{
	sigset_t set;

	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &m->old_signals);
	m->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return m->signals < 0 ? fail_errno(errno, "signalfd") : 0;
}

/* A scan has one file open for each level of the tree. */
static void mirror_files(struct mirror *m)
{
	struct rlimit all;

	getrlimit(RLIMIT_NOFILE, &m->old_files);
	all = m->old_files;
	all.rlim_cur = all.rlim_max;
	setrlimit(RLIMIT_NOFILE, &all);
}

static int mirror_start(struct mirror *m, const struct fanotify_nl_bind *bind)
{
	const struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_SUBTREE, .path = m->path, .mask = KINDS,
	};
	int ret;

	ret = fanotify_nl_bind(m->h, bind);
	if (ret)
		return fail_nl(m->h, ret, "bind");
	ret = fanotify_nl_mark_add(m->h, &mark, NULL);
	if (ret)
		return fail_nl(m->h, ret, "mark %s", m->path);
	ret = model_scan(&m->model, m->h, m->path);
	if (ret == -EOPNOTSUPP)
		return fail_errno(EOPNOTSUPP, "%s: the filesystem has no file handles", m->path);
	if (ret)
		return fail_nl(m->h, ret, "%s", m->path);
	complain("mirroring %s (%lu objects, group %u)", m->path, m->model.count,
		 fanotify_nl_bound(m->h)->number);
	return 0;
}

static int mirror_command(struct mirror *m)
{
	if (!m->command)
		return 0;
	m->child = fork();
	if (m->child < 0)
		return fail_errno(errno, "fork");
	if (m->child)
		return 0;
	sigprocmask(SIG_SETMASK, &m->old_signals, NULL);
	setrlimit(RLIMIT_NOFILE, &m->old_files);
	execvp(m->command[0], m->command);
	fail_errno(errno, "%s", m->command[0]);
	_exit(127);
}

/* ---- events ---- */

/* Take all events that there are. Return: whether there were any. */
static bool mirror_take(struct mirror *m)
{
	struct fanotify_nl_event event;
	bool any = false;
	int ret;

	while ((ret = fanotify_nl_next_event(m->h, &event)) != 0) {
		if (ret == -ENOBUFS || ret == -ENOMEM || ret == -EBUSY) {
			usleep(10000);
			continue;
		}
		if (ret < 0 && ret != -EBADMSG) {
			m->status = fail_nl(m->h, ret, "events");
			m->stop = true;
			return false;
		}
		if (ret < 0)
			continue;
		any = true;
		model_apply(&m->model, &event);
	}
	ret = model_complete(&m->model, m->h, m->path);
	if (ret)
		m->status = fail_nl(m->h, ret, "%s", m->path);
	return any;
}

static void mirror_check(struct mirror *m)
{
	struct comparison comparison = { .out = &m->out };
	int ret;

	for (int i = 0; i < COMPARISONS; i++) {
		mirror_take(m);
		if (m->stop)
			return;
		comparison.objects = 0;
		comparison.differences = 0;
		ret = model_compare(&m->model, m->h, m->path, &comparison);
		if (ret) {
			m->status = ret < 0 ? fail_nl(m->h, ret, "%s", m->path) : EXIT_FAILURE;
			return;
		}
		if (!comparison.differences || !mirror_take(m))
			break;
		complain("something has changed meanwhile: comparing once more");
	}
	complain("%lu objects compared, %lu differences", comparison.objects,
		 comparison.differences);
	if (comparison.differences)
		m->status = EXIT_FAILURE;
}

static void mirror_reap(struct mirror *m)
{
	int status;

	if (!m->child || waitpid(m->child, &status, WNOHANG) != m->child)
		return;
	m->child = 0;
	m->stop = true;
	if (m->ended)
		return;
	if (WIFSIGNALED(status))
		complain("%s: %s", m->command[0], strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		complain("%s: exit status %d", m->command[0], WEXITSTATUS(status));
	if (status)
		m->status = EXIT_FAILURE;
}

/* The command is given the time that it takes, but for a second signal. */
static void mirror_finish(struct mirror *m)
{
	if (m->child && !m->ended) {
		kill(m->child, SIGTERM);
	} else {
		m->child = 0;
		m->stop = true;
	}
	m->ended = true;
}

static void mirror_signalled(struct mirror *m)
{
	struct signalfd_siginfo info;

	while (read(m->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			mirror_reap(m);
		else if (info.ssi_signo == SIGUSR1)
			mirror_check(m);
		else
			mirror_finish(m);
	}
}

static void mirror_run(struct mirror *m)
{
	struct pollfd fds[] = {
		{ .fd = m->signals, .events = POLLIN },
		{ .fd = fanotify_nl_fd(m->h), .events = POLLIN },
	};

	while (!m->stop) {
		poll(fds, 2, -1);
		mirror_take(m);
		mirror_signalled(m);
	}
	if (!m->child)
		return;
	/* there are no events any more */
	m->stop = false;
	mirror_finish(m);
	while (!m->stop) {
		poll(fds, 1, -1);
		mirror_signalled(m);
	}
}

static void mirror_end(struct mirror *m)
{
	struct fanotify_nl_counters n;

	m->stop = false;
	if (m->check_on_exit)
		mirror_check(m);
	fanotify_nl_counters(m->h, &n);
	complain("%llu events, %llu merged into them, %llu directories moved in", n.events,
		 n.merged, n.moved_in);
	if (n.lost || n.gaps || n.holes) {
		complain("lost %llu, gaps %llu, holes %llu: the tree was scanned again", n.lost,
			 n.gaps, n.holes);
		if (!m->status)
			m->status = EXIT_LOST;
	}
}

int cmd_mirror(char **argv)
{
	struct fanotify_nl_bind bind = { 0 };
	struct mirror m;
	int ret;

	ret = mirror_parse(&m, &bind, argv);
	if (ret)
		return ret < 0 ? EXIT_USAGE : show_help("mirror");
	m.out.ready = mirror_ready;
	m.out.arg = &m;
	m.h = open_nl();
	if (!m.h)
		return EXIT_FAILURE;
	mirror_files(&m);
	m.status = mirror_signals(&m);
	if (!m.status)
		m.status = mirror_start(&m, &bind);
	if (!m.status)
		m.status = mirror_command(&m);
	if (!m.status) {
		mirror_run(&m);
		mirror_end(&m);
	}
	fanotify_nl_close(m.h);
	model_free(&m.model);
	return m.status;
}
