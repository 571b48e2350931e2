/* SPDX-License-Identifier: MIT */
/* api_smtp_talk.c - smtp_client.h: lines out, replies in. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "api_smtp_private.h"
#include "base/err.h"
#include "ctx.h"

int
smtp__fail(struct hl_smtp *smtp, int rc, const char *fmt, ...)
{
	va_list args;
	hl_str text;

	va_start(args, fmt);
	text = arena_vprintf(smtp->ctx->arena, fmt, args);
	va_end(args);
	smtp->why = hl_printf(smtp->ctx, "%s: %s", smtp->where.p, text.p);
	smtp->is_broken = true;
	return rc;
}

static const char *
reason(int rc)
{
	switch (rc) {
	case -EPIPE:
	case -ECONNRESET:
		return "it hung up";
	case -ETIME:
		return "no reply in time";
	case -ECONNABORTED:
		return "it does not answer any more";
	case -EMSGSIZE:
	case -E2BIG:
		return "its reply is too long";
	case -EPROTO:
		return "it speaks another protocol";
	default:
		return strerrordesc_np(-rc);
	}
}

int
smtp__send(struct hl_smtp *smtp, hl_str bytes)
{
	int rc =
	    hl_send(smtp->conn, bytes.p, bytes.n, smtp->options->command_ms);

	return rc < 0 ? smtp__fail(smtp, rc, "%s", reason(rc)) : 0;
}

/* The time is for the whole reply: its lines may come one by one. */
static int
hear_line(struct hl_smtp *smtp, uint64_t until_ms, struct slice *ret)
{
	uint64_t left = 0, now = hl_now_ms(smtp->ctx);
	long n;

	if (until_ms > 0) {
		if (now >= until_ms)
			return -ETIME;
		left = until_ms - now;
	}
	n = hl_recv_line(smtp->conn, smtp->line, sizeof(smtp->line), left);
	if (n < 0)
		return (int)n;
	*ret = (struct slice){ smtp->line, (size_t)n };
	return 0;
}

int
smtp__hear(struct hl_smtp *smtp, uint64_t timeout_ms)
{
	uint64_t until = timeout_ms > 0 ? hl_now_ms(smtp->ctx) + timeout_ms : 0;
	struct slice line = SLICE_LIT("");
	int rc = 0;

	while (rc == 0) {
		rc = hear_line(smtp, until, &line);
		if (rc == 0)
			rc = smtp_answer_add(&smtp->answer, line);
	}
	if (rc == -EPROTO)
		return smtp__fail(smtp, rc, "%s: %.*s", reason(rc),
		    (int)(line.n < 80 ? line.n : 80), line.p);
	if (rc < 0)
		return smtp__fail(smtp, rc, "%s", reason(rc));
	if (smtp->answer.code == 421)
		smtp->is_broken = true;
	return (int)smtp->answer.code;
}

int
smtp__ask(struct hl_smtp *smtp, hl_str command)
{
	int rc = smtp__send(smtp, hl_printf(smtp->ctx, "%s\r\n", command.p));

	return rc < 0 ? rc : smtp__hear(smtp, smtp->options->command_ms);
}

struct hl_smtp_reply
smtp__reply(const struct hl_smtp *smtp)
{
	char enhanced[SMTP_ENHANCED_TEXT_MAX];
	struct hl_smtp_reply reply = { .code = smtp->answer.code };

	smtp_answer_enhanced(&smtp->answer, enhanced);
	reply.enhanced = hl_printf(smtp->ctx, "%s", enhanced);
	reply.text = hl_printf(smtp->ctx, "%s", smtp->answer.text);
	return reply;
}
