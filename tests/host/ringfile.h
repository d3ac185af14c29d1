/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A ring file, made by the rules of docs/journal-format.md and by nothing of the
 * library's: for its reader's tests, and to start its fuzzer from.
 */
#ifndef RINGFILE_H
#define RINGFILE_H

#include <endian.h>
#include <stddef.h>
#include <string.h>
#include <linux/fanotify-nl.h>
#include <linux/fanotify-nl-journal.h>
#include <linux/netlink.h>

#define RING_BYTES	((size_t)FANOTIFY_JOURNAL_SIZE_MIN)
#define RING_EPOCH	0x1122334455667788ULL

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define RING_ORDER	FANOTIFY_JOURNAL_ORDER_LITTLE
#else
#define RING_ORDER	FANOTIFY_JOURNAL_ORDER_BIG
#endif

/**
 * struct ringfile - A ring file that is being made.
 * @bytes: the file
 * @offset: where the next block goes
 * @index: of the next record
 * @epoch: of the blocks
 */
struct ringfile {
	unsigned char bytes[FANOTIFY_JOURNAL_SIZE_MIN] __attribute__((aligned(8)));
	size_t offset;
	__u64 index;
	__u64 epoch;
};

static const unsigned char ring_uuid[16] = "sixteen bytes id";

/* Bit by bit, from the polynomial. */
static inline __u32 ring_crc(const unsigned char *p, size_t len, size_t hole)
{
	__u32 crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= i >= hole && i < hole + 4 ? 0 : p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

static inline void ring_start(struct ringfile *r)
{
	memset(r, 0, sizeof(*r));
	r->offset = FANOTIFY_JOURNAL_SEGMENT;
	r->index = 1;
	r->epoch = RING_EPOCH;
}

/* A header that knows of no records but those before @head_index at @head_offset. */
static inline struct fanotify_journal_header *ring_header(struct ringfile *r, __u64 sequence,
							  __u64 head_index, size_t head_offset)
{
	size_t at = sequence % 2 * FANOTIFY_JOURNAL_HEADER_COPY;
	struct fanotify_journal_header *h = (void *)(r->bytes + at);

	memset(h, 0, sizeof(*h));
	memcpy(h->magic, FANOTIFY_JOURNAL_HEADER_MAGIC, sizeof(h->magic));
	memcpy(h->uuid, ring_uuid, sizeof(h->uuid));
	h->version = htole32(FANOTIFY_JOURNAL_VERSION);
	h->length = htole32(sizeof(*h));
	h->order = htole32(RING_ORDER);
	h->sequence = htole64(sequence);
	h->size = htole64(sizeof(r->bytes));
	h->level = htole32(FANOTIFY_JOURNAL_LEVEL_DURABLE);
	h->head_index = htole64(head_index);
	h->head_offset = htole64(head_offset);
	h->nr_epochs = htole32(1);
	h->epoch[0].id = htole64(RING_EPOCH);
	h->epoch[0].first = htole64(1);
	return h;
}

static inline void ring_header_seal(struct fanotify_journal_header *h)
{
	h->crc = htole32(ring_crc((const unsigned char *)h, le32toh(h->length),
				  offsetof(struct fanotify_journal_header, crc)));
}

static inline void ring_consumer(struct fanotify_journal_header *h, const char *name, __u64 acked)
{
	struct fanotify_journal_consumer *c = (void *)((char *)h + le32toh(h->length));

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < sizeof(c->name) && name[i]; i++)
		c->name[i] = name[i];
	c->acked = htole64(acked);
	h->nr_consumers = htole32(le32toh(h->nr_consumers) + 1);
	h->length = htole32(le32toh(h->length) + sizeof(*c));
}

/* A record with a kind and a path of @len letters. Return: bytes that it takes. */
static inline size_t ring_record(struct ringfile *r, size_t at, size_t len)
{
	struct fanotify_journal_record *record = (void *)(r->bytes + at);
	struct nlattr *mask = (void *)(record + 1), *path = (void *)((char *)mask + 12);
	size_t attrs = 12 + NLA_HDRLEN + len + 1, size = sizeof(*record) + attrs;
	__u64 kind = FANOTIFY_KIND_CREATE;

	mask->nla_len = 12;
	mask->nla_type = FANOTIFY_A_EVENT_MASK;
	memcpy(mask + 1, &kind, sizeof(kind));
	path->nla_len = NLA_HDRLEN + len + 1;
	path->nla_type = FANOTIFY_A_EVENT_PATH;
	memset(path + 1, '/', len);
	((char *)(path + 1))[len] = 0;
	record->index = htole64(r->index++);
	record->length = htole32(attrs);
	record->crc = htole32(ring_crc((const unsigned char *)record, size,
				       offsetof(struct fanotify_journal_record, crc)));
	return (size + 7) / 8 * 8;
}

/* A block of @count records, in the next segment if it does not fit. Return: where. */
static inline size_t ring_block(struct ringfile *r, unsigned int count, size_t len)
{
	struct fanotify_journal_block *block;
	size_t used = sizeof(*block), need = used + count * (size_t)(16 + 12 + 4 + len + 8);
	size_t in = r->offset % FANOTIFY_JOURNAL_SEGMENT, at;

	if (!in || in + need > FANOTIFY_JOURNAL_SEGMENT)
		r->offset += (FANOTIFY_JOURNAL_SEGMENT - in) % FANOTIFY_JOURNAL_SEGMENT;
	if (r->offset == sizeof(r->bytes))
		r->offset = FANOTIFY_JOURNAL_SEGMENT;
	at = r->offset;
	block = (void *)(r->bytes + at);
	memset(block, 0, sizeof(*block));
	memcpy(block->magic, FANOTIFY_JOURNAL_BLOCK_MAGIC, sizeof(block->magic));
	memcpy(block->uuid, ring_uuid, sizeof(block->uuid));
	block->version = htole32(FANOTIFY_JOURNAL_VERSION);
	block->count = htole32(count);
	block->epoch = htole64(r->epoch);
	block->first = htole64(r->index);
	block->order = htole32(RING_ORDER);
	while (count--)
		used += ring_record(r, at + used, len);
	block->length = htole32(used);
	block->crc = htole32(ring_crc((const unsigned char *)block, sizeof(*block),
				      offsetof(struct fanotify_journal_block, crc)));
	r->offset = at + (used + FANOTIFY_JOURNAL_UNIT - 1) / FANOTIFY_JOURNAL_UNIT *
			 FANOTIFY_JOURNAL_UNIT;
	return at;
}

#endif /* RINGFILE_H */
