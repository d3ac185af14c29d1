// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pace.h"
#include "storm.h"

#define MODULE "/usr/lib/fanotify-nl/fanotify_nl.ko"

const char *order_take(struct order *o, const struct fanotify_nl_event *event)
{
	__u64 first = event->seq;

	o->events++;
	if (event->count == 1)
		return "a count of one";
	if (event->count)
		o->merged += event->count - 1;
	if ((event->mask & FANOTIFY_KIND_GAP) &&
	    event->gap.scope == FANOTIFY_GAP_SCOPE_DIRECTORY) {
		if (event->gap.first || event->gap.last || event->gap.count)
			return "a directory that was moved in counts as a loss";
	} else if (event->mask & FANOTIFY_KIND_GAP) {
		first = event->gap.first;
		o->gaps++;
		o->lost += event->gap.count;
		if (!(event->has & FANOTIFY_NL_HAS_GAP))
			return "a gap does not say what is missing";
		if (event->gap.scope != FANOTIFY_GAP_SCOPE_ALL)
			return "a gap of no scope";
		if (event->gap.last != event->seq)
			return "a gap's seq is not that of its last event";
		if (event->gap.first > event->gap.last)
			return "a gap ends before it starts";
		if (!o->shared && event->gap.reason == FANOTIFY_GAP_REASON_OVERFLOW &&
		    event->gap.count != event->gap.last - event->gap.first + 1)
			return "a gap's count is not that of the missing seqs";
	}
	if (first != o->seq + 1)
		return first > o->seq ? "seq has a hole" : "seq goes back";
	if (event->id <= o->id)
		return "id does not ascend";
	o->seq = event->seq;
	o->id = event->id;
	return NULL;
}

/* ---- writers ---- */

static void write_cycle(int dir, unsigned int writer, unsigned int cycle)
{
	char old[32], new[32];
	int fd;

	snprintf(old, sizeof(old), "%u.%u", writer, cycle);
	snprintf(new, sizeof(new), "%u.%u.new", writer, cycle);
	fd = openat(dir, old, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) || renameat(dir, old, dir, new) ||
	    fchmodat(dir, new, 0600, 0) || unlinkat(dir, new, 0))
		_exit(1);
}

static void __attribute__((noreturn)) writer_main(const char *path, unsigned int writer,
						  unsigned int cycles)
{
	cpu_set_t cpus;
	int dir;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&cpus);
	CPU_SET(writer % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		_exit(1);
	for (unsigned int i = 1; !cycles || i <= cycles; i++)
		write_cycle(dir, writer, i);
	_exit(0);
}

int storm_start(struct storm *s, const char *dir, unsigned int writers, unsigned int cycles)
{
	memset(s, 0, sizeof(*s));
	s->dir = dir;
	s->writers = writers;
	cycles = (cycles + slowness() - 1) / slowness();
	s->cycles = cycles;
	for (unsigned int i = 0; i < writers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (!pid)
			writer_main(dir, i, cycles);
		s->writer[i].pid = pid;
		s->writer[i].cycle = 1;
	}
	return 0;
}

static void writer_ended(struct storm *s, int status)
{
	s->ended++;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		s->failed = true;
}

/* The pids stay, as they name the writers in events. */
static void storm_reap(struct storm *s, int flags)
{
	for (unsigned int i = 0; i < s->writers; i++) {
		int status;

		if (waitpid(s->writer[i].pid, &status, flags) == s->writer[i].pid)
			writer_ended(s, status);
	}
}

bool storm_ended(struct storm *s)
{
	storm_reap(s, WNOHANG);
	return s->ended == s->writers;
}

void storm_stop(struct storm *s)
{
	for (unsigned int i = 0; i < s->writers; i++)
		kill(s->writer[i].pid, SIGKILL);
	storm_reap(s, 0);
}

bool storm_join(struct storm *s)
{
	storm_reap(s, 0);
	return s->ended == s->writers && !s->failed;
}

/* ---- their events ---- */

static const struct stage {
	__u64 kind;
	bool old_name;
	bool new_name;
} stages[STORM_EVENTS] = {
	{ FANOTIFY_KIND_CREATE, true, false },
	{ FANOTIFY_KIND_MODIFY, true, false },
	{ FANOTIFY_KIND_CLOSE_WRITE, true, false },
	{ FANOTIFY_KIND_RENAME, true, true },
	{ FANOTIFY_KIND_ATTRIB, false, true },
	{ FANOTIFY_KIND_ATTRIB, false, false },
	{ FANOTIFY_KIND_DELETE, false, true },
};

