/* SPDX-License-Identifier: MIT */
/* test_scram_keys.c - stored keys, whole and broken. */
#include "../unit.h"

#include <errno.h>

#include "smtp/scram_keys.h"

/* Of RFC 7677 3: password "pencil". */
#define SALT "W22ZaJ0SNY7soEsUEjb6gQ=="
#define STORED "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
#define SERVER "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define SALT_64                                                            \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAAAAAAAAAAAA=="
#define SALT_65                                                            \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAAAAAAAAAAAAA="

static const struct {
	const char *name, *text;
	unsigned iterations; /* 0: refused */
	size_t salt_n;
} cases[] = {
	{ "as PostgreSQL", "SCRAM-SHA-256$4096:" SALT "$" STORED ":" SERVER,
	    4096, 16 },
	{ "spaces, RFC 3112",
	    "scram-sha-256 $ 10000 : " SALT " $ " STORED " : " SERVER, 10000,
	    16 },
	{ "long salt", "SCRAM-SHA-256$4096:" SALT_64 "$" STORED ":" SERVER,
	    4096, 64 },
	{ "too long a salt",
	    "SCRAM-SHA-256$4096:" SALT_65 "$" STORED ":" SERVER, 0, 0 },
	{ "no salt", "SCRAM-SHA-256$4096:$" STORED ":" SERVER, 0, 0 },
	{ "too few", "SCRAM-SHA-256$4095:" SALT "$" STORED ":" SERVER, 0, 0 },
	{ "too many", "SCRAM-SHA-256$10000001:" SALT "$" STORED ":" SERVER, 0,
	    0 },
	{ "no number", "SCRAM-SHA-256$x:" SALT "$" STORED ":" SERVER, 0, 0 },
	{ "another hash", "SCRAM-SHA-1$4096:" SALT "$" STORED ":" SERVER, 0,
	    0 },
	{ "short key", "SCRAM-SHA-256$4096:" SALT "$" SALT ":" SERVER, 0, 0 },
	{ "short server key", "SCRAM-SHA-256$4096:" SALT "$" STORED ":" SALT, 0,
	    0 },
	{ "no server key", "SCRAM-SHA-256$4096:" SALT "$" STORED, 0, 0 },
	{ "nothing behind", "SCRAM-SHA-256$", 0, 0 },
	{ "bare", "SCRAM-SHA-256", 0, 0 },
	{ "empty", "", 0, 0 },
	{ "bad base64", "SCRAM-SHA-256$4096:" SALT "$" STORED "=:" SERVER, 0,
	    0 },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scram_keys keys = { 0 };
		int ret = scram_keys_parse(slice_of(cases[i].text), &keys);

		UNIT_CASE(cases[i].name,
		    ret == (cases[i].iterations != 0 ? 0 : -EINVAL));
		UNIT_CASE(
		    cases[i].name, keys.iterations == cases[i].iterations);
		UNIT_CASE(cases[i].name, keys.salt_n == cases[i].salt_n);
	}
}

static void
test_octets(void **state)
{
	struct scram_keys keys;

	(void)state;
	assert_int_equal(scram_keys_set(&keys, 4096, SLICE_LIT(SALT),
			     SLICE_LIT(STORED), SLICE_LIT(SERVER)),
	    0);
	assert_int_equal(keys.salt[0], 0x5b);
	assert_int_equal(keys.salt[15], 0x81);
	assert_int_equal(keys.stored_key[0], 0x58);
	assert_int_equal(keys.server_key[31], 0xd5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_octets),
	};

	return cmocka_run_group_tests_name("scram_keys", tests, NULL, NULL);
}
