/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libfanotify-nl: file events over generic netlink.
 *
 * A handle holds two sockets: one becomes a member of a group and receives its
 * events, the other carries commands. The caller keeps its own event loop: it
 * polls fanotify_nl_fd() and then calls fanotify_nl_next_event() until that
 * returns 0.
 *
 * Every call that can fail returns a negative errno; fanotify_nl_error() then
 * has the text, the kernel's own where it gave one. There is no global state.
 * A handle is for one thread at a time; different handles are independent.
 *
 * The names of kinds, flags and limits are those of linux/fanotify-nl.h.
 *
 * Callers allocate the structs, so a new field changes the ABI. Until 1.0 each
 * 0.x may do so, and then changes the SONAME: rebuild what uses the library.
 */
#ifndef FANOTIFY_NL_H
#define FANOTIFY_NL_H

#include <stddef.h>
#include <linux/types.h>
#include <linux/fanotify-nl.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fanotify_nl;

/* ---- the handle ---- */

/**
 * fanotify_nl_open() - Open the sockets and find the family.
 * @hp: where the handle goes
 *
 * On failure too *@hp is a handle (or NULL, if there was no memory for one):
 * good for fanotify_nl_error(), and to be closed.
 *
 * Return: 0; -ENOENT: the kernel has no family fanotify.
 */
int fanotify_nl_open(struct fanotify_nl **hp);

/**
 * fanotify_nl_close() - End the membership, if there is one, and free @h.
 * @h: may be NULL
 */
void fanotify_nl_close(struct fanotify_nl *h);

/**
 * fanotify_nl_error() - Text of the last failure, without a newline.
 * @h: may be NULL, as fanotify_nl_open() leaves it without memory
 *
 * Return: never NULL; valid until the next call on @h; "" before any failure.
 */
const char *fanotify_nl_error(const struct fanotify_nl *h);

/**
 * fanotify_nl_version() - Version of the library, such as "0.1.0".
 *
 * Return: a static string.
 */
const char *fanotify_nl_version(void);

/* ---- groups ---- */

/**
 * struct fanotify_nl_filter - What is to be left out of a group's events, or let
 *	through.
 * @by: which of the following it goes by: FANOTIFY_A_FILTER_TGID, _UID, _CGROUP
 *	or _NAME
 * @flags: FANOTIFY_FILTER_FLAG_*
 * @tgid: a process, with those that descend from it; 0: this one
 * @uid: real uid of the actor
 * @start: when @tgid started, as @start of struct fanotify_nl_actor, to be sure
 *	that it is this process; 0: whichever it is
 * @cgroup: id of a cgroup, with those below it; 0: the one that this process is
 *	in
 * @name: pattern of names, as of glob(7), ended by NUL
 */
struct fanotify_nl_filter {
	__u32 by;
	__u32 flags;
	__u32 tgid;
	__u32 uid;
	__u64 start;
	__u64 cgroup;
	char name[FANOTIFY_PATTERN_MAX + 1];
};

/* Which fields of struct fanotify_nl_settings count. */
enum fanotify_nl_setting {
	FANOTIFY_NL_SET_PRIORITY	= 1 << 0,
	FANOTIFY_NL_SET_MASK		= 1 << 1,
	FANOTIFY_NL_SET_STAT_MASK	= 1 << 2,
	FANOTIFY_NL_SET_OPEN_FLAGS	= 1 << 3,
	FANOTIFY_NL_SET_QUEUE_LIMIT	= 1 << 4,
	FANOTIFY_NL_SET_FLAGS		= 1 << 5,
	FANOTIFY_NL_SET_FILTERS		= 1 << 6,
	FANOTIFY_NL_SET_TIMEOUT_MS	= 1 << 7,
	FANOTIFY_NL_SET_ON_TIMEOUT	= 1 << 8,
	FANOTIFY_NL_SET_WAIT_MS		= 1 << 9,
	FANOTIFY_NL_SET_EVICT_AFTER	= 1 << 10,
	FANOTIFY_NL_SET_ON_EVICT	= 1 << 11,
	FANOTIFY_NL_SET_LINGER_MS	= 1 << 12,
	FANOTIFY_NL_SET_UID_PENDING	= 1 << 13,
	FANOTIFY_NL_SET_WINDOW		= 1 << 14,
};

/**
 * struct fanotify_nl_settings - What a group is to be like.
 * @set: FANOTIFY_NL_SET_*: the fields that are given; the others are the
 *	kernel's default at bind, and left as they are by a change
 * @priority: groups of higher priority are asked first
 * @mask: kinds that the group delivers whatever its marks say
 * @stat_mask: FANOTIFY_STAT_FIELD_*: attribute fields that events carry
 * @open_flags: flags of files that fanotify_nl_event_open() returns
 * @queue_limit: bytes of memory that each member's waiting events may take
 * @flags: FANOTIFY_GROUP_FLAG_*
 * @nr_filters: number of @filters, at most FANOTIFY_FILTERS_MAX; 0: nothing is
 *	left out
 * @filters: all of them: they replace what was there. An event comes if its
 *	actor and one of its names are let through: of those by actor (tgid, uid,
 *	cgroup), as of those by name, none that matches may exclude, and if some
 *	do not exclude, one of these has to match
 * @timeout_ms: permission groups, as all that follow: milliseconds that a member
 *	has to answer an event
 * @on_timeout: what becomes of the access then: 0: it is allowed; or its errno
 * @wait_ms: milliseconds that an access waits at most, whatever happens
 * @evict_after: timeouts in a row after which a member is evicted; 0: never
 * @on_evict: FANOTIFY_ON_EVICT_*: what is done when nobody is left to decide
 * @linger_ms: milliseconds that accesses wait for a successor of the last member
 * @uid_pending: pending accesses of one user at a time
 * @window: events that a member has been sent and has not answered, at most
 */
struct fanotify_nl_settings {
	__u32 set;
	__s32 priority;
	__u64 mask;
	__u64 queue_limit;
	__u32 stat_mask;
	__u32 open_flags;
	__u32 flags;
	__u32 nr_filters;
	struct fanotify_nl_filter filters[FANOTIFY_FILTERS_MAX];
	__u32 timeout_ms;
	__u32 on_timeout;
	__u32 wait_ms;
	__u32 evict_after;
	__u32 on_evict;
	__u32 linger_ms;
	__u32 uid_pending;
	__u32 window;
};

#define FANOTIFY_NL_RCVBUF_DEFAULT	(4U << 20)

/**
 * struct fanotify_nl_bind - How to bind; all zero is a new group with defaults.
 * @number: the group; 0: the kernel picks one
 * @excl: insist on a new group: -EEXIST if there is one of that number
 * @rcvbuf: bytes of receive buffer, no more than INT_MAX count; 0:
 *	FANOTIFY_NL_RCVBUF_DEFAULT
 * @settings: what the group is to be like
 */
struct fanotify_nl_bind {
	__u32 number;
	__u32 excl;
	__u32 rcvbuf;
	struct fanotify_nl_settings settings;
};

/**
 * struct fanotify_nl_gate - State and counters of a permission group.
 * @state: FANOTIFY_GATE_STATE_*; 0: it is no permission group
 * @pending: accesses that wait for a verdict now
 * @parked: accesses that wait until they are pending, as their user has
 *	uid_pending of them
 * @allowed: accesses that a verdict allowed
 * @denied: accesses that a verdict denied
 * @deferred: verdicts that restarted a clock
 * @timeouts: events that were not answered in time
 * @undelivered: accesses denied since no member could be asked in wait_ms
 * @withdrawn: accesses whose task was killed while it waited
 * @abandoned: accesses decided by on_evict, or since the group ended
 * @evictions: members evicted
 * @takeovers: binds to the group while it lingered or was held
 * @remembered: accesses decided by a remembered verdict
 * @not_remembered: verdicts that asked to be remembered, and could not
 */
struct fanotify_nl_gate {
	__u32 state;
	__u64 pending;
	__u64 parked;
	__u64 allowed;
	__u64 denied;
	__u64 deferred;
	__u64 timeouts;
	__u64 undelivered;
	__u64 withdrawn;
	__u64 abandoned;
	__u64 evictions;
	__u64 takeovers;
	__u64 remembered;
	__u64 not_remembered;
};

/**
 * struct fanotify_nl_group_info - A group as it is.
 * @number: its number
 * @member: fanotify_nl_bound() only: this member's number in the group
 * @event_max: fanotify_nl_bound() only: the largest event message in bytes
 * @uid: lists only: the user that bound it first
 * @members: lists only: number of members
 * @marks: lists only: number of marks
 * @settings: as in force; @settings.set says what the kernel told
 * @gate: lists only: of a permission group
 */
struct fanotify_nl_group_info {
	__u32 number;
	__u32 member;
	__u32 event_max;
	__u32 uid;
	__u32 members;
	__u32 marks;
	struct fanotify_nl_settings settings;
	struct fanotify_nl_gate gate;
};

