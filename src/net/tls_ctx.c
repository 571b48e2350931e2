/* SPDX-License-Identifier: MIT */
/* tls_ctx.c - one SSL_CTX for each server name, and the choice by SNI.
 *
 * The SSL is made of the first site's SSL_CTX, whose servername callback
 * moves it to another one.  What OpenSSL reads from the first one all the
 * same (tickets, options, verification) is equal in all of them.
 */
#include "net/tls_ctx.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "net/tls_private.h"
#include "net/tls_tickets.h"

#define CTX_MAGIC 0x746c7378u
#define NAME_MAX_BYTES 255 /* RFC 1035 2.3.4 */

struct site {
	struct tls_ctx *owner;
	SSL_CTX *ssl_ctx;
	struct tls_identity *ids; /* for their staples */
	size_t id_count;
};

struct tls_ctx {
	uint32_t magic;
	unsigned refs;
	bool is_implicit;
	struct tls_tickets *tickets;
	struct site *sites;
	size_t site_count;
	SSL_CTX *fallback;     /* one of theirs */
	struct map *exact;     /* "mx.example" to SSL_CTX */
	struct map *wildcards; /* ".example" to SSL_CTX */
};

/* ---- callbacks of a handshake -------------------------------------------- */

static SSL_CTX *
site_find(const struct tls_ctx *ctx, struct slice asked)
{
	char name[NAME_MAX_BYTES];
	struct slice lower = { name, asked.n };
	SSL_CTX *found;
	size_t dot;

	if (asked.n > 0 && asked.p[asked.n - 1] == '.')
		lower.n--;
	if (lower.n == 0 || lower.n > sizeof(name))
		return NULL;
	for (size_t i = 0; i < lower.n; i++)
		name[i] = ascii_lower(asked.p[i]);
	found = map_get(ctx->exact, lower);
	if (found != NULL)
		return found;
	/* RFC 6125 6.4.3: '*' is one whole label, the leftmost. */
	dot = slice_find(lower, '.');
	return dot == 0 ? NULL
			: map_get(ctx->wildcards, slice_from(lower, dot));
}

/* An unknown name is no reason to refuse: an MTA asks for whatever its MX
 * record says and would rather have any certificate than none. */
