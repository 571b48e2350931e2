/* SPDX-License-Identifier: MIT */
/* loadcheck.c - takes no new clients while the machine is busy.
 *
 *	loadcheck [max_load 7] [cache_time 10]
 *
 * Above this load of the last minute (getloadavg(3)) a client is told to come
 * again.  The load is read once in `cache_time` seconds.  qpsmtpd's argument
 * `uptime` is taken, and not needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include <hookline/plugin.h>

#define LOADAVG "/proc/loadavg"

struct args {
	hl_str max_load, uptime;
	uint64_t cache_ms;
};

struct instance {
	double max, load;
	uint64_t until_ms; /* `load` holds; 0 none was read */
};

/* BLOCKS.  When it cannot be read, nobody is refused. */
static double
read_load(struct hl_ctx *ctx, struct instance *instance)
{
	char text[64] = "";
	struct hl_file *file;
	long n = hl_file_open(ctx, hl_text(LOADAVG), O_RDONLY, 0, &file);

	if (n == 0)
		n = hl_file_read(file, text, sizeof(text) - 1);
	if (n == -ECANCELED || n == -ETIMEDOUT) {
		/* This client's matter; the next one reads. */
		instance->until_ms = 0;
		return instance->load;
	}
	if (n <= 0) {
		hl_log(ctx, HL_LOG_ERROR,
		    "error, cannot read " LOADAVG ": all clients pass");
		return 0;
	}
	return strtod(text, NULL);
}

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct instance *instance = hl_instance(ctx);

	if (hl_now_ms(ctx) >= instance->until_ms) {
		/* Those who come meanwhile go by the old one. */
		instance->until_ms = hl_now_ms(ctx) + args->cache_ms;
		instance->load = read_load(ctx, instance);
	}
	if (instance->load <= instance->max)
		return HL_DECLINED;
	hl_log(ctx, HL_LOG_ERROR, "local load too high: %.2f", instance->load);
	return hl_denysoft(
	    ctx, NULL, "Server load too high, please try again later.");
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct instance *instance = hl_instance(ctx);
	char *end;

	instance->max = strtod(args->max_load.p, &end);
	if (end == args->max_load.p || *end != '\0')
		return hl_load_error(
		    ctx, "max_load %s is no number", args->max_load.p);
	return hl_need_read(ctx, hl_text(LOADAVG));
}

static const struct hl_arg args[] = {
	{ "max_load", "load of a minute that is borne, e.g. 7.5", .def = "7",
	    .offset = offsetof(struct args, max_load) },
	{ "cache_time", "how long a load that was read holds", .def = "10",
	    .offset = offsetof(struct args, cache_ms), .type = HL_ARG_SECONDS },
	{ "uptime", "not needed", .offset = offsetof(struct args, uptime) },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "loadcheck",
	.about = "take no new clients while the machine is busy",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct instance),
	.load = on_load,
	.connect = on_connect,
};
HL_PLUGIN(plugin);
