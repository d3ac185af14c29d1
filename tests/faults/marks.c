// SPDX-License-Identifier: GPL-2.0
/*
 * Commands about marks, and files for events.
 */
#include "faults.h"

int mark(struct scene *s, int cmd, __u32 type, __u64 mask)
{
	begin_about_group(s, cmd);
	nl_put_u32(&s->nl, FANOTIFY_A_MARK_TYPE, type);
	if (type == GLOBAL)
		nl_put_string(&s->nl, FANOTIFY_A_MARK_FSTYPE, "tmpfs");
	else
		nl_put_u32(&s->nl, FANOTIFY_A_MARK_FD, s->dir);
	nl_put_u64(&s->nl, FANOTIFY_A_MARK_MASK, mask);
	return nl_call(&s->nl);
}

static int run_mark_inode(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, INODE, KIND(CREATE));
}

static int run_mark_mount(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, FANOTIFY_MARK_TYPE_MOUNT, KIND(OPEN));
}

static int run_mark_filesystem(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, KIND(CREATE));
}

static int run_mark_subtree(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, SUBTREE, KIND(CREATE));
}

static int run_mark_global(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, GLOBAL, KIND(CREATE));
}

const char *check_marked(struct scene *s, int ret)
{
	return as_told(ret, group_says(s, FANOTIFY_A_GROUP_MARKS) > 0);
}

static int prepare_mark(struct scene *s)
{
	return scene_bind(s) ?: run_mark_filesystem(s);
}

static int run_mark_more(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, KIND(DELETE));
}

static void take_mask(const struct nlmsghdr *msg, void *arg)
{
	*(__u64 *)arg = nl_uint(nl_attr(msg, FANOTIFY_A_MARK_MASK));
}

__u64 mask_now(struct scene *s)
{
	__u64 mask = 0;

	nl_begin(&s->onlooker, FANOTIFY_CMD_MARK_GET, 0);
	return nl_dump(&s->onlooker, take_mask, &mask) ? 0 : mask;
}

static const char *check_mark_more(struct scene *s, int ret)
{
	return as_told(ret, mask_now(s) & KIND(DELETE));
}

static int prepare_mark_of_two(struct scene *s)
{
	return prepare_mark(s) ?: run_mark_more(s);
}

static int run_mark_less(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_REMOVE, FILESYSTEM, KIND(DELETE));
}

static const char *check_mark_less(struct scene *s, int ret)
{
	return as_told(ret, !(mask_now(s) & KIND(DELETE)));
}

static int run_unmark(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_REMOVE, FILESYSTEM, KIND(CREATE));
}

static int prepare_mark_subtree(struct scene *s)
{
	return scene_bind(s) ?: run_mark_subtree(s);
}

static int run_unmark_subtree(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_REMOVE, SUBTREE, KIND(CREATE));
}

static const char *check_unmarked(struct scene *s, int ret)
{
	return as_told(ret, group_says(s, FANOTIFY_A_GROUP_MARKS) == 0);
}

static int prepare_mark_and_global(struct scene *s)
{
	return prepare_mark(s) ?: run_mark_global(s);
}

/* The share of the global mark stays in force, whether memory can be had or not. */
static int run_flush_filesystem(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_MARK_FLUSH);
	nl_put_u32(&s->nl, FANOTIFY_A_MARK_TYPE, FILESYSTEM);
	return nl_call(&s->nl);
}

static const char *check_flush_filesystem(struct scene *s, int ret)
{
	return mask_now(s) & KIND(CREATE) ? NULL : "the global mark has gone";
}

static int run_flush(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_MARK_FLUSH);
	return nl_call(&s->nl);
}

static int run_marks(struct scene *s)
{
	return run_dump(s, FANOTIFY_CMD_MARK_GET);
}

static int prepare_open(struct scene *s)
{
	int ret = scene_bind(s);

	s->before = descriptors();
	return ret;
}

static int run_open(struct scene *s)
{
	struct file_handle *handle = (void *)&(char[sizeof(*handle) + MAX_HANDLE_SZ]){ 0 };
	int mount_id;

	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(s->dir, "", handle, &mount_id, AT_EMPTY_PATH))
		return -errno;
	begin_about_group(s, FANOTIFY_CMD_EVENT_OPEN);
	nl_put_u32(&s->nl, FANOTIFY_A_EVENT_OPEN_MOUNT_FD, s->dir);
	nl_put_u32(&s->nl, FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE, handle->handle_type);
	nl_put(&s->nl, FANOTIFY_A_EVENT_OPEN_HANDLE, handle->f_handle, handle->handle_bytes);
	return nl_call(&s->nl);
}

static const char *check_open(struct scene *s, int ret)
{
	int more = descriptors() - s->before;

	/* after -ENOBUFS the reply may still be there */
	while (ret == -ENOBUFS && nl_recv(&s->nl, 0) > 0) {
		struct nlmsghdr *msg = (struct nlmsghdr *)s->nl.received;

		if (msg->nlmsg_type == s->nl.family)
			s->nl.reply = msg;
	}
	if (s->nl.reply)
		close(nl_uint(nl_attr(s->nl.reply, FANOTIFY_A_EVENT_OPEN_FD)));
	if (descriptors() != (int)s->before)
		return "a descriptor is left open";
	return as_told(ret, more == 1);
}

OPERATION(mark_inode, scene_bind, run_mark_inode, check_marked, 5, false);
OPERATION(mark_mount, scene_bind, run_mark_mount, check_marked, 5, false);
OPERATION(mark_filesystem, scene_bind, run_mark_filesystem, check_marked, 5, false);
OPERATION(mark_subtree, scene_bind, run_mark_subtree, check_marked, 6, false);
OPERATION(mark_global, scene_bind, run_mark_global, check_marked, 6, false);
OPERATION(mark_more, prepare_mark, run_mark_more, check_mark_more, 4, false);
OPERATION(mark_less, prepare_mark_of_two, run_mark_less, check_mark_less, 4, false);
OPERATION(unmark, prepare_mark, run_unmark, check_unmarked, 2, false);
OPERATION(unmark_subtree, prepare_mark_subtree, run_unmark_subtree, check_unmarked, 2, false);
OPERATION(flush_filesystem, prepare_mark_and_global, run_flush_filesystem,
	  check_flush_filesystem, 3, false);
OPERATION(flush, prepare_mark, run_flush, check_unmarked, 2, false);
OPERATION(event_open, prepare_open, run_open, check_open, 5, false);
OPERATION(marks, prepare_mark, run_marks, check_one_reply, 3, false);
