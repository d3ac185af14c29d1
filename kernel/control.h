/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens to permission groups, told to the multicast group control.
 */
#ifndef _FANL_CONTROL_H
#define _FANL_CONTROL_H

#include <linux/types.h>

/**
 * struct fanl_control - something that happened to a permission group
 * @what: enum fanotify_control_event
 * @group: number of the group
 * @member: number of the member, 0 for none
 * @tgid: process, 0 for none
 * @of_access: @uid, @id and @outcome are those of an access
 * @uid: its user
 * @id: its event, 0 for none
 * @outcome: its errno, 0 if it goes on
 */
struct fanl_control {
	u32	what;
	u32	group;
	u32	member;
	u32	tgid;
	bool	of_access;
	u32	uid;
	u64	id;
	u32	outcome;
};

void fanl_control_send(const struct fanl_control *control);

#endif /* _FANL_CONTROL_H */
