/* SPDX-License-Identifier: MIT */
/* dns_whitelist_soft.c - lets clients that a list of the DNS knows past later
 * plugins.
 *
 *	dns_whitelist_soft
 *
 * A line of config/whitelist_zones is a zone with TXT records.  They are asked
 * at `connect` and waited for at the first RCPT, for 4 seconds at most; from
 * there on filters let the client pass (note `whitelisthost`: the text).
 */
#include <hookline/policy.h>

#define WAIT_MS 4000

struct session {
	bool has_waited;
};

static const struct hl_zones zones = {
	.file = "whitelist_zones",
	.separator = ' ',
	.only_texts = true,
	.timeout_ms = WAIT_MS,
};

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	hl_zones_start(ctx, &zones, hl_peer_ip(ctx));
	return HL_DECLINED;
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	struct session *session = hl_session_mem(ctx);
	hl_str note = HL_STR("whitelisthost"), ip = hl_peer_ip(ctx);
	struct hl_listing found;

	(void)to;
	if (session->has_waited || hl_note_has(ctx, HL_CONNECTION, note))
		return HL_DECLINED;
	session->has_waited = true;
	if (hl_zones_find(ctx, &zones, ip, &found) > 0 &&
	    hl_note_set_text(ctx, HL_CONNECTION, note, found.text) == 0)
		hl_log(ctx, HL_LOG_NOTICE, "host %s is whitelisted: %s", ip.p,
		    found.text.p);
	return HL_DECLINED;
}

static const char *const files[] = { "whitelist_zones", NULL };

static const struct hl_plugin plugin = {
	.name = "dns_whitelist_soft",
	.about = "let clients that a list of the DNS knows past later plugins",
	.session_size = sizeof(struct session),
	.files = files,
	.connect = on_connect,
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
