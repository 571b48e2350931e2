/* SPDX-License-Identifier: MIT */
/* program.h - starts a program and tells how it ended.
 *
 * The program gets a session (and process group) of its own, default
 * signals, the directory "/" and a fixed environment; of descriptors its
 * three standard ones, and its input once more as number 3, where programs
 * with the interface of checkpassword read it.  No shell.  It is killed when the thread that started
 * it dies; what it has started itself is not.
 */
#ifndef HOOKLINE_SPAWN_PROGRAM_H
#define HOOKLINE_SPAWN_PROGRAM_H

#include <sys/types.h>

#include "base/check.h"

#define PROGRAM_INPUT_AGAIN 3

struct program {
	pid_t pid;
	int pidfd; /* readable when it has ended; close-on-exec */
};

/* argv        argv[0] is the absolute path; ends with NULL
 * in, out     its standard input and output; still the caller's
 * Returns 0 when the program runs; negative errno, as of execve: it does not.
 * Takes as long as execve does. */
int program_start(
    const char *const *argv, int in, int out, struct program *ret) WARN_UNUSED;

/* Reaps it; the descriptor stays open.  Returns its exit status, or 128 + the
 * signal that ended it; -EAGAIN it has not ended; other negative errno:
 * nobody knows. */
int program_end(const struct program *program) WARN_UNUSED;

/* Its process group; before program_end has reaped it, so the number is
 * still its own. */
void program_kill(const struct program *program);

#endif
