// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nl.h"
#include "remains.h"
#include "storm.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"

static int list(struct nl *nl)
{
	static const int commands[] = {
		FANOTIFY_CMD_GROUP_GET, FANOTIFY_CMD_MARK_GET, FANOTIFY_CMD_STATS_GET,
	};
	int count = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		int ret;

		nl_begin(nl, commands[i], 0);
		ret = nl_dump(nl, NULL, NULL);
		if (ret)
			return ret;
		count += nl->replies;
	}
	return count;
}

int remains_listed(void)
{
	__u64 end = now_ns() + 10000000000ULL;
	struct nl nl;
	int ret = nl_open(&nl);

	if (!ret) {
		while ((ret = list(&nl)) > 0 && now_ns() < end)
			usleep(1000);
	}
	nl_close(&nl);
	return ret;
}

bool remains_is_module(void)
{
	return !access("/sys/module/fanotify_nl/initstate", F_OK);
}

static int scan(void)
{
	int fd = open(KMEMLEAK, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	/* objects younger than 5 s are not reported */
	sleep(6);
	for (int i = 0; i < 2 && !ret; i++)
		ret = write(fd, "scan", 4) == 4 ? 0 : -errno;
	close(fd);
	return ret;
}

int remains_leaked(void)
{
	int ret = scan(), count = 0;
	char line[256];
	FILE *f;

	if (ret == -ENOENT) {
		printf("# no kmemleak in this kernel\n");
		return 0;
	}
	if (ret)
		return ret;
	f = fopen(KMEMLEAK, "r");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		count += !strncmp(line, "unreferenced object", 19);
		printf("# %s", line);
	}
	fclose(f);
	return count;
}
