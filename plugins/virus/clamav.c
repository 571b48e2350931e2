/* SPDX-License-Identifier: MIT */
/* virus/clamav.c - has clamscan or clamdscan look for viruses in messages.
 *
 *	virus/clamav [PROGRAM] [clamscan_path=PROGRAM] [clamd_conf=FILE]
 *	    [action=reject|add-header] [max_size=524288] [tmp_dir=DIRECTORY]
 *	    [back_compat] [declined_on_fail] [timeout=60]
 *
 * The program, by default /usr/bin/clamdscan, gets the message as it was
 * received, in a file; clamd must then be allowed to read it, which
 * virus/clamdscan spares.  A virus is refused, or with `action=add-header`
 * told in the fields X-Virus-Found and X-Virus-Details.  When the program
 * fails, the message is to be sent again later, or with `declined_on_fail` it
 * passes.  Messages of more than `max_size` bytes pass.
 *
 * `clamd_conf` becomes --config-file, which clamscan does not know; tmp_dir has
 * no effect; back_compat is for ClamAV before 0.80.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <hookline/plugin.h>

#include "message.h"

#define OUTPUT_MAX 16384u
#define SIGNAL_MAX 64
#define CODE_OF_SIGNAL 128
#define NAMES_MAX 400

struct args {
	hl_str words;
};

/* Of this line of config/plugins; texts live as long as its args. */
struct clamav {
	char program[256], config[280]; /* "--config-file=..." or "" */
	uint64_t max_size, timeout_ms;
	bool adds_header, is_old, passes_on_fail;
};

/* ---- arguments ---- */

