/* SPDX-License-Identifier: MIT */
/* value.c - counted values of notes.
 *
 * Depth and memory are kept up to date while a container is built, so no
 * query walks the tree.  What does walk it (free, equal, JSON) recurses at
 * most VALUE_DEPTH_MAX deep: a container is frozen when it is put into
 * another one, so there are no cycles and depths never grow afterwards.
 */
#include "value.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

#define VALUE_MAGIC 0x56414c55u
/* What an entry of a map costs beside its key, about. */
#define VALUE_ENTRY_BYTES 48

struct value_items {
	struct value **at;
	size_t count, room;
};

struct value {
	uint32_t magic;
	unsigned refs;
	uint8_t type;  /* enum value_type */
	uint8_t depth; /* containers inside each other, itself included */
	bool frozen;
	size_t memory; /* with everything below */
	union {
		hl_str text; /* the bytes follow the struct */
		int64_t number;
		struct value_items list;
		struct map *map; /* to struct value * */
	};
};

static struct value *
value_new(enum value_type type, size_t more)
{
	struct value *value = mem_alloc(sizeof(*value) + more);

	value->magic = VALUE_MAGIC;
	value->refs = 1;
	value->type = (uint8_t)type;
	value->memory = sizeof(*value) + more;
	return value;
}

struct value *
value_text(struct slice text)
{
	struct value *value = value_new(VALUE_TEXT, text.n + 1);
	char *bytes = (char *)(value + 1);

	for (size_t i = 0; i < text.n; i++)
		bytes[i] = text.p[i] == '\0' ? ' ' : text.p[i];
	value->text = (hl_str){ bytes, text.n };
	value->frozen = true;
	return value;
}

struct value *
value_int(int64_t number)
{
	struct value *value = value_new(VALUE_INT, 0);

	value->number = number;
	value->frozen = true;
	return value;
}

struct value *
value_list(void)
{
	struct value *value = value_new(VALUE_LIST, 0);

	value->depth = 1;
	return value;
}

static void
unref_item(void *item)
{
	struct value *value = item;

	value_unref(&value);
}

struct value *
value_map(void)
{
	struct value *value = value_new(VALUE_MAP, 0);

	value->depth = 1;
	value->map = map_new(unref_item);
	return value;
}

struct value *
value_ref(struct value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	value->refs++;
	return value;
}

/* Recursion is bounded, see above. */
void
value_unref(struct value **ref)
{
	struct value *value = *ref;

	*ref = NULL;
	if (value == NULL)
		return;
	CHECK_OBJ(value, VALUE_MAGIC);
	CHECK(value->refs > 0);
	if (--value->refs > 0)
		return;
	if (value->type == VALUE_LIST) {
		for (size_t i = 0; i < value->list.count; i++)
			value_unref(&value->list.at[i]);
		mem_free(value->list.at);
	} else if (value->type == VALUE_MAP) {
		map_free(&value->map);
	}
	value->magic = 0;
	mem_free(value);
}

/* Why `item` must not go into `container`, or 0. */
static int
check_addition(const struct value *container, enum value_type type,
    const struct value *item)
{
	if (item == NULL || container == NULL || container->type != type)
		return -EINVAL;
	CHECK_OBJ(container, VALUE_MAGIC);
	CHECK_OBJ(item, VALUE_MAGIC);
	if (container->frozen)
		return -EROFS;
	if (item == container || item->depth >= VALUE_DEPTH_MAX)
		return -ELOOP;
	return 0;
}

static void
adopt(struct value *container, struct value *item)
{
	item->frozen = true;
	if (item->depth >= container->depth)
		container->depth = (uint8_t)(item->depth + 1);
	container->memory += item->memory;
}

static void
items_grow(struct value *list)
{
	struct value_items *items = &list->list;
	size_t room = items->room == 0 ? 4 : items->room * 2;

	items->at = mem_grow(items->at, room * sizeof(items->at[0]));
	list->memory += (room - items->room) * sizeof(items->at[0]);
	items->room = room;
}

