// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Journals: start, stop, look at, consume, read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>

#include "internal.h"

/* The answer of a command; the UUID is a pointer in it. */
struct journal {
	struct fanotify_nl_journal_info info;
	const unsigned char *uuid;
};

#define JOURNAL(name, k, field)							\
	[FANOTIFY_A_JOURNAL_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct journal, info.field),			\
	}

#define JOURNAL_SET(name, k, field)						\
	[FANOTIFY_A_JOURNAL_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct journal, info.settings.field),	\
		.bit = FANOTIFY_NL_JOURNAL_SET_##name,				\
	}

#define JOURNAL_STRING(name, field)						\
	[FANOTIFY_A_JOURNAL_##name] = {						\
		.kind = ATTR_STRING,						\
		.offset = offsetof(struct journal, info.field),			\
		.len_offset = ATTR_NO_OFFSET,					\
	}

static const struct attr_rule journal_rules[FANOTIFY_A_JOURNAL_MAX + 1] = {
	JOURNAL(ID, ATTR_32, id),
	JOURNAL(STATE, ATTR_32, state),
	JOURNAL_SET(LEVEL, ATTR_32, level),
	JOURNAL_SET(MASK, ATTR_UINT, mask),
	JOURNAL_SET(INTERVAL_MS, ATTR_32, interval_ms),
	JOURNAL_SET(IDLE_LIMIT, ATTR_UINT, idle_limit),
	JOURNAL_SET(QUEUE_LIMIT, ATTR_UINT, queue_limit),
	JOURNAL_STRING(PATH, path),
	JOURNAL_STRING(FS_NAME, fs_name),
	[FANOTIFY_A_JOURNAL_UUID] = {
		.kind = ATTR_BINARY,
		.offset = offsetof(struct journal, uuid),
		.len_offset = ATTR_NO_OFFSET,
		.min = FANOTIFY_UUID_LEN,
		.max = FANOTIFY_UUID_LEN,
	},
	JOURNAL(EPOCH, ATTR_64, epoch),
	JOURNAL(SIZE, ATTR_UINT, size),
	JOURNAL(OLDEST, ATTR_UINT, oldest),
	JOURNAL(OLDEST_REALTIME, ATTR_64, oldest_realtime),
	JOURNAL(DURABLE, ATTR_UINT, durable),
	JOURNAL(DURABLE_REALTIME, ATTR_64, durable_realtime),
	JOURNAL(NEWEST, ATTR_UINT, newest),
	JOURNAL(COVERED_INDEX, ATTR_UINT, covered_index),
	JOURNAL(COVERED_SINCE, ATTR_64, covered_since),
	JOURNAL(TAIL, ATTR_UINT, tail),
	JOURNAL(CONSUMERS, ATTR_32, consumers),
	JOURNAL(WAITING_BYTES, ATTR_UINT, waiting_bytes),
	JOURNAL(GAPS, ATTR_UINT, gaps),
	JOURNAL(LOST, ATTR_UINT, lost),
	JOURNAL(BATCHES, ATTR_UINT, batches),
	JOURNAL(WRITTEN, ATTR_UINT, written),
	JOURNAL(ERROR, ATTR_32, error),
	JOURNAL(DEV_MAJOR, ATTR_32, dev_major),
	JOURNAL(DEV_MINOR, ATTR_32, dev_minor),
};

static int journal_parse(struct fanotify_nl *h, const struct nlmsghdr *msg, const char *what,
			 struct fanotify_nl_journal_info *info)
{
	struct journal journal = { 0 };
	__u64 has = 0;

	if (attr_parse(msg_attrs(msg), journal_rules, FANOTIFY_A_JOURNAL_MAX, &journal, &has) ||
	    !journal.uuid)
		return fail(h, EBADMSG, "%s: malformed answer", what);
	*info = journal.info;
	memcpy(info->uuid, journal.uuid, sizeof(info->uuid));
	info->settings.set = has;
	return 0;
}

