// SPDX-License-Identifier: GPL-2.0
/*
 * Memory runs out: each allocation of each operation fails once.
 *
 * /proc/self/fail-nth lets the n-th allocation from now on fail. Each operation
 * is done with n = 1, 2, 3, ... until none is left to fail. Every time it is
 * done, or refused and not done; or, for an event, lost and announced.
 *
 * That takes a kernel with fault injection: tests/vm/run --kernel debug.
 */
#include <dirent.h>
#include <linux/netlink.h>
#include <sys/xattr.h>

#include "test.h"
#include "gate.h"
#include "load.h"
#include "remains.h"
#include "storm.h"

/* Runs in a row in which no allocation failed, so that none is left. */
#define UNMET_MAX	5
/* More would be a loop. */
#define ALLOCATIONS_MAX	3000
#define ROUNDS_MAX	5

#define INODE		FANOTIFY_MARK_TYPE_INODE
#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define GLOBAL		FANOTIFY_MARK_TYPE_GLOBAL
#define SUBTREE		FANOTIFY_MARK_TYPE_SUBTREE

/* ---- the n-th allocation ---- */

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ret = -errno;
	close(fd);
	return ret;
}

/* All allocations count, of any cache, size and context; and no stack traces. */
static int prepare_faults(void)
{
	static const char *const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/cache-filter", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
	};
	char path[128];
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(settings) && !ret; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", settings[i][0]);
		ret = write_text(path, settings[i][1]);
	}
	return ret;
}

static void arm(int fd, unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		abort();
}

/* Return: whether an allocation has failed. */
static bool disarm(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 || pwrite(fd, "0", 1, 0) != 1)
		abort();
	return atoi(text) == 0;
}

/* ---- what every operation starts from ---- */

/**
 * struct scene - A group with a member, and somebody who looks on.
 * @nl: the socket that the operation uses, not bound
 * @onlooker: a socket that no allocation fails for
 * @subscriber: hears multicast events, if it is open
 * @h: the member
 * @number: its group
 * @token: its token; of the group that @nl has bound, if it has
 * @dir: where files are made
 * @order: what @h has received
 * @listener: a process that answers what the operation asks for, 0 for none
 * @access: an access that waits
 * @id: of its event
 * @before: number of marks, or of open descriptors, before the operation
 * @total: events that the operation makes if it is done
 * @lost: events for which there was no memory, in all rounds
 * @refused: rounds in which the operation was refused
 */
struct scene {
	struct nl nl;
	struct nl onlooker;
	struct nl subscriber;
	struct fanotify_nl *h;
	__u32 number;
	__u64 token;
	int dir;
	struct order order;
	pid_t listener;
	struct access access;
	__u64 id;
	unsigned int before;
	unsigned int total;
	unsigned int lost;
	unsigned int refused;
};

static int scene_bind(struct scene *s)
{
	return nl_bind(&s->nl, &s->number, &s->token);
}

static int scene_open(struct scene *s)
{
	memset(&s->order, 0, sizeof(s->order));
	s->subscriber.fd = -1;
	return nl_open(&s->nl) ?: nl_open(&s->onlooker);
}

static void scene_close(struct scene *s)
{
	fanotify_nl_close(s->h);
	s->h = NULL;
	if (s->listener)
		listener_kill(s->listener);
	s->listener = 0;
	if (s->subscriber.fd >= 0)
		nl_close(&s->subscriber);
	nl_close(&s->nl);
	nl_close(&s->onlooker);
}

/* What the onlooker reads of the group: -errno or the attribute. */
static __s64 group_says(struct scene *s, int attr)
{
	int ret;

	nl_begin(&s->onlooker, FANOTIFY_CMD_GROUP_GET, 0);
	nl_put_u32(&s->onlooker, FANOTIFY_A_GROUP_NUMBER, s->number);
	ret = nl_call(&s->onlooker);
	return ret ? ret : (__s64)nl_uint(nl_attr(s->onlooker.reply, attr));
}

