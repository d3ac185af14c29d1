// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl monitor: one event as a line of text or of JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "event.h"
#include "fanotifyctl.h"
#include "text.h"

#define NSEC_PER_SEC	1000000000ULL

/* No column grows beyond this; what is longer is printed whole all the same. */
#define COLUMN_MAX	48

/* Which kinds say nothing once a kind that refines them is there. */
static const struct {
	__u64 coarse;
	__u64 fine;
} refined[] = {
	{ FANOTIFY_KIND_CREATE,
	  (FANOTIFY_KIND_CREATE_FILE | FANOTIFY_KIND_MKDIR | FANOTIFY_KIND_MKNOD |
	   FANOTIFY_KIND_SYMLINK | FANOTIFY_KIND_HARDLINK | FANOTIFY_KIND_TMPFILE_LINK) },
	{ FANOTIFY_KIND_DELETE,
	  FANOTIFY_KIND_UNLINK | FANOTIFY_KIND_LAST_UNLINK | FANOTIFY_KIND_RMDIR },
	{ FANOTIFY_KIND_UNLINK, FANOTIFY_KIND_LAST_UNLINK },
	{ FANOTIFY_KIND_ATTRIB,
	  (FANOTIFY_KIND_CHMOD | FANOTIFY_KIND_CHOWN | FANOTIFY_KIND_UTIMES |
	   FANOTIFY_KIND_SETXATTR | FANOTIFY_KIND_REMOVEXATTR | FANOTIFY_KIND_LINK_COUNT |
	   FANOTIFY_KIND_SETFLAGS) },
	{ FANOTIFY_KIND_MODIFY,
	  (FANOTIFY_KIND_WRITE | FANOTIFY_KIND_TRUNCATE | FANOTIFY_KIND_FALLOCATE |
	   FANOTIFY_KIND_CLONE_RANGE | FANOTIFY_KIND_MMAP_WRITE) },
};

char *kinds_list(__u64 mask)
{
	char *text = xstrdup("");

	for (int bit = 0; bit < 64; bit++) {
		const char *name = fanotify_nl_kind_name(1ULL << bit);
		char *longer;

		if (!(mask & 1ULL << bit))
			continue;
		if (name)
			longer = xasprintf("%s%s%s", text, *text ? "," : "", name);
		else
			longer = xasprintf("%s%s0x%llx", text, *text ? "," : "", 1ULL << bit);
		free(text);
		text = longer;
	}
	return text;
}

/* The kinds in their most exact names, and not what the mode shows anyway. */
static char *kinds_text(__u64 mask)
{
	__u64 shown = mask & ~(__u64)(FANOTIFY_KIND_ONDIR | FANOTIFY_KIND_EVENT_ON_CHILD);

	for (size_t i = 0; i < sizeof(refined) / sizeof(refined[0]); i++)
		if (mask & refined[i].fine)
			shown &= ~refined[i].coarse;
	return kinds_list(shown);
}

void time_text(char *buf, size_t size, __s64 sec, __u32 nsec)
{
	char date[48] = "?";
	time_t t = sec;
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(date, sizeof(date), "%F %T", &tm);
	snprintf(buf, size, "%s.%06u", date, nsec / 1000);
}

static void utc_text(char *buf, size_t size, __s64 sec, __u32 nsec)
{
	char date[48] = "?";
	time_t t = sec;
	struct tm tm;

	if (gmtime_r(&t, &tm))
		strftime(date, sizeof(date), "%FT%T", &tm);
	snprintf(buf, size, "%s.%09uZ", date, nsec);
}

static void print_column(struct out *o, int *width, const char *text)
{
	int columns = text_columns(text);

	if (columns > *width && columns <= COLUMN_MAX)
		*width = columns;
	out_text(o, "  %s%*s", text, columns < *width ? *width - columns : 0, "");
}

/* ---- the parts of an event that are for JSON only ---- */

static void print_time(struct out *o, const char *key, const struct fanotify_nl_time *time)
{
	char *nsec = xasprintf("%s_nsec", key);

	out_s64(o, key, NULL, time->sec);
	out_u64(o, nsec, NULL, time->nsec);
	free(nsec);
}

