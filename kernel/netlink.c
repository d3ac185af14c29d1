// SPDX-License-Identifier: GPL-2.0
/*
 * What the family's commands share, and the query of capabilities. The commands
 * are in netlink-group, -filter, -mark, -event, -perm and -journal; what they do is
 * done elsewhere.
 */
#include <linux/fanotify.h>
#include <linux/file.h>
#include <linux/module.h>
#include <net/genetlink.h>

#include "ask.h"
#include "compat.h"
#include "defer.h"
#include "event.h"
#include "global.h"
#include "group.h"
#include "journal.h"
#include "kind.h"
#include "mark.h"
#include "member.h"
#include "netlink.h"
#include "netlink-gen.h"
#include "remember.h"

/* The generated admin-perm would be CAP_NET_ADMIN, which containers have. */
static int fanl_may_ask(struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "CAP_SYS_ADMIN in the initial user namespace is needed");
	return -EPERM;
}

/* Without a policy, netlink does not look at attributes. */
static int fanl_no_attrs(const struct nlmsghdr *nlh,
			 struct netlink_ext_ack *extack)
{
	if (!nlmsg_attrlen(nlh, GENL_HDRLEN))
		return 0;
	NL_SET_ERR_MSG(extack, "command takes no attributes");
	return -EINVAL;
}

int fanotify_nl_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			 struct genl_info *info)
{
	int err = fanl_may_ask(skb, info->extack);

	if (!err && !ops->policy)
		err = fanl_no_attrs(info->nlhdr, info->extack);
	return err ?: fanl_request_in_turn(ops, skb, info);
}

/* Commands that need no capability. */
int fanotify_nl_in_turn(const struct genl_split_ops *ops, struct sk_buff *skb,
			struct genl_info *info)
{
	return fanl_request_in_turn(ops, skb, info);
}

/* The pre_doit hook is not called for dumps. */
int fanotify_nl_dump_start(struct netlink_callback *cb)
{
	int err = fanl_may_ask(cb->skb, cb->extack);

	if (!err && !genl_dumpit_info(cb)->op.policy)
		err = fanl_no_attrs(cb->nlh, cb->extack);
	if (!err && fanl_request_waits(cb->skb)) {
		NL_SET_ERR_MSG(cb->extack,
			       "list behind a request that waits; ask for it in a message of its own");
		err = -EBUSY;
	}
	return err;
}

/**
 * fanl_check_kinds - refuse kinds that are unknown or not legal here
 * @info: the request
 * @attr: attribute with a mask, which may be missing
 * @legal: kinds that are legal
 *
 * Return: 0 or -EINVAL, with a text.
 */
int fanl_check_kinds(struct genl_info *info, int attr, u64 legal)
{
	struct nlattr *nla = info->attrs[attr];
	u64 extra;

	if (!nla)
		return 0;
	extra = nla_get_uint(nla) & ~legal;
	if (!extra)
		return 0;
	NL_SET_BAD_ATTR(info->extack, nla);
	if (extra & ~FANL_KINDS_ALL)
		NL_SET_ERR_MSG_FMT(info->extack,
				   "kinds %#llx are not known to this kernel",
				   extra & ~FANL_KINDS_ALL);
	else
		NL_SET_ERR_MSG_FMT(info->extack,
				   "kinds %#llx are not legal here, see caps-get",
				   extra);
	return -EINVAL;
}

/**
 * fanl_reply_start - begin the reply to a request
 * @info: the request
 * @hdr: set to what fanl_reply_end() needs
 *
 * Return: the reply, or NULL without memory.
 */
struct sk_buff *fanl_reply_start(struct genl_info *info, void **hdr)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!reply)
		return NULL;
	*hdr = genlmsg_iput(reply, info);
	return reply;
}

/**
 * fanl_reply_end - send the reply to a request
 * @reply: of fanl_reply_start(); consumed
 * @hdr: as that set it
 * @info: the request
 * @failed: an attribute did not fit, which is a mistake of ours
 *
 * Return: 0 or an error.
 */