static int groups(struct scene *s)
{
	nl_begin(&s->onlooker, FANOTIFY_CMD_GROUP_GET, 0);
	return nl_dump(&s->onlooker, NULL, NULL) ?: (int)s->onlooker.replies;
}

static int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/*
 * A command that is refused was not done. -ENOBUFS is netlink's: the request or
 * its acknowledgment was lost, so that it may have been done or not.
 */
static const char *as_told(int ret, bool done)
{
	if (ret == -ENOBUFS || done == !ret)
		return NULL;
	return ret ? "it was refused, and done" : "it was not done";
}

/* ---- commands ---- */

static int prepare_nothing(struct scene *s)
{
	return 0;
}

static int run_bind(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_BIND, 0);
	return nl_call(&s->nl);
}

static const char *check_bind(struct scene *s, int ret)
{
	return as_told(ret, groups(s) == 1);
}

static int prepare_group(struct scene *s)
{
	s->h = member_open(0, 0, 0);
	if (!s->h)
		return -1;
	s->number = fanotify_nl_bound(s->h)->number;
	return 0;
}

static int run_join(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_NUMBER, s->number);
	return nl_call(&s->nl);
}

static const char *check_join(struct scene *s, int ret)
{
	return as_told(ret, group_says(s, FANOTIFY_A_GROUP_MEMBERS) == 2);
}

static void begin_about_group(struct scene *s, int cmd)
{
	nl_begin(&s->nl, cmd, 0);
	/* FANOTIFY_A_MARK_GROUP and _TOKEN are the same numbers */
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_NUMBER, s->number);
	nl_put_u64(&s->nl, FANOTIFY_A_GROUP_TOKEN, s->token);
}

static int run_unbind(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_UNBIND);
	return nl_call(&s->nl);
}

static const char *check_unbind(struct scene *s, int ret)
{
	return as_told(ret, groups(s) == 0);
}

static int run_group_set(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_GROUP_SET);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_PRIORITY, 7);
	return nl_call(&s->nl);
}

static const char *check_group_set(struct scene *s, int ret)
{
	return as_told(ret, group_says(s, FANOTIFY_A_GROUP_PRIORITY) == 7);
}

static void put_filters(struct scene *s)
{
	struct nlattr *filters = mnl_attr_nest_start(s->nl.request, FANOTIFY_A_GROUP_FILTERS);
	struct nlattr *filter = mnl_attr_nest_start(s->nl.request, FANOTIFY_A_FILTERS_FILTER);

	nl_put_u32(&s->nl, FANOTIFY_A_FILTER_UID, 0);
	mnl_attr_nest_end(s->nl.request, filter);
	mnl_attr_nest_end(s->nl.request, filters);
}

static int run_bind_filters(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_BIND, 0);
	put_filters(s);
	return nl_call(&s->nl);
}

static int run_filters(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_GROUP_SET);
	put_filters(s);
	return nl_call(&s->nl);
}

static const char *check_filters(struct scene *s, int ret)
{
	const struct nlattr *filters;

	if (group_says(s, FANOTIFY_A_GROUP_NUMBER) < 0)
		return "the group cannot be looked at";
	filters = nl_attr(s->onlooker.reply, FANOTIFY_A_GROUP_FILTERS);
	return as_told(ret, filters && nl_sub(filters, FANOTIFY_A_FILTERS_FILTER));
}

static int run_group_merge(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_GROUP_SET);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_PRIORITY, 7);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_FLAGS, FANOTIFY_GROUP_FLAG_MERGE);
	return nl_call(&s->nl);
}

static const char *check_group_merge(struct scene *s, int ret)
{
	bool on = group_says(s, FANOTIFY_A_GROUP_FLAGS) == FANOTIFY_GROUP_FLAG_MERGE;

	if (on != (group_says(s, FANOTIFY_A_GROUP_PRIORITY) == 7))
		return "a part of it was done";
	return as_told(ret, on);
}

static int run_group_get(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_GROUP_GET, 0);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_NUMBER, s->number);
	return nl_call(&s->nl);
}

static int run_caps_get(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_CAPS_GET, 0);
	return nl_call(&s->nl);
}

