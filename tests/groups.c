// SPDX-License-Identifier: GPL-2.0
/*
 * Groups and their members: bind, join, unbind, settings, limits.
 */
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#include "test.h"

#define NUMBER	4711

#define STAT_ALL	0x7fe

FIXTURE(groups)
{
	struct nl nl;		/* never a member */
	struct nl member;
	struct nl other;
};

FIXTURE_SETUP(groups)
{
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->member));
	ASSERT_EQ(0, nl_open(&self->other));
}

FIXTURE_TEARDOWN(groups)
{
	nl_close(&self->other);
	nl_close(&self->member);
	nl_close(&self->nl);
}

static int bind_number(struct nl *nl, __u32 number)
{
	nl_begin(nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(nl, FANOTIFY_A_GROUP_NUMBER, number);
	return nl_call(nl);
}

static int bind_excl(struct nl *nl, __u32 number)
{
	nl_begin(nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(nl, FANOTIFY_A_GROUP_NUMBER, number);
	nl_put(nl, FANOTIFY_A_GROUP_EXCL, NULL, 0);
	return nl_call(nl);
}

static __u64 answered(struct nl *nl, int attr)
{
	const struct nlattr *nla = nl->reply ? nl_attr(nl->reply, attr) : NULL;

	return nla ? nl_uint(nla) : ~0ULL;
}

static int unbind(struct nl *nl, __u32 number, __u64 token)
{
	nl_begin(nl, FANOTIFY_CMD_UNBIND, 0);
	nl_put_u32(nl, FANOTIFY_A_GROUP_NUMBER, number);
	nl_put_u64(nl, FANOTIFY_A_GROUP_TOKEN, token);
	return nl_call(nl);
}

static int get(struct nl *nl, __u32 number)
{
	nl_begin(nl, FANOTIFY_CMD_GROUP_GET, 0);
	nl_put_u32(nl, FANOTIFY_A_GROUP_NUMBER, number);
	return nl_call(nl);
}

static void put_settings(struct nl *nl)
{
	nl_put_u32(nl, FANOTIFY_A_GROUP_NUMBER, NUMBER);
	nl_put_u32(nl, FANOTIFY_A_GROUP_PRIORITY, -5);
	nl_put_u64(nl, FANOTIFY_A_GROUP_MASK, KIND(CREATE) | KIND(RMDIR));
	nl_put_u32(nl, FANOTIFY_A_GROUP_STAT_MASK, FANOTIFY_STAT_FIELD_SIZE);
	nl_put_u32(nl, FANOTIFY_A_GROUP_OPEN_FLAGS, O_RDWR | O_NONBLOCK);
	nl_put_u64(nl, FANOTIFY_A_GROUP_QUEUE_LIMIT, 1 << 20);
	nl_put_u32(nl, FANOTIFY_A_GROUP_FLAGS, FANOTIFY_GROUP_FLAG_MULTICAST);
}

#define EXPECT_SETTINGS(nl) do { \
	EXPECT_EQ(NUMBER, answered(nl, FANOTIFY_A_GROUP_NUMBER)); \
	EXPECT_EQ((__u32)-5, (__u32)answered(nl, FANOTIFY_A_GROUP_PRIORITY)); \
	EXPECT_EQ(KIND(CREATE) | KIND(RMDIR), answered(nl, FANOTIFY_A_GROUP_MASK)); \
	EXPECT_EQ(FANOTIFY_STAT_FIELD_SIZE, answered(nl, FANOTIFY_A_GROUP_STAT_MASK)); \
	EXPECT_EQ(O_RDWR | O_NONBLOCK, answered(nl, FANOTIFY_A_GROUP_OPEN_FLAGS)); \
	EXPECT_EQ(1 << 20, answered(nl, FANOTIFY_A_GROUP_QUEUE_LIMIT)); \
	EXPECT_EQ(FANOTIFY_GROUP_FLAG_MULTICAST, answered(nl, FANOTIFY_A_GROUP_FLAGS)); \
} while (0)

TEST_F(groups, bind_without_a_number_picks_one)
{
	nl_begin(&self->nl, FANOTIFY_CMD_CAPS_GET, 0);
	ASSERT_EQ(0, nl_call(&self->nl));

	nl_begin(&self->member, FANOTIFY_CMD_BIND, 0);
	ASSERT_EQ(0, nl_call(&self->member));
	EXPECT_NE(0, answered(&self->member, FANOTIFY_A_GROUP_NUMBER));
	EXPECT_NE(0, answered(&self->member, FANOTIFY_A_GROUP_TOKEN));
	EXPECT_EQ(1, answered(&self->member, FANOTIFY_A_GROUP_MEMBER));
	EXPECT_EQ(FANOTIFY_EVENT_MAX, answered(&self->member, FANOTIFY_A_GROUP_EVENT_MAX));
	/* the defaults are all kinds, all fields, the default queue */
	EXPECT_EQ(0, answered(&self->member, FANOTIFY_A_GROUP_PRIORITY));
	EXPECT_EQ(answered(&self->nl, FANOTIFY_A_CAPS_KINDS) & ~KIND(GAP),
		  answered(&self->member, FANOTIFY_A_GROUP_MASK));
	EXPECT_EQ(STAT_ALL, answered(&self->member, FANOTIFY_A_GROUP_STAT_MASK));
	EXPECT_EQ(O_RDONLY, answered(&self->member, FANOTIFY_A_GROUP_OPEN_FLAGS));
	EXPECT_EQ(16 << 20, answered(&self->member, FANOTIFY_A_GROUP_QUEUE_LIMIT));
	EXPECT_EQ(0, answered(&self->member, FANOTIFY_A_GROUP_FLAGS));

	/* number 0 is as none */
	ASSERT_EQ(0, bind_number(&self->other, 0));
	EXPECT_NE(0, answered(&self->other, FANOTIFY_A_GROUP_NUMBER));
	EXPECT_NE(answered(&self->member, FANOTIFY_A_GROUP_NUMBER),
		  answered(&self->other, FANOTIFY_A_GROUP_NUMBER));
	EXPECT_NE(answered(&self->member, FANOTIFY_A_GROUP_TOKEN),
		  answered(&self->other, FANOTIFY_A_GROUP_TOKEN));
}

TEST_F(groups, bind_takes_number_and_settings)
{
	nl_begin(&self->member, FANOTIFY_CMD_BIND, 0);
	put_settings(&self->member);
	ASSERT_EQ(0, nl_call(&self->member));
	EXPECT_SETTINGS(&self->member);

	ASSERT_EQ(0, get(&self->nl, NUMBER));
	EXPECT_SETTINGS(&self->nl);
	EXPECT_EQ(0, answered(&self->nl, FANOTIFY_A_GROUP_UID));
	EXPECT_EQ(1, answered(&self->nl, FANOTIFY_A_GROUP_MEMBERS));
	EXPECT_EQ(0, answered(&self->nl, FANOTIFY_A_GROUP_MARKS));
	/* the token is for members only */
	EXPECT_EQ(NULL, nl_attr(self->nl.reply, FANOTIFY_A_GROUP_TOKEN));
}

TEST_F(groups, the_largest_number_is_good)
{
	ASSERT_EQ(0, bind_number(&self->member, 0xffffffff));
	EXPECT_EQ(0xffffffff, answered(&self->member, FANOTIFY_A_GROUP_NUMBER));
	EXPECT_EQ(0, get(&self->nl, 0xffffffff));
	nl_begin(&self->nl, FANOTIFY_CMD_GROUP_GET, 0);
	ASSERT_EQ(0, nl_dump(&self->nl, NULL, NULL));
	EXPECT_EQ(1, self->nl.replies);
}

TEST_F(groups, join_with_equal_settings)
{
	nl_begin(&self->member, FANOTIFY_CMD_BIND, 0);
	put_settings(&self->member);
	ASSERT_EQ(0, nl_call(&self->member));

	nl_begin(&self->other, FANOTIFY_CMD_BIND, 0);
	put_settings(&self->other);
	ASSERT_EQ(0, nl_call(&self->other)) TH_LOG("%s", self->other.text);
	EXPECT_SETTINGS(&self->other);
	EXPECT_EQ(2, answered(&self->other, FANOTIFY_A_GROUP_MEMBER));
	EXPECT_NE(answered(&self->member, FANOTIFY_A_GROUP_TOKEN),
		  answered(&self->other, FANOTIFY_A_GROUP_TOKEN));
	ASSERT_EQ(0, get(&self->nl, NUMBER));
	EXPECT_EQ(2, answered(&self->nl, FANOTIFY_A_GROUP_MEMBERS));
}

TEST_F(groups, join_without_settings)
{
	nl_begin(&self->member, FANOTIFY_CMD_BIND, 0);
	put_settings(&self->member);
	ASSERT_EQ(0, nl_call(&self->member));
	ASSERT_EQ(0, bind_number(&self->other, NUMBER));
	EXPECT_SETTINGS(&self->other);
}

FIXTURE(join)
{
	struct nl member;
	struct nl other;
};

FIXTURE_SETUP(join)
{
	ASSERT_EQ(0, nl_open(&self->member));
	ASSERT_EQ(0, nl_open(&self->other));
	nl_begin(&self->member, FANOTIFY_CMD_BIND, 0);
	put_settings(&self->member);
	ASSERT_EQ(0, nl_call(&self->member));
}

FIXTURE_TEARDOWN(join)
{
	nl_close(&self->other);
	nl_close(&self->member);
}

FIXTURE_VARIANT(join)
{
	int attr;
	__u64 value;
	const char *name;
};

FIXTURE_VARIANT_ADD(join, priority)
{
	FANOTIFY_A_GROUP_PRIORITY, 1, "priority"
};

FIXTURE_VARIANT_ADD(join, mask)
{
	FANOTIFY_A_GROUP_MASK, FANOTIFY_KIND_CREATE, " mask"
};

FIXTURE_VARIANT_ADD(join, stat_mask)
{
	FANOTIFY_A_GROUP_STAT_MASK, FANOTIFY_STAT_FIELD_MODE, "stat-mask"
};

FIXTURE_VARIANT_ADD(join, open_flags)
{
	FANOTIFY_A_GROUP_OPEN_FLAGS, O_WRONLY, "open-flags"
};

FIXTURE_VARIANT_ADD(join, queue_limit)
{
	FANOTIFY_A_GROUP_QUEUE_LIMIT, 2 << 20, "queue-limit"
};

FIXTURE_VARIANT_ADD(join, flags)
{
	FANOTIFY_A_GROUP_FLAGS, 0, "flags"
};

TEST_F(join, is_refused_with_another)
{
	nl_begin(&self->other, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(&self->other, FANOTIFY_A_GROUP_NUMBER, NUMBER);
	/* a 64-bit kind of attribute may be sent in 32 bits */
	nl_put_u32(&self->other, variant->attr, variant->value);
	EXPECT_EQ(-EEXIST, nl_call(&self->other));
	EXPECT_NE(NULL, strstr(self->other.text, variant->name)) TH_LOG("%s", self->other.text);
	/* and nothing came of it */
	nl_begin(&self->other, FANOTIFY_CMD_FETCH, 0);
	EXPECT_EQ(-ENOTCONN, nl_call(&self->other));
}

TEST_F(groups, excl_insists_on_a_new_group)
{
	ASSERT_EQ(0, bind_excl(&self->member, NUMBER));
	EXPECT_EQ(-EEXIST, bind_excl(&self->other, NUMBER));
	EXPECT_STRNE("", self->other.text);
}

TEST_F(groups, a_socket_binds_once)
{
	ASSERT_EQ(0, bind_number(&self->member, NUMBER));
	EXPECT_EQ(-EBUSY, bind_number(&self->member, NUMBER));
	EXPECT_STRNE("", self->member.text);
	EXPECT_EQ(-EBUSY, bind_number(&self->member, 0));
	ASSERT_EQ(0, get(&self->nl, NUMBER));
	EXPECT_EQ(1, answered(&self->nl, FANOTIFY_A_GROUP_MEMBERS));
}

TEST_F(groups, a_socket_binds_again_after_unbind)
{
	__u32 number;
	__u64 token;

	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, nl_bind(&self->member, &number, &token));
		ASSERT_EQ(0, unbind(&self->nl, number, token));
	}
}

