// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A buffer of netlink messages.
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

int buffer_reserve(struct buffer *buf, size_t more)
{
	size_t size = buf->len + more;
	char *data;

	if (size <= buf->size)
		return 0;
	/* Twice, so that a long list does not copy itself again and again. */
	if (buf->len)
		size *= 2;
	data = realloc(buf->data, size);
	if (!data)
		return -ENOMEM;
	buf->data = data;
	buf->size = size;
	return 0;
}

void buffer_free(struct buffer *buf)
{
	free(buf->data);
	*buf = (struct buffer){ 0 };
}

int buffer_next(struct buffer *buf, const struct nlmsghdr **msg)
{
	const struct nlmsghdr *nlh;
	size_t left = buf->len - buf->pos;
	size_t step;

	if (!left)
		return 0;
	nlh = (const void *)(buf->data + buf->pos);
	if (left < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > left) {
		buf->pos = buf->len;
		return -EBADMSG;
	}
	step = NLMSG_ALIGN((size_t)nlh->nlmsg_len);
	buf->pos += step < left ? step : left;
	*msg = nlh;
	return 1;
}
