/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the family's commands share.
 */
#ifndef _FANL_NETLINK_H
#define _FANL_NETLINK_H

#include <linux/path.h>
#include <net/genetlink.h>

struct fanl_filters;
struct fanl_gate_settings;
struct fanl_group;
struct fanl_member;

unsigned long fanl_queue_limit_default(void);
int fanl_check_queue_limit(struct genl_info *info, int attr);
int fanl_check_kinds(struct genl_info *info, int attr, u64 legal);
struct fanl_member *fanl_command_member(struct genl_info *info, int group,
					int token);
void fanl_gate_settings_parse(struct genl_info *info,
			      struct fanl_gate_settings *set);
int fanl_check_gate_settings(struct genl_info *info,
			     const struct fanl_gate_settings *set);
int fanl_put_gate_settings(struct sk_buff *skb, struct fanl_group *group);
int fanl_put_gate(struct sk_buff *skb, struct fanl_group *group);
int fanl_object_by_fd(struct genl_info *info, int attr, struct path *path);

int fanl_filters_parse(struct genl_info *info, struct fanl_filters **filters);
int fanl_put_filters(struct sk_buff *skb, const struct fanl_group *group);

struct sk_buff *fanl_reply_start(struct genl_info *info, void **hdr);
int fanl_reply_end(struct sk_buff *reply, void *hdr, struct genl_info *info,
		   bool failed);

typedef int (*fanl_dump_fill)(struct sk_buff *skb, struct netlink_callback *cb,
			      struct fanl_group *group, unsigned long *sub);

int fanl_dump_groups(struct sk_buff *skb, struct netlink_callback *cb, int attr,
		     const atomic_t *generation, fanl_dump_fill fill);
void fanl_dump_begin(struct netlink_callback *cb, const atomic_t *generation);
int fanl_dump_end(const struct sk_buff *skb, struct netlink_callback *cb,
		  const atomic_t *generation, int err);
void *fanl_dump_put(struct sk_buff *skb, struct netlink_callback *cb,
		    const atomic_t *generation);

#endif /* _FANL_NETLINK_H */
