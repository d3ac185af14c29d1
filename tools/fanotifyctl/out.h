/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl: records on standard output, as text or as JSON.
 *
 * A command says each value once. In JSON it becomes a member of the record's
 * object, which is printed on a line of its own when the record ends. As text
 * it is printed after @before, which is a label with the blanks around it; with
 * NULL it is for JSON only.
 */
#ifndef FANOTIFYCTL_OUT_H
#define FANOTIFYCTL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/**
 * struct out - Where records go; all zero is as text, without waiting.
 * @json: as JSON
 * @ready: if given, waits until standard output takes more; false: give up
 * @take: if given, is handed each line instead of standard output; false: failed
 * @arg: handed to @ready and @take
 * @line: the record so far
 * @len: its length
 * @size: what there is room for
 */
struct out {
	bool json;
	bool (*ready)(void *arg);
	bool (*take)(void *arg, const char *line, size_t len);
	void *arg;
	char *line;
	size_t len;
	size_t size;
};

/* Names of the bits of a mask. */
typedef const char *(*out_bit_name)(__u64 bit);

void out_begin(struct out *o);
/* Return: 0; 1: standard output failed, and said so. */
int out_end(struct out *o);

/*
 * Wait until standard output takes more, for @ready of a command that signals do not
 * kill; false: it has not for a second after @ending(@arg).
 */
bool out_wait(bool (*ending)(void *arg), void *arg);

/* JSON only. In a list an object has no key. */
void out_object(struct out *o, const char *key);
void out_object_end(struct out *o);
void out_list(struct out *o, const char *key);
void out_list_end(struct out *o);

void out_u64(struct out *o, const char *key, const char *before, __u64 value);
void out_s64(struct out *o, const char *key, const char *before, __s64 value);
void out_string(struct out *o, const char *key, const char *before, const char *value);
void out_bits(struct out *o, const char *key, const char *before, __u64 mask, out_bit_name name);

/*
 * Bytes that need not be UTF-8. In JSON their escaped form then, and the bytes
 * in hexadecimal as KEY_hex besides.
 */
void out_bytes(struct out *o, const char *key, const char *before, const char *s, size_t len);
void out_hex(struct out *o, const char *key, const void *data, size_t len);

/* true, or only @before as text. */
void out_true(struct out *o, const char *key, const char *before);

/* Text only. */
void out_text(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For out_bits(). */
const char *out_kind(__u64 bit);
const char *out_mark_flag(__u64 bit);
const char *out_group_flag(__u64 bit);
const char *out_filter_flag(__u64 bit);
const char *out_stat_field(__u64 bit);
const char *out_changed(__u64 bit);
const char *out_event_flag(__u64 bit);

#endif /* FANOTIFYCTL_OUT_H */
