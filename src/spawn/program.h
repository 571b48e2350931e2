/* SPDX-License-Identifier: MIT */
/* program.h - starts a program and tells how it ended.
 *
 * The program gets a session (and process group) of its own, default
 * signals, the directory "/" and a fixed environment; of descriptors those
 * that its plan names, and /dev/null as each of the three standard ones that
 * it does not.  No shell.  It is killed when the thread that started it dies;
 * what it has started itself is not, nor what has gained another user.
 */
#ifndef HOOKLINE_SPAWN_PROGRAM_H
#define HOOKLINE_SPAWN_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/check.h"

/* Descriptors 0 to 9, one digit each. */
#define PROGRAM_FDS_MAX 10
/* Variables of a plan have names that begin so: no other program or library
 * takes them for its own, as LD_PRELOAD would be. */
#define PROGRAM_ENV_PREFIX "HL_"

struct program_fd {
	int fd;          /* still the caller's */
	unsigned number; /* that it has in the program; each once */
};

struct program_plan {
	const char *const *argv; /* argv[0]: absolute path; ends with NULL */
	const char *const *env;  /* "HL_NAME=value", ends with NULL; NULL */
	struct program_fd fds[PROGRAM_FDS_MAX];
	size_t fd_count;
	bool may_gain; /* the set-user-ID bit of its file counts, but root's */
};

struct program {
	pid_t pid;
	int pidfd; /* readable when it has ended; close-on-exec */
};

/* "HL_", then capital letters, digits and '_', then '='? */
bool program_env_is_valid(const char *variable);

/* Returns 0 when the program runs; negative errno, as of execve: it does not.
 * Takes as long as execve does. */
int program_start(
    const struct program_plan *plan, struct program *ret) WARN_UNUSED;

/* Reaps it; the descriptor stays open.  Returns its exit status, or 128 + the
 * signal that ended it; -EAGAIN it has not ended; other negative errno:
 * nobody knows. */
int program_end(const struct program *program) WARN_UNUSED;

/* Its process group; before program_end has reaped it, so the number is
 * still its own.  0; -EPERM: it has made itself somebody else for good, which a
 * set-user-ID program can, and goes on. */
int program_kill(const struct program *program);

#endif
