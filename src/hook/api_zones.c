/* SPDX-License-Identifier: MIT */
/* api_zones.c - policy.h: lists in the DNS. */
#include <arpa/inet.h>
#include <errno.h>

#include <hookline/policy.h>

#include "ctx.h"

/* A line of the control file, and what was asked. */
struct zone {
	hl_str zone, message, name;
	enum hl_dns_type type;
	struct hl_dns_ask *ask;
};

static bool
is_separator(char c, char separator)
{
	return c == separator || (separator == ' ' && c == '\t');
}

static void
zone_parse(struct hl_ctx *ctx, const struct hl_zones *zones, hl_str line,
    struct zone *ret)
{
	size_t end = 0, rest;

	while (end < line.n && !is_separator(line.p[end], zones->separator))
		end++;
	ret->type = end < line.n && !zones->only_texts ? HL_DNS_A : HL_DNS_TXT;
	rest = end;
	while (rest < line.n &&
	       (rest == end || line.p[rest] == ' ' || line.p[rest] == '\t'))
		rest++;
	while (end > 0 && (line.p[end - 1] == ' ' || line.p[end - 1] == '\t'))
		end--;
	ret->zone = arena_str(ctx->arena, (struct slice){ line.p, end });
	ret->message = hl_text(line.p + rest);
}

static struct zone *
ask_all(struct hl_ctx *ctx, const struct hl_zones *zones, hl_str what,
    size_t *ret_count)
{
	const struct hl_list *list = hl_config_list(ctx, zones->file);
	size_t count = hl_list_count(list);
	struct zone *all =
	    arena_array(ctx->arena, count + 1, sizeof(struct zone));

	for (size_t i = 0; i < count; i++) {
		struct zone *zone = &all[i];

		zone_parse(ctx, zones, hl_list_at(list, i), zone);
		zone->name = hl_dns_reverse(ctx, what, zone->zone);
		if (zone->name.n == 0)
			zone->name = arena_printf(ctx->arena, "%.*s.%.*s",
			    STR(what), STR(zone->zone));
		zone->ask = hl_dns_start(ctx, zone->name, zone->type);
	}
	*ret_count = count;
	return all;
}

bool
hl_listing_address(hl_str ip, uint32_t *ret)
{
	struct in_addr addr;
	uint32_t value;

	if (inet_pton(AF_INET, ip.p, &addr) != 1)
		return false;
	value = ntohl(addr.s_addr);
	if (value >> 24 != 127 || value >> 8 == 0x7fffff)
		return false;
	if (ret != NULL)
		*ret = value;
	return true;
}

static bool
has_listing(const struct hl_dns *dns)
{
	for (size_t i = 0; i < hl_dns_count(dns); i++) {
		if (hl_listing_address(hl_dns_text(dns, i), NULL))
			return true;
	}
	return false;
}

/* 1 it lists the name, 0, negative as hl_dns_wait. */
static int
zone_wait(struct hl_ctx *ctx, struct zone *zone, struct hl_listing *ret)
{
	const struct hl_dns *dns;
	int rc = hl_dns_wait(ctx, zone->ask, 0, &dns);

	if (rc <= 0)
		return rc == -EINVAL ? 0 : rc; /* no name has no records */
	if (zone->type == HL_DNS_A && !has_listing(dns))
		return -EAGAIN;
	ret->zone = zone->zone;
	ret->message = zone->message;
	ret->text = zone->type == HL_DNS_TXT ? hl_dns_text(dns, 0) : zone->name;
	return ret->text.n > 0;
}

static int
zones_wait(struct hl_ctx *ctx, const struct hl_zones *zones, hl_str what,
    struct hl_listing *ret)
{
	hl_str failed = STR_EMPTY;
	size_t count;
	struct zone *all = ask_all(ctx, zones, what, &count);
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = zone_wait(ctx, &all[i], ret);
		if (rc != -EAGAIN && rc != -ETIME)
			continue;
		failed = arena_printf(ctx->arena, "%s%s%s", failed.p,
		    failed.n > 0 ? ", " : "", all[i].zone.p);
		rc = 0;
	}
	if (failed.n > 0)
		hl_log(ctx, HL_LOG_ERROR, "no answer from %s", failed.p);
	return rc;
}

int
hl_zones_find(struct hl_ctx *ctx, const struct hl_zones *zones, hl_str what,
    struct hl_listing *ret)
{
	uint64_t end_ms = ctx->frame->dns_end_ms;
	int rc;

	/* Never longer than what the hook has set for all of its questions. */
	if (zones->timeout_ms > 0 &&
	    (end_ms == 0 || hl_now_ms(ctx) + zones->timeout_ms < end_ms))
		hl_dns_budget(ctx, zones->timeout_ms);
	rc = zones_wait(ctx, zones, what, ret);
	ctx->frame->dns_end_ms = end_ms;
	return rc;
}

void
hl_zones_start(struct hl_ctx *ctx, const struct hl_zones *zones, hl_str what)
{
	size_t count;

	(void)ask_all(ctx, zones, what, &count);
}
