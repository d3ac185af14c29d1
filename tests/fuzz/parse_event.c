// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as an event message: nothing is read beyond them, and what the
 * parser says is there, is there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <fanotify-nl/fanotify-nl.h>

static void require(int condition)
{
	if (!condition)
		abort();
}

static const unsigned char *input;
static size_t input_len;

static void require_bytes(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	require(p >= input && len <= input_len && p <= input + input_len - len);
}

static void require_string(const char *s, size_t len)
{
	require_bytes(s, len + 1);
	require(strlen(s) == len);
}

static void check_node(const struct fanotify_nl_node *node)
{
	require(node->stat.has < 2 * FANOTIFY_STAT_FIELD_BLOCKS);
	if (!node->handle)
		return;
	require(node->handle_len && node->handle_len <= FANOTIFY_HANDLE_MAX);
	require_bytes(node->handle, node->handle_len);
}

static void check_strings(const struct fanotify_nl_event *event)
{
	if (event->has & FANOTIFY_NL_HAS_NAME)
		require_string(event->name, event->name_len);
	if (event->has & FANOTIFY_NL_HAS_NEW_NAME)
		require_string(event->new_name, event->new_name_len);
	if (event->has & FANOTIFY_NL_HAS_PATH)
		require_string(event->path, event->path_len);
	if (event->has & FANOTIFY_NL_HAS_NEW_PATH)
		require_string(event->new_path, event->new_path_len);
	if (event->has & FANOTIFY_NL_HAS_LINK)
		require_string(event->link, event->link_len);
	if (event->has & FANOTIFY_NL_HAS_XATTR)
		require_string(event->xattr, event->xattr_len);
	if (event->has & FANOTIFY_NL_HAS_FS_NAME)
		require_string(event->fs_name, strlen(event->fs_name));
	if (event->actor.has & FANOTIFY_NL_ACTOR_HAS_COMM)
		require_string(event->actor.comm, strlen(event->actor.comm));
	require(event->name_len <= FANOTIFY_PATH_MAX && event->new_name_len <= FANOTIFY_PATH_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fanotify_nl_event event;

	input = data;
	input_len = size;
	if (fanotify_nl_parse_event(data, size, &event))
		return 0;
	check_strings(&event);
	check_node(&event.object);
	check_node(&event.dir);
	check_node(&event.new_dir);
	check_node(&event.target);
	if (event.has & FANOTIFY_NL_HAS_UUID)
		require_bytes(event.uuid, FANOTIFY_UUID_LEN);
	return 0;
}
