/* SPDX-License-Identifier: MIT */
/* tls_info.c - what a TLS handshake has shown. */
#include "net/tls_info.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/digest.h"
#include "net/tls_private.h"

/* RFC 2253, but letters outside of ASCII stay what they are. */
#define NAME_FLAGS (XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB)

/* What a memory BIO holds; "" when it is too long. */
static hl_str
bio_text(BIO *bio, struct arena *arena)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	if (n <= 0 || n > TLS_INFO_NAME_MAX)
		return STR_EMPTY;
	return arena_str(arena, (struct slice){ p, (size_t)n });
}

static hl_str
name_text(const X509_NAME *name, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());
	hl_str text;

	if (bio == NULL)
		return STR_EMPTY;
	/* What is no UTF-8 cannot be told as such. */
	if (X509_NAME_print_ex(bio, name, 0, NAME_FLAGS) < 0) {
		(void)BIO_reset(bio);
		(void)X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
	}
	text = bio_text(bio, arena);
	BIO_free(bio);
	return text;
}

static hl_str
fingerprint(const X509 *cert, struct arena *arena)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned n = 0;

	if (X509_digest(cert, EVP_sha256(), hash, &n) != 1)
		return STR_EMPTY;
	digest_hex(hash, n, hex);
	return arena_str(arena, slice_of(hex));
}

/* A DNS name or a mail address; both are plain ASCII, and who puts a control
 * character or a NUL into one means to deceive. */
static bool
is_plain(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	}
	return text.n > 0 && text.n <= TLS_INFO_NAME_MAX;
}

static void
take_alt_names(const X509 *cert, struct arena *arena, struct tls_info *ret)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int count = sk_GENERAL_NAME_num(names); /* -1: there are none */
	hl_str *texts;

	if (count > TLS_INFO_ALT_NAMES_MAX)
		count = TLS_INFO_ALT_NAMES_MAX;
	if (count <= 0) {
		GENERAL_NAMES_free(names);
		return;
	}
	texts = arena_array(arena, (size_t)count, sizeof(*texts));
	for (int i = 0; i < count; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct slice text;

		if (name->type != GEN_DNS && name->type != GEN_EMAIL)
			continue;
		text.p = (const char *)ASN1_STRING_get0_data(name->d.ia5);
		text.n = (size_t)ASN1_STRING_length(name->d.ia5);
		if (is_plain(text))
			texts[ret->alt_name_count++] = arena_str(arena, text);
	}
	ret->alt_names = texts;
	GENERAL_NAMES_free(names);
}

static void
take_cert(const SSL *ssl, struct arena *arena, struct tls_info *ret)
{
	const X509 *cert = SSL_get0_peer_certificate(ssl);

	if (cert == NULL)
		return;
	ret->cert_subject = name_text(X509_get_subject_name(cert), arena);
	ret->cert_issuer = name_text(X509_get_issuer_name(cert), arena);
	ret->cert_fingerprint = fingerprint(cert, arena);
	ret->cert_not_after = tls__wall(X509_get0_notAfter(cert));
	ret->cert_verified = tls_ctx_peer_verified(ssl);
	take_alt_names(cert, arena, ret);
}

void
tls_info_get(const SSL *ssl, struct arena *arena, struct tls_info *ret)
{
	*ret = (struct tls_info){
		.version = arena_str(arena, slice_of(SSL_get_version(ssl))),
		.cipher = arena_str(arena, slice_of(SSL_get_cipher_name(ssl))),
		.bits = (unsigned)SSL_get_cipher_bits(ssl, NULL),
		.sni = tls_info_sni(ssl, arena),
		.resumed = SSL_session_reused(ssl) == 1,
		.cert_subject = STR_EMPTY,
		.cert_issuer = STR_EMPTY,
		.cert_fingerprint = STR_EMPTY,
	};
	ERR_clear_error();
	take_cert(ssl, arena, ret);
	ERR_clear_error();
}

hl_str
tls_info_sni(const SSL *ssl, struct arena *arena)
{
	struct slice name =
	    slice_of(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	char lower[TLSEXT_MAXLEN_host_name + 1];

	if (name.n > TLSEXT_MAXLEN_host_name || !is_plain(name))
		return STR_EMPTY;
	for (size_t i = 0; i < name.n; i++)
		lower[i] = ascii_lower(name.p[i]);
	return arena_str(arena, (struct slice){ lower, name.n });
}

/* RFC 9266 says a zero-length context; in TLS 1.3 that is the same as none,
 * in TLS 1.2 it is not, and what others do there is none. */
int
tls_info_export(SSL *ssl, const char *label, unsigned char *ret, size_t n)
{
	int rc;

	if (SSL_version(ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(ssl) != 1)
		return -ENOTSUP;
	ERR_clear_error();
	rc = SSL_export_keying_material(
	    ssl, ret, n, label, strlen(label), NULL, 0, 0);
	ERR_clear_error();
	return rc == 1 ? 0 : -EPROTO;
}
