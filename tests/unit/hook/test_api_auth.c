/* SPDX-License-Identifier: MIT */
/* test_api_auth.c - what auth hooks see, verify and give. */
#include "engine_fixture.h"

#include <errno.h>

#include "../unit.h"

#include "hook/auth.h"

#define SALT "W22ZaJ0SNY7soEsUEjb6gQ=="
#define STORED "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
#define SERVER "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define KEYS "SCRAM-SHA-256$4096:" SALT "$" STORED ":" SERVER

static struct hl_auth plain = {
	.mechanism = STR_LIT("plain"),
	.user = STR_LIT("tim"),
	.clear = STR_LIT("pencil"),
	.hash = STR_LIT(""),
	.ticket = STR_LIT(""),
	.authzid = STR_LIT("tim"),
};
/* RFC 2195 2 */
static struct hl_auth cram = {
	.mechanism = STR_LIT("cram-md5"),
	.user = STR_LIT("tim"),
	.clear = STR_LIT(""),
	.hash = STR_LIT("b913a602c7eda7a495b4e6e7334d3890"),
	.ticket = STR_LIT("<1896.697170952@postoffice.reston.mci.net>"),
	.authzid = STR_LIT(""),
};
static struct auth_ret given;
static struct hook_args plain_args = { .object = &plain, .ret = &given };
static struct hook_args cram_args = { .object = &cram, .ret = &given };
static struct hook_args scram_args = {
	.a = STR_LIT("scram-sha-256"), .b = STR_LIT("user"), .ret = &given
};

static void
run(struct fixture *f, enum hook_id hook, const struct hook_args *args,
    enum hl_verdict (*fn)(struct hl_ctx *ctx))
{
	given = (struct auth_ret){ .user = STR_EMPTY };
	f->args = args;
	fixture_hook(f, hook, fn);
}

/* ---- accessors ---- */

static enum hl_verdict
look(struct hl_ctx *ctx)
{
	(void)ctx;
	EXPECT_TEXT(hl_auth_attempt_mechanism(&plain), "plain");
	EXPECT_TEXT(hl_auth_attempt_user(&plain), "tim");
	EXPECT_TEXT(hl_auth_attempt_clear(&plain), "pencil");
	EXPECT_TEXT(hl_auth_attempt_hash(&plain), "");
	EXPECT_TEXT(hl_auth_attempt_authzid(&plain), "tim");
	EXPECT_TEXT(hl_auth_attempt_hash(&cram), cram.hash.p);
	EXPECT_TEXT(hl_auth_attempt_ticket(&cram), cram.ticket.p);
	return HL_DECLINED;
}

static void
test_accessors(void **state)
{
	run(*state, HOOK_AUTH_PLAIN, &plain_args, look);
}

/* ---- verify ---- */

static const struct {
	const char *name;
	const struct hl_auth *auth;
	const char *clear, *crypted;
	enum hl_verdict verdict;
} verifies[] = {
	{ "clear", &plain, "pencil", "", HL_OK },
	{ "clear, wrong", &plain, "pencils", "", HL_DENY },
	{ "crypt", &plain, "", "$1$abcd$QAUIWiSLODOtSz9J37Vi80", HL_OK },
	{ "crypt, wrong", &plain, "", "$1$abcd$QAUIWiSLODOtSz9J37Vi81",
	    HL_DENY },
	{ "either", &plain, "wrong", "$1$abcd$QAUIWiSLODOtSz9J37Vi80", HL_OK },
	{ "keys", &plain, "", KEYS, HL_OK },
	{ "nothing is kept", &plain, "", "", HL_DENY },
	{ "unknown form", &plain, "", "{FOO}bar", HL_DECLINED },
	{ "cram", &cram, "tanstaaftanstaaf", "", HL_OK },
	{ "cram, wrong", &cram, "tanstaaftanstaag", "", HL_DENY },
	{ "cram, a hash alone", &cram, "", KEYS, HL_DECLINED },
	{ "cram, nothing", &cram, "", "", HL_DENY },
};
static size_t at;

