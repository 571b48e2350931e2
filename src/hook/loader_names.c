/* SPDX-License-Identifier: MIT */
/* loader_names.c - lists plugin directories. */
#include "loader_names.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "engine.h"

static void
add_name(struct name_list *names, const char *prefix, struct slice name)
{
	char full[512];

	(void)snprintf(full, sizeof(full), "%s%.*s", prefix, STR(name));
	names->at =
	    mem_grow(names->at, (names->count + 1) * sizeof(names->at[0]));
	names->at[names->count++] = mem_dup(slice_of(full));
}

static void
add_entries(struct name_list *names, const char *dir, const char *prefix)
{
	DIR *handle = opendir(dir);
	struct dirent *entry;

	if (handle == NULL)
		return;
	while ((entry = readdir(handle)) != NULL) {
		struct slice name = slice_of(entry->d_name);
		char below[1024], next[300];

		if (slice_ends(name, ".so")) {
			add_name(names, prefix, slice_head(name, name.n - 3));
		} else if (prefix[0] == '\0' &&
			   slice_find(name, '.') == name.n) {
			(void)snprintf(
			    below, sizeof(below), "%s/%s", dir, entry->d_name);
			(void)snprintf(
			    next, sizeof(next), "%s/", entry->d_name);
			add_entries(names, below, next);
		}
	}
	(void)closedir(handle);
}

void
name_list_add_dir(struct name_list *names, struct slice dir)
{
	char *path = mem_dup(dir);

	add_entries(names, path, "");
	mem_free(path);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
name_list_sort(struct name_list *names)
{
	if (names->count > 1)
		qsort(names->at, names->count, sizeof(names->at[0]), compare);
}

void
name_list_done(struct name_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		free((void *)(uintptr_t)names->at[i]);
	mem_free(names->at);
	*names = (struct name_list){ NULL, 0 };
}

hl_str
loader_closed_dir(struct engine *engine)
{
	struct conf_list *dirs =
	    conf_get(engine->conf, STR_EMPTY, STR_LIT("plugin_dirs"));
	hl_str closed = STR_EMPTY;
	int error = 0;

	for (size_t i = 0; closed.n == 0 && i < conf_list_count(dirs); i++) {
		hl_str dir = conf_list_at(dirs, i);

		if (access(dir.p, X_OK) == 0)
			continue;
		error = errno;
		closed = arena_str(&engine->arena, slice_str(dir));
	}
	conf_list_unref(&dirs);
	errno = error;
	return closed;
}

struct name_list
loader_names(struct engine *engine)
{
	struct conf_list *dirs =
	    conf_get(engine->conf, STR_EMPTY, STR_LIT("plugin_dirs"));
	struct name_list names = { NULL, 0 };

	for (size_t i = 0; i < conf_list_count(dirs); i++)
		name_list_add_dir(&names, slice_str(conf_list_at(dirs, i)));
	conf_list_unref(&dirs);
	if (engine->options.plugin_dir != NULL)
		name_list_add_dir(&names, slice_of(engine->options.plugin_dir));
	name_list_sort(&names);
	return names;
}
