// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/fanotify-nl.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/fanotify-nl.h>

/* Integer value ranges */
static const struct netlink_range_validation fanotify_a_group_timeout_ms_range = {
	.min	= FANOTIFY_TIMEOUT_MS_MIN,
	.max	= FANOTIFY_TIMEOUT_MS_MAX,
};

static const struct netlink_range_validation fanotify_a_group_wait_ms_range = {
	.min	= FANOTIFY_TIMEOUT_MS_MIN,
	.max	= FANOTIFY_WAIT_MS_MAX,
};

static const struct netlink_range_validation fanotify_a_group_evict_after_range = {
	.max	= 1000000ULL,
};

static const struct netlink_range_validation fanotify_a_group_linger_ms_range = {
	.max	= FANOTIFY_LINGER_MS_MAX,
};

static const struct netlink_range_validation fanotify_a_group_uid_pending_range = {
	.min	= 1ULL,
	.max	= FANOTIFY_UID_PENDING_MAX,
};

static const struct netlink_range_validation fanotify_a_fetch_max_bytes_range = {
	.min	= FANOTIFY_FETCH_MIN,
	.max	= FANOTIFY_FETCH_MAX,
};

static const struct netlink_range_validation fanotify_a_journal_interval_ms_range = {
	.min	= FANOTIFY_INTERVAL_MS_MIN,
	.max	= FANOTIFY_INTERVAL_MS_MAX,
};

static const struct netlink_range_validation fanotify_a_journal_read_max_bytes_range = {
	.min	= FANOTIFY_FETCH_MIN,
	.max	= FANOTIFY_FETCH_MAX,
};

static const struct netlink_range_validation fanotify_a_journal_read_wait_ms_range = {
	.max	= FANOTIFY_READ_WAIT_MS_MAX,
};

/* Common nested types */
const struct nla_policy fanotify_answer_nl_policy[FANOTIFY_A_ANSWER_FLAGS + 1] = {
	[FANOTIFY_A_ANSWER_ID] = { .type = NLA_U64, },
	[FANOTIFY_A_ANSWER_RESPONSE] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[FANOTIFY_A_ANSWER_ERROR] = { .type = NLA_U32, },
	[FANOTIFY_A_ANSWER_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3),
};

const struct nla_policy fanotify_filter_nl_policy[FANOTIFY_A_FILTER_NAME + 1] = {
	[FANOTIFY_A_FILTER_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x7),
	[FANOTIFY_A_FILTER_TGID] = { .type = NLA_U32, },
	[FANOTIFY_A_FILTER_START] = { .type = NLA_U64, },
	[FANOTIFY_A_FILTER_UID] = { .type = NLA_U32, },
	[FANOTIFY_A_FILTER_CGROUP] = { .type = NLA_U64, },
	[FANOTIFY_A_FILTER_NAME] = { .type = NLA_NUL_STRING, .len = FANOTIFY_PATTERN_MAX, },
};

const struct nla_policy fanotify_filters_nl_policy[FANOTIFY_A_FILTERS_FILTER + 1] = {
	[FANOTIFY_A_FILTERS_FILTER] = NLA_POLICY_NESTED(fanotify_filter_nl_policy),
};

