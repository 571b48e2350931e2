/* SPDX-License-Identifier: MIT */
/* smtp_client.h - handing messages to another server, by SMTP or LMTP.
 *
 * For queue plugins that pass a message on (RFC 5321, 2033), and for those that
 * ask another server about a recipient.  A whole delivery is one call:
 *
 *	return hl_smtp_deliver(ctx, &hops, &options);
 *
 * Where more is wanted: hl_smtp_open, hl_smtp_envelope, hl_smtp_message,
 * hl_smtp_close.  Whatever the other server sends, it gets no more memory than
 * 100 lines and 8 KiB of text for each reply, and no more time than was given.
 * The rules of plugin.h hold here.
 */
#ifndef HOOKLINE_SMTP_CLIENT_H
#define HOOKLINE_SMTP_CLIENT_H

#include <hookline/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* ---- smtp_client.h: where, and how ----------------------------------- */

enum hl_smtp_tls {
	HL_SMTP_TLS_OFF,
	HL_SMTP_TLS_MAY,     /* where it is offered, with any certificate */
	HL_SMTP_TLS_REQUIRE, /* else not, with any certificate */
	HL_SMTP_TLS_VERIFY   /* ... with one for the name, of a known CA */
};

/* What a password goes through. */
enum hl_smtp_auth_over {
	HL_SMTP_AUTH_VERIFIED, /* HL_SMTP_TLS_VERIFY alone */
	HL_SMTP_AUTH_TLS,      /* TLS with any certificate, too */
	HL_SMTP_AUTH_CLEAR     /* anything */
};

/* Zeroed: SMTP in clear, without time limits but the hook's. */
struct hl_smtp_options {
	hl_str hello;        /* what it calls itself; "": config/me */
	hl_str tls_name;     /* in its certificate; "": the host's name */
	hl_str tls_ca;       /* PEM, for HL_SMTP_TLS_VERIFY; "": the system's */
	uint64_t connect_ms; /* for connecting, and each TLS handshake */
	uint64_t command_ms; /* for the greeting, and each reply */
	uint64_t data_ms;    /* for the reply to DATA */
	uint64_t block_ms;   /* for each piece of the message */
	uint64_t end_ms;     /* for the reply to its end */
	int64_t messages;    /* over one connection, 0 or 1: it is not kept */
	unsigned tls;        /* enum hl_smtp_tls */
	bool lmtp;
	bool xclient;            /* tells who the client is (Postfix) */
	bool fresh;              /* takes no kept connection */
	unsigned auth_over;      /* enum hl_smtp_auth_over */
	hl_str auth_file;        /* who we are to which server; "": no AUTH */
	const void *reserved[4]; /* for later releases; leave it zero */
};
/* Arguments for all of these but lmtp, xclient and fresh, in the table of a
 * plugin: HL_SMTP_ARGS(struct args, member, "may").  RFC 5321 4.5.3.2 allows a
 * server more time; but somebody waits for us, too.
 *
 * The file of `auth` has lines like those of a control file, and is as live:
 *	mail.example.com    user@example.com:password
 *	192.0.2.1:587       -
 *	*                   user:password
 * The first line for the server counts; "-" is no AUTH, and without a line the
 * server gets nothing.  The user's name has no ':'. */
