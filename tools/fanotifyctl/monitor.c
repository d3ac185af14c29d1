// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl monitor: show what happens, as it happens.
 *
 * A path without --mark is watched by a mark on its filesystem, and what is
 * elsewhere on it is left out here. Once the kernel has subtree marks, it will
 * do that, and the command line stays as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "fanotifyctl.h"
#include "filter.h"
#include "out.h"
#include "text.h"
#include "tree.h"

/* How many events are taken between two looks at signals and clocks. */
#define BURST		64

/* How long a reader that has stopped reading is waited for once it is to end. */
#define STALLED_MS	3000

#define KINDS_CREATE \
	((__u64)FANOTIFY_KIND_CREATE | FANOTIFY_KIND_CREATE_FILE | FANOTIFY_KIND_MKDIR | \
	 FANOTIFY_KIND_MKNOD | FANOTIFY_KIND_SYMLINK | FANOTIFY_KIND_HARDLINK | \
	 FANOTIFY_KIND_TMPFILE_LINK)
#define KINDS_DELETE \
	((__u64)FANOTIFY_KIND_DELETE | FANOTIFY_KIND_UNLINK | FANOTIFY_KIND_LAST_UNLINK | \
	 FANOTIFY_KIND_RMDIR)

/* What only a directory can have. */
#define KINDS_DIR \
	(KINDS_CREATE | KINDS_DELETE | FANOTIFY_KIND_RENAME | FANOTIFY_KIND_MOVED_FROM | \
	 FANOTIFY_KIND_MOVED_TO | FANOTIFY_KIND_ONDIR | FANOTIFY_KIND_EVENT_ON_CHILD)

/* Every change, once: open, read and close without a write change nothing. */
#define KINDS_DEFAULT \
	((__u64)FANOTIFY_KIND_CREATE | FANOTIFY_KIND_DELETE | FANOTIFY_KIND_RENAME | \
	 FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_CLOSE_WRITE | \
	 FANOTIFY_KIND_FS_ERROR | FANOTIFY_KIND_UNMOUNT | FANOTIFY_KIND_COVERED)

/* They are answered: a monitor allows everything. */
#define KINDS_PERMISSION \
	((__u64)FANOTIFY_KIND_OPEN_PERM | FANOTIFY_KIND_OPEN_EXEC_PERM | FANOTIFY_KIND_ACCESS_PERM | \
	 FANOTIFY_KIND_PRE_ACCESS)

/* Of an inode that is watched by itself. */
#define KINDS_SELF \
	((__u64)FANOTIFY_KIND_DELETE_SELF | FANOTIFY_KIND_MOVE_SELF)

struct monitor {
	/* options */
	bool filter;
	bool pathless;
	bool renames_shown;
	__u32 mark_type;
	const char *events;
	__u64 count;
	__s64 timeout_ms;
	char **paths;
	char **command;
	struct fanotify_nl_bind bind;

	struct fanotify_nl *h;
	struct fanotify_nl_caps caps;
	struct tree tree;
	struct out out;
	struct columns columns;
	int signals;
	sigset_t old_signals;
	void (*old_sigpipe)(int number);
	pid_t child;
	__s64 deadline;

	/* ending: print what had happened by now, then stop */
	bool draining;
	bool impatient;
	__u64 last_seq;
	bool stop;
	int status;

	__u64 seen;
	__u64 shown;
	__u64 not_asked;
	__u64 outside;
	__u64 without_path;
	__u64 own;
};

static __s64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* ---- options ---- */

struct monitor_options {
	bool json, help, pathless, merge;
	const char *mark, *events, *count, *timeout, *queue_limit, *stat;
	struct fanotify_nl_settings settings;
};

static int monitor_settings(struct monitor *m, const struct monitor_options *options)
{
	struct fanotify_nl_settings *s = &m->bind.settings;

	if (options->queue_limit) {
		s->set |= FANOTIFY_NL_SET_QUEUE_LIMIT;
		if (parse_bytes(options->queue_limit, &s->queue_limit)) {
			usage_error("--queue-limit %s: not a number of bytes",
				    options->queue_limit);
			return -1;
		}
	}
	if (options->merge) {
		s->set |= FANOTIFY_NL_SET_FLAGS;
		s->flags |= FANOTIFY_GROUP_FLAG_MERGE;
	}
	if (options->stat) {
		s->set |= FANOTIFY_NL_SET_STAT_MASK;
		if (parse_stat_fields(options->stat, &s->stat_mask)) {
			usage_error("--stat %s: not a list of attribute fields", options->stat);
			return -1;
		}
	}
	return 0;
}

