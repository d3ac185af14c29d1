// SPDX-License-Identifier: GPL-2.0
/*
 * A storm of metadata, and what listening to it costs.
 *
 *   bench FILES ROUNDS [ROW]...
 *
 * In a VM with --icount, a nanosecond is an instruction. There is one CPU, so
 * that producer and consumer are measured apart: all files go through a step of
 * the storm, then the readers read what waits. The first round of each row
 * warms up and is not counted.
 *
 * Prints JSON. A row that does not get just the events that it should ends the
 * program with status 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <linux/fanotify-nl.h>

#include "bench.h"

#define MEMCG "/sys/fs/cgroup/bench"

static const char *const step_name[STEPS] = { "create", "write", "close", "rename", "unlink" };

/* Each operation of the storm is one event, so that all of it can be compared. */
#define KINDS (FAN_CREATE | FAN_MODIFY | FAN_CLOSE_WRITE | FAN_RENAME | FAN_DELETE)
/* Those of them that carry a descriptor. */
#define FD_KINDS (FAN_MODIFY | FAN_CLOSE_WRITE)
/* What does not happen in the storm; the second refines what does. */
#define NO_KINDS FAN_ACCESS
#define NO_REFINED_KINDS FANOTIFY_KIND_SYMLINK

#define EACH(n)		.events = { n, n, n, n, n }

#define FANOTIFY_FD \
	.start = fanotify_fd_start, .drain = fanotify_fd_drain, .stop = fanotify_stop, \
	.mask = FD_KINDS, .events = { [WRITE] = 1, [CLOSE] = 1 }
#define FANOTIFY_FID \
	.start = fanotify_fid_start, .drain = fanotify_fid_drain, .stop = fanotify_stop
#define US \
	.start = us_start, .drain = us_drain, .stop = us_stop
#define US_ALL(readers) \
	US, .mask = KINDS, EACH(readers), .paths = 5 * (readers), .stats = 5 * (readers)

static const struct row rows[] = {
	{ .id = "none" },
	{ .id = "inotify", .start = inotify_start, .drain = inotify_drain, .stop = inotify_stop,
	  .events = { 1, 1, 1, 2, 1 },
	  .mask = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVE | IN_DELETE },
	{ .id = "fanotify-idle", FANOTIFY_FID, .mask = NO_KINDS },
	{ .id = "fanotify-fd", FANOTIFY_FD },
	{ .id = "fanotify-fd-full", FANOTIFY_FD, .path_stat = true, .paths = 2, .stats = 2 },
	{ .id = "fanotify-fid", FANOTIFY_FID, .mask = KINDS, EACH(1) },
	{ .id = "fanotify-fid-cached", FANOTIFY_FID, .mask = KINDS, EACH(1),
	  .path_stat = true, .cache = true, .paths = 5, .stats = 4 },
	{ .id = "fanotify-fid-full", FANOTIFY_FID, .mask = KINDS, EACH(1),
	  .path_stat = true, .paths = 5, .stats = 4 },
	{ .id = "us-idle", US, .groups = 1, .members = 1, .mask = NO_KINDS },
	{ .id = "us-idle-refined", US, .groups = 1, .members = 1, .mask = NO_REFINED_KINDS },
	{ .id = "us-fd-kinds", US, .groups = 1, .members = 1, .mask = FD_KINDS,
	  .events = { [WRITE] = 1, [CLOSE] = 1 }, .paths = 2, .stats = 2 },
	{ .id = "us", US_ALL(1), .groups = 1, .members = 1 },
	{ .id = "us-no-stat", US, .groups = 1, .members = 1, .mask = KINDS, EACH(1),
	  .paths = 5, .no_stat = true },
	{ .id = "us-inode", US_ALL(1), .groups = 1, .members = 1, .inode = true },
	{ .id = "us-queue", US_ALL(1), .groups = 1, .members = 1, .late = true,
	  .rcvbuf = 1 << 20 },
	{ .id = "us-lost", US, .mask = KINDS, EACH(1), .groups = 1, .members = 1, .late = true,
	  .lossy = true, .rcvbuf = 1 << 20, .queue_limit = 64 << 10 },
	{ .id = "us-multicast-0", US_ALL(1), .groups = 1, .members = 1,
	  .flags = FANOTIFY_GROUP_FLAG_MULTICAST },
	{ .id = "us-multicast-1", US_ALL(2), .groups = 1, .members = 1, .subscribers = 1,
	  .flags = FANOTIFY_GROUP_FLAG_MULTICAST },
	{ .id = "us-multicast-4", US_ALL(5), .groups = 1, .members = 1, .subscribers = 4,
	  .flags = FANOTIFY_GROUP_FLAG_MULTICAST },
	{ .id = "us-members-4", US_ALL(1), .groups = 1, .members = 4 },
	{ .id = "us-groups-2", US_ALL(2), .groups = 2, .members = 1 },
	{ .id = "us-groups-4", US_ALL(4), .groups = 4, .members = 1 },
	{ .id = "us-groups-8", US_ALL(8), .groups = 8, .members = 1 },
	{ .id = "us-marks-1", US_ALL(1), .groups = 1, .members = 1, .marks = 1 },
	{ .id = "us-marks-100", US_ALL(1), .groups = 1, .members = 1, .marks = 100 },
	{ .id = "us-marks-10000", US_ALL(1), .groups = 1, .members = 1, .marks = 10000 },
	{ .id = "us-subtree", US_ALL(1), .groups = 1, .members = 1, .subtree = true },
	{ .id = "us-subtrees-100", US_ALL(1), .groups = 1, .members = 1, .subtree = true,
	  .subtrees = 100 },
	{ .id = "us-subtree-other", US, .mask = KINDS, .groups = 1, .members = 1,
	  .subtrees = 1 },
	{ .id = "us-filter-user", US_ALL(1), .groups = 1, .members = 1, .filters = 1,
	  .filter = { .by = FANOTIFY_A_FILTER_UID } },
	{ .id = "us-filter-tree", US_ALL(1), .groups = 1, .members = 1, .filters = 1,
	  .filter = { .by = FANOTIFY_A_FILTER_TGID, .tgid = 1 } },
	{ .id = "us-filter-cgroup", US_ALL(1), .groups = 1, .members = 1, .filters = 1,
	  .filter = { .by = FANOTIFY_A_FILTER_CGROUP } },
	{ .id = "us-filter-name", US_ALL(1), .groups = 1, .members = 1, .filters = 1,
	  .filter = { .by = FANOTIFY_A_FILTER_NAME, .name = "*.o",
		      .flags = FANOTIFY_FILTER_FLAG_EXCLUDE } },
	{ .id = "us-filter-names-32", US_ALL(1), .groups = 1, .members = 1, .filters = 32,
	  .filter = { .by = FANOTIFY_A_FILTER_NAME, .name = "*.o",
		      .flags = FANOTIFY_FILTER_FLAG_EXCLUDE } },
	{ .id = "us-filter-all", US, .mask = KINDS, .groups = 1, .members = 1, .filters = 1,
	  .filter = { .by = FANOTIFY_A_FILTER_UID, .flags = FANOTIFY_FILTER_FLAG_EXCLUDE } },
};

