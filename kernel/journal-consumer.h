/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Consumers of journals: how far each has come.
 */
#ifndef _FANL_JOURNAL_CONSUMER_H
#define _FANL_JOURNAL_CONSUMER_H

#include <linux/list.h>

#include <uapi/linux/fanotify-nl.h>
#include <uapi/linux/fanotify-nl-journal.h>

struct fanl_journal;
struct fanl_segment;
struct netlink_ext_ack;

/**
 * struct fanl_consumer - a consumer
 * @node: in the journal's list
 * @name: its name
 * @token: what who acknowledges for it has to know
 * @mask: kinds that it reads
 * @acked: index up to which it has acknowledged
 * @registered: when it was added
 * @acked_at: when it acknowledged last, 0 for never
 * @cut_reason: of one that was cut off, enum fanotify_gap_reason; else 0
 * @cut_last: index up to which it misses records then
 * @cut_since: a time that the first of those is not older than; 0, unknown
 * @waits_since: since when there are records that it has not acknowledged, in
 *	nanoseconds of CLOCK_BOOTTIME; 0, there are none
 *
 * Protected by the journal's lock.
 */
struct fanl_consumer {
	struct list_head	node;
	char			name[FANOTIFY_JOURNAL_NAME_LEN];
	u64			token;
	u64			mask;
	u64			acked;
	u64			registered;
	u64			acked_at;
	u32			cut_reason;
	u64			cut_last;
	u64			cut_since;
	u64			waits_since;
};

/**
 * struct fanl_consumer_request - what a command says of a consumer
 * @name: its name
 * @token: what it takes to be its
 * @force: that of others will do
 * @mask: kinds that it reads
 * @start: enum fanotify_consumer_start
 * @epoch: of a cursor, 0 for none
 * @acked: index up to which it acknowledges
 * @reset: also back, and from a cut-off
 * @sync: wait until it is on disk
 */
struct fanl_consumer_request {
	const char	*name;
	u64		token;
	bool		force;
	u64		mask;
	u32		start;
	u64		epoch;
	u64		acked;
	bool		reset;
	bool		sync;
};

int fanl_consumer_add(struct fanl_journal *journal,
		      struct fanl_consumer_request *req,
		      struct netlink_ext_ack *extack);
int fanl_consumer_remove(struct fanl_journal *journal,
			 const struct fanl_consumer_request *req,
			 struct netlink_ext_ack *extack);
int fanl_consumer_ack(struct fanl_journal *journal,
		      const struct fanl_consumer_request *req,
		      struct netlink_ext_ack *extack);
int fanl_consumer_look(struct fanl_journal *journal, const char *name,
		       struct fanl_consumer *copy,
		       struct netlink_ext_ack *extack);
bool fanl_consumer_nth(struct fanl_journal *journal, unsigned long n,
		       struct fanl_consumer *copy, u64 *behind);

int fanl_consumers_load(struct fanl_journal *journal,
			const struct fanotify_journal_consumer *from,
			unsigned int nr);
void fanl_consumers_clamp(struct fanl_journal *journal);
void fanl_consumers_store(const struct fanl_journal *journal,
			  struct fanotify_journal_consumer *to);
void fanl_consumers_free(struct fanl_journal *journal);
void fanl_consumers_overrun(struct fanl_journal *journal,
			    const struct fanl_segment *before);
void fanl_consumers_check(struct fanl_journal *journal);
u64 fanl_consumers_tail(const struct fanl_journal *journal);

#endif /* _FANL_JOURNAL_CONSUMER_H */
