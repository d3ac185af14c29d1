// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of journals: attributes in, attributes out.
 *
 * What reads or writes a ring file, or waits, is done when the request's locks are
 * dropped.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "compat.h"
#include "defer.h"
#include "group.h"
#include "journal.h"
#include "journal-consumer.h"
#include "kind.h"
#include "netlink.h"
#include "netlink-gen.h"

#define FANL_INTERVAL_DEFAULT	1000

/* close-write tells of what nothing else does: libaio, stores to a mapping. */
#define FANL_JOURNAL_DEFAULT \
	((u64)FANOTIFY_KIND_CREATE | FANOTIFY_KIND_DELETE | \
	 FANOTIFY_KIND_RENAME | FANOTIFY_KIND_ATTRIB | FANOTIFY_KIND_MODIFY | \
	 FANOTIFY_KIND_CLOSE_WRITE | FANOTIFY_KIND_ONDIR)

/* A request about a journal that is done later. */
struct fanl_journal_request {
	struct fanl_request		request;
	struct fanl_journal		*journal;
	char				*path;
	struct fanl_journal_start	start;
	bool				force;
	struct fanl_consumer_request	consumer;
	char				name[FANOTIFY_JOURNAL_NAME_LEN];
	struct {
		bool	named;
		bool	has_index;
		bool	has_epoch;
		bool	flush;
		u64	index;
		u64	epoch;
		u32	max_bytes;
		u32	wait_ms;
	} read;
};

static struct fanl_journal_request *
fanl_journal_request_of(struct fanl_request *request)
{
	return container_of(request, struct fanl_journal_request, request);
}

static void fanl_journal_release(struct fanl_request *request)
{
	struct fanl_journal_request *req = fanl_journal_request_of(request);

	if (req->journal)
		fanl_journal_put(req->journal);
	if (req->start.ring)
		fput(req->start.ring);
	kfree(req->path);
}

static int fanl_journal_defer(struct fanl_journal_request *req,
			      struct sk_buff *skb, struct genl_info *info,
			      int (*run)(struct fanl_request *request))
{
	req->request.run = run;
	req->request.release = fanl_journal_release;
	return fanl_request_defer(&req->request, skb, info);
}

/* Drop a request that is not to be done. Return: @err. */
static int fanl_journal_drop(struct fanl_journal_request *req, int err)
{
	fanl_journal_release(&req->request);
	kfree(req);
	return err;
}

static int fanl_put_journal(struct sk_buff *skb, struct fanl_journal *journal)
{
	const struct fanl_journal_settings *set = &journal->set;
	struct fanl_journal_stats stats;

	fanl_journal_stats(journal, &stats);
	return nla_put_u32(skb, FANOTIFY_A_JOURNAL_ID, journal->id) ||
	       nla_put_string(skb, FANOTIFY_A_JOURNAL_PATH, journal->path) ||
	       nla_put(skb, FANOTIFY_A_JOURNAL_UUID, UUID_SIZE,
		       &journal->uuid) ||
	       nla_put_u64_64bit(skb, FANOTIFY_A_JOURNAL_EPOCH, stats.epoch,
				 0) ||
	       nla_put_u32(skb, FANOTIFY_A_JOURNAL_LEVEL, set->level) ||
	       nla_put_u32(skb, FANOTIFY_A_JOURNAL_STATE, stats.state) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_MASK, set->mask) ||
	       nla_put_u32(skb, FANOTIFY_A_JOURNAL_INTERVAL_MS,
			   set->interval_ms) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_IDLE_LIMIT,
			    set->idle_limit) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_QUEUE_LIMIT,
			    set->queue_limit) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_SIZE, journal->ring.size) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_OLDEST, stats.oldest) ||
	       nla_put_u64_64bit(skb, FANOTIFY_A_JOURNAL_OLDEST_REALTIME,
				 stats.oldest_realtime, 0) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_DURABLE, stats.durable) ||
	       nla_put_u64_64bit(skb, FANOTIFY_A_JOURNAL_DURABLE_REALTIME,
				 stats.durable_realtime, 0) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_NEWEST, stats.newest) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_COVERED_INDEX,
			    stats.covered_index) ||
	       nla_put_u64_64bit(skb, FANOTIFY_A_JOURNAL_COVERED_SINCE,
				 stats.covered_since, 0) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_TAIL, stats.tail) ||
	       nla_put_u32(skb, FANOTIFY_A_JOURNAL_CONSUMERS,
			   stats.consumers) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_WAITING_BYTES,
			    stats.waiting_bytes) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_GAPS, stats.gaps) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_LOST, stats.lost) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_BATCHES, stats.batches) ||
	       nla_put_uint(skb, FANOTIFY_A_JOURNAL_WRITTEN, stats.written) ||
	       (stats.error &&
		nla_put_u32(skb, FANOTIFY_A_JOURNAL_ERROR, stats.error)) ||
	       nla_put_u32(skb, FANOTIFY_A_JOURNAL_DEV_MAJOR,
			   MAJOR(journal->dev)) ||
	       nla_put_u32(skb, FANOTIFY_A_JOURNAL_DEV_MINOR,
			   MINOR(journal->dev)) ||
	       nla_put_string(skb, FANOTIFY_A_JOURNAL_FS_NAME,
			      journal->fs_name);
}

