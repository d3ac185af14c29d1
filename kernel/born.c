// SPDX-License-Identifier: GPL-2.0
/*
 * Superblocks that are born.
 *
 * vfs_get_tree() calls security_sb_set_mnt_opts() for each superblock once it is
 * born, and ftrace tells of that. (The exit of vfs_get_tree() could be missed: it
 * sleeps, and what waits for exits is limited.) fprobes would do, but are not
 * the same in all versions of Linux, and cannot all keep ftrace on.
 */
#include <linux/fs.h>
#include <linux/ftrace.h>

#include "born.h"
#include "global.h"

static void fanl_born(unsigned long ip, unsigned long parent_ip,
		      struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	struct super_block *sb = (void *)ftrace_regs_get_argument(regs, 0);

	/* NFS calls it as well, before the superblock is born */
	if (sb->s_flags & SB_BORN)
		fanl_global_newborn(sb);
}

static struct ftrace_ops fanl_born_ops = {
	.func = fanl_born,
	.flags = FTRACE_OPS_FL_SAVE_ARGS | FTRACE_OPS_FL_RECURSION |
		 FTRACE_OPS_FL_RCU | FTRACE_OPS_FL_PERMANENT,
};

/**
 * fanl_born_init - have fanl_global_newborn() called for new superblocks
 *
 * Return: whether this kernel can tell of them, and will.
 */
bool fanl_born_init(void)
{
	static unsigned char symbol[] = "security_sb_set_mnt_opts";

	if (ftrace_set_filter(&fanl_born_ops, symbol, strlen(symbol), 1))
		return false;
	if (!register_ftrace_function(&fanl_born_ops))
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
