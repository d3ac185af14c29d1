// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The baseline: what is there before the first event is applied.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID	0x200
#endif

/* A node, memory for its handle, and the mount it was found on: -1, not known. */
struct scanned {
	struct fanotify_nl_node node;
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + FANOTIFY_HANDLE_MAX];
	} u;
	int mount_id;
};

/**
 * struct level - A directory whose entries are scanned.
 * @up: the one it is in; NULL: the top
 * @dir: the directory
 * @d: its entries
 * @len: of its path
 */
struct level {
	struct level *up;
	struct scanned dir;
	DIR *d;
	size_t len;
};

/**
 * struct scan - A scan under way.
 * @h: for the text of a failure
 * @cb: the caller's
 * @arg: the caller's
 * @level: the directory whose entries are at hand
 * @path: of the object at hand
 * @size: of @path's memory
 * @major: of the filesystem's device
 * @minor: of the filesystem's device
 */
struct scan {
	struct fanotify_nl *h;
	fanotify_nl_object_cb cb;
	void *arg;
	struct level *level;
	char *path;
	size_t size;
	__u32 major;
	__u32 minor;
};

static int scan_fail(struct scan *scan, int err)
{
	return fail(scan->h, err, "baseline: %s: %m", scan->path);
}

static struct fanotify_nl_time scan_time(const struct statx_timestamp *t)
{
	return (struct fanotify_nl_time){ .sec = t->tv_sec, .nsec = t->tv_nsec };
}

static void scan_stat(const struct statx *stx, struct fanotify_nl_stat *stat)
{
	*stat = (struct fanotify_nl_stat){
		.has = FANOTIFY_STAT_FIELD_MODE | FANOTIFY_STAT_FIELD_NLINK |
		       FANOTIFY_STAT_FIELD_UID | FANOTIFY_STAT_FIELD_GID |
		       FANOTIFY_STAT_FIELD_ATIME | FANOTIFY_STAT_FIELD_MTIME |
		       FANOTIFY_STAT_FIELD_CTIME | FANOTIFY_STAT_FIELD_INO |
		       FANOTIFY_STAT_FIELD_SIZE | FANOTIFY_STAT_FIELD_BLOCKS,
		.mode = stx->stx_mode,
		.nlink = stx->stx_nlink,
		.uid = stx->stx_uid,
		.gid = stx->stx_gid,
		.atime = scan_time(&stx->stx_atime),
		.mtime = scan_time(&stx->stx_mtime),
		.ctime = scan_time(&stx->stx_ctime),
		.ino = stx->stx_ino,
		.size = stx->stx_size,
		.blocks = stx->stx_blocks,
	};
}

static bool has_vanished(int err)
{
	return err == ENOENT || err == ESTALE;
}

/*
 * As the kernel makes the handles of events: one that can be decoded, else one
 * that only identifies (overlayfs), else none.
 *
 * Return: 0; -1 with errno set.
 */
static int scan_handle(int fd, struct scanned *out)
{
	static const int flags[] = { AT_EMPTY_PATH, AT_EMPTY_PATH | AT_HANDLE_FID };

	out->mount_id = -1;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		out->u.handle.handle_bytes = FANOTIFY_HANDLE_MAX;
		if (!name_to_handle_at(fd, "", &out->u.handle, &out->mount_id, flags[i])) {
			out->node.handle = out->u.handle.f_handle;
			out->node.handle_len = out->u.handle.handle_bytes;
			out->node.handle_type = out->u.handle.handle_type;
			return 0;
		}
		if (errno != EOPNOTSUPP && errno != EOVERFLOW)
			return -1;
	}
	return 0;
}

/*
 * The root of another mount, of a filesystem that does not let us look (FUSE of
 * another user, or whose server is gone): not ours to scan.
 */
static bool is_foreign(const struct scanned *scanned, const struct scanned *dir, int err)
{
	return (err == EACCES || err == ENOTCONN) && scanned->mount_id >= 0 &&
	       dir->mount_id >= 0 && scanned->mount_id != dir->mount_id;
}

/*
 * The handle first: attributes that are newer than it do no harm.
 *
 * Return: 0; 1: not to be scanned; -errno.
 */
static int scan_node(struct scan *scan, int fd, const struct scanned *dir, struct scanned *out,
		     struct statx *stx)
{
	memset(&out->node, 0, sizeof(out->node));
	if (scan_handle(fd, out) ||
	    statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, stx) < 0) {
		if (dir && (has_vanished(errno) || is_foreign(out, dir, errno)))
			return 1;
		return scan_fail(scan, errno);
	}
	scan_stat(stx, &out->node.stat);

	if (!dir) {
		scan->major = stx->stx_dev_major;
		scan->minor = stx->stx_dev_minor;
	} else if (stx->stx_dev_major != scan->major || stx->stx_dev_minor != scan->minor) {
		return 1;
	}
	return 0;
}

