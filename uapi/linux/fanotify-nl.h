/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/fanotify-nl.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_FANOTIFY_NL_H
#define _UAPI_LINUX_FANOTIFY_NL_H

#define FANOTIFY_FAMILY_NAME	"fanotify"
#define FANOTIFY_FAMILY_VERSION	1

#define FANOTIFY_HANDLE_MAX		128
#define FANOTIFY_NAME_MAX		1024
#define FANOTIFY_PATH_MAX		4095
#define FANOTIFY_UUID_LEN		16
#define FANOTIFY_COMM_MAX		15
#define FANOTIFY_EVENT_MAX		16384
#define FANOTIFY_FETCH_MIN		32768
#define FANOTIFY_FETCH_MAX		131072
#define FANOTIFY_FSTYPE_MAX		64
#define FANOTIFY_FILTERS_MAX		32
#define FANOTIFY_PATTERN_MAX		64
#define FANOTIFY_TIMEOUT_MS_MIN		10
#define FANOTIFY_TIMEOUT_MS_MAX		600000
#define FANOTIFY_WAIT_MS_MAX		3600000
#define FANOTIFY_LINGER_MS_MAX		600000
#define FANOTIFY_UID_PENDING_MAX	65536
#define FANOTIFY_WINDOW_MIN		2
#define FANOTIFY_WINDOW_MAX		1024
#define FANOTIFY_JOURNAL_PATH_MAX	4095
#define FANOTIFY_INTERVAL_MS_MIN	10
#define FANOTIFY_INTERVAL_MS_MAX	600000
#define FANOTIFY_CONSUMERS_MAX		64
#define FANOTIFY_CONSUMER_NAME_MAX	63
#define FANOTIFY_READ_WAIT_MS_MAX	3600000

/**
 * enum fanotify_kind - The 64-bit event mask. The low 32 bits are the FAN_*
 *   bits of linux/fanotify.h, bit for bit; the high 32 refine them, or name
 *   what FAN_* has no bit for. Bits are never reused; the caps-get operation
 *   says which of them the running kernel can deliver.
 * @FANOTIFY_KIND_ACCESS: A file was read, or its access time was set alone.
 * @FANOTIFY_KIND_MODIFY: A file's data, size or modification time changed.
 * @FANOTIFY_KIND_ATTRIB: Metadata of an object changed.
 * @FANOTIFY_KIND_CLOSE_WRITE: A file that was open for writing was closed.
 * @FANOTIFY_KIND_CLOSE_NOWRITE: A file or directory that was open for reading
 *   only was closed.
 * @FANOTIFY_KIND_OPEN: A file or directory was opened.
 * @FANOTIFY_KIND_MOVED_FROM: The old half of a rename, sent only if asked for;
 *   see rename.
 * @FANOTIFY_KIND_MOVED_TO: The new half of a rename, sent only if asked for;
 *   see rename.
 * @FANOTIFY_KIND_CREATE: A name was added to a directory; with it comes one of
 *   the bits that refine it.
 * @FANOTIFY_KIND_DELETE: A name was removed from a directory; with it comes
 *   unlink or rmdir.
 * @FANOTIFY_KIND_DELETE_SELF: An object itself is gone, its last link and last
 *   user with it. It has no path.
 * @FANOTIFY_KIND_MOVE_SELF: An object itself was renamed.
 * @FANOTIFY_KIND_OPEN_EXEC: A file was opened to be executed.
 * @FANOTIFY_KIND_FS_ERROR: The filesystem met an error.
 * @FANOTIFY_KIND_OPEN_PERM: A file or directory is about to be opened; whoever
 *   does it waits for a verdict. As all permission kinds, for groups with the
 *   flag permission.
 * @FANOTIFY_KIND_ACCESS_PERM: A file or directory is about to be read; who
 *   does it waits for a verdict.
 * @FANOTIFY_KIND_OPEN_EXEC_PERM: A file is about to be opened to be executed;
 *   who does it waits for a verdict. open-perm of the same file follows.
 * @FANOTIFY_KIND_PRE_ACCESS: Bytes of a file are about to be read, written or
 *   mapped, or the file to be truncated; who does it waits for a verdict,
 *   holding no lock of the filesystem, so that whoever decides can bring these
 *   bytes into the file first (offset, length; without them, any of the
 *   file's). Of regular files that were opened after the mark was there, on
 *   filesystems that allow it, on Linux 7. access-perm follows, of what is
 *   read. Members of permission groups, kernel threads and PID 1 do not wait:
 *   they see what is there.
 * @FANOTIFY_KIND_EVENT_ON_CHILD: In a mask of an inode mark: events of the
 *   directory's children too. In an event: it was reported because the parent
 *   is watched.
 * @FANOTIFY_KIND_RENAME: An object was renamed; one record with both parents
 *   and both names.
 * @FANOTIFY_KIND_ONDIR: In a mask: events on directories too. In an event: the
 *   object is a directory.
 * @FANOTIFY_KIND_CREATE_FILE: Refines create, a regular file.
 * @FANOTIFY_KIND_MKDIR: Refines create, a directory.
 * @FANOTIFY_KIND_MKNOD: Refines create, a device node, FIFO or socket.
 * @FANOTIFY_KIND_SYMLINK: Refines create, a symbolic link.
 * @FANOTIFY_KIND_HARDLINK: Refines create, a further name of an existing
 *   object.
 * @FANOTIFY_KIND_TMPFILE_LINK: Refines create, the first name of an O_TMPFILE
 *   file.
 * @FANOTIFY_KIND_UNLINK: Refines delete, anything but a directory.
 * @FANOTIFY_KIND_LAST_UNLINK: Refines delete, together with unlink; no further
 *   name is left.
 * @FANOTIFY_KIND_RMDIR: Refines delete, a directory.
 * @FANOTIFY_KIND_CHMOD: Refines attrib, permission bits.
 * @FANOTIFY_KIND_CHOWN: Refines attrib, owner or group.
 * @FANOTIFY_KIND_UTIMES: Refines attrib, times set by a call. One time alone
 *   comes as modify or access, as it does in fanotify, and as this kind with
 *   them.
 * @FANOTIFY_KIND_SETXATTR: Refines attrib, an extended attribute or ACL was
 *   set.
 * @FANOTIFY_KIND_REMOVEXATTR: Refines attrib, an extended attribute or ACL was
 *   removed.
 * @FANOTIFY_KIND_LINK_COUNT: Refines attrib, the number of links changed.
 * @FANOTIFY_KIND_SETFLAGS: Refines attrib, inode flags or project id.
 * @FANOTIFY_KIND_WRITE: Refines modify, data was written.
 * @FANOTIFY_KIND_TRUNCATE: Refines modify, the size was set.
 * @FANOTIFY_KIND_FALLOCATE: Refines modify, space was allocated or punched
 *   out.
 * @FANOTIFY_KIND_CLONE_RANGE: Refines modify, a range was cloned or copied
 *   into the file.
 * @FANOTIFY_KIND_MMAP_WRITE: Refines modify, a page of a shared mapping became
 *   writable to a store, or stores were synced by msync(2).
 * @FANOTIFY_KIND_UNMOUNT: What a mark watches was unmounted; the mark is gone.
 * @FANOTIFY_KIND_MOUNT_ATTACH: Reserved, a mount was attached. Not delivered
 *   by any kernel yet.
 * @FANOTIFY_KIND_MOUNT_DETACH: Reserved, a mount was detached. Not delivered
 *   by any kernel yet.
 * @FANOTIFY_KIND_COVERED: A filesystem is watched by a global mark from this
 *   event on; nothing is promised about what happened in it before.
 * @FANOTIFY_KIND_GAP: Events are missing; the gap attributes say which and
 *   why. Needs no asking.
 */
