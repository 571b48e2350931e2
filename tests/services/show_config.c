/* SPDX-License-Identifier: MIT */
/* show_config.c - `NOOP KEY` is answered with the lines of that control file,
 * parted by '|'. */
#include <hookline/plugin.h>

static enum hl_verdict
on_noop(struct hl_ctx *ctx, hl_str rest)
{
	const struct hl_list *list = hl_config_list(ctx, rest.p);
	hl_str text = HL_STR("");

	for (size_t i = 0; i < hl_list_count(list); i++)
		text = hl_printf(ctx, "%s%s|", text.p, hl_list_at(list, i).p);
	(void)hl_reply(ctx, 250, "2.0.0", "%s=%s", rest.p, text.p);
	return HL_DONE;
}

static const struct hl_plugin plugin = {
	.name = "show_config",
	.about = "answer NOOP with a control file",
	.noop = on_noop,
};
HL_PLUGIN(plugin);
