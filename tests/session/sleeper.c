/* SPDX-License-Identifier: MIT */
/* sleeper.c - a rcpt hook that sleeps for recipients "sleep-MS". */
#include <hookline/plugin.h>

#include <stdio.h>

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	unsigned long ms;

	if (sscanf(hl_addr_local(to).p, "sleep-%lu", &ms) == 1 &&
	    hl_sleep(ctx, ms) != 0)
		return HL_DENYSOFT;
	return HL_DECLINED;
}

static const struct hl_plugin plugin = {
	.name = "sleeper",
	.about = "sleep in the rcpt hook",
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
