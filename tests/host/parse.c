// SPDX-License-Identifier: GPL-2.0
/*
 * The parser of events: right input, wrong input size by size and bit by bit.
 */
#include <errno.h>
#include <stdlib.h>

#include <fanotify-nl/fanotify-nl.h>

#include "message.h"
#include "tap.h"

/* Parses a copy of exactly @len bytes, so that a read beyond them is seen. */
static int parse_copy(const void *msg, size_t len)
{
	struct fanotify_nl_event event;
	void *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, msg, len);
	ret = fanotify_nl_parse_event(copy, len, &event);
	free(copy);
	return ret;
}

static int parse(const union message *m, struct fanotify_nl_event *event)
{
	return fanotify_nl_parse_event(m, m->nlh.nlmsg_len, event);
}

static void check_node(const struct fanotify_nl_node *node, int type, const char *handle)
{
	CHECK_EQ(node->handle_type, type);
	CHECK_EQ(node->handle_len, strlen(handle));
	CHECK(!memcmp(node->handle, handle, strlen(handle)));
	CHECK_EQ(node->changed, FANOTIFY_CHANGED_MODE);
	CHECK_EQ(node->stat.has, 0x7fe);
	CHECK_EQ(node->stat.mode, 0100644);
	CHECK_EQ(node->stat.nlink, 2);
	CHECK_EQ(node->stat.uid, 1001);
	CHECK_EQ(node->stat.gid, 1002);
	CHECK_EQ(node->stat.atime.sec, -5);
	CHECK_EQ(node->stat.atime.nsec, 6);
	CHECK_EQ(node->stat.mtime.sec, 7);
	CHECK_EQ(node->stat.mtime.nsec, 8);
	CHECK_EQ(node->stat.ctime.sec, 9);
	CHECK_EQ(node->stat.ctime.nsec, 10);
	CHECK_EQ(node->stat.ino, 1ULL << 40);
	CHECK_EQ(node->stat.size, 1ULL << 41);
	CHECK_EQ(node->stat.blocks, 1ULL << 42);
}

static void check_scalars(const struct fanotify_nl_event *event)
{
	/* Every attribute there is: a new one has to come into message_full(). */
	CHECK_EQ(event->has, (2ULL << FANOTIFY_A_EVENT_MAX) - 2);
	CHECK_EQ(event->seq, 1);
	CHECK_EQ(event->id, 2);
	CHECK_EQ(event->group, 3);
	CHECK_EQ(event->mask, FANOTIFY_KIND_RENAME | FANOTIFY_KIND_GAP);
	CHECK_EQ(event->realtime, 4);
	CHECK_EQ(event->boottime, 5);
	CHECK_EQ(event->flags, FANOTIFY_EVENT_FLAG_EXCHANGE);
	CHECK_EQ(event->dev_major, 6);
	CHECK_EQ(event->dev_minor, 7);
	CHECK(!memcmp(event->uuid, UUID, FANOTIFY_UUID_LEN));
	CHECK_EQ(event->mnt_id, 8);
	CHECK_EQ(event->error, 117);
	CHECK_EQ(event->offset, 4096);
	CHECK_EQ(event->length, 1ULL << 62);
	CHECK_STR(event->fs_name, "ext4");
	CHECK_EQ(event->count, 41);
	CHECK_EQ(event->last_realtime, 42);
	CHECK_EQ(event->last_boottime, 43);
}

static void check_names(const struct fanotify_nl_event *event)
{
	CHECK_STR(event->name, "old");
	CHECK_EQ(event->name_len, 3);
	CHECK_STR(event->new_name, "newer");
	CHECK_EQ(event->new_name_len, 5);
	CHECK_STR(event->path, "/from/old");
	CHECK_EQ(event->path_len, 9);
	CHECK_STR(event->new_path, "/to/newer");
	CHECK_EQ(event->new_path_len, 9);
	CHECK_STR(event->link, "to/where");
	CHECK_EQ(event->link_len, 8);
	CHECK_STR(event->xattr, "user.name");
	CHECK_EQ(event->xattr_len, 9);
	CHECK_EQ(event->deadline, 9);
}

static void check_actor(const struct fanotify_nl_actor *actor)
{
	CHECK_EQ(actor->has, (2ULL << FANOTIFY_A_ACTOR_MAX) - 2);
	CHECK_EQ(actor->tgid, 21);
	CHECK_EQ(actor->tid, 22);
	CHECK_EQ(actor->start, 23);
	CHECK_EQ(actor->uid, 24);
	CHECK_EQ(actor->gid, 25);
	CHECK_EQ(actor->euid, 26);
	CHECK_EQ(actor->egid, 27);
	CHECK_EQ(actor->loginuid, 0xffffffffu);
	CHECK_STR(actor->comm, "fifteen letters");
	CHECK_EQ(actor->cgroup, 28);
}

