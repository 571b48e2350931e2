/* SPDX-License-Identifier: MIT */
/* decision.c - one line for each refusal and each accepted message.
 *
 * event=reject hook=rcpt plugin=badrcptto code=550 enh=5.1.1 from= to= ip=
 * helo= listener= sid= text=
 * These are the lines that people grep: keys and order are kept.
 */
#include "reply.h"

#include <stdio.h>

#include "base/log.h"
#include "hook/auth.h"
#include "mail/forwarded.h"
#include "shm/stats.h"
#include "smtp/reply.h"

/* The refused sender, or that of the message. */
static struct slice
sender_of(const struct session *session, enum hook_id hook)
{
	const struct txn *txn = session_txn(session);

	if ((hook == HOOK_MAIL || hook == HOOK_MAX_DATA_EXCEEDED) &&
	    session->addr != NULL)
		return slice_str(session->addr->text);
	return txn != NULL && txn->sender != NULL ? slice_str(txn->sender->text)
						  : SLICE_LIT("");
}

/* Recipients so far, for a refused message; for an accepted one without those
 * that were refused.  `ret_count` may be NULL. */
static struct slice
rcpts_of(struct txn *txn, struct arena *arena, unsigned *ret_count)
{
	struct buf buf = BUF_INIT;
	unsigned count = 0;
	hl_str text;

	if (txn == NULL)
		return SLICE_LIT("");
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		struct hl_rcpt *rcpt = CONTAINER_OF(link, struct hl_rcpt, link);

		if (ret_count != NULL && rcpt->reply.code >= 400)
			continue;
		count++;
		if (buf.n > LOG_VALUE_MAX)
			continue;
		if (buf.n > 0)
			buf_add_char(&buf, ',');
		buf_add_slice(&buf, slice_str(rcpt->addr->text));
	}
	text = arena_str(arena, buf_slice(&buf));
	buf_done(&buf);
	if (ret_count != NULL)
		*ret_count = count;
	return slice_str(text);
}

/* The refused recipient, or those of the message. */
static struct slice
rcpt_of(struct session *session, struct hl_ctx *ctx, const struct decision *d)
{
	if (d->to != NULL)
		return slice_str(d->to->text);
	if (d->hook == HOOK_RCPT)
		return session->addr != NULL ? slice_str(session->addr->text)
					     : SLICE_LIT("");
	return rcpts_of(session_txn(session), ctx->arena, NULL);
}

/* As XFORWARD has it. */
static void
add_origin(struct log_line *line, const struct txn *txn)
{
	const struct forwarded *forwarded = txn != NULL ? txn->forwarded : NULL;

	if (forwarded == NULL)
		return;
	log_add(line, LOG_orig_ip,
	    slice_str(forwarded_value(forwarded, XATTR_ADDR)));
	log_add(line, LOG_orig_name,
	    slice_str(forwarded_value(forwarded, XATTR_NAME)));
}

static void
add_session(struct log_line *line, const struct session *session)
{
	const struct facts *facts = &session->conv.facts;

	log_add(line, LOG_ip, slice_str(facts->peer_ip));
	log_add(line, LOG_helo, slice_str(facts->helo));
	log_add(line, LOG_listener, slice_str(facts->listener));
	log_add_text(line, LOG_sid, facts->sid);
}

static void
add_tls(struct log_line *line, const struct session *session)
{
	const struct hl_tls *tls = session->conv.facts.tls;

	if (tls != NULL)
		log_printf(line, LOG_tls, "%.*s,%.*s", STR(tls->version),
		    STR(tls->cipher));
}

/* Who was refused, but nothing of what it showed. */
static void
add_auth(struct log_line *line, const struct session *session)
{
	if (session->auth == NULL)
		return;
	log_add(line, LOG_mechanism, slice_str(session->auth->mechanism));
	log_add(line, LOG_user, slice_str(session->auth->user));
}

void
decision_reject(
    struct session *session, struct hl_ctx *ctx, const struct decision *d)
{
	struct log_line line;
	struct smtp_enhanced enh;
	struct slice text;
	char code[32];

