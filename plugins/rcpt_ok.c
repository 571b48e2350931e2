/* SPDX-License-Identifier: MIT */
/* rcpt_ok.c - the final word on a recipient: is its domain ours?
 *
 * Ours are config/me, the domains in config/rcpthosts (`example.com`;
 * `.example.com` for all below it) and the map config/morercpthosts.cdb (keys
 * in lower case).
 * Immune clients may send to everyone, everyone to <postmaster>.  Comes last
 * among the plugins with a rcpt hook.
 */
#include <hookline/policy.h>

static bool
is_in_map(struct hl_ctx *ctx, hl_str host)
{
	const struct hl_map *map = hl_config_map(ctx, "morercpthosts");
	hl_str value;

	return map != NULL &&
	       (hl_map_get(ctx, map, hl_domain_ascii(ctx, host), &value) ||
		   hl_map_get(ctx, map, hl_domain_utf8(ctx, host), &value));
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	hl_str host = hl_addr_host(to);

	if (hl_is_immune(ctx))
		return HL_OK;
	if (host.n == 0 || hl_domain_equal(host, hl_me(ctx)) ||
	    hl_list_has_domain(hl_config_list(ctx, "rcpthosts"), host) ||
	    is_in_map(ctx, host)) {
		hl_log(ctx, HL_LOG_DEBUG, "pass, %s is ours", host.p);
		return HL_OK;
	}
	return hl_deny(ctx, "5.7.1", "Relaying denied");
}

static const char *const files[] = { "rcpthosts", "morercpthosts map", NULL };

static const struct hl_plugin plugin = {
	.name = "rcpt_ok",
	.about = "accept recipients whose domain is in config/rcpthosts",
	.files = files,
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
