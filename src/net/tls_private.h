/* SPDX-License-Identifier: MIT */
/* tls_private.h - what the files of a TLS context share. */
#ifndef HOOKLINE_NET_TLS_PRIVATE_H
#define HOOKLINE_NET_TLS_PRIVATE_H

#include <openssl/ssl.h>
#include <stdint.h>
#include <time.h>

#include "net/tls_ctx.h"

/* A pair, parsed.  Zero is empty. */
struct tls_identity {
	X509 *cert;
	STACK_OF(X509) * chain; /* what follows in the file; may be empty */
	EVP_PKEY *key;
	unsigned char *ocsp; /* DER; NULL: none */
	size_t ocsp_size;
	time_t ocsp_until; /* 0: no end */
};

/* 0; -EINVAL with what is wrong in `err`: then `ret` is empty. */
int tls_identity__load(const struct tls_pair *pair, struct tls_identity *ret,
    struct err *err) WARN_UNUSED;
void tls_identity__done(struct tls_identity *identity);

/* Parses the response for `id`'s certificate into `id`.  -EINVAL: it is not
 * one, is about another certificate, or says "revoked". */
int tls_ocsp__load(
    struct slice der, struct tls_identity *id, struct err *err) WARN_UNUSED;

/* All certificates of a PEM text, at least one; NULL with `err` set. */
STACK_OF(X509) * tls__certs_read(struct slice pem, struct err *err);
BIO *tls__bio(struct slice bytes);
/* {0} if it cannot be read. */
struct wall tls__wall(const ASN1_TIME *time);
/* err_set with OpenSSL's reason behind, whose queue is then empty. */
int tls__err(struct err *err, const char *what);

/* An SSL_CTX with protocol versions, ciphers and all other parameters of
 * `material`; NULL with what is wrong in `err`. */
SSL_CTX *tls_params__ctx(const struct tls_material *material, struct err *err);
/* Puts the pair into `ssl_ctx`; `chain` as SSL_CTX_use_cert_and_key.
 * -EINVAL: it is too weak. */
int tls_identity__use(const struct tls_identity *identity, SSL_CTX *ssl_ctx,
    STACK_OF(X509) * chain, struct err *err) WARN_UNUSED;

#endif
