/* SPDX-License-Identifier: MIT */
/* mem.h - heap memory that is zeroed and never NULL.
 *
 * Real exhaustion of memory ends the process (docs/architecture.md, "Memory");
 * limits on what a client can make us allocate are the arena's business.
 */
#ifndef HOOKLINE_BASE_MEM_H
#define HOOKLINE_BASE_MEM_H

#include <stddef.h>

#include "check.h"
#include "slice.h"

void *mem_alloc(size_t size);               /* zeroed */
void *mem_array(size_t count, size_t size); /* zeroed; overflow checked */
/* Grows `old` (may be NULL) to `size`; what is new is not zeroed. */
void *mem_grow(void *old, size_t size);
char *mem_dup(struct slice text); /* NUL-terminated copy */
void mem_free(void *p);           /* NULL is fine */
/* Says so and ends the process; the master starts another worker. */
void mem_exhausted(void) NORETURN;
/* Overwrites a secret in a way that the compiler keeps. */
void secret_wipe(void *p, size_t size);

#endif
