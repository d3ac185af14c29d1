// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Marks: add, remove, flush, list.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libmnl/libmnl.h>

#include "internal.h"

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE	0x00004000U
#endif

#define MARK(name, k, field)							\
	[FANOTIFY_A_MARK_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct fanotify_nl_mark_info, field),	\
	}

static const struct attr_rule mark_rules[FANOTIFY_A_MARK_MAX + 1] = {
	MARK(GROUP, ATTR_32, group),
	MARK(ID, ATTR_32, id),
	MARK(TYPE, ATTR_32, type),
	MARK(FLAGS, ATTR_32, flags),
	MARK(MASK, ATTR_UINT, mask),
	MARK(IGNORE_MASK, ATTR_UINT, ignore_mask),
	MARK(DEV_MAJOR, ATTR_32, dev_major),
	MARK(DEV_MINOR, ATTR_32, dev_minor),
	MARK(INO, ATTR_64, ino),
	MARK(MNT_ID, ATTR_64, mnt_id),
	[FANOTIFY_A_MARK_FS_NAME] = {
		.kind = ATTR_STRING,
		.offset = offsetof(struct fanotify_nl_mark_info, fs_name),
		.len_offset = ATTR_NO_OFFSET,
	},
};

static int put_group(struct fanotify_nl *h, union request *req, const char *what)
{
	int ret;

	ret = need_bound(h, what);
	if (ret)
		return ret;
	mnl_attr_put_u32(&req->nlh, FANOTIFY_A_MARK_GROUP, h->bound.number);
	mnl_attr_put_u64(&req->nlh, FANOTIFY_A_MARK_TOKEN, h->token);
	return 0;
}

/* The kernel can tell a mark of a mount only by the id that we say it has. */
static void put_mnt_id(union request *req, int fd)
{
	struct statx stx;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID_UNIQUE, &stx) &&
	    (stx.stx_mask & STATX_MNT_ID_UNIQUE))
		mnl_attr_put_u64(&req->nlh, FANOTIFY_A_MARK_MNT_ID, stx.stx_mnt_id);
}

/* The types of filesystem that there are, a line each; the caller frees it. */
static int read_fstypes(struct fanotify_nl *h, char **types, const char *what)
{
	size_t size = 0;
	int ret = 0;
	FILE *f;

	f = fopen("/proc/filesystems", "re");
	if (!f)
		return fail(h, errno, "%s: /proc/filesystems: %m", what);
	/* there is no NUL in it; nor is it empty */
	errno = EIO;
	if (getdelim(types, &size, '\0', f) < 0 || ferror(f))
		ret = fail(h, errno, "%s: /proc/filesystems: %m", what);
	fclose(f);
	return ret;
}

/* A module cannot list the types of filesystem: each is named to it. */
static int put_fstypes(struct fanotify_nl *h, union request *req, const char *types,
		       const char *what)
{
	char name[FANOTIFY_FSTYPE_MAX + 1];

	for (const char *end; (end = strchr(types, '\n')); types = end + 1) {
		const char *tab = memchr(types, '\t', end - types);

		if (!tab || tab + 1 == end)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(end - tab - 1), tab + 1);
		if (!mnl_attr_put_strz_check(&req->nlh, sizeof(*req), FANOTIFY_A_MARK_FSTYPE,
					     name))
			return fail(h, E2BIG, "%s: too many types of filesystem", what);
	}
	return 0;
}

static void put_masks(union request *req, const struct fanotify_nl_mark *mark)
{
	if (mark->mask)
		request_put_uint(req, FANOTIFY_A_MARK_MASK, mark->mask);
	if (mark->ignore_mask)
		request_put_uint(req, FANOTIFY_A_MARK_IGNORE_MASK, mark->ignore_mask);
}

/* The descriptor to name in a request; *opened is what to close afterwards. */
static int mark_open(struct fanotify_nl *h, const struct fanotify_nl_mark *mark, const char *what,
		     int *opened)
{
	int flags = O_PATH | O_CLOEXEC;
	int fd;

	*opened = -1;
	if (!mark->path && mark->fd > 0)
		return mark->fd;
	if (!mark->path)
		return fail(h, EBADF, "%s: neither a path nor a descriptor", what);
	if (mark->options & FANOTIFY_NL_MARK_NOFOLLOW)
		flags |= O_NOFOLLOW;
	fd = open(mark->path, flags);
	if (fd < 0)
		return fail(h, errno, "%s: %s: %m", what, mark->path);
	*opened = fd;
	return fd;
}

/* mark-add and mark-remove differ in what goes along with the masks. */
static int mark_change(struct fanotify_nl *h, const struct fanotify_nl_mark *mark, __u8 cmd,
		       const char *types, const char *what)
{
	bool add = cmd == FANOTIFY_CMD_MARK_ADD;
	union request req;
	int opened = -1;
	int ret;

	request_init(h, &req, cmd, NLM_F_ACK);
	ret = put_group(h, &req, what);
	if (ret)
		return ret;
	mnl_attr_put_u32(&req.nlh, FANOTIFY_A_MARK_TYPE, mark->type);
	put_masks(&req, mark);
	if (add && mark->flags)
		mnl_attr_put_u32(&req.nlh, FANOTIFY_A_MARK_FLAGS, mark->flags);
	if (add && (mark->options & FANOTIFY_NL_MARK_EXCL))
		mnl_attr_put(&req.nlh, FANOTIFY_A_MARK_EXCL, 0, NULL);

	if (mark->type == FANOTIFY_MARK_TYPE_GLOBAL) {
		if (add)
			ret = put_fstypes(h, &req, types, what);
	} else {
		ret = mark_open(h, mark, what, &opened);
		if (ret >= 0) {
			mnl_attr_put_u32(&req.nlh, FANOTIFY_A_MARK_FD, ret);
			if (add && mark->type == FANOTIFY_MARK_TYPE_MOUNT)
				put_mnt_id(&req, ret);
		}
	}
	if (ret >= 0)
		ret = call(h, &req, what, &h->reply);
	if (opened >= 0)
		close(opened);
	return ret;
}

