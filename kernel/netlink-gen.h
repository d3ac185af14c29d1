/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/fanotify-nl.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_FANOTIFY_GEN_H
#define _LINUX_FANOTIFY_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/fanotify-nl.h>

/* Common nested types */
extern const struct nla_policy fanotify_answer_nl_policy[FANOTIFY_A_ANSWER_FLAGS + 1];
extern const struct nla_policy fanotify_filter_nl_policy[FANOTIFY_A_FILTER_NAME + 1];
extern const struct nla_policy fanotify_filters_nl_policy[FANOTIFY_A_FILTERS_FILTER + 1];

int fanotify_nl_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			 struct genl_info *info);
int fanotify_nl_in_turn(const struct genl_split_ops *ops, struct sk_buff *skb,
			struct genl_info *info);
int fanotify_nl_dump_start(struct netlink_callback *cb);

int fanotify_nl_bind_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_unbind_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_group_get_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_group_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int fanotify_nl_group_set_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_mark_add_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_mark_remove_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_mark_flush_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_mark_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int fanotify_nl_fetch_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_event_open_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_stats_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int fanotify_nl_caps_get_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_verdict_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_gate_lift_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_journal_start_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_journal_stop_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_journal_get_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_journal_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb);
int fanotify_nl_journal_read_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_consumer_add_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_consumer_remove_doit(struct sk_buff *skb,
				     struct genl_info *info);
int fanotify_nl_consumer_ack_doit(struct sk_buff *skb, struct genl_info *info);
int fanotify_nl_consumer_get_dumpit(struct sk_buff *skb,
				    struct netlink_callback *cb);

enum {
	FANOTIFY_NLGRP_EVENTS,
	FANOTIFY_NLGRP_CONTROL,
};

extern struct genl_family fanotify_nl_family;

#endif /* _LINUX_FANOTIFY_GEN_H */
