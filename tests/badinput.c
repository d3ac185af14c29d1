// SPDX-License-Identifier: GPL-2.0
/*
 * Bad input: every refusal is an error with a text, and leaves no trace.
 */
#include <sys/klog.h>

#include "test.h"

#define INODE		FANOTIFY_MARK_TYPE_INODE
#define MOUNT		FANOTIFY_MARK_TYPE_MOUNT
#define FILESYSTEM	FANOTIFY_MARK_TYPE_FILESYSTEM
#define GLOBAL		FANOTIFY_MARK_TYPE_GLOBAL

/* What a value must be like, so that tests know one that is good. */
enum value { NONE, U32, U64, UINT, FD, HANDLE, FLAG, TEXT, GROUP, TOKEN };

struct attr {
	int type;
	enum value value;
	__u64 good;
	__u64 mask;		/* of a bitmap: the bits that are known */
	bool needed;
};

struct command {
	const char *name;
	int cmd;
	struct attr attrs[12];
};

#define KINDS		KIND(OPEN)

static const struct command commands[] = {
	{ "bind", FANOTIFY_CMD_BIND, {
		{ FANOTIFY_A_GROUP_NUMBER, U32, 77 },
		{ FANOTIFY_A_GROUP_PRIORITY, U32, 1 },
		{ FANOTIFY_A_GROUP_MASK, UINT, KINDS },
		{ FANOTIFY_A_GROUP_STAT_MASK, U32, 2, 0x7fe },
		{ FANOTIFY_A_GROUP_OPEN_FLAGS, U32, O_RDONLY,
		  O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_CLOEXEC | 0100000 | O_NOATIME },
		{ FANOTIFY_A_GROUP_QUEUE_LIMIT, UINT, 1 << 20 },
		{ FANOTIFY_A_GROUP_FLAGS, U32, 1, 15 },
	} },
	{ "unbind", FANOTIFY_CMD_UNBIND, {
		{ FANOTIFY_A_GROUP_NUMBER, GROUP, .needed = true },
		{ FANOTIFY_A_GROUP_TOKEN, TOKEN, .needed = true },
	} },
	{ "group-get", FANOTIFY_CMD_GROUP_GET, {
		{ FANOTIFY_A_GROUP_NUMBER, GROUP, .needed = true },
	} },
	{ "group-set", FANOTIFY_CMD_GROUP_SET, {
		{ FANOTIFY_A_GROUP_NUMBER, GROUP, .needed = true },
		{ FANOTIFY_A_GROUP_TOKEN, TOKEN },
		{ FANOTIFY_A_GROUP_PRIORITY, U32, 1 },
		{ FANOTIFY_A_GROUP_MASK, UINT, KINDS },
		{ FANOTIFY_A_GROUP_STAT_MASK, U32, 2, 0x7fe },
		{ FANOTIFY_A_GROUP_QUEUE_LIMIT, UINT, 1 << 20 },
		{ FANOTIFY_A_GROUP_FLAGS, U32, 1, 15 },
	} },
	{ "mark-add", FANOTIFY_CMD_MARK_ADD, {
		{ FANOTIFY_A_MARK_GROUP, GROUP, .needed = true },
		{ FANOTIFY_A_MARK_TOKEN, TOKEN, .needed = true },
		{ FANOTIFY_A_MARK_TYPE, U32, MOUNT, .needed = true },
		{ FANOTIFY_A_MARK_FD, FD, .needed = true },
		{ FANOTIFY_A_MARK_MASK, UINT, KINDS },
		{ FANOTIFY_A_MARK_IGNORE_MASK, UINT, KIND(MODIFY) },
		{ FANOTIFY_A_MARK_FLAGS, U32, 2, 3 },
		{ FANOTIFY_A_MARK_MNT_ID, U64, 5 },
	} },
	{ "mark-remove", FANOTIFY_CMD_MARK_REMOVE, {
		{ FANOTIFY_A_MARK_GROUP, GROUP, .needed = true },
		{ FANOTIFY_A_MARK_TOKEN, TOKEN, .needed = true },
		{ FANOTIFY_A_MARK_TYPE, U32, INODE, .needed = true },
		{ FANOTIFY_A_MARK_FD, FD, .needed = true },
		{ FANOTIFY_A_MARK_MASK, UINT, KINDS },
		{ FANOTIFY_A_MARK_IGNORE_MASK, UINT, KIND(MODIFY) },
	} },
	{ "mark-flush", FANOTIFY_CMD_MARK_FLUSH, {
		{ FANOTIFY_A_MARK_GROUP, GROUP, .needed = true },
		{ FANOTIFY_A_MARK_TOKEN, TOKEN, .needed = true },
		{ FANOTIFY_A_MARK_TYPE, U32, GLOBAL },
	} },
	{ "fetch", FANOTIFY_CMD_FETCH, {
		{ FANOTIFY_A_FETCH_MAX_BYTES, U32, FANOTIFY_FETCH_MIN },
	} },
	{ "event-open", FANOTIFY_CMD_EVENT_OPEN, {
		{ FANOTIFY_A_EVENT_OPEN_GROUP, GROUP, .needed = true },
		{ FANOTIFY_A_EVENT_OPEN_TOKEN, TOKEN, .needed = true },
		{ FANOTIFY_A_EVENT_OPEN_MOUNT_FD, FD, .needed = true },
		{ FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE, U32, 1, .needed = true },
		{ FANOTIFY_A_EVENT_OPEN_HANDLE, HANDLE, .needed = true },
	} },
	{ "caps-get", FANOTIFY_CMD_CAPS_GET, { } },
};

