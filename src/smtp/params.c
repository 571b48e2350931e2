/* SPDX-License-Identifier: MIT */
/* params.c - ESMTP parameters behind a path (RFC 5321 4.1.2).
 *
 * UNSAFE: `at` stays at or below in.n.
 */
#include "smtp/params.h"

#include <errno.h>

#include "smtp/octet_private.h"
#include "smtp/utf8_private.h"

/* esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-") */
static size_t
keyword_len(struct slice in)
{
	size_t n = 0;

	while (n < in.n &&
	       (octet__is_letdig(in.p[n]) || (in.p[n] == '-' && n > 0)))
		n++;
	return n;
}

/* esmtp-value = 1*(%d33-60 / %d62-126); RFC 6531 3.3 adds UTF8-non-ascii */
static size_t
value_len(struct slice in, bool utf8)
{
	size_t n = 0;

	while (n < in.n) {
		unsigned char c = (unsigned char)in.p[n];
		size_t step = 1;

		if (c >= 0x80)
			step = utf8 ? smtp__utf8_len(octet__behind(in, n)) : 0;
		else if (c <= ' ' || c == '=' || c == 0x7f)
			step = 0;
		if (step == 0)
			break;
		n += step;
	}
	return n;
}

static hl_str
lower_copy(struct arena *arena, struct slice text)
{
	char *p = arena_alloc(arena, text.n + 1);

	for (size_t i = 0; i < text.n; i++)
		p[i] = ascii_lower(text.p[i]);
	return (hl_str){ p, text.n };
}

/* esmtp-param = esmtp-keyword ["=" esmtp-value]; takes it off *in. */
static int
parse_one(struct arena *arena, struct slice *in, bool utf8,
    struct smtp_param *ret, struct err *err)
{
	size_t key_len = keyword_len(*in), n;
	struct slice value = SLICE_NONE;

	if (key_len == 0)
		return err_set(err, -EINVAL, "bad parameter name");
	ret->key = lower_copy(arena, slice_head(*in, key_len));
	*in = slice_from(*in, key_len);
	ret->has_value = in->n > 0 && in->p[0] == '=';
	if (ret->has_value) {
		*in = slice_from(*in, 1);
		n = value_len(*in, utf8);
		if (n == 0)
			return err_set(err, -EINVAL,
			    "parameter %s has a bad value", ret->key.p);
		value = slice_head(*in, n);
		*in = slice_from(*in, n);
	}
	ret->value = arena_str(arena, value);
	if (in->n > 0 && in->p[0] != ' ')
		return err_set(
		    err, -EINVAL, "bad character in parameter %s", ret->key.p);
	return 0;
}

static struct slice
skip_spaces(struct slice in)
{
	while (in.n > 0 && in.p[0] == ' ')
		in = slice_from(in, 1);
	return in;
}

/* How many parameters there can be at most: runs of non-spaces. */
static size_t
count_words(struct slice in)
{
	size_t count = 0;

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != ' ' && (i == 0 || in.p[i - 1] == ' '))
			count++;
	}
	return count;
}

int
smtp_params_parse(struct arena *arena, struct slice in, unsigned max, bool utf8,
    struct smtp_params *ret, struct err *err)
{
	struct smtp_params params = { NULL, 0 };
	struct smtp_param *items;
	size_t words;
	int rc;

	while (in.n > 0 && (in.p[in.n - 1] == ' ' || in.p[in.n - 1] == '\t'))
		in.n--;
	words = count_words(in);
	if (words > max)
		return err_set(err, -E2BIG, "more than %u parameters", max);
	if (words == 0) {
		*ret = params;
		return 0;
	}
	if (in.p[0] != ' ')
		return err_set(err, -EINVAL, "no space before parameters");
	items = arena_array(arena, words, sizeof(*items));
	params.items = items;
	while ((in = skip_spaces(in)).n > 0) {
		struct smtp_param *item = &items[params.count];

		CHECK(params.count < words);
		rc = parse_one(arena, &in, utf8, item, err);
		if (rc < 0)
			return rc;
		if (smtp_params_get(&params, item->key.p) != NULL)
			return err_set(
			    err, -EEXIST, "parameter %s twice", item->key.p);
		params.count++;
	}
	*ret = params;
	return 0;
}

const struct smtp_param *
smtp_params_get(const struct smtp_params *params, const char *key)
{
	for (size_t i = 0; i < params->count; i++) {
		if (str_eq_text(params->items[i].key, key))
			return &params->items[i];
	}
	return NULL;
}

/* RFC 3461 4: hexadecimal digits of xtext are upper case. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* xtext = *( xchar / hexchar ); xchar = %d33-42 / %d44-60 / %d62-126;
 * hexchar = "+" 2HEXDIG */
int
smtp_xtext_decode(struct arena *arena, struct slice in, hl_str *ret)
{
	char *out = arena_alloc(arena, in.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '+') {
			int high = i + 2 < in.n ? hex_value(in.p[i + 1]) : -1;
			int low = i + 2 < in.n ? hex_value(in.p[i + 2]) : -1;

			if (high < 0 || low < 0 || (high | low) == 0)
				return -EINVAL;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c < '!' || c > '~' || c == '=') {
			return -EINVAL;
		}
		out[n++] = c;
	}
	*ret = (hl_str){ out, n };
	return 0;
}

hl_str
smtp_xtext_encode(struct arena *arena, struct slice in)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(arena, 3 * in.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (c >= '!' && c <= '~' && c != '+' && c != '=') {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '+';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	return (hl_str){ out, n };
}