typedef int (*fanotify_nl_group_cb)(const struct fanotify_nl_group_info *info, void *arg);

/**
 * fanotify_nl_bind() - Become a member of a group.
 * @h: handle, not bound yet
 * @bind: how; NULL is as all zero
 *
 * Return: 0; -EISCONN: @h is bound already; or the kernel's error. Of filters:
 * -E2BIG: too many; -ESRCH, -ENOENT: there is no such process or cgroup;
 * -EINVAL: no filter can be like that.
 */
int fanotify_nl_bind(struct fanotify_nl *h, const struct fanotify_nl_bind *bind);

/**
 * fanotify_nl_unbind() - End the membership; the last member ends the group.
 * @h: bound handle; events that were not read yet are dropped
 *
 * That the group is gone already is no error.
 *
 * Return: 0; -ENOTCONN: @h is not bound; or the kernel's error.
 */
int fanotify_nl_unbind(struct fanotify_nl *h);

/**
 * fanotify_nl_bound() - The group that @h is a member of, as of the bind.
 * @h: handle
 *
 * Return: NULL if @h is not bound.
 */
const struct fanotify_nl_group_info *fanotify_nl_bound(const struct fanotify_nl *h);

/**
 * fanotify_nl_group_set() - Change the bound group.
 * @h: bound handle
 * @settings: what to change; open_flags, and whether it is a permission group and
 *	remembers, cannot change (-EINVAL)
 *
 * What happens after the return is judged by what is new.
 *
 * Return: 0; -ENOTCONN: @h is not bound; or the kernel's error, of filters as
 * of fanotify_nl_bind().
 */
int fanotify_nl_group_set(struct fanotify_nl *h, const struct fanotify_nl_settings *settings);

/**
 * fanotify_nl_group_set_by_number() - Change any group; @h need not be bound.
 * @h: handle
 * @number: the group, which need not have a member
 * @settings: as for fanotify_nl_group_set()
 *
 * Return: 0; -ENOENT: no such group; or as fanotify_nl_group_set().
 */
int fanotify_nl_group_set_by_number(struct fanotify_nl *h, __u32 number,
				    const struct fanotify_nl_settings *settings);

/**
 * fanotify_nl_group_get() - Look at one group; @h need not be bound.
 * @h: handle
 * @number: the group
 * @info: where the answer goes
 *
 * Return: 0; -ENOENT: no such group; or the kernel's error.
 */
int fanotify_nl_group_get(struct fanotify_nl *h, __u32 number, struct fanotify_nl_group_info *info);

/**
 * fanotify_nl_groups() - List all groups; @h need not be bound.
 * @h: handle
 * @cb: called for each; a value other than 0 ends the list and is returned
 * @arg: handed to @cb
 *
 * As all lists of this library: @cb is called when the whole list is here, and
 * may make calls on @h; a list that changed meanwhile is read again.
 *
 * Return: 0; what @cb returned; -EAGAIN: the list kept changing; or the
 * kernel's error.
 */
int fanotify_nl_groups(struct fanotify_nl *h, fanotify_nl_group_cb cb, void *arg);

/* ---- marks ---- */

/**
 * enum fanotify_nl_mark_option - Options of struct fanotify_nl_mark.
 * @FANOTIFY_NL_MARK_EXCL: insist on a new mark: -EEXIST if there is one
 * @FANOTIFY_NL_MARK_NOFOLLOW: a symbolic link at the end of the path is marked
 *	itself
 */
enum fanotify_nl_mark_option {
	FANOTIFY_NL_MARK_EXCL		= 1 << 0,
	FANOTIFY_NL_MARK_NOFOLLOW	= 1 << 1,
};

/**
 * struct fanotify_nl_mark - What to watch, or to watch no longer.
 * @type: FANOTIFY_MARK_TYPE_*
 * @path: the inode, or anything on the mount or filesystem; not for global
 * @fd: instead of a path, if @path is NULL; O_PATH will do. Not 0, which is what
 *	a struct has in which it was forgotten: -EBADF
 * @options: FANOTIFY_NL_MARK_*
 * @mask: kinds to add or remove
 * @ignore_mask: kinds to add to, or remove from, what is ignored
 * @flags: FANOTIFY_MARK_FLAG_*
 */
struct fanotify_nl_mark {
	__u32 type;
	__s32 fd;
	const char *path;
	__u32 options;
	__u32 flags;
	__u64 mask;
	__u64 ignore_mask;
};

/**
 * struct fanotify_nl_mark_result - What came of adding a mark.
 * @id: number of the mark in its group
 * @covered: global: number of filesystems that are watched from now on, and were
 *	not before
 * @skipped: global: the types of filesystem that are left out, ended by NULL;
 *	never NULL itself; valid until the next command on the handle
 */
struct fanotify_nl_mark_result {
	__u32 id;
	__u32 covered;
	const char *const *skipped;
};

/**
 * struct fanotify_nl_mark_info - A mark as it is.
 * @group: number of the group
 * @id: number of the mark in it
 * @type: FANOTIFY_MARK_TYPE_*
 * @flags: FANOTIFY_MARK_FLAG_*
 * @mask: kinds
 * @ignore_mask: kinds that are ignored
 * @dev_major: device of the filesystem
 * @dev_minor: device of the filesystem
 * @ino: inode marks: the inode's number
 * @mnt_id: mount marks: unique id of the mount, 0 if it was not told
 * @fs_name: type of the filesystem, or NULL
 */
struct fanotify_nl_mark_info {
	__u32 group;
	__u32 id;
	__u32 type;
	__u32 flags;
	__u64 mask;
	__u64 ignore_mask;
	__u32 dev_major;
	__u32 dev_minor;
	__u64 ino;
	__u64 mnt_id;
	const char *fs_name;
};

typedef int (*fanotify_nl_mark_cb)(const struct fanotify_nl_mark_info *info, void *arg);

/**
 * fanotify_nl_mark_add() - Watch, or add to the masks of the mark that is there.
 * @h: bound handle
 * @mark: what
 * @result: where the answer goes, or NULL
 *
 * Return: 0; -ENOTCONN: @h is not bound; the error of opening the path; or the
 * kernel's error.
 */
int fanotify_nl_mark_add(struct fanotify_nl *h, const struct fanotify_nl_mark *mark,
			 struct fanotify_nl_mark_result *result);

/**
 * fanotify_nl_mark_remove() - Take kinds out of a mark; with none left it goes.
 * @h: bound handle
 * @mark: which; flags are not looked at
 *
 * Return: as fanotify_nl_mark_add(); -ENOENT: there is no such mark.
 */
int fanotify_nl_mark_remove(struct fanotify_nl *h, const struct fanotify_nl_mark *mark);

/**
 * fanotify_nl_mark_flush() - Remove all marks of the group, or all of one type.
 * @h: bound handle
 * @type: FANOTIFY_MARK_TYPE_*, or 0 for all
 *
 * Return: 0; -ENOTCONN: @h is not bound; or the kernel's error.
 */
int fanotify_nl_mark_flush(struct fanotify_nl *h, __u32 type);

/**
 * fanotify_nl_marks() - List marks; @h need not be bound.
 * @h: handle
 * @group: of this group, or 0 for all
 * @cb: as for fanotify_nl_groups(); strings are valid during the call
 * @arg: handed to @cb
 *
 * Return: as fanotify_nl_groups().
 */
int fanotify_nl_marks(struct fanotify_nl *h, __u32 group, fanotify_nl_mark_cb cb, void *arg);

/* ---- events ---- */

/*
 * Which fields of struct fanotify_nl_event are there. The bit of an attribute
 * is its number. A string or nest whose bit is clear is NULL or all zero.
 */
