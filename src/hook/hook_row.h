/* SPDX-License-Identifier: MIT */
/* hook_row.h - the contract table as the engine reads it.
 *
 * The rows are made from hooks.def by tools/gen-hooks (hook_table.c).
 */
#ifndef HOOKLINE_HOOK_HOOK_ROW_H
#define HOOKLINE_HOOK_HOOK_ROW_H

#include <stddef.h>
#include <stdint.h>

#include <hookline/plugin.h>

#include "base/check.h"
#include "base/slice.h"
#include "hook_table.h"

/* What answers for a plugin that cannot: `hl.on_failure=` on its line, or
 * the row's own (docs/hooks.md, "Answers"). */
enum hook_policy { POLICY_DEFAULT, POLICY_OPEN, POLICY_SOFT, POLICY_HARD };

/* What one verdict does: how the conversation goes on, and the reply; code 0
 * when the reply is not the table's. */
struct hook_cell {
	uint8_t fate; /* enum hook_fate */
	uint16_t code;
	const char *enhanced; /* "" for none */
	const char *text;
};

struct hook_row {
	const char *name;
	const char *alias; /* or NULL */
	const char *when;
	const char *params; /* of its function, behind `ctx`; may be "" */
	size_t member;      /* of struct hl_plugin */
	uint8_t call;       /* enum hook_call_kind */
	uint8_t flags;      /* enum hook_flag */
	uint8_t failure;    /* enum hook_policy */
	struct hook_cell cells[COLUMN_COUNT];
};

extern const struct hook_row hook_table[HOOK_COUNT];

/* "rcpt", "pre_connection", "hook_rcpt" is not one.  -EINVAL if unknown. */
int hook_find(struct slice name, enum hook_id *ret) WARN_UNUSED;

/* Does it belong to a command, which a reply can answer? */
bool hook_can_reply(enum hook_id id);

/* The column of a verdict, COLUMN_COUNT for a value that is no verdict. */
enum hook_column hook_column_of(unsigned verdict);
const char *hook_column_name(enum hook_column column); /* "DENY" */

#endif
