// SPDX-License-Identifier: GPL-2.0
/*
 * Encoding of events.
 */
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/magic.h>
#include <linux/sched/mm.h>
#include <linux/timekeeping.h>
#include <linux/unaligned.h>

#include "event.h"
#include "group.h"
#include "netlink-gen.h"
#include "path.h"

#define FANL_U32_SIZE	nla_total_size(sizeof(u32))
#define FANL_U64_SIZE	nla_total_size(sizeof(u64))

/* What every event has: mask, clocks, device, actor. */
#define FANL_EVENT_FIXED \
	(FANL_EVENT_HEAD + 3 * FANL_U64_SIZE + 2 * FANL_U32_SIZE + \
	 nla_total_size(0) + 7 * FANL_U32_SIZE + 2 * FANL_U64_SIZE + \
	 nla_total_size(TASK_COMM_LEN))

/* A gap that no event was lost for: reason, scope, since when. */
#define FANL_GAP_SCOPED_LEN \
	(nla_total_size(0) + 2 * FANL_U32_SIZE + FANL_U64_SIZE)

/*
 * What some have: deadline, flags, UUID, mount, error, range, type of
 * filesystem, such a gap.
 */
#define FANL_EVENT_OPTIONAL \
	(2 * FANL_U32_SIZE + 4 * FANL_U64_SIZE + \
	 nla_total_size(FANOTIFY_UUID_LEN) + \
	 nla_total_size(FANOTIFY_FSTYPE_MAX) + FANL_GAP_SCOPED_LEN)

#define FANL_STAT_MAX \
	(4 * FANL_U32_SIZE + 3 * FANL_U64_SIZE + \
	 3 * (FANL_U64_SIZE + FANL_U32_SIZE))

#define FANL_NODE_MAX \
	(2 * nla_total_size(0) + 2 * FANL_U32_SIZE + \
	 nla_total_size(FANOTIFY_HANDLE_MAX) + FANL_STAT_MAX)

/*
 * What every event must hold fits, so that nothing is ever cut but paths. What
 * has a new path has no link; what has a longer name has no path.
 */
#define FANL_EVENT_LARGEST \
	(FANL_EVENT_FIXED + FANL_EVENT_OPTIONAL + FANL_NODES * FANL_NODE_MAX + \
	 2 * nla_total_size(FANOTIFY_NAME_MAX + 1) + \
	 nla_total_size(XATTR_NAME_MAX + 1) + 2 * nla_total_size(PATH_MAX) + \
	 FANL_MERGED_LEN)

static_assert(TASK_COMM_LEN - 1 == FANOTIFY_COMM_MAX);
static_assert(UUID_SIZE == FANOTIFY_UUID_LEN);

/* Attributes one behind the other; the caller has made room. */
static u8 *fanl_put_u32(u8 *p, u16 type, u32 value)
{
	struct nlattr *nla = (struct nlattr *)p;

	nla->nla_len = NLA_HDRLEN + sizeof(value);
	nla->nla_type = type;
	*(u32 *)(p + NLA_HDRLEN) = value;
	return p + NLA_HDRLEN + sizeof(value);
}

/* 64-bit attributes are not aligned to 8: no padding attributes. */
static u8 *fanl_put_u64(u8 *p, u16 type, u64 value)
{
	struct nlattr *nla = (struct nlattr *)p;

	nla->nla_len = NLA_HDRLEN + sizeof(value);
	nla->nla_type = type;
	put_unaligned(value, (u64 *)(p + NLA_HDRLEN));
	return p + NLA_HDRLEN + sizeof(value);
}

/* Without its payload; what that leaves of the last word is zero. */
static u8 *fanl_put_space(u8 *p, u16 type, unsigned int len)
{
	struct nlattr *nla = (struct nlattr *)p;
	u8 *end = p + nla_total_size(len);

	*(u32 *)(end - sizeof(u32)) = 0;
	nla->nla_len = NLA_HDRLEN + len;
	nla->nla_type = type;
	return end;
}

static u8 *fanl_put_bytes(u8 *p, u16 type, const void *data, unsigned int len)
{
	u8 *end = fanl_put_space(p, type, len);

	memcpy(p + NLA_HDRLEN, data, len);
	return end;
}

