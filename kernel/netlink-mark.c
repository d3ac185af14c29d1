// SPDX-License-Identifier: GPL-2.0
/*
 * Commands about marks: attributes in, attributes out.
 */
#include <linux/file.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "defer.h"
#include "global.h"
#include "group.h"
#include "kind.h"
#include "mark.h"
#include "member.h"
#include "netlink.h"
#include "netlink-gen.h"

static int fanl_put_mark(struct sk_buff *skb, const struct fanl_mark *mark,
			 u32 group)
{
	/* what only a global mark asks of a filesystem is listed as such */
	u32 type = mark->global && !mark->own && !mark->fsn.ignore_mask ?
		   FANOTIFY_MARK_TYPE_GLOBAL : mark->type;

	return nla_put_u32(skb, FANOTIFY_A_MARK_GROUP, group) ||
	       nla_put_u32(skb, FANOTIFY_A_MARK_ID, mark->id) ||
	       nla_put_u32(skb, FANOTIFY_A_MARK_TYPE, type) ||
	       nla_put_uint(skb, FANOTIFY_A_MARK_MASK, mark->mask) ||
	       nla_put_uint(skb, FANOTIFY_A_MARK_IGNORE_MASK,
			    mark->fsn.ignore_mask) ||
	       nla_put_u32(skb, FANOTIFY_A_MARK_FLAGS, mark->flags) ||
	       nla_put_u32(skb, FANOTIFY_A_MARK_DEV_MAJOR, MAJOR(mark->dev)) ||
	       nla_put_u32(skb, FANOTIFY_A_MARK_DEV_MINOR, MINOR(mark->dev)) ||
	       nla_put_string(skb, FANOTIFY_A_MARK_FS_NAME, mark->fs_name) ||
	       (mark->ino &&
		nla_put_u64_64bit(skb, FANOTIFY_A_MARK_INO, mark->ino,
				  0)) ||
	       (mark->mnt_id &&
		nla_put_u64_64bit(skb, FANOTIFY_A_MARK_MNT_ID, mark->mnt_id,
				  0));
}

/* What a filesystem has only on behalf of subtree marks is listed as those. */
static bool fanl_mark_is_share(const struct fanl_mark *mark)
{
	return mark->type == FANOTIFY_MARK_TYPE_FILESYSTEM &&
	       !(mark->own | mark->global | mark->fsn.ignore_mask);
}

static int fanl_dump_marks(struct sk_buff *skb, struct netlink_callback *cb,
			   struct fanl_group *group, unsigned long *id)
{
	struct fanl_mark mark;

	for (; fanl_mark_next(group, id, &mark); ++*id) {
		void *hdr;

		if (fanl_mark_is_share(&mark))
			continue;
		hdr = fanl_dump_put(skb, cb, &fanl_marks_generation);
		if (!hdr)
			return -EMSGSIZE;
		if (fanl_put_mark(skb, &mark, group->number)) {
			genlmsg_cancel(skb, hdr);
			return -EMSGSIZE;
		}
		genlmsg_end(skb, hdr);
	}
	return 0;
}

int fanotify_nl_mark_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	return fanl_dump_groups(skb, cb, FANOTIFY_A_MARK_GROUP,
				&fanl_marks_generation, fanl_dump_marks);
}

/* Everything about the mark but its object. */
static int fanl_mark_parse(struct genl_info *info,
			   struct fanl_mark_request *req)
{
	struct nlattr **attrs = info->attrs;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_MARK_TYPE))
		return -EINVAL;
	*req = (struct fanl_mark_request){
		.type = nla_get_u32(attrs[FANOTIFY_A_MARK_TYPE]),
	};
	err = fanl_check_kinds(info, FANOTIFY_A_MARK_MASK,
			       fanl_kinds_legal(req->type));
	if (err)
		return err;
	err = fanl_check_kinds(info, FANOTIFY_A_MARK_IGNORE_MASK,
			       fanl_kinds_ignorable(req->type));
	if (err)
		return err;
	if (attrs[FANOTIFY_A_MARK_MASK])
		req->mask = nla_get_uint(attrs[FANOTIFY_A_MARK_MASK]);
	if (attrs[FANOTIFY_A_MARK_IGNORE_MASK])
		req->ignore = nla_get_uint(attrs[FANOTIFY_A_MARK_IGNORE_MASK]);
	if (!(req->mask | req->ignore)) {
		NL_SET_ERR_MSG(info->extack, "nothing in mask and ignore-mask");
		return -EINVAL;
	}
	return 0;
}

