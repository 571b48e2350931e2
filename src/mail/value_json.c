/* SPDX-License-Identifier: MIT */
/* value_json.c - values as JSON (RFC 8259). */
#include "value.h"

#include "base/buf.h"

/* Length of the UTF-8 sequence (RFC 3629) that `text` begins with, 0 if it
 * is none.  `text` is not empty.
 *
 *	UTF8-2 = %xC2-DF UTF8-tail
 *	UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) /
 *	         %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
 *	UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) /
 *	         %xF4 %x80-8F 2( UTF8-tail )
 */
static size_t
utf8_sequence(struct slice text)
{
	unsigned char c = (unsigned char)text.p[0];
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (text.n < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		unsigned char tail = (unsigned char)text.p[i];

		if (tail < low || tail > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

static void
json_char(char c, struct buf *out)
{
	switch (c) {
	case '"':
	case '\\':
		buf_add_char(out, '\\');
		buf_add_char(out, c);
		break;
	case '\n':
		buf_add_text(out, "\\n");
		break;
	case '\r':
		buf_add_text(out, "\\r");
		break;
	case '\t':
		buf_add_text(out, "\\t");
		break;
	default:
		if ((unsigned char)c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned)c);
		else
			buf_add_char(out, c);
	}
}

static void
json_text(struct slice text, struct buf *out)
{
	buf_add_char(out, '"');
	while (text.n > 0) {
		size_t n = utf8_sequence(text);

		if (n == 0)
			buf_add_text(out, "\xef\xbf\xbd");
		else if (n == 1)
			json_char(text.p[0], out);
		else
			buf_add(out, text.p, n);
		text = slice_from(text, n == 0 ? 1 : n);
	}
	buf_add_char(out, '"');
}

static void
json_list(const struct hl_value *list, struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < value_count(list); i++) {
		if (i > 0)
			buf_add_char(out, ',');
		value_json(value_at(list, i), out);
	}
	buf_add_char(out, ']');
}

static void
json_map(const struct hl_value *map, struct buf *out)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < value_count(map); i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_text(slice_str(value_key_at(map, i)), out);
		buf_add_char(out, ':');
		value_json(value_at(map, i), out);
	}
	buf_add_char(out, '}');
}

/* Recursion is bounded by VALUE_DEPTH_MAX. */
void
value_json(const struct hl_value *value, struct buf *out)
{
	if (value == NULL) {
		buf_add_text(out, "null");
		return;
	}
	switch (value_kind(value)) {
	case HL_KIND_TEXT:
		json_text(slice_str(value_as_text(value)), out);
		break;
	case HL_KIND_INT:
		buf_printf(out, "%lld", (long long)value_as_int(value));
		break;
	case HL_KIND_LIST:
		json_list(value, out);
		break;
	case HL_KIND_MAP:
		json_map(value, out);
		break;
	}
}
