// SPDX-License-Identifier: GPL-2.0
/*
 * The same workload seen by mainline fanotify and by us: nothing that fanotify
 * reports may be missing here.
 *
 * Both watch the filesystem for all kinds of notification. After each operation
 * both are read empty, as fanotify merges events that wait: so each bit that it
 * reports for an operation has to be in one of our events of that operation,
 * with the same object (by file handle), folder and names. That also is the
 * order per object.
 *
 * The workload is random; SEED=number in the environment repeats one.
 */
#include <poll.h>
#include <sys/fanotify.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>

#include "test.h"
#include "storm.h"

#ifndef FAN_RENAME
#define FAN_RENAME	0x10000000
#endif
#ifndef FAN_FS_ERROR
#define FAN_FS_ERROR	0x00008000
#endif

#define OPERATIONS	1500
#define RECORDS_MAX	40000

#define KINDS                                                                              \
	(FAN_ACCESS | FAN_MODIFY | FAN_ATTRIB | FAN_CLOSE_WRITE | FAN_CLOSE_NOWRITE | FAN_OPEN | \
	 FAN_OPEN_EXEC | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_CREATE | FAN_DELETE |            \
	 FAN_DELETE_SELF | FAN_MOVE_SELF | FAN_RENAME)
#define DIRENT (FAN_MOVED_FROM | FAN_MOVED_TO | FAN_CREATE | FAN_DELETE | FAN_RENAME)

struct handle {
	int type;
	unsigned int len;
	unsigned char bytes[FANOTIFY_HANDLE_MAX];
};

struct record {
	unsigned int operation;
	__u64 mask;
	bool unlinked;
	struct handle object, dir, new_dir;
	char name[256], new_name[256];
};

struct records {
	unsigned int count;
	struct record *record;
};

FIXTURE(compare) {
	struct fanotify_nl *h;
	struct records ours, theirs;
	__u64 kinds;
	int fan;
};

typedef struct _test_data_compare compare;

FIXTURE_VARIANT(compare) {
	int (*work)(void);
	__u64 more;
};

FIXTURE_VARIANT_ADD(compare, tmpfs) {
	.work = work_here,
};

FIXTURE_VARIANT_ADD(compare, ext4) {
	.work = work_on_disk, .more = FAN_FS_ERROR,
};

FIXTURE_SETUP(compare)
{
	ASSERT_EQ(0, variant->work());
	self->kinds = KINDS | variant->more;
	self->fan = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME_TARGET | FAN_NONBLOCK |
					  FAN_CLOEXEC | FAN_UNLIMITED_QUEUE,
				  O_RDONLY);
	ASSERT_GE(self->fan, 0);
	ASSERT_EQ(0, fanotify_mark(self->fan, FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
				   self->kinds | FAN_ONDIR, AT_FDCWD, "."));
	self->h = member_open(0, 0, 256 << 20);
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, member_mark(self->h, ".", self->kinds | FAN_ONDIR));
	self->ours.record = calloc(RECORDS_MAX, sizeof(struct record));
	self->theirs.record = calloc(RECORDS_MAX, sizeof(struct record));
	ASSERT_TRUE(self->ours.record && self->theirs.record);
}

FIXTURE_TEARDOWN(compare)
{
	close(self->fan);
	fanotify_nl_close(self->h);
}

static struct record *next_record(struct records *records, unsigned int operation)
{
	struct record *r = &records->record[records->count++];

	if (records->count > RECORDS_MAX)
		abort();
	r->operation = operation;
	return r;
}

/* ---- what fanotify reports ---- */

static const char *take_fid(const struct fanotify_event_info_fid *fid, struct handle *handle)
{
	const struct file_handle *fh = (const void *)fid->handle;

	handle->type = fh->handle_type;
	handle->len = fh->handle_bytes;
	memcpy(handle->bytes, fh->f_handle, fh->handle_bytes);
	return (const char *)fh->f_handle + fh->handle_bytes;
}

/* What it says of a folder alone has the folder as dir, with the name ".". */
static void take_info(struct record *r, const struct fanotify_event_info_fid *fid)
{
	switch (fid->hdr.info_type) {
	case FAN_EVENT_INFO_TYPE_FID:
		take_fid(fid, &r->object);
		break;
	case FAN_EVENT_INFO_TYPE_DFID:
		take_fid(fid, &r->dir);
		break;
	case FAN_EVENT_INFO_TYPE_DFID_NAME:
	case FAN_EVENT_INFO_TYPE_OLD_DFID_NAME:
		strcpy(r->name, take_fid(fid, &r->dir));
		break;
	case FAN_EVENT_INFO_TYPE_NEW_DFID_NAME:
		strcpy(r->new_name, take_fid(fid, &r->new_dir));
		break;
	}
}

