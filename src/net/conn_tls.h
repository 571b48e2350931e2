/* SPDX-License-Identifier: MIT */
/* conn_tls.h - TLS on an outgoing connection.
 *
 * conn_tls_start turns an open connection into a TLS client, at once after
 * dialling or after a STARTTLS of whatever protocol.  The functions of conn.h
 * then send and receive what is inside, with these additions:
 * - -EPROTO: what the peer sent is no TLS, or it ended the session with an
 *   alert; -ECONNRESET also when it closed without saying so (close_notify),
 *   since what was received may have been cut off.
 * - conn_close says goodbye as far as the socket takes it at once.
 * - conn_shutdown does so too: -EAGAIN when the socket is full.
 * - conn_send_fd is -EINVAL.
 *
 * TLS 1.2 is the oldest version.  Nothing is resumed: connections are kept
 * instead (conn_pool.h).
 */
#ifndef HOOKLINE_NET_CONN_TLS_H
#define HOOKLINE_NET_CONN_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

struct conn;
struct tls_trust;

struct conn_tls_options {
	/* Whom we want to talk to: sent as server name (RFC 6066 3; not for an
	 * IP address) and looked for in the peer's certificate (RFC 9525).
	 * NULL only with is_unverified. */
	const char *name;
	const char *ca_file; /* see tls_trust.h; NULL: the system's */
	bool is_unverified;  /* take any certificate */
};

/* BLOCKS until the handshake is done; its steps run on the thread pool.
 * Returns 0; -EINVAL no name, it already speaks TLS, or the CA file has no
 * certificate; -EPROTO bytes have come in clear that belong to nothing, or
 * the handshake failed; -EKEYREJECTED the peer's certificate is not
 * acceptable; -ECONNRESET the peer closed; or as conn.h and tls_trust_get,
 * each with the reason in `err`.  After an error nothing can be sent or
 * received on the connection, not in clear either. */
int conn_tls_start(struct conn *conn, struct tls_trust *trust,
    const struct conn_tls_options *options, uint64_t timeout_ms,
    struct err *err) BLOCKS WARN_UNUSED;

bool conn_is_tls(const struct conn *conn);

#endif
