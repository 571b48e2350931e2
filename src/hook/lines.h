/* SPDX-License-Identifier: MIT */
/* lines.h - what hooks with a `ret` give: lines, an address, a parse.
 *
 * The structs are opaque handles of plugin.h; everything lives in the call
 * arena.
 */
#ifndef HOOKLINE_HOOK_LINES_H
#define HOOKLINE_HOOK_LINES_H

#include <stdbool.h>

#include <hookline/plugin.h>

#include "base/arena.h"
#include "smtp/params.h"

#define LINES_MAX 100000

struct hl_lines {
	struct arena *arena;
	hl_str *at;
	size_t count, room;
	bool is_cut; /* there were more than LINES_MAX */
};

struct hl_out {
	struct arena *arena;
	hl_str address;
	bool is_set;
};

struct hl_parsed {
	struct arena *arena;
	hl_str what;
	bool is_set;
	struct smtp_param params[SMTP_PARAMS_MAX];
	size_t count;
};

#endif
