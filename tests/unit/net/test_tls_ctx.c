/* SPDX-License-Identifier: MIT */
/* test_tls_ctx.c - what is taken as material, and what a handshake gives. */
#include "../unit.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "net/tls_ctx.h"
#include "net/tls_tickets.h"
#include "tls_pki.h"

#define DAY 86400

static struct pki_cert ca, mx, mx_rsa, wild, other, expired, client;

static int
set_up(void **state)
{
	(void)state;
	ca = pki_make("Test CA", &(struct pki_options){ .is_ca = true });
	mx = pki_make("mx.example", &(struct pki_options){ .issuer = &ca });
	mx_rsa = pki_make("mx.example",
	    &(struct pki_options){ .issuer = &ca, .kind = "RSA" });
	wild = pki_make("*.example", &(struct pki_options){ .issuer = &ca });
	other = pki_make("other.test", &(struct pki_options){ .issuer = &ca });
	expired = pki_make("old.example",
	    &(struct pki_options){ .from_s = -9 * DAY, .to_s = -DAY });
	client = pki_make("client", &(struct pki_options){ .issuer = &ca });
	return 0;
}

static int
tear_down(void **state)
{
	struct pki_cert *all[] = { &ca, &mx, &mx_rsa, &wild, &other, &expired,
		&client };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		pki_done(all[i]);
	return 0;
}

/* ---- both sides in memory ------------------------------------------------ */

struct shake {
	/* In. */
	struct tls_ctx *ctx;
	const char *sni, *ciphers, *alpn;
	int max_version;
	bool ask_status;
	const struct pki_cert *client;
	SSL_SESSION *session; /* to resume */
	/* Out. */
	bool is_done, is_resumed, is_verified, has_peer;
	char subject[64], alpn_got[16];
	size_t staple;
	SSL_SESSION *ticket; /* the caller's */
};

static int
on_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct shake *shake = SSL_get_app_data(ssl);

	SSL_SESSION_free(shake->ticket);
	shake->ticket = session;
	return 1;
}

static SSL_CTX *
client_ctx(struct shake *shake)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_session_cache_mode(
	    ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
	SSL_CTX_sess_set_new_cb(ctx, on_new_session);
	SSL_CTX_set_security_level(ctx, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(ctx, 0), 1);
	if (shake->max_version != 0)
		assert_int_equal(
		    SSL_CTX_set_max_proto_version(ctx, shake->max_version), 1);
	if (shake->ciphers != NULL)
		assert_int_equal(
		    SSL_CTX_set_cipher_list(ctx, shake->ciphers), 1);
	if (shake->client != NULL)
		assert_int_equal(
		    SSL_CTX_use_cert_and_key(
			ctx, shake->client->x509, shake->client->pkey, NULL, 1),
		    1);
	return ctx;
}

static SSL *
client_ssl(struct shake *shake, SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);
	unsigned char alpn[32];
	char sni_name[64]; /* OpenSSL's macro wants it writable */

	SSL_set_app_data(ssl, shake);
	SSL_set_connect_state(ssl);
	if (shake->sni != NULL) {
		(void)snprintf(sni_name, sizeof(sni_name), "%s", shake->sni);
		assert_int_equal(SSL_set_tlsext_host_name(ssl, sni_name), 1);
	}
	if (shake->ask_status)
		(void)SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
	if (shake->session != NULL)
		assert_int_equal(SSL_set_session(ssl, shake->session), 1);
	if (shake->alpn != NULL) {
		size_t n = strlen(shake->alpn);

		alpn[0] = (unsigned char)n;
		memcpy(alpn + 1, shake->alpn, n);
		assert_int_equal(
		    SSL_set_alpn_protos(ssl, alpn, (unsigned)n + 1), 0);
	}
	return ssl;
}

