/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl: filters, as options have them and as groups list them.
 */
#ifndef FANOTIFYCTL_FILTER_H
#define FANOTIFYCTL_FILTER_H

#include "fanotifyctl.h"
#include "out.h"

/*
 * For an option --include or --exclude whose @arg is a struct
 * fanotify_nl_settings: add the filter to it. Return: 0; -1: bad usage, and said so.
 */
int filter_option(const struct option_def *def, const char *value);

/* Is one of them of this very process? */
bool filters_have_self(const struct fanotify_nl_settings *settings);

/* A line for each, in text as the option is written. */
void filters_print(struct out *o, const struct fanotify_nl_settings *settings);

#endif /* FANOTIFYCTL_FILTER_H */