static const char *check_one_reply(struct scene *s, int ret)
{
	return as_told(ret, s->nl.replies == 1);
}

static int run_dump(struct scene *s, int cmd)
{
	nl_begin(&s->nl, cmd, 0);
	return nl_dump(&s->nl, NULL, NULL);
}

static int run_groups(struct scene *s)
{
	return run_dump(s, FANOTIFY_CMD_GROUP_GET);
}

static int run_marks(struct scene *s)
{
	return run_dump(s, FANOTIFY_CMD_MARK_GET);
}

static int run_stats(struct scene *s)
{
	return run_dump(s, FANOTIFY_CMD_STATS_GET);
}

/* ---- marks ---- */

static int mark(struct scene *s, int cmd, __u32 type, __u64 mask)
{
	begin_about_group(s, cmd);
	nl_put_u32(&s->nl, FANOTIFY_A_MARK_TYPE, type);
	if (type == GLOBAL)
		nl_put_string(&s->nl, FANOTIFY_A_MARK_FSTYPE, "tmpfs");
	else
		nl_put_u32(&s->nl, FANOTIFY_A_MARK_FD, s->dir);
	nl_put_u64(&s->nl, FANOTIFY_A_MARK_MASK, mask);
	return nl_call(&s->nl);
}

static int run_mark_inode(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, INODE, KIND(CREATE));
}

static int run_mark_mount(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, FANOTIFY_MARK_TYPE_MOUNT, KIND(OPEN));
}

static int run_mark_filesystem(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, KIND(CREATE));
}

static int run_mark_subtree(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, SUBTREE, KIND(CREATE));
}

static int run_mark_global(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, GLOBAL, KIND(CREATE));
}

static const char *check_marked(struct scene *s, int ret)
{
	return as_told(ret, group_says(s, FANOTIFY_A_GROUP_MARKS) > 0);
}

static int prepare_mark(struct scene *s)
{
	return scene_bind(s) ?: run_mark_filesystem(s);
}

static int run_mark_more(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, KIND(DELETE));
}

static void take_mask(const struct nlmsghdr *msg, void *arg)
{
	*(__u64 *)arg = nl_uint(nl_attr(msg, FANOTIFY_A_MARK_MASK));
}

static __u64 mask_now(struct scene *s)
{
	__u64 mask = 0;

	nl_begin(&s->onlooker, FANOTIFY_CMD_MARK_GET, 0);
	return nl_dump(&s->onlooker, take_mask, &mask) ? 0 : mask;
}

static const char *check_mark_more(struct scene *s, int ret)
{
	return as_told(ret, mask_now(s) & KIND(DELETE));
}

static int prepare_mark_of_two(struct scene *s)
{
	return prepare_mark(s) ?: run_mark_more(s);
}

static int run_mark_less(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_REMOVE, FILESYSTEM, KIND(DELETE));
}

static const char *check_mark_less(struct scene *s, int ret)
{
	return as_told(ret, !(mask_now(s) & KIND(DELETE)));
}

static int run_unmark(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_REMOVE, FILESYSTEM, KIND(CREATE));
}

static int prepare_mark_subtree(struct scene *s)
{
	return scene_bind(s) ?: run_mark_subtree(s);
}

static int run_unmark_subtree(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_REMOVE, SUBTREE, KIND(CREATE));
}

static const char *check_unmarked(struct scene *s, int ret)
{
	return as_told(ret, group_says(s, FANOTIFY_A_GROUP_MARKS) == 0);
}

static int prepare_mark_and_global(struct scene *s)
{
	return prepare_mark(s) ?: run_mark_global(s);
}

/* The share of the global mark stays in force, whether memory can be had or not. */
static int run_flush_filesystem(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_MARK_FLUSH);
	nl_put_u32(&s->nl, FANOTIFY_A_MARK_TYPE, FILESYSTEM);
	return nl_call(&s->nl);
}

static const char *check_flush_filesystem(struct scene *s, int ret)
{
	return mask_now(s) & KIND(CREATE) ? NULL : "the global mark has gone";
}

