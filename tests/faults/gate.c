// SPDX-License-Identifier: GPL-2.0
/*
 * The permission gate.
 */
#include "faults.h"
#include "gate.h"

#define GATE		77
#define ALLOW		FANOTIFY_VERDICT_ALLOW
#define OPEN_PERM	KIND(OPEN_PERM)

static void begin_gate_bind(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_NUMBER, GATE);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_FLAGS, PERMISSION | REMEMBER);
}

static int run_gate_bind(struct scene *s)
{
	begin_gate_bind(s);
	return nl_call(&s->nl);
}

static int prepare_gate_bind(struct scene *s)
{
	int ret = run_gate_bind(s);

	if (!ret)
		s->token = nl_uint(nl_attr(s->nl.reply, FANOTIFY_A_GROUP_TOKEN));
	s->number = GATE;
	return ret;
}

static int run_gate_mark(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, OPEN_PERM);
}

static int run_gate_mark_subtree(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, SUBTREE, OPEN_PERM);
}

static int prepare_gate_mark(struct scene *s)
{
	return prepare_gate_bind(s) ?: run_gate_mark(s);
}

static int run_gate_mark_more(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, KIND(ACCESS_PERM));
}

static const char *check_gate_mark_more(struct scene *s, int ret)
{
	return as_told(ret, mask_now(s) & KIND(ACCESS_PERM));
}

/* Another process opens the file, and has to ask us. */
static int prepare_asked(struct scene *s)
{
	struct fanotify_nl_settings patient = GATE_SET(TIMEOUT_MS, timeout_ms, 600000);
	__s64 id;

	s->h = gate_open(GATE, REMEMBER, patient);
	if (!s->h || make_file("file") || member_mark(s->h, ".", OPEN_PERM) ||
	    access_start(&s->access, OPEN, "file", 0))
		return -1;
	id = gate_next(s->h, 20000, NULL);
	s->id = id;
	return id > 0 ? 0 : -1;
}

static int run_verdict(struct scene *s)
{
	return gate_verdict(s->h, s->id, ALLOW, 0, FANOTIFY_VERDICT_FLAG_REMEMBER);
}

/* A verdict counts if it was taken, and is asked for still if it was not. */
static const char *check_verdict(struct scene *s, int ret)
{
	struct fanotify_nl_gate gate = gate_of(GATE);

	if (!ret && gate.pending)
		return "it was not done";
	if (gate.pending && gate_verdict(s->h, s->id, ALLOW, 0, 0))
		return "it was refused, and cannot be given again";
	if (access_end(&s->access, 20000))
		return "it does not end the wait";
	s->lost += gate.not_remembered;
	return NULL;
}

static int prepare_asked_open(struct scene *s)
{
	int ret = prepare_asked(s);

	s->before = descriptors();
	return ret;
}

static int run_open_id(struct scene *s)
{
	int fd = fanotify_nl_event_open_id(s->h, s->id);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static const char *check_open_id(struct scene *s, int ret)
{
	if (descriptors() != (int)s->before)
		return "a descriptor is left open";
	return check_verdict(s, gate_verdict(s->h, s->id, ALLOW, 0, 0));
}

/* The member has died; whoever succeeds it gets what it has not answered. */
static int prepare_lingering(struct scene *s)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_TIMEOUT_MS | FANOTIFY_NL_SET_LINGER_MS,
		.timeout_ms = 600000, .linger_ms = 600000,
	};

	s->h = gate_open(GATE, REMEMBER, settings);
	if (!s->h || make_file("file") || member_mark(s->h, ".", OPEN_PERM) ||
	    access_start(&s->access, OPEN, "file", 0) || gate_next(s->h, 20000, NULL) <= 0)
		return -1;
	fanotify_nl_close(s->h);
	s->h = NULL;
	return gate_becomes(GATE, FANOTIFY_GATE_STATE_LINGERING) ? 0 : -1;
}

static int run_take_over(struct scene *s)
{
	begin_gate_bind(s);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_TIMEOUT_MS, 600000);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_LINGER_MS, 600000);
	return nl_call(&s->nl);
}

static const char *check_take_over(struct scene *s, int ret)
{
	struct fanotify_nl_gate gate = gate_of(GATE);
	const char *wrong = as_told(ret, gate.state == FANOTIFY_GATE_STATE_ACTIVE);

	if (gate.pending != 1 || gate.takeovers > 1)
		wrong = "what waits is forgotten";
	/* whoever was bound goes, and then nobody waits any more */
	nl_close(&s->nl);
	if (nl_open(&s->nl) || !gate_becomes(GATE, FANOTIFY_GATE_STATE_LINGERING))
		return "it does not linger again";
	set_parameter("gate_lift", "1");
	return access_end(&s->access, 20000) ? "it is not lifted" : wrong;
}

/* Another process decides about what we do. */
static int prepare_gated(struct scene *s, struct fanotify_nl_settings settings,
			 unsigned int verdict_us)
{
	if (make_file("file"))
		return -1;
	s->listener = listener_start(GATE, settings, ALLOW, verdict_us, NULL);
	s->number = GATE;
	return s->listener > 0 ? 0 : -1;
}

static int prepare_access(struct scene *s)
{
	return prepare_gated(s, GATE_SET(TIMEOUT_MS, timeout_ms, 600000), 0);
}

static int prepare_access_too_late(struct scene *s)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_TIMEOUT_MS | FANOTIFY_NL_SET_ON_TIMEOUT |
		       FANOTIFY_NL_SET_EVICT_AFTER,
		.timeout_ms = 10, .on_timeout = EBUSY,
	};

	return prepare_gated(s, settings, 200000);
}

static int run_access(struct scene *s)
{
	int fd = open("file", O_RDONLY);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Want of memory lets nobody through. */
static const char *check_access(struct scene *s, int ret)
{
	struct fanotify_nl_gate gate = gate_of(GATE);

	if (gate.pending || gate.parked)
		return "somebody is thought to wait";
	return ret || gate.allowed == 1 ? NULL : "it was let through unasked";
}

static int run_access_too_late(struct scene *s)
{
	int ret = run_access(s);

	/* as is set */
	return ret == -EBUSY ? 0 : ret ?: -EPROTO;
}

static const char *check_access_too_late(struct scene *s, int ret)
{
	return ret == -EPROTO ? "it was let through" : NULL;
}

OPERATION(gate_bind, prepare_nothing, run_gate_bind, check_bind, 6, false);
OPERATION(gate_mark, prepare_gate_bind, run_gate_mark, check_marked, 6, false);
OPERATION(gate_mark_subtree, prepare_gate_bind, run_gate_mark_subtree, check_marked, 7, false);
OPERATION(gate_mark_more, prepare_gate_mark, run_gate_mark_more, check_gate_mark_more, 4, false);
OPERATION(gate_verdict, prepare_asked, run_verdict, check_verdict, 3, false);
OPERATION(gate_not_remembered, prepare_asked, run_verdict, check_verdict, 3, true);
OPERATION(gate_event_open, prepare_asked_open, run_open_id, check_open_id, 5, false);
OPERATION(gate_take_over, prepare_lingering, run_take_over, check_take_over, 5, false);
OPERATION(gate_access, prepare_access, run_access, check_access, 5, false);
OPERATION(gate_access_too_late, prepare_access_too_late, run_access_too_late,
	  check_access_too_late, 5, false);
