// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of filter.c: patterns, what filters let through together, and
 * whose they are. The actor is the test's own thread: of root, in the root
 * cgroup, a child of kthreadd.
 */
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../filter.h"
#include "fs.h"
#include "listen.h"

#define EXCLUDE		FANOTIFY_FILTER_FLAG_EXCLUDE
#define ONLY_DIRS	FANOTIFY_FILTER_FLAG_ONLY_DIRS
#define NO_DIRS		FANOTIFY_FILTER_FLAG_NO_DIRS

#define INIT		1
#define KTHREADD	2
#define SELF		3
#define ROOT_CGROUP	1

/* A start that no process has had. */
#define LATER		U64_MAX

#define UID(_flags, _uid) \
	{ .by = FANOTIFY_A_FILTER_UID, .flags = _flags, .uid = _uid }
#define TGID(_flags, _tgid) \
	{ .by = FANOTIFY_A_FILTER_TGID, .flags = _flags, .tgid = _tgid }
#define REUSED(_flags, _tgid) \
	{ .by = FANOTIFY_A_FILTER_TGID, .flags = _flags, .tgid = _tgid, \
	  .start = LATER }
#define CGROUP(_flags, _id) \
	{ .by = FANOTIFY_A_FILTER_CGROUP, .flags = _flags, .cgroup = _id }
#define NAME(_flags, _name) \
	{ .by = FANOTIFY_A_FILTER_NAME, .flags = _flags, .name = _name }

#define FILTERS	4

struct pattern_param {
	const char	*pattern;
	const char	*name;
	bool		passes;
};

static const struct pattern_param pattern_params[] = {
	{ "*.o", "a.o", true },
	{ "*.o", ".o", true },
	{ "*.o", "a.o.c", false },
	{ "*.o", "a.O", false },
	{ "*", "a", true },
	{ "?", "a", true },
	{ "?", "ab", false },
	{ "?", "\xc3\xa9", false },
	{ "??", "\xc3\xa9", true },
	{ "[a-c]x", "bx", true },
	{ "[a-c]x", "dx", false },
	{ "[!a-c]x", "bx", false },
	{ "[!a-c]x", "dx", true },
	{ "[]]", "]", true },
	{ "[", "[", true },
	{ "\\*", "*", true },
	{ "\\*", "a", false },
	{ ".git", ".git", true },
	{ ".git", ".gitignore", false },
	{ ".git*", ".gitignore", true },
	{ "*a*b*c", "xaybzc", true },
	{ "*a*b*c", "xaybz", false },
};

static void pattern_desc(const struct pattern_param *param, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s of %s", param->pattern,
		 param->name);
}

KUNIT_ARRAY_PARAM(pattern, pattern_params, pattern_desc);

struct filter_param {
	const char		*desc;
	struct fanl_filter	filter[FILTERS];
	/* NULL: the actor */
	const char		*name;
	bool			is_dir;
	bool			passes;
};

