/* SPDX-License-Identifier: MIT */
/* uribl.c - looks hosts of links in the message up in lists of the DNS.
 *
 *	uribl [action add-header|deny|denysoft|log] [timeout 30]
 *	    [check-headers 1] [checkip 0]
 *
 *	config/uribl_zones		ZONE [MASK[,MASK...]] [ACTION]
 *	config/uribl_whitelist_domains	domains that are not looked up
 *
 * A host is listed when the zone has an address for it, as for the names above
 * it down to the registered domain, that has bits of MASK (by default any of
 * the last 24; lists of several lists give each a bit).  The action is that of
 * the zone, else the argument's: the field X-URIBL-Match, refusing, or a line
 * in the log alone.
 *
 * All questions are asked at once.  A zone that does not answer within
 * `timeout`, or answers outside of 127.0.0.0/8, lists nothing; a line at error
 * level names it.  Of a message with very many hosts the first are looked up.
 */
#include <errno.h>
#include <string.h>

#include <hookline/policy.h>

#include "uribl_hosts.h"
#include "uribl_links.h"

#define QUESTIONS_MAX 400u /* of a message */
#define TEXT_MAX 300       /* of what a zone says */
#define MASK_ANY 0x00ffffffu

/* In the order of the choices. */
enum action { ADD_HEADER, DENY, DENYSOFT, LOG };
static const char *const actions[] = { "add-header", "deny", "denysoft",
	"log" };

struct args {
	unsigned action;
	uint64_t timeout_ms;
	bool check_headers, check_ip;
};

struct zone {
	hl_str name;
	unsigned mask, action;
	bool failed;
};

struct question {
	hl_str name;
	struct zone *zone;
	struct hl_dns_ask *ask, *text_ask;
	hl_str address; /* of a match */
};

struct search {
	struct zone *zones;
	size_t zone_count;
	struct question *questions;
	size_t count;
	unsigned answers, matches;
};

/* ---- config/uribl_zones ---- */

/* "2,8"; "0", "-1" and "" are any.  False: no mask. */
static bool
parse_mask(hl_str text, unsigned *ret)
{
	unsigned mask = 0;
	size_t i = 0;

	while (i < text.n) {
		bool is_negative = text.p[i] == '-';
		uint64_t value = 0;
		size_t begin = i += is_negative;

		for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9';
		     i++) {
			value = value * 10 + (unsigned)(text.p[i] - '0');
			if (value > UINT32_MAX)
				return false;
		}
		if (i == begin || (i < text.n && text.p[i] != ',') ||
		    i + 1 == text.n)
			return false;
		mask |= is_negative && value > 0 ? MASK_ANY : (unsigned)value;
		i += i < text.n;
	}
	*ret = mask > 0 ? mask : MASK_ANY;
	return true;
}

/* NULL, or what is wrong. */
static const char *
parse_zone(
    struct hl_ctx *ctx, const struct hl_list *list, size_t i, struct zone *ret)
{
	const struct args *args = hl_args(ctx);
	hl_str rest = hl_list_at(list, i), word;
	unsigned action = 0;

	*ret = (struct zone){ .name = hl_word(ctx, &rest),
		.action = args->action };
	if (!parse_mask(hl_word(ctx, &rest), &ret->mask))
		return "Malformed mask";
	word = hl_word(ctx, &rest);
	if (word.n == 0)
		return NULL;
	while (action <= LOG && strcmp(actions[action], word.p) != 0)
		action++;
	ret->action = action;
	return action <= LOG ? NULL : "Unknown action";
}

/* What was wrong in load is an error there; later it is in the log. */
static void
read_zones(struct hl_ctx *ctx, struct search *search)
{
	const struct hl_list *list = hl_config_list(ctx, "uribl_zones");
	size_t count = hl_list_count(list);

	search->zones = hl_alloc(ctx, (count + 1) * sizeof(struct zone));
	for (size_t i = 0; i < count; i++) {
		struct zone *zone = &search->zones[search->zone_count];
		const char *fault = parse_zone(ctx, list, i, zone);

		if (fault == NULL)
			search->zone_count++;
		else
			hl_log(ctx, HL_LOG_ERROR, "%s: %s for %s",
			    hl_list_where(ctx, list, i).p, fault, zone->name.p);
	}
}

/* ---- questions ---- */

