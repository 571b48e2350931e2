/* SPDX-License-Identifier: MIT */
/* loader.c - opens shared objects and reads their descriptors. */
#include "loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "args.h"
#include "base/mem.h"
#include "conf/conf_nearest.h"
#include "loader_names.h"
#include "plugin_alias.h"
#include "plugin_files.h"
#include "plugin_find.h"
#include "remote.h"

#define PLUGIN_MAGIC 0x706c7567u
#define ENTRY_SYMBOL "hl_plugin_v1"

/* A descriptor may be older (shorter) or newer (longer) than ours. */
static int
read_entry(const struct hl_plugin_entry *entry, const char *path,
    struct hl_plugin *ret, struct err *err)
{
	size_t size = entry->size;

	if (size < offsetof(struct hl_plugin, load) || entry->plugin == NULL)
		return err_set(err, -EINVAL,
		    "%s: its descriptor is no struct hl_plugin; build it "
		    "again against this hookline's header",
		    path);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, entry->plugin, size < sizeof(*ret) ? size : sizeof(*ret));
	if (ret->name == NULL || ret->name[0] == '\0')
		return err_set(err, -EINVAL, "%s: .name is missing", path);
	if (args_table_check(ret->args, ret->args_size, err) < 0 ||
	    plugin_files_check(ret, err) < 0)
		return err_prefix(err, "%s", path);
	return 0;
}

int
loader_describe(
    const char *path, void **ret_handle, struct hl_plugin *ret, struct err *err)
{
	const struct hl_plugin_entry *entry;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int status;

	if (handle == NULL)
		return err_set(err, -EINVAL, "cannot be loaded: %s", dlerror());
	entry = dlsym(handle, ENTRY_SYMBOL);
	if (entry == NULL) {
		(void)dlclose(handle);
		return err_set(err, -EINVAL,
		    "%s is no plugin of this hookline (it lacks the symbol "
		    "%s; does it end with HL_PLUGIN(...)?)",
		    path, ENTRY_SYMBOL);
	}
	status = read_entry(entry, path, ret, err);
	if (status < 0) {
		(void)dlclose(handle);
		return status;
	}
	*ret_handle = handle;
	return 0;
}

static int
not_found(
    struct engine *engine, const struct conf_plugin *line, struct err *err)
{
	const struct plugin_alias *alias = plugin_alias(slice_str(line->name));
	struct name_list names = loader_names(engine);
	const char *near =
	    conf_nearest(slice_str(line->name), names.at, names.count);
	hl_str closed = loader_closed_dir(engine);
	const char *reason = strerror(errno);

	if (alias != NULL && alias->now == NULL)
		(void)err_set(err, -ENOENT, "there is no plugin %.*s; %s",
		    STR(line->name), alias->remedy);
	else if (alias != NULL)
		(void)err_set(err, -ENOENT,
		    "there is no plugin %s, which %.*s is called now",
		    alias->now, STR(line->name));
	else if (slice_ends(slice_str(line->name), ".so"))
		(void)err_set(err, -ENOENT,
		    "there is no plugin %.*s; a plugin's name is that of its "
		    "file without .so",
		    STR(line->name));
	else if (closed.n > 0)
		(void)err_set(err, -ENOENT,
		    "there is no plugin %.*s, and %s of config/plugin_dirs "
		    "cannot be looked into: %s",
		    STR(line->name), closed.p, reason);
	else if (near != NULL)
		(void)err_set(err, -ENOENT,
		    "there is no plugin %.*s; did you mean %s?",
		    STR(line->name), near);
	else
		(void)err_set(err, -ENOENT,
		    "there is no plugin %.*s; `hookline plugins` lists those "
		    "that there are, Perl files, also qpsmtpd's, are looked "
		    "for in the directories of config/plugin_dirs",
		    STR(line->name));
	name_list_done(&names);
	return -ENOENT;
}

