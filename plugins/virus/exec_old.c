/* SPDX-License-Identifier: MIT */
/* exec_old.c - the command scanners of qpsmtpd, their words and exit codes.
 *
 * Verdicts, texts, fields and log words are those of the plugins of that name.
 */
#include "exec.h"

#include <string.h>
#include <strings.h>

#include "message.h"

#define DETAILS_MAX 60  /* of hbedv and kavscanner */
#define REPORT_MAX 400u /* of aveclient */
#define UVSCAN_MAX 250000
#define BITDEFENDER_MAX (128 * 1024)

static bool
is_one_of(int status, const int *codes)
{
	for (; *codes != 0; codes++) {
		if (*codes == status)
			return true;
	}
	return false;
}

/* A failure of the first kind: nothing was found out. */
static bool
was_killed(struct hl_ctx *ctx, const struct exec_result *result,
    enum hl_level level, const char *name)
{
	if (result->signal > 0)
		hl_log(ctx, level, "%s exited with signal: %d", name,
		    result->signal);
	return result->signal > 0 || result->status < 0;
}

/* One more name, if it is not there, and if there is room; ", " between
 * them. */
static hl_str
joined(struct hl_ctx *ctx, hl_str names, hl_str name)
{
	hl_str list;

	if (names.n >= DETAILS_MAX)
		return names;
	list = hl_printf(ctx, ", %s,", names.p);
	if (exec_find(list, hl_printf(ctx, ", %s,", name.p).p) >= 0)
		return names;
	return names.n == 0 ? name : hl_printf(ctx, "%s, %s", names.p, name.p);
}

static hl_str
cut(struct hl_ctx *ctx, hl_str text)
{
	return hl_printf(ctx, "%.*s", DETAILS_MAX, text.p);
}

/* ---- aveclient ---- */

static hl_str
aveclient_program(const struct exec_args *args)
{
	return args->aveclient;
}

/* All lines but the first. */
static hl_str
report(struct hl_ctx *ctx, hl_str output)
{
	hl_str line, text = HL_STR("");

	(void)exec_line(&output, &line);
	while (text.n < REPORT_MAX && exec_line(&output, &line))
		text = hl_printf(ctx, "%s%s%s", text.p, text.n > 0 ? ", " : "",
		    message_words(ctx, line.p, line.n).p);
	return hl_printf(ctx, "REPORT: %.*s", (int)REPORT_MAX, text.p);
}

static enum hl_verdict
aveclient_judge(struct hl_ctx *ctx, const struct exec_result *result)
{
	static const int found[] = { 2, 3, 4, 6, 8, 0 };
	const struct exec_args *args = hl_args(ctx);
	hl_str text;

	if (was_killed(ctx, result, HL_LOG_ERROR, "kavscanner") &&
	    !(result->status < 0 && args->block_on_error))
		return HL_DECLINED;
	if (is_one_of(result->status, found)) {
		text = report(ctx, result->output);
		hl_log(ctx, HL_LOG_WARN, "Virus found! (%s)", text.p);
		return hl_deny(ctx, "5.7.1", "Virus found: %s", text.p);
	}
	if (result->status != 0) {
		hl_log(ctx, HL_LOG_CRIT, "aveserver: cannot scan: %d",
		    result->status);
		if (args->block_on_error)
			return hl_deny(ctx, "5.7.1",
			    "Unable to scan for virus, please contact admin of "
			    "%s, if you feel this is an error!",
			    hl_me(ctx).p);
	}
	hl_log(ctx, HL_LOG_INFO, "kavscanner results: clean");
	message_mark(ctx, "X-Virus-Checked",
	    hl_printf(ctx, "Checked by Kaspersky on %s", hl_me(ctx).p));
	return HL_DECLINED;
}

/* ---- bitdefender ---- */

static hl_str
bitdefender_program(const struct exec_args *args)
{
	return args->bitdefender;
}

/* The exit code tells nothing. */
static enum hl_verdict
bitdefender_judge(struct hl_ctx *ctx, const struct exec_result *result)
{
	const struct exec_args *args = hl_args(ctx);
	hl_str rest = result->output, line, name;

	while (exec_line(&rest, &line)) {
		name = exec_behind(line, "infected: ");
		if (name.n == 0)
			continue;
		name = message_words(ctx, name.p, name.n < 400 ? name.n : 400);
		hl_log(ctx, HL_LOG_INFO, "Virus(es) found: %s", name.p);
		if (args->deny.n == 0 || strcmp(args->deny.p, "yes") == 0)
			return hl_deny(ctx, "5.7.1", "Virus Found: %s", name.p);
		break;
	}
	return HL_DECLINED;
}

/* ---- hbedv ---- */

static hl_str
hbedv_program(const struct exec_args *args)
{
	return args->antivir;
}

