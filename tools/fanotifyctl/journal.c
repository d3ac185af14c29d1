// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl journal: enable, start, stop, disable, status, read.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/fanotify-nl-journal.h>

#include "event.h"
#include "journal.h"
#include "text.h"
#include "tree.h"

int journal_words(char **argv, const struct option_def *defs, const bool *help,
		  const char *command, bool optional, const char **path)
{
	struct words words;

	if (options_parse(defs, argv, &words))
		return -1;
	if (*help) {
		show_help(command);
		return 1;
	}
	if (words.command || words.count > 1) {
		usage_error("%s: one word too many",
			    words.count > 1 ? words.list[1] : "--");
		return -1;
	}
	if (!words.count && !optional) {
		usage_error("%s: a word is missing, see --help", command);
		return -1;
	}
	*path = words.list[0];
	return 0;
}

int journal_find(struct fanotify_nl *h, const char *path, const char *command,
		 struct fanotify_nl_journal_info *info)
{
	int ret = fanotify_nl_journal_get(h, path, info);

	return ret ? fail_nl(h, ret, "%s", command) : 0;
}

void journal_time(struct out *o, const char *key, const char *before, __u64 time)
{
	char text[64] = "never";

	if (time)
		time_text(text, sizeof(text), time / NSEC_PER_SEC, time % NSEC_PER_SEC);
	out_u64(o, key, NULL, time);
	out_text(o, "%s%s", before, text);
}

/* ---- the ring file ---- */

static char *ring_below(const char *root)
{
	return xasprintf("%s/" FANOTIFY_NL_JOURNAL_FILE, strcmp(root, "/") ? root : "");
}

/* That of the mount of @path, whether it is there or not; NULL: failed, and said so. */
static char *ring_find(const char *path)
{
	const struct view *view = NULL;
	struct tree tree = { 0 };
	char *ring = NULL;
	int fd, ret;

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0) {
		fail_errno(errno, "%s", path);
		return NULL;
	}
	ret = mounts_read(&tree.mounts);
	if (ret)
		fail_errno(-ret, "/proc/self/mountinfo");
	else
		view = tree_add(&tree, path, fd);
	if (view)
		ring = ring_below(view->mount.point);
	tree_free(&tree);
	close(fd);
	return ring;
}

/* What cannot be compared, as the journal's mount is elsewhere by now, may be it. */
static bool is_ring_of(const struct fanotify_nl_journal_info *info, const char *ring)
{
	struct stat here, there;
	bool same = !stat(ring, &here);
	char *path;

	if (!same || !info->path)
		return same;
	path = ring_below(info->path);
	if (!stat(path, &there))
		same = here.st_dev == there.st_dev && here.st_ino == there.st_ino;
	free(path);
	return same;
}

/*
 * Of several mounts of a filesystem, or subvolumes, one has the ring file of its journal.
 * Return: 0, also if none runs; EXIT_FAILURE: it is not @ring, and said so.
 */
static int ring_check(struct fanotify_nl *h, const char *path, const char *ring,
		      const char *command)
{
	struct fanotify_nl_journal_info info;
	char *other;
	int ret;

	ret = fanotify_nl_journal_get(h, path, &info);
	if (ret == -ENOENT || (!ret && is_ring_of(&info, ring)))
		return 0;
	if (ret)
		return fail_nl(h, ret, "%s", command);
	other = info.path ? text_quote(info.path, strlen(info.path)) : xstrdup("?");
	complain("%s: the journal of this filesystem runs, and its ring file is not at %s: it is that of %s",
		 command, path, other);
	free(other);
	return EXIT_FAILURE;
}

/* Has it the size that was asked for? Return: 0; EXIT_FAILURE: not, and said so. */
static int ring_check_size(const char *ring, __u64 size)
{
	const __u64 least = size < FANOTIFY_JOURNAL_SIZE_MIN ? FANOTIFY_JOURNAL_SIZE_MIN : size;
	struct stat st;

	if (stat(ring, &st))
		return fail_errno(errno, "%s", ring);
	if ((__u64)st.st_size >= least && st.st_size - least < FANOTIFY_JOURNAL_SEGMENT)
		return 0;
	complain("journal enable: there is a ring file of %llu bytes: to have one of another size, disable the journal first",
		 (__u64)st.st_size);
	return EXIT_FAILURE;
}

