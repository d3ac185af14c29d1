// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of kind.c: what fsnotify's calls mean, what marks may ask for.
 */
#include <kunit/test.h>
#include <linux/stat.h>

#include "../kind.h"
#include "../operation.h"

#define KIND(name)	((u64)FANOTIFY_KIND_##name)

#define INODE		FANOTIFY_MARK_TYPE_INODE
#define MOUNT		FANOTIFY_MARK_TYPE_MOUNT
#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define GLOBAL		FANOTIFY_MARK_TYPE_GLOBAL
#define SUBTREE		FANOTIFY_MARK_TYPE_SUBTREE

/* One call of fsnotify; mode 0 is one without an inode. */
struct refine_param {
	const char	*desc;
	u32		fs_mask;
	umode_t		mode;
	unsigned int	nlink;
	int		data_type;
	u64		kinds;
	const struct fanl_operation	*operation;
};

#define SET(_valid) \
	(&(const struct fanl_operation){ .op = FANL_OP_SETATTR, \
					 .valid = _valid })
#define DO(name)	(&(const struct fanl_operation){ .op = FANL_OP_##name })
#define UNSEEN		(&fanl_operation_unknown)

#define PLAIN(name) \
	{ #name, FS_##name, S_IFREG, 1, FSNOTIFY_EVENT_PATH, KIND(name) }
#define ON_DIR(name) \
	{ #name " on a directory", FS_##name | FS_ISDIR, S_IFDIR, 2, \
	  FSNOTIFY_EVENT_PATH, KIND(name) | KIND(ONDIR) }
#define ANY_ATTRIBUTE \
	(KIND(ATTRIB) | KIND(CHMOD) | KIND(CHOWN) | KIND(UTIMES) | \
	 KIND(SETXATTR) | KIND(REMOVEXATTR) | FANL_KIND_SETFLAGS)

#define ATTRIBUTE(desc, fs_mask, operation, kinds) \
	{ desc, fs_mask, S_IFREG, 1, FSNOTIFY_EVENT_DENTRY, kinds, operation }
#define DATA(desc, operation, more) \
	{ desc, FS_MODIFY, S_IFREG, 1, FSNOTIFY_EVENT_PATH, \
	  KIND(MODIFY) | (more), operation }
#define CREATED(desc, type, nlink, data_type, more) \
	{ desc, FS_CREATE, type, nlink, FSNOTIFY_EVENT_##data_type, \
	  KIND(CREATE) | (more), UNSEEN }
#define DELETED(desc, type, nlink, more) \
	{ desc, FS_DELETE, type, nlink, FSNOTIFY_EVENT_INODE, \
	  KIND(DELETE) | KIND(UNLINK) | (more), UNSEEN }

static const struct refine_param refine_params[] = {
	PLAIN(ACCESS),
	ON_DIR(ACCESS),
	PLAIN(CLOSE_WRITE),
	ON_DIR(CLOSE_WRITE),
	PLAIN(CLOSE_NOWRITE),
	ON_DIR(CLOSE_NOWRITE),
	PLAIN(OPEN),
	ON_DIR(OPEN),
	PLAIN(OPEN_EXEC),
	ON_DIR(OPEN_EXEC),
	PLAIN(MOVED_FROM),
	ON_DIR(MOVED_FROM),
	PLAIN(MOVED_TO),
	ON_DIR(MOVED_TO),
	PLAIN(RENAME),
	ON_DIR(RENAME),
	PLAIN(DELETE_SELF),
	ON_DIR(DELETE_SELF),
	PLAIN(MOVE_SELF),
	ON_DIR(MOVE_SELF),
	ATTRIBUTE("chmod", FS_ATTRIB, SET(ATTR_MODE | ATTR_CTIME),
		  KIND(ATTRIB) | KIND(CHMOD)),
	ATTRIBUTE("chown", FS_ATTRIB, SET(ATTR_UID | ATTR_CTIME),
		  KIND(ATTRIB) | KIND(CHOWN)),
	ATTRIBUTE("chgrp", FS_ATTRIB, SET(ATTR_GID | ATTR_CTIME),
		  KIND(ATTRIB) | KIND(CHOWN)),
	ATTRIBUTE("chown that takes a bit away", FS_ATTRIB,
		  SET(ATTR_UID | ATTR_MODE),
		  KIND(ATTRIB) | KIND(CHOWN) | KIND(CHMOD)),
	ATTRIBUTE("both times", FS_ATTRIB, SET(ATTR_ATIME | ATTR_MTIME),
		  KIND(ATTRIB) | KIND(UTIMES)),
	ATTRIBUTE("mtime alone", FS_MODIFY, SET(ATTR_MTIME | ATTR_MTIME_SET),
		  KIND(MODIFY) | KIND(UTIMES)),
	ATTRIBUTE("atime alone", FS_ACCESS, SET(ATTR_ATIME | ATTR_ATIME_SET),
		  KIND(ACCESS) | KIND(UTIMES)),
	ATTRIBUTE("truncate", FS_MODIFY,
		  SET(ATTR_SIZE | ATTR_MTIME | ATTR_CTIME),
		  KIND(MODIFY) | KIND(TRUNCATE)),
	ATTRIBUTE("truncate to a time", FS_MODIFY,
		  SET(ATTR_SIZE | ATTR_MTIME | ATTR_MTIME_SET),
		  KIND(MODIFY) | KIND(TRUNCATE) | KIND(UTIMES)),
	ATTRIBUTE("truncate that takes a bit away", FS_MODIFY | FS_ATTRIB,
		  SET(ATTR_SIZE | ATTR_MTIME | ATTR_MODE),
		  KIND(MODIFY) | KIND(TRUNCATE) | KIND(ATTRIB) | KIND(CHMOD)),
	ATTRIBUTE("setxattr", FS_ATTRIB, DO(SETXATTR),
		  KIND(ATTRIB) | KIND(SETXATTR)),
	ATTRIBUTE("removexattr", FS_ATTRIB, DO(REMOVEXATTR),
		  KIND(ATTRIB) | KIND(REMOVEXATTR)),
	ATTRIBUTE("chattr", FS_ATTRIB, DO(SETFLAGS),
		  KIND(ATTRIB) | FANL_KIND_SETFLAGS),
	ATTRIBUTE("attributes, unseen", FS_ATTRIB, UNSEEN, ANY_ATTRIBUTE),
	ATTRIBUTE("size or mtime, unseen", FS_MODIFY, UNSEEN,
		  KIND(MODIFY) | KIND(TRUNCATE) | KIND(UTIMES)),
	ATTRIBUTE("atime, unseen", FS_ACCESS, UNSEEN,
		  KIND(ACCESS) | KIND(UTIMES)),
	{ "link count", FS_ATTRIB, S_IFREG, 1, FSNOTIFY_EVENT_INODE,
	  KIND(ATTRIB) | KIND(LINK_COUNT) },
	DATA("write", NULL, KIND(WRITE)),
	DATA("fallocate", DO(FALLOCATE), KIND(FALLOCATE)),
	DATA("clone", DO(CLONE_RANGE), KIND(CLONE_RANGE)),
	DATA("store", DO(MMAP_WRITE), FANL_KIND_MMAP_WRITE),
	DATA("data, unseen", UNSEEN,
	     KIND(WRITE) | KIND(FALLOCATE) | KIND(CLONE_RANGE)),
	CREATED("file", S_IFREG, 1, DENTRY, KIND(CREATE_FILE)),
	CREATED("symlink", S_IFLNK, 1, DENTRY, KIND(SYMLINK)),
	CREATED("character device", S_IFCHR, 1, DENTRY, KIND(MKNOD)),
	CREATED("block device", S_IFBLK, 1, DENTRY, KIND(MKNOD)),
	CREATED("FIFO", S_IFIFO, 1, DENTRY, KIND(MKNOD)),
	CREATED("socket", S_IFSOCK, 1, DENTRY, KIND(MKNOD)),
	CREATED("no inode yet", 0, 0, DENTRY, 0),
	CREATED("second link", S_IFREG, 2, INODE, KIND(HARDLINK)),
	CREATED("third link", S_IFREG, 3, INODE, KIND(HARDLINK)),
	CREATED("link to a symlink", S_IFLNK, 2, INODE, KIND(HARDLINK)),
	CREATED("first link", S_IFREG, 1, INODE, KIND(TMPFILE_LINK)),
	{ "mkdir", FS_CREATE | FS_ISDIR, S_IFDIR, 2, FSNOTIFY_EVENT_DENTRY,
	  KIND(CREATE) | KIND(MKDIR) | KIND(ONDIR) },
	DELETED("file with links left", S_IFREG, 1, 0),
	DELETED("file without", S_IFREG, 0, KIND(LAST_UNLINK)),
	DELETED("symlink without", S_IFLNK, 0, KIND(LAST_UNLINK)),
	DELETED("delete without an inode", 0, 0, 0),
	{ "rmdir", FS_DELETE | FS_ISDIR, S_IFDIR, 0, FSNOTIFY_EVENT_INODE,
	  KIND(DELETE) | KIND(RMDIR) | KIND(ONDIR) },
	{ "unmount", FS_UNMOUNT, S_IFREG, 1, FSNOTIFY_EVENT_INODE,
	  KIND(UNMOUNT) },
	{ "error", FS_ERROR, S_IFREG, 1, FSNOTIFY_EVENT_ERROR, KIND(FS_ERROR) },
	{ "error without an inode", FS_ERROR, 0, 0, FSNOTIFY_EVENT_ERROR,
	  KIND(FS_ERROR) },
	{ "open to execute", FS_OPEN | FS_OPEN_EXEC, S_IFREG, 1,
	  FSNOTIFY_EVENT_PATH, KIND(OPEN) | KIND(OPEN_EXEC) },
	{ "permission events", FS_OPEN_PERM | FS_ACCESS_PERM | FS_OPEN_EXEC_PERM,
	  S_IFREG, 1, FSNOTIFY_EVENT_PATH, FANL_KINDS_PERM },
	{ "overflow", FS_Q_OVERFLOW, 0, 0, FSNOTIFY_EVENT_NONE, 0 },
};

KUNIT_ARRAY_PARAM_DESC(refine, refine_params, desc);

static u64 refine(struct kunit *test, const struct refine_param *param)
{
	struct inode *inode = NULL;

	if (param->mode) {
		inode = kunit_kzalloc(test, sizeof(*inode), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, inode);
		inode->i_mode = param->mode;
		inode->__i_nlink = param->nlink;
	}
	return fanl_kinds_refine(param->fs_mask, inode, param->data_type,
				 param->operation);
}

static void refines(struct kunit *test)
{
	const struct refine_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test, refine(test, param), param->kinds);
}