static u8 *fanl_put_string(u8 *p, u16 type, const char *s, unsigned int len)
{
	u8 *end = fanl_put_space(p, type, len + 1);

	memcpy(p + NLA_HDRLEN, s, len);
	return end;
}

static u8 *fanl_nest_start(u8 *p, u16 type)
{
	((struct nlattr *)p)->nla_type = type | NLA_F_NESTED;
	return p + NLA_HDRLEN;
}

static void fanl_nest_end(u8 *nest, u8 *end)
{
	((struct nlattr *)nest)->nla_len = end - nest;
}

static unsigned int fanl_stat_len(u32 mask)
{
	const u32 words = FANOTIFY_STAT_FIELD_MODE | FANOTIFY_STAT_FIELD_NLINK |
			  FANOTIFY_STAT_FIELD_UID | FANOTIFY_STAT_FIELD_GID;
	const u32 times = FANOTIFY_STAT_FIELD_ATIME | FANOTIFY_STAT_FIELD_MTIME |
			  FANOTIFY_STAT_FIELD_CTIME;

	return hweight32(mask & words) * FANL_U32_SIZE +
	       hweight32(mask & times) * (FANL_U64_SIZE + FANL_U32_SIZE) +
	       hweight32(mask & ~(words | times)) * FANL_U64_SIZE;
}

static u8 *fanl_put_time(u8 *p, u16 type, struct timespec64 ts)
{
	p = fanl_put_u64(p, type, ts.tv_sec);
	/* the nsec attribute follows its sec attribute in the spec */
	return fanl_put_u32(p, type + 1, ts.tv_nsec);
}

/* __kuid_val() is the uid in the initial user namespace. */
static void fanl_put_stat(u8 *p, const struct inode *inode, u32 mask)
{
	if (mask & FANOTIFY_STAT_FIELD_MODE)
		p = fanl_put_u32(p, FANOTIFY_A_STAT_MODE, inode->i_mode);
	if (mask & FANOTIFY_STAT_FIELD_NLINK)
		p = fanl_put_u32(p, FANOTIFY_A_STAT_NLINK, inode->i_nlink);
	if (mask & FANOTIFY_STAT_FIELD_UID)
		p = fanl_put_u32(p, FANOTIFY_A_STAT_UID,
				 __kuid_val(inode->i_uid));
	if (mask & FANOTIFY_STAT_FIELD_GID)
		p = fanl_put_u32(p, FANOTIFY_A_STAT_GID,
				 __kgid_val(inode->i_gid));
	if (mask & FANOTIFY_STAT_FIELD_ATIME)
		p = fanl_put_time(p, FANOTIFY_A_STAT_ATIME,
				  inode_get_atime(inode));
	if (mask & FANOTIFY_STAT_FIELD_MTIME)
		p = fanl_put_time(p, FANOTIFY_A_STAT_MTIME,
				  inode_get_mtime(inode));
	if (mask & FANOTIFY_STAT_FIELD_CTIME)
		p = fanl_put_time(p, FANOTIFY_A_STAT_CTIME,
				  inode_get_ctime(inode));
	if (mask & FANOTIFY_STAT_FIELD_INO)
		p = fanl_put_u64(p, FANOTIFY_A_STAT_INO, inode->i_ino);
	if (mask & FANOTIFY_STAT_FIELD_SIZE)
		p = fanl_put_u64(p, FANOTIFY_A_STAT_SIZE, i_size_read(inode));
	if (mask & FANOTIFY_STAT_FIELD_BLOCKS)
		fanl_put_u64(p, FANOTIFY_A_STAT_BLOCKS, inode->i_blocks);
}

/**
 * struct fanl_handle - a file handle
 * @type: its type, FILEID_INVALID for none
 * @len: bytes of @data in use
 * @data: the handle
 */
struct fanl_handle {
	int		type;
	unsigned int	len;
	u32		data[FANOTIFY_HANDLE_MAX / sizeof(u32)];
};

/*
 * A decodable handle where the filesystem has one, else one that only
 * identifies, as fanotify reports it. overlayfs compares with its root, which is
 * gone when an unmount is told of.
 */
