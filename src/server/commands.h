/* SPDX-License-Identifier: MIT */
/* commands.h - the verbs (private to server/).
 *
 * To add a verb: its row in smtp/command.c, its function in a cmd_<verb>.c,
 * its line in dispatch.c, dialogs.
 */
#ifndef HOOKLINE_SERVER_COMMANDS_H
#define HOOKLINE_SERVER_COMMANDS_H

#include "reply.h"
#include "session.h"
#include "smtp/command.h"

/* `rest` is what follows the verb, borrowed from conv.command_line. */
typedef void command_fn(
    struct session *session, struct hl_ctx *ctx, struct slice rest);

command_fn cmd_helo BLOCKS, cmd_ehlo BLOCKS, cmd_lhlo BLOCKS, cmd_mail BLOCKS,
    cmd_rcpt BLOCKS;
command_fn cmd_data BLOCKS, cmd_bdat BLOCKS, cmd_rset BLOCKS, cmd_noop BLOCKS,
    cmd_vrfy BLOCKS;
command_fn cmd_help BLOCKS, cmd_quit BLOCKS, cmd_starttls BLOCKS,
    cmd_auth BLOCKS;
command_fn cmd_xclient BLOCKS, cmd_xforward BLOCKS;

/* One command line, without its line end. */
/* 421 4.7.0 and the end when there were too many errors. */
void check_errors(struct session *session, struct hl_ctx *ctx) BLOCKS;
void dispatch(
    struct session *session, struct hl_ctx *ctx, struct slice line) BLOCKS;

/* -- cmd_starttls.c -- */
/* For EHLO: is there a certificate, and no TLS yet? */
bool starttls_is_possible(const struct session *session);

/* -- envelope.c: what MAIL and RCPT have in common -- */
struct envelope {
	const struct hl_addr *addr;
	struct hl_params params;
};
struct envelope_kind {
	const char *prefix; /* "FROM:" */
	enum hook_id parse, pre, hook;
	unsigned path_flags;
	const char *bad_path; /* enhanced code */
	unsigned no_utf8;     /* code, for an address that needs SMTPUTF8 */
};
/* Parses `rest` with the parse and pre hooks.  0; -EINVAL: refused and
 * answered. */
int envelope_parse(struct session *session, struct hl_ctx *ctx,
    const struct envelope_kind *kind, struct slice rest,
    struct envelope *ret) BLOCKS WARN_UNUSED;

/* -- envelope_params.c -- */
/* `hook`: HOOK_MAIL or HOOK_RCPT.  False: refused and answered. */
bool envelope_params_check(struct session *session, struct hl_ctx *ctx,
    enum hook_id hook, const struct smtp_params *params) BLOCKS WARN_UNUSED;

/* -- data_feed.c, data_end.c, queue.c -- */
/* Takes input while data arrives; false when there is too little. */
bool data_feed(struct session *session, struct hl_ctx *ctx) BLOCKS;
void data_free(struct session *session); /* without data it is fine */
void data_end(struct session *session, struct hl_ctx *ctx) BLOCKS;
void queue_run(struct session *session, struct hl_ctx *ctx) BLOCKS;

#endif
