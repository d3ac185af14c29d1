// SPDX-License-Identifier: GPL-2.0
/*
 * Names, both ways.
 */
#include <errno.h>

#include <fanotify-nl/fanotify-nl.h>

#include "tap.h"

static void known(void)
{
	CHECK_STR(fanotify_nl_kind_name(FANOTIFY_KIND_CLOSE_WRITE), "close-write");
	CHECK_STR(fanotify_nl_kind_name(FANOTIFY_KIND_GAP), "gap");
	CHECK_STR(fanotify_nl_mark_type_name(FANOTIFY_MARK_TYPE_GLOBAL), "global");
	CHECK_STR(fanotify_nl_mark_flag_name(FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY),
		  "ignore-surv-modify");
	CHECK_STR(fanotify_nl_group_flag_name(FANOTIFY_GROUP_FLAG_MULTICAST), "multicast");
	CHECK_STR(fanotify_nl_filter_flag_name(FANOTIFY_FILTER_FLAG_NO_DIRS), "no-dirs");
	CHECK_STR(fanotify_nl_stat_field_name(FANOTIFY_STAT_FIELD_BLOCKS), "blocks");
	CHECK_STR(fanotify_nl_changed_name(FANOTIFY_CHANGED_INODE_FLAGS), "inode-flags");
	CHECK_STR(fanotify_nl_event_flag_name(FANOTIFY_EVENT_FLAG_NO_INODE), "no-inode");
	CHECK_STR(fanotify_nl_gap_reason_name(FANOTIFY_GAP_REASON_MEMBER_GONE), "member-gone");
	CHECK_STR(fanotify_nl_gap_scope_name(FANOTIFY_GAP_SCOPE_DIRECTORY), "directory");
	CHECK_STR(fanotify_nl_delivery_name(FANOTIFY_DELIVERY_NOTICED), "noticed");
	CHECK_EQ(fanotify_nl_mark_type_parse("mount"), FANOTIFY_MARK_TYPE_MOUNT);
}

static void unknown(void)
{
	CHECK(!fanotify_nl_kind_name(0));
	CHECK(!fanotify_nl_kind_name(1ULL << 63));
	CHECK(!fanotify_nl_kind_name(FANOTIFY_KIND_OPEN | FANOTIFY_KIND_ACCESS));
	CHECK(!fanotify_nl_mark_type_name(0));
	CHECK(!fanotify_nl_delivery_name(99));
	CHECK_EQ(fanotify_nl_mark_type_parse("mounts"), -EINVAL);
	CHECK_EQ(fanotify_nl_mark_type_parse(""), -EINVAL);
}

static void every_kind_both_ways(void)
{
	int count = 0;

	for (int bit = 0; bit < 64; bit++) {
		const char *name = fanotify_nl_kind_name(1ULL << bit);
		__u64 mask = 0;

		if (!name)
			continue;
		count++;
		CHECK_EQ(fanotify_nl_kind_parse(name, &mask), 0);
		CHECK_EQ(mask, 1ULL << bit);
	}
	CHECK(count > 40);
}

static void lists(void)
{
	static const char *const bad[] = {
		"", ",", "create,", ",create", "create,,open", "Create", "creat", "create ",
		"creates", "all,nothing",
	};
	__u64 mask = 5;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_EQ(fanotify_nl_kind_parse(bad[i], &mask), -EINVAL);
		CHECK_EQ(mask, 5);
	}
	CHECK_EQ(fanotify_nl_kind_parse("create,delete,mkdir", &mask), 0);
	CHECK_EQ(mask, FANOTIFY_KIND_CREATE | FANOTIFY_KIND_DELETE | FANOTIFY_KIND_MKDIR);
}

static void all(void)
{
	__u64 mask;

	CHECK_EQ(fanotify_nl_kind_parse("all", &mask), 0);
	CHECK(mask & FANOTIFY_KIND_RENAME && mask & FANOTIFY_KIND_ONDIR);
	CHECK(mask & FANOTIFY_KIND_COVERED);
	CHECK(!(mask & (FANOTIFY_KIND_MOVED_FROM | FANOTIFY_KIND_MOVED_TO | FANOTIFY_KIND_GAP)));
	CHECK_EQ(fanotify_nl_kind_parse("all,moved-from", &mask), 0);
	CHECK(mask & FANOTIFY_KIND_MOVED_FROM);
}

TAP_MAIN(
	{ "names: known", known },
	{ "names: unknown", unknown },
	{ "names: every kind both ways", every_kind_both_ways },
	{ "names: lists of kinds", lists },
	{ "names: all", all },
)
