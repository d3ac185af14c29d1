// SPDX-License-Identifier: GPL-2.0
/*
 * Journals. What is written by workers, no allocation fails for.
 */
#include "faults.h"

static struct history history;

static int work_beside_journal(void)
{
	return journalfs_make("ext4", "");
}

static int find_journal(struct scene *s)
{
	struct fanotify_nl_journal_info info;
	struct fanotify_nl *h;
	int ret = fanotify_nl_open(&h) ?: fanotify_nl_journal_get(h, MOUNT, &info);

	fanotify_nl_close(h);
	s->journal = ret ? 0 : info.id;
	return ret;
}

/* None runs, and there is a ring file. */
static int prepare_ring(struct scene *s)
{
	if (fanotify_nl_open(&s->h))
		return -1;
	if (!find_journal(s))
		return fanotify_nl_journal_stop(s->h, s->journal, 0);
	return access(RING, F_OK) ?
	       fanotify_nl_journal_create(s->h, MOUNT, RING_SIZE, NULL, NULL) : 0;
}

static int run_journal_start(struct scene *s)
{
	return fanotify_nl_journal_start(s->h, MOUNT, &fast, NULL);
}

static const char *check_journal_start(struct scene *s, int ret)
{
	return as_told(ret, !find_journal(s));
}

/* One runs, and has a consumer. */
static int prepare_journal(struct scene *s)
{
	__u64 token;
	int ret = prepare_ring(s);

	if (!ret)
		ret = run_journal_start(s) ?: find_journal(s);
	if (!ret)
		ret = add_consumer(s->h, s->journal, "one", 0, &token);
	return ret == -EEXIST ? 0 : ret;
}

static int run_journal_stop(struct scene *s)
{
	return fanotify_nl_journal_stop(s->h, s->journal, 0);
}

static const char *check_journal_stop(struct scene *s, int ret)
{
	return as_told(ret, find_journal(s) == -ENOENT);
}

static int run_journal_get(struct scene *s)
{
	struct fanotify_nl_journal_info info;

	return fanotify_nl_journal_get(s->h, MOUNT, &info);
}

static const char *check_nothing(struct scene *s, int ret)
{
	return NULL;
}

static int count_journal(const struct fanotify_nl_journal_info *info, void *arg)
{
	++*(unsigned int *)arg;
	return 0;
}

static int run_journals(struct scene *s)
{
	s->total = 0;
	return fanotify_nl_journals(s->h, count_journal, &s->total);
}

static const char *check_one_listed(struct scene *s, int ret)
{
	return ret || s->total == 1 ? NULL : "it is not listed";
}

static int count_consumer(const struct fanotify_nl_consumer_info *info, void *arg)
{
	++*(unsigned int *)arg;
	return 0;
}

static int run_consumers(struct scene *s)
{
	s->total = 0;
	return fanotify_nl_consumers(s->h, s->journal, count_consumer, &s->total);
}

static int consumers(struct scene *s)
{
	unsigned int count = 0;

	return fanotify_nl_consumers(s->h, s->journal, count_consumer, &count) ?: (int)count;
}

static int prepare_another(struct scene *s)
{
	int ret = prepare_journal(s);

	if (!ret)
		ret = fanotify_nl_consumer_remove(s->h, s->journal, "two", NULL);
	return ret == -ENOENT ? 0 : ret;
}

static int run_consumer_add(struct scene *s)
{
	__u64 token;

	return add_consumer(s->h, s->journal, "two", 0, &token);
}

static const char *check_consumer_add(struct scene *s, int ret)
{
	return as_told(ret, consumers(s) == 2);
}

static int run_consumer_remove(struct scene *s)
{
	return fanotify_nl_consumer_remove(s->h, s->journal, "one", NULL);
}

static const char *check_consumer_remove(struct scene *s, int ret)
{
	return as_told(ret, consumers(s) == 0);
}

