// SPDX-License-Identifier: GPL-2.0
/*
 * The ring file of a journal: what is where in it. docs/journal-format.md has the
 * rules; here are the kernel's reading and writing of them.
 *
 * Of the records only the first of each segment is known in memory. The rest is found
 * by reading the segment.
 */
#include <linux/crc32.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/timekeeping.h>
#include <net/netlink.h>

#include "compat.h"
#include "journal.h"
#include "journal-consumer.h"

#ifdef __LITTLE_ENDIAN
#define FANL_ORDER	FANOTIFY_JOURNAL_ORDER_LITTLE
#else
#define FANL_ORDER	FANOTIFY_JOURNAL_ORDER_BIG
#endif

#define FANL_SEGMENT	FANOTIFY_JOURNAL_SEGMENT

static_assert(sizeof(struct fanotify_journal_header) % 8 == 0);
static_assert(sizeof(struct fanotify_journal_consumer) == 128);
static_assert(sizeof(struct fanotify_journal_block) == 72);
static_assert(sizeof(struct fanotify_journal_record) == 16);
static_assert(sizeof(struct fanotify_journal_header) +
		      FANOTIFY_CONSUMERS_MAX *
			      sizeof(struct fanotify_journal_consumer) <=
	      FANOTIFY_JOURNAL_HEADER_COPY);
static_assert(FANOTIFY_CONSUMER_NAME_MAX + 1 == FANOTIFY_JOURNAL_NAME_LEN);

/**
 * fanl_ring_crc - the checksum of something that holds it itself
 * @p: where it starts
 * @len: its length
 * @at: where in it the checksum is, which counts as 0
 *
 * Return: crc32c.
 */
u32 fanl_ring_crc(const void *p, size_t len, size_t at)
{
	static const __le32 zero;
	const size_t behind = at + sizeof(zero);
	u32 crc;

	crc = crc32c(~0U, p, at);
	crc = crc32c(crc, &zero, sizeof(zero));
	return ~crc32c(crc, p + behind, len - behind);
}

/**
 * fanl_ring_read - read from a ring file
 * @file: the file
 * @p: where it goes
 * @len: bytes
 * @offset: where it is
 *
 * Return: 0 or an error; -EIO, the file ends there.
 */
int fanl_ring_read(struct file *file, void *p, size_t len, u64 offset)
{
	loff_t pos = offset;

	while (len) {
		ssize_t n = kernel_read(file, p, len, &pos);

		if (n <= 0)
			return n ?: -EIO;
		p += n;
		len -= n;
	}
	return 0;
}

/**
 * fanl_ring_init - memory for what is known of a ring file
 * @ring: the ring
 * @size: bytes of the file
 *
 * Return: 0 or -ENOMEM.
 */
int fanl_ring_init(struct fanl_ring *ring, u64 size)
{
	ring->size = size;
	ring->segments = size / FANL_SEGMENT;
	ring->segment = kvcalloc(ring->segments, sizeof(*ring->segment),
				 GFP_KERNEL_ACCOUNT);
	return ring->segment ? 0 : -ENOMEM;
}

/* Where the segment after @offset begins; @offset itself, if one begins there. */
static u64 fanl_ring_next(const struct fanl_ring *ring, u64 offset)
{
	offset = round_up(offset, FANL_SEGMENT);
	return offset == ring->size ? FANL_SEGMENT : offset;
}

/**
 * fanl_ring_advance - where to go on
 * @ring: the ring
 * @offset: where a block ends
 * @need: bytes that the next one has at least
 *
 * Return: where the next one goes.
 */
u64 fanl_ring_advance(const struct fanl_ring *ring, u64 offset,
		      unsigned int need)
{
	const unsigned int in = offset % FANL_SEGMENT;

	return !in || in + need > FANL_SEGMENT ? fanl_ring_next(ring, offset) :
						 offset;
}

/**
 * fanl_ring_epoch - the start of which a record is
 * @ring: the ring
 * @index: of the record
 *
 * Return: its epoch; 0, from before those that are known.
 */
u64 fanl_ring_epoch(const struct fanl_ring *ring, u64 index)
{
	u64 id = 0;

	for (int i = 0; i < ring->nr_epochs && ring->epoch[i].first <= index;
	     i++)
		id = ring->epoch[i].id;
	return id;
}

