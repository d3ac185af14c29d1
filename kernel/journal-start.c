// SPDX-License-Identifier: GPL-2.0
/*
 * The start of a journal: from the ring file, or a new one, to records.
 *
 * The new epoch is on disk before anything is recorded. It is a worker that writes it, so
 * it is known then whether one can. The first record of a journal that ran before is in
 * the queue before there are marks, and gets its time when there are: it is the end of
 * what is missing. io is held meanwhile, so that it is not written before.
 */
#include <linux/dcache.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/workqueue.h>
#include <net/netlink.h>

#include "event.h"
#include "group.h"
#include "journal.h"
#include "kind.h"
#include "mark.h"
#include "object.h"

static int fanl_journal_check(const struct fanl_journal_start *start, u64 size,
			      struct netlink_ext_ack *extack)
{
	const struct inode *inode = file_inode(start->ring);
	const struct super_block *sb = inode->i_sb;

	if (!(sb->s_type->fs_flags & FS_REQUIRES_DEV) ||
	    !fanl_sb_is_local(sb) ||
	    !exportfs_can_decode_fh(sb->s_export_op) ||
	    uuid_is_null(&sb->s_uuid)) {
		NL_SET_ERR_MSG(extack,
			       "filesystem cannot have a journal: it takes a local one with a UUID and file handles");
		return -EOPNOTSUPP;
	}
	if (!S_ISREG(inode->i_mode) || size % FANOTIFY_JOURNAL_SEGMENT ||
	    size < FANOTIFY_JOURNAL_SIZE_MIN || size > FANOTIFY_JOURNAL_SIZE_MAX) {
		NL_SET_ERR_MSG(extack,
			       "ring file has to be a regular file of 1 MiB to 16 GiB, in multiples of 64 KiB");
		return -EINVAL;
	}
	if ((start->ring->f_mode & (FMODE_READ | FMODE_WRITE)) !=
	    (FMODE_READ | FMODE_WRITE)) {
		NL_SET_ERR_MSG(extack,
			       "ring file is not open for reading and writing");
		return -EBADF;
	}
	if (start->path[0] != '/') {
		NL_SET_ERR_MSG(extack, "path is not absolute");
		return -EINVAL;
	}
	return 0;
}

static int fanl_journal_handle(struct fanl_journal *journal,
			       struct inode *inode,
			       struct netlink_ext_ack *extack)
{
	int words = ARRAY_SIZE(journal->handle);
	int type = exportfs_encode_inode_fh(inode,
					    (struct fid *)journal->handle,
					    &words, NULL, 0);

	if (type <= 0 || type == FILEID_INVALID) {
		NL_SET_ERR_MSG(extack, "ring file has no handle");
		return -EOPNOTSUPP;
	}
	journal->handle_type = type;
	journal->handle_len = words * sizeof(u32);
	return 0;
}

/* What was given counts, not what the ring file says. */
static void fanl_journal_settings(struct fanl_journal *journal,
				  const struct fanl_journal_start *start)
{
	if (test_bit(FANOTIFY_A_JOURNAL_MASK, &start->present))
		journal->set.mask = start->set.mask;
	if (test_bit(FANOTIFY_A_JOURNAL_INTERVAL_MS, &start->present))
		journal->set.interval_ms = start->set.interval_ms;
	if (test_bit(FANOTIFY_A_JOURNAL_IDLE_LIMIT, &start->present))
		journal->set.idle_limit = start->set.idle_limit;
	/* what another version wrote may not be legal here */
	journal->set.mask &= FANL_KINDS_JOURNAL;
	if (journal->set.level == FANOTIFY_JOURNAL_LEVEL_ORDERED)
		journal->set.mask = fanl_ordered_mask(journal->set.mask);
	journal->set.interval_ms = clamp(journal->set.interval_ms,
					 FANOTIFY_INTERVAL_MS_MIN,
					 FANOTIFY_INTERVAL_MS_MAX);
}