static int run_flush(struct scene *s)
{
	begin_about_group(s, FANOTIFY_CMD_MARK_FLUSH);
	return nl_call(&s->nl);
}

/* ---- event-open ---- */

static int prepare_open(struct scene *s)
{
	int ret = scene_bind(s);

	s->before = descriptors();
	return ret;
}

static int run_open(struct scene *s)
{
	struct file_handle *handle = (void *)&(char[sizeof(*handle) + MAX_HANDLE_SZ]){ 0 };
	int mount_id;

	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(s->dir, "", handle, &mount_id, AT_EMPTY_PATH))
		return -errno;
	begin_about_group(s, FANOTIFY_CMD_EVENT_OPEN);
	nl_put_u32(&s->nl, FANOTIFY_A_EVENT_OPEN_MOUNT_FD, s->dir);
	nl_put_u32(&s->nl, FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE, handle->handle_type);
	nl_put(&s->nl, FANOTIFY_A_EVENT_OPEN_HANDLE, handle->f_handle, handle->handle_bytes);
	return nl_call(&s->nl);
}

static const char *check_open(struct scene *s, int ret)
{
	int more = descriptors() - s->before;

	/* after -ENOBUFS the reply may still be there */
	while (ret == -ENOBUFS && nl_recv(&s->nl, 0) > 0) {
		struct nlmsghdr *msg = (struct nlmsghdr *)s->nl.received;

		if (msg->nlmsg_type == s->nl.family)
			s->nl.reply = msg;
	}
	if (s->nl.reply)
		close(nl_uint(nl_attr(s->nl.reply, FANOTIFY_A_EVENT_OPEN_FD)));
	if (descriptors() != (int)s->before)
		return "a descriptor is left open";
	return as_told(ret, more == 1);
}

/* ---- events ---- */

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

static const char *take_rest(struct scene *s)
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
static const char *account(struct scene *s, unsigned int made)
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

/* ---- the permission gate ---- */

#define GATE		77
#define ALLOW		FANOTIFY_VERDICT_ALLOW
#define OPEN_PERM	KIND(OPEN_PERM)

static void begin_gate_bind(struct scene *s)
{
	nl_begin(&s->nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_NUMBER, GATE);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_FLAGS, PERMISSION | REMEMBER);
}

static int run_gate_bind(struct scene *s)
{
	begin_gate_bind(s);
	return nl_call(&s->nl);
}

static int prepare_gate_bind(struct scene *s)
{
	int ret = run_gate_bind(s);

	if (!ret)
		s->token = nl_uint(nl_attr(s->nl.reply, FANOTIFY_A_GROUP_TOKEN));
	s->number = GATE;
	return ret;
}

static int run_gate_mark(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, OPEN_PERM);
}

static int run_gate_mark_subtree(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, SUBTREE, OPEN_PERM);
}

static int prepare_gate_mark(struct scene *s)
{
	return prepare_gate_bind(s) ?: run_gate_mark(s);
}

static int run_gate_mark_more(struct scene *s)
{
	return mark(s, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, KIND(ACCESS_PERM));
}

static const char *check_gate_mark_more(struct scene *s, int ret)
{
	return as_told(ret, mask_now(s) & KIND(ACCESS_PERM));
}

/* Another process opens the file, and has to ask us. */
static int prepare_asked(struct scene *s)
{
	struct fanotify_nl_settings patient = GATE_SET(TIMEOUT_MS, timeout_ms, 600000);
	__s64 id;

	s->h = gate_open(GATE, REMEMBER, patient);
	if (!s->h || make_file("file") || member_mark(s->h, ".", OPEN_PERM) ||
	    access_start(&s->access, OPEN, "file", 0))
		return -1;
	id = gate_next(s->h, 20000, NULL);
	s->id = id;
	return id > 0 ? 0 : -1;
}

static int run_verdict(struct scene *s)
{
	return gate_verdict(s->h, s->id, ALLOW, 0, FANOTIFY_VERDICT_FLAG_REMEMBER);
}

