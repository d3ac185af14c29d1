// SPDX-License-Identifier: GPL-2.0
/*
 * All at once, for minutes: members that bind, mark, read and die; gates that answer,
 * defer, stall and die; writers of several users; mounts that come and go; the module
 * unloaded and loaded. What
 * holds all the while: no hole in seq, nothing malformed or forged, losses that
 * add up, unmounts that are not held up; and in the end nothing is left.
 *
 *	soak [--minutes M] [--seed S]
 *
 * The seed decides what each process does; when, the scheduler does.
 */
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include "test.h"
#include "fsops.h"
#include "gate.h"
#include "remains.h"
#include "rng.h"
#include "storm.h"

#define WRITERS		3
#define MEMBERS		4
#define GROUPS		3
#define GATES		2
#define ERRORS_MAX	20
/* Most lives end by themselves, some by a signal or with the module. */
#define LIFE_MS		2000
#define KILL_MS		5000
#define PAUSE_US	40000
#define LOADED_MS	6000
#define MOUNTED_MS	1500
/* What holds up an unmount for longer is no operation of a writer. */
#define UNMOUNT_MS	30000

/*
 * Events of four kilobytes, so that these fill the least queue and most sockets: an
 * operation takes 100 ms where all share one CPU, and members live for seconds.
 */
#define OVERLOAD	40
#define DEPTH		15

static double minutes = 2;
static unsigned long long seed;

/* ---- what is counted ---- */

#define KINDS(op) \
	op(bind) op(join) op(mark_inode) op(mark_mount) op(mark_filesystem) op(mark_global) \
	op(mark_subtree) \
	op(mark_evictable) op(ignore) op(unmark) op(flush) op(group_set) op(filters) op(lists) op(event) \
	op(gap) op(merged) op(gate_bind) op(gate_mark) op(gate_ask) op(gate_verdicts) \
	op(gate_deny) op(gate_defer) op(gate_remember) op(gate_ignore) op(gate_stall) op(gate_open) \
	op(gate_unbind) op(gate_leave) op(gate_lift) op(event_open) op(account) op(unbind) op(leave) op(multicast_event) op(kill) \
	op(mount_tmpfs) op(unmount_tmpfs) op(mount_ext4) op(unmount_ext4) op(mount_overlay) \
	op(unmount_overlay) op(mount_bind) op(unmount_bind) op(unload) op(load)

#define KIND_ENUM(name) OP_##name,
enum op { KINDS(KIND_ENUM) OPS };

#define KIND_NAME(name) #name,
static const char *const op_names[OPS] = { KINDS(KIND_NAME) };

struct count {
	unsigned long tried;
	unsigned long done;
};

/* All processes share it. */
static struct {
	volatile bool stop;
	unsigned int errors;
	struct count op[OPS];
	struct count fsop[FSOPS_PLAIN_COUNT];
} *shared;

static bool counted(struct count *count, bool done)
{
	__atomic_add_fetch(&count->tried, 1, __ATOMIC_RELAXED);
	if (done)
		__atomic_add_fetch(&count->done, 1, __ATOMIC_RELAXED);
	return done;
}

static bool did(enum op op, bool done)
{
	return counted(&shared->op[op], done);
}

static __attribute__((format(printf, 1, 2))) void wrong(const char *format, ...)
{
	va_list args;

	if (__atomic_add_fetch(&shared->errors, 1, __ATOMIC_RELAXED) > ERRORS_MAX)
		return;
	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	fflush(stdout);
	va_end(args);
}

/* ---- places ---- */

#define PLACES 5
static const char *const places[PLACES] = { "base", "tmpfs", "ext4", "overlay", "bind" };

static const char *some_place(struct rng *rng)
{
	return places[rng_below(rng, PLACES)];
}

/* A folder of which the path is long. */
static char often[PATH_MAX] = "base";

static int make_often(void)
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

/* ---- writers ---- */

static void become(const char *user)
{
	const struct passwd *pw = getpwnam(user);

	if (!pw || setgid(pw->pw_gid) || setuid(pw->pw_uid))
		wrong("cannot become %s", user);
}

