// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ring file of a journal, read without the kernel's help: from a copy, or of a
 * dead machine. docs/journal-format.md has the rules. Nothing in it is trusted.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/fanotify-nl-journal.h>

#include "internal.h"

#define SEGMENT		FANOTIFY_JOURNAL_SEGMENT
#define UNIT		FANOTIFY_JOURNAL_UNIT

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define ORDER		FANOTIFY_JOURNAL_ORDER_LITTLE
#else
#define ORDER		FANOTIFY_JOURNAL_ORDER_BIG
#endif

/**
 * struct fanotify_nl_ring - A ring file that is being read.
 * @fd: the file
 * @present: bytes that it has
 * @segments: number of segments
 * @first: index of the first record of each; 0: none
 * @header: the copy of the header that counts
 * @consumers: those of it
 * @copies: how many copies are good
 * @offset: where the newest records end
 * @oldest: index of the oldest record
 * @newest: index of the newest record
 * @index: of the record to be read next
 * @loaded: segment that is in @buffer, 0: none
 * @at: where in it the next block is
 * @record: where in it the next record is
 * @left: records left in the block
 * @block_end: where the block ends
 * @buffer: a segment
 * @error: text of the last failure
 */
struct fanotify_nl_ring {
	int fd;
	off_t present;
	unsigned int segments;
	__u64 *first;
	struct fanotify_journal_header header;
	struct fanotify_journal_consumer consumers[FANOTIFY_CONSUMERS_MAX];
	unsigned int copies;
	__u64 offset;
	__u64 oldest;
	__u64 newest;
	__u64 index;
	unsigned int loaded;
	unsigned int at;
	unsigned int record;
	__u32 left;
	unsigned int block_end;
	unsigned char buffer[SEGMENT] __attribute__((aligned(8)));
	char error[ERROR_MAX];
};