FIXTURE(bad)
{
	struct nl nl;
	struct nl member;
	__u32 number;
	__u64 token;
	int fd;
};

FIXTURE_SETUP(bad)
{
	ASSERT_EQ(0, work_here());
	ASSERT_EQ(0, make_file("file"));
	ASSERT_EQ(0, mkdir("dir", 0755));
	self->fd = open(".", O_PATH | O_CLOEXEC);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_open(&self->member));
	ASSERT_EQ(0, nl_bind(&self->member, &self->number, &self->token));
	ASSERT_EQ(0, nl_mark(&self->nl, self->number, self->token, INODE, self->fd, KINDS));
}

static int state(struct nl *nl, __u32 number, int attr)
{
	nl_begin(nl, FANOTIFY_CMD_GROUP_GET, 0);
	nl_put_u32(nl, FANOTIFY_A_GROUP_NUMBER, number);
	return nl_call(nl) ? -1 : (int)nl_uint(nl_attr(nl->reply, attr));
}

/* After whatever a test sent, the module is well and has done nothing of it. */
FIXTURE_TEARDOWN(bad)
{
	EXPECT_EQ(1, state(&self->nl, self->number, FANOTIFY_A_GROUP_MEMBERS));
	EXPECT_EQ(1, state(&self->nl, self->number, FANOTIFY_A_GROUP_MARKS));
	EXPECT_EQ(0, state(&self->nl, self->number, FANOTIFY_A_GROUP_PRIORITY));
	nl_begin(&self->nl, FANOTIFY_CMD_GROUP_GET, 0);
	EXPECT_EQ(0, nl_dump(&self->nl, NULL, NULL));
	EXPECT_EQ(1, self->nl.replies);
	EXPECT_EQ(0, nl_mark(&self->nl, self->number, self->token, FILESYSTEM, self->fd,
			     KIND(CREATE)));
	EXPECT_EQ(0, make_file("alive"));
	EXPECT_LT(0, nl_recv(&self->member, 0));
	nl_close(&self->member);
	nl_close(&self->nl);
}

