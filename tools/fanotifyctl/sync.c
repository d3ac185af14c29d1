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
 * The first round, and one after a gap, has rsync look at everything, and at all data
 * where size and time prove nothing. A consumer that has never acknowledged says that the
 * first one is not done yet.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acls.h"
#include "changed.h"
#include "copy.h"
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

/**
 * struct sync - One run.
 * @h: the library
 * @changed: what there is to do
 * @rsync: how it is done
 * @journal: number of the journal
 * @ordered: it is of level ordered
 * @consumer: whose acknowledgement says where to go on
 * @source: where rsync finds what is to be copied
 * @dst: where to, as it is called
 * @copy: that, if it is of this machine; else without a path
 * @json: say how it went as JSON
 * @full: rsync has to look at everything
 * @files: which files it has to transfer then
 * @why: why it has to, or NULL; it has not then
 * @registered: there is such a consumer
 * @acked: it has acknowledged something
 * @narrow: it does not read all that is needed, and that was said
 * @lock: of the consumer, held until this process and all its children have ended
 * @copy_lock: of the copy, likewise
 * @data: paths to transfer anew, or to delete
 * @attrs: paths of which only attributes are to be transferred
 * @parent: of the last one, if it is among them
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
	char *source;
	const char *dst;
	struct copy copy;
	bool json;
	bool full;
	enum rsync_files files;
	const char *why;
	bool registered;
	bool acked;
	bool narrow;
	int lock;
	int copy_lock;
	FILE *data;
	FILE *attrs;
	char *parent;
	__u64 paths;
	__u64 deleted;
	__u64 records;
	__u64 gaps;
};

/* rsync's rule: a colon before the first slash. */
static bool is_remote(const char *dst)
{
	size_t len = strcspn(dst, ":/");

	return dst[len] == ':';
}

/* ---- the consumer ---- */

#define HASH_START	0xcbf29ce484222325ULL

/* FNV-1a, with the NUL at the end. */
static __u64 hash_text(__u64 hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	while (*text++);
	return hash;
}

/* One for each pair of directories. */
static char *consumer_name(const struct sync *s)
{
	__u64 hash = hash_text(HASH_START, s->changed.changes.top);

	return xasprintf("sync-%016llx", hash_text(hash, s->dst));
}

static int find_consumer(const struct fanotify_nl_consumer_info *info, void *arg)
{
	struct sync *s = arg;

	if (strcmp(info->name, s->consumer))
		return 0;
	s->registered = true;
	s->acked = info->acked_at;
	s->narrow = changed_check_consumer(info, "sync");
	if (!s->acked)
		s->why = "the first run was not finished";
	return 1;
}

static int add_consumer(struct sync *s, __u32 start)
{
	const struct fanotify_nl_consumer consumer = { .name = s->consumer, .start = start };
	__u64 token;
	int ret;

	ret = fanotify_nl_consumer_add(s->h, s->journal, &consumer, &token, NULL);
	if (ret)
		return fail_nl(s->h, ret, "consumer %s", s->consumer);
	s->registered = true;
	return 0;
}

/* What cannot say what it is a copy of is not emptied because a disk is not mounted. */
static int check_first(const struct sync *s)
{
	if (!folder_is_empty(s->source) || (s->copy.path && folder_is_empty(s->copy.place)))
		return 0;
	complain("%s is empty, so that a first run would empty %s: if it is to be empty, and is mounted, run sync --full",
		 s->changed.changes.real, s->dst);
	return EXIT_FAILURE;
}

static int register_consumer(struct sync *s, bool full)
{
	int ret;

	ret = fanotify_nl_consumers(s->h, s->journal, find_consumer, s);
	if (ret < 0)
		return fail_nl(s->h, ret, "consumers");
	if (s->narrow)
		return EXIT_FAILURE;
	if (s->registered)
		return 0;
	if (!full && check_first(s))
		return EXIT_FAILURE;
	s->why = "first run";
	return s->rsync.dry_run ? 0 : add_consumer(s, FANOTIFY_CONSUMER_START_NOW);
}

/*
 * As one that has never acknowledged, so that the next run begins anew as well. It needs
 * what was not acknowledged, too: it is among all that there is.
 */
static int restart_consumer(struct sync *s)
{
	int ret = fanotify_nl_consumer_remove(s->h, s->journal, s->consumer, NULL);

	if (ret)
		return fail_nl(s->h, ret, "consumer %s", s->consumer);
	s->acked = false;
	return add_consumer(s, FANOTIFY_CONSUMER_START_OLDEST);
}

/* ---- locks ---- */

