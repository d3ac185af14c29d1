/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files for events.
 */
#ifndef _FANL_OPEN_H
#define _FANL_OPEN_H

#include <linux/path.h>

struct netlink_ext_ack;

struct file *fanl_open_path(const struct path *path, u32 flags,
			    struct netlink_ext_ack *extack);
struct file *fanl_open_handle(const struct path *mount, int type,
			      const void *handle, unsigned int len, u32 flags,
			      struct netlink_ext_ack *extack);

#endif /* _FANL_OPEN_H */
