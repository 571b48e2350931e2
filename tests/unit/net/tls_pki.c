/* SPDX-License-Identifier: MIT */
/* tls_pki.c - certificates, keys and OCSP responses made by the tests. */
#include "tls_pki.h"

#include "../unit.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define DAY 86400

static EVP_PKEY *
key_make(const char *kind)
{
	if (kind == NULL || strcmp(kind, "EC") == 0)
		return EVP_EC_gen("prime256v1");
	if (strcmp(kind, "RSA") == 0)
		return EVP_RSA_gen(2048);
	if (strcmp(kind, "RSA1024") == 0)
		return EVP_RSA_gen(1024);
	return EVP_PKEY_Q_keygen(NULL, NULL, kind);
}

static void
extension_add(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void
pem_fill(BIO *bio, struct buf *ret)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	buf_add(ret, p, (size_t)n);
	BIO_free(bio);
}

static void
serial_set(X509 *x509)
{
	uint64_t serial;

	assert_int_equal(
	    RAND_bytes((unsigned char *)&serial, sizeof(serial)), 1);
	assert_int_equal(
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1),
	    1);
}

static void
names_set(X509 *x509, const char *name, const struct pki_options *options)
{
	X509_NAME *subject = X509_get_subject_name(x509);
	X509 *issuer = options->issuer == NULL ? x509 : options->issuer->x509;
	char alt[300];

	assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
			     (const unsigned char *)name, -1, -1, 0),
	    1);
	assert_int_equal(
	    X509_set_issuer_name(x509, X509_get_subject_name(issuer)), 1);
	(void)snprintf(alt, sizeof(alt), "DNS:%s", name);
	extension_add(x509, NID_subject_alt_name, alt);
	if (options->is_ca || options->issuer == NULL)
		extension_add(x509, NID_basic_constraints, "critical,CA:TRUE");
}

struct pki_cert
pki_make(const char *name, const struct pki_options *options)
{
	static const struct pki_options none = { 0 };
	struct pki_cert made = { .cert = BUF_INIT, .key = BUF_INIT };
	BIO *cert = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());
	bool is_default;
	EVP_PKEY *signer;

	if (options == NULL)
		options = &none;
	is_default = options->from_s == 0 && options->to_s == 0;
	made.pkey = key_make(options->kind);
	made.x509 = X509_new();
	assert_non_null(made.pkey);
	assert_int_equal(X509_set_version(made.x509, X509_VERSION_3), 1);
	serial_set(made.x509);
	(void)X509_gmtime_adj(X509_getm_notBefore(made.x509),
	    is_default ? -DAY : options->from_s);
	(void)X509_gmtime_adj(X509_getm_notAfter(made.x509),
	    is_default ? 90 * DAY : options->to_s);
	assert_int_equal(X509_set_pubkey(made.x509, made.pkey), 1);
	names_set(made.x509, name, options);
	signer = options->issuer == NULL ? made.pkey : options->issuer->pkey;
	assert_true(
	    X509_sign(made.x509, signer,
		EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(cert, made.x509), 1);
	assert_int_equal(
	    PEM_write_bio_PrivateKey(key, made.pkey, NULL, NULL, 0, NULL, NULL),
	    1);
	pem_fill(cert, &made.cert);
	pem_fill(key, &made.key);
	return made;
}

void
pki_done(struct pki_cert *cert)
{
	X509_free(cert->x509);
	EVP_PKEY_free(cert->pkey);
	buf_done(&cert->cert);
	buf_done(&cert->key);
}

struct tls_pair
pki_pair(const struct pki_cert *cert)
{
	return (struct tls_pair){ .cert = buf_slice(&cert->cert),
		.key = buf_slice(&cert->key) };
}

struct tls_ctx *
pki_context(const char *name, const struct pki_cert *cert,
    const struct pki_cert *client_ca)
{
	struct tls_pair pair = pki_pair(cert);
	struct tls_site site = {
		.name = str_of(name), .pairs = &pair, .pair_count = 1
	};
	struct tls_material material = { .scope = STR_LIT("test"),
		.sites = &site,
		.site_count = 1,
		.request_cert = client_ca != NULL };
	struct tls_ctx *ctx;
	struct err err;

	if (client_ca != NULL)
		material.client_ca = buf_slice(&client_ca->cert);
	if (tls_ctx_new(&material, NULL, &ctx, &err) < 0)
		fail_msg("%s", err.text);
	return ctx;
}

struct buf
pki_ocsp(const struct pki_cert *cert, const struct pki_cert *issuer, int status,
    long until_s)
{
	return pki_ocsp_by(issuer, cert, issuer, status, until_s);
}

struct buf
pki_ocsp_by(const struct pki_cert *signer, const struct pki_cert *cert,
    const struct pki_cert *issuer, int status, long until_s)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert->x509, issuer->x509);
	ASN1_TIME *now = X509_gmtime_adj(NULL, -60);
	ASN1_TIME *until = X509_gmtime_adj(NULL, until_s);
	OCSP_RESPONSE *response;
	unsigned char *der = NULL;
	struct buf bytes = BUF_INIT;
	int n;

	assert_non_null(OCSP_basic_add1_status(basic, id, status, 0,
	    status == V_OCSP_CERTSTATUS_REVOKED ? now : NULL, now,
	    until_s == 0 ? NULL : until));
	assert_int_equal(OCSP_basic_sign(basic, signer->x509, signer->pkey,
			     EVP_sha256(), NULL, 0),
	    1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	n = i2d_OCSP_RESPONSE(response, &der);
	assert_true(n > 0);
	buf_add(&bytes, der, (size_t)n);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(now);
	ASN1_TIME_free(until);
	return bytes;
}
