// SPDX-License-Identifier: GPL-2.0
/*
 * Work that has to wait until the task holds no locks any more.
 *
 * A request runs under generic netlink's cb_lock. Whoever waits there makes
 * every registration of a family wait, and that in turn every request of every
 * family. So what may wait for a filesystem, a FUSE server or modprobe is done
 * as task work, when sendmsg(2) is about to return. To user space it looks the
 * same: the reply and the acknowledgment, or the error with its text, are
 * there when sendmsg(2) is done.
 *
 * Requests of one message are done in their order: behind one that waits all do,
 * whatever they are. Task works are not in order, so there is one for each message.
 *
 * Unloading waits for the number of works, then for the tasks that may still be
 * on their way out of our code.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <net/sock.h>

#include "defer.h"
#include "group.h"
#include "member.h"

static atomic_t fanl_nr_deferred = ATOMIC_INIT(0);

/* Requests that are not done yet, of all messages; those of each in their order. */
static LIST_HEAD(fanl_requests);
static DEFINE_SPINLOCK(fanl_requests_lock);

static void fanl_deferred_run(struct fanl_deferred *deferred)
{
	deferred->run(deferred);
	if (atomic_dec_and_test(&fanl_nr_deferred))
		wake_up_var(&fanl_nr_deferred);
}

static void fanl_deferred_task_work(struct callback_head *head)
{
	fanl_deferred_run(container_of(head, struct fanl_deferred, task_work));
}

static void fanl_deferred_work(struct work_struct *work)
{
	fanl_deferred_run(container_of(work, struct fanl_deferred, work));
}

static void fanl_defer_queue(struct fanl_deferred *deferred)
{
	INIT_WORK(&deferred->work, fanl_deferred_work);
	queue_work(system_dfl_wq, &deferred->work);
}

/**
 * fanl_defer - do something before the task is back in user space
 * @deferred: what to do
 *
 * For a kernel thread or an exiting task, a worker does it.
 *
 * Context: any in which a task runs; does not sleep.
 */
void fanl_defer(struct fanl_deferred *deferred)
{
	atomic_inc(&fanl_nr_deferred);
	if (!(current->flags & PF_KTHREAD)) {
		init_task_work(&deferred->task_work, fanl_deferred_task_work);
		if (!task_work_add(current, &deferred->task_work, TWA_RESUME))
			return;
	}
	fanl_defer_queue(deferred);
}

/**
 * fanl_defer_to_worker - do something soon, whatever the task does until it is back
 * @deferred: what to do
 *
 * Context: does not sleep.
 */
void fanl_defer_to_worker(struct fanl_deferred *deferred)
{
	atomic_inc(&fanl_nr_deferred);
	fanl_defer_queue(deferred);
}

/**
 * fanl_defer_exit - wait for all that was deferred
 *
 * Nothing may be deferred any more.
 */
void fanl_defer_exit(void)
{
	wait_var_event(&fanl_nr_deferred, !atomic_read(&fanl_nr_deferred));
	synchronize_rcu_tasks();
}

/**
 * fanl_request_unhold - let the socket of a request be closed meanwhile
 * @request: which may now wait for long, and is not to reply
 *
 * If it was closed already, it goes at once, and not when the task is done with the
 * request.
 */
void fanl_request_unhold(struct fanl_request *request)
{
	__fput_sync(request->file);
	request->file = NULL;
}

/**
 * fanl_request_hold - see to it that a reply goes to who asked
 * @request: after fanl_request_unhold()
 *
 * Netlink finds sockets by their port ids, and one that is closed leaves its own to
 * whoever takes it next.
 *
 * Return: false, the socket was closed: nobody is to be answered.
 */
bool fanl_request_hold(struct fanl_request *request)
{
	struct sock *sk = NETLINK_CB(request->skb).sk;

	/* keeps the socket; its file has no reference to take once that is released */
	read_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_socket)
		request->file = get_file_active(&sk->sk_socket->file);
	read_unlock_bh(&sk->sk_callback_lock);
	return request->file;
}

/* The first request of a message that is not done yet. */
static struct fanl_request *fanl_request_first(const struct sk_buff *skb)
{
	struct fanl_request *request;

	list_for_each_entry(request, &fanl_requests, node)
		if (request->skb == skb)
			return request;
	return NULL;
}

/**
 * fanl_request_waits - whether a message has a request that is not done yet
 * @skb: the message
 *
 * Return: true if there is one: what comes behind it has to wait, too.
 */