static void writer(unsigned int number, struct rng *rng)
{
	static const char *const users[] = { "root", "alice", "bob" };

	umask(0);
	become(users[number % ARRAY_SIZE(users)]);
	while (!shared->stop) {
		enum fsop op = rng_below(rng, FSOPS_PLAIN_COUNT);

		counted(&shared->fsop[op], fsop_do(op, some_place(rng), rng));
		/* members are to have a share of the CPUs */
		usleep(rng_below(rng, PAUSE_US));
	}
}

/* ---- members ---- */

struct member {
	struct fanotify_nl *h;
	struct order order;
	bool alone;
	struct rng *rng;
};

/*
 * What an error may be: the module was unloaded, the group is another one's by
 * now, a limit, a file that has just gone or is open for writing.
 */
static bool is_fair(int error)
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

/* Return: whether it was done. */
static bool told(const struct member *m, enum op op, int ret)
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
	/* an ignore mask that does not survive is for files only */
	if (op == OP_ignore && !mark.flags && (lstat(path, &st) || S_ISDIR(st.st_mode)))
		return;
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
	fd = fanotify_nl_event_open(m->h, mount_fd, &event->object);
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

static void check_counters(const struct member *m)
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
	__u64 end;
	int ret = 0;

	if (bind_somewhere(&m)) {
		for (int i = rng_below(rng, 4); i >= 0; i--)
			add_mark(&m);
		if (rng_percent(rng, 40))
			overload(&m);
		for (end = now_ns() + rng_below(rng, LIFE_MS) * 1000000ULL;
		     now_ns() < end && !shared->stop;) {
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

static void member(unsigned int number, struct rng *rng)
{
	while (!shared->stop)
		live(rng);
}

/* ---- gates ---- */

#define GATE_BATCH	16
#define GATE_WAIT_MS	20
#define GATE_TIMEOUT_MS	300
/* so that it is asked, where an open takes 100 ms */
#define GATE_LIFE_MS	6000

/* Whoever binds this number wants the same, so that it takes over what is left. */
static struct fanotify_nl_settings gate_settings(unsigned int number)
{
	return (struct fanotify_nl_settings){
		.set = FANOTIFY_NL_SET_TIMEOUT_MS | FANOTIFY_NL_SET_WAIT_MS |
		       FANOTIFY_NL_SET_ON_TIMEOUT | FANOTIFY_NL_SET_EVICT_AFTER |
		       FANOTIFY_NL_SET_ON_EVICT | FANOTIFY_NL_SET_LINGER_MS |
		       FANOTIFY_NL_SET_UID_PENDING | FANOTIFY_NL_SET_WINDOW |
		       FANOTIFY_NL_SET_FLAGS,
		.flags = PERMISSION | REMEMBER,
		.timeout_ms = GATE_TIMEOUT_MS,
		.wait_ms = 4 * GATE_TIMEOUT_MS,
		.on_timeout = number % 2 ? EAGAIN : 0,
		.evict_after = 3,
		.on_evict = number % 2 ? FANOTIFY_ON_EVICT_DENY : FANOTIFY_ON_EVICT_ALLOW,
		.linger_ms = GATE_TIMEOUT_MS,
		.uid_pending = 2,
		.window = 4,
	};
}

/* Not of directories: a mount of overlayfs opens some, and is not to fail. */
static void gate_mark(struct member *m)
{
	static const __u32 types[] = {
		FANOTIFY_MARK_TYPE_MOUNT, FANOTIFY_MARK_TYPE_FILESYSTEM,
		FANOTIFY_MARK_TYPE_SUBTREE,
	};
	const struct fanotify_nl_mark mark = {
		.type = types[rng_below(m->rng, ARRAY_SIZE(types))],
		.path = some_place(m->rng),
		.mask = KIND(OPEN_PERM) | (rng_percent(m->rng, 30) ? KIND(ACCESS_PERM) : 0) |
			(rng_percent(m->rng, 30) ? KIND(OPEN_EXEC_PERM) : 0),
	};

	told(m, OP_gate_mark, fanotify_nl_mark_add(m->h, &mark, NULL));
}

static struct fanotify_nl_verdict some_verdict(struct member *m, __u64 id)
{
	struct fanotify_nl_verdict verdict = { .id = id, .response = FANOTIFY_VERDICT_ALLOW };
	unsigned int dice = rng_below(m->rng, 100);

	if (dice < 15) {
		verdict.response = FANOTIFY_VERDICT_DENY;
		verdict.error = EIO;
		did(OP_gate_deny, true);
	} else if (dice < 30) {
		verdict.response = FANOTIFY_VERDICT_DEFER;
		did(OP_gate_defer, true);
	} else if (dice < 55) {
		verdict.flags = FANOTIFY_VERDICT_FLAG_REMEMBER;
		did(OP_gate_remember, true);
	} else if (dice < 75) {
		int fd = fanotify_nl_event_open_id(m->h, id);

		if (told(m, OP_gate_open, fd))
			close(fd);
	}
	return verdict;
}

/* Return: 0, or why there is nothing more. */
static int gate_answer(struct member *m)
{
	struct fanotify_nl_verdict verdicts[GATE_BATCH];
	struct fanotify_nl_event event;
	size_t n = 0;
	int ret = 1;

	while (n < GATE_BATCH &&
	       (ret = fanotify_nl_wait_event(m->h, &event, n ? 0 : GATE_WAIT_MS)) == 1) {
		if (!did(OP_gate_ask, event.has & FANOTIFY_NL_HAS_DEADLINE))
			continue;
		if (rng_percent(m->rng, 12))
			did(OP_gate_ignore, true);
		else
			verdicts[n++] = some_verdict(m, event.id);
	}
	if (n)
		told(m, OP_gate_verdicts, fanotify_nl_verdict(m->h, verdicts, n));
	return ret < 0 ? ret : n ? 0 : -EAGAIN;
}

/* Until its life ends, the module goes, or it is evicted. */
static void gate_keep(struct member *m)
{
	__u64 end = now_ns() + rng_below(m->rng, GATE_LIFE_MS) * 1000000ULL;
	int ret = 0;

	for (int i = rng_below(m->rng, 3); i >= 0; i--)
		gate_mark(m);
	while (now_ns() < end && !shared->stop && (!ret || ret == -EAGAIN)) {
		ret = gate_answer(m);
		if (rng_percent(m->rng, 1)) {
			did(OP_gate_stall, true);
			usleep(2 * GATE_TIMEOUT_MS * 1000);
		}
	}
	if (ret && ret != -EAGAIN && !is_fair(ret))
		wrong("no requests: %s (%s)", strerror(-ret), fanotify_nl_error(m->h));
}

static void gatekeeper(unsigned int number, struct rng *rng)
{
	while (!shared->stop) {
		struct fanotify_nl_bind bind = {
			.number = 2000 + rng_below(rng, GATES),
		};
		struct member m = { .rng = rng };
		int ret = fanotify_nl_open(&m.h);

		bind.settings = gate_settings(bind.number);
		if (!ret)
			ret = fanotify_nl_bind(m.h, &bind);
		if (told(&m, OP_gate_bind, ret)) {
			gate_keep(&m);
			check_counters(&m);
			if (rng_percent(rng, 40))
				told(&m, OP_gate_unbind, fanotify_nl_unbind(m.h));
			else
				did(OP_gate_leave, true);
		} else {
			usleep(20000);
		}
		fanotify_nl_close(m.h);
		/* what is left denies, or waits, until then */
		if (rng_percent(rng, 70))
			did(OP_gate_lift, !set_parameter("gate_lift", "1"));
	}
}

/* ---- subscribers ---- */

static bool subscribe(struct nl *nl)
{
	return !nl_open(nl) && !setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
					   &nl->mcast, sizeof(nl->mcast));
}

static void subscriber(unsigned int number, struct rng *rng)
{
	while (!shared->stop) {
		struct fanotify_nl_event event;
		struct nl nl;

		if (!subscribe(&nl))
			usleep(20000);
		else
			for (int n = rng_below(rng, 2000), len; n && !shared->stop; n--) {
				len = nl_recv(&nl, 100);
				if (len > 0 && fanotify_nl_parse_event(nl.received, len, &event))
					wrong("a malformed multicast event");
				did(OP_multicast_event, len > 0);
			}
		nl_close(&nl);
	}
}

/* ---- mounts ---- */

static bool mount_tmpfs(void)
{
	return !mount("tmpfs", "tmpfs", "tmpfs", 0, "size=16m");
}

/* What has the device open for writing would keep it from being mounted. */
static char loop_device[64];

static int make_loop(void)
{
	/* it need not be a module */
	FILE *f = popen("modprobe -q loop; truncate -s 16M image && mke2fs -q -t ext4 image && losetup -f --show image", "r");
	int n = f ? fscanf(f, "%63s", loop_device) : 0;

	return f && !pclose(f) && n == 1 ? 0 : -1;
}

static bool mount_ext4(void)
{
	return !mount(loop_device, "ext4", "ext4", 0, "user_xattr") && !chmod("ext4", 0777);
}

static bool mount_overlay(void)
{
	return !mount("overlay", "overlay", "overlay", 0,
		      "lowerdir=lower,upperdir=upper,workdir=work");
}

static bool mount_bind(void)
{
	return !mount("base", "bind", NULL, MS_BIND, NULL);
}

static const struct mounted {
	const char *place;
	bool (*mount)(void);
	enum op mounted;
	enum op unmounted;
} mounts[] = {
	{ "tmpfs", mount_tmpfs, OP_mount_tmpfs, OP_unmount_tmpfs },
	{ "ext4", mount_ext4, OP_mount_ext4, OP_unmount_ext4 },
	{ "overlay", mount_overlay, OP_mount_overlay, OP_unmount_overlay },
	{ "bind", mount_bind, OP_mount_bind, OP_unmount_bind },
};

static bool unmounts(void *place)
{
	return !umount2(place, 0) || errno != EBUSY;
}

static void mounter(unsigned int number, struct rng *rng)
{
	const struct mounted *m = &mounts[number];

	while (!shared->stop) {
		if (!did(m->mounted, m->mount())) {
			wrong("%s cannot be mounted: %m", m->place);
			return;
		}
		usleep(rng_below(rng, MOUNTED_MS) * 1000);
		/* a writer is in it for a moment only */
		if (!wait_until(unmounts, (void *)m->place, UNMOUNT_MS))
			wrong("%s cannot be unmounted for %d s", m->place, UNMOUNT_MS / 1000);
		did(m->unmounted, true);
		usleep(rng_below(rng, MOUNTED_MS) * 1000);
	}
}

/* ---- the module ---- */

static void reloader(unsigned int number, struct rng *rng)
{
	while (!shared->stop) {
		int ret;

		usleep((1000 + rng_below(rng, LOADED_MS)) * 1000);
		ret = module_unload();
		if (!did(OP_unload, !ret))
			wrong("the module cannot be unloaded: %s", strerror(-ret));
		usleep(rng_below(rng, 300000));
		if (ret)
			continue;
		ret = module_load();
		if (!did(OP_load, !ret))
			wrong("the module cannot be loaded: %s", strerror(-ret));
	}
}

/* ---- all at once ---- */

struct child {
	pid_t pid;
	void (*run)(unsigned int number, struct rng *rng);
	unsigned int number;
	unsigned int stream;
	unsigned int life;
};

static void start(struct child *child)
{
	unsigned long long life = child->life++;

	fflush(stdout);
	child->pid = fork();
	if (!child->pid) {
		struct rng rng = { .state = seed + child->stream * 1000003 + life * 97 };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child->run(child->number, &rng);
		_exit(0);
	}
}

#define MODPROBE	"/proc/sys/kernel/modprobe"

FIXTURE(soak)
{
	struct child child[WRITERS + MEMBERS + GATES + ARRAY_SIZE(mounts) + 2];
	unsigned int children;
	struct rng rng;
	char modprobe[256];
};

static void add(FIXTURE_DATA(soak) *self, void (*run)(unsigned int, struct rng *), unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct child *child = &self->child[self->children++];

		*child = (struct child){ .run = run, .number = i, .stream = self->children };
		start(child);
	}
}

