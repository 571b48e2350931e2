/* SPDX-License-Identifier: MIT */
/* cmd_version.c - `hookline version`. */
#include <stdio.h>

#include "command.h"

static int
run(const struct command *self, int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return command_usage_error(self, "version takes no argument");
	(void)printf("hookline %s\n", HOOKLINE_VERSION);
	return EXIT_OK;
}

const struct command command_version = {
	.name = "version",
	.args = "",
	.about = "print the version",
	.run = run,
};