static int monitor_values(struct monitor *m, const struct monitor_options *options)
{
	__u64 mask = 0;
	int type;

	if (options->events && fanotify_nl_kind_parse(options->events, &mask)) {
		usage_error("--events %s: not a list of kinds of event", options->events);
		return -1;
	}
	m->events = options->events;
	if (mask & KINDS_PERMISSION) {
		m->bind.settings.set |= FANOTIFY_NL_SET_FLAGS;
		m->bind.settings.flags |= FANOTIFY_GROUP_FLAG_PERMISSION;
	}
	if (options->mark) {
		type = fanotify_nl_mark_type_parse(options->mark);
		if (type < 0) {
			usage_error("--mark %s: not a type of mark", options->mark);
			return -1;
		}
		m->mark_type = type;
	}
	if (options->count && (parse_u64(options->count, &m->count) || !m->count)) {
		usage_error("--count %s: not a number of events", options->count);
		return -1;
	}
	if (options->timeout && parse_seconds(options->timeout, &m->timeout_ms)) {
		usage_error("--timeout %s: not a number of seconds", options->timeout);
		return -1;
	}
	return 0;
}

/* Return: 0; 1: help is wanted; -1: bad usage, and said so. */
static int monitor_parse(struct monitor *m, char **argv)
{
	struct monitor_options options = { 0 };
	const struct option_def defs[] = {
		{ .name = "json", .flag = &options.json },
		{ .name = "help", .flag = &options.help },
		{ .name = "pathless", .flag = &options.pathless },
		{ .name = "merge", .flag = &options.merge },
		{ .name = "mark", .value = &options.mark },
		{ .name = "events", .value = &options.events },
		{ .name = "count", .value = &options.count },
		{ .name = "timeout", .value = &options.timeout },
		{ .name = "queue-limit", .value = &options.queue_limit },
		{ .name = "stat", .value = &options.stat },
		{ .name = "include", .take = filter_option, .arg = &options.settings },
		{ .name = "exclude", .take = filter_option, .arg = &options.settings },
		{ .name = NULL },
	};
	struct words words;

	if (options_parse(defs, argv, &words))
		return -1;
	if (options.help)
		return 1;
	*m = (struct monitor){
		.mark_type = FANOTIFY_MARK_TYPE_FILESYSTEM,
		.timeout_ms = -1,
		.filter = !options.mark,
		.pathless = options.pathless,
		.paths = words.list,
		.command = words.command,
		.bind.settings = options.settings,
		.out.json = options.json,
		.columns = { .kinds = 12, .path = 24, .actor = 24 },
	};
	if (monitor_values(m, &options) || monitor_settings(m, &options))
		return -1;
	if (m->command && !*m->command) {
		usage_error("monitor: -- without a command");
		return -1;
	}
	if (m->mark_type == FANOTIFY_MARK_TYPE_GLOBAL && words.count) {
		usage_error("%s: a global mark takes no path", words.list[0]);
		return -1;
	}
	if (m->mark_type != FANOTIFY_MARK_TYPE_GLOBAL && !words.count) {
		usage_error("monitor: a path is missing");
		return -1;
	}
	return 0;
}

/* ---- set-up ---- */

/* Kinds for one mark. What was asked for by name is left to the kernel to judge. */
static __u64 monitor_mask(struct monitor *m, bool is_dir)
{
	__u64 legal = m->caps.marks[m->mark_type].mask;
	bool inode = m->mark_type == FANOTIFY_MARK_TYPE_INODE;
	__u64 mask = 0, all = 0;

	if (!legal)
		legal = ~0ULL;
	if (inode && !is_dir)
		legal &= ~KINDS_DIR;
	if (!m->events) {
		mask = (KINDS_DEFAULT | (inode ? KINDS_SELF : 0)) & legal;
	} else {
		fanotify_nl_kind_parse("all", &all);
		fanotify_nl_kind_parse(m->events, &mask);
		if ((mask & all) == all)
			mask &= ~all | legal;
	}
	if (mask & FANOTIFY_KIND_RENAME)
		m->renames_shown = true;
	/* asked for or not, they tell where the path is now */
	if (m->filter)
		mask |= FANOTIFY_KIND_RENAME;
	return mask | (legal & (FANOTIFY_KIND_ONDIR |
				(inode ? FANOTIFY_KIND_EVENT_ON_CHILD : 0)));
}

