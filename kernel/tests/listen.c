// SPDX-License-Identifier: GPL-2.0
/*
 * Members of the KUnit tests' own, on real netlink sockets, and what they hear.
 */
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "../event.h"
#include "../kind.h"
#include "listen.h"

KUNIT_DEFINE_ACTION_WRAPPER(release_socket, sock_release, struct socket *);

/* A bound socket of generic netlink, released when the test ends. */
struct socket *fanl_test_socket(struct kunit *test)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	struct socket *sock;
	int err;

	err = sock_create_kern(&init_net, PF_NETLINK, SOCK_RAW, NETLINK_GENERIC,
			       &sock);
	KUNIT_ASSERT_EQ(test, err, 0);
	err = kunit_add_action_or_reset(test, release_socket, sock);
	KUNIT_ASSERT_EQ(test, err, 0);
	err = kernel_bind(sock, (void *)&any, sizeof(any));
	KUNIT_ASSERT_EQ(test, err, 0);
	return sock;
}

/* Release a socket before the test ends. */
void fanl_test_release(struct kunit *test, struct socket *sock)
{
	kunit_release_action(test, release_socket, sock);
}

u32 fanl_test_portid(struct kunit *test, struct socket *sock)
{
	struct sockaddr_nl addr;
	int len;

	len = kernel_getsockname(sock, (struct sockaddr *)&addr);
	KUNIT_ASSERT_EQ(test, len, sizeof(addr));
	return addr.nl_pid;
}

/* The settings of a bind that gives nothing but a number, or not even that. */
struct fanl_settings fanl_test_settings(u32 number)
{
	return (struct fanl_settings){
		.number = number,
		.mask = FANL_KINDS_ALL,
		.stat_mask = FANL_STAT_ALL,
		.queue_limit = FANL_QUEUE_DEFAULT,
	};
}

static void unbind(void *member)
{
	fanl_member_unbind(member);
	fanl_member_put(member);
}

/* Bind until the test ends, if it may; the test holds a reference. */
struct fanl_member *fanl_test_bind(struct kunit *test, struct socket *sock,
				   struct fanl_settings *settings, bool excl)
{
	struct fanl_member *member;
	int err;

	member = fanl_member_bind(sock->sk, fanl_test_portid(test, sock),
				  settings, excl, NULL);
	if (!IS_ERR(member)) {
		err = kunit_add_action_or_reset(test, unbind, member);
		KUNIT_ASSERT_EQ(test, err, 0);
	}
	return member;
}

static void drop_unread(void *data)
{
	struct fanl_listener *listener = data;

	kfree_skb(listener->skb);
}

/* A new member of group @number, or of a new group if that is 0. */
struct fanl_listener *fanl_test_listener(struct kunit *test, u32 number)
{
	struct fanl_settings settings = fanl_test_settings(number);
	struct fanl_listener *listener;
	int err;

	listener = kunit_kzalloc(test, sizeof(*listener), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, listener);
	listener->test = test;
	listener->sock = fanl_test_socket(test);
	listener->member = fanl_test_bind(test, listener->sock, &settings, false);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, listener->member);
	err = kunit_add_action_or_reset(test, drop_unread, listener);
	KUNIT_ASSERT_EQ(test, err, 0);
	return listener;
}

static struct nlattr **parse(struct kunit *test, const void *attrs, int len,
			     int max)
{
	struct nlattr **tb = kunit_kcalloc(test, max + 1, sizeof(*tb),
					   GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tb);
	KUNIT_ASSERT_EQ(test,
			nla_parse_deprecated(tb, max, attrs, len, NULL, NULL),
			0);
	return tb;
}

static void hear_gap(struct kunit *test, const struct nlattr *nest,
		     struct fanl_heard *heard)
{
	struct nlattr **tb = parse(test, nla_data(nest), nla_len(nest),
				   FANOTIFY_A_GAP_MAX);

	heard->gap = true;
	heard->first = nla_get_u64(tb[FANOTIFY_A_GAP_FIRST]);
	heard->last = nla_get_u64(tb[FANOTIFY_A_GAP_LAST]);
	heard->count = nla_get_u64(tb[FANOTIFY_A_GAP_COUNT]);
	heard->reason = nla_get_u32(tb[FANOTIFY_A_GAP_REASON]);
	kunit_kfree(test, tb);
}

