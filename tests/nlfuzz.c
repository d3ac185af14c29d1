// SPDX-License-Identifier: GPL-2.0
/*
 * Random messages to the family. Whatever is sent, the kernel answers: does it,
 * or refuses with an error and a reason; and goes on as before.
 *
 *	nlfuzz [--seed S] [--count N] [--minutes M] [--corpus FOLDER]
 *
 * Without a seed the fixed ones are run, and then new ones until so many minutes are
 * over, 0 if not given, but at least one. What may be sent comes from the kernel's own
 * list of commands and attributes. An input that fails is printed as text; lib/input.h
 * has the language, and tests/corpus/netlink keeps those that were worth it.
 */
#include <dirent.h>
#include <getopt.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include "test.h"
#include "gate.h"
#include "input.h"
#include "policy.h"
#include "remains.h"
#include "rng.h"
#include "storm.h"

/* An input takes a few milliseconds; under emulation and load some more. */
#define STUCK_S		60
/* Sockets and group are made anew after so many inputs. */
#define ROUND		50
#define FIXED_SEEDS	3
/* Processes that ask for permission, so that there is something to decide. */
#define ASKING		4

static unsigned long long only_seed;
static bool one_seed;
static unsigned int count_per_seed;
static double minutes;
static const char *corpus = "/mnt/add/netlink";

/* ---- the watchdog ---- */

struct shared {
	unsigned long n;
	char text[INPUT_TEXT_MAX];
};

static struct shared *shared;

/* Says what the kernel is stuck at. Who waits for us then runs out of time. */
static pid_t watch(void)
{
	unsigned long n = 0;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		return -1;
	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		sleep(STUCK_S);
		if (n == shared->n)
			printf("# no answer for %d s, to:\n%s", STUCK_S, shared->text);
		fflush(stdout);
		n = shared->n;
	}
}

/* ---- what is sent ---- */

static const char *const fd_names[] = {
	"dir", "file", "symlink", "fifo", "pipe", "eventfd", "memfd", "netlink", "proc", "disk",
	"device", "closed", "negative", NULL,
};

#define FDS	(sizeof(fd_names) / sizeof(fd_names[0]) - 1)

static const char *const fs_types[] = {
	"tmpfs", "ext4", "proc", "overlay", "sysfs", "devtmpfs", "no.type", ".", "fuse",
};

/* Instead of a command, for attributes that are in a nest. */
#define IN_A_NEST	0
#define IN_AN_ANSWER	256

/* Attributes whose value only the program knows. */
static const char *stands_for(int cmd, int attr)
{
	switch (cmd) {
	case IN_AN_ANSWER:
		return attr == FANOTIFY_A_ANSWER_ID ? "event" : NULL;
	case FANOTIFY_CMD_GATE_LIFT:
		return attr == FANOTIFY_A_GROUP_NUMBER ? "held" : NULL;
	case IN_A_NEST:
	case FANOTIFY_CMD_BIND:
	case FANOTIFY_CMD_FETCH:
		return NULL;
	case FANOTIFY_CMD_UNBIND:
	case FANOTIFY_CMD_GROUP_GET:
	case FANOTIFY_CMD_GROUP_SET:
		return attr == FANOTIFY_A_GROUP_NUMBER ? "group" :
		       attr == FANOTIFY_A_GROUP_TOKEN ? "token" : NULL;
	case FANOTIFY_CMD_EVENT_OPEN:
		return attr == FANOTIFY_A_EVENT_OPEN_GROUP ? "group" :
		       attr == FANOTIFY_A_EVENT_OPEN_TOKEN ? "token" :
		       attr == FANOTIFY_A_EVENT_OPEN_ID ? "event" :
		       attr == FANOTIFY_A_EVENT_OPEN_MOUNT_FD ? "fd" : NULL;
	case FANOTIFY_CMD_STATS_GET:
		return attr == FANOTIFY_A_MEMBER_GROUP ? "group" : NULL;
	case FANOTIFY_CMD_JOURNAL_START:
		return attr == FANOTIFY_A_JOURNAL_RING_FD ? "fd" : NULL;
	case FANOTIFY_CMD_JOURNAL_STOP:
		return NULL;
	case FANOTIFY_CMD_JOURNAL_GET:
		return attr == FANOTIFY_A_JOURNAL_ID ? "journal" : NULL;
	case FANOTIFY_CMD_JOURNAL_READ:
		return attr == FANOTIFY_A_JOURNAL_READ_JOURNAL ? "journal" : NULL;
	case FANOTIFY_CMD_CONSUMER_ADD:
	case FANOTIFY_CMD_CONSUMER_REMOVE:
	case FANOTIFY_CMD_CONSUMER_ACK:
	case FANOTIFY_CMD_CONSUMER_GET:
		return attr == FANOTIFY_A_CONSUMER_JOURNAL ? "journal" : NULL;
	default:
		return attr == FANOTIFY_A_MARK_GROUP ? "group" :
		       attr == FANOTIFY_A_MARK_TOKEN ? "token" :
		       attr == FANOTIFY_A_MARK_FD ? "fd" : NULL;
	}
}

