/* SPDX-License-Identifier: MIT */
/* value.c - counted values of notes.
 *
 * Depth and memory are kept up to date while a container is built, so no
 * query walks the tree.  What does walk it (free, equal, JSON) recurses at
 * most VALUE_DEPTH_MAX deep: a container is frozen when it is put into
 * another one, so there are no cycles and depths never grow afterwards.
 * Lists and maps are arrays of entries; a map with more than a few of them
 * has an index.
 */
#include "value.h"

#include <errno.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

#define VALUE_MAGIC 0x56414c55u
/* A map with more entries than this has an index. */
#define VALUE_INDEX_OVER 8
/* What an entry of the index costs beside its key, about. */
#define VALUE_INDEX_BYTES 48

struct value_entry {
	hl_str key; /* of a map, owned; in a list {NULL, 0} */
	struct hl_value *item;
};

struct value_entries {
	struct value_entry *at;
	size_t count, room;
	struct map *index; /* key to number of the entry + 1, or NULL */
};

struct hl_value {
	uint32_t magic;
	unsigned refs;
	uint8_t kind;  /* enum hl_kind */
	uint8_t depth; /* at most so many containers inside each other */
	bool frozen;
	size_t memory; /* with everything below */
	union {
		hl_str text; /* the bytes follow the struct */
		int64_t number;
		struct value_entries entries;
	};
};

static struct hl_value *
value_new(enum hl_kind kind, size_t more)
{
	struct hl_value *value = mem_alloc(sizeof(*value) + more);

	value->magic = VALUE_MAGIC;
	value->refs = 1;
	value->kind = (uint8_t)kind;
	value->memory = sizeof(*value) + more;
	return value;
}

struct hl_value *
value_text(struct slice text)
{
	struct hl_value *value = value_new(HL_KIND_TEXT, text.n + 1);
	char *bytes = (char *)(value + 1);

	for (size_t i = 0; i < text.n; i++)
		bytes[i] = text.p[i] == '\0' ? ' ' : text.p[i];
	value->text = (hl_str){ bytes, text.n };
	value->frozen = true;
	return value;
}

struct hl_value *
value_int(int64_t number)
{
	struct hl_value *value = value_new(HL_KIND_INT, 0);

	value->number = number;
	value->frozen = true;
	return value;
}

struct hl_value *
value_list(void)
{
	struct hl_value *value = value_new(HL_KIND_LIST, 0);

	value->depth = 1;
	return value;
}

struct hl_value *
value_map(void)
{
	struct hl_value *value = value_new(HL_KIND_MAP, 0);

	value->depth = 1;
	return value;
}

static bool
is_container(const struct hl_value *value)
{
	return value->kind == HL_KIND_LIST || value->kind == HL_KIND_MAP;
}

struct hl_value *
value_ref(const struct hl_value *value)
{
	/* The counter is no part of what const promises. */
	struct hl_value *counted = (struct hl_value *)(uintptr_t)value;

	CHECK_OBJ(counted, VALUE_MAGIC);
	counted->refs++;
	return counted;
}

static void
entries_done(struct value_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		mem_free((char *)(uintptr_t)entries->at[i].key.p);
		value_unref(&entries->at[i].item);
	}
	map_free(&entries->index);
	mem_free(entries->at);
}

/* Recursion is bounded, see above. */
void
value_unref(struct hl_value **ref)
{
	struct hl_value *value = *ref;

	*ref = NULL;
	if (value == NULL)
		return;
	CHECK_OBJ(value, VALUE_MAGIC);
	CHECK(value->refs > 0);
	if (--value->refs > 0)
		return;
	if (is_container(value))
		entries_done(&value->entries);
	value->magic = 0;
	mem_free(value);
}

/* Why `item` must not go into `container`, or 0. */
static int
check_addition(const struct hl_value *container, enum hl_kind kind,
    const struct hl_value *item)
{
	if (item == NULL || container == NULL || container->kind != kind)
		return -EINVAL;
	CHECK_OBJ(container, VALUE_MAGIC);
	CHECK_OBJ(item, VALUE_MAGIC);
	if (container->frozen)
		return -EROFS;
	if (item == container || item->depth >= VALUE_DEPTH_MAX)
		return -ELOOP;
	return 0;
}

/* What changes in the container when `item` comes into it. */
static void
adopt(struct hl_value *container, struct hl_value *item)
{
	item->frozen = true;
	if (item->depth >= container->depth)
		container->depth = (uint8_t)(item->depth + 1);
	container->memory += item->memory;
}

static void
entry_add(struct hl_value *container, hl_str key, struct hl_value *item)
{
	struct value_entries *entries = &container->entries;
	struct value_entry *entry;

	if (entries->count == entries->room) {
		size_t room = entries->room == 0 ? 4 : entries->room * 2;

		entries->at = mem_grow(entries->at, room * sizeof(*entry));
		container->memory += (room - entries->room) * sizeof(*entry);
		entries->room = room;
	}
	adopt(container, item);
	entry = &entries->at[entries->count++];
	entry->key = key;
	entry->item = item;
}

