/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl: what the tests that need no kernel module share. Each program of them
 * includes it once.
 */
#ifndef FANOTIFYCTL_UNIT_H
#define FANOTIFYCTL_UNIT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fanotifyctl.h"

static int number;
static bool good;

static void same(const char *what, const char *got, const char *want)
{
	if (got == want || (got && want && !strcmp(got, want)))
		return;
	printf("# %s: got \"%s\", want \"%s\"\n", what, got ? got : "(null)",
	       want ? want : "(null)");
	good = false;
}

static void is(const char *what, long long got, long long want)
{
	if (got == want)
		return;
	printf("# %s: got %lld, want %lld\n", what, got, want);
	good = false;
}

static void run(const char *name, void (*test)(void))
{
	good = true;
	test();
	printf("%sok %d %s\n", good ? "" : "not ", ++number, name);
}

/* Asked for by the commands, which are linked in but not run. */
int show_help(const char *name)
{
	(void)name;
	return 0;
}

#endif /* FANOTIFYCTL_UNIT_H */
