/* SPDX-License-Identifier: MIT */
/* landlock.h - gives up files, and TCP ports, beyond a list.
 *
 * Linux' Landlock, for the calling thread and those that it starts later.
 * What is open stays open.  Kernels differ in what they can forbid: what ours
 * cannot is left allowed.
 */
#ifndef HOOKLINE_PROC_LANDLOCK_H
#define HOOKLINE_PROC_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* Renames between directories are always refused before this version. */
#define LANDLOCK_LEAST_ABI 2

struct landlock_place {
	const char *path; /* a directory means all below; may not exist */
	bool may_write;
};

struct landlock_rules {
	const struct landlock_place *places;
	size_t place_count;
	const uint16_t *ports; /* that may be connected to; with any_port all */
	size_t port_count;
	bool any_port;
};

/* The version that the kernel has; -ENOSYS, -EOPNOTSUPP and the like: none. */
int landlock_abi(void);

/* Returns the version that holds now; -ENOSYS, -EOPNOTSUPP the kernel has
 * none, or none that is of use; another negative errno.  Then nothing has
 * changed. */
int landlock_apply(const struct landlock_rules *rules) WARN_UNUSED;

#endif