static const void *good(const FIXTURE_DATA(bad) *self, const struct attr *attr, size_t *len)
{
	static const __u8 handle[12] = { 1, 2, 3 };
	static __u32 u32;
	static __u64 u64;

	*len = sizeof(u32);
	u32 = attr->good;
	switch (attr->value) {
	case GROUP:
		u32 = self->number;
		return &u32;
	case FD:
		u32 = self->fd;
		return &u32;
	case HANDLE:
		*len = sizeof(handle);
		return handle;
	case TOKEN:
		u64 = self->token;
		*len = sizeof(u64);
		return &u64;
	case U64:
	case UINT:
		u64 = attr->good;
		*len = sizeof(u64);
		return &u64;
	default:
		return &u32;
	}
}

/* A good command but for the attribute number @skip. */
static void begin(FIXTURE_DATA(bad) *self, const struct command *command, int skip)
{
	nl_begin(&self->nl, command->cmd, 0);
	for (int i = 0; command->attrs[i].value; i++) {
		size_t len;
		const void *data = good(self, &command->attrs[i], &len);

		if (i != skip)
			nl_put(&self->nl, command->attrs[i].type, data, len);
	}
}

#define EXPECT_REFUSED(error, nl) do { \
	EXPECT_EQ(error, nl_call(nl)) TH_LOG("%s", (nl)->text); \
	EXPECT_STRNE("", (nl)->text); \
} while (0)

TEST_F(bad, size_of_each_attribute)
{
	static const __u8 bytes[32];

	for (size_t c = 0; c < ARRAY_SIZE(commands); c++) {
		for (int a = 0; commands[c].attrs[a].value; a++) {
			const struct attr *attr = &commands[c].attrs[a];

			for (size_t len = 0; len <= 16; len++) {
				int ret;

				if (attr->value == HANDLE ||
				    (attr->value == UINT && (len == 4 || len == 8)) ||
				    len == (attr->value == U64 || attr->value == TOKEN ? 8 : 4))
					continue;
				begin(self, &commands[c], a);
				nl_put(&self->nl, attr->type, bytes, len);
				ret = nl_call(&self->nl);
				EXPECT_TRUE(ret == -ERANGE || ret == -EINVAL) {
					TH_LOG("%s attribute %d of %zu bytes: %d", commands[c].name,
					       attr->type, len, ret);
				}
				EXPECT_STRNE("", self->nl.text);
				EXPECT_NE(0, self->nl.bad_attr);
			}
		}
	}
}

TEST_F(bad, each_attribute_missing)
{
	for (size_t c = 0; c < ARRAY_SIZE(commands); c++) {
		for (int a = 0; commands[c].attrs[a].value; a++) {
			if (!commands[c].attrs[a].needed)
				continue;
			begin(self, &commands[c], a);
			EXPECT_EQ(-EINVAL, nl_call(&self->nl)) {
				TH_LOG("%s without %d", commands[c].name, commands[c].attrs[a].type);
			}
			/* the kernel's own word for it is the number */
			EXPECT_EQ(commands[c].attrs[a].type, self->nl.miss_type) {
				TH_LOG("%s without %d", commands[c].name, commands[c].attrs[a].type);
			}
		}
	}
}

TEST_F(bad, each_unknown_bit)
{
	for (size_t c = 0; c < ARRAY_SIZE(commands); c++) {
		for (int a = 0; commands[c].attrs[a].value; a++) {
			const struct attr *attr = &commands[c].attrs[a];

			if (!attr->mask)
				continue;
			for (int bit = 0; bit < 32; bit++) {
				if (attr->mask >> bit & 1)
					continue;
				begin(self, &commands[c], a);
				nl_put_u32(&self->nl, attr->type, attr->good | 1U << bit);
				EXPECT_EQ(-EINVAL, nl_call(&self->nl)) {
					TH_LOG("%s attribute %d bit %d", commands[c].name,
					       attr->type, bit);
				}
				EXPECT_STRNE("", self->nl.text);
				EXPECT_NE(0, self->nl.bad_attr);
			}
		}
	}
}

