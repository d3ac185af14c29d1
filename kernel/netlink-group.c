// SPDX-License-Identifier: GPL-2.0
/*
 * Commands about groups and members: attributes in, attributes out.
 */
#include <linux/fanotify.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "event.h"
#include "group.h"
#include "kind.h"
#include "member.h"
#include "netlink.h"
#include "netlink-gen.h"

#define FANL_OPEN_FLAGS \
	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | O_CLOEXEC | \
	 O_LARGEFILE | O_NOATIME)

/**
 * fanl_queue_limit_default - the queue limit of who gives none
 *
 * Return: bytes, below the least one never, whatever the parameter says.
 */
unsigned long fanl_queue_limit_default(void)
{
	return clamp(fanl_queue_max, FANL_QUEUE_MIN, FANL_QUEUE_DEFAULT);
}

/**
 * fanl_check_queue_limit - refuse a queue limit that is out of range
 * @info: the request
 * @attr: attribute with the limit, which may be missing
 *
 * Return: 0 or -ERANGE, with a text.
 */
int fanl_check_queue_limit(struct genl_info *info, int attr)
{
	struct nlattr *nla = info->attrs[attr];
	unsigned long most = max(fanl_queue_max, FANL_QUEUE_MIN);

	if (!nla || (nla_get_uint(nla) >= FANL_QUEUE_MIN &&
		     nla_get_uint(nla) <= most))
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(info->extack, nla,
				"queue limit must be from %lu to %lu (parameter queue_max)",
				FANL_QUEUE_MIN, most);
	return -ERANGE;
}

static int fanl_check_settings(struct genl_info *info,
			       const struct fanl_settings *settings)
{
	int err;

	err = fanl_check_kinds(info, FANOTIFY_A_GROUP_MASK,
			       FANL_KINDS_ALL);
	if (err)
		return err;
	if ((settings->open_flags & ~FANL_OPEN_FLAGS) ||
	    (settings->open_flags & O_ACCMODE) == O_ACCMODE) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack,
					info->attrs[FANOTIFY_A_GROUP_OPEN_FLAGS],
					"open flags %#x are not allowed",
					settings->open_flags);
		return -EINVAL;
	}
	err = fanl_check_queue_limit(info, FANOTIFY_A_GROUP_QUEUE_LIMIT);
	if (err)
		return err;
	return fanl_check_gate_settings(info, &settings->gate);
}

static void fanl_settings_parse(struct genl_info *info,
				struct fanl_settings *settings)
{
	struct nlattr **attrs = info->attrs;

	*settings = (struct fanl_settings){
		.mask = FANL_KINDS_ALL,
		.stat_mask = FANL_STAT_ALL,
		.open_flags = O_RDONLY,
		.queue_limit = fanl_queue_limit_default(),
	};
	for (int i = 1; i <= FANOTIFY_A_GROUP_WINDOW; i++)
		if (attrs[i])
			set_bit(i, &settings->present);
	if (attrs[FANOTIFY_A_GROUP_NUMBER])
		settings->number = nla_get_u32(attrs[FANOTIFY_A_GROUP_NUMBER]);
	if (attrs[FANOTIFY_A_GROUP_PRIORITY])
		settings->priority =
			nla_get_s32(attrs[FANOTIFY_A_GROUP_PRIORITY]);
	if (attrs[FANOTIFY_A_GROUP_MASK])
		settings->mask = nla_get_uint(attrs[FANOTIFY_A_GROUP_MASK]);
	if (attrs[FANOTIFY_A_GROUP_STAT_MASK])
		settings->stat_mask =
			nla_get_u32(attrs[FANOTIFY_A_GROUP_STAT_MASK]);
	if (attrs[FANOTIFY_A_GROUP_OPEN_FLAGS])
		settings->open_flags =
			nla_get_u32(attrs[FANOTIFY_A_GROUP_OPEN_FLAGS]);
	if (attrs[FANOTIFY_A_GROUP_QUEUE_LIMIT])
		settings->queue_limit =
			nla_get_uint(attrs[FANOTIFY_A_GROUP_QUEUE_LIMIT]);
	if (attrs[FANOTIFY_A_GROUP_FLAGS])
		settings->flags = nla_get_u32(attrs[FANOTIFY_A_GROUP_FLAGS]);
	fanl_gate_settings_parse(info, &settings->gate);
}

