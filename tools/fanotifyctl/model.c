// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl mirror: a model of a tree, from a scan and from events.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "fanotifyctl.h"
#include "model.h"

static int by_handle(const void *a, const void *b)
{
	const struct model_object *x = a, *y = b;

	if (x->handle_type != y->handle_type)
		return x->handle_type < y->handle_type ? -1 : 1;
	if (x->handle_len != y->handle_len)
		return x->handle_len < y->handle_len ? -1 : 1;
	return memcmp(x->handle, y->handle, x->handle_len);
}

int model_by_name(const void *a, const void *b)
{
	const struct model_name *x = a, *y = b;

	if (x->dir != y->dir)
		return x->dir < y->dir ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Find or make the last node of a tree of search.h. */
static void **find_or_make(void *key, void **tree, int (*compare)(const void *, const void *))
{
	void **node = tsearch(key, tree, compare);

	if (node)
		return node;
	complain("%s", strerror(ENOMEM));
	exit(EXIT_FAILURE);
}

/* ---- objects ---- */

static void object_free(void *arg)
{
	struct model_object *object = arg;

	free(object->link);
	free(object->xattrs);
	free(object->name);
	free(object);
}

static void object_unused(struct model *model, struct model_object *object)
{
	if (object->unused)
		return;
	object->unused = true;
	object->next_unused = model->unused;
	model->unused = object;
}

/* Forget what has got no name meanwhile: no event tells that it has ended. */
static void free_unused(struct model *model)
{
	struct model_object *object;

	while ((object = model->unused)) {
		model->unused = object->next_unused;
		object->unused = false;
		if (object->refs || object->awaited || object == model->root)
			continue;
		tdelete(object, &model->objects, by_handle);
		model->count--;
		object_free(object);
	}
}

struct model_object *model_object_of(struct model *model, const struct fanotify_nl_node *node)
{
	struct model_object *new, **found;

	if (!node->handle || node->handle_len > FANOTIFY_HANDLE_MAX)
		return NULL;
	new = xrealloc(NULL, sizeof(*new));
	memset(new, 0, sizeof(*new));
	memcpy(new->handle, node->handle, node->handle_len);
	new->handle_len = node->handle_len;
	new->handle_type = node->handle_type;
	found = (struct model_object **)find_or_make(new, &model->objects, by_handle);
	if (*found == new) {
		model->count++;
		object_unused(model, new);
	} else {
		free(new);
	}
	if (node->stat.has)
		(*found)->stat = node->stat;
	return *found;
}

/* ---- names ---- */

static struct model_name *find_name(const struct model *model, struct model_object *dir,
				    const char *name)
{
	struct model_name key = { .dir = dir, .name = (char *)name };
	struct model_name **found = tfind(&key, &model->names, model_by_name);

	return found ? *found : NULL;
}

static void unref(struct model *model, struct model_object *object)
{
	if (!--object->refs)
		object_unused(model, object);
}

static void leave(struct model *model, struct model_object *dir, const char *name)
{
	struct model_name *old = find_name(model, dir, name);

	if (!old)
		return;
	tdelete(old, &model->names, model_by_name);
	if (old->object) {
		if (old->object->dir == dir && !strcmp(old->object->name, name))
			old->object->dir = NULL;
		unref(model, old->object);
	}
	unref(model, dir);
	free(old->name);
	free(old);
}

/* A scan may be ahead of the events, which have not moved yet what is above. */
static void break_circle(const struct model_object *object, struct model_object *dir)
{
	for (; dir; dir = dir->dir)
		if (dir->dir == object) {
			dir->dir = NULL;
			return;
		}
}

static void enter(struct model *model, struct model_object *dir, const char *name,
		  struct model_object *object)
{
	struct model_name *new;

	/* it may be what has the name already */
	if (object)
		object->refs++;
	leave(model, dir, name);
	new = xrealloc(NULL, sizeof(*new));
	*new = (struct model_name){ .dir = dir, .name = xstrdup(name), .object = object };
	find_or_make(new, &model->names, model_by_name);
	dir->refs++;
	model->untold |= !object || !object->told;
	if (!object)
		return;
	object->awaited = false;
	if (S_ISDIR(object->stat.mode) && object != model->root) {
		break_circle(object, dir);
		free(object->name);
		object->name = xstrdup(name);
		object->dir = dir;
	}
}

char *model_name_below(const struct model *model, const struct model_object *dir)
{
	char *above, *name;

	if (dir == model->root)
		return xstrdup("");
	if (!dir->dir)
		return NULL;
	above = model_name_below(model, dir->dir);
	if (!above)
		return NULL;
	name = xasprintf("%s/%s", above, dir->name);
	free(above);
	return name;
}

/* ---- what nothing was told of ---- */

struct forgetting {
	struct model *model;
	const struct model_object *dir;
	__u64 time;
	struct model_name **names;
	size_t count;
};

/*
 * What a scan has found of it, an event that is older may have taken back; and what gave
 * it that again may have been out of sight at @time.
 */
static void look_again(struct model *model, struct model_object *object, __u64 time)
{
	if (!object || time >= object->ahead)
		return;
	object->told = false;
	model->untold = true;
}

static void find_below(const void *node, VISIT visit, void *arg)
{
	struct model_name *name = *(struct model_name *const *)node;
	const struct model_object *above = name->dir;
	struct forgetting *forgetting = arg;

	if (visit != postorder && visit != leaf)
		return;
	look_again(forgetting->model, name->object, forgetting->time);
	look_again(forgetting->model, name->dir, forgetting->time);
	while (above && above != forgetting->dir && above != forgetting->model->root)
		above = above->dir;
	if (above != forgetting->dir)
		return;
	forgetting->names = xrealloc(forgetting->names,
				     (forgetting->count + 1) * sizeof(*forgetting->names));
	forgetting->names[forgetting->count++] = name;
}

/*
 * What is known of the content of a directory is not true any more, since @time.
 *
 * What was in it then may be elsewhere by now, where a scan that was ahead has found it.
 */
static void forget(struct model *model, struct model_object *dir, __u64 time)
{
	struct forgetting forgetting = { .model = model, .dir = dir, .time = time };

	/* one name may be its own */
	if (dir->refs > !!dir->dir || time < model->scanned)
		twalk_r(model->names, find_below, &forgetting);
	for (size_t i = 0; i < forgetting.count; i++) {
		struct model_name *name = forgetting.names[i];

		if (name->object)
			name->object->told = false;
		leave(model, name->dir, name->name);
	}
	free(forgetting.names);
	look_again(model, model->root, time);
	dir->told = false;
	model->untold = true;
}

/* ---- extended attributes ---- */

const char *model_xattr_find(const char *list, size_t len, const char *name)
{
	for (const char *p = list; list && p < list + len; p += strlen(p) + 1)
		if (!strcmp(p, name))
			return p;
	return NULL;
}

static void xattr_add(struct model_object *object, const char *name)
{
	size_t size = strlen(name) + 1;

	if (model_xattr_find(object->xattrs, object->xattrs_len, name))
		return;
	object->xattrs = xrealloc(object->xattrs, object->xattrs_len + size);
	memcpy(object->xattrs + object->xattrs_len, name, size);
	object->xattrs_len += size;
}

static void xattr_remove(struct model_object *object, const char *name)
{
	char *p = (char *)model_xattr_find(object->xattrs, object->xattrs_len, name);
	size_t size;

	if (!p)
		return;
	size = strlen(p) + 1;
	memmove(p, p + size, object->xattrs + object->xattrs_len - (p + size));
	object->xattrs_len -= size;
}

/* ---- scans ---- */

struct scan {
	struct model *model;
	bool without_handles;
};

static __u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

int model_open(const char *path, __u64 ino, struct stat *st)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, st) || st->st_ino != ino)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

