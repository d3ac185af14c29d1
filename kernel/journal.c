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
 * filesystem, or with the module: whoever sets @ending (under fanl_journals_lock) ends
 * it. @gone is set under the group's lock, and nothing is queued to the worker after
 * that; the worker is waited for; nothing writes to the ring file any more, so that it
 * leaves the table, and another may be started; marks go, and then the group. The
 * journal is freed with the group: when the last mark is, so that no callback uses it,
 * and the last command has put it.
 *
 * At level ordered there are no marks: what waits is on disk with the header that says
 * that it was stopped, and only then records end, so that a crash in between is seen. ext4
 * says that the filesystem is unmounted.
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
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>
#include <net/netlink.h>

#include "event.h"
#include "group.h"
#include "journal.h"
#include "journal-consumer.h"
#include "mark.h"

struct workqueue_struct *fanl_journal_wq;
atomic_t fanl_journals_generation = ATOMIC_INIT(1);

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
	fanl_ordered_free(journal);
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

/**
 * fanl_journal_hurry - have the header written now
 * @journal: the journal, whose header is due
 */
void fanl_journal_hurry(struct fanl_journal *journal)
{
	spin_lock(&journal->group->lock);
	fanl_journal_schedule(journal, true);
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

static int fanl_journal_refuse_late(struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&fanl_journals_lock);
	if (!fanl_journals_unloading)
		return 0;
	NL_SET_ERR_MSG(extack, "module is being unloaded");
	return -ESHUTDOWN;
}

static bool fanl_journal_claim(struct fanl_journal *journal)
{
	bool mine;

	mutex_lock(&fanl_journals_lock);
	mine = !journal->ending;
	journal->ending = true;
	mutex_unlock(&fanl_journals_lock);
	return mine;
}

static void fanl_journal_take_out(struct fanl_journal *journal)
{
	mutex_lock(&fanl_journals_lock);
	xa_erase(&fanl_journals, journal->id);
	mutex_unlock(&fanl_journals_lock);
	wake_up_all(&journal->wait);
}

static void fanl_journal_set_gone(struct fanl_journal *journal)
{
	spin_lock(&journal->group->lock);
	WRITE_ONCE(journal->gone, true);
	spin_unlock(&journal->group->lock);
	wake_up_all(&journal->wait);
}

/**
 * fanl_journal_end - end a journal, unless another does; see the top of this file
 * @journal: the journal, of which the caller has a reference
 */
void fanl_journal_end(struct fanl_journal *journal)
{
	if (!fanl_journal_claim(journal))
		return;
	fanl_journal_set_gone(journal);
	atomic_inc(&fanl_journals_generation);
	cancel_delayed_work_sync(&journal->work);
	fanl_ordered_detach(journal);
	fanl_journal_take_out(journal);
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
	WRITE_ONCE(journal->unmounted, true);
	fanl_journal_set_gone(journal);
	kref_get(&journal->group->kref);
	if (!queue_work(fanl_journal_wq, &journal->end_work))
		fanl_journal_put(journal);
}

/**
 * fanl_journal_explain - say why a ring file cannot be read or written
 * @journal: the journal
 * @err: what came of it
 * @extack: where the reason goes, or NULL
 *
 * Return: false, @err does not tell.
 */
bool fanl_journal_explain(const struct fanl_journal *journal, int err,
			  struct netlink_ext_ack *extack)
{
	if (err == -ENOENT && READ_ONCE(journal->gone))
		NL_SET_ERR_MSG(extack, "journal has ended");
	else if (err == -EBUSY)
		NL_SET_ERR_MSG(extack, "filesystem is frozen");
	else if (err == -EROFS)
		NL_SET_ERR_MSG(extack, "filesystem is read-only");
	else if (err == -ENOENT)
		NL_SET_ERR_MSG(extack,
			       "filesystem is not at its path in the initial mount namespace");
	else if (err == -ESTALE)
		NL_SET_ERR_MSG(extack, "ring file was removed");
	else if (err == -EUCLEAN)
		NL_SET_ERR_MSG(extack, "ring file has another size");
	else
		return err == -ENOMEM;
	return true;
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
	int err;

	spin_lock(&journal->group->lock);
	/* who changes when work runs hides it from flush_delayed_work() meanwhile */
	if (!journal->gone && !journal->kicked) {
		journal->kicked = true;
		mod_delayed_work(fanl_journal_wq, &journal->work, 0);
	}
	spin_unlock(&journal->group->lock);
	flush_delayed_work(&journal->work);

	/* what could not be written waits, so that a later run without an error has done it */
	mutex_lock(&journal->lock);
	err = -journal->error;
	mutex_unlock(&journal->lock);
	if (READ_ONCE(journal->gone))
		err = -ENOENT;
	if (err && !fanl_journal_explain(journal, err, extack))
		NL_SET_ERR_MSG(extack, "ring file cannot be written");
	return err;
}

