// SPDX-License-Identifier: GPL-2.0
/*
 * A group's filters: attributes in, attributes out.
 */
#include <linux/cgroup.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <net/genetlink.h>

#include "filter.h"
#include "group.h"
#include "netlink.h"
#include "netlink-gen.h"

#define FANL_FILTER_DIRS \
	(FANOTIFY_FILTER_FLAG_ONLY_DIRS | FANOTIFY_FILTER_FLAG_NO_DIRS)

#define FANL_FILTER_LARGEST \
	(nla_total_size(0) + nla_total_size(sizeof(u32)) + \
	 nla_total_size(FANOTIFY_PATTERN_MAX + 1))

#define FANL_FILTERS_LARGEST \
	(nla_total_size(0) + FANOTIFY_FILTERS_MAX * FANL_FILTER_LARGEST)

/* All else that is told of a group is less. */
#define FANL_GROUP_REST		512

static int fanl_filter_refuse(struct netlink_ext_ack *extack,
			      const struct nlattr *nla, int err,
			      const char *text)
{
	NL_SET_BAD_ATTR(extack, nla);
	NL_SET_ERR_MSG_FMT(extack, "%s", text);
	return err;
}

/* A process has to be there; 0 is that of who asks. */
static int fanl_filter_parse_tgid(struct nlattr **tb,
				  struct fanl_filter *filter,
				  struct netlink_ext_ack *extack)
{
	struct nlattr *nla = tb[FANOTIFY_A_FILTER_TGID];
	struct nlattr *start = tb[FANOTIFY_A_FILTER_START];
	const struct task_struct *task;

	filter->tgid = nla_get_u32(nla) ?: task_tgid_nr(current);
	rcu_read_lock();
	task = pid_task(find_pid_ns(filter->tgid, &init_pid_ns), PIDTYPE_TGID);
	if (task)
		filter->start = task->start_boottime;
	rcu_read_unlock();
	if (!task)
		return fanl_filter_refuse(extack, nla, -ESRCH,
					  "there is no such process");
	if (start && nla_get_u64(start) != filter->start)
		return fanl_filter_refuse(extack, start, -ESRCH,
					  "the process of this number has started at another time");
	return 0;
}

/* The same of a cgroup. */
static int fanl_filter_parse_cgroup(const struct nlattr *nla,
				    struct fanl_filter *filter,
				    struct netlink_ext_ack *extack)
{
#ifdef CONFIG_CGROUPS
	struct cgroup *cgroup;

	filter->cgroup = nla_get_u64(nla);
	if (!filter->cgroup) {
		guard(rcu)();
		filter->cgroup = cgroup_id(task_dfl_cgroup(current));
		return 0;
	}
	cgroup = cgroup_get_from_id(filter->cgroup);
	if (IS_ERR(cgroup))
		return fanl_filter_refuse(extack, nla, -ENOENT,
					  "there is no such cgroup");
	cgroup_put(cgroup);
	return 0;
#else
	return fanl_filter_refuse(extack, nla, -EOPNOTSUPP,
				  "this kernel has no cgroups");
#endif
}

static int fanl_filter_parse_name(const struct nlattr *nla,
				  struct fanl_filter *filter,
				  struct netlink_ext_ack *extack)
{
	int len = nla_strscpy(filter->name, nla, sizeof(filter->name));
	int end = len;

	if (!len)
		return fanl_filter_refuse(extack, nla, -EINVAL,
					  "the pattern is empty");
	if (len != strlen(filter->name))
		return fanl_filter_refuse(extack, nla, -EINVAL,
					  "the pattern has a NUL byte");
	if (strchr(filter->name, '/'))
		return fanl_filter_refuse(extack, nla, -EINVAL,
					  "the pattern has a slash; names have none");
	while (end && filter->name[end - 1] == '\\')
		end--;
	if ((len - end) % 2)
		return fanl_filter_refuse(extack, nla, -EINVAL,
					  "the pattern ends in a backslash");
	return 0;
}

/* What the filter goes by is one thing, and the rest belongs to that. */
static int fanl_filter_parse_by(struct nlattr **tb, const struct nlattr *nla,
				struct fanl_filter *filter,
				struct netlink_ext_ack *extack)
{
	static const u32 choice[] = {
		FANOTIFY_A_FILTER_TGID, FANOTIFY_A_FILTER_UID,
		FANOTIFY_A_FILTER_CGROUP, FANOTIFY_A_FILTER_NAME,
	};
	struct nlattr *flags = tb[FANOTIFY_A_FILTER_FLAGS];

