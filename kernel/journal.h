/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Journals: what changes in a filesystem, kept in a ring file of its own.
 */
#ifndef _FANL_JOURNAL_H
#define _FANL_JOURNAL_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/path.h>
#include <linux/skbuff.h>
#include <linux/uuid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <uapi/linux/fanotify-nl.h>
#include <uapi/linux/fanotify-nl-journal.h>

struct fanl_consumer;
struct fanl_event;
struct fanl_group;
struct fanl_journal;
struct fanl_ordered;
struct netlink_ext_ack;

/**
 * struct fanl_epoch - a start of the journal
 * @id: random number
 * @first: index of its first record
 * @realtime: when it was
 */
struct fanl_epoch {
	u64	id;
	u64	first;
	u64	realtime;
};

/**
 * struct fanl_segment - what is known of a segment of the ring
 * @first: index of its first record; 0, it has none that can be read
 * @realtime: a time that this one is not older than
 */
struct fanl_segment {
	u64	first;
	u64	realtime;
};

/**
 * struct fanl_ring - where things are in the ring file
 * @size: bytes of the file
 * @segments: number of segments; the first is the header's
 * @segment: those
 * @offset: where the next block goes
 * @head: at level ordered, index of the first record of the block that is being filled
 * @head_offset: at level ordered, where that is
 * @index: of the next record that is written
 * @realtime: when the one before it was made
 * @sequence: of the header that was written last
 * @since_header: segments that were begun since then
 * @nr_epochs: length of @epoch
 * @epoch: starts that are known, the last one is this one
 *
 * Protected by the journal's lock; but who has its io mutex too may read all of it
 * without, as only such change it. At level ordered, @index and @realtime are those of
 * what has been committed, and change without a lock.
 */
struct fanl_ring {
	u64			size;
	unsigned int		segments;
	struct fanl_segment	*segment;
	u64			offset;
	u64			head;
	u64			head_offset;
	u64			index;
	u64			realtime;
	u64			sequence;
	unsigned int		since_header;
	unsigned int		nr_epochs;
	struct fanl_epoch	epoch[FANOTIFY_JOURNAL_EPOCHS];
};

/**
 * struct fanl_journal_gap - events that found no room in memory
 * @index: of the record that will say so; 0, none was lost
 * @count: how many
 * @reason: enum fanotify_gap_reason of the first
 * @since: when that one was
 */
struct fanl_journal_gap {
	u64	index;
	u64	count;
	u32	reason;
	u64	since;
};

/**
 * struct fanl_journal_settings - what a journal is set to
 * @level: enum fanotify_journal_level
 * @interval_ms: within which records are on disk
 * @mask: kinds that records are made of
 * @idle_limit: seconds after which an idle consumer is cut off; 0, never
 * @queue_limit: bytes of memory for what is not written yet
 */
struct fanl_journal_settings {
	u32	level;
	u32	interval_ms;
	u64	mask;
	u64	idle_limit;
	u64	queue_limit;
};