/* A verdict counts if it was taken, and is asked for still if it was not. */
static const char *check_verdict(struct scene *s, int ret)
{
	struct fanotify_nl_gate gate = gate_of(GATE);

	if (!ret && gate.pending)
		return "it was not done";
	if (gate.pending && gate_verdict(s->h, s->id, ALLOW, 0, 0))
		return "it was refused, and cannot be given again";
	if (access_end(&s->access, 20000))
		return "it does not end the wait";
	s->lost += gate.not_remembered;
	return NULL;
}

static int prepare_asked_open(struct scene *s)
{
	int ret = prepare_asked(s);

	s->before = descriptors();
	return ret;
}

static int run_open_id(struct scene *s)
{
	int fd = fanotify_nl_event_open_id(s->h, s->id);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static const char *check_open_id(struct scene *s, int ret)
{
	if (descriptors() != (int)s->before)
		return "a descriptor is left open";
	return check_verdict(s, gate_verdict(s->h, s->id, ALLOW, 0, 0));
}

/* The member has died; whoever succeeds it gets what it has not answered. */
static int prepare_lingering(struct scene *s)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_TIMEOUT_MS | FANOTIFY_NL_SET_LINGER_MS,
		.timeout_ms = 600000, .linger_ms = 600000,
	};

	s->h = gate_open(GATE, REMEMBER, settings);
	if (!s->h || make_file("file") || member_mark(s->h, ".", OPEN_PERM) ||
	    access_start(&s->access, OPEN, "file", 0) || gate_next(s->h, 20000, NULL) <= 0)
		return -1;
	fanotify_nl_close(s->h);
	s->h = NULL;
	return gate_becomes(GATE, FANOTIFY_GATE_STATE_LINGERING) ? 0 : -1;
}

static int run_take_over(struct scene *s)
{
	begin_gate_bind(s);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_TIMEOUT_MS, 600000);
	nl_put_u32(&s->nl, FANOTIFY_A_GROUP_LINGER_MS, 600000);
	return nl_call(&s->nl);
}

static const char *check_take_over(struct scene *s, int ret)
{
	struct fanotify_nl_gate gate = gate_of(GATE);
	const char *wrong = as_told(ret, gate.state == FANOTIFY_GATE_STATE_ACTIVE);

	if (gate.pending != 1 || gate.takeovers > 1)
		wrong = "what waits is forgotten";
	/* whoever was bound goes, and then nobody waits any more */
	nl_close(&s->nl);
	if (nl_open(&s->nl) || !gate_becomes(GATE, FANOTIFY_GATE_STATE_LINGERING))
		return "it does not linger again";
	set_parameter("gate_lift", "1");
	return access_end(&s->access, 20000) ? "it is not lifted" : wrong;
}

/* Another process decides about what we do. */
static int prepare_gated(struct scene *s, struct fanotify_nl_settings settings,
			 unsigned int verdict_us)
{
	if (make_file("file"))
		return -1;
	s->listener = listener_start(GATE, settings, ALLOW, verdict_us, NULL);
	s->number = GATE;
	return s->listener > 0 ? 0 : -1;
}

static int prepare_access(struct scene *s)
{
	return prepare_gated(s, GATE_SET(TIMEOUT_MS, timeout_ms, 600000), 0);
}

static int prepare_access_too_late(struct scene *s)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_TIMEOUT_MS | FANOTIFY_NL_SET_ON_TIMEOUT |
		       FANOTIFY_NL_SET_EVICT_AFTER,
		.timeout_ms = 10, .on_timeout = EBUSY,
	};

	return prepare_gated(s, settings, 200000);
}

