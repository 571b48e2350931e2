/* SPDX-License-Identifier: MIT */
/* api_smtp_envelope.c - smtp_client.h: MAIL and RCPT.
 *
 * With PIPELINING commands go out in groups of at most GROUP_MAX bytes, and all
 * replies to a group are read before the next: however long they are, neither
 * end can wait for the other to read (RFC 2920 3.1).  DATA ends the last group
 * where nothing can come between: with one recipient, or when those that are
 * accepted get the message in any case.  If there turns out to be none, the
 * connection is dropped; nothing was sent then.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api_smtp_private.h"

#define GROUP_MAX 4096u

/* ---- what it lacks ---- */

static struct hl_smtp_reply
own_reply(unsigned code, hl_str enhanced, hl_str text)
{
	return (struct hl_smtp_reply){ code, enhanced, text };
}

#define OWN_REPLY(code, enhanced, text) \
	own_reply(code, HL_STR(enhanced), HL_STR(text))

bool
smtp__is_binary(const struct hl_smtp_mail *mail)
{
	return strcasecmp(mail->body.p, "BINARYMIME") == 0;
}

/* 8-bit text, and a server without 8BITMIME.  What the client said of it does
 * not count, what it sent does.  1, 0, or negative errno. */
static int
lacks_8bitmime(struct hl_smtp *smtp)
{
	if (smtp__has(smtp, SMTP_KEYWORD_8BITMIME))
		return 0;
	return smtp__message_is_8bit(smtp->ctx);
}

static bool
lacks_binary(const struct hl_smtp *smtp, const struct hl_smtp_mail *mail)
{
	return smtp__is_binary(mail) &&
	       (!smtp__has(smtp, SMTP_KEYWORD_CHUNKING) ||
		   !smtp__has(smtp, SMTP_KEYWORD_BINARYMIME));
}

/* Sets mail->reply if the server cannot take such a message.  0 or negative
 * errno. */
static int
check_mail(struct hl_smtp *smtp, struct hl_smtp_mail *mail)
{
	uint64_t max = smtp->kept.keywords.size_max;
	bool has_utf8 = smtp__has(smtp, SMTP_KEYWORD_SMTPUTF8);
	int is_8bit = 0;

	if (lacks_binary(smtp, mail)) {
		mail->reply = OWN_REPLY(554, "5.6.3",
		    "The next server does not take binary messages");
	} else if (max > 0 && mail->size > max) {
		mail->reply =
		    OWN_REPLY(552, "5.3.4", "Too large for the next server");
	} else if (!has_utf8 && !smtp__is_ascii(mail->sender)) {
		mail->reply = OWN_REPLY(550, "5.6.7",
		    "The next server takes only ASCII in addresses");
	} else if (!has_utf8 && mail->needs_utf8) {
		mail->reply = OWN_REPLY(550, "5.6.9",
		    "The next server takes only ASCII in header fields");
	} else if (!smtp__is_binary(mail) &&
		   (is_8bit = lacks_8bitmime(smtp)) > 0) {
		mail->reply = OWN_REPLY(
		    554, "5.6.3", "The next server takes only 7-bit text");
	}
	return is_8bit < 0 ? smtp__fail(smtp, is_8bit, "cannot read it: %s",
				 strerrordesc_np(-is_8bit))
			   : 0;
}

/* A receipt that nobody would send (RFC 3461 5.2.2 b).  For now: when the
 * client comes again, DSN is not offered to it (hl_smtp_offer). */
static bool
wants_receipt(const struct hl_smtp_rcpt *rcpt)
{
	return strcasestr(rcpt->notify.p, "SUCCESS") != NULL;
}

static void
check_rcpt(const struct hl_smtp *smtp, struct hl_smtp_rcpt *rcpt)
{
	bool is_ascii =
	    smtp__is_ascii(rcpt->address) && smtp__is_ascii(rcpt->orcpt);

	rcpt->reply = (struct hl_smtp_reply){ 0 };
	if (!is_ascii && !smtp__has(smtp, SMTP_KEYWORD_SMTPUTF8))
		rcpt->reply = OWN_REPLY(553, "5.6.7",
		    "The next server takes only ASCII in addresses");
	else if (wants_receipt(rcpt) && !smtp__has(smtp, SMTP_KEYWORD_DSN))
		rcpt->reply = OWN_REPLY(451, "4.3.3",
		    "The next server does not send delivery notifications");
}

/* ---- commands ---- */

/* Nothing ends the command, or the path. */
static bool
is_clean(hl_str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 127)
			return false;
	return text.n < SMTP_COMMAND_MAX / 2;
}

