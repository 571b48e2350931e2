/* SPDX-License-Identifier: MIT */
/* api_smtp_private.h - what the files behind smtp_client.h share.
 *
 *	hops      who can take the message
 *	auth      AUTH
 *	open      greeting, hello, STARTTLS, XCLIENT; kept connections
 *	talk      lines out, replies in
 *	mail      the session's message as an envelope
 *	envelope  MAIL and RCPT
 *	message   DATA or BDAT, and the replies to the end
 *	parts     more recipients than the server takes at once
 *	deliver   one hop after the other
 *	verdict   their replies as the hook's answer
 */
#ifndef HOOKLINE_HOOK_API_SMTP_PRIVATE_H
#define HOOKLINE_HOOK_API_SMTP_PRIVATE_H

#include <string.h>

#include <hookline/smtp_client.h>

#include "base/check.h"
#include "smtp/answer.h"
#include "smtp/keywords.h"

#define SMTP_CLIENT_MAGIC 0x736d7470u
#define SMTP_COMMAND_MAX 2048u /* of ours: ORCPT, ENVID and an address fit */

/* What stays with a kept connection. */
struct smtp_kept {
	struct smtp_keywords keywords;
	uint64_t how;      /* the options that it was made with */
	unsigned messages; /* so far */
	bool is_in_tls;
};

/* Lives in the call arena. */
struct hl_smtp {
	uint32_t magic;
	struct hl_ctx *ctx;
	struct hl_conn *conn;
	const struct hl_smtp_options *options;
	hl_str hop;   /* as hl_smtp_open got it */
	hl_str where; /* ... without smtps: */
	hl_str why;   /* the last failure, for the log */
	struct smtp_kept kept;
	bool is_fresh;
	bool is_implicit; /* TLS from the first byte */
	bool is_broken;   /* not fit to be kept, nor for QUIT */
	bool is_open;     /* a transaction has begun: RSET */
	bool is_in_data;
	char line[SMTP_ANSWER_LINE_MAX + 1];
	struct smtp_answer answer; /* the last reply */
};

/* ---- api_smtp_talk.c ---- */

/* Sends these bytes, commands.  0 or negative errno, with `why`. */
int smtp__send(struct hl_smtp *smtp, hl_str bytes) WARN_UNUSED;
/* Waits for a whole reply.  Its code, 200 to 599, or negative errno with
 * `why`; after 421 the connection is not kept. */
int smtp__hear(struct hl_smtp *smtp, uint64_t timeout_ms) WARN_UNUSED;
/* A command without CRLF, and its reply. */
int smtp__ask(struct hl_smtp *smtp, hl_str command) WARN_UNUSED;
/* A copy of the last reply that lives until the hook returns. */
struct hl_smtp_reply smtp__reply(const struct hl_smtp *smtp);
/* Sets `why` to WHERE and this, and `is_broken`.  Returns `rc`. */
int smtp__fail(struct hl_smtp *smtp, int rc, const char *fmt, ...)
    HL_PRINTF(3, 4);

static inline bool
smtp__has(const struct hl_smtp *smtp, enum smtp_keyword keyword)
{
	return smtp_keywords_has(&smtp->kept.keywords, keyword);
}

/* ---- api_smtp_mail.c ---- */

bool smtp__is_ascii(hl_str text);
/* Has the session's message bytes above 127?  1, 0, or negative errno. */
int smtp__message_is_8bit(struct hl_ctx *ctx) BLOCKS WARN_UNUSED;

/* ---- api_smtp_envelope.c ---- */

/* Its body is no text: BDAT alone takes it (RFC 3030 3). */
bool smtp__is_binary(const struct hl_smtp_mail *mail);

/* Has the server accepted it? */
static inline bool
smtp__is_accepted(const struct hl_smtp_rcpt *rcpt)
{
	return rcpt->reply.code >= 200 && rcpt->reply.code < 300;
}

/* "Too many recipients" (RFC 5321 4.5.3.1.10; 552 in RFC 821), or what may mean
 * it: true of one behind another that was accepted. */
static inline bool
smtp__is_too_many(const struct hl_smtp_reply *reply)
{
	return (reply->code == 452 || reply->code == 552) &&
	       (reply->enhanced.n == 0 ||
		   strcmp(reply->enhanced.p + 1, ".5.3") == 0);
}

/* ---- api_smtp_parts.c ---- */

/* hl_smtp_envelope and hl_smtp_message, in several transactions if need be.  0
 * with the replies in `mail`, whose `ended` tells whether anybody may have got
 * it; as those two. */
int smtp__hand_over(
    struct hl_smtp *smtp, struct hl_smtp_mail *mail) BLOCKS WARN_UNUSED;

/* ---- api_smtp_open.c ---- */

/* The host's name or address; "" of a Unix socket. */
hl_str smtp__host(const struct hl_smtp *smtp);

/* ---- api_smtp_auth.c ---- */

/* Says who we are, if the options want it.  0, or negative errno with `why`. */
int smtp__auth(struct hl_smtp *smtp) BLOCKS WARN_UNUSED;
/* In load: declares the file and checks it.  0, or after hl_load_error. */
int smtp__auth_need(
    struct hl_ctx *ctx, const struct hl_smtp_options *options) WARN_UNUSED;

/* ---- api_smtp_hops.c ---- */

/* In front of a host with TLS from the first byte. */
#define SMTP_SMTPS "smtps:"
/* `where` without that. */
hl_str smtp__address(hl_str where);

/* With an MX in place of its name, at most SMTP_HOPS_MAX.  Returns how many
 * there are in ret[]; 0: none, and *ret_why.  BLOCKS. */
#define SMTP_HOPS_MAX 16u
size_t smtp__hops_find(struct hl_ctx *ctx, const struct hl_smtp_hops *hops,
    hl_str ret[SMTP_HOPS_MAX], hl_str *ret_why) BLOCKS;

/* ---- api_smtp_verdict.c ---- */

/* Names each recipient whose reply is known. */
void smtp__name(struct hl_ctx *ctx, const struct hl_smtp_mail *mail);
/* Logs what the server at `where` has refused of it, if anything. */
void smtp__log_refusals(
    struct hl_ctx *ctx, hl_str where, const struct hl_smtp_mail *mail);
/* The hook's answer to what has become of `mail`. */
enum hl_verdict smtp__settle(
    struct hl_ctx *ctx, const struct hl_smtp_mail *mail);

#endif