struct fuzz {
	struct rng rng;
	struct policy policy;
	__u64 kinds;
	char *text;
	size_t len;
	unsigned char handle[FANOTIFY_HANDLE_MAX];
	unsigned int handle_len;
	int handle_type;
	/* event-open is by a permission event's id, not by a handle */
	bool by_id;
};

static __attribute__((format(printf, 2, 3))) void say(struct fuzz *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (f->len < INPUT_TEXT_MAX)
		f->len += vsnprintf(f->text + f->len, INPUT_TEXT_MAX - f->len, format, args);
	va_end(args);
}

static __u64 some_number(struct fuzz *f)
{
	static const __u64 edges[] = {
		0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, ~0ULL,
	};

	if (rng_percent(&f->rng, 40))
		return edges[rng_below(&f->rng, sizeof(edges) / sizeof(edges[0]))];
	return rng_next(&f->rng) >> rng_below(&f->rng, 64);
}

static __u64 a_kind(struct fuzz *f)
{
	__u64 kind;

	/* the low ones go with every mark */
	if (rng_percent(&f->rng, 80))
		return 1ULL << rng_below(&f->rng, 6);
	do
		kind = 1ULL << rng_below(&f->rng, 64);
	while (!(kind & f->kinds));
	return kind;
}

static __u64 legal_number(struct fuzz *f, const struct policy_attr *attr)
{
	__u64 range = attr->max - attr->min;

	if (attr->mask)
		return rng_next(&f->rng) & attr->mask;
	if (!range)
		return attr->min;
	if (range < 1 << 20)
		return attr->min + rng_below(&f->rng, range + 1);
	/* a size, or few bits, as of kinds */
	if (rng_percent(&f->rng, 20))
		return 1ULL << rng_below(&f->rng, 32);
	return a_kind(f) | (rng_percent(&f->rng, 30) ? a_kind(f) : 0);
}

static void say_bytes(struct fuzz *f, unsigned int len)
{
	say(f, "hex ");
	for (unsigned int i = 0; i < len; i++)
		say(f, "%02x", (unsigned int)rng_below(&f->rng, 256));
	say(f, "\n");
}

static void say_handle(struct fuzz *f)
{
	if (!rng_percent(&f->rng, 70) || !f->handle_len) {
		say_bytes(f, 4 * rng_below(&f->rng, 40));
		return;
	}
	say(f, "hex ");
	for (unsigned int i = 0; i < f->handle_len; i++)
		say(f, "%02x", f->handle[i]);
	say(f, "\n");
}

static void say_value(struct fuzz *f, int cmd, int type, const struct policy_attr *attr)
{
	const char *known = stands_for(cmd, type);

	if (known && rng_percent(&f->rng, 97)) {
		if (!strcmp(known, "fd"))
			/* mostly what can be marked */
			say(f, "fd %s\n", fd_names[rng_percent(&f->rng, 70) ? rng_below(&f->rng, 2) :
						   rng_below(&f->rng, FDS)]);
		else
			say(f, "%s\n", known);
		return;
	}
	if (rng_percent(&f->rng, 2)) {
		say_bytes(f, rng_below(&f->rng, rng_percent(&f->rng, 90) ? 17 : 4096));
		return;
	}
	if (cmd == FANOTIFY_CMD_EVENT_OPEN && type == FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE &&
	    rng_percent(&f->rng, 80)) {
		say(f, "u32 %d\n", f->handle_type);
		return;
	}
	switch (attr->type) {
	case NL_ATTR_TYPE_FLAG:
		say(f, "hex \n");
		break;
	case NL_ATTR_TYPE_U32:
	case NL_ATTR_TYPE_S32:
		say(f, "u32 %u\n", (__u32)(rng_percent(&f->rng, 95) ? legal_number(f, attr) :
					   some_number(f)));
		break;
	case NL_ATTR_TYPE_U64:
	case POLICY_TYPE_UINT:
		say(f, "u64 %llu\n", (unsigned long long)(rng_percent(&f->rng, 95) ?
							  legal_number(f, attr) : some_number(f)));
		break;
	case NL_ATTR_TYPE_STRING:
		say(f, "text %s\n", fs_types[rng_below(&f->rng, sizeof(fs_types) /
						       sizeof(fs_types[0]))]);
		break;
	case NL_ATTR_TYPE_BINARY:
		say_handle(f);
		break;
	default:
		say_bytes(f, rng_below(&f->rng, 32));
	}
}

