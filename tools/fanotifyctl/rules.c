// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fanotifyctl gate: read the rules.
 *
 *	line      = [ "default" action | action condition... ] [ "#" comment ]
 *	action    = ( "allow" | "deny" [ "=" ERRNO ] | "ask" ) option...
 *	option    = "audit" | "remember"
 *	condition = key ( "=" | "!=" ) value [ "," value ]...
 *
 * Options and conditions may be mixed. Errors are told of line by line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fanotifyctl.h"
#include "parser.h"
#include "text.h"

/* A larger file is not one of rules. */
#define RULES_MAX	(16U << 20)

static const struct {
	const char *name;
	enum condition_key key;
} keys[] = {
	{ "op", CONDITION_OP },
	{ "path", CONDITION_PATH },
	{ "subtree", CONDITION_SUBTREE },
	{ "exec", CONDITION_EXEC },
	{ "uid", CONDITION_UID },
	{ "owner", CONDITION_OWNER },
	{ "size", CONDITION_SIZE },
	{ "sha256", CONDITION_SHA256 },
};

/* What the kernel takes as the errno of a deny. */
static const struct {
	const char *name;
	int error;
} errnos[] = {
	{ "EPERM", EPERM },	{ "EIO", EIO },		{ "EBUSY", EBUSY },
	{ "ETXTBSY", ETXTBSY }, { "EAGAIN", EAGAIN },	{ "ENOSPC", ENOSPC },
	{ "EDQUOT", EDQUOT },
};

#define ERRNOS		"EPERM, EIO, EBUSY, ETXTBSY, EAGAIN, ENOSPC or EDQUOT"
#define CONDITIONS	"op, path, subtree, exec, uid, owner, size or sha256"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

static int errno_parse(const char *text)
{
	for (size_t i = 0; i < LENGTH(errnos); i++)
		if (!strcmp(errnos[i].name, text))
			return errnos[i].error;
	return 0;
}

int action_parse(const char *text, struct action *action)
{
	*action = (struct action){ 0 };
	if (!strcmp(text, "allow"))
		return 0;
	action->outcome = OUTCOME_DENY;
	if (!strcmp(text, "deny"))
		return 0;
	action->error = errno_parse(text);
	return action->error ? 0 : -1;
}

/* ---- errors ---- */

void parser_report(struct parser *p, const char *at, const char *text)
{
	unsigned int column = 1;
	char *line;

	for (const char *s = p->line; s < at; s++)
		column += (*s & 0xc0) != 0x80;
	line = xasprintf("%s:%u:%u: %s", p->name, p->number, column, text);
	p->say(p->arg, line);
	free(line);
	p->errors++;
}

int parser_expected(struct parser *p, const char *at, size_t len, const char *what)
{
	char *found, *text;

	if (len) {
		found = text_escape(at, len);
		text = xasprintf("expected %s, found \"%s\"", what, found);
		free(found);
	} else {
		text = xasprintf("expected %s, found the end of the line", what);
	}
	parser_report(p, at, text);
	free(text);
	return -1;
}

/* ---- words ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct parser *p)
{
	while (p->at < p->end && is_blank(*p->at))
		p->at++;
}

static bool at_end(struct parser *p)
{
	skip_blanks(p);
	return p->at == p->end || *p->at == '#';
}

/* Letters and digits from here on; takes nothing. */
static size_t word_length(const struct parser *p)
{
	size_t len = 0;

	while (p->at + len < p->end && !is_blank(p->at[len]) && !strchr("=!,\"#", p->at[len]))
		len++;
	return len;
}

static bool word_is(const struct parser *p, size_t len, const char *word)
{
	return strlen(word) == len && !memcmp(p->at, word, len);
}

/* What is shown of something unexpected. */
static size_t rest_length(const struct parser *p, const char *at)
{
	size_t len = 0;

	while (at + len < p->end && !is_blank(at[len]))
		len++;
	return len;
}

static int unexpected(struct parser *p, const char *what)
{
	return parser_expected(p, p->at, rest_length(p, p->at), what);
}

