// SPDX-License-Identifier: GPL-2.0
/*
 * Consumers of journals: how far each has come, and what it has missed.
 *
 * They are part of the ring file's header, which is written with the next batch after
 * a change, or at once where a command waits for it.
 */
#include <linux/ctype.h>
#include <linux/math64.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/netlink.h>

#include "group.h"
#include "journal.h"
#include "journal-consumer.h"

static struct fanl_consumer *fanl_consumer_find(struct fanl_journal *journal,
						const char *name)
{
	struct fanl_consumer *consumer;

	list_for_each_entry(consumer, &journal->consumers, node)
		if (!strcmp(consumer->name, name))
			return consumer;
	return NULL;
}

static void fanl_consumer_unlink(struct fanl_journal *journal,
				 struct fanl_consumer *consumer)
{
	list_del(&consumer->node);
	journal->nr_consumers--;
	atomic_inc(&fanl_journals_generation);
	kfree(consumer);
}

/* One that may be acknowledged for, or removed, with a text if not. */
static struct fanl_consumer *
fanl_consumer_for(struct fanl_journal *journal,
		  const struct fanl_consumer_request *req,
		  struct netlink_ext_ack *extack)
{
	struct fanl_consumer *consumer = fanl_consumer_find(journal, req->name);

	if (!consumer) {
		NL_SET_ERR_MSG_FMT(extack, "no consumer %s", req->name);
		return ERR_PTR(-ENOENT);
	}
	if (!req->force && consumer->token != req->token) {
		NL_SET_ERR_MSG(extack, "token is not that of the consumer");
		return ERR_PTR(-EACCES);
	}
	return consumer;
}

static bool fanl_consumer_name_good(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if (!isascii(*name) ||
		    (!isalnum(*name) && !strchr("._-@:", *name)))
			return false;
	return true;
}

static int fanl_consumer_insert(struct fanl_journal *journal,
				struct fanl_consumer *consumer,
				struct fanl_consumer_request *req,
				struct netlink_ext_ack *extack)
{
	u64 realtime;

	guard(mutex)(&journal->lock);
	if (fanl_consumer_find(journal, req->name)) {
		NL_SET_ERR_MSG_FMT(extack, "consumer %s exists", req->name);
		return -EEXIST;
	}
	if (journal->nr_consumers == FANOTIFY_CONSUMERS_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "journal has %u consumers, the limit",
				   journal->nr_consumers);
		return -ENOSPC;
	}
	if (req->start == FANOTIFY_CONSUMER_START_OLDEST)
		consumer->acked = fanl_ring_oldest(&journal->ring,
						   &realtime) - 1;
	else
		consumer->acked = fanl_journal_durable(journal);
	list_add_tail(&consumer->node, &journal->consumers);
	journal->nr_consumers++;
	atomic_inc(&fanl_journals_generation);
	journal->header_dirty = true;
	req->token = consumer->token;
	req->acked = consumer->acked;
	req->epoch = journal->ring.epoch[journal->ring.nr_epochs - 1].id;
	return 0;
}

/**
 * fanl_consumer_add - register a consumer
 * @journal: the journal
 * @req: the consumer; its token, epoch and acked are set
 * @extack: where the reason of a refusal goes
 *
 * What happened before is on disk then, so that it is not among what comes from now
 * on.
 *
 * Context: a task that holds no locks; writes the ring file.
 * Return: 0; -EINVAL, its name; -EEXIST, there is one of that name; -ENOSPC, too many;
 * -ENOMEM; or as fanl_journal_flush(), and there is no such consumer.
 */
int fanl_consumer_add(struct fanl_journal *journal,
		      struct fanl_consumer_request *req,
		      struct netlink_ext_ack *extack)
{
	struct fanl_consumer *consumer;
	int err;

