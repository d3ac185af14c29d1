// SPDX-License-Identifier: GPL-2.0
/*
 * Commands about events: fetch and event-open.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "defer.h"
#include "group.h"
#include "member.h"
#include "netlink.h"
#include "netlink-gen.h"
#include "open.h"
#include "perm.h"

int fanotify_nl_fetch_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *max_bytes = info->attrs[FANOTIFY_A_FETCH_MAX_BYTES];
	struct fanl_member *member;
	int err;

	member = fanl_member_by_sock(NETLINK_CB(skb).sk);
	if (!member) {
		NL_SET_ERR_MSG(info->extack, "socket is not a member of a group");
		return -ENOTCONN;
	}
	err = fanl_queue_fetch(member,
			       max_bytes ? nla_get_u32(max_bytes) :
					   FANOTIFY_FETCH_MIN,
			       info->snd_seq);
	fanl_member_put(member);
	return err;
}

/* By handle, @path is the mount; without one, the object itself. */
struct fanl_open_request {
	struct fanl_request	request;
	struct path		path;
	int			handle_type;
	unsigned int		handle_len;
	u32			handle[FANOTIFY_HANDLE_MAX / sizeof(u32)];
};

static int fanl_event_open_run(struct fanl_request *request)
{
	struct fanl_open_request *req =
		container_of(request, struct fanl_open_request, request);
	struct genl_info *info = &request->info;
	struct sk_buff *reply;
	struct file *file;
	void *hdr;
	u32 flags;
	int fd, err;

	reply = fanl_reply_start(info, &hdr);
	if (!reply)
		return -ENOMEM;
	flags = request->member->group->open_flags;
	if (req->handle_len)
		file = fanl_open_handle(&req->path, req->handle_type,
					req->handle, req->handle_len, flags,
					info->extack);
	else
		file = fanl_open_path(&req->path, flags, info->extack);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto free;
	}
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		NL_SET_ERR_MSG(info->extack, "no descriptor left");
		err = fd;
		goto put_file;
	}
	/* before another thread may receive the reply */
	fd_install(fd, file);
	err = fanl_reply_end(reply, hdr, info,
			     nla_put_s32(reply, FANOTIFY_A_EVENT_OPEN_FD, fd));
	if (err)
		close_fd(fd);
	return err;

put_file:
	fput(file);
free:
	nlmsg_free(reply);
	return err;
}

static void fanl_event_open_release(struct fanl_request *request)
{
	path_put(&container_of(request, struct fanl_open_request,
			       request)->path);
}

/* Which object, by its handle and a mount of its filesystem. */
static int fanl_event_open_handle(struct genl_info *info,
				  struct fanl_open_request *req)
{
	struct nlattr *type = info->attrs[FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE];
	struct nlattr *handle = info->attrs[FANOTIFY_A_EVENT_OPEN_HANDLE];

	if (GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE) ||
	    GENL_REQ_ATTR_CHECK(info, FANOTIFY_A_EVENT_OPEN_HANDLE))
		return -EINVAL;
	if (!nla_len(handle) || nla_len(handle) > FANOTIFY_HANDLE_MAX ||
	    nla_len(handle) % sizeof(u32)) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, handle,
					"handle of %d bytes", nla_len(handle));
		return -EINVAL;
	}
	req->handle_type = nla_get_s32(type);
	req->handle_len = nla_len(handle);
	memcpy(req->handle, nla_data(handle), nla_len(handle));
	return fanl_object_by_fd(info, FANOTIFY_A_EVENT_OPEN_MOUNT_FD,
				 &req->path);
}

/* Which object, by the permission event about it. */
static int fanl_event_open_id(struct genl_info *info,
			      struct fanl_open_request *req,
			      struct fanl_member *member)
{
	struct nlattr *id = info->attrs[FANOTIFY_A_EVENT_OPEN_ID];

	if (info->attrs[FANOTIFY_A_EVENT_OPEN_MOUNT_FD] ||
	    info->attrs[FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE] ||
	    info->attrs[FANOTIFY_A_EVENT_OPEN_HANDLE]) {
		NL_SET_ERR_MSG_ATTR(info->extack, id,
				    "either the id of a permission event, or a handle and a mount");
		return -EINVAL;
	}
	return fanl_perm_path(member, nla_get_u64(id), &req->path,
			      info->extack);
}

int fanotify_nl_event_open_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct fanl_open_request *req;
	struct fanl_member *member;
	int err;

	member = fanl_command_member(info, FANOTIFY_A_EVENT_OPEN_GROUP,
				     FANOTIFY_A_EVENT_OPEN_TOKEN);
	if (IS_ERR(member))
		return PTR_ERR(member);
	req = kzalloc(sizeof(*req), GFP_KERNEL);
	if (!req) {
		err = -ENOMEM;
		goto put_member;
	}
	if (info->attrs[FANOTIFY_A_EVENT_OPEN_ID])
		err = fanl_event_open_id(info, req, member);
	else
		err = fanl_event_open_handle(info, req);
	if (err)
		goto free;
	req->request.run = fanl_event_open_run;
	req->request.release = fanl_event_open_release;
	req->request.member = member;
	return fanl_request_defer(&req->request, skb, info);

free:
	kfree(req);
put_member:
	fanl_member_put(member);
	return err;
}