/* "ALERT: [NAME virus] file" to NAME; "" it is no such line. */
static hl_str
alert(struct hl_ctx *ctx, hl_str line)
{
	static const char word[] = "ALERT: [";
	hl_str text = exec_behind(line, word);
	size_t n = 0, end;

	if (text.n == 0 || text.p != line.p + strlen(word))
		return HL_STR("");
	while (n < text.n && text.p[n] != ']')
		n++;
	for (end = n; end > 0 && text.p[end - 1] != ' '; end--)
		;
	if (n == text.n || end < 2)
		return HL_STR("");
	return message_words(ctx, text.p, end - 1);
}

static void
hbedv_log(struct hl_ctx *ctx, const struct exec_result *result, hl_str names)
{
	const char *why = NULL;

	if (result->status == 1 || result->status == 3)
		hl_log(ctx, HL_LOG_WARN, "Virus(es) found: %s", names.p);
	else if (result->status == 200)
		why = "Program aborted, not enough memory available";
	else if (result->status == 211)
		why = "Programm aborted, because the self check failed";
	else if (result->status == 214)
		why = "License key not found";
	else if (result->status != 0)
		hl_log(ctx, HL_LOG_WARN,
		    "Error: %d, look for exit codes in "
		    "the output of '%s --help' for more "
		    "info",
		    result->status, hbedv_program(hl_args(ctx)).p);
	if (why != NULL)
		hl_log(ctx, HL_LOG_WARN, "%s", why);
}

/* Does a line of config/hbedv_deny fit that virus as a whole?  Without lines
 * each does. */
static bool
hbedv_denies(struct hl_ctx *ctx, const struct hl_list *list, hl_str name)
{
	if (hl_list_count(list) == 0)
		return true;
	if (hl_list_match_as(list, HL_PATTERNS_WHOLE, name, NULL) < 0)
		return false;
	hl_log(ctx, HL_LOG_WARN, "Denying mail with virus '%s'", name.p);
	return true;
}

static enum hl_verdict
hbedv_judge(struct hl_ctx *ctx, const struct exec_result *result)
{
	const struct hl_list *list = hl_config_list(ctx, "hbedv_deny");
	hl_str rest = result->output, line, name, names = HL_STR("");
	bool denies = false;

	if (was_killed(ctx, result, HL_LOG_WARN, "scanner"))
		return HL_DECLINED;
	while (exec_line(&rest, &line)) {
		name = alert(ctx, line);
		if (name.n == 0)
			continue;
		names = joined(ctx, names, name);
		denies = denies || hbedv_denies(ctx, list, name);
	}
	names = cut(ctx, names);
	hbedv_log(ctx, result, names);
	if (result->status == 1 || result->status == 3) {
		(void)hl_header_add_top(
		    ctx, HL_STR("X-H+BEDV-Virus-Found"), HL_STR("Yes"));
		(void)hl_header_add_top(
		    ctx, HL_STR("X-H+BEDV-Virus-Details"), names);
	}
	(void)hl_header_add_top(
	    ctx, HL_STR("X-H+BEDV-Virus-Checked"), HL_STR("Checked"));
	if (result->status != 0 && denies)
		return hl_deny(ctx, "5.7.1", "Virus found: %s", names.p);
	return HL_DECLINED;
}

/* ---- kavscanner ---- */

static hl_str
kavscanner_program(const struct exec_args *args)
{
	return args->kavscanner;
}

static hl_str
kavscanner_details(struct hl_ctx *ctx, hl_str output)
{
	hl_str line, infected = HL_STR(""), suspicions = HL_STR("");

	while (exec_line(&output, &line)) {
		hl_str text = exec_behind(line, " infected: ");
		hl_str *list = text.n > 0 ? &infected : &suspicions;

		if (text.n == 0)
			text = exec_behind(line, " suspicion: ");
		if (text.n > 0 && list->n < DETAILS_MAX)
			*list = hl_printf(ctx, "%s%s%s", list->p,
			    list->n > 0 ? ", " : "",
			    message_words(ctx, text.p, text.n).p);
	}
	return cut(ctx, hl_printf(ctx, "infected by: %s; suspicions: %s",
			    infected.p, suspicions.p));
}

static void
kavscanner_found(struct hl_ctx *ctx, hl_str details)
{
	const struct exec_args *args = hl_args(ctx);

	hl_log(ctx, HL_LOG_WARN, "There be a virus! (%s)", details.p);
	message_mark(ctx, "X-Virus-Found", HL_STR("Yes"));
	message_mark(ctx, "X-Virus-Details", details);
	(void)hl_note_set_text(ctx, HL_TRANSACTION, HL_STR("virus"), details);
	(void)hl_note_set_text(
	    ctx, HL_TRANSACTION, HL_STR("virus_flag"), HL_STR("Yes"));
	if (args->bcc.n > 0 && hl_rcpt_add(ctx, args->bcc) < 0)
		hl_log(
		    ctx, HL_LOG_ERROR, "error, bcc_virusadmin %s", args->bcc.p);
}

