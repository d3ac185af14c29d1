/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A filesystem of the KUnit tests' own: inodes and names that nobody looks up.
 */
#ifndef _FANL_TESTS_FS_H
#define _FANL_TESTS_FS_H

#include <kunit/test.h>
#include <linux/fs.h>

struct super_block *fanl_test_sb(struct kunit *test);
struct inode *fanl_test_inode(struct kunit *test, struct super_block *sb,
			      umode_t mode);
struct dentry *fanl_test_dentry(struct kunit *test, struct dentry *parent,
				const struct qstr *name);
struct qstr *fanl_test_name(struct kunit *test, unsigned int len);

void fanl_test_handles(struct super_block *sb, int words, bool decodable);

#endif /* _FANL_TESTS_FS_H */
