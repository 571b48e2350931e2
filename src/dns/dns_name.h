/* SPDX-License-Identifier: MIT */
/* dns_name.h - names as questions.  No allocation, never blocks. */
#ifndef HOOKLINE_DNS_DNS_NAME_H
#define HOOKLINE_DNS_DNS_NAME_H

#include <stddef.h>

#include "base/check.h"
#include "base/inet.h"
#include "base/slice.h"
#include "dns/dns_answer.h"

/* "ip6.arpa" names are 72 octets; NUL fits. */
#define DNS_REVERSE_MAX 80

/* The name to ask PTR for: "1.2.0.192.in-addr.arpa" (RFC 1035 3.5), or under
 * ip6.arpa (RFC 3596 2.5).  Also the front part of a DNSBL's question, see
 * dns_reverse_labels.  Returns its length, 0 for INET_UNIX. */
size_t dns_reverse_name(
    const struct inet_addr *addr, char buf[DNS_REVERSE_MAX]);
/* The same without ".in-addr.arpa", ".ip6.arpa" (RFC 5782 2.1). */
size_t dns_reverse_labels(
    const struct inet_addr *addr, char buf[DNS_REVERSE_MAX]);

/* The form of `name` that is sent and compared: lower case, no final dot,
 * "." for the root.  Returns its length; -EINVAL when it is no name that can
 * be asked for: empty, a label of 0 or over 63 octets, over DNS_NAME_MAX in
 * all, a space, backslash, control or 8-bit octet. */
int dns_name_normalize(
    struct slice name, char buf[DNS_NAME_MAX + 1]) WARN_UNUSED;

#endif
