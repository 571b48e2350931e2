/* SPDX-License-Identifier: MIT */
/* api_net.c - plugin.h: connections that plugins make.
 *
 * A connection belongs to the hook that made it; between hooks it can only
 * lie in the worker's pool.  Kept connections are each plugin's own, since
 * what was said on them (a login, a database chosen) is known to it alone.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "ctx.h"
#include "dns/dns.h"
#include "hook_log.h"
#include "needs.h"
#include "net/conn.h"
#include "net/conn_pool.h"
#include "net/conn_tls.h"
#include "net/dial.h"
#include "resolver.h"
#include "rt/fiber.h"

#define CONN_MAGIC 0x686c636eu

/* The opaque handle of plugin.h. */
struct hl_conn {
	uint32_t magic;
	bool is_broken; /* not fit to be kept, whatever conn.h thinks */
	struct conn *conn;
	struct held *held;
	char *where;
};

static void
conn_end(struct hl_conn *conn)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	conn->magic = 0;
	conn_close(&conn->conn);
	mem_free(conn->where);
	mem_free(conn);
}

static void
release_conn(void *what)
{
	conn_end(what);
}

static struct hl_conn *
conn_new(struct hl_ctx *ctx, hl_str where, struct conn *inner)
{
	struct hl_conn *conn = mem_alloc(sizeof(*conn));

	conn->magic = CONN_MAGIC;
	conn->conn = inner;
	conn->where = mem_dup(slice_str(where));
	conn->held = ctx_hold(ctx, release_conn, conn);
	return conn;
}

/* ---- from a host name to addresses ---- */

struct resolving {
	struct resolver *resolver;
	struct mono until; /* {0}: no limit */
};

/* Adds up to `room` addresses.  Returns their number, or as dns_query; a name
 * that does not exist at all is -ENOENT.  BLOCKS. */
static int
add_addrs(struct resolver *resolver, struct slice host, enum dns_type type,
    struct inet_addr *ret, int room)
{
	struct dns_answer *answer;
	int count = resolver_query(resolver, host, type, &answer);

	if (count < 0)
		return count;
	if (count > room)
		count = room;
	for (int i = 0; i < count; i++)
		ret[i] = answer->records[i].addr;
	if (answer->status == DNS_NO_NAME)
		count = -ENOENT;
	dns_answer_unref(&answer);
	return count;
}

/* IPv6 first, IPv4 behind it; either alone will do.  BLOCKS. */
static int
both_families(struct resolver *resolver, struct slice host,
    struct inet_addr ret[DIAL_ADDR_MAX])
{
	int v6 = add_addrs(resolver, host, DNS_AAAA, ret, DIAL_ADDR_MAX / 2);
	int have = v6 > 0 ? v6 : 0, v4;

	if (v6 == -ENOENT)
		return 0;
	if (v6 < 0 && v6 != -EAGAIN)
		return v6;
	v4 = add_addrs(resolver, host, DNS_A, ret + have, DIAL_ADDR_MAX - have);
	if (v4 > 0)
		return have + v4;
	if (v4 == -ENOENT)
		v4 = 0;
	return have > 0 ? have : v4 < 0 ? v4 : v6;
}

/* RFC 6761 6.3: never a question to the DNS. */
static int
loopbacks(struct inet_addr ret[DIAL_ADDR_MAX])
{
	CHECK(inet_parse(SLICE_LIT("127.0.0.1"), &ret[0]) == 0);
	CHECK(inet_parse(SLICE_LIT("::1"), &ret[1]) == 0);
	return 2;
}

/* A dial_resolve_fn.  Within the limit of the dial, which is not the hook's
 * deadline.  BLOCKS. */
static int
resolve(void *arg, struct slice host, struct inet_addr ret[DIAL_ADDR_MAX])
{
	const struct resolving *resolving = arg;
	struct fiber *self = fiber_self();
	struct mono before = fiber_deadline(self), until = resolving->until;
	bool limited =
	    until.ns != 0 && (before.ns == 0 || mono_is_before(until, before));
	int count;

	if (slice_caseeq_text(host, "localhost"))
		return loopbacks(ret);
	if (limited)
		fiber_set_deadline(self, until);
	count = both_families(resolving->resolver, host, ret);
	if (limited)
		fiber_set_deadline(self, before);
	return limited && count == -ETIMEDOUT ? -ETIME : count;
}

/* ---- making connections ---- */

/* For hl_conn_error. */
static void
remember(struct hl_ctx *ctx, const char *why)
{
	ctx->frame->conn_error = arena_str(ctx->arena, slice_of(why));
}

static void
tell_failure(struct hl_ctx *ctx, hl_str where, const struct err *err)
{
	struct log_line line;

	remember(ctx, err->text);
	if (!log_is_on(LOG_LEVEL_DEBUG))
		return;
	hook_log_begin_ctx(&line, LOG_LEVEL_DEBUG, ctx);
	log_add_text(&line, LOG_event, "dial");
	log_add(&line, LOG_addr, slice_str(where));
	log_add(&line, LOG_err, slice_of(err->text));
	log_end(&line);
}

static int
dial(
    struct hl_ctx *ctx, hl_str where, uint64_t timeout_ms, struct hl_conn **ret)
{
	struct resolving resolving = { .resolver = ctx->engine->resolver };
	struct dial_options options = { .resolve = resolve,
		.resolve_arg = &resolving,
		.trust = ctx->engine->trust };
	struct err err = { 0, "" };
	struct conn *conn;
	int status;

