/* SPDX-License-Identifier: MIT */
/* api_facts.c - plugin.h: this plugin, facts of the session. */
#include <errno.h>

#include "base/mem.h"
#include "base/err.h"
#include "conf/conf_dir.h"
#include "conf/conf_value.h"
#include "dns/dns.h"
#include "mail/notes.h"
#include "peer_key.h"
#include "run.h"
#include "shm/peers.h"

const void *
hl_args(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->frame->plugin->args;
}

void *
hl_instance(struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->frame->plugin->instance;
}

hl_str
hl_plugin_name(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->frame->plugin->name;
}

hl_str
hl_hook_name(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	if (ctx->frame->in_load)
		return STR_LIT("load");
	return str_of(hook_table[ctx->frame->hook].name);
}

/* Memory of one plugin in a table by plugin index. */
static void *
memory_of(void ***table, unsigned count, unsigned index, size_t size)
{
	if (size == 0)
		return NULL;
	if (*table == NULL)
		*table = mem_array(count, sizeof(**table));
	if ((*table)[index] == NULL)
		(*table)[index] = mem_alloc(size);
	return (*table)[index];
}

void *
hl_session_mem(struct hl_ctx *ctx)
{
	const struct plugin *plugin;

	ctx_check(ctx);
	plugin = ctx->frame->plugin;
	if (ctx->conv == NULL)
		return NULL;
	return memory_of(&ctx->conv->memory, ctx->engine->plugin_count,
	    plugin->index, plugin->desc.session_size);
}

void *
hl_txn_mem(struct hl_ctx *ctx)
{
	const struct plugin *plugin;

	ctx_check(ctx);
	plugin = ctx->frame->plugin;
	if (ctx->txn == NULL)
		return NULL;
	ctx->txn->memory_count = ctx->engine->plugin_count;
	return memory_of(&ctx->txn->memory, ctx->engine->plugin_count,
	    plugin->index, plugin->desc.txn_size);
}

static const struct facts no_facts = { .listener = STR_LIT(""),
	.peer_ip = STR_LIT(""),
	.helo = STR_LIT(""),
	.auth_user = STR_LIT(""),
	.auth_mechanism = STR_LIT("") };

static const struct facts *
facts_of(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->conv != NULL ? &ctx->conv->facts : &no_facts;
}

hl_str
hl_peer_ip(const struct hl_ctx *ctx)
{
	return facts_of(ctx)->peer_ip;
}

unsigned
hl_peer_port(const struct hl_ctx *ctx)
{
	return facts_of(ctx)->peer.port;
}

hl_str
hl_local_ip(const struct hl_ctx *ctx)
{
	char text[INET_TEXT_MAX];
	size_t n = inet_text(&facts_of(ctx)->local, text);

	return arena_str(ctx->arena, (struct slice){ text, n });
}

unsigned
hl_local_port(const struct hl_ctx *ctx)
{
	return facts_of(ctx)->local.port;
}

unsigned
hl_peer_connections(const struct hl_ctx *ctx)
{
	const struct facts *facts = facts_of(ctx);
	struct shm_key key;

	if (ctx->conv == NULL)
		return 0;
	key = peer_key(ctx->engine->conf, facts);
	return shm_peer_count(ctx->engine->shm, &key);
}

unsigned
hl_peer_connections_max(const struct hl_ctx *ctx)
{
	return (unsigned)conf_int(
	    ctx->engine->conf, facts_of(ctx)->listener, CONF_MAX_PER_CLIENT);
}

void
hl_peer_connections_allow(struct hl_ctx *ctx, unsigned max)
{
	unsigned usual = hl_peer_connections_max(ctx);

	if (ctx->conv == NULL || usual == 0)
		return;
	if (max > usual + HL_PEER_CONNECTIONS_EXTRA)
		max = usual + HL_PEER_CONNECTIONS_EXTRA;
	ctx->conv->connections_max = max;
}

hl_str
hl_listener(const struct hl_ctx *ctx)
{
	return facts_of(ctx)->listener;
}

hl_str
hl_helo(const struct hl_ctx *ctx)
{
	return facts_of(ctx)->helo;
}

bool
hl_is_esmtp(const struct hl_ctx *ctx)
{
	return facts_of(ctx)->esmtp;
}

bool
hl_is_lmtp(const struct hl_ctx *ctx)
{
	return facts_of(ctx)->lmtp;
}

hl_str
hl_me(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->conv != NULL
		   ? ctx->conv->me
		   : conf_me(ctx->engine->conf, STR_EMPTY, ctx->arena);
}

hl_str
hl_session_id(const struct hl_ctx *ctx)
{
	return str_of(facts_of(ctx)->sid);
}

hl_str
hl_txn_id(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->txn != NULL ? str_of(ctx->txn->id) : STR_EMPTY;
}

hl_str
hl_command_line(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	if (ctx->conv == NULL || ctx->conv->command_line.p == NULL)
		return STR_EMPTY;
	return ctx->conv->command_line;
}

enum hl_phase
hl_phase(const struct hl_ctx *ctx)
{
	return (enum hl_phase)facts_of(ctx)->phase;
}

bool
hl_relay_client(const struct hl_ctx *ctx)
{
	return facts_of(ctx)->relay_client;
}

void
hl_relay_client_set(struct hl_ctx *ctx, bool yes)
{
	ctx_check(ctx);
	if (ctx->conv != NULL)
		ctx->conv->facts.relay_client = yes;
}

hl_str
hl_auth_user(const struct hl_ctx *ctx)
{
	return facts_of(ctx)->auth_user;
}

hl_str
hl_auth_mechanism(const struct hl_ctx *ctx)
{
	return facts_of(ctx)->auth_mechanism;
}

static enum hl_verdict
verdict_of(enum hook_column column)
{
	switch (column) {
	case COLUMN_NONE:
	case COLUMN_COUNT:
		return HL_DECLINED;
	case COLUMN_DONE:
		return HL_DONE;
	case COLUMN_OK:
	case COLUMN_DENY:
	case COLUMN_DENYSOFT:
	case COLUMN_DENY_DISCONNECT:
	case COLUMN_DENYSOFT_DISCONNECT:
		return (enum hl_verdict)(HL_OK + column - COLUMN_OK);
	}
	UNREACHABLE();
}

bool
hl_result(
    const struct hl_ctx *ctx, hl_str hook, hl_str plugin, enum hl_verdict *ret)
{
	const struct conv_result *result;
	const struct chain *chain;
	enum hook_id id;

	ctx_check(ctx);
	if (ctx->conv == NULL || ctx->conv->results == NULL ||
	    hook_find(slice_str(hook), &id) < 0)
		return false;
	chain = ctx->conv->chains->hooks[id];
	result = &ctx->conv->results[id];
	if (result->asked == CONV_ASKED_MAX)
		return false;
	for (unsigned i = 0; chain != NULL && i < result->asked; i++) {
		if (!str_eq(chain->at[i].plugin->name, plugin))
			continue;
		*ret = i + 1 < result->asked
			   ? HL_DECLINED
			   : verdict_of((enum hook_column)result->column);
		return true;
	}
	return false;
}
