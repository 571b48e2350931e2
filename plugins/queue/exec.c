/* SPDX-License-Identifier: MIT */
/* queue/exec.c - gives each message to a program, which keeps or delivers it.
 *
 *	queue/exec [timeout 4m] [setuid] PROGRAM [WORD ...]
 *	queue/exec /usr/local/bin/store --from %s -- %r
 *
 * The program reads the message as it is delivered, with LF line ends.  No
 * shell is run.  A word %r becomes all recipients, a word each; in words %s is
 * the sender, %q our queue id, %% a '%'.  HL_SENDER, HL_RECIPIENTS (one a
 * line), HL_QUEUE_ID, HL_CLIENT_IP, HL_HELO and HL_AUTH_USER are variables.
 * Addresses are written without the quoting of SMTP.  Where one would be a word
 * that begins with '-', it is refused: the program may take it for an option.
 *
 * Exit status 0: it has the message.  Of sysexits.h 65 67 68 69 76 77 refuse it
 * for good, any other status for now, as do faults of ours; the next queue
 * plugin is then asked.  What the program writes is logged, up to 400
 * octets.
 */
#include <errno.h>
#include <string.h>

#include <hookline/policy.h>

#define OUTPUT_MAX 400

struct args {
	uint64_t timeout_ms;
	hl_str words;
	bool setuid;
};

/* sysexits.h: what is no fault of this system, so that a later try would end
 * in the same way. */
static const struct {
	int status;
	const char *enhanced, *text;
} refusals[] = {
	{ 65, "5.6.0", "The message has a wrong format" },
	{ 67, "5.1.1", "There is no such user" },
	{ 68, "5.1.2", "There is no such host" },
	{ 69, "5.3.0", "The service is not available" },
	{ 76, "5.5.0", "The protocol was not followed" },
	{ 77, "5.7.0", "Permission denied" },
};

/* What a word or all of them become. */
struct words {
	struct hl_ctx *ctx;
	const char **at;
	size_t n, room;
	bool is_option; /* an address that looks like one */
};

static void
add(struct words *words, const char *word)
{
	if (words->n + 1 >= words->room) {
		size_t room = words->room * 2 + 16;
		const char **more =
		    hl_alloc(words->ctx, room * sizeof(*words->at));

		for (size_t i = 0; i < words->n; i++)
			more[i] = words->at[i];
		words->at = more;
		words->room = room;
	}
	words->at[words->n++] = word;
	words->at[words->n] = NULL;
}

static void
add_recipients(struct words *words)
{
	struct hl_ctx *ctx = words->ctx;

	for (size_t i = 0; i < hl_rcpt_count(ctx); i++) {
		hl_str to =
		    hl_addr_plain(ctx, hl_rcpt_addr(hl_rcpt_at(ctx, i)));

		words->is_option |= to.p[0] == '-';
		add(words, to.p);
	}
}

/* %s, %q and %% replaced. */
static hl_str
expand(struct hl_ctx *ctx, hl_str word)
{
	hl_str result = HL_STR("");

	for (const char *at = word.p; *at != '\0';) {
		size_t n = strcspn(at, "%");
		hl_str what = HL_STR("%");

		result = hl_printf(ctx, "%s%.*s", result.p, (int)n, at);
		at += n;
		if (*at == '\0')
			break;
		if (at[1] == 's')
			what = hl_addr_plain(ctx, hl_sender(ctx));
		else if (at[1] == 'q')
			what = hl_txn_id(ctx);
		result = hl_printf(ctx, "%s%s", result.p, what.p);
		at += 2; /* on_load has looked for others */
	}
	return result;
}

static void
make_command(struct words *words)
{
	const struct args *args = hl_args(words->ctx);
	hl_str rest = args->words, word = hl_word(words->ctx, &rest);

	add(words, word.p); /* the program's, as it stands there */
	while ((word = hl_word(words->ctx, &rest)).n > 0) {
		hl_str expanded;

		if (strcmp(word.p, "%r") == 0) {
			add_recipients(words);
			continue;
		}
		expanded = expand(words->ctx, word);
		words->is_option |= expanded.p[0] == '-' && word.p[0] == '%';
		add(words, expanded.p);
	}
}

static void
add_variable(struct words *env, const char *name, hl_str value)
{
	add(env, hl_printf(env->ctx, "%s=%s", name, value.p).p);
}

