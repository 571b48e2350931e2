/* SPDX-License-Identifier: MIT */
/* memfile.h - text that goes to another process as a file in memory. */
#ifndef HOOKLINE_PROC_MEMFILE_H
#define HOOKLINE_PROC_MEMFILE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/check.h"

/* Returns the descriptor, close-on-exec, its position at the start; or
 * negative errno.  `name` is seen in /proc only. */
int memfile_make(const char *name, struct slice text) WARN_UNUSED;

/* Adds all of it to `ret`, whatever its position.  `fd` stays open.
 * Returns 0; -EFBIG over `max` bytes; -ESPIPE and the like: it is no file. */
int memfile_read(int fd, size_t max, struct buf *ret) WARN_UNUSED;

#endif
