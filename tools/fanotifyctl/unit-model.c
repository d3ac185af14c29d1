// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl mirror: tests of the model, which need no kernel module. Prints TAP.
 */
#include <search.h>
#include <sys/stat.h>

#include "model.h"
#include "unit.h"

#define MANY	1000
#define ROOT	1
#define OUTSIDE	2

/* By its number. */
static struct fanotify_nl_node node(unsigned int ino, __u32 mode, __u32 nlink)
{
	static unsigned int handles[4];
	static unsigned int turn;
	unsigned int *handle = &handles[turn++ % 4];

	*handle = ino;
	return (struct fanotify_nl_node){
		.handle = handle,
		.handle_len = sizeof(*handle),
		.handle_type = 1,
		.stat = {
			.has = FANOTIFY_STAT_FIELD_MODE | FANOTIFY_STAT_FIELD_NLINK,
			.mode = mode,
			.nlink = nlink,
		},
	};
}

static struct fanotify_nl_node file(unsigned int ino, __u32 nlink)
{
	return node(ino, S_IFREG | 0644, nlink);
}

static struct fanotify_nl_node directory(unsigned int ino)
{
	return node(ino, S_IFDIR | 0755, 2);
}

static void begin(struct model *model)
{
	const struct fanotify_nl_node root = directory(ROOT);

	*model = (struct model){ 0 };
	model->root = model_object_of(model, &root);
	model->root->told = true;
}

static void end(struct model *model, unsigned long count)
{
	is("objects", model->count, count);
	model_free(model);
}

static void create(struct model *model, __u64 kinds, unsigned int dir, const char *name,
		   struct fanotify_nl_node object)
{
	const struct fanotify_nl_event event = {
		.mask = FANOTIFY_KIND_CREATE | kinds,
		.name = name,
		.dir = directory(dir),
		.object = object,
	};

	model_apply(model, &event);
}

static void remove_name(struct model *model, unsigned int dir, const char *name,
			struct fanotify_nl_node object)
{
	const struct fanotify_nl_event event = {
		.mask = FANOTIFY_KIND_DELETE,
		.name = name,
		.dir = directory(dir),
		.object = object,
	};

	model_apply(model, &event);
}

static void change(struct model *model, __u64 kinds, const char *xattr,
		   struct fanotify_nl_node object)
{
	const struct fanotify_nl_event event = {
		.mask = kinds,
		.xattr = xattr,
		.object = object,
	};

	model_apply(model, &event);
}

static void move(struct model *model, __u32 flags, unsigned int dir, const char *name,
		 unsigned int new_dir, const char *new_name, struct fanotify_nl_node object,
		 struct fanotify_nl_node target)
{
	const struct fanotify_nl_event event = {
		.mask = FANOTIFY_KIND_RENAME,
		.flags = flags,
		.name = name,
		.new_name = new_name,
		.dir = directory(dir),
		.new_dir = directory(new_dir),
		.object = object,
		.target = target,
	};

	model_apply(model, &event);
}

static const struct fanotify_nl_node none;

/* What has that name, NULL if nothing has. */
static struct model_object *find(struct model *model, const char *name)
{
	const struct model_name key = { .dir = model->root, .name = (char *)name };
	struct model_name **found = tfind(&key, &model->names, model_by_name);

	return found ? (*found)->object : NULL;
}

static void test_overwritten(void)
{
	struct model model;

	begin(&model);
	create(&model, 0, ROOT, "f", file(10, 1));
	for (unsigned int i = 11; i < MANY; i++) {
		create(&model, 0, ROOT, "new", file(i, 1));
		move(&model, 0, ROOT, "new", ROOT, "f", file(i, 1), file(i - 1, 0));
		change(&model, FANOTIFY_KIND_ATTRIB, NULL, file(i - 1, 0));
	}
	is("name", !!find(&model, "f"), true);
	is("old name", !!find(&model, "new"), false);
	end(&model, 2);
}

static void test_nameless(void)
{
	struct model model;

	begin(&model);
	for (unsigned int i = 10; i < MANY; i++) {
		create(&model, 0, ROOT, "f", file(i, 1));
		change(&model, FANOTIFY_KIND_ATTRIB, NULL, file(i, 0));
		remove_name(&model, ROOT, "f", file(i, 0));
		change(&model, FANOTIFY_KIND_MODIFY, NULL, file(i, 0));
		change(&model, FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_SETXATTR, "user.x", file(i, 0));
		change(&model, FANOTIFY_KIND_CLOSE_WRITE, NULL, file(i, 0));
	}
	end(&model, 1);
}

