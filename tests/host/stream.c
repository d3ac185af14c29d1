// SPDX-License-Identifier: GPL-2.0
/*
 * The stream of events: push, notice, fetch, and all that can go wrong.
 */
#include <errno.h>

#include "fake.h"
#include "tap.h"

static struct fanotify_nl h;
static struct fanotify_nl_event event;
static union message m;

static void push(__u64 seq)
{
	message_event(&m, seq);
	fake_queue(&m);
}

static void notice(void)
{
	message_fetch(&m, 0, 1);
	fake_queue(&m);
}

static void bind_then(fake_answer answer)
{
	fake_stop(&h);
	fake_bound(&h, answer);
}

#define NEXT_IS(n)								\
	do {									\
		CHECK_EQ(fanotify_nl_next_event(&h, &event), 1);		\
		CHECK_EQ(event.seq, n);						\
	} while (0)

#define NONE_NOW()	CHECK_EQ(fanotify_nl_next_event(&h, &event), 0)

static void not_bound(void)
{
	fake_start(&h, NULL);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -ENOTCONN);
	CHECK(strstr(fanotify_nl_error(&h), "not bound"));
}

static void pushed(void)
{
	bind_then(NULL);
	NONE_NOW();
	push(1);
	push(2);
	NEXT_IS(1);
	NEXT_IS(2);
	NONE_NOW();
	push(3);
	NEXT_IS(3);
	NONE_NOW();
	CHECK_EQ(fake_sent, 0);
	CHECK_EQ(h.counters.events, 3);
	CHECK_EQ(h.counters.holes, 0);
}

/* Answers of two events each, until @fetch_left is none. */
static __u64 fetch_seq;
static unsigned int fetch_left;
static bool fetch_is_right;

static void answer_fetch(const struct nlmsghdr *request)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(request);

	fetch_is_right = genl->cmd == FANOTIFY_CMD_FETCH && request->nlmsg_seq &&
			 request->nlmsg_flags == NLM_F_REQUEST && request->nlmsg_type == FAMILY;
	message_event(&m, ++fetch_seq);
	fake_queue(&m);
	message_event(&m, ++fetch_seq);
	fake_join(&m);
	fetch_left -= 2;
	message_fetch(&m, request->nlmsg_seq, fetch_left);
	fake_join(&m);
}

static void fetched(void)
{
	bind_then(answer_fetch);
	fetch_seq = 1;
	fetch_left = 6;
	push(1);
	notice();
	NEXT_IS(1);
	CHECK_EQ(fake_sent, 0);
	for (__u64 seq = 2; seq <= 7; seq++)
		NEXT_IS(seq);
	NONE_NOW();
	CHECK(fetch_is_right);
	CHECK_EQ(fake_sent, 3);
	CHECK_EQ(h.counters.fetches, 3);
	CHECK_EQ(h.counters.holes, 0);
	/* The kernel pushes again. */
	push(8);
	NEXT_IS(8);
	NONE_NOW();
	CHECK_EQ(fake_sent, 3);
}

/* What was pushed before the notice is read before anything is fetched. */
static void fetch_waits_for_an_empty_socket(void)
{
	bind_then(answer_fetch);
	fetch_seq = 2;
	fetch_left = 2;
	notice();
	push(1);
	push(2);
	NEXT_IS(1);
	NEXT_IS(2);
	CHECK_EQ(fake_sent, 0);
	NEXT_IS(3);
	NEXT_IS(4);
	NONE_NOW();
	CHECK_EQ(fake_sent, 1);
}

static int refusal;
static unsigned int refusals;

static void refuse_first(const struct nlmsghdr *request)
{
	if (!refusals) {
		answer_fetch(request);
		return;
	}
	refusals--;
	/* 0: there was no memory even for the refusal. */
	if (refusal) {
		message_error(&m, request->nlmsg_seq, -refusal, "not now");
		fake_queue(&m);
	}
}

static void refuse(int err, unsigned int times)
{
	bind_then(refuse_first);
	refusal = err;
	refusals = times;
	fetch_seq = 0;
	fetch_left = 2;
	notice();
}

static void refused_once(void)
{
	static const int errors[] = { ENOMEM, 0 };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		refuse(errors[i], 1);
		NEXT_IS(1);
		NEXT_IS(2);
		NONE_NOW();
		CHECK_EQ(fake_sent, 2);
	}
}

