/* SPDX-License-Identifier: MIT */
/* misbehave.c - a plugin that does what plugins must not, on demand.
 *
 *	VRFY crash, overflow, abort, hold MS (without parking), sleep MS
 *	NOOP N MS	the N-th of several instances holds, 0 MS: crashes; all
 *			decline and use no function of plugin.h
 *	RCPT lost@...	fails for good when the others have the message
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hookline/plugin.h>

/* Not known to the compiler. */
static volatile uintptr_t nowhere = 16;

static unsigned
recurse(volatile char *p, unsigned depth)
{
	volatile char frame[200];

	frame[depth % sizeof(frame)] = p[0];
	if (depth == 0)
		return (unsigned)frame[0];
	return recurse(frame, depth - 1) + (unsigned)frame[depth % 200];
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static enum hl_verdict
on_vrfy(struct hl_ctx *ctx, hl_str rest)
{
	volatile char bottom = 0;
	uint64_t begin = now_ms();

	if (strcmp(rest.p, "crash") == 0)
		*(volatile int *)nowhere = 1;
	if (strcmp(rest.p, "overflow") == 0)
		(void)recurse(&bottom, 10000000);
	if (strcmp(rest.p, "abort") == 0)
		abort();
	if (strncmp(rest.p, "hold ", 5) == 0)
		while (now_ms() - begin < strtoull(rest.p + 5, NULL, 10))
			;
	if (strncmp(rest.p, "sleep ", 6) == 0)
		(void)hl_sleep(ctx, strtoull(rest.p + 6, NULL, 10));
	return HL_OK;
}

static enum hl_verdict
on_noop(struct hl_ctx *ctx, hl_str rest)
{
	static unsigned long turn; /* instances share it */
	uint64_t begin = now_ms(), ms;
	char *end;

	(void)ctx;
	if (rest.n == 0) {
		turn = 0;
		return HL_DECLINED;
	}
	if (++turn != strtoul(rest.p, &end, 10))
		return HL_DECLINED;
	ms = strtoull(end, NULL, 10);
	if (ms == 0)
		*(volatile int *)nowhere = 1;
	while (now_ms() - begin < ms)
		;
	return HL_DECLINED;
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	(void)ctx;
	(void)to;
	return HL_OK;
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	enum hl_verdict verdict = HL_DECLINED;

	for (size_t i = 0; i < hl_rcpt_count(ctx); i++) {
		struct hl_rcpt *rcpt = hl_rcpt_at(ctx, i);
		hl_str local = hl_addr_local(hl_rcpt_addr(rcpt));

		if (strcmp(local.p, "lost") != 0)
			continue;
		(void)hl_rcpt_verdict(ctx, rcpt, HL_DENY, HL_STR("gone"));
		verdict = HL_OK;
	}
	return verdict;
}

static const struct hl_plugin plugin = {
	.name = "misbehave",
	.about = "crashes and hangs when it is told to (for tests)",
	.rcpt = on_rcpt,
	.vrfy = on_vrfy,
	.noop = on_noop,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