int
value_append(struct hl_value *list, struct hl_value *item)
{
	int ret = check_addition(list, HL_KIND_LIST, item);

	if (ret < 0) {
		value_unref(&item);
		return ret;
	}
	entry_add(list, (hl_str){ NULL, 0 }, item);
	return 0;
}

static void
index_entry(struct hl_value *map, size_t i)
{
	hl_str key = map->entries.at[i].key;

	map_set(map->entries.index, slice_str(key), (void *)(uintptr_t)(i + 1));
	map->memory += key.n + VALUE_INDEX_BYTES;
}

/* After an addition: the index is made when it begins to pay. */
static void
update_index(struct hl_value *map)
{
	struct value_entries *entries = &map->entries;

	if (entries->index != NULL) {
		index_entry(map, entries->count - 1);
	} else if (entries->count > VALUE_INDEX_OVER) {
		entries->index = map_new(NULL);
		for (size_t i = 0; i < entries->count; i++)
			index_entry(map, i);
	}
}

static struct value_entry *
find_entry(const struct hl_value *map, struct slice key)
{
	const struct value_entries *entries = &map->entries;

	if (entries->index != NULL) {
		size_t number = (uintptr_t)map_get(entries->index, key);

		return number == 0 ? NULL : &entries->at[number - 1];
	}
	for (size_t i = 0; i < entries->count; i++) {
		if (slice_eq(slice_str(entries->at[i].key), key))
			return &entries->at[i];
	}
	return NULL;
}

int
value_put(struct hl_value *map, struct slice key, struct hl_value *item)
{
	int ret = check_addition(map, HL_KIND_MAP, item);
	struct value_entry *old;

	if (ret == 0 && slice_find(key, '\0') < key.n)
		ret = -EINVAL;
	if (ret < 0) {
		value_unref(&item);
		return ret;
	}
	old = find_entry(map, key);
	if (old != NULL) {
		map->memory -= old->item->memory;
		adopt(map, item);
		value_unref(&old->item);
		old->item = item;
		return 0;
	}
	entry_add(map, (hl_str){ mem_dup(key), key.n }, item);
	map->memory += key.n + 1;
	update_index(map);
	return 0;
}

void
value_freeze(struct hl_value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	value->frozen = true;
}

bool
value_is_frozen(const struct hl_value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	return value->frozen;
}

enum hl_kind
value_kind(const struct hl_value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	return (enum hl_kind)value->kind;
}

hl_str
value_as_text(const struct hl_value *value)
{
	if (value == NULL || value->kind != HL_KIND_TEXT)
		return STR_EMPTY;
	return value->text;
}

int64_t
value_as_int(const struct hl_value *value)
{
	int64_t number;

	if (value == NULL)
		return 0;
	if (value->kind == HL_KIND_INT)
		return value->number;
	if (value->kind != HL_KIND_TEXT ||
	    num_parse_i64(
		slice_str(value->text), INT64_MIN, INT64_MAX, &number) < 0)
		return 0;
	return number;
}

bool
value_is_true(const struct hl_value *value)
{
	if (value == NULL)
		return false;
	if (value->kind == HL_KIND_TEXT)
		return value->text.n > 0 && !str_eq_text(value->text, "0");
	return is_container(value) || value->number != 0;
}

size_t
value_count(const struct hl_value *value)
{
	if (value == NULL || !is_container(value))
		return 0;
	return value->entries.count;
}

struct hl_value *
value_at(const struct hl_value *value, size_t index)
{
	if (index >= value_count(value))
		return NULL;
	return value->entries.at[index].item;
}

hl_str
value_key_at(const struct hl_value *map, size_t index)
{
	if (index >= value_count(map) || map->kind != HL_KIND_MAP)
		return STR_EMPTY;
	return map->entries.at[index].key;
}

struct hl_value *
value_find(const struct hl_value *map, struct slice key)
{
	const struct value_entry *entry;

	if (map == NULL || map->kind != HL_KIND_MAP)
		return NULL;
	entry = find_entry(map, key);
	return entry == NULL ? NULL : entry->item;
}

size_t
value_memory(const struct hl_value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	return value->memory;
}

unsigned
value_depth(const struct hl_value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	return value->depth;
}

static bool
entries_equal(const struct hl_value *a, const struct hl_value *b)
{
	if (a->entries.count != b->entries.count)
		return false;
	for (size_t i = 0; i < a->entries.count; i++) {
		const struct value_entry *entry = &a->entries.at[i];
		const struct hl_value *other =
		    a->kind == HL_KIND_LIST
			? b->entries.at[i].item
			: value_find(b, slice_str(entry->key));

		if (!value_equal(entry->item, other))
			return false;
	}
	return true;
}

/* Recursion is bounded, see above. */
bool
value_equal(const struct hl_value *a, const struct hl_value *b)
{
	if (a == b)
		return true;
	if (a == NULL || b == NULL || a->kind != b->kind)
		return false;
	if (is_container(a))
		return entries_equal(a, b);
	if (a->kind == HL_KIND_TEXT)
		return str_eq(a->text, b->text);
	return a->number == b->number;
}
