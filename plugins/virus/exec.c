/* SPDX-License-Identifier: MIT */
/* virus/exec.c - has a program look for viruses in messages.
 *
 *	virus/exec [infected CODE,CODE...] [name_after TEXT] [name_before TEXT]
 *	    [on_virus deny|mark] [on_error pass|defer] [max_size KB] [by NAME]
 *	    [timeout 60s] PROGRAM [ARGUMENT]...
 *
 * Runs PROGRAM, no shell, with the message as it was received in a file; of its
 * words %f is the file's name, which comes last if there is no %f.  The exit
 * status 0 is "clean", one of `infected` (by default 1) "there is a virus", and
 * all else a failure, as is more than `timeout`.  The virus's name is in the
 * first line of its output that has `name_after` in it, between that and
 * `name_before`, or to the line's end.
 *
 * A virus is refused, or with `on_virus mark` told in the fields X-Virus-Found
 * and X-Virus-Details.  After a failure the message passes, or with `on_error
 * defer` is to be sent again later; a line at error level says why.
 *
 * The lines of qpsmtpd's virus/aveclient, bitdefender, hbedv, kavscanner and
 * uvscan come here as `scanner NAME`, with their own arguments (exec_old.c).  Of
 * what hbedv finds a virus is refused if a line of config/hbedv_deny, a regular
 * expression, fits its whole name; without that file each is.
 */
#include "exec.h"

#include <errno.h>
#include <string.h>

#include "message.h"

#define OUTPUT_MAX 65536u
#define WORDS_MAX 32u
#define SIGNAL_MAX 64
#define NAME_MAX_BYTES 200u
#define CODE_OF_SIGNAL 128

static const struct exec_scanner *
scanner_of(struct hl_ctx *ctx)
{
	const struct exec_args *args = hl_args(ctx);

	return &exec_scanners[args->scanner];
}

/* ---- what it says ---- */

bool
exec_line(hl_str *rest, hl_str *ret_line)
{
	const char *end = strchr(rest->p, '\n');
	size_t n = end != NULL ? (size_t)(end - rest->p) : rest->n;

	if (rest->n == 0)
		return false;
	*ret_line = (hl_str){ rest->p, n };
	n += end != NULL;
	*rest = (hl_str){ rest->p + n, rest->n - n };
	return true;
}

long
exec_find(hl_str text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.n; i++) {
		if (memcmp(text.p + i, word, n) == 0)
			return (long)i;
	}
	return -1;
}

hl_str
exec_behind(hl_str line, const char *word)
{
	long at = exec_find(line, word);
	size_t n = strlen(word);

	if (at < 0)
		return HL_STR("");
	return (hl_str){ line.p + at + n, line.n - (size_t)at - n };
}

/* "1,3" has 3. */
static bool
has_code(hl_str codes, int code)
{
	const char *at = codes.p;

	while (*at != '\0') {
		int n = 0;

		for (; *at >= '0' && *at <= '9' && n < 1000; at++)
			n = n * 10 + (*at - '0');
		if (n == code)
			return true;
		at += strcspn(at, ",");
		at += *at == ',';
	}
	return false;
}

/* Without spaces around it. */
static hl_str
trimmed(hl_str text)
{
	while (text.n > 0 && text.p[0] == ' ')
		text.p++, text.n--;
	while (text.n > 0 && text.p[text.n - 1] == ' ')
		text.n--;
	return text;
}

static hl_str
virus_name(struct hl_ctx *ctx, hl_str output)
{
	const struct exec_args *args = hl_args(ctx);
	hl_str name;

	while (exec_line(&output, &name)) {
		long end;

		if (args->name_after.n > 0)
			name = exec_behind(name, args->name_after.p);
		end = args->name_before.n > 0
			  ? exec_find(name, args->name_before.p)
			  : -1;
		if (end >= 0)
			name.n = (size_t)end;
		name = trimmed(name);
		if (name.n > 0)
			return message_words(ctx, name.p,
			    name.n < NAME_MAX_BYTES ? name.n : NAME_MAX_BYTES);
	}
	return HL_STR("unknown");
}

