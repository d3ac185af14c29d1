// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of event.c: what an event has, of which size and value, and that
 * the largest one fits.
 */
#include <linux/cred.h>
#include <linux/limits.h>
#include <linux/uuid.h>

#include "../path.h"
#include "encode.h"
#include "fs.h"

#define ATTR(name)	BIT_ULL(FANOTIFY_A_EVENT_##name)

/* What each event has. */
#define ALWAYS \
	(ATTR(SEQ) | ATTR(ID) | ATTR(GROUP) | ATTR(MASK) | ATTR(REALTIME) | \
	 ATTR(BOOTTIME) | ATTR(DEV_MAJOR) | ATTR(DEV_MINOR) | ATTR(ACTOR))

static void smallest(struct fanl_encode *f)
{
}

static void with_flags(struct fanl_encode *f)
{
	f->event.flags = FANOTIFY_EVENT_FLAG_UNLINKED;
}

static void with_uuid(struct fanl_encode *f)
{
	generate_random_uuid(f->sb->s_uuid.b);
}

static void with_mount(struct fanl_encode *f)
{
	f->event.mnt_id = U64_MAX;
}

static void with_object(struct fanl_encode *f)
{
	f->event.node[FANL_NODE_OBJECT].inode = f->inode;
	f->event.node[FANL_NODE_OBJECT].with_stat = true;
}

static void with_object_without_handle(struct fanl_encode *f)
{
	with_object(f);
	fanl_test_handles(f->sb, FANOTIFY_HANDLE_MAX / sizeof(u32) + 1, true);
}

static void with_dir(struct fanl_encode *f)
{
	f->event.node[FANL_NODE_DIR].inode = f->dir;
}

static void with_new_dir(struct fanl_encode *f)
{
	f->event.node[FANL_NODE_NEW_DIR].inode = f->new_dir;
}

static void with_target(struct fanl_encode *f)
{
	f->event.node[FANL_NODE_TARGET].inode = f->inode;
}

static void with_link(struct fanl_encode *f)
{
	f->event.link = "to/where";
}

static void with_xattr(struct fanl_encode *f)
{
	f->event.xattr = "user.name";
}

static void with_names(struct fanl_encode *f)
{
	static const struct qstr old = QSTR_INIT("old", 3);
	static const struct qstr new = QSTR_INIT("renamed", 7);

	f->event.name = &old;
	f->event.new_name = &new;
}

static void with_paths(struct fanl_encode *f)
{
	static const struct fanl_path old = { .name = "/d/old", .len = 6 };
	static const struct fanl_path new = { .name = "/e/renamed", .len = 10 };

	f->event.path = &old;
	f->event.new_path = &new;
}

static void with_paths_not_found(struct fanl_encode *f)
{
	static const struct fanl_path none;

	f->event.path = &none;
	f->event.new_path = &none;
}

static void with_error(struct fanl_encode *f)
{
	f->event.error = EIO;
}

static void with_fs_name(struct fanl_encode *f)
{
	f->event.fs_name = true;
}

static void with_range(struct fanl_encode *f)
{
	f->event.ranged = true;
	f->event.offset = 4096;
	f->event.length = U64_MAX;
}

static void with_gap(struct fanl_encode *f)
{
	f->event.gap = FANOTIFY_GAP_REASON_MOVED_IN;
}

struct presence_param {
	const char	*desc;
	void		(*arrange)(struct fanl_encode *f);
	u64		attrs;
};

static const struct presence_param presence_params[] = {
	{ "smallest", smallest, 0 },
	{ "flags", with_flags, ATTR(FLAGS) },
	{ "UUID", with_uuid, ATTR(UUID) },
	{ "mount", with_mount, ATTR(MNT_ID) },
	{ "object", with_object, ATTR(OBJECT) },
	{ "object without handle", with_object_without_handle,
	  ATTR(OBJECT) | ATTR(FLAGS) },
	{ "directory", with_dir, ATTR(DIR) },
	{ "new directory", with_new_dir, ATTR(NEW_DIR) },
	{ "what was overwritten", with_target, ATTR(TARGET) },
	{ "symbolic link", with_link, ATTR(LINK) },
	{ "extended attribute", with_xattr, ATTR(XATTR) },
	{ "names", with_names, ATTR(NAME) | ATTR(NEW_NAME) },
	{ "paths", with_paths, ATTR(PATH) | ATTR(NEW_PATH) },
	{ "paths not found", with_paths_not_found, 0 },
	{ "error", with_error, ATTR(ERROR) },
	{ "range", with_range, ATTR(OFFSET) | ATTR(LENGTH) },
	{ "filesystem's type", with_fs_name, ATTR(FS_NAME) },
	{ "gap of a directory", with_gap, ATTR(GAP) },
};

