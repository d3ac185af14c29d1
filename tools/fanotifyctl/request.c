// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: requests, from their arrival to the answer.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "gate.h"
#include "proc.h"

/* Failed checks are told of so often; the others are counted. */
#define TELL_MS		1000

/* A clock that has run out while nobody looked. */
#define CLOCK_MIN_MS	10

/* How often a file is tried to be opened that somebody has a lease on. */
#define OPEN_MS		100

/* How often it is seen whether somebody waits still for a check that holds up others. */
#define LOOK_MS		250

/* ---- a request ---- */

static enum operation operation_of(__u64 mask)
{
	if (mask & FANOTIFY_KIND_OPEN_EXEC_PERM)
		return OPERATION_EXEC;
	return mask & FANOTIFY_KIND_ACCESS_PERM ? OPERATION_ACCESS : OPERATION_OPEN;
}

/* What it is called here; NULL: it is on no mount that is visible. */
static char *request_path(struct gate *g, const struct fanotify_nl_event *event)
{
	struct pollfd changed = { .fd = g->mountinfo, .events = POLLPRI };
	struct mounts mounts;
	bool inside;

	if (!event->path)
		return NULL;
	/* a mount that is newer than what was read last */
	if (poll(&changed, 1, 0) > 0 && !mounts_read(&mounts)) {
		mounts_free(&g->tree.mounts);
		g->tree.mounts = mounts;
	}
	return tree_name(&g->tree, event->dev_major, event->dev_minor, event->path, &inside);
}

/*
 * The kernel's clocks must never run out while there is somebody to answer: neither that
 * of the member, nor the one of the access, which no deferral sets back. When that has
 * begun is not told of what was parked, or taken over, before the event was made.
 */
static void request_clocks(const struct gate *g, struct request *r,
			   const struct fanotify_nl_event *event)
{
	__s64 asleep = asleep_ms();
	__s64 deadline = (__s64)(event->deadline / 1000000) - asleep;
	__s64 end = (__s64)(event->boottime / 1000000) - asleep + g->wait_ms;

	/* made before the machine has slept, and taken afterwards */
	if (deadline < r->arrived) {
		deadline += asleep - g->asleep;
		end += asleep - g->asleep;
	}
	r->clock = deadline - r->arrived;
	if (r->clock < CLOCK_MIN_MS)
		r->clock = CLOCK_MIN_MS;
	r->defer_at = r->arrived + r->clock * 3 / 4;
	r->look_at = r->arrived + LOOK_MS;
	r->give_up = r->arrived + (g->check_ms ? g->check_ms : r->clock * 7 / 8);
	/* it has slept before the delivery; or the wait is the shorter one, and does not count */
	if (end < deadline)
		end = deadline;
	end -= r->clock / 8;
	if (r->give_up > end && g->check_ms)
		r->give_up = end;
}

static struct request *request_new(struct gate *g, const struct fanotify_nl_event *event)
{
	const struct fanotify_nl_stat *st = &event->object.stat;
	struct request *r = xrealloc(NULL, sizeof(*r));

	*r = (struct request){
		.id = event->id,
		.actor = event->actor,
		.subject = {
			.operation = operation_of(event->mask),
			.path = request_path(g, event),
			.has_uid = event->actor.has & FANOTIFY_NL_ACTOR_HAS_UID,
			.uid = event->actor.uid,
			.has_owner = st->has & FANOTIFY_STAT_FIELD_UID,
			.owner = st->uid,
			.has_size = st->has & FANOTIFY_STAT_FIELD_SIZE,
			.size = st->size,
		},
		.fs_path = event->path ? xstrdup(event->path) : NULL,
		.regular = !(st->has & FANOTIFY_STAT_FIELD_MODE) || S_ISREG(st->mode),
		.arrived = now_ms(),
		.check.fd = -1,
	};
	r->actor.comm = event->actor.comm ? xstrdup(event->actor.comm) : NULL;
	request_clocks(g, r, event);
	TAILQ_INSERT_TAIL(&g->pending, r, link);
	g->pending_count++;
	return r;
}

static void check_clear(struct check *check)
{
	if (check->fd >= 0)
		close(check->fd);
	free(check->json);
	free(check->text);
	*check = (struct check){ .fd = -1 };
}

static void request_free(struct request *r)
{
	check_clear(&r->check);
	free((char *)r->subject.path);
	free((char *)r->subject.exec);
	free((char *)r->actor.comm);
	free(r->fs_path);
	free(r);
}