char *model_read_link(int fd)
{
	char link[PATH_MAX];
	ssize_t len = readlinkat(fd, "", link, sizeof(link) - 1);

	if (len < 0)
		return NULL;
	link[len] = '\0';
	return xstrdup(link);
}

char *model_read_xattrs(int fd, size_t *len)
{
	char *list = xrealloc(NULL, XATTR_LIST_MAX);
	char *path = xasprintf("/proc/self/fd/%d", fd);
	ssize_t ret = listxattr(path, list, XATTR_LIST_MAX);

	*len = ret < 0 ? 0 : ret;
	free(path);
	return list;
}

static struct fanotify_nl_time time_of(const struct timespec *ts)
{
	return (struct fanotify_nl_time){ .sec = ts->tv_sec, .nsec = ts->tv_nsec };
}

static void read_stat(struct model_object *object, const struct stat *st)
{
	object->stat.mode = st->st_mode;
	object->stat.nlink = st->st_nlink;
	object->stat.uid = st->st_uid;
	object->stat.gid = st->st_gid;
	object->stat.size = st->st_size;
	object->stat.mtime = time_of(&st->st_mtim);
}

/* What events may not have told. Return: whether it is at @path. */
static bool read_again(struct model_object *object, const char *path)
{
	struct stat st;
	int fd = model_open(path, object->stat.ino, &st);

	if (fd < 0)
		return false;
	read_stat(object, &st);
	free(object->link);
	free(object->xattrs);
	object->link = S_ISLNK(object->stat.mode) ? model_read_link(fd) : NULL;
	object->xattrs = model_read_xattrs(fd, &object->xattrs_len);
	object->inherits = false;
	object->acl_set = false;
	object->capability_lost = false;
	close(fd);
	return true;
}

