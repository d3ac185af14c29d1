// SPDX-License-Identifier: GPL-2.0
/*
 * Commands: answers, lists, errors with the kernel's text.
 */
#include <errno.h>

#include "fake.h"
#include "tap.h"

static struct fanotify_nl h;
static union message m;
static union message last_request;

static void start(fake_answer answer)
{
	fake_stop(&h);
	fake_bound(&h, answer);
}

static void queue_member(__u32 seq, __u32 member, __u16 flags)
{
	message_init(&m, FANOTIFY_CMD_STATS_GET, seq);
	m.nlh.nlmsg_flags = NLM_F_MULTI | flags;
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_MEMBER_GROUP, 1);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_MEMBER_MEMBER, member);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_MEMBER_SEQ, 7);
	mnl_attr_put_u64(&m.nlh, FANOTIFY_A_MEMBER_WAITING_MAX, 1ULL << 33);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_MEMBER_MERGED, 6);
	fake_queue(&m);
}

static void queue_done(__u32 seq, int error, const char *text)
{
	memset(&m, 0, sizeof(m));
	mnl_nlmsg_put_header(&m);
	m.nlh.nlmsg_type = NLMSG_DONE;
	m.nlh.nlmsg_seq = seq;
	memcpy(mnl_nlmsg_put_extra_header(&m.nlh, sizeof(error)), &error, sizeof(error));
	if (text) {
		m.nlh.nlmsg_flags = NLM_F_ACK_TLVS;
		mnl_attr_put_strz(&m.nlh, NLMSGERR_ATTR_MSG, text);
	}
	fake_queue(&m);
}

static unsigned int members_seen;

static int count_member(const struct fanotify_nl_member_info *info, void *arg)
{
	if (info->group == 1 && info->seq == 7 && info->waiting_max == 1ULL << 33 &&
	    info->merged == 6)
		members_seen |= 1 << info->member;
	return arg && info->member == *(const unsigned int *)arg ? 42 : 0;
}

static void answer_list(const struct nlmsghdr *request)
{
	memcpy(&last_request, request, request->nlmsg_len);
	/* Left over from another call. */
	queue_member(request->nlmsg_seq - 1, 9, 0);
	queue_member(request->nlmsg_seq, 1, 0);
	queue_member(request->nlmsg_seq, 2, 0);
	fake_join(&m);
	queue_member(request->nlmsg_seq - 1, 9, 0);
	queue_member(request->nlmsg_seq, 4, 0);
	queue_done(request->nlmsg_seq, 0, NULL);
}

static void list(void)
{
	unsigned int stop_at = 2;

	start(answer_list);
	members_seen = 0;
	CHECK_EQ(fanotify_nl_stats(&h, 0, count_member, NULL), 0);
	CHECK_EQ(members_seen, 1 << 1 | 1 << 2 | 1 << 4);
	CHECK_EQ(last_request.nlh.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);

	members_seen = 0;
	CHECK_EQ(fanotify_nl_stats(&h, 0, count_member, &stop_at), 42);
	CHECK_EQ(members_seen, 1 << 1 | 1 << 2);
}

static unsigned int torn_left;

static void answer_torn(const struct nlmsghdr *request)
{
	if (!torn_left) {
		answer_list(request);
		return;
	}
	torn_left--;
	queue_member(request->nlmsg_seq, 8, 0);
	queue_member(request->nlmsg_seq, 8, NLM_F_DUMP_INTR);
	queue_done(request->nlmsg_seq, 0, NULL);
}

static void torn_list(void)
{
	start(answer_torn);
	torn_left = 3;
	members_seen = 0;
	CHECK_EQ(fanotify_nl_stats(&h, 0, count_member, NULL), 0);
	CHECK_EQ(members_seen, 1 << 1 | 1 << 2 | 1 << 4);
	CHECK_EQ(fake_sent, 4);

	start(answer_torn);
	torn_left = 1000;
	members_seen = 0;
	CHECK_EQ(fanotify_nl_stats(&h, 0, count_member, NULL), -EAGAIN);
	CHECK_EQ(members_seen, 0);
	CHECK(strstr(fanotify_nl_error(&h), "kept changing"));
}

static void answer_done_error(const struct nlmsghdr *request)
{
	queue_member(request->nlmsg_seq, 1, 0);
	queue_done(request->nlmsg_seq, -ENOENT, "no such group");
}

static void list_that_fails_at_its_end(void)
{
	start(answer_done_error);
	members_seen = 0;
	CHECK_EQ(fanotify_nl_stats(&h, 3, count_member, NULL), -ENOENT);
	CHECK_STR(fanotify_nl_error(&h), "no such group");
	CHECK_EQ(members_seen, 0);
}

