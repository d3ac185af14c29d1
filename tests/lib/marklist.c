// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "marklist.h"

static int add(const struct fanotify_nl_mark_info *info, void *arg)
{
	struct marklist *list = arg;

	if (list->count == MARKLIST_MAX)
		return -E2BIG;
	list->mark[list->count] = *info;
	list->mark[list->count].fs_name = info->fs_name ? strdup(info->fs_name) : NULL;
	list->count++;
	return 0;
}

int marklist_take(struct marklist *list, struct fanotify_nl *h, __u32 group)
{
	int ret;

	list->count = 0;
	ret = fanotify_nl_marks(h, group, add, list);
	return ret ? ret : list->count;
}
