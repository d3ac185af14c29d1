// SPDX-License-Identifier: GPL-2.0
/*
 * Filters: what a group leaves out, by who did it and by name.
 *
 * They are looked at for each event, by the task that makes it: under RCU, with
 * no lock, no reference and no allocation. Nothing that they name is held: a
 * process is known by number and start, a cgroup by its id, neither of which
 * comes again.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/glob.h>
#include <linux/sched.h>

#include "filter.h"

/*
 * Is the current task's process, or one that it descends from, this one?
 *
 * Who was a parent after rcu_read_lock() is not freed before the unlock, so the
 * chain can be followed, and each parent is older than its child, so it ends.
 */
static bool fanl_descends_from(u32 tgid, u64 start)
{
	const struct task_struct *task = current;

	for (; task->pid; task = rcu_dereference(task->real_parent)) {
		task = READ_ONCE(task->group_leader);
		if (task->tgid == tgid && task->start_boottime == start)
			return true;
	}
	return false;
}

static bool fanl_is_in_cgroup(u64 id)
{
#ifdef CONFIG_CGROUPS
	struct cgroup *cgroup = task_dfl_cgroup(current);

	for (; cgroup; cgroup = cgroup_parent(cgroup))
		if (cgroup_id(cgroup) == id)
			return true;
#endif
	return false;
}

static bool fanl_filter_matches(const struct fanl_filter *filter,
				const char *name)
{
	switch (filter->by) {
	case FANOTIFY_A_FILTER_TGID:
		return fanl_descends_from(filter->tgid, filter->start);
	case FANOTIFY_A_FILTER_UID:
		return __kuid_val(current_real_cred()->uid) == filter->uid;
	case FANOTIFY_A_FILTER_CGROUP:
		return fanl_is_in_cgroup(filter->cgroup);
	default:
		return glob_match(filter->name, name);
	}
}

/*
 * Of the filters by name, or of the others without one: none that matches may
 * exclude; and one has to match, if there are some that do not exclude.
 */
static bool fanl_filters_pass(const struct fanl_filters *filters,
			      const char *name, u32 others)
{
	bool included = false, may_include = false, by_name;

	for (int i = 0; i < filters->nr; i++) {
		const struct fanl_filter *filter = &filters->filter[i];
		bool exclude = filter->flags & FANOTIFY_FILTER_FLAG_EXCLUDE;

		by_name = filter->by == FANOTIFY_A_FILTER_NAME;
		if (by_name != !!name || (filter->flags & others))
			continue;
		may_include |= !exclude;
		if ((!exclude && included) ||
		    !fanl_filter_matches(filter, name))
			continue;
		if (exclude)
			return false;
		included = true;
	}
	return included || !may_include;
}

/**
 * fanl_filters_pass_actor - do filters let through what the current task does
 * @filters: the filters
 *
 * Context: under RCU.
 *
 * Return: true if they do.
 */
bool fanl_filters_pass_actor(const struct fanl_filters *filters)
{
	return fanl_filters_pass(filters, NULL, 0);
}

/**
 * fanl_filters_pass_name - do filters let through what has this name
 * @filters: the filters
 * @name: the name, ended by NUL
 * @is_dir: it is that of a directory
 *
 * It takes at most as many steps as the name has bytes, times those of all
 * patterns.
 *
 * Context: under RCU.
 *
 * Return: true if they do.
 */
bool fanl_filters_pass_name(const struct fanl_filters *filters,
			    const char *name, bool is_dir)
{
	return fanl_filters_pass(filters, name,
				 is_dir ? FANOTIFY_FILTER_FLAG_NO_DIRS :
					  FANOTIFY_FILTER_FLAG_ONLY_DIRS);
}

static bool fanl_filter_same(const struct fanl_filter *a,
			     const struct fanl_filter *b)
{
	/* made of zeroes, so nothing else is in them */
	return !memcmp(a, b, sizeof(*a));
}

static bool fanl_filters_contain(const struct fanl_filters *all,
				 const struct fanl_filters *some)
{
	for (int i = 0; some && i < some->nr; i++) {
		bool found = false;

		for (int k = 0; all && k < all->nr && !found; k++)
			found = fanl_filter_same(&all->filter[k],
						 &some->filter[i]);
		if (!found)
			return false;
	}
	return true;
}

/**
 * fanl_filters_same - are these the same filters, in whatever order
 * @a: filters, NULL for none
 * @b: filters, NULL for none
 *
 * Return: true if they are.
 */
bool fanl_filters_same(const struct fanl_filters *a,
		       const struct fanl_filters *b)
{
	return fanl_filters_contain(a, b) && fanl_filters_contain(b, a);
}
