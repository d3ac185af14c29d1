// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: tests of what needs no kernel module. Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "rules.h"
#include "text.h"
#include "unit.h"

static char *errors;

static void keep(void *arg, const char *text)
{
	char *all = xasprintf("%s%s\n", errors ? errors : "", text);

	(void)arg;
	free(errors);
	errors = all;
}

/* Rules that are in order. */
static struct rules parsed(const char *text)
{
	struct rules rules;

	free(errors);
	errors = NULL;
	is(text, rules_parse(&rules, "dir/rules", text, strlen(text), keep, NULL), 0);
	same(text, errors, NULL);
	return rules;
}

static void error_is(const char *text, size_t len, const char *want)
{
	struct rules rules;

	free(errors);
	errors = NULL;
	is(text, rules_parse(&rules, "dir/rules", text, len, keep, NULL), -1);
	is(text, rules.count, 0);
	same(text, errors, want);
}

static void test_glob(void)
{
	static const struct {
		const char *glob, *path;
		bool fits;
	} table[] = {
		{ "/a/b", "/a/b", true },
		{ "/a/b", "/a/bc", false },
		{ "/a/b", "/a/", false },
		{ "/a/*", "/a/bcd", true },
		{ "/a/*", "/a/", true },
		{ "/a/*", "/a/b/c", false },
		{ "/a/**", "/a/b/c", true },
		{ "/a/**/z", "/a/b/c/z", true },
		{ "/a/**/z", "/a/z", false },
		{ "**.exe", "/a/b.c/d.exe", true },
		{ "**.exe", "/a/b.exe/d", false },
		{ "/*/b*d/*.c", "/aa/bxxd/x.c.c", true },
		{ "/*/b*d/*.c", "/aa/x/bd/x.c", false },
		/* the double star has to be tried again after a single one */
		{ "/**/a*b", "/x/a1/y/a2b", true },
		{ "/**/a*b", "/x/a1/y/a2/b", false },
		{ "/a*b*c", "/abbbcbc", true },
		{ "/a*b*c", "/abbb/c", false },
		{ "/a?c", "/abc", true },
		{ "/a?c", "/a/c", false },
		{ "/a?", "/a", false },
		{ "/[ab]x", "/bx", true },
		{ "/[!ab]x", "/bx", false },
		{ "/[^ab]x", "/cx", true },
		{ "/[!a]", "//", false },
		{ "/[a-c]", "/b", true },
		{ "/[a-c]", "/-", false },
		{ "/[a-]", "/-", true },
		{ "/[]a]", "/]", true },
		{ "/[a\\]b]", "/]", true },
		{ "/[\xe0-\xef]", "/\xe8", true },
		{ "/\\*", "/*", true },
		{ "/\\*", "/a", false },
		{ "/a\\b", "/ab", true },
		{ "**", "", true },
		{ "*", "/", false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *what = xasprintf("%s of %s", table[i].glob, table[i].path);

		is(what, glob_match(table[i].glob, table[i].path), table[i].fits);
		free(what);
	}
	same("class", glob_check("/[a"), "a ] after each [");
	same("class", glob_check("/[]"), "a ] after each [");
	same("backslash", glob_check("/a\\"), "a character after the last backslash");
	same("good", glob_check("/[]a]\\[*"), NULL);
}

/* A glob with many stars must not take exponential time. */
static void test_glob_time(void)
{
	char path[4096], glob[256] = "/";

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	for (int i = 0; i < 60; i++)
		strcat(glob, i & 1 ? "a*" : "a**");
	strcat(glob, "b");
	is("stars", glob_match(glob, path), false);
}

static void test_errors(void)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{ "allwo path=/a",
		  "dir/rules:1:1: expected allow, deny, ask or default, found \"allwo\"\n" },
		{ "# first\n\n  deny=EFOO path=/a",
		  "dir/rules:3:8: expected EPERM, EIO, EBUSY, ETXTBSY, EAGAIN, ENOSPC or EDQUOT,"
		  " found \"EFOO\"\n" },
		{ "deny",
		  "dir/rules:1:5: expected a condition; what holds for everything else is a"
		  " default, found the end of the line\n" },
		{ "deny op=opne",
		  "dir/rules:1:9: expected open, exec or access, found \"opne\"\n" },
		{ "deny op=open,",
		  "dir/rules:1:14: expected open, exec or access, found the end of"
		  " the line\n" },
		{ "deny op=open op=exec",
		  "dir/rules:1:14: expected op only once in a rule, found \"op=exec\"\n" },
		{ "deny audit audit path=/a",
		  "dir/rules:1:12: expected each option only once, found \"audit\"\n" },
		{ "deny ptah=/a",
		  "dir/rules:1:6: expected audit, remember, or a condition on op,"
		  " path, subtree, exec, uid, owner, size or sha256, found \"ptah=/a\"\n" },
		{ "deny path",
		  "dir/rules:1:10: expected = or !=, found the end of the line\n" },
		{ "deny path!/a",
		  "dir/rules:1:11: expected = after !, found \"/a\"\n" },
		{ "deny path=a",
		  "dir/rules:1:11: expected an absolute path, or ** at its start,"
		  " found \"a\"\n" },
		{ "deny path=/a,/[b",
		  "dir/rules:1:14: expected a ] after each [, found \"/[b\"\n" },
		{ "deny subtree=a",
		  "dir/rules:1:14: expected an absolute path, found \"a\"\n" },
		{ "deny path=\"/a",
		  "dir/rules:1:14: expected a closing quote, found the end of the"
		  " line\n" },
		{ "deny path=\"/a\"b",
		  "dir/rules:1:15: expected a comma or a blank after the quote,"
		  " found \"b\"\n" },
		{ "deny path=",
		  "dir/rules:1:11: expected a glob, found the end of the line\n" },
		{ "deny size=1T",
		  "dir/rules:1:11: expected bytes (K, M, G may follow) or a range"
		  " FROM-TO of them, found \"1T\"\n" },
		{ "deny size=2-1",
		  "dir/rules:1:11: expected a range that ends above its start, found \"2-1\"\n" },
		{ "deny uid=nobody-at-all",
		  "dir/rules:1:10: expected a user's number, name in"
		  " /etc/passwd, or a range FROM-TO of numbers, found \"nobody-at-all\"\n" },
		{ "deny uid=-",
		  "dir/rules:1:10: expected a user's number, name in /etc/passwd, or"
		  " a range FROM-TO of numbers, found \"-\"\n" },
		{ "deny sha256=none",
		  "dir/rules:1:13: expected a file of hashes, but dir/none:"
		  " No such file or directory\n" },
		{ "default path=/a",
		  "dir/rules:1:9: expected allow, deny, ask or default, found"
		  " \"path=/a\"\n" },
		{ "default deny path=/a",
		  "dir/rules:1:14: expected audit, remember or the end of"
		  " the line, found \"path=/a\"\n" },
		{ "default deny\ndefault allow",
		  "dir/rules:2:1: expected one default, and line 1 has it\n" },
		/* columns are characters, and each bad line is told of */
		{ "deny path=/\xc3\xa9 x\nallow\n",
		  "dir/rules:1:14: expected audit, remember, or a"
		  " condition on op, path, subtree, exec, uid, owner, size or sha256, found \"x\"\n"
		  "dir/rules:2:6: expected a condition; what holds for everything else is a"
		  " default, found the end of the line\n" },
		{ "deny \033[1m",
		  "dir/rules:1:6: expected audit, remember, or a condition on op,"
		  " path, subtree, exec, uid, owner, size or sha256, found \"\\x1b[1m\"\n" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		error_is(table[i].text, strlen(table[i].text), table[i].want);
	error_is("deny path=/a\0b", 14, "dir/rules:1:13: expected text, found a NUL byte\n");
}

static const struct subject plain = {
	.operation = OPERATION_OPEN,
	.path = "/srv/data/file",
	.exec = "/usr/bin/cat",
	.has_uid = true,
	.has_owner = true,
	.has_size = true,
	.uid = 1000,
	.owner = 0,
	.size = 4096,
};

/* Does a rule with these conditions fit the subject? */
static void fits(const char *conditions, const struct subject *subject, bool want)
{
	char *text = xasprintf("default deny\nallow %s\n", conditions);
	struct rules rules = parsed(text);
	const struct action *action;
	unsigned int line = 0;

	action = rules_match(&rules, subject, &line);
	is(conditions, action && action->outcome == OUTCOME_ALLOW, want);
	is(conditions, line, want ? 2 : 1);
	rules_free(&rules);
	free(text);
}

static void test_conditions(void)
{
	struct subject unknown = { .operation = OPERATION_EXEC, .hashed = true };

	fits("op=open", &plain, true);
	fits("op=exec,access", &plain, false);
	fits("op!=exec", &plain, true);
	fits("path=/srv/*/file", &plain, true);
	fits("path=/srv/*,/tmp/*", &plain, false);
	fits("path!=/srv/*,/tmp/*", &plain, true);
	fits("path!=/tmp/*,/srv/data/*", &plain, false);
	fits("path=\"/srv/data/file\"", &plain, true);
	fits("path=\"/srv/a,b\",\"/srv/data/f\\\\i\\\\l\\\\e\"", &plain, true);
	fits("subtree=/srv", &plain, true);
	fits("subtree=/srv/", &plain, true);
	fits("subtree=/srv/data/file", &plain, true);
	fits("subtree=/srv/dat", &plain, false);
	fits("subtree=/", &plain, true);
	fits("exec=/usr/bin/*", &plain, true);
	fits("exec!=/usr/bin/cat", &plain, false);
	fits("uid=1000", &plain, true);
	fits("uid=0-999,1001-", &plain, false);
	fits("uid=-1000", &plain, true);
	fits("owner=root", &plain, true);
	fits("owner!=0", &plain, false);
	fits("size=4K", &plain, true);
	fits("size=4097-", &plain, false);
	fits("size=-1K,4000-5000", &plain, true);
	/* all have to hold */
	fits("path=/srv/** path=**/file uid=1000", &plain, true);
	fits("path=/srv/** path=**/other uid=1000", &plain, false);
	/* what is not known fits neither way */
	for (int i = 0; i < 2; i++) {
		const char *equals = i ? "!=" : "=";
		static const char *const pairs[][2] = {
			{ "path", "/x" }, { "subtree", "/x" }, { "exec", "/x" }, { "uid", "1" },
			{ "owner", "1" }, { "size", "1" },
		};

		for (size_t j = 0; j < sizeof(pairs) / sizeof(pairs[0]); j++) {
			char *text = xasprintf("%s%s%s", pairs[j][0], equals, pairs[j][1]);

			fits(text, &unknown, false);
			free(text);
		}
	}
}

static void test_order(void)
{
	struct rules rules = parsed("deny=EIO audit path=/srv/** uid=5   # comment\n"
				    "\t\n"
				    "allow remember path=/srv/data/**\r\n"
				    "deny path=/srv/**\n"
				    "default ask audit remember\n");
	struct subject subject = plain;
	const struct action *action;
	unsigned int line;

	is("rules", rules.count, 3);
	action = rules_match(&rules, &subject, &line);
	is("line", line, 3);
	is("remember", action->remember && !action->audit, true);
	subject.uid = 5;
	action = rules_match(&rules, &subject, &line);
	is("line", line, 1);
	is("deny", action->outcome, OUTCOME_DENY);
	is("errno", action->error, EIO);
	is("audit", action->audit && !action->remember, true);
	subject.path = "/tmp/x";
	action = rules_match(&rules, &subject, &line);
	is("line", line, 5);
	is("ask", action->outcome, OUTCOME_ASK);
	is("ask", rules.ask_line, 5);
	rules_free(&rules);
	action = rules_match(&rules, &subject, &line);
	is("no rules allow", action->outcome == OUTCOME_ALLOW && !line, true);
}

static void test_operations(void)
{
	static const struct {
		const char *text;
		__u32 operations;
	} table[] = {
		{ "", 0 },
		{ "deny path=/a", OPERATION_OPEN },
		{ "deny op=exec path=/a", OPERATION_EXEC },
		{ "deny op=access,exec uid=1", OPERATION_EXEC | OPERATION_ACCESS },
		{ "deny op!=exec uid=1", OPERATION_OPEN | OPERATION_ACCESS },
		{ "deny op=exec uid=1\nask uid=2", OPERATION_EXEC | OPERATION_OPEN },
		{ "allow op=access uid=1\ndeny op=exec uid=2", OPERATION_EXEC },
		{ "allow op=access uid=1\ndeny uid=2", OPERATION_OPEN | OPERATION_ACCESS },
		{ "deny uid=2\nallow op=access uid=1", OPERATION_OPEN | OPERATION_ACCESS },
		{ "allow path=/a", 0 },
		{ "allow audit path=/a", OPERATION_OPEN },
		{ "allow path=/a\ndefault deny", OPERATION_OPEN },
		{ "allow path=/a\ndeny op=exec path=/b", OPERATION_EXEC },
		{ "allow op=exec path=/a\ndefault deny", OPERATION_OPEN | OPERATION_EXEC },
		{ "deny op=exec path=/a\ndefault deny", OPERATION_OPEN | OPERATION_EXEC },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rules rules = parsed(table[i].text);

		is(table[i].text, rules_operations(&rules), table[i].operations);
		rules_free(&rules);
	}
	same("name", operation_name(OPERATION_EXEC), "exec");
	same("name", operation_name(8), NULL);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

#define ABC	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_hashes(void)
{
	static const char list[] = "# hashes\n\n"
		"\\E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855  a\\nb\n"
		ABC " *file\n" ABC;
	unsigned char sha256[SHA256_BYTES];
	struct hashes hashes = { 0 };
	unsigned int line, column;
	int fd = memfd_create("file", 0);
	char *hex;

	is("list", hashes_parse(&hashes, list, strlen(list), &line, &column), 0);
	is("count", hashes.count, 3);
	is("write", write(fd, "abc", 3), 3);
	is("hash", hash_file(fd, sha256, never, NULL), 0);
	hex = text_hex(sha256, sizeof(sha256));
	same("hash", hex, ABC);
	free(hex);
	is("in it", hashes_has(&hashes, sha256), true);
	is("stopped", hash_file(fd, sha256, always, NULL), -ECANCELED);
	is("truncate", ftruncate(fd, 0), 0);
	is("hash", hash_file(fd, sha256, never, NULL), 0);
	is("empty file in it", hashes_has(&hashes, sha256), true);
	is("write", pwrite(fd, "abd", 3, 0), 3);
	is("hash", hash_file(fd, sha256, never, NULL), 0);
	is("not in it", hashes_has(&hashes, sha256), false);
	close(fd);
	is("no file", hash_file(fd, sha256, never, NULL), -EBADF);
	is("short", hashes_parse(&hashes, "\n" ABC "\n  12z4", 73, &line, &column), -1);
	is("line", line, 3);
	is("column", column, 5);
	is("long", hashes_parse(&hashes, ABC "0", 65, &line, &column), -1);
	is("column", column, 65);
	is("unchanged", hashes.count, 3);
	hashes_free(&hashes);
	is("none", hashes_has(&hashes, sha256), false);
}

/* A file is hashed only if nothing else of the rule says no. */
static void test_hash_rules(void)
{
	char name[] = "/tmp/fanotifyctl-hashes-XXXXXX";
	int fd = mkstemp(name);
	struct subject subject = plain;
	unsigned char sha256[SHA256_BYTES];
	struct rules rules;
	unsigned int line = 0;
	char *text;

	is("write", write(fd, ABC "\n", 65), 65);
	close(fd);
	text = xasprintf("deny sha256=%s uid=7\n", name);
	rules = parsed(text);
	is("asks not", rules_match(&rules, &subject, &line) != NULL, true);
	rules_free(&rules);
	free(text);
	text = xasprintf("deny sha256=%s uid=7\nallow sha256=%s\nallow sha256!=%s uid=1000\n"
			 "default deny", name, name, name);
	rules = parsed(text);
	is("asks", rules_match(&rules, &subject, &line) == NULL, true);
	subject.hashed = true;
	rules_match(&rules, &subject, &line);
	is("no hash", line, 4);
	memset(sha256, 0, sizeof(sha256));
	subject.sha256 = sha256;
	rules_match(&rules, &subject, &line);
	is("another", line, 3);
	for (int i = 0; i < SHA256_BYTES; i++)
		sscanf(ABC + 2 * i, "%2hhx", &sha256[i]);
	rules_match(&rules, &subject, &line);
	is("listed", line, 2);
	subject.uid = 7;
	rules_match(&rules, &subject, &line);
	is("listed", line, 1);
	rules_free(&rules);
	free(text);
	unlink(name);
}

static void verdict_is(const char *text, const char *wrong, struct action want)
{
	struct action action = { .outcome = OUTCOME_ASK, .remember = true };

	same(text, verdict_parse(text, &action), wrong);
	if (wrong)
		want = (struct action){ .outcome = OUTCOME_ASK, .remember = true };
	is(text, action.outcome, want.outcome);
	is(text, action.error, want.error);
	is(text, action.audit, want.audit);
	is(text, action.remember, want.remember);
}

static void test_verdicts(void)
{
	const struct action none = { 0 };

	verdict_is("{\"verdict\":\"allow\"}\n", NULL, (struct action){ .remember = true });
	verdict_is(" {\"errno\":\"EIO\", \"verdict\":\"deny\", \"audit\":true, \"remember\":false}",
		   NULL, (struct action){ .outcome = OUTCOME_DENY, .error = EIO, .audit = true });
	verdict_is("allow", "standard output is not one JSON object", none);
	verdict_is("[\"allow\"]", "standard output is not one JSON object", none);
	verdict_is("{\"verdict\":\"allow\"} x", "standard output is not one JSON object", none);
	verdict_is("{\"verdict\":\"allow\"", "standard output is not one JSON object", none);
	verdict_is("{}", "there is no verdict in it", none);
	verdict_is("{\"verdict\":\"EIO\"}", "verdict is neither \"allow\" nor \"deny\"", none);
	verdict_is("{\"verdict\":true}", "verdict is neither \"allow\" nor \"deny\"", none);
	verdict_is("{\"verdict\":null}", "verdict is neither \"allow\" nor \"deny\"", none);
	verdict_is("{\"verdict\":\"deny\",\"errno\":\"deny\"}",
		   "errno is not the name of one that is allowed", none);
	verdict_is("{\"verdict\":\"deny\",\"errno\":5}",
		   "errno is not the name of one that is allowed", none);
	verdict_is("{\"verdict\":\"allow\",\"errno\":\"EIO\"}", "errno goes with deny", none);
	verdict_is("{\"verdict\":\"deny\",\"audit\":1}", "audit and remember are true or false",
		   none);
	verdict_is("{\"verdict\":\"deny\",\"why\":\"x\"}",
		   "it has a key besides verdict, errno, audit and remember", none);
}

static void test_clamd(void)
{
	static const struct {
		const char *reply, *found;
		int ret;
	} table[] = {
		{ "fd[10]: OK", NULL, 0 },
		{ "stream: OK", NULL, 0 },
		{ "fd[10]: Test.File FOUND", "Test.File", 0 },
		{ "stream: A b: c FOUND", "A b: c", 0 },
		{ "fd[10]: No OK", NULL, -1 },
		{ "fd[10]: Can't open file ERROR", NULL, -1 },
		{ "UNKNOWN COMMAND", NULL, -1 },
		{ "INSTREAM size limit exceeded. ERROR", NULL, -1 },
		{ "fd[10]: FOUND", NULL, -1 },
		{ " FOUND", NULL, -1 },
		{ "", NULL, -1 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *reply = xstrdup(table[i].reply);
		char *found;

		is(table[i].reply, clamd_parse(reply, &found), table[i].ret);
		same(table[i].reply, found, table[i].found);
		free(reply);
	}
}

static void test_actions(void)
{
	struct action action;

	is("allow", action_parse("allow", &action) || action.outcome != OUTCOME_ALLOW, 0);
	is("deny", action_parse("deny", &action) || action.outcome != OUTCOME_DENY || action.error,
	   0);
	is("EBUSY", action_parse("EBUSY", &action) || action.error != EBUSY, 0);
	is("ENOENT", action_parse("ENOENT", &action), -1);
	is("ask", action_parse("ask", &action), -1);
	is("empty", action_parse("", &action), -1);
}

int main(void)
{
	printf("TAP version 13\n1..11\n");
	run("globs fit what they should", test_glob);
	run("globs take no time", test_glob_time);
	run("errors in rules have a place and a reason", test_errors);
	run("conditions hold when they should", test_conditions);
	run("the first rule that fits decides", test_order);
	run("what is gated is what rules ask for", test_operations);
	run("hashes are listed and computed", test_hashes);
	run("files are hashed only if needed", test_hash_rules);
	run("a command's verdict is understood", test_verdicts);
	run("a daemon's answer is understood", test_clamd);
	run("outcomes have names", test_actions);
	free(errors);
	return 0;
}
