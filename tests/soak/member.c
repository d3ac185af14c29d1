// SPDX-License-Identifier: GPL-2.0
/*
 * Members: they bind, mark, read, lose and go.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "soak.h"

#define GROUPS		3
/* Most lives end by themselves, some by a signal or with the module. */
#define LIFE		150

/*
 * Events of four kilobytes, so that these fill the least queue and most sockets: an
 * operation takes 100 ms where all share one CPU, and members live for seconds.
 */
#define OVERLOAD	40
#define DEPTH		15

/* While another inode of that number is being made, as fanotifyctl sync */
#define OPEN_TRIES	1000
#define OPEN_PAUSE_US	5000

/* A folder of which the path is long. */
static char often[PATH_MAX] = "base";

int make_often(void)
{
	for (int i = 0; i < DEPTH; i++) {
		char *end = often + strlen(often);

		*end = '/';
		memset(end + 1, 'o', NAME_MAX);
		if (mkdir(often, 0777))
			return -errno;
	}
	return 0;
}

bool is_fair(int error)
{
	switch (-error) {
	case ENOENT:
	case ESHUTDOWN:
	case ECONNREFUSED:
	case ENOTCONN:
	case EACCES:
	case EEXIST:
	case EMFILE:
	case EBUSY:
	case ENOTDIR:
	case ESTALE:
	case EAGAIN:
	case EOPNOTSUPP:
	case ELOOP:
	case ENXIO:
	case EPROTONOSUPPORT:
		return true;
	}
	return false;
}

bool told(const struct member *m, enum op op, int ret)
{
	if (ret < 0 && !is_fair(ret))
		wrong("%s: %s (%s)", op_names[op], strerror(-ret), fanotify_nl_error(m->h));
	return did(op, ret >= 0);
}

static __u64 some_kinds(struct rng *rng)
{
	static const __u64 all = KIND(OPEN) | KIND(ACCESS) | KIND(MODIFY) | KIND(ATTRIB) |
				 KIND(CLOSE_WRITE) | KIND(CLOSE_NOWRITE) | KIND(CREATE) |
				 KIND(DELETE) | KIND(RENAME) | KIND(DELETE_SELF) | KIND(MOVE_SELF) |
				 KIND(ONDIR) | KIND(UNMOUNT) | KIND(COVERED);

	return (rng_percent(rng, 30) ? all : all & rng_next(rng)) | KIND(MODIFY);
}

/* What any inode, and any mount, can be asked for. */
#define PLAIN	(KIND(OPEN) | KIND(MODIFY) | KIND(CLOSE_WRITE))

static void add_mark(struct member *m)
{
	struct fanotify_nl_mark mark = { 0 };
	char path[64];
	struct stat st;
	enum op op;
	int fd;

	snprintf(path, sizeof(path), "%s/%c", some_place(m->rng), 'a' + rng_below(m->rng, 12));
	mark.path = path;
	mark.options = FANOTIFY_NL_MARK_NOFOLLOW;
	mark.mask = PLAIN;
	switch (rng_below(m->rng, 7)) {
	case 0:
		mark.type = FANOTIFY_MARK_TYPE_INODE;
		op = OP_mark_inode;
		break;
	case 1:
		mark.type = FANOTIFY_MARK_TYPE_INODE;
		mark.flags = FANOTIFY_MARK_FLAG_EVICTABLE;
		op = OP_mark_evictable;
		break;
	case 2:
		mark.type = FANOTIFY_MARK_TYPE_MOUNT;
		mark.path = some_place(m->rng);
		op = OP_mark_mount;
		break;
	case 3:
		mark.type = FANOTIFY_MARK_TYPE_FILESYSTEM;
		mark.path = some_place(m->rng);
		mark.mask = some_kinds(m->rng) & ~KIND(COVERED);
		op = OP_mark_filesystem;
		break;
	case 4:
		mark.type = FANOTIFY_MARK_TYPE_GLOBAL;
		mark.path = NULL;
		mark.options = 0;
		mark.mask = some_kinds(m->rng);
		op = OP_mark_global;
		break;
	case 5:
		mark.type = FANOTIFY_MARK_TYPE_SUBTREE;
		if (rng_percent(m->rng, 50) || stat(path, &st) || !S_ISDIR(st.st_mode))
			mark.path = some_place(m->rng);
		mark.mask = some_kinds(m->rng) & ~KIND(COVERED);
		if (rng_percent(m->rng, 20)) {
			mark.ignore_mask = KIND(MODIFY) | KIND(OPEN);
			mark.flags = FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY;
		}
		op = OP_mark_subtree;
		break;
	default:
		mark.type = FANOTIFY_MARK_TYPE_INODE;
		mark.mask = 0;
		mark.ignore_mask = KIND(MODIFY);
		mark.flags = rng_percent(m->rng, 50) ? FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY : 0;
		op = OP_ignore;
	}
	/* an ignore mask that does not survive is for files only, and its name may be moved */
	if (op == OP_ignore && !mark.flags) {
		fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && !fstat(fd, &st) && !S_ISDIR(st.st_mode)) {
			mark.path = NULL;
			mark.options = 0;
			mark.fd = fd;
			told(m, op, fanotify_nl_mark_add(m->h, &mark, NULL));
		}
		if (fd >= 0)
			close(fd);
		return;
	}
	told(m, op, fanotify_nl_mark_add(m->h, &mark, NULL));
}