enum fanotify_nl_has {
	FANOTIFY_NL_HAS_SEQ		= 1ULL << FANOTIFY_A_EVENT_SEQ,
	FANOTIFY_NL_HAS_ID		= 1ULL << FANOTIFY_A_EVENT_ID,
	FANOTIFY_NL_HAS_GROUP		= 1ULL << FANOTIFY_A_EVENT_GROUP,
	FANOTIFY_NL_HAS_MASK		= 1ULL << FANOTIFY_A_EVENT_MASK,
	FANOTIFY_NL_HAS_REALTIME	= 1ULL << FANOTIFY_A_EVENT_REALTIME,
	FANOTIFY_NL_HAS_BOOTTIME	= 1ULL << FANOTIFY_A_EVENT_BOOTTIME,
	FANOTIFY_NL_HAS_FLAGS		= 1ULL << FANOTIFY_A_EVENT_FLAGS,
	FANOTIFY_NL_HAS_DEV_MAJOR	= 1ULL << FANOTIFY_A_EVENT_DEV_MAJOR,
	FANOTIFY_NL_HAS_DEV_MINOR	= 1ULL << FANOTIFY_A_EVENT_DEV_MINOR,
	FANOTIFY_NL_HAS_UUID		= 1ULL << FANOTIFY_A_EVENT_UUID,
	FANOTIFY_NL_HAS_MNT_ID		= 1ULL << FANOTIFY_A_EVENT_MNT_ID,
	FANOTIFY_NL_HAS_OBJECT		= 1ULL << FANOTIFY_A_EVENT_OBJECT,
	FANOTIFY_NL_HAS_DIR		= 1ULL << FANOTIFY_A_EVENT_DIR,
	FANOTIFY_NL_HAS_NEW_DIR		= 1ULL << FANOTIFY_A_EVENT_NEW_DIR,
	FANOTIFY_NL_HAS_NAME		= 1ULL << FANOTIFY_A_EVENT_NAME,
	FANOTIFY_NL_HAS_NEW_NAME	= 1ULL << FANOTIFY_A_EVENT_NEW_NAME,
	FANOTIFY_NL_HAS_PATH		= 1ULL << FANOTIFY_A_EVENT_PATH,
	FANOTIFY_NL_HAS_NEW_PATH	= 1ULL << FANOTIFY_A_EVENT_NEW_PATH,
	FANOTIFY_NL_HAS_ACTOR		= 1ULL << FANOTIFY_A_EVENT_ACTOR,
	FANOTIFY_NL_HAS_GAP		= 1ULL << FANOTIFY_A_EVENT_GAP,
	FANOTIFY_NL_HAS_ERROR		= 1ULL << FANOTIFY_A_EVENT_ERROR,
	FANOTIFY_NL_HAS_FS_NAME		= 1ULL << FANOTIFY_A_EVENT_FS_NAME,
	FANOTIFY_NL_HAS_TARGET		= 1ULL << FANOTIFY_A_EVENT_TARGET,
	FANOTIFY_NL_HAS_LINK		= 1ULL << FANOTIFY_A_EVENT_LINK,
	FANOTIFY_NL_HAS_XATTR		= 1ULL << FANOTIFY_A_EVENT_XATTR,
	FANOTIFY_NL_HAS_OFFSET		= 1ULL << FANOTIFY_A_EVENT_OFFSET,
	FANOTIFY_NL_HAS_LENGTH		= 1ULL << FANOTIFY_A_EVENT_LENGTH,
	FANOTIFY_NL_HAS_COUNT		= 1ULL << FANOTIFY_A_EVENT_COUNT,
	FANOTIFY_NL_HAS_LAST_REALTIME	= 1ULL << FANOTIFY_A_EVENT_LAST_REALTIME,
	FANOTIFY_NL_HAS_LAST_BOOTTIME	= 1ULL << FANOTIFY_A_EVENT_LAST_BOOTTIME,
	FANOTIFY_NL_HAS_DEADLINE	= 1ULL << FANOTIFY_A_EVENT_DEADLINE,
};

/**
 * struct fanotify_nl_time - A time.
 * @sec: seconds since 1970
 * @nsec: nanoseconds
 */
struct fanotify_nl_time {
	__s64 sec;
	__u32 nsec;
};

/**
 * struct fanotify_nl_stat - Attributes of an inode after the operation.
 * @has: FANOTIFY_STAT_FIELD_*: the fields that are there
 * @mode: type and permission bits
 * @nlink: number of hard links
 * @uid: owner
 * @gid: group
 * @atime: last access
 * @mtime: last modification of the data
 * @ctime: last change of the inode
 * @ino: inode number
 * @size: bytes
 * @blocks: allocated blocks of 512 bytes
 */
struct fanotify_nl_stat {
	__u32 has;
	__u32 mode;
	__u32 nlink;
	__u32 uid;
	__u32 gid;
	struct fanotify_nl_time atime;
	struct fanotify_nl_time mtime;
	struct fanotify_nl_time ctime;
	__u64 ino;
	__u64 size;
	__u64 blocks;
};

/**
 * struct fanotify_nl_node - One inode that an event speaks of.
 * @handle: file handle, or NULL; at most FANOTIFY_HANDLE_MAX bytes
 * @handle_len: its length
 * @handle_type: as name_to_handle_at(2) gives it
 * @changed: FANOTIFY_CHANGED_*: what the operation has changed; of a bit that is
 *	clear, it has not changed that
 * @stat: attributes; @stat.has is 0 if there are none
 */
struct fanotify_nl_node {
	const void *handle;
	__u32 handle_len;
	__s32 handle_type;
	__u32 changed;
	struct fanotify_nl_stat stat;
};

/* Which fields of struct fanotify_nl_actor are there. */
enum fanotify_nl_actor_has {
	FANOTIFY_NL_ACTOR_HAS_TGID	= 1 << FANOTIFY_A_ACTOR_TGID,
	FANOTIFY_NL_ACTOR_HAS_TID	= 1 << FANOTIFY_A_ACTOR_TID,
	FANOTIFY_NL_ACTOR_HAS_START	= 1 << FANOTIFY_A_ACTOR_START,
	FANOTIFY_NL_ACTOR_HAS_UID	= 1 << FANOTIFY_A_ACTOR_UID,
	FANOTIFY_NL_ACTOR_HAS_GID	= 1 << FANOTIFY_A_ACTOR_GID,
	FANOTIFY_NL_ACTOR_HAS_EUID	= 1 << FANOTIFY_A_ACTOR_EUID,
	FANOTIFY_NL_ACTOR_HAS_EGID	= 1 << FANOTIFY_A_ACTOR_EGID,
	FANOTIFY_NL_ACTOR_HAS_LOGINUID	= 1 << FANOTIFY_A_ACTOR_LOGINUID,
	FANOTIFY_NL_ACTOR_HAS_COMM	= 1 << FANOTIFY_A_ACTOR_COMM,
	FANOTIFY_NL_ACTOR_HAS_CGROUP	= 1 << FANOTIFY_A_ACTOR_CGROUP,
};

/**
 * struct fanotify_nl_actor - Who did it; ids of the initial namespaces.
 * @has: FANOTIFY_NL_ACTOR_HAS_*
 * @tgid: process
 * @tid: thread
 * @uid: real uid of the task
 * @gid: real gid of the task
 * @euid: effective uid of the credentials in force
 * @egid: effective gid of the credentials in force
 * @loginuid: audit login uid, 2^32-1 if unset
 * @start: when the process started, nanoseconds of CLOCK_BOOTTIME
 * @cgroup: id of the cgroup
 * @comm: name of the thread, or NULL
 */
struct fanotify_nl_actor {
	__u32 has;
	__u32 tgid;
	__u32 tid;
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 loginuid;
	__u64 start;
	__u64 cgroup;
	const char *comm;
};

/**
 * struct fanotify_nl_gap - What is missing.
 * @first: first lost seq; 0 if no event was lost
 * @last: last lost seq; 0 if no event was lost
 * @count: number of lost events
 * @since: when the first was lost, nanoseconds of CLOCK_REALTIME
 * @reason: FANOTIFY_GAP_REASON_*
 * @scope: FANOTIFY_GAP_SCOPE_*: of what. A directory is the event's object, and
 *	what is missing is all below it
 */
struct fanotify_nl_gap {
	__u64 first;
	__u64 last;
	__u64 count;
	__u64 since;
	__u32 reason;
	__u32 scope;
};

/**
 * struct fanotify_nl_event - One event.
 * @has: FANOTIFY_NL_HAS_*
 * @seq: counts the member's events from 1, without holes; 0: not counted, a
 *	permission event
 * @id: unique in the group
 * @mask: FANOTIFY_KIND_*
 * @realtime: when, nanoseconds of CLOCK_REALTIME
 * @boottime: when, nanoseconds of CLOCK_BOOTTIME
 * @group: number of the group
 * @flags: FANOTIFY_EVENT_FLAG_*
 * @dev_major: device of the filesystem
 * @dev_minor: device of the filesystem
 * @mnt_id: the mount, as the mount mark that matched names it
 * @uuid: FANOTIFY_UUID_LEN bytes, or NULL
 * @object: the object itself
 * @dir: the directory that holds @name; of a rename, the old one
 * @new_dir: of a rename, the new directory where it is another
 * @target: of a rename, what had the new name before
 * @name: name in @dir, or NULL; bytes without NUL or slash
 * @new_name: of a rename, the new name, or NULL
 * @path: path below the filesystem's root, or NULL
 * @new_path: of a rename, the new path, or NULL
 * @link: of symlink, what is in the symbolic link, or NULL
 * @xattr: of setxattr and removexattr, the name of the attribute, or NULL
 * @fs_name: of covered, unmount and fs-error, the type of the filesystem
 * @name_len: length of @name
 * @new_name_len: length of @new_name
 * @path_len: length of @path
 * @new_path_len: length of @new_path
 * @link_len: length of @link
 * @xattr_len: length of @xattr
 * @actor: who did it
 * @gap: what is missing, if FANOTIFY_KIND_GAP is in @mask
 * @error: of fs-error, a positive errno
 * @offset: where in the file the bytes begin that may have changed; no others have.
 *	Of FANOTIFY_KIND_PRE_ACCESS, that are about to be used. Only with
 *	FANOTIFY_NL_HAS_OFFSET in @has
 * @length: how many they are; may reach beyond the end of the file
 * @count: of merged events, how many there were; 0 if there was but one
 * @last_realtime: of merged events, when the last was, nanoseconds of
 *	CLOCK_REALTIME
 * @last_boottime: of merged events, when the last was, nanoseconds of
 *	CLOCK_BOOTTIME
 * @deadline: of a permission event, which fanotify_nl_verdict() is to answer: when
 *	it times out, nanoseconds of CLOCK_BOOTTIME
 *
 * Pointers point into the message that was parsed: for an event of
 * fanotify_nl_next_event() they are valid until the next call that reads
 * events, unbinds or closes. All strings end in NUL.
 */
