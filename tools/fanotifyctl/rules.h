/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl gate: the policy, read from a file of rules.
 *
 * fanotifyctl-gate-rules(5) describes the language. Reading opens the files that
 * the rules name, so it is done before anything is gated, or by the gate itself;
 * matching asks nothing of the system.
 */
#ifndef FANOTIFYCTL_RULES_H
#define FANOTIFYCTL_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "hashes.h"

/* What is done to a file, as rules and logs name it. */
enum operation {
	OPERATION_OPEN		= 1 << 0,
	OPERATION_EXEC		= 1 << 1,
	OPERATION_ACCESS	= 1 << 2,
};

/* Return: the name; NULL if @bit is none of them. */
const char *operation_name(__u64 bit);

enum outcome {
	OUTCOME_ALLOW,
	OUTCOME_DENY,
	OUTCOME_ASK,
};

/**
 * struct action - What comes of a request.
 * @outcome: allow, deny, or ask the checker
 * @error: of deny, a positive errno; 0: as permission is denied, EPERM
 * @audit: write a record to the audit log
 * @remember: ask no more about the object until it is modified
 */
struct action {
	enum outcome outcome;
	int error;
	bool audit;
	bool remember;
};

/**
 * action_parse() - Read "allow", "deny", or the name of an errno.
 * @text: as an option has it
 * @action: where it goes
 *
 * Return: 0; -1: it is none.
 */
int action_parse(const char *text, struct action *action);

/* Numbers from @first to @last. */
struct range {
	__u64 first;
	__u64 last;
};

enum condition_key {
	CONDITION_OP,
	CONDITION_PATH,
	CONDITION_SUBTREE,
	CONDITION_EXEC,
	CONDITION_UID,
	CONDITION_OWNER,
	CONDITION_SIZE,
	CONDITION_SHA256,
};

/**
 * struct condition - KEY=VALUE,... of a rule.
 * @key: what is looked at
 * @negated: KEY!=VALUE,...: none of the values may fit
 * @operations: op: OPERATION_*
 * @texts: path, subtree, exec: globs or paths
 * @ranges: uid, owner, size
 * @count: of @texts or @ranges
 * @hashes: sha256
 */
struct condition {
	enum condition_key key;
	bool negated;
	__u32 operations;
	char **texts;
	struct range *ranges;
	size_t count;
	struct hashes hashes;
};

/**
 * struct rule - One line.
 * @line: its number
 * @action: what comes of a request that all of the conditions hold for
 * @conditions: at least one
 * @count: how many
 */
struct rule {
	unsigned int line;
	struct action action;
	struct condition *conditions;
	size_t count;
};

/**
 * struct rules - A policy; all zero allows everything.
 * @list: the first that fits counts
 * @count: how many
 * @otherwise: where none fits
 * @default_line: the line that says so; 0: none does
 * @uses_exec: some rule looks at the actor's executable
 * @ask_line: the first line that asks the checker; 0: none does
 */
struct rules {
	struct rule *list;
	size_t count;
	struct action otherwise;
	unsigned int default_line;
	bool uses_exec;
	unsigned int ask_line;
};

typedef void (*rules_error_fn)(void *arg, const char *text);

/**
 * rules_parse() - Read rules from memory.
 * @rules: where they go
 * @name: of the file; files that the rules name are relative to its folder
 * @text: the rules, which need not end in NUL
 * @len: bytes of them
 * @say: called for each error with "FILE:LINE:COLUMN: expected ..., found ..."
 * @arg: handed to @say
 *
 * Return: 0, or -1 with @rules all zero.
 */
int rules_parse(struct rules *rules, const char *name, const char *text, size_t len,
		rules_error_fn say, void *arg);

/* The same with a file; that it cannot be read is an error as well. */
int rules_read(struct rules *rules, const char *path, rules_error_fn say, void *arg);

void rules_free(struct rules *rules);

/**
 * rules_operations() - What has to be gated for the rules to be in force.
 * @rules: the rules
 *
 * Return: OPERATION_*. What nothing but an allow could come of is left out. A rule
 * without "op" wants open, which is there for programs that are executed too.
 */
__u32 rules_operations(const struct rules *rules);

/* ---- matching ---- */

/**
 * struct subject - What the conditions are about.
 * @operation: one of OPERATION_*
 * @path: absolute, as the gate sees it; NULL: not known
 * @exec: path of the actor's executable; NULL: not known
 * @has_uid: @uid is known
 * @uid: real user of the actor
 * @has_owner: @owner is known
 * @owner: of the file
 * @has_size: @size is known
 * @size: of the file
 * @hashed: whether a hash was asked for: if there is none now, it cannot be had
 * @sha256: SHA256_BYTES of it; NULL: not known
 *
 * What is not known fits no value, and fits no "!=" either.
 */
struct subject {
	enum operation operation;
	const char *path;
	const char *exec;
	bool has_uid;
	bool has_owner;
	bool has_size;
	bool hashed;
	__u32 uid;
	__u32 owner;
	__u64 size;
	const unsigned char *sha256;
};

/**
 * rules_match() - Find what comes of a request.
 * @rules: the rules
 * @subject: the request
 * @line: set to the line that decides; 0: nothing in the file does
 *
 * Return: the action; NULL: the hash is needed, so compute it and ask again.
 */
const struct action *rules_match(const struct rules *rules, const struct subject *subject,
				 unsigned int *line);

/**
 * glob_match() - Does a path fit a glob?
 * @glob: ? and [...] are a character other than a slash, * any number of those, **
 *	any number of any; a backslash takes the meaning from what follows
 * @path: the path
 */
bool glob_match(const char *glob, const char *path);

/* Return: NULL; or what the glob lacks. */
const char *glob_check(const char *glob);

#endif /* FANOTIFYCTL_RULES_H */