/* What other tasks have done to the links by the time of the call does not count. */
static void links_are_those_of_before(struct kunit *test)
{
	struct fanl_operation *op = kunit_kzalloc(test, sizeof(*op), GFP_KERNEL);
	struct fanl_image *image = &op->image[FANL_NODE_OBJECT];
	struct inode *inode = kunit_kzalloc(test, sizeof(*inode), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, op);
	KUNIT_ASSERT_NOT_NULL(test, inode);
	op->op = FANL_OP_NAME;
	image->inode = inode;
	inode->__i_nlink = 2;
	KUNIT_EXPECT_EQ(test, fanl_kinds_refine(FS_CREATE, inode,
						FSNOTIFY_EVENT_INODE, op),
			KIND(CREATE) | KIND(TMPFILE_LINK));
	image->nlink = 1;
	inode->__i_nlink = 1;
	KUNIT_EXPECT_EQ(test, fanl_kinds_refine(FS_CREATE, inode,
						FSNOTIFY_EVENT_INODE, op),
			KIND(CREATE) | KIND(HARDLINK));
	inode->__i_nlink = 0;
	KUNIT_EXPECT_EQ(test, fanl_kinds_refine(FS_DELETE, inode,
						FSNOTIFY_EVENT_INODE, op),
			KIND(DELETE) | KIND(UNLINK) | KIND(LAST_UNLINK));
	image->nlink = 2;
	KUNIT_EXPECT_EQ(test, fanl_kinds_refine(FS_DELETE, inode,
						FSNOTIFY_EVENT_INODE, op),
			KIND(DELETE) | KIND(UNLINK));
}

