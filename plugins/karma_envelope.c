/* SPDX-License-Identifier: MIT */
/* karma_envelope.c - points for what stands in MAIL and RCPT. */
#include "karma_envelope.h"

#include <string.h>
#include <strings.h>

#include <hookline/policy.h>

#define POINTS_MAX 1000

/* "MAIL FROM: <a@b>" has a space that RFC 5321 does not know (4.1.1.2). */
void
envelope_format(struct hl_ctx *ctx, const char *start)
{
	hl_str line = hl_command_line(ctx);
	const char *at = line.p + strcspn(line.p, " ");

	at += strspn(at, " ");
	if (strncasecmp(at, start, strlen(start)) == 0)
		return;
	hl_log(ctx, HL_LOG_INFO, "illegal envelope address format: %s", at);
	hl_karma(ctx, -2);
}

/* The points of a line "TLD:POINTS"; 0 it is none. */
static int
points_of(struct hl_ctx *ctx, hl_str line)
{
	const char *text = line.p + strcspn(line.p, ":");
	int64_t points;

	if (text == line.p || *text != ':')
		return 0;
	text += 1 + strspn(text + 1, " \t");
	text += *text == '+';
	points = hl_value_as_int(hl_value_text(ctx, hl_text(text)));
	return points > POINTS_MAX    ? POINTS_MAX
	       : points < -POINTS_MAX ? -POINTS_MAX
				      : (int)points;
}

/* Is the host below the TLD of this line? */
static bool
is_below(hl_str host, hl_str line)
{
	size_t n = strcspn(line.p, ":");

	return host.n > n && host.p[host.n - n - 1] == '.' &&
	       strncasecmp(host.p + host.n - n, line.p, n) == 0;
}

void
envelope_tlds(struct hl_ctx *ctx, const struct hl_addr *from)
{
	const struct hl_list *tlds = hl_config_list(ctx, ENVELOPE_TLDS);
	hl_str host = hl_addr_host(from);

	for (size_t i = 0; i < hl_list_count(tlds); i++) {
		hl_str line = hl_list_at(tlds, i);

		if (!is_below(host, line))
			continue;
		hl_log(ctx, HL_LOG_INFO,
		    "adjusting karma for .%.*s envelope sender",
		    (int)strcspn(line.p, ":"), line.p);
		hl_karma(ctx, points_of(ctx, line));
	}
}

void
envelope_check(struct hl_ctx *ctx)
{
	const struct hl_list *tlds = hl_config_list(ctx, ENVELOPE_TLDS);

	for (size_t i = 0; i < hl_list_count(tlds); i++) {
		if (points_of(ctx, hl_list_at(tlds, i)) == 0)
			hl_config_fault(ctx, ENVELOPE_TLDS, tlds, i,
			    "must be a domain and points, as info:-4");
	}
}