/* `loglevel` is understood for every plugin that has none of its own. */
static void
take_loglevel(struct plugin *plugin, struct conf_plugin *line)
{
	const struct hl_arg *arg = plugin->desc.args;

	for (; arg != NULL && arg->name != NULL; arg++) {
		if (strcmp(arg->name, "loglevel") == 0)
			return;
	}
	for (size_t i = 0; i + 1 < line->arg_count; i++) {
		if (!str_eq_text(line->args[i], "loglevel"))
			continue;
		plugin->loglevel = line->args[i + 1];
		memmove(line->args + i, line->args + i + 2,
		    (line->arg_count - i - 2) * sizeof(line->args[0]));
		line->arg_count -= 2;
		return;
	}
}

/* Paths of the plugin's line that are relative go below the state directory
 * (`check` and `try` have none: they stay as they are). */
static void
place_paths(struct engine *engine, struct plugin *plugin)
{
	const char *above = engine->options.state_dir;

	for (const struct hl_arg *arg = plugin->desc.args;
	     arg != NULL && arg->name != NULL; arg++) {
		hl_str *path = (void *)((char *)plugin->args + arg->offset);

		if (arg->type != HL_ARG_PATH || above == NULL || path->n == 0 ||
		    path->p[0] == '/')
			continue;
		*path =
		    arena_printf(&engine->arena, "%s/%.*s", above, STR(*path));
	}
}

static int
set_up(struct engine *engine, struct plugin *plugin,
    const struct conf_plugin *from, struct err *err)
{
	struct conf_plugin line = *from;
	hl_str *args =
	    arena_array(&engine->arena, from->arg_count + 1, sizeof(args[0]));

	for (size_t i = 0; i < from->arg_count; i++)
		args[i] = arena_str(&engine->arena, slice_str(from->args[i]));
	line.args = args;
	if (plugin->alias != NULL)
		plugin_alias_args(plugin->alias, &engine->arena, &line);
	plugin->name = from->has_instance
			   ? arena_printf(&engine->arena, "%.*s:%u",
				 STR(from->name), from->instance)
			   : arena_str(&engine->arena, slice_str(from->name));
	plugin->file = arena_str(&engine->arena, slice_str(from->file));
	plugin->line = from->line;
	plugin->timeout_ms = from->timeout_ms;
	plugin->policy = (enum hook_policy)from->on_failure;
	plugin->load_error = STR_EMPTY;
	plugin->loglevel = STR_EMPTY;
	take_loglevel(plugin, &line);
	plugin->args = mem_alloc(plugin->desc.args_size + 1);
	plugin->instance = mem_alloc(plugin->desc.instance_size + 1);
	if (args_parse(plugin->desc.args, line.args, line.arg_count,
		&engine->arena, plugin->args, err) < 0)
		return err_prefix(err, "%.*s", STR(plugin->name));
	place_paths(engine, plugin);
	return 0;
}

static void
plugin_free(struct plugin *plugin)
{
	mem_free(plugin->args);
	mem_free(plugin->instance);
	if (plugin->handle != NULL)
		(void)dlclose(plugin->handle);
	mem_free(plugin);
}

static void
engine_add(struct engine *engine, struct plugin *plugin)
{
	plugin->magic = PLUGIN_MAGIC;
	plugin->index = engine->plugin_count++;
	engine->plugins = mem_grow(
	    engine->plugins, engine->plugin_count * sizeof(engine->plugins[0]));
	engine->plugins[plugin->index] = plugin;
}

int
loader_static(struct engine *engine, const struct hl_plugin_entry *entry,
    const struct conf_plugin *line, struct plugin **ret, struct err *err)
{
	struct plugin *plugin = mem_alloc(sizeof(*plugin));
	int status;

	plugin->path = STR_EMPTY;
	plugin->found = "built in";
	status = read_entry(entry, "built in", &plugin->desc, err);
	if (status == 0)
		status = set_up(engine, plugin, line, err);
	if (status < 0) {
		plugin_free(plugin);
		return status;
	}
	engine_add(engine, plugin);
	*ret = plugin;
	return 0;
}

