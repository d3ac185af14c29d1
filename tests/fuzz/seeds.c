// SPDX-License-Identifier: GPL-2.0
/*
 * Messages to start the fuzzer from: seeds FOLDER
 */
#include <stdio.h>
#include <stdlib.h>

#include "message.h"

static void write_seed(const char *folder, const char *name, const union message *m)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	if (!f || fwrite(m, m->nlh.nlmsg_len, 1, f) != 1 || fclose(f)) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	union message m;

	if (argc != 2) {
		fprintf(stderr, "usage: seeds FOLDER\n");
		return 2;
	}
	message_full(&m);
	write_seed(argv[1], "full", &m);
	message_event(&m, 1);
	write_seed(argv[1], "small", &m);
	message_gap(&m, 2, 5);
	write_seed(argv[1], "gap", &m);
	message_fetch(&m, 0, 1);
	write_seed(argv[1], "fetch", &m);
	return 0;
}
