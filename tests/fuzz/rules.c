// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a file of rules: they are taken or refused with a place and a reason,
 * and what was taken decides about any path.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

/* Asked for by the commands, which are not run. */
int show_help(const char *name);

int show_help(const char *name)
{
	(void)name;
	return 0;
}

static void require(int condition)
{
	if (!condition)
		abort();
}

static void say(void *arg, const char *text)
{
	require(!strncmp(text, "rules:", 6) && !strchr(text, '\n'));
	++*(unsigned int *)arg;
}

static void match(const struct rules *rules, struct subject subject)
{
	const struct action *action;
	unsigned int line;

	action = rules_match(rules, &subject, &line);
	if (!action) {
		subject.hashed = true;
		action = rules_match(rules, &subject, &line);
	}
	require(action != NULL);
	require(action->outcome <= OUTCOME_ASK && (!action->error || action->outcome == OUTCOME_DENY));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int errors = 0;
	struct rules rules;
	int ret;

	ret = rules_parse(&rules, "rules", (const char *)data, size, say, &errors);
	require(!ret == !errors && (!ret || !rules.count));
	require(rules_operations(&rules) <= 7);
	match(&rules, (struct subject){ .operation = OPERATION_EXEC });
	match(&rules, (struct subject){
		.operation = OPERATION_OPEN, .path = "/srv/data/file.c", .exec = "/usr/bin/cat",
		.has_uid = true, .has_owner = true, .has_size = true, .uid = 1000, .size = 4096,
	});
	rules_free(&rules);
	return 0;
}