struct fanotify_nl_event {
	__u64 has;
	__u64 seq;
	__u64 id;
	__u64 mask;
	__u64 realtime;
	__u64 boottime;
	__u32 group;
	__u32 flags;
	__u32 dev_major;
	__u32 dev_minor;
	__u64 mnt_id;
	const unsigned char *uuid;
	struct fanotify_nl_node object;
	struct fanotify_nl_node dir;
	struct fanotify_nl_node new_dir;
	struct fanotify_nl_node target;
	const char *name;
	const char *new_name;
	const char *path;
	const char *new_path;
	const char *link;
	const char *xattr;
	const char *fs_name;
	__u32 name_len;
	__u32 new_name_len;
	__u32 path_len;
	__u32 new_path_len;
	__u32 link_len;
	__u32 xattr_len;
	struct fanotify_nl_actor actor;
	struct fanotify_nl_gap gap;
	__s32 error;
	__u64 offset;
	__u64 length;
	__u64 count;
	__u64 last_realtime;
	__u64 last_boottime;
	__u64 deadline;
};

/**
 * struct fanotify_nl_counters - What a handle has seen since it was bound.
 * @events: events handed out, gap events among them
 * @gaps: gap events of scope all
 * @lost: events that the gaps stand for
 * @holes: seqs that are missing without a gap that says so: a bug in the kernel
 *	module, or in the library
 * @repeats: events whose seq was not above the last one's: a bug too
 * @malformed: messages that could not be parsed
 * @forged: messages that the kernel had not sent, dropped
 * @fetches: fetch requests sent
 * @moved_in: gap events of scope directory, in which nothing is lost
 * @merged: repeats that were merged into the events
 */
struct fanotify_nl_counters {
	__u64 events;
	__u64 gaps;
	__u64 lost;
	__u64 holes;
	__u64 repeats;
	__u64 malformed;
	__u64 forged;
	__u64 fetches;
	__u64 moved_in;
	__u64 merged;
};

/**
 * fanotify_nl_fd() - The descriptor to poll for POLLIN.
 * @h: open handle
 *
 * The handle keeps it; only poll it. Events may wait in the handle while the
 * descriptor is silent: poll again only when fanotify_nl_next_event() has
 * returned 0, and level-triggered or edge-triggered will both do.
 *
 * Return: the descriptor.
 */
int fanotify_nl_fd(const struct fanotify_nl *h);

/**
 * fanotify_nl_next_event() - Take the next event; does not wait.
 * @h: bound handle
 * @event: where it goes
 *
 * Return: 1: *@event is an event; 0: there is none now; -ENOTCONN: @h is not
 * bound; or what a loop goes on after:
 *
 * - -EBADMSG: a malformed message was skipped; call again at once.
 * - -ENOBUFS, -ENOMEM: the kernel could not hand out waiting events just now;
 *   call again soon, the descriptor may be silent.
 * - -ESHUTDOWN: the kernel module is being unloaded, and the group is gone; or this
 *   member was evicted from its permission group. The last events may still be there:
 *   read until 0 or another error, then close.
 */
int fanotify_nl_next_event(struct fanotify_nl *h, struct fanotify_nl_event *event);

/**
 * fanotify_nl_wait_event() - Take the next event, waiting for it if need be.
 * @h: bound handle
 * @event: where it goes
 * @timeout_ms: how long at most; negative: for ever
 *
 * Return: as fanotify_nl_next_event(), 0 after the timeout; -EINTR: a signal
 * came.
 */
int fanotify_nl_wait_event(struct fanotify_nl *h, struct fanotify_nl_event *event, int timeout_ms);

/**
 * fanotify_nl_parse_event() - Parse an event message, such as a multicast one.
 * @msg: the message, from its struct nlmsghdr on; any alignment
 * @len: bytes that are there; nlmsg_len may be less, not more
 * @event: where it goes, pointing into @msg
 *
 * The netlink type is not looked at: it is the family's id, which the caller
 * knows. Attributes that this library does not know are skipped.
 *
 * Return: 0; -ENOMSG: another command than FANOTIFY_CMD_EVENT; -EBADMSG:
 * malformed.
 */
int fanotify_nl_parse_event(const void *msg, size_t len, struct fanotify_nl_event *event);

/**
 * fanotify_nl_event_open() - Open the object of an event.
 * @h: bound handle
 * @mount_fd: anything on a mount of the event's filesystem; O_PATH will do
 * @node: event's object, dir or new_dir
 *
 * The use of the descriptor makes no events; it has the group's open flags and
 * is close-on-exec.
 *
 * Return: the descriptor; -ENODATA: @node has no handle; -EINVAL: its length
 * is not that of one; -ESTALE: the object is gone; -ENOMEM: an inode of its
 * number is being made, or there is no memory: try again; or the kernel's error.
 */
int fanotify_nl_event_open(struct fanotify_nl *h, int mount_fd,
			   const struct fanotify_nl_node *node);

/**
 * fanotify_nl_counters() - What @h has seen since it was bound.
 * @h: handle
 * @counters: where they go
 */
void fanotify_nl_counters(const struct fanotify_nl *h, struct fanotify_nl_counters *counters);

/* ---- permission events ---- */

/**
 * struct fanotify_nl_verdict - The answer to one permission event.
 * @id: id of the event
 * @response: FANOTIFY_VERDICT_*
 * @error: with FANOTIFY_VERDICT_DENY: the errno that the access fails with: EPERM,
 *	which 0 stands for, EIO, EBUSY, ETXTBSY, EAGAIN, ENOSPC or EDQUOT
 * @flags: FANOTIFY_VERDICT_FLAG_*; not with FANOTIFY_VERDICT_DEFER
 */
struct fanotify_nl_verdict {
	__u64 id;
	__u32 response;
	__u32 error;
	__u32 flags;
};

/* Verdicts in one call. */
#define FANOTIFY_NL_VERDICTS_MAX	256

/**
 * fanotify_nl_verdict() - Answer permission events.
 * @h: bound handle, to which they were delivered
 * @verdicts: the answers
 * @count: how many; FANOTIFY_NL_VERDICTS_MAX at most
 *
 * Who waits goes on before the call returns. Needs no capability: a listener can
 * drop its privileges once it has bound and marked.
 *
 * With -ENOENT and -EACCES all answers were taken but those for such events; the
 * text names the first. With any other error none was.
 *
 * Return: 0; -ENOENT: an event is not waited for (any more): it timed out, was
 * answered, or its task was killed, which no listener can rule out; -EACCES: an
 * event of another member; -EINVAL: an answer that there is not; -E2BIG: too
 * many; -ENOTCONN: @h is not bound; or the kernel's error.
 */
int fanotify_nl_verdict(struct fanotify_nl *h, const struct fanotify_nl_verdict *verdicts,
			size_t count);

/**
 * fanotify_nl_event_open_id() - Open what a permission event is about.
 * @h: bound handle, to which it was delivered
 * @id: id of the event, not answered yet
 *
 * As fanotify_nl_event_open(), but needs neither a mount nor a handle: it is the
 * very object that is about to be accessed.
 *
 * Return: the descriptor; -ENOENT: the event is not waited for (any more);
 * -EACCES: an event of another member; -ENOTCONN: @h is not bound; or the
 * kernel's error.
 */
int fanotify_nl_event_open_id(struct fanotify_nl *h, __u64 id);

/**
 * fanotify_nl_gate_lift() - End a permission group that has no member; @h need not
 * be bound.
 * @h: handle
 * @number: the group, which denies all, or waits for a successor
 *
 * Return: 0; -ENOENT: no such group; -EBUSY: it has members; or the kernel's
 * error.
 */
int fanotify_nl_gate_lift(struct fanotify_nl *h, __u32 number);