/* ---- answers ---- */

static void verdicts_sent(struct gate *g, int ret)
{
	/* a task that was killed meanwhile, or a clock that ran out */
	if (ret == -ENOENT) {
		g->statistics.late++;
	} else if (ret) {
		g->status = fail_nl(g->h, ret, "answer");
		g->stop = true;
	}
}

void verdicts_send(struct gate *g)
{
	size_t count = g->verdict_count;

	g->verdict_count = 0;
	if (count)
		verdicts_sent(g, fanotify_nl_verdict(g->h, g->verdicts, count));
}

static struct fanotify_nl_verdict *verdict_add(struct gate *g, const struct request *r,
					       __u32 response)
{
	struct fanotify_nl_verdict *verdict;

	if (g->verdict_count == BATCH)
		verdicts_send(g);
	verdict = &g->verdicts[g->verdict_count++];
	*verdict = (struct fanotify_nl_verdict){ .id = r->id, .response = response };
	return verdict;
}

/* Nothing is pending any more; who checks it still is told. */
static void request_end(struct gate *g, struct request *r)
{
	TAILQ_REMOVE(&g->pending, r, link);
	g->pending_count--;
	r->answered = true;
	__atomic_store_n(&r->check.gone, true, __ATOMIC_RELAXED);
	if (!r->checking)
		request_free(r);
}

/*
 * Ask for more time. The kernel does not tell of a task that was killed, or a clock that
 * ran out, but by its answer: such a check is not to keep others from theirs.
 *
 * Return: whether there is still somebody who waits.
 */
static bool request_defer(struct gate *g, struct request *r, __s64 now)
{
	const struct fanotify_nl_verdict defer = {
		.id = r->id,
		.response = FANOTIFY_VERDICT_DEFER,
	};
	int ret = fanotify_nl_verdict(g->h, &defer, 1);

	r->look_at = now + LOOK_MS;
	r->defer_at = now + r->clock * 3 / 4;
	verdicts_sent(g, ret);
	if (ret == -ENOENT) {
		/* if it was the wait, that may have been changed */
		settings_read(g);
		request_end(g, r);
	} else {
		g->statistics.deferred++;
	}
	return ret != -ENOENT;
}

static void request_answer(struct gate *g, struct request *r, const struct action *action,
			   enum origin origin)
{
	bool deny = action->outcome == OUTCOME_DENY;
	struct statistics *s = &g->statistics;
	struct fanotify_nl_verdict *verdict;
	__u64 waited = now_ms() - r->arrived;

	/* while it waits: afterwards nobody knows */
	if (deny && !r->subject.exec)
		r->subject.exec = proc_exec(r->actor.tgid);
	verdict = verdict_add(g, r, deny ? FANOTIFY_VERDICT_DENY : FANOTIFY_VERDICT_ALLOW);
	if (deny)
		verdict->error = action->error;
	if (action->audit)
		verdict->flags |= FANOTIFY_VERDICT_FLAG_AUDIT;
	if (action->remember && g->remembers && !r->outdated)
		verdict->flags |= FANOTIFY_VERDICT_FLAG_REMEMBER;
	*(deny ? &s->denied : &s->allowed) += 1;
	s->waited_ms += waited;
	if (waited > s->waited_max_ms)
		s->waited_max_ms = waited;
	decision_log(g, r, action, origin);

	request_end(g, r);
}

static void tell_failure(struct gate *g, const struct request *r, const char *what,
			 const char *why)
{
	__s64 now = now_ms();

	g->statistics.failed++;
	if (now < g->told_at + TELL_MS) {
		g->untold++;
		return;
	}
	g->told_at = now;
	if (!messages_are_taken()) {
		g->untold++;
		return;
	}
	if (g->untold)
		complain("%u more checks have failed", g->untold);
	complain("%s %s: %s", what, r->subject.path ? r->subject.path : "?", why);
	g->untold = 0;
}

/* Answer in the place of the checker: what the rule says of the audit log holds as well. */
static void request_answer_for(struct gate *g, struct request *r, struct action action,
			       enum origin origin)
{
	action.audit = r->action.audit;
	request_answer(g, r, &action, origin);
}

/* A check gave nothing to decide by. */
static void request_fail(struct gate *g, struct request *r, const char *what, const char *why)
{
	tell_failure(g, r, what, why);
	request_answer_for(g, r, g->on_error, BY_ERROR);
}

