// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ring file of a journal: where it is, and that it is there.
 *
 * It is made under another name, which it keeps until all of it is written; who
 * makes or removes it holds a lock of its folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/fanotify-nl-journal.h>
#include <linux/fs.h>

#include "internal.h"

#define FOLDER		FANOTIFY_NL_JOURNAL_FOLDER
#define NAME		"journal"
#define NAME_NEW	"journal.new"

/* How much is written between two calls of the caller. */
#define CHUNK		(1U << 20)

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT	0x00002000
#endif

static int is_mount_root(const char *path)
{
	struct statx stx;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &stx))
		return -errno;
	return stx.stx_attributes & STATX_ATTR_MOUNT_ROOT ? 1 : 0;
}

int ring_place(struct fanotify_nl *h, const char *path, struct ring_place *place)
{
	char real[PATH_MAX];
	int ret;

	*place = (struct ring_place){ .root = -1, .ring = -1 };
	if (!realpath(path, real))
		return fail(h, errno, "%s: %m", path);
	while (!(ret = is_mount_root(real)) && strcmp(real, "/")) {
		char *slash = strrchr(real, '/');

		slash[slash == real] = 0;
	}
	if (ret < 0)
		return fail(h, -ret, "%s: %m", real);
	snprintf(place->path, sizeof(place->path), "%s", real);
	place->root = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->root < 0)
		return fail(h, errno, "%s: %m", real);
	return 0;
}

void ring_place_close(struct ring_place *place)
{
	if (place->ring >= 0)
		close(place->ring);
	if (place->root >= 0)
		close(place->root);
}

/* Nothing was ever written to it but the zeros that it was made of. */
static int is_fresh(int fd)
{
	static const char zero[FANOTIFY_JOURNAL_HEADER_COPY];
	char head[FANOTIFY_JOURNAL_HEADER_COPY];

	for (off_t at = 0; at < FANOTIFY_JOURNAL_SEGMENT; at += sizeof(head)) {
		ssize_t n = pread(fd, head, sizeof(head), at);

		if (n < 0)
			return -errno;
		if (n != sizeof(head) || memcmp(head, zero, sizeof(head)))
			return 0;
	}
	return 1;
}