static bool
is_path(const char *text)
{
	return text[0] == '/' &&
	       strspn(text,
		   "/-_.abcdefghijklmnopqrstuvwxyz"
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(text);
}

static bool
take_path(const char *word, const char *prefix, char *ret, size_t size)
{
	int n = snprintf(ret, size, "%s%s", prefix, word);

	return is_path(word) && n > 0 && (size_t)n < size;
}

/* At most 12 digits. */
static bool
take_number(const char *word, uint64_t factor, uint64_t *ret)
{
	size_t n = strlen(word);
	uint64_t number = 0;

	if (n == 0 || n > 12 || strspn(word, "0123456789") != n)
		return false;
	for (; *word != '\0'; word++)
		number = number * 10 + (uint64_t)(*word - '0');
	*ret = number * factor;
	return true;
}

/* What stands behind NAME= in `word`; NULL: it is another. */
static const char *
value_of(const char *word, const char *name)
{
	size_t n = strlen(name);

	return strncmp(word, name, n) == 0 && word[n] == '=' ? word + n + 1
							     : NULL;
}

static bool
take_word(struct clamav *clamav, const char *word)
{
	char ignored[256];
	const char *value;

	if (is_path(word))
		return take_path(
		    word, "", clamav->program, sizeof(clamav->program));
	if ((value = value_of(word, "clamscan_path")) != NULL)
		return take_path(
		    value, "", clamav->program, sizeof(clamav->program));
	if ((value = value_of(word, "clamd_conf")) != NULL)
		return take_path(value, "--config-file=", clamav->config,
		    sizeof(clamav->config));
	if ((value = value_of(word, "tmp_dir")) != NULL)
		return take_path(value, "", ignored, sizeof(ignored));
	if ((value = value_of(word, "max_size")) != NULL)
		return take_number(value, 1, &clamav->max_size);
	if ((value = value_of(word, "timeout")) != NULL)
		return take_number(value, 1000, &clamav->timeout_ms);
	if ((value = value_of(word, "action")) != NULL) {
		clamav->adds_header = strcmp(value, "add-header") == 0;
		return clamav->adds_header || strcmp(value, "reject") == 0;
	}
	clamav->is_old |= strstr(word, "back_compat") != NULL;
	clamav->passes_on_fail |= strstr(word, "declined_on_fail") != NULL;
	return strstr(word, "back_compat") != NULL ||
	       strstr(word, "declined_on_fail") != NULL;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct clamav *clamav = hl_instance(ctx);
	char *at = hl_alloc(ctx, args->words.n + 1), *word;

	*clamav = (struct clamav){ .program = "/usr/bin/clamdscan" };
	memcpy(at, args->words.p, args->words.n);
	while ((word = strsep(&at, " ")) != NULL) {
		if (word[0] != '\0' && !take_word(clamav, word))
			return hl_load_error(ctx, "`%s`: not understood", word);
	}
	if (clamav->max_size == 0)
		clamav->max_size = 512 * 1024;
	if (clamav->timeout_ms == 0)
		clamav->timeout_ms = 60000;
	return hl_need_exec(ctx, hl_text(clamav->program));
}

/* ---- scanning ---- */

static int
run(struct hl_ctx *ctx, hl_str file, hl_str *ret_output)
{
	const struct clamav *clamav = hl_instance(ctx);
	const char *argv[8] = { clamav->program, "--stdout" };
	struct hl_spawn spawn = { .argv = argv,
		.output_max = OUTPUT_MAX,
		.timeout_ms = clamav->timeout_ms,
		.keep_errors = true };
	size_t count = 2;

	if (clamav->is_old) {
		argv[count++] = "-i";
		argv[count++] = "--max-recursion=50";
	}
	if (clamav->config[0] != '\0')
		argv[count++] = clamav->config;
	argv[count++] = "--no-summary";
	argv[count] = file.p;
	return hl_spawn(ctx, &spawn, ret_output);
}

/* Of each line "FILE: NAME FOUND" the name and a space. */
static hl_str
names_in(struct hl_ctx *ctx, hl_str output)
{
	static const char found[] = " FOUND";
	hl_str names = HL_STR("");
	const char *line = output.p;

	while (*line != '\0' && names.n < NAMES_MAX) {
		size_t n = strcspn(line, "\n"), end = n - strlen(found), at;

		if (n > strlen(found) &&
		    strncmp(line + end, found, strlen(found)) == 0) {
			for (at = end; at > 0 && line[at - 1] != ' '; at--)
				;
			names = hl_printf(ctx, "%s%s ", names.p,
			    message_words(ctx, line + at, end - at).p);
		}
		line += n;
		line += *line == '\n';
	}
	return names;
}

static enum hl_verdict
on_failure(struct hl_ctx *ctx, int status)
{
	const struct clamav *clamav = hl_instance(ctx);

	if (status == -ECANCELED)
		return HL_DECLINED; /* nobody waits for it */
	if (status == -ETIME)
		hl_log(ctx, HL_LOG_ERROR, "error, %s took too long",
		    clamav->program);
	else if (status < 0)
		hl_log(ctx, HL_LOG_ERROR, "error, cannot run %s: %s",
		    clamav->program, strerror(-status));
	else if (status > CODE_OF_SIGNAL &&
		 status <= CODE_OF_SIGNAL + SIGNAL_MAX)
		hl_log(ctx, HL_LOG_ERROR, "clamscan exited with signal: %d",
		    status - CODE_OF_SIGNAL);
	else
		hl_log(ctx, HL_LOG_ERROR, "ClamAV error: %s: %d",
		    clamav->program, status);
	return clamav->passes_on_fail ? HL_DECLINED
				      : hl_denysoft(ctx, "4.3.0", "%s", "");
}

static enum hl_verdict
on_found(struct hl_ctx *ctx, hl_str names)
{
	const struct clamav *clamav = hl_instance(ctx);

	hl_log(ctx, HL_LOG_INFO, "Virus(es) found: %s", names.p);
	if (!clamav->adds_header)
		return hl_deny(ctx, "5.7.1", "Virus Found: %s", names.p);
	message_mark(ctx, "X-Virus-Found", HL_STR("Yes"));
	message_mark(ctx, "X-Virus-Details", names);
	return HL_DECLINED;
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	const struct clamav *clamav = hl_instance(ctx);
	hl_str file, output = HL_STR("");
	int status;

	if (message_is_too_large(ctx, clamav->max_size))
		return HL_DECLINED;
	if (!message_file(ctx, &file))
		return clamav->passes_on_fail
			   ? HL_DECLINED
			   : hl_denysoft(ctx, "4.3.0", "%s", "");
	status = run(ctx, file, &output);
	if (status == 1)
		return on_found(ctx, names_in(ctx, output));
	if (status != 0)
		return on_failure(ctx, status);
	hl_log(ctx, HL_LOG_INFO, "clamscan results: clean");
	message_mark(ctx, "X-Virus-Checked",
	    hl_printf(ctx, "Checked by ClamAV on %s", hl_me(ctx).p));
	return HL_DECLINED;
}

static const struct hl_arg args[] = {
	{ "words", "name=value ..., as the plugin's file tells",
	    .offset = offsetof(struct args, words), .type = HL_ARG_WORDS,
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "virus/clamav",
	.about = "have clamscan look for viruses in messages",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct clamav),
	.load = on_load,
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
