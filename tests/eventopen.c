// SPDX-License-Identifier: GPL-2.0
/*
 * event-open: files by the handle of an event.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/xattr.h>

#include "test.h"
#include "storm.h"

FIXTURE(eventopen) {
	struct fanotify_nl *h;
	struct heard heard;
	int mount;
};

FIXTURE_VARIANT(eventopen) {
	int (*work)(void);
};

FIXTURE_VARIANT_ADD(eventopen, tmpfs) {
	.work = work_here,
};

FIXTURE_VARIANT_ADD(eventopen, ext4) {
	.work = work_on_disk,
};

typedef struct _test_data_eventopen eventopen;

static struct fanotify_nl *open_group(__u32 open_flags)
{
	struct fanotify_nl_bind bind = {
		.settings = { .set = FANOTIFY_NL_SET_OPEN_FLAGS, .open_flags = open_flags },
	};
	struct fanotify_nl *h;

	if (fanotify_nl_open(&h) || fanotify_nl_bind(h, &bind)) {
		fprintf(stderr, "# %s\n", fanotify_nl_error(h));
		fanotify_nl_close(h);
		return NULL;
	}
	return h;
}

FIXTURE_SETUP(eventopen)
{
	ASSERT_EQ(0, variant->work());
	self->h = open_group(O_RDONLY);
	ASSERT_NE(NULL, self->h);
	self->mount = open(".", O_PATH | O_DIRECTORY);
	ASSERT_GE(self->mount, 0);
	ASSERT_EQ(0, member_mark(self->h, ".", KIND(CREATE) | KIND(ONDIR)));
}

FIXTURE_TEARDOWN(eventopen)
{
	close(self->mount);
	fanotify_nl_close(self->h);
}

/* The object of the creation of @name, which was just made. */
static const struct fanotify_nl_node *created(eventopen *self, const char *name)
{
	const struct fanotify_nl_event *event;

	take(self->h, &self->heard);
	event = only(&self->heard, KIND(CREATE), name);
	return event ? &event->object : NULL;
}

static bool same(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !lstat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

TEST_F(eventopen, the_object_is_opened)
{
	const struct fanotify_nl_node *node;
	char text[16] = "";
	int fd;

	ASSERT_EQ(0, write_file("file", "hello"));
	ASSERT_EQ(0, write_file("other", "bye"));
	node = created(self, "file");
	ASSERT_NE(NULL, node);
	/* its name does not matter */
	ASSERT_EQ(0, rename("file", "renamed"));
	fd = fanotify_nl_event_open(self->h, self->mount, node);
	ASSERT_GE(fd, 0) {
		printf("# %s\n", fanotify_nl_error(self->h));
	}
	EXPECT_TRUE(same(fd, "renamed"));
	EXPECT_EQ(5, read(fd, text, sizeof(text) - 1));
	EXPECT_STREQ("hello", text);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDONLY, fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_APPEND));
	EXPECT_EQ(-1, write(fd, "x", 1));
	close(fd);
}

TEST_F(eventopen, a_folder_is_opened)
{
	const struct fanotify_nl_node *node;
	int fd;

	ASSERT_EQ(0, mkdir("folder", 0755));
	node = created(self, "folder");
	ASSERT_NE(NULL, node);
	fd = fanotify_nl_event_open(self->h, self->mount, node);
	ASSERT_GE(fd, 0);
	EXPECT_TRUE(same(fd, "folder"));
	EXPECT_EQ(0, mkdirat(fd, "in-it", 0755));
	EXPECT_EQ(0, access("folder/in-it", F_OK));
	close(fd);
}

/* Threads that share descriptors: one asks, another one receives the answers. */
struct sharing {
	struct nl nl;
	volatile int answered;
	volatile int bad;
};

#define SHARED	2000

/* As short as can be; but one CPU has to be given away. */
static void spin(void)
{
	static long cpus;

	if (!cpus)
		cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (cpus == 1)
		sched_yield();
}

static void *receive_each(void *arg)
{
	struct sharing *sharing = arg;

	while (sharing->answered < SHARED) {
		const struct nlmsghdr *msg = (struct nlmsghdr *)sharing->nl.received;
		int fd;

		if (recv(sharing->nl.fd, sharing->nl.received, NL_RECV_MAX, MSG_DONTWAIT) <= 0) {
			spin();
			continue;
		}
		fd = msg->nlmsg_type == NLMSG_ERROR ? -1 :
		     (int)nl_uint(nl_attr(msg, FANOTIFY_A_EVENT_OPEN_FD));
		if (close(fd))
			sharing->bad++;
		sharing->answered++;
	}
	return NULL;
}

