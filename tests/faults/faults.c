// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/self/fail-nth lets the n-th allocation from now on fail. Each operation
 * is done with n = 1, 2, 3, ... until none is left to fail. Every time it is
 * done, or refused and not done; or, for an event, lost and announced.
 *
 * That takes a kernel with fault injection: tests/vm/run --kernel debug.
 */
#include "test.h"
#include "faults.h"
#include "remains.h"

/* Runs in a row in which no allocation failed, so that none is left. */
#define UNMET_MAX	5
/* More would be a loop. */
#define ALLOCATIONS_MAX	3000
#define ROUNDS_MAX	5

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ret = -errno;
	close(fd);
	return ret;
}

/* All allocations count, of any cache, size and context; and no stack traces. */
static int prepare_faults(void)
{
	static const char *const settings[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "failslab/cache-filter", "N" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "fail_page_alloc/verbose", "0" },
	};
	char path[128];
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(settings) && !ret; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", settings[i][0]);
		ret = write_text(path, settings[i][1]);
	}
	return ret;
}

static void arm(int fd, unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		abort();
}

/* Return: whether an allocation has failed. */
static bool disarm(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 || pwrite(fd, "0", 1, 0) != 1)
		abort();
	return atoi(text) == 0;
}

FIXTURE(faults)
{
	struct scene scene;
	int fail_nth;
};

FIXTURE_VARIANT(faults)
{
	const struct operation *op;
};

#define OPERATION_VARIANT(name) FIXTURE_VARIANT_ADD(faults, name) { .op = &op_##name };
OPERATIONS(OPERATION_VARIANT)

FIXTURE_SETUP(faults)
{
	ASSERT_EQ(0, prepare_faults());
	ASSERT_EQ(0, variant->op->place());
	self->fail_nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fail_nth);
	self->scene.dir = open(".", O_PATH | O_CLOEXEC);
	ASSERT_LE(0, self->scene.dir);
}

FIXTURE_TEARDOWN(faults)
{
	umount2("mnt", MNT_DETACH);
	close(self->fail_nth);
	close(self->scene.dir);
	if (variant->op->place != work_here)
		journalfs_remove();
}

/* Return: whether an allocation was met, and has failed. */
static bool once(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self,
		 const struct operation *op, unsigned int n)
{
	struct scene *s = &self->scene;
	const char *wrong;
	bool met;
	int ret;

	ASSERT_EQ(0, scene_open(s));
	ASSERT_EQ(0, op->prepare(s)) {
		TH_LOG("cannot prepare for allocation %u", n);
	}
	arm(self->fail_nth, n);
	ret = op->run(s);
	met = disarm(self->fail_nth);
	wrong = op->check(s, ret);
	ASSERT_EQ(NULL, wrong) {
		TH_LOG("allocation %u: %s (%s)", n, wrong, strerror(-ret));
	}
	s->refused += !!ret;
	if (!met) {
		EXPECT_EQ(0, ret);
	}
	scene_close(s);
	return met;
}

TEST_F_TIMEOUT(faults, each_allocation_fails_once, 300)
{
	const unsigned int *suffered =
		variant->op->loses ? &self->scene.lost : &self->scene.refused;
	unsigned int n, met, unmet, round = 0;

	/*
	 * Their number varies with what is cached, so a round can pass over all
	 * those that matter.
	 */
	do {
		met = 0;
		unmet = 0;
		for (n = 1; n < ALLOCATIONS_MAX && unmet < UNMET_MAX; n++) {
			if (once(_metadata, self, variant->op, n)) {
				met++;
				unmet = 0;
			} else {
				unmet++;
			}
		}
		printf("# %u allocations; refused %u times, %u events lost\n", met,
		       self->scene.refused, self->scene.lost);
	} while (!*suffered && ++round < ROUNDS_MAX);

	EXPECT_LE(variant->op->least, met);
	EXPECT_GT(ALLOCATIONS_MAX, n);
	EXPECT_LT(0, *suffered);
	EXPECT_EQ(0, remains_listed());
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
	if (remains_is_module()) {
		EXPECT_EQ(0, module_unload());
		EXPECT_EQ(0, module_load());
	}
	EXPECT_EQ(0, remains_leaked());
}

TEST_HARNESS_MAIN
