/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl gate: what the parts of the reader of rules share.
 */
#ifndef FANOTIFYCTL_PARSER_H
#define FANOTIFYCTL_PARSER_H

#include "rules.h"

/**
 * struct parser - Where the reading of a file is.
 * @rules: where rules go
 * @name: of the file
 * @say: is told of errors
 * @arg: handed to @say
 * @errors: how many there were
 * @number: of the line
 * @line: its start
 * @at: what comes next in it
 * @end: its end
 */
struct parser {
	struct rules *rules;
	const char *name;
	rules_error_fn say;
	void *arg;
	unsigned int errors;
	unsigned int number;
	const char *line;
	const char *at;
	const char *end;
};

/**
 * struct value - One value of a condition.
 * @text: as it is meant, ended by NUL
 * @at: where it is in the line
 * @len: bytes that it takes there
 */
struct value {
	char *text;
	const char *at;
	size_t len;
};

/* Say "FILE:LINE:COLUMN: TEXT". */
void parser_report(struct parser *p, const char *at, const char *text);

/* At @at there are @len bytes of something else than @what. Always -1. */
int parser_expected(struct parser *p, const char *at, size_t len, const char *what);

/**
 * value_take() - Understand one value of a condition, and add it.
 * @p: for errors
 * @condition: what to add it to
 * @value: the value
 *
 * Return: 0; -1: it is none, and said so.
 */
int value_take(struct parser *p, struct condition *condition, const struct value *value);

/* What a value of such a condition is called in an error. */
const char *value_what(enum condition_key key);

/* Return: what is in the regular file, ended by NUL; NULL with errno. */
char *read_whole_file(const char *path, size_t max, size_t *len);

#endif /* FANOTIFYCTL_PARSER_H */
