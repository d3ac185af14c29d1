/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events to the multicast group.
 */
#ifndef _FANL_MULTICAST_H
#define _FANL_MULTICAST_H

#include <linux/skbuff.h>

struct fanl_event;
struct fanl_group;
struct sock;

int fanl_multicast_filter(struct sock *sk, struct sk_buff *skb, void *data);
void fanl_multicast_prepare(struct fanl_group *group, struct fanl_event *event,
			    gfp_t gfp);
void fanl_multicast_send(struct fanl_group *group, struct fanl_event *event);

#endif /* _FANL_MULTICAST_H */