static void
shake_look(struct shake *shake, SSL *cl, SSL *sv)
{
	X509 *cert = SSL_get0_peer_certificate(cl);
	const unsigned char *alpn, *staple;
	unsigned n;
	long size;

	assert_non_null(cert);
	(void)X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
	    NID_commonName, shake->subject, sizeof(shake->subject));
	SSL_get0_alpn_selected(cl, &alpn, &n);
	memcpy(shake->alpn_got, alpn != NULL ? alpn : (const void *)"", n);
	size = SSL_get_tlsext_status_ocsp_resp(cl, &staple);
	shake->staple = size > 0 ? (size_t)size : 0;
	shake->is_resumed = SSL_session_reused(sv) == 1;
	/* A renewed ticket of TLS 1.2 makes no new session. */
	if (SSL_version(cl) < TLS1_3_VERSION && shake->ticket == NULL &&
	    SSL_SESSION_has_ticket(SSL_get_session(cl)))
		shake->ticket = SSL_get1_session(cl);
	shake->has_peer = SSL_get0_peer_certificate(sv) != NULL;
	shake->is_verified = tls_ctx_peer_verified(sv);
}

static void
shake_run(struct shake *shake)
{
	SSL_CTX *ctx = client_ctx(shake);
	SSL *cl = client_ssl(shake, ctx);
	SSL *sv = SSL_new(tls_ctx_ssl(shake->ctx));
	BIO *cl_bio, *sv_bio;
	char byte = 'x';

	SSL_set_accept_state(sv);
	assert_int_equal(BIO_new_bio_pair(&cl_bio, 0, &sv_bio, 0), 1);
	SSL_set_bio(cl, cl_bio, cl_bio);
	SSL_set_bio(sv, sv_bio, sv_bio);
	for (unsigned i = 0; i < 10; i++) {
		(void)SSL_do_handshake(cl);
		(void)SSL_do_handshake(sv);
	}
	shake->is_done =
	    SSL_is_init_finished(cl) == 1 && SSL_is_init_finished(sv) == 1;
	if (shake->is_done) {
		/* The tickets of TLS 1.3 come with the first bytes. */
		assert_int_equal(SSL_write(sv, &byte, 1), 1);
		assert_int_equal(SSL_read(cl, &byte, 1), 1);
		shake_look(shake, cl, sv);
	}
	(void)SSL_shutdown(cl);
	(void)SSL_shutdown(sv);
	SSL_free(cl);
	SSL_free(sv);
	SSL_CTX_free(ctx);
	ERR_clear_error();
}

/* A context of one pair for all names. */
static struct tls_ctx *
simple_ctx(const struct pki_cert *cert, struct tls_tickets *tickets,
    struct tls_material material)
{
	struct tls_pair pair = pki_pair(cert);
	struct tls_site site = { STR_EMPTY, &pair, 1 };
	struct tls_ctx *ctx = NULL;
	struct err err;

	material.sites = &site;
	material.site_count = 1;
	if (tls_ctx_new(&material, tickets, &ctx, &err) < 0)
		fail_msg("%s", err.text);
	return ctx;
}

#define MATERIAL(...) \
	((struct tls_material){ .scope = STR_LIT("l"), __VA_ARGS__ })

/* ---- pairs --------------------------------------------------------------- */

static struct slice
text(const char *s)
{
	return slice_of(s);
}

