// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: what records of a journal say has to be looked at: what is there now.
 *
 * Symbolic links are never followed: below one there is nothing of ours.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "changes.h"
#include "fanotifyctl.h"

/* How long an object may take to be made, on a slow machine. */
#define HANDLE_TRIES	1000
#define HANDLE_PAUSE_US	5000

/* ---- paths and handles ---- */

static int open_path(int dir, const char *path, int flags, __u64 resolve)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | resolve,
	};

	return syscall(SYS_openat2, dir, *path ? path : ".", &how, sizeof(how));
}

int open_below(int dir, const char *path, int flags)
{
	return open_path(dir, path, flags, RESOLVE_NO_XDEV);
}

/* Is it an error of something that is not there? */
static bool is_gone(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EXDEV;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * What has a path, whose directory is open as @fd; *there: something has. What cannot be
 * looked at may be there: who took it for deleted would delete it. Return: 0; EXIT_FAILURE,
 * and said so.
 */
static int look_at(const struct changes *changes, int fd, const char *path, struct stat *st,
		   bool *there)
{
	*there = !fstatat(fd, last_name(path), st, AT_SYMLINK_NOFOLLOW);
	if (*there || is_gone(errno))
		return 0;
	return fail_errno(errno, "%s/%s", changes->real, path);
}

static bool has_handle(int fd, const struct fanotify_nl_node *node)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount;

	return !name_to_handle_at(fd, "", &u.handle, &mount, AT_EMPTY_PATH) &&
	       u.handle.handle_bytes == node->handle_len &&
	       u.handle.handle_type == node->handle_type &&
	       !memcmp(u.handle.f_handle, node->handle, node->handle_len);
}

/* Where there are paths outside of the directory, too. */
static int mounted(const struct changes *changes)
{
	return changes->mounted >= 0 ? changes->mounted : changes->fd;
}

/*
 * An object by its handle; -1: there is none any more, or errno says what else. While an
 * inode of its number is being made Linux says ENOMEM: iget_locked() in fs/inode.c has no
 * other error.
 */
static int open_node(const struct changes *changes, const struct fanotify_nl_node *node)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u;
	int fd;

	if (!node->handle || node->handle_len > MAX_HANDLE_SZ) {
		errno = ESTALE;
		return -1;
	}
	u.handle.handle_bytes = node->handle_len;
	u.handle.handle_type = node->handle_type;
	memcpy(u.handle.f_handle, node->handle, node->handle_len);
	for (int tries = 0;; tries++) {
		fd = open_by_handle_at(mounted(changes), &u.handle, O_PATH | O_CLOEXEC);
		if (fd >= 0 || errno != ENOMEM || tries == HANDLE_TRIES)
			return fd;
		usleep(HANDLE_PAUSE_US);
	}
}

static bool name_of(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n >= 0)
		path[n] = '\0';
	return n >= 0;
}

/*
 * Set @below to the path of a directory that is open, below ours; NULL: it is not there.
 * Return: false, it cannot be told, as it is too long together with our own.
 */
static bool path_of(const struct changes *changes, int fd, char **below)
{
	char top[PATH_MAX], path[PATH_MAX];
	const char *rest;

	*below = NULL;
	if (!name_of(mounted(changes), top) || !name_of(fd, path))
		return false;
	rest = changes_below(path, top);
	if (rest)
		*below = xstrdup(rest);
	return true;
}

/* ---- walks ---- */

/* Paths of directories that are still to be read. */
struct below {
	char **list;
	size_t count;
};

static void below_add(struct below *below, char *path)
{
	size_t n = below->count;

	if (!(n & (n - 1)))
		below->list = xrealloc(below->list, (n ? 2 * n : 1) * sizeof(*below->list));
	below->list[below->count++] = path;
}

static int walk_entry(struct changes *changes, int fd, const char *path,
		      const struct dirent *entry, struct below *below, changes_walk_fn fn,
		      void *arg)
{
	bool is_dir = entry->d_type == DT_DIR, there = true;
	struct stat st;
	char *name;
	int ret = 0;

	if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
		return 0;
	if (!*path && !*changes->top && !strcmp(entry->d_name, FANOTIFY_NL_JOURNAL_FOLDER))
		return 0;
	name = *path ? xasprintf("%s/%s", path, entry->d_name) : xstrdup(entry->d_name);
	if (entry->d_type == DT_UNKNOWN) {
		ret = look_at(changes, fd, name, &st, &there);
		is_dir = there && S_ISDIR(st.st_mode);
	}
	if (!ret && there)
		ret = fn(changes, fd, name, entry, is_dir, arg);
	if (!ret && is_dir)
		below_add(below, name);
	else
		free(name);
	return ret;
}

