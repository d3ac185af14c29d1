// SPDX-License-Identifier: GPL-2.0
/*
 * What waits in memory, into the ring file.
 *
 * Nothing is held open between batches: an open file, or a reference of a mount, would
 * block unmounts, and an open file that can be written, remounts. So a worker finds
 * the mount by its path, and the ring file by its handle, for each batch anew. What
 * has to be written is written with the file open for that, which takes no I/O; for
 * the flush it is opened to be read. Freezing waits for a batch under way; of a
 * filesystem that is frozen nothing is asked.
 *
 * A batch that fails has changed nothing but blocks that were not in use, or the
 * oldest records: it is written again, to the same places.
 *
 * Context of all of it: a worker, with the journal's io mutex held.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/uio.h>

#include "event.h"
#include "group.h"
#include "journal.h"
#include "journal-consumer.h"
#include "open.h"

/*
 * The newest records have to be found by reading on from where the header knows: it is
 * written anew long before that is written over, also within a batch.
 */
#define FANL_HEADER_SEGMENTS	64U

/* Since Linux 7 a worker's own root is an empty filesystem. */
static int fanl_init_root(struct path *root)
{
	struct task_struct *init = init_pid_ns.child_reaper;
	int err = -ENOENT;

	task_lock(init);
	if (init->fs) {
		get_fs_root(init->fs, root);
		err = 0;
	}
	task_unlock(init);
	return err;
}

/**
 * fanl_journal_resolve - find the mount of a journal
 * @journal: the journal
 * @mount: set, with a reference that blocks unmounts
 *
 * Return: 0; -ENOENT, its filesystem is not there (any more); or of the path.
 */
int fanl_journal_resolve(struct fanl_journal *journal, struct path *mount)
{
	struct path root;
	int err = fanl_init_root(&root);

	if (err)
		return err;
	err = vfs_path_lookup(root.dentry, root.mnt, journal->path,
			      LOOKUP_FOLLOW | LOOKUP_DIRECTORY, mount);
	path_put(&root);
	if (err)
		return err;
	/* another filesystem may have the address of one that is gone */
	if (mount->mnt->mnt_sb == journal->sb && !READ_ONCE(journal->gone))
		return 0;
	path_put(mount);
	return -ENOENT;
}

/**
 * fanl_journal_open - open the ring file
 * @journal: the journal
 * @mount: its mount
 * @flags: open flags
 *
 * Return: the file, to be closed by __fput_sync(), as a worker's fput() leaves it
 * open for a while; or an error.
 */
struct file *fanl_journal_open(struct fanl_journal *journal,
			       const struct path *mount, u32 flags)
{
	struct file *file = fanl_open_handle(mount, journal->handle_type,
					     journal->handle,
					     journal->handle_len, flags, NULL);

	if (IS_ERR(file) ||
	    i_size_read(file_inode(file)) == journal->ring.size)
		return file;
	__fput_sync(file);
	return ERR_PTR(-EUCLEAN);
}

/**
 * struct fanl_batch - what is being written
 * @journal: the journal
 * @file: its ring file
 * @records: the records
 * @gap: what the last one of them says that was lost; index 0, it is none
 * @last: the last one that was written, and is not done
 * @block: the block that is being filled
 * @offset: where it goes
 * @realtime: of the last record
 * @written: bytes so far
 * @nomem: of what was lost there is no record yet
 */
struct fanl_batch {
	struct fanl_journal	*journal;
	struct file		*file;
	struct sk_buff_head	records;
	struct fanl_journal_gap	gap;
	struct sk_buff		*last;
	struct fanl_block	block;
	u64			offset;
	u64			realtime;
	u64			written;
	bool			nomem;
};

/* Freeze protection is held: kernel_write() would take it. */
static int fanl_ring_write(struct fanl_batch *batch, const void *p, size_t len,
			   u64 offset)
{
	struct kvec kvec = { .iov_base = (void *)p, .iov_len = len };
	struct iov_iter iter;
	struct kiocb kiocb;
	ssize_t n;

	init_sync_kiocb(&kiocb, batch->file);
	kiocb.ki_pos = offset;
	iov_iter_kvec(&iter, ITER_SOURCE, &kvec, 1, len);
	n = batch->file->f_op->write_iter(&kiocb, &iter);
	if (n < 0)
		return n;
	batch->written += n;
	return n == len ? 0 : -EIO;
}

