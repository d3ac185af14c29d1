// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to permission groups, told to the multicast group control: best
 * effort, to whoever listens.
 */
#include <net/genetlink.h>

#include <uapi/linux/fanotify-nl.h>

#include "control.h"
#include "multicast.h"
#include "netlink-gen.h"

static int fanl_put_control(struct sk_buff *skb,
			    const struct fanl_control *control)
{
	const bool outcome = control->of_access &&
			     control->what != FANOTIFY_CONTROL_EVENT_LIMIT;

	return nla_put_u32(skb, FANOTIFY_A_CONTROL_WHAT, control->what) ||
	       nla_put_u32(skb, FANOTIFY_A_CONTROL_GROUP, control->group) ||
	       (control->member &&
		nla_put_u32(skb, FANOTIFY_A_CONTROL_MEMBER,
			    control->member)) ||
	       (control->tgid &&
		nla_put_u32(skb, FANOTIFY_A_CONTROL_TGID, control->tgid)) ||
	       (control->of_access &&
		nla_put_u32(skb, FANOTIFY_A_CONTROL_UID, control->uid)) ||
	       (outcome && control->id &&
		nla_put_u64_64bit(skb, FANOTIFY_A_CONTROL_ID, control->id,
				  0)) ||
	       (outcome &&
		nla_put_u32(skb, FANOTIFY_A_CONTROL_OUTCOME,
			    control->outcome)) ||
	       nla_put_u64_64bit(skb, FANOTIFY_A_CONTROL_REALTIME,
				 ktime_get_real_ns(), 0);
}

/**
 * fanl_control_send - tell what happened
 * @control: what
 *
 * Context: may sleep. Does not wait for subscribers that have fallen behind.
 */
void fanl_control_send(const struct fanl_control *control)
{
	struct sk_buff *skb;
	void *hdr;

	if (!genl_has_listeners(&fanotify_nl_family, &init_net,
				FANOTIFY_NLGRP_CONTROL))
		return;
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		return;
	hdr = genlmsg_put(skb, 0, 0, &fanotify_nl_family, 0,
			  FANOTIFY_CMD_CONTROL_NTF);
	if (!hdr || WARN_ON_ONCE(fanl_put_control(skb, control))) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	/* netlink yields to who has fallen behind, if it may wait for memory */
	genlmsg_multicast_netns_filtered(&fanotify_nl_family, &init_net, skb, 0,
					 FANOTIFY_NLGRP_CONTROL, GFP_NOWAIT,
					 fanl_multicast_filter, NULL);
}
