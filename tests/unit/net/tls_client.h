/* SPDX-License-Identifier: MIT */
/* tls_client.h - the other end of a TLS connection, in memory.
 *
 * Reads what was put into `in`, leaves what it wants to send in `out`.
 */
#ifndef HOOKLINE_TESTS_TLS_CLIENT_H
#define HOOKLINE_TESTS_TLS_CLIENT_H

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "base/slice.h"
#include "tls_pki.h"

struct tls_client {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out;
};

/* `version`: TLS1_2_VERSION or TLS1_3_VERSION, and no other; `cert` may be
 * NULL. */
static inline struct tls_client
tls_client_new(int version, const char *sni, const struct pki_cert *cert)
{
	struct tls_client c = { .ctx = SSL_CTX_new(TLS_client_method()) };

	(void)SSL_CTX_set_min_proto_version(c.ctx, version);
	(void)SSL_CTX_set_max_proto_version(c.ctx, version);
	if (cert != NULL)
		(void)SSL_CTX_use_cert_and_key(
		    c.ctx, cert->x509, cert->pkey, NULL, 1);
	c.ssl = SSL_new(c.ctx);
	c.in = BIO_new(BIO_s_mem());
	c.out = BIO_new(BIO_s_mem());
	SSL_set_bio(c.ssl, c.in, c.out);
	SSL_set_connect_state(c.ssl);
	/* SSL_set_tlsext_host_name casts const away, which clang dislikes. */
	if (sni != NULL)
		(void)SSL_ctrl(c.ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
		    TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)sni);
	return c;
}

static inline void
tls_client_done(struct tls_client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	*c = (struct tls_client){ 0 };
	ERR_clear_error();
}

/* What it wants to send; valid until it sends more.  Call tls_client_sent
 * when it is on its way. */
static inline struct slice
tls_client_out(struct tls_client *c)
{
	char *p = NULL;
	long n = BIO_get_mem_data(c->out, &p);

	return (struct slice){ p, n > 0 ? (size_t)n : 0 };
}

static inline void
tls_client_sent(struct tls_client *c)
{
	(void)BIO_reset(c->out);
}

/* Goes on with the handshake; true when it is done. */
static inline bool
tls_client_shake(struct tls_client *c)
{
	bool done = SSL_do_handshake(c->ssl) == 1;

	ERR_clear_error();
	return done;
}

/* What the server has said; 0 nothing, negative: SSL_get_error. */
static inline int
tls_client_read(struct tls_client *c, char *to, size_t size)
{
	int n = SSL_read(c->ssl, to, (int)size);
	int why = n > 0 ? 0 : SSL_get_error(c->ssl, n);

	ERR_clear_error();
	if (n > 0)
		return n;
	return why == SSL_ERROR_WANT_READ ? 0 : -why;
}

#endif