/* ---- enable, start, stop, disable ---- */

/* The options of what a journal is set to. */
struct setting_options {
	const char *level;
	const char *events;
	const char *interval;
	const char *idle;
	const char *queue;
};

static int level_parse(const char *text, __u32 *level)
{
	const char *name;

	for (*level = 1; (name = fanotify_nl_journal_level_name(*level)); ++*level)
		if (!strcmp(text, name))
			return 0;
	return -1;
}

static int settings_parse(const struct setting_options *options,
			  struct fanotify_nl_journal_settings *s)
{
	*s = (struct fanotify_nl_journal_settings){ 0 };
	if (options->level) {
		if (level_parse(options->level, &s->level)) {
			usage_error("--level %s: neither durable nor ordered", options->level);
			return -1;
		}
		s->set |= FANOTIFY_NL_JOURNAL_SET_LEVEL;
	}
	if (options->events) {
		if (fanotify_nl_kind_parse(options->events, &s->mask)) {
			usage_error("--events %s: not kinds of event", options->events);
			return -1;
		}
		/* a filesystem's end is not recorded on it */
		if (!strcmp(options->events, "all"))
			s->mask &= ~(__u64)(FANOTIFY_KIND_UNMOUNT | FANOTIFY_KIND_COVERED |
					    FANOTIFY_KIND_MOUNT_ATTACH |
					    FANOTIFY_KIND_MOUNT_DETACH |
					    FANOTIFY_KIND_EVENT_ON_CHILD);
		s->mask |= FANOTIFY_KIND_ONDIR;
		s->set |= FANOTIFY_NL_JOURNAL_SET_MASK;
	}
	if (options->interval) {
		if (parse_u32(options->interval, &s->interval_ms)) {
			usage_error("--interval-ms %s: not a number", options->interval);
			return -1;
		}
		s->set |= FANOTIFY_NL_JOURNAL_SET_INTERVAL_MS;
	}
	if (options->idle) {
		if (parse_u64(options->idle, &s->idle_limit)) {
			usage_error("--idle-limit %s: not a number of seconds", options->idle);
			return -1;
		}
		s->set |= FANOTIFY_NL_JOURNAL_SET_IDLE_LIMIT;
	}
	if (options->queue) {
		if (parse_bytes(options->queue, &s->queue_limit)) {
			usage_error("--queue-limit %s: not a number of bytes", options->queue);
			return -1;
		}
		s->set |= FANOTIFY_NL_JOURNAL_SET_QUEUE_LIMIT;
	}
	return 0;
}

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	interrupted = signal;
}

/* A terminal sees how far it is; what is interrupted leaves nothing behind. */
static int progress(__u64 done, __u64 all, void *arg)
{
	(void)arg;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rwriting the ring file: %llu %%%s", 100 * done / all,
			done == all ? "\n" : "");
	return interrupted;
}

static int create(struct fanotify_nl *h, const char *path, __u64 size)
{
	struct sigaction action = { .sa_handler = interrupt }, sigint, sigterm;
	int ret;

	sigaction(SIGINT, &action, &sigint);
	sigaction(SIGTERM, &action, &sigterm);
	ret = fanotify_nl_journal_create(h, path, size, progress, NULL);
	sigaction(SIGINT, &sigint, NULL);
	sigaction(SIGTERM, &sigterm, NULL);
	if (interrupted)
		raise(interrupted);
	return ret;
}

/* Make the ring file, if there is none. Return: 0; EXIT_FAILURE, and said so. */
static int make_ring(struct fanotify_nl *h, const char *path, __u64 size, bool *made)
{
	char *ring = ring_find(path);
	int ret;

	ret = ring ? ring_check(h, path, ring, "journal enable") : EXIT_FAILURE;
	if (!ret) {
		ret = create(h, path, size);
		*made = !ret;
		if (ret == -EEXIST)
			ret = size ? ring_check_size(ring, size) : 0;
		else if (ret)
			ret = fail_nl(h, ret, "journal enable");
	}
	free(ring);
	return ret;
}

