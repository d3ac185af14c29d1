// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: tests of what records say has to be looked at, which need no kernel
 * module. Prints TAP.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "changes.h"
#include "unit.h"

static char place[] = "/tmp/unit-changes.XXXXXX";
static char top[sizeof(place) + 4];
static struct changes changes;

/* What changes_look() told: "PATH:flags " for each. */
static char told[4096];

static int tell(const char *path, unsigned int flags, void *arg)
{
	size_t len = strlen(told);

	(void)arg;
	snprintf(told + len, sizeof(told) - len, "%s%s%s%s%s%s%s ", path,
		 flags & CHANGE_DIR ? "/" : "", flags & CHANGE_DELETED ? "-" : "",
		 flags & CHANGE_TREE ? "*" : "", flags & CHANGE_NAME ? "n" : "",
		 flags & CHANGE_DATA ? "d" : "", flags & CHANGE_ATTRS ? "a" : "");
	return 0;
}

static void look(const char *want)
{
	*told = '\0';
	is("look", changes_look(&changes, tell, NULL), 0);
	same("told", told, want);
	changes_clear(&changes);
}

/* A record of what has no handle, so that paths alone count. */
static void record(__u64 mask, const char *path, const char *new_path, __u32 changed)
{
	char *full = xasprintf("%s%s%s", changes.top, *path ? "/" : "", path);
	char *new_full = new_path ? xasprintf("%s/%s", changes.top, new_path) : NULL;
	struct fanotify_nl_event event = {
		.mask = mask,
		.path = full,
		.new_path = new_full,
		.object.changed = changed,
	};

	changes_add(&changes, &event);
	free(full);
	free(new_full);
}

static void shell(const char *command)
{
	char *line = xasprintf("cd %s && rm -rf ./* && %s", top, command);

	is(command, system(line), 0);
	free(line);
}

static void test_each_path_once(void)
{
	shell("mkdir d && touch d/f g");
	for (int i = 0; i < 3; i++) {
		record(FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_WRITE, "d/f", NULL,
		       FANOTIFY_CHANGED_DATA);
		record(FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_CHMOD, "g", NULL, FANOTIFY_CHANGED_MODE);
		record(FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_CHMOD | FANOTIFY_KIND_ONDIR, "d", NULL,
		       FANOTIFY_CHANGED_MODE);
	}
	is("records", changes.records, 9);
	look("d/a d/fd ga ");
}

/* In "d.x" and "d/x" what is in a directory has to follow it. */
static void test_order_is_that_of_a_walk(void)
{
	shell("mkdir d && touch d/f d.x");
	record(FANOTIFY_KIND_MODIFY, "d.x", NULL, 0);
	record(FANOTIFY_KIND_MODIFY, "d/f", NULL, 0);
	record(FANOTIFY_KIND_CREATE | FANOTIFY_KIND_MKDIR | FANOTIFY_KIND_ONDIR, "d", NULL, 0);
	look("./a d/* d/fn d.xd ");
}

static void test_the_top_changes_with_its_names(void)
{
	shell("mkdir d && touch d/f e");
	record(FANOTIFY_KIND_MODIFY, "d/f", NULL, 0);
	look("d/fd ");
	record(FANOTIFY_KIND_DELETE | FANOTIFY_KIND_UNLINK, "d/x", NULL, 0);
	look("d/x- ");
	record(FANOTIFY_KIND_DELETE | FANOTIFY_KIND_UNLINK, "x", NULL, 0);
	look("./a x- ");
	/* who writes its copy changes the directory of that, and rsync does for its time */
	record(FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_UTIMES, "e", NULL, FANOTIFY_CHANGED_MTIME);
	look("./a ea ");
	record(FANOTIFY_KIND_MODIFY, "e", NULL, 0);
	look("./a ed ");
}

static void test_of_what_is_gone_only_the_top(void)
{
	shell("touch file; ln -s /tmp link");
	record(FANOTIFY_KIND_DELETE | FANOTIFY_KIND_UNLINK, "gone/a/b", NULL, 0);
	record(FANOTIFY_KIND_DELETE | FANOTIFY_KIND_RMDIR | FANOTIFY_KIND_ONDIR, "gone/a", NULL, 0);
	record(FANOTIFY_KIND_DELETE | FANOTIFY_KIND_RMDIR | FANOTIFY_KIND_ONDIR, "gone", NULL, 0);
	look("./a gone- ");
	/* directories of which something else has the name now; links are not followed */
	record(FANOTIFY_KIND_MODIFY, "file/was/dir", NULL, 0);
	record(FANOTIFY_KIND_MODIFY, "link/unit-changes", NULL, 0);
	look("filen linkn ");
}

