// SPDX-License-Identifier: GPL-2.0
/*
 * fanotify-nl: file events over generic netlink. Init and exit.
 */
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "ask.h"
#include "gate.h"
#include "global.h"
#include "group.h"
#include "journal.h"
#include "mark.h"
#include "netlink-gen.h"
#include "operation.h"

/* Called for every protocol and every network namespace. */
static int fanl_netlink_notify(struct notifier_block *nb, unsigned long action,
			       void *data)
{
	const struct netlink_notify *n = data;

	if (action == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    net_eq(n->net, &init_net)) {
		fanl_groups_release_port(n->portid);
		fanl_journals_wake();
	}
	return NOTIFY_DONE;
}

static struct notifier_block fanl_netlink_notifier = {
	.notifier_call = fanl_netlink_notify,
};

/*
 * Who may join. It is checked at the join only, which may be older than the
 * family, so each message is checked for each receiver as well.
 */
static const struct genl_multicast_group fanl_mcgrps[] = {
	[FANOTIFY_NLGRP_EVENTS] = {
		.name = FANOTIFY_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_SYS_ADMIN,
	},
	[FANOTIFY_NLGRP_CONTROL] = {
		.name = FANOTIFY_MCGRP_CONTROL,
		.flags = GENL_MCAST_CAP_SYS_ADMIN,
	},
};

static int __init fanl_init(void)
{
	int err;

	err = fanl_gate_init();
	if (err)
		return err;
	fanl_ask_init();
	err = fanl_marks_init();
	if (err)
		goto gate_exit;
	err = fanl_operations_init();
	if (err)
		goto marks_exit;
	fanl_global_init();
	err = fanl_journals_init();
	if (err)
		goto global_exit;
	err = netlink_register_notifier(&fanl_netlink_notifier);
	if (err)
		goto journals_exit;
	/* the generator has no words for these */
	fanotify_nl_family.netnsok = false;
	fanotify_nl_family.mcgrps = fanl_mcgrps;
	err = genl_register_family(&fanotify_nl_family);
	if (err)
		goto unregister_notifier;
	return 0;

unregister_notifier:
	netlink_unregister_notifier(&fanl_netlink_notifier);
journals_exit:
	fanl_journals_exit();
global_exit:
	fanl_global_exit();
	fanl_operations_exit();
marks_exit:
	fanl_marks_exit();
gate_exit:
	fanl_gate_exit();
	return err;
}

static void __exit fanl_exit(void)
{
	fanl_journals_end();
	fanl_groups_exit();
	genl_unregister_family(&fanotify_nl_family);
	netlink_unregister_notifier(&fanl_netlink_notifier);
	fanl_global_exit();
	fanl_journals_exit();
	fanl_operations_exit();
	fanl_marks_exit();
	fanl_gate_exit();
	/* members are freed by RCU */
	rcu_barrier();
}

module_init(fanl_init);
module_exit(fanl_exit);

MODULE_DESCRIPTION("File events over generic netlink");
MODULE_LICENSE("GPL");
MODULE_VERSION(FANL_VERSION);
MODULE_ALIAS_GENL_FAMILY("fanotify");
