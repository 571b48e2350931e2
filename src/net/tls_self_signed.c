/* SPDX-License-Identifier: MIT */
/* tls_self_signed.c - a certificate made on the spot, for a try. */
#include "net/tls_self_signed.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tls_private.h"

#define DAY 86400L

static bool
fill(X509 *cert, EVP_PKEY *key, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(cert);

	return X509_set_version(cert, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), DAY) != NULL &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
		   (const unsigned char *)name, (int)strlen(name), -1,
		   0) == 1 &&
	       X509_set_issuer_name(cert, subject) == 1 &&
	       X509_set_pubkey(cert, key) == 1 &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

static void
move(BIO *from, struct buf *to)
{
	char *p = NULL;
	long n = BIO_get_mem_data(from, &p);

	buf_add(to, p, (size_t)n);
}

int
tls_self_signed_make(const char *name, struct buf *ret_cert,
    struct buf *ret_key, struct err *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *cert_pem = BIO_new(BIO_s_mem());
	BIO *key_pem = BIO_new(BIO_s_secmem());
	int ret = -ENOMEM;

	if (key != NULL && cert != NULL && cert_pem != NULL &&
	    key_pem != NULL && fill(cert, key, name) &&
	    PEM_write_bio_X509(cert_pem, cert) == 1 &&
	    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) ==
		1) {
		move(cert_pem, ret_cert);
		move(key_pem, ret_key);
		ret = 0;
	} else {
		(void)tls__err(err, "cannot make a certificate");
	}
	BIO_free(key_pem);
	BIO_free(cert_pem);
	X509_free(cert);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ret;
}
