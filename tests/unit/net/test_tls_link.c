/* SPDX-License-Identifier: MIT */
/* test_tls_link.c - the server's end of TLS, against a client in memory.
 *
 * OpenSSL's allocations go through this file: they are counted, and can be
 * made to fail.
 */
#include "../unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls_ctx.h"
#include "net/tls_link.h"
#include "tls_client.h"

/* ---- OpenSSL's memory ---------------------------------------------------- */

static long left_to_fail = -1; /* -1: never */
static size_t held;

static bool
fails(void)
{
	return left_to_fail >= 0 && left_to_fail-- == 0;
}

static void *
count_malloc(size_t n, const char *file, int line)
{
	size_t *p;

	(void)file;
	(void)line;
	if (fails())
		return NULL;
	p = malloc(n + 16);
	assert_non_null(p);
	*p = n;
	held += n;
	return (char *)p + 16;
}

static void
count_free(void *p, const char *file, int line)
{
	size_t *real;

	(void)file;
	(void)line;
	if (p == NULL)
		return;
	real = (size_t *)(void *)((char *)p - 16);
	held -= *real;
	free(real);
}

static void *
count_realloc(void *p, size_t n, const char *file, int line)
{
	void *more;

	if (p == NULL)
		return count_malloc(n, file, line);
	if (n == 0) {
		count_free(p, file, line);
		return NULL;
	}
	more = count_malloc(n, file, line);
	if (more != NULL) {
		size_t old = *(size_t *)(void *)((char *)p - 16);

		memcpy(more, p, old < n ? old : n);
		count_free(p, file, line);
	}
	return more;
}

/* ---- a pair -------------------------------------------------------------- */

static struct pki_cert ca, mx, client_cert;
static struct tls_ctx *ctx;

struct pair {
	struct tls_link *link;
	struct tls_client client;
	size_t piece; /* bytes at a time to the link; 0: all */
	int send_err;
	unsigned sends;
	int rc; /* of the last take */
	bool became_secure, ended;
	bool may_lose;   /* memory fails in the client as well */
	struct buf said; /* what came out in plain */
};

