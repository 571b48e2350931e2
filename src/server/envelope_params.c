/* SPDX-License-Identifier: MIT */
/* envelope_params.c - the parameters of MAIL and RCPT (RFC 5321 4.1.1.11).
 *
 * One row a parameter: the keyword of EHLO that promises it, and who checks
 * its value.  What is in no row, or not offered, gets 555.
 */
#include "base/num.h"
#include "commands.h"
#include "ehlo.h"
#include "smtp/dsn.h"
#include "smtp/hold.h"

/* SIZE over databytes: the hook may only say it in other words. */
static bool
check_size(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	struct hook_args args = { .n2 = (uint64_t)session->limits->databytes };
	struct outcome outcome;

	if (num_parse_u64(slice_str(param->value), UINT64_MAX, &args.n1) < 0) {
		reply_refuse(session, ctx, HOOK_MAIL, 501, "5.5.4",
		    "SIZE must be a number");
		return false;
	}
	if (args.n2 == 0 || args.n1 <= args.n2)
		return true;
	hook_run(ctx, HOOK_MAX_DATA_EXCEEDED, &args, &outcome);
	(void)reply_outcome(session, ctx, &outcome);
	return false;
}

static bool
check_body(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	struct slice value = slice_str(param->value);

	if (slice_caseeq_text(value, "7BIT") ||
	    slice_caseeq_text(value, "8BITMIME"))
		return true;
	if (!slice_caseeq_text(value, "BINARYMIME"))
		reply_refuse(session, ctx, HOOK_MAIL, 501, "5.5.4",
		    "BODY must be 7BIT, 8BITMIME or BINARYMIME");
	else if (ehlo_offers(session, EHLO_BINARYMIME))
		return true;
	else
		reply_refuse(session, ctx, HOOK_MAIL, 555, "5.5.4",
		    "BINARYMIME is not offered");
	return false;
}

static bool
check_no_value(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	if (!param->has_value)
		return true;
	reply_refuse(session, ctx, HOOK_MAIL, 501, "5.5.4",
	    arena_printf(ctx->arena, "Parameter %s has no value", param->key.p)
		.p);
	return false;
}

/* AUTH=<> or a mailbox in xtext (RFC 4954 5): who has vouched for the sender.
 * Nothing is built on it; plugins may. */
static bool
check_auth(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	hl_str decoded;

	if (param->value.n > 0 &&
	    (str_eq_text(param->value, "<>") ||
		smtp_xtext_decode(
		    ctx->arena, slice_str(param->value), &decoded) == 0))
		return true;
	reply_refuse(session, ctx, HOOK_MAIL, 501, "5.5.4",
	    "AUTH must be <> or a mailbox in xtext");
	return false;
}

/* priority-value = (["-"] NZDIGIT) / "0"  (RFC 6710 5) */
static bool
check_priority(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	hl_str value = param->value;
	const char *digit =
	    value.n == 2 && value.p[0] == '-' ? value.p + 1 : value.p;

	if ((value.n == 1 && *digit == '0') ||
	    (value.n > 0 && digit + 1 == value.p + value.n && *digit >= '1' &&
		*digit <= '9'))
		return true;
	reply_refuse(session, ctx, HOOK_MAIL, 501, "5.5.4",
	    "MT-PRIORITY must be a number from -9 to 9");
	return false;
}

static bool
refuse_value(struct session *session, struct hl_ctx *ctx, enum hook_id hook,
    const char *text)
{
	reply_refuse(session, ctx, hook, 501, "5.5.4", text);
	return false;
}

static bool
check_ret(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	struct err err;

	return smtp_ret_check(slice_str(param->value), &err) == 0 ||
	       refuse_value(session, ctx, HOOK_MAIL, err.text);
}

static bool
check_envid(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	struct err err;
	hl_str envid;

	return smtp_envid_parse(
		   ctx->arena, slice_str(param->value), &envid, &err) == 0 ||
	       refuse_value(session, ctx, HOOK_MAIL, err.text);
}

static bool
check_notify(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	struct err err;
	unsigned bits;

	return smtp_notify_parse(slice_str(param->value), &bits, &err) == 0 ||
	       refuse_value(session, ctx, HOOK_RCPT, err.text);
}

static bool
check_orcpt(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	struct smtp_orcpt orcpt;
	struct err err;

	return smtp_orcpt_parse(
		   ctx->arena, slice_str(param->value), &orcpt, &err) == 0 ||
	       refuse_value(session, ctx, HOOK_RCPT, err.text);
}

