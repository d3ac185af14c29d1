/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which fields of an inode an operation has changed.
 */
#ifndef _FANL_CHANGE_H
#define _FANL_CHANGE_H

#include "event.h"
#include "operation.h"

const struct fanl_operation *fanl_operation_get(u32 fs_mask, const void *data,
						int data_type,
						const struct inode *inode,
						const struct inode *dir);
u32 fanl_changed(const struct fanl_operation *operation, u64 kinds,
		 enum fanl_node_role role, const struct inode *inode);

bool fanl_changed_bytes(const void *data, int data_type,
			const struct fanl_operation *operation,
			const struct inode *inode, u64 *offset, u64 *length);

#endif /* _FANL_CHANGE_H */