static int
on_send(void *owner, const char *bytes, size_t n)
{
	struct pair *pair = owner;

	pair->sends++;
	if (pair->send_err != 0)
		return pair->send_err;
	if (pair->client.ssl != NULL &&
	    BIO_write(pair->client.in, bytes, (int)n) != (int)n)
		assert_true(pair->may_lose);
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	ca = pki_make("Test CA", &(struct pki_options){ .is_ca = true });
	mx = pki_make("mx.example", &(struct pki_options){ .issuer = &ca });
	client_cert =
	    pki_make("client", &(struct pki_options){ .issuer = &ca });
	ctx = pki_context("", &mx, &ca);
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

static void
pair_open(struct pair *pair, int version)
{
	*pair = (struct pair){ .said = BUF_INIT };
	pair->link = tls_link_new(tls_ctx_ssl(ctx), on_send, pair);
	assert_non_null(pair->link);
	pair->client = tls_client_new(version, "mx.example", NULL);
}

static void
pair_done(struct pair *pair)
{
	tls_link_free(&pair->link);
	assert_null(pair->link);
	tls_client_done(&pair->client);
	buf_done(&pair->said);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
take(struct pair *pair, const char *p, size_t n)
{
	struct tls_taken taken;

	pair->rc = tls_link_take(pair->link, p, n, &taken);
	pair->became_secure |= taken.is_secure;
	pair->ended |= taken.has_ended;
	buf_add_slice(&pair->said, taken.plain);
	assert_int_equal(ERR_peek_error(), 0);
}

/* Carries over what the client has to send. */
static void
carry(struct pair *pair)
{
	struct slice out = tls_client_out(&pair->client);
	char *copy = mem_dup(out);
	size_t step = pair->piece != 0 ? pair->piece : TLS_LINK_TAKE_MAX;

	tls_client_sent(&pair->client);
	for (size_t at = 0; at < out.n; at += step)
		take(pair, copy + at, out.n - at < step ? out.n - at : step);
	mem_free(copy);
}

static void
shake(struct pair *pair)
{
	for (int i = 0; i < 10 && !pair->became_secure && pair->rc == 0; i++) {
		(void)tls_client_shake(&pair->client);
		carry(pair);
	}
}

static void
client_says(struct pair *pair, const char *text)
{
	assert_int_equal(SSL_write(pair->client.ssl, text, (int)strlen(text)),
	    (int)strlen(text));
}

static void
assert_said(struct pair *pair, const char *text)
{
	assert_int_equal(pair->said.n, strlen(text));
	assert_memory_equal(pair->said.p, text, pair->said.n);
	buf_clear(&pair->said);
}

/* ---- the usual ----------------------------------------------------------- */

static void
converse(int version, size_t piece)
{
	struct pair pair;
	char text[64];

	pair_open(&pair, version);
	pair.piece = piece;
	assert_int_equal(tls_link_state(pair.link), TLS_LINK_HANDSHAKE);
	shake(&pair);
	assert_int_equal(pair.rc, 0);
	assert_true(pair.became_secure);
	assert_int_equal(tls_link_state(pair.link), TLS_LINK_SECURE);
	assert_true(tls_client_shake(&pair.client));

	client_says(&pair, "EHLO a\r\n");
	carry(&pair);
	assert_said(&pair, "EHLO a\r\n");
	assert_int_equal(tls_link_write(pair.link, "250 ok\r\n", 8), 0);
	assert_int_equal(tls_client_read(&pair.client, text, sizeof(text)), 8);
	assert_memory_equal(text, "250 ok\r\n", 8);
	assert_int_equal(tls_link_write(pair.link, "", 0), 0);

	/* The client's end is not ours. */
	(void)SSL_shutdown(pair.client.ssl);
	carry(&pair);
	assert_true(pair.ended);
	assert_int_equal(pair.rc, 0);
	assert_int_equal(tls_link_state(pair.link), TLS_LINK_ENDED);
	assert_int_equal(tls_link_write(pair.link, "221 bye\r\n", 9), 0);
	tls_link_end(pair.link);
	assert_int_equal(tls_client_read(&pair.client, text, sizeof(text)), 9);
	assert_int_equal(tls_client_read(&pair.client, text, sizeof(text)),
	    -SSL_ERROR_ZERO_RETURN);
	/* What comes after it is nothing to us. */
	take(&pair, "garbage", 7);
	assert_int_equal(pair.rc, 0);
	assert_int_equal(pair.said.n, 0);
	assert_string_equal(tls_link_reason(pair.link), "");
	pair_done(&pair);
}

static void
test_conversation(void **state)
{
	(void)state;
	converse(TLS1_3_VERSION, 0);
	converse(TLS1_2_VERSION, 0);
}

static void
test_one_byte_at_a_time(void **state)
{
	(void)state;
	converse(TLS1_3_VERSION, 1);
	converse(TLS1_2_VERSION, 1);
	converse(TLS1_3_VERSION, 7);
}

/* A client of STARTTLS says EHLO in the segment of its Finished. */
static void
test_data_with_finished(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair, TLS1_3_VERSION);
	(void)tls_client_shake(&pair.client);
	carry(&pair);
	assert_true(tls_client_shake(&pair.client));
	client_says(&pair, "EHLO a\r\n");
	client_says(&pair, "MAIL");
	carry(&pair);
	assert_true(pair.became_secure);
	assert_said(&pair, "EHLO a\r\nMAIL");
	pair_done(&pair);
}

/* Many records in one call, and out again. */
static void
test_much(void **state)
{
	struct pair pair;
	size_t much = 300000, got = 0;
	char *bytes = malloc(much), *back = malloc(much);
	unsigned before;
	int n;

	(void)state;
	memset(bytes, 'x', much);
	pair_open(&pair, TLS1_3_VERSION);
	shake(&pair);
	assert_true(tls_client_shake(&pair.client));
	assert_int_equal(
	    SSL_write(pair.client.ssl, bytes, (int)much), (int)much);
	carry(&pair);
	assert_int_equal(pair.said.n, much);
	assert_memory_equal(pair.said.p, bytes, much);
	before = pair.sends;
	assert_int_equal(tls_link_write(pair.link, bytes, much), 0);
	/* Gathered: not one call for each record. */
	assert_in_range(pair.sends - before, 1, 12);
	while ((n = tls_client_read(&pair.client, back + got, much - got)) > 0)
		got += (size_t)n;
	assert_int_equal(got, much);
	assert_memory_equal(back, bytes, much);
	free(bytes);
	free(back);
	pair_done(&pair);
}

/* ---- failures ------------------------------------------------------------ */

static void
test_text(void **state)
{
	static const char *const texts[] = { "EHLO a\r\n", "\r\n", "QUIT\r\n",
		"GET / HTTP/1.1\r\n" };
	struct pair pair;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		pair_open(&pair, TLS1_3_VERSION);
		take(&pair, texts[i], strlen(texts[i]));
		assert_int_equal(pair.rc, -EPROTO);
		assert_true(tls_link_is_text(pair.link));
		assert_string_equal(
		    tls_link_reason(pair.link), "the client speaks no TLS");
		assert_int_equal(pair.sends, 0);
		tls_link_end(pair.link); /* nobody would understand */
		assert_int_equal(pair.sends, 0);
		pair_done(&pair);
	}
}