/* Which fields of struct fanotify_nl_control are there. */
enum fanotify_nl_control_has {
	FANOTIFY_NL_CONTROL_HAS_WHAT	 = 1 << FANOTIFY_A_CONTROL_WHAT,
	FANOTIFY_NL_CONTROL_HAS_GROUP	 = 1 << FANOTIFY_A_CONTROL_GROUP,
	FANOTIFY_NL_CONTROL_HAS_MEMBER	 = 1 << FANOTIFY_A_CONTROL_MEMBER,
	FANOTIFY_NL_CONTROL_HAS_TGID	 = 1 << FANOTIFY_A_CONTROL_TGID,
	FANOTIFY_NL_CONTROL_HAS_UID	 = 1 << FANOTIFY_A_CONTROL_UID,
	FANOTIFY_NL_CONTROL_HAS_ID	 = 1 << FANOTIFY_A_CONTROL_ID,
	FANOTIFY_NL_CONTROL_HAS_OUTCOME	 = 1 << FANOTIFY_A_CONTROL_OUTCOME,
	FANOTIFY_NL_CONTROL_HAS_REALTIME = 1 << FANOTIFY_A_CONTROL_REALTIME,
};

/**
 * struct fanotify_nl_control - Something happened to a permission group.
 * @has: FANOTIFY_NL_CONTROL_HAS_*
 * @what: FANOTIFY_CONTROL_EVENT_*
 * @group: number of the group
 * @member: number of the member that it is about
 * @tgid: of timeout, undelivered and limit, the process that waits; else the one
 *	that bound the member
 * @uid: of timeout, undelivered and limit, the user whose access it is
 * @id: of timeout, the event
 * @outcome: of timeout and undelivered, the errno of the access; 0: allowed
 * @realtime: when, nanoseconds of CLOCK_REALTIME
 */
struct fanotify_nl_control {
	__u64 has;
	__u32 what;
	__u32 group;
	__u32 member;
	__u32 tgid;
	__u32 uid;
	__u32 outcome;
	__u64 id;
	__u64 realtime;
};

/**
 * fanotify_nl_parse_control() - Parse a message of the multicast group control.
 * @msg: the message, from its struct nlmsghdr on; any alignment
 * @len: bytes that are there; nlmsg_len may be less, not more
 * @control: where it goes
 *
 * Return: as fanotify_nl_parse_event(), for FANOTIFY_CMD_CONTROL_NTF.
 */
int fanotify_nl_parse_control(const void *msg, size_t len, struct fanotify_nl_control *control);

/* ---- the kernel's side ---- */

/**
 * struct fanotify_nl_member_info - A member and its counters.
 * @group: number of the group
 * @member: number of the member in it
 * @portid: port id of its socket
 * @tgid: process that bound it
 * @state: FANOTIFY_DELIVERY_*
 * @seq: last seq given out
 * @pushed: events sent at once
 * @fetched: events handed out by fetch
 * @lost: events announced as missing
 * @gaps: gap events made
 * @waiting: events in the queue
 * @waiting_bytes: memory that they take
 * @waiting_max: the most it has been
 * @merged: events merged into others that waited
 * @unanswered: permission events delivered and not answered yet
 * @answered: permission events answered
 * @timeouts: permission events not answered in time
 * @row: timeouts since the last answer
 */
struct fanotify_nl_member_info {
	__u32 group;
	__u32 member;
	__u32 portid;
	__u32 tgid;
	__u32 state;
	__u64 seq;
	__u64 pushed;
	__u64 fetched;
	__u64 lost;
	__u64 gaps;
	__u64 waiting;
	__u64 waiting_bytes;
	__u64 waiting_max;
	__u64 merged;
	__u64 unanswered;
	__u64 answered;
	__u64 timeouts;
	__u64 row;
};

typedef int (*fanotify_nl_member_cb)(const struct fanotify_nl_member_info *info, void *arg);

/**
 * fanotify_nl_stats() - List members with their counters; @h need not be bound.
 * @h: handle
 * @group: of this group, or 0 for all
 * @cb: as for fanotify_nl_groups()
 * @arg: handed to @cb
 *
 * Return: as fanotify_nl_groups().
 */
int fanotify_nl_stats(struct fanotify_nl *h, __u32 group, fanotify_nl_member_cb cb, void *arg);

#define FANOTIFY_NL_VERSION_MAX		63
#define FANOTIFY_NL_MARK_TYPE_MAX	7

/**
 * struct fanotify_nl_mark_caps - What one type of mark can do.
 * @mask: kinds that may be in its mask; 0: this kernel has no such mark
 * @ignore_mask: kinds that may be in its ignore mask
 * @flags: FANOTIFY_MARK_FLAG_*
 */
struct fanotify_nl_mark_caps {
	__u64 mask;
	__u64 ignore_mask;
	__u32 flags;
};

/**
 * struct fanotify_nl_caps - What this kernel and module can do.
 * @version: of the module
 * @kinds: kinds that can be delivered
 * @exact: of them, those that are told apart from others that refine the same
 *	kind; the others come with FANOTIFY_EVENT_FLAG_INEXACT
 * @ranged: of them, those whose events have offset and length of what has changed, or
 *	is about to be used
 * @stat_mask: FANOTIFY_STAT_FIELD_* that can be had
 * @event_max: largest event message in bytes
 * @rcvbuf_min: smallest receive buffer of a member's socket
 * @groups_max: groups per user
 * @marks_max: marks per group
 * @members_max: members per group
 * @filters_max: filters per group
 * @permission_groups_max: permission groups at a time; 0: this kernel cannot have
 *	any
 * @remembered_max: files with remembered verdicts, of all groups
 * @journal_levels: levels that a journal can have, each as the bit
 *	1 << FANOTIFY_JOURNAL_LEVEL_*
 * @queue_default: bytes of queue unless asked otherwise
 * @queue_min: least that may be asked for
 * @queue_max: most that may be asked for
 * @marks: by FANOTIFY_MARK_TYPE_*
 */
struct fanotify_nl_caps {
	char version[FANOTIFY_NL_VERSION_MAX + 1];
	__u64 kinds;
	__u64 exact;
	__u64 ranged;
	__u32 stat_mask;
	__u32 event_max;
	__u32 rcvbuf_min;
	__u32 groups_max;
	__u32 marks_max;
	__u32 members_max;
	__u32 filters_max;
	__u32 permission_groups_max;
	__u32 remembered_max;
	__u32 journal_levels;
	__u64 queue_default;
	__u64 queue_min;
	__u64 queue_max;
	struct fanotify_nl_mark_caps marks[FANOTIFY_NL_MARK_TYPE_MAX + 1];
};

/**
 * fanotify_nl_caps() - Ask what this kernel can do; @h need not be bound.
 * @h: handle
 * @caps: where the answer goes
 *
 * Return: 0 or the kernel's error.
 */
int fanotify_nl_caps(struct fanotify_nl *h, struct fanotify_nl_caps *caps);

/* ---- journals ---- */

/*
 * The journal of a filesystem is a ring file in a folder below its mount point. The
 * kernel writes records of what changes there, which have the encoding of events;
 * consumers read them, each at its own pace, and say how far they have come.
 */

/* Where the ring file is, below a mount point. */
#define FANOTIFY_NL_JOURNAL_FOLDER	".fanotify-nl"
#define FANOTIFY_NL_JOURNAL_FILE	".fanotify-nl/journal"

#define FANOTIFY_NL_JOURNAL_SIZE_DEFAULT	(64ULL << 20)

/* Which fields of struct fanotify_nl_journal_settings count. */
enum fanotify_nl_journal_setting {
	FANOTIFY_NL_JOURNAL_SET_LEVEL		= 1 << 0,
	FANOTIFY_NL_JOURNAL_SET_MASK		= 1 << 1,
	FANOTIFY_NL_JOURNAL_SET_INTERVAL_MS	= 1 << 2,
	FANOTIFY_NL_JOURNAL_SET_IDLE_LIMIT	= 1 << 3,
	FANOTIFY_NL_JOURNAL_SET_QUEUE_LIMIT	= 1 << 4,
};

/**
 * struct fanotify_nl_journal_settings - What a journal is to be like.
 * @set: FANOTIFY_NL_JOURNAL_SET_*: the fields that are given; the others are as
 *	they were, or the kernel's default in a new journal
 * @level: FANOTIFY_JOURNAL_LEVEL_*
 * @mask: FANOTIFY_KIND_*: kinds that records are made of
 * @idle_limit: seconds after which a consumer is cut off that acknowledges nothing
 *	though there are records for it; 0: never
 * @queue_limit: bytes of memory that records may take until they are written; is
 *	not kept in the ring
 * @interval_ms: milliseconds within which a record is on disk
 */
struct fanotify_nl_journal_settings {
	__u32 set;
	__u32 level;
	__u64 mask;
	__u64 idle_limit;
	__u64 queue_limit;
	__u32 interval_ms;
};

