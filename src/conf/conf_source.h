/* SPDX-License-Identifier: MIT */
/* conf_source.h - has a file changed, and may it be read yet?
 *
 * A stamp is what stat says about a path.  A set of sources is every path
 * that a control file was made of: the file, its includes, the directories
 * included, and the places looked at in vain (a file may appear there).
 */
#ifndef HOOKLINE_CONF_SOURCE_H
#define HOOKLINE_CONF_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/clock.h"

struct stat;

struct conf_stamp {
	bool exists; /* false: the rest is 0 */
	uint64_t dev, ino;
	int64_t size;
	int64_t mtime_ns, ctime_ns;
};

struct conf_source {
	char *path;
	struct conf_stamp stamp; /* when it was read, or looked for */
	struct conf_stamp last;  /* when it was last looked at */
};

struct conf_sources {
	struct conf_source *at;
	size_t count;
};

/* A file is taken when it has not been written to for so long, or was renamed
 * into place (docs/architecture.md, "Configuration"). */
#define CONF_STABLE_MS 200

/* The stamp of `path`, or of nothing when it cannot be seen. */
struct conf_stamp conf_stamp_of(const char *path);
struct conf_stamp conf_stamp_from(const struct stat *st);
bool conf_stamp_eq(const struct conf_stamp *a, const struct conf_stamp *b);
/* True when a file with this stamp may be half-written: its last write is
 * less than CONF_STABLE_MS ago, or in the future. */
bool conf_stamp_is_young(const struct conf_stamp *stamp, struct wall clock);
/* True when `now` was renamed into the place of `was`: it is another inode
 * whose change time is later than its last write. */
bool conf_stamp_is_renamed(
    const struct conf_stamp *was, const struct conf_stamp *now);

void conf_sources_add(struct conf_sources *sources, const char *path,
    const struct conf_stamp *stamp);
/* NULL when there is none. */
const struct conf_source *conf_sources_find(
    const struct conf_sources *sources, const char *path);
void conf_sources_done(struct conf_sources *sources);

#endif