/* Children keep it: a killed one's rsync may still be at work. @file is freed. */
static int take_lock(const struct sync *s, int *lock, char *file)
{
	char *name = xasprintf(LOCK_FOLDER "/%s.lock", file);
	int ret = 0;

	if (mkdir(LOCK_FOLDER, 0700) && errno != EEXIST)
		ret = fail_errno(errno, LOCK_FOLDER);
	if (!ret)
		*lock = open(name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (!ret && *lock < 0)
		ret = fail_errno(errno, "%s", name);
	for (int i = 0; !ret && flock(*lock, LOCK_EX | LOCK_NB); i++) {
		if (errno == EWOULDBLOCK && i < LOCK_TRIES) {
			usleep(LOCK_PAUSE_US);
			continue;
		}
		ret = fail_errno(errno, "%s", name);
		if (i)
			complain("another sync as consumer %s, or to %s, is at work", s->consumer,
				 s->dst);
	}
	free(name);
	free(file);
	return ret;
}

/* Of the journal's; one of that name may be in another journal. */
static int lock_consumer(struct sync *s)
{
	return take_lock(s, &s->lock, xasprintf("journal-%u-%s", s->journal, s->consumer));
}

/* Whoever writes to it, and by whatever path. */
static int lock_copy(struct sync *s)
{
	struct stat st;

	if (!s->copy.path)
		return take_lock(s, &s->copy_lock,
				 xasprintf("copy-%016llx", hash_text(HASH_START, s->dst)));
	if (fstat(s->copy.fd, &st))
		return fail_errno(errno, "%s", s->copy.path);
	return take_lock(s, &s->copy_lock,
			 xasprintf("copy-%llx-%llu", (__u64)st.st_dev, (__u64)st.st_ino));
}

static int acknowledge(struct sync *s)
{
	/* a first run is one though there was nothing to acknowledge */
	const int options = FANOTIFY_NL_ACK_SYNC | (s->full ? FANOTIFY_NL_ACK_RESET : 0);
	int ret = 0;

	if (s->rsync.dry_run)
		return 0;
	/* what a crash puts back to what it was before has no gap then */
	if (s->ordered && syncfs(s->changed.changes.fd))
		return fail_errno(errno, "%s", s->changed.changes.real);
	if (s->copy.path)
		ret = copy_tell(&s->copy, s->consumer, &s->changed.cursor,
				s->full || s->data || s->attrs);
	if (ret)
		return ret;
	ret = fanotify_nl_consumer_ack(s->h, s->journal, s->consumer, NULL, &s->changed.cursor,
				       options);
	if (ret)
		return fail_nl(s->h, ret, "acknowledge");
	s->acked = true;
	return 0;
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

static int list_add(FILE **list, const char *path, unsigned int flags)
{
	if (!*list)
		*list = list_open();
	if (!*list)
		return EXIT_FAILURE;
	changes_put(*list, path, flags);
	return ferror(*list) ? fail_errno(errno, "list of paths") : 0;
}

/* An rsync that was killed has left its temporary file where it was to end up. */
static int list_parent(struct sync *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent = slash ? strndup(path, slash - path) : xstrdup(".");
	int ret = 0;

	if (!s->parent || strcmp(s->parent, parent))
		ret = list_add(&s->attrs, parent, CHANGE_TREE);
	free(s->parent);
	s->parent = parent;
	return ret;
}

/* The user's options may have rsync leave alone what is taken away. */
static bool may_break_links(const struct sync *s)
{
	return s->copy.fd >= 0 && !(s->rsync.options && *s->rsync.options);
}

static int list_path(const char *path, unsigned int flags, void *arg)
{
	const unsigned int data = CHANGE_NAME | CHANGE_TREE | CHANGE_DATA | CHANGE_DELETED;
	const bool names = !strcmp(path, ".") || (flags & CHANGE_TREE);
	struct sync *s = arg;
	int ret = 0;

	if ((flags & data) && !names && may_break_links(s))
		ret = links_break(s->copy.fd, path);
	s->paths++;
	if (flags & CHANGE_DELETED)
		s->deleted++;
	if (!ret && s->copy.begun)
		ret = list_parent(s, path);
	return ret ? ret : list_add(flags & data ? &s->data : &s->attrs, path, flags);
}

/* Return: as rsync_run(); 0 also for what vanished, RSYNC_PARTIAL for what became a device. */
static int run_rsync(struct sync *s, FILE *list, enum rsync_files files)
{
	int ret = rsync_run(&s->rsync, list, files);

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
	char *copy = xasprintf("%s/%s", m->s->copy.place, path);
	int ret = 0;

	if (acls_differ(original, copy))
		ret = list_add(&m->list, path, 0);
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
		ret = run_rsync(s, m.list, RSYNC_FILES_TIME);
	list_close(&m.list);
	return ret;
}

/* Whatever ends it, the next run looks at everything as well. */
static int begin_full(struct sync *s)
{
	bool seen = false;
	int ret = 0;

	if (s->copy.path)
		ret = copy_begin_all(&s->copy, s->files, &seen);
	return ret || seen || !s->acked ? ret : restart_consumer(s);
}

static int apply(struct sync *s)
{
	int ret = 0;

	if (s->full && !s->rsync.dry_run)
		ret = begin_full(s);
	else if ((s->data || s->attrs) && s->copy.fd >= 0)
		ret = copy_begin(&s->copy, s->consumer);
	if (!ret && s->full && may_break_links(s))
		ret = links_break_all(s->copy.fd, s->rsync.src);
	if (!ret && s->full)
		ret = run_rsync(s, NULL, s->files);
	/* names first: they change the times of directories */
	if (!ret && s->data)
		ret = run_rsync(s, s->data, RSYNC_FILES_ALL);
	if (!ret && s->attrs)
		ret = run_rsync(s, s->attrs, RSYNC_FILES_TIME);
	if (!ret && s->copy.fd >= 0)
		ret = mend_acls(s);
	return ret;
}

/* Until it was done. */
static void need_full(struct sync *s, enum rsync_files files, const char *why)
{
	if (files > s->files)
		s->files = files;
	if (s->full)
		return;
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
	free(s->parent);
	s->parent = NULL;
	if (s->registered) {
		ret = changed_read(&s->changed, s->h, s->journal, s->consumer,
				   s->copy.says ? &s->copy.from : NULL);
		s->records += changes->records;
		s->gaps += s->changed.gaps;
	}
	if (!ret && !changes_still(changes))
		ret = EXIT_FAILURE;
	if (!ret && changes->replaced)
		need_full(s, RSYNC_FILES_ALL, "the directory is another one");
	else if (!ret && changes->undone)
		need_full(s, RSYNC_FILES_DATA, "something is missing in the journal since a crash, or an older state came back: data are compared, too");
	else if (!ret && changes->all)
		need_full(s, RSYNC_FILES_TIME, "something is missing in the journal");
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
		s->files = RSYNC_FILES_TIME;
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
	out_string(&o, "source", NULL, s->changed.changes.real);
	out_string(&o, "destination", NULL, s->dst);
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

/* What has SRC's path while that is not mounted would take the place of all that is there. */
static int check_copy(const struct sync *s, bool full)
{
	if (!s->copy.foreign || full)
		return 0;
	complain("%s is a copy of another filesystem, not of what is at %s now: if that is what it is to be a copy of, and it is mounted, run sync --full",
		 s->copy.path, s->changed.changes.real);
	return EXIT_FAILURE;
}

static int sync_prepare(struct sync *s, const char *src, bool full)
{
	struct changes *changes = &s->changed.changes;
	struct fanotify_nl_journal_info info;
	const char *said = NULL;
	int ret;

	ret = changes_open(changes, src);
	if (!ret)
		ret = changes_alone(changes);
	if (ret)
		return ret;
	s->source = xasprintf("/proc/self/fd/%d", changes->fd);
	s->rsync.src = s->source;
	if (!is_remote(s->dst)) {
		ret = copy_find(&s->copy, s->dst, changes);
		if (ret)
			return ret;
		s->dst = s->copy.path;
	}
	if (rsync_check())
		return EXIT_FAILURE;
	if (journal_find(s->h, src, "sync", &info)) {
		complain("fanotifyctl journal enable starts the journal of a filesystem");
		return EXIT_FAILURE;
	}
	if (changed_check_journal(&info, "sync", src))
		return EXIT_FAILURE;
	s->journal = info.id;
	s->ordered = info.settings.level == FANOTIFY_JOURNAL_LEVEL_ORDERED;
	if (!s->consumer)
		s->consumer = consumer_name(s);
	ret = lock_consumer(s);
	if (!ret && s->copy.path && !s->rsync.dry_run)
		ret = copy_open(&s->copy);
	s->rsync.dst = s->copy.path ? s->copy.place : s->dst;
	if (!ret && !s->rsync.dry_run)
		ret = lock_copy(s);
	/* also where all is looked at for another reason: it may not be written */
	if (!ret && s->copy.path)
		said = copy_ask(&s->copy, s->consumer, info.uuid);
	if (!ret)
		ret = check_copy(s, full);
	if (!ret)
		ret = register_consumer(s, full);
	if (ret)
		return ret;
	if (full)
		s->why = "--full";
	else if (!s->why)
		s->why = s->copy.path && folder_is_empty(s->copy.place) ? "the copy is empty" :
									  said;
	if (s->why)
		need_full(s, s->copy.files, s->why);
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
	if (!*words.list[0] || !*words.list[1]) {
		usage_error("sync: an empty name is no directory");
		return -1;
	}
	*src = words.list[0];
	s->dst = words.list[1];
	s->rsync.options = words.command;
	s->rsync.stdout_fd = s->rsync.dry_run && !s->json ? STDOUT_FILENO : STDERR_FILENO;
	if (consumer)
		s->consumer = xstrdup(consumer);
	return 0;
}

int cmd_sync(char **argv)
{
	struct sync s = {
		.lock = -1, .copy_lock = -1, .copy.fd = -1,
		.changed.changes = { .fd = -1, .mounted = -1 },
	};
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
	copy_close(&s.copy);
	free(s.source);
	free(s.parent);
	if (s.copy_lock >= 0)
		close(s.copy_lock);
	if (s.lock >= 0)
		close(s.lock);
	fanotify_nl_close(s.h);
	return ret;
}
