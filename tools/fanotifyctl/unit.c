// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: tests of what needs no kernel module. Prints TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "filter.h"
#include "journal.h"
#include "out.h"
#include "text.h"
#include "tree.h"
#include "unit.h"

static void test_quote(void)
{
	static const struct {
		const char *in, *out;
	} table[] = {
		{ "/plain/name", "/plain/name" },
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "a\"b", "\"a\\\"b\"" },
		{ "a\\b", "a\\\\b" },
		{ "a\nb\tc\rd", "a\\nb\\tc\\rd" },
		{ "\033[31m", "\\x1b[31m" },
		{ "\177", "\\x7f" },
		{ "\xff", "\\xff" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xc3", "caf\\xc3" },
		{ "\xc0\xaf", "\\xc0\\xaf" },		/* overlong */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },	/* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },	/* half of a pair */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xc2\x9b" "31m", "\\xc2\\x9b31m" },	/* C1: CSI */
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },	/* right to left */
		{ "\xef\xbf\xb9", "\\xef\\xbf\\xb9" },	/* annotation */
		{ "a\xc2\xa0" "b", "\"a\xc2\xa0" "b\"" },	/* blanks, but not ASCII */
		{ "a\xe2\x80\x83" "b", "\"a\xe2\x80\x83" "b\"" },
		{ "a\xe2\x80\xaf" "b", "\"a\xe2\x80\xaf" "b\"" },
		{ "a\xe3\x80\x80" "b", "\"a\xe3\x80\x80" "b\"" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *got = text_quote(table[i].in, strlen(table[i].in));

		same(table[i].in, got, table[i].out);
		is("printable", text_is_utf8(got, strlen(got)), true);
		free(got);
	}
	is("columns", text_columns("caf\xc3\xa9"), 4);
}

