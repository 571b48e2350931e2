/* SPDX-License-Identifier: MIT */
/* conf_index.h - from a text to the first line that has it, ignoring case.
 *
 * Open addressing over line numbers; the texts stay where they are.
 * Private to conf_list.
 */
#ifndef HOOKLINE_CONF_INDEX_H
#define HOOKLINE_CONF_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* The text of line `line` that is the key. */
typedef struct slice conf_index_key_fn(const void *arg, size_t line);

struct conf_index {
	struct conf_index_slot *slots; /* NULL: not built */
	size_t mask;
	conf_index_key_fn *key;
	const void *arg;
	uint64_t work; /* slots that look-ups have looked at */
};

/* Over the lines 0 to count - 1; `arg` must live as long as the index. */
void conf_index_build(struct conf_index *index, size_t count,
    conf_index_key_fn *key, const void *arg);
void conf_index_done(struct conf_index *index);
/* `ret_line` is set only when found. */
bool conf_index_find(
    struct conf_index *index, struct slice text, size_t *ret_line);

#endif
