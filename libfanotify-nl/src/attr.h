/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Netlink attributes into structs, by tables. Nothing is assumed about the
 * input: each length is checked, nothing is read unaligned, and what a table
 * does not name is skipped.
 */
#ifndef ATTR_H
#define ATTR_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <linux/netlink.h>
#include <linux/types.h>

/**
 * struct attr - One attribute, taken apart.
 * @type: its number, without the flags
 * @len: length of @data
 * @data: payload, any alignment
 */
struct attr {
	unsigned int type;
	size_t len;
	const void *data;
};

/**
 * struct attrs - What is left of a row of attributes.
 */
struct attrs {
	const unsigned char *pos;
	size_t len;
};

enum attr_kind {
	ATTR_NONE,		/* not known: skipped */
	ATTR_16,		/* __u16 */
	ATTR_32,		/* __u32 or __s32 */
	ATTR_64,		/* __u64 or __s64 */
	ATTR_UINT,		/* __u64, of 4 or 8 bytes on the wire */
	ATTR_STRING,		/* const char *: NUL at the end and nowhere else */
	ATTR_BINARY,		/* const void * */
	ATTR_NEST,		/* a struct, by a table of its own */
};

#define ATTR_NO_OFFSET	0xffff

/**
 * struct attr_rule - Where an attribute goes.
 * @kind: enum attr_kind
 * @offset: of the field
 * @len_offset: of a __u32 for the length of a string or binary, or ATTR_NO_OFFSET
 * @min: least length of a string or binary
 * @max: most of it; 0: no limit
 * @bit: to be set in the mask of what is there
 * @has_offset: of the nested struct's own mask of what is there (a __u32), from
 *	the start of that struct, or ATTR_NO_OFFSET
 * @nest_max: highest number in @nest
 * @nest: rules of a nest, by attribute number
 */
struct attr_rule {
	unsigned short kind;
	unsigned short offset;
	unsigned short len_offset;
	unsigned short min;
	unsigned short max;
	unsigned short has_offset;
	unsigned int nest_max;
	__u64 bit;
	const struct attr_rule *nest;
};

/**
 * attr_next() - Take the next attribute. Inline, as an event has forty of them.
 *
 * Return: 1; 0 at the end; -EBADMSG.
 */
static inline int attr_next(struct attrs *attrs, struct attr *attr)
{
	struct nlattr head;
	size_t step;

	if (attrs->len < NLA_HDRLEN)
		return attrs->len ? -EBADMSG : 0;
	memcpy(&head, attrs->pos, sizeof(head));
	if (head.nla_len < NLA_HDRLEN || head.nla_len > attrs->len)
		return -EBADMSG;

	attr->type = head.nla_type & NLA_TYPE_MASK;
	attr->len = head.nla_len - NLA_HDRLEN;
	attr->data = attrs->pos + NLA_HDRLEN;

	/* The last one may come without its padding. */
	step = NLA_ALIGN((size_t)head.nla_len);
	if (step > attrs->len)
		step = attrs->len;
	attrs->pos += step;
	attrs->len -= step;
	return 1;
}

/** attr_u64() - Value of an attribute of 4 or 8 bytes; 0 if it has neither. */
__u64 attr_u64(const struct attr *attr);

/** attr_string() - The string, or NULL unless NUL is at its end and nowhere else. */
const char *attr_string(const struct attr *attr);

/**
 * attr_parse() - Fill @out from @attrs by @rules[1..@max].
 * @has: bits of what is there, or NULL
 *
 * Return: 0 or -EBADMSG.
 */
int attr_parse(struct attrs attrs, const struct attr_rule *rules, unsigned int max, void *out,
	       __u64 *has);

#endif /* ATTR_H */
