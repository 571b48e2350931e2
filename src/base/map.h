/* SPDX-License-Identifier: MIT */
/* map.h - hash table from text to a pointer.
 *
 * Keys are copied; values belong to the caller unless `free_value` is given.
 * The hash is keyed with random bytes (SipHash-1-3), since clients choose
 * keys.  Iteration order is that of insertion.
 */
#ifndef HOOKLINE_BASE_MAP_H
#define HOOKLINE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"
#include "str.h"

struct map;

/* `free_value` may be NULL; it is called on replacement (by another
 * pointer), on removal and by map_free. */
struct map *map_new(void (*free_value)(void *));
void map_free(struct map **map); /* NULL is fine */
/* NULL when there is none.  `map` may be NULL. */
void *map_get(const struct map *map, struct slice key);
bool map_has(const struct map *map, struct slice key);
void map_set(struct map *map, struct slice key, void *value);
/* True when it was there.  `key` may be the key that map_next gave. */
bool map_remove(struct map *map, struct slice key);
size_t map_count(const struct map *map);
/* Heap bytes of table and keys, not of values.  `map` may be NULL, here and
 * in map_count and map_has. */
size_t map_memory(const struct map *map);
/* Walks: start with *cursor = 0; returns false at the end.  Meanwhile keys
 * may be removed and values replaced, but no key may be added.  *ret_key is
 * borrowed until its removal; a key that was set with a NUL in it has it
 * still.  `map` may be NULL. */
bool map_next(
    const struct map *map, size_t *cursor, hl_str *ret_key, void **ret_value);

/* The keyed hash itself, for other tables. */
uint64_t hash_bytes(const void *bytes, size_t n);

#endif