static void test_a_moved_directory_is_told_whole(void)
{
	shell("mkdir -p to/in && touch to/in/f to/g");
	record(FANOTIFY_KIND_MODIFY, "from/in/f", NULL, 0);
	record(FANOTIFY_KIND_RENAME | FANOTIFY_KIND_ONDIR, "from", "to", 0);
	*told = '\0';
	is("look", changes_look(&changes, tell, NULL), 0);
	is("from", !!strstr(told, " from- "), true);
	is("to", !!strstr(told, " to/* "), true);
	is("in", !!strstr(told, " to/in/* "), true);
	is("f", !!strstr(told, " to/in/fn "), true);
	is("g", !!strstr(told, " to/gn "), true);
	is("once", strlen(told), strlen("./a from- to/* to/in/* to/in/fn to/gn "));
	changes_clear(&changes);
}

static void test_a_file_that_is_renamed_has_two_paths(void)
{
	shell("mkdir d && touch d/new");
	record(FANOTIFY_KIND_RENAME, "d/old", "d/new", 0);
	look("d/newn d/old- ");
}

/* What a record has of the object at a path below the top. */
static struct fanotify_nl_node node_of(const char *path, __u32 nlink)
{
	static union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handles[4], *u;
	static unsigned int used;
	int mount;

	u = &handles[used++ % 4];
	u->handle.handle_bytes = MAX_HANDLE_SZ;
	is(path, name_to_handle_at(changes.fd, path, &u->handle, &mount, 0), 0);
	return (struct fanotify_nl_node){
		.handle = u->handle.f_handle,
		.handle_len = u->handle.handle_bytes,
		.handle_type = u->handle.handle_type,
		.stat = { .has = FANOTIFY_STAT_FIELD_NLINK, .nlink = nlink },
	};
}

/* Of what has two names and is at the first one's place now, the second is told, too. */
static void test_an_exchange_has_two_objects(void)
{
	char *a = xasprintf("%s/a", changes.top), *b = xasprintf("%s/b", changes.top);
	struct fanotify_nl_event event = {
		.mask = FANOTIFY_KIND_RENAME,
		.flags = FANOTIFY_EVENT_FLAG_EXCHANGE,
		.path = a,
		.new_path = b,
	};

	shell("mkdir d && touch a b && ln a d/other");
	event.target = node_of("a", 2);
	changes_add(&changes, &event);
	look("./a an bn d/othern ");
	free(a);
	free(b);
}

/* The record was made just before the rename that brought the directory here was. */
static void test_what_was_on_its_way_is_told(void)
{
	char *path = xasprintf("%s-other/d/f", changes.top);
	struct fanotify_nl_event event = {
		.mask = FANOTIFY_KIND_MODIFY,
		.path = path,
		.name = "f",
	};

	shell("mkdir d && touch d/f d/g");
	event.object = node_of("d/f", 1);
	event.dir = node_of("d", 2);
	changes_add(&changes, &event);
	look("d/fd ");
	/* the object itself came from there: all names are looked at */
	event.name = "was";
	changes_add(&changes, &event);
	look("d/fd ");
	free(path);
}

/*
 * An operation is done with its directory locked, and told before it is done: the lock is
 * waited for by reading the directory.
 */
static void test_directories_are_read_before_names_are_looked_at(void)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char *dir = xasprintf("%s/d", top);
	char events[4096];

	shell("mkdir d && touch d/f");
	is("watch", inotify_add_watch(watch, dir, IN_ACCESS) >= 0, true);
	record(FANOTIFY_KIND_DELETE | FANOTIFY_KIND_UNLINK, "d/f", NULL, 0);
	look("d/fn ");
	is("read", read(watch, events, sizeof(events)) > 0, true);
	close(watch);
	free(dir);
}

static void test_what_is_elsewhere_does_not_count(void)
{
	struct fanotify_nl_event event = { .mask = FANOTIFY_KIND_MODIFY };
	char *path = xasprintf("%s-other/f", changes.top);

	event.path = path;
	changes_add(&changes, &event);
	event.path = "/f";
	changes_add(&changes, &event);
	look("");
	free(path);
}