static void say_attr(struct fuzz *f, int cmd, int type, const struct policy_attr *attr);

static unsigned int likely_in_nest(int in, int type)
{
	return in == IN_AN_ANSWER && (type == FANOTIFY_A_ANSWER_ID ||
				      type == FANOTIFY_A_ANSWER_RESPONSE) ? 95 : 5;
}

/* Mostly one of its attributes; of those that are nests, several; an answer has two. */
static void say_nest(struct fuzz *f, int cmd, int type, const struct policy_op *nest)
{
	int in = cmd == FANOTIFY_CMD_VERDICT ? IN_AN_ANSWER : IN_A_NEST;
	unsigned int count = rng_percent(&f->rng, 90) ? rng_below(&f->rng, 4) :
							rng_below(&f->rng, 50);
	int most = nest->maxattr ? 1 + rng_below(&f->rng, nest->maxattr) : 0;

	say(f, "nest %#x\n", (unsigned int)(type | NLA_F_NESTED));
	for (int i = 1; i <= nest->maxattr; i++) {
		const struct policy_attr *attr = &nest->attr[i];

		if (attr->type == NL_ATTR_TYPE_NESTED)
			for (unsigned int k = 0; k < count; k++)
				say_attr(f, in, i, attr);
		else if (attr->type &&
			 rng_percent(&f->rng, i == most ? 98 : likely_in_nest(in, i)))
			say_attr(f, in, i, attr);
	}
	say(f, "end\n");
}

static void say_attr(struct fuzz *f, int cmd, int type, const struct policy_attr *attr)
{
	if (attr->type == NL_ATTR_TYPE_NESTED && rng_percent(&f->rng, 98)) {
		say_nest(f, cmd, type, &f->policy.nest[attr->nest]);
		return;
	}
	say(f, "attr %d ", type);
	say_value(f, cmd, type, attr);
}

static void say_nests(struct fuzz *f)
{
	unsigned int depth = rng_percent(&f->rng, 80) ? rng_below(&f->rng, 8) :
			     rng_below(&f->rng, 3000);

	for (unsigned int i = 0; i < depth; i++)
		say(f, "nest %#x\n", (unsigned int)(rng_below(&f->rng, 24) | NLA_F_NESTED));
	for (unsigned int i = 0; i < depth; i++)
		say(f, "end\n");
}

/* What no policy has. */
static void say_strange(struct fuzz *f, int cmd, const struct policy_op *op)
{
	switch (rng_below(&f->rng, 6)) {
	case 0:
		say(f, "attr %u ", (unsigned int)rng_below(&f->rng, 1 << 16));
		say_bytes(f, rng_below(&f->rng, 64));
		break;
	case 1:
		say_nests(f);
		break;
	case 2:
		say(f, "attr %u fill %u %u\n", (unsigned int)rng_below(&f->rng, 24),
		    (unsigned int)rng_below(&f->rng, 256),
		    (unsigned int)rng_below(&f->rng, 65532));
		break;
	case 3:
		for (unsigned int i = rng_below(&f->rng, 2000); i; i--)
			say(f, "attr %u hex \n", (unsigned int)rng_below(&f->rng, 24));
		break;
	default:
		/* one more of those that the command has, or flagged as a nest */
		if (op->maxattr) {
			int type = 1 + rng_below(&f->rng, op->maxattr);

			say(f, "attr %#x ", type | (rng_percent(&f->rng, 30) ? NLA_F_NESTED : 0) |
						   (rng_percent(&f->rng, 30) ? NLA_F_NET_BYTEORDER : 0));
			say_value(f, cmd, type, &op->attr[type]);
		}
	}
}

static void say_flags(struct fuzz *f, bool dump)
{
	unsigned int flags = NLM_F_REQUEST | NLM_F_ACK | (dump ? NLM_F_DUMP : 0);

	if (rng_percent(&f->rng, 5))
		flags ^= 1 << rng_below(&f->rng, 16);
	say(f, " flags %#x", flags);
	if (rng_percent(&f->rng, 3))
		say(f, " version %u", (unsigned int)rng_below(&f->rng, 256));
	if (rng_percent(&f->rng, 1))
		say(f, " reserved %u", (unsigned int)rng_below(&f->rng, 65536));
	say(f, "\n");
}

