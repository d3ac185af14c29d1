/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl gate: its command line.
 */
#ifndef FANOTIFYCTL_GATE_OPTIONS_H
#define FANOTIFYCTL_GATE_OPTIONS_H

#include "gate.h"

/**
 * struct gate_options - What is asked for, besides what struct gate has.
 * @check: only look at the rules
 * @mark_type: FANOTIFY_MARK_TYPE_*; 0: by what each path is
 * @group: number; 0: the kernel picks one
 * @checks: at a time
 * @settings: of the group
 * @paths: what to gate, ended by NULL
 */
struct gate_options {
	bool check;
	__u32 mark_type;
	__u32 group;
	__u32 checks;
	struct fanotify_nl_settings settings;
	char **paths;
};

/* Return: 0; 1: help is wanted; -1: bad usage, and said so. */
int gate_options_parse(struct gate_options *options, struct gate *g, char **argv);

/**
 * gate_settings_parse() - Settings of permission groups, as options have them.
 * @settings: where they go
 * @values: texts or NULL, in the order of gate_setting_names
 *
 * Return: 0; -1: bad usage, and said so.
 */
int gate_settings_parse(struct fanotify_nl_settings *settings, const char *const *values);

/* Without the dashes; ended by NULL. */
extern const char *const gate_setting_names[];

#define GATE_SETTINGS	8

#endif /* FANOTIFYCTL_GATE_OPTIONS_H */
