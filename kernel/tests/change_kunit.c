// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of change.c: what has changed, by comparison and without.
 */
#include <kunit/test.h>
#include <linux/magic.h>

#include "../change.h"
#include "../kind.h"
#include "fs.h"

#define KIND(name)	((u64)FANOTIFY_KIND_##name)
#define CHANGED(name)	((u32)FANOTIFY_CHANGED_##name)

#define STAT_CHANGED	((u32)FANL_STAT_ALL)
#define ALL_CHANGED \
	(STAT_CHANGED | CHANGED(DATA) | CHANGED(XATTR) | CHANGED(NAME) | \
	 CHANGED(INODE_FLAGS))
/* With capabilities, as there is no group that operations are seen for. */
#define WRITTEN \
	(CHANGED(MTIME) | CHANGED(CTIME) | CHANGED(SIZE) | CHANGED(BLOCKS) | \
	 CHANGED(DATA) | CHANGED(XATTR))

struct fields {
	struct inode		*inode;
	struct fanl_operation	operation;
};

static int fields_init(struct kunit *test)
{
	struct fields *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct inode *inode;

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	inode = fanl_test_inode(test, fanl_test_sb(test), S_IFREG | 0640);
	f->inode = inode;
	f->operation.op = FANL_OP_SETATTR;
	f->operation.image[FANL_NODE_OBJECT] = (struct fanl_image){
		.inode = inode,
		.mode = inode->i_mode,
		.nlink = inode->i_nlink,
		.uid = inode->i_uid,
		.gid = inode->i_gid,
		.atime = inode_get_atime(inode),
		.mtime = inode_get_mtime(inode),
		.ctime = inode_get_ctime(inode),
		.size = i_size_read(inode),
		.blocks = inode->i_blocks,
	};
	return 0;
}

static u32 changed(struct kunit *test, u64 kinds, enum fanl_node_role role)
{
	struct fields *f = test->priv;

	return fanl_changed(&f->operation, kinds, role, f->inode);
}

static void what_is_the_same_has_not_changed(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT), 0);
}

static void each_field_is_compared(struct kunit *test)
{
	struct fields *f = test->priv;
	struct inode *inode = f->inode;
	u32 expected = 0;

	inode->i_mode ^= 0001;
	expected |= CHANGED(MODE);
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			expected);
	set_nlink(inode, inode->i_nlink + 1);
	expected |= CHANGED(NLINK);
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			expected);
	inode->i_uid = KUIDT_INIT(1001);
	expected |= CHANGED(UID);
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			expected);
	inode->i_gid = KGIDT_INIT(1002);
	expected |= CHANGED(GID);
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			expected);
	inode_set_atime(inode, 1, 1);
	expected |= CHANGED(ATIME);
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			expected);
	inode_set_mtime(inode, 2, 2);
	expected |= CHANGED(MTIME);
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			expected);
	inode_set_ctime(inode, 3, 3);
	expected |= CHANGED(CTIME);
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			expected);
	inode->i_blocks += 8;
	expected |= CHANGED(BLOCKS);
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			expected);
	i_size_write(inode, i_size_read(inode) + 1);
	expected |= CHANGED(SIZE) | CHANGED(DATA);
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			expected);
}

static void names_and_entries_are_said_besides(struct kunit *test)
{
	struct fields *f = test->priv;

	f->operation.op = FANL_OP_NAME;
	KUNIT_EXPECT_EQ(test, changed(test, KIND(MKDIR), FANL_NODE_OBJECT),
			CHANGED(NAME));
	KUNIT_EXPECT_EQ(test, changed(test, KIND(DELETE), FANL_NODE_DIR),
			CHANGED(DATA));
	KUNIT_EXPECT_EQ(test, changed(test, KIND(RENAME), FANL_NODE_NEW_DIR),
			CHANGED(DATA));
	KUNIT_EXPECT_EQ(test, changed(test, KIND(RENAME), FANL_NODE_OBJECT),
			CHANGED(NAME));
}

static void links_that_changed_back_have_changed(struct kunit *test)
{
	struct fields *f = test->priv;

	f->operation.op = FANL_OP_NAME;
	KUNIT_EXPECT_EQ(test, changed(test, KIND(DELETE), FANL_NODE_OBJECT),
			CHANGED(NAME) | CHANGED(NLINK));
	KUNIT_EXPECT_EQ(test, changed(test, KIND(HARDLINK), FANL_NODE_OBJECT),
			CHANGED(NAME) | CHANGED(NLINK));
	KUNIT_EXPECT_EQ(test, changed(test, KIND(RENAME), FANL_NODE_TARGET),
			CHANGED(NAME) | CHANGED(NLINK));
	KUNIT_EXPECT_EQ(test, changed(test, KIND(ATTRIB) | KIND(LINK_COUNT),
				      FANL_NODE_OBJECT),
			CHANGED(NAME) | CHANGED(NLINK));
}

