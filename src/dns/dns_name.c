/* SPDX-License-Identifier: MIT */
/* dns_name.c - names as questions. */
#include "dns/dns_name.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

/* What ns_name_pton would take as it is, but no name in mail has. */
static bool
has_odd_octet(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] <= 0x20 || text.p[i] >= 0x7f)
			return true;
	}
	return false;
}

/* Lengths of labels are at most 63, below 'A'. */
static void
wire_lower(uint8_t *wire, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wire[i] = (uint8_t)ascii_lower((char)wire[i]);
}

static size_t
wire_length(const uint8_t *wire)
{
	size_t n = 0;

	while (wire[n] != 0)
		n += 1u + wire[n];
	return n + 1;
}

int
dns_name_parse(struct slice text, struct dns_name *ret_name)
{
	char copy[DNS_TEXT_MAX];

	if (text.n == 0 || text.n >= sizeof(copy) || has_odd_octet(text))
		return -EINVAL;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	/* glibc checks the labels and the length, and undoes escapes. */
	if (ns_name_pton(copy, ret_name->wire, sizeof(ret_name->wire)) < 0)
		return -EINVAL;
	ret_name->wire_n = (uint8_t)wire_length(ret_name->wire);
	wire_lower(ret_name->wire, ret_name->wire_n);
	if (ns_name_ntop(
		ret_name->wire, ret_name->text, sizeof(ret_name->text)) < 0)
		return -EINVAL;
	return 0;
}

bool
dns_name_is(const struct dns_name *name, const char *text)
{
	struct slice other = slice_of(text);

	/* ns_name_ntop and its siblings write the root as "." or "". */
	if (other.n == 0)
		other = SLICE_LIT(".");
	return slice_caseeq_text(other, name->text);
}

static size_t
reverse_v4(const uint8_t *b, char buf[DNS_REVERSE_MAX])
{
	return (size_t)snprintf(
	    buf, DNS_REVERSE_MAX, "%u.%u.%u.%u", b[3], b[2], b[1], b[0]);
}

static size_t
reverse_v6(const uint8_t *b, char buf[DNS_REVERSE_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (int i = 15; i >= 0; i--) {
		buf[n++] = digits[b[i] & 15];
		buf[n++] = '.';
		buf[n++] = digits[b[i] >> 4];
		buf[n++] = '.';
	}
	buf[--n] = '\0';
	return n;
}

size_t
dns_reverse_labels(const struct inet_addr *addr, char buf[DNS_REVERSE_MAX])
{
	buf[0] = '\0';
	if (addr->family == INET_V4)
		return reverse_v4(addr->bytes, buf);
	if (addr->family == INET_V6)
		return reverse_v6(addr->bytes, buf);
	return 0;
}

size_t
dns_reverse_name(const struct inet_addr *addr, char buf[DNS_REVERSE_MAX])
{
	size_t n = dns_reverse_labels(addr, buf);
	const char *zone =
	    addr->family == INET_V4 ? ".in-addr.arpa" : ".ip6.arpa";

	if (n > 0)
		n += (size_t)snprintf(buf + n, DNS_REVERSE_MAX - n, "%s", zone);
	return n;
}
