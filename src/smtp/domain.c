/* SPDX-License-Identifier: MIT */
/* domain.c - domain names and address literals (RFC 5321 4.1.2, 4.1.3).
 *
 * UNSAFE: indices stay below the slice's n, group and byte indices below 8
 * and 16.
 */
#include "smtp/domain.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "smtp/octet_private.h"
#include "smtp/path.h"
#include "smtp/utf8_private.h"

#define LABEL_MAX 63 /* RFC 1035 2.3.4 */
#define GROUPS 8     /* of an IPv6 address */

/* Let-dig; returns its octets, 0 if `s` begins with something else. */
static inline size_t
letter_len(struct slice s, unsigned flags)
{
	if (octet__is_letdig(s.p[0]))
		return 1;
	if (s.p[0] == '_')
		return (flags & SMTP_DOMAIN_UNDERSCORE) != 0;
	if (octet__is_high(s.p[0]) && (flags & SMTP_DOMAIN_UTF8) != 0)
		return smtp__utf8_len(s);
	return 0;
}

/* sub-domain = Let-dig [Ldh-str]; Ldh-str ends in Let-dig.  The octets of a
 * U-label are not limited to 63, those of its A-label are.  Returns the
 * octets up to a dot or the end; 0 if they are no label. */
static size_t
label_len(struct slice s, unsigned flags)
{
	bool is_ascii = true, ends_in_letter = false;
	size_t i = 0;

	while (i < s.n && s.p[i] != '.') {
		size_t n = letter_len(octet__behind(s, i), flags);

		ends_in_letter = n > 0;
		if (n == 0 && (s.p[i] != '-' || i == 0))
			return 0;
		if (n > 1)
			is_ascii = false;
		i += n > 0 ? n : 1;
	}
	return ends_in_letter && (!is_ascii || i <= LABEL_MAX) ? i : 0;
}

bool
smtp_domain_is_valid(struct slice domain, unsigned flags)
{
	if (domain.n > SMTP_DOMAIN_MAX)
		return false;
	for (;;) {
		size_t n = label_len(domain, flags);

		if (n == 0 || n == domain.n)
			return n > 0;
		domain = octet__behind(domain, n + 1);
	}
}

/* IPv4-address-literal = Snum 3("."  Snum); Snum = 1*3DIGIT, 0 to 255 */
static bool
ipv4_parse(struct slice s, uint8_t ret[4])
{
	for (int i = 0; i < 4; i++) {
		size_t dot = slice_find(s, '.');
		unsigned value = 0;

		if (dot > 3 || (dot == s.n) != (i == 3))
			return false;
		if (num_parse_unsigned(slice_head(s, dot), 255, &value) < 0)
			return false;
		ret[i] = (uint8_t)value;
		s = slice_from(s, dot + 1);
	}
	return true;
}

/* An IPv6 address as its groups are read. */
struct groups {
	uint8_t bytes[2 * GROUPS];
	unsigned count;
	unsigned gap; /* groups before "::" */
	bool has_gap;
};

/* IPv6-hex = 1*4HEXDIG; returns the digits taken, 0 if there are none. */
static size_t
group_take(struct slice s, struct groups *g)
{
	unsigned value = 0;
	size_t n = 0;

	if (g->count == GROUPS)
		return 0;
	for (; n < s.n && n < 4; n++) {
		char c = ascii_lower(s.p[n]);

		if (ascii_is_digit(c))
			value = value << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (unsigned)(c - 'a' + 10);
		else
			break;
	}
	if (n == 0)
		return 0;
	g->bytes[2 * g->count] = (uint8_t)(value >> 8);
	g->bytes[2 * g->count + 1] = (uint8_t)value;
	g->count++;
	return n;
}

/* A group, or an IPv4 address, which is the end.  Octets taken or 0. */
static size_t
group_or_ipv4_take(struct slice s, struct groups *g)
{
	if (slice_find(s, '.') > slice_find(s, ':') ||
	    slice_find(s, '.') == s.n)
		return group_take(s, g);
	if (g->count > GROUPS - 2 || !ipv4_parse(s, &g->bytes[2 * g->count]))
		return 0;
	g->count += 2;
	return s.n;
}

/* Reads all of `s` into groups: group *(":" group), with "::" once. */
static bool
groups_parse(struct slice s, struct groups *g)
{
	bool want_group = false; /* after a single colon */

	while (s.n > 0 || want_group) {
		size_t n = group_or_ipv4_take(s, g);

		if (n == 0 && !slice_starts(s, "::"))
			return false;
		s = slice_from(s, n);
		want_group = false;
		if (slice_starts(s, "::")) {
			if (g->has_gap)
				return false;
			g->has_gap = true;
			g->gap = g->count;
			s = slice_from(s, 2);
		} else if (s.n > 0) {
			if (s.p[0] != ':')
				return false;
			s = slice_from(s, 1);
			want_group = true;
		}
	}
	return g->has_gap ? g->count < GROUPS : g->count == GROUPS;
}

/* IPv6-addr = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp.  RFC 5321
 * wants "::" to stand for two groups or more; one is accepted too, as RFC
 * 4291 2.2 defines it ("one or more groups"). */
static bool
ipv6_parse(struct slice s, uint8_t ret[16])
{
	struct groups g = { .count = 0 };
	size_t head, tail;

	if (!groups_parse(s, &g))
		return false;
	head = 2 * (size_t)(g.has_gap ? g.gap : g.count);
	tail = 2 * (size_t)g.count - head;
	memset(ret, 0, 16);
	memcpy(ret, g.bytes, head);
	memcpy(ret + 16 - tail, g.bytes + head, tail);
	return true;
}

static void
literal_set_ipv6(struct smtp_literal *literal, const uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	literal->kind = SMTP_LITERAL_IPV6;
	if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		literal->addr.family = INET_V4;
		memcpy(literal->addr.bytes, bytes + sizeof(mapped), 4);
		return;
	}
	literal->addr.family = INET_V6;
	memcpy(literal->addr.bytes, bytes, 16);
}

int
smtp_literal_parse(struct slice in, struct smtp_literal *ret, struct err *err)
{
	struct smtp_literal literal = { .kind = SMTP_LITERAL_IPV4 };
	uint8_t bytes[16];

	if (in.n < 2 || in.p[0] != '[' || in.p[in.n - 1] != ']')
		return err_set(err, -EINVAL, "address literal without ]");
	in = slice_from(slice_head(in, in.n - 1), 1);
	if (slice_casestarts(in, "IPv6:")) {
		if (!ipv6_parse(slice_from(in, 5), bytes))
			return err_set(
			    err, -EINVAL, "bad IPv6 address in literal");
		literal_set_ipv6(&literal, bytes);
	} else {
		/* RFC 5321 4.1.3: "Standardized-tag MUST be specified in a
		 * Standards-Track RFC and registered with IANA"; no other
		 * tag is. */
		if (!ipv4_parse(in, literal.addr.bytes))
			return err_set(err, -EINVAL, "bad address literal");
		literal.addr.family = INET_V4;
	}
	*ret = literal;
	return 0;
}

bool
smtp_hello_is_valid(struct slice host, unsigned flags)
{
	struct smtp_literal literal;

	if (slice_starts(host, "["))
		return smtp_literal_parse(host, &literal, NULL) == 0;
	return smtp_domain_is_valid(host, flags);
}
