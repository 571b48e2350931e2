/* SPDX-License-Identifier: MIT */
/* dial.h - making outgoing connections from fibers. */
#ifndef HOOKLINE_NET_DIAL_H
#define HOOKLINE_NET_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/inet.h"
#include "base/slice.h"
#include "net/conn.h"

struct rt;
struct tls_trust;

#define DIAL_ADDR_MAX 8 /* addresses of a host that are tried */

/* How a host name becomes addresses: net/ does not know the resolver.
 * BLOCKS.  Writes at most DIAL_ADDR_MAX addresses (the ports are ignored),
 * in the order in which they are to be tried.  Returns their number; 0 when
 * the name has none; or negative errno as dns_query. */
typedef int dial_resolve_fn(
    void *arg, struct slice host, struct inet_addr ret_addrs[DIAL_ADDR_MAX]);

struct dial_options {
	dial_resolve_fn *resolve; /* NULL: host names are refused */
	void *resolve_arg;
	struct tls_trust *trust; /* NULL: "tls:" is refused */
};

/* BLOCKS until connected to `where` (see endpoint.h); the addresses of a
 * host are tried one after the other.  With "tls:" the handshake belongs to
 * it, and the certificate must be for the host or address that `where` names.
 * `timeout_ms` (0: none) is for all of it.  `options` may be NULL.
 * Returns 0 and the connection, which the caller closes; -EINVAL `where` is
 * not understood; -ENOTSUP "tls:" without `trust`; -EHOSTUNREACH the host has
 * no address; -ETIME, -ETIMEDOUT, -ECANCELED as conn.h; as conn_tls_start;
 * else the negative errno of the last address tried.  The reason is in `err`. */
int conn_dial(struct rt *rt, struct slice where, uint64_t timeout_ms,
    const struct dial_options *options, struct conn **ret_conn,
    struct err *err) BLOCKS WARN_UNUSED;

#endif
