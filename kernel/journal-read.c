// SPDX-License-Identifier: GPL-2.0
/*
 * Reading of a journal's records, as they are in the ring file: only what is on disk
 * is told, so that nobody acts on what a crash undoes.
 *
 * A segment is read as a whole, while records may be written over it. Whether it is
 * what it was is seen by its checksums, and that it has gone by the first index of it
 * that the journal knows.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <net/netlink.h>

#include "journal.h"
#include "journal-consumer.h"
#include "kind.h"

#define FANL_SEGMENT	FANOTIFY_JOURNAL_SEGMENT

/* A segment that a worker reads, as only it sees the journal's path. */
struct fanl_load {
	struct work_struct	work;
	struct fanl_journal	*journal;
	unsigned int		segment;
	u8			*p;
	int			err;
};

static void fanl_load_work(struct work_struct *work)
{
	struct fanl_load *load = container_of(work, struct fanl_load, work);
	struct file *file;
	struct path mount;

	load->err = fanl_journal_resolve(load->journal, &mount);
	if (load->err)
		return;
	if (load->journal->ordered) {
		load->err = fanl_ordered_read(load->journal, load->p,
					      load->segment);
		path_put(&mount);
		return;
	}
	file = fanl_journal_open(load->journal, &mount, O_RDONLY);
	if (IS_ERR(file)) {
		load->err = PTR_ERR(file);
	} else {
		load->err = fanl_ring_read(file, load->p, FANL_SEGMENT,
					   (u64)load->segment * FANL_SEGMENT);
		__fput_sync(file);
	}
	path_put(&mount);
}

/* Something is missing: it comes before the first record, or with the next answer. */
static bool fanl_read_gap(struct fanl_read *read, u64 last, u32 reason)
{
	if (read->any || read->gap.reason)
		return false;
	read->gap.first = read->index + 1;
	read->gap.last = last;
	read->gap.reason = reason;
	read->index = last;
	return true;
}

static bool fanl_read_wants(const struct fanl_read *read,
			    const struct fanotify_journal_record *record)
{
	u64 kinds = fanl_record_u64(record, FANOTIFY_A_EVENT_MASK);
	bool is_dir = kinds & FANOTIFY_KIND_ONDIR;

	return (kinds & FANOTIFY_KIND_GAP) ||
	       (kinds & fanl_kinds_of_mask(read->mask, is_dir) &
		~FANL_KIND_MODIFIERS);
}

/* Return: false, there is no room. */
static bool fanl_read_put(struct fanl_read *read,
			  const struct fanotify_journal_record *record)
{
	const u32 len = le32_to_cpu(record->length);
	const unsigned int seq = nla_total_size(sizeof(u64));
	const u64 index = le64_to_cpu(record->index);
	struct nlattr *nla;
	u8 *p;

	if (nla_total_size(seq + len) > read->room)
		return false;
	nla = nla_reserve(read->skb, FANOTIFY_A_JOURNAL_READ_RECORD, seq + len);
	if (!nla)
		return false;
	read->room -= nla_total_size(seq + len);
	p = nla_data(nla);
	*(struct nlattr *)p = (struct nlattr){
		.nla_len = NLA_HDRLEN + sizeof(u64),
		.nla_type = FANOTIFY_A_EVENT_SEQ,
	};
	memcpy(p + NLA_HDRLEN, &index, sizeof(index));
	memcpy(p + seq, record + 1, len);
	read->any = true;
	return true;
}

/*
 * What one block has, up to @durable.
 *
 * Return: whether to go on; false, there is no room, or a record is damaged.
 */
