/* SPDX-License-Identifier: MIT */
/* api_queue.c - policy.h: handing messages on to programs. */
#include <hookline/policy.h>

#include "ctx.h"
#include "mail/addr.h"

#define ID_MAX 200

hl_str
hl_addr_plain(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	ctx_check(ctx);
	if (addr->host.n == 0)
		return addr->local;
	return arena_printf(
	    ctx->arena, "%.*s@%.*s", STR(addr->local), STR(addr->host));
}

static bool
is_printable(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	return true;
}

hl_str
hl_message_id(struct hl_ctx *ctx)
{
	struct slice id =
	    slice_trim(slice_str(hl_header_get(ctx, STR_LIT("Message-Id"), 0)));

	if (id.n == 0 || id.n > ID_MAX || !is_printable(id))
		return STR_LIT("<>");
	if (id.p[0] == '<' && id.p[id.n - 1] == '>')
		return arena_str(ctx->arena, id);
	return arena_printf(ctx->arena, "<%.*s>", (int)id.n, id.p);
}
