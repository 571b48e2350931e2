/* SPDX-License-Identifier: MIT */
/* session.h - one client's conversation (private to server/).
 *
 * A state machine at rest, straight-line code in flight:
 *
 *	accept      bytes, end of file, timeout, drain
 *	   |                 |
 *	   v                 v
 *	[fiber: session_run: step, step, ...] ---> [rest: no fiber, no buffer]
 *	   |                       ^                         |
 *	   +--> closing -----> lingering -----> freed        |
 *	                           +-------------------------+
 *
 * session.c    life cycle: new, fiber, rest, free
 * session_io.c what the stream tells, input, timeouts
 * proxy.c      the PROXY header before all else
 * accept.c     who the client is, up to the greeting
 * session_run.c the steps
 * session_tls.c the handshake of TLS, and what follows from it
 * start_over.c what STARTTLS and XCLIENT make forgotten
 * reply.c      replies
 * talk.c       plugins that read and write the client's bytes themselves
 * closing.c    the end of a session
 * cmd_*.c      one verb each;  dispatch.c finds it
 * auth_*.c     AUTH (auth.h)
 * ehlo.c       what EHLO offers;  envelope*.c  what MAIL and RCPT say
 * data_*.c     the message: receiving, ending, queueing
 * rcpt_*.c     what becomes of each recipient, and what it is told
 *
 * Loop functions (on_*) never run hooks.  Only the session's fiber changes
 * conv, txn, data and out; the loop's functions change input and the flags
 * marked [loop].
 */
#ifndef HOOKLINE_SERVER_SESSION_H
#define HOOKLINE_SERVER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "hook/conv.h"
#include "hook/run.h"
#include "limits.h"
#include "rt/timeq.h"
#include "shm/peers.h"
#include "smtp/command.h"
#include "smtp/line.h"

struct data;
struct fiber;
struct hl_auth;
struct server;
struct server_listener;
struct stream;
struct stream_tls_failure;

#define SESSION_MAGIC 0x73657373u

/* Why a session ends; the first reason stays. */
enum session_end {
	END_NOT,
	END_QUIT, /* a reply has said so */
	END_EOF,  /* the client has nothing more to say */
	END_GONE, /* reset, broken pipe */
	END_TIMEOUT,
	END_SHUTDOWN, /* 421 4.3.2 */
	END_TLS,      /* TLS has failed */
};

/* What the loop wants the next run of the fiber to do. */
enum session_event {
	EVENT_ACCEPT = 1 << 0,
	EVENT_TIMEOUT = 1 << 1,
	EVENT_SHUTDOWN = 1 << 2,
	EVENT_PROXY = 1 << 3,  /* a PROXY header comes first */
	EVENT_SECURE = 1 << 4, /* the TLS handshake is done */
};

/* Bytes that no command has taken yet: borrowed from the stream's shared
 * buffer during on_data, else our own copy. */
struct input {
	struct buf own;
	size_t taken; /* leading bytes of `own` that are done with */
	struct slice borrowed;
};

