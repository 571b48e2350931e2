/* SPDX-License-Identifier: MIT */
/* test_sasl_scram.c - the example of RFC 7677 3, and what spoils it. */
#include "../unit.h"

#include <errno.h>

#include "base/buf.h"
#include "smtp/sasl_scram.h"

#define FIRST "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
#define OWN "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define NONCE "rOprNGfwEbeRWgbNEkqO" OWN
#define SERVER_FIRST "r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define FINAL                 \
	"c=biws,r=" NONCE "," \
	"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
#define KEYS                                            \
	"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"  \
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:" \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

static void
test_example(void **state)
{
	struct buf server_first = BUF_INIT, server_final = BUF_INIT;
	struct scram_first first;
	struct scram_final final;
	struct scram_keys keys;

	(void)state;
	assert_int_equal(scram_keys_parse(SLICE_LIT(KEYS), &keys), 0);
	assert_int_equal(scram_first_parse(SLICE_LIT(FIRST), &first), 0);
	unit_slice_is("user", first.user, "user");
	unit_slice_is("bare", first.bare, "n=user,r=rOprNGfwEbeRWgbNEkqO");
	scram_server_first(&server_first, &first, SLICE_LIT(OWN), &keys);
	unit_slice_is("server first", buf_slice(&server_first), SERVER_FIRST);
	assert_int_equal(scram_final_parse(SLICE_LIT(FINAL), &final), 0);
	unit_slice_is("nonce", final.nonce, NONCE);
	assert_true(scram_proof_fits(
	    &first, buf_slice(&server_first), &final, SLICE_NONE, &keys));
	scram_server_final(
	    &server_final, &first, buf_slice(&server_first), &final, &keys);
	unit_slice_is("server final", buf_slice(&server_final), SERVER_FINAL);
	buf_done(&server_first);
	buf_done(&server_final);
}

#define GOOD_PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="

static const struct {
	const char *name, *first, *final, *data;
	bool fits;
} proofs[] = {
	{ "as it is", FIRST, FINAL, "", true },
	{ "another proof", FIRST,
	    "c=biws,r=" NONCE ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVA=",
	    "", false },
	{ "nonce of another exchange", FIRST,
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO,p=" GOOD_PROOF, "", false },
	{ "longer nonce", FIRST, "c=biws,r=" NONCE "x,p=" GOOD_PROOF, "",
	    false },
	{ "another header is bound (y,,)", FIRST,
	    "c=eSws,r=" NONCE ",p=" GOOD_PROOF, "", false },
	{ "the channel has data", FIRST, FINAL, "exported", false },
	{ "an extension that was not signed", FIRST,
	    "c=biws,r=" NONCE ",x=1,p=" GOOD_PROOF, "", false },
	{ "another user", "n,,n=resu,r=rOprNGfwEbeRWgbNEkqO", FINAL, "",
	    false },
};

static void
test_proofs(void **state)
{
	struct scram_keys keys;

	(void)state;
	assert_int_equal(scram_keys_parse(SLICE_LIT(KEYS), &keys), 0);
	for (size_t i = 0; i < ARRAY_SIZE(proofs); i++) {
		struct scram_first first;
		struct scram_final final;

		UNIT_CASE(proofs[i].name,
		    scram_first_parse(slice_of(proofs[i].first), &first) == 0);
		UNIT_CASE(proofs[i].name,
		    scram_final_parse(slice_of(proofs[i].final), &final) == 0);
		UNIT_CASE(proofs[i].name,
		    scram_proof_fits(&first, SLICE_LIT(SERVER_FIRST), &final,
			slice_of(proofs[i].data), &keys) == proofs[i].fits);
	}
}

static const struct {
	const char *in;
	int ret;
} firsts[] = {
	{ "n,,n=user,r=abc", 0 },
	{ "y,,n=user,r=abc", 0 },
	{ "p=tls-exporter,,n=user,r=abc", 0 },
	{ "n,a=admin,n=user,r=abc", 0 },
	{ "n,,n=us=2Cer,r=abc,x=more", 0 },
	{ "n,,m=ext,n=user,r=abc", -EINVAL },
	{ "n,,n=,r=abc", -EINVAL },
	{ "n,,n=user,r=", -EINVAL },
	{ "n,,n=user", -EINVAL },
	{ "n,,r=abc,n=user", -EINVAL },
	{ "n,,n=user,r=a c", -EINVAL },
	{ "n,,n=us\ner,r=abc", -EINVAL },
	{ "n,n=user,r=abc", -EINVAL },
	{ "", -EINVAL },
};

static void
test_first(void **state)
{
	char text[SCRAM_NONCE_MAX + 32] = "n,,n=user,r=";
	struct scram_first first;
	size_t n = strlen(text);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++)
		UNIT_CASE(firsts[i].in,
		    scram_first_parse(slice_of(firsts[i].in), &first) ==
			firsts[i].ret);
	memset(text + n, 'x', SCRAM_NONCE_MAX + 1);
	assert_int_equal(
	    scram_first_parse(
		(struct slice){ text, n + SCRAM_NONCE_MAX }, &first),
	    0);
	assert_int_equal(
	    scram_first_parse(
		(struct slice){ text, n + SCRAM_NONCE_MAX + 1 }, &first),
	    -EINVAL);
}

static const struct {
	const char *in;
	int ret;
} finals[] = {
	{ "c=biws,r=abc,p=" GOOD_PROOF, 0 },
	{ "c=biws,r=abc,x=1,p=" GOOD_PROOF, 0 },
	{ "c=biws,r=abc", -EINVAL },
	{ "c=biws,p=" GOOD_PROOF, -EINVAL },
	{ "r=abc,c=biws,p=" GOOD_PROOF, -EINVAL },
	{ "c=,r=abc,p=" GOOD_PROOF, -EINVAL },
	{ "c=biws,r=abc,p=" GOOD_PROOF ",x=1", -EINVAL },
	{ "c=biws,r=abc,p=AAAA", -EINVAL },
	{ "c=biws,r=abc,p=", -EINVAL },
	{ "c=biws,r=abc,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ!",
	    -EINVAL },
	{ "p=" GOOD_PROOF, -EINVAL },
	{ "", -EINVAL },
};

static void
test_final(void **state)
{
	struct scram_final final;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(finals); i++)
		UNIT_CASE(finals[i].in,
		    scram_final_parse(slice_of(finals[i].in), &final) ==
			finals[i].ret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_proofs),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_final),
	};

	return cmocka_run_group_tests_name("sasl_scram", tests, NULL, NULL);
}
