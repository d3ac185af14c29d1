/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks that let fsnotify ask for permission.
 */
#ifndef _FANL_GATE_MARK_H
#define _FANL_GATE_MARK_H

#include <linux/fsnotify_backend.h>
#include <linux/workqueue.h>

struct fanl_mark;
struct fanl_object;

/**
 * struct fanl_gate_mark - what permission groups together want of an object
 * @fsn: fsnotify's part; its mask only grows
 * @lock: protects what follows; nests in groups' locks, nothing nests in it
 * @users: marks of permission groups on the object that have a share
 * @dead: nobody wants it any more, and it is being destroyed
 * @armed: it sees changes of its file, for what is remembered
 * @seq: counts changes of the file
 * @memories: list of struct fanl_memory
 * @nr_memories: length of @memories
 * @age: in the list of those that are armed [fanl_armed_lock]
 * @work: destroys it when nobody wants it; holds a reference
 */
struct fanl_gate_mark {
	struct fsnotify_mark	fsn;
	spinlock_t		lock;
	unsigned int		users;
	bool			dead;
	bool			armed;
	unsigned int		seq;
	struct list_head	memories;
	unsigned int		nr_memories;
	struct list_head	age;
	struct work_struct	work;
};

extern struct fsnotify_group *fanl_gate_fsn, *fanl_pre_gate_fsn;

int fanl_gate_follow(struct fanl_mark *mark, const struct fanl_object *object,
		     u64 kinds);
void fanl_gate_drop(struct fanl_gate_mark *gate_mark);

struct fanl_gate_mark *fanl_gate_mark_get(struct fsnotify_group *fsn,
					  void *obj, unsigned int obj_type,
					  u32 fs_mask);
void fanl_gate_mark_check(struct fanl_gate_mark *gate_mark);

int fanl_gate_marks_init(void);
void fanl_gate_marks_exit(void);

#endif /* _FANL_GATE_MARK_H */