FIXTURE(token)
{
	struct nl nl;
	struct nl member;
	struct nl other;
	__u32 number;
	__u64 token;
	__u32 other_number;
	__u64 other_token;
	int fd;
};

FIXTURE_SETUP(token)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->member));
	ASSERT_EQ(0, nl_open(&self->other));
	ASSERT_EQ(0, nl_bind(&self->member, &self->number, &self->token));
	ASSERT_EQ(0, nl_bind(&self->other, &self->other_number, &self->other_token));
	self->fd = open(WORK, O_PATH);
	ASSERT_EQ(0, nl_mark(&self->nl, self->number, self->token, FANOTIFY_MARK_TYPE_INODE,
			     self->fd, KIND(CREATE)));
}

FIXTURE_TEARDOWN(token)
{
	nl_close(&self->other);
	nl_close(&self->member);
	nl_close(&self->nl);
}

FIXTURE_VARIANT(token)
{
	int cmd;
	int number;
	int token;
};

FIXTURE_VARIANT_ADD(token, unbind)
{
	FANOTIFY_CMD_UNBIND, FANOTIFY_A_GROUP_NUMBER, FANOTIFY_A_GROUP_TOKEN
};

FIXTURE_VARIANT_ADD(token, group_set)
{
	FANOTIFY_CMD_GROUP_SET, FANOTIFY_A_GROUP_NUMBER, FANOTIFY_A_GROUP_TOKEN
};

