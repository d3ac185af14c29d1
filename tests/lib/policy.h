/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The family's commands and attributes, as the kernel itself lists them.
 */
#ifndef TESTS_POLICY_H
#define TESTS_POLICY_H

#include <stdbool.h>
#include <linux/netlink.h>

#include "nl.h"

#define POLICY_ATTRS_MAX	32
#define POLICIES_MAX		32

/* NL_ATTR_TYPE_UINT, which linux/netlink.h has since Linux 6.7 */
#define POLICY_TYPE_UINT	(NL_ATTR_TYPE_BITFIELD32 + 2)

/**
 * struct policy_attr - One attribute of a command.
 * @type: enum netlink_attribute_type; 0: the command has no such attribute
 * @min: least value
 * @max: largest value
 * @mask: bits that are legal, 0 if it is no bitmap
 * @len: largest length of bytes or text, 0 for any
 * @nest: of a nest, which of struct policy's nests it is
 */
struct policy_attr {
	__u32 type;
	__u64 min;
	__u64 max;
	__u64 mask;
	__u32 len;
	__u32 nest;
};

/**
 * struct policy_op - One way to send a command: to do or to dump.
 * @exists: the family has it
 * @maxattr: largest attribute
 * @attr: by attribute
 */
struct policy_op {
	bool exists;
	int maxattr;
	struct policy_attr attr[POLICY_ATTRS_MAX];
};

/**
 * struct policy - All of them.
 * @op: by command; [0]: do, [1]: dump
 * @nest: of nests
 */
struct policy {
	struct policy_op op[__FANOTIFY_CMD_MAX][2];
	struct policy_op nest[POLICIES_MAX];
};

/** policy_get() - Return: 0 or -errno; -EPROTO: a command that the header does not have. */
int policy_get(struct nl *nl, struct policy *policy);

#endif /* TESTS_POLICY_H */
