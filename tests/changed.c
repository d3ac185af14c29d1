// SPDX-License-Identifier: GPL-2.0
/*
 * What operations have changed, against statx(2), getxattr(2), read(2) and
 * readdir(3) before and after: what differs was told.
 *
 * OPERATIONS: how many random ones, on each filesystem.
 * SEED: of another run, which printed it.
 */
#include <dirent.h>
#include <ftw.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#include "fsops.h"
#include "storm.h"
#include "rng.h"
#include "test.h"

#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define OPERATIONS	2000
/*
 * Where they are slow: of 12 times 400 on what is copied up, 31 % of the fields told had not
 * changed, with a standard deviation of 4 %; of 100 it was up to 62 %.
 */
#define OPERATIONS_SLOW	400
#define FILES_MAX	4096
/* All is looked at after each operation, so there may not be too much of it. */
#define TREE_OPERATIONS	1000
#define CHANGED(name)	FANOTIFY_CHANGED_##name

static struct heard heard;

/* ---- how things are ---- */

struct file {
	struct stat st;
	__u64 data;		/* hashes */
	__u64 xattrs;
};

struct state {
	int count;
	struct file file[FILES_MAX];
};

/* FNV-1a, by words. */
static __u64 hash(__u64 before, const void *data, size_t len)
{
	for (const char *p = data, *end = p + len; p < end; p += sizeof(__u64)) {
		__u64 word = 0;

		memcpy(&word, p, end - p < (long)sizeof(word) ? end - p : (long)sizeof(word));
		before = (before ^ word) * 0x100000001b3ULL;
	}
	return before;
}

static __u64 hash_of_data(const char *path)
{
	char block[16384];
	__u64 sum = 0;
	ssize_t len;
	int fd = open(path, O_RDONLY | O_NOATIME | O_CLOEXEC);

	while (fd >= 0 && (len = read(fd, block, sizeof(block))) > 0)
		sum = hash(sum, block, len);
	if (fd >= 0)
		close(fd);
	return sum;
}

/* In no order, as directories have none. */
static __u64 hash_of_entries(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	__u64 sum = 0;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, "..")) {
			__u64 one = hash(0, &entry->d_ino, sizeof(entry->d_ino));

			sum += hash(one, entry->d_name, strlen(entry->d_name));
		}
	if (dir)
		closedir(dir);
	return sum;
}

static __u64 hash_of_xattrs(const char *path)
{
	char names[4096], value[4096];
	ssize_t len = llistxattr(path, names, sizeof(names));
	__u64 sum = 0;

	for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		ssize_t size = lgetxattr(path, name, value, sizeof(value));

		sum += hash(hash(1, name, strlen(name)), value, size > 0 ? size : 0);
	}
	return sum;
}

static struct file *find(struct state *state, __u64 ino)
{
	for (int i = 0; i < state->count; i++)
		if (state->file[i].st.st_ino == ino)
			return &state->file[i];
	return NULL;
}

static void look_at(struct state *state, const char *path)
{
	struct file *file = &state->file[state->count];

	if (lstat(path, &file->st) || find(state, file->st.st_ino) || state->count == FILES_MAX - 1)
		return;
	if (S_ISREG(file->st.st_mode))
		file->data = hash_of_data(path);
	else
		file->data = S_ISDIR(file->st.st_mode) ? hash_of_entries(path) : 0;
	file->xattrs = hash_of_xattrs(path);
	state->count++;
}

static struct state *looked_at;

static int look_at_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	look_at(looked_at, path);
	return 0;
}

static void look(struct state *state)
{
	state->count = 0;
	looked_at = state;
	nftw(".", look_at_entry, 64, FTW_PHYS);
}

static bool time_differs(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec || a->tv_nsec != b->tv_nsec;
}

