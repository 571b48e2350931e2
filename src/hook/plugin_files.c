/* SPDX-License-Identifier: MIT */
/* plugin_files.c - the control files that a plugin's descriptor names. */
#include "plugin_files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <hookline/plugin.h>

#include "base/buf.h"
#include "base/slice.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "conf/conf_map.h"

enum file_type { FILE_LIST, FILE_MAP, FILE_SECRET };

static const struct {
	const char *word;
	enum file_type type;
	unsigned kinds;
} types[] = {
	{ "", FILE_LIST, 0 },
	{ "networks", FILE_LIST, CONF_KIND_NETS },
	{ "patterns", FILE_LIST, CONF_KIND_PATTERNS(CONF_ADDRESSES) },
	{ "name-patterns", FILE_LIST, CONF_KIND_PATTERNS(CONF_NAMES) },
	{ "slashed-patterns", FILE_LIST, CONF_KIND_PATTERNS(CONF_SLASHED) },
	{ "whole-patterns", FILE_LIST, CONF_KIND_PATTERNS(CONF_WHOLE) },
	{ "map", FILE_MAP, 0 },
	{ "secret", FILE_SECRET, 0 },
};

/* The key, in `key`, and the row of types[]; negative: not understood. */
static int
parse(const char *entry, char key[CONF_KEY_MAX + 1])
{
	size_t n = strcspn(entry, " ");
	const char *word = entry + n + strspn(entry + n, " ");

	if (n == 0 || n > CONF_KEY_MAX)
		return -EINVAL;
	memcpy(key, entry, n);
	key[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i].word, word) == 0)
			return (int)i;
	}
	return -EINVAL;
}

int
plugin_files_check(const struct hl_plugin *desc, struct err *err)
{
	const char *const *entry = desc->files;
	char key[CONF_KEY_MAX + 1];

	for (; entry != NULL && *entry != NULL; entry++) {
		if (parse(*entry, key) < 0)
			return err_set(err, -EINVAL,
			    ".files: \"%s\" is not understood; write the name, "
			    "and perhaps networks, patterns, name-patterns, "
			    "slashed-patterns, whole-patterns, map or secret "
			    "behind it",
			    *entry);
	}
	return 0;
}

/* Is the file that holds for the listener there, and we are not let in? */
static bool
is_closed(const struct conf_dir *conf, hl_str listener, const char *key,
    struct buf *ret_path)
{
	const struct {
		const char *dir;
		hl_str listener;
	} places[] = { { conf_dir_path(conf), listener },
		{ conf_dir_path(conf), STR_EMPTY },
		{ conf_dir_extra(conf), STR_EMPTY } };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (places[i].dir == NULL)
			continue;
		buf_clear(ret_path);
		buf_printf(ret_path, "%s/%.*s%s%s", places[i].dir,
		    STR(places[i].listener),
		    places[i].listener.n > 0 ? "/" : "", key);
		if (access(ret_path->p, R_OK) == 0)
			return false;
		if (errno == EACCES)
			return true;
	}
	return false;
}

void
plugin_files_closed(const struct hl_plugin *desc, struct conf_dir *conf,
    hl_str listener, plugin_files_closed_fn *fn, void *arg)
{
	const char *const *entry = desc->files;
	struct buf path = BUF_INIT;
	char key[CONF_KEY_MAX + 1];

	for (; entry != NULL && *entry != NULL; entry++) {
		int type = parse(*entry, key);

		CHECK(type >= 0);
		if (types[type].type == FILE_SECRET &&
		    is_closed(conf, listener, key, &path))
			fn(arg, path.p);
	}
	buf_done(&path);
}

void
plugin_files_read(const struct hl_plugin *desc, struct conf_dir *conf,
    hl_str listener, bool leave_closed)
{
	const char *const *entry = desc->files;
	struct buf path = BUF_INIT;
	char key[CONF_KEY_MAX + 1];

	for (; entry != NULL && *entry != NULL; entry++) {
		int type = parse(*entry, key);
		struct conf_list *list;
		struct conf_map *map;

		CHECK(type >= 0);
		if (types[type].type == FILE_SECRET && leave_closed &&
		    is_closed(conf, listener, key, &path))
			continue;
		if (types[type].type == FILE_MAP) {
			map = conf_get_map(conf, listener, str_of(key));
			conf_map_unref(&map);
			continue;
		}
		list =
		    conf_get_as(conf, listener, str_of(key), types[type].kinds);
		conf_list_unref(&list);
	}
	buf_done(&path);
}
