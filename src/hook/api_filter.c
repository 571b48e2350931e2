/* SPDX-License-Identifier: MIT */
/* api_filter.c - policy.h: refusing, immunity, karma, addresses. */
#include <stdarg.h>
#include <string.h>

#include <hookline/policy.h>

#include "base/inet.h"
#include "ctx.h"
#include "smtp/date.h"

static const struct {
	const char *name; /* as in the argument; "" the default */
	enum hl_verdict verdict;
} ways[] = {
	[HL_REJECT_DEFAULT] = { "", HL_DENY },
	[HL_REJECT_PERM] = { "perm", HL_DENY },
	[HL_REJECT_TEMP] = { "temp", HL_DENYSOFT },
	[HL_REJECT_DISCONNECT] = { "disconnect", HL_DENY_DISCONNECT },
	[HL_REJECT_TEMP_DISCONNECT] = { "temp_disconnect",
	    HL_DENYSOFT_DISCONNECT },
	[HL_REJECT_HARD] = { "hard", HL_DENY },
	[HL_REJECT_SOFT] = { "soft", HL_DENYSOFT },
};

/* The plugin `naughty` refuses with this text later; without a type it does so
 * in its own way. */
static void
note_naughty(struct hl_ctx *ctx, unsigned how, hl_str text)
{
	hl_str name = HL_STR("naughty"), type = HL_STR("naughty_reject_type");
	hl_str before = hl_note_text(ctx, HL_CONNECTION, name);

	if (hl_is_naughty(ctx))
		text =
		    arena_printf(ctx->arena, "%s\n%.*s", before.p, STR(text));
	(void)hl_note_set_text(ctx, HL_CONNECTION, name, text);
	if (ways[how].name[0] != '\0' && !hl_note_has(ctx, HL_CONNECTION, type))
		(void)hl_note_set_text(
		    ctx, HL_CONNECTION, type, str_of(ways[how].name));
}

/* `enhanced` for a refusal for good, or for now: the filter knows what is wrong,
 * its arguments of which class that is. */
static hl_str
enhanced_for(struct arena *arena, const char *enhanced, enum hl_verdict verdict)
{
	bool is_soft =
	    verdict == HL_DENYSOFT || verdict == HL_DENYSOFT_DISCONNECT;

	if (enhanced == NULL || (enhanced[0] != '4' && enhanced[0] != '5'))
		return hl_text(enhanced);
	return arena_printf(arena, "%c%s", is_soft ? '4' : '5', enhanced + 1);
}

enum hl_verdict
hl_reject(struct hl_ctx *ctx, const struct hl_reject *how, const char *enhanced,
    const char *fmt, ...)
{
	va_list args;
	hl_str text;

	ctx_check(ctx);
	CHECK(how->how < ARRAY_SIZE(ways));
	va_start(args, fmt);
	text = arena_vprintf(ctx->arena, fmt, args);
	va_end(args);
	switch (how->when) {
	case HL_REJECT_NEVER:
		hl_log(ctx, HL_LOG_INFO, "fail, tolerated, %s", text.p);
		return HL_DECLINED;
	case HL_REJECT_NAUGHTY:
		hl_log(ctx, HL_LOG_INFO, "fail, NAUGHTY, %s", text.p);
		note_naughty(ctx, how->how, text);
		return HL_DECLINED;
	default: /* its log line is event=reject */
		return hl_answer(ctx, ways[how->how].verdict,
		    enhanced_for(ctx->arena, enhanced, ways[how->how].verdict),
		    text);
	}
}

bool
hl_is_immune(struct hl_ctx *ctx)
{
	const char *why = NULL;

	if (hl_relay_client(ctx))
		why = "relay client";
	else if (hl_note_has(ctx, HL_CONNECTION, HL_STR("whitelisthost")))
		why = "whitelisted host";
	else if (hl_note_has(ctx, HL_TRANSACTION, HL_STR("whitelistsender")))
		why = "whitelisted sender";
	if (why == NULL)
		return false;
	hl_log(ctx, HL_LOG_DEBUG, "skip, %s", why);
	return true;
}

bool
hl_is_naughty(const struct hl_ctx *ctx)
{
	hl_str text = hl_note_text(ctx, HL_CONNECTION, HL_STR("naughty"));

	return text.n > 0 && !str_eq_text(text, "0");
}

void
hl_karma(struct hl_ctx *ctx, int points)
{
	hl_str name = HL_STR("karma");
	int64_t karma = hl_note_int(ctx, HL_CONNECTION, name, 0) + points;

	hl_log(ctx, HL_LOG_DEBUG, "karma %d (%lld)", points, (long long)karma);
	(void)hl_note_set_int(ctx, HL_CONNECTION, name, karma);
}

void
hl_auth_results_add(struct hl_ctx *ctx, hl_str result)
{
	hl_str name = HL_STR("authentication_results");
	hl_str before = hl_note_text(ctx, HL_CONNECTION, name);

	if (before.n > 0)
		result =
		    arena_printf(ctx->arena, "%s; %.*s", before.p, STR(result));
	(void)hl_note_set_text(ctx, HL_CONNECTION, name, result);
}

int
hl_date_parse(hl_str text, int64_t *ret_s)
{
	return smtp_date_parse(slice_str(text), ret_s);
}

hl_str
hl_peer_client(struct hl_ctx *ctx)
{
	hl_str ip = hl_peer_ip(ctx);
	char text[INET_TEXT_MAX];
	struct inet_addr addr;
	size_t n;

	if (inet_parse(slice_str(ip), &addr) < 0)
		return ip;
	n = inet_client_text(&addr, text);
	return arena_str(ctx->arena, (struct slice){ text, n });
}

enum hl_ip_match
hl_ip_compare(hl_str a, hl_str b)
{
	struct inet_addr x, y;

	if (inet_parse(slice_str(a), &x) < 0 ||
	    inet_parse(slice_str(b), &y) < 0 || x.family != y.family)
		return HL_IP_OTHER;
	if (inet_eq(&x, &y))
		return HL_IP_SAME;
	return memcmp(x.bytes, y.bytes, x.family == INET_V4 ? 3 : 8) == 0
		   ? HL_IP_NEAR
		   : HL_IP_OTHER;
}
