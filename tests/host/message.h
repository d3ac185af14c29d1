/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages as the kernel makes them.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/fanotify-nl.h>

#define FAMILY		0x20
#define MESSAGE_MAX	8192

union message {
	struct nlmsghdr nlh;
	char bytes[MESSAGE_MAX];
};

static inline struct nlmsghdr *message_init(union message *m, __u8 cmd, __u32 seq)
{
	struct genlmsghdr *genl;

	memset(m, 0, sizeof(*m));
	mnl_nlmsg_put_header(m);
	m->nlh.nlmsg_type = FAMILY;
	m->nlh.nlmsg_seq = seq;
	genl = mnl_nlmsg_put_extra_header(&m->nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = FANOTIFY_FAMILY_VERSION;
	return &m->nlh;
}

static inline void put_stat(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, FANOTIFY_A_NODE_STAT);

	mnl_attr_put_u32(nlh, FANOTIFY_A_STAT_MODE, 0100644);
	mnl_attr_put_u32(nlh, FANOTIFY_A_STAT_NLINK, 2);
	mnl_attr_put_u32(nlh, FANOTIFY_A_STAT_UID, 1001);
	mnl_attr_put_u32(nlh, FANOTIFY_A_STAT_GID, 1002);
	mnl_attr_put_u64(nlh, FANOTIFY_A_STAT_ATIME, -5);
	mnl_attr_put_u32(nlh, FANOTIFY_A_STAT_ATIME_NSEC, 6);
	mnl_attr_put_u64(nlh, FANOTIFY_A_STAT_MTIME, 7);
	mnl_attr_put_u32(nlh, FANOTIFY_A_STAT_MTIME_NSEC, 8);
	mnl_attr_put_u64(nlh, FANOTIFY_A_STAT_CTIME, 9);
	mnl_attr_put_u32(nlh, FANOTIFY_A_STAT_CTIME_NSEC, 10);
	mnl_attr_put_u64(nlh, FANOTIFY_A_STAT_INO, 1ULL << 40);
	mnl_attr_put_u64(nlh, FANOTIFY_A_STAT_SIZE, 1ULL << 41);
	mnl_attr_put_u64(nlh, FANOTIFY_A_STAT_BLOCKS, 1ULL << 42);
	mnl_attr_nest_end(nlh, nest);
}

static inline void put_node(struct nlmsghdr *nlh, __u16 type, __s32 handle_type,
			    const char *handle)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put_u32(nlh, FANOTIFY_A_NODE_HANDLE_TYPE, handle_type);
	mnl_attr_put(nlh, FANOTIFY_A_NODE_HANDLE, strlen(handle), handle);
	mnl_attr_put_u32(nlh, FANOTIFY_A_NODE_CHANGED, FANOTIFY_CHANGED_MODE);
	put_stat(nlh);
	mnl_attr_nest_end(nlh, nest);
}

static inline void put_actor(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, FANOTIFY_A_EVENT_ACTOR);

	mnl_attr_put_u32(nlh, FANOTIFY_A_ACTOR_TGID, 21);
	mnl_attr_put_u32(nlh, FANOTIFY_A_ACTOR_TID, 22);
	mnl_attr_put_u64(nlh, FANOTIFY_A_ACTOR_START, 23);
	mnl_attr_put_u32(nlh, FANOTIFY_A_ACTOR_UID, 24);
	mnl_attr_put_u32(nlh, FANOTIFY_A_ACTOR_GID, 25);
	mnl_attr_put_u32(nlh, FANOTIFY_A_ACTOR_EUID, 26);
	mnl_attr_put_u32(nlh, FANOTIFY_A_ACTOR_EGID, 27);
	mnl_attr_put_u32(nlh, FANOTIFY_A_ACTOR_LOGINUID, -1);
	mnl_attr_put_strz(nlh, FANOTIFY_A_ACTOR_COMM, "fifteen letters");
	mnl_attr_put_u64(nlh, FANOTIFY_A_ACTOR_CGROUP, 28);
	mnl_attr_nest_end(nlh, nest);
}

