/* SPDX-License-Identifier: MIT */
/* arena.c - memory that ends all at once.
 *
 * A list of blocks, newest first; the newest one is being filled.  A request
 * that no block can hold, or for which too much of the newest one would be
 * given up, gets a block of its own behind it.
 * A reset keeps one ordinary block, so that the next command of a session
 * takes no memory from the heap.
 *
 * With a sanitizer (or ARENA_ALONE) each request has a block of its own, so
 * that overruns and uses after the end are found.
 *
 * UNSAFE: hands out parts of blocks.  Invariant: block->used <= block->size,
 * and block->size bytes follow the block's head.
 */
#include "arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arena_private.h"
#include "mem.h"
#include "num.h"

/* For what is smaller than this, no type needs more than 8. */
#define ALIGN_LARGE 16
#define ALIGN_SMALL 8

struct arena_block {
	struct arena_block *next;
	uint32_t used; /* of a block of its own: its size, at most */
	uint32_t size; /* 0: a block of its own, never filled further */
};

static_assert(
    sizeof(struct arena_block) == ALIGN_LARGE, "a block's bytes begin aligned");

struct arena_deferred {
	struct arena_deferred *next;
	void (*fn)(void *);
	void *arg;
};

void
arena_init(struct arena *arena, unsigned block_size, size_t cap)
{
	*arena = (struct arena){ .block_size = block_size, .cap = cap };
	CHECK(block_size >= 2 * sizeof(struct arena_block));
}

static void
run_deferred(struct arena *arena)
{
	while (arena->deferred != NULL) {
		struct arena_deferred *last = arena->deferred;

		arena->deferred = last->next;
		last->fn(last->arg);
	}
}

static void
free_blocks(struct arena *arena, struct arena_block *keep)
{
	struct arena_block *block = arena->blocks;

	while (block != NULL) {
		struct arena_block *next = block->next;

		if (block != keep)
			mem_free(block);
		block = next;
	}
	arena->blocks = keep;
	arena->used = 0;
	arena->overflow = false;
}

void
arena_done(struct arena *arena)
{
	run_deferred(arena);
	free_blocks(arena, NULL);
}

void
arena_reset(struct arena *arena)
{
	struct arena_block *keep;

	run_deferred(arena);
	keep = arena->blocks;
	while (keep != NULL && keep->size == 0)
		keep = keep->next;
	free_blocks(arena, keep);
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
	}
}

void
arena_wipe(struct arena *arena)
{
	run_deferred(arena);
	for (struct arena_block *block = arena->blocks; block != NULL;
	     block = block->next)
		secret_wipe(block + 1, block->used);
	arena_reset(arena);
}

/* Counts `size` bytes; not the gaps of alignment, so that the same requests
 * cost the same in every build. */
static void
account(struct arena *arena, size_t size)
{
	if (!num_add(arena->used, size, &arena->used))
		arena->used = SIZE_MAX;
	if (arena->cap != 0 && arena->used > arena->cap)
		arena->overflow = true;
}

/* Behind the newest, which goes on being filled. */
static void *
take_alone(struct arena *arena, size_t size)
{
	struct arena_block *block;
	size_t total;

	if (!num_add(size, sizeof(*block), &total))
		mem_exhausted();
	block = mem_alloc(total);
	block->used = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	if (arena->blocks == NULL) {
		arena->blocks = block;
	} else {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	}
	return block + 1;
}

/* Whether a new block for `size` would waste much of the newest one. */
static bool
is_better_alone(const struct arena *arena, size_t size, size_t room)
{
	const struct arena_block *newest = arena->blocks;

	if (ARENA_ALONE || size > room)
		return true;
	return newest != NULL && size > room / 4 &&
	       newest->size - newest->used > room / 4;
}

/* The slow way: the newest block has no room. Zeroed. */
static void *
take_more(struct arena *arena, size_t size)
{
	size_t room = arena->block_size - sizeof(struct arena_block);
	struct arena_block *block;

	if (is_better_alone(arena, size, room))
		return take_alone(arena, size);
	block = mem_alloc(arena->block_size);
	block->next = arena->blocks;
	block->size = (uint32_t)room;
	block->used = (uint32_t)size;
	arena->blocks = block;
	return block + 1;
}

/* Not zeroed when it comes from a block in use. */
static void *
take(struct arena *arena, size_t size, size_t align, bool *ret_zeroed)
{
	struct arena_block *block = arena->blocks;

	account(arena, size);
	*ret_zeroed = false;
	if (block != NULL) {
		size_t at = (block->used + align - 1) & ~(align - 1);

		if (at <= block->size && size <= block->size - at) {
			block->used = (uint32_t)(at + size);
			return (char *)(block + 1) + at;
		}
	}
	*ret_zeroed = true;
	return take_more(arena, size);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	bool zeroed;
	void *p;

	if (size == 0)
		size = 1;
	p = take(arena, size, size < ALIGN_LARGE ? ALIGN_SMALL : ALIGN_LARGE,
	    &zeroed);
	return zeroed ? p : memset(p, 0, size);
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (!num_mul(count, size, &total))
		mem_exhausted();
	return arena_alloc(arena, total);
}

/* Room for `n` bytes of text and the NUL, which is set. */
static char *
take_text(struct arena *arena, size_t n)
{
	bool zeroed;
	char *p;

	p = take(arena, n < SIZE_MAX ? n + 1 : n, 1, &zeroed);
	p[n] = '\0';
	return p;
}

static hl_str
without_nul(char *p, size_t n)
{
	char *nul = p;

	while ((nul = memchr(nul, '\0', n - (size_t)(nul - p))) != NULL)
		*nul++ = ' ';
	return (hl_str){ p, n };
}

hl_str
arena_str(struct arena *arena, struct slice text)
{
	char *p;

	if (text.n == 0)
		return STR_EMPTY;
	p = take_text(arena, text.n);
	memcpy(p, text.p, text.n);
	return without_nul(p, text.n);
}

hl_str
arena_vprintf(struct arena *arena, const char *fmt, va_list args)
{
	char first[256];
	va_list again;
	hl_str text;
	char *p;
	int n;

	va_copy(again, args);
	n = vsnprintf(first, sizeof(first), fmt, args);
	CHECK(n >= 0);
	if ((size_t)n < sizeof(first)) {
		text = arena_str(arena, (struct slice){ first, (size_t)n });
	} else {
		p = take_text(arena, (size_t)n);
		(void)vsnprintf(p, (size_t)n + 1, fmt, again);
		text = without_nul(p, (size_t)n);
	}
	va_end(again);
	return text;
}

hl_str
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	hl_str text;

	va_start(args, fmt);
	text = arena_vprintf(arena, fmt, args);
	va_end(args);
	return text;
}

void
arena_defer(struct arena *arena, void (*fn)(void *), void *arg)
{
	struct arena_deferred *last = arena_alloc(arena, sizeof(*last));

	*last = (struct arena_deferred){ arena->deferred, fn, arg };
	arena->deferred = last;
}