static void remove_mark(struct member *m)
{
	struct fanotify_nl_mark mark = {
		.type = rng_percent(m->rng, 50) ? FANOTIFY_MARK_TYPE_FILESYSTEM :
						  FANOTIFY_MARK_TYPE_SUBTREE,
		.path = some_place(m->rng),
		.mask = some_kinds(m->rng) & ~KIND(COVERED),
	};

	told(m, OP_unmark, fanotify_nl_mark_remove(m->h, &mark));
}

static void set_group(struct member *m)
{
	struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_PRIORITY | FANOTIFY_NL_SET_QUEUE_LIMIT |
		       FANOTIFY_NL_SET_STAT_MASK | FANOTIFY_NL_SET_FLAGS,
		.priority = rng_below(m->rng, 100),
		.queue_limit = 65536 << rng_below(m->rng, 6),
		.stat_mask = FANOTIFY_STAT_FIELD_MODE | FANOTIFY_STAT_FIELD_SIZE,
		.flags = rng_below(m->rng, 4) &
			 (FANOTIFY_GROUP_FLAG_MULTICAST | FANOTIFY_GROUP_FLAG_MERGE),
	};

	told(m, OP_group_set, fanotify_nl_group_set(m->h, &settings));
}

/* Some of what others do is left out. */
static void set_filters(struct member *m)
{
	const struct fanotify_nl_filter some[] = {
		{ .by = FANOTIFY_A_FILTER_NAME, .name = "[a-c]" },
		{ .by = FANOTIFY_A_FILTER_NAME, .flags = FANOTIFY_FILTER_FLAG_ONLY_DIRS,
		  .name = "*" },
		{ .by = FANOTIFY_A_FILTER_UID, .uid = 1001 },
		{ .by = FANOTIFY_A_FILTER_TGID },
	};
	struct fanotify_nl_settings settings = { .set = FANOTIFY_NL_SET_FILTERS };

	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		if (!rng_percent(m->rng, 30))
			continue;
		settings.filters[settings.nr_filters] = some[i];
		settings.filters[settings.nr_filters++].flags |= FANOTIFY_FILTER_FLAG_EXCLUDE;
	}
	told(m, OP_filters, fanotify_nl_group_set(m->h, &settings));
}

static int ignore_group(const struct fanotify_nl_group_info *info, void *arg)
{
	return 0;
}

static int ignore_mark(const struct fanotify_nl_mark_info *info, void *arg)
{
	return 0;
}

static int ignore_member(const struct fanotify_nl_member_info *info, void *arg)
{
	return 0;
}