/* How many blocks there are is not said when they are allocated later. */
static __u32 difference(const struct file *a, const struct file *b)
{
	__u32 differs = 0;

	if (a->st.st_mode != b->st.st_mode)
		differs |= CHANGED(MODE);
	if (a->st.st_nlink != b->st.st_nlink)
		differs |= CHANGED(NLINK);
	if (a->st.st_uid != b->st.st_uid)
		differs |= CHANGED(UID);
	if (a->st.st_gid != b->st.st_gid)
		differs |= CHANGED(GID);
	if (time_differs(&a->st.st_atim, &b->st.st_atim))
		differs |= CHANGED(ATIME);
	if (time_differs(&a->st.st_mtim, &b->st.st_mtim))
		differs |= CHANGED(MTIME);
	if (time_differs(&a->st.st_ctim, &b->st.st_ctim))
		differs |= CHANGED(CTIME);
	if (a->st.st_size != b->st.st_size)
		differs |= CHANGED(SIZE);
	if (a->data != b->data)
		differs |= CHANGED(DATA);
	if (a->xattrs != b->xattrs)
		differs |= CHANGED(XATTR);
	return differs;
}

/* What a rename left under the old name, of which its flag tells. */
static bool is_whiteout(const struct file *file)
{
	return S_ISCHR(file->st.st_mode) && !file->st.st_rdev;
}

/* ---- what was told ---- */

static const __u32 compared = CHANGED(MODE) | CHANGED(NLINK) | CHANGED(UID) | CHANGED(GID) |
			      CHANGED(ATIME) | CHANGED(MTIME) | CHANGED(CTIME) | CHANGED(SIZE) |
			      CHANGED(DATA) | CHANGED(XATTR);

static __u32 told_of(__u64 ino)
{
	__u32 changed = 0;

	for (int i = 0; i < heard.count; i++) {
		const struct fanotify_nl_event *event = &heard.event[i];
		const struct fanotify_nl_node *nodes[] = {
			&event->object, &event->dir, &event->new_dir, &event->target,
		};

		for (size_t k = 0; k < ARRAY_SIZE(nodes); k++)
			if (nodes[k]->stat.has && nodes[k]->stat.ino == ino)
				changed |= nodes[k]->changed;
	}
	return changed;
}

/* ---- on each filesystem ---- */

/* How many operations make what is in the lower layer. */
#define LOWER_OPERATIONS	300

static int mount_overlay(void)
{
	if (system("mkdir -p lower upper work merged"))
		return -EIO;
	return mount("overlay", "merged", "overlay", 0,
		     "lowerdir=lower,upperdir=upper,workdir=work,index=on,nfs_export=on") ?
		       -errno : 0;
}

static int work_on_overlay(void)
{
	int ret = work_here() ?: mount_overlay();

	return ret ?: chdir("merged") ? -errno : 0;
}

/* What reads and maps do to the access time makes no event; devices are not opened. */
static int mount_without_these(const char *path)
{
	return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_NOATIME | MS_NODEV, NULL) ?
		       -errno : 0;
}

static int begin_empty(struct rng *rng)
{
	return system("rm -rf -- *");
}

static int begin_with_a_lower_layer(struct rng *rng)
{
	int ret;

	if (chdir(WORK) || umount("merged") || system("rm -rf -- *") || mkdir("lower", 0755))
		return -errno;
	for (int i = 0; i < LOWER_OPERATIONS; i++)
		fsop_do(fsop_any(rng), "lower", rng);
	ret = mount_overlay() ?: mount_without_these("merged");
	return ret ?: chdir("merged") ? -errno : 0;
}

FIXTURE(changed)
{
	struct fanotify_nl *h;
};

FIXTURE_VARIANT(changed)
{
	int (*work)(void);
	int (*begin)(struct rng *rng);
	const char *mount;
	const char *name;
	__u32 copied_up;	/* what changes of a directory when what is in it is copied up */
};

FIXTURE_VARIANT_ADD(changed, tmpfs)
{
	work_here, begin_empty, WORK, "tmpfs"
};

