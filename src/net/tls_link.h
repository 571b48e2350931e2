/* SPDX-License-Identifier: MIT */
/* tls_link.h - the server's end of one TLS connection, without its socket.
 *
 * Bytes of the client go in at tls_link_take, what it said comes out; bytes
 * for the client go to the owner's function.  In between stands an SSL whose
 * BIO reads from the bytes just given and writes into one buffer shared by
 * all links of the process, handed on before each function returns.  So a
 * link at rest holds no buffer, only OpenSSL's own state; a record that has
 * come in part stays in OpenSSL's read buffer until its rest comes.
 *
 * A client cannot make us work for nothing: renegotiation is refused by the
 * context, and after the handshake at most TLS_LINK_LATE_MAX records may
 * carry handshake messages (KeyUpdate, attempts to renegotiate).
 *
 * Nothing here blocks or logs.  OpenSSL's error queue is empty before and
 * after each function.
 */
#ifndef HOOKLINE_NET_TLS_LINK_H
#define HOOKLINE_NET_TLS_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/slice.h"

struct ssl_ctx_st; /* SSL_CTX */
struct ssl_st;     /* SSL */
struct tls_link;

/* The most bytes that tls_link_take takes at once. */
#define TLS_LINK_TAKE_MAX (64u * 1024)
/* What a record can hold (RFC 8446 5.1): so much more than it was given one
 * call may bring out. */
#define TLS_LINK_RECORD_MAX (16u * 1024)
#define TLS_LINK_LATE_MAX 32
/* A measured guess at what OpenSSL holds for a link at rest. */
#define TLS_LINK_OPENSSL_BYTES (14u * 1024)

/* Bytes for the client; valid during the call.  0; negative errno: they
 * cannot be sent, and nothing else can. */
typedef int tls_send_fn(void *owner, const char *bytes, size_t n);

enum tls_link_state {
	TLS_LINK_HANDSHAKE,
	TLS_LINK_SECURE,
	TLS_LINK_ENDED,  /* the client has sent its close_notify */
	TLS_LINK_FAILED, /* see tls_link_reason */
};

/* What came of bytes. */
struct tls_taken {
	struct slice plain; /* valid until the next call for any link */
	bool is_secure;     /* the handshake was completed by this call */
	bool has_ended;     /* close_notify came in this call */
};

/* NULL: no memory. */
struct tls_link *tls_link_new(
    struct ssl_ctx_st *ssl_ctx, tls_send_fn *send, void *owner) WARN_UNUSED;
/* Sends nothing; see tls_link_end. */
void tls_link_free(struct tls_link **link);

/* Takes bytes of the client, all of them, at most TLS_LINK_TAKE_MAX.
 * Returns 0; -EPROTO TLS has failed (the alert that tells the client is sent
 * already), also for each later call; or what `send` returned.  What came
 * before the failure is in *ret. */
int tls_link_take(struct tls_link *link, const char *bytes, size_t n,
    struct tls_taken *ret) WARN_UNUSED;

/* Encrypts and sends all of `bytes`; only after the handshake.  0; -EPROTO;
 * or what `send` returned. */
int tls_link_write(
    struct tls_link *link, const char *bytes, size_t n) WARN_UNUSED;

/* Sends our close_notify if there is somebody to hear it. */
void tls_link_end(struct tls_link *link);

enum tls_link_state tls_link_state(const struct tls_link *link);
/* The handshake has failed because what came is text, not TLS: the client may
 * be answered in clear. */
bool tls_link_is_text(const struct tls_link *link);
/* Why it has failed, e.g. "no shared cipher"; "" if it has not.  Borrowed. */
const char *tls_link_reason(const struct tls_link *link);
/* Borrowed; for facts (tls_info.h). */
struct ssl_st *tls_link_ssl(const struct tls_link *link);
/* Heap bytes, OpenSSL's guessed. */
size_t tls_link_memory(const struct tls_link *link);

#endif
