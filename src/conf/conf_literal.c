/* SPDX-License-Identifier: MIT */
/* conf_literal.c - a text without which a regular expression cannot fit.
 *
 * A walk over what stands outside of all parentheses.  Characters that stand
 * for themselves make a run; whatever else there is ends it.  What could make
 * such characters dispensable, or mean something else, ends the walk without
 * a result: an alternative ("|"), a verb or an option in parentheses, an
 * escape that is not one of the simple ones.
 */
#include "conf_literal.h"

#include <stdbool.h>
#include <string.h>

struct walk {
	struct slice rest; /* of the expression */
	char run[CONF_LITERAL_MAX], best[CONF_LITERAL_MAX];
	size_t run_n, best_n;
};

static void
end_run(struct walk *walk)
{
	if (walk->run_n > walk->best_n) {
		memcpy(walk->best, walk->run, walk->run_n);
		walk->best_n = walk->run_n;
	}
	walk->run_n = 0;
}

/* A run that is full goes on as a new one: the whole would be required, so
 * each half is. */
static void
add(struct walk *walk, char c)
{
	if (walk->run_n == CONF_LITERAL_MAX)
		end_run(walk);
	walk->run[walk->run_n++] = ascii_lower(c);
}

static void
skip(struct walk *walk, size_t n)
{
	walk->rest = slice_from(walk->rest, n);
}

/* The next character, '\0' at the end. */
static char
peek(const struct walk *walk, size_t at)
{
	return at < walk->rest.n ? walk->rest.p[at] : '\0';
}

/* "[...]", from its bracket.  False: not understood. */
static bool
skip_class(struct walk *walk)
{
	skip(walk, peek(walk, 1) == '^' ? 2 : 1);
	if (peek(walk, 0) == ']')
		skip(walk, 1);
	while (walk->rest.n > 0 && peek(walk, 0) != ']') {
		if (peek(walk, 0) == '[') /* perhaps "[:alpha:]" */
			return false;
		if (peek(walk, 0) == '\\' &&
		    (peek(walk, 1) == 'Q' || peek(walk, 1) == 'E'))
			return false;
		skip(walk, peek(walk, 0) == '\\' ? 2 : 1);
	}
	if (walk->rest.n == 0)
		return false;
	skip(walk, 1);
	return true;
}

/* Is this parenthesis a group, or looks it around?  Not those with options,
 * conditions, names, calls and verbs. */
static bool
is_plain_group(const struct walk *walk)
{
	char kind = peek(walk, 2);

	if (peek(walk, 1) == '*')
		return false;
	if (peek(walk, 1) != '?')
		return true;
	if (kind == '<')
		kind = peek(walk, 3);
	return kind == '=' || kind == '!' ||
	       (kind == ':' && peek(walk, 2) == ':');
}

/* One character, escape or class.  Letters in `simple` stand for a class of
 * characters or for a place. */
static bool
skip_escape(struct walk *walk, bool *ret_itself)
{
	struct slice simple = SLICE_LIT("dDwWsShHvVRbBAzZ");
	char c = peek(walk, 1);

	*ret_itself = !ascii_is_alnum(c);
	return c != '\0' && (*ret_itself || slice_find(simple, c) < simple.n);
}

/* "(...)", from its parenthesis, with all that are in it. */
static bool
skip_group(struct walk *walk)
{
	unsigned depth = 0;
	bool itself;

	do {
		switch (peek(walk, 0)) {
		case '\0':
			return false;
		case '(':
			if (!is_plain_group(walk))
				return false;
			depth++;
			/* The '?' of "(?:" is passed as a character. */
			skip(walk, 1);
			break;
		case ')':
			depth--;
			skip(walk, 1);
			break;
		case '[':
			if (!skip_class(walk))
				return false;
			break;
		case '\\':
			if (!skip_escape(walk, &itself))
				return false;
			skip(walk, 2);
			break;
		default:
			skip(walk, 1);
			break;
		}
	} while (depth > 0);
	return true;
}

/* "?", "*", "{2,3}": what stands before it may be missing. */
static bool
skip_quantifier(struct walk *walk)
{
	size_t n = 1;

	if (walk->run_n > 0)
		walk->run_n--;
	end_run(walk);
	if (peek(walk, 0) == '{') {
		while (ascii_is_digit(peek(walk, n)) || peek(walk, n) == ',')
			n++;
		if (peek(walk, n++) != '}') /* perhaps it is no quantifier */
			return false;
	}
	skip(walk, n);
	return true;
}

/* False: not understood. */
static bool
step(struct walk *walk)
{
	char c = peek(walk, 0);
	bool itself;

	switch (c) {
	case '|':
	case '\0':
		return false;
	case '(':
		end_run(walk);
		return skip_group(walk);
	case '[':
		end_run(walk);
		return skip_class(walk);
	case '?':
	case '*':
	case '{':
		return skip_quantifier(walk);
	case '\\':
		if (!skip_escape(walk, &itself))
			return false;
		if (itself)
			add(walk, peek(walk, 1));
		else
			end_run(walk);
		skip(walk, 2);
		return true;
	case '^':
	case '$':
	case '.':
	case '+': /* once is enough, more may be */
		end_run(walk);
		skip(walk, 1);
		return true;
	default:
		add(walk, c);
		skip(walk, 1);
		return true;
	}
}

size_t
conf_literal(struct slice regex, char ret[CONF_LITERAL_MAX])
{
	struct walk walk = { .rest = regex };

	while (walk.rest.n > 0)
		if (!step(&walk))
			return 0;
	end_run(&walk);
	if (walk.best_n > 0)
		memcpy(ret, walk.best, walk.best_n);
	return walk.best_n;
}