FIXTURE_VARIANT_ADD(token, mark_add)
{
	FANOTIFY_CMD_MARK_ADD, FANOTIFY_A_MARK_GROUP, FANOTIFY_A_MARK_TOKEN
};

FIXTURE_VARIANT_ADD(token, mark_remove)
{
	FANOTIFY_CMD_MARK_REMOVE, FANOTIFY_A_MARK_GROUP, FANOTIFY_A_MARK_TOKEN
};

FIXTURE_VARIANT_ADD(token, mark_flush)
{
	FANOTIFY_CMD_MARK_FLUSH, FANOTIFY_A_MARK_GROUP, FANOTIFY_A_MARK_TOKEN
};

FIXTURE_VARIANT_ADD(token, event_open)
{
	FANOTIFY_CMD_EVENT_OPEN, FANOTIFY_A_EVENT_OPEN_GROUP, FANOTIFY_A_EVENT_OPEN_TOKEN
};

static int command(struct nl *nl, const FIXTURE_VARIANT(token) *variant, int fd,
		   const __u32 *number, const __u64 *token)
{
	__u8 handle[8] = { 1 };

	nl_begin(nl, variant->cmd, 0);
	if (number)
		nl_put_u32(nl, variant->number, *number);
	if (token)
		nl_put_u64(nl, variant->token, *token);
	switch (variant->cmd) {
	case FANOTIFY_CMD_GROUP_SET:
		nl_put_u32(nl, FANOTIFY_A_GROUP_PRIORITY, 9);
		break;
	case FANOTIFY_CMD_MARK_ADD:
	case FANOTIFY_CMD_MARK_REMOVE:
		nl_put_u32(nl, FANOTIFY_A_MARK_TYPE, FANOTIFY_MARK_TYPE_INODE);
		nl_put_u32(nl, FANOTIFY_A_MARK_FD, fd);
		nl_put_u64(nl, FANOTIFY_A_MARK_MASK, KIND(CREATE));
		break;
	case FANOTIFY_CMD_EVENT_OPEN:
		nl_put_u32(nl, FANOTIFY_A_EVENT_OPEN_MOUNT_FD, fd);
		nl_put_u32(nl, FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE, 1);
		nl_put(nl, FANOTIFY_A_EVENT_OPEN_HANDLE, handle, sizeof(handle));
		break;
	}
	return nl_call(nl);
}

