// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl mirror: a model of a tree, from a scan and from events.
 */
#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "fanotifyctl.h"
#include "model.h"
#include "text.h"

#define ACL		"system.posix_acl_access"
#define DEFAULT_ACL	"system.posix_acl_default"

#define CAPABILITY	"security.capability"

/* Of security modules: they come with an object, and no event tells. */
static const char *const of_modules[] = {
	"security.selinux", "security.SMACK64", "security.apparmor", "security.ima",
	"security.evm",
};

/* By these names, too, xfs has its ACLs. */
#define XFS_ACLS	"trusted.SGI_ACL_"

/**
 * struct model_object - One object of the tree.
 * @handle: its file handle
 * @handle_len: bytes of @handle
 * @handle_type: type of @handle
 * @stat: attributes
 * @link: of a symbolic link, what is in it, or NULL
 * @xattrs: names of its extended attributes, each ended by NUL, one after the other
 * @xattrs_len: bytes of @xattrs
 * @inherits: it may have been made where a default ACL is, and have got ACLs of it
 * @acl_set: an ACL was set, which may be none but the mode
 * @capability_lost: its capabilities, if it had any, may be gone
 * @refs: names that it has, and names in it
 * @gone: it has no name any more
 * @dir: of a directory, the one that it is in
 * @name: of a directory, its name
 * @seen: round of the comparison that has found it last
 */
struct model_object {
	unsigned char handle[FANOTIFY_HANDLE_MAX];
	__u32 handle_len;
	__s32 handle_type;
	struct fanotify_nl_stat stat;
	char *link;
	char *xattrs;
	size_t xattrs_len;
	bool inherits;
	bool acl_set;
	bool capability_lost;
	unsigned long refs;
	bool gone;
	struct model_object *dir;
	char *name;
	unsigned int seen;
};

/**
 * struct model_name - A name in a directory.
 * @dir: the directory
 * @name: the name
 * @object: what has it; NULL: a whiteout, whose handle was not told
 * @seen: round of the comparison that has found it last
 */
struct model_name {
	struct model_object *dir;
	char *name;
	struct model_object *object;
	unsigned int seen;
};

static int by_handle(const void *a, const void *b)
{
	const struct model_object *x = a, *y = b;

	if (x->handle_type != y->handle_type)
		return x->handle_type < y->handle_type ? -1 : 1;
	if (x->handle_len != y->handle_len)
		return x->handle_len < y->handle_len ? -1 : 1;
	return memcmp(x->handle, y->handle, x->handle_len);
}

static int by_name(const void *a, const void *b)
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

static void object_put(struct model *model, struct model_object *object)
{
	if (object->refs || !object->gone || object == model->root)
		return;
	tdelete(object, &model->objects, by_handle);
	model->count--;
	object_free(object);
}

/* The object of that handle, made if need be; NULL without a handle. */
static struct model_object *object_of(struct model *model, const struct fanotify_nl_node *node)
{
	struct model_object *new, **found;

	if (!node->handle || node->handle_len > FANOTIFY_HANDLE_MAX)
		return NULL;
	new = xrealloc(NULL, sizeof(*new));
	memset(new, 0, sizeof(*new));
	memcpy(new->handle, node->handle, node->handle_len);
	new->handle_len = node->handle_len;
	new->handle_type = node->handle_type;
	/* of an O_TMPFILE file or a whiteout it is not told how it began */
	new->inherits = true;
	found = (struct model_object **)find_or_make(new, &model->objects, by_handle);
	if (*found == new)
		model->count++;
	else
		free(new);
	if (node->stat.has)
		(*found)->stat = node->stat;
	return *found;
}

/* ---- names ---- */

static void leave(struct model *model, struct model_object *dir, const char *name)
{
	struct model_name key = { .dir = dir, .name = (char *)name };
	struct model_name **found = tfind(&key, &model->names, by_name);
	struct model_name *old;

	if (!found)
		return;
	old = *found;
	tdelete(old, &model->names, by_name);
	if (old->object) {
		old->object->refs--;
		object_put(model, old->object);
	}
	dir->refs--;
	free(old->name);
	free(old);
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
	find_or_make(new, &model->names, by_name);
	dir->refs++;
	if (!object)
		return;
	object->gone = false;
	if (S_ISDIR(object->stat.mode) && object != model->root) {
		free(object->name);
		object->name = xstrdup(name);
		object->dir = dir;
	}
}

