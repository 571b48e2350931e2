/* SPDX-License-Identifier: MIT */
/* endpoint.h - where a socket listens or is connected to, as written in
 * configuration files: "192.0.2.1:25", "[2001:db8::1]:25", "unix:/PATH",
 * for connections also "HOST:PORT", each of which may follow "tls:".
 *
 * A value; never blocks, allocates or opens anything.
 */
#ifndef HOOKLINE_NET_ENDPOINT_H
#define HOOKLINE_NET_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/inet.h"
#include "base/slice.h"

#define ENDPOINT_PATH_MAX 107 /* sun_path without its NUL */
#define ENDPOINT_HOST_MAX 253 /* RFC 1035 2.3.4, as text */

enum endpoint_kind { ENDPOINT_INET, ENDPOINT_UNIX, ENDPOINT_HOST };

struct endpoint {
	enum endpoint_kind kind;
	bool is_tls;
	struct inet_addr addr; /* INET: address and port; HOST: port alone */
	/* UNIX: path; HOST: name; else empty. */
	char name[ENDPOINT_HOST_MAX + 1];
};

/* A place to listen on: no host name, no "tls:".
 * Returns 0; -EINVAL with the reason in `err`. */
int endpoint_parse_listen(struct slice text, struct endpoint *ret_endpoint,
    struct err *err) WARN_UNUSED;
/* A place to connect to: port 0 is refused. */
int endpoint_parse_dial(struct slice text, struct endpoint *ret_endpoint,
    struct err *err) WARN_UNUSED;
/* Writes the struct sockaddr_storage `ret`; returns its length.  Not for
 * ENDPOINT_HOST. */
size_t endpoint_to_sockaddr(const struct endpoint *endpoint, void *ret);

#endif