int settings_read(struct gate *g)
{
	struct fanotify_nl_group_info info;
	int ret;

	ret = fanotify_nl_group_get(g->h, fanotify_nl_bound(g->h)->number, &info);
	if (ret)
		return ret;
	g->wait_ms = info.settings.wait_ms;
	g->linger_ms = info.settings.linger_ms;
	g->on_timeout.error = info.settings.on_timeout;
	g->on_timeout.outcome = g->on_timeout.error ? OUTCOME_DENY : OUTCOME_ALLOW;
	return 0;
}

static void request_late(struct gate *g, struct request *r)
{
	g->statistics.too_long++;
	/* group set may have changed it; without an answer, it is what it was */
	settings_read(g);
	request_answer_for(g, r, g->on_timeout, BY_TIMEOUT);
}

/* ---- checks ---- */

/*
 * Return: 0; -EAGAIN: it is decided anew, later, or nobody waits for it and it has ended;
 * or another -errno.
 */
static int request_open(struct gate *g, struct request *r)
{
	int fd = fanotify_nl_event_open_id(g->h, r->id);

	/* who has a lease on it may keep it for long, and we wait for nobody */
	if (fd == -EAGAIN)
		r->open_at = now_ms() + OPEN_MS;
	if (fd == -ENOENT && !request_defer(g, r, now_ms()))
		return -EAGAIN;
	if (fd < 0)
		return fd;
	r->check.fd = fd;
	return 0;
}

static void request_check(struct gate *g, struct request *r, enum check_kind kind)
{
	struct check *check = &r->check;

	check->kind = kind;
	check->what = g->checker;
	check->action = r->action;
	check->deadline = r->give_up;
	check->stop = &g->stop_checks;
	check->peer = &g->peer;
	r->checking = true;
	pool_add(kind == CHECK_HASH ? &g->hashing : &g->asking, &check->job);
}

static bool keep_line(void *arg, const char *line, size_t len)
{
	struct check *check = arg;

	check->json = xrealloc(NULL, len);
	memcpy(check->json, line, len);
	check->json_len = len;
	return true;
}

static void request_ask(struct gate *g, struct request *r)
{
	int ret;

	if (!r->regular) {
		request_answer_for(g, r, (struct action){ 0 }, BY_KIND);
		return;
	}
	ret = request_open(g, r);
	if (ret == -EAGAIN)
		return;
	if (ret) {
		request_fail(g, r, "opening of", fanotify_nl_error(g->h));
		return;
	}
	g->statistics.asked++;
	if (g->asks == CHECK_EXEC) {
		struct out o = { .json = true, .take = keep_line, .arg = &r->check };

		out_begin(&o);
		request_print(&o, r);
		out_end(&o);
	}
	request_check(g, r, g->asks);
}

/* ---- decisions ---- */

static void request_decide(struct gate *g, struct request *r);

/*
 * It has no hash, so that no rule that wants one fits. Where --on-error allows, those that
 * follow still decide: what denies all that is not listed denies this, too.
 */
static void request_unhashed(struct gate *g, struct request *r, const char *what, const char *why)
{
	if (g->on_error.outcome == OUTCOME_DENY) {
		request_fail(g, r, what, why);
		return;
	}
	tell_failure(g, r, what, why);
	r->outdated = true;
	r->subject.hashed = true;
	request_decide(g, r);
}

static void request_hash(struct gate *g, struct request *r)
{
	int ret = request_open(g, r);

	if (ret == -EAGAIN)
		return;
	if (ret) {
		request_unhashed(g, r, "opening of", fanotify_nl_error(g->h));
		return;
	}
	g->statistics.hashed++;
	request_check(g, r, CHECK_HASH);
}

static void request_decide(struct gate *g, struct request *r)
{
	const struct action *action;

	/* it may be rules that are newer than the request, and the first to ask for it */
	if (g->rules.uses_exec && !r->subject.exec)
		r->subject.exec = proc_exec(r->actor.tgid);
	action = rules_match(&g->rules, &r->subject, &r->line);
	if (!action && r->regular) {
		request_hash(g, r);
		return;
	}
	if (!action) {
		/* what is no file has no hash */
		r->subject.hashed = true;
		action = rules_match(&g->rules, &r->subject, &r->line);
	}
	r->action = *action;
	if (action->outcome == OUTCOME_ASK)
		request_ask(g, r);
	else
		request_answer(g, r, &r->action, r->line ? BY_RULE : BY_NONE);
}

