// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl: the commands that show the kernel's side.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "fanotifyctl.h"
#include "filter.h"
#include "out.h"
#include "tree.h"

#define LABEL_CAPS	"\n    "

struct show {
	struct out out;
	struct mounts mounts;
};

/* What these commands have in common; a command has --group or takes words. */
struct show_args {
	bool json;
	bool help;
	__u32 group;
};

/* Return: 0; 1: help is wanted; -1: bad usage, and said so. */
static int show_args(char **argv, bool group_is_option, bool group_is_word,
		     struct show_args *args)
{
	const char *group = NULL;
	const struct option_def defs[] = {
		{ .name = "json", .flag = &args->json },
		{ .name = "help", .flag = &args->help },
		{ .name = group_is_option ? "group" : NULL, .value = &group },
		{ .name = NULL },
	};
	struct words words;

	*args = (struct show_args){ 0 };
	if (options_parse(defs, argv, &words))
		return -1;
	if (words.command || words.count > (group_is_word ? 1 : 0)) {
		usage_error("%s: one word too many",
			    words.count ? words.list[words.count - 1] : "--");
		return -1;
	}
	if (words.count)
		group = words.list[0];
	if (group && (parse_u32(group, &args->group) || !args->group)) {
		usage_error("%s: not a number of a group", group);
		return -1;
	}
	return args->help;
}

