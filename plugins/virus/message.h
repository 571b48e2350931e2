/* SPDX-License-Identifier: MIT */
/* message.h - what scanners of messages ask of them, and say about them. */
#ifndef HOOKLINE_VIRUS_MESSAGE_H
#define HOOKLINE_VIRUS_MESSAGE_H

#include <hookline/plugin.h>

/* Is its Content-Type multipart/... with a boundary? */
bool message_is_multipart(struct hl_ctx *ctx);
/* Larger than that?  Then it is told at warn. */
bool message_is_too_large(struct hl_ctx *ctx, uint64_t max_bytes);
/* Where it is in a file; false: nowhere, and the server has logged why. */
bool message_file(struct hl_ctx *ctx, hl_str *ret_path);
/* `n` bytes of what a scanner has said, fit for a reply and a header field. */
hl_str message_words(struct hl_ctx *ctx, const char *text, size_t n);
/* At the end of the header. */
void message_mark(struct hl_ctx *ctx, const char *name, hl_str value);

#endif
