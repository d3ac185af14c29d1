/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fanotifyctl gate: lists of SHA-256 hashes, and the hash of a file.
 */
#ifndef FANOTIFYCTL_HASHES_H
#define FANOTIFYCTL_HASHES_H

#include <stdbool.h>
#include <stddef.h>

#define SHA256_BYTES	32

/* A sorted list; all zero is an empty one. */
struct hashes {
	unsigned char (*list)[SHA256_BYTES];
	size_t count;
};

/**
 * hashes_parse() - Add the hashes of a list in memory.
 * @hashes: what to add them to
 * @text: lines as sha256sum(1) prints them, of which only the hash counts; blank
 *	lines and comments after a # are left out
 * @len: bytes of it
 * @line: of an error, its line
 * @column: of an error, its column
 *
 * Return: 0; -1: there is something else in it, and nothing was added.
 */
int hashes_parse(struct hashes *hashes, const char *text, size_t len, unsigned int *line,
		 unsigned int *column);

bool hashes_has(const struct hashes *hashes, const unsigned char *sha256);

void hashes_free(struct hashes *hashes);

/**
 * hash_file() - The hash of all that is in a file.
 * @fd: the file; its offset does not matter, and stays
 * @sha256: where SHA256_BYTES go
 * @stop: called now and then; true: give up
 * @arg: handed to @stop
 *
 * Return: 0; -ECANCELED: given up; or -errno.
 */
int hash_file(int fd, unsigned char *sha256, bool (*stop)(void *arg), void *arg);

#endif /* FANOTIFYCTL_HASHES_H */