int fanl_reply_end(struct sk_buff *reply, void *hdr, struct genl_info *info,
		   bool failed)
{
	if (WARN_ON_ONCE(failed)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

/**
 * fanl_command_member - the member that a command is about
 * @info: the request
 * @group: attribute with the group's number
 * @token: attribute with the member's token
 *
 * Return: the member, with a reference for the caller; or an error, with a text.
 */
struct fanl_member *fanl_command_member(struct genl_info *info, int group,
					int token)
{
	if (GENL_REQ_ATTR_CHECK(info, group) ||
	    GENL_REQ_ATTR_CHECK(info, token))
		return ERR_PTR(-EINVAL);
	return fanl_member_by_token(nla_get_u32(info->attrs[group]),
				    nla_get_u64(info->attrs[token]),
				    info->extack);
}

/**
 * struct fanl_dump - where a dump goes on
 * @number: group
 * @sub: mark or member of that group
 */
struct fanl_dump {
	u64 number;
	unsigned long sub;
};

static struct fanl_dump *fanl_dump_ctx(struct netlink_callback *cb)
{
	NL_ASSERT_CTX_FITS(struct fanl_dump);
	return (struct fanl_dump *)cb->ctx;
}

/**
 * fanl_dump_groups - list something of each group, or of one
 * @skb: where the list goes
 * @cb: the dump
 * @attr: attribute that may name the one group
 * @generation: as for fanl_dump_begin()
 * @fill: puts messages for one group; @sub says where to go on; -EMSGSIZE, the
 *	buffer is full
 *
 * Return: as dumpit's; -ENOENT, the one group does not exist.
 */
int fanl_dump_groups(struct sk_buff *skb, struct netlink_callback *cb, int attr,
		     const atomic_t *generation, fanl_dump_fill fill)
{
	const struct genl_info *info = genl_info_dump(cb);
	struct fanl_dump *dump = fanl_dump_ctx(cb);
	struct nlattr *only = info->attrs ? info->attrs[attr] : NULL;
	struct fanl_group *group;
	int err = 0;

	fanl_dump_begin(cb, generation);
	if (only && !dump->number) {
		dump->number = nla_get_u32(only);
		err = -ENOENT;
	}
	while ((group = fanl_group_next(&dump->number))) {
		if (only && group->number != nla_get_u32(only)) {
			fanl_group_put(group);
			break;
		}
		err = fill(skb, cb, group, &dump->sub);
		fanl_group_put(group);
		if (err)
			break;
		dump->number++;
		dump->sub = 0;
	}
	if (err == -ENOENT)
		NL_SET_ERR_MSG_FMT(cb->extack, "no group %u",
				   nla_get_u32(only));
	return fanl_dump_end(skb, cb, generation, err);
}

/**
 * fanl_dump_begin - go on with a list, or begin it
 * @cb: the dump
 * @generation: counts the changes of what is listed
 *
 * No lock is held from one message to the next, so each is compared with the one
 * before, the first one and the end as well: who reads is told if there was a change.
 */
void fanl_dump_begin(struct netlink_callback *cb, const atomic_t *generation)
{
	cb->seq = atomic_read(generation);
	if (!cb->prev_seq)
		cb->prev_seq = cb->seq;
}

/**
 * fanl_dump_end - end a list, or a part of it
 * @skb: where it goes
 * @cb: the dump
 * @generation: as for fanl_dump_begin()
 * @err: 0, or an error; -EMSGSIZE, the buffer is full
 *
 * Return: as dumpit's.
 */
int fanl_dump_end(const struct sk_buff *skb, struct netlink_callback *cb,
		  const atomic_t *generation, int err)
{
	cb->seq = atomic_read(generation);
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

/**
 * fanl_dump_put - begin a message of a list
 * @skb: where it goes
 * @cb: the dump
 * @generation: as for fanl_dump_begin()
 *
 * Return: what genlmsg_end() needs, NULL if there is no room.
 */
void *fanl_dump_put(struct sk_buff *skb, struct netlink_callback *cb,
		    const atomic_t *generation)
{
	void *hdr = genlmsg_iput(skb, genl_info_dump(cb));

	cb->seq = atomic_read(generation);
	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

/**
 * fanl_object_by_fd - what a descriptor refers to
 * @info: the request
 * @attr: attribute with the descriptor
 * @path: set, with a reference
 *
 * Paths are opened by user space: no walk, no wait inside a request.
 *
 * Return: 0; -EINVAL, attribute missing; -EBADF, no such descriptor.
 */
int fanl_object_by_fd(struct genl_info *info, int attr, struct path *path)
{
	struct file *file;

	if (GENL_REQ_ATTR_CHECK(info, attr))
		return -EINVAL;
	file = fget_raw(nla_get_s32(info->attrs[attr]));
	if (!file) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
				    "not an open descriptor");
		return -EBADF;
	}
	*path = file->f_path;
	path_get(path);
	fput(file);
	return 0;
}

static int fanl_put_mark_caps(struct sk_buff *skb, u32 type)
{
	struct nlattr *nest;
	u32 flags = 0;

	if (type == FANOTIFY_MARK_TYPE_GLOBAL && !fanl_global_available())
		return 0;
	nest = nla_nest_start(skb, FANOTIFY_A_CAPS_MARK_CAPS);
	if (!nest)
		return -EMSGSIZE;
	if (type == FANOTIFY_MARK_TYPE_INODE)
		flags |= FANOTIFY_MARK_FLAG_EVICTABLE;
	if (fanl_kinds_ignorable(type))
		flags |= FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY;
	if (nla_put_u32(skb, FANOTIFY_A_MARK_CAPS_TYPE, type) ||
	    nla_put_uint(skb, FANOTIFY_A_MARK_CAPS_MASK,
			 fanl_kinds_legal(type)) ||
	    nla_put_uint(skb, FANOTIFY_A_MARK_CAPS_IGNORE_MASK,
			 fanl_kinds_ignorable(type)) ||
	    nla_put_u32(skb, FANOTIFY_A_MARK_CAPS_FLAGS, flags))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int fanotify_nl_caps_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	/* a uint of 64 bits: sparse minds nla_put_uint() of a constant */
	const u64 kinds = (FANL_KINDS_ALL | FANOTIFY_KIND_GAP) &
			  ~(fanl_ask_available() ? 0 : FANL_KINDS_PERM);
	const u64 exact = fanl_kinds_exact();
	const u64 ranged = fanl_kinds_ranged() & kinds;
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = fanl_reply_start(info, &hdr);
	if (!reply)
		return -ENOMEM;
	err = nla_put_string(reply, FANOTIFY_A_CAPS_VERSION, FANL_VERSION) ||
	      nla_put(reply, FANOTIFY_A_CAPS_KINDS, sizeof(kinds), &kinds) ||
	      nla_put_u32(reply, FANOTIFY_A_CAPS_STAT_MASK, FANL_STAT_ALL) ||
	      nla_put_u32(reply, FANOTIFY_A_CAPS_EVENT_MAX,
			  FANOTIFY_EVENT_MAX) ||
	      nla_put_u32(reply, FANOTIFY_A_CAPS_RCVBUF_MIN, FANL_RCVBUF_MIN) ||
	      nla_put_uint(reply, FANOTIFY_A_CAPS_QUEUE_DEFAULT,
			   fanl_queue_limit_default()) ||
	      nla_put_uint(reply, FANOTIFY_A_CAPS_QUEUE_MIN, FANL_QUEUE_MIN) ||
	      nla_put_uint(reply, FANOTIFY_A_CAPS_QUEUE_MAX,
			   max(fanl_queue_max, FANL_QUEUE_MIN)) ||
	      nla_put_u32(reply, FANOTIFY_A_CAPS_GROUPS_MAX, fanl_groups_max) ||
	      nla_put_u32(reply, FANOTIFY_A_CAPS_MARKS_MAX, fanl_marks_max) ||
	      nla_put_u32(reply, FANOTIFY_A_CAPS_MEMBERS_MAX, FANL_MEMBERS_MAX) ||
	      nla_put(reply, FANOTIFY_A_CAPS_EXACT, sizeof(exact), &exact) ||
	      nla_put(reply, FANOTIFY_A_CAPS_RANGED, sizeof(ranged), &ranged) ||
	      nla_put_u32(reply, FANOTIFY_A_CAPS_FILTERS_MAX,
			  FANOTIFY_FILTERS_MAX) ||
	      nla_put_u32(reply, FANOTIFY_A_CAPS_PERMISSION_GROUPS_MAX,
			  fanl_ask_available() ? fanl_permission_groups_max :
						 0) ||
	      nla_put_u32(reply, FANOTIFY_A_CAPS_REMEMBERED_MAX,
			  fanl_remembered_max) ||
	      nla_put_u32(reply, FANOTIFY_A_CAPS_JOURNAL_LEVELS,
			  FANL_JOURNAL_LEVELS);
	for (u32 type = FANOTIFY_MARK_TYPE_INODE;
	     !err && fanl_kinds_legal(type); type++)
		err = fanl_put_mark_caps(reply, type);
	return fanl_reply_end(reply, hdr, info, err);
}