static void test_tmpfile(void)
{
	struct model model;

	begin(&model);
	change(&model, FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_SETXATTR, "user.x", file(10, 0));
	is("untold", model.untold, false);
	create(&model, FANOTIFY_KIND_TMPFILE_LINK, ROOT, "f", file(10, 1));
	is("name", !!find(&model, "f"), true);
	/* it may have attributes that were forgotten */
	is("told", find(&model, "f")->told, false);
	is("untold", model.untold, true);
	end(&model, 2);
}

/* Who makes a name shows it to others first, and then has its event made. */
static void test_early(void)
{
	struct model model;
	struct fanotify_nl_event unlinked = {
		.mask = FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_SETXATTR,
		.flags = FANOTIFY_EVENT_FLAG_UNLINKED,
		.xattr = "user.x",
	};

	begin(&model);
	change(&model, FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_SETXATTR, "user.x", file(10, 1));
	create(&model, 0, ROOT, "f", file(10, 1));
	same("f", find(&model, "f")->xattrs, "user.x");
	is("told", find(&model, "f")->told, true);
	remove_name(&model, ROOT, "f", file(10, 0));
	/* it has another name, elsewhere */
	unlinked.object = file(11, 1);
	model_apply(&model, &unlinked);
	end(&model, 1);
}

static void test_inexact(void)
{
	struct model model;
	struct fanotify_nl_event event = {
		.mask = FANOTIFY_KIND_ATTRIB,
		.flags = FANOTIFY_EVENT_FLAG_INEXACT,
	};

	begin(&model);
	create(&model, 0, ROOT, "f", file(10, 1));
	event.object = file(10, 1);
	model_apply(&model, &event);
	is("nothing of it has changed", find(&model, "f")->told, true);
	event.object.changed = FANOTIFY_CHANGED_XATTR;
	model_apply(&model, &event);
	is("told", find(&model, "f")->told, false);
	is("untold", model.untold, true);
	end(&model, 2);
}

static void test_exchanged(void)
{
	struct model model;

	begin(&model);
	create(&model, 0, ROOT, "a", file(10, 1));
	create(&model, 0, ROOT, "b", file(11, 1));
	change(&model, FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_SETXATTR, "user.b", file(11, 1));
	move(&model, FANOTIFY_EVENT_FLAG_EXCHANGE, ROOT, "a", ROOT, "b", file(10, 1), none);
	move(&model, FANOTIFY_EVENT_FLAG_EXCHANGE, ROOT, "b", ROOT, "a", file(11, 1), none);
	same("a", find(&model, "a")->xattrs, "user.b");
	same("b", find(&model, "b")->xattrs, NULL);
	is("a is told", find(&model, "a")->told, true);
	is("refs of a", find(&model, "a")->refs, 1);
	is("refs of b", find(&model, "b")->refs, 1);
	end(&model, 3);
}

static unsigned int ino_of(struct model *model, const char *name)
{
	const struct model_object *object = find(model, name);

	return object ? object->handle[0] : 0;
}

/* Which of the two is told first is not said. */
static void exchange_whiteout(bool last)
{
	struct model model;

	begin(&model);
	create(&model, 0, ROOT, "new", file(10, 1));
	create(&model, 0, ROOT, "b", file(12, 1));
	move(&model, FANOTIFY_EVENT_FLAG_WHITEOUT, ROOT, "new", ROOT, "a", file(10, 1), none);
	is("a whiteout is untold", model.untold, true);
	if (last)
		move(&model, FANOTIFY_EVENT_FLAG_EXCHANGE, ROOT, "a", ROOT, "new", file(10, 1),
		     none);
	move(&model, FANOTIFY_EVENT_FLAG_EXCHANGE, ROOT, "new", ROOT, "a",
	     node(11, S_IFCHR, 1), none);
	if (!last)
		move(&model, FANOTIFY_EVENT_FLAG_EXCHANGE, ROOT, "a", ROOT, "new", file(10, 1),
		     none);
	is("what was moved", ino_of(&model, "new"), 10);
	is("the whiteout", ino_of(&model, "a"), 11);
	end(&model, 4);
}

static void test_exchanged_whiteout(void)
{
	exchange_whiteout(false);
	exchange_whiteout(true);
}