/* A path of 4,095 bytes, and the rest: more than what others reply. */
static struct sk_buff *fanl_journal_reply_alloc(void)
{
	return genlmsg_new(2 * PATH_MAX, GFP_KERNEL);
}

static int fanl_journal_reply(struct sk_buff *reply, struct genl_info *info,
			      struct fanl_journal *journal)
{
	void *hdr = genlmsg_iput(reply, info);

	return fanl_reply_end(reply, hdr, info,
			      fanl_put_journal(reply, journal));
}

/* By its number, or by a descriptor of its filesystem. */
static struct fanl_journal *fanl_journal_named(struct genl_info *info)
{
	struct nlattr *id = info->attrs[FANOTIFY_A_JOURNAL_ID];
	struct fanl_journal *journal;
	struct path path;
	int err;

	if (!id == !info->attrs[FANOTIFY_A_JOURNAL_FD]) {
		NL_SET_ERR_MSG(info->extack, "either id or fd names a journal");
		return ERR_PTR(-EINVAL);
	}
	if (id)
		return fanl_journal_get(nla_get_u32(id), info->extack);
	err = fanl_object_by_fd(info, FANOTIFY_A_JOURNAL_FD, &path);
	if (err)
		return ERR_PTR(err);
	journal = fanl_journal_of(path.mnt->mnt_sb, info->extack);
	path_put(&path);
	return journal;
}

int fanotify_nl_journal_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fanl_journal *journal = fanl_journal_named(info);
	struct sk_buff *reply;
	int err = -ENOMEM;

	if (IS_ERR(journal))
		return PTR_ERR(journal);
	reply = fanl_journal_reply_alloc();
	if (reply)
		err = fanl_journal_reply(reply, info, journal);
	fanl_journal_put(journal);
	return err;
}

/**
 * struct fanl_journal_dump - where a list goes on
 * @id: journal
 * @sub: consumer of that journal
 */
struct fanl_journal_dump {
	unsigned long id;
	unsigned long sub;
};

static struct fanl_journal_dump *fanl_journal_dump_ctx(struct netlink_callback *cb)
{
	NL_ASSERT_CTX_FITS(struct fanl_journal_dump);
	return (struct fanl_journal_dump *)cb->ctx;
}

int fanotify_nl_journal_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	struct fanl_journal_dump *dump = fanl_journal_dump_ctx(cb);
	struct fanl_journal *journal;
	int err = 0;

	fanl_dump_begin(cb, &fanl_journals_generation);
	for (; !err && (journal = fanl_journal_next(&dump->id)); dump->id++) {
		void *hdr = fanl_dump_put(skb, cb, &fanl_journals_generation);

		if (!hdr || fanl_put_journal(skb, journal)) {
			genlmsg_cancel(skb, hdr);
			err = -EMSGSIZE;
		} else {
			genlmsg_end(skb, hdr);
		}
		fanl_journal_put(journal);
		if (err)
			break;
	}
	return fanl_dump_end(skb, cb, &fanl_journals_generation, err);
}

static int fanl_journal_start_run(struct fanl_request *request)
{
	struct fanl_journal_request *req = fanl_journal_request_of(request);
	struct sk_buff *reply = fanl_journal_reply_alloc();
	struct fanl_journal *journal;

	/* what was refused was not done */
	if (!reply)
		return -ENOMEM;
	journal = fanl_journal_start(&req->start, &request->extack);
	if (IS_ERR(journal)) {
		nlmsg_free(reply);
		return PTR_ERR(journal);
	}
	req->journal = journal;
	return fanl_journal_reply(reply, &request->info, journal);
}