struct session {
	uint32_t magic;
	uint8_t events;        /* [loop] enum session_event */
	uint8_t end;           /* enum session_end */
	bool eof;              /* [loop] */
	bool gone;             /* [loop] */
	bool parked_want;      /* [loop] reading is limited or paused */
	bool closing;          /* the closing hooks have run or are running */
	bool stream_closed;    /* [loop] */
	bool skip_hooks;       /* closed before the session began */
	bool shielded;         /* see session_shield */
	bool reply_each;       /* at the end of data: see rcpt_replies.h */
	bool answered;         /* the running command has its final reply */
	bool client_waiter;    /* a hook waits for the client's bytes */
	bool bare_lf_excluded; /* its network is in bare_lf_exclude */
	bool reads_exactly;    /* no byte ahead: see proxy.c */
	bool is_counted;       /* peer_ref holds */
	bool may_xclient;      /* its network is in xclient_hosts */
	bool wants_tls;        /* the handshake is the next step */
	bool is_shaking;       /* [loop] a handshake is under way */
	bool tls_failed;       /* [loop] */
	bool tls_is_new;       /* tls_done has not yet run */
	bool tls_is_ours;      /* facts.tls: of our handshake, not a proxy's */
	bool is_introduced;    /* XCLIENT: who holds the line is a proxy */
	bool relays_by_place;  /* relay_client since `connect`, not by AUTH */
	bool line_is_auth;     /* the line that arrives is an AUTH command */
	bool has_secret;       /* the call arena is to be wiped */
	uint8_t auth_failures;
	uint32_t errors;
	uint32_t junk;
	uint32_t ehlo_hidden; /* bits: keywords that plugins took out of EHLO */
	uint16_t plugin_code; /* of the last reply that a plugin sent */
	uint16_t hide_code;   /* VRFY, EXPN: see smtputf8_take; else 0 */
	shm_peer_ref peer_ref;
	unsigned txn_number;
	unsigned accepted; /* messages */
	struct server *server;
	struct server_listener *listener;
	struct limits *limits; /* NULL before the first fiber resolved them */
	struct stream *stream;
	struct fiber *fiber; /* NULL at rest */
	struct link link;    /* in server->sessions */
	struct link waiting; /* in server->waiting: no fiber was free */
	struct timeq_entry timer;
	struct input input;
	struct smtp_line line;
	struct buf out;             /* replies not yet given to the stream */
	struct data *data;          /* while a message arrives */
	const struct hl_addr *addr; /* of the running MAIL or RCPT */
	const struct hl_auth *auth; /* of the running AUTH; for log lines */
	/* The last failed AUTH; on the heap, NULL: none. */
	char *auth_failed_user;
	const char *auth_failed_by; /* mechanism, as in AUTH's line */
	struct txn *queued;         /* while its reply is made; for log lines */
	struct rcpt_domain *rcpt_domains; /* see rcpt_domains.c */
	struct forwarded *forwarded; /* of the next message; NULL: nothing */
	const struct tls_refusal *refusal; /* of tls_done, or NULL */
	struct conv_result results[HOOK_COUNT];
	struct conv conv;
};

/* What every command but QUIT is answered since tls_done has refused; lives in
 * the session's arena. */
struct tls_refusal {
	unsigned code;
	hl_str enhanced, text, plugin;
	bool disconnects;
};

static inline struct session *
session_of(struct conv *conv)
{
	return CONTAINER_OF(conv, struct session, conv);
}

/* The message that a reply is about, or NULL. */
static inline struct txn *
session_txn(const struct session *session)
{
	return session->queued != NULL ? session->queued : session->conv.txn;
}

/* -- session.c -- */
void session_open(struct server_listener *listener, int fd,
    const struct inet_addr *peer, const struct inet_addr *local);
/* What comes before the first hook is done, as far as the listener wants it:
 * the conversation begins. */
void session_begin(struct session *session);
/* Counts it among the connections of facts.peer, now or after that has
 * changed. */
void session_count_peer(struct session *session);
/* Runs the fiber, or queues the session until one is free. */
void session_wake(struct session *session);
/* Loop functions: asks for an end. */
void session_shutdown(struct session *session);
bool session_is_idle(const struct session *session);
/* What it holds, in bytes (for tests and `ctl`). */
size_t session_memory(const struct session *session);

/* -- session_io.c -- */
extern const struct stream_events session_stream_events;
void session_on_data(void *owner, const char *p, size_t n);
void session_on_eof(void *owner);
void session_on_gone(void *owner, int err);
void session_before_park(struct conv *conv);
/* What its bare line ends come to: config/bare_lf, bare_lf_exclude. */
enum smtp_bare_lf session_bare_lf(const struct session *session);
struct slice input_peek(const struct session *session);
void input_take(struct session *session, size_t n);
/* The same, and overwrites them. */
void input_take_secret(struct session *session, size_t n);
/* Before what is there. */
void input_put_back(struct session *session, struct slice bytes);
/* The fiber parked or ended: what is borrowed must be kept. */
void input_settle(struct session *session);
void session_rest(struct session *session);
void session_on_timeout(struct timeq_entry *entry, void *arg);
/* A client that sends but does not read: this much may be unread. */
#define OUT_MAX 65536
/* Parks until it reads again; false when it is gone or too slow. */
bool wait_for_reader(struct session *session) BLOCKS;
/* Gives `out` to the stream. */
void session_flush(struct session *session);
/* Message bytes are not for hooks to take, and neither before the session has
 * its limits nor at its end is there anything to read. */
bool session_may_listen(const struct session *session);
/* Input wakes the fiber from now on, until client_waiter is false. */
void session_listen(struct session *session);
int session_client_wait(struct conv *conv, uint64_t ms) BLOCKS;
int session_client_line(struct conv *conv, uint64_t timeout_ms,
    struct arena *arena, hl_str *ret) BLOCKS;

