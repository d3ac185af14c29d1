// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Event messages into struct fanotify_nl_event.
 */
#include <errno.h>
#include <string.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <fanotify-nl/fanotify-nl.h>

#include "attr.h"
#include "internal.h"

#define STAT(name, k, field, flag)						\
	[FANOTIFY_A_STAT_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct fanotify_nl_stat, field),		\
		.bit = (flag),							\
	}

static const struct attr_rule stat_rules[FANOTIFY_A_STAT_MAX + 1] = {
	STAT(MODE, ATTR_32, mode, FANOTIFY_STAT_FIELD_MODE),
	STAT(NLINK, ATTR_32, nlink, FANOTIFY_STAT_FIELD_NLINK),
	STAT(UID, ATTR_32, uid, FANOTIFY_STAT_FIELD_UID),
	STAT(GID, ATTR_32, gid, FANOTIFY_STAT_FIELD_GID),
	STAT(ATIME, ATTR_64, atime.sec, FANOTIFY_STAT_FIELD_ATIME),
	STAT(ATIME_NSEC, ATTR_32, atime.nsec, 0),
	STAT(MTIME, ATTR_64, mtime.sec, FANOTIFY_STAT_FIELD_MTIME),
	STAT(MTIME_NSEC, ATTR_32, mtime.nsec, 0),
	STAT(CTIME, ATTR_64, ctime.sec, FANOTIFY_STAT_FIELD_CTIME),
	STAT(CTIME_NSEC, ATTR_32, ctime.nsec, 0),
	STAT(INO, ATTR_64, ino, FANOTIFY_STAT_FIELD_INO),
	STAT(SIZE, ATTR_64, size, FANOTIFY_STAT_FIELD_SIZE),
	STAT(BLOCKS, ATTR_64, blocks, FANOTIFY_STAT_FIELD_BLOCKS),
};

static const struct attr_rule node_rules[FANOTIFY_A_NODE_MAX + 1] = {
	[FANOTIFY_A_NODE_HANDLE_TYPE] = {
		.kind = ATTR_32,
		.offset = offsetof(struct fanotify_nl_node, handle_type),
	},
	[FANOTIFY_A_NODE_HANDLE] = {
		.kind = ATTR_BINARY,
		.offset = offsetof(struct fanotify_nl_node, handle),
		.len_offset = offsetof(struct fanotify_nl_node, handle_len),
		.min = 1,
		.max = FANOTIFY_HANDLE_MAX,
	},
	[FANOTIFY_A_NODE_CHANGED] = {
		.kind = ATTR_32,
		.offset = offsetof(struct fanotify_nl_node, changed),
	},
	[FANOTIFY_A_NODE_STAT] = {
		.kind = ATTR_NEST,
		.offset = offsetof(struct fanotify_nl_node, stat),
		.has_offset = offsetof(struct fanotify_nl_stat, has),
		.nest = stat_rules,
		.nest_max = FANOTIFY_A_STAT_MAX,
	},
};

#define ACTOR(name, k, field)							\
	[FANOTIFY_A_ACTOR_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct fanotify_nl_actor, field),		\
		.bit = FANOTIFY_NL_ACTOR_HAS_##name,				\
	}

static const struct attr_rule actor_rules[FANOTIFY_A_ACTOR_MAX + 1] = {
	ACTOR(TGID, ATTR_32, tgid),
	ACTOR(TID, ATTR_32, tid),
	ACTOR(START, ATTR_64, start),
	ACTOR(UID, ATTR_32, uid),
	ACTOR(GID, ATTR_32, gid),
	ACTOR(EUID, ATTR_32, euid),
	ACTOR(EGID, ATTR_32, egid),
	ACTOR(LOGINUID, ATTR_32, loginuid),
	ACTOR(CGROUP, ATTR_64, cgroup),
	[FANOTIFY_A_ACTOR_COMM] = {
		.kind = ATTR_STRING,
		.offset = offsetof(struct fanotify_nl_actor, comm),
		.len_offset = ATTR_NO_OFFSET,
		.max = FANOTIFY_COMM_MAX,
		.bit = FANOTIFY_NL_ACTOR_HAS_COMM,
	},
};

#define GAP(name, k, field)							\
	[FANOTIFY_A_GAP_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct fanotify_nl_gap, field),		\
	}

const struct attr_rule gap_rules[FANOTIFY_A_GAP_MAX + 1] = {
	GAP(FIRST, ATTR_64, first),
	GAP(LAST, ATTR_64, last),
	GAP(COUNT, ATTR_64, count),
	GAP(REASON, ATTR_32, reason),
	GAP(SINCE, ATTR_64, since),
	GAP(SCOPE, ATTR_32, scope),
};

#define EVENT(name, k, field)							\
	[FANOTIFY_A_EVENT_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct fanotify_nl_event, field),		\
		.bit = FANOTIFY_NL_HAS_##name,					\
	}

#define EVENT_BYTES(name, k, field, length, least, most)			\
	[FANOTIFY_A_EVENT_##name] = {						\
		.kind = (k),							\
		.offset = offsetof(struct fanotify_nl_event, field),		\
		.len_offset = (length),						\
		.min = (least),							\
		.max = (most),							\
		.bit = FANOTIFY_NL_HAS_##name,					\
	}