static void
make_environment(struct words *env)
{
	struct hl_ctx *ctx = env->ctx;
	struct hl_lines *to = hl_lines_new(ctx);

	for (size_t i = 0; i < hl_rcpt_count(ctx); i++)
		hl_lines_add(
		    to, hl_addr_plain(ctx, hl_rcpt_addr(hl_rcpt_at(ctx, i))));
	add_variable(env, "HL_SENDER", hl_addr_plain(ctx, hl_sender(ctx)));
	add_variable(env, "HL_RECIPIENTS", hl_lines_text(to));
	add_variable(env, "HL_QUEUE_ID", hl_txn_id(ctx));
	add_variable(env, "HL_CLIENT_IP", hl_peer_ip(ctx));
	add_variable(env, "HL_HELO", hl_helo(ctx));
	add_variable(env, "HL_AUTH_USER", hl_auth_user(ctx));
}

static enum hl_verdict
answer(struct hl_ctx *ctx, const char *program, int status)
{
	if (status == 0)
		return HL_OK;
	hl_log(ctx, HL_LOG_ERROR, "fail, %s: %d%s%s", program, status,
	    status < 0 ? ", " : "", status < 0 ? strerror(-status) : "");
	if (status == -E2BIG)
		return hl_denysoft(ctx, "4.5.3", "Too many recipients");
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (refusals[i].status == status)
			return hl_deny(
			    ctx, refusals[i].enhanced, "%s", refusals[i].text);
	return hl_answer(ctx, HL_DECLINED, HL_STR("4.3.0"),
	    HL_STR("The message could not be queued, try again later"));
}

static enum hl_verdict
on_queue(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct words argv = { .ctx = ctx }, env = { .ctx = ctx };
	const struct hl_spawn_input input = { .what = HL_SPAWN_MESSAGE };
	struct hl_spawn spawn = { .inputs = &input,
		.input_count = 1,
		.output_max = OUTPUT_MAX,
		.keep_errors = true,
		.timeout_ms = args->timeout_ms };
	hl_str output = HL_STR("");
	int status;

	if (hl_rcpt_count(ctx) == 0) {
		hl_log(ctx, HL_LOG_NOTICE, "pass, nobody is left to get it");
		return HL_OK;
	}
	make_command(&argv);
	if (argv.is_option)
		return hl_deny(
		    ctx, "5.1.3", "No address may begin with '-' here");
	make_environment(&env);
	spawn.argv = argv.at;
	spawn.env = env.at;
	status = hl_spawn(ctx, &spawn, &output);
	while (output.n > 0 && output.p[output.n - 1] == '\n')
		output.n--;
	if (output.n > 0)
		hl_log(ctx, status == 0 ? HL_LOG_INFO : HL_LOG_WARN,
		    "it says: %.*s", (int)output.n, output.p);
	return answer(ctx, argv.at[0], status);
}

/* ---- the line in config/plugins ---- */

static int
check_word(struct hl_ctx *ctx, hl_str word)
{
	const char *at = word.p;

	if (strcmp(word.p, "%r") == 0)
		return 0;
	while ((at = strchr(at, '%')) != NULL) {
		if (at[1] == '\0' || strchr("sq%", at[1]) == NULL)
			return hl_load_error(ctx,
			    "%s: knows %%s, %%q, %%%%, and %%r alone", word.p);
		at += 2;
	}
	return 0;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	hl_str rest = args->words, program = hl_word(ctx, &rest), word;
	int rc = 0;

	if (program.p[0] != '/' || strchr(program.p, '%') != NULL)
		return hl_load_error(
		    ctx, "%s: an absolute path is needed", program.p);
	while (rc == 0 && (word = hl_word(ctx, &rest)).n > 0)
		rc = check_word(ctx, word);
	if (rc < 0)
		return rc;
	return args->setuid ? hl_need_exec_setuid(ctx, program)
			    : hl_need_exec(ctx, program);
}

static const struct hl_arg args[] = {
	{ "timeout", "then it is killed", .def = "4m",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ "setuid", "the set-user-ID bit of its file counts (not root's)",
	    .offset = offsetof(struct args, setuid), .type = HL_ARG_FLAG },
	{ "command", "the program and its words; %r %s %q",
	    .offset = offsetof(struct args, words), .type = HL_ARG_WORDS,
	    .positional = true, .required = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "queue/exec",
	.about = "give each message to a program",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.queue = on_queue,
};
HL_PLUGIN(plugin);
