/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Permission groups: what they are set to, who decides, and what becomes of
 * accesses when nobody does.
 */
#ifndef _FANL_GATE_H
#define _FANL_GATE_H

#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

#include <uapi/linux/fanotify-nl.h>

struct fanl_group;
struct fanl_member;
struct fanl_share;
struct netlink_ext_ack;

#define FANL_MEMBERS_MAX	64

extern uint fanl_permission_groups_max;
extern uint fanl_timeout_max;
extern uint fanl_linger_max;
extern uint fanl_pending_max;

/**
 * struct fanl_gate_settings - what a permission group is set to
 * @timeout_ms: time that a member has to answer
 * @on_timeout: errno of an access that is not answered, 0 to allow it
 * @wait_ms: time that an access waits at most
 * @evict_after: timeouts in a row after which a member is evicted, 0 for never
 * @on_evict: enum fanotify_on_evict
 * @linger_ms: time that the group waits for a successor of its last member
 * @uid_pending: pending accesses of a user
 * @window: events that a member may have to answer at a time
 */
struct fanl_gate_settings {
	u32	timeout_ms;
	u32	on_timeout;
	u32	wait_ms;
	u32	evict_after;
	u32	on_evict;
	u32	linger_ms;
	u32	uid_pending;
	u32	window;
};

extern const struct fanl_gate_settings fanl_gate_defaults;

/**
 * struct fanl_gate_stats - counters of a permission group, as in the protocol
 * @pending: accesses that wait for a verdict
 * @parked: accesses that wait to be pending
 * @allowed: by a verdict
 * @denied: by a verdict
 * @deferred: clocks that a verdict restarted
 * @timeouts: events not answered in time
 * @undelivered: accesses that no member could be asked about in time
 * @withdrawn: accesses whose task was killed
 * @abandoned: accesses that nobody was left to decide about
 * @evictions: members evicted
 * @takeovers: binds to a group without members
 * @remembered: accesses decided by a remembered verdict
 * @not_remembered: verdicts that could not be remembered
 */
struct fanl_gate_stats {
	u64	pending;
	u64	parked;
	u64	allowed;
	u64	denied;
	u64	deferred;
	u64	timeouts;
	u64	undelivered;
	u64	withdrawn;
	u64	abandoned;
	u64	evictions;
	u64	takeovers;
	u64	remembered;
	u64	not_remembered;
};

/**
 * enum fanl_gate_state - what is done with accesses
 * @FANL_GATE_ACTIVE: members are asked
 * @FANL_GATE_LINGERING: they wait for a member
 * @FANL_GATE_HELD: they are denied
 * @FANL_GATE_ENDED: they are allowed; the group is on its way out
 *
 * The first three are those of enum fanotify_gate_state.
 */
enum fanl_gate_state {
	FANL_GATE_ACTIVE	= FANOTIFY_GATE_STATE_ACTIVE,
	FANL_GATE_LINGERING	= FANOTIFY_GATE_STATE_LINGERING,
	FANL_GATE_HELD		= FANOTIFY_GATE_STATE_HELD,
	FANL_GATE_ENDED,
};

/**
 * struct fanl_gate - the part of a group that only permission groups have
 * @node: in the list of them, by priority [fanl_gates_lock]
 * @priority: of the group; of equal ones the lower number is first [as @node]
 * @serial: of the same number, the one that was there first is first [as @node]
 * @set: what it is set to
 * @state: what is done with accesses
 * @cookie: of what is remembered; another one, and all is forgotten
 * @shares: struct fanl_share by user
 * @spare: a share that is not in use, or NULL
 * @ring: shares with queued accesses, the one to be served next first
 * @by_id: struct fanl_perm that are queued or delivered
 * @stats: counters, but for remembered
 * @missed: events that a successor will not get, as far as known
 * @missed_reason: enum fanotify_gap_reason of the gap that says so
 * @remembered: accesses decided by a remembered verdict
 * @linger_end: when the wait for a successor ends, in jiffies
 * @linger: ends it; holds a reference of the group
 * @evict: unbinds members that were evicted; holds a reference of the group
 * @group: the group
 *
 * All but @node, @priority, @serial, @remembered, the works and @group are protected by
 * the group's lock.
 */
