/* SPDX-License-Identifier: MIT */
/* test_needs.c - what a plugin declares, and what it may do then. */
#include "engine_fixture.h"

#include <errno.h>
#include <fcntl.h>

#include "hook/needs.h"

static int
declare(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_need_read(ctx, HL_STR("/etc/a")), 0);
	EXPECT_INT(hl_need_read(ctx, HL_STR("/var/in/")), 0);
	EXPECT_INT(hl_need_write(ctx, HL_STR("/var/out/")), 0);
	EXPECT_INT(hl_need_write(ctx, HL_STR("/var/one")), 0);
	EXPECT_INT(hl_need_exec(ctx, HL_STR("/bin/true")), 0);
	EXPECT_INT(hl_need_exec_setuid(ctx, HL_STR("/bin/su")), 0);
	EXPECT_INT(hl_need_connect(ctx, HL_STR("192.0.2.1:25")), 0);
	EXPECT_INT(hl_need_connect(ctx, HL_STR("unix:/run/x")), 0);
	EXPECT_INT(hl_need_read(ctx, HL_STR("")), -EINVAL);
	EXPECT_INT(hl_need_write(ctx, HL_STR("/var/../etc/")), -EINVAL);
	return 0;
}

static const struct {
	const char *name;
	enum need_kind kind;
	const char *what;
	bool may;
} cases[] = {
	{ "the file itself", NEED_READ, "/etc/a", true },
	{ "a longer name", NEED_READ, "/etc/ab", false },
	{ "below a file", NEED_READ, "/etc/a/b", false },
	{ "a shorter name", NEED_READ, "/etc", false },
	{ "read only", NEED_WRITE, "/etc/a", false },
	{ "not to run", NEED_EXEC, "/etc/a", false },
	{ "below a directory", NEED_READ, "/var/in/x", true },
	{ "deep below it", NEED_READ, "/var/in/x/y/z", true },
	{ "the directory", NEED_READ, "/var/in", true },
	{ "the directory with its slash", NEED_READ, "/var/in/", true },
	{ "beside the directory", NEED_READ, "/var/in2", false },
	{ "up and away", NEED_READ, "/var/in/../../etc/shadow", false },
	{ "up at the end", NEED_READ, "/var/in/..", false },
	{ "dots in a name", NEED_READ, "/var/in/..x", true },
	{ "writable", NEED_WRITE, "/var/out/new/1", true },
	{ "read back", NEED_READ, "/var/out/new/1", true },
	{ "one file", NEED_WRITE, "/var/one", true },
	{ "not beside it", NEED_WRITE, "/var/one.tmp", false },
	{ "empty", NEED_READ, "", false },
	{ "the program", NEED_EXEC, "/bin/true", true },
	{ "another program", NEED_EXEC, "/bin/false", false },
	{ "as whom its file says", NEED_EXEC_SETUID, "/bin/su", true },
	{ "run at all", NEED_EXEC, "/bin/su", true },
	{ "not as whom", NEED_EXEC_SETUID, "/bin/true", false },
	{ "the address", NEED_CONNECT, "192.0.2.1:25", true },
	{ "another port", NEED_CONNECT, "192.0.2.1:2525", false },
	{ "the socket", NEED_CONNECT, "unix:/run/x", true },
	{ "another socket", NEED_CONNECT, "unix:/run/xy", false },
};

static void
test_cases(void **state)
{
	struct fixture *f = *state;

	fixture_probe_load = declare;
	assert_int_equal(fixture_load(f, "", NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (plugin_may(f->engine->plugins[0], cases[i].kind,
			str_of(cases[i].what)) != cases[i].may)
			fail_msg("case '%s'", cases[i].name);
	}
}

static int
declare_any(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_need_connect(ctx, HL_STR("*")), 0);
	EXPECT_INT(hl_need_read(ctx, HL_STR("/")), 0);
	return 0;
}

static void
test_any(void **state)
{
	struct fixture *f = *state;
	const struct plugin *plugin;

	fixture_probe_load = declare_any;
	assert_int_equal(fixture_load(f, "", NULL), 0);
	plugin = f->engine->plugins[0];
	assert_true(plugin_may(plugin, NEED_CONNECT, STR_LIT("a.example:1")));
	assert_true(plugin_may(plugin, NEED_READ, STR_LIT("/etc/passwd")));
	assert_false(plugin_may(plugin, NEED_WRITE, STR_LIT("/etc/passwd")));
	assert_false(plugin_may(plugin, NEED_EXEC, STR_LIT("*")));
}

static enum hl_verdict
use_undeclared(struct hl_ctx *ctx)
{
	struct hl_file *file;

	EXPECT_INT(need_check(ctx, NEED_READ, HL_STR("/etc/passwd")), -EACCES);
	EXPECT_INT(need_check(ctx, NEED_READ, HL_STR("/etc/group")), -EACCES);
	EXPECT_INT(
	    need_check(ctx, NEED_CONNECT, HL_STR("192.0.2.1:1")), -EACCES);
	EXPECT_INT(hl_file_open(ctx, HL_STR("/etc/passwd"), O_RDONLY, 0, &file),
	    -EACCES);
	/* Too late for that. */
	EXPECT_INT(hl_need_read(ctx, HL_STR("/etc/passwd")), -EINVAL);
	return HL_DECLINED;
}

static unsigned
count(const struct buf *log, const char *word)
{
	const char *at = log->p;
	unsigned n = 0;

	while (at != NULL && (at = strstr(at, word)) != NULL) {
		n++;
		at++;
	}
	return n;
}

/* One line of each kind, with the plugin, the hook and what to do. */
static void
test_undeclared_use_is_logged_once(void **state)
{
	struct fixture *f = *state;

	fixture_probe_load = NULL;
	for (int i = 0; i < 3; i++)
		fixture_hook(f, HOOK_CONNECT, use_undeclared);
	assert_int_equal(count(&f->log, "event=undeclared"), 2);
	assert_int_equal(count(&f->log, "plugin=probe hook=connect "
					"event=undeclared type=read "
					"value=/etc/passwd"),
	    1);
	assert_int_equal(count(&f->log, "hl_need_connect"), 1);
	assert_int_equal(count(&f->log, "error "), 2);
}

#define T(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_cases),
		T(test_any),
		T(test_undeclared_use_is_logged_once),
	};

	return cmocka_run_group_tests_name("hook/needs", tests, NULL, NULL);
}
