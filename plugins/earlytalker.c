/* SPDX-License-Identifier: MIT */
/* earlytalker.c - refuses clients that talk before it is their turn.
 *
 *	earlytalker [wait 1] [check-at CONNECT|DATA] [defer-reject 0|1]
 *	            [reject 0|1|naughty] [reject_type perm|temp|...]
 *
 * It holds the greeting back for `wait` seconds, or the answer to DATA
 * (`check-at`, which may be given twice), and sees whether the client waits,
 * too.  With `defer-reject 1` who does not is refused at MAIL instead of the
 * greeting; for now, unless `reject_type` says else.  The connection's note
 * `earlytalker` tells.  Clients with the note karma_history over 5 do not
 * wait.  The old `action deny|denysoft|log` is `reject 1|1|0`.
 */
#include <hookline/policy.h>

#define GOOD_KARMA 5

enum { NEVER, AT_CONNECT, AT_DATA };
#define MOMENTS "never|CONNECT|DATA"

struct args {
	struct hl_reject reject;
	uint64_t wait_ms;
	unsigned at[2];
	bool defer;
};

static enum hl_verdict
refuse(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct hl_reject how = args->reject;

	if (how.when > HL_REJECT_NAUGHTY) /* `action denysoft` */
		how.when = HL_REJECT_NOW;
	if (how.how == HL_REJECT_DEFAULT)
		how.how = args->defer ? HL_REJECT_TEMP : HL_REJECT_PERM;
	return hl_reject(ctx, &how, "5.5.1",
	    "Connecting host started transmitting before SMTP greeting");
}

static void
remember(struct hl_ctx *ctx)
{
	(void)hl_note_set_int(ctx, HL_CONNECTION, HL_STR("earlytalker"), 1);
	hl_karma(ctx, -1);
}

/* Does it have to wait here, and does it not? */
static bool
is_early(struct hl_ctx *ctx, unsigned moment)
{
	const struct args *args = hl_args(ctx);

	if ((args->at[0] != moment && args->at[1] != moment) ||
	    hl_is_immune(ctx))
		return false;
	if (moment == AT_CONNECT &&
	    hl_note_int(ctx, HL_CONNECTION, HL_STR("karma_history"), 0) >
		GOOD_KARMA) {
		hl_log(ctx, HL_LOG_DEBUG, "skip, good karma");
		return false;
	}
	switch (hl_client_wait(ctx, args->wait_ms)) {
	case 1:
		remember(ctx);
		return true;
	case 0:
		hl_log(ctx, HL_LOG_DEBUG, "pass, not spontaneous");
		return false;
	default: /* it is gone */
		return false;
	}
}

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return is_early(ctx, AT_CONNECT) && !args->defer ? refuse(ctx)
							 : HL_DECLINED;
}

static enum hl_verdict
on_mail(struct hl_ctx *ctx, const struct hl_addr *from)
{
	const struct args *args = hl_args(ctx);

	(void)from;
	if (!args->defer ||
	    !hl_note_has(ctx, HL_CONNECTION, HL_STR("earlytalker")))
		return HL_DECLINED;
	hl_karma(ctx, -1);
	return refuse(ctx);
}

static enum hl_verdict
on_data(struct hl_ctx *ctx)
{
	return is_early(ctx, AT_DATA) ? refuse(ctx) : HL_DECLINED;
}

static const struct hl_arg args[] = {
	HL_REJECT_ARGS(struct args, reject),
	{ .name = "wait",
	    .about = "how long it is watched",
	    .def = "1",
	    .offset = offsetof(struct args, wait_ms),
	    .type = HL_ARG_SECONDS },
	{ .name = "check-at",
	    .about = "what it is kept from",
	    .def = "CONNECT",
	    .choices = MOMENTS,
	    .offset = offsetof(struct args, at[0]),
	    .type = HL_ARG_CHOICE },
	{ .name = "check-at",
	    .about = "and what else",
	    .def = "never",
	    .choices = MOMENTS,
	    .offset = offsetof(struct args, at[1]),
	    .type = HL_ARG_CHOICE },
	{ .name = "defer-reject",
	    .about = "refuse at MAIL, not at the greeting",
	    .def = "0",
	    .offset = offsetof(struct args, defer),
	    .type = HL_ARG_BOOL },
	/* The choices stand where `reject` has its own; the last is as 1. */
	{ .name = "action",
	    .about = "reject, as it was written once",
	    .choices = "log|deny|naughty|denysoft",
	    .offset = offsetof(struct args, reject.when),
	    .type = HL_ARG_CHOICE },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "earlytalker",
	.about = "refuse clients that talk before it is their turn",
	.args = args,
	.args_size = sizeof(struct args),
	.connect = on_connect,
	.mail = on_mail,
	.data = on_data,
};
HL_PLUGIN(plugin);
