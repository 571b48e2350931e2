/* SPDX-License-Identifier: MIT */
/* test_auth_checkpassword.c - auth/auth_checkpassword with programs of the
 * test's. */
#include "auth_test.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "hook/spawn_run.h"

static char program[96];

/* A script with this body; descriptor 3 has the credentials. */
static void
write_program(const char *body)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);
	fixture_write(f, "checkpw", text);
	(void)snprintf(
	    program, sizeof(program), "%s", fixture_path(f, "checkpw"));
	assert_int_equal(chmod(program, 0700), 0);
}

static void
load(const char *body)
{
	char words[256];

	write_program(body);
	(void)snprintf(words, sizeof(words),
	    "checkpw %s true /bin/true timeout 5s", program);
	assert_int_equal(plugin_load(words), 0);
}

static void
test_right(void **state)
{
	char *body = NULL;

	(void)state;
	/* Runs what it was told to when the three words are as they must be. */
	assert_true(
	    asprintf(&body,
		"tr '\\0' '\\n' <&3 >%s.heard\n"
		"printf '%%s\\n' tim '" PASSWORD "' Y123456 |\n"
		"  cmp -s - %s.heard && exec \"$@\"\nexit 1",
		fixture_path(f, "checkpw"), fixture_path(f, "checkpw")) > 0);
	load(body);
	free(body);
	assert_int_equal(auth_run(), COLUMN_OK);
	attempt.clear = STR_LIT("Pencil");
	assert_int_equal(auth_run(), COLUMN_NONE);
	/* An argument of a shell's would be one of the system's. */
	attempt.user = STR_LIT("$(touch /tmp/no)");
	assert_int_equal(auth_run(), COLUMN_NONE);
}

static const struct {
	const char *label, *body, *why;
} failures[] = {
	{ "misused", "exit 2", "checkpw ended with 2" },
	{ "temporary", "exit 111", "checkpw ended with 111" },
	{ "killed", "kill -KILL $$", "checkpw ended with 137" },
};

static void
test_failures(void **state)
{
	(void)state;
	load("exit 0");
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		write_program(failures[i].body);
		(void)auth_run();
		auth_was_unavailable(failures[i].label, failures[i].why);
	}
	assert_int_equal(unlink(program), 0);
	(void)auth_run();
	auth_was_unavailable("missing", "No such file or directory");
	write_program("exit 0");
	assert_int_equal(auth_run(), COLUMN_OK);
}

static void
test_hangs(void **state)
{
	(void)state;
	load("exec sleep 1000");
	auth_prepare();
	fixture_begin(f, HOOK_AUTH_PLAIN, NULL);
	while (spawn_running(f->engine->spawn) == 0)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
	turn(f->rt);
	fixture_pass_ms(f, 5001);
	fixture_end(f);
	auth_was_unavailable("hangs", "Timer expired");
}

static void
test_file(void **state)
{
	char line[256];

	(void)state;
	write_program("test \"$1\" = /bin/true");
	(void)snprintf(line, sizeof(line), "%s  /bin/true\n", program);
	fixture_write(f, "smtpauth-checkpassword", line);
	assert_int_equal(plugin_load(""), 0);
	assert_int_equal(auth_run(), COLUMN_OK);
}

static void
test_faults(void **state)
{
	(void)state;
	plugin_load_fails("", "needs the arguments checkpw and true");
	plugin_load_fails("checkpw /bin/x", "checkpw and true stand together");
	fixture_write(f, "smtpauth-checkpassword", "/bin/checkpw\n");
	plugin_load_fails("", "two absolute paths are needed");
	fixture_write(f, "smtpauth-checkpassword", "checkpw /bin/true\n");
	plugin_load_fails("", "two absolute paths are needed");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		AUTH_TEST(test_right),
		AUTH_TEST(test_failures),
		AUTH_TEST(test_hangs),
		AUTH_TEST(test_file),
		AUTH_TEST(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
