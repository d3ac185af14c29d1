// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ACLs of files, compared as the kernel has them.
 */
#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "acls.h"

/* Return: its length, 0 for none; -1: cannot be told. */
static ssize_t acl_get(const char *path, const char *name, char value[XATTR_SIZE_MAX])
{
	ssize_t len = lgetxattr(path, name, value, XATTR_SIZE_MAX);

	return len < 0 && errno == ENODATA ? 0 : len;
}

bool acls_differ(const char *a, const char *b)
{
	static const char *const names[] = { "system.posix_acl_access", "system.posix_acl_default" };
	static char values[2][XATTR_SIZE_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ssize_t len_a = acl_get(a, names[i], values[0]);
		ssize_t len_b = len_a < 0 ? -1 : acl_get(b, names[i], values[1]);

		if (len_b >= 0 && (len_a != len_b || memcmp(values[0], values[1], len_a)))
			return true;
	}
	return false;
}