static void check_gap(const struct fanotify_nl_gap *gap)
{
	CHECK_EQ(gap->first, 11);
	CHECK_EQ(gap->last, 13);
	CHECK_EQ(gap->count, 3);
	CHECK_EQ(gap->reason, FANOTIFY_GAP_REASON_OVERFLOW);
	CHECK_EQ(gap->since, 31);
	CHECK_EQ(gap->scope, FANOTIFY_GAP_SCOPE_ALL);
}

static void check_full(const struct fanotify_nl_event *event)
{
	CHECKED(check_scalars(event));
	CHECKED(check_names(event));
	CHECKED(check_actor(&event->actor));
	CHECKED(check_gap(&event->gap));
	CHECKED(check_node(&event->object, 1, "object"));
	CHECKED(check_node(&event->dir, 2, "old directory"));
	CHECKED(check_node(&event->new_dir, -3, "new"));
	CHECKED(check_node(&event->target, 4, "overwritten"));
}

static void every_attribute(void)
{
	struct fanotify_nl_event event;
	union message m;

	message_full(&m);
	CHECK_EQ(parse(&m, &event), 0);
	check_full(&event);
}

static void any_alignment(void)
{
	struct fanotify_nl_event event;
	union message m;
	char *copy;

	message_full(&m);
	copy = malloc(m.nlh.nlmsg_len + 8);
	for (int shift = 1; shift < 8 && !tap_failed; shift++) {
		memcpy(copy + shift, &m, m.nlh.nlmsg_len);
		if (fanotify_nl_parse_event(copy + shift, m.nlh.nlmsg_len, &event))
			tap_failed = true;
		else
			check_full(&event);
	}
	free(copy);
}

static void nothing_but_a_head(void)
{
	struct fanotify_nl_event event;
	union message m;

	message_init(&m, FANOTIFY_CMD_EVENT, 0);
	memset(&event, 0xff, sizeof(event));
	CHECK_EQ(parse(&m, &event), 0);
	CHECK_EQ(event.has, 0);
	CHECK(!event.path && !event.object.handle && !event.actor.comm);
	CHECK_EQ(event.object.stat.has, 0);
}

static void another_command(void)
{
	struct fanotify_nl_event event;
	union message m;

	message_fetch(&m, 0, 1);
	CHECK_EQ(parse(&m, &event), -ENOMSG);
}

/* A cut is malformed, unless it is between two attributes. */
static void every_length(void)
{
	size_t whole = 0, full;
	union message m;

	message_full(&m);
	full = m.nlh.nlmsg_len;
	for (size_t len = 0; len <= full; len++) {
		int ret;

		/* The message says more than there is. */
		m.nlh.nlmsg_len = full;
		CHECK_EQ(parse_copy(&m, len), len == full ? 0 : -EBADMSG);
		/* The message itself is short. */
		m.nlh.nlmsg_len = len;
		ret = parse_copy(&m, len);
		CHECK(!ret || ret == -EBADMSG);
		CHECK(ret || len >= NLMSG_HDRLEN + GENL_HDRLEN);
		whole += !ret;
	}
	/* After the head and after each attribute, before or within padding. */
	CHECK(whole > FANOTIFY_A_EVENT_MAX && whole < 4 * FANOTIFY_A_EVENT_MAX);
}

/* Where the first attribute of a number is, by walking. */
static struct nlattr *find(union message *m, unsigned int type)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, &m->nlh, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static void every_wrong_size(void)
{
	struct fanotify_nl_event event;

