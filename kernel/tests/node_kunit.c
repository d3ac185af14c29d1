// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of event.c: handles and attributes of inodes.
 */
#include "encode.h"
#include "fs.h"

#define STAT(name)	BIT_ULL(FANOTIFY_A_STAT_##name)
#define FIELD(name)	FANOTIFY_STAT_FIELD_##name

struct field_param {
	const char	*desc;
	u32		mask;
	u64		attrs;
};

static const struct field_param field_params[] = {
	{ "none", 0, 0 },
	{ "mode", FIELD(MODE), STAT(MODE) },
	{ "nlink", FIELD(NLINK), STAT(NLINK) },
	{ "uid", FIELD(UID), STAT(UID) },
	{ "gid", FIELD(GID), STAT(GID) },
	{ "atime", FIELD(ATIME), STAT(ATIME) | STAT(ATIME_NSEC) },
	{ "mtime", FIELD(MTIME), STAT(MTIME) | STAT(MTIME_NSEC) },
	{ "ctime", FIELD(CTIME), STAT(CTIME) | STAT(CTIME_NSEC) },
	{ "ino", FIELD(INO), STAT(INO) },
	{ "size", FIELD(SIZE), STAT(SIZE) },
	{ "blocks", FIELD(BLOCKS), STAT(BLOCKS) },
	{ "all", FANL_STAT_ALL, GENMASK_ULL(FANOTIFY_A_STAT_MAX, 1) },
};

KUNIT_ARRAY_PARAM_DESC(field, field_params, desc);

static void take_object_apart(struct kunit *test)
{
	struct fanl_encode *f = test->priv;

	fanl_take_nest_apart(test, f->tb[FANOTIFY_A_EVENT_OBJECT],
			     fanl_node_sizes, FANOTIFY_A_NODE_MAX);
}

static void take_stat_apart(struct kunit *test, int node)
{
	struct fanl_encode *f = test->priv;

	fanl_take_nest_apart(test, f->tb[node], fanl_node_sizes,
			     FANOTIFY_A_NODE_MAX);
	fanl_take_nest_apart(test, f->sub[FANOTIFY_A_NODE_STAT],
			     fanl_stat_sizes, FANOTIFY_A_STAT_MAX);
}

static void stat_has_what_is_asked_for(struct kunit *test)
{
	const struct field_param *param = test->param_value;
	struct fanl_encode *f = test->priv;

	f->group->stat_mask = param->mask;
	f->event.node[FANL_NODE_OBJECT].inode = f->inode;
	f->event.node[FANL_NODE_OBJECT].with_stat = true;
	fanl_encode(test);
	take_stat_apart(test, FANOTIFY_A_EVENT_OBJECT);
	KUNIT_EXPECT_EQ(test, fanl_present(f->sub, FANOTIFY_A_STAT_MAX),
			param->attrs);
}

