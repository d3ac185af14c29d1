/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Encoding of events. An event is encoded once per group, as a complete
 * netlink message: a head of fixed layout (seq, id, group), then the payload.
 */
#ifndef _FANL_EVENT_H
#define _FANL_EVENT_H

#include <linux/dcache.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <net/genetlink.h>

#include <uapi/linux/fanotify-nl.h>

struct fanl_group;
struct fanl_path;

/* Where the payload starts: behind the headers and seq, id and group. */
#define FANL_EVENT_HEAD \
	(NLMSG_HDRLEN + GENL_HDRLEN + 2 * (NLA_HDRLEN + sizeof(u64)) + \
	 NLA_HDRLEN + sizeof(u32))

/* What merging adds to an event: how often, and when last. */
#define FANL_MERGED_LEN		(3 * nla_total_size(sizeof(u64)))

/* No event message is smaller. */
#define FANL_EVENT_SMALLEST	FANL_EVENT_HEAD

#define FANL_STAT_ALL \
	(FANOTIFY_STAT_FIELD_MODE | FANOTIFY_STAT_FIELD_NLINK | \
	 FANOTIFY_STAT_FIELD_UID | FANOTIFY_STAT_FIELD_GID | \
	 FANOTIFY_STAT_FIELD_ATIME | FANOTIFY_STAT_FIELD_MTIME | \
	 FANOTIFY_STAT_FIELD_CTIME | FANOTIFY_STAT_FIELD_INO | \
	 FANOTIFY_STAT_FIELD_SIZE | FANOTIFY_STAT_FIELD_BLOCKS)

/* The inodes that an event may speak of. */
enum fanl_node_role {
	FANL_NODE_OBJECT,
	FANL_NODE_DIR,
	FANL_NODE_NEW_DIR,
	FANL_NODE_TARGET,
	FANL_NODES
};

/**
 * struct fanl_node - one inode that an event speaks of
 * @inode: the inode, or NULL; the caller of fsnotify keeps it alive
 * @with_stat: its attributes go into the event
 * @changed: enum fanotify_changed
 * @stat: where in the message they go, once encoded; NULL for nowhere
 */
struct fanl_node {
	const struct inode	*inode;
	bool			with_stat;
	u32			changed;
	u8			*stat;
};

/**
 * struct fanl_event - an event on its way into a message
 * @kinds: enum fanotify_kind
 * @flags: enum fanotify_event_flag
 * @sb: filesystem
 * @node: the inodes, by enum fanl_node_role
 * @name: name in the directory, or NULL
 * @new_name: of a rename, the new name
 * @path: path of @name below the root of @sb; NULL, or without a name, for none
 * @new_path: of a rename, the path of @new_name
 * @link: of a symbolic link, what is in it; NULL for unknown
 * @xattr: name of an extended attribute, or NULL
 * @ranged: @offset and @length are known
 * @offset: of the bytes that may have changed
 * @length: number of them
 * @mnt_id: id of the mount, 0 for unknown
 * @error: of fs-error, a positive errno
 * @deadline: room is made for when a verdict is due
 * @fs_name: name of the filesystem's type goes in
 * @gap: of a GAP about the object, a directory, enum fanotify_gap_reason; 0 for none
 * @hash: of the object, to pick the member
 * @stat_mask: attribute fields that were encoded
 * @skb: the message, NULL if it could not be allocated
 * @multicast: the multicast group gets it, too
 * @copy: message for the multicast group, NULL if it could not be allocated
 */
struct fanl_event {
	u64			kinds;
	u32			flags;
	struct super_block	*sb;
	struct fanl_node	node[FANL_NODES];
	const struct qstr	*name;
	const struct qstr	*new_name;
	const struct fanl_path	*path;
	const struct fanl_path	*new_path;
	const char		*link;
	const char		*xattr;
	bool			ranged;
	u64			offset;
	u64			length;
	u64			mnt_id;
	int			error;
	bool			deadline;
	bool			fs_name;
	u32			gap;
	unsigned long		hash;
	u32			stat_mask;
	struct sk_buff		*skb;
	bool			multicast;
	struct sk_buff		*copy;
};

struct sk_buff *fanl_event_alloc(struct fanl_group *group, unsigned int len,
				 gfp_t gfp);
void fanl_event_encode(struct fanl_group *group, struct fanl_event *event,
		       gfp_t gfp);
void fanl_event_encode_in(struct fanl_group *group, struct fanl_event *event,
			  struct sk_buff *skb);
void fanl_event_sample(struct fanl_event *event);
void fanl_event_stamp(struct sk_buff *skb, u64 seq, u64 id);
u64 fanl_event_seq(const struct sk_buff *skb);
u64 fanl_event_realtime(const struct sk_buff *skb);
void fanl_event_stamp_deadline(struct sk_buff *skb, u64 deadline);

struct sk_buff *fanl_gap_alloc(u32 group, gfp_t gfp);
void fanl_gap_open(struct sk_buff *skb, u64 first, u32 reason);
void fanl_gap_since(struct sk_buff *skb, u64 since);
void fanl_gap_grow(struct sk_buff *skb, u64 last, u64 count);

#endif /* _FANL_EVENT_H */