/* FANOTIFY_CMD_BIND - do */
static const struct nla_policy fanotify_bind_nl_policy[FANOTIFY_A_GROUP_WINDOW + 1] = {
	[FANOTIFY_A_GROUP_NUMBER] = { .type = NLA_U32, },
	[FANOTIFY_A_GROUP_PRIORITY] = { .type = NLA_S32, },
	[FANOTIFY_A_GROUP_MASK] = { .type = NLA_UINT, },
	[FANOTIFY_A_GROUP_STAT_MASK] = NLA_POLICY_MASK(NLA_U32, 0x7fe),
	[FANOTIFY_A_GROUP_OPEN_FLAGS] = { .type = NLA_U32, },
	[FANOTIFY_A_GROUP_QUEUE_LIMIT] = { .type = NLA_UINT, },
	[FANOTIFY_A_GROUP_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0xf),
	[FANOTIFY_A_GROUP_EXCL] = { .type = NLA_FLAG, },
	[FANOTIFY_A_GROUP_TIMEOUT_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_group_timeout_ms_range),
	[FANOTIFY_A_GROUP_ON_TIMEOUT] = { .type = NLA_U32, },
	[FANOTIFY_A_GROUP_WAIT_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_group_wait_ms_range),
	[FANOTIFY_A_GROUP_EVICT_AFTER] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_group_evict_after_range),
	[FANOTIFY_A_GROUP_ON_EVICT] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
	[FANOTIFY_A_GROUP_LINGER_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_group_linger_ms_range),
	[FANOTIFY_A_GROUP_UID_PENDING] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_group_uid_pending_range),
	[FANOTIFY_A_GROUP_WINDOW] = NLA_POLICY_RANGE(NLA_U32, FANOTIFY_WINDOW_MIN, FANOTIFY_WINDOW_MAX),
	[FANOTIFY_A_GROUP_FILTERS] = NLA_POLICY_NESTED(fanotify_filters_nl_policy),
};

/* FANOTIFY_CMD_UNBIND - do */
static const struct nla_policy fanotify_unbind_nl_policy[FANOTIFY_A_GROUP_TOKEN + 1] = {
	[FANOTIFY_A_GROUP_NUMBER] = { .type = NLA_U32, },
	[FANOTIFY_A_GROUP_TOKEN] = { .type = NLA_U64, },
};

/* FANOTIFY_CMD_GROUP_GET - do */
static const struct nla_policy fanotify_group_get_nl_policy[FANOTIFY_A_GROUP_NUMBER + 1] = {
	[FANOTIFY_A_GROUP_NUMBER] = { .type = NLA_U32, },
};

/* FANOTIFY_CMD_GROUP_SET - do */
static const struct nla_policy fanotify_group_set_nl_policy[FANOTIFY_A_GROUP_WINDOW + 1] = {
	[FANOTIFY_A_GROUP_NUMBER] = { .type = NLA_U32, },
	[FANOTIFY_A_GROUP_TOKEN] = { .type = NLA_U64, },
	[FANOTIFY_A_GROUP_PRIORITY] = { .type = NLA_S32, },
	[FANOTIFY_A_GROUP_MASK] = { .type = NLA_UINT, },
	[FANOTIFY_A_GROUP_STAT_MASK] = NLA_POLICY_MASK(NLA_U32, 0x7fe),
	[FANOTIFY_A_GROUP_QUEUE_LIMIT] = { .type = NLA_UINT, },
	[FANOTIFY_A_GROUP_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0xf),
	[FANOTIFY_A_GROUP_TIMEOUT_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_group_timeout_ms_range),
	[FANOTIFY_A_GROUP_ON_TIMEOUT] = { .type = NLA_U32, },
	[FANOTIFY_A_GROUP_WAIT_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_group_wait_ms_range),
	[FANOTIFY_A_GROUP_EVICT_AFTER] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_group_evict_after_range),
	[FANOTIFY_A_GROUP_ON_EVICT] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
	[FANOTIFY_A_GROUP_LINGER_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_group_linger_ms_range),
	[FANOTIFY_A_GROUP_UID_PENDING] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_group_uid_pending_range),
	[FANOTIFY_A_GROUP_WINDOW] = NLA_POLICY_RANGE(NLA_U32, FANOTIFY_WINDOW_MIN, FANOTIFY_WINDOW_MAX),
	[FANOTIFY_A_GROUP_FILTERS] = NLA_POLICY_NESTED(fanotify_filters_nl_policy),
};

