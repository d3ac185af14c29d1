// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: lists of SHA-256 hashes, and the hash of a file.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <nettle/sha2.h>

#include "fanotifyctl.h"
#include "hashes.h"

_Static_assert(SHA256_BYTES == SHA256_DIGEST_SIZE, "one size");

#define READ_BYTES	65536

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_BYTES);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Return: NULL; or where there is something other than a hash. */
static const char *parse_hash(const char *at, const char *end, unsigned char *sha256)
{
	/* sha256sum marks a name with escapes in it */
	if (at < end && *at == '\\')
		at++;
	for (int i = 0; i < SHA256_BYTES; i++, at += 2) {
		if (at == end || digit(at[0]) < 0)
			return at;
		if (at + 1 == end || digit(at[1]) < 0)
			return at + 1;
		sha256[i] = digit(at[0]) << 4 | digit(at[1]);
	}
	return at < end && !isblank((unsigned char)*at) && *at != '\r' ? at : NULL;
}

int hashes_parse(struct hashes *hashes, const char *text, size_t len, unsigned int *line,
		 unsigned int *column)
{
	const char *end = text + len;
	size_t count = hashes->count;
	size_t room = count;

	for (*line = 1; text < end; ++*line) {
		const char *stop = memchr(text, '\n', end - text);
		const char *at = text, *bad;

		if (!stop)
			stop = end;
		while (at < stop && isspace((unsigned char)*at))
			at++;
		if (at < stop && *at != '#') {
			if (count == room) {
				room = 2 * room + 64;
				hashes->list = xrealloc(hashes->list, room * SHA256_BYTES);
			}
			bad = parse_hash(at, stop, hashes->list[count]);
			if (bad) {
				*column = bad - text + 1;
				return -1;
			}
			count++;
		}
		text = stop + 1;
	}
	hashes->count = count;
	if (count)
		qsort(hashes->list, count, SHA256_BYTES, compare);
	return 0;
}

bool hashes_has(const struct hashes *hashes, const unsigned char *sha256)
{
	return hashes->count &&
	       bsearch(sha256, hashes->list, hashes->count, SHA256_BYTES, compare);
}

void hashes_free(struct hashes *hashes)
{
	free(hashes->list);
	*hashes = (struct hashes){ 0 };
}

int hash_file(int fd, unsigned char *sha256, bool (*stop)(void *arg), void *arg)
{
	struct sha256_ctx context;
	unsigned char *buffer;
	off_t offset = 0;
	ssize_t n;

	buffer = malloc(READ_BYTES);
	if (!buffer)
		return -ENOMEM;
	sha256_init(&context);
	while ((n = pread(fd, buffer, READ_BYTES, offset)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0 && stop(arg)) {
			n = -1;
			errno = ECANCELED;
		}
		if (n < 0)
			break;
		sha256_update(&context, n, buffer);
		offset += n;
	}
	free(buffer);
	if (n < 0)
		return -errno;
	sha256_digest(&context, SHA256_BYTES, sha256);
	return 0;
}
