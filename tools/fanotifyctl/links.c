// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl sync: names of the copy that are links no more.
 *
 * What a name of the copy stands for already, if it is of the right sort, rsync gives
 * other attributes, and does not replace it: also where it has another name, which is to
 * stand for something else by now. Either name would be wrong, in turn, for ever. So such a
 * name is taken away first, and rsync makes it anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "changes.h"
#include "fanotifyctl.h"
#include "links.h"

/* The directory of the copy that has a name; -1: there is none. */
static int open_parent(int copy, const char *path, const char **name)
{
	char *dir = xstrdup(path), *slash = strrchr(dir, '/');
	int fd;

	*name = path + (slash ? slash - dir + 1 : 0);
	if (slash)
		*slash = '\0';
	fd = open_below(copy, slash ? dir : "", O_PATH | O_DIRECTORY);
	free(dir);
	return fd;
}

static int take_away(int dir, const char *name, const char *path)
{
	if (!unlinkat(dir, name, 0) || errno == ENOENT)
		return 0;
	return fail_errno(errno, "copy of %s", path);
}

/*
 * Take a name of the copy away if it stands for what was @seen there still, as others may
 * change the copy; without @seen, if it is a link, and of what rsync would keep for it.
 */
static int break_name(int copy, const char *path, const struct stat *seen)
{
	const char *name;
	struct stat st;
	int fd, ret = 0;

	fd = open_parent(copy, path, &name);
	if (fd < 0)
		return 0;
	if (!fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    (seen ? st.st_ino == seen->st_ino && st.st_dev == seen->st_dev :
		    st.st_nlink > 1 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		ret = take_away(fd, name, path);
	close(fd);
	return ret;
}

int links_break(int copy, const char *path)
{
	return break_name(copy, path, NULL);
}

/**
 * struct link - An object of the copy that has several names.
 * @copy: its inode's number
 * @original: that of what one of those names stands for in the original
 */
struct link {
	ino_t copy;
	ino_t original;
};

static int compare_links(const void *a, const void *b)
{
	const struct link *p = a, *q = b;

	return p->copy < q->copy ? -1 : p->copy > q->copy;
}

/* Does the original's object have the names that this one has, as far as known? */
static bool is_the_same(void **links, const struct stat *copy, const struct stat *original)
{
	struct link *one = xrealloc(NULL, sizeof(*one)), **found;
	bool same;

	*one = (struct link){ copy->st_ino, original->st_ino };
	found = tsearch(one, links, compare_links);
	if (!found) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	same = (*found)->original == original->st_ino;
	if (*found != one)
		free(one);
	return same;
}

static int break_entry(int copy, const char *path, const struct stat *seen, const char *src,
		       void **links)
{
	char *original = xasprintf("%s/%s", src, path);
	struct stat st;
	int ret = 0;

	if (!S_ISDIR(seen->st_mode) && seen->st_nlink > 1 && !lstat(original, &st) &&
	    !is_the_same(links, seen, &st))
		ret = break_name(copy, path, seen);
	free(original);
	return ret;
}

int links_break_all(int copy, const char *src)
{
	char *top[] = { xasprintf("/proc/self/fd/%d", copy), NULL };
	const size_t len = strlen(*top) + 1;
	FTS *fts = fts_open(top, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | FTS_XDEV,
			    NULL);
	void *links = NULL;
	FTSENT *entry;
	int ret = 0;

	while (fts && !ret && (errno = 0, entry = fts_read(fts))) {
		/* what cannot be looked at rsync complains of */
		if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR ||
		    entry->fts_info == FTS_ERR || entry->fts_level == FTS_ROOTLEVEL)
			continue;
		ret = break_entry(copy, entry->fts_path + len, entry->fts_statp, src, &links);
	}
	if (!ret && errno)
		ret = fail_errno(errno, "%s", *top);
	if (fts)
		fts_close(fts);
	tdestroy(links, free);
	free(*top);
	return ret;
}