/* An attribute that means nothing for this type of mark is a mistake. */
static int fanl_mark_refuse(struct genl_info *info, int attr, const char *text)
{
	if (!info->attrs[attr])
		return 0;
	NL_SET_BAD_ATTR(info->extack, info->attrs[attr]);
	NL_SET_ERR_MSG_FMT(info->extack, "%s", text);
	return -EINVAL;
}

/* Flags and mount id are attributes of mark-add only. */
static int fanl_mark_parse_add(struct genl_info *info,
			       struct fanl_mark_request *req)
{
	struct nlattr **attrs = info->attrs;
	struct nlattr *nla = attrs[FANOTIFY_A_MARK_FLAGS];

	req->excl = attrs[FANOTIFY_A_MARK_EXCL];
	if (nla)
		req->flags = nla_get_u32(nla);
	if ((req->flags & FANOTIFY_MARK_FLAG_EVICTABLE) &&
	    req->type != FANOTIFY_MARK_TYPE_INODE) {
		NL_SET_ERR_MSG_ATTR(info->extack, nla,
				    "only an inode mark can be evictable");
		return -EINVAL;
	}
	if ((req->flags & FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY) &&
	    !req->ignore) {
		NL_SET_ERR_MSG_ATTR(info->extack, nla,
				    "ignore-surv-modify without an ignore mask");
		return -EINVAL;
	}
	if (attrs[FANOTIFY_A_MARK_MNT_ID])
		req->mnt_id = nla_get_u64(attrs[FANOTIFY_A_MARK_MNT_ID]);
	if (req->type != FANOTIFY_MARK_TYPE_MOUNT &&
	    fanl_mark_refuse(info, FANOTIFY_A_MARK_MNT_ID,
			     "only a mount mark has a mount id"))
		return -EINVAL;
	if (req->type != FANOTIFY_MARK_TYPE_GLOBAL)
		return fanl_mark_refuse(info, FANOTIFY_A_MARK_FSTYPE,
					"only a global mark has filesystem types");
	if (fanl_mark_refuse(info, FANOTIFY_A_MARK_FD,
			     "a global mark has no object"))
		return -EINVAL;
	return fanl_mark_refuse(info, FANOTIFY_A_MARK_EXCL,
				"a global mark cannot be exclusive");
}

static int fanl_mark_add_object(struct genl_info *info,
				struct fanl_group *group,
				struct fanl_mark_request *req)
{
	struct sk_buff *reply;
	void *hdr;
	u32 id;
	int err;

	err = fanl_object_by_fd(info, FANOTIFY_A_MARK_FD, &req->path);
	if (err)
		return err;
	reply = fanl_reply_start(info, &hdr);
	if (!reply) {
		err = -ENOMEM;
		goto put;
	}
	err = fanl_mark_add(group, req, &id, info->extack);
	if (err)
		nlmsg_free(reply);
	else
		err = fanl_reply_end(reply, hdr, info,
				     nla_put_u32(reply, FANOTIFY_A_MARK_ID, id));
put:
	path_put(&req->path);
	return err;
}

struct fanl_global_request {
	struct fanl_request	request;
	u64			mask;
};

/* Cover what there is of the types that the request names, and tell which are left out. */
static int fanl_mark_cover_now(struct fanl_request *request,
			       struct sk_buff *reply, u32 *covered)
{
	char name[FANOTIFY_FSTYPE_MAX + 1];
	struct nlattr *nla;
	int rem, err;

	err = fanl_global_cover_root(request->member->group, covered,
				     &request->extack);
	if (err)
		return err;
	nlmsg_for_each_attr_type(nla, FANOTIFY_A_MARK_FSTYPE,
				 request->info.nlhdr, GENL_HDRLEN, rem) {
		nla_strscpy(name, nla, sizeof(name));
		/* get_fs_type() would take what is before the dot */
		if (fanl_global_leaves_out(name) || strchr(name, '.'))
			err = nla_put_string(reply, FANOTIFY_A_MARK_SKIPPED,
					     name);
		else
			err = fanl_global_cover_type(request->member->group,
						     name, covered,
						     &request->extack);
		if (err)
			break;
	}
	return err;
}

