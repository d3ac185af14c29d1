/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of encoding share: an event to encode, and its attributes.
 */
#ifndef _FANL_TESTS_ENCODE_H
#define _FANL_TESTS_ENCODE_H

#include <kunit/test.h>

#include "../event.h"
#include "../group.h"

/* Sizes of attributes by their type, NESTED for others inside, 0 for any. */
#define FANL_NESTED	0xffff

extern const u16 fanl_event_sizes[FANOTIFY_A_EVENT_MAX + 1];
extern const u16 fanl_node_sizes[FANOTIFY_A_NODE_MAX + 1];
extern const u16 fanl_stat_sizes[FANOTIFY_A_STAT_MAX + 1];
extern const u16 fanl_actor_sizes[FANOTIFY_A_ACTOR_MAX + 1];
extern const u16 fanl_gap_sizes[FANOTIFY_A_GAP_MAX + 1];

/**
 * struct fanl_encode - what a test of encoding works with
 * @group: whose events they are
 * @sb: a filesystem
 * @inode: a file
 * @dir: a directory
 * @new_dir: another one
 * @event: an event of @sb, for the test to fill in
 * @tb: attributes of the event's message
 * @sub: those of the nest that was taken apart last
 */
struct fanl_encode {
	struct fanl_group	*group;
	struct super_block	*sb;
	struct inode		*inode;
	struct inode		*dir;
	struct inode		*new_dir;
	struct fanl_event	event;
	struct nlattr		*tb[FANOTIFY_A_EVENT_MAX + 1];
	struct nlattr		*sub[FANOTIFY_A_STAT_MAX + 1];
};

int fanl_encode_init(struct kunit *test);
void fanl_encode(struct kunit *test);
void fanl_take_apart(struct kunit *test, const struct sk_buff *skb);
void fanl_take_nest_apart(struct kunit *test, const struct nlattr *nest,
			  const u16 *sizes, int max);
u64 fanl_present(struct nlattr **tb, int max);

#endif /* _FANL_TESTS_ENCODE_H */
