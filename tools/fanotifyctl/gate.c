// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: decide about accesses by rules.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "gate.h"
#include "gate-options.h"
#include "text.h"

/* How many requests are taken between two looks at everything else. */
#define BURST		64

/* How long a daemon is waited for at the start. */
#define PING_MS		2000

/* How often everything is gated again at most. */
#define AGAIN_MS	1000
/* And if it was in vain. */
#define AGAIN_FAILED_MS	5000

#define HASHERS		2

/* What rules look at. */
#define STAT_MASK \
	(FANOTIFY_STAT_FIELD_MODE | FANOTIFY_STAT_FIELD_UID | FANOTIFY_STAT_FIELD_SIZE)

/**
 * struct reading - Rules that are read again, which may take long.
 * @job: in a pool
 * @g: the gate
 * @rules: what came of it
 * @failed: nothing did, and that was said
 * @busy: a thread has it
 * @again: they are to be read once more: they may have changed meanwhile
 */
struct reading {
	struct job job;
	const struct gate *g;
	struct rules rules;
	bool failed;
	bool busy;
	bool again;
};

/**
 * struct run - The gate, and what only its main loop looks at.
 * @g: the gate
 * @options: of the command line
 * @operations: what is gated
 * @signals: a signalfd
 * @reader: a thread that reads rules
 * @reading: which rules
 * @found: the group was there before
 * @leave: end so that a successor can take over
 */
struct run {
	struct gate g;
	struct gate_options options;
	__u32 operations;
	int signals;
	struct pool reader;
	struct reading reading;
	bool found;
	bool leave;
	bool uncovered;
	__s64 again_at;
};

static void say(void *arg, const char *text)
{
	(void)arg;
	complain("%s", text);
}

static bool take_line(void *arg, const char *line, size_t len)
{
	lines_add(arg, line, len);
	return true;
}

/* ---- rules ---- */

static bool rules_remember(const struct rules *rules)
{
	bool remember = rules->otherwise.remember;

	for (size_t i = 0; i < rules->count; i++)
		remember |= rules->list[i].action.remember;
	return remember;
}

static bool rules_ask(const struct rules *rules)
{
	bool ask = rules->otherwise.outcome == OUTCOME_ASK;

	for (size_t i = 0; i < rules->count; i++)
		ask |= rules->list[i].action.outcome == OUTCOME_ASK;
	return ask;
}

/* A checker may say so, too. */
static bool needs_memory(const struct gate *g, const struct rules *rules)
{
	return rules_remember(rules) || (g->asks == CHECK_EXEC && rules_ask(rules));
}

/* Read the rules, and see whether they fit the rest. */
static int read_rules(const struct gate *g, struct rules *rules)
{
	*rules = (struct rules){
		.otherwise = { .outcome = OUTCOME_ASK, .remember = true },
	};
	if (!g->rules_path)
		return 0;
	if (rules_read(rules, g->rules_path, say, NULL))
		return -1;
	if (!rules->ask_line || g->checker)
		return 0;
	complain("%s:%u: ask, but there is neither --exec nor --clamd", g->rules_path,
		 rules->ask_line);
	rules_free(rules);
	return -1;
}

static void read_again(struct job *job)
{
	struct reading *reading = (struct reading *)job;

	reading->failed = read_rules(reading->g, &reading->rules);
}

