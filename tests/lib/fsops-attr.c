// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on attributes.
 */
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "fsops-each.h"

#define ACL		"system.posix_acl_access"
#define DEFAULT_ACL	"system.posix_acl_default"

bool op_chmod(struct paths *p)
{
	return !chmod(p->a, 0777 & ~rng_below(p->rng, 64));
}

bool op_chmod_special(struct paths *p)
{
	return !chmod(p->a, 0777 | rng_below(p->rng, 8) << 9);
}

bool op_chown(struct paths *p)
{
	return !lchown(p->a, rng_below(p->rng, 3), rng_below(p->rng, 3));
}

bool op_utimes(struct paths *p)
{
	return !utimensat(AT_FDCWD, p->a, NULL, AT_SYMLINK_NOFOLLOW);
}

/* Both times, or one of them. */
bool op_times(struct paths *p)
{
	struct timespec times[2] = { { .tv_sec = rng_below(p->rng, 4) },
				     { .tv_sec = rng_below(p->rng, 4) } };
	unsigned int omitted = rng_below(p->rng, 3);

	if (omitted < 2)
		times[omitted].tv_nsec = UTIME_OMIT;
	return !utimensat(AT_FDCWD, p->a, times, AT_SYMLINK_NOFOLLOW);
}

/* From what fits into an inode to what takes a block of its own. */
const char *some_xattr(struct paths *p, const void **value, size_t *size)
{
	static const char *const names[] = {
		"user.one", "user.two", "trusted.one", "security.one", "security.capability",
	};
	static const struct vfs_cap_data capability = { .magic_etc = VFS_CAP_REVISION_2 };
	static const char text[600];
	const char *name = names[rng_below(p->rng, 5)];

	*value = text;
	*size = 1 + rng_below(p->rng, sizeof(text));
	if (!strcmp(name, "security.capability")) {
		*value = &capability;
		*size = sizeof(capability);
	}
	return name;
}

bool op_setxattr(struct paths *p)
{
	const void *value;
	size_t size;
	const char *name = some_xattr(p, &value, &size);

	return !lsetxattr(p->a, name, value, size, 0);
}

bool op_removexattr(struct paths *p)
{
	const void *value;
	size_t size;

	return !lremovexattr(p->a, some_xattr(p, &value, &size));
}

static bool set_acl(struct paths *p, const char *name)
{
	const struct {
		__u32 version;
		struct {
			__u16 tag, perm;
			__u32 id;
		} entry[5];
	} acl = {	/* linux/posix_acl_xattr.h */
		2, { { 1, rng_below(p->rng, 8), -1 }, { 2, rng_below(p->rng, 8), 1001 },
		     { 4, 4, -1 }, { 16, rng_below(p->rng, 8), -1 }, { 32, 4, -1 } },
	};

	return !setxattr(p->a, name, &acl, sizeof(acl), 0);
}

bool op_acl(struct paths *p)
{
	return set_acl(p, ACL);
}

bool op_default_acl(struct paths *p)
{
	return set_acl(p, DEFAULT_ACL);
}

bool op_remove_acl(struct paths *p)
{
	return !removexattr(p->a, ACL) || !removexattr(p->a, DEFAULT_ACL);
}

static bool change_flags(int fd, struct paths *p)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return false;
	flags ^= FS_NODUMP_FL;
	return !ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/* As chattr(1) does. */
bool op_flags(struct paths *p)
{
	return with_file(p, O_RDONLY, change_flags);
}