/* The caller is told, and the next call tries again: nothing is forgotten. */
static void refused_for_long(void)
{
	refuse(ENOMEM, 12);
	while (refusals) {
		CHECK_EQ(fanotify_nl_next_event(&h, &event), -ENOMEM);
		CHECK_STR(fanotify_nl_error(&h), "not now");
	}
	NEXT_IS(1);
}

/* Answers without events, which say that some wait. */
static void answer_nothing(const struct nlmsghdr *request)
{
	if (!refusals) {
		answer_fetch(request);
		return;
	}
	refusals--;
	message_fetch(&m, request->nlmsg_seq, 1);
	fake_queue(&m);
}

static void empty_for_long(void)
{
	bind_then(answer_nothing);
	refusals = 100;
	fetch_seq = 0;
	fetch_left = 2;
	notice();
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -ENOBUFS);
	CHECK(strstr(fanotify_nl_error(&h), "hands out none"));
	CHECK(refusals > 90);
	refusals = 1;
	NEXT_IS(1);
	NEXT_IS(2);
	NONE_NOW();
}

/* Many fetches that bring events are no fetches in vain. */
static void fetched_for_long(void)
{
	bind_then(answer_fetch);
	fetch_seq = 0;
	fetch_left = 100;
	notice();
	for (__u64 seq = 1; seq <= 100; seq++)
		NEXT_IS(seq);
	NONE_NOW();
}

static void lost_for_long(void)
{
	refuse(0, 100);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -ENOBUFS);
	CHECK(refusals > 90);
	refusals = 0;
	NEXT_IS(1);
}

static void refused_for_good(void)
{
	refuse(EPERM, 1);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -EPERM);
	CHECK_STR(fanotify_nl_error(&h), "not now");
	CHECK_EQ(fake_sent, 1);
	NEXT_IS(1);
}

static void answer_after_stale_error(const struct nlmsghdr *request)
{
	message_error(&m, request->nlmsg_seq - 1, -EPERM, NULL);
	fake_queue(&m);
	answer_fetch(request);
}

static void stale_error(void)
{
	bind_then(answer_after_stale_error);
	fetch_seq = 0;
	fetch_left = 4;
	notice();
	for (__u64 seq = 1; seq <= 4; seq++)
		NEXT_IS(seq);
	NONE_NOW();
	CHECK_EQ(fake_sent, 2);
}

static void gaps(void)
{
	bind_then(NULL);
	push(1);
	message_gap(&m, 2, 9);
	fake_queue(&m);
	push(10);
	NEXT_IS(1);
	NEXT_IS(9);
	CHECK_EQ(event.gap.first, 2);
	NEXT_IS(10);
	CHECK_EQ(h.counters.events, 3);
	CHECK_EQ(h.counters.gaps, 1);
	CHECK_EQ(h.counters.lost, 8);
	CHECK_EQ(h.counters.holes, 0);
	CHECK_EQ(h.counters.repeats, 0);
}

static void directories_moved_in(void)
{
	bind_then(NULL);
	push(1);
	message_moved_in(&m, 2);
	fake_queue(&m);
	push(3);
	NEXT_IS(1);
	NEXT_IS(2);
	CHECK_EQ(event.gap.scope, FANOTIFY_GAP_SCOPE_DIRECTORY);
	CHECK_EQ(event.gap.first, 0);
	NEXT_IS(3);
	CHECK_EQ(h.counters.moved_in, 1);
	CHECK_EQ(h.counters.gaps, 0);
	CHECK_EQ(h.counters.lost, 0);
	CHECK_EQ(h.counters.holes, 0);
	CHECK_EQ(h.counters.repeats, 0);
}

static void merged(void)
{
	bind_then(NULL);
	message_event(&m, 1);
	mnl_attr_put_u64(&m.nlh, FANOTIFY_A_EVENT_COUNT, 5);
	fake_queue(&m);
	push(2);
	NEXT_IS(1);
	CHECK_EQ(event.count, 5);
	NEXT_IS(2);
	CHECK_EQ(event.count, 0);
	CHECK_EQ(h.counters.merged, 4);
}

static void holes(void)
{
	bind_then(NULL);
	push(3);
	push(4);
	message_gap(&m, 6, 7);
	fake_queue(&m);
	push(7);
	push(8);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(fanotify_nl_next_event(&h, &event), 1);
	/* 1, 2 and 5 are missing; 7 came twice. */
	CHECK_EQ(h.counters.holes, 3);
	CHECK_EQ(h.counters.repeats, 1);
}