static int scan_one(const struct fanotify_nl_object *found, void *arg)
{
	struct scan *scan = arg;
	struct model *model = scan->model;
	struct model_object *object = model_object_of(model, &found->node);

	if (!object) {
		scan->without_handles = true;
		return 1;
	}
	/*
	 * What it had before may be gone: an event of something in it can come
	 * after that of its move out of sight, and nothing tells of what came then.
	 */
	if (S_ISDIR(object->stat.mode))
		forget(model, object, model->scanned);
	object->told = true;
	if (!read_again(object, found->path)) {
		/* it, or something above it, was moved while it was scanned */
		(found->dir ? model_object_of(model, found->dir) : object)->told = false;
		model->untold = true;
	}
	if (found->dir)
		enter(model, model_object_of(model, found->dir), found->name, object);
	else if (!model->root)
		model->root = object;
	return 0;
}

int model_scan(struct model *model, struct fanotify_nl *h, const char *path)
{
	struct scan scan = { .model = model };
	int ret = fanotify_nl_baseline(h, path, scan_one, &scan);

	model->scanned = now();
	free_unused(model);
	return scan.without_handles ? -EOPNOTSUPP : ret;
}

struct whiteout {
	struct model *model;
	struct model_name *name;
};

static int look_at_whiteout(const struct fanotify_nl_object *found, void *arg)
{
	struct whiteout *whiteout = arg;
	struct model_object *object;

	/* something else has the name by now, as an event will tell */
	if (!S_ISCHR(found->node.stat.mode))
		return 1;
	object = model_object_of(whiteout->model, &found->node);
	if (!object)
		return 1;
	object->told = read_again(object, found->path);
	object->refs++;
	whiteout->name->object = object;
	return 0;
}

struct completion {
	struct model *model;
	struct fanotify_nl *h;
	const char *path;
	char **dirs;
	size_t count;
	size_t left;
};

/* A directory is scanned after the walk, as that adds names. */
static void find_untold(const void *node, VISIT visit, void *arg)
{
	struct model_name *name = *(struct model_name *const *)node;
	struct completion *completion = arg;
	char *dir, *path;

	if ((visit != postorder && visit != leaf) || (name->object && name->object->told))
		return;
	dir = model_name_below(completion->model, name->dir);
	if (!dir)
		return;
	path = xasprintf("%s%s/%s", completion->path, dir, name->name);
	free(dir);
	completion->left++;
	if (!name->object) {
		struct whiteout whiteout = { .model = completion->model, .name = name };

		fanotify_nl_baseline(completion->h, path, look_at_whiteout, &whiteout);
	} else if (S_ISDIR(name->object->stat.mode)) {
		size_t size = (completion->count + 1) * sizeof(*completion->dirs);

		completion->dirs = xrealloc(completion->dirs, size);
		completion->dirs[completion->count++] = path;
		return;
	} else {
		name->object->told = read_again(name->object, path);
	}
	free(path);
}

/* Return: how much was not told before; what is there still is to be tried again. */
static size_t complete_once(struct model *model, struct fanotify_nl *h, const char *path,
			    int *error)
{
	struct completion completion = { .model = model, .h = h, .path = path };

	if (!model->root->told)
		*error = model_scan(model, h, path);
	twalk_r(model->names, find_untold, &completion);
	for (size_t i = 0; i < completion.count; i++) {
		int ret = *error ? 0 : model_scan(model, h, completion.dirs[i]);

		/* it has moved on */
		if (ret != -ENOENT && ret != -ENOTDIR)
			*error = ret;
		free(completion.dirs[i]);
	}
	free(completion.dirs);
	model->scanned = now();
	return completion.left;
}

int model_complete(struct model *model, struct fanotify_nl *h, const char *path)
{
	size_t before = SIZE_MAX, left = 0;
	int error = 0;

	while (model->untold && !error && left < before) {
		before = left ? left : SIZE_MAX;
		left = complete_once(model, h, path, &error);
		model->untold = left || !model->root->told;
	}
	return error;
}

/* ---- events ---- */

static void apply_create(struct model *model, const struct fanotify_nl_event *event,
			 struct model_object *dir, struct model_object *object)
{
	const __u64 further = FANOTIFY_KIND_HARDLINK | FANOTIFY_KIND_TMPFILE_LINK;

