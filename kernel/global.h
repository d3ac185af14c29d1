/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Global marks: every filesystem mounted now and later.
 */
#ifndef _FANL_GLOBAL_H
#define _FANL_GLOBAL_H

#include <linux/types.h>

struct fanl_group;
struct netlink_ext_ack;
struct super_block;

bool fanl_global_available(void);
bool fanl_global_leaves_out(const char *fstype);
void fanl_global_newborn(struct super_block *sb);
void fanl_global_set(struct fanl_group *group, u64 mask);
int fanl_global_cover_type(struct fanl_group *group, const char *fstype,
			   u32 *covered, struct netlink_ext_ack *extack);
int fanl_global_cover_root(struct fanl_group *group, u32 *covered,
			   struct netlink_ext_ack *extack);
int fanl_global_add(struct fanl_group *group, u64 mask, u64 *before,
		    struct netlink_ext_ack *extack);
bool fanl_global_restrict(struct fanl_group *group, u64 mask);

void fanl_global_init(void);
void fanl_global_exit(void);

#endif /* _FANL_GLOBAL_H */
