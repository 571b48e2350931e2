/* SPDX-License-Identifier: MIT */
/* plugin_find.c - which file stands behind a line of config/plugins. */
#include "plugin_find.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "conf/conf_plugins.h"
#include "plugin_alias.h"

#define PERL_FILE_MAX (1024u * 1024)

/* DIR/NAME with `end` behind it, if such a file is there.  One that cannot be
 * read is found, too: loading it tells so. */
static bool
try_file(struct arena *arena, struct slice dir, const char *name,
    const char *end, hl_str *ret)
{
	struct stat st;
	hl_str path = arena_printf(arena, "%.*s/%s%s", STR(dir), name, end);

	if (stat(path.p, &st) == -1 || !S_ISREG(st.st_mode))
		return false;
	*ret = path;
	return true;
}

static bool
in_plugin_dirs(struct conf_dir *conf, struct arena *arena, const char *name,
    const char *end, hl_str *ret)
{
	struct conf_list *dirs =
	    conf_get(conf, STR_EMPTY, STR_LIT("plugin_dirs"));
	bool found = false;

	for (size_t i = 0; !found && i < conf_list_count(dirs); i++)
		found = try_file(
		    arena, slice_str(conf_list_at(dirs, i)), name, end, ret);
	conf_list_unref(&dirs);
	return found;
}

/* One that cannot be read counts as the site's own: loading it tells why. */
static bool
is_shipped_file(hl_str path)
{
	FILE *file = fopen(path.p, "re");
	struct buf text = BUF_INIT;
	bool shipped;
	size_t n;

	if (file == NULL)
		return false;
	buf_reserve(&text, PERL_FILE_MAX);
	n = fread(text.p, 1, PERL_FILE_MAX, file);
	(void)fclose(file);
	shipped = perl_file_is_shipped((struct slice){ text.p, n });
	buf_done(&text);
	return shipped;
}

static int
take(struct plugin_place *ret, bool is_perl, hl_str path, hl_str found)
{
	ret->is_perl = is_perl;
	ret->path = path;
	ret->found = found;
	return 0;
}

static int
take_native(struct plugin_place *ret, const struct plugin_alias *alias,
    hl_str path, hl_str found)
{
	ret->alias = alias;
	return take(ret, false, path, alias != NULL ? STR_LIT("alias") : found);
}

static int
find_any(struct conf_dir *conf, struct slice shipped, struct arena *arena,
    const struct conf_plugin *line, struct plugin_place *ret)
{
	const struct plugin_alias *alias = plugin_alias(slice_str(line->name));
	const char *native;
	/* NAME.so as a name is a mistake that not_found explains. */
	bool may_perl = line->runtime != CONF_RUNTIME_NATIVE &&
			!slice_ends(slice_str(line->name), ".so");
	hl_str path, perl = STR_EMPTY;

	if (alias != NULL && alias->now == NULL)
		alias = NULL;
	if (alias != NULL &&
	    in_plugin_dirs(conf, arena, line->name.p, ".so", &path))
		return take_native(ret, NULL, path, STR_LIT("plugin_dirs"));
	native = alias != NULL ? alias->now : line->name.p;
	if (in_plugin_dirs(conf, arena, native, ".so", &path))
		return take_native(ret, alias, path, STR_LIT("plugin_dirs"));
	if (may_perl && in_plugin_dirs(conf, arena, line->name.p, "", &perl) &&
	    !is_shipped_file(perl))
		return take(ret, true, perl, STR_LIT("perl, the site's own"));
	if (shipped.p != NULL &&
	    try_file(arena, shipped, native, ".so", &path)) {
		ret->passed = perl;
		return take_native(ret, alias, path, STR_LIT("shipped"));
	}
	if (perl.n > 0 || (may_perl && alias != NULL &&
			      in_plugin_dirs(conf, arena, native, "", &perl)))
		return take(ret, true, perl, STR_LIT("perl"));
	return -ENOENT;
}

int
plugin_find(struct conf_dir *conf, const char *shipped, struct arena *arena,
    const struct conf_plugin *line, struct plugin_place *ret)
{
	hl_str path;

	*ret = (struct plugin_place){
		.path = STR_EMPTY, .found = STR_EMPTY, .passed = STR_EMPTY
	};
	if (line->is_package)
		return take(ret, true, arena_str(arena, slice_str(line->name)),
		    STR_LIT("perl package"));
	if (line->runtime != CONF_RUNTIME_PERL)
		return find_any(conf, slice_of(shipped), arena, line, ret);
	if (!in_plugin_dirs(conf, arena, line->name.p, "", &path))
		return -ENOENT;
	return take(ret, true, path, STR_LIT("perl, as written"));
}