/**
 * fanl_ring_knows - whether a cursor is of this journal
 * @ring: the ring
 * @epoch: of the cursor
 * @index: of the cursor
 *
 * Return: false for another history.
 */
bool fanl_ring_knows(const struct fanl_ring *ring, u64 epoch, u64 index)
{
	for (int i = 0; i < ring->nr_epochs; i++) {
		u64 end = i + 1 < ring->nr_epochs ? ring->epoch[i + 1].first :
						    ring->index;

		if (ring->epoch[i].id == epoch)
			return index < end;
	}
	return false;
}

/**
 * fanl_ring_new_epoch - let a new start be known
 * @journal: the journal, which knows where its records end
 */
void fanl_ring_new_epoch(struct fanl_journal *journal)
{
	struct fanl_ring *ring = &journal->ring;

	if (ring->nr_epochs == FANOTIFY_JOURNAL_EPOCHS)
		memmove(ring->epoch, ring->epoch + 1,
			--ring->nr_epochs * sizeof(*ring->epoch));
	ring->epoch[ring->nr_epochs++] = (struct fanl_epoch){
		.id = get_random_u64() | 1,
		.first = ring->index,
		.realtime = ktime_get_real_ns(),
	};
}

/* The @n-th segment in the ring's order, oldest first. */
static unsigned int fanl_ring_nth(const struct fanl_ring *ring, unsigned int n)
{
	unsigned int first = fanl_ring_next(ring, ring->offset) / FANL_SEGMENT;

	return (first - 1 + n) % (ring->segments - 1) + 1;
}

/**
 * fanl_ring_oldest - the oldest record
 * @ring: the ring
 * @realtime: set to a time that it is not older than, if there is one
 *
 * Return: its index; of the next record, if there is none.
 */
u64 fanl_ring_oldest(const struct fanl_ring *ring, u64 *realtime)
{
	for (unsigned int n = 0; n + 1 < ring->segments; n++) {
		const struct fanl_segment *segment =
			&ring->segment[fanl_ring_nth(ring, n)];

		/* what is above is being written */
		if (segment->first && segment->first < ring->index) {
			*realtime = segment->realtime;
			return segment->first;
		}
	}
	*realtime = ring->realtime;
	return ring->index;
}

/**
 * fanl_ring_find - where a record is, if it is anywhere
 * @ring: the ring
 * @index: of the record
 * @next: set to the index of the first record of the segment after that one
 *
 * Return: number of the segment; 0 for none.
 */
unsigned int fanl_ring_find(const struct fanl_ring *ring, u64 index, u64 *next)
{
	unsigned int found = 0;

	*next = ring->index;
	for (unsigned int i = 1; i < ring->segments; i++) {
		u64 first = ring->segment[i].first;

		if (!first || first >= ring->index)
			continue;
		if (first > index)
			*next = min(*next, first);
		else if (!found || first > ring->segment[found].first)
			found = i;
	}
	return found;
}

/**
 * fanl_block_check - look at a block that may be anything
 * @journal: the journal
 * @segment: a segment
 * @offset: where in it the block would start
 * @first: index that its first record would have
 *
 * Return: the block, or NULL.
 */
const struct fanotify_journal_block *
fanl_block_check(const struct fanl_journal *journal, const u8 *segment,
		 unsigned int offset, u64 first)
{
	const struct fanotify_journal_block *block;
	u64 epoch;

	if (offset + sizeof(*block) > FANL_SEGMENT)
		return NULL;
	block = (const struct fanotify_journal_block *)(segment + offset);
	if (memcmp(block->magic, FANOTIFY_JOURNAL_BLOCK_MAGIC,
		   FANOTIFY_JOURNAL_MAGIC_LEN) ||
	    le32_to_cpu(block->version) != FANOTIFY_JOURNAL_VERSION ||
	    le32_to_cpu(block->order) != FANL_ORDER ||
	    le32_to_cpu(block->crc) !=
		    fanl_ring_crc(block, sizeof(*block),
				  offsetof(struct fanotify_journal_block, crc)) ||
	    memcmp(block->uuid, &journal->uuid, UUID_SIZE))
		return NULL;
	if (le32_to_cpu(block->length) < sizeof(*block) ||
	    le32_to_cpu(block->length) > FANL_SEGMENT - offset ||
	    !block->count ||
	    le32_to_cpu(block->count) >
		    le32_to_cpu(block->length) /
			    sizeof(struct fanotify_journal_record) ||
	    le64_to_cpu(block->first) != first ||
	    first > FANOTIFY_JOURNAL_INDEX_MAX - le32_to_cpu(block->count))
		return NULL;
	epoch = fanl_ring_epoch(&journal->ring, first);
	return !epoch || le64_to_cpu(block->epoch) == epoch ? block : NULL;
}

