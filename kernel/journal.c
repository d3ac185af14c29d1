// SPDX-License-Identifier: GPL-2.0
/*
 * Journals: what changes in a filesystem, kept in a ring file of its own.
 *
 * A journal is a group without members: a mark on the filesystem, and events that
 * are made and encoded as for any group. fsnotify's callback puts them into memory,
 * which is bounded; a worker writes them (journal-write.c) within an interval. What
 * finds no room is counted, and a record says so. From then on until the worker has
 * taken what waits everything is lost, so that there is one such record, at the end.
 *
 * Life: the command that starts it puts it into the table and holds io until marks
 * are there, so that the first record, which is a gap, comes first and says a time
 * when nothing was missed any more. It ends by a command, with the unmount of its
 * filesystem, or with the module: whoever takes it out of the table (under
 * fanl_journals_lock) ends it. @gone is set under the group's lock, and nothing is
 * queued to the worker after that; the worker is waited for; marks go, and then the
 * group. The journal is freed with the group: when the last mark is, so that no
 * callback uses it, and the last command has put it.
 *
 * An unmount waits for nothing: fsnotify's freeing_mark callback, under s_umount,
 * sets @gone and lets a worker do the rest. Records that were not written by then are
 * lost; the next start says so.
 *
 * Locking: fanl_journals_lock (mutex) protects the table; nothing but the group's lock
 * nests in it. io (mutex) is held while the ring file is written, and while the journal
 * is started; all that the filesystem takes nests in it, and the group's mark_lock. lock
 * (mutex) is for what commands look at, and is never held over I/O; it nests in io. The
 * group's lock nests in both. fsnotify's callbacks take the last one only.
 */
#include <linux/dcache.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>
#include <net/netlink.h>

#include "event.h"
#include "group.h"
#include "journal.h"
#include "journal-consumer.h"
#include "kind.h"
#include "mark.h"

struct workqueue_struct *fanl_journal_wq;

static DEFINE_MUTEX(fanl_journals_lock);
static DEFINE_XARRAY_ALLOC1(fanl_journals);
static bool fanl_journals_unloading;

/**
 * fanl_journal_put - drop a reference of a journal
 * @journal: the journal
 */
void fanl_journal_put(struct fanl_journal *journal)
{
	fanl_group_put(journal->group);
}

/**
 * fanl_journal_free - free a journal
 * @journal: whose group is freed; NULL for none
 */
void fanl_journal_free(struct fanl_journal *journal)
{
	if (!journal)
		return;
	__skb_queue_purge(&journal->queue);
	fanl_consumers_free(journal);
	kvfree(journal->ring.segment);
	kvfree(journal->buffer);
	kfree(journal->path);
	mutex_destroy(&journal->lock);
	mutex_destroy(&journal->io);
	kfree(journal);
}

/* Let the worker run; the group's lock is held. */
static void fanl_journal_schedule(struct fanl_journal *journal, bool now)
{
	unsigned long delay = msecs_to_jiffies(journal->set.interval_ms);

	if (journal->gone || journal->kicked)
		return;
	/* what cannot be written now is tried again at each interval only */
	now = now && !READ_ONCE(journal->error);
	journal->kicked = now;
	if (now)
		mod_delayed_work(fanl_journal_wq, &journal->work, 0);
	else
		queue_delayed_work(fanl_journal_wq, &journal->work, delay);
}

/**
 * fanl_journal_touch - have the header written within the interval
 * @journal: the journal, whose header is dirty
 */
void fanl_journal_touch(struct fanl_journal *journal)
{
	spin_lock(&journal->group->lock);
	fanl_journal_schedule(journal, false);
	spin_unlock(&journal->group->lock);
}

static void fanl_journal_work(struct work_struct *work)
{
	struct fanl_journal *journal = container_of(to_delayed_work(work),
						    struct fanl_journal, work);
	bool again;

	mutex_lock(&journal->io);
	again = fanl_journal_write(journal) || READ_ONCE(journal->gap.index) ||
		READ_ONCE(journal->header_dirty);
	mutex_unlock(&journal->io);
	if (again)
		fanl_journal_touch(journal);
}

