/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl monitor: one event as a line of text or of JSON.
 */
#ifndef FANOTIFYCTL_EVENT_H
#define FANOTIFYCTL_EVENT_H

#include <fanotify-nl/fanotify-nl.h>

#include "out.h"

/**
 * struct columns - Widths of the columns of text, which grow with what they hold.
 */
struct columns {
	int kinds;
	int path;
	int actor;
};

/**
 * event_print() - Print an event.
 * @o: where to
 * @columns: widths so far
 * @event: the event
 * @path: what to call its path; NULL: not known, or not visible here
 * @new_path: the same for its new path
 *
 * Return: 0; 1: standard output failed, and said so.
 */
int event_print(struct out *o, struct columns *columns, const struct fanotify_nl_event *event,
		const char *path, const char *new_path);

/* What is missing, in a record of its own or an event's; "gap" in JSON. */
void gap_print(struct out *o, const struct fanotify_nl_gap *gap);

/* "uuid", for JSON only. */
void uuid_print(struct out *o, const unsigned char *uuid);

/* Names of kinds, with commas; to be freed. */
char *kinds_list(__u64 mask);

/* A time as people here write it. */
void time_text(char *buf, size_t size, __s64 sec, __u32 nsec);

#endif /* FANOTIFYCTL_EVENT_H */
