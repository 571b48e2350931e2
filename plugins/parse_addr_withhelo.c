/* SPDX-License-Identifier: MIT */
/* parse_addr_withhelo.c - MAIL and RCPT of clients that said HELO.
 *
 * As in RFC 821 they have no parameters: whoever sends some is told.  Addresses
 * without brackets are taken as they are; the plugin dont_require_anglebrackets
 * puts brackets around them.
 */
#include <string.h>
#include <strings.h>

#include <hookline/plugin.h>

struct command {
	const char *verb, *keyword;
};
static const struct command mail = { "MAIL", "FROM:" };
static const struct command rcpt = { "RCPT", "TO:" };

static enum hl_verdict
no_parameters(struct hl_ctx *ctx, const struct command *command)
{
	return hl_deny(ctx, NULL, "No parameters allowed in %s", command->verb);
}

/* "<a@b.example>", and nothing behind it. */
static enum hl_verdict
take_brackets(struct hl_ctx *ctx, const struct command *command,
    const char *text, const char *end, struct hl_parsed *ret)
{
	size_t n = (size_t)(end - text) + 1;

	if (text[n + strspn(text + n, " \t")] != '\0')
		return no_parameters(ctx, command);
	hl_parsed_set(ret, hl_printf(ctx, "%.*s", (int)n, text));
	return HL_OK;
}

/* "a@b.example", or a name that every server has; no sender is "". */
static enum hl_verdict
take_bare(struct hl_ctx *ctx, const struct command *command, hl_str text,
    struct hl_parsed *ret)
{
	const char *at = strchr(text.p, '@');

	if (at != NULL && strpbrk(at, " \t") != NULL)
		return no_parameters(ctx, command);
	if (at != NULL || (command == &mail && text.n == 0) ||
	    (command == &rcpt && (strcasecmp(text.p, "postmaster") == 0 ||
				     strcasecmp(text.p, "abuse") == 0))) {
		hl_parsed_set(ret, text.n > 0 ? text : HL_STR("<>"));
		return HL_OK;
	}
	return hl_deny(ctx, NULL, "Could not parse your %s %.*s command",
	    command->verb, (int)strlen(command->keyword) - 1, command->keyword);
}

static enum hl_verdict
parse(struct hl_ctx *ctx, const struct command *command, hl_str line,
    struct hl_parsed *ret)
{
	size_t n = strlen(command->keyword), length;
	const char *text, *end;

	if (hl_is_esmtp(ctx))
		return HL_DECLINED;
	if (strncasecmp(line.p, command->keyword, n) != 0)
		return hl_deny(ctx, NULL, "Syntax error in command");
	text = line.p + n + strspn(line.p + n, " \t");
	end = strrchr(text, '>');
	if (text[0] == '<' && end != NULL)
		return take_brackets(ctx, command, text, end, ret);
	for (length = strlen(text); length > 0; length--) {
		if (strchr(" \t", text[length - 1]) == NULL)
			break;
	}
	return take_bare(
	    ctx, command, hl_printf(ctx, "%.*s", (int)length, text), ret);
}

static enum hl_verdict
on_mail_parse(struct hl_ctx *ctx, hl_str line, struct hl_parsed *ret)
{
	return parse(ctx, &mail, line, ret);
}

static enum hl_verdict
on_rcpt_parse(struct hl_ctx *ctx, hl_str line, struct hl_parsed *ret)
{
	return parse(ctx, &rcpt, line, ret);
}

static const struct hl_plugin plugin = {
	.name = "parse_addr_withhelo",
	.about = "no parameters in MAIL and RCPT after HELO",
	.rcpt_parse = on_rcpt_parse,
	.mail_parse = on_mail_parse,
};
HL_PLUGIN(plugin);
