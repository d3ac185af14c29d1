/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work that has to wait until the task holds no locks any more.
 */
#ifndef _FANL_DEFER_H
#define _FANL_DEFER_H

#include <linux/task_work.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>

struct fanl_member;

/**
 * struct fanl_deferred - work for later
 * @run: what to do; frees the work
 * @task_work: done by the task itself before it is back in user space
 * @work: done by a worker, for tasks that never are, or may not be soon
 */
struct fanl_deferred {
	void (*run)(struct fanl_deferred *deferred);
	union {
		struct callback_head	task_work;
		struct work_struct	work;
	};
};

void fanl_defer(struct fanl_deferred *deferred);
void fanl_defer_to_worker(struct fanl_deferred *deferred);
void fanl_defer_exit(void);

/**
 * struct fanl_request - a netlink request that is done later
 * @deferred: the work
 * @run: does what was asked for, and replies
 * @release: drops what the request holds besides; NULL for nothing
 * @skb: the request's message, held
 * @info: of the request, without attributes
 * @extack: where the reason of a refusal goes; no attribute may be named, since
 *	netlink has moved on in the message
 * @member: the member that it is about, held; NULL for none
 * @file: the socket's, held so that its port id stays its own; NULL before its turn,
 *	while the socket may be closed, and once it was
 * @node: among those that are not done yet
 * @handed_on: it was a late one that another request goes on with
 */
struct fanl_request {
	struct fanl_deferred	deferred;
	int (*run)(struct fanl_request *request);
	void (*release)(struct fanl_request *request);
	struct sk_buff		*skb;
	struct genl_info	info;
	struct netlink_ext_ack	extack;
	struct fanl_member	*member;
	struct file		*file;
	struct list_head	node;
	bool			handed_on;
};

int fanl_request_defer(struct fanl_request *request, struct sk_buff *skb,
		       const struct genl_info *info);
int fanl_request_in_turn(const struct genl_split_ops *ops, struct sk_buff *skb,
			 const struct genl_info *info);
bool fanl_request_waits(const struct sk_buff *skb);
void fanl_request_unhold(struct fanl_request *request);
bool fanl_request_hold(struct fanl_request *request);

#endif /* _FANL_DEFER_H */
