// SPDX-License-Identifier: GPL-2.0
/*
 * A filesystem with a journal, on an image file, and the records that were read.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journalfs.h"
#include "listen.h"
#include "pace.h"

/* Of all images, as journalfs_make() has made the first. */
static const char *fstype;

/* Return: the number of the device that was attached to @image, or -1. */
static int loop_attach(const char *image)
{
	struct loop_config config = { .fd = open(image, O_RDWR | O_CLOEXEC) };
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int number = ioctl(control, LOOP_CTL_GET_FREE);
	char device[32];
	int loop, ret;

	snprintf(device, sizeof(device), "/dev/loop%d", number);
	loop = open(device, O_RDWR | O_CLOEXEC);
	ret = ioctl(loop, LOOP_CONFIGURE, &config);
	close(loop);
	close(control);
	close(config.fd);
	return ret ? -1 : number;
}

int journalfs_mount(const char *image, const char *at)
{
	bool xfs = !strcmp(fstype, "xfs");
	int number = loop_attach(image);
	char device[32];
	int loop, ret;

	if (number < 0)
		return -1;
	mkdir(at, 0755);
	snprintf(device, sizeof(device), "/dev/loop%d", number);
	/* not every kernel mounts what is open for writing */
	ret = mount(device, at, fstype, xfs ? 0 : MS_NOATIME, xfs ? "nouuid" : NULL);
	loop = open(device, O_RDONLY | O_CLOEXEC);
	/* once it is unmounted */
	ioctl(loop, LOOP_CLR_FD, 0);
	close(loop);
	return ret;
}

