/* SPDX-License-Identifier: MIT */
/* record.h - four numbers of a client in the database.
 *
 * Their text, "1:2:3:4", is what `hookline greylist` and `hookline karma` read.
 */
#ifndef RECORD_H
#define RECORD_H

#include <hookline/plugin.h>

#define RECORD_NUMBERS 4

/* Of a text that is none, or is cut, what is missing is 0. */
void record_parse(const char *text, int64_t ret[RECORD_NUMBERS]);
hl_str record_text(struct hl_ctx *ctx, const int64_t numbers[RECORD_NUMBERS]);

/* The database has answered `rc`: the first failure in a row is an error in
 * the log, with `meanwhile`, and the first success after it a notice.  That
 * the client is gone, or that another session was faster, is neither. */
void record_health(
    struct hl_ctx *ctx, bool *is_broken, int rc, const char *meanwhile);

#endif