	if (!fanl_consumer_name_good(req->name)) {
		NL_SET_ERR_MSG(extack,
			       "name is empty, or has something else than letters, digits and . _ - @ :");
		return -EINVAL;
	}
	err = fanl_journal_flush(journal, extack);
	if (err)
		return err;
	consumer = kzalloc(sizeof(*consumer), GFP_KERNEL_ACCOUNT);
	if (!consumer)
		return -ENOMEM;
	strscpy(consumer->name, req->name, sizeof(consumer->name));
	consumer->token = get_random_u64() | 1;
	consumer->mask = req->mask;
	consumer->registered = ktime_get_real_ns();
	err = fanl_consumer_insert(journal, consumer, req, extack);
	if (err) {
		kfree(consumer);
		return err;
	}
	/* what it finds in files now is from before its first record */
	if (journal->ordered)
		fanl_ordered_told(journal, req->acked);
	err = fanl_journal_flush(journal, extack);
	if (err) {
		mutex_lock(&journal->lock);
		consumer = fanl_consumer_find(journal, req->name);
		if (consumer && consumer->token == req->token)
			fanl_consumer_unlink(journal, consumer);
		journal->header_dirty = true;
		mutex_unlock(&journal->lock);
		fanl_journal_touch(journal);
	}
	return err;
}

/**
 * fanl_consumer_remove - deregister a consumer
 * @journal: the journal
 * @req: which
 * @extack: where the reason of a refusal goes
 *
 * Context: a task that holds no locks; writes the ring file.
 * Return: 0; -ENOENT; -EACCES, not its token; or as fanl_journal_flush(), and it is
 * gone, but may be back after a crash.
 */
int fanl_consumer_remove(struct fanl_journal *journal,
			 const struct fanl_consumer_request *req,
			 struct netlink_ext_ack *extack)
{
	struct fanl_consumer *consumer;

	mutex_lock(&journal->lock);
	consumer = fanl_consumer_for(journal, req, extack);
	if (!IS_ERR(consumer)) {
		fanl_consumer_unlink(journal, consumer);
		journal->header_dirty = true;
	}
	mutex_unlock(&journal->lock);
	if (IS_ERR(consumer))
		return PTR_ERR(consumer);
	return fanl_journal_flush(journal, extack);
}

/* Since when it leaves records alone: they begin with the one after @acked. */
static void fanl_consumer_wait(struct fanl_consumer *consumer, u64 durable,
			       u64 now)
{
	consumer->waits_since = consumer->acked < durable ? now : 0;
}

static int fanl_consumer_acked(struct fanl_journal *journal,
			       struct fanl_consumer *consumer,
			       const struct fanl_consumer_request *req,
			       struct netlink_ext_ack *extack)
{
	const u64 durable = fanl_journal_durable(journal);

	if (req->epoch && !fanl_ring_knows(&journal->ring, req->epoch,
					   min(req->acked, durable))) {
		NL_SET_ERR_MSG(extack,
			       "epoch is not one of this journal, or its records do not go so far");
		return -ESTALE;
	}
	if (req->acked > durable) {
		NL_SET_ERR_MSG_FMT(extack,
				   "record %llu is not there yet, %llu is",
				   req->acked, durable);
		return -ERANGE;
	}
	if (!req->reset && req->acked <= consumer->acked)
		return 0;
	consumer->acked = req->acked;
	consumer->acked_at = ktime_get_real_ns();
	if (req->reset || consumer->acked >= consumer->cut_last)
		consumer->cut_reason = 0;
	fanl_consumer_wait(consumer, durable, ktime_get_boottime_ns());
	journal->header_dirty = true;
	return 0;
}

/**
 * fanl_consumer_ack - acknowledge records
 * @journal: the journal
 * @req: whose, and up to which
 * @extack: where the reason of a refusal goes
 *
 * Context: a task that holds no locks; with sync, writes the ring file.
 * Return: 0; -ENOENT; -EACCES, not its token; -ESTALE, no cursor of this journal;
 * -ERANGE, that record is not there yet; or as fanl_journal_flush(), and it is
 * acknowledged, but may not be after a crash.
 */
int fanl_consumer_ack(struct fanl_journal *journal,
		      const struct fanl_consumer_request *req,
		      struct netlink_ext_ack *extack)
{
	struct fanl_consumer *consumer;
	int err;