static void
bad_pairs(void **state)
{
	struct buf cut = BUF_INIT, both = BUF_INIT;
	struct buf secret = BUF_INIT, revoked, foreign;
	BIO *bio = BIO_new(BIO_s_mem());
	char *p, passphrase[] = "x";
	struct err err;
	long n;

	(void)state;
	buf_add(&cut, mx.cert.p, mx.cert.n - 60);
	buf_add_slice(&both, buf_slice(&mx.cert));
	buf_add_slice(&both, buf_slice(&cut));
	assert_int_equal(
	    PEM_write_bio_PrivateKey(bio, mx.pkey, EVP_aes_128_cbc(),
		(unsigned char *)passphrase, 1, NULL, NULL),
	    1);
	n = BIO_get_mem_data(bio, &p);
	buf_add(&secret, p, (size_t)n);
	revoked = pki_ocsp(&mx, &ca, V_OCSP_CERTSTATUS_REVOKED, DAY);
	foreign = pki_ocsp(&other, &ca, V_OCSP_CERTSTATUS_GOOD, DAY);
	{
		const struct {
			const char *name;
			struct tls_pair pair;
			const char *want;
		} cases[] = {
			{ "empty", { .cert = text("") }, "no certificate" },
			{ "no PEM", { .cert = text("hello\n") },
			    "no certificate" },
			{ "cut", { .cert = buf_slice(&cut) }, "certificate" },
			{ "chain cut", { .cert = buf_slice(&both) },
			    "damaged" },
			{ "no key", { .cert = buf_slice(&mx.cert) },
			    "no private key" },
			{ "certificate for key",
			    { .cert = buf_slice(&mx.cert),
				.key = buf_slice(&mx.cert) },
			    "no private key" },
			{ "passphrase",
			    { .cert = buf_slice(&mx.cert),
				.key = buf_slice(&secret) },
			    "passphrase" },
			{ "another key",
			    { .cert = buf_slice(&mx.cert),
				.key = buf_slice(&other.key) },
			    "do not belong together" },
			{ "another kind",
			    { .cert = buf_slice(&mx.cert),
				.key = buf_slice(&mx_rsa.key) },
			    "do not belong together" },
			{ "no OCSP",
			    { .cert = buf_slice(&mx.cert),
				.key = buf_slice(&mx.key),
				.ocsp = text("hello") },
			    "not a response" },
			{ "revoked",
			    { .cert = buf_slice(&mx.cert),
				.key = buf_slice(&mx.key),
				.ocsp = buf_slice(&revoked) },
			    "revoked" },
			{ "another's OCSP",
			    { .cert = buf_slice(&mx.cert),
				.key = buf_slice(&mx.key),
				.ocsp = buf_slice(&foreign) },
			    "another certificate" },
		};

		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			struct tls_cert_info info = { .subject = "as before" };

			err.text[0] = '\0';
			UNIT_CASE(cases[i].name, tls_pair_check(&cases[i].pair,
						     &info, &err) == -EINVAL);
			if (strstr(err.text, cases[i].want) == NULL)
				fail_msg("%s: %s", cases[i].name, err.text);
			UNIT_CASE(cases[i].name,
			    strcmp(info.subject, "as before") == 0);
			/* The queue is clean for whoever comes next. */
			UNIT_CASE(cases[i].name, ERR_peek_error() == 0);
		}
	}
	BIO_free(bio);
	buf_done(&cut);
	buf_done(&both);
	buf_done(&secret);
	buf_done(&revoked);
	buf_done(&foreign);
}

/* With the issuer in the certificate's file the signature counts. */
static void
ocsp_signature(void **state)
{
	struct pki_cert stranger =
	    pki_make("Test CA", &(struct pki_options){ .is_ca = true });
	struct buf good = pki_ocsp(&mx, &ca, V_OCSP_CERTSTATUS_GOOD, DAY);
	struct buf forged =
	    pki_ocsp_by(&stranger, &mx, &ca, V_OCSP_CERTSTATUS_GOOD, DAY);
	struct buf both = BUF_INIT;
	struct tls_pair pair = pki_pair(&mx);
	struct err err;

	(void)state;
	pair.ocsp = buf_slice(&forged);
	assert_int_equal(tls_pair_check(&pair, NULL, &err), 0);
	buf_add_slice(&both, buf_slice(&mx.cert));
	buf_add_slice(&both, buf_slice(&ca.cert));
	pair.cert = buf_slice(&both);
	assert_int_equal(tls_pair_check(&pair, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "issuer did not sign it"));
	pair.ocsp = buf_slice(&good);
	assert_int_equal(tls_pair_check(&pair, NULL, &err), 0);
	buf_done(&good);
	buf_done(&forged);
	buf_done(&both);
	pki_done(&stranger);
}

