/* SPDX-License-Identifier: MIT */
/* fuzz_conf.h - a list of the input's lines. */
#ifndef HOOKLINE_TESTS_FUZZ_CONF_H
#define HOOKLINE_TESTS_FUZZ_CONF_H

#include "base/arena.h"
#include "conf/conf_list.h"
#include "fuzz.h"

#define FUZZ_LINES 80

/* At most FUZZ_LINES of them; NULs become spaces. */
static inline struct conf_list *
fuzz_list(struct slice in)
{
	hl_str lines[FUZZ_LINES];
	struct conf_list *list;
	struct arena arena;
	struct slice line;
	size_t count = 0;

	arena_init(&arena, 4096, 0);
	while (count < FUZZ_LINES && slice_cut(&in, '\n', &line))
		lines[count++] = arena_str(&arena, line);
	list = conf_list_from(STR_LIT("fuzz"), lines, count);
	arena_done(&arena);
	return list;
}

#endif
