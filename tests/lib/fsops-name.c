// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on names: made, moved, removed, read.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "fsops-each.h"

static bool just_open(int fd, struct paths *p)
{
	return true;
}

bool op_create(struct paths *p)
{
	return with_file(p, O_CREAT | O_EXCL | O_WRONLY, just_open);
}

bool op_mkdir(struct paths *p)
{
	return !mkdir(p->a, 0777);
}

bool op_rmdir(struct paths *p)
{
	return !rmdir(p->a);
}

bool op_link(struct paths *p)
{
	return !link(p->a, p->b);
}

bool op_symlink(struct paths *p)
{
	return !symlink("nowhere", p->a);
}

bool op_fifo(struct paths *p)
{
	return !mkfifo(p->a, 0666);
}

bool op_mknod_file(struct paths *p)
{
	return !mknod(p->a, S_IFREG | 0666, 0);
}

bool op_mknod_socket(struct paths *p)
{
	return !mknod(p->a, S_IFSOCK | 0666, 0);
}

/* /dev/null, as others may open it */
bool op_mknod_char(struct paths *p)
{
	return !mknod(p->a, S_IFCHR | 0666, makedev(1, 3));
}

bool op_mknod_block(struct paths *p)
{
	return !mknod(p->a, S_IFBLK | 0666, makedev(1, 3));
}

bool op_tmpfile(struct paths *p)
{
	char self[64];
	int fd = open(p->dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	bool done;

	if (fd < 0)
		return false;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	done = !linkat(AT_FDCWD, self, AT_FDCWD, p->a, AT_SYMLINK_FOLLOW);
	close(fd);
	return done;
}

bool op_unlink(struct paths *p)
{
	return !unlink(p->a);
}

bool op_rename(struct paths *p)
{
	return !rename(p->a, p->b);
}

/* What is there is overwritten. */
bool op_replace(struct paths *p)
{
	struct stat a, b;

	return !lstat(p->a, &a) && !lstat(p->b, &b) && a.st_ino != b.st_ino &&
	       !rename(p->a, p->b);
}

bool op_move_dir(struct paths *p)
{
	struct stat st;

	return !lstat(p->a, &st) && S_ISDIR(st.st_mode) && strcmp(p->a, p->b) &&
	       !rename(p->a, p->b);
}

bool op_exchange(struct paths *p)
{
	return !renameat2(AT_FDCWD, p->a, AT_FDCWD, p->b, RENAME_EXCHANGE);
}

/* With . and .., and 0 for what is no directory. */
static unsigned int entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int count = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* ext4 changes times before it finds that a directory is not empty (docs/limits.md). */
bool op_whiteout(struct paths *p)
{
	unsigned int flags = RENAME_WHITEOUT;

	if (entries(p->b) > 2)
		flags |= RENAME_NOREPLACE;
	return !renameat2(AT_FDCWD, p->a, AT_FDCWD, p->b, flags);
}

bool op_list(struct paths *p)
{
	return entries(p->dir) >= 2;
}

bool op_stat(struct paths *p)
{
	struct statx stx;

	return !statx(AT_FDCWD, p->a, AT_SYMLINK_NOFOLLOW, STATX_ALL, &stx);
}