/**
 * fanl_record_check - look at a record that may be anything
 * @p: where it would start
 * @left: bytes that there are
 * @index: that it would have
 *
 * Return: the record, or NULL.
 */
const struct fanotify_journal_record *
fanl_record_check(const u8 *p, unsigned int left, u64 index)
{
	const struct fanotify_journal_record *record =
		(const struct fanotify_journal_record *)p;
	u32 len;

	if (left < sizeof(*record))
		return NULL;
	len = le32_to_cpu(record->length);
	if (len > left - sizeof(*record) || len > FANOTIFY_EVENT_MAX ||
	    le64_to_cpu(record->index) != index ||
	    le32_to_cpu(record->crc) !=
		    fanl_ring_crc(record, sizeof(*record) + len,
				  offsetof(struct fanotify_journal_record, crc)))
		return NULL;
	return record;
}

/**
 * fanl_record_u64 - a 64-bit attribute of a record
 * @record: the record
 * @type: FANOTIFY_A_EVENT_*
 *
 * Return: its value, 0 if the record does not have it.
 */
u64 fanl_record_u64(const struct fanotify_journal_record *record, int type)
{
	const struct nlattr *nla = nla_find((const struct nlattr *)(record + 1),
					    le32_to_cpu(record->length), type);

	return nla && nla_len(nla) == sizeof(u64) ? nla_get_u64(nla) : 0;
}

/*
 * What the newest records are: blocks that continue them, all of whose records are
 * there.
 *
 * Return: bytes of the block at @offset, 0 if it is none.
 */
static unsigned int fanl_ring_take_block(struct fanl_journal *journal,
					 u64 offset)
{
	const unsigned int in = offset % FANL_SEGMENT;
	struct fanl_ring *ring = &journal->ring;
	const struct fanotify_journal_block *block;
	const struct fanotify_journal_record *record = NULL;
	unsigned int at = sizeof(*block);
	u32 count;

	block = fanl_block_check(journal, journal->buffer, in, ring->index);
	if (!block)
		return 0;
	count = le32_to_cpu(block->count);
	for (u32 i = 0; i < count; i++) {
		if (at > le32_to_cpu(block->length))
			return 0;
		record = fanl_record_check((const u8 *)block + at,
					   le32_to_cpu(block->length) - at,
					   ring->index + i);
		if (!record)
			return 0;
		at += ALIGN(sizeof(*record) + le32_to_cpu(record->length),
			    FANOTIFY_JOURNAL_ALIGN);
	}
	ring->index += count;
	ring->realtime = fanl_record_u64(record, FANOTIFY_A_EVENT_REALTIME);
	return round_up(le32_to_cpu(block->length), FANOTIFY_JOURNAL_UNIT);
}

/* The block that a segment begins with, or NULL: there is none. */
static const struct fanotify_journal_block *
fanl_ring_begin(struct fanl_journal *journal, struct file *file, unsigned int i)
{
	const struct fanotify_journal_block *block =
		(const struct fanotify_journal_block *)journal->buffer;
	int err = fanl_ring_read(file, journal->buffer, sizeof(*block),
				 (u64)i * FANL_SEGMENT);

	if (err)
		return ERR_PTR(err);
	return fanl_block_check(journal, journal->buffer, 0,
				le64_to_cpu(block->first));
}

/*
 * At level ordered the header may be older than the ring: all segments are looked at.
 * What a segment begins with is whole, and was written after all that is below it. The
 * header is not as old as to let the ring hold only what it does not know of.
 */
