/* SPDX-License-Identifier: MIT */
/* fuzz_conf_list.c - the look-ups find what a walk over the lines finds.
 *
 * The first line of the input is looked up in the others.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/idna.h"
#include "conf/conf_literal.h"
#include "conf/conf_pattern.h"
#include "fuzz_conf.h"

#define NONE SIZE_MAX
#define TEXT_MAX 2048 /* longer words are compared as they are */

struct form {
	char room[TEXT_MAX + IDNA_ASCII_MAX + 1];
};

/* Domains are compared in their ASCII form. */
static struct slice
ascii(struct slice text, struct form *form)
{
	size_t n =
	    text.n <= TEXT_MAX ? idna_address_to_ascii(text, form->room) : 0;

	return n > 0 ? (struct slice){ form->room, n } : text;
}

static bool
is_word(struct slice word, struct slice text)
{
	static struct form a, b;

	return slice_caseeq(ascii(word, &a), ascii(text, &b));
}

/* Is it a name below the domain ".x" in `word`, or the name itself? */
static bool
is_domain(struct slice word, struct slice name)
{
	static struct form a, b;

	if (is_word(word, name))
		return true;
	word = ascii(word, &a);
	name = ascii(name, &b);
	return word.p[0] == '.' && name.n > word.n &&
	       slice_caseeq(word, slice_from(name, name.n - word.n));
}

/* It needs what conf_literal says that it needs. */
static void
check_literal(struct slice word, struct slice text)
{
	char literal[CONF_LITERAL_MAX];
	struct slice need = { literal, conf_literal(word, literal) };
	size_t at = 0;

	while (at + need.n <= text.n &&
	       !slice_caseeq(slice_head(slice_from(text, at), need.n), need))
		at++;
	CHECK(at + need.n <= text.n);
}

static bool
regex_fits(struct slice word, struct slice text)
{
	struct conf_matcher *matcher;
	struct conf_pattern *pattern;
	int res;

	if (conf_pattern_new(word, true, &pattern, NULL) != 0)
		return false;
	matcher = conf_matcher_new();
	res = conf_pattern_match(pattern, matcher, text, NULL);
	conf_pattern_free(&pattern);
	conf_matcher_free(&matcher);
	if (res == 1)
		check_literal(word, text);
	return res == 1;
}

/* An expression may be meant for the other form of the domain. */
static bool
fits_other_form(struct slice word, struct slice text)
{
	struct form form;
	struct slice other = ascii(text, &form);
	struct arena arena;
	bool fits;

	arena_init(&arena, 512, 0);
	if (other.p == text.p)
		other = idna_address_to_utf8(&arena, text);
	fits = !slice_eq(other, text) && regex_fits(word, other);
	arena_done(&arena);
	return fits;
}

static bool
is_match(struct slice word, struct slice text)
{
	size_t at = slice_rfind(text, '@');

	if (conf_flavour_regex(&conf_flavours[CONF_ADDRESSES], word, NULL))
		return regex_fits(word, text) || fits_other_form(word, text);
	if (is_word(word, text))
		return true;
	return at < text.n && is_word(word, slice_from(text, at));
}

static bool
is_slashed(struct slice word, struct slice text)
{
	struct conf_regex regex;

	if (!conf_flavour_regex(&conf_flavours[CONF_SLASHED], word, &regex))
		return is_word(word, text);
	return regex_fits(regex.text, text) ||
	       fits_other_form(regex.text, text);
}

static bool
is_whole(struct slice line, struct slice text)
{
	return slice_caseeq(line, text);
}

/* conf_list.c tries the line by itself first: "a(" is not mended by "$". */
static bool
is_between(struct slice line, struct slice text)
{
	struct conf_pattern *alone;
	struct buf between = BUF_INIT;
	bool fits;

	if (conf_pattern_new(line, true, &alone, NULL) != 0)
		return false;
	conf_pattern_free(&alone);
	buf_add_char(&between, '^');
	buf_add_slice(&between, line);
	buf_add_char(&between, '$');
	fits = regex_fits(buf_slice(&between), text) ||
	       fits_other_form(buf_slice(&between), text);
	buf_done(&between);
	return fits;
}