FIXTURE_VARIANT_ADD(changed, ext4)
{
	work_on_disk, begin_empty, "/mnt/disk", "ext4"
};

FIXTURE_VARIANT_ADD(changed, overlayfs)
{
	work_on_overlay, begin_empty, WORK "/merged", "overlayfs"
};

FIXTURE_VARIANT_ADD(changed, overlayfs_with_a_lower_layer)
{
	work_on_overlay, begin_with_a_lower_layer, WORK "/merged", "overlayfs with a lower layer",
	CHANGED(CTIME) | CHANGED(NLINK) | CHANGED(SIZE)
};

#define WATCHED \
	(KIND(CREATE) | KIND(DELETE) | KIND(RENAME) | KIND(MOVED_FROM) | KIND(MOVED_TO) | \
	 KIND(MODIFY) | KIND(ATTRIB) | KIND(UTIMES) | KIND(CLOSE_WRITE) | KIND(DELETE_SELF) | \
	 KIND(MOVE_SELF) | KIND(ONDIR))
/* What looking makes as well: watched only while an operation is done. */
#define WATCHED_BY_TURNS \
	(KIND(OPEN) | KIND(OPEN_EXEC) | KIND(ACCESS) | KIND(CLOSE_NOWRITE) | KIND(ONDIR))

/* All of docs/kinds.md, but for fs-error, unmount, covered and gap: not operations. */
#define EVERY_KIND \
	(WATCHED | WATCHED_BY_TURNS | KIND(CREATE_FILE) | KIND(MKDIR) | KIND(MKNOD) | \
	 KIND(SYMLINK) | KIND(HARDLINK) | KIND(TMPFILE_LINK) | KIND(UNLINK) | \
	 KIND(LAST_UNLINK) | KIND(RMDIR) | KIND(CHMOD) | KIND(CHOWN) | KIND(SETXATTR) | \
	 KIND(REMOVEXATTR) | KIND(LINK_COUNT) | KIND(WRITE) | KIND(TRUNCATE) | \
	 KIND(FALLOCATE) | KIND(CLONE_RANGE))

FIXTURE_SETUP(changed)
{
	ASSERT_EQ(0, variant->work());
	ASSERT_EQ(0, mount_without_these(variant->mount));
	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", WATCHED));
}

FIXTURE_TEARDOWN(changed)
{
	fanotify_nl_close(self->h);
}

/* What all operations have told. */
struct tally {
	unsigned int done;
	unsigned int fields;
	unsigned int idle;
	unsigned int inexact;
	__u64 kinds;
};

/* Return: whether it was done; its events have come. */
static bool operate(struct fanotify_nl *h, enum fsop op, struct rng *rng)
{
	bool done;

	take(h, &heard);
	listen_mark(h, FILESYSTEM, ".", WATCHED_BY_TURNS);
	forget(&heard);
	done = fsop_do(op, ".", rng);
	take(h, &heard);
	/* who completes it has the file, too */
	if (done && (op == FSOP_aio || op == FSOP_aio_direct))
		take_until(h, &heard, KIND(CLOSE_WRITE));
	listen_unmark(h, FILESYSTEM, ".", WATCHED_BY_TURNS & ~KIND(ONDIR));
	return done;
}

/* Fields that differ, and of which the operation has to tell. */
static __u32 to_be_told(struct state *before, const struct file *now, enum fsop op, bool done)
{
	const struct file *was = find(before, now->st.st_ino);
	__u32 differs = was ? difference(was, now) : is_whiteout(now) ? 0 : compared;

	/* ext4 and overlayfs have begun what fails */
	if (!done)
		differs &= ~(CHANGED(CTIME) | CHANGED(MTIME));
	/* which Linux 6.12 does not tell of */
	if (op == FSOP_flags)
		differs &= ~CHANGED(CTIME);
	return differs;
}

