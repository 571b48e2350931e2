/* SPDX-License-Identifier: MIT */
/* random_error.c - refuses now and then, to see how clients bear it.
 *
 *	random_error [PERCENT]
 *
 * A session that goes the usual way (connect, EHLO, MAIL, RCPT, DATA, message:
 * six answers) fails with this chance, 1 percent by default; two of five
 * failures also hang up.
 */
#include <math.h>
#include <stdlib.h>

#include <hookline/plugin.h>

#define STEPS 6

struct args {
	hl_str percent;
};

struct instance {
	double pass; /* chance that one step passes */
};

/* From 0 to 1, less than 1. */
static double
chance(struct hl_ctx *ctx)
{
	uint32_t bits;

	hl_random(ctx, &bits, sizeof(bits));
	return bits / 4294967296.0;
}

static enum hl_verdict
fail_sometimes(struct hl_ctx *ctx)
{
	const struct instance *instance = hl_instance(ctx);

	if (chance(ctx) < instance->pass)
		return HL_DECLINED;
	if (chance(ctx) < 0.4)
		return hl_denysoft_disconnect(ctx, NULL, "random failure");
	return hl_denysoft(ctx, NULL, "random failure");
}

static enum hl_verdict
on_helo(struct hl_ctx *ctx, hl_str host, hl_str rest)
{
	(void)host;
	(void)rest;
	return fail_sometimes(ctx);
}

static enum hl_verdict
on_address(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	(void)addr;
	return fail_sometimes(ctx);
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct instance *instance = hl_instance(ctx);
	char *end;
	double percent = strtod(args->percent.p, &end);

	if (*end != '\0' || !(percent >= 0 && percent <= 100))
		return hl_load_error(
		    ctx, "%s is no number from 0 to 100", args->percent.p);
	instance->pass = pow(1 - percent / 100, 1.0 / STEPS);
	return 0;
}

static const struct hl_arg args[] = {
	{ "percent", "sessions that fail, e.g. 0.5", .def = "1",
	    .offset = offsetof(struct args, percent), .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "random_error",
	.about = "refuse at random (for tests)",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct instance),
	.load = on_load,
	.connect = fail_sometimes,
	.ehlo = on_helo,
	.helo = on_helo,
	.rcpt = on_address,
	.mail = on_address,
	.data = fail_sometimes,
	.data_post = fail_sometimes,
};
HL_PLUGIN(plugin);
