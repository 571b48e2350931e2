/* SPDX-License-Identifier: MIT */
/* karma_envelope.h - points for what stands in MAIL and RCPT. */
#ifndef KARMA_ENVELOPE_H
#define KARMA_ENVELOPE_H

#include <hookline/plugin.h>

#define ENVELOPE_TLDS "karma_tlds"

/* Behind the verb stands `start`, "FROM:<", or it costs points. */
void envelope_format(struct hl_ctx *ctx, const char *start);
/* The points of each line of config/karma_tlds that the sender is below. */
void envelope_tlds(struct hl_ctx *ctx, const struct hl_addr *from);
/* In load: says what is wrong in that file. */
void envelope_check(struct hl_ctx *ctx);

#endif