#define HL_SMTP_ARGS(args, member, tls_by_default)                          \
	{ .name = "tls",                                                    \
		.about = "off, may, require, or verify its certificate",    \
		.def = (tls_by_default),                                    \
		.choices = "off|may|require|verify",                        \
		.offset = offsetof(args, member.tls),                       \
		.type = HL_ARG_CHOICE },                                    \
	    { .name = "tls_name",                                           \
		    .about = "in its certificate, instead of the host",     \
		    .offset = offsetof(args, member.tls_name) },            \
	    { .name = "tls_ca",                                             \
		    .about = "file of CAs, instead of the system's",        \
		    .offset = offsetof(args, member.tls_ca),                \
		    .type = HL_ARG_PATH },                                  \
	    { .name = "auth",                                               \
		    .about = "file of users and passwords",                 \
		    .offset = offsetof(args, member.auth_file),             \
		    .type = HL_ARG_PATH },                                  \
	    { .name = "auth_over",                                          \
		    .about = "verified, tls, or clear",                     \
		    .def = "verified",                                      \
		    .choices = "verified|tls|clear",                        \
		    .offset = offsetof(args, member.auth_over),             \
		    .type = HL_ARG_CHOICE },                                \
	    { .name = "hello",                                              \
		    .about = "its name, instead of config/me",              \
		    .offset = offsetof(args, member.hello) },               \
	    { .name = "messages",                                           \
		    .about = "over one connection; 1: it is not kept",      \
		    .def = "100",                                           \
		    .min = 1,                                               \
		    .max = 1000000,                                         \
		    .offset = offsetof(args, member.messages),              \
		    .type = HL_ARG_INT },                                   \
	    { .name = "connect_timeout",                                    \
		    .about = "for connecting and for TLS",                  \
		    .def = "30s",                                           \
		    .offset = offsetof(args, member.connect_ms),            \
		    .type = HL_ARG_SECONDS },                               \
	    { .name = "command_timeout",                                    \
		    .about = "for each reply",                              \
		    .def = "60s",                                           \
		    .offset = offsetof(args, member.command_ms),            \
		    .type = HL_ARG_SECONDS },                               \
	    { .name = "data_timeout",                                       \
		    .about = "for the reply to DATA",                       \
		    .def = "120s",                                          \
		    .offset = offsetof(args, member.data_ms),               \
		    .type = HL_ARG_SECONDS },                               \
	    { .name = "block_timeout",                                      \
		    .about = "for each piece of a message",                 \
		    .def = "180s",                                          \
		    .offset = offsetof(args, member.block_ms),              \
		    .type = HL_ARG_SECONDS },                               \
	{                                                                   \
		.name = "end_timeout",                                      \
		.about = "for the reply to a message's end", .def = "240s", \
		.offset = offsetof(args, member.end_ms),                    \
		.type = HL_ARG_SECONDS                                      \
	}

/* Servers that can take a message, in the order in which they are tried. */
struct hl_smtp_hops {
	/* As in hl_dial, "mx:DOMAIN:PORT", or "smtps:HOST:PORT": TLS from the
	 * first byte (RFC 8314), whatever `tls` says; it is verified with
	 * HL_SMTP_TLS_VERIFY alone. */
	const hl_str *where;
	size_t count;
	const void *reserved[2]; /* for later releases; leave it zero */
};
/* Reads "a.example,192.0.2.1:2525,[2001:db8::1]:25,unix:/run/x,mx:b.example,
 * smtps:c.example" (without white space); who has no port gets `port`, with
 * smtps 465.  0; -EINVAL with the part that is wrong in
 * *ret_bad (may be NULL). */
int hl_smtp_hops(struct hl_ctx *ctx, hl_str list, unsigned port,
    struct hl_smtp_hops *ret, hl_str *ret_bad);
/* In load: declares what is needed to reach them: each, or with an MX any
 * address, and the files of CAs and passwords.  0; -EINVAL; as hl_load_error:
 * what the options say of AUTH cannot be, or others may read the passwords. */
int hl_smtp_need(struct hl_ctx *ctx, const struct hl_smtp_hops *hops,
    const struct hl_smtp_options *options);

/* ---- smtp_client.h: a whole delivery --------------------------------- */

/* In queue: hands the session's message to the first of `hops` that takes it;
 * return what it returns.
 *
 * HL_OK "queued as ID" when the server has said so.  Its refusals become
 * HL_DENY or HL_DENYSOFT with its words, for single recipients where these are
 * told apart (hl_rcpt_replies, LMTP); else nothing is sent when it refuses
 * one.  The rest behind "too many recipients" gets the message in other
 * transactions, at most 16 in all (RFC 5321 4.5.3.1.10): where they are told
 * apart on the same connection, else on others, and no message is sent before
 * all are accepted.  When one of those then fails, HL_DENYSOFT, and some get it
 * twice; for good, HL_OK, with those named.  What it lacks and the message needs is refused: SMTPUTF8 5.6.7 and
 * 5.6.9 (RFC 6531 3.4), 8BITMIME and BINARYMIME 5.6.3 (RFC 6152 3, 3030 3), DSN
 * with NOTIFY=SUCCESS 4.3.3 (RFC 3461 5.2.2).  HL_DECLINED, and a text, when
 * none of the hops can be reached, so that another queue plugin may keep it.
 *
 * The next hop is tried when one cannot be reached, or refuses the message or a
 * recipient for now (a greeting of 5xx is "not reached", too); when none takes it,
 * the last one's words are the answer.  That, and a new connection for a kept one
 * that turns out dead, only while the end of the message has not been sent.  When the
 * connection is lost behind it, before the reply, nobody knows whether it was
 * taken: HL_DENYSOFT; the client sends it again, and it may arrive twice
 * (RFC 1047).  BLOCKS. */
enum hl_verdict hl_smtp_deliver(struct hl_ctx *ctx,
    const struct hl_smtp_hops *hops, const struct hl_smtp_options *options);
