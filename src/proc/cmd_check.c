/* SPDX-License-Identifier: MIT */
/* cmd_check.c - `hookline check`: not built yet. */
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

const struct command command_check = {
	.name = "check",
	.args = "--config DIR",
	.about = "load a configuration and print each hook's chain",
	.run = run,
};