static int mark_result(struct fanotify_nl *h, const char *what,
		       struct fanotify_nl_mark_result *result)
{
	const struct nlmsghdr *msg;
	const char **skipped;
	size_t count = 0;
	struct attrs attrs;
	struct attr attr;

	if (buffer_next(&h->reply, &msg) <= 0)
		return fail(h, EBADMSG, "%s: malformed answer", what);
	attrs = msg_attrs(msg);
	while (attr_next(&attrs, &attr) > 0)
		count += attr.type == FANOTIFY_A_MARK_SKIPPED;
	skipped = realloc(h->skipped, (count + 1) * sizeof(*skipped));
	if (!skipped)
		return fail(h, ENOMEM, "%s: %m", what);
	h->skipped = skipped;

	*result = (struct fanotify_nl_mark_result){ .skipped = skipped };
	attrs = msg_attrs(msg);
	while (attr_next(&attrs, &attr) > 0) {
		if (attr.type == FANOTIFY_A_MARK_ID)
			result->id = attr_u64(&attr);
		else if (attr.type == FANOTIFY_A_MARK_COVERED)
			result->covered = attr_u64(&attr);
		else if (attr.type == FANOTIFY_A_MARK_SKIPPED && attr_string(&attr))
			*skipped++ = attr_string(&attr);
	}
	*skipped = NULL;
	return 0;
}

static int mark_add(struct fanotify_nl *h, const struct fanotify_nl_mark *mark, const char *types,
		    struct fanotify_nl_mark_result *result)
{
	int ret;

	ret = mark_change(h, mark, FANOTIFY_CMD_MARK_ADD, types, "mark add");
	return ret ? ret : mark_result(h, "mark add", result);
}

/*
 * The kernel sees what is mounted once it has been asked. What was mounted before that is
 * found by its type; one that is newer than our list is in the list afterwards.
 */
static int mark_add_global(struct fanotify_nl *h, const struct fanotify_nl_mark *mark,
			   struct fanotify_nl_mark_result *result)
{
	char *types = NULL, *types_now = NULL;
	__u32 covered;
	int ret;

	ret = read_fstypes(h, &types, "mark add");
	if (!ret)
		ret = mark_add(h, mark, types, result);
	if (!ret)
		ret = read_fstypes(h, &types_now, "mark add");
	if (!ret && strcmp(types, types_now)) {
		covered = result->covered;
		ret = mark_add(h, mark, types_now, result);
		result->covered += covered;
	}
	free(types);
	free(types_now);
	return ret;
}

API int fanotify_nl_mark_add(struct fanotify_nl *h, const struct fanotify_nl_mark *mark,
			     struct fanotify_nl_mark_result *result)
{
	struct fanotify_nl_mark_result ignored;

	if (!result)
		result = &ignored;
	return mark->type == FANOTIFY_MARK_TYPE_GLOBAL ? mark_add_global(h, mark, result) :
							 mark_add(h, mark, NULL, result);
}

API int fanotify_nl_mark_remove(struct fanotify_nl *h, const struct fanotify_nl_mark *mark)
{
	return mark_change(h, mark, FANOTIFY_CMD_MARK_REMOVE, NULL, "mark remove");
}

API int fanotify_nl_mark_flush(struct fanotify_nl *h, __u32 type)
{
	union request req;
	int ret;

	request_init(h, &req, FANOTIFY_CMD_MARK_FLUSH, NLM_F_ACK);
	ret = put_group(h, &req, "mark flush");
	if (ret)
		return ret;
	if (type)
		mnl_attr_put_u32(&req.nlh, FANOTIFY_A_MARK_TYPE, type);
	return call_plain(h, &req, "mark flush");
}

API int fanotify_nl_marks(struct fanotify_nl *h, __u32 group, fanotify_nl_mark_cb cb, void *arg)
{
	struct buffer reply = { 0 };
	const struct nlmsghdr *msg;
	union request req;
	int ret;

	request_init(h, &req, FANOTIFY_CMD_MARK_GET, NLM_F_DUMP);
	if (group)
		mnl_attr_put_u32(&req.nlh, FANOTIFY_A_MARK_GROUP, group);
	ret = call(h, &req, "mark list", &reply);
	while (!ret && buffer_next(&reply, &msg) > 0) {
		struct fanotify_nl_mark_info info = { 0 };

		if (attr_parse(msg_attrs(msg), mark_rules, FANOTIFY_A_MARK_MAX, &info, NULL))
			ret = fail(h, EBADMSG, "mark list: malformed answer");
		else
			ret = cb(&info, arg);
	}
	buffer_free(&reply);
	return ret;
}