static const struct filter_param filter_params[] = {
	{ "uid included", { UID(0, 0) }, NULL, false, true },
	{ "uid not included", { UID(0, 1000) }, NULL, false, false },
	{ "one uid of two", { UID(0, 1000), UID(0, 0) }, NULL, false, true },
	{ "uid excluded", { UID(EXCLUDE, 0) }, NULL, false, false },
	{ "another uid excluded", { UID(EXCLUDE, 1000) }, NULL, false, true },
	{ "tgid of the process itself", { TGID(0, SELF) }, NULL, false, true },
	{ "tgid of the parent", { TGID(0, KTHREADD) }, NULL, false, true },
	{ "tgid of no ancestor", { TGID(0, INIT) }, NULL, false, false },
	{ "tgid used again", { REUSED(0, KTHREADD) }, NULL, false, false },
	{ "tgid excluded", { TGID(EXCLUDE, KTHREADD) }, NULL, false, false },
	{ "tgid used again, excluded", { REUSED(EXCLUDE, KTHREADD) }, NULL,
	  false, true },
	{ "cgroup included", { CGROUP(0, ROOT_CGROUP) }, NULL, false, true },
	{ "cgroup excluded", { CGROUP(EXCLUDE, ROOT_CGROUP) }, NULL, false,
	  false },
	{ "another cgroup", { CGROUP(0, 4711) }, NULL, false, false },
	{ "exclude wins", { UID(0, 0), TGID(EXCLUDE, SELF) }, NULL, false,
	  false },
	{ "exclude wins, whatever comes first",
	  { TGID(EXCLUDE, SELF), UID(0, 0) }, NULL, false, false },
	{ "one of several that include",
	  { CGROUP(0, 4711), TGID(0, INIT), UID(0, 0) }, NULL, false, true },
	{ "an actor has no name", { NAME(0, "x"), NAME(EXCLUDE, "*") }, NULL,
	  false, true },
	{ "a name has no actor", { UID(0, 1000), UID(EXCLUDE, 0) }, "a", false,
	  true },
	{ "name included", { NAME(0, "*.c") }, "a.c", false, true },
	{ "name not included", { NAME(0, "*.c") }, "a.o", false, false },
	{ "one name of two", { NAME(0, "*.c"), NAME(0, "*.h") }, "a.h", false,
	  true },
	{ "name excluded", { NAME(EXCLUDE, "*.o") }, "a.o", false, false },
	{ "name excluded and included", { NAME(0, "a*"), NAME(EXCLUDE, "*.o") },
	  "a.o", false, false },
	{ "for directories too", { NAME(EXCLUDE, "a*") }, "ab", true, false },
	{ "only for directories", { NAME(EXCLUDE | ONLY_DIRS, "a*") }, "ab",
	  true, false },
	{ "only for directories, of a file",
	  { NAME(EXCLUDE | ONLY_DIRS, "a*") }, "ab", false, true },
	{ "not for directories", { NAME(NO_DIRS, "*.c") }, "a.o", false, false },
	{ "not for directories, of a directory", { NAME(NO_DIRS, "*.c") }, "d",
	  true, true },
};

KUNIT_ARRAY_PARAM_DESC(filter, filter_params, desc);

static void resolve(struct fanl_filter *filter)
{
	if (filter->by != FANOTIFY_A_FILTER_TGID)
		return;
	if (filter->tgid == SELF)
		filter->tgid = task_tgid_nr(current);
	if (filter->start)
		return;
	guard(rcu)();
	filter->start = pid_task(find_pid_ns(filter->tgid, &init_pid_ns),
				 PIDTYPE_TGID)->start_boottime;
}

/* Of those that are given; of memory that a group may free. */
static struct fanl_filters *filters_of(struct kunit *test,
				       const struct fanl_filter *filter)
{
	struct fanl_filters *filters;
	unsigned int nr = 0;

	while (nr < FILTERS && filter[nr].by)
		nr++;
	filters = kzalloc(struct_size(filters, filter, nr), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, filters);
	filters->nr = nr;
	for (int i = 0; i < nr; i++) {
		filters->filter[i] = filter[i];
		resolve(&filters->filter[i]);
	}
	return filters;
}

static void names_match_patterns(struct kunit *test)
{
	const struct pattern_param *param = test->param_value;
	struct fanl_filter filter[FILTERS] = { NAME(0, "") };
	struct fanl_filters *filters;

	strscpy(filter[0].name, param->pattern);
	filters = filters_of(test, filter);
	KUNIT_EXPECT_EQ(test, param->passes,
			fanl_filters_pass_name(filters, param->name, false));
	kfree(filters);
}

/* As long as both may be, and as hard as it gets. */
static void long_names_end(struct kunit *test)
{
	struct fanl_filter filter[FILTERS] = { NAME(EXCLUDE, "*") };
	struct qstr *name = fanl_test_name(test, FANOTIFY_NAME_MAX);
	char *last = (char *)name->name + FANOTIFY_NAME_MAX - 1;
	struct fanl_filters *filters;

	memset((char *)name->name, 'a', FANOTIFY_NAME_MAX);
	memset(filter[0].name + 1, 'a', FANOTIFY_PATTERN_MAX - 2);
	filter[0].name[FANOTIFY_PATTERN_MAX - 1] = 'b';
	filters = filters_of(test, filter);
	KUNIT_EXPECT_TRUE(test, fanl_filters_pass_name(filters, name->name,
						       false));
	*last = 'b';
	KUNIT_EXPECT_FALSE(test, fanl_filters_pass_name(filters, name->name,
							false));
	kfree(filters);
}

static void filters_decide_together(struct kunit *test)
{
	const struct filter_param *param = test->param_value;
	struct fanl_filters *filters = filters_of(test, param->filter);
	bool passes;

	rcu_read_lock();
	passes = param->name ? fanl_filters_pass_name(filters, param->name,
						      param->is_dir) :
			       fanl_filters_pass_actor(filters);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, passes, param->passes);
	kfree(filters);
}

