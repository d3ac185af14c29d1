/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Members of the KUnit tests' own, on real netlink sockets, and what they hear.
 */
#ifndef _FANL_TESTS_LISTEN_H
#define _FANL_TESTS_LISTEN_H

#include <kunit/test.h>
#include <linux/net.h>

#include "../group.h"
#include "../member.h"

/**
 * struct fanl_listener - a member and what it reads
 * @test: the test, at whose end it goes
 * @sock: its socket
 * @member: the member
 * @skb: what was taken from the socket and is not read yet
 */
struct fanl_listener {
	struct kunit		*test;
	struct socket		*sock;
	struct fanl_member	*member;
	struct sk_buff		*skb;
};

/**
 * struct fanl_heard - a message, as far as delivery is concerned
 * @cmd: FANOTIFY_CMD_EVENT or FANOTIFY_CMD_FETCH
 * @nlmsg_seq: what it answers, 0 for a notice
 * @waiting: of a fetch message
 * @seq: of an event
 * @id: of an event
 * @boottime: of an event
 * @times: how many events it stands for, 0 for one
 * @last_boottime: of the last of them
 * @ino: of its object, 0 for none
 * @size: of its object
 * @changed: of its object
 * @offset: where bytes of it have changed
 * @length: how many
 * @dir_ino: of its directory, 0 for none
 * @dir_size: of its directory
 * @gap: the event is a GAP, and the next ones are its
 * @first: first lost seq
 * @last: last lost seq
 * @count: number of lost events
 * @reason: enum fanotify_gap_reason
 */
struct fanl_heard {
	u8	cmd;
	u32	nlmsg_seq;
	u64	waiting;
	u64	seq;
	u64	id;
	u64	boottime;
	u64	times;
	u64	last_boottime;
	u64	ino;
	u64	size;
	u32	changed;
	u64	offset;
	u64	length;
	u64	dir_ino;
	u64	dir_size;
	bool	gap;
	u64	first;
	u64	last;
	u64	count;
	u32	reason;
};

struct socket *fanl_test_socket(struct kunit *test);
void fanl_test_release(struct kunit *test, struct socket *sock);
u32 fanl_test_portid(struct kunit *test, struct socket *sock);

struct fanl_settings fanl_test_settings(u32 number);
struct fanl_member *fanl_test_bind(struct kunit *test, struct socket *sock,
				   struct fanl_settings *settings, bool excl);
struct fanl_listener *fanl_test_listener(struct kunit *test, u32 number);

bool fanl_hear(struct fanl_listener *listener, struct fanl_heard *heard);

#endif /* _FANL_TESTS_LISTEN_H */