TEST_F(bad, each_unknown_attribute)
{
	static const int dumps[] = {
		FANOTIFY_CMD_GROUP_GET, FANOTIFY_CMD_MARK_GET, FANOTIFY_CMD_STATS_GET,
	};
	__u32 value = 1;

	for (size_t c = 0; c < ARRAY_SIZE(commands); c++) {
		for (int type = 0; type < 40; type++) {
			bool known = false;

			for (int a = 0; commands[c].attrs[a].value; a++)
				known |= commands[c].attrs[a].type == type;
			/* tested on their own */
			known |= commands[c].cmd == FANOTIFY_CMD_BIND &&
				 type == FANOTIFY_A_GROUP_EXCL;
			known |= (commands[c].cmd == FANOTIFY_CMD_BIND ||
				  commands[c].cmd == FANOTIFY_CMD_GROUP_SET) &&
				 type >= FANOTIFY_A_GROUP_TIMEOUT_MS &&
				 type <= FANOTIFY_A_GROUP_WINDOW;
			known |= commands[c].cmd == FANOTIFY_CMD_MARK_ADD &&
				 (type == FANOTIFY_A_MARK_FSTYPE || type == FANOTIFY_A_MARK_EXCL);
			if (known)
				continue;
			begin(self, &commands[c], -1);
			nl_put(&self->nl, type, &value, sizeof(value));
			EXPECT_EQ(-EINVAL, nl_call(&self->nl)) {
				TH_LOG("%s with attribute %d", commands[c].name, type);
			}
			EXPECT_STRNE("", self->nl.text);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(dumps); i++) {
		for (int type = 2; type < 40; type++) {
			nl_begin(&self->nl, dumps[i], 0);
			nl_put(&self->nl, type, &value, sizeof(value));
			EXPECT_EQ(-EINVAL, nl_dump(&self->nl, NULL, NULL)) {
				TH_LOG("dump %d with attribute %d", dumps[i], type);
			}
			EXPECT_STRNE("", self->nl.text);
		}
	}
}

TEST_F(bad, each_unknown_command)
{
	for (int cmd = 0; cmd < 256; cmd++) {
		int ret;

		if (cmd && cmd <= FANOTIFY_CMD_MAX && cmd != FANOTIFY_CMD_EVENT &&
		    cmd != FANOTIFY_CMD_CONTROL_NTF && cmd != FANOTIFY_CMD_CONSUMER_GET)
			continue;
		nl_begin(&self->nl, cmd, 0);
		ret = nl_call(&self->nl);
		EXPECT_EQ(-EOPNOTSUPP, ret) TH_LOG("command %d", cmd);
	}
}

TEST_F(bad, each_kind_of_64)
{
	static const struct {
		int cmd, group, token, type, mask;
		__u32 mark;
	} places[] = {
		{ FANOTIFY_CMD_MARK_ADD, 0, 0, 0, FANOTIFY_A_MARK_MASK, INODE },
		{ FANOTIFY_CMD_MARK_ADD, 0, 0, 0, FANOTIFY_A_MARK_MASK, MOUNT },
		{ FANOTIFY_CMD_MARK_ADD, 0, 0, 0, FANOTIFY_A_MARK_MASK, FILESYSTEM },
		{ FANOTIFY_CMD_MARK_REMOVE, 0, 0, 0, FANOTIFY_A_MARK_MASK, MOUNT },
		{ FANOTIFY_CMD_MARK_ADD, 0, 0, 0, FANOTIFY_A_MARK_IGNORE_MASK, INODE },
		{ FANOTIFY_CMD_MARK_ADD, 0, 0, 0, FANOTIFY_A_MARK_IGNORE_MASK, FILESYSTEM },
	};
	struct fanotify_nl_caps caps;
	struct fanotify_nl *h;

	ASSERT_EQ(0, fanotify_nl_open(&h));
	ASSERT_EQ(0, fanotify_nl_caps(h, &caps));
	fanotify_nl_close(h);
	for (int bit = 0; bit < 64; bit++) {
		__u64 kind = 1ULL << bit;

		/* a bit that is not known is not legal either */
		EXPECT_EQ(0, caps.marks[INODE].mask & ~caps.kinds);
		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			const struct fanotify_nl_mark_caps *can = &caps.marks[places[i].mark];
			__u64 legal = places[i].mask == FANOTIFY_A_MARK_MASK ? can->mask :
									      can->ignore_mask;

			if (legal & kind)
				continue;
			nl_begin(&self->nl, places[i].cmd, 0);
			nl_put_u32(&self->nl, FANOTIFY_A_MARK_GROUP, self->number);
			nl_put_u64(&self->nl, FANOTIFY_A_MARK_TOKEN, self->token);
			nl_put_u32(&self->nl, FANOTIFY_A_MARK_TYPE, places[i].mark);
			nl_put_u32(&self->nl, FANOTIFY_A_MARK_FD, self->fd);
			nl_put_u64(&self->nl, places[i].mask, KIND(OPEN) | kind);
			EXPECT_EQ(-EINVAL, nl_call(&self->nl)) {
				TH_LOG("place %zu, bit %d", i, bit);
			}
			EXPECT_STRNE("", self->nl.text);
			EXPECT_NE(0, self->nl.bad_attr);
		}
		if (caps.kinds & ~KIND(GAP) & kind)
			continue;
		nl_begin(&self->nl, FANOTIFY_CMD_BIND, 0);
		nl_put_u64(&self->nl, FANOTIFY_A_GROUP_MASK, KIND(OPEN) | kind);
		EXPECT_REFUSED(-EINVAL, &self->nl);
		nl_begin(&self->nl, FANOTIFY_CMD_GROUP_SET, 0);
		nl_put_u32(&self->nl, FANOTIFY_A_GROUP_NUMBER, self->number);
		nl_put_u64(&self->nl, FANOTIFY_A_GROUP_TOKEN, self->token);
		nl_put_u64(&self->nl, FANOTIFY_A_GROUP_MASK, KIND(OPEN) | kind);
		EXPECT_REFUSED(-EINVAL, &self->nl);
	}
}