static void malformed_event(void)
{
	bind_then(NULL);
	message_event(&m, 1);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_EVENT_ID, 1);
	fake_queue(&m);
	push(2);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -EBADMSG);
	NEXT_IS(2);
	CHECK_EQ(h.counters.malformed, 1);
}

static void malformed_datagram(void)
{
	bind_then(NULL);
	message_event(&m, 1);
	m.nlh.nlmsg_len += 4;
	fake_queue_bytes(&m, m.nlh.nlmsg_len - 4);
	push(2);
	fake_queue_bytes("ab", 2);
	fake_queue_error(EMSGSIZE);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -EBADMSG);
	NEXT_IS(2);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -EBADMSG);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -EBADMSG);
	NONE_NOW();
	CHECK_EQ(h.counters.malformed, 3);
}

/* A notice that cannot be read is one all the same. */
static void malformed_notice(void)
{
	bind_then(answer_fetch);
	fetch_seq = 0;
	fetch_left = 2;
	mnl_attr_put_u16(message_init(&m, FANOTIFY_CMD_FETCH, 0), FANOTIFY_A_FETCH_WAITING, 1);
	fake_queue(&m);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -EBADMSG);
	NEXT_IS(1);
}

static void other_messages(void)
{
	bind_then(NULL);
	message_init(&m, FANOTIFY_CMD_GROUP_GET, 0);
	fake_queue(&m);
	message_event(&m, 1);
	m.nlh.nlmsg_type = FAMILY + 1;
	fake_queue(&m);
	message_init(&m, 0, 0);
	m.nlh.nlmsg_len = NLMSG_HDRLEN;
	fake_queue(&m);
	push(1);
	NEXT_IS(1);
	NONE_NOW();
}

static void receive_fails(void)
{
	bind_then(NULL);
	fake_queue_error(ENOMEM);
	push(1);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -ENOMEM);
	NEXT_IS(1);
}

/* The group is gone with the module; what was pushed before is not. */
static void shut_down(void)
{
	bind_then(NULL);
	fake_queue_error(ESHUTDOWN);
	push(1);
	push(2);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -ESHUTDOWN);
	NEXT_IS(1);
	NEXT_IS(2);
	NONE_NOW();
}

static int unbind_error;

static void refuse_unbind(const struct nlmsghdr *request)
{
	message_error(&m, request->nlmsg_seq, -unbind_error, NULL);
	fake_queue(&m);
	fake_queue_error(ESHUTDOWN);
	push(1);
	fake_queue_error(ENOBUFS);
	fake_queue_error(EMSGSIZE);
	push(2);
}

static void unbind_from_what_is_gone(void)
{
	static const int errors[] = { ENOENT, EACCES };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		bind_then(refuse_unbind);
		unbind_error = errors[i];
		CHECK_EQ(fanotify_nl_unbind(&h), 0);
		CHECK(!fanotify_nl_bound(&h));
		/* All that the socket held was dropped. */
		h.is_bound = true;
		NONE_NOW();
	}
	bind_then(refuse_unbind);
	unbind_error = EPERM;
	CHECK_EQ(fanotify_nl_unbind(&h), -EPERM);
	CHECK(fanotify_nl_bound(&h));
}

static __u16 bind_flags;

/* Events come as soon as the kernel has bound us, before it says so. */
static void answer_bind(const struct nlmsghdr *request)
{
	bind_flags = request->nlmsg_flags;
	push(1);
	fake_queue_error(ENOBUFS);
	message_init(&m, FANOTIFY_CMD_BIND, request->nlmsg_seq);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_GROUP_NUMBER, 5);
	mnl_attr_put_u64(&m.nlh, FANOTIFY_A_GROUP_TOKEN, 0x123456789);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_GROUP_MEMBER, 2);
	mnl_attr_put_u64(&m.nlh, FANOTIFY_A_GROUP_MASK, FANOTIFY_KIND_MKDIR);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_GROUP_QUEUE_LIMIT, 65536);
	fake_queue(&m);
	push(2);
}