/* @fd is closed. */
static int walk_dir(struct changes *changes, int fd, const char *path, struct below *below,
		    changes_walk_fn fn, void *arg)
{
	struct dirent *entry;
	struct stat st;
	DIR *dir = NULL;
	int ret = 0;

	/* what is mounted there has no journal, or another one */
	if (!fstat(fd, &st) && st.st_dev != changes->device) {
		close(fd);
		return 0;
	}
	dir = fdopendir(fd);
	if (!dir) {
		ret = fail_errno(errno, "%s/%s", changes->real, path);
		close(fd);
		return ret;
	}
	while (!ret) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		ret = walk_entry(changes, fd, path, entry, below, fn, arg);
	}
	if (!ret && errno && !is_gone(errno))
		ret = fail_errno(errno, "%s/%s", changes->real, path);
	closedir(dir);
	return ret;
}

/*
 * A directory is closed before those in it are opened: trees are deeper than files may be
 * open. What is not at its path any more has a record that says so.
 */
static int walk(struct changes *changes, const char *path, __u64 resolve, changes_walk_fn fn,
		void *arg)
{
	int fd = open_path(changes->fd, path, O_RDONLY | O_DIRECTORY, resolve);
	struct below below = { 0 };
	int ret = 0;

	if (fd >= 0)
		ret = walk_dir(changes, fd, path, &below, fn, arg);
	else if (!is_gone(errno))
		ret = fail_errno(errno, "%s/%s", changes->real, path);
	for (size_t i = 0; i < below.count; i++) {
		if (!ret)
			ret = walk(changes, below.list[i], 0, fn, arg);
		free(below.list[i]);
	}
	free(below.list);
	return ret;
}

static int walk_below(struct changes *changes, const char *path, changes_walk_fn fn, void *arg)
{
	return walk(changes, path, RESOLVE_NO_XDEV, fn, arg);
}

int changes_walk(struct changes *changes, changes_walk_fn fn, void *arg)
{
	return walk_below(changes, "", fn, arg);
}

/* ---- objects: names that records do not have ---- */

static void add_inode(struct changes *changes, ino_t number, unsigned int flags)
{
	size_t n = changes->inodes_count;

	if (!(n & (n - 1)))
		changes->inodes = xrealloc(changes->inodes,
					   (n ? 2 * n : 1) * sizeof(*changes->inodes));
	changes->inodes[changes->inodes_count++] = (struct change_inode){ number, flags };
}

/* Is it this object that has the path below @dir, and with no other name? */
static bool is_whole(int dir, const char *path, const struct change_object *object)
{
	int fd = open_below(dir, path, O_PATH);
	struct stat st;
	bool whole;

	if (fd < 0)
		return false;
	whole = has_handle(fd, &object->node) && !fstat(fd, &st) &&
		(object->is_dir || st.st_nlink == 1);
	close(fd);
	return whole;
}

/* Has it its last name still, where that directory is now? Below ours that is a path. */
static bool find_in_dir(struct changes *changes, const struct change_object *object)
{
	int fd = object->name ? open_node(changes, &object->dir) : -1;
	char *dir = NULL, *path;
	bool found;

	if (fd < 0)
		return false;
	found = is_whole(fd, object->name, object) && path_of(changes, fd, &dir);
	close(fd);
	if (dir) {
		path = *dir ? xasprintf("%s/%s", dir, object->name) : xstrdup(object->name);
		changes_add_path(changes, path, object->flags);
		free(path);
		free(dir);
	}
	return found;
}

/**
 * struct finding - The walk over objects, or over directories that were made or moved.
 * @changes: the changes
 * @done: of directories, the last one, which has all that is below it; NULL: none
 * @ret: not 0: it has failed, and said so
 */
struct finding {
	struct changes *changes;
	const char *done;
	int ret;
};

static void find_names_of(struct finding *f, const struct change_object *object, int fd)
{
	struct changes *changes = f->changes;
	struct stat st;
	char *path;

	if (fstat(fd, &st)) {
		f->ret = fail_errno(errno, "%s", changes->real);
	} else if (!st.st_nlink) {
		/* it has no name any more */
	} else if (object->is_dir && path_of(changes, fd, &path)) {
		if (path)
			changes_add_path(changes, path, object->flags);
		free(path);
	} else if (object->is_dir || st.st_nlink > 1 || !find_in_dir(changes, object)) {
		add_inode(changes, st.st_ino, object->flags);
	}
}

