/* SPDX-License-Identifier: MIT */
/* peer_name.c - asks for the client's name ahead of who wants it.
 *
 * A look-up has two owners, its fiber and the session's arena, since either
 * may end first.
 */
#include "peer_name.h"

#include <errno.h>

#include "base/mem.h"
#include "conf/conf_value.h"
#include "ctx.h"
#include "dns/dns_name.h"
#include "resolver.h"
#include "rt/fiber.h"

struct peer_lookup {
	unsigned refs;
	bool done;
	struct engine *engine;
	struct inet_addr addr;
	struct fiber *asker; /* parked in peer_name; NULL: none */
	char *name;          /* NULL: there is none */
};

static void
lookup_unref(void *arg)
{
	struct peer_lookup *lookup = arg;

	if (--lookup->refs > 0)
		return;
	mem_free(lookup->name);
	mem_free(lookup);
}

/* What is no letter of a host name must not reach log lines, the
 * environment of programs or header fields. */
static char *
clean_name(hl_str name)
{
	char *text = mem_dup(slice_str(name));

	for (char *c = text; *c != '\0'; c++) {
		if (!ascii_is_alnum(*c) && *c != '-' && *c != '.' && *c != '_')
			*c = '?';
	}
	return text;
}

/* BLOCKS. */
static void
look_up(void *arg)
{
	struct peer_lookup *lookup = arg;
	char question[DNS_REVERSE_MAX];
	size_t n = dns_reverse_name(&lookup->addr, question);
	struct dns_answer *answer;
	int count;

	fiber_set_deadline(fiber_self(), mono_add_ms(mono_now(), PEER_NAME_MS));
	count = resolver_query(lookup->engine->resolver,
	    (struct slice){ question, n }, DNS_PTR, &answer);
	if (count >= 0) {
		if (count > 0)
			lookup->name = clean_name(answer->records[0].name);
		dns_answer_unref(&answer);
	}
	lookup->done = true;
	if (lookup->asker != NULL)
		fiber_wake(lookup->asker);
	lookup_unref(lookup);
}

static bool
is_local(const struct inet_addr *addr)
{
	return addr->family == INET_UNIX || inet_is_loopback(addr);
}

void
peer_name_start(struct engine *engine, struct conv *conv)
{
	const struct facts *facts = &conv->facts;
	struct peer_lookup *lookup;

	conv->facts.peer_name.p = NULL;
	conv->peer_lookup = NULL;
	if (is_local(&facts->peer) || facts->peer.family == INET_NONE ||
	    !conf_bool(engine->conf, facts->listener, CONF_RDNS))
		return;
	lookup = mem_alloc(sizeof(*lookup));
	lookup->refs = 2;
	lookup->engine = engine;
	lookup->addr = facts->peer;
	if (fiber_start(engine->rt, look_up, lookup) < 0) {
		/* None to spare: who wants the name tries again. */
		mem_free(lookup);
		return;
	}
	conv->peer_lookup = lookup;
	arena_defer(&conv->arena, lookup_unref, lookup);
}

/* BLOCKS.  0 when `lookup` is done, or why the fiber may wait no longer. */
static int
wait_for(struct peer_lookup *lookup)
{
	int status = 0;

	lookup->asker = fiber_self();
	while (!lookup->done && status == 0) {
		fiber_label_wait("dns");
		status = fiber_block(0);
	}
	lookup->asker = NULL;
	return lookup->done ? 0 : status;
}

static hl_str
ask(struct hl_ctx *ctx)
{
	struct conv *conv = ctx->conv;
	hl_str name = STR_LIT("Unknown");

	if (conv->peer_lookup == NULL)
		peer_name_start(ctx->engine, conv);
	if (conv->peer_lookup == NULL || wait_for(conv->peer_lookup) < 0)
		return name; /* and the next who asks may know more */
	if (conv->peer_lookup->name != NULL)
		name =
		    arena_str(&conv->arena, slice_of(conv->peer_lookup->name));
	conv->facts.peer_name = name;
	return name;
}

hl_str
peer_name(struct hl_ctx *ctx)
{
	struct facts *facts;

	if (ctx->conv == NULL)
		return STR_EMPTY;
	facts = &ctx->conv->facts;
	if (facts->peer_name.p != NULL)
		return facts->peer_name;
	if (is_local(&facts->peer))
		return STR_LIT("localhost");
	if (facts->peer.family == INET_NONE)
		return STR_LIT("Unknown");
	if (!conf_bool(ctx->engine->conf, facts->listener, CONF_RDNS))
		return arena_printf(ctx->arena, "[%.*s]", STR(facts->peer_ip));
	return ask(ctx);
}

hl_str
hl_peer_name(struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return peer_name(ctx);
}