static enum hl_verdict
verify(struct hl_ctx *ctx)
{
	enum hl_verdict got = hl_auth_verify(ctx, verifies[at].auth,
	    str_of(verifies[at].clear), str_of(verifies[at].crypted));

	fixture_expect(
	    got == verifies[at].verdict, verifies[at].name, __FILE__, __LINE__);
	return got;
}

static void
test_verify(void **state)
{
	struct fixture *f = *state;

	for (at = 0; at < ARRAY_SIZE(verifies); at++) {
		bool is_cram = verifies[at].auth == &cram;

		run(f, is_cram ? HOOK_AUTH_CRAM_MD5 : HOOK_AUTH_PLAIN,
		    is_cram ? &cram_args : &plain_args, verify);
	}
	buf_add_char(&f->log, '\0');
	assert_null(strstr(f->log.p, "pencil"));
	assert_null(strstr(f->log.p, "tanstaaf"));
	assert_non_null(strstr(f->log.p, "form that is not known"));
}

/* An attempt without a password is never right (RFC 4513 5.1.2 has met
 * servers that think so). */
static enum hl_verdict
verify_empty(struct hl_ctx *ctx)
{
	struct hl_auth empty = plain;

	empty.clear = STR_EMPTY;
	EXPECT_INT(hl_auth_verify(ctx, &empty, STR_EMPTY, STR_EMPTY), HL_DENY);
	EXPECT_INT(
	    hl_auth_verify(ctx, &empty, HL_STR("x"), STR_EMPTY), HL_DENY);
	return HL_DENY;
}

static void
test_empty(void **state)
{
	run(*state, HOOK_AUTH_PLAIN, &plain_args, verify_empty);
}

static void
test_is_hash(void **state)
{
	(void)state;
	assert_true(hl_auth_is_hash(HL_STR(KEYS)));
	assert_false(hl_auth_is_hash(HL_STR("pencil")));
}

/* ---- the user's name ---- */

/* What a hook gives lives as long as its fiber. */
static char given_user[64];

static void
keep_user(void)
{
	(void)snprintf(given_user, sizeof(given_user), "%s", given.user.p);
}

static enum hl_verdict
rename_user(struct hl_ctx *ctx)
{
	char longest[HL_AUTH_USER_MAX + 2];

	memset(longest, 'x', sizeof(longest));
	longest[HL_AUTH_USER_MAX + 1] = '\0';
	EXPECT_INT(hl_auth_user_set(ctx, hl_text(longest)), -EINVAL);
	EXPECT_INT(hl_auth_user_set(ctx, HL_STR("")), -EINVAL);
	EXPECT_INT(hl_auth_user_set(ctx, HL_STR("a\r\nb")), -EINVAL);
	EXPECT_INT(hl_auth_user_set(ctx, HL_STR("tim@mail.example")), 0);
	keep_user();
	return HL_OK;
}

static enum hl_verdict
not_here(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_auth_user_set(ctx, HL_STR("tim")), -EINVAL);
	EXPECT_INT(hl_auth_scram_stored(ctx, HL_STR(KEYS)), -EINVAL);
	EXPECT_INT(hl_auth_scram_clear(ctx, HL_STR("pencil")), -EINVAL);
	return HL_DECLINED;
}

static void
test_user(void **state)
{
	struct fixture *f = *state;

	run(f, HOOK_AUTH_PLAIN, &plain_args, rename_user);
	assert_string_equal(given_user, "tim@mail.example");
	run(f, HOOK_CONNECT, &plain_args, not_here);
	run(f, HOOK_CONNECT, NULL, not_here);
}

/* ---- keys ---- */

