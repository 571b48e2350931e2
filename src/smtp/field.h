/* SPDX-License-Identifier: MIT */
/* field.h - one header field: its name, its value without folds. */
#ifndef HOOKLINE_SMTP_FIELD_H
#define HOOKLINE_SMTP_FIELD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/str.h"

/* Line ends before white space removed, NUL made a space (RFC 5322 2.2.3).
 * Lives in `arena`. */
hl_str smtp_field_unfold(struct arena *arena, struct slice value);
/* Same field name, any case (RFC 5322 1.2.2). */
bool smtp_field_is(struct slice name, const char *want);
/* 1*ftext: what may stand before the colon (RFC 5322 3.6.8). */
bool smtp_field_name_is_valid(struct slice name);
/* The h= list of a DKIM-Signature field's value (folds and all) names
 * `name`.  RFC 6376 3.5. */
bool smtp_dkim_covers(struct slice value, const char *name);

#endif
