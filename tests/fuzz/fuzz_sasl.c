/* SPDX-License-Identifier: MIT */
/* fuzz_sasl.c - messages of SASL mechanisms: what is taken is sane, and is all
 * that was there; base64 has one form. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "smtp/base64.h"
#include "smtp/sasl_scram.h"

static bool
is_inside(struct slice part, struct slice whole)
{
	return part.n == 0 ||
	       (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void
check_base64(struct slice in)
{
	char *bytes = malloc(BASE64_DECODED_MAX(in.n) + 1), *text;
	size_t n;

	CHECK(bytes != NULL);
	if (base64_decode(in, bytes, &n) == 0) {
		CHECK(n <= BASE64_DECODED_MAX(in.n));
		text = malloc(BASE64_ENCODED(n) + 1);
		CHECK(text != NULL);
		base64_encode((struct slice){ bytes, n }, text);
		CHECK(slice_eq_text(in, text));
		free(text);
	}
	free(bytes);
}

static void
check_plain(struct slice in)
{
	struct sasl_plain plain;

	if (sasl_plain_parse(in, &plain) < 0)
		return;
	CHECK(is_inside(plain.authzid, in) && is_inside(plain.user, in));
	CHECK(sasl_user_is_sane(plain.user));
	CHECK(sasl_secret_is_sane(plain.password));
	CHECK(plain.authzid.n + plain.user.n + plain.password.n + 2 == in.n);
}

static void
check_cram(struct slice in)
{
	struct sasl_cram cram;

	if (sasl_cram_parse(in, &cram) < 0)
		return;
	CHECK(cram.hash.n == 32 && sasl_user_is_sane(cram.user));
	CHECK(cram.user.n + 1 + cram.hash.n == in.n);
}

static void
check_bearer(struct slice in)
{
	struct sasl_bearer bearer;

	if (sasl_xoauth2_parse(in, &bearer) == 0) {
		CHECK(sasl_user_is_sane(bearer.user) && !bearer.is_escaped);
		CHECK(sasl_secret_is_sane(bearer.token));
		CHECK(is_inside(bearer.token, in));
	}
	if (sasl_oauthbearer_parse(in, &bearer) == 0) {
		CHECK(bearer.user.n == 0 || sasl_user_is_sane(bearer.user));
		CHECK(sasl_secret_is_sane(bearer.token));
		CHECK(is_inside(bearer.token, in));
	}
}

/* What is decoded encodes to what came in. */
static void
check_name(struct slice in)
{
	char *name = malloc(in.n + 1);
	struct buf again = BUF_INIT;
	size_t n;

	CHECK(name != NULL);
	if (sasl_name_decode(in, name, &n) == 0) {
		for (size_t i = 0; i < n; i++) {
			if (name[i] == ',')
				buf_add_text(&again, "=2C");
			else if (name[i] == '=')
				buf_add_text(&again, "=3D");
			else
				buf_add_char(&again, name[i]);
		}
		CHECK(slice_eq(buf_slice(&again), in));
	}
	buf_done(&again);
	free(name);
}

static void
check_gs2(struct slice in)
{
	struct slice left = in;
	struct sasl_gs2 gs2;

	if (sasl_gs2_parse(&left, &gs2) < 0) {
		CHECK(left.p == in.p && left.n == in.n);
		return;
	}
	CHECK(gs2.header.n + left.n == in.n && gs2.header.p == in.p);
	CHECK((gs2.binding == 'p') == (gs2.cb_name.n > 0));
	CHECK(is_inside(gs2.authzid, gs2.header));
}

/* The parts that the input has for both of the client's messages.  Nobody who
 * does not know the keys makes a proof that fits. */
static void
check_scram(struct slice in)
{
	static const struct scram_keys keys = { .iterations = 4096,
		.salt_n = 1 };
	struct slice left = in, one;
	struct scram_first first;
	struct scram_final final;
	struct buf server_first = BUF_INIT, server_final = BUF_INIT;

	if (!slice_cut(&left, '\n', &one) || scram_first_parse(one, &first) < 0)
		return;
	CHECK(sasl_user_is_sane(first.user) && first.nonce.n > 0);
	CHECK(first.gs2.header.n + first.bare.n == one.n);
	if (left.p == NULL || scram_final_parse(left, &final) < 0)
		return;
	CHECK(is_inside(final.binding, left) && is_inside(final.nonce, left));
	scram_server_first(&server_first, &first, SLICE_LIT("own"), &keys);
	CHECK(!scram_proof_fits(
	    &first, buf_slice(&server_first), &final, SLICE_NONE, &keys));
	scram_server_final(
	    &server_final, &first, buf_slice(&server_first), &final, &keys);
	CHECK(server_final.n == 2 + BASE64_ENCODED(SCRAM_KEY));
	buf_done(&server_first);
	buf_done(&server_final);
}

static void
check_keys(struct slice in)
{
	struct scram_keys keys = { 0 };

	if (scram_keys_parse(in, &keys) < 0) {
		CHECK(keys.iterations == 0);
		return;
	}
	CHECK(keys.iterations >= SCRAM_ITERATIONS_MIN &&
	      keys.iterations <= SCRAM_ITERATIONS_MAX);
	CHECK(keys.salt_n > 0 && keys.salt_n <= SCRAM_SALT_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static void (*const checks[])(struct slice) = { check_base64,
		check_plain, check_cram, check_bearer, check_name, check_gs2,
		check_scram, check_keys };
	struct slice in = fuzz_input(bytes, n);
	uint8_t which = fuzz_byte(&in);

	checks[which % ARRAY_SIZE(checks)](in);
	return 0;
}
