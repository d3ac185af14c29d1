/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Groups: who is a member of what.
 */
#ifndef _FANL_GROUP_H
#define _FANL_GROUP_H

#include <linux/fsnotify_backend.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/xarray.h>
#include <net/netlink.h>

#include <uapi/linux/fanotify-nl.h>

#include "defer.h"
#include "gate.h"

struct fanl_filters;
struct fanl_journal;
struct fanl_member;

/*
 * Limits, with their reasons in docs/limits.md. Queue bytes are memory
 * (truesize), per member.
 */
#define FANL_QUEUE_MIN		(64UL << 10)
#define FANL_QUEUE_DEFAULT	(16UL << 20)
#define FANL_RCVBUF_MIN		(128 << 10)

#define FANL_VERSION		"0.1"

extern ulong fanl_queue_max;
extern uint fanl_groups_max;
extern uint fanl_marks_max;

/**
 * struct fanl_settings - what bind and group-set may say
 * @present: bit per attribute (FANOTIFY_A_GROUP_*) that was given
 * @number: group number, 0 to let the kernel pick
 * @priority: order among groups
 * @mask: kinds that the group delivers
 * @stat_mask: attribute fields of events
 * @open_flags: of files that event-open installs
 * @queue_limit: bytes per member
 * @flags: enum fanotify_group_flag
 * @filters: what is left out, NULL for nothing; a group that takes them leaves
 *	NULL here
 * @gate: of a permission group
 */
struct fanl_settings {
	unsigned long	present;
	u32		number;
	s32		priority;
	u64		mask;
	u32		stat_mask;
	u32		open_flags;
	u64		queue_limit;
	u32		flags;
	struct fanl_filters *filters;
	struct fanl_gate_settings gate;
};

/**
 * struct fanl_group - marks, a mask, limits, members
 * @kref: one for the members together, one for @fsn, one for each command
 * @number: what user space calls it; 1 to 2^32-1
 * @uid: user that bound it first
 * @open_flags: of files that event-open installs; constant
 * @fsn: what fsnotify knows of the group; constant
 * @enable: sees to it that operations are seen, once bind holds no lock
 * @gate: what a permission group has besides, else NULL; constant
 * @journal: of which it is the group, else NULL; such a group is in no table, and
 *	has no members; constant
 * @lock: protects the members below and their queues. Innermost but for the
 *	lock of a socket's receive queue. Taken under whatever the VFS holds
 *	when it calls fsnotify, so nothing that sleeps, allocates or drops a
 *	reference goes under it.
 * @members: list of struct fanl_member [lock; fanl_registry_lock to change]
 * @nr_members: length of @members [as @members]
 * @last_id: id of the last event [lock]
 * @mcast_seq: number of the last multicast event [lock]
 * @nr_gaps: members with an open gap [lock]
 * @flags: enum fanotify_group_flag [fanl_registry_lock and lock to change]
 * @priority: order among groups [fanl_registry_lock to change]
 * @mask: kinds that the group delivers [fanl_registry_lock to change]
 * @stat_mask: attribute fields of events [fanl_registry_lock to change]
 * @queue_limit: bytes per member [fanl_registry_lock to change]
 * @filters: what is left out, NULL for nothing [RCU; fanl_registry_lock to
 *	change]
 * @mark_lock: serialises commands about marks; the fsnotify group's mark_mutex
 *	nests in it. Never taken by the VFS's callbacks.
 * @adding: one at a time adds to the global mark, as one that fails takes back what it
 *	added. Outermost: what it waits for is up to filesystems
 * @closing: no mark may be added any more [mark_lock]
 * @global: kinds of the global mark, 0 for none [mark_lock]
 * @marks: struct fanl_mark by id; its own lock nests in everything
 * @nr_marks: number of @marks
 * @nr_subtrees: how many of them are on subtrees [lock of @marks to change]
 */
struct fanl_group {
	struct kref		kref;
	u32			number;
	kuid_t			uid;
	u32			open_flags;
	struct fsnotify_group	*fsn;
	struct fanl_gate	*gate;
	struct fanl_journal	*journal;
	struct fanl_deferred	enable;

	spinlock_t		lock;
	struct list_head	members;
	unsigned int		nr_members;
	u64			last_id;
	u64			mcast_seq;
	unsigned int		nr_gaps;

	u32			flags;
	s32			priority;
	u64			mask;
	u32			stat_mask;
	size_t			queue_limit;
	struct fanl_filters __rcu *filters;

	struct mutex		mark_lock;
	struct mutex		adding;
	bool			closing;
	u64			global;
	struct xarray		marks;
	atomic_t		nr_marks;
	unsigned int		nr_subtrees;
};

extern struct mutex fanl_registry_lock;

/* Changes with groups and members, so that a torn list can be told. */
extern atomic_t fanl_generation;

struct fanl_member *fanl_member_bind(struct sock *sk, u32 portid,
				     struct fanl_settings *settings, bool excl,
				     struct netlink_ext_ack *extack);
struct fanl_member *fanl_member_by_token(u32 number, u64 token,
					 struct netlink_ext_ack *extack);
void fanl_member_unbind(struct fanl_member *member);
void fanl_member_unbind_untold(struct fanl_member *member);

struct fanl_group *fanl_group_of_journal(struct fanl_journal *journal,
					 size_t queue_limit);
void fanl_group_shutdown(struct fanl_group *group);
struct fanl_group *fanl_group_by_number(u32 number,
					struct netlink_ext_ack *extack);
struct fanl_group *fanl_group_next(u64 *number);
void fanl_group_put(struct fanl_group *group);
void fanl_group_gap(struct fanl_group *group, u32 reason);
int fanl_group_lift(u32 number, struct netlink_ext_ack *extack);
void fanl_group_linger_over(struct fanl_group *group);
void fanl_group_unbind_evicted(struct fanl_group *group);

int fanl_settings_check(const struct fanl_settings *settings,
			struct netlink_ext_ack *extack);
int fanl_settings_match(const struct fanl_group *group,
			const struct fanl_settings *s,
			struct netlink_ext_ack *extack);
int fanl_group_set(struct fanl_group *group, struct fanl_settings *settings,
		   struct netlink_ext_ack *extack);

void fanl_groups_release_port(u32 portid);
void fanl_groups_exit(void);

#endif /* _FANL_GROUP_H */
