// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of merge.c: what is merged into what, and what is not.
 */
#include <linux/hash.h>
#include <linux/prandom.h>

#include "../merge.h"
#include "fs.h"
#include "queue.h"

#define WRITE	((u64)FANOTIFY_KIND_MODIFY | FANOTIFY_KIND_WRITE)
#define CHMOD	((u64)FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_CHMOD)
#define CREATE	((u64)FANOTIFY_KIND_CREATE | FANOTIFY_KIND_CREATE_FILE)

static void set_flags(struct kunit *test, u32 flags)
{
	struct fanl_delivery *d = test->priv;
	struct fanl_settings settings = {
		.present = BIT(FANOTIFY_A_GROUP_FLAGS),
		.flags = flags,
	};

	KUNIT_ASSERT_EQ(test, fanl_group_set(d->group, &settings, NULL), 0);
}

static int merge_init(struct kunit *test)
{
	int err = fanl_delivery_init(test);
	struct fanl_delivery *d = test->priv;
	struct fanl_event event;

	if (err)
		return err;
	fanl_test_handles(d->sb, 2, true);
	set_flags(test, FANOTIFY_GROUP_FLAG_MERGE);
	event = fanl_encoded(test);
	d->size = event.skb->truesize;
	kfree_skb(event.skb);
	fanl_send_until_noticed(test);
	return 0;
}

static struct inode *new_file(struct kunit *test, unsigned long ino)
{
	struct fanl_delivery *d = test->priv;
	struct inode *inode = fanl_test_inode(test, d->sb, S_IFREG | 0644);

	inode->i_ino = ino;
	return inode;
}

/* An event of @inode, which is as large as it was never before. */
static struct fanl_event event_of(struct kunit *test, u64 kinds,
				  struct inode *inode)
{
	struct fanl_delivery *d = test->priv;

	inode->i_size++;
	return (struct fanl_event){
		.kinds = kinds,
		.sb = d->sb,
		.node[FANL_NODE_OBJECT] = {
			.inode = inode,
			.with_stat = true,
			.changed = FANOTIFY_CHANGED_SIZE,
		},
	};
}

static void send_event(struct kunit *test, struct fanl_event *event)
{
	struct fanl_delivery *d = test->priv;

	fanl_event_encode(d->group, event, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, event->skb);
	fanl_queue_event(d->group, event);
}

static void send(struct kunit *test, u64 kinds, struct inode *inode)
{
	struct fanl_event event = event_of(test, kinds, inode);

	send_event(test, &event);
}

/* What was queued of late: so many records, so many merged into them. */
static void expect_queued(struct kunit *test, u64 before, u64 records, u64 merged)
{
	struct fanl_delivery *d = test->priv;

	KUNIT_EXPECT_EQ(test, d->queue->seq - before, records);
	KUNIT_EXPECT_EQ(test, d->queue->merged, merged);
}

static void a_repeat_goes_into_what_waits(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *file = new_file(test, 1);
	u64 before = d->queue->seq, id = d->group->last_id;
	struct fanl_heard heard;
	size_t bytes;

	send(test, WRITE, file);
	bytes = d->queue->bytes;
	for (int i = 0; i < 41; i++)
		send(test, WRITE, file);
	expect_queued(test, before, 1, 41);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, bytes);
	KUNIT_EXPECT_EQ(test, d->group->last_id, id + 42);
	heard = fanl_fetch_all(test);
	KUNIT_EXPECT_EQ(test, heard.seq, before + 1);
	KUNIT_EXPECT_EQ(test, heard.id, id + 1);
	KUNIT_EXPECT_EQ(test, heard.times, 42);
	KUNIT_EXPECT_EQ(test, heard.size, 42);
	KUNIT_EXPECT_GE(test, heard.last_boottime, heard.boottime);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
}

/* Of any length: memory comes in sizes far apart. */
static void there_is_room_for_the_count(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *file = new_file(test, 1);

	for (unsigned int nr = 1; nr <= FANOTIFY_NAME_MAX / NLA_ALIGNTO; nr++) {
		for (int i = 0; i < 2; i++) {
			struct fanl_event event = event_of(test, WRITE, file);

			event.name = fanl_test_name(test, nr * NLA_ALIGNTO);
			send_event(test, &event);
		}
		KUNIT_ASSERT_EQ(test, d->queue->merged, nr);
	}
}

