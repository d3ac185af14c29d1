// SPDX-License-Identifier: GPL-2.0
/*
 * Journals: what waits for none of them: remounts, freezes, unmounts; and devices that go
 * back, or away.
 */
#include "journaltest.h"

TEST_F_TIMEOUT(journal, a_remount_read_only_is_not_blocked, 300)
{
	struct fanotify_nl_journal_info info;
	int tries, most = 0;

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, make_many("file", i, 1));
		tries = journalfs_remount(MS_RDONLY);
		ASSERT_LT(0, tries);
		most = tries > most ? tries : most;
		usleep(120000);
		ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
		if (info.state == FANOTIFY_JOURNAL_STATE_STALLED) {
			EXPECT_EQ(EROFS, info.error);
			EXPECT_EQ(-EROFS, fanotify_nl_journal_stop(self->h, info.id, 0));
		} else {
			EXPECT_EQ(i + 1, info.durable);
		}
		ASSERT_LT(0, journalfs_remount(0));
	}
	printf("# a remount took up to %d tries\n", most);
	READ(NULL, NULL);
	EXPECT_EQ(10, history_count(&history, KIND(CREATE), NULL));
	EXPECT_EQ(0, history_count(&history, KIND(GAP), NULL));
}

TEST_F_TIMEOUT(journal, a_freeze_is_not_blocked, 300)
{
	struct fanotify_nl_journal_info info;

	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, make_many("file", i, 1));
		ASSERT_EQ(0, journalfs_freeze(true));
		usleep(120000);
		ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
		if (info.state == FANOTIFY_JOURNAL_STATE_STALLED)
			EXPECT_EQ(EBUSY, info.error);
		ASSERT_EQ(0, journalfs_freeze(false));
	}
	READ(NULL, NULL);
	EXPECT_EQ(5, history.count);

	/* a consumer's state cannot be written now, and nothing waits for that */
	ASSERT_EQ(0, journalfs_freeze(true));
	EXPECT_EQ(-EBUSY, add_consumer(self->h, self->info.id, "one", 0, &info.epoch));
	EXPECT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 1));
	EXPECT_EQ(-ENOENT, fanotify_nl_journal_stop(self->h, self->info.id, 1));
	ASSERT_EQ(0, journalfs_freeze(false));
}

static int count_journals(const struct fanotify_nl_journal_info *info, void *arg)
{
	++*(int *)arg;
	return 0;
}

TEST_F_TIMEOUT(journal, an_unmount_is_not_blocked_and_ends_it, 300)
{
	struct fanotify_nl_journal_info info;
	int tries, most = 0, left;

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, make_many("file", i, 1));
		tries = journalfs_unmount(MOUNT);
		ASSERT_LT(0, tries);
		most = tries > most ? tries : most;
		for (int n = 0; n < 100; n++) {
			left = 0;
			ASSERT_EQ(0, fanotify_nl_journals(self->h, count_journals, &left));
			if (!left)
				break;
			usleep(50000);
		}
		EXPECT_EQ(0, left);
		ASSERT_EQ(0, journalfs_mount(IMAGE, MOUNT));
		ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &info));
	}
	printf("# an unmount took up to %d tries\n", most);
	ASSERT_EQ(0, history_read(self->h, info.id, NULL, NULL, &history));
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(10, history_count(&history, KIND(GAP), NULL));
	for (int i = 0; i < history.count; i++)
		if (history.record[i].mask & KIND(GAP))
			EXPECT_EQ(REASON(UNCLEAN), history.record[i].gap.reason);
}

/* ---- devices that go back, or away ---- */

FIXTURE(device)
{
	struct fanotify_nl *h;
	struct fanotify_nl_journal_info info;
};

FIXTURE_SETUP(device)
{
	ASSERT_EQ(0, journalfs_make("ext4", ""));
	ASSERT_LT(0, journalfs_unmount(MOUNT));
	ASSERT_EQ(0, journalfs_map());
	ASSERT_EQ(0, fanotify_nl_open(&self->h));
	ASSERT_EQ(0, journalfs_start(self->h, &fast, &self->info));
}

FIXTURE_TEARDOWN(device)
{
	EXPECT_EQ(0, journalfs_unmap());
	journalfs_remove();
	fanotify_nl_close(self->h);
}