	for (int i = 0; i < ARRAY_SIZE(choice); i++) {
		if (!tb[choice[i]])
			continue;
		if (filter->by)
			return fanl_filter_refuse(extack, nla, -EINVAL,
						  "the filter goes by two things; make it two filters");
		filter->by = choice[i];
	}
	if (!filter->by)
		return fanl_filter_refuse(extack, nla, -EINVAL,
					  "the filter has none of tgid, uid, cgroup and name");
	if (tb[FANOTIFY_A_FILTER_START] && !tb[FANOTIFY_A_FILTER_TGID])
		return fanl_filter_refuse(extack, tb[FANOTIFY_A_FILTER_START],
					  -EINVAL, "start without a tgid");
	if (flags)
		filter->flags = nla_get_u32(flags);
	if ((filter->flags & FANL_FILTER_DIRS) == FANL_FILTER_DIRS)
		return fanl_filter_refuse(extack, flags, -EINVAL,
					  "only-dirs and no-dirs leave nothing");
	if ((filter->flags & FANL_FILTER_DIRS) &&
	    filter->by != FANOTIFY_A_FILTER_NAME)
		return fanl_filter_refuse(extack, flags, -EINVAL,
					  "only-dirs and no-dirs are for names");
	return 0;
}

static int fanl_filter_parse(const struct nlattr *nla,
			     struct fanl_filter *filter,
			     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[FANOTIFY_A_FILTER_NAME + 1];
	int err;

	err = nla_parse_nested(tb, FANOTIFY_A_FILTER_NAME, nla,
			       fanotify_filter_nl_policy, extack);
	if (!err)
		err = fanl_filter_parse_by(tb, nla, filter, extack);
	if (err)
		return err;
	nla = tb[filter->by];
	switch (filter->by) {
	case FANOTIFY_A_FILTER_TGID:
		return fanl_filter_parse_tgid(tb, filter, extack);
	case FANOTIFY_A_FILTER_UID:
		filter->uid = nla_get_u32(nla);
		if (uid_valid(KUIDT_INIT(filter->uid)))
			return 0;
		return fanl_filter_refuse(extack, nla, -EINVAL,
					  "this is the uid of no user");
	case FANOTIFY_A_FILTER_CGROUP:
		return fanl_filter_parse_cgroup(nla, filter, extack);
	default:
		return fanl_filter_parse_name(nla, filter, extack);
	}
}

/**
 * fanl_filters_parse - the filters of a request
 * @info: the request, of bind or group-set
 * @filters: set to them, for the caller to free; NULL for none
 *
 * Return: 0 or an error, with a text: -E2BIG, too many; -ESRCH, no such
 * process; -ENOENT, no such cgroup; -EINVAL; -EOPNOTSUPP; -ENOMEM.
 */
int fanl_filters_parse(struct genl_info *info, struct fanl_filters **filters)
{
	struct nlattr *nest = info->attrs[FANOTIFY_A_GROUP_FILTERS], *nla;
	struct fanl_filters *new;
	int rem, nr = 0, err = 0;

	*filters = NULL;
	if (!nest)
		return 0;
	nla_for_each_nested(nla, nest, rem)
		nr++;
	if (nr > FANOTIFY_FILTERS_MAX) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, nest,
					"%d filters; a group has %d at most",
					nr, FANOTIFY_FILTERS_MAX);
		return -E2BIG;
	}
	if (!nr)
		return 0;
	new = kzalloc(struct_size(new, filter, nr), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->nr = nr;
	nr = 0;
	nla_for_each_nested(nla, nest, rem) {
		err = fanl_filter_parse(nla, &new->filter[nr++], info->extack);
		if (err) {
			kfree(new);
			return err;
		}
	}
	*filters = new;
	return 0;
}

static int fanl_put_filter_by(struct sk_buff *skb,
			      const struct fanl_filter *filter)
{
	switch (filter->by) {
	case FANOTIFY_A_FILTER_TGID:
		return nla_put_u32(skb, filter->by, filter->tgid) ||
		       nla_put_u64_64bit(skb, FANOTIFY_A_FILTER_START,
					 filter->start, 0);
	case FANOTIFY_A_FILTER_UID:
		return nla_put_u32(skb, filter->by, filter->uid);
	case FANOTIFY_A_FILTER_CGROUP:
		return nla_put_u64_64bit(skb, filter->by, filter->cgroup, 0);
	default:
		return nla_put_string(skb, filter->by, filter->name);
	}
}

static int fanl_put_filter(struct sk_buff *skb,
			   const struct fanl_filter *filter)
{
	struct nlattr *nest = nla_nest_start(skb, FANOTIFY_A_FILTERS_FILTER);

	if (!nest ||
	    nla_put_u32(skb, FANOTIFY_A_FILTER_FLAGS, filter->flags) ||
	    fanl_put_filter_by(skb, filter))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * fanl_put_filters - tell a group's filters
 * @skb: where they go
 * @group: the group
 *
 * All of them fit into a message of the default size.
 *
 * Return: 0; -EMSGSIZE, no room.
 */
int fanl_put_filters(struct sk_buff *skb, const struct fanl_group *group)
{
	const struct fanl_filters *filters;
	struct nlattr *nest;
	int err = 0;

	BUILD_BUG_ON(FANL_FILTERS_LARGEST + FANL_GROUP_REST >
		     GENLMSG_DEFAULT_SIZE);
	guard(rcu)();
	filters = rcu_dereference(group->filters);
	nest = nla_nest_start(skb, FANOTIFY_A_GROUP_FILTERS);
	if (!nest)
		return -EMSGSIZE;
	for (int i = 0; filters && i < filters->nr && !err; i++)
		err = fanl_put_filter(skb, &filters->filter[i]);
	nla_nest_end(skb, nest);
	return err;
}