/* Whatever the inode in memory says. */
static void what_is_elsewhere_is_all_that_may_be(struct kunit *test)
{
	struct fields *f = test->priv;
	struct super_block *sb = f->inode->i_sb;

	sb->s_magic = FUSE_SUPER_MAGIC;
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			ALL_CHANGED);
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CREATE), FANL_NODE_DIR),
			STAT_CHANGED | CHANGED(DATA));
	KUNIT_EXPECT_EQ(test, changed(test, KIND(MODIFY) | KIND(WRITE),
				      FANL_NODE_OBJECT),
			WRITTEN | CHANGED(MODE));
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CLOSE_WRITE), FANL_NODE_OBJECT),
			WRITTEN | CHANGED(MODE));
	sb->s_magic = TMPFS_MAGIC;
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT), 0);
	sb->s_magic = NFS_SUPER_MAGIC;
	sb->s_type->fs_flags &= ~FS_REQUIRES_DEV;
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHMOD), FANL_NODE_OBJECT),
			ALL_CHANGED);
	sb->s_type->fs_flags |= FS_REQUIRES_DEV;
}

static void extended_attributes_are_said_besides(struct kunit *test)
{
	struct fields *f = test->priv;

	f->operation.op = FANL_OP_SETXATTR;
	KUNIT_EXPECT_EQ(test, changed(test, KIND(SETXATTR), FANL_NODE_OBJECT),
			CHANGED(XATTR));
	strscpy(f->operation.name, "btrfs.compression");
	KUNIT_EXPECT_EQ(test, changed(test, KIND(SETXATTR), FANL_NODE_OBJECT),
			CHANGED(XATTR) | CHANGED(INODE_FLAGS));
	strscpy(f->operation.name, "user.btrfs.");
	f->operation.op = FANL_OP_REMOVEXATTR;
	KUNIT_EXPECT_EQ(test, changed(test, KIND(REMOVEXATTR), FANL_NODE_OBJECT),
			CHANGED(XATTR));
	f->operation.op = FANL_OP_SETFLAGS;
	KUNIT_EXPECT_EQ(test, changed(test, KIND(ATTRIB), FANL_NODE_OBJECT),
			CHANGED(INODE_FLAGS));
}

/* The VFS has looked whether there are any. */
static void a_new_owner_takes_capabilities(struct kunit *test)
{
	struct fields *f = test->priv;

	f->operation.valid = ATTR_UID;
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHOWN), FANL_NODE_OBJECT), 0);
	f->operation.valid |= ATTR_KILL_PRIV;
	KUNIT_EXPECT_EQ(test, changed(test, KIND(CHOWN), FANL_NODE_OBJECT),
			CHANGED(XATTR));
}

/* What was not seen to begin, by its kinds alone. */
struct unseen_param {
	const char		*desc;
	u64			kinds;
	enum fanl_node_role	role;
	u32			changed;
};

static const struct unseen_param unseen_params[] = {
	{ "open", KIND(OPEN), FANL_NODE_OBJECT, 0 },
	{ "open of a directory", KIND(OPEN) | KIND(ONDIR), FANL_NODE_OBJECT, 0 },
	{ "close without write", KIND(CLOSE_NOWRITE), FANL_NODE_OBJECT, 0 },
	{ "access", KIND(ACCESS), FANL_NODE_OBJECT, CHANGED(ATIME) },
	{ "write", KIND(MODIFY) | KIND(WRITE), FANL_NODE_OBJECT, WRITTEN },
	{ "what may be a store", KIND(MODIFY) | FANL_KIND_MMAP_WRITE,
	  FANL_NODE_OBJECT, WRITTEN },
	{ "close after writing", KIND(CLOSE_WRITE), FANL_NODE_OBJECT, WRITTEN },
	{ "truncate", KIND(MODIFY) | KIND(TRUNCATE), FANL_NODE_OBJECT,
	  ALL_CHANGED },
	{ "attributes", KIND(ATTRIB), FANL_NODE_OBJECT, ALL_CHANGED },
	{ "create", KIND(CREATE) | KIND(MKDIR), FANL_NODE_OBJECT, ALL_CHANGED },
	{ "delete", KIND(DELETE), FANL_NODE_OBJECT, ALL_CHANGED },
	{ "directory", KIND(CREATE), FANL_NODE_DIR,
	  STAT_CHANGED | CHANGED(DATA) },
};

KUNIT_ARRAY_PARAM_DESC(unseen, unseen_params, desc);

static void what_was_not_seen_is_all_that_may_be(struct kunit *test)
{
	const struct unseen_param *param = test->param_value;
	struct fields *f = test->priv;

	KUNIT_EXPECT_EQ(test, fanl_changed(NULL, param->kinds, param->role,
					   f->inode), param->changed);
	KUNIT_EXPECT_EQ(test, fanl_changed(&fanl_operation_unknown,
					   param->kinds, param->role, f->inode),
			param->changed);
}