enum fanotify_kind {
	FANOTIFY_KIND_ACCESS = 1,
	FANOTIFY_KIND_MODIFY = 2,
	FANOTIFY_KIND_ATTRIB = 4,
	FANOTIFY_KIND_CLOSE_WRITE = 8,
	FANOTIFY_KIND_CLOSE_NOWRITE = 16,
	FANOTIFY_KIND_OPEN = 32,
	FANOTIFY_KIND_MOVED_FROM = 64,
	FANOTIFY_KIND_MOVED_TO = 128,
	FANOTIFY_KIND_CREATE = 256,
	FANOTIFY_KIND_DELETE = 512,
	FANOTIFY_KIND_DELETE_SELF = 1024,
	FANOTIFY_KIND_MOVE_SELF = 2048,
	FANOTIFY_KIND_OPEN_EXEC = 4096,
	FANOTIFY_KIND_FS_ERROR = 32768,
	FANOTIFY_KIND_OPEN_PERM = 65536,
	FANOTIFY_KIND_ACCESS_PERM = 131072,
	FANOTIFY_KIND_OPEN_EXEC_PERM = 262144,
	FANOTIFY_KIND_PRE_ACCESS = 1048576,
	FANOTIFY_KIND_EVENT_ON_CHILD = 134217728,
	FANOTIFY_KIND_RENAME = 268435456,
	FANOTIFY_KIND_ONDIR = 1073741824,
	FANOTIFY_KIND_CREATE_FILE = 4294967296,
	FANOTIFY_KIND_MKDIR = 8589934592,
	FANOTIFY_KIND_MKNOD = 17179869184,
	FANOTIFY_KIND_SYMLINK = 34359738368,
	FANOTIFY_KIND_HARDLINK = 68719476736,
	FANOTIFY_KIND_TMPFILE_LINK = 137438953472,
	FANOTIFY_KIND_UNLINK = 274877906944,
	FANOTIFY_KIND_LAST_UNLINK = 549755813888,
	FANOTIFY_KIND_RMDIR = 1099511627776,
	FANOTIFY_KIND_CHMOD = 2199023255552,
	FANOTIFY_KIND_CHOWN = 4398046511104,
	FANOTIFY_KIND_UTIMES = 8796093022208,
	FANOTIFY_KIND_SETXATTR = 17592186044416,
	FANOTIFY_KIND_REMOVEXATTR = 35184372088832,
	FANOTIFY_KIND_LINK_COUNT = 70368744177664,
	FANOTIFY_KIND_SETFLAGS = 140737488355328,
	FANOTIFY_KIND_WRITE = 281474976710656,
	FANOTIFY_KIND_TRUNCATE = 562949953421312,
	FANOTIFY_KIND_FALLOCATE = 1125899906842624,
	FANOTIFY_KIND_CLONE_RANGE = 2251799813685248,
	FANOTIFY_KIND_MMAP_WRITE = 4503599627370496,
	FANOTIFY_KIND_UNMOUNT = 72057594037927936,
	FANOTIFY_KIND_MOUNT_ATTACH = 144115188075855872,
	FANOTIFY_KIND_MOUNT_DETACH = 288230376151711744,
	FANOTIFY_KIND_COVERED = 576460752303423488,
	FANOTIFY_KIND_GAP = 1152921504606846976,
};

/**
 * enum fanotify_mark_type - What a mark is attached to.
 * @FANOTIFY_MARK_TYPE_INODE: One inode; with event-on-child, a directory's
 *   children too.
 * @FANOTIFY_MARK_TYPE_MOUNT: One mount; only kinds that carry a path (open,
 *   access, modify by write, close).
 * @FANOTIFY_MARK_TYPE_FILESYSTEM: One filesystem, however it is mounted.
 * @FANOTIFY_MARK_TYPE_GLOBAL: Every filesystem mounted now and later, pseudo
 *   filesystems left out.
 * @FANOTIFY_MARK_TYPE_SUBTREE: A directory and all that is below it in its
 *   filesystem, now and later, at any depth; or, with an ignore mask, all of
 *   that left out.
 */
enum fanotify_mark_type {
	FANOTIFY_MARK_TYPE_INODE = 1,
	FANOTIFY_MARK_TYPE_MOUNT,
	FANOTIFY_MARK_TYPE_FILESYSTEM,
	FANOTIFY_MARK_TYPE_GLOBAL,
	FANOTIFY_MARK_TYPE_SUBTREE,
};

/**
 * enum fanotify_mark_flag - How a mark behaves.
 * @FANOTIFY_MARK_FLAG_EVICTABLE: An inode mark that does not pin the inode; it
 *   goes when the inode leaves memory.
 * @FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY: The ignore mask stays in force when
 *   the object is modified.
 */
enum fanotify_mark_flag {
	FANOTIFY_MARK_FLAG_EVICTABLE = 1,
	FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY = 2,
};

