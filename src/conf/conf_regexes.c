/* SPDX-License-Identifier: MIT */
/* conf_regexes.c - the regular expressions of one list, in one flavour. */
#include "conf_regexes.h"

#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf_literal.h"
#include "conf/conf_pattern.h"
#include "conf/conf_sieve.h"

struct entry {
	struct conf_pattern *pattern;
	size_t line;
	uint64_t tried; /* at this look-up */
	bool is_negated;
	bool is_reported; /* that it costs too much */
};

struct conf_regexes {
	struct entry *at; /* in file order */
	size_t count, room;
	size_t *always; /* those that the sieve does not hold */
	size_t always_count, always_room;
	struct conf_sieve *sieve;
	struct conf_matcher *matcher;
	uint64_t look_ups, tried;
};

struct look {
	struct conf_regexes *regexes;
	const struct slice *forms;
	size_t count, best;
	conf_regexes_costly_fn *on_costly;
	void *arg;
};

struct conf_regexes *
conf_regexes_new(void)
{
	struct conf_regexes *regexes = mem_alloc(sizeof(*regexes));

	regexes->sieve = conf_sieve_new();
	regexes->matcher = conf_matcher_new();
	return regexes;
}

void
conf_regexes_free(struct conf_regexes **regexes_p)
{
	struct conf_regexes *regexes = *regexes_p;

	*regexes_p = NULL;
	if (regexes == NULL)
		return;
	for (size_t i = 0; i < regexes->count; i++)
		conf_pattern_free(&regexes->at[i].pattern);
	mem_free(regexes->at);
	mem_free(regexes->always);
	conf_sieve_free(&regexes->sieve);
	conf_matcher_free(&regexes->matcher);
	mem_free(regexes);
}

size_t
conf_regexes_count(const struct conf_regexes *regexes)
{
	return regexes->count;
}

/* The array with room for one more. */
static void *
make_room(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room > 0 ? 2 * *room : 8;
	return mem_grow(array, *room * size);
}

/* The pattern and its literal. */
static int
compile(const struct conf_regex *regex, struct conf_pattern **ret,
    char literal[CONF_LITERAL_MAX], size_t *ret_n, struct err *err)
{
	struct slice text = regex->text;
	struct buf whole = BUF_INIT;
	int res = 0;

	if (regex->is_whole) {
		/* By itself, so that a fault is told as the line has it. */
		res = conf_pattern_new(text, true, ret, err);
		if (res == 0)
			conf_pattern_free(ret);
		buf_add_char(&whole, '^');
		buf_add_slice(&whole, text);
		buf_add_char(&whole, '$');
		text = buf_slice(&whole);
	}
	if (res == 0)
		res = conf_pattern_new(text, true, ret, err);
	if (res == 0)
		*ret_n = regex->is_negated ? 0 : conf_literal(text, literal);
	buf_done(&whole);
	return res;
}

int
conf_regexes_add(struct conf_regexes *regexes, const struct conf_regex *regex,
    size_t line, struct err *err)
{
	struct entry entry = { .line = line, .is_negated = regex->is_negated };
	char literal[CONF_LITERAL_MAX];
	size_t n = 0;
	int res;

	res = compile(regex, &entry.pattern, literal, &n, err);
	if (res != 0)
		return res;
	regexes->at = make_room(regexes->at, regexes->count, &regexes->room,
	    sizeof(regexes->at[0]));
	regexes->at[regexes->count] = entry;
	if (!conf_sieve_add(regexes->sieve, (struct slice){ literal, n })) {
		regexes->always =
		    make_room(regexes->always, regexes->always_count,
			&regexes->always_room, sizeof(regexes->always[0]));
		regexes->always[regexes->always_count++] = regexes->count;
	}
	regexes->count++;
	return 0;
}

/* 1 fits; 0 does not; -E2BIG. */
static int
fits_any(const struct look *look, const struct entry *entry)
{
	for (size_t i = 0; i < look->count; i++) {
		int res = conf_pattern_match(entry->pattern,
		    look->regexes->matcher, look->forms[i], NULL);

		if (res != 0)
			return res;
	}
	return 0;
}

/* A candidate of the sieve. */
static void
try_one(void *arg, size_t id)
{
	struct look *look = arg;
	struct entry *entry = &look->regexes->at[id];
	int res;

	if (entry->line >= look->best ||
	    entry->tried == look->regexes->look_ups)
		return;
	entry->tried = look->regexes->look_ups;
	look->regexes->tried++;
	res = fits_any(look, entry);
	if (res == -E2BIG && !entry->is_reported) {
		entry->is_reported = true;
		look->on_costly(look->arg, entry->line);
	}
	if (res >= 0 && (res == 1) != entry->is_negated)
		look->best = entry->line;
}

size_t
conf_regexes_find(struct conf_regexes *regexes, const struct slice *forms,
    size_t count, size_t before, conf_regexes_costly_fn *on_costly, void *arg)
{
	struct look look = { regexes, forms, count, before, on_costly, arg };

	if (regexes->count == 0)
		return before;
	regexes->look_ups++;
	for (size_t i = 0; i < regexes->always_count; i++) {
		if (regexes->at[regexes->always[i]].line >= look.best)
			break;
		try_one(&look, regexes->always[i]);
	}
	for (size_t i = 0; i < count; i++)
		conf_sieve_find(regexes->sieve, forms[i], try_one, &look);
	return look.best;
}

uint64_t
conf_regexes_tried(const struct conf_regexes *regexes)
{
	return regexes->tried;
}

uint64_t
conf_regexes_work(const struct conf_regexes *regexes)
{
	return regexes->tried + conf_sieve_work(regexes->sieve);
}
