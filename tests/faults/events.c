// SPDX-License-Identifier: GPL-2.0
/*
 * Events: told, or lost and announced.
 */
#include <linux/netlink.h>
#include <sys/xattr.h>

#include "faults.h"

static const char *what_is_missing(const struct fanotify_nl_event *event)
{
	if (event->mask & FANOTIFY_KIND_GAP)
		return event->gap.reason == FANOTIFY_GAP_REASON_NOMEM ||
		       event->gap.reason == FANOTIFY_GAP_REASON_UNCOVERED ||
		       (event->gap.reason == FANOTIFY_GAP_REASON_MOVED_IN &&
			event->gap.scope == FANOTIFY_GAP_SCOPE_DIRECTORY && event->path) ?
		       NULL : "a gap of another reason";
	if (event->path || event->mask & KIND(UNMOUNT) ||
	    event->flags & FANOTIFY_EVENT_FLAG_PATH_TRUNCATED)
		return NULL;
	return "a path was left out, and not flagged";
}

const char *take_rest(struct scene *s)
{
	struct fanotify_nl_event event;
	const char *wrong = NULL;
	int ret;

	while (!wrong && (ret = fanotify_nl_wait_event(s->h, &event, 0)) == 1) {
		wrong = order_take(&s->order, &event) ?: what_is_missing(&event);
	}
	return wrong ?: ret ? "events cannot be read" : NULL;
}

/* Received and lost are what was made, and the kernel says the same. */
const char *account(struct scene *s, unsigned int made)
{
	struct fanotify_nl_member_info stats;
	const char *wrong = take_rest(s);

	if (wrong)
		return wrong;
	s->lost += s->order.lost;
	if (s->order.events - s->order.gaps + s->order.lost + s->order.merged != made)
		return "received and lost are not what was made";
	if (member_own_stats(s->h, &stats))
		return "no statistics";
	if (stats.seq != s->order.seq || stats.lost != s->order.lost ||
	    stats.gaps != s->order.gaps || stats.merged != s->order.merged)
		return "the statistics say otherwise";
	return NULL;
}

/* Events enough to fill the least receive buffer's half, and more. */
#define FILLING	120

static int fill(struct scene *s)
{
	for (int i = 0; i < FILLING; i++)
		if (chmod("filling", i % 2 ? 0600 : 0644))
			return -errno;
	s->total = FILLING;
	return 0;
}

static int prepare_watch(struct scene *s, __u64 kinds, bool behind)
{
	s->total = 0;
	rmdir("made");
	rmdir("moved");
	unlink("link");
	if (make_file("file") || make_file("filling"))
		return -1;
	s->h = member_open(0, behind ? 65536 : 0, 0);
	if (!s->h || member_mark(s->h, ".", kinds))
		return -1;
	return behind ? fill(s) : 0;
}

static int prepare_create(struct scene *s)
{
	return prepare_watch(s, KIND(CREATE), false);
}

static int prepare_create_behind(struct scene *s)
{
	return prepare_watch(s, KIND(CREATE) | KIND(ATTRIB), true);
}

static int run_chmod_filling(struct scene *s)
{
	if (chmod("filling", 0640))
		return -errno;
	s->total++;
	return 0;
}

static int run_mkdir(struct scene *s)
{
	return mkdir("made", 0755) ? -errno : 0;
}

static int prepare_merge(struct scene *s)
{
	struct fanotify_nl_settings merge = {
		.set = FANOTIFY_NL_SET_FLAGS, .flags = FANOTIFY_GROUP_FLAG_MERGE,
	};

	return prepare_watch(s, KIND(ATTRIB), true) ?:
	       fanotify_nl_group_set(s->h, &merge) ?: run_chmod_filling(s);
}

static int run_link(struct scene *s)
{
	return link("file", "link") ? -errno : 0;
}