static void print_stat(struct out *o, const struct fanotify_nl_stat *st)
{
	if (!st->has)
		return;
	out_object(o, "stat");
	if (st->has & FANOTIFY_STAT_FIELD_MODE)
		out_u64(o, "mode", NULL, st->mode);
	if (st->has & FANOTIFY_STAT_FIELD_NLINK)
		out_u64(o, "nlink", NULL, st->nlink);
	if (st->has & FANOTIFY_STAT_FIELD_UID)
		out_u64(o, "uid", NULL, st->uid);
	if (st->has & FANOTIFY_STAT_FIELD_GID)
		out_u64(o, "gid", NULL, st->gid);
	if (st->has & FANOTIFY_STAT_FIELD_ATIME)
		print_time(o, "atime", &st->atime);
	if (st->has & FANOTIFY_STAT_FIELD_MTIME)
		print_time(o, "mtime", &st->mtime);
	if (st->has & FANOTIFY_STAT_FIELD_CTIME)
		print_time(o, "ctime", &st->ctime);
	if (st->has & FANOTIFY_STAT_FIELD_INO)
		out_u64(o, "ino", NULL, st->ino);
	if (st->has & FANOTIFY_STAT_FIELD_SIZE)
		out_u64(o, "size", NULL, st->size);
	if (st->has & FANOTIFY_STAT_FIELD_BLOCKS)
		out_u64(o, "blocks", NULL, st->blocks);
	out_object_end(o);
}

static void print_node(struct out *o, const char *key, const struct fanotify_nl_node *node)
{
	out_object(o, key);
	if (node->handle) {
		out_s64(o, "handle_type", NULL, node->handle_type);
		out_hex(o, "handle", node->handle, node->handle_len);
	}
	if (node->changed)
		out_bits(o, "changed", NULL, node->changed, out_changed);
	print_stat(o, &node->stat);
	out_object_end(o);
}

static void print_head(struct out *o, const struct fanotify_nl_event *event)
{
	if (event->has & FANOTIFY_NL_HAS_SEQ)
		out_u64(o, "seq", NULL, event->seq);
	if (event->has & FANOTIFY_NL_HAS_ID)
		out_u64(o, "id", NULL, event->id);
	if (event->has & FANOTIFY_NL_HAS_GROUP)
		out_u64(o, "group", NULL, event->group);
	if (event->has & FANOTIFY_NL_HAS_REALTIME)
		out_u64(o, "realtime", NULL, event->realtime);
	if (event->has & FANOTIFY_NL_HAS_BOOTTIME)
		out_u64(o, "boottime", NULL, event->boottime);
	if (event->has & FANOTIFY_NL_HAS_DEADLINE)
		out_u64(o, "deadline", NULL, event->deadline);
	out_u64(o, "mask", NULL, event->mask);
	out_bits(o, "kinds", NULL, event->mask, out_kind);
}

void uuid_print(struct out *o, const unsigned char *u)
{
	char *uuid = xasprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
			       "%02x%02x%02x%02x%02x%02x",
			       u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9],
			       u[10], u[11], u[12], u[13], u[14], u[15]);

	out_string(o, "uuid", NULL, uuid);
	free(uuid);
}

static void print_filesystem(struct out *o, const struct fanotify_nl_event *event)
{
	if (event->has & FANOTIFY_NL_HAS_DEV_MAJOR)
		out_u64(o, "dev_major", NULL, event->dev_major);
	if (event->has & FANOTIFY_NL_HAS_DEV_MINOR)
		out_u64(o, "dev_minor", NULL, event->dev_minor);
	if (event->has & FANOTIFY_NL_HAS_MNT_ID)
		out_u64(o, "mnt_id", NULL, event->mnt_id);
	if (event->uuid)
		uuid_print(o, event->uuid);
}

static void print_names(struct out *o, const struct fanotify_nl_event *event)
{
	if (event->path)
		out_bytes(o, "fs_path", NULL, event->path, event->path_len);
	if (event->new_path)
		out_bytes(o, "new_fs_path", NULL, event->new_path, event->new_path_len);
	if (event->name)
		out_bytes(o, "name", NULL, event->name, event->name_len);
	if (event->new_name)
		out_bytes(o, "new_name", NULL, event->new_name, event->new_name_len);
}

static void print_actor(struct out *o, const struct fanotify_nl_actor *actor)
{
	if (!actor->has)
		return;
	out_object(o, "actor");
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_TGID)
		out_u64(o, "tgid", NULL, actor->tgid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_TID)
		out_u64(o, "tid", NULL, actor->tid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_START)
		out_u64(o, "start", NULL, actor->start);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_UID)
		out_u64(o, "uid", NULL, actor->uid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_GID)
		out_u64(o, "gid", NULL, actor->gid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_EUID)
		out_u64(o, "euid", NULL, actor->euid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_EGID)
		out_u64(o, "egid", NULL, actor->egid);
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_LOGINUID)
		out_u64(o, "loginuid", NULL, actor->loginuid);
	if (actor->comm)
		out_bytes(o, "comm", NULL, actor->comm, strlen(actor->comm));
	if (actor->has & FANOTIFY_NL_ACTOR_HAS_CGROUP)
		out_u64(o, "cgroup", NULL, actor->cgroup);
	out_object_end(o);
}