/* FANOTIFY_CMD_MARK_ADD - do */
static const struct nla_policy fanotify_mark_add_nl_policy[FANOTIFY_A_MARK_EXCL + 1] = {
	[FANOTIFY_A_MARK_GROUP] = { .type = NLA_U32, },
	[FANOTIFY_A_MARK_TOKEN] = { .type = NLA_U64, },
	[FANOTIFY_A_MARK_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, 5),
	[FANOTIFY_A_MARK_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[FANOTIFY_A_MARK_MASK] = { .type = NLA_UINT, },
	[FANOTIFY_A_MARK_IGNORE_MASK] = { .type = NLA_UINT, },
	[FANOTIFY_A_MARK_FLAGS] = NLA_POLICY_MASK(NLA_U32, 0x3),
	[FANOTIFY_A_MARK_FSTYPE] = { .type = NLA_STRING, .len = FANOTIFY_FSTYPE_MAX, },
	[FANOTIFY_A_MARK_MNT_ID] = { .type = NLA_U64, },
	[FANOTIFY_A_MARK_EXCL] = { .type = NLA_FLAG, },
};

/* FANOTIFY_CMD_MARK_REMOVE - do */
static const struct nla_policy fanotify_mark_remove_nl_policy[FANOTIFY_A_MARK_IGNORE_MASK + 1] = {
	[FANOTIFY_A_MARK_GROUP] = { .type = NLA_U32, },
	[FANOTIFY_A_MARK_TOKEN] = { .type = NLA_U64, },
	[FANOTIFY_A_MARK_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, 5),
	[FANOTIFY_A_MARK_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[FANOTIFY_A_MARK_MASK] = { .type = NLA_UINT, },
	[FANOTIFY_A_MARK_IGNORE_MASK] = { .type = NLA_UINT, },
};

/* FANOTIFY_CMD_MARK_FLUSH - do */
static const struct nla_policy fanotify_mark_flush_nl_policy[FANOTIFY_A_MARK_TYPE + 1] = {
	[FANOTIFY_A_MARK_GROUP] = { .type = NLA_U32, },
	[FANOTIFY_A_MARK_TOKEN] = { .type = NLA_U64, },
	[FANOTIFY_A_MARK_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, 5),
};

/* FANOTIFY_CMD_MARK_GET - dump */
static const struct nla_policy fanotify_mark_get_nl_policy[FANOTIFY_A_MARK_GROUP + 1] = {
	[FANOTIFY_A_MARK_GROUP] = { .type = NLA_U32, },
};

/* FANOTIFY_CMD_FETCH - do */
static const struct nla_policy fanotify_fetch_nl_policy[FANOTIFY_A_FETCH_MAX_BYTES + 1] = {
	[FANOTIFY_A_FETCH_MAX_BYTES] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_fetch_max_bytes_range),
};

/* FANOTIFY_CMD_EVENT_OPEN - do */
static const struct nla_policy fanotify_event_open_nl_policy[FANOTIFY_A_EVENT_OPEN_ID + 1] = {
	[FANOTIFY_A_EVENT_OPEN_GROUP] = { .type = NLA_U32, },
	[FANOTIFY_A_EVENT_OPEN_TOKEN] = { .type = NLA_U64, },
	[FANOTIFY_A_EVENT_OPEN_MOUNT_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE] = { .type = NLA_S32, },
	[FANOTIFY_A_EVENT_OPEN_HANDLE] = { .type = NLA_BINARY, },
	[FANOTIFY_A_EVENT_OPEN_ID] = { .type = NLA_U64, },
};

/* FANOTIFY_CMD_STATS_GET - dump */
static const struct nla_policy fanotify_stats_get_nl_policy[FANOTIFY_A_MEMBER_GROUP + 1] = {
	[FANOTIFY_A_MEMBER_GROUP] = { .type = NLA_U32, },
};

/* FANOTIFY_CMD_VERDICT - do */
static const struct nla_policy fanotify_verdict_nl_policy[FANOTIFY_A_VERDICT_ANSWER + 1] = {
	[FANOTIFY_A_VERDICT_GROUP] = { .type = NLA_U32, },
	[FANOTIFY_A_VERDICT_TOKEN] = { .type = NLA_U64, },
	[FANOTIFY_A_VERDICT_ANSWER] = NLA_POLICY_NESTED(fanotify_answer_nl_policy),
};

/* FANOTIFY_CMD_GATE_LIFT - do */
static const struct nla_policy fanotify_gate_lift_nl_policy[FANOTIFY_A_GROUP_NUMBER + 1] = {
	[FANOTIFY_A_GROUP_NUMBER] = { .type = NLA_U32, },
};

/* FANOTIFY_CMD_JOURNAL_START - do */
static const struct nla_policy fanotify_journal_start_nl_policy[FANOTIFY_A_JOURNAL_QUEUE_LIMIT + 1] = {
	[FANOTIFY_A_JOURNAL_RING_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[FANOTIFY_A_JOURNAL_PATH] = { .type = NLA_NUL_STRING, .len = FANOTIFY_JOURNAL_PATH_MAX, },
	[FANOTIFY_A_JOURNAL_CREATE] = { .type = NLA_FLAG, },
	[FANOTIFY_A_JOURNAL_LEVEL] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
	[FANOTIFY_A_JOURNAL_MASK] = { .type = NLA_UINT, },
	[FANOTIFY_A_JOURNAL_INTERVAL_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_journal_interval_ms_range),
	[FANOTIFY_A_JOURNAL_IDLE_LIMIT] = { .type = NLA_UINT, },
	[FANOTIFY_A_JOURNAL_QUEUE_LIMIT] = { .type = NLA_UINT, },
};

/* FANOTIFY_CMD_JOURNAL_STOP - do */
static const struct nla_policy fanotify_journal_stop_nl_policy[FANOTIFY_A_JOURNAL_FORCE + 1] = {
	[FANOTIFY_A_JOURNAL_ID] = { .type = NLA_U32, },
	[FANOTIFY_A_JOURNAL_FD] = NLA_POLICY_MIN(NLA_S32, 0),
	[FANOTIFY_A_JOURNAL_FORCE] = { .type = NLA_FLAG, },
};

/* FANOTIFY_CMD_JOURNAL_GET - do */
static const struct nla_policy fanotify_journal_get_nl_policy[FANOTIFY_A_JOURNAL_FD + 1] = {
	[FANOTIFY_A_JOURNAL_ID] = { .type = NLA_U32, },
	[FANOTIFY_A_JOURNAL_FD] = NLA_POLICY_MIN(NLA_S32, 0),
};

/* FANOTIFY_CMD_JOURNAL_READ - do */
static const struct nla_policy fanotify_journal_read_nl_policy[FANOTIFY_A_JOURNAL_READ_WAIT_MS + 1] = {
	[FANOTIFY_A_JOURNAL_READ_JOURNAL] = { .type = NLA_U32, },
	[FANOTIFY_A_JOURNAL_READ_CONSUMER] = { .type = NLA_NUL_STRING, .len = FANOTIFY_CONSUMER_NAME_MAX, },
	[FANOTIFY_A_JOURNAL_READ_UUID] = NLA_POLICY_EXACT_LEN(FANOTIFY_UUID_LEN),
	[FANOTIFY_A_JOURNAL_READ_EPOCH] = { .type = NLA_U64, },
	[FANOTIFY_A_JOURNAL_READ_INDEX] = { .type = NLA_UINT, },
	[FANOTIFY_A_JOURNAL_READ_MAX_BYTES] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_journal_read_max_bytes_range),
	[FANOTIFY_A_JOURNAL_READ_FLUSH] = { .type = NLA_FLAG, },
	[FANOTIFY_A_JOURNAL_READ_WAIT_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &fanotify_a_journal_read_wait_ms_range),
};

/* FANOTIFY_CMD_CONSUMER_ADD - do */
static const struct nla_policy fanotify_consumer_add_nl_policy[FANOTIFY_A_CONSUMER_START + 1] = {
	[FANOTIFY_A_CONSUMER_JOURNAL] = { .type = NLA_U32, },
	[FANOTIFY_A_CONSUMER_NAME] = { .type = NLA_NUL_STRING, .len = FANOTIFY_CONSUMER_NAME_MAX, },
	[FANOTIFY_A_CONSUMER_MASK] = { .type = NLA_UINT, },
	[FANOTIFY_A_CONSUMER_START] = NLA_POLICY_RANGE(NLA_U32, 1, 2),
};

/* FANOTIFY_CMD_CONSUMER_REMOVE - do */
static const struct nla_policy fanotify_consumer_remove_nl_policy[FANOTIFY_A_CONSUMER_FORCE + 1] = {
	[FANOTIFY_A_CONSUMER_JOURNAL] = { .type = NLA_U32, },
	[FANOTIFY_A_CONSUMER_NAME] = { .type = NLA_NUL_STRING, .len = FANOTIFY_CONSUMER_NAME_MAX, },
	[FANOTIFY_A_CONSUMER_TOKEN] = { .type = NLA_U64, },
	[FANOTIFY_A_CONSUMER_FORCE] = { .type = NLA_FLAG, },
};

/* FANOTIFY_CMD_CONSUMER_ACK - do */
static const struct nla_policy fanotify_consumer_ack_nl_policy[FANOTIFY_A_CONSUMER_UUID + 1] = {
	[FANOTIFY_A_CONSUMER_JOURNAL] = { .type = NLA_U32, },
	[FANOTIFY_A_CONSUMER_NAME] = { .type = NLA_NUL_STRING, .len = FANOTIFY_CONSUMER_NAME_MAX, },
	[FANOTIFY_A_CONSUMER_TOKEN] = { .type = NLA_U64, },
	[FANOTIFY_A_CONSUMER_FORCE] = { .type = NLA_FLAG, },
	[FANOTIFY_A_CONSUMER_UUID] = NLA_POLICY_EXACT_LEN(FANOTIFY_UUID_LEN),
	[FANOTIFY_A_CONSUMER_EPOCH] = { .type = NLA_U64, },
	[FANOTIFY_A_CONSUMER_ACKED] = { .type = NLA_UINT, },
	[FANOTIFY_A_CONSUMER_RESET] = { .type = NLA_FLAG, },
	[FANOTIFY_A_CONSUMER_SYNC] = { .type = NLA_FLAG, },
};

/* FANOTIFY_CMD_CONSUMER_GET - dump */
static const struct nla_policy fanotify_consumer_get_nl_policy[FANOTIFY_A_CONSUMER_JOURNAL + 1] = {
	[FANOTIFY_A_CONSUMER_JOURNAL] = { .type = NLA_U32, },
};

/* Ops table for fanotify */
static const struct genl_split_ops fanotify_nl_ops[] = {
	{
		.cmd		= FANOTIFY_CMD_BIND,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_bind_doit,
		.policy		= fanotify_bind_nl_policy,
		.maxattr	= FANOTIFY_A_GROUP_WINDOW,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_UNBIND,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_unbind_doit,
		.policy		= fanotify_unbind_nl_policy,
		.maxattr	= FANOTIFY_A_GROUP_TOKEN,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_GROUP_GET,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_group_get_doit,
		.policy		= fanotify_group_get_nl_policy,
		.maxattr	= FANOTIFY_A_GROUP_NUMBER,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= FANOTIFY_CMD_GROUP_GET,
		.start	= fanotify_nl_dump_start,
		.dumpit	= fanotify_nl_group_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FANOTIFY_CMD_GROUP_SET,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_group_set_doit,
		.policy		= fanotify_group_set_nl_policy,
		.maxattr	= FANOTIFY_A_GROUP_WINDOW,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_MARK_ADD,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_mark_add_doit,
		.policy		= fanotify_mark_add_nl_policy,
		.maxattr	= FANOTIFY_A_MARK_EXCL,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_MARK_REMOVE,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_mark_remove_doit,
		.policy		= fanotify_mark_remove_nl_policy,
		.maxattr	= FANOTIFY_A_MARK_IGNORE_MASK,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_MARK_FLUSH,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_mark_flush_doit,
		.policy		= fanotify_mark_flush_nl_policy,
		.maxattr	= FANOTIFY_A_MARK_TYPE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_MARK_GET,
		.start		= fanotify_nl_dump_start,
		.dumpit		= fanotify_nl_mark_get_dumpit,
		.policy		= fanotify_mark_get_nl_policy,
		.maxattr	= FANOTIFY_A_MARK_GROUP,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FANOTIFY_CMD_FETCH,
		.pre_doit	= fanotify_nl_in_turn,
		.doit		= fanotify_nl_fetch_doit,
		.policy		= fanotify_fetch_nl_policy,
		.maxattr	= FANOTIFY_A_FETCH_MAX_BYTES,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_EVENT_OPEN,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_event_open_doit,
		.policy		= fanotify_event_open_nl_policy,
		.maxattr	= FANOTIFY_A_EVENT_OPEN_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_STATS_GET,
		.start		= fanotify_nl_dump_start,
		.dumpit		= fanotify_nl_stats_get_dumpit,
		.policy		= fanotify_stats_get_nl_policy,
		.maxattr	= FANOTIFY_A_MEMBER_GROUP,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FANOTIFY_CMD_CAPS_GET,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_caps_get_doit,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_VERDICT,
		.pre_doit	= fanotify_nl_in_turn,
		.doit		= fanotify_nl_verdict_doit,
		.policy		= fanotify_verdict_nl_policy,
		.maxattr	= FANOTIFY_A_VERDICT_ANSWER,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_GATE_LIFT,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_gate_lift_doit,
		.policy		= fanotify_gate_lift_nl_policy,
		.maxattr	= FANOTIFY_A_GROUP_NUMBER,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_JOURNAL_START,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_journal_start_doit,
		.policy		= fanotify_journal_start_nl_policy,
		.maxattr	= FANOTIFY_A_JOURNAL_QUEUE_LIMIT,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_JOURNAL_STOP,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_journal_stop_doit,
		.policy		= fanotify_journal_stop_nl_policy,
		.maxattr	= FANOTIFY_A_JOURNAL_FORCE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_JOURNAL_GET,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_journal_get_doit,
		.policy		= fanotify_journal_get_nl_policy,
		.maxattr	= FANOTIFY_A_JOURNAL_FD,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= FANOTIFY_CMD_JOURNAL_GET,
		.start	= fanotify_nl_dump_start,
		.dumpit	= fanotify_nl_journal_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FANOTIFY_CMD_JOURNAL_READ,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_journal_read_doit,
		.policy		= fanotify_journal_read_nl_policy,
		.maxattr	= FANOTIFY_A_JOURNAL_READ_WAIT_MS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_CONSUMER_ADD,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_consumer_add_doit,
		.policy		= fanotify_consumer_add_nl_policy,
		.maxattr	= FANOTIFY_A_CONSUMER_START,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_CONSUMER_REMOVE,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_consumer_remove_doit,
		.policy		= fanotify_consumer_remove_nl_policy,
		.maxattr	= FANOTIFY_A_CONSUMER_FORCE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_CONSUMER_ACK,
		.pre_doit	= fanotify_nl_pre_doit,
		.doit		= fanotify_nl_consumer_ack_doit,
		.policy		= fanotify_consumer_ack_nl_policy,
		.maxattr	= FANOTIFY_A_CONSUMER_UUID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FANOTIFY_CMD_CONSUMER_GET,
		.start		= fanotify_nl_dump_start,
		.dumpit		= fanotify_nl_consumer_get_dumpit,
		.policy		= fanotify_consumer_get_nl_policy,
		.maxattr	= FANOTIFY_A_CONSUMER_JOURNAL,
		.flags		= GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group fanotify_nl_mcgrps[] = {
	[FANOTIFY_NLGRP_EVENTS] = { "events", },
	[FANOTIFY_NLGRP_CONTROL] = { "control", },
};

struct genl_family fanotify_nl_family __ro_after_init = {
	.name		= FANOTIFY_FAMILY_NAME,
	.version	= FANOTIFY_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= fanotify_nl_ops,
	.n_split_ops	= ARRAY_SIZE(fanotify_nl_ops),
	.mcgrps		= fanotify_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(fanotify_nl_mcgrps),
};