/* The answer of a command about one journal. @info may be NULL. */
static int journal_call(struct fanotify_nl *h, union request *req, const char *what,
			struct fanotify_nl_journal_info *info)
{
	struct fanotify_nl_journal_info unused;
	const struct nlmsghdr *msg;
	int ret;

	ret = call(h, req, what, &h->reply);
	if (ret)
		return ret;
	if (buffer_next(&h->reply, &msg) <= 0)
		return fail(h, EBADMSG, "%s: malformed answer", what);
	return journal_parse(h, msg, what, info ? info : &unused);
}

static void put_settings(union request *req, const struct fanotify_nl_journal_settings *s)
{
	if (s->set & FANOTIFY_NL_JOURNAL_SET_LEVEL)
		mnl_attr_put_u32(&req->nlh, FANOTIFY_A_JOURNAL_LEVEL, s->level);
	if (s->set & FANOTIFY_NL_JOURNAL_SET_MASK)
		request_put_uint(req, FANOTIFY_A_JOURNAL_MASK, s->mask);
	if (s->set & FANOTIFY_NL_JOURNAL_SET_INTERVAL_MS)
		mnl_attr_put_u32(&req->nlh, FANOTIFY_A_JOURNAL_INTERVAL_MS, s->interval_ms);
	if (s->set & FANOTIFY_NL_JOURNAL_SET_IDLE_LIMIT)
		request_put_uint(req, FANOTIFY_A_JOURNAL_IDLE_LIMIT, s->idle_limit);
	if (s->set & FANOTIFY_NL_JOURNAL_SET_QUEUE_LIMIT)
		request_put_uint(req, FANOTIFY_A_JOURNAL_QUEUE_LIMIT, s->queue_limit);
}

API int fanotify_nl_journal_start(struct fanotify_nl *h, const char *path,
				  const struct fanotify_nl_journal_settings *settings,
				  struct fanotify_nl_journal_info *info)
{
	struct ring_place place;
	union request req;
	int ret;

	ret = ring_place(h, path, &place);
	if (ret)
		return ret;
	ret = ring_file_open(h, &place);
	if (ret < 0)
		goto close;
	request_init(h, &req, FANOTIFY_CMD_JOURNAL_START, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_JOURNAL_RING_FD, place.ring);
	mnl_attr_put_strz(&req.nlh, FANOTIFY_A_JOURNAL_PATH, place.path);
	if (ret)
		mnl_attr_put(&req.nlh, FANOTIFY_A_JOURNAL_CREATE, 0, NULL);
	if (settings)
		put_settings(&req, settings);
	ret = journal_call(h, &req, "journal start", info);
close:
	ring_place_close(&place);
	return ret;
}

API int fanotify_nl_journal_stop(struct fanotify_nl *h, __u32 id, int force)
{
	union request req;

	request_init(h, &req, FANOTIFY_CMD_JOURNAL_STOP, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_JOURNAL_ID, id);
	if (force)
		mnl_attr_put(&req.nlh, FANOTIFY_A_JOURNAL_FORCE, 0, NULL);
	return call_plain(h, &req, "journal stop");
}

API int fanotify_nl_journal_get(struct fanotify_nl *h, const char *path,
				struct fanotify_nl_journal_info *info)
{
	union request req;
	int fd, ret;

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return fail(h, errno, "%s: %m", path);
	request_init(h, &req, FANOTIFY_CMD_JOURNAL_GET, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_JOURNAL_FD, fd);
	ret = journal_call(h, &req, "journal get", info);
	close(fd);
	return ret;
}