/**
 * fanl_journal_alloc - memory for a journal
 * @start: what is to be started
 * @size: bytes of its ring file
 *
 * Return: the journal, of no group yet; NULL without memory.
 */
struct fanl_journal *fanl_journal_alloc(const struct fanl_journal_start *start,
					u64 size)
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
	    !fanl_ring_init(&journal->ring, size))
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
		if (journal->sb == sb && !READ_ONCE(journal->unmounted))
			return journal;
	return NULL;
}

/**
 * fanl_journal_register - put a journal into the table; commands do not find it yet
 * @journal: the journal
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -EALREADY, its filesystem has one; -EBUSY, that one is being stopped;
 * -ESHUTDOWN, the module is being unloaded; -ENOMEM.
 */
int fanl_journal_register(struct fanl_journal *journal,
			  struct netlink_ext_ack *extack)
{
	struct fanl_journal *other;
	int err;

	guard(mutex)(&fanl_journals_lock);
	err = fanl_journal_refuse_late(extack);
	if (err)
		return err;
	other = fanl_journal_find(journal->sb);
	if (other && READ_ONCE(other->gone)) {
		NL_SET_ERR_MSG(extack,
			       "journal of this filesystem is being stopped");
		return -EBUSY;
	}
	if (other) {
		NL_SET_ERR_MSG(extack, "journal of this filesystem runs");
		return -EALREADY;
	}
	return xa_alloc(&fanl_journals, &journal->id, journal, xa_limit_31b,
			GFP_KERNEL_ACCOUNT);
}

/**
 * fanl_journal_open_up - let commands use a journal
 * @journal: the journal
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -ESHUTDOWN, the module is being unloaded.
 */
int fanl_journal_open_up(struct fanl_journal *journal,
			 struct netlink_ext_ack *extack)
{
	int err;

	guard(mutex)(&fanl_journals_lock);
	err = fanl_journal_refuse_late(extack);
	if (err)
		return err;
	journal->started = true;
	atomic_inc(&fanl_journals_generation);
	return 0;
}

/* What the header says next: that it was stopped, or that it runs. */
static void fanl_journal_set_clean(struct fanl_journal *journal, bool clean)
{
	mutex_lock(&journal->io);
	journal->clean = clean;
	mutex_lock(&journal->lock);
	journal->header_dirty = true;
	mutex_unlock(&journal->lock);
	mutex_unlock(&journal->io);
}

/* What is not recorded from now on has no older ctime, which is of the coarse clock. */
static void fanl_journal_set_stopped(struct fanl_journal *journal)
{
	mutex_lock(&journal->lock);
	if (!journal->stopped)
		journal->stopped = ktime_get_coarse_real_ns();
	mutex_unlock(&journal->lock);
}

/**
 * fanl_journal_stop - stop a journal
 * @journal: the journal
 * @force: even if what waits cannot be written
 * @extack: where the reason of a refusal goes, or NULL
 *
 * Context: a task that holds no locks. At level ordered, @force waits for a frozen
 * filesystem to be thawed.
 * Return: 0; or as fanl_journal_flush(): it has not stopped, unless, at level durable, it
 * cannot be written all at once, from one moment to the next.
 */
int fanl_journal_stop(struct fanl_journal *journal, bool force,
		      struct netlink_ext_ack *extack)
{
	int err = fanl_journal_flush(journal, extack);

	if (err && !force)
		return err;
	if (!journal->ordered) {
		fanl_journal_set_stopped(journal);
		fanl_marks_close(journal->group);
		/* until no callback is under way any more */
		fsnotify_wait_marks_destroyed();
	}
	if (!err) {
		fanl_journal_set_clean(journal, true);
		err = fanl_journal_flush(journal, extack);
	}
	if (err && !force && journal->ordered) {
		fanl_journal_set_clean(journal, false);
		fanl_journal_touch(journal);
		return err;
	}
	fanl_journal_end(journal);
	/* another may end it */
	wait_event(journal->wait,
		   xa_load(&fanl_journals, journal->id) != journal);
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
 * Return: the journal, with a reference; -ENOENT; -EBUSY, it is being started.
 */
struct fanl_journal *fanl_journal_of(const struct super_block *sb,
				     struct netlink_ext_ack *extack)
{
	struct fanl_journal *journal, *held;

	guard(mutex)(&fanl_journals_lock);
	journal = fanl_journal_find(sb);
	held = fanl_journal_hold(journal);
	if (held)
		return held;
	if (journal && !journal->started) {
		NL_SET_ERR_MSG(extack, "a journal is being started on this filesystem");
		return ERR_PTR(-EBUSY);
	}
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
 * fanl_journals_wake - let who waits for records look whether its socket was closed
 */
void fanl_journals_wake(void)
{
	struct fanl_journal *journal;
	unsigned long id;

	guard(mutex)(&fanl_journals_lock);
	xa_for_each(&fanl_journals, id, journal)
		wake_up_all(&journal->wait);
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