static void list_all(struct member *m)
{
	int ret = fanotify_nl_groups(m->h, ignore_group, NULL);

	if (!ret)
		ret = fanotify_nl_marks(m->h, 0, ignore_mark, NULL);
	if (!ret)
		ret = fanotify_nl_stats(m->h, 0, ignore_member, NULL);
	told(m, OP_lists, ret);
}

static void open_object(struct member *m, const struct fanotify_nl_event *event)
{
	int mount_fd, fd;

	if (!event->object.handle)
		return;
	mount_fd = open(some_place(m->rng), O_PATH | O_CLOEXEC);
	if (mount_fd < 0)
		return;
	for (int tries = 0;; tries++) {
		fd = fanotify_nl_event_open(m->h, mount_fd, &event->object);
		if (fd != -ENOMEM || tries == OPEN_TRIES)
			break;
		usleep(OPEN_PAUSE_US);
	}
	told(m, OP_event_open, fd);
	if (fd >= 0)
		close(fd);
	close(mount_fd);
}

/* Return: 0, or why there is nothing more. */
static int read_events(struct member *m, unsigned int max)
{
	struct fanotify_nl_event event;

	while (max--) {
		int ret = fanotify_nl_next_event(m->h, &event);
		const char *what;

		if (ret <= 0)
			return ret ? ret : -EAGAIN;
		what = order_take(&m->order, &event);
		if (what)
			wrong("%s: seq %llu after %llu", what, (unsigned long long)event.seq,
			      (unsigned long long)m->order.seq);
		did(event.mask & FANOTIFY_KIND_GAP ? OP_gap : OP_event, true);
		if (event.count)
			did(OP_merged, true);
		if (rng_percent(m->rng, 2))
			open_object(m, &event);
	}
	return 0;
}

static void tell_sums(const struct member *m, const struct fanotify_nl_member_info *stats)
{
	wrong("received %llu with %llu gaps for %llu, up to seq %llu; the kernel says %llu pushed, %llu fetched, %llu gaps for %llu, seq %llu, %llu waiting",
	      (unsigned long long)m->order.events, (unsigned long long)m->order.gaps,
	      (unsigned long long)m->order.lost, (unsigned long long)m->order.seq,
	      (unsigned long long)stats->pushed, (unsigned long long)stats->fetched,
	      (unsigned long long)stats->gaps, (unsigned long long)stats->lost,
	      (unsigned long long)stats->seq, (unsigned long long)stats->waiting);
}

/* With no kind let through, nothing comes any more, and the sums stand still. */
static void account(struct member *m)
{
	struct fanotify_nl_settings none = { .set = FANOTIFY_NL_SET_MASK };
	struct fanotify_nl_member_info stats;
	__u64 end = now_ns() + 30000000000ULL;
	int ret = fanotify_nl_group_set(m->h, &none);

	while (!ret) {
		while (!(ret = read_events(m, ~0U)))
			;
		if (ret != -EAGAIN)
			break;
		ret = member_own_stats(m->h, &stats);
		if (ret)
			break;
		/* one snapshot: where the seqs agree, the sums do */
		if (stats.seq == m->order.seq) {
			if (!did(OP_account, stats.lost == m->order.lost &&
				 stats.gaps == m->order.gaps &&
				 stats.merged == m->order.merged &&
				 stats.pushed + stats.fetched == m->order.events))
				tell_sums(m, &stats);
			return;
		}
		if (now_ns() > end) {
			tell_sums(m, &stats);
			return;
		}
	}
	told(m, OP_account, ret);
}