/* A mark-add or -remove, whose mask is left out if it is 0. */
static void begin_mark(FIXTURE_DATA(bad) *self, int cmd, __u32 type, int fd, __u64 mask)
{
	nl_begin(&self->nl, cmd, 0);
	nl_put_u32(&self->nl, FANOTIFY_A_MARK_GROUP, self->number);
	nl_put_u64(&self->nl, FANOTIFY_A_MARK_TOKEN, self->token);
	nl_put_u32(&self->nl, FANOTIFY_A_MARK_TYPE, type);
	nl_put_u32(&self->nl, FANOTIFY_A_MARK_FD, fd);
	if (mask)
		nl_put_u64(&self->nl, FANOTIFY_A_MARK_MASK, mask);
}

TEST_F(bad, types_of_mark)
{
	static const __u32 types[] = { 0, 6, 7, 255, 0x80000001, 0xffffffff };
	static const int cmds[] = { FANOTIFY_CMD_MARK_ADD, FANOTIFY_CMD_MARK_REMOVE };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(cmds); k++) {
			begin_mark(self, cmds[k], types[i], self->fd, KINDS);
			EXPECT_REFUSED(-ERANGE, &self->nl);
		}
	}
}

TEST_F(bad, masks_without_a_kind)
{
	static const __u64 masks[] = { 0, KIND(ONDIR), KIND(EVENT_ON_CHILD) };

	int dir = open("dir", O_PATH);

	/* what only modifies needs something to modify */
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		begin_mark(self, FANOTIFY_CMD_MARK_ADD, INODE, dir, masks[i]);
		EXPECT_REFUSED(-EINVAL, &self->nl);
	}
	begin_mark(self, FANOTIFY_CMD_MARK_ADD, INODE, self->fd, 0);
	EXPECT_REFUSED(-EINVAL, &self->nl);
	begin_mark(self, FANOTIFY_CMD_MARK_REMOVE, INODE, self->fd, 0);
	EXPECT_REFUSED(-EINVAL, &self->nl);

	nl_begin(&self->nl, FANOTIFY_CMD_MARK_ADD, 0);
	nl_put_u32(&self->nl, FANOTIFY_A_MARK_GROUP, self->number);
	nl_put_u64(&self->nl, FANOTIFY_A_MARK_TOKEN, self->token);
	nl_put_u32(&self->nl, FANOTIFY_A_MARK_TYPE, GLOBAL);
	nl_put_u64(&self->nl, FANOTIFY_A_MARK_MASK, KIND(ONDIR));
	nl_put_string(&self->nl, FANOTIFY_A_MARK_FSTYPE, "tmpfs");
	EXPECT_REFUSED(-EINVAL, &self->nl);
}

