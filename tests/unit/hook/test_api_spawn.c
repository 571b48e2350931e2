/* SPDX-License-Identifier: MIT */
/* test_api_spawn.c - programs that plugins run. */
#include "engine_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *script; /* for /bin/sh -c */
static const char *input;
static size_t output_max;
static uint64_t timeout_ms;

static int got_status;
static char got_output[8192];

static int
declare(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_need_exec(ctx, HL_STR("/bin/sh")), 0);
	EXPECT_INT(hl_need_exec(ctx, HL_STR("/nonexistent/program")), 0);
	EXPECT_INT(hl_need_exec(ctx, HL_STR("/etc/passwd")), 0);
	return 0;
}

static int
setup(void **state)
{
	fixture_probe_load = declare;
	input = NULL;
	output_max = 4096;
	timeout_ms = 0;
	return fixture_setup(state);
}

static int
teardown(void **state)
{
	fixture_probe_load = NULL;
	return fixture_teardown(state);
}

static enum hl_verdict
run(struct hl_ctx *ctx)
{
	const char *const argv[] = { "/bin/sh", "-c", script, "sh", "a b", "$x",
		NULL };
	struct hl_spawn spawn = { .argv = argv,
		.input = input,
		.input_size = input != NULL ? strlen(input) : 0,
		.output_max = output_max,
		.timeout_ms = timeout_ms };
	hl_str output = HL_STR("as it was");

	got_status = hl_spawn(ctx, &spawn, &output);
	(void)snprintf(got_output, sizeof(got_output), "%s", output.p);
	return HL_DECLINED;
}

/* ---- what it runs in ---- */

static const struct {
	const char *name;
	const char *script;
	const char *input;
	size_t output_max;
	int status;
	const char *output;
} programs[] = {
	{ "status", "exit 7", NULL, 100, 7, "" },
	{ "signal", "kill -TERM $$", NULL, 100, 128 + SIGTERM, "" },
	{ "output", "echo hello; echo there", NULL, 100, 0, "hello\nthere\n" },
	{ "output is cut", "echo 123456789", NULL, 4, 0, "1234" },
	{ "no output wanted", "echo lost", NULL, 0, 0, "" },
	{ "input", "cat", "some\nbytes", 100, 0, "some\nbytes" },
	{ "no input", "cat; echo end", NULL, 100, 0, "end\n" },
	{ "words, no shell in between", "echo \"$1:$2\"", NULL, 100, 0,
	    "a b:$x\n" },
	{ "environment", "env | grep -v ^_= | grep -v ^PWD= | sort", NULL, 100,
	    0, "LANG=C\nPATH=/usr/bin:/bin\n" },
	{ "directory", "pwd", NULL, 100, 0, "/\n" },
	{ "errors are not seen", "echo oops >&2", NULL, 100, 0, "" },
	{ "no other descriptors", "ls /proc/self/fd | tr '\\n' ' '", NULL, 100,
	    0, "0 1 2 3 4 " }, /* 3: the input again; 4 is what ls reads */
	{ "a session of its own",
	    "test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo yes", NULL, 100,
	    0, "yes\n" },
	/* The C library's own, 32 and 33, apart. */
	{ "signals as they are by default",
	    "grep -Ec '^Sig(Blk|Ign):.0{7}[01][08]0{7}' /proc/self/status",
	    NULL, 100, 0, "2\n" },
};

static void
test_programs(void **state)
{
	struct fixture *f = *state;
	int fd = open("/dev/null", O_RDONLY); /* without close-on-exec */

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		script = programs[i].script;
		input = programs[i].input;
		output_max = programs[i].output_max;
		fixture_hook(f, HOOK_CONNECT, run);
		if (got_status != programs[i].status ||
		    strcmp(got_output, programs[i].output) != 0)
			fail_msg("case '%s': %d '%s'", programs[i].name,
			    got_status, got_output);
	}
	(void)close(fd);
	/* All were reaped. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* More than a pipe holds, both ways at once. */
static void
test_much(void **state)
{
	static char many[300000];

	memset(many, 'x', sizeof(many) - 1);
	input = many;
	script = "cat; echo >&2 done";
	output_max = sizeof(got_output) - 1;
	fixture_hook(*state, HOOK_CONNECT, run);
	assert_int_equal(got_status, 0);
	assert_int_equal(strlen(got_output), sizeof(got_output) - 1);
}

