/* SPDX-License-Identifier: MIT */
/* fuzz_conf_file.c - control files that include each other: what is read is
 * lines as promised, and a refusal says why.
 *
 * A byte 1 in the input begins the next file; they are called as `names`.
 */
#include "fuzz.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "conf/conf_file.h"

static const char *const names[] = { "main", "a", "b", "d/1", "d/2" };
static char dir[] = "/tmp/hookline-fuzz-XXXXXX";

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_dir(void)
{
	(void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Once; it is removed at the end. */
static void
make_dir(void)
{
	static bool is_made;
	char path[64];

	if (is_made)
		return;
	is_made = true;
	CHECK(mkdtemp(dir) != NULL);
	CHECK(atexit(remove_dir) == 0);
	(void)snprintf(path, sizeof(path), "%s/d", dir);
	CHECK(mkdir(path, 0700) == 0);
}

static void
write_files(struct slice in)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct slice part = SLICE_NONE;
		char path[64];
		FILE *file;

		(void)slice_cut(&in, '\1', &part);
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		file = fopen(path, "w");
		CHECK(file != NULL);
		CHECK(fwrite(part.n > 0 ? part.p : "", 1, part.n, file) ==
		      part.n);
		CHECK(fclose(file) == 0);
	}
}

static void
check_lines(const struct conf_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		const struct conf_line *line = &lines->at[i];
		struct slice text = slice_str(line->text);

		CHECK(line->file < lines->file_count);
		CHECK(line->line > 0);
		CHECK(text.n > 0 && text.p[text.n] == '\0');
		CHECK(text.p[0] != '#');
		CHECK(slice_trim(text).n == text.n);
		CHECK(slice_find(text, '\0') == text.n);
		CHECK(slice_find(text, '\n') == text.n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct conf_places places = { dir, NULL };
	struct conf_sources sources = { NULL, 0 };
	struct conf_faults faults;
	struct conf_lines lines;
	char path[64];
	int res;

	make_dir();
	write_files(fuzz_input(bytes, n));
	(void)snprintf(path, sizeof(path), "%s/main", dir);
	conf_faults_init(&faults);
	res = conf_file_read(path, &places, &lines, &sources, &faults);
	CHECK(sources.count >= 1);
	CHECK((res == 0) == (faults.count == 0));
	if (res == 0) {
		CHECK(lines.file_count <= CONF_INCLUDE_FILES);
		check_lines(&lines);
		conf_lines_done(&lines);
	}
	conf_sources_done(&sources);
	conf_faults_done(&faults);
	return 0;
}