	for (unsigned int type = 1; type <= FANOTIFY_A_EVENT_MAX; type++) {
		for (unsigned int size = 0; size < 300; size++) {
			char data[300];
			union message full, m;
			struct nlattr *attr;
			bool right;
			int ret;

			memset(data, 'x', sizeof(data));
			message_full(&full);
			attr = find(&full, type);
			CHECK(attr);
			message_init(&m, FANOTIFY_CMD_EVENT, 0);
			mnl_attr_put(&m.nlh, type, size, data);
			ret = parse(&m, &event);
			/* Only numbers and the uuid are right with any bytes. */
			switch (type) {
			case FANOTIFY_A_EVENT_SEQ ... FANOTIFY_A_EVENT_MNT_ID:
			case FANOTIFY_A_EVENT_ERROR:
			case FANOTIFY_A_EVENT_OFFSET ... FANOTIFY_A_EVENT_LENGTH:
			case FANOTIFY_A_EVENT_COUNT ... FANOTIFY_A_EVENT_LAST_BOOTTIME:
			case FANOTIFY_A_EVENT_DEADLINE:
				right = size == mnl_attr_get_payload_len(attr);
				break;
			case FANOTIFY_A_EVENT_OBJECT ... FANOTIFY_A_EVENT_NEW_DIR:
			case FANOTIFY_A_EVENT_TARGET:
			case FANOTIFY_A_EVENT_ACTOR:
			case FANOTIFY_A_EVENT_GAP:
				right = size == 0;
				break;
			default:
				right = false;
			}
			CHECK_EQ(ret, right ? 0 : -EBADMSG);
		}
	}
}

static int parse_nested(__u16 outer, __u16 inner, const void *data, size_t len)
{
	struct fanotify_nl_event event;
	struct nlattr *nest;
	union message m;

	message_init(&m, FANOTIFY_CMD_EVENT, 0);
	nest = mnl_attr_nest_start(&m.nlh, outer);
	mnl_attr_put(&m.nlh, inner, len, data);
	mnl_attr_nest_end(&m.nlh, nest);
	return parse(&m, &event);
}

static void wrong_sizes_in_nests(void)
{
	char data[200] = { 0 };

	for (size_t len = 0; len < sizeof(data); len++) {
		bool u32 = len == 4, u64 = len == 8;

		CHECK_EQ(parse_nested(FANOTIFY_A_EVENT_OBJECT, FANOTIFY_A_NODE_HANDLE, data, len),
			 len >= 1 && len <= FANOTIFY_HANDLE_MAX ? 0 : -EBADMSG);
		CHECK_EQ(parse_nested(FANOTIFY_A_EVENT_DIR, FANOTIFY_A_NODE_HANDLE_TYPE, data, len),
			 u32 ? 0 : -EBADMSG);
		CHECK_EQ(parse_nested(FANOTIFY_A_EVENT_ACTOR, FANOTIFY_A_ACTOR_TGID, data, len),
			 u32 ? 0 : -EBADMSG);
		CHECK_EQ(parse_nested(FANOTIFY_A_EVENT_ACTOR, FANOTIFY_A_ACTOR_START, data, len),
			 u64 ? 0 : -EBADMSG);
		CHECK_EQ(parse_nested(FANOTIFY_A_EVENT_GAP, FANOTIFY_A_GAP_COUNT, data, len),
			 u64 ? 0 : -EBADMSG);
		/* A comm of NULs only is right if there is one. */
		CHECK_EQ(parse_nested(FANOTIFY_A_EVENT_ACTOR, FANOTIFY_A_ACTOR_COMM, data, len),
			 len == 1 ? 0 : -EBADMSG);
	}
}

static int parse_string(__u16 type, const char *data, size_t len)
{
	struct fanotify_nl_event event;
	union message m;

	message_init(&m, FANOTIFY_CMD_EVENT, 0);
	mnl_attr_put(&m.nlh, type, len, data);
	return parse(&m, &event);
}

static void strings(void)
{
	char longest[FANOTIFY_PATH_MAX + 2];

	memset(longest, 'n', sizeof(longest));
	longest[FANOTIFY_PATH_MAX] = '\0';
	longest[FANOTIFY_PATH_MAX + 1] = '\0';
	CHECK_EQ(parse_string(FANOTIFY_A_EVENT_NAME, longest, FANOTIFY_PATH_MAX + 1), 0);
	CHECK_EQ(parse_string(FANOTIFY_A_EVENT_NAME, longest, FANOTIFY_PATH_MAX), -EBADMSG);
	CHECK_EQ(parse_string(FANOTIFY_A_EVENT_NAME, longest, FANOTIFY_PATH_MAX + 2), -EBADMSG);
	longest[FANOTIFY_PATH_MAX] = 'n';
	CHECK_EQ(parse_string(FANOTIFY_A_EVENT_NAME, longest, FANOTIFY_PATH_MAX + 2), -EBADMSG);
	CHECK_EQ(parse_string(FANOTIFY_A_EVENT_PATH, longest, FANOTIFY_PATH_MAX + 2), 0);
	CHECK_EQ(parse_string(FANOTIFY_A_EVENT_NAME, "a\0b", 4), -EBADMSG);
	CHECK_EQ(parse_string(FANOTIFY_A_EVENT_NAME, "", 1), -EBADMSG);
	CHECK_EQ(parse_string(FANOTIFY_A_EVENT_NEW_NAME, "\xff\xfe", 3), 0);
	CHECK_EQ(parse_nested(FANOTIFY_A_EVENT_ACTOR, FANOTIFY_A_ACTOR_COMM, "sixteen  letters", 17),
		 -EBADMSG);
	CHECK_EQ(parse_nested(FANOTIFY_A_EVENT_ACTOR, FANOTIFY_A_ACTOR_COMM, "no end", 6), -EBADMSG);
}

