/* SPDX-License-Identifier: MIT */
/* fake_main.c - the program with fake_server.c in it, for tests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc/command.h"
#include "proc/spawn_helper.h"
#include "proc/state_child.h"
#include "proc/worker.h"

/* `check`: a line "bad" in config/plugins is a fault, "bad-check-crash" a
 * crash. */
static int
check(const char *config_dir)
{
	char path[512], line[256] = "";
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/plugins", config_dir);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	(void)!fgets(line, sizeof(line), file);
	(void)fclose(file);
	if (strcmp(line, "bad-check-crash\n") == 0)
		abort();
	if (strncmp(line, "bad", 3) != 0)
		return 0;
	(void)fprintf(
	    stderr, "%s:1: no plugin bad\n%s:2: another\n", path, path);
	return 1;
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
	if (strcmp(name, "serve") == 0)
		return command_serve.run(&command_serve, argc - 1, argv + 1);
	if (strcmp(name, "ctl") == 0)
		return command_ctl.run(&command_ctl, argc - 1, argv + 1);
	if (strcmp(name, "check") == 0 && argc == 5)
		return check(argv[3]);
	return EXIT_USAGE;
}

/* Of main.c in the real program. */
int
command_usage_error(const struct command *self, const char *fmt, ...)
{
	(void)fprintf(stderr, "%s: %s\n", self->name, fmt);
	return EXIT_USAGE;
}
