/* SPDX-License-Identifier: MIT */
/* trace_fields.h - the fields that we put on top of a message. */
#ifndef HOOKLINE_SERVER_TRACE_FIELDS_H
#define HOOKLINE_SERVER_TRACE_FIELDS_H

#include "session.h"

/* Renames foreign Authentication-Results, adds Received (by the hook
 * received_line, else our own) and Authentication-Results (mail/authres.h).
 * 0; -E2BIG over the transaction's cap. */
int trace_fields_add(
    struct session *session, struct hl_ctx *ctx) BLOCKS WARN_UNUSED;

#endif