/* Whether to go on: with more than were asked for, if chance has left out a kind. */
static bool is_enough(unsigned int done, unsigned int count, __u64 kinds)
{
	if (done < count || count < OPERATIONS)
		return done >= count;
	return !(EVERY_KIND & ~kinds) || done >= 4 * count;
}

TEST_F_TIMEOUT(changed, what_differs_was_told, 7200)
{
	unsigned int count = number_of("OPERATIONS", slowness() > 1 ? OPERATIONS_SLOW : OPERATIONS);
	unsigned int seed = number_of("SEED", time(NULL));
	static struct state states[2];
	struct state *before = &states[0], *after = &states[1];
	struct rng rng = { seed };
	struct tally all = { 0 };
	unsigned int i;

	printf("# %s: SEED=%u\n", variant->name, seed);
	for (i = 0; !is_enough(i, count, all.kinds); i++) {
		struct state *swap = before;
		enum fsop op = fsop_any(&rng);
		bool done;

		if (i % TREE_OPERATIONS == 0) {
			ASSERT_EQ(0, variant->begin(&rng));
			ASSERT_EQ(0, listen_mark(self->h, FILESYSTEM, ".", WATCHED));
			look(before);
		}
		done = operate(self->h, op, &rng);
		look(after);
		all.done += done;
		for (int k = 0; k < heard.count; k++) {
			all.inexact += !!(heard.event[k].flags & FANOTIFY_EVENT_FLAG_INEXACT);
			all.kinds |= heard.event[k].mask;
		}
		for (int k = 0; k < after->count; k++) {
			struct file *now = &after->file[k];
			__u32 differs = to_be_told(before, now, op, done);
			__u32 told = told_of(now->st.st_ino) & compared;

			if (S_ISDIR(now->st.st_mode) && !(told & ~CHANGED(ATIME)))
				differs &= ~variant->copied_up;
			if (differs & ~told)
				show(&heard);
			ASSERT_EQ(0, differs & ~told) {
				TH_LOG("operation %u, %s: inode %lu: %#x differ, %#x told", i,
				       fsop_name(op), now->st.st_ino, differs, told);
			}
			all.fields += __builtin_popcount(told);
			all.idle += __builtin_popcount(told & ~differs);
		}
		before = after;
		after = swap;
	}
	printf("# %u operations, %u done; of %u fields told, %.1f %% had not changed\n", i,
	       all.done, all.fields, all.fields ? all.idle * 100.0 / all.fields : 0.0);
	EXPECT_LT(i / 10, all.done);
	if (variant->copied_up) {
		/* which takes more records than a task has */
		EXPECT_LT(all.idle, all.fields / 2);
	} else {
		EXPECT_LT(all.idle, all.fields / 3);
		EXPECT_EQ(0, all.inexact);
	}
	if (count >= OPERATIONS)
		EXPECT_EQ(0, EVERY_KIND & ~all.kinds);
}

/* ---- of what overlayfs has notes that are old ---- */

static int store_to(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char *map = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	*map = 's';
	return munmap(map, 1);
}

TEST_F(changed, a_time_that_a_store_has_changed)
{
	const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	const struct fanotify_nl_event *event;
	struct stat st;

	ASSERT_EQ(0, write_file("file", "text"));
	ASSERT_EQ(0, utimensat(AT_FDCWD, "file", times, 0));
	ASSERT_EQ(0, store_to("file"));
	ASSERT_EQ(0, stat("file", &st));
	ASSERT_NE(1000, st.st_mtim.tv_sec);
	take(self->h, &heard);
	forget(&heard);
	ASSERT_EQ(0, utimensat(AT_FDCWD, "file", times, 0));
	take(self->h, &heard);
	event = only(&heard, KIND(UTIMES), "file");
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(event->object.changed & CHANGED(MTIME));
}