static unsigned int files, rounds;

/* ---- the storm ---- */

static struct file {
	int fd;
	char old[16];
	char new[16];
} *file;
static int dir;

static bool do_step(enum step step, struct file *f)
{
	switch (step) {
	case CREATE:
		f->fd = openat(dir, f->old, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
		return f->fd >= 0;
	case WRITE:
		return write(f->fd, "x", 1) == 1;
	case CLOSE:
		return !close(f->fd);
	case RENAME:
		return !renameat(dir, f->old, dir, f->new);
	case UNLINK:
		return !unlinkat(dir, f->new, 0);
	default:
		return false;
	}
}

/* What was freed is freed later, by RCU and by kernel threads: not in a measurement. */
void settle(void)
{
	usleep(100000);
}

__u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void run_step(const struct row *row, enum step step)
{
	for (unsigned int i = 0; i < files; i++)
		if (!do_step(step, &file[i]))
			die("%s: %s: %m", row->id, step_name[step]);
}

struct round {
	__u64 producer[STEPS];
	__u64 consumer[STEPS];
	struct taken taken;
};

static void run_round(const struct row *row, struct round *round)
{
	memset(round, 0, sizeof(*round));
	for (int step = 0; step < STEPS; step++) {
		__u64 start;

		settle();
		start = now();
		run_step(row, step);
		round->producer[step] = now() - start;

		if (!row->drain || (row->late && step < STEPS - 1))
			continue;
		settle();
		start = now();
		row->drain(row, &round->taken);
		round->consumer[step] = now() - start;
	}
}

static void expect(const struct row *row, const char *what, __u64 is, __u64 want)
{
	if (is != want)
		die("%s: %llu %s, not %llu", row->id, is, what, want);
}

static __u64 expected_events(const struct row *row)
{
	__u64 events = 0;

	for (int step = 0; step < STEPS; step++)
		events += (__u64)row->events[step] * files;
	return events;
}

static void check_round(const struct row *row, const struct round *round)
{
	const struct taken *taken = &round->taken;

	expect(row, "events", taken->events + taken->lost, expected_events(row));
	if (row->lossy) {
		if (!taken->lost)
			die("%s: nothing was lost", row->id);
		return;
	}
	expect(row, "lost events", taken->lost, 0);
	expect(row, "paths", taken->paths, (__u64)row->paths * files);
	expect(row, "attributes", taken->stats, (__u64)row->stats * files);
}

/* ---- rows ---- */

void make_place(void)
{
	if (mount("bench", ROOT, "tmpfs", 0, "size=256m") || mkdir(ROOT "/a", 0755) ||
	    mkdir(STORM_DIR, 0755) || mkdir(OTHER_DIR, 0755))
		die("%s: %m", ROOT);
	dir = open(STORM_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		die("%s: %m", STORM_DIR);
}

static void make_others(const struct row *row)
{
	char path[64];

	for (unsigned int i = 0; i < row->marks; i++) {
		snprintf(path, sizeof(path), OTHER_DIR "/%u", i);
		if (mknod(path, S_IFREG | 0644, 0))
			die("%s: %m", path);
	}
	for (unsigned int i = 0; i < row->subtrees; i++) {
		snprintf(path, sizeof(path), OTHER_DIR "/%u", i);
		if (mkdir(path, 0755))
			die("%s: %m", path);
	}
}

void remove_place(void)
{
	close(dir);
	if (umount(ROOT))
		die("umount %s: %m", ROOT);
}

static void print_numbers(const char *name, const __u64 *numbers)
{
	printf("\"%s\":[", name);
	for (int step = 0; step < STEPS; step++)
		printf("%s%llu", step ? "," : "", numbers[step]);
	printf("]");
}

static void print_round(const struct round *round)
{
	printf("{");
	print_numbers("producer", round->producer);
	printf(",");
	print_numbers("consumer", round->consumer);
	printf(",\"events\":%llu,\"lost\":%llu,\"paths\":%llu,\"stats\":%llu}",
	       round->taken.events, round->taken.lost, round->taken.paths,
	       round->taken.stats);
}

static void run_row(const struct row *row)
{
	/* all others are compared with this one */
	unsigned int count = row->start ? rounds : 4 * rounds;
	struct round round;

	fprintf(stderr, "bench: %s\n", row->id);
	make_place();
	make_others(row);
	if (row->start)
		row->start(row);
	printf("{\"id\":\"%s\",\"rounds\":[", row->id);
	for (unsigned int i = 0; i <= count; i++) {
		run_round(row, &round);
		check_round(row, &round);
		if (!i)
			continue;
		if (i > 1)
			printf(",");
		print_round(&round);
	}
	printf("]}");
	if (row->stop)
		row->stop(row);
	remove_place();
	settle();
}

bool is_wanted(const char *id, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, id))
			return true;
	return false;
}