static void
test_garbage(void **state)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t n;
		const char *reason;
	} cases[] = {
		{ "a hello of SSL 2",
		    "\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x07\x00\xc0"
		    "0123456789abcdef",
		    30, "unknown protocol" },
		{ "an odd version", "\x16\x09\x01\x00\x05hello", 10,
		    "wrong version number" },
		{ "too long", "\x16\x03\x01\xff\xff", 5,
		    "packet length too long" },
		{ "data first", "\x17\x03\x03\x00\x05hello", 10,
		    "unexpected message" },
		{ "zeroes", "\0\0\0\0\0\0\0\0\0\0\0", 11,
		    "wrong version number" },
	};
	struct pair pair;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pair_open(&pair, TLS1_3_VERSION);
		take(&pair, cases[i].bytes, cases[i].n);
		if (pair.rc != -EPROTO)
			fail_msg("%s: %d", cases[i].what, pair.rc);
		assert_false(tls_link_is_text(pair.link));
		assert_string_equal(
		    tls_link_reason(pair.link), cases[i].reason);
		take(&pair, cases[i].bytes, cases[i].n);
		assert_int_equal(pair.rc, -EPROTO);
		assert_int_equal(tls_link_write(pair.link, "x", 1), -EPROTO);
		pair_done(&pair);
	}
}

/* No cipher in common: the client is told, and we can say why. */
static void
test_no_shared_cipher(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair, TLS1_2_VERSION);
	assert_int_equal(SSL_set_cipher_list(pair.client.ssl, "AES128-SHA"), 1);
	shake(&pair);
	assert_int_equal(pair.rc, -EPROTO);
	assert_string_equal(tls_link_reason(pair.link), "no shared cipher");
	assert_int_equal(SSL_do_handshake(pair.client.ssl), -1);
	assert_int_equal(ERR_GET_REASON(ERR_peek_error()),
	    SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
	ERR_clear_error();
	pair_done(&pair);
}

/* A record that was changed on its way; what came before it counts. */
static void
test_bad_record(void **state)
{
	struct pair pair;
	struct slice out;
	char text[64], *copy;
	int n;

	(void)state;
	pair_open(&pair, TLS1_3_VERSION);
	shake(&pair);
	assert_true(tls_client_shake(&pair.client));
	client_says(&pair, "NOOP\r\n");
	client_says(&pair, "QUIT\r\n");
	out = tls_client_out(&pair.client);
	copy = mem_dup(out);
	copy[out.n - 1] ^= 1;
	take(&pair, copy, out.n);
	mem_free(copy);
	assert_int_equal(pair.rc, -EPROTO);
	assert_said(&pair, "NOOP\r\n");
	assert_string_equal(
	    tls_link_reason(pair.link), "decryption failed or bad record mac");
	assert_int_equal(tls_link_state(pair.link), TLS_LINK_FAILED);
	n = tls_client_read(&pair.client, text, sizeof(text));
	assert_int_equal(n, -SSL_ERROR_SSL); /* the alert */
	tls_link_end(pair.link);
	pair_done(&pair);
}

static void
test_send_fails(void **state)
{
	struct pair pair;

	(void)state;
	pair_open(&pair, TLS1_3_VERSION);
	pair.send_err = -EPIPE;
	(void)tls_client_shake(&pair.client);
	carry(&pair);
	assert_int_equal(pair.rc, -EPIPE);
	pair_done(&pair);

	pair_open(&pair, TLS1_3_VERSION);
	shake(&pair);
	pair.send_err = -ECONNRESET;
	assert_int_equal(tls_link_write(pair.link, "x", 1), -ECONNRESET);
	pair.sends = 0;
	assert_int_equal(tls_link_write(pair.link, "x", 1), -ECONNRESET);
	assert_int_equal(pair.sends, 0); /* once is enough */
	pair_done(&pair);
}

/* ---- work for nothing ---------------------------------------------------- */

static unsigned
late_records_until_failure(struct pair *pair, void (*send)(struct pair *))
{
	unsigned count = 0;

	while (pair->rc == 0 && count < 100) {
		char text[64];

		send(pair);
		carry(pair);
		count++;
		while (tls_client_read(&pair->client, text, sizeof(text)) > 0)
			;
	}
	return count;
}

