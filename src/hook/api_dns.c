/* SPDX-License-Identifier: MIT */
/* api_dns.c - plugin.h: questions to the DNS.
 *
 * An answer is counted and shared with the resolver's cache; the hook's
 * reference to it ends with the hook.
 */
#include <errno.h>

#include <hookline/policy.h>

#include "base/buf.h"
#include "base/idna.h"
#include "ctx.h"
#include "dns/dns.h"
#include "dns/dns_name.h"
#include "resolver.h"
#include "rt/fiber.h"

/* The opaque handle of plugin.h. */
struct hl_dns {
	struct dns_answer *answer; /* held by the frame */
	struct arena *arena;
	hl_str *texts; /* made when asked for; p == NULL: not yet */
};

/* The opaque handle of plugin.h. */
struct hl_dns_ask {
	struct resolver_ask *inner;
	struct held *held;
	int status; /* negative: there is nothing to wait for */
};

static void
release_answer(void *what)
{
	struct dns_answer *answer = what;

	dns_answer_unref(&answer);
}

static const struct hl_dns *
keep(struct hl_ctx *ctx, struct dns_answer *answer)
{
	struct hl_dns *dns = arena_alloc(ctx->arena, sizeof(*dns));

	(void)ctx_hold(ctx, release_answer, answer);
	dns->answer = answer;
	dns->arena = ctx->arena;
	dns->texts =
	    arena_array(ctx->arena, answer->count + 1, sizeof(dns->texts[0]));
	return dns;
}

static void
release_ask(void *what)
{
	struct hl_dns_ask *ask = what;

	resolver_ask_free(&ask->inner);
}

void
hl_dns_budget(struct hl_ctx *ctx, uint64_t ms)
{
	ctx_check(ctx);
	ctx->frame->dns_end_ms = ms > 0 ? hl_now_ms(ctx) + ms : 0;
}

/* Of the hook's budget; UINT64_MAX: there is none. */
static uint64_t
left_ms(const struct hl_ctx *ctx)
{
	uint64_t end_ms = ctx->frame->dns_end_ms, now_ms;

	if (end_ms == 0)
		return UINT64_MAX;
	now_ms = hl_now_ms(ctx);
	return end_ms > now_ms ? end_ms - now_ms : 0;
}

struct hl_dns_ask *
hl_dns_start(struct hl_ctx *ctx, hl_str name, enum hl_dns_type type)
{
	struct hl_dns_ask *ask;
	struct slice asked = slice_str(name);
	struct idna_name ascii;

	ctx_check(ctx);
	ask = arena_alloc(ctx->arena, sizeof(*ask));
	*ask = (struct hl_dns_ask){ .status = -EINVAL };
	if (!idna_is_ascii(asked)) {
		if (idna_to_ascii(asked, &ascii) < 0)
			return ask;
		asked = (struct slice){ ascii.p, ascii.n };
	}
	if (left_ms(ctx) == 0) {
		ask->status = -ETIME;
		return ask;
	}
	ask->status = resolver_start(
	    ctx->engine->resolver, asked, (enum dns_type)type, &ask->inner);
	if (ask->status == 0)
		ask->held = ctx_hold(ctx, release_ask, ask);
	return ask;
}

int
hl_dns_wait(struct hl_ctx *ctx, struct hl_dns_ask *ask, uint64_t timeout_ms,
    const struct hl_dns **ret)
{
	struct dns_answer *answer;
	uint64_t left;
	int count;

	ctx_check(ctx);
	if (ask->status < 0)
		return ask->status;
	left = left_ms(ctx);
	if (left < timeout_ms || timeout_ms == 0)
		timeout_ms = left == UINT64_MAX ? 0 : left > 0 ? left : 1;
	ask->status = -EINVAL; /* the second time */
	ctx_forget(&ask->held);
	count = resolver_wait(&ask->inner, timeout_ms, &answer);
	if (count < 0)
		return count;
	if (ret != NULL)
		*ret = keep(ctx, answer);
	else
		dns_answer_unref(&answer);
	return count;
}

