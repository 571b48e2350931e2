/* SPDX-License-Identifier: MIT */
/* auth/authdeny.c - AUTH is offered, but lets nobody in by itself.
 *
 * Behind all others it says why in the refusal.
 */
#include <hookline/plugin.h>

static enum hl_verdict
on_auth(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	hl_log(ctx, HL_LOG_WARN, "fail, cannot authenticate");
	return hl_answer(ctx, HL_DECLINED, HL_STR(""),
	    hl_printf(ctx, "%s is not free to abuse my relay",
		hl_auth_attempt_user(auth).p));
}

static const struct hl_plugin plugin = {
	.name = "auth/authdeny",
	.about = "refuse every AUTH that no plugin before has accepted",
	.auth = on_auth,
};
HL_PLUGIN(plugin);