/**
 * fanl_segment_claim - what was in a segment is gone from here on
 * @journal: the journal
 * @i: number of the segment
 * @first: index of its first record now
 * @realtime: when that was made
 */
void fanl_segment_claim(struct fanl_journal *journal, unsigned int i, u64 first,
			u64 realtime)
{
	struct fanl_segment *segment = &journal->ring.segment[i];
	const struct fanl_segment before = *segment;

	mutex_lock(&journal->lock);
	segment->first = first;
	segment->realtime = realtime;
	journal->ring.since_header++;
	fanl_consumers_overrun(journal, &before);
	mutex_unlock(&journal->lock);
}

static void fanl_block_begin(struct fanl_batch *batch, u64 first, u64 realtime,
			     unsigned int need)
{
	struct fanl_journal *journal = batch->journal;

	batch->offset = fanl_ring_advance(&journal->ring, batch->offset,
					  sizeof(struct fanotify_journal_block) +
						  need);
	if (!(batch->offset % FANOTIFY_JOURNAL_SEGMENT))
		fanl_segment_claim(journal,
				   batch->offset / FANOTIFY_JOURNAL_SEGMENT,
				   first, realtime);
	batch->block = (struct fanl_block){
		.first = first,
		.length = sizeof(struct fanotify_journal_block),
		.realtime = realtime,
	};
}

static int fanl_block_end(struct fanl_batch *batch)
{
	struct fanl_journal *journal = batch->journal;
	struct fanl_block *block = &batch->block;
	unsigned int len = round_up(block->length, FANOTIFY_JOURNAL_UNIT);
	struct fanl_segment *segment;
	int err;

	if (!block->count)
		return 0;
	fanl_block_seal(journal, journal->buffer, block);
	memset(journal->buffer + block->length, 0, len - block->length);
	err = fanl_ring_write(batch, journal->buffer, len, batch->offset);

	segment = &journal->ring.segment[batch->offset /
					 FANOTIFY_JOURNAL_SEGMENT];
	mutex_lock(&journal->lock);
	segment->realtime = min(segment->realtime, block->realtime);
	mutex_unlock(&journal->lock);
	batch->offset += len;
	block->count = 0;
	return err;
}

static bool fanl_header_is_old(const struct fanl_journal *journal)
{
	return journal->ring.since_header >=
	       min(FANL_HEADER_SEGMENTS, journal->ring.segments / 4);
}

/* All of them, or as many as there may be before the header is written. */
static int fanl_batch_records(struct fanl_batch *batch)
{
	struct fanl_journal *journal = batch->journal;
	struct fanl_block *block = &batch->block;
	struct sk_buff *skb;
	int err;

	batch->offset = journal->ring.offset;
	batch->last = NULL;
	block->count = 0;
	skb_queue_walk(&batch->records, skb) {
		const unsigned int len = skb->len - FANL_EVENT_HEAD;
		const unsigned int need =
			ALIGN(sizeof(struct fanotify_journal_record) + len,
			      FANOTIFY_JOURNAL_ALIGN);
		const u64 index = fanl_event_seq(skb);
		const u64 realtime = fanl_event_realtime(skb);

		if (block->count &&
		    batch->offset % FANOTIFY_JOURNAL_SEGMENT + block->length +
		    need > FANOTIFY_JOURNAL_SEGMENT) {
			err = fanl_block_end(batch);
			if (err)
				return err;
		}
		if (!block->count) {
			if (batch->last && fanl_header_is_old(journal))
				break;
			fanl_block_begin(batch, index, realtime, need);
		}
		block->length += fanl_record_put(journal->buffer + block->length,
						 index,
						 skb->data + FANL_EVENT_HEAD,
						 len);
		block->realtime = min(block->realtime, realtime);
		block->count++;
		batch->realtime = realtime;
		batch->last = skb;
	}
	return fanl_block_end(batch);
}