/* ---- set-up ---- */

void die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "bench: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: %m", path);
	close(fd);
}

/* As any service has it: memory of events is charged to a cgroup, not the root. */
static void enter_memcg(void)
{
	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(MEMCG, 0755) && errno != EEXIST)
		die("%s: %m", MEMCG);
	write_text(MEMCG "/cgroup.procs", "0");
}

static void prepare(void)
{
	/* the files of a step, and as many of fanotify */
	const rlim_t max = 2 * files + 256;
	struct rlimit limit = { max, max };

	file = calloc(files, sizeof(*file));
	if (!file)
		die("no memory");
	for (unsigned int i = 0; i < files; i++) {
		snprintf(file[i].old, sizeof(file[i].old), "file%06u", i);
		snprintf(file[i].new, sizeof(file[i].new), "name%06u", i);
	}
	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit: %m");
	if (mkdir(ROOT, 0755) && errno != EEXIST)
		die("%s: %m", ROOT);
	enter_memcg();
}

int main(int argc, char **argv)
{
	bool any = false;

	if (argc < 3 || !(files = atoi(argv[1])) || !(rounds = atoi(argv[2])) ||
	    files > 16000)
		die("bench FILES ROUNDS [ROW]...");
	prepare();
	printf("{\"files\":%u,\"steps\":[", files);
	for (int step = 0; step < STEPS; step++)
		printf("%s\"%s\"", step ? "," : "", step_name[step]);
	printf("],\"rows\":[");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!is_wanted(rows[i].id, argv + 3))
			continue;
		if (any)
			printf(",");
		any = true;
		run_row(&rows[i]);
	}
	printf("],\"gate\":[");
	gate_rows(files, rounds, argv + 3);
	printf("]}\n");
	return 0;
}
