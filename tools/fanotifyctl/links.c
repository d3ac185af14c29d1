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

int links_break(int copy, const char *path)
{
	char *dir = xstrdup(path), *slash = strrchr(dir, '/');
	const char *name = path + (slash ? slash - dir + 1 : 0);
	struct stat st;
	int fd, ret = 0;

	if (slash)
		*slash = '\0';
	fd = open_below(copy, slash ? dir : "", O_PATH | O_DIRECTORY);
	if (fd >= 0 && !fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) && st.st_nlink > 1 &&
	    !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && unlinkat(fd, name, 0) &&
	    errno != ENOENT)
		ret = fail_errno(errno, "copy of %s", path);
	if (fd >= 0)
		close(fd);
	free(dir);
	return ret;
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

static int break_entry(const FTSENT *entry, const char *original, void **links)
{
	const struct stat *copy = entry->fts_statp;
	struct stat st;

	if (S_ISDIR(copy->st_mode) || copy->st_nlink < 2 || lstat(original, &st) ||
	    is_the_same(links, copy, &st) || !unlink(entry->fts_path))
		return 0;
	return fail_errno(errno, "%s", entry->fts_path);
}

int links_break_all(const char *copy, const char *src)
{
	char *top[] = { xstrdup(copy), NULL }, *original;
	FTS *fts = fts_open(top, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | FTS_XDEV,
			    NULL);
	void *links = NULL;
	FTSENT *entry;
	int ret = 0;

	while (fts && !ret && (errno = 0, entry = fts_read(fts))) {
		/* what cannot be looked at rsync complains of */
		if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR ||
		    entry->fts_info == FTS_ERR)
			continue;
		original = xasprintf("%s%s", src, entry->fts_path + strlen(copy));
		ret = break_entry(entry, original, &links);
		free(original);
	}
	if (!ret && errno)
		ret = fail_errno(errno, "%s", copy);
	if (fts)
		fts_close(fts);
	tdestroy(links, free);
	free(top[0]);
	return ret;
}