/**
 * enum fanotify_group_flag - How a group behaves.
 * @FANOTIFY_GROUP_FLAG_MULTICAST: The group also feeds the multicast group
 *   events.
 * @FANOTIFY_GROUP_FLAG_MERGE: A repeat is merged into the event that waits: of
 *   the same object, by the same actor, of the same kinds and under the same
 *   name, if it is the last of that object in the queue. It takes no seq. Only
 *   accesses, opens, closes, writes and changes of attributes are merged.
 * @FANOTIFY_GROUP_FLAG_PERMISSION: The group may ask for permission kinds, and
 *   its members decide. What they do themselves is not asked about, by any
 *   group. This flag and remember are settled when the group is made.
 * @FANOTIFY_GROUP_FLAG_REMEMBER: With permission: verdicts may be remembered.
 *   Each file that is asked about then carries a small mark by which its
 *   changes are seen.
 */
enum fanotify_group_flag {
	FANOTIFY_GROUP_FLAG_MULTICAST = 1,
	FANOTIFY_GROUP_FLAG_MERGE = 2,
	FANOTIFY_GROUP_FLAG_PERMISSION = 4,
	FANOTIFY_GROUP_FLAG_REMEMBER = 8,
};

/**
 * enum fanotify_filter_flag - How a filter works.
 * @FANOTIFY_FILTER_FLAG_EXCLUDE: What matches is left out. Without it, what
 *   matches is let through.
 * @FANOTIFY_FILTER_FLAG_ONLY_DIRS: The pattern is for the names of directories
 *   only.
 * @FANOTIFY_FILTER_FLAG_NO_DIRS: The pattern is for the names of anything but
 *   directories.
 */
enum fanotify_filter_flag {
	FANOTIFY_FILTER_FLAG_EXCLUDE = 1,
	FANOTIFY_FILTER_FLAG_ONLY_DIRS = 2,
	FANOTIFY_FILTER_FLAG_NO_DIRS = 4,
};

/**
 * enum fanotify_stat_field - Attribute fields that a group's events carry; the
 *   bit values are those of STATX_* in linux/stat.h where there is one.
 * @FANOTIFY_STAT_FIELD_MODE: Type and permission bits.
 * @FANOTIFY_STAT_FIELD_NLINK: Number of hard links.
 * @FANOTIFY_STAT_FIELD_UID: Owner.
 * @FANOTIFY_STAT_FIELD_GID: Group.
 * @FANOTIFY_STAT_FIELD_ATIME: Last access.
 * @FANOTIFY_STAT_FIELD_MTIME: Last modification of the data.
 * @FANOTIFY_STAT_FIELD_CTIME: Last change of the inode.
 * @FANOTIFY_STAT_FIELD_INO: Inode number.
 * @FANOTIFY_STAT_FIELD_SIZE: Size in bytes.
 * @FANOTIFY_STAT_FIELD_BLOCKS: Allocated blocks of 512 bytes, in-core, without
 *   delayed allocation.
 */
enum fanotify_stat_field {
	FANOTIFY_STAT_FIELD_MODE = 2,
	FANOTIFY_STAT_FIELD_NLINK = 4,
	FANOTIFY_STAT_FIELD_UID = 8,
	FANOTIFY_STAT_FIELD_GID = 16,
	FANOTIFY_STAT_FIELD_ATIME = 32,
	FANOTIFY_STAT_FIELD_MTIME = 64,
	FANOTIFY_STAT_FIELD_CTIME = 128,
	FANOTIFY_STAT_FIELD_INO = 256,
	FANOTIFY_STAT_FIELD_SIZE = 512,
	FANOTIFY_STAT_FIELD_BLOCKS = 1024,
};

/**
 * enum fanotify_changed - What an operation has changed of an inode. Of a
 *   clear bit, the operation has not changed the field; a set one is exact but
 *   where docs/kinds.md says otherwise. The bits of the fields are those of
 *   stat-field.
 * @FANOTIFY_CHANGED_MODE: Permission bits.
 * @FANOTIFY_CHANGED_NLINK: Number of hard links.
 * @FANOTIFY_CHANGED_UID: Owner.
 * @FANOTIFY_CHANGED_GID: Group.
 * @FANOTIFY_CHANGED_ATIME: Last access.
 * @FANOTIFY_CHANGED_MTIME: Last modification of the data.
 * @FANOTIFY_CHANGED_CTIME: Last change of the inode.
 * @FANOTIFY_CHANGED_INO: Inode number, as it is a new inode.
 * @FANOTIFY_CHANGED_SIZE: Size in bytes.
 * @FANOTIFY_CHANGED_BLOCKS: Allocated blocks.
 * @FANOTIFY_CHANGED_DATA: The bytes of a file, or the entries of a directory.
 * @FANOTIFY_CHANGED_XATTR: Extended attributes, ACLs and capabilities among
 *   them.
 * @FANOTIFY_CHANGED_NAME: The object got or lost a name.
 * @FANOTIFY_CHANGED_INODE_FLAGS: Inode flags (chattr) or project id.
 */
enum fanotify_changed {
	FANOTIFY_CHANGED_MODE = 2,
	FANOTIFY_CHANGED_NLINK = 4,
	FANOTIFY_CHANGED_UID = 8,
	FANOTIFY_CHANGED_GID = 16,
	FANOTIFY_CHANGED_ATIME = 32,
	FANOTIFY_CHANGED_MTIME = 64,
	FANOTIFY_CHANGED_CTIME = 128,
	FANOTIFY_CHANGED_INO = 256,
	FANOTIFY_CHANGED_SIZE = 512,
	FANOTIFY_CHANGED_BLOCKS = 1024,
	FANOTIFY_CHANGED_DATA = 65536,
	FANOTIFY_CHANGED_XATTR = 131072,
	FANOTIFY_CHANGED_NAME = 262144,
	FANOTIFY_CHANGED_INODE_FLAGS = 524288,
};

