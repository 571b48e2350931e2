/* SPDX-License-Identifier: MIT */
/* dns_name.h - names as questions.  No allocation, never blocks. */
#ifndef HOOKLINE_DNS_DNS_NAME_H
#define HOOKLINE_DNS_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/inet.h"
#include "base/slice.h"

#define DNS_WIRE_MAX 255   /* octets of a name, RFC 1035 2.3.4 */
#define DNS_TEXT_MAX 1025  /* its text, each octet "\DDD", and NUL */
#define DNS_REVERSE_MAX 80 /* "ip6.arpa" names are 72 octets; NUL fits */

/* One name in both forms, lower case. */
struct dns_name {
	uint8_t wire[DNS_WIRE_MAX]; /* labels, uncompressed */
	uint8_t wire_n;
	char text[DNS_TEXT_MAX]; /* presentation format, no final dot; "." */
};

/* `text`: presentation format (RFC 1035 5.1), so that a name of an answer can
 * be asked for again; with or without a final dot; "." is the root.
 * Returns 0; -EINVAL when it is no name: empty, a label of 0 or over 63
 * octets, over DNS_WIRE_MAX octets, a space, control or 8-bit octet that is
 * not escaped.  International names come as A-labels. */
int dns_name_parse(struct slice text, struct dns_name *ret_name) WARN_UNUSED;

/* Whether `text` in presentation format is the same name. */
bool dns_name_is(const struct dns_name *name, const char *text);

/* The name to ask PTR for: "1.2.0.192.in-addr.arpa" (RFC 1035 3.5), or under
 * ip6.arpa (RFC 3596 2.5).  Returns its length, 0 for INET_UNIX. */
size_t dns_reverse_name(
    const struct inet_addr *addr, char buf[DNS_REVERSE_MAX]);
/* The same without ".in-addr.arpa" and ".ip6.arpa": what stands in front of
 * the zone in a question to a DNSBL (RFC 5782 2.1, 2.4). */
size_t dns_reverse_labels(
    const struct inet_addr *addr, char buf[DNS_REVERSE_MAX]);

#endif
