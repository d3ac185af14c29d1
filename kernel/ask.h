/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking for permission: fsnotify's callback.
 */
#ifndef _FANL_ASK_H
#define _FANL_ASK_H

#include <linux/fsnotify_backend.h>

bool fanl_ask_available(void);
int fanl_ask_event(struct fsnotify_group *fsn, u32 mask, const void *data,
		   int data_type, struct inode *dir, const struct qstr *name,
		   u32 cookie, struct fsnotify_iter_info *iter_info);
void fanl_ask_init(void);

#endif /* _FANL_ASK_H */