/**
 * enum fanotify_event_flag - What is special about an event.
 * @FANOTIFY_EVENT_FLAG_PATH_UNREACHABLE: No path from the filesystem's root is
 *   known for the object.
 * @FANOTIFY_EVENT_FLAG_PATH_TRUNCATED: A path was left out because the event
 *   would have been too large.
 * @FANOTIFY_EVENT_FLAG_UNLINKED: The object had no name when it happened
 *   (deleted while open, or an O_TMPFILE file).
 * @FANOTIFY_EVENT_FLAG_EXCHANGE: A rename that exchanged two objects.
 * @FANOTIFY_EVENT_FLAG_NO_HANDLE: The filesystem gives no file handle for the
 *   object.
 * @FANOTIFY_EVENT_FLAG_NO_INODE: The filesystem had not made the inode yet
 *   (kernfs); no attributes.
 * @FANOTIFY_EVENT_FLAG_WHITEOUT: A rename that left a whiteout under the old
 *   name.
 * @FANOTIFY_EVENT_FLAG_MOVED_IN: A rename from outside of all that the group's
 *   subtree marks watch, or from what they ignore. Of a directory, nothing was
 *   told of what is in it: a gap of scope directory follows.
 * @FANOTIFY_EVENT_FLAG_MOVED_OUT: A rename to outside of all that the group's
 *   subtree marks watch, or to what they ignore.
 * @FANOTIFY_EVENT_FLAG_MEMBERSHIP_UNKNOWN: It is not known whether the object
 *   is part of a subtree that is watched: no path to it is known.
 * @FANOTIFY_EVENT_FLAG_INEXACT: The operation was not seen to begin. The kinds
 *   that refine others, and what has changed, are all that it may have been.
 */
enum fanotify_event_flag {
	FANOTIFY_EVENT_FLAG_PATH_UNREACHABLE = 1,
	FANOTIFY_EVENT_FLAG_PATH_TRUNCATED = 2,
	FANOTIFY_EVENT_FLAG_UNLINKED = 4,
	FANOTIFY_EVENT_FLAG_EXCHANGE = 8,
	FANOTIFY_EVENT_FLAG_NO_HANDLE = 16,
	FANOTIFY_EVENT_FLAG_NO_INODE = 32,
	FANOTIFY_EVENT_FLAG_WHITEOUT = 64,
	FANOTIFY_EVENT_FLAG_MOVED_IN = 128,
	FANOTIFY_EVENT_FLAG_MOVED_OUT = 256,
	FANOTIFY_EVENT_FLAG_MEMBERSHIP_UNKNOWN = 512,
	FANOTIFY_EVENT_FLAG_INEXACT = 1024,
};

/**
 * enum fanotify_gap_reason - Why events are missing.
 * @FANOTIFY_GAP_REASON_OVERFLOW: The member's queue was at its limit.
 * @FANOTIFY_GAP_REASON_NOMEM: No memory could be had for an event.
 * @FANOTIFY_GAP_REASON_MEMBER_GONE: Another member of the group went away with
 *   events that it had not handled. How many is known only in part; the count
 *   is the least.
 * @FANOTIFY_GAP_REASON_UNCOVERED: A new filesystem could not be put under the
 *   group's global mark.
 * @FANOTIFY_GAP_REASON_MOVED_IN: A directory was renamed to where the group
 *   watches from where it does not. No event was lost; of what was in it,
 *   there was none.
 * @FANOTIFY_GAP_REASON_NOT_RUNNING: The journal was stopped, and started
 *   again: of what happened in between there is no record.
 * @FANOTIFY_GAP_REASON_UNCLEAN: The journal was not stopped, as in a crash or
 *   an unmount, and started again. Of what happened since its last record
 *   there is none.
 * @FANOTIFY_GAP_REASON_CUT_OFF: The consumer was so far behind that the
 *   journal's ring went over its records.
 * @FANOTIFY_GAP_REASON_IDLE: The consumer left records alone for longer than
 *   the journal's idle-limit, and was cut off.
 * @FANOTIFY_GAP_REASON_CURSOR: The cursor is not one of this journal: of an
 *   epoch that it does not know, or of records that it does not have (yet). So
 *   the filesystem, or who reads, was put back to an older state, or the
 *   cursor is of long ago.
 * @FANOTIFY_GAP_REASON_DAMAGED: A part of the journal's ring cannot be read,
 *   or is not what was written.
 */
enum fanotify_gap_reason {
	FANOTIFY_GAP_REASON_OVERFLOW = 1,
	FANOTIFY_GAP_REASON_NOMEM,
	FANOTIFY_GAP_REASON_MEMBER_GONE,
	FANOTIFY_GAP_REASON_UNCOVERED,
	FANOTIFY_GAP_REASON_MOVED_IN,
	FANOTIFY_GAP_REASON_NOT_RUNNING,
	FANOTIFY_GAP_REASON_UNCLEAN,
	FANOTIFY_GAP_REASON_CUT_OFF,
	FANOTIFY_GAP_REASON_IDLE,
	FANOTIFY_GAP_REASON_CURSOR,
	FANOTIFY_GAP_REASON_DAMAGED,
};

/**
 * enum fanotify_gap_scope - Of what something is missing.
 * @FANOTIFY_GAP_SCOPE_ALL: Anything that the group watches.
 * @FANOTIFY_GAP_SCOPE_DIRECTORY: What is below the event's object, a
 *   directory, whose path and name were those of the event. Who needs it looks
 *   there, or where the events that follow have moved it to.
 */
enum fanotify_gap_scope {
	FANOTIFY_GAP_SCOPE_ALL = 1,
	FANOTIFY_GAP_SCOPE_DIRECTORY,
};

/**
 * enum fanotify_delivery - State of a member's delivery.
 * @FANOTIFY_DELIVERY_PUSH: Events are sent at once.
 * @FANOTIFY_DELIVERY_NOTICED: Events gather in the queue; the member has been
 *   told to fetch.
 * @FANOTIFY_DELIVERY_DRAINING: A fetch is under way.
 */
enum fanotify_delivery {
	FANOTIFY_DELIVERY_PUSH = 1,
	FANOTIFY_DELIVERY_NOTICED,
	FANOTIFY_DELIVERY_DRAINING,
};

/**
 * enum fanotify_verdict - The answer to a permission event.
 * @FANOTIFY_VERDICT_ALLOW: The access goes on.
 * @FANOTIFY_VERDICT_DENY: The access fails, with the error of the verdict.
 * @FANOTIFY_VERDICT_DEFER: The answer takes longer; the clock of the event
 *   starts again.
 */
enum fanotify_verdict {
	FANOTIFY_VERDICT_ALLOW = 1,
	FANOTIFY_VERDICT_DENY,
	FANOTIFY_VERDICT_DEFER,
};

/**
 * enum fanotify_verdict_flag - What is to be done besides.
 * @FANOTIFY_VERDICT_FLAG_AUDIT: A record of type FANOTIFY goes to the audit
 *   log, if auditing is on.
 * @FANOTIFY_VERDICT_FLAG_REMEMBER: The kind of access to this file is not
 *   asked about again until the file is modified, opened for writing, or
 *   leaves memory. Only in groups with the flag remember; not done for
 *   directories, on overlayfs, nor for a file that was open for writing, or
 *   was changed, since it was asked about.
 */
