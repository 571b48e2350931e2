/* SPDX-License-Identifier: MIT */
/* dsn.c - what the parameters of DSN say (RFC 3461 4, RFC 6533 3).
 *
 * UNSAFE: indices stay below the slice's n; `out` has room for n bytes, and
 * no character takes more bytes than its escape.
 */
#include "smtp/dsn.h"

#include <errno.h>
#include <stdint.h>

#include "smtp/octet_private.h"
#include "smtp/params.h"

/* "RET=" ("FULL" / "HDRS") */
int
smtp_ret_check(struct slice value, struct err *err)
{
	if (slice_caseeq_text(value, "FULL") ||
	    slice_caseeq_text(value, "HDRS"))
		return 0;
	return err_set(err, -EINVAL, "RET must be FULL or HDRS");
}

/* "printable (graphic and white space) characters from US-ASCII" */
static bool
is_printable(hl_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	}
	return true;
}

int
smtp_envid_parse(
    struct arena *arena, struct slice value, hl_str *ret, struct err *err)
{
	hl_str text;

	if (value.n > SMTP_ENVID_MAX)
		return err_set(err, -EINVAL, "ENVID is longer than %d octets",
		    SMTP_ENVID_MAX);
	if (value.n == 0 || smtp_xtext_decode(arena, value, &text) < 0 ||
	    !is_printable(text))
		return err_set(
		    err, -EINVAL, "ENVID must be xtext of printable ASCII");
	*ret = text;
	return 0;
}

static const struct {
	const char *word;
	unsigned bit;
} notify_words[] = {
	{ "NEVER", SMTP_NOTIFY_NEVER },
	{ "SUCCESS", SMTP_NOTIFY_SUCCESS },
	{ "FAILURE", SMTP_NOTIFY_FAILURE },
	{ "DELAY", SMTP_NOTIFY_DELAY },
};

static unsigned
notify_bit(struct slice word)
{
	for (size_t i = 0; i < ARRAY_SIZE(notify_words); i++) {
		if (slice_caseeq_text(word, notify_words[i].word))
			return notify_words[i].bit;
	}
	return 0;
}

/* notify-esmtp-value = "NEVER" / 1#notify-list-element */
int
smtp_notify_parse(struct slice value, unsigned *ret, struct err *err)
{
	unsigned bits = 0;

	for (;;) {
		size_t comma = slice_find(value, ',');
		unsigned bit = notify_bit(slice_head(value, comma));

		if (bit == 0)
			return err_set(err, -EINVAL,
			    "NOTIFY must be NEVER, or some of SUCCESS, "
			    "FAILURE, DELAY");
		bits |= bit;
		if (comma == value.n)
			break;
		value = slice_from(value, comma + 1);
	}
	if ((bits & SMTP_NOTIFY_NEVER) != 0 && bits != SMTP_NOTIFY_NEVER)
		return err_set(
		    err, -EINVAL, "NOTIFY=NEVER goes with nothing else");
	*ret = bits;
	return 0;
}

static int
hex_value(char c)
{
	c = ascii_lower(c);
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t
utf8_put(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* HEXPOINT of RFC 6533 3: what need not be encoded must not be, and there are
 * no zeros in front.  Its control characters have no place in an address. */
static bool
may_be_escaped(uint32_t c, size_t digits)
{
	static const size_t most[] = { 0x10, 0x100, 0x1000, 0x10000, 0x100000 };

	if (digits < 2 || digits > 6 || (digits > 2 && c < most[digits - 2]))
		return false;
	if (c == ' ' || c == '+' || c == '=' || c == '\\')
		return true;
	return c >= 0x80 && c <= 0x10ffff && (c < 0xd800 || c >= 0xe000);
}

/* EmbeddedUnicodeChar = "\x" "{" HEXPOINT "}" at the start of `in`; the octets
 * taken, or 0. */
static size_t
take_escape(struct slice in, uint32_t *ret)
{
	uint32_t value = 0;
	size_t i = 3;

	if (!slice_starts(in, "\\x{"))
		return 0;
	for (; i < in.n && i < 3 + 7 && hex_value(in.p[i]) >= 0; i++)
		value = value << 4 | (uint32_t)hex_value(in.p[i]);
	if (i == in.n || in.p[i] != '}' || !may_be_escaped(value, i - 3))
		return 0;
	*ret = value;
	return i + 1;
}

/* utf-8-enc-addr = utf-8-addr-xtext / utf-8-addr-unitext / utf-8-address
 * QCHAR = %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e; also what is above 127 */
static int
decode_utf8_address(struct arena *arena, struct slice in, hl_str *ret)
{
	char *out = arena_alloc(arena, in.n + 1);
	size_t n = 0;

	while (in.n > 0) {
		char c = in.p[0];
		uint32_t value;
		size_t taken = 1;

		if (c == '\\') {
			taken = take_escape(in, &value);
			if (taken == 0)
				return -EINVAL;
			n += utf8_put(value, out + n);
		} else if ((c <= ' ' || c == '+' || c == '=' || c == 0x7f) &&
			   !octet__is_high(c)) {
			return -EINVAL;
		} else {
			out[n++] = c;
		}
		in = slice_from(in, taken);
	}
	*ret = (hl_str){ out, n };
	return 0;
}

static bool
is_atom(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!octet__is_atext(text.p[i]))
			return false;
	}
	return text.n > 0;
}

/* original-recipient-address = addr-type ";" xtext; addr-type = atom */
int
smtp_orcpt_parse(struct arena *arena, struct slice value,
    struct smtp_orcpt *ret, struct err *err)
{
	size_t at = slice_find(value, ';');
	struct slice type = slice_head(value, at);
	struct slice encoded = slice_from(value, at + 1);
	bool is_utf8 = slice_caseeq_text(type, "utf-8");
	hl_str address = STR_EMPTY;
	int status;

	if (value.n > SMTP_ORCPT_MAX)
		return err_set(err, -EINVAL, "ORCPT is longer than %d octets",
		    SMTP_ORCPT_MAX);
	if (!is_atom(type) || encoded.n == 0)
		return err_set(err, -EINVAL, "ORCPT must be TYPE;ADDRESS");
	status = is_utf8 ? decode_utf8_address(arena, encoded, &address)
			 : smtp_xtext_decode(arena, encoded, &address);
	if (status < 0 || (!is_utf8 && !is_printable(address)))
		return err_set(err, -EINVAL,
		    is_utf8 ? "the address of ORCPT is not encoded as RFC 6533 "
			      "says"
			    : "the address of ORCPT must be xtext of printable "
			      "ASCII");
	ret->type = arena_str(arena, type);
	ret->address = address;
	return 0;
}
