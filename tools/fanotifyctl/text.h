/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl: strings that come from elsewhere, made fit to print.
 */
#ifndef FANOTIFYCTL_TEXT_H
#define FANOTIFYCTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Is it UTF-8? */
bool text_is_utf8(const char *s, size_t len);

/**
 * text_escape() - Make bytes printable on one line of a terminal.
 * @s: the bytes
 * @len: how many
 *
 * Control characters, what reverses the direction of writing, backslashes and
 * bytes that are not UTF-8 become \n, \\ or \xNN.
 *
 * Return: to be freed.
 */
char *text_escape(const char *s, size_t len);

/* The same, in double quotes if there is a blank or a quote in it, or nothing. */
char *text_quote(const char *s, size_t len);

/* The same but for backslashes: a message, of which parts may be quoted already. */
char *text_message(const char *s, size_t len);

/* UTF-8 as the inside of a JSON string, with \uNNNN for what is not printable. */
char *text_json(const char *s, size_t len);

/* Bytes as hexadecimal digits, to be freed. */
char *text_hex(const void *data, size_t len);

/* Columns that printable UTF-8 takes, wide characters counted as one. */
int text_columns(const char *s);

#endif /* FANOTIFYCTL_TEXT_H */