enum fanotify_verdict_flag {
	FANOTIFY_VERDICT_FLAG_AUDIT = 1,
	FANOTIFY_VERDICT_FLAG_REMEMBER = 2,
};

/**
 * enum fanotify_on_evict - What becomes of accesses when nobody is left to
 *   decide about them.
 * @FANOTIFY_ON_EVICT_ALLOW: The group ends, and all is allowed.
 * @FANOTIFY_ON_EVICT_DENY: The group stays, with its marks, and denies all
 *   (fail closed), until it is lifted or somebody binds to it.
 */
enum fanotify_on_evict {
	FANOTIFY_ON_EVICT_ALLOW = 1,
	FANOTIFY_ON_EVICT_DENY,
};

/**
 * enum fanotify_gate_state - What a permission group does with accesses.
 * @FANOTIFY_GATE_STATE_ACTIVE: Members decide.
 * @FANOTIFY_GATE_STATE_LINGERING: There is no member; accesses wait for one.
 * @FANOTIFY_GATE_STATE_HELD: There is no member; accesses are denied.
 */
enum fanotify_gate_state {
	FANOTIFY_GATE_STATE_ACTIVE = 1,
	FANOTIFY_GATE_STATE_LINGERING,
	FANOTIFY_GATE_STATE_HELD,
};

/**
 * enum fanotify_control_event - What happened to a permission group.
 * @FANOTIFY_CONTROL_EVENT_TIMEOUT: A permission event was not answered in
 *   time.
 * @FANOTIFY_CONTROL_EVENT_UNDELIVERED: An access waited too long without ever
 *   being put before a member, see wait-ms; it was denied with EBUSY.
 * @FANOTIFY_CONTROL_EVENT_EVICTION: A member was evicted.
 * @FANOTIFY_CONTROL_EVENT_LINGER: The last member is gone; accesses wait for a
 *   successor.
 * @FANOTIFY_CONTROL_EVENT_HOLD: Nobody is left to decide, and accesses are
 *   denied.
 * @FANOTIFY_CONTROL_EVENT_LIFT: The group, which had no member, was lifted,
 *   and is gone.
 * @FANOTIFY_CONTROL_EVENT_TAKE_OVER: A member was bound to a group that
 *   lingered or was held.
 * @FANOTIFY_CONTROL_EVENT_LIMIT: The user has uid-pending accesses that wait
 *   for a verdict; further ones wait before they are even made events. Said
 *   once, until none does.
 */
enum fanotify_control_event {
	FANOTIFY_CONTROL_EVENT_TIMEOUT = 1,
	FANOTIFY_CONTROL_EVENT_UNDELIVERED,
	FANOTIFY_CONTROL_EVENT_EVICTION,
	FANOTIFY_CONTROL_EVENT_LINGER,
	FANOTIFY_CONTROL_EVENT_HOLD,
	FANOTIFY_CONTROL_EVENT_LIFT,
	FANOTIFY_CONTROL_EVENT_TAKE_OVER,
	FANOTIFY_CONTROL_EVENT_LIMIT,
};

/**
 * enum fanotify_journal_level - What a journal promises about a crash.
 * @FANOTIFY_JOURNAL_LEVEL_DURABLE: Records are on disk within the interval.
 *   What happened since the last one before a crash is in a gap.
 * @FANOTIFY_JOURNAL_LEVEL_ORDERED: A record is on disk if and only if its
 *   change is. Data may change once a record that says so is on disk.
 */
enum fanotify_journal_level {
	FANOTIFY_JOURNAL_LEVEL_DURABLE = 1,
	FANOTIFY_JOURNAL_LEVEL_ORDERED,
};

/**
 * enum fanotify_journal_state - What a journal does.
 * @FANOTIFY_JOURNAL_STATE_RUNNING: Records are made and written.
 * @FANOTIFY_JOURNAL_STATE_STALLED: Records are made, but cannot be written
 *   now, as error says; they wait in memory up to queue-limit. Tried again at
 *   each interval.
 */
enum fanotify_journal_state {
	FANOTIFY_JOURNAL_STATE_RUNNING = 1,
	FANOTIFY_JOURNAL_STATE_STALLED,
};

/**
 * enum fanotify_consumer_start - Where a consumer starts.
 * @FANOTIFY_CONSUMER_START_NOW: With what happens from now on.
 * @FANOTIFY_CONSUMER_START_OLDEST: With the oldest record that there is.
 */
enum fanotify_consumer_start {
	FANOTIFY_CONSUMER_START_NOW = 1,
	FANOTIFY_CONSUMER_START_OLDEST,
};

enum {
	FANOTIFY_A_GROUP_NUMBER = 1,
	FANOTIFY_A_GROUP_TOKEN,
	FANOTIFY_A_GROUP_MEMBER,
	FANOTIFY_A_GROUP_PRIORITY,
	FANOTIFY_A_GROUP_MASK,
	FANOTIFY_A_GROUP_STAT_MASK,
	FANOTIFY_A_GROUP_OPEN_FLAGS,
	FANOTIFY_A_GROUP_QUEUE_LIMIT,
	FANOTIFY_A_GROUP_FLAGS,
	FANOTIFY_A_GROUP_UID,
	FANOTIFY_A_GROUP_MEMBERS,
	FANOTIFY_A_GROUP_MARKS,
	FANOTIFY_A_GROUP_EVENT_MAX,
	FANOTIFY_A_GROUP_EXCL,
	FANOTIFY_A_GROUP_FILTERS,
	FANOTIFY_A_GROUP_TIMEOUT_MS,
	FANOTIFY_A_GROUP_ON_TIMEOUT,
	FANOTIFY_A_GROUP_WAIT_MS,
	FANOTIFY_A_GROUP_EVICT_AFTER,
	FANOTIFY_A_GROUP_ON_EVICT,
	FANOTIFY_A_GROUP_LINGER_MS,
	FANOTIFY_A_GROUP_UID_PENDING,
	FANOTIFY_A_GROUP_WINDOW,
	FANOTIFY_A_GROUP_GATE,

	__FANOTIFY_A_GROUP_MAX,
	FANOTIFY_A_GROUP_MAX = (__FANOTIFY_A_GROUP_MAX - 1)
};

