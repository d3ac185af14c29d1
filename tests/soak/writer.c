// SPDX-License-Identifier: GPL-2.0
/*
 * Where there is work, and who does it.
 */
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "soak.h"

#define PAUSE_US	40000

const char *const places[PLACES] = { "base", "tmpfs", "ext4", "overlay", "bind" };

const char *some_place(struct rng *rng)
{
	return places[rng_below(rng, PLACES)];
}

static void become(const char *user)
{
	const struct passwd *pw = getpwnam(user);

	if (!pw || setgid(pw->pw_gid) || setuid(pw->pw_uid))
		wrong("cannot become %s", user);
}

void writer(unsigned int number, struct rng *rng)
{
	static const char *const users[] = { "root", "alice", "bob" };

	umask(0);
	become(users[number % ARRAY_SIZE(users)]);
	while (!shared->stop) {
		enum fsop op = rng_below(rng, FSOPS_PLAIN_COUNT);

		counted(&shared->fsop[op], fsop_do(op, some_place(rng), rng));
		/* members are to have a share of the CPUs */
		usleep(rng_below(rng, PAUSE_US));
	}
}
