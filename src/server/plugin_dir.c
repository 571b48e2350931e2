/* SPDX-License-Identifier: MIT */
/* plugin_dir.c - finds the shipped plugins. */
#include "plugin_dir.h"

#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef HOOKLINE_PLUGIN_DIR
#define HOOKLINE_PLUGIN_DIR "/usr/local/lib/hookline/plugins"
#endif

const char *
plugin_dir(void)
{
	static char path[2048 + 16];
	const char *given = getenv("HOOKLINE_PLUGINS");
	char exe[2048];
	ssize_t n;
	char *slash;

	if (given != NULL && given[0] != '\0')
		return given;
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n <= 0)
		return HOOKLINE_PLUGIN_DIR;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (slash == NULL)
		return HOOKLINE_PLUGIN_DIR;
	*slash = '\0';
	(void)snprintf(path, sizeof(path), "%s/plugins", exe);
	return access(path, X_OK) == 0 ? path : HOOKLINE_PLUGIN_DIR;
}