static bool
all_is_clean(const struct hl_smtp_mail *mail)
{
	if (!is_clean(mail->sender) || !is_clean(mail->ret) ||
	    !is_clean(mail->envid))
		return false;
	for (size_t i = 0; i < mail->count; i++)
		if (!is_clean(mail->rcpts[i].address) ||
		    !is_clean(mail->rcpts[i].notify) ||
		    !is_clean(mail->rcpts[i].orcpt))
			return false;
	return true;
}

static hl_str
param(struct hl_ctx *ctx, bool is_said, const char *name, hl_str value)
{
	return is_said && value.n > 0 ? hl_printf(ctx, " %s=%s", name, value.p)
				      : HL_STR("");
}

static hl_str
body_param(struct hl_smtp *smtp, const struct hl_smtp_mail *mail)
{
	bool is_said = smtp__is_binary(mail) ||
		       (strcasecmp(mail->body.p, "8BITMIME") == 0 &&
			   smtp__has(smtp, SMTP_KEYWORD_8BITMIME));

	return param(smtp->ctx, is_said, "BODY", mail->body);
}

static hl_str
mail_command(struct hl_smtp *smtp, const struct hl_smtp_mail *mail)
{
	struct hl_ctx *ctx = smtp->ctx;
	bool has_dsn = smtp__has(smtp, SMTP_KEYWORD_DSN);
	hl_str size = HL_STR("");

	if (mail->size > 0)
		size = hl_printf(ctx, "%llu", (unsigned long long)mail->size);
	return hl_printf(ctx, "MAIL FROM:<%s>%s%s%s%s%s%s\r\n", mail->sender.p,
	    param(ctx, smtp__has(smtp, SMTP_KEYWORD_SIZE), "SIZE", size).p,
	    body_param(smtp, mail).p,
	    mail->smtputf8 && smtp__has(smtp, SMTP_KEYWORD_SMTPUTF8)
		? " SMTPUTF8"
		: "",
	    param(ctx, has_dsn, "RET", mail->ret).p,
	    param(ctx, has_dsn, "ENVID", mail->envid).p,
	    mail->auth_unknown && smtp__has(smtp, SMTP_KEYWORD_AUTH)
		? " AUTH=<>"
		: "");
}

static hl_str
rcpt_command(struct hl_smtp *smtp, const struct hl_smtp_rcpt *rcpt)
{
	bool has_dsn = smtp__has(smtp, SMTP_KEYWORD_DSN);

	return hl_printf(smtp->ctx, "RCPT TO:<%s>%s%s\r\n", rcpt->address.p,
	    param(smtp->ctx, has_dsn, "NOTIFY", rcpt->notify).p,
	    param(smtp->ctx, has_dsn, "ORCPT", rcpt->orcpt).p);
}

/* ---- groups ---- */

/* The steps: MAIL, one for each recipient, and perhaps DATA. */
struct steps {
	struct hl_smtp *smtp;
	struct hl_smtp_mail *mail;
	size_t count, next;
	bool mail_is_refused;
	bool some_are_accepted;
	const struct hl_smtp_reply *too_many; /* NULL: it takes more */
	char *group;                          /* GROUP_MAX bytes */
};

static hl_str
command_of(const struct steps *steps, size_t step)
{
	const struct hl_smtp_mail *mail = steps->mail;

	if (step == 0)
		return mail_command(steps->smtp, mail);
	if (step > mail->count)
		return HL_STR("DATA\r\n");
	if (mail->rcpts[step - 1].reply.code != 0)
		return HL_STR(""); /* refused by us */
	return rcpt_command(steps->smtp, &mail->rcpts[step - 1]);
}

/* Sends a group, at least one command.  0 or negative errno. */
static int
send_group(struct steps *steps)
{
	bool in_groups = smtp__has(steps->smtp, SMTP_KEYWORD_PIPELINING);
	size_t n = 0;

	do {
		hl_str command = command_of(steps, steps->next);

		if (command.n > GROUP_MAX - n) {
			if (n == 0)
				return smtp__fail(steps->smtp, -EINVAL,
				    "a command is too long");
			break;
		}
		memcpy(steps->group + n, command.p, command.n);
		n += command.n;
		steps->next++;
	} while (steps->next < steps->count && (in_groups || n == 0));
	return n > 0 ? smtp__send(steps->smtp, (hl_str){ steps->group, n }) : 0;
}

static bool
is_expected(int code, bool is_data)
{
	return code >= 400 || (is_data ? code == 354 : code < 300);
}