static void fanl_handle_encode(struct fanl_handle *handle,
			       const struct inode *inode)
{
	static const int flags[] = { 0, EXPORT_FH_FID };

	handle->type = FILEID_INVALID;
	/* ceph has its directories of snapshots told apart by what it finds here */
	memset(handle->data, 0, sizeof(handle->data));
	if (inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC &&
	    !inode->i_sb->s_root)
		return;
	for (int i = 0; i < ARRAY_SIZE(flags); i++) {
		int words = ARRAY_SIZE(handle->data);
		int type = exportfs_encode_inode_fh((struct inode *)inode,
						    (struct fid *)handle->data,
						    &words, NULL, flags[i]);

		if (type > 0 && type != FILEID_INVALID) {
			handle->type = type;
			handle->len = words * sizeof(u32);
			return;
		}
	}
}

static unsigned int fanl_node_len(const struct fanl_node *node,
				  const struct fanl_handle *handle,
				  u32 stat_mask)
{
	unsigned int len = nla_total_size(0);

	if (handle->type != FILEID_INVALID)
		len += FANL_U32_SIZE + nla_total_size(handle->len);
	if (node->changed)
		len += FANL_U32_SIZE;
	if (node->with_stat)
		len += nla_total_size(fanl_stat_len(stat_mask));
	return len;
}

static u8 *fanl_put_node(u8 *p, u16 type, struct fanl_node *node,
			 const struct fanl_handle *handle, u32 stat_mask)
{
	u8 *nest = p;

	p = fanl_nest_start(p, type);
	if (handle->type != FILEID_INVALID) {
		p = fanl_put_u32(p, FANOTIFY_A_NODE_HANDLE_TYPE, handle->type);
		p = fanl_put_bytes(p, FANOTIFY_A_NODE_HANDLE, handle->data,
				   handle->len);
	}
	if (node->changed)
		p = fanl_put_u32(p, FANOTIFY_A_NODE_CHANGED, node->changed);
	if (node->with_stat) {
		u8 *stat = p;

		p = fanl_nest_start(p, FANOTIFY_A_NODE_STAT);
		node->stat = p;
		p += fanl_stat_len(stat_mask);
		fanl_nest_end(stat, p);
	}
	fanl_nest_end(nest, p);
	return p;
}

static u8 *fanl_put_actor(u8 *p)
{
	const struct cred *real = current_real_cred();
	const struct cred *cred = current_cred();
	char comm[TASK_COMM_LEN];
	u8 *nest = p;

	/* its length and its bytes: another thread may rename this one */
	memcpy(comm, current->comm, sizeof(comm));
	barrier_data(comm);
	p = fanl_nest_start(p, FANOTIFY_A_EVENT_ACTOR);
	p = fanl_put_u32(p, FANOTIFY_A_ACTOR_TGID, task_tgid_nr(current));
	p = fanl_put_u32(p, FANOTIFY_A_ACTOR_TID, task_pid_nr(current));
	p = fanl_put_u64(p, FANOTIFY_A_ACTOR_START,
			 current->group_leader->start_boottime);
	p = fanl_put_u32(p, FANOTIFY_A_ACTOR_UID, __kuid_val(real->uid));
	p = fanl_put_u32(p, FANOTIFY_A_ACTOR_GID, __kgid_val(real->gid));
	p = fanl_put_u32(p, FANOTIFY_A_ACTOR_EUID, __kuid_val(cred->euid));
	p = fanl_put_u32(p, FANOTIFY_A_ACTOR_EGID, __kgid_val(cred->egid));
	p = fanl_put_u32(p, FANOTIFY_A_ACTOR_LOGINUID,
			 __kuid_val(audit_get_loginuid(current)));
	p = fanl_put_string(p, FANOTIFY_A_ACTOR_COMM, comm,
			    strnlen(comm, sizeof(comm) - 1));
#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	p = fanl_put_u64(p, FANOTIFY_A_ACTOR_CGROUP,
			 cgroup_id(task_dfl_cgroup(current)));
	rcu_read_unlock();
#endif
	fanl_nest_end(nest, p);
	return p;
}

