// SPDX-License-Identifier: GPL-2.0
/*
 * Level ordered: records within the transactions that make the changes.
 *
 * ext4 calls at each change, with the handle that has made it (patches/), and the record
 * goes into the ring file's blocks as metadata of that transaction. So a crash leaves
 * both of them or none. Nothing waits in memory, and no event of fsnotify is used.
 *
 * A block of the ring is filled record by record, and is of 4,096 bytes: one credit does
 * for a record. The header is written in a handle of its own.
 *
 * What is read is on disk: ext4 tells when a transaction has committed. A transaction's
 * handles are all done before those of the next one start, so that the order of indices
 * is that of transactions.
 *
 * Once there is no journal any more, no change must be without a record before the header
 * says so: it is on disk before the log is disabled, as one of a journal that was stopped.
 * If the ring file cannot be written any more, a mount is counted, as if one was missed.
 * From the start until its first record is on disk, the header names no mount.
 *
 * Locking: @use is held while the log's blocks are read or the header is written, so
 * that it is not detached meanwhile, for which it is held to write; handles nest in it. In
 * a handle nests @append, for what is being filled, in that the journal's lock and the
 * group's. Nobody waits for a transaction with @append held. @commit_lock (spin) nests in
 * them, and in ext4's.
 */
#include <linux/buffer_head.h>
#include <linux/cleanup.h>
#include <linux/dcache.h>
#include <linux/delay.h>
#include <linux/ext4_change_log.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "compat.h"
#include "event.h"
#include "group.h"
#include "journal.h"
#include "journal-consumer.h"
#include "kind.h"
#include "path.h"

#define FANL_UNIT	FANOTIFY_JOURNAL_UNIT

/* A record's attributes at most: two such records, one of them a gap, fit in a block. */
#define FANL_ORDERED_MAX	3600

#define FANL_ORDERED_PATH	1024

/**
 * struct fanl_ordered - a journal of level ordered
 * @log: for ext4
 * @journal: the journal
 * @use: see the top of this file
 * @detached: the log is not to be used, not yet or not any more [use]
 * @append: protects what follows, up to @path
 * @bh: block that is being filled; NULL, a new one is to be begun
 * @block: what it is
 * @offset: where it is, or the next one
 * @starting: the first record is still to come
 * @gap_since: if changes may be missing before it, since when; else 0
 * @gap_reason: enum fanotify_gap_reason
 * @mount: the number of the mount that the header was written in
 * @gap: the record that says so
 * @skb: where records are encoded
 * @path: where paths are built
 * @commit_lock: protects @last
 * @last: of transactions that are not on disk: the last record
 */
struct fanl_ordered {
	struct ext4_change_log	log;
	struct fanl_journal	*journal;
	struct rw_semaphore	use;
	bool			detached;
	struct mutex		append;
	struct buffer_head	*bh;
	struct fanl_block	block;
	u64			offset;
	bool			starting;
	u64			gap_since;
	u32			gap_reason;
	unsigned int		mount;
	struct sk_buff		*gap;
	struct sk_buff		*skb;
	char			path[2][FANL_ORDERED_PATH];
	spinlock_t		commit_lock;
	struct {
		tid_t	tid;
		u64	index;
		u64	realtime;
	} last[2];
};

/* ---- what a record says ---- */

static u64 fanl_ordered_created(const struct inode *inode)
{
	switch (inode->i_mode & S_IFMT) {
	case S_IFDIR:
		return FANOTIFY_KIND_MKDIR;
	case S_IFREG:
		return FANOTIFY_KIND_CREATE_FILE;
	case S_IFLNK:
		return FANOTIFY_KIND_SYMLINK;
	default:
		return FANOTIFY_KIND_MKNOD;
	}
}

static u64 fanl_ordered_attr(unsigned int valid)
{
	u64 kinds = 0;

	/* which takes set-uid bits away, and whose times are no utimes */
	if (valid & ATTR_SIZE) {
		kinds = FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_TRUNCATE;
		valid &= ~(ATTR_ATIME | ATTR_MTIME);
	}
	if (valid & ATTR_MODE)
		kinds |= FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_CHMOD;
	if (valid & (ATTR_UID | ATTR_GID))
		kinds |= FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_CHOWN;
	if (valid & (ATTR_ATIME | ATTR_MTIME))
		kinds |= FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_UTIMES;
	return kinds ?: FANOTIFY_KIND_ATTRIB;
}