static inline void put_gap(struct nlmsghdr *nlh, __u64 first, __u64 last)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, FANOTIFY_A_EVENT_GAP);

	mnl_attr_put_u64(nlh, FANOTIFY_A_GAP_FIRST, first);
	mnl_attr_put_u64(nlh, FANOTIFY_A_GAP_LAST, last);
	mnl_attr_put_u64(nlh, FANOTIFY_A_GAP_COUNT, last - first + 1);
	mnl_attr_put_u32(nlh, FANOTIFY_A_GAP_REASON, FANOTIFY_GAP_REASON_OVERFLOW);
	mnl_attr_put_u64(nlh, FANOTIFY_A_GAP_SINCE, 31);
	mnl_attr_put_u32(nlh, FANOTIFY_A_GAP_SCOPE, FANOTIFY_GAP_SCOPE_ALL);
	mnl_attr_nest_end(nlh, nest);
}

#define UUID	"0123456789abcdef"

/* An event that has everything, as no real one does. */
static inline void message_full(union message *m)
{
	struct nlmsghdr *nlh = message_init(m, FANOTIFY_CMD_EVENT, 0);

	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_SEQ, 1);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_ID, 2);
	mnl_attr_put_u32(nlh, FANOTIFY_A_EVENT_GROUP, 3);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_MASK, FANOTIFY_KIND_RENAME | FANOTIFY_KIND_GAP);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_REALTIME, 4);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_BOOTTIME, 5);
	mnl_attr_put_u32(nlh, FANOTIFY_A_EVENT_FLAGS, FANOTIFY_EVENT_FLAG_EXCHANGE);
	mnl_attr_put_u32(nlh, FANOTIFY_A_EVENT_DEV_MAJOR, 6);
	mnl_attr_put_u32(nlh, FANOTIFY_A_EVENT_DEV_MINOR, 7);
	mnl_attr_put(nlh, FANOTIFY_A_EVENT_UUID, FANOTIFY_UUID_LEN, UUID);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_MNT_ID, 8);
	put_node(nlh, FANOTIFY_A_EVENT_OBJECT, 1, "object");
	put_node(nlh, FANOTIFY_A_EVENT_DIR, 2, "old directory");
	put_node(nlh, FANOTIFY_A_EVENT_NEW_DIR, -3, "new");
	mnl_attr_put_strz(nlh, FANOTIFY_A_EVENT_NAME, "old");
	mnl_attr_put_strz(nlh, FANOTIFY_A_EVENT_NEW_NAME, "newer");
	mnl_attr_put_strz(nlh, FANOTIFY_A_EVENT_PATH, "/from/old");
	mnl_attr_put_strz(nlh, FANOTIFY_A_EVENT_NEW_PATH, "/to/newer");
	put_actor(nlh);
	put_gap(nlh, 11, 13);
	mnl_attr_put_u32(nlh, FANOTIFY_A_EVENT_ERROR, 117);
	mnl_attr_put_strz(nlh, FANOTIFY_A_EVENT_FS_NAME, "ext4");
	put_node(nlh, FANOTIFY_A_EVENT_TARGET, 4, "overwritten");
	mnl_attr_put_strz(nlh, FANOTIFY_A_EVENT_LINK, "to/where");
	mnl_attr_put_strz(nlh, FANOTIFY_A_EVENT_XATTR, "user.name");
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_OFFSET, 4096);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_LENGTH, 1ULL << 62);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_COUNT, 41);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_LAST_REALTIME, 42);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_LAST_BOOTTIME, 43);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_DEADLINE, 9);
}

static inline void message_event(union message *m, __u64 seq)
{
	struct nlmsghdr *nlh = message_init(m, FANOTIFY_CMD_EVENT, 0);

	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_SEQ, seq);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_MASK, FANOTIFY_KIND_OPEN);
}