/**
 * struct fanotify_nl_journal_info - A journal that runs.
 * @id: its number, by which the other calls name it, for as long as it runs
 * @state: FANOTIFY_JOURNAL_STATE_*
 * @settings: as in force; @settings.set says what the kernel told
 * @path: where the kernel looks for the ring file, or NULL
 * @fs_name: type of the filesystem, or NULL
 * @uuid: of the filesystem
 * @epoch: random number of this start
 * @size: bytes of the ring file
 * @oldest: index of the oldest record; @durable + 1 if there is none
 * @oldest_realtime: a time that this one is not older than, nanoseconds of
 *	CLOCK_REALTIME
 * @durable: index of the newest record that is on disk, and can be read
 * @durable_realtime: when this one was made
 * @newest: index of the newest record
 * @covered_index: no change is missing from this record on
 * @covered_since: nor from this time on, nanoseconds of CLOCK_REALTIME
 * @tail: index of the oldest record that a consumer has not acknowledged
 * @waiting_bytes: memory that records take which are not written yet
 * @gaps: times that events were lost, since the start
 * @lost: events that were lost, since the start
 * @batches: times that records were written, since the start
 * @written: bytes that were written, since the start
 * @consumers: number of consumers
 * @error: of FANOTIFY_JOURNAL_STATE_STALLED, why, an errno; EBUSY: the filesystem is
 *	frozen
 * @dev_major: device of the filesystem
 * @dev_minor: device of the filesystem
 *
 * Pointers are valid until the next command on the handle, or, in a list, during
 * the call.
 */
struct fanotify_nl_journal_info {
	__u32 id;
	__u32 state;
	struct fanotify_nl_journal_settings settings;
	const char *path;
	const char *fs_name;
	unsigned char uuid[FANOTIFY_UUID_LEN];
	__u64 epoch;
	__u64 size;
	__u64 oldest;
	__u64 oldest_realtime;
	__u64 durable;
	__u64 durable_realtime;
	__u64 newest;
	__u64 covered_index;
	__u64 covered_since;
	__u64 tail;
	__u64 waiting_bytes;
	__u64 gaps;
	__u64 lost;
	__u64 batches;
	__u64 written;
	__u32 consumers;
	__u32 error;
	__u32 dev_major;
	__u32 dev_minor;
};

typedef int (*fanotify_nl_journal_cb)(const struct fanotify_nl_journal_info *info, void *arg);
typedef int (*fanotify_nl_progress_cb)(__u64 done, __u64 all, void *arg);

/**
 * fanotify_nl_journal_create() - Make the ring file of a filesystem that has none.
 * @h: handle
 * @path: anything on the mount
 * @size: bytes; rounded up to 64 KiB, at least 1 MiB; 0:
 *	FANOTIFY_NL_JOURNAL_SIZE_DEFAULT
 * @cb: called now and then with the bytes that are written; a value other than 0 ends
 *	it, leaves nothing behind, and is returned; NULL: nothing is called
 * @arg: handed to @cb
 *
 * The folder is for root alone, and nothing in it can be renamed or removed (chattr
 * +i), where the filesystem has that. All blocks of the file are written, so that
 * the journal never needs more of the filesystem.
 *
 * Return: 0; -EEXIST: there is one; -ENOSPC; what @cb returned; or another error of
 * opening and writing.
 */
int fanotify_nl_journal_create(struct fanotify_nl *h, const char *path, __u64 size,
			       fanotify_nl_progress_cb cb, void *arg);

/**
 * fanotify_nl_journal_remove() - Remove the ring file, and its folder.
 * @h: handle
 * @path: anything on the mount
 *
 * Return: 0; -EBUSY: the journal runs, or is being started; -ENOENT: there is none; or
 * another error.
 */
int fanotify_nl_journal_remove(struct fanotify_nl *h, const char *path);

/**
 * fanotify_nl_journal_start() - Start the journal whose ring file is there.
 * @h: handle
 * @path: anything on the mount
 * @settings: what to change; NULL: nothing
 * @info: where the answer goes, or NULL
 *
 * Once it returns, all changes are recorded. The first record of a journal that ran
 * before is a gap, FANOTIFY_GAP_REASON_NOT_RUNNING or _UNCLEAN; at level ordered only
 * if something can have changed.
 *
 * Return: 0; -ENOENT: there is no ring file; -EALREADY: it runs; -EBUSY: it is being
 * stopped; -EUCLEAN: the file is no journal; -ESTALE: it is of another filesystem;
 * -EOPNOTSUPP: of this filesystem, or at this level, there is none; or the kernel's error.
 */
int fanotify_nl_journal_start(struct fanotify_nl *h, const char *path,
			      const struct fanotify_nl_journal_settings *settings,
			      struct fanotify_nl_journal_info *info);

/**
 * fanotify_nl_journal_stop() - Stop a journal.
 * @h: handle
 * @id: number of the journal
 * @force: stop even if what waits cannot be written, and is lost
 *
 * Return: 0; -ENOENT: there is no such journal; -EROFS, -EBUSY (frozen), ...: it cannot
 * be written, and goes on; with @force it has stopped all the same, and returns 0. At
 * level ordered that waits until a frozen filesystem is thawed.
 */
int fanotify_nl_journal_stop(struct fanotify_nl *h, __u32 id, int force);

/**
 * fanotify_nl_journal_get() - Look at the journal of a filesystem.
 * @h: handle
 * @path: anything on the filesystem
 * @info: where the answer goes
 *
 * Return: 0; -ENOENT: none runs there, or there is no such path; -EBUSY: it is being
 * started; or another error.
 */
int fanotify_nl_journal_get(struct fanotify_nl *h, const char *path,
			    struct fanotify_nl_journal_info *info);

/**
 * fanotify_nl_journals() - List the journals that run.
 * @h: handle
 * @cb: as for fanotify_nl_groups()
 * @arg: handed to @cb
 *
 * Return: as fanotify_nl_groups().
 */
int fanotify_nl_journals(struct fanotify_nl *h, fanotify_nl_journal_cb cb, void *arg);

/**
 * struct fanotify_nl_cursor - How far a journal was read.
 * @uuid: of the filesystem
 * @epoch: of the journal when it was read
 * @index: the last record that was read
 *
 * A consumer that keeps it beside what it makes of the records is told if that, or
 * the filesystem, was put back to an older state.
 */
struct fanotify_nl_cursor {
	unsigned char uuid[FANOTIFY_UUID_LEN];
	__u64 epoch;
	__u64 index;
};

/* Room for a cursor as text, its NUL included. */
#define FANOTIFY_NL_CURSOR_LEN	80

/**
 * fanotify_nl_cursor_format() - A cursor as text: UUID:EPOCH:INDEX, the epoch in hex.
 * @cursor: the cursor
 * @text: where it goes
 */
void fanotify_nl_cursor_format(const struct fanotify_nl_cursor *cursor,
			       char text[FANOTIFY_NL_CURSOR_LEN]);

/**
 * fanotify_nl_cursor_parse() - The cursor that a text stands for.
 * @text: as fanotify_nl_cursor_format() makes it
 * @cursor: where it goes
 *
 * Return: 0; -EINVAL: it is none.
 */
int fanotify_nl_cursor_parse(const char *text, struct fanotify_nl_cursor *cursor);

/**
 * struct fanotify_nl_consumer - A consumer that is to be added.
 * @name: 1 to FANOTIFY_CONSUMER_NAME_MAX letters, digits and any of . _ - @ :
 * @start: FANOTIFY_CONSUMER_START_*; 0: from now on
 * @mask: FANOTIFY_KIND_*: kinds that it reads; 0: all
 */
struct fanotify_nl_consumer {
	const char *name;
	__u32 start;
	__u64 mask;
};

/**
 * struct fanotify_nl_consumer_info - A consumer as it is.
 * @name: its name; valid during the call
 * @mask: kinds that it reads
 * @acked: index up to which it has acknowledged
 * @epoch: with @acked and the filesystem's UUID, its cursor
 * @registered: when it was added, nanoseconds of CLOCK_REALTIME
 * @acked_at: when it acknowledged last, nanoseconds of CLOCK_REALTIME; 0: never
 * @behind: records, of any kind, that it has not acknowledged
 * @cut: what it misses; all zero if it was not cut off
 */
struct fanotify_nl_consumer_info {
	const char *name;
	__u64 mask;
	__u64 acked;
	__u64 epoch;
	__u64 registered;
	__u64 acked_at;
	__u64 behind;
	struct fanotify_nl_gap cut;
};

typedef int (*fanotify_nl_consumer_cb)(const struct fanotify_nl_consumer_info *info, void *arg);

/**
 * fanotify_nl_consumer_add() - Register a consumer of a journal.
 * @h: handle
 * @id: number of the journal
 * @consumer: the consumer
 * @token: set to what others need not know: to acknowledge takes it
 * @cursor: set to where it starts, or NULL. (For a baseline: add the consumer, scan,
 *	then read and apply.)
 *
 * It is on disk when this returns.
 *
 * Return: 0; -EEXIST: there is one of that name; -EINVAL: no name; -ENOSPC: there are
 * FANOTIFY_CONSUMERS_MAX; -ENOENT: no such journal; or the error of writing.
 */
