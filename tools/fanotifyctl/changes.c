// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: what records of a journal say has to be looked at: the records' part.
 */
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "changes.h"
#include "fanotifyctl.h"

#define KINDS_NAME \
	((__u64)FANOTIFY_KIND_CREATE | FANOTIFY_KIND_CREATE_FILE | FANOTIFY_KIND_MKDIR | \
	 FANOTIFY_KIND_MKNOD | FANOTIFY_KIND_SYMLINK | FANOTIFY_KIND_HARDLINK | \
	 FANOTIFY_KIND_TMPFILE_LINK | FANOTIFY_KIND_DELETE | FANOTIFY_KIND_UNLINK | \
	 FANOTIFY_KIND_LAST_UNLINK | FANOTIFY_KIND_RMDIR | FANOTIFY_KIND_RENAME)

/* After which the path has an object that it may not have had before. */
#define KINDS_APPEAR \
	((__u64)FANOTIFY_KIND_CREATE | FANOTIFY_KIND_CREATE_FILE | FANOTIFY_KIND_MKDIR | \
	 FANOTIFY_KIND_MKNOD | FANOTIFY_KIND_SYMLINK | FANOTIFY_KIND_HARDLINK | \
	 FANOTIFY_KIND_TMPFILE_LINK | FANOTIFY_KIND_RENAME)

#define KINDS_DATA \
	((__u64)FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_WRITE | FANOTIFY_KIND_TRUNCATE | \
	 FANOTIFY_KIND_FALLOCATE | FANOTIFY_KIND_CLONE_RANGE | FANOTIFY_KIND_MMAP_WRITE | \
	 FANOTIFY_KIND_CLOSE_WRITE)

#define CHANGED_DATA	(FANOTIFY_CHANGED_DATA | FANOTIFY_CHANGED_SIZE)
#define CHANGED_ATTRS \
	(FANOTIFY_CHANGED_MODE | FANOTIFY_CHANGED_UID | FANOTIFY_CHANGED_GID | \
	 FANOTIFY_CHANGED_MTIME | FANOTIFY_CHANGED_XATTR)

