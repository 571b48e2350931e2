/* SPDX-License-Identifier: MIT */
/* dns_host.h - the addresses of a host, for making connections. */
#ifndef HOOKLINE_DNS_DNS_HOST_H
#define HOOKLINE_DNS_DNS_HOST_H

#include "base/check.h"
#include "base/inet.h"
#include "base/slice.h"
#include "dns/dns.h"

/* BLOCKS.  Writes at most `max` addresses (port 0) in the order in which they
 * are to be tried: AAAA before A.  "localhost" and names under it are the
 * loopback addresses, without a question (RFC 6761 6.3).
 * Returns their number; 0 when the host has none; or negative errno as
 * dns_query: -EAGAIN only when neither question got an answer with
 * addresses. */
int dns_host_addresses(struct dns *dns, struct slice host,
    struct inet_addr *ret_addrs, unsigned max) BLOCKS WARN_UNUSED;

#endif
