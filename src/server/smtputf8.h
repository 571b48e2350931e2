/* SPDX-License-Identifier: MIT */
/* smtputf8.h - who may use UTF-8 in commands and replies (RFC 6531 3.7). */
#ifndef HOOKLINE_SERVER_SMTPUTF8_H
#define HOOKLINE_SERVER_SMTPUTF8_H

#include "commands.h"

/* MAIL with these parameters: its transaction is one with SMTPUTF8, or not. */
void smtputf8_begin(struct session *session, const struct smtp_params *params);
/* VRFY and EXPN: takes the parameter off the end of `rest`; ctx->params has it
 * while the command runs (`room` must live as long).
 * hide_code  252 or 550: of a reply with a name that this client, without the
 *            parameter, cannot be shown
 * False: refused and answered. */
bool smtputf8_take(struct session *session, struct hl_ctx *ctx,
    enum hook_id hook, unsigned hide_code, struct slice *rest,
    struct hl_params *room) BLOCKS WARN_UNUSED;
/* May a reply hold UTF-8?  One to VRFY or EXPN that must not is changed. */
bool smtputf8_in_reply(const struct session *session, const struct hl_ctx *ctx,
    struct hl_reply *reply);

#endif
