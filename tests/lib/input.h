/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is sent to the kernel, as text: made by the fuzzer, kept in tests/corpus.
 * One line each:
 *
 *	from member | other	the socket that it is sent from
 *	cmd N [flags F] [version V] [reserved R]
 *				begin a message; flags are NLM_F_REQUEST | NLM_F_ACK
 *				unless given
 *	attr TYPE VALUE		an attribute; TYPE has all 16 bits
 *	nest TYPE ... end	an attribute that holds others
 *	len N			the message says that it has N bytes
 *	patch OFFSET BYTE	change a byte of the message, if it has so many
 *	cut N			the last N bytes of all are not sent
 *
 * VALUE is one of: u32 N, u64 N, hex BYTES, text WORD, fill BYTE COUNT, group,
 * token, event, held, journal, fd NAME. The last six stand for what only the program
 * knows: the member's group and token, a permission event that waits for its verdict,
 * a group that has no member, the disk's journal.
 */
#ifndef TESTS_INPUT_H
#define TESTS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define INPUT_TEXT_MAX	(256 << 10)
#define INPUT_SENT_MAX	(128 << 10)
#define INPUT_MESSAGES_MAX	64

/** struct input_names - What VALUE can stand for. */
struct input_names {
	__u16 family;
	__u32 group;
	__u32 journal;
	__u64 token;
	__u64 event;
	__u32 held;
	const char *const *fd_name;
	const int *fd;
};

/**
 * struct input - What is sent.
 * @from_member: from which socket
 * @mangled: nothing is known of what it looks like
 * @messages: number of messages
 * @first_seq: nlmsg_seq of the first message; the others' follow
 * @cmd: of each message
 * @dump: the last one asks for a dump
 * @len: bytes of @data
 * @data: the datagram
 */
struct input {
	bool from_member;
	bool mangled;
	unsigned int messages;
	__u32 first_seq;
	__u8 cmd[INPUT_MESSAGES_MAX];
	bool dump;
	size_t len;
	unsigned char data[INPUT_SENT_MAX];
};

/**
 * input_cmd() - Command of the message with this nlmsg_seq.
 *
 * Return: 0 if it is not known.
 */
static inline __u8 input_cmd(const struct input *input, __u32 seq)
{
	return seq - input->first_seq < input->messages ? input->cmd[seq - input->first_seq] : 0;
}

/** input_build() - Return: 0; -EINVAL: a line is wrong; -E2BIG: too large. */
int input_build(struct input *input, const char *text, const struct input_names *names);

#endif /* TESTS_INPUT_H */
