/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl mirror: what of a model is not as the tree is.
 */
#ifndef FANOTIFYCTL_COMPARE_H
#define FANOTIFYCTL_COMPARE_H

#include "model.h"
#include "out.h"

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

#endif /* FANOTIFYCTL_COMPARE_H */
