/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entries of the VFS's functions, seen by ftrace.
 */
#ifndef _FANL_PROBE_H
#define _FANL_PROBE_H

#include <linux/ftrace.h>

/**
 * struct fanl_probe - a function whose entry is to be seen
 * @symbol: its name
 * @enter: called at its entry, with the address that it returns to; may not
 *	sleep
 * @optional: a kernel without it lacks nothing
 * @ip: where it begins, 0 if this kernel does not have it
 */
struct fanl_probe {
	const char	*symbol;
	void		(*enter)(struct ftrace_regs *regs, unsigned long caller);
	bool		optional;
	unsigned long	ip;
};

/* What a function was called with. */
#define FANL_ARG(regs, n) ((void *)ftrace_regs_get_argument(regs, n))

/*
 * Entries are seen without fail: RCU watches, what recurses is left out, and
 * ftrace cannot be switched off meanwhile.
 */
#define FANL_PROBE_FLAGS \
	(FTRACE_OPS_FL_SAVE_ARGS | FTRACE_OPS_FL_RECURSION | \
	 FTRACE_OPS_FL_RCU | FTRACE_OPS_FL_PERMANENT)

bool fanl_probes_init(struct ftrace_ops *ops, struct fanl_probe *probes,
		      unsigned int nr);
void fanl_probes_enter(const struct fanl_probe *probes, unsigned int nr,
		       unsigned long ip, unsigned long caller,
		       struct ftrace_regs *regs);

#endif /* _FANL_PROBE_H */
