/* SPDX-License-Identifier: MIT */
/* notes.h - the notes of a connection, transaction or recipient.
 *
 * A table from text to values that all hooks share.  An empty table is a
 * NULL pointer, so an idle session pays eight bytes.  Notes are replaced, so
 * they live on the heap; their bytes are taken from the account that the
 * owner gives at the first note, and given back on replacement and at the
 * end.
 */
#ifndef HOOKLINE_MAIL_NOTES_H
#define HOOKLINE_MAIL_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/slice.h"
#include "base/str.h"

struct memory_account;
struct notes;
struct hl_value;

/* Sets `key` to `value`, which is frozen; the table takes a reference of its
 * own and drops the one to the old value.  `account` must live as long as
 * the table and be the same in each call.  A NULL value removes the key.
 * Returns 0; -EINVAL the key is empty, longer than 1,024 bytes or has a NUL
 * inside; -E2BIG over the account's cap: the note keeps its old value, and the account's
 * sticky flag is set.  Never blocks.
 */
int notes_set(struct notes **notes, struct memory_account *account,
    struct slice key, struct hl_value *value) WARN_UNUSED;
/* A new reference for the caller (value_unref), or NULL.  `notes` may be
 * NULL, as in all that follow. */
struct hl_value *notes_get(
    const struct notes *notes, struct slice key) WARN_UNUSED;
bool notes_has(const struct notes *notes, struct slice key);
/* True when it was there. */
bool notes_remove(struct notes **notes, struct slice key);
size_t notes_count(const struct notes *notes);
/* Walks in the order of insertion: start with *cursor = 0; false at the end.
 * The value is borrowed; the table must not change meanwhile. */
bool notes_next(const struct notes *notes, size_t *cursor, hl_str *ret_key,
    struct hl_value **ret_value);
/* Frees all and gives the bytes back; sets NULL. */
void notes_free(struct notes **notes);

/* Short forms for the core's own notes. */
int notes_set_text(struct notes **notes, struct memory_account *account,
    struct slice key, struct slice text) WARN_UNUSED;
int notes_set_int(struct notes **notes, struct memory_account *account,
    struct slice key, int64_t number) WARN_UNUSED;

#endif
