/* SPDX-License-Identifier: MIT */
/* test_proto.c - requests to the spawn helper. */
#include "unit.h"

#include <errno.h>

#include "base/mem.h"
#include "spawn/proto.h"

static void
expect_words(const char *const *got, const char *const *want)
{
	for (; *want != NULL; got++, want++)
		assert_string_equal(*got, *want);
	assert_null(*got);
}

static void
test_there_and_back(void **state)
{
	const char *const argv[] = { "/bin/x", "", "a b\n", "HL_A=c", NULL };
	const char *const env[] = { "HL_A=b", "HL_Z=", NULL };
	struct program_plan plan = { .argv = argv,
		.env = env,
		.fds = { { 50, 3 }, { 51, 0 } },
		.fd_count = 2 };
	struct buf bytes = BUF_INIT;
	struct program_plan back;
	const char **words;

	(void)state;
	assert_int_equal(spawn_request_write(&plan, &bytes), 0);
	assert_int_equal(
	    spawn_request_read(bytes.p, bytes.n, &back, &words), 0);
	expect_words(back.argv, argv);
	expect_words(back.env, env);
	assert_int_equal(back.fd_count, 2);
	assert_int_equal(back.fds[0].number, 3);
	assert_int_equal(back.fds[1].number, 0);
	assert_int_equal(back.fds[1].fd, -1);
	assert_false(back.may_gain);
	mem_free(words);
	buf_done(&bytes);
}

static void
test_argv_alone(void **state)
{
	const char *const argv[] = { "/", NULL };
	struct program_plan plan = { .argv = argv }, back;
	struct buf bytes = BUF_INIT;
	const char **words;

	(void)state;
	assert_int_equal(spawn_request_write(&plan, &bytes), 0);
	assert_int_equal(
	    spawn_request_read(bytes.p, bytes.n, &back, &words), 0);
	expect_words(back.argv, argv);
	assert_null(back.env[0]);
	assert_int_equal(back.fd_count, 0);
	mem_free(words);
	buf_done(&bytes);
}

static void
test_too_long(void **state)
{
	static char word[SPAWN_REQUEST_MAX];
	const char *const argv[] = { "/b", word, NULL };
	struct program_plan plan = { .argv = argv };
	struct buf bytes = BUF_INIT;

	(void)state;
	memset(word, 'x', sizeof(word) - 5);
	assert_int_equal(spawn_request_write(&plan, &bytes), 0);
	assert_int_equal(bytes.n, SPAWN_REQUEST_MAX);
	buf_clear(&bytes);
	word[sizeof(word) - 5] = 'x';
	assert_int_equal(spawn_request_write(&plan, &bytes), -E2BIG);
	buf_done(&bytes);
}

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *name, *bytes;
	size_t n;
} nonsense[] = {
	{ "nothing", BYTES("") },
	{ "no end", BYTES("01\0/bin/x") },
	{ "no argv", BYTES("01\0") },
	{ "variables alone", BYTES("01\0HL_A=b\0") },
	{ "no numbers", BYTES("/bin/x\0") },
	{ "a number twice", BYTES("010\0/bin/x\0") },
	{ "no number", BYTES("0:\0/bin/x\0") },
	{ "no absolute path", BYTES("0\0bin/x\0") },
	{ "another variable", BYTES("0\0LD_PRELOAD=/x\0/bin/x\0") },
	{ "it comes later", BYTES("0\0HL_A=b\0PATH=/x\0/bin/x\0") },
};

static void
test_nonsense(void **state)
{
	struct program_plan plan;
	const char **words;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++)
		if (spawn_request_read(nonsense[i].bytes, nonsense[i].n, &plan,
			&words) != -EINVAL)
			fail_msg("case '%s'", nonsense[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_argv_alone),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
