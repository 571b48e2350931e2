/* SPDX-License-Identifier: MIT */
/* smtputf8.c - who may use UTF-8 in commands and replies (RFC 6531 3.7). */
#include "smtputf8.h"

#include "base/idna.h"
#include "ehlo.h"
#include "hook/reply_view.h"
#include "smtp/params.h"

#define KEY "smtputf8"

static bool
is_offered(const struct session *session)
{
	return session->conv.facts.esmtp && ehlo_offers(session, EHLO_SMTPUTF8);
}

void
smtputf8_begin(struct session *session, const struct smtp_params *params)
{
	session->conv.txn->smtputf8 =
	    is_offered(session) && smtp_params_get(params, KEY) != NULL;
}

static bool
command_has_it(const struct hl_ctx *ctx)
{
	return ctx->params != NULL &&
	       smtp_params_get(&ctx->params->list, KEY) != NULL;
}

bool
smtputf8_take(struct session *session, struct hl_ctx *ctx, enum hook_id hook,
    unsigned hide_code, struct slice *rest, struct hl_params *room)
{
	static const struct smtp_param param = { STR_LIT(KEY), STR_LIT(""),
		false };
	size_t space = slice_rfind(*rest, ' ');

	*room = (struct hl_params){ { NULL, 0 } };
	if (is_offered(session) && space < rest->n &&
	    slice_caseeq_text(slice_from(*rest, space + 1), KEY)) {
		*rest = slice_trim(slice_head(*rest, space));
		room->list = (struct smtp_params){ &param, 1 };
	}
	ctx->params = room;
	session->hide_code = (uint16_t)hide_code;
	if (room->list.count > 0 || idna_is_ascii(*rest))
		return true;
	reply_refuse(session, ctx, hook, 553, "5.6.7",
	    "Names outside of ASCII need SMTPUTF8");
	return false;
}

/* RFC 6531 3.7.4.2: "A reply containing a UTF-8 string is required to show the
 * mailbox name, but that form of response is not permitted". */
static bool
in_names(
    const struct session *session, const struct hl_ctx *ctx, struct hl_reply *r)
{
	if (command_has_it(ctx))
		return true;
	if (r->code < 400 && !idna_is_ascii(slice_str(r->text))) {
		r->code = session->hide_code;
		r->enhanced =
		    r->code < 400 ? STR_LIT("2.6.8") : STR_LIT("5.6.8");
		r->text = STR_LIT("Ask with SMTPUTF8 to see the name");
	}
	return false;
}

bool
smtputf8_in_reply(const struct session *session, const struct hl_ctx *ctx,
    struct hl_reply *reply)
{
	const struct txn *txn =
	    session->queued != NULL ? session->queued : session->conv.txn;

	if (session->hide_code != 0)
		return in_names(session, ctx, reply);
	return txn != NULL && txn->smtputf8;
}
