/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl mirror: a model of a tree, from a scan and from events.
 *
 * Objects are kept by file handle, names by the directory that they are in.
 */
#ifndef FANOTIFYCTL_MODEL_H
#define FANOTIFYCTL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <fanotify-nl/fanotify-nl.h>

#define ACL		"system.posix_acl_access"
#define DEFAULT_ACL	"system.posix_acl_default"
#define CAPABILITY	"security.capability"

/**
 * struct model_object - One object of the tree.
 * @handle: its file handle
 * @handle_len: bytes of @handle
 * @handle_type: type of @handle
 * @stat: attributes
 * @ahead: end of the last scan that may have been ahead of an event of it, in nanoseconds
 *	of CLOCK_BOOTTIME; 0: of none
 * @link: of a symbolic link, what is in it, or NULL
 * @xattrs: names of its extended attributes, each ended by NUL, one after the other
 * @xattrs_len: bytes of @xattrs
 * @inherits: it may have been made where a default ACL is, and have got ACLs of it
 * @acl_set: an ACL was set, which may be none but the mode
 * @capability_lost: its capabilities, if it had any, may be gone
 * @told: what events of it leave out was found by a scan, or told by others: its
 *	link, its extended attributes, and what is in a directory
 * @awaited: its name is yet to come: it was changed by another one before whoever made it
 *	was through
 * @refs: names that it has, and names in it
 * @unused: it is in the list of those that had no @refs
 * @next_unused: the next one in that list
 * @dir: of a directory, the one that it is in
 * @name: of a directory, its name
 * @seen: round of the comparison that has found it last
 */
struct model_object {
	unsigned char handle[FANOTIFY_HANDLE_MAX];
	__u32 handle_len;
	__s32 handle_type;
	struct fanotify_nl_stat stat;
	__u64 ahead;
	char *link;
	char *xattrs;
	size_t xattrs_len;
	bool inherits;
	bool acl_set;
	bool capability_lost;
	bool told;
	bool awaited;
	unsigned long refs;
	bool unused;
	struct model_object *next_unused;
	struct model_object *dir;
	char *name;
	unsigned int seen;
};

/**
 * struct model_name - A name in a directory.
 * @dir: the directory
 * @name: the name
 * @object: what has it; NULL: a whiteout that was not looked at, whose handle no event tells
 * @seen: round of the comparison that has found it last
 */
struct model_name {
	struct model_object *dir;
	char *name;
	struct model_object *object;
	unsigned int seen;
};

/**
 * struct model - What is known of a tree; all zero is nothing.
 * @objects: by handle
 * @names: by directory and name
 * @root: the directory that it starts with
 * @unused: objects that had no name, nor names in them, when they were looked at last
 * @untold: there are objects in it that are not told, or whiteouts not looked at
 * @scanned: when the last scan ended, in nanoseconds of CLOCK_BOOTTIME
 * @count: number of @objects
 * @round: number of the comparison at hand
 */
struct model {
	void *objects;
	void *names;
	struct model_object *root;
	struct model_object *unused;
	bool untold;
	__u64 scanned;
	unsigned long count;
	unsigned int round;
};

/**
 * model_scan() - Take what a scan has found.
 * @model: the model
 * @h: bound, and with a mark that watches the tree
 * @path: the tree
 *
 * Return: 0, or as fanotify_nl_baseline(); -EOPNOTSUPP: there are no file handles.
 */
int model_scan(struct model *model, struct fanotify_nl *h, const char *path);

/**
 * model_apply() - Take what an event tells.
 *
 * After a gap nothing is known of what is in the directory that it is about, or in
 * all of the tree.
 */
void model_apply(struct model *model, const struct fanotify_nl_event *event);

/**
 * model_complete() - Scan what was not told: what is moved in, or linked, from outside,
 *	and what an event may have taken back that was older than a scan.
 * @model: the model, after all events that there are
 * @h: as for model_scan()
 * @path: the tree
 *
 * One that is not where the model has it has moved on; events tell where, and then
 * it is to be tried again.
 *
 * Return: 0, or as fanotify_nl_baseline().
 */
int model_complete(struct model *model, struct fanotify_nl *h, const char *path);

void model_free(struct model *model);

/* ---- for comparisons ---- */

/* The object of that handle, made if need be; NULL without a handle. */
struct model_object *model_object_of(struct model *model, const struct fanotify_nl_node *node);

/* By directory and name, as @names are. */
int model_by_name(const void *a, const void *b);

/* Name below the root, "" for that, to be freed; NULL if it is not below. */
char *model_name_below(const struct model *model, const struct model_object *dir);

const char *model_xattr_find(const char *list, size_t len, const char *name);

/* Open what was found, with its attributes: -1 if something else is there by now. */
int model_open(const char *path, __u64 ino, struct stat *st);

/* What is in a link, and the names of extended attributes, to be freed. */
char *model_read_link(int fd);
char *model_read_xattrs(int fd, size_t *len);

#endif /* FANOTIFYCTL_MODEL_H */