/**
 * struct fanl_journal - the journal of a filesystem
 * @group: whose marks watch it; lives as long as that
 * @id: its number; constant, as all up to @ordered
 * @sb: the filesystem, only to be compared
 * @dev: its device number
 * @uuid: its UUID
 * @fs_name: its type
 * @path: where it is mounted, as the workers see it
 * @handle_type: type of the ring file's handle
 * @handle_len: its length
 * @handle: the ring file's handle
 * @set: what it is set to
 * @mount: of level ordered, the number of the mount in which the header was written; 0,
 *	its first record is not on disk yet
 * @ordered: of level ordered, what it has; else NULL
 * @started: commands may use it [fanl_journals_lock]
 * @ending: it is ended, by who has set this [fanl_journals_lock]
 * @unmounted: the filesystem is being unmounted: another one may get @sb
 * @gone: the filesystem is being unmounted, or the journal was stopped
 * @queue: records that are not written yet, oldest first [group's lock, as all
 *	up to @kicked]
 * @bytes: memory of those, and of those being written
 * @newest: index of the newest record
 * @gap: what has been lost since @queue was taken last
 * @gaps: how often something was
 * @lost: how much was
 * @kicked: the worker was told not to wait for the interval
 * @io: held while the ring file is written; taken before the others
 * @buffer: a segment, or a header [io]
 * @lock: protects what follows; the group's lock nests in it
 * @ring: what is where
 * @covered_index: no change is missing from this record on
 * @covered_since: nor from this time on
 * @batches: how often records were written
 * @written: how many bytes were
 * @error: of the last try to write, 0 or a positive errno
 * @clean: the header says that it was stopped [io]
 * @stopped: at level durable, when its marks were taken away; 0, they were not
 * @header_dirty: the header is to be written
 * @consumers: list of struct fanl_consumer
 * @nr_consumers: length of @consumers
 * @wait: for records that are on disk, and for the end
 * @work: writes what waits
 * @end_work: ends it after an unmount
 */
struct fanl_journal {
	struct fanl_group		*group;
	u32				id;
	const struct super_block	*sb;
	dev_t				dev;
	uuid_t				uuid;
	char				fs_name[FANOTIFY_FSTYPE_MAX];
	char				*path;
	int				handle_type;
	unsigned int			handle_len;
	u32				handle[FANOTIFY_HANDLE_MAX / sizeof(u32)];
	struct fanl_journal_settings	set;
	unsigned int			mount;
	struct fanl_ordered		*ordered;
	bool				started;
	bool				ending;
	bool				unmounted;
	bool				gone;

	struct sk_buff_head		queue;
	size_t				bytes;
	u64				newest;
	struct fanl_journal_gap		gap;
	u64				gaps;
	u64				lost;
	bool				kicked;

	struct mutex			io;
	u8				*buffer;

	struct mutex			lock;
	struct fanl_ring		ring;
	u64				covered_index;
	u64				covered_since;
	u64				batches;
	u64				written;
	int				error;
	bool				clean;
	u64				stopped;
	bool				header_dirty;
	struct list_head		consumers;
	unsigned int			nr_consumers;

	wait_queue_head_t		wait;
	struct delayed_work		work;
	struct work_struct		end_work;
};

/* Index of the newest record that is on disk. */
static inline u64 fanl_journal_durable(const struct fanl_journal *journal)
{
	return READ_ONCE(journal->ring.index) - 1;
}

/**
 * struct fanl_journal_start - what a command says of a journal to start
 * @path: where the filesystem is mounted
 * @ring: the ring file, held
 * @create: make a new journal of it
 * @present: bit per attribute (FANOTIFY_A_JOURNAL_*) of @set that was given
 * @set: what it is to be set to
 */
struct fanl_journal_start {
	const char			*path;
	struct file			*ring;
	bool				create;
	unsigned long			present;
	struct fanl_journal_settings	set;
};

/**
 * struct fanl_journal_stats - what can be told of a journal
 * @state: enum fanotify_journal_state
 * @error: errno of why it is stalled
 * @oldest: index of the oldest record
 * @oldest_realtime: a time that this one is not older than
 * @durable: index of the newest record on disk
 * @durable_realtime: when this one was made
 * @newest: index of the newest record
 * @covered_index: no change is missing from this record on
 * @covered_since: nor from this time on
 * @tail: index of the oldest record that a consumer needs
 * @waiting_bytes: memory of what is not written yet
 * @gaps: how often something was lost
 * @lost: how much was
 * @batches: how often records were written
 * @written: how many bytes were
 * @epoch: of this start
 * @consumers: number of consumers
 */