/* The headers and the head; seq and id are stamped under the group's lock. */
static u8 *fanl_put_head(u8 *p, u32 group)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)p;
	struct genlmsghdr *genl = (struct genlmsghdr *)(p + NLMSG_HDRLEN);

	*nlh = (struct nlmsghdr){ .nlmsg_type = fanotify_nl_family.id };
	*genl = (struct genlmsghdr){
		.cmd = FANOTIFY_CMD_EVENT,
		.version = FANOTIFY_FAMILY_VERSION,
	};
	p += NLMSG_HDRLEN + GENL_HDRLEN;
	p = fanl_put_u64(p, FANOTIFY_A_EVENT_SEQ, 0);
	p = fanl_put_u64(p, FANOTIFY_A_EVENT_ID, 0);
	return fanl_put_u32(p, FANOTIFY_A_EVENT_GROUP, group);
}

static void fanl_msg_end(struct sk_buff *skb, u8 *end)
{
	unsigned int len = end - skb->data;

	skb_put(skb, len);
	nlmsg_hdr(skb)->nlmsg_len = len;
}

/**
 * fanl_event_stamp - give an encoded event its place in the member's stream
 * @skb: an event message
 * @seq: number in the member's stream
 * @id: number in the group
 */
void fanl_event_stamp(struct sk_buff *skb, u64 seq, u64 id)
{
	u8 *p = skb->data + NLMSG_HDRLEN + GENL_HDRLEN;

	p = fanl_put_u64(p, FANOTIFY_A_EVENT_SEQ, seq);
	fanl_put_u64(p, FANOTIFY_A_EVENT_ID, id);
}

/**
 * fanl_event_seq - the place of an event in the member's stream
 * @skb: a stamped event message
 *
 * Return: its seq.
 */
u64 fanl_event_seq(const struct sk_buff *skb)
{
	return get_unaligned((u64 *)(skb->data + NLMSG_HDRLEN + GENL_HDRLEN +
				     NLA_HDRLEN));
}

/**
 * fanl_event_realtime - when an event happened
 * @skb: an event message without a deadline: the mask comes first, then this
 *
 * Return: nanoseconds of CLOCK_REALTIME.
 */
u64 fanl_event_realtime(const struct sk_buff *skb)
{
	return get_unaligned((u64 *)(skb->data + FANL_EVENT_HEAD +
				     FANL_U64_SIZE + NLA_HDRLEN));
}

/**
 * fanl_event_stamp_deadline - say when the verdict about an access is due
 * @skb: an event message with a deadline, which comes right after the head
 * @deadline: nanoseconds of CLOCK_BOOTTIME
 */
void fanl_event_stamp_deadline(struct sk_buff *skb, u64 deadline)
{
	fanl_put_u64(skb->data + FANL_EVENT_HEAD, FANOTIFY_A_EVENT_DEADLINE,
		     deadline);
}

static u8 *fanl_put_fs(u8 *p, const struct fanl_event *event)
{
	struct super_block *sb = event->sb;

	p = fanl_put_u32(p, FANOTIFY_A_EVENT_DEV_MAJOR, MAJOR(sb->s_dev));
	p = fanl_put_u32(p, FANOTIFY_A_EVENT_DEV_MINOR, MINOR(sb->s_dev));
	if (!uuid_is_null(&sb->s_uuid))
		p = fanl_put_bytes(p, FANOTIFY_A_EVENT_UUID, &sb->s_uuid,
				   FANOTIFY_UUID_LEN);
	if (event->mnt_id)
		p = fanl_put_u64(p, FANOTIFY_A_EVENT_MNT_ID, event->mnt_id);
	return p;
}

static u8 *fanl_put_gap_scoped(u8 *p, u32 reason, u64 since)
{
	u8 *nest = p;

	p = fanl_nest_start(p, FANOTIFY_A_EVENT_GAP);
	p = fanl_put_u32(p, FANOTIFY_A_GAP_REASON, reason);
	p = fanl_put_u32(p, FANOTIFY_A_GAP_SCOPE, FANOTIFY_GAP_SCOPE_DIRECTORY);
	p = fanl_put_u64(p, FANOTIFY_A_GAP_SINCE, since);
	fanl_nest_end(nest, p);
	return p;
}

static u8 *fanl_put_path(u8 *p, u16 type, const struct fanl_path *path)
{
	return path && path->name ?
	       fanl_put_string(p, type, path->name, path->len) : p;
}

