/* SPDX-License-Identifier: MIT */
/* limits.c - resolves the settings of a conversation. */
#include "limits.h"

#include "base/idna.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf_list.h"
#include "conf/conf_value.h"
#include "hook/config.h"
#include "hook/run.h"

#define SHARE_MS 1000

static hl_str
own(hl_str text)
{
	return (hl_str){ mem_dup(slice_str(text)), text.n };
}

static hl_str
resolve_me(struct hl_ctx *ctx)
{
	hl_str me = hook_config_text(ctx, CONF_ME, ctx->arena);
	struct idna_name ascii;

	if (me.n == 0)
		me = conf_me(
		    ctx->engine->conf, ctx->conv->facts.listener, ctx->arena);
	/* It stands in greetings and Received, which are ASCII. */
	if (!idna_is_ascii(slice_str(me)) &&
	    idna_to_ascii(slice_str(me), &ascii) == 0)
		me = (hl_str){ ascii.p, ascii.n };
	return own(me);
}

static struct limits *
limits_resolve(struct hl_ctx *ctx)
{
	struct limits *limits = mem_alloc(sizeof(*limits));
	int64_t command;

	limits->refs = 1;
	limits->made = mono_now();
#define LIMITS_RESOLVE(field, key) limits->field = hook_config_value(ctx, key);
	LIMITS(LIMITS_RESOLVE)
#undef LIMITS_RESOLVE
	command = hook_config_value(ctx, CONF_TIMEOUTSMTPD);
	limits->command_timeout_ms =
	    (uint64_t)(command > 0 ? command : limits->timeout_ms);
	limits->me = resolve_me(ctx);
	limits->greeting =
	    own(hook_config_text(ctx, CONF_SMTPGREETING, ctx->arena));
	limits->auth_id =
	    own(hook_config_text(ctx, CONF_ME_AUTH_RESULTS, ctx->arena));
	limits->auth_mechanisms =
	    own(hook_config_text(ctx, CONF_AUTH_MECHANISMS, ctx->arena));
	return limits;
}

void
limits_unref(struct limits **limits)
{
	struct limits *old = *limits;

	*limits = NULL;
	if (old == NULL || --old->refs > 0)
		return;
	mem_free((void *)(uintptr_t)old->me.p);
	mem_free((void *)(uintptr_t)old->greeting.p);
	mem_free((void *)(uintptr_t)old->auth_id.p);
	mem_free((void *)(uintptr_t)old->auth_mechanisms.p);
	mem_free(old);
}

struct limits *
limits_get(struct hl_ctx *ctx, struct limits **shared)
{
	struct limits *limits;

	if (hook_is_used(ctx, HOOK_CONFIG))
		return limits_resolve(ctx);
	if (*shared == NULL ||
	    mono_is_before(
		mono_add_ms((*shared)->made, SHARE_MS), mono_now())) {
		limits = limits_resolve(ctx);
		if (!ctx->engine->dry_run)
			log_set_level((enum log_level)conf_enum(
			    ctx->engine->conf, STR_EMPTY, CONF_LOGLEVEL));
		limits_unref(shared);
		*shared = limits;
	}
	(*shared)->refs++;
	return *shared;
}
