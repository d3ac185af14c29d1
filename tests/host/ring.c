// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of ring files: what is there is read, what is damaged is told.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fanotify-nl/fanotify-nl.h>

#include "ringfile.h"
#include "tap.h"

static struct ringfile file;
static struct fanotify_nl_ring *ring;
static struct fanotify_nl_ring_info info;

/* Open what was made, cut off at @size. */
static int open_file(size_t size)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	char path[64];
	int ret;

	fanotify_nl_ring_close(ring);
	ring = NULL;
	if (fd < 0 || write(fd, file.bytes, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = fanotify_nl_ring_open(&ring, path);
	close(fd);
	if (!ret)
		fanotify_nl_ring_info(ring, &info);
	return ret;
}

struct told {
	__u64 records;
	__u64 missing;
	__u64 next;
	int damages;
	struct fanotify_nl_ring_damage damage;
};

/* All of it; each index is told once, in order. Return: 0 or -errno. */
static int read_all(struct told *told)
{
	struct fanotify_nl_ring_damage damage;
	struct fanotify_nl_event event;
	int ret;

	*told = (struct told){ .next = info.oldest };
	while ((ret = fanotify_nl_ring_next(ring, &event, &damage))) {
		if (ret == -EBADMSG) {
			if (damage.first != told->next || damage.last < damage.first)
				return -ERANGE;
			told->damage = damage;
			told->damages++;
			told->missing += damage.last - damage.first + 1;
			told->next = damage.last + 1;
			continue;
		}
		if (ret < 0)
			return ret;
		if (event.seq != told->next++ || !event.path || event.path[0] != '/')
			return -ERANGE;
		told->records++;
	}
	return told->next == info.newest + 1 ? 0 : -ERANGE;
}

static void make(int blocks)
{
	ring_start(&file);
	for (int i = 0; i < blocks; i++)
		ring_block(&file, 10, 100 + i % 7);
	ring_header_seal(ring_header(&file, 4, 1, FANOTIFY_JOURNAL_SEGMENT));
}

static void whole(void)
{
	struct told told;
	__u64 done, all;

	make(40);
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.oldest, 1);
	CHECK_EQ(info.newest, 400);
	CHECK_EQ(info.copies, 1);
	CHECK_EQ(info.sequence, 4);
	CHECK_EQ(info.epoch, RING_EPOCH);
	CHECK(!info.clean && !info.big_endian);
	CHECK(!memcmp(info.uuid, ring_uuid, 16));
	CHECK_EQ(read_all(&told), 0);
	CHECK_EQ(told.records, 400);
	CHECK_EQ(told.damages, 0);
	fanotify_nl_ring_progress(ring, &done, &all);
	CHECK_EQ(done, 400);
	CHECK_EQ(all, 400);
}

static void empty(void)
{
	struct told told;

	make(0);
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.oldest, 1);
	CHECK_EQ(info.newest, 0);
	CHECK_EQ(read_all(&told), 0);
	CHECK_EQ(told.records, 0);
}

/* Records of up to 16 kB, several laps of the ring. */
static void laps(void)
{
	struct told told;

	ring_start(&file);
	for (int i = 0; i < 400; i++) {
		__u64 index = file.index;
		size_t at = ring_block(&file, 1 + i % 3, i % 5 ? 200 : 16000);

		/* the header is written now and then */
		if (i % 20 == 0)
			ring_header_seal(ring_header(&file, i / 20, index, at));
	}
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.copies, 2);
	CHECK_EQ(info.newest, file.index - 1);
	CHECK(info.oldest > 1);
	CHECK_EQ(read_all(&told), 0);
	CHECK_EQ(told.damages, 0);
	CHECK_EQ(told.records, info.newest + 1 - info.oldest);
}

