/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is in a symbolic link.
 */
#ifndef _FANL_LINK_H
#define _FANL_LINK_H

#include <linux/dcache.h>
#include <linux/delayed_call.h>

const char *fanl_link_read(struct dentry *dentry, struct delayed_call *done);

#endif /* _FANL_LINK_H */
