/* SPDX-License-Identifier: MIT */
/* fuzz_tls.c - bytes from a client of TLS, good ones and garbage.
 *
 * The first byte says what the server's end gets: garbage from the first byte
 * on; garbage after a handshake; or a real client's bytes, of which one is
 * changed.  The second chooses version, cuts and certificate, then comes a
 * seed, then the garbage.  Whatever comes, a link ends in one of its states,
 * says why when it has failed, and gives nothing before the handshake.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "../unit/net/tls_client.h"
#include "base/mem.h"
#include "net/tls_ctx.h"
#include "net/tls_info.h"
#include "net/tls_link.h"

enum { GARBAGE_FIRST, GARBAGE_LATER, CHANGED, MODES };
#define FLIGHTS 6

struct ends {
	struct tls_link *link;
	struct tls_client client;
	struct slice garbage;
	uint32_t seed;
	size_t change_at; /* byte of all that the client sends */
	uint8_t change;
	bool cuts;
};

static struct tls_ctx *ctx;
static struct pki_cert client_cert;

static void
start(void)
{
	struct pki_cert ca =
	    pki_make("CA", &(struct pki_options){ .is_ca = true });
	struct pki_cert mx =
	    pki_make("mx.example", &(struct pki_options){ .issuer = &ca });
	struct tls_pair pair = pki_pair(&mx);
	struct tls_site site = {
		.name = STR_LIT("mx.example"), .pairs = &pair, .pair_count = 1
	};
	struct tls_material material = { .scope = STR_LIT("fuzz"),
		.sites = &site,
		.site_count = 1,
		.client_ca = buf_slice(&ca.cert),
		.request_cert = true };
	struct err err;

	client_cert =
	    pki_make("client", &(struct pki_options){ .issuer = &ca });
	CHECK(tls_ctx_new(&material, NULL, &ctx, &err) == 0);
	pki_done(&ca);
	pki_done(&mx);
}

static int
on_send(void *owner, const char *bytes, size_t n)
{
	struct ends *ends = owner;

	CHECK(n > 0);
	CHECK(BIO_write(ends->client.in, bytes, (int)n) == (int)n);
	return 0;
}

static void
look(const struct ends *ends)
{
	struct tls_info info;
	struct arena arena;

	arena_init(&arena, 256, 0);
	(void)tls_info_sni(tls_link_ssl(ends->link), &arena);
	if (tls_link_state(ends->link) == TLS_LINK_SECURE) {
		tls_info_get(tls_link_ssl(ends->link), &arena, &info);
		CHECK(info.version.n > 0 && info.cipher.n > 0);
	}
	arena_done(&arena);
}

static int
take(struct ends *ends, const char *p, size_t n)
{
	struct tls_taken taken;
	enum tls_link_state before = tls_link_state(ends->link);
	int rc = tls_link_take(ends->link, p, n, &taken);

	CHECK(rc == 0 || rc == -EPROTO);
	CHECK((rc == 0) == (tls_link_state(ends->link) != TLS_LINK_FAILED));
	CHECK((tls_link_reason(ends->link)[0] == '\0') == (rc == 0));
	CHECK(
	    taken.plain.n == 0 || before == TLS_LINK_SECURE || taken.is_secure);
	CHECK(!taken.is_secure || before == TLS_LINK_HANDSHAKE);
	CHECK(ERR_peek_error() == 0);
	return rc;
}

static int
take_in_pieces(struct ends *ends, struct slice bytes)
{
	int rc = 0;

	while (bytes.n > 0 && rc == 0) {
		size_t n = ends->cuts ? fuzz_step(&ends->seed) : bytes.n;

		if (n > bytes.n)
			n = bytes.n;
		if (n > TLS_LINK_TAKE_MAX)
			n = TLS_LINK_TAKE_MAX;
		/* A copy of its own size: reading beyond it is seen. */
		char *copy = mem_dup(slice_head(bytes, n));

		rc = take(ends, copy, n);
		mem_free(copy);
		bytes = slice_from(bytes, n);
	}
	return rc;
}

/* What the client has to say, with the change if it is in there. */
static int
carry(struct ends *ends)
{
	struct slice out = tls_client_out(&ends->client);
	char *copy = mem_dup(out);
	int rc;

	if (ends->change_at < out.n)
		copy[ends->change_at] ^= (char)ends->change;
	ends->change_at -= out.n; /* wraps: never again */
	tls_client_sent(&ends->client);
	rc = take_in_pieces(ends, (struct slice){ copy, out.n });
	mem_free(copy);
	return rc;
}

static void
shake(struct ends *ends)
{
	for (int i = 0; i < FLIGHTS; i++) {
		(void)tls_client_shake(&ends->client);
		if (carry(ends) < 0 ||
		    tls_link_state(ends->link) == TLS_LINK_SECURE)
			break;
	}
}

static void
talk(struct ends *ends)
{
	char text[256];

	if (tls_link_state(ends->link) != TLS_LINK_SECURE)
		return;
	(void)SSL_do_handshake(ends->client.ssl);
	(void)SSL_write(ends->client.ssl, "NOOP\r\n", 6);
	(void)SSL_shutdown(ends->client.ssl);
	ERR_clear_error();
	if (carry(ends) < 0)
		return;
	CHECK(tls_link_write(ends->link, "250 ok\r\n", 8) == 0);
	(void)tls_client_read(&ends->client, text, sizeof(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	uint8_t mode = fuzz_byte(&in) % MODES, flags = fuzz_byte(&in);
	struct ends ends = { .seed = fuzz_byte(&in),
		.change_at = SIZE_MAX / 2,
		.cuts = (flags & 4) != 0 };

	if (ctx == NULL)
		start();
	ends.link = tls_link_new(tls_ctx_ssl(ctx), on_send, &ends);
	CHECK(ends.link != NULL);
	ends.client =
	    tls_client_new(flags & 1 ? TLS1_2_VERSION : TLS1_3_VERSION,
		"mx.example", flags & 2 ? &client_cert : NULL);
	if (mode == CHANGED) {
		ends.change_at = (size_t)fuzz_byte(&in) << 8;
		ends.change_at += fuzz_byte(&in);
		ends.change = fuzz_byte(&in);
	}
	if (mode != GARBAGE_FIRST)
		shake(&ends);
	if (mode == CHANGED)
		talk(&ends);
	else
		(void)take_in_pieces(&ends, in);
	look(&ends);
	tls_link_end(ends.link);
	tls_link_free(&ends.link);
	tls_client_done(&ends.client);
	return 0;
}
