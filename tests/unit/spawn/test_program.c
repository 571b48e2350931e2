/* SPDX-License-Identifier: MIT */
/* test_program.c - starting programs; what they run in is tested through
 * hl_spawn (hook/test_api_spawn.c). */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>

#include "spawn/program.h"

/* With those as its standard input (also as 3) and output. */
static int
start(const char *const *argv, int in, int out, struct program *ret)
{
	struct program_plan plan = { .argv = argv,
		.fds = { { in, 0 }, { out, 1 }, { in, 3 } },
		.fd_count = 3 };

	return program_start(&plan, ret);
}

static int
run_to_end(const struct program *program)
{
	struct pollfd end = { .fd = program->pidfd, .events = POLLIN };
	int status;

	assert_int_equal(poll(&end, 1, -1), 1);
	status = program_end(program);
	(void)close(program->pidfd);
	return status;
}

static void
test_status(void **state)
{
	const char *argv[] = { "/bin/sh", "-c", "exit 3", NULL };
	struct program program;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(start(argv, null, null, &program), 0);
	assert_int_equal(run_to_end(&program), 3);
	argv[2] = "kill -KILL $$";
	assert_int_equal(start(argv, null, null, &program), 0);
	assert_int_equal(run_to_end(&program), 128 + SIGKILL);
	(void)close(null);
}

static void
test_kill(void **state)
{
	const char *argv[] = { "/bin/sleep", "1000", NULL };
	struct program program;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(start(argv, null, null, &program), 0);
	assert_int_equal(program_end(&program), -EAGAIN);
	assert_int_equal(program_kill(&program), 0);
	assert_int_equal(run_to_end(&program), 128 + SIGKILL);
	(void)close(null);
}

static void
test_failures(void **state)
{
	const char *argv[] = { "/nonexistent", NULL };
	struct program program;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(start(argv, null, null, &program), -ENOENT);
	argv[0] = "/etc/passwd";
	assert_int_equal(start(argv, null, null, &program), -EACCES);
	argv[0] = "/bin/true";
	assert_int_equal(start(argv, -1, null, &program), -EBADF);
	/* None is left to be reaped. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	(void)close(null);
}

/* Whoever started us has closed standard input and output: the pipes have
 * their numbers. */
static void
test_low_numbers(void **state)
{
	const char *argv[] = { "/bin/cat", NULL };
	struct program program;
	int saved_in = dup(0), saved_out = dup(1), in[2], out[2], rc;
	char byte = 0;

	(void)state;
	(void)close(0);
	(void)close(1);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0); /* 0 and 1 */
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	rc = start(argv, in[0], out[1], &program);
	(void)close(in[0]);
	(void)close(out[1]);
	(void)!write(in[1], "x", 1);
	(void)close(in[1]);
	(void)!read(out[0], &byte, 1);
	(void)close(out[0]);
	(void)dup2(saved_in, 0);
	(void)dup2(saved_out, 1);
	(void)close(saved_in);
	(void)close(saved_out);
	assert_int_equal(rc, 0);
	assert_int_equal(byte, 'x');
	assert_int_equal(run_to_end(&program), 0);
}

/* The input is 0 and 3, both at one place in it, and there is no other. */
static void
test_descriptors(void **state)
{
	const char *argv[] = { "/bin/sh", "-c",
		"read a && read b <&3 && echo $b $a && ls /proc/self/fd",
		NULL };
	struct program program;
	int in = memfd_create("in", MFD_CLOEXEC), out[2];
	char text[64] = "";
	size_t n = 0;
	ssize_t got;

	(void)state;
	assert_int_equal(pwrite(in, "one\ntwo\n", 8, 0), 8);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(start(argv, in, out[1], &program), 0);
	(void)close(out[1]);
	while ((got = read(out[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	/* 4 is the directory that ls reads. */
	assert_string_equal(text, "two one\n0\n1\n2\n3\n4\n");
	assert_int_equal(run_to_end(&program), 0);
	(void)close(in);
	(void)close(out[0]);
}

static void
read_all(int fd, char *text, size_t room)
{
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, text + n, room - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	(void)close(fd);
}

/* Each where the plan says, also where another one was. */
static void
test_plan(void **state)
{
	const char *argv[] = { "/bin/sh", "-c",
		"read a; read b <&1; read c <&9; echo $a $b $c $HL_A >&2; "
		"ls /proc/self/fd >&2",
		NULL };
	const char *env[] = { "HL_A=x y", NULL };
	struct program_plan plan = { .argv = argv, .env = env };
	struct program program;
	int in[3], out[2];
	char text[64];

	(void)state;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	for (size_t i = 0; i < 3; i++) {
		in[i] = memfd_create("in", MFD_CLOEXEC);
		assert_int_equal(pwrite(in[i], &"1\n2\n3\n"[2 * i], 2, 0), 2);
	}
	plan.fds[0] = (struct program_fd){ in[1], 1 };
	plan.fds[1] = (struct program_fd){ in[2], 9 };
	plan.fds[2] = (struct program_fd){ in[0], 0 };
	plan.fds[3] = (struct program_fd){ out[1], 2 };
	plan.fd_count = 4;
	assert_int_equal(program_start(&plan, &program), 0);
	for (size_t i = 0; i < 3; i++)
		(void)close(in[i]);
	(void)close(out[1]);
	read_all(out[0], text, sizeof(text));
	assert_string_equal(text, "1 2 3 x y\n0\n1\n2\n3\n9\n");
	assert_int_equal(run_to_end(&program), 0);
}

static void
test_no_descriptors(void **state)
{
	const char *argv[] = { "/bin/sh", "-c",
		"test $(ls /proc/self/fd | wc -l) = 4 && ! read a && "
		"grep -q '^NoNewPrivs:.1' /proc/self/status",
		NULL };
	struct program_plan plan = { .argv = argv };
	struct program program;

	(void)state;
	assert_int_equal(program_start(&plan, &program), 0);
	assert_int_equal(run_to_end(&program), 0);
	plan.may_gain = true;
	assert_int_equal(program_start(&plan, &program), 0);
	assert_int_equal(run_to_end(&program), 1);
}

static void
test_env(void **state)
{
	(void)state;
	assert_true(program_env_is_valid("HL_A=b"));
	assert_true(program_env_is_valid("HL_="));
	assert_true(program_env_is_valid("HL_A_0Z==\n"));
	assert_false(program_env_is_valid(""));
	assert_false(program_env_is_valid("HL_"));
	assert_false(program_env_is_valid("HL_a=b"));
	assert_false(program_env_is_valid("XHL_A=b"));
	assert_false(program_env_is_valid("LD_PRELOAD=/tmp/x"));
}

/* It does not outlive who started it. */
static void
test_parent_dies(void **state)
{
	const char *argv[] = { "/bin/sleep", "1000", NULL };
	struct program program;
	int fds[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t parent;
	char byte;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		/* The pipe is its standard output, open until it ends. */
		_exit(start(argv, null, fds[1], &program) != 0);
	}
	(void)close(fds[1]);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	(void)close(fds[0]);
	(void)close(null);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_low_numbers),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_env),
		cmocka_unit_test(test_parent_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
