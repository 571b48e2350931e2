/* SPDX-License-Identifier: MIT */
/* conf_attempt.c - one reading of one file of the directory. */
#include "conf_attempt.h"

#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf_dir_private.h"

/* What it is asked for, and what its users turned out to need. */
static unsigned
kinds_of(const struct conf_entry *entry)
{
	return entry->kinds |
	       (entry->list != NULL ? conf_list_kinds(entry->list) : 0);
}

struct conf_attempt *
conf_attempt__new(const struct conf_entry *entry)
{
	const struct conf_dir *dir = entry->dir;
	struct conf_attempt *attempt = mem_alloc(sizeof(*attempt));

	attempt->dir = mem_dup(slice_of(dir->path));
	if (dir->extra != NULL)
		attempt->extra = mem_dup(slice_of(dir->extra));
	attempt->name = mem_dup(slice_of(entry->name));
	attempt->is_map = entry->is_map;
	attempt->only_here = entry->only_here;
	attempt->is_first = !entry->is_loaded;
	attempt->kinds = kinds_of(entry);
	conf_faults_init(&attempt->faults);
	return attempt;
}

void
conf_attempt__free(struct conf_attempt **attempt_p)
{
	struct conf_attempt *attempt = *attempt_p;

	*attempt_p = NULL;
	if (attempt == NULL)
		return;
	conf_list_unref(&attempt->list);
	conf_map_unref(&attempt->map);
	conf_sources_done(&attempt->sources);
	conf_faults_done(&attempt->faults);
	mem_free(attempt->name);
	mem_free(attempt->extra);
	mem_free(attempt->dir);
	mem_free(attempt);
}

static char *
path_join(const char *dir, const char *name)
{
	struct buf buf = BUF_INIT;

	buf_printf(&buf, "%s/%s", dir, name);
	return buf.p;
}

static int
compile(struct conf_attempt *attempt)
{
	int res =
	    conf_list_compile(attempt->list, attempt->kinds, &attempt->faults);

	if (res == 0 || attempt->is_first)
		return 0;
	conf_list_unref(&attempt->list);
	return res;
}

static int
read_list(struct conf_attempt *attempt, const char *path)
{
	struct conf_places places = { attempt->dir, attempt->extra };
	struct conf_lines lines;
	int res;

	res = conf_file_read(
	    path, &places, &lines, &attempt->sources, &attempt->faults);
	if (res != 0)
		return res;
	attempt->list = conf_list_new(&lines, true);
	return compile(attempt);
}

static int
read_map(struct conf_attempt *attempt, const char *path)
{
	struct conf_stamp stamp;
	struct err err;
	int res = conf_map_open(path, &attempt->map, &stamp, &err);

	conf_sources_add(&attempt->sources, path, &stamp);
	if (res != 0 && res != -ENOENT && res != -EAGAIN)
		(void)conf_faults_add(
		    &attempt->faults, str_of(path), 0, "%s", err.text);
	return res;
}

/* At its path, or in the directory, else in $QMAIL/control. */
static int
read_any(struct conf_attempt *attempt)
{
	const char *places[2] = { attempt->dir,
		attempt->only_here ? NULL : attempt->extra };
	int res = -ENOENT;

	if (attempt->name[0] == '/')
		return read_list(attempt, attempt->name);
	for (int i = 0; i < 2 && res == -ENOENT && places[i] != NULL; i++) {
		char *path = path_join(places[i], attempt->name);

		res = attempt->is_map ? read_map(attempt, path)
				      : read_list(attempt, path);
		mem_free(path);
	}
	return res;
}

void
conf_attempt__run(struct conf_attempt *attempt)
{
	attempt->res = read_any(attempt);
}

void
conf_attempt__complete(
    struct conf_attempt *attempt, const struct conf_entry *entry)
{
	attempt->kinds |= kinds_of(entry);
	if (attempt->list != NULL)
		attempt->res = compile(attempt);
}