static void ask_for(struct sharing *sharing, __u32 number, __u64 token, int mount,
		    const struct fanotify_nl_node *node)
{
	nl_begin(&sharing->nl, FANOTIFY_CMD_EVENT_OPEN, 0);
	sharing->nl.request->nlmsg_flags &= ~NLM_F_ACK;
	nl_put_u32(&sharing->nl, FANOTIFY_A_EVENT_OPEN_GROUP, number);
	nl_put_u64(&sharing->nl, FANOTIFY_A_EVENT_OPEN_TOKEN, token);
	nl_put_u32(&sharing->nl, FANOTIFY_A_EVENT_OPEN_MOUNT_FD, mount);
	nl_put_u32(&sharing->nl, FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE, node->handle_type);
	nl_put(&sharing->nl, FANOTIFY_A_EVENT_OPEN_HANDLE, node->handle, node->handle_len);
}

TEST_F_TIMEOUT(eventopen, whoever_receives_the_descriptor_can_use_it, 120)
{
	const struct fanotify_nl_node *node;
	struct sharing sharing = { 0 };
	pthread_t receiver;
	__u32 number;
	__u64 token;

	ASSERT_EQ(0, write_file("file", "hello"));
	node = created(self, "file");
	ASSERT_NE(NULL, node);
	ASSERT_EQ(0, nl_open(&sharing.nl));
	ASSERT_EQ(0, nl_bind(&sharing.nl, &number, &token));
	ask_for(&sharing, number, token, self->mount, node);
	ASSERT_EQ(0, pthread_create(&receiver, NULL, receive_each, &sharing));
	for (int i = 0; i < SHARED; i++) {
		ASSERT_EQ(0, nl_send(&sharing.nl));
		while (sharing.answered <= i)
			spin();
	}
	ASSERT_EQ(0, pthread_join(receiver, NULL));
	EXPECT_EQ(0, sharing.bad);
	nl_close(&sharing.nl);
}

TEST_F(eventopen, the_groups_open_flags_count)
{
	const struct fanotify_nl_node *node;
	struct fanotify_nl *h = open_group(O_RDWR | O_APPEND | O_NONBLOCK | O_NOATIME);
	char text[16];
	int fd;

	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, write_file("file", "one"));
	node = created(self, "file");
	ASSERT_NE(NULL, node);
	fd = fanotify_nl_event_open(h, self->mount, node);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(O_RDWR | O_APPEND | O_NONBLOCK | O_NOATIME,
		  fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_NOATIME));
	EXPECT_EQ(3, write(fd, "two", 3));
	ASSERT_EQ(0, read_file("file", text, sizeof(text)));
	EXPECT_STREQ("onetwo", text);
	close(fd);
	fanotify_nl_close(h);
}

TEST_F(eventopen, its_use_makes_no_events)
{
	struct fanotify_nl *h = open_group(O_RDWR);
	const struct fanotify_nl_node *node;
	char text[16];
	int fd, other;

	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, write_file("file", "hello"));
	node = created(self, "file");
	ASSERT_NE(NULL, node);
	ASSERT_EQ(0, member_mark(h, ".", KIND(OPEN) | KIND(ACCESS) | KIND(MODIFY) |
					  KIND(CLOSE_WRITE) | KIND(CLOSE_NOWRITE)));
	forget(&self->heard);
	fd = fanotify_nl_event_open(h, self->mount, node);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(5, read(fd, text, 5));
	EXPECT_EQ(1, write(fd, "x", 1));
	close(fd);
	take(h, &self->heard);
	EXPECT_EQ(0, self->heard.count) {
		show(&self->heard);
	}

	/* others do */
	other = open("file", O_RDONLY);
	EXPECT_EQ(1, read(other, text, 1));
	close(other);
	take(h, &self->heard);
	EXPECT_EQ(3, self->heard.count);
	fanotify_nl_close(h);
}

/* Larger than a program without O_LARGEFILE may open. */
TEST_F(eventopen, a_file_of_3_gb_is_opened)
{
	const struct fanotify_nl_node *node;
	int fd;

	ASSERT_EQ(0, make_file("large"));
	ASSERT_EQ(0, truncate("large", 3LL << 30));
	node = created(self, "large");
	ASSERT_NE(NULL, node);
	fd = fanotify_nl_event_open(self->h, self->mount, node);
	EXPECT_GE(fd, 0) {
		printf("# %s\n", fanotify_nl_error(self->h));
	}
	close(fd);
	unlink("large");
}

TEST_F(eventopen, the_dead_are_stale)
{
	const struct fanotify_nl_node *node;
	int fd;

	ASSERT_EQ(0, write_file("file", "hello"));
	node = created(self, "file");
	ASSERT_NE(NULL, node);
	ASSERT_EQ(0, unlink("file"));
	fd = fanotify_nl_event_open(self->h, self->mount, node);
	EXPECT_EQ(-ESTALE, fd);
	EXPECT_STRNE("", fanotify_nl_error(self->h));

	/* nor is it another one that has got its inode number */
	for (int i = 0; i < 20; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		ASSERT_EQ(0, make_file(name));
	}
	EXPECT_EQ(-ESTALE, fanotify_nl_event_open(self->h, self->mount, node));
}