static u64 fanl_ordered_kinds(const struct ext4_change *change)
{
	const struct inode *inode = change->inode;

	switch (change->op) {
	case EXT4_CHANGE_CREATE:
		return FANOTIFY_KIND_CREATE | fanl_ordered_created(inode);
	case EXT4_CHANGE_LINK:
		return FANOTIFY_KIND_CREATE |
		       (inode->i_nlink == 1 ? FANOTIFY_KIND_TMPFILE_LINK :
					      FANOTIFY_KIND_HARDLINK);
	case EXT4_CHANGE_UNLINK:
		return FANOTIFY_KIND_DELETE | FANOTIFY_KIND_UNLINK |
		       (inode->i_nlink ? 0 : FANOTIFY_KIND_LAST_UNLINK);
	case EXT4_CHANGE_RMDIR:
		return FANOTIFY_KIND_DELETE | FANOTIFY_KIND_RMDIR;
	case EXT4_CHANGE_RENAME:
		return FANOTIFY_KIND_RENAME | FANOTIFY_KIND_MOVED_FROM |
		       FANOTIFY_KIND_MOVED_TO;
	case EXT4_CHANGE_ATTR:
		return fanl_ordered_attr(change->flags);
	case EXT4_CHANGE_SIZE:
		return FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_TRUNCATE;
	case EXT4_CHANGE_SETXATTR:
		return FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_SETXATTR;
	case EXT4_CHANGE_REMOVEXATTR:
		return FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_REMOVEXATTR;
	case EXT4_CHANGE_FLAGS:
		return FANOTIFY_KIND_ATTRIB | FANL_KIND_SETFLAGS;
	case EXT4_CHANGE_WRITE:
		return FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_WRITE;
	}
	return 0;
}

/**
 * fanl_ordered_mask - kinds that stand for those of a mask
 * @mask: of a journal or a consumer
 *
 * Return: the mask, with write if it has a kind of which a write is all that is recorded.
 */
u64 fanl_ordered_mask(u64 mask)
{
	const u64 written = FANOTIFY_KIND_FALLOCATE |
			    FANOTIFY_KIND_CLONE_RANGE | FANL_KIND_MMAP_WRITE;

	return mask & written ? mask | FANOTIFY_KIND_WRITE : mask;
}

/* What the journal is to record of it. */
static u64 fanl_ordered_wanted(const struct fanl_journal *journal,
			       const struct ext4_change *change)
{
	const bool is_dir = S_ISDIR(change->inode->i_mode);
	u64 kinds = fanl_ordered_kinds(change);

	if (is_dir)
		kinds |= FANOTIFY_KIND_ONDIR;
	return fanl_kinds_wanted(kinds,
				 fanl_kinds_of_mask(journal->set.mask, is_dir),
				 0, FANL_KINDS_JOURNAL);
}

static void fanl_ordered_walk(struct fanl_path *path, char *buf,
			      struct dentry *dentry, const struct qstr *child,
			      u32 *flags)
{
	struct dentry *top = NULL;

	path->name = NULL;
	if (dentry)
		top = fanl_path_build(path, buf, FANL_ORDERED_PATH, dentry,
				      child);
	if (dentry && !top) {
		*flags |= FANOTIFY_EVENT_FLAG_PATH_TRUNCATED;
		path->name = NULL;
	} else if (!top || top != dentry->d_sb->s_root) {
		*flags |= FANOTIFY_EVENT_FLAG_PATH_UNREACHABLE;
		path->name = NULL;
	}
}

/*
 * A name of an object: whoever changes it got to it by one, which need not be the one
 * that is found. No reference is taken, as dropping the last one of an object could not
 * be done within a handle; what RCU keeps is enough to read names.
 */
static void fanl_ordered_walk_alias(struct fanl_path *path, char *buf,
				    struct inode *inode, u32 *flags)
{
	struct dentry *dentry = NULL;

	rcu_read_lock();
	spin_lock(&inode->i_lock);
	if (!hlist_empty(&inode->i_dentry))
		dentry = hlist_entry(inode->i_dentry.first, struct dentry,
				     fanl_d_alias);
	spin_unlock(&inode->i_lock);
	if (dentry && d_unlinked(dentry))
		dentry = NULL;
	fanl_ordered_walk(path, buf, dentry, NULL, flags);
	rcu_read_unlock();
}