/* How a list ended: 0, 1 of a callback that has said why, or -errno. */
static int show_end(struct fanotify_nl *h, int ret, const char *what)
{
	if (ret < 0)
		fail_nl(h, ret, "%s", what);
	fanotify_nl_close(h);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* 0, or the errno that an access fails with. */
static const char *outcome_name(__u32 error)
{
	const char *name = strerrorname_np(error);

	return !error ? "allow" : name ? name : "unknown";
}

static void print_gate(struct out *o, const struct fanotify_nl_group_info *info)
{
	const struct fanotify_nl_settings *s = &info->settings;
	const struct fanotify_nl_gate *gate = &info->gate;
	const char *state = fanotify_nl_gate_state_name(gate->state);
	const char *on_evict = fanotify_nl_on_evict_name(s->on_evict);

	out_u64(o, "timeout_ms", "\n    timeout-ms ", s->timeout_ms);
	out_string(o, "on_timeout", "  on-timeout ", outcome_name(s->on_timeout));
	out_u64(o, "wait_ms", "  wait-ms ", s->wait_ms);
	out_u64(o, "evict_after", "  evict-after ", s->evict_after);
	out_string(o, "on_evict", "  on-evict ", on_evict ? on_evict : "unknown");
	out_u64(o, "linger_ms", "\n    linger-ms ", s->linger_ms);
	out_u64(o, "uid_pending", "  uid-pending ", s->uid_pending);
	out_u64(o, "window", "  window ", s->window);
	out_object(o, "gate");
	out_string(o, "state", "\n    state ", state ? state : "unknown");
	out_u64(o, "pending", "  pending ", gate->pending);
	out_u64(o, "parked", "  parked ", gate->parked);
	out_u64(o, "allowed", "\n    allowed ", gate->allowed);
	out_u64(o, "denied", "  denied ", gate->denied);
	out_u64(o, "deferred", "  deferred ", gate->deferred);
	out_u64(o, "timeouts", "  timeouts ", gate->timeouts);
	out_u64(o, "undelivered", "  undelivered ", gate->undelivered);
	out_u64(o, "withdrawn", "  withdrawn ", gate->withdrawn);
	out_u64(o, "abandoned", "  abandoned ", gate->abandoned);
	out_u64(o, "evictions", "\n    evictions ", gate->evictions);
	out_u64(o, "takeovers", "  take-overs ", gate->takeovers);
	out_u64(o, "remembered", "  remembered ", gate->remembered);
	out_u64(o, "not_remembered", "  not-remembered ", gate->not_remembered);
	out_object_end(o);
}

static int print_group(const struct fanotify_nl_group_info *info, void *arg)
{
	const struct fanotify_nl_settings *s = &info->settings;
	struct out *o = arg;

	out_begin(o);
	out_u64(o, "group", "group ", info->number);
	out_u64(o, "uid", "  uid ", info->uid);
	out_u64(o, "members", "  members ", info->members);
	out_u64(o, "marks", "  marks ", info->marks);
	out_s64(o, "priority", "  priority ", s->priority);
	out_u64(o, "queue_limit", "  queue-limit ", s->queue_limit);
	out_u64(o, "open_flags", NULL, s->open_flags);
	out_text(o, "  open-flags %#o", s->open_flags);
	out_bits(o, "flags", "  flags ", s->flags, out_group_flag);
	out_bits(o, "mask", "\n    mask ", s->mask, out_kind);
	out_bits(o, "stat", "\n    stat ", s->stat_mask, out_stat_field);
	filters_print(o, s);
	if (info->gate.state)
		print_gate(o, info);
	return out_end(o);
}

int cmd_group_show(char **argv)
{
	struct fanotify_nl_group_info info;
	struct show_args args;
	struct fanotify_nl *h;
	struct out out;
	int ret;

	ret = show_args(argv, false, true, &args);
	if (ret)
		return ret < 0 ? EXIT_USAGE : show_help("group show");
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	out = (struct out){ .json = args.json };
	if (!args.group)
		return show_end(h, fanotify_nl_groups(h, print_group, &out), "group show");
	ret = fanotify_nl_group_get(h, args.group, &info);
	if (!ret)
		ret = print_group(&info, &out);
	return show_end(h, ret, "group show");
}

static int print_mark(const struct fanotify_nl_mark_info *info, void *arg)
{
	const char *type = fanotify_nl_mark_type_name(info->type);
	struct show *show = arg;
	struct out *o = &show->out;
	const struct mount *mount;

	out_begin(o);
	out_u64(o, "group", "group ", info->group);
	out_u64(o, "mark", "  mark ", info->id);
	out_string(o, "type", "  ", type ? type : "unknown");
	out_u64(o, "dev_major", "  dev ", info->dev_major);
	out_u64(o, "dev_minor", ":", info->dev_minor);
	if (info->fs_name)
		out_bytes(o, "fs_name", "  type ", info->fs_name, strlen(info->fs_name));
	mount = mounts_by_dev(&show->mounts, info->dev_major, info->dev_minor);
	if (mount)
		out_bytes(o, "mounted", "  mounted ", mount->point, strlen(mount->point));
	if (info->type == FANOTIFY_MARK_TYPE_INODE)
		out_u64(o, "ino", "  ino ", info->ino);
	if (info->type == FANOTIFY_MARK_TYPE_MOUNT)
		out_u64(o, "mnt_id", "  mount id ", info->mnt_id);
	out_bits(o, "flags", "  flags ", info->flags, out_mark_flag);
	out_bits(o, "mask", "\n    mask ", info->mask, out_kind);
	out_bits(o, "ignore_mask", "\n    ignore ", info->ignore_mask, out_kind);
	return out_end(o);
}

int cmd_mark_show(char **argv)
{
	struct show show = { 0 };
	struct show_args args;
	struct fanotify_nl *h;
	int ret;

	ret = show_args(argv, true, false, &args);
	if (ret)
		return ret < 0 ? EXIT_USAGE : show_help("mark show");
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	show.out.json = args.json;
	mounts_read(&show.mounts);
	ret = show_end(h, fanotify_nl_marks(h, args.group, print_mark, &show), "mark show");
	mounts_free(&show.mounts);
	return ret;
}

static int print_member(const struct fanotify_nl_member_info *info, void *arg)
{
	const char *state = fanotify_nl_delivery_name(info->state);
	struct out *o = arg;

	out_begin(o);
	out_u64(o, "group", "group ", info->group);
	out_u64(o, "member", "  member ", info->member);
	out_u64(o, "tgid", "  process ", info->tgid);
	out_u64(o, "portid", "  port ", info->portid);
	out_string(o, "state", "  state ", state ? state : "unknown");
	out_u64(o, "seq", "\n    seq ", info->seq);
	out_u64(o, "pushed", "  pushed ", info->pushed);
	out_u64(o, "fetched", "  fetched ", info->fetched);
	out_u64(o, "lost", "  lost ", info->lost);
	out_u64(o, "gaps", "  gaps ", info->gaps);
	out_u64(o, "waiting", "\n    waiting ", info->waiting);
	out_u64(o, "waiting_bytes", "  bytes ", info->waiting_bytes);
	out_u64(o, "waiting_max", "  most bytes so far ", info->waiting_max);
	out_u64(o, "merged", "  merged ", info->merged);
	out_u64(o, "unanswered", "\n    unanswered ", info->unanswered);
	out_u64(o, "answered", "  answered ", info->answered);
	out_u64(o, "timeouts", "  timeouts ", info->timeouts);
	out_u64(o, "row", "  in a row ", info->row);
	return out_end(o);
}

int cmd_stats(char **argv)
{
	struct show_args args;
	struct fanotify_nl *h;
	struct out out;
	int ret;

	ret = show_args(argv, true, false, &args);
	if (ret)
		return ret < 0 ? EXIT_USAGE : show_help("stats");
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	out = (struct out){ .json = args.json };
	return show_end(h, fanotify_nl_stats(h, args.group, print_member, &out), "stats");
}

static void print_mark_caps(struct out *o, const char *name, const struct fanotify_nl_mark_caps *caps)
{
	out_text(o, "\nmark %s", name);
	out_object(o, name);
	out_bits(o, "mask", LABEL_CAPS "mask ", caps->mask, out_kind);
	out_bits(o, "ignore_mask", LABEL_CAPS "ignore ", caps->ignore_mask, out_kind);
	out_bits(o, "flags", LABEL_CAPS "flags ", caps->flags, out_mark_flag);
	out_object_end(o);
}

/* Bits are 1 << level. */
static const char *journal_level(__u64 bit)
{
	return bit ? fanotify_nl_journal_level_name(__builtin_ctzll(bit)) : NULL;
}

static int print_caps(struct out *o, const struct fanotify_nl_caps *caps)
{
	out_begin(o);
	out_string(o, "version", "module ", caps->version);
	/* a gap comes unasked */
	out_bits(o, "kinds", "\nkinds ", caps->kinds & ~(__u64)FANOTIFY_KIND_GAP, out_kind);
	out_bits(o, "exact", "\nexact ", caps->exact, out_kind);
	out_bits(o, "ranged", "\nranged ", caps->ranged, out_kind);
	out_bits(o, "stat", "\nstat ", caps->stat_mask, out_stat_field);
	out_u64(o, "event_max", "\nlimits" LABEL_CAPS "largest event ", caps->event_max);
	out_u64(o, "rcvbuf_min", LABEL_CAPS "smallest receive buffer ", caps->rcvbuf_min);
	out_u64(o, "queue_min", LABEL_CAPS "queue limit from ", caps->queue_min);
	out_u64(o, "queue_max", " to ", caps->queue_max);
	out_u64(o, "queue_default", ", default ", caps->queue_default);
	out_u64(o, "groups_max", LABEL_CAPS "groups per user ", caps->groups_max);
	out_u64(o, "members_max", LABEL_CAPS "members per group ", caps->members_max);
	out_u64(o, "marks_max", LABEL_CAPS "marks per group ", caps->marks_max);
	out_u64(o, "filters_max", LABEL_CAPS "filters per group ", caps->filters_max);
	out_u64(o, "permission_groups_max", LABEL_CAPS "permission groups ",
		caps->permission_groups_max);
	out_u64(o, "remembered_max", LABEL_CAPS "files with remembered verdicts ",
		caps->remembered_max);
	out_bits(o, "journal_levels", LABEL_CAPS "levels of journals ", caps->journal_levels,
		 journal_level);
	out_object(o, "marks");
	for (__u32 type = 1; type <= FANOTIFY_NL_MARK_TYPE_MAX; type++) {
		const char *name = fanotify_nl_mark_type_name(type);

		if (name && caps->marks[type].mask)
			print_mark_caps(o, name, &caps->marks[type]);
	}
	out_object_end(o);
	return out_end(o);
}

int cmd_capabilities(char **argv)
{
	struct fanotify_nl_caps caps;
	struct show_args args;
	struct fanotify_nl *h;
	struct out out;
	int ret;

	ret = show_args(argv, false, false, &args);
	if (ret)
		return ret < 0 ? EXIT_USAGE : show_help("capabilities");
	h = open_nl();
	if (!h)
		return EXIT_FAILURE;
	out = (struct out){ .json = args.json };
	ret = fanotify_nl_caps(h, &caps);
	if (!ret)
		ret = print_caps(&out, &caps);
	return show_end(h, ret, "capabilities");
}

/* Works without the module, or the right to ask it. */
int cmd_version(char **argv)
{
	struct fanotify_nl_caps caps;
	struct show_args args;
	struct fanotify_nl *h;
	struct utsname uts;
	struct out out;
	int ret;

	ret = show_args(argv, false, false, &args);
	if (ret)
		return ret < 0 ? EXIT_USAGE : show_help("version");
	out = (struct out){ .json = args.json };
	out_begin(&out);
	out_string(&out, "fanotifyctl", "fanotifyctl ", VERSION);
	out_string(&out, "libfanotify_nl", "\nlibfanotify-nl ", fanotify_nl_version());
	ret = fanotify_nl_open(&h);
	if (!ret)
		ret = fanotify_nl_caps(h, &caps);
	if (!ret)
		out_string(&out, "module", "\nmodule ", caps.version);
	else
		out_string(&out, "module_error", "\nmodule: ", fanotify_nl_error(h));
	fanotify_nl_close(h);
	if (!uname(&uts))
		out_string(&out, "kernel", "\nkernel ", uts.release);
	return out_end(&out) ? EXIT_FAILURE : EXIT_SUCCESS;
}