struct fanl_gate {
	struct list_head		node;
	s32				priority;
	u64				serial;
	struct fanl_gate_settings	set;
	enum fanl_gate_state		state;
	u64				cookie;
	DECLARE_HASHTABLE(shares, 5);
	struct fanl_share		*spare;
	struct list_head		ring;
	DECLARE_HASHTABLE(by_id, 7);
	struct fanl_gate_stats		stats;
	u64				missed;
	u32				missed_reason;
	atomic64_t			remembered;
	unsigned long			linger_end;
	struct delayed_work		linger;
	struct work_struct		evict;
	struct fanl_group		*group;
};

/**
 * struct fanl_window - the part of a member that decides
 * @delivered: struct fanl_perm that it has to answer
 * @nr: length of @delivered
 * @answered: events answered
 * @timeouts: events not answered in time
 * @row: timeouts since the last answer
 * @row_since: when the first of them was, as fanl_gate_now() has it
 * @evicted: it is asked nothing any more
 * @took_over: it found accesses that waited for one to decide
 * @pid: process that bound it; never asked itself
 * @by_pid: in the table of those
 *
 * All but the last two are protected by the group's lock.
 */
struct fanl_window {
	struct list_head	delivered;
	unsigned int		nr;
	u64			answered;
	u64			timeouts;
	unsigned int		row;
	unsigned long		row_since;
	bool			evicted;
	bool			took_over;
	struct pid		*pid;
	struct hlist_node	by_pid;
};

/**
 * enum fanl_leave - why a member leaves
 * @FANL_LEAVE_UNBOUND: it said so, or the module is unloaded: all is allowed
 * @FANL_LEAVE_GONE: its socket is gone
 * @FANL_LEAVE_EVICTED: it did not answer
 */
enum fanl_leave {
	FANL_LEAVE_UNBOUND,
	FANL_LEAVE_GONE,
	FANL_LEAVE_EVICTED,
};

/**
 * struct fanl_gate_pos - how far the walk over permission groups has come
 * @begun: it has begun
 * @priority: of the last group
 * @number: of the last group
 * @serial: of its gate
 */
struct fanl_gate_pos {
	bool	begun;
	s32	priority;
	u32	number;
	u64	serial;
};

int fanl_gate_alloc(struct fanl_group *group,
		    const struct fanl_gate_settings *set);
void fanl_gate_free(struct fanl_gate *gate);
int fanl_gate_register(struct fanl_group *group, struct netlink_ext_ack *extack);
void fanl_gate_unregister(struct fanl_group *group);
void fanl_gate_set(struct fanl_group *group,
		   const struct fanl_gate_settings *set, s32 priority);
struct fanl_group *fanl_gate_next(struct fanl_gate_pos *pos);
void fanl_gate_put(struct fanl_group *group);

void fanl_gate_join(struct fanl_group *group, struct fanl_member *member);
bool fanl_gate_leave(struct fanl_group *group, struct fanl_member *member,
		     enum fanl_leave why, bool last);
bool fanl_gate_linger_over(struct fanl_group *group);
void fanl_gate_lift(struct fanl_group *group);
void fanl_gate_evict(struct fanl_group *group, struct fanl_member *member);
void fanl_gate_stats(struct fanl_group *group, struct fanl_gate_stats *stats,
		     struct fanl_gate_settings *set, u32 *state);

void fanl_gate_remembered(struct fanl_group *group);
bool fanl_gate_exempt(void);

/* Jiffies in which no less than @ms pass: the first one is not a whole one. */
static inline unsigned long fanl_gate_jiffies(u32 ms)
{
	return msecs_to_jiffies(ms) + 1;
}

unsigned long fanl_gate_now(void);

int fanl_gate_init(void);
void fanl_gate_exit(void);

extern struct workqueue_struct *fanl_wq;

#endif /* _FANL_GATE_H */