KUNIT_ARRAY_PARAM_DESC(presence, presence_params, desc);

static void has_what_there_is(struct kunit *test)
{
	const struct presence_param *param = test->param_value;
	struct fanl_encode *f = test->priv;

	param->arrange(f);
	fanl_encode(test);
	KUNIT_EXPECT_EQ(test, fanl_present(f->tb, FANOTIFY_A_EVENT_MAX),
			ALWAYS | param->attrs);
}

/* Values. */

static void tells_when_and_where(struct kunit *test)
{
	struct fanl_encode *f = test->priv;
	u64 realtime = ktime_get_real_ns(), boottime = ktime_get_boottime_ns();

	f->event.kinds = FANOTIFY_KIND_CREATE | FANOTIFY_KIND_MKDIR;
	f->event.flags = FANOTIFY_EVENT_FLAG_EXCHANGE;
	with_uuid(f);
	with_mount(f);
	with_error(f);
	with_fs_name(f);
	with_link(f);
	with_xattr(f);
	with_range(f);
	fanl_encode(test);

	KUNIT_EXPECT_STREQ(test, nla_data(f->tb[FANOTIFY_A_EVENT_LINK]),
			   "to/where");
	KUNIT_EXPECT_STREQ(test, nla_data(f->tb[FANOTIFY_A_EVENT_XATTR]),
			   "user.name");
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_OFFSET]), 4096);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_LENGTH]),
			U64_MAX);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_SEQ]), 7);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_ID]), 9);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->tb[FANOTIFY_A_EVENT_GROUP]),
			f->group->number);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_MASK]),
			f->event.kinds);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->tb[FANOTIFY_A_EVENT_FLAGS]),
			FANOTIFY_EVENT_FLAG_EXCHANGE);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->tb[FANOTIFY_A_EVENT_DEV_MAJOR]),
			MAJOR(f->sb->s_dev));
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->tb[FANOTIFY_A_EVENT_DEV_MINOR]),
			MINOR(f->sb->s_dev));
	KUNIT_EXPECT_MEMEQ(test, nla_data(f->tb[FANOTIFY_A_EVENT_UUID]),
			   &f->sb->s_uuid, UUID_SIZE);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_MNT_ID]),
			U64_MAX);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->tb[FANOTIFY_A_EVENT_ERROR]), EIO);
	KUNIT_EXPECT_STREQ(test, nla_data(f->tb[FANOTIFY_A_EVENT_FS_NAME]),
			   f->sb->s_type->name);

	KUNIT_EXPECT_GE(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_REALTIME]),
			realtime);
	KUNIT_EXPECT_LE(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_REALTIME]),
			ktime_get_real_ns());
	KUNIT_EXPECT_GE(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_BOOTTIME]),
			boottime);
	KUNIT_EXPECT_LE(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_BOOTTIME]),
			ktime_get_boottime_ns());
}

/* Ids of the task, and of the credentials that are in force instead. */
static void tells_who(struct kunit *test)
{
	struct fanl_encode *f = test->priv;
	struct cred *cred = prepare_creds();
	const struct cred *old;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->euid = KUIDT_INIT(1001);
	cred->egid = KGIDT_INIT(1002);
	old = override_creds(cred);
	fanl_encode(test);
	revert_creds(old);
	put_cred(cred);

	fanl_take_nest_apart(test, f->tb[FANOTIFY_A_EVENT_ACTOR],
			     fanl_actor_sizes, FANOTIFY_A_ACTOR_MAX);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_ACTOR_TGID]),
			task_tgid_nr(current));
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_ACTOR_TID]),
			task_pid_nr(current));
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->sub[FANOTIFY_A_ACTOR_START]),
			current->group_leader->start_boottime);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_ACTOR_UID]), 0);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_ACTOR_GID]), 0);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_ACTOR_EUID]), 1001);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_ACTOR_EGID]), 1002);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->sub[FANOTIFY_A_ACTOR_LOGINUID]),
			U32_MAX);
	KUNIT_EXPECT_STREQ(test, nla_data(f->sub[FANOTIFY_A_ACTOR_COMM]),
			   current->comm);
	KUNIT_EXPECT_EQ(test, !!f->sub[FANOTIFY_A_ACTOR_CGROUP],
			IS_ENABLED(CONFIG_CGROUPS));
}