static int fanl_ring_recover_segment(struct fanl_journal *journal,
				     struct file *file)
{
	struct fanl_ring *ring = &journal->ring;
	const u64 last = ring->index +
			 ring->size / sizeof(struct fanotify_journal_record);

	for (unsigned int i = 1; i < ring->segments; i++) {
		const struct fanotify_journal_block *block =
			fanl_ring_begin(journal, file, i);

		if (IS_ERR(block))
			return PTR_ERR(block);
		if (!block || le64_to_cpu(block->first) <= ring->index ||
		    le64_to_cpu(block->first) > last)
			continue;
		ring->index = le64_to_cpu(block->first);
		ring->offset = (u64)i * FANL_SEGMENT;
	}
	return 0;
}

/* Go on from what the header knows to the newest record. */
static int fanl_ring_recover_head(struct fanl_journal *journal,
				  struct file *file)
{
	struct fanl_ring *ring = &journal->ring;
	u64 offset = ring->offset;

	for (unsigned int n = 0; n <= ring->segments; n++) {
		const u64 start = offset;
		u64 end = round_down(start, FANL_SEGMENT) + FANL_SEGMENT;
		unsigned int len;
		int err;

		err = fanl_ring_read(file, journal->buffer, FANL_SEGMENT,
				     end - FANL_SEGMENT);
		if (err)
			return err;
		while (offset < end &&
		       (len = fanl_ring_take_block(journal, offset))) {
			offset += len;
			ring->offset = offset == ring->size ? FANL_SEGMENT :
							      offset;
		}
		/* what may be at the start of a segment is not there */
		if (offset == start && !(start % FANL_SEGMENT))
			break;
		offset = end == ring->size ? FANL_SEGMENT : end;
	}
	return 0;
}

/* When the last start was that is known. */
static u64 fanl_ring_started(const struct fanl_ring *ring)
{
	return ring->epoch[ring->nr_epochs - 1].realtime;
}

/*
 * At level ordered a newest record that is damaged has others behind it, as a crash never
 * leaves a block before it leaves the one that it continues.
 *
 * Return: whether there are some where the records end; or an error.
 */
static int fanl_ring_is_cut(struct fanl_journal *journal, struct file *file)
{
	struct fanl_ring *ring = &journal->ring;
	unsigned int at = ring->offset % FANL_SEGMENT;
	const struct fanotify_journal_block *block;
	int err = fanl_ring_read(file, journal->buffer, FANL_SEGMENT,
				 ring->offset - at);

	for (; !err && at < FANL_SEGMENT; at += FANOTIFY_JOURNAL_UNIT) {
		block = (const void *)(journal->buffer + at);
		if (le64_to_cpu(block->first) >= ring->index &&
		    fanl_block_check(journal, journal->buffer, at,
				     le64_to_cpu(block->first)))
			return 1;
	}
	return err;
}

/* What each segment begins with. */
static int fanl_ring_recover_segments(struct fanl_journal *journal,
				      struct file *file)
{
	struct fanl_ring *ring = &journal->ring;
	u64 last = 0;

	for (unsigned int n = 0; n + 1 < ring->segments; n++) {
		const unsigned int i = fanl_ring_nth(ring, n);
		const struct fanotify_journal_block *block =
			fanl_ring_begin(journal, file, i);
		u64 first;

		if (IS_ERR(block))
			return PTR_ERR(block);
		first = block ? le64_to_cpu(block->first) : 0;
		if (first <= last || first >= ring->index)
			continue;
		ring->segment[i].first = first;
		ring->segment[i].realtime = le64_to_cpu(block->realtime);
		last = first;
	}
	return 0;
}

static const struct fanotify_journal_header *fanl_header_check(const u8 *p)
{
	const struct fanotify_journal_header *header =
		(const struct fanotify_journal_header *)p;
	u32 nr = le32_to_cpu(header->nr_consumers);

	if (memcmp(header->magic, FANOTIFY_JOURNAL_HEADER_MAGIC,
		   FANOTIFY_JOURNAL_MAGIC_LEN) ||
	    le32_to_cpu(header->version) != FANOTIFY_JOURNAL_VERSION ||
	    nr > FANOTIFY_CONSUMERS_MAX ||
	    le32_to_cpu(header->length) !=
		    sizeof(*header) + nr * sizeof(struct fanotify_journal_consumer) ||
	    le32_to_cpu(header->crc) !=
		    fanl_ring_crc(header, le32_to_cpu(header->length),
				  offsetof(struct fanotify_journal_header, crc)))
		return NULL;
	return header;
}

