// SPDX-License-Identifier: GPL-2.0
/*
 * Subscribers of the multicast group.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "nl.h"
#include "soak.h"

#define LIFE	300

static bool subscribe(struct nl *nl)
{
	return !nl_open(nl) && !setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
					   &nl->mcast, sizeof(nl->mcast));
}

void subscriber(unsigned int number, struct rng *rng)
{
	while (!shared->stop) {
		struct fanotify_nl_event event;
		struct nl nl;

		if (!subscribe(&nl))
			usleep(20000);
		else
			for (struct span life = some_span(rng, LIFE); !is_over(&life);) {
				int len = nl_recv(&nl, 100);

				if (len > 0 && fanotify_nl_parse_event(nl.received, len, &event))
					wrong("a malformed multicast event");
				did(OP_multicast_event, len > 0);
			}
		nl_close(&nl);
	}
}
