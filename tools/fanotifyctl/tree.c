// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: what is mounted where, and how the user named what is watched.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fanotifyctl.h"
#include "tree.h"

/* Newer than the C library: a handle to know an inode by, not to open it by. */
#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID	0x200
#endif

/* mountinfo has blanks, newlines and backslashes as \ooo. */
static char *unescape(const char *s)
{
	char *text = xstrdup(s), *out = text;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*out++ = (s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0');
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
	return text;
}

static void mount_free(struct mount *mount)
{
	free(mount->root);
	free(mount->point);
	free(mount->type);
}

static struct mount mount_copy(const struct mount *mount)
{
	struct mount copy = *mount;

	copy.root = xstrdup(mount->root);
	copy.point = xstrdup(mount->point);
	copy.type = xstrdup(mount->type);
	return copy;
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG]... - TYPE SOURCE SUPER-OPTIONS */
static int mount_parse(struct mount *mount, char *line)
{
	char *rest = strstr(line, " - ");
	char *words[5], *save;

	if (!rest)
		return -EINVAL;
	*rest = '\0';
	rest += 3;
	for (int i = 0; i < 5; i++) {
		words[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!words[i])
			return -EINVAL;
	}
	if (sscanf(words[2], "%u:%u", &mount->major, &mount->minor) != 2)
		return -EINVAL;
	mount->id = strtoull(words[0], NULL, 10);
	mount->root = unescape(words[3]);
	mount->point = unescape(words[4]);
	rest[strcspn(rest, " \n")] = '\0';
	mount->type = unescape(rest);
	return 0;
}

int mounts_parse(struct mounts *mounts, FILE *file)
{
	char *line = NULL;
	size_t size = 0;
	int ret = 0;

	*mounts = (struct mounts){ 0 };
	while (!ret && getline(&line, &size, file) > 0) {
		size_t bytes = (mounts->count + 1) * sizeof(*mounts->list);

		mounts->list = xrealloc(mounts->list, bytes);
		ret = mount_parse(&mounts->list[mounts->count], line);
		if (!ret)
			mounts->count++;
	}
	if (!ret && ferror(file))
		ret = -EIO;
	free(line);
	if (ret)
		mounts_free(mounts);
	return ret;
}

int mounts_read(struct mounts *mounts)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	int ret;

	*mounts = (struct mounts){ 0 };
	if (!file)
		return -errno;
	ret = mounts_parse(mounts, file);
	fclose(file);
	return ret;
}

void mounts_free(struct mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++)
		mount_free(&mounts->list[i]);
	free(mounts->list);
	*mounts = (struct mounts){ 0 };
}

const struct mount *mounts_by_dev(const struct mounts *mounts, __u32 major, __u32 minor)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->list[i].major == major && mounts->list[i].minor == minor)
			return &mounts->list[i];
	return NULL;
}

/* What of @path is below @top: "" or "/..."; NULL if it is not. */
static const char *below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (!strcmp(top, "/"))
		return strcmp(path, "/") ? path : "";
	if (strncmp(path, top, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

/* @rest is "" or "/...". */
static char *join(const char *top, const char *rest)
{
	if (*rest && !strcmp(top, "/"))
		return xstrdup(rest);
	return xasprintf("%s%s", top, rest);
}

/* The absolute path of what a mount shows; NULL if it does not show it. */
static char *mount_name(const struct mount *mount, __u32 major, __u32 minor, const char *path)
{
	const char *rest;

	if (mount->major != major || mount->minor != minor)
		return NULL;
	rest = below(path, mount->root);
	return rest ? join(mount->point, rest) : NULL;
}

struct view *tree_add_real(struct tree *tree, const char *user, const char *real,
			   const struct mount *mount)
{
	const char *rest = below(real, mount->point);
	struct view *view;
	size_t len;

	if (!rest)
		return NULL;
	tree->views = xrealloc(tree->views, (tree->count + 1) * sizeof(*tree->views));
	view = &tree->views[tree->count++];
	view->user = xstrdup(user);
	for (len = strlen(user); len > 1 && user[len - 1] == '/'; len--)
		view->user[len - 1] = '\0';
	view->path = join(mount->root, rest);
	view->mount = mount_copy(mount);
	view->node = (struct fanotify_nl_node){ 0 };
	return view;
}

/* Filesystems without file handles leave only the path to know it by. */
static void view_handle(struct view *view, int fd)
{
	struct file_handle *handle = xrealloc(NULL, sizeof(*handle) + MAX_HANDLE_SZ);
	void *bytes;
	int mount_id, ret;

	handle->handle_bytes = MAX_HANDLE_SZ;
	ret = name_to_handle_at(fd, "", handle, &mount_id, AT_EMPTY_PATH);
	/* as on overlayfs, where events have such handles */
	if (ret && errno == EOPNOTSUPP)
		ret = name_to_handle_at(fd, "", handle, &mount_id, AT_EMPTY_PATH | AT_HANDLE_FID);
	if (!ret) {
		bytes = xrealloc(NULL, handle->handle_bytes);
		memcpy(bytes, handle->f_handle, handle->handle_bytes);
		view->node.handle = bytes;
		view->node.handle_len = handle->handle_bytes;
		view->node.handle_type = handle->handle_type;
	}
	free(handle);
}

const struct view *tree_add(struct tree *tree, const char *user, int fd)
{
	struct view *view = NULL;
	struct statx stx;
	char *real;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &stx) ||
	    !(stx.stx_mask & STATX_MNT_ID)) {
		complain("%s: cannot find its mount", user);
		return NULL;
	}
	real = realpath(user, NULL);
	if (!real) {
		fail_errno(errno, "%s", user);
		return NULL;
	}
	for (size_t i = 0; i < tree->mounts.count && !view; i++)
		if (tree->mounts.list[i].id == stx.stx_mnt_id)
			view = tree_add_real(tree, user, real, &tree->mounts.list[i]);
	if (view)
		view_handle(view, fd);
	else
		complain("%s: its mount is not in /proc/self/mountinfo", user);
	free(real);
	return view;
}

