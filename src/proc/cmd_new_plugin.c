/* SPDX-License-Identifier: MIT */
/* cmd_new_plugin.c - `hookline new-plugin`: not built yet. */
#include <stdio.h>

#include "command.h"

static int
run(const struct command *self, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)fprintf(stderr, "hookline %s: not built yet\n", self->name);
	return EXIT_INTERNAL;
}

const struct command command_new_plugin = {
	.name = "new-plugin",
	.args = "NAME",
	.about = "write a plugin that compiles, with its test",
	.run = run,
};