TEST_F(token, is_needed)
{
	__u64 wrong = self->token ^ 1;
	__u64 zero = 0;
	__u32 dead = 99999;

	/* a group is set by its number alone, too: below */
	if (variant->cmd != FANOTIFY_CMD_GROUP_SET) {
		EXPECT_EQ(-EINVAL, command(&self->nl, variant, self->fd, &self->number, NULL));
		EXPECT_EQ(variant->token, self->nl.miss_type);
	}
	EXPECT_EQ(-EINVAL, command(&self->nl, variant, self->fd, NULL, &self->token));
	EXPECT_EQ(variant->number, self->nl.miss_type);

	EXPECT_EQ(-EACCES, command(&self->nl, variant, self->fd, &self->number, &wrong));
	EXPECT_STRNE("", self->nl.text);
	EXPECT_EQ(-EACCES, command(&self->nl, variant, self->fd, &self->number, &zero));
	EXPECT_EQ(-EACCES,
		  command(&self->nl, variant, self->fd, &self->number, &self->other_token));
	EXPECT_EQ(-ENOENT, command(&self->nl, variant, self->fd, &dead, &self->token));
	EXPECT_STRNE("", self->nl.text);

	/* it had no effect */
	ASSERT_EQ(0, get(&self->nl, self->number));
	EXPECT_EQ(1, answered(&self->nl, FANOTIFY_A_GROUP_MEMBERS));
	EXPECT_EQ(1, answered(&self->nl, FANOTIFY_A_GROUP_MARKS));
	EXPECT_EQ(0, answered(&self->nl, FANOTIFY_A_GROUP_PRIORITY));

	/* from any socket, the right one does */
	EXPECT_EQ(variant->cmd == FANOTIFY_CMD_EVENT_OPEN ? -ESTALE : 0,
		  command(&self->nl, variant, self->fd, &self->number, &self->token));
}

TEST_F(groups, unbind_ends_the_group)
{
	__u32 number;
	__u64 token;

	ASSERT_EQ(0, nl_bind(&self->member, &number, &token));
	EXPECT_EQ(0, get(&self->nl, number));
	EXPECT_EQ(0, unbind(&self->nl, number, token));
	EXPECT_EQ(-ENOENT, get(&self->nl, number));
	EXPECT_STRNE("", self->nl.text);
	EXPECT_EQ(-ENOENT, unbind(&self->nl, number, token));
}