static int fanl_journal_check_level(const struct fanl_journal *journal,
				    const struct fanl_journal_start *start,
				    struct netlink_ext_ack *extack)
{
	if (!(FANL_JOURNAL_LEVELS & BIT(journal->set.level))) {
		NL_SET_ERR_MSG(extack, "this kernel has no level ordered");
		return -EOPNOTSUPP;
	}
	if (!test_bit(FANOTIFY_A_JOURNAL_LEVEL, &start->present) ||
	    start->set.level == journal->set.level)
		return 0;
	NL_SET_ERR_MSG(extack,
		       "journal is of the other level: only a new one can be of this one");
	return -EINVAL;
}

struct fanl_look {
	struct work_struct		work;
	struct fanl_journal		*journal;
	const struct fanl_journal_start	*start;
	u64				*since;
	struct netlink_ext_ack		*extack;
	int				err;
};

static void fanl_look_work(struct work_struct *work)
{
	struct fanl_look *look = container_of(work, struct fanl_look, work);

	if (look->start->create)
		look->err = fanl_ring_create(look->journal, look->start->ring,
					     look->extack);
	else
		look->err = fanl_ring_recover(look->journal, look->start->ring,
					      look->since, look->extack);
}

/* It is a worker that reads, which no gate asks about, segment by segment. */
static int fanl_journal_look(struct fanl_journal *journal,
			     const struct fanl_journal_start *start, u64 *since,
			     struct netlink_ext_ack *extack)
{
	struct fanl_look look = {
		.journal = journal,
		.start = start,
		.since = since,
		.extack = extack,
	};

	INIT_WORK_ONSTACK(&look.work, fanl_look_work);
	queue_work(fanl_journal_wq, &look.work);
	flush_work(&look.work);
	destroy_work_on_stack(&look.work);
	return look.err;
}

/* What is in the ring file, and a new epoch. */
static int fanl_journal_prepare(struct fanl_journal *journal,
				const struct fanl_journal_start *start,
				u64 *since, bool *clean,
				struct netlink_ext_ack *extack)
{
	u64 mask;
	int err;

	err = fanl_journal_look(journal, start, since, extack);
	if (!err)
		err = fanl_journal_check_level(journal, start, extack);
	if (err)
		return err;
	mask = journal->set.mask;
	fanl_journal_settings(journal, start);
	/* what was not recorded until now is missing */
	if (journal->set.mask & ~mask)
		journal->mount = 0;
	fanl_ring_new_epoch(journal);
	journal->newest = fanl_journal_durable(journal);
	if (journal->set.level == FANOTIFY_JOURNAL_LEVEL_ORDERED) {
		err = fanl_ordered_attach(journal, start->ring, extack);
		if (err)
			return err;
	}
	*clean = journal->clean;
	journal->clean = false;
	journal->header_dirty = true;
	return fanl_journal_flush(journal, extack);
}

/* Watch all of the filesystem but the folder that has the ring file. */
static int fanl_journal_watch(struct fanl_journal *journal,
			      const struct path *ring,
			      struct netlink_ext_ack *extack)
{
	struct fanl_mark_request folder = {
		.type = FANOTIFY_MARK_TYPE_INODE,
		.path = { .mnt = ring->mnt, .dentry = dget_parent(ring->dentry) },
		.ignore = fanl_kinds_ignorable(FANOTIFY_MARK_TYPE_INODE) &
			  ~FANL_KINDS_PERM,
		.flags = FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY,
	};
	struct fanl_mark_request all = {
		.type = FANOTIFY_MARK_TYPE_FILESYSTEM,
		.path = *ring,
		.mask = journal->set.mask,
	};
	int err = -EINVAL;
	u32 id;

	if (IS_ROOT(folder.path.dentry))
		NL_SET_ERR_MSG(extack,
			       "ring file has to be in a folder of its own");
	else
		err = fanl_mark_add(journal->group, &folder, &id, extack);
	if (!err)
		err = fanl_mark_add(journal->group, &all, &id, extack);
	dput(folder.path.dentry);
	return err;
}