static void header_copies(void)
{
	make(5);
	ring_header_seal(ring_header(&file, 5, 51, file.offset));
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.copies, 2);
	CHECK_EQ(info.sequence, 5);
	file.bytes[FANOTIFY_JOURNAL_HEADER_COPY + 100] ^= 1;
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.copies, 1);
	CHECK_EQ(info.sequence, 4);
	CHECK_EQ(info.newest, 50);
	file.bytes[100] ^= 1;
	CHECK_EQ(open_file(RING_BYTES), -EUCLEAN);
	CHECK(strlen(fanotify_nl_ring_error(ring)));
}

static void header_refused(void)
{
	struct fanotify_journal_header *h;

	make(5);
	h = ring_header(&file, 4, 1, FANOTIFY_JOURNAL_SEGMENT);
#define REFUSED(change, error)							\
	do {									\
		struct fanotify_journal_header before = *h;			\
										\
		change;								\
		ring_header_seal(h);						\
		CHECK_EQ(open_file(RING_BYTES), error);				\
		*h = before;							\
	} while (0)
	REFUSED(h->version = htole32(2), -EOPNOTSUPP);
	REFUSED(h->size = htole64(RING_BYTES - 1), -EUCLEAN);
	REFUSED(h->size = htole64(RING_BYTES - 65536), -EUCLEAN);
	REFUSED(h->size = htole64(1ULL << 60), -EUCLEAN);
	REFUSED(h->head_offset = htole64(0), -EUCLEAN);
	REFUSED(h->head_offset = htole64(65536 + 512), -EUCLEAN);
	REFUSED(h->head_offset = htole64(RING_BYTES), -EUCLEAN);
	REFUSED(h->head_index = 0, -EUCLEAN);
	REFUSED(h->head_index = htole64(FANOTIFY_JOURNAL_INDEX_MAX + 1), -EUCLEAN);
	REFUSED(h->head_index = htole64(~0ULL), -EUCLEAN);
	REFUSED(h->nr_epochs = 0, -EUCLEAN);
	REFUSED(h->nr_epochs = htole32(65), -EUCLEAN);
	REFUSED(h->length = htole32(sizeof(*h) + 8), -EUCLEAN);
	REFUSED(h->magic[0] = 'f', -EUCLEAN);
	ring_consumer(h, "a name that has sixty-four letters and so no room for a NUL at all", 0);
	ring_header_seal(h);
	CHECK_EQ(open_file(RING_BYTES), -EUCLEAN);
	fanotify_nl_ring_close(ring);
	CHECK_EQ(fanotify_nl_ring_open(&ring, "/nowhere"), -ENOENT);
}

static void names_refused(void)
{
	static const char *const bad[] = {
		"", "a b", "a/b", "a\n", "\x1b]0;x\a", "\xff", "\xc3\xa4", "a\x7f",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fanotify_journal_header *h;

		make(5);
		h = ring_header(&file, 4, 1, FANOTIFY_JOURNAL_SEGMENT);
		ring_consumer(h, "one", 0);
		ring_consumer(h, bad[i], 0);
		ring_header_seal(h);
		CHECK_EQ(open_file(RING_BYTES), -EUCLEAN);
	}
}

static int see_consumer(const struct fanotify_nl_consumer_info *c, void *arg)
{
	*(__u64 *)arg = c->acked;
	return strcmp(c->name, "one") ? -1 : 7;
}

/* An acknowledgement of records that a crash has undone counts as the newest. */
static void consumers(void)
{
	struct fanotify_journal_header *h;
	__u64 acked = 0;

	make(5);
	h = ring_header(&file, 4, 1, FANOTIFY_JOURNAL_SEGMENT);
	ring_consumer(h, "one", 60);
	ring_consumer(h, "Two.2_-@:", 10);
	ring_header_seal(h);
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.consumers, 2);
	CHECK_EQ(fanotify_nl_ring_consumers(ring, see_consumer, &acked), 7);
	CHECK_EQ(acked, 50);
}

