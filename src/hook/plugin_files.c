/* SPDX-License-Identifier: MIT */
/* plugin_files.c - the control files that a plugin's descriptor names. */
#include "plugin_files.h"

#include <errno.h>
#include <string.h>

#include <hookline/plugin.h>

#include "base/slice.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "conf/conf_map.h"

enum file_type { FILE_LIST, FILE_MAP };

static const struct {
	const char *word;
	enum file_type type;
	unsigned kinds;
} types[] = {
	{ "", FILE_LIST, 0 },
	{ "networks", FILE_LIST, CONF_KIND_NETS },
	{ "patterns", FILE_LIST, CONF_KIND_PATTERNS },
	{ "map", FILE_MAP, 0 },
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
			    "and perhaps networks, patterns or map behind it",
			    *entry);
	}
	return 0;
}

void
plugin_files_read(
    const struct hl_plugin *desc, struct conf_dir *conf, hl_str listener)
{
	const char *const *entry = desc->files;
	char key[CONF_KEY_MAX + 1];

	for (; entry != NULL && *entry != NULL; entry++) {
		int type = parse(*entry, key);
		struct conf_list *list;
		struct conf_map *map;

		CHECK(type >= 0);
		if (types[type].type == FILE_MAP) {
			map = conf_get_map(conf, listener, str_of(key));
			conf_map_unref(&map);
			continue;
		}
		list =
		    conf_get_as(conf, listener, str_of(key), types[type].kinds);
		conf_list_unref(&list);
	}
}