FIXTURE_SETUP(soak)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_EQ(0, work_here());
	umask(0);
	for (int i = 0; i < PLACES; i++) {
		ASSERT_EQ(0, mkdir(places[i], 0777));
	}
	ASSERT_EQ(0, make_often());
	ASSERT_EQ(0, mkdir("lower", 0777));
	ASSERT_EQ(0, mkdir("lower/a", 0777));
	ASSERT_EQ(0, make_file("lower/b"));
	ASSERT_EQ(0, mkdir("upper", 0777));
	ASSERT_EQ(0, mkdir("work", 0777));
	ASSERT_EQ(0, make_loop());
	/* netlink runs it for each look for a family that is unloaded: half a second */
	ASSERT_EQ(0, read_file(MODPROBE, self->modprobe, sizeof(self->modprobe)));
	ASSERT_EQ(0, write_file(MODPROBE, "\n"));
	self->rng.state = seed;
	add(self, writer, WRITERS);
	add(self, mounter, ARRAY_SIZE(mounts));
	add(self, subscriber, 1);
	if (remains_is_module())
		add(self, reloader, 1);
	else
		printf("# the family is built in: it is not unloaded\n");
	add(self, member, MEMBERS);
	add(self, gatekeeper, GATES);
}

static bool all_ended(void *arg)
{
	FIXTURE_DATA(soak) *self = arg;
	unsigned int left = 0;

	for (unsigned int i = 0; i < self->children; i++) {
		struct child *child = &self->child[i];

		if (child->pid && waitpid(child->pid, NULL, WNOHANG) == child->pid)
			child->pid = 0;
		left += !!child->pid;
	}
	return !left;
}

