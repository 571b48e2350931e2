/* SPDX-License-Identifier: MIT */
/* test_password.c - hashes of crypt(3), SCRAM keys, and what is neither. */
#include "../unit.h"

#include <errno.h>

#include "hook/password.h"

/* Each is of "pencil". */
#define YESCRYPT "$y$j75$abcdefgh$uSEEM7Zvf2pAxpcCjT91NjHUs3paELMhdshGm3r7811"
#define BCRYPT "$2b$04$abcdefghijklmnopqrstuu/FyAyuZSl3DbPdvio4KrIBdz2k2yhV2"
#define SHA512                                                    \
	"$6$rounds=1000$abcdefgh$Knnmxd98KHugNnOEMiuuOil9enL9wC." \
	"Gd0LZtfQJmggKQg10F6efqtTzhVr4DKX75QXLfDgIDLs3j7rHMhpQG."
#define MD5 "$1$abcd$QAUIWiSLODOtSz9J37Vi80"
#define SCRAM                                           \
	"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"  \
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:" \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

#define ARGON2(type, hash) \
	"$argon2" type "$v=19$m=256,t=1,p=1$c2FsdHNhbHQ$" hash
#define ARGON2ID ARGON2("id", "aZFwXCe6xWEOaK1eekWK3udKu2lJgipgPACcGNkgqPc")
#define ARGON2I ARGON2("i", "CHkrtSSGqRSY60daqX5AuK/uWPfPJLMaLsqwPOBv2qU")
#define ARGON2D ARGON2("d", "DELdVo4KZDO/Uru+4VIFmm42duTKNUzQSIdygV2BsYw")
#define ARGON2ID_LANES                               \
	"$argon2id$v=19$m=1024,t=2,p=4$c2FsdHNhbHQ$" \
	"GZvMtKtmRV10Xl61p4j5Rt085yQSYolm2MsAJpD5DBA"

static const struct {
	const char *name, *stored, *attempt;
	int ret;
} cases[] = {
	{ "yescrypt", YESCRYPT, "pencil", 1 },
	{ "yescrypt, wrong", YESCRYPT, "Pencil", 0 },
	{ "bcrypt", BCRYPT, "pencil", 1 },
	{ "bcrypt, wrong", BCRYPT, "pencil2", 0 },
	{ "sha512", SHA512, "pencil", 1 },
	{ "sha512, wrong", SHA512, "", 0 },
	{ "md5", MD5, "pencil", 1 },
	{ "scram", SCRAM, "pencil", 1 },
	{ "scram, wrong", SCRAM, "pencils", 0 },
	{ "sha512, cut", "$6$rounds=1000$abcdefgh$Knnmxd98KHugNnO", "pencil",
	    0 },
	{ "setting alone", "$6$abcdefgh$", "pencil", 0 },
	{ "argon2id", ARGON2ID, "pencil", 1 },
	{ "argon2id, wrong", ARGON2ID, "pencil ", 0 },
	{ "argon2id, four lanes", ARGON2ID_LANES, "pencil", 1 },
	{ "argon2i", ARGON2I, "pencil", 1 },
	{ "argon2i, wrong", ARGON2I, "", 0 },
	{ "argon2d", ARGON2D, "pencil", 1 },
	{ "argon2, cut", "$argon2id$v=19$m=256,t=1,p=1$c2FsdHNhbHQ", "pencil",
	    -ENOTSUP },
	{ "not known", "$argon3$v=19$abc$def", "pencil", -ENOTSUP },
	{ "clear text", "pencil", "pencil", -ENOTSUP },
	{ "clear text, dollar", "$pencil", "$pencil", -ENOTSUP },
	{ "two dollars", "$pen$cil", "$pen$cil", -ENOTSUP },
	{ "DES", "abJ32bJMdTsnY", "pencil", -ENOTSUP },
	{ "scram, broken", "SCRAM-SHA-256$1:AA==$AA==:AA==", "pencil",
	    -ENOTSUP },
	{ "a dollar", "$", "$", -ENOTSUP },
	{ "empty", "", "", -ENOTSUP },
};

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		hl_str stored = str_of(cases[i].stored);
		int ret = password_check(stored, str_of(cases[i].attempt));

		if (ret != cases[i].ret)
			fail_msg("%s: %d", cases[i].name, ret);
		UNIT_CASE(cases[i].name,
		    password_is_hash(stored) == (ret != -ENOTSUP));
	}
}

/* libcrypt takes 511 octets, which no hash must be found for. */
static void
test_long_attempt(void **state)
{
	char attempt[1000];

	(void)state;
	memset(attempt, 'x', sizeof(attempt));
	assert_int_equal(password_check(STR_LIT(SHA512),
			     (hl_str){ attempt, sizeof(attempt) }),
	    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_long_attempt),
	};

	return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