API int fanotify_nl_journals(struct fanotify_nl *h, fanotify_nl_journal_cb cb, void *arg)
{
	struct buffer reply = { 0 };
	const struct nlmsghdr *msg;
	union request req;
	int ret;

	request_init(h, &req, FANOTIFY_CMD_JOURNAL_GET, NLM_F_DUMP);
	ret = call(h, &req, "journals", &reply);
	while (!ret && buffer_next(&reply, &msg) > 0) {
		struct fanotify_nl_journal_info info;

		ret = journal_parse(h, msg, "journals", &info);
		if (!ret)
			ret = cb(&info, arg);
	}
	buffer_free(&reply);
	return ret;
}

/* ---- cursors ---- */

#define UUID_TEXT_LEN	36

static const char uuid_shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

API void fanotify_nl_cursor_format(const struct fanotify_nl_cursor *cursor,
				   char text[FANOTIFY_NL_CURSOR_LEN])
{
	const unsigned char *uuid = cursor->uuid;
	int digit = 0;

	for (int i = 0; i < UUID_TEXT_LEN; i++) {
		unsigned int byte = uuid[digit / 2];

		if (uuid_shape[i] == '-') {
			text[i] = '-';
			continue;
		}
		text[i] = "0123456789abcdef"[digit % 2 ? byte & 15 : byte >> 4];
		digit++;
	}
	snprintf(text + UUID_TEXT_LEN, FANOTIFY_NL_CURSOR_LEN - UUID_TEXT_LEN,
		 ":%016" PRIx64 ":%" PRIu64, (uint64_t)cursor->epoch, (uint64_t)cursor->index);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

API int fanotify_nl_cursor_parse(const char *text, struct fanotify_nl_cursor *cursor)
{
	struct fanotify_nl_cursor c = { 0 };
	const char *p = text + UUID_TEXT_LEN;
	int digit = 0;
	char *end;

	if (strnlen(text, UUID_TEXT_LEN + 18) < UUID_TEXT_LEN + 18)
		return -EINVAL;
	for (int i = 0; i < UUID_TEXT_LEN; i++) {
		int value = hex_digit(text[i]);

		if (uuid_shape[i] == '-' ? text[i] != '-' : value < 0)
			return -EINVAL;
		if (uuid_shape[i] == '-')
			continue;
		c.uuid[digit / 2] |= digit % 2 ? value : value << 4;
		digit++;
	}
	if (*p++ != ':')
		return -EINVAL;
	for (int i = 0; i < 16; i++, p++) {
		if (hex_digit(*p) < 0)
			return -EINVAL;
		c.epoch = c.epoch << 4 | hex_digit(*p);
	}
	if (*p++ != ':' || *p < '0' || *p > '9')
		return -EINVAL;
	errno = 0;
	c.index = strtoull(p, &end, 10);
	if (errno || *end)
		return -EINVAL;
	*cursor = c;
	return 0;
}

/* ---- reading ---- */

struct records {
	const unsigned char *uuid;
	__u64 epoch;
	__u64 index;
	struct fanotify_nl_gap gap;
};

#define RECORDS_HAS_GAP	1

static const struct attr_rule records_rules[FANOTIFY_A_JOURNAL_READ_MAX + 1] = {
	[FANOTIFY_A_JOURNAL_READ_UUID] = {
		.kind = ATTR_BINARY,
		.offset = offsetof(struct records, uuid),
		.len_offset = ATTR_NO_OFFSET,
		.min = FANOTIFY_UUID_LEN,
		.max = FANOTIFY_UUID_LEN,
	},
	[FANOTIFY_A_JOURNAL_READ_EPOCH] = {
		.kind = ATTR_64,
		.offset = offsetof(struct records, epoch),
	},
	[FANOTIFY_A_JOURNAL_READ_INDEX] = {
		.kind = ATTR_UINT,
		.offset = offsetof(struct records, index),
	},
	[FANOTIFY_A_JOURNAL_READ_GAP] = {
		.kind = ATTR_NEST,
		.offset = offsetof(struct records, gap),
		.bit = RECORDS_HAS_GAP,
		.has_offset = ATTR_NO_OFFSET,
		.nest = gap_rules,
		.nest_max = FANOTIFY_A_GAP_MAX,
	},
};

static int records_parse(struct fanotify_nl *h, struct fanotify_nl_records *out)
{
	struct records records = { 0 };
	const struct nlmsghdr *msg;
	struct attrs attrs;
	struct attr attr;
	__u64 has = 0;

	memset(out, 0, sizeof(*out));
	if (buffer_next(&h->read, &msg) <= 0)
		return fail(h, EBADMSG, "journal read: malformed answer");
	attrs = msg_attrs(msg);
	if (attr_parse(attrs, records_rules, FANOTIFY_A_JOURNAL_READ_MAX, &records, &has) ||
	    !records.uuid)
		return fail(h, EBADMSG, "journal read: malformed answer");
	h->records = attrs;
	memcpy(out->cursor.uuid, records.uuid, sizeof(out->cursor.uuid));
	out->cursor.epoch = records.epoch;
	out->cursor.index = records.index;
	out->has_gap = has & RECORDS_HAS_GAP ? 1 : 0;
	out->gap = records.gap;
	while (attr_next(&attrs, &attr) > 0)
		if (attr.type == FANOTIFY_A_JOURNAL_READ_END)
			out->end = 1;
	return 0;
}

API int fanotify_nl_journal_read(struct fanotify_nl *h, __u32 id,
				 const struct fanotify_nl_read *read,
				 struct fanotify_nl_records *records)
{
	const struct fanotify_nl_cursor *cursor = read->cursor;
	union request req;
	int ret;

	if (cursor && (read->options & FANOTIFY_NL_READ_OLDEST))
		return fail(h, EINVAL, "journal read: either a cursor or the oldest record");
	ret = read->consumer ? consumer_check_name(h, read->consumer) : 0;
	if (ret)
		return ret;
	request_init(h, &req, FANOTIFY_CMD_JOURNAL_READ, NLM_F_ACK);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_JOURNAL_READ_JOURNAL, id);
	if (read->consumer)
		mnl_attr_put_strz(&req.nlh, FANOTIFY_A_JOURNAL_READ_CONSUMER, read->consumer);
	if (cursor) {
		mnl_attr_put(&req.nlh, FANOTIFY_A_JOURNAL_READ_UUID, FANOTIFY_UUID_LEN,
			     cursor->uuid);
		mnl_attr_put_u64(&req.nlh, FANOTIFY_A_JOURNAL_READ_EPOCH, cursor->epoch);
		request_put_uint(&req, FANOTIFY_A_JOURNAL_READ_INDEX, cursor->index);
	}
	if (read->options & FANOTIFY_NL_READ_OLDEST)
		request_put_uint(&req, FANOTIFY_A_JOURNAL_READ_INDEX, 0);
	if (read->options & FANOTIFY_NL_READ_FLUSH)
		mnl_attr_put(&req.nlh, FANOTIFY_A_JOURNAL_READ_FLUSH, 0, NULL);
	if (read->wait_ms)
		mnl_attr_put_u32(&req.nlh, FANOTIFY_A_JOURNAL_READ_WAIT_MS, read->wait_ms);
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_JOURNAL_READ_MAX_BYTES, RECV_MAX);
	h->records = (struct attrs){ 0 };
	ret = call(h, &req, "journal read", &h->read);
	return ret ? ret : records_parse(h, records);
}

API int fanotify_nl_journal_next(struct fanotify_nl *h, struct fanotify_nl_event *event)
{
	struct attr attr;
	int ret;

	while ((ret = attr_next(&h->records, &attr)) > 0) {
		struct attrs inner = { .pos = attr.data, .len = attr.len };

		if (attr.type == FANOTIFY_A_JOURNAL_READ_RECORD)
			return event_parse(inner, event) ?
				       fail(h, EBADMSG, "a record cannot be parsed") : 1;
	}
	h->records = (struct attrs){ 0 };
	return ret ? fail(h, -ret, "journal read: malformed answer") : 0;
}