TEST_F(groups, the_group_goes_with_its_last_member)
{
	__u64 token, other;

	ASSERT_EQ(0, bind_number(&self->member, NUMBER));
	token = answered(&self->member, FANOTIFY_A_GROUP_TOKEN);
	ASSERT_EQ(0, bind_number(&self->other, NUMBER));
	other = answered(&self->other, FANOTIFY_A_GROUP_TOKEN);

	ASSERT_EQ(0, unbind(&self->nl, NUMBER, token));
	ASSERT_EQ(0, get(&self->nl, NUMBER));
	EXPECT_EQ(1, answered(&self->nl, FANOTIFY_A_GROUP_MEMBERS));
	/* a token is its member's */
	EXPECT_EQ(-EACCES, unbind(&self->nl, NUMBER, token));
	/* the free number is given out again */
	ASSERT_EQ(0, bind_number(&self->member, NUMBER));
	EXPECT_EQ(1, answered(&self->member, FANOTIFY_A_GROUP_MEMBER));
	token = answered(&self->member, FANOTIFY_A_GROUP_TOKEN);

	ASSERT_EQ(0, unbind(&self->nl, NUMBER, other));
	ASSERT_EQ(0, unbind(&self->nl, NUMBER, token));
	EXPECT_EQ(-ENOENT, get(&self->nl, NUMBER));
}

TEST_F(groups, close_unbinds)
{
	ASSERT_EQ(0, bind_number(&self->member, NUMBER));
	nl_close(&self->member);
	EXPECT_EQ(-ENOENT, get(&self->nl, NUMBER));
}

TEST_F(groups, the_last_copy_of_the_descriptor_unbinds)
{
	int copy;

	ASSERT_EQ(0, bind_number(&self->member, NUMBER));
	copy = dup(self->member.fd);
	nl_close(&self->member);
	EXPECT_EQ(0, get(&self->nl, NUMBER));
	close(copy);
	EXPECT_EQ(-ENOENT, get(&self->nl, NUMBER));
}

TEST_F(groups, death_unbinds)
{
	int ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		struct nl nl;

		if (nl_open(&nl) || bind_number(&nl, NUMBER))
			_exit(1);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, get(&self->nl, NUMBER));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(-ENOENT, get(&self->nl, NUMBER));
}

/* ---- the port id of a member, used by others ---- */

static int socket_at(int protocol, __u32 portid)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_pid = portid };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A socket, set up as nl_open() does, at a port id of our choice. */
static bool move_to(struct nl *nl, __u32 portid)
{
	int on = 1;

	close(nl->fd);
	nl->fd = socket_at(NETLINK_GENERIC, portid);
	nl->portid = portid;
	return nl->fd >= 0 &&
	       !setsockopt(nl->fd, 270 /* SOL_NETLINK */, NETLINK_EXT_ACK, &on, sizeof(on));
}

TEST_F(groups, a_port_id_is_no_membership)
{
	__u32 portid = self->member.portid;

	ASSERT_EQ(0, bind_number(&self->member, NUMBER));
	nl_close(&self->member);
	ASSERT_TRUE(move_to(&self->other, portid));
	EXPECT_EQ(-ENOENT, get(&self->other, NUMBER));
	nl_begin(&self->other, FANOTIFY_CMD_FETCH, 0);
	EXPECT_EQ(-ENOTCONN, nl_call(&self->other));
	EXPECT_EQ(0, bind_excl(&self->other, NUMBER));
	ASSERT_EQ(0, nl_open(&self->member));
}

TEST_F(groups, a_member_outlives_others_of_its_port_id)
{
	__u32 portid = self->member.portid;
	pid_t pid;
	int fd, status;

	ASSERT_EQ(0, bind_number(&self->member, NUMBER));
	fd = socket_at(NETLINK_ROUTE, portid);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(0, get(&self->nl, NUMBER));

	pid = fork();
	if (!pid)
		_exit(unshare(CLONE_NEWNET) || (fd = socket_at(NETLINK_GENERIC, portid)) < 0 ||
		      close(fd));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_EQ(0, get(&self->nl, NUMBER));
	nl_begin(&self->member, FANOTIFY_CMD_FETCH, 0);
	EXPECT_EQ(0, nl_call(&self->member));
}

static void *close_it(void *fd)
{
	close(*(int *)fd);
	return NULL;
}