static int check_rules(const struct run *run)
{
	struct out o = { .json = run->g.out.json };
	struct rules rules;

	if (rules_read(&rules, run->g.rules_path, say, NULL))
		return EXIT_FAILURE;
	out_begin(&o);
	out_bytes(&o, "file", "", run->g.rules_path, strlen(run->g.rules_path));
	out_u64(&o, "rules", ": rules ", rules.count);
	out_bits(&o, "gated", ", gated ", rules_operations(&rules), operation_name);
	out_u64(&o, "default_line", NULL, rules.default_line);
	rules_free(&rules);
	return out_end(&o) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- marks ---- */

static __u64 kinds_of(__u32 operations)
{
	__u64 kinds = 0;

	if (operations & OPERATION_OPEN)
		kinds |= FANOTIFY_KIND_OPEN_PERM;
	if (operations & OPERATION_EXEC)
		kinds |= FANOTIFY_KIND_OPEN_EXEC_PERM;
	if (operations & OPERATION_ACCESS)
		kinds |= FANOTIFY_KIND_ACCESS_PERM;
	return kinds;
}

/* Without --mark, a directory stands for all that is below it. */
static __u32 mark_type(const struct run *run, bool is_dir)
{
	if (run->options.mark_type)
		return run->options.mark_type;
	return is_dir ? FANOTIFY_MARK_TYPE_SUBTREE : FANOTIFY_MARK_TYPE_INODE;
}

static int change_mark(struct run *run, const char *path, int fd, bool is_dir, __u32 add,
		       __u32 remove)
{
	struct fanotify_nl_mark mark = { .type = mark_type(run, is_dir), .fd = fd };
	int ret = 0;

	if (add) {
		mark.mask = kinds_of(add);
		/* what is in the directory: directories themselves are not gated */
		if (is_dir && mark.type == FANOTIFY_MARK_TYPE_INODE)
			mark.mask |= FANOTIFY_KIND_EVENT_ON_CHILD;
		ret = fanotify_nl_mark_add(run->g.h, &mark, NULL);
	}
	if (!ret && remove) {
		mark.mask = kinds_of(remove);
		ret = fanotify_nl_mark_remove(run->g.h, &mark);
		/* what a predecessor has left may be anything */
		if (ret == -ENOENT)
			ret = 0;
	}
	return ret ? fail_nl(run->g.h, ret, "mark %s", path) : 0;
}

/* Gate these operations, and those no longer: on each path where that can be done. */
static int change_marks(struct run *run, __u32 add, __u32 remove)
{
	int ret = 0;

	if (run->options.mark_type == FANOTIFY_MARK_TYPE_GLOBAL)
		return change_mark(run, "everything", -1, false, add, remove);
	for (char **path = run->options.paths; *path; path++) {
		int fd = open(*path, O_PATH | O_CLOEXEC);
		struct stat st;
		int err;

		if (fd < 0 || fstat(fd, &st))
			err = fail_errno(errno, "mark %s", *path);
		else
			err = change_mark(run, *path, fd, S_ISDIR(st.st_mode), add, remove);
		ret = ret ?: err;
		if (fd >= 0)
			close(fd);
	}
	return ret;
}

/*
 * A new filesystem could not be gated, for want of memory or marks: all that there are
 * by now are found by type. That may wait for mounts and unmounts under way, so it is
 * not done for each.
 */
static void gate_again(struct run *run)
{
	complain("a new filesystem may not be gated: gating everything again");
	run->uncovered = change_marks(run, run->operations, 0);
	if (!run->uncovered)
		complain("everything is gated again");
	run->again_at = now_ms() + (run->uncovered ? AGAIN_FAILED_MS : AGAIN_MS);
}

/* Names of requests are those by the mounts of the paths that were given. */
static int name_paths(struct run *run)
{
	struct tree *tree = &run->g.tree;
	int ret;

	ret = mounts_read(&tree->mounts);
	if (ret)
		return fail_errno(-ret, "/proc/self/mountinfo");
	for (char **path = run->options.paths; *path && !ret; path++) {
		char *real = realpath(*path, NULL);
		int fd = real ? open(real, O_PATH | O_CLOEXEC) : -1;

		if (fd < 0)
			ret = fail_errno(errno, "%s", *path);
		else if (!tree_add(tree, real, fd))
			ret = EXIT_FAILURE;
		if (fd >= 0)
			close(fd);
		free(real);
	}
	return ret;
}

static void say_ready(struct run *run)
{
	__u32 group = fanotify_nl_bound(run->g.h)->number;
	char *what = xstrdup("");

	for (__u32 bit = 1; bit <= OPERATION_ACCESS; bit <<= 1) {
		char *longer;

		if (!(run->operations & bit))
			continue;
		longer = xasprintf("%s%s%s", what, *what ? "," : "", operation_name(bit));
		free(what);
		what = longer;
	}
	if (!*what)
		complain("nothing is gated: no rule does more than allow");
	/* scripts wait for these lines: everything is gated from here on */
	for (size_t i = 0; i < run->g.tree.count; i++) {
		const char *user = run->g.tree.views[i].user;

		complain("gating %s (%s; group %u)", user, what, group);
	}
	if (!run->g.tree.count)
		complain("gating everything (%s; group %u)", what, group);
	notify_send(&run->g.notify, "STATUS=gating %s, group %u", what, group);
	free(what);
}

/* ---- set-up ---- */

static int open_signals(struct run *run)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD };
	sigset_t set;

	/* a shell may have had it ignored, and then no child could be waited for */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	run->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return run->signals < 0 ? fail_errno(errno, "signalfd") : 0;
}