FIXTURE_TEARDOWN(soak)
{
	for (unsigned int i = 0; i < self->children; i++)
		if (self->child[i].pid)
			kill(self->child[i].pid, SIGKILL);
	EXPECT_EQ(0, write_file(MODPROBE, self->modprobe));
	set_parameter("gate_lift", "1");
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		umount2(mounts[i].place, MNT_DETACH);
	EXPECT_EQ(0, system("losetup -D"));
	if (access("/sys/module/fanotify_nl", F_OK))
		module_load();
}

/* Members and gates do not expect it; all others are to go on to the end. */
static void kill_some(FIXTURE_DATA(soak) *self)
{
	struct child *child = &self->child[self->children - 1 - rng_below(&self->rng, MEMBERS + GATES)];

	did(OP_kill, !kill(child->pid, SIGKILL) && waitpid(child->pid, NULL, 0) == child->pid);
	start(child);
}

static unsigned int never_done(const char *name, const struct count *count)
{
	printf("# %-18s %9lu of %lu\n", name, count->done, count->tried);
	return !count->done;
}

static bool is_asked_for(int op)
{
	return (op != OP_unload && op != OP_load) || remains_is_module();
}

static bool all_done(void)
{
	for (int op = 0; op < OPS; op++)
		if (is_asked_for(op) && !shared->op[op].done)
			return false;
	for (int op = 0; op < FSOPS_PLAIN_COUNT; op++)
		if (!shared->fsop[op].done)
			return false;
	return true;
}