static bool fanl_ordered_is_name(const struct ext4_change *change)
{
	return change->op <= EXT4_CHANGE_RENAME;
}

/* Make the event of a change in the log's message; @append is held. */
static void fanl_ordered_encode(struct fanl_ordered *ordered,
				const struct ext4_change *change, u64 kinds)
{
	struct dentry *dentry = change->dentry, *new = change->new_dentry;
	struct fanl_path path = {}, new_path = {};
	struct fanl_event event = {
		.kinds = kinds,
		.sb = change->inode->i_sb,
		.node[FANL_NODE_OBJECT] = {
			.inode = change->inode,
			.with_stat = true,
		},
	};

	if (fanl_ordered_is_name(change)) {
		event.node[FANL_NODE_DIR].inode = d_inode(dentry->d_parent);
		event.node[FANL_NODE_DIR].with_stat = true;
		event.name = &dentry->d_name;
		fanl_ordered_walk(&path, ordered->path[0], dentry->d_parent,
				  &dentry->d_name, &event.flags);
		event.path = &path;
	} else if (dentry && !d_unlinked(dentry)) {
		fanl_ordered_walk(&path, ordered->path[0], dentry, NULL,
				  &event.flags);
		event.path = &path;
	} else {
		fanl_ordered_walk_alias(&path, ordered->path[0], change->inode,
					&event.flags);
		event.path = &path;
	}
	if (new) {
		event.new_name = &new->d_name;
		fanl_ordered_walk(&new_path, ordered->path[1], new->d_parent,
				  &new->d_name, &event.flags);
		event.new_path = &new_path;
		if (new->d_parent != dentry->d_parent) {
			event.node[FANL_NODE_NEW_DIR].inode =
				d_inode(new->d_parent);
			event.node[FANL_NODE_NEW_DIR].with_stat = true;
		}
		if (change->flags & RENAME_EXCHANGE)
			event.flags |= FANOTIFY_EVENT_FLAG_EXCHANGE;
		if (change->flags & RENAME_WHITEOUT)
			event.flags |= FANOTIFY_EVENT_FLAG_WHITEOUT;
		if (d_is_positive(new)) {
			event.node[FANL_NODE_TARGET].inode = d_inode(new);
			event.node[FANL_NODE_TARGET].with_stat = true;
		}
	}
	fanl_event_encode_in(ordered->journal->group, &event, ordered->skb);
	if (ordered->skb->len - FANL_EVENT_HEAD > FANL_ORDERED_MAX) {
		event.flags |= FANOTIFY_EVENT_FLAG_PATH_TRUNCATED;
		event.path = NULL;
		event.new_path = NULL;
		fanl_event_encode_in(ordered->journal->group, &event,
				     ordered->skb);
	}
	fanl_event_sample(&event);
}

/* ---- into the ring ---- */

static int fanl_ordered_begin_block(struct fanl_ordered *ordered, u64 first,
				    u64 realtime)
{
	struct fanl_journal *journal = ordered->journal;
	struct fanl_ring *ring = &journal->ring;
	struct buffer_head *bh;
	u64 offset;

	offset = fanl_ring_advance(ring, ordered->offset, FANL_UNIT);
	/* before the block is empty, so that who reads it knows why */
	if (!(offset % FANOTIFY_JOURNAL_SEGMENT)) {
		fanl_segment_claim(journal, offset / FANOTIFY_JOURNAL_SEGMENT,
				   first, realtime);
		if (fanl_header_is_due(journal))
			fanl_journal_hurry(journal);
	}
	bh = ext4_change_log_getblk(&ordered->log, offset / FANL_UNIT);
	if (IS_ERR(bh))
		return PTR_ERR(bh);
	mutex_lock(&journal->lock);
	ring->head = first;
	ring->head_offset = offset;
	ring->offset = offset + FANL_UNIT == ring->size ?
			       FANOTIFY_JOURNAL_SEGMENT : offset + FANL_UNIT;
	mutex_unlock(&journal->lock);
	ordered->bh = bh;
	ordered->offset = offset;
	ordered->block = (struct fanl_block){
		.first = first,
		.length = sizeof(struct fanotify_journal_block),
		.realtime = realtime,
	};
	return 0;
}

static void fanl_ordered_end_block(struct fanl_ordered *ordered)
{
	if (!ordered->bh)
		return;
	brelse(ordered->bh);
	ordered->bh = NULL;
	ordered->offset += FANL_UNIT;
}

