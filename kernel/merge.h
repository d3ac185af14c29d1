/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Merging: repeats go into the event that waits.
 */
#ifndef _FANL_MERGE_H
#define _FANL_MERGE_H

#include <linux/types.h>

struct fanl_event;
struct fanl_queue;
struct inode;
struct sk_buff;

#define FANL_WAITING_BITS	7

/**
 * struct fanl_waiting - the last record of an inode in a queue
 * @inode: the inode, NULL for none; only to be compared
 * @skb: the record; gone, unless a record of @seq is still in the queue
 * @seq: its seq
 * @len: its bytes, without what merging has added
 */
struct fanl_waiting {
	const struct inode	*inode;
	struct sk_buff		*skb;
	u64			seq;
	unsigned int		len;
};

int fanl_merge_prepare(struct fanl_queue *queue);
void fanl_merge_forget(struct fanl_queue *queue);
void fanl_merge_note(struct fanl_queue *queue, const struct fanl_event *event);
bool fanl_merge_event(struct fanl_queue *queue, const struct fanl_event *event);

#endif /* _FANL_MERGE_H */