/* A longer text than the kernel has room for is cut, and logged. */
TEST_F(bad, permission_kinds_for_a_group_of_the_largest_number)
{
	struct nl nl;

	ASSERT_EQ(0, nl_open(&nl));
	nl_begin(&nl, FANOTIFY_CMD_BIND, 0);
	nl_put_u32(&nl, FANOTIFY_A_GROUP_NUMBER, 0xffffffff);
	ASSERT_EQ(0, nl_call(&nl));
	EXPECT_EQ(-EINVAL, nl_mark(&nl, 0xffffffff,
				   nl_uint(nl_attr(nl.reply, FANOTIFY_A_GROUP_TOKEN)),
				   FILESYSTEM, self->fd, KIND(OPEN_PERM)));
	EXPECT_NE(NULL, strstr(nl.text, "group 4294967295 has none"))
		TH_LOG("%s", nl.text);
	nl_close(&nl);
}

TEST_F(bad, kinds_of_directories_on_a_file)
{
	static const __u64 masks[] = {
		KIND(CREATE), KIND(MKDIR), KIND(DELETE), KIND(RMDIR), KIND(RENAME),
		KIND(MOVED_FROM), KIND(MOVED_TO), KIND(OPEN) | KIND(ONDIR),
		KIND(OPEN) | KIND(EVENT_ON_CHILD),
	};
	int fd = open("file", O_PATH);

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		begin_mark(self, FANOTIFY_CMD_MARK_ADD, INODE, fd, masks[i]);
		EXPECT_REFUSED(-ENOTDIR, &self->nl);
	}
}

TEST_F(bad, flags_that_do_not_go_together)
{
	begin_mark(self, FANOTIFY_CMD_MARK_ADD, MOUNT, self->fd, KINDS);
	nl_put_u32(&self->nl, FANOTIFY_A_MARK_FLAGS, FANOTIFY_MARK_FLAG_EVICTABLE);
	EXPECT_REFUSED(-EINVAL, &self->nl);
	begin_mark(self, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, self->fd, KINDS);
	nl_put_u32(&self->nl, FANOTIFY_A_MARK_FLAGS, FANOTIFY_MARK_FLAG_EVICTABLE);
	EXPECT_REFUSED(-EINVAL, &self->nl);
	begin_mark(self, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, self->fd, KINDS);
	nl_put_u32(&self->nl, FANOTIFY_A_MARK_FLAGS, FANOTIFY_MARK_FLAG_IGNORE_SURV_MODIFY);
	EXPECT_REFUSED(-EINVAL, &self->nl);
	begin_mark(self, FANOTIFY_CMD_MARK_ADD, FILESYSTEM, self->fd, KINDS);
	nl_put_u64(&self->nl, FANOTIFY_A_MARK_MNT_ID, 1);
	EXPECT_REFUSED(-EINVAL, &self->nl);
}

