// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Netlink attributes into structs, by tables.
 */
#include <errno.h>
#include <string.h>

#include "attr.h"

__u64 attr_u64(const struct attr *attr)
{
	__u32 v32;
	__u64 v64;

	switch (attr->len) {
	case sizeof(v32):
		memcpy(&v32, attr->data, sizeof(v32));
		return v32;
	case sizeof(v64):
		memcpy(&v64, attr->data, sizeof(v64));
		return v64;
	default:
		return 0;
	}
}

const char *attr_string(const struct attr *attr)
{
	const char *s = attr->data;

	if (!attr->len || strnlen(s, attr->len) != attr->len - 1)
		return NULL;
	return s;
}

static int attr_store_bytes(const struct attr *attr, const struct attr_rule *rule, size_t len,
			    char *out)
{
	__u32 len32 = len;

	if (len < rule->min || (rule->max && len > rule->max))
		return -EBADMSG;
	memcpy(out + rule->offset, &attr->data, sizeof(attr->data));
	if (rule->len_offset != ATTR_NO_OFFSET)
		memcpy(out + rule->len_offset, &len32, sizeof(len32));
	return 0;
}

static int attr_store_nest(const struct attr *attr, const struct attr_rule *rule, char *out)
{
	struct attrs inner = { .pos = attr->data, .len = attr->len };
	__u64 has = 0;
	__u32 has32;
	int ret;

	ret = attr_parse(inner, rule->nest, rule->nest_max, out + rule->offset, &has);
	if (ret)
		return ret;
	has32 = has;
	if (rule->has_offset != ATTR_NO_OFFSET)
		memcpy(out + rule->offset + rule->has_offset, &has32, sizeof(has32));
	return 0;
}

static int attr_store(const struct attr *attr, const struct attr_rule *rule, char *out)
{
	__u64 v;

	switch (rule->kind) {
	case ATTR_16:
		if (attr->len != sizeof(__u16))
			return -EBADMSG;
		memcpy(out + rule->offset, attr->data, sizeof(__u16));
		return 0;
	case ATTR_UINT:
		if (attr->len != sizeof(__u32) && attr->len != sizeof(__u64))
			return -EBADMSG;
		v = attr_u64(attr);
		memcpy(out + rule->offset, &v, sizeof(v));
		return 0;
	case ATTR_STRING:
		if (!attr_string(attr))
			return -EBADMSG;
		return attr_store_bytes(attr, rule, attr->len - 1, out);
	case ATTR_BINARY:
		return attr_store_bytes(attr, rule, attr->len, out);
	case ATTR_NEST:
		return attr_store_nest(attr, rule, out);
	default:
		/* a number that is not of this length */
		return -EBADMSG;
	}
}

/* Most are numbers: no more than needed is done for those. */
int attr_parse(struct attrs attrs, const struct attr_rule *rules, unsigned int max, void *out,
	       __u64 *has)
{
	__u64 found = 0;
	struct attr attr;
	int ret;

	while ((ret = attr_next(&attrs, &attr)) > 0) {
		const struct attr_rule *rule = &rules[attr.type];

		if (attr.type > max || rule->kind == ATTR_NONE)
			continue;
		if (rule->kind == ATTR_64 && attr.len == sizeof(__u64)) {
			memcpy((char *)out + rule->offset, attr.data, sizeof(__u64));
		} else if (rule->kind == ATTR_32 && attr.len == sizeof(__u32)) {
			memcpy((char *)out + rule->offset, attr.data, sizeof(__u32));
		} else {
			const struct attr other = attr;

			ret = attr_store(&other, rule, out);
			if (ret)
				return ret;
		}
		found |= rule->bit;
	}
	if (has)
		*has |= found;
	return ret;
}