/* What a later kernel adds does not disturb. */
static void unknown_attributes(void)
{
	struct fanotify_nl_event event;
	struct nlattr *nest;
	union message m;

	message_full(&m);
	for (unsigned int type = FANOTIFY_A_EVENT_MAX + 1; type < 60; type++)
		mnl_attr_put(&m.nlh, type, type, &m);
	mnl_attr_put_u64(&m.nlh, 0x3fff, 1);
	mnl_attr_put_u64(&m.nlh, 0, 1);
	CHECK_EQ(parse(&m, &event), 0);
	CHECKED(check_full(&event));

	nest = mnl_attr_nest_start(&m.nlh, FANOTIFY_A_EVENT_ACTOR);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_ACTOR_MAX + 1, 1);
	mnl_attr_put_u32(&m.nlh, FANOTIFY_A_ACTOR_TGID, 99);
	mnl_attr_nest_end(&m.nlh, nest);
	CHECK_EQ(parse(&m, &event), 0);
	CHECK_EQ(event.actor.tgid, 99);
}

static void attribute_lengths_that_lie(void)
{
	struct fanotify_nl_event event;
	union message m;

	for (unsigned int len = 0; len < 64; len++) {
		message_event(&m, 1);
		find(&m, FANOTIFY_A_EVENT_MASK)->nla_len = len;
		CHECK_EQ(parse(&m, &event), len == 12 ? 0 : -EBADMSG);
	}
}

/* Each bit of a full message turned over, one after the other. */
static void every_bit(void)
{
	union message m;

	message_full(&m);
	for (size_t bit = 0; bit < m.nlh.nlmsg_len * 8UL; bit++) {
		size_t len = m.nlh.nlmsg_len;
		int ret;

		m.bytes[bit / 8] ^= 1 << bit % 8;
		ret = parse_copy(&m, len);
		m.bytes[bit / 8] ^= 1 << bit % 8;
		CHECK(!ret || ret == -EBADMSG || ret == -ENOMSG);
	}
}

static void control(void)
{
	struct fanotify_nl_control control;
	union message m;

	message_control(&m);
	CHECK_EQ(fanotify_nl_parse_control(&m, m.nlh.nlmsg_len, &control), 0);
	CHECK_EQ(control.has, (2ULL << FANOTIFY_A_CONTROL_MAX) - 2);
	CHECK_EQ(control.what, FANOTIFY_CONTROL_EVENT_TIMEOUT);
	CHECK_EQ(control.group, 2);
	CHECK_EQ(control.member, 3);
	CHECK_EQ(control.tgid, 4);
	CHECK_EQ(control.uid, 5);
	CHECK_EQ(control.id, 6);
	CHECK_EQ(control.outcome, 7);
	CHECK_EQ(control.realtime, 8);
	for (size_t len = 0; len < m.nlh.nlmsg_len; len++)
		CHECK_EQ(fanotify_nl_parse_control(&m, len, &control), -EBADMSG);
	message_event(&m, 1);
	CHECK_EQ(fanotify_nl_parse_control(&m, m.nlh.nlmsg_len, &control), -ENOMSG);
}

TAP_MAIN(
	{ "parse: every attribute", every_attribute },
	{ "parse: any alignment", any_alignment },
	{ "parse: nothing but a head", nothing_but_a_head },
	{ "parse: another command", another_command },
	{ "parse: every truncated length", every_length },
	{ "parse: every attribute with every wrong size", every_wrong_size },
	{ "parse: wrong sizes in nests", wrong_sizes_in_nests },
	{ "parse: strings without an end, with NUL inside, too long, empty", strings },
	{ "parse: unknown attributes are skipped", unknown_attributes },
	{ "parse: attribute lengths that lie", attribute_lengths_that_lie },
	{ "parse: every bit turned over", every_bit },
	{ "parse: what happens to permission groups", control },
)