/* It is run elsewhere, with arguments that are not ours to check. */
static int
open_remote(struct engine *engine, const struct conf_plugin *line,
    struct plugin *plugin, struct err *err)
{
	const struct remote_ops *ops = engine->options.remote;
	struct conf_plugin bare = *line;
	int status;

	if (ops == NULL)
		return err_set(err, -ENOTSUP,
		    "%.*s is a Perl plugin, and no host for Perl runs here",
		    STR(line->name));
	plugin->desc.name = arena_str(&engine->arena, slice_str(line->name)).p;
	bare.arg_count = 0;
	status = set_up(engine, plugin, &bare, err);
	if (status == 0)
		status = ops->open(engine->options.remote_arg, engine, line,
		    plugin->path, plugin, err);
	return status;
}

static int
open_native(struct engine *engine, const struct conf_plugin *line,
    struct plugin *plugin, struct err *err)
{
	int status = 0;

	if (line->stdio != CONF_STDIO_UNSET)
		status = err_set(err, -EINVAL,
		    "%.*s: hl.stdio= is for Perl plugins, and this is none; "
		    "take it out",
		    STR(line->name));
	if (status == 0)
		status = loader_describe(
		    plugin->path.p, &plugin->handle, &plugin->desc, err);
	if (status == 0)
		status = set_up(engine, plugin, line, err);
	return status;
}

int
loader_open(struct engine *engine, const struct conf_plugin *line,
    struct plugin **ret, struct err *err)
{
	struct plugin_place place;
	struct plugin *plugin;
	int status;

	if (plugin_find(engine->conf, engine->options.plugin_dir,
		&engine->arena, line, &place) < 0)
		return not_found(engine, line, err);
	plugin = mem_alloc(sizeof(*plugin));
	plugin->path = place.path;
	plugin->found = place.found.p;
	plugin->passed = place.passed;
	plugin->alias = place.alias;
	if (place.is_perl)
		status = open_remote(engine, line, plugin, err);
	else
		status = open_native(engine, line, plugin, err);
	if (status < 0) {
		plugin_free(plugin);
		return status;
	}
	engine_add(engine, plugin);
	*ret = plugin;
	return 0;
}

int
loader_start(struct engine *engine, struct plugin *plugin, struct err *err)
{
	struct hook_frame frame = { .plugin = plugin, .in_load = true };
	struct hl_ctx ctx;
	int status = 0;

	ctx_init(&ctx, engine, NULL);
	frame_push(&ctx, &frame);
	if (plugin->desc.load != NULL)
		status = plugin->desc.load(&ctx);
	frame_pop(&ctx, &frame);
	ctx_done(&ctx);
	plugin->loaded = status >= 0;
	if (status >= 0) {
		plugin_files_read(&plugin->desc, engine->conf, STR_EMPTY,
		    engine->is_stranger);
		return 0;
	}
	if (plugin->load_error.n > 0)
		return err_set(err, status, "%.*s: %.*s", STR(plugin->name),
		    STR(plugin->load_error));
	return err_set(err, status, "%.*s: its load function failed: %s",
	    STR(plugin->name), strerror(-status));
}

void
loader_stop(struct engine *engine, struct plugin *plugin)
{
	struct hook_frame frame = { .plugin = plugin, .in_load = true };
	struct hl_ctx ctx;

	if (plugin->loaded && plugin->desc.unload != NULL) {
		ctx_init(&ctx, engine, NULL);
		frame_push(&ctx, &frame);
		plugin->desc.unload(&ctx);
		frame_pop(&ctx, &frame);
		ctx_done(&ctx);
	}
	if (plugin->remote != NULL)
		engine->options.remote->close(
		    engine->options.remote_arg, plugin);
	plugin_free(plugin);
}
