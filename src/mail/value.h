/* SPDX-License-Identifier: MIT */
/* value.h - a note's value: text, an integer, a list or a map of values.
 *
 * Values are counted (a plain counter: they stay on their worker's thread).
 * A list or map can be added to as long as it is new; from the moment it is
 * stored (in notes, or inside another value) it is frozen and never changes,
 * so a reader that holds a reference may park its fiber.
 * At most VALUE_DEPTH_MAX containers stand inside each other: that bounds
 * the recursion of the functions here.  The order of a map is that in which
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
struct value;

enum value_type { VALUE_TEXT, VALUE_INT, VALUE_LIST, VALUE_MAP };

/* Each returns a new value with one reference, the caller's. */
struct value *value_text(struct slice text); /* copies; NUL becomes space */
struct value *value_int(int64_t number);
struct value *value_list(void);
struct value *value_map(void);

/* Adds `item` at the end of a list, or under `key` of a map (replacing what
 * was there).  Takes the caller's reference to `item` in every case, also
 * when it fails; freezes `item`.
 * Returns 0; -EINVAL the container has another type, or item is NULL;
 * -EROFS the container is frozen; -ELOOP too deep, or item is the container.
 */
int value_append(struct value *list, struct value *item) WARN_UNUSED;
int value_put(
    struct value *map, struct slice key, struct value *item) WARN_UNUSED;
/* No more additions.  Freezing twice is fine. */
void value_freeze(struct value *value);
bool value_is_frozen(const struct value *value);

struct value *value_ref(struct value *value); /* returns `value` */
void value_unref(struct value **value);       /* NULL is fine; sets NULL */

enum value_type value_type(const struct value *value);
/* The text, borrowed while a reference is held; STR_EMPTY for other types. */
hl_str value_as_text(const struct value *value);
/* The integer; that of a text which is wholly a decimal number; else 0. */
int64_t value_as_int(const struct value *value);
/* Perl's notion: false is no value (NULL), 0, "" and "0". */
bool value_is_true(const struct value *value);

/* Number of items of a list or map, else 0. */
size_t value_count(const struct value *value);
/* Borrowed while a reference to the container is held; NULL when there is
 * no such item or the container has another type. */
struct value *value_at(const struct value *list, size_t index);
struct value *value_get(const struct value *map, struct slice key);
/* Walks a map: start with *cursor = 0; false at the end or for other types.
 */
bool value_next(const struct value *map, size_t *cursor, hl_str *ret_key,
    struct value **ret_item);

/* Heap bytes of the value with all that it contains (shared parts count each
 * time). */
size_t value_memory(const struct value *value);
unsigned value_depth(const struct value *value); /* 0 for text and integer */
/* Same type and same content; NULL equals NULL only. */
bool value_equal(const struct value *a, const struct value *b);
/* Adds the value as one line of JSON (RFC 8259).  Bytes that are not UTF-8
 * become U+FFFD.  NULL is written as null. */
void value_json(const struct value *value, struct buf *out);

#endif