static int fanl_batch_header(struct fanl_batch *batch)
{
	struct fanl_journal *journal = batch->journal;
	unsigned int len;

	mutex_lock(&journal->lock);
	journal->header_dirty = false;
	len = fanl_header_encode(journal, journal->buffer);
	mutex_unlock(&journal->lock);
	return fanl_ring_write(batch, journal->buffer, len,
			       (journal->ring.sequence + 1) % 2 *
				       FANOTIFY_JOURNAL_HEADER_COPY);
}

/* Write something, and have it on disk. */
static int fanl_batch_write(struct fanl_batch *batch, const struct path *mount,
			    int (*write)(struct fanl_batch *batch))
{
	struct fanl_journal *journal = batch->journal;
	int err;

	batch->file = fanl_journal_open(journal, mount, O_WRONLY);
	if (IS_ERR(batch->file))
		return PTR_ERR(batch->file);
	err = write(batch);
	__fput_sync(batch->file);
	if (err)
		return err;
	batch->file = fanl_journal_open(journal, mount, O_RDONLY);
	if (IS_ERR(batch->file))
		return PTR_ERR(batch->file);
	err = vfs_fsync(batch->file, 1);
	__fput_sync(batch->file);
	return err;
}

/* Take what waits, with a record about what was lost behind it. */
static void fanl_batch_take(struct fanl_batch *batch)
{
	struct fanl_journal *journal = batch->journal;
	struct fanl_group *group = journal->group;
	struct fanl_journal_gap *gap = &journal->gap;
	/* whether there is a gap is known under the lock only */
	struct sk_buff *skb = fanl_gap_alloc(0, GFP_KERNEL_ACCOUNT);
	u64 covered = 0;

	__skb_queue_head_init(&batch->records);
	spin_lock(&group->lock);
	skb_queue_splice_tail_init(&journal->queue, &batch->records);
	journal->kicked = false;
	batch->nomem = gap->index && !skb;
	if (skb && gap->index) {
		batch->gap = *gap;
		covered = gap->index;
		fanl_gap_open(skb, gap->index, gap->reason);
		fanl_gap_since(skb, gap->since);
		fanl_gap_grow(skb, gap->index, gap->count);
		fanl_event_stamp(skb, gap->index, 0);
		__skb_queue_tail(&batch->records, skb);
		journal->bytes += skb->truesize;
		gap->index = 0;
		group->nr_gaps = 0;
		skb = NULL;
	}
	spin_unlock(&group->lock);
	kfree_skb(skb);
	if (covered)
		fanl_journal_covered(journal, covered);
}

/* It stays in memory for the next time. */
static void fanl_batch_put_back(struct fanl_batch *batch)
{
	struct fanl_journal *journal = batch->journal;
	struct fanl_journal_gap *gap = &journal->gap;
	struct sk_buff *skb = NULL;

	spin_lock(&journal->group->lock);
	/* one that is the last record still grows, so that there are not ever more */
	if (batch->gap.index && skb_queue_empty(&journal->queue)) {
		if (gap->index) {
			batch->gap.count += gap->count;
			journal->gaps--;
		}
		*gap = batch->gap;
		journal->newest = gap->index;
		journal->group->nr_gaps = 1;
		skb = __skb_dequeue_tail(&batch->records);
		journal->bytes -= skb->truesize;
	}
	skb_queue_splice_init(&batch->records, &journal->queue);
	spin_unlock(&journal->group->lock);
	kfree_skb(skb);
}

