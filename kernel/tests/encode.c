// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests of encoding share: an event to encode, and its attributes.
 */
#include "encode.h"
#include "fs.h"
#include "listen.h"

const u16 fanl_event_sizes[FANOTIFY_A_EVENT_MAX + 1] = {
	[FANOTIFY_A_EVENT_SEQ] = 8,
	[FANOTIFY_A_EVENT_ID] = 8,
	[FANOTIFY_A_EVENT_GROUP] = 4,
	[FANOTIFY_A_EVENT_MASK] = 8,
	[FANOTIFY_A_EVENT_REALTIME] = 8,
	[FANOTIFY_A_EVENT_BOOTTIME] = 8,
	[FANOTIFY_A_EVENT_FLAGS] = 4,
	[FANOTIFY_A_EVENT_DEV_MAJOR] = 4,
	[FANOTIFY_A_EVENT_DEV_MINOR] = 4,
	[FANOTIFY_A_EVENT_UUID] = 16,
	[FANOTIFY_A_EVENT_MNT_ID] = 8,
	[FANOTIFY_A_EVENT_OBJECT] = FANL_NESTED,
	[FANOTIFY_A_EVENT_DIR] = FANL_NESTED,
	[FANOTIFY_A_EVENT_NEW_DIR] = FANL_NESTED,
	[FANOTIFY_A_EVENT_ACTOR] = FANL_NESTED,
	[FANOTIFY_A_EVENT_GAP] = FANL_NESTED,
	[FANOTIFY_A_EVENT_ERROR] = 4,
	[FANOTIFY_A_EVENT_TARGET] = FANL_NESTED,
	[FANOTIFY_A_EVENT_OFFSET] = 8,
	[FANOTIFY_A_EVENT_LENGTH] = 8,
	[FANOTIFY_A_EVENT_COUNT] = 8,
	[FANOTIFY_A_EVENT_LAST_REALTIME] = 8,
	[FANOTIFY_A_EVENT_LAST_BOOTTIME] = 8,
	[FANOTIFY_A_EVENT_DEADLINE] = 8,
};

const u16 fanl_node_sizes[FANOTIFY_A_NODE_MAX + 1] = {
	[FANOTIFY_A_NODE_HANDLE_TYPE] = 4,
	[FANOTIFY_A_NODE_STAT] = FANL_NESTED,
	[FANOTIFY_A_NODE_CHANGED] = 4,
};

const u16 fanl_stat_sizes[FANOTIFY_A_STAT_MAX + 1] = {
	[FANOTIFY_A_STAT_MODE] = 4,
	[FANOTIFY_A_STAT_NLINK] = 4,
	[FANOTIFY_A_STAT_UID] = 4,
	[FANOTIFY_A_STAT_GID] = 4,
	[FANOTIFY_A_STAT_ATIME] = 8,
	[FANOTIFY_A_STAT_ATIME_NSEC] = 4,
	[FANOTIFY_A_STAT_MTIME] = 8,
	[FANOTIFY_A_STAT_MTIME_NSEC] = 4,
	[FANOTIFY_A_STAT_CTIME] = 8,
	[FANOTIFY_A_STAT_CTIME_NSEC] = 4,
	[FANOTIFY_A_STAT_INO] = 8,
	[FANOTIFY_A_STAT_SIZE] = 8,
	[FANOTIFY_A_STAT_BLOCKS] = 8,
};

const u16 fanl_actor_sizes[FANOTIFY_A_ACTOR_MAX + 1] = {
	[FANOTIFY_A_ACTOR_TGID] = 4,
	[FANOTIFY_A_ACTOR_TID] = 4,
	[FANOTIFY_A_ACTOR_START] = 8,
	[FANOTIFY_A_ACTOR_UID] = 4,
	[FANOTIFY_A_ACTOR_GID] = 4,
	[FANOTIFY_A_ACTOR_EUID] = 4,
	[FANOTIFY_A_ACTOR_EGID] = 4,
	[FANOTIFY_A_ACTOR_LOGINUID] = 4,
	[FANOTIFY_A_ACTOR_CGROUP] = 8,
};