/* The record is on disk when the transaction is. */
static void fanl_ordered_note(struct fanl_ordered *ordered, tid_t tid,
			      u64 index, u64 realtime)
{
	struct fanl_journal *journal = ordered->journal;

	spin_lock(&ordered->commit_lock);
	ordered->last[tid % 2].tid = tid;
	ordered->last[tid % 2].index = index;
	ordered->last[tid % 2].realtime = realtime;
	spin_unlock(&ordered->commit_lock);

	ordered->log.seq = index;
	spin_lock(&journal->group->lock);
	journal->newest = index;
	spin_unlock(&journal->group->lock);
}

/* Return: the record's index, or an error; @append is held. */
static s64 fanl_ordered_put(struct fanl_ordered *ordered, handle_t *handle,
			    const struct sk_buff *skb)
{
	const unsigned int len = skb->len - FANL_EVENT_HEAD;
	const unsigned int need =
		ALIGN(sizeof(struct fanotify_journal_record) + len,
		      FANOTIFY_JOURNAL_ALIGN);
	struct fanl_journal *journal = ordered->journal;
	struct fanl_block *block = &ordered->block;
	const u64 realtime = fanl_event_realtime(skb);
	const u64 index = journal->newest + 1;
	u8 *p;
	int err;

	if (ordered->bh && block->length + need > FANL_UNIT)
		fanl_ordered_end_block(ordered);
	if (!ordered->bh) {
		err = fanl_ordered_begin_block(ordered, index, realtime);
		if (err)
			return err;
	}
	err = ext4_change_log_get_write_access(&ordered->log, handle,
					       ordered->bh);
	if (err)
		return err;
	p = ordered->bh->b_data;
	if (!block->count)
		memset(p, 0, FANL_UNIT);
	block->length += fanl_record_put(p + block->length, index,
					 skb->data + FANL_EVENT_HEAD, len);
	block->count++;
	fanl_block_seal(journal, p, block);
	err = ext4_change_log_dirty(&ordered->log, handle, ordered->bh);
	if (err)
		return err;
	fanl_ordered_note(ordered, handle->h_transaction->t_tid, index,
			  realtime);
	return index;
}

/*
 * Nothing has changed since the last record: this is the mount in which the journal was
 * stopped, or the one after that in which it was not; by the lower half of their numbers,
 * which is counted from the check on that the upper half stands for.
 */
static bool fanl_ordered_continues(const struct fanl_ordered *ordered)
{
	const bool stopped = ordered->gap_reason == FANOTIFY_GAP_REASON_NOT_RUNNING;
	const u32 now = ordered->log.mount, then = ordered->mount;
	const u16 later = now - then;

	return ordered->log.unchanged && then && now >> 16 == then >> 16 &&
	       (!later || (!stopped && later == 1));
}

/* The first record of a journal that ran before is a gap, if something may be missing. */
static int fanl_ordered_settle(struct fanl_ordered *ordered, handle_t *handle)
{
	struct fanl_journal *journal = ordered->journal;
	s64 index;

	if (!ordered->starting)
		return 0;
	if (!ordered->gap_since || fanl_ordered_continues(ordered)) {
		ordered->starting = false;
		return 0;
	}
	fanl_gap_open(ordered->gap, journal->newest + 1, ordered->gap_reason);
	fanl_gap_since(ordered->gap, ordered->gap_since);
	index = fanl_ordered_put(ordered, handle, ordered->gap);
	if (index < 0)
		return index;
	ordered->starting = false;
	fanl_journal_covered(journal, index);
	return 0;
}

static s64 fanl_ordered_record(struct ext4_change_log *log, handle_t *handle,
			       const struct ext4_change *change)
{
	struct fanl_ordered *ordered = container_of(log, struct fanl_ordered,
						    log);
	struct fanl_journal *journal = ordered->journal;
	const u64 kinds = fanl_ordered_wanted(journal, change);
	s64 index;

	if (!kinds || change->inode == log->inode)
		return 0;
	mutex_lock(&ordered->append);
	fanl_ordered_encode(ordered, change, kinds);
	index = fanl_ordered_settle(ordered, handle);
	if (!index)
		index = fanl_ordered_put(ordered, handle, ordered->skb);
	mutex_unlock(&ordered->append);
	fanl_journal_touch(journal);
	return index;
}

