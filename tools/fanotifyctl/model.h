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
#include <fanotify-nl/fanotify-nl.h>

#include "out.h"

/**
 * struct model - What is known of a tree; all zero is nothing.
 * @objects: by handle
 * @names: by directory and name
 * @root: the directory that it starts with
 * @count: number of @objects
 * @round: number of the comparison at hand
 */
struct model {
	void *objects;
	void *names;
	struct model_object *root;
	unsigned long count;
	unsigned int round;
};

/**
 * model_scan() - Take what a scan has found.
 * @model: the model
 * @h: bound, and with a mark that watches the tree
 * @path: the tree, or a directory that came into it
 *
 * Return: 0, or as fanotify_nl_baseline(); -EOPNOTSUPP: there are no file handles.
 */
int model_scan(struct model *model, struct fanotify_nl *h, const char *path);

/**
 * model_apply() - Take what an event tells.
 *
 * Return: the name below the root of a directory whose content was never told, to
 * be freed and scanned; or NULL.
 */
char *model_apply(struct model *model, const struct fanotify_nl_event *event);

/**
 * struct comparison - A comparison of a model with the tree.
 * @out: where differences go, a record each
 * @objects: names compared
 * @differences: fields and names that differ
 */
struct comparison {
	struct out *out;
	unsigned long objects;
	unsigned long differences;
};

/**
 * model_compare() - Compare the model with the tree, as it is now.
 *
 * Return: 0, or as fanotify_nl_baseline(); 1: standard output failed.
 */
int model_compare(struct model *model, struct fanotify_nl *h, const char *path,
		  struct comparison *comparison);

void model_free(struct model *model);

#endif /* FANOTIFYCTL_MODEL_H */
