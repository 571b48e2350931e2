/* SPDX-License-Identifier: MIT */
/* cmd_hooks.c - `hookline hooks`: not built yet. */
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

const struct command command_hooks = {
	.name = "hooks",
	.args = "[--json]",
	.about = "print the contract of every hook",
	.run = run,
};
