/* SPDX-License-Identifier: MIT */
/* message.c - what scanners of messages ask of them, and say about them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strcasestr */
#endif
#include "message.h"

#include <string.h>

bool
message_is_multipart(struct hl_ctx *ctx)
{
	hl_str type = hl_header_get(ctx, HL_STR("Content-Type"), 0);
	const char *at = strcasestr(type.p, "multipart/");

	if (at != NULL)
		at = strcasestr(at, "boundary=");
	if (at == NULL)
		return false;
	at += strlen("boundary=");
	at += *at == '"';
	return *at != '\0' && *at != '"';
}

bool
message_is_too_large(struct hl_ctx *ctx, uint64_t max_bytes)
{
	uint64_t size = hl_data_size(ctx);

	if (size <= max_bytes)
		return false;
	hl_log(ctx, HL_LOG_WARN, "Mail too large to scan (%llu vs %llu)",
	    (unsigned long long)size, (unsigned long long)max_bytes);
	return true;
}

bool
message_file(struct hl_ctx *ctx, hl_str *ret_path)
{
	return hl_body_filename(ctx, ret_path) == 0;
}

hl_str
message_words(struct hl_ctx *ctx, const char *text, size_t n)
{
	char *copy = hl_alloc(ctx, n + 1);

	for (size_t i = 0; i < n; i++)
		copy[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	return hl_text(copy);
}

void
message_mark(struct hl_ctx *ctx, const char *name, hl_str value)
{
	(void)hl_header_add(ctx, hl_text(name), value);
}
