// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl sync: the copy, where it is a directory of this machine.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copy.h"
#include "fanotifyctl.h"

/* ---- where it is ---- */

/* What it is or will be called, in full; NULL: failed, and said so. */
static char *real_path(const char *dst)
{
	char *real = realpath(dst, NULL), *copy, *dir, *name, *path = NULL;
	size_t len;

	if (real || errno != ENOENT) {
		if (!real)
			fail_errno(errno, "%s", dst);
		return real;
	}
	copy = xstrdup(dst);
	for (len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	name = strrchr(copy, '/');
	if (name)
		*name++ = '\0';
	else
		name = copy;
	dir = realpath(name == copy ? "." : *copy ? copy : "/", NULL);
	if (dir)
		path = xasprintf("%s/%s", strcmp(dir, "/") ? dir : "", name);
	else
		fail_errno(errno, "%s", dst);
	free(dir);
	free(copy);
	return path;
}

/*
 * Is one directory in the other, or the same, whatever is mounted where? A subvolume is of
 * the same filesystem, and has its records.
 */
static bool is_inside(const struct changes *inner, const struct changes *outer)
{
	const struct mount *a = &inner->tree.views[0].mount, *b = &outer->tree.views[0].mount;

	return a->major == b->major && a->minor == b->minor &&
	       changes_below(inner->top, outer->top);
}

/* The copy, or the first directory above it that is there. */
static int open_place(const struct copy *copy, struct changes *place, bool *exists)
{
	char *up = xstrdup(copy->path);
	struct stat st;
	int ret;

	*exists = !stat(up, &st);
	if (!*exists)
		*strrchr(up, '/') = '\0';
	ret = changes_open(place, *up ? up : "/");
	free(up);
	return ret;
}

static int check_place(const struct copy *copy, const struct changes *src)
{
	struct changes place;
	bool exists;
	int ret;

	ret = open_place(copy, &place, &exists);
	if (!ret && is_inside(&place, src)) {
		complain("%s is inside of %s, or the same: it cannot be its copy", copy->path,
			 src->real);
		ret = EXIT_FAILURE;
	} else if (!ret && exists &&
		   (is_inside(src, &place) || changes_below(src->real, place.real))) {
		complain("%s is inside of %s, which would be deleted", src->real, copy->path);
		ret = EXIT_FAILURE;
	}
	changes_close(&place);
	return ret;
}

int copy_find(struct copy *copy, const char *dst, const struct changes *src)
{
	*copy = (struct copy){ .path = real_path(dst), .fd = -1 };
	if (!copy->path)
		return EXIT_FAILURE;
	copy->place = xstrdup(copy->path);
	return check_place(copy, src);
}

void copy_close(struct copy *copy)
{
	if (copy->fd >= 0)
		close(copy->fd);
	free(copy->place);
	free(copy->path);
	*copy = (struct copy){ .fd = -1 };
}

int copy_open(struct copy *copy)
{
	if (mkdir(copy->path, 0700) && errno != EEXIST)
		return fail_errno(errno, "%s", copy->path);
	/* rsync inherits it */
	copy->fd = open(copy->path, O_RDONLY | O_DIRECTORY);
	if (copy->fd < 0)
		return fail_errno(errno, "%s", copy->path);
	free(copy->place);
	copy->place = xasprintf("/proc/self/fd/%d", copy->fd);
	return 0;
}

bool folder_is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (!dir)
		return errno == ENOENT;
	while (empty && (entry = readdir(dir)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(dir);
	return empty;
}

/* ---- how far it is ---- */

/* The consumer's name, a space, a cursor, and it may be this. */
#define BEGUN	" begun"
#define SAID_MAX \
	(FANOTIFY_CONSUMER_NAME_MAX + 1 + FANOTIFY_NL_CURSOR_LEN + sizeof(BEGUN))

/*
 * Instead, where rsync may not go by size and time: what it would take for transferred may
 * not be there, as a write has failed, which the filesystem tells but once; or a crash has
 * undone it in the original.
 */
static const struct {
	const char *text;
	const char *why;
} doubts[] = {
	[RSYNC_FILES_DATA] = { "undone", "data of the copy were not compared to the end" },
	[RSYNC_FILES_ALL] = { "unwritten", "the copy was not written to the end" },
};

const char *copy_ask(struct copy *copy, const char *consumer,
		     const unsigned char uuid[FANOTIFY_UUID_LEN])
{
	char said[SAID_MAX + 1], *cursor, *begun;
	bool parsed;
	ssize_t len;

	len = getxattr(copy->place, RSYNC_CURSOR, said, SAID_MAX);
	if (len < 0)
		return errno == EOPNOTSUPP ? NULL : "the copy does not say how far it is";
	said[len] = '\0';
	for (enum rsync_files i = RSYNC_FILES_DATA; i <= RSYNC_FILES_ALL; i++) {
		if (strcmp(said, doubts[i].text))
			continue;
		copy->files = i;
		return doubts[i].why;
	}
	cursor = strchr(said, ' ');
	if (!cursor)
		return "the copy does not say how far it is";
	*cursor++ = '\0';
	begun = strchr(cursor, ' ');
	copy->begun = begun && !strcmp(begun, BEGUN);
	if (copy->begun)
		*begun = '\0';
	parsed = !fanotify_nl_cursor_parse(cursor, &copy->from);
	copy->foreign = parsed && memcmp(copy->from.uuid, uuid, FANOTIFY_UUID_LEN);
	if (!parsed || copy->foreign || strcmp(said, consumer))
		return "the copy is one of something else";
	copy->says = true;
	return NULL;
}

/* What it says is on disk when this returns. */
static int tell(const struct copy *copy, const char *text)
{
	if (fsetxattr(copy->fd, RSYNC_CURSOR, text, strlen(text), 0) || fsync(copy->fd))
		return fail_errno(errno, "%s: attribute " RSYNC_CURSOR, copy->path);
	return 0;
}

static int tell_cursor(const struct copy *copy, const char *consumer,
		       const struct fanotify_nl_cursor *cursor, const char *more)
{
	char formatted[FANOTIFY_NL_CURSOR_LEN], *text;
	int ret;

	fanotify_nl_cursor_format(cursor, formatted);
	text = xasprintf("%s %s%s", consumer, formatted, more);
	ret = tell(copy, text);
	free(text);
	return ret;
}

int copy_begin(struct copy *copy, const char *consumer)
{
	if (!copy->says || copy->begun)
		return 0;
	return tell_cursor(copy, consumer, &copy->from, BEGUN);
}

/* Can it say something? */
static bool has_attributes(const struct copy *copy)
{
	return fgetxattr(copy->fd, RSYNC_CURSOR, NULL, 0) >= 0 || errno != EOPNOTSUPP;
}

int copy_begin_all(const struct copy *copy, enum rsync_files files, bool *seen)
{
	*seen = has_attributes(copy);
	if (!*seen)
		return 0;
	if (files != RSYNC_FILES_TIME)
		return tell(copy, doubts[files].text);
	if ((fremovexattr(copy->fd, RSYNC_CURSOR) && errno != ENODATA) || fsync(copy->fd))
		return fail_errno(errno, "%s: attribute " RSYNC_CURSOR, copy->path);
	return 0;
}

int copy_tell(struct copy *copy, const char *consumer,
	      const struct fanotify_nl_cursor *cursor, bool changed)
{
	int ret = 0;

	if (changed && syncfs(copy->fd)) {
		ret = fail_errno(errno, "%s", copy->path);
		if (!has_attributes(copy) || tell(copy, doubts[RSYNC_FILES_ALL].text))
			complain("%s cannot say so: once it can be written, run sync --full with -- --ignore-times",
				 copy->path);
		return ret;
	}
	if (!has_attributes(copy))
		return 0;
	ret = tell_cursor(copy, consumer, cursor, "");
	if (!ret) {
		copy->says = true;
		copy->begun = false;
		copy->from = *cursor;
	}
	return ret;
}
