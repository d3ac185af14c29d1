// SPDX-License-Identifier: GPL-2.0
/*
 * Journalists: they start a journal, read and acknowledge, stop it and die, while its
 * filesystem and the module go and come back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "soak.h"

#define LIFE		1500
#define WAIT_MS		20
/* Who reads without one keeps the filesystem busy, and members from the CPUs. */
#define PAUSE_US	20000

/**
 * struct reader - a consumer, and how far it has read
 * @name: its name
 * @id: number of the journal
 * @cursor: behind what it goes on, if there is an index
 */
struct reader {
	char name[16];
	__u32 id;
	struct fanotify_nl_cursor cursor;
};

/*
 * To open the ring file is denied, by a gate or because one was evicted; or the other one
 * has it open for writing, too, as it wants to start the journal.
 */
static bool is_denied(int error)
{
	return error == -EIO || error == -EPERM || error == -ETXTBSY;
}

/* It runs already, or does not run yet, or its filesystem is away. */
static bool find_journal(struct member *m, struct reader *r)
{
	const struct fanotify_nl_journal_settings settings = {
		.set = FANOTIFY_NL_JOURNAL_SET_INTERVAL_MS | FANOTIFY_NL_JOURNAL_SET_QUEUE_LIMIT,
		.interval_ms = 10 << rng_below(m->rng, 8),
		.queue_limit = 65536 << rng_below(m->rng, 6),
	};
	struct fanotify_nl_journal_info info;
	/* to look takes no file that a gate would have to let be opened */
	int ret = fanotify_nl_journal_get(m->h, "ext4", &info);

	if (!ret) {
		did(OP_journal_join, true);
	} else {
		ret = fanotify_nl_journal_start(m->h, "ext4", &settings, &info);
		if (!did(OP_journal_start, !ret) && ret != -EALREADY && !is_fair(ret) &&
		    !is_denied(ret))
			wrong("journal_start: %s (%s)", strerror(-ret), fanotify_nl_error(m->h));
	}
	if (!ret)
		r->id = info.id;
	return !ret;
}

/* Each record has the index after the one before, unless the answer says what is missing. */
static int read_records(struct member *m, struct reader *r)
{
	const struct fanotify_nl_read read = {
		.consumer = r->name,
		.cursor = r->cursor.index ? &r->cursor : NULL,
		.options = rng_percent(m->rng, 20) ? FANOTIFY_NL_READ_FLUSH : 0,
		.wait_ms = rng_below(m->rng, WAIT_MS),
	};
	struct fanotify_nl_records records;
	struct fanotify_nl_event event;
	__u64 last = r->cursor.index;
	int ret = fanotify_nl_journal_read(m->h, r->id, &read, &records);

	if (!told(m, OP_record, ret))
		return ret;
	if (records.has_gap)
		last = 0;
	while ((ret = fanotify_nl_journal_next(m->h, &event)) == 1) {
		if (last && event.seq != last + 1)
			wrong("record %llu after %llu", (unsigned long long)event.seq,
			      (unsigned long long)last);
		last = event.seq;
		if (event.mask & FANOTIFY_KIND_GAP)
			did(OP_record_gap, true);
	}
	if (ret || (last && records.cursor.index != last))
		wrong("records end with %llu: %s, but the cursor is %llu",
		      (unsigned long long)last, strerror(-ret),
		      (unsigned long long)records.cursor.index);
	r->cursor = records.cursor;
	return 0;
}

static int acknowledge(struct member *m, struct reader *r)
{
	bool reset = rng_percent(m->rng, 25);
	int options = rng_percent(m->rng, 30) ? FANOTIFY_NL_ACK_SYNC : 0;
	int ret;

	if (!r->cursor.index)
		return 0;
	if (reset)
		options |= FANOTIFY_NL_ACK_RESET;
	ret = fanotify_nl_consumer_ack(m->h, r->id, r->name, NULL, &r->cursor, options);
	told(m, reset ? OP_journal_reset : OP_journal_ack, ret);
	return ret;
}

static int add_consumer(struct member *m, const struct reader *r)
{
	const struct fanotify_nl_consumer consumer = { .name = r->name };
	__u64 token;
	int ret = fanotify_nl_consumer_add(m->h, r->id, &consumer, &token, NULL);

	told(m, OP_consumer_add, ret);
	return ret;
}

static int ignore_journal(const struct fanotify_nl_journal_info *info, void *arg)
{
	return 0;
}

static int ignore_consumer(const struct fanotify_nl_consumer_info *info, void *arg)
{
	return 0;
}

/* Return: 0, or why the journal is of no more use. */
static int use_journal(struct member *m, struct reader *r)
{
	unsigned int dice = rng_below(m->rng, 100);
	int ret;

	if (dice < 50)
		return read_records(m, r);
	if (dice < 74)
		return acknowledge(m, r);
	if (dice < 82) {
		ret = fanotify_nl_journals(m->h, ignore_journal, NULL);
		told(m, OP_journal_list, ret);
	} else if (dice < 90) {
		ret = fanotify_nl_consumers(m->h, r->id, ignore_consumer, NULL);
		told(m, OP_consumer_list, ret);
	} else if (dice < 95) {
		ret = fanotify_nl_consumer_remove(m->h, r->id, r->name, NULL);
		told(m, OP_consumer_remove, ret);
		if (!ret)
			ret = add_consumer(m, r);
	} else {
		ret = fanotify_nl_journal_stop(m->h, r->id, rng_percent(m->rng, 50));
		told(m, OP_journal_stop, ret);
		/* busy, it goes on */
		if (!ret)
			ret = -ENOENT;
	}
	return ret;
}

static void follow(struct member *m, struct reader *r)
{
	struct span life = some_span(m->rng, LIFE);
	int ret = add_consumer(m, r);

	while ((!ret || ret == -EEXIST) && !is_over(&life)) {
		ret = use_journal(m, r);
		usleep(rng_below(m->rng, PAUSE_US));
	}
}

void journalist(unsigned int number, struct rng *rng)
{
	struct reader r = { 0 };

	snprintf(r.name, sizeof(r.name), "soak-%u", number);
	while (!shared->stop) {
		struct member m = { .rng = rng };

		if (!fanotify_nl_open(&m.h) && find_journal(&m, &r))
			follow(&m, &r);
		else
			usleep(20000);
		fanotify_nl_close(m.h);
	}
}
