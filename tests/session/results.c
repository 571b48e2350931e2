/* SPDX-License-Identifier: MIT */
/* results.c - adds what X-Results says to Authentication-Results. */
#include <hookline/policy.h>

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	hl_str results = hl_header_get(ctx, HL_STR("X-Results"), 0);

	while (results.n > 0 && results.p[results.n - 1] <= ' ')
		results.n--;
	while (results.n > 0 && results.p[0] <= ' ')
		results.p++, results.n--;
	if (results.n > 0)
		hl_auth_results_add(ctx, results);
	return HL_DECLINED;
}

static const struct hl_plugin plugin = {
	.name = "results",
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
