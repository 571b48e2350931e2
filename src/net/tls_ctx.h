/* SPDX-License-Identifier: MIT */
/* tls_ctx.h - what a listener needs to speak TLS, ready for use.
 *
 * Made of bytes (struct tls_material): nothing here opens a file.  A context
 * is immutable and counted: the worker makes a new one when a certificate
 * was renewed, new sessions take that, sessions that run keep theirs.
 *
 * It holds one SSL_CTX for each server name and chooses by SNI (RFC 6066 3):
 * the exact name, then a wildcard that stands for one label (RFC 6125
 * 6.4.3), else the first site whose name is "", else the first site.  In it
 * are settled: protocol versions, ciphers in the server's order, no
 * compression, no renegotiation, no early data, no session cache, tickets
 * (tls_tickets.h), the OCSP staple (RFC 6066 8), ALPN "smtp" (RFC 7301),
 * whether a client certificate is asked for (never required), and released
 * buffers.  A user makes an SSL of it with SSL_new(tls_ctx_ssl(ctx)) and
 * SSL_set_accept_state, holds a reference as long as the SSL lives, and has
 * nothing to set but its BIOs.
 *
 * Afterwards SSL_get_servername says what the client asked for, and
 * tls_ctx_peer_verified whether its certificate is one of our client CA's.
 */
#ifndef HOOKLINE_NET_TLS_CTX_H
#define HOOKLINE_NET_TLS_CTX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/str.h"

struct ssl_ctx_st; /* SSL_CTX */
struct ssl_st;     /* SSL */
struct tls_ctx;
struct tls_tickets;

enum tls_protocol {
	TLS_V1_0 = 1 << 0,
	TLS_V1_1 = 1 << 1,
	TLS_V1_2 = 1 << 2,
	TLS_V1_3 = 1 << 3
};

/* The only name of ALPN that we speak.  Not in IANA's list, but what Exim
 * offers and accepts. */
#define TLS_ALPN_SMTP "smtp"
/* What is said when material names no ciphers: forward secrecy and AEAD. */
#define TLS_CIPHERS_DEFAULT                                    \
	"ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:" \
	"!aNULL:!PSK:!SRP"

/* A certificate and its key.  Everything is borrowed. */
struct tls_pair {
	struct slice cert; /* PEM: the certificate, then its chain */
	struct slice key;  /* PEM, not encrypted */
	struct slice ocsp; /* DER of an OCSPResponse; empty: none */
};

struct tls_site {
	/* "mx.example", "*.example", or "" for clients that ask for no name
	 * or an unknown one.  Lower case. */
	hl_str name;
	/* One for each kind of key: ECDSA and RSA side by side. */
	const struct tls_pair *pairs;
	size_t pair_count;
};

struct tls_material {
	/* Tickets of one scope are no good in another: the listener's name. */
	hl_str scope;
	const struct tls_site *sites; /* at least one */
	size_t site_count;
	struct slice client_ca; /* PEM; empty: clients cannot be verified */
	/* PEM; completes the chain of a pair that has none; may be empty. */
	struct slice chain_ca;
	struct slice dh; /* PEM; empty: groups as strong as the key */
	/* OpenSSL's cipher list; names of TLS 1.3 ("TLS_...") may be in it.
	 * Empty: TLS_CIPHERS_DEFAULT. */
	hl_str ciphers;
	unsigned protocols; /* of enum tls_protocol; 0: 1.2 and 1.3 */
	bool request_cert;  /* ask clients for a certificate */
	/* TLS from the first byte: a client that offers ALPN without "smtp"
	 * is refused (no_application_protocol).  After STARTTLS it is not. */
	bool is_implicit;
};

/* What a certificate says, for status lines and warnings. */
struct tls_cert_info {
	char key_kind[32]; /* "RSA 2048", "EC prime256v1", "ED25519" */
	char subject[128]; /* RFC 2253, cut */
	struct wall not_before, not_after;
	struct wall ocsp_until; /* nextUpdate; {0}: no staple, or no end */
};

/* Each checks one part of a material, to say which part is wrong before a
 * context is made of all.  Returns 0; -EINVAL with what is wrong in `err`. */

/* Certificate, key and staple are whole, strong enough and belong together;
 * whether the dates are good is the caller's to judge by `ret_info`, which
 * may be NULL. */
int tls_pair_check(const struct tls_pair *pair, struct tls_cert_info *ret_info,
    struct err *err) WARN_UNUSED;
/* PEM with at least one certificate. */
int tls_certs_check(struct slice pem, struct err *err) WARN_UNUSED;
/* Ciphers, protocols and DH parameters of `material`; all else in it is not
 * looked at. */
int tls_params_check(
    const struct tls_material *material, struct err *err) WARN_UNUSED;

/* Copies what it needs of `material`.  `tickets` may be NULL (none are
 * given out); the context takes a reference.
 * Returns 0; -EINVAL with what is wrong in `err`.  Never blocks. */
int tls_ctx_new(const struct tls_material *material,
    struct tls_tickets *tickets, struct tls_ctx **ret,
    struct err *err) WARN_UNUSED;
struct tls_ctx *tls_ctx_ref(struct tls_ctx *ctx);
/* NULL is fine; *ctx becomes NULL.  Keys are wiped with the last one. */
void tls_ctx_unref(struct tls_ctx **ctx);

/* Borrowed. */
struct ssl_ctx_st *tls_ctx_ssl(struct tls_ctx *ctx);
/* True when the client showed a certificate, in this handshake or in the one
 * that is resumed, and the client CA of the context vouches for it. */
bool tls_ctx_peer_verified(const struct ssl_st *ssl);

#endif