static int prepare_record(struct scene *s)
{
	int ret = prepare_journal(s);

	s->total = 0;
	if (!ret)
		ret = make_many("file", 0, 1) ?: remove_many("file", 0, 1);
	if (!ret)
		ret = history_read(s->h, s->journal, NULL, NULL, &history);
	return ret ?: history.count ? 0 : -1;
}

static int take_acked(const struct fanotify_nl_consumer_info *info, void *arg)
{
	*(__u64 *)arg = info->acked;
	return 0;
}

static int run_journal_ack(struct scene *s)
{
	return fanotify_nl_consumer_ack(s->h, s->journal, "one", NULL, &history.cursor,
					FANOTIFY_NL_ACK_SYNC);
}

static const char *check_journal_ack(struct scene *s, int ret)
{
	__u64 acked = 0;

	if (fanotify_nl_consumers(s->h, s->journal, take_acked, &acked))
		return "consumers cannot be listed";
	return as_told(ret, acked == history.cursor.index);
}

static int run_journal_read(struct scene *s)
{
	const struct fanotify_nl_read read = { .consumer = "one" };
	struct fanotify_nl_records records;
	struct fanotify_nl_event event;
	int ret = fanotify_nl_journal_read(s->h, s->journal, &read, &records);

	s->total = 0;
	while (!ret && (ret = fanotify_nl_journal_next(s->h, &event)) == 1) {
		s->total++;
		ret = 0;
	}
	return ret;
}

static const char *check_journal_read(struct scene *s, int ret)
{
	return ret || s->total ? NULL : "records are missing";
}

static int run_chmod_recorded(struct scene *s)
{
	return chmod(MOUNT, 0750) ? -errno : 0;
}

/* How many changes records, from this one on, tell of. */
static unsigned long long changes_since(int record)
{
	unsigned long long n = 0;

	for (; record < history.count; record++)
		n += history.record[record].mask & KIND(GAP) ? history.record[record].gap.count : 1;
	return n;
}

/*
 * What is behind the history is the change, or a gap for it, which may be for the next
 * one as well; and the indices are whole.
 */
static const char *check_recorded(struct scene *s, int ret)
{
	const int before = history.count;
	int gaps = history_count(&history, KIND(GAP), NULL);
	unsigned long long changes;

	if (chmod(MOUNT, 0755) || history_read(s->h, s->journal, NULL, NULL, &history))
		return "records cannot be read";
	if (!history_whole(&history))
		return "an index is missing";
	gaps = history_count(&history, KIND(GAP), NULL) - gaps;
	s->lost += gaps;
	/* one that failed may have changed something */
	changes = changes_since(before);
	if (changes != 2 && !(ret && changes == 1))
		return "the change has no record, and no gap";
	return gaps > 1 ? "a gap for what was not lost" : NULL;
}

#define JOURNAL_OPERATION(...) OPERATION_AT(work_beside_journal, __VA_ARGS__)

JOURNAL_OPERATION(journal_start, prepare_ring, run_journal_start, check_journal_start, 10, false);
JOURNAL_OPERATION(journal_stop, prepare_journal, run_journal_stop, check_journal_stop, 2, false);
JOURNAL_OPERATION(journal_get, prepare_journal, run_journal_get, check_nothing, 3, false);
JOURNAL_OPERATION(journals, prepare_journal, run_journals, check_one_listed, 3, false);
JOURNAL_OPERATION(consumer_add, prepare_another, run_consumer_add, check_consumer_add, 3, false);
JOURNAL_OPERATION(consumer_remove, prepare_journal, run_consumer_remove, check_consumer_remove,
		  2, false);
JOURNAL_OPERATION(consumers, prepare_journal, run_consumers, check_one_listed, 3, false);
JOURNAL_OPERATION(journal_ack, prepare_record, run_journal_ack, check_journal_ack, 2, false);
JOURNAL_OPERATION(journal_read, prepare_record, run_journal_read, check_journal_read, 3, false);
JOURNAL_OPERATION(event_recorded, prepare_record, run_chmod_recorded, check_recorded, 2, true);