	if (event->mask & further)
		/* it may have been outside */
		look_again(model, object, event->boottime);
	else
		/* of what was set before it had a name, nothing is kept; but it may inherit */
		object->told = dir->told && event->boottime >= model->scanned;
	enter(model, dir, event->name, object);
	if (event->link) {
		free(object->link);
		object->link = xstrdup(event->link);
	}
	if (!(event->mask & further))
		object->inherits = !S_ISLNK(object->stat.mode) &&
				   (dir->inherits ||
				    model_xattr_find(dir->xattrs, dir->xattrs_len, DEFAULT_ACL));
}

static void apply_rename(struct model *model, const struct fanotify_nl_event *event,
			 struct model_object *dir, struct model_object *new_dir,
			 struct model_object *object)
{
	const __u32 across = FANOTIFY_EVENT_FLAG_MOVED_IN | FANOTIFY_EVENT_FLAG_MOVED_OUT;
	bool exchange = event->flags & FANOTIFY_EVENT_FLAG_EXCHANGE;
	struct model_name *old = find_name(model, dir, event->name);
	struct model_name *other = find_name(model, new_dir, event->new_name);

	if (event->flags & FANOTIFY_EVENT_FLAG_WHITEOUT)
		enter(model, dir, event->name, NULL);
	else if (!exchange)
		leave(model, dir, event->name);
	else if (!(event->flags & across) && other && old && old->object == object)
		/* its own event comes next; it is never without a name */
		enter(model, dir, event->name, other->object);
	if (event->flags & FANOTIFY_EVENT_FLAG_MOVED_OUT) {
		/* what becomes of it, and of what is in it, no event tells */
		forget(model, object, event->boottime);
		return;
	}
	/* of a directory a gap follows */
	if ((event->flags & FANOTIFY_EVENT_FLAG_MOVED_IN) && !S_ISDIR(object->stat.mode))
		object->told = false;
	enter(model, new_dir, event->new_name, object);
}

static void apply_xattr(struct model *model, const struct fanotify_nl_event *event,
			struct model_object *object)
{
	if (!event->xattr && !(event->object.changed & FANOTIFY_CHANGED_XATTR))
		return;
	if (!object->refs && object->stat.nlink && !(event->flags & FANOTIFY_EVENT_FLAG_UNLINKED))
		object->awaited = true;
	if (!event->xattr) {
		if (event->flags & FANOTIFY_EVENT_FLAG_INEXACT) {
			object->told = false;
			model->untold = true;
		} else {
			object->capability_lost = true;
		}
		return;
	}
	if (!strcmp(event->xattr, CAPABILITY))
		object->capability_lost = false;
	if (event->mask & FANOTIFY_KIND_SETXATTR)
		xattr_add(object, event->xattr);
	else
		xattr_remove(object, event->xattr);
	if (!strcmp(event->xattr, ACL))
		object->acl_set = event->mask & FANOTIFY_KIND_SETXATTR;
}

/* What a scan has found of it may be newer than the event. */
static struct model_object *object_of_event(struct model *model,
					    const struct fanotify_nl_event *event,
					    const struct fanotify_nl_node *node)
{
	struct model_object *object = model_object_of(model, node);

	if (object && event->boottime < model->scanned)
		object->ahead = model->scanned;
	return object;
}

static void apply(struct model *model, const struct fanotify_nl_event *event)
{
	struct model_object *object = object_of_event(model, event, &event->object);
	struct model_object *dir = object_of_event(model, event, &event->dir);
	struct model_object *new_dir = object_of_event(model, event, &event->new_dir);

	/* it may have other names */
	object_of_event(model, event, &event->target);
	if (event->mask & FANOTIFY_KIND_GAP)
		forget(model, object ? object : model->root, event->boottime);
	if (!object)
		return;
	apply_xattr(model, event, object);
	if (dir && event->name) {
		if (event->mask & FANOTIFY_KIND_CREATE)
			apply_create(model, event, dir, object);
		else if (event->mask & FANOTIFY_KIND_DELETE)
			leave(model, dir, event->name);
		else if ((event->mask & FANOTIFY_KIND_RENAME) && event->new_name)
			apply_rename(model, event, dir, new_dir ?: dir, object);
	}
}

void model_apply(struct model *model, const struct fanotify_nl_event *event)
{
	apply(model, event);
	free_unused(model);
}

static void name_free(void *arg)
{
	struct model_name *name = arg;

	free(name->name);
	free(name);
}

void model_free(struct model *model)
{
	tdestroy(model->names, name_free);
	tdestroy(model->objects, object_free);
}
