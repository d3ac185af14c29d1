// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "input.h"

#define NESTS_MAX	4096

struct build {
	struct input *input;
	const struct input_names *names;
	size_t msg;
	size_t nest[NESTS_MAX];
	unsigned int nests;
	bool len_given;
};

static void *grow(struct build *b, size_t len)
{
	unsigned char *p = b->input->data + b->input->len;

	if (b->input->len + NLA_ALIGN(len) > INPUT_SENT_MAX)
		return NULL;
	memset(p, 0, NLA_ALIGN(len));
	b->input->len += NLA_ALIGN(len);
	return p;
}

static struct nlmsghdr *message(struct build *b)
{
	return (struct nlmsghdr *)(b->input->data + b->msg);
}

static void end_message(struct build *b)
{
	if (b->input->messages && !b->len_given)
		message(b)->nlmsg_len = b->input->len - b->msg;
	b->nests = 0;
	b->len_given = false;
}

static int begin_message(struct build *b, char *args)
{
	static __u32 seq = 1 << 20;
	unsigned int flags = NLM_F_REQUEST | NLM_F_ACK, version = 1, reserved = 0;
	char *word = strtok(args, " ");
	unsigned int cmd = word ? strtoul(word, NULL, 0) : 0;
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;

	while ((word = strtok(NULL, " "))) {
		char *value = strtok(NULL, " ");

		if (!value)
			return -EINVAL;
		if (!strcmp(word, "flags"))
			flags = strtoul(value, NULL, 0);
		else if (!strcmp(word, "version"))
			version = strtoul(value, NULL, 0);
		else if (!strcmp(word, "reserved"))
			reserved = strtoul(value, NULL, 0);
		else
			return -EINVAL;
	}
	end_message(b);
	if (b->input->messages == INPUT_MESSAGES_MAX)
		return -E2BIG;
	b->msg = b->input->len;
	nlh = grow(b, NLMSG_HDRLEN + GENL_HDRLEN);
	if (!nlh)
		return -E2BIG;
	nlh->nlmsg_type = b->names->family;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = ++seq;
	genl = (struct genlmsghdr *)(nlh + 1);
	genl->cmd = cmd;
	genl->version = version;
	genl->reserved = reserved;
	if (!b->input->messages)
		b->input->first_seq = seq;
	b->input->cmd[b->input->messages++] = cmd;
	b->input->dump = (flags & NLM_F_DUMP) == NLM_F_DUMP;
	return 0;
}

static size_t hex(const char *from, unsigned char *to, size_t max)
{
	size_t len = 0;
	unsigned int byte;

	while (len < max && sscanf(from + 2 * len, "%2x", &byte) == 1)
		to[len++] = byte;
	return len;
}

static int find_fd(const struct input_names *names, const char *name)
{
	for (int i = 0; names->fd_name[i]; i++)
		if (!strcmp(names->fd_name[i], name))
			return names->fd[i];
	return -1;
}

static int put_attr(struct build *b, unsigned int type, const void *data, size_t len)
{
	struct nlattr *nla = grow(b, NLA_HDRLEN + len);

	if (!nla)
		return -E2BIG;
	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	memcpy(nla + 1, data, len);
	return 0;
}

