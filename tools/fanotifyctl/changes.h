/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl: what records of a journal say has to be looked at, path by path.
 *
 * The rule: whatever a path stands for changes only by an operation on an object that
 * has that path then, or by one that gives the path, or a directory above it, to
 * another object; and each of these makes a record that has the path as it was then. So
 * all paths of records, and what is below the directories that were made or renamed, is
 * enough, however often what was above it moved. Three things are not told by paths: an
 * object with other names (hard links), a path that a concurrent rename of a directory
 * has made wrong, and a record without one. For these, objects are followed by their
 * handles.
 */
#ifndef FANOTIFYCTL_CHANGES_H
#define FANOTIFYCTL_CHANGES_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <fanotify-nl/fanotify-nl.h>

#include "tree.h"

/* What there is to look at. */
enum change {
	/* the path may stand for another object, or none */
	CHANGE_NAME	= 1 << 0,
	/* for a directory, with all that is below it */
	CHANGE_TREE	= 1 << 1,
	CHANGE_DATA	= 1 << 2,
	/* mode, owner, times, extended attributes */
	CHANGE_ATTRS	= 1 << 3,

	/* as changes_look() found it: nothing has the path */
	CHANGE_DELETED	= 1 << 4,
	/* a directory has it */
	CHANGE_DIR	= 1 << 5,

	/* among CHANGE_ATTRS, and not told: rsync makes a file of another time anew */
	CHANGE_TIME	= 1 << 6,
};

/**
 * struct changes - What records say about what is below a directory.
 * @tree: the directory, as its one view, and what is mounted where
 * @fd: the directory, open
 * @mounted: the same as it is mounted, where there are paths outside of it, and so that
 *	an unmount says busy, if @fd is a view of its own; else -1
 * @device: of its filesystem
 * @real: its absolute path
 * @top: its path below the filesystem's root, "" for that itself
 * @paths: those to look at, in a tree of tsearch(3)
 * @objects: those to follow, in another one
 * @inodes: numbers of those of which names are missing, ascending, with CHANGE_*
 * @inodes_count: how many
 * @records: records that were added
 * @all: everything has to be looked at
 * @replaced: and transferred, as the directory, or one above it, is another one
 * @undone: and its data, as it may be an older state: what a crash has left of a file may
 *	be of before and have the time of after, or the other way round
 */
struct changes {
	struct tree tree;
	int fd;
	int mounted;
	dev_t device;
	char *real;
	const char *top;
	void *paths;
	void *objects;
	struct change_inode *inodes;
	size_t inodes_count;
	__u64 records;
	bool all;
	bool replaced;
	bool undone;
};

/**
 * changes_open() - Begin with nothing.
 * @changes: to be closed, even on failure
 * @dir: the directory
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int changes_open(struct changes *changes, const char *dir);
void changes_close(struct changes *changes);

/**
 * changes_alone() - Look at nothing but the directory's own filesystem.
 * @changes: just opened
 *
 * Records have nothing to do with what is mounted below the directory, and tell of what
 * that hides. @fd becomes a view of its own, without those mounts, for programs that are
 * executed as well.
 *
 * Return: 0; EXIT_FAILURE, and said so.
 */
int changes_alone(struct changes *changes);

/**
 * changes_still() - Is the directory what its path leads to?
 * @changes: the records, read
 *
 * What takes its place later has a record that was not read.
 *
 * Return: false: another one is, and said so.
 */
bool changes_still(const struct changes *changes);

/* Forget all records. */
void changes_clear(struct changes *changes);

/* Add what a record says. */
void changes_add(struct changes *changes, const struct fanotify_nl_event *event);

/**
 * changes_add_gap() - Add what a gap says: all, or the directory of its scope.
 * @changes: the records
 * @gap: the gap
 * @path: of that directory; or NULL
 */
void changes_add_gap(struct changes *changes, const struct fanotify_nl_gap *gap,
		     const char *path);

/* Add a path below the directory; CHANGE_*. */
void changes_add_path(struct changes *changes, const char *path, unsigned int flags);

/* What of @path is below @top, without a slash, "" for @top itself; NULL if it is not. */
const char *changes_below(const char *path, const char *top);

/**
 * change_fn - Told of each path.
 * @path: below the directory; "." is itself
 * @flags: CHANGE_*
 * @arg: as given
 *
 * Return: 0; anything else ends it, and is returned.
 */
typedef int (*change_fn)(const char *path, unsigned int flags, void *arg);

/**
 * changes_look() - Tell each path that has to be looked at, once.
 * @changes: the records
 * @fn: called, for a directory before what is in it
 * @arg: handed to @fn
 *
 * The paths are those that objects have now. Of what is gone the topmost directory is
 * told only; CHANGE_TREE directories are told with all that is below them, but for
 * other filesystems and the journal's own folder.
 *
 * Return: 0; EXIT_FAILURE: a directory cannot be read, and said so; or what @fn
 * returned.
 */
int changes_look(struct changes *changes, change_fn fn, void *arg);

/**
 * changes_put() - Write a path as rsync --from0 --files-from takes it.
 * @to: where to
 * @path: as it was told
 * @flags: CHANGE_*; a CHANGE_TREE directory ends in a slash, which stands for the names in it
 */
void changes_put(FILE *to, const char *path, unsigned int flags);

/* Told of each name; @fd is its directory. Return: not 0 to end it. */
typedef int (*changes_walk_fn)(struct changes *changes, int fd, const char *path,
			       const struct dirent *entry, bool is_dir, void *arg);

/**
 * changes_walk() - Tell all names there are now.
 * @changes: says below which directory
 * @fn: called, for a directory before what is in it
 * @arg: handed to @fn
 *
 * Not those of other filesystems, nor the journal's own.
 *
 * Return: 0; EXIT_FAILURE: a directory cannot be read, and said so; or what @fn returned.
 */
int changes_walk(struct changes *changes, changes_walk_fn fn, void *arg);

/* Open what is at @path below @dir, "" for itself: nowhere else, whatever links there are. */
int open_below(int dir, const char *path, int flags);

/* ---- for changes-look.c ---- */

/* A node of @paths. */
struct change_path {
	unsigned int flags;
	char path[];
};

/**
 * struct change_object - A node of @objects.
 * @node: its handle
 * @dir: that of the directory in which it had @name; none: not known
 * @name: its last name, or NULL
 * @path: its last path below the directory; NULL: it has none there
 * @flags: CHANGE_*
 * @is_dir: it is a directory
 */
struct change_object {
	struct fanotify_nl_node node;
	struct fanotify_nl_node dir;
	char *name;
	char *path;
	unsigned int flags;
	bool is_dir;
};

struct change_inode {
	ino_t number;
	unsigned int flags;
};

#endif /* FANOTIFYCTL_CHANGES_H */
