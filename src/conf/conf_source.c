/* SPDX-License-Identifier: MIT */
/* conf_source.c - has a file changed, and may it be read yet? */
#include "conf_source.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/slice.h"

static int64_t
ns_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

struct conf_stamp
conf_stamp_from(const struct stat *st)
{
	return (struct conf_stamp){
		.exists = true,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = st->st_size,
		.mtime_ns = ns_of(&st->st_mtim),
		.ctime_ns = ns_of(&st->st_ctim),
	};
}

struct conf_stamp
conf_stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return (struct conf_stamp){ .exists = false };
	return conf_stamp_from(&st);
}

bool
conf_stamp_eq(const struct conf_stamp *a, const struct conf_stamp *b)
{
	return a->exists == b->exists && a->dev == b->dev && a->ino == b->ino &&
	       a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

bool
conf_stamp_is_young(const struct conf_stamp *stamp, struct wall clock)
{
	int64_t age_us = clock.us - stamp->mtime_ns / 1000;

	return stamp->exists && age_us < (int64_t)CONF_STABLE_MS * 1000;
}

bool
conf_stamp_is_renamed(
    const struct conf_stamp *was, const struct conf_stamp *now)
{
	return was->exists && now->exists &&
	       (was->ino != now->ino || was->dev != now->dev) &&
	       now->ctime_ns > now->mtime_ns;
}

/* Grows by doubling: at the powers of two. */
void
conf_sources_add(struct conf_sources *sources, const char *path,
    const struct conf_stamp *stamp)
{
	size_t n = sources->count;

	if ((n & (n - 1)) == 0)
		sources->at = mem_grow(
		    sources->at, (n > 0 ? 2 * n : 1) * sizeof(sources->at[0]));
	sources->at[n].path = mem_dup(slice_of(path));
	sources->at[n].stamp = *stamp;
	sources->at[n].last = *stamp;
	sources->count++;
}

const struct conf_source *
conf_sources_find(const struct conf_sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->count; i++)
		if (strcmp(sources->at[i].path, path) == 0)
			return &sources->at[i];
	return NULL;
}

void
conf_sources_done(struct conf_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		mem_free(sources->at[i].path);
	mem_free(sources->at);
	*sources = (struct conf_sources){ NULL, 0 };
}