static bool name_is(const char *name, unsigned int writer, unsigned int cycle, bool new)
{
	char want[32];

	snprintf(want, sizeof(want), "%u.%u%s", writer, cycle, new ? ".new" : "");
	return name && !strcmp(name, want);
}

static bool names_are(const struct fanotify_nl_event *event, const struct stage *stage,
		      unsigned int writer, unsigned int cycle)
{
	if (stage->old_name && !name_is(event->name, writer, cycle, false))
		return false;
	if (!stage->new_name)
		return true;
	return name_is(stage->old_name ? event->new_name : event->name, writer, cycle, true);
}

static bool handle_is(struct storm_writer *w, const struct fanotify_nl_node *object)
{
	if (!object->handle || object->handle_len > sizeof(w->handle))
		return false;
	if (!w->stage) {
		w->handle_type = object->handle_type;
		w->handle_len = object->handle_len;
		memcpy(w->handle, object->handle, object->handle_len);
	}
	return w->handle_type == object->handle_type && w->handle_len == object->handle_len &&
	       !memcmp(w->handle, object->handle, w->handle_len);
}

const char *storm_take(struct storm *s, const struct fanotify_nl_event *event)
{
	const struct stage *stage;
	struct storm_writer *w;
	unsigned int i = 0;

	while (i < s->writers && (__u32)s->writer[i].pid != event->actor.tgid)
		i++;
	if (i == s->writers)
		return "an event of somebody else";
	w = &s->writer[i];
	stage = &stages[w->stage];
	if (!(event->mask & stage->kind))
		return "an event of another kind than the next";
	if (!names_are(event, stage, i, w->cycle))
		return "an event of another name than the next";
	if (!handle_is(w, &event->object))
		return "an event of another object than the next";
	if (++w->stage == STORM_EVENTS) {
		w->stage = 0;
		w->cycle++;
	}
	return NULL;
}

bool storm_complete(const struct storm *s)
{
	for (unsigned int i = 0; i < s->writers; i++)
		if (s->writer[i].cycle != s->cycles + 1)
			return false;
	return true;
}

__u64 storm_events(const struct storm *s)
{
	return (__u64)s->writers * s->cycles * STORM_EVENTS;
}

/* ---- times ---- */

__u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

bool wait_until(bool (*condition)(void *arg), void *arg, unsigned int timeout_ms)
{
	__u64 end = now_ns() + timeout_ms * 1000000ULL;

	while (!condition(arg)) {
		if (now_ns() > end)
			return false;
		usleep(500);
	}
	return true;
}

/* ---- handles ---- */

struct fanotify_nl *member_open(__u32 number, __u32 rcvbuf, __u64 queue_limit)
{
	struct fanotify_nl_bind bind = { .number = number, .rcvbuf = rcvbuf };
	struct fanotify_nl *h;

	if (queue_limit) {
		bind.settings.set = FANOTIFY_NL_SET_QUEUE_LIMIT;
		bind.settings.queue_limit = queue_limit;
	}
	if (fanotify_nl_open(&h) || fanotify_nl_bind(h, &bind)) {
		fprintf(stderr, "# %s\n", fanotify_nl_error(h));
		fanotify_nl_close(h);
		return NULL;
	}
	return h;
}

int member_mark(struct fanotify_nl *h, const char *path, __u64 mask)
{
	struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_FILESYSTEM,
		.path = path,
		.mask = mask,
	};

	return fanotify_nl_mark_add(h, &mark, NULL);
}

struct find {
	__u32 member;
	struct fanotify_nl_member_info *info;
};

static int find_member(const struct fanotify_nl_member_info *info, void *arg)
{
	struct find *find = arg;

	if (info->member != find->member)
		return 0;
	*find->info = *info;
	return 1;
}

int member_stats(struct fanotify_nl *h, __u32 group, __u32 member,
		 struct fanotify_nl_member_info *info)
{
	struct find find = { member, info };
	int ret = fanotify_nl_stats(h, group, find_member, &find);

	if (ret < 0)
		return ret;
	return ret ? 0 : -ENOENT;
}

int member_own_stats(struct fanotify_nl *h, struct fanotify_nl_member_info *info)
{
	const struct fanotify_nl_group_info *bound = fanotify_nl_bound(h);

	return member_stats(h, bound->number, bound->member, info);
}

/* ---- the module ---- */

int module_load(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

/* A request that is under way holds the module for its time. */
int module_unload(void)
{
	__u64 end = now_ns() + 20000000000ULL;

	while (syscall(SYS_delete_module, "fanotify_nl", O_NONBLOCK)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (now_ns() > end)
			return -ETIMEDOUT;
		usleep(500);
	}
	return 0;
}
