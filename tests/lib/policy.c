// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "policy.h"

struct table {
	struct policy_op op[POLICIES_MAX];
	int index[__FANOTIFY_CMD_MAX][2];
	bool broken;
};

static void take_attr(struct table *table, const struct nlattr *outer)
{
	const struct nlattr *inner = mnl_attr_get_payload(outer), *nla;
	unsigned int index = mnl_attr_get_type(outer), type = mnl_attr_get_type(inner);
	struct policy_attr *attr;

	if (index >= POLICIES_MAX || type >= POLICY_ATTRS_MAX) {
		table->broken = true;
		return;
	}
	attr = &table->op[index].attr[type];
	if ((int)type > table->op[index].maxattr)
		table->op[index].maxattr = type;
	mnl_attr_for_each_nested(nla, inner) {
		switch (mnl_attr_get_type(nla)) {
		case NL_POLICY_TYPE_ATTR_TYPE:
			attr->type = mnl_attr_get_u32(nla);
			break;
		case NL_POLICY_TYPE_ATTR_MIN_VALUE_S:
		case NL_POLICY_TYPE_ATTR_MIN_VALUE_U:
			attr->min = nl_uint(nla);
			break;
		case NL_POLICY_TYPE_ATTR_MAX_VALUE_S:
		case NL_POLICY_TYPE_ATTR_MAX_VALUE_U:
			attr->max = nl_uint(nla);
			break;
		case NL_POLICY_TYPE_ATTR_MASK:
			attr->mask = nl_uint(nla);
			break;
		case NL_POLICY_TYPE_ATTR_MAX_LENGTH:
			attr->len = mnl_attr_get_u32(nla);
			break;
		case NL_POLICY_TYPE_ATTR_POLICY_IDX:
			attr->nest = mnl_attr_get_u32(nla);
			if (attr->nest >= POLICIES_MAX)
				table->broken = true;
			break;
		}
	}
}

static void take_op(struct table *table, const struct nlattr *op)
{
	unsigned int cmd = mnl_attr_get_type(op);
	const struct nlattr *nla;

	if (cmd >= __FANOTIFY_CMD_MAX) {
		table->broken = true;
		return;
	}
	nla = nl_sub(op, CTRL_ATTR_POLICY_DO);
	if (nla)
		table->index[cmd][0] = mnl_attr_get_u32(nla);
	nla = nl_sub(op, CTRL_ATTR_POLICY_DUMP);
	if (nla)
		table->index[cmd][1] = mnl_attr_get_u32(nla);
}

static void take(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *nest = nl_attr(msg, CTRL_ATTR_POLICY), *nla;

	if (nest)
		mnl_attr_for_each_nested(nla, nest)
			take_attr(arg, nla);
	nest = nl_attr(msg, CTRL_ATTR_OP_POLICY);
	if (nest)
		mnl_attr_for_each_nested(nla, nest)
			take_op(arg, nla);
}

/* Commands without attributes have no policy: they are in the family's list. */
static int get_ops(struct nl *nl, struct policy *policy)
{
	const struct nlattr *ops, *op;
	int ret = nl_find_family(nl);

	if (ret)
		return ret;
	ops = nl_attr(nl->reply, CTRL_ATTR_OPS);
	mnl_attr_for_each_nested(op, ops) {
		__u32 cmd = mnl_attr_get_u32(nl_sub(op, CTRL_ATTR_OP_ID));
		__u32 flags = mnl_attr_get_u32(nl_sub(op, CTRL_ATTR_OP_FLAGS));

		if (cmd >= __FANOTIFY_CMD_MAX)
			return -EPROTO;
		policy->op[cmd][0].exists = flags & GENL_CMD_CAP_DO;
		policy->op[cmd][1].exists = flags & GENL_CMD_CAP_DUMP;
	}
	return 0;
}

int policy_get(struct nl *nl, struct policy *policy)
{
	static struct table table;
	int ret;

	memset(policy, 0, sizeof(*policy));
	memset(&table, 0, sizeof(table));
	memset(table.index, -1, sizeof(table.index));
	ret = get_ops(nl, policy);
	if (ret)
		return ret;
	nl_begin_of(nl, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, 0);
	nl_put(nl, CTRL_ATTR_FAMILY_ID, &nl->family, sizeof(nl->family));
	ret = nl_dump(nl, take, &table);
	if (ret)
		return ret;
	for (int cmd = 1; cmd < __FANOTIFY_CMD_MAX; cmd++) {
		for (int dump = 0; dump < 2; dump++) {
			struct policy_op *op = &policy->op[cmd][dump];
			int index = table.index[cmd][dump];

			if (index < 0)
				continue;
			if (!op->exists || index >= POLICIES_MAX)
				return -EPROTO;
			*op = table.op[index];
			op->exists = true;
		}
	}
	memcpy(policy->nest, table.op, sizeof(policy->nest));
	return table.broken ? -EPROTO : 0;
}
