/* SPDX-License-Identifier: MIT */
/* cmd_try.c - `hookline try`: not built yet. */
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

const struct command command_try = {
	.name = "try",
	.args =
	    "--config DIR [--ip A] [--helo H] [--from F] [--to T]... [FILE]",
	.about = "run one conversation and print what each plugin answered",
	.run = run,
};
