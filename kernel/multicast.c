// SPDX-License-Identifier: GPL-2.0
/*
 * Events to the multicast group: best effort, numbered. A subscriber that falls
 * behind misses events, and sees it by the hole in seq.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/sched/mm.h>
#include <linux/user_namespace.h>
#include <net/sock.h>

#include "event.h"
#include "group.h"
#include "multicast.h"
#include "netlink-gen.h"

/**
 * fanl_multicast_prepare - make room for an event's copy, if anybody listens
 * @group: the group
 * @event: encoded
 * @gfp: how the context may allocate; charged to the group's memcg
 */
void fanl_multicast_prepare(struct fanl_group *group, struct fanl_event *event,
			    gfp_t gfp)
{
	event->multicast = (READ_ONCE(group->flags) & FANOTIFY_GROUP_FLAG_MULTICAST) &&
			   genl_has_listeners(&fanotify_nl_family, &init_net,
					      FANOTIFY_NLGRP_EVENTS);
	if (event->multicast && event->skb)
		event->copy = fanl_event_alloc(group, event->skb->len, gfp);
}

/**
 * fanl_multicast_filter - whether a receiver is to be left out
 * @sk: its socket
 * @skb: unused
 * @data: unused
 *
 * Memberships can be older than the family (see fanl_mcgrps), so who opened
 * the socket is looked at once more, as do_one_broadcast() does it.
 *
 * Return: 1 if it may not hear this.
 */
int fanl_multicast_filter(struct sock *sk, struct sk_buff *skb, void *data)
{
	struct file *file = sk->sk_socket ? sk->sk_socket->file : NULL;

	return !file || !file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN);
}

/**
 * fanl_multicast_send - send an event's copy
 * @group: the group; its lock is held, so that the copies go out in order
 * @event: sampled; without memory for its copy, a number is left out
 */
void fanl_multicast_send(struct fanl_group *group, struct fanl_event *event)
{
	struct sk_buff *copy = event->copy;

	if (!event->multicast)
		return;
	group->mcast_seq++;
	if (!copy)
		return;
	skb_put_data(copy, event->skb->data, event->skb->len);
	fanl_event_stamp(copy, group->mcast_seq, group->last_id);
	genlmsg_multicast_netns_filtered(&fanotify_nl_family, &init_net, copy,
					 0, FANOTIFY_NLGRP_EVENTS, GFP_ATOMIC,
					 fanl_multicast_filter, NULL);
	event->copy = NULL;
}