/* Kinds of the protocol that no call of fsnotify has to bring. */
#define NEEDS_NO_CALL	(KIND(EVENT_ON_CHILD) | KIND(COVERED) | KIND(GAP))
#define NOT_AVAILABLE	(KIND(MOUNT_ATTACH) | KIND(MOUNT_DETACH))

static void each_kind_can_come(struct kunit *test)
{
	u64 seen = NEEDS_NO_CALL;

	for (int i = 0; i < ARRAY_SIZE(refine_params); i++)
		seen |= refine(test, &refine_params[i]);
	KUNIT_EXPECT_EQ(test, seen, FANL_KINDS_ALL | KIND(GAP));
	KUNIT_EXPECT_EQ(test, FANL_KINDS_ALL & NOT_AVAILABLE, 0);
}

/* What a kind is asked for with brings each call that means that kind. */
static void what_is_asked_for_comes(struct kunit *test)
{
	for (int i = 0; i < ARRAY_SIZE(refine_params); i++) {
		const struct refine_param *param = &refine_params[i];
		unsigned long kinds = param->kinds & ~FANL_KIND_MODIFIERS;
		int bit;

		for_each_set_bit(bit, &kinds, BITS_PER_LONG) {
			u32 asked = fanl_kinds_to_fsnotify(BIT(bit), INODE) |
				    fanl_kinds_to_gate(BIT(bit), INODE);

			asked &= param->fs_mask & ~FS_ISDIR;
			KUNIT_EXPECT_NE_MSG(test, asked, 0, "%s: bit %d",
					    param->desc, bit);
		}
	}
}