TEST_F(bad, descriptors)
{
	static const __u32 types[] = { INODE, MOUNT, FILESYSTEM };
	int fds[2], dead;

	ASSERT_EQ(0, pipe(fds));
	dead = dup(self->fd);
	close(dead);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		begin_mark(self, FANOTIFY_CMD_MARK_ADD, types[i], dead, KINDS);
		EXPECT_REFUSED(-EBADF, &self->nl);
		begin_mark(self, FANOTIFY_CMD_MARK_REMOVE, types[i], dead, KINDS);
		EXPECT_REFUSED(-EBADF, &self->nl);
		begin_mark(self, FANOTIFY_CMD_MARK_ADD, types[i], -1, KINDS);
		EXPECT_REFUSED(-ERANGE, &self->nl);
		begin_mark(self, FANOTIFY_CMD_MARK_ADD, types[i], AT_FDCWD, KINDS);
		EXPECT_REFUSED(-ERANGE, &self->nl);
		begin_mark(self, FANOTIFY_CMD_MARK_ADD, types[i], 1 << 20, KINDS);
		EXPECT_REFUSED(-EBADF, &self->nl);
		if (types[i] == INODE)
			continue;
		begin_mark(self, FANOTIFY_CMD_MARK_ADD, types[i], fds[0], KINDS);
		EXPECT_REFUSED(-EINVAL, &self->nl);
		begin_mark(self, FANOTIFY_CMD_MARK_ADD, types[i], self->nl.fd, KINDS);
		EXPECT_REFUSED(-EINVAL, &self->nl);
	}
}

TEST_F(bad, names_of_filesystem_types)
{
	char name[128];

	memset(name, 'x', sizeof(name));
	for (size_t len = 1; len <= sizeof(name); len++) {
		int ret;

		nl_begin(&self->nl, FANOTIFY_CMD_MARK_ADD, 0);
		nl_put_u32(&self->nl, FANOTIFY_A_MARK_GROUP, self->number);
		nl_put_u64(&self->nl, FANOTIFY_A_MARK_TOKEN, self->token);
		nl_put_u32(&self->nl, FANOTIFY_A_MARK_TYPE, FILESYSTEM);
		nl_put_u32(&self->nl, FANOTIFY_A_MARK_FD, self->fd);
		nl_put_u64(&self->nl, FANOTIFY_A_MARK_MASK, KINDS);
		nl_put(&self->nl, FANOTIFY_A_MARK_FSTYPE, name, len);
		ret = nl_call(&self->nl);
		/* only a global mark has them */
		EXPECT_EQ(len > FANOTIFY_FSTYPE_MAX ? -ERANGE : -EINVAL, ret) {
			TH_LOG("%zu bytes: %s", len, self->nl.text);
		}
		EXPECT_STRNE("", self->nl.text);
	}
}

TEST_F(bad, open_flags)
{
	static const __u32 flags[] = {
		O_ACCMODE, O_CREAT, O_TRUNC, O_EXCL, O_DIRECTORY, O_PATH, O_TMPFILE, O_NOFOLLOW,
		O_DIRECT, FASYNC,
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		nl_begin(&self->nl, FANOTIFY_CMD_BIND, 0);
		nl_put_u32(&self->nl, FANOTIFY_A_GROUP_OPEN_FLAGS, flags[i]);
		EXPECT_REFUSED(-EINVAL, &self->nl);
	}
}

TEST_F(bad, fetch)
{
	static const __u32 sizes[] = {
		0, 1, FANOTIFY_FETCH_MIN - 1, FANOTIFY_FETCH_MAX + 1, 0x80000000, 0xffffffff,
	};

	nl_begin(&self->nl, FANOTIFY_CMD_FETCH, 0);
	EXPECT_REFUSED(-ENOTCONN, &self->nl);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		nl_begin(&self->member, FANOTIFY_CMD_FETCH, 0);
		nl_put_u32(&self->member, FANOTIFY_A_FETCH_MAX_BYTES, sizes[i]);
		EXPECT_REFUSED(-ERANGE, &self->member);
	}
	nl_begin(&self->member, FANOTIFY_CMD_FETCH, 0);
	nl_put_u32(&self->member, FANOTIFY_A_FETCH_MAX_BYTES, FANOTIFY_FETCH_MAX);
	EXPECT_EQ(0, nl_call(&self->member));
}

