/* SPDX-License-Identifier: MIT */
/* conf_sieve.c - which of many expressions can fit a text?
 *
 * Open addressing over "grams", runs of 8, 4 or 2 bytes; the expressions of
 * one gram are a chain.
 */
#include "conf_sieve.h"

#include "base/check.h"
#include "base/map.h"
#include "base/mem.h"

static const unsigned sizes[] = { 8, 4, 2 };

struct gram {
	uint64_t bytes; /* the last of them lowest */
	uint64_t size;
};

struct slot {
	struct gram gram;
	uint32_t first; /* id + 1; 0: free */
	uint32_t count;
};

struct conf_sieve {
	struct slot *slots;
	size_t mask, used;
	uint32_t *next; /* of an id: the next one + 1 of its gram */
	size_t count, room;
	bool has_size[ARRAY_SIZE(sizes)];
	uint64_t work;
};

struct conf_sieve *
conf_sieve_new(void)
{
	struct conf_sieve *sieve = mem_alloc(sizeof(*sieve));

	sieve->slots = mem_array(8, sizeof(sieve->slots[0]));
	sieve->mask = 7;
	return sieve;
}

void
conf_sieve_free(struct conf_sieve **sieve)
{
	if (*sieve != NULL) {
		mem_free((*sieve)->slots);
		mem_free((*sieve)->next);
	}
	mem_free(*sieve);
	*sieve = NULL;
}

/* The slot that has `gram`, or the free one where it would be. */
static struct slot *
find_slot(struct conf_sieve *sieve, const struct gram *gram)
{
	size_t at = (size_t)hash_bytes(gram, sizeof(*gram)) & sieve->mask;

	for (;;) {
		struct slot *slot = &sieve->slots[at];

		sieve->work++;
		if (slot->first == 0 || (slot->gram.bytes == gram->bytes &&
					    slot->gram.size == gram->size))
			return slot;
		at = (at + 1) & sieve->mask;
	}
}

static void
grow(struct conf_sieve *sieve)
{
	struct slot *old = sieve->slots;
	size_t count = sieve->mask + 1;

	if (2 * (sieve->used + 1) <= count)
		return;
	sieve->slots = mem_array(2 * count, sizeof(old[0]));
	sieve->mask = 2 * count - 1;
	for (size_t i = 0; i < count; i++)
		if (old[i].first != 0)
			*find_slot(sieve, &old[i].gram) = old[i];
	mem_free(old);
}

/* The gram of this size that ends at `at`, from the one that ended before. */
static uint64_t
next_gram(uint64_t bytes, unsigned size, char c)
{
	uint64_t keep = size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;

	return (bytes << 8 | (unsigned char)c) & keep;
}

/* The slot of the gram of the literal that fewest others have. */
static struct slot *
choose(struct conf_sieve *sieve, struct slice literal, struct gram *ret)
{
	struct gram gram = { 0, ret->size };
	struct slot *best = NULL;

	for (size_t i = 0; i < literal.n; i++) {
		struct slot *slot;

		gram.bytes =
		    next_gram(gram.bytes, (unsigned)gram.size, literal.p[i]);
		if (i + 1 < gram.size)
			continue;
		slot = find_slot(sieve, &gram);
		if (best != NULL && slot->count >= best->count)
			continue;
		best = slot;
		*ret = gram;
		if (slot->count == 0)
			break;
	}
	return best;
}

static size_t
add_id(struct conf_sieve *sieve)
{
	CHECK(sieve->count < UINT32_MAX - 1);
	if (sieve->count == sieve->room) {
		sieve->room = sieve->room > 0 ? 2 * sieve->room : 16;
		sieve->next =
		    mem_grow(sieve->next, sieve->room * sizeof(sieve->next[0]));
	}
	sieve->next[sieve->count] = 0;
	return sieve->count++;
}

bool
conf_sieve_add(struct conf_sieve *sieve, struct slice literal)
{
	size_t id = add_id(sieve);
	unsigned i = 0;
	struct gram gram;
	struct slot *slot;

	while (i < ARRAY_SIZE(sizes) && literal.n < sizes[i])
		i++;
	if (i == ARRAY_SIZE(sizes))
		return false;
	grow(sieve);
	sieve->has_size[i] = true;
	gram.size = sizes[i];
	slot = choose(sieve, literal, &gram);
	CHECK(slot != NULL);
	if (slot->first == 0)
		sieve->used++;
	sieve->next[id] = slot->first;
	slot->gram = gram;
	slot->first = (uint32_t)id + 1;
	slot->count++;
	return true;
}

static void
find_size(struct conf_sieve *sieve, struct slice text, unsigned size,
    void (*fn)(void *arg, size_t id), void *arg)
{
	struct gram gram = { 0, size };

	for (size_t i = 0; i < text.n; i++) {
		uint32_t id;

		gram.bytes =
		    next_gram(gram.bytes, size, ascii_lower(text.p[i]));
		if (i + 1 < size)
			continue;
		id = find_slot(sieve, &gram)->first;
		for (; id != 0; id = sieve->next[id - 1])
			fn(arg, id - 1);
	}
}

void
conf_sieve_find(struct conf_sieve *sieve, struct slice text,
    void (*fn)(void *arg, size_t id), void *arg)
{
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sieve->has_size[i])
			find_size(sieve, text, sizes[i], fn, arg);
}

uint64_t
conf_sieve_work(const struct conf_sieve *sieve)
{
	return sieve->work;
}