static int say_started(const struct fanotify_nl_journal_info *info)
{
	char *path = info->path ? text_quote(info->path, strlen(info->path)) : xstrdup("?");
	char since[64];

	time_text(since, sizeof(since), info->covered_since / NSEC_PER_SEC,
		  info->covered_since % NSEC_PER_SEC);
	printf("journal %u of %s runs, covered since %s\n", info->id, path, since);
	free(path);
	return EXIT_SUCCESS;
}

static int start(char **argv, const char *command, bool enable)
{
	struct fanotify_nl_journal_settings settings;
	struct fanotify_nl_journal_info info;
	struct setting_options options = { 0 };
	const char *size_text = NULL, *path;
	bool help = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "events", .value = &options.events },
		{ .name = "interval-ms", .value = &options.interval },
		{ .name = "idle-limit", .value = &options.idle },
		{ .name = "queue-limit", .value = &options.queue },
		{ .name = enable ? "size" : NULL, .value = &size_text },
		{ .name = enable ? "level" : NULL, .value = &options.level },
		{ .name = NULL },
	};
	struct fanotify_nl *h;
	bool made = false;
	__u64 size = 0;
	int ret;

	ret = journal_words(argv, defs, &help, command, false, &path);
	if (ret)
		return journal_words_status(ret);
	if (settings_parse(&options, &settings))
		return EXIT_USAGE;
	if (size_text && (parse_bytes(size_text, &size) || !size)) {
		usage_error("--size %s: not a number of bytes", size_text);
		return EXIT_USAGE;
	}
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	ret = enable ? make_ring(h, path, size, &made) : 0;
	if (!ret) {
		ret = fanotify_nl_journal_start(h, path, &settings, &info);
		ret = ret ? fail_nl(h, ret, "%s", command) : say_started(&info);
	}
	/* the next one may want another size */
	if (ret && made && fanotify_nl_journal_remove(h, path))
		complain("%s: %s", command, fanotify_nl_error(h));
	fanotify_nl_close(h);
	return ret;
}

int cmd_journal_enable(char **argv)
{
	return start(argv, "journal enable", true);
}

int cmd_journal_start(char **argv)
{
	return start(argv, "journal start", false);
}

int cmd_journal_stop(char **argv)
{
	struct fanotify_nl_journal_info info;
	bool help = false, force = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "force", .flag = &force },
		{ .name = NULL },
	};
	struct fanotify_nl *h;
	const char *path;
	int ret;

	ret = journal_words(argv, defs, &help, "journal stop", false, &path);
	if (ret)
		return journal_words_status(ret);
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	ret = journal_find(h, path, "journal stop", &info);
	if (!ret) {
		ret = fanotify_nl_journal_stop(h, info.id, force);
		if (ret)
			ret = fail_nl(h, ret, "journal stop");
	}
	fanotify_nl_close(h);
	return ret;
}

static int disable(struct fanotify_nl *h, const char *path)
{
	struct fanotify_nl_journal_info info;
	char *ring = ring_find(path);
	int ret;

	ret = ring ? ring_check(h, path, ring, "journal disable") : EXIT_FAILURE;
	free(ring);
	if (ret)
		return ret;
	ret = fanotify_nl_journal_get(h, path, &info);
	if (!ret)
		ret = fanotify_nl_journal_stop(h, info.id, true);
	if (!ret || ret == -ENOENT)
		ret = fanotify_nl_journal_remove(h, path);
	return ret ? fail_nl(h, ret, "journal disable") : 0;
}

int cmd_journal_disable(char **argv)
{
	bool help = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = NULL },
	};
	struct fanotify_nl *h;
	const char *path;
	int ret;

	ret = journal_words(argv, defs, &help, "journal disable", false, &path);
	if (ret)
		return journal_words_status(ret);
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	ret = disable(h, path);
	fanotify_nl_close(h);
	return ret;
}

/* ---- status ---- */

struct status {
	struct out out;
	struct fanotify_nl *h;
};

static int status_consumer(const struct fanotify_nl_consumer_info *info, void *arg)
{
	struct status *status = arg;

	out_object(&status->out, NULL);
	journal_consumer_print(&status->out, "\n    ", info);
	out_object_end(&status->out);
	return 0;
}

