/* SPDX-License-Identifier: MIT */
/* carries.c - what queue plugins pass on, by the names that EHLO has for it. */
#include "carries.h"

#include <stddef.h>

#include <hookline/plugin.h>

#include "base/buf.h"

const struct carries_row carries_table[] = {
	{ HL_CARRIES_SMTPUTF8, "SMTPUTF8" },
	{ HL_CARRIES_DSN, "DSN" },
	{ HL_CARRIES_BINARYMIME, "BINARYMIME" },
	{ HL_CARRIES_REQUIRETLS, "REQUIRETLS" },
	{ HL_CARRIES_MT_PRIORITY, "MT-PRIORITY" },
	{ HL_CARRIES_FUTURERELEASE, "FUTURERELEASE" },
	{ 0, NULL },
};

void
carries_text(uint64_t bits, struct buf *ret_text)
{
	const char *between = "";

	for (const struct carries_row *row = carries_table;
	     row->keyword != NULL; row++) {
		if ((bits & row->bit) == 0)
			continue;
		buf_printf(ret_text, "%s%s", between, row->keyword);
		between = " ";
	}
	if (*between == '\0')
		buf_add_text(ret_text, "nothing");
}
