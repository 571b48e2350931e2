/* SPDX-License-Identifier: MIT */
/* plugin_alias.c - old names of plugins, and what their lines mean today.
 *
 * A new old name is a line of plugin_alias.def.
 */
#include "plugin_alias.h"

#include "base/check.h"
#include "base/mem.h"
#include "conf/conf_plugins.h"

#define WORDS_MORE 8 /* than the line has */

struct alias_words {
	struct arena *arena;
	const hl_str *old;
	size_t old_count;
	hl_str *ret;
	size_t room, count;
};

static void
put(struct alias_words *words, hl_str word)
{
	CHECK(words->count < words->room);
	words->ret[words->count++] = word;
}

static void
put_pair(struct alias_words *words, const char *name, hl_str value)
{
	put(words, str_of(name));
	put(words, value);
}

static void
put_old(struct alias_words *words)
{
	for (size_t i = 0; i < words->old_count; i++)
		put(words, words->old[i]);
}

/* The word behind `name`; "" there is none. */
static hl_str
value_of(const struct alias_words *words, const char *name)
{
	for (size_t i = 0; i + 1 < words->old_count; i++) {
		if (slice_caseeq_text(slice_str(words->old[i]), name))
			return words->old[i + 1];
	}
	return STR_EMPTY;
}

static bool
is_given(const struct alias_words *words, const char *name)
{
	return value_of(words, name).n > 0;
}

/* Wants From and Date; `DAYS` and `days DAYS` are both limits. */
static void
basicheaders(struct alias_words *words)
{
	hl_str days =
	    words->old_count == 1 ? words->old[0] : value_of(words, "days");

	put_pair(words, "require", STR_LIT("From,Date"));
	if (days.n > 0 && !is_given(words, "past"))
		put_pair(words, "past", days);
	if (days.n > 0 && !is_given(words, "future"))
		put_pair(words, "future", days);
	for (size_t i = 0; words->old_count > 1 && i < words->old_count; i++) {
		if (slice_caseeq_text(slice_str(words->old[i]), "days"))
			i++;
		else
			put(words, words->old[i]);
	}
}

/* One word: log, deny or denysoft. */
static void
bounce(struct alias_words *words)
{
	struct slice word =
	    words->old_count == 1 ? slice_str(words->old[0]) : slice_of("");
	bool is_soft = slice_caseeq_text(word, "denysoft");

	if (slice_caseeq_text(word, "log"))
		return;
	if (!is_soft && !slice_caseeq_text(word, "deny")) {
		put_old(words);
		return;
	}
	put_pair(words, "reject", STR_LIT("1"));
	put_pair(
	    words, "reject_type", is_soft ? STR_LIT("temp") : STR_LIT("perm"));
}

/* Refused for now unless it was told `action deny`. */
static void
soft_earlytalker(struct alias_words *words)
{
	bool is_hard =
	    slice_caseeq_text(slice_str(value_of(words, "action")), "deny");

	if (!is_given(words, "reject_type"))
		put_pair(words, "reject_type",
		    is_hard ? STR_LIT("perm") : STR_LIT("temp"));
	put_old(words);
}

static const struct plugin_alias aliases[] = {
#define ALIAS(was, is) { .old = (was), .now = (is) },
#define ALIAS_WORDS(was, is, front) \
	{ .old = (was), .now = (is), .words = (front) },
#define ALIAS_FN(was, is, fn) { .old = (was), .now = (is), .translate = (fn) },
#define GONE(was, what) { .old = (was), .remedy = (what) },
#include "plugin_alias.def"
};

const struct plugin_alias *
plugin_alias(struct slice name)
{
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (slice_eq_text(name, aliases[i].old))
			return &aliases[i];
	}
	return NULL;
}

void
plugin_alias_args(const struct plugin_alias *alias, struct arena *arena,
    struct conf_plugin *line)
{
	struct alias_words words = { .arena = arena,
		.old = line->args,
		.old_count = line->arg_count,
		.room = line->arg_count + WORDS_MORE };
	struct slice front = slice_of(alias->words != NULL ? alias->words : "");
	struct slice word;

	words.ret = arena_array(arena, words.room, sizeof(words.ret[0]));
	while ((word = slice_word(&front)).n > 0)
		put(&words, arena_str(arena, word));
	if (alias->translate != NULL)
		alias->translate(&words);
	else
		put_old(&words);
	line->args = words.ret;
	line->arg_count = words.count;
}
