// SPDX-License-Identifier: GPL-2.0
/*
 * A listener by the library, and the events that it has heard.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "listen.h"

struct fanotify_nl *listen_open(void)
{
	struct fanotify_nl *h;
	int ret;

	ret = fanotify_nl_open(&h);
	if (!ret)
		ret = fanotify_nl_bind(h, NULL);
	if (ret) {
		fprintf(stderr, "cannot listen: %s: %s\n", strerror(-ret), fanotify_nl_error(h));
		fanotify_nl_close(h);
		return NULL;
	}
	return h;
}

int listen_mark(struct fanotify_nl *h, __u32 type, const char *path, __u64 mask)
{
	struct fanotify_nl_mark mark = { .type = type, .path = path, .mask = mask };

	return fanotify_nl_mark_add(h, &mark, NULL);
}

int listen_unmark(struct fanotify_nl *h, __u32 type, const char *path, __u64 mask)
{
	struct fanotify_nl_mark mark = { .type = type, .path = path, .mask = mask };

	return fanotify_nl_mark_remove(h, &mark);
}

int listen_ignore(struct fanotify_nl *h, __u32 type, const char *path, __u64 mask, __u32 flags)
{
	struct fanotify_nl_mark mark = {
		.type = type, .path = path, .ignore_mask = mask, .flags = flags,
	};

	return fanotify_nl_mark_add(h, &mark, NULL);
}

static const void *copy(const void *data, size_t len)
{
	char *new;

	if (!data)
		return NULL;
	new = calloc(1, len + 1);
	memcpy(new, data, len);
	return new;
}

static void keep_node(struct fanotify_nl_node *node)
{
	node->handle = copy(node->handle, node->handle_len);
}

static void keep(struct heard *heard, const struct fanotify_nl_event *from)
{
	struct fanotify_nl_event *event = &heard->event[heard->count];

	if (heard->count == EVENTS_MAX) {
		fprintf(stderr, "more than %d events\n", EVENTS_MAX);
		abort();
	}
	*event = *from;
	event->uuid = copy(event->uuid, FANOTIFY_UUID_LEN);
	keep_node(&event->object);
	keep_node(&event->dir);
	keep_node(&event->new_dir);
	keep_node(&event->target);
	event->name = copy(event->name, event->name_len);
	event->new_name = copy(event->new_name, event->new_name_len);
	event->path = copy(event->path, event->path_len);
	event->new_path = copy(event->new_path, event->new_path_len);
	event->link = copy(event->link, event->link_len);
	event->xattr = copy(event->xattr, event->xattr_len);
	if (event->fs_name)
		event->fs_name = copy(event->fs_name, strlen(event->fs_name));
	if (event->actor.comm)
		event->actor.comm = copy(event->actor.comm, strlen(event->actor.comm));
	heard->count++;
}

static int take_one(struct fanotify_nl *h, struct heard *heard, int timeout_ms)
{
	struct fanotify_nl_event event;
	int ret = fanotify_nl_wait_event(h, &event, timeout_ms);

	if (ret < 0) {
		fprintf(stderr, "next event: %s: %s\n", strerror(-ret), fanotify_nl_error(h));
		abort();
	}
	if (ret)
		keep(heard, &event);
	return ret;
}

void take(struct fanotify_nl *h, struct heard *heard)
{
	while (take_one(h, heard, 0))
		;
}

bool take_until(struct fanotify_nl *h, struct heard *heard, __u64 mask)
{
	while (!count(heard, mask, NULL))
		if (!take_one(h, heard, 10000))
			return false;
	take(h, heard);
	return true;
}

void forget(struct heard *heard)
{
	heard->count = 0;
}

static bool names(const struct fanotify_nl_event *event, const char *name)
{
	return !name || (event->name && !strcmp(event->name, name));
}

int count(const struct heard *heard, __u64 mask, const char *name)
{
	int found = 0;

	for (int i = 0; i < heard->count; i++)
		found += (heard->event[i].mask & mask) == mask && names(&heard->event[i], name);
	return found;
}

const struct fanotify_nl_event *only(const struct heard *heard, __u64 mask, const char *name)
{
	if (count(heard, mask, name) != 1)
		return NULL;
	for (int i = 0; ; i++)
		if ((heard->event[i].mask & mask) == mask && names(&heard->event[i], name))
			return &heard->event[i];
}

void show(const struct heard *heard)
{
	for (int i = 0; i < heard->count; i++) {
		const struct fanotify_nl_event *event = &heard->event[i];

		printf("# %llu:", (unsigned long long)event->seq);
		for (int bit = 0; bit < 64; bit++)
			if (event->mask >> bit & 1)
				printf(" %s", fanotify_nl_kind_name(1ULL << bit));
		printf(" flags %#x name %s path %s new-name %s new-path %s\n", event->flags,
		       event->name ?: "-", event->path ?: "-",
		       event->new_name ?: "-", event->new_path ?: "-");
	}
	fflush(stdout);
}

int work_here(void)
{
	if (mkdir(WORK, 0755) && errno != EEXIST)
		return -errno;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("work", WORK, "tmpfs", 0, NULL) || chdir(WORK))
		return -errno;
	umask(022);
	return 0;
}

int work_on_disk(void)
{
	if (mkdir(DISK, 0755) && (errno != EEXIST || empty_folder(DISK)))
		return -errno;
	umask(022);
	return chdir(DISK) ? -errno : 0;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t len = strlen(text);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len)
		ret = -errno;
	close(fd);
	return ret;
}

int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, size - 1);
	close(fd);
	text[len < 0 ? 0 : len] = '\0';
	return len < 0 ? -errno : 0;
}

int make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t len = 1;

	if (in >= 0 && out >= 0)
		while ((len = sendfile(out, in, NULL, 1 << 20)) > 0)
			;
	close(in);
	close(out);
	return len ? -EIO : 0;
}

int make_paths(const char *path, ...)
{
	va_list paths;
	int ret = 0;

	va_start(paths, path);
	for (; path && !ret; path = va_arg(paths, const char *)) {
		if (path[strlen(path) - 1] != '/')
			ret = write_file(path, "text\n");
		else if (mkdir(path, 0755))
			ret = -errno;
	}
	va_end(paths);
	return ret;
}

/* Some tests leave paths that are longer than any system call takes. */
static int empty_at(int fd)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int ret = 0;

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		if (entry->d_type == DT_DIR)
			ret = empty_at(openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		if (!ret && unlinkat(fd, name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0))
			ret = -errno;
	}
	closedir(dir);
	return ret;
}

int empty_folder(const char *path)
{
	return empty_at(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

int set_parameter(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/fanotify_nl/parameters/%s", name);
	return write_file(path, value);
}