static void changed_is_ored(struct kunit *test)
{
	static const u32 changed[] = {
		FANOTIFY_CHANGED_UID, FANOTIFY_CHANGED_GID, FANOTIFY_CHANGED_UID,
	};
	struct inode *file = new_file(test, 1);
	struct fanl_heard heard;

	for (int i = 0; i < ARRAY_SIZE(changed); i++) {
		struct fanl_event event = event_of(test, CHMOD, file);

		event.node[FANL_NODE_OBJECT].changed = changed[i];
		send_event(test, &event);
	}
	heard = fanl_fetch_all(test);
	KUNIT_EXPECT_EQ(test, heard.times, 3);
	KUNIT_EXPECT_EQ(test, heard.changed,
			FANOTIFY_CHANGED_UID | FANOTIFY_CHANGED_GID);
}

static const struct {
	u64 offset, length;
} ranges[] = { { 4096, 10 }, { 100, 5 }, { 5000, 0 }, { 200, U64_MAX } };

static void ranges_are_joined(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *file = new_file(test, 1);
	static const u64 length[] = { 10, 4006, 4900, U64_MAX - 100 };

	for (int i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct fanl_heard heard;

		for (int k = 0; k <= i; k++) {
			struct fanl_event event = event_of(test, WRITE, file);

			event.ranged = true;
			event.offset = ranges[k].offset;
			event.length = ranges[k].length;
			send_event(test, &event);
		}
		heard = fanl_fetch_all(test);
		KUNIT_EXPECT_EQ(test, heard.times, i ? i + 1 : 0);
		KUNIT_EXPECT_EQ(test, heard.offset, i ? 100 : 4096);
		KUNIT_EXPECT_EQ(test, heard.length, length[i]);
		fanl_send_until_noticed(test);
	}
	KUNIT_EXPECT_EQ(test, d->queue->merged, 1 + 2 + 3);
}

/* What makes two events differ; each takes the second one for something else. */
static void with_kind(struct kunit *test, struct fanl_event *event)
{
	event->kinds = CHMOD;
}

static void with_flag(struct kunit *test, struct fanl_event *event)
{
	event->flags = FANOTIFY_EVENT_FLAG_UNLINKED;
}

static void with_name(struct kunit *test, struct fanl_event *event)
{
	event->name = fanl_test_name(test, 9);
}

static void with_range(struct kunit *test, struct fanl_event *event)
{
	event->ranged = true;
}

static void with_mount(struct kunit *test, struct fanl_event *event)
{
	event->mnt_id = 7;
}

static void with_dir(struct kunit *test, struct fanl_event *event)
{
	event->node[FANL_NODE_DIR].inode = new_file(test, 99);
}

static void with_handle(struct kunit *test, struct fanl_event *event)
{
	struct inode *inode = (struct inode *)event->node[FANL_NODE_OBJECT].inode;

	/* the memory of an inode that has gone may be another one's */
	inode->i_ino++;
}

static const struct {
	const char *name;
	void (*with)(struct kunit *test, struct fanl_event *event);
} differences[] = {
	{ "kind", with_kind },
	{ "flag", with_flag },
	{ "name", with_name },
	{ "range", with_range },
	{ "mount", with_mount },
	{ "directory", with_dir },
	{ "handle", with_handle },
};

static void what_differs_is_not(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *file = new_file(test, 1);
	u64 before = d->queue->seq;

	for (int i = 0; i < ARRAY_SIZE(differences); i++) {
		struct fanl_event event;

		send(test, WRITE, file);
		event = event_of(test, WRITE, file);
		differences[i].with(test, &event);
		send_event(test, &event);
		KUNIT_EXPECT_EQ_MSG(test, d->queue->merged, 0, "%s",
				    differences[i].name);
	}
	expect_queued(test, before, 2 * ARRAY_SIZE(differences), 0);
}

static const u64 never[] = {
	CREATE, FANOTIFY_KIND_DELETE | FANOTIFY_KIND_UNLINK, FANOTIFY_KIND_RENAME,
	FANOTIFY_KIND_DELETE_SELF, FANOTIFY_KIND_MOVE_SELF, FANOTIFY_KIND_FS_ERROR,
	FANOTIFY_KIND_UNMOUNT, FANOTIFY_KIND_COVERED, FANOTIFY_KIND_GAP,
	FANOTIFY_KIND_OPEN | FANOTIFY_KIND_GAP,
};