static int prepare_rename(struct scene *s)
{
	return prepare_watch(s, KIND(RENAME), false) ?: run_mkdir(s);
}

static int run_rename(struct scene *s)
{
	return rename("made", "moved") ? -errno : 0;
}

static int prepare_move_in(struct scene *s)
{
	struct fanotify_nl_mark mark = { .type = SUBTREE, .path = "in", .mask = KIND(RENAME) };

	s->total = 0;
	rmdir("in/moved");
	rmdir("in");
	s->h = member_open(0, 0, 0);
	if (!s->h || mkdir("in", 0755) || (run_mkdir(s) && errno != EEXIST))
		return -1;
	return fanotify_nl_mark_add(s->h, &mark, NULL);
}

static int run_move_in(struct scene *s)
{
	return rename("made", "in/moved") ? -errno : 0;
}

/* The rename, and the gap of the directory. */
static const char *check_move_in(struct scene *s, int ret)
{
	return account(s, ret ? 0 : 2);
}

static int prepare_attrib(struct scene *s)
{
	return prepare_watch(s, KIND(ATTRIB), false);
}

static int run_chmod(struct scene *s)
{
	return chmod("file", 0600) ? -errno : 0;
}

static int run_setxattr(struct scene *s)
{
	return setxattr("file", "trusted.name", "value", 5, 0) ? -errno : 0;
}

static int prepare_modify(struct scene *s)
{
	return prepare_watch(s, KIND(MODIFY), false);
}

static int run_truncate(struct scene *s)
{
	return truncate("file", 10) ? -errno : 0;
}

static int prepare_delete(struct scene *s)
{
	return prepare_watch(s, KIND(DELETE), false);
}

static int run_unlink(struct scene *s)
{
	return unlink("file") ? -errno : 0;
}

/* @total has counted it. */
static const char *check_merged(struct scene *s, int ret)
{
	return account(s, s->total);
}

static const char *check_event(struct scene *s, int ret)
{
	return account(s, s->total + !ret);
}

/* A path for which the room in the event's own memory is too small. */
#define DEEP 200

static int enter_deep(void)
{
	char name[DEEP + 1];

	memset(name, 'x', DEEP);
	name[DEEP] = '\0';
	for (int i = 0; i < 3; i++) {
		if ((mkdir(name, 0755) && errno != EEXIST) || chdir(name))
			return -errno;
	}
	return 0;
}

static int prepare_deep(struct scene *s)
{
	return enter_deep() ?: prepare_create(s);
}

static const char *check_deep(struct scene *s, int ret)
{
	const char *wrong = check_event(s, ret);

	return chdir("../../..") ? "cannot go back" : wrong;
}

/* ---- multicast ---- */

static int prepare_multicast(struct scene *s)
{
	struct fanotify_nl_bind bind = {
		.settings = { .set = FANOTIFY_NL_SET_FLAGS,
			      .flags = FANOTIFY_GROUP_FLAG_MULTICAST },
	};

	s->total = 0;
	rmdir("made");
	if (make_file("file") || nl_open(&s->subscriber) ||
	    setsockopt(s->subscriber.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       &s->subscriber.mcast, sizeof(s->subscriber.mcast)) ||
	    fanotify_nl_open(&s->h) || fanotify_nl_bind(s->h, &bind))
		return -1;
	return member_mark(s->h, ".", KIND(CREATE) | KIND(ATTRIB));
}

/* A copy that was lost is a hole in the numbers that the next event shows. */
static const char *check_multicast(struct scene *s, int ret)
{
	unsigned int made = 1 + !ret, heard = 0;
	struct fanotify_nl_event event = { 0 };

	if (run_chmod(s))
		return "no further event can be made";
	while (nl_recv(&s->subscriber, 0) > 0) {
		if (fanotify_nl_parse_event(s->subscriber.received, NL_RECV_MAX, &event))
			return "a malformed event";
		heard++;
	}
	if (event.seq != made)
		return "the subscriber cannot tell how many there were";
	if (heard + 1 < made)
		return "the subscriber did not hear what it could";
	s->refused += heard < made;
	return account(s, made);
}

