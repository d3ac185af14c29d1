// SPDX-License-Identifier: GPL-2.0
/*
 * A filesystem of the KUnit tests' own: inodes and names that nobody looks up.
 */
#include <linux/exportfs.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

#include <uapi/linux/fanotify-nl.h>

#include "fs.h"

static int init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, 0x6b756e74) ? 0 : -ENOMEM;
}

/* The longest name that an event can carry; and a local one. */
static struct file_system_type fs_type = {
	.name = "the_name_of_a_filesystem_type_that_takes_all_of_the_63_letters_",
	.fs_flags = FS_REQUIRES_DEV,
	.init_fs_context = init_fs_context,
	.kill_sb = kill_anon_super,
};

static_assert(sizeof("the_name_of_a_filesystem_type_that_takes_all_of_the_63_letters_") ==
	      FANOTIFY_FSTYPE_MAX);

KUNIT_DEFINE_ACTION_WRAPPER(unmount, kern_unmount, struct vfsmount *);
KUNIT_DEFINE_ACTION_WRAPPER(put_inode, iput, struct inode *);
KUNIT_DEFINE_ACTION_WRAPPER(put_dentry, dput, struct dentry *);

/* Mounted until the test ends. */
struct super_block *fanl_test_sb(struct kunit *test)
{
	struct vfsmount *mnt = kern_mount(&fs_type);
	int err;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mnt);
	err = kunit_add_action_or_reset(test, unmount, mnt);
	KUNIT_ASSERT_EQ(test, err, 0);
	return mnt->mnt_sb;
}

struct inode *fanl_test_inode(struct kunit *test, struct super_block *sb,
			      umode_t mode)
{
	struct inode *inode = new_inode(sb);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, inode);
	inode->i_mode = mode;
	err = kunit_add_action_or_reset(test, put_inode, inode);
	KUNIT_ASSERT_EQ(test, err, 0);
	return inode;
}

/* A negative one, which is as good for a path. */
struct dentry *fanl_test_dentry(struct kunit *test, struct dentry *parent,
				const struct qstr *name)
{
	struct dentry *dentry = d_alloc(parent, name);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, dentry);
	err = kunit_add_action_or_reset(test, put_dentry, dentry);
	KUNIT_ASSERT_EQ(test, err, 0);
	return dentry;
}

/* A name of @len letters, each other than the one before. */
struct qstr *fanl_test_name(struct kunit *test, unsigned int len)
{
	struct qstr *name = kunit_kzalloc(test, sizeof(*name), GFP_KERNEL);
	char *letters = kunit_kzalloc(test, len + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, name);
	KUNIT_ASSERT_NOT_NULL(test, letters);
	for (unsigned int i = 0; i < len; i++)
		letters[i] = 'a' + i % 26;
	name->name = letters;
	name->len = len;
	return name;
}

/* Handles have as many words as the test says. */
static int handle_words;

static int encode_fh(struct inode *inode, u32 *fh, int *max_len,
		     struct inode *parent)
{
	if (*max_len < handle_words)
		return FILEID_INVALID;
	*max_len = handle_words;
	for (int i = 0; i < handle_words; i++)
		fh[i] = inode->i_ino + i;
	return FILEID_INO32_GEN;
}

static struct dentry *fh_to_dentry(struct super_block *sb, struct fid *fid,
				   int fh_len, int fh_type)
{
	return NULL;
}

static const struct export_operations identifying = {
	.encode_fh = encode_fh,
};

static const struct export_operations decodable_too = {
	.encode_fh = encode_fh,
	.fh_to_dentry = fh_to_dentry,
};

/* What handles the filesystem's inodes have from now on. */
void fanl_test_handles(struct super_block *sb, int words, bool decodable)
{
	handle_words = words;
	sb->s_export_op = decodable ? &decodable_too : &identifying;
}