int journalfs_make(const char *type, const char *options)
{
	const bool xfs = !strcmp(type, "xfs"), btrfs = !strcmp(type, "btrfs");
	const off_t megabytes = xfs ? 320 : btrfs ? 128 : 24;
	char line[128];
	int fd;

	journalfs_remove();
	if (access("/dev/loop-control", F_OK) && system("modprobe -q loop"))
		return -1;
	mkdir(JOURNALFS, 0755);
	if (mount("journalfs", JOURNALFS, "tmpfs", 0, NULL))
		return -1;
	fd = open(IMAGE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (ftruncate(fd, megabytes << 20) || close(fd))
		return -1;
	snprintf(line, sizeof(line), "mkfs.%s %s -q %s " IMAGE " >/dev/null 2>&1", type,
		 xfs || btrfs ? "" : "-F", options);
	if (system(line))
		return -1;
	fstype = type;
	return journalfs_mount(IMAGE, MOUNT);
}

int journalfs_unmount(const char *at)
{
	for (int tries = 1; tries <= 200; tries++) {
		if (!umount(at))
			return tries;
		if (errno != EBUSY)
			return -1;
		usleep(10000);
	}
	return -1;
}

int journalfs_remount(unsigned long flags)
{
	for (int tries = 1; tries <= 200; tries++) {
		if (!mount(NULL, MOUNT, NULL, MS_REMOUNT | flags, NULL))
			return tries;
		if (errno != EBUSY)
			return -1;
		usleep(10000);
	}
	return -1;
}

int journalfs_freeze(bool on)
{
	int fd = open(MOUNT, O_RDONLY);
	int ret = fd < 0 ? -1 : ioctl(fd, on ? FIFREEZE : FITHAW, 0);

	if (fd >= 0)
		close(fd);
	return ret;
}

void journalfs_remove(void)
{
	journalfs_freeze(false);
	for (int i = 0; i < 4 && journalfs_unmount(MOUNT) > 0; i++)
		;
	journalfs_unmount(JOURNALFS "/copy");
	journalfs_unmount(JOURNALFS);
}

int mapped(const char *shell)
{
	char line[1024];

	snprintf(line, sizeof(line),
		 "loop=$(losetup -n -O NAME -j " IMAGE ") && size=$(blockdev --getsz $loop) && %s",
		 shell);
	return system(line);
}

int journalfs_map(void)
{
	/* there is no udev */
	return system("modprobe -qa dm-mod dm-snapshot; losetup -f " IMAGE) ||
	       mapped("dmsetup create journalfs --table \"0 $size linear $loop 0\" && "
		      "dmsetup mknodes && " MOUNT_MAPPED) ? -1 : 0;
}

int journalfs_unmap(void)
{
	journalfs_unmount(MOUNT);
	return system("for name in snapshot journalfs; do"
		      " ! dmsetup info $name >/dev/null 2>&1 || dmsetup remove --retry $name ||"
		      " exit 1; done; losetup -D") ? -1 : 0;
}

static int each(int (*change)(const char *path), const char *prefix, int from, int count)
{
	char path[128];

	for (int i = from; i < from + count; i++) {
		snprintf(path, sizeof(path), MOUNT "/%s%d", prefix, i);
		if (change(path))
			return -1;
	}
	return 0;
}

int make_many(const char *prefix, int from, int count)
{
	return each(make_file, prefix, from, count);
}

int remove_many(const char *prefix, int from, int count)
{
	return each(unlink, prefix, from, count);
}

const struct fanotify_nl_journal_settings fast = {
	.set = FANOTIFY_NL_JOURNAL_SET_INTERVAL_MS | FANOTIFY_NL_JOURNAL_SET_MASK,
	.mask = KIND(CREATE) | KIND(DELETE) | KIND(RENAME) | KIND(ATTRIB) | KIND(MODIFY) |
		KIND(ONDIR),
	.interval_ms = 50,
};

int journalfs_start(struct fanotify_nl *h, const struct fanotify_nl_journal_settings *set,
		    struct fanotify_nl_journal_info *info)
{
	int ret = fanotify_nl_journal_create(h, MOUNT, RING_SIZE, NULL, NULL);

	if (!ret)
		ret = fanotify_nl_journal_start(h, MOUNT, set, info);
	if (ret)
		fprintf(stderr, "# journal: %s\n", fanotify_nl_error(h));
	return ret;
}

int add_consumer(struct fanotify_nl *h, __u32 id, const char *name, __u64 mask, __u64 *token)
{
	struct fanotify_nl_consumer consumer = { .name = name, .mask = mask };

	return fanotify_nl_consumer_add(h, id, &consumer, token, NULL);
}

static void keep(struct history *history, const struct fanotify_nl_event *event)
{
	struct record *record;

	if (history->count == RECORDS_MAX) {
		fprintf(stderr, "# more than %d records\n", RECORDS_MAX);
		abort();
	}
	record = &history->record[history->count++];
	*record = (struct record){
		.index = event->seq,
		.mask = event->mask,
		.realtime = event->realtime,
		.gap = event->gap,
	};
	snprintf(record->path, sizeof(record->path), "%s", event->path ? event->path : "");
}

static int read_all(struct fanotify_nl *h, __u32 id, struct fanotify_nl_read *read,
		    struct history *history)
{
	struct fanotify_nl_records records;
	struct fanotify_nl_event event;
	int ret;

	history->count = 0;
	history->gaps = 0;
	do {
		ret = fanotify_nl_journal_read(h, id, read, &records);
		if (ret) {
			fprintf(stderr, "# read: %s\n", fanotify_nl_error(h));
			return ret;
		}
		if (records.has_gap) {
			history->gaps++;
			history->gap = records.gap;
		}
		while ((ret = fanotify_nl_journal_next(h, &event)) > 0)
			keep(history, &event);
		if (ret)
			return ret;
		history->cursor = records.cursor;
		read->cursor = &history->cursor;
		read->options = 0;
	} while (!records.end);
	return 0;
}

int history_read(struct fanotify_nl *h, __u32 id, const char *consumer,
		 const struct fanotify_nl_cursor *cursor, struct history *history)
{
	struct fanotify_nl_read read = {
		.consumer = consumer,
		.cursor = cursor,
		.options = FANOTIFY_NL_READ_FLUSH |
			   (cursor || consumer ? 0 : FANOTIFY_NL_READ_OLDEST),
	};

	return read_all(h, id, &read, history);
}

int history_read_on(struct fanotify_nl *h, __u32 id, struct history *history)
{
	struct fanotify_nl_read read = { .cursor = &history->cursor };

	return read_all(h, id, &read, history);
}

int history_count(const struct history *history, __u64 mask, const char *path)
{
	int n = 0;

	for (int i = 0; i < history->count; i++)
		n += (history->record[i].mask & mask) == mask &&
		     (!path || !strcmp(history->record[i].path, path));
	return n;
}

bool history_whole(const struct history *history)
{
	for (int i = 1; i < history->count; i++)
		if (history->record[i].index != history->record[i - 1].index + 1)
			return false;
	return true;
}

void history_show(const struct history *history)
{
	for (int i = 0; i < history->count && i < 100; i++) {
		const struct record *r = &history->record[i];

		printf("# %llu: %#llx %s", r->index, r->mask, r->path);
		if (r->mask & FANOTIFY_KIND_GAP)
			printf(" gap: reason %u, count %llu", r->gap.reason, r->gap.count);
		putchar('\n');
	}
	if (history->gaps)
		printf("# %d gaps, the last: reason %u, %llu to %llu\n", history->gaps,
		       history->gap.reason, history->gap.first, history->gap.last);
}