	mutex_lock(&journal->lock);
	consumer = fanl_consumer_for(journal, req, extack);
	err = PTR_ERR_OR_ZERO(consumer);
	if (!err)
		err = fanl_consumer_acked(journal, consumer, req, extack);
	mutex_unlock(&journal->lock);
	if (err)
		return err;
	if (req->sync)
		return fanl_journal_flush(journal, extack);
	fanl_journal_touch(journal);
	return 0;
}

/**
 * fanl_consumer_look - look at a consumer
 * @journal: the journal
 * @name: of the consumer
 * @copy: where it goes
 * @extack: where the reason of a refusal goes
 *
 * Return: 0 or -ENOENT.
 */
int fanl_consumer_look(struct fanl_journal *journal, const char *name,
		       struct fanl_consumer *copy,
		       struct netlink_ext_ack *extack)
{
	const struct fanl_consumer *consumer;

	guard(mutex)(&journal->lock);
	fanl_consumers_check(journal);
	consumer = fanl_consumer_find(journal, name);
	if (!consumer) {
		NL_SET_ERR_MSG_FMT(extack, "no consumer %s", name);
		return -ENOENT;
	}
	*copy = *consumer;
	return 0;
}

/**
 * fanl_consumer_nth - walk the consumers of a journal
 * @journal: the journal
 * @n: which one
 * @copy: where it goes
 * @behind: set to the number of records that it has not acknowledged
 *
 * Return: whether there is one.
 */
bool fanl_consumer_nth(struct fanl_journal *journal, unsigned long n,
		       struct fanl_consumer *copy, u64 *behind)
{
	const struct fanl_consumer *consumer;

	guard(mutex)(&journal->lock);
	fanl_consumers_check(journal);
	list_for_each_entry(consumer, &journal->consumers, node) {
		if (n--)
			continue;
		*copy = *consumer;
		*behind = fanl_journal_durable(journal) - consumer->acked;
		return true;
	}
	return false;
}

/**
 * fanl_consumers_tail - the oldest record that a consumer needs
 * @journal: the journal; its lock is held
 *
 * Return: its index; of the next record, if there is none.
 */
u64 fanl_consumers_tail(const struct fanl_journal *journal)
{
	const struct fanl_consumer *consumer;
	u64 tail = journal->ring.index;

	list_for_each_entry(consumer, &journal->consumers, node)
		tail = min(tail, max(consumer->acked,
				     consumer->cut_reason ?
				     consumer->cut_last : 0) + 1);
	return tail;
}

static void fanl_consumer_cut(struct fanl_journal *journal,
			      struct fanl_consumer *consumer, u32 reason,
			      u64 last, u64 since)
{
	if (!consumer->cut_reason) {
		consumer->cut_reason = reason;
		consumer->cut_since = since;
	}
	consumer->cut_last = last;
	journal->header_dirty = true;
}

/* Since when it misses records, if those from @first on are not older than @realtime. */
static u64 fanl_consumer_since(const struct fanl_consumer *consumer, u64 first,
			       u64 realtime)
{
	return first && consumer->acked + 1 >= first ? realtime : 0;
}

/**
 * fanl_consumers_overrun - a segment has been given up
 * @journal: the journal; its lock is held
 * @before: what was known of it
 */
void fanl_consumers_overrun(struct fanl_journal *journal,
			    const struct fanl_segment *before)
{
	struct fanl_consumer *consumer;
	u64 unused, oldest = fanl_ring_oldest(&journal->ring, &unused);

	list_for_each_entry(consumer, &journal->consumers, node)
		if (max(consumer->acked, consumer->cut_reason ?
			consumer->cut_last : 0) + 1 < oldest)
			fanl_consumer_cut(journal, consumer,
					  FANOTIFY_GAP_REASON_CUT_OFF, oldest - 1,
					  fanl_consumer_since(consumer,
							      before->first,
							      before->realtime));
}

/**
 * fanl_consumers_check - cut off who has been idle for too long
 * @journal: the journal; its lock is held
 *
 * To have nothing to acknowledge is not to be idle.
 */