/* -- talk.c: see conv_ops -- */
struct slice talk_peek(struct conv *conv, bool *ret_eof);
void talk_take(struct conv *conv, size_t n);
int talk_say(struct conv *conv, struct slice text) BLOCKS;
void talk_end(struct conv *conv, struct slice unread);
void talk_replied(struct hl_ctx *ctx, unsigned code);

/* -- proxy.c -- */
/* Reads the PROXY header; then the facts are the client's. */
void session_proxy(struct session *session, struct hl_ctx *ctx) BLOCKS;

/* -- accept.c -- */
/* Resolves settings and limits, again after XCLIENT. */
void session_resolve(struct session *session, struct hl_ctx *ctx) BLOCKS;
/* Is `addr` in the networks of that control file? */
bool session_is_in(
    struct hl_ctx *ctx, hl_str key, const struct inet_addr *addr) BLOCKS;
/* pre-connection, connect, greeting. */
void session_greet(struct session *session, struct hl_ctx *ctx) BLOCKS;
/* Limits, then session_greet; again after XCLIENT. */
void session_welcome(struct session *session, struct hl_ctx *ctx) BLOCKS;
/* Settings, limits, then TLS if it is implicit, else session_greet. */
void session_accept(struct session *session, struct hl_ctx *ctx) BLOCKS;

/* -- session_tls.c -- */
/* The step when wants_tls is set.  False: the handshake is under way, there
 * is nothing to do. */
bool session_start_tls(struct session *session, struct hl_ctx *ctx) BLOCKS;
/* Would the client understand a reply?  Not before an implicit handshake, nor
 * within any. */
bool session_can_speak(const struct session *session);
/* The session ends by a reply.  A 220 that has not gone out goes no more:
 * nothing may follow it in clear. */
void session_take_back_tls(struct session *session);
void session_on_secure(void *owner);
void session_on_tls_failed(
    void *owner, const struct stream_tls_failure *failure);
/* The step when EVENT_SECURE is set: facts, a new beginning, tls_done. */
void session_secure(struct session *session, struct hl_ctx *ctx) BLOCKS;
/* The note tls_enabled, which qpsmtpd's plugins look at. */
void session_note_tls(struct session *session);
/* Before the greeting: has tls_done refused, and was that answered? */
bool session_tls_refused(struct session *session, struct hl_ctx *ctx) BLOCKS;
/* tls_done has refused: answers the command so. */
bool session_is_refused(
    struct session *session, struct hl_ctx *ctx, enum smtp_verb verb) BLOCKS;
/* Does a TLS handshake stand where a command should? */
bool session_is_hello_in_clear(const struct session *session);
void session_refuse_hello(struct session *session, struct hl_ctx *ctx) BLOCKS;
/* conv_ops.tls_exporter */
int session_tls_exporter(
    struct conv *conv, const char *label, unsigned char *ret, size_t n);

/* -- session_run.c -- */
void session_run(struct session *session, struct hl_ctx *ctx) BLOCKS;

/* -- closing.c -- */
/* The client is lost: what a hook waits for ends, but not a clean-up. */
void session_lost(struct session *session);
/* On: neither the client's end nor a drain cancels what the fiber waits for.
 * Returns how it was before. */
bool session_shield(struct session *session, bool on);
/* Marks the end; hooks run when the step returns. */
void session_finish(struct session *session, enum session_end why);
/* XCLIENT: disconnect, reset_transaction and post-connection of the client so
 * far; then what plugins keep of it is gone. */
void session_end_for_plugins(
    struct session *session, struct hl_ctx *ctx) BLOCKS;
void session_close(struct session *session, struct hl_ctx *ctx) BLOCKS;

/* -- start_over.c -- */
/* What plugins keep of the connection. */
void session_forget_plugins(struct session *session);
/* After STARTTLS (RFC 3207 4.2) and XCLIENT: hello, AUTH, relay_client and the
 * transaction are gone.  What `connect` had said of relay_client, of a client
 * that had not yet spoken, session_secure brings back. */
void session_start_over(struct session *session, struct hl_ctx *ctx) BLOCKS;

/* -- txn_reset.c -- */
/* Runs reset_transaction if there is one and lets go of it; later, in
 * session_close, when the fiber is cancelled. */
void session_reset_txn(struct session *session, struct hl_ctx *ctx) BLOCKS;
/* For RSET: the hook runs without a transaction too. */
void session_rset(struct session *session, struct hl_ctx *ctx) BLOCKS;

#endif
