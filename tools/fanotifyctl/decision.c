// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: decisions and counters as text or JSON.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "fanotifyctl.h"
#include "gate.h"
#include "text.h"

static const char *const origins[] = {
	[BY_RULE] = "rule",
	[BY_NONE] = "no-rule",
	[BY_CHECKER] = "checker",
	[BY_ERROR] = "failed-check",
	[BY_TIMEOUT] = "timeout",
	[BY_KIND] = "no-regular-file",
	[BY_DESCENT] = "own-checker",
};

/* ---- requests ---- */

static void print_string(struct out *o, const char *key, const char *before, const char *value)
{
	if (value)
		out_bytes(o, key, before, value, strlen(value));
}

static void print_actor(struct out *o, const struct request *r)
{
	const struct fanotify_nl_actor *actor = &r->actor;

	out_object(o, "actor");
	print_string(o, "comm", "  ", actor->comm);
	out_text(o, "[%u]", actor->tgid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_TGID)
		out_u64(o, "tgid", NULL, actor->tgid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_TID)
		out_u64(o, "tid", NULL, actor->tid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_UID)
		out_u64(o, "uid", " uid ", actor->uid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_GID)
		out_u64(o, "gid", NULL, actor->gid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_CGROUP)
		out_u64(o, "cgroup", NULL, actor->cgroup);
	print_string(o, "exec", " exec ", r->subject.exec);
	out_object_end(o);
}

void request_print(struct out *o, const struct request *r)
{
	const struct subject *subject = &r->subject;

	out_u64(o, "id", NULL, r->id);
	out_string(o, "op", "  ", operation_name(subject->operation));
	if (!subject->path)
		out_text(o, "  ?");
	print_string(o, "path", "  ", subject->path);
	print_string(o, "fs_path", subject->path ? NULL : "", r->fs_path);
	if (subject->has_size)
		out_u64(o, "size", NULL, subject->size);
	if (subject->has_owner)
		out_u64(o, "owner", NULL, subject->owner);
	if (subject->sha256)
		out_hex(o, "sha256", subject->sha256, SHA256_BYTES);
	print_actor(o, r);
}

/* ---- decisions ---- */

static void print_time(struct out *o)
{
	struct timespec now;
	char text[64];
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	/* people have a time zone, programs do not */
	if (!(o->json ? gmtime_r : localtime_r)(&now.tv_sec, &tm))
		return;
	len = strftime(text, sizeof(text), o->json ? "%FT%T" : "%F %T", &tm);
	snprintf(text + len, sizeof(text) - len, o->json ? ".%06ldZ" : ".%06ld",
		 now.tv_nsec / 1000);
	out_string(o, "time", "", text);
}

void decision_log(struct gate *g, const struct request *r, const struct action *action,
		  enum origin origin)
{
	bool deny = action->outcome == OUTCOME_DENY;
	struct out *o = &g->out;
	const char *found = NULL;

	if (g->logged == LOG_NONE || (g->logged == LOG_DENIED && !deny))
		return;
	if (origin == BY_CHECKER)
		found = r->check.text;
	out_begin(o);
	print_time(o);
	out_string(o, "verdict", "  ", deny ? "deny" : "allow");
	if (deny)
		out_string(o, "errno", " ", strerrorname_np(action->error ? action->error : EPERM));
	request_print(o, r);
	out_string(o, "by", "  by ", origins[origin]);
	if (r->line)
		out_u64(o, "line", "  line ", r->line);
	print_string(o, "found", "  found ", found);
	if (action->audit)
		out_true(o, "audit", "  audit");
	if (action->remember && g->remembers && !r->outdated)
		out_true(o, "remember", "  remember");
	out_s64(o, "waited_ms", NULL, now_ms() - r->arrived);
	out_end(o);
}

/* ---- counters ---- */

static void print_statistics(struct out *o, const struct gate *g, unsigned long lost)
{
	const struct statistics *s = &g->statistics;
	__u64 answered = s->allowed + s->denied;

	out_begin(o);
	print_time(o);
	out_object(o, "statistics");
	out_u64(o, "requests", "  requests ", s->requests);
	out_u64(o, "allowed", ": allowed ", s->allowed);
	out_u64(o, "denied", ", denied ", s->denied);
	out_u64(o, "pending", ", pending ", g->pending_count);
	out_u64(o, "asked", "; asked the checker ", s->asked);
	out_u64(o, "hashed", ", hashed ", s->hashed);
	out_u64(o, "failed", ", checks failed ", s->failed);
	out_u64(o, "too_long", ", took too long ", s->too_long);
	out_u64(o, "deferred", ", deferred ", s->deferred);
	out_u64(o, "of_checker", ", of the checker ", s->of_checker);
	out_u64(o, "late", "; answers too late ", s->late);
	out_u64(o, "lines_lost", ", lines lost ", lost);
	out_u64(o, "waited_ms", "; waited ms on average ", answered ? s->waited_ms / answered : 0);
	out_u64(o, "waited_max_ms", ", at most ", s->waited_max_ms);
	out_object_end(o);
	out_end(o);
}

static bool to_stderr(void *arg, const char *line, size_t len)
{
	(void)arg;
	complain("%.*s", (int)len - 1, line);
	return true;
}

void statistics_print(struct gate *g)
{
	struct out text = { .take = to_stderr };

	print_statistics(g->out.json ? &g->out : &text, g, lines_lost(&g->lines));
}
