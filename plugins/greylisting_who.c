/* SPDX-License-Identifier: MIT */
/* greylisting_who.c - whom greylisting looks at, and whom it lets in at once.
 */
#include <string.h>
#include <strings.h>

#include <hookline/policy.h>

#include "greylisting.h"

static bool
in_countries(struct hl_ctx *ctx, hl_str countries)
{
	hl_str country =
	    hl_note_text(ctx, HL_CONNECTION, HL_STR("geoip_country"));
	const char *at = countries.p;

	while (country.n > 0 && *at != '\0') {
		size_t n = strcspn(at, ",");

		if (n == country.n && strncasecmp(at, country.p, n) == 0) {
			hl_log(ctx, HL_LOG_INFO,
			    "pass: geoip country match "
			    "(%s)",
			    country.p);
			return true;
		}
		at += n + (at[n] == ',');
	}
	return false;
}

/* What p0f says of one thing.  1 it is as wanted; 0 it is not; -1 p0f does
 * not know. */
static int
p0f_fits(
    struct hl_ctx *ctx, const struct hl_value *p0f, hl_str key, hl_str wanted)
{
	const struct hl_value *value = hl_value_find(p0f, key);
	hl_str text = hl_value_as_text(value), error;
	int64_t number = hl_value_as_int(hl_value_text(ctx, wanted));
	struct hl_pattern *pattern;

	if (value == NULL ||
	    (text.n == 0 && hl_value_kind(value) == HL_KIND_TEXT))
		return -1;
	if (strcmp(key.p, "distance") == 0)
		return hl_value_as_int(value) > number;
	if (strcmp(key.p, "uptime") == 0)
		return hl_value_as_int(value) < number;
	if (hl_pattern_new(ctx, wanted, true, &pattern, &error) < 0) {
		hl_log(ctx, HL_LOG_ERROR, "error, p0f %s: %s", key.p, error.p);
		return -1;
	}
	return hl_pattern_match(pattern, text) == 1;
}

/* "genre,windows,link,dsl": all that p0f knows of these. */
static bool
is_system(struct hl_ctx *ctx, hl_str wanted)
{
	const struct hl_value *p0f =
	    hl_note_get(ctx, HL_CONNECTION, HL_STR("p0f"));
	const char *at = wanted.p;
	bool is_any = false;

	while (p0f != NULL && *at != '\0') {
		size_t key_n = strcspn(at, ",");
		const char *word = at + key_n + (at[key_n] == ',');
		size_t word_n = strcspn(word, ",");
		int fits =
		    p0f_fits(ctx, p0f, hl_printf(ctx, "%.*s", (int)key_n, at),
			hl_printf(ctx, "%.*s", (int)word_n, word));

		if (fits == 0)
			return false;
		is_any |= fits == 1;
		at = word + word_n + (word[word_n] == ',');
	}
	return is_any;
}

bool
who_is_looked_at(struct hl_ctx *ctx, const struct policy *policy)
{
	if (hl_is_immune(ctx))
		return false;
	if (exclude_has(ctx)) {
		hl_log(ctx, HL_LOG_INFO, "skip: excluded by a file");
		return false;
	}
	if (policy->p0f.n > 0 && !is_system(ctx, policy->p0f)) {
		hl_log(ctx, HL_LOG_INFO, "skip: no p0f match");
		return false;
	}
	return policy->geoip.n == 0 || !in_countries(ctx, policy->geoip);
}
