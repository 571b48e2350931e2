/* SPDX-License-Identifier: MIT */
/* cmd_plugins.c - `hookline plugins [NAME|FILE.so]`: what is shipped, or one
 * plugin's arguments, files and hooks. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "command.h"
#include "conf/conf_nearest.h"
#include "hook/args.h"
#include "hook/carries.h"
#include "hook/hook_row.h"
#include "hook/loader.h"
#include "hook/loader_names.h"
#include "plugin_manual.h"
#include "hook/plugin_alias.h"
#include "server/plugin_dir.h"

static bool
is_file(const char *name)
{
	return slice_ends(slice_of(name), ".so");
}

static int
describe(
    const char *name, void **ret_handle, struct hl_plugin *ret, struct err *err)
{
	char path[1024];

	/* dlopen looks elsewhere for what has no directory. */
	if (is_file(name))
		(void)snprintf(path, sizeof(path), "%s%s",
		    strchr(name, '/') != NULL ? "" : "./", name);
	else
		(void)snprintf(
		    path, sizeof(path), "%s/%s.so", plugin_dir(), name);
	return loader_describe(path, ret_handle, ret, err);
}

static void
print_args(const struct hl_arg *arg)
{
	if (arg == NULL || arg->name == NULL)
		return;
	(void)printf("arguments\n");
	for (; arg->name != NULL; arg++) {
		(void)printf("  %s%s%s %s", arg->positional ? "[" : "",
		    arg->name, arg->positional ? "]" : "",
		    arg->type == HL_ARG_CHOICE ? arg->choices
					       : args_type_name(arg->type));
		if (arg->type == HL_ARG_INT && (arg->min != 0 || arg->max != 0))
			(void)printf(" %lld to %lld", (long long)arg->min,
			    (long long)arg->max);
		if (arg->def != NULL)
			(void)printf(" (default %s)", arg->def);
		if (arg->required)
			(void)printf(" (required)");
		(void)printf(
		    "\n      %s\n", arg->about != NULL ? arg->about : "");
	}
}

static void
print_files(const char *const *files)
{
	if (files == NULL || files[0] == NULL)
		return;
	(void)printf("control files\n");
	for (; *files != NULL; files++)
		(void)printf("  %s\n", *files);
}

static void
print_hooks(const struct hl_plugin *desc)
{
	(void)printf("hooks\n");
	for (unsigned i = 0; i < HOOK_COUNT; i++) {
		plugin_fn *fn;

		memcpy(
		    &fn, (const char *)desc + hook_table[i].member, sizeof(fn));
		if (fn != NULL)
			(void)printf("  %s\n", hook_table[i].name);
	}
}

static void
print_carries(const struct hl_plugin *desc)
{
	struct buf words = BUF_INIT;

	if (desc->queue == NULL)
		return;
	carries_text(desc->carries, &words);
	(void)printf("carries\n  %s\n", words.p);
	buf_done(&words);
}

static void
print_alias(const struct plugin_alias *alias)
{
	(void)printf("%s is now called %s", alias->old, alias->now);
	if (alias->words != NULL)
		(void)printf(", with %s", alias->words);
	(void)printf("\n");
}

static int
print_one(const char *name, const struct name_list *names)
{
	const struct plugin_alias *alias = plugin_alias(slice_of(name));
	struct hl_plugin desc;
	struct err err;
	void *handle;

	if (alias != NULL && alias->now != NULL) {
		print_alias(alias);
		name = alias->now;
	} else if (alias != NULL) {
		(void)fprintf(stderr,
		    "hookline plugins: there is no plugin %s; %s\n", name,
		    alias->remedy);
		return EXIT_FAULT;
	}
	if (describe(name, &handle, &desc, &err) < 0) {
		const char *near =
		    conf_nearest(slice_of(name), names->at, names->count);

		(void)fprintf(stderr, "hookline plugins: %s\n", err.text);
		if (near != NULL)
			(void)fprintf(stderr, "did you mean %s?\n", near);
		return EXIT_FAULT;
	}
	(void)printf("%s - %s\n", is_file(name) ? desc.name : name,
	    desc.about != NULL ? desc.about : "");
	if (!is_file(name))
		plugin_manual_print(name);
	print_args(desc.args);
	print_files(desc.files);
	print_hooks(&desc);
	print_carries(&desc);
	(void)dlclose(handle);
	return EXIT_OK;
}

static int
print_all(const struct name_list *names)
{
	int status = EXIT_OK;

	for (size_t i = 0; i < names->count; i++) {
		struct hl_plugin desc;
		struct err err;
		void *handle;

		if (describe(names->at[i], &handle, &desc, &err) < 0) {
			(void)fprintf(
			    stderr, "%s: %s\n", names->at[i], err.text);
			status = EXIT_FAULT;
			continue;
		}
		(void)printf("%-28s %s\n", names->at[i],
		    desc.about != NULL ? desc.about : "");
		(void)dlclose(handle);
	}
	return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct name_list names = { NULL, 0 };
	const char *name = NULL;
	struct err err;
	int status;

	if (option_parse(NULL, argc, argv, option_name, &name, &err) < 0)
		return command_usage_error(self, "%s", err.text);
	name_list_add_dir(&names, slice_of(plugin_dir()));
	name_list_sort(&names);
	status = name != NULL ? print_one(name, &names) : print_all(&names);
	name_list_done(&names);
	return status;
}

const struct command command_plugins = {
	.name = "plugins",
	.args = "[NAME | FILE.so]",
	.about = "list the shipped plugins, or tell about one",
	.run = run,
};