/* The release of a member races with a new one that takes its port id over. */
TEST_F(groups, a_successor_at_the_port_id_stays)
{
	for (unsigned int i = 0; i < 200 / slowness(); i++) {
		__u32 portid = self->member.portid;
		pthread_t closer;
		int fd;

		ASSERT_EQ(0, bind_number(&self->member, 0));
		fd = dup(self->member.fd);
		close(self->member.fd);
		self->member.fd = -1;
		ASSERT_EQ(0, pthread_create(&closer, NULL, close_it, &fd));
		do {
			self->member.fd = socket_at(NETLINK_GENERIC, portid);
		} while (self->member.fd < 0);
		ASSERT_EQ(0, bind_number(&self->member, NUMBER));
		pthread_join(closer, NULL);
		ASSERT_EQ(0, get(&self->nl, NUMBER));
		ASSERT_EQ(1, answered(&self->nl, FANOTIFY_A_GROUP_MEMBERS));
		nl_begin(&self->member, FANOTIFY_CMD_FETCH, 0);
		ASSERT_EQ(0, nl_call(&self->member));
		nl_close(&self->member);
		ASSERT_EQ(0, nl_open(&self->member));
	}
}

/* ---- change and show ---- */

FIXTURE(set)
{
	struct nl nl;
	struct nl member;
	__u32 number;
	__u64 token;
};

FIXTURE_SETUP(set)
{
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->member));
	ASSERT_EQ(0, nl_bind(&self->member, &self->number, &self->token));
}

FIXTURE_TEARDOWN(set)
{
	nl_close(&self->member);
	nl_close(&self->nl);
}

FIXTURE_VARIANT(set)
{
	int attr;
	__u32 value;
};

FIXTURE_VARIANT_ADD(set, priority)
{
	FANOTIFY_A_GROUP_PRIORITY, (__u32)-7
};

FIXTURE_VARIANT_ADD(set, mask)
{
	FANOTIFY_A_GROUP_MASK, FANOTIFY_KIND_OPEN
};

FIXTURE_VARIANT_ADD(set, stat_mask)
{
	FANOTIFY_A_GROUP_STAT_MASK, FANOTIFY_STAT_FIELD_MTIME
};

FIXTURE_VARIANT_ADD(set, queue_limit)
{
	FANOTIFY_A_GROUP_QUEUE_LIMIT, 64 << 10
};

FIXTURE_VARIANT_ADD(set, flags)
{
	FANOTIFY_A_GROUP_FLAGS, FANOTIFY_GROUP_FLAG_MULTICAST | FANOTIFY_GROUP_FLAG_MERGE
};

TEST_F(set, changes_that_and_nothing_else)
{
	static const int attrs[] = {
		FANOTIFY_A_GROUP_PRIORITY, FANOTIFY_A_GROUP_MASK, FANOTIFY_A_GROUP_STAT_MASK,
		FANOTIFY_A_GROUP_OPEN_FLAGS, FANOTIFY_A_GROUP_QUEUE_LIMIT,
		FANOTIFY_A_GROUP_FLAGS,
	};
	__u64 before[ARRAY_SIZE(attrs)];

	ASSERT_EQ(0, get(&self->nl, self->number));
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++)
		before[i] = answered(&self->nl, attrs[i]);

	nl_begin(&self->nl, FANOTIFY_CMD_GROUP_SET, 0);
	nl_put_u32(&self->nl, FANOTIFY_A_GROUP_NUMBER, self->number);
	nl_put_u64(&self->nl, FANOTIFY_A_GROUP_TOKEN, self->token);
	nl_put_u32(&self->nl, variant->attr, variant->value);
	ASSERT_EQ(0, nl_call(&self->nl)) TH_LOG("%s", self->nl.text);

	ASSERT_EQ(0, get(&self->nl, self->number));
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++)
		EXPECT_EQ(attrs[i] == variant->attr ? variant->value : before[i],
			  answered(&self->nl, attrs[i]));
}

TEST_F(set, by_the_number_alone)
{
	nl_begin(&self->nl, FANOTIFY_CMD_GROUP_SET, 0);
	nl_put_u32(&self->nl, FANOTIFY_A_GROUP_NUMBER, self->number);
	nl_put_u32(&self->nl, variant->attr, variant->value);
	ASSERT_EQ(0, nl_call(&self->nl)) TH_LOG("%s", self->nl.text);
	ASSERT_EQ(0, get(&self->nl, self->number));
	EXPECT_EQ(variant->value, answered(&self->nl, variant->attr));
	EXPECT_EQ(1, answered(&self->nl, FANOTIFY_A_GROUP_MEMBERS));

	nl_begin(&self->nl, FANOTIFY_CMD_GROUP_SET, 0);
	nl_put_u32(&self->nl, FANOTIFY_A_GROUP_NUMBER, self->number + 1);
	nl_put_u32(&self->nl, variant->attr, variant->value);
	EXPECT_EQ(-ENOENT, nl_call(&self->nl));
	EXPECT_STRNE("", self->nl.text);
}