/* Name below the root, "" for that; NULL if it is not below. */
static char *name_below(const struct model *model, const struct model_object *dir)
{
	char *above, *name;

	if (dir == model->root)
		return xstrdup("");
	if (!dir->dir)
		return NULL;
	above = name_below(model, dir->dir);
	if (!above)
		return NULL;
	name = xasprintf("%s/%s", above, dir->name);
	free(above);
	return name;
}

/* ---- extended attributes ---- */

static const char *xattr_find(const char *list, size_t len, const char *name)
{
	for (const char *p = list; list && p < list + len; p += strlen(p) + 1)
		if (!strcmp(p, name))
			return p;
	return NULL;
}

static void xattr_add(struct model_object *object, const char *name)
{
	size_t size = strlen(name) + 1;

	if (xattr_find(object->xattrs, object->xattrs_len, name))
		return;
	object->xattrs = xrealloc(object->xattrs, object->xattrs_len + size);
	memcpy(object->xattrs + object->xattrs_len, name, size);
	object->xattrs_len += size;
}

static void xattr_remove(struct model_object *object, const char *name)
{
	char *p = (char *)xattr_find(object->xattrs, object->xattrs_len, name);
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

/* What is in a link, and the names of extended attributes; not in the scan itself. */
static char *read_link(const char *path)
{
	char link[PATH_MAX];
	ssize_t len = readlink(path, link, sizeof(link) - 1);

	if (len < 0)
		return NULL;
	link[len] = '\0';
	return xstrdup(link);
}

static char *read_xattrs(const char *path, size_t *len)
{
	char *list = xrealloc(NULL, XATTR_LIST_MAX);
	ssize_t ret = llistxattr(path, list, XATTR_LIST_MAX);

	*len = ret < 0 ? 0 : ret;
	return list;
}

static int scan_one(const struct fanotify_nl_object *found, void *arg)
{
	struct scan *scan = arg;
	struct model *model = scan->model;
	struct model_object *object = object_of(model, &found->node);

	if (!object) {
		scan->without_handles = true;
		return 1;
	}
	free(object->link);
	free(object->xattrs);
	object->link = S_ISLNK(object->stat.mode) ? read_link(found->path) : NULL;
	object->xattrs = read_xattrs(found->path, &object->xattrs_len);
	object->inherits = false;
	object->acl_set = false;
	object->capability_lost = false;
	if (found->dir)
		enter(model, object_of(model, found->dir), found->name, object);
	else if (!model->root)
		model->root = object;
	return 0;
}

int model_scan(struct model *model, struct fanotify_nl *h, const char *path)
{
	struct scan scan = { .model = model };
	int ret = fanotify_nl_baseline(h, path, scan_one, &scan);

	return scan.without_handles ? -EOPNOTSUPP : ret;
}

/* ---- events ---- */

static void apply_create(struct model *model, const struct fanotify_nl_event *event,
			 struct model_object *dir, struct model_object *object)
{
	const __u64 further = FANOTIFY_KIND_HARDLINK | FANOTIFY_KIND_TMPFILE_LINK;

	enter(model, dir, event->name, object);
	if (event->link) {
		free(object->link);
		object->link = xstrdup(event->link);
	}
	if (!(event->mask & further))
		object->inherits = !S_ISLNK(object->stat.mode) &&
				   (dir->inherits ||
				    xattr_find(dir->xattrs, dir->xattrs_len, DEFAULT_ACL));
}

/* Return: whether it is a directory of which nothing was told before. */
static bool apply_rename(struct model *model, const struct fanotify_nl_event *event,
			 struct model_object *dir, struct model_object *new_dir,
			 struct model_object *object)
{
	bool exchange = event->flags & FANOTIFY_EVENT_FLAG_EXCHANGE;

	object->refs++;
	if (event->flags & FANOTIFY_EVENT_FLAG_WHITEOUT)
		enter(model, dir, event->name, NULL);
	else if (!exchange)
		leave(model, dir, event->name);
	object->refs--;
	enter(model, new_dir, event->new_name, object);
	return (event->flags & FANOTIFY_EVENT_FLAG_MOVED_IN) && S_ISDIR(object->stat.mode);
}

static void apply_xattr(const struct fanotify_nl_event *event, struct model_object *object)
{
	if (!event->xattr) {
		object->capability_lost |= !!(event->object.changed & FANOTIFY_CHANGED_XATTR);
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

char *model_apply(struct model *model, const struct fanotify_nl_event *event)
{
	struct model_object *object = object_of(model, &event->object);
	struct model_object *dir = object_of(model, &event->dir);
	struct model_object *new_dir = object_of(model, &event->new_dir);
	struct model_object *target = object_of(model, &event->target);
	char *untold = NULL;

	if (!object)
		return NULL;
	apply_xattr(event, object);
	if (event->mask & (FANOTIFY_KIND_LAST_UNLINK | FANOTIFY_KIND_RMDIR))
		object->gone = true;
	if (target && (!target->stat.nlink || S_ISDIR(target->stat.mode)))
		target->gone = true;
	if (dir && event->name) {
		if (event->mask & FANOTIFY_KIND_CREATE)
			apply_create(model, event, dir, object);
		else if (event->mask & FANOTIFY_KIND_DELETE)
			leave(model, dir, event->name);
		else if ((event->mask & FANOTIFY_KIND_RENAME) && event->new_name &&
			 apply_rename(model, event, dir, new_dir ?: dir, object))
			untold = name_below(model, object);
	}
	return untold;
}

/* ---- comparisons ---- */

/* What the inode in memory does not have, and so no event, of a directory. */
enum unknown { NOTHING, DIR_SIZE, DIR_NLINK };

struct compare {
	struct model *model;
	struct comparison *comparison;
	enum unknown unknown;
};

static enum unknown unknown_of(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs))
		return NOTHING;
	return fs.f_type == XFS_SUPER_MAGIC ? DIR_SIZE :
	       fs.f_type == OVERLAYFS_SUPER_MAGIC ? DIR_NLINK : NOTHING;
}

static int differ(struct comparison *comparison, const char *path, const char *field,
		  const char *real, const char *mirrored)
{
	struct out *o = comparison->out;
	char *name = text_quote(path, strlen(path));

	comparison->differences++;
	out_begin(o);
	out_bytes(o, "path", NULL, path, strlen(path));
	out_text(o, "%s: %s", name, field);
	out_string(o, "field", NULL, field);
	out_bytes(o, "real", " is ", real, strlen(real));
	out_bytes(o, "mirror", ", the mirror has ", mirrored, strlen(mirrored));
	free(name);
	return out_end(o);
}

static int differ_number(struct comparison *comparison, const char *path, const char *field,
			 const char *format, __u64 real, __u64 mirrored)
{
	char a[32], b[32];

	if (real == mirrored)
		return 0;
	snprintf(a, sizeof(a), format, (unsigned long long)real);
	snprintf(b, sizeof(b), format, (unsigned long long)mirrored);
	return differ(comparison, path, field, a, b);
}

static __u64 in_ns(const struct fanotify_nl_time *time)
{
	return time->sec * 1000000000ULL + time->nsec;
}

static int compare_stat(const struct compare *compare, const char *path,
			const struct fanotify_nl_stat *real,
			const struct fanotify_nl_stat *mirrored)
{
	struct comparison *comparison = compare->comparison;
	bool is_dir = S_ISDIR(real->mode);

	const struct {
		const char *field, *format;
		__u64 real, mirrored;
	} fields[] = {
		{ "mode", "%llo", real->mode, mirrored->mode },
		{ "uid", "%llu", real->uid, mirrored->uid },
		{ "gid", "%llu", real->gid, mirrored->gid },
		{ "nlink", "%llu", real->nlink,
		  is_dir && compare->unknown == DIR_NLINK ? real->nlink : mirrored->nlink },
		{ "size", "%llu", real->size,
		  is_dir && compare->unknown == DIR_SIZE ? real->size : mirrored->size },
		{ "mtime", "%llu ns", in_ns(&real->mtime), in_ns(&mirrored->mtime) },
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(fields) / sizeof(fields[0]); i++)
		ret = differ_number(comparison, path, fields[i].field, fields[i].format,
				    fields[i].real, fields[i].mirrored);
	return ret;
}

/* What no event tells of. */
static bool is_untold(const struct model_object *object, const char *name)
{
	for (size_t i = 0; i < sizeof(of_modules) / sizeof(of_modules[0]); i++)
		if (!strncmp(name, of_modules[i], strlen(of_modules[i])))
			return true;
	if (!strncmp(name, XFS_ACLS, strlen(XFS_ACLS)))
		return true;
	if (!strcmp(name, CAPABILITY))
		return object->capability_lost;
	if (!strcmp(name, ACL))
		return object->inherits || object->acl_set;
	return !strcmp(name, DEFAULT_ACL) && object->inherits;
}

/* Names of one list that the other has not. */
static int compare_xattrs(struct comparison *comparison, const char *path,
			  const struct model_object *object, const char *list, size_t len,
			  const char *other, size_t other_len, bool real)
{
	int ret = 0;

	for (const char *p = list; !ret && p < list + len; p += strlen(p) + 1) {
		if (!is_untold(object, p) && !xattr_find(other, other_len, p))
			ret = differ(comparison, path, "xattr", real ? p : "-", real ? "-" : p);
	}
	return ret;
}

static int compare_contents(struct comparison *comparison, const char *path,
			    const struct model_object *object)
{
	char *link = S_ISLNK(object->stat.mode) ? read_link(path) : NULL;
	size_t len;
	char *xattrs = read_xattrs(path, &len);
	int ret = 0;

	if (strcmp(link ?: "", object->link ?: ""))
		ret = differ(comparison, path, "link", link ?: "-", object->link ?: "-");
	if (!ret)
		ret = compare_xattrs(comparison, path, object, xattrs, len, object->xattrs,
				     object->xattrs_len, true);
	if (!ret)
		ret = compare_xattrs(comparison, path, object, object->xattrs,
				     object->xattrs_len, xattrs, len, false);
	free(xattrs);
	free(link);
	return ret;
}

static int compare_one(const struct fanotify_nl_object *found, void *arg)
{
	struct compare *compare = arg;
	struct comparison *comparison = compare->comparison;
	struct model *model = compare->model;
	struct fanotify_nl_node bare = found->node, dir = found->dir ? *found->dir : bare;
	struct model_object *object, *in;
	struct model_name key, **name;
	int ret;

	/* what is there must not get into the model */
	bare.stat.has = 0;
	dir.stat.has = 0;
	comparison->objects++;
	object = object_of(model, &bare);
	if (found->dir) {
		in = object_of(model, &dir);
		key = (struct model_name){ .dir = in, .name = (char *)found->name };
		name = tfind(&key, &model->names, by_name);
		if (!name)
			return differ(comparison, found->path, "name", "there", "none");
		(*name)->seen = model->round;
		if (!(*name)->object && !object->stat.has)
			return differ_number(comparison, found->path, "mode", "%llo",
					     found->node.stat.mode, S_IFCHR);
		if ((*name)->object && (*name)->object != object)
			return differ(comparison, found->path, "object", "another", "an older");
	}
	object->seen = model->round;
	ret = compare_stat(compare, found->path, &found->node.stat, &object->stat);
	return ret ? ret : compare_contents(comparison, found->path, object);
}

struct missing {
	struct compare *compare;
	const char *path;
	int ret;
};

/* A name in a directory that is there, which itself is not. */
static void look_for_missing(const void *node, VISIT visit, void *arg)
{
	const struct model_name *name = *(const struct model_name *const *)node;
	struct missing *missing = arg;
	const struct model *model = missing->compare->model;
	char *below, *path;

	if ((visit != postorder && visit != leaf) || missing->ret ||
	    name->seen == model->round || name->dir->seen != model->round)
		return;
	below = name_below(model, name->dir);
	path = xasprintf("%s%s/%s", missing->path, below ?: "", name->name);
	missing->ret = differ(missing->compare->comparison, path, "name", "none", "there");
	free(path);
	free(below);
}

int model_compare(struct model *model, struct fanotify_nl *h, const char *path,
		  struct comparison *comparison)
{
	struct compare compare = {
		.model = model, .comparison = comparison, .unknown = unknown_of(path),
	};
	struct missing missing = { .compare = &compare, .path = path };
	int ret;

	model->round++;
	ret = fanotify_nl_baseline(h, path, compare_one, &compare);
	if (ret)
		return ret;
	twalk_r(model->names, look_for_missing, &missing);
	return missing.ret;
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
