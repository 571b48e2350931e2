/* SPDX-License-Identifier: MIT */
/* conf_outside.c - which places beyond the configuration directory are read. */
#include "conf_outside.h"

#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define INCLUDE "$include"

struct outside {
	const struct conf_places *places;
	void (*fn)(void *arg, const char *path);
	void *arg;
	unsigned entries;
};

static bool
is_below(const char *path, const char *dir)
{
	size_t n = dir != NULL ? strlen(dir) : 0;

	return n > 0 && strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* Most files include nothing, and some are large: this is cheaper than to
 * parse them. */
static bool
has_include(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool found = false;
	struct stat st;
	void *bytes;

	if (fd == -1)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= (off_t)CONF_FILE_MAX) {
		bytes = mmap(
		    NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes != MAP_FAILED) {
			found = memmem(bytes, (size_t)st.st_size, INCLUDE,
				    sizeof(INCLUDE) - 1) != NULL;
			(void)munmap(bytes, (size_t)st.st_size);
		}
	}
	(void)close(fd);
	return found;
}

static void
look_into(struct outside *self, const char *path)
{
	const struct conf_places *places = self->places;
	struct conf_sources sources = { NULL, 0 };
	struct conf_faults faults;
	struct conf_lines lines;

	if (!has_include(path))
		return;
	conf_faults_init(&faults);
	/* A fault is found again, and told, by whoever reads the file. */
	if (conf_file_read(path, places, &lines, &sources, &faults) == 0)
		conf_lines_done(&lines);
	for (size_t i = 0; i < sources.count; i++)
		if (!is_below(sources.at[i].path, places->dir) &&
		    !is_below(sources.at[i].path, places->extra))
			self->fn(self->arg, sources.at[i].path);
	conf_sources_done(&sources);
	conf_faults_done(&faults);
}

static void
look_at(struct outside *self, FTS *fts, FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_D:
		if (entry->fts_level > CONF_OUTSIDE_DEPTH)
			(void)fts_set(fts, entry, FTS_SKIP);
		break;
	case FTS_SL:
		self->fn(self->arg, entry->fts_path);
		look_into(self, entry->fts_path);
		break;
	case FTS_F:
		look_into(self, entry->fts_path);
		break;
	default:
		break;
	}
}

/* False: there were too many. */
static bool
walk(struct outside *self, const char *dir)
{
	/* The directory itself may be a link: that is followed. */
	char *const roots[] = { (char *)(uintptr_t)dir, NULL };
	FTS *fts =
	    fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	if (fts == NULL)
		return true;
	while ((entry = fts_read(fts)) != NULL &&
	       self->entries++ < CONF_OUTSIDE_ENTRIES)
		look_at(self, fts, entry);
	(void)fts_close(fts);
	return entry == NULL;
}

bool
conf_outside(const struct conf_places *places,
    void (*fn)(void *arg, const char *path), void *arg)
{
	struct outside self = { .places = places, .fn = fn, .arg = arg };
	bool is_all = walk(&self, places->dir);

	if (places->extra != NULL)
		is_all = walk(&self, places->extra) && is_all;
	return is_all;
}