/* In quotes a backslash takes the meaning from a quote and from a backslash. */
static int take_quoted(struct parser *p, struct value *value)
{
	char *out = value->text;

	for (p->at++; p->at < p->end && *p->at != '"'; p->at++) {
		if (p->at[0] == '\\' && p->at + 1 < p->end &&
		    (p->at[1] == '"' || p->at[1] == '\\'))
			p->at++;
		*out++ = *p->at;
	}
	*out = '\0';
	if (p->at == p->end)
		return parser_expected(p, p->end, 0, "a closing quote");
	p->at++;
	if (p->at < p->end && !is_blank(*p->at) && *p->at != ',')
		return unexpected(p, "a comma or a blank after the quote");
	return 0;
}

static int take_value(struct parser *p, struct value *value, const char *what)
{
	size_t len = 0;

	value->at = p->at;
	value->text = xrealloc(NULL, p->end - p->at + 1);
	if (p->at < p->end && *p->at == '"') {
		if (take_quoted(p, value))
			return -1;
	} else {
		while (p->at + len < p->end && !is_blank(p->at[len]) && p->at[len] != ',')
			len++;
		memcpy(value->text, p->at, len);
		value->text[len] = '\0';
		p->at += len;
	}
	value->len = p->at - value->at;
	if (!*value->text)
		return parser_expected(p, value->at, value->len, what);
	return 0;
}

/* ---- rules ---- */

static struct condition *add_condition(struct rule *rule, enum condition_key key)
{
	size_t bytes = (rule->count + 1) * sizeof(*rule->conditions);

	rule->conditions = xrealloc(rule->conditions, bytes);
	rule->conditions[rule->count] = (struct condition){ .key = key };
	return &rule->conditions[rule->count++];
}

static bool has_key(const struct rule *rule, enum condition_key key)
{
	for (size_t i = 0; i < rule->count; i++)
		if (rule->conditions[i].key == key)
			return true;
	return false;
}

static int take_values(struct parser *p, struct condition *condition)
{
	const char *what = value_what(condition->key);
	struct value value;
	int ret;

	for (;;) {
		ret = take_value(p, &value, what);
		if (!ret)
			ret = value_take(p, condition, &value);
		free(value.text);
		if (ret || p->at == p->end || *p->at != ',')
			return ret;
		p->at++;
	}
}

/* KEY=... or KEY!=..., whose key is @len bytes from here. */
static int take_condition(struct parser *p, struct rule *rule, size_t len)
{
	struct condition *condition;
	size_t i;

	for (i = 0; i < LENGTH(keys); i++)
		if (word_is(p, len, keys[i].name))
			break;
	if (i == LENGTH(keys))
		return unexpected(p, "audit, remember, or a condition on " CONDITIONS);
	/* values of one are alternatives; two would have to hold both */
	if (has_key(rule, keys[i].key) && keys[i].key == CONDITION_OP)
		return unexpected(p, "op only once in a rule");
	condition = add_condition(rule, keys[i].key);
	p->at += len;
	if (p->at < p->end && *p->at == '!') {
		condition->negated = true;
		p->at++;
	}
	if (p->at == p->end || *p->at != '=')
		return unexpected(p, condition->negated ? "= after !" : "= or !=");
	p->at++;
	if (condition->key == CONDITION_EXEC)
		p->rules->uses_exec = true;
	return take_values(p, condition);
}

static int take_errno(struct parser *p, struct action *action)
{
	char *name;
	size_t len;

	p->at++;
	len = word_length(p);
	name = xasprintf("%.*s", (int)len, p->at);
	action->error = errno_parse(name);
	free(name);
	if (!action->error)
		return unexpected(p, ERRNOS);
	p->at += len;
	return 0;
}

static int take_action(struct parser *p, struct action *action)
{
	size_t len = word_length(p);

	if (word_is(p, len, "allow"))
		action->outcome = OUTCOME_ALLOW;
	else if (word_is(p, len, "deny"))
		action->outcome = OUTCOME_DENY;
	else if (word_is(p, len, "ask"))
		action->outcome = OUTCOME_ASK;
	else
		return unexpected(p, "allow, deny, ask or default");
	p->at += len;
	if (p->at < p->end && *p->at == '=' && action->outcome == OUTCOME_DENY && take_errno(p, action))
		return -1;
	if (p->at < p->end && !is_blank(*p->at))
		return unexpected(p, action->outcome == OUTCOME_DENY ? "a blank or =ERRNO" : "a blank");
	return 0;
}

