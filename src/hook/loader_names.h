/* SPDX-License-Identifier: MIT */
/* loader_names.h - which plugins there are, by looking into directories. */
#ifndef HOOKLINE_HOOK_LOADER_NAMES_H
#define HOOKLINE_HOOK_LOADER_NAMES_H

#include <stddef.h>

#include "base/str.h"

struct engine;

/* Sorted; owned, free with name_list_done. */
struct name_list {
	const char **at;
	size_t count;
};

/* Names below `dir`, two levels deep: "relay", "queue/maildir". */
void name_list_add_dir(struct name_list *names, struct slice dir);
void name_list_sort(struct name_list *names);
void name_list_done(struct name_list *names);
/* The first line of plugin_dirs that this process cannot look into, with the
 * reason in errno; "" if there is none.  Lives as long as the engine. */
hl_str loader_closed_dir(struct engine *engine);
/* All that `engine` would find. */
struct name_list loader_names(struct engine *engine);

#endif