/* What a program leaves behind does not keep its caller waiting. */
static void
test_left_behind(void **state)
{
	int pid;

	script = "sleep 1000 & echo $!";
	fixture_hook(*state, HOOK_CONNECT, run);
	assert_int_equal(got_status, 0);
	assert_int_equal(sscanf(got_output, "%d", &pid), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
}

/* ---- what goes wrong ---- */

static enum hl_verdict
run_wrong(struct hl_ctx *ctx)
{
	const char *argv[] = { "/nonexistent/program", NULL };
	struct hl_spawn spawn = { .argv = argv, .output_max = 10 };
	hl_str output = HL_STR("as it was");

	EXPECT_INT(hl_spawn(ctx, &spawn, &output), -ENOENT);
	argv[0] = "/etc/passwd";
	EXPECT_INT(hl_spawn(ctx, &spawn, &output), -EACCES);
	argv[0] = "/bin/cat";
	EXPECT_INT(hl_spawn(ctx, &spawn, &output), -EACCES);
	EXPECT(strstr(CONTAINER_OF(ctx->conv, struct fixture, conv)->log.p,
		   "hl_need_exec") != NULL);
	argv[0] = "sh";
	EXPECT_INT(hl_spawn(ctx, &spawn, &output), -EINVAL);
	argv[0] = NULL;
	EXPECT_INT(hl_spawn(ctx, &spawn, &output), -EINVAL);
	spawn.argv = NULL;
	EXPECT_INT(hl_spawn(ctx, &spawn, &output), -EINVAL);
	EXPECT_TEXT(output, "as it was");
	return HL_DECLINED;
}

static void
test_wrong(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, run_wrong);
}

/* Waits until the program has written its number and its child's, and the
 * fiber waits for its end: the first park was for its start. */
static void
wait_for_pids(struct fixture *f, int pids[2])
{
	FILE *file = NULL;
	int n = 0;

	while (n < 2 || f->parks < 2) {
		(void)uv_run(rt_loop(f->rt), UV_RUN_NOWAIT);
		file = fopen(fixture_path(f, "pids"), "r");
		if (file == NULL)
			continue;
		n = fscanf(file, "%d %d", &pids[0], &pids[1]);
		(void)fclose(file);
	}
}

static void
expect_killed(struct fixture *f, const int pids[2])
{
	siginfo_t info;

	/* Reaped by the loop, although nobody waits for it any more. */
	while (waitid(P_PID, (id_t)pids[0], &info,
		   WEXITED | WNOHANG | WNOWAIT) == 0)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
	assert_int_equal(errno, ECHILD);
	/* The grandchild is init's now, or a zombie of ours. */
	while (kill(pids[1], 0) == 0) {
		char path[64], state = 'Z';
		FILE *file;

		(void)snprintf(path, sizeof(path), "/proc/%d/stat", pids[1]);
		file = fopen(path, "r");
		if (file != NULL) {
			if (fscanf(file, "%*d %*s %c", &state) != 1)
				state = 'X';
			(void)fclose(file);
		}
		if (state == 'Z' || state == 'X')
			break;
	}
}

static char sleeper[256];

static void
begin_sleeper(struct fixture *f, int pids[2])
{
	(void)snprintf(sleeper, sizeof(sleeper),
	    "sleep 1000 & echo $$ $! > %s; wait", fixture_path(f, "pids"));
	script = sleeper;
	fixture_begin(f, HOOK_CONNECT, run);
	wait_for_pids(f, pids);
}

static void
test_timeout(void **state)
{
	struct fixture *f = *state;
	int pids[2];

	timeout_ms = 5000;
	begin_sleeper(f, pids);
	fixture_pass_ms(f, 4999);
	assert_false(f->is_done);
	fixture_pass_ms(f, 2);
	fixture_end(f);
	assert_int_equal(got_status, -ETIME);
	assert_string_equal(got_output, "as it was");
	expect_killed(f, pids);
}

static void
test_deadline(void **state)
{
	struct fixture *f = *state;
	int pids[2];

	assert_int_equal(fixture_load(f, "hl.timeout=3", NULL), 0);
	begin_sleeper(f, pids);
	fixture_pass_ms(f, 3001);
	fixture_end(f);
	assert_int_equal(got_status, -ETIMEDOUT);
	expect_killed(f, pids);
}

static void
test_client_gone(void **state)
{
	struct fixture *f = *state;
	int pids[2];

	begin_sleeper(f, pids);
	fixture_cancel(f);
	fixture_end(f);
	assert_int_equal(got_status, -ECANCELED);
	expect_killed(f, pids);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_programs),
		TEST(test_much),
		TEST(test_left_behind),
		TEST(test_wrong),
		TEST(test_timeout),
		TEST(test_deadline),
		TEST(test_client_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