int
value_append(struct value *list, struct value *item)
{
	int ret = check_addition(list, VALUE_LIST, item);

	if (ret < 0) {
		value_unref(&item);
		return ret;
	}
	if (list->list.count == list->list.room)
		items_grow(list);
	adopt(list, item);
	list->list.at[list->list.count++] = item;
	return 0;
}

int
value_put(struct value *map, struct slice key, struct value *item)
{
	int ret = check_addition(map, VALUE_MAP, item);
	struct value *old;

	if (ret < 0) {
		value_unref(&item);
		return ret;
	}
	old = map_get(map->map, key);
	if (old != NULL)
		map->memory -= old->memory;
	else
		map->memory += key.n + VALUE_ENTRY_BYTES;
	adopt(map, item);
	map_set(map->map, key, item);
	return 0;
}

void
value_freeze(struct value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	value->frozen = true;
}

bool
value_is_frozen(const struct value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	return value->frozen;
}

enum value_type
value_type(const struct value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	return (enum value_type)value->type;
}

hl_str
value_as_text(const struct value *value)
{
	if (value == NULL || value->type != VALUE_TEXT)
		return STR_EMPTY;
	return value->text;
}

int64_t
value_as_int(const struct value *value)
{
	int64_t number;

	if (value == NULL)
		return 0;
	if (value->type == VALUE_INT)
		return value->number;
	if (value->type != VALUE_TEXT || num_parse_i64(slice_str(value->text),
					     INT64_MIN, INT64_MAX, &number) < 0)
		return 0;
	return number;
}

bool
value_is_true(const struct value *value)
{
	if (value == NULL)
		return false;
	switch ((enum value_type)value->type) {
	case VALUE_TEXT:
		return value->text.n > 0 && !str_eq_text(value->text, "0");
	case VALUE_INT:
		return value->number != 0;
	case VALUE_LIST:
	case VALUE_MAP:
		return true;
	}
	UNREACHABLE();
}

size_t
value_count(const struct value *value)
{
	if (value == NULL)
		return 0;
	if (value->type == VALUE_LIST)
		return value->list.count;
	return value->type == VALUE_MAP ? map_count(value->map) : 0;
}

struct value *
value_at(const struct value *list, size_t index)
{
	if (list == NULL || list->type != VALUE_LIST ||
	    index >= list->list.count)
		return NULL;
	return list->list.at[index];
}

struct value *
value_get(const struct value *map, struct slice key)
{
	if (map == NULL || map->type != VALUE_MAP)
		return NULL;
	return map_get(map->map, key);
}

bool
value_next(const struct value *map, size_t *cursor, hl_str *ret_key,
    struct value **ret_item)
{
	void *item;

	if (map == NULL || map->type != VALUE_MAP ||
	    !map_next(map->map, cursor, ret_key, &item))
		return false;
	*ret_item = item;
	return true;
}

size_t
value_memory(const struct value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	return value->memory;
}

unsigned
value_depth(const struct value *value)
{
	CHECK_OBJ(value, VALUE_MAGIC);
	return value->depth;
}

static bool
list_equal(const struct value_items *a, const struct value_items *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!value_equal(a->at[i], b->at[i]))
			return false;
	}
	return true;
}

static bool
map_equal(const struct map *a, const struct map *b)
{
	size_t cursor = 0;
	hl_str key;
	void *item;

	if (map_count(a) != map_count(b))
		return false;
	while (map_next(a, &cursor, &key, &item)) {
		if (!value_equal(item, map_get(b, slice_str(key))))
			return false;
	}
	return true;
}

/* Recursion is bounded, see above. */
bool
value_equal(const struct value *a, const struct value *b)
{
	if (a == b)
		return true;
	if (a == NULL || b == NULL || a->type != b->type ||
	    a->depth != b->depth)
		return false;
	switch ((enum value_type)a->type) {
	case VALUE_TEXT:
		return str_eq(a->text, b->text);
	case VALUE_INT:
		return a->number == b->number;
	case VALUE_LIST:
		return list_equal(&a->list, &b->list);
	case VALUE_MAP:
		return map_equal(a->map, b->map);
	}
	UNREACHABLE();
}
