/* SPDX-License-Identifier: MIT */
/* grants.c - which worker may have which program run. */
#include "grants.h"

#include <errno.h>

#include "base/cover.h"
#include "base/num.h"

#define GAIN_MARK '+'

void
grants_begin(struct buf *list, unsigned max)
{
	buf_printf(list, "%u\n", max);
}

static bool
is_path(struct slice path)
{
	return slice_starts(path, "/") && slice_find(path, '\n') == path.n &&
	       slice_find(path, '\0') == path.n;
}

int
grants_add(struct buf *list, struct slice path, enum grant grant)
{
	if (!is_path(path))
		return -EINVAL;
	if (path.n + 1 + (grant == GRANT_GAIN) > GRANTS_MAX - list->n)
		return -E2BIG;
	if (grant == GRANT_GAIN)
		buf_add_char(list, GAIN_MARK);
	buf_add_slice(list, path);
	buf_add_char(list, '\n');
	return 0;
}

/* A line's path. */
static struct slice
take_mark(struct slice line, enum grant *ret)
{
	*ret = GRANT_RUN;
	if (line.n == 0 || line.p[0] != GAIN_MARK)
		return line;
	*ret = GRANT_GAIN;
	return slice_from(line, 1);
}

/* Takes a line off `text`; false when there is no whole one left. */
static bool
take_line(struct slice *text, struct slice *ret)
{
	if (slice_find(*text, '\n') == text->n)
		return false;
	return slice_cut(text, '\n', ret);
}

int
grants_join(struct buf *all, int pid, struct slice list)
{
	struct slice rest = list, line;
	enum grant grant;
	unsigned max;

	if (list.n > GRANTS_MAX || !take_line(&rest, &line) ||
	    num_parse_unsigned(line, GRANTS_PROGRAMS_MAX, &max) < 0)
		return -EINVAL;
	list = rest;
	while (take_line(&rest, &line))
		if (!is_path(take_mark(line, &grant)))
			return -EINVAL;
	if (rest.n > 0)
		return -EINVAL;
	buf_printf(all, "=%d %u\n", pid, max);
	buf_add_slice(all, list);
	return 0;
}

/* The lines of `pid`, with those of the workers behind it; false: none. */
static bool
find(struct slice all, int pid, unsigned *ret_max, struct slice *ret_paths)
{
	struct slice line;
	unsigned number;

	while (take_line(&all, &line)) {
		struct slice word;

		if (!slice_starts(line, "="))
			continue;
		line = slice_from(line, 1);
		word = slice_word(&line);
		if (num_parse_unsigned(word, INT32_MAX, &number) < 0 ||
		    (int)number != pid)
			continue;
		*ret_paths = all;
		return num_parse_unsigned(
			   slice_trim(line), GRANTS_PROGRAMS_MAX, ret_max) == 0;
	}
	return false;
}

unsigned
grants_max(struct slice all, int pid)
{
	struct slice paths;
	unsigned max;

	return find(all, pid, &max, &paths) ? max : 0;
}

enum grant
grants_find(struct slice all, int pid, struct slice path)
{
	enum grant found = GRANT_NONE, grant;
	struct slice paths, line;
	unsigned max;

	if (path_goes_up(path) || !find(all, pid, &max, &paths))
		return GRANT_NONE;
	while (take_line(&paths, &line) && !slice_starts(line, "=")) {
		line = take_mark(line, &grant);
		if (path_is_covered(line, path) && grant > found)
			found = grant;
	}
	return found;
}
