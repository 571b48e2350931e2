/* SPDX-License-Identifier: MIT */
/* tls_self_signed.h - a certificate made on the spot, for a try.
 *
 * Nobody trusts it, and nobody should: it is for both ends of a connection
 * within one process.
 */
#ifndef HOOKLINE_NET_TLS_SELF_SIGNED_H
#define HOOKLINE_NET_TLS_SELF_SIGNED_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"

/* Adds the PEM of a certificate for `name`, good for a day, and of its key
 * (ECDSA P-256) to buffers that the caller frees; the key is to be wiped.
 * Returns 0; -ENOMEM OpenSSL failed; then nothing was added. */
int tls_self_signed_make(const char *name, struct buf *ret_cert,
    struct buf *ret_key, struct err *err) WARN_UNUSED;

#endif