struct legal_param {
	const char	*desc;
	u32		type;
	u64		legal;
	u64		ignorable;
};

#define WITH_PATH \
	(KIND(ACCESS) | KIND(MODIFY) | KIND(OPEN) | KIND(OPEN_EXEC) | \
	 KIND(CLOSE_WRITE) | KIND(CLOSE_NOWRITE) | KIND(OPEN_PERM) | \
	 KIND(OPEN_EXEC_PERM) | KIND(ACCESS_PERM) | KIND(ONDIR))
#define UNREFINED \
	(KIND(CREATE) | KIND(DELETE) | KIND(MOVED_FROM) | KIND(MOVED_TO) | \
	 KIND(RENAME) | KIND(ATTRIB) | KIND(DELETE_SELF) | KIND(MOVE_SELF))
#define WRITTEN \
	(KIND(WRITE) | KIND(FALLOCATE) | KIND(CLONE_RANGE) | FANL_KIND_MMAP_WRITE)
#define REFINED \
	(WRITTEN | KIND(TRUNCATE) | KIND(CHMOD) | KIND(CHOWN) | KIND(UTIMES) | \
	 KIND(SETXATTR) | KIND(REMOVEXATTR) | KIND(LINK_COUNT) | \
	 FANL_KIND_SETFLAGS | KIND(CREATE_FILE) | KIND(MKDIR) | KIND(MKNOD) | KIND(SYMLINK) | \
	 KIND(HARDLINK) | KIND(TMPFILE_LINK) | KIND(UNLINK) | \
	 KIND(LAST_UNLINK) | KIND(RMDIR))