/* ---- fetch ---- */

static int prepare_fetch(struct scene *s)
{
	return prepare_create_behind(s);
}

static int run_fetch(struct scene *s)
{
	struct fanotify_nl_event event;
	const char *wrong;
	int ret;

	while ((ret = fanotify_nl_next_event(s->h, &event)) == 1) {
		wrong = order_take(&s->order, &event);
		if (wrong) {
			printf("# %s\n", wrong);
			return -EPROTO;
		}
	}
	return ret;
}

static const char *check_fetch(struct scene *s, int ret)
{
	return s->order.lost ? "a fetch has lost events" : account(s, s->total);
}

/* ---- mounts ---- */

static int prepare_unmount(struct scene *s)
{
	umount2("mnt", MNT_DETACH);
	s->total = 0;
	if ((mkdir("mnt", 0755) && errno != EEXIST) || mount("mnt", "mnt", "tmpfs", 0, NULL))
		return -errno;
	s->h = member_open(0, 0, 0);
	return s->h ? member_mark(s->h, "mnt", KIND(UNMOUNT)) : -1;
}

static int run_unmount(struct scene *s)
{
	return umount2("mnt", 0) ? -errno : 0;
}

static int prepare_mount(struct scene *s)
{
	struct fanotify_nl_mark mark = { .type = GLOBAL, .mask = KIND(COVERED) };

	umount2("mnt", MNT_DETACH);
	if (mkdir("mnt", 0755) && errno != EEXIST)
		return -errno;
	s->h = member_open(0, 0, 0);
	if (!s->h || fanotify_nl_mark_add(s->h, &mark, NULL))
		return -1;
	if (take_rest(s))
		return -1;
	s->total = s->order.events;
	return 0;
}

static int run_mount(struct scene *s)
{
	return mount("mnt", "mnt", "tmpfs", 0, NULL) ? -errno : 0;
}

/* One event or gap; of a mount that failed, it depends on when. */
static const char *check_mount(struct scene *s, int ret)
{
	const char *wrong = take_rest(s);
	unsigned int told;

	if (wrong)
		return wrong;
	s->lost += s->order.lost;
	told = s->order.events - s->order.gaps + s->order.lost - s->total;
	return told == 1 || (ret && !told) ? NULL : "a filesystem is not covered, and not missed";
}

OPERATION(event_mkdir, prepare_create, run_mkdir, check_event, 3, true);
OPERATION(event_mkdir_behind, prepare_create_behind, run_mkdir, check_event, 3, true);
OPERATION(event_mkdir_deep, prepare_deep, run_mkdir, check_deep, 4, true);
OPERATION(event_mkdir_multicast, prepare_multicast, run_mkdir, check_multicast, 4, true);
OPERATION(event_link, prepare_create, run_link, check_event, 2, true);
OPERATION(event_rename, prepare_rename, run_rename, check_event, 2, true);
OPERATION(event_moved_in, prepare_move_in, run_move_in, check_move_in, 3, true);
OPERATION(event_merged, prepare_merge, run_chmod_filling, check_merged, 2, true);
OPERATION(event_chmod, prepare_attrib, run_chmod, check_event, 2, true);
OPERATION(event_setxattr, prepare_attrib, run_setxattr, check_event, 2, true);
OPERATION(event_truncate, prepare_modify, run_truncate, check_event, 2, true);
OPERATION(event_unlink, prepare_delete, run_unlink, check_event, 2, true);
OPERATION(event_unmount, prepare_unmount, run_unmount, check_event, 2, true);
OPERATION(event_covered, prepare_mount, run_mount, check_mount, 5, true);
OPERATION(fetch, prepare_fetch, run_fetch, check_fetch, 3, false);
