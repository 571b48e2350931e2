/* SPDX-License-Identifier: MIT */
/* conf_defaults.c - the table of the core's control files. */
#include "conf_defaults.h"

#include <errno.h>
#include <stdio.h>

#include "base/num.h"
#include "base/str.h"

const struct conf_def conf_defs[CONF_KEY_COUNT] = {
#define X(id, name, type, def, least, most, when, words, help)                 \
	[CONF_##id] = { name, CONF_TYPE_##type, def, least, most, when, words, \
		help },
#include "conf/conf_defaults.def"
#undef X
};

int
conf_key_find(struct slice name)
{
	for (int i = 0; i < CONF_KEY_COUNT; i++)
		if (slice_eq_text(name, conf_defs[i].name))
			return i;
	return -1;
}

const char *
conf_type_name(enum conf_type type)
{
	switch (type) {
	case CONF_TYPE_TEXT:
		return "text";
	case CONF_TYPE_INT:
		return "number";
	case CONF_TYPE_SIZE:
		return "size";
	case CONF_TYPE_TIME:
		return "time";
	case CONF_TYPE_BOOL:
		return "boolean";
	case CONF_TYPE_OCTAL:
		return "octal";
	case CONF_TYPE_RANGE:
		return "numbers";
	case CONF_TYPE_ENUM:
		return "word";
	case CONF_TYPE_LIST:
		return "list";
	case CONF_TYPE_NETS:
		return "networks";
	case CONF_TYPE_PLUGINS:
		return "plugins";
	case CONF_TYPE_LISTEN:
		return "addresses";
	}
	UNREACHABLE();
}

/* --------------------------------------------------------------- parsing */

/* Milliseconds of the unit, 0 when it is none. */
static uint64_t
unit_ms(struct slice unit)
{
	if (unit.n == 0 || slice_caseeq_text(unit, "s"))
		return 1000;
	if (slice_caseeq_text(unit, "ms"))
		return 1;
	if (slice_caseeq_text(unit, "m"))
		return 60 * 1000;
	if (slice_caseeq_text(unit, "h"))
		return 3600 * 1000;
	return 0;
}

int
conf_time_parse(struct slice text, uint64_t max_ms, uint64_t *ret_ms)
{
	size_t digits = 0;
	uint64_t unit, value;
	int res;

	while (digits < text.n && ascii_is_digit(text.p[digits]))
		digits++;
	unit = unit_ms(slice_from(text, digits));
	if (unit == 0)
		return -EINVAL;
	res = num_parse_u64(slice_head(text, digits), max_ms / unit, &value);
	if (res != 0)
		return res;
	*ret_ms = value * unit;
	return 0;
}

static int
parse_bool(struct slice text, int64_t *ret)
{
	static const char *const words[] = { "0", "1", "no", "yes", "off", "on",
		"false", "true" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (slice_caseeq_text(text, words[i])) {
			*ret = i % 2;
			return 0;
		}
	return -EINVAL;
}

static int
parse_enum(struct slice words, struct slice text, int64_t *ret)
{
	struct slice word;
	int64_t count = 0;
	unsigned index;

	while (slice_cut(&words, '|', &word)) {
		if (slice_caseeq(word, text)) {
			*ret = count;
			return 0;
		}
		count++;
	}
	if (num_parse_unsigned(text, (unsigned)count - 1, &index) != 0)
		return -EINVAL;
	*ret = index;
	return 0;
}

/* What follows a number, if it is there, is the second. */
static int
parse_range(const struct conf_def *def, struct slice text, int64_t *ret)
{
	struct slice word = slice_word(&text);
	int64_t least, most;
	int res = num_parse_i64(word, def->least, def->most, &least);

	if (res != 0)
		return res;
	word = slice_word(&text);
	most = least;
	if (word.n > 0)
		res = num_parse_i64(word, def->least, def->most, &most);
	if (res == 0 && (most < least || most == 0))
		res = -ERANGE;
	if (res == 0)
		*ret = (int64_t)((uint64_t)least << 32 | (uint64_t)most);
	return res;
}

static int
parse_by_type(const struct conf_def *def, struct slice text, int64_t *ret)
{
	uint64_t value = 0;
	unsigned mode = 0;
	int res = 0;

	switch (def->type) {
	case CONF_TYPE_INT:
		return num_parse_i64(text, def->least, def->most, ret);
	case CONF_TYPE_SIZE:
		res = num_parse_size(text, (uint64_t)def->most, &value);
		break;
	case CONF_TYPE_TIME:
		res = conf_time_parse(text, (uint64_t)def->most, &value);
		break;
	case CONF_TYPE_OCTAL:
		res = num_parse_octal(text, (unsigned)def->most, &mode);
		value = mode;
		break;
	case CONF_TYPE_BOOL:
		return parse_bool(text, ret);
	case CONF_TYPE_RANGE:
		return parse_range(def, text, ret);
	case CONF_TYPE_ENUM:
		return parse_enum(slice_of(def->words), text, ret);
	case CONF_TYPE_TEXT:
	case CONF_TYPE_LIST:
	case CONF_TYPE_NETS:
	case CONF_TYPE_PLUGINS:
	case CONF_TYPE_LISTEN:
		UNREACHABLE();
	}
	if (res == 0 && value < (uint64_t)def->least)
		res = -ERANGE;
	if (res == 0)
		*ret = (int64_t)value;
	return res;
}

/* "what it should be" for the text of a fault. */
static void
describe(const struct conf_def *def, char *to, size_t size)
{
	bool is_open = def->most == INT64_MAX;
	int n = 0;

	switch (def->type) {
	case CONF_TYPE_BOOL:
		n = snprintf(to, size, "0 or 1");
		break;
	case CONF_TYPE_ENUM:
		n = snprintf(to, size, "one of %s", def->words);
		break;
	case CONF_TYPE_OCTAL:
		n = snprintf(to, size, "an octal number such as %s", def->text);
		break;
	case CONF_TYPE_RANGE:
		n = snprintf(to, size,
		    "the least and the most, such as %s, from %lld to %lld",
		    def->text, (long long)def->least, (long long)def->most);
		break;
	case CONF_TYPE_TIME:
		n = snprintf(to, size,
		    "a time such as 30, 500ms, 5m or 1h, from %lld to %lld "
		    "seconds",
		    (long long)def->least / 1000, (long long)def->most / 1000);
		break;
	case CONF_TYPE_SIZE:
		n = is_open
			? snprintf(to, size, "bytes such as 4096, 256k, 64M")
			: snprintf(to, size,
			      "bytes such as 4096 or 256k, from %lld to "
			      "%lld",
			      (long long)def->least, (long long)def->most);
		break;
	case CONF_TYPE_INT:
		n = snprintf(to, size, "a number from %lld to %lld",
		    (long long)def->least, (long long)def->most);
		break;
	case CONF_TYPE_TEXT:
	case CONF_TYPE_LIST:
	case CONF_TYPE_NETS:
	case CONF_TYPE_PLUGINS:
	case CONF_TYPE_LISTEN:
		UNREACHABLE();
	}
	CHECK(n > 0 && (size_t)n < size);
}

int
conf_value_parse(const struct conf_def *def, struct slice text, int64_t *ret,
    struct err *err)
{
	char want[160];
	int res = parse_by_type(def, text, ret);

	if (res == 0)
		return 0;
	describe(def, want, sizeof(want));
	return err_set(err, res, "\"%.*s\" is %s; write %s",
	    STR(slice_head(text, 80)),
	    res == -ERANGE ? "out of range" : "not understood", want);
}