/* The copy that counts, in the journal's buffer; NULL for none. */
static const struct fanotify_journal_header *
fanl_header_find(const struct fanl_journal *journal)
{
	const struct fanotify_journal_header *a, *b;

	a = fanl_header_check(journal->buffer);
	b = fanl_header_check(journal->buffer + FANOTIFY_JOURNAL_HEADER_COPY);
	if (!a || !b)
		return a ?: b;
	return le64_to_cpu(a->sequence) > le64_to_cpu(b->sequence) ? a : b;
}

/* The checksum is right: what is wrong here was written so. */
static int fanl_header_refuse(const struct fanl_journal *journal,
			      const struct fanotify_journal_header *header,
			      struct netlink_ext_ack *extack)
{
	u64 offset = le64_to_cpu(header->head_offset);
	u32 level = le32_to_cpu(header->level);
	u32 epochs = le32_to_cpu(header->nr_epochs);

	if (memcmp(header->uuid, &journal->uuid, UUID_SIZE)) {
		NL_SET_ERR_MSG_FMT(extack,
				   "ring file is of another filesystem, %pU",
				   header->uuid);
		return -ESTALE;
	}
	if (le32_to_cpu(header->order) != FANL_ORDER) {
		NL_SET_ERR_MSG(extack,
			       "ring file is of a machine of another byte order");
		return -EOPNOTSUPP;
	}
	if (level != FANOTIFY_JOURNAL_LEVEL_DURABLE &&
	    level != FANOTIFY_JOURNAL_LEVEL_ORDERED) {
		NL_SET_ERR_MSG(extack, "ring file is of a level that this version does not know");
		return -EOPNOTSUPP;
	}
	if (le64_to_cpu(header->size) != journal->ring.size) {
		NL_SET_ERR_MSG_FMT(extack,
				   "ring file has %llu bytes, and had %llu",
				   journal->ring.size,
				   le64_to_cpu(header->size));
		return -EUCLEAN;
	}
	if (offset < FANL_SEGMENT || offset >= journal->ring.size ||
	    offset % FANOTIFY_JOURNAL_UNIT || !header->head_index ||
	    le64_to_cpu(header->head_index) > FANOTIFY_JOURNAL_INDEX_MAX ||
	    !epochs || epochs > FANOTIFY_JOURNAL_EPOCHS) {
		NL_SET_ERR_MSG(extack, "ring file's header makes no sense");
		return -EUCLEAN;
	}
	return 0;
}

static int fanl_header_decode(struct fanl_journal *journal,
			      const struct fanotify_journal_header *header)
{
	struct fanl_ring *ring = &journal->ring;

	ring->sequence = le64_to_cpu(header->sequence);
	ring->offset = le64_to_cpu(header->head_offset);
	ring->index = le64_to_cpu(header->head_index);
	ring->nr_epochs = le32_to_cpu(header->nr_epochs);
	for (int i = 0; i < ring->nr_epochs; i++)
		ring->epoch[i] = (struct fanl_epoch){
			.id = le64_to_cpu(header->epoch[i].id),
			.first = le64_to_cpu(header->epoch[i].first),
			.realtime = le64_to_cpu(header->epoch[i].realtime),
		};
	ring->realtime = le64_to_cpu(header->head_realtime) ?:
							      fanl_ring_started(ring);
	if (le32_to_cpu(header->level) == FANOTIFY_JOURNAL_LEVEL_ORDERED) {
		/* they still hold if there is no gap */
		journal->mount = le32_to_cpu(header->mount);
		journal->covered_index = le64_to_cpu(header->covered_index);
		journal->covered_since = le64_to_cpu(header->covered_since);
	}
	journal->set.level = le32_to_cpu(header->level);
	journal->set.mask = le64_to_cpu(header->mask);
	journal->set.idle_limit = le64_to_cpu(header->idle_limit);
	journal->set.interval_ms = le32_to_cpu(header->interval_ms);
	journal->clean = le32_to_cpu(header->flags) & FANOTIFY_JOURNAL_CLEAN;
	return fanl_consumers_load(journal,
				   (const void *)(header + 1),
				   le32_to_cpu(header->nr_consumers));
}

