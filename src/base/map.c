/* SPDX-License-Identifier: MIT */
/* map.c - hash table from text to a pointer.
 *
 * Entries stand in an array in the order of insertion.  Up to MAP_SMALL of
 * them are simply searched, which is faster than hashing and takes little
 * memory; above that, an index of twice as many slots holds entry numbers,
 * found by open addressing.
 *
 * A removed entry stays in the array with key NULL (and its slot goes on
 * pointing to it) until the array is full; then the table is built anew at
 * the size that the living need, so that replacing keys for ever neither
 * grows the map nor costs more than constant time for each change.
 *
 * Invariants: live <= used <= cap; slots is NULL or has 2 * cap elements,
 * cap a power of two, so that at least half of the slots are empty.
 */
#include "map.h"

#include <string.h>

#include "check.h"
#include "mem.h"

#define MAP_FIRST 4
#define MAP_SMALL 8
#define MAP_MAGIC 0x6d61704bu

struct entry {
	char *key; /* NULL: removed */
	uint32_t key_len;
	uint32_t hash; /* 0 while the map is small */
	void *value;
};

struct map {
	uint32_t magic;
	uint32_t live, used, cap;
	struct entry *entries;
	uint32_t *slots; /* 0: empty, else number of an entry + 1 */
	void (*free_value)(void *);
	size_t key_bytes;
};

struct map *
map_new(void (*free_value)(void *))
{
	struct map *map = mem_alloc(sizeof(*map));

	map->magic = MAP_MAGIC;
	map->free_value = free_value;
	return map;
}

void
map_free(struct map **map_ptr)
{
	struct map *map = *map_ptr;

	if (map == NULL)
		return;
	CHECK_OBJ(map, MAP_MAGIC);
	*map_ptr = NULL;
	for (uint32_t i = 0; i < map->used; i++) {
		if (map->entries[i].key == NULL)
			continue;
		mem_free(map->entries[i].key);
		if (map->free_value != NULL)
			map->free_value(map->entries[i].value);
	}
	mem_free(map->entries);
	mem_free(map->slots);
	map->magic = 0;
	mem_free(map);
}

static uint32_t
hash_key(struct slice key)
{
	return (uint32_t)hash_bytes(key.p, key.n);
}

static bool
entry_is(const struct entry *entry, struct slice key)
{
	return entry->key != NULL && entry->key_len == key.n &&
	       memcmp(entry->key, key.p != NULL ? key.p : "", key.n) == 0;
}

static struct entry *
find_small(const struct map *map, struct slice key)
{
	for (uint32_t i = 0; i < map->used; i++)
		if (entry_is(&map->entries[i], key))
			return &map->entries[i];
	return NULL;
}

static struct entry *
find_indexed(const struct map *map, struct slice key, uint32_t hash)
{
	uint32_t mask = map->cap * 2 - 1;

	for (uint32_t at = hash & mask; map->slots[at] != 0;
	     at = (at + 1) & mask) {
		struct entry *entry = &map->entries[map->slots[at] - 1];

		if (entry->hash == hash && entry_is(entry, key))
			return entry;
	}
	return NULL;
}

static struct entry *
find(const struct map *map, struct slice key)
{
	if (map->slots == NULL)
		return find_small(map, key);
	return find_indexed(map, key, hash_key(key));
}

static void
index_entry(struct map *map, uint32_t number)
{
	uint32_t mask = map->cap * 2 - 1;
	uint32_t at = map->entries[number].hash & mask;

	while (map->slots[at] != 0)
		at = (at + 1) & mask;
	map->slots[at] = number + 1;
}

static uint32_t
wanted_cap(uint32_t live)
{
	uint32_t cap = MAP_FIRST;

	CHECK(live < UINT32_MAX / 4);
	/* Room for as many changes again, before the next time. */
	while (cap < MAP_SMALL ? cap <= live : cap / 2 <= live)
		cap *= 2;
	return cap;
}