static void fanl_ordered_committed(struct ext4_change_log *log, tid_t tid)
{
	struct fanl_ordered *ordered = container_of(log, struct fanl_ordered,
						    log);
	struct fanl_journal *journal = ordered->journal;
	u64 index = 0, realtime = 0;

	spin_lock(&ordered->commit_lock);
	if (ordered->last[tid % 2].tid == tid) {
		index = ordered->last[tid % 2].index;
		realtime = ordered->last[tid % 2].realtime;
	}
	spin_unlock(&ordered->commit_lock);
	if (!index)
		return;
	WRITE_ONCE(journal->ring.realtime, realtime);
	WRITE_ONCE(journal->ring.index, index + 1);
	wake_up_all(&journal->wait);
}

static void fanl_ordered_let_go(struct fanl_ordered *ordered)
{
	down_write(&ordered->use);
	if (!ordered->detached) {
		ext4_change_log_detach(&ordered->log);
		ordered->detached = true;
		fanl_ordered_end_block(ordered);
	}
	up_write(&ordered->use);
}

static void fanl_ordered_get(struct ext4_change_log *log)
{
	struct fanl_ordered *ordered = container_of(log, struct fanl_ordered,
						    log);

	kref_get(&ordered->journal->group->kref);
}

static void fanl_ordered_release(struct ext4_change_log *log)
{
	struct fanl_ordered *ordered = container_of(log, struct fanl_ordered,
						    log);
	struct fanl_journal *journal = ordered->journal;

	fanl_ordered_let_go(ordered);
	fanl_journal_unmounted(journal);
	fanl_journal_put(journal);
}

static const struct ext4_change_log_ops fanl_ordered_ops = {
	.record		= fanl_ordered_record,
	.committed	= fanl_ordered_committed,
	.get		= fanl_ordered_get,
	.release	= fanl_ordered_release,
};

/* ---- start and end ---- */

static int fanl_ordered_refuse(int err, struct netlink_ext_ack *extack)
{
	if (err == -EOPNOTSUPP)
		NL_SET_ERR_MSG(extack,
			       "level ordered takes ext4 with a journal, with blocks of 4096 bytes, without ea_inode, and not on DAX");
	else if (err == -ETXTBSY)
		NL_SET_ERR_MSG(extack,
			       "ring file is open for writing elsewhere, or a swap file");
	else if (err == -EINVAL)
		NL_SET_ERR_MSG(extack,
			       "ring file has holes, or is encrypted, inline or with journalled data");
	else if (err == -EBUSY)
		NL_SET_ERR_MSG(extack, "filesystem has a change log");
	else if (err == -EROFS)
		NL_SET_ERR_MSG(extack, "filesystem is read-only");
	else
		NL_SET_ERR_MSG(extack, "ring file cannot be attached");
	return err;
}

/**
 * fanl_ordered_attach - let a journal of level ordered write its blocks
 * @journal: the journal, which knows what is in the ring
 * @file: its ring file
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -ENOMEM; -EUCLEAN, it has another size by now; or as
 * ext4_change_log_attach().
 */
int fanl_ordered_attach(struct fanl_journal *journal, struct file *file,
			struct netlink_ext_ack *extack)
{
	struct fanl_ordered *ordered;
	int err;

	if (file_inode(file)->i_sb->s_blocksize != FANL_UNIT)
		return fanl_ordered_refuse(-EOPNOTSUPP, extack);
	ordered = kzalloc(sizeof(*ordered), GFP_KERNEL_ACCOUNT);
	if (!ordered)
		return -ENOMEM;
	ordered->log.ops = &fanl_ordered_ops;
	ordered->journal = journal;
	ordered->detached = true;
	ordered->offset = journal->ring.offset;
	ordered->starting = true;
	ordered->mount = journal->mount;
	journal->mount = 0;
	init_rwsem(&ordered->use);
	mutex_init(&ordered->append);
	spin_lock_init(&ordered->commit_lock);
	journal->ring.head = journal->ring.index;
	journal->ring.head_offset = journal->ring.offset;
	/* it is freed with the journal */
	journal->ordered = ordered;
	ordered->gap = fanl_gap_alloc(0, GFP_KERNEL_ACCOUNT);
	ordered->skb = fanl_event_alloc(journal->group, FANOTIFY_EVENT_MAX,
					GFP_KERNEL);
	if (!ordered->gap || !ordered->skb)
		return -ENOMEM;
	err = ext4_change_log_attach(&ordered->log, file);
	if (err)
		return fanl_ordered_refuse(err, extack);
	ordered->detached = false;
	/* which it keeps from here on */
	if (i_size_read(file_inode(file)) == journal->ring.size)
		return 0;
	NL_SET_ERR_MSG(extack, "ring file has another size");
	return -EUCLEAN;
}

