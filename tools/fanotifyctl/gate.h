/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl gate: decide about accesses by rules.
 *
 * The main loop takes requests, matches them and answers. What may take long, which
 * is reading a file and asking a checker, is done by threads. A request whose check
 * is not done in time is answered without it.
 */
#ifndef FANOTIFYCTL_GATE_H
#define FANOTIFYCTL_GATE_H

#include <sys/queue.h>
#include <fanotify-nl/fanotify-nl.h>

#include "check.h"
#include "lines.h"
#include "notify.h"
#include "out.h"
#include "pool.h"
#include "rules.h"
#include "tree.h"

/* Answers that are sent together. */
#define BATCH	64

/**
 * enum origin - Who decided.
 * @BY_RULE: a line of the rules, the default among them
 * @BY_NONE: no line: all is allowed then
 * @BY_CHECKER: the command or the daemon
 * @BY_ERROR: the check failed, and --on-error says what then
 * @BY_TIMEOUT: the check took too long, and --on-timeout says what then
 * @BY_KIND: it is no regular file, which no checker is asked about
 * @BY_DESCENT: the checker itself wants it
 */
enum origin {
	BY_RULE,
	BY_NONE,
	BY_CHECKER,
	BY_ERROR,
	BY_TIMEOUT,
	BY_KIND,
	BY_DESCENT,
};

/**
 * struct request - An access that waits for an answer.
 * @check: what is under way, if @checking; first, so that a pool's job is it
 * @link: in gate.pending
 * @id: of the event
 * @actor: who wants it; comm is a copy
 * @subject: what rules look at; its strings belong to the request
 * @fs_path: path below the filesystem's root, or NULL
 * @regular: it is a regular file
 * @action: what the rule says, or then the checker
 * @line: of the rule; 0: none
 * @sha256: where @subject has it
 * @clock: milliseconds that the kernel gives for an answer
 * @arrived: as now_ms() counts, as all that follow
 * @defer_at: when to ask the kernel for more time
 * @open_at: when to try again to open the file; 0: not
 * @give_up: when to answer without the check
 * @look_at: when to see whether somebody waits still, if there are others
 * @checking: a pool has it
 * @answered: only the pool has it still
 * @outdated: rules have changed since, or there is no hash: what comes of it is not
 *	remembered
 */
struct request {
	struct check check;
	TAILQ_ENTRY(request) link;
	__u64 id;
	struct fanotify_nl_actor actor;
	struct subject subject;
	char *fs_path;
	bool regular;
	struct action action;
	unsigned int line;
	unsigned char sha256[SHA256_BYTES];
	__s64 clock;
	__s64 arrived;
	__s64 defer_at;
	__s64 open_at;
	__s64 give_up;
	__s64 look_at;
	bool checking;
	bool answered;
	bool outdated;
};

TAILQ_HEAD(requests, request);

/* Which decisions are printed. */
enum logged {
	LOG_DENIED,
	LOG_ALL,
	LOG_NONE,
};

/* What is told by SIGUSR1 and at the end. */
struct statistics {
	__u64 requests;
	__u64 allowed;
	__u64 denied;
	__u64 asked;
	__u64 hashed;
	__u64 failed;
	__u64 too_long;
	__u64 deferred;
	__u64 of_checker;
	__u64 late;
	__u64 waited_ms;
	__u64 waited_max_ms;
};

/**
 * struct gate - The gate.
 * @rules_path: the rules; NULL: ask about everything
 * @rules: in force
 * @asks: how a checker is asked: CHECK_EXEC or CHECK_CLAMD, if @checker
 * @checker: command or socket, or NULL
 * @on_error: what is done when a check fails
 * @on_timeout: what is done when it takes too long: the group's setting, as last read
 * @wait_ms: how long an access waits at most, as last read
 * @linger_ms: how long accesses wait for a successor, as last read
 * @check_ms: how long a check may take; 0: no longer than the kernel waits
 * @logged: what is printed
 * @remembers: the group can remember verdicts
 * @h: the library
 * @tree: names
 * @mountinfo: readable by POLLPRI when mounts have changed
 * @out: to @lines
 * @lines: the log
 * @notify: the service manager
 * @hashing: threads that hash
 * @asking: threads that ask the checker
 * @stop_checks: all checks are to be given up
 * @pending: requests that are not answered, the oldest first
 * @pending_count: how many
 * @asleep: milliseconds that the machine had slept when requests were last taken
 * @verdicts: answers to be sent
 * @verdict_count: how many
 * @peer: the checker's process, if it is a daemon
 * @exempt: the same, as the main loop knows it; 0: not known
 * @exempt_start: when that started
 * @told_at: when a failed check was last complained about, or could not be
 * @untold: how many have failed since
 * @statistics: since the start
 * @status: how the program ends
 * @stop: it is to end
 */
struct gate {
	const char *rules_path;
	struct rules rules;
	enum check_kind asks;
	const char *checker;
	struct action on_error;
	struct action on_timeout;
	__u32 wait_ms;
	__u32 linger_ms;
	__u32 check_ms;
	enum logged logged;
	bool remembers;
	struct fanotify_nl *h;
	struct tree tree;
	int mountinfo;
	struct out out;
	struct lines lines;
	struct notify notify;
	struct pool hashing;
	struct pool asking;
	bool stop_checks;
	struct requests pending;
	size_t pending_count;
	__s64 asleep;
	struct fanotify_nl_verdict verdicts[BATCH];
	size_t verdict_count;
	struct peer peer;
	__u32 exempt;
	__u64 exempt_start;
	__s64 told_at;
	unsigned int untold;
	struct statistics statistics;
	int status;
	bool stop;
};

/* ---- request.c ---- */

/* Take a request up: answer it, or have it checked. */
void request_take(struct gate *g, const struct fanotify_nl_event *event);

/* Go on with those whose check is done, and with those that turn out to be the checker's. */
void requests_checked(struct gate *g);

/**
 * requests_due() - Try again what could not be opened, ask for more time for those that
 * need it, drop those that nobody waits for, answer those that have had enough.
 * @g: the gate
 *
 * Return: when to do so again, as now_ms() counts; 0: nothing is pending.
 */
__s64 requests_due(struct gate *g);

/* What the group is set to by now. Return: 0 or -errno. */
int settings_read(struct gate *g);

/* Send the answers that wait to be. */
void verdicts_send(struct gate *g);

/* ---- decision.c ---- */

/* What is known of the request. */
void request_print(struct out *o, const struct request *r);

/* Log what was decided. */
void decision_log(struct gate *g, const struct request *r, const struct action *action,
		  enum origin origin);

void statistics_print(struct gate *g);

#endif /* FANOTIFYCTL_GATE_H */