int changes_open(struct changes *changes, const char *dir)
{
	const struct view *view;
	struct stat st;
	int ret;

	*changes = (struct changes){ .fd = -1, .mounted = -1 };
	changes->real = realpath(dir, NULL);
	if (!changes->real)
		return fail_errno(errno, "%s", dir);
	changes->fd = open(changes->real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (changes->fd < 0 || fstat(changes->fd, &st))
		return fail_errno(errno, "%s", dir);
	changes->device = st.st_dev;
	ret = mounts_read(&changes->tree.mounts);
	if (ret)
		return fail_errno(-ret, "/proc/self/mountinfo");
	view = tree_add(&changes->tree, dir, changes->fd);
	if (!view)
		return EXIT_FAILURE;
	changes->top = strcmp(view->path, "/") ? view->path : "";
	return 0;
}

int changes_alone(struct changes *changes)
{
	int tree = open_tree(changes->fd, "",
			     AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	int fd = tree < 0 ? -1 : openat(tree, ".", O_RDONLY | O_DIRECTORY);
	int ret = fd < 0 ? fail_errno(errno, "%s: a view without mounts", changes->real) : 0;

	if (tree >= 0)
		close(tree);
	if (!ret) {
		changes->mounted = changes->fd;
		changes->fd = fd;
	}
	return ret;
}

static void object_free(void *p)
{
	struct change_object *object = p;

	free((void *)object->node.handle);
	free((void *)object->dir.handle);
	free(object->name);
	free(object->path);
	free(object);
}

void changes_clear(struct changes *changes)
{
	tdestroy(changes->paths, free);
	tdestroy(changes->objects, object_free);
	free(changes->inodes);
	changes->paths = NULL;
	changes->objects = NULL;
	changes->inodes = NULL;
	changes->inodes_count = 0;
	changes->records = 0;
	changes->all = false;
	changes->replaced = false;
	changes->undone = false;
}

void changes_close(struct changes *changes)
{
	changes_clear(changes);
	tree_free(&changes->tree);
	free(changes->real);
	if (changes->fd >= 0)
		close(changes->fd);
	if (changes->mounted >= 0)
		close(changes->mounted);
	changes->fd = -1;
	changes->mounted = -1;
}

/* ---- sets ---- */

/* As a walk of the tree would meet them: what is in a directory follows it at once. */
static int compare_paths(const void *a, const void *b)
{
	const unsigned char *p = (const unsigned char *)((const struct change_path *)a)->path;
	const unsigned char *q = (const unsigned char *)((const struct change_path *)b)->path;

	while (*p && *p == *q) {
		p++;
		q++;
	}
	return (*p == '/' ? 1 : *p ? *p + 1 : 0) - (*q == '/' ? 1 : *q ? *q + 1 : 0);
}

static void add_path(struct changes *changes, const char *path, unsigned int flags)
{
	size_t len = strlen(path) + 1;
	struct change_path *one = xrealloc(NULL, sizeof(*one) + len);
	struct change_path **found;

	one->flags = flags;
	memcpy(one->path, path, len);
	found = tsearch(one, &changes->paths, compare_paths);
	if (!found) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	if (*found == one)
		return;
	(*found)->flags |= flags;
	free(one);
}

/*
 * Who writes a copy of a path changes the time of the directory that has it there.
 * rsync sets that right where the directory is implied by the path: all but the top.
 */
void changes_add_path(struct changes *changes, const char *path, unsigned int flags)
{
	add_path(changes, path, flags);
	if (*path && !strchr(path, '/') && flags != CHANGE_ATTRS)
		add_path(changes, "", CHANGE_ATTRS);
}

static int compare_objects(const void *a, const void *b)
{
	const struct fanotify_nl_node *p = &((const struct change_object *)a)->node;
	const struct fanotify_nl_node *q = &((const struct change_object *)b)->node;

	if (p->handle_type != q->handle_type)
		return p->handle_type < q->handle_type ? -1 : 1;
	if (p->handle_len != q->handle_len)
		return p->handle_len < q->handle_len ? -1 : 1;
	return memcmp(p->handle, q->handle, p->handle_len);
}

static void copy_handle(struct fanotify_nl_node *to, const struct fanotify_nl_node *from)
{
	void *handle = NULL;

	if (from->handle) {
		handle = xrealloc(NULL, from->handle_len);
		memcpy(handle, from->handle, from->handle_len);
	}
	free((void *)to->handle);
	*to = (struct fanotify_nl_node){
		.handle = handle,
		.handle_len = from->handle ? from->handle_len : 0,
		.handle_type = from->handle_type,
	};
}

static struct change_object *object_get(struct changes *changes,
					const struct fanotify_nl_node *node)
{
	struct change_object key = { .node = *node }, *one, **found;

	found = tfind(&key, &changes->objects, compare_objects);
	if (found)
		return *found;
	one = xrealloc(NULL, sizeof(*one));
	*one = (struct change_object){ 0 };
	copy_handle(&one->node, node);
	if (!tsearch(one, &changes->objects, compare_objects)) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	return one;
}

/* ---- records ---- */

const char *changes_below(const char *path, const char *top)
{
	size_t len = strcmp(top, "/") ? strlen(top) : 0;

	if (strncmp(path, top, len) || (path[len] && path[len] != '/'))
		return NULL;
	path += len;
	return *path == '/' ? path + 1 : path;
}

static void add_name(struct changes *changes, const char *path, unsigned int flags)
{
	const char *rest = changes_below(path, changes->top);

	if (rest && *rest)
		changes_add_path(changes, rest, flags);
	else if (rest || changes_below(changes->top, path))
		changes->all = changes->replaced = true;
}

static unsigned int object_flags(const struct fanotify_nl_event *event)
{
	const __u32 changed = event->object.changed;
	const bool is_dir = event->mask & FANOTIFY_KIND_ONDIR;

	if (changed ? !is_dir && (changed & CHANGED_DATA) : !!(event->mask & KINDS_DATA))
		return CHANGE_DATA;
	if (changed && !(changed & CHANGED_ATTRS))
		return 0;
	if (is_dir || (changed && !(changed & FANOTIFY_CHANGED_MTIME)))
		return CHANGE_ATTRS;
	return CHANGE_ATTRS | CHANGE_TIME;
}

/*
 * An object, where it is now: also one that has never been here by what the record says,
 * as a directory above it may have been on its way.
 */
static void add_object_at(struct changes *changes, const struct fanotify_nl_node *node,
			  bool is_dir, const char *path, const struct fanotify_nl_node *dir,
			  const char *name, unsigned int flags)
{
	const char *rest = path ? changes_below(path, changes->top) : NULL;
	struct change_object *object;

	if (rest && !*rest)
		rest = NULL;
	if (!node->handle)
		return;
	object = object_get(changes, node);
	object->flags |= flags;
	object->is_dir = is_dir;
	free(object->path);
	object->path = rest ? xstrdup(rest) : NULL;
	free(object->name);
	object->name = name ? xstrdup(name) : NULL;
	copy_handle(&object->dir, dir);
}

static void add_object(struct changes *changes, const struct fanotify_nl_event *event,
		       unsigned int flags)
{
	const bool is_dir = event->mask & FANOTIFY_KIND_ONDIR;
	const struct fanotify_nl_node *dir = &event->dir;

	if (event->mask & FANOTIFY_KIND_DELETE)
		return;
	if (!(event->mask & FANOTIFY_KIND_RENAME)) {
		add_object_at(changes, &event->object, is_dir, event->path, dir, event->name,
			      flags);
		return;
	}
	if (event->has & FANOTIFY_NL_HAS_NEW_DIR)
		dir = &event->new_dir;
	add_object_at(changes, &event->object, is_dir, event->new_path, dir,
		      event->new_name ? event->new_name : event->name, flags);
}

/* At level ordered one record has both halves of an exchange. */
static void add_exchanged(struct changes *changes, const struct fanotify_nl_event *event)
{
	const struct fanotify_nl_stat *st = &event->target.stat;
	bool is_dir = (st->has & FANOTIFY_STAT_FIELD_MODE) && S_ISDIR(st->mode);

	if (is_dir)
		add_name(changes, event->path, CHANGE_TREE);
	else
		add_object_at(changes, &event->target, false, event->path, &event->dir,
			      event->name, CHANGE_NAME);
}

void changes_add_gap(struct changes *changes, const struct fanotify_nl_gap *gap,
		     const char *path)
{
	if (gap->scope == FANOTIFY_GAP_SCOPE_DIRECTORY && path) {
		add_name(changes, path, CHANGE_TREE);
		return;
	}
	changes->all = true;
	if (gap->reason == FANOTIFY_GAP_REASON_UNCLEAN ||
	    gap->reason == FANOTIFY_GAP_REASON_CURSOR ||
	    gap->reason == FANOTIFY_GAP_REASON_DAMAGED)
		changes->undone = true;
}

void changes_add(struct changes *changes, const struct fanotify_nl_event *event)
{
	const bool is_dir = event->mask & FANOTIFY_KIND_ONDIR;
	unsigned int flags = 0;
	const char *rest;

	changes->records++;
	if (event->mask & FANOTIFY_KIND_GAP) {
		changes_add_gap(changes, &event->gap, event->path);
		return;
	}
	if (event->mask & KINDS_NAME) {
		flags = is_dir && (event->mask & KINDS_APPEAR) ? CHANGE_TREE : CHANGE_NAME;
		/* a name that cannot be told may be any */
		if (!event->path || ((event->mask & FANOTIFY_KIND_RENAME) && !event->new_path)) {
			changes->all = true;
			return;
		}
		add_name(changes, event->path, flags);
		if (event->new_path)
			add_name(changes, event->new_path, flags);
		if (!is_dir && (event->mask & KINDS_APPEAR))
			add_object(changes, event, flags);
		if (event->flags & FANOTIFY_EVENT_FLAG_EXCHANGE)
			add_exchanged(changes, event);
	}
	flags = object_flags(event);
	if ((event->mask & (KINDS_DATA | FANOTIFY_KIND_ATTRIB)) && flags) {
		rest = event->path ? changes_below(event->path, changes->top) : NULL;
		if (rest)
			changes_add_path(changes, rest, flags);
		add_object(changes, event, flags);
	}
}