static void find_object(const void *node, VISIT which, void *arg)
{
	const struct change_object *object = *(struct change_object *const *)node;
	struct finding *f = arg;
	int fd;

	if ((which != postorder && which != leaf) || f->ret)
		return;
	/* what was done by a name that it has no more, too */
	if (object->path && is_whole(f->changes->fd, object->path, object)) {
		changes_add_path(f->changes, object->path, object->flags);
		return;
	}
	fd = open_node(f->changes, &object->node);
	if (fd >= 0) {
		find_names_of(f, object, fd);
		close(fd);
	} else if (errno != ESTALE && errno != ENOENT) {
		f->ret = fail_errno(errno, "%s: open by handle", f->changes->real);
	}
}

static int add_if_linked(struct changes *changes, int fd, const char *path,
			 const struct dirent *entry, bool is_dir, void *arg)
{
	struct stat st;
	bool there;
	int ret;

	(void)entry;
	(void)arg;
	if (is_dir)
		return 0;
	ret = look_at(changes, fd, path, &st, &there);
	if (!ret && there && st.st_nlink > 1)
		add_inode(changes, st.st_ino, CHANGE_NAME);
	return ret;
}

/* Of what is in a directory that was moved, the names elsewhere are not told. */
static void find_links(const void *node, VISIT which, void *arg)
{
	const struct change_path *one = *(struct change_path *const *)node;
	struct finding *f = arg;

	if ((which != postorder && which != leaf) || !(one->flags & CHANGE_TREE) || f->ret ||
	    (f->done && changes_below(one->path, f->done)))
		return;
	f->done = one->path;
	f->ret = walk_below(f->changes, one->path, add_if_linked, NULL);
}

static int compare_inodes(const void *a, const void *b)
{
	const struct change_inode *p = a, *q = b;

	return p->number < q->number ? -1 : p->number > q->number;
}

static void sort_inodes(struct changes *changes)
{
	struct change_inode *list = changes->inodes;
	size_t count = 0;

	if (!changes->inodes_count)
		return;
	qsort(list, changes->inodes_count, sizeof(*list), compare_inodes);
	for (size_t i = 1; i < changes->inodes_count; i++) {
		if (list[i].number == list[count].number)
			list[count].flags |= list[i].flags;
		else
			list[++count] = list[i];
	}
	changes->inodes_count = count + 1;
}

static int add_if_sought(struct changes *changes, int fd, const char *path,
			 const struct dirent *entry, bool is_dir, void *arg)
{
	const struct change_inode key = { .number = entry->d_ino }, *found;

	(void)fd;
	(void)is_dir;
	(void)arg;
	found = bsearch(&key, changes->inodes, changes->inodes_count, sizeof(key),
			compare_inodes);
	if (found)
		changes_add_path(changes, path, found->flags);
	return 0;
}

/* Directories only are read for it, no inode of a file. */
static int find_names(struct changes *changes)
{
	struct finding finding = { .changes = changes };

	twalk_r(changes->objects, find_object, &finding);
	if (!finding.ret)
		twalk_r(changes->paths, find_links, &finding);
	if (finding.ret)
		return finding.ret;
	sort_inodes(changes);
	return changes->inodes_count ? changes_walk(changes, add_if_sought, NULL) : 0;
}

/* ---- telling ---- */

/**
 * struct telling - The walk over the paths.
 * @changes: the changes
 * @fn: whom to tell
 * @arg: handed to @fn
 * @done: nothing below this path has to be told any more, nor itself; NULL: none
 * @parent: the directory of the last path, which is one; NULL: none
 * @fd: @parent, open
 * @ret: not 0: the walk has ended
 */
struct telling {
	struct changes *changes;
	change_fn fn;
	void *arg;
	char *done;
	char *parent;
	int fd;
	int ret;
};

static void tell(struct telling *t, const char *path, unsigned int flags)
{
	t->ret = t->fn(*path ? path : ".", flags & ~CHANGE_TIME, t->arg);
}

static void tell_done(struct telling *t, const char *path)
{
	free(t->done);
	t->done = xstrdup(path);
}

/*
 * A record may be read while the operation that made it is under way, and before Linux
 * knows of the new name: that does so with the directory locked, as it is to be read.
 */
static bool is_settled(int dir)
{
	char some[1024];

	return syscall(SYS_getdents64, dir, some, sizeof(some)) >= 0;
}

bool changes_still(const struct changes *changes)
{
	char *path = xstrdup(changes->real);
	struct stat now, then;
	bool still;

	for (char *end = path; (end = strchr(end, '/')); *end++ = '/') {
		int fd;

		*end = '\0';
		fd = open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) {
			is_settled(fd);
			close(fd);
		}
	}
	free(path);
	still = !stat(changes->real, &now) && !fstat(mounted(changes), &then) &&
		now.st_dev == then.st_dev && now.st_ino == then.st_ino;
	if (!still)
		complain("%s is another directory by now", changes->real);
	return still;
}

/*
 * Open the directory of @path as @t->fd; false: there is none, it is of a subvolume, or
 * @t->ret says why not.
 */