static void damaged_record(void)
{
	struct told told;

	make(40);
	/* in the fourth block, in the sixth record */
	file.bytes[FANOTIFY_JOURNAL_SEGMENT + 3 * 4096 + 72 + 5 * 136 + 20] ^= 4;
	CHECK_EQ(open_file(RING_BYTES), 0);
	/* the newest end before it: nothing says that more was promised */
	CHECK_EQ(info.newest, 30);
	ring_header_seal(ring_header(&file, 5, 401, file.offset));
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.newest, 400);
	CHECK_EQ(read_all(&told), 0);
	CHECK_EQ(told.damages, 1);
	CHECK_EQ(told.damage.last, 40);
	CHECK(told.damage.first >= 31 && told.damage.first <= 36);
	CHECK_EQ(told.records + told.missing, 400);
}

static void damaged_block(void)
{
	struct told told;

	make(40);
	ring_header_seal(ring_header(&file, 5, 401, file.offset));
	/* the first block of the second segment, and what is behind it */
	file.bytes[2 * FANOTIFY_JOURNAL_SEGMENT + 9] ^= 4;
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(read_all(&told), 0);
	CHECK_EQ(told.damages, 1);
	CHECK_EQ(told.damage.first, 161);
	CHECK_EQ(told.damage.last, 320);
	CHECK_EQ(told.records, 240);
}

/* A copy that was not finished. */
static void cut_off(void)
{
	struct told told;

	make(40);
	ring_header_seal(ring_header(&file, 5, 401, file.offset));
	CHECK_EQ(open_file(2 * FANOTIFY_JOURNAL_SEGMENT + 5000), 0);
	CHECK_EQ(info.present, 2 * FANOTIFY_JOURNAL_SEGMENT + 5000);
	CHECK_EQ(info.size, RING_BYTES);
	CHECK_EQ(read_all(&told), 0);
	CHECK_EQ(told.records, 176);
	CHECK_EQ(told.missing, 224);
	CHECK_EQ(open_file(100), -EUCLEAN);
	CHECK_EQ(open_file(0), -EUCLEAN);
}

/* No index is above the highest one, whatever claims to be: nothing is told for ever. */
static void highest_index(void)
{
	struct fanotify_journal_header *h;
	struct told told;

	ring_start(&file);
	file.index = FANOTIFY_JOURNAL_INDEX_MAX - 10;
	ring_block(&file, 10, 100);
	ring_block(&file, 10, 100);
	ring_header_seal(ring_header(&file, 4, FANOTIFY_JOURNAL_INDEX_MAX - 10,
				     FANOTIFY_JOURNAL_SEGMENT));
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.newest, FANOTIFY_JOURNAL_INDEX_MAX - 1);
	CHECK_EQ(read_all(&told), 0);
	CHECK_EQ(told.records, 10);

	/* where a segment tells of what the header does not know */
	ring_start(&file);
	ring_block(&file, 10, 100);
	file.offset = 2 * FANOTIFY_JOURNAL_SEGMENT;
	file.index = ~0ULL;
	ring_block(&file, 1, 100);
	h = ring_header(&file, 4, 1, FANOTIFY_JOURNAL_SEGMENT);
	h->level = htole32(FANOTIFY_JOURNAL_LEVEL_ORDERED);
	ring_header_seal(h);
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.newest, 10);
}

/* Blocks of before a crash, behind those of after it, are of another epoch. */
static void left_behind(void)
{
	struct fanotify_journal_header *h;
	struct told told;
	size_t offset;

	make(10);
	offset = file.offset;
	/* a block that never came, then one that did */
	file.index = 111;
	file.offset = offset + 4096;
	ring_block(&file, 10, 100);
	/* started again: one of ten takes the place of what was missing */
	file.index = 101;
	file.offset = offset;
	file.epoch = 77;
	ring_block(&file, 10, 100);
	h = ring_header(&file, 4, 101, offset);
	h->nr_epochs = htole32(2);
	h->epoch[1].id = htole64(77);
	h->epoch[1].first = htole64(101);
	ring_header_seal(h);
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.newest, 110);
	CHECK_EQ(read_all(&told), 0);
	CHECK_EQ(told.records, 110);
}

