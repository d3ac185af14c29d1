// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of permission groups, and their settings: attributes in, attributes
 * out.
 */
#include <net/genetlink.h>

#include "gate.h"
#include "group.h"
#include "member.h"
#include "netlink.h"
#include "netlink-gen.h"
#include "perm.h"

static void fanl_parse_u32(struct genl_info *info, int attr, u32 *value)
{
	if (info->attrs[attr])
		*value = nla_get_u32(info->attrs[attr]);
}

/**
 * fanl_gate_settings_parse - the settings that only permission groups have
 * @info: a request of bind or group-set
 * @set: where they go; the defaults for what is not given
 */
void fanl_gate_settings_parse(struct genl_info *info,
			      struct fanl_gate_settings *set)
{
	*set = fanl_gate_defaults;
	set->timeout_ms = clamp(fanl_timeout_max, FANOTIFY_TIMEOUT_MS_MIN,
				set->timeout_ms);
	set->uid_pending = clamp(fanl_pending_max, 1, set->uid_pending);
	fanl_parse_u32(info, FANOTIFY_A_GROUP_TIMEOUT_MS, &set->timeout_ms);
	fanl_parse_u32(info, FANOTIFY_A_GROUP_ON_TIMEOUT, &set->on_timeout);
	fanl_parse_u32(info, FANOTIFY_A_GROUP_WAIT_MS, &set->wait_ms);
	fanl_parse_u32(info, FANOTIFY_A_GROUP_EVICT_AFTER, &set->evict_after);
	fanl_parse_u32(info, FANOTIFY_A_GROUP_ON_EVICT, &set->on_evict);
	fanl_parse_u32(info, FANOTIFY_A_GROUP_LINGER_MS, &set->linger_ms);
	fanl_parse_u32(info, FANOTIFY_A_GROUP_UID_PENDING, &set->uid_pending);
	fanl_parse_u32(info, FANOTIFY_A_GROUP_WINDOW, &set->window);
}

/*
 * The policy has the protocol's bounds; an administrator may have lower ones. A default
 * is as low as the protocol allows, if that is more.
 */
static int fanl_check_ceiling(struct genl_info *info, int attr, u32 value,
			      u32 most, const char *parameter)
{
	if (!info->attrs[attr] || value <= most)
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(info->extack, info->attrs[attr],
				"%u is more than parameter %s, %u, allows",
				value, parameter, most);
	return -ERANGE;
}

/**
 * fanl_check_gate_settings - refuse settings that an access cannot have
 * @info: a request of bind or group-set
 * @set: what it asks for
 *
 * Return: 0; -EINVAL or -ERANGE, with a text.
 */
int fanl_check_gate_settings(struct genl_info *info,
			     const struct fanl_gate_settings *set)
{
	int err;

	if (set->on_timeout && !fanl_errno_allowed(set->on_timeout)) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack,
					info->attrs[FANOTIFY_A_GROUP_ON_TIMEOUT],
					"an access cannot fail with errno %u",
					set->on_timeout);
		return -EINVAL;
	}
	err = fanl_check_ceiling(info, FANOTIFY_A_GROUP_TIMEOUT_MS,
				 set->timeout_ms, fanl_timeout_max,
				 "timeout_max");
	if (err)
		return err;
	err = fanl_check_ceiling(info, FANOTIFY_A_GROUP_LINGER_MS,
				 set->linger_ms, fanl_linger_max, "linger_max");
	if (err)
		return err;
	return fanl_check_ceiling(info, FANOTIFY_A_GROUP_UID_PENDING,
				  set->uid_pending, fanl_pending_max,
				  "pending_max");
}

/**
 * fanl_put_gate_settings - tell what a permission group is set to
 * @skb: where it goes
 * @group: the group
 *
 * Return: 0 or an error.
 */
int fanl_put_gate_settings(struct sk_buff *skb, struct fanl_group *group)
{
	struct fanl_gate_settings set;
	struct fanl_gate_stats unused;
	u32 state;

	fanl_gate_stats(group, &unused, &set, &state);
	return nla_put_u32(skb, FANOTIFY_A_GROUP_TIMEOUT_MS, set.timeout_ms) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_ON_TIMEOUT, set.on_timeout) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_WAIT_MS, set.wait_ms) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_EVICT_AFTER,
			   set.evict_after) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_ON_EVICT, set.on_evict) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_LINGER_MS, set.linger_ms) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_UID_PENDING,
			   set.uid_pending) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_WINDOW, set.window);
}

/**
 * fanl_put_gate - tell state and counters of a permission group
 * @skb: where they go
 * @group: the group
 *
 * Return: 0 or an error.
 */