/* ---- bytes ---- */

static bool bytes(struct kunit *test, u64 *offset, u64 *length)
{
	struct fields *f = test->priv;

	return fanl_changed_bytes(NULL, FSNOTIFY_EVENT_NONE, &f->operation,
				  f->inode, offset, length);
}

static void a_new_size_changes_what_is_between(struct kunit *test)
{
	struct fields *f = test->priv;
	loff_t before = 5000;
	u64 offset, length;

	f->operation.valid = ATTR_SIZE;
	f->operation.image[FANL_NODE_OBJECT].size = before;
	i_size_write(f->inode, before + 10);
	KUNIT_ASSERT_TRUE(test, bytes(test, &offset, &length));
	KUNIT_EXPECT_EQ(test, offset, before);
	KUNIT_EXPECT_EQ(test, length, 10);
	i_size_write(f->inode, 1000);
	KUNIT_ASSERT_TRUE(test, bytes(test, &offset, &length));
	KUNIT_EXPECT_EQ(test, offset, 1000);
	KUNIT_EXPECT_EQ(test, length, before - 1000);
	i_size_write(f->inode, before);
	KUNIT_ASSERT_TRUE(test, bytes(test, &offset, &length));
	KUNIT_EXPECT_EQ(test, length, 0);
}

static void other_operations_have_no_bytes(struct kunit *test)
{
	struct fields *f = test->priv;
	u64 offset, length;

	f->operation.valid = ATTR_MODE | ATTR_MTIME;
	KUNIT_EXPECT_FALSE(test, bytes(test, &offset, &length));
	f->operation.valid = ATTR_SIZE;
	f->inode->i_mode = S_IFIFO | 0640;
	KUNIT_EXPECT_FALSE(test, bytes(test, &offset, &length));
	KUNIT_EXPECT_FALSE(test, fanl_changed_bytes(NULL, FSNOTIFY_EVENT_NONE,
						    NULL, f->inode, &offset,
						    &length));
}

#if FANL_TELLS_RANGES
static void what_fsnotify_tells_is_taken(struct kunit *test)
{
	struct fields *f = test->priv;
	struct file_range range = {
		.pos = 4096,
		.count = 100,
		.how = FSNOTIFY_MODIFY_CLONE,
	};
	const struct fanl_operation *operation;
	u64 offset, length;

	KUNIT_ASSERT_TRUE(test, fanl_changed_bytes(&range,
						   FSNOTIFY_EVENT_FILE_RANGE,
						   NULL, f->inode, &offset,
						   &length));
	KUNIT_EXPECT_EQ(test, offset, 4096);
	KUNIT_EXPECT_EQ(test, length, 100);
	operation = fanl_operation_get(FS_MODIFY, &range,
				       FSNOTIFY_EVENT_FILE_RANGE, f->inode, NULL);
	KUNIT_ASSERT_NOT_NULL(test, operation);
	KUNIT_EXPECT_EQ(test, operation->op, FANL_OP_CLONE_RANGE);
	fanl_operation_put(operation);

	range.how = FSNOTIFY_MODIFY_WRITE;
	KUNIT_EXPECT_NULL(test, fanl_operation_get(FS_MODIFY, &range,
						   FSNOTIFY_EVENT_FILE_RANGE,
						   f->inode, NULL));
	range.pos = -1;
	KUNIT_EXPECT_FALSE(test, fanl_changed_bytes(&range,
						    FSNOTIFY_EVENT_FILE_RANGE,
						    NULL, f->inode, &offset,
						    &length));
}
#endif

static struct kunit_case change_cases[] = {
	KUNIT_CASE(what_is_the_same_has_not_changed),
	KUNIT_CASE(each_field_is_compared),
	KUNIT_CASE(names_and_entries_are_said_besides),
	KUNIT_CASE(links_that_changed_back_have_changed),
	KUNIT_CASE(what_is_elsewhere_is_all_that_may_be),
	KUNIT_CASE(extended_attributes_are_said_besides),
	KUNIT_CASE(a_new_owner_takes_capabilities),
	KUNIT_CASE_PARAM(what_was_not_seen_is_all_that_may_be,
			 unseen_gen_params),
	KUNIT_CASE(a_new_size_changes_what_is_between),
	KUNIT_CASE(other_operations_have_no_bytes),
#if FANL_TELLS_RANGES
	KUNIT_CASE(what_fsnotify_tells_is_taken),
#endif
	{}
};

static struct kunit_suite change_suite = {
	.name = "fanotify_nl_change",
	.init = fields_init,
	.test_cases = change_cases,
};

kunit_test_suite(change_suite);