/* A busy machine gets more time for what has not been done yet. */
TEST_F_TIMEOUT(soak, all_at_once, 86400)
{
	__u64 end = now_ns() + minutes * 60e9, last = end + minutes * 90e9;
	unsigned int never = 0;

	printf("# seed %llu, %g minutes\n", seed, minutes);
	while ((now_ns() < end || (now_ns() < last && !all_done())) &&
	       shared->errors < ERRORS_MAX) {
		usleep(rng_below(&self->rng, KILL_MS) * 1000);
		kill_some(self);
	}
	shared->stop = true;
	EXPECT_TRUE(wait_until(all_ended, self, 120000)) {
		TH_LOG("a process does not end");
	}
	EXPECT_EQ(0, shared->errors);
	for (int op = 0; op < OPS; op++)
		never += never_done(op_names[op], &shared->op[op]) && is_asked_for(op);
	for (int op = 0; op < FSOPS_PLAIN_COUNT; op++)
		never += never_done(fsop_name(op), &shared->fsop[op]);
	EXPECT_EQ(0, never) {
		TH_LOG("%u operations were never done", never);
	}
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

TEST_F_TIMEOUT(after_all, nothing_is_left, 300)
{
	EXPECT_EQ(0, remains_listed());
	if (remains_is_module()) {
		EXPECT_EQ(0, module_unload());
		EXPECT_EQ(0, module_load());
	}
	EXPECT_EQ(0, remains_leaked());
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "minutes", required_argument, NULL, 'm' },
		{ "seed", required_argument, NULL, 's' },
		{ },
	};
	int c;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return 2;
	seed >>= 16;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'm':
			minutes = strtod(optarg, NULL);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	/* it looks for options of its own */
	optind = 1;
	return test_harness_run(1, argv);
}