static int monitor_mark(struct monitor *m, const char *path, int fd, bool is_dir,
			struct fanotify_nl_mark_result *result)
{
	struct fanotify_nl_mark mark = {
		.type = m->mark_type,
		.fd = fd,
		.mask = monitor_mask(m, is_dir),
	};
	int ret;

	ret = fanotify_nl_mark_add(m->h, &mark, result);
	if (ret)
		return fail_nl(m->h, ret, "mark %s", path);
	return 0;
}

static int monitor_watch(struct monitor *m, const char *path)
{
	struct fanotify_nl_mark_result result;
	struct stat st;
	int fd, ret;

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		ret = fail_errno(errno, "mark %s", path);
	} else if (!tree_add(&m->tree, path, fd)) {
		ret = EXIT_FAILURE;
	} else {
		ret = monitor_mark(m, path, fd, S_ISDIR(st.st_mode), &result);
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

static int monitor_watch_all(struct monitor *m)
{
	struct fanotify_nl_mark_result result;
	int ret;

	ret = monitor_mark(m, "everything", -1, true, &result);
	if (ret)
		return ret;
	complain("watching %u filesystems (global mark, group %u)", result.covered,
		 fanotify_nl_bound(m->h)->number);
	if (*result.skipped)
		fputs("fanotifyctl: not watching filesystems of type", stderr);
	for (const char *const *type = result.skipped; *type; type++)
		fprintf(stderr, " %s%s", *type, type[1] ? "," : "\n");
	return 0;
}

static int monitor_bind(struct monitor *m)
{
	int ret;

	ret = fanotify_nl_caps(m->h, &m->caps);
	if (ret)
		return fail_nl(m->h, ret, "capabilities");
	ret = fanotify_nl_bind(m->h, &m->bind);
	if (ret)
		return fail_nl(m->h, ret, "bind");
	ret = mounts_read(&m->tree.mounts);
	if (ret)
		return fail_errno(-ret, "/proc/self/mountinfo");
	if (m->mark_type == FANOTIFY_MARK_TYPE_GLOBAL)
		return monitor_watch_all(m);
	for (char **path = m->paths; *path && !ret; path++)
		ret = monitor_watch(m, *path);
	if (ret)
		return ret;
	/* Scripts wait for these lines: nothing is missed from here on. */
	for (size_t i = 0; i < m->tree.count; i++) {
		const struct view *view = &m->tree.views[i];
		char *user = text_quote(view->user, strlen(view->user));
		char *point = text_quote(view->mount.point, strlen(view->mount.point));

		complain("watching %s (%s mark, %s on %s, group %u)", user,
			 fanotify_nl_mark_type_name(m->mark_type), view->mount.type, point,
			 fanotify_nl_bound(m->h)->number);
		free(user);
		free(point);
	}
	return 0;
}

static int monitor_signals(struct monitor *m)
{
	struct sigaction hangup;
	sigset_t set;

	/* a shell may have had it ignored, and then no child could be waited for */
	signal(SIGCHLD, SIG_DFL);
	/* a reader that has gone is an end as any other */
	m->old_sigpipe = signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* ignored by nohup; blocked, it would come all the same */
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &m->old_signals);
	m->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (m->signals >= 0)
		return 0;
	return fail_errno(errno, "signalfd");
}

static int monitor_command(struct monitor *m)
{
	if (!m->command)
		return 0;
	/* what the command leaves behind stays ours, so that a filter follows it */
	if (filters_have_self(&m->bind.settings))
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	m->child = fork();
	if (m->child < 0) {
		m->child = 0;
		return fail_errno(errno, "fork");
	}
	if (m->child)
		return 0;
	signal(SIGPIPE, m->old_sigpipe);
	sigprocmask(SIG_SETMASK, &m->old_signals, NULL);
	execvp(m->command[0], m->command);
	fail_errno(errno, "%s", m->command[0]);
	_exit(127);
}

/* ---- events ---- */

/* A filesystem came: find out where, to name what is in it. */
static void monitor_covered(struct monitor *m)
{
	struct mounts mounts;

	if (mounts_read(&mounts))
		return;
	mounts_free(&m->tree.mounts);
	m->tree.mounts = mounts;
}

