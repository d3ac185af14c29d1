// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners of fanotify-nl, by the library.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <fanotify-nl/fanotify-nl.h>

#include "bench.h"

#define MEMBERS_MAX 4

static struct fanotify_nl *handle[GROUPS_MAX][MEMBERS_MAX];

static struct fanotify_nl *bind_member(const struct row *row, __u32 number)
{
	struct fanotify_nl_bind bind = {
		.number = number,
		.rcvbuf = row->rcvbuf ?: 64 << 20,
		.settings = {
			.set = FANOTIFY_NL_SET_QUEUE_LIMIT | FANOTIFY_NL_SET_FLAGS,
			.queue_limit = row->queue_limit ?: 256 << 20,
			.flags = row->flags,
		},
	};
	struct fanotify_nl *h;

	if (row->no_stat)
		bind.settings.set |= FANOTIFY_NL_SET_STAT_MASK;
	if (row->filters)
		bind.settings.set |= FANOTIFY_NL_SET_FILTERS;
	for (unsigned int i = 0; i < row->filters; i++)
		bind.settings.filters[bind.settings.nr_filters++] = row->filter;
	if (fanotify_nl_open(&h) || fanotify_nl_bind(h, &bind))
		die("bind: %s", fanotify_nl_error(h));
	return h;
}

static void add_mark(struct fanotify_nl *h, __u32 type, const char *path, __u64 mask)
{
	struct fanotify_nl_mark mark = { .type = type, .path = path, .mask = mask };

	if (fanotify_nl_mark_add(h, &mark, NULL))
		die("mark %s: %s", path, fanotify_nl_error(h));
}

static void add_marks(const struct row *row, struct fanotify_nl *h)
{
	char path[64];

	if (row->inode)
		add_mark(h, FANOTIFY_MARK_TYPE_INODE, STORM_DIR,
			 row->mask | FANOTIFY_KIND_EVENT_ON_CHILD);
	else if (row->subtree)
		add_mark(h, FANOTIFY_MARK_TYPE_SUBTREE, ROOT "/a", row->mask);
	else if (!row->subtrees)
		add_mark(h, FANOTIFY_MARK_TYPE_FILESYSTEM, ROOT, row->mask);
	for (unsigned int i = 0; i < row->subtrees; i++) {
		snprintf(path, sizeof(path), OTHER_DIR "/%u", i);
		add_mark(h, FANOTIFY_MARK_TYPE_SUBTREE, path, row->mask);
	}
	for (unsigned int i = 0; i < row->marks; i++) {
		snprintf(path, sizeof(path), OTHER_DIR "/%u", i);
		add_mark(h, FANOTIFY_MARK_TYPE_INODE, path, FANOTIFY_KIND_MODIFY);
	}
}

void us_start(const struct row *row)
{
	for (unsigned int i = 0; i < row->groups; i++) {
		__u32 number = 0;

		for (unsigned int k = 0; k < row->members; k++) {
			handle[i][k] = bind_member(row, number);
			number = fanotify_nl_bound(handle[i][k])->number;
		}
		add_marks(row, handle[i][0]);
	}
	subscribers_start(row->subscribers);
}

void us_stop(const struct row *row)
{
	struct fanotify_nl_counters counters;

	for (unsigned int i = 0; i < row->groups; i++)
		for (unsigned int k = 0; k < row->members; k++) {
			fanotify_nl_counters(handle[i][k], &counters);
			if (counters.holes || counters.repeats || counters.malformed)
				die("holes, repeats or malformed events");
			if (!counters.fetches != !(row->late || row->lossy))
				die("%llu fetches", counters.fetches);
			fanotify_nl_close(handle[i][k]);
		}
	subscribers_stop();
}

static void take(const struct fanotify_nl_event *event, struct taken *taken)
{
	if (event->mask & FANOTIFY_KIND_GAP) {
		taken->lost += event->gap.count;
		return;
	}
	taken->events++;
	if (event->path) {
		taken->paths++;
		taken->bytes += event->path_len;
	}
	if (event->object.stat.has) {
		taken->stats++;
		taken->bytes += event->object.stat.mode;
	}
}

static void drain(struct fanotify_nl *h, struct taken *taken)
{
	struct fanotify_nl_event event;
	int ret;

	while ((ret = fanotify_nl_next_event(h, &event)) == 1)
		take(&event, taken);
	if (ret)
		die("next event: %s", fanotify_nl_error(h));
}

void us_drain(const struct row *row, struct taken *taken)
{
	for (unsigned int i = 0; i < row->groups; i++)
		for (unsigned int k = 0; k < row->members; k++)
			drain(handle[i][k], taken);
	subscribers_drain(taken);
}