static void print_state(struct out *o, const struct fanotify_nl_journal_info *info)
{
	const char *state = fanotify_nl_journal_state_name(info->state);
	const char *level = fanotify_nl_journal_level_name(info->settings.level);
	const char *error = info->error ? strerrorname_np(info->error) : NULL;

	out_string(o, "state", "  ", state ? state : "unknown");
	if (info->error)
		out_string(o, "error", ": ", error ? error : "unknown");
	if (info->error == EBUSY)
		out_text(o, " (frozen)");
	out_string(o, "level", "  level ", level ? level : "unknown");
	journal_time(o, "covered_since", "\n    covered since ", info->covered_since);
	out_u64(o, "covered_index", ", record ", info->covered_index);
}

static void print_records(struct out *o, const struct fanotify_nl_journal_info *info)
{
	out_u64(o, "size", "\n    size ", info->size);
	out_u64(o, "oldest", "  records ", info->oldest);
	out_u64(o, "durable", " to ", info->durable);
	journal_time(o, "oldest_realtime", "\n    oldest ", info->oldest_realtime);
	journal_time(o, "durable_realtime", "  newest on disk ", info->durable_realtime);
	out_u64(o, "newest", NULL, info->newest);
	out_text(o, "\n    not on disk yet %llu", info->newest - info->durable);
	out_u64(o, "waiting_bytes", "  memory ", info->waiting_bytes);
	out_u64(o, "queue_limit", " of ", info->settings.queue_limit);
	out_u64(o, "lost", "\n    since the start: lost ", info->lost);
	out_u64(o, "gaps", "  gaps ", info->gaps);
	out_u64(o, "batches", "  batches ", info->batches);
	out_u64(o, "written", "  bytes written ", info->written);
	out_u64(o, "interval_ms", "\n    interval-ms ", info->settings.interval_ms);
	out_u64(o, "idle_limit", "  idle-limit ", info->settings.idle_limit);
	out_u64(o, "tail", "  needed from record ", info->tail);
	out_bits(o, "events", "\n    events ", info->settings.mask, out_kind);
}

static int print_status(const struct fanotify_nl_journal_info *info, void *arg)
{
	struct status *status = arg;
	struct out *o = &status->out;
	int ret;

	out_begin(o);
	if (info->path)
		out_bytes(o, "path", "", info->path, strlen(info->path));
	out_u64(o, "journal", "  journal ", info->id);
	if (info->fs_name)
		out_bytes(o, "fs_name", "  type ", info->fs_name, strlen(info->fs_name));
	uuid_print(o, info->uuid);
	print_state(o, info);
	print_records(o, info);
	out_list(o, "consumers");
	ret = fanotify_nl_consumers(status->h, info->id, status_consumer, status);
	out_list_end(o);
	/* one that ended meanwhile has none */
	if (ret && ret != -ENOENT)
		return ret;
	return out_end(o);
}

int cmd_journal_status(char **argv)
{
	struct fanotify_nl_journal_info info;
	struct status status = { 0 };
	bool help = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "json", .flag = &status.out.json },
		{ .name = NULL },
	};
	const char *path;
	int ret;

	ret = journal_words(argv, defs, &help, "journal status", true, &path);
	if (ret)
		return journal_words_status(ret);
	status.h = open_nl();
	if (!status.h)
		return EXIT_FAILURE;
	if (path) {
		ret = fanotify_nl_journal_get(status.h, path, &info);
		if (!ret) {
			/* the pointers end with the next command */
			char *at = info.path ? xstrdup(info.path) : NULL;
			char *type = info.fs_name ? xstrdup(info.fs_name) : NULL;

			info.path = at;
			info.fs_name = type;
			ret = print_status(&info, &status);
			free(at);
			free(type);
		}
	} else {
		ret = fanotify_nl_journals(status.h, print_status, &status);
	}
	if (ret < 0)
		fail_nl(status.h, ret, "journal status");
	fanotify_nl_close(status.h);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- read ---- */

int journal_record_print(struct reading *r, const struct fanotify_nl_event *event)
{
	char *path = event->path ? xasprintf("%s%s", r->prefix, event->path) : NULL;
	char *new_path = event->new_path ? xasprintf("%s%s", r->prefix, event->new_path) : NULL;
	int ret;

	r->lost |= event->mask & FANOTIFY_KIND_GAP ? true : false;
	ret = event_print(&r->out, &r->columns, event, path, new_path);
	free(path);
	free(new_path);
	return ret;
}