static enum hl_verdict
on_failure(struct hl_ctx *ctx, const struct exec_result *result)
{
	const struct exec_args *args = hl_args(ctx);

	if (result->status == -ECANCELED)
		return HL_DECLINED; /* nobody waits for it */
	if (result->status >= 0)
		hl_log(ctx, HL_LOG_ERROR, "error, %s ended with %s %d",
		    args->command.p, result->signal > 0 ? "signal" : "status",
		    result->signal > 0 ? result->signal : result->status);
	if (args->on_error == EXEC_DEFER)
		return hl_denysoft(ctx, "4.3.0", "Unable to scan for viruses");
	return HL_DECLINED;
}

enum hl_verdict
exec_judge(struct hl_ctx *ctx, const struct exec_result *result)
{
	const struct exec_args *args = hl_args(ctx);
	hl_str name;

	if (result->status == 0) {
		hl_log(ctx, HL_LOG_INFO, "pass, clean");
		message_mark(ctx, "X-Virus-Checked",
		    hl_printf(
			ctx, "Checked by %s on %s", args->by.p, hl_me(ctx).p));
		return HL_DECLINED;
	}
	if (result->signal > 0 || !has_code(args->infected, result->status))
		return on_failure(ctx, result);
	name = virus_name(ctx, result->output);
	hl_log(ctx, HL_LOG_NOTICE, "fail, found virus %s", name.p);
	if (args->on_virus == EXEC_DENY)
		return hl_deny(ctx, "5.7.1", "Virus found: %s", name.p);
	message_mark(ctx, "X-Virus-Found", HL_STR("Yes"));
	message_mark(ctx, "X-Virus-Details", name);
	return HL_DECLINED;
}

/* ---- how it is run ---- */

/* The words of `text`; %s is aveserver's socket, %f the file, which comes
 * last without it.  on_load has counted the words. */
static void
add_words(struct hl_ctx *ctx, const char **argv, size_t count, hl_str text,
    hl_str file)
{
	const struct exec_args *args = hl_args(ctx);
	bool has_file = false;
	hl_str word;

	while (count < WORDS_MAX && (word = hl_word(ctx, &text)).n > 0) {
		if (strcmp(word.p, "%f") == 0) {
			has_file = true;
			word = file;
		} else if (strcmp(word.p, "%s") == 0) {
			word = args->aveserver;
		}
		argv[count++] = word.p;
	}
	if (!has_file)
		argv[count] = file.p;
}

static void
run(struct hl_ctx *ctx, hl_str file, struct exec_result *ret)
{
	const struct exec_scanner *scanner = scanner_of(ctx);
	const struct exec_args *args = hl_args(ctx);
	const char *argv[WORDS_MAX + 2] = { NULL };
	struct hl_spawn spawn = { .argv = argv,
		.output_max = OUTPUT_MAX,
		.timeout_ms = args->timeout_ms,
		.keep_errors = scanner->with_errors };
	hl_str words = args->command;
	size_t count = 0;

	if (scanner->command != NULL) {
		argv[count++] = scanner->program(args).p;
		words = hl_text(scanner->command);
	}
	add_words(ctx, argv, count, words, file);
	ret->output = HL_STR("");
	ret->status = hl_spawn(ctx, &spawn, &ret->output);
	ret->signal = 0;
	if (ret->status > CODE_OF_SIGNAL &&
	    ret->status <= CODE_OF_SIGNAL + SIGNAL_MAX)
		ret->signal = ret->status - CODE_OF_SIGNAL;
	if (ret->status < 0 && ret->status != -ECANCELED)
		hl_log(ctx, HL_LOG_ERROR, "error, cannot run %s: %s", argv[0],
		    ret->status == -ETIME ? "it took too long"
					  : strerror(-ret->status));
}

static bool
is_skipped(struct hl_ctx *ctx)
{
	const struct exec_scanner *scanner = scanner_of(ctx);
	const struct exec_args *args = hl_args(ctx);
	uint64_t max = (uint64_t)scanner->max_bytes;

	if (args->max_size_kb != EXEC_MAX_SIZE_UNSET)
		max = (uint64_t)args->max_size_kb * 1024;
	if (max > 0 && message_is_too_large(ctx, max))
		return true;
	if (!scanner->only_multipart || message_is_multipart(ctx))
		return false;
	hl_log(ctx, scanner->skip, "non-multipart mail - skipping");
	return true;
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	struct exec_result result = { .output = HL_STR("") };
	hl_str file;

	if (is_skipped(ctx))
		return HL_DECLINED;
	if (message_file(ctx, &file))
		run(ctx, file, &result);
	else
		result.status = -EIO;
	return scanner_of(ctx)->judge(ctx, &result);
}

