/* SPDX-License-Identifier: MIT */
/* auth_exchange.c - 334 and the client's answer (RFC 4954 4).
 *
 *	continue-req    = "334" SP [base64] CRLF
 *	cancel-response = "*"
 *
 * A line has at most 12,288 octets.  While the client thinks the fiber
 * waits; its silence is that between commands.
 */
#include "auth.h"

#include <errno.h>

#include "smtp/base64.h"

static bool
refuse(struct auth_exchange *x, unsigned code, const char *enhanced,
    const char *text)
{
	reply_refuse(
	    x->session, x->ctx, x->mechanism->hook, code, enhanced, text);
	return false;
}

bool
auth_malformed(struct auth_exchange *x)
{
	return refuse(x, 501, "5.5.2", "Cannot decode that response");
}

/* A copy, since plugins get NUL-terminated text, and since it is wiped. */
static bool
decode(struct auth_exchange *x, struct slice text, struct slice *ret)
{
	char *bytes =
	    arena_alloc(x->ctx->arena, BASE64_DECODED_MAX(text.n) + 1);
	size_t n;

	if (slice_eq_text(text, "*"))
		return refuse(x, 501, "5.7.0", "Authentication cancelled");
	if (base64_decode(text, bytes, &n) < 0)
		return auth_malformed(x);
	*ret = (struct slice){ bytes, n };
	return true;
}

/* There is no line. */
static bool
no_line(struct auth_exchange *x, int why)
{
	struct session *session = x->session;

	switch (why) {
	case -EMSGSIZE:
		return refuse(x, 500, "5.5.6", "Line too long");
	case -EINVAL:
		(void)refuse(
		    x, 500, "5.5.2", "Bare CR, bare LF or NUL in a response");
		session_finish(session, END_QUIT);
		return false;
	case -ETIMEDOUT: /* answered by the timeout's step */
		session->events |= EVENT_TIMEOUT;
		break;
	default: /* its end, or ours: whoever is told of it */
		break;
	}
	session->answered = true;
	return false;
}

/* 0 or why there is no line. */
static int
prompt(struct auth_exchange *x, struct slice challenge, hl_str *ret)
{
	struct session *session = x->session;
	struct arena *arena = x->ctx->arena;
	char *text = arena_alloc(arena, BASE64_ENCODED(challenge.n) + 1);

	base64_encode(challenge, text);
	reply_send(session, x->ctx, 334, STR_EMPTY, str_of(text));
	session->answered = false;
	return session_client_line(
	    &session->conv, session->limits->command_timeout_ms, arena, ret);
}

bool
auth_ask(struct auth_exchange *x, struct slice challenge, struct slice *ret)
{
	hl_str line;
	int got = prompt(x, challenge, &line);

	return got < 0 ? no_line(x, got) : decode(x, slice_str(line), ret);
}

bool
auth_tell(struct auth_exchange *x, struct slice reason)
{
	hl_str ignored;
	int got = prompt(x, reason, &ignored);

	if (got == 0 || got == -EMSGSIZE)
		return true;
	reply_log_refusal(x->session, x->ctx, &x->outcome);
	return no_line(x, got);
}

bool
auth_first(struct auth_exchange *x, struct slice *ret)
{
	if (x->initial.p == NULL)
		return auth_ask(x, SLICE_NONE, ret);
	if (slice_eq_text(x->initial, "=")) { /* present, and empty */
		*ret = SLICE_LIT("");
		return true;
	}
	return decode(x, x->initial, ret);
}

bool
auth_deny(struct auth_exchange *x)
{
	outcome_set(
	    &x->outcome, x->mechanism->hook, COLUMN_DENY, NULL, x->ctx, NULL);
	return true;
}

bool
auth_decide(struct auth_exchange *x)
{
	struct hook_args args = { .object = &x->shown, .ret = &x->given };

	hook_run(x->ctx, x->mechanism->hook, &args, &x->outcome);
	if (x->outcome.column == COLUMN_NONE && !x->outcome.answered &&
	    x->outcome.code == 0 && x->mechanism->by_auth)
		hook_run(x->ctx, HOOK_AUTH, &args, &x->outcome);
	/* Nobody has an opinion: as `auth` answers. */
	if (!x->outcome.answered && x->outcome.code == 0)
		outcome_set(
		    &x->outcome, HOOK_AUTH, COLUMN_NONE, NULL, x->ctx, &args);
	return true;
}
