/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Filters: what a group leaves out, by who did it and by name.
 */
#ifndef _FANL_FILTER_H
#define _FANL_FILTER_H

#include <linux/rcupdate.h>

#include <uapi/linux/fanotify-nl.h>

/**
 * struct fanl_filter - one filter
 * @by: which of the following it goes by, FANOTIFY_A_FILTER_*
 * @flags: enum fanotify_filter_flag
 * @tgid: a process, with those that descend from it
 * @start: when that one started, so that it is no later one of the same number
 * @uid: real uid of the task, in the initial namespace
 * @cgroup: id of a cgroup, with those below it
 * @name: pattern of names
 */
struct fanl_filter {
	u32	by;
	u32	flags;
	union {
		struct {
			u32	tgid;
			u64	start;
		};
		u32	uid;
		u64	cgroup;
		char	name[FANOTIFY_PATTERN_MAX + 1];
	};
};

/**
 * struct fanl_filters - the filters of a group; constant once it has them
 * @rcu: they go a grace period after they were replaced
 * @nr: number of @filter
 * @filter: in the order in which they were given
 */
struct fanl_filters {
	struct rcu_head		rcu;
	unsigned int		nr;
	struct fanl_filter	filter[] __counted_by(nr);
};

bool fanl_filters_pass_actor(const struct fanl_filters *filters);
bool fanl_filters_pass_name(const struct fanl_filters *filters,
			    const char *name, bool is_dir);
bool fanl_filters_same(const struct fanl_filters *a,
		       const struct fanl_filters *b);

#endif /* _FANL_FILTER_H */
