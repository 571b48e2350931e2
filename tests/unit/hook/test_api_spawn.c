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

/* ---- inputs of several descriptors ---- */

static const struct hl_spawn_input *inputs;
static unsigned input_count;
static const char *variable;
static bool keep_errors;

static enum hl_verdict
run_inputs(struct hl_ctx *ctx)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const env[] = { variable, NULL };
	struct hl_spawn spawn = { .argv = argv,
		.env = env,
		.inputs = inputs,
		.input_count = input_count,
		.keep_errors = keep_errors,
		.output_max = output_max };
	hl_str output = HL_STR("as it was");

	got_status = hl_spawn(ctx, &spawn, &output);
	(void)snprintf(got_output, sizeof(got_output), "%s", output.p);
	return HL_DECLINED;
}

/* With a message of its own. */
static void
expect_inputs(
    struct fixture *f, const char *name, int status, const char *output)
{
	fixture_hook(f, HOOK_QUEUE, run_inputs);
	if (got_status != status || strcmp(got_output, output) != 0)
		fail_msg("%s: %d '%s'", name, got_status, got_output);
}

#define TEXT(text) HL_SPAWN_BYTES, text, sizeof(text) - 1

static const struct {
	const char *name, *script;
	struct hl_spawn_input inputs[4];
	unsigned count;
	const char *output;
} input_cases[] = {
	{ "one", "cat; ls /proc/self/fd | tr '\\n' ' '", { { 0, TEXT("a\n") } },
	    1, "a\n0 1 2 3 " },
	{ "none at 0", "cat; cat <&9", { { 9, TEXT("nine") } }, 1, "nine" },
	{ "in order, whatever is between", "cat; cat <&3; echo $HL_V",
	    { { 0, TEXT("a") }, { 3, TEXT("1\n") }, { 0, TEXT("b") },
		{ 0, TEXT("") } },
	    4, "ab1\na=b c\n" },
	{ "the message", "cat", { { 0, HL_SPAWN_MESSAGE, NULL, 0 } }, 1,
	    "X-New: 1\nA: b\n\n.c\n..\nd." },
	{ "with CRLF", "cat | tr '\\r' '!'",
	    { { 0, HL_SPAWN_MESSAGE_CRLF, NULL, 0 } }, 1,
	    "X-New: 1!\nA: b!\n!\n.c!\n..!\nd." },
	{ "between lines of SMTP", "cat",
	    { { 0, TEXT("DATA\n") }, { 0, HL_SPAWN_MESSAGE_DOTS, NULL, 0 },
		{ 0, TEXT(".\n") } },
	    3, "DATA\nX-New: 1\nA: b\n\n..c\n...\nd.\n.\n" },
	{ "as often as it is asked for", "cat; cat <&4",
	    { { 4, HL_SPAWN_MESSAGE, NULL, 0 },
		{ 0, HL_SPAWN_MESSAGE, NULL, 0 } },
	    2, "X-New: 1\nA: b\n\n.c\n..\nd.X-New: 1\nA: b\n\n.c\n..\nd." },
	{ "not read", "exec <&-; echo end",
	    { { 0, HL_SPAWN_MESSAGE, NULL, 0 } }, 1, "end\n" },
};

static enum hl_verdict
add_field(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_header_add_top(ctx, HL_STR("X-New"), HL_STR("1")), 0);
	return HL_DECLINED;
}

static void
with_message(struct fixture *f, const char *text)
{
	variable = "HL_V=a=b c";
	keep_errors = false;
	fixture_message(f, text);
	fixture_hook(f, HOOK_DATA_POST, add_field);
}

static void
test_inputs(void **state)
{
	with_message(*state, "A: b\r\n\r\n.c\r\n..\r\nd.");
	for (size_t i = 0; i < ARRAY_SIZE(input_cases); i++) {
		script = input_cases[i].script;
		inputs = input_cases[i].inputs;
		input_count = input_cases[i].count;
		expect_inputs(
		    *state, input_cases[i].name, 0, input_cases[i].output);
	}
}