static enum hl_verdict
give_keys(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_auth_scram(
		       ctx, 100, HL_STR(SALT), HL_STR(STORED), HL_STR(SERVER)),
	    -EINVAL);
	EXPECT_INT(hl_auth_scram(ctx, 4096, HL_STR("salt!"), HL_STR(STORED),
		       HL_STR(SERVER)),
	    -EINVAL);
	EXPECT_INT(hl_auth_scram(
		       ctx, 4096, HL_STR(SALT), HL_STR(STORED), HL_STR(SERVER)),
	    0);
	EXPECT_INT(hl_auth_user_set(ctx, HL_STR("User")), 0);
	keep_user();
	return HL_OK;
}

static enum hl_verdict
give_stored(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_auth_scram_stored(ctx, HL_STR("pencil")), -EINVAL);
	EXPECT_INT(hl_auth_scram_stored(ctx, HL_STR(KEYS)), 0);
	return HL_OK;
}

static enum hl_verdict
keys_for_plain(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_auth_scram_stored(ctx, HL_STR(KEYS)), -EINVAL);
	return HL_DECLINED;
}

static void
test_keys(void **state)
{
	struct fixture *f = *state;

	run(f, HOOK_AUTH_SCRAM_SHA_256, &scram_args, give_keys);
	assert_int_equal(given.keys.iterations, 4096);
	assert_int_equal(given.keys.stored_key[0], 0x58);
	assert_string_equal(given_user, "User");
	run(f, HOOK_AUTH_SCRAM_SHA_256, &scram_args, give_stored);
	assert_int_equal(given.keys.server_key[31], 0xd5);
	run(f, HOOK_AUTH_PLAIN, &plain_args, keys_for_plain);
}

/* From a password: the same keys each time, for this user alone, and they
 * are those of its password. */
static enum hl_verdict
give_clear(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_auth_scram_clear(ctx, HL_STR("")), -EINVAL);
	EXPECT_INT(hl_auth_scram_clear(ctx, HL_STR("pencil")), 0);
	return HL_OK;
}

static void
test_clear_keys(void **state)
{
	struct fixture *f = *state;
	struct scram_keys want = { 0 }, first;

	run(f, HOOK_AUTH_SCRAM_SHA_256, &scram_args, give_clear);
	first = given.keys;
	auth_keys_derive(
	    &want, 4096, STR_LIT("user"), STR_LIT("pencil"), f->engine->secret);
	assert_memory_equal(&first, &want, sizeof(want));
	run(f, HOOK_AUTH_SCRAM_SHA_256, &scram_args, give_clear);
	assert_memory_equal(&given.keys, &first, sizeof(first));
	auth_keys_derive(&want, 4096, STR_LIT("user2"), STR_LIT("pencil"),
	    f->engine->secret);
	assert_memory_not_equal(want.salt, first.salt, 16);
	fixture_write(f, "scram_iterations", "5000\n");
	run(f, HOOK_AUTH_SCRAM_SHA_256, &scram_args, give_clear);
	auth_keys_derive(
	    &want, 5000, STR_LIT("user"), STR_LIT("pencil"), f->engine->secret);
	assert_memory_equal(&given.keys, &want, sizeof(want));
}

/* A user that nobody knows shows what a user of clear-text passwords does. */
static void
test_steady(void **state)
{
	static const uint8_t secret[32] = "a secret", other[32] = "another";
	struct scram_keys known = { 0 }, unknown = { 0 }, again = { 0 };

	(void)state;
	auth_keys_derive(
	    &known, 5000, STR_LIT("user"), STR_LIT("pencil"), secret);
	auth_keys_invent(&unknown, 5000, STR_LIT("user"), secret);
	auth_keys_invent(&again, 5000, STR_LIT("user"), secret);
	assert_memory_equal(&unknown, &again, sizeof(again));
	assert_int_equal(known.iterations, 5000);
	assert_int_equal(unknown.iterations, 5000);
	assert_int_equal(known.salt_n, unknown.salt_n);
	assert_memory_equal(known.salt, unknown.salt, known.salt_n);
	assert_memory_not_equal(known.stored_key, unknown.stored_key, 32);
	auth_keys_invent(&again, 5000, STR_LIT("user"), other);
	assert_memory_not_equal(again.salt, unknown.salt, 16);
	auth_keys_invent(&again, 5000, STR_LIT("user2"), secret);
	assert_memory_not_equal(again.salt, unknown.salt, 16);
}

