/* SPDX-License-Identifier: MIT */
/* unit.h - cmocka with what it needs, and checks of our own.
 *
 * Programs register themselves in the meson.build of their folder; names of
 * table cases are printed when one fails.
 */
#ifndef HOOKLINE_TESTS_UNIT_H
#define HOOKLINE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/slice.h"

/* For tables: which case failed. */
#define UNIT_CASE(name, cond)                                   \
	do {                                                    \
		if (!(cond))                                    \
			fail_msg("case '%s': %s", name, #cond); \
	} while (0)

/* `what` is only for the message. */
static inline void
unit_slice_is(const char *what, struct slice got, const char *want)
{
	if (!slice_eq_text(got, want))
		fail_msg("%s: got '%.*s', want '%s'", what, (int)got.n,
		    got.n > 0 ? got.p : "", want);
}

/* True when fn() ends a child by SIGABRT after writing `want` (may be "") to
 * standard error: for CHECKs. */
static inline bool
unit_aborts(void (*fn)(void), const char *want)
{
	static const struct rlimit no_core = { 0, 0 };
	char text[2048];
	size_t len = 0;
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(fds[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	(void)close(fds[1]);
	while ((n = read(fds[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
	       strstr(text, want) != NULL;
}

#endif