int ring_file_open(struct fanotify_nl *h, struct ring_place *place)
{
	int ret;

	place->ring = openat(place->root, FANOTIFY_NL_JOURNAL_FILE,
			     O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (place->ring < 0 && errno == ENOENT)
		return fail(h, ENOENT, "%s has no journal", place->path);
	if (place->ring < 0)
		return fail(h, errno, "%s/" FANOTIFY_NL_JOURNAL_FILE ": %m", place->path);
	ret = is_fresh(place->ring);
	if (ret < 0)
		return fail(h, -ret, "%s/" FANOTIFY_NL_JOURNAL_FILE ": %m", place->path);
	return ret;
}

/* Flags of chattr(1); where a filesystem has none of them, it does without. */
static void change_flags(int fd, int set, int clear)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return;
	flags = (flags | set) & ~clear;
	(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/* The folder, locked, with what is in it free to be changed. */
static int open_folder(struct fanotify_nl *h, const struct ring_place *place)
{
	int fd = openat(place->root, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return fail(h, ENOENT, "%s has no journal", place->path);
	if (fd < 0)
		return fail(h, errno, "%s/" FOLDER ": %m", place->path);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int err = errno == EWOULDBLOCK ? EBUSY : errno;

		close(fd);
		return fail(h, err, err == EBUSY ? "%s/" FOLDER ": another process is at it" :
			    "%s/" FOLDER ": %m", place->path);
	}
	change_flags(fd, 0, FS_IMMUTABLE_FL);
	return fd;
}

static int make_folder(struct fanotify_nl *h, const struct ring_place *place)
{
	struct stat st;
	int fd;

	if (mkdirat(place->root, FOLDER, 0700) && errno != EEXIST)
		return fail(h, errno, "%s/" FOLDER ": %m", place->path);
	fd = open_folder(h, place);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || (st.st_uid && fchown(fd, 0, 0)) || fchmod(fd, 0700)) {
		int err = errno;

		close(fd);
		return fail(h, err, "%s/" FOLDER ": %m", place->path);
	}
	return fd;
}

static int write_zeros(int fd, __u64 size, fanotify_nl_progress_cb cb, void *arg)
{
	char *zeros = calloc(1, CHUNK);
	int ret = zeros ? 0 : -ENOMEM;

	for (__u64 done = 0; !ret && done < size;) {
		size_t len = size - done < CHUNK ? size - done : CHUNK;
		ssize_t n = pwrite(fd, zeros, len, done);

		if (n < 0)
			ret = errno == EINTR ? 0 : -errno;
		else
			done += n;
		if (!ret && cb)
			ret = cb(done, size, arg);
	}
	free(zeros);
	return ret;
}

/*
 * All blocks are there, and written, so that nothing has to be allocated or noted
 * when records are; on btrfs they are written where they are.
 */
static int fill_file(int fd, __u64 size, fanotify_nl_progress_cb cb, void *arg)
{
	int ret;

	change_flags(fd, FS_NOCOW_FL, 0);
	if (fallocate(fd, 0, 0, size) && errno != EOPNOTSUPP)
		return -errno;
	ret = write_zeros(fd, size, cb, arg);
	if (!ret && fsync(fd))
		ret = -errno;
	return ret;
}

static int make_file(struct fanotify_nl *h, const struct ring_place *place, int folder,
		     __u64 size, fanotify_nl_progress_cb cb, void *arg)
{
	int fd, ret;

	if (!faccessat(folder, NAME, F_OK, AT_SYMLINK_NOFOLLOW))
		return fail(h, EEXIST, "%s has a journal", place->path);
	/* of one that was killed meanwhile */
	if (unlinkat(folder, NAME_NEW, 0) && errno != ENOENT)
		return fail(h, errno, "%s/" FOLDER "/" NAME_NEW ": %m", place->path);
	fd = openat(folder, NAME_NEW, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(h, errno, "%s/" FOLDER "/" NAME_NEW ": %m", place->path);
	ret = fill_file(fd, size, cb, arg);
	close(fd);
	if (!ret && renameat2(folder, NAME_NEW, folder, NAME, RENAME_NOREPLACE))
		ret = -errno;
	if (!ret && fsync(folder))
		ret = -errno;
	if (!ret)
		return 0;
	unlinkat(folder, NAME_NEW, 0);
	/* an error of ours has an errno; the caller's own value may be any */
	return fail(h, ret < 0 ? -ret : ECANCELED, "%s/" FOLDER "/" NAME ": %m", place->path),
	       ret;
}

API int fanotify_nl_journal_create(struct fanotify_nl *h, const char *path, __u64 size,
				   fanotify_nl_progress_cb cb, void *arg)
{
	struct ring_place place;
	int folder, ret;

	size = size ? size : FANOTIFY_NL_JOURNAL_SIZE_DEFAULT;
	if (size > FANOTIFY_JOURNAL_SIZE_MAX)
		return fail(h, EFBIG, "a journal has at most %llu bytes",
			    FANOTIFY_JOURNAL_SIZE_MAX);
	if (size < FANOTIFY_JOURNAL_SIZE_MIN)
		size = FANOTIFY_JOURNAL_SIZE_MIN;
	size = (size + FANOTIFY_JOURNAL_SEGMENT - 1) & ~(__u64)(FANOTIFY_JOURNAL_SEGMENT - 1);
	ret = ring_place(h, path, &place);
	if (ret)
		goto close;
	ret = folder = make_folder(h, &place);
	if (folder < 0)
		goto close;
	ret = make_file(h, &place, folder, size, cb, arg);
	if (!faccessat(folder, NAME, F_OK, AT_SYMLINK_NOFOLLOW))
		change_flags(folder, FS_IMMUTABLE_FL, 0);
	else
		unlinkat(place.root, FOLDER, AT_REMOVEDIR);
	close(folder);
close:
	ring_place_close(&place);
	return ret;
}

API int fanotify_nl_journal_remove(struct fanotify_nl *h, const char *path)
{
	struct fanotify_nl_journal_info info;
	struct ring_place place;
	int folder, ret;

	ret = ring_place(h, path, &place);
	if (ret)
		goto close;
	ret = fanotify_nl_journal_get(h, place.path, &info);
	if (!ret)
		ret = fail(h, EBUSY, "the journal of %s runs", place.path);
	if (ret != -ENOENT)
		goto close;
	ret = folder = open_folder(h, &place);
	if (folder < 0)
		goto close;
	ret = 0;
	if ((unlinkat(folder, NAME, 0) && errno != ENOENT) ||
	    (unlinkat(folder, NAME_NEW, 0) && errno != ENOENT) ||
	    unlinkat(place.root, FOLDER, AT_REMOVEDIR)) {
		ret = fail(h, errno, "%s/" FOLDER ": %m", place.path);
		if (!faccessat(folder, NAME, F_OK, AT_SYMLINK_NOFOLLOW))
			change_flags(folder, FS_IMMUTABLE_FL, 0);
	}
	close(folder);
close:
	ring_place_close(&place);
	return ret;
}
