/* SPDX-License-Identifier: MIT */
/* plugin_dir.c - finds the shipped plugins. */
#include "plugin_dir.h"

#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef HOOKLINE_PREFIX
#define HOOKLINE_PREFIX "/usr/local"
#define HOOKLINE_LIBDIR "lib"
#endif
#define BELOW_LIBDIR HOOKLINE_LIBDIR "/hookline/plugins"
#define INSTALLED                                 \
	(HOOKLINE_LIBDIR[0] == '/' ? BELOW_LIBDIR \
				   : HOOKLINE_PREFIX "/" BELOW_LIBDIR)

/* The program is in PREFIX/bin, wherever PREFIX was moved to. */
static const char *const beside[] = { "plugins", "../" BELOW_LIBDIR };

const char *
plugin_dir(void)
{
	static char path[2048 + sizeof(BELOW_LIBDIR) + 8];
	const char *given = getenv("HOOKLINE_PLUGINS");
	char exe[2048];
	ssize_t n;
	char *slash;

	if (given != NULL && given[0] != '\0')
		return given;
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n <= 0)
		return INSTALLED;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (slash == NULL)
		return INSTALLED;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", exe, beside[i]);
		if (access(path, X_OK) == 0)
			return path;
	}
	return INSTALLED;
}
