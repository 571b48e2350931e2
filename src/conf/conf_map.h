/* SPDX-License-Identifier: MIT */
/* conf_map.h - one version of one constant database (KEY.cdb), counted.
 *
 * The file is copied when it is opened: nobody who writes into it later can
 * make a look-up crash, and a look-up makes no system call.  All records are
 * walked once, so a corrupt file is refused as a whole.
 */
#ifndef HOOKLINE_CONF_MAP_H
#define HOOKLINE_CONF_MAP_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/conf_source.h"

struct conf_map;

#define CONF_MAP_MAX ((size_t)256 << 20) /* bytes */

/* ret_stamp  set in any case
 * Returns 0; -ENOENT no such file; -EINVAL not a sound database; -EAGAIN it
 * changed meanwhile; else negative errno; words in `err`.  Reads from disk. */
int conf_map_open(const char *path, struct conf_map **ret,
    struct conf_stamp *ret_stamp, struct err *err) WARN_UNUSED;
struct conf_map *conf_map_ref(struct conf_map *map); /* returns `map` */
void conf_map_unref(struct conf_map **map);          /* NULL is fine */

/* The value of `name` (exact case), copied to `arena`; a NUL in it becomes a
 * space.  `ret` is set only when found.
 * Returns 1 found; 0 not found; -EIO the database is corrupt there. */
int conf_map_find(const struct conf_map *map, struct slice name,
    struct arena *arena, hl_str *ret) WARN_UNUSED;
size_t conf_map_count(const struct conf_map *map);

#endif