static int start_threads(struct run *run)
{
	struct gate *g = &run->g;
	int ret;

	ret = lines_start(&g->lines);
	if (!ret)
		ret = pool_start(&g->hashing, HASHERS, check_run);
	if (!ret && g->checker)
		ret = pool_start(&g->asking, run->options.checks, check_run);
	if (!ret)
		ret = pool_start(&run->reader, 1, read_again);
	g->peer.wake = g->asking.done_fd;
	/* what a command leaves behind stays below us, and is left out with it */
	if (!ret && g->asks == CHECK_EXEC && prctl(PR_SET_CHILD_SUBREAPER, 1))
		ret = -errno;
	return ret ? fail_errno(-ret, "threads") : 0;
}

static void meet_daemon(struct gate *g)
{
	struct check check = {
		.what = g->checker,
		.fd = -1,
		.deadline = now_ms() + PING_MS,
		.stop = &g->stop_checks,
		.peer = &g->peer,
	};

	clamd_ping(&check);
	if (check.error)
		complain("%s; all that is asked fails until it answers", check.text);
	free(check.text);
}

/* The kernel's last clock must not end before the checks do. */
static void raise_wait(const struct gate *g, struct fanotify_nl_settings *settings)
{
	const struct fanotify_nl_settings *has = &fanotify_nl_bound(g->h)->settings;
	__u64 wait = g->check_ms;

	if (!wait || (settings->set & FANOTIFY_NL_SET_WAIT_MS))
		return;
	wait += settings->set & FANOTIFY_NL_SET_TIMEOUT_MS ? settings->timeout_ms :
							     has->timeout_ms;
	if (wait <= has->wait_ms)
		return;
	settings->set |= FANOTIFY_NL_SET_WAIT_MS;
	/* what is too much is refused by the kernel */
	settings->wait_ms = wait > UINT32_MAX ? UINT32_MAX : wait;
}

/*
 * The checker must not wait for itself, nor have its accesses counted as others of its
 * user. A predecessor's are another's by now.
 */
static void leave_out_commands(const struct gate *g, struct fanotify_nl_settings *settings)
{
	settings->set |= FANOTIFY_NL_SET_FILTERS;
	settings->nr_filters = g->asks == CHECK_EXEC;
	settings->filters[0] = (struct fanotify_nl_filter){
		.by = FANOTIFY_A_FILTER_TGID,
		.flags = FANOTIFY_FILTER_FLAG_EXCLUDE,
	};
}

static int say_in_force(__u32 group)
{
	complain("group %u is in force by another process, with which this one would take turns (%s)",
		 group, "if that hangs, fanotifyctl group set --evict-after 1 ends it");
	return EXIT_FAILURE;
}

