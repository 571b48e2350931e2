/* SPDX-License-Identifier: MIT */
/* main.c - the program: which subcommand runs.
 *
 * One table for dispatch, for --help and for the suggestion of a mistyped
 * name.  `hookline worker`, `state`, `spawn-helper` and `perl-host` are what
 * other processes of hookline start, and no one else.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "command.h"
#include "conf/conf_nearest.h"
#include "perl_host.h"
#include "spawn_helper.h"
#include "state_child.h"
#include "worker.h"

static const struct command *const commands[] = {
	&command_serve,
	&command_check,
	&command_hooks,
	&command_plugins,
	&command_new_plugin,
	&command_ctl,
	&command_greylist,
	&command_karma,
	&command_try,
	&command_version,
};

int
command_usage_error(const struct command *self, const char *fmt, ...)
{
	va_list args;

	(void)fprintf(stderr, "hookline %s: ", self->name);
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fprintf(stderr,
	    "\nusage: hookline %s %s\n"
	    "`hookline %s --help` explains the options.\n",
	    self->name, self->args, self->name);
	return EXIT_USAGE;
}

static void
print_commands(FILE *out)
{
	(void)fprintf(out,
	    "usage: hookline COMMAND [OPTION]...\n\n"
	    "An SMTP server in which every step is a hook that plugins take"
	    " over.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		(void)fprintf(
		    out, "  %-11s %s\n", commands[i]->name, commands[i]->about);
	(void)fprintf(out,
	    "\n`hookline COMMAND --help` explains one. Manual: hookline(8).\n");
}

static int
print_help(const struct command *command)
{
	(void)printf("usage: hookline %s%s%s\n\n%s\n", command->name,
	    command->args[0] != '\0' ? " " : "", command->args, command->about);
	if (command->options != NULL && command->options->name != NULL) {
		(void)putchar('\n');
		option_print(stdout, command->options);
	}
	if (command->more != NULL)
		(void)printf("\n%s%s", command->more,
		    slice_ends(slice_of(command->more), "\n") ? "" : "\n");
	return EXIT_OK;
}

static bool
wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int
unknown_command(const char *name)
{
	const char *names[ARRAY_SIZE(commands)], *near;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i]->name;
	near = conf_nearest(slice_of(name), names, ARRAY_SIZE(names));
	if (near != NULL)
		(void)fprintf(stderr,
		    "hookline: no command %s; did you mean %s?\n", name, near);
	else
		(void)fprintf(stderr,
		    "hookline: no command %s; `hookline --help` lists them\n",
		    name);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "worker") == 0)
		return worker_main();
	if (strcmp(name, "state") == 0)
		return state_child_main(argc - 1, argv + 1);
	if (strcmp(name, "spawn-helper") == 0)
		return spawn_helper_main(argc - 1, argv + 1);
	if (strcmp(name, "perl-host") == 0)
		return perl_host_main(argc - 1, argv + 1);
	if (argc < 2) {
		print_commands(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
	    strcmp(name, "help") == 0) {
		print_commands(stdout);
		return EXIT_OK;
	}
	if (strcmp(name, "--version") == 0)
		name = "version";
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(name, commands[i]->name) != 0)
			continue;
		if (wants_help(argc - 1, argv + 1))
			return print_help(commands[i]);
		return commands[i]->run(commands[i], argc - 1, argv + 1);
	}
	return unknown_command(name);
}
