/* SPDX-License-Identifier: MIT */
/* command.h - the subcommands of the program.
 *
 * To add one: a row in the table of main.c, its function in cmd_<name>.c,
 * its section in docs/man/hookline.8.
 */
#ifndef HOOKLINE_PROC_COMMAND_H
#define HOOKLINE_PROC_COMMAND_H

#include "option.h"

/* Exit codes of all subcommands. */
enum {
	EXIT_OK = 0,
	EXIT_FAULT = 1, /* the thing asked about is bad, or did not work */
	EXIT_USAGE = 2, /* the command line is wrong */
	EXIT_INTERNAL = 70,
};

struct command {
	const char *name;
	const char *args; /* of the usage line, "" for none */
	const char *about;
	const struct option_spec *options; /* ends with a NULL name; or NULL */
	const char *more; /* further lines of --help, or NULL */
	/* argv[0] is the subcommand's name.  Returns the exit code. */
	int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command command_serve, command_check, command_hooks,
    command_plugins, command_new_plugin, command_ctl, command_greylist,
    command_karma, command_try, command_version;

/* Prints what is wrong and how to get help to stderr; returns EXIT_USAGE. */
int command_usage_error(const struct command *self, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

#endif
