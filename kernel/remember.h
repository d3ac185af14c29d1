/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Verdicts that are remembered until the file is modified.
 */
#ifndef _FANL_REMEMBER_H
#define _FANL_REMEMBER_H

#include <linux/fsnotify_backend.h>

struct fanl_gate_mark;
struct fanl_group;
struct fanl_perm;

/* By which changes of a file are seen. */
#define FANL_MEMORY_EVENTS	(FS_MODIFY | FS_OPEN_PERM)

extern uint fanl_remembered_max;

struct fanl_gate_mark *fanl_memory_arm(struct inode *inode,
				       struct fanl_gate_mark *gate_mark,
				       unsigned int *seq);
bool fanl_memory_store(struct fanl_group *group, struct fanl_perm *perm,
		       int error);
bool fanl_memory_recall(struct fanl_group *group,
			struct fanl_gate_mark *gate_mark,
			const struct inode *inode, u64 kinds, int *error);
void fanl_memory_changed(struct fanl_gate_mark *gate_mark);
void fanl_memory_disarm(struct fanl_gate_mark *gate_mark);
void fanl_memory_shrink(unsigned int most);

#endif /* _FANL_REMEMBER_H */