static void answer_error_text(const struct nlmsghdr *request)
{
	message_error(&m, request->nlmsg_seq, -EINVAL, "the kernel's text");
	fake_queue(&m);
}

static void answer_error_bare(const struct nlmsghdr *request)
{
	message_error(&m, request->nlmsg_seq, -EPERM, NULL);
	fake_queue(&m);
}

static void answer_error_missing(const struct nlmsghdr *request)
{
	message_error(&m, request->nlmsg_seq, -EINVAL, NULL);
	m.nlh.nlmsg_flags |= NLM_F_ACK_TLVS;
	mnl_attr_put_u32(&m.nlh, NLMSGERR_ATTR_MISS_TYPE, 5);
	fake_queue(&m);
}

/* Not capped: the request comes back before the text. */
static void answer_error_with_request(const struct nlmsghdr *request)
{
	char filler[40] = { 0 };
	struct nlmsgerr *err;

	message_error(&m, request->nlmsg_seq, -EINVAL, NULL);
	m.nlh.nlmsg_flags = NLM_F_ACK_TLVS;
	err = mnl_nlmsg_get_payload(&m.nlh);
	err->msg.nlmsg_len = sizeof(err->msg) + sizeof(filler);
	memcpy(mnl_nlmsg_put_extra_header(&m.nlh, sizeof(filler)), filler, sizeof(filler));
	mnl_attr_put_strz(&m.nlh, NLMSGERR_ATTR_MSG, "after the request");
	fake_queue(&m);
}

static void errors(void)
{
	start(answer_error_text);
	CHECK_EQ(fanotify_nl_mark_flush(&h, 0), -EINVAL);
	CHECK_STR(fanotify_nl_error(&h), "the kernel's text");
	start(answer_error_bare);
	CHECK_EQ(fanotify_nl_mark_flush(&h, 0), -EPERM);
	CHECK_STR(fanotify_nl_error(&h), "mark flush: Operation not permitted");
	start(answer_error_missing);
	CHECK_EQ(fanotify_nl_mark_flush(&h, 0), -EINVAL);
	CHECK_STR(fanotify_nl_error(&h), "mark flush: Invalid argument (attribute 5 is missing)");
	start(answer_error_with_request);
	CHECK_EQ(fanotify_nl_mark_flush(&h, 0), -EINVAL);
	CHECK_STR(fanotify_nl_error(&h), "after the request");
}

static int error_len;

static void answer_error_cut(const struct nlmsghdr *request)
{
	message_error(&m, request->nlmsg_seq, -EINVAL, "a text");
	m.nlh.nlmsg_len = error_len;
	fake_queue(&m);
}

static void every_length_of_an_error(void)
{
	for (error_len = NLMSG_HDRLEN; error_len < 48; error_len++) {
		start(answer_error_cut);
		CHECK(fanotify_nl_mark_flush(&h, 0) < 0);
		CHECK(*fanotify_nl_error(&h));
	}
}

/* An attribute of the last request. */
static const struct nlattr *asked(unsigned int type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, &last_request.nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static __u32 asked_u32(unsigned int type)
{
	return asked(type) ? mnl_attr_get_u32(asked(type)) : 0;
}

static void answer_mark(const struct nlmsghdr *request)
{
	memcpy(&last_request, request, request->nlmsg_len);
	message_init(&m, FANOTIFY_CMD_MARK_ADD, request->nlmsg_seq);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_MARK_ID, 3);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_MARK_COVERED, 4);
	mnl_attr_put_strz(&m.nlh, FANOTIFY_A_MARK_SKIPPED, "proc");
	mnl_attr_put_strz(&m.nlh, FANOTIFY_A_MARK_SKIPPED, "sysfs");
	fake_queue(&m);
	message_error(&m, request->nlmsg_seq, 0, NULL);
	fake_queue(&m);
}