enum {
	FANOTIFY_A_FILTERS_FILTER = 1,

	__FANOTIFY_A_FILTERS_MAX,
	FANOTIFY_A_FILTERS_MAX = (__FANOTIFY_A_FILTERS_MAX - 1)
};

enum {
	FANOTIFY_A_FILTER_FLAGS = 1,
	FANOTIFY_A_FILTER_TGID,
	FANOTIFY_A_FILTER_START,
	FANOTIFY_A_FILTER_UID,
	FANOTIFY_A_FILTER_CGROUP,
	FANOTIFY_A_FILTER_NAME,

	__FANOTIFY_A_FILTER_MAX,
	FANOTIFY_A_FILTER_MAX = (__FANOTIFY_A_FILTER_MAX - 1)
};

enum {
	FANOTIFY_A_GATE_STATE = 1,
	FANOTIFY_A_GATE_PENDING,
	FANOTIFY_A_GATE_PARKED,
	FANOTIFY_A_GATE_ALLOWED,
	FANOTIFY_A_GATE_DENIED,
	FANOTIFY_A_GATE_DEFERRED,
	FANOTIFY_A_GATE_TIMEOUTS,
	FANOTIFY_A_GATE_UNDELIVERED,
	FANOTIFY_A_GATE_WITHDRAWN,
	FANOTIFY_A_GATE_ABANDONED,
	FANOTIFY_A_GATE_EVICTIONS,
	FANOTIFY_A_GATE_TAKEOVERS,
	FANOTIFY_A_GATE_REMEMBERED,
	FANOTIFY_A_GATE_NOT_REMEMBERED,

	__FANOTIFY_A_GATE_MAX,
	FANOTIFY_A_GATE_MAX = (__FANOTIFY_A_GATE_MAX - 1)
};

enum {
	FANOTIFY_A_ANSWER_ID = 1,
	FANOTIFY_A_ANSWER_RESPONSE,
	FANOTIFY_A_ANSWER_ERROR,
	FANOTIFY_A_ANSWER_FLAGS,

	__FANOTIFY_A_ANSWER_MAX,
	FANOTIFY_A_ANSWER_MAX = (__FANOTIFY_A_ANSWER_MAX - 1)
};

enum {
	FANOTIFY_A_VERDICT_GROUP = 1,
	FANOTIFY_A_VERDICT_TOKEN,
	FANOTIFY_A_VERDICT_ANSWER,

	__FANOTIFY_A_VERDICT_MAX,
	FANOTIFY_A_VERDICT_MAX = (__FANOTIFY_A_VERDICT_MAX - 1)
};

enum {
	FANOTIFY_A_CONTROL_WHAT = 1,
	FANOTIFY_A_CONTROL_GROUP,
	FANOTIFY_A_CONTROL_MEMBER,
	FANOTIFY_A_CONTROL_TGID,
	FANOTIFY_A_CONTROL_UID,
	FANOTIFY_A_CONTROL_ID,
	FANOTIFY_A_CONTROL_OUTCOME,
	FANOTIFY_A_CONTROL_REALTIME,

	__FANOTIFY_A_CONTROL_MAX,
	FANOTIFY_A_CONTROL_MAX = (__FANOTIFY_A_CONTROL_MAX - 1)
};

enum {
	FANOTIFY_A_MARK_GROUP = 1,
	FANOTIFY_A_MARK_TOKEN,
	FANOTIFY_A_MARK_TYPE,
	FANOTIFY_A_MARK_FD,
	FANOTIFY_A_MARK_MASK,
	FANOTIFY_A_MARK_IGNORE_MASK,
	FANOTIFY_A_MARK_FLAGS,
	FANOTIFY_A_MARK_FSTYPE,
	FANOTIFY_A_MARK_ID,
	FANOTIFY_A_MARK_DEV_MAJOR,
	FANOTIFY_A_MARK_DEV_MINOR,
	FANOTIFY_A_MARK_INO,
	FANOTIFY_A_MARK_FS_NAME,
	FANOTIFY_A_MARK_SKIPPED,
	FANOTIFY_A_MARK_COVERED,
	FANOTIFY_A_MARK_MNT_ID,
	FANOTIFY_A_MARK_EXCL,

	__FANOTIFY_A_MARK_MAX,
	FANOTIFY_A_MARK_MAX = (__FANOTIFY_A_MARK_MAX - 1)
};

enum {
	FANOTIFY_A_STAT_MODE = 1,
	FANOTIFY_A_STAT_NLINK,
	FANOTIFY_A_STAT_UID,
	FANOTIFY_A_STAT_GID,
	FANOTIFY_A_STAT_ATIME,
	FANOTIFY_A_STAT_ATIME_NSEC,
	FANOTIFY_A_STAT_MTIME,
	FANOTIFY_A_STAT_MTIME_NSEC,
	FANOTIFY_A_STAT_CTIME,
	FANOTIFY_A_STAT_CTIME_NSEC,
	FANOTIFY_A_STAT_INO,
	FANOTIFY_A_STAT_SIZE,
	FANOTIFY_A_STAT_BLOCKS,

	__FANOTIFY_A_STAT_MAX,
	FANOTIFY_A_STAT_MAX = (__FANOTIFY_A_STAT_MAX - 1)
};

enum {
	FANOTIFY_A_NODE_HANDLE_TYPE = 1,
	FANOTIFY_A_NODE_HANDLE,
	FANOTIFY_A_NODE_STAT,
	FANOTIFY_A_NODE_CHANGED,

	__FANOTIFY_A_NODE_MAX,
	FANOTIFY_A_NODE_MAX = (__FANOTIFY_A_NODE_MAX - 1)
};

enum {
	FANOTIFY_A_ACTOR_TGID = 1,
	FANOTIFY_A_ACTOR_TID,
	FANOTIFY_A_ACTOR_START,
	FANOTIFY_A_ACTOR_UID,
	FANOTIFY_A_ACTOR_GID,
	FANOTIFY_A_ACTOR_EUID,
	FANOTIFY_A_ACTOR_EGID,
	FANOTIFY_A_ACTOR_LOGINUID,
	FANOTIFY_A_ACTOR_COMM,
	FANOTIFY_A_ACTOR_CGROUP,

	__FANOTIFY_A_ACTOR_MAX,
	FANOTIFY_A_ACTOR_MAX = (__FANOTIFY_A_ACTOR_MAX - 1)
};