/* ---- what text has of them ---- */

/* A path that is not visible here must not look like one that is. */
static char *name_text(const struct fanotify_nl_event *event, const char *path,
		       const char *fs_path)
{
	char *text, *whole;

	if (path)
		return text_quote(path, strlen(path));
	whole = xasprintf("[%u:%u]%s", event->dev_major, event->dev_minor, fs_path);
	text = text_quote(whole, strlen(whole));
	free(whole);
	return text;
}

static char *path_text(const struct fanotify_nl_event *event, const char *path,
		       const char *new_path)
{
	const char *fs_path = event->path ? event->path : event->fs_name ? "/" : NULL;
	char *text, *more, *both;

	if (path || fs_path) {
		text = name_text(event, path, fs_path);
	} else if (event->name) {
		more = text_quote(event->name, event->name_len);
		text = xasprintf("?/%s", more);
		free(more);
	} else {
		text = xstrdup("-");
	}
	if (new_path || event->new_path)
		more = name_text(event, new_path, event->new_path);
	else if (event->new_name)
		more = text_quote(event->new_name, event->new_name_len);
	else
		return text;
	both = xasprintf("%s -> %s", text, more);
	free(text);
	free(more);
	return both;
}

static char *actor_text(const struct fanotify_nl_actor *actor)
{
	char *text, *comm, *effective;

	if (!actor->has)
		return xstrdup("-");
	comm = actor->comm ? text_quote(actor->comm, strlen(actor->comm)) : xstrdup("?");
	if (actor->euid != actor->uid || actor->egid != actor->gid)
		effective = xasprintf(" euid %u egid %u", actor->euid, actor->egid);
	else
		effective = xstrdup("");
	text = xasprintf("%s[%u] uid %u gid %u%s", comm, actor->tgid, actor->uid, actor->gid,
			 effective);
	free(comm);
	free(effective);
	return text;
}

static void mode_text(char *text, __u32 mode)
{
	static const char types[] = "?pc?d?b?-?l?s???";
	static const char bits[] = "rwxrwxrwx";

	text[0] = types[mode >> 12 & 15];
	for (int i = 0; i < 9; i++)
		text[i + 1] = mode & 0400 >> i ? bits[i] : '-';
	if (mode & S_ISUID)
		text[3] = mode & S_IXUSR ? 's' : 'S';
	if (mode & S_ISGID)
		text[6] = mode & S_IXGRP ? 's' : 'S';
	if (mode & S_ISVTX)
		text[9] = mode & S_IXOTH ? 't' : 'T';
	text[10] = '\0';
}

static void stat_text(struct out *o, const struct fanotify_nl_stat *st)
{
	char mode[11], time[64];

	if (st->has & FANOTIFY_STAT_FIELD_MODE) {
		mode_text(mode, st->mode);
		out_text(o, "  %s", mode);
	}
	if (st->has & FANOTIFY_STAT_FIELD_UID)
		out_text(o, "  %u", st->uid);
	if (st->has & FANOTIFY_STAT_FIELD_GID)
		out_text(o, "%s%u", st->has & FANOTIFY_STAT_FIELD_UID ? ":" : "  gid ", st->gid);
	if (st->has & FANOTIFY_STAT_FIELD_SIZE)
		out_text(o, "  size %llu", st->size);
	if (st->has & FANOTIFY_STAT_FIELD_NLINK)
		out_text(o, "  nlink %u", st->nlink);
	if (st->has & FANOTIFY_STAT_FIELD_INO)
		out_text(o, "  ino %llu", st->ino);
	if (st->has & FANOTIFY_STAT_FIELD_MTIME) {
		time_text(time, sizeof(time), st->mtime.sec, st->mtime.nsec);
		out_text(o, "  mtime %s", time);
	}
}

/* Of what is new, everything has changed. */
static void changed_text(struct out *o, const struct fanotify_nl_event *event)
{
	const char *before = "  changed ";

	if (event->mask & FANOTIFY_KIND_CREATE)
		return;
	for (int bit = 0; bit < 32; bit++) {
		const char *name = fanotify_nl_changed_name(event->object.changed & 1U << bit);

		if (name) {
			out_text(o, "%s%s", before, name);
			before = ",";
		}
	}
}

/* ---- both ---- */

