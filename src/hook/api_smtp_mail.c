/* SPDX-License-Identifier: MIT */
/* api_smtp_mail.c - smtp_client.h: the session's message as an envelope. */
#include "api_smtp_private.h"

#define PIECE 8192u

bool
smtp__is_ascii(hl_str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 128)
			return false;
	return true;
}

static bool
header_is_ascii(struct hl_ctx *ctx)
{
	hl_str name, value;

	for (size_t i = 0; hl_header_at(ctx, i, &name, &value); i++)
		if (!smtp__is_ascii(name) || !smtp__is_ascii(value))
			return false;
	return true;
}

int
smtp__message_is_8bit(struct hl_ctx *ctx)
{
	struct hl_reader *reader = hl_message_read(ctx, HL_LF);
	char *piece = hl_alloc(ctx, PIECE);
	long n = 0;

	while (reader != NULL && (n = hl_read(reader, piece, PIECE)) > 0)
		if (!smtp__is_ascii((hl_str){ piece, (size_t)n }))
			return 1;
	return (int)n;
}

static struct hl_smtp_rcpt *
all_rcpts(struct hl_ctx *ctx, size_t count)
{
	struct hl_smtp_rcpt *rcpts =
	    hl_alloc(ctx, (count + 1) * sizeof(*rcpts));

	for (size_t i = 0; i < count; i++) {
		const struct hl_rcpt *rcpt = hl_rcpt_at(ctx, i);
		const struct hl_params *params = hl_rcpt_params(rcpt);

		rcpts[i].address = hl_addr_text(hl_rcpt_addr(rcpt));
		rcpts[i].notify = hl_param(params, HL_STR("notify"));
		rcpts[i].orcpt = hl_param(params, HL_STR("orcpt"));
	}
	return rcpts;
}

void
hl_smtp_mail(struct hl_ctx *ctx, struct hl_smtp_mail *ret)
{
	const struct hl_params *params = hl_sender_params(ctx);
	size_t count = hl_rcpt_count(ctx);

	*ret = (struct hl_smtp_mail){
		.sender = hl_addr_text(hl_sender(ctx)),
		.body = hl_param(params, HL_STR("body")),
		.ret = hl_param(params, HL_STR("ret")),
		.envid = hl_param(params, HL_STR("envid")),
		.size = hl_message_size(ctx, HL_CRLF),
		.smtputf8 = hl_is_smtputf8(ctx),
		.needs_utf8 = hl_is_smtputf8(ctx) && !header_is_ascii(ctx),
		.auth_unknown = hl_param_has(params, HL_STR("auth")),
		.rcpts = all_rcpts(ctx, count),
		.count = count,
	};
}