int fanl_put_gate(struct sk_buff *skb, struct fanl_group *group)
{
	struct nlattr *nest = nla_nest_start(skb, FANOTIFY_A_GROUP_GATE);
	struct fanl_gate_settings unused;
	struct fanl_gate_stats stats;
	u32 state;

	if (!nest)
		return -EMSGSIZE;
	fanl_gate_stats(group, &stats, &unused, &state);
	if (nla_put_u32(skb, FANOTIFY_A_GATE_STATE, state) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_PENDING, stats.pending) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_PARKED, stats.parked) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_ALLOWED, stats.allowed) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_DENIED, stats.denied) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_DEFERRED, stats.deferred) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_TIMEOUTS, stats.timeouts) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_UNDELIVERED,
			 stats.undelivered) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_WITHDRAWN, stats.withdrawn) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_ABANDONED, stats.abandoned) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_EVICTIONS, stats.evictions) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_TAKEOVERS, stats.takeovers) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_REMEMBERED, stats.remembered) ||
	    nla_put_uint(skb, FANOTIFY_A_GATE_NOT_REMEMBERED,
			 stats.not_remembered))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fanl_answer_parse(struct genl_info *info, struct nlattr *nest,
			     u32 group_flags, struct fanl_answer *answer)
{
	struct nlattr *attrs[FANOTIFY_A_ANSWER_MAX + 1];
	int err;

	/* the policy was applied to the whole request */
	err = nla_parse_nested(attrs, FANOTIFY_A_ANSWER_MAX, nest, NULL,
			       info->extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(info->extack, nest, attrs,
			      FANOTIFY_A_ANSWER_ID) ||
	    NL_REQ_ATTR_CHECK(info->extack, nest, attrs,
			      FANOTIFY_A_ANSWER_RESPONSE))
		return -EINVAL;
	*answer = (struct fanl_answer){
		.id = nla_get_u64(attrs[FANOTIFY_A_ANSWER_ID]),
		.response = nla_get_u32(attrs[FANOTIFY_A_ANSWER_RESPONSE]),
	};
	if (answer->response == FANOTIFY_VERDICT_DENY)
		answer->error = EPERM;
	if (attrs[FANOTIFY_A_ANSWER_ERROR]) {
		answer->error = nla_get_u32(attrs[FANOTIFY_A_ANSWER_ERROR]);
		if (answer->response != FANOTIFY_VERDICT_DENY ||
		    !fanl_errno_allowed(answer->error)) {
			NL_SET_ERR_MSG_ATTR_FMT(info->extack, nest,
						"event %llu: no such answer as errno %u",
						answer->id, answer->error);
			return -EINVAL;
		}
	}
	if (attrs[FANOTIFY_A_ANSWER_FLAGS])
		answer->flags = nla_get_u32(attrs[FANOTIFY_A_ANSWER_FLAGS]);
	if (answer->flags && answer->response == FANOTIFY_VERDICT_DEFER) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, nest,
					"event %llu: to defer has no flags",
					answer->id);
		return -EINVAL;
	}
	if ((answer->flags & FANOTIFY_VERDICT_FLAG_REMEMBER) &&
	    !(group_flags & FANOTIFY_GROUP_FLAG_REMEMBER)) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, nest,
					"event %llu: the group has no flag remember",
					answer->id);
		return -EINVAL;
	}
	return 0;
}

#define fanl_for_each_answer(nest, info, rem) \
	nlmsg_for_each_attr_type(nest, FANOTIFY_A_VERDICT_ANSWER, \
				 (info)->nlhdr, GENL_HDRLEN, rem)

static int fanl_answers_check(struct genl_info *info, u32 group_flags)
{
	struct fanl_answer answer;
	struct nlattr *nest;
	int rem, err;

	fanl_for_each_answer(nest, info, rem) {
		err = fanl_answer_parse(info, nest, group_flags, &answer);
		if (err)
			return err;
	}
	return 0;
}

/* Each is taken for itself; the first that cannot be has its text. */
static int fanl_answers_take(struct genl_info *info, struct fanl_member *member)
{
	struct netlink_ext_ack *extack = info->extack;
	struct fanl_answer answer;
	struct nlattr *nest;
	int rem, err, first = 0;

	fanl_for_each_answer(nest, info, rem) {
		err = fanl_answer_parse(info, nest,
					READ_ONCE(member->group->flags),
					&answer);
		if (!err)
			err = fanl_perm_answer(member, &answer, extack);
		if (err && !first) {
			first = err;
			extack = NULL;
		}
	}
	return first;
}

/*
 * Without the pre hook: who knows the token is, or has been given it by, one
 * that was allowed to bind.
 */
int fanotify_nl_verdict_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fanl_member *member;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_VERDICT_ANSWER))
		return -EINVAL;
	member = fanl_command_member(info, FANOTIFY_A_VERDICT_GROUP,
				     FANOTIFY_A_VERDICT_TOKEN);
	if (IS_ERR(member))
		return PTR_ERR(member);
	err = fanl_answers_check(info, READ_ONCE(member->group->flags));
	if (!err)
		err = fanl_answers_take(info, member);
	fanl_member_put(member);
	return err;
}

int fanotify_nl_gate_lift_doit(struct sk_buff *skb, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_GROUP_NUMBER))
		return -EINVAL;
	return fanl_group_lift(nla_get_u32(info->attrs[FANOTIFY_A_GROUP_NUMBER]),
			       info->extack);
}