static void some_kinds_never_are(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *file = new_file(test, 1);
	u64 before = d->queue->seq;

	for (int i = 0; i < ARRAY_SIZE(never); i++) {
		send(test, never[i], file);
		send(test, never[i], file);
	}
	expect_queued(test, before, 2 * ARRAY_SIZE(never), 0);
}

static void what_cannot_be_identified_is_not(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *file = new_file(test, 1);
	u64 before = d->queue->seq;

	fanl_test_handles(d->sb, FANOTIFY_HANDLE_MAX, true);
	send(test, WRITE, file);
	send(test, WRITE, file);
	expect_queued(test, before, 2, 0);
}

static void others_between_do_not_matter(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *a = new_file(test, 1), *b = new_file(test, 2);
	u64 before = d->queue->seq;

	/* in a table of two entries for both */
	for (int i = 0; i < 10; i++) {
		send(test, WRITE, a);
		send(test, WRITE, b);
	}
	KUNIT_EXPECT_EQ(test, d->queue->seq - before + d->queue->merged, 20);
	if (hash_ptr(a, FANL_WAITING_BITS) != hash_ptr(b, FANL_WAITING_BITS))
		expect_queued(test, before, 2, 18);
}

/* A record with its attributes, in whichever place, stands between. */
static void what_tells_of_it_between_does(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *dir = new_file(test, 1), *file = new_file(test, 2);
	u64 before = d->queue->seq;

	for (int i = 0; i < FANL_NODES; i++) {
		struct fanl_event event = event_of(test, CREATE, file);

		if (i == FANL_NODE_OBJECT)
			continue;
		event.node[i].inode = dir;
		event.node[i].with_stat = true;
		send(test, CHMOD, dir);
		send_event(test, &event);
		send(test, CHMOD, dir);
	}
	/* the first of a round repeats the last of the one before */
	expect_queued(test, before, 3 + 2 + 2, 2);
}

static void a_name_in_it_between_does_not(struct kunit *test)
{
	struct inode *dir = new_file(test, 1), *file = new_file(test, 2);
	struct fanl_event event = event_of(test, WRITE, file);
	struct fanl_delivery *d = test->priv;
	u64 before = d->queue->seq;

	event.node[FANL_NODE_DIR].inode = dir;
	send(test, CHMOD, dir);
	send_event(test, &event);
	send(test, CHMOD, dir);
	expect_queued(test, before, 2, 1);
}

static void what_is_taken_out_stays_as_it_is(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *file = new_file(test, 1);
	struct sk_buff_head taken;
	struct sk_buff *last;
	unsigned int len;

	send(test, WRITE, file);
	__skb_queue_head_init(&taken);
	spin_lock(&d->group->lock);
	KUNIT_EXPECT_TRUE(test, fanl_queue_drain(d->member, &taken,
						 FANOTIFY_FETCH_MAX));
	spin_unlock(&d->group->lock);
	last = skb_peek_tail(&taken);
	len = last->len;
	send(test, WRITE, file);
	KUNIT_EXPECT_EQ(test, d->queue->merged, 0);
	KUNIT_EXPECT_EQ(test, last->len, len);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&d->queue->records), 1);
	/* what came since is merged with itself */
	send(test, WRITE, file);
	KUNIT_EXPECT_EQ(test, d->queue->merged, 1);
	KUNIT_EXPECT_EQ(test, last->len, len);
	__skb_queue_purge(&taken);
}

static void a_gap_stands_between(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *file = new_file(test, 1);
	u64 before = d->queue->seq;

	send(test, WRITE, file);
	fanl_send_without_memory(test);
	send(test, WRITE, file);
	send(test, WRITE, file);
	expect_queued(test, before, 3, 1);
	KUNIT_EXPECT_EQ(test, d->queue->gaps, 1);
}

static void what_waited_before_it_was_on_is_left_alone(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *file = new_file(test, 1);
	u64 before = d->queue->seq;

	send(test, WRITE, file);
	set_flags(test, 0);
	send(test, CHMOD, file);
	set_flags(test, FANOTIFY_GROUP_FLAG_MERGE);
	send(test, WRITE, file);
	expect_queued(test, before, 3, 0);
	send(test, WRITE, file);
	expect_queued(test, before, 3, 1);
}