/**
 * fanl_ordered_begin - record from now on
 * @journal: the journal, whose header is on disk
 * @reason: of the gap before, if it turns out that there may be one
 * @since: since when; 0, there is none
 *
 * Context: a task that keeps the filesystem mounted; takes freeze protection.
 * Return: 0 or an error.
 */
int fanl_ordered_begin(struct fanl_journal *journal, u32 reason, u64 since)
{
	const bool data = journal->set.mask &
			  (FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_WRITE);
	struct fanl_ordered *ordered = journal->ordered;
	struct super_block *sb = ordered->log.inode->i_sb;
	handle_t *handle;
	int err, err2;

	ordered->gap_reason = reason;
	ordered->gap_since = since;
	ext4_change_log_enable(&ordered->log,
			       data ? journal->newest + 1 : 0);
	if (!since)
		fanl_journal_covered(journal, journal->newest + 1);
	sb_start_write(sb);
	handle = ext4_change_log_start(&ordered->log, 1);
	if (IS_ERR(handle)) {
		err = PTR_ERR(handle);
	} else {
		mutex_lock(&ordered->append);
		err = fanl_ordered_settle(ordered, handle);
		mutex_unlock(&ordered->append);
		err2 = ext4_change_log_stop(handle);
		err = err ?: err2;
	}
	sb_end_write(sb);
	if (err)
		return err;
	/* not before: a crash must not leave the number of this mount without the gap */
	mutex_lock(&journal->lock);
	journal->mount = ordered->log.mount;
	journal->header_dirty = true;
	mutex_unlock(&journal->lock);
	return 0;
}

/* The header, in a transaction; @use is held. */
static int fanl_ordered_header(struct fanl_ordered *ordered)
{
	struct fanl_journal *journal = ordered->journal;
	struct ext4_change_log *log = &ordered->log;
	unsigned int len, at;
	handle_t *handle;
	u32 first;
	int err = 0, err2;

	mutex_lock(&journal->lock);
	journal->header_dirty = false;
	len = fanl_header_encode(journal, journal->buffer);
	mutex_unlock(&journal->lock);
	memset(journal->buffer + len, 0, round_up(len, FANL_UNIT) - len);
	first = (journal->ring.sequence + 1) % 2 * FANOTIFY_JOURNAL_HEADER_COPY /
		FANL_UNIT;

	handle = ext4_change_log_start(log, DIV_ROUND_UP(len, FANL_UNIT));
	if (IS_ERR(handle))
		return PTR_ERR(handle);
	for (at = 0; at < len && !err; at += FANL_UNIT) {
		struct buffer_head *bh =
			ext4_change_log_getblk(log, first + at / FANL_UNIT);

		if (IS_ERR(bh)) {
			err = PTR_ERR(bh);
			break;
		}
		err = ext4_change_log_get_write_access(log, handle, bh);
		if (!err) {
			memcpy(bh->b_data, journal->buffer + at, FANL_UNIT);
			err = ext4_change_log_dirty(log, handle, bh);
		}
		brelse(bh);
	}
	err2 = ext4_change_log_stop(handle);
	return err ?: err2;
}

/* Return: whether there is no more to do about it. */
static bool fanl_ordered_try_close(struct fanl_journal *journal)
{
	struct fanl_ordered *ordered = journal->ordered;
	struct super_block *sb;
	int err;

	guard(mutex)(&journal->io);
	guard(rwsem_read)(&ordered->use);
	/* one that has not begun has nothing to say of what was not recorded until now */
	if (ordered->detached || !journal->mount ||
	    (journal->clean && !READ_ONCE(journal->header_dirty)))
		return true;
	sb = ordered->log.inode->i_sb;
	/* once it is writable again, it counts as another mount */
	if (sb_rdonly(sb))
		return true;
	if (!sb_start_write_trylock(sb))
		return false;
	journal->clean = true;
	err = fanl_header_written(journal, fanl_ordered_header(ordered));
	/* or else the next start is to find that a mount was missed */
	if (err && err != -ENOMEM)
		err = ext4_change_log_skip_mount(&ordered->log);
	/* on disk before a change without a record may be */
	err = err ?: ext4_change_log_commit(&ordered->log);
	sb_end_write(sb);
	/* where neither can be written, but for want of memory, nothing changes any more */
	return err != -ENOMEM;
}