/* Of each length modulo 4, and of the largest lengths. */
static const unsigned int name_lens[] = { 1, 2, 3, 4, 5, 255, FANOTIFY_NAME_MAX };

static void name_desc(const unsigned int *len, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", *len);
}

KUNIT_ARRAY_PARAM(name, name_lens, name_desc);

static void names_are_whole(struct kunit *test)
{
	const unsigned int *len = test->param_value;
	struct fanl_encode *f = test->priv;
	struct nlattr *nla;

	f->event.name = fanl_test_name(test, *len);
	f->event.new_name = f->event.name;
	fanl_encode(test);
	nla = f->tb[FANOTIFY_A_EVENT_NAME];
	KUNIT_EXPECT_EQ(test, nla_len(nla), *len + 1);
	KUNIT_EXPECT_MEMEQ(test, nla_data(nla), f->event.name->name, *len + 1);
	nla = f->tb[FANOTIFY_A_EVENT_NEW_NAME];
	KUNIT_EXPECT_EQ(test, nla_len(nla), *len + 1);
	KUNIT_EXPECT_MEMEQ(test, nla_data(nla), f->event.name->name, *len + 1);
}

/* The name ends where its length says, whatever follows. */
static void names_end_where_they_end(struct kunit *test)
{
	static const struct qstr name = QSTR_INIT("name/of/a/path", 4);
	static const struct fanl_path path = { .name = "/a/b/c", .len = 4 };
	struct fanl_encode *f = test->priv;

	f->event.name = &name;
	f->event.path = &path;
	fanl_encode(test);
	KUNIT_EXPECT_STREQ(test, nla_data(f->tb[FANOTIFY_A_EVENT_NAME]), "name");
	KUNIT_EXPECT_STREQ(test, nla_data(f->tb[FANOTIFY_A_EVENT_PATH]), "/a/b");
}

static void stamps_touch_nothing_else(struct kunit *test)
{
	struct fanl_encode *f = test->priv;
	struct sk_buff *before;

	with_names(f);
	fanl_encode(test);
	before = skb_copy(f->event.skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	fanl_event_stamp(f->event.skb, U64_MAX, U64_MAX - 1);
	fanl_take_apart(test, f->event.skb);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_SEQ]), U64_MAX);
	KUNIT_EXPECT_EQ(test, nla_get_u64(f->tb[FANOTIFY_A_EVENT_ID]),
			U64_MAX - 1);
	fanl_event_stamp(f->event.skb, 7, 9);
	KUNIT_EXPECT_MEMEQ(test, f->event.skb->data, before->data, before->len);
	kfree_skb(before);
}

/* All that an event can have. */
static void with_all(struct fanl_encode *f)
{
	fanl_test_handles(f->sb, FANOTIFY_HANDLE_MAX / sizeof(u32), true);
	with_flags(f);
	with_uuid(f);
	with_mount(f);
	with_error(f);
	with_fs_name(f);
	with_gap(f);
	with_object(f);
	with_dir(f);
	with_new_dir(f);
	with_target(f);
	with_xattr(f);
	with_range(f);
	for (int i = 0; i < FANL_NODES; i++) {
		f->event.node[i].with_stat = true;
		f->event.node[i].changed = U32_MAX;
	}
	with_names(f);
	with_paths(f);
}