static void other_byte_order(void)
{
	struct fanotify_nl_ring_damage damage;
	struct fanotify_journal_header *h;
	struct fanotify_nl_event event;
	struct fanotify_journal_block *block = (void *)(file.bytes + FANOTIFY_JOURNAL_SEGMENT);

	make(1);
	h = ring_header(&file, 4, 1, FANOTIFY_JOURNAL_SEGMENT);
	h->order = htole32(3 - RING_ORDER);
	block->order = htole32(3 - RING_ORDER);
	block->crc = htole32(ring_crc((const unsigned char *)block, sizeof(*block),
				      offsetof(struct fanotify_journal_block, crc)));
	ring_header_seal(h);
	CHECK_EQ(open_file(RING_BYTES), 0);
	CHECK_EQ(info.newest, 10);
	CHECK_EQ(fanotify_nl_ring_next(ring, &event, &damage), -EOPNOTSUPP);
}

/* Any byte wrong, anywhere: all that is said adds up. */
static void any_byte(void)
{
	unsigned int random = 1;
	struct told told;

	for (int i = 0; i < 400; i++) {
		int ret;

		make(40);
		if (i % 2)
			ring_header_seal(ring_header(&file, 5, 401, file.offset));
		for (int n = 0; n < 1 + i % 8; n++) {
			random = random * 1103515245 + 12345;
			file.bytes[random / 16 % (4 * FANOTIFY_JOURNAL_SEGMENT)] ^= 1 << n;
		}
		ret = open_file(RING_BYTES);
		if (ret)
			continue;
		ret = read_all(&told);
		CHECK_EQ(ret, 0);
		CHECK_EQ(told.records + told.missing, info.newest + 1 - info.oldest);
	}
}

static void cursors(void)
{
	static const char *const bad[] = {
		"", "x", "73697874-6565-6e20-6279-746573206964:1122334455667788",
		"73697874-6565-6e20-6279-746573206964:1122334455667788:",
		"73697874-6565-6e20-6279-746573206964:1122334455667788:1x",
		"73697874-6565-6e20-6279-746573206964:1122334455667788:-1",
		"73697874-6565-6e20-6279-746573206964:1122334455667788: 1",
		"73697874-6565-6e20-6279-746573206964:112233445566778:12",
		"73697874-6565-6e20-6279-74657320696g:1122334455667788:1",
		"73697874x6565-6e20-6279-746573206964:1122334455667788:1",
		"73697874-6565-6e20-6279-746573206964:1122334455667788:18446744073709551616",
	};
	struct fanotify_nl_cursor cursor = { .epoch = RING_EPOCH, .index = ~0ULL }, back;
	char text[FANOTIFY_NL_CURSOR_LEN];

	memcpy(cursor.uuid, ring_uuid, 16);
	fanotify_nl_cursor_format(&cursor, text);
	CHECK_STR(text,
		  "73697874-6565-6e20-6279-746573206964:1122334455667788:18446744073709551615");
	CHECK_EQ(fanotify_nl_cursor_parse(text, &back), 0);
	CHECK(!memcmp(&cursor, &back, sizeof(back)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_EQ(fanotify_nl_cursor_parse(bad[i], &back), -EINVAL);
	fanotify_nl_ring_close(ring);
	ring = NULL;
}

TAP_MAIN(
	{ "ring: all that is there is read", whole },
	{ "ring: nothing is there", empty },
	{ "ring: some laps", laps },
	{ "ring: either copy of the header will do", header_copies },
	{ "ring: headers that make no sense are refused", header_refused },
	{ "ring: names that nobody can register are refused", names_refused },
	{ "ring: consumers", consumers },
	{ "ring: a damaged record", damaged_record },
	{ "ring: a damaged block", damaged_block },
	{ "ring: a file that was cut off", cut_off },
	{ "ring: no index is above the highest one", highest_index },
	{ "ring: what a crash has left behind", left_behind },
	{ "ring: the other byte order", other_byte_order },
	{ "ring: any byte wrong", any_byte },
	{ "ring: cursors as text", cursors },
)
