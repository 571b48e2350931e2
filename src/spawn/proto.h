/* SPDX-License-Identifier: MIT */
/* proto.h - what a worker and the spawn helper say to each other.
 *
 * A worker connects to SPAWN_SOCKET in the state directory, once for each
 * program.  It is a socket that keeps message bounds:
 *
 *	worker -> helper   words, each with its NUL: the numbers that the
 *	                   descriptors which come with it have in the program,
 *	                   a digit each; variables, "HL_NAME=value"; argv,
 *	                   which begins with an absolute path
 *	helper -> worker   an int: the exit status, 128 + signal, or a
 *	                   negative errno
 *
 * Then the helper closes.  A worker that shuts its side down, or is gone,
 * has the program killed; the helper closes when that has happened.  A
 * program of one that has done so before the helper reads is not started.
 */
#ifndef HOOKLINE_SPAWN_PROTO_H
#define HOOKLINE_SPAWN_PROTO_H

#include <stddef.h>

#include "base/buf.h"
#include "base/check.h"

#include "program.h"

#define SPAWN_SOCKET "spawn.sock"
#define SPAWN_REQUEST_MAX (128u * 1024) /* bytes */

/* Adds the plan (argv has at least one word, variables are valid).
 * Returns 0; -E2BIG more than SPAWN_REQUEST_MAX. */
int spawn_request_write(
    const struct program_plan *plan, struct buf *ret) WARN_UNUSED;

/* Reads a request; `bytes` must stay as long as the plan is used.
 * ret_plan   its descriptors have their numbers, and -1
 * ret_words  mem_free; where argv and env of the plan are
 * Returns 0; -EINVAL it is none. */
int spawn_request_read(const char *bytes, size_t n,
    struct program_plan *ret_plan, const char ***ret_words) WARN_UNUSED;

#endif
