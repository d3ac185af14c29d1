// SPDX-License-Identifier: GPL-2.0
/*
 * Superblocks that are born.
 *
 * vfs_get_tree() calls security_sb_set_mnt_opts() for each superblock once it is
 * born.
 */
#include <linux/fs.h>

#include "born.h"
#include "global.h"
#include "probe.h"

static void fanl_born_enter(struct ftrace_regs *regs, unsigned long caller)
{
	struct super_block *sb = FANL_ARG(regs, 0);

	/* NFS calls it as well, before the superblock is born */
	if (sb->s_flags & SB_BORN)
		fanl_global_newborn(sb);
}

static struct fanl_probe fanl_born_probe = {
	.symbol = "security_sb_set_mnt_opts",
	.enter = fanl_born_enter,
};

static void fanl_born(unsigned long ip, unsigned long caller,
		      struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	fanl_born_probe.enter(regs, caller);
}

static struct ftrace_ops fanl_born_ops = {
	.func = fanl_born,
	.flags = FANL_PROBE_FLAGS,
};

/**
 * fanl_born_init - have fanl_global_newborn() called for new superblocks
 *
 * Return: whether this kernel can tell of them, and will.
 */
bool fanl_born_init(void)
{
	if (fanl_probes_init(&fanl_born_ops, &fanl_born_probe, 1) &&
	    !register_ftrace_function(&fanl_born_ops))
		return true;
	ftrace_free_filter(&fanl_born_ops);
	return false;
}

/* When this returns, no call is under way. */
void fanl_born_exit(void)
{
	unregister_ftrace_function(&fanl_born_ops);
	ftrace_free_filter(&fanl_born_ops);
}
