/* SPDX-License-Identifier: MIT */
/* envelope_params.c - the parameters of MAIL and RCPT (RFC 5321 4.1.1.11).
 *
 * One row a parameter: the keyword of EHLO that promises it, and who checks
 * its value.  What is in no row, or not offered, gets 555.
 */
#include "base/num.h"
#include "commands.h"
#include "ehlo.h"

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
	{ "mt-priority", HOOK_MAIL, EHLO_MT_PRIORITY, check_priority },
};

static const struct row *
find(const struct session *session, enum hook_id hook,
    const struct smtp_param *param)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].hook == hook &&
		    str_eq_text(param->key, rows[i].key) &&
		    ehlo_offers(session, rows[i].keyword))
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