static int bind_group(struct run *run)
{
	struct gate *g = &run->g;
	struct fanotify_nl_bind bind = {
		.number = run->options.group,
		.settings = {
			.set = FANOTIFY_NL_SET_FLAGS | FANOTIFY_NL_SET_STAT_MASK |
			       FANOTIFY_NL_SET_OPEN_FLAGS,
			.flags = FANOTIFY_GROUP_FLAG_PERMISSION,
			.stat_mask = STAT_MASK,
			/* a lease is the user's, who need not give it back soon */
			.open_flags = O_RDONLY | O_NONBLOCK,
		},
	};
	struct fanotify_nl_settings *settings = &run->options.settings;
	struct fanotify_nl_group_info info;
	struct fanotify_nl_caps caps;
	int ret;

	ret = fanotify_nl_caps(g->h, &caps);
	if (ret)
		return fail_nl(g->h, ret, "capabilities");
	if (!caps.permission_groups_max) {
		complain("this kernel cannot have permission groups (%s)",
			 "fanotifyctl capabilities shows what it can");
		return EXIT_FAILURE;
	}
	g->remembers = needs_memory(g, &g->rules);
	/* a predecessor's group may be other than wanted: what can be set is, afterwards */
	run->found = bind.number && !fanotify_nl_group_get(g->h, bind.number, &info);
	if (run->found) {
		if (info.members)
			return say_in_force(bind.number);
		if (g->remembers && !(info.settings.flags & FANOTIFY_GROUP_FLAG_REMEMBER))
			complain("group %u, which a predecessor has left, cannot remember: nothing is",
				 bind.number);
		g->remembers = info.settings.flags & FANOTIFY_GROUP_FLAG_REMEMBER;
	}
	if (g->remembers)
		bind.settings.flags |= FANOTIFY_GROUP_FLAG_REMEMBER;
	bind.excl = !run->found;
	ret = fanotify_nl_bind(g->h, &bind);
	if (ret)
		return fail_nl(g->h, ret, "bind");
	/* two successors at once */
	if (run->found && !fanotify_nl_group_get(g->h, bind.number, &info) && info.members > 1)
		return say_in_force(bind.number);
	raise_wait(g, settings);
	leave_out_commands(g, settings);
	ret = fanotify_nl_group_set(g->h, settings);
	if (!ret)
		ret = settings_read(g);
	return ret ? fail_nl(g->h, ret, "settings") : 0;
}

static int start(struct run *run)
{
	struct gate *g = &run->g;
	const __u32 all = OPERATION_OPEN | OPERATION_EXEC | OPERATION_ACCESS;
	int ret;

	if (read_rules(g, &g->rules))
		return EXIT_FAILURE;
	ret = open_signals(run);
	if (ret)
		return ret;
	/* before mounts are read: it tells of those that are newer than itself */
	g->mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (g->mountinfo < 0)
		return fail_errno(errno, "/proc/self/mountinfo");
	ret = name_paths(run);
	if (ret)
		return ret;
	g->h = open_nl();
	if (!g->h)
		return EXIT_FAILURE;
	ret = start_threads(run);
	if (ret)
		return ret;
	if (g->asks == CHECK_CLAMD)
		meet_daemon(g);
	g->asleep = asleep_ms();
	/* whoever reads them may be gated from here on */
	messages_wait_not();
	run->operations = rules_operations(&g->rules);
	ret = bind_group(run);
	if (!ret)
		ret = change_marks(run, run->operations, all & ~run->operations);
	if (ret) {
		/* nothing was promised: on-evict is for who is left by a gate in force */
		if (!run->found)
			fanotify_nl_unbind(g->h);
		return ret;
	}
	say_ready(run);
	notify_send(&g->notify, "READY=1");
	return 0;
}

/* ---- signals ---- */

/* Old rules and the kernel's memory of them are out of force; changed settings do that. */
static void forget(struct gate *g)
{
	const struct fanotify_nl_settings same = {
		.set = FANOTIFY_NL_SET_STAT_MASK,
		.stat_mask = STAT_MASK,
	};
	struct request *r;
	int ret;

	ret = fanotify_nl_group_set(g->h, &same);
	if (ret)
		fail_nl(g->h, ret, "what was remembered is not forgotten");
	TAILQ_FOREACH(r, &g->pending, link)
		r->outdated = true;
}