static void print_line_start(struct out *o, struct columns *columns,
			     const struct fanotify_nl_event *event, const char *path,
			     const char *new_path)
{
	__s64 sec = event->realtime / NSEC_PER_SEC;
	__u32 nsec = event->realtime % NSEC_PER_SEC;
	char *kinds = kinds_text(event->mask);
	char time[64];

	/* people have a time zone, programs do not */
	if (o->json)
		utc_text(time, sizeof(time), sec, nsec);
	else
		time_text(time, sizeof(time), sec, nsec);
	out_string(o, "time", "", time);
	print_column(o, &columns->kinds, kinds);
	free(kinds);

	if (path)
		out_bytes(o, "path", NULL, path, strlen(path));
	if (new_path)
		out_bytes(o, "new_path", NULL, new_path, strlen(new_path));
	if (!(event->has & FANOTIFY_NL_HAS_GAP) ||
	    event->gap.scope == FANOTIFY_GAP_SCOPE_DIRECTORY) {
		char *paths = path_text(event, path, new_path);
		char *actor = actor_text(&event->actor);

		print_column(o, &columns->path, paths);
		print_column(o, &columns->actor, actor);
		free(paths);
		free(actor);
	}
}

void gap_print(struct out *o, const struct fanotify_nl_gap *gap)
{
	const char *reason = fanotify_nl_gap_reason_name(gap->reason);
	const char *scope = fanotify_nl_gap_scope_name(gap->scope);
	char time[64];

	time_text(time, sizeof(time), gap->since / NSEC_PER_SEC, gap->since % NSEC_PER_SEC);
	out_object(o, "gap");
	if (gap->first) {
		bool counted = gap->count;

		out_u64(o, "count", counted ? "  events lost: " : NULL, gap->count);
		out_u64(o, "first", counted ? ", seq " : NULL, gap->first);
		out_u64(o, "last", counted ? " to " : NULL, gap->last);
		if (!counted)
			out_text(o, "  changes may be missing");
	} else if (gap->scope == FANOTIFY_GAP_SCOPE_DIRECTORY) {
		out_text(o, "  what is in it was not told");
	} else {
		out_text(o, "  anything may be missing");
	}
	out_string(o, "reason", ", reason: ", reason ? reason : "unknown");
	out_string(o, "scope", NULL, scope ? scope : "unknown");
	if (gap->since) {
		out_u64(o, "since", NULL, gap->since);
		out_text(o, ", since %s", time);
	}
	out_object_end(o);
}

static void print_count(struct out *o, const struct fanotify_nl_event *event)
{
	char time[64];

	time_text(time, sizeof(time), event->last_realtime / NSEC_PER_SEC,
		  event->last_realtime % NSEC_PER_SEC);
	out_u64(o, "count", "  count ", event->count);
	out_u64(o, "last_realtime", NULL, event->last_realtime);
	out_u64(o, "last_boottime", NULL, event->last_boottime);
	out_text(o, ", last %s", time);
}

static void print_error(struct out *o, __s32 error)
{
	const char *name = strerrorname_np(error);

	out_s64(o, "error", "  error ", error);
	out_string(o, "error_name", " ", name ? name : "?");
}

int event_print(struct out *o, struct columns *columns, const struct fanotify_nl_event *event,
		const char *path, const char *new_path)
{
	out_begin(o);
	print_line_start(o, columns, event, path, new_path);
	print_head(o, event);
	print_filesystem(o, event);
	print_names(o, event);
	print_actor(o, &event->actor);
	if (event->has & FANOTIFY_NL_HAS_OBJECT)
		print_node(o, "object", &event->object);
	if (event->has & FANOTIFY_NL_HAS_DIR)
		print_node(o, "dir", &event->dir);
	if (event->has & FANOTIFY_NL_HAS_NEW_DIR)
		print_node(o, "new_dir", &event->new_dir);
	if (event->has & FANOTIFY_NL_HAS_TARGET)
		print_node(o, "target", &event->target);
	stat_text(o, &event->object.stat);
	if (event->link)
		out_bytes(o, "link", "  link ", event->link, event->link_len);
	if (event->xattr)
		out_bytes(o, "xattr", "  xattr ", event->xattr, event->xattr_len);
	if (event->has & FANOTIFY_NL_HAS_OFFSET)
		out_u64(o, "offset", "  offset ", event->offset);
	if (event->has & FANOTIFY_NL_HAS_LENGTH)
		out_u64(o, "length", "  length ", event->length);
	changed_text(o, event);
	if (event->count)
		print_count(o, event);
	if (event->has & FANOTIFY_NL_HAS_GAP)
		gap_print(o, &event->gap);
	if (event->has & FANOTIFY_NL_HAS_ERROR)
		print_error(o, event->error);
	if (event->fs_name)
		out_bytes(o, "fs_name", "  type ", event->fs_name, strlen(event->fs_name));
	if (event->has & FANOTIFY_NL_HAS_FLAGS)
		out_bits(o, "flags", "  flags ", event->flags, out_event_flag);
	return out_end(o);
}