static void test_times_of_links_and_access_do_not_count(void)
{
	shell("touch f");
	record(FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_LINK_COUNT, "f", NULL,
	       FANOTIFY_CHANGED_NLINK | FANOTIFY_CHANGED_CTIME | FANOTIFY_CHANGED_NAME);
	look("");
	record(FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_SETXATTR, "f", NULL,
	       FANOTIFY_CHANGED_XATTR | FANOTIFY_CHANGED_CTIME);
	look("fa ");
}

static void test_everything_where_it_is_not_known(void)
{
	struct fanotify_nl_event event = { .mask = FANOTIFY_KIND_GAP };

	event.gap.scope = FANOTIFY_GAP_SCOPE_ALL;
	changes_add(&changes, &event);
	is("gap", changes.all, true);
	is("of another directory", changes.replaced, false);
	changes_clear(&changes);

	event = (struct fanotify_nl_event){ .mask = FANOTIFY_KIND_CREATE };
	changes_add(&changes, &event);
	is("without a path", changes.all, true);
	changes_clear(&changes);

	record(FANOTIFY_KIND_RENAME | FANOTIFY_KIND_ONDIR, "", "x", 0);
	is("the directory itself", changes.all, true);
	is("another one", changes.replaced, true);
	changes_clear(&changes);

	event = (struct fanotify_nl_event){
		.mask = FANOTIFY_KIND_RENAME | FANOTIFY_KIND_ONDIR,
		.path = "/",
		.new_path = "/elsewhere",
	};
	changes_add(&changes, &event);
	is("one above it", changes.all, true);
	changes_clear(&changes);

	record(FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_ONDIR, "", NULL, FANOTIFY_CHANGED_MODE);
	is("its attributes", changes.all, false);
	look("./a ");
}

static void test_data_are_compared_where_an_older_state_may_be_back(void)
{
	static const struct {
		enum fanotify_gap_reason reason;
		bool undone;
	} gaps[] = {
		{ FANOTIFY_GAP_REASON_OVERFLOW, false },
		{ FANOTIFY_GAP_REASON_NOT_RUNNING, false },
		{ FANOTIFY_GAP_REASON_UNCLEAN, true },
		{ FANOTIFY_GAP_REASON_CUT_OFF, false },
		{ FANOTIFY_GAP_REASON_CURSOR, true },
		{ FANOTIFY_GAP_REASON_DAMAGED, true },
	};

	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		const struct fanotify_nl_gap gap = {
			.scope = FANOTIFY_GAP_SCOPE_ALL,
			.reason = gaps[i].reason,
		};

		changes_add_gap(&changes, &gap, NULL);
		is(fanotify_nl_gap_reason_name(gap.reason), changes.undone, gaps[i].undone);
		changes_clear(&changes);
	}
}

static void test_a_gap_of_a_directory_is_told_whole(void)
{
	struct fanotify_nl_event event = { .mask = FANOTIFY_KIND_GAP };
	char *path = xasprintf("%s/d", changes.top);

	shell("mkdir d e && touch d/f e/f");
	event.gap.scope = FANOTIFY_GAP_SCOPE_DIRECTORY;
	event.path = path;
	changes_add(&changes, &event);
	is("all", changes.all, false);
	look("./a d/* d/fn ");
	free(path);
}

/* Directories in one another, the last one's name included. */
static void make_deep(unsigned int levels, const char *name)
{
	int fd = dup(changes.fd);

	while (levels--) {
		int sub = mkdirat(fd, name, 0700) ? -1 : openat(fd, name, O_PATH | O_CLOEXEC);

		close(fd);
		fd = sub;
	}
	is("made", fd >= 0, true);
	close(fd);
}

#define FILES_MAX	16

static void test_trees_are_deeper_than_files_may_be_open(void)
{
	struct rlimit limit, few;

	getrlimit(RLIMIT_NOFILE, &limit);
	few = (struct rlimit){ FILES_MAX, limit.rlim_max };
	shell("true");
	make_deep(2 * FILES_MAX, "d");
	record(FANOTIFY_KIND_RENAME | FANOTIFY_KIND_ONDIR, "from", "d", 0);
	setrlimit(RLIMIT_NOFILE, &few);
	*told = '\0';
	is("look", changes_look(&changes, tell, NULL), 0);
	setrlimit(RLIMIT_NOFILE, &limit);
	is("the last one", !!strstr(told, "/d/d/* from- "), true);
	changes_clear(&changes);
}

