/* SPDX-License-Identifier: MIT */
/* qmail_deliverable_client.h - one question to qmail-deliverabled; of the
 * plugin qmail_deliverable. */
#ifndef HOOKLINE_PLUGINS_QMAIL_DELIVERABLE_CLIENT_H
#define HOOKLINE_PLUGINS_QMAIL_DELIVERABLE_CLIENT_H

#include <hookline/plugin.h>

/* The address as qmail-deliverabled takes it, in lower case; "": it is none for
 * it (a quoted local part, letters outside of ASCII). */
hl_str deliverable_address(struct hl_ctx *ctx, hl_str address);

/* What the server says of an address of that form: 0 to 255.  Negative errno
 * within `timeout_ms`, and *ret_why in words; -ECANCELED, -ETIMEDOUT without.
 * BLOCKS. */
int deliverable_ask(struct hl_ctx *ctx, hl_str server, hl_str address,
    uint64_t timeout_ms, hl_str *ret_why);

#endif
