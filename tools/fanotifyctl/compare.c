// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl mirror: what of a model is not as the tree is.
 */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "compare.h"
#include "fanotifyctl.h"
#include "text.h"

/* Of security modules: they come with an object, and no event tells. */
static const char *const of_modules[] = {
	"security.selinux", "security.SMACK64", "security.apparmor", "security.ima",
	"security.evm",
};

/* By these names, too, xfs has its ACLs. */
#define XFS_ACLS	"trusted.SGI_ACL_"

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
		if (!is_untold(object, p) && !model_xattr_find(other, other_len, p))
			ret = differ(comparison, path, "xattr", real ? p : "-", real ? "-" : p);
	}
	return ret;
}

static int compare_contents(struct comparison *comparison,
			    const struct fanotify_nl_object *found,
			    const struct model_object *object)
{
	const char *path = found->path;
	struct stat st;
	int fd = model_open(path, found->node.stat.ino, &st);
	char *link = S_ISLNK(object->stat.mode) ? model_read_link(fd) : NULL;
	size_t len;
	char *xattrs = model_read_xattrs(fd, &len);
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
	if (fd >= 0)
		close(fd);
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
	object = model_object_of(model, &bare);
	if (found->dir) {
		in = model_object_of(model, &dir);
		key = (struct model_name){ .dir = in, .name = (char *)found->name };
		name = tfind(&key, &model->names, model_by_name);
		if (!name)
			return differ(comparison, found->path, "name", "there", "none");
		(*name)->seen = model->round;
		if ((*name)->object != object)
			return differ(comparison, found->path, "object", "another", "an older");
	}
	object->seen = model->round;
	ret = compare_stat(compare, found->path, &found->node.stat, &object->stat);
	return ret ? ret : compare_contents(comparison, found, object);
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
	below = model_name_below(model, name->dir);
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
