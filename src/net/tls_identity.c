/* SPDX-License-Identifier: MIT */
/* tls_identity.c - parses a certificate with its chain, key and staple.
 *
 * Everything comes from files that the administrator named; the words of an
 * error say what to do about it and never show a byte of a key.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "net/tls_private.h"

BIO *
tls__bio(struct slice bytes)
{
	BIO *bio;

	CHECK(bytes.n <= INT_MAX);
	bio = BIO_new_mem_buf(bytes.n > 0 ? bytes.p : "", (int)bytes.n);
	if (bio == NULL)
		mem_exhausted();
	return bio;
}

int
tls__err(struct err *err, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	ERR_clear_error();
	if (reason == NULL)
		return err_set(err, -EINVAL, "%s", what);
	return err_set(err, -EINVAL, "%s (%s)", what, reason);
}

STACK_OF(X509) * tls__certs_read(struct slice pem, struct err *err)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *bio = tls__bio(pem);
	unsigned long last;
	X509 *cert;

	if (certs == NULL)
		mem_exhausted();
	ERR_clear_error();
	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(certs, cert) == 0)
			mem_exhausted();
	BIO_free(bio);
	last = ERR_peek_last_error();
	if (ERR_GET_LIB(last) != ERR_LIB_PEM ||
	    ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
		(void)tls__err(err, "a certificate in it is damaged");
	else if (sk_X509_num(certs) == 0)
		(void)err_set(err, -EINVAL,
		    "no certificate in it; it must be a PEM file");
	else {
		ERR_clear_error();
		return certs;
	}
	ERR_clear_error();
	sk_X509_pop_free(certs, X509_free);
	return NULL;
}

/* There is nobody to ask. */
static int
no_passphrase(char *buf, int size, int is_writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)is_writing;
	*(bool *)arg = true;
	return -1;
}

static EVP_PKEY *
key_read(struct slice pem, struct err *err)
{
	bool is_encrypted = false;
	BIO *bio = tls__bio(pem);
	EVP_PKEY *key;

	ERR_clear_error();
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &is_encrypted);
	BIO_free(bio);
	if (key != NULL)
		return key;
	if (is_encrypted) {
		(void)err_set(err, -EINVAL,
		    "the key has a passphrase; remove it with openssl pkey");
		ERR_clear_error();
		return NULL;
	}
	(void)tls__err(err, "no private key in it; it must be a PEM file");
	return NULL;
}

int
tls_identity__load(
    const struct tls_pair *pair, struct tls_identity *ret, struct err *err)
{
	struct tls_identity id = { 0 };
	int rc = -EINVAL;

	id.chain = tls__certs_read(pair->cert, err);
	if (id.chain == NULL) {
		(void)err_prefix(err, "certificate");
		goto out;
	}
	id.cert = sk_X509_shift(id.chain);
	id.key = key_read(pair->key, err);
	if (id.key == NULL) {
		(void)err_prefix(err, "key");
		goto out;
	}
	if (X509_check_private_key(id.cert, id.key) != 1) {
		(void)err_set(
		    err, -EINVAL, "key and certificate do not belong together");
		ERR_clear_error();
		goto out;
	}
	if (pair->ocsp.n > 0) {
		rc = tls_ocsp__load(pair->ocsp, &id, err);
		if (rc < 0) {
			(void)err_prefix(err, "OCSP response");
			goto out;
		}
	}
	*ret = id;
	return 0;
out:
	tls_identity__done(&id);
	return rc;
}

void
tls_identity__done(struct tls_identity *id)
{
	X509_free(id->cert);
	sk_X509_pop_free(id->chain, X509_free);
	EVP_PKEY_free(id->key); /* wipes */
	mem_free(id->ocsp);
	*id = (struct tls_identity){ 0 };
}

int
tls_identity__use(const struct tls_identity *id, SSL_CTX *ssl_ctx,
    STACK_OF(X509) * chain, struct err *err)
{
	if (SSL_CTX_use_cert_and_key(ssl_ctx, id->cert, id->key, chain, 0) == 1)
		return 0;
	return tls__err(err,
	    "the certificate is too weak; RSA keys need 2048 bits, "
	    "signatures SHA-256");
}

/* ---- what it says -------------------------------------------------------- */

struct wall
tls__wall(const ASN1_TIME *time)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return (struct wall){ 0 };
	return (struct wall){ (int64_t)timegm(&tm) * 1000000 };
}

static void
key_kind(EVP_PKEY *key, char *ret, size_t size)
{
	const char *kind = EVP_PKEY_get0_type_name(key);
	char group[24];
	size_t n;

	if (EVP_PKEY_is_a(key, "EC") &&
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &n) == 1)
		(void)snprintf(ret, size, "EC %s", group);
	else if (EVP_PKEY_is_a(key, "RSA"))
		(void)snprintf(ret, size, "RSA %d", EVP_PKEY_get_bits(key));
	else
		(void)snprintf(ret, size, "%s", kind == NULL ? "?" : kind);
}

static void
subject(X509 *cert, char *ret, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	if (bio == NULL)
		mem_exhausted();
	(void)X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
	    XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	n = BIO_read(bio, ret, (int)size - 1);
	ret[n < 0 ? 0 : n] = '\0';
	BIO_free(bio);
}

static int
strength_check(const struct tls_identity *id, struct err *err)
{
	const struct tls_material usual = { .sites = NULL };
	SSL_CTX *ssl_ctx = tls_params__ctx(&usual, err);
	int rc = -EINVAL;

	if (ssl_ctx != NULL)
		rc = tls_identity__use(id, ssl_ctx, id->chain, err);
	SSL_CTX_free(ssl_ctx);
	return rc;
}

int
tls_certs_check(struct slice pem, struct err *err)
{
	STACK_OF(X509) *certs = tls__certs_read(pem, err);

	if (certs == NULL)
		return -EINVAL;
	sk_X509_pop_free(certs, X509_free);
	return 0;
}

int
tls_pair_check(const struct tls_pair *pair, struct tls_cert_info *ret_info,
    struct err *err)
{
	struct tls_identity id;
	struct tls_cert_info info = { 0 };
	int rc = tls_identity__load(pair, &id, err);

	if (rc < 0)
		return rc;
	rc = strength_check(&id, err);
	if (rc < 0) {
		tls_identity__done(&id);
		return rc;
	}
	key_kind(id.key, info.key_kind, sizeof(info.key_kind));
	subject(id.cert, info.subject, sizeof(info.subject));
	info.not_before = tls__wall(X509_get0_notBefore(id.cert));
	info.not_after = tls__wall(X509_get0_notAfter(id.cert));
	info.ocsp_until.us = (int64_t)id.ocsp_until * 1000000;
	tls_identity__done(&id);
	ERR_clear_error();
	if (ret_info != NULL)
		*ret_info = info;
	return 0;
}
