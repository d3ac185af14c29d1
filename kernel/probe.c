// SPDX-License-Identifier: GPL-2.0
/*
 * Entries of the VFS's functions, seen by ftrace.
 *
 * fprobes would do, but are not the same in all versions of Linux, and cannot
 * all keep ftrace on. Exits are not looked at: they can be missed, since what
 * waits for them is limited and the functions may sleep.
 */
#include <linux/kprobes.h>
#include <linux/slab.h>

#include "probe.h"

/* A function's call of ftrace comes after what the processor wants first. */
#define FANL_ENTRY_MAX	16

/**
 * fanl_probes_init - let ftrace see the functions once @ops is registered
 * @ops: its func and FANL_PROBE_FLAGS
 * @probes: the functions
 * @nr: number of @probes
 *
 * ftrace_set_filter() would compare each symbol with all the names that there
 * are, which takes seconds where the machine is emulated. A kprobe that is never
 * armed has the address at once.
 *
 * Return: whether this kernel has all that are not optional; otherwise do not
 * register @ops, which might see all functions. ftrace_free_filter() undoes it.
 */
bool fanl_probes_init(struct ftrace_ops *ops, struct fanl_probe *probes,
		      unsigned int nr)
{
	struct kprobe *kps __free(kfree) = kcalloc(nr, sizeof(*kps), GFP_KERNEL);
	struct kprobe **found __free(kfree) = kcalloc(nr, sizeof(*found),
						      GFP_KERNEL);
	unsigned int nr_found = 0;
	bool complete = true;

	if (!kps || !found)
		return false;
	for (unsigned int i = 0; i < nr; i++) {
		kps[i].symbol_name = probes[i].symbol;
		kps[i].flags = KPROBE_FLAG_DISABLED;
		if (register_kprobe(&kps[i]))
			continue;
		found[nr_found++] = &kps[i];
		probes[i].ip = (unsigned long)kps[i].addr;
	}
	unregister_kprobes(found, nr_found);

	for (unsigned int i = 0; i < nr; i++) {
		if (probes[i].ip &&
		    ftrace_set_filter_ip(ops, probes[i].ip, 0, 0))
			probes[i].ip = 0;
		complete &= probes[i].ip || probes[i].optional;
	}
	return complete;
}

/**
 * fanl_probes_enter - call what sees the entry of a function
 * @probes: the functions
 * @nr: number of @probes
 * @ip: where ftrace was called
 * @caller: where the function returns to
 * @regs: its arguments
 */
void fanl_probes_enter(const struct fanl_probe *probes, unsigned int nr,
		       unsigned long ip, unsigned long caller,
		       struct ftrace_regs *regs)
{
	for (unsigned int i = 0; i < nr; i++)
		if (probes[i].ip && ip - probes[i].ip < FANL_ENTRY_MAX)
			return probes[i].enter(regs, caller);
}
