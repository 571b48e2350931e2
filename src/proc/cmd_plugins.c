/* SPDX-License-Identifier: MIT */
/* cmd_plugins.c - `hookline plugins`: not built yet. */
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

const struct command command_plugins = {
	.name = "plugins",
	.args = "[NAME]",
	.about = "list the shipped plugins, or explain one",
	.run = run,
};