/* Unlinked but open: it lives, and can be opened still. */
TEST_F(eventopen, the_unlinked_but_open_live)
{
	const struct fanotify_nl_node *node;
	int fd, open_fd;

	open_fd = open("file", O_RDWR | O_CREAT, 0600);
	ASSERT_GE(open_fd, 0);
	node = created(self, "file");
	ASSERT_NE(NULL, node);
	ASSERT_EQ(0, unlink("file"));
	fd = fanotify_nl_event_open(self->h, self->mount, node);
	/* ext4 does not find what is unlinked by handle */
	EXPECT_TRUE(fd >= 0 || fd == -ESTALE);
	if (fd >= 0)
		close(fd);
	close(open_fd);
}

TEST_F(eventopen, of_another_filesystem_is_refused)
{
	const struct fanotify_nl_node *node;
	int proc = open("/proc", O_PATH), run = open("/run", O_PATH), fd;

	ASSERT_EQ(0, write_file("file", "hello"));
	node = created(self, "file");
	ASSERT_NE(NULL, node);
	EXPECT_EQ(-EOPNOTSUPP, fanotify_nl_event_open(self->h, proc, node));
	fd = fanotify_nl_event_open(self->h, run, node);
	EXPECT_TRUE(fd < 0) {
		printf("# opened %d\n", fd);
	}
	EXPECT_EQ(-EBADF, fanotify_nl_event_open(self->h, 999, node));
	EXPECT_EQ(-ENODATA, fanotify_nl_event_open(self->h, self->mount,
						   &(struct fanotify_nl_node){ 0 }));
	close(proc);
	close(run);
}

TEST_F(eventopen, nonsense_is_refused)
{
	unsigned char noise[FANOTIFY_HANDLE_MAX];
	struct fanotify_nl_node node = { .handle = noise };

	for (unsigned int i = 0; i < 2000; i++) {
		int fd;

		for (unsigned int j = 0; j < sizeof(noise); j++)
			noise[j] = i < 1000 ? rand() : rand() % 3;
		node.handle_len = 4 * (1 + rand() % (FANOTIFY_HANDLE_MAX / 4));
		node.handle_type = i % 2 ? 1 : rand() % 256;
		fd = fanotify_nl_event_open(self->h, self->mount, &node);
		if (fd >= 0)
			close(fd);
	}
	node.handle_len = 7;
	EXPECT_EQ(-EINVAL, fanotify_nl_event_open(self->h, self->mount, &node));
	node.handle_len = 0;
	EXPECT_GT(0, fanotify_nl_event_open(self->h, self->mount, &node));
}

/* Inside a request nothing may wait: others' requests would, too. */
TEST_F(eventopen, a_fifo_does_not_hang)
{
	const struct fanotify_nl_node *node;

	ASSERT_EQ(0, mkfifo("fifo", 0600));
	node = created(self, "fifo");
	ASSERT_NE(NULL, node);
	EXPECT_GT(0, fanotify_nl_event_open(self->h, self->mount, node));
}

TEST_F(eventopen, does_not_hold_up_an_unmount)
{
	const struct fanotify_nl_node *node;
	int fd, mnt;

	ASSERT_EQ(0, mkdir("mnt", 0755));
	ASSERT_EQ(0, mount("mnt", "mnt", "tmpfs", 0, NULL));
	ASSERT_EQ(0, member_mark(self->h, "mnt", KIND(CREATE)));
	mnt = open("mnt", O_PATH);
	ASSERT_EQ(0, write_file("mnt/inside", "hello"));
	node = created(self, "inside");
	ASSERT_NE(NULL, node);
	fd = fanotify_nl_event_open(self->h, mnt, node);
	ASSERT_GE(fd, 0);
	close(mnt);
	EXPECT_EQ(-1, umount("mnt"));
	EXPECT_EQ(EBUSY, errno);
	close(fd);
	EXPECT_EQ(0, umount("mnt"));
}

TEST_F(eventopen, as_many_as_descriptors_allow)
{
	const struct fanotify_nl_node *node;
	int last, fd;

	ASSERT_EQ(0, write_file("file", "hello"));
	node = created(self, "file");
	ASSERT_NE(NULL, node);
	do {
		last = fanotify_nl_event_open(self->h, self->mount, node);
	} while (last >= 0);
	EXPECT_EQ(-EMFILE, last);
	fd = dup(0);
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(EMFILE, errno);
}

TEST_HARNESS_MAIN