/* The group's lock is held. */
static void fanl_journal_lose(struct fanl_journal *journal, u32 reason)
{
	struct fanl_journal_gap *gap = &journal->gap;

	if (!gap->index) {
		*gap = (struct fanl_journal_gap){
			.index = ++journal->newest,
			.reason = reason,
			.since = ktime_get_real_ns(),
		};
		journal->gaps++;
		journal->group->nr_gaps = 1;
		fanl_journal_schedule(journal, true);
	}
	gap->count++;
	journal->lost++;
}

/**
 * fanl_journal_lose_early - lose an event before it is made
 * @group: of a journal
 *
 * Return: whether it was lost.
 */
bool fanl_journal_lose_early(struct fanl_group *group)
{
	struct fanl_journal *journal = group->journal;
	bool lost;

	spin_lock(&group->lock);
	lost = journal->gap.index;
	if (lost)
		fanl_journal_lose(journal, FANOTIFY_GAP_REASON_OVERFLOW);
	spin_unlock(&group->lock);
	return lost;
}

/**
 * fanl_journal_event - keep an event
 * @group: of a journal
 * @event: encoded by fanl_event_encode(); its message is consumed
 *
 * Context: any in which fsnotify calls a backend. Does not sleep.
 */
void fanl_journal_event(struct fanl_group *group, struct fanl_event *event)
{
	struct fanl_journal *journal = group->journal;
	struct sk_buff *skb = event->skb;
	size_t half;

	spin_lock(&group->lock);
	half = READ_ONCE(group->queue_limit) / 2;
	if (journal->gone)
		goto unlock;
	if (!skb) {
		fanl_journal_lose(journal, FANOTIFY_GAP_REASON_NOMEM);
	} else if (journal->gap.index ||
		   journal->bytes + skb->truesize > 2 * half) {
		fanl_journal_lose(journal, FANOTIFY_GAP_REASON_OVERFLOW);
	} else {
		fanl_event_sample(event);
		fanl_event_stamp(skb, ++journal->newest, 0);
		__skb_queue_tail(&journal->queue, skb);
		journal->bytes += skb->truesize;
		fanl_journal_schedule(journal, journal->bytes > half);
		skb = NULL;
	}
unlock:
	spin_unlock(&group->lock);
	kfree_skb(skb);
}

/**
 * fanl_journal_covered - no change is missing from now on
 * @journal: the journal
 * @index: nor from this record on
 */
void fanl_journal_covered(struct fanl_journal *journal, u64 index)
{
	mutex_lock(&journal->lock);
	journal->covered_index = index;
	journal->covered_since = ktime_get_real_ns();
	journal->header_dirty = true;
	mutex_unlock(&journal->lock);
}

static bool fanl_journal_take_out(struct fanl_journal *journal)
{
	bool mine;

	mutex_lock(&fanl_journals_lock);
	mine = xa_load(&fanl_journals, journal->id) == journal;
	if (mine)
		xa_erase(&fanl_journals, journal->id);
	mutex_unlock(&fanl_journals_lock);
	atomic_inc(&fanl_generation);
	return mine;
}

static void fanl_journal_set_gone(struct fanl_journal *journal)
{
	spin_lock(&journal->group->lock);
	WRITE_ONCE(journal->gone, true);
	spin_unlock(&journal->group->lock);
	wake_up_all(&journal->wait);
}

/* Unless another does, end it: see the top of this file. */
static void fanl_journal_end(struct fanl_journal *journal)
{
	if (!fanl_journal_take_out(journal))
		return;
	fanl_journal_set_gone(journal);
	cancel_delayed_work_sync(&journal->work);
	fanl_group_shutdown(journal->group);
}

static void fanl_journal_end_work(struct work_struct *work)
{
	struct fanl_journal *journal = container_of(work, struct fanl_journal,
						    end_work);

	fanl_journal_end(journal);
	fanl_journal_put(journal);
}

/**
 * fanl_journal_unmounted - the filesystem of a journal is being unmounted
 * @journal: the journal
 *
 * Context: freeing_mark: does not sleep.
 */
void fanl_journal_unmounted(struct fanl_journal *journal)
{
	fanl_journal_set_gone(journal);
	kref_get(&journal->group->kref);
	if (!queue_work(fanl_journal_wq, &journal->end_work))
		fanl_journal_put(journal);
}

/**
 * fanl_journal_flush - have all on disk that has happened until now
 * @journal: the journal
 * @extack: where the reason of a failure goes, or NULL
 *
 * Return: 0; -ENOENT, it has ended; or as fanl_journal_write().
 */
