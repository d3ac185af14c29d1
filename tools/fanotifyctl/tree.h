/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl: what is mounted where, and how the user named what is watched.
 *
 * Events carry paths below the root of their filesystem. Shown are paths as the
 * user named them, or absolute ones outside of that.
 */
#ifndef FANOTIFYCTL_TREE_H
#define FANOTIFYCTL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <fanotify-nl/fanotify-nl.h>

/**
 * struct mount - One line of /proc/self/mountinfo.
 * @id: of the mount
 * @major: device of the filesystem, as events have it
 * @minor: device of the filesystem
 * @root: what of the filesystem is mounted, below its root
 * @point: where
 * @type: of the filesystem
 */
struct mount {
	__u64 id;
	__u32 major;
	__u32 minor;
	char *root;
	char *point;
	char *type;
};

struct mounts {
	struct mount *list;
	size_t count;
};

/* Return: 0 or -errno. */
int mounts_read(struct mounts *mounts);
int mounts_parse(struct mounts *mounts, FILE *file);
void mounts_free(struct mounts *mounts);

/* The first mount of a device, NULL if there is none. */
const struct mount *mounts_by_dev(const struct mounts *mounts, __u32 major, __u32 minor);

/**
 * struct view - A path that is watched.
 * @user: as the user named it, without a slash at the end
 * @path: below the root of its filesystem
 * @mount: the mount it was reached by
 * @node: its file handle, if it has one
 */
struct view {
	char *user;
	char *path;
	struct mount mount;
	struct fanotify_nl_node node;
};

struct tree {
	struct mounts mounts;
	struct view *views;
	size_t count;
	/* the exchange whose other half is still to come */
	char *exchange_from;
	char *exchange_to;
};

/**
 * tree_add() - Add what the user wants to watch.
 * @tree: where to; tree->mounts has been read
 * @user: the path as the user gave it
 * @fd: the same, open
 *
 * Return: the view, valid until the next call; NULL: failed, and said so.
 */
const struct view *tree_add(struct tree *tree, const char *user, int fd);

/* The part of tree_add() that asks nothing of the system. */
struct view *tree_add_real(struct tree *tree, const char *user, const char *real,
			   const struct mount *mount);

/**
 * tree_name() - What to call a path of an event.
 * @tree: the tree
 * @major: device of the filesystem
 * @minor: device of the filesystem
 * @path: below its root
 * @inside: set to whether it is in a view
 *
 * Return: the name, to be freed; NULL: it is not visible here.
 */
char *tree_name(const struct tree *tree, __u32 major, __u32 minor, const char *path, bool *inside);

/**
 * tree_moved() - Follow a directory that was renamed, if it is a view or above one.
 * @tree: the tree
 * @major: device of the filesystem
 * @minor: device of the filesystem
 * @from: old path below its root
 * @to: new path
 * @object: what was renamed
 * @exchange: what was there has gone to @from, and an event of its own says so
 */
void tree_moved(struct tree *tree, __u32 major, __u32 minor, const char *from, const char *to,
		const struct fanotify_nl_node *object, bool exchange);

void tree_free(struct tree *tree);

#endif /* FANOTIFYCTL_TREE_H */
