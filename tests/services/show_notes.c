/* SPDX-License-Identifier: MIT */
/* show_notes.c - logs what is known about a client, at NOOP. */
#include <hookline/plugin.h>

static void
show_map(struct hl_ctx *ctx, const struct hl_value *map)
{
	for (size_t i = 0; i < hl_value_count(map); i++) {
		hl_str key = hl_value_key_at(map, i);
		const struct hl_value *value = hl_value_find(map, key);

		if (hl_value_kind(value) == HL_KIND_INT)
			hl_log(ctx, HL_LOG_NOTICE, "%s:%lld;", key.p,
			    (long long)hl_value_as_int(value));
		else
			hl_log(ctx, HL_LOG_NOTICE, "%s:%s;", key.p,
			    hl_value_as_text(value).p);
	}
}

static enum hl_verdict
on_noop(struct hl_ctx *ctx, hl_str rest)
{
	static const char *const names[] = { "country", "country_name",
		"continent", "city", "asn", "distance" };

	(void)rest;
	show_map(ctx, hl_note_get(ctx, HL_CONNECTION, HL_STR("p0f")));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		hl_str name = hl_printf(ctx, "geoip_%s", names[i]);

		if (hl_note_has(ctx, HL_CONNECTION, name))
			hl_log(ctx, HL_LOG_NOTICE, "%s:%s;", names[i],
			    hl_note_text(ctx, HL_CONNECTION, name).p);
	}
	hl_log(ctx, HL_LOG_NOTICE, "karma:%lld;",
	    (long long)hl_note_int(ctx, HL_CONNECTION, HL_STR("karma"), 0));
	return HL_DECLINED;
}

static const struct hl_plugin plugin = {
	.name = "show_notes",
	.about = "log what is known about a client",
	.noop = on_noop,
};
HL_PLUGIN(plugin);