static void at_the_limit_repeats_are_not_lost(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	struct inode *file = new_file(test, 1);

	send(test, WRITE, file);
	d->group->queue_limit = d->queue->bytes;
	send(test, WRITE, file);
	KUNIT_EXPECT_EQ(test, d->queue->lost, 0);
	KUNIT_EXPECT_EQ(test, d->queue->merged, 1);
}

#define FILES	40

/* As many as are sent are heard, and of no inode ever an older state. */
static void all_adds_up(struct kunit *test)
{
	struct fanl_delivery *d = test->priv;
	u64 sent = 0, heard_times = 0, before = d->queue->seq;
	struct fanl_heard heard;
	struct rnd_state rnd;
	struct inode **file;
	loff_t *size;

	file = kunit_kcalloc(test, FILES, sizeof(*file), GFP_KERNEL);
	size = kunit_kcalloc(test, FILES, sizeof(*size), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, file);
	KUNIT_ASSERT_NOT_NULL(test, size);
	for (int i = 0; i < FILES; i++)
		file[i] = new_file(test, i + 1);
	prandom_seed_state(&rnd, 42);
	for (int i = 0; i < 2000; i++) {
		/* few that are hot, and some that share a place in the table */
		u32 n = prandom_u32_state(&rnd) % (i % 2 ? 5 : FILES);
		u32 dice = prandom_u32_state(&rnd) % 64;

		if (dice < 48) {
			send(test, dice < 40 ? WRITE : CHMOD, file[n]);
			sent++;
		} else if (dice < 56) {
			struct fanl_event event = event_of(test, CREATE, file[n]);
			struct inode *dir = file[(n + 1) % FILES];

			dir->i_size++;
			event.node[FANL_NODE_DIR].inode = dir;
			event.node[FANL_NODE_DIR].with_stat = true;
			send_event(test, &event);
			sent++;
		} else if (dice < 57) {
			fanl_queue_fetch(d->member, FANOTIFY_FETCH_MIN, i);
		} else {
			while (fanl_hear_in_order(test, &heard)) {
				if (heard.cmd != FANOTIFY_CMD_EVENT || !heard.ino)
					continue;
				heard_times += heard.times ?: 1;
				KUNIT_ASSERT_GT(test, heard.size,
						size[heard.ino - 1]);
				size[heard.ino - 1] = heard.size;
				if (!heard.dir_ino)
					continue;
				KUNIT_ASSERT_GT(test, heard.dir_size,
						size[heard.dir_ino - 1]);
				size[heard.dir_ino - 1] = heard.dir_size;
			}
		}
		KUNIT_ASSERT_EQ(test, d->queue->seq - before + d->queue->merged,
				sent);
	}
	KUNIT_EXPECT_GT(test, d->queue->merged, 20);
	KUNIT_EXPECT_GT(test, heard_times, 200);
	fanl_hear_all(test);
	fanl_queue_fetch(d->member, FANOTIFY_FETCH_MIN, 1);
	fanl_fetch_all(test);
	KUNIT_EXPECT_EQ(test, d->next, d->queue->seq + 1);
	KUNIT_EXPECT_EQ(test, d->queue->bytes, 0);
	KUNIT_EXPECT_EQ(test, d->queue->seq,
			d->queue->pushed + d->queue->fetched);
}

static struct kunit_case merge_cases[] = {
	KUNIT_CASE(a_repeat_goes_into_what_waits),
	KUNIT_CASE(there_is_room_for_the_count),
	KUNIT_CASE(changed_is_ored),
	KUNIT_CASE(ranges_are_joined),
	KUNIT_CASE(what_differs_is_not),
	KUNIT_CASE(some_kinds_never_are),
	KUNIT_CASE(what_cannot_be_identified_is_not),
	KUNIT_CASE(others_between_do_not_matter),
	KUNIT_CASE(what_tells_of_it_between_does),
	KUNIT_CASE(a_name_in_it_between_does_not),
	KUNIT_CASE(what_is_taken_out_stays_as_it_is),
	KUNIT_CASE(a_gap_stands_between),
	KUNIT_CASE(what_waited_before_it_was_on_is_left_alone),
	KUNIT_CASE(at_the_limit_repeats_are_not_lost),
	KUNIT_CASE(all_adds_up),
	{}
};

static struct kunit_suite merge_suite = {
	.name = "fanotify_nl_merge",
	.init = merge_init,
	.test_cases = merge_cases,
};

kunit_test_suite(merge_suite);
