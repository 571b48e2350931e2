/* SPDX-License-Identifier: MIT */
/* args.c - checks and stores plugin arguments (plugin.h, struct hl_arg). */
#include "args.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/num.h"
#include "conf/conf_defaults.h"
#include "conf/conf_nearest.h"

#define ARGS_MAX 64

static const struct {
	const char *name;
	size_t size;
} types[] = {
	[HL_ARG_STR] = { "text", sizeof(hl_str) },
	[HL_ARG_BOOL] = { "0|1", sizeof(bool) },
	[HL_ARG_INT] = { "number", sizeof(int64_t) },
	[HL_ARG_SIZE] = { "bytes", sizeof(uint64_t) },
	[HL_ARG_SECONDS] = { "time", sizeof(uint64_t) },
	[HL_ARG_CHOICE] = { "word", sizeof(unsigned) },
	[HL_ARG_LEVEL] = { "log level", sizeof(int) },
	[HL_ARG_WORDS] = { "words", sizeof(hl_str) },
	[HL_ARG_FLAG] = { "flag", sizeof(bool) },
	[HL_ARG_MODE] = { "octal", sizeof(unsigned) },
	[HL_ARG_PATH] = { "path", sizeof(hl_str) },
};

static bool
is_text(const struct hl_arg *arg)
{
	return arg->type == HL_ARG_STR || arg->type == HL_ARG_WORDS ||
	       arg->type == HL_ARG_PATH;
}

const char *
args_type_name(enum hl_arg_type type)
{
	return (unsigned)type < ARRAY_SIZE(types) ? types[type].name : "?";
}

static int
parse_bool(struct slice word, bool *ret)
{
	static const char *const yes[] = { "1", "yes", "true", "on" };
	static const char *const no[] = { "0", "no", "false", "off" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (slice_caseeq_text(word, yes[i]))
			return *ret = true, 0;
		if (slice_caseeq_text(word, no[i]))
			return *ret = false, 0;
	}
	return -EINVAL;
}

static int
parse_choice(struct slice word, const char *choices, unsigned *ret)
{
	struct slice left = slice_of(choices), choice;

	for (unsigned i = 0; slice_cut(&left, '|', &choice); i++) {
		if (slice_caseeq(choice, word))
			return *ret = i, 0;
	}
	return -EINVAL;
}

static int
parse_int(const struct hl_arg *arg, struct slice word, int64_t *ret)
{
	bool limits = arg->min != 0 || arg->max != 0;

	return num_parse_i64(word, limits ? arg->min : INT64_MIN,
	    limits ? arg->max : INT64_MAX, ret);
}

static int
parse_mode(struct slice word, unsigned *ret)
{
	unsigned mode = 0;

	if (word.n < 3 || word.n > 4)
		return -EINVAL;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '7')
			return -EINVAL;
		mode = mode << 3 | (unsigned)(word.p[i] - '0');
	}
	*ret = mode;
	return 0;
}

/* Stores one value; the error says what the word should have been. */
static int
store(const struct hl_arg *arg, struct slice word, struct arena *arena,
    char *base, struct err *err)
{
	void *at = base + arg->offset;
	enum log_level level;
	int ret = 0;

	switch (arg->type) {
	case HL_ARG_STR:
	case HL_ARG_WORDS:
	case HL_ARG_PATH:
		*(hl_str *)at = arena_str(arena, word);
		break;
	case HL_ARG_FLAG:
		*(bool *)at = true;
		break;
	case HL_ARG_MODE:
		ret = parse_mode(word, at);
		break;
	case HL_ARG_BOOL:
		ret = parse_bool(word, at);
		break;
	case HL_ARG_INT:
		ret = parse_int(arg, word, at);
		break;
	case HL_ARG_SIZE:
		ret = num_parse_size(word, INT64_MAX, at);
		break;
	case HL_ARG_SECONDS:
		ret = conf_time_parse(word, INT64_MAX / 2, at);
		break;
	case HL_ARG_CHOICE:
		ret = parse_choice(word, arg->choices, at);
		break;
	case HL_ARG_LEVEL:
		ret = log_level_parse(word, &level);
		if (ret == 0)
			*(int *)at = (int)level;
		break;
	}
	if (ret == 0)
		return 0;
	if (arg->type == HL_ARG_CHOICE)
		return err_set(err, -EINVAL, "`%s %.*s`: must be one of %s",
		    arg->name, STR(word), arg->choices);
	if (arg->type == HL_ARG_INT && (arg->min != 0 || arg->max != 0))
		return err_set(err, -EINVAL,
		    "`%s %.*s`: must be a number from %lld to %lld", arg->name,
		    STR(word), (long long)arg->min, (long long)arg->max);
	return err_set(err, -EINVAL, "`%s %.*s`: must be %s", arg->name,
	    STR(word), types[arg->type].name);
}

int
args_table_check(const struct hl_arg *table, size_t args_size, struct err *err)
{
	for (unsigned i = 0; table != NULL && table[i].name != NULL; i++) {
		const struct hl_arg *arg = &table[i];

		if ((unsigned)arg->type >= ARRAY_SIZE(types))
			return err_set(err, -EINVAL,
			    "argument %s has an unknown type", arg->name);
		if (i >= ARGS_MAX || args_size < types[arg->type].size ||
		    arg->offset > args_size - types[arg->type].size)
			return err_set(err, -EINVAL,
			    "argument %s lies beyond .args_size (%zu); set it "
			    "to the size of the struct that the table fills",
			    arg->name, args_size);
		if (arg->type == HL_ARG_CHOICE && arg->choices == NULL)
			return err_set(err, -EINVAL,
			    "argument %s has no .choices", arg->name);
		if (arg->type == HL_ARG_WORDS && table[i + 1].name != NULL)
			return err_set(err, -EINVAL,
			    "argument %s takes all words and must come last",
			    arg->name);
	}
	return 0;
}