static bool bind_somewhere(struct member *m)
{
	struct fanotify_nl_bind bind = { 0 };
	int ret = fanotify_nl_open(&m->h);

	m->alone = rng_percent(m->rng, 50);
	/* as others may read the same number, its settings are left alone */
	if (!m->alone)
		bind.number = 1000 + rng_below(m->rng, GROUPS);
	else
		bind.settings.set = FANOTIFY_NL_SET_FLAGS | FANOTIFY_NL_SET_QUEUE_LIMIT;
	m->order.shared = !m->alone;
	bind.settings.flags = rng_below(m->rng, 4) &
			      (FANOTIFY_GROUP_FLAG_MULTICAST | FANOTIFY_GROUP_FLAG_MERGE);
	bind.settings.queue_limit = 65536 << rng_below(m->rng, 10);
	bind.rcvbuf = 65536 << rng_below(m->rng, 4);
	if (!ret)
		ret = fanotify_nl_bind(m->h, &bind);
	return told(m, m->alone ? OP_bind : OP_join, ret);
}

/* So much at once, while nothing is read, that some of it is merged or lost. */
static void overload(struct member *m)
{
	const struct fanotify_nl_settings settings = {
		.set = FANOTIFY_NL_SET_QUEUE_LIMIT | FANOTIFY_NL_SET_FLAGS |
		       FANOTIFY_NL_SET_FILTERS,
		.queue_limit = 65536,
		.flags = rng_percent(m->rng, 50) ? FANOTIFY_GROUP_FLAG_MERGE : 0,
	};
	const struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_FILESYSTEM, .path = "base",
		.mask = KIND(ATTRIB) | KIND(ONDIR),
	};

	told(m, OP_group_set, fanotify_nl_group_set(m->h, &settings));
	told(m, OP_mark_filesystem, fanotify_nl_mark_add(m->h, &mark, NULL));
	for (unsigned int i = 0; i < OVERLOAD && !shared->stop; i++)
		chmod(often, i & 1 ? 0777 : 0755);
	/* what was lost comes last */
	for (unsigned int i = 0; i < OVERLOAD && !shared->stop; i++)
		if (read_events(m, 10))
			break;
	told(m, OP_unmark, fanotify_nl_mark_remove(m->h, &mark));
}

static void do_something(struct member *m)
{
	unsigned int dice = rng_below(m->rng, 100);

	if (dice < 8)
		add_mark(m);
	else if (dice < 11)
		remove_mark(m);
	else if (dice < 12)
		told(m, OP_flush, fanotify_nl_mark_flush(m->h, rng_below(m->rng, 5)));
	else if (dice < 15)
		set_group(m);
	else if (dice < 17)
		set_filters(m);
	else if (dice < 19)
		list_all(m);
	else if (dice < 21)
		overload(m);
	else if (dice < 24)
		usleep(rng_below(m->rng, 100000));
}

void check_counters(const struct member *m)
{
	struct fanotify_nl_counters counters;

	fanotify_nl_counters(m->h, &counters);
	if (counters.holes || counters.repeats || counters.malformed || counters.forged)
		wrong("%llu holes, %llu repeats, %llu malformed, %llu forged",
		      (unsigned long long)counters.holes, (unsigned long long)counters.repeats,
		      (unsigned long long)counters.malformed,
		      (unsigned long long)counters.forged);
}

static void live(struct rng *rng)
{
	struct member m = { .rng = rng };
	int ret = 0;

	if (bind_somewhere(&m)) {
		for (int i = rng_below(rng, 4); i >= 0; i--)
			add_mark(&m);
		if (rng_percent(rng, 40))
			overload(&m);
		for (struct span life = some_span(rng, LIFE); !is_over(&life);) {
			do_something(&m);
			ret = read_events(&m, 100);
			if (ret == -EAGAIN)
				usleep(1000);
			else if (ret)
				break;
		}
		if (ret && ret != -EAGAIN && !is_fair(ret))
			wrong("no events: %s (%s)", strerror(-ret), fanotify_nl_error(m.h));
		if (m.alone && (!ret || ret == -EAGAIN))
			account(&m);
		check_counters(&m);
		if (rng_percent(rng, 50))
			told(&m, OP_unbind, fanotify_nl_unbind(m.h));
		else
			did(OP_leave, true);
	} else {
		/* until the module is there again */
		usleep(20000);
	}
	fanotify_nl_close(m.h);
}

void member(unsigned int number, struct rng *rng)
{
	while (!shared->stop)
		live(rng);
}
