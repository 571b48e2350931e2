/* SPDX-License-Identifier: MIT */
/* ask.c - what a host asks during a call (docs/host-protocol.md, "What a host
 * may ask during a call").
 *
 * The answers come from the functions that native plugins use, so both see
 * the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf_dir.h"
#include "hook/hook_log.h"
#include "hook/reply_view.h"
#include "host_private.h"
#include "wire.h"

struct question {
	struct hl_ctx *ctx;
	struct host_session *session;
	struct slice fields; /* behind its kind */
	struct buf answer;   /* fields of `tell` */
	int fd;              /* that goes with it; -1: none */
	unsigned links;      /* of the session, when it was asked */
};

/* The next field as text; "" when there is none. */
static hl_str
next(struct question *question)
{
	struct slice field;

	if (!wire_next(&question->fields, &field))
		return STR_EMPTY;
	return arena_str(question->ctx->arena, field);
}

static void
tell(struct question *question, hl_str text)
{
	wire_add(&question->answer, slice_str(text));
}

/* ---- configuration ---- */

static int
ask_config(struct question *question)
{
	struct hl_ctx *ctx = question->ctx;
	hl_str key = next(question), address = next(question);
	const struct hl_addr *addr;
	const struct hl_list *list;

	if (key.n == 0)
		return -EPROTO;
	if (address.n > 0 && hl_addr_parse(ctx, address, &addr) == 0)
		list = hl_user_config_list(ctx, addr, key.p);
	else
		list = hl_config_list(ctx, key.p);
	for (size_t i = 0; i < hl_list_count(list); i++)
		tell(question, hl_list_at(list, i));
	return 0;
}

static int
ask_map(struct question *question)
{
	const struct hl_ctx *ctx = question->ctx;
	hl_str listener =
	    ctx->conv != NULL ? ctx->conv->facts.listener : STR_EMPTY;

	tell(question, conf_map_path(ctx->engine->conf, listener,
			   next(question), ctx->arena));
	return 0;
}

/* ---- names and the DNS ---- */

static int
ask_name(struct question *question)
{
	tell(question, hl_peer_name(question->ctx));
	return 0;
}

static const struct {
	const char *name;
	enum hl_dns_type type;
} types[] = {
	{ "A", HL_DNS_A },
	{ "AAAA", HL_DNS_AAAA },
	{ "CNAME", HL_DNS_CNAME },
	{ "MX", HL_DNS_MX },
	{ "NS", HL_DNS_NS },
	{ "PTR", HL_DNS_PTR },
	{ "SOA", HL_DNS_SOA },
	{ "SRV", HL_DNS_SRV },
	{ "TLSA", HL_DNS_TLSA },
	{ "TXT", HL_DNS_TXT },
};

static void
tell_records(struct question *question, const struct hl_dns *dns, bool is_mx)
{
	struct hl_ctx *ctx = question->ctx;

	for (size_t i = 0; i < hl_dns_count(dns); i++) {
		hl_str record = hl_dns_text(dns, i);

		if (is_mx)
			record = hl_printf(ctx, "%u %.*s",
			    hl_dns_priority(dns, i), STR(record));
		tell(question, record);
	}
}

static int
ask_dns(struct question *question)
{
	struct hl_ctx *ctx = question->ctx;
	hl_str name = next(question), type = next(question);
	const struct hl_dns *dns = NULL;
	size_t i = 0;
	int status;

	while (i < sizeof(types) / sizeof(types[0]) &&
	       !slice_caseeq_text(slice_str(type), types[i].name))
		i++;
	if (i == sizeof(types) / sizeof(types[0])) {
		tell(question, STR_LIT("-EINVAL"));
		return 0;
	}
	status = hl_dns_query(ctx, name, types[i].type, &dns);
	if (status < 0) {
		tell(question, status == -EINVAL      ? STR_LIT("-EINVAL")
			       : status == -ETIMEDOUT ? STR_LIT("-ETIMEDOUT")
						      : STR_LIT("-EAGAIN"));
		return status == -ECANCELED ? status : 0;
	}
	tell(question, status == 0 && !hl_dns_name_exists(dns)
			   ? STR_LIT("0 NXDOMAIN")
			   : hl_printf(ctx, "%d", status));
	tell_records(question, dns, types[i].type == HL_DNS_MX);
	return 0;
}

/* ---- the message ---- */

