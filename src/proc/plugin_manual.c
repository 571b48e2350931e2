/* SPDX-License-Identifier: MIT */
/* plugin_manual.c - what the file of a shipped plugin says at its head. */
#include "plugin_manual.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "server/plugin_dir.h"

#define HEAD "= " /* of a plugin's part: "= queue/maildir" */

/* Goes behind the plugin's head line; false: there is none. */
static bool
seek(FILE *file, char **line, size_t *room, const char *name)
{
	while (getline(line, room, file) > 0) {
		(*line)[strcspn(*line, "\n")] = '\0';
		if (strncmp(*line, HEAD, strlen(HEAD)) == 0 &&
		    strcmp(*line + strlen(HEAD), name) == 0)
			return true;
	}
	return false;
}

void
plugin_manual_print(const char *name)
{
	struct buf path = BUF_INIT;
	char *line = NULL;
	size_t room = 0;
	FILE *file;

	buf_printf(&path, "%s/manuals.txt", plugin_dir());
	file = fopen(path.p, "re");
	if (file != NULL && seek(file, &line, &room, name)) {
		(void)printf("description\n");
		while (getline(&line, &room, file) > 0 &&
		       strncmp(line, HEAD, strlen(HEAD)) != 0)
			(void)printf("%s%s", line[0] != '\n' ? "  " : "", line);
	}
	if (file != NULL)
		(void)fclose(file);
	free(line);
	buf_done(&path);
}