/* A permission event, which seq does not count. */
static inline void message_perm(union message *m, __u64 id)
{
	struct nlmsghdr *nlh = message_init(m, FANOTIFY_CMD_EVENT, 0);

	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_SEQ, 0);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_ID, id);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_DEADLINE, 1);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_MASK, FANOTIFY_KIND_OPEN_PERM);
}

/* Something happened to a permission group: everything that can be said of it. */
static inline void message_control(union message *m)
{
	struct nlmsghdr *nlh = message_init(m, FANOTIFY_CMD_CONTROL_NTF, 0);

	mnl_attr_put_u32(nlh, FANOTIFY_A_CONTROL_WHAT, FANOTIFY_CONTROL_EVENT_TIMEOUT);
	mnl_attr_put_u32(nlh, FANOTIFY_A_CONTROL_GROUP, 2);
	mnl_attr_put_u32(nlh, FANOTIFY_A_CONTROL_MEMBER, 3);
	mnl_attr_put_u32(nlh, FANOTIFY_A_CONTROL_TGID, 4);
	mnl_attr_put_u32(nlh, FANOTIFY_A_CONTROL_UID, 5);
	mnl_attr_put_u64(nlh, FANOTIFY_A_CONTROL_ID, 6);
	mnl_attr_put_u32(nlh, FANOTIFY_A_CONTROL_OUTCOME, 7);
	mnl_attr_put_u64(nlh, FANOTIFY_A_CONTROL_REALTIME, 8);
}

static inline void message_gap(union message *m, __u64 first, __u64 last)
{
	struct nlmsghdr *nlh = message_init(m, FANOTIFY_CMD_EVENT, 0);

	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_SEQ, last);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_MASK, FANOTIFY_KIND_GAP);
	put_gap(nlh, first, last);
}

/* A directory that was moved in. */
static inline void message_moved_in(union message *m, __u64 seq)
{
	struct nlmsghdr *nlh = message_init(m, FANOTIFY_CMD_EVENT, 0);
	struct nlattr *nest;

	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_SEQ, seq);
	mnl_attr_put_u64(nlh, FANOTIFY_A_EVENT_MASK, FANOTIFY_KIND_GAP);
	put_node(nlh, FANOTIFY_A_EVENT_OBJECT, 1, "directory");
	nest = mnl_attr_nest_start(nlh, FANOTIFY_A_EVENT_GAP);
	mnl_attr_put_u32(nlh, FANOTIFY_A_GAP_REASON, FANOTIFY_GAP_REASON_MOVED_IN);
	mnl_attr_put_u32(nlh, FANOTIFY_A_GAP_SCOPE, FANOTIFY_GAP_SCOPE_DIRECTORY);
	mnl_attr_nest_end(nlh, nest);
}

/* The notice (seq 0), or the end of an answer. */
static inline void message_fetch(union message *m, __u32 seq, __u32 waiting)
{
	mnl_attr_put_u32(message_init(m, FANOTIFY_CMD_FETCH, seq), FANOTIFY_A_FETCH_WAITING,
			 waiting);
}

/* An acknowledgement, or an error with the kernel's text. */
static inline void message_error(union message *m, __u32 seq, int error, const char *text)
{
	struct nlmsgerr *err;

	memset(m, 0, sizeof(*m));
	mnl_nlmsg_put_header(m);
	m->nlh.nlmsg_type = NLMSG_ERROR;
	m->nlh.nlmsg_seq = seq;
	m->nlh.nlmsg_flags = NLM_F_CAPPED;
	err = mnl_nlmsg_put_extra_header(&m->nlh, sizeof(*err));
	err->error = error;
	if (text) {
		m->nlh.nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(&m->nlh, NLMSGERR_ATTR_MSG, text);
	}
}

#endif /* MESSAGE_H */