/* What is not given is what the ring file says, or of a new one the default. */
static int fanl_journal_start_parse(struct genl_info *info,
				    struct fanl_journal_start *start)
{
	struct nlattr **attrs = info->attrs;
	struct fanl_journal_settings *set = &start->set;
	int err;

	*set = (struct fanl_journal_settings){
		.level = FANOTIFY_JOURNAL_LEVEL_DURABLE,
		.interval_ms = FANL_INTERVAL_DEFAULT,
		.mask = FANL_JOURNAL_DEFAULT,
		.queue_limit = fanl_queue_limit_default(),
	};
	err = fanl_check_kinds(info, FANOTIFY_A_JOURNAL_MASK,
			       FANL_KINDS_JOURNAL);
	if (err)
		return err;
	for (int i = 0; i <= FANOTIFY_A_JOURNAL_QUEUE_LIMIT; i++)
		if (attrs[i])
			__set_bit(i, &start->present);
	start->create = attrs[FANOTIFY_A_JOURNAL_CREATE];
	if (attrs[FANOTIFY_A_JOURNAL_LEVEL])
		set->level = nla_get_u32(attrs[FANOTIFY_A_JOURNAL_LEVEL]);
	if (attrs[FANOTIFY_A_JOURNAL_MASK])
		set->mask = nla_get_uint(attrs[FANOTIFY_A_JOURNAL_MASK]);
	if (attrs[FANOTIFY_A_JOURNAL_INTERVAL_MS])
		set->interval_ms =
			nla_get_u32(attrs[FANOTIFY_A_JOURNAL_INTERVAL_MS]);
	if (attrs[FANOTIFY_A_JOURNAL_IDLE_LIMIT])
		set->idle_limit =
			nla_get_uint(attrs[FANOTIFY_A_JOURNAL_IDLE_LIMIT]);
	if (attrs[FANOTIFY_A_JOURNAL_QUEUE_LIMIT])
		set->queue_limit =
			nla_get_uint(attrs[FANOTIFY_A_JOURNAL_QUEUE_LIMIT]);
	return fanl_check_queue_limit(info, FANOTIFY_A_JOURNAL_QUEUE_LIMIT);
}

int fanotify_nl_journal_start_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *fd = info->attrs[FANOTIFY_A_JOURNAL_RING_FD];
	struct fanl_journal_request *req;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_JOURNAL_RING_FD) ||
	    GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_JOURNAL_PATH))
		return -EINVAL;
	req = kzalloc(sizeof(*req), GFP_KERNEL);
	if (!req)
		return -ENOMEM;
	err = fanl_journal_start_parse(info, &req->start);
	if (err)
		return fanl_journal_drop(req, err);
	req->path = nla_strdup(info->attrs[FANOTIFY_A_JOURNAL_PATH],
			       GFP_KERNEL);
	if (!req->path)
		return fanl_journal_drop(req, -ENOMEM);
	req->start.path = req->path;
	req->start.ring = fget(nla_get_s32(fd));
	if (!req->start.ring) {
		NL_SET_ERR_MSG_ATTR(info->extack, fd, "not an open descriptor");
		return fanl_journal_drop(req, -EBADF);
	}
	return fanl_journal_defer(req, skb, info, fanl_journal_start_run);
}

static int fanl_journal_stop_run(struct fanl_request *request)
{
	struct fanl_journal_request *req = fanl_journal_request_of(request);

	return fanl_journal_stop(req->journal, req->force, &request->extack);
}

int fanotify_nl_journal_stop_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fanl_journal *journal = fanl_journal_named(info);
	struct fanl_journal_request *req;

	if (IS_ERR(journal))
		return PTR_ERR(journal);
	req = kzalloc(sizeof(*req), GFP_KERNEL);
	if (!req) {
		fanl_journal_put(journal);
		return -ENOMEM;
	}
	req->journal = journal;
	req->force = info->attrs[FANOTIFY_A_JOURNAL_FORCE];
	return fanl_journal_defer(req, skb, info, fanl_journal_stop_run);
}

