// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: strings that come from elsewhere, made fit to print.
 *
 * A name is any bytes but NUL and slash: it must not be able to end a line, to
 * speak to the terminal or to pass for another column.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fanotifyctl.h"
#include "text.h"

/* Return: bytes of the character at @s, 0 if it is not UTF-8. */
static size_t utf8_next(const unsigned char *s, size_t len, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = s[0];
	size_t size;

	if (c < 0x80) {
		*out = c;
		return 1;
	}
	if (c >= 0xc2 && c < 0xe0)
		size = 2;
	else if (c >= 0xe0 && c < 0xf0)
		size = 3;
	else if (c >= 0xf0 && c < 0xf5)
		size = 4;
	else
		return 0;
	if (len < size)
		return 0;
	c &= 0xff >> (size + 1);
	for (size_t i = 1; i < size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*out = c;
	return size;
}

bool text_is_utf8(const char *s, size_t len)
{
	while (len) {
		uint32_t c;
		size_t size = utf8_next((const unsigned char *)s, len, &c);

		if (!size)
			return false;
		s += size;
		len -= size;
	}
	return true;
}

/* Can it be shown as it is, and does it leave the rest of the line alone? */
static bool harmless(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	/* marks, separators and overrides that change what a line looks like */
	if (c == 0x061c || (c >= 0x200b && c < 0x2010) || (c >= 0x2028 && c < 0x202f) ||
	    (c >= 0x2060 && c < 0x2070) || c == 0xfeff || (c >= 0xfff9 && c < 0xfffc))
		return false;
	return true;
}

/* Does it look like the blank between two columns? */
static bool blank(uint32_t c)
{
	return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c < 0x200b) ||
	       c == 0x202f || c == 0x205f || c == 0x3000;
}

static char *put_escaped(char *out, unsigned char byte)
{
	switch (byte) {
	case '\n':
		return stpcpy(out, "\\n");
	case '\t':
		return stpcpy(out, "\\t");
	case '\r':
		return stpcpy(out, "\\r");
	case '\\':
		return stpcpy(out, "\\\\");
	case '"':
		return stpcpy(out, "\\\"");
	}
	return out + sprintf(out, "\\x%02x", byte);
}

/* Escapes what is not harmless, and any of the ASCII characters @also. */
static char *escape(char *out, const char *s, size_t len, const char *also)
{
	while (len) {
		uint32_t c;
		size_t size = utf8_next((const unsigned char *)s, len, &c);

		if (size && harmless(c) && !(c < 0x80 && strchr(also, c))) {
			out = mempcpy(out, s, size);
		} else {
			size = size ? size : 1;
			for (size_t i = 0; i < size; i++)
				out = put_escaped(out, s[i]);
		}
		s += size;
		len -= size;
	}
	*out = '\0';
	return out;
}

char *text_escape(const char *s, size_t len)
{
	char *text = xrealloc(NULL, 4 * len + 1);

	escape(text, s, len, "\\");
	return text;
}

char *text_message(const char *s, size_t len)
{
	char *text = xrealloc(NULL, 4 * len + 1);

	escape(text, s, len, "");
	return text;
}

static bool needs_quotes(const char *s, size_t len)
{
	bool needs = !len;

	while (len && !needs) {
		uint32_t c;
		size_t size = utf8_next((const unsigned char *)s, len, &c);

		needs = size && (blank(c) || c == '"');
		size = size ? size : 1;
		s += size;
		len -= size;
	}
	return needs;
}

char *text_quote(const char *s, size_t len)
{
	char *text, *end;

	if (!needs_quotes(s, len))
		return text_escape(s, len);
	text = xrealloc(NULL, 4 * len + 3);
	text[0] = '"';
	end = escape(text + 1, s, len, "\\\"");
	strcpy(end, "\"");
	return text;
}

char *text_json(const char *s, size_t len)
{
	char *text = xrealloc(NULL, 6 * len + 1);
	char *out = text;

	while (len) {
		uint32_t c;
		size_t size = utf8_next((const unsigned char *)s, len, &c);

		if (!size)
			abort();
		if (c == '"' || c == '\\')
			out += sprintf(out, "\\%c", c);
		else if (harmless(c))
			out = mempcpy(out, s, size);
		else
			out += sprintf(out, "\\u%04x", c);
		s += size;
		len -= size;
	}
	*out = '\0';
	return text;
}

char *text_hex(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	char *text = xrealloc(NULL, 2 * len + 1);

	text[0] = '\0';
	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return text;
}

int text_columns(const char *s)
{
	int columns = 0;

	for (; *s; s++)
		columns += (*s & 0xc0) != 0x80;
	return columns;
}
