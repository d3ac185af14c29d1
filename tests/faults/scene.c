// SPDX-License-Identifier: GPL-2.0
/*
 * What every operation starts from, and what several of them do.
 */
#include <dirent.h>

#include "faults.h"

int scene_bind(struct scene *s)
{
	return nl_bind(&s->nl, &s->number, &s->token);
}

int scene_open(struct scene *s)
{
	memset(&s->order, 0, sizeof(s->order));
	s->subscriber.fd = -1;
	return nl_open(&s->nl) ?: nl_open(&s->onlooker);
}

void scene_close(struct scene *s)
{
	fanotify_nl_close(s->h);
	s->h = NULL;
	if (s->listener)
		listener_kill(s->listener);
	s->listener = 0;
	if (s->subscriber.fd >= 0)
		nl_close(&s->subscriber);
	nl_close(&s->nl);
	nl_close(&s->onlooker);
}

/* What the onlooker reads of the group: -errno or the attribute. */
__s64 group_says(struct scene *s, int attr)
{
	int ret;

	nl_begin(&s->onlooker, FANOTIFY_CMD_GROUP_GET, 0);
	nl_put_u32(&s->onlooker, FANOTIFY_A_GROUP_NUMBER, s->number);
	ret = nl_call(&s->onlooker);
	return ret ? ret : (__s64)nl_uint(nl_attr(s->onlooker.reply, attr));
}

int groups(struct scene *s)
{
	nl_begin(&s->onlooker, FANOTIFY_CMD_GROUP_GET, 0);
	return nl_dump(&s->onlooker, NULL, NULL) ?: (int)s->onlooker.replies;
}

int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/*
 * A command that is refused was not done. -ENOBUFS is netlink's: the request or
 * its acknowledgment was lost, so that it may have been done or not.
 */
const char *as_told(int ret, bool done)
{
	if (ret == -ENOBUFS || done == !ret)
		return NULL;
	return ret ? "it was refused, and done" : "it was not done";
}

void begin_about_group(struct scene *s, int cmd)
{
	nl_begin(&s->nl, cmd, 0);
	/* FANOTIFY_A_MARK_GROUP and _TOKEN are the same numbers */
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_NUMBER, s->number);
	nl_put_u64(&s->nl, FANOTIFY_A_GROUP_TOKEN, s->token);
}

int prepare_nothing(struct scene *s)
{
	return 0;
}

const char *check_bind(struct scene *s, int ret)
{
	return as_told(ret, groups(s) == 1);
}

int run_dump(struct scene *s, int cmd)
{
	nl_begin(&s->nl, cmd, 0);
	return nl_dump(&s->nl, NULL, NULL);
}

const char *check_one_reply(struct scene *s, int ret)
{
	return as_told(ret, s->nl.replies == 1);
}
