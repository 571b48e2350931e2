/* SPDX-License-Identifier: MIT */
/* conf_entry.c - one file of the directory: has it changed, take it or not.
 *
 *	nothing --> look at all sources --> unchanged: done
 *	                 |
 *	              changed, still young: wait for the next look
 *	                 |
 *	              read and compile --> fault: keep the list, report
 *	                 |                 (the first time: take what is good)
 *	                 |
 *	              take: swap the list
 *
 * The sources kept are those of the last attempt, so a version with a fault
 * is read once and not at every look.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "conf/conf_dir_private.h"

/* What reading gave. */
struct attempt {
	struct conf_list *list;
	struct conf_map *map;
	struct conf_sources sources;
	struct conf_faults faults;
};

struct conf_entry *
conf_entry__new(
    struct conf_dir *dir, struct slice name, bool is_map, bool only_here)
{
	struct conf_entry *entry = mem_alloc(sizeof(*entry));

	entry->dir = dir;
	entry->name = mem_dup(name);
	entry->is_map = is_map;
	entry->only_here = only_here;
	conf_faults_init(&entry->faults);
	return entry;
}

static void
drop_list(struct conf_entry *entry)
{
	/* Who still holds it may go on using it; it cannot reach us. */
	if (entry->list != NULL)
		conf_list_on_fault(entry->list, NULL, NULL);
	conf_list_unref(&entry->list);
}

void
conf_entry__free(struct conf_entry *entry)
{
	list_remove(&entry->link);
	drop_list(entry);
	conf_map_unref(&entry->map);
	conf_sources_done(&entry->sources);
	conf_faults_done(&entry->faults);
	mem_free(entry->name);
	mem_free(entry);
}

bool
conf_entry__is_absent(const struct conf_entry *entry)
{
	return entry->map == NULL && entry->faults.count == 0 &&
	       (entry->list == NULL || !conf_list_is_present(entry->list));
}

/* ---------------------------------------------------------------- faults */

static void
tell(struct conf_dir *dir, const struct conf_fault *fault)
{
	if (fault != NULL && dir->options.on_fault != NULL)
		dir->options.on_fault(dir->options.arg, fault);
}

void
conf_entry__fault(
    struct conf_entry *entry, hl_str file, unsigned line, const char *text)
{
	tell(entry->dir,
	    conf_faults_add(&entry->faults, file, line, "%s", text));
}

/* conf_list_fault_fn */
static void
on_list_fault(void *arg, hl_str file, unsigned line, const char *text)
{
	conf_entry__fault(arg, file, line, text);
}

/* Replaces the faults by `found`, which is used up; one that was there before
 * keeps its date and is not told again. */
static void
take_faults(struct conf_entry *entry, struct conf_faults *found)
{
	struct conf_faults old = entry->faults;

	entry->faults = *found;
	conf_faults_init(found);
	for (size_t i = 0; i < entry->faults.count; i++) {
		struct conf_fault *fault = &entry->faults.at[i];
		const struct conf_fault *known = conf_faults_find(
		    &old, fault->file, fault->line, slice_str(fault->text));

		if (known != NULL)
			fault->since = known->since;
		else
			tell(entry->dir, fault);
	}
	conf_faults_done(&old);
}

/* --------------------------------------------------------------- reading */

static char *
path_join(const char *dir, const char *name)
{
	struct buf buf = BUF_INIT;

	buf_printf(&buf, "%s/%s", dir, name);
	return buf.p;
}

static int
read_list(
    const struct conf_entry *entry, const char *path, struct attempt *attempt)
{
	struct conf_places places = { entry->dir->path, entry->dir->extra };
	unsigned kinds = entry->kinds;
	struct conf_lines lines;
	int res;

	res = conf_file_read(
	    path, &places, &lines, &attempt->sources, &attempt->faults);
	if (res != 0)
		return res;
	/* And for what its users turned out to need. */
	if (entry->list != NULL)
		kinds |= conf_list_kinds(entry->list);
	attempt->list = conf_list_new(&lines, true);
	res = conf_list_compile(attempt->list, kinds, &attempt->faults);
	if (res != 0 && entry->is_loaded) {
		conf_list_unref(&attempt->list);
		return res;
	}
	/* At first there is no better version: the good lines hold. */
	return 0;
}

static int
read_map(const char *path, struct attempt *attempt)
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

/* At its path, or in the directory, else in $QMAIL/control.  As conf_file_read. */
static int
read_any(const struct conf_entry *entry, struct attempt *attempt)
{
	const struct conf_dir *dir = entry->dir;
	const char *places[2] = { dir->path,
		entry->only_here ? NULL : dir->extra };
	int res = -ENOENT;

	if (entry->name[0] == '/')
		return read_list(entry, entry->name, attempt);
	for (int i = 0; i < 2 && res == -ENOENT && places[i] != NULL; i++) {
		char *path = path_join(places[i], entry->name);

		res = entry->is_map ? read_map(path, attempt)
				    : read_list(entry, path, attempt);
		mem_free(path);
	}
	return res;
}

static void
attempt_done(struct attempt *attempt)
{
	conf_list_unref(&attempt->list);
	conf_map_unref(&attempt->map);
	conf_sources_done(&attempt->sources);
	conf_faults_done(&attempt->faults);
}

/* ---------------------------------------------------------------- taking */

/* Young, and will be older: a date in the future has no better time. */
static bool
is_fresh(const struct conf_stamp *stamp, struct wall clock)
{
	return conf_stamp_is_young(stamp, clock) &&
	       stamp->mtime_ns / 1000 <= clock.us;
}

