// SPDX-License-Identifier: GPL-2.0
/*
 * The multicast group events: best effort, numbered, the same bytes, and only
 * for those who may.
 */
#include <poll.h>
#include <grp.h>
#include <linux/netlink.h>
#include <sys/prctl.h>

#include "test.h"
#include "storm.h"
#include "wire.h"

FIXTURE(multicast) {
	struct fanotify_nl *h;
	struct wire member;
	struct wire listener;
	__u32 group;
};

typedef struct _test_data_multicast multicast;

static struct fanotify_nl *open_group(__u32 flags)
{
	struct fanotify_nl_bind bind = {
		.settings = { .set = FANOTIFY_NL_SET_FLAGS, .flags = flags },
	};
	struct fanotify_nl *h;

	if (fanotify_nl_open(&h) || fanotify_nl_bind(h, &bind)) {
		fprintf(stderr, "# %s\n", fanotify_nl_error(h));
		fanotify_nl_close(h);
		return NULL;
	}
	return h;
}

/* One without a port id would hear nothing, as its is the kernel's, 0. */
static int plain_socket(void)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	return fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) ? -errno : fd;
}

/* A plain socket that joins the multicast group @id: a descriptor or -errno. */
static int join(__u32 id)
{
	int fd = plain_socket(), ret;

	if (fd < 0)
		return fd;
	if (!setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id, sizeof(id)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

FIXTURE_SETUP(multicast)
{
	ASSERT_EQ(0, work_here());
	self->h = open_group(FANOTIFY_GROUP_FLAG_MULTICAST);
	ASSERT_NE(NULL, self->h);
	self->group = fanotify_nl_bound(self->h)->number;
	ASSERT_EQ(0, member_mark(self->h, ".", KIND(CREATE) | KIND(ATTRIB) | KIND(RENAME) |
						KIND(DELETE) | KIND(ONDIR)));
	ASSERT_EQ(0, wire_init(&self->member, fanotify_nl_fd(self->h)));
	ASSERT_EQ(0, wire_init(&self->listener, -1));
	ASSERT_NE(0, self->listener.events);
	self->listener.fd = join(self->listener.events);
	ASSERT_GE(self->listener.fd, 0);
}

FIXTURE_TEARDOWN(multicast)
{
	fanotify_nl_close(self->h);
	close(self->listener.fd);
}

static int make(unsigned int from, unsigned int count)
{
	char name[32], new[32];

	for (unsigned int i = from; i < from + count; i++) {
		snprintf(name, sizeof(name), "%u", i);
		snprintf(new, sizeof(new), "%u.new", i);
		if (mknod(name, S_IFREG | 0600, 0) || chmod(name, 0640) || rename(name, new))
			return -errno;
	}
	return 0;
}

/* Where the payload starts: behind seq, id and group. */
static const char *payload(const struct nlmsghdr *msg, size_t *len)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) > FANOTIFY_A_EVENT_GROUP)
			break;
	*len = msg->nlmsg_len - ((const char *)attr - (const char *)msg);
	return (const char *)attr;
}

TEST_F(multicast, subscribers_see_the_members_bytes)
{
	struct fanotify_nl_event ours, theirs;
	unsigned int count = 20;

	ASSERT_EQ(0, make(0, count));
	for (unsigned int i = 1; i <= 3 * count; i++) {
		const struct nlmsghdr *msg, *copy;
		const char *a, *b;
		size_t a_len, b_len;

		ASSERT_GT(wire_recv(&self->member, 0), 0);
		msg = wire_next(&self->member);
		ASSERT_EQ(1, wire_take(&self->member, msg, &ours));
		ASSERT_GT(wire_recv(&self->listener, 0), 0);
		copy = wire_next(&self->listener);
		ASSERT_EQ(1, wire_take(&self->listener, copy, &theirs));
		EXPECT_EQ(NULL, wire_next(&self->listener));

		EXPECT_EQ(i, theirs.seq);
		EXPECT_EQ(ours.id, theirs.id);
		EXPECT_EQ(self->group, theirs.group);
		a = payload(msg, &a_len);
		b = payload(copy, &b_len);
		EXPECT_GT(a_len, 100);
		ASSERT_EQ(a_len, b_len);
		EXPECT_EQ(0, memcmp(a, b, a_len));
	}
	EXPECT_EQ(-EAGAIN, wire_recv(&self->listener, 0));
}

TEST_F(multicast, any_number_of_subscribers)
{
	struct fanotify_nl_event event;
	struct wire *more = malloc(sizeof(*more));
	int fd[10];

	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = join(self->listener.events);
		ASSERT_GE(fd[i], 0);
	}
	ASSERT_EQ(0, make(0, 5));
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		*more = self->listener;
		more->fd = fd[i];
		for (unsigned int seq = 1; seq <= 15; seq++) {
			ASSERT_GT(wire_recv(more, 0), 0);
			ASSERT_EQ(1, wire_take(more, wire_next(more), &event));
			EXPECT_EQ(seq, event.seq);
		}
		close(fd[i]);
	}
	free(more);
}