static void reload(struct run *run)
{
	struct reading *reading = &run->reading;

	if (!run->g.rules_path) {
		complain("there are no rules to read again");
		return;
	}
	reading->again = reading->busy;
	if (reading->busy)
		return;
	notify_send(&run->g.notify, "RELOADING=1");
	reading->g = &run->g;
	reading->busy = true;
	pool_add(&run->reader, &reading->job);
}

static void replace_rules(struct run *run, struct rules *rules)
{
	struct gate *g = &run->g;
	__u32 operations = rules_operations(rules);
	__u32 added = operations & ~run->operations;

	if (rules_remember(rules) && !g->remembers && !needs_memory(g, &g->rules)) {
		complain("remember is new in the rules, and takes a restart: the old ones stay in force");
		rules_free(rules);
		return;
	}
	/* more is gated first, less at last; a path may be that of something new */
	if (change_marks(run, operations, 0)) {
		if (added && change_marks(run, 0, added))
			complain("more is gated than the rules need");
		complain("the old rules stay in force");
		rules_free(rules);
		return;
	}
	rules_free(&g->rules);
	g->rules = *rules;
	forget(g);
	if (change_marks(run, 0, run->operations & ~operations))
		complain("more is gated than the rules need");
	run->operations = operations;
	complain("new rules are in force");
	say_ready(run);
}

static void take_rules(struct run *run)
{
	struct reading *reading = &run->reading;

	while (pool_done(&run->reader)) {
		if (reading->failed)
			complain("the old rules stay in force");
		else
			replace_rules(run, &reading->rules);
		notify_send(&run->g.notify, "READY=1");
		reading->busy = false;
		if (reading->again)
			reload(run);
	}
}

static void take_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			/* orphans of commands; the commands are their threads' */
			while (waitpid(-1, NULL, WNOHANG | __WNOTHREAD) > 0)
				;
			break;
		case SIGHUP:
			reload(run);
			break;
		case SIGUSR1:
			statistics_print(&run->g);
			break;
		default:
			/* a successor can take over what lingers, as the group is set to by now */
			settings_read(&run->g);
			run->leave = info.ssi_signo == SIGTERM && run->g.linger_ms;
			run->g.stop = true;
		}
	}
}

/* ---- the loop ---- */

/* The kernel has shut the socket: it is still there if it was us. */
static void say_gone(struct gate *g)
{
	struct fanotify_nl_caps caps;

	if (fanotify_nl_caps(g->h, &caps))
		complain("the group is gone: was the module unloaded?");
	else
		complain("evicted, as too many requests in a row were not answered in time");
	g->status = EXIT_FAILURE;
	g->stop = true;
}

/* Return: milliseconds after which to look again, though nothing says so; 0: none. */
static int take_requests(struct run *run)
{
	struct gate *g = &run->g;
	struct fanotify_nl_event event;
	int ret = 0;

	for (int i = 0; i < BURST && !g->stop; i++) {
		ret = fanotify_nl_next_event(g->h, &event);
		if (ret > 0 && (event.has & FANOTIFY_NL_HAS_DEADLINE))
			request_take(g, &event);
		/* whatever its reason, which is that of the first loss */
		else if (ret > 0 && (event.mask & FANOTIFY_KIND_GAP))
			run->uncovered |= run->options.mark_type == FANOTIFY_MARK_TYPE_GLOBAL;
		else if (!ret || ret == -ENOBUFS || ret == -ENOMEM || ret == -EBUSY)
			break;
		else if (ret == -ESHUTDOWN)
			say_gone(g);
		else if (ret < 0 && ret != -EBADMSG) {
			g->status = fail_nl(g->h, ret, "requests");
			g->stop = true;
		}
	}
	if (ret > 0 || ret == -EBADMSG)
		return -1;
	if (!ret)
		g->asleep = asleep_ms();
	return ret < 0 ? 10 : 0;
}