/* Record; of a journal that ran before, a gap comes first. */
static int fanl_journal_begin(struct fanl_journal *journal,
			      const struct fanl_journal_start *start, u32 reason,
			      u64 since, struct netlink_ext_ack *extack)
{
	struct fanl_group *group = journal->group;
	const u64 index = journal->newest + 1;
	struct sk_buff *skb = NULL;
	int err;

	if (!start->create) {
		skb = fanl_gap_alloc(0, GFP_KERNEL_ACCOUNT);
		if (!skb)
			return -ENOMEM;
		spin_lock(&group->lock);
		journal->newest = index;
		__skb_queue_tail(&journal->queue, skb);
		journal->bytes += skb->truesize;
		spin_unlock(&group->lock);
	}
	err = fanl_journal_watch(journal, &start->ring->f_path, extack);
	if (skb) {
		/* its time is the end of what is missing */
		fanl_gap_open(skb, index, reason);
		fanl_gap_since(skb, since);
		fanl_event_stamp(skb, index, 0);
	}
	if (!err)
		fanl_journal_covered(journal, index);
	return err;
}

static int fanl_journal_run(struct fanl_journal *journal,
			    const struct fanl_journal_start *start,
			    struct netlink_ext_ack *extack)
{
	u64 since = 0;
	u32 reason;
	bool clean;
	int err;

	err = fanl_journal_prepare(journal, start, &since, &clean, extack);
	if (err)
		return err;
	reason = clean ? FANOTIFY_GAP_REASON_NOT_RUNNING :
			 FANOTIFY_GAP_REASON_UNCLEAN;
	/* nothing is written until the first record says what it is to say */
	mutex_lock(&journal->io);
	if (journal->ordered)
		err = fanl_ordered_begin(journal, reason,
					 start->create ? 0 : since);
	else
		err = fanl_journal_begin(journal, start, reason, since, extack);
	mutex_unlock(&journal->io);
	return err ?: fanl_journal_open_up(journal, extack);
}

/**
 * fanl_journal_start - start the journal of a filesystem
 * @start: how; validated
 * @extack: where the reason of a refusal goes
 *
 * Context: a task that holds no locks; reads and writes the ring file.
 * Return: the journal, with a reference; -EALREADY, it runs; -EBUSY, it is being stopped;
 * -EOPNOTSUPP, no such filesystem or level; -EINVAL, -EBADF, not such a file; -EUCLEAN,
 * -ESTALE, -EEXIST, what is in it; -ESHUTDOWN, the module is being unloaded; -ENOMEM; or
 * as fanl_journal_write().
 */
struct fanl_journal *fanl_journal_start(const struct fanl_journal_start *start,
					struct netlink_ext_ack *extack)
{
	const u64 size = i_size_read(file_inode(start->ring));
	struct fanl_journal *journal;
	struct fanl_group *group;
	int err;

	err = fanl_journal_check(start, size, extack);
	if (err)
		return ERR_PTR(err);
	journal = fanl_journal_alloc(start, size);
	if (!journal)
		return ERR_PTR(-ENOMEM);
	err = fanl_journal_handle(journal, file_inode(start->ring), extack);
	if (err) {
		fanl_journal_free(journal);
		return ERR_PTR(err);
	}
	group = fanl_group_of_journal(journal, start->set.queue_limit);
	if (IS_ERR(group)) {
		fanl_journal_free(journal);
		return ERR_CAST(group);
	}
	journal->group = group;
	err = fanl_journal_register(journal, extack);
	if (err) {
		fanl_group_shutdown(group);
		return ERR_PTR(err);
	}
	kref_get(&group->kref);
	err = fanl_journal_run(journal, start, extack);
	if (err) {
		fanl_journal_end(journal);
		fanl_journal_put(journal);
		return ERR_PTR(err);
	}
	/* if the first record cannot be written now, it will be */
	fanl_journal_flush(journal, NULL);
	return journal;
}
