/* SPDX-License-Identifier: MIT */
/* hosts_allow.c - decides which clients may connect, before the greeting.
 *
 * Too many connections of one client (config/max_per_client) are refused for
 * now, three more are allowed to a client of good karma, one in all to one of
 * bad karma.  Then the first line of config/hosts_allow that fits holds:
 *
 *	192.0.2.4	DECLINED
 *	192.0.2.0/24	DENY	Sorry, known spam only source
 */
#include <hookline/policy.h>

/* How many connections the client may have; 0 means any number. */
static unsigned
limit(struct hl_ctx *ctx)
{
	unsigned max = hl_peer_connections_max(ctx);
	hl_str note = HL_STR("karma_history");
	int64_t karma = hl_note_int(ctx, HL_CONNECTION, note, 0);

	if (max == 0 || !hl_note_has(ctx, HL_CONNECTION, note))
		return max;
	return karma > 5 ? max + 3 : karma <= 0 ? 1 : max;
}

static enum hl_verdict
on_pre_connection(struct hl_ctx *ctx)
{
	const struct hl_list *list = hl_config_list(ctx, "hosts_allow");
	hl_str ip = hl_peer_ip(ctx);
	unsigned max = limit(ctx);
	long at = hl_list_find_ip(list, ip);

	hl_peer_connections_allow(ctx, max);
	if (max > 0 && hl_peer_connections(ctx) > max)
		return hl_denysoft(ctx, NULL,
		    "too many connections from %s, try again later", ip.p);
	if (at >= 0)
		return hl_list_answer(
		    ctx, "hosts_allow", list, (size_t)at, NULL, NULL);
	hl_log(ctx, HL_LOG_DEBUG, "pass");
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	hl_list_check_answers(
	    ctx, "hosts_allow", hl_config_list(ctx, "hosts_allow"));
	return 0;
}

static const char *const files[] = { "hosts_allow networks", NULL };

static const struct hl_plugin plugin = {
	.name = "hosts_allow",
	.about = "accept and refuse clients by config/hosts_allow",
	.files = files,
	.load = on_load,
	.pre_connection = on_pre_connection,
};
HL_PLUGIN(plugin);