static bool enter_parent(struct telling *t, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? slash - path : 0;
	struct stat st;

	if (t->parent && strlen(t->parent) == len && !memcmp(t->parent, path, len))
		return true;
	if (t->fd >= 0)
		close(t->fd);
	free(t->parent);
	t->parent = xasprintf("%.*s", (int)len, path);
	t->fd = open_below(t->changes->fd, t->parent, O_RDONLY | O_DIRECTORY);
	if (t->fd >= 0 && (fstat(t->fd, &st) || st.st_dev != t->changes->device))
		errno = EXDEV;
	else if (t->fd >= 0 && is_settled(t->fd))
		return true;
	if (!is_gone(errno))
		t->ret = fail_errno(errno, "%s/%s", t->changes->real, t->parent);
	free(t->parent);
	t->parent = NULL;
	return false;
}

/* Below something that is no directory: that is what there is to look at. */
static void tell_top(struct telling *t, const char *path)
{
	char *top = xstrdup(path);
	struct stat st;

	for (char *end = strchr(top, '/'); end; end = strchr(end + 1, '/')) {
		bool there = false;

		*end = '\0';
		if (enter_parent(t, top))
			t->ret = look_at(t->changes, t->fd, top, &st, &there);
		if (t->ret)
			break;
		if (there && S_ISDIR(st.st_mode) && st.st_dev == t->changes->device) {
			*end = '/';
			continue;
		}
		/* what is mounted there hides it */
		if (!there || !S_ISDIR(st.st_mode))
			tell(t, top, there ? CHANGE_NAME : CHANGE_DELETED);
		tell_done(t, top);
		break;
	}
	free(top);
}

static int tell_entry(struct changes *changes, int fd, const char *path,
		      const struct dirent *entry, bool is_dir, void *arg)
{
	struct telling *t = arg;
	struct stat st;
	bool there;

	(void)entry;
	if (!is_dir) {
		tell(t, path, CHANGE_NAME);
		return t->ret;
	}
	t->ret = look_at(changes, fd, path, &st, &there);
	if (!t->ret && there)
		tell(t, path, st.st_dev == changes->device ? CHANGE_TREE | CHANGE_DIR :
							     CHANGE_ATTRS | CHANGE_DIR);
	return t->ret;
}

static void tell_dir(struct telling *t, const struct change_path *one)
{
	int ret;

	if (!(one->flags & (CHANGE_TREE | CHANGE_NAME))) {
		tell(t, one->path, CHANGE_ATTRS | CHANGE_DIR);
		return;
	}
	tell(t, one->path, CHANGE_TREE | CHANGE_DIR);
	ret = t->ret ? 0 : walk_below(t->changes, one->path, tell_entry, t);
	if (!t->ret)
		t->ret = ret;
	tell_done(t, one->path);
}

static void tell_path(const void *node, VISIT which, void *arg)
{
	const struct change_path *one = *(struct change_path *const *)node;
	struct telling *t = arg;
	struct stat st;
	bool there;

	if ((which != postorder && which != leaf) || t->ret || (t->done && changes_below(one->path, t->done)))
		return;
	if (!*one->path) {
		tell_dir(t, one);
		return;
	}
	if (!enter_parent(t, one->path)) {
		if (!t->ret)
			tell_top(t, one->path);
		return;
	}
	t->ret = look_at(t->changes, t->fd, one->path, &st, &there);
	if (t->ret)
		return;
	if (!there) {
		tell(t, one->path, CHANGE_DELETED);
		tell_done(t, one->path);
	} else if (S_ISDIR(st.st_mode)) {
		if (st.st_dev == t->changes->device) {
			tell_dir(t, one);
		} else {
			/* what is in it is not ours */
			tell(t, one->path, CHANGE_ATTRS | CHANGE_DIR);
			tell_done(t, one->path);
		}
	} else {
		tell(t, one->path, one->flags & CHANGE_TREE ? CHANGE_NAME : one->flags);
		tell_done(t, one->path);
	}
}

void changes_put(FILE *to, const char *path, unsigned int flags)
{
	const bool names = (flags & CHANGE_TREE) || !strcmp(path, ".");
	/* else it is a comment */
	const bool here = *path == '#' || *path == ';';

	fprintf(to, "%s%s%s", here ? "./" : "", path, names ? "/" : "");
	putc('\0', to);
}

int changes_look(struct changes *changes, change_fn fn, void *arg)
{
	struct telling t = { .changes = changes, .fn = fn, .arg = arg, .fd = -1 };
	int ret;

	ret = find_names(changes);
	if (ret)
		return ret;
	twalk_r(changes->paths, tell_path, &t);
	if (t.fd >= 0)
		close(t.fd);
	free(t.parent);
	free(t.done);
	return t.ret;
}