static const struct legal_param legal_params[] = {
	{ "inode", INODE,
	  WITH_PATH | UNREFINED | REFINED | KIND(UNMOUNT) | KIND(EVENT_ON_CHILD),
	  WITH_PATH | UNREFINED | KIND(EVENT_ON_CHILD) },
	{ "mount", MOUNT, WITH_PATH | WRITTEN | KIND(UNMOUNT), WITH_PATH },
	{ "filesystem", FILESYSTEM,
	  WITH_PATH | UNREFINED | REFINED | KIND(UNMOUNT) | KIND(FS_ERROR),
	  WITH_PATH | UNREFINED | KIND(FS_ERROR) },
	{ "global", GLOBAL,
	  WITH_PATH | UNREFINED | REFINED | KIND(UNMOUNT) | KIND(FS_ERROR) |
	  KIND(COVERED), 0 },
	{ "no type", 0, 0, 0 },
	{ "subtree", SUBTREE,
	  WITH_PATH | UNREFINED | REFINED | KIND(UNMOUNT),
	  WITH_PATH | UNREFINED },
	{ "a type too many", SUBTREE + 1, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(legal, legal_params, desc);

static void marks_may_ask_for(struct kunit *test)
{
	const struct legal_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test, fanl_kinds_legal(param->type), param->legal);
	KUNIT_EXPECT_EQ(test, fanl_kinds_ignorable(param->type),
			param->ignorable);
}

struct fsnotify_param {
	const char	*desc;
	u64		kinds;
	u32		type;
	u32		fs_mask;
};

static const struct fsnotify_param fsnotify_params[] = {
	{ "nothing on an inode", 0, INODE, 0 },
	{ "nothing on a mount", 0, MOUNT, FS_EVENT_ON_CHILD },
	{ "nothing on a filesystem", 0, FILESYSTEM, FS_EVENT_ON_CHILD },
	{ "open on an inode", KIND(OPEN), INODE, FS_OPEN },
	{ "open on a mount", KIND(OPEN), MOUNT, FS_OPEN | FS_EVENT_ON_CHILD },
	{ "open of directories", KIND(OPEN) | KIND(ONDIR), INODE,
	  FS_OPEN | FS_ISDIR },
	{ "open of children", KIND(OPEN) | KIND(EVENT_ON_CHILD), INODE,
	  FS_OPEN | FS_EVENT_ON_CHILD },
	{ "mkdir", KIND(MKDIR), INODE, FS_CREATE | FS_ISDIR },
	{ "hard link", KIND(HARDLINK), INODE, FS_CREATE | FS_ISDIR },
	{ "rmdir", KIND(RMDIR), INODE, FS_DELETE | FS_ISDIR },
	{ "create", KIND(CREATE), INODE, FS_CREATE | FS_ISDIR },
	{ "rename", KIND(RENAME), INODE, FS_RENAME | FS_ISDIR },
	{ "moved-to", KIND(MOVED_TO), INODE, FS_MOVED_TO | FS_ISDIR },
	{ "attrib", KIND(ATTRIB), INODE, FS_ATTRIB },
	{ "chmod", KIND(CHMOD), INODE, FS_ATTRIB },
	{ "times", KIND(UTIMES), INODE, FS_ATTRIB | FS_MODIFY | FS_ACCESS },
	{ "write", KIND(WRITE), INODE, FS_MODIFY },
	{ "unmount of an inode's", KIND(UNMOUNT), INODE, FS_UNMOUNT },
	{ "unmount of a mount", KIND(UNMOUNT), MOUNT, FS_EVENT_ON_CHILD },
	{ "unmount of a filesystem", KIND(UNMOUNT), FILESYSTEM,
	  FS_EVENT_ON_CHILD },
	{ "covered", KIND(COVERED), GLOBAL, FS_EVENT_ON_CHILD },
	{ "error", KIND(FS_ERROR), FILESYSTEM, FS_ERROR | FS_EVENT_ON_CHILD },
};

KUNIT_ARRAY_PARAM_DESC(fsnotify, fsnotify_params, desc);

static void is_asked_of_fsnotify(struct kunit *test)
{
	const struct fsnotify_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test, fanl_kinds_to_fsnotify(param->kinds, param->type),
			param->fs_mask);
}

struct wanted_param {
	const char	*desc;
	u64		kinds;
	u64		mask;
	u64		ignored;
	u64		group;
	u64		wanted;
};

#define A_MKDIR		(KIND(CREATE) | KIND(MKDIR) | KIND(ONDIR))
#define AN_UNLINK	(KIND(DELETE) | KIND(UNLINK) | KIND(LAST_UNLINK))
#define ANY		FANL_KINDS_ALL