/* What bind and group-set take; the filters are the caller's to free. */
static int fanl_settings_get(struct genl_info *info,
			     struct fanl_settings *settings)
{
	int err;

	fanl_settings_parse(info, settings);
	err = fanl_check_settings(info, settings);
	if (err)
		return err;
	return fanl_filters_parse(info, &settings->filters);
}

/* What bind answers and what group-get tells alike. */
static int fanl_put_group(struct sk_buff *skb, struct fanl_group *group)
{
	return nla_put_u32(skb, FANOTIFY_A_GROUP_NUMBER, group->number) ||
	       nla_put_s32(skb, FANOTIFY_A_GROUP_PRIORITY, group->priority) ||
	       nla_put_uint(skb, FANOTIFY_A_GROUP_MASK, group->mask) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_STAT_MASK, group->stat_mask) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_OPEN_FLAGS,
			   group->open_flags) ||
	       nla_put_uint(skb, FANOTIFY_A_GROUP_QUEUE_LIMIT,
			    group->queue_limit) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_FLAGS, group->flags) ||
	       fanl_put_filters(skb, group) ||
	       (group->gate && fanl_put_gate_settings(skb, group));
}

int fanotify_nl_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fanl_settings settings;
	struct fanl_member *member;
	struct sk_buff *reply;
	void *hdr;
	int err;

	err = fanl_settings_get(info, &settings);
	if (err)
		return err;
	reply = fanl_reply_start(info, &hdr);
	if (!reply) {
		kfree(settings.filters);
		return -ENOMEM;
	}
	member = fanl_member_bind(NETLINK_CB(skb).sk, info->snd_portid,
				  &settings,
				  info->attrs[FANOTIFY_A_GROUP_EXCL],
				  info->extack);
	kfree(settings.filters);
	if (IS_ERR(member)) {
		nlmsg_free(reply);
		return PTR_ERR(member);
	}
	err = fanl_put_group(reply, member->group) ||
	      nla_put_u64_64bit(reply, FANOTIFY_A_GROUP_TOKEN, member->token,
				0) ||
	      nla_put_u32(reply, FANOTIFY_A_GROUP_MEMBER, member->number) ||
	      nla_put_u32(reply, FANOTIFY_A_GROUP_EVENT_MAX,
			  FANOTIFY_EVENT_MAX);
	err = fanl_reply_end(reply, hdr, info, err);
	if (err)
		fanl_member_unbind_untold(member);
	fanl_member_put(member);
	return err;
}

int fanotify_nl_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fanl_member *member;

	member = fanl_command_member(info, FANOTIFY_A_GROUP_NUMBER,
				     FANOTIFY_A_GROUP_TOKEN);
	if (IS_ERR(member))
		return PTR_ERR(member);
	fanl_member_unbind(member);
	fanl_member_put(member);
	return 0;
}

/* By its number, or also by the token, which is never that of a later group. */
static struct fanl_group *fanl_command_group(struct genl_info *info)
{
	struct fanl_member *member;
	struct fanl_group *group;

	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_GROUP_NUMBER))
		return ERR_PTR(-EINVAL);
	if (!info->attrs[FANOTIFY_A_GROUP_TOKEN])
		return fanl_group_by_number(nla_get_u32(info->attrs[FANOTIFY_A_GROUP_NUMBER]),
					    info->extack);
	member = fanl_command_member(info, FANOTIFY_A_GROUP_NUMBER,
				     FANOTIFY_A_GROUP_TOKEN);
	if (IS_ERR(member))
		return ERR_CAST(member);
	group = member->group;
	kref_get(&group->kref);
	fanl_member_put(member);
	return group;
}

