/* SPDX-License-Identifier: MIT */
/* value.h - a note's value: text, an integer, a list or a map of values.
 *
 * Values are counted (a plain counter: they stay on their worker's thread).
 * A list or map can be added to as long as it is new; from the moment it is
 * stored (in notes, or inside another value) it is frozen and never changes,
 * so a reader that holds a reference may park its fiber.
 * At most VALUE_DEPTH_MAX containers stand inside each other: that bounds
 * the recursion of the functions here.  The struct is the opaque handle
 * `struct hl_value` of plugin.h.  The order of a map is that in which
 * its keys were first put; it does not count for equality.
 */
#ifndef HOOKLINE_MAIL_VALUE_H
#define HOOKLINE_MAIL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"
#include "base/str.h"

#define VALUE_DEPTH_MAX 16

struct buf;
struct hl_value;

/* Each returns a new value with one reference, the caller's. */
struct hl_value *value_text(struct slice text); /* copies; NUL becomes space */
struct hl_value *value_int(int64_t number);
struct hl_value *value_list(void);
struct hl_value *value_map(void);

/* Adds `item` at the end of a list, or under `key` of a map (replacing what
 * was there).  Takes the caller's reference to `item` in every case, also
 * when it fails; freezes `item`.
 * Returns 0; -EINVAL the container has another type, item is NULL, or the key
 * has a NUL inside;
 * -EROFS the container is frozen; -ELOOP too deep, or item is the container.
 */
int value_append(struct hl_value *list, struct hl_value *item) WARN_UNUSED;
int value_put(
    struct hl_value *map, struct slice key, struct hl_value *item) WARN_UNUSED;
/* No more additions.  Freezing twice is fine. */
void value_freeze(struct hl_value *value);
bool value_is_frozen(const struct hl_value *value);

struct hl_value *value_ref(const struct hl_value *value); /* returns it */
void value_unref(struct hl_value **value); /* NULL is fine; sets NULL */

enum hl_kind value_kind(const struct hl_value *value);
/* The text, borrowed while a reference is held; STR_EMPTY for other types. */
hl_str value_as_text(const struct hl_value *value);
/* The integer; that of a text which is wholly a decimal number; else 0. */
int64_t value_as_int(const struct hl_value *value);
/* Perl's notion: false is no value (NULL), 0, "" and "0". */
bool value_is_true(const struct hl_value *value);

/* Number of items of a list or map, else 0. */
size_t value_count(const struct hl_value *value);
/* Item `index` of a list or map, and its key in a map.  Borrowed while a
 * reference to the container is held; NULL and STR_EMPTY when there is none.
 */
struct hl_value *value_at(const struct hl_value *value, size_t index);
hl_str value_key_at(const struct hl_value *map, size_t index);
/* NULL when there is no such key, or it is no map. */
struct hl_value *value_find(const struct hl_value *map, struct slice key);

/* Heap bytes of the value with all that it contains (shared parts count each
 * time). */
size_t value_memory(const struct hl_value *value);
/* 0 for text and integer; an item that was replaced counts on. */
unsigned value_depth(const struct hl_value *value);
/* Same type and same content; NULL equals NULL only. */
bool value_equal(const struct hl_value *a, const struct hl_value *b);
/* Adds the value as one line of JSON (RFC 8259).  Bytes that are not UTF-8
 * become U+FFFD.  NULL is written as null. */
void value_json(const struct hl_value *value, struct buf *out);

#endif
