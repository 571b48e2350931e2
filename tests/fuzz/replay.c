/* SPDX-License-Identifier: MIT */
/* replay.c - runs a fuzz target on each file of the directories given. */
#include <dirent.h>
#include <stdio.h>

#include "base/buf.h"
#include "fuzz.h"

static void
replay_file(const char *dir, const char *name)
{
	struct buf path = BUF_INIT, bytes = BUF_INIT;
	char block[1024];
	size_t n;
	FILE *file;

	buf_printf(&path, "%s/%s", dir, name);
	file = fopen(path.p, "rb");
	CHECK(file != NULL);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		buf_add(&bytes, block, n);
	(void)fclose(file);
	(void)printf("%s\n", path.p);
	(void)fflush(stdout);
	buf_add(&bytes, "", 0);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)bytes.p, bytes.n);
	buf_done(&path);
	buf_done(&bytes);
}

int
main(int argc, char **argv)
{
	unsigned count = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		const struct dirent *entry;

		if (dir == NULL) {
			perror(argv[i]);
			return 1;
		}
		while ((entry = readdir(dir)) != NULL) {
			if (entry->d_name[0] == '.')
				continue;
			replay_file(argv[i], entry->d_name);
			count++;
		}
		(void)closedir(dir);
	}
	(void)printf("%u inputs\n", count);
	return count > 0 ? 0 : 1;
}