/* What was written is on disk. */
static void fanl_batch_done(struct fanl_batch *batch)
{
	const u64 index = fanl_event_seq(batch->last);
	struct fanl_journal *journal = batch->journal;
	struct fanl_ring *ring = &journal->ring;
	struct sk_buff *skb;
	size_t bytes = 0;
	bool more;

	do {
		skb = __skb_dequeue(&batch->records);
		more = skb != batch->last;
		bytes += skb->truesize;
		kfree_skb(skb);
	} while (more);

	mutex_lock(&journal->lock);
	ring->offset = batch->offset == ring->size ? FANOTIFY_JOURNAL_SEGMENT :
						     batch->offset;
	ring->realtime = batch->realtime;
	WRITE_ONCE(ring->index, index + 1);
	journal->batches++;
	fanl_consumers_check(journal);
	mutex_unlock(&journal->lock);

	spin_lock(&journal->group->lock);
	journal->bytes -= bytes;
	spin_unlock(&journal->group->lock);
	if (skb_queue_empty(&batch->records))
		batch->gap.index = 0;
	wake_up_all(&journal->wait);
}

/**
 * fanl_header_is_due - whether the header is to be written
 * @journal: the journal; its io mutex is held, or at level ordered records are put
 *
 * Return: so it is.
 */
bool fanl_header_is_due(const struct fanl_journal *journal)
{
	return journal->header_dirty || fanl_header_is_old(journal);
}

/**
 * fanl_header_written - the header was written
 * @journal: the journal; its io mutex is held
 * @err: or it was not: then it still is to be
 *
 * Return: @err.
 */
int fanl_header_written(struct fanl_journal *journal, int err)
{
	mutex_lock(&journal->lock);
	if (err) {
		journal->header_dirty = true;
	} else {
		journal->ring.sequence++;
		journal->ring.since_header = 0;
	}
	mutex_unlock(&journal->lock);
	return err;
}

/* It must not say that the journal was stopped before all is there. */
static bool fanl_batch_header_is_due(const struct fanl_batch *batch)
{
	const struct fanl_journal *journal = batch->journal;

	if (journal->clean &&
	    (batch->nomem || !skb_queue_empty(&batch->records)))
		return false;
	return fanl_header_is_due(journal);
}

static int fanl_batch_all(struct fanl_batch *batch, const struct path *mount)
{
	struct fanl_journal *journal = batch->journal;
	int err = 0;

	if (journal->ordered)
		return fanl_ordered_write(journal);
	do {
		if (!skb_queue_empty(&batch->records)) {
			err = fanl_batch_write(batch, mount,
					       fanl_batch_records);
			if (err)
				return err;
			fanl_batch_done(batch);
		}
		if (fanl_batch_header_is_due(batch)) {
			err = fanl_batch_write(batch, mount, fanl_batch_header);
			err = fanl_header_written(journal, err);
		}
	} while (!err && !skb_queue_empty(&batch->records));
	return err;
}

/* At level ordered, records are committed within the interval. */
static bool fanl_ordered_waits(const struct fanl_journal *journal)
{
	return journal->ordered &&
	       READ_ONCE(journal->newest) != fanl_journal_durable(journal);
}

/**
 * fanl_journal_write - write what waits
 * @journal: the journal; its io mutex is held
 *
 * Return: 0, all of it is on disk; or an error, and it waits on: -EROFS; -EBUSY, the
 * filesystem is frozen; -ENOENT, the path does not lead to it; -ESTALE, the ring file
 * was removed; -EUCLEAN, it has another size; -ENOMEM; -ENOSPC, -EIO and the like.
 */
int fanl_journal_write(struct fanl_journal *journal)
{
	struct fanl_batch batch = { .journal = journal };
	struct path mount;
	int err = 0;

	fanl_batch_take(&batch);
	if (skb_queue_empty(&batch.records) && !fanl_header_is_due(journal) &&
	    !fanl_ordered_waits(journal))
		goto done;
	err = fanl_journal_resolve(journal, &mount);
	if (!err) {
		if (sb_start_write_trylock(mount.mnt->mnt_sb)) {
			err = fanl_batch_all(&batch, &mount);
			sb_end_write(mount.mnt->mnt_sb);
		} else {
			err = -EBUSY;
		}
		path_put(&mount);
	}
	if (err)
		fanl_batch_put_back(&batch);
done:
	if (batch.nomem)
		err = err ?: -ENOMEM;
	mutex_lock(&journal->lock);
	journal->error = -err;
	journal->written += batch.written;
	mutex_unlock(&journal->lock);
	return err;
}
