// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: options, messages, memory.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "text.h"

static const struct option_def *option_find(const struct option_def *defs, const char *name,
					    size_t len)
{
	for (; defs->name; defs++)
		if (strlen(defs->name) == len && !memcmp(defs->name, name, len))
			return defs;
	return NULL;
}

/* Return: @took; -1: bad usage. */
static int option_value(const struct option_def *def, const char *value, int took)
{
	if (def->take)
		return def->take(def, value) ? -1 : took;
	*def->value = value;
	return took;
}

/* Return: how many arguments it took; -1: bad usage. */
static int option_take(const struct option_def *defs, char **argv)
{
	const char *name = argv[0] + 2;
	size_t len = strcspn(name, "=");
	const struct option_def *def = option_find(defs, name, len);

	if (!def) {
		usage_error("unknown option %s", argv[0]);
		return -1;
	}
	if (def->flag) {
		if (name[len]) {
			usage_error("option --%s takes no value", def->name);
			return -1;
		}
		*def->flag = true;
		return 1;
	}
	if (name[len])
		return option_value(def, name + len + 1, 1);
	if (!argv[1] || !strcmp(argv[1], "--")) {
		usage_error("option --%s needs a value", def->name);
		return -1;
	}
	return option_value(def, argv[1], 2);
}

int options_parse(const struct option_def *defs, char **argv, struct words *words)
{
	static char help[] = "--help";

	*words = (struct words){ .list = argv };
	while (*argv) {
		int took;

		if (!strcmp(*argv, "--")) {
			words->command = argv + 1;
			break;
		}
		if (argv[0][0] != '-' || !argv[0][1]) {
			words->list[words->count++] = *argv++;
			continue;
		}
		if (!strcmp(*argv, "-h"))
			*argv = help;
		if (argv[0][1] != '-') {
			usage_error("unknown option %s", argv[0]);
			return -1;
		}
		took = option_take(defs, argv);
		if (took < 0)
			return -1;
		argv += took;
	}
	words->list[words->count] = NULL;
	return 0;
}

/* Digits from the start on; *end is what follows them. */
static int parse_digits(const char *text, __u64 *value, const char **end)
{
	unsigned long long number;
	char *stop;

	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	number = strtoull(text, &stop, 10);
	if (errno)
		return -1;
	*value = number;
	*end = stop;
	return 0;
}

int parse_u64(const char *text, __u64 *value)
{
	const char *end;

	return parse_digits(text, value, &end) || *end ? -1 : 0;
}

int parse_u32(const char *text, __u32 *value)
{
	__u64 number;

	if (parse_u64(text, &number) || number != (__u32)number)
		return -1;
	*value = number;
	return 0;
}

int parse_bytes(const char *text, __u64 *value)
{
	static const char units[] = "KMG";
	const char *end, *unit;
	unsigned int shift = 0;
	__u64 number;

	if (parse_digits(text, &number, &end))
		return -1;
	if (*end) {
		unit = strchr(units, *end);
		if (!unit || end[1])
			return -1;
		shift = 10 * (unit - units + 1);
	}
	if (number << shift >> shift != number)
		return -1;
	*value = number << shift;
	return 0;
}

int parse_seconds(const char *text, __s64 *ms)
{
	const char *end;
	__u64 seconds;
	int unit = 100;

	if (parse_digits(text, &seconds, &end) || seconds > 1000000000)
		return -1;
	*ms = seconds * 1000;
	if (!*end)
		return 0;
	if (*end++ != '.' || !*end)
		return -1;
	for (; isdigit((unsigned char)*end); end++, unit /= 10)
		*ms += (*end - '0') * unit;
	return *end ? -1 : 0;
}

int parse_stat_fields(const char *text, __u32 *mask)
{
	__u32 all = 0;

	if (!strcmp(text, "none")) {
		*mask = 0;
		return 0;
	}
	for (;;) {
		size_t len = strcspn(text, ",");
		bool every = len == 3 && !memcmp(text, "all", 3);
		bool found = false;

		for (int bit = 0; bit < 32; bit++) {
			const char *name = fanotify_nl_stat_field_name(1U << bit);

			if (!name || (!every && (strlen(name) != len || memcmp(name, text, len))))
				continue;
			all |= 1U << bit;
			found = true;
		}
		if (!found)
			return -1;
		if (!text[len])
			break;
		text += len + 1;
	}
	*mask = all;
	return 0;
}

/* So much does a pipe take at once, if it takes anything. */
#define MESSAGE_MAX	((int)(PIPE_BUF - sizeof("fanotifyctl: \n")))

/* A terminal takes more when it has shown what it has. */
#define MESSAGE_MS	20

static bool messages_wait = true;

void messages_wait_not(void)
{
	messages_wait = false;
}

bool messages_are_taken(void)
{
	struct pollfd messages = { .fd = STDERR_FILENO, .events = POLLOUT };

	return messages_wait || poll(&messages, 1, MESSAGE_MS) > 0;
}

/* One line, whatever there is in the user's words. */
static void vcomplain(const char *format, va_list args)
{
	char *text, *printable;

	if (!messages_are_taken() || vasprintf(&text, format, args) < 0)
		return;
	printable = text_message(text, strlen(text));
	fprintf(stderr, "fanotifyctl: %.*s\n", messages_wait ? INT_MAX : MESSAGE_MAX, printable);
	free(printable);
	free(text);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vcomplain(format, args);
	va_end(args);
}

void usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vcomplain(format, args);
	va_end(args);
	fputs("Try \"fanotifyctl help\".\n", stderr);
}

static void vfail(int error, const char *text, const char *format, va_list args)
{
	const char *name = strerrorname_np(error);
	char *what;

	if (vasprintf(&what, format, args) < 0)
		return;
	complain("%s: %s (%s)", what, text, name ? name : "?");
	free(what);
}

int fail_errno(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfail(error, strerror(error), format, args);
	va_end(args);
	return EXIT_FAILURE;
}

int fail_nl(const struct fanotify_nl *h, int err, const char *format, ...)
{
	const char *text = fanotify_nl_error(h);
	va_list args;

	va_start(args, format);
	vfail(-err, *text ? text : strerror(-err), format, args);
	va_end(args);
	return EXIT_FAILURE;
}

struct fanotify_nl *open_nl(void)
{
	struct fanotify_nl *h;
	int ret;

	ret = fanotify_nl_open(&h);
	if (!ret)
		return h;
	fail_nl(h, ret, "open");
	if (ret == -ENOENT)
		complain("is the module loaded? Try \"modprobe fanotify_nl\".");
	fanotify_nl_close(h);
	return NULL;
}

static void *check(void *p)
{
	if (!p) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	return p;
}

void *xrealloc(void *old, size_t size)
{
	return check(realloc(old, size));
}

char *xstrdup(const char *s)
{
	return check(strdup(s));
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		s = NULL;
	va_end(args);
	return check(s);
}
