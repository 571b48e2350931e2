/* SPDX-License-Identifier: MIT */
/* test_json.c - commas, brackets, escapes. */
#include "../unit.h"

#include "proc/json.h"

static void
test_document(void **state)
{
	struct buf buf = BUF_INIT;
	struct json json = { &buf, false };

	(void)state;
	json_open(&json, NULL, '{');
	json_text(&json, "a", "x");
	json_number(&json, "b", UINT64_MAX);
	json_open(&json, "c", '[');
	json_close(&json, ']');
	json_open(&json, "d", '[');
	json_number(&json, NULL, 1);
	json_open(&json, NULL, '{');
	json_close(&json, '}');
	json_text(&json, NULL, "");
	json_close(&json, ']');
	json_close(&json, '}');
	unit_slice_is("document", buf_slice(&buf),
	    "{\"a\":\"x\",\"b\":18446744073709551615,\"c\":[],"
	    "\"d\":[1,{},\"\"]}");
	buf_done(&buf);
}

static void
test_escapes(void **state)
{
	struct buf buf = BUF_INIT;
	struct json json = { &buf, false };

	(void)state;
	json_text(&json, NULL, "\"\\\n\t\x01\x7f/\xc3\xa4");
	unit_slice_is("escapes", buf_slice(&buf),
	    "\"\\\"\\\\\\n\\u0009\\u0001\\u007f/\xc3\xa4\"");
	buf_done(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_escapes),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
