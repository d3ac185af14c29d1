// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of groups: what bind and group-set say, against what a group has.
 *
 * They are changed with fanl_registry_lock held, and read without it where events are
 * made: one at a time, each as it was or as it is.
 */
#include <linux/bitops.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "ask.h"
#include "filter.h"
#include "gate.h"
#include "group.h"
#include "member.h"
#include "merge.h"

#define FANL_GIVEN(settings, attr) \
	test_bit(FANOTIFY_A_GROUP_##attr, &(settings)->present)

static struct fanl_filters *fanl_group_filters(const struct fanl_group *group)
{
	return rcu_dereference_protected(group->filters,
					 lockdep_is_held(&fanl_registry_lock));
}

/* The settings that only permission groups have. */
#define FANL_GATE_SETTING(attr, field) \
	{ FANOTIFY_A_GROUP_##attr, offsetof(struct fanl_gate_settings, field) }

static const struct {
	u16	attr;
	u16	offset;
} fanl_gate_fields[] = {
	FANL_GATE_SETTING(TIMEOUT_MS, timeout_ms),
	FANL_GATE_SETTING(ON_TIMEOUT, on_timeout),
	FANL_GATE_SETTING(WAIT_MS, wait_ms),
	FANL_GATE_SETTING(EVICT_AFTER, evict_after),
	FANL_GATE_SETTING(ON_EVICT, on_evict),
	FANL_GATE_SETTING(LINGER_MS, linger_ms),
	FANL_GATE_SETTING(UID_PENDING, uid_pending),
	FANL_GATE_SETTING(WINDOW, window),
};

static u32 *fanl_gate_field(struct fanl_gate_settings *set, int i)
{
	return (u32 *)((char *)set + fanl_gate_fields[i].offset);
}

/* Take over what was given; return whether anything was. */
static bool fanl_gate_merge(struct fanl_gate_settings *set,
			    const struct fanl_settings *settings)
{
	struct fanl_gate_settings given = settings->gate;
	bool any = false;

	for (int i = 0; i < ARRAY_SIZE(fanl_gate_fields); i++) {
		if (!test_bit(fanl_gate_fields[i].attr, &settings->present))
			continue;
		*fanl_gate_field(set, i) = *fanl_gate_field(&given, i);
		any = true;
	}
	return any;
}

static int fanl_gate_refuse(const struct fanl_settings *settings,
			    struct netlink_ext_ack *extack)
{
	struct fanl_gate_settings unused;

	if (!fanl_gate_merge(&unused, settings))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "settings of permission groups, for a group without the flag permission");
	return -EINVAL;
}

/**
 * fanl_settings_check - what a new group may be
 * @settings: of the group
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -EINVAL; -EOPNOTSUPP, this kernel cannot have permission groups.
 */
int fanl_settings_check(const struct fanl_settings *settings,
			struct netlink_ext_ack *extack)
{
	if (!(settings->flags & FANOTIFY_GROUP_FLAG_PERMISSION)) {
		if (!(settings->flags & FANOTIFY_GROUP_FLAG_REMEMBER))
			return fanl_gate_refuse(settings, extack);
		NL_SET_ERR_MSG(extack,
			       "flag remember is for permission groups");
		return -EINVAL;
	}
	if (fanl_ask_available())
		return 0;
	NL_SET_ERR_MSG(extack,
		       "this kernel does not let a module wait for verdicts: it has no permission events, or no static calls or kprobes");
	return -EOPNOTSUPP;
}

/**
 * fanl_settings_match - does what was given agree with a group that is there?
 * @group: the group
 * @s: what was given
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; -EEXIST; -EINVAL, it is no permission group, and settings of one were given.
 */
int fanl_settings_match(const struct fanl_group *group,
			const struct fanl_settings *s,
			struct netlink_ext_ack *extack)
{
	struct fanl_gate_settings gate;
	const char *what = NULL;

	if (!group->gate && fanl_gate_refuse(s, extack))
		return -EINVAL;
	if (group->gate) {
		gate = group->gate->set;
		fanl_gate_merge(&gate, s);
	}
	if (FANL_GIVEN(s, PRIORITY) && s->priority != group->priority)
		what = "priority";
	else if (FANL_GIVEN(s, MASK) && s->mask != group->mask)
		what = "mask";
	else if (FANL_GIVEN(s, STAT_MASK) && s->stat_mask != group->stat_mask)
		what = "stat-mask";
	else if (FANL_GIVEN(s, OPEN_FLAGS) && s->open_flags != group->open_flags)
		what = "open-flags";
	else if (FANL_GIVEN(s, QUEUE_LIMIT) && s->queue_limit != group->queue_limit)
		what = "queue-limit";
	else if (FANL_GIVEN(s, FLAGS) && s->flags != group->flags)
		what = "flags";
	else if (FANL_GIVEN(s, FILTERS) &&
		 !fanl_filters_same(s->filters, fanl_group_filters(group)))
		what = "set of filters";
	else if (group->gate &&
		 memcmp(&gate, &group->gate->set, sizeof(gate)))
		what = "setting of permission groups";
	if (!what)
		return 0;
	NL_SET_ERR_MSG_FMT(extack, "group %u exists with another %s",
			   group->number, what);
	return -EEXIST;
}

/* They say what a group is; that is settled when it is made. */
#define FANL_GROUP_FLAGS_FIXED \
	(FANOTIFY_GROUP_FLAG_PERMISSION | FANOTIFY_GROUP_FLAG_REMEMBER)

/* Of what was queued while nothing was merged, nobody knows what came last. */
static int fanl_group_set_flags(struct fanl_group *group, u32 flags,
				struct netlink_ext_ack *extack)
{
	struct fanl_member *member;

	if ((flags ^ group->flags) & FANL_GROUP_FLAGS_FIXED) {
		NL_SET_ERR_MSG(extack,
			       "flags permission and remember cannot be changed");
		return -EINVAL;
	}
	if (flags & FANOTIFY_GROUP_FLAG_MERGE)
		list_for_each_entry(member, &group->members, node)
			if (fanl_merge_prepare(&member->queue))
				return -ENOMEM;
	spin_lock(&group->lock);
	WRITE_ONCE(group->flags, flags);
	list_for_each_entry(member, &group->members, node)
		fanl_merge_forget(&member->queue);
	spin_unlock(&group->lock);
	return 0;
}

/**
 * fanl_group_set - change a group's settings
 * @group: the group
 * @settings: validated; what is not given stays. The filters are taken
 * @extack: where the reason of a refusal goes
 *
 * Return: 0; or nothing has changed: -EINVAL, it is no permission group and its
 *         settings were given, or the flags would make it one or make it none;
 *         -ENOMEM.
 */
int fanl_group_set(struct fanl_group *group, struct fanl_settings *settings,
		   struct netlink_ext_ack *extack)
{
	struct fanl_gate_settings gate;
	struct fanl_filters *old;
	int err;

	guard(mutex)(&fanl_registry_lock);
	if (!group->gate && fanl_gate_refuse(settings, extack))
		return -EINVAL;
	if (FANL_GIVEN(settings, FLAGS)) {
		err = fanl_group_set_flags(group, settings->flags, extack);
		if (err)
			return err;
	}
	if (FANL_GIVEN(settings, PRIORITY))
		group->priority = settings->priority;
	if (FANL_GIVEN(settings, MASK))
		WRITE_ONCE(group->mask, settings->mask);
	if (FANL_GIVEN(settings, STAT_MASK))
		WRITE_ONCE(group->stat_mask, settings->stat_mask);
	if (FANL_GIVEN(settings, QUEUE_LIMIT))
		WRITE_ONCE(group->queue_limit, settings->queue_limit);
	if (FANL_GIVEN(settings, FILTERS)) {
		old = fanl_group_filters(group);
		rcu_assign_pointer(group->filters, settings->filters);
		settings->filters = NULL;
		if (old)
			kfree_rcu(old, rcu);
	}
	if (group->gate) {
		gate = group->gate->set;
		fanl_gate_merge(&gate, settings);
		fanl_gate_set(group, &gate, group->priority);
	}
	atomic_inc(&fanl_generation);
	return 0;
}
