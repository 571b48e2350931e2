/* SPDX-License-Identifier: MIT */
/* test_digest.c - vectors of the RFCs; equality of secrets. */
#include "../unit.h"

#include "base/digest.h"

static void
hex_is(const char *what, const uint8_t *bytes, size_t n, const char *want)
{
	char hex[2 * DIGEST_SHA256 + 1];

	digest_hex(bytes, n, hex);
	unit_slice_is(what, slice_of(hex), want);
}

static void
test_sha256(void **state)
{
	uint8_t got[DIGEST_SHA256];

	(void)state;
	digest_sha256(SLICE_LIT("abc"), got);
	hex_is("abc", got, sizeof(got),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_sha256(SLICE_NONE, got);
	hex_is("nothing", got, sizeof(got),
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231 4.3; RFC 2195 2. */
static void
test_hmac(void **state)
{
	uint8_t got[DIGEST_SHA256];

	(void)state;
	digest_hmac_sha256(
	    SLICE_LIT("Jefe"), SLICE_LIT("what do ya want for nothing?"), got);
	hex_is("rfc4231", got, DIGEST_SHA256,
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_int_equal(
	    digest_hmac_md5(SLICE_LIT("tanstaaftanstaaf"),
		SLICE_LIT("<1896.697170952@postoffice.reston.mci.net>"), got),
	    0);
	hex_is("rfc2195", got, DIGEST_MD5, "b913a602c7eda7a495b4e6e7334d3890");
	digest_hmac_sha256(SLICE_NONE, SLICE_NONE, got);
	hex_is("empty", got, DIGEST_SHA256,
	    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* RFC 7914 11. */
static void
test_pbkdf2(void **state)
{
	uint8_t got[DIGEST_SHA256];

	(void)state;
	digest_pbkdf2_sha256(SLICE_LIT("passwd"), SLICE_LIT("salt"), 1, got);
	hex_is("one", got, sizeof(got),
	    "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
	digest_pbkdf2_sha256(
	    SLICE_LIT("Password"), SLICE_LIT("NaCl"), 80000, got);
	hex_is("80000", got, sizeof(got),
	    "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
}

static void
test_equal(void **state)
{
	(void)state;
	assert_true(secret_eq(SLICE_LIT("secret"), SLICE_LIT("secret")));
	assert_false(secret_eq(SLICE_LIT("secret"), SLICE_LIT("secreT")));
	assert_false(secret_eq(SLICE_LIT("secret"), SLICE_LIT("secre")));
	assert_false(secret_eq(SLICE_LIT("secret"), SLICE_NONE));
	assert_true(secret_eq(SLICE_NONE, SLICE_LIT("")));
	assert_true(secret_eq_bytes("abc", "abd", 2));
	assert_false(secret_eq_bytes("abc", "abd", 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_pbkdf2),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
