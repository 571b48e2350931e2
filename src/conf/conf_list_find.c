/* SPDX-License-Identifier: MIT */
/* conf_list_find.c - look-ups in a control file. */
#include <stdint.h>

#include "base/arena.h"
#include "conf/conf_forms.h"
#include "conf_list_private.h"

/* Bad lines were reported and are left out. */
static void
need(struct conf_list *list, unsigned kinds)
{
	CHECK_OBJ(list, CONF_LIST_MAGIC);
	if ((list->kinds & kinds) != kinds)
		(void)conf_list_compile(list, kinds, NULL);
}

/* -------------------------------------------------------------- look-ups */

static bool
find(
    struct conf_list *list, unsigned kind, struct slice text, size_t *ret_index)
{
	size_t line;

	need(list, kind);
	if (text.n == 0 ||
	    !conf_index_find(
		kind == CONF_KIND_WORDS ? &list->words : &list->whole, text,
		&line))
		return false;
	if (ret_index != NULL)
		*ret_index = line;
	return true;
}

bool
conf_list_has(struct conf_list *list, struct slice word)
{
	return conf_list_find(list, word, NULL);
}

bool
conf_list_find(struct conf_list *list, struct slice word, size_t *ret_index)
{
	struct conf_form form;

	return find(
	    list, CONF_KIND_WORDS, conf_ascii_form(word, &form), ret_index);
}

bool
conf_list_find_line(
    struct conf_list *list, struct slice text, size_t *ret_index)
{
	return find(list, CONF_KIND_LINES, text, ret_index);
}

/* Keeps the lower one. */
static void
take_earlier(
    struct conf_list *list, unsigned kind, struct slice key, size_t *best)
{
	size_t line;

	if (find(list, kind, key, &line) && line < *best)
		*best = line;
}

static bool
give_best(size_t best, size_t *ret_index)
{
	if (best == SIZE_MAX)
		return false;
	if (ret_index != NULL)
		*ret_index = best;
	return true;
}

bool
conf_list_find_domain(
    struct conf_list *list, struct slice domain, size_t *ret_index)
{
	struct conf_form form;
	size_t best = SIZE_MAX;

	if (domain.n > CONF_LOOKUP_MAX)
		return false;
	domain = conf_ascii_form(domain, &form);
	take_earlier(list, CONF_KIND_WORDS, domain, &best);
	/* Not at 0: ".example.com" is no name below itself. */
	for (size_t i = 1; i < domain.n; i++)
		if (domain.p[i] == '.')
			take_earlier(list, CONF_KIND_WORDS,
			    slice_from(domain, i), &best);
	return give_best(best, ret_index);
}

bool
conf_list_find_ip(
    struct conf_list *list, const struct inet_addr *addr, size_t *ret_index)
{
	size_t best = SIZE_MAX;

	need(list, CONF_KIND_NETS);
	(void)conf_nets_find(list->nets, addr, &best);
	return give_best(best, ret_index);
}

bool
conf_list_has_ip(struct conf_list *list, const struct inet_addr *addr)
{
	return conf_list_find_ip(list, addr, NULL);
}

/* The earliest line that is no regular expression and fits, if it is before
 * `best`. */
static void
match_plain(struct conf_list *list, const struct conf_flavour *flavour,
    struct slice text, size_t *best)
{
	size_t at = slice_rfind(text, '@');
	unsigned kind = flavour->is_line ? CONF_KIND_LINES : CONF_KIND_WORDS;

	/* A text that is one has its own meaning, even if it looks equal. */
	if (!conf_flavour_regex(flavour, text, NULL))
		take_earlier(list, kind, text, best);
	if (flavour->has_domains && at < text.n &&
	    !conf_flavour_regex(flavour, slice_from(text, at), NULL))
		take_earlier(list, kind, slice_from(text, at), best);
}

static void
on_costly(void *arg, size_t line)
{
	conf_list__report(arg, NULL, line,
	    "the regular expression takes too many steps and is passed over; "
	    "write it with fewer repetitions");
}

/* An expression, and a whole line, may have either form of a domain.  Returns
 * how many there are: one or two. */
static size_t
make_forms(struct arena *arena, struct slice text, struct conf_form *form,
    struct slice ret[2])
{
	struct slice ascii = conf_ascii_form(text, form);

	ret[0] = text;
	ret[1] = ascii.p != text.p ? ascii : idna_address_to_utf8(arena, text);
	return slice_eq(ret[0], ret[1]) ? 1 : 2;
}

bool
conf_list_match(struct conf_list *list, enum conf_flavour_id id,
    struct slice text, size_t *ret_index)
{
	const struct conf_flavour *flavour = &conf_flavours[id];
	struct slice forms[2];
	struct conf_form form;
	struct arena arena;
	size_t count, best = SIZE_MAX;

	need(list, CONF_KIND_PATTERNS(id));
	if (text.n > CONF_LOOKUP_MAX)
		return false;
	match_plain(list, flavour, conf_ascii_form(text, &form), &best);
	if (!flavour->is_line && conf_regexes_count(list->regexes[id]) == 0)
		return give_best(best, ret_index);
	arena_init(&arena, 512, 0);
	count = make_forms(&arena, text, &form, forms);
	for (size_t i = 0; flavour->is_line && i < count; i++)
		match_plain(list, flavour, forms[i], &best);
	best = conf_regexes_find(
	    list->regexes[id], forms, count, best, on_costly, list);
	arena_done(&arena);
	return give_best(best, ret_index);
}

uint64_t
conf_list_work(const struct conf_list *list)
{
	uint64_t work = list->words.work + list->whole.work;

	CHECK_OBJ(list, CONF_LIST_MAGIC);
	if (list->nets != NULL)
		work += conf_nets_work(list->nets);
	for (size_t i = 0; i < CONF_FLAVOURS; i++)
		if (list->regexes[i] != NULL)
			work += conf_regexes_work(list->regexes[i]);
	return work;
}
