/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl gate: what /proc says of other processes.
 */
#ifndef FANOTIFYCTL_PROC_H
#define FANOTIFYCTL_PROC_H

#include <linux/types.h>

/**
 * proc_exec() - Path of what a process executes.
 * @pid: the process
 *
 * Names are checked: a process in a mount namespace of its own can have any path
 * there. It counts only if what has that path here is the same file, and only as far as
 * that is in memory: nothing is mounted, and no server is waited for.
 *
 * Return: to be freed; NULL: not known.
 */
char *proc_exec(__u32 pid);

/* When a process started, in clock ticks since the boot; 0: it is gone. */
__u64 proc_start(__u32 pid);

/* The same of nanoseconds, as events have them. */
__u64 proc_start_ticks(__u64 nsec);

#endif /* FANOTIFYCTL_PROC_H */
