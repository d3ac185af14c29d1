// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: the values of conditions.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fanotifyctl.h"
#include "parser.h"

/* A larger list was named by mistake. */
#define HASHES_MAX	(1U << 30)

static const struct {
	const char *name;
	enum operation operation;
} operations[] = {
	{ "open", OPERATION_OPEN },
	{ "exec", OPERATION_EXEC },
	{ "access", OPERATION_ACCESS },
};

const char *operation_name(__u64 bit)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].operation == bit)
			return operations[i].name;
	return NULL;
}

static int bad_value(struct parser *p, const struct value *value, const char *what)
{
	return parser_expected(p, value->at, value->len, what);
}

static int value_operation(struct parser *p, struct condition *condition,
			   const struct value *value)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (!strcmp(operations[i].name, value->text)) {
			condition->operations |= operations[i].operation;
			return 0;
		}
	}
	return bad_value(p, value, "open, exec or access");
}

/* Globs and paths, which are absolute. */
static int value_path(struct parser *p, struct condition *condition, const struct value *value)
{
	char *path = xstrdup(value->text);
	size_t len = strlen(path);
	const char *wrong;

	condition->texts = xrealloc(condition->texts,
				    (condition->count + 1) * sizeof(*condition->texts));
	condition->texts[condition->count++] = path;
	if (condition->key == CONDITION_SUBTREE) {
		while (len > 1 && path[len - 1] == '/')
			path[--len] = '\0';
		return *path == '/' ? 0 : bad_value(p, value, "an absolute path");
	}
	if (*path != '/' && strncmp(path, "**", 2))
		return bad_value(p, value, "an absolute path, or ** at its start");
	wrong = glob_check(path);
	return wrong ? bad_value(p, value, wrong) : 0;
}

/* The user of that name in /etc/passwd: no other service may be asked, as it could wait. */
static int user_id(const char *name, __u64 *id)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry;
	int ret = -1;

	while (ret && file && (entry = fgetpwent(file))) {
		if (strcmp(entry->pw_name, name))
			continue;
		*id = entry->pw_uid;
		ret = 0;
	}
	if (file)
		fclose(file);
	return ret;
}

static int parse_end(const struct condition *condition, const char *text, __u64 *number)
{
	__u32 id;

	if (condition->key == CONDITION_SIZE)
		return parse_bytes(text, number);
	if (parse_u32(text, &id))
		return -1;
	*number = id;
	return 0;
}

/* N, N-M, N- or -M */
static int value_range(struct parser *p, struct condition *condition, const struct value *value)
{
	bool size = condition->key == CONDITION_SIZE;
	struct range range = { .last = size ? ~0ULL : ~0U };
	char *text = xstrdup(value->text);
	char *dash = strchr(text, '-');
	int ret = 0;

	if (!dash) {
		ret = parse_end(condition, text, &range.first);
		if (ret && !size)
			ret = user_id(text, &range.first);
		range.last = range.first;
	} else {
		*dash = '\0';
		if (*text)
			ret = parse_end(condition, text, &range.first);
		if (!ret && dash[1])
			ret = parse_end(condition, dash + 1, &range.last);
		if (!*text && !dash[1])
			ret = -1;
		/* the name of a user may have a dash in it */
		*dash = '-';
		if (ret && !size) {
			ret = user_id(text, &range.first);
			range.last = range.first;
		}
	}
	free(text);
	if (ret && size)
		return bad_value(p, value, "bytes (K, M, G may follow) or a range FROM-TO of them");
	if (ret)
		return bad_value(p, value,
				 "a user's number, name in /etc/passwd, or a range FROM-TO of numbers");
	if (range.first > range.last)
		return bad_value(p, value, "a range that ends above its start");
	condition->ranges = xrealloc(condition->ranges,
				     (condition->count + 1) * sizeof(*condition->ranges));
	condition->ranges[condition->count++] = range;
	return 0;
}

/* Return: what is in the file, ended by NUL; NULL with errno. */
char *read_whole_file(const char *path, size_t max, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	struct stat st;
	ssize_t n = 0;

	*len = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st)) {
		n = -1;
	} else if (!S_ISREG(st.st_mode)) {
		n = -1;
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	} else if (st.st_size > (off_t)max) {
		n = -1;
		errno = EFBIG;
	} else {
		text = xrealloc(NULL, st.st_size + 1);
		while (*len < (size_t)st.st_size &&
		       (n = read(fd, text + *len, st.st_size - *len)) > 0)
			*len += n;
		text[*len] = '\0';
	}
	if (n < 0) {
		int error = errno;

		free(text);
		text = NULL;
		errno = error;
	}
	close(fd);
	return text;
}

/* A path in a rules file is relative to the folder of that. */
static char *beside(const char *name, const char *path)
{
	const char *slash = strrchr(name, '/');

	if (*path == '/' || !slash)
		return xstrdup(path);
	return xasprintf("%.*s/%s", (int)(slash - name), name, path);
}

static int value_hashes(struct parser *p, struct condition *condition, const struct value *value)
{
	char *path = beside(p->name, value->text);
	unsigned int line, column;
	char *list, *text = NULL;
	size_t len;

	list = read_whole_file(path, HASHES_MAX, &len);
	if (!list)
		text = xasprintf("expected a file of hashes, but %s: %s", path, strerror(errno));
	else if (hashes_parse(&condition->hashes, list, len, &line, &column))
		text = xasprintf("%s:%u:%u: expected 64 hexadecimal digits and a blank", path,
				 line, column);
	if (text)
		parser_report(p, value->at, text);
	free(list);
	free(path);
	if (!text)
		return 0;
	free(text);
	return -1;
}

static const struct {
	int (*take)(struct parser *p, struct condition *condition, const struct value *value);
	const char *what;
} values[] = {
	[CONDITION_OP] = { value_operation, "open, exec or access" },
	[CONDITION_PATH] = { value_path, "a glob" },
	[CONDITION_SUBTREE] = { value_path, "an absolute path" },
	[CONDITION_EXEC] = { value_path, "a glob" },
	[CONDITION_UID] = { value_range, "a user's number or name" },
	[CONDITION_OWNER] = { value_range, "a user's number or name" },
	[CONDITION_SIZE] = { value_range, "bytes, or a range of them" },
	[CONDITION_SHA256] = { value_hashes, "a file of hashes" },
};

int value_take(struct parser *p, struct condition *condition, const struct value *value)
{
	return values[condition->key].take(p, condition, value);
}

const char *value_what(enum condition_key key)
{
	return values[key].what;
}
