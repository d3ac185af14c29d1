// SPDX-License-Identifier: GPL-2.0
/*
 * Gates: they answer, defer, stall and die.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "soak.h"

#define GATE_BATCH	16
#define GATE_WAIT_MS	20
#define GATE_TIMEOUT_MS	300
#define GATE_LIFE	450

/* Whoever binds this number wants the same, so that it takes over what is left. */
static struct fanotify_nl_settings gate_settings(unsigned int number)
{
	return (struct fanotify_nl_settings){
		.set = FANOTIFY_NL_SET_TIMEOUT_MS | FANOTIFY_NL_SET_WAIT_MS |
		       FANOTIFY_NL_SET_ON_TIMEOUT | FANOTIFY_NL_SET_EVICT_AFTER |
		       FANOTIFY_NL_SET_ON_EVICT | FANOTIFY_NL_SET_LINGER_MS |
		       FANOTIFY_NL_SET_UID_PENDING | FANOTIFY_NL_SET_WINDOW |
		       FANOTIFY_NL_SET_FLAGS,
		.flags = PERMISSION | REMEMBER,
		.timeout_ms = GATE_TIMEOUT_MS,
		.wait_ms = 4 * GATE_TIMEOUT_MS,
		.on_timeout = number % 2 ? EAGAIN : 0,
		.evict_after = 3,
		.on_evict = number % 2 ? FANOTIFY_ON_EVICT_DENY : FANOTIFY_ON_EVICT_ALLOW,
		.linger_ms = GATE_TIMEOUT_MS,
		.uid_pending = 2,
		.window = 4,
	};
}

/* Not of directories: a mount of overlayfs opens some, and is not to fail. */
static void gate_mark(struct member *m)
{
	static const __u32 types[] = {
		FANOTIFY_MARK_TYPE_MOUNT, FANOTIFY_MARK_TYPE_FILESYSTEM,
		FANOTIFY_MARK_TYPE_SUBTREE,
	};
	const struct fanotify_nl_mark mark = {
		.type = types[rng_below(m->rng, ARRAY_SIZE(types))],
		.path = some_place(m->rng),
		.mask = KIND(OPEN_PERM) | (rng_percent(m->rng, 30) ? KIND(ACCESS_PERM) : 0) |
			(rng_percent(m->rng, 30) ? KIND(OPEN_EXEC_PERM) : 0),
	};

	told(m, OP_gate_mark, fanotify_nl_mark_add(m->h, &mark, NULL));
}

static struct fanotify_nl_verdict some_verdict(struct member *m, __u64 id)
{
	struct fanotify_nl_verdict verdict = { .id = id, .response = FANOTIFY_VERDICT_ALLOW };
	unsigned int dice = rng_below(m->rng, 100);

	if (dice < 15) {
		verdict.response = FANOTIFY_VERDICT_DENY;
		verdict.error = EIO;
		did(OP_gate_deny, true);
	} else if (dice < 30) {
		verdict.response = FANOTIFY_VERDICT_DEFER;
		did(OP_gate_defer, true);
	} else if (dice < 55) {
		verdict.flags = FANOTIFY_VERDICT_FLAG_REMEMBER;
		did(OP_gate_remember, true);
	} else if (dice < 75) {
		int fd = fanotify_nl_event_open_id(m->h, id);

		if (told(m, OP_gate_open, fd))
			close(fd);
	}
	return verdict;
}

/* Return: 0, or why there is nothing more. */
static int gate_answer(struct member *m)
{
	struct fanotify_nl_verdict verdicts[GATE_BATCH];
	struct fanotify_nl_event event;
	size_t n = 0;
	int ret = 1;

	while (n < GATE_BATCH &&
	       (ret = fanotify_nl_wait_event(m->h, &event, n ? 0 : GATE_WAIT_MS)) == 1) {
		if (!did(OP_gate_ask, event.has & FANOTIFY_NL_HAS_DEADLINE))
			continue;
		if (rng_percent(m->rng, 12))
			did(OP_gate_ignore, true);
		else
			verdicts[n++] = some_verdict(m, event.id);
	}
	if (n)
		told(m, OP_gate_verdicts, fanotify_nl_verdict(m->h, verdicts, n));
	return ret < 0 ? ret : n ? 0 : -EAGAIN;
}

/* Until its life ends, the module goes, or it is evicted. */
static void gate_keep(struct member *m)
{
	struct span life = some_span(m->rng, GATE_LIFE);
	int ret = 0;

	for (int i = rng_below(m->rng, 3); i >= 0; i--)
		gate_mark(m);
	while (!is_over(&life) && (!ret || ret == -EAGAIN)) {
		ret = gate_answer(m);
		if (rng_percent(m->rng, 1)) {
			did(OP_gate_stall, true);
			usleep(2 * GATE_TIMEOUT_MS * 1000);
		}
	}
	if (ret && ret != -EAGAIN && !is_fair(ret))
		wrong("no requests: %s (%s)", strerror(-ret), fanotify_nl_error(m->h));
}

void gatekeeper(unsigned int number, struct rng *rng)
{
	while (!shared->stop) {
		struct fanotify_nl_bind bind = {
			.number = 2000 + rng_below(rng, GATES),
		};
		struct member m = { .rng = rng };
		int ret = fanotify_nl_open(&m.h);

		bind.settings = gate_settings(bind.number);
		if (!ret)
			ret = fanotify_nl_bind(m.h, &bind);
		if (told(&m, OP_gate_bind, ret)) {
			gate_keep(&m);
			check_counters(&m);
			if (rng_percent(rng, 40))
				told(&m, OP_gate_unbind, fanotify_nl_unbind(m.h));
			else
				did(OP_gate_leave, true);
		} else {
			usleep(20000);
		}
		fanotify_nl_close(m.h);
		/* what is left denies, or waits, until then */
		if (rng_percent(rng, 70))
			did(OP_gate_lift, !set_parameter("gate_lift", "1"));
	}
}
