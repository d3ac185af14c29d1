/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tests of journals have in common: one on each type of filesystem.
 */
#ifndef TESTS_JOURNALTEST_H
#define TESTS_JOURNALTEST_H

#include "journalfs.h"
#include "test.h"

#define REASON(name)	FANOTIFY_GAP_REASON_##name

static struct history history;

FIXTURE(journal) {
	struct fanotify_nl *h;
	struct fanotify_nl_journal_info info;
};

FIXTURE_VARIANT(journal) {
	const char *type;
};

FIXTURE_VARIANT_ADD(journal, ext4) { .type = "ext4" };
FIXTURE_VARIANT_ADD(journal, xfs) { .type = "xfs" };
FIXTURE_VARIANT_ADD(journal, btrfs) { .type = "btrfs" };

FIXTURE_SETUP(journal)
{
	ASSERT_EQ(0, journalfs_make(variant->type, ""));
	ASSERT_EQ(0, fanotify_nl_open(&self->h));
	ASSERT_EQ(0, journalfs_start(self->h, &fast, &self->info));
}

FIXTURE_TEARDOWN(journal)
{
	if (_metadata->exit_code == KSFT_FAIL) {
		history_show(&history);
		if (self->h)
			printf("# last error: %s\n", fanotify_nl_error(self->h));
	}
	fanotify_nl_close(self->h);
	journalfs_remove();
}

#define READ(consumer, cursor) \
	ASSERT_EQ(0, history_read(self->h, self->info.id, consumer, cursor, &history))

#endif /* TESTS_JOURNALTEST_H */
