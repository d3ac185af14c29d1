// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: the table of commands, and their help.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fanotifyctl.h"

/**
 * struct command - One command.
 * @object: first word
 * @verb: second word, or NULL
 * @run: what it does
 * @usage: its line of help, after its words
 * @help: what its own help says besides
 */
struct command {
	const char *object;
	const char *verb;
	int (*run)(char **argv);
	const char *usage;
	const char *help;
};

static const struct command commands[] = {
	{
		"monitor", NULL, cmd_monitor, "[OPTION]... [PATH]... [-- COMMAND...]",
		"Show what happens in PATH and below it, until interrupted, or while COMMAND runs.\n"
		"\n"
		"  --mark TYPE          inode, subtree, mount, filesystem, or global (takes no PATH):\n"
		"                       show all that such a mark sees\n"
		"  --events KIND,...    kinds of event (see capabilities); \"all\" is every kind;\n"
		"                       if not given: every change\n"
		"  --pathless           also what has no path, anywhere on PATH's filesystem\n"
		"  --count N            stop after N lines\n"
		"  --timeout SECONDS    stop after that time\n"
		"  --queue-limit BYTES  of waiting events, at which events are lost (K, M, G)\n"
		"  --merge              merge repeats into events that wait\n"
		"  --stat FIELD,...     attributes that events carry, \"all\" or \"none\"\n"
		"  --include FILTER     only what matches, in the kernel; may be repeated: tgid=PID\n"
		"                       (with its children), uid=USER, cgroup=PATH, name=GLOB,\n"
		"                       dir=GLOB, file=GLOB; \"self\" is this process, or its cgroup\n"
		"  --exclude FILTER     not what matches\n"
		"  --json               one JSON object a line\n"
		"\n"
		"Exit status: 0; 1 refused or failed; 2 bad usage; 3 events were lost.\n",
	},
	{
		"mirror", NULL, cmd_mirror, "[OPTION]... PATH [-- COMMAND...]",
		"Keep a model of the tree at PATH from events alone, until interrupted, or while\n"
		"COMMAND runs; on SIGUSR1, compare it with the tree.\n"
		"\n"
		"  --check-on-exit      compare at the end, too\n"
		"  --queue-limit BYTES  of waiting events, at which events are lost (K, M, G)\n"
		"  --merge              merge repeats into events that wait\n"
		"  --json               one JSON object for each difference\n"
		"\n"
		"Exit status: 0; 1 a difference, refused or failed; 2 bad usage; 3 events were lost.\n",
	},
	{
		"gate", NULL, cmd_gate, "[OPTION]... PATH...",
		"Decide about each access to PATH and what is below it, by rules, until interrupted.\n"
		"\n"
		"  --rules FILE         the rules, fanotifyctl-gate-rules(5); SIGHUP reads them again\n"
		"  --check              only say whether the rules are in order\n"
		"  --exec CMD           ask this command: JSON on standard input, the file as\n"
		"                       descriptor 3; exit status 0 allows, 1 denies\n"
		"  --clamd SOCKET       ask ClamAV's daemon\n"
		"  --checks N           checks at a time, 4 if not given\n"
		"  --check-ms N         how long one may take; if not given, within the timeout\n"
		"  --on-error WHAT      if a check fails: allow, deny or an errno; allow if not given\n"
		"  --timeout-ms N       how long the kernel waits for an answer\n"
		"  --on-timeout WHAT    what it does then: allow, deny or an errno\n"
		"  --evict-after N      so many timeouts in a row end the gate; 0: never\n"
		"  --on-evict WHAT      what it does then: allow, or deny until the group is lifted\n"
		"  --linger-ms N        how long accesses wait for a successor\n"
		"  --wait-ms N          how long an access waits at most, in all\n"
		"  --uid-pending N      accesses of one user that wait at a time\n"
		"  --window N           requests that are unanswered at a time\n"
		"  --group NUMBER       number of the group; a successor needs that of its predecessor\n"
		"  --mark TYPE          inode, subtree, mount, filesystem, or global (takes no PATH)\n"
		"  --log WHAT           decisions to print: denied (if not given), all or none\n"
		"  --json               print them as JSON\n"
		"\n"
		"SIGUSR1 prints counters. Without rules a checker is needed, and is asked about\n"
		"everything.\n"
		"Exit status: 0; 1 refused or failed; 2 bad usage; 3 requests timed out, or lines\n"
		"of the log were lost.\n",
	},
	{
		"journal", "enable", cmd_journal_enable, "[OPTION]... MOUNTPOINT",
		"Make the journal of the filesystem at MOUNTPOINT, if there is none, and start it.\n"
		"\n"
		"  --size BYTES         of the ring file (K, M, G), which has to have it if it is there\n"
		"                       already; 64M if not given\n"
		"  --level LEVEL        of a new journal: durable, or ordered (see capabilities);\n"
		"                       durable if not given\n"
		"  --events KIND,...    kinds of event to record (see capabilities); if not given, as\n"
		"                       before, or every change\n"
		"  --interval-ms N      within which a record is on disk\n"
		"  --idle-limit SECONDS  cut consumers off that leave records alone for so long; 0: never\n"
		"  --queue-limit BYTES  of memory for records that are not written yet\n",
	},
	{
		"journal", "start", cmd_journal_start, "[OPTION]... MOUNTPOINT",
		"Start the journal that was enabled before.\n"
		"\n"
		"  --events, --interval-ms, --idle-limit, --queue-limit: as of journal enable\n",
	},
	{
		"journal", "stop", cmd_journal_stop, "[--force] MOUNTPOINT",
		"Write what waits, and stop the journal. It stays enabled.\n"
		"\n"
		"  --force              stop even if records cannot be written, and lose them; at level\n"
		"                       ordered, wait until a frozen filesystem is thawed\n",
	},
	{
		"journal", "disable", cmd_journal_disable, "MOUNTPOINT",
		"Stop the journal, if it runs, and remove it with all that it has recorded.\n",
	},
	{
		"journal", "status", cmd_journal_status, "[--json] [MOUNTPOINT]",
		"Show all journals that run, or the one of MOUNTPOINT, with their consumers.\n",
	},
	{
		"journal", "register", cmd_journal_register, "[OPTION]... --consumer NAME MOUNTPOINT",
		"Register a consumer. It prints a token, which deregister and ack want to see, and a\n"
		"cursor: where it starts.\n"
		"\n"
		"  --events KIND,...    kinds that it reads; all if not given\n"
		"  --oldest             start with the oldest record, not with what comes from now on\n"
		"  --json               as JSON\n",
	},
	{
		"journal", "deregister", cmd_journal_deregister, "--consumer NAME [OPTION] MOUNTPOINT",
		"Remove a consumer.\n"
		"\n"
		"  --token TOKEN        as register printed it\n"
		"  --force              without it\n",
	},
	{
		"journal", "consumers", cmd_journal_consumers, "[--json] MOUNTPOINT",
		"Show the consumers of a journal.\n",
	},
	{
		"journal", "read", cmd_journal_read, "[OPTION]... MOUNTPOINT",
		"Show records, and in the end the cursor after them, to go on with or acknowledge.\n"
		"\n"
		"  --consumer NAME      what this consumer wants, from what it has acknowledged on\n"
		"  --cursor CURSOR      from there on; neither of both: from the oldest on\n"
		"  --count N            stop after N records\n"
		"  --no-flush           not what has happened within the last interval\n"
		"  --json               one JSON object a line\n"
		"\n"
		"Exit status: 0; 1 refused or failed; 2 bad usage; 3 something is missing.\n",
	},
	{
		"journal", "follow", cmd_journal_follow, "--consumer NAME [OPTION]... MOUNTPOINT",
		"Show what a consumer has not acknowledged, a line where history ends, and then what\n"
		"happens, until interrupted. Nothing is missed or told twice in between.\n"
		"\n"
		"  --ack                acknowledge what was shown\n"
		"  --token TOKEN        for that, as register printed it\n"
		"  --force              for that, without it\n"
		"  --count N            stop after N records\n"
		"  --json               one JSON object a line\n"
		"\n"
		"Exit status: 0; 1 refused or failed; 2 bad usage; 3 something is missing.\n",
	},
	{
		"journal", "changed", cmd_journal_changed, "--consumer NAME [OPTION]... MOUNTPOINT",
		"Show each path to look at, as it is now, since what a consumer has acknowledged; and\n"
		"the cursor up to which that is, on standard error, to be acknowledged once it is done.\n"
		"MOUNTPOINT may be a directory below; paths are below it.\n"
		"\n"
		"  -0, --null           paths only, each ended by NUL, as rsync --from0 --files-from=-\n"
		"                       --delete --delete-missing-args --force takes them\n"
		"  --cursor-file FILE   write the cursor there\n"
		"  --json               one JSON object a line, the cursor in the last one\n"
		"\n"
		"Exit status: 0; 1 refused or failed; 2 bad usage; 3 something is missing: look at\n"
		"everything.\n",
	},
	{
		"journal", "ack", cmd_journal_ack, "--consumer NAME --cursor CURSOR [OPTION]... MOUNTPOINT",
		"Say that a consumer is done with all records up to a cursor.\n"
		"\n"
		"  --token TOKEN        as register printed it\n"
		"  --force              without it\n"
		"  --reset              even if that is back\n"
		"  --sync               wait until it is on disk\n",
	},
	{
		"journal", "check", cmd_journal_check, "[--json] FILE",
		"Look at the ring file of a journal, or a copy of one: is all of it whole? Needs no\n"
		"module. Of a journal that runs, the newest records may not be there yet.\n"
		"\n"
		"Exit status: 0; 1 it is damaged, or failed; 2 bad usage.\n",
	},
	{
		"sync", NULL, cmd_sync, "[OPTION]... SRC DST [-- RSYNC-OPTION...]",
		"Bring DST up to date with the directory SRC, on a filesystem with a journal, by rsync\n"
		"-aHAX --delete. The first time everything is looked at, then only what has changed.\n"
		"DST may be of another machine, as rsync has it.\n"
		"\n"
		"  --full               look at everything\n"
		"  --dry-run            only show what would be done\n"
		"  --progress           show how far rsync is\n"
		"  --consumer NAME      of the journal; if not given, made of SRC and DST\n"
		"  --json               print how it went as JSON\n"
		"\n"
		"Exit status: 0; 1 refused or failed; 2 bad usage.\n",
	},
	{
		"group", "set", cmd_group_set, "[OPTION]... NUMBER",
		"Change the settings of a group, whoever its members are.\n"
		"\n"
		"  --timeout-ms N, --on-timeout WHAT, --evict-after N, --on-evict WHAT,\n"
		"  --linger-ms N, --wait-ms N, --uid-pending N, --window N: as of gate\n"
		"  --queue-limit BYTES  of waiting events, at which events are lost (K, M, G)\n",
	},
	{
		"group", "lift", cmd_group_lift, "NUMBER",
		"End a group that has no member any more and denies all.\n",
	},
	{
		"group", "show", cmd_group_show, "[--json] [NUMBER]",
		"Show all groups, or the one of that number.\n",
	},
	{
		"mark", "show", cmd_mark_show, "[--json] [--group NUMBER]",
		"Show all marks, or those of one group.\n",
	},
	{
		"stats", NULL, cmd_stats, "[--json] [--group NUMBER]",
		"Show the members of all groups, or of one, with their counters.\n",
	},
	{
		"capabilities", NULL, cmd_capabilities, "[--json]",
		"Show the kinds of event, the marks and the limits of this kernel.\n",
	},
	{
		"version", NULL, cmd_version, "[--json]",
		"Show the versions of this program, the library, the module and the kernel.\n",
	},
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *file, const struct command *c)
{
	fprintf(file, "fanotifyctl %s%s%s %s\n", c->object, c->verb ? " " : "",
		c->verb ? c->verb : "", c->usage);
}