static int fanl_mark_global_run(struct fanl_request *request)
{
	struct fanl_global_request *req =
		container_of(request, struct fanl_global_request, request);
	struct fanl_group *group = request->member->group;
	struct genl_info *info = &request->info;
	struct sk_buff *reply;
	u32 covered = 0;
	u64 before;
	void *hdr;
	int err;

	/* skipped repeats what the request says */
	reply = genlmsg_new(NLMSG_GOODSIZE + info->nlhdr->nlmsg_len * 2,
			    GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_iput(reply, info);
	/* what the one before waits for may never come */
	err = mutex_lock_killable(&group->adding);
	if (err)
		goto free;
	err = fanl_global_add(group, req->mask, &before, info->extack);
	if (err)
		goto unlock;
	err = fanl_mark_cover_now(request, reply, &covered);
	if (err)
		fanl_global_restrict(group, ~(req->mask & ~before));
unlock:
	mutex_unlock(&group->adding);
	if (!err)
		return fanl_reply_end(reply, hdr, info,
				      nla_put_u32(reply, FANOTIFY_A_MARK_COVERED,
						  covered));
free:
	nlmsg_free(reply);
	return err;
}

static int fanl_mark_add_global(struct sk_buff *skb, struct genl_info *info,
				struct fanl_member *member, u64 mask)
{
	struct fanl_global_request *req;

	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_MARK_FSTYPE))
		return -EINVAL;
	req = kzalloc(sizeof(*req), GFP_KERNEL);
	if (!req)
		return -ENOMEM;
	req->request.run = fanl_mark_global_run;
	refcount_inc(&member->refs);
	req->request.member = member;
	req->mask = mask;
	return fanl_request_defer(&req->request, skb, info);
}

/* What makes others wait is for those who are to decide. */
static int fanl_mark_check_perm(struct genl_info *info,
				const struct fanl_group *group,
				const struct fanl_mark_request *req)
{
	if (group->gate || !((req->mask | req->ignore) & FANL_KINDS_PERM))
		return 0;
	NL_SET_ERR_MSG_FMT(info->extack,
			   "permission kinds need the flag permission, and group %u has none",
			   group->number);
	return -EINVAL;
}

int fanotify_nl_mark_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fanl_mark_request req;
	struct fanl_member *member;
	int err;

	err = fanl_mark_parse(info, &req);
	if (!err)
		err = fanl_mark_parse_add(info, &req);
	if (err)
		return err;
	member = fanl_command_member(info, FANOTIFY_A_MARK_GROUP,
				     FANOTIFY_A_MARK_TOKEN);
	if (IS_ERR(member))
		return PTR_ERR(member);
	err = fanl_mark_check_perm(info, member->group, &req);
	if (err)
		goto put;
	if (req.type == FANOTIFY_MARK_TYPE_GLOBAL)
		err = fanl_mark_add_global(skb, info, member, req.mask);
	else
		err = fanl_mark_add_object(info, member->group, &req);
put:
	fanl_member_put(member);
	return err;
}

static int fanl_mark_remove_global(struct genl_info *info,
				   struct fanl_group *group, u64 mask)
{
	int err = fanl_mark_refuse(info, FANOTIFY_A_MARK_FD,
				   "a global mark has no object");

	if (!err && !fanl_global_restrict(group, ~mask)) {
		NL_SET_ERR_MSG(info->extack, "group has no global mark");
		err = -ENOENT;
	}
	return err;
}

int fanotify_nl_mark_remove_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fanl_mark_request req;
	struct fanl_member *member;
	int err;

	err = fanl_mark_parse(info, &req);
	if (err)
		return err;
	member = fanl_command_member(info, FANOTIFY_A_MARK_GROUP,
				     FANOTIFY_A_MARK_TOKEN);
	if (IS_ERR(member))
		return PTR_ERR(member);
	if (req.type == FANOTIFY_MARK_TYPE_GLOBAL) {
		err = fanl_mark_remove_global(info, member->group, req.mask);
	} else {
		err = fanl_object_by_fd(info, FANOTIFY_A_MARK_FD, &req.path);
		if (!err) {
			err = fanl_mark_remove(member->group, &req,
					       info->extack);
			path_put(&req.path);
		}
	}
	fanl_member_put(member);
	return err;
}

int fanotify_nl_mark_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *nla = info->attrs[FANOTIFY_A_MARK_TYPE];
	u32 type = nla ? nla_get_u32(nla) : 0;
	struct fanl_member *member;

	member = fanl_command_member(info, FANOTIFY_A_MARK_GROUP,
				     FANOTIFY_A_MARK_TOKEN);
	if (IS_ERR(member))
		return PTR_ERR(member);
	if (!type || type == FANOTIFY_MARK_TYPE_GLOBAL)
		fanl_global_restrict(member->group, 0);
	if (type != FANOTIFY_MARK_TYPE_GLOBAL)
		fanl_marks_flush(member->group, type);
	fanl_member_put(member);
	return 0;
}