static void
take_sources(struct conf_entry *entry, struct attempt *attempt)
{
	struct wall clock = wall_now();

	entry->is_early = false;
	for (size_t i = 0; i < attempt->sources.count; i++)
		if (is_fresh(&attempt->sources.at[i].stamp, clock))
			entry->is_early = true;
	conf_sources_done(&entry->sources);
	entry->sources = attempt->sources;
	attempt->sources = (struct conf_sources){ NULL, 0 };
}

/* An empty list of its own remembers what it was asked for. */
static struct conf_list *
make_absent(const struct conf_entry *entry)
{
	struct conf_lines lines = { .count = 0 };
	struct conf_list *list = conf_list_new(&lines, false);
	unsigned kinds = entry->kinds;

	if (entry->list != NULL)
		kinds |= conf_list_kinds(entry->list);
	(void)conf_list_compile(list, kinds, NULL);
	return list;
}

static void
take_version(struct conf_entry *entry, struct attempt *attempt)
{
	if (attempt->list == NULL)
		attempt->list = make_absent(entry);
	drop_list(entry);
	entry->list = attempt->list;
	attempt->list = NULL;
	conf_list_on_fault(entry->list, on_list_fault, entry);
	conf_map_unref(&entry->map);
	entry->map = attempt->map;
	attempt->map = NULL;
}

/* Files that are new to us (includes) may be half-written. */
static bool
is_too_new(const struct conf_entry *entry, const struct attempt *attempt)
{
	struct wall clock = wall_now();

	for (size_t i = 0; i < attempt->sources.count; i++) {
		const struct conf_source *source = &attempt->sources.at[i];

		if (is_fresh(&source->stamp, clock) &&
		    conf_sources_find(&entry->sources, source->path) == NULL)
			return true;
	}
	return false;
}

/* A directory that is being replaced as a whole does not remove its files. */
static bool
is_dir_gone(const struct conf_entry *entry, struct attempt *attempt)
{
	const char *path = entry->dir->path;

	if (conf_entry__is_absent(entry) || conf_stamp_of(path).exists)
		return false;
	(void)conf_faults_add(&attempt->faults, str_of(path), 0,
	    "the configuration directory is gone; put it back");
	return true;
}

/* Reads and, if it is good, takes.  Returns true when something changed. */
static bool
load(struct conf_entry *entry, bool force)
{
	struct attempt attempt = { .list = NULL };
	bool is_taken;
	int res;

	conf_faults_init(&attempt.faults);
	res = read_any(entry, &attempt);
	if (res == -EAGAIN || (!force && is_too_new(entry, &attempt))) {
		attempt_done(&attempt);
		return false;
	}
	is_taken =
	    res == 0 || (res == -ENOENT && !is_dir_gone(entry, &attempt));
	/* Without an earlier version there is none. */
	if (is_taken || entry->list == NULL)
		take_version(entry, &attempt);
	take_sources(entry, &attempt);
	take_faults(entry, &attempt.faults);
	entry->is_loaded = true;
	attempt_done(&attempt);
	return is_taken;
}

/* --------------------------------------------------------------- looking */

/* May a changed file be read?  Not while it is young, unless it was renamed
 * into place, or was the same when we last looked.  One that went away may
 * be between an editor's two steps: it must be away at two looks. */
static bool
is_ripe(const struct conf_source *source, const struct conf_stamp *now,
    struct wall clock)
{
	if (source->stamp.exists && !now->exists)
		return !source->last.exists;
	return !conf_stamp_is_young(now, clock) ||
	       conf_stamp_is_renamed(&source->stamp, now) ||
	       conf_stamp_eq(&source->last, now);
}

enum look { LOOK_SAME, LOOK_WAIT, LOOK_READ };

static enum look
look_at(struct conf_entry *entry)
{
	enum look look = entry->is_early ? LOOK_READ : LOOK_SAME;
	struct wall clock = wall_now();

	for (size_t i = 0; i < entry->sources.count; i++) {
		struct conf_source *source = &entry->sources.at[i];
		struct conf_stamp now = conf_stamp_of(source->path);
		bool is_changed = !conf_stamp_eq(&source->stamp, &now);

		if ((is_changed || entry->is_early) &&
		    !is_ripe(source, &now, clock))
			look = LOOK_WAIT;
		else if (is_changed && look == LOOK_SAME)
			look = LOOK_READ;
		source->last = now;
	}
	return look;
}

static bool
load_first(struct conf_entry *entry)
{
	/* It may be written to at this moment. */
	for (int i = 0; i < 3 && !entry->is_loaded; i++)
		(void)load(entry, true);
	if (entry->list == NULL)
		entry->list = make_absent(entry);
	return entry->is_loaded;
}

bool
conf_entry__check(struct conf_entry *entry, bool force)
{
	struct mono now = mono_now();
	enum look look;

	if (entry->list != NULL && !force &&
	    mono_is_before(now, mono_add_ms(entry->checked, CONF_CHECK_MS)))
		return false;
	entry->checked = now;
	if (!entry->is_loaded)
		return load_first(entry);
	look = look_at(entry);
	if (look == LOOK_SAME || (look == LOOK_WAIT && !force))
		return false;
	return load(entry, force);
}

void
conf_entry__want(struct conf_entry *entry, unsigned kinds)
{
	unsigned missing = kinds & ~entry->kinds;

	if (missing == 0)
		return;
	entry->kinds |= kinds;
	if (entry->list != NULL)
		(void)conf_list_compile(entry->list, kinds, NULL);
}
