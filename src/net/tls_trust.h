/* SPDX-License-Identifier: MIT */
/* tls_trust.h - whom outgoing TLS connections trust.
 *
 * OpenSSL keeps certificates of authorities in an SSL_CTX, and making one is
 * expensive.  A worker has one for the system's authorities and one for each
 * CA file that a plugin named.  A file that has changed is read again.
 */
#ifndef HOOKLINE_NET_TLS_TRUST_H
#define HOOKLINE_NET_TLS_TRUST_H

#include "base/check.h"
#include "base/err.h"

struct ssl_ctx_st;
struct tls_trust;

#define TLS_TRUST_FILES_MAX 16 /* kept: those that were used last */

/* Opens nothing yet. */
struct tls_trust *tls_trust_new(void);
/* Connections that use it live on. */
void tls_trust_free(struct tls_trust **trust);

/* BLOCKS on the thread pool.
 * ca_file  path of a PEM file whose certificates alone are trusted; NULL:
 *          the system's (on Debian /etc/ssl/certs; SSL_CERT_FILE and
 *          SSL_CERT_DIR of the environment override it)
 * ret_ctx  a reference that the caller gives back with SSL_CTX_free
 * Returns 0; -ENOENT, -EACCES and the like: the file cannot be read; -EINVAL
 * there is no certificate in it; -ECANCELED, -ETIMEDOUT as conn.h. */
int tls_trust_get(struct tls_trust *trust, const char *ca_file,
    struct ssl_ctx_st **ret_ctx, struct err *err) BLOCKS WARN_UNUSED;

#endif
