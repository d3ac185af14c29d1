// SPDX-License-Identifier: GPL-2.0
/*
 * Capabilities: who may ask, and who may listen.
 */
#include <grp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#include "test.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

static struct heard heard;

/* ---- processes that have less than root ---- */

static int capset_to(__u64 caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ caps, caps, 0 }, { caps >> 32, caps >> 32, 0 },
	};

	return syscall(SYS_capset, &header, data);
}

static int become_user(void)
{
	return setgroups(0, NULL) || setresgid(1001, 1001, 1001) || setresuid(1001, 1001, 1001);
}

static int become_net_admin(void)
{
	return capset_to(1ULL << CAP_NET_ADMIN);
}

static int become_all_but_sys_admin(void)
{
	return capset_to(((1ULL << (CAP_LAST_CAP + 1)) - 1) & ~(1ULL << CAP_SYS_ADMIN));
}

static int become_root_of_a_user_namespace(void)
{
	if (become_user() || prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER) ||
	    write_file("/proc/self/setgroups", "deny") ||
	    write_file("/proc/self/uid_map", "0 1001 1") ||
	    write_file("/proc/self/gid_map", "0 1001 1"))
		return -1;
	return getuid() != 0;
}

static int stay_root(void)
{
	return 0;
}

FIXTURE(caps)
{
	struct nl nl;		/* opened by root */
	struct nl member;
	__u32 number;
	__u64 token;
	int fd;
};

FIXTURE_VARIANT(caps)
{
	int (*become)(void);
	bool allowed;
};

FIXTURE_VARIANT_ADD(caps, root)
{
	stay_root, true
};

FIXTURE_VARIANT_ADD(caps, net_admin)
{
	become_net_admin
};

FIXTURE_VARIANT_ADD(caps, all_but_sys_admin)
{
	become_all_but_sys_admin
};

FIXTURE_VARIANT_ADD(caps, user)
{
	become_user
};

FIXTURE_VARIANT_ADD(caps, root_of_a_user_namespace)
{
	become_root_of_a_user_namespace
};

FIXTURE_SETUP(caps)
{
	ASSERT_EQ(0, work_here());
	self->fd = open(".", O_PATH | O_CLOEXEC);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->member));
	ASSERT_EQ(0, nl_bind(&self->member, &self->number, &self->token));
	ASSERT_EQ(0, nl_mark(&self->nl, self->number, self->token, FANOTIFY_MARK_TYPE_INODE,
			     self->fd, KIND(CREATE)));
}

FIXTURE_TEARDOWN(caps)
{
	nl_close(&self->member);
	nl_close(&self->nl);
}

/* A good request of each kind. Return: its result. */
static int request(FIXTURE_DATA(caps) *self, struct nl *nl, int cmd, bool dump)
{
	static const __u8 handle[8];

	nl_begin(nl, cmd, 0);
	switch (cmd) {
	case FANOTIFY_CMD_UNBIND:
	case FANOTIFY_CMD_GROUP_SET:
		nl_put_u64(nl, FANOTIFY_A_GROUP_TOKEN, self->token);
		/* fallthrough */
	case FANOTIFY_CMD_GROUP_GET:
		if (!dump)
			nl_put_u32(nl, FANOTIFY_A_GROUP_NUMBER, self->number);
		break;
	case FANOTIFY_CMD_MARK_ADD:
	case FANOTIFY_CMD_MARK_REMOVE:
		nl_put_u32(nl, FANOTIFY_A_MARK_TYPE, FANOTIFY_MARK_TYPE_INODE);
		nl_put_u32(nl, FANOTIFY_A_MARK_FD, self->fd);
		nl_put_u64(nl, FANOTIFY_A_MARK_MASK, KIND(CREATE));
		/* fallthrough */
	case FANOTIFY_CMD_MARK_FLUSH:
		nl_put_u32(nl, FANOTIFY_A_MARK_GROUP, self->number);
		nl_put_u64(nl, FANOTIFY_A_MARK_TOKEN, self->token);
		break;
	case FANOTIFY_CMD_EVENT_OPEN:
		nl_put_u32(nl, FANOTIFY_A_EVENT_OPEN_GROUP, self->number);
		nl_put_u64(nl, FANOTIFY_A_EVENT_OPEN_TOKEN, self->token);
		nl_put_u32(nl, FANOTIFY_A_EVENT_OPEN_MOUNT_FD, self->fd);
		nl_put_u32(nl, FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE, 1);
		nl_put(nl, FANOTIFY_A_EVENT_OPEN_HANDLE, handle, sizeof(handle));
		break;
	}
	return dump ? nl_dump(nl, NULL, NULL) : nl_call(nl);
}

static const struct {
	int cmd;
	bool dump;
} requests[] = {
	{ FANOTIFY_CMD_CAPS_GET }, { FANOTIFY_CMD_GROUP_GET }, { FANOTIFY_CMD_GROUP_GET, true },
	{ FANOTIFY_CMD_GROUP_SET }, { FANOTIFY_CMD_MARK_ADD }, { FANOTIFY_CMD_MARK_GET, true },
	{ FANOTIFY_CMD_STATS_GET, true }, { FANOTIFY_CMD_EVENT_OPEN }, { FANOTIFY_CMD_FETCH },
	{ FANOTIFY_CMD_MARK_REMOVE }, { FANOTIFY_CMD_MARK_FLUSH }, { FANOTIFY_CMD_UNBIND },
	{ FANOTIFY_CMD_BIND }, { FANOTIFY_CMD_JOURNAL_START }, { FANOTIFY_CMD_JOURNAL_STOP },
	{ FANOTIFY_CMD_JOURNAL_GET }, { FANOTIFY_CMD_JOURNAL_GET, true },
	{ FANOTIFY_CMD_JOURNAL_READ }, { FANOTIFY_CMD_CONSUMER_ADD },
	{ FANOTIFY_CMD_CONSUMER_REMOVE }, { FANOTIFY_CMD_CONSUMER_ACK },
	{ FANOTIFY_CMD_CONSUMER_GET, true },
};

