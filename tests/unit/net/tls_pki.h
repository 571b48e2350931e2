/* SPDX-License-Identifier: MIT */
/* tls_pki.h - certificates, keys and OCSP responses made by the tests. */
#ifndef HOOKLINE_TESTS_TLS_PKI_H
#define HOOKLINE_TESTS_TLS_PKI_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/buf.h"
#include "net/tls_ctx.h"

struct pki_cert {
	X509 *x509;
	EVP_PKEY *pkey;
	struct buf cert, key; /* PEM */
};

struct pki_options {
	const char *kind; /* "EC" (default), "RSA", "RSA1024", "ED25519" */
	const struct pki_cert *issuer; /* NULL: self-signed, a CA */
	long from_s, to_s; /* from now; both 0: from yesterday for 90 days */
	bool is_ca;
};

/* For `name`, as common name and DNS name. */
struct pki_cert pki_make(const char *name, const struct pki_options *options);
void pki_done(struct pki_cert *cert);
/* Borrowed. */
struct tls_pair pki_pair(const struct pki_cert *cert);
/* What a server with this certificate has, for clients that name `name`; "" for
 * all.  Asks them for certificates of `client_ca`; NULL: for none. */
struct tls_ctx *pki_context(const char *name, const struct pki_cert *cert,
    const struct pki_cert *client_ca);
/* The DER of an OCSP response, good until `until_s` from now (0: no end). */
struct buf pki_ocsp(const struct pki_cert *cert, const struct pki_cert *issuer,
    int status, long until_s);
/* The same, signed by somebody else. */
struct buf pki_ocsp_by(const struct pki_cert *signer,
    const struct pki_cert *cert, const struct pki_cert *issuer, int status,
    long until_s);

#endif