static void
pair_info(void **state)
{
	struct buf ocsp = pki_ocsp(&mx, &ca, V_OCSP_CERTSTATUS_GOOD, DAY);
	struct tls_pair pair = pki_pair(&mx);
	int64_t now = wall_now().us / 1000000;
	struct tls_cert_info info;
	struct err err;

	(void)state;
	pair.ocsp = buf_slice(&ocsp);
	assert_int_equal(tls_pair_check(&pair, &info, &err), 0);
	assert_string_equal(info.subject, "CN=mx.example");
	assert_string_equal(info.key_kind, "EC prime256v1");
	assert_true(llabs(info.not_after.us / 1000000 - now - 90 * DAY) < 600);
	assert_true(llabs(info.not_before.us / 1000000 - now + DAY) < 600);
	assert_true(llabs(info.ocsp_until.us / 1000000 - now - DAY) < 600);
	pair = pki_pair(&mx_rsa);
	assert_int_equal(tls_pair_check(&pair, &info, &err), 0);
	assert_string_equal(info.key_kind, "RSA 2048");
	assert_int_equal(info.ocsp_until.us, 0);
	/* Dates are told, not judged. */
	pair = pki_pair(&expired);
	assert_int_equal(tls_pair_check(&pair, &info, &err), 0);
	assert_true(info.not_after.us / 1000000 < now);
	buf_done(&ocsp);
}

/* ---- material ------------------------------------------------------------ */

