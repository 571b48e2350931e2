/* SPDX-License-Identifier: MIT */
/* headers.c - refuses messages whose header is not as RFC 5322 wants it.
 *
 *	headers [require From,Date,...] [future DAYS] [past DAYS]
 *	        [reject 0|1|naughty] [reject_type perm|temp|...]
 *
 * The fields of `require` must be there (by default From), and what RFC 5322,
 * 3.6, allows once must not be there twice.  A Date that can be read must not
 * be further away than `future` and `past` say; 0, the default, is no limit.
 * A message without a byte is refused to everyone; immune clients may send all
 * else.
 */
#include <string.h>

#include <hookline/policy.h>

#define DAY_S 86400

struct args {
	hl_str require;
	int64_t future, past;
	struct hl_reject reject;
};

static const char *const singular[] = { "Date", "From", "Sender", "Reply-To",
	"To", "Cc", "Bcc", "Message-Id", "In-Reply-To", "References",
	"Subject" };

/* One more fault, a line of the reply. */
static void
fault(struct hl_ctx *ctx, struct hl_lines *faults, hl_str text)
{
	hl_log(ctx, HL_LOG_INFO, "fail, %s", text.p);
	hl_karma(ctx, -1);
	hl_lines_add(faults, text);
}

static void
check_required(struct hl_ctx *ctx, struct hl_lines *faults)
{
	const struct args *args = hl_args(ctx);
	const char *at = args->require.p;

	while (*at != '\0') {
		int n = (int)strcspn(at, ",");
		hl_str name = hl_printf(ctx, "%.*s", n, at);

		if (name.n > 0 && hl_header_count(ctx, name) == 0)
			fault(ctx, faults,
			    hl_printf(
				ctx, "We require a valid %s header", name.p));
		at += n;
		at += *at == ',';
	}
}

static void
check_singular(struct hl_ctx *ctx, struct hl_lines *faults)
{
	for (size_t i = 0; i < sizeof(singular) / sizeof(singular[0]); i++) {
		if (hl_header_count(ctx, hl_text(singular[i])) > 1)
			fault(ctx, faults,
			    hl_printf(ctx,
				"Only one %s header allowed. See RFC 5322, "
				"Section 3.6",
				singular[i]));
	}
}

static void
check_date(struct hl_ctx *ctx, struct hl_lines *faults)
{
	const struct args *args = hl_args(ctx);
	hl_str date = hl_header_get(ctx, HL_STR("Date"), 0);
	int64_t then, now = hl_wall_us(ctx) / 1000000;

	if (hl_header_count(ctx, HL_STR("Date")) == 0)
		return;
	if (hl_date_parse(date, &then) < 0)
		hl_log(ctx, HL_LOG_INFO, "skip, date not parseable (%.100s)",
		    date.p);
	else if (args->past > 0 && then < now - args->past * DAY_S)
		fault(ctx, faults,
		    HL_STR("The Date header is too far in the past"));
	else if (args->future > 0 && then > now + args->future * DAY_S)
		fault(ctx, faults,
		    HL_STR("The Date header is too far in the future"));
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct hl_lines *faults = hl_lines_new(ctx);
	hl_str text;

	if (hl_data_size(ctx) == 0)
		return hl_reject(ctx, &args->reject, "5.6.0",
		    "You must send some data first");
	if (hl_is_immune(ctx))
		return HL_DECLINED;
	check_date(ctx, faults);
	check_required(ctx, faults);
	check_singular(ctx, faults);
	text = hl_lines_text(faults);
	if (text.n > 0)
		return hl_reject(ctx, &args->reject, "5.6.0", "%s", text.p);
	hl_log(ctx, HL_LOG_DEBUG, "pass");
	return HL_DECLINED;
}

static const struct hl_arg args[] = {
	{ "require", "fields that must be there, with commas between",
	    .def = "From", .offset = offsetof(struct args, require) },
	{ "future", "days that a Date may be ahead; 0: any", .def = "0",
	    .max = 1000000, .offset = offsetof(struct args, future),
	    .type = HL_ARG_INT },
	{ "past", "days that a Date may be old; 0: any", .def = "0",
	    .max = 1000000, .offset = offsetof(struct args, past),
	    .type = HL_ARG_INT },
	HL_REJECT_ARGS(struct args, reject),
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "headers",
	.about = "refuse headers that miss fields or have them twice",
	.args = args,
	.args_size = sizeof(struct args),
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
