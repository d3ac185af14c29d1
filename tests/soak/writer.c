// SPDX-License-Identifier: GPL-2.0
/*
 * Where there is work, and who does it.
 */
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "soak.h"

#define PAUSE_US	40000
#define POLL_MS		20
/* Gates hold writers up for less. */
#define STUCK_MS	120000

const char *const places[PLACES] = { "base", "tmpfs", "ext4", "overlay", "bind" };

const char *some_place(struct rng *rng)
{
	return places[rng_below(rng, PLACES)];
}

struct span some_span(struct rng *rng, unsigned int operations)
{
	return (struct span){ .end = shared->operations + rng_below(rng, operations) };
}

bool is_over(const struct span *span)
{
	return shared->stop || shared->operations >= span->end;
}

void pass(struct rng *rng, unsigned int operations)
{
	struct span span = some_span(rng, operations);

	for (int left = STUCK_MS / POLL_MS; !is_over(&span) && left; left--)
		usleep(POLL_MS * 1000);
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
		__atomic_add_fetch(&shared->operations, 1, __ATOMIC_RELAXED);
		/* members are to have a share of the CPUs */
		usleep(rng_below(rng, PAUSE_US));
	}
}
