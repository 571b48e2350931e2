/* SPDX-License-Identifier: MIT */
/* test_tls_info.c - what a handshake has shown, and its keying material.
 *
 * Certificates in full are looked at by the dialogs (tls010 to tls013).
 */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "net/tls_ctx.h"
#include "net/tls_info.h"
#include "net/tls_link.h"
#include "tls_client.h"

#define LABEL "EXPORTER-Channel-Binding"

static struct pki_cert ca, mx, client_cert;
static struct tls_ctx *ctx;

static int
set_up(void **state)
{
	(void)state;
	ca = pki_make("Test CA", &(struct pki_options){ .is_ca = true });
	mx = pki_make("mx.example", &(struct pki_options){ .issuer = &ca });
	client_cert =
	    pki_make("client.example", &(struct pki_options){ .issuer = &ca });
	ctx = pki_context("mx.example", &mx, &ca);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tls_ctx_unref(&ctx);
	pki_done(&ca);
	pki_done(&mx);
	pki_done(&client_cert);
	return 0;
}

static int
on_send(void *owner, const char *bytes, size_t n)
{
	struct tls_client *client = owner;

	assert_int_equal(BIO_write(client->in, bytes, (int)n), (int)n);
	return 0;
}

/* Both ends after a handshake. */
static struct tls_link *
shake(struct tls_client *client)
{
	struct tls_link *link = tls_link_new(tls_ctx_ssl(ctx), on_send, client);
	bool secure = false;

	assert_non_null(link);
	for (int i = 0; i < 10 && !secure; i++) {
		struct tls_taken taken;
		struct slice out;

		(void)tls_client_shake(client);
		out = tls_client_out(client);
		assert_int_equal(tls_link_take(link, out.p, out.n, &taken), 0);
		tls_client_sent(client);
		secure = taken.is_secure;
	}
	assert_true(secure);
	assert_true(tls_client_shake(client));
	return link;
}

static void
test_info(void **state)
{
	struct tls_client client =
	    tls_client_new(TLS1_3_VERSION, "MX.Example", &client_cert);
	struct tls_link *link = shake(&client);
	struct tls_info info;
	struct arena arena;

	(void)state;
	arena_init(&arena, 256, 0);
	tls_info_get(tls_link_ssl(link), &arena, &info);
	assert_string_equal(info.version.p, "TLSv1.3");
	assert_string_equal(info.cipher.p, "TLS_AES_256_GCM_SHA384");
	assert_int_equal(info.bits, 256);
	assert_string_equal(info.sni.p, "mx.example");
	assert_false(info.resumed);
	assert_non_null(strstr(info.cert_subject.p, "CN=client.example"));
	assert_non_null(strstr(info.cert_issuer.p, "CN=Test CA"));
	assert_int_equal(info.cert_fingerprint.n, 64);
	assert_true(info.cert_verified);
	assert_true(info.cert_not_after.us > wall_now().us);
	assert_int_equal(info.alt_name_count, 1);
	assert_string_equal(info.alt_names[0].p, "client.example");
	arena_done(&arena);
	tls_link_free(&link);
	tls_client_done(&client);
}

static void
test_nothing_to_tell(void **state)
{
	struct tls_client client = tls_client_new(TLS1_2_VERSION, NULL, NULL);
	struct tls_link *link = shake(&client);
	struct tls_info info;
	struct arena arena;

	(void)state;
	arena_init(&arena, 256, 0);
	tls_info_get(tls_link_ssl(link), &arena, &info);
	assert_string_equal(info.version.p, "TLSv1.2");
	assert_string_equal(info.sni.p, "");
	assert_string_equal(info.cert_subject.p, "");
	assert_string_equal(info.cert_fingerprint.p, "");
	assert_false(info.cert_verified);
	assert_int_equal(info.alt_name_count, 0);
	arena_done(&arena);
	tls_link_free(&link);
	tls_client_done(&client);
}

/* Both ends come to the same bytes, and every session to others. */
static void
test_export(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	unsigned char ours[2][32], theirs[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct tls_client client =
		    tls_client_new(versions[i], "mx.example", NULL);
		struct tls_link *link = shake(&client);

		assert_int_equal(tls_info_export(tls_link_ssl(link), LABEL,
				     ours[i], sizeof(ours[i])),
		    0);
		assert_int_equal(
		    SSL_export_keying_material(client.ssl, theirs,
			sizeof(theirs), LABEL, strlen(LABEL), NULL, 0, 0),
		    1);
		assert_memory_equal(ours[i], theirs, sizeof(theirs));
		tls_link_free(&link);
		tls_client_done(&client);
	}
	assert_memory_not_equal(ours[0], ours[1], sizeof(theirs));
}

/* RFC 9266 4.2: without extended master secret it binds nothing. */
static void
test_no_extended_master_secret(void **state)
{
	struct tls_client client = tls_client_new(TLS1_2_VERSION, NULL, NULL);
	unsigned char bytes[32];
	struct tls_link *link;

	(void)state;
	SSL_set_options(client.ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	link = shake(&client);
	assert_int_equal(
	    tls_info_export(tls_link_ssl(link), LABEL, bytes, sizeof(bytes)),
	    -ENOTSUP);
	tls_link_free(&link);
	tls_client_done(&client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_nothing_to_tell),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_no_extended_master_secret),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
