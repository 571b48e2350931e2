/* SPDX-License-Identifier: MIT */
/* hook_row.c - look-ups in the contract table. */
#include "hook_row.h"

#include <errno.h>

/* `-` and `_` are alike. */
static bool
name_is_alike(struct slice a, const char *b)
{
	size_t i;

	for (i = 0; i < a.n && b[i] != '\0'; i++) {
		char x = a.p[i] == '-' ? '_' : a.p[i];
		char y = b[i] == '-' ? '_' : b[i];

		if (x != y)
			return false;
	}
	return i == a.n && b[i] == '\0';
}

int
hook_find(struct slice name, enum hook_id *ret)
{
	for (unsigned i = 0; i < HOOK_COUNT; i++) {
		const struct hook_row *row = &hook_table[i];

		if (name_is_alike(name, row->name) ||
		    (row->alias != NULL && name_is_alike(name, row->alias))) {
			*ret = (enum hook_id)i;
			return 0;
		}
	}
	return -EINVAL;
}

bool
hook_can_reply(enum hook_id id)
{
	return hook_table[id].cells[COLUMN_DONE].fate == FATE_ANSWERED ||
	       id == HOOK_QUIT;
}

enum hook_column
hook_column_of(unsigned verdict)
{
	static const uint8_t columns[] = { COLUMN_OK, COLUMN_DENY,
		COLUMN_DENYSOFT, COLUMN_DENY_DISCONNECT,
		COLUMN_DENYSOFT_DISCONNECT };

	if (verdict == HL_DECLINED)
		return COLUMN_NONE;
	if (verdict == HL_DONE)
		return COLUMN_DONE;
	if (verdict < HL_OK || verdict - HL_OK >= ARRAY_SIZE(columns))
		return COLUMN_COUNT;
	return (enum hook_column)columns[verdict - HL_OK];
}

const char *
hook_column_name(enum hook_column column)
{
	static const char *const names[] = { "DECLINED", "OK", "DENY",
		"DENYSOFT", "DENY_DISCONNECT", "DENYSOFT_DISCONNECT", "DONE",
		"?" };

	return names[column];
}