	shm_add(&shm_totals(ctx->engine->shm)->refused, 1);
	if (!log_is_on(LOG_LEVEL_INFO))
		return;
	log_begin(&line, LOG_LEVEL_INFO);
	log_add_text(&line, LOG_event, "reject");
	log_add_text(&line, LOG_hook, hook_table[d->hook].name);
	log_add(&line, LOG_plugin, slice_str(d->plugin));
	log_add_int(&line, LOG_code, d->code);
	/* As it was sent: the text may bring its own. */
	enh = smtp_reply_enhanced(d->code,
	    d->enhanced.n > 0 ? d->enhanced.p : NULL, slice_str(d->text),
	    &text);
	if (enh.class != 0)
		(void)snprintf(code, sizeof(code), "%u.%u.%u", enh.class,
		    enh.subject, enh.detail);
	log_add_text(&line, LOG_enh, enh.class != 0 ? code : "");
	log_add(&line, LOG_from, sender_of(session, d->hook));
	log_add(&line, LOG_to, rcpt_of(session, ctx, d));
	add_session(&line, session);
	add_origin(&line, session_txn(session));
	if (session_txn(session) != NULL)
		log_add_text(&line, LOG_tid, session_txn(session)->id);
	log_add(&line, LOG_text, text);
	add_auth(&line, session);
	log_end(&line);
}

void
decision_auth(
    struct session *session, struct hl_ctx *ctx, const struct outcome *outcome)
{
	struct log_line line;

	(void)ctx;
	if (!log_is_on(LOG_LEVEL_INFO))
		return;
	log_begin(&line, LOG_LEVEL_INFO);
	log_add_text(&line, LOG_event, "auth");
	log_add_text(&line, LOG_result, "ok");
	log_add_text(&line, LOG_hook, hook_table[outcome->hook].name);
	log_add(&line, LOG_plugin,
	    outcome->plugin != NULL ? slice_str(outcome->plugin->name)
				    : SLICE_LIT(""));
	log_add(&line, LOG_mechanism,
	    slice_str(session->conv.facts.auth_mechanism));
	log_add(&line, LOG_user, slice_str(session->conv.facts.auth_user));
	add_session(&line, session);
	log_end(&line);
}

void
decision_accept(struct session *session, struct hl_ctx *ctx, struct txn *txn,
    hl_str plugin, hl_str queue_id, uint64_t size_bytes)
{
	struct shm_totals *totals = shm_totals(ctx->engine->shm);
	struct log_line line;
	unsigned count;

	session->accepted++;
	shm_add(&totals->accepted, 1);
	shm_add(&totals->bytes, size_bytes);
	if (!log_is_on(LOG_LEVEL_INFO))
		return;
	log_begin(&line, LOG_LEVEL_INFO);
	log_add_text(&line, LOG_event, "accept");
	log_add_text(&line, LOG_hook, hook_table[HOOK_QUEUE].name);
	log_add(&line, LOG_plugin, slice_str(plugin));
	log_add(&line, LOG_queue_id, slice_str(queue_id));
	log_add(&line, LOG_from, slice_str(txn->sender->text));
	log_add(&line, LOG_to, rcpts_of(txn, ctx->arena, &count));
	log_add_int(&line, LOG_size, (long long)size_bytes);
	log_add_int(&line, LOG_rcpts, count);
	log_add_int(&line, LOG_ms,
	    (long long)(mono_since_us(mono_now(), txn->since) / 1000));
	add_session(&line, session);
	add_origin(&line, txn);
	add_tls(&line, session);
	log_add_text(&line, LOG_tid, txn->id);
	log_end(&line);
}

void
decision_end(struct session *session)
{
	static const char *const reasons[] = {
		[END_NOT] = "none",
		[END_QUIT] = "quit",
		[END_EOF] = "eof",
		[END_GONE] = "gone",
		[END_TIMEOUT] = "timeout",
		[END_SHUTDOWN] = "shutdown",
		[END_TLS] = "tls",
	};
	struct log_line line;

	if (!log_is_on(LOG_LEVEL_INFO))
		return;
	log_begin(&line, LOG_LEVEL_INFO);
	log_add_text(&line, LOG_event, "disconnect");
	log_add_text(&line, LOG_state, reasons[session->end]);
	log_add_int(&line, LOG_count, session->accepted);
	log_add_int(&line, LOG_ms,
	    (long long)(mono_since_us(mono_now(), session->conv.facts.since) /
			1000));
	log_add_int(&line, LOG_size, (long long)session_memory(session));
	add_session(&line, session);
	add_tls(&line, session);
	log_end(&line);
}