	if (timeout_ms > 0)
		resolving.until = mono_add_ms(mono_now(), timeout_ms);
	status = conn_dial(ctx->engine->rt, slice_str(where), timeout_ms,
	    &options, &conn, &err);
	if (status < 0) {
		tell_failure(ctx, where, &err);
		return status;
	}
	*ret = conn_new(ctx, where, conn);
	return 0;
}

static int
may_connect(struct hl_ctx *ctx, hl_str where)
{
	int status = need_check(ctx, NEED_CONNECT, where);

	if (status < 0)
		remember(ctx, "hl_need_connect was not called for it");
	return status;
}

int
hl_dial(
    struct hl_ctx *ctx, hl_str where, uint64_t timeout_ms, struct hl_conn **ret)
{
	int status = may_connect(ctx, where);

	return status < 0 ? status : dial(ctx, where, timeout_ms, ret);
}

static const char *
text_or_null(hl_str text)
{
	return text.n > 0 ? text.p : NULL;
}

int
hl_conn_starttls(struct hl_ctx *ctx, struct hl_conn *conn,
    const struct hl_tls_peer *peer, uint64_t timeout_ms)
{
	struct conn_tls_options options = { .name = text_or_null(peer->name),
		.ca_file = text_or_null(peer->ca_file),
		.is_unverified = peer->unverified };
	struct err err = { 0, "" };
	int status = 0;

	ctx_check(ctx);
	CHECK_OBJ(conn, CONN_MAGIC);
	if (options.ca_file != NULL)
		status = need_check(ctx, NEED_READ, peer->ca_file);
	if (status < 0) {
		remember(ctx, "hl_need_read was not called for the CA file");
		return status;
	}
	status = conn_tls_start(
	    conn->conn, ctx->engine->trust, &options, timeout_ms, &err);
	if (status < 0)
		tell_failure(ctx, str_of(conn->where), &err);
	return status;
}

hl_str
hl_conn_error(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->frame->conn_error.p != NULL ? ctx->frame->conn_error
						: STR_EMPTY;
}

static hl_str
pool_key(struct hl_ctx *ctx, const char *where)
{
	return arena_printf(
	    ctx->arena, "%.*s\t%s", STR(ctx->frame->plugin->name), where);
}

int
hl_conn_pool_get(struct hl_ctx *ctx, hl_str where, uint64_t timeout_ms,
    struct hl_conn **ret, bool *ret_fresh)
{
	int status = may_connect(ctx, where);
	struct conn *conn;

	if (status < 0)
		return status;
	status = fiber_check();
	if (status < 0) {
		remember(ctx, strerrordesc_np(-status));
		return status;
	}
	conn = conn_pool_take(
	    ctx->engine->pool, slice_str(pool_key(ctx, where.p)));
	if (ret_fresh != NULL)
		*ret_fresh = conn == NULL;
	if (conn == NULL)
		return dial(ctx, where, timeout_ms, ret);
	*ret = conn_new(ctx, where, conn);
	return 0;
}

void
hl_conn_pool_put(struct hl_ctx *ctx, struct hl_conn **conn)
{
	struct hl_conn *old = *conn;

	ctx_check(ctx);
	*conn = NULL;
	if (old == NULL)
		return;
	CHECK_OBJ(old, CONN_MAGIC);
	ctx_forget(&old->held);
	if (!old->is_broken)
		conn_pool_put(ctx->engine->pool,
		    slice_str(pool_key(ctx, old->where)), &old->conn);
	conn_end(old);
}

int
hl_conn_note_set(struct hl_conn *conn, const void *bytes, size_t size)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	if (size > HL_CONN_NOTE_MAX)
		return -E2BIG;
	conn_set_note(conn->conn, bytes, size);
	return 0;
}

size_t
hl_conn_note(const struct hl_conn *conn, void *bytes, size_t size)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	return conn_note(conn->conn, bytes, size);
}

int
hl_conn_farewell(struct hl_conn *conn, const void *bytes, size_t size)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	if (size > HL_CONN_NOTE_MAX)
		return -E2BIG;
	conn_set_farewell(conn->conn, bytes, size);
	return 0;
}

void
hl_conn_close(struct hl_conn **conn)
{
	struct hl_conn *old = *conn;

	*conn = NULL;
	if (old == NULL)
		return;
	CHECK_OBJ(old, CONN_MAGIC);
	ctx_forget(&old->held);
	conn_end(old);
}

/* ---- using them ---- */

long
hl_recv(struct hl_conn *conn, void *bytes, size_t size, uint64_t timeout_ms)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	return conn_recv(conn->conn, bytes, size, timeout_ms);
}

long
hl_recv_line(struct hl_conn *conn, char *line, size_t size, uint64_t timeout_ms)
{
	struct slice got;
	int status;

	CHECK_OBJ(conn, CONN_MAGIC);
	status = conn_recv_line(conn->conn, timeout_ms, &got);
	if (status <= 0)
		return status == 0 ? -EPIPE : status;
	if (got.n >= size) {
		conn->is_broken = true;
		return -EMSGSIZE;
	}
	if (got.n > 0)
		memcpy(line, got.p, got.n);
	line[got.n] = '\0';
	return (long)got.n;
}

int
hl_send(
    struct hl_conn *conn, const void *bytes, size_t size, uint64_t timeout_ms)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	return conn_send(conn->conn, bytes, size, timeout_ms);
}

int
hl_send_fd(struct hl_conn *conn, int fd)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	return conn_send_fd(conn->conn, fd, "", 1, 0);
}