TEST_F(multicast, seq_shows_what_a_slow_subscriber_misses)
{
	struct fanotify_nl_event event;
	unsigned int got = 0, overruns = 0;
	__u64 first = 0;
	ssize_t n;

	ASSERT_EQ(0, make(0, 2000));
	while ((n = wire_recv(&self->listener, 0)) != -EAGAIN) {
		if (n == -ENOBUFS) {
			overruns++;
			continue;
		}
		ASSERT_GT(n, 0);
		ASSERT_EQ(1, wire_take(&self->listener, wire_next(&self->listener), &event));
		EXPECT_EQ(++got, event.seq);
	}
	EXPECT_EQ(1, overruns);
	EXPECT_LT(got, 6000);
	/* the next one says how many there were */
	ASSERT_EQ(0, make(10000, 1));
	ASSERT_GT(wire_recv(&self->listener, 0), 0);
	ASSERT_EQ(1, wire_take(&self->listener, wire_next(&self->listener), &event));
	first = event.seq;
	EXPECT_EQ(6001, first);

	/* and the member has lost nothing for that */
	for (unsigned int i = 1; i <= 6003; i++) {
		ASSERT_EQ(1, wire_read(&self->member, 0, 0, 10000, &event));
		ASSERT_EQ(i, event.seq);
		ASSERT_FALSE(event.mask & KIND(GAP));
	}
}

TEST_F(multicast, nobody_listens)
{
	struct fanotify_nl_event event;

	close(self->listener.fd);
	ASSERT_EQ(0, make(0, 10));
	for (unsigned int i = 1; i <= 30; i++) {
		ASSERT_EQ(1, wire_read(&self->member, 0, 0, 10000, &event));
		EXPECT_EQ(i, event.seq);
	}
	self->listener.fd = join(self->listener.events);
	ASSERT_GE(self->listener.fd, 0);
	EXPECT_EQ(-EAGAIN, wire_recv(&self->listener, 0));
	ASSERT_EQ(0, make(100, 1));
	EXPECT_GT(wire_recv(&self->listener, 0), 0);
}

TEST_F(multicast, only_groups_with_the_flag)
{
	struct fanotify_nl_event event;
	struct fanotify_nl *silent = open_group(0);

	ASSERT_NE(NULL, silent);
	fanotify_nl_close(self->h);
	self->h = NULL;
	ASSERT_EQ(0, member_mark(silent, ".", KIND(CREATE)));
	ASSERT_EQ(0, make(0, 10));
	ASSERT_EQ(1, fanotify_nl_next_event(silent, &event));
	EXPECT_EQ(-EAGAIN, wire_recv(&self->listener, 0));
	fanotify_nl_close(silent);
}

/* The member's queue overflows; the multicast group has its own way. */
TEST_F(multicast, goes_on_when_the_member_does_not_read)
{
	struct fanotify_nl_event event;

	for (unsigned int i = 0; i < 1000; i++) {
		ASSERT_EQ(0, make(i, 1));
		for (unsigned int j = 1; j <= 3; j++) {
			ASSERT_GT(wire_recv(&self->listener, 0), 0);
			ASSERT_EQ(1, wire_take(&self->listener, wire_next(&self->listener),
					       &event));
			ASSERT_EQ(3 * i + j, event.seq);
		}
	}
}

/* ---- who may ---- */

static int become_alice(void)
{
	return setgroups(0, NULL) || setresgid(1001, 1001, 1001) ||
	       setresuid(1001, 1001, 1001) ? -errno : 0;
}

TEST_F(multicast, joining_needs_the_capability)
{
	ASSERT_EQ(0, become_alice());
	EXPECT_EQ(-EPERM, join(self->listener.events));
	/* nor with those of a user namespace */
	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	EXPECT_EQ(-EPERM, join(self->listener.events));
}

/* What does not come from the controller, which tells anybody of families. */
static unsigned int hear(int fd)
{
	struct nlmsghdr msg;
	unsigned int heard = 0;

	while (recv(fd, &msg, sizeof(msg), MSG_DONTWAIT) > 0)
		heard += msg.nlmsg_type != GENL_ID_CTRL;
	return heard;
}

/*
 * A membership can be older than the family: the kernel lets anybody join a
 * number that is nobody's yet.
 */
TEST(who_joined_before_the_module_was_loaded_hears_nothing)
{
	struct fanotify_nl_event event;
	struct wire *w = malloc(sizeof(*w));
	struct fanotify_nl *h;
	int told[2], go[2], status, listener;
	unsigned int joined = 0;
	pid_t pid;
	char c;

	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, pipe(told));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, module_unload());
	pid = fork();
	if (!pid) {
		int fd;

		if (become_alice())
			_exit(10);
		fd = plain_socket();
		for (__u32 id = 1; id < 64; id++)
			joined += !setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id,
					      sizeof(id));
		if (write(told[1], &joined, sizeof(joined)) != sizeof(joined) ||
		    read(go[0], &c, 1) != 1)
			_exit(11);
		_exit(hear(fd));
	}
	ASSERT_EQ(sizeof(joined), read(told[0], &joined, sizeof(joined)));
	ASSERT_EQ(0, module_load());
	/* or else the test would show nothing */
	EXPECT_GT(joined, 20);

	ASSERT_EQ(0, wire_init(w, -1));
	h = open_group(FANOTIFY_GROUP_FLAG_MULTICAST);
	ASSERT_NE(NULL, h);
	ASSERT_EQ(0, member_mark(h, ".", KIND(CREATE)));
	listener = join(w->events);
	ASSERT_GE(listener, 0);
	w->fd = listener;
	ASSERT_EQ(0, make(0, 3));
	for (int i = 0; i < 3; i++) {
		ASSERT_GT(wire_recv(w, 0), 0);
		EXPECT_EQ(1, wire_take(w, wire_next(w), &event));
	}
	ASSERT_EQ(1, write(go[1], "x", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	fanotify_nl_close(h);
	close(listener);
	free(w);
}

TEST_HARNESS_MAIN