static void mark(void)
{
	struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_INODE,
		.path = "/",
		.options = FANOTIFY_NL_MARK_EXCL,
		.mask = FANOTIFY_KIND_MKDIR,
	};
	struct fanotify_nl_mark_result result;

	start(answer_mark);
	CHECK_EQ(fanotify_nl_mark_add(&h, &mark, &result), 0);
	CHECK_EQ(last_request.nlh.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	CHECK_EQ(asked_u32(FANOTIFY_A_MARK_GROUP), 1);
	CHECK_EQ(asked_u32(FANOTIFY_A_MARK_TYPE), FANOTIFY_MARK_TYPE_INODE);
	CHECK(asked(FANOTIFY_A_MARK_FD));
	CHECK(asked(FANOTIFY_A_MARK_EXCL));
	CHECK(!asked(FANOTIFY_A_MARK_IGNORE_MASK));
	CHECK_EQ(result.id, 3);
	CHECK_EQ(result.covered, 4);
	CHECK_STR(result.skipped[0], "proc");
	CHECK_STR(result.skipped[1], "sysfs");
	CHECK(!result.skipped[2]);

	mark.path = "/nowhere at all";
	CHECK_EQ(fanotify_nl_mark_add(&h, &mark, &result), -ENOENT);
	CHECK_STR(fanotify_nl_error(&h), "mark add: /nowhere at all: No such file or directory");
	mark.path = NULL;
	for (mark.fd = -1; mark.fd <= 0; mark.fd++) {
		CHECK_EQ(fanotify_nl_mark_add(&h, &mark, &result), -EBADF);
		CHECK_STR(fanotify_nl_error(&h), "mark add: neither a path nor a descriptor");
	}
	CHECK_EQ(fake_sent, 1);
	mark.fd = 3;
	CHECK_EQ(fanotify_nl_mark_add(&h, &mark, &result), 0);
	CHECK_EQ(asked_u32(FANOTIFY_A_MARK_FD), 3);
	h.is_bound = false;
	CHECK_EQ(fanotify_nl_mark_add(&h, &mark, NULL), -ENOTCONN);
}

static bool filesystems_end;

/* All of /proc/filesystems, at once and then an end or an error. */
static ssize_t read_filesystems(void *cookie, char *buf, size_t size)
{
	static const char text[] = "nodev\tproc\n\text4\n";
	bool *was_read = cookie;

	if (*was_read && filesystems_end)
		return 0;
	if (*was_read || size < sizeof(text)) {
		errno = EIO;
		return -1;
	}
	*was_read = true;
	memcpy(buf, text, sizeof(text) - 1);
	return sizeof(text) - 1;
}

/* Nothing but the library's /proc/filesystems is opened so. */
FILE *fopen(const char *restrict path, const char *restrict mode)
{
	static const cookie_io_functions_t functions = { .read = read_filesystems };
	static bool was_read;

	(void)path;
	was_read = false;
	return fopencookie(&was_read, mode, functions);
}

static void global_mark(void)
{
	struct fanotify_nl_mark mark = {
		.type = FANOTIFY_MARK_TYPE_GLOBAL,
		.mask = FANOTIFY_KIND_MKDIR,
	};

	start(answer_mark);
	filesystems_end = true;
	CHECK_EQ(fanotify_nl_mark_add(&h, &mark, NULL), 0);
	CHECK(asked(FANOTIFY_A_MARK_FSTYPE));
	CHECK_STR(mnl_attr_get_str(asked(FANOTIFY_A_MARK_FSTYPE)), "proc");
	CHECK(!asked(FANOTIFY_A_MARK_FD));
	filesystems_end = false;
	CHECK_EQ(fanotify_nl_mark_add(&h, &mark, NULL), -EIO);
	CHECK_STR(fanotify_nl_error(&h), "mark add: /proc/filesystems: Input/output error");
	CHECK_EQ(fake_sent, 1);
}

static void answer_caps(const struct nlmsghdr *request)
{
	message_init(&m, FANOTIFY_CMD_CAPS_GET, request->nlmsg_seq);
	mnl_attr_put_strz(&m.nlh, FANOTIFY_A_CAPS_VERSION, "0.1");
	mnl_attr_put_u64(&m.nlh, FANOTIFY_A_CAPS_KINDS, FANOTIFY_KIND_GAP);
	for (__u32 type = 1; type < 200; type += 3) {
		struct nlattr *nest = mnl_attr_nest_start(&m.nlh, FANOTIFY_A_CAPS_MARK_CAPS);

		mnl_attr_put_u32(&m.nlh, FANOTIFY_A_MARK_CAPS_TYPE, type);
		mnl_attr_put_u32(&m.nlh, FANOTIFY_A_MARK_CAPS_MASK, 100 + type);
		mnl_attr_nest_end(&m.nlh, nest);
	}
	fake_queue(&m);
	message_error(&m, request->nlmsg_seq, 0, NULL);
	fake_queue(&m);
}