/* Of several views that have the path, the innermost. */
static const struct view *tree_view(const struct tree *tree, __u32 major, __u32 minor,
				    const char *path)
{
	const struct view *best = NULL;

	for (size_t i = 0; i < tree->count; i++) {
		const struct view *view = &tree->views[i];

		if (view->mount.major != major || view->mount.minor != minor)
			continue;
		if (below(path, view->path) &&
		    (!best || strlen(view->path) > strlen(best->path)))
			best = view;
	}
	return best;
}

char *tree_name(const struct tree *tree, __u32 major, __u32 minor, const char *path, bool *inside)
{
	const struct view *view = tree_view(tree, major, minor, path);
	char *name = NULL;

	*inside = view;
	if (view)
		return join(view->user, below(path, view->path));
	for (size_t i = 0; i < tree->count && !name; i++)
		name = mount_name(&tree->views[i].mount, major, minor, path);
	for (size_t i = 0; i < tree->mounts.count && !name; i++)
		name = mount_name(&tree->mounts.list[i], major, minor, path);
	return name;
}

/* Is it another object that now has the view's old path? */
static bool view_is_other(const struct view *view, const struct fanotify_nl_node *object)
{
	return view->node.handle && object->handle && !fanotify_nl_node_same(&view->node, object);
}

static void view_moved(struct view *view, const char *from, const char *to,
		       const struct fanotify_nl_node *object, bool exchange)
{
	const char *rest = below(view->path, from);
	const char *top = to;
	char *moved;

	if (rest && !*rest && view_is_other(view, object))
		return;
	if (!rest && exchange) {
		rest = below(view->path, to);
		top = from;
	}
	if (!rest)
		return;
	moved = join(top, rest);
	free(view->path);
	view->path = moved;
}

void tree_moved(struct tree *tree, __u32 major, __u32 minor, const char *from, const char *to,
		const struct fanotify_nl_node *object, bool exchange)
{
	/* the other half of an exchange: both sides have been seen to */
	bool done = exchange && tree->exchange_from && !strcmp(tree->exchange_from, to) &&
		    !strcmp(tree->exchange_to, from);

	free(tree->exchange_from);
	free(tree->exchange_to);
	tree->exchange_from = exchange && !done ? xstrdup(from) : NULL;
	tree->exchange_to = exchange && !done ? xstrdup(to) : NULL;
	if (done)
		return;
	for (size_t i = 0; i < tree->count; i++) {
		struct view *view = &tree->views[i];

		if (view->mount.major == major && view->mount.minor == minor)
			view_moved(view, from, to, object, exchange);
	}
}

void tree_free(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->views[i].user);
		free(tree->views[i].path);
		free((void *)tree->views[i].node.handle);
		mount_free(&tree->views[i].mount);
	}
	free(tree->views);
	free(tree->exchange_from);
	free(tree->exchange_to);
	mounts_free(&tree->mounts);
	*tree = (struct tree){ 0 };
}