int fanotify_nl_consumer_add(struct fanotify_nl *h, __u32 id,
			     const struct fanotify_nl_consumer *consumer, __u64 *token,
			     struct fanotify_nl_cursor *cursor);

/**
 * fanotify_nl_consumer_remove() - Deregister a consumer.
 * @h: handle
 * @id: number of the journal
 * @name: of the consumer
 * @token: of the consumer; NULL: it is another's, and goes all the same
 *
 * Return: 0; -ENOENT: no such journal or consumer; -EACCES: not its token; or the
 * error of writing.
 */
int fanotify_nl_consumer_remove(struct fanotify_nl *h, __u32 id, const char *name,
				const __u64 *token);

/**
 * fanotify_nl_consumers() - List the consumers of a journal.
 * @h: handle
 * @id: number of the journal
 * @cb: as for fanotify_nl_groups()
 * @arg: handed to @cb
 *
 * Return: as fanotify_nl_groups(); -ENOENT: no such journal.
 */
int fanotify_nl_consumers(struct fanotify_nl *h, __u32 id, fanotify_nl_consumer_cb cb, void *arg);

/* Options of fanotify_nl_consumer_ack(). */
enum fanotify_nl_ack_option {
	FANOTIFY_NL_ACK_SYNC	= 1 << 0,
	FANOTIFY_NL_ACK_RESET	= 1 << 1,
};

/**
 * fanotify_nl_consumer_ack() - Say that all records up to one are done with.
 * @h: handle
 * @id: number of the journal
 * @name: of the consumer
 * @token: of the consumer; NULL: it is another's, and is acknowledged all the same
 * @cursor: the record, as fanotify_nl_journal_read() left it
 * @options: FANOTIFY_NL_ACK_SYNC: return when it is on disk, not a batch later;
 *	FANOTIFY_NL_ACK_RESET: go back to an earlier record, too, and forget that the
 *	consumer was cut off
 *
 * Return: 0; -ENOENT: no such journal or consumer; -EACCES: not its token; -ESTALE: the
 * cursor is of another filesystem, or none of this journal; -ERANGE: its record is not
 * there yet; or the error of writing.
 */
int fanotify_nl_consumer_ack(struct fanotify_nl *h, __u32 id, const char *name, const __u64 *token,
			     const struct fanotify_nl_cursor *cursor, int options);

/* Options of fanotify_nl_journal_read(). */
enum fanotify_nl_read_option {
	FANOTIFY_NL_READ_FLUSH	= 1 << 0,
	FANOTIFY_NL_READ_OLDEST	= 1 << 1,
};

/**
 * struct fanotify_nl_read - What to read of a journal.
 * @consumer: read what this one wants; NULL: all kinds
 * @cursor: go on behind this; NULL: behind what the consumer has acknowledged. It
 *	may be the one that the answer goes to
 * @options: FANOTIFY_NL_READ_FLUSH: have what has happened until now written first;
 *	FANOTIFY_NL_READ_OLDEST: from the oldest record on, without a @cursor
 * @wait_ms: milliseconds to wait for a record if there is none
 */
struct fanotify_nl_read {
	const char *consumer;
	const struct fanotify_nl_cursor *cursor;
	__u32 options;
	__u32 wait_ms;
};

/**
 * struct fanotify_nl_records - What was read.
 * @cursor: how far it goes, whatever of it is used; to be acknowledged, and to go
 *	on with
 * @end: there is no more to be read now
 * @has_gap: something is missing before the first record:
 * @gap: what. Its count is 0 where it is not known
 */
struct fanotify_nl_records {
	struct fanotify_nl_cursor cursor;
	int end;
	int has_gap;
	struct fanotify_nl_gap gap;
};

/**
 * fanotify_nl_journal_read() - Read some records.
 * @h: handle
 * @id: number of the journal
 * @read: what to read
 * @records: where the answer goes; fanotify_nl_journal_next() has the records
 *
 * Only what is on disk is read: no crash can undo it. A gap, of @records or among the
 * records, says that its consumer has to look for itself. Without a record before the
 * end of @wait_ms, or when a signal comes, the answer has none and @records->end is
 * set. Waiting holds nothing open on the filesystem.
 *
 * Return: 0; -ENOENT: no such journal (any more: it was stopped, or unmounted) or
 * consumer; -ESTALE: @read->cursor is of another filesystem; or the kernel's error.
 */
int fanotify_nl_journal_read(struct fanotify_nl *h, __u32 id, const struct fanotify_nl_read *read,
			     struct fanotify_nl_records *records);

/**
 * fanotify_nl_journal_next() - The next record of what was read.
 * @h: handle
 * @event: where it goes; @event->seq is its index. Valid until the next
 *	fanotify_nl_journal_read() on @h
 *
 * Return: 1: there is one; 0: there is none left; -EBADMSG: it could not be parsed,
 * and the next call goes on behind it.
 */
int fanotify_nl_journal_next(struct fanotify_nl *h, struct fanotify_nl_event *event);

/* ---- the ring of a journal, as a file ---- */

struct fanotify_nl_ring;

/**
 * struct fanotify_nl_ring_info - What the header of a ring says.
 * @uuid: of the filesystem
 * @epoch: of the last start
 * @clean: the journal was stopped, and lacks nothing up to @realtime
 * @big_endian: records are those of a machine of that byte order, whichever the
 *	one is that reads them
 * @sequence: of the copy of the header that counts
 * @copies: how many copies of the header are good, 1 or 2
 * @settings: without the queue limit, which is not kept
 * @size: bytes of the file, as the header has it
 * @present: bytes that there are: less than @size if a copy was cut off
 * @realtime: when the header was written
 * @covered_index: no change is missing from this record on
 * @covered_since: nor from this time on
 * @oldest: index of the oldest record
 * @newest: index of the newest record; @oldest - 1 if there is none
 * @consumers: number of consumers
 * @epochs: number of starts that are known
 */
struct fanotify_nl_ring_info {
	unsigned char uuid[FANOTIFY_UUID_LEN];
	__u64 epoch;
	int clean;
	int big_endian;
	__u64 sequence;
	__u32 copies;
	struct fanotify_nl_journal_settings settings;
	__u64 size;
	__u64 present;
	__u64 realtime;
	__u64 covered_index;
	__u64 covered_since;
	__u64 oldest;
	__u64 newest;
	__u32 consumers;
	__u32 epochs;
};

/**
 * struct fanotify_nl_ring_damage - A part of a ring that cannot be read.
 * @offset: where in the file
 * @first: index of the first record that is missing
 * @last: index of the last one
 * @what: what is wrong there; a static string
 */
struct fanotify_nl_ring_damage {
	__u64 offset;
	__u64 first;
	__u64 last;
	const char *what;
};

/**
 * fanotify_nl_ring_open() - Open a ring file, or a copy of one.
 * @rp: where the ring goes
 * @path: the file
 *
 * Needs neither the module nor root's rights, but to read the file. Nothing in it is
 * trusted. On failure too *@rp is a ring (or NULL without memory): good for
 * fanotify_nl_ring_error(), and to be closed.
 *
 * Return: 0; -EUCLEAN: it is no ring, or its header is damaged; -EOPNOTSUPP: of a
 * version that is not known; or the error of opening and reading.
 */
int fanotify_nl_ring_open(struct fanotify_nl_ring **rp, const char *path);

/**
 * fanotify_nl_ring_close() - Close a ring.
 * @ring: may be NULL
 */
void fanotify_nl_ring_close(struct fanotify_nl_ring *ring);

/**
 * fanotify_nl_ring_error() - Text of the last failure, without a newline.
 * @ring: may be NULL
 *
 * Return: never NULL; valid until the next call on @ring.
 */
const char *fanotify_nl_ring_error(const struct fanotify_nl_ring *ring);

/**
 * fanotify_nl_ring_info() - What the header says.
 * @ring: open ring
 * @info: where it goes
 */
void fanotify_nl_ring_info(const struct fanotify_nl_ring *ring, struct fanotify_nl_ring_info *info);

/**
 * fanotify_nl_ring_consumers() - List the consumers that the header has.
 * @ring: open ring
 * @cb: called for each; a value other than 0 ends the list and is returned
 * @arg: handed to @cb
 *
 * Return: 0; or what @cb returned.
 */
int fanotify_nl_ring_consumers(const struct fanotify_nl_ring *ring, fanotify_nl_consumer_cb cb,
			       void *arg);

/**
 * fanotify_nl_ring_next() - The next record, from the oldest on.
 * @ring: open ring
 * @event: where it goes; @event->seq is its index. Valid until the next call on
 *	@ring
 * @damage: set when -EBADMSG is returned
 *
 * Return: 1: there is one; 0: it was the last; -EBADMSG: some cannot be read, as
 * @damage says, and the next call goes on behind them; -EOPNOTSUPP: they are of the
 * other byte order; or the error of reading.
 */