static int help_all(void)
{
	printf("File events over netlink.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		print_usage(stdout, &commands[i]);
	printf("fanotifyctl help [OBJECT]\n\n"
	       "--help after any command shows its options; fanotifyctl(8) has the rest.\n");
	return EXIT_SUCCESS;
}

/* @name is "OBJECT" or "OBJECT VERB"; all of the object's commands, or the one. */
int show_help(const char *name)
{
	size_t len = strcspn(name, " ");
	bool found = false;

	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (strlen(c->object) != len || memcmp(c->object, name, len) ||
		    (name[len] && (!c->verb || strcmp(c->verb, name + len + 1))))
			continue;
		if (found)
			putchar('\n');
		print_usage(stdout, c);
		fputs(c->help, stdout);
		found = true;
	}
	if (found)
		return EXIT_SUCCESS;
	usage_error("%s: no such command", name);
	return EXIT_USAGE;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "--help") || !strcmp(word, "-h");
}

/* "help" may be the name of a file then. */
static bool takes_path(const struct command *c)
{
	return c->run == cmd_monitor || c->run == cmd_mirror || c->run == cmd_gate;
}

static int help(char **argv)
{
	if (!argv[0])
		return help_all();
	if (argv[1]) {
		usage_error("help: one word too many");
		return EXIT_USAGE;
	}
	return show_help(argv[0]);
}