/**
 * fanl_ring_recover - find out what is in a ring file
 * @journal: the journal; its settings, consumers and ring are set
 * @file: its ring file
 * @since: set to the time since when there may be changes without a record: no ctime of
 *	theirs is older
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -EUCLEAN, not a journal's; -ESTALE, of another filesystem;
 * -EOPNOTSUPP, of another level or byte order; -ENOMEM; or of reading.
 */
int fanl_ring_recover(struct fanl_journal *journal, struct file *file,
		      u64 *since, struct netlink_ext_ack *extack)
{
	const struct fanotify_journal_header *header;
	u64 lag;
	int err;

	err = fanl_ring_read(file, journal->buffer, FANL_SEGMENT, 0);
	if (err)
		goto unread;
	header = fanl_header_find(journal);
	if (!header) {
		NL_SET_ERR_MSG(extack,
			       "ring file has no header that is whole, and known to this version");
		return -EUCLEAN;
	}
	err = fanl_header_refuse(journal, header, extack);
	if (err)
		return err;
	err = fanl_header_decode(journal, header);
	if (err) {
		NL_SET_ERR_MSG(extack,
			       "consumers in the ring file's header make no sense, or there is no memory for them");
		return err;
	}
	*since = le64_to_cpu(header->realtime);
	err = 0;
	if (journal->set.level == FANOTIFY_JOURNAL_LEVEL_ORDERED)
		err = fanl_ring_recover_segment(journal, file);
	if (!err)
		err = fanl_ring_recover_head(journal, file);
	if (!err)
		err = fanl_ring_recover_segments(journal, file);
	if (!err && journal->set.level == FANOTIFY_JOURNAL_LEVEL_ORDERED)
		err = fanl_ring_is_cut(journal, file);
	if (err < 0)
		goto unread;
	if (!journal->clean)
		*since = journal->ring.realtime;
	if (err) {
		/* the start is a gap; the header may know later times than that of the damage */
		journal->mount = 0;
		journal->clean = false;
		*since = min(journal->ring.realtime, fanl_ring_started(&journal->ring));
	}
	/* a change may have a ctime of the last tick, or of the second that has begun */
	lag = max_t(u64, TICK_NSEC, file_inode(file)->i_sb->s_time_gran);
	if (*since > lag)
		*since -= lag;
	fanl_consumers_clamp(journal);
	return 0;

unread:
	NL_SET_ERR_MSG(extack, "ring file cannot be read");
	return err;
}

/**
 * fanl_ring_create - begin a ring file
 * @journal: the journal; its ring is set
 * @file: its ring file
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -EEXIST, there is a journal in it; or of reading.
 */
int fanl_ring_create(struct fanl_journal *journal, struct file *file,
		     struct netlink_ext_ack *extack)
{
	int err = fanl_ring_read(file, journal->buffer, FANL_SEGMENT, 0);

	if (err) {
		NL_SET_ERR_MSG(extack, "ring file cannot be read");
		return err;
	}
	if (fanl_header_find(journal)) {
		NL_SET_ERR_MSG(extack, "ring file has a journal in it");
		return -EEXIST;
	}
	journal->ring.offset = FANL_SEGMENT;
	journal->ring.index = 1;
	return 0;
}

/**
 * fanl_header_encode - the header as it is now
 * @journal: the journal; its lock is held
 * @p: where it goes, with room for a copy
 *
 * Return: its length.
 */