TEST_F(groups, open_flags_cannot_be_set)
{
	__u32 number;
	__u64 token;

	ASSERT_EQ(0, nl_bind(&self->member, &number, &token));
	nl_begin(&self->nl, FANOTIFY_CMD_GROUP_SET, 0);
	nl_put_u32(&self->nl, FANOTIFY_A_GROUP_NUMBER, number);
	nl_put_u64(&self->nl, FANOTIFY_A_GROUP_TOKEN, token);
	nl_put_u32(&self->nl, FANOTIFY_A_GROUP_OPEN_FLAGS, 0);
	EXPECT_EQ(-EINVAL, nl_call(&self->nl));
	EXPECT_STRNE("", self->nl.text);
}

static void sum_numbers(const struct nlmsghdr *msg, void *arg)
{
	*(__u64 *)arg += nl_uint(nl_attr(msg, FANOTIFY_A_GROUP_NUMBER));
}

TEST_F(groups, dump_has_each_once)
{
	enum { GROUPS = 120, FIRST = 50000 };
	struct nl nl[GROUPS];
	__u64 sum = 0, expected = 0;

	for (int i = 0; i < GROUPS; i++) {
		ASSERT_EQ(0, nl_open(&nl[i]));
		ASSERT_EQ(0, bind_number(&nl[i], FIRST + i));
		expected += FIRST + i;
	}
	nl_begin(&self->nl, FANOTIFY_CMD_GROUP_GET, 0);
	ASSERT_EQ(0, nl_dump(&self->nl, sum_numbers, &sum));
	EXPECT_EQ(GROUPS, self->nl.replies);
	EXPECT_EQ(expected, sum);
	for (int i = 0; i < GROUPS; i++)
		nl_close(&nl[i]);
	ASSERT_EQ(0, nl_dump(&self->nl, sum_numbers, &sum));
	EXPECT_EQ(0, self->nl.replies);
}

/* ---- limits ---- */

static int become(uid_t uid)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid) ||
	    syscall(SYS_capget, &header, data))
		return -errno;
	data[0].effective = data[0].permitted;
	data[1].effective = data[1].permitted;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

TEST_F(groups, groups_max_is_per_user)
{
	struct nl nl[3];
	int status;
	pid_t pid;

	ASSERT_EQ(0, set_parameter("groups_max", "2"));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, nl_open(&nl[i]));
	EXPECT_EQ(0, bind_number(&nl[0], NUMBER));
	EXPECT_EQ(0, bind_number(&nl[1], 0));
	EXPECT_EQ(-EMFILE, bind_number(&nl[2], 0));
	EXPECT_NE(NULL, strstr(nl[2].text, "groups_max"));
	EXPECT_EQ(-EMFILE, bind_number(&nl[2], NUMBER + 1));
	/* to join makes no group */
	EXPECT_EQ(0, bind_number(&nl[2], NUMBER));
	nl_close(&nl[2]);
	ASSERT_EQ(0, nl_open(&nl[2]));

	pid = fork();
	if (!pid) {
		struct nl own;

		if (become(1001) || nl_open(&own) || bind_number(&own, NUMBER + 2))
			_exit(1);
		_exit(get(&self->nl, NUMBER + 2) ||
		      answered(&self->nl, FANOTIFY_A_GROUP_UID) != 1001);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);

	/* a group that is gone counts no more */
	nl_close(&nl[1]);
	EXPECT_EQ(0, bind_number(&nl[2], 0));
	EXPECT_EQ(0, set_parameter("groups_max", "128"));
	nl_close(&nl[0]);
	nl_close(&nl[2]);
}

TEST_F(groups, members_max)
{
	struct nl nl[64];

	for (int i = 0; i < 64; i++) {
		ASSERT_EQ(0, nl_open(&nl[i]));
		ASSERT_EQ(0, bind_number(&nl[i], NUMBER));
		EXPECT_EQ(i + 1, answered(&nl[i], FANOTIFY_A_GROUP_MEMBER));
	}
	EXPECT_EQ(-EMFILE, bind_number(&self->member, NUMBER));
	EXPECT_STRNE("", self->member.text);
	nl_close(&nl[40]);
	EXPECT_EQ(0, bind_number(&self->member, NUMBER));
	EXPECT_EQ(41, answered(&self->member, FANOTIFY_A_GROUP_MEMBER));
}