/* In percent: with all attributes at once, few messages make sense. */
static unsigned int likely(const struct fuzz *f, int cmd, int type,
			   const struct policy_attr *attr)
{
	if (cmd == FANOTIFY_CMD_EVENT_OPEN && type != FANOTIFY_A_EVENT_OPEN_GROUP &&
	    type != FANOTIFY_A_EVENT_OPEN_TOKEN)
		return f->by_id == (type == FANOTIFY_A_EVENT_OPEN_ID) ? 98 : 3;
	/* it would be waited for */
	if (cmd == FANOTIFY_CMD_JOURNAL_READ && type == FANOTIFY_A_JOURNAL_READ_WAIT_MS)
		return 0;
	if (stands_for(cmd, type) || cmd == FANOTIFY_CMD_VERDICT)
		return 98;
	if ((cmd == FANOTIFY_CMD_BIND || cmd == FANOTIFY_CMD_GROUP_SET) &&
	    type >= FANOTIFY_A_GROUP_TIMEOUT_MS)
		return 3;
	/* with an ignore mask, a mark needs a flag or a file */
	if ((cmd == FANOTIFY_CMD_MARK_ADD || cmd == FANOTIFY_CMD_MARK_REMOVE) &&
	    attr->type == POLICY_TYPE_UINT)
		return type == FANOTIFY_A_MARK_MASK ? 85 : 20;
	if (attr->type == POLICY_TYPE_UINT)
		return 55;
	/* a range that small is a type that has to be told */
	return attr->min && attr->max < 16 ? 95 : 12;
}

static void say_message(struct fuzz *f)
{
	static const struct policy_op none;
	unsigned int cmd = rng_percent(&f->rng, 97) ? 1 + rng_below(&f->rng, FANOTIFY_CMD_MAX) :
			   rng_below(&f->rng, 256);
	const struct policy_op *op = &none;
	bool dump = rng_percent(&f->rng, 10);

	if (cmd <= FANOTIFY_CMD_MAX) {
		if (!f->policy.op[cmd][dump].exists && rng_percent(&f->rng, 90))
			dump = !dump;
		op = &f->policy.op[cmd][dump];
	}
	f->by_id = rng_percent(&f->rng, 30);
	say(f, "cmd %u", cmd);
	say_flags(f, dump);
	for (int type = 1; type <= op->maxattr; type++) {
		if (!op->attr[type].type || !rng_percent(&f->rng, likely(f, cmd, type, &op->attr[type])))
			continue;
		say_attr(f, cmd, type, &op->attr[type]);
	}
	if (rng_percent(&f->rng, 10))
		say_strange(f, cmd, op);
	if (rng_percent(&f->rng, 5))
		say(f, "len %u\n", (unsigned int)(rng_percent(&f->rng, 50) ? rng_below(&f->rng, 64) :
						  some_number(f)));
	if (rng_percent(&f->rng, 10))
		/* behind the headers, so that it arrives */
		for (unsigned int i = rng_below(&f->rng, 4); i; i--)
			say(f, "patch %u %u\n", (unsigned int)(20 + rng_below(&f->rng, 100)),
			    (unsigned int)rng_below(&f->rng, 256));
}

static void say_input(struct fuzz *f)
{
	f->len = 0;
	say(f, "from %s\n", rng_percent(&f->rng, 50) ? "member" : "other");
	do
		say_message(f);
	while (rng_percent(&f->rng, 8));
	if (rng_percent(&f->rng, 4))
		say(f, "cut %u\n", (unsigned int)rng_below(&f->rng, 40));
}

/* ---- what comes back ---- */

FIXTURE(nlfuzz)
{
	struct fuzz f;
	struct input_names names;
	struct input input;
	int fd[FDS];
	struct nl keeper;
	__u32 keeper_group;
	__u64 keeper_token;
	struct nl member;
	struct nl other;
	struct nl exempt;
	bool gated;
	pid_t asking[ASKING];
	struct fanotify_nl *library;
	unsigned int answers;
	unsigned int texts;
	unsigned long done[__FANOTIFY_CMD_MAX];
	unsigned long refused[__FANOTIFY_CMD_MAX];
	int error;
	char text[256];
};

typedef FIXTURE_DATA(nlfuzz) fixture;

/* The text or the number of the missing attribute, at this offset of the message. */
static bool says_why(fixture *self, const struct nlmsghdr *msg, size_t offset)
{
	const struct nlattr *attr;
	bool why = false;

	self->text[0] = '\0';
	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return false;
	mnl_attr_for_each(attr, msg, offset) {
		why |= mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG ||
		       mnl_attr_get_type(attr) == NLMSGERR_ATTR_MISS_TYPE;
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(self->text, sizeof(self->text), "%s", mnl_attr_get_str(attr));
	}
	return why;
}

