// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: records on standard output, as text or as JSON.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "out.h"
#include "text.h"

static void put_bytes(struct out *o, const char *s, size_t len)
{
	if (o->len + len > o->size) {
		o->size = 2 * (o->len + len) + 1024;
		o->line = xrealloc(o->line, o->size);
	}
	memcpy(o->line + o->len, s, len);
	o->len += len;
}

static void put(struct out *o, const char *s)
{
	put_bytes(o, s, strlen(s));
}

/* For numbers. */
__attribute__((format(printf, 2, 3)))
static void put_format(struct out *o, const char *format, ...)
{
	char text[32];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put(o, text);
}

/* UTF-8 only. */
static void put_json_string(struct out *o, const char *s, size_t len)
{
	char *text = text_json(s, len);

	put(o, "\"");
	put(o, text);
	put(o, "\"");
	free(text);
}

static void put_key(struct out *o, const char *key)
{
	if (!strchr("{[", o->line[o->len - 1]))
		put(o, ",");
	if (!key)
		return;
	put(o, "\"");
	put(o, key);
	put(o, "\":");
}

/* ---- records ---- */

/* A signal just before poll() is seen by then. */
#define OUT_WAIT_MS	1000

bool out_wait(bool (*ending)(void *arg), void *arg)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	bool last;

	do {
		last = ending(arg);
		if (poll(&out, 1, OUT_WAIT_MS) > 0)
			return true;
	} while (!last);
	return false;
}

void out_begin(struct out *o)
{
	if (o->json)
		put(o, "{");
}

/* No more at a time than a pipe that is ready can take. */
static int write_line(struct out *o)
{
	size_t done = 0;
	ssize_t n;

	while (done < o->len) {
		size_t part = o->len - done < PIPE_BUF ? o->len - done : PIPE_BUF;

		if (o->ready && !o->ready(o->arg)) {
			complain("standard output: takes no more, so not all was shown");
			return 1;
		}
		n = write(STDOUT_FILENO, o->line + done, part);
		if (n < 0 && errno != EINTR && (errno != EAGAIN || !o->ready)) {
			complain("standard output: %s", strerror(errno));
			return 1;
		}
		if (n > 0)
			done += n;
	}
	return 0;
}

int out_end(struct out *o)
{
	int ret;

	put(o, o->json ? "}\n" : "\n");
	if (o->take)
		ret = o->take(o->arg, o->line, o->len) ? 0 : 1;
	else
		ret = write_line(o);
	free(o->line);
	o->line = NULL;
	o->len = 0;
	o->size = 0;
	return ret;
}

void out_object(struct out *o, const char *key)
{
	if (!o->json)
		return;
	put_key(o, key);
	put(o, "{");
}

void out_object_end(struct out *o)
{
	if (o->json)
		put(o, "}");
}

void out_list(struct out *o, const char *key)
{
	if (!o->json)
		return;
	put_key(o, key);
	put(o, "[");
}

void out_list_end(struct out *o)
{
	if (o->json)
		put(o, "]");
}

/* What comes before a value; false: it is not for text. */
static bool out_label(struct out *o, const char *key, const char *before)
{
	if (o->json)
		put_key(o, key);
	else if (before)
		put(o, before);
	return o->json || before;
}

void out_u64(struct out *o, const char *key, const char *before, __u64 value)
{
	if (out_label(o, key, before))
		put_format(o, "%llu", value);
}

void out_s64(struct out *o, const char *key, const char *before, __s64 value)
{
	if (out_label(o, key, before))
		put_format(o, "%lld", value);
}

void out_string(struct out *o, const char *key, const char *before, const char *value)
{
	if (!out_label(o, key, before))
		return;
	if (o->json)
		put_json_string(o, value, strlen(value));
	else
		put(o, value);
}

void out_bits(struct out *o, const char *key, const char *before, __u64 mask, out_bit_name name)
{
	const char *quote = o->json ? "\"" : "";
	const char *comma = "";

	if (!out_label(o, key, before))
		return;
	if (o->json)
		put(o, "[");
	else if (!mask)
		put(o, "none");
	for (int bit = 0; bit < 64; bit++) {
		const char *text = name(mask & 1ULL << bit);

		if (!(mask & 1ULL << bit))
			continue;
		put(o, comma);
		put(o, quote);
		if (text)
			put(o, text);
		else
			put_format(o, "0x%llx", 1ULL << bit);
		put(o, quote);
		comma = ",";
	}
	if (o->json)
		put(o, "]");
}

void out_bytes(struct out *o, const char *key, const char *before, const char *s, size_t len)
{
	char *text, *hex_key;

	if (!out_label(o, key, before))
		return;
	if (!o->json) {
		text = text_quote(s, len);
		put(o, text);
	} else if (text_is_utf8(s, len)) {
		put_json_string(o, s, len);
		return;
	} else {
		text = text_escape(s, len);
		put_json_string(o, text, strlen(text));
		hex_key = xasprintf("%s_hex", key);
		out_hex(o, hex_key, s, len);
		free(hex_key);
	}
	free(text);
}

void out_hex(struct out *o, const char *key, const void *data, size_t len)
{
	char *text;

	if (!o->json)
		return;
	text = text_hex(data, len);
	out_string(o, key, NULL, text);
	free(text);
}

void out_true(struct out *o, const char *key, const char *before)
{
	if (out_label(o, key, before) && o->json)
		put(o, "true");
}

void out_text(struct out *o, const char *format, ...)
{
	va_list args;
	char *text;

	if (o->json)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		put(o, text);
	free(text);
}

const char *out_kind(__u64 bit)
{
	return fanotify_nl_kind_name(bit);
}

const char *out_mark_flag(__u64 bit)
{
	return fanotify_nl_mark_flag_name(bit);
}

const char *out_group_flag(__u64 bit)
{
	return fanotify_nl_group_flag_name(bit);
}

const char *out_filter_flag(__u64 bit)
{
	return fanotify_nl_filter_flag_name(bit);
}

const char *out_stat_field(__u64 bit)
{
	return fanotify_nl_stat_field_name(bit);
}

const char *out_changed(__u64 bit)
{
	return fanotify_nl_changed_name(bit);
}

const char *out_event_flag(__u64 bit)
{
	return fanotify_nl_event_flag_name(bit);
}