/* Have a header that says that it was stopped; see the top of this file. */
static void fanl_ordered_close(struct fanl_journal *journal)
{
	/* frozen, or no memory: waited for without @use, which an unmount takes */
	while (!fanl_ordered_try_close(journal))
		msleep(20);
}

/**
 * fanl_ordered_detach - let the ring file go
 * @journal: the journal, of any level
 *
 * Context: waits for a frozen filesystem to be thawed.
 */
void fanl_ordered_detach(struct fanl_journal *journal)
{
	struct fanl_ordered *ordered = journal->ordered;

	if (!ordered)
		return;
	fanl_ordered_close(journal);
	fanl_ordered_let_go(ordered);
}

/**
 * fanl_ordered_free - free what level ordered has
 * @journal: the journal, of any level
 */
void fanl_ordered_free(struct fanl_journal *journal)
{
	struct fanl_ordered *ordered = journal->ordered;

	if (!ordered)
		return;
	kfree_skb(ordered->gap);
	kfree_skb(ordered->skb);
	mutex_destroy(&ordered->append);
	kfree(ordered);
}

/* ---- for the worker, and for who reads ---- */

/**
 * fanl_ordered_write - have all records on disk, and the header if it is due
 * @journal: the journal; its io mutex is held
 *
 * Context: the filesystem is kept mounted, and from freezing.
 * Return: 0 or an error.
 */
int fanl_ordered_write(struct fanl_journal *journal)
{
	struct fanl_ordered *ordered = journal->ordered;
	const u64 newest = READ_ONCE(journal->newest);
	int err = -ENOENT;

	down_read(&ordered->use);
	if (!ordered->detached) {
		err = sb_rdonly(ordered->log.inode->i_sb) ? -EROFS : 0;
		if (!err && fanl_header_is_due(journal))
			err = fanl_header_written(journal,
						  fanl_ordered_header(ordered));
		err = err ?: ext4_change_log_commit(&ordered->log);
	}
	up_read(&ordered->use);
	mutex_lock(&journal->lock);
	if (err)
		journal->header_dirty = true;
	else
		fanl_consumers_check(journal);
	mutex_unlock(&journal->lock);
	if (err)
		return err;
	/* who waits for the commit may be told before we are */
	return wait_event_timeout(journal->wait,
				  fanl_journal_durable(journal) >= newest ||
					  READ_ONCE(journal->gone),
				  10 * HZ) ? 0 : -EIO;
}

/**
 * fanl_ordered_read - read a segment, as it is in memory
 * @journal: the journal
 * @p: where it goes
 * @segment: its number
 *
 * Context: the filesystem is kept mounted.
 * Return: 0 or an error.
 */
int fanl_ordered_read(struct fanl_journal *journal, u8 *p, unsigned int segment)
{
	const unsigned int n = FANOTIFY_JOURNAL_SEGMENT / FANL_UNIT;
	struct fanl_ordered *ordered = journal->ordered;
	int err = 0;

	down_read(&ordered->use);
	if (ordered->detached)
		err = -ENOENT;
	for (unsigned int i = 0; i < n && !err; i++) {
		struct buffer_head *bh =
			ext4_change_log_bread(&ordered->log, segment * n + i);

		if (IS_ERR(bh)) {
			err = PTR_ERR(bh);
			break;
		}
		mutex_lock(&ordered->append);
		memcpy(p + i * FANL_UNIT, bh->b_data, FANL_UNIT);
		mutex_unlock(&ordered->append);
		brelse(bh);
	}
	up_read(&ordered->use);
	return err;
}

/**
 * fanl_ordered_told - records have been read
 * @journal: the journal
 * @index: up to which: data with a record of these needs another one when it changes
 *
 * Called before they are told of, so that who looks at the data then sees what these
 * records are about.
 */
void fanl_ordered_told(struct fanl_journal *journal, u64 index)
{
	struct fanl_ordered *ordered = journal->ordered;

	down_read(&ordered->use);
	if (!ordered->detached)
		ext4_change_log_read(&ordered->log, index);
	up_read(&ordered->use);
}