int journal_missing_print(struct reading *r, const struct fanotify_nl_gap *gap)
{
	r->lost = true;
	out_begin(&r->out);
	out_text(&r->out, "missing");
	gap_print(&r->out, gap);
	return out_end(&r->out);
}

static int print_cursor(struct reading *r, const struct fanotify_nl_records *records)
{
	char text[FANOTIFY_NL_CURSOR_LEN];

	fanotify_nl_cursor_format(&records->cursor, text);
	out_begin(&r->out);
	out_string(&r->out, "cursor", "cursor ", text);
	if (records->end)
		out_true(&r->out, "end", "  end");
	return out_end(&r->out);
}

/* Return: 0; 1: standard output failed, and said so; or -errno. */
static int read_records(struct reading *r, const char *path, struct fanotify_nl_read *read)
{
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_records records;
	struct fanotify_nl_cursor cursor;
	struct fanotify_nl_event event;
	bool limited = r->left;
	__u64 last = 0;
	int ret;

	do {
		ret = fanotify_nl_journal_read(r->h, r->id, read, &records);
		if (!ret && records.has_gap)
			ret = journal_missing_print(r, &records.gap);
		if (ret)
			return ret;
		while ((!limited || r->left) &&
		       (ret = fanotify_nl_journal_next(r->h, &event)) > 0) {
			if (journal_record_print(r, &event))
				return 1;
			if (limited && !--r->left && event.seq != records.cursor.index) {
				records.cursor.index = event.seq;
				records.end = false;
			}
		}
		if (ret < 0)
			return fail_nl(r->h, ret, "journal read");
		/* what is printed may be written to the filesystem, and make records */
		ret = last ? 0 : fanotify_nl_journal_get(r->h, path, &info);
		if (ret)
			return ret;
		if (!last)
			last = info.durable;
		cursor = records.cursor;
		read->cursor = &cursor;
		read->options = 0;
	} while (!records.end && cursor.index < last && (!limited || r->left));
	return print_cursor(r, &records);
}

int cmd_journal_read(char **argv)
{
	struct fanotify_nl_journal_info info;
	struct fanotify_nl_read read = { .options = FANOTIFY_NL_READ_FLUSH };
	const char *cursor_text = NULL, *count = NULL, *path;
	struct fanotify_nl_cursor cursor;
	bool help = false, no_flush = false;
	struct reading r = { 0 };
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "json", .flag = &r.out.json },
		{ .name = "no-flush", .flag = &no_flush },
		{ .name = "consumer", .value = &read.consumer },
		{ .name = "cursor", .value = &cursor_text },
		{ .name = "count", .value = &count },
		{ .name = NULL },
	};
	int ret;

	ret = journal_words(argv, defs, &help, "journal read", false, &path);
	if (ret)
		return journal_words_status(ret);
	if (cursor_text && fanotify_nl_cursor_parse(cursor_text, &cursor)) {
		usage_error("--cursor %s: not a cursor", cursor_text);
		return EXIT_USAGE;
	}
	if (count && (parse_u64(count, &r.left) || !r.left)) {
		usage_error("--count %s: not a number of records", count);
		return EXIT_USAGE;
	}
	if (cursor_text)
		read.cursor = &cursor;
	else if (!read.consumer)
		read.options |= FANOTIFY_NL_READ_OLDEST;
	if (no_flush)
		read.options &= ~FANOTIFY_NL_READ_FLUSH;
	r.h = open_nl();
	if (!r.h)
		return EXIT_FAILURE;
	ret = journal_find(r.h, path, "journal read", &info);
	if (!ret) {
		r.id = info.id;
		r.prefix = xstrdup(info.path && strcmp(info.path, "/") ? info.path : "");
		ret = read_records(&r, path, &read);
		if (ret < 0)
			fail_nl(r.h, ret, "journal read");
		free(r.prefix);
	}
	fanotify_nl_close(r.h);
	return ret ? EXIT_FAILURE : r.lost ? EXIT_LOST : EXIT_SUCCESS;
}
