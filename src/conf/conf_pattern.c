/* SPDX-License-Identifier: MIT */
/* conf_pattern.c - Perl-style regular expressions with a bound on their cost.
 */
#include "conf_pattern.h"

#include <errno.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"

/* Each nested parenthesis costs the compiler about a kilobyte of stack, and
 * it may run on a fiber. */
#define NEST_MAX 32

struct conf_pattern {
	pcre2_code *code;
};

struct conf_matcher {
	pcre2_match_context *context;
	pcre2_match_data *data;
};

static pcre2_code *
compile(struct slice text, bool caseless, int *ret_number, size_t *ret_place)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;

	CHECK(context != NULL);
	(void)pcre2_set_parens_nest_limit(context, NEST_MAX);
	code = pcre2_compile((PCRE2_SPTR)(text.n > 0 ? text.p : ""), text.n,
	    caseless ? PCRE2_CASELESS : 0, ret_number, ret_place, context);
	pcre2_compile_context_free(context);
	return code;
}

int
conf_pattern_new(struct slice text, bool caseless, struct conf_pattern **ret,
    struct err *err)
{
	PCRE2_UCHAR reason[120];
	size_t place;
	pcre2_code *code;
	int number;

	if (text.n > CONF_PATTERN_MAX)
		return err_set(err, -EINVAL,
		    "the regular expression is longer than %d bytes; "
		    "divide it",
		    CONF_PATTERN_MAX);
	code = compile(text, caseless, &number, &place);
	if (code == NULL) {
		(void)pcre2_get_error_message(number, reason, sizeof(reason));
		return err_set(err, -EINVAL,
		    "bad regular expression at its character %zu: %s; mend it, "
		    "or write \\ before a character that stands for itself",
		    place + 1, (const char *)reason);
	}
	*ret = mem_alloc(sizeof(**ret));
	(*ret)->code = code;
	return 0;
}

void
conf_pattern_free(struct conf_pattern **pattern)
{
	if (*pattern != NULL)
		pcre2_code_free((*pattern)->code);
	mem_free(*pattern);
	*pattern = NULL;
}

struct conf_matcher *
conf_matcher_new(void)
{
	struct conf_matcher *matcher = mem_alloc(sizeof(*matcher));

	matcher->context = pcre2_match_context_create(NULL);
	matcher->data = pcre2_match_data_create(CONF_PATTERN_GROUPS, NULL);
	CHECK(matcher->context != NULL && matcher->data != NULL);
	(void)pcre2_set_match_limit(matcher->context, CONF_PATTERN_STEPS);
	(void)pcre2_set_heap_limit(matcher->context, CONF_PATTERN_HEAP_KIB);
	return matcher;
}

void
conf_matcher_free(struct conf_matcher **matcher)
{
	if (*matcher != NULL) {
		pcre2_match_data_free((*matcher)->data);
		pcre2_match_context_free((*matcher)->context);
	}
	mem_free(*matcher);
	*matcher = NULL;
}

/* `count` as pcre2_match returned it: 0 means more groups than places. */
static void
give_groups(const struct conf_matcher *matcher, struct slice text, int count,
    struct slice groups[CONF_PATTERN_GROUPS])
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(matcher->data);
	size_t set = count == 0 ? CONF_PATTERN_GROUPS : (size_t)count;

	for (size_t i = 0; i < CONF_PATTERN_GROUPS; i++) {
		PCRE2_SIZE from = i < set ? at[2 * i] : PCRE2_UNSET;
		PCRE2_SIZE end = i < set ? at[2 * i + 1] : PCRE2_UNSET;

		groups[i] = SLICE_NONE;
		/* \K in a look-ahead can make a match end before its start. */
		if (from != PCRE2_UNSET && from <= end)
			groups[i] =
			    slice_head(slice_from(text, from), end - from);
	}
}

int
conf_pattern_match(const struct conf_pattern *pattern,
    struct conf_matcher *matcher, struct slice text,
    struct slice groups[CONF_PATTERN_GROUPS])
{
	int res;

	if (text.n == 0)
		text = SLICE_LIT("");
	res = pcre2_match(pattern->code, (PCRE2_SPTR)text.p, text.n, 0, 0,
	    matcher->data, matcher->context);
	if (res == PCRE2_ERROR_NOMATCH)
		return 0;
	/* MATCHLIMIT, HEAPLIMIT; no other is possible without UTF. */
	if (res < 0)
		return -E2BIG;
	if (groups != NULL)
		give_groups(matcher, text, res, groups);
	return 1;
}
