/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests in TAP: an array of named functions, which say what is wrong.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
};

static bool tap_failed;

/* The first check that fails ends the test. */
#define CHECK(condition)							\
	do {									\
		if (!(condition)) {						\
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);\
			tap_failed = true;					\
			return;							\
		}								\
	} while (0)

#define CHECK_EQ(a, b)								\
	do {									\
		long long a_ = (long long)(a), b_ = (long long)(b);		\
										\
		if (a_ != b_) {							\
			printf("# %s:%d: %s is %lld, not %lld\n", __FILE__,	\
			       __LINE__, #a, a_, b_);				\
			tap_failed = true;					\
			return;							\
		}								\
	} while (0)

#define CHECK_STR(a, b)								\
	do {									\
		const char *a_ = (a), *b_ = (b);				\
										\
		if (!a_ || strcmp(a_, b_)) {					\
			printf("# %s:%d: %s is '%s', not '%s'\n", __FILE__,	\
			       __LINE__, #a, a_ ? a_ : "(null)", b_);		\
			tap_failed = true;					\
			return;							\
		}								\
	} while (0)

/* A check inside of a helper: the test ends with the helper. */
#define CHECKED(call)								\
	do {									\
		call;								\
		if (tap_failed)							\
			return;							\
	} while (0)

static inline int tap_run(const struct test *tests, size_t count)
{
	int status = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		tap_failed = false;
		tests[i].run();
		printf("%sok %zu - %s\n", tap_failed ? "not " : "", i + 1, tests[i].name);
		status |= tap_failed;
	}
	return status;
}

#define TAP_MAIN(...)								\
	int main(void)								\
	{									\
		static const struct test tests[] = { __VA_ARGS__ };		\
										\
		return tap_run(tests, sizeof(tests) / sizeof(tests[0]));	\
	}

#endif /* TAP_H */