static void stat_has_the_values(struct kunit *test)
{
	struct fanl_encode *f = test->priv;
	struct inode *inode = f->inode;
	struct nlattr **tb = f->sub;

	set_nlink(inode, 3);
	inode->i_uid = KUIDT_INIT(1001);
	inode->i_gid = KGIDT_INIT(1002);
	inode_set_atime(inode, -1, 1);
	inode_set_mtime(inode, 1LL << 33, 999999999);
	inode_set_ctime(inode, 5, 6);
	inode->i_ino = 0x123456789abcdefUL;
	inode->i_blocks = 1ULL << 40;
	i_size_write(inode, 1LL << 62);
	f->event.node[FANL_NODE_OBJECT].inode = inode;
	f->event.node[FANL_NODE_OBJECT].with_stat = true;
	fanl_encode(test);
	take_stat_apart(test, FANOTIFY_A_EVENT_OBJECT);

	KUNIT_EXPECT_EQ(test, nla_get_u32(tb[FANOTIFY_A_STAT_MODE]),
			S_IFREG | 0640);
	KUNIT_EXPECT_EQ(test, nla_get_u32(tb[FANOTIFY_A_STAT_NLINK]), 3);
	KUNIT_EXPECT_EQ(test, nla_get_u32(tb[FANOTIFY_A_STAT_UID]), 1001);
	KUNIT_EXPECT_EQ(test, nla_get_u32(tb[FANOTIFY_A_STAT_GID]), 1002);
	KUNIT_EXPECT_EQ(test, nla_get_s64(tb[FANOTIFY_A_STAT_ATIME]), -1);
	KUNIT_EXPECT_EQ(test, nla_get_u32(tb[FANOTIFY_A_STAT_ATIME_NSEC]), 1);
	KUNIT_EXPECT_EQ(test, nla_get_s64(tb[FANOTIFY_A_STAT_MTIME]), 1LL << 33);
	KUNIT_EXPECT_EQ(test, nla_get_u32(tb[FANOTIFY_A_STAT_MTIME_NSEC]),
			999999999);
	KUNIT_EXPECT_EQ(test, nla_get_s64(tb[FANOTIFY_A_STAT_CTIME]), 5);
	KUNIT_EXPECT_EQ(test, nla_get_u32(tb[FANOTIFY_A_STAT_CTIME_NSEC]), 6);
	KUNIT_EXPECT_EQ(test, nla_get_u64(tb[FANOTIFY_A_STAT_INO]),
			0x123456789abcdefUL);
	KUNIT_EXPECT_EQ(test, nla_get_u64(tb[FANOTIFY_A_STAT_SIZE]), 1ULL << 62);
	KUNIT_EXPECT_EQ(test, nla_get_u64(tb[FANOTIFY_A_STAT_BLOCKS]),
			1ULL << 40);
}

static void tells_what_has_changed(struct kunit *test)
{
	struct fanl_encode *f = test->priv;

	f->event.node[FANL_NODE_OBJECT].inode = f->inode;
	fanl_encode(test);
	take_object_apart(test);
	KUNIT_EXPECT_NULL(test, f->sub[FANOTIFY_A_NODE_CHANGED]);

	f->event.node[FANL_NODE_OBJECT].changed = FANOTIFY_CHANGED_XATTR;
	fanl_encode(test);
	take_object_apart(test);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_NODE_CHANGED]),
			FANOTIFY_CHANGED_XATTR);
}

/* What happened since the event was encoded is in it. */
static void stat_is_of_the_time_of_the_sample(struct kunit *test)
{
	struct fanl_encode *f = test->priv;

	f->event.node[FANL_NODE_OBJECT].inode = f->inode;
	f->event.node[FANL_NODE_OBJECT].with_stat = true;
	fanl_encode(test);
	i_size_write(f->inode, 4711);
	fanl_event_sample(&f->event);
	take_stat_apart(test, FANOTIFY_A_EVENT_OBJECT);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->sub[FANOTIFY_A_STAT_SIZE]), 4711);
}

/* The fields are those of the time when room was made for them. */
static void stat_keeps_its_fields(struct kunit *test)
{
	struct fanl_encode *f = test->priv;

	f->group->stat_mask = FIELD(SIZE);
	f->event.node[FANL_NODE_OBJECT].inode = f->inode;
	f->event.node[FANL_NODE_OBJECT].with_stat = true;
	fanl_encode(test);
	f->group->stat_mask = FANL_STAT_ALL;
	fanl_event_sample(&f->event);
	fanl_take_apart(test, f->event.skb);
	take_stat_apart(test, FANOTIFY_A_EVENT_OBJECT);
	KUNIT_EXPECT_EQ(test, fanl_present(f->sub, FANOTIFY_A_STAT_MAX),
			STAT(SIZE));
}

static void each_inode_has_its_own(struct kunit *test)
{
	struct fanl_encode *f = test->priv;

	f->event.node[FANL_NODE_OBJECT].inode = f->inode;
	f->event.node[FANL_NODE_DIR].inode = f->dir;
	f->event.node[FANL_NODE_NEW_DIR].inode = f->new_dir;
	for (int i = 0; i < FANL_NODES; i++)
		f->event.node[i].with_stat = true;
	fanl_encode(test);
	take_stat_apart(test, FANOTIFY_A_EVENT_OBJECT);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_STAT_MODE]),
			S_IFREG | 0640);
	take_stat_apart(test, FANOTIFY_A_EVENT_DIR);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_STAT_MODE]),
			S_IFDIR | 0755);
	take_stat_apart(test, FANOTIFY_A_EVENT_NEW_DIR);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_STAT_MODE]),
			S_IFDIR | 0700);
}