static int
ask_file(struct question *question)
{
	hl_str path = STR_EMPTY;

	if (hl_body_filename(question->ctx, &path) < 0)
		path = STR_EMPTY;
	tell(question, path);
	return 0;
}

/* "" where there is no message: no descriptor follows then. */
static int
ask_body(struct question *question)
{
	struct hl_ctx *ctx = question->ctx;
	hl_str path;

	if (hl_body_filename(ctx, &path) == 0)
		question->fd = open(path.p, O_RDONLY | O_CLOEXEC);
	if (question->fd < 0)
		tell(question, STR_EMPTY);
	else
		tell(question, hl_printf(ctx, "%llu",
				   (unsigned long long)hl_data_size(ctx)));
	return 0;
}

/* ---- replies ---- */

static int
ask_respond(struct question *question)
{
	struct hl_ctx *ctx = question->ctx;
	hl_str code = next(question);
	struct hl_lines *lines = hl_lines_new(ctx);
	struct slice line;
	uint64_t number;
	int status;

	if (wire_number(slice_str(code), 599, &number) < 0)
		return -EPROTO;
	while (wire_next(&question->fields, &line))
		hl_lines_add(lines, arena_str(ctx->arena, line));
	status =
	    hl_reply(ctx, (unsigned)number, NULL, "%s", hl_lines_text(lines).p);
	tell(question, status == 0 ? STR_LIT("1") : STR_LIT("0"));
	return 0;
}

static int
ask_disconnect(struct question *question)
{
	struct conv *conv = question->ctx->conv;

	if (conv != NULL && conv->ops != NULL)
		conv->ops->disconnect(conv);
	tell(question, STR_LIT("1"));
	return 0;
}

/* "" where there is no client, or an outer call has it. */
static int
ask_stdio(struct question *question)
{
	if (stdio_open(question->ctx, question->session, &question->fd) < 0)
		question->fd = -1;
	tell(question, question->fd >= 0 ? STR_LIT("1") : STR_EMPTY);
	return 0;
}

static int
ask_run(struct question *question)
{
	return host_run_hook(question->ctx, question->session, question->fields,
	    &question->answer);
}

static const struct {
	const char *what;
	int (*answer)(struct question *question);
} asks[] = {
	{ "config", ask_config },
	{ "map", ask_map },
	{ "name", ask_name },
	{ "dns", ask_dns },
	{ "body", ask_body },
	{ "file", ask_file },
	{ "respond", ask_respond },
	{ "run", ask_run },
	{ "disconnect", ask_disconnect },
	{ "stdio", ask_stdio },
};

static int
send_answer(struct host_session *session, struct question *question)
{
	int status;

	/* A nested call may have lost it, and found another. */
	if (session->link == NULL || session->links != question->links)
		return -EPIPE;
	status = host_link_send(session->link, buf_slice(&question->answer));
	if (status == 0 && question->fd >= 0)
		status = host_link_send_fd(session->link, question->fd);
	return status;
}

int
host_ask(
    struct hl_ctx *ctx, struct host_session *session, struct slice question)
{
	struct question asked = {
		.ctx = ctx,
		.session = session,
		.fd = -1,
		.links = session->links,
	};
	struct slice what;
	int status;
	char *copy = arena_alloc(ctx->arena, question.n + 1);

	/* The frame is gone when a nested call receives. */
	memcpy(copy, question.p, question.n);
	asked.fields = (struct slice){ copy, question.n };
	if (!wire_next(&asked.fields, &what))
		return -EPROTO;
	/* What was printed before it asks, was said before. */
	status = stdio_flush(session);
	if (status < 0)
		return status;
	status = -EPROTO;
	wire_add_text(&asked.answer, "tell");
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		if (slice_eq_text(what, asks[i].what))
			status = asks[i].answer(&asked);
	}
	if (status == 0)
		status = send_answer(session, &asked);
	if (asked.fd >= 0)
		(void)close(asked.fd);
	buf_done(&asked.answer);
	return status;
}

void
host_log(struct hl_ctx *ctx, struct slice fields)
{
	struct slice level, text;
	uint64_t number;

	if (!wire_next(&fields, &level) || !wire_next(&fields, &text) ||
	    wire_number(level, HL_LOG_DEBUG, &number) < 0)
		return;
	hook_log_said(ctx, (enum hl_level)number, text);
}
