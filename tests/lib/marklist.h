/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The marks of a group, as the kernel lists them.
 */
#ifndef TESTS_MARKLIST_H
#define TESTS_MARKLIST_H

#include <fanotify-nl/fanotify-nl.h>

#define MARKLIST_MAX	512

struct marklist {
	int count;
	struct fanotify_nl_mark_info mark[MARKLIST_MAX];
};

/* Fill @list, by @h; the number of marks or -errno. */
int marklist_take(struct marklist *list, struct fanotify_nl *h, __u32 group);

#endif /* TESTS_MARKLIST_H */