static void bind_with_events_around(void)
{
	const struct fanotify_nl_group_info *group;

	fake_stop(&h);
	fake_start(&h, answer_bind);
	CHECK(!fanotify_nl_bound(&h));
	CHECK_EQ(fanotify_nl_bind(&h, NULL), 0);
	group = fanotify_nl_bound(&h);
	CHECK(group);
	CHECK_EQ(group->number, 5);
	CHECK_EQ(group->member, 2);
	CHECK_EQ(group->settings.mask, FANOTIFY_KIND_MKDIR);
	CHECK_EQ(group->settings.queue_limit, 65536);
	CHECK_EQ(group->settings.set, FANOTIFY_NL_SET_MASK | FANOTIFY_NL_SET_QUEUE_LIMIT);
	CHECK_EQ(h.token, 0x123456789);
	NEXT_IS(1);
	NEXT_IS(2);
	NONE_NOW();
	CHECK_EQ(fanotify_nl_bind(&h, NULL), -EISCONN);
	/* What comes after the group cannot fail the bind: there is no such thing. */
	CHECK_EQ(bind_flags, NLM_F_REQUEST);
}

static void refuse_bind(const struct nlmsghdr *request)
{
	message_error(&m, request->nlmsg_seq, -EPERM, "not for you");
	fake_queue(&m);
}

static void acknowledge_only(const struct nlmsghdr *request)
{
	message_error(&m, request->nlmsg_seq, 0, NULL);
	fake_queue(&m);
}

static void bind_refused(void)
{
	fake_stop(&h);
	fake_start(&h, refuse_bind);
	CHECK_EQ(fanotify_nl_bind(&h, NULL), -EPERM);
	CHECK_STR(fanotify_nl_error(&h), "not for you");
	CHECK(!fanotify_nl_bound(&h));
	fake_stop(&h);
	fake_start(&h, acknowledge_only);
	CHECK_EQ(fanotify_nl_bind(&h, NULL), -EBADMSG);
	fake_stop(&h);
	fake_start(&h, NULL);
	CHECK_EQ(fanotify_nl_bind(&h, NULL), -EAGAIN);
	CHECK(!fanotify_nl_bound(&h));
	fake_stop(&h);
	fake_start(&h, NULL);
	h.family = 0;
	CHECK_EQ(fanotify_nl_bind(&h, NULL), -EBADF);
}

/* Events of the old group do not turn up in the next one. */
static void unbind_then_bind(void)
{
	bind_then(acknowledge_only);
	push(1);
	push(2);
	NEXT_IS(1);
	/* The command socket is the same here: its answer comes first. */
	fake_stop(&h);
	fake_bound(&h, acknowledge_only);
	CHECK_EQ(fanotify_nl_unbind(&h), 0);
	CHECK(!fanotify_nl_bound(&h));
	CHECK_EQ(fanotify_nl_unbind(&h), -ENOTCONN);
	CHECK_EQ(fanotify_nl_next_event(&h, &event), -ENOTCONN);
	fake_stop(&h);
}

TAP_MAIN(
	{ "stream: not bound", not_bound },
	{ "stream: pushed events", pushed },
	{ "stream: notice, fetch until none waits, push again", fetched },
	{ "stream: a fetch waits until the socket is empty", fetch_waits_for_an_empty_socket },
	{ "stream: a fetch refused or lost once is sent again", refused_once },
	{ "stream: a fetch refused for long is told, and not forgotten", refused_for_long },
	{ "stream: a fetch lost for long is told, and not forgotten", lost_for_long },
	{ "stream: answers without events for long are told", empty_for_long },
	{ "stream: answers with events go on for ever", fetched_for_long },
	{ "stream: a fetch refused for good is told", refused_for_good },
	{ "stream: an error of an older request is skipped", stale_error },
	{ "stream: gaps are counted", gaps },
	{ "stream: directories that were moved in are no loss", directories_moved_in },
	{ "stream: what was merged is counted", merged },
	{ "stream: holes and repeats are counted", holes },
	{ "stream: a malformed event is told, and the next one comes", malformed_event },
	{ "stream: malformed datagrams are told, and the next one comes", malformed_datagram },
	{ "stream: a malformed notice leads to a fetch", malformed_notice },
	{ "stream: other messages are skipped", other_messages },
	{ "stream: a failure to receive is told", receive_fails },
	{ "stream: after the module is gone, what it left is read", shut_down },
	{ "stream: unbind from what is gone", unbind_from_what_is_gone },
	{ "stream: events around the answer to a bind are kept in order", bind_with_events_around },
	{ "stream: a refused bind", bind_refused },
	{ "stream: unbind", unbind_then_bind },
)