/* ---- for another server ---- */

static const struct {
	const char *mechanism, *user, *clear, *want;
} responses[] = {
	/* RFC 4616 4, without its authorization identity */
	{ "plain", "tim", "tanstaaftanstaaf", "AHRpbQB0YW5zdGFhZnRhbnN0YWFm" },
	{ "login", "tim", "x", "AHRpbQB4" },
	{ "xoauth2", "a@b", "t0ken",
	    "dXNlcj1hQGIBYXV0aD1CZWFyZXIgdDBrZW4BAQ==" },
	/* n,a=u=2Ce=3D,^Aauth=Bearer t^A^A */
	{ "oauthbearer", "u,e=", "t",
	    "bixhPXU9MkNlPTNELAFhdXRoPUJlYXJlciB0AQE=" },
	{ "oauthbearer", "", "t", "biwsAWF1dGg9QmVhcmVyIHQBAQ==" },
	{ "cram-md5", "tim", "", "" },
	{ "external", "tim", "", "" },
};

static enum hl_verdict
respond(struct hl_ctx *ctx)
{
	for (size_t i = 0; i < ARRAY_SIZE(responses); i++) {
		struct hl_auth auth = plain;

		auth.mechanism = hl_text(responses[i].mechanism);
		auth.user = hl_text(responses[i].user);
		auth.clear = hl_text(responses[i].clear);
		EXPECT_TEXT(hl_auth_response(ctx, &auth), responses[i].want);
	}
	return HL_DECLINED;
}

static void
test_response(void **state)
{
	run(*state, HOOK_AUTH_PLAIN, &plain_args, respond);
}

/* ---- nobody can tell ---- */

static enum hl_verdict
unavailable(struct hl_ctx *ctx)
{
	return hl_auth_unavailable(ctx, "the directory is %s", "down");
}

static void
test_unavailable(void **state)
{
	struct fixture *f = *state;

	run(f, HOOK_AUTH_PLAIN, &plain_args, unavailable);
	assert_int_equal(f->outcome.column, COLUMN_DONE);
	assert_true(f->outcome.answered);
	unit_slice_is("reply", buf_slice(&f->replies),
	    "454 4.7.0 Temporary authentication failure\n");
	run(f, HOOK_AUTH_SCRAM_SHA_256, &scram_args, unavailable);
	assert_true(f->outcome.answered);
	buf_add_char(&f->log, '\0');
	assert_non_null(strstr(f->log.p, "the directory is down"));
}

/* A client that hangs up could otherwise write an error line each time. */
static enum hl_verdict
ask_until_gone(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_sleep(ctx, 1000), -ECANCELED);
	return hl_auth_unavailable(ctx, "the client is gone");
}

static void
test_gone(void **state)
{
	struct fixture *f = *state;

	given = (struct auth_ret){ .user = STR_EMPTY };
	f->args = &plain_args;
	fixture_begin(f, HOOK_AUTH_PLAIN, ask_until_gone);
	fixture_cancel(f);
	fixture_end(f);
	assert_int_equal(f->replies.n, 0);
	buf_add_char(&f->log, '\0');
	assert_null(strstr(f->log.p, "the client is gone"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
		TEST(test_accessors),
		TEST(test_verify),
		TEST(test_empty),
		TEST(test_is_hash),
		TEST(test_user),
		TEST(test_keys),
		TEST(test_clear_keys),
		TEST(test_steady),
		TEST(test_response),
		TEST(test_unavailable),
		TEST(test_gone),
#undef TEST
	};

	return cmocka_run_group_tests_name("api_auth", tests, NULL, NULL);
}