/* Puts @name below the first @len bytes of the path. */
static int scan_path(struct scan *scan, size_t len, const char *name)
{
	size_t need = len + 1 + strlen(name) + 1;

	if (need > scan->size) {
		char *path = realloc(scan->path, need * 2);

		if (!path)
			return scan_fail(scan, ENOMEM);
		scan->path = path;
		scan->size = need * 2;
	}
	if (len && scan->path[len - 1] != '/')
		scan->path[len++] = '/';
	strcpy(scan->path + len, name);
	return 0;
}

static void scan_leave(struct scan *scan)
{
	struct level *level = scan->level;

	scan->level = level->up;
	closedir(level->d);
	free(level);
}

/* Closes @path_fd, and first of all: one descriptor for each level is enough. */
static int scan_enter(struct scan *scan, int path_fd, const struct scanned *dir)
{
	struct level *level;
	DIR *d = NULL;
	int fd;

	fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		int ret = has_vanished(errno) ? 0 : scan_fail(scan, errno);

		close(path_fd);
		return ret;
	}
	close(path_fd);
	level = malloc(sizeof(*level));
	if (level)
		d = fdopendir(fd);
	if (!d) {
		free(level);
		close(fd);
		return scan_fail(scan, ENOMEM);
	}
	*level = (struct level){
		.up = scan->level,
		.dir = *dir,
		.d = d,
		.len = strlen(scan->path),
	};
	if (dir->node.handle)
		level->dir.node.handle = level->dir.u.handle.f_handle;
	scan->level = level;
	return 0;
}

/* Closes @fd. */
static int scan_object(struct scan *scan, int fd, const char *name)
{
	const struct scanned *dir = scan->level ? &scan->level->dir : NULL;
	struct fanotify_nl_object object;
	struct scanned scanned;
	struct statx stx;
	int ret;

	ret = scan_node(scan, fd, dir, &scanned, &stx);
	if (ret) {
		close(fd);
		return ret > 0 ? 0 : ret;
	}
	object = (struct fanotify_nl_object){
		.path = scan->path,
		.name = name,
		.dev_major = stx.stx_dev_major,
		.dev_minor = stx.stx_dev_minor,
		.node = scanned.node,
		.dir = dir ? &dir->node : NULL,
	};
	ret = scan->cb(&object, scan->arg);
	if (!ret && S_ISDIR(stx.stx_mode))
		return scan_enter(scan, fd, &scanned);
	close(fd);
	return ret;
}

/* The next entry of the directory at hand; without one, it is done with. */
static int scan_next(struct scan *scan)
{
	struct level *level = scan->level;
	struct dirent *entry;
	int ret, child;

	scan->path[level->len] = '\0';
	errno = 0;
	entry = readdir(level->d);
	if (!entry) {
		ret = errno && !has_vanished(errno) ? scan_fail(scan, errno) : 0;
		scan_leave(scan);
		return ret;
	}
	if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
		return 0;
	ret = scan_path(scan, level->len, entry->d_name);
	if (ret)
		return ret;
	child = openat(dirfd(level->d), entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (child < 0)
		return has_vanished(errno) ? 0 : scan_fail(scan, errno);
	return scan_object(scan, child, entry->d_name);
}

/* Closes @fd, which is the top's. */
static int scan_tree(struct scan *scan, int fd)
{
	int ret = scan_object(scan, fd, "");

	while (!ret && scan->level)
		ret = scan_next(scan);
	while (scan->level)
		scan_leave(scan);
	return ret;
}

API int fanotify_nl_baseline(struct fanotify_nl *h, const char *path, fanotify_nl_object_cb cb,
			     void *arg)
{
	struct scan scan = { .h = h, .cb = cb, .arg = arg };
	struct fanotify_nl_group_info info;
	int ret;
	int fd;

	ret = need_bound(h, "baseline");
	if (ret)
		return ret;
	/* The mark may be another member's. */
	ret = fanotify_nl_group_get(h, h->bound.number, &info);
	if (ret)
		return ret;
	if (!info.marks)
		return fail(h, ENOTCONN,
			    "baseline: add a mark first, then scan: "
			    "what happens before the mark is lost");

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return fail(h, errno, "baseline: %s: %m", path);
	ret = scan_path(&scan, 0, path);
	if (!ret)
		ret = scan_tree(&scan, fd);
	else
		close(fd);
	free(scan.path);
	return ret;
}

API int fanotify_nl_node_same(const struct fanotify_nl_node *a, const struct fanotify_nl_node *b)
{
	return a->handle && b->handle && a->handle_type == b->handle_type &&
	       a->handle_len == b->handle_len && !memcmp(a->handle, b->handle, a->handle_len);
}