static bool fanl_read_block(struct fanl_read *read,
			    const struct fanotify_journal_block *block,
			    u64 durable)
{
	const u32 length = le32_to_cpu(block->length);
	const u32 count = le32_to_cpu(block->count);
	u64 index = le64_to_cpu(block->first);
	u32 at = sizeof(*block);

	for (u32 i = 0; i < count && index <= durable; i++, index++) {
		const struct fanotify_journal_record *record = NULL;

		if (at <= length)
			record = fanl_record_check((const u8 *)block + at,
						   length - at, index);
		if (!record)
			return false;
		at += ALIGN(sizeof(*record) + le32_to_cpu(record->length),
			    FANOTIFY_JOURNAL_ALIGN);
		if (index <= read->index)
			continue;
		if (fanl_read_wants(read, record) &&
		    !fanl_read_put(read, record)) {
			read->full = true;
			return false;
		}
		read->index = index;
	}
	return true;
}

/* What one segment has, from its first record on. */
static void fanl_read_segment(struct fanl_journal *journal,
			      struct fanl_read *read, const u8 *p, u64 first,
			      u64 durable)
{
	unsigned int at = 0;

	while (at < FANL_SEGMENT && first <= durable) {
		const struct fanotify_journal_block *block;

		mutex_lock(&journal->lock);
		block = fanl_block_check(journal, p, at, first);
		mutex_unlock(&journal->lock);
		if (!block)
			break;
		first += le32_to_cpu(block->count);
		if (first > read->index + 1 &&
		    !fanl_read_block(read, block, durable)) {
			read->damaged = min(first - 1, durable);
			break;
		}
		at += round_up(le32_to_cpu(block->length),
			       FANOTIFY_JOURNAL_UNIT);
	}
}

/*
 * Go on with the segment that has the next record.
 *
 * Return: 1, there may be more; 0, the answer is complete; or an error.
 */
static int fanl_read_step(struct fanl_journal *journal, struct fanl_read *read,
			  u8 *p)
{
	struct fanl_load load = { .journal = journal, .p = p };
	u64 oldest, realtime, next, first, durable, before = read->index;
	bool there;

	read->damaged = 0;
	mutex_lock(&journal->lock);
	durable = fanl_journal_durable(journal);
	oldest = fanl_ring_oldest(&journal->ring, &realtime);
	load.segment = fanl_ring_find(&journal->ring, read->index + 1, &next);
	first = load.segment ? journal->ring.segment[load.segment].first : 0;
	mutex_unlock(&journal->lock);

	if (read->index >= durable) {
		read->end = true;
		return 0;
	}
	if (read->index + 1 < oldest)
		return fanl_read_gap(read, oldest - 1,
				     FANOTIFY_GAP_REASON_CUT_OFF);
	INIT_WORK_ONSTACK(&load.work, fanl_load_work);
	queue_work(fanl_journal_wq, &load.work);
	flush_work(&load.work);
	destroy_work_on_stack(&load.work);
	if (!load.err)
		fanl_read_segment(journal, read, p, first, durable);
	else if (load.err != -EIO)
		return load.err;
	if (read->full)
		return 0;
	if (read->index > before || read->index >= durable)
		return 1;

	/* it is not what it was: gone meanwhile, or damaged */
	mutex_lock(&journal->lock);
	there = journal->ring.segment[load.segment].first == first;
	mutex_unlock(&journal->lock);
	return !there || fanl_read_gap(read, read->damaged ?: next - 1,
				       FANOTIFY_GAP_REASON_DAMAGED);
}

/**
 * fanl_journal_read - read some records
 * @journal: the journal
 * @read: what, and where to
 *
 * Context: a task that holds no locks; sleeps.
 * Return: 0; -ENOMEM; or why the ring file cannot be read.
 */
int fanl_journal_read(struct fanl_journal *journal, struct fanl_read *read)
{
	u8 *p = kvmalloc(FANL_SEGMENT, GFP_KERNEL_ACCOUNT);
	int more;

	if (!p)
		return -ENOMEM;
	if (journal->ordered) {
		read->mask = fanl_ordered_mask(read->mask);
		/* a new file's data has no other record */
		if (read->mask & (FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_WRITE))
			read->mask |= FANOTIFY_KIND_CREATE_FILE;
	}
	do {
		more = fanl_read_step(journal, read, p);
		cond_resched();
	} while (more > 0);
	kvfree(p);
	if (!more && journal->ordered)
		fanl_ordered_told(journal, read->index);
	return more;
}
