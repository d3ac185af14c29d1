// SPDX-License-Identifier: GPL-2.0
/*
 * Filesystems come and go, and so does the module.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "soak.h"

#define LOADED	450
#define UNLOADED	20
#define MOUNTED	110
/* So that its journal is used. */
#define JOURNALED	600
/* What holds up an unmount for longer, and for so many operations, is none of them. */
#define UNMOUNT_MS	30000
#define UNMOUNTED	600

static bool mount_tmpfs(void)
{
	return !mount("tmpfs", "tmpfs", "tmpfs", 0, "size=16m");
}

/* What has the device open for writing would keep it from being mounted. */
static char loop_device[64];

int make_loop(void)
{
	/* they need not be modules */
	FILE *f = popen("modprobe -qa loop overlay; truncate -s 16M image && mke2fs -q -t ext4 -b 4096 image && losetup -f --show image", "r");
	int n = f ? fscanf(f, "%63s", loop_device) : 0;

	return f && !pclose(f) && n == 1 ? 0 : -1;
}

bool mount_ext4(void)
{
	return !mount(loop_device, "ext4", "ext4", 0, "user_xattr") && !chmod("ext4", 0777);
}

static bool mount_overlay(void)
{
	return !mount("overlay", "overlay", "overlay", 0,
		      "lowerdir=lower,upperdir=upper,workdir=work");
}

static bool mount_bind(void)
{
	return !mount("base", "bind", NULL, MS_BIND, NULL);
}

const struct mounted mounts[MOUNTS] = {
	{ "tmpfs", MOUNTED, mount_tmpfs, OP_mount_tmpfs, OP_unmount_tmpfs },
	{ "ext4", JOURNALED, mount_ext4, OP_mount_ext4, OP_unmount_ext4 },
	{ "overlay", MOUNTED, mount_overlay, OP_mount_overlay, OP_unmount_overlay },
	{ "bind", MOUNTED, mount_bind, OP_mount_bind, OP_unmount_bind },
};

static bool unmounts(void *place)
{
	return !umount2(place, 0) || errno != EBUSY;
}

static bool unmounted(const char *place)
{
	const struct span busy = { .end = shared->operations + UNMOUNTED };
	bool last;

	do {
		last = is_over(&busy);
		if (wait_until(unmounts, (void *)place, UNMOUNT_MS))
			return true;
	} while (!last);
	return false;
}

void mounter(unsigned int number, struct rng *rng)
{
	const struct mounted *m = &mounts[number];

	while (!shared->stop) {
		if (!did(m->mounted, m->mount())) {
			wrong("%s cannot be mounted: %m", m->place);
			return;
		}
		pass(rng, m->stay);
		/* a writer is in it for a moment only */
		if (!unmounted(m->place))
			wrong("%s cannot be unmounted", m->place);
		did(m->unmounted, true);
		pass(rng, MOUNTED);
	}
}

void reloader(unsigned int number, struct rng *rng)
{
	/* as one of a dozen it would take most of the time to be loaded */
	if (nice(-10) == -1)
		wrong("no priority: %m");
	while (!shared->stop) {
		int ret;

		pass(rng, LOADED);
		ret = module_unload();
		if (!did(OP_unload, !ret))
			wrong("the module cannot be unloaded: %s", strerror(-ret));
		pass(rng, UNLOADED);
		if (ret)
			continue;
		ret = module_load();
		if (!did(OP_load, !ret))
			wrong("the module cannot be loaded: %s", strerror(-ret));
	}
}
