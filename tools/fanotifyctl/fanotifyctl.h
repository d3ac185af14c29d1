/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl: what its files share.
 */
#ifndef FANOTIFYCTL_H
#define FANOTIFYCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <fanotify-nl/fanotify-nl.h>

/* Exit statuses besides 0 and 1 (refused or failed). */
#define EXIT_USAGE	2
#define EXIT_LOST	3

/* ---- the command line ---- */

/**
 * struct option_def - An option of a command; a table ends with a NULL name.
 * @name: without the dashes
 * @flag: set if the option is there; it takes no value then
 * @value: set to the option's value otherwise
 * @take: takes the value instead, each time that the option is there; -1: bad usage,
 *	and said so
 * @arg: for @take
 */
struct option_def {
	const char *name;
	bool *flag;
	const char **value;
	int (*take)(const struct option_def *def, const char *value);
	void *arg;
};

/**
 * struct words - What is left of a command line without its options.
 * @list: the words, ended by NULL
 * @count: how many
 * @command: what follows "--", ended by NULL; NULL without a "--"
 */
struct words {
	char **list;
	int count;
	char **command;
};

/**
 * options_parse() - Take the options out of a command line.
 * @defs: the options there are
 * @argv: the command line without the command's name; is rearranged
 * @words: what is left
 *
 * Names are matched whole: no abbreviation can change its meaning later.
 *
 * Return: 0; -1: bad usage, and said so.
 */
int options_parse(const struct option_def *defs, char **argv, struct words *words);

/* Numbers, as options have them. Return: 0; -1: none, or out of range. */
int parse_u32(const char *text, __u32 *value);
int parse_u64(const char *text, __u64 *value);
int parse_bytes(const char *text, __u64 *value);
int parse_seconds(const char *text, __s64 *ms);

/* STATX-like fields by name, "mode,size", "all" or "none". */
int parse_stat_fields(const char *text, __u32 *mask);

/* ---- messages ---- */

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * From now on, leave out messages that somebody would have to read first: he may wait for
 * us. Long ones are cut.
 */
void messages_wait_not(void);

/* Is a message written now? */
bool messages_are_taken(void);

/* Say "WHAT: text (ERRNO)"; always return EXIT_FAILURE. */
int fail_errno(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the library's text, which is the kernel's where it gave one. */
int fail_nl(const struct fanotify_nl *h, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Open the library; NULL: failed, and said so. */
struct fanotify_nl *open_nl(void);

/* ---- memory: these end the program where there is none ---- */

void *xrealloc(void *old, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- commands: given what follows their words on the command line ---- */

int cmd_monitor(char **argv);
int cmd_mirror(char **argv);
int cmd_gate(char **argv);
int cmd_journal_enable(char **argv);
int cmd_journal_start(char **argv);
int cmd_journal_stop(char **argv);
int cmd_journal_disable(char **argv);
int cmd_journal_status(char **argv);
int cmd_journal_register(char **argv);
int cmd_journal_deregister(char **argv);
int cmd_journal_consumers(char **argv);
int cmd_journal_read(char **argv);
int cmd_journal_follow(char **argv);
int cmd_journal_changed(char **argv);
int cmd_journal_ack(char **argv);
int cmd_journal_check(char **argv);
int cmd_sync(char **argv);
int cmd_group_show(char **argv);
int cmd_group_set(char **argv);
int cmd_group_lift(char **argv);
int cmd_mark_show(char **argv);
int cmd_stats(char **argv);
int cmd_capabilities(char **argv);
int cmd_version(char **argv);

/* Print the help of the command of that name, "" for all; for --help. */
int show_help(const char *name);

#endif /* FANOTIFYCTL_H */