/* The first line whose word (or whole text) fits. */
static size_t
walk(const struct conf_list *list, struct slice text, bool whole,
    bool (*fits)(struct slice, struct slice))
{
	for (size_t i = 0; i < conf_list_count(list); i++)
		if (fits(whole ? slice_str(conf_list_at(list, i))
			       : conf_list_word(list, i),
			text))
			return i;
	return NONE;
}

static void
check_ip(struct conf_list *list, struct slice text)
{
	struct inet_addr addr;
	struct inet_net net;
	size_t want = NONE;
	size_t got = NONE;

	if (inet_parse(text, &addr) != 0)
		return;
	for (size_t i = 0; want == NONE && i < conf_list_count(list); i++)
		if (inet_net_parse(conf_list_word(list, i), &net) == 0 &&
		    inet_net_has(&net, &addr))
			want = i;
	(void)conf_list_find_ip(list, &addr, &got);
	/* Prefixes of the long form are known to lists only. */
	CHECK(got <= want);
	CHECK(got == want ||
	      inet_net_parse(conf_list_word(list, got), &net) != 0);
}

/* A line that costs too much, or is no expression, fits nothing. */
static bool
is_name(struct slice line, struct slice text)
{
	static struct form form;
	struct conf_matcher *matcher;
	struct conf_pattern *pattern;
	struct slice other = ascii(text, &form);
	struct conf_regex regex;
	struct arena arena;
	int res;

	arena_init(&arena, 512, 0);
	if (other.p == text.p)
		other = idna_address_to_utf8(&arena, text);
	if (!conf_flavour_regex(&conf_flavours[CONF_NAMES], line, &regex)) {
		res = is_whole(line, text) || is_whole(line, other);
	} else if (conf_pattern_new(regex.text, true, &pattern, NULL) != 0) {
		res = 0;
	} else {
		matcher = conf_matcher_new();
		res = conf_pattern_match(pattern, matcher, text, NULL);
		if (res == 0 && !slice_eq(text, other))
			res = conf_pattern_match(pattern, matcher, other, NULL);
		res = res >= 0 && (res == 1) != regex.is_negated;
		conf_pattern_free(&pattern);
		conf_matcher_free(&matcher);
	}
	arena_done(&arena);
	return res == 1;
}

static void
check_names(struct conf_list *list, struct slice text)
{
	size_t got = NONE;

	(void)conf_list_match(list, CONF_NAMES, text, &got);
	CHECK(got == walk(list, text, true, is_name));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n), text = SLICE_NONE;
	struct conf_list *list;
	size_t got;

	(void)slice_cut(&in, '\n', &text);
	if (text.n > 1000)
		return 0;
	list = fuzz_list(in);
	got = NONE;
	(void)conf_list_find(list, text, &got);
	CHECK(got == walk(list, text, false, is_word));
	got = NONE;
	(void)conf_list_find_line(list, text, &got);
	CHECK(got == walk(list, text, true, is_whole));
	got = NONE;
	(void)conf_list_find_domain(list, text, &got);
	CHECK(got == walk(list, text, false, is_domain));
	got = NONE;
	(void)conf_list_match(list, CONF_ADDRESSES, text, &got);
	CHECK(got == walk(list, text, false, is_match));
	got = NONE;
	(void)conf_list_match(list, CONF_SLASHED, text, &got);
	CHECK(got == walk(list, text, false, is_slashed));
	got = NONE;
	(void)conf_list_match(list, CONF_WHOLE, text, &got);
	CHECK(got == walk(list, text, true, is_between));
	check_names(list, text);
	check_ip(list, text);
	conf_list_unref(&list);
	return 0;
}