/* Netlink refuses these before we are asked, without a word. */
static bool netlink_refuses(const fixture *self, const struct nlmsgerr *err)
{
	const struct genlmsghdr *genl = (const void *)(&err->msg + 1);
	bool dump = (err->msg.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;

	if (err->msg.nlmsg_type != self->names.family)
		return true;
	switch (err->error) {
	case -EINVAL:
		return err->msg.nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN;
	case -EOPNOTSUPP:
		return genl->cmd > FANOTIFY_CMD_MAX || !self->f.policy.op[genl->cmd][dump].exists;
	case -EBUSY:
		/* a dump is under way on this socket */
		return dump;
	}
	return false;
}

static const char *take_result(fixture *self, __u32 seq, int error)
{
	__u8 cmd = input_cmd(&self->input, seq);

	self->answers++;
	self->error = error;
	if (error > 0)
		return "a positive error";
	if (error < -133)
		return "an error that user space does not know";
	if (cmd <= FANOTIFY_CMD_MAX)
		(error ? self->refused : self->done)[cmd]++;
	return NULL;
}

static const char *take_error(fixture *self, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);
	size_t offset = sizeof(*err);
	const char *wrong;

	if (msg->nlmsg_len < NLMSG_HDRLEN + sizeof(*err))
		return "an error message that is too short";
	wrong = take_result(self, err->msg.nlmsg_seq, err->error);
	if (wrong || !err->error)
		return wrong;
	if (!(msg->nlmsg_flags & NLM_F_CAPPED))
		offset += mnl_nlmsg_get_payload_len(&err->msg);
	if (says_why(self, msg, offset))
		self->texts++;
	else if (!netlink_refuses(self, err))
		return "a refusal without a reason";
	return NULL;
}

/* The end of a dump. */
static const char *take_done(fixture *self, const struct nlmsghdr *msg)
{
	int error = *(int *)mnl_nlmsg_get_payload(msg);

	return take_result(self, msg->nlmsg_seq, error) ?:
	       error && !says_why(self, msg, sizeof(error)) ? "a dump ends without a reason" : NULL;
}

static const char *take_message(fixture *self, const struct nlmsghdr *msg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);
	struct fanotify_nl_event event;

	switch (msg->nlmsg_type) {
	case NLMSG_ERROR:
		return take_error(self, msg);
	case NLMSG_DONE:
		return take_done(self, msg);
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		return "a message that nobody sends";
	}
	if (msg->nlmsg_type != self->names.family)
		return "a message of another family";
	if (msg->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN || genl->cmd > FANOTIFY_CMD_MAX)
		return "a message of no command";
	if (genl->cmd != FANOTIFY_CMD_EVENT)
		return NULL;
	if (fanotify_nl_parse_event(msg, msg->nlmsg_len, &event))
		return "a malformed event";
	if (event.deadline)
		self->names.event = event.id;
	return NULL;
}

/* A descriptor that event-open has installed is not left open. */
static void take_fd(const struct nlmsghdr *msg, __u16 family)
{
	const struct nlattr *fd;

	if (msg->nlmsg_type != family || nl_cmd(msg) != FANOTIFY_CMD_EVENT_OPEN)
		return;
	fd = nl_attr(msg, FANOTIFY_A_EVENT_OPEN_FD);
	if (fd)
		close(mnl_attr_get_u32(fd));
}

static const char *take_all(fixture *self, struct nl *nl)
{
	const char *wrong = NULL;
	int len;

	/* -ENOBUFS: the answers were more than fits, which is the sender's loss */
	while (!wrong && ((len = nl_recv(nl, 0)) > 0 || len == -ENOBUFS)) {
		struct nlmsghdr *msg = (struct nlmsghdr *)nl->received;

		for (; !wrong && len > 0 && mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len)) {
			take_fd(msg, self->names.family);
			wrong = take_message(self, msg);
		}
		if (len > 0 && !wrong)
			wrong = "a datagram with a rest";
	}
	return wrong;
}

/* ---- sockets ---- */