static u8 *fanl_put_names(u8 *p, const struct fanl_event *event)
{
	if (event->name)
		p = fanl_put_string(p, FANOTIFY_A_EVENT_NAME, event->name->name,
				    event->name->len);
	if (event->new_name)
		p = fanl_put_string(p, FANOTIFY_A_EVENT_NEW_NAME,
				    event->new_name->name,
				    event->new_name->len);
	if (event->link)
		p = fanl_put_string(p, FANOTIFY_A_EVENT_LINK, event->link,
				    strlen(event->link));
	if (event->xattr)
		p = fanl_put_string(p, FANOTIFY_A_EVENT_XATTR, event->xattr,
				    strlen(event->xattr));
	p = fanl_put_path(p, FANOTIFY_A_EVENT_PATH, event->path);
	return fanl_put_path(p, FANOTIFY_A_EVENT_NEW_PATH, event->new_path);
}

static unsigned int fanl_path_len(const struct fanl_path *path)
{
	return path && path->name ? nla_total_size(path->len + 1) : 0;
}

static unsigned int fanl_names_len(const struct fanl_event *event)
{
	unsigned int len = fanl_path_len(event->path) +
			   fanl_path_len(event->new_path);

	if (event->name)
		len += nla_total_size(event->name->len + 1);
	if (event->new_name)
		len += nla_total_size(event->new_name->len + 1);
	if (event->link)
		len += nla_total_size(strlen(event->link) + 1);
	if (event->xattr)
		len += nla_total_size(strlen(event->xattr) + 1);
	return len;
}

/* As fanl_event_encode() puts them. */
static unsigned int fanl_optional_len(const struct fanl_event *event)
{
	unsigned int len = 0;

	if (event->deadline)
		len += FANL_U64_SIZE;
	if (event->flags)
		len += FANL_U32_SIZE;
	if (!uuid_is_null(&event->sb->s_uuid))
		len += nla_total_size(FANOTIFY_UUID_LEN);
	if (event->mnt_id)
		len += FANL_U64_SIZE;
	if (event->error)
		len += FANL_U32_SIZE;
	if (event->ranged)
		len += 2 * FANL_U64_SIZE;
	if (event->fs_name)
		len += nla_total_size(FANOTIFY_FSTYPE_MAX);
	if (event->gap)
		len += FANL_GAP_SCOPED_LEN;
	return len;
}

/* Linux 7: a FUSE daemon may have names as long as a path. */
static void fanl_event_cut(struct fanl_event *event, const struct qstr *name,
			   const struct fanl_path **path)
{
	if (!name || name->len <= FANOTIFY_NAME_MAX)
		return;
	*path = NULL;
	event->flags |= FANOTIFY_EVENT_FLAG_PATH_TRUNCATED;
}

/**
 * fanl_event_alloc - memory for a message
 * @group: who listens, and pays
 * @len: bytes of the message
 * @gfp: how the context may allocate
 *
 * Return: the empty message, or NULL.
 */
struct sk_buff *fanl_event_alloc(struct fanl_group *group, unsigned int len,
				 gfp_t gfp)
{
	struct mem_cgroup *old = set_active_memcg(group->fsn->memcg);
	struct sk_buff *skb = alloc_skb(len,
					gfp | __GFP_ACCOUNT | __GFP_NOWARN);

	set_active_memcg(old);
	return skb;
}

/* What the event is made of, measured. */
struct fanl_encoding {
	struct fanl_handle	handle[FANL_NODES];
	unsigned int		len;
};

static void fanl_event_measure(struct fanl_group *group,
			       struct fanl_event *event,
			       struct fanl_encoding *encoding)
{
	BUILD_BUG_ON(FANL_EVENT_LARGEST > FANOTIFY_EVENT_MAX);

	fanl_event_cut(event, event->name, &event->path);
	fanl_event_cut(event, event->new_name, &event->new_path);
	event->stat_mask = READ_ONCE(group->stat_mask);
	encoding->len = FANL_EVENT_FIXED;
	for (int i = 0; i < FANL_NODES; i++) {
		if (!event->node[i].inode)
			continue;
		fanl_handle_encode(&encoding->handle[i], event->node[i].inode);
		encoding->len += fanl_node_len(&event->node[i],
					       &encoding->handle[i],
					       event->stat_mask);
	}
	if (event->node[FANL_NODE_OBJECT].inode &&
	    encoding->handle[FANL_NODE_OBJECT].type == FILEID_INVALID)
		event->flags |= FANOTIFY_EVENT_FLAG_NO_HANDLE;
	encoding->len += fanl_optional_len(event) + fanl_names_len(event);
	if (READ_ONCE(group->flags) & FANOTIFY_GROUP_FLAG_MERGE)
		encoding->len += FANL_MERGED_LEN;
}

