/* SPDX-License-Identifier: MIT */
/* authres.c - Authentication-Results.
 *
 *	authres-payload = [CFWS] authserv-id [ CFWS authres-version ]
 *	                  ( no-result / 1*resinfo ) [CFWS] CRLF
 *	authserv-id     = value            (token or quoted-string, RFC 2045)
 *	resinfo         = [CFWS] ";" methodspec [ CFWS reasonspec ] ...
 */
#include "authres.h"

#include <errno.h>

#include "base/buf.h"
#include "smtp/field.h"

#include "header.h"

#define NAME SLICE_LIT("Authentication-Results")
#define NEW_NAME SLICE_LIT("Original-Authentication-Results")

/* ---- whose are they ---------------------------------------------------- */

/* `text` behind the comment, nested perhaps, that it begins with. */
static struct slice
skip_comment(struct slice text)
{
	size_t depth = 0, i;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == '(')
			depth++;
		else if (text.p[i] == ')' && --depth == 0)
			return slice_from(text, i + 1);
	}
	return slice_from(text, text.n);
}

static struct slice
skip_cfws(struct slice text)
{
	while (text.n > 0) {
		if (text.p[0] == '(')
			text = skip_comment(text);
		else if (ascii_is_space(text.p[0]) || text.p[0] == '\0')
			text = slice_from(text, 1);
		else
			break;
	}
	return text;
}

/* The next character of token or quoted-string; false at its end. */
static bool
next_char(struct slice *text, bool quoted, char *ret)
{
	if (text->n == 0)
		return false;
	*ret = text->p[0];
	if (quoted ? *ret == '"'
		   : ascii_is_space(*ret) ||
			 slice_find(SLICE_LIT(";(\""), *ret) < 3)
		return false;
	if (quoted && *ret == '\\' && text->n > 1) {
		*text = slice_from(*text, 1);
		*ret = text->p[0];
	}
	*text = slice_from(*text, 1);
	return true;
}

/* The field's authserv-id is `id`, in any spelling. */
static bool
has_id(struct slice value, struct slice id)
{
	struct slice text = skip_cfws(value);
	bool quoted = text.n > 0 && text.p[0] == '"';
	size_t i = 0;
	char c;

	if (quoted)
		text = slice_from(text, 1);
	while (next_char(&text, quoted, &c)) {
		/* A fold within a quoted-string is not part of it. */
		if (c == '\r' || c == '\n')
			continue;
		if (i == id.n || ascii_lower(c) != ascii_lower(id.p[i]))
			return false;
		i++;
	}
	return i == id.n;
}

static bool
is_covered(const struct header *header)
{
	const struct header_field *field;
	size_t i = 0;

	while ((field = header_find(
		    header, SLICE_LIT("DKIM-Signature"), i++)) != NULL) {
		if (smtp_dkim_covers(header_raw_value(header, field),
			"Authentication-Results"))
			return true;
	}
	return false;
}

int
authres_rename(struct header *header, struct slice id)
{
	bool covered = is_covered(header);
	int renamed = 0;

	for (size_t i = 0; i < header_total(header); i++) {
		const struct header_field *field = header_at(header, i);
		int ret;

		if (!slice_caseeq(header_name(header, field), NAME))
			continue;
		if (covered && !has_id(header_raw_value(header, field), id))
			continue;
		ret = header_rename_at(header, i, NEW_NAME);
		if (ret < 0)
			return ret;
		renamed++;
	}
	return renamed;
}

/* ---- ours -------------------------------------------------------------- */

static bool
is_token_char(char c)
{
	return (unsigned char)c > 0x20 && (unsigned char)c < 0x7f &&
	       slice_find(SLICE_LIT("()<>@,;:\\\"/[]?="), c) == 15;
}

/* pvalue: [ local-part "@" ] domain / value; a quoted-string if need be. */
static void
add_pvalue(struct buf *out, struct slice text)
{
	bool plain = text.n > 0;

	for (size_t i = 0; i < text.n; i++)
		plain = plain && (is_token_char(text.p[i]) || text.p[i] == '@');
	if (plain) {
		buf_add_slice(out, text);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, c < 0x20 || c == 0x7f ? '?' : text.p[i]);
	}
	buf_add_char(out, '"');
}

static void
add_auth(struct buf *out, const struct authres_facts *facts)
{
	if (facts->auth == AUTHRES_NONE) {
		buf_add_text(out, " auth=none");
		return;
	}
	buf_add_text(
	    out, facts->auth == AUTHRES_PASS ? " auth=pass (" : " auth=fail (");
	for (size_t i = 0; i < facts->mechanism.n; i++) {
		char c = facts->mechanism.p[i];

		buf_add_char(out, ascii_is_alnum(c) || c == '-' ? c : '?');
	}
	buf_add_text(out, ") smtp.auth=");
	add_pvalue(out, facts->user);
}

/* Folds behind each ";" that stands outside of comments and quotes. */
static void
add_more(struct buf *out, struct slice more)
{
	unsigned depth = 0;
	bool quoted = false;

	buf_add_text(out, ";\n\t");
	more = slice_trim(more);
	for (size_t i = 0; i < more.n; i++) {
		char c = more.p[i];

		if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == '(')
			depth++;
		else if (!quoted && c == ')' && depth > 0)
			depth--;
		if (ascii_is_space(c) || c == '\0')
			c = ' ';
		buf_add_char(out, c);
		if (c != ';' || quoted || depth > 0)
			continue;
		while (i + 1 < more.n && ascii_is_space(more.p[i + 1]))
			i++;
		if (i + 1 < more.n)
			buf_add_text(out, "\n\t");
	}
}

void
authres_value(const struct authres_facts *facts, struct buf *out)
{
	buf_add_slice(out, facts->id);
	buf_add_char(out, ';');
	add_auth(out, facts);
	if (facts->more.n > 0)
		add_more(out, facts->more);
}
