/* SPDX-License-Identifier: MIT */
/* xclient.c - the attributes of XCLIENT and XFORWARD. */
#include "smtp/xclient.h"

#include <errno.h>

#include "base/num.h"
#include "smtp/params.h"

/* clang-format off */
const char *const xattr_names[XATTR_COUNT] = {
	[XATTR_NAME]     = "NAME",
	[XATTR_ADDR]     = "ADDR",
	[XATTR_PORT]     = "PORT",
	[XATTR_PROTO]    = "PROTO",
	[XATTR_HELO]     = "HELO",
	[XATTR_LOGIN]    = "LOGIN",
	[XATTR_DESTADDR] = "DESTADDR",
	[XATTR_DESTPORT] = "DESTPORT",
	[XATTR_IDENT]    = "IDENT",
	[XATTR_SOURCE]   = "SOURCE",
};
/* clang-format on */

static int
check_addr(struct arena *arena, hl_str *value)
{
	struct slice text = slice_str(*value);
	char shortest[INET_TEXT_MAX];
	struct inet_addr addr;

	if (slice_casestarts(text, "IPV6:"))
		text = slice_from(text, 5);
	if (inet_parse(text, &addr) < 0)
		return -EINVAL;
	*value = arena_str(
	    arena, (struct slice){ shortest, inet_text(&addr, shortest) });
	return 0;
}

static int
check_value(struct arena *arena, enum xattr attr, hl_str *value)
{
	struct slice text = slice_str(*value);
	unsigned port;

	switch (attr) {
	case XATTR_ADDR:
	case XATTR_DESTADDR:
		return check_addr(arena, value);
	case XATTR_PORT:
	case XATTR_DESTPORT:
		return num_parse_unsigned(text, 65535, &port);
	case XATTR_PROTO:
		return slice_caseeq_text(text, "SMTP") ||
			       slice_caseeq_text(text, "ESMTP")
			   ? 0
			   : -EINVAL;
	case XATTR_SOURCE:
		return slice_caseeq_text(text, "LOCAL") ||
			       slice_caseeq_text(text, "REMOTE")
			   ? 0
			   : -EINVAL;
	case XATTR_NAME:
	case XATTR_HELO:
	case XATTR_LOGIN:
	case XATTR_IDENT:
		for (size_t i = 0; i < text.n; i++) {
			unsigned char c = (unsigned char)text.p[i];

			if (c <= ' ' || c == 127)
				return -EINVAL;
		}
		return 0;
	case XATTR_COUNT:
		break;
	}
	UNREACHABLE();
}

/* The attribute's place; XATTR_COUNT when it is not one of `known`. */
static unsigned
find(struct slice name, unsigned known)
{
	unsigned attr = 0;

	while (attr < XATTR_COUNT &&
	       ((known & XATTR_BIT(attr)) == 0 ||
		   !slice_caseeq_text(name, xattr_names[attr])))
		attr++;
	return attr;
}

static int
parse_one(struct arena *arena, struct slice word, unsigned known,
    struct xattrs *ret, struct err *err)
{
	size_t equals = slice_find(word, '=');
	struct slice name = slice_head(word, equals);
	struct slice text = slice_from(word, equals + 1);
	unsigned attr = find(name, known);
	hl_str value = STR_EMPTY;

	if (equals == word.n)
		return err_set(err, -EINVAL, "Attributes are NAME=value");
	if (attr == XATTR_COUNT)
		return err_set(
		    err, -EINVAL, "Unknown attribute %.*s", STR(name));
	if (!slice_caseeq_text(text, "[UNAVAILABLE]") &&
	    !slice_caseeq_text(text, "[TEMPUNAVAIL]")) {
		if (text.n == 0 || smtp_xtext_decode(arena, text, &value) < 0 ||
		    value.n > XATTR_VALUE_MAX ||
		    check_value(arena, (enum xattr)attr, &value) < 0)
			return err_set(
			    err, -EINVAL, "Bad value of %s", xattr_names[attr]);
	}
	ret->value[attr] = value;
	return 0;
}

int
xattrs_parse(struct arena *arena, struct slice rest, unsigned known,
    struct xattrs *ret, struct err *err)
{
	struct xattrs attrs = { 0 };
	struct slice word = slice_word(&rest);

	if (word.n == 0)
		return err_set(err, -EINVAL, "Attributes are missing");
	for (; word.n > 0; word = slice_word(&rest)) {
		int status = parse_one(arena, word, known, &attrs, err);

		if (status < 0)
			return status;
	}
	*ret = attrs;
	return 0;
}

bool
xattrs_addr(const struct xattrs *attrs, enum xattr addr, enum xattr port,
    struct inet_addr *ret)
{
	struct slice text = slice_str(attrs->value[addr]);
	struct slice number = slice_str(attrs->value[port]);
	uint16_t before = ret->port;
	unsigned parsed = before;
	bool given = text.n > 0 && inet_parse(text, ret) == 0;

	if (given)
		parsed = 0; /* the one before was another client's */
	if (number.n > 0 && num_parse_unsigned(number, 65535, &parsed) < 0)
		parsed = before;
	ret->port = (uint16_t)parsed;
	return given;
}