static int bind_queue(struct nl *nl, __u64 limit)
{
	nl_begin(nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u64(nl, FANOTIFY_A_GROUP_QUEUE_LIMIT, limit);
	return nl_call(nl);
}

TEST_F(groups, queue_limit_range)
{
	__u64 min, max;

	nl_begin(&self->nl, FANOTIFY_CMD_CAPS_GET, 0);
	ASSERT_EQ(0, nl_call(&self->nl));
	min = answered(&self->nl, FANOTIFY_A_CAPS_QUEUE_MIN);
	max = answered(&self->nl, FANOTIFY_A_CAPS_QUEUE_MAX);
	EXPECT_EQ(64 << 10, min);
	EXPECT_EQ(1 << 30, max);

	EXPECT_EQ(-ERANGE, bind_queue(&self->member, 0));
	EXPECT_EQ(-ERANGE, bind_queue(&self->member, min - 1));
	EXPECT_EQ(-ERANGE, bind_queue(&self->member, max + 1));
	EXPECT_STRNE("", self->member.text);
	EXPECT_EQ(-ERANGE, bind_queue(&self->member, ~0ULL));
	EXPECT_EQ(0, bind_queue(&self->member, min));
	EXPECT_EQ(0, bind_queue(&self->other, max));
}

TEST_F(groups, queue_max_caps_the_default)
{
	ASSERT_EQ(0, set_parameter("queue_max", "1048576"));
	EXPECT_EQ(-ERANGE, bind_queue(&self->member, (1 << 20) + 1));
	EXPECT_EQ(0, bind_number(&self->member, 0));
	EXPECT_EQ(1 << 20, answered(&self->member, FANOTIFY_A_GROUP_QUEUE_LIMIT));
	EXPECT_EQ(0, set_parameter("queue_max", "1073741824"));
}

/* The default is as low as the parameter, but no lower than the least limit. */
TEST_F(groups, queue_max_below_the_least_limit)
{
	__u64 token;

	ASSERT_EQ(0, set_parameter("queue_max", "4096"));
	EXPECT_EQ(0, bind_number(&self->member, NUMBER));
	EXPECT_EQ(64 << 10, answered(&self->member, FANOTIFY_A_GROUP_QUEUE_LIMIT));
	token = answered(&self->member, FANOTIFY_A_GROUP_TOKEN);
	nl_begin(&self->member, FANOTIFY_CMD_GROUP_SET, 0);
	nl_put_u32(&self->member, FANOTIFY_A_GROUP_NUMBER, NUMBER);
	nl_put_u64(&self->member, FANOTIFY_A_GROUP_TOKEN, token);
	nl_put_u32(&self->member, FANOTIFY_A_GROUP_PRIORITY, 1);
	EXPECT_EQ(0, nl_call(&self->member));
	EXPECT_EQ(-ERANGE, bind_queue(&self->other, (64 << 10) + 1));
	EXPECT_NE(NULL, strstr(self->other.text, "from 65536 to 65536"));
	EXPECT_EQ(0, bind_queue(&self->other, 64 << 10));
	nl_begin(&self->nl, FANOTIFY_CMD_CAPS_GET, 0);
	EXPECT_EQ(0, nl_call(&self->nl));
	EXPECT_EQ(64 << 10, answered(&self->nl, FANOTIFY_A_CAPS_QUEUE_DEFAULT));
	EXPECT_EQ(64 << 10, answered(&self->nl, FANOTIFY_A_CAPS_QUEUE_MAX));
	EXPECT_EQ(0, set_parameter("queue_max", "1073741824"));
}

TEST_F(groups, receive_buffer_minimum)
{
	nl_begin(&self->nl, FANOTIFY_CMD_CAPS_GET, 0);
	ASSERT_EQ(0, nl_call(&self->nl));
	EXPECT_EQ(131072, answered(&self->nl, FANOTIFY_A_CAPS_RCVBUF_MIN));

	ASSERT_EQ(0, nl_set_rcvbuf(&self->member, 131072 - 2));
	EXPECT_EQ(-ENOBUFS, bind_number(&self->member, NUMBER));
	EXPECT_NE(NULL, strstr(self->member.text, "SO_RCVBUF"));
	EXPECT_EQ(-ENOENT, get(&self->nl, NUMBER));
	ASSERT_EQ(0, nl_set_rcvbuf(&self->member, 131072));
	EXPECT_EQ(0, bind_number(&self->member, NUMBER));
}

TEST_F(groups, no_bind_from_another_pid_namespace)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	pid = fork();
	if (!pid) {
		if (bind_number(&self->member, NUMBER) != -EOPNOTSUPP ||
		    !strstr(self->member.text, "pid namespace"))
			_exit(1);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(-ENOENT, get(&self->nl, NUMBER));
}

TEST_HARNESS_MAIN