/* In all zones, unless it was asked. */
static void
ask(struct hl_ctx *ctx, struct search *search, const char *name)
{
	for (size_t i = 0; i < search->count; i++) {
		if (strcmp(search->questions[i].name.p, name) == 0)
			return;
	}
	for (size_t i = 0;
	     i < search->zone_count && search->count < QUESTIONS_MAX; i++) {
		struct question *question = &search->questions[search->count++];

		question->name = hl_printf(ctx, "%s", name);
		question->zone = &search->zones[i];
		question->ask = hl_dns_start(ctx,
		    hl_printf(ctx, "%s.%s", name, search->zones[i].name.p),
		    HL_DNS_A);
	}
}

/* The domain of a host first, then the names below it. */
static void
ask_host(
    struct hl_ctx *ctx, struct search *search, const char *host, bool is_below)
{
	const struct hl_list *white =
	    hl_config_list(ctx, "uribl_whitelist_domains");
	const char *domain = links_domain(host);

	if (domain == NULL)
		return;
	if (hl_list_has(white, hl_text(domain))) {
		if (!is_below)
			hl_log(ctx, HL_LOG_INFO,
			    "Skipping whitelist URI domain '%s'", host);
		return;
	}
	if (!is_below) {
		hl_log(ctx, HL_LOG_INFO, "URIBL: checking sub-host %s", host);
		ask(ctx, search, domain);
		return;
	}
	for (; host < domain; host = strchr(host, '.') + 1)
		ask(ctx, search, host);
}

static void
ask_all(struct hl_ctx *ctx, struct search *search, const struct hosts *hosts)
{
	const struct args *args = hl_args(ctx);

	search->questions =
	    hl_alloc(ctx, QUESTIONS_MAX * sizeof(struct question));
	for (unsigned pass = 0; pass < 2; pass++) {
		const char *host = hosts->text;

		for (unsigned i = 0; i < hosts->count;
		     i++, host += strlen(host) + 1) {
			if (!hosts->is_ip[i])
				ask_host(ctx, search, host, pass == 1);
			else if (args->check_ip)
				ask(ctx, search, host);
		}
	}
	if (hosts->is_full || search->count == QUESTIONS_MAX)
		hl_log(
		    ctx, HL_LOG_INFO, "very many hosts: not all are looked up");
}

/* ---- answers ---- */

/* False: none of them is a list's answer.  The least one that matches is told,
 * since they may come in another order each time. */
static bool
take_addresses(struct question *question, const struct hl_dns *dns)
{
	uint32_t value, least = UINT32_MAX;
	bool is_list = false;

	for (size_t i = 0; i < hl_dns_count(dns); i++) {
		hl_str text = hl_dns_text(dns, i);

		if (!hl_listing_address(text, &value))
			continue;
		is_list = true;
		if ((value & question->zone->mask) == 0 || value > least)
			continue;
		least = value;
		question->address = text;
	}
	return is_list;
}

/* 0, or -ECANCELED and -ETIMEDOUT. */
static int
wait_address(struct hl_ctx *ctx, struct question *question)
{
	const struct hl_dns *dns = NULL;
	int rc = hl_dns_wait(ctx, question->ask, 0, &dns);

	if (rc == -ECANCELED || rc == -ETIMEDOUT)
		return rc;
	if (rc == -EINVAL) /* no name */
		return 0;
	if (rc > 0 && !take_addresses(question, dns))
		rc = -EAGAIN;
	question->zone->failed = question->zone->failed || rc < 0;
	return rc < 0 ? 0 : 1;
}

static hl_str
describe(struct hl_ctx *ctx, struct question *question)
{
	const struct hl_dns *dns = NULL;
	hl_str text = question->address;
	char *copy;

	if (hl_dns_wait(ctx, question->text_ask, 0, &dns) > 0 &&
	    hl_dns_text(dns, 0).n > 0)
		text = hl_dns_text(dns, 0);
	copy = hl_alloc(ctx, TEXT_MAX + 1);
	for (size_t i = 0; i < text.n && i < TEXT_MAX; i++)
		copy[i] =
		    text.p[i] >= ' ' && text.p[i] < 0x7f ? text.p[i] : '?';
	return hl_printf(ctx, "%s in %s: %s", question->name.p,
	    question->zone->name.p, copy);
}

