/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Superblocks that are born.
 */
#ifndef _FANL_BORN_H
#define _FANL_BORN_H

#include <linux/types.h>

#if defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && defined(CONFIG_KPROBES)

bool fanl_born_init(void);
void fanl_born_exit(void);

#else

static inline bool fanl_born_init(void)
{
	return false;
}

static inline void fanl_born_exit(void)
{
}

#endif

#endif /* _FANL_BORN_H */