static int take_theirs(compare *self, unsigned int operation)
{
	char buf[65536] __attribute__((aligned(8)));
	ssize_t len;

	while ((len = read(self->fan, buf, sizeof(buf))) > 0) {
		const struct fanotify_event_metadata *meta = (const void *)buf;

		for (; FAN_EVENT_OK(meta, len); meta = FAN_EVENT_NEXT(meta, len)) {
			struct record *r = next_record(&self->theirs, operation);
			const char *p = (const char *)(meta + 1);

			if (meta->mask & FAN_Q_OVERFLOW)
				return -EOVERFLOW;
			r->mask = meta->mask;
			while (p < (const char *)meta + meta->event_len) {
				const struct fanotify_event_info_header *info = (const void *)p;

				take_info(r, (const void *)info);
				p += info->len;
			}
			if (!r->object.len) {
				r->object = r->dir;
				memset(&r->dir, 0, sizeof(r->dir));
				r->name[0] = '\0';
			}
		}
	}
	return errno == EAGAIN ? 0 : -errno;
}

/* ---- what we report ---- */

static void take_node(struct handle *handle, const struct fanotify_nl_node *node)
{
	handle->type = node->handle_type;
	handle->len = node->handle_len;
	if (node->handle)
		memcpy(handle->bytes, node->handle, node->handle_len);
}

static int take_ours(compare *self, unsigned int operation)
{
	struct fanotify_nl_event event;
	int ret;

	while ((ret = fanotify_nl_next_event(self->h, &event)) == 1) {
		struct record *r = next_record(&self->ours, operation);

		if (event.mask & KIND(GAP))
			return -EOVERFLOW;
		r->mask = event.mask;
		r->unlinked = event.flags & FANOTIFY_EVENT_FLAG_UNLINKED;
		take_node(&r->object, &event.object);
		take_node(&r->dir, &event.dir);
		r->new_dir = r->dir;
		if (event.new_dir.handle)
			take_node(&r->new_dir, &event.new_dir);
		strcpy(r->name, event.name ?: "");
		strcpy(r->new_name, event.new_name ?: "");
	}
	return ret;
}

/* ---- the comparison ---- */

