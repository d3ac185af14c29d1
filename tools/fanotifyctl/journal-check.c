// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl journal check: is a ring file whole?
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event.h"
#include "journal.h"

/* How often a terminal sees how far it is. */
#define PROGRESS_EVERY	65536

struct counts {
	__u64 records;
	__u64 gaps;
	__u64 damaged;
};

static int print_damage(struct out *o, const struct fanotify_nl_ring_damage *damage)
{
	out_begin(o);
	out_text(o, "damaged");
	out_object(o, "damaged");
	out_u64(o, "offset", " at byte ", damage->offset);
	out_u64(o, "first", ": records ", damage->first);
	out_u64(o, "last", " to ", damage->last);
	out_string(o, "what", ": ", damage->what);
	out_object_end(o);
	return out_end(o);
}

static void show_progress(const struct fanotify_nl_ring *ring, __u64 n)
{
	__u64 done, all;

	if (n % PROGRESS_EVERY || !isatty(STDERR_FILENO))
		return;
	fanotify_nl_ring_progress(ring, &done, &all);
	fprintf(stderr, "\r%llu of %llu records", done, all);
}

/* Return: 0; 1: standard output failed, and said so; or -errno. */
static int read_all(struct fanotify_nl_ring *ring, struct out *o, struct counts *counts)
{
	struct fanotify_nl_ring_damage damage;
	struct fanotify_nl_event event;
	int ret;

	while ((ret = fanotify_nl_ring_next(ring, &event, &damage))) {
		if (ret == -EBADMSG) {
			counts->damaged += damage.last - damage.first + 1;
			if (print_damage(o, &damage))
				return 1;
			continue;
		}
		if (ret < 0)
			return ret;
		counts->records++;
		counts->gaps += event.mask & FANOTIFY_KIND_GAP ? 1 : 0;
		show_progress(ring, counts->records);
	}
	return 0;
}

static int print_consumer(const struct fanotify_nl_consumer_info *info, void *arg)
{
	struct out *o = arg;

	out_object(o, NULL);
	journal_consumer_print(o, "\n    ", info);
	out_object_end(o);
	return 0;
}

static bool is_cut_off(const struct fanotify_nl_ring_info *info)
{
	return info->present < info->size;
}

static int print_summary(const struct fanotify_nl_ring *ring,
			 const struct fanotify_nl_ring_info *info, struct out *o,
			 const struct counts *counts)
{
	out_begin(o);
	uuid_print(o, info->uuid);
	out_u64(o, "size", "size ", info->size);
	if (is_cut_off(info))
		out_u64(o, "present", " but cut off at ", info->present);
	out_u64(o, "oldest", "  records ", info->oldest);
	out_u64(o, "newest", " to ", info->newest);
	out_string(o, "stopped", "  ", info->clean ? "stopped" : "not stopped");
	out_u64(o, "header_copies", "  good copies of the header ", info->copies);
	out_u64(o, "epochs", "  starts ", info->epochs);
	journal_time(o, "covered_since", "\n    covered since ", info->covered_since);
	out_u64(o, "covered_index", ", record ", info->covered_index);
	journal_time(o, "realtime", "  header of ", info->realtime);
	out_u64(o, "records", "\n    whole ", counts->records);
	out_u64(o, "gaps", "  of them gaps ", counts->gaps);
	out_u64(o, "records_damaged", "  damaged ", counts->damaged);
	out_list(o, "consumers");
	fanotify_nl_ring_consumers(ring, print_consumer, o);
	out_list_end(o);
	return out_end(o);
}

/* A copy that was cut off looks whole where its header knows no later record. */
static int finish(const struct fanotify_nl_ring *ring, struct out *o, const struct counts *counts)
{
	struct fanotify_nl_ring_info info;

	fanotify_nl_ring_info(ring, &info);
	return print_summary(ring, &info, o, counts) || is_cut_off(&info);
}

int cmd_journal_check(char **argv)
{
	struct counts counts = { 0 };
	struct out out = { 0 };
	bool help = false;
	const struct option_def defs[] = {
		{ .name = "help", .flag = &help },
		{ .name = "json", .flag = &out.json },
		{ .name = NULL },
	};
	struct fanotify_nl_ring *ring;
	const char *path;
	int ret;

	ret = journal_words(argv, defs, &help, "journal check", false, &path);
	if (ret)
		return journal_words_status(ret);
	ret = fanotify_nl_ring_open(&ring, path);
	if (!ret)
		ret = read_all(ring, &out, &counts);
	if (ret < 0)
		complain("journal check: %s: %s (%s)", path, fanotify_nl_ring_error(ring),
			 strerrorname_np(-ret));
	else if (!ret)
		ret = finish(ring, &out, &counts);
	fanotify_nl_ring_close(ring);
	return ret || counts.damaged ? EXIT_FAILURE : EXIT_SUCCESS;
}