/* A permission group that stays when its member goes, as there is nobody to decide. */
static int hold(fixture *self)
{
	struct nl nl;
	int ret = nl_open(&nl);

	if (ret)
		return ret;
	nl_begin(&nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(&nl, FANOTIFY_A_GROUP_FLAGS, PERMISSION);
	nl_put_u32(&nl, FANOTIFY_A_GROUP_ON_EVICT, FANOTIFY_ON_EVICT_DENY);
	ret = nl_call(&nl);
	if (!ret)
		self->names.held = nl_uint(nl_attr(nl.reply, FANOTIFY_A_GROUP_NUMBER));
	nl_close(&nl);
	return ret;
}

static int bind_gated(struct nl *nl, __u32 *number, __u64 *token)
{
	int ret;

	nl_begin(nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(nl, FANOTIFY_A_GROUP_FLAGS, PERMISSION | REMEMBER);
	ret = nl_call(nl);
	if (ret)
		return ret;
	*number = nl_uint(nl_attr(nl->reply, FANOTIFY_A_GROUP_NUMBER));
	*token = nl_uint(nl_attr(nl->reply, FANOTIFY_A_GROUP_TOKEN));
	return 0;
}

static int sockets_open(fixture *self)
{
	int ret = nl_open(&self->member) ?: nl_open(&self->other);
	struct fanotify_nl_journal_info info;

	if (ret)
		return ret;
	/* an input may have stopped it */
	ret = fanotify_nl_journal_get(self->library, "/mnt/disk", &info);
	if (ret == -ENOENT)
		ret = fanotify_nl_journal_start(self->library, "/mnt/disk", NULL, &info);
	if (ret)
		return ret;
	self->names.journal = info.id;
	/* a number of its own, so that bind with some number is mostly a new group */
	if (!self->gated)
		ret = nl_bind(&self->member, &self->names.group, &self->names.token);
	else
		ret = set_parameter("gate_lift", "1") ?: hold(self) ?:
		      bind_gated(&self->member, &self->names.group, &self->names.token);
	return ret ?: nl_mark(&self->member, self->names.group, self->names.token,
			      FANOTIFY_MARK_TYPE_INODE, self->fd[0],
			      KIND(CREATE) | (self->gated ? KIND(OPEN_PERM) |
					      KIND(EVENT_ON_CHILD) : 0));
}

/* Whoever has a permission group is not asked about, whatever the random ones mark. */
static int gate(fixture *self)
{
	__u32 number;
	__u64 token;
	int ret = make_file("dir/gated") ?: nl_open(&self->exempt) ?:
		  bind_gated(&self->exempt, &number, &token);

	if (ret)
		return ret;
	self->gated = true;
	fflush(stdout);
	for (int i = 0; i < ASKING; i++) {
		self->asking[i] = fork();
		if (self->asking[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int fd = 3; fd < 256; fd++)
			close(fd);
		for (;;) {
			close(open("dir/gated", O_RDONLY));
			usleep(500);
		}
	}
	return 0;
}

static void ungate(fixture *self)
{
	if (!self->gated)
		return;
	for (int i = 0; i < ASKING; i++) {
		kill(self->asking[i], SIGKILL);
		waitpid(self->asking[i], NULL, 0);
	}
	set_parameter("gate_lift", "1");
	nl_close(&self->exempt);
}

static void sockets_close(fixture *self)
{
	nl_close(&self->member);
	nl_close(&self->other);
}

/* A group that no input knows goes on as if nothing was. */
static const char *check_keeper(fixture *self)
{
	static int n;
	char name[32];

	nl_begin(&self->keeper, FANOTIFY_CMD_GROUP_GET, 0);
	nl_put_u32(&self->keeper, FANOTIFY_A_GROUP_NUMBER, self->keeper_group);
	if (nl_call(&self->keeper))
		return "the other group is gone";
	if (nl_uint(nl_attr(self->keeper.reply, FANOTIFY_A_GROUP_MARKS)) != 1 ||
	    nl_uint(nl_attr(self->keeper.reply, FANOTIFY_A_GROUP_MEMBERS)) != 1)
		return "the other group has changed";
	snprintf(name, sizeof(name), "keeper/%d", n++);
	if (make_file(name))
		return "no file can be made";
	if (nl_recv(&self->keeper, 10000) <= 0 ||
	    nl_cmd((struct nlmsghdr *)self->keeper.received) != FANOTIFY_CMD_EVENT)
		return "the other group gets no event";
	unlink(name);
	return NULL;
}

FIXTURE_SETUP(nlfuzz)
{
	struct file_handle *handle = (void *)&(char[sizeof(*handle) + 128]){ 0 };
	int pipefd[2], mount_id, i = 0;

	ASSERT_LT(0, watch());
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, mkdir("keeper", 0755));
	ASSERT_EQ(0, mkdir("dir", 0755));
	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, symlink("nowhere", "symlink"));
	ASSERT_EQ(0, mkfifo("fifo", 0644));
	ASSERT_EQ(0, pipe(pipefd));
	ASSERT_EQ(0, nl_open(&self->keeper));
	ASSERT_EQ(0, policy_get(&self->keeper, &self->f.policy));
	nl_begin(&self->keeper, FANOTIFY_CMD_CAPS_GET, 0);
	ASSERT_EQ(0, nl_call(&self->keeper));
	self->f.kinds = nl_uint(nl_attr(self->keeper.reply, FANOTIFY_A_CAPS_KINDS));
	self->fd[i++] = open("dir", O_RDONLY);
	self->fd[i++] = open("file", O_PATH);
	self->fd[i++] = open("symlink", O_PATH | O_NOFOLLOW);
	self->fd[i++] = open("fifo", O_PATH);
	self->fd[i++] = pipefd[0];
	self->fd[i++] = eventfd(0, 0);
	self->fd[i++] = memfd_create("memfd", 0);
	self->fd[i++] = self->keeper.fd;
	self->fd[i++] = open("/proc/self", O_RDONLY);
	self->fd[i++] = open("/mnt/disk", O_PATH);
	self->fd[i++] = open("/dev/null", O_PATH);
	for (int n = 0; n < i; n++) {
		ASSERT_LE(0, self->fd[n]);
	}
	self->fd[i++] = 1000;
	self->fd[i++] = -100;
	ASSERT_EQ(FDS, i);
	self->names.family = self->keeper.family;
	self->names.fd_name = fd_names;
	self->names.fd = self->fd;
	self->f.text = shared->text;
	handle->handle_bytes = 128;
	ASSERT_EQ(0, name_to_handle_at(AT_FDCWD, "file", handle, &mount_id, 0));
	self->f.handle_type = handle->handle_type;
	self->f.handle_len = handle->handle_bytes;
	memcpy(self->f.handle, handle->f_handle, handle->handle_bytes);
	ASSERT_EQ(0, nl_bind(&self->keeper, &self->keeper_group, &self->keeper_token));
	ASSERT_EQ(0, nl_mark(&self->keeper, self->keeper_group, self->keeper_token,
			     FANOTIFY_MARK_TYPE_INODE, open("keeper", O_PATH), KIND(CREATE)));
	ASSERT_EQ(0, fanotify_nl_open(&self->library));
	ASSERT_EQ(0, fanotify_nl_journal_create(self->library, "/mnt/disk", 1, NULL, NULL));
	ASSERT_EQ(0, sockets_open(self));
}

FIXTURE_TEARDOWN(nlfuzz)
{
	struct fanotify_nl_journal_info info;

	sockets_close(self);
	EXPECT_STREQ("", check_keeper(self) ?: "");
	ungate(self);
	if (!fanotify_nl_journal_get(self->library, "/mnt/disk", &info))
		EXPECT_EQ(0, fanotify_nl_journal_stop(self->library, info.id, 0));
	EXPECT_EQ(0, fanotify_nl_journal_remove(self->library, "/mnt/disk"));
	fanotify_nl_close(self->library);
	nl_close(&self->keeper);
}

/* Return: NULL, or what is wrong with what came of it. */
static const char *send_input(fixture *self, const char *text)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct input *input = &self->input;
	struct nl *nl;
	const char *wrong;
	int ret = input_build(input, text, &self->names);

	if (ret == -E2BIG)
		return NULL;
	if (ret)
		return "the text is wrong";
	nl = input->from_member ? &self->member : &self->other;
	self->answers = 0;
	self->error = 0;
	self->text[0] = '\0';
	shared->n++;
	if (sendto(nl->fd, input->data, input->len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return errno == EMSGSIZE ? NULL : "it cannot be sent";
	/* every now and then a dump is left unfinished, and the socket closed */
	if (input->dump && input->messages == 1 && rng_percent(&self->f.rng, 10))
		return NULL;
	wrong = take_all(self, nl);
	if (!wrong && !input->mangled && input->messages == 1 && !self->answers &&
	    strstr(text, " flags 0x5\n"))
		wrong = "no answer";
	return wrong;
}

static const char *fuzz(fixture *self, unsigned long long seed, unsigned int count)
{
	unsigned long unbound = self->done[FANOTIFY_CMD_UNBIND];
	const char *wrong = NULL;
	unsigned int i;

	printf("# seed %llu\n", seed);
	fflush(stdout);
	self->f.rng.state = seed;
	for (i = 0; i < count && !wrong; i++) {
		if (i % ROUND == 0 || unbound != self->done[FANOTIFY_CMD_UNBIND]) {
			sockets_close(self);
			self->error = sockets_open(self);
			strcpy(self->text, self->member.text);
			wrong = self->error ? "sockets cannot be bound any more" :
					      check_keeper(self);
			unbound = self->done[FANOTIFY_CMD_UNBIND];
		}
		say_input(&self->f);
		wrong = wrong ?: send_input(self, self->f.text);
	}
	if (wrong)
		printf("# %s: input %u of seed %llu (error %d, '%s'):\n%s", wrong, i, seed,
		       self->error, self->text, self->f.text);
	return wrong;
}

/* ---- the corpus ---- */

static int read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return -errno;
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	fclose(f);
	return n;
}

/*
 * The first line says how it has to end: "# expect ERROR [TEXT]"; with " | " between
 * the texts of different versions of Linux.
 */
static const char *check_expected(const fixture *self, const char *text)
{
	static const char expect[] = "# expect ", or[] = " | ";
	const char *end, *next;
	char *why;

	if (strncmp(text, expect, strlen(expect)))
		return "the first line does not say what to expect";
	if (strtol(text + strlen(expect), &why, 10) != self->error)
		return "another error than expected";
	why += *why == ' ';
	end = why + strcspn(why, "\n");
	for (const char *one = why; one <= end; one = next + strlen(or)) {
		next = memmem(one, end - one, or, strlen(or)) ?: end;
		if ((size_t)(next - one) == strlen(self->text) &&
		    !strncmp(one, self->text, next - one))
			return NULL;
	}
	return "another text than expected";
}

TEST_F_TIMEOUT(nlfuzz, corpus, 120)
{
	static char text[INPUT_TEXT_MAX];
	unsigned int files = 0;
	struct dirent **list;
	char path[512];
	int n = scandir(corpus, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *wrong;

		if (!strstr(list[i]->d_name, ".txt"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", corpus, list[i]->d_name);
		ASSERT_LT(0, read_text(path, text, sizeof(text)));
		sockets_close(self);
		ASSERT_EQ(0, sockets_open(self));
		strcpy(shared->text, text);
		wrong = send_input(self, text) ?: check_expected(self, text);
		EXPECT_EQ(NULL, wrong) {
			TH_LOG("%s: %s: %d '%s'", list[i]->d_name, wrong, self->error, self->text);
		}
		files++;
	}
	EXPECT_LT(10, files);
}

TEST_F_TIMEOUT(nlfuzz, seeds, 3600)
{
	const __u64 end = now_ns() + minutes * 60e9;
	unsigned long long fresh;

	ASSERT_EQ(0, gate(self));
	if (one_seed) {
		ASSERT_EQ(NULL, fuzz(self, only_seed, count_per_seed));
		return;
	}
	for (int seed = 1; seed <= FIXED_SEEDS; seed++) {
		ASSERT_EQ(NULL, fuzz(self, seed, count_per_seed));
	}
	do {
		ASSERT_EQ(sizeof(fresh), getrandom(&fresh, sizeof(fresh), 0));
		ASSERT_EQ(NULL, fuzz(self, fresh >> 16, count_per_seed));
	} while (now_ns() < end);

	/* or else it was all refused at the door, or never */
	for (int cmd = 1; cmd <= FANOTIFY_CMD_MAX; cmd++) {
		printf("# command %d: done %lu times, refused %lu times\n", cmd, self->done[cmd],
		       self->refused[cmd]);
		if (cmd == FANOTIFY_CMD_EVENT || cmd == FANOTIFY_CMD_CONTROL_NTF)
			continue;
		/* no ring file, name or token is right */
		if (cmd != FANOTIFY_CMD_JOURNAL_START && cmd != FANOTIFY_CMD_JOURNAL_STOP &&
		    cmd != FANOTIFY_CMD_CONSUMER_ADD && cmd != FANOTIFY_CMD_CONSUMER_REMOVE &&
		    cmd != FANOTIFY_CMD_CONSUMER_ACK)
			EXPECT_LT(0, self->done[cmd]);
		EXPECT_LT(0, self->refused[cmd]);
	}
	EXPECT_LT(count_per_seed, self->texts);
}

/* A fixture of its own, as those run in this order. */
FIXTURE(after_all)
{
	int unused;
};

FIXTURE_SETUP(after_all)
{
}

FIXTURE_TEARDOWN(after_all)
{
}

TEST_F_TIMEOUT(after_all, nothing_is_left, 120)
{
	EXPECT_EQ(0, remains_listed());
	if (remains_is_module()) {
		EXPECT_EQ(0, module_unload());
		EXPECT_EQ(0, module_load());
	}
	EXPECT_EQ(0, remains_leaked());
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ "minutes", required_argument, NULL, 'm' },
		{ "corpus", required_argument, NULL, 'c' },
		{ },
	};
	int c;

	count_per_seed = slowness() > 1 ? 400 : 2000;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			only_seed = strtoull(optarg, NULL, 0);
			one_seed = true;
			break;
		case 'n':
			count_per_seed = strtoul(optarg, NULL, 0);
			break;
		case 'm':
			minutes = strtod(optarg, NULL);
			break;
		case 'c':
			corpus = optarg;
			break;
		default:
			return 2;
		}
	}
	/* it looks for options of its own */
	optind = 1;
	return test_harness_run(1, argv);
}