static void test_json(void)
{
	static const struct {
		const char *in, *out;
	} table[] = {
		{ "", "" },
		{ "/plain name", "/plain name" },
		{ "a\"b\\c", "a\\\"b\\\\c" },
		{ "a\nb\033", "a\\u000ab\\u001b" },
		{ "\177\xc2\x9b", "\\u007f\\u009b" },
		{ "\xe2\x80\xae", "\\u202e" },
		{ "caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xf0\x9f\x98\x80" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *got = text_json(table[i].in, strlen(table[i].in));

		same(table[i].in, got, table[i].out);
		free(got);
	}
}

static void test_message(void)
{
	char *got = text_message("a \\x1b\033[31m\n\xff", 13);

	same("message", got, "a \\x1b\\x1b[31m\\n\\xff");
	free(got);
}

/* What is on standard output, as text or as JSON. */
static void printed_is(void (*print)(struct out *o), bool json, const char *want)
{
	struct out o = { .json = json };
	int saved = dup(STDOUT_FILENO);
	int pipes[2];
	char got[512];
	ssize_t n;

	fflush(stdout);
	if (saved < 0 || pipe(pipes) || dup2(pipes[1], STDOUT_FILENO) < 0)
		exit(1);
	out_begin(&o);
	print(&o);
	is("written", out_end(&o), 0);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(pipes[1]);
	n = read(pipes[0], got, sizeof(got) - 1);
	got[n < 0 ? 0 : n] = '\0';
	close(pipes[0]);
	same("record", got, want);
}

static void print_record(struct out *o)
{
	out_u64(o, "big", "big ", ~0ULL);
	out_s64(o, "small", NULL, -1);
	out_object(o, "in");
	out_string(o, "name", " name ", "x");
	out_object_end(o);
	out_object(o, "empty");
	out_object_end(o);
	out_list(o, "list");
	for (int i = 0; i < 2; i++) {
		out_object(o, NULL);
		out_u64(o, "i", NULL, i);
		out_object_end(o);
	}
	out_list_end(o);
	out_bits(o, "bits", " ", FANOTIFY_STAT_FIELD_MODE | 1ULL << 63, out_stat_field);
	out_bits(o, "none", " ", 0, out_stat_field);
	out_bytes(o, "path", " ", "a b\xff", 4);
	out_text(o, " %s", "end");
}

static void test_record(void)
{
	printed_is(print_record, false,
		   "big 18446744073709551615 name x mode,0x8000000000000000 none"
		   " \"a b\\xff\" end\n");
	printed_is(print_record, true,
		   "{\"big\":18446744073709551615,\"small\":-1,\"in\":{\"name\":\"x\"},"
		   "\"empty\":{},\"list\":[{\"i\":0},{\"i\":1}],\"bits\":[\"mode\",\"0x8000000000000000\"],\"none\":[],"
		   "\"path\":\"a b\\\\xff\",\"path_hex\":\"612062ff\"}\n");
}

static void print_consumer(struct out *o)
{
	const struct fanotify_nl_consumer_info info = { .name = "\033]0;x\xff" };

	journal_consumer_print(o, "", &info);
}

/* Whatever file it comes from. */
static void test_consumer(void)
{
	printed_is(print_consumer, false,
		   "consumer \\x1b]0;x\\xff  behind 0  acknowledged 0, last never  registered never\n");
	printed_is(print_consumer, true,
		   "{\"consumer\":\"\\\\x1b]0;x\\\\xff\",\"consumer_hex\":\"1b5d303b78ff\","
		   "\"behind\":0,\"acked\":0,\"acked_at\":0,\"registered\":0,\"events\":[]}\n");
}

static const char mountinfo[] =
	"21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
	"30 21 0:24 /@home /home rw - btrfs /dev/vdb rw,subvol=/@home\n"
	"31 21 254:1 /srv/data /mnt/with\\040blank rw master:2 - ext4 /dev/vda1 rw\n"
	"32 21 0:25 / /tmp rw - tmpfs tmpfs rw\n";

static void read_mounts(struct mounts *mounts)
{
	FILE *file = fmemopen((char *)mountinfo, strlen(mountinfo), "r");

	is("mountinfo", mounts_parse(mounts, file), 0);
	fclose(file);
}

static void name_is(const struct tree *tree, __u32 major, __u32 minor, const char *path,
		    const char *want, bool want_inside)
{
	bool inside;
	char *got = tree_name(tree, major, minor, path, &inside);

	same(path, got, want);
	is(path, inside, want_inside);
	free(got);
}

static void test_mountinfo(void)
{
	char bad[] = "21 1 254:1 /\n";
	FILE *file = fmemopen(bad, strlen(bad), "r");
	struct mounts mounts;

	is("bad line", mounts_parse(&mounts, file) < 0, true);
	fclose(file);
	read_mounts(&mounts);
	is("mounts", mounts.count, 4);
	same("point", mounts.list[2].point, "/mnt/with blank");
	same("root", mounts.list[2].root, "/srv/data");
	same("type", mounts.list[1].type, "btrfs");
	is("id", mounts.list[1].id, 30);
	same("by device", mounts_by_dev(&mounts, 0, 25)->point, "/tmp");
	is("no such device", mounts_by_dev(&mounts, 9, 9) == NULL, true);
	mounts_free(&mounts);
}

static void test_names(void)
{
	struct tree tree = { 0 };

	read_mounts(&tree.mounts);
	tree_add_real(&tree, "foo/bar/", "/x/foo/bar", &tree.mounts.list[0]);
	tree_add_real(&tree, "/home", "/home", &tree.mounts.list[1]);
	tree_add_real(&tree, ".", "/mnt/with blank/sub", &tree.mounts.list[2]);

	name_is(&tree, 254, 1, "/x/foo/bar", "foo/bar", true);
	name_is(&tree, 254, 1, "/x/foo/bar/a/b", "foo/bar/a/b", true);
	name_is(&tree, 254, 1, "/x/foo/barn", "/x/foo/barn", false);
	name_is(&tree, 254, 1, "/x/foo", "/x/foo", false);
	name_is(&tree, 0, 24, "/@home", "/home", true);
	name_is(&tree, 0, 24, "/@home/u", "/home/u", true);
	name_is(&tree, 0, 24, "/@other/u", NULL, false);
	name_is(&tree, 254, 1, "/srv/data/sub/f", "./f", true);
	name_is(&tree, 0, 25, "/f", "/tmp/f", false);
	name_is(&tree, 9, 9, "/f", NULL, false);
	tree_free(&tree);
}

static void test_root(void)
{
	struct tree tree = { 0 };

	read_mounts(&tree.mounts);
	tree_add_real(&tree, "/", "/", &tree.mounts.list[0]);
	tree_add_real(&tree, "in", "/a/in", &tree.mounts.list[0]);
	name_is(&tree, 254, 1, "/", "/", true);
	name_is(&tree, 254, 1, "/a", "/a", true);
	name_is(&tree, 254, 1, "/a/in/b", "in/b", true);
	name_is(&tree, 0, 25, "/a", "/tmp/a", false);
	tree_free(&tree);
}

static void test_moved(void)
{
	const struct fanotify_nl_node none = { 0 };
	const struct fanotify_nl_node one = { .handle = "1111", .handle_len = 4 };
	const struct fanotify_nl_node two = { .handle = "2222", .handle_len = 4 };
	struct tree tree = { 0 };

	read_mounts(&tree.mounts);
	tree_add_real(&tree, "w", "/a/w", &tree.mounts.list[0]);
	tree_moved(&tree, 0, 24, "/a", "/b", &none, false);
	name_is(&tree, 254, 1, "/a/w/f", "w/f", true);
	tree_moved(&tree, 254, 1, "/a", "/b", &none, false);
	name_is(&tree, 254, 1, "/a/w/f", "/a/w/f", false);
	name_is(&tree, 254, 1, "/b/w/f", "w/f", true);
	tree_moved(&tree, 254, 1, "/b/w/x", "/b/y", &none, false);
	name_is(&tree, 254, 1, "/b/w/f", "w/f", true);
	/* two records, one exchange */
	tree_moved(&tree, 254, 1, "/b/w", "/c", &none, true);
	tree_moved(&tree, 254, 1, "/c", "/b/w", &none, true);
	name_is(&tree, 254, 1, "/c/f", "w/f", true);
	/* the view may be the other one of the two */
	tree_moved(&tree, 254, 1, "/d", "/c", &none, true);
	tree_moved(&tree, 254, 1, "/c", "/d", &none, true);
	name_is(&tree, 254, 1, "/d/f", "w/f", true);
	/* an exchange that is not flagged: the handles tell */
	tree.views[0].node = one;
	tree.views[0].node.handle = xstrdup("1111");
	tree_moved(&tree, 254, 1, "/d", "/e", &one, false);
	tree_moved(&tree, 254, 1, "/e", "/d", &two, false);
	name_is(&tree, 254, 1, "/e/f", "w/f", true);
	tree_free(&tree);
}

static void test_numbers(void)
{
	__u64 bytes;
	__u32 small;
	__s64 ms;

	is("64K", parse_bytes("64K", &bytes), 0);
	is("64K", bytes, 65536);
	is("3G", parse_bytes("3G", &bytes), 0);
	is("3G", bytes, 3LL << 30);
	is("too large", parse_bytes("99999999999G", &bytes), -1);
	is("unit", parse_bytes("1T", &bytes), -1);
	is("negative", parse_bytes("-1", &bytes), -1);
	is("empty", parse_bytes("", &bytes), -1);
	is("u32", parse_u32("4294967296", &small), -1);
	is("u32", parse_u32("12x", &small), -1);
	is("u64", parse_u64("18446744073709551616", &bytes), -1);
	is("1.25", parse_seconds("1.25", &ms), 0);
	is("1.25", ms, 1250);
	is("0", parse_seconds("0", &ms), 0);
	is("1.", parse_seconds("1.", &ms), -1);
	is("1.2.3", parse_seconds("1.2.3", &ms), -1);
	is("stat", parse_stat_fields("mode,size", &small), 0);
	is("stat", small, FANOTIFY_STAT_FIELD_MODE | FANOTIFY_STAT_FIELD_SIZE);
	is("stat none", parse_stat_fields("none", &small), 0);
	is("stat none", small, 0);
	is("stat bad", parse_stat_fields("mode,", &small), -1);
	is("stat prefix", parse_stat_fields("mod", &small), -1);
}

static void test_options(void)
{
	bool json = false, help = false;
	const char *count = NULL;
	const struct option_def defs[] = {
		{ .name = "json", .flag = &json },
		{ .name = "help", .flag = &help },
		{ .name = "count", .value = &count },
		{ .name = NULL },
	};
	char *line[] = { "a", "--json", "b", "--count=3", "-", "--", "cmd", "--x", NULL };
	char *next[] = { "--count", "4", NULL };
	char *abbreviated[] = { "--js", NULL };
	char *value[] = { "--json=1", NULL };
	char *missing[] = { "--count", NULL };
	char *separator[] = { "--count", "--", "ls", NULL };
	char *dash[] = { "-x", NULL };
	char *short_help[] = { "a", "-h", NULL };
	struct words words;

	is("line", options_parse(defs, line, &words), 0);
	is("words", words.count, 3);
	same("word", words.list[1], "b");
	same("word", words.list[2], "-");
	same("word", words.list[3], NULL);
	same("command", words.command[0], "cmd");
	same("command", words.command[1], "--x");
	same("count", count, "3");
	is("json", json, true);
	is("next", options_parse(defs, next, &words), 0);
	same("count", count, "4");
	is("no command", words.command == NULL, true);
	is("abbreviated", options_parse(defs, abbreviated, &words), -1);
	is("value", options_parse(defs, value, &words), -1);
	is("missing", options_parse(defs, missing, &words), -1);
	is("separator", options_parse(defs, separator, &words), -1);
	is("dash", options_parse(defs, dash, &words), -1);
	is("no help yet", help, false);
	is("short help", options_parse(defs, short_help, &words), 0);
	is("short help", help, true);
}

static int add_filter(struct fanotify_nl_settings *settings, const char *option,
		      const char *value)
{
	const struct option_def def = { .name = option, .arg = settings };

	return filter_option(&def, value);
}

static void test_filters(void)
{
	static const char *const bad[] = {
		"", "*.o", "=", "tgid=", "tgid=0", "tgid=x", "pid=1", "uid=no such user", "uid=",
		"cgroup=/", "cgroup=/nowhere", "cgroup=", "names=x", "nam=x",
	};
	struct fanotify_nl_settings s = { 0 };
	char pattern[80] = "name=";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is(bad[i], add_filter(&s, "include", bad[i]), -1);
	is("none", s.set | s.nr_filters, 0);
	is("tgid", add_filter(&s, "include", "tgid=12"), 0);
	is("self", filters_have_self(&s), false);
	is("uid", add_filter(&s, "exclude", "uid=root"), 0);
	is("dir", add_filter(&s, "exclude", "dir=b=*"), 0);
	is("cgroup", add_filter(&s, "include", "cgroup=self"), 0);
	is("self", filters_have_self(&s), false);
	is("tgid", add_filter(&s, "exclude", "tgid=self"), 0);
	is("self", filters_have_self(&s), true);
	is("set", s.set, FANOTIFY_NL_SET_FILTERS);
	is("filters", s.nr_filters, 5);
	is("tgid", s.filters[0].tgid, 12);
	is("flags", s.filters[0].flags, 0);
	is("by", s.filters[1].by, FANOTIFY_A_FILTER_UID);
	is("uid", s.filters[1].uid, 0);
	is("flags", s.filters[1].flags, FANOTIFY_FILTER_FLAG_EXCLUDE);
	is("flags", s.filters[2].flags,
	   FANOTIFY_FILTER_FLAG_EXCLUDE | FANOTIFY_FILTER_FLAG_ONLY_DIRS);
	same("name", s.filters[2].name, "b=*");
	memset(pattern + 5, 'a', FANOTIFY_PATTERN_MAX);
	is("longest", add_filter(&s, "include", pattern), 0);
	pattern[5 + FANOTIFY_PATTERN_MAX] = 'a';
	is("too long", add_filter(&s, "include", pattern), -1);
	while (s.nr_filters < FANOTIFY_FILTERS_MAX)
		is("more", add_filter(&s, "include", "name=x"), 0);
	is("too many", add_filter(&s, "include", "name=x"), -1);
}

int main(void)
{
	/* refused options are explained there */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	printf("TAP version 13\n1..12\n");
	run("strings are made printable", test_quote);
	run("strings are made JSON", test_json);
	run("messages are made printable", test_message);
	run("records are text or JSON", test_record);
	run("a consumer's name cannot do harm", test_consumer);
	run("mountinfo is read", test_mountinfo);
	run("paths are named as the user named them", test_names);
	run("the root and a view in a view", test_root);
	run("a view that is renamed is followed", test_moved);
	run("numbers and lists", test_numbers);
	run("options are matched whole", test_options);
	run("filters are options", test_filters);
	return 0;
}
