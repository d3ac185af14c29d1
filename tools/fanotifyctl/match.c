// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: which rule decides.
 */
#include <string.h>

#include "rules.h"

/*
 * After the [ of a glob: does @c fit? *@end is set to what follows the ], NULL if
 * there is none.
 */
static bool class_has(const char *set, unsigned char c, const char **end)
{
	bool negated = *set == '!' || *set == '^';
	bool found = false;
	bool first = true;

	*end = NULL;
	for (set += negated; *set && (first || *set != ']'); first = false) {
		unsigned char low, high;

		if (*set == '\\' && set[1])
			set++;
		low = *set++;
		high = low;
		if (set[0] == '-' && set[1] && set[1] != ']') {
			set += set[1] == '\\' && set[2] ? 2 : 1;
			high = *set++;
		}
		found |= low <= c && c <= high;
	}
	if (*set)
		*end = set + 1;
	return found != negated;
}

/* One character of the glob, no star: its end if @c fits, NULL if not. */
static const char *fits_one(const char *glob, char c)
{
	const char *end;

	if (*glob == '?')
		return c && c != '/' ? glob + 1 : NULL;
	if (*glob == '[')
		return c && c != '/' && class_has(glob + 1, c, &end) ? end : NULL;
	if (*glob == '\\' && glob[1])
		glob++;
	return *glob && *glob == c ? glob + 1 : NULL;
}

/*
 * What a star takes is made longer only if the rest does not fit. Only the last
 * one need be tried, as all before it have taken the least that they can; when it
 * is a single one that would have to take a slash, only the last double one.
 */
bool glob_match(const char *glob, const char *path)
{
	const char *star = NULL, *star_path = NULL;
	const char *wide = NULL, *wide_path = NULL;

	for (;;) {
		const char *next;

		if (*glob == '*') {
			if (glob[1] == '*') {
				while (*glob == '*')
					glob++;
				wide = glob;
				wide_path = path;
				star = NULL;
			} else {
				star = ++glob;
				star_path = path;
			}
			continue;
		}
		if (!*glob && !*path)
			return true;
		next = fits_one(glob, *path);
		if (next) {
			glob = next;
			path++;
		} else if (star && *star_path && *star_path != '/') {
			glob = star;
			path = ++star_path;
		} else if (wide && *wide_path) {
			star = NULL;
			glob = wide;
			path = ++wide_path;
		} else {
			return false;
		}
	}
}

const char *glob_check(const char *glob)
{
	const char *end;

	while (*glob) {
		if (*glob == '\\') {
			if (!*++glob)
				return "a character after the last backslash";
		} else if (*glob == '[') {
			class_has(glob + 1, 0, &end);
			if (!end)
				return "a ] after each [";
			glob = end - 1;
		}
		glob++;
	}
	return NULL;
}

static bool in_ranges(const struct condition *condition, __u64 value)
{
	for (size_t i = 0; i < condition->count; i++)
		if (condition->ranges[i].first <= value && value <= condition->ranges[i].last)
			return true;
	return false;
}

static bool in_globs(const struct condition *condition, const char *path)
{
	for (size_t i = 0; i < condition->count; i++)
		if (glob_match(condition->texts[i], path))
			return true;
	return false;
}

static bool in_subtrees(const struct condition *condition, const char *path)
{
	for (size_t i = 0; i < condition->count; i++) {
		const char *top = condition->texts[i];
		size_t len = strlen(top);

		if (!strncmp(path, top, len) &&
		    (!path[len] || path[len] == '/' || top[len - 1] == '/'))
			return true;
	}
	return false;
}

/* Does it hold? What is not known holds for nothing. */
static bool holds(const struct condition *condition, const struct subject *subject)
{
	bool known, fits = false;

	switch (condition->key) {
	case CONDITION_OP:
		known = true;
		fits = condition->operations & subject->operation;
		break;
	case CONDITION_PATH:
		known = subject->path;
		fits = known && in_globs(condition, subject->path);
		break;
	case CONDITION_SUBTREE:
		known = subject->path;
		fits = known && in_subtrees(condition, subject->path);
		break;
	case CONDITION_EXEC:
		known = subject->exec;
		fits = known && in_globs(condition, subject->exec);
		break;
	case CONDITION_UID:
		known = subject->has_uid;
		fits = known && in_ranges(condition, subject->uid);
		break;
	case CONDITION_OWNER:
		known = subject->has_owner;
		fits = known && in_ranges(condition, subject->owner);
		break;
	case CONDITION_SIZE:
		known = subject->has_size;
		fits = known && in_ranges(condition, subject->size);
		break;
	case CONDITION_SHA256:
		known = subject->sha256;
		fits = known && hashes_has(&condition->hashes, subject->sha256);
		break;
	default:
		return false;
	}
	return known && fits != condition->negated;
}

enum verdict {
	FITS,
	FITS_NOT,
	NEEDS_HASH,
};

/* A file is read only for a rule that everything else of fits. */
static enum verdict rule_fits(const struct rule *rule, const struct subject *subject)
{
	bool wait = false;

	for (size_t i = 0; i < rule->count; i++) {
		const struct condition *condition = &rule->conditions[i];

		if (condition->key == CONDITION_SHA256 && !subject->hashed)
			wait = true;
		else if (!holds(condition, subject))
			return FITS_NOT;
	}
	return wait ? NEEDS_HASH : FITS;
}

const struct action *rules_match(const struct rules *rules, const struct subject *subject,
				 unsigned int *line)
{
	for (size_t i = 0; i < rules->count; i++) {
		switch (rule_fits(&rules->list[i], subject)) {
		case FITS:
			*line = rules->list[i].line;
			return &rules->list[i].action;
		case NEEDS_HASH:
			return NULL;
		case FITS_NOT:
			break;
		}
	}
	*line = rules->default_line;
	return &rules->otherwise;
}

static bool plain_allow(const struct action *action)
{
	return action->outcome == OUTCOME_ALLOW && !action->audit && !action->remember;
}

/* Those that a rule names; @unnamed if it names none. */
static __u32 rule_operations(const struct rule *rule, __u32 unnamed)
{
	for (size_t i = 0; i < rule->count; i++) {
		const struct condition *condition = &rule->conditions[i];

		if (condition->key != CONDITION_OP)
			continue;
		if (!condition->negated)
			return condition->operations;
		return ~condition->operations &
		       (OPERATION_OPEN | OPERATION_EXEC | OPERATION_ACCESS);
	}
	return unnamed;
}

/* Does more than allow whatever is gated, so that what others name has to be? */
static bool decides_all(const struct rule *rule)
{
	return !plain_allow(&rule->action) && !rule_operations(rule, 0);
}

__u32 rules_operations(const struct rules *rules)
{
	bool all = !plain_allow(&rules->otherwise);
	__u32 operations = all ? OPERATION_OPEN : 0;

	for (size_t i = 0; i < rules->count; i++)
		all |= decides_all(&rules->list[i]);
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->list[i];

		if (!plain_allow(&rule->action))
			operations |= rule_operations(rule, OPERATION_OPEN);
		else if (all)
			operations |= rule_operations(rule, 0);
	}
	return operations;
}