/* Is it about something to be shown? Counts why not. */
static bool monitor_wants(struct monitor *m, const struct fanotify_nl_event *event, bool inside)
{
	const __u64 of_filesystem = FANOTIFY_KIND_FS_ERROR | FANOTIFY_KIND_UNMOUNT |
				    FANOTIFY_KIND_COVERED | FANOTIFY_KIND_GAP;

	if (event->mask & of_filesystem)
		return true;
	if ((event->actor.has & FANOTIFY_NL_ACTOR_HAS_TGID) &&
	    event->actor.tgid == (__u32)getpid()) {
		/* else a log on a watched filesystem would feed itself */
		m->own++;
		return false;
	}
	if (!m->renames_shown && (event->mask & FANOTIFY_KIND_RENAME)) {
		m->not_asked++;
		return false;
	}
	if (!m->filter || inside)
		return true;
	if (!event->path && !event->new_path) {
		m->without_path++;
		return m->pathless;
	}
	m->outside++;
	return false;
}

/* Whoever waits goes on before anything is printed: printing may take its time. */
static void monitor_allow(struct monitor *m, const struct fanotify_nl_event *event)
{
	const struct fanotify_nl_verdict allow = {
		.id = event->id,
		.response = FANOTIFY_VERDICT_ALLOW,
	};
	int ret = fanotify_nl_verdict(m->h, &allow, 1);

	/* it may have been killed meanwhile */
	if (!ret || ret == -ENOENT)
		return;
	m->status = fail_nl(m->h, ret, "answer");
	m->stop = true;
}

static void monitor_event(struct monitor *m, const struct fanotify_nl_event *event)
{
	char *path = NULL, *new_path = NULL;
	bool in = false, new_in = false;

	if (event->has & FANOTIFY_NL_HAS_DEADLINE)
		monitor_allow(m, event);

	if (m->draining && event->seq > m->last_seq && !(event->mask & FANOTIFY_KIND_GAP)) {
		m->stop = true;
		return;
	}
	m->seen++;
	if (event->mask & FANOTIFY_KIND_COVERED)
		monitor_covered(m);
	if (event->path)
		path = tree_name(&m->tree, event->dev_major, event->dev_minor, event->path, &in);
	else if (event->fs_name)
		path = tree_name(&m->tree, event->dev_major, event->dev_minor, "/", &in);
	if (event->new_path)
		new_path = tree_name(&m->tree, event->dev_major, event->dev_minor,
				     event->new_path, &new_in);

	if (monitor_wants(m, event, in || new_in)) {
		if (event_print(&m->out, &m->columns, event, path, new_path)) {
			m->status = EXIT_FAILURE;
			m->stop = true;
		} else if (++m->shown == m->count) {
			m->stop = true;
		}
	}
	if ((event->mask & FANOTIFY_KIND_RENAME) && event->path && event->new_path)
		tree_moved(&m->tree, event->dev_major, event->dev_minor, event->path,
			   event->new_path, &event->object,
			   event->flags & FANOTIFY_EVENT_FLAG_EXCHANGE);
	if (m->draining && event->seq && event->seq >= m->last_seq)
		m->stop = true;
	free(path);
	free(new_path);
}

/* ---- the end ---- */

static int find_member(const struct fanotify_nl_member_info *info, void *arg)
{
	struct monitor *m = arg;

	if (info->member != fanotify_nl_bound(m->h)->member)
		return 0;
	m->last_seq = info->seq;
	return 1;
}

/* What happened before now is printed still; what comes after it is not waited for. */
static void monitor_drain(struct monitor *m)
{
	int ret;

	if (m->draining) {
		m->stop = true;
		return;
	}
	m->draining = true;
	ret = fanotify_nl_stats(m->h, fanotify_nl_bound(m->h)->number, find_member, m);
	if (ret < 0)
		m->status = fail_nl(m->h, ret, "stats");
	if (ret <= 0)
		m->stop = true;
}

static void monitor_reap(struct monitor *m)
{
	int status;
	pid_t pid;

	/* as a subreaper, of others as well */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0 && pid != m->child)
		;
	if (pid <= 0)
		return;
	m->child = 0;
	if (WIFSIGNALED(status))
		complain("%s: %s", m->command[0], strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		complain("%s: exit status %d", m->command[0], WEXITSTATUS(status));
	if (status)
		m->status = EXIT_FAILURE;
	if (!m->draining)
		monitor_drain(m);
}

/* See to signals and the clock. */
static void monitor_look(struct monitor *m)
{
	struct signalfd_siginfo info;

	while (read(m->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			monitor_reap(m);
		} else {
			m->impatient = true;
			monitor_drain(m);
		}
	}
	if (m->deadline && now_ms() >= m->deadline) {
		m->deadline = 0;
		m->impatient = true;
		if (!m->draining)
			monitor_drain(m);
	}
}

