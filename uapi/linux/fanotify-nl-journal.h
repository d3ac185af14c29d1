/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * What is in the ring file of a journal; docs/journal-format.md has the rules.
 */
#ifndef _UAPI_LINUX_FANOTIFY_NL_JOURNAL_H
#define _UAPI_LINUX_FANOTIFY_NL_JOURNAL_H

#include <linux/types.h>

#define FANOTIFY_JOURNAL_VERSION	1

#define FANOTIFY_JOURNAL_HEADER_MAGIC	"FANLRING"
#define FANOTIFY_JOURNAL_BLOCK_MAGIC	"FANLBLCK"
#define FANOTIFY_JOURNAL_MAGIC_LEN	8

/* The file is made of segments; the first holds the two copies of the header. */
#define FANOTIFY_JOURNAL_SEGMENT	65536
#define FANOTIFY_JOURNAL_HEADER_COPY	32768
#define FANOTIFY_JOURNAL_SIZE_MIN	(16ULL * FANOTIFY_JOURNAL_SEGMENT)
#define FANOTIFY_JOURNAL_SIZE_MAX	(16ULL << 30)

/* Blocks start and end at multiples of this. */
#define FANOTIFY_JOURNAL_UNIT		4096

/* Records start at multiples of this. */
#define FANOTIFY_JOURNAL_ALIGN		8

/*
 * Of the record after the newest one; what claims to be above it is damaged. Nobody comes
 * to as many, nor from there to a number that is negative.
 */
#define FANOTIFY_JOURNAL_INDEX_MAX	(~0ULL >> 2)

#define FANOTIFY_JOURNAL_EPOCHS		64
#define FANOTIFY_JOURNAL_NAME_LEN	64

/* Byte order of the attributes in records. */
#define FANOTIFY_JOURNAL_ORDER_LITTLE	1
#define FANOTIFY_JOURNAL_ORDER_BIG	2

/* The journal was stopped, with all records written. */
#define FANOTIFY_JOURNAL_CLEAN		1

/**
 * struct fanotify_journal_epoch - a start of the journal
 * @id: random number
 * @first: index of its first record
 * @realtime: when it was, nanoseconds of CLOCK_REALTIME
 */
struct fanotify_journal_epoch {
	__le64	id;
	__le64	first;
	__le64	realtime;
};

/**
 * struct fanotify_journal_consumer - a consumer
 * @name: ended by NUL, and filled up with them
 * @token: what who acknowledges for it has to know
 * @mask: kinds that it reads
 * @acked: index up to which it has acknowledged
 * @registered: when it was added, nanoseconds of CLOCK_REALTIME
 * @acked_at: when it acknowledged last, nanoseconds of CLOCK_REALTIME; 0, never
 * @cut_last: of one that was cut off, index up to which it misses records
 * @cut_since: a time that the first of those is not older than, nanoseconds of
 *	CLOCK_REALTIME; 0, unknown
 * @cut_reason: enum fanotify_gap_reason; 0, it was not cut off
 * @reserved: 0
 */
struct fanotify_journal_consumer {
	char	name[FANOTIFY_JOURNAL_NAME_LEN];
	__le64	token;
	__le64	mask;
	__le64	acked;
	__le64	registered;
	__le64	acked_at;
	__le64	cut_last;
	__le64	cut_since;
	__le32	cut_reason;
	__le32	reserved;
};

/**
 * struct fanotify_journal_header - a copy of the header, before its consumers
 * @magic: FANOTIFY_JOURNAL_HEADER_MAGIC
 * @version: FANOTIFY_JOURNAL_VERSION
 * @length: bytes of the header, consumers included
 * @crc: crc32c of those, with 0 here
 * @order: FANOTIFY_JOURNAL_ORDER_*
 * @sequence: the copy with the higher one counts
 * @uuid: of the filesystem
 * @size: bytes of the file
 * @level: enum fanotify_journal_level
 * @flags: FANOTIFY_JOURNAL_CLEAN
 * @mask: kinds that records are made of
 * @idle_limit: seconds after which an idle consumer is cut off; 0, never
 * @interval_ms: milliseconds within which a record is on disk
 * @nr_consumers: number of consumers
 * @head_index: index of the record that was to be written next; at level ordered, of
 *	the first one of the block that was being filled
 * @head_offset: where in the file
 * @head_realtime: when the record before it was made, nanoseconds of CLOCK_REALTIME
 * @realtime: when this copy was written, nanoseconds of CLOCK_REALTIME; at level durable,
 *	of a journal that was stopped, when it began to record no more
 * @covered_index: no change is missing from this record on
 * @covered_since: nor from this time on, nanoseconds of CLOCK_REALTIME
 * @nr_epochs: number of @epoch in use, at least 1
 * @mount: of level ordered, the number of the mount in which it was written, as the
 *	filesystem's superblock counts; in the upper 16 bits, which full check it counts
 *	from. 0, a start had not come to its first record, or another level
 * @epoch: the last starts, oldest first; of earlier ones nothing is known
 *
 * The consumers follow it.
 */
struct fanotify_journal_header {
	__u8	magic[FANOTIFY_JOURNAL_MAGIC_LEN];
	__le32	version;
	__le32	length;
	__le32	crc;
	__le32	order;
	__le64	sequence;
	__u8	uuid[16];
	__le64	size;
	__le32	level;
	__le32	flags;
	__le64	mask;
	__le64	idle_limit;
	__le32	interval_ms;
	__le32	nr_consumers;
	__le64	head_index;
	__le64	head_offset;
	__le64	head_realtime;
	__le64	realtime;
	__le64	covered_index;
	__le64	covered_since;
	__le32	nr_epochs;
	__le32	mount;
	struct fanotify_journal_epoch epoch[FANOTIFY_JOURNAL_EPOCHS];
};

/**
 * struct fanotify_journal_block - what a block begins with
 * @magic: FANOTIFY_JOURNAL_BLOCK_MAGIC
 * @version: FANOTIFY_JOURNAL_VERSION
 * @length: bytes in use, these included
 * @crc: crc32c of this struct, with 0 here
 * @count: number of records
 * @uuid: of the filesystem
 * @epoch: the start in which it was written
 * @first: index of its first record
 * @realtime: a time that its first record is not older than, nanoseconds of
 *	CLOCK_REALTIME
 * @order: FANOTIFY_JOURNAL_ORDER_*
 * @reserved: 0
 */
struct fanotify_journal_block {
	__u8	magic[FANOTIFY_JOURNAL_MAGIC_LEN];
	__le32	version;
	__le32	length;
	__le32	crc;
	__le32	count;
	__u8	uuid[16];
	__le64	epoch;
	__le64	first;
	__le64	realtime;
	__le32	order;
	__le32	reserved;
};

/**
 * struct fanotify_journal_record - what a record begins with
 * @index: its index
 * @length: bytes of the attributes that follow
 * @crc: crc32c of this struct, with 0 here, and of those
 */
struct fanotify_journal_record {
	__le64	index;
	__le32	length;
	__le32	crc;
};

#endif /* _UAPI_LINUX_FANOTIFY_NL_JOURNAL_H */