int fanotify_nl_group_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fanl_settings settings;
	struct fanl_group *group;
	int err;

	err = fanl_settings_get(info, &settings);
	if (err)
		return err;
	group = fanl_command_group(info);
	err = PTR_ERR_OR_ZERO(group);
	if (!err) {
		err = fanl_group_set(group, &settings, info->extack);
		fanl_group_put(group);
	}
	kfree(settings.filters);
	return err;
}

static int fanl_put_group_state(struct sk_buff *skb, struct fanl_group *group)
{
	return fanl_put_group(skb, group) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_UID,
			   from_kuid(&init_user_ns, group->uid)) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_MEMBERS,
			   READ_ONCE(group->nr_members)) ||
	       nla_put_u32(skb, FANOTIFY_A_GROUP_MARKS,
			   atomic_read(&group->nr_marks)) ||
	       (group->gate && fanl_put_gate(skb, group));
}

int fanotify_nl_group_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fanl_group *group;
	struct sk_buff *reply;
	void *hdr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_GROUP_NUMBER))
		return -EINVAL;
	group = fanl_group_by_number(nla_get_u32(info->attrs[FANOTIFY_A_GROUP_NUMBER]),
				     info->extack);
	if (IS_ERR(group))
		return PTR_ERR(group);
	reply = fanl_reply_start(info, &hdr);
	err = reply ? fanl_reply_end(reply, hdr, info,
				     fanl_put_group_state(reply, group)) :
		      -ENOMEM;
	fanl_group_put(group);
	return err;
}

static int fanl_dump_group(struct sk_buff *skb, struct netlink_callback *cb,
			   struct fanl_group *group, unsigned long *sub)
{
	void *hdr = fanl_dump_put(skb, cb, &fanl_generation);

	if (!hdr)
		return -EMSGSIZE;
	if (fanl_put_group_state(skb, group)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int fanotify_nl_group_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return fanl_dump_groups(skb, cb, FANOTIFY_A_GROUP_NUMBER,
				&fanl_generation, fanl_dump_group);
}

static int fanl_put_member(struct sk_buff *skb,
			   const struct fanl_member_stats *stats, u32 group)
{
	return nla_put_u32(skb, FANOTIFY_A_MEMBER_GROUP, group) ||
	       nla_put_u32(skb, FANOTIFY_A_MEMBER_MEMBER, stats->number) ||
	       nla_put_u32(skb, FANOTIFY_A_MEMBER_PORTID, stats->portid) ||
	       nla_put_u32(skb, FANOTIFY_A_MEMBER_TGID, stats->tgid) ||
	       nla_put_u32(skb, FANOTIFY_A_MEMBER_STATE, stats->state) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_SEQ, stats->seq) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_PUSHED, stats->pushed) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_FETCHED, stats->fetched) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_LOST, stats->lost) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_GAPS, stats->gaps) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_WAITING, stats->waiting) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_WAITING_BYTES,
			    stats->waiting_bytes) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_WAITING_MAX,
			    stats->waiting_max) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_MERGED, stats->merged) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_UNANSWERED,
			    stats->unanswered) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_ANSWERED,
			    stats->answered) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_TIMEOUTS,
			    stats->timeouts) ||
	       nla_put_uint(skb, FANOTIFY_A_MEMBER_ROW, stats->row);
}

static int fanl_dump_members(struct sk_buff *skb, struct netlink_callback *cb,
			     struct fanl_group *group, unsigned long *number)
{
	struct fanl_member_stats stats;

	while (fanl_member_next(group, number, &stats)) {
		void *hdr = fanl_dump_put(skb, cb, &fanl_generation);

		if (!hdr)
			return -EMSGSIZE;
		if (fanl_put_member(skb, &stats, group->number)) {
			genlmsg_cancel(skb, hdr);
			return -EMSGSIZE;
		}
		genlmsg_end(skb, hdr);
		++*number;
	}
	return 0;
}

int fanotify_nl_stats_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return fanl_dump_groups(skb, cb, FANOTIFY_A_MEMBER_GROUP,
				&fanl_generation, fanl_dump_members);
}
