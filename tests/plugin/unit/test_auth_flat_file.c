/* SPDX-License-Identifier: MIT */
/* test_auth_flat_file.c - auth/auth_flat_file: forms of passwords, users. */
#include "plugin_test.h"

#include "hook/auth.h"

#define KEYS                                            \
	"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"  \
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:" \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

/* Each password is "pencil" but where it is told. */
static const char file[] =
    "tim@a.example:pencil\n"
    "Tom@A.example:Pencil\n"
    "hash@a.example:$1$abcd$QAUIWiSLODOtSz9J37Vi80\n"
    "keys@a.example:" KEYS "\n"
    "marked@a.example:{PLAIN}$1$abcd$QAUIWiSLODOtSz9J37Vi80\n"
    "dollar@a.example:$pencil\n"
    "colon@a.example:pen:cil\n"
    "empty@a.example:\n"
    "tim@a.example:second\n"
    "nodomain:pencil\n";

static struct hl_auth shown;
static struct auth_ret given;

static int
flat_setup(void **state)
{
	int rc = plugin_setup(state);

	shown = (struct hl_auth){ .mechanism = STR_LIT("plain"),
		.user = STR_EMPTY,
		.clear = STR_EMPTY,
		.hash = STR_EMPTY,
		.ticket = STR_EMPTY,
		.authzid = STR_EMPTY };
	given = (struct auth_ret){ .user = STR_EMPTY };
	args.object = &shown;
	args.ret = &given;
	fixture_write(f, "flat_auth_pw", file);
	assert_int_equal(plugin_load(""), 0);
	return rc;
}

static const struct {
	const char *user, *password;
	enum hook_column column;
} plains[] = {
	{ "tim@a.example", "pencil", COLUMN_OK },
	{ "TIM@A.EXAMPLE", "pencil", COLUMN_OK },
	{ "tim@a.example", "Pencil", COLUMN_DENY },
	{ "tim@a.example", "second", COLUMN_DENY }, /* the first line counts */
	{ "tom@a.example", "Pencil", COLUMN_OK },
	{ "hash@a.example", "pencil", COLUMN_OK },
	{ "hash@a.example", "pencils", COLUMN_DENY },
	{ "hash@a.example", "$1$abcd$QAUIWiSLODOtSz9J37Vi80", COLUMN_DENY },
	{ "keys@a.example", "pencil", COLUMN_OK },
	{ "keys@a.example", KEYS, COLUMN_DENY },
	{ "marked@a.example", "$1$abcd$QAUIWiSLODOtSz9J37Vi80", COLUMN_OK },
	{ "marked@a.example", "pencil", COLUMN_DENY },
	{ "dollar@a.example", "$pencil", COLUMN_OK },
	{ "colon@a.example", "pen:cil", COLUMN_OK },
	{ "nodomain", "pencil", COLUMN_OK },
	/* left to those behind */
	{ "empty@a.example", "pencil", COLUMN_NONE },
	{ "nobody@a.example", "pencil", COLUMN_NONE },
	{ "tim", "pencil", COLUMN_NONE },
	{ "tim@a.example:pencil", "x", COLUMN_NONE },
	{ "tim@a.exampl", "pencil", COLUMN_NONE },
};

static void
test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plains); i++) {
		enum hook_id hook =
		    i % 2 == 0 ? HOOK_AUTH_PLAIN : HOOK_AUTH_LOGIN;

		shown.user = str_of(plains[i].user);
		shown.clear = str_of(plains[i].password);
		if (plugin_run(hook) != plains[i].column)
			fail_msg("%s %s: %d", plains[i].user,
			    plains[i].password, (int)f->outcome.column);
	}
	assert_false(plugin_logged("pencil"));
}

static void
test_cram(void **state)
{
	(void)state;
	/* HMAC-MD5("pencil", "<1@mx.example>") */
	shown.hash = STR_LIT("398e50911663b9bdc4c4d6d5caa208fa");
	shown.ticket = STR_LIT("<1@mx.example>");
	shown.user = STR_LIT("tim@a.example");
	assert_int_equal(plugin_run(HOOK_AUTH_CRAM_MD5), COLUMN_OK);
	shown.ticket = STR_LIT("<2@mx.example>");
	assert_int_equal(plugin_run(HOOK_AUTH_CRAM_MD5), COLUMN_DENY);
	shown.user = STR_LIT("hash@a.example");
	assert_int_equal(plugin_run(HOOK_AUTH_CRAM_MD5), COLUMN_NONE);
}

static const struct {
	const char *user;
	enum hook_column column;
	int first; /* octet of the stored key; -1 any */
} scrams[] = {
	{ "keys@a.example", COLUMN_OK, 0x58 },
	{ "tim@a.example", COLUMN_OK, -1 },
	{ "marked@a.example", COLUMN_OK, -1 },
	{ "hash@a.example", COLUMN_NONE, -1 },
	{ "empty@a.example", COLUMN_NONE, -1 },
	{ "nobody@a.example", COLUMN_NONE, -1 },
};

static void
test_scram(void **state)
{
	(void)state;
	args.object = NULL;
	args.a = STR_LIT("scram-sha-256");
	for (size_t i = 0; i < ARRAY_SIZE(scrams); i++) {
		bool ok = scrams[i].column == COLUMN_OK;

		given.keys.iterations = 0;
		args.b = str_of(scrams[i].user);
		if (plugin_run(HOOK_AUTH_SCRAM_SHA_256) != scrams[i].column)
			fail_msg("%s", scrams[i].user);
		UNIT_CASE(scrams[i].user, ok == (given.keys.iterations > 0));
		if (scrams[i].first >= 0)
			assert_int_equal(
			    given.keys.stored_key[0], scrams[i].first);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, flat_setup, fixture_teardown)
		TEST(test_plain),
		TEST(test_cram),
		TEST(test_scram),
#undef TEST
	};

	return cmocka_run_group_tests_name("auth_flat_file", tests, NULL, NULL);
}