/* How long poll() may take until @deadline, 0 for none. */
static int poll_timeout(__s64 deadline)
{
	__s64 left = deadline - now_ms();

	if (!deadline)
		return -1;
	if (left < 0)
		return 0;
	return left < INT_MAX ? left : INT_MAX;
}

/* Wait for something to do; with @block false only see to signals and clocks. */
static void monitor_wait(struct monitor *m, bool block)
{
	struct pollfd fds[] = {
		{ .fd = m->signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
		{ .fd = fanotify_nl_fd(m->h), .events = POLLIN },
	};

	poll(fds, block ? 3 : 2, block ? poll_timeout(m->deadline) : 0);
	if (fds[1].revents) {
		complain("standard output: %s", strerror(EPIPE));
		m->status = EXIT_FAILURE;
		m->stop = true;
	}
	monitor_look(m);
}

/* Wait until standard output takes more; false: it is time to end instead. */
static bool monitor_ready(void *arg)
{
	struct monitor *m = arg;
	__s64 patience = 0;

	while (!m->stop) {
		struct pollfd fds[] = {
			{ .fd = STDOUT_FILENO, .events = POLLOUT },
			{ .fd = m->signals, .events = POLLIN },
		};
		__s64 deadline = m->deadline;

		if (m->impatient && !patience)
			patience = now_ms() + STALLED_MS;
		if (patience)
			deadline = patience;
		if (poll(fds, 2, poll_timeout(deadline)) < 0 || fds[0].revents)
			return true;
		if (patience && now_ms() >= patience)
			return false;
		monitor_look(m);
	}
	return false;
}

static void monitor_run(struct monitor *m)
{
	struct fanotify_nl_event event;
	int burst = 0;

	if (m->timeout_ms >= 0)
		m->deadline = now_ms() + m->timeout_ms;
	while (!m->stop) {
		int ret = fanotify_nl_next_event(m->h, &event);

		if (ret > 0) {
			monitor_event(m, &event);
			if (++burst < BURST)
				continue;
		} else if (ret == -ENOBUFS || ret == -ENOMEM || ret == -EBUSY) {
			usleep(10000);
		} else if (ret < 0 && ret != -EBADMSG) {
			m->status = fail_nl(m->h, ret, "events");
			if (ret != -ESHUTDOWN)
				break;
			complain("the group is gone: was the module unloaded?");
			/* what it has sent can still be read */
			m->draining = true;
			m->last_seq = ~0ULL;
		} else if (!ret && m->draining) {
			break;
		}
		burst = 0;
		monitor_wait(m, !ret);
	}
	if (m->child)
		kill(m->child, SIGTERM);
}

static void monitor_summary(struct monitor *m)
{
	struct fanotify_nl_counters n;

	fanotify_nl_counters(m->h, &n);
	complain("shown %llu, seen %llu; not shown: outside %llu, without a path %llu, "
		 "of this process %llu, renames not asked for %llu", m->shown, m->seen,
		 m->outside, m->pathless ? 0 : m->without_path, m->own, m->not_asked);
	complain("lost %llu, gaps %llu, holes %llu", n.lost, n.gaps, n.holes);
	if (n.merged)
		complain("merged %llu", n.merged);
	if (n.repeats || n.malformed || n.forged)
		complain("repeats %llu, malformed %llu, forged %llu", n.repeats, n.malformed,
			 n.forged);
	if (!m->status && (n.lost || n.gaps || n.holes || n.repeats || n.malformed))
		m->status = EXIT_LOST;
}

int cmd_monitor(char **argv)
{
	struct monitor m;
	int ret;

	ret = monitor_parse(&m, argv);
	if (ret)
		return ret < 0 ? EXIT_USAGE : show_help("monitor");
	m.out.ready = monitor_ready;
	m.out.arg = &m;
	m.h = open_nl();
	if (!m.h)
		return EXIT_FAILURE;
	/* before anybody is told that it is ready */
	m.status = monitor_signals(&m);
	if (!m.status)
		m.status = monitor_bind(&m);
	if (!m.status)
		m.status = monitor_command(&m);
	if (!m.status) {
		monitor_run(&m);
		monitor_summary(&m);
	}
	fanotify_nl_close(m.h);
	tree_free(&m.tree);
	return m.status;
}