static void test_a_path_that_is_too_long_is_an_error(void)
{
	char name[NAME_MAX + 1];

	memset(name, 'd', NAME_MAX);
	name[NAME_MAX] = '\0';
	shell("true");
	make_deep(PATH_MAX / NAME_MAX + 1, name);
	record(FANOTIFY_KIND_RENAME | FANOTIFY_KIND_ONDIR, "from", name, 0);
	is("look", changes_look(&changes, tell, NULL), EXIT_FAILURE);
	changes_clear(&changes);
}

static void test_what_cannot_be_looked_at_is_not_gone(void)
{
	char name[NAME_MAX + 2];

	memset(name, 'd', NAME_MAX + 1);
	name[NAME_MAX + 1] = '\0';
	shell("true");
	record(FANOTIFY_KIND_MODIFY, name, NULL, 0);
	is("look", changes_look(&changes, tell, NULL), EXIT_FAILURE);
	changes_clear(&changes);
}

/* By who may read the directory, and no more. */
static void test_what_is_in_a_directory_and_cannot_be_looked_at(void)
{
	for (const char **make = (const char *[]){ "touch d/f", "mkdir d/e", NULL }; *make; make++) {
		char *line = xasprintf("chmod 711 . && mkdir -m 777 d && %s && chmod 744 d", *make);

		shell(line);
		record(FANOTIFY_KIND_CREATE | FANOTIFY_KIND_ONDIR, "d", NULL, 0);
		setfsuid(1);
		is(*make, changes_look(&changes, tell, NULL), EXIT_FAILURE);
		setfsuid(0);
		changes_clear(&changes);
		free(line);
	}
}

/* A mount of its own where there may be none that is seen, as in a chroot. */
static bool make_top(void)
{
	if (!mkdtemp(place) || (!geteuid() && mount("changes", place, "tmpfs", 0, NULL)))
		return false;
	snprintf(top, sizeof(top), "%s/top", place);
	return !mkdir(top, 0700);
}

int main(void)
{
	printf("TAP version 13\n1..18\n");
	if (!make_top() || changes_open(&changes, top)) {
		printf("Bail out! no directory\n");
		return 1;
	}
	run("each path is told once", test_each_path_once);
	run("order is that of a walk", test_order_is_that_of_a_walk);
	run("the top changes with its names", test_the_top_changes_with_its_names);
	run("of what is gone only the top is told", test_of_what_is_gone_only_the_top);
	run("a moved directory is told whole", test_a_moved_directory_is_told_whole);
	run("a file that is renamed has two paths", test_a_file_that_is_renamed_has_two_paths);
	run("directories are read before names are looked at",
	    test_directories_are_read_before_names_are_looked_at);
	/* objects are found by root only */
	if (geteuid()) {
		printf("ok - an exchange has two objects # SKIP needs root\n");
		printf("ok - what was on its way is told # SKIP needs root\n");
	} else {
		run("an exchange has two objects", test_an_exchange_has_two_objects);
		run("what was on its way is told", test_what_was_on_its_way_is_told);
	}
	run("what is elsewhere does not count", test_what_is_elsewhere_does_not_count);
	run("times of links and access do not count", test_times_of_links_and_access_do_not_count);
	run("everything where it is not known", test_everything_where_it_is_not_known);
	run("data are compared where an older state may be back",
	    test_data_are_compared_where_an_older_state_may_be_back);
	run("a gap of a directory is told whole", test_a_gap_of_a_directory_is_told_whole);
	run("trees are deeper than files may be open",
	    test_trees_are_deeper_than_files_may_be_open);
	run("a path that is too long is an error", test_a_path_that_is_too_long_is_an_error);
	run("what cannot be looked at is not gone", test_what_cannot_be_looked_at_is_not_gone);
	if (geteuid())
		printf("ok - nor is it in a directory # SKIP needs root\n");
	else
		run("nor is it in a directory",
		    test_what_is_in_a_directory_and_cannot_be_looked_at);
	changes_close(&changes);
	shell("true");
	rmdir(top);
	umount(place);
	rmdir(place);
	return 0;
}