bool fanl_request_waits(const struct sk_buff *skb)
{
	bool waits;

	/* nobody but the caller adds some of this message */
	if (list_empty(&fanl_requests))
		return false;
	spin_lock(&fanl_requests_lock);
	waits = fanl_request_first(skb);
	spin_unlock(&fanl_requests_lock);
	return waits;
}

static void fanl_request_run(struct fanl_request *request)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)request->info.nlhdr;
	int err;

	/* a worker of io_uring that ends has no files, root nor namespaces any more */
	if (current->flags & PF_EXITING) {
		NL_SET_ERR_MSG(&request->extack, "the task that was to do it has ended");
		err = -EINTR;
	} else {
		err = request->run(request);
	}
	if (request->file && !request->handed_on &&
	    (err || (nlh->nlmsg_flags & NLM_F_ACK)))
		netlink_ack(request->skb, nlh, err, &request->extack);
}

static void fanl_request_free(struct fanl_request *request)
{
	struct sock *sk = NETLINK_CB(request->skb).sk;

	if (request->release)
		request->release(request);
	if (request->member)
		fanl_member_put(request->member);
	if (request->file)
		fanl_request_unhold(request);
	consume_skb(request->skb);
	sock_put(sk);
	kfree(request);
}

/* Those of one message, one after the other; if its socket is closed, no more. */
static void fanl_requests_run(struct fanl_deferred *deferred)
{
	struct fanl_request *request = container_of(deferred,
						    struct fanl_request,
						    deferred);
	struct fanl_request *next;

	do {
		if (request->file)
			fanl_request_run(request);
		spin_lock(&fanl_requests_lock);
		list_del(&request->node);
		next = fanl_request_first(request->skb);
		spin_unlock(&fanl_requests_lock);
		if (next)
			swap(next->file, request->file);
		fanl_request_free(request);
		request = next;
	} while (request);
}

static int fanl_request_queue(struct fanl_request *request, struct sk_buff *skb,
			      const struct genl_info *info,
			      struct nlattr **attrs)
{
	struct fanl_request *late = info->user_ptr[0];
	bool first;

	request->deferred.run = fanl_requests_run;
	request->skb = skb_get(skb);
	request->info = *info;
	request->info.attrs = attrs;
	request->info.extack = &request->extack;
	request->info.user_ptr[0] = request;
	sock_hold(NETLINK_CB(skb).sk);

	spin_lock(&fanl_requests_lock);
	first = !fanl_request_first(skb);
	list_add(&request->node, late ? &late->node : fanl_requests.prev);
	spin_unlock(&fanl_requests_lock);
	if (late)
		late->handed_on = true;
	if (first) {
		request->file = get_file(NETLINK_CB(skb).sk->sk_socket->file);
		fanl_defer(&request->deferred);
	}
	return -EINTR;
}

/**
 * fanl_request_defer - do what a request asks for when its locks are dropped
 * @request: with its members run, release and member set; consumed
 * @skb: the request's message
 * @info: of the request
 *
 * Return: what the request's handler is to return: netlink then sends neither
 * error nor acknowledgment.
 */
int fanl_request_defer(struct fanl_request *request, struct sk_buff *skb,
		       const struct genl_info *info)
{
	return fanl_request_queue(request, skb, info, NULL);
}

/* A request that needs not wait but for others before it in its message. */
struct fanl_late {
	struct fanl_request	request;
	int (*doit)(struct sk_buff *skb, struct genl_info *info);
	struct nlattr		*attrs[];
};

static int fanl_late_run(struct fanl_request *request)
{
	struct fanl_late *late = container_of(request, struct fanl_late,
					      request);
	int err = late->doit(request->skb, &request->info);

	request->extack.bad_attr = NULL;
	request->extack.miss_nest = NULL;
	return err;
}

/**
 * fanl_request_in_turn - let a request wait for those before it in its message
 * @ops: what it is to be done by
 * @skb: the message
 * @info: of the request
 *
 * Return: 0, there are none, and it can be done at once; or what its hook has to
 * hand on: -ENOMEM, or that netlink sends neither error nor acknowledgment.
 */
int fanl_request_in_turn(const struct genl_split_ops *ops, struct sk_buff *skb,
			 const struct genl_info *info)
{
	size_t nr = info->attrs ? ops->maxattr + 1 : 0;
	struct fanl_late *late;

	if (!fanl_request_waits(skb))
		return 0;
	late = kzalloc(struct_size(late, attrs, nr), GFP_KERNEL);
	if (!late)
		return -ENOMEM;
	late->request.run = fanl_late_run;
	late->doit = ops->doit;
	memcpy(late->attrs, info->attrs, array_size(nr, sizeof(*info->attrs)));
	return fanl_request_queue(&late->request, skb, info, late->attrs);
}
