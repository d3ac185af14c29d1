// SPDX-License-Identifier: GPL-2.0
/*
 * feed PATH: a group that feeds the multicast group with what happens on the
 * filesystem of PATH, until it is killed. For tests/library-examples.
 */
#include <stdio.h>
#include <unistd.h>

#include "storm.h"

int main(int argc, char **argv)
{
	struct fanotify_nl_bind bind = {
		.settings = {
			.set = FANOTIFY_NL_SET_FLAGS,
			.flags = FANOTIFY_GROUP_FLAG_MULTICAST,
		},
	};
	struct fanotify_nl *h;

	if (argc != 2 || fanotify_nl_open(&h) || fanotify_nl_bind(h, &bind) ||
	    member_mark(h, argv[1], STORM_KINDS)) {
		fprintf(stderr, "feed: cannot bind and mark\n");
		return 1;
	}
	printf("feeding\n");
	fflush(stdout);
	for (;;)
		pause();
}
