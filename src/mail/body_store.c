/* SPDX-License-Identifier: MIT */
/* body_store.c - what the bodies of a worker share: blocks of memory. */
#include "body_private.h"

#include <errno.h>

#include "base/mem.h"

#define STORE_MAGIC 0x424f5354u

/* So many blocks are kept for their next use (8 MiB).  A sanitizer build
 * keeps none, so that a use after the end is found. */
#if defined(__SANITIZE_ADDRESS__)
#define STORE_KEEP 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define STORE_KEEP 0
#endif
#endif
#ifndef STORE_KEEP
#define STORE_KEEP 512
#endif

void
body_store_init(
    struct body_store *store, const char *spool_dir, size_t body_memory)
{
	*store = (struct body_store){
		.magic = STORE_MAGIC,
		.spool_dir = mem_dup(slice_of(spool_dir)),
		.memory = { .cap = body_memory },
		.free_max = STORE_KEEP,
		.io = &body_io_fiber,
	};
}

void
body_store_done(struct body_store *store)
{
	CHECK_OBJ(store, STORE_MAGIC);
	CHECK(store->memory.used == 0);
	body_store_trim(store, 0);
	mem_free(store->spool_dir);
	*store = (struct body_store){ 0 };
}

void
body_store_set_io(struct body_store *store, const struct body_io *io)
{
	CHECK_OBJ(store, STORE_MAGIC);
	store->io = io == NULL ? &body_io_fiber : io;
}

void
body_store_trim(struct body_store *store, size_t keep_bytes)
{
	while (store->free_count > 0 &&
	       (size_t)store->free_count * BODY_BLOCK_SIZE > keep_bytes) {
		struct body_block *block = store->free;

		store->free = block->next;
		store->free_count--;
		mem_free(block);
	}
}

struct body_block *
body_store__take(struct body_store *store)
{
	struct body_block *block = store->free;

	memory_account_force(&store->memory, BODY_BLOCK_SIZE);
	if (block == NULL)
		return mem_grow(NULL, sizeof(*block));
	store->free = block->next;
	store->free_count--;
	return block;
}

void
body_store__give(struct body_store *store, struct body_block *block)
{
	memory_account_give(&store->memory, BODY_BLOCK_SIZE);
	if (store->free_count >= store->free_max) {
		mem_free(block);
		return;
	}
	block->next = store->free;
	store->free = block;
	store->free_count++;
}