static int until(__s64 at)
{
	__s64 left = at - now_ms();

	return left < 0 ? 0 : left;
}

static void loop(struct run *run)
{
	struct gate *g = &run->g;
	__s64 watchdog = 0;

	while (!g->stop) {
		struct pollfd fds[] = {
			{ .fd = fanotify_nl_fd(g->h), .events = POLLIN },
			{ .fd = run->signals, .events = POLLIN },
			{ .fd = g->hashing.done_fd, .events = POLLIN },
			{ .fd = g->checker ? g->asking.done_fd : -1, .events = POLLIN },
			{ .fd = run->reader.done_fd, .events = POLLIN },
		};
		int again = take_requests(run);
		__s64 due;
		int wait = -1;

		verdicts_send(g);
		requests_checked(g);
		verdicts_send(g);
		take_rules(run);
		due = requests_due(g);
		verdicts_send(g);
		if (due)
			wait = until(due);
		if (run->uncovered && now_ms() >= run->again_at)
			gate_again(run);
		if (run->uncovered && (wait < 0 || wait > until(run->again_at)))
			wait = until(run->again_at);
		if (g->notify.watchdog_ms) {
			if (now_ms() >= watchdog) {
				notify_send(&g->notify, "WATCHDOG=1");
				watchdog = now_ms() + g->notify.watchdog_ms;
			}
			if (wait < 0 || wait > until(watchdog))
				wait = until(watchdog);
		}
		if (again)
			wait = again < 0 ? 0 : wait < 0 || wait > again ? again : wait;
		if (!g->stop && poll(fds, 5, wait) > 0 && fds[1].revents)
			take_signals(run);
	}
}

/* ---- the end ---- */

static int count_timeouts(const struct fanotify_nl_member_info *info, void *arg)
{
	struct gate *g = arg;

	if (info->member != fanotify_nl_bound(g->h)->member || !info->timeouts)
		return 0;
	complain("%llu requests were not answered in time", info->timeouts);
	return 1;
}

/*
 * Requests that are pending are allowed when the group ends, or are put before the
 * successor if it lingers: so there is nothing to wait for.
 */
static void end(struct run *run)
{
	struct gate *g = &run->g;

	notify_send(&g->notify, "STOPPING=1");
	__atomic_store_n(&g->stop_checks, true, __ATOMIC_RELAXED);
	if (fanotify_nl_stats(g->h, fanotify_nl_bound(g->h)->number, count_timeouts, g) > 0 &&
	    !g->status)
		g->status = EXIT_LOST;
	if (!run->leave && g->status != EXIT_FAILURE)
		fanotify_nl_unbind(g->h);
	else if (run->leave)
		complain("group %u lingers, and waits %u ms for a successor",
			 fanotify_nl_bound(g->h)->number, g->linger_ms);
	statistics_print(g);
	if (lines_lost(&g->lines) && !g->status)
		g->status = EXIT_LOST;
}

int cmd_gate(char **argv)
{
	struct run run = { .signals = -1 };
	struct gate *g = &run.g;
	int ret;

	ret = gate_options_parse(&run.options, g, argv);
	if (ret)
		return ret < 0 ? EXIT_USAGE : show_help("gate");
	if (run.options.check)
		return check_rules(&run);
	TAILQ_INIT(&g->pending);
	g->out.take = take_line;
	g->out.arg = &g->lines;
	notify_open(&g->notify);
	g->status = start(&run);
	if (!g->status) {
		loop(&run);
		end(&run);
	}
	fanotify_nl_close(g->h);
	__atomic_store_n(&g->stop_checks, true, __ATOMIC_RELAXED);
	pool_end(&g->hashing);
	pool_end(&g->asking);
	pool_end(&run.reader);
	if (lines_end(&g->lines) && !g->status)
		g->status = EXIT_FAILURE;
	return g->status;
}
