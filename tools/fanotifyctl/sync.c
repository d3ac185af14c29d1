// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl sync: bring a copy of a directory up to date from its filesystem's journal.
 *
 * All state is in two places: what the copy has, and what a consumer of the journal has
 * acknowledged. A round reads the records from there on, has rsync look at what they
 * name, and acknowledges them when the copy is on disk; so whatever is killed when, the
 * next round looks at all of it again. What happens while rsync runs has records that
 * are still to come.
 *
 * The copy itself says how far it is, where its filesystem has extended attributes, and
 * is believed before the consumer: it may have been put back to an older state, or be
 * one of several disks that are used in turn.
 *
 * A file whose data may have changed is transferred though size and time of the copy are
 * the same: times have the grain of the clock's tick, and rsync may have read the file
 * within the one in which it was written.
 *
 * The first round, and one after a gap, has rsync look at everything. A consumer that
 * has never acknowledged says that the first one is not done yet.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "acls.h"
#include "changed.h"
#include "journal.h"
#include "links.h"
#include "rsync.h"

/* Where who syncs says so. */
#define LOCK_FOLDER	"/run/fanotifyctl"

/* How long the rsync of one that was killed may take to end. */
#define LOCK_TRIES	50
#define LOCK_PAUSE_US	100000

/* Rounds that end because something moved while rsync looked at it. */
#define ATTEMPTS	3
/* As long as there are new records each time. */
#define ATTEMPTS_BUSY	10

#define KINDS_NEEDED \
	((__u64)FANOTIFY_KIND_CREATE | FANOTIFY_KIND_DELETE | FANOTIFY_KIND_RENAME | \
	 FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_CLOSE_WRITE | \
	 FANOTIFY_KIND_ONDIR)

/**
 * struct sync - One run.
 * @h: the library
 * @changed: what there is to do
 * @rsync: how it is done
 * @journal: number of the journal
 * @ordered: it is of level ordered
 * @consumer: whose acknowledgement says where to go on
 * @local: the real path of the copy, if it is of this machine; else NULL
 * @copy: that, open; -1: not yet
 * @json: say how it went as JSON
 * @full: rsync has to look at everything
 * @why: why it has to, or NULL; it has not then
 * @registered: there is such a consumer
 * @says: the copy says how far it is:
 * @from: so far
 * @unwritten: what rsync takes for transferred may not be there
 * @lock: held until this process and all its children have ended
 * @data: paths to transfer anew, or to delete
 * @attrs: paths of which only attributes are to be transferred
 * @paths: paths in both, in all rounds
 * @deleted: those of them that are gone
 * @records: that were read
 * @gaps: that were among them
 */
struct sync {
	struct fanotify_nl *h;
	struct changed changed;
	struct rsync rsync;
	__u32 journal;
	bool ordered;
	char *consumer;
	char *local;
	int copy;
	bool json;
	bool full;
	const char *why;
	bool registered;
	bool says;
	bool unwritten;
	struct fanotify_nl_cursor from;
	int lock;
	FILE *data;
	FILE *attrs;
	__u64 paths;
	__u64 deleted;
	__u64 records;
	__u64 gaps;
};

/* ---- the copy ---- */

/* rsync's rule: a colon before the first slash. */
static bool is_remote(const char *dst)
{
	size_t len = strcspn(dst, ":/");

	return dst[len] == ':';
}

