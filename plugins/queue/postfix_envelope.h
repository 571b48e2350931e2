/* SPDX-License-Identifier: MIT */
/* postfix_envelope.h - an envelope, as Postfix's smtpd tells it to cleanup. */
#ifndef HOOKLINE_QUEUE_POSTFIX_ENVELOPE_H
#define HOOKLINE_QUEUE_POSTFIX_ENVELOPE_H

struct hl_ctx;
struct records;

/* All records of the envelope: when it came, from which client, sender and
 * recipients, with what they want to know (RFC 3461).  BLOCKS for the client's
 * name. */
void postfix_envelope(struct hl_ctx *ctx, struct records *records);

#endif