static void fanl_event_fill(struct fanl_group *group, struct fanl_event *event,
			    const struct fanl_encoding *encoding)
{
	static const u16 types[FANL_NODES] = {
		[FANL_NODE_OBJECT] = FANOTIFY_A_EVENT_OBJECT,
		[FANL_NODE_DIR] = FANOTIFY_A_EVENT_DIR,
		[FANL_NODE_NEW_DIR] = FANOTIFY_A_EVENT_NEW_DIR,
		[FANL_NODE_TARGET] = FANOTIFY_A_EVENT_TARGET,
	};
	const u64 now = ktime_get_real_ns();
	u8 *p;

	p = fanl_put_head(event->skb->data, group->number);
	if (event->deadline)
		p = fanl_put_u64(p, FANOTIFY_A_EVENT_DEADLINE, 0);
	p = fanl_put_u64(p, FANOTIFY_A_EVENT_MASK, event->kinds);
	p = fanl_put_u64(p, FANOTIFY_A_EVENT_REALTIME, now);
	p = fanl_put_u64(p, FANOTIFY_A_EVENT_BOOTTIME, ktime_get_boottime_ns());
	if (event->flags)
		p = fanl_put_u32(p, FANOTIFY_A_EVENT_FLAGS, event->flags);
	p = fanl_put_fs(p, event);
	for (int i = 0; i < FANL_NODES; i++)
		if (event->node[i].inode)
			p = fanl_put_node(p, types[i], &event->node[i],
					  &encoding->handle[i],
					  event->stat_mask);
	p = fanl_put_names(p, event);
	p = fanl_put_actor(p);
	if (event->error)
		p = fanl_put_u32(p, FANOTIFY_A_EVENT_ERROR, event->error);
	if (event->ranged) {
		p = fanl_put_u64(p, FANOTIFY_A_EVENT_OFFSET, event->offset);
		p = fanl_put_u64(p, FANOTIFY_A_EVENT_LENGTH, event->length);
	}
	if (event->fs_name)
		p = fanl_put_string(p, FANOTIFY_A_EVENT_FS_NAME,
				    event->sb->s_type->name,
				    strnlen(event->sb->s_type->name,
					    FANOTIFY_FSTYPE_MAX - 1));
	if (event->gap)
		p = fanl_put_gap_scoped(p, event->gap, now);
	fanl_msg_end(event->skb, p);
}

/**
 * fanl_event_encode - make the message of an event
 * @group: whose event it is
 * @event: the event; its skb is set, NULL if no memory can be had
 * @gfp: how the context may allocate; charged to the group's memcg
 *
 * Attributes of inodes are left to fanl_event_sample(), under the lock that
 * orders the queue.
 */
void fanl_event_encode(struct fanl_group *group, struct fanl_event *event,
		       gfp_t gfp)
{
	struct fanl_encoding encoding __uninitialized;

	fanl_event_measure(group, event, &encoding);
	event->skb = fanl_event_alloc(group, encoding.len, gfp);
	if (event->skb)
		fanl_event_fill(group, event, &encoding);
}

/**
 * fanl_event_encode_in - make the message of an event in memory that is there
 * @group: whose event it is
 * @event: the event; its skb is set
 * @skb: a message of its own before, with room for FANOTIFY_EVENT_MAX bytes
 */
void fanl_event_encode_in(struct fanl_group *group, struct fanl_event *event,
			  struct sk_buff *skb)
{
	struct fanl_encoding encoding __uninitialized;

	fanl_event_measure(group, event, &encoding);
	skb_trim(skb, 0);
	event->skb = skb;
	fanl_event_fill(group, event, &encoding);
}