/* What it is or will be called, in full; NULL: failed, and said so. */
static char *real_path(const char *dst)
{
	char *real = realpath(dst, NULL), *copy, *dir, *name, *path = NULL;
	size_t len;

	if (real || errno != ENOENT) {
		if (!real)
			fail_errno(errno, "%s", dst);
		return real;
	}
	copy = xstrdup(dst);
	for (len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	name = strrchr(copy, '/');
	if (name)
		*name++ = '\0';
	else
		name = copy;
	dir = realpath(name == copy ? "." : *copy ? copy : "/", NULL);
	if (dir)
		path = xasprintf("%s/%s", strcmp(dir, "/") ? dir : "", name);
	else
		fail_errno(errno, "%s", dst);
	free(dir);
	free(copy);
	return path;
}

/* Is one directory in the other, or the same, by whatever mounts? */
static bool is_inside(const struct changes *inner, const struct changes *outer)
{
	return changes_below(inner->real, outer->real) ||
	       (inner->device == outer->device && changes_below(inner->top, outer->top));
}

/* The copy, or the first directory above it that is there. */
static int open_copy(const struct sync *s, struct changes *copy, bool *exists)
{
	char *up = xstrdup(s->local);
	struct stat st;
	int ret;

	*exists = !stat(up, &st);
	if (!*exists)
		*strrchr(up, '/') = '\0';
	ret = changes_open(copy, *up ? up : "/");
	free(up);
	return ret;
}

/* Neither may be in the other: the copy would be copied, or the original deleted. */
static int check_places(const struct sync *s)
{
	const struct changes *src = &s->changed.changes;
	struct changes copy;
	bool exists;
	int ret;

	ret = open_copy(s, &copy, &exists);
	if (!ret && is_inside(&copy, src)) {
		complain("%s is inside of %s, or the same: it cannot be its copy", s->local,
			 src->real);
		ret = EXIT_FAILURE;
	} else if (!ret && exists && is_inside(src, &copy)) {
		complain("%s is inside of %s, which would be deleted", src->real, s->local);
		ret = EXIT_FAILURE;
	}
	changes_close(&copy);
	return ret;
}

/* As a disk that is not mounted is. */
static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (!dir)
		return errno == ENOENT;
	while (empty && (entry = readdir(dir)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(dir);
	return empty;
}

/* ---- how far the copy is ---- */

/* The consumer's name, a space, a cursor. */
#define SAID_MAX	(FANOTIFY_CONSUMER_NAME_MAX + 1 + FANOTIFY_NL_CURSOR_LEN)

/* Instead: a write to it has failed, which the filesystem tells but once. */
#define UNWRITTEN	"unwritten"

/* Return: why it cannot be gone on with, or NULL. */
static const char *ask_copy(struct sync *s, const unsigned char uuid[FANOTIFY_UUID_LEN])
{
	char said[SAID_MAX + 1], *cursor;
	ssize_t len;

	len = getxattr(s->local, RSYNC_CURSOR, said, SAID_MAX);
	if (len < 0)
		return errno == EOPNOTSUPP ? NULL : "the copy does not say how far it is";
	said[len] = '\0';
	if (!strcmp(said, UNWRITTEN)) {
		s->unwritten = true;
		return "the copy could not be written";
	}
	cursor = strchr(said, ' ');
	if (!cursor)
		return "the copy does not say how far it is";
	*cursor++ = '\0';
	if (strcmp(said, s->consumer) || fanotify_nl_cursor_parse(cursor, &s->from) ||
	    memcmp(s->from.uuid, uuid, FANOTIFY_UUID_LEN))
		return "the copy is one of something else";
	s->says = true;
	return NULL;
}

/* What the directory @fd says is on disk when this returns. */
static int tell(int fd, const char *text)
{
	if (fsetxattr(fd, RSYNC_CURSOR, text, strlen(text), 0))
		return -errno;
	return fsync(fd) ? -errno : 0;
}

/* While everything is looked at it says nothing: whoever is killed then does it again. */
static int silence_copy(const struct sync *s)
{
	int fd = open(s->local, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : fail_errno(errno, "%s", s->local);
	if (!fremovexattr(fd, RSYNC_CURSOR))
		ret = fsync(fd);
	else if (errno != ENODATA && errno != EOPNOTSUPP)
		ret = -1;
	if (ret)
		fail_errno(errno, "%s: attribute " RSYNC_CURSOR, s->local);
	close(fd);
	return ret ? EXIT_FAILURE : 0;
}

/* What is acknowledged may not be lost by a crash. */
static int tell_copy(struct sync *s)
{
	const bool changed = s->full || s->data || s->attrs;
	char cursor[FANOTIFY_NL_CURSOR_LEN], *text;
	int ret, fd;

	fd = open(s->local, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(errno, "%s", s->local);
	if (changed && syncfs(fd)) {
		ret = fail_errno(errno, "%s", s->local);
		tell(fd, UNWRITTEN);
		close(fd);
		return ret;
	}
	fanotify_nl_cursor_format(&s->changed.cursor, cursor);
	text = xasprintf("%s %s", s->consumer, cursor);
	ret = tell(fd, text);
	if (!ret) {
		s->says = true;
		s->from = s->changed.cursor;
	} else if (ret != -EOPNOTSUPP) {
		ret = fail_errno(-ret, "%s: attribute " RSYNC_CURSOR, s->local);
	} else {
		ret = 0;
	}
	free(text);
	close(fd);
	return ret;
}

/* ---- the consumer ---- */

/* One for each pair of directories: they are hashed (FNV-1a). */
static char *consumer_name(const struct sync *s)
{
	const char *const parts[] = {
		s->changed.changes.top, s->local ? s->local : s->rsync.dst,
	};
	__u64 hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (size_t k = 0; k <= strlen(parts[i]); k++)
			hash = (hash ^ (unsigned char)parts[i][k]) * 0x100000001b3ULL;
	return xasprintf("sync-%016llx", hash);
}

static int find_consumer(const struct fanotify_nl_consumer_info *info, void *arg)
{
	struct sync *s = arg;

	if (strcmp(info->name, s->consumer))
		return 0;
	s->registered = true;
	if (!info->acked_at)
		s->why = "the first run was not finished";
	return 1;
}

static int register_consumer(struct sync *s)
{
	const struct fanotify_nl_consumer consumer = { .name = s->consumer };
	__u64 token;
	int ret;

	ret = fanotify_nl_consumers(s->h, s->journal, find_consumer, s);
	if (ret < 0)
		return fail_nl(s->h, ret, "consumers");
	if (s->registered)
		return 0;
	s->why = "first run";
	if (s->rsync.dry_run)
		return 0;
	ret = fanotify_nl_consumer_add(s->h, s->journal, &consumer, &token, NULL);
	if (ret)
		return fail_nl(s->h, ret, "consumer %s", s->consumer);
	s->registered = true;
	return 0;
}

/* Children keep it: a killed one's rsync may still be at work. */
static int take_lock(struct sync *s)
{
	char *name = xasprintf(LOCK_FOLDER "/%s.lock", s->consumer);
	int ret = 0;

	if (mkdir(LOCK_FOLDER, 0700) && errno != EEXIST)
		ret = fail_errno(errno, LOCK_FOLDER);
	if (!ret)
		s->lock = open(name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (!ret && s->lock < 0)
		ret = fail_errno(errno, "%s", name);
	for (int i = 0; !ret && flock(s->lock, LOCK_EX | LOCK_NB); i++) {
		if (errno == EWOULDBLOCK && i < LOCK_TRIES) {
			usleep(LOCK_PAUSE_US);
			continue;
		}
		ret = fail_errno(errno, "%s", name);
		if (i)
			complain("another sync of %s to %s is at work", s->rsync.src, s->rsync.dst);
	}
	free(name);
	return ret;
}

static int acknowledge(struct sync *s)
{
	/* a first run is one though there was nothing to acknowledge */
	const int options = FANOTIFY_NL_ACK_SYNC | (s->full ? FANOTIFY_NL_ACK_RESET : 0);
	int ret;

	if (s->rsync.dry_run)
		return 0;
	/* what a crash puts back to what it was before has no gap then */
	if (s->ordered && syncfs(s->changed.changes.fd))
		return fail_errno(errno, "%s", s->rsync.src);
	ret = s->local ? tell_copy(s) : 0;
	if (ret)
		return ret;
	ret = fanotify_nl_consumer_ack(s->h, s->journal, s->consumer, NULL, &s->changed.cursor,
				       options);
	return ret ? fail_nl(s->h, ret, "acknowledge") : 0;
}

/* ---- rounds ---- */

static FILE *list_open(void)
{
	int fd = memfd_create("paths", MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");

	if (!file) {
		fail_errno(errno, "list of paths");
		if (fd >= 0)
			close(fd);
	}
	return file;
}

/* Forget it. */
static void list_close(FILE **list)
{
	if (*list)
		fclose(*list);
	*list = NULL;
}

static int list_path(const char *path, unsigned int flags, void *arg)
{
	const unsigned int data = CHANGE_NAME | CHANGE_TREE | CHANGE_DATA | CHANGE_DELETED;
	bool names = !strcmp(path, ".") || (flags & CHANGE_TREE);
	struct sync *s = arg;
	FILE **list = flags & data ? &s->data : &s->attrs;

	if ((flags & data) && !names && s->copy >= 0 && links_break(s->copy, path))
		return EXIT_FAILURE;
	s->paths++;
	if (flags & CHANGE_DELETED)
		s->deleted++;
	if (!*list)
		*list = list_open();
	if (!*list)
		return EXIT_FAILURE;
	fprintf(*list, "%s%s", path, names ? "/" : "");
	putc('\0', *list);
	return ferror(*list) ? fail_errno(errno, "list of paths") : 0;
}

/* Return: as rsync_run(); 0 also for what vanished, RSYNC_PARTIAL for what became a device. */
static int run_rsync(struct sync *s, FILE *list, bool anew)
{
	int ret = rsync_run(&s->rsync, list, anew);

	if (ret > 0 && ret != RSYNC_VANISHED)
		complain("rsync: exit status %d", ret);
	if (ret == RSYNC_PROTOCOL)
		return RSYNC_PARTIAL;
	return ret == RSYNC_VANISHED ? 0 : ret;
}

/* ---- ACLs ---- */

/**
 * struct mending - What is looked for in a round: paths with other ACLs than SRC's.
 * @s: the run
 * @list: those that were found; NULL: none yet
 */
struct mending {
	struct sync *s;
	FILE *list;
};

static int mend_path(struct mending *m, const char *path)
{
	char *original = xasprintf("%s/%s", m->s->rsync.src, path);
	char *copy = xasprintf("%s/%s", m->s->local, path);
	int ret = 0;

	if (acls_differ(original, copy)) {
		if (!m->list)
			m->list = list_open();
		if (!m->list)
			ret = EXIT_FAILURE;
		else if (fwrite(path, strlen(path) + 1, 1, m->list) != 1)
			ret = fail_errno(errno, "list of paths");
	}
	free(original);
	free(copy);
	return ret;
}

static int mend_entry(struct changes *changes, int fd, const char *path,
		      const struct dirent *entry, bool is_dir, void *arg)
{
	(void)changes;
	(void)fd;
	(void)entry;
	(void)is_dir;
	return mend_path(arg, path);
}

static int mend_listed(struct mending *m, FILE *list)
{
	char *path = NULL;
	size_t size = 0;
	int ret = 0;

	if (!list)
		return 0;
	rewind(list);
	while (!ret && getdelim(&path, &size, '\0', list) > 0) {
		size_t len = strlen(path);

		if (len > 1 && path[len - 1] == '/')
			path[len - 1] = '\0';
		ret = mend_path(m, path);
	}
	if (!ret && ferror(list))
		ret = fail_errno(errno, "list of paths");
	free(path);
	return ret;
}

/*
 * rsync 3.5.0 takes the owning group's permissions out of an ACL while it changes set-ID
 * bits, and puts them in when it looks at it once more.
 */
static int mend_acls(struct sync *s)
{
	struct mending m = { .s = s };
	int ret;

	ret = s->full ? changes_walk(&s->changed.changes, mend_entry, &m) : 0;
	if (!ret)
		ret = mend_listed(&m, s->data);
	if (!ret)
		ret = mend_listed(&m, s->attrs);
	if (!ret && m.list)
		ret = run_rsync(s, m.list, false);
	list_close(&m.list);
	return ret;
}

/* The user's options may have rsync leave alone what is taken away. */
static bool may_break_links(const struct sync *s)
{
	return s->local && !s->rsync.dry_run && !s->rsync.options;
}

static int apply(struct sync *s)
{
	int ret = 0;

	if (s->full && s->local && !s->unwritten && !s->rsync.dry_run)
		ret = silence_copy(s);
	if (!ret && s->full && may_break_links(s))
		ret = links_break_all(s->local, s->rsync.src);
	if (!ret && s->full)
		ret = run_rsync(s, NULL, s->unwritten);
	/* names first: they change the times of directories */
	if (!ret && s->data)
		ret = run_rsync(s, s->data, true);
	if (!ret && s->attrs)
		ret = run_rsync(s, s->attrs, false);
	if (!ret && s->local && !s->rsync.dry_run)
		ret = mend_acls(s);
	return ret;
}

static void need_full(struct sync *s, const char *why)
{
	if (!s->full)
		complain("looking at everything: %s", why);
	s->full = true;
	s->why = why;
}

/* Return: 0; RSYNC_PARTIAL: try again; else failed, and said so. */
static int sync_round(struct sync *s)
{
	struct changes *changes = &s->changed.changes;
	int ret = 0;

	changes_clear(changes);
	list_close(&s->data);
	list_close(&s->attrs);
	if (s->copy < 0 && may_break_links(s))
		s->copy = open(s->local, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->registered) {
		ret = changed_read(&s->changed, s->h, s->journal, s->consumer,
				   s->says ? &s->from : NULL);
		s->records += changes->records;
		s->gaps += s->changed.gaps;
	}
	if (!ret && changes->all)
		need_full(s, "something is missing in the journal");
	if (!ret)
		ret = changes_look(changes, list_path, s);
	if (ret)
		return EXIT_FAILURE;
	ret = apply(s);
	if (!ret && s->registered)
		ret = acknowledge(s);
	return ret;
}

/* While others change what is transferred, that is what may be in the way. */
static int try_rounds(struct sync *s)
{
	__u64 index;
	int ret, i = 0;

	do {
		index = s->changed.cursor.index;
		ret = sync_round(s);
		i++;
	} while (ret == RSYNC_PARTIAL &&
		 (i < ATTEMPTS || (i < ATTEMPTS_BUSY && s->changed.cursor.index != index)));
	return ret;
}

static int sync_rounds(struct sync *s)
{
	int ret = try_rounds(s);

	if (!ret && s->full && !s->rsync.dry_run) {
		/* it has taken its time: what has changed meanwhile */
		s->full = false;
		ret = try_rounds(s);
	}
	if (!ret)
		return 0;
	if (!s->rsync.dry_run)
		complain("nothing was acknowledged since the last success: run it again");
	return EXIT_FAILURE;
}

static int print_summary(const struct sync *s)
{
	char cursor[FANOTIFY_NL_CURSOR_LEN];
	struct out o = { .json = s->json };

	fanotify_nl_cursor_format(&s->changed.cursor, cursor);
	out_begin(&o);
	out_text(&o, "%s", s->rsync.dry_run ? "would be done: " : "");
	out_string(&o, "source", NULL, s->rsync.src);
	out_string(&o, "destination", NULL, s->rsync.dst);
	out_string(&o, "consumer", NULL, s->consumer);
	if (s->rsync.dry_run)
		out_true(&o, "dry_run", NULL);
	if (s->why)
		out_string(&o, "full", "everything looked at (", s->why);
	out_text(&o, "%s", s->why ? "), " : "");
	out_u64(&o, "records", "records ", s->records);
	out_u64(&o, "paths", ", paths ", s->paths);
	out_u64(&o, "deleted", ", deleted ", s->deleted);
	out_u64(&o, "gaps", ", gaps ", s->gaps);
	if (s->registered)
		out_string(&o, "cursor", NULL, cursor);
	return out_end(&o);
}

/* ---- the command ---- */

static int sync_prepare(struct sync *s, const char *src, bool full)
{
	struct changes *changes = &s->changed.changes;
	struct fanotify_nl_journal_info info;
	const char *said;
	int ret;

	ret = changes_open(changes, src);
	if (ret)
		return ret;
	s->rsync.src = changes->real;
	if (!is_remote(s->rsync.dst)) {
		s->local = real_path(s->rsync.dst);
		if (!s->local || check_places(s))
			return EXIT_FAILURE;
		s->rsync.dst = s->local;
	}
	if (rsync_check())
		return EXIT_FAILURE;
	if (journal_find(s->h, src, "sync", &info)) {
		complain("fanotifyctl journal enable starts the journal of a filesystem");
		return EXIT_FAILURE;
	}
	if (~info.settings.mask & KINDS_NEEDED) {
		complain("sync: the journal of %s does not record all changes: start it again, with --events create,delete,rename,attrib,modify,close-write",
			 src);
		return EXIT_FAILURE;
	}
	s->journal = info.id;
	s->ordered = info.settings.level == FANOTIFY_JOURNAL_LEVEL_ORDERED;
	if (!s->consumer)
		s->consumer = consumer_name(s);
	ret = take_lock(s);
	if (!ret)
		ret = register_consumer(s);
	if (ret)
		return ret;
	/* also where all is looked at for another reason: it may not be written */
	said = s->local ? ask_copy(s, info.uuid) : NULL;
	if (full)
		need_full(s, "--full");
	else if (s->why)
		need_full(s, s->why);
	else if (s->local && is_empty(s->local))
		need_full(s, "the copy is empty");
	else if (said)
		need_full(s, said);
	return 0;
}

static int sync_parse(struct sync *s, char **argv, const char **src, bool *full)
{
	const char *consumer = NULL;
	bool help = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "json", .flag = &s->json },
		{ .name = "full", .flag = full },
		{ .name = "dry-run", .flag = &s->rsync.dry_run },
		{ .name = "progress", .flag = &s->rsync.progress },
		{ .name = "consumer", .value = &consumer },
		{ .name = NULL },
	};
	struct words words;

	if (options_parse(defs, argv, &words))
		return -1;
	if (help) {
		show_help("sync");
		return 1;
	}
	if (words.count != 2) {
		usage_error("sync: wants two directories");
		return -1;
	}
	*src = words.list[0];
	s->rsync.dst = words.list[1];
	s->rsync.options = words.command;
	s->rsync.stdout_fd = s->rsync.dry_run && !s->json ? STDOUT_FILENO : STDERR_FILENO;
	if (consumer)
		s->consumer = xstrdup(consumer);
	return 0;
}

int cmd_sync(char **argv)
{
	struct sync s = { .lock = -1, .copy = -1, .changed.changes.fd = -1 };
	bool full = false;
	const char *src;
	int ret;

	ret = sync_parse(&s, argv, &src, &full);
	if (ret)
		return journal_words_status(ret);
	s.h = open_nl();
	if (!s.h)
		return EXIT_FAILURE;
	ret = sync_prepare(&s, src, full);
	if (!ret)
		ret = sync_rounds(&s);
	if (!ret)
		ret = print_summary(&s);
	list_close(&s.data);
	list_close(&s.attrs);
	changes_close(&s.changed.changes);
	free(s.consumer);
	free(s.local);
	if (s.copy >= 0)
		close(s.copy);
	if (s.lock >= 0)
		close(s.lock);
	fanotify_nl_close(s.h);
	return ret;
}
