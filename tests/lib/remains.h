/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is left in the kernel after all is over: nothing.
 */
#ifndef TESTS_REMAINS_H
#define TESTS_REMAINS_H

#include <stdbool.h>

/**
 * remains_listed() - Groups, marks and members that the family lists.
 *
 * What a killed process had open is gone a moment later, so this waits up to
 * 10 s for there to be none.
 *
 * Return: their number, or -errno.
 */
int remains_listed(void);

/** remains_is_module() - Whether the family is a module, and not built in. */
bool remains_is_module(void);

/**
 * remains_leaked() - Objects that kmemleak finds, after two scans.
 *
 * They are printed. A kernel without kmemleak has none.
 *
 * Return: their number, or -errno; -EPERM: kmemleak has switched itself off.
 */
int remains_leaked(void);

#endif /* TESTS_REMAINS_H */
