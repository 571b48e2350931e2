/* SPDX-License-Identifier: MIT */
/* conf_index.c - from a text to the first line that has it, ignoring case. */
#include "conf_index.h"

#include "base/check.h"
#include "base/map.h"
#include "base/mem.h"

struct conf_index_slot {
	uint32_t tag;  /* upper half of the hash */
	uint32_t line; /* + 1; 0: free */
};

/* In pieces, since a line may be long. */
static uint64_t
hash_lower(struct slice text)
{
	uint64_t hash = 0;
	char piece[256];

	do {
		size_t n = text.n < sizeof(piece) ? text.n : sizeof(piece);

		for (size_t i = 0; i < n; i++)
			piece[i] = ascii_lower(text.p[i]);
		hash = hash * 31 + hash_bytes(piece, n);
		text = slice_from(text, n);
	} while (text.n > 0);
	return hash;
}

/* The slot that has `text`, or the free one where it would be. */
static struct conf_index_slot *
find_slot(struct conf_index *index, struct slice text, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	size_t at = (size_t)hash & index->mask;

	for (;;) {
		struct conf_index_slot *slot = &index->slots[at];

		index->work++;
		if (slot->line == 0)
			return slot;
		if (slot->tag == tag &&
		    slice_caseeq(index->key(index->arg, slot->line - 1), text))
			return slot;
		at = (at + 1) & index->mask;
	}
}

/* Large tables do not fit the caches: slots are fetched ahead, since a
 * version of 100,000 lines is made while other sessions wait. */
#define AHEAD 16

static void
add_lines(struct conf_index *index, const uint64_t *hashes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct conf_index_slot *slot;

		if (i + AHEAD < count)
			__builtin_prefetch(
			    &index->slots[hashes[i + AHEAD] & index->mask]);
		slot = find_slot(index, index->key(index->arg, i), hashes[i]);
		if (slot->line == 0)
			*slot = (struct conf_index_slot){
				(uint32_t)(hashes[i] >> 32), (uint32_t)i + 1
			};
	}
}

void
conf_index_build(struct conf_index *index, size_t count, conf_index_key_fn *key,
    const void *arg)
{
	size_t size = 8;
	uint64_t *hashes;

	CHECK(count < UINT32_MAX / 4);
	while (size < 2 * count)
		size *= 2;
	*index = (struct conf_index){
		.slots = mem_array(size, sizeof(index->slots[0])),
		.mask = size - 1,
		.key = key,
		.arg = arg,
	};
	hashes = mem_array(count, sizeof(hashes[0]));
	for (size_t i = 0; i < count; i++)
		hashes[i] = hash_lower(key(arg, i));
	add_lines(index, hashes, count);
	mem_free(hashes);
	index->work = 0;
}

void
conf_index_done(struct conf_index *index)
{
	mem_free(index->slots);
	*index = (struct conf_index){ .slots = NULL };
}

bool
conf_index_find(struct conf_index *index, struct slice text, size_t *ret_line)
{
	const struct conf_index_slot *slot =
	    find_slot(index, text, hash_lower(text));

	if (slot->line == 0)
		return false;
	*ret_line = slot->line - 1;
	return true;
}