static void
take_rcpt_reply(struct steps *steps, struct hl_smtp_rcpt *rcpt)
{
	rcpt->reply = smtp__reply(steps->smtp);
	if (smtp__is_accepted(rcpt))
		steps->some_are_accepted = true;
	else if (steps->some_are_accepted && smtp__is_too_many(&rcpt->reply))
		steps->too_many = &rcpt->reply;
}

static int
take_reply(struct steps *steps, size_t step)
{
	struct hl_smtp *smtp = steps->smtp;
	struct hl_smtp_mail *mail = steps->mail;
	bool is_data = step > mail->count;
	int code;

	if (step > 0 && !is_data && mail->rcpts[step - 1].reply.code != 0)
		return 0; /* it was not asked */
	code = smtp__hear(
	    smtp, is_data ? smtp->options->data_ms : smtp->options->command_ms);
	if (code < 0)
		return code;
	if (code == 421 || !is_expected(code, is_data))
		return smtp__fail(smtp, code == 421 ? -EAGAIN : -EPROTO,
		    "it said %d %.200s", code, smtp->answer.text);
	if (is_data && code == 354) {
		smtp->is_in_data = true;
	} else if (is_data || (step == 0 && code >= 400)) {
		steps->mail_is_refused |= step == 0;
		if (step == 0 || !steps->mail_is_refused)
			mail->reply = smtp__reply(smtp);
	} else if (step > 0 && !steps->mail_is_refused) {
		take_rcpt_reply(steps, &mail->rcpts[step - 1]);
	}
	return 0;
}

static int
run_steps(struct steps *steps)
{
	struct hl_smtp_mail *mail = steps->mail;

	while (steps->next < steps->count && mail->reply.code == 0 &&
	       steps->too_many == NULL) {
		size_t step = steps->next;
		int rc = send_group(steps);

		for (; rc == 0 && step < steps->next; step++)
			rc = take_reply(steps, step);
		if (rc < 0)
			return rc;
	}
	/* To those who were not asked it would say the same. */
	for (size_t i = 0; steps->too_many != NULL && i < mail->count; i++)
		if (mail->rcpts[i].reply.code == 0)
			mail->rcpts[i].reply = *steps->too_many;
	return 0;
}

static long
count_accepted(const struct hl_smtp_mail *mail)
{
	long n = 0;

	for (size_t i = 0; i < mail->count; i++)
		n += smtp__is_accepted(&mail->rcpts[i]);
	return n;
}

static void
set_empty(hl_str *text)
{
	if (text->p == NULL)
		*text = HL_STR("");
}

static void
prepare(struct hl_smtp_mail *mail)
{
	mail->reply = (struct hl_smtp_reply){ 0 };
	mail->ended = false;
	set_empty(&mail->sender);
	set_empty(&mail->body);
	set_empty(&mail->ret);
	set_empty(&mail->envid);
	for (size_t i = 0; i < mail->count; i++) {
		set_empty(&mail->rcpts[i].address);
		set_empty(&mail->rcpts[i].notify);
		set_empty(&mail->rcpts[i].orcpt);
	}
}

/* Those whom the server lacks something for are refused by us; how many. */
static size_t
check_rcpts(struct hl_smtp *smtp, struct hl_smtp_mail *mail)
{
	size_t refused = 0;

	for (size_t i = 0; i < mail->count; i++) {
		check_rcpt(smtp, &mail->rcpts[i]);
		refused += mail->rcpts[i].reply.code != 0;
	}
	return refused;
}

long
hl_smtp_envelope(struct hl_smtp *smtp, struct hl_smtp_mail *mail)
{
	struct steps steps = { .smtp = smtp, .mail = mail };
	bool data_too = (mail->count == 1 || mail->partial) &&
			smtp__has(smtp, SMTP_KEYWORD_PIPELINING);
	size_t refused;
	long n;
	int rc;

	CHECK_OBJ(smtp, SMTP_CLIENT_MAGIC);
	prepare(mail);
	if (!all_is_clean(mail))
		return -EINVAL;
	rc = check_mail(smtp, mail);
	refused = check_rcpts(smtp, mail);
	if (rc < 0 || mail->reply.code != 0)
		return rc;
	if (refused == mail->count || (refused > 0 && !mail->partial))
		return 0; /* without a word to the server */
	smtp->is_open = true;
	steps.group = hl_alloc(smtp->ctx, GROUP_MAX);
	steps.count = 1 + mail->count + (data_too && !smtp__is_binary(mail));
	rc = run_steps(&steps);
	if (rc < 0)
		return rc;
	n = count_accepted(mail);
	/* Without recipients a refusal of DATA says nothing. */
	if (n == 0 && !steps.mail_is_refused)
		mail->reply = (struct hl_smtp_reply){ 0 };
	return mail->reply.code == 0 ? n : 0;
}