int fanotify_nl_ring_next(struct fanotify_nl_ring *ring, struct fanotify_nl_event *event,
			  struct fanotify_nl_ring_damage *damage);

/**
 * fanotify_nl_ring_progress() - How far the reading has come.
 * @ring: open ring
 * @done: set to the number of records that were read, or passed as damaged
 * @all: set to the number of records that there are
 */
void fanotify_nl_ring_progress(const struct fanotify_nl_ring *ring, __u64 *done, __u64 *all);

/* ---- names ---- */

/*
 * The names are those of the protocol's spec: "create", "close-write". All are
 * static strings.
 */

/**
 * fanotify_nl_kind_name() - Name of a kind of event.
 * @bit: exactly one FANOTIFY_KIND_*
 *
 * Return: the name; NULL if @bit has none.
 */
const char *fanotify_nl_kind_name(__u64 bit);

/**
 * fanotify_nl_mark_type_name() - Name of a type of mark.
 * @type: FANOTIFY_MARK_TYPE_*
 *
 * Return: the name; NULL if @type has none.
 */
const char *fanotify_nl_mark_type_name(__u32 type);

/**
 * fanotify_nl_mark_flag_name() - Name of a flag of marks.
 * @bit: exactly one FANOTIFY_MARK_FLAG_*
 *
 * Return: the name; NULL if @bit has none.
 */
const char *fanotify_nl_mark_flag_name(__u32 bit);

/**
 * fanotify_nl_group_flag_name() - Name of a flag of groups.
 * @bit: exactly one FANOTIFY_GROUP_FLAG_*
 *
 * Return: the name; NULL if @bit has none.
 */
const char *fanotify_nl_group_flag_name(__u32 bit);

/**
 * fanotify_nl_filter_flag_name() - Name of a flag of filters.
 * @bit: exactly one FANOTIFY_FILTER_FLAG_*
 *
 * Return: the name; NULL if @bit has none.
 */
const char *fanotify_nl_filter_flag_name(__u32 bit);

/**
 * fanotify_nl_stat_field_name() - Name of an attribute field.
 * @bit: exactly one FANOTIFY_STAT_FIELD_*
 *
 * Return: the name; NULL if @bit has none.
 */
const char *fanotify_nl_stat_field_name(__u32 bit);

/**
 * fanotify_nl_changed_name() - Name of what an operation has changed.
 * @bit: exactly one FANOTIFY_CHANGED_*
 *
 * Return: the name; NULL if @bit has none.
 */
const char *fanotify_nl_changed_name(__u32 bit);

/**
 * fanotify_nl_event_flag_name() - Name of a flag of events.
 * @bit: exactly one FANOTIFY_EVENT_FLAG_*
 *
 * Return: the name; NULL if @bit has none.
 */
const char *fanotify_nl_event_flag_name(__u32 bit);

/**
 * fanotify_nl_gap_reason_name() - Name of a reason for a gap.
 * @reason: FANOTIFY_GAP_REASON_*
 *
 * Return: the name; NULL if @reason has none.
 */
const char *fanotify_nl_gap_reason_name(__u32 reason);

/**
 * fanotify_nl_gap_scope_name() - Name of the scope of a gap.
 * @scope: FANOTIFY_GAP_SCOPE_*
 *
 * Return: the name; NULL if @scope has none.
 */
const char *fanotify_nl_gap_scope_name(__u32 scope);

/**
 * fanotify_nl_delivery_name() - Name of a member's state.
 * @state: FANOTIFY_DELIVERY_*
 *
 * Return: the name; NULL if @state has none.
 */
const char *fanotify_nl_delivery_name(__u32 state);

/**
 * fanotify_nl_verdict_name() - Name of an answer.
 * @verdict: FANOTIFY_VERDICT_*
 *
 * Return: the name; NULL if @verdict has none.
 */
const char *fanotify_nl_verdict_name(__u32 verdict);

/**
 * fanotify_nl_on_evict_name() - Name of what is done when nobody is left to decide.
 * @on_evict: FANOTIFY_ON_EVICT_*
 *
 * Return: the name; NULL if @on_evict has none.
 */
const char *fanotify_nl_on_evict_name(__u32 on_evict);

/**
 * fanotify_nl_gate_state_name() - Name of a state of permission groups.
 * @state: FANOTIFY_GATE_STATE_*
 *
 * Return: the name; NULL if @state has none.
 */
const char *fanotify_nl_gate_state_name(__u32 state);

/**
 * fanotify_nl_control_event_name() - Name of what happened to a permission group.
 * @what: FANOTIFY_CONTROL_EVENT_*
 *
 * Return: the name; NULL if @what has none.
 */
const char *fanotify_nl_control_event_name(__u32 what);

/**
 * fanotify_nl_verdict_flag_name() - Name of a flag of verdicts.
 * @bit: exactly one FANOTIFY_VERDICT_FLAG_*
 *
 * Return: the name; NULL if @bit has none.
 */
const char *fanotify_nl_verdict_flag_name(__u32 bit);

/**
 * fanotify_nl_journal_level_name() - Name of a level of journals.
 * @level: FANOTIFY_JOURNAL_LEVEL_*
 *
 * Return: the name; NULL if @level has none.
 */
const char *fanotify_nl_journal_level_name(__u32 level);

/**
 * fanotify_nl_journal_state_name() - Name of a journal's state.
 * @state: FANOTIFY_JOURNAL_STATE_*
 *
 * Return: the name; NULL if @state has none.
 */
const char *fanotify_nl_journal_state_name(__u32 state);

/**
 * fanotify_nl_consumer_start_name() - Name of where a consumer starts.
 * @start: FANOTIFY_CONSUMER_START_*
 *
 * Return: the name; NULL if @start has none.
 */
const char *fanotify_nl_consumer_start_name(__u32 start);

/**
 * fanotify_nl_kind_parse() - Make a mask of "create,delete".
 * @names: names of kinds with commas between; "all" is every kind but gap,
 *	which needs no asking, moved-from and moved-to, whose idiom is rename,
 *	and the permission kinds, which make others wait; what this kernel or a type
 *	of mark has of it, fanotify_nl_caps() says
 * @mask: where the mask goes
 *
 * Return: 0; -EINVAL: an unknown or empty name, *@mask is unchanged.
 */
int fanotify_nl_kind_parse(const char *names, __u64 *mask);

/**
 * fanotify_nl_mark_type_parse() - The FANOTIFY_MARK_TYPE_* of "inode".
 * @name: name of a type of mark
 *
 * Return: the type, or -EINVAL.
 */
int fanotify_nl_mark_type_parse(const char *name);

/* ---- the baseline: what is there before the first event ---- */

/**
 * struct fanotify_nl_object - One object that the scan found.
 * @path: the path that was given, and what is below it
 * @name: last part of @path, "" for the start of the scan
 * @dev_major: device of the filesystem
 * @dev_minor: device of the filesystem
 * @node: handle and attributes, in the form that events have
 * @dir: the directory that it was found in, or NULL for the start of the scan
 */
struct fanotify_nl_object {
	const char *path;
	const char *name;
	__u32 dev_major;
	__u32 dev_minor;
	struct fanotify_nl_node node;
	const struct fanotify_nl_node *dir;
};

typedef int (*fanotify_nl_object_cb)(const struct fanotify_nl_object *object, void *arg);

/**
 * fanotify_nl_baseline() - Scan a tree, to start from before applying events.
 * @h: bound handle, of a group with a mark that watches the tree
 * @path: the tree; the scan stays on its filesystem
 * @cb: called for each object, a directory before what is in it; a value other
 *	than 0 ends the scan and is returned
 * @arg: handed to @cb
 *
 * Bind and mark first, then scan, then read events: what happens during the
 * scan is in the events. An event may tell what the scan has seen already; so
 * apply it by handle, and leave attributes that are older than what is there
 * (ctime) alone. See fanotify-nl(7).
 *
 * One descriptor is open for each level of directories: a tree that is deeper
 * than RLIMIT_NOFILE allows ends in -EMFILE.
 *
 * Return: 0; what @cb returned; -ENOTCONN: @h is not bound, or the group has
 * no mark; or the error of asking for the group or of reading the tree. What
 * vanishes during the scan is left out.
 */
int fanotify_nl_baseline(struct fanotify_nl *h, const char *path, fanotify_nl_object_cb cb,
			 void *arg);

/**
 * fanotify_nl_node_same() - Tell whether two nodes are the same object.
 * @a: node
 * @b: node
 *
 * Handles are compared, not filesystems.
 *
 * Return: 1 if both have a handle, and the same; else 0.
 */
int fanotify_nl_node_same(const struct fanotify_nl_node *a, const struct fanotify_nl_node *b);

#ifdef __cplusplus
}
#endif

#endif /* FANOTIFY_NL_H */