/* A request about a consumer, or to read: its journal, and a name. */
static struct fanl_journal_request *
fanl_journal_request_alloc(struct genl_info *info, int id, int name)
{
	struct fanl_journal_request *req;
	struct fanl_journal *journal;

	if (GENL_REQ_ATTR_CHECK(info, id))
		return ERR_PTR(-EINVAL);
	journal = fanl_journal_get(nla_get_u32(info->attrs[id]), info->extack);
	if (IS_ERR(journal))
		return ERR_CAST(journal);
	req = kzalloc(sizeof(*req), GFP_KERNEL);
	if (!req) {
		fanl_journal_put(journal);
		return ERR_PTR(-ENOMEM);
	}
	req->journal = journal;
	if (info->attrs[name])
		nla_strscpy(req->name, info->attrs[name], sizeof(req->name));
	req->consumer.name = req->name;
	return req;
}

static struct fanl_journal_request *
fanl_consumer_request(struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_CONSUMER_NAME))
		return ERR_PTR(-EINVAL);
	return fanl_journal_request_alloc(info, FANOTIFY_A_CONSUMER_JOURNAL,
					  FANOTIFY_A_CONSUMER_NAME);
}

static int fanl_consumer_add_run(struct fanl_request *request)
{
	struct fanl_journal_request *req = fanl_journal_request_of(request);
	struct fanl_consumer_request *consumer = &req->consumer;
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = fanl_reply_start(&request->info, &hdr);
	if (!reply)
		return -ENOMEM;
	err = fanl_consumer_add(req->journal, consumer, &request->extack);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return fanl_reply_end(reply, hdr, &request->info,
			      nla_put_u64_64bit(reply, FANOTIFY_A_CONSUMER_TOKEN,
						consumer->token, 0) ||
				      nla_put(reply, FANOTIFY_A_CONSUMER_UUID, UUID_SIZE,
					      &req->journal->uuid) ||
				      nla_put_u64_64bit(reply, FANOTIFY_A_CONSUMER_EPOCH,
							consumer->epoch, 0) ||
				      nla_put_uint(reply, FANOTIFY_A_CONSUMER_ACKED,
						   consumer->acked));
}

int fanotify_nl_consumer_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *mask = info->attrs[FANOTIFY_A_CONSUMER_MASK];
	struct nlattr *start = info->attrs[FANOTIFY_A_CONSUMER_START];
	struct fanl_journal_request *req;
	int err;

	err = fanl_check_kinds(info, FANOTIFY_A_CONSUMER_MASK,
			       FANL_KINDS_JOURNAL);
	if (err)
		return err;
	req = fanl_consumer_request(info);
	if (IS_ERR(req))
		return PTR_ERR(req);
	req->consumer.mask = mask ? nla_get_uint(mask) : FANL_KINDS_JOURNAL;
	req->consumer.start = start ? nla_get_u32(start) :
				      FANOTIFY_CONSUMER_START_NOW;
	return fanl_journal_defer(req, skb, info, fanl_consumer_add_run);
}

static int fanl_consumer_remove_run(struct fanl_request *request)
{
	struct fanl_journal_request *req = fanl_journal_request_of(request);

	return fanl_consumer_remove(req->journal, &req->consumer,
				    &request->extack);
}

/* A request that only who knows the token may make, or who says that it does not. */
static struct fanl_journal_request *
fanl_consumer_request_of_owner(struct genl_info *info)
{
	struct nlattr *token = info->attrs[FANOTIFY_A_CONSUMER_TOKEN];
	bool force = info->attrs[FANOTIFY_A_CONSUMER_FORCE];
	struct fanl_journal_request *req;

	if (!force && GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_CONSUMER_TOKEN))
		return ERR_PTR(-EINVAL);
	req = fanl_consumer_request(info);
	if (IS_ERR(req))
		return req;
	req->consumer.force = force;
	req->consumer.token = token ? nla_get_u64(token) : 0;
	return req;
}

int fanotify_nl_consumer_remove_doit(struct sk_buff *skb,
				     struct genl_info *info)
{
	struct fanl_journal_request *req;

	req = fanl_consumer_request_of_owner(info);
	if (IS_ERR(req))
		return PTR_ERR(req);
	return fanl_journal_defer(req, skb, info, fanl_consumer_remove_run);
}

static int fanl_consumer_ack_run(struct fanl_request *request)
{
	struct fanl_journal_request *req = fanl_journal_request_of(request);

	return fanl_consumer_ack(req->journal, &req->consumer,
				 &request->extack);
}

