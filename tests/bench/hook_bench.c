/* SPDX-License-Identifier: MIT */
/* hook_bench.c - what a hook call costs.
 *
 * Nanoseconds of processor time for each call, the least of several rounds:
 * in chains of one and of 20 plugins that decline at once, the same for all
 * hooks of a message in turn (more of the cache is touched), and with
 * plugins that use one function of plugin.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "conf/conf_dir.h"
#include "conf/conf_fault.h"
#include "hook/ctx.h"
#include "hook/engine.h"
#include "hook/run.h"
#include "rt/fiber.h"
#include "shm/shm.h"

#define ROUNDS 15
#define CALLS 200000
#define PLUGINS 20

static enum hl_verdict
decline(struct hl_ctx *ctx)
{
	(void)ctx;
	return HL_DECLINED;
}

static enum hl_verdict
decline_addr(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	(void)ctx, (void)addr;
	return HL_DECLINED;
}

static enum hl_verdict
ask(struct hl_ctx *ctx)
{
	return hl_helo(ctx).n > 1000 ? HL_OK : HL_DECLINED;
}

static const struct hl_plugin first = {
	.name = "first",
	.pre_connection = decline,
};
static const struct hl_plugin each = {
	.name = "each",
	.connect = decline,
	.data = decline,
	.data_headers_end = decline,
	.data_post_headers = decline,
	.data_post = decline,
	.queue_pre = decline,
	.queue_post = decline,
	.rset = decline,
	.quit = decline,
	.reset_transaction = decline,
	.disconnect = decline,
	.post_connection = decline,
	.mail = decline_addr,
	.rcpt = decline_addr,
	.capabilities = ask,
};
static const struct hl_plugin_entry first_entry = { sizeof(first), &first };
static const struct hl_plugin_entry each_entry = { sizeof(each), &each };

static const enum hook_id of_one[] = { HOOK_PRE_CONNECTION };
static const enum hook_id of_twenty[] = { HOOK_CONNECT };
static const enum hook_id asking[] = { HOOK_CAPABILITIES };
static const enum hook_id of_message[] = { HOOK_CONNECT, HOOK_MAIL, HOOK_RCPT,
	HOOK_DATA, HOOK_DATA_HEADERS_END, HOOK_DATA_POST_HEADERS,
	HOOK_DATA_POST, HOOK_QUEUE_PRE, HOOK_QUEUE_POST, HOOK_RSET, HOOK_QUIT,
	HOOK_RESET_TRANSACTION, HOOK_DISCONNECT, HOOK_POST_CONNECTION };

static const struct {
	const char *name;
	const enum hook_id *hooks;
	unsigned hook_count, plugins;
} chains[] = {
	{ "declines, alone", of_one, 1, 1 },
	{ "declines, one of 20", of_twenty, 1, PLUGINS },
	{ "declines, one of 20, 14 hooks in turn", of_message,
	    ARRAY_SIZE(of_message), PLUGINS },
	{ "uses a function and declines, one of 20", asking, 1, PLUGINS },
};

static struct engine *engine;
static struct conv conv;

static double
cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
measure(struct hl_ctx *ctx, size_t chain)
{
	unsigned calls = chains[chain].plugins * chains[chain].hook_count;
	double least = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double begin = cpu_ns(), ns;
		struct outcome outcome;

		for (unsigned n = 0; n < CALLS / calls; n++)
			for (unsigned i = 0; i < chains[chain].hook_count; i++)
				hook_run(ctx, chains[chain].hooks[i], NULL,
				    &outcome);
		ns = (cpu_ns() - begin) / (CALLS / calls * calls);
		if (round == 0 || ns < least)
			least = ns;
	}
	(void)printf("%9.1f ns  %s\n", least, chains[chain].name);
}

static void
bench(void *arg)
{
	const struct hl_plugin_entry *entries[PLUGINS + 1] = { &first_entry };
	const char *lines[PLUGINS + 1] = { "" };
	struct conf_faults *faults = arg;
	struct hl_ctx ctx;

	for (size_t i = 1; i <= PLUGINS; i++) {
		entries[i] = &each_entry;
		lines[i] = "";
	}
	CHECK(engine_load_static(engine, entries, lines, PLUGINS + 1, faults) ==
	      0);
	conv.chains = engine_chains(engine, STR_LIT("plugins"));
	ctx_init(&ctx, engine, &conv);
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++)
		measure(&ctx, i);
	ctx_done(&ctx);
	engine_stop(engine);
}

int
main(void)
{
	char dir[] = "/tmp/hookline-bench-XXXXXX";
	struct engine_options options = { .rt = rt_new(NULL),
		.shm = shm_private() };
	struct conf_faults faults;

	CHECK(mkdtemp(dir) != NULL);
	CHECK(conf_dir_open(dir, NULL, &options.conf, NULL) == 0);
	log_set_level(LOG_LEVEL_INFO);
	conv.facts.helo = STR_LIT("client.example");
	facts_make_sid(&conv.facts, 0);
	conf_faults_init(&faults);
	engine = engine_new(&options);
	CHECK(fiber_start(options.rt, bench, &faults) == 0);
	engine_free(&engine);
	conf_faults_done(&faults);
	conf_dir_free(&options.conf);
	rt_free(&options.rt);
	shm_free(&options.shm);
	(void)rmdir(dir);
	return 0;
}
