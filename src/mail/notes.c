/* SPDX-License-Identifier: MIT */
/* notes.c - tables of notes. */
#include "notes.h"

#include <errno.h>

#include "base/map.h"
#include "base/mem.h"

#include "memory.h"
#include "value.h"

#define NOTES_KEY_MAX 1024
/* What an entry of the table costs beside key and value, about. */
#define NOTES_ENTRY_BYTES 64

struct notes {
	struct memory_account *account;
	struct map *map; /* to struct hl_value *, one reference each */
};

static size_t
entry_bytes(size_t key_n, const struct hl_value *value)
{
	return key_n + NOTES_ENTRY_BYTES + value_memory(value);
}

static void
unref_value(void *arg)
{
	struct hl_value *value = arg;

	value_unref(&value);
}

static struct notes *
notes_new(struct memory_account *account)
{
	struct notes *notes = mem_alloc(sizeof(*notes));

	notes->account = account;
	notes->map = map_new(unref_value);
	return notes;
}

int
notes_set(struct notes **ref, struct memory_account *account, struct slice key,
    struct hl_value *value)
{
	struct notes *notes = *ref;
	struct hl_value *old;
	int ret;

	if (key.n == 0 || key.n > NOTES_KEY_MAX ||
	    slice_find(key, '\0') < key.n)
		return -EINVAL;
	if (value == NULL) {
		(void)notes_remove(ref, key);
		return 0;
	}
	CHECK(notes == NULL || notes->account == account);
	value_freeze(value);
	old = notes == NULL ? NULL : map_get(notes->map, key);
	if (old == value)
		return 0;
	/* The old value's bytes count as free already; if the new one does
	 * not fit all the same, they are taken again. */
	if (old != NULL)
		memory_account_give(account, entry_bytes(key.n, old));
	ret = memory_account_take(account, entry_bytes(key.n, value));
	if (ret < 0) {
		if (old != NULL)
			memory_account_force(account, entry_bytes(key.n, old));
		return ret;
	}
	if (notes == NULL)
		notes = *ref = notes_new(account);
	map_set(notes->map, key, value_ref(value));
	return 0;
}

struct hl_value *
notes_get(const struct notes *notes, struct slice key)
{
	struct hl_value *value;

	if (notes == NULL)
		return NULL;
	value = map_get(notes->map, key);
	return value == NULL ? NULL : value_ref(value);
}

bool
notes_has(const struct notes *notes, struct slice key)
{
	return notes != NULL && map_has(notes->map, key);
}

bool
notes_remove(struct notes **ref, struct slice key)
{
	struct notes *notes = *ref;
	struct hl_value *value;

	if (notes == NULL)
		return false;
	value = map_get(notes->map, key);
	if (value == NULL)
		return false;
	memory_account_give(notes->account, entry_bytes(key.n, value));
	(void)map_remove(notes->map, key);
	if (map_count(notes->map) == 0)
		notes_free(ref);
	return true;
}

size_t
notes_count(const struct notes *notes)
{
	return notes == NULL ? 0 : map_count(notes->map);
}

bool
notes_next(const struct notes *notes, size_t *cursor, hl_str *ret_key,
    struct hl_value **ret_value)
{
	void *value;

	if (notes == NULL || !map_next(notes->map, cursor, ret_key, &value))
		return false;
	*ret_value = value;
	return true;
}

void
notes_free(struct notes **ref)
{
	struct notes *notes = *ref;
	struct hl_value *value;
	size_t cursor = 0;
	hl_str key;

	*ref = NULL;
	if (notes == NULL)
		return;
	while (notes_next(notes, &cursor, &key, &value))
		memory_account_give(notes->account, entry_bytes(key.n, value));
	map_free(&notes->map);
	mem_free(notes);
}

int
notes_set_text(struct notes **notes, struct memory_account *account,
    struct slice key, struct slice text)
{
	struct hl_value *value = value_text(text);
	int ret = notes_set(notes, account, key, value);

	value_unref(&value);
	return ret;
}

int
notes_set_int(struct notes **notes, struct memory_account *account,
    struct slice key, int64_t number)
{
	struct hl_value *value = value_int(number);
	int ret = notes_set(notes, account, key, value);

	value_unref(&value);
	return ret;
}