/* Each of its largest size, and nothing is cut. (A link comes without new path.) */
static void the_largest_fits(struct kunit *test)
{
	struct fanl_encode *f = test->priv;
	struct fanl_path path = {
		.name = fanl_test_name(test, PATH_MAX - 1)->name,
		.len = PATH_MAX - 1,
	};

	with_all(f);
	f->event.name = fanl_test_name(test, FANOTIFY_NAME_MAX);
	f->event.new_name = f->event.name;
	f->event.path = &path;
	f->event.new_path = &path;
	f->event.deadline = true;
	fanl_encode(test);

	KUNIT_EXPECT_EQ(test, fanl_present(f->tb, FANOTIFY_A_EVENT_MAX),
			(GENMASK_ULL(FANOTIFY_A_EVENT_LENGTH, 1) & ~ATTR(LINK)) |
				ATTR(DEADLINE));
	KUNIT_EXPECT_EQ(test, nla_len(f->tb[FANOTIFY_A_EVENT_NAME]),
			FANOTIFY_NAME_MAX + 1);
	KUNIT_EXPECT_EQ(test, nla_len(f->tb[FANOTIFY_A_EVENT_NEW_NAME]),
			FANOTIFY_NAME_MAX + 1);
	KUNIT_EXPECT_EQ(test, nla_len(f->tb[FANOTIFY_A_EVENT_PATH]), PATH_MAX);
	KUNIT_EXPECT_EQ(test, nla_len(f->tb[FANOTIFY_A_EVENT_NEW_PATH]), PATH_MAX);
	KUNIT_EXPECT_EQ(test, nla_len(f->tb[FANOTIFY_A_EVENT_FS_NAME]),
			FANOTIFY_FSTYPE_MAX);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->tb[FANOTIFY_A_EVENT_FLAGS]),
			FANOTIFY_EVENT_FLAG_UNLINKED);
	KUNIT_EXPECT_LE(test, f->event.skb->len, FANOTIFY_EVENT_MAX);
}

/* A FUSE daemon's, as long as a path: then there is no room for its path. */
static void a_longer_name_has_no_path(struct kunit *test)
{
	struct fanl_encode *f = test->priv;
	struct fanl_path path = {
		.name = fanl_test_name(test, PATH_MAX - 1)->name,
		.len = PATH_MAX - 1,
	};

	with_all(f);
	f->event.name = fanl_test_name(test, PATH_MAX - 1);
	f->event.new_name = f->event.name;
	f->event.path = &path;
	f->event.new_path = &path;
	fanl_encode(test);

	KUNIT_EXPECT_EQ(test, nla_len(f->tb[FANOTIFY_A_EVENT_NAME]), PATH_MAX);
	KUNIT_EXPECT_EQ(test, nla_len(f->tb[FANOTIFY_A_EVENT_NEW_NAME]), PATH_MAX);
	KUNIT_EXPECT_NULL(test, f->tb[FANOTIFY_A_EVENT_PATH]);
	KUNIT_EXPECT_NULL(test, f->tb[FANOTIFY_A_EVENT_NEW_PATH]);
	KUNIT_EXPECT_EQ(test, nla_get_u32(f->tb[FANOTIFY_A_EVENT_FLAGS]),
			FANOTIFY_EVENT_FLAG_UNLINKED |
				FANOTIFY_EVENT_FLAG_PATH_TRUNCATED);
	KUNIT_EXPECT_LE(test, f->event.skb->len, FANOTIFY_EVENT_MAX);
}

/*
 * Memory comes in sizes far apart. By the byte, all that is put into an event
 * reaches the end of one of them; skb_put() panics beyond.
 */
static void room_is_made_for_all(struct kunit *test)
{
	struct fanl_encode *f = test->priv;

	with_all(f);
	for (unsigned int len = 1; len <= FANOTIFY_NAME_MAX; len++) {
		f->event.name = fanl_test_name(test, len);
		fanl_encode(test);
		KUNIT_EXPECT_EQ(test, nla_len(f->tb[FANOTIFY_A_EVENT_NAME]),
				len + 1);
	}
}

static struct kunit_case event_cases[] = {
	KUNIT_CASE_PARAM(has_what_there_is, presence_gen_params),
	KUNIT_CASE(tells_when_and_where),
	KUNIT_CASE(tells_who),
	KUNIT_CASE_PARAM(names_are_whole, name_gen_params),
	KUNIT_CASE(names_end_where_they_end),
	KUNIT_CASE(stamps_touch_nothing_else),
	KUNIT_CASE(the_largest_fits),
	KUNIT_CASE(a_longer_name_has_no_path),
	KUNIT_CASE(room_is_made_for_all),
	{}
};

static struct kunit_suite event_suite = {
	.name = "fanotify_nl_event",
	.init = fanl_encode_init,
	.test_cases = event_cases,
};

kunit_test_suite(event_suite);
