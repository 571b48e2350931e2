/* SPDX-License-Identifier: MIT */
/* arena.h - memory that ends all at once.
 *
 * Allocations are zeroed and never fail with NULL.  An arena has a cap; when
 * an allocation goes over it, the arena still returns memory but sets a
 * sticky flag, and the owner answers 452 4.3.1 at its next step
 * (docs/architecture.md, "Memory").  Under AddressSanitizer each allocation is
 * its own malloc block.
 */
#ifndef HOOKLINE_BASE_ARENA_H
#define HOOKLINE_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "check.h"
#include "slice.h"
#include "str.h"

struct arena_block;
struct arena_deferred;

/* Embedded by value in its owner; fields are private to arena.c. */
struct arena {
	struct arena_block *blocks;
	struct arena_deferred *deferred;
	size_t used; /* bytes handed out since init or reset */
	size_t cap;  /* 0: no cap */
	unsigned block_size;
	bool overflow;
};

/* `block_size` is the size of the first and of each further block; no memory
 * is taken before the first allocation. */
void arena_init(struct arena *arena, unsigned block_size, size_t cap);
/* Runs the deferred functions, last first, and frees everything. */
void arena_done(struct arena *arena);
/* As arena_done, but keeps one block for the next use; clears `overflow`. */
void arena_reset(struct arena *arena);

/* As arena_reset, and overwrites what was handed out since the last one. */
void arena_wipe(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);
/* Copies; NULs inside become spaces: a hl_str has none. */
hl_str arena_str(struct arena *arena, struct slice text);
hl_str arena_printf(struct arena *arena, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
hl_str arena_vprintf(struct arena *arena, const char *fmt, va_list args)
    PRINTF_LIKE(2, 0);
/* Calls fn(arg) when the arena is reset or done. */
void arena_defer(struct arena *arena, void (*fn)(void *), void *arg);

/* True once an allocation went over the cap. */
static inline bool
arena_is_over(const struct arena *arena)
{
	return arena->overflow;
}

#endif