static bool same_handle(const struct handle *a, const struct handle *b)
{
	return a->type == b->type && a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

static bool covers(const struct record *our, const struct record *their, __u64 kind)
{
	if (our->operation != their->operation || !(our->mask & kind))
		return false;
	if (kind == FAN_FS_ERROR)
		return true;
	if (!same_handle(&our->object, &their->object) ||
	    (our->mask ^ their->mask) & FAN_ONDIR)
		return false;
	/* of what is unlinked, fanotify tells a name that was */
	if (!their->name[0] || (our->unlinked && !(kind & DIRENT)))
		return true;
	if (!same_handle(&our->dir, &their->dir) || strcmp(our->name, their->name))
		return false;
	return kind != FAN_RENAME || (same_handle(&our->new_dir, &their->new_dir) &&
				      !strcmp(our->new_name, their->new_name));
}

/* How many of fanotify's reports are missing, without our record @drop. */
static unsigned int missing(const compare *self, const struct record *drop, bool show)
{
	const struct records *ours = &self->ours;
	unsigned int count = 0, first = 0;

	for (unsigned int i = 0; i < self->theirs.count; i++) {
		const struct record *their = &self->theirs.record[i];

		while (first < ours->count && ours->record[first].operation < their->operation)
			first++;
		for (__u64 kind = 1; kind <= FAN_RENAME; kind <<= 1) {
			unsigned int j = first;

			if (!(their->mask & kind & self->kinds))
				continue;
			while (j < ours->count && ours->record[j].operation == their->operation &&
			       (&ours->record[j] == drop ||
				!covers(&ours->record[j], their, kind)))
				j++;
			if (j < ours->count && ours->record[j].operation == their->operation)
				continue;
			count++;
			if (show)
				printf("# operation %u: no %s%s of %s %s\n", their->operation,
				       fanotify_nl_kind_name(kind),
				       their->mask & FAN_ONDIR ? " (folder)" : "", their->name,
				       their->new_name);
		}
	}
	return count;
}

/* ---- the workload ---- */

static char *some_name(char *name)
{
	int n = rand() % 40;

	sprintf(name, n < 20 ? "f%d" : "d%d/f%d", n < 20 ? n : n % 4, n % 10);
	return name;
}

static char *some_dir(char *name)
{
	int n = rand() % 12;

	sprintf(name, n < 4 ? "d%d" : "d%d/s%d", n % 4, n % 3);
	return name;
}

static void use(int fd, int how)
{
	char text[64];

	if (fd < 0)
		return;
	if (how & 1 && write(fd, "hello", 5) < 0)
		how = 0;
	if (how & 2 && pread(fd, text, sizeof(text), 0) < 0)
		how = 0;
	if (how & 4)
		fchmod(fd, 0600 + rand() % 64);
	if (how & 8 && ftruncate(fd, rand() % 100))
		how = 0;
	close(fd);
}

static void execute(const char *path)
{
	pid_t pid = fork();

	if (!pid) {
		execl(path, path, NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

static void link_tmpfile(const char *name)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);
	char path[64];

	sprintf(path, "/proc/self/fd/%d", fd);
	linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
	use(fd, 1);
}

static void list(const char *path)
{
	char text[1024];
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	if (fd >= 0 && syscall(SYS_getdents64, fd, text, sizeof(text)) >= 0)
		use(fd, 0);
}

static void unlinked_and_used(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_NONBLOCK, 0600);

	unlink(name);
	use(fd, 7);
}

static void operate(void)
{
	char a[64], b[64];

	some_name(a);
	some_name(b);
	switch (rand() % 22) {
	case 0 ... 4:
		use(open(a, O_RDWR | O_CREAT | O_NONBLOCK, 0600), rand() % 16);
		break;
	case 5:
		use(open(a, O_RDONLY | O_NONBLOCK), 2);
		break;
	case 6:
		rename(a, b);
		break;
	case 7:
		renameat2(AT_FDCWD, a, AT_FDCWD, b, rand() % 2 ? RENAME_EXCHANGE : RENAME_NOREPLACE);
		break;
	case 8:
		unlink(a);
		break;
	case 9:
		(void)!link(a, b);
		break;
	case 10:
		(void)!symlink(b, a);
		break;
	case 11:
		mknod(a, S_IFIFO | 0600, 0);
		break;
	case 12:
		mkdir(some_dir(a), 0700);
		break;
	case 13:
		rmdir(some_dir(a));
		break;
	case 14:
		rename(some_dir(a), some_dir(b));
		break;
	case 15:
		setxattr(a, "trusted.colour", b, strlen(b), 0);
		break;
	case 16:
		removexattr(a, "trusted.colour");
		break;
	case 17:
		utimensat(AT_FDCWD, a, NULL, 0);
		break;
	case 18:
		(void)!lchown(rand() % 2 ? a : some_dir(a), rand() % 3, -1);
		break;
	case 19:
		list(rand() % 2 ? "." : some_dir(a));
		break;
	case 20:
		link_tmpfile(a);
		break;
	case 21:
		if (rand() % 8)
			unlinked_and_used(a);
		else
			execute("./program");
		break;
	}
}

/* ext4 has a knob for it. */
static int make_error(void)
{
	char path[256], *device;
	struct stat st;

	if (stat(".", &st))
		return -errno;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	device = realpath(path, NULL);
	if (!device)
		return -errno;
	snprintf(path, sizeof(path), "/sys/fs/ext4%s/trigger_fs_error", strrchr(device, '/'));
	free(device);
	return write_file(path, "tests/compare");
}

/* For what Linux leaves to a worker. */
static bool both_have_something(const compare *self)
{
	struct pollfd theirs = { .fd = self->fan, .events = POLLIN };
	struct pollfd ours = { .fd = fanotify_nl_fd(self->h), .events = POLLIN };

	return poll(&theirs, 1, 10000) == 1 && poll(&ours, 1, 10000) == 1;
}

static int both(compare *self, unsigned int operation)
{
	return take_theirs(self, operation) ?: take_ours(self, operation);
}

TEST_F_TIMEOUT(compare, nothing_that_fanotify_reports_is_missing, 90)
{
	unsigned int seed = atoi(getenv("SEED") ?: "0") ?: time(NULL), planted = 0;
	__u64 seen = 0, ours = 0;

	printf("# SEED=%u\n", seed);
	srand(seed);
	ASSERT_EQ(0, copy_file("/bin/true", "program"));
	for (unsigned int i = 0; i < OPERATIONS; i++) {
		if (i % 100 == 50)
			execute("./program");
		else
			operate();
		ASSERT_EQ(0, both(self, i));
	}
	if (variant->more & FAN_FS_ERROR) {
		ASSERT_EQ(0, make_error());
		ASSERT_TRUE(both_have_something(self));
		ASSERT_EQ(0, both(self, OPERATIONS));
	}

	for (unsigned int i = 0; i < self->theirs.count; i++)
		seen |= self->theirs.record[i].mask;
	for (unsigned int i = 0; i < self->ours.count; i++)
		ours |= self->ours.record[i].mask;
	/* every kind occurs */
	EXPECT_EQ(self->kinds, seen & self->kinds);
	EXPECT_EQ(self->kinds, ours & self->kinds);
	EXPECT_EQ(0, missing(self, NULL, true));
	EXPECT_GT(self->theirs.count, OPERATIONS / 2);
	printf("# %u of fanotify's, %u of ours\n", self->theirs.count, self->ours.count);

	/* and one that is left out is missed, of each kind */
	for (__u64 kind = 1; kind <= FAN_RENAME; kind <<= 1) {
		bool found = false;

		for (unsigned int i = 0; i < self->ours.count && !found; i++)
			found = self->ours.record[i].mask & kind & self->kinds &&
				missing(self, &self->ours.record[i], false);
		EXPECT_EQ(!!(kind & self->kinds), found) {
			printf("# %s\n", fanotify_nl_kind_name(kind));
		}
		planted += found;
	}
	printf("# %u planted drops found\n", planted);
}

TEST_HARNESS_MAIN
