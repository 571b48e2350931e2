/* SPDX-License-Identifier: MIT */
/* inet.h - IP addresses and networks as values.  No sockets.
 *
 * An IPv4-mapped IPv6 address is always held as IPv4.
 */
#ifndef HOOKLINE_BASE_INET_H
#define HOOKLINE_BASE_INET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "slice.h"

enum inet_family { INET_NONE, INET_V4, INET_V6, INET_UNIX };

struct inet_addr {
	uint8_t family;    /* enum inet_family */
	uint8_t bytes[16]; /* IPv4: the first four */
	uint16_t port;     /* host byte order, 0: none */
};

struct inet_net {
	struct inet_addr addr;
	uint8_t bits; /* length of the prefix */
};

#define INET_TEXT_MAX 64 /* "[" IPv6 "]:65535" and NUL fit */

/* "192.0.2.1" or "2001:db8::1", nothing else.  0 or -EINVAL. */
int inet_parse(struct slice text, struct inet_addr *ret) WARN_UNUSED;
/* "ADDR", "ADDR/BITS", and qpsmtpd's prefix forms: "192.168." is /16;
 * "2001:db8:" is /32, and digits behind the last colon are the first ones
 * of a group, four bits each ("2001:db8:a" is 2001:db8:a000::/36).  Host
 * bits are cleared.  0 or -EINVAL. */
int inet_net_parse(struct slice text, struct inet_net *ret) WARN_UNUSED;
bool inet_net_has(const struct inet_net *net, const struct inet_addr *addr);
/* Ports do not count. */
bool inet_eq(const struct inet_addr *a, const struct inet_addr *b);
/* 127.0.0.0/8 and ::1; INET_UNIX is not. */
bool inet_is_loopback(const struct inet_addr *addr);
/* Address without port, RFC 5952; "unix" for INET_UNIX, "" for INET_NONE.
 * Returns the length. */
size_t inet_text(const struct inet_addr *addr, char buf[INET_TEXT_MAX]);
/* Whom an address is remembered as: itself, of IPv6 its network, a /64 (RFC
 * 6177), "2001:db8:0:1::/64": nobody has less, and could come from another of
 * its addresses each time.  The whole of IPv4 behind a translator, 64:ff9b::/96
 * (RFC 6052), stays apart, as does ::1.  As inet_text otherwise. */
size_t inet_client_text(const struct inet_addr *addr, char buf[INET_TEXT_MAX]);
/* From and to struct sockaddr_storage, passed as void *.  Returns 0, or
 * -EAFNOSUPPORT for a family that is none of ours. */
int inet_from_sockaddr(const void *sockaddr, struct inet_addr *ret) WARN_UNUSED;
/* Returns the length of the sockaddr written to `ret` (sockaddr_storage);
 * of INET_UNIX that is the family alone, of INET_NONE 0. */
size_t inet_to_sockaddr(const struct inet_addr *addr, void *ret);

#endif