unsigned int fanl_header_encode(struct fanl_journal *journal, u8 *p)
{
	struct fanotify_journal_header *header =
		(struct fanotify_journal_header *)p;
	const struct fanl_ring *ring = &journal->ring;
	unsigned int len = sizeof(*header) +
			   journal->nr_consumers *
				   sizeof(struct fanotify_journal_consumer);

	*header = (struct fanotify_journal_header){
		.magic = FANOTIFY_JOURNAL_HEADER_MAGIC,
		.version = cpu_to_le32(FANOTIFY_JOURNAL_VERSION),
		.length = cpu_to_le32(len),
		.order = cpu_to_le32(FANL_ORDER),
		.sequence = cpu_to_le64(ring->sequence + 1),
		.size = cpu_to_le64(ring->size),
		.level = cpu_to_le32(journal->set.level),
		.flags = cpu_to_le32(journal->clean ? FANOTIFY_JOURNAL_CLEAN :
						      0),
		.mask = cpu_to_le64(journal->set.mask),
		.idle_limit = cpu_to_le64(journal->set.idle_limit),
		.interval_ms = cpu_to_le32(journal->set.interval_ms),
		.nr_consumers = cpu_to_le32(journal->nr_consumers),
		.head_index = cpu_to_le64(journal->ordered ? ring->head :
							     ring->index),
		.head_offset = cpu_to_le64(journal->ordered ? ring->head_offset :
							      ring->offset),
		.head_realtime = cpu_to_le64(ring->realtime),
		.realtime = cpu_to_le64(journal->stopped ?: ktime_get_real_ns()),
		.covered_index = cpu_to_le64(journal->covered_index),
		.covered_since = cpu_to_le64(journal->covered_since),
		.nr_epochs = cpu_to_le32(ring->nr_epochs),
		.mount = cpu_to_le32(journal->mount),
	};
	memcpy(header->uuid, &journal->uuid, UUID_SIZE);
	for (int i = 0; i < ring->nr_epochs; i++)
		header->epoch[i] = (struct fanotify_journal_epoch){
			.id = cpu_to_le64(ring->epoch[i].id),
			.first = cpu_to_le64(ring->epoch[i].first),
			.realtime = cpu_to_le64(ring->epoch[i].realtime),
		};
	fanl_consumers_store(journal, (void *)(header + 1));
	header->crc = cpu_to_le32(fanl_ring_crc(header, len,
						offsetof(struct fanotify_journal_header,
							 crc)));
	return len;
}

/**
 * fanl_block_seal - write the start of a block
 * @journal: the journal
 * @p: the block
 * @block: what it says, as far as it is this block's own
 */
void fanl_block_seal(const struct fanl_journal *journal, u8 *p,
		     const struct fanl_block *block)
{
	struct fanotify_journal_block *head =
		(struct fanotify_journal_block *)p;

	*head = (struct fanotify_journal_block){
		.magic = FANOTIFY_JOURNAL_BLOCK_MAGIC,
		.version = cpu_to_le32(FANOTIFY_JOURNAL_VERSION),
		.length = cpu_to_le32(block->length),
		.count = cpu_to_le32(block->count),
		.epoch = cpu_to_le64(fanl_ring_epoch(&journal->ring,
						     block->first)),
		.first = cpu_to_le64(block->first),
		.realtime = cpu_to_le64(block->realtime),
		.order = cpu_to_le32(FANL_ORDER),
	};
	memcpy(head->uuid, &journal->uuid, UUID_SIZE);
	head->crc = cpu_to_le32(fanl_ring_crc(head, sizeof(*head),
					      offsetof(struct fanotify_journal_block,
						       crc)));
}

/**
 * fanl_record_put - write a record
 * @p: where it goes
 * @index: its index
 * @attrs: its attributes
 * @len: their length
 *
 * Return: the bytes that it takes, a multiple of FANOTIFY_JOURNAL_ALIGN.
 */
unsigned int fanl_record_put(u8 *p, u64 index, const void *attrs,
			     unsigned int len)
{
	struct fanotify_journal_record *record =
		(struct fanotify_journal_record *)p;
	unsigned int used = sizeof(*record) + len;
	unsigned int size = ALIGN(used, FANOTIFY_JOURNAL_ALIGN);

	record->index = cpu_to_le64(index);
	record->length = cpu_to_le32(len);
	memcpy(record + 1, attrs, len);
	memset(p + used, 0, size - used);
	record->crc = cpu_to_le32(fanl_ring_crc(record, used,
						offsetof(struct fanotify_journal_record,
							 crc)));
	return size;
}