/* A UUID of another filesystem is a mistake of who asks. */
static int fanl_check_uuid(struct genl_info *info, int attr,
			   const struct fanl_journal *journal)
{
	struct nlattr *uuid = info->attrs[attr];

	if (!uuid || !memcmp(nla_data(uuid), &journal->uuid, UUID_SIZE))
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(info->extack, uuid,
				"cursor is of another filesystem, this is %pU",
				&journal->uuid);
	return -ESTALE;
}

int fanotify_nl_consumer_ack_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct fanl_consumer_request *consumer;
	struct fanl_journal_request *req;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_CONSUMER_ACKED))
		return -EINVAL;
	req = fanl_consumer_request_of_owner(info);
	if (IS_ERR(req))
		return PTR_ERR(req);
	consumer = &req->consumer;
	consumer->acked = nla_get_uint(attrs[FANOTIFY_A_CONSUMER_ACKED]);
	if (attrs[FANOTIFY_A_CONSUMER_EPOCH])
		consumer->epoch = nla_get_u64(attrs[FANOTIFY_A_CONSUMER_EPOCH]);
	consumer->reset = attrs[FANOTIFY_A_CONSUMER_RESET];
	consumer->sync = attrs[FANOTIFY_A_CONSUMER_SYNC];
	err = fanl_check_uuid(info, FANOTIFY_A_CONSUMER_UUID, req->journal);
	if (err)
		return fanl_journal_drop(req, err);
	return fanl_journal_defer(req, skb, info, fanl_consumer_ack_run);
}

/* As the journal-read command and the list of consumers tell it. */
static int fanl_put_cut(struct sk_buff *skb, int type, u64 first, u64 last,
			u32 reason, u64 since)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest ||
	    (first && (nla_put_u64_64bit(skb, FANOTIFY_A_GAP_FIRST, first, 0) ||
		       nla_put_u64_64bit(skb, FANOTIFY_A_GAP_LAST, last, 0) ||
		       nla_put_u64_64bit(skb, FANOTIFY_A_GAP_COUNT,
					 last - first + 1, 0))) ||
	    nla_put_u32(skb, FANOTIFY_A_GAP_REASON, reason) ||
	    nla_put_u32(skb, FANOTIFY_A_GAP_SCOPE, FANOTIFY_GAP_SCOPE_ALL) ||
	    (since &&
	     nla_put_u64_64bit(skb, FANOTIFY_A_GAP_SINCE, since, 0)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fanl_put_consumer(struct sk_buff *skb, u32 journal,
			     const struct fanl_consumer *consumer, u64 epoch,
			     u64 behind)
{
	return nla_put_u32(skb, FANOTIFY_A_CONSUMER_JOURNAL, journal) ||
	       nla_put_string(skb, FANOTIFY_A_CONSUMER_NAME, consumer->name) ||
	       nla_put_uint(skb, FANOTIFY_A_CONSUMER_MASK, consumer->mask) ||
	       nla_put_u64_64bit(skb, FANOTIFY_A_CONSUMER_EPOCH, epoch, 0) ||
	       nla_put_uint(skb, FANOTIFY_A_CONSUMER_ACKED, consumer->acked) ||
	       nla_put_u64_64bit(skb, FANOTIFY_A_CONSUMER_REGISTERED,
				 consumer->registered, 0) ||
	       nla_put_u64_64bit(skb, FANOTIFY_A_CONSUMER_ACKED_AT,
				 consumer->acked_at, 0) ||
	       nla_put_uint(skb, FANOTIFY_A_CONSUMER_BEHIND, behind) ||
	       (consumer->cut_reason &&
		fanl_put_cut(skb, FANOTIFY_A_CONSUMER_CUT, consumer->acked + 1,
			     consumer->cut_last, consumer->cut_reason,
			     consumer->cut_since));
}

static int fanl_dump_consumers(struct sk_buff *skb, struct netlink_callback *cb,
			       struct fanl_journal *journal)
{
	struct fanl_journal_dump *dump = fanl_journal_dump_ctx(cb);
	struct fanl_consumer consumer;
	struct fanl_journal_stats stats;
	u64 behind;

	fanl_journal_stats(journal, &stats);
	for (; fanl_consumer_nth(journal, dump->sub, &consumer, &behind);
	     dump->sub++) {
		void *hdr = fanl_dump_put(skb, cb, &fanl_journals_generation);

		if (!hdr || fanl_put_consumer(skb, journal->id, &consumer,
					      stats.epoch, behind)) {
			genlmsg_cancel(skb, hdr);
			return -EMSGSIZE;
		}
		genlmsg_end(skb, hdr);
	}
	return 0;
}

int fanotify_nl_consumer_get_dumpit(struct sk_buff *skb,
				    struct netlink_callback *cb)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct fanl_journal *journal;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_CONSUMER_JOURNAL))
		return -EINVAL;
	fanl_dump_begin(cb, &fanl_journals_generation);
	journal = fanl_journal_get(nla_get_u32(info->attrs[FANOTIFY_A_CONSUMER_JOURNAL]),
				   cb->extack);
	if (IS_ERR(journal))
		return PTR_ERR(journal);
	err = fanl_dump_consumers(skb, cb, journal);
	fanl_journal_put(journal);
	return fanl_dump_end(skb, cb, &fanl_journals_generation, err);
}