/* What follows the action: options and conditions in any order. */
static int take_rest(struct parser *p, struct rule *rule, bool conditions)
{
	while (!at_end(p)) {
		size_t len = word_length(p);
		bool *option = NULL;

		if (word_is(p, len, "audit"))
			option = &rule->action.audit;
		else if (word_is(p, len, "remember"))
			option = &rule->action.remember;
		if (option && *option)
			return unexpected(p, "each option only once");
		if (option) {
			*option = true;
			p->at += len;
			if (p->at < p->end && !is_blank(*p->at))
				return unexpected(p, "a blank");
		} else if (!conditions) {
			return unexpected(p, "audit, remember or the end of the line");
		} else if (take_condition(p, rule, len)) {
			return -1;
		}
	}
	return 0;
}

static void rule_free(struct rule *rule)
{
	for (size_t i = 0; i < rule->count; i++) {
		struct condition *condition = &rule->conditions[i];

		for (size_t j = 0; condition->texts && j < condition->count; j++)
			free(condition->texts[j]);
		free(condition->texts);
		free(condition->ranges);
		hashes_free(&condition->hashes);
	}
	free(rule->conditions);
}

static int take_default(struct parser *p)
{
	struct rule rule = { 0 };
	char *text;

	if (p->rules->default_line) {
		text = xasprintf("expected one default, and line %u has it",
				 p->rules->default_line);
		parser_report(p, p->at, text);
		free(text);
		return -1;
	}
	p->at += strlen("default");
	skip_blanks(p);
	if (take_action(p, &rule.action) || take_rest(p, &rule, false))
		return -1;
	p->rules->otherwise = rule.action;
	p->rules->default_line = p->number;
	return 0;
}

static int take_rule(struct parser *p, struct rule *rule)
{
	const char *start = p->at;

	if (take_action(p, &rule->action) || take_rest(p, rule, true))
		return -1;
	if (rule->count)
		return 0;
	p->at = start;
	return parser_expected(p, p->end, 0, "a condition; what holds for everything else is a default");
}

static void take_line(struct parser *p)
{
	struct rules *rules = p->rules;
	struct rule rule = { .line = p->number };
	const char *nul;

	nul = memchr(p->line, '\0', p->end - p->line);
	if (nul) {
		parser_report(p, nul, "expected text, found a NUL byte");
		return;
	}
	if (at_end(p))
		return;
	if (word_is(p, word_length(p), "default")) {
		if (!take_default(p) && rules->otherwise.outcome == OUTCOME_ASK &&
		    !rules->ask_line)
			rules->ask_line = p->number;
		return;
	}
	if (take_rule(p, &rule)) {
		rule_free(&rule);
		return;
	}
	if (rule.action.outcome == OUTCOME_ASK && !rules->ask_line)
		rules->ask_line = p->number;
	rules->list = xrealloc(rules->list, (rules->count + 1) * sizeof(*rules->list));
	rules->list[rules->count++] = rule;
}

int rules_parse(struct rules *rules, const char *name, const char *text, size_t len,
		rules_error_fn say, void *arg)
{
	struct parser p = { .rules = rules, .name = name, .say = say, .arg = arg };
	const char *end = text + len;

	*rules = (struct rules){ 0 };
	while (text < end) {
		const char *stop = memchr(text, '\n', end - text);

		p.number++;
		p.line = text;
		p.at = text;
		p.end = stop ? stop : end;
		take_line(&p);
		text = p.end + 1;
	}
	if (!p.errors)
		return 0;
	rules_free(rules);
	return -1;
}

int rules_read(struct rules *rules, const char *path, rules_error_fn say, void *arg)
{
	char *text, *error;
	size_t len;
	int ret;

	*rules = (struct rules){ 0 };
	text = read_whole_file(path, RULES_MAX, &len);
	if (!text) {
		error = xasprintf("%s: %s", path, strerror(errno));
		say(arg, error);
		free(error);
		return -1;
	}
	ret = rules_parse(rules, path, text, len, say, arg);
	free(text);
	return ret;
}

void rules_free(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		rule_free(&rules->list[i]);
	free(rules->list);
	*rules = (struct rules){ 0 };
}