int fanl_journal_flush(struct fanl_journal *journal,
		       struct netlink_ext_ack *extack)
{
	u64 newest;
	int err;

	spin_lock(&journal->group->lock);
	newest = journal->newest;
	if (!journal->gone)
		mod_delayed_work(fanl_journal_wq, &journal->work, 0);
	spin_unlock(&journal->group->lock);
	flush_delayed_work(&journal->work);

	mutex_lock(&journal->lock);
	err = -journal->error;
	if (!err && fanl_journal_durable(journal) < newest)
		err = -ENOMEM;
	mutex_unlock(&journal->lock);
	if (READ_ONCE(journal->gone))
		err = -ENOENT;
	if (err == -ENOENT && READ_ONCE(journal->gone))
		NL_SET_ERR_MSG(extack, "journal has ended");
	else if (err == -EBUSY)
		NL_SET_ERR_MSG(extack, "filesystem is frozen");
	else if (err == -EROFS)
		NL_SET_ERR_MSG(extack, "filesystem is read-only");
	else if (err == -ENOENT)
		NL_SET_ERR_MSG_FMT(extack,
				   "filesystem is not at %.80s in the initial mount namespace",
				   journal->path);
	else if (err == -ESTALE)
		NL_SET_ERR_MSG(extack, "ring file was removed");
	else if (err == -EUCLEAN)
		NL_SET_ERR_MSG(extack, "ring file has another size");
	else if (err)
		NL_SET_ERR_MSG(extack, "ring file cannot be written");
	return err;
}

static int fanl_journal_check(const struct fanl_journal_start *start,
			      struct netlink_ext_ack *extack)
{
	const struct inode *inode = file_inode(start->ring);
	const struct super_block *sb = inode->i_sb;
	const u64 size = i_size_read(inode);

