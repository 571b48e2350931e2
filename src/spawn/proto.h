/* SPDX-License-Identifier: MIT */
/* proto.h - what a worker and the spawn helper say to each other.
 *
 * A worker connects to SPAWN_SOCKET in the state directory, once for each
 * program.  It is a socket that keeps message bounds:
 *
 *	worker -> helper   the words of argv, each with its NUL; with it two
 *	                   descriptors: standard input, standard output
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

#define SPAWN_SOCKET "spawn.sock"
#define SPAWN_REQUEST_MAX (128u * 1024) /* bytes */
#define SPAWN_FDS 2

/* Adds the words of `argv` (ends with NULL, has at least one).
 * Returns 0; -E2BIG more than SPAWN_REQUEST_MAX. */
int spawn_request_write(const char *const *argv, struct buf *ret) WARN_UNUSED;

/* Reads a request; `bytes` must stay as long as the words are used.
 * ret_argv  mem_free; ends with NULL
 * Returns 0; -EINVAL no words, or no NUL at the end. */
int spawn_request_read(
    const char *bytes, size_t n, const char ***ret_argv) WARN_UNUSED;

#endif
