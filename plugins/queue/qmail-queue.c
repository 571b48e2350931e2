/* SPDX-License-Identifier: MIT */
/* queue/qmail-queue.c - hands messages to qmail-queue, or what stands for it.
 *
 *	queue/qmail-queue [/var/qmail/bin/qmail-queue]
 *
 * The program reads the message from descriptor 0, then the envelope from 1:
 * F and the sender, T and a recipient for each, all with a NUL behind them,
 * and one more at the end.  It has kept the message when it ends with 0; 11 to
 * 40 refuse it for good.  After any other the next queue plugin is asked; the
 * client gets 451 without one.  Of its words on standard error a log line is
 * made.  The variable QMAILQUEUE goes before the argument, QMAIL is where
 * bin/qmail-queue is without one.
 */
#include <stdlib.h>
#include <string.h>

#include <hookline/policy.h>

#define WORDS_MAX 400 /* bytes of what it says */
#define UNKNOWN 81    /* qmail's number for its own faults */

struct args {
	hl_str program, more;
};

struct instance {
	char program[512];
};

/* qmail-queue(8), as later programs took it up; the first that fits. */
static const struct {
	int first, last;
	const char *text;
} meanings[] = {
	{ 11, 11, "an address is too long" },
	{ 31, 31, "refused for good" },
	{ 11, 40, "permanent failure" },
	{ 51, 51, "out of memory" },
	{ 52, 52, "timeout" },
	{ 53, 53, "write error, e.g. no room on the disk" },
	{ 54, 54, "it cannot read the message or the envelope" },
	{ 55, 55, "it cannot read its configuration" },
	{ 56, 56, "trouble with the network" },
	{ 61, 61, "trouble in its home directory" },
	{ 62, 66, "trouble in its queue directory" },
	{ 71, 71, "refused for now" },
	{ 72, 72, "timeout of a connection" },
	{ 73, 73, "connection refused" },
	{ 74, 74, "connection lost" },
	{ 81, 82, "internal error" },
	{ 91, 91, "the envelope has a wrong format" },
	{ 1, 255, "temporary failure" },
};

static const char *
meaning(int status)
{
	size_t i = 0;

	if (status < 0)
		return strerror(-status);
	while (status < meanings[i].first || status > meanings[i].last)
		i++;
	return meanings[i].text;
}

static char *
add(char *to, char type, hl_str address)
{
	*to++ = type;
	memcpy(to, address.p, address.n + 1); /* with its NUL */
	return to + address.n + 1;
}

static void
make_envelope(struct hl_ctx *ctx, struct hl_spawn_input *ret)
{
	size_t n = hl_rcpt_count(ctx), size = 0;
	hl_str *to = hl_alloc(ctx, (n + 1) * sizeof(*to));
	hl_str from = hl_addr_plain(ctx, hl_sender(ctx));
	char *bytes, *end;

	for (size_t i = 0; i < n; i++) {
		to[i] = hl_addr_plain(ctx, hl_rcpt_addr(hl_rcpt_at(ctx, i)));
		size += to[i].n + 2;
	}
	bytes = hl_alloc(ctx, from.n + 2 + size + 1);
	end = add(bytes, 'F', from);
	for (size_t i = 0; i < n; i++)
		end = add(end, 'T', to[i]);
	*end++ = '\0';
	ret->bytes = bytes;
	ret->size = (size_t)(end - bytes);
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	const struct instance *self = hl_instance(ctx);
	const char *argv[] = { self->program, NULL };
	struct hl_spawn_input inputs[] = {
		{ .fd = 0, .what = HL_SPAWN_MESSAGE },
		{ .fd = 1 },
	};
	struct hl_spawn spawn = { .argv = argv,
		.inputs = inputs,
		.input_count = 2,
		.output_max = WORDS_MAX,
		.keep_errors = true };
	hl_str words = HL_STR("");
	enum hl_verdict verdict = HL_DECLINED;
	int status;

	if (hl_rcpt_count(ctx) == 0) {
		hl_log(ctx, HL_LOG_NOTICE, "pass, nobody is left to get it");
		return HL_OK;
	}
	make_envelope(ctx, &inputs[1]);
	hl_log(ctx, HL_LOG_NOTICE, "Queuing to %s", self->program);
	status = hl_spawn(ctx, &spawn, &words);
	while (words.n > 0 && words.p[words.n - 1] == '\n')
		words.n--;
	if (words.n > 0)
		hl_log(
		    ctx, HL_LOG_WARN, "it says: %.*s", (int)words.n, words.p);
	if (status == 0)
		return hl_ok(ctx, "Queued! %lld %s",
		    (long long)(hl_wall_us(ctx) / 1000000),
		    hl_message_id(ctx).p);
	hl_log(ctx, HL_LOG_ERROR, "fail, %s: %d, %s", self->program, status,
	    meaning(status));
	if (status >= 11 && status <= 40)
		verdict = HL_DENY;
	return hl_answer(ctx, verdict,
	    verdict == HL_DENY ? HL_STR("5.3.0") : HL_STR("4.3.0"),
	    hl_printf(ctx, "Unable to queue message (%d)",
		status > 0 ? status : UNKNOWN));
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct instance *self = hl_instance(ctx);
	const char *chosen = getenv("QMAILQUEUE"), *home = getenv("QMAIL");
	hl_str path = args->program;

	if (path.n == 0)
		path = hl_printf(ctx, "%s/bin/qmail-queue",
		    home != NULL && home[0] != '\0' ? home : "/var/qmail");
	if (chosen != NULL && chosen[0] != '\0')
		path = hl_text(chosen);
	if (path.p[0] != '/' || path.n >= sizeof(self->program))
		return hl_load_error(
		    ctx, "%s: an absolute path is needed", path.p);
	if (args->more.n > 0)
		hl_log(ctx, HL_LOG_WARN,
		    "WARNING: Ignoring additional arguments.");
	memcpy(self->program, path.p, path.n + 1);
	/* It writes the queue as a user of its own. */
	return hl_need_exec_setuid(ctx, path);
}

static const struct hl_arg args[] = {
	{ "program", "default: /var/qmail/bin/qmail-queue",
	    .offset = offsetof(struct args, program), .positional = true },
	{ "more", "is ignored", .offset = offsetof(struct args, more),
	    .type = HL_ARG_WORDS, .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "queue/qmail-queue",
	.about = "hand messages to qmail-queue",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct instance),
	.load = on_load,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
