// SPDX-License-Identifier: GPL-2.0
/*
 * Any changes to a ring file: nothing is read beyond its parts, and each index is told
 * once, as a record or as damage.
 *
 * The input is where to change what: three bytes of an offset, and one to put there.
 * Its first byte says whether the checksums are made right again, so that more than
 * those is looked at.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fanotify-nl/fanotify-nl.h>

#include "ringfile.h"

/* The headers, and the segments that have something in them. */
#define USED	(3 * FANOTIFY_JOURNAL_SEGMENT)

static struct ringfile whole, file;
static int fd;

static void require(int condition)
{
	if (!condition)
		abort();
}

static void make_whole(void)
{
	struct fanotify_journal_header *h;

	ring_start(&whole);
	for (int i = 0; i < 8; i++)
		ring_block(&whole, 3, i % 4 ? 50 : 9000);
	h = ring_header(&whole, 2, 10, FANOTIFY_JOURNAL_SEGMENT);
	h->head_index = htole64(1);
	ring_consumer(h, "one", 5);
	ring_header_seal(h);
	ring_header_seal(ring_header(&whole, 3, whole.index, whole.offset));
	fd = memfd_create("ring", 0);
	require(fd >= 0 && write(fd, whole.bytes, RING_BYTES) == (ssize_t)RING_BYTES);
}

/* Only where there is room for what they claim to be. */
static void make_right(void)
{
	for (int i = 0; i < 2; i++) {
		struct fanotify_journal_header *h =
			(void *)(file.bytes + i * FANOTIFY_JOURNAL_HEADER_COPY);

		if (le32toh(h->length) >= sizeof(*h) &&
		    le32toh(h->length) <= FANOTIFY_JOURNAL_HEADER_COPY)
			ring_header_seal(h);
	}
	for (size_t at = FANOTIFY_JOURNAL_SEGMENT; at < USED; at += FANOTIFY_JOURNAL_UNIT) {
		struct fanotify_journal_block *block = (void *)(file.bytes + at);

		block->crc = htole32(ring_crc((const unsigned char *)block, sizeof(*block),
					      offsetof(struct fanotify_journal_block, crc)));
	}
}

static int see(const struct fanotify_nl_consumer_info *info, void *arg)
{
	*(size_t *)arg += strlen(info->name);
	return 0;
}

static void read_all(struct fanotify_nl_ring *ring)
{
	struct fanotify_nl_ring_damage damage;
	struct fanotify_nl_ring_info info;
	struct fanotify_nl_event event;
	size_t len = 0;
	__u64 next;
	int ret;

	fanotify_nl_ring_info(ring, &info);
	require(info.oldest >= 1 && info.oldest <= info.newest + 1);
	require(!fanotify_nl_ring_consumers(ring, see, &len));
	next = info.oldest;
	while ((ret = fanotify_nl_ring_next(ring, &event, &damage))) {
		if (ret == -EOPNOTSUPP)
			return;
		require(ret == 1 || ret == -EBADMSG);
		require(next == (ret == 1 ? event.seq : damage.first));
		next = (ret == 1 ? event.seq : damage.last) + 1;
		if (ret == 1 && event.path)
			require(strlen(event.path) == event.path_len);
	}
	require(next == info.newest + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fanotify_nl_ring *ring;
	char path[64];

	if (!fd)
		make_whole();
	memcpy(file.bytes, whole.bytes, USED);
	for (size_t i = 1; i + 4 <= size; i += 4)
		file.bytes[(data[i] << 16 | data[i + 1] << 8 | data[i + 2]) % USED] = data[i + 3];
	if (size && data[0] & 1)
		make_right();
	require(pwrite(fd, file.bytes, USED, 0) == USED);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!fanotify_nl_ring_open(&ring, path))
		read_all(ring);
	else
		require(*fanotify_nl_ring_error(ring));
	fanotify_nl_ring_close(ring);
	return 0;
}