/* A type of mark that this library does not know yet is left out. */
static void caps(void)
{
	struct fanotify_nl_caps caps;

	start(answer_caps);
	CHECK_EQ(fanotify_nl_caps(&h, &caps), 0);
	CHECK_STR(caps.version, "0.1");
	CHECK_EQ(caps.kinds, FANOTIFY_KIND_GAP);
	CHECK_EQ(caps.marks[FANOTIFY_MARK_TYPE_INODE].mask, 101);
	CHECK_EQ(caps.marks[FANOTIFY_MARK_TYPE_MOUNT].mask, 0);
	CHECK_EQ(caps.marks[FANOTIFY_MARK_TYPE_GLOBAL].mask, 104);
}

/* The reply is all: what succeeds is not acknowledged besides. */
static void answer_open(const struct nlmsghdr *request)
{
	CHECK_EQ(request->nlmsg_flags, NLM_F_REQUEST);
	message_error(&m, request->nlmsg_seq - 1, -EIO, "left over from another call");
	fake_queue(&m);
	mnl_attr_put_u32(message_init(&m, FANOTIFY_CMD_EVENT_OPEN, request->nlmsg_seq),
			 FANOTIFY_A_EVENT_OPEN_FD, 17);
	fake_queue(&m);
}

static void event_open(void)
{
	struct fanotify_nl_node node = { 0 };

	start(answer_open);
	CHECK_EQ(fanotify_nl_event_open(&h, 0, &node), -ENODATA);
	node.handle = "handle";
	CHECK_EQ(fanotify_nl_event_open(&h, 0, &node), -EINVAL);
	node.handle_len = FANOTIFY_HANDLE_MAX + 1;
	CHECK_EQ(fanotify_nl_event_open(&h, 0, &node), -EINVAL);
	node.handle_len = 65536;
	CHECK_EQ(fanotify_nl_event_open(&h, 0, &node), -EINVAL);
	CHECK_STR(fanotify_nl_error(&h), "event open: a file handle has 1 to 128 bytes, not 65536");
	CHECK_EQ(fake_sent, 0);
	node.handle_len = 6;
	CHECK_EQ(fanotify_nl_event_open(&h, 0, &node), 17);
	start(NULL);
	fake_queue_error(ENOBUFS);
	CHECK_EQ(fanotify_nl_event_open(&h, 0, &node), -ENOBUFS);
	CHECK_STR(fanotify_nl_error(&h), "event open: No buffer space available");
	fake_stop(&h);
}

static void keep_request(const struct nlmsghdr *request)
{
	memcpy(&last_request, request, request->nlmsg_len);
}

static void refuse_verdict(const struct nlmsghdr *request)
{
	/* left over from another call */
	message_error(&m, request->nlmsg_seq - 1, -EIO, "another");
	fake_queue(&m);
	message_error(&m, request->nlmsg_seq, -ENOENT, "event 7 is not waited for");
	fake_queue(&m);
}

/* It is done when it is sent: nothing is waited for. */
static void verdict(void)
{
	struct fanotify_nl_verdict verdicts[FANOTIFY_NL_VERDICTS_MAX + 1];

	for (int i = 0; i <= FANOTIFY_NL_VERDICTS_MAX; i++)
		verdicts[i] = (struct fanotify_nl_verdict){
			.id = ~0ULL - i, .response = FANOTIFY_VERDICT_DENY,
			.error = EIO, .flags = FANOTIFY_VERDICT_FLAG_AUDIT,
		};
	start(keep_request);
	CHECK_EQ(fanotify_nl_verdict(&h, verdicts, 0), 0);
	CHECK_EQ(fanotify_nl_verdict(&h, verdicts, FANOTIFY_NL_VERDICTS_MAX + 1), -E2BIG);
	CHECK_EQ(fake_sent, 0);
	CHECK_EQ(fanotify_nl_verdict(&h, verdicts, 1), 0);
	CHECK_EQ(last_request.nlh.nlmsg_flags, NLM_F_REQUEST);
	start(NULL);
	CHECK_EQ(fanotify_nl_verdict(&h, verdicts, FANOTIFY_NL_VERDICTS_MAX), 0);
	CHECK_EQ(fake_sent, 1);
	start(refuse_verdict);
	CHECK_EQ(fanotify_nl_verdict(&h, verdicts, 2), -ENOENT);
	CHECK_STR(fanotify_nl_error(&h), "event 7 is not waited for");
	fake_stop(&h);
	fake_start(&h, NULL);
	CHECK_EQ(fanotify_nl_verdict(&h, verdicts, 1), -ENOTCONN);
	CHECK_EQ(fanotify_nl_event_open_id(&h, 1), -ENOTCONN);
	fake_stop(&h);
}

static void event_open_id(void)
{
	start(answer_open);
	CHECK_EQ(fanotify_nl_event_open_id(&h, 7), 17);
	fake_stop(&h);
}