/* The daemon, which is known by its answers, must not wait for itself. */
static bool of_checker(const struct gate *g, const struct fanotify_nl_actor *actor)
{
	return g->exempt && actor->tgid == g->exempt &&
	       proc_start_ticks(actor->start) == g->exempt_start;
}

static void allow_checker(struct gate *g, struct request *r)
{
	const struct action allow = { 0 };

	g->statistics.of_checker++;
	request_answer(g, r, &allow, BY_DESCENT);
}

/* Another process turns out to be the daemon: it may wait already. */
static void meet_peer(struct gate *g)
{
	__u32 pid = __atomic_load_n(&g->peer.pid, __ATOMIC_RELAXED);
	__u64 start = __atomic_load_n(&g->peer.start, __ATOMIC_RELAXED);
	struct request *r, *next;

	if (pid == g->exempt && start == g->exempt_start)
		return;
	g->exempt = pid;
	g->exempt_start = start;
	for (r = TAILQ_FIRST(&g->pending); r; r = next) {
		next = TAILQ_NEXT(r, link);
		if (of_checker(g, &r->actor))
			allow_checker(g, r);
	}
}

void request_take(struct gate *g, const struct fanotify_nl_event *event)
{
	struct request *r;

	r = request_new(g, event);
	g->statistics.requests++;
	if (of_checker(g, &r->actor)) {
		allow_checker(g, r);
		return;
	}
	if (g->asks == CHECK_EXEC)
		r->subject.exec = proc_exec(r->actor.tgid);
	request_decide(g, r);
}

static void request_hashed(struct gate *g, struct request *r)
{
	struct check check = r->check;

	r->check = (struct check){ .fd = -1 };
	if (check.error == ETIMEDOUT) {
		request_late(g, r);
	} else if (check.error) {
		request_unhashed(g, r, "check of", check.text);
	} else {
		memcpy(r->sha256, check.sha256, sizeof(r->sha256));
		r->subject.hashed = true;
		r->subject.sha256 = r->sha256;
		request_decide(g, r);
	}
	check_clear(&check);
}

static void request_asked(struct gate *g, struct request *r)
{
	struct check *check = &r->check;

	if (check->error == ETIMEDOUT)
		request_late(g, r);
	else if (check->error)
		request_fail(g, r, "check of", check->text);
	else
		request_answer(g, r, &check->action, BY_CHECKER);
}

static void checked(struct gate *g, struct job *job)
{
	struct request *r = (struct request *)job;

	r->checking = false;
	if (r->answered)
		request_free(r);
	else if (r->check.kind == CHECK_HASH)
		request_hashed(g, r);
	else
		request_asked(g, r);
}

void requests_checked(struct gate *g)
{
	struct job *job;

	while ((job = pool_done(&g->hashing)))
		checked(g, job);
	while (g->checker && (job = pool_done(&g->asking)))
		checked(g, job);
	/* at last: the look for jobs takes what has woken us for it, too */
	meet_peer(g);
}

/* Decide about those that could not be opened before. */
static void requests_open(struct gate *g, __s64 now)
{
	struct request *r, *next;

	for (r = TAILQ_FIRST(&g->pending); r; r = next) {
		next = TAILQ_NEXT(r, link);
		if (!r->open_at || now < r->open_at)
			continue;
		r->open_at = 0;
		request_decide(g, r);
	}
}

__s64 requests_due(struct gate *g)
{
	struct request *r, *next;
	__s64 now = now_ms();
	__s64 due = 0;

	requests_open(g, now);
	for (r = TAILQ_FIRST(&g->pending); r && !g->stop; r = next) {
		bool look;
		__s64 at;

		next = TAILQ_NEXT(r, link);
		if (now >= r->give_up) {
			request_late(g, r);
			continue;
		}
		look = r->checking && g->pending_count > 1;
		if (((g->check_ms && now >= r->defer_at) || (look && now >= r->look_at)) &&
		    !request_defer(g, r, now))
			continue;
		at = g->check_ms && r->defer_at < r->give_up ? r->defer_at : r->give_up;
		if (look && r->look_at < at)
			at = r->look_at;
		if (r->open_at && r->open_at < at)
			at = r->open_at;
		if (!due || at < due)
			due = at;
	}
	return due;
}
