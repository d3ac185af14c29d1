/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random inputs, as text; lib/input.h has the language.
 */
#ifndef TESTS_NLFUZZ_RANDOM_H
#define TESTS_NLFUZZ_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/fanotify-nl.h>

#include "policy.h"
#include "rng.h"

/* Descriptors that an input may name: the first two are mostly what can be marked. */
#define RANDOM_FDS	13

extern const char *const random_fd_names[RANDOM_FDS + 1];

/**
 * struct random_input - what inputs are made of
 * @rng: what they depend on
 * @policy: the kernel's list of commands and attributes
 * @kinds: those that it has
 * @text: the input; INPUT_TEXT_MAX bytes, the caller's
 * @len: of it
 * @handle: of a file; @handle_len and @handle_type alike
 * @by_id: event-open is by a permission event's id, not by a handle
 */
struct random_input {
	struct rng rng;
	struct policy policy;
	__u64 kinds;
	char *text;
	size_t len;
	unsigned char handle[FANOTIFY_HANDLE_MAX];
	unsigned int handle_len;
	int handle_type;
	bool by_id;
};

/* The next input, as f->text. */
void random_input(struct random_input *f);

#endif /* TESTS_NLFUZZ_RANDOM_H */