struct fanl_journal_stats {
	u32	state;
	u32	error;
	u64	oldest;
	u64	oldest_realtime;
	u64	durable;
	u64	durable_realtime;
	u64	newest;
	u64	covered_index;
	u64	covered_since;
	u64	tail;
	u64	waiting_bytes;
	u64	gaps;
	u64	lost;
	u64	batches;
	u64	written;
	u64	epoch;
	u32	consumers;
};

/* journal-start.c */
struct fanl_journal *fanl_journal_start(const struct fanl_journal_start *start,
					struct netlink_ext_ack *extack);

/* journal.c: its life, and its memory */
struct fanl_journal *fanl_journal_alloc(const struct fanl_journal_start *start,
					u64 size);
int fanl_journal_register(struct fanl_journal *journal,
			  struct netlink_ext_ack *extack);
int fanl_journal_open_up(struct fanl_journal *journal,
			 struct netlink_ext_ack *extack);
void fanl_journal_end(struct fanl_journal *journal);
int fanl_journal_stop(struct fanl_journal *journal, bool force,
		      struct netlink_ext_ack *extack);
struct fanl_journal *fanl_journal_get(u32 id, struct netlink_ext_ack *extack);
struct fanl_journal *fanl_journal_of(const struct super_block *sb,
				     struct netlink_ext_ack *extack);
struct fanl_journal *fanl_journal_next(unsigned long *id);
void fanl_journals_wake(void);
void fanl_journal_put(struct fanl_journal *journal);
void fanl_journal_stats(struct fanl_journal *journal,
			struct fanl_journal_stats *stats);
bool fanl_journal_explain(const struct fanl_journal *journal, int err,
			  struct netlink_ext_ack *extack);
int fanl_journal_flush(struct fanl_journal *journal,
		       struct netlink_ext_ack *extack);
void fanl_journal_touch(struct fanl_journal *journal);
void fanl_journal_hurry(struct fanl_journal *journal);
void fanl_journal_covered(struct fanl_journal *journal, u64 index);

void fanl_journal_event(struct fanl_group *group, struct fanl_event *event);
bool fanl_journal_lose_early(struct fanl_group *group);
void fanl_journal_unmounted(struct fanl_journal *journal);
void fanl_journal_free(struct fanl_journal *journal);

int fanl_journals_init(void);
void fanl_journals_end(void);
void fanl_journals_exit(void);

/* As fanl_generation, with journals and their consumers. */
extern atomic_t fanl_journals_generation;
extern struct workqueue_struct *fanl_journal_wq;

/* journal-write.c: what waits into the ring file */
bool fanl_header_is_due(const struct fanl_journal *journal);
int fanl_header_written(struct fanl_journal *journal, int err);
void fanl_segment_claim(struct fanl_journal *journal, unsigned int i, u64 first,
			u64 realtime);
int fanl_journal_resolve(struct fanl_journal *journal, struct path *mount);
struct file *fanl_journal_open(struct fanl_journal *journal,
			       const struct path *mount, u32 flags);
int fanl_journal_write(struct fanl_journal *journal);

/**
 * struct fanl_block - what a block's start says of it
 * @first: index of its first record
 * @count: number of records
 * @length: bytes in use
 * @realtime: a time that its records are not older than
 */
struct fanl_block {
	u64		first;
	u32		count;
	u32		length;
	u64		realtime;
};

/* journal-ring.c: what is where in it */
u32 fanl_ring_crc(const void *p, size_t len, size_t at);
int fanl_ring_read(struct file *file, void *p, size_t len, u64 offset);
int fanl_ring_init(struct fanl_ring *ring, u64 size);
u64 fanl_ring_advance(const struct fanl_ring *ring, u64 offset,
		      unsigned int need);
u64 fanl_ring_epoch(const struct fanl_ring *ring, u64 index);
bool fanl_ring_knows(const struct fanl_ring *ring, u64 epoch, u64 index);
void fanl_ring_new_epoch(struct fanl_journal *journal);
u64 fanl_ring_oldest(const struct fanl_ring *ring, u64 *realtime);
unsigned int fanl_ring_find(const struct fanl_ring *ring, u64 index, u64 *next);
int fanl_ring_recover(struct fanl_journal *journal, struct file *file,
		      u64 *since, struct netlink_ext_ack *extack);
