/* SPDX-License-Identifier: MIT */
/* cover.h - does a declared path cover a path?
 *
 * Paths are compared as text: a plugin's author writes both sides.
 */
#ifndef HOOKLINE_BASE_COVER_H
#define HOOKLINE_BASE_COVER_H

#include <stdbool.h>

#include "slice.h"

/* One of its parts is "..": such a path is covered by nothing, since
 * "/var/x/../../etc" begins with "/var/x/". */
bool path_goes_up(struct slice path);

/* "/a/" covers "/a/b", "/a/" and the directory "/a" itself; "/a" only "/a".
 * `path` must not go up. */
bool path_is_covered(struct slice declared, struct slice path);

#endif
