/* SPDX-License-Identifier: MIT */
/* path.c - the addresses of MAIL FROM and RCPT TO (RFC 5321 4.1.2).
 *
 *	Path           = "<" [ A-d-l ":" ] Mailbox ">"
 *	A-d-l          = At-domain *( "," At-domain )
 *	At-domain      = "@" Domain
 *	Mailbox        = Local-part "@" ( Domain / address-literal )
 *	Local-part     = Dot-string / Quoted-string
 *
 * UNSAFE: `at` never exceeds in.n; `local_n` never exceeds SMTP_LOCAL_MAX.
 */
#include "smtp/path.h"

#include <errno.h>
#include <string.h>

#include "base/idna.h"
#include "smtp/domain.h"
#include "smtp/octet_private.h"
#include "smtp/utf8_private.h"

/* A path being read. */
struct reader {
	struct slice in;
	size_t at;
	unsigned flags;
	struct err *err;
	char local[SMTP_LOCAL_MAX]; /* unquoted; cut when longer */
	size_t local_n;
	bool is_utf8;
};

/* The next octet, or 0 at the end (a NUL is legal nowhere in a path). */
static char
peek(const struct reader *r)
{
	return r->at < r->in.n ? r->in.p[r->at] : '\0';
}

/* What was not read yet. */
static struct slice
ahead(const struct reader *r)
{
	return octet__behind(r->in, r->at);
}

/* Octets of the run of atext at the start of `s`, 0 if there is none.
 * RFC 5322 3.2.3; RFC 6531 3.3 adds UTF8-non-ascii. */
static size_t
atext_len(struct slice s, bool utf8)
{
	size_t n = 0;

	while (n < s.n && octet__is_atext(s.p[n]))
		n++;
	return n == 0 && utf8 ? smtp__utf8_len(s) : n;
}

/* qtextSMTP = %d32-33 / %d35-91 / %d93-126; what may follow "\" is wider. */
static size_t
qtext_len(struct slice s, bool utf8, bool is_escaped)
{
	if (s.n == 0)
		return 0;
	if ((s.p[0] == '"' || s.p[0] == '\\') && !is_escaped)
		return 0;
	if (s.p[0] >= ' ' && s.p[0] <= '~')
		return 1;
	/* RFC 6531 3.3 extends qtextSMTP, not quoted-pairSMTP. */
	return utf8 && !is_escaped ? smtp__utf8_len(s) : 0;
}

/* Moves n octets of the input into the local part. */
static void
take_local(struct reader *r, size_t n)
{
	size_t room = SMTP_LOCAL_MAX - r->local_n;

	if (n > 0 && octet__is_high(r->in.p[r->at]))
		r->is_utf8 = true;
	if (room > n)
		room = n;
	memcpy(r->local + r->local_n, r->in.p + r->at, room);
	r->local_n += room;
	r->at += n;
}

/* Dot-string = Atom *("." Atom) */
static int
read_dot_string(struct reader *r)
{
	bool utf8 = (r->flags & SMTP_PATH_UTF8) != 0, wants_atom = true;

	for (;;) {
		size_t n = atext_len(ahead(r), utf8);

		if (n == 0 && (peek(r) != '.' || wants_atom))
			break;
		take_local(r, n == 0 ? 1 : n);
		wants_atom = n == 0;
	}
	if (r->local_n == 0)
		return err_set(r->err, -EINVAL, "local part is missing");
	if (wants_atom)
		return err_set(r->err, -EINVAL, "bad dot in local part");
	return 0;
}

/* Quoted-string = DQUOTE *QcontentSMTP DQUOTE */
static int
read_quoted_string(struct reader *r)
{
	bool utf8 = (r->flags & SMTP_PATH_UTF8) != 0;

	r->at++;
	while (peek(r) != '"') {
		bool is_escaped = peek(r) == '\\';
		size_t n;

		r->at += is_escaped;
		n = qtext_len(ahead(r), utf8, is_escaped);
		if (n == 0)
			return err_set(
			    r->err, -EINVAL, "bad quoted string in local part");
		take_local(r, n);
	}
	r->at++;
	return 0;
}