#define EVENT_LEN(field)	offsetof(struct fanotify_nl_event, field)

#define EVENT_NEST(name, field, rules, most, has)				\
	[FANOTIFY_A_EVENT_##name] = {						\
		.kind = ATTR_NEST,						\
		.offset = offsetof(struct fanotify_nl_event, field),		\
		.bit = FANOTIFY_NL_HAS_##name,					\
		.has_offset = (has),						\
		.nest = (rules),						\
		.nest_max = (most),						\
	}

static const struct attr_rule event_rules[FANOTIFY_A_EVENT_MAX + 1] = {
	EVENT(SEQ, ATTR_64, seq),
	EVENT(ID, ATTR_64, id),
	EVENT(GROUP, ATTR_32, group),
	EVENT(MASK, ATTR_64, mask),
	EVENT(REALTIME, ATTR_64, realtime),
	EVENT(BOOTTIME, ATTR_64, boottime),
	EVENT(FLAGS, ATTR_32, flags),
	EVENT(DEV_MAJOR, ATTR_32, dev_major),
	EVENT(DEV_MINOR, ATTR_32, dev_minor),
	EVENT(MNT_ID, ATTR_64, mnt_id),
	EVENT(ERROR, ATTR_32, error),
	EVENT(OFFSET, ATTR_64, offset),
	EVENT(LENGTH, ATTR_64, length),
	EVENT(COUNT, ATTR_64, count),
	EVENT(LAST_REALTIME, ATTR_64, last_realtime),
	EVENT(LAST_BOOTTIME, ATTR_64, last_boottime),
	EVENT(DEADLINE, ATTR_64, deadline),
	EVENT_BYTES(UUID, ATTR_BINARY, uuid, ATTR_NO_OFFSET, FANOTIFY_UUID_LEN, FANOTIFY_UUID_LEN),
	EVENT_BYTES(NAME, ATTR_STRING, name, EVENT_LEN(name_len), 1, FANOTIFY_PATH_MAX),
	EVENT_BYTES(NEW_NAME, ATTR_STRING, new_name, EVENT_LEN(new_name_len), 1, FANOTIFY_PATH_MAX),
	EVENT_BYTES(PATH, ATTR_STRING, path, EVENT_LEN(path_len), 1, 0),
	EVENT_BYTES(NEW_PATH, ATTR_STRING, new_path, EVENT_LEN(new_path_len), 1, 0),
	EVENT_BYTES(LINK, ATTR_STRING, link, EVENT_LEN(link_len), 0, 0),
	EVENT_BYTES(XATTR, ATTR_STRING, xattr, EVENT_LEN(xattr_len), 1, 0),
	EVENT_BYTES(FS_NAME, ATTR_STRING, fs_name, ATTR_NO_OFFSET, 0, 0),
	EVENT_NEST(OBJECT, object, node_rules, FANOTIFY_A_NODE_MAX, ATTR_NO_OFFSET),
	EVENT_NEST(DIR, dir, node_rules, FANOTIFY_A_NODE_MAX, ATTR_NO_OFFSET),
	EVENT_NEST(NEW_DIR, new_dir, node_rules, FANOTIFY_A_NODE_MAX, ATTR_NO_OFFSET),
	EVENT_NEST(TARGET, target, node_rules, FANOTIFY_A_NODE_MAX, ATTR_NO_OFFSET),
	EVENT_NEST(ACTOR, actor, actor_rules, FANOTIFY_A_ACTOR_MAX,
		   offsetof(struct fanotify_nl_actor, has)),
	EVENT_NEST(GAP, gap, gap_rules, FANOTIFY_A_GAP_MAX, ATTR_NO_OFFSET),
};

int msg_parse(const void *msg, size_t len, __u8 cmd, struct attrs *attrs)
{
	struct nlmsghdr nlh;
	struct genlmsghdr genl;

	if (len < NLMSG_HDRLEN + GENL_HDRLEN)
		return -EBADMSG;
	memcpy(&nlh, msg, sizeof(nlh));
	memcpy(&genl, (const char *)msg + NLMSG_HDRLEN, sizeof(genl));
	if (nlh.nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN || nlh.nlmsg_len > len)
		return -EBADMSG;
	if (genl.cmd != cmd)
		return -ENOMSG;

	attrs->pos = (const unsigned char *)msg + NLMSG_HDRLEN + GENL_HDRLEN;
	attrs->len = nlh.nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	return 0;
}

int event_parse(struct attrs attrs, struct fanotify_nl_event *event)
{
	memset(event, 0, sizeof(*event));
	return attr_parse(attrs, event_rules, FANOTIFY_A_EVENT_MAX, event, &event->has);
}

API int fanotify_nl_parse_event(const void *msg, size_t len, struct fanotify_nl_event *event)
{
	struct attrs attrs;
	int ret;

	ret = msg_parse(msg, len, FANOTIFY_CMD_EVENT, &attrs);
	if (!ret)
		return event_parse(attrs, event);
	memset(event, 0, sizeof(*event));
	return ret;
}