static size_t
word_count(struct hl_ctx *ctx, hl_str text)
{
	size_t count = 0;

	while (hl_word(ctx, &text).n > 0)
		count++;
	return count;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct exec_scanner *scanner = scanner_of(ctx);
	const struct exec_args *args = hl_args(ctx);
	hl_str program = args->command, rest;

	if (scanner->program != NULL) {
		if (program.n > 0)
			return hl_load_error(
			    ctx, "unknown argument %s", program.p);
		program = scanner->program(args);
	} else if (program.n == 0) {
		return hl_load_error(ctx, "argument command is missing");
	}
	rest = program;
	program = hl_word(ctx, &rest);
	if (program.p[0] != '/')
		return hl_load_error(ctx, "%s: must be absolute", program.p);
	if (word_count(ctx, args->command) > WORDS_MAX)
		return hl_load_error(
		    ctx, "%s: more than %u words", program.p, WORDS_MAX);
	return hl_need_exec(ctx, program);
}

#define STR_ARG(word, text, member, by_default)                       \
	{                                                             \
		.name = (word), .about = (text), .def = (by_default), \
		.offset = offsetof(struct exec_args, member)          \
	}

static const struct hl_arg args[] = {
	{ "scanner", "own: what the line tells; else one of qpsmtpd's",
	    .def = "own", .choices = EXEC_SCANNERS,
	    .offset = offsetof(struct exec_args, scanner),
	    .type = HL_ARG_CHOICE },
	STR_ARG("infected", "exit codes that tell of a virus", infected, "1"),
	STR_ARG("name_after", "its name follows this in the output", name_after,
	    NULL),
	STR_ARG(
	    "name_before", "... and this follows its name", name_before, NULL),
	{ "on_virus", "what is done then", .def = "deny",
	    .choices = "deny|mark",
	    .offset = offsetof(struct exec_args, on_virus),
	    .type = HL_ARG_CHOICE },
	{ "on_error", "what is done when it fails", .def = "pass",
	    .choices = "pass|defer",
	    .offset = offsetof(struct exec_args, on_error),
	    .type = HL_ARG_CHOICE },
	{ "max_size", "KB; larger messages pass", .def = "-1", .min = -1,
	    .max = INT64_C(1) << 40,
	    .offset = offsetof(struct exec_args, max_size_kb),
	    .type = HL_ARG_INT },
	STR_ARG(
	    "by", "the scanner's name, for X-Virus-Checked", by, "virus/exec"),
	{ "timeout", "how long it may take", .def = "60s",
	    .offset = offsetof(struct exec_args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	STR_ARG("avclient_bin", "of aveclient: the program", aveclient,
	    "/opt/kav/bin/aveclient"),
	STR_ARG("avdaemon_sock", "of aveclient: aveserver's socket", aveserver,
	    "/var/run/aveserver"),
	{ "blockonerror", "of aveclient: refuse what it cannot scan",
	    .def = "0", .offset = offsetof(struct exec_args, block_on_error),
	    .type = HL_ARG_BOOL },
	STR_ARG("bitdefender_location", "of bitdefender: the program",
	    bitdefender, "/opt/bdc/bdc"),
	STR_ARG("hbedvscanner", "of hbedv: the program", antivir,
	    "/usr/bin/antivir"),
	STR_ARG("kavscanner_bin", "of kavscanner: the program", kavscanner,
	    "/opt/AVP/kavscanner"),
	STR_ARG("bcc_virusadmin", "of kavscanner: who gets it, too", bcc, NULL),
	STR_ARG("to_virusadmin", "of kavscanner: without effect", to, NULL),
	STR_ARG("uvscan_location", "of uvscan: the program", uvscan,
	    "/usr/local/bin/uvscan"),
	STR_ARG(
	    "deny_viruses", "of bitdefender (yes) and uvscan (no)", deny, NULL),
	{ "command", "PROGRAM [ARGUMENT]...",
	    .offset = offsetof(struct exec_args, command), .type = HL_ARG_WORDS,
	    .positional = true },
	{ .name = NULL },
};

static const char *const files[] = { "hbedv_deny whole-patterns", NULL };

static const struct hl_plugin plugin = {
	.name = "virus/exec",
	.about = "have a program look for viruses in messages",
	.args = args,
	.args_size = sizeof(struct exec_args),
	.files = files,
	.load = on_load,
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
