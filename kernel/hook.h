/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From fsnotify's calls to events.
 */
#ifndef _FANL_HOOK_H
#define _FANL_HOOK_H

#include <linux/fsnotify_backend.h>

struct fanl_group;
struct fanl_mark;

extern const struct fsnotify_ops fanl_fsnotify_ops;

void fanl_report_unmount(struct fanl_mark *mark);
void fanl_report_covered(struct fanl_group *group, struct super_block *sb);

#endif /* _FANL_HOOK_H */