static int attr(struct build *b, char *args)
{
	static unsigned char bytes[INPUT_SENT_MAX];
	char *type_word = strtok(args, " "), *kind = strtok(NULL, " ");
	char *value = strtok(NULL, " "), *count = strtok(NULL, " ");
	unsigned int type;
	__u64 number;
	__u32 word;

	if (!kind)
		return -EINVAL;
	type = strtoul(type_word, NULL, 0);
	number = value ? strtoull(value, NULL, 0) : 0;
	word = number;
	if (!strcmp(kind, "group"))
		return put_attr(b, type, &b->names->group, sizeof(__u32));
	if (!strcmp(kind, "journal"))
		return put_attr(b, type, &b->names->journal, sizeof(__u32));
	if (!strcmp(kind, "token"))
		return put_attr(b, type, &b->names->token, sizeof(__u64));
	if (!strcmp(kind, "event"))
		return put_attr(b, type, &b->names->event, sizeof(__u64));
	if (!strcmp(kind, "held"))
		return put_attr(b, type, &b->names->held, sizeof(__u32));
	if (!strcmp(kind, "hex"))
		return put_attr(b, type, bytes, value ? hex(value, bytes, sizeof(bytes)) : 0);
	if (!value)
		return -EINVAL;
	if (!strcmp(kind, "u32"))
		return put_attr(b, type, &word, sizeof(word));
	if (!strcmp(kind, "u64"))
		return put_attr(b, type, &number, sizeof(number));
	if (!strcmp(kind, "text"))
		return put_attr(b, type, value, strlen(value) + 1);
	if (!strcmp(kind, "fd")) {
		int fd = find_fd(b->names, value);

		return put_attr(b, type, &fd, sizeof(fd));
	}
	if (!strcmp(kind, "fill") && count) {
		size_t len = strtoul(count, NULL, 0);

		if (len > 65531)
			return -E2BIG;
		memset(bytes, number, len);
		return put_attr(b, type, bytes, len);
	}
	return -EINVAL;
}

static int nest(struct build *b, const char *args)
{
	if (b->nests == NESTS_MAX)
		return -E2BIG;
	b->nest[b->nests++] = b->input->len;
	return put_attr(b, strtoul(args, NULL, 0), NULL, 0);
}

static int end_nest(struct build *b)
{
	struct nlattr *nla;

	if (!b->nests)
		return -EINVAL;
	nla = (struct nlattr *)(b->input->data + b->nest[--b->nests]);
	nla->nla_len = b->input->len - b->nest[b->nests];
	return 0;
}

static int mangle(struct build *b, const char *how, const char *args)
{
	unsigned int first = 0, second = 0;

	sscanf(args, "%i %i", (int *)&first, (int *)&second);
	b->input->mangled = true;
	if (!strcmp(how, "len")) {
		message(b)->nlmsg_len = first;
		b->len_given = true;
	} else if (!strcmp(how, "patch")) {
		if (b->msg + first >= b->input->len)
			return 0;
		/* a later end would undo a patch of the length */
		if (!b->len_given)
			message(b)->nlmsg_len = b->input->len - b->msg;
		b->len_given = true;
		b->input->data[b->msg + first] = second;
	} else {
		end_message(b);
		b->len_given = true;
		b->input->len -= first < b->input->len ? first : b->input->len - 1;
	}
	return 0;
}

static int build_line(struct build *b, char *line)
{
	char *args = line + strcspn(line, " ");

	if (*args)
		*args++ = '\0';
	if (!strcmp(line, "from")) {
		b->input->from_member = !strcmp(args, "member");
		return 0;
	}
	if (!strcmp(line, "cmd"))
		return begin_message(b, args);
	if (!b->input->messages)
		return -EINVAL;
	if (!strcmp(line, "attr"))
		return attr(b, args);
	if (!strcmp(line, "nest"))
		return nest(b, args);
	if (!strcmp(line, "end"))
		return end_nest(b);
	if (!strcmp(line, "len") || !strcmp(line, "patch") || !strcmp(line, "cut"))
		return mangle(b, line, args);
	return -EINVAL;
}

int input_build(struct input *input, const char *text, const struct input_names *names)
{
	static struct build b;
	static char line[INPUT_SENT_MAX * 2 + 64];
	int ret = 0;

	memset(&b, 0, sizeof(b));
	b.input = input;
	b.names = names;
	input->from_member = input->mangled = false;
	input->messages = 0;
	input->len = 0;
	while (*text && !ret) {
		size_t len = strcspn(text, "\n");

		if (len >= sizeof(line))
			return -E2BIG;
		memcpy(line, text, len);
		line[len] = '\0';
		text += len + (text[len] == '\n');
		if (len && line[0] != '#')
			ret = build_line(&b, line);
	}
	end_message(&b);
	return ret ? ret : input->messages ? 0 : -EINVAL;
}
