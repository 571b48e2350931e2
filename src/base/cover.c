/* SPDX-License-Identifier: MIT */
/* cover.c - does a declared path cover a path? */
#include "cover.h"

bool
path_goes_up(struct slice path)
{
	struct slice part;

	while (slice_cut(&path, '/', &part)) {
		if (slice_eq_text(part, ".."))
			return true;
	}
	return false;
}

bool
path_is_covered(struct slice declared, struct slice path)
{
	if (!slice_ends(declared, "/"))
		return slice_eq(declared, path);
	if (path.n + 1 == declared.n)
		declared.n--;
	return path.n >= declared.n &&
	       slice_eq((struct slice){ path.p, declared.n }, declared);
}
