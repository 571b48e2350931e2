/* SPDX-License-Identifier: MIT */
/* test_api_queue.c - hl_addr_plain and hl_message_id. */
#include <hookline/policy.h>

#include "engine_fixture.h"

static int
set_up(void **state)
{
	int rc = fixture_setup(state);

	fixture_probe_load = NULL;
	return rc;
}

static const struct {
	const char *address, *plain;
} addresses[] = {
	{ "<a@b.example>", "a@b.example" },
	{ "<\"a b\"@B.example>", "a b@B.example" },
	{ "<\"a\\\"b\"@[192.0.2.1]>", "a\"b@[192.0.2.1]" },
	{ "<Postmaster>", "Postmaster" },
	{ "<>", "" },
};

static enum hl_verdict
look_at_addresses(struct hl_ctx *ctx)
{
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		const struct hl_addr *addr;

		EXPECT_INT(
		    hl_addr_parse(ctx, hl_text(addresses[i].address), &addr),
		    0);
		EXPECT_TEXT(hl_addr_plain(ctx, addr), addresses[i].plain);
	}
	return HL_DECLINED;
}

static void
test_plain(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, look_at_addresses);
}

static const struct {
	const char *field, *id;
} ids[] = {
	{ "Message-Id: <1@b.example>", "<1@b.example>" },
	{ "message-ID:1@b.example ", "<1@b.example>" },
	{ "Message-Id:\r\n\t<1@b.example>", "<1@b.example>" },
	{ "Message-Id: <1@b.example> x", "<>" },
	{ "Message-Id: <1@\xc3\xa4.example>", "<>" },
	{ "Message-Id:", "<>" },
	{ "Subject: x", "<>" },
};

static const char *want_id;

static enum hl_verdict
look_at_id(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_message_id(ctx), want_id);
	return HL_DECLINED;
}

static void
expect_id(const char *field, const char *id)
{
	char text[512];
	void *state;

	(void)set_up(&state);
	(void)snprintf(text, sizeof(text), "%s\r\n\r\n", field);
	want_id = id;
	fixture_message(state, text);
	fixture_hook(state, HOOK_QUEUE, look_at_id);
	(void)fixture_teardown(&state);
}

static void
test_message_id(void **state)
{
	char longest[] = "Message-Id: <" /* 200 octets */
			 "1234567890123456789012345678901234567890123456789"
			 "1234567890123456789012345678901234567890123456789"
			 "1234567890123456789012345678901234567890123456789"
			 "1234567890123456789012345678901234567890123456789ab>";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		expect_id(ids[i].field, ids[i].id);
	assert_int_equal(strlen(strchr(longest, '<')), 200);
	expect_id(longest, strchr(longest, '<'));
	*strchr(longest, ' ') = 'x';
	expect_id(longest, "<>");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_plain, set_up, fixture_teardown),
		cmocka_unit_test(test_message_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
