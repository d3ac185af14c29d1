/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACLs of files, compared.
 */
#ifndef FANOTIFYCTL_ACLS_H
#define FANOTIFYCTL_ACLS_H

#include <stdbool.h>

/* Are they other ones? No, where one cannot be read, or has none for want of support. */
bool acls_differ(const char *a, const char *b);

#endif /* FANOTIFYCTL_ACLS_H */
