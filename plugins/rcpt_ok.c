/* SPDX-License-Identifier: MIT */
/* rcpt_ok.c - the final word on a recipient: is its domain ours?
 *
 * Reads config/me, config/rcpthosts (`example.com`, `.example.com` for all
 * names below it) and config/morercpthosts(.cdb).  Comes last among the
 * plugins with a rcpt hook.
 */
#include <string.h>

#include <hookline/plugin.h>

/* Is the host, or a parent written with a leading dot, in the list? */
static bool
list_has_host(const struct hl_list *list, hl_str host)
{
	const char *dot;

	if (hl_list_has(list, host))
		return true;
	for (dot = strchr(host.p, '.'); dot != NULL;
	     dot = strchr(dot + 1, '.')) {
		if (hl_list_has(list, hl_text(dot)))
			return true;
	}
	return false;
}

static bool
map_has_host(struct hl_ctx *ctx, hl_str host)
{
	const struct hl_map *map = hl_config_map(ctx, "morercpthosts");
	hl_str value;

	return map != NULL && hl_map_get(ctx, map, host, &value);
}

static bool
is_ours(struct hl_ctx *ctx, hl_str host)
{
	hl_str me = hl_me(ctx);

	return (host.n == me.n && strcasecmp(host.p, me.p) == 0) ||
	       list_has_host(hl_config_list(ctx, "rcpthosts"), host) ||
	       map_has_host(ctx, host);
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	hl_str host = hl_addr_host(to);

	if (hl_relay_client(ctx))
		return hl_ok(ctx, "relaying allowed");
	/* postmaster and abuse need no domain: they are always here. */
	if (host.n == 0)
		return HL_OK;
	if (is_ours(ctx, host))
		return HL_OK;
	return hl_deny(ctx, "5.7.1", "Relaying denied");
}

static const char *const files[] = { "rcpthosts", "morercpthosts", NULL };

static const struct hl_plugin plugin = {
	.name = "rcpt_ok",
	.about = "accept recipients whose domain is in config/rcpthosts",
	.files = files,
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
