// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of path.c: paths as long as they may be, and longer.
 */
#include <linux/limits.h>

#include <uapi/linux/fanotify-nl.h>

#include "../path.h"
#include "fs.h"

#define UNREACHABLE	FANOTIFY_EVENT_FLAG_PATH_UNREACHABLE
#define TRUNCATED	FANOTIFY_EVENT_FLAG_PATH_TRUNCATED

/* The deepest of dentries whose path has @len letters in all. */
static struct dentry *dentry_at(struct kunit *test, struct dentry *top,
				unsigned int len)
{
	struct dentry *dentry = top;

	while (len) {
		/* no name is left over that would have no letter */
		unsigned int part = len <= 256 ? len : min(len - 2, 256U);

		dentry = fanl_test_dentry(test, dentry,
					  fanl_test_name(test, part - 1));
		len -= part;
	}
	return dentry;
}

static void free_path(void *data)
{
	fanl_path_free(data);
}

static struct fanl_path *walk(struct kunit *test, struct dentry *dentry,
			      const struct qstr *child, u32 *flags)
{
	struct fanl_path *path = kunit_kzalloc(test, sizeof(*path), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, path);
	fanl_path_init(path, GFP_KERNEL);
	err = kunit_add_action_or_reset(test, free_path, path);
	KUNIT_ASSERT_EQ(test, err, 0);
	fanl_path_walk(path, dentry, child, flags);
	return path;
}

struct length_param {
	const char	*desc;
	unsigned int	len;
	bool		fits;
};

static const struct length_param length_params[] = {
	{ "one name", 2, true },
	{ "the most that needs no memory", FANL_PATH_INLINE - 1, true },
	{ "one more", FANL_PATH_INLINE, true },
	{ "the most", PATH_MAX - 1, true },
	{ "one too many", PATH_MAX, false },
	{ "far too many", 3 * PATH_MAX, false },
};

KUNIT_ARRAY_PARAM_DESC(length, length_params, desc);

static void is_whole_or_left_out(struct kunit *test)
{
	const struct length_param *param = test->param_value;
	struct dentry *root = fanl_test_sb(test)->s_root;
	struct fanl_path *path;
	u32 flags = 0;

	path = walk(test, dentry_at(test, root, param->len), NULL, &flags);
	if (!param->fits) {
		KUNIT_EXPECT_NULL(test, path->name);
		KUNIT_EXPECT_EQ(test, flags, TRUNCATED);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, path->name);
	KUNIT_EXPECT_EQ(test, flags, 0);
	KUNIT_EXPECT_EQ(test, path->len, param->len);
	KUNIT_EXPECT_EQ(test, strlen(path->name), param->len);
	KUNIT_EXPECT_EQ(test, !path->page, param->len < FANL_PATH_INLINE);
}

static void has_all_names_in_order(struct kunit *test)
{
	struct dentry *dentry = fanl_test_sb(test)->s_root;
	struct fanl_path *path;
	u32 flags = 0;

	dentry = fanl_test_dentry(test, dentry, &(struct qstr)QSTR_INIT("a", 1));
	dentry = fanl_test_dentry(test, dentry, &(struct qstr)QSTR_INIT("bc", 2));
	path = walk(test, dentry, NULL, &flags);
	KUNIT_EXPECT_STREQ(test, path->name, "/a/bc");
	path = walk(test, dentry, &(struct qstr)QSTR_INIT("def", 3), &flags);
	KUNIT_EXPECT_STREQ(test, path->name, "/a/bc/def");
	KUNIT_EXPECT_EQ(test, flags, 0);
}

static void of_the_root_is_a_slash(struct kunit *test)
{
	struct dentry *root = fanl_test_sb(test)->s_root;
	struct fanl_path *path;
	u32 flags = 0;

	path = walk(test, root, NULL, &flags);
	KUNIT_EXPECT_STREQ(test, path->name, "/");
	KUNIT_EXPECT_EQ(test, path->len, 1);
	path = walk(test, root, &(struct qstr)QSTR_INIT("a", 1), &flags);
	KUNIT_EXPECT_STREQ(test, path->name, "/a");
	KUNIT_EXPECT_EQ(test, flags, 0);
}

static void a_child_may_be_what_is_too_long(struct kunit *test)
{
	struct dentry *root = fanl_test_sb(test)->s_root;
	struct dentry *dir = dentry_at(test, root, PATH_MAX - 1 - 256);
	struct fanl_path *path;
	u32 flags = 0;

	path = walk(test, dir, fanl_test_name(test, 255), &flags);
	KUNIT_EXPECT_NOT_NULL(test, path->name);
	KUNIT_EXPECT_EQ(test, path->len, PATH_MAX - 1);
	KUNIT_EXPECT_EQ(test, flags, 0);
	path = walk(test, dir, fanl_test_name(test, 256), &flags);
	KUNIT_EXPECT_NULL(test, path->name);
	KUNIT_EXPECT_EQ(test, flags, TRUNCATED);
}

static void without_a_dentry_is_unreachable(struct kunit *test)
{
	struct fanl_path *path;
	u32 flags = 0;

	path = walk(test, NULL, NULL, &flags);
	KUNIT_EXPECT_NULL(test, path->name);
	KUNIT_EXPECT_EQ(test, flags, UNREACHABLE);
}

static void not_below_the_root_is_unreachable(struct kunit *test)
{
	struct super_block *sb = fanl_test_sb(test);
	struct dentry *loose = d_alloc_anon(sb);
	u32 flags = FANOTIFY_EVENT_FLAG_EXCHANGE;
	struct fanl_path *path;

	KUNIT_ASSERT_NOT_NULL(test, loose);
	path = walk(test, loose, &(struct qstr)QSTR_INIT("a", 1), &flags);
	dput(loose);
	KUNIT_EXPECT_NULL(test, path->name);
	KUNIT_EXPECT_EQ(test, flags,
			UNREACHABLE | FANOTIFY_EVENT_FLAG_EXCHANGE);
}

static struct kunit_case path_cases[] = {
	KUNIT_CASE_PARAM(is_whole_or_left_out, length_gen_params),
	KUNIT_CASE(has_all_names_in_order),
	KUNIT_CASE(of_the_root_is_a_slash),
	KUNIT_CASE(a_child_may_be_what_is_too_long),
	KUNIT_CASE(without_a_dentry_is_unreachable),
	KUNIT_CASE(not_below_the_root_is_unreachable),
	{}
};

static struct kunit_suite path_suite = {
	.name = "fanotify_nl_path",
	.test_cases = path_cases,
};

kunit_test_suite(path_suite);