/* Only the living, in order, with room for more. */
static void
rebuild(struct map *map)
{
	uint32_t cap = wanted_cap(map->live);
	bool indexed = cap > MAP_SMALL;
	struct entry *entries = mem_array(cap, sizeof(*entries));
	uint32_t used = 0;

	for (uint32_t i = 0; i < map->used; i++) {
		if (map->entries[i].key == NULL)
			continue;
		entries[used] = map->entries[i];
		if (indexed && map->slots == NULL)
			entries[used].hash = hash_key((struct slice){
			    entries[used].key, entries[used].key_len });
		used++;
	}
	CHECK(used == map->live);
	mem_free(map->entries);
	mem_free(map->slots);
	map->entries = entries;
	map->used = used;
	map->cap = cap;
	map->slots = indexed ? mem_array(cap, 2 * sizeof(uint32_t)) : NULL;
	for (uint32_t i = 0; indexed && i < used; i++)
		index_entry(map, i);
}

void *
map_get(const struct map *map, struct slice key)
{
	struct entry *entry;

	if (map == NULL)
		return NULL;
	CHECK_OBJ(map, MAP_MAGIC);
	entry = find(map, key);
	return entry != NULL ? entry->value : NULL;
}

bool
map_has(const struct map *map, struct slice key)
{
	if (map == NULL)
		return false;
	CHECK_OBJ(map, MAP_MAGIC);
	return find(map, key) != NULL;
}

static void
add(struct map *map, struct slice key, void *value)
{
	struct entry *entry;

	CHECK(key.n < UINT32_MAX);
	if (map->used == map->cap)
		rebuild(map);
	entry = &map->entries[map->used];
	*entry = (struct entry){
		.key = mem_dup(key), .key_len = (uint32_t)key.n, .value = value
	};
	map->key_bytes += key.n + 1;
	map->live++;
	map->used++;
	if (map->slots != NULL) {
		entry->hash = hash_key(key);
		index_entry(map, map->used - 1);
	}
}

void
map_set(struct map *map, struct slice key, void *value)
{
	struct entry *entry;
	void *old;

	CHECK_OBJ(map, MAP_MAGIC);
	entry = find(map, key);
	if (entry == NULL) {
		add(map, key, value);
		return;
	}
	old = entry->value;
	entry->value = value;
	if (map->free_value != NULL && old != value)
		map->free_value(old);
}

bool
map_remove(struct map *map, struct slice key)
{
	struct entry *entry;
	void *value;

	CHECK_OBJ(map, MAP_MAGIC);
	entry = find(map, key);
	if (entry == NULL)
		return false;
	value = entry->value;
	map->key_bytes -= entry->key_len + (size_t)1;
	map->live--;
	mem_free(entry->key);
	entry->key = NULL;
	entry->value = NULL;
	/* `key` may have been the entry's own; it is gone from here on. */
	if (map->free_value != NULL)
		map->free_value(value);
	return true;
}

size_t
map_count(const struct map *map)
{
	if (map == NULL)
		return 0;
	CHECK_OBJ(map, MAP_MAGIC);
	return map->live;
}

size_t
map_memory(const struct map *map)
{
	size_t bytes;

	if (map == NULL)
		return 0;
	CHECK_OBJ(map, MAP_MAGIC);
	bytes = sizeof(*map) + map->key_bytes +
		(size_t)map->cap * sizeof(struct entry);
	if (map->slots != NULL)
		bytes += (size_t)map->cap * 2 * sizeof(uint32_t);
	return bytes;
}

bool
map_next(
    const struct map *map, size_t *cursor, hl_str *ret_key, void **ret_value)
{
	if (map == NULL)
		return false;
	CHECK_OBJ(map, MAP_MAGIC);
	while (*cursor < map->used) {
		const struct entry *entry = &map->entries[(*cursor)++];

		if (entry->key == NULL)
			continue;
		*ret_key = (hl_str){ entry->key, entry->key_len };
		*ret_value = entry->value;
		return true;
	}
	return false;
}