	if (start->set.level == FANOTIFY_JOURNAL_LEVEL_ORDERED) {
		NL_SET_ERR_MSG(extack, "this kernel has no level ordered");
		return -EOPNOTSUPP;
	}
	if (!(sb->s_type->fs_flags & FS_REQUIRES_DEV) ||
	    !exportfs_can_decode_fh(sb->s_export_op) ||
	    uuid_is_null(&sb->s_uuid)) {
		NL_SET_ERR_MSG_FMT(extack,
				   "%s cannot have a journal: it takes a local filesystem with a UUID and file handles",
				   sb->s_type->name);
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

static struct fanl_journal *
fanl_journal_alloc(const struct fanl_journal_start *start)
{
	const struct super_block *sb = file_inode(start->ring)->i_sb;
	struct fanl_journal *journal = kzalloc(sizeof(*journal),
					       GFP_KERNEL_ACCOUNT);

	if (!journal)
		return NULL;
	journal->sb = sb;
	journal->dev = sb->s_dev;
	journal->uuid = sb->s_uuid;
	strscpy(journal->fs_name, sb->s_type->name, sizeof(journal->fs_name));
	journal->set = start->set;
	__skb_queue_head_init(&journal->queue);
	mutex_init(&journal->io);
	mutex_init(&journal->lock);
	INIT_LIST_HEAD(&journal->consumers);
	init_waitqueue_head(&journal->wait);
	INIT_DELAYED_WORK(&journal->work, fanl_journal_work);
	INIT_WORK(&journal->end_work, fanl_journal_end_work);
	journal->path = kstrdup(start->path, GFP_KERNEL_ACCOUNT);
	journal->buffer = kvmalloc(FANOTIFY_JOURNAL_SEGMENT,
				   GFP_KERNEL_ACCOUNT);
	if (journal->path && journal->buffer &&
	    !fanl_ring_init(&journal->ring,
			    i_size_read(file_inode(start->ring))))
		return journal;
	fanl_journal_free(journal);
	return NULL;
}

static struct fanl_journal *fanl_journal_find(const struct super_block *sb)
{
	struct fanl_journal *journal;
	unsigned long id;

	lockdep_assert_held(&fanl_journals_lock);
	xa_for_each(&fanl_journals, id, journal)
		if (journal->sb == sb && !READ_ONCE(journal->gone))
			return journal;
	return NULL;
}

static int fanl_journal_register(struct fanl_journal *journal,
				 struct netlink_ext_ack *extack)
{
	guard(mutex)(&fanl_journals_lock);
	if (fanl_journal_find(journal->sb)) {
		NL_SET_ERR_MSG(extack, "journal of this filesystem runs");
		return -EALREADY;
	}
	return xa_alloc(&fanl_journals, &journal->id, journal, xa_limit_31b,
			GFP_KERNEL_ACCOUNT);
}

/* Commands may use it from here on. */
static int fanl_journal_open_up(struct fanl_journal *journal,
				struct netlink_ext_ack *extack)
{
	guard(mutex)(&fanl_journals_lock);
	if (fanl_journals_unloading) {
		NL_SET_ERR_MSG(extack, "module is being unloaded");
		return -ESHUTDOWN;
	}
	journal->started = true;
	atomic_inc(&fanl_generation);
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
	journal->set.interval_ms = clamp(journal->set.interval_ms,
					 FANOTIFY_INTERVAL_MS_MIN,
					 FANOTIFY_INTERVAL_MS_MAX);
}

/*
 * What is in the ring file, and a new epoch, which is on disk before anything is
 * recorded. It is a worker that writes: whether it can is known then.
 */
static int fanl_journal_prepare(struct fanl_journal *journal,
				const struct fanl_journal_start *start,
				u64 *since, bool *clean,
				struct netlink_ext_ack *extack)
{
	int err;

	if (start->create)
		err = fanl_ring_create(journal, start->ring, extack);
	else
		err = fanl_ring_recover(journal, start->ring, since, extack);
	if (err)
		return err;
	fanl_journal_settings(journal, start);
	fanl_ring_new_epoch(journal);
	journal->newest = fanl_journal_durable(journal);
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
			      const struct fanl_journal_start *start, bool clean,
			      u64 since, struct netlink_ext_ack *extack)
{
	const u32 reason = clean ? FANOTIFY_GAP_REASON_NOT_RUNNING :
				   FANOTIFY_GAP_REASON_UNCLEAN;
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
	bool clean;
	int err;

	err = fanl_journal_prepare(journal, start, &since, &clean, extack);
	if (err)
		return err;
	/* nothing is written until the first record says what it is to say */
	mutex_lock(&journal->io);
	err = fanl_journal_begin(journal, start, clean, since, extack);
	mutex_unlock(&journal->io);
	return err ?: fanl_journal_open_up(journal, extack);
}

/**
 * fanl_journal_start - start the journal of a filesystem
 * @start: how; validated
 * @extack: where the reason of a refusal goes
 *
 * Context: a task that holds no locks; reads and writes the ring file.
 * Return: the journal, with a reference; -EALREADY, it runs; -EOPNOTSUPP, no such
 * filesystem or level; -EINVAL, -EBADF, not such a file; -EUCLEAN, -ESTALE, -EEXIST,
 * what is in it; -ESHUTDOWN, the module is being unloaded; -ENOMEM; or as
 * fanl_journal_write().
 */
struct fanl_journal *fanl_journal_start(const struct fanl_journal_start *start,
					struct netlink_ext_ack *extack)
{
	struct fanl_journal *journal;
	struct fanl_group *group;
	int err;

	err = fanl_journal_check(start, extack);
	if (err)
		return ERR_PTR(err);
	journal = fanl_journal_alloc(start);
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

/**
 * fanl_journal_stop - stop a journal
 * @journal: the journal
 * @force: even if what waits cannot be written
 * @extack: where the reason of a refusal goes, or NULL
 *
 * Context: a task that holds no locks.
 * Return: 0; or as fanl_journal_flush(): it has not stopped, unless it cannot be
 * written all at once, from one moment to the next.
 */
int fanl_journal_stop(struct fanl_journal *journal, bool force,
		      struct netlink_ext_ack *extack)
{
	int err = fanl_journal_flush(journal, extack);

	if (err && !force)
		return err;
	fanl_marks_close(journal->group);
	/* until no callback is under way any more */
	fsnotify_wait_marks_destroyed();
	if (!err) {
		mutex_lock(&journal->io);
		journal->clean = true;
		mutex_lock(&journal->lock);
		journal->header_dirty = true;
		mutex_unlock(&journal->lock);
		mutex_unlock(&journal->io);
		err = fanl_journal_flush(journal, extack);
	}
	fanl_journal_end(journal);
	return force ? 0 : err;
}

static struct fanl_journal *fanl_journal_hold(struct fanl_journal *journal)
{
	if (!journal || !journal->started || READ_ONCE(journal->gone))
		return NULL;
	kref_get(&journal->group->kref);
	return journal;
}

/**
 * fanl_journal_get - the journal of a number
 * @id: the number
 * @extack: where the reason of a refusal goes
 *
 * Return: the journal, with a reference; -ENOENT.
 */
struct fanl_journal *fanl_journal_get(u32 id, struct netlink_ext_ack *extack)
{
	struct fanl_journal *journal;

	mutex_lock(&fanl_journals_lock);
	journal = fanl_journal_hold(xa_load(&fanl_journals, id));
	mutex_unlock(&fanl_journals_lock);
	if (journal)
		return journal;
	NL_SET_ERR_MSG_FMT(extack, "no journal %u", id);
	return ERR_PTR(-ENOENT);
}

/**
 * fanl_journal_of - the journal of a filesystem
 * @sb: the filesystem
 * @extack: where the reason of a refusal goes
 *
 * Return: the journal, with a reference; -ENOENT.
 */
struct fanl_journal *fanl_journal_of(const struct super_block *sb,
				     struct netlink_ext_ack *extack)
{
	struct fanl_journal *journal;

	mutex_lock(&fanl_journals_lock);
	journal = fanl_journal_hold(fanl_journal_find(sb));
	mutex_unlock(&fanl_journals_lock);
	if (journal)
		return journal;
	NL_SET_ERR_MSG(extack, "no journal runs on this filesystem");
	return ERR_PTR(-ENOENT);
}

/**
 * fanl_journal_next - walk the journals
 * @id: least number to find; set to the number that was found
 *
 * Return: the journal, with a reference, or NULL.
 */
struct fanl_journal *fanl_journal_next(unsigned long *id)
{
	struct fanl_journal *journal;

	guard(mutex)(&fanl_journals_lock);
	xa_for_each_start(&fanl_journals, *id, journal, *id) {
		journal = fanl_journal_hold(journal);
		if (journal)
			return journal;
	}
	return NULL;
}

/**
 * fanl_journal_stats - what can be told of a journal
 * @journal: the journal
 * @stats: where it goes
 */
void fanl_journal_stats(struct fanl_journal *journal,
			struct fanl_journal_stats *stats)
{
	const struct fanl_ring *ring = &journal->ring;

	mutex_lock(&journal->lock);
	fanl_consumers_check(journal);
	*stats = (struct fanl_journal_stats){
		.state = journal->error ? FANOTIFY_JOURNAL_STATE_STALLED :
					  FANOTIFY_JOURNAL_STATE_RUNNING,
		.error = journal->error,
		.durable = fanl_journal_durable(journal),
		.durable_realtime = ring->realtime,
		.covered_index = journal->covered_index,
		.covered_since = journal->covered_since,
		.tail = fanl_consumers_tail(journal),
		.batches = journal->batches,
		.written = journal->written,
		.epoch = ring->epoch[ring->nr_epochs - 1].id,
		.consumers = journal->nr_consumers,
	};
	stats->oldest = fanl_ring_oldest(ring, &stats->oldest_realtime);
	spin_lock(&journal->group->lock);
	stats->newest = journal->newest;
	stats->waiting_bytes = journal->bytes;
	stats->gaps = journal->gaps;
	stats->lost = journal->lost;
	if (journal->gap.index) {
		/* something is being lost */
		stats->covered_index = journal->newest + 1;
		stats->covered_since = ktime_get_real_ns();
	}
	spin_unlock(&journal->group->lock);
	mutex_unlock(&journal->lock);
}

int fanl_journals_init(void)
{
	fanl_journal_wq = alloc_workqueue("fanotify_nl_journal", WQ_UNBOUND, 0);
	return fanl_journal_wq ? 0 : -ENOMEM;
}

/* Before groups end: stop all, and let none be started. */
void fanl_journals_end(void)
{
	struct fanl_journal *journal;
	unsigned long id = 0;

	mutex_lock(&fanl_journals_lock);
	fanl_journals_unloading = true;
	mutex_unlock(&fanl_journals_lock);
	for (; (journal = fanl_journal_next(&id)); id++) {
		fanl_journal_stop(journal, true, NULL);
		fanl_journal_put(journal);
	}
}

/* When there is no group any more, and no command. */
void fanl_journals_exit(void)
{
	destroy_workqueue(fanl_journal_wq);
}