static enum hl_verdict
kavscanner_judge(struct hl_ctx *ctx, const struct exec_result *result)
{
	static const int found[] = { 2, 3, 4, 8, 0 };
	hl_str details = HL_STR("clean");

	if (was_killed(ctx, result, HL_LOG_WARN, "kavscanner"))
		return HL_DECLINED;
	if (is_one_of(result->status, found)) {
		details = kavscanner_details(ctx, result->output);
		kavscanner_found(ctx, details);
	} else if (result->status != 0) {
		hl_log(ctx, HL_LOG_EMERG,
		    "corrupt or unknown Kaspersky scanner/resource problems - "
		    "exit status %d",
		    result->status);
	}
	hl_log(ctx, HL_LOG_INFO, "kavscanner results: %s", details.p);
	message_mark(ctx, "X-Virus-Checked",
	    hl_printf(ctx, "Checked by %s", hl_me(ctx).p));
	return HL_DECLINED;
}

/* ---- uvscan ---- */

static hl_str
uvscan_program(const struct exec_args *args)
{
	return args->uvscan;
}

/* Behind the last "Found " of the first line that has one after something
 * that is no letter. */
static hl_str
uvscan_virus(struct hl_ctx *ctx, hl_str output)
{
	hl_str line;

	while (exec_line(&output, &line)) {
		hl_str found = exec_behind(line, " Found "), next = found;

		while (next.n > 0) {
			found = next;
			next = exec_behind(found, " Found ");
		}
		if (found.n > 0)
			return message_words(
			    ctx, found.p, found.n < 400 ? found.n : 400);
	}
	return HL_STR("");
}

static const char *
uvscan_fault(int status)
{
	switch (status) {
	case 2:
		return "Integrity check for a DAT file failed.";
	case 6:
		return "A general problem has occurred.";
	case 8:
		return "The program could not find a DAT file.";
	case 15:
		return "The program self-check failed";
	default:
		return NULL;
	}
}

static enum hl_verdict
uvscan_found(struct hl_ctx *ctx, int status, hl_str virus)
{
	const struct exec_args *args = hl_args(ctx);

	if (status == 12)
		hl_log(ctx, HL_LOG_ERROR,
		    "The program tried to clean a file but failed.");
	else if (status == 13)
		hl_log(ctx, HL_LOG_ERROR, "One or more virus(es) found");
	else if (status == 19)
		hl_log(ctx, HL_LOG_ERROR, "Successfully cleaned the file");
	if (strcasecmp(args->deny.p, "yes") == 0)
		return hl_deny(ctx, "5.7.1", "Virus Found: %s", virus.p);
	message_mark(ctx, "X-Virus-Found", HL_STR("Yes"));
	message_mark(ctx, "X-Virus-Details", virus);
	return HL_DECLINED;
}

static enum hl_verdict
uvscan_judge(struct hl_ctx *ctx, const struct exec_result *result)
{
	const char *fault = uvscan_fault(result->status);

	if (exec_find(result->output, "password-protected") >= 0)
		return hl_deny(ctx, "5.7.1",
		    "We do not accept password-protected zip files!");
	if (was_killed(ctx, result, HL_LOG_WARN, "uvscan"))
		return HL_DECLINED;
	if (fault != NULL) {
		hl_log(ctx, HL_LOG_ERROR, "%s", fault);
		return HL_DECLINED;
	}
	if (result->status != 0)
		return uvscan_found(
		    ctx, result->status, uvscan_virus(ctx, result->output));
	message_mark(ctx, "X-Virus-Checked",
	    hl_printf(ctx, "Checked by McAfee uvscan on %s", hl_me(ctx).p));
	return HL_DECLINED;
}

const struct exec_scanner exec_scanners[] = {
	{ .name = "own", .judge = exec_judge, .with_errors = true },
	{ .name = "aveclient",
	    .command = "-p %s -s %f",
	    .program = aveclient_program,
	    .with_errors = true,
	    .judge = aveclient_judge },
	{ .name = "bitdefender",
	    .command = "--mail --all --arc %f",
	    .program = bitdefender_program,
	    .only_multipart = true,
	    .skip = HL_LOG_ERROR,
	    .max_bytes = BITDEFENDER_MAX,
	    .judge = bitdefender_judge },
	{ .name = "hbedv",
	    .command = "--archive-max-recursion=50 --alltypes -z -noboot "
		       "-nombr -rs %f",
	    .program = hbedv_program,
	    .with_errors = true,
	    .judge = hbedv_judge },
	{ .name = "kavscanner",
	    .command = "-Y -P -B -MP -MD -* %f",
	    .program = kavscanner_program,
	    .with_errors = true,
	    .judge = kavscanner_judge },
	{ .name = "uvscan",
	    .command = "--mime --unzip --secure --noboot %f",
	    .program = uvscan_program,
	    .only_multipart = true,
	    .skip = HL_LOG_WARN,
	    .max_bytes = UVSCAN_MAX,
	    .with_errors = true,
	    .judge = uvscan_judge },
};
