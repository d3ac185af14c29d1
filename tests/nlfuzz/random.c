// SPDX-License-Identifier: GPL-2.0
/*
 * Messages that mostly make sense, from the kernel's own list of commands and attributes.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nl.h"
#include "input.h"
#include "random.h"

const char *const random_fd_names[RANDOM_FDS + 1] = {
	"dir", "file", "symlink", "fifo", "pipe", "eventfd", "memfd", "netlink", "proc", "disk",
	"device", "closed", "negative", NULL,
};

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

static __attribute__((format(printf, 2, 3))) void say(struct random_input *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (f->len < INPUT_TEXT_MAX)
		f->len += vsnprintf(f->text + f->len, INPUT_TEXT_MAX - f->len, format, args);
	va_end(args);
}

static __u64 some_number(struct random_input *f)
{
	static const __u64 edges[] = {
		0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, ~0ULL,
	};

	if (rng_percent(&f->rng, 40))
		return edges[rng_below(&f->rng, sizeof(edges) / sizeof(edges[0]))];
	return rng_next(&f->rng) >> rng_below(&f->rng, 64);
}

static __u64 a_kind(struct random_input *f)
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

static __u64 legal_number(struct random_input *f, const struct policy_attr *attr)
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

static void say_bytes(struct random_input *f, unsigned int len)
{
	say(f, "hex ");
	for (unsigned int i = 0; i < len; i++)
		say(f, "%02x", (unsigned int)rng_below(&f->rng, 256));
	say(f, "\n");
}

static void say_handle(struct random_input *f)
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

static void say_value(struct random_input *f, int cmd, int type, const struct policy_attr *attr)
{
	const char *known = stands_for(cmd, type);

	if (known && rng_percent(&f->rng, 97)) {
		if (!strcmp(known, "fd"))
			/* mostly what can be marked */
			say(f, "fd %s\n", random_fd_names[rng_percent(&f->rng, 70) ? rng_below(&f->rng, 2) :
						   rng_below(&f->rng, RANDOM_FDS)]);
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

static void say_attr(struct random_input *f, int cmd, int type, const struct policy_attr *attr);

static unsigned int likely_in_nest(int in, int type)
{
	return in == IN_AN_ANSWER && (type == FANOTIFY_A_ANSWER_ID ||
				      type == FANOTIFY_A_ANSWER_RESPONSE) ? 95 : 5;
}

/* Mostly one of its attributes; of those that are nests, several; an answer has two. */
static void say_nest(struct random_input *f, int cmd, int type, const struct policy_op *nest)
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

static void say_attr(struct random_input *f, int cmd, int type, const struct policy_attr *attr)
{
	if (attr->type == NL_ATTR_TYPE_NESTED && rng_percent(&f->rng, 98)) {
		say_nest(f, cmd, type, &f->policy.nest[attr->nest]);
		return;
	}
	say(f, "attr %d ", type);
	say_value(f, cmd, type, attr);
}

static void say_nests(struct random_input *f)
{
	unsigned int depth = rng_percent(&f->rng, 80) ? rng_below(&f->rng, 8) :
			     rng_below(&f->rng, 3000);

	for (unsigned int i = 0; i < depth; i++)
		say(f, "nest %#x\n", (unsigned int)(rng_below(&f->rng, 24) | NLA_F_NESTED));
	for (unsigned int i = 0; i < depth; i++)
		say(f, "end\n");
}

/* What no policy has. */
static void say_strange(struct random_input *f, int cmd, const struct policy_op *op)
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

static void say_flags(struct random_input *f, bool dump)
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
static unsigned int likely(const struct random_input *f, int cmd, int type,
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

static void say_message(struct random_input *f)
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

void random_input(struct random_input *f)
{
	f->len = 0;
	say(f, "from %s\n", rng_percent(&f->rng, 50) ? "member" : "other");
	do
		say_message(f);
	while (rng_percent(&f->rng, 8));
	if (rng_percent(&f->rng, 4))
		say(f, "cut %u\n", (unsigned int)rng_below(&f->rng, 40));
}
