// SPDX-License-Identifier: GPL-2.0
/*
 * Paths below a filesystem's root.
 */
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/slab.h>

#include <uapi/linux/fanotify-nl.h>

#include "path.h"

/* Put a name and a slash before *pos. */
static bool fanl_prepend(const char *buf, char **pos, const struct qstr *name)
{
	if (*pos - buf < name->len + 1)
		return false;
	*pos -= name->len;
	memcpy(*pos, name->name, name->len);
	*--*pos = '/';
	return true;
}

/*
 * Put the names from @dentry up to its root before *pos. A name is stable under
 * its dentry's d_lock.
 *
 * Return: the dentry that the walk ended at, NULL if the path is too long.
 */
static struct dentry *fanl_path_climb(const char *buf, char **pos,
				      struct dentry *dentry,
				      const struct qstr *child)
{
	bool fits = !child || fanl_prepend(buf, pos, child);

	while (fits && !IS_ROOT(dentry)) {
		spin_lock(&dentry->d_lock);
		fits = fanl_prepend(buf, pos, &dentry->d_name);
		spin_unlock(&dentry->d_lock);
		dentry = READ_ONCE(dentry->d_parent);
	}
	return fits ? dentry : NULL;
}

/**
 * fanl_path_build - build a path in memory that is there
 * @path: its name and length are set
 * @buf: the memory
 * @size: bytes of it
 * @dentry: the entry; or, with @child, its directory
 * @child: name in @dentry, or NULL
 *
 * That an ancestor moved meanwhile is seen by rename_lock, and the path is built again,
 * holding it.
 *
 * Return: the dentry that the walk ended at; NULL, it is too long.
 */
struct dentry *fanl_path_build(struct fanl_path *path, char *buf, size_t size,
			       struct dentry *dentry, const struct qstr *child)
{
	char *end = buf + size - 1;
	char *pos = end;
	unsigned int seq;
	struct dentry *d;

	*end = '\0';
	rcu_read_lock();
	seq = read_seqbegin(&rename_lock);
	d = fanl_path_climb(buf, &pos, dentry, child);
	if (read_seqretry(&rename_lock, seq)) {
		pos = end;
		read_seqlock_excl(&rename_lock);
		d = fanl_path_climb(buf, &pos, dentry, child);
		read_sequnlock_excl(&rename_lock);
	}
	rcu_read_unlock();

	if (!d)
		return NULL;
	if (pos == end)
		*--pos = '/';
	path->name = pos;
	path->len = end - pos;
	return d;
}

/**
 * fanl_path_walk - find the path of a directory entry below the root
 * @path: initialised; its name stays NULL if there is no path
 * @dentry: the entry; or, with @child, its directory; NULL if it is not known
 * @child: name in @dentry, which need not be there any more; or NULL
 * @flags: enum fanotify_event_flag: path-truncated or path-unreachable is added
 *
 * dentry_path_raw() walks to whatever has no parent and calls that "/", be it
 * the filesystem's root or a dentry that open_by_handle_at(2) made.
 */
void fanl_path_walk(struct fanl_path *path, struct dentry *dentry,
		    const struct qstr *child, u32 *flags)
{
	struct dentry *top;

	if (!dentry) {
		*flags |= FANOTIFY_EVENT_FLAG_PATH_UNREACHABLE;
		return;
	}
	top = fanl_path_build(path, path->buf, sizeof(path->buf), dentry,
			      child);
	if (!top) {
		path->page = kmalloc(PATH_MAX, path->gfp | __GFP_NOWARN);
		if (path->page)
			top = fanl_path_build(path, path->page, PATH_MAX,
					      dentry, child);
	}
	if (!top) {
		*flags |= FANOTIFY_EVENT_FLAG_PATH_TRUNCATED;
	} else if (top != dentry->d_sb->s_root) {
		*flags |= FANOTIFY_EVENT_FLAG_PATH_UNREACHABLE;
		path->name = NULL;
	}
}

/**
 * fanl_path_free - give back what a path took
 * @path: initialised, with or without a path
 */
void fanl_path_free(struct fanl_path *path)
{
	kfree(path->page);
}