/* In capabilities, for plugins that declare HL_CARRIES_*: takes off what the
 * server that was last reached by hl_smtp_deliver of this line, in this worker,
 * lacks of SMTPUTF8, DSN and BINARYMIME; the last one also before any was. */
void hl_smtp_offer(struct hl_ctx *ctx);

/* ---- smtp_client.h: step by step ------------------------------------- */

struct hl_smtp; /* a connection to a server that takes messages */

/* A reply; its text is without codes, lines parted by \n. */
struct hl_smtp_reply {
	unsigned code;   /* 200 to 599; 0: there was none */
	hl_str enhanced; /* "5.1.1", or "" */
	hl_str text;
};
struct hl_smtp_rcpt {
	hl_str address;
	hl_str notify, orcpt; /* as behind NOTIFY=, ORCPT=; "" none */
	struct hl_smtp_reply reply;
	const void *reserved[2]; /* for later releases; leave it zero */
};
struct hl_smtp_mail {
	hl_str sender;     /* "" for <> */
	hl_str body;       /* "7BIT", "8BITMIME", "BINARYMIME", or "" */
	hl_str ret, envid; /* as behind RET=, ENVID=; "" none */
	uint64_t size;     /* bytes, for SIZE=; 0: it is not said */
	bool smtputf8;     /* the client has said it */
	bool needs_utf8;   /* a header field has other characters than ASCII */
	bool auth_unknown; /* AUTH=<>, where AUTH is offered (RFC 4954 5) */
	/* Goes on with those recipients that were accepted; then DATA may
	 * follow without waiting for them. */
	bool partial;
	struct hl_smtp_rcpt *rcpts;
	size_t count;
	/* Set: the reply to MAIL or DATA if that was a refusal, else to the
	 * end of the message. */
	struct hl_smtp_reply reply;
	bool ended;              /* set: the end of the message was sent */
	const void *reserved[4]; /* for later releases; leave it zero */
};

/* The session's message and recipients, but for `partial`. */
void hl_smtp_mail(struct hl_ctx *ctx, struct hl_smtp_mail *ret);
/* A connection to `where`, as in struct hl_smtp_hops but for an MX, that this
 * plugin has kept, or a new one: TLS or greeting, EHLO or HELO or LHLO, STARTTLS,
 * AUTH, XCLIENT.  `options` must live as
 * long.  0; -EAGAIN, -EPERM the server refuses, for now or for good; -EPROTO it
 * speaks another protocol; -ENOTSUP it lacks TLS, AUTH or XCLIENT;
 * -ENOENT nothing is known of it in the file of `auth`; as hl_dial and
 * hl_conn_starttls; the reason for the log in *ret_why (may be NULL).  BLOCKS. */
int hl_smtp_open(struct hl_ctx *ctx, hl_str where,
    const struct hl_smtp_options *options, struct hl_smtp **ret,
    hl_str *ret_why);
bool hl_smtp_is_fresh(const struct hl_smtp *smtp); /* it was not kept */
bool hl_smtp_is_in_tls(const struct hl_smtp *smtp);
/* Does it offer one of SIZE PIPELINING 8BITMIME SMTPUTF8 DSN STARTTLS CHUNKING
 * BINARYMIME AUTH XCLIENT? */
bool hl_smtp_has(const struct hl_smtp *smtp, hl_str keyword);
/* Says MAIL, and RCPT for each recipient, with the parameters that the server
 * knows, in groups if it offers PIPELINING (RFC 2920).  The replies are in
 * `mail`, also those of our own to what it lacks.  Behind "too many recipients"
 * for one that is not the first the others are not asked; they have its reply.
 * How many recipients it has accepted; 0: see mail->reply, and theirs.
 * -EINVAL an address with control characters; else negative errno, and the
 * connection is of no more use.  BLOCKS. */
long hl_smtp_envelope(struct hl_smtp *smtp, struct hl_smtp_mail *mail);
/* ... then sends the session's message to those: DATA, or BDAT where its body
 * is no text.  0 with mail->reply; with LMTP the replies of the recipients
 * instead, when its code is 0.  Negative errno: see mail->ended; with LMTP those
 * whose fate is not known then have no reply any more.  BLOCKS. */
int hl_smtp_message(struct hl_smtp *smtp, struct hl_smtp_mail *mail);
/* Ends what was begun (RSET), and keeps the connection for the next message of
 * this worker, or says QUIT.  BLOCKS. */
void hl_smtp_close(struct hl_smtp **smtp);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