static void test_outside(void)
{
	struct model model;

	begin(&model);
	create(&model, FANOTIFY_KIND_MKDIR, ROOT, "d", directory(10));
	for (unsigned int i = 11; i < MANY; i++)
		create(&model, 0, 10, i & 1 ? "odd" : "even", file(i, 1));
	create(&model, FANOTIFY_KIND_MKDIR, 10, "below", directory(MANY));
	create(&model, 0, MANY, "f", file(MANY + 1, 1));
	is("before", model.count, 6);
	move(&model, FANOTIFY_EVENT_FLAG_MOVED_OUT, ROOT, "d", OUTSIDE, "d", directory(10), none);
	is("moved out", model.count, 1);
	move(&model, FANOTIFY_EVENT_FLAG_MOVED_IN, OUTSIDE, "f", ROOT, "f", file(11, 1), none);
	is("moved in", model.count, 2);
	create(&model, FANOTIFY_KIND_HARDLINK, ROOT, "g", file(12, 2));
	is("linked", model.count, 3);
	remove_name(&model, ROOT, "g", file(12, 1));
	end(&model, 2);
}

/* It was in a directory that was outside for a time, when nothing told of it. */
static void test_ahead(void)
{
	struct fanotify_nl_event event = {
		.mask = FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_REMOVEXATTR,
		.boottime = 50,
		.xattr = "user.a",
	};
	struct model model;

	begin(&model);
	create(&model, FANOTIFY_KIND_MKDIR, ROOT, "d", directory(10));
	create(&model, 0, ROOT, "f", file(11, 1));
	create(&model, 0, ROOT, "g", file(12, 1));
	change(&model, FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_SETXATTR, "user.a", file(11, 1));
	model.scanned = 100;
	event.object = file(11, 1);
	model_apply(&model, &event);
	is("told", find(&model, "f")->told, true);
	event = (struct fanotify_nl_event){
		.mask = FANOTIFY_KIND_GAP, .boottime = 60, .object = directory(10),
	};
	model_apply(&model, &event);
	is("told after a gap", find(&model, "f")->told, false);
	is("of what no event was older", find(&model, "g")->told, true);
	is("untold", model.untold, true);

	find(&model, "f")->told = true;
	event.boottime = 100;
	event.object = directory(10);
	model_apply(&model, &event);
	is("told after a later gap", find(&model, "f")->told, true);

	event = (struct fanotify_nl_event){
		.mask = FANOTIFY_KIND_CREATE | FANOTIFY_KIND_HARDLINK,
		.boottime = 70,
		.name = "h",
		.dir = directory(ROOT),
		.object = file(12, 2),
	};
	model_apply(&model, &event);
	is("told after a link", find(&model, "g")->told, false);
	end(&model, 4);
}

/* A directory that has no name yet, and one in which there is none. */
static void test_ahead_directories(void)
{
	struct fanotify_nl_event event = { .mask = FANOTIFY_KIND_DELETE, .boottime = 50 };
	const struct fanotify_nl_node nameless = directory(20);
	struct model_object *dir;
	struct model model;

	begin(&model);
	create(&model, 0, 20, "f", file(21, 1));
	dir = model_object_of(&model, &nameless);
	dir->told = true;
	model.scanned = 100;
	event.name = "gone";
	event.dir = directory(20);
	event.object = file(22, 0);
	model_apply(&model, &event);
	event.dir = directory(ROOT);
	event.object = file(23, 0);
	model_apply(&model, &event);
	is("nameless", dir->told, true);
	is("root", model.root->told, true);

	event = (struct fanotify_nl_event){
		.mask = FANOTIFY_KIND_GAP, .boottime = 60, .object = directory(10),
	};
	model_apply(&model, &event);
	is("nameless after a gap", dir->told, false);
	is("root after a gap", model.root->told, false);
	end(&model, 3);
}

/* Of a directory of which it is not known whether it has a default ACL, now or then. */
static void test_inherits(void)
{
	struct model model;

	begin(&model);
	create(&model, 0, ROOT, "f", file(10, 1));
	is("in a directory that is told", find(&model, "f")->told, true);
	model.root->told = false;
	create(&model, 0, ROOT, "g", file(11, 1));
	is("in one that is not", find(&model, "g")->told, false);
	model.root->told = true;
	model.scanned = 100;
	create(&model, 0, ROOT, "h", file(12, 1));
	is("before a scan", find(&model, "h")->told, false);
	end(&model, 4);
}

int main(void)
{
	printf("TAP version 13\n1..11\n");
	run("what was overwritten is forgotten", test_overwritten);
	run("what has no name is forgotten", test_nameless);
	run("what gets its first name is looked at", test_tmpfile);
	run("what was changed before it had a name keeps that", test_early);
	run("what an inexact event may have changed is looked at", test_inexact);
	run("an exchange forgets nothing", test_exchanged);
	run("a whiteout may be exchanged", test_exchanged_whiteout);
	run("what is outside is forgotten", test_outside);
	run("what may have inherited is looked at", test_inherits);
	run("what a scan that was ahead has found is looked at again", test_ahead);
	run("what it has found in a directory is looked at again", test_ahead_directories);
	return 0;
}