/* What an answer has besides records: UUID, epoch, index, gap, end. */
#define FANL_READ_REST	256

/* Where the reading starts; what is known to be missing before that. */
static int fanl_read_from(struct fanl_journal_request *req,
			  struct fanl_read *read,
			  struct netlink_ext_ack *extack)
{
	struct fanl_journal *journal = req->journal;
	struct fanl_consumer consumer = {};
	u64 durable, oldest, realtime;
	bool known;
	int err;

	read->mask = FANL_KINDS_JOURNAL;
	read->index = req->read.index;
	if (req->read.named) {
		err = fanl_consumer_look(journal, req->name, &consumer, extack);
		if (err)
			return err;
		read->mask = consumer.mask;
		if (!req->read.has_index)
			read->index = consumer.acked;
	}

	mutex_lock(&journal->lock);
	durable = fanl_journal_durable(journal);
	oldest = fanl_ring_oldest(&journal->ring, &realtime);
	known = req->read.has_epoch ?
			fanl_ring_knows(&journal->ring, req->read.epoch, read->index) :
			read->index <= durable;
	mutex_unlock(&journal->lock);
	if (!known) {
		read->gap.reason = FANOTIFY_GAP_REASON_CURSOR;
		read->index = durable;
	} else if (!read->index && !req->read.has_epoch &&
		   (!req->read.named || req->read.has_index)) {
		read->index = oldest - 1;
	} else if (consumer.cut_reason && read->index < consumer.cut_last) {
		read->gap.first = read->index + 1;
		read->gap.last = consumer.cut_last;
		read->gap.reason = consumer.cut_reason;
		/* who reads from before it acknowledged misses older ones */
		if (read->index >= consumer.acked)
			read->gap.since = consumer.cut_since;
		read->index = consumer.cut_last;
	}
	return 0;
}

static bool fanl_read_waits(const struct fanl_request *request,
			    struct fanl_journal *journal,
			    const struct fanl_read *read)
{
	return !READ_ONCE(journal->gone) &&
	       !sock_flag(NETLINK_CB(request->skb).sk, SOCK_DEAD) &&
	       fanl_journal_durable(journal) <= read->index;
}

/*
 * Until there is something to be read. A signal ends it, too, and so does a close(2)
 * of the socket, which another thread may do.
 */
static int fanl_read_wait(struct fanl_request *request,
			  const struct fanl_read *read)
{
	struct fanl_journal_request *req = fanl_journal_request_of(request);
	struct fanl_journal *journal = req->journal;

	if (req->read.wait_ms && !read->gap.reason &&
	    !(current->flags & (PF_KTHREAD | PF_EXITING))) {
		fanl_request_unhold(request);
		wait_event_interruptible_timeout(journal->wait,
						 !fanl_read_waits(request,
								  journal, read),
						 msecs_to_jiffies(req->read.wait_ms));
		if (!fanl_request_hold(request))
			return -ENOTCONN;
	}
	if (!READ_ONCE(journal->gone))
		return 0;
	NL_SET_ERR_MSG(&request->extack, "journal has ended");
	return -ENOENT;
}

