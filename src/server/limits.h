/* SPDX-License-Identifier: MIT */
/* limits.h - the settings of a conversation, resolved.
 *
 * The loop's functions cannot ask config hooks, so what they need is
 * resolved on the first fiber of a session.  One counted object serves all
 * sessions of a listener that began within a second; with config hooks each
 * session has its own.  Every limit on what a client can grow stands here.
 */
#ifndef HOOKLINE_SERVER_LIMITS_H
#define HOOKLINE_SERVER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "smtp/bare_lf.h"

struct hl_ctx;

/* X(field, conf key) for whole numbers, sizes and times (ms). */
#define LIMITS(X)                                              \
	X(timeout_ms, CONF_TIMEOUT)                            \
	X(tls_timeout_ms, CONF_TLS_TIMEOUT)                    \
	X(databytes, CONF_DATABYTES)                           \
	X(size_threshold, CONF_SIZE_THRESHOLD)                 \
	X(max_connections, CONF_MAX_CONNECTIONS)               \
	X(max_per_client, CONF_MAX_PER_CLIENT)                 \
	X(input_ahead, CONF_INPUT_AHEAD)                       \
	X(max_line, CONF_MAX_LINE)                             \
	X(max_recipients, CONF_MAX_RECIPIENTS)                 \
	X(max_mails, CONF_MAX_MAILS)                           \
	X(max_domains, CONF_MAX_DOMAINS)                       \
	X(max_hold, CONF_MAX_HOLD)                             \
	X(max_errors, CONF_MAX_ERRORS)                         \
	X(max_junk, CONF_MAX_JUNK)                             \
	X(max_hops, CONF_MAX_HOPS)                             \
	X(max_header_size, CONF_MAX_HEADER_SIZE)               \
	X(max_header_fields, CONF_MAX_HEADER_FIELDS)           \
	X(max_notes, CONF_MAX_NOTES)                           \
	X(max_session_memory, CONF_MAX_SESSION_MEMORY)         \
	X(max_transaction_memory, CONF_MAX_TRANSACTION_MEMORY) \
	X(rdns, CONF_RDNS)                                     \
	X(tls_before_auth, CONF_TLS_BEFORE_AUTH)               \
	X(auth_delay_ms, CONF_AUTH_DELAY)                      \
	X(max_auth_failures, CONF_MAX_AUTH_FAILURES)           \
	X(max_auth_per_client, CONF_MAX_AUTH_PER_CLIENT)       \
	X(auth_half_ms, CONF_AUTH_FAILURES_HALF_LIFE)          \
	X(proxy_timeout_ms, CONF_PROXY_TIMEOUT)                \
	X(bare_lf, CONF_BARE_LF)

struct limits {
	unsigned refs;
	struct mono made;
	hl_str me;              /* config/me; owned */
	hl_str greeting;        /* config/smtpgreeting; owned; may be "" */
	hl_str auth_id;         /* config/me-auth-results; owned; may be "" */
	hl_str auth_mechanisms; /* config/auth_mechanisms; owned; may be "" */
	uint64_t command_timeout_ms;
#define LIMITS_FIELD(field, key) int64_t field;
	LIMITS(LIMITS_FIELD)
#undef LIMITS_FIELD
};

/* Resolves them for `ctx`'s session.  `shared` is where the listener keeps
 * its own (may point to NULL).  Returns a reference. */
struct limits *limits_get(struct hl_ctx *ctx, struct limits **shared) BLOCKS;
void limits_unref(struct limits **limits);

#endif