/* How long the client wants it held, `held_s` seconds, is within limits. */
static bool
check_hold(struct session *session, struct hl_ctx *ctx, int64_t held_s)
{
	const struct smtp_params *params = &ctx->params->list;
	int64_t most_s = session->limits->max_hold / 1000;
	hl_str text = STR_LIT("HOLDFOR and HOLDUNTIL exclude each other");

	if (smtp_params_get(params, "holdfor") != NULL &&
	    smtp_params_get(params, "holduntil") != NULL)
		return refuse_value(session, ctx, HOOK_MAIL, text.p);
	if (held_s <= most_s)
		return true;
	text = arena_printf(ctx->arena,
	    "Messages are held for at most %lld seconds", (long long)most_s);
	return refuse_value(session, ctx, HOOK_MAIL, text.p);
}

static bool
check_hold_for(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	uint64_t seconds;

	if (smtp_hold_for_parse(slice_str(param->value), &seconds) < 0)
		return refuse_value(session, ctx, HOOK_MAIL,
		    "HOLDFOR must be a number of seconds");
	return check_hold(session, ctx, (int64_t)seconds);
}

/* A time that has passed asks for no delay. */
static bool
check_hold_until(
    struct session *session, struct hl_ctx *ctx, const struct smtp_param *param)
{
	int64_t when;

	if (smtp_hold_until_parse(slice_str(param->value), &when) < 0)
		return refuse_value(session, ctx, HOOK_MAIL,
		    "HOLDUNTIL must be a time such as 2030-01-31T12:00:00Z");
	return check_hold(session, ctx, when - wall_now().us / 1000000);
}

/* A check answers the command when it refuses, and returns false. */
typedef bool check_fn(struct session *session, struct hl_ctx *ctx,
    const struct smtp_param *param);

static const struct row {
	const char *key;   /* lower case */
	enum hook_id hook; /* of the command */
	enum ehlo_keyword keyword;
	check_fn *check; /* NULL: any value */
} rows[] = {
	{ "size", HOOK_MAIL, EHLO_SIZE, check_size },
	{ "body", HOOK_MAIL, EHLO_8BITMIME, check_body },
	{ "smtputf8", HOOK_MAIL, EHLO_SMTPUTF8, check_no_value },
	{ "auth", HOOK_MAIL, EHLO_AUTH, check_auth },
	{ "ret", HOOK_MAIL, EHLO_DSN, check_ret },
	{ "envid", HOOK_MAIL, EHLO_DSN, check_envid },
	{ "notify", HOOK_RCPT, EHLO_DSN, check_notify },
	{ "orcpt", HOOK_RCPT, EHLO_DSN, check_orcpt },
	{ "requiretls", HOOK_MAIL, EHLO_REQUIRETLS, check_no_value },
	{ "prdr", HOOK_MAIL, EHLO_PRDR, check_no_value },
	{ "mt-priority", HOOK_MAIL, EHLO_MT_PRIORITY, check_priority },
	{ "holdfor", HOOK_MAIL, EHLO_FUTURERELEASE, check_hold_for },
	{ "holduntil", HOOK_MAIL, EHLO_FUTURERELEASE, check_hold_until },
};

/* Dovecot's LMTP client says ORCPT wherever it has changed a recipient, DSN or
 * not; at the last hop it promises nothing. */
static bool
is_taken(const struct session *session, const struct row *row)
{
	return ehlo_offers(session, row->keyword) ||
	       (session->conv.facts.lmtp && row->check == check_orcpt);
}

static const struct row *
find(const struct session *session, enum hook_id hook,
    const struct smtp_param *param)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].hook == hook &&
		    str_eq_text(param->key, rows[i].key) &&
		    is_taken(session, &rows[i]))
			return &rows[i];
	}
	return NULL;
}

bool
envelope_params_check(struct session *session, struct hl_ctx *ctx,
    enum hook_id hook, const struct smtp_params *params)
{
	for (size_t i = 0; i < params->count; i++) {
		const struct row *row = find(session, hook, &params->items[i]);

		if (!session->conv.facts.esmtp || row == NULL) {
			reply_refuse(session, ctx, hook, 555, "5.5.4",
			    !session->conv.facts.esmtp ? "Parameters need EHLO"
						       : "Unknown parameter");
			return false;
		}
		if (row->check != NULL &&
		    !row->check(session, ctx, &params->items[i]))
			return false;
	}
	return true;
}