static int run_access(struct scene *s)
{
	int fd = open("file", O_RDONLY);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Want of memory lets nobody through. */
static const char *check_access(struct scene *s, int ret)
{
	struct fanotify_nl_gate gate = gate_of(GATE);

	if (gate.pending || gate.parked)
		return "somebody is thought to wait";
	return ret || gate.allowed == 1 ? NULL : "it was let through unasked";
}

static int run_access_too_late(struct scene *s)
{
	int ret = run_access(s);

	/* as is set */
	return ret == -EBUSY ? 0 : ret ?: -EPROTO;
}

static const char *check_access_too_late(struct scene *s, int ret)
{
	return ret == -EPROTO ? "it was let through" : NULL;
}

/* ---- the library ---- */

static int run_library(struct scene *s)
{
	int ret = fanotify_nl_open(&s->h);

	if (!ret)
		ret = fanotify_nl_bind(s->h, NULL);
	if (!ret)
		ret = member_mark(s->h, ".", KIND(CREATE));
	if (!ret)
		ret = fanotify_nl_unbind(s->h);
	return ret;
}

static const char *check_library(struct scene *s, int ret)
{
	if (ret && s->h && !*fanotify_nl_error(s->h))
		return "an error without a text";
	fanotify_nl_close(s->h);
	s->h = NULL;
	return groups(s) ? "a group is left" : NULL;
}

/* ---- all of them ---- */

FIXTURE(faults)
{
	struct scene scene;
	int fail_nth;
};

/**
 * struct faults - An operation.
 * @prepare: what has to be there before
 * @run: the operation: 0 or -errno
 * @check: NULL, or what is wrong after it returned what it did
 * @least: allocations that it has at least
 * @loses: it is an event, which is lost in some round
 */
FIXTURE_VARIANT(faults)
{
	int (*prepare)(struct scene *s);
	int (*run)(struct scene *s);
	const char *(*check)(struct scene *s, int ret);
	unsigned int least;
	bool loses;
};

#define OPERATION(name, _prepare, _run, _check, _least, _loses) \
	FIXTURE_VARIANT_ADD(faults, name) { \
		.prepare = _prepare, .run = _run, .check = _check, .least = _least, \
		.loses = _loses, \
	}

OPERATION(bind, prepare_nothing, run_bind, check_bind, 5, false);
OPERATION(join, prepare_group, run_join, check_join, 5, false);
OPERATION(unbind, scene_bind, run_unbind, check_unbind, 2, false);
OPERATION(group_set, scene_bind, run_group_set, check_group_set, 2, false);
OPERATION(bind_filters, prepare_nothing, run_bind_filters, check_bind, 6, false);
OPERATION(filters, scene_bind, run_filters, check_filters, 3, false);
OPERATION(group_merge, scene_bind, run_group_merge, check_group_merge, 3, false);
OPERATION(group_get, scene_bind, run_group_get, check_one_reply, 3, false);
OPERATION(caps_get, scene_bind, run_caps_get, check_one_reply, 3, false);
OPERATION(groups, scene_bind, run_groups, check_one_reply, 3, false);
OPERATION(marks, prepare_mark, run_marks, check_one_reply, 3, false);
OPERATION(stats, scene_bind, run_stats, check_one_reply, 3, false);
OPERATION(mark_inode, scene_bind, run_mark_inode, check_marked, 5, false);
OPERATION(mark_mount, scene_bind, run_mark_mount, check_marked, 5, false);
OPERATION(mark_filesystem, scene_bind, run_mark_filesystem, check_marked, 5, false);
OPERATION(mark_subtree, scene_bind, run_mark_subtree, check_marked, 6, false);
OPERATION(mark_global, scene_bind, run_mark_global, check_marked, 6, false);
OPERATION(mark_more, prepare_mark, run_mark_more, check_mark_more, 4, false);
OPERATION(mark_less, prepare_mark_of_two, run_mark_less, check_mark_less, 4, false);
OPERATION(unmark, prepare_mark, run_unmark, check_unmarked, 2, false);
OPERATION(unmark_subtree, prepare_mark_subtree, run_unmark_subtree, check_unmarked, 2, false);
OPERATION(flush_filesystem, prepare_mark_and_global, run_flush_filesystem,
	  check_flush_filesystem, 3, false);
OPERATION(flush, prepare_mark, run_flush, check_unmarked, 2, false);
OPERATION(event_open, prepare_open, run_open, check_open, 5, false);
OPERATION(fetch, prepare_fetch, run_fetch, check_fetch, 3, false);
OPERATION(gate_bind, prepare_nothing, run_gate_bind, check_bind, 6, false);
OPERATION(gate_mark, prepare_gate_bind, run_gate_mark, check_marked, 6, false);
OPERATION(gate_mark_subtree, prepare_gate_bind, run_gate_mark_subtree, check_marked, 7, false);
OPERATION(gate_mark_more, prepare_gate_mark, run_gate_mark_more, check_gate_mark_more, 4, false);
OPERATION(gate_verdict, prepare_asked, run_verdict, check_verdict, 3, false);
OPERATION(gate_not_remembered, prepare_asked, run_verdict, check_verdict, 3, true);
OPERATION(gate_event_open, prepare_asked_open, run_open_id, check_open_id, 5, false);
OPERATION(gate_take_over, prepare_lingering, run_take_over, check_take_over, 5, false);
OPERATION(gate_access, prepare_access, run_access, check_access, 5, false);
OPERATION(gate_access_too_late, prepare_access_too_late, run_access_too_late,
	  check_access_too_late, 5, false);
OPERATION(library, prepare_nothing, run_library, check_library, 20, false);
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

FIXTURE_SETUP(faults)
{
	ASSERT_EQ(0, prepare_faults());
	ASSERT_EQ(0, work_here());
	self->fail_nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fail_nth);
	self->scene.dir = open(".", O_PATH | O_CLOEXEC);
	ASSERT_LE(0, self->scene.dir);
}