static int
read_local(struct reader *r)
{
	size_t start = r->at;
	int rc;

	if (peek(r) == '"')
		rc = read_quoted_string(r);
	else
		rc = read_dot_string(r);
	if (rc < 0)
		return rc;
	if (r->at - start > SMTP_LOCAL_MAX)
		return err_set(r->err, -ENAMETOOLONG,
		    "local part is longer than %d octets", SMTP_LOCAL_MAX);
	return 0;
}

/* RFC 6531 3.3: sub-domain =/ U-label; RFC 5890 says what that is. */
static bool
has_ascii_form(struct slice domain)
{
	struct idna_name name;

	return idna_is_ascii(domain) || idna_to_ascii(domain, &name) == 0;
}

/* Domain; ends where no domain can go on. */
static int
read_domain(struct reader *r, struct slice *ret)
{
	size_t start = r->at;
	unsigned flags = 0;
	struct slice domain;

	if ((r->flags & SMTP_PATH_UTF8) != 0)
		flags |= SMTP_DOMAIN_UTF8;
	if ((r->flags & SMTP_PATH_UNDERSCORE) != 0)
		flags |= SMTP_DOMAIN_UNDERSCORE;
	for (; r->at < r->in.n; r->at++) {
		char c = r->in.p[r->at];

		if (octet__is_high(c))
			r->is_utf8 = true;
		else if (!octet__is_letdig(c) && c != '-' && c != '.' &&
			 c != '_')
			break;
	}
	domain = (struct slice){ r->in.p + start, r->at - start };
	if (domain.n == 0)
		return err_set(r->err, -EINVAL, "domain is missing");
	if (domain.n > SMTP_DOMAIN_MAX)
		return err_set(r->err, -ENAMETOOLONG,
		    "domain is longer than %d octets", SMTP_DOMAIN_MAX);
	if (!smtp_domain_is_valid(domain, flags) || !has_ascii_form(domain))
		return err_set(r->err, -EINVAL, "bad domain name");
	*ret = domain;
	return 0;
}

static int
read_literal(struct reader *r, struct slice *ret)
{
	struct slice literal = ahead(r);
	struct smtp_literal value;
	int rc;

	literal = slice_head(literal, slice_find(literal, ']') + 1);
	rc = smtp_literal_parse(literal, &value, r->err);
	if (rc < 0)
		return rc;
	r->at += literal.n;
	*ret = literal;
	return 0;
}

/* [ A-d-l ":" ]: checked and dropped.  RFC 5321 4.1.2: the source route "MUST
 * BE accepted ... and SHOULD be ignored". */
static int
skip_source_route(struct reader *r)
{
	struct slice ignored;
	bool was_utf8 = r->is_utf8;
	int rc;

	if (peek(r) != '@')
		return 0;
	do {
		if (peek(r) != '@')
			return err_set(r->err, -EINVAL, "bad source route");
		r->at++;
		rc = read_domain(r, &ignored);
		if (rc < 0)
			return rc;
	} while (peek(r) == ',' && r->at++ < r->in.n);
	if (peek(r) != ':')
		return err_set(r->err, -EINVAL, "local part is missing");
	r->at++;
	r->is_utf8 = was_utf8;
	return 0;
}

static void
fill_path(struct arena *arena, const struct reader *r, struct slice host,
    struct smtp_path *ret)
{
	struct slice local = { r->local, r->local_n };
	hl_str text = smtp_address_text(arena, local, host);

	*ret = (struct smtp_path){
		.text = text,
		.local = arena_str(arena, local),
		.host = { text.p + text.n - host.n, host.n }, /* its end */
		.is_literal = host.n > 0 && host.p[0] == '[',
		.is_utf8 = r->is_utf8,
	};
}

