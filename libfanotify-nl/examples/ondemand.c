// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files on demand: bring what is in a file when somebody needs it.
 *
 *   ondemand SOURCE PLACE
 *
 * Each file of the folder SOURCE that the folder PLACE has not becomes a hole of the
 * same size there. Whoever reads, writes or maps bytes of a file in PLACE waits until its
 * holes among them are brought from SOURCE; what is there already is left alone, and so
 * is what SOURCE has not.
 * Prints a line for each range; ends with SIGINT or SIGTERM. If it fails, nothing in PLACE
 * can be read until its group is lifted, by fanotifyctl group lift. Needs Linux 7, and a
 * filesystem at PLACE that allows it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <fanotify-nl/fanotify-nl.h>

static off_t min_off(off_t a, off_t b)
{
	return a < b ? a : b;
}

/* Make the holes. Return: 0 or -errno. */
static int make_holes(int source, int place)
{
	DIR *dir = fdopendir(dup(source));
	struct dirent *entry;
	struct stat st;
	int fd;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (fstatat(source, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		fd = openat(place, entry->d_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			    st.st_mode & 0777);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0 || ftruncate(fd, st.st_size)) {
			int err = -errno;

			close(fd);
			closedir(dir);
			return err;
		}
		close(fd);
	}
	closedir(dir);
	return 0;
}

static int copy(int from, int to, off_t offset, off_t end)
{
	char buffer[65536];

	while (offset < end) {
		ssize_t n = pread(from, buffer, min_off(sizeof(buffer), end - offset), offset);

		if (n <= 0)
			return n ? -errno : -EIO;
		n = pwrite(to, buffer, n, offset);
		if (n <= 0)
			return n ? -errno : -EIO;
		offset += n;
	}
	return 0;
}

/* Bring what is not there. This program is a member: it is not asked itself. */
static int bring(int from, int to, off_t offset, off_t end)
{
	while (offset < end) {
		off_t hole = lseek(to, offset, SEEK_HOLE), data;
		int ret;

		if (hole < 0)
			return -errno;
		if (hole >= end)
			return 0;
		data = lseek(to, hole, SEEK_DATA);
		offset = data < 0 ? end : min_off(data, end);
		ret = copy(from, to, hole, offset);
		if (ret)
			return ret;
	}
	return 0;
}

/* The bytes that the event is about, as far as both files have them. */
static int bring_range(const struct fanotify_nl_event *event, int from, int to)
{
	struct stat source, place;
	off_t offset = 0, end;
	int ret;

	if (fstat(from, &source) || fstat(to, &place))
		return -errno;
	end = min_off(source.st_size, place.st_size);
	if (event->has & FANOTIFY_NL_HAS_OFFSET) {
		offset = event->offset;
		end = min_off(end, event->offset + event->length);
	}
	ret = bring(from, to, offset, end);
	printf("%lld-%lld for %u: %s\n", (long long)offset, (long long)end, event->actor.tgid,
	       strerror(-ret));
	fflush(stdout);
	return ret;
}

static int serve(const struct fanotify_nl_event *event, int source, int place)
{
	int from, to, ret;

	from = openat(source, event->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (from < 0)
		return errno == ENOENT ? 0 : -errno;
	to = openat(place, event->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	ret = to < 0 ? -errno : bring_range(event, from, to);
	close(from);
	if (to >= 0)
		close(to);
	return ret;
}

static int answer(struct fanotify_nl *h, const struct fanotify_nl_event *event, int source,
		  int place)
{
	struct fanotify_nl_verdict verdict = {
		.id = event->id,
		.response = FANOTIFY_VERDICT_ALLOW,
	};
	int ret;

	/* one that was unlinked meanwhile cannot be told from others */
	if (!event->name || serve(event, source, place)) {
		verdict.response = FANOTIFY_VERDICT_DENY;
		verdict.error = EIO;
	}
	ret = fanotify_nl_verdict(h, &verdict, 1);
	/* it has been killed, or we were too late: nobody waits for it any more */
	return ret == -ENOENT ? 0 : ret;
}

/* Without an answer in time, what is read would be a hole: then it is not read. */
static int begin(struct fanotify_nl *h, const char *path)
{
	const struct fanotify_nl_bind bind = {
		.settings = {
			.set = FANOTIFY_NL_SET_FLAGS | FANOTIFY_NL_SET_TIMEOUT_MS |
			       FANOTIFY_NL_SET_ON_TIMEOUT | FANOTIFY_NL_SET_ON_EVICT,
			.flags = FANOTIFY_GROUP_FLAG_PERMISSION,
			.timeout_ms = 30000,
			.on_timeout = EIO,
			.on_evict = FANOTIFY_ON_EVICT_DENY,
		},
	};
	const struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_INODE,
		.path = path,
		.mask = FANOTIFY_KIND_PRE_ACCESS | FANOTIFY_KIND_EVENT_ON_CHILD,
	};
	int ret;

	ret = fanotify_nl_bind(h, &bind);
	return ret ? ret : fanotify_nl_mark_add(h, &mark, NULL);
}

/* Return: how long to poll for at most, or -errno. */
static int answer_all(struct fanotify_nl *h, int source, int place)
{
	struct fanotify_nl_event event;
	int ret, err = 0;

	/* until there is none left: only then does the descriptor speak up again */
	do {
		ret = fanotify_nl_next_event(h, &event);
		/* a gap may say that others were lost, but those that wait never are */
		if (ret > 0 && (event.has & FANOTIFY_NL_HAS_DEADLINE))
			err = answer(h, &event, source, place);
		if (err)
			return err;
	} while (ret > 0 || ret == -EBADMSG);
	/* The kernel is short of memory. Events wait, but silently. */
	if (ret == -ENOBUFS || ret == -ENOMEM)
		return 100;
	return ret < 0 ? ret : INT_MAX;
}

/* Return: 0 when told to end, or -errno. */
static int go_on(struct fanotify_nl *h, int source, int place, int signals)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = fanotify_nl_fd(h), .events = POLLIN },
	};

	for (;;) {
		int timeout = answer_all(h, source, place);

		if (timeout < 0)
			return timeout;
		if (poll(fds, 2, timeout) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			return 0;
	}
}

int main(int argc, char **argv)
{
	int source, place, ret;
	struct fanotify_nl *h;
	sigset_t set;

	if (argc != 3) {
		fprintf(stderr, "usage: ondemand SOURCE PLACE\n");
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);

	source = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source < 0 || place < 0) {
		fprintf(stderr, "ondemand: %s: %s\n", source < 0 ? argv[1] : argv[2],
			strerror(errno));
		return 1;
	}
	ret = fanotify_nl_open(&h);
	if (!ret)
		ret = begin(h, argv[2]);
	if (ret) {
		fprintf(stderr, "ondemand: %s\n", fanotify_nl_error(h));
		/* there are no holes yet */
		fanotify_nl_unbind(h);
	} else {
		ret = make_holes(source, place);
		if (!ret) {
			printf("serving by group %u\n", fanotify_nl_bound(h)->number);
			fflush(stdout);
			ret = go_on(h, source, place, signalfd(-1, &set, SFD_CLOEXEC));
		}
		/* whoever waits goes on; after a failure on-evict denies, as there is a hole */
		if (ret)
			fprintf(stderr, "ondemand: %s\n", strerror(-ret));
		else
			fanotify_nl_unbind(h);
	}
	fanotify_nl_close(h);
	return ret ? 1 : 0;
}
