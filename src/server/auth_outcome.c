/* SPDX-License-Identifier: MIT */
/* auth_outcome.c - what success and failure of AUTH come to.
 *
 * A refusal comes auth_delay after the client has shown its credentials,
 * however long it took to look at them, so that the time does not tell
 * whether there is such a user; the next one takes twice as long, up to
 * eight times.  Refusals are counted for the session and, over all workers,
 * for the client's address (shm/peers.h).  What a plugin could not tell
 * (4xx) and what was malformed or cancelled (5xx of the exchange) are no
 * failed attempts; max_errors counts those.
 */
#include "auth.h"

#include "base/mem.h"
#include "hook/hook_log.h"
#include "hook/peer_key.h"
#include "mail/notes.h"
#include "rt/fiber.h"
#include "rt/wait.h"
#include "server_private.h"

#define DOUBLINGS 3

bool
auth_is_locked(struct session *session, struct hl_ctx *ctx)
{
	const struct limits *limits = session->limits;
	struct shm_key key =
	    peer_key(session->server->conf, &session->conv.facts);

	if (limits->max_auth_per_client == 0 ||
	    shm_peer_failures(session->server->options.shm, &key, mono_now(),
		(uint64_t)limits->auth_half_ms) <=
		(double)(limits->max_auth_per_client - 1))
		return false;
	reply_refuse(session, ctx, HOOK_AUTH, 454, "4.7.0",
	    "Too many failed attempts, try again later");
	return true;
}

/* ---- success ----------------------------------------------------------- */

static hl_str
user_of(const struct auth_exchange *x)
{
	return x->given.user.n > 0 ? x->given.user : x->shown.user;
}

static void
succeed(struct auth_exchange *x)
{
	struct session *session = x->session;
	struct facts *facts = &session->conv.facts;

	facts->auth_user =
	    arena_str(&session->conv.arena, slice_str(user_of(x)));
	facts->auth_mechanism = str_of(x->mechanism->word);
	facts->relay_client = true;
	(void)notes_remove(&session->conv.notes, SLICE_LIT("naughty"));
	decision_auth(session, x->ctx, &x->outcome);
	(void)reply_outcome(session, x->ctx, &x->outcome);
}

/* OAUTHBEARER needs no user's name: then the hook must give it. */
static void
refuse_nameless(struct auth_exchange *x)
{
	struct log_line line;

	hook_log_begin(&line, LOG_LEVEL_ERROR, &x->session->conv);
	log_add_text(&line, LOG_event, "bad_answer");
	log_add(&line, LOG_plugin, slice_str(x->outcome.plugin->name));
	log_add_text(&line, LOG_err,
	    "returned HL_OK for nobody, without hl_auth_user_set");
	log_end(&line);
	outcome_policy(
	    &x->outcome, x->mechanism->hook, x->outcome.plugin, x->ctx, NULL);
}

/* ---- failure ----------------------------------------------------------- */

static void
wait_a_while(struct auth_exchange *x)
{
	const struct session *session = x->session;
	unsigned doublings = session->auth_failures < DOUBLINGS
				 ? session->auth_failures
				 : DOUBLINGS;
	uint64_t delay_ms = (uint64_t)session->limits->auth_delay_ms
			    << doublings;
	uint64_t passed_ms = mono_since_us(mono_now(), x->since) / 1000;

	if (passed_ms < delay_ms) /* if the client leaves, so be it */
		(void)fiber_sleep(delay_ms - passed_ms);
}

static void
count(struct auth_exchange *x)
{
	struct session *session = x->session;

	shm_peer_failed(session->server->options.shm, session->peer_ref,
	    mono_now(), (uint64_t)session->limits->auth_half_ms);
	if (session->auth_failures < UINT8_MAX)
		session->auth_failures++;
	mem_free(session->auth_failed_user);
	session->auth_failed_user = mem_dup(slice_str(x->shown.user));
	session->auth_failed_by = x->mechanism->word;
}

static void
end_after_too_many(struct auth_exchange *x)
{
	struct session *session = x->session;
	int64_t max = session->limits->max_auth_failures;

	if (session->end != END_NOT || session->gone || max == 0 ||
	    session->auth_failures < max)
		return;
	reply_refuse(session, x->ctx, x->mechanism->hook, 421, "4.7.0",
	    "Too many failed attempts");
	session_finish(session, END_QUIT);
}

static void
fail(struct auth_exchange *x)
{
	wait_a_while(x);
	count(x);
	if (x->mechanism->explain == NULL || x->mechanism->explain(x))
		(void)reply_outcome(x->session, x->ctx, &x->outcome);
	end_after_too_many(x);
}

/* By the plugin, whatever it said; the delay would come too late. */
static void
was_answered(struct auth_exchange *x)
{
	x->session->answered = true;
	if (x->session->plugin_code < 500)
		return;
	count(x);
	end_after_too_many(x);
}

void
auth_finish(struct auth_exchange *x)
{
	struct session *session = x->session;

	if (x->outcome.answered) {
		was_answered(x);
		return;
	}
	if (x->outcome.code == 235 && user_of(x).n == 0)
		refuse_nameless(x);
	if (x->outcome.code == 235)
		succeed(x);
	else if (x->outcome.code >= 500)
		fail(x);
	else
		(void)reply_outcome(session, x->ctx, &x->outcome);
}