struct same_param {
	const char		*desc;
	struct fanl_filter	one[FILTERS];
	struct fanl_filter	two[FILTERS];
	bool			same;
};

static const struct same_param same_params[] = {
	{ "one", { UID(0, 1) }, { UID(0, 1) }, true },
	{ "in another order", { UID(0, 1), NAME(0, "a") },
	  { NAME(0, "a"), UID(0, 1) }, true },
	{ "one more", { UID(0, 1) }, { UID(0, 1), UID(0, 2) }, false },
	{ "another value", { UID(0, 1) }, { UID(0, 2) }, false },
	{ "another flag", { UID(0, 1) }, { UID(EXCLUDE, 1) }, false },
	{ "another thing", { UID(0, 1) }, { CGROUP(0, 1) }, false },
	{ "another process", { TGID(0, INIT) }, { REUSED(0, INIT) }, false },
	{ "a longer pattern", { NAME(0, "a") }, { NAME(0, "ab") }, false },
	{ "none", {}, {}, true },
};

KUNIT_ARRAY_PARAM_DESC(same, same_params, desc);

static void sets_are_compared(struct kunit *test)
{
	const struct same_param *param = test->param_value;
	struct fanl_filters *one = filters_of(test, param->one);
	struct fanl_filters *two = filters_of(test, param->two);

	KUNIT_EXPECT_EQ(test, param->same, fanl_filters_same(one, two));
	KUNIT_EXPECT_EQ(test, param->same, fanl_filters_same(two, one));
	KUNIT_EXPECT_EQ(test, !two->nr, fanl_filters_same(NULL, two));
	KUNIT_EXPECT_TRUE(test, fanl_filters_same(NULL, NULL));
	kfree(one);
	kfree(two);
}

/* @settings with these filters. */
static void give(struct kunit *test, struct fanl_settings *settings,
		 const struct fanl_filter *filter)
{
	settings->filters = filters_of(test, filter);
	__set_bit(FANOTIFY_A_GROUP_FILTERS, &settings->present);
}

static bool has_first(const struct fanl_group *group,
		      const struct fanl_filter *filter)
{
	const struct fanl_filters *filters;

	guard(rcu)();
	filters = rcu_dereference(group->filters);
	return filters && !memcmp(&filters->filter[0], filter, sizeof(*filter));
}

/* A group keeps what it was bound with; who joins keeps its own. */
static void groups_take_filters(struct kunit *test)
{
	static const struct fanl_filter one[FILTERS] = { UID(0, 1) };
	static const struct fanl_filter two[FILTERS] = { UID(0, 2) };
	struct fanl_settings settings = fanl_test_settings(0);
	struct fanl_member *member;

	give(test, &settings, one);
	member = fanl_test_bind(test, fanl_test_socket(test), &settings, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, member);
	KUNIT_EXPECT_NULL(test, settings.filters);
	KUNIT_EXPECT_TRUE(test, has_first(member->group, &one[0]));

	settings.number = member->group->number;
	give(test, &settings, one);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test,
				     fanl_test_bind(test,
						    fanl_test_socket(test),
						    &settings, false));
	KUNIT_EXPECT_NOT_NULL(test, settings.filters);
	kfree(settings.filters);

	give(test, &settings, two);
	KUNIT_EXPECT_EQ(test, -EEXIST,
			PTR_ERR(fanl_test_bind(test, fanl_test_socket(test),
					       &settings, false)));
	KUNIT_EXPECT_NOT_NULL(test, settings.filters);

	fanl_group_set(member->group, &settings, NULL);
	KUNIT_EXPECT_NULL(test, settings.filters);
	KUNIT_EXPECT_TRUE(test, has_first(member->group, &two[0]));

	/* given, and none: they go */
	fanl_group_set(member->group, &settings, NULL);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(member->group->filters));
}

static struct kunit_case filter_cases[] = {
	KUNIT_CASE_PARAM(names_match_patterns, pattern_gen_params),
	KUNIT_CASE(long_names_end),
	KUNIT_CASE_PARAM(filters_decide_together, filter_gen_params),
	KUNIT_CASE_PARAM(sets_are_compared, same_gen_params),
	KUNIT_CASE(groups_take_filters),
	{}
};

static struct kunit_suite filter_suite = {
	.name = "fanotify_nl_filter",
	.test_cases = filter_cases,
};

kunit_test_suite(filter_suite);