static void hear_node(struct kunit *test, const struct nlattr *nest, u64 *ino,
		      u64 *size, u32 *changed)
{
	struct nlattr **tb = parse(test, nla_data(nest), nla_len(nest),
				   FANOTIFY_A_NODE_MAX);
	const struct nlattr *stat = tb[FANOTIFY_A_NODE_STAT];

	if (tb[FANOTIFY_A_NODE_CHANGED])
		*changed = nla_get_u32(tb[FANOTIFY_A_NODE_CHANGED]);
	kunit_kfree(test, tb);
	if (!stat)
		return;
	tb = parse(test, nla_data(stat), nla_len(stat), FANOTIFY_A_STAT_MAX);
	*ino = nla_get_u64(tb[FANOTIFY_A_STAT_INO]);
	*size = nla_get_u64(tb[FANOTIFY_A_STAT_SIZE]);
	kunit_kfree(test, tb);
}

static void hear_event(struct kunit *test, struct nlattr **tb,
		       struct fanl_heard *heard)
{
	u32 dir_changed;

	heard->seq = nla_get_u64(tb[FANOTIFY_A_EVENT_SEQ]);
	heard->id = nla_get_u64(tb[FANOTIFY_A_EVENT_ID]);
	heard->boottime = nla_get_u64(tb[FANOTIFY_A_EVENT_BOOTTIME]);
	if (tb[FANOTIFY_A_EVENT_COUNT]) {
		heard->times = nla_get_u64(tb[FANOTIFY_A_EVENT_COUNT]);
		heard->last_boottime =
			nla_get_u64(tb[FANOTIFY_A_EVENT_LAST_BOOTTIME]);
	}
	if (tb[FANOTIFY_A_EVENT_OFFSET]) {
		heard->offset = nla_get_u64(tb[FANOTIFY_A_EVENT_OFFSET]);
		heard->length = nla_get_u64(tb[FANOTIFY_A_EVENT_LENGTH]);
	}
	if (tb[FANOTIFY_A_EVENT_OBJECT])
		hear_node(test, tb[FANOTIFY_A_EVENT_OBJECT], &heard->ino,
			  &heard->size, &heard->changed);
	if (tb[FANOTIFY_A_EVENT_DIR])
		hear_node(test, tb[FANOTIFY_A_EVENT_DIR], &heard->dir_ino,
			  &heard->dir_size, &dir_changed);
	if (tb[FANOTIFY_A_EVENT_GAP])
		hear_gap(test, tb[FANOTIFY_A_EVENT_GAP], heard);
}

static void hear_message(struct kunit *test, const struct nlmsghdr *nlh,
			 struct fanl_heard *heard)
{
	const struct genlmsghdr *genl = nlmsg_data(nlh);
	struct nlattr **tb = parse(test, genlmsg_data(genl), genlmsg_len(genl),
				   FANOTIFY_A_EVENT_MAX);

	*heard = (struct fanl_heard){
		.cmd = genl->cmd,
		.nlmsg_seq = nlh->nlmsg_seq,
	};
	if (genl->cmd == FANOTIFY_CMD_FETCH)
		heard->waiting = nla_get_u64(tb[FANOTIFY_A_FETCH_WAITING]);
	else
		hear_event(test, tb, heard);
	kunit_kfree(test, tb);
}

/*
 * Read one message. A datagram leaves the socket, and gives its room back, with
 * the first of its messages.
 *
 * Return: false if there is none.
 */
bool fanl_hear(struct fanl_listener *listener, struct fanl_heard *heard)
{
	struct kunit *test = listener->test;
	const struct nlmsghdr *nlh;
	int err;

	if (!listener->skb) {
		listener->skb = skb_recv_datagram(listener->sock->sk,
						  MSG_DONTWAIT, &err);
		if (!listener->skb)
			return false;
		skb_orphan(listener->skb);
	}
	nlh = nlmsg_hdr(listener->skb);
	KUNIT_ASSERT_TRUE(test, nlmsg_ok(nlh, listener->skb->len));
	hear_message(test, nlh, heard);
	skb_pull(listener->skb, NLMSG_ALIGN(nlh->nlmsg_len));
	if (!listener->skb->len) {
		kfree_skb(listener->skb);
		listener->skb = NULL;
	}
	return true;
}