int
hl_dns_query(struct hl_ctx *ctx, hl_str name, enum hl_dns_type type,
    const struct hl_dns **ret)
{
	int status;

	ctx_check(ctx);
	status = fiber_check();
	if (status < 0)
		return status;
	return hl_dns_wait(ctx, hl_dns_start(ctx, name, type), 0, ret);
}

hl_str
hl_dns_reverse(struct hl_ctx *ctx, hl_str ip, hl_str zone)
{
	char text[DNS_REVERSE_MAX];
	struct inet_addr addr;
	size_t n;

	ctx_check(ctx);
	if (inet_parse(slice_str(ip), &addr) < 0)
		return STR_EMPTY;
	if (zone.n == 0) {
		n = dns_reverse_name(&addr, text);
		return arena_str(ctx->arena, (struct slice){ text, n });
	}
	n = dns_reverse_labels(&addr, text);
	return arena_printf(ctx->arena, "%.*s.%.*s", (int)n, text, STR(zone));
}

size_t
hl_dns_count(const struct hl_dns *dns)
{
	return dns->answer->count;
}

static hl_str
tlsa_text(struct arena *arena, const struct dns_record *record)
{
	struct buf buf = BUF_INIT;
	hl_str text;

	buf_printf(&buf, "%u %u %u ", record->tlsa.usage, record->tlsa.selector,
	    record->tlsa.matching);
	for (size_t i = 0; i < record->tlsa.data.n; i++)
		buf_printf(&buf, "%02x", (unsigned char)record->tlsa.data.p[i]);
	text = arena_str(arena, buf_slice(&buf));
	buf_done(&buf);
	return text;
}

static hl_str
soa_text(struct arena *arena, const struct dns_record *record)
{
	return arena_printf(arena, "%s %s %u %u %u %u %u",
	    record->soa.primary.p, record->soa.mailbox.p, record->soa.serial,
	    record->soa.refresh, record->soa.retry, record->soa.expire,
	    record->soa.minimum);
}

static hl_str
addr_text(struct arena *arena, const struct inet_addr *addr)
{
	char text[INET_TEXT_MAX];
	size_t n = inet_text(addr, text);

	return arena_str(arena, (struct slice){ text, n });
}

static hl_str
record_text(
    struct arena *arena, enum dns_type type, const struct dns_record *record)
{
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		return addr_text(arena, &record->addr);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return record->name;
	case DNS_TXT:
		return record->text;
	case DNS_MX:
		return record->mx.host;
	case DNS_SRV:
		return arena_printf(
		    arena, "%s:%u", record->srv.target.p, record->srv.port);
	case DNS_SOA:
		return soa_text(arena, record);
	case DNS_TLSA:
		return tlsa_text(arena, record);
	case DNS_CAA:
		return record->caa.value;
	}
	return STR_EMPTY;
}

hl_str
hl_dns_text(const struct hl_dns *dns, size_t index)
{
	const struct dns_answer *answer = dns->answer;

	if (index >= answer->count)
		return STR_EMPTY;
	if (dns->texts[index].p == NULL)
		dns->texts[index] = record_text(
		    dns->arena, answer->type, &answer->records[index]);
	return dns->texts[index];
}

unsigned
hl_dns_priority(const struct hl_dns *dns, size_t index)
{
	const struct dns_answer *answer = dns->answer;

	if (index >= answer->count)
		return 0;
	if (answer->type == DNS_MX)
		return answer->records[index].mx.preference;
	if (answer->type == DNS_SRV)
		return answer->records[index].srv.priority;
	return 0;
}

unsigned
hl_dns_ttl(const struct hl_dns *dns)
{
	return dns->answer->ttl;
}

bool
hl_dns_name_exists(const struct hl_dns *dns)
{
	return dns->answer->status != DNS_NO_NAME;
}
