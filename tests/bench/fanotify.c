// SPDX-License-Identifier: GPL-2.0
/*
 * Mainline's fanotify, with a mark on the filesystem.
 *
 * A consumer that is to know path and attributes of each event asks for them,
 * as fanotify(7) shows it: an event with a descriptor by /proc/self/fd and
 * fstat(2); one with a directory's handle and a name by open_by_handle_at(2),
 * /proc/self/fd and fstatat(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

static int fd, mount_fd, dir_fd = -1;
static struct fanotify_event_info_fid *dir_info;

static char buf[65536] __attribute__((aligned(8)));

static void start(const struct row *row, unsigned int flags)
{
	fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | flags,
			   O_RDONLY | O_CLOEXEC | O_LARGEFILE);
	if (fd < 0 || fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, row->mask,
				    AT_FDCWD, ROOT))
		die("fanotify: %m");
	mount_fd = open(ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount_fd < 0)
		die("%s: %m", ROOT);
}

void fanotify_stop(const struct row *row)
{
	(void)row;
	if (dir_fd >= 0)
		close(dir_fd);
	dir_fd = -1;
	dir_info = NULL;
	close(mount_fd);
	close(fd);
}

static void take_path(int of, struct taken *taken)
{
	char link[32], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", of);
	len = readlink(link, path, sizeof(path));
	if (len <= 0)
		die("%s: %m", link);
	taken->paths++;
	taken->bytes += len;
}

static struct fanotify_event_metadata *first(ssize_t n)
{
	struct fanotify_event_metadata *event = (void *)buf;

	if (n < 0 && errno != EAGAIN)
		die("fanotify: read: %m");
	return n > 0 ? event : NULL;
}

static void check(const struct fanotify_event_metadata *event)
{
	if (event->vers != FANOTIFY_METADATA_VERSION || (event->mask & FAN_Q_OVERFLOW))
		die("fanotify: the queue overflowed");
}

/* ---- events with a descriptor ---- */

void fanotify_fd_start(const struct row *row)
{
	start(row, 0);
}

static void take_fd(const struct row *row, struct fanotify_event_metadata *event,
		    struct taken *taken)
{
	struct stat st;

	check(event);
	taken->events++;
	if (row->path_stat) {
		take_path(event->fd, taken);
		if (fstat(event->fd, &st))
			die("fstat: %m");
		taken->stats++;
		taken->bytes += st.st_mode;
	}
	close(event->fd);
}

void fanotify_fd_drain(const struct row *row, struct taken *taken)
{
	struct fanotify_event_metadata *event;
	ssize_t n;

	while ((event = first(n = read(fd, buf, sizeof(buf)))))
		for (; FAN_EVENT_OK(event, n); event = FAN_EVENT_NEXT(event, n))
			take_fd(row, event, taken);
}

/* ---- events with handles and a name ---- */

void fanotify_fid_start(const struct row *row)
{
	start(row, FAN_REPORT_DFID_NAME_TARGET);
}

/* The directory and name that the object has after the event. */
static struct fanotify_event_info_fid *find_dir(struct fanotify_event_metadata *event)
{
	char *end = (char *)event + event->event_len;
	struct fanotify_event_info_fid *info;

	for (char *p = (char *)(event + 1); p < end; p += info->hdr.len) {
		info = (void *)p;
		if (info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME ||
		    info->hdr.info_type == FAN_EVENT_INFO_TYPE_NEW_DFID_NAME)
			return info;
	}
	die("fanotify: an event without directory and name");
}

static bool is_cached(const struct fanotify_event_info_fid *info)
{
	const struct file_handle *handle = (const void *)info->handle;
	const struct file_handle *last = (const void *)(dir_info ? dir_info->handle : NULL);

	return last && handle->handle_bytes == last->handle_bytes &&
	       !memcmp(handle->f_handle, last->f_handle, last->handle_bytes);
}

static void open_dir(struct fanotify_event_info_fid *info, struct taken *taken)
{
	struct file_handle *handle = (void *)info->handle;

	if (dir_fd >= 0)
		close(dir_fd);
	dir_fd = open_by_handle_at(mount_fd, handle, O_PATH | O_CLOEXEC);
	if (dir_fd < 0)
		die("open_by_handle_at: %m");
	take_path(dir_fd, taken);
}

static void remember(const struct fanotify_event_info_fid *info)
{
	static char copy[1024] __attribute__((aligned(8)));

	if (info->hdr.len > sizeof(copy))
		die("a long name");
	memcpy(copy, info, info->hdr.len);
	dir_info = (void *)copy;
}

static void take_fid(const struct row *row, struct fanotify_event_metadata *event,
		     struct taken *taken)
{
	struct fanotify_event_info_fid *info;
	struct file_handle *handle;
	struct stat st;

	check(event);
	taken->events++;
	if (!row->path_stat)
		return;
	info = find_dir(event);
	handle = (void *)info->handle;
	if (row->cache && is_cached(info)) {
		taken->paths++;
	} else {
		open_dir(info, taken);
		if (row->cache)
			remember(info);
	}
	/* what was deleted has no attributes any more */
	if (!fstatat(dir_fd, (char *)handle->f_handle + handle->handle_bytes, &st,
		     AT_SYMLINK_NOFOLLOW)) {
		taken->stats++;
		taken->bytes += st.st_mode;
	} else if (errno != ENOENT) {
		die("fstatat: %m");
	}
}

void fanotify_fid_drain(const struct row *row, struct taken *taken)
{
	struct fanotify_event_metadata *event;
	ssize_t n;

	while ((event = first(n = read(fd, buf, sizeof(buf)))))
		for (; FAN_EVENT_OK(event, n); event = FAN_EVENT_NEXT(event, n))
			take_fid(row, event, taken);
}
