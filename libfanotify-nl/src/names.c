// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names of kinds, types, flags, reasons: those of the protocol's spec.
 */
#include <errno.h>
#include <string.h>

#include <fanotify-nl/fanotify-nl.h>

#include "internal.h"

struct name {
	__u64 value;
	const char *name;
};

#include "names-gen.h"

#define COUNT(table)	(sizeof(table) / sizeof((table)[0]))

/*
 * Kinds that "all" leaves out: rename is the idiom, a gap needs no asking, and what
 * makes others wait is to be asked for by name.
 */
#define NOT_IN_ALL								\
	(FANOTIFY_KIND_MOVED_FROM | FANOTIFY_KIND_MOVED_TO | FANOTIFY_KIND_GAP |	\
	 FANOTIFY_KIND_OPEN_PERM | FANOTIFY_KIND_OPEN_EXEC_PERM | FANOTIFY_KIND_ACCESS_PERM | \
	 FANOTIFY_KIND_PRE_ACCESS)

static const char *name_of(const struct name *table, size_t count, __u64 value)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].value == value)
			return table[i].name;
	return NULL;
}

static __u64 value_of(const struct name *table, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(table[i].name) == len && !memcmp(table[i].name, name, len))
			return table[i].value;
	return 0;
}

API const char *fanotify_nl_kind_name(__u64 bit)
{
	return name_of(kind_names, COUNT(kind_names), bit);
}

API const char *fanotify_nl_mark_type_name(__u32 type)
{
	return name_of(mark_type_names, COUNT(mark_type_names), type);
}

API const char *fanotify_nl_mark_flag_name(__u32 bit)
{
	return name_of(mark_flag_names, COUNT(mark_flag_names), bit);
}

API const char *fanotify_nl_group_flag_name(__u32 bit)
{
	return name_of(group_flag_names, COUNT(group_flag_names), bit);
}

API const char *fanotify_nl_filter_flag_name(__u32 bit)
{
	return name_of(filter_flag_names, COUNT(filter_flag_names), bit);
}

API const char *fanotify_nl_stat_field_name(__u32 bit)
{
	return name_of(stat_field_names, COUNT(stat_field_names), bit);
}

API const char *fanotify_nl_changed_name(__u32 bit)
{
	return name_of(changed_names, COUNT(changed_names), bit);
}

API const char *fanotify_nl_event_flag_name(__u32 bit)
{
	return name_of(event_flag_names, COUNT(event_flag_names), bit);
}

API const char *fanotify_nl_gap_reason_name(__u32 reason)
{
	return name_of(gap_reason_names, COUNT(gap_reason_names), reason);
}

API const char *fanotify_nl_gap_scope_name(__u32 scope)
{
	return name_of(gap_scope_names, COUNT(gap_scope_names), scope);
}

API const char *fanotify_nl_delivery_name(__u32 state)
{
	return name_of(delivery_names, COUNT(delivery_names), state);
}

API const char *fanotify_nl_verdict_name(__u32 verdict)
{
	return name_of(verdict_names, COUNT(verdict_names), verdict);
}

API const char *fanotify_nl_on_evict_name(__u32 on_evict)
{
	return name_of(on_evict_names, COUNT(on_evict_names), on_evict);
}

API const char *fanotify_nl_gate_state_name(__u32 state)
{
	return name_of(gate_state_names, COUNT(gate_state_names), state);
}

API const char *fanotify_nl_control_event_name(__u32 what)
{
	return name_of(control_event_names, COUNT(control_event_names), what);
}

API const char *fanotify_nl_verdict_flag_name(__u32 bit)
{
	return name_of(verdict_flag_names, COUNT(verdict_flag_names), bit);
}

API const char *fanotify_nl_journal_level_name(__u32 level)
{
	return name_of(journal_level_names, COUNT(journal_level_names), level);
}

API const char *fanotify_nl_journal_state_name(__u32 state)
{
	return name_of(journal_state_names, COUNT(journal_state_names), state);
}

API const char *fanotify_nl_consumer_start_name(__u32 start)
{
	return name_of(consumer_start_names, COUNT(consumer_start_names), start);
}

static __u64 all_kinds(void)
{
	__u64 mask = 0;

	for (size_t i = 0; i < COUNT(kind_names); i++)
		mask |= kind_names[i].value;
	return mask & ~(__u64)NOT_IN_ALL;
}

API int fanotify_nl_kind_parse(const char *names, __u64 *mask)
{
	__u64 all = 0;

	for (;;) {
		size_t len = strcspn(names, ",");
		__u64 one;

		if (len == 3 && !memcmp(names, "all", 3))
			one = all_kinds();
		else
			one = value_of(kind_names, COUNT(kind_names), names, len);
		if (!one)
			return -EINVAL;
		all |= one;
		if (!names[len])
			break;
		names += len + 1;
	}
	*mask = all;
	return 0;
}

API int fanotify_nl_mark_type_parse(const char *name)
{
	__u64 type = value_of(mark_type_names, COUNT(mark_type_names), name, strlen(name));

	return type ? (int)type : -EINVAL;
}