static const struct wanted_param wanted_params[] = {
	{ "what is asked for", KIND(OPEN), KIND(OPEN), 0, ANY, KIND(OPEN) },
	{ "what is not", KIND(OPEN), KIND(ACCESS), 0, ANY, 0 },
	{ "what the group leaves out", KIND(OPEN), KIND(OPEN), 0, KIND(ACCESS),
	  0 },
	{ "times for who asks for attrib", KIND(MODIFY) | KIND(UTIMES),
	  KIND(ATTRIB), 0, ANY, 0 },
	{ "times for who asks for times", KIND(MODIFY) | KIND(UTIMES),
	  KIND(UTIMES), 0, ANY, KIND(UTIMES) },
	{ "what is ignored", KIND(OPEN), KIND(OPEN), KIND(OPEN), ANY, 0 },
	{ "one of two", KIND(OPEN) | KIND(OPEN_EXEC), KIND(OPEN_EXEC), 0, ANY,
	  KIND(OPEN_EXEC) },
	{ "the other is ignored", KIND(OPEN) | KIND(OPEN_EXEC), ANY, KIND(OPEN),
	  ANY, KIND(OPEN_EXEC) },
	{ "all that refine a kind", A_MKDIR, KIND(CREATE), 0, ANY, A_MKDIR },
	{ "a refinement alone", A_MKDIR, KIND(MKDIR), 0, ANY, A_MKDIR },
	{ "another refinement", A_MKDIR, KIND(CREATE_FILE), 0, ANY, 0 },
	{ "one of two refinements", AN_UNLINK, KIND(LAST_UNLINK), 0, ANY,
	  AN_UNLINK },
	{ "a refinement of another kind", AN_UNLINK, KIND(CREATE) | KIND(RMDIR),
	  0, ANY, 0 },
	{ "the group has a refinement", A_MKDIR, KIND(CREATE), 0, KIND(MKDIR),
	  A_MKDIR },
	{ "the group has another refinement", A_MKDIR, KIND(CREATE), 0,
	  KIND(MKNOD), 0 },
	{ "refinements of what is ignored", A_MKDIR, ANY, KIND(CREATE), ANY, 0 },
	{ "modifiers of what is not", A_MKDIR, KIND(ONDIR), 0, ANY, 0 },
	{ "modifiers do not have to be asked for", KIND(OPEN) | KIND(ONDIR),
	  KIND(OPEN), 0, KIND(OPEN), KIND(OPEN) | KIND(ONDIR) },
	{ "modifiers cannot be ignored",
	  KIND(OPEN) | KIND(ONDIR) | KIND(EVENT_ON_CHILD), KIND(OPEN),
	  KIND(ONDIR) | KIND(EVENT_ON_CHILD), ANY,
	  KIND(OPEN) | KIND(ONDIR) | KIND(EVENT_ON_CHILD) },
	{ "nothing", 0, ANY, 0, ANY, 0 },
};

KUNIT_ARRAY_PARAM_DESC(wanted, wanted_params, desc);

static void masks_let_through(struct kunit *test)
{
	const struct wanted_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test,
			fanl_kinds_wanted(param->kinds, param->mask,
					  param->ignored, param->group),
			param->wanted);
}

static struct kunit_case kind_cases[] = {
	KUNIT_CASE_PARAM(refines, refine_gen_params),
	KUNIT_CASE(links_are_those_of_before),
	KUNIT_CASE(each_kind_can_come),
	KUNIT_CASE(what_is_asked_for_comes),
	KUNIT_CASE_PARAM(marks_may_ask_for, legal_gen_params),
	KUNIT_CASE_PARAM(is_asked_of_fsnotify, fsnotify_gen_params),
	KUNIT_CASE_PARAM(masks_let_through, wanted_gen_params),
	{}
};

static struct kunit_suite kind_suite = {
	.name = "fanotify_nl_kind",
	.test_cases = kind_cases,
};

kunit_test_suite(kind_suite);