static void
tell(struct hl_ctx *ctx, const struct search *search, uint64_t since_ms)
{
	hl_str failed = HL_STR("");

	for (size_t i = 0; i < search->zone_count; i++) {
		if (search->zones[i].failed)
			failed = hl_printf(ctx, "%s%s%s", failed.p,
			    failed.n > 0 ? ", " : "", search->zones[i].name.p);
	}
	if (failed.n > 0)
		hl_log(ctx, HL_LOG_ERROR, "no answer from %s", failed.p);
	hl_log(ctx, HL_LOG_INFO,
	    "%u lookup%s finished in %.2f sec (%u match%s)", search->answers,
	    search->answers == 1 ? "" : "s",
	    (double)(hl_now_ms(ctx) - since_ms) / 1000, search->matches,
	    search->matches == 1 ? "" : "es");
}

/* 0 or a negative errno. */
static int
wait_all(struct hl_ctx *ctx, struct search *search)
{
	uint64_t since_ms = hl_now_ms(ctx);

	for (size_t i = 0; i < search->count; i++) {
		struct question *question = &search->questions[i];
		int rc = wait_address(ctx, question);

		if (rc < 0)
			return rc;
		search->answers += (unsigned)rc;
		if (question->address.n == 0)
			continue;
		search->matches++;
		question->text_ask = hl_dns_start(ctx,
		    hl_printf(
			ctx, "%s.%s", question->name.p, question->zone->name.p),
		    HL_DNS_TXT);
	}
	tell(ctx, search, since_ms);
	return 0;
}

static enum hl_verdict
act(struct hl_ctx *ctx, const struct search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		struct question *question = &search->questions[i];
		hl_str text;

		if (question->address.n == 0)
			continue;
		text = describe(ctx, question);
		hl_log(ctx, HL_LOG_WARN, "%s", text.p);
		if (question->zone->action == DENY)
			return hl_deny(ctx, NULL, "%s", text.p);
		if (question->zone->action == DENYSOFT)
			return hl_denysoft(ctx, NULL, "%s", text.p);
		if (question->zone->action == ADD_HEADER)
			(void)hl_header_add_top(
			    ctx, HL_STR("X-URIBL-Match"), text);
	}
	return HL_DECLINED;
}

/* Before our own fields are there. */
static enum hl_verdict
on_headers_end(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	if (args->check_headers && !hl_is_immune(ctx))
		hosts_of_header(ctx, hl_txn_mem(ctx));
	return HL_DECLINED;
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct hosts *hosts = hl_txn_mem(ctx);
	struct search search = { .count = 0 };

	if (hl_is_immune(ctx) || hosts_of_body(ctx, hosts) < 0)
		return HL_DECLINED;
	read_zones(ctx, &search);
	hl_dns_budget(ctx, args->timeout_ms);
	ask_all(ctx, &search, hosts);
	if (search.count == 0) {
		hl_log(ctx, HL_LOG_INFO, "%s",
		    search.zone_count == 0 ? "skip, uribl_zones has no zone"
					   : "pass, No URIs found in mail");
		return HL_DECLINED;
	}
	return wait_all(ctx, &search) < 0 ? HL_DECLINED : act(ctx, &search);
}

/* ---- the line in config/plugins ---- */

static int
on_load(struct hl_ctx *ctx)
{
	const struct hl_list *list = hl_config_list(ctx, "uribl_zones");
	struct zone zone;

	for (size_t i = 0; i < hl_list_count(list); i++) {
		const char *fault = parse_zone(ctx, list, i, &zone);

		if (fault != NULL)
			return hl_load_error(ctx, "%s: %s for %s",
			    hl_list_where(ctx, list, i).p, fault, zone.name.p);
	}
	return 0;
}

static const char *const files[] = { "uribl_zones", "uribl_whitelist_domains",
	NULL };

static const struct hl_arg args[] = {
	{ "action", "with listed hosts, where the zone has none",
	    .def = "add-header", .choices = "add-header|deny|denysoft|log",
	    .offset = offsetof(struct args, action), .type = HL_ARG_CHOICE },
	{ "timeout", "how long the zones may take together", .def = "30",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ "check-headers", "1: links in the header, too", .def = "0",
	    .offset = offsetof(struct args, check_headers),
	    .type = HL_ARG_BOOL },
	{ "scan-headers", "older name of it",
	    .offset = offsetof(struct args, check_headers),
	    .type = HL_ARG_BOOL },
	{ "checkip", "0: no links with addresses", .def = "1",
	    .offset = offsetof(struct args, check_ip), .type = HL_ARG_BOOL },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "uribl",
	.about = "look hosts of links in the message up in lists of the DNS",
	.args = args,
	.args_size = sizeof(struct args),
	.txn_size = sizeof(struct hosts),
	.files = files,
	.load = on_load,
	.data_headers_end = on_headers_end,
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