/* The request has room for no name but a consumer's. */
static void read_by_name(void)
{
	char name[FANOTIFY_CONSUMER_NAME_MAX + 2] = "";
	struct fanotify_nl_read read = { .consumer = name };
	struct fanotify_nl_records records;

	memset(name, 'x', sizeof(name) - 1);
	start(answer_error_text);
	CHECK_EQ(fanotify_nl_journal_read(&h, 1, &read, &records), -EINVAL);
	CHECK_STR(fanotify_nl_error(&h), "a consumer's name has 1 to 63 bytes");
	read.consumer = "";
	CHECK_EQ(fanotify_nl_journal_read(&h, 1, &read, &records), -EINVAL);
	CHECK_EQ(fake_sent, 0);
	name[sizeof(name) - 2] = '\0';
	read.consumer = name;
	CHECK_EQ(fanotify_nl_journal_read(&h, 1, &read, &records), -EINVAL);
	CHECK_STR(fanotify_nl_error(&h), "the kernel's text");
	read.consumer = NULL;
	CHECK_EQ(fanotify_nl_journal_read(&h, 1, &read, &records), -EINVAL);
	CHECK_EQ(fake_sent, 2);
	fake_stop(&h);
}

static bool records_torn;

/* Of three records, the second cannot be parsed; and what is behind them may be anything. */
static void answer_records(const struct nlmsghdr *request)
{
	message_init(&m, FANOTIFY_CMD_JOURNAL_READ, request->nlmsg_seq);
	mnl_attr_put(&m.nlh, FANOTIFY_A_JOURNAL_READ_UUID, FANOTIFY_UUID_LEN, "sixteen bytes id");
	for (int i = 0; i < 3; i++) {
		struct nlattr *nest =
			mnl_attr_nest_start(&m.nlh, FANOTIFY_A_JOURNAL_READ_RECORD);

		if (i == 1)
			mnl_attr_put(&m.nlh, FANOTIFY_A_EVENT_MASK, 3, "bad");
		else
			mnl_attr_put_u64(&m.nlh, FANOTIFY_A_EVENT_MASK, FANOTIFY_KIND_CREATE);
		mnl_attr_nest_end(&m.nlh, nest);
	}
	if (records_torn) {
		struct nlattr *last = mnl_nlmsg_get_payload_tail(&m.nlh);

		mnl_attr_put_u32(&m.nlh, FANOTIFY_A_JOURNAL_READ_RECORD, 0);
		last->nla_len = 100;
	}
	fake_queue(&m);
	message_error(&m, request->nlmsg_seq, 0, NULL);
	fake_queue(&m);
}

static void records_that_cannot_be_parsed(void)
{
	struct fanotify_nl_read read = { .consumer = "one" };
	struct fanotify_nl_records records;
	struct fanotify_nl_event event;

	start(answer_records);
	records_torn = false;
	CHECK_EQ(fanotify_nl_journal_read(&h, 1, &read, &records), 0);
	CHECK_EQ(fanotify_nl_journal_next(&h, &event), 1);
	CHECK_STR(fanotify_nl_error(&h), "");
	CHECK_EQ(fanotify_nl_journal_next(&h, &event), -EBADMSG);
	CHECK_STR(fanotify_nl_error(&h), "a record cannot be parsed");
	CHECK_EQ(fanotify_nl_journal_next(&h, &event), 1);
	CHECK_EQ(fanotify_nl_journal_next(&h, &event), 0);
	records_torn = true;
	CHECK_EQ(fanotify_nl_journal_read(&h, 1, &read, &records), -EBADMSG);
	CHECK_STR(fanotify_nl_error(&h), "journal read: malformed answer");
	CHECK_EQ(fanotify_nl_journal_next(&h, &event), 0);
	fake_stop(&h);
}

TAP_MAIN(
	{ "call: a list, with messages of other calls in between", list },
	{ "call: a torn list is read again, and given up at last", torn_list },
	{ "call: a list that fails at its end", list_that_fails_at_its_end },
	{ "call: errors have the kernel's text, or one of ours", errors },
	{ "call: every truncated length of an error", every_length_of_an_error },
	{ "call: mark add", mark },
	{ "call: a global mark names all types of filesystem, or fails", global_mark },
	{ "call: capabilities", caps },
	{ "call: event open", event_open },
	{ "call: verdicts", verdict },
	{ "call: event open by id", event_open_id },
	{ "call: a journal is read by a consumer's name, if it is one", read_by_name },
	{ "call: records that cannot be parsed have a text", records_that_cannot_be_parsed },
)