void fanl_consumers_check(struct fanl_journal *journal)
{
	const u64 durable = fanl_journal_durable(journal);
	const u64 now = ktime_get_boottime_ns();
	const u64 limit = journal->set.idle_limit;
	struct fanl_consumer *consumer;
	u64 oldest, realtime;

	list_for_each_entry(consumer, &journal->consumers, node) {
		if (!consumer->waits_since)
			fanl_consumer_wait(consumer, durable, now);
		if (!limit || !consumer->waits_since ||
		    div_u64(now - consumer->waits_since, NSEC_PER_SEC) < limit)
			continue;
		/* it is cut off up to here, and so has nothing left to wait for */
		oldest = fanl_ring_oldest(&journal->ring, &realtime);
		fanl_consumer_cut(journal, consumer, FANOTIFY_GAP_REASON_IDLE,
				  durable,
				  fanl_consumer_since(consumer, oldest,
						      realtime));
		consumer->waits_since = 0;
	}
}

/**
 * fanl_consumers_load - take the consumers over that a header has
 * @journal: the journal, which knows where its records end
 * @from: the consumers
 * @nr: how many
 *
 * Return: 0; -EUCLEAN, they make no sense; -ENOMEM.
 */
int fanl_consumers_load(struct fanl_journal *journal,
			const struct fanotify_journal_consumer *from,
			unsigned int nr)
{
	for (; nr--; from++) {
		struct fanl_consumer *consumer;

		if (strnlen(from->name, sizeof(from->name)) ==
			    sizeof(from->name) ||
		    !fanl_consumer_name_good(from->name) ||
		    fanl_consumer_find(journal, from->name))
			return -EUCLEAN;
		consumer = kzalloc(sizeof(*consumer), GFP_KERNEL_ACCOUNT);
		if (!consumer)
			return -ENOMEM;
		strscpy(consumer->name, from->name, sizeof(consumer->name));
		consumer->token = le64_to_cpu(from->token);
		consumer->mask = le64_to_cpu(from->mask);
		consumer->acked = le64_to_cpu(from->acked);
		consumer->registered = le64_to_cpu(from->registered);
		consumer->acked_at = le64_to_cpu(from->acked_at);
		consumer->cut_reason = le32_to_cpu(from->cut_reason);
		consumer->cut_last = le64_to_cpu(from->cut_last);
		consumer->cut_since = le64_to_cpu(from->cut_since);
		list_add_tail(&consumer->node, &journal->consumers);
		journal->nr_consumers++;
	}
	return 0;
}

/**
 * fanl_consumers_clamp - forget acknowledgements of records that a crash has undone
 * @journal: the journal, which knows where its records end
 */
void fanl_consumers_clamp(struct fanl_journal *journal)
{
	const u64 durable = fanl_journal_durable(journal);
	struct fanl_consumer *consumer;

	list_for_each_entry(consumer, &journal->consumers, node) {
		consumer->acked = min(consumer->acked, durable);
		consumer->cut_last = min(consumer->cut_last, durable);
	}
}

/**
 * fanl_consumers_store - the consumers as a header has them
 * @journal: the journal; its lock is held
 * @to: where they go
 */
void fanl_consumers_store(const struct fanl_journal *journal,
			  struct fanotify_journal_consumer *to)
{
	const struct fanl_consumer *consumer;

	list_for_each_entry(consumer, &journal->consumers, node) {
		*to = (struct fanotify_journal_consumer){
			.token = cpu_to_le64(consumer->token),
			.mask = cpu_to_le64(consumer->mask),
			.acked = cpu_to_le64(consumer->acked),
			.registered = cpu_to_le64(consumer->registered),
			.acked_at = cpu_to_le64(consumer->acked_at),
			.cut_last = cpu_to_le64(consumer->cut_last),
			.cut_since = cpu_to_le64(consumer->cut_since),
			.cut_reason = cpu_to_le32(consumer->cut_reason),
		};
		strscpy(to->name, consumer->name, sizeof(to->name));
		to++;
	}
}

/**
 * fanl_consumers_free - free the consumers of a journal
 * @journal: the journal, which nobody uses any more
 */
void fanl_consumers_free(struct fanl_journal *journal)
{
	struct fanl_consumer *consumer, *next;

	list_for_each_entry_safe(consumer, next, &journal->consumers, node)
		fanl_consumer_unlink(journal, consumer);
}