static int event_open(FIXTURE_DATA(bad) *self, int fd, int type, const void *handle, size_t len)
{
	nl_begin(&self->nl, FANOTIFY_CMD_EVENT_OPEN, 0);
	nl_put_u32(&self->nl, FANOTIFY_A_EVENT_OPEN_GROUP, self->number);
	nl_put_u64(&self->nl, FANOTIFY_A_EVENT_OPEN_TOKEN, self->token);
	nl_put_u32(&self->nl, FANOTIFY_A_EVENT_OPEN_MOUNT_FD, fd);
	nl_put_u32(&self->nl, FANOTIFY_A_EVENT_OPEN_HANDLE_TYPE, type);
	nl_put(&self->nl, FANOTIFY_A_EVENT_OPEN_HANDLE, handle, len);
	return nl_call(&self->nl);
}

TEST_F(bad, handles)
{
	int disk = open("/mnt/disk", O_PATH), fds[2];
	unsigned char garbage[160];
	unsigned int seed = 1;

	ASSERT_EQ(0, pipe(fds));
	for (size_t len = 0; len <= sizeof(garbage); len++) {
		for (int type = -1; type < 5; type++) {
			for (size_t i = 0; i < sizeof(garbage); i++)
				garbage[i] = rand_r(&seed) >> 8;
			EXPECT_GT(0, event_open(self, self->fd, type, garbage, len)) {
				TH_LOG("type %d, %zu bytes", type, len);
			}
			EXPECT_STRNE("", self->nl.text) {
				TH_LOG("type %d, %zu bytes", type, len);
			}
			EXPECT_GT(0, event_open(self, disk, type, garbage, len));
			EXPECT_STRNE("", self->nl.text);
		}
	}
	EXPECT_EQ(-EINVAL, event_open(self, disk, 1, garbage, 132));
	EXPECT_GT(0, event_open(self, fds[0], 1, garbage, 8));
	EXPECT_STRNE("", self->nl.text);
	close(disk);
	EXPECT_EQ(-EBADF, event_open(self, disk, 1, garbage, 8));
	EXPECT_STRNE("", self->nl.text);
}

/* Bytes that are no message, or not quite one. */
TEST_F(bad, messages)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	unsigned int seed = 1;

	for (int i = 0; i < 5000; i++) {
		/* bind has no token to be wrong, and would succeed now and then */
		const struct command *command = &commands[1 + i % (ARRAY_SIZE(commands) - 1)];
		char copy[512];
		size_t len;

		begin(self, command, -1);
		len = self->nl.request->nlmsg_len;
		memcpy(copy, self->nl.request, len);
		/* the headers stay what they are, so that it arrives */
		for (int k = 0; k < 1 + i % 4 && len > 20; k++)
			copy[20 + rand_r(&seed) % (len - 20)] = rand_r(&seed) >> 8;
		/* last, as what is random could be right by chance */
		if (command->attrs[1].value == TOKEN)
			copy[32] = ((char *)self->nl.request)[32] ^ 0x55;
		if (i % 3 == 0) {
			len -= rand_r(&seed) % (len - 15);
			((struct nlmsghdr *)copy)->nlmsg_len = len;
		}
		sendto(self->nl.fd, copy, len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
		while (nl_recv(&self->nl, 0) > 0)
			;
	}
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

TEST_F(after_all, the_log_is_clean)
{
	static char log[1 << 20];
	int len = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, log, sizeof(log) - 1);

	ASSERT_LT(0, len);
	EXPECT_EQ(NULL, strstr(log, "BUG:"));
	EXPECT_EQ(NULL, strstr(log, "WARNING:"));
	EXPECT_EQ(NULL, strstr(log, "truncated extack"));
}

TEST_HARNESS_MAIN