int fanl_ring_create(struct fanl_journal *journal, struct file *file,
		     struct netlink_ext_ack *extack);
const struct fanotify_journal_block *
fanl_block_check(const struct fanl_journal *journal, const u8 *segment,
		 unsigned int offset, u64 first);
const struct fanotify_journal_record *
fanl_record_check(const u8 *p, unsigned int left, u64 index);
u64 fanl_record_u64(const struct fanotify_journal_record *record, int type);
unsigned int fanl_header_encode(struct fanl_journal *journal, u8 *p);
void fanl_block_seal(const struct fanl_journal *journal, u8 *p,
		     const struct fanl_block *block);
unsigned int fanl_record_put(u8 *p, u64 index, const void *attrs,
			     unsigned int len);

/**
 * struct fanl_read - reading of records
 * @mask: kinds that are wanted
 * @index: the last record that was read, or is not wanted; moves on
 * @skb: where the records go, as attributes
 * @room: bytes that there are for them
 * @any: there are some
 * @full: there was no room for another one
 * @damaged: last record of a block in which one is, 0 for none
 * @end: nothing is left to be read
 * @gap: what is missing before the first record; with reason 0 nothing
 */
struct fanl_read {
	u64		mask;
	u64		index;
	struct sk_buff	*skb;
	unsigned int	room;
	bool		any;
	bool		full;
	u64		damaged;
	bool		end;
	struct {
		u64	first;
		u64	last;
		u64	since;
		u32	reason;
	} gap;
};

/* journal-read.c */
int fanl_journal_read(struct fanl_journal *journal, struct fanl_read *read);

/* journal-ordered.c: level ordered */
#ifdef FANL_ORDERED
#define FANL_JOURNAL_LEVELS \
	(BIT(FANOTIFY_JOURNAL_LEVEL_DURABLE) | \
	 BIT(FANOTIFY_JOURNAL_LEVEL_ORDERED))

u64 fanl_ordered_mask(u64 mask);
int fanl_ordered_attach(struct fanl_journal *journal, struct file *file,
			struct netlink_ext_ack *extack);
int fanl_ordered_begin(struct fanl_journal *journal, u32 reason, u64 since);
void fanl_ordered_detach(struct fanl_journal *journal);
void fanl_ordered_free(struct fanl_journal *journal);
int fanl_ordered_write(struct fanl_journal *journal);
int fanl_ordered_read(struct fanl_journal *journal, u8 *p,
		      unsigned int segment);
void fanl_ordered_told(struct fanl_journal *journal, u64 index);
#else
#define FANL_JOURNAL_LEVELS	BIT(FANOTIFY_JOURNAL_LEVEL_DURABLE)

static inline u64 fanl_ordered_mask(u64 mask)
{
	return mask;
}

static inline int fanl_ordered_attach(struct fanl_journal *journal,
				      struct file *file,
				      struct netlink_ext_ack *extack)
{
	return -EOPNOTSUPP;
}

static inline int fanl_ordered_begin(struct fanl_journal *journal, u32 reason,
				     u64 since)
{
	return -EOPNOTSUPP;
}

static inline void fanl_ordered_detach(struct fanl_journal *journal)
{
}

static inline void fanl_ordered_free(struct fanl_journal *journal)
{
}

static inline int fanl_ordered_write(struct fanl_journal *journal)
{
	return -EOPNOTSUPP;
}

static inline int fanl_ordered_read(struct fanl_journal *journal, u8 *p,
				    unsigned int segment)
{
	return -EOPNOTSUPP;
}

static inline void fanl_ordered_told(struct fanl_journal *journal, u64 index)
{
}
#endif

#endif /* _FANL_JOURNAL_H */
