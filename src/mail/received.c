/* SPDX-License-Identifier: MIT */
/* received.c - building the Received field. */
#include "received.h"

#include "base/buf.h"

#include "header.h"

#define HELO_SHOWN_MAX 255
#define COLUMNS_MAX 78

/* Text of ours or of a plugin's: no control bytes. */
static void
add_clean(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		buf_add_char(out, c < 0x20 || c == 0x7f ? '?' : text.p[i]);
	}
}

/* What a client or its DNS says: bytes of names and address literals. */
static void
add_name(struct buf *out, struct slice text)
{
	text = slice_head(text, HELO_SHOWN_MAX);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!ascii_is_alnum(c) &&
		    slice_find(SLICE_LIT(".-_:[]"), c) == 6)
			c = '?';
		buf_add_char(out, c);
	}
}

/* RFC 5321 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]". */
static void
add_literal(struct buf *out, const struct inet_addr *ip)
{
	char text[INET_TEXT_MAX];

	(void)inet_text(ip, text);
	buf_add_text(out, ip->family == INET_V6 ? "[IPv6:" : "[");
	buf_add_text(out, text);
	buf_add_char(out, ']');
}

/* From-domain = "FROM" FWS Domain FWS "(" [ Domain FWS ] address-literal ")"
 */
static void
add_from(struct buf *out, const struct received_facts *facts)
{
	bool has_ip =
	    facts->ip.family == INET_V4 || facts->ip.family == INET_V6;

	buf_add_text(out, "from ");
	if (facts->helo.n == 0)
		buf_add_text(out, "unknown");
	add_name(out, facts->helo);
	buf_add_text(out, " (");
	/* Without reverse look-ups the name is the address once more. */
	if (!has_ip || !slice_starts(facts->name, "[")) {
		if (facts->name.n == 0)
			buf_add_text(out, "Unknown");
		add_name(out, facts->name);
		if (has_ip)
			buf_add_char(out, ' ');
	}
	if (has_ip)
		add_literal(out, &facts->ip);
	buf_add_char(out, ')');
}

static void
add_by(struct buf *out, const struct received_facts *facts)
{
	buf_add_text(out, "\n\tby ");
	add_clean(out, facts->me);
	buf_add_text(out, " (hookline/");
	add_clean(out, facts->version);
	buf_add_text(out, ") with ");
	add_clean(out, facts->proto);
	buf_add_text(out, " id ");
	add_clean(out, facts->id);
	if (facts->tls.n > 0) {
		buf_add_text(out, "\n\t(");
		add_clean(out, facts->tls);
		buf_add_char(out, ')');
	}
}

/* Columns of the line that `out` ends with; the tab counts as eight. */
static size_t
column(const struct buf *out)
{
	struct slice text = buf_slice(out);
	size_t line = slice_rfind(text, '\n');

	return line == text.n ? text.n : text.n - line - 2 + 8;
}

void
received_value(const struct received_facts *facts, struct buf *out)
{
	char date[64];
	size_t n = wall_rfc5322(facts->date, date, sizeof(date));

	add_from(out, facts);
	add_by(out, facts);
	if (facts->rcpt.n > 0) {
		buf_add_text(out, facts->tls.n > 0 ? " for <" : "\n\tfor <");
		add_clean(out, facts->rcpt);
		buf_add_char(out, '>');
	}
	buf_add_char(out, ';');
	buf_add_text(out, column(out) + 1 + n > COLUMNS_MAX ? "\n\t" : " ");
	buf_add(out, date, n);
}

size_t
received_count(const struct header *header)
{
	return header_count(header, SLICE_LIT("Received"));
}
