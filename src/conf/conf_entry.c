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
 * A new version of a large file is read on another thread, if conf_options has
 * one: to compile 100,000 expressions takes most of a second, and what looks a
 * file up is in the middle of somebody's session.
 *
 * The sources kept are those of the last attempt, so a version with a fault
 * is read once and not at every look.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "conf/conf_dir_private.h"
#include "conf_attempt.h"

/* One that runs apart.  The entry drops it when it goes away, or when it has
 * read the file itself. */
struct conf_reading {
	struct conf_entry *entry; /* NULL: nobody waits for it */
	struct conf_attempt *attempt;
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

static void
drop_reading(struct conf_entry *entry)
{
	if (entry->reading != NULL)
		entry->reading->entry = NULL;
	entry->reading = NULL;
}

void
conf_entry__free(struct conf_entry *entry)
{
	list_remove(&entry->link);
	drop_reading(entry);
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

/* ---------------------------------------------------------------- taking */

/* Young, and will be older: a date in the future has no better time. */
static bool
is_fresh(const struct conf_stamp *stamp, struct wall clock)
{
	return conf_stamp_is_young(stamp, clock) &&
	       stamp->mtime_ns / 1000 <= clock.us;
}

static void
take_sources(struct conf_entry *entry, struct conf_attempt *attempt)
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
take_version(struct conf_entry *entry, struct conf_attempt *attempt)
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
is_too_new(const struct conf_entry *entry, const struct conf_attempt *attempt)
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
is_dir_gone(const struct conf_entry *entry, struct conf_attempt *attempt)
{
	const char *path = entry->dir->path;

	if (conf_entry__is_absent(entry) || conf_stamp_of(path).exists)
		return false;
	(void)conf_faults_add(&attempt->faults, str_of(path), 0,
	    "the configuration directory is gone; put it back");
	return true;
}

/* If it is good.  Returns true when something changed. */
static bool
take(struct conf_entry *entry, struct conf_attempt *attempt, bool force)
{
	int res = attempt->res;
	bool is_taken;

	if (res == -EAGAIN || (!force && is_too_new(entry, attempt)))
		return false;
	is_taken = res == 0 || (res == -ENOENT && !is_dir_gone(entry, attempt));
	/* Without an earlier version there is none. */
	if (is_taken || entry->list == NULL)
		take_version(entry, attempt);
	take_sources(entry, attempt);
	take_faults(entry, &attempt->faults);
	entry->is_loaded = true;
	return is_taken;
}

/* --------------------------------------------------------------- reading */

/* Reads and, if it is good, takes.  Returns true when something changed. */
static bool
load(struct conf_entry *entry, bool force)
{
	struct conf_attempt *attempt = conf_attempt__new(entry);
	bool is_taken;

	drop_reading(entry);
	conf_attempt__run(attempt);
	is_taken = take(entry, attempt, force);
	conf_attempt__free(&attempt);
	return is_taken;
}

/* Is it what was looked at?  Some time has passed: what was written to since,
 * or is gone, may be half of a change, and is for the next look to judge. */
static bool
is_as_seen(const struct conf_entry *entry, const struct conf_attempt *attempt)
{
	for (size_t i = 0; i < attempt->sources.count; i++) {
		const struct conf_source *source = &attempt->sources.at[i];
		const struct conf_source *known =
		    conf_sources_find(&entry->sources, source->path);

		if (known != NULL &&
		    !conf_stamp_eq(&known->last, &source->stamp))
			return false;
	}
	return true;
}

/* On another thread. */
static void
reading_run(void *arg)
{
	struct conf_reading *reading = arg;

	conf_attempt__run(reading->attempt);
}

static void
reading_done(void *arg)
{
	struct conf_reading *reading = arg;
	struct conf_entry *entry = reading->entry;

	if (entry != NULL) {
		entry->reading = NULL;
		if (is_as_seen(entry, reading->attempt)) {
			conf_attempt__complete(reading->attempt, entry);
			(void)take(entry, reading->attempt, false);
		}
	}
	conf_attempt__free(&reading->attempt);
	mem_free(reading);
}

/* The list that is there holds until then. */
static void
load_apart(struct conf_entry *entry)
{
	const struct conf_options *options = &entry->dir->options;
	struct conf_reading *reading = mem_alloc(sizeof(*reading));

	reading->entry = entry;
	reading->attempt = conf_attempt__new(entry);
	entry->reading = reading;
	options->run_apart(options->arg, reading_run, reading_done, reading);
}

static bool
is_large(const struct conf_entry *entry)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < entry->sources.count; i++)
		bytes += entry->sources.at[i].last.size;
	return bytes >= CONF_APART_BYTES;
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
	if (entry->reading != NULL && !force)
		return false;
	look = look_at(entry);
	if (look == LOOK_SAME || (look == LOOK_WAIT && !force))
		return false;
	if (force || entry->dir->options.run_apart == NULL || !is_large(entry))
		return load(entry, force);
	load_apart(entry);
	return false;
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