static int run(char **argv)
{
	const struct command *c = NULL;
	bool found = false;

	if (!argv[0]) {
		usage_error("a command is missing");
		return EXIT_USAGE;
	}
	if (is_help(argv[0]))
		return help(argv + 1);
	if (!strcmp(argv[0], "--version"))
		argv[0] = "version";
	for (size_t i = 0; i < COMMANDS; i++) {
		c = &commands[i];
		if (strcmp(c->object, argv[0]))
			continue;
		if (!c->verb)
			return argv[1] && !argv[2] && !takes_path(c) && is_help(argv[1]) ?
			       show_help(c->object) : c->run(argv + 1);
		if (!argv[1]) {
			usage_error("%s: a command is missing", c->object);
			return EXIT_USAGE;
		}
		if (is_help(argv[1]))
			return show_help(c->object);
		found = true;
		if (!strcmp(c->verb, argv[1]))
			return c->run(argv + 2);
	}
	if (found)
		usage_error("%s %s: no such command", argv[0], argv[1]);
	else
		usage_error("%s: no such command", argv[0]);
	return EXIT_USAGE;
}

/* A socket must not get the number of a standard file that is closed. */
static int open_standard_files(void)
{
	bool has_output = fcntl(STDOUT_FILENO, F_GETFD) >= 0;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return -1;
	if (has_output)
		return 0;
	complain("standard output: %s", strerror(EBADF));
	return -1;
}

int main(int argc, char **argv)
{
	int status;

	if (open_standard_files())
		return EXIT_FAILURE;
	status = run(argc ? argv + 1 : argv);
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	complain("standard output: %s", strerror(errno));
	return status ? status : EXIT_FAILURE;
}