static int ring_fail(struct fanotify_nl_ring *ring, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int ring_fail(struct fanotify_nl_ring *ring, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	errno = err;
	vsnprintf(ring->error, sizeof(ring->error), format, args);
	va_end(args);
	return -err;
}

/* ---- checksums ---- */

/* CRC-32C, four bits at a time. */
static __u32 crc32c(__u32 crc, const void *data, size_t len)
{
	static const __u32 table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const unsigned char *p = data;

	while (len--) {
		crc ^= *p++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

/* Of something that holds it itself, at @at, where it counts as 0. */
static __u32 checksum(const void *data, size_t len, size_t at)
{
	static const __u32 zero;
	const unsigned char *p = data;
	__u32 crc;

	crc = crc32c(~0U, p, at);
	crc = crc32c(crc, &zero, sizeof(zero));
	at += sizeof(zero);
	return ~crc32c(crc, p + at, len - at);
}

/* ---- the file ---- */

/* What is behind the end of a file that was cut off reads as zeros. */
static int ring_pread(struct fanotify_nl_ring *ring, void *p, size_t len, __u64 offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(ring->fd, (char *)p + done, len - done, offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ring_fail(ring, errno, "reading: %m");
		if (!n)
			break;
		done += n;
	}
	memset((char *)p + done, 0, len - done);
	return 0;
}

static int ring_load(struct fanotify_nl_ring *ring, unsigned int segment)
{
	int ret;

	ring->at = 0;
	ring->left = 0;
	if (ring->loaded == segment)
		return 0;
	ring->loaded = 0;
	ret = ring_pread(ring, ring->buffer, SEGMENT, (__u64)segment * SEGMENT);
	if (ret)
		return ret;
	ring->loaded = segment;
	return 0;
}

/* ---- the header ---- */

static bool header_good(const unsigned char *p)
{
	struct fanotify_journal_header h;
	__u32 nr;

	memcpy(&h, p, sizeof(h));
	nr = le32toh(h.nr_consumers);
	return !memcmp(h.magic, FANOTIFY_JOURNAL_HEADER_MAGIC, FANOTIFY_JOURNAL_MAGIC_LEN) &&
	       nr <= FANOTIFY_CONSUMERS_MAX &&
	       le32toh(h.length) == sizeof(h) + nr * sizeof(struct fanotify_journal_consumer) &&
	       le32toh(h.crc) == checksum(p, le32toh(h.length),
					  offsetof(struct fanotify_journal_header, crc));
}

/* As who registers has to name it: whoever shows it need not fear what it may do. */
static bool name_good(const char *name)
{
	size_t len = strnlen(name, FANOTIFY_JOURNAL_NAME_LEN);

	return len && len < FANOTIFY_JOURNAL_NAME_LEN &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@:") ==
		       len;
}

static int header_check(struct fanotify_nl_ring *ring)
{
	const struct fanotify_journal_header *h = &ring->header;
	__u64 size = le64toh(h->size), offset = le64toh(h->head_offset);
	__u32 epochs = le32toh(h->nr_epochs);

	if (le32toh(h->version) != FANOTIFY_JOURNAL_VERSION)
		return ring_fail(ring, EOPNOTSUPP, "version %u of the format is not known",
				 le32toh(h->version));
	if (size < FANOTIFY_JOURNAL_SIZE_MIN || size > FANOTIFY_JOURNAL_SIZE_MAX || size % SEGMENT ||
	    offset < SEGMENT || offset >= size || offset % UNIT || !h->head_index ||
	    le64toh(h->head_index) > FANOTIFY_JOURNAL_INDEX_MAX || !epochs ||
	    epochs > FANOTIFY_JOURNAL_EPOCHS)
		return ring_fail(ring, EUCLEAN, "the header makes no sense");
	for (__u32 i = 0; i < le32toh(h->nr_consumers); i++)
		if (!name_good(ring->consumers[i].name))
			return ring_fail(ring, EUCLEAN, "the header makes no sense");
	return 0;
}

static int header_read(struct fanotify_nl_ring *ring)
{
	const unsigned char *best = NULL;
	__u64 sequence = 0;
	int ret;

	ret = ring_pread(ring, ring->buffer, SEGMENT, 0);
	if (ret)
		return ret;
	for (int i = 0; i < 2; i++) {
		const unsigned char *p = ring->buffer + i * FANOTIFY_JOURNAL_HEADER_COPY;
		struct fanotify_journal_header h;

		if (!header_good(p))
			continue;
		memcpy(&h, p, sizeof(h));
		ring->copies++;
		if (!best || le64toh(h.sequence) > sequence) {
			best = p;
			sequence = le64toh(h.sequence);
		}
	}
	if (!best)
		return ring_fail(ring, EUCLEAN, "no journal, or its header is damaged");
	memcpy(&ring->header, best, sizeof(ring->header));
	memcpy(ring->consumers, best + sizeof(ring->header),
	       le32toh(ring->header.length) - sizeof(ring->header));
	return header_check(ring);
}

/* The epoch that a record of this index is of; 0: any. */
static __u64 epoch_of(const struct fanotify_nl_ring *ring, __u64 index)
{
	const struct fanotify_journal_header *h = &ring->header;
	__u64 id = 0;

	for (__u32 i = 0; i < le32toh(h->nr_epochs) && le64toh(h->epoch[i].first) <= index; i++)
		id = le64toh(h->epoch[i].id);
	return id;
}

/* ---- blocks and records ---- */

/* The block at @at of the loaded segment, if its first record has this index. */
static bool block_at(const struct fanotify_nl_ring *ring, unsigned int at, __u64 index,
		     struct fanotify_journal_block *block)
{
	__u64 epoch;

	if (at + sizeof(*block) > SEGMENT)
		return false;
	memcpy(block, ring->buffer + at, sizeof(*block));
	if (memcmp(block->magic, FANOTIFY_JOURNAL_BLOCK_MAGIC, FANOTIFY_JOURNAL_MAGIC_LEN) ||
	    le32toh(block->version) != FANOTIFY_JOURNAL_VERSION ||
	    block->order != ring->header.order ||
	    le32toh(block->crc) != checksum(block, sizeof(*block),
					    offsetof(struct fanotify_journal_block, crc)) ||
	    memcmp(block->uuid, ring->header.uuid, sizeof(block->uuid)))
		return false;
	if (le32toh(block->length) < sizeof(*block) || le32toh(block->length) > SEGMENT - at ||
	    !block->count || le64toh(block->first) != index ||
	    index > FANOTIFY_JOURNAL_INDEX_MAX - le32toh(block->count))
		return false;
	epoch = epoch_of(ring, index);
	return !epoch || le64toh(block->epoch) == epoch;
}

static unsigned int align(unsigned int n, unsigned int to)
{
	return (n + to - 1) / to * to;
}

/* Length of the record at @at, which ends at @end at the latest; 0: it is damaged. */
static unsigned int record_at(const struct fanotify_nl_ring *ring, unsigned int at,
			      unsigned int end, __u64 index, struct attrs *attrs)
{
	const unsigned char *p = ring->buffer + at;
	struct fanotify_journal_record record;
	__u32 len;

	if (at > end || end - at < sizeof(record))
		return 0;
	memcpy(&record, p, sizeof(record));
	len = le32toh(record.length);
	if (len > end - at - sizeof(record) || le64toh(record.index) != index ||
	    le32toh(record.crc) != checksum(p, sizeof(record) + len,
					    offsetof(struct fanotify_journal_record, crc)))
		return 0;
	*attrs = (struct attrs){ .pos = p + sizeof(record), .len = len };
	return align(sizeof(record) + len, FANOTIFY_JOURNAL_ALIGN);
}

/* All records of a block that continues the newest ones; 0: it does not. */
static unsigned int take_block(struct fanotify_nl_ring *ring, unsigned int at)
{
	struct fanotify_journal_block block;
	unsigned int pos = at + sizeof(block), len;
	struct attrs unused;

	if (!block_at(ring, at, ring->newest + 1, &block))
		return 0;
	for (__u32 i = 0; i < le32toh(block.count); i++) {
		len = record_at(ring, pos, at + le32toh(block.length), ring->newest + 1 + i,
				&unused);
		if (!len)
			return 0;
		pos += len;
	}
	ring->newest += le32toh(block.count);
	return align(le32toh(block.length), UNIT);
}

/* ---- what is there ---- */

static __u64 wrap(const struct fanotify_nl_ring *ring, __u64 offset)
{
	return offset == le64toh(ring->header.size) ? SEGMENT : offset;
}

/*
 * At level ordered the header may be older than the ring: the newest segment tells, unless
 * more records than the ring can have are between them.
 */
static int find_newest_segment(struct fanotify_nl_ring *ring)
{
	const __u64 last = le64toh(ring->header.head_index) +
			   le64toh(ring->header.size) / sizeof(struct fanotify_journal_record);

	if (le32toh(ring->header.level) != FANOTIFY_JOURNAL_LEVEL_ORDERED)
		return 0;
	for (unsigned int i = 1; i < ring->segments; i++) {
		struct fanotify_journal_block block;
		int ret;

		ret = ring_pread(ring, ring->buffer, sizeof(block), (__u64)i * SEGMENT);
		if (ret)
			return ret;
		memcpy(&block, ring->buffer, sizeof(block));
		if (le64toh(block.first) <= ring->newest + 1 || le64toh(block.first) > last ||
		    !block_at(ring, 0, le64toh(block.first), &block))
			continue;
		ring->newest = le64toh(block.first) - 1;
		ring->offset = (__u64)i * SEGMENT;
	}
	ring->loaded = 0;
	return 0;
}

static int find_newest(struct fanotify_nl_ring *ring)
{
	__u64 offset;
	int ret;

	ring->offset = le64toh(ring->header.head_offset);
	ring->newest = le64toh(ring->header.head_index) - 1;
	ret = find_newest_segment(ring);
	if (ret)
		return ret;
	offset = ring->offset;
	for (unsigned int n = 0; n <= ring->segments; n++) {
		__u64 start = offset, end = start / SEGMENT * SEGMENT + SEGMENT;
		unsigned int len;

		ret = ring_load(ring, start / SEGMENT);
		if (ret)
			return ret;
		while (offset < end && (len = take_block(ring, offset % SEGMENT))) {
			offset += len;
			ring->offset = wrap(ring, offset);
		}
		if (offset == start && !(start % SEGMENT))
			break;
		offset = wrap(ring, end);
	}
	return 0;
}

static int find_oldest(struct fanotify_nl_ring *ring)
{
	unsigned int start = wrap(ring, (ring->offset + SEGMENT - 1) / SEGMENT * SEGMENT) /
			     SEGMENT;
	__u64 last = 0;

	ring->oldest = ring->newest + 1;
	ring->loaded = 0;
	for (unsigned int n = 0; n + 1 < ring->segments; n++) {
		unsigned int i = (start - 1 + n) % (ring->segments - 1) + 1;
		struct fanotify_journal_block block;
		__u64 first;
		int ret;

		ret = ring_pread(ring, ring->buffer, sizeof(block), (__u64)i * SEGMENT);
		if (ret)
			return ret;
		memcpy(&block, ring->buffer, sizeof(block));
		first = le64toh(block.first);
		if (first <= last || first > ring->newest || !block_at(ring, 0, first, &block))
			continue;
		if (!last)
			ring->oldest = first;
		ring->first[i] = first;
		last = first;
	}
	ring->index = ring->oldest;
	return 0;
}

API int fanotify_nl_ring_open(struct fanotify_nl_ring **rp, const char *path)
{
	struct fanotify_nl_ring *ring;
	int ret;

	*rp = ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (ring->fd < 0)
		return ring_fail(ring, errno, "%m");
	ring->present = lseek(ring->fd, 0, SEEK_END);
	if (ring->present < 0)
		return ring_fail(ring, errno, "its size: %m");
	ret = header_read(ring);
	if (ret)
		return ret;
	ring->segments = le64toh(ring->header.size) / SEGMENT;
	ring->first = calloc(ring->segments, sizeof(*ring->first));
	if (!ring->first)
		return ring_fail(ring, ENOMEM, "%m");
	ret = find_newest(ring);
	if (!ret)
		ret = find_oldest(ring);
	return ret;
}

API void fanotify_nl_ring_close(struct fanotify_nl_ring *ring)
{
	if (!ring)
		return;
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring->first);
	free(ring);
}

API const char *fanotify_nl_ring_error(const struct fanotify_nl_ring *ring)
{
	return ring ? ring->error : "out of memory";
}

API void fanotify_nl_ring_info(const struct fanotify_nl_ring *ring,
			       struct fanotify_nl_ring_info *info)
{
	const struct fanotify_journal_header *h = &ring->header;
	__u32 epochs = le32toh(h->nr_epochs);

	*info = (struct fanotify_nl_ring_info){
		.epoch = le64toh(h->epoch[epochs - 1].id),
		.clean = le32toh(h->flags) & FANOTIFY_JOURNAL_CLEAN ? 1 : 0,
		.big_endian = le32toh(h->order) == FANOTIFY_JOURNAL_ORDER_BIG,
		.sequence = le64toh(h->sequence),
		.copies = ring->copies,
		.settings = {
			.set = FANOTIFY_NL_JOURNAL_SET_LEVEL | FANOTIFY_NL_JOURNAL_SET_MASK |
			       FANOTIFY_NL_JOURNAL_SET_INTERVAL_MS |
			       FANOTIFY_NL_JOURNAL_SET_IDLE_LIMIT,
			.level = le32toh(h->level),
			.mask = le64toh(h->mask),
			.interval_ms = le32toh(h->interval_ms),
			.idle_limit = le64toh(h->idle_limit),
		},
		.size = le64toh(h->size),
		.present = (__u64)ring->present,
		.realtime = le64toh(h->realtime),
		.covered_index = le64toh(h->covered_index),
		.covered_since = le64toh(h->covered_since),
		.oldest = ring->oldest,
		.newest = ring->newest,
		.consumers = le32toh(h->nr_consumers),
		.epochs = epochs,
	};
	memcpy(info->uuid, h->uuid, sizeof(info->uuid));
}

API int fanotify_nl_ring_consumers(const struct fanotify_nl_ring *ring,
				   fanotify_nl_consumer_cb cb, void *arg)
{
	const struct fanotify_journal_header *h = &ring->header;
	__u32 epochs = le32toh(h->nr_epochs);
	int ret = 0;

	for (__u32 i = 0; !ret && i < le32toh(h->nr_consumers); i++) {
		const struct fanotify_journal_consumer *c = &ring->consumers[i];
		struct fanotify_nl_consumer_info info = {
			.name = c->name,
			.mask = le64toh(c->mask),
			.acked = le64toh(c->acked),
			.epoch = le64toh(h->epoch[epochs - 1].id),
			.registered = le64toh(c->registered),
			.acked_at = le64toh(c->acked_at),
		};

		if (info.acked > ring->newest)
			info.acked = ring->newest;
		info.behind = ring->newest - info.acked;
		if (c->cut_reason)
			info.cut = (struct fanotify_nl_gap){
				.first = info.acked + 1,
				.last = le64toh(c->cut_last),
				.count = le64toh(c->cut_last) - info.acked,
				.since = le64toh(c->cut_since),
				.reason = le32toh(c->cut_reason),
				.scope = FANOTIFY_GAP_SCOPE_ALL,
			};
		ret = cb(&info, arg);
	}
	return ret;
}

/* ---- one record after the other ---- */

/* The records up to @last are missing. Return: -EBADMSG. */
static int skip(struct fanotify_nl_ring *ring, __u64 last, __u64 offset, const char *what,
		struct fanotify_nl_ring_damage *damage)
{
	*damage = (struct fanotify_nl_ring_damage){
		.offset = offset,
		.first = ring->index,
		.last = last,
		.what = what,
	};
	ring->index = last + 1;
	return ring_fail(ring, EBADMSG, "%s", what);
}

/* The segment whose first record is the one to be read; 0, and the next one that there is. */
static unsigned int find_segment(const struct fanotify_nl_ring *ring, __u64 *next)
{
	*next = ring->newest + 1;
	for (unsigned int i = 1; i < ring->segments; i++) {
		__u64 first = ring->first[i];

		if (first == ring->index)
			return i;
		if (first > ring->index && first < *next)
			*next = first;
	}
	return 0;
}

/* Go to the block of the next record. Return: 0; -EBADMSG: there is none. */
static int next_block(struct fanotify_nl_ring *ring, struct fanotify_nl_ring_damage *damage)
{
	struct fanotify_journal_block block;
	unsigned int segment;
	__u64 next;
	int ret;

	if (!ring->loaded || !block_at(ring, ring->at, ring->index, &block)) {
		segment = find_segment(ring, &next);
		if (!segment)
			return skip(ring, next - 1, (__u64)ring->loaded * SEGMENT + ring->at,
				    "a block is missing or damaged", damage);
		ret = ring_load(ring, segment);
		if (ret)
			return ret;
		if (!block_at(ring, 0, ring->index, &block)) {
			ring->first[segment] = 0;
			return skip(ring, ring->index, (__u64)segment * SEGMENT,
				    "a block has changed while it was read", damage);
		}
	}
	ring->left = le32toh(block.count);
	ring->record = ring->at + sizeof(block);
	ring->block_end = ring->at + le32toh(block.length);
	ring->at = align(ring->block_end, UNIT);
	return 0;
}

API int fanotify_nl_ring_next(struct fanotify_nl_ring *ring, struct fanotify_nl_event *event,
			      struct fanotify_nl_ring_damage *damage)
{
	struct attrs attrs;
	unsigned int len;
	int ret;

	if (ring->index > ring->newest)
		return 0;
	if (!ring->left) {
		ret = next_block(ring, damage);
		if (ret)
			return ret;
	}
	len = record_at(ring, ring->record, ring->block_end, ring->index, &attrs);
	if (!len) {
		__u64 last = ring->index + ring->left - 1;

		ring->left = 0;
		return skip(ring, last < ring->newest ? last : ring->newest,
			    (__u64)ring->loaded * SEGMENT + ring->record, "a record is damaged",
			    damage);
	}
	ring->record += len;
	ring->left--;
	if (le32toh(ring->header.order) != ORDER)
		return ring_fail(ring, EOPNOTSUPP,
				 "records are of a machine of the other byte order");
	if (event_parse(attrs, event))
		return skip(ring, ring->index,
			    (__u64)ring->loaded * SEGMENT + ring->record - len,
			    "a record cannot be parsed", damage);
	event->seq = ring->index++;
	event->has |= FANOTIFY_NL_HAS_SEQ;
	return 1;
}

API void fanotify_nl_ring_progress(const struct fanotify_nl_ring *ring, __u64 *done, __u64 *all)
{
	*all = ring->newest + 1 - ring->oldest;
	*done = ring->index - ring->oldest;
}
