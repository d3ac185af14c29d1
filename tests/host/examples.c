// SPDX-License-Identifier: GPL-2.0
/*
 * The examples that others wait for, with a library that follows a script: what they go
 * on after, and how they end.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <fanotify-nl/fanotify-nl.h>

#include "tap.h"

static int play_open(struct fanotify_nl **h);
static void play_close(struct fanotify_nl *h);
static int play_bind(struct fanotify_nl *h, const struct fanotify_nl_bind *bind);
static int play_unbind(struct fanotify_nl *h);
static const struct fanotify_nl_group_info *play_bound(const struct fanotify_nl *h);
static const char *play_error(const struct fanotify_nl *h);
static int play_mark_add(struct fanotify_nl *h, const struct fanotify_nl_mark *mark,
			 struct fanotify_nl_mark_result *result);
static int play_fd(const struct fanotify_nl *h);
static int play_next_event(struct fanotify_nl *h, struct fanotify_nl_event *event);
static int play_verdict(struct fanotify_nl *h, const struct fanotify_nl_verdict *verdicts,
			size_t count);

#define fanotify_nl_open	play_open
#define fanotify_nl_close	play_close
/* the structure has this name, too */
#define fanotify_nl_bind(h, bind) play_bind(h, bind)
#define fanotify_nl_unbind	play_unbind
#define fanotify_nl_bound	play_bound
#define fanotify_nl_error	play_error
#define fanotify_nl_mark_add	play_mark_add
#define fanotify_nl_fd		play_fd
#define fanotify_nl_next_event	play_next_event
#define fanotify_nl_verdict(h, verdicts, count) play_verdict(h, verdicts, count)

/* What both have. */
#define main		gate_main
#define answer		gate_answer
#define answer_all	gate_answer_all
#include "../../libfanotify-nl/examples/gate.c"
#undef main
#undef answer
#undef answer_all
#define main		ondemand_main
#undef _GNU_SOURCE
#include "../../libfanotify-nl/examples/ondemand.c"
#undef main

/* What the calls for events return; behind the last one a signal tells to end. */
static const int *script;
static int steps, step;

static int mark_fails;
static int answered, unbound, closed;

static int play_open(struct fanotify_nl **h)
{
	*h = NULL;
	return 0;
}

static void play_close(struct fanotify_nl *h)
{
	(void)h;
	closed++;
}

static int play_bind(struct fanotify_nl *h, const struct fanotify_nl_bind *bind)
{
	(void)h;
	(void)bind;
	return 0;
}

static int play_unbind(struct fanotify_nl *h)
{
	(void)h;
	unbound++;
	return 0;
}

static const struct fanotify_nl_group_info *play_bound(const struct fanotify_nl *h)
{
	static const struct fanotify_nl_group_info info = { .number = 1 };

	(void)h;
	return &info;
}

static const char *play_error(const struct fanotify_nl *h)
{
	(void)h;
	return "it fails, as it should";
}

static int play_mark_add(struct fanotify_nl *h, const struct fanotify_nl_mark *mark,
			 struct fanotify_nl_mark_result *result)
{
	(void)h;
	(void)mark;
	(void)result;
	return mark_fails;
}

static int play_fd(const struct fanotify_nl *h)
{
	(void)h;
	return -1;
}

static int play_next_event(struct fanotify_nl *h, struct fanotify_nl_event *event)
{
	(void)h;
	if (step == steps) {
		kill(getpid(), SIGTERM);
		return 0;
	}
	*event = (struct fanotify_nl_event){
		.has = FANOTIFY_NL_HAS_DEADLINE,
		.id = step,
		.name = "nothing",
	};
	return script[step++];
}

static int play_verdict(struct fanotify_nl *h, const struct fanotify_nl_verdict *verdicts,
			size_t count)
{
	(void)h;
	(void)verdicts;
	answered += count;
	return 0;
}

static int play(int (*example)(int argc, char **argv), const int *returns, int count)
{
	static char empty[] = "/tmp/examples.XXXXXX";
	char *argv[] = { "example", empty, empty, NULL };
	struct timespec now = { 0 };
	sigset_t set;
	int ret;

	script = returns;
	steps = count;
	step = 0;
	answered = 0;
	unbound = 0;
	closed = 0;
	if (!mkdtemp(empty))
		return -1;
	ret = example(3, argv);
	rmdir(empty);
	memset(empty + sizeof(empty) - 7, 'X', 6);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigtimedwait(&set, NULL, &now);
	return ret;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void goes_on(int (*example)(int argc, char **argv))
{
	static const int passing[] = { 1, -ENOBUFS, 1, -EBADMSG, 1, -ENOMEM, 1 };
	double begun = now();

	CHECK_EQ(play(example, passing, 7), 0);
	CHECK_EQ(answered, 4);
	CHECK_EQ(unbound, 1);
	CHECK_EQ(closed, 1);
	/* where the kernel is short of memory it is given time */
	CHECK(now() - begun > 0.19);
}

static void fails(int (*example)(int argc, char **argv))
{
	static const int failing[] = { 1, -EIO, 1 };

	CHECK_EQ(play(example, failing, 3), 1);
	CHECK_EQ(answered, 1);
	CHECK_EQ(unbound, 0);
	CHECK_EQ(closed, 1);
}

static void gate_goes_on(void)
{
	goes_on(gate_main);
}

static void gate_fails(void)
{
	fails(gate_main);
}

static void ondemand_goes_on(void)
{
	goes_on(ondemand_main);
}

static void ondemand_fails(void)
{
	fails(ondemand_main);
}

/* Nobody is denied anything then. */
static void ondemand_does_not_begin(void)
{
	mark_fails = -EINVAL;
	CHECK_EQ(play(ondemand_main, NULL, 0), 1);
	CHECK_EQ(unbound, 1);
	CHECK_EQ(closed, 1);
}

TAP_MAIN(
	{ "examples: gate goes on after what passes", gate_goes_on },
	{ "examples: gate leaves the rest to on-evict when it fails", gate_fails },
	{ "examples: ondemand goes on after what passes", ondemand_goes_on },
	{ "examples: ondemand leaves the rest to on-evict when it fails", ondemand_fails },
	{ "examples: ondemand leaves nothing behind when it cannot begin", ondemand_does_not_begin },
)
