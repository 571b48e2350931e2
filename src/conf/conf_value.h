/* SPDX-License-Identifier: MIT */
/* conf_value.h - control files with one value, typed.
 *
 * The first line of the current file, or the default of conf_defaults.def
 * when the file is absent or empty.  A value that does not fit the type or
 * the range is a fault (reported once for each version of the file), and the
 * default holds.  The key must be of the getter's type.  `listener` is as in
 * conf_dir.h; pass STR_EMPTY for none.
 */
#ifndef HOOKLINE_CONF_VALUE_H
#define HOOKLINE_CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/conf_defaults.h"

struct conf_dir;
struct conf_list;

int64_t conf_int(struct conf_dir *dir, hl_str listener, enum conf_key key);
/* Bytes. */
uint64_t conf_size(struct conf_dir *dir, hl_str listener, enum conf_key key);
/* Milliseconds; 0 when there is no default and no file. */
uint64_t conf_time_ms(struct conf_dir *dir, hl_str listener, enum conf_key key);
bool conf_bool(struct conf_dir *dir, hl_str listener, enum conf_key key);
/* CONF_TYPE_OCTAL. */
unsigned conf_mode(struct conf_dir *dir, hl_str listener, enum conf_key key);
/* CONF_TYPE_RANGE: 0 <= least <= most, 1 <= most. */
void conf_range(struct conf_dir *dir, hl_str listener, enum conf_key key,
    unsigned *ret_least, unsigned *ret_most);
/* Index of the word in the row's `words`; the order is part of the row. */
unsigned conf_enum(struct conf_dir *dir, hl_str listener, enum conf_key key);
/* Copied to `arena`. */
hl_str conf_text(struct conf_dir *dir, hl_str listener, enum conf_key key,
    struct arena *arena);
/* config/me, else the host's name, else "localhost". */
hl_str conf_me(struct conf_dir *dir, hl_str listener, struct arena *arena);

/* The same of a list from elsewhere (a config hook): the value of its first
 * line, or the default when it is empty or -EINVAL/-ERANGE (words in `err`).
 * Returns 0, or that code; `ret` is set in any case. */
int conf_list_value(const struct conf_list *list, enum conf_key key,
    int64_t *ret, struct err *err);

/* What `hookline check` does with the directory: reads every control file of
 * the core, for each of `listeners` too, and checks values, plugin lines and
 * listen lines.  All faults are then in conf_faults(). */
void conf_check(
    struct conf_dir *dir, const hl_str *listeners, size_t listener_count);

#endif