static int
on_servername(SSL *ssl, int *alert, void *arg)
{
	struct tls_ctx *ctx = arg;
	const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	SSL_CTX *found;

	(void)alert;
	CHECK_OBJ(ctx, CTX_MAGIC);
	if (asked == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	found = site_find(ctx, slice_of(asked));
	if (found == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	if (found != ctx->fallback && SSL_set_SSL_CTX(ssl, found) == NULL)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return SSL_TLSEXT_ERR_OK;
}

/* The list is of names with their length in front (RFC 7301 3.1). */
static int
on_alpn(SSL *ssl, const unsigned char **ret, unsigned char *ret_size,
    const unsigned char *list, unsigned size, void *arg)
{
	const struct site *site = arg;
	const unsigned char *end = list + size;

	(void)ssl;
	for (const unsigned char *p = list; p < end; p += 1 + *p)
		if (*p == sizeof(TLS_ALPN_SMTP) - 1 && end - p > *p &&
		    memcmp(p + 1, TLS_ALPN_SMTP, *p) == 0) {
			*ret = p + 1;
			*ret_size = *p;
			return SSL_TLSEXT_ERR_OK;
		}
	return site->owner->is_implicit ? SSL_TLSEXT_ERR_ALERT_FATAL
					: SSL_TLSEXT_ERR_NOACK;
}

static int
on_status(SSL *ssl, void *arg)
{
	const struct site *site = arg;
	const X509 *cert = SSL_get_certificate(ssl);
	time_t now = (time_t)(wall_now().us / 1000000);

	for (size_t i = 0; i < site->id_count; i++) {
		const struct tls_identity *id = &site->ids[i];
		unsigned char *copy;

		if (id->cert != cert || id->ocsp == NULL ||
		    (id->ocsp_until != 0 && id->ocsp_until <= now))
			continue;
		copy = OPENSSL_memdup(id->ocsp, id->ocsp_size);
		if (copy == NULL)
			return SSL_TLSEXT_ERR_NOACK;
		(void)SSL_set_tlsext_status_ocsp_resp(
		    ssl, copy, (long)id->ocsp_size);
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

/* Hooks decide; the result of the verification stays with the session. */
static int
on_verify(int is_ok, X509_STORE_CTX *store)
{
	(void)is_ok;
	(void)store;
	return 1;
}

/* ---- making one ---------------------------------------------------------- */

/* A session must not be resumed where another client CA is asked: the
 * verified certificate comes out of the ticket. */
static void
session_scope(SSL_CTX *ssl_ctx, const struct tls_material *material)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	/* Also what ends the name before it. */
	unsigned char request = material->request_cert;
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	CHECK(md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	(void)EVP_DigestUpdate(md, material->scope.p, material->scope.n);
	(void)EVP_DigestUpdate(md, &request, 1);
	(void)EVP_DigestUpdate(
	    md, material->client_ca.p, material->client_ca.n);
	CHECK(EVP_DigestFinal_ex(md, hash, NULL) == 1);
	EVP_MD_CTX_free(md);
	CHECK(SSL_CTX_set_session_id_context(ssl_ctx, hash, sizeof(hash)) == 1);
}

static int
client_ca_set(
    SSL_CTX *ssl_ctx, const struct tls_material *material, struct err *err)
{
	STACK_OF(X509) * certs;
	X509_STORE *store = SSL_CTX_get_cert_store(ssl_ctx);

	if (!material->request_cert)
		return 0;
	SSL_CTX_set_verify(
	    ssl_ctx, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, on_verify);
	if (material->client_ca.n == 0)
		return 0;
	certs = tls__certs_read(material->client_ca, err);
	if (certs == NULL)
		return err_prefix(err, "client CA");
	for (int i = 0; i < sk_X509_num(certs); i++)
		if (X509_STORE_add_cert(store, sk_X509_value(certs, i)) != 1 ||
		    SSL_CTX_add_client_CA(ssl_ctx, sk_X509_value(certs, i)) !=
			1)
			mem_exhausted();
	sk_X509_pop_free(certs, X509_free);
	return 0;
}

/* The certificates between ours and the root, out of the CA file that a
 * `tls` line names; without its root, which clients have. */
static STACK_OF(X509) *
    chain_build(const struct tls_identity *id, STACK_OF(X509) * pool)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *last = id->cert;

	if (chain == NULL)
		mem_exhausted();
	for (int i = 0; i < sk_X509_num(pool); i++) {
		X509 *next = sk_X509_value(pool, i);

		if (sk_X509_num(chain) > sk_X509_num(pool) ||
		    X509_check_issued(next, last) != X509_V_OK ||
		    X509_check_issued(next, next) == X509_V_OK)
			continue;
		(void)X509_up_ref(next);
		if (sk_X509_push(chain, next) == 0)
			mem_exhausted();
		last = next;
		i = -1;
	}
	return chain;
}

static int
pair_use(struct site *site, struct tls_identity *id, STACK_OF(X509) * pool,
    struct err *err)
{
	STACK_OF(X509) *built = NULL, *chain = id->chain;
	int rc;

	if (sk_X509_num(chain) == 0 && pool != NULL)
		chain = built = chain_build(id, pool);
	rc = tls_identity__use(id, site->ssl_ctx, chain, err);
	sk_X509_pop_free(built, X509_free);
	return rc;
}

/* OpenSSL has one place for each kind of key. */
static int
kinds_check(const struct site *site, size_t last, struct err *err)
{
	EVP_PKEY *mine = site->ids[last].key;

	for (size_t i = 0; i < last; i++) {
		EVP_PKEY *other = X509_get0_pubkey(site->ids[i].cert);

		if (EVP_PKEY_get_base_id(other) == EVP_PKEY_get_base_id(mine))
			return err_set(err, -EINVAL,
			    "it has two certificates with %s keys; one of "
			    "each kind can be used",
			    EVP_PKEY_get0_type_name(mine));
	}
	return 0;
}

static int
site_pairs(struct site *site, const struct tls_site *from,
    STACK_OF(X509) * pool, struct err *err)
{
	if (from->pair_count == 0)
		return err_set(err, -EINVAL, "it has no certificate");
	site->ids = mem_array(from->pair_count, sizeof(*site->ids));
	for (size_t i = 0; i < from->pair_count; i++) {
		struct tls_identity *id = &site->ids[i];
		int rc = tls_identity__load(&from->pairs[i], id, err);

		if (rc < 0)
			return rc;
		site->id_count++;
		rc = kinds_check(site, i, err);
		if (rc == 0)
			rc = pair_use(site, id, pool, err);
		/* OpenSSL has it; the staple is what we are asked for. */
		EVP_PKEY_free(id->key);
		id->key = NULL;
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Everything that all sites of a context have in common. */
static int
site_settings(
    struct site *site, const struct tls_material *material, struct err *err)
{
	struct tls_ctx *ctx = site->owner;
	int rc = client_ca_set(site->ssl_ctx, material, err);

	if (rc < 0)
		return rc;
	session_scope(site->ssl_ctx, material);
	if (ctx->tickets == NULL) {
		(void)SSL_CTX_set_options(site->ssl_ctx, SSL_OP_NO_TICKET);
		(void)SSL_CTX_set_num_tickets(site->ssl_ctx, 0);
	} else {
		(void)SSL_CTX_set_num_tickets(site->ssl_ctx, 1);
		(void)SSL_CTX_set_timeout(site->ssl_ctx, TLS_TICKET_LIFETIME_S);
		tls_tickets_attach(ctx->tickets, site->ssl_ctx);
	}
	(void)SSL_CTX_set_tlsext_servername_callback(
	    site->ssl_ctx, on_servername);
	(void)SSL_CTX_set_tlsext_servername_arg(site->ssl_ctx, ctx);
	(void)SSL_CTX_set_tlsext_status_cb(site->ssl_ctx, on_status);
	(void)SSL_CTX_set_tlsext_status_arg(site->ssl_ctx, site);
	SSL_CTX_set_alpn_select_cb(site->ssl_ctx, on_alpn, site);
	return 0;
}

/* "" and the first site are kept by tls_ctx_new. */
static int
site_name(struct tls_ctx *ctx, hl_str name, SSL_CTX *ssl_ctx, struct err *err)
{
	bool is_wildcard = slice_starts(slice_str(name), "*.");
	struct slice key = slice_from(slice_str(name), is_wildcard ? 1 : 0);
	struct map *map = is_wildcard ? ctx->wildcards : ctx->exact;

	if (name.n == 0)
		return 0;
	if (name.n > NAME_MAX_BYTES || map_has(map, key))
		return err_set(err, -EINVAL,
		    name.n > NAME_MAX_BYTES ? "the name is too long"
					    : "the name is there twice");
	map_set(map, key, ssl_ctx);
	return 0;
}

static int
site_add(struct tls_ctx *ctx, const struct tls_material *material, size_t i,
    STACK_OF(X509) * pool, struct err *err)
{
	const struct tls_site *from = &material->sites[i];
	struct site *site = &ctx->sites[i];
	int rc;

	site->owner = ctx;
	site->ssl_ctx = tls_params__ctx(material, err);
	if (site->ssl_ctx == NULL)
		return -EINVAL;
	ctx->site_count++;
	rc = site_settings(site, material, err);
	if (rc == 0)
		rc = site_pairs(site, from, pool, err);
	if (rc == 0)
		rc = site_name(ctx, from->name, site->ssl_ctx, err);
	if (rc == 0 && (ctx->fallback == NULL || from->name.n == 0))
		ctx->fallback = site->ssl_ctx;
	return rc;
}

static int
sites_add(
    struct tls_ctx *ctx, const struct tls_material *material, struct err *err)
{
	STACK_OF(X509) *pool = NULL;
	int rc = 0;

	if (material->site_count == 0)
		return err_set(err, -EINVAL, "no certificate");
	if (material->chain_ca.n > 0) {
		pool = tls__certs_read(material->chain_ca, err);
		if (pool == NULL)
			return err_prefix(err, "CA");
	}
	ctx->sites = mem_array(material->site_count, sizeof(*ctx->sites));
	for (size_t i = 0; rc == 0 && i < material->site_count; i++) {
		rc = site_add(ctx, material, i, pool, err);
		if (rc < 0 && material->sites[i].name.n > 0)
			(void)err_prefix(
			    err, "%.*s", STR(material->sites[i].name));
	}
	sk_X509_pop_free(pool, X509_free);
	return rc;
}

int
tls_ctx_new(const struct tls_material *material, struct tls_tickets *tickets,
    struct tls_ctx **ret, struct err *err)
{
	struct tls_ctx *ctx = mem_alloc(sizeof(*ctx));
	int rc;

	ctx->magic = CTX_MAGIC;
	ctx->refs = 1;
	ctx->is_implicit = material->is_implicit;
	ctx->exact = map_new(NULL);
	ctx->wildcards = map_new(NULL);
	if (tickets != NULL)
		ctx->tickets = tls_tickets_ref(tickets);
	ERR_clear_error();
	rc = sites_add(ctx, material, err);
	ERR_clear_error();
	if (rc < 0)
		tls_ctx_unref(&ctx);
	else
		*ret = ctx;
	return rc;
}

struct tls_ctx *
tls_ctx_ref(struct tls_ctx *ctx)
{
	CHECK_OBJ(ctx, CTX_MAGIC);
	ctx->refs++;
	return ctx;
}

void
tls_ctx_unref(struct tls_ctx **ref)
{
	struct tls_ctx *ctx = *ref;

	if (ctx == NULL)
		return;
	CHECK_OBJ(ctx, CTX_MAGIC);
	*ref = NULL;
	if (--ctx->refs > 0)
		return;
	for (size_t i = 0; i < ctx->site_count; i++) {
		for (size_t j = 0; j < ctx->sites[i].id_count; j++)
			tls_identity__done(&ctx->sites[i].ids[j]);
		mem_free(ctx->sites[i].ids);
		SSL_CTX_free(ctx->sites[i].ssl_ctx);
	}
	mem_free(ctx->sites);
	map_free(&ctx->exact);
	map_free(&ctx->wildcards);
	tls_tickets_unref(&ctx->tickets);
	ctx->magic = 0;
	mem_free(ctx);
}

SSL_CTX *
tls_ctx_ssl(struct tls_ctx *ctx)
{
	CHECK_OBJ(ctx, CTX_MAGIC);
	return ctx->fallback;
}

bool
tls_ctx_peer_verified(const SSL *ssl)
{
	return SSL_get0_peer_certificate(ssl) != NULL &&
	       SSL_get_verify_result(ssl) == X509_V_OK;
}