static void stat_may_be_left_out(struct kunit *test)
{
	struct fanl_encode *f = test->priv;

	f->event.node[FANL_NODE_OBJECT].inode = f->inode;
	fanl_encode(test);
	take_object_apart(test);
	KUNIT_EXPECT_NULL(test, f->sub[FANOTIFY_A_NODE_STAT]);
	KUNIT_EXPECT_NOT_NULL(test, f->sub[FANOTIFY_A_NODE_HANDLE]);
}

struct handle_param {
	const char	*desc;
	int		words;
	bool		decodable;
	bool		there;
};

static const struct handle_param handle_params[] = {
	{ "one word", 1, true, true },
	{ "the most", FANOTIFY_HANDLE_MAX / sizeof(u32), true, true },
	{ "one word too many", FANOTIFY_HANDLE_MAX / sizeof(u32) + 1, true,
	  false },
	{ "that only identifies", 2, false, true },
	{ "too long to identify", FANOTIFY_HANDLE_MAX / sizeof(u32) + 1, false,
	  false },
};

KUNIT_ARRAY_PARAM_DESC(handle, handle_params, desc);

static void handles_are_whole_or_missing(struct kunit *test)
{
	const struct handle_param *param = test->param_value;
	struct fanl_encode *f = test->priv;
	const u32 *handle;

	fanl_test_handles(f->sb, param->words, param->decodable);
	f->inode->i_ino = 1000;
	f->event.node[FANL_NODE_OBJECT].inode = f->inode;
	fanl_encode(test);
	KUNIT_EXPECT_EQ(test, f->event.flags,
			param->there ? 0 : FANOTIFY_EVENT_FLAG_NO_HANDLE);
	take_object_apart(test);
	KUNIT_ASSERT_EQ(test, !!f->sub[FANOTIFY_A_NODE_HANDLE], param->there);
	KUNIT_ASSERT_EQ(test, !!f->sub[FANOTIFY_A_NODE_HANDLE_TYPE],
			param->there);
	if (!param->there)
		return;
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_NODE_HANDLE_TYPE]),
			FILEID_INO32_GEN);
	KUNIT_EXPECT_EQ(test, nla_len(f->sub[FANOTIFY_A_NODE_HANDLE]),
			param->words * sizeof(u32));
	handle = nla_data(f->sub[FANOTIFY_A_NODE_HANDLE]);
	for (int i = 0; i < param->words; i++)
		KUNIT_EXPECT_EQ(test, handle[i], 1000 + i);
}

/* Only the object's handle is missed: a directory without is a hint less. */
static void a_directory_needs_no_handle(struct kunit *test)
{
	struct fanl_encode *f = test->priv;

	fanl_test_handles(f->sb, FANOTIFY_HANDLE_MAX / sizeof(u32) + 1, true);
	f->event.node[FANL_NODE_DIR].inode = f->dir;
	fanl_encode(test);
	KUNIT_EXPECT_EQ(test, f->event.flags, 0);
	KUNIT_EXPECT_EQ(test, nla_len(f->tb[FANOTIFY_A_EVENT_DIR]), 0);
}

static struct kunit_case node_cases[] = {
	KUNIT_CASE_PARAM(stat_has_what_is_asked_for, field_gen_params),
	KUNIT_CASE(tells_what_has_changed),
	KUNIT_CASE(stat_has_the_values),
	KUNIT_CASE(stat_is_of_the_time_of_the_sample),
	KUNIT_CASE(stat_keeps_its_fields),
	KUNIT_CASE(each_inode_has_its_own),
	KUNIT_CASE(stat_may_be_left_out),
	KUNIT_CASE_PARAM(handles_are_whole_or_missing, handle_gen_params),
	KUNIT_CASE(a_directory_needs_no_handle),
	{}
};

static struct kunit_suite node_suite = {
	.name = "fanotify_nl_node",
	.init = fanl_encode_init,
	.test_cases = node_cases,
};

kunit_test_suite(node_suite);