/* As qmail-queue reads it; what is left for words is standard error. */
static void
test_input_on_output(void **state)
{
	static const struct hl_spawn_input two[] = {
		{ 0, HL_SPAWN_MESSAGE, NULL, 0 },
		{ 1, TEXT("Fa@b\0Tc@d\0\0") },
	};

	with_message(*state, "A: b\r\n\r\n");
	inputs = two;
	input_count = 2;
	keep_errors = true;
	script = "cat >&2; tr '\\0' '|' <&1 >&2; exit 31";
	expect_inputs(*state, "words", 31, "X-New: 1\nA: b\n\nFa@b|Tc@d||");
	keep_errors = false;
	expect_inputs(*state, "no words", -EINVAL, "as it was");
	output_max = 0;
	expect_inputs(*state, "none wanted", 31, "");
}

static void
test_keep_errors(void **state)
{
	static const struct hl_spawn_input one[] = { { 0, TEXT("a") } };

	with_message(*state, "A: b\r\n\r\n");
	inputs = one;
	input_count = 1;
	keep_errors = true;
	script = "cat; echo b >&2; echo c";
	expect_inputs(*state, "both", 0, "ab\nc\n");
}

/* What is too large for the memory is in the spool directory, without a
 * name. */
static void
test_large_input(void **state)
{
	static char many[300000];
	const struct hl_spawn_input three[] = {
		{ 0, HL_SPAWN_MESSAGE_DOTS, NULL, 0 },
		{ 0, HL_SPAWN_BYTES, many, sizeof(many) },
		{ 1, TEXT("small") },
	};
	struct fixture *f = *state;
	char want[256];

	with_message(f, "A: b\r\n\r\n.\r\n");
	inputs = three;
	input_count = 3;
	keep_errors = true;
	(void)snprintf(want, sizeof(want), "%s\n%s\n%zu\n", f->dir, f->dir,
	    sizeof(many) + strlen("X-New: 1\nA: b\n\n..\n"));
	script = "readlink /proc/$$/fd/0 /proc/$$/fd/1 | "
		 "sed 's,/[^/]*$,,' >&2; wc -c >&2";
	expect_inputs(f, "large", 0, want);
}

static enum hl_verdict
run_wrong_inputs(struct hl_ctx *ctx)
{
	const char *const argv[] = { "/bin/sh", "-c", "exit 0", NULL };
	const char *env[] = { "HL_A=b", "PATH=/tmp", NULL };
	struct hl_spawn_input many[HL_SPAWN_INPUTS_MAX + 1] = { 0 };
	struct hl_spawn spawn = { .argv = argv, .inputs = many };

	spawn.input_count = HL_SPAWN_INPUTS_MAX;
	EXPECT_INT(hl_spawn(ctx, &spawn, NULL), 0);
	spawn.input_count++;
	EXPECT_INT(hl_spawn(ctx, &spawn, NULL), -EINVAL);
	spawn.input_count = 1;
	spawn.input = "x";
	EXPECT_INT(hl_spawn(ctx, &spawn, NULL), -EINVAL);
	spawn.input = NULL;
	spawn.env = env;
	EXPECT_INT(hl_spawn(ctx, &spawn, NULL), -EINVAL);
	env[1] = NULL;
	EXPECT_INT(hl_spawn(ctx, &spawn, NULL), 0);
	many[0].fd = 2;
	EXPECT_INT(hl_spawn(ctx, &spawn, NULL), -EINVAL);
	many[0].fd = 10;
	EXPECT_INT(hl_spawn(ctx, &spawn, NULL), -EINVAL);
	many[0].fd = 0;
	/* There is none at connect. */
	many[0].what = HL_SPAWN_MESSAGE;
	EXPECT_INT(hl_spawn(ctx, &spawn, NULL), -EINVAL);
	return HL_DECLINED;
}

static void
test_wrong_inputs(void **state)
{
	fixture_hook(*state, HOOK_CONNECT, run_wrong_inputs);
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
		TEST(test_inputs),
		TEST(test_input_on_output),
		TEST(test_keep_errors),
		TEST(test_large_input),
		TEST(test_wrong_inputs),
		TEST(test_wrong),
		TEST(test_timeout),
		TEST(test_deadline),
		TEST(test_client_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