static int
set_defaults(const struct hl_arg *table, struct arena *arena, char *base,
    struct err *err)
{
	for (const struct hl_arg *arg = table; arg->name != NULL; arg++) {
		int ret;

		if (is_text(arg))
			*(hl_str *)(void *)(base + arg->offset) = STR_EMPTY;
		if (arg->def == NULL)
			continue;
		ret = store(arg, slice_of(arg->def), arena, base, err);
		if (ret < 0)
			return err_prefix(err, "default");
	}
	return 0;
}

/* The named argument `word`, the first of that name that is free, or else the
 * next free positional one; -1: none. */
static int
find_arg(const struct hl_arg *table, struct slice word, uint64_t given)
{
	int positional = -1, named = -1;

	for (int i = 0; table[i].name != NULL; i++) {
		bool is_free = (given & UINT64_C(1) << i) == 0;

		if (table[i].positional) {
			if (positional < 0 && is_free)
				positional = i;
		} else if (slice_caseeq_text(word, table[i].name)) {
			if (is_free)
				return i;
			named = i;
		}
	}
	return named >= 0 ? named : positional;
}

/* The name of an argument that `word` may have been meant for, or NULL. */
static const char *
nearest_name(const struct hl_arg *table, struct slice word)
{
	const char *names[ARGS_MAX + 1] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < ARGS_MAX && table[i].name != NULL; i++) {
		if (!table[i].positional)
			names[n++] = table[i].name;
	}
	return conf_nearest(word, names, n);
}

static int
unknown_word(const struct hl_arg *table, struct slice word, struct err *err)
{
	const char *near = nearest_name(table, word);

	if (near != NULL)
		return err_set(err, -EINVAL,
		    "unknown argument %.*s; did you mean %s?", STR(word), near);
	if (table[0].name == NULL)
		return err_set(err, -EINVAL,
		    "unknown argument %.*s; it takes none", STR(word));
	return err_set(err, -EINVAL,
	    "unknown argument %.*s; `hookline plugins` tells which it takes",
	    STR(word));
}

/* A word alone, where only `arg` may stand alone. */
static int
unknown_choice(const struct hl_arg *table, const struct hl_arg *arg,
    struct slice word, struct err *err)
{
	if (nearest_name(table, word) != NULL)
		return unknown_word(table, word, err);
	return err_set(err, -EINVAL,
	    "unknown argument %.*s; a word alone must be one of %s", STR(word),
	    arg->choices);
}

/* Often that is meant as a comment. */
static bool
has_hash(const hl_str *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i].p[0] == '#')
			return true;
	}
	return false;
}

static struct slice
all_words(const hl_str *words, size_t count, struct arena *arena)
{
	struct buf buf = BUF_INIT;
	hl_str text;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&buf, ' ');
		buf_add_slice(&buf, slice_str(words[i]));
	}
	text = arena_str(arena, buf_slice(&buf));
	buf_done(&buf);
	return slice_str(text);
}

static int
take_words(const struct hl_arg *table, const hl_str *words, size_t count,
    struct arena *arena, char *base, uint64_t *ret_given, struct err *err)
{
	uint64_t given = 0;

	for (size_t i = 0; i < count; i++) {
		struct slice word = slice_str(words[i]);
		int n = find_arg(table, word, given);
		int ret;

		if (n < 0) {
			if (i > 0 && words[i - 1].p[0] == '"')
				return err_set(err, -EINVAL,
				    "unknown argument %.*s; quotes do not "
				    "join words here",
				    STR(word));
			return unknown_word(table, word, err);
		}
		given |= UINT64_C(1) << n;
		if (!table[n].positional && table[n].type != HL_ARG_FLAG) {
			if (++i == count)
				return err_set(err, -EINVAL, "%s needs a value",
				    table[n].name);
			word = slice_str(words[i]);
		}
		if (table[n].type == HL_ARG_WORDS) {
			word = all_words(words + i, count - i, arena);
			i = count;
		}
		ret = store(&table[n], word, arena, base, err);
		if (ret < 0 && table[n].positional &&
		    table[n].type == HL_ARG_CHOICE)
			return unknown_choice(table, &table[n], word, err);
		if (ret < 0)
			return ret;
	}
	*ret_given = given;
	return 0;
}

int
args_parse(const struct hl_arg *table, const hl_str *words, size_t count,
    struct arena *arena, void *ret, struct err *err)
{
	static const struct hl_arg nothing = { .name = NULL };
	uint64_t given = 0;
	int status;

	if (table == NULL)
		table = &nothing;
	status = set_defaults(table, arena, ret, err);
	if (status == 0)
		status =
		    take_words(table, words, count, arena, ret, &given, err);
	if (status < 0 && has_hash(words, count))
		return err_prefix(err, "a comment must have its own line");
	if (status < 0)
		return status;
	for (unsigned i = 0; table[i].name != NULL; i++) {
		if (table[i].required && (given & UINT64_C(1) << i) == 0)
			return err_set(err, -EINVAL, "argument %s is missing",
			    table[i].name);
	}
	return 0;
}