/**
 * fanl_event_sample - fill in the attributes of the event's inodes
 * @event: an encoded event
 *
 * Under the group's lock, so that an event later in the queue never carries
 * older values than one before it. Only in-core fields: does not sleep.
 */
void fanl_event_sample(struct fanl_event *event)
{
	for (int i = 0; i < FANL_NODES; i++)
		if (event->node[i].stat)
			fanl_put_stat(event->node[i].stat, event->node[i].inode,
				      event->stat_mask);
}

#define FANL_GAP_LEN \
	(FANL_EVENT_HEAD + 3 * FANL_U64_SIZE + nla_total_size(0) + \
	 4 * FANL_U64_SIZE + 2 * FANL_U32_SIZE)

static void fanl_put_gap(u8 *p, u64 first, u64 last, u64 count, u32 reason,
			 u64 since)
{
	p = fanl_put_u64(p, FANOTIFY_A_GAP_FIRST, first);
	p = fanl_put_u64(p, FANOTIFY_A_GAP_LAST, last);
	p = fanl_put_u64(p, FANOTIFY_A_GAP_COUNT, count);
	p = fanl_put_u32(p, FANOTIFY_A_GAP_REASON, reason);
	p = fanl_put_u32(p, FANOTIFY_A_GAP_SCOPE, FANOTIFY_GAP_SCOPE_ALL);
	fanl_put_u64(p, FANOTIFY_A_GAP_SINCE, since);
}

/**
 * fanl_gap_alloc - make a GAP record, to be kept ready
 * @group: number of the group
 * @gfp: how the context may allocate
 *
 * Return: the record, or NULL without memory.
 */
struct sk_buff *fanl_gap_alloc(u32 group, gfp_t gfp)
{
	struct sk_buff *skb = alloc_skb(FANL_GAP_LEN, gfp);
	u8 *p;

	if (!skb)
		return NULL;
	p = fanl_put_head(skb->data, group);
	p += 3 * FANL_U64_SIZE;
	fanl_nest_start(p, FANOTIFY_A_EVENT_GAP);
	fanl_nest_end(p, skb->data + FANL_GAP_LEN);
	fanl_msg_end(skb, skb->data + FANL_GAP_LEN);
	return skb;
}

static u8 *fanl_gap_nest(struct sk_buff *skb)
{
	return skb->data + FANL_EVENT_HEAD + 3 * FANL_U64_SIZE + NLA_HDRLEN;
}

/**
 * fanl_gap_open - let a GAP record say since when and why
 * @skb: record of fanl_gap_alloc()
 * @first: first lost seq
 * @reason: enum fanotify_gap_reason
 */
void fanl_gap_open(struct sk_buff *skb, u64 first, u32 reason)
{
	u8 *p = skb->data + FANL_EVENT_HEAD;
	u64 now = ktime_get_real_ns();

	p = fanl_put_u64(p, FANOTIFY_A_EVENT_MASK, FANOTIFY_KIND_GAP);
	p = fanl_put_u64(p, FANOTIFY_A_EVENT_REALTIME, now);
	fanl_put_u64(p, FANOTIFY_A_EVENT_BOOTTIME, ktime_get_boottime_ns());
	fanl_put_gap(fanl_gap_nest(skb), first, first, 0, reason, now);
}

/**
 * fanl_gap_since - let a GAP record say another time
 * @skb: an open record
 * @since: when the first change was missed
 */
void fanl_gap_since(struct sk_buff *skb, u64 since)
{
	fanl_put_u64(fanl_gap_nest(skb) + 3 * FANL_U64_SIZE + 2 * FANL_U32_SIZE,
		     FANOTIFY_A_GAP_SINCE, since);
}

/**
 * fanl_gap_grow - let a GAP record stand for one more loss
 * @skb: an open record
 * @last: last lost seq
 * @count: lost events to add
 */
void fanl_gap_grow(struct sk_buff *skb, u64 last, u64 count)
{
	u8 *p = fanl_gap_nest(skb) + FANL_U64_SIZE;
	u64 before = get_unaligned((u64 *)(p + FANL_U64_SIZE + NLA_HDRLEN));

	p = fanl_put_u64(p, FANOTIFY_A_GAP_LAST, last);
	fanl_put_u64(p, FANOTIFY_A_GAP_COUNT, before + count);
}
