/* SPDX-License-Identifier: MIT */
/* tls_params.c - protocol versions, ciphers, groups of a TLS context.
 *
 * The system's openssl.cnf has been read before; what is said here goes
 * over it, so that a server does the same on every machine.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/tls_private.h"

/* Not const: OpenSSL's macro casts that away, and clang complains. */
static char groups[] = "X25519:P-256:X448:P-384:P-521";
#define SECURITY_LEVEL 2 /* RSA of 2048 bits, no SHA-1: what Debian has */
/* A client's certificate with its chain. */
#define PEER_CERTS_MAX (32u * 1024)

static const struct {
	enum tls_protocol bit;
	int version;
	uint64_t off;
} versions[] = {
	{ TLS_V1_0, TLS1_VERSION, SSL_OP_NO_TLSv1 },
	{ TLS_V1_1, TLS1_1_VERSION, SSL_OP_NO_TLSv1_1 },
	{ TLS_V1_2, TLS1_2_VERSION, SSL_OP_NO_TLSv1_2 },
	{ TLS_V1_3, TLS1_3_VERSION, SSL_OP_NO_TLSv1_3 },
};

static void
versions_set(SSL_CTX *ssl_ctx, unsigned wanted)
{
	uint64_t off = 0;
	int least = 0;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if ((wanted & versions[i].bit) == 0)
			off |= versions[i].off;
		else if (least == 0)
			least = versions[i].version;
	(void)SSL_CTX_set_min_proto_version(ssl_ctx, least);
	(void)SSL_CTX_set_max_proto_version(ssl_ctx, 0);
	(void)SSL_CTX_set_options(ssl_ctx, off);
}

/* "TLS_..." go one way, everything else the other. */
static void
ciphers_split(struct slice text, struct buf *ret_old, struct buf *ret_new)
{
	struct slice word;

	while (slice_cut(&text, ':', &word)) {
		struct buf *to = slice_starts(word, "TLS_") ? ret_new : ret_old;

		if (word.n == 0)
			continue;
		if (to->n > 0)
			buf_add_char(to, ':');
		buf_add_slice(to, word);
	}
}

static int
ciphers_set(SSL_CTX *ssl_ctx, hl_str text, struct err *err)
{
	struct buf old = BUF_INIT, new = BUF_INIT;
	int rc = 0;

	if (text.n == 0)
		text = STR_LIT(TLS_CIPHERS_DEFAULT);
	ciphers_split(slice_str(text), &old, &new);
	if ((old.n > 0 && SSL_CTX_set_cipher_list(ssl_ctx, old.p) != 1) ||
	    (new.n > 0 && SSL_CTX_set_ciphersuites(ssl_ctx, new.p) != 1))
		rc = tls__err(err,
		    "ciphers: none of these is known here; see openssl "
		    "ciphers -v");
	buf_done(&old);
	buf_done(&new);
	return rc;
}

static int
dh_set(SSL_CTX *ssl_ctx, struct slice pem, struct err *err)
{
	EVP_PKEY *params;
	BIO *bio;

	if (pem.n == 0) {
		(void)SSL_CTX_set_dh_auto(ssl_ctx, 1);
		return 0;
	}
	bio = tls__bio(pem);
	params = PEM_read_bio_Parameters(bio, NULL);
	BIO_free(bio);
	if (params == NULL)
		return tls__err(err,
		    "DH parameters: none in it; make them with openssl "
		    "dhparam");
	if (SSL_CTX_set0_tmp_dh_pkey(ssl_ctx, params) != 1) {
		EVP_PKEY_free(params);
		return tls__err(err,
		    "DH parameters: not usable; make them with openssl "
		    "dhparam 2048");
	}
	return 0;
}

static int
tls_params__apply(
    const struct tls_material *material, SSL_CTX *ssl_ctx, struct err *err)
{
	unsigned wanted = material->protocols;
	int rc;

	if (wanted == 0)
		wanted = TLS_V1_2 | TLS_V1_3;
	versions_set(ssl_ctx, wanted);
	/* Versions before 1.2 sign with SHA-1, which level 1 refuses: who
	 * names them wants them to work. */
	SSL_CTX_set_security_level(ssl_ctx,
	    (wanted & (TLS_V1_0 | TLS_V1_1)) != 0 ? 0 : SECURITY_LEVEL);
	(void)SSL_CTX_set_options(ssl_ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
		SSL_OP_CLEANSE_PLAINTEXT); /* passwords pass here */
	(void)SSL_CTX_set_mode(ssl_ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
	(void)SSL_CTX_set_max_early_data(ssl_ctx, 0);
	(void)SSL_CTX_set_session_cache_mode(ssl_ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ssl_ctx, PEER_CERTS_MAX);
	if (SSL_CTX_set1_groups_list(ssl_ctx, groups) != 1)
		return tls__err(err, "groups");
	rc = ciphers_set(ssl_ctx, material->ciphers, err);
	return rc < 0 ? rc : dh_set(ssl_ctx, material->dh, err);
}

SSL_CTX *
tls_params__ctx(const struct tls_material *material, struct err *err)
{
	SSL_CTX *ssl_ctx = SSL_CTX_new(TLS_server_method());

	if (ssl_ctx == NULL)
		mem_exhausted();
	ERR_clear_error();
	if (tls_params__apply(material, ssl_ctx, err) == 0)
		return ssl_ctx;
	SSL_CTX_free(ssl_ctx);
	return NULL;
}

int
tls_params_check(const struct tls_material *material, struct err *err)
{
	SSL_CTX *ssl_ctx = tls_params__ctx(material, err);

	if (ssl_ctx == NULL)
		return -EINVAL;
	SSL_CTX_free(ssl_ctx);
	return 0;
}
