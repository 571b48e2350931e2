/* SPDX-License-Identifier: MIT */
/* tls_info.h - what a TLS handshake has shown. */
#ifndef HOOKLINE_NET_TLS_INFO_H
#define HOOKLINE_NET_TLS_INFO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"

struct ssl_st; /* SSL */

/* A name in a client's certificate that is longer is not told: it would not
 * be the name any more if it were cut. */
#define TLS_INFO_NAME_MAX 1024
/* ... and so many subjectAltNames are. */
#define TLS_INFO_ALT_NAMES_MAX 32

struct tls_info {
	hl_str version; /* "TLSv1.3" */
	hl_str cipher;  /* "TLS_AES_256_GCM_SHA384" */
	unsigned bits;  /* of the cipher's key */
	hl_str sni;     /* lower case; "" none was sent */
	bool resumed;   /* an earlier session goes on, without certificates */
	/* The client's certificate; without one all are empty. */
	hl_str cert_subject; /* RFC 2253 on one line, UTF-8 */
	hl_str cert_issuer;
	hl_str cert_fingerprint; /* SHA-256, 64 hex digits in lower case */
	struct wall cert_not_after;
	bool cert_verified;      /* by the client CA of the context */
	const hl_str *alt_names; /* DNS names and mail addresses */
	size_t alt_name_count;
};

/* Only after the handshake; strings live in `arena`. */
void tls_info_get(
    const struct ssl_st *ssl, struct arena *arena, struct tls_info *ret);

/* The server name that was asked for, also during the handshake; "" none.
 * Lives in `arena`. */
hl_str tls_info_sni(const struct ssl_st *ssl, struct arena *arena);

/* Keying material of this session for `label` (RFC 5705, RFC 8446 7.5)
 * without a context; the channel binding "tls-exporter" of RFC 9266 is
 * "EXPORTER-Channel-Binding" and 32 bytes.
 * Returns 0; -ENOTSUP TLS 1.2 without extended master secret (RFC 7627), where
 * it binds nothing; -EPROTO OpenSSL failed. */
int tls_info_export(struct ssl_st *ssl, const char *label, unsigned char *ret,
    size_t n) WARN_UNUSED;

#endif
