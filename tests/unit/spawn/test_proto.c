/* SPDX-License-Identifier: MIT */
/* test_proto.c - requests to the spawn helper. */
#include "unit.h"

#include <errno.h>

#include "base/mem.h"
#include "spawn/proto.h"

static void
test_there_and_back(void **state)
{
	const char *const argv[] = { "/bin/x", "", "a b\n", NULL };
	struct buf bytes = BUF_INIT;
	const char **back;

	(void)state;
	assert_int_equal(spawn_request_write(argv, &bytes), 0);
	assert_int_equal(spawn_request_read(bytes.p, bytes.n, &back), 0);
	for (size_t i = 0; argv[i] != NULL; i++)
		assert_string_equal(back[i], argv[i]);
	assert_null(back[3]);
	mem_free(back);
	buf_done(&bytes);
}

static void
test_too_long(void **state)
{
	static char word[SPAWN_REQUEST_MAX];
	const char *const argv[] = { "/b", word, NULL };
	struct buf bytes = BUF_INIT;

	(void)state;
	memset(word, 'x', sizeof(word) - 4);
	assert_int_equal(spawn_request_write(argv, &bytes), 0);
	assert_int_equal(bytes.n, SPAWN_REQUEST_MAX);
	buf_clear(&bytes);
	word[sizeof(word) - 4] = 'x';
	assert_int_equal(spawn_request_write(argv, &bytes), -E2BIG);
	buf_done(&bytes);
}

static void
test_nonsense(void **state)
{
	const char **argv;

	(void)state;
	assert_int_equal(spawn_request_read("", 0, &argv), -EINVAL);
	assert_int_equal(spawn_request_read("/bin/x", 6, &argv), -EINVAL);
	assert_int_equal(spawn_request_read("/a\0b", 4, &argv), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