FIXTURE_TEARDOWN(faults)
{
	umount2("mnt", MNT_DETACH);
	close(self->fail_nth);
}

/* Return: whether an allocation was met, and has failed. */
static bool once(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self,
		 const FIXTURE_VARIANT(faults) *variant, unsigned int n)
{
	struct scene *s = &self->scene;
	const char *wrong;
	bool met;
	int ret;

	ASSERT_EQ(0, scene_open(s));
	ASSERT_EQ(0, variant->prepare(s)) {
		TH_LOG("cannot prepare for allocation %u", n);
	}
	arm(self->fail_nth, n);
	ret = variant->run(s);
	met = disarm(self->fail_nth);
	wrong = variant->check(s, ret);
	ASSERT_EQ(NULL, wrong) {
		TH_LOG("allocation %u: %s (%s)", n, wrong, strerror(-ret));
	}
	s->refused += !!ret;
	if (!met) {
		EXPECT_EQ(0, ret);
	}
	scene_close(s);
	return met;
}

TEST_F_TIMEOUT(faults, each_allocation_fails_once, 300)
{
	const unsigned int *suffered =
		variant->loses ? &self->scene.lost : &self->scene.refused;
	unsigned int n, met, unmet, round = 0;

	/*
	 * Their number varies with what is cached, so a round can pass over all
	 * those that matter.
	 */
	do {
		met = 0;
		unmet = 0;
		for (n = 1; n < ALLOCATIONS_MAX && unmet < UNMET_MAX; n++) {
			if (once(_metadata, self, variant, n)) {
				met++;
				unmet = 0;
			} else {
				unmet++;
			}
		}
		printf("# %u allocations; refused %u times, %u events lost\n", met,
		       self->scene.refused, self->scene.lost);
	} while (!*suffered && ++round < ROUNDS_MAX);

	EXPECT_LE(variant->least, met);
	EXPECT_GT(ALLOCATIONS_MAX, n);
	EXPECT_LT(0, *suffered);
	EXPECT_EQ(0, remains_listed());
}

/* A fixture of its own, as those run in this order. */
FIXTURE(after_all)
{
	int unused;
};

FIXTURE_SETUP(after_all)
{
}

FIXTURE_TEARDOWN(after_all)
{
}

TEST_F_TIMEOUT(after_all, nothing_is_left, 120)
{
	if (remains_is_module()) {
		EXPECT_EQ(0, module_unload());
		EXPECT_EQ(0, module_load());
	}
	EXPECT_EQ(0, remains_leaked());
}

TEST_HARNESS_MAIN