/* What stands between the brackets. */
static int
read_mailbox(struct arena *arena, struct reader *r, struct smtp_path *ret)
{
	struct slice host = SLICE_NONE;
	int rc = skip_source_route(r);

	if (rc == 0)
		rc = read_local(r);
	if (rc < 0)
		return rc;
	if (peek(r) == '@') {
		r->at++;
		if (peek(r) == '[')
			rc = read_literal(r, &host);
		else
			rc = read_domain(r, &host);
		if (rc < 0)
			return rc;
	} else if ((r->flags & SMTP_PATH_POSTMASTER) == 0 ||
		   !slice_caseeq_text(
		       (struct slice){ r->local, r->local_n }, "postmaster")) {
		return err_set(r->err, -EINVAL,
		    "unexpected character or end in local part");
	}
	fill_path(arena, r, host, ret);
	return 0;
}

static void
fill_null(struct smtp_path *ret)
{
	*ret = (struct smtp_path){
		.text = STR_EMPTY,
		.local = STR_EMPTY,
		.host = STR_EMPTY,
		.is_null = true,
	};
}

int
smtp_path_parse(struct arena *arena, struct slice in, unsigned flags,
    struct smtp_path *ret_path, struct slice *ret_rest, struct err *err)
{
	struct reader r = { .in = in, .flags = flags, .err = err };
	struct smtp_path path;
	int rc;

	if (peek(&r) != '<')
		return err_set(err, -EINVAL, "address does not begin with <");
	r.at++;
	if (peek(&r) == '>' && (flags & SMTP_PATH_NULL) != 0) {
		fill_null(&path);
	} else {
		rc = read_mailbox(arena, &r, &path);
		if (rc < 0)
			return rc;
	}
	if (peek(&r) != '>')
		return err_set(err, -EINVAL, "address does not end with >");
	r.at++;
	if (r.at > SMTP_PATH_MAX)
		return err_set(err, -ENAMETOOLONG,
		    "path is longer than %d octets", SMTP_PATH_MAX);
	*ret_path = path;
	*ret_rest = slice_from(in, r.at);
	return 0;
}

int
smtp_address_parse(struct arena *arena, struct slice in, unsigned flags,
    struct smtp_path *ret_path, struct err *err)
{
	struct reader r = { .in = slice_trim(in), .flags = flags, .err = err };
	struct smtp_path path;
	struct slice rest = SLICE_NONE;
	int rc;

	if (r.in.n == 0 && (flags & SMTP_PATH_NULL) != 0) {
		fill_null(ret_path);
		return 0;
	}
	if (peek(&r) == '<') {
		rc = smtp_path_parse(arena, r.in, flags, &path, &rest, err);
	} else {
		rc = read_mailbox(arena, &r, &path);
		rest = slice_from(r.in, r.at);
	}
	if (rc < 0)
		return rc;
	if (rest.n > 0)
		return err_set(err, -EINVAL, "text after the address");
	if (r.in.n > SMTP_PATH_MAX - (peek(&r) == '<' ? 0 : 2))
		return err_set(err, -ENAMETOOLONG,
		    "path is longer than %d octets", SMTP_PATH_MAX);
	*ret_path = path;
	return 0;
}

static bool
is_dot_string(struct slice s)
{
	bool wants_atom = true;

	while (s.n > 0) {
		size_t n = atext_len(s, true);

		if (n == 0 && (s.p[0] != '.' || wants_atom))
			return false;
		wants_atom = n == 0;
		s = octet__behind(s, n == 0 ? 1 : n);
	}
	return !wants_atom;
}

hl_str
smtp_address_text(struct arena *arena, struct slice local, struct slice host)
{
	bool is_plain = is_dot_string(local);
	char *text = arena_alloc(arena, 2 * local.n + host.n + 4);
	size_t n = 0;

	if (!is_plain)
		text[n++] = '"';
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			text[n++] = '\\';
		text[n++] = local.p[i] == '\0' ? ' ' : local.p[i];
	}
	if (!is_plain)
		text[n++] = '"';
	if (host.n > 0) {
		text[n++] = '@';
		memcpy(text + n, host.p, host.n);
		n += host.n;
	}
	return (hl_str){ text, n };
}