const u16 fanl_gap_sizes[FANOTIFY_A_GAP_MAX + 1] = {
	[FANOTIFY_A_GAP_FIRST] = 8,
	[FANOTIFY_A_GAP_LAST] = 8,
	[FANOTIFY_A_GAP_COUNT] = 8,
	[FANOTIFY_A_GAP_REASON] = 4,
	[FANOTIFY_A_GAP_SINCE] = 8,
	[FANOTIFY_A_GAP_SCOPE] = 4,
};

int fanl_encode_init(struct kunit *test)
{
	struct fanl_encode *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->group = fanl_test_listener(test, 0)->member->group;
	f->sb = fanl_test_sb(test);
	f->inode = fanl_test_inode(test, f->sb, S_IFREG | 0640);
	f->dir = fanl_test_inode(test, f->sb, S_IFDIR | 0755);
	f->new_dir = fanl_test_inode(test, f->sb, S_IFDIR | 0700);
	f->event = (struct fanl_event){
		.kinds = FANOTIFY_KIND_OPEN,
		.sb = f->sb,
	};
	return 0;
}

/* Attributes one behind the other: of their sizes, each once, nothing else. */
static void take_apart(struct kunit *test, const void *attrs, int len,
		       const u16 *sizes, int max, struct nlattr **tb)
{
	const struct nlattr *nla;
	int rest;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	nla_for_each_attr(nla, attrs, len, rest) {
		int type = nla_type(nla);
		const u8 *padding = (const u8 *)nla + nla->nla_len;

		KUNIT_ASSERT_GT(test, type, 0);
		KUNIT_ASSERT_LE(test, type, max);
		KUNIT_EXPECT_NULL_MSG(test, tb[type], "%d came twice", type);
		tb[type] = (struct nlattr *)nla;
		KUNIT_EXPECT_EQ_MSG(test, !!(nla->nla_type & NLA_F_NESTED),
				    sizes[type] == FANL_NESTED, "%d", type);
		if (sizes[type] && sizes[type] != FANL_NESTED)
			KUNIT_EXPECT_EQ_MSG(test, nla_len(nla), sizes[type],
					    "%d", type);
		for (int i = 0; i < nla_padlen(nla_len(nla)); i++)
			KUNIT_EXPECT_EQ_MSG(test, padding[i], 0, "%d", type);
	}
	KUNIT_EXPECT_EQ(test, rest, 0);
}

void fanl_take_apart(struct kunit *test, const struct sk_buff *skb)
{
	const struct nlmsghdr *nlh = nlmsg_hdr(skb);
	const struct genlmsghdr *genl = nlmsg_data(nlh);
	struct fanl_encode *f = test->priv;

	KUNIT_EXPECT_EQ(test, nlh->nlmsg_len, skb->len);
	KUNIT_EXPECT_LE(test, skb->len, FANOTIFY_EVENT_MAX);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(skb->len, NLMSG_ALIGNTO));
	KUNIT_EXPECT_EQ(test, genl->cmd, FANOTIFY_CMD_EVENT);
	KUNIT_EXPECT_EQ(test, genl->version, FANOTIFY_FAMILY_VERSION);
	take_apart(test, genlmsg_data(genl), genlmsg_len(genl), fanl_event_sizes,
		   FANOTIFY_A_EVENT_MAX, f->tb);
}

void fanl_take_nest_apart(struct kunit *test, const struct nlattr *nest,
			  const u16 *sizes, int max)
{
	struct fanl_encode *f = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, nest);
	take_apart(test, nla_data(nest), nla_len(nest), sizes, max, f->sub);
}

u64 fanl_present(struct nlattr **tb, int max)
{
	u64 mask = 0;

	for (int i = 1; i <= max; i++)
		if (tb[i])
			mask |= BIT_ULL(i);
	return mask;
}

KUNIT_DEFINE_ACTION_WRAPPER(free_skb, kfree_skb, struct sk_buff *);

/* From the event of the fixture to its attributes. */
void fanl_encode(struct kunit *test)
{
	struct fanl_encode *f = test->priv;
	int err;

	fanl_event_encode(f->group, &f->event, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->event.skb);
	err = kunit_add_action_or_reset(test, free_skb, f->event.skb);
	KUNIT_ASSERT_EQ(test, err, 0);
	fanl_event_sample(&f->event);
	fanl_event_stamp(f->event.skb, 7, 9);
	fanl_take_apart(test, f->event.skb);
}