TEST(a_size_that_a_copy_up_has_changed)
{
	const struct fanotify_nl_event *event;
	struct stat before, after;
	struct fanotify_nl *h;

	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, make_paths("lower/", "lower/dir/", "lower/dir/below", NULL));
	ASSERT_EQ(0, mount_overlay());
	h = listen_open();
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, listen_mark(h, FILESYSTEM, "merged", KIND(DELETE)));
	ASSERT_EQ(0, make_file("merged/dir/above"));
	ASSERT_EQ(0, chmod("merged/dir/below", 0600));
	ASSERT_EQ(0, stat("merged/dir", &before));
	ASSERT_EQ(0, unlink("merged/dir/above"));
	ASSERT_EQ(0, stat("merged/dir", &after));
	ASSERT_NE(before.st_size, after.st_size);
	take(h, &heard);
	event = only(&heard, KIND(DELETE), "above");
	ASSERT_NE(NULL, event);
	EXPECT_TRUE(event->dir.changed & CHANGED(SIZE));
	fanotify_nl_close(h);
}

/* ---- what is seen, and when ---- */

static bool is_seen(const char *function)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "grep -q '^%s ' /sys/kernel/tracing/enabled_functions", function);
	return !system(command);
}

TEST_F_TIMEOUT(changed, nothing_is_seen_without_a_group, 60)
{
	struct fanotify_nl_caps caps;

	ASSERT_EQ(0, fanotify_nl_caps(self->h, &caps));
	EXPECT_TRUE(is_seen("security_inode_setattr"));
	/* not looked at where fsnotify tells of it */
	EXPECT_EQ(!(caps.ranged & KIND(FALLOCATE)), is_seen("vfs_fallocate"));
	fanotify_nl_close(self->h);
	for (int i = 0; i < 30 && is_seen("security_inode_setattr"); i++)
		sleep(1);
	EXPECT_FALSE(is_seen("security_inode_setattr"));
	EXPECT_FALSE(is_seen("vfs_fallocate"));

	self->h = listen_open();
	ASSERT_NE(NULL, self->h);
	EXPECT_TRUE(is_seen("security_inode_setattr"));
}

/* Nothing is missed, and nothing is claimed. */
TEST(without_ftrace)
{
	const struct fanotify_nl_event *event;
	struct fanotify_nl_caps caps;
	struct fanotify_nl *h;

	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, module_unload());
	ASSERT_EQ(0, write_file("/proc/sys/kernel/ftrace_enabled", "0"));
	ASSERT_EQ(0, module_load());
	h = listen_open();
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, fanotify_nl_caps(h, &caps));
	EXPECT_EQ(0, caps.marks[FANOTIFY_MARK_TYPE_GLOBAL].mask);
	ASSERT_EQ(0, listen_mark(h, FILESYSTEM, ".", KIND(CHMOD)));
	ASSERT_EQ(0, chmod("file", 0600));
	take(h, &heard);
	event = only(&heard, KIND(CHMOD), "file");
	EXPECT_NE(NULL, event);
	if (event) {
		EXPECT_EQ(FANOTIFY_EVENT_FLAG_INEXACT, event->flags);
		EXPECT_TRUE(event->mask & KIND(SETXATTR));
		EXPECT_EQ(compared, event->object.changed & compared);
	}
	fanotify_nl_close(h);
	EXPECT_EQ(0, write_file("/proc/sys/kernel/ftrace_enabled", "1"));
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(0, module_load());
}

/* Newer kernels do not let ftrace be turned off. */
static bool is_without_switch(void)
{
	bool refused = write_file("/proc/sys/kernel/ftrace_enabled", "0") == -EOPNOTSUPP;

	write_file("/proc/sys/kernel/ftrace_enabled", "1");
	if (refused)
		printf("# without_ftrace: this kernel cannot be without\n");
	return refused;
}

int main(int argc, char **argv)
{
	char *some[] = { argv[0], "-T", "without_ftrace", NULL };

	return argc > 1 || !is_without_switch() ? test_harness_run(argc, argv) :
						   test_harness_run(3, some);
}