static void
bad_material(void **state)
{
	struct pki_cert weak = pki_make(
	    "weak.example", &(struct pki_options){ .kind = "RSA1024" });
	struct tls_pair pair = pki_pair(&mx), two[2] = { pair, pair };
	struct tls_pair weak_pair = pki_pair(&weak);
	const struct tls_site none = { STR_LIT("a.example"), NULL, 0 };
	const struct tls_site one = { STR_LIT("a.example"), &pair, 1 };
	const struct tls_site same = { STR_LIT("a.example"), two, 2 };
	const struct tls_site feeble = { STR_LIT("a.example"), &weak_pair, 1 };
	const struct tls_site twice[] = { one, one };
	const struct {
		const char *name;
		struct tls_material material;
		const char *want;
	} cases[] = {
		{ "no site", { .sites = NULL }, "no certificate" },
		{ "no pair", { .sites = &none, .site_count = 1 },
		    "a.example: it has no certificate" },
		{ "two of a kind", { .sites = &same, .site_count = 1 },
		    "two certificates with EC keys" },
		{ "name twice", { .sites = twice, .site_count = 2 },
		    "the name is there twice" },
		{ "weak", { .sites = &feeble, .site_count = 1 }, "too weak" },
		{ "ciphers",
		    { .sites = &one,
			.site_count = 1,
			.ciphers = STR_LIT("NO-SUCH") },
		    "ciphers" },
		{ "TLS 1.3 ciphers",
		    { .sites = &one,
			.site_count = 1,
			.ciphers = STR_LIT("TLS_NO_SUCH") },
		    "ciphers" },
		{ "dh", { .sites = &one, .site_count = 1, .dh = text("x") },
		    "DH parameters" },
		{ "client CA",
		    { .sites = &one,
			.site_count = 1,
			.request_cert = true,
			.client_ca = text("x") },
		    "client CA" },
		{ "CA",
		    { .sites = &one, .site_count = 1, .chain_ca = text("x") },
		    "CA: no certificate" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tls_ctx *ctx = NULL;
		struct err err = { 0 };

		UNIT_CASE(cases[i].name, tls_ctx_new(&cases[i].material, NULL,
					     &ctx, &err) == -EINVAL);
		if (strstr(err.text, cases[i].want) == NULL)
			fail_msg("%s: %s", cases[i].name, err.text);
		UNIT_CASE(cases[i].name, ctx == NULL);
		UNIT_CASE(cases[i].name, ERR_peek_error() == 0);
	}
	{
		struct tls_cert_info info;
		struct err err;

		assert_int_equal(
		    tls_pair_check(&weak_pair, &info, &err), -EINVAL);
		assert_non_null(strstr(err.text, "too weak"));
	}
	pki_done(&weak);
}

static void
parts(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(tls_certs_check(buf_slice(&ca.cert), &err), 0);
	assert_int_equal(tls_certs_check(text("x"), &err), -EINVAL);
	assert_int_equal(tls_params_check(&MATERIAL(.ciphers = STR_LIT("HIGH"),
					      .protocols = TLS_V1_0),
			     &err),
	    0);
	assert_int_equal(
	    tls_params_check(&MATERIAL(.ciphers = STR_LIT("NO-SUCH")), &err),
	    -EINVAL);
	assert_non_null(strstr(err.text, "ciphers: "));
	assert_int_equal(
	    tls_params_check(&MATERIAL(.dh = text("x")), &err), -EINVAL);
	assert_non_null(strstr(err.text, "DH parameters: "));
}

static void
sni(void **state)
{
	static const struct {
		const char *asked, *want;
	} cases[] = {
		{ NULL, "other.test" },
		{ "mx.example", "mx.example" },
		{ "MX.Example", "mx.example" },
		{ "a.example", "*.example" },
		{ "A.EXAMPLE", "*.example" },
		/* RFC 6125 6.4.3: one label, and all of it. */
		{ "a.b.example", "other.test" },
		{ "example", "other.test" },
		{ "unknown.test", "other.test" },
	};
	struct tls_pair pairs[] = { pki_pair(&mx), pki_pair(&wild),
		pki_pair(&other) };
	const struct tls_site sites[] = {
		{ STR_LIT("mx.example"), &pairs[0], 1 },
		{ STR_LIT("*.example"), &pairs[1], 1 },
		{ STR_EMPTY, &pairs[2], 1 },
	};
	struct tls_material material = { .sites = sites, .site_count = 3 };
	struct tls_ctx *ctx = NULL;
	struct err err;

	(void)state;
	assert_int_equal(tls_ctx_new(&material, NULL, &ctx, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION;
		     version++) {
			struct shake shake = { .ctx = ctx,
				.sni = cases[i].asked,
				.max_version = version };

			shake_run(&shake);
			if (strcmp(shake.subject, cases[i].want) != 0)
				fail_msg(
				    "%s: %s", cases[i].asked, shake.subject);
			/* No tickets without their keys. */
			assert_null(shake.ticket);
		}
	tls_ctx_unref(&ctx);
	assert_null(ctx);
}

/* Without a site for all names the first one serves them. */
static void
sni_first(void **state)
{
	struct tls_pair pairs[] = { pki_pair(&mx), pki_pair(&wild) };
	const struct tls_site sites[] = {
		{ STR_LIT("mx.example"), &pairs[0], 1 },
		{ STR_LIT("*.example"), &pairs[1], 1 },
	};
	struct tls_material material = { .sites = sites, .site_count = 2 };
	struct tls_ctx *ctx = NULL;
	struct shake shake = { .sni = "unknown.test" };
	struct err err;

	(void)state;
	assert_int_equal(tls_ctx_new(&material, NULL, &ctx, &err), 0);
	shake.ctx = ctx;
	shake_run(&shake);
	assert_string_equal(shake.subject, "mx.example");
	tls_ctx_unref(&ctx);
}

/* ECDSA and RSA side by side: the client's abilities decide, each with its
 * own staple. */
static void
two_kinds(void **state)
{
	struct buf ec_ocsp = pki_ocsp(&mx, &ca, V_OCSP_CERTSTATUS_GOOD, DAY);
	struct buf rsa_ocsp = pki_ocsp(&mx_rsa, &ca, V_OCSP_CERTSTATUS_GOOD, 0);
	struct tls_pair pairs[] = { pki_pair(&mx_rsa), pki_pair(&mx) };
	const struct tls_site site = { STR_LIT("mx.example"), pairs, 2 };
	struct tls_material material = { .sites = &site, .site_count = 1 };
	struct shake ec = { .ask_status = true }, rsa = ec, quiet = { 0 };
	struct tls_ctx *ctx = NULL;
	struct err err;

	(void)state;
	pairs[0].ocsp = buf_slice(&rsa_ocsp);
	pairs[1].ocsp = buf_slice(&ec_ocsp);
	assert_int_equal(tls_ctx_new(&material, NULL, &ctx, &err), 0);
	ec.ctx = rsa.ctx = quiet.ctx = ctx;
	shake_run(&ec);
	assert_true(ec.is_done);
	assert_int_equal(ec.staple, ec_ocsp.n);
	rsa.max_version = TLS1_2_VERSION;
	rsa.ciphers = "ECDHE+aRSA";
	shake_run(&rsa);
	assert_true(rsa.is_done);
	assert_int_equal(rsa.staple, rsa_ocsp.n);
	shake_run(&quiet);
	assert_int_equal(quiet.staple, 0);
	tls_ctx_unref(&ctx);
	buf_done(&ec_ocsp);
	buf_done(&rsa_ocsp);
}

/* A staple that is over is kept back; the certificate is not. */
static void
staple_over(void **state)
{
	struct buf ocsp = pki_ocsp(&mx, &ca, V_OCSP_CERTSTATUS_GOOD, -10);
	struct tls_pair pair = pki_pair(&mx);
	const struct tls_site site = { STR_EMPTY, &pair, 1 };
	struct tls_material material = { .sites = &site, .site_count = 1 };
	struct shake shake = { .ask_status = true };
	struct err err;

	(void)state;
	pair.ocsp = buf_slice(&ocsp);
	assert_int_equal(tls_ctx_new(&material, NULL, &shake.ctx, &err), 0);
	shake_run(&shake);
	assert_true(shake.is_done);
	assert_int_equal(shake.staple, 0);
	tls_ctx_unref(&shake.ctx);
	buf_done(&ocsp);
}

static void
alpn(void **state)
{
	static const struct {
		const char *offered;
		bool is_implicit, is_done;
		const char *got;
	} cases[] = {
		{ NULL, true, true, "" },
		{ "smtp", true, true, "smtp" },
		{ "h2", true, false, "" },
		{ "smt", true, false, "" },
		{ "smtpd", true, false, "" },
		{ "h2", false, true, "" },
		{ "smtp", false, true, "smtp" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct shake shake = { .alpn = cases[i].offered };

		shake.ctx = simple_ctx(
		    &mx, NULL, MATERIAL(.is_implicit = cases[i].is_implicit));
		shake_run(&shake);
		UNIT_CASE(cases[i].offered == NULL ? "none" : cases[i].offered,
		    shake.is_done == cases[i].is_done);
		assert_string_equal(shake.alpn_got, cases[i].got);
		tls_ctx_unref(&shake.ctx);
	}
}

static void
protocols(void **state)
{
	static const struct {
		const char *name;
		unsigned protocols;
		int client; /* the most it can */
		bool is_done;
	} cases[] = {
		{ "default 1.3", 0, TLS1_3_VERSION, true },
		{ "default 1.2", 0, TLS1_2_VERSION, true },
		{ "default 1.1", 0, TLS1_1_VERSION, false },
		{ "only 1.3", TLS_V1_3, TLS1_2_VERSION, false },
		{ "only 1.2", TLS_V1_2, TLS1_3_VERSION, true },
		{ "1.0", TLS_V1_0 | TLS_V1_1 | TLS_V1_2, TLS1_VERSION, true },
		{ "not 1.0", TLS_V1_1 | TLS_V1_2, TLS1_VERSION, false },
		{ "1.1", TLS_V1_1, TLS1_1_VERSION, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct shake shake = { .max_version = cases[i].client,
			.ciphers = "ALL:@SECLEVEL=0" };

		shake.ctx = simple_ctx(&mx, NULL,
		    MATERIAL(.protocols = cases[i].protocols,
			.ciphers = STR_LIT("HIGH")));
		shake_run(&shake);
		UNIT_CASE(cases[i].name, shake.is_done == cases[i].is_done);
		tls_ctx_unref(&shake.ctx);
	}
}

static void
client_certificates(void **state)
{
	struct pki_cert stranger = pki_make("stranger", NULL);
	struct pki_cert over = pki_make(
	    "client", &(struct pki_options){
			  .issuer = &ca, .from_s = -9 * DAY, .to_s = -DAY });
	struct slice ca_pem = buf_slice(&ca.cert);
	const struct {
		const char *name;
		struct tls_material material;
		const struct pki_cert *shown;
		bool has_peer, is_verified;
	} cases[] = {
		{ "not asked", MATERIAL(.client_ca = ca_pem), &client, false,
		    false },
		{ "none", MATERIAL(.client_ca = ca_pem, .request_cert = true),
		    NULL, false, false },
		{ "ours", MATERIAL(.client_ca = ca_pem, .request_cert = true),
		    &client, true, true },
		{ "another's",
		    MATERIAL(.client_ca = ca_pem, .request_cert = true),
		    &stranger, true, false },
		{ "over", MATERIAL(.client_ca = ca_pem, .request_cert = true),
		    &over, true, false },
		{ "no CA", MATERIAL(.request_cert = true), &client, true,
		    false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct shake shake = { .client = cases[i].shown };

		shake.ctx = simple_ctx(&mx, NULL, cases[i].material);
		shake_run(&shake);
		UNIT_CASE(cases[i].name, shake.is_done);
		UNIT_CASE(cases[i].name, shake.has_peer == cases[i].has_peer);
		UNIT_CASE(
		    cases[i].name, shake.is_verified == cases[i].is_verified);
		tls_ctx_unref(&shake.ctx);
	}
	pki_done(&stranger);
	pki_done(&over);
}

/* ---- tickets ------------------------------------------------------------- */

/* Two workers: contexts and ticket objects of their own, the same keys. */
struct workers {
	struct tls_ticket_keys keys;
	struct tls_tickets *tickets[2];
	struct tls_ctx *ctx[2];
};

static void
workers_open(struct workers *workers, struct tls_material material)
{
	memset(workers, 0, sizeof(*workers));
	tls_ticket_keys_rotate(&workers->keys);
	for (unsigned i = 0; i < 2; i++) {
		workers->tickets[i] = tls_tickets_new();
		tls_tickets_set(workers->tickets[i], &workers->keys);
		workers->ctx[i] =
		    simple_ctx(&mx, workers->tickets[i], material);
	}
}

static void
workers_rotate(struct workers *workers)
{
	tls_ticket_keys_rotate(&workers->keys);
	for (unsigned i = 0; i < 2; i++)
		tls_tickets_set(workers->tickets[i], &workers->keys);
}

static void
workers_close(struct workers *workers)
{
	for (unsigned i = 0; i < 2; i++) {
		tls_ctx_unref(&workers->ctx[i]);
		tls_tickets_unref(&workers->tickets[i]);
	}
}

/* With the session of `before`; ends that. */
static struct shake
resume(struct shake *before, struct tls_ctx *ctx, int version)
{
	struct shake shake = { .ctx = ctx,
		.max_version = version,
		.client = before->client,
		.session = before->ticket };

	assert_non_null(before->ticket);
	shake_run(&shake);
	assert_true(shake.is_done);
	SSL_SESSION_free(before->ticket);
	before->ticket = NULL;
	return shake;
}

static void
tickets_of(int version)
{
	struct shake shake = { .max_version = version };
	struct workers workers;

	workers_open(&workers, MATERIAL(.request_cert = false));
	shake.ctx = workers.ctx[0];
	shake_run(&shake);
	assert_false(shake.is_resumed);
	shake = resume(&shake, workers.ctx[1], version);
	assert_true(shake.is_resumed);
	SSL_SESSION_free(shake.ticket);
	workers_close(&workers);
}

static void
tickets_between_workers(void **state)
{
	(void)state;
	tickets_of(TLS1_2_VERSION);
	tickets_of(TLS1_3_VERSION);
}

static void
tickets_rotated(int version)
{
	struct shake shake = { .max_version = version };
	struct workers workers;

	workers_open(&workers, MATERIAL(.request_cert = false));
	shake.ctx = workers.ctx[0];
	shake_run(&shake);
	workers_rotate(&workers);
	shake = resume(&shake, workers.ctx[1], version);
	assert_true(shake.is_resumed);
	/* An old key's ticket is answered by a new one: it lives on. */
	for (unsigned i = 1; i < TLS_TICKET_KEYS; i++)
		workers_rotate(&workers);
	shake = resume(&shake, workers.ctx[0], version);
	assert_true(shake.is_resumed);
	for (unsigned i = 0; i < TLS_TICKET_KEYS; i++)
		workers_rotate(&workers);
	shake = resume(&shake, workers.ctx[0], version);
	assert_false(shake.is_resumed);
	SSL_SESSION_free(shake.ticket);
	workers_close(&workers);
}

static void
tickets_after_rotation(void **state)
{
	(void)state;
	tickets_rotated(TLS1_2_VERSION);
	tickets_rotated(TLS1_3_VERSION);
}

/* The verified certificate comes out of the ticket, so the ticket must not
 * open where another CA is asked, nor at another listener. */
static void
tickets_scope(void **state)
{
	struct slice ca_pem = buf_slice(&ca.cert);
	struct slice other_pem = buf_slice(&other.cert);
	const struct {
		const char *name;
		struct tls_material there;
		bool is_resumed;
	} cases[] = {
		{ "same", MATERIAL(.request_cert = true, .client_ca = ca_pem),
		    true },
		{ "another CA",
		    MATERIAL(.request_cert = true, .client_ca = other_pem),
		    false },
		{ "not asked", MATERIAL(.client_ca = ca_pem), false },
		{ "another listener",
		    { .scope = STR_LIT("m"),
			.request_cert = true,
			.client_ca = ca_pem },
		    false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct shake shake = { .client = &client };
		struct workers workers;
		struct tls_ctx *there;

		workers_open(&workers,
		    MATERIAL(.request_cert = true, .client_ca = ca_pem));
		there = simple_ctx(&mx, workers.tickets[1], cases[i].there);
		shake.ctx = workers.ctx[0];
		shake_run(&shake);
		assert_true(shake.is_verified);
		shake = resume(&shake, there, TLS1_3_VERSION);
		UNIT_CASE(
		    cases[i].name, shake.is_resumed == cases[i].is_resumed);
		if (cases[i].is_resumed)
			assert_true(shake.is_verified);
		SSL_SESSION_free(shake.ticket);
		tls_ctx_unref(&there);
		workers_close(&workers);
	}
}

static void
rotation(void **state)
{
	struct tls_ticket_keys keys = { 0 };
	struct tls_ticket_key first, second;

	(void)state;
	tls_ticket_keys_rotate(&keys);
	assert_int_equal(keys.count, 1);
	first = keys.at[0];
	tls_ticket_keys_rotate(&keys);
	assert_int_equal(keys.count, 2);
	second = keys.at[0];
	assert_memory_not_equal(&first, &second, sizeof(first));
	assert_memory_equal(&keys.at[1], &first, sizeof(first));
	for (unsigned i = 2; i < TLS_TICKET_KEYS; i++)
		tls_ticket_keys_rotate(&keys);
	tls_ticket_keys_rotate(&keys);
	assert_int_equal(keys.count, TLS_TICKET_KEYS);
	assert_memory_equal(
	    &keys.at[TLS_TICKET_KEYS - 1], &second, sizeof(second));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_pairs),
		cmocka_unit_test(ocsp_signature),
		cmocka_unit_test(pair_info),
		cmocka_unit_test(bad_material),
		cmocka_unit_test(parts),
		cmocka_unit_test(sni),
		cmocka_unit_test(sni_first),
		cmocka_unit_test(two_kinds),
		cmocka_unit_test(staple_over),
		cmocka_unit_test(alpn),
		cmocka_unit_test(protocols),
		cmocka_unit_test(client_certificates),
		cmocka_unit_test(tickets_between_workers),
		cmocka_unit_test(tickets_after_rotation),
		cmocka_unit_test(tickets_scope),
		cmocka_unit_test(rotation),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