enum {
	FANOTIFY_A_GAP_FIRST = 1,
	FANOTIFY_A_GAP_LAST,
	FANOTIFY_A_GAP_COUNT,
	FANOTIFY_A_GAP_REASON,
	FANOTIFY_A_GAP_SINCE,
	FANOTIFY_A_GAP_SCOPE,

	__FANOTIFY_A_GAP_MAX,
	FANOTIFY_A_GAP_MAX = (__FANOTIFY_A_GAP_MAX - 1)
};

enum {
	FANOTIFY_A_EVENT_SEQ = 1,
	FANOTIFY_A_EVENT_ID,
	FANOTIFY_A_EVENT_GROUP,
	FANOTIFY_A_EVENT_MASK,
	FANOTIFY_A_EVENT_REALTIME,
	FANOTIFY_A_EVENT_BOOTTIME,
	FANOTIFY_A_EVENT_FLAGS,
	FANOTIFY_A_EVENT_DEV_MAJOR,
	FANOTIFY_A_EVENT_DEV_MINOR,
	FANOTIFY_A_EVENT_UUID,
	FANOTIFY_A_EVENT_MNT_ID,
	FANOTIFY_A_EVENT_OBJECT,
	FANOTIFY_A_EVENT_DIR,
	FANOTIFY_A_EVENT_NEW_DIR,
	FANOTIFY_A_EVENT_NAME,
	FANOTIFY_A_EVENT_NEW_NAME,
	FANOTIFY_A_EVENT_PATH,
	FANOTIFY_A_EVENT_NEW_PATH,
	FANOTIFY_A_EVENT_ACTOR,
	FANOTIFY_A_EVENT_GAP,
	FANOTIFY_A_EVENT_ERROR,
	FANOTIFY_A_EVENT_FS_NAME,
	FANOTIFY_A_EVENT_TARGET,
	FANOTIFY_A_EVENT_LINK,
	FANOTIFY_A_EVENT_XATTR,
	FANOTIFY_A_EVENT_OFFSET,
	FANOTIFY_A_EVENT_LENGTH,
	FANOTIFY_A_EVENT_COUNT,
	FANOTIFY_A_EVENT_LAST_REALTIME,
	FANOTIFY_A_EVENT_LAST_BOOTTIME,
	FANOTIFY_A_EVENT_DEADLINE,

	__FANOTIFY_A_EVENT_MAX,
	FANOTIFY_A_EVENT_MAX = (__FANOTIFY_A_EVENT_MAX - 1)
};

enum {
	FANOTIFY_A_FETCH_MAX_BYTES = 1,
	FANOTIFY_A_FETCH_WAITING,

	__FANOTIFY_A_FETCH_MAX,
	FANOTIFY_A_FETCH_MAX = (__FANOTIFY_A_FETCH_MAX - 1)
};

enum {
	FANOTIFY_A_EVENT_OPEN_GROUP = 1,
	FANOTIFY_A_EVENT_OPEN_TOKEN,
	FANOTIFY_A_EVENT_OPEN_MOUNT_FD,
	FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE,
	FANOTIFY_A_EVENT_OPEN_HANDLE,
	FANOTIFY_A_EVENT_OPEN_FD,
	FANOTIFY_A_EVENT_OPEN_ID,

	__FANOTIFY_A_EVENT_OPEN_MAX,
	FANOTIFY_A_EVENT_OPEN_MAX = (__FANOTIFY_A_EVENT_OPEN_MAX - 1)
};

enum {
	FANOTIFY_A_MEMBER_GROUP = 1,
	FANOTIFY_A_MEMBER_MEMBER,
	FANOTIFY_A_MEMBER_PORTID,
	FANOTIFY_A_MEMBER_TGID,
	FANOTIFY_A_MEMBER_STATE,
	FANOTIFY_A_MEMBER_SEQ,
	FANOTIFY_A_MEMBER_PUSHED,
	FANOTIFY_A_MEMBER_FETCHED,
	FANOTIFY_A_MEMBER_LOST,
	FANOTIFY_A_MEMBER_GAPS,
	FANOTIFY_A_MEMBER_WAITING,
	FANOTIFY_A_MEMBER_WAITING_BYTES,
	FANOTIFY_A_MEMBER_WAITING_MAX,
	FANOTIFY_A_MEMBER_MERGED,
	FANOTIFY_A_MEMBER_UNANSWERED,
	FANOTIFY_A_MEMBER_ANSWERED,
	FANOTIFY_A_MEMBER_TIMEOUTS,
	FANOTIFY_A_MEMBER_ROW,

	__FANOTIFY_A_MEMBER_MAX,
	FANOTIFY_A_MEMBER_MAX = (__FANOTIFY_A_MEMBER_MAX - 1)
};

enum {
	FANOTIFY_A_MARK_CAPS_TYPE = 1,
	FANOTIFY_A_MARK_CAPS_MASK,
	FANOTIFY_A_MARK_CAPS_IGNORE_MASK,
	FANOTIFY_A_MARK_CAPS_FLAGS,

	__FANOTIFY_A_MARK_CAPS_MAX,
	FANOTIFY_A_MARK_CAPS_MAX = (__FANOTIFY_A_MARK_CAPS_MAX - 1)
};

enum {
	FANOTIFY_A_CAPS_VERSION = 1,
	FANOTIFY_A_CAPS_KINDS,
	FANOTIFY_A_CAPS_MARK_CAPS,
	FANOTIFY_A_CAPS_STAT_MASK,
	FANOTIFY_A_CAPS_EVENT_MAX,
	FANOTIFY_A_CAPS_RCVBUF_MIN,
	FANOTIFY_A_CAPS_QUEUE_DEFAULT,
	FANOTIFY_A_CAPS_QUEUE_MIN,
	FANOTIFY_A_CAPS_QUEUE_MAX,
	FANOTIFY_A_CAPS_GROUPS_MAX,
	FANOTIFY_A_CAPS_MARKS_MAX,
	FANOTIFY_A_CAPS_MEMBERS_MAX,
	FANOTIFY_A_CAPS_EXACT,
	FANOTIFY_A_CAPS_RANGED,
	FANOTIFY_A_CAPS_FILTERS_MAX,
	FANOTIFY_A_CAPS_PERMISSION_GROUPS_MAX,
	FANOTIFY_A_CAPS_REMEMBERED_MAX,
	FANOTIFY_A_CAPS_JOURNAL_LEVELS,