/* A fetch asks for no capability, but for the membership of its socket. */
static bool refused(int cmd, int ret)
{
	return ret == -EPERM || (cmd == FANOTIFY_CMD_FETCH && ret == -ENOTCONN);
}

/* Return: 0, or 1 + the number of the request that did not end as it should. */
static int try_each(FIXTURE_DATA(caps) *self, struct nl *nl, bool allowed)
{
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		int ret = request(self, nl, requests[i].cmd, requests[i].dump);

		if (allowed ? ret == -EPERM :
		    !refused(requests[i].cmd, ret) || !nl->text[0] || nl->replies)
			return 1 + i;
	}
	return 0;
}

TEST_F(caps, of_each_request)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		struct nl own;

		if (variant->become() || nl_open(&own))
			_exit(99);
		_exit(try_each(self, &own, variant->allowed));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status) TH_LOG("request %d of the list", WEXITSTATUS(status) - 1);

	/* nothing came of it */
	nl_begin(&self->nl, FANOTIFY_CMD_GROUP_GET, 0);
	ASSERT_EQ(0, nl_dump(&self->nl, NULL, NULL));
	EXPECT_EQ(!variant->allowed, self->nl.replies);
}

/* A socket that root has opened does not lend root's capabilities. */
TEST_F(caps, of_each_request_on_an_inherited_socket)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		if (variant->become())
			_exit(99);
		_exit(try_each(self, &self->nl, variant->allowed));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status) TH_LOG("request %d of the list", WEXITSTATUS(status) - 1);
}

TEST_F(caps, to_join_the_multicast_group)
{
	int status;
	pid_t pid;

	ASSERT_NE(0, self->nl.mcast);
	pid = fork();
	if (!pid) {
		struct nl own;
		int ret;

		if (variant->become() || nl_open(&own))
			_exit(99);
		ret = setsockopt(own.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &own.mcast,
				 sizeof(own.mcast));
		if (variant->allowed ? ret : !ret || errno != EPERM)
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* ---- network namespaces ---- */

TEST(another_network_namespace_has_no_family)
{
	struct nl nl;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(-ENOENT, nl_open(&nl));
}

TEST(a_container_has_no_family)
{
	struct nl nl;

	ASSERT_EQ(0, become_root_of_a_user_namespace());
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(-ENOENT, nl_open(&nl));
}

/* With the family's id, from wherever it may be known. */
TEST(another_network_namespace_has_no_commands)
{
	struct nl nl, own;

	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open_without_family(&own));
	own.family = nl.family;
	nl_begin(&own, FANOTIFY_CMD_CAPS_GET, 0);
	EXPECT_EQ(-ENOENT, nl_call(&own));
	nl_begin(&own, FANOTIFY_CMD_GROUP_GET, 0);
	EXPECT_EQ(-ENOENT, nl_dump(&own, NULL, NULL));
}

/* ---- multicast, joined before there was anything to join ---- */

static int module(const char *command)
{
	char line[128];

	snprintf(line, sizeof(line), "%s", command);
	return system(line);
}

static int join_all(int fd)
{
	int joined = 0;

	for (int group = 1; group < 64; group++)
		joined += !setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				      sizeof(group));
	return joined;
}

TEST(a_membership_older_than_the_family_hears_nothing)
{
	struct fanotify_nl_bind bind = {
		.settings = {
			.set = FANOTIFY_NL_SET_FLAGS,
			.flags = FANOTIFY_GROUP_FLAG_MULTICAST,
		},
	};
	int ready[2], go[2], status;
	struct nl subscriber;
	struct fanotify_nl *h;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, module("rmmod fanotify_nl"));
	pid = fork();
	if (!pid) {
		struct nl own;
		int joined, len;

		if (become_user() || nl_open_without_family(&own))
			_exit(99);
		joined = join_all(own.fd);
		if (write(ready[1], "", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(98);
		/* all that came of those groups but events is none of our business */
		while ((len = nl_recv(&own, 0)) > 0) {
			struct nlmsghdr *msg = (struct nlmsghdr *)own.received;

			if (msg->nlmsg_type != GENL_ID_CTRL)
				_exit(1);
		}
		_exit(joined > 30 ? 0 : 2);
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, module("insmod /usr/lib/fanotify-nl/fanotify_nl.ko"));

	ASSERT_EQ(0, nl_open(&subscriber));
	ASSERT_EQ(0, setsockopt(subscriber.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
				&subscriber.mcast, sizeof(subscriber.mcast)));
	ASSERT_EQ(0, fanotify_nl_open(&h));
	ASSERT_EQ(0, fanotify_nl_bind(h, &bind));
	ASSERT_EQ(0, listen_mark(h, FANOTIFY_MARK_TYPE_FILESYSTEM, ".", KIND(CREATE)));
	ASSERT_EQ(0, make_file("new"));
	take(h, &heard);
	EXPECT_EQ(1, count(&heard, KIND(CREATE), "new"));
	/* there was something to hear */
	EXPECT_LT(0, nl_recv(&subscriber, 0));

	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	fanotify_nl_close(h);
	nl_close(&subscriber);
}

TEST_HARNESS_MAIN