static void
send_key_update(struct pair *pair)
{
	assert_int_equal(
	    SSL_key_update(pair->client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
	client_says(pair, "x");
}

static void
test_key_updates(void **state)
{
	struct pair pair;
	unsigned count;

	(void)state;
	pair_open(&pair, TLS1_3_VERSION);
	shake(&pair);
	assert_true(tls_client_shake(&pair.client));
	/* One is fine, in both directions. */
	send_key_update(&pair);
	carry(&pair);
	assert_said(&pair, "x");
	assert_int_equal(tls_link_write(pair.link, "ok", 2), 0);
	count = late_records_until_failure(&pair, send_key_update);
	assert_int_equal(pair.rc, -EPROTO);
	assert_in_range(count, TLS_LINK_LATE_MAX - 2, TLS_LINK_LATE_MAX + 1);
	assert_string_equal(
	    tls_link_reason(pair.link), "too many handshake messages");
	pair_done(&pair);
}

static void
send_hello_again(struct pair *pair)
{
	(void)SSL_renegotiate(pair->client.ssl);
	(void)SSL_do_handshake(pair->client.ssl);
	ERR_clear_error();
}

/* RFC 5746: refused; the session goes on, but not for ever. */
static void
test_renegotiation(void **state)
{
	struct pair pair;
	struct slice hello;
	char *copy;

	(void)state;
	pair_open(&pair, TLS1_2_VERSION);
	shake(&pair);
	assert_true(tls_client_shake(&pair.client));
	send_hello_again(&pair);
	hello = tls_client_out(&pair.client);
	assert_true(hello.n > 100);
	copy = mem_dup(hello);
	take(&pair, copy, hello.n);
	mem_free(copy);
	assert_int_equal(pair.rc, 0);
	assert_int_equal(tls_link_state(pair.link), TLS_LINK_SECURE);
	assert_int_equal(SSL_num_renegotiations(tls_link_ssl(pair.link)), 0);
	pair_done(&pair);
}

/* ---- memory -------------------------------------------------------------- */

#define LINKS 64

/* 17 KiB for an idle session, 14 of it OpenSSL's (docs/architecture.md,
 * "Memory"). */
static void
test_memory_at_rest(void **state)
{
	static struct pair pairs[LINKS];
	size_t before, each;

	(void)state;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION;
	     version++) {
		before = held;
		for (int i = 0; i < LINKS; i++) {
			pair_open(&pairs[i], version);
			shake(&pairs[i]);
			assert_true(tls_client_shake(&pairs[i].client));
			client_says(&pairs[i], "EHLO a\r\n");
			carry(&pairs[i]);
			assert_int_equal(
			    tls_link_write(pairs[i].link, "250 ok\r\n", 8), 0);
			tls_client_done(&pairs[i].client);
			buf_done(&pairs[i].said);
		}
		each = (held - before) / LINKS;
		print_message("# TLS 1.%d: %zu bytes of OpenSSL's a link\n",
		    version - TLS1_VERSION, each);
		assert_in_range(each, 4096, TLS_LINK_OPENSSL_BYTES);
		assert_true(tls_link_memory(pairs[0].link) <=
			    TLS_LINK_OPENSSL_BYTES + 128);
		for (int i = 0; i < LINKS; i++)
			pair_done(&pairs[i]);
		assert_int_equal(held, before);
	}
}

/* Any allocation of OpenSSL's may fail: no crash, an error. */
static void
test_no_memory(void **state)
{
	struct pair pair;
	long n;

	(void)state;
	for (n = 0; n < 4000; n++) {
		bool done;

		pair_open(&pair, TLS1_3_VERSION);
		tls_link_free(&pair.link);
		pair.may_lose = true;
		left_to_fail = n;
		pair.link = tls_link_new(tls_ctx_ssl(ctx), on_send, &pair);
		if (pair.link != NULL)
			shake(&pair);
		done = left_to_fail >= 0;
		left_to_fail = -1;
		if (pair.link != NULL && pair.rc != 0)
			assert_string_not_equal(tls_link_reason(pair.link), "");
		pair_done(&pair);
		if (done)
			break;
	}
	assert_in_range(n, 50, 3999); /* to the end of the handshake */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_one_byte_at_a_time),
		cmocka_unit_test(test_data_with_finished),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_no_shared_cipher),
		cmocka_unit_test(test_bad_record),
		cmocka_unit_test(test_send_fails),
		cmocka_unit_test(test_key_updates),
		cmocka_unit_test(test_renegotiation),
		cmocka_unit_test(test_memory_at_rest),
		cmocka_unit_test(test_no_memory),
	};

	if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) !=
	    1)
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
