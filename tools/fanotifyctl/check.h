/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl gate: one check of a file, which may take long and is done by a thread.
 */
#ifndef FANOTIFYCTL_CHECK_H
#define FANOTIFYCTL_CHECK_H

#include "pool.h"
#include "rules.h"

enum check_kind {
	CHECK_HASH,
	CHECK_EXEC,
	CHECK_CLAMD,
};

/**
 * struct peer - The daemon's process, which all checks by it share.
 * @pid: the process; 0: not known; atomic, as @start
 * @start: when it started, as proc_start() says
 * @wake: an eventfd that is written when it is another
 */
struct peer {
	__u32 pid;
	__u64 start;
	int wake;
};

/**
 * struct check - What to do with an open file, and what came of it.
 * @job: in a pool
 * @kind: hash it, give it to a command, or to ClamAV's daemon
 * @what: the command, or the daemon's socket
 * @fd: the file; its use makes no events
 * @json: for a command: what is known of the request, one line
 * @json_len: its length
 * @deadline: when it has to be given up, as now_ms() counts
 * @stop: set when all are to be given up
 * @gone: set when this one is: nobody waits for it any more
 * @error: a positive errno, of a check that failed; ETIMEDOUT: it was given up
 * @text: why it failed, or what was found, to be freed; or NULL
 * @action: of CHECK_EXEC and CHECK_CLAMD; what the rule says of options is in it,
 *	and a command may say other
 * @sha256: of CHECK_HASH
 * @peer: of CHECK_CLAMD: is told of the process
 */
struct check {
	struct job job;
	enum check_kind kind;
	const char *what;
	int fd;
	char *json;
	size_t json_len;
	__s64 deadline;
	const bool *stop;
	bool gone;
	int error;
	char *text;
	struct action action;
	unsigned char sha256[SHA256_BYTES];
	struct peer *peer;
};

/* Milliseconds, which stand still while the machine sleeps, as the kernel's clocks do. */
__s64 now_ms(void);

/* How many it has slept, which are counted in times that the kernel tells. */
__s64 asleep_ms(void);

/* What a pool of checks does. */
void check_run(struct job *job);

void check_exec(struct check *check);
void check_clamd(struct check *check);

/* See whether the daemon is there, and which process it is. */
void clamd_ping(struct check *check);

/* Fail, if it has not yet; @format is why. */
void check_fail(struct check *check, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Is it to be given up? */
bool check_over(const struct check *check);

/* For poll(): until the deadline, but so short that a stop is seen. */
int check_patience(const struct check *check);

/**
 * verdict_parse() - What a command says on its standard output.
 * @text: one JSON object: "verdict" is "allow" or "deny", "errno" the name of one for
 *	deny; "audit" and "remember" replace those of the rule
 * @action: changed accordingly
 *
 * Return: NULL; or what is wrong with it, a static string.
 */
const char *verdict_parse(const char *text, struct action *action);

/**
 * clamd_parse() - What ClamAV's daemon says.
 * @reply: without the NUL or the newline at its end; is cut
 * @found: set to the name of what was found; NULL: nothing was
 *
 * Return: 0; -1: it says that it has failed, or something else.
 */
int clamd_parse(char *reply, char **found);

#endif /* FANOTIFYCTL_CHECK_H */