	__FANOTIFY_A_CAPS_MAX,
	FANOTIFY_A_CAPS_MAX = (__FANOTIFY_A_CAPS_MAX - 1)
};

enum {
	FANOTIFY_A_JOURNAL_ID = 1,
	FANOTIFY_A_JOURNAL_FD,
	FANOTIFY_A_JOURNAL_RING_FD,
	FANOTIFY_A_JOURNAL_PATH,
	FANOTIFY_A_JOURNAL_CREATE,
	FANOTIFY_A_JOURNAL_FORCE,
	FANOTIFY_A_JOURNAL_UUID,
	FANOTIFY_A_JOURNAL_EPOCH,
	FANOTIFY_A_JOURNAL_LEVEL,
	FANOTIFY_A_JOURNAL_STATE,
	FANOTIFY_A_JOURNAL_MASK,
	FANOTIFY_A_JOURNAL_INTERVAL_MS,
	FANOTIFY_A_JOURNAL_IDLE_LIMIT,
	FANOTIFY_A_JOURNAL_QUEUE_LIMIT,
	FANOTIFY_A_JOURNAL_SIZE,
	FANOTIFY_A_JOURNAL_OLDEST,
	FANOTIFY_A_JOURNAL_OLDEST_REALTIME,
	FANOTIFY_A_JOURNAL_DURABLE,
	FANOTIFY_A_JOURNAL_DURABLE_REALTIME,
	FANOTIFY_A_JOURNAL_NEWEST,
	FANOTIFY_A_JOURNAL_COVERED_INDEX,
	FANOTIFY_A_JOURNAL_COVERED_SINCE,
	FANOTIFY_A_JOURNAL_TAIL,
	FANOTIFY_A_JOURNAL_CONSUMERS,
	FANOTIFY_A_JOURNAL_WAITING_BYTES,
	FANOTIFY_A_JOURNAL_GAPS,
	FANOTIFY_A_JOURNAL_LOST,
	FANOTIFY_A_JOURNAL_BATCHES,
	FANOTIFY_A_JOURNAL_WRITTEN,
	FANOTIFY_A_JOURNAL_ERROR,
	FANOTIFY_A_JOURNAL_DEV_MAJOR,
	FANOTIFY_A_JOURNAL_DEV_MINOR,
	FANOTIFY_A_JOURNAL_FS_NAME,

	__FANOTIFY_A_JOURNAL_MAX,
	FANOTIFY_A_JOURNAL_MAX = (__FANOTIFY_A_JOURNAL_MAX - 1)
};

enum {
	FANOTIFY_A_CONSUMER_JOURNAL = 1,
	FANOTIFY_A_CONSUMER_NAME,
	FANOTIFY_A_CONSUMER_TOKEN,
	FANOTIFY_A_CONSUMER_MASK,
	FANOTIFY_A_CONSUMER_START,
	FANOTIFY_A_CONSUMER_ACKED,
	FANOTIFY_A_CONSUMER_RESET,
	FANOTIFY_A_CONSUMER_FORCE,
	FANOTIFY_A_CONSUMER_SYNC,
	FANOTIFY_A_CONSUMER_EPOCH,
	FANOTIFY_A_CONSUMER_REGISTERED,
	FANOTIFY_A_CONSUMER_ACKED_AT,
	FANOTIFY_A_CONSUMER_BEHIND,
	FANOTIFY_A_CONSUMER_CUT,
	FANOTIFY_A_CONSUMER_UUID,

	__FANOTIFY_A_CONSUMER_MAX,
	FANOTIFY_A_CONSUMER_MAX = (__FANOTIFY_A_CONSUMER_MAX - 1)
};

enum {
	FANOTIFY_A_JOURNAL_READ_JOURNAL = 1,
	FANOTIFY_A_JOURNAL_READ_CONSUMER,
	FANOTIFY_A_JOURNAL_READ_UUID,
	FANOTIFY_A_JOURNAL_READ_EPOCH,
	FANOTIFY_A_JOURNAL_READ_INDEX,
	FANOTIFY_A_JOURNAL_READ_MAX_BYTES,
	FANOTIFY_A_JOURNAL_READ_FLUSH,
	FANOTIFY_A_JOURNAL_READ_WAIT_MS,
	FANOTIFY_A_JOURNAL_READ_GAP,
	FANOTIFY_A_JOURNAL_READ_RECORD,
	FANOTIFY_A_JOURNAL_READ_END,

	__FANOTIFY_A_JOURNAL_READ_MAX,
	FANOTIFY_A_JOURNAL_READ_MAX = (__FANOTIFY_A_JOURNAL_READ_MAX - 1)
};

enum {
	FANOTIFY_CMD_BIND = 1,
	FANOTIFY_CMD_UNBIND,
	FANOTIFY_CMD_GROUP_GET,
	FANOTIFY_CMD_GROUP_SET,
	FANOTIFY_CMD_MARK_ADD,
	FANOTIFY_CMD_MARK_REMOVE,
	FANOTIFY_CMD_MARK_FLUSH,
	FANOTIFY_CMD_MARK_GET,
	FANOTIFY_CMD_EVENT,
	FANOTIFY_CMD_FETCH,
	FANOTIFY_CMD_EVENT_OPEN,
	FANOTIFY_CMD_STATS_GET,
	FANOTIFY_CMD_CAPS_GET,
	FANOTIFY_CMD_VERDICT,
	FANOTIFY_CMD_GATE_LIFT,
	FANOTIFY_CMD_CONTROL_NTF,
	FANOTIFY_CMD_JOURNAL_START,
	FANOTIFY_CMD_JOURNAL_STOP,
	FANOTIFY_CMD_JOURNAL_GET,
	FANOTIFY_CMD_JOURNAL_READ,
	FANOTIFY_CMD_CONSUMER_ADD,
	FANOTIFY_CMD_CONSUMER_REMOVE,
	FANOTIFY_CMD_CONSUMER_ACK,
	FANOTIFY_CMD_CONSUMER_GET,

	__FANOTIFY_CMD_MAX,
	FANOTIFY_CMD_MAX = (__FANOTIFY_CMD_MAX - 1)
};

#define FANOTIFY_MCGRP_EVENTS	"events"
#define FANOTIFY_MCGRP_CONTROL	"control"

#endif /* _UAPI_LINUX_FANOTIFY_NL_H */