/* A snapshot is merged back: what came after it has never been, and is told so. */
TEST_F_TIMEOUT(device, a_snapshot_that_is_rolled_back_is_told, 300)
{
	struct fanotify_nl_cursor before, after;

	ASSERT_EQ(0, make_many("file", 0, 5));
	READ(NULL, NULL);
	ASSERT_EQ(5, history.count);
	before = history.cursor;
	ASSERT_EQ(0, mapped("truncate -s 16M " JOURNALFS "/changes && "
			    "changes=$(losetup -f --show " JOURNALFS "/changes) && "
			    "dmsetup suspend journalfs && "
			    "dmsetup load journalfs --table \"0 $size snapshot-origin $loop\" && "
			    "dmsetup create snapshot --table \"0 $size snapshot $loop $changes P 8\" && "
			    "dmsetup resume journalfs"));
	ASSERT_EQ(0, make_many("later", 0, 7));
	READ(NULL, &before);
	ASSERT_EQ(7, history.count);
	EXPECT_EQ(0, history.gaps);
	after = history.cursor;
	ASSERT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 0));
	ASSERT_LT(0, journalfs_unmount(MOUNT));

	ASSERT_EQ(0, mapped("changes=$(losetup -n -O NAME -j " JOURNALFS "/changes) && "
			    "dmsetup remove --retry snapshot && dmsetup suspend journalfs && "
			    "dmsetup load journalfs --table \"0 $size snapshot-merge $loop $changes P 8\" && "
			    "dmsetup resume journalfs && "
			    /* the part that is allocated is all metadata by then */
			    "until dmsetup status journalfs | awk '{ split($4, part, \"/\"); exit part[1] != $5 }';"
			    " do sleep 0.1; done && "
			    "dmsetup suspend journalfs && "
			    "dmsetup load journalfs --table \"0 $size linear $loop 0\" && "
			    "dmsetup resume journalfs && " MOUNT_MAPPED));
	ASSERT_EQ(0, access(MOUNT "/file4", F_OK));
	ASSERT_NE(0, access(MOUNT "/later0", F_OK));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	READ(NULL, &after);
	EXPECT_EQ(1, history.gaps);
	EXPECT_EQ(REASON(CURSOR), history.gap.reason);
	EXPECT_EQ(0, history_count(&history, KIND(CREATE), NULL));
	/* who has read no further goes on, and is told that it was not running */
	READ(NULL, &before);
	EXPECT_EQ(0, history.gaps);
	EXPECT_EQ(1, history.count);
	EXPECT_EQ(1, history_count(&history, KIND(GAP), NULL));
}

/* Nothing hangs, and what was on disk is there when it comes back. */
TEST_F_TIMEOUT(device, one_that_is_gone_blocks_nothing, 300)
{
	struct fanotify_nl_journal_info info;
	int ret;

	ASSERT_EQ(0, make_many("file", 0, 5));
	READ(NULL, NULL);
	ASSERT_EQ(5, history.count);
	ASSERT_EQ(0, system("dmsetup wipe_table --noflush --nolockfs journalfs"));
	/* it may be refused by now, but does not wait */
	make_many("later", 0, 5);
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, fanotify_nl_journal_get(self->h, MOUNT, &info));
		if (info.state == FANOTIFY_JOURNAL_STATE_STALLED)
			break;
		usleep(100000);
	}
	EXPECT_EQ(FANOTIFY_JOURNAL_STATE_STALLED, info.state);
	EXPECT_TRUE(info.error == EIO || info.error == EROFS) {
		TH_LOG("error %u", info.error);
	}
	/* ext4 may have noticed by now */
	ret = fanotify_nl_journal_stop(self->h, self->info.id, 0);
	EXPECT_TRUE(ret == -EIO || ret == -EROFS) {
		TH_LOG("stop: %d", ret);
	}
	EXPECT_EQ(0, fanotify_nl_journal_stop(self->h, self->info.id, 1));
	ASSERT_LT(0, journalfs_unmount(MOUNT));

	ASSERT_EQ(0, mapped("dmsetup suspend --noflush --nolockfs journalfs && "
			    "dmsetup load journalfs --table \"0 $size linear $loop 0\" && "
			    "dmsetup resume journalfs && " MOUNT_MAPPED));
	ASSERT_EQ(0, fanotify_nl_journal_start(self->h, MOUNT, &fast, &self->info));
	READ(NULL, NULL);
	EXPECT_TRUE(history_whole(&history));
	EXPECT_EQ(5, history_count(&history, KIND(CREATE), NULL));
	EXPECT_EQ(1, history_count(&history, KIND(GAP), NULL));
	EXPECT_EQ(REASON(UNCLEAN), history.record[history.count - 1].gap.reason);
}

TEST_HARNESS_MAIN