static int fanl_read_reply(struct fanl_request *request, struct fanl_read *read,
			   void *hdr)
{
	struct fanl_journal *journal = fanl_journal_request_of(request)->journal;
	struct fanl_journal_stats stats;
	struct sk_buff *skb = read->skb;

	fanl_journal_stats(journal, &stats);
	return fanl_reply_end(skb, hdr, &request->info,
			      nla_put(skb, FANOTIFY_A_JOURNAL_READ_UUID,
				      UUID_SIZE, &journal->uuid) ||
				      nla_put_u64_64bit(skb,
							FANOTIFY_A_JOURNAL_READ_EPOCH,
							stats.epoch, 0) ||
				      nla_put_uint(skb, FANOTIFY_A_JOURNAL_READ_INDEX,
						   read->index) ||
				      (read->gap.reason &&
				       fanl_put_cut(skb, FANOTIFY_A_JOURNAL_READ_GAP,
						    read->gap.first, read->gap.last,
						    read->gap.reason,
						    read->gap.since)) ||
				      (read->end &&
				       nla_put_flag(skb, FANOTIFY_A_JOURNAL_READ_END)));
}

static struct sk_buff *fanl_read_alloc(u32 max_bytes)
{
	struct sk_buff *skb = alloc_skb(SKB_WITH_OVERHEAD(max_bytes),
					GFP_KERNEL | __GFP_NORETRY |
						__GFP_NOWARN);

	/* any single record fits into this */
	return skb ?: alloc_skb(FANOTIFY_EVENT_MAX + 2 * FANL_READ_REST,
				GFP_KERNEL);
}

static int fanl_journal_read_run(struct fanl_request *request)
{
	struct fanl_journal_request *req = fanl_journal_request_of(request);
	struct netlink_ext_ack *extack = &request->extack;
	struct fanl_read read = {};
	void *hdr;
	int err;

	if (req->read.flush) {
		err = fanl_journal_flush(req->journal, extack);
		if (err)
			return err;
	}
	err = fanl_read_from(req, &read, extack);
	if (!err)
		err = fanl_read_wait(request, &read);
	if (err)
		return err;
	read.skb = fanl_read_alloc(req->read.max_bytes);
	if (!read.skb)
		return -ENOMEM;
	hdr = genlmsg_iput(read.skb, &request->info);
	read.room = skb_tailroom(read.skb) - FANL_READ_REST;
	err = fanl_journal_read(req->journal, &read);
	if (err) {
		nlmsg_free(read.skb);
		if (!fanl_journal_explain(req->journal, err, extack))
			NL_SET_ERR_MSG(extack, "ring file cannot be read");
		return err;
	}
	return fanl_read_reply(request, &read, hdr);
}

static int fanl_read_check(struct genl_info *info,
			   struct fanl_journal_request *req)
{
	struct nlattr **attrs = info->attrs;

	if (!req->read.named && !req->read.has_index) {
		NL_SET_ERR_MSG(info->extack,
			       "from where on: index or consumer is missing");
		return -EINVAL;
	}
	if (req->read.has_epoch && !req->read.has_index) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    attrs[FANOTIFY_A_JOURNAL_READ_EPOCH],
				    "epoch without index");
		return -EINVAL;
	}
	return fanl_check_uuid(info, FANOTIFY_A_JOURNAL_READ_UUID,
			       req->journal);
}

int fanotify_nl_journal_read_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct nlattr *index = attrs[FANOTIFY_A_JOURNAL_READ_INDEX];
	struct nlattr *epoch = attrs[FANOTIFY_A_JOURNAL_READ_EPOCH];
	struct nlattr *max_bytes = attrs[FANOTIFY_A_JOURNAL_READ_MAX_BYTES];
	struct nlattr *wait = attrs[FANOTIFY_A_JOURNAL_READ_WAIT_MS];
	struct fanl_journal_request *req;
	int err;

	req = fanl_journal_request_alloc(info, FANOTIFY_A_JOURNAL_READ_JOURNAL,
					 FANOTIFY_A_JOURNAL_READ_CONSUMER);
	if (IS_ERR(req))
		return PTR_ERR(req);
	req->read.named = attrs[FANOTIFY_A_JOURNAL_READ_CONSUMER];
	req->read.has_index = index;
	req->read.has_epoch = epoch;
	req->read.flush = attrs[FANOTIFY_A_JOURNAL_READ_FLUSH];
	req->read.index = index ? nla_get_uint(index) : 0;
	req->read.epoch = epoch ? nla_get_u64(epoch) : 0;
	req->read.max_bytes = max_bytes ? nla_get_u32(max_bytes) :
					  FANOTIFY_FETCH_MIN;
	req->read.wait_ms = wait ? nla_get_u32(wait) : 0;
	err = fanl_read_check(info, req);
	if (err)
		return fanl_journal_drop(req, err);
	return fanl_journal_defer(req, skb, info, fanl_journal_read_run);
}
